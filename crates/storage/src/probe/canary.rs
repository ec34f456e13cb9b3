//! A locked object on which everything is tried that a lock has to withstand.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use object_store::path::Path;
use object_store::{Error, GetOptions, PutMode};

use super::{PREFIX, fresh};
use crate::bucket::{Bucket, BucketError, failed, object_path};
use crate::lock::{Lock, LockApi, LockMode, Retention, is_answer};

/// How long a canary should stay locked: longer than all attempts on it take.
pub const CANARY_RETENTION: SignedDuration = SignedDuration::from_mins(10);

const BYTES: &[u8] = b"Indelible tries on this object whether locks hold.";

/// What keeps an archive in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// The store refuses to remove or to change what is locked, to us at least.
    Enforced,
    /// Whoever has the credentials can remove and replace objects; verification shows that it happened.
    EvidentOnly,
}

/// How an attempt on a canary ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Held,
    /// The lock did not hold, or there is none.
    Failed(String),
}

/// Something that was tried on a canary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What it was, such as `delete the version`.
    pub what: &'static str,
    /// How it ended.
    pub outcome: Outcome,
}

/// What was tried, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    /// The tier: [`Tier::Enforced`] only if every attempt held.
    pub tier: Tier,
    /// Why nothing was tried, where nothing was.
    pub note: Option<&'static str>,
    /// Each attempt, in its order.
    pub attempts: Vec<Attempt>,
}

impl Canary {
    fn not_tried(note: &'static str) -> Canary {
        Canary { tier: Tier::EvidentOnly, note: Some(note), attempts: Vec::new() }
    }
}

/// Finds out the tier of a bucket by an object that is locked for `retention` ([`CANARY_RETENTION`]). Canaries whose locks have
/// ended are removed first.
///
/// Errors if the bucket cannot be reached: nothing is known of it then.
pub async fn canary(bucket: &Bucket, retention: SignedDuration) -> Result<Canary, BucketError> {
    let (_, locks, policy) = bucket.parts();
    let Some(locks) = locks else {
        return Ok(Canary::not_tried("a folder has no locks on objects"));
    };
    let Some(mode) = policy.filter(|policy| policy.days > 0).map(|policy| policy.mode) else {
        return Ok(Canary::not_tried("no retention is configured for this bucket"));
    };
    remove_ended(bucket, Timestamp::now()).await?;
    let name = format!("{PREFIX}/canary/{}", fresh());
    let mut bird = Bird {
        bucket,
        locks: &**locks,
        retention,
        path: object_path(&name)?,
        name,
        version: None,
        attempts: Vec::new(),
    };
    bird.try_all(mode).await?;
    let held = bird.attempts.iter().all(|attempt| attempt.outcome == Outcome::Held);
    let tier = if held { Tier::Enforced } else { Tier::EvidentOnly };
    Ok(Canary { tier, note: None, attempts: bird.attempts })
}

async fn remove_ended(bucket: &Bucket, now: Timestamp) -> Result<(), BucketError> {
    for object in bucket.list_sorted(&format!("{PREFIX}/canary")).await? {
        let lock = bucket.lock_of(&object.name, None).await?.lock;
        if !lock.holds(now)
            && let Err(error) = bucket.remove(&object.name).await
        {
            tracing::debug!(object = object.name, error = &error as &dyn std::error::Error, "old canary stays");
        }
    }
    Ok(())
}

struct Bird<'a> {
    bucket: &'a Bucket,
    locks: &'a dyn LockApi,
    retention: SignedDuration,
    name: String,
    path: Path,
    version: Option<String>,
    attempts: Vec<Attempt>,
}

impl Bird<'_> {
    fn note(&mut self, what: &'static str, failure: Option<String>) {
        let outcome = failure.map_or(Outcome::Held, Outcome::Failed);
        self.attempts.push(Attempt { what, outcome });
    }

    async fn try_all(&mut self, mode: LockMode) -> Result<(), BucketError> {
        let until = Timestamp::now().checked_add(self.retention).unwrap_or(Timestamp::MAX);
        let lock = Lock { retention: Some(Retention { mode, until }), legal_hold: false };
        if !self.create(&lock).await? {
            return Ok(());
        }
        self.overwrite().await?;
        self.shorten(&lock).await?;
        self.delete("delete the version", false).await?;
        self.delete("delete the version, passing over governance", true).await
    }

    /// Creates the canary with its lock and looks whether the store has noted it.
    async fn create(&mut self, lock: &Lock) -> Result<bool, BucketError> {
        const WHAT: &str = "create an object with a lock";
        match self.bucket.create_locked(&self.name, Bytes::from_static(BYTES), lock).await {
            Ok(stored) => self.version = stored.version,
            Err(error) => {
                // If the same works without a lock, it is the lock that the store does not want.
                self.bucket.create(&self.name, Bytes::from_static(BYTES)).await?;
                self.note(WHAT, Some(chain(&error)));
                return Ok(false);
            }
        }
        let found = self.bucket.lock_of(&self.name, self.version.as_deref()).await?.lock;
        let missing = (!covers(&found, lock)).then(|| format!("the lock is not on the object, there is {found:?}"));
        self.note(WHAT, missing);
        Ok(true)
    }

    /// Puts other bytes over the canary. A store with versions takes them as another one, which is removed again: it has no
    /// lock, so this shows that the credentials may remove versions, and that it is the lock that holds the first.
    async fn overwrite(&mut self) -> Result<(), BucketError> {
        let (store, ..) = self.bucket.parts();
        let other = Bytes::from_static(b"other bytes").into();
        let newer = match store.put_opts(&self.path, other, PutMode::Overwrite.into()).await {
            Ok(put) => put.version,
            Err(Error::PermissionDenied { .. } | Error::Precondition { .. } | Error::AlreadyExists { .. }) => None,
            Err(error) => return Err(failed("put other bytes over", &self.name, error)),
        };
        let damage = self.damage().await?;
        self.note("overwrite", damage);
        if let Some(newer) = newer.filter(|newer| Some(newer) != self.version.as_ref()) {
            let removed = self.locks.delete(&self.path, Some(&newer), false).await;
            self.note("for comparison, remove a version without a lock", removed.err().map(|error| chain(&error)));
        }
        Ok(())
    }

    async fn shorten(&mut self, lock: &Lock) -> Result<(), BucketError> {
        let Some(Retention { mode, until }) = lock.retention else { return Ok(()) };
        let until = until.checked_sub(self.retention / 2).unwrap_or(until);
        let answer = self.locks.retain(&self.path, self.version.as_deref(), Retention { mode, until }).await;
        let done = self.answered(answer)?;
        let found = self.bucket.lock_of(&self.name, self.version.as_deref()).await?.lock;
        let shorter = (done || !covers(&found, lock)).then(|| "the store did it".to_owned());
        self.note("shorten the retention", shorter);
        Ok(())
    }

    async fn delete(&mut self, what: &'static str, bypass: bool) -> Result<(), BucketError> {
        let answer = self.locks.delete(&self.path, self.version.as_deref(), bypass).await;
        let done = self.answered(answer)?;
        let damage = self.damage().await?;
        self.note(what, damage.or(done.then(|| "the store says that it did it".to_owned())));
        Ok(())
    }

    /// Whether the store did what it was asked for. An error if it did not answer.
    fn answered(&self, answer: object_store::Result<()>) -> Result<bool, BucketError> {
        match answer {
            Ok(()) => Ok(true),
            Err(error) if is_answer(&error) => Ok(false),
            Err(error) => Err(failed("try a lock on", &self.name, error)),
        }
    }

    /// What has become of the canary, if it is not what it was.
    async fn damage(&self) -> Result<Option<String>, BucketError> {
        let (store, ..) = self.bucket.parts();
        let options = GetOptions { version: self.version.clone(), ..Default::default() };
        let found = match store.get_opts(&self.path, options).await {
            Ok(found) => found.bytes().await.map_err(|error| failed("read", &self.name, error))?,
            Err(Error::NotFound { .. }) => return Ok(Some("the object is gone".to_owned())),
            Err(error) => return Err(failed("read", &self.name, error)),
        };
        Ok((found != BYTES).then(|| "the object has other bytes now".to_owned()))
    }
}

/// As [`Lock::covers`], for a store that keeps whole seconds.
fn covers(found: &Lock, wanted: &Lock) -> bool {
    let wanted = wanted.retention.map(|Retention { mode, until }| {
        let until = Timestamp::from_second(until.as_second()).unwrap_or(until);
        Retention { mode, until }
    });
    found.covers(&Lock { retention: wanted, legal_hold: false })
}

/// The whole of an error on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
