//! Text patterns of the search and how they match: without regard to case, `*` for any run of characters.
//!
//! Matching never backtracks: pieces between wildcards are found from left to right by a linear substring search, so
//! that no pattern and no text can make it slow.

use std::fmt;

use memchr::memmem;

/// What the user wrote as a value: literal text and wildcards, escapes resolved.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    /// Never two [`Part::Any`] in a row, never two literals in a row.
    pub(crate) parts: Vec<Part>,
    /// Whether it stood in quotes, which keeps `a..b` and dates from being read as such in free text.
    pub(crate) quoted: bool,
}

/// A piece of a [`Pattern`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// This text.
    Literal(String),
    /// Any run of characters, the empty one too.
    Any,
}

impl Pattern {
    /// This text and nothing else.
    pub(crate) fn of(text: &str) -> Pattern {
        Pattern { parts: vec![Part::Literal(text.to_owned())], quoted: true }
    }

    /// The text if there is no wildcard in it.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it is `*` alone.
    pub(crate) fn is_any(&self) -> bool {
        self.parts == [Part::Any]
    }

    /// The same pattern over the JSON form of text, where quotes, backslashes and controls are written as escapes.
    pub(crate) fn json_escaped(&self) -> Pattern {
        let escape = |part: &Part| match part {
            Part::Any => Part::Any,
            Part::Literal(text) => {
                let quoted = serde_json::Value::from(text.as_str()).to_string();
                let inside = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
                Part::Literal(inside.to_owned())
            }
        };
        Pattern { parts: self.parts.iter().map(escape).collect(), quoted: self.quoted }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Any => f.write_str("*"),
            Part::Literal(text) => f.write_str(text),
        })
    }
}

/// A compiled [`Pattern`].
#[derive(Debug, Clone)]
pub(crate) struct Matcher {
    pattern: Pattern,
    /// Lower-case literals in order.
    pieces: Vec<memmem::Finder<'static>>,
    starts_open: bool,
    ends_open: bool,
    /// No piece has letters beyond ASCII, so bytes can be compared.
    ascii: bool,
}

/// Buffer for the lower-case form of a value, reused from value to value.
#[derive(Debug, Default)]
pub(crate) struct Scratch(Vec<u8>);

impl Matcher {
    /// Matches the whole of a value.
    pub(crate) fn whole(pattern: &Pattern) -> Matcher {
        let starts_open = pattern.parts.first() == Some(&Part::Any);
        let ends_open = pattern.parts.last() == Some(&Part::Any);
        Matcher::new(pattern, starts_open, ends_open)
    }

    /// Matches anywhere in a value.
    pub(crate) fn anywhere(pattern: &Pattern) -> Matcher {
        Matcher::new(pattern, true, true)
    }

    fn new(pattern: &Pattern, starts_open: bool, ends_open: bool) -> Matcher {
        let literals = pattern.parts.iter().filter_map(|part| match part {
            Part::Literal(text) => Some(text.to_lowercase()),
            Part::Any => None,
        });
        let literals: Vec<String> = literals.collect();
        Matcher {
            pattern: pattern.clone(),
            ascii: literals.iter().all(|text| text.is_ascii()),
            pieces: literals.iter().map(|text| memmem::Finder::new(text.as_bytes()).into_owned()).collect(),
            starts_open,
            ends_open,
        }
    }

    /// Whether `value` matches.
    pub(crate) fn is_match(&self, value: &str, scratch: &mut Scratch) -> bool {
        if self.ascii && self.is_single() {
            let wanted = self.pieces.first().map_or(&b""[..], |piece| piece.needle());
            return value.as_bytes().eq_ignore_ascii_case(wanted);
        }
        let lower = &mut scratch.0;
        lower.clear();
        if self.ascii || value.is_ascii() {
            lower.extend_from_slice(value.as_bytes());
            lower.make_ascii_lowercase();
        } else {
            lower.extend(value.to_lowercase().bytes());
        }
        self.is_lower_match(lower)
    }

    /// One literal, the whole value.
    fn is_single(&self) -> bool {
        !self.starts_open && !self.ends_open && self.pieces.len() <= 1
    }

    fn is_lower_match(&self, mut value: &[u8]) -> bool {
        let mut pieces = self.pieces.as_slice();
        if self.is_single() {
            return value == pieces.first().map_or(&b""[..], |piece| piece.needle());
        }
        if !self.starts_open
            && let [first, rest @ ..] = pieces
        {
            let Some(tail) = value.strip_prefix(first.needle()) else {
                return false;
            };
            (value, pieces) = (tail, rest);
        }
        if !self.ends_open
            && let [rest @ .., last] = pieces
        {
            let Some(head) = value.strip_suffix(last.needle()) else {
                return false;
            };
            (value, pieces) = (head, rest);
        }
        for piece in pieces {
            let Some(at) = piece.find(value) else {
                return false;
            };
            value = &value[at + piece.needle().len()..];
        }
        true
    }

    /// What was compiled.
    pub(crate) fn pattern(&self) -> &Pattern {
        &self.pattern
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = |open: bool| if open { "*" } else { "" };
        let (start, end) = (open(self.starts_open), open(self.ends_open));
        write!(f, "{start}{}{end}", self.pattern)
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (self.starts_open, self.ends_open, &self.pattern) == (other.starts_open, other.ends_open, &other.pattern)
    }
}

#[cfg(test)]
mod tests;
