//! The tail: what is acknowledged and still in the local journal, ready to be searched and sealed.
//!
//! The tail itself holds only positions. Entries are read from the journal when asked for, so its memory is a few bytes
//! for each journal frame and does not grow with the size of events.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use indelible_journal::{Frame, FrameNumber, FramePosition, Hold, ReadError, Reader};
use indelible_ledger::ContentKeys;

use crate::content::{ContentError, ContentReader};
use crate::record::{self, Place, Record, RecordError};

/// Bytes of frames after which a new stretch begins.
const STRETCH_BYTES: u64 = 1 << 20;

/// What one stretch holds of one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The organization's number.
    pub number: u32,
    /// Its entries in the stretch; contiguous.
    pub seqs: Range<u64>,
    /// Smallest and largest event time, microseconds since 1970.
    pub time_us: (i64, i64),
    /// Length of both parts of these entries.
    pub bytes: u64,
    /// Smallest and largest `received_at`, microseconds since 1970.
    pub received_at_us: (i64, i64),
}

/// Consecutive frames of one journal segment, about a mebibyte.
#[derive(Clone, Debug)]
pub struct Stretch {
    frames: Vec<FramePosition>,
    spans: Vec<Span>,
    bytes: u64,
}

impl Stretch {
    /// One span for each organization with entries here.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The span of organization `number`.
    pub fn span(&self, number: u32) -> Option<&Span> {
        self.spans.iter().find(|span| span.number == number)
    }

    /// Numbers of its first and its last frame.
    pub fn frames(&self) -> Option<(FrameNumber, FrameNumber)> {
        Some((self.frames.first()?.number, self.frames.last()?.number))
    }

    /// Bytes of its frames.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// `received_at` of its first entry, microseconds since 1970.
    pub fn oldest_us(&self) -> i64 {
        self.spans.iter().map(|span| span.received_at_us.0).min().unwrap_or(i64::MAX)
    }

    /// Whether all its entries are archived: their `seq` below `archived_end(number)`.
    pub fn is_archived(&self, archived_end: impl Fn(u32) -> u64) -> bool {
        self.spans.iter().all(|span| span.seqs.end <= archived_end(span.number))
    }

    fn newest_us(&self) -> i64 {
        self.spans.iter().map(|span| span.received_at_us.1).max().unwrap_or(i64::MIN)
    }
}

/// Reading the tail failed.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// The journal could not be read.
    #[error("read journal frame {frame}")]
    Read {
        /// Number of the frame.
        frame: FrameNumber,
        /// The cause.
        source: ReadError,
    },
    /// The content of an entry cannot be read.
    #[error("entry {seq} of organization number {number} in the journal")]
    Content {
        /// The organization's number.
        number: u32,
        /// Its place.
        seq: u64,
        /// The cause.
        source: ContentError,
    },
    /// A frame's checksums are right but its records are not.
    #[error("journal frame {frame}")]
    Record {
        /// Number of the frame.
        frame: FrameNumber,
        /// The cause.
        source: RecordError,
    },
}

/// That the content of the entry at `place` cannot be read.
pub fn content_error(place: Place, source: ContentError) -> TailError {
    TailError::Content { number: place.number, seq: place.seq, source }
}

/// Positions of all retained entries. Cheap to share.
pub struct Tail {
    reader: Reader,
    keys: Arc<ContentKeys>,
    retained: Mutex<Retained>,
}

struct Retained {
    /// Oldest first.
    stretches: Vec<Arc<Stretch>>,
    /// Frames below this one are not needed any more.
    first_needed: FrameNumber,
}

impl Tail {
    pub(crate) fn new(reader: Reader, keys: Arc<ContentKeys>) -> Self {
        Self { reader, keys, retained: Mutex::new(Retained { stretches: Vec::new(), first_needed: FrameNumber(0) }) }
    }

    /// Adds a durable frame whose spans were gathered by [`Spans`].
    pub(crate) fn push(&self, position: FramePosition, bytes: u64, spans: Vec<Span>) {
        let stretches = &mut lock(&self.retained).stretches;
        let room = stretches.last().is_some_and(|last| {
            last.bytes < STRETCH_BYTES && last.frames.first().is_some_and(|f| f.segment == position.segment)
        });
        if !room {
            stretches.push(Arc::new(Stretch { frames: Vec::new(), spans: Vec::new(), bytes: 0 }));
        }
        let Some(last) = stretches.last_mut() else { return };
        let last = Arc::make_mut(last);
        last.frames.push(position);
        last.bytes += bytes;
        for span in spans {
            match last.spans.iter_mut().find(|known| known.number == span.number) {
                Some(known) => {
                    known.seqs.end = span.seqs.end;
                    known.time_us = (known.time_us.0.min(span.time_us.0), known.time_us.1.max(span.time_us.1));
                    known.bytes += span.bytes;
                    known.received_at_us.1 = span.received_at_us.1;
                }
                None => last.spans.push(span),
            }
        }
    }

    /// What the tail holds now. Segments stay readable while the snapshot lives.
    pub fn snapshot(&self) -> TailSnapshot {
        let retained = lock(&self.retained);
        let stretches = &retained.stretches;
        let mut holds: Vec<Hold> = Vec::new();
        let mut held = None;
        for frame in stretches.iter().filter_map(|stretch| stretch.frames.first()) {
            if held != Some(frame.segment) {
                // Segments are released only after the tail has forgotten them, under this lock.
                holds.extend(self.reader.hold(frame.segment));
                held = Some(frame.segment);
            }
        }
        TailSnapshot {
            stretches: stretches.clone(),
            reader: self.reader.clone(),
            keys: Arc::clone(&self.keys),
            _holds: holds.into(),
        }
    }

    /// Forgets stretches from the front whose entries are all archived (`seq` below `archived_end(number)`) and were
    /// received before `before_us`. Returns the first frame still needed: frames not yet pushed are.
    pub(crate) fn forget(&self, archived_end: impl Fn(u32) -> u64, before_us: i64) -> FrameNumber {
        let mut retained = lock(&self.retained);
        let keep = retained
            .stretches
            .iter()
            .position(|stretch| stretch.newest_us() >= before_us || !stretch.is_archived(&archived_end))
            .unwrap_or(retained.stretches.len());
        let last = retained.stretches.drain(..keep).next_back().and_then(|stretch| stretch.frames.last().copied());
        if let Some(frame) = last {
            retained.first_needed = FrameNumber(frame.number.0 + 1);
        }
        retained.first_needed
    }
}

/// The tail as it was at one moment.
#[derive(Clone)]
pub struct TailSnapshot {
    stretches: Vec<Arc<Stretch>>,
    reader: Reader,
    keys: Arc<ContentKeys>,
    _holds: Arc<[Hold]>,
}

impl TailSnapshot {
    /// Its stretches, oldest first.
    pub fn stretches(&self) -> &[Arc<Stretch>] {
        &self.stretches
    }

    /// Reads the frames of a stretch, in order, from number `from` on.
    pub fn frames<'t>(
        &'t self,
        stretch: &'t Stretch,
        from: FrameNumber,
    ) -> impl Iterator<Item = Result<Frame, TailError>> + 't {
        let wanted = stretch.frames.iter().filter(move |position| position.number >= from);
        wanted.map(|position| {
            self.reader.read(position).map_err(|source| TailError::Read { frame: position.number, source })
        })
    }

    /// What reads the content of its entries.
    pub fn contents(&self) -> ContentReader {
        ContentReader::new(Arc::clone(&self.keys))
    }

    /// Calls `visit` for every entry of a stretch, in log order, with its place and `received_at` in microseconds.
    ///
    /// # Errors
    /// When the journal cannot be read, or what `visit` returns.
    pub fn visit<E: From<TailError>>(
        &self,
        stretch: &Stretch,
        mut visit: impl FnMut(Place, i64, &Record<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for position in &stretch.frames {
            let frame =
                self.reader.read(position).map_err(|source| TailError::Read { frame: position.number, source })?;
            for record in record::records(&frame.body) {
                let record = record.map_err(|source| TailError::Record { frame: position.number, source })?;
                for place in record.places() {
                    visit(place, frame.received_at_us, &record)?;
                }
            }
        }
        Ok(())
    }
}

/// Gathers the spans of one frame.
#[derive(Default)]
pub(crate) struct Spans(Vec<Span>);

impl Spans {
    pub(crate) fn add(&mut self, place: Place, received_at_us: i64, record: &Record<'_>) {
        let bytes = (record.infrastructure.len() + record.content_len()) as u64;
        match self.0.iter_mut().rev().find(|span| span.number == place.number) {
            Some(span) => {
                span.seqs.end = place.seq + 1;
                span.time_us = (span.time_us.0.min(record.time_us), span.time_us.1.max(record.time_us));
                span.bytes += bytes;
            }
            None => self.0.push(Span {
                number: place.number,
                seqs: place.seq..place.seq + 1,
                time_us: (record.time_us, record.time_us),
                bytes,
                received_at_us: (received_at_us, received_at_us),
            }),
        }
    }

    pub(crate) fn finish(self) -> Vec<Span> {
        self.0
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
