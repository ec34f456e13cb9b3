//! Reading the canonical parts of an event back, and putting them together again.
//!
//! Everything here takes bytes [`admit`](crate::admit) wrote and builds no document. On other bytes it answers
//! [`Malformed`] or something harmless, and never panics. Start at [`Row`] for typed columns, at [`merge`] for the event
//! as it is delivered, at [`members`] for a single field.

mod attribution;
mod merge;
mod reader;
mod row;

use std::borrow::Cow;

use reader::Reader;

pub use crate::json::write::{write_string, write_text};
pub use attribution::Attributed;
pub use merge::{Delivery, merge};
pub(crate) use row::write_intake;
pub use row::{Columns, Intake, List, Row, Text, User, write_content, write_infrastructure};

/// The bytes are not a canonical part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not canonical JSON at byte {at}; the stored part is damaged")]
pub struct Malformed {
    /// Where reading stopped.
    pub at: usize,
}

/// The members of the JSON object `jcs`, in its order: each key, unescaped, and the raw text of its value.
///
/// Ends after the first error.
pub fn members(jcs: &[u8]) -> Members<'_> {
    Members(Reader::over(jcs))
}

/// A key, unescaped, and the raw text of its value.
pub type Member<'a> = (Cow<'a, str>, &'a [u8]);

/// Iterator of [`members`].
#[derive(Debug, Clone)]
pub struct Members<'a>(Reader<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = Result<Member<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_member().map(|member| member.map(|(key, value)| (key, value.as_bytes())))
    }
}

/// The elements of the JSON array `raw`, each as raw text. Ends after the first error.
pub fn elements(raw: &[u8]) -> Elements<'_> {
    Elements(Reader::over(raw))
}

/// Iterator of [`elements`].
#[derive(Debug, Clone)]
pub struct Elements<'a>(Reader<'a>);

impl<'a> Iterator for Elements<'a> {
    type Item = Result<&'a [u8], Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_element().map(|element| element.map(str::as_bytes))
    }
}

/// The text of the JSON string `raw`, borrowed where it holds no escape.
pub fn string(raw: &[u8]) -> Result<Cow<'_, str>, Malformed> {
    reader::string(reader::utf8(raw)?)
}

/// The strings of the JSON array `raw`. Ends after the first error.
pub fn string_list(raw: &[u8]) -> StringList<'_> {
    StringList(Reader::over(raw))
}

/// Iterator of [`string_list`].
#[derive(Debug, Clone)]
pub struct StringList<'a>(Reader<'a>);

impl<'a> Iterator for StringList<'a> {
    type Item = Result<Cow<'a, str>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next_element()?.and_then(reader::string))
    }
}

#[cfg(test)]
mod tests;
