//! `generated.rs`: the catalogue as static tables, with a perfect hash over categories and over fields.

use std::fmt::Write as _;

use anyhow::Context;

use super::{Catalogue, Field, HEADER, Named, Shape, Type, camel_of_capitals, snake};

pub fn render(catalogue: &Catalogue) -> anyhow::Result<String> {
    let mut out = format!("//! Tables of the catalogue; {HEADER}.\n\n");
    out += "use super::{Category, Classification, Field, FieldMap, Lift, Member, Named, Shape, Status, Type};\n\n";
    writeln!(out, "pub(super) static CATEGORIES: [Category; {}] = [", catalogue.categories.len())?;
    let mut field_index = 0;
    for (index, category) in catalogue.categories.iter().enumerate() {
        writeln!(out, "    Category {{")?;
        writeln!(out, "        name: {:?}, family: {:?},", category.name, category.family)?;
        writeln!(out, "        summary: {:?},", category.summary)?;
        writeln!(out, "        status: Status::{},", status(&category.status)?)?;
        writeln!(out, "        replaced_by: &{:?},", category.replaced_by)?;
        for (name, map, fields) in [("request", "Request", &category.request), ("result", "Result", &category.result)] {
            if fields.is_empty() {
                writeln!(out, "        {name}: &[],")?;
                continue;
            }
            writeln!(out, "        {name}: &[")?;
            for field in fields {
                let lift = catalogue.lift(field);
                writeln!(
                    out,
                    "            Field {{ name: {:?}, summary: {:?}, required: {}, classification: {}, ty: {}, \
                     lift: Lift::{lift}, map: FieldMap::{map}, category: {index}, index: {field_index} }},",
                    field.name,
                    field.summary,
                    field.required,
                    classification(field)?,
                    type_expression(&field.ty),
                )?;
                field_index += 1;
            }
            writeln!(out, "        ],")?;
        }
        writeln!(out, "    }},")?;
    }
    out += "];\n";
    let categories: Vec<&str> = catalogue.categories.iter().map(|category| category.name.as_str()).collect();
    render_slots(&mut out, "CATEGORY", &categories)?;
    write!(out, "\npub(super) static FIELDS: [&Field; {field_index}] = [")?;
    let mut fields = Vec::new();
    for (index, category) in catalogue.categories.iter().enumerate() {
        for (group, group_fields) in [("request", &category.request), ("result", &category.result)] {
            for (position, field) in group_fields.iter().enumerate() {
                let separator = if fields.len() % 4 == 0 { "\n    " } else { " " };
                write!(out, "{separator}&CATEGORIES[{index}].{group}[{position}],")?;
                fields.push(field.name.as_str());
            }
        }
    }
    out += "\n];\n";
    render_slots(&mut out, "FIELD", &fields)?;
    for (name, named) in &catalogue.types {
        render_type(&mut out, name, named)?;
    }
    Ok(out)
}

/// The perfect hash over `names`: slots hold positions, 255 is none.
fn render_slots(out: &mut String, prefix: &str, names: &[&str]) -> anyhow::Result<()> {
    let (seed, bits, slots) = perfect_hash(names)?;
    writeln!(out, "\npub(super) const {prefix}_SEED: u64 = {seed:#018x};")?;
    writeln!(out, "pub(super) const {prefix}_BITS: u32 = {bits};")?;
    write!(out, "pub(super) static {prefix}_SLOTS: [u8; {}] = [", slots.len())?;
    for (at, slot) in slots.iter().enumerate() {
        write!(out, "{}{},", if at % 32 == 0 { "\n    " } else { " " }, slot.unwrap_or(255))?;
    }
    out.push_str("\n];\n");
    Ok(())
}

fn render_type(out: &mut String, name: &str, named: &Named) -> anyhow::Result<()> {
    writeln!(out, "\nstatic {}: Named = Named {{", constant(name))?;
    writeln!(out, "    name: {name:?},\n    summary: {:?},", named.summary)?;
    match &named.shape {
        Shape::Struct { members } | Shape::Union { variants: members } => {
            let shape = if matches!(named.shape, Shape::Struct { .. }) { "Struct" } else { "Union" };
            writeln!(out, "    shape: Shape::{shape}(&[")?;
            for member in members {
                writeln!(
                    out,
                    "        Member {{ name: {:?}, ty: {}, entity: {}, user: {} }},",
                    member.name,
                    type_expression(&member.ty),
                    member.entity,
                    member.user
                )?;
            }
            writeln!(out, "    ]),")?;
        }
        Shape::Enum { values } => writeln!(out, "    shape: Shape::Enum(&{values:?}),")?,
        Shape::Alias { of } => writeln!(out, "    shape: Shape::Alias(&{}),", type_expression(of))?,
        Shape::Opaque => writeln!(out, "    shape: Shape::Alias(&Type::Any),")?,
    }
    writeln!(out, "}};")?;
    Ok(())
}

fn type_expression(ty: &Type) -> String {
    match ty {
        Type::Any => "Type::Any".into(),
        Type::String => "Type::String".into(),
        Type::Boolean => "Type::Boolean".into(),
        Type::Safelong => "Type::Safelong".into(),
        Type::Double => "Type::Double".into(),
        Type::Datetime => "Type::Datetime".into(),
        Type::Uuid => "Type::Uuid".into(),
        Type::List(of) => format!("Type::List(&{})", type_expression(of)),
        Type::Optional(of) => format!("Type::Optional(&{})", type_expression(of)),
        Type::Map(of) => format!("Type::Map(&{})", type_expression(of)),
        Type::Named(name) => format!("Type::Named(&{})", constant(name)),
    }
}

fn constant(name: &str) -> String {
    snake(name).to_ascii_uppercase()
}

fn status(status: &str) -> anyhow::Result<&'static str> {
    Ok(match status {
        "active" => "Active",
        "legacy" => "Legacy",
        "deprecated" => "Deprecated",
        "audit.2-only" => "Audit2Only",
        _ => anyhow::bail!("{status} is no status"),
    })
}

fn classification(field: &Field) -> anyhow::Result<String> {
    const KNOWN: [&str; 8] = ["RESOURCE", "UID", "TOKEN", "DATA", "METADATA", "USER_INPUT", "CONSTANT", "PASS_THROUGH"];
    let Some(name) = &field.classification else { return Ok("None".into()) };
    anyhow::ensure!(KNOWN.contains(&name.as_str()), "{name} is no classification");
    Ok(format!("Some(Classification::{})", camel_of_capitals(name)))
}

/// A seed and table size under which no two names share a slot, and the table: which name stands where.
fn perfect_hash(names: &[&str]) -> anyhow::Result<(u64, u32, Vec<Option<usize>>)> {
    let bits = names.len().next_power_of_two().trailing_zeros() + 3;
    let mut state = 0u64;
    (0..1_000_000)
        .find_map(|_| {
            let seed = split_mix(&mut state) | 1;
            let mut slots = vec![None; 1 << bits];
            for (index, name) in names.iter().enumerate() {
                let slot = &mut slots[slot(name.as_bytes(), seed, bits)];
                if slot.replace(index).is_some() {
                    return None;
                }
            }
            Some((seed, bits, slots))
        })
        .context("no perfect hash found; two names agree in length, in the first 16 bytes and in the last 8")
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// As `slot` in `crates/event/src/catalogue/mod.rs`.
fn slot(name: &[u8], seed: u64, bits: u32) -> usize {
    let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let mixed = match name.first_chunk() {
        Some(first) => {
            let second = name.get(8..).and_then(<[u8]>::first_chunk);
            word(Some(first)) ^ word(second).rotate_left(13) ^ word(name.last_chunk()).rotate_left(29)
        }
        None => {
            let mut padded = [0; 8];
            padded[..name.len()].copy_from_slice(name);
            u64::from_le_bytes(padded)
        }
    };
    ((mixed ^ name.len() as u64).wrapping_mul(seed) >> (64 - bits)) as usize
}
