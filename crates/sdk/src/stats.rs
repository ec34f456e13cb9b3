//! Counts, for people and metrics.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};

/// What an [`Auditor`](crate::Auditor) has done since it was opened, and what waits. `docs/guides/emitting.md` says which to watch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Events that were synced in the spool.
    pub spooled: u64,
    /// Events whose emitting failed: invalid ones, and those for which the spool had no room. They are nowhere.
    pub failed: u64,
    /// Events that the server acknowledged.
    pub acknowledged: u64,
    /// How many of them it had before, from an earlier attempt.
    pub repeated: u64,
    /// Events that the server refused, and refused records that it did not take; they are in the folder `refused`.
    pub refused: u64,
    /// Refused records that the server has put into its quarantine, now or before.
    pub quarantined: u64,
    /// Attempts to reach the server that failed, in a row; 0 when the last one did not.
    pub failed_attempts: u64,
    /// Why the last one failed.
    pub last_failure: Option<String>,
    /// Events and refused records in the spool, or on their way into it, that the server has not answered for.
    pub waiting: u64,
    /// Microseconds since 1970 of the oldest event that was not yet given up by the spool, while some wait.
    pub oldest_us: Option<i64>,
    /// Bytes of disk that the spool takes.
    pub spool_bytes: u64,
    /// Bytes of disk that it may take.
    pub spool_bytes_max: u64,
    /// Whether a write or sync failed, after which nothing is emitted until the service is restarted.
    pub halted: bool,
}

/// What the threads of an auditor count.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) spooled: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) acknowledged: AtomicU64,
    pub(crate) repeated: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) quarantined: AtomicU64,
    pub(crate) failed_attempts: AtomicU64,
    pub(crate) last_failure: Mutex<Option<String>>,
}

impl Counters {
    /// As far as they are counted here.
    pub(crate) fn read(&self) -> Stats {
        let last_failure = self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Stats {
            spooled: self.spooled.load(Relaxed),
            failed: self.failed.load(Relaxed),
            acknowledged: self.acknowledged.load(Relaxed),
            repeated: self.repeated.load(Relaxed),
            refused: self.refused.load(Relaxed),
            quarantined: self.quarantined.load(Relaxed),
            failed_attempts: self.failed_attempts.load(Relaxed),
            last_failure,
            ..Stats::default()
        }
    }

    pub(crate) fn attempt_failed(&self, why: String) -> u64 {
        *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        self.failed_attempts.fetch_add(1, Relaxed) + 1
    }
}
