//! The ledger: one Merkle tree for each organization of a platform, the signed checkpoints that state their sizes and
//! roots, and the platform log that binds them all.
//!
//! Leaves are appended in memory after the journal made their entries durable; [`Ledger::publish`] makes them official
//! with checkpoints; [`Ledger::persist`] writes them down, so that a restart replays only newer ones from the journal.
//! The ledger knows leaf hashes, never what an entry says, and nothing of journals, buckets or HTTP.
//! Start reading at [`Ledger`]; every byte it keeps is described in `docs/formats/ledger.md` and `docs/formats/platform.md`.
//!
//! **Invariant:** no checkpoint is signed that does not extend every checkpoint signed before. **Invariant:** nobody sees
//! a checkpoint that a restart could forget. **Invariant:** keys are made once, before there is anything they could fit.

mod checkpoints;
pub mod content_keys;
mod entries;
mod error;
mod keys;
mod ledger;
mod levels;
mod open;
mod organization;
mod platform;
mod rotate;
mod state;
mod tree;

pub use checkpoints::{PublishedCheckpoint, SignedCheckpoint};
pub use content_keys::{ContentKeys, KeyState, KeyStoreError};
pub use error::{LedgerError, OpenError, RollbackError};
pub use ledger::{Ledger, Settings};
pub use organization::{OrganizationLog, Previous};
pub use platform::{Bound, Platform};
pub use rotate::{RotateError, current_key, next_key, rotate};
pub use tree::TreeReader;

#[cfg(test)]
mod tests;
