//! The thread that hands events and refused records to the server, in order, for as long as that takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use indelible_event::Time;
use indelible_journal::{Frames, ReadError};

use crate::answer::{Answer, Batch, Client, Refusal};
use crate::line::now_us;
use crate::progress::Progress;
use crate::spool::Shared;
use crate::spool::record::Kind;

/// Events of a request at most.
const EVENTS_MAX: usize = 1000;
/// Bytes of a request at which no event is added.
const BYTES_MAX: usize = 1 << 20;
/// How long events are gathered after a request that took all there were, so that under load requests carry many. Where somebody waits
/// for the server it is not done.
const GATHER: Duration = Duration::from_millis(100);
/// How long to wait for an event while there is nothing else to do.
const IDLE: Duration = Duration::from_secs(3600);
/// How long progress waits to be written. A crash repeats what was sent in that time.
const WRITE_AFTER: Duration = Duration::from_secs(1);
/// Bytes of events, receipts and refused events at which progress is written at once.
const WRITE_BYTES: usize = 4 << 20;
/// The first and the longest wait after failures.
const WAIT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));
/// The longest wait that a server may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// Hands events over.
pub(crate) struct Delivery {
    pub(crate) shared: Arc<Shared>,
    pub(crate) progress: Progress,
    pub(crate) client: Client,
    /// A reading of older events that goes on.
    frames: Option<Frames>,
    /// Events of the next request at most.
    events_max: usize,
    /// Since when there is progress to be written, and how much it is about.
    dirty_since: Option<Instant>,
    settled_bytes: usize,
    /// Failures in a row.
    failures: u32,
}

impl Delivery {
    pub(crate) fn new(shared: Arc<Shared>, progress: Progress, client: Client) -> Self {
        Self {
            shared,
            progress,
            client,
            frames: None,
            events_max: EVENTS_MAX,
            dirty_since: None,
            settled_bytes: 0,
            failures: 0,
        }
    }

    /// Works until the spool is closed. Then what was answered for is written down; what waits stays in the spool.
    pub(crate) async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        shared.answered(self.progress.next(), &BTreeMap::new());
        shared.release(self.progress.durable());
        while !shared.is_stopping() {
            if let Some((events, patience)) = self.turn().await {
                shared.gather(self.progress.next() + events as u64, patience).await;
            }
        }
        self.write();
    }

    /// Does the next thing; answers how many events to wait for before the one after that, and for how long at most.
    async fn turn(&mut self) -> Option<(usize, Duration)> {
        if self.dirty_since.is_some_and(|since| since.elapsed() >= WRITE_AFTER) || self.settled_bytes > WRITE_BYTES {
            self.write();
        }
        let batch = match self.read() {
            Ok(Some(batch)) => batch,
            // Nothing to send: write what there is to write, then wait for an event.
            Ok(None) => return Some((1, self.dirty_since.map_or(IDLE, |_| WRITE_AFTER))),
            Err(error) => {
                self.wait(None, format!("read the spool: {error}")).await;
                return None;
            }
        };
        let answer = tokio::select! {
            answer = self.client.send(&batch) => answer,
            () = self.shared.stopped() => return None,
        };
        match answer {
            Answer::Settled { refused, repeated, receipts } => {
                self.settle(&batch, refused, repeated, &receipts);
                return (!batch.is_cut && !self.shared.is_awaited()).then_some((self.events_max, GATHER));
            }
            // Halves find the one.
            Answer::Fewer => self.events_max = batch.lines.len() / 2,
            Answer::Later { after, why } => self.wait(after, why).await,
        }
        None
    }

    /// The next events, if there are any.
    fn read(&mut self) -> Result<Option<Batch>, ReadError> {
        let first = self.progress.next();
        let mut batch = Batch { first, seq: first.saturating_sub(self.progress.records()), ..Batch::default() };
        let (mut bytes, durable) = (0, self.shared.durable());
        while batch.lines.len() < self.events_max && bytes < BYTES_MAX && batch.next() < durable {
            let Some(event) = self.shared.read(batch.next(), &mut self.frames)? else { break };
            let (kind, adapter) = event.about();
            if batch.lines.is_empty() {
                self.shared.oldest(event.at_us);
                (batch.kind, batch.adapter) = (kind, adapter.to_owned());
            } else if (batch.kind, &*batch.adapter) != (kind, adapter) {
                // It is read again for the next batch.
                self.frames = None;
                break;
            }
            bytes += event.line.len();
            batch.lines.push(event.line);
        }
        batch.is_cut = batch.next() < durable;
        Ok((!batch.lines.is_empty()).then_some(batch))
    }

    /// Notes what the server said of each event.
    fn settle(&mut self, batch: &Batch, refused: Vec<(usize, Refusal)>, repeated: u64, receipts: &str) {
        let counters = &self.shared.counters;
        if self.failures > 0 {
            tracing::info!(attempts = self.failures, "the audit log is reached again");
        }
        self.failures = 0;
        counters.failed_attempts.store(0, Relaxed);
        self.events_max = EVENTS_MAX.min(self.events_max * 2);
        let mut lines = Vec::new();
        let mut reasons = BTreeMap::new();
        for (place, refusal) in &refused {
            let Some(line) = batch.lines.get(*place) else { continue };
            let number = batch.first + *place as u64;
            if batch.kind == Kind::Event {
                tracing::error!(
                    number,
                    code = refusal.code,
                    message = refusal.message,
                    "the audit log refused an event"
                );
            }
            keep(&mut lines, batch, number, refusal, line);
            reasons.insert(number, format!("{} ({})", refusal.message, refusal.code).into());
        }
        let taken = (batch.lines.len() - reasons.len()) as u64;
        match batch.kind {
            Kind::Event => {
                counters.acknowledged.fetch_add(taken, Relaxed);
                counters.repeated.fetch_add(repeated, Relaxed);
            }
            Kind::Refused => {
                counters.quarantined.fetch_add(taken, Relaxed);
                if let Some((_, Refusal { code, message, .. })) = refused.first() {
                    let count = reasons.len();
                    tracing::error!(count, code, message, "the audit log did not take refused records; they stay here");
                }
            }
        }
        counters.refused.fetch_add(reasons.len() as u64, Relaxed);
        let records = if batch.kind == Kind::Refused { batch.lines.len() as u64 } else { 0 };
        self.progress.settle(batch.next(), records, &lines, receipts);
        self.dirty_since.get_or_insert_with(Instant::now);
        self.settled_bytes += batch.lines.iter().map(bytes::Bytes::len).sum::<usize>() + lines.len() + receipts.len();
        self.shared.answered(batch.next(), &reasons);
    }

    /// Writes progress; the journal may forget what is behind it.
    fn write(&mut self) {
        let given_up = self.progress.given_up();
        match self.progress.write() {
            Ok(()) => {
                self.dirty_since = None;
                self.settled_bytes = 0;
                self.shared.release(self.progress.durable());
            }
            Err(error) => {
                self.dirty_since = Some(Instant::now());
                tracing::error!(%error, "cannot write how far the audit log has answered; trying again");
            }
        }
        let now = self.progress.given_up();
        if now.0 > given_up.0 {
            tracing::error!("the oldest events that the audit log refused were given up: their folder is full");
        }
        if now.1 > given_up.1 {
            tracing::info!("the oldest receipts were given up: their folder is full");
        }
    }

    /// Waits after a failure: as long as the server asks, and longer with each failure, never as long as others.
    async fn wait(&mut self, after: Option<Duration>, why: String) {
        self.failures = self.failures.saturating_add(1);
        // Once when it begins, then every ten minutes or so.
        if self.failures == 1 || self.failures.is_multiple_of(20) {
            tracing::warn!(
                why,
                waiting = self.shared.waiting(),
                "the audit log takes no events; they stay in the spool"
            );
        }
        self.shared.counters.attempt_failed(why);
        let pause = pause(self.failures, after, random());
        if self.dirty_since.is_some() {
            self.write();
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.shared.stopped() => {}
        }
    }
}

/// How long to wait after so many failures in a row; `random` is from 0 to 1.
fn pause(failures: u32, after: Option<Duration>, random: f64) -> Duration {
    let doubled = WAIT.0.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(WAIT.1);
    match after {
        // The server knows best; not all of its producers at once.
        Some(after) => after.min(RETRY_AFTER_MAX).max(doubled).mul_f64(1.0 + random / 4.0),
        None => doubled.mul_f64(0.5 + random / 2.0),
    }
}

fn random() -> f64 {
    let mut bytes = [0; 4];
    // Without random numbers all wait the same.
    let _ = getrandom::fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

/// A line about an event that was refused, or a refused record that was not taken.
fn keep(lines: &mut Vec<u8>, batch: &Batch, number: u64, refusal: &Refusal, line: &[u8]) {
    let about = serde_json::json!({
        "at": Time::from_us(now_us()).to_string(), "number": number, "adapter": batch.adapter, "error": refusal,
    });
    let about = about.to_string();
    // What was handed in stands as it was, as the last member.
    lines.extend_from_slice(about.strip_suffix('}').unwrap_or_default().as_bytes());
    lines.extend_from_slice(match batch.kind {
        Kind::Event => b",\"event\":",
        Kind::Refused => b",\"refusedRecord\":",
    });
    lines.extend_from_slice(line);
    lines.extend_from_slice(b"}\n");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_are_spread() {
        let check = |failures, after: Option<u64>, random, expected_ms: u128| {
            let pause = pause(failures, after.map(Duration::from_secs), random);
            assert_eq!(pause.as_millis(), expected_ms, "{failures} {after:?} {random}");
        };
        check(1, None, 1.0, 100);
        check(1, None, 0.0, 50);
        check(4, None, 1.0, 800);
        check(100, None, 1.0, 30_000);
        check(100, None, 0.0, 15_000);
        check(1, Some(7), 0.0, 7_000);
        check(1, Some(8), 1.0, 10_000);
        check(100, Some(1), 0.0, 30_000);
        check(1, Some(u64::MAX), 0.0, 3_600_000);
    }

    #[test]
    fn what_was_refused_is_kept_with_the_reason() {
        let mut lines = Vec::new();
        let refusal = Refusal { code: "c".into(), field: Some("f".into()), message: "m}".into() };
        let batch = |kind, adapter: &str| Batch { kind, adapter: adapter.to_owned(), ..Batch::default() };
        keep(&mut lines, &batch(Kind::Event, "okta"), 7, &refusal, br#"{"a":{"b":1}}"#);
        keep(&mut lines, &batch(Kind::Refused, ""), 8, &Refusal::default(), br#"{"code":"c"}"#);
        let kept: Vec<serde_json::Value> = lines
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        assert_eq!(kept.len(), 2);
        assert_eq!(
            (&kept[0]["number"], &kept[0]["adapter"], &kept[0]["event"]["a"]["b"]),
            (&7.into(), &"okta".into(), &1.into())
        );
        assert_eq!((&kept[0]["error"]["code"], &kept[0]["error"]["message"]), (&"c".into(), &"m}".into()));
        assert_eq!((&kept[1]["refusedRecord"]["code"], kept[1].get("event")), (&"c".into(), None));
    }
}
