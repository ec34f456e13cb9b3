//! `typed.rs`: a Rust struct for the request and result fields of every category, and for the types of their values.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::ensure;

use super::{Catalogue, Category, HEADER, Named, Shape, Slot, Type, camel_of_capitals, snake, upper_camel};

const HEAD: &str = "
//!
//! What a category requires is a parameter of `new`, so that leaving it out does not compile; the rest are public
//! fields. A value serializes to what [`admit`](crate::admit) accepts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::composed::Requested;

/// A category with the types of its two maps.
pub trait TypedCategory {
    /// The category's name.
    const NAME: &'static str;
    /// What stands in `requestFields`.
    type Request: Serialize + DeserializeOwned;
    /// What stands in `resultFields`.
    type Result: Serialize + DeserializeOwned;
}

/// The fields of a map for which a category declares none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}
";

pub fn render(catalogue: &Catalogue) -> anyhow::Result<String> {
    let mut out = format!("//! The catalogue as Rust types; {HEADER}.{HEAD}");
    let mut taken = BTreeSet::from(["NoFields", "Requested", "TypedCategory"].map(str::to_owned));
    for category in &catalogue.categories {
        if category.status != "audit.2-only" {
            render_category(&mut out, category, &mut taken)?;
        }
    }
    for (name, named) in &catalogue.types {
        ensure!(taken.insert(name.clone()), "two Rust types would be called {name}");
        render_type(&mut out, name, named)?;
    }
    Ok(out)
}

fn render_category(out: &mut String, category: &Category, taken: &mut BTreeSet<String>) -> anyhow::Result<()> {
    let name = upper_camel(&category.name);
    let mut maps = Vec::new();
    for (suffix, fields) in [("Request", &category.request), ("Result", &category.result)] {
        if fields.is_empty() {
            maps.push("NoFields".to_owned());
            continue;
        }
        let map = format!("{name}{suffix}");
        ensure!(taken.insert(map.clone()), "two Rust types would be called {map}");
        writeln!(out, "\n/// {} fields of `{}`.", suffix, category.name)?;
        render_struct(out, &map, fields.iter().map(Slot::of_field).collect())?;
        maps.push(map);
    }
    ensure!(taken.insert(name.clone()), "two Rust types would be called {name}");
    writeln!(out, "\n/// `{}`: {}.", category.name, escape(&category.summary))?;
    writeln!(out, "#[derive(Debug, Clone, Copy, PartialEq, Eq)]\npub struct {name};\n")?;
    writeln!(out, "impl TypedCategory for {name} {{")?;
    writeln!(out, "    const NAME: &'static str = {:?};", category.name)?;
    writeln!(out, "    type Request = {};\n    type Result = {};\n}}", maps[0], maps[1])?;
    // What stands for the category in an event: its request, or the category itself if that has no fields.
    let (stands, request) = if category.request.is_empty() { (&name, "&NoFields {}") } else { (&maps[0], "self") };
    writeln!(out, "\nimpl Requested for {stands} {{\n    type Category = {name};\n")?;
    writeln!(out, "    fn request(&self) -> &{} {{\n        {request}\n    }}\n}}", maps[0])?;
    Ok(())
}

fn render_struct(out: &mut String, name: &str, slots: Vec<Slot<'_>>) -> anyhow::Result<()> {
    let is_default = slots.iter().all(|slot| !slot.required);
    let default = if is_default { " Default," } else { "" };
    writeln!(
        out,
        "#[derive(Debug, Clone,{default} PartialEq, Serialize, Deserialize)]\n#[serde(deny_unknown_fields)]"
    )?;
    writeln!(out, "pub struct {name} {{")?;
    for slot in &slots {
        match slot.doc {
            "" => writeln!(out, "    /// `{}`", slot.name)?,
            doc => writeln!(out, "    /// {}.", escape(doc))?,
        }
        let skip = match slot.ty {
            Type::Optional(_) => ", default, skip_serializing_if = \"Option::is_none\"",
            Type::List(_) => ", default, skip_serializing_if = \"Vec::is_empty\"",
            Type::Map(_) => ", default, skip_serializing_if = \"BTreeMap::is_empty\"",
            _ => "",
        };
        writeln!(out, "    #[serde(rename = {:?}{skip})]", slot.name)?;
        writeln!(out, "    pub {}: {},", rust_name(slot), rust_type(slot.ty))?;
    }
    writeln!(out, "}}")?;
    let required: Vec<_> = slots.iter().filter(|slot| slot.required).collect();
    if required.is_empty() {
        return Ok(());
    }
    let parameters: Vec<_> =
        required.iter().map(|slot| format!("{}: {}", rust_name(slot), rust_type(slot.ty))).collect();
    let fields: Vec<_> = slots
        .iter()
        .map(|slot| if slot.required { rust_name(slot) } else { format!("{}: Default::default()", rust_name(slot)) })
        .collect();
    writeln!(out, "\nimpl {name} {{\n    /// With what is required.")?;
    writeln!(out, "    pub fn new({}) -> Self {{", parameters.join(", "))?;
    writeln!(out, "        Self {{ {} }}\n    }}\n}}", fields.join(", "))?;
    Ok(())
}

fn rust_name(slot: &Slot<'_>) -> String {
    match slot.name {
        "type" => "kind".into(),
        name => snake(name),
    }
}

fn render_type(out: &mut String, name: &str, named: &Named) -> anyhow::Result<()> {
    writeln!(out, "\n/// {}.", escape(&named.summary))?;
    match &named.shape {
        Shape::Struct { members } => {
            render_struct(out, name, members.iter().map(Slot::of_member).collect())?;
        }
        Shape::Union { variants } => {
            writeln!(out, "#[derive(Debug, Clone, PartialEq)]\npub enum {name} {{")?;
            for variant in variants {
                writeln!(out, "    /// `{}`", variant.name)?;
                writeln!(out, "    {}({}),", upper_camel(&variant.name), rust_type(&variant.ty))?;
            }
            writeln!(out, "}}\n\nsuper::union::serde_of_union!({name} {{")?;
            for variant in variants {
                writeln!(out, "    {} = {:?},", upper_camel(&variant.name), variant.name)?;
            }
            writeln!(out, "}});")?;
        }
        Shape::Enum { values } => {
            writeln!(out, "#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]\npub enum {name} {{")?;
            for value in values {
                writeln!(out, "    /// `{value}`")?;
                writeln!(out, "    #[serde(rename = {value:?})]\n    {},", camel_of_capitals(value))?;
            }
            writeln!(out, "}}")?;
        }
        Shape::Alias { of } => writeln!(out, "pub type {name} = {};", rust_type(of))?,
        Shape::Opaque => writeln!(out, "pub type {name} = {};", rust_type(&Type::Any))?,
    }
    Ok(())
}

fn rust_type(ty: &Type) -> String {
    match ty {
        Type::Any => "serde_json::Value".into(),
        Type::String | Type::Datetime | Type::Uuid => "String".into(),
        Type::Boolean => "bool".into(),
        Type::Safelong => "i64".into(),
        Type::Double => "f64".into(),
        Type::List(of) => format!("Vec<{}>", rust_type(of)),
        Type::Optional(of) => format!("Option<{}>", rust_type(of)),
        Type::Map(of) => format!("BTreeMap<String, {}>", rust_type(of)),
        Type::Named(name) => name.clone(),
    }
}

/// Text of the catalogue inside a doc comment.
fn escape(text: &str) -> String {
    text.replace('[', "\\[").replace('<', "\\<")
}
