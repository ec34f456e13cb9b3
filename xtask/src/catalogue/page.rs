//! `docs/reference/categories.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Catalogue, Category, Field, HEADER, Shape, Type};

const HEAD: &str = "
# Categories

Every event of `audit.3` has one or more categories; they decide which fields may stand in `requestFields` (what the caller gave) and
`resultFields` (what the service found out). No two categories declare fields of one name, so the fields of several can share the maps.
How fields are checked: [event format](../formats/event.md).

- **Required** fields whose type is optional, a list or a map may still be absent: that means none or empty. Other required request
  fields must be there; other required result fields only when `result` is `SUCCESS`.
- **Class** says what kind of information a field holds. Ids in `RESOURCE` fields are lifted into the event's `entities`, user ids in `UID`
  fields and in tokens into `users`. A dash means the sources publish none; treat it as `DATA`.
- `any` is opaque JSON: the sources define no type.
";

pub fn render(catalogue: &Catalogue) -> anyhow::Result<String> {
    let mut out = format!("<!-- {HEADER} -->\n{HEAD}\n");
    let mut families: BTreeMap<&str, Vec<&Category>> = BTreeMap::new();
    for category in &catalogue.categories {
        families.entry(&category.family).or_default().push(category);
    }
    out += "| Family | Categories |\n|---|---|\n";
    for (family, categories) in &families {
        let links: Vec<_> =
            categories.iter().map(|c| format!("[{}](#{})", c.name, c.name.to_ascii_lowercase())).collect();
        writeln!(out, "| {family} | {} |", links.join(", "))?;
    }
    for (family, categories) in &families {
        writeln!(out, "\n## {family}")?;
        for category in categories {
            render_category(&mut out, category)?;
        }
    }
    out += "\n## Types\n\nA struct has the members listed and no others. A union is an object of two members: `type` names a variant, and one member named after \
            it holds the value, as in `{\"rid\":\"ri.a.b.c.d\",\"type\":\"rid\"}`.\n";
    for (name, named) in &catalogue.types {
        writeln!(out, "\n### {name}\n\n{}.", named.summary)?;
        match &named.shape {
            Shape::Struct { members } => {
                out += "\n| Member | Type | Lifted into |\n|---|---|---|\n";
                for member in members {
                    writeln!(out, "| `{}` | {} | {} |", member.name, link(&member.ty), lifted(member))?;
                }
            }
            Shape::Union { variants } => {
                out += "\n| Variant | Type | Lifted into |\n|---|---|---|\n";
                for variant in variants {
                    writeln!(out, "| `{}` | {} | {} |", variant.name, link(&variant.ty), lifted(variant))?;
                }
            }
            Shape::Enum { values } => {
                let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
                writeln!(out, "\nOne of {}.", values.join(", "))?;
            }
            Shape::Alias { of } => writeln!(out, "\nA {of}.")?,
            Shape::Opaque => out += "\nOpaque JSON.\n",
        }
    }
    Ok(out)
}

fn render_category(out: &mut String, category: &Category) -> anyhow::Result<()> {
    writeln!(out, "\n### {}\n\n{}.", category.name, category.summary)?;
    let replaced = match category.replaced_by.as_slice() {
        [] => String::new(),
        names => {
            format!(" Use {} instead.", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        }
    };
    match category.status.as_str() {
        "active" => {}
        "audit.2-only" => writeln!(out, "\n**Refused in `audit.3`**: it belongs to `audit.2`.{replaced}")?,
        status => writeln!(out, "\n**{}**: accepted and counted.{replaced}", super::upper_camel(status))?,
    }
    if let Some(note) = &category.note {
        writeln!(out, "\n{note}")?;
    }
    if category.fields().next().is_none() {
        writeln!(out, "\nNo fields.")?;
        return Ok(());
    }
    out.push_str("\n| Field | Map | Required | Type | Class | Holds |\n|---|---|---|---|---|---|\n");
    for (map, fields) in [("request", &category.request), ("result", &category.result)] {
        for field in fields {
            let Field { name, required, ty, classification, summary } = field;
            writeln!(
                out,
                "| `{name}` | {map} | {} | {} | {} | {summary} |",
                if *required { "yes" } else { "no" },
                link(ty),
                classification.as_deref().unwrap_or("-"),
            )?;
        }
    }
    Ok(())
}

fn lifted(member: &super::Member) -> &'static str {
    match member {
        super::Member { entity: true, .. } => "entities",
        super::Member { user: true, .. } => "users",
        _ => "-",
    }
}

/// The type, its name linked to its definition.
fn link(ty: &Type) -> String {
    let text = ty.to_string().replace('<', "&lt;").replace('>', "&gt;");
    match ty.name() {
        Some(name) => text.replace(name, &format!("[{name}](#{})", name.to_ascii_lowercase())),
        None => text,
    }
}
