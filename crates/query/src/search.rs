//! The search: what people type into a box or after `indelible search`.
//!
//! [`parse`] reads the text into a [`Query`], with errors that name the place and the remedy; `translate` turns a
//! query into an expression of the engine. The syntax is described in `docs/reference/search.md`.

mod exact;
mod lexer;
mod parser;
pub(crate) mod time;
pub(crate) mod translate;

pub use exact::{ExactTerm, exact_terms};
pub(crate) use parser::{Bounds, Node, Target, Term, parse, target};

use std::fmt;

/// Longest search, in bytes.
pub const SEARCH_BYTES_MAX: usize = 16 * 1024;
/// Most terms in one search.
pub const SEARCH_TERMS_MAX: usize = 500;
/// Deepest nesting of parentheses and negations.
pub const SEARCH_DEPTH_MAX: usize = 32;

/// The search cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchError {
    /// Characters before the place, from the start of the search.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub remedy: String,
}

impl SearchError {
    pub(crate) fn new(at: usize, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        SearchError { at, message: message.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for SearchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SearchError { at, message, remedy } = self;
        write!(f, "search, character {}: {message}; {remedy}", at + 1)
    }
}

impl std::error::Error for SearchError {}

#[cfg(test)]
mod tests;
