//! Records that were refused and whose senders cannot be told: kept on disk until somebody repairs or dismisses them.
//!
//! One SQLite file, synced before [`Quarantine::keep`] returns. It is bounded in bytes, for each organization and in all; when it
//! is full the oldest records go, those of the organization itself or of the one that has most, and that is counted.
//!
//! What a record holds, and the message that may quote it, is content: it is encrypted where the organization's content is, and
//! [`Item`] does not hold it. Of whom a record is, and how it came, is infrastructure.

mod seal;
mod store;

pub use seal::{Content, SealError};
pub use store::{Figure, Filter, Item, Kept, Limits, Quarantine, QuarantineError, Reach, Refused, State};

/// Bytes of a record that are kept; of a longer one the rest is not.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests;
