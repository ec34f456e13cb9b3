//! Proof bundles: a folder with some entries of a log and everything that proves them, to be checked by anyone, offline.
//!
//! A bundle holds one entry, a range, a window of time, or what a filter found among them. [`BundleWriter`] makes one of
//! rows as they come, [`verify`] checks one; neither holds more than a few rows. Every byte is described in
//! `docs/formats/bundle.md`. Start at [`Statement`] (what a bundle claims), then [`BundleRow`].

mod csv;
mod filter;
mod json;
mod parquet;
mod proofs;
mod row;
mod statement;
mod verify;
mod write;

pub use filter::{Predicate, PredicateError, Term};
pub use proofs::{ConsistencyProof, RangeProofText};
pub use row::{BundleRow, RowFormat, Shown, UnknownRowFormat};
pub use statement::{BundleError, Claim, Filter, Statement};
pub use verify::{BundleOptions, BundleReport, Cosignature, is_bundle, verify};
pub use write::{BundleWriter, Sink, WriteBundleError};

/// Appends the line of `row` as it stands in `rows.jsonl` and in [`GENESIS`], with its newline.
pub fn write_row(row: &BundleRow<'_>, out: &mut Vec<u8>) {
    json::write(row, out);
}

/// The signed statement that makes a folder a bundle.
pub const STATEMENT: &str = "bundle";
/// The organization's checkpoint.
pub const CHECKPOINT: &str = "checkpoint";
/// Entry 0 of the log, as a row.
pub const GENESIS: &str = "genesis";
/// That it is entry 0.
pub const GENESIS_PROOF: &str = "genesis.proof";
/// The leaf hash of each row.
pub const LEAVES: &str = "leaves";
/// That an epoch binds the checkpoint's size and root.
pub const MAP_PROOF: &str = "map.proof";
/// That the epoch is in the platform log.
pub const PLATFORM_PROOF: &str = "platform.tlog-proof";
/// A policy to begin with.
pub const POLICY: &str = "policy.txt";
/// That the rows are in the log, at their places.
pub const RANGE_PROOF: &str = "range.proof";
/// That the logs extend checkpoints kept from earlier.
pub const SINCE_PROOF: &str = "since.proof";

/// Whether a file of a bundle may have this name.
pub fn is_file_name(name: &str) -> bool {
    let all = [RowFormat::Jsonl, RowFormat::Csv, RowFormat::Parquet];
    name == STATEMENT || all.into_iter().any(|rows| statement::names(rows).contains(&name))
}

/// Longest file other than rows and leaves, in bytes: such files are held in memory.
pub const SMALL_FILE_BYTES_MAX: u64 = 1 << 20;

/// Longest row in bytes. Both parts of an event have at most 1 MiB together, and quoting at most doubles them.
pub const ROW_BYTES_MAX: usize = 4 << 20;
