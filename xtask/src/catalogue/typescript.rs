//! `sdk/typescript/src/categories.js` and `.d.ts`: a constructor for the request and result fields of every category,
//! and the types of their values.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::ensure;

use super::{Catalogue, Category, Field, HEADER, Named, Shape, Slot, Type, upper_camel};

const CODE_HEAD: &str = "
import { category, result, union } from \"./values.js\";

";

const TYPES_HEAD: &str = "
// What a category requires is a property without question mark, so that leaving it out does not compile.

import type { Category, Result } from \"./types.js\";

/** Whatever JSON holds. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined };
";

/// The code.
pub fn render_code(catalogue: &Catalogue) -> anyhow::Result<String> {
    let mut out = format!("// The catalogue as constructors; {HEADER}.\n{CODE_HEAD}");
    for (name, named) in &catalogue.types {
        if let Shape::Union { variants } = &named.shape {
            let names: Vec<_> = variants.iter().map(|variant| format!("\"{}\"", variant.name)).collect();
            writeln!(out, "export const {name} = union({});", names.join(", "))?;
        }
    }
    for category in emitted(catalogue) {
        let name = &category.name;
        let demands = category.result.iter().any(|field| field.required);
        writeln!(out, "export const {name} = category(\"{name}\", {}, {demands});", field_names(&category.request))?;
        if !category.result.is_empty() {
            writeln!(out, "export const {name}Result = result(\"{name}\", {});", field_names(&category.result))?;
        }
    }
    Ok(out)
}

/// The declarations.
pub fn render_types(catalogue: &Catalogue) -> anyhow::Result<String> {
    let mut out = format!("// The catalogue as TypeScript types; {HEADER}.\n{TYPES_HEAD}");
    let mut taken = BTreeSet::from(["Json".to_owned(), "Category".to_owned(), "Result".to_owned()]);
    for (name, named) in &catalogue.types {
        ensure!(taken.insert(name.clone()), "two TypeScript names would be {name}");
        render_type(&mut out, name, named)?;
    }
    for category in emitted(catalogue) {
        render_category(&mut out, category, &mut taken)?;
    }
    Ok(out)
}

fn emitted(catalogue: &Catalogue) -> impl Iterator<Item = &Category> {
    catalogue.categories.iter().filter(|category| category.status != "audit.2-only")
}

/// Required names, then all others.
fn field_names(fields: &[Field]) -> String {
    let list = |required: bool| {
        let names = fields.iter().filter(|field| field.required == required);
        names.map(|field| format!("\"{}\"", field.name)).collect::<Vec<_>>().join(", ")
    };
    format!("[{}], [{}]", list(true), list(false))
}

fn render_category(out: &mut String, category: &Category, taken: &mut BTreeSet<String>) -> anyhow::Result<()> {
    let (name, upper) = (&category.name, upper_camel(&category.name));
    for (suffix, fields) in [("Request", &category.request), ("Result", &category.result)] {
        if !fields.is_empty() {
            let interface = format!("{upper}{suffix}");
            ensure!(taken.insert(interface.clone()), "two TypeScript names would be {interface}");
            writeln!(out, "\n/** {suffix} fields of `{name}`. */")?;
            render_interface(out, &interface, fields.iter().map(Slot::of_field).collect())?;
        }
    }
    write!(out, "\n/**\n * `{name}`: {}.", category.summary)?;
    if let Some(note) = &category.note {
        write!(out, "\n *\n * {note}")?;
    }
    if category.status != "active" {
        write!(out, "\n *\n * @deprecated The category is {}.", category.status)?;
    }
    let demands = category.result.iter().any(|field| field.required);
    let request = parameter(&upper, "request", "Request", &category.request);
    writeln!(out, "\n */\nexport declare function {name}({request}): Category<\"{name}\", {demands}>;")?;
    if !category.result.is_empty() {
        let result = parameter(&upper, "result", "Result", &category.result);
        writeln!(out, "\n/** What came of a `{name}`. */")?;
        writeln!(out, "export declare function {name}Result({result}): Result<\"{name}\">;")?;
    }
    Ok(())
}

/// The parameter of a constructor, which may be left out if no field is required.
fn parameter(upper: &str, name: &str, suffix: &str, fields: &[Field]) -> String {
    match fields {
        [] => String::new(),
        fields if fields.iter().any(|field| field.required) => format!("{name}: {upper}{suffix}"),
        _ => format!("{name}?: {upper}{suffix}"),
    }
}

fn render_interface(out: &mut String, name: &str, slots: Vec<Slot<'_>>) -> anyhow::Result<()> {
    writeln!(out, "export interface {name} {{")?;
    for slot in &slots {
        if !slot.doc.is_empty() {
            writeln!(out, "  /** {}. */", slot.doc)?;
        }
        let mark = if slot.required { "" } else { "?" };
        writeln!(out, "  readonly {}{mark}: {};", slot.name, typescript_type(slot.ty))?;
    }
    writeln!(out, "}}")?;
    Ok(())
}

fn render_type(out: &mut String, name: &str, named: &Named) -> anyhow::Result<()> {
    writeln!(out, "\n/** {}. */", named.summary)?;
    match &named.shape {
        Shape::Struct { members } => render_interface(out, name, members.iter().map(Slot::of_member).collect())?,
        Shape::Union { variants } => {
            writeln!(out, "export type {name} =")?;
            for (index, variant) in variants.iter().enumerate() {
                let end = if index + 1 == variants.len() { ";" } else { "" };
                let ty = typescript_type(&variant.ty);
                writeln!(out, "  | {{ readonly type: \"{0}\"; readonly {0}: {ty} }}{end}", variant.name)?;
            }
            writeln!(out, "\n/** Makes the variants of {name}. */\nexport declare const {name}: {{")?;
            for variant in variants {
                writeln!(out, "  {}(value: {}): {name};", variant.name, typescript_type(&variant.ty))?;
            }
            writeln!(out, "}};")?;
        }
        Shape::Enum { values } => {
            let values: Vec<_> = values.iter().map(|value| format!("\"{value}\"")).collect();
            writeln!(out, "export type {name} = {};", values.join(" | "))?;
        }
        Shape::Alias { of } => writeln!(out, "export type {name} = {};", typescript_type(of))?,
        Shape::Opaque => writeln!(out, "export type {name} = Json;")?,
    }
    Ok(())
}

fn typescript_type(ty: &Type) -> String {
    match ty {
        Type::Any => "Json".into(),
        Type::String | Type::Uuid => "string".into(),
        Type::Datetime => "string | Date".into(),
        Type::Boolean => "boolean".into(),
        Type::Safelong | Type::Double => "number".into(),
        Type::List(of) => format!("ReadonlyArray<{}>", typescript_type(of)),
        Type::Optional(of) => format!("{} | null", typescript_type(of)),
        Type::Map(of) => format!("{{ readonly [name: string]: {} }}", typescript_type(of)),
        Type::Named(name) => name.clone(),
    }
}
