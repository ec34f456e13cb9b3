//! From `crates/event/catalogue.json` to the Rust tables, the typed structs, the SDKs' types and the reference page.

mod page;
mod python;
mod tables;
#[cfg(test)]
mod tests;
mod typed;
mod typescript;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

/// Writes every generated file.
pub fn write(root: &Path) -> anyhow::Result<()> {
    for (path, text) in outputs(root)? {
        std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}

/// Every generated file with what it should hold.
fn outputs(root: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let source = root.join("crates/event/catalogue.json");
    let text = std::fs::read_to_string(&source).with_context(|| format!("read {}", source.display()))?;
    let catalogue = Catalogue::parse(&text).with_context(|| format!("in {}", source.display()))?;
    let rust = root.join("crates/event/src/catalogue");
    Ok(vec![
        (rust.join("generated.rs"), tables::render(&catalogue)?),
        (rust.join("typed.rs"), typed::render(&catalogue)?),
        (root.join("sdk/python/src/indelible/categories.py"), python::render(&catalogue)?),
        (root.join("sdk/typescript/src/categories.js"), typescript::render_code(&catalogue)?),
        (root.join("sdk/typescript/src/categories.d.ts"), typescript::render_types(&catalogue)?),
        (root.join("docs/reference/categories.md"), page::render(&catalogue)?),
    ])
}

const HEADER: &str = "generated from crates/event/catalogue.json by `cargo run -p xtask -- catalogue`";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    #[serde(rename = "about")]
    _about: String,
    #[serde(rename = "grammar")]
    _grammar: String,
    types: BTreeMap<String, Named>,
    categories: Vec<Category>,
}

#[derive(Deserialize)]
struct Named {
    summary: String,
    #[serde(flatten)]
    shape: Shape,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Struct { members: Vec<Member> },
    Union { variants: Vec<Member> },
    Enum { values: Vec<String> },
    Alias { of: Type },
    Opaque,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    name: String,
    #[serde(rename = "type")]
    ty: Type,
    #[serde(default)]
    entity: bool,
    #[serde(default)]
    user: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Category {
    name: String,
    family: String,
    status: String,
    summary: String,
    #[serde(default)]
    replaced_by: Vec<String>,
    note: Option<String>,
    request: Vec<Field>,
    result: Vec<Field>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    name: String,
    required: bool,
    #[serde(rename = "type")]
    ty: Type,
    classification: Option<String>,
    summary: String,
}

/// A type expression of the catalogue.
#[derive(Deserialize, Clone, PartialEq, Eq)]
#[serde(try_from = "String")]
enum Type {
    Any,
    String,
    Boolean,
    Safelong,
    Double,
    Datetime,
    Uuid,
    List(Box<Type>),
    Optional(Box<Type>),
    Map(Box<Type>),
    Named(String),
}

impl TryFrom<String> for Type {
    type Error = anyhow::Error;

    fn try_from(text: String) -> anyhow::Result<Type> {
        let inside = |prefix: &str| -> Option<anyhow::Result<Box<Type>>> {
            let inside = text.strip_prefix(prefix)?.strip_suffix('>')?;
            Some(Type::try_from(inside.to_owned()).map(Box::new))
        };
        if let Some(of) = inside("list<") {
            return Ok(Type::List(of?));
        }
        if let Some(of) = inside("optional<") {
            return Ok(Type::Optional(of?));
        }
        if let Some(of) = inside("map<string,") {
            return Ok(Type::Map(of?));
        }
        Ok(match text.as_str() {
            "any" => Type::Any,
            "string" => Type::String,
            "boolean" => Type::Boolean,
            "safelong" => Type::Safelong,
            "double" => Type::Double,
            "datetime" => Type::Datetime,
            "uuid" => Type::Uuid,
            name if name.starts_with(|c: char| c.is_ascii_uppercase()) => Type::Named(text),
            _ => bail!("{text} is not a type"),
        })
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Type::Any => f.write_str("any"),
            Type::String => f.write_str("string"),
            Type::Boolean => f.write_str("boolean"),
            Type::Safelong => f.write_str("safelong"),
            Type::Double => f.write_str("double"),
            Type::Datetime => f.write_str("datetime"),
            Type::Uuid => f.write_str("uuid"),
            Type::List(of) => write!(f, "list<{of}>"),
            Type::Optional(of) => write!(f, "optional<{of}>"),
            Type::Map(of) => write!(f, "map<string,{of}>"),
            Type::Named(name) => f.write_str(name),
        }
    }
}

impl Type {
    /// Absent and null mean "none" or "empty".
    fn is_absent_allowed(&self) -> bool {
        matches!(self, Type::List(_) | Type::Optional(_) | Type::Map(_))
    }

    fn name(&self) -> Option<&str> {
        match self {
            Type::Named(name) => Some(name),
            Type::List(of) | Type::Optional(of) | Type::Map(of) => of.name(),
            _ => None,
        }
    }
}

impl Catalogue {
    fn parse(text: &str) -> anyhow::Result<Catalogue> {
        let catalogue: Catalogue = serde_json::from_str(text)?;
        catalogue.check()?;
        Ok(catalogue)
    }

    /// What the tables and the validation rest on.
    fn check(&self) -> anyhow::Result<()> {
        ensure!(self.categories.len() <= 128, "validation keeps categories in a set of 128");
        ensure!(self.categories.is_sorted_by(|a, b| a.name < b.name), "sort the categories by name, each once");
        let mut fields = BTreeSet::new();
        for category in &self.categories {
            for name in &category.replaced_by {
                ensure!(self.categories.iter().any(|c| c.name == *name), "{name} is no category");
            }
            for field in category.fields() {
                ensure!(fields.insert(&field.name), "two categories declare {}", field.name);
                self.check_type(&field.ty, 0).with_context(|| format!("type of {}", field.name))?;
            }
        }
        ensure!(fields.len() <= 255, "validation counts fields in a byte");
        for (name, named) in &self.types {
            let members = named.shape.members();
            ensure!(members.len() <= 32, "validation keeps the members of {name} in a set of 32");
            let used = |ty: &Type| ty.name() == Some(name);
            ensure!(
                self.categories.iter().flat_map(Category::fields).any(|field| used(&field.ty))
                    || self.types.values().flat_map(|n| n.shape.members()).any(|member| used(&member.ty)),
                "nothing uses the type {name}"
            );
        }
        Ok(())
    }

    /// Every name is defined and no type holds itself.
    fn check_type(&self, ty: &Type, depth: usize) -> anyhow::Result<()> {
        ensure!(depth < 16, "{ty} is nested too deep or holds itself");
        let Some(name) = ty.name() else { return Ok(()) };
        let named = self.types.get(name).with_context(|| format!("{name} is not defined"))?;
        if let Shape::Alias { of } = &named.shape {
            ensure!(of.name().is_none(), "{name} is an alias of a named type");
        }
        for member in named.shape.members() {
            self.check_type(&member.ty, depth + 1)?;
        }
        Ok(())
    }

    /// What of the field's value goes to the top level of the event: entities from resources; users from user ids
    /// and, whatever its class, from a field that holds tokens.
    fn lift(&self, field: &Field) -> &'static str {
        let holds_users = field
            .ty
            .name()
            .and_then(|name| self.types.get(name))
            .is_some_and(|named| named.shape.members().iter().any(|member| member.user));
        match field.classification.as_deref() {
            Some("RESOURCE") => "Entities",
            Some("UID") => "Users",
            _ if holds_users => "Users",
            _ => "Nothing",
        }
    }
}

/// A field of a category or a member of a struct, as the generated types show it.
struct Slot<'a> {
    name: &'a str,
    ty: &'a Type,
    /// What it holds, without the full stop; empty for members, which are described by their names alone.
    doc: &'a str,
    required: bool,
}

impl<'a> Slot<'a> {
    fn of_field(field: &'a Field) -> Self {
        Slot { name: &field.name, ty: &field.ty, doc: &field.summary, required: field.required }
    }

    fn of_member(member: &'a Member) -> Self {
        Slot { name: &member.name, ty: &member.ty, doc: "", required: !member.ty.is_absent_allowed() }
    }
}

impl Category {
    fn fields(&self) -> impl Iterator<Item = &Field> {
        self.request.iter().chain(&self.result)
    }
}

impl Shape {
    fn members(&self) -> &[Member] {
        match self {
            Shape::Struct { members } => members,
            Shape::Union { variants } => variants,
            _ => &[],
        }
    }
}

/// `dataExport` to `DataExport`.
fn upper_camel(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// `dataExport` to `data_export`, `MavenCoordinate` to `maven_coordinate`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for (index, c) in name.char_indices() {
        if c.is_ascii_uppercase() && index > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// `ASYMMETRIC_KEY_PAIR` to `AsymmetricKeyPair`.
fn camel_of_capitals(name: &str) -> String {
    name.split('_').map(|word| upper_camel(&word.to_ascii_lowercase())).collect()
}
