//! One Delta Lake table for each export: an organization's log in a lakehouse of its own.
//!
//! A table is filled from archived log files. Their bytes are copied as they are, or rewritten where the export asks for a
//! part of the rows or for salts, and become part of the table by one commit for many files. Each row is in the table
//! exactly once, whatever fails in between: [`Dataset`] says why. `docs/formats/dataset.md` describes the table to its readers.
//!
//! Start at [`Export`] (what a table is of), then [`Dataset`] (opening and committing), [`append`], [`retention`] and
//! [`compact`]. What to do is decided by pure functions in [`append`], [`compact`] and [`retention`]; IO stands around them.
//!
//! It does not decide when, holds no tasks, and knows neither HTTP nor queries: the server drives it. It is the only crate
//! that knows the table format.

pub mod append;
mod checkpoint;
pub mod compact;
mod dataset;
mod error;
mod export;
mod name;
mod position;
pub mod retention;
mod rewrite;
mod schema;
mod stats;

pub use append::{AppendLimits, Appended, Backlog, Salts};
pub use checkpoint::CHECKPOINT_COMMITS;
pub use compact::{CompactSettings, Compacted};
pub use dataset::{Contents, Dataset, Place};
pub use error::{DatasetError, OpenError};
pub use export::{Export, RETENTION_DAYS_MAX};
pub use position::Position;
pub use retention::{Expired, Vacuumed};
