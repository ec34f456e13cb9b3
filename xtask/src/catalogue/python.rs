//! `sdk/python/src/indelible/categories.py`: a dataclass for the request and result fields of every category, and for
//! the types of their values.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::ensure;

use super::{Catalogue, Category, HEADER, Named, Shape, Slot, Type, snake, upper_camel};

const HEAD: &str = "
What a category requires has no default, so that leaving it out is an error of the type checker and of the constructor.
Names are those of the catalogue in snake case.
\"\"\"

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, List, Mapping, Optional, Sequence

from ._values import Category, Datetime, Literal, Result, Struct, Union, Uuid
";

/// Names that a Python program cannot give to a parameter.
const RESERVED: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

pub fn render(catalogue: &Catalogue) -> anyhow::Result<String> {
    let mut out = format!("\"\"\"The catalogue as Python types; {HEADER}.\n{HEAD}");
    let mut classes = BTreeSet::new();
    // Python reads a file from the top, and an alias has to stand before what uses it; annotations need not.
    for (name, named) in &catalogue.types {
        if let Some(meaning) = alias(&named.shape) {
            ensure!(classes.insert(name.clone()), "two Python names would be {name}");
            write!(out, "\n{name} = {meaning}\n\"\"\"{}.\"\"\"\n", named.summary)?;
        }
    }
    for (name, named) in &catalogue.types {
        if alias(&named.shape).is_none() {
            ensure!(classes.insert(name.clone()), "two Python names would be {name}");
            render_type(&mut out, name, named)?;
        }
    }
    for category in &catalogue.categories {
        if category.status != "audit.2-only" {
            render_category(&mut out, category, &mut classes)?;
        }
    }
    out += "\n\n__all__: List[str] = [\n";
    for name in classes {
        writeln!(out, "    \"{name}\",")?;
    }
    out += "]\n";
    Ok(out)
}

fn render_category(out: &mut String, category: &Category, classes: &mut BTreeSet<String>) -> anyhow::Result<()> {
    let name = upper_camel(&category.name);
    let result = format!("{name}Result");
    if !category.result.is_empty() {
        ensure!(classes.insert(result.clone()), "two Python names would be {result}");
        let about = format!("What came of a `{}`.", category.name);
        let head = format!("    CATEGORY = \"{}\"\n", category.name);
        render_class(out, &result, "Result", &about, &head, category.result.iter().map(Slot::of_field).collect())?;
    }
    ensure!(classes.insert(name.clone()), "two Python names would be {name}");
    let mut about = format!("`{}`: {}.", category.name, category.summary);
    if category.status != "active" {
        write!(about, "\n\n    The category is {}.", category.status)?;
    }
    if let Some(note) = &category.note {
        write!(about, "\n\n    {note}")?;
    }
    let mut head = format!("    NAME = \"{}\"\n", category.name);
    if !category.result.is_empty() {
        writeln!(head, "    RESULT = {result}")?;
    }
    render_class(out, &name, "Category", &about, &head, category.request.iter().map(Slot::of_field).collect())
}

fn render_class(
    out: &mut String,
    name: &str,
    base: &str,
    about: &str,
    head: &str,
    mut slots: Vec<Slot<'_>>,
) -> anyhow::Result<()> {
    slots.sort_by_key(|slot| !slot.required);
    writeln!(out, "\n\n@dataclass(frozen=True)\nclass {name}({base}):\n    \"\"\"{about}")?;
    let described: Vec<_> = slots.iter().filter(|slot| !slot.doc.is_empty()).collect();
    if described.is_empty() {
        // Closes on the line of the text.
        out.pop();
    } else {
        out.push('\n');
        for slot in described {
            writeln!(out, "    {}: {}.", snake(slot.name), slot.doc)?;
        }
        out.push_str("    ");
    }
    out.push_str("\"\"\"\n");
    if !head.is_empty() || !slots.is_empty() {
        write!(out, "\n{head}")?;
    }
    for slot in &slots {
        let python = snake(slot.name);
        ensure!(!RESERVED.contains(&&*python) && camel(&python) == slot.name, "{} has no name in Python", slot.name);
        let (ty, default) = match slot.ty {
            ty if slot.required => (python_type(ty), ""),
            ty @ Type::List(_) => (python_type(ty), " = ()"),
            ty @ Type::Map(_) => (python_type(ty), " = field(default_factory=dict)"),
            ty @ (Type::Optional(_) | Type::Any) => (python_type(ty), " = None"),
            ty => (format!("Optional[{}]", python_type(ty)), " = None"),
        };
        writeln!(out, "    {python}: {ty}{default}")?;
    }
    Ok(())
}

fn render_type(out: &mut String, name: &str, named: &Named) -> anyhow::Result<()> {
    match &named.shape {
        Shape::Struct { members } => {
            let about = format!("{}.", named.summary);
            render_class(out, name, "Struct", &about, "", members.iter().map(Slot::of_member).collect())?;
        }
        Shape::Union { variants } => {
            writeln!(out, "\n\nclass {name}(Union):\n    \"\"\"{}.\"\"\"", named.summary)?;
            for variant in variants {
                let (python, ty) = (snake(&variant.name), python_type(&variant.ty));
                ensure!(!RESERVED.contains(&&*python), "{} has no name in Python", variant.name);
                writeln!(out, "\n    @classmethod\n    def {python}(cls, value: {ty}) -> {name}:")?;
                writeln!(out, "        \"\"\"The variant `{}`.\"\"\"", variant.name)?;
                writeln!(out, "        return cls._of(\"{}\", value, cls.{python})", variant.name)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// What a type that needs no class is.
fn alias(shape: &Shape) -> Option<String> {
    match shape {
        Shape::Enum { values } => {
            let values: Vec<_> = values.iter().map(|value| format!("\"{value}\"")).collect();
            Some(format!("Literal[{}]", values.join(", ")))
        }
        Shape::Alias { of } => Some(python_type(of)),
        Shape::Opaque => Some("Any".into()),
        Shape::Struct { .. } | Shape::Union { .. } => None,
    }
}

fn python_type(ty: &Type) -> String {
    match ty {
        Type::Any => "Any".into(),
        Type::String => "str".into(),
        Type::Datetime => "Datetime".into(),
        Type::Uuid => "Uuid".into(),
        Type::Boolean => "bool".into(),
        Type::Safelong => "int".into(),
        Type::Double => "float".into(),
        Type::List(of) => format!("Sequence[{}]", python_type(of)),
        Type::Optional(of) => format!("Optional[{}]", python_type(of)),
        Type::Map(of) => format!("Mapping[str, {}]", python_type(of)),
        Type::Named(name) => name.clone(),
    }
}

/// As `camel` in `_values.py`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    words.next().map(str::to_owned).into_iter().chain(words.map(upper_camel)).collect()
}
