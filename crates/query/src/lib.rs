//! Search, SQL and counts over audit entries: the only crate that knows DataFusion.
//!
//! An [`Engine`] answers questions about a [`Snapshot`], the log files of the archive and the tail that is in none
//! yet, for a right to read ([`indelible_event::Reach`]): rows of other organizations, and columns the reader's part does
//! not have, are outside of everything a question can name. It never writes, and never asks for more than what it is
//! handed. [`render`] turns answers into text.
//!
//! Start reading at [`Engine`]; rows are kept apart in `table`, the search is understood in `search`, SQL is tamed in
//! `sql`. Reference pages: `docs/reference/search.md`, `docs/reference/sql.md`.

mod answer;
mod cidr;
mod counted;
#[cfg(test)]
mod docs_tests;
mod elements;
mod engine;
mod fields;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod fixture;
mod json;
mod memory;
mod pattern;
mod pseudonyms;
mod reader;
pub mod render;
mod schema;
mod search;
mod session;
mod snapshot;
mod sql;
mod table;
mod tail;
mod term;
mod view;

pub use answer::{Answer, QueryError};
pub use engine::{Bucket, Engine, Limits, Order, SearchRequest, Value};
pub use search::{ExactTerm, SEARCH_BYTES_MAX, SEARCH_DEPTH_MAX, SEARCH_TERMS_MAX, SearchError, exact_terms};
pub use snapshot::{Snapshot, TailBatches, TailChunk, TailError};
pub use sql::SQL_BYTES_MAX;
