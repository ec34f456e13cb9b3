//! Filters that every reader can do again: terms over the infrastructure part, all of which must hold.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use indelible_event::control::CONTROL_TYPE;
use serde::Deserializer;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};

/// Members of the infrastructure part that a term may ask for, all of them strings; and [`CATEGORY`].
const FIELDS: [&str; 22] = [
    "environment",
    "eventId",
    "host",
    "logEntryId",
    "name",
    "orgId",
    "origin",
    "producerType",
    "product",
    "productVersion",
    "result",
    "sequenceId",
    "service",
    "sid",
    "sourceOrigin",
    "stack",
    "time",
    "tokenId",
    "traceId",
    "type",
    "uid",
    "userAgent",
];

/// Any element of `categories`.
const CATEGORY: &str = "category";

/// Most terms of a filter.
const TERMS_MAX: usize = 500;

/// Terms that must all hold. Its text has one form: `field:"value"`, a `-` before a term that must not hold, a space
/// between terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predicate {
    terms: Vec<Term>,
}

/// A member is there and its value is this one, in any case of the letters A to Z.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// It must not hold.
    pub negated: bool,
    /// Name of the member, or `category`.
    pub field: String,
    /// The value.
    pub value: String,
}

/// A text, or terms, are no filter of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a filter that readers can do again is 1 to {TERMS_MAX} terms such as category:\"dataExport\" or -uid:\"ann\" over fields of the infrastructure part"
)]
pub struct PredicateError;

impl Predicate {
    /// The filter of these terms.
    ///
    /// # Errors
    /// For no term or too many, a field that has no terms, or a value with control characters.
    pub fn new(terms: Vec<Term>) -> Result<Predicate, PredicateError> {
        let good = |term: &Term| {
            (term.field == CATEGORY || FIELDS.contains(&term.field.as_str()))
                && !term.value.chars().any(char::is_control)
        };
        let good = (1..=TERMS_MAX).contains(&terms.len()) && terms.iter().all(good);
        if good { Ok(Predicate { terms }) } else { Err(PredicateError) }
    }

    /// Whether the entry with this infrastructure part is meant. Entries about the log itself never are.
    ///
    /// # Errors
    /// Says why the text is not an infrastructure part.
    pub fn holds(&self, infrastructure: &str) -> Result<bool, String> {
        let mut text = serde_json::Deserializer::from_str(infrastructure);
        let found = text.deserialize_map(Look(self)).and_then(|found| text.end().map(|()| found));
        let found = found.map_err(|error| format!("its infrastructure part is none: {error}"))?;
        let terms = self.terms.iter().zip(&found.terms);
        Ok(!found.is_control && terms.fold(true, |holds, (term, found)| holds && *found != term.negated))
    }
}

/// Looks at each member once.
struct Look<'p>(&'p Predicate);

/// What was found of an entry.
struct Found {
    is_control: bool,
    /// For each term, whether the member has the value.
    terms: Vec<bool>,
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of sorted members")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut found = Found { is_control: false, terms: vec![false; self.0.terms.len()] };
        let mut before: Option<String> = None;
        while let Some(name) = map.next_key::<String>()? {
            // A member that came twice could mean different things to different readers.
            if before.is_some_and(|before| before >= name) {
                return Err(A::Error::custom("its members are not sorted"));
            }
            let mut note = |field: &str, value: &str| {
                for (term, found) in self.0.terms.iter().zip(&mut found.terms) {
                    *found |= term.field == field && term.value.eq_ignore_ascii_case(value);
                }
            };
            if name == "categories" {
                map.next_value::<Vec<Cow<'de, str>>>()?.iter().for_each(|category| note(CATEGORY, category));
            } else if FIELDS.contains(&name.as_str()) {
                let value: Cow<'de, str> = map.next_value()?;
                note(&name, &value);
                found.is_control |= name == "type" && value == CONTROL_TYPE;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
            before = Some(name);
        }
        Ok(found)
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Term { negated, field, value }) in self.terms.iter().enumerate() {
            let space = if index > 0 { " " } else { "" };
            let sign = if *negated { "-" } else { "" };
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            write!(f, "{space}{sign}{field}:\"{value}\"")?;
        }
        Ok(())
    }
}

impl FromStr for Predicate {
    type Err = PredicateError;

    /// Accepts exactly the texts that `Display` writes.
    fn from_str(text: &str) -> Result<Self, PredicateError> {
        let mut terms = Vec::new();
        let mut rest = text;
        loop {
            let (negated, after) = rest.strip_prefix('-').map_or((false, rest), |after| (true, after));
            let (field, after) = after.split_once(":\"").ok_or(PredicateError)?;
            let (value, after) = quoted(after).ok_or(PredicateError)?;
            terms.push(Term { negated, field: field.to_owned(), value });
            rest = match after {
                "" => break,
                after if terms.len() < TERMS_MAX => after.strip_prefix(' ').ok_or(PredicateError)?,
                _ => return Err(PredicateError),
            };
        }
        Predicate::new(terms)
    }
}

/// The value up to its closing quote, and what follows the quote.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next().map(|(_, escaped)| escaped).filter(|c| matches!(c, '"' | '\\'))?),
            character => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests;
