//! What a producer hands in and what it gets back.

use indelible_event::Admitted;
use indelible_merkle::Hash;

use crate::identity::Seed;

/// Admitted events of one producer, in the order they were sent, waiting for their places in the log.
pub struct Batch {
    seed: Seed,
    pub(crate) producer: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) events: Vec<Event>,
    pub(crate) numbers: Vec<u32>,
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
        Self { seed, producer: seed.producer(producer), bytes: Vec::new(), events: Vec::new(), numbers: Vec::new() }
    }

    /// Adds an event for the organizations with these numbers: at least one, at most [`crate::record::PLACES_MAX`], no repeats.
    pub fn push(&mut self, event: &Admitted<'_>, numbers: &[u32]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(event.infrastructure);
        let content_start = self.bytes.len();
        self.bytes.extend_from_slice(event.content);
        let numbers_start = self.numbers.len() as u32;
        self.numbers.extend_from_slice(numbers);
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
}

/// What became of one event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Stored now, in at least one organization.
    New,
    /// Was stored before with the same bytes.
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
    /// Nothing of the batch is stored.
    #[error("intake is stopped")]
    Stopped,
    /// Some, all or nothing of the batch may be stored.
    #[error(
        "unknown whether the events are stored: writing the journal failed; send them again with the same logEntryId"
    )]
    Unknown,
}
