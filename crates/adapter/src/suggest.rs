//! A first draft of an adapter, from samples of a log: by the names of its fields, by what their values look like, and by
//! the words in the names of its operations.
//!
//! A draft is a guess and says so: which field it took for what, how sure it is, why, and what it looked for in vain. It
//! compiles, and converts the samples it was made from.

mod draft;
mod fields;
mod words;

use std::fmt;

use vrl::value::Value;

use crate::json;
use fields::Fields;

/// Samples that are looked at.
const SAMPLES_MAX: usize = 10_000;

/// A draft and what it rests on.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// The text of the adapter file.
    pub source: String,
    /// Which field of the records was taken for which member of the event.
    pub guesses: Vec<Guess>,
    /// Members no field was found for.
    pub missing: Vec<&'static str>,
    /// Fields whose names say that they hold secrets, as paths: the draft leaves them out. At most 100.
    pub secrets: Vec<String>,
}

/// One guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// The member of the event.
    pub member: &'static str,
    /// The field, as a path.
    pub field: String,
    /// How sure.
    pub sure: Sure,
    /// Why.
    pub why: String,
}

/// How sure a guess is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// Only one of name and values speaks for it.
    Guessed,
    /// The name says so, and the values do not contradict.
    Likely,
    /// Name and values of nearly all records say so.
    Sure,
}

impl fmt::Display for Sure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Sure::Guessed => "guessed",
            Sure::Likely => "likely",
            Sure::Sure => "sure",
        })
    }
}

/// No draft can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSuggestion {
    /// There is nothing to look at.
    #[error(
        "the samples hold no JSON object; for lines of text begin from the adapter openssh (docs/guides/adapters.md)"
    )]
    Empty,
    /// The name cannot be that of an adapter.
    #[error("an adapter's name is at most 64 of the characters a-z 0-9 _ -, not {0:?}")]
    Name(String),
    /// What was drafted does not compile, which is a fault of this program.
    #[error("the draft does not compile; please report this with the names of the fields of a sample: {0}")]
    Draft(String),
}

/// Drafts an adapter called `name` for records such as `documents`, each the bytes of one JSON value.
///
/// Looks at the first 10,000 documents. What is no object is passed over.
pub fn suggest(name: &str, documents: &[Vec<u8>]) -> Result<Suggestion, NoSuggestion> {
    let simple = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if name.is_empty() || name.len() > 64 || !name.chars().all(simple) {
        return Err(NoSuggestion::Name(json::short(name).to_owned()));
    }
    let parsed = documents.iter().take(SAMPLES_MAX).filter_map(|document| json::parse(document).ok());
    let documents: Vec<Value> = parsed.filter(Value::is_object).collect();
    let framed = Framed::of(documents);
    if framed.records.is_empty() {
        return Err(NoSuggestion::Empty);
    }
    let fields = Fields::of(&framed.records);
    let suggestion = draft::draft(name, &framed, &fields);
    match crate::Adapter::from_source(&suggestion.source) {
        Ok(_) => Ok(suggestion),
        Err(error) => Err(NoSuggestion::Draft(error.to_string())),
    }
}

/// Records freed of what wraps them.
struct Framed {
    records: Vec<Value>,
    /// The path to the array that holds the records in each document.
    wrapper: Option<String>,
    /// The member that holds the record as JSON text.
    embedded: Option<String>,
}

impl Framed {
    fn of(documents: Vec<Value>) -> Self {
        let mut framed = Self { records: documents, wrapper: None, embedded: None };
        framed.unwrap_arrays();
        framed.unwrap_text();
        framed
    }

    /// If the documents have no time of their own, and objects in an array inside have, the records are those.
    fn unwrap_arrays(&mut self) {
        let fields = Fields::of(&self.records);
        if fields.time().is_some_and(|(time, _)| !time.is_in_array()) {
            return;
        }
        for path in array_paths(&self.records) {
            let inside: Vec<Value> =
                self.records.iter().filter_map(|document| at(document, &path)?.as_array()).flatten().cloned().collect();
            if inside.iter().all(Value::is_object) && Fields::of(&inside).time().is_some() {
                self.wrapper = Some(path.join("."));
                self.records = inside;
                self.records.truncate(SAMPLES_MAX);
                return;
            }
        }
    }

    /// If a member of nearly all records is the text of an object with a time and the record itself has less to say, the
    /// record is that text.
    fn unwrap_text(&mut self) {
        let Some(Value::Object(first)) = self.records.first() else { return };
        let texts = first.iter().filter(|(_, value)| value.to_str().is_some_and(|text| text.starts_with('{')));
        let names: Vec<String> = texts.map(|(name, _)| name.to_string()).collect();
        for name in names {
            let parse = |record: &Value| {
                let text = at(record, std::slice::from_ref(&name))?.to_str()?;
                json::parse(text.as_bytes()).ok().filter(Value::is_object)
            };
            let inside: Vec<Value> = self.records.iter().filter_map(parse).collect();
            let outer = Fields::of(&self.records);
            if inside.len() == self.records.len() && Fields::of(&inside).len() > outer.len() {
                self.embedded = Some(name);
                self.records = inside;
                return;
            }
        }
    }
}

/// Paths of at most three keys to arrays of objects.
fn array_paths(documents: &[Value]) -> Vec<Vec<String>> {
    fn walk(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        match value {
            Value::Array(items) if items.first().is_some_and(Value::is_object) && !found.contains(path) => {
                found.push(path.clone());
            }
            Value::Object(object) if path.len() < 3 => {
                for (key, value) in object {
                    path.push(key.to_string());
                    walk(value, path, found);
                    path.pop();
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for document in documents.iter().take(16) {
        walk(document, &mut Vec::new(), &mut found);
    }
    found.sort_by_key(Vec::len);
    found
}

fn at<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.as_object()?.get(key.as_str()))
}

#[cfg(test)]
mod tests;
