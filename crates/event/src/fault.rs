//! A refusal in the making: it gathers its path while it travels outwards.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::catalogue::find_field;
use crate::envelope::Slot;
use crate::{Refusal, RefusalCode};

/// Most bytes of input a refusal quotes in its path, and again in its message.
const QUOTE_BYTES_MAX: usize = 32;

/// Boxed, so that the good path passes a pointer around.
#[derive(Debug)]
pub(crate) struct Fault(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: RefusalCode,
    category: Option<&'static str>,
    message: Cow<'static, str>,
    /// Innermost first.
    path: Vec<Segment>,
}

#[derive(Debug)]
enum Segment {
    /// A name of ours.
    Known(&'static str),
    /// A name of the producer's, cut to size.
    Key(String),
    Index(usize),
}

impl Fault {
    #[cold]
    pub(crate) fn new(code: RefusalCode, message: impl Into<Cow<'static, str>>) -> Self {
        Fault(Box::new(Inner { code, category: None, message: message.into(), path: Vec::new() }))
    }

    /// The fault is inside of our field `name`.
    #[cold]
    pub(crate) fn at(mut self, name: &'static str) -> Self {
        self.0.path.push(Segment::Known(name));
        self
    }

    /// The fault is inside of the field `key` of the producer's, which may be one of ours.
    #[cold]
    pub(crate) fn at_key(mut self, key: &[u8]) -> Self {
        let known = Slot::of(key).map(Slot::name).or_else(|| find_field(key).map(|field| field.name));
        self.0.path.push(known.map_or_else(|| Segment::Key(quote(key)), Segment::Known));
        self
    }

    /// The fault is inside of the element at `index`.
    #[cold]
    pub(crate) fn at_index(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }

    /// The fault breaks the definition of `category`.
    #[cold]
    pub(crate) fn of_category(mut self, category: &'static str) -> Self {
        self.0.category = Some(category);
        self
    }

    #[cold]
    pub(crate) fn into_refusal(self) -> Refusal {
        let Inner { code, category, message, path } = *self.0;
        let field = render_path(&path);
        let message = match (&field, category) {
            (Some(field), Some(category)) => format!("{field} (category {category}): {message}"),
            (Some(field), None) => format!("{field}: {message}"),
            (None, Some(category)) => format!("category {category}: {message}"),
            (None, None) => message.into_owned(),
        };
        Refusal { code, field, category, message }
    }
}

/// `text` as it may appear in a refusal: cut at 32 bytes, control characters replaced.
#[cold]
pub(crate) fn quote(text: &[u8]) -> String {
    let mut end = text.len().min(QUOTE_BYTES_MAX);
    while end < text.len() && text[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    let mut quoted: String = String::from_utf8_lossy(&text[..end])
        .chars()
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if end < text.len() {
        quoted.push('…');
    }
    quoted
}

/// The path from the outside in. Names of the producer's are quoted while the budget lasts, then shown as `…`.
fn render_path(path: &[Segment]) -> Option<String> {
    let mut budget = QUOTE_BYTES_MAX;
    let mut out = String::new();
    for segment in path.iter().rev() {
        if !out.is_empty() && !matches!(segment, Segment::Index(_)) {
            out.push('.');
        }
        match segment {
            Segment::Known(name) => out.push_str(name),
            Segment::Key(key) if key.len() <= budget => {
                budget -= key.len();
                out.push_str(key);
            }
            Segment::Key(key) if budget == QUOTE_BYTES_MAX => {
                budget = 0;
                out.push_str(key);
            }
            Segment::Key(_) => out.push('…'),
            // Writing to a string cannot fail.
            Segment::Index(index) => _ = write!(out, "[{index}]"),
        }
    }
    (!out.is_empty()).then_some(out)
}
