//! Writes the draft.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::{Ending, Field, path};
use super::words::{PATTERNS, category_or_pattern};
use super::{Fields, Framed, Guess, Suggestion};
use crate::json;

/// Operations that get a row of their own.
const ROWS_MAX: usize = 200;

/// Fields with secrets that are left out by name.
const SECRETS_MAX: usize = 100;

/// What was found for each member of an event.
#[derive(Default)]
struct Found<'f> {
    /// By the member.
    fields: BTreeMap<&'static str, &'f Field>,
    guesses: Vec<Guess>,
    missing: Vec<&'static str>,
    ending: Option<Ending>,
    qualifier: Option<&'f Field>,
}

impl<'f> Found<'f> {
    fn of(fields: &'f Fields) -> Self {
        let mut found = Self::default();
        found.add("time", fields.time());
        found.add("name", fields.name());
        found.qualifier = found.fields.get("name").and_then(|name| fields.qualifier(name));
        let result = fields.result();
        found.ending = result.as_ref().map(|(_, _, ending)| *ending);
        found.add("result", result.map(|(field, guess, _)| (field, guess)));
        found.add("uid", fields.uid());
        found.add("sid", fields.id("sid", "session sid", ""));
        found.add("tokenId", fields.id("tokenId", "jti accessor kid token credential", "id accessor jti hash kid"));
        found.add("traceId", fields.trace_id());
        found.add("userAgent", fields.user_agent());
        found.add("origin", fields.origin());
        found.add("tenant", fields.tenant());
        found.add("sourceId", fields.source_id());
        found.add("host", fields.id("host", "hostname host node", ""));
        found
    }

    /// A field is taken once: the member that comes first has it.
    fn add(&mut self, member: &'static str, found: Option<(&'f Field, Guess)>) {
        match found.filter(|(field, _)| !self.fields.values().any(|taken| taken.path == field.path)) {
            Some((field, guess)) => {
                self.fields.insert(member, field);
                self.guesses.push(guess);
            }
            None => self.missing.push(member),
        }
    }

    /// The expression of a member's field, below `record`.
    fn expression(&self, member: &str) -> Option<String> {
        self.fields.get(member).map(|field| format!("record{}", path(&field.path)))
    }
}

/// One row of the table of operations.
struct Row {
    key: String,
    category: &'static str,
    detail: &'static str,
    sure: String,
}

/// The rows: those of the samples, then patterns for what they do not show.
fn rows(framed: &Framed, found: &Found<'_>) -> Vec<Row> {
    // By the name in lower case, the name as it stands, whose capitals part its words.
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    if let Some(name) = found.fields.get("name") {
        for record in &framed.records {
            let text = |field: &Field| value_at(record, &field.path).unwrap_or_default();
            let mut key = text(name);
            if key.is_empty() {
                continue;
            }
            if let Some(qualifier) = found.qualifier {
                key = format!("{}:{key}", text(qualifier));
            }
            let key = key.trim();
            let plain = !key.contains(['*', '|', '`', '\n', '\r']) && !key.contains(", ");
            if plain && seen.len() < ROWS_MAX {
                seen.entry(key.to_lowercase()).or_insert_with(|| key.to_owned());
            }
        }
    }
    let of_samples = seen.into_iter().map(|(key, name)| {
        let (category, detail, sure) = category_or_pattern(&name);
        Row { key, category, detail, sure: sure.to_string() }
    });
    let patterns = PATTERNS.iter().map(|(key, category, detail)| Row {
        key: (*key).to_owned(),
        category,
        detail,
        sure: "not in the samples".to_owned(),
    });
    of_samples.chain(patterns).collect()
}

/// The text at a path of a record.
fn value_at(record: &vrl::value::Value, path: &[String]) -> Option<String> {
    let value = path.iter().try_fold(record, |value, key| match key.as_str() {
        "[0]" => value.as_array()?.first(),
        key => value.as_object()?.get(key),
    })?;
    value.to_str().map(str::to_owned).or_else(|| Some(value.to_string_lossy().into_owned()))
}

/// Writes the draft of an adapter called `name`.
pub(super) fn draft(name: &str, framed: &Framed, fields: &Fields) -> Suggestion {
    let found = Found::of(fields);
    let taken: Vec<&[String]> = found.fields.values().map(|field| field.path.as_slice()).collect();
    let subjects = fields.subjects(&taken);
    let rows = rows(framed, &found);
    let secrets: Vec<&Field> = fields.iter().filter(|field| field.is_secret()).take(SECRETS_MAX).collect();
    let mut out = String::new();
    header(&mut out, name, framed, &found, &rows);
    program(&mut out, name, &found, &subjects, &secrets);
    let secrets = secrets.iter().map(|field| field.shown()).collect();
    Suggestion { source: out, guesses: found.guesses, missing: found.missing, secrets }
}

fn header(out: &mut String, name: &str, framed: &Framed, found: &Found<'_>, rows: &[Row]) {
    let mut comment = |line: &str| {
        out.push_str(if line.is_empty() { "#" } else { "# " });
        out.push_str(line);
        out.push('\n');
    };
    comment(&format!("adapter: {name}"));
    comment("version: 1");
    comment("input: json");
    if let Some(wrapper) = &framed.wrapper {
        comment(&format!("records: {wrapper}"));
    }
    if let Some(member) = &framed.embedded {
        comment(&format!("embedded: {member}"));
    }
    comment("");
    comment(&format!("# {name}"));
    comment("");
    comment(&format!(
        "A draft made by `indelible adapter suggest` from {} records. Every line below is a guess until somebody has compared",
        framed.records.len()
    ));
    comment("it with the vendor's documentation; then replace this paragraph and the column *sure*.");
    comment("");
    comment("| of the event | from the record | sure | why |");
    comment("|---|---|---|---|");
    for Guess { member, field, sure, why } in &found.guesses {
        let field = field.replace('|', "\\|").replace('`', "");
        comment(&format!("| {member} | `{field}` | {sure} | {why} |"));
    }
    if !found.missing.is_empty() {
        comment("");
        comment(&format!("Looked for and not found: {}.", found.missing.join(", ")));
    }
    comment("");
    comment("## Operations");
    comment("");
    comment(
        "The name of the operation in lower case; the whole name first, then the first pattern. Words decided the category.",
    );
    comment("");
    comment("| operation | category | detail | sure |");
    comment("|---|---|---|---|");
    for Row { key, category, detail, sure } in rows {
        let detail = if detail.is_empty() { String::new() } else { format!("`{detail}`") };
        comment(&format!("| `{key}` | `{category}` | {detail} | {sure} |"));
    }
    out.push('\n');
}

fn program(
    out: &mut String,
    name: &str,
    found: &Found<'_>,
    subjects: &BTreeMap<Vec<String>, BTreeSet<String>>,
    secrets: &[&Field],
) {
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line("record = object!(.)");
    match found.expression("name") {
        Some(expression) => {
            line(&format!("name = to_string({expression}) ?? \"\""));
            if let Some(qualifier) = found.qualifier {
                line("# The operation alone is only a verb; the kind of thing goes before it.");
                line(&format!("kind = to_string(record{}) ?? \"\"", path(&qualifier.path)));
                line("if name != \"\" { name = kind + \":\" + name }");
            }
            line("if name == \"\" { abort \"the record names no operation\" }");
        }
        None => {
            line("# No field of the samples looks like the name of an operation, so all events have this one.");
            line("name = \"event\"");
        }
    }
    line("row = lookup(\"Operations\", downcase(strip_whitespace(name)))");
    line("categories = string(row.category) ?? \"\"");
    line("");
    line("result = \"SUCCESS\"");
    if let Some(expression) = found.expression("result") {
        line(&format!("told = downcase(to_string({expression}) ?? \"\")"));
        let failure = match found.ending {
            Some(Ending::Error) => "told != \"\" && told != \"null\"",
            Some(Ending::Code) => "told != \"\" && told != \"null\" && told != \"0\"",
            _ => "match(told, r'^(false|no|fail|error|[45]\\d\\d$)|denied|deny|rejected|blocked')",
        };
        line(&format!("if {failure} {{ result = \"ERROR\" }}"));
        line("if match(told, r'denied|deny|forbidden|unauthori|permission|^40[13]$') { result = \"UNAUTHORIZED\" }");
    }
    line("# A sign-in that did not succeed was refused.");
    line("refused = row.detail == \"failed\" || (contains(categories, \"userLogin\") && result == \"ERROR\")");
    line("if refused { result = \"UNAUTHORIZED\" }");
    line("");
    line("subjects = []");
    for (parent, keys) in subjects {
        let mut list = String::new();
        for key in keys {
            list.push_str(if list.is_empty() { "" } else { ", " });
            json::write_string(&mut list, key);
        }
        line(&format!("subjects = append(subjects, gather(record{}, [{list}]))", path(parent)));
    }
    line("");
    line("# All the rest stays under its own name.");
    line("rest = record");
    for member in ["time", "origin", "userAgent", "sourceId", "traceId"] {
        if let Some(field) = found.fields.get(member).filter(|field| !field.is_in_array()) {
            line(&removal(field));
        }
    }
    if !secrets.is_empty() {
        line("# Left out on purpose: their names say that they hold secrets. Of a token keep the id, never the token.");
    }
    for field in secrets {
        match field.is_in_array() {
            false => line(&removal(field)),
            true => {
                line(&format!("# {} stands in a list and is still under passThrough: take it out too.", field.shown()))
            }
        }
    }
    line("");
    line(". = {");
    match found.expression("time") {
        Some(time) => line(&format!("  \"time\": {time},")),
        None => line(
            "  # No field of the samples looks like a time; records are refused until one is named here.\n  \"time\": null,",
        ),
    }
    line("  \"name\": name,");
    line("  \"result\": result,");
    line("  \"categories\": categories,");
    line("  \"subjects\": subjects,");
    for member in ["uid", "sid", "tokenId", "traceId", "userAgent", "origin", "tenant", "sourceId", "host"] {
        if let Some(expression) = found.expression(member) {
            line(&format!("  {}: {expression},", quoted(member)));
        }
    }
    line(&format!("  \"product\": {},", quoted(name)));
    line("  \"passThrough\": rest");
    line("}");
}

/// The line that takes a field out of the rest.
fn removal(field: &Field) -> String {
    let mut list = String::new();
    for key in &field.path {
        list.push_str(if list.is_empty() { "" } else { ", " });
        json::write_string(&mut list, key);
    }
    format!("rest = remove(rest, [{list}]) ?? rest")
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
