//! Locks of a store on single objects: until when the store itself refuses to let go of one, whoever asks.
//!
//! Amazon calls it Object Lock, Azure immutability policies. `object_store` knows neither, so the requests that are about
//! locks are made here. They are sent by the same client and signed with the same credentials.

mod azure;
mod client;
mod s3;

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use object_store::Extensions;
use object_store::path::Path;

pub(crate) use azure::AzureLocks;
pub(crate) use client::{Connector, Signer, is_answer};
pub(crate) use s3::S3Locks;

/// Who may end a retention before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// Nobody, not even the owner of the account. Azure: a *locked* policy.
    Compliance,
    /// Whoever has a right of its own for that. Azure: an *unlocked* policy.
    Governance,
}

/// How long an object is retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Who may end it earlier.
    pub mode: LockMode,
    /// When it ends. Stores keep whole seconds; a fraction is rounded up.
    pub until: Timestamp,
}

/// What keeps one version of one object from being removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// Until a time.
    pub retention: Option<Retention>,
    /// Until somebody with the right for it takes the hold away.
    pub legal_hold: bool,
}

impl Lock {
    /// Whether the store refuses to remove the object at `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.legal_hold || self.retention.is_some_and(|retention| retention.until > now)
    }

    /// Whether this lock keeps an object at least as well as `other`.
    pub fn covers(&self, other: &Lock) -> bool {
        let retained = match (self.retention, other.retention) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(this), Some(other)) => {
                this.until >= other.until && (this.mode == LockMode::Compliance || other.mode == LockMode::Governance)
            }
        };
        retained && (self.legal_hold || !other.legal_hold)
    }
}

/// The lock that each new object of a bucket gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockPolicy {
    /// Who may end the retention earlier.
    pub mode: LockMode,
    /// Days from the object's creation; 0 for no retention.
    pub days: u32,
    /// Whether each object gets a legal hold.
    pub legal_hold: bool,
}

impl LockPolicy {
    /// The lock of an object that is created at `now`; `None` where the policy asks for nothing.
    pub fn lock(&self, now: Timestamp) -> Option<Lock> {
        let duration = SignedDuration::from_hours(24 * i64::from(self.days));
        let until = now.checked_add(duration).unwrap_or(Timestamp::MAX);
        let retention = (self.days > 0).then_some(Retention { mode: self.mode, until });
        (retention.is_some() || self.legal_hold).then_some(Lock { retention, legal_hold: self.legal_hold })
    }
}

/// What a store says about one version of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The version, in a store and a bucket that keep versions.
    pub version: Option<String>,
    /// Its lock.
    pub lock: Lock,
}

/// The requests about locks that a store understands. Paths are relative to the bucket's prefix; without a version the
/// newest is meant.
#[async_trait]
pub(crate) trait LockApi: Debug + Send + Sync {
    /// What makes a put of this store set `lock` as it creates the object.
    fn on_put(&self, lock: &Lock) -> Extensions;

    async fn look(&self, path: &Path, version: Option<&str>) -> object_store::Result<Locked>;

    async fn retain(&self, path: &Path, version: Option<&str>, retention: Retention) -> object_store::Result<()>;

    async fn hold(&self, path: &Path, version: Option<&str>, on: bool) -> object_store::Result<()>;

    /// Deletes one version. `bypass` asks to pass over a retention of the mode governance.
    async fn delete(&self, path: &Path, version: Option<&str>, bypass: bool) -> object_store::Result<()>;
}

/// The time in whole seconds, not earlier than given.
fn whole_seconds(time: Timestamp) -> Timestamp {
    let seconds = time.as_second() + i64::from(time.subsec_nanosecond() > 0);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn lock(mode: LockMode, second: i64, legal_hold: bool) -> Lock {
        let until = Timestamp::from_second(second).unwrap();
        Lock { retention: Some(Retention { mode, until }), legal_hold }
    }

    #[test]
    fn lock_covers_what_is_no_longer_and_no_stronger() {
        use LockMode::{Compliance, Governance};
        let free = Lock::default();
        for (this, other, expected) in [
            (free, free, true),
            (lock(Governance, 9, false), free, true),
            (free, lock(Governance, 9, false), false),
            (lock(Governance, 9, false), lock(Governance, 9, false), true),
            (lock(Governance, 8, false), lock(Governance, 9, false), false),
            (lock(Compliance, 9, false), lock(Governance, 9, false), true),
            (lock(Governance, 9, false), lock(Compliance, 9, false), false),
            (lock(Compliance, 9, false), lock(Compliance, 9, true), false),
            (lock(Compliance, 9, true), lock(Compliance, 9, true), true),
        ] {
            assert_eq!(this.covers(&other), expected, "{this:?} {other:?}");
        }
    }

    #[test]
    fn policy_counts_days_from_creation() {
        let now: Timestamp = "2026-02-28T12:00:00.5Z".parse().unwrap();
        let policy = |days, legal_hold| LockPolicy { mode: LockMode::Compliance, days, legal_hold }.lock(now);
        assert_eq!(policy(0, false), None);
        assert_eq!(policy(0, true), Some(Lock { retention: None, legal_hold: true }));
        let until = policy(1, false).unwrap().retention.unwrap().until;
        assert_eq!(whole_seconds(until).to_string(), "2026-03-01T12:00:01Z");
        assert!(policy(u32::MAX, false).unwrap().holds(now));
    }
}
