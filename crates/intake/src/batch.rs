//! What a producer hands in and what it gets back.

use std::collections::HashMap;

use indelible_event::Admitted;
use indelible_event::control::ControlEntry;
use indelible_event::parts::{Attributed, Malformed};
use indelible_merkle::Hash;

use crate::clock::ClockStop;
use crate::identity::Seed;

/// Admitted events of one producer, in the order they were sent, waiting for their places in the log.
pub struct Batch {
    seed: Seed,
    pub(crate) producer: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) events: Vec<Event>,
    pub(crate) numbers: Vec<u32>,
    shares: Shares,
}

/// Bytes of a batch by organization. Events of one organization mostly follow one another, so the last one is kept at hand.
#[derive(Default)]
struct Shares {
    list: Vec<(u32, usize)>,
    places: HashMap<u32, usize>,
    last: usize,
}

impl Shares {
    fn add(&mut self, number: u32, bytes: usize) {
        if self.list.get(self.last).is_none_or(|share| share.0 != number) {
            self.last = *self.places.entry(number).or_insert(self.list.len());
            if self.last == self.list.len() {
                self.list.push((number, 0));
            }
        }
        self.list[self.last].1 += bytes;
    }
}

/// Offsets of one event in the batch's buffers.
pub(crate) struct Event {
    pub(crate) start: usize,
    pub(crate) content_start: usize,
    pub(crate) end: usize,
    pub(crate) numbers_start: u32,
    pub(crate) numbers_end: u32,
    pub(crate) time_us: i64,
    pub(crate) time_nanos: u16,
    pub(crate) log_entry_id: [u8; 16],
    pub(crate) digest: u64,
}

impl Batch {
    pub(crate) fn new(seed: Seed, producer: &str) -> Self {
        Self::of(seed, seed.producer(producer))
    }

    fn of(seed: Seed, producer: u64) -> Self {
        Self { seed, producer, bytes: Vec::new(), events: Vec::new(), numbers: Vec::new(), shares: Shares::default() }
    }

    /// A control entry for the log of organization `number`.
    pub(crate) fn control(seed: Seed, number: u32, entry: &ControlEntry, time_us: i64) -> Self {
        let mut batch = Self::of(seed, 0);
        batch.bytes.extend_from_slice(&entry.infrastructure);
        batch.bytes.extend_from_slice(&entry.content);
        batch.numbers.push(number);
        batch.events.push(Event {
            start: 0,
            content_start: entry.infrastructure.len(),
            end: batch.bytes.len(),
            numbers_start: 0,
            numbers_end: 1,
            time_us,
            time_nanos: 0,
            log_entry_id: entry.log_entry_id,
            digest: 0,
        });
        batch.shares.add(number, batch.size_bytes());
        batch
    }

    /// Adds an event for the organizations with these numbers: at least one, at most [`crate::record::PLACES_MAX`], no repeats.
    pub fn push(&mut self, event: &Admitted<'_>, numbers: &[u32]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(event.infrastructure);
        let content_start = self.bytes.len();
        self.bytes.extend_from_slice(event.content);
        let numbers_start = self.numbers.len() as u32;
        self.numbers.extend_from_slice(numbers);
        for number in numbers {
            self.shares.add(*number, self.bytes.len() - start + size_of::<Event>());
        }
        // `intake` says how the event came in, not what it is: a repeat over another route is still a repeat.
        let digest = self.seed.digest(&[
            &event.infrastructure[..event.intake_at.start],
            &event.infrastructure[event.intake_at.end..],
            event.content,
        ]);
        self.events.push(Event {
            start,
            content_start,
            end: self.bytes.len(),
            numbers_start,
            numbers_end: self.numbers.len() as u32,
            time_us: event.time.micros,
            time_nanos: event.time.nanos,
            log_entry_id: event.log_entry_id,
            digest,
        });
    }

    /// Adds an event that stood in a log that is closed, for the organization with this number. The producer of the batch
    /// must be the one that `intake` names.
    ///
    /// # Errors
    /// When the parts are not canonical; nothing was added.
    pub fn push_again(&mut self, event: &StoredEvent<'_>, number: u32) -> Result<(), Malformed> {
        let StoredEvent { infrastructure, content, time_us, time_nanos, log_entry_id } = *event;
        let parts = Attributed::read(infrastructure)?;
        let start = self.bytes.len();
        self.bytes.extend_from_slice(infrastructure);
        let content_start = self.bytes.len();
        self.bytes.extend_from_slice(content);
        let numbers_start = self.numbers.len() as u32;
        self.numbers.push(number);
        self.shares.add(number, self.bytes.len() - start + size_of::<Event>());
        let digest = self.seed.digest(&[parts.head, parts.tail, content]);
        self.events.push(Event {
            start,
            content_start,
            end: self.bytes.len(),
            numbers_start,
            numbers_end: numbers_start + 1,
            time_us,
            time_nanos,
            log_entry_id,
            digest,
        });
        Ok(())
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether it holds no event.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// What it counts for in the queue.
    pub fn size_bytes(&self) -> usize {
        self.bytes.len() + self.events.len() * size_of::<Event>()
    }

    /// What it counts for by organization: number and bytes. An event of several organizations counts in full for each.
    pub(crate) fn shares(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        self.shares.list.iter().copied()
    }
}

/// An event as it was stored.
#[derive(Clone, Copy, Debug)]
pub struct StoredEvent<'a> {
    /// Canonical infrastructure part, `intake` included.
    pub infrastructure: &'a [u8],
    /// Canonical content part.
    pub content: &'a [u8],
    /// The event's own time, microseconds since 1970.
    pub time_us: i64,
    /// Nanoseconds of it below the microsecond.
    pub time_nanos: u16,
    /// Its id.
    pub log_entry_id: [u8; 16],
}

/// What became of one event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Stored now, in at least one organization.
    New,
    /// Was stored before with the same bytes. Without a receipt for an organization if that was in a generation of its log
    /// that is closed: the receipt given then stands.
    Duplicate,
    /// Refused: its `logEntryId` was used before by the same producer for other bytes.
    Reused,
}

/// The outcome of one event and where its receipts stand in [`Answer::receipts`].
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What became of it.
    pub status: Status,
    /// Its receipts; none if reused.
    pub receipts: std::ops::Range<usize>,
}

/// The promise a producer gets back: this entry stands at `seq` in that organization's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The organization's number.
    pub number: u32,
    /// Its position in that log.
    pub seq: u64,
    /// Hash of its leaf in that organization's tree.
    pub leaf: Hash,
}

/// The answer to a batch, given after everything in it is durable.
#[derive(Debug, Default)]
pub struct Answer {
    /// One outcome for each event, in order.
    pub outcomes: Vec<Outcome>,
    /// All receipts, in order of the outcomes.
    pub receipts: Vec<Receipt>,
    /// Numbers of the organizations in which a `logEntryId` was reused, each once.
    pub reused_in: Vec<u32>,
}

/// Why a batch was not stored, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// Nothing of the batch is stored.
    #[error("intake is busy: {queued_bytes} bytes are waiting to be written; try again in a moment")]
    Busy {
        /// Bytes in the queue.
        queued_bytes: usize,
    },
    /// Nothing of the batch is stored: too much waits for this organization, or comes in for it each second.
    #[error(
        "organization number {number} has as much waiting, or sends as much, as it may; try again in {retry_after_seconds} seconds"
    )]
    OrganizationBusy {
        /// Number of the organization.
        number: u32,
        /// When it may be worth trying again.
        retry_after_seconds: u64,
    },
    /// Some or nothing of the batch is stored. Intake goes on when there is room.
    #[error("the journal's disk is full; send the events again with the same logEntryId when there is room")]
    NoRoom,
    /// Nothing of the batch is stored. Intake goes on when the clock is accepted.
    #[error("{0}; no event is taken in until somebody has looked and run `indelible doctor --accept-clock`")]
    ClockStopped(ClockStop),
    /// Nothing of the batch is stored.
    #[error("intake is stopped")]
    Stopped,
    /// Some, all or nothing of the batch may be stored.
    #[error(
        "unknown whether the events are stored: writing the journal failed; send them again with the same logEntryId"
    )]
    Unknown,
}
