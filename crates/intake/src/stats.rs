//! Counters of intake, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Counts since the process started.
#[derive(Default, Debug)]
pub struct Stats {
    /// Events stored.
    pub new: AtomicU64,
    /// Events that were stored before.
    pub duplicate: AtomicU64,
    /// Events refused because their `logEntryId` was used for other bytes.
    pub reused: AtomicU64,
    /// Syncs of the journal.
    pub syncs: AtomicU64,
    /// Microseconds spent writing and syncing.
    pub sync_us: AtomicU64,
    /// Bytes written to the journal.
    pub bytes: AtomicU64,
    /// Groups of submissions for which the disk had no room.
    pub no_room: AtomicU64,
}

impl Stats {
    pub(crate) fn synced(&self, took: Duration, bytes: usize) {
        self.syncs.fetch_add(1, Relaxed);
        self.sync_us.fetch_add(took.as_micros() as u64, Relaxed);
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn no_room(&self) {
        self.no_room.fetch_add(1, Relaxed);
    }

    pub(crate) fn answered(&self, new: u64, duplicate: u64, reused: u64) {
        self.new.fetch_add(new, Relaxed);
        self.duplicate.fetch_add(duplicate, Relaxed);
        self.reused.fetch_add(reused, Relaxed);
    }
}
