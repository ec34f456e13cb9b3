//! What a sink does next: a state machine without disk, network or clock. The [`delivery`](crate::delivery) performs what it asks for
//! and tells it the result.
//!
//! A batch is read, sent, and only when each of its events is taken or a dead letter does the cursor move. So each event is sent at least
//! once, in order, and after a restart again from the cursor, under the same ids.
//!
//! A batch that is refused for its content is halved until the event to blame is alone: that becomes a dead letter. When all of
//! many events would become dead letters, it is the settings that are to blame: then nothing does, and the batch is tried again later.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::destination::Outcome;
use crate::entry::{Batch, Position};
use crate::settings::{Destination, Settings};

/// From how many events on it is no accident that all of them are refused.
const SUSPICIOUS: usize = 8;
/// Longest reason that is kept, in characters.
const REASON_CHARS_MAX: usize = 500;

/// Bounds and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Most events of a batch.
    pub events_max: usize,
    /// Most canonical bytes of a batch; one event may be larger.
    pub bytes_max: usize,
    /// How long a batch that is not full waits, in microseconds after its first event was received.
    pub wait_us: i64,
    /// The end of a batch is made durable before it is sent, so that after a restart the same batch is made.
    pub settle: bool,
    /// First and longest time between attempts.
    pub backoff: (Duration, Duration),
    /// How long until the source is asked again, when it had nothing.
    pub idle: Duration,
}

impl Policy {
    /// As the settings say. Attempts are 1 s to 5 minutes apart.
    pub fn of(settings: &Settings) -> Self {
        let batch = settings.batch();
        Self {
            events_max: batch.events,
            bytes_max: batch.bytes,
            wait_us: i64::from(batch.wait_seconds) * 1_000_000,
            settle: matches!(settings.destination, Destination::Files { .. }),
            backoff: (Duration::from_secs(1), Duration::from_secs(300)),
            idle: Duration::from_secs(1),
        }
    }
}

/// How far a sink has come. What a restart goes on from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cursor {
    /// The first entry that is not settled.
    pub next: Position,
    /// Where the batch ends that was begun, if that is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_end: Option<Position>,
    /// Events delivered, repeats not counted where they are known.
    #[serde(default)]
    pub delivered: u64,
    /// When the destination last took something, microseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success_us: Option<i64>,
}

/// An event that the destination will not take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeadLetter {
    /// Which.
    pub position: Position,
    /// What the destination said.
    pub reason: String,
    /// When, microseconds since 1970 UTC.
    pub at_us: i64,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Read a batch that begins at `from`, and goes no further than `until`; then call [`Engine::read`].
    Read {
        /// The first entry.
        from: Position,
        /// The entry behind the last.
        until: Option<Position>,
    },
    /// Make the cursor durable; then call [`Engine::saved`].
    Save(Cursor),
    /// Add these to the dead letters, durably; then call [`Engine::buried`]. Those that are there already are replaced.
    Bury(Vec<DeadLetter>),
    /// Send the events of [`Engine::batch`] at these places; then call [`Engine::answered`].
    Deliver(Vec<usize>),
    /// Nothing until this time, microseconds since 1970 UTC, or until something new has come.
    Wait(i64),
}

/// How a sink is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything is delivered.
    Idle,
    /// Events are under way.
    Delivering,
    /// The last attempt failed; another follows.
    Failing,
}

/// What is known about a sink beside its cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Attempts that failed, since the start.
    pub failures: u64,
    /// Failures since something was last taken.
    pub failures_in_a_row: u32,
    /// The last error and when, microseconds since 1970 UTC.
    pub last_error: Option<(i64, String)>,
}

/// The state machine.
#[derive(Debug)]
pub struct Engine {
    policy: Policy,
    cursor: Cursor,
    health: Health,
    hand: Option<Hand>,
    /// No step before this.
    rest_until_us: Option<i64>,
}

/// A batch under way.
#[derive(Debug)]
struct Hand {
    batch: Batch,
    /// Behind its last entry.
    end: Position,
    /// Places that are to be sent; the last part is next.
    parts: Vec<Vec<usize>>,
    dead: Vec<DeadLetter>,
    is_buried: bool,
}

impl Hand {
    fn new(batch: Batch, end: Position) -> Self {
        let mut hand = Hand { batch, end, parts: Vec::new(), dead: Vec::new(), is_buried: false };
        hand.begin();
        hand
    }

    fn begin(&mut self) {
        self.dead.clear();
        self.parts.clear();
        if !self.batch.entries.is_empty() {
            self.parts.push((0..self.batch.entries.len()).collect());
        }
    }

    fn bury(&mut self, index: usize, reason: &str, now_us: i64) {
        if let Some(entry) = self.batch.entries.get(index) {
            let position = self.batch.position(entry);
            self.dead.push(DeadLetter { position, reason: shortened(reason), at_us: now_us });
        }
    }
}

impl Engine {
    /// Goes on from `cursor`.
    pub fn new(policy: Policy, cursor: Cursor) -> Self {
        Self { policy, cursor, health: Health::default(), hand: None, rest_until_us: None }
    }

    /// Bounds and times.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How far it has come; what was last [saved](Engine::saved).
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// What is known about it.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// How it is.
    pub fn state(&self) -> State {
        if self.health.failures_in_a_row > 0 {
            State::Failing
        } else if self.hand.is_some() {
            State::Delivering
        } else {
            State::Idle
        }
    }

    /// The batch under way.
    pub fn batch(&self) -> Option<&Batch> {
        self.hand.as_ref().map(|hand| &hand.batch)
    }

    /// What is to be done now.
    pub fn step(&mut self, now_us: i64) -> Action {
        if let Some(until) = self.rest_until_us.filter(|until| now_us < *until) {
            return Action::Wait(until);
        }
        self.rest_until_us = None;
        let Some(hand) = &self.hand else {
            return Action::Read { from: self.cursor.next, until: self.cursor.batch_end };
        };
        if self.policy.settle && self.cursor.batch_end != Some(hand.end) {
            return Action::Save(Cursor { batch_end: Some(hand.end), ..self.cursor });
        }
        if let Some(part) = hand.parts.last() {
            return Action::Deliver(part.clone());
        }
        if !hand.dead.is_empty() && !hand.is_buried {
            return Action::Bury(hand.dead.clone());
        }
        let taken = (hand.batch.entries.len() - hand.dead.len()) as u64;
        let delivered = self.cursor.delivered + taken;
        Action::Save(Cursor { next: hand.end, batch_end: None, delivered, ..self.cursor })
    }

    /// What [`Action::Read`] found: a batch, perhaps without events, and the position behind it; or nothing.
    pub fn read(&mut self, now_us: i64, found: Option<(Batch, Position)>) {
        let Some((batch, end)) = found else {
            self.rest_until_us = Some(after(now_us, self.policy.idle));
            return;
        };
        let bytes: usize = batch.entries.iter().map(|entry| entry.infrastructure.len() + entry.content.len()).sum();
        let is_full = batch.entries.len() >= self.policy.events_max
            || bytes >= self.policy.bytes_max / 2
            || self.cursor.batch_end.is_some();
        if let Some(first) = batch.entries.first().filter(|_| !is_full) {
            let ripe = first.received_at_us.saturating_add(self.policy.wait_us);
            if now_us < ripe {
                self.rest_until_us = Some(ripe);
                return;
            }
        }
        self.hand = Some(Hand::new(batch, end));
    }

    /// What became of the part last [to be delivered](Action::Deliver). `random` spreads the attempts of many sinks.
    pub fn answered(&mut self, now_us: i64, outcome: Outcome, random: u64) {
        let Some(mut hand) = self.hand.take() else { return };
        let part = hand.parts.pop().unwrap_or_default();
        match outcome {
            Outcome::Taken { refused, again, reason } => {
                for (index, reason) in &refused {
                    hand.bury(*index, reason, now_us);
                }
                if part.len() > refused.len() + again.len() {
                    self.health.failures_in_a_row = 0;
                    self.cursor.last_success_us = Some(now_us);
                }
                if !again.is_empty() {
                    hand.parts.push(again);
                    self.fail(now_us, reason.as_deref().unwrap_or("not all events were taken"), None, random);
                }
            }
            Outcome::Later { reason, after } => {
                hand.parts.push(part);
                self.fail(now_us, &reason, after, random);
            }
            Outcome::Refused { reason } => match part[..] {
                [index] => hand.bury(index, &reason, now_us),
                _ => {
                    let (first, second) = part.split_at(part.len() / 2);
                    hand.parts.push(second.to_vec());
                    hand.parts.push(first.to_vec());
                }
            },
        }
        let all_dead = hand.parts.is_empty() && hand.dead.len() == hand.batch.entries.len();
        if all_dead && hand.dead.len() >= SUSPICIOUS {
            let reason = hand.dead.first().map(|letter| letter.reason.clone()).unwrap_or_default();
            hand.begin();
            self.fail(
                now_us,
                &format!("each of {} events was refused: {reason}", hand.batch.entries.len()),
                None,
                random,
            );
        }
        self.hand = Some(hand);
    }

    /// The cursor is durable.
    pub fn saved(&mut self, cursor: Cursor) {
        self.cursor = cursor;
        if self.hand.as_ref().is_some_and(|hand| cursor.next == hand.end) {
            self.hand = None;
        }
    }

    /// The dead letters are durable.
    pub fn buried(&mut self) {
        if let Some(hand) = &mut self.hand {
            hand.is_buried = true;
        }
    }

    /// Reading, or making something durable, failed. The same is asked for again later.
    pub fn failed(&mut self, now_us: i64, reason: &str, random: u64) {
        self.fail(now_us, reason, None, random);
    }

    /// Goes on from `next`, forwards or back: the cursor to [save](Engine::saved). What is under way is dropped, and sent again
    /// if it lies behind.
    pub fn move_to(&mut self, next: Position) -> Cursor {
        self.hand = None;
        self.rest_until_us = None;
        Cursor { next, batch_end: None, ..self.cursor }
    }

    fn fail(&mut self, now_us: i64, reason: &str, asked: Option<Duration>, random: u64) {
        let (first, longest) = self.policy.backoff;
        let doubled = first.saturating_mul(1u32.checked_shl(self.health.failures_in_a_row).unwrap_or(u32::MAX));
        let pause = spread(doubled.min(longest), random).max(asked.unwrap_or_default().min(longest));
        self.health.failures += 1;
        self.health.failures_in_a_row = self.health.failures_in_a_row.saturating_add(1);
        self.health.last_error = Some((now_us, shortened(reason)));
        self.rest_until_us = Some(after(now_us, pause));
    }
}

/// Between half of `pause` and all of it.
fn spread(pause: Duration, random: u64) -> Duration {
    let half = pause / 2;
    half + half.mul_f64(random as f64 / u64::MAX as f64)
}

fn after(now_us: i64, pause: Duration) -> i64 {
    now_us.saturating_add(i64::try_from(pause.as_micros()).unwrap_or(i64::MAX))
}

fn shortened(reason: &str) -> String {
    reason.chars().take(REASON_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
