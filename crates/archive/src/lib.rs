//! The archive: runs of entries sealed into objects of a bucket, and the proof that nothing in them was changed.
//!
//! A run goes through [`Sealer`] (complete and synced on the local disk), [`upload`] (in the bucket, read back, compared)
//! and [`Inventory`] (visible to readers); only then may its journal be released. [`verify`] checks an archive offline, with
//! nothing but its objects. The bytes of every object are described in `docs/formats/archive.md`. [`bundle`] hands out a
//! part of a log with its proofs, and [`receipts`] holds what producers were promised against either.
//!
//! Start at [`rows`] (an entry as columns and back), then [`manifest`], [`seal`] and [`verify`].
//!
//! It does not decide when to seal, holds no tasks and knows neither HTTP nor queries: the server drives it.

pub mod bundle;
pub mod claim;
mod closed;
mod control;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod encryption_tests;
pub mod entry_file;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod examples;
pub mod inventory;
pub mod journal_copy;
pub mod layout;
mod leaf;
mod lines;
mod log;
pub mod log_file;
pub mod manifest;
pub mod mirror;
pub mod platform_log;
pub mod rebuild;
pub mod receipts;
pub mod redaction;
pub mod retention;
pub mod rows;
pub mod seal;
pub mod source;
#[cfg(test)]
mod testing;
mod upload;
pub mod verify;

pub use claim::Claim;
pub use closed::{ClosedError, ClosedLog};
pub use indelible_ledger::ContentKeys;
pub use inventory::{Inventory, InventoryError, LogFile, Redacted, Superseded};
pub use journal_copy::{CopyWriter, JournalCopy};
pub use log::{LedgerLog, Log, LogError, LogInfo};
pub use manifest::Manifest;
pub use redaction::RedactionNote;
pub use seal::{Pushed, SealError, SealSettings, SealedRun, Sealer, pending};
pub use upload::{UploadError, upload};
