//! A sink at work: the [`Engine`], and the source, destination and disk it acts on.

use std::error::Error;
use std::future::Future;

use crate::destination::{Deliver, Outcome};
use crate::engine::{Action, Cursor, DeadLetter, Engine, Policy};
use crate::entry::{Batch, Entry, Log, Position};
use crate::store::{Store, StoreError};

/// Why a source was not read.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// Bounds of a reading.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most events.
    pub events: usize,
    /// Most bytes of the two parts; the first event is read whatever its size.
    pub bytes: usize,
    /// The entry before which to end.
    pub until: Option<Position>,
}

/// The log that a sink delivers.
pub trait Source: Send + Sync {
    /// Reads events in order, from the first one at or behind `from`, and tells the position behind the last entry looked at. `None` if
    /// there is no entry from there on. The same entries are found in every reading; a batch lies in one generation.
    fn read(
        &self,
        from: Position,
        limits: Limits,
    ) -> impl Future<Output = Result<Option<(Batch, Position)>, SourceError>> + Send;
}

/// What a [turn](Delivery::turn) did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// There may be more to do at once.
    Done,
    /// There is nothing to do before this time, microseconds since 1970 UTC.
    Wait(i64),
}

/// What became of dead letters that were sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Taken now; no dead letters any more.
    pub delivered: u64,
    /// Still dead.
    pub left: u64,
}

/// A sink at work.
#[derive(Debug)]
pub struct Delivery<S, D> {
    source: S,
    destination: D,
    store: Store,
    engine: Engine,
    /// What the files hold is open since a write failed.
    is_store_stale: bool,
}

impl<S: Source, D: Deliver> Delivery<S, D> {
    /// Goes on from `cursor`, which the store gave or, for a new sink, says where to begin.
    pub fn new(source: S, destination: D, store: Store, policy: Policy, cursor: Cursor) -> Self {
        Self { source, destination, store, engine: Engine::new(policy, cursor), is_store_stale: false }
    }

    /// Its state.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Its dead letters.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Does the next thing. `now_us` is asked for the time, microseconds since 1970 UTC; `random` spreads the attempts of many sinks.
    ///
    /// Failures are no errors of this function: the engine [knows them](Engine::health) and the same is tried again later. May be
    /// dropped at any point; what was under way is then done again.
    pub async fn turn(&mut self, now_us: impl Fn() -> i64, random: u64) -> Turn {
        if self.is_store_stale
            && let Err(error) = self.reopen()
        {
            self.engine.failed(now_us(), &chain(&error), random);
        }
        match self.engine.step(now_us()) {
            Action::Wait(until) => return Turn::Wait(until),
            Action::Read { from, until } => {
                let policy = self.engine.policy();
                let limits = Limits { events: policy.events_max, bytes: policy.bytes_max, until };
                match self.source.read(from, limits).await {
                    Ok(found) => self.engine.read(now_us(), found),
                    Err(error) => self.engine.failed(now_us(), &chain(&*error), random),
                }
            }
            Action::Deliver(part) => {
                let Some(batch) = self.engine.batch() else { return Turn::Done };
                let outcome = self.destination.deliver(batch, &part).await;
                self.engine.answered(now_us(), outcome, random);
            }
            Action::Bury(letters) => match self.store.bury(letters) {
                Ok(()) => self.engine.buried(),
                Err(error) => self.not_kept(now_us(), &error, random),
            },
            Action::Save(cursor) => match self.store.save(&cursor) {
                Ok(()) => self.engine.saved(cursor),
                Err(error) => self.not_kept(now_us(), &error, random),
            },
        }
        Turn::Done
    }

    fn not_kept(&mut self, now_us: i64, error: &StoreError, random: u64) {
        self.is_store_stale = matches!(error, StoreError::Write(error) if error.is_fatal());
        self.engine.failed(now_us, &chain(error), random);
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        let (store, cursor) = self.store.reopen()?;
        self.store = store;
        self.is_store_stale = false;
        if let Some(cursor) = cursor {
            // Whichever of the two it is: from there on everything is sent.
            let _ = self.engine.move_to(cursor.next);
            self.engine.saved(cursor);
        }
        Ok(())
    }

    /// Goes on from `next`; everything from there on is sent, again where it was sent before, under the same ids.
    ///
    /// # Errors
    /// When it may not be durable; then it holds for this process only if it is done again.
    pub fn move_to(&mut self, next: Position) -> Result<(), StoreError> {
        let cursor = self.engine.move_to(next);
        let saved = self.store.save(&cursor);
        match &saved {
            Ok(()) => self.engine.saved(cursor),
            Err(error) => self.is_store_stale = matches!(error, StoreError::Write(error) if error.is_fatal()),
        }
        saved
    }

    /// Sends each dead letter again, alone. Stops at the first that cannot be sent now.
    ///
    /// # Errors
    /// When the source cannot be read, or what was taken may not be forgotten durably: then it will be sent once more.
    pub async fn replay(&mut self) -> Result<Replayed, SourceError> {
        let letters: Vec<DeadLetter> = self.store.dead_letters().cloned().collect();
        let mut taken = Vec::new();
        for letter in &letters {
            let limits = Limits { events: 1, bytes: usize::MAX, until: None };
            let found = self.source.read(letter.position, limits).await?;
            let Some((batch, _)) = found.filter(|(batch, _)| is_of(batch, letter.position)) else { continue };
            match self.destination.deliver(&batch, &[0]).await {
                Outcome::Taken { refused, again, .. } if refused.is_empty() && again.is_empty() => {
                    taken.push(letter.position);
                }
                Outcome::Later { .. } => break,
                _ => {}
            }
        }
        self.store.exhume(|letter| taken.contains(&letter.position))?;
        Ok(Replayed { delivered: taken.len() as u64, left: (letters.len() - taken.len()) as u64 })
    }

    /// Gives up the dead letters.
    ///
    /// # Errors
    /// When they may still be there.
    pub fn discard(&mut self) -> Result<u64, StoreError> {
        let count = self.store.dead_letters().len();
        self.store.exhume(|_| true)?;
        Ok(count as u64)
    }
}

/// Sends one synthetic event, marked as such, and returns what the destination answered.
pub async fn test(destination: &impl Deliver, organization: &str, now_us: i64) -> Outcome {
    destination.deliver(&test_batch(organization, now_us), &[0]).await
}

fn is_of(batch: &Batch, position: Position) -> bool {
    batch.entries.first().is_some_and(|entry| batch.position(entry) == position)
}

/// An error and its causes on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// An event that says of itself that it is a test. Its id begins with `test/`.
fn test_batch(organization: &str, now_us: i64) -> Batch {
    let time = indelible_event::Time { micros: now_us, nanos: 0 };
    let infrastructure = format!(
        r#"{{"categories":["internal"],"name":"INDELIBLE_SINK_TEST","producerType":"SERVER","product":"indelible","productVersion":"{}","result":"SUCCESS","time":"{time}","type":"audit.3"}}"#,
        env!("CARGO_PKG_VERSION")
    );
    Batch {
        log: Log { organization: organization.to_owned(), origin: "test".to_owned(), generation: 0 },
        entries: vec![Entry {
            seq: now_us.unsigned_abs(),
            received_at_us: now_us,
            infrastructure: infrastructure.into_bytes(),
            content: br#"{"extra":{"test":true}}"#.to_vec(),
        }],
    }
}

#[cfg(test)]
mod tests;
