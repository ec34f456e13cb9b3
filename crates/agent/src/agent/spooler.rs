//! Events, and records that give none, on their way into the spool.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use indelible_sdk::{Auditor, Emission, EmitError, RefusedRecord};

use super::{AgentError, now, pause};
use crate::identity::{self, Digest};
use crate::status::LastError;

/// Bytes at which a chunk is handed over, and at which a single record's events are.
const CHUNK_BYTES: usize = 512 << 10;
/// Events at which a chunk is handed over.
const CHUNK_EVENTS: usize = 1000;
/// Room that a chunk may need.
const ROOM_BYTES: u64 = 2 << 20;
/// What a refused record takes in the spool beside its bytes in Base64, about.
const REFUSED_MARGIN_BYTES: usize = 1024;
/// How long nothing may go on before who waits for it gives up.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Why a record gives no event, or an event of it is none.
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// It is in the spool.
    Done,
    /// The agent is to stop, or there was no room for long; some of it may not be in the spool, and it has to be read again.
    Stopped,
}

/// Where a record stands, and what it is.
struct RecordPlace {
    offset: u64,
    /// Only its beginning, if it is longer than a record may be.
    bytes: Vec<u8>,
    length: u64,
    is_refused: bool,
}

/// What becomes of a record.
enum Item {
    /// An event of it.
    Event(String),
    /// It is refused.
    Refused(Refusal),
}

/// What reads a file, and what that does not say about itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reader<'a> {
    /// Name of the adapter.
    pub(super) name: &'a str,
    /// Adapter with its version.
    pub(super) adapter: &'a str,
    pub(super) timezone: Option<&'a str>,
    pub(super) year: Option<i16>,
}

/// Records of one file that are handed over together.
pub(super) struct Chunk<'a> {
    reader: Reader<'a>,
    trail: Digest,
    path: String,
    records: Vec<RecordPlace>,
    /// What is to be handed over, and which record each is from.
    items: Vec<(Item, usize)>,
    /// Of the records and their events.
    bytes: usize,
}

/// Records that were read, and how many of them were refused.
pub(crate) struct Counts {
    pub(crate) records: u64,
    pub(crate) refused: u64,
}

impl<'a> Chunk<'a> {
    pub(super) fn new(reader: Reader<'a>, trail: Digest, path: &str) -> Self {
        Self { reader, trail, path: path.to_owned(), records: Vec::new(), items: Vec::new(), bytes: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn is_large(&self) -> bool {
        self.bytes >= CHUNK_BYTES || self.items.len() >= CHUNK_EVENTS || self.records.len() >= CHUNK_EVENTS
    }

    /// The next record, which has `length` bytes and begins with these; what comes is about it.
    pub(super) fn begin(&mut self, offset: u64, record: &[u8], length: u64) {
        self.bytes += record.len();
        self.records.push(RecordPlace { offset, bytes: record.to_vec(), length, is_refused: false });
    }

    /// Notes that a record is refused; what is to be handed over of it, unless that was noted before.
    fn refuse(&mut self, record: usize, refusal: Refusal) -> Option<(Item, usize)> {
        let place = self.records.get_mut(record).filter(|place| !place.is_refused)?;
        place.is_refused = true;
        Some((Item::Refused(refusal), record))
    }

    /// Bytes that it takes in the spool, about.
    fn bytes_of(&self, (item, record): &(Item, usize)) -> usize {
        match item {
            Item::Event(event) => event.len(),
            Item::Refused(_) => {
                self.records.get(*record).map_or(0, |place| place.bytes.len() / 3 * 4) + REFUSED_MARGIN_BYTES
            }
        }
    }

    fn emit(&self, auditor: &Auditor, (item, record): &(Item, usize)) -> Emission {
        match (item, self.records.get(*record)) {
            (Item::Event(event), _) => auditor.emit_line(event.as_bytes(), Some(self.reader.adapter)),
            (Item::Refused(Refusal { code, message }), place) => auditor.emit_refused(RefusedRecord {
                adapter: self.reader.name,
                code,
                message,
                occurrence: place.map_or(0, |place| identity::occurrence(self.trail, place.offset)),
                bytes: place.map_or(&[], |place| &place.bytes),
                length: place.map_or(0, |place| place.length),
                timezone: self.reader.timezone,
                year: self.reader.year,
            }),
        }
    }

    pub(super) fn take_counts(&mut self) -> Counts {
        let refused = self.records.iter().filter(|record| record.is_refused).count() as u64;
        let records = self.records.len() as u64;
        self.records.clear();
        Counts { records, refused }
    }
}

/// The spool, and what was put into it.
pub(super) struct Spooler {
    pub(super) auditor: Auditor,
    poll: Duration,
    patience: Duration,
    /// Somebody found no room since this was set to false.
    pub(super) is_full: bool,
    pub(super) last_error: Option<LastError>,
    pub(super) records: u64,
    pub(super) refused_records: u64,
}

impl Spooler {
    pub(super) fn new(auditor: Auditor, poll: Duration) -> Self {
        Self { auditor, poll, patience: PATIENCE, is_full: false, last_error: None, records: 0, refused_records: 0 }
    }

    /// Whether another chunk may be begun.
    pub(super) fn has_room(&mut self) -> bool {
        let has_room = self.auditor.has_room(ROOM_BYTES);
        self.is_full |= !has_room;
        has_room
    }

    /// Adds events of the record that was begun last: all of them, or none if one is not valid.
    pub(super) fn add(
        &mut self,
        chunk: &mut Chunk<'_>,
        events: Vec<String>,
        stop: &AtomicBool,
    ) -> Result<Settled, AgentError> {
        let record = chunk.records.len().saturating_sub(1);
        // A single event is checked when it is emitted.
        let checked = match events.as_slice() {
            [_] => Ok(()),
            events => events.iter().try_for_each(|event| Auditor::check_line(event.as_bytes())),
        };
        if let Err(error) = checked {
            self.refuse(chunk, invalid(error));
            return Ok(Settled::Done);
        }
        for event in events {
            chunk.bytes += event.len();
            chunk.items.push((Item::Event(event), record));
            // A record may give more events than there is room for at once.
            if chunk.bytes >= 2 * CHUNK_BYTES && self.settle(chunk, stop)? == Settled::Stopped {
                return Ok(Settled::Stopped);
            }
        }
        Ok(Settled::Done)
    }

    /// Adds the record that was begun last as refused.
    pub(super) fn refuse(&mut self, chunk: &mut Chunk<'_>, refusal: Refusal) {
        let record = chunk.records.len().saturating_sub(1);
        let refused = self.refuse_record(chunk, record, refusal);
        chunk.items.extend(refused);
    }

    fn refuse_record(&mut self, chunk: &mut Chunk<'_>, record: usize, refusal: Refusal) -> Option<(Item, usize)> {
        let Refusal { code, message } = &refusal;
        let count = self.refused_records + 1;
        if count.is_power_of_two() {
            let (path, offset) = (&chunk.path, chunk.records.get(record).map(|place| place.offset));
            tracing::warn!(path, offset, code, count, "a record was refused: {message}");
        }
        let refused = chunk.refuse(record, refusal);
        self.refused_records += u64::from(refused.is_some());
        refused
    }

    /// Puts all of a chunk into the spool, in order, and waits until it is synced. Gives up when none of it found room, and the
    /// server has answered for nothing, for [`PATIENCE`].
    pub(super) fn settle(&mut self, chunk: &mut Chunk<'_>, stop: &AtomicBool) -> Result<Settled, AgentError> {
        let mut items = std::mem::take(&mut chunk.items);
        chunk.bytes = 0;
        let mut progress = ((0, 0), Instant::now());
        while !items.is_empty() {
            let bytes: usize = items.iter().map(|item| chunk.bytes_of(item)).sum();
            if stop.load(Relaxed) {
                return Ok(Settled::Stopped);
            }
            let mark = (items.len(), self.answered());
            if mark != progress.0 {
                progress = (mark, Instant::now());
            }
            if progress.1.elapsed() > self.patience {
                self.is_full = true;
                return Ok(Settled::Stopped);
            }
            if !self.auditor.has_room(bytes as u64) {
                pause(self.poll, stop);
                continue;
            }
            let emissions: Vec<_> = items.iter().map(|item| chunk.emit(&self.auditor, item)).collect();
            let (mut again, mut is_full) = (Vec::new(), false);
            for (emission, (item, record)) in emissions.into_iter().zip(items) {
                match (emission.wait(), item) {
                    (Ok(_), _) => {}
                    (Err(error @ EmitError::Invalid { .. }), Item::Event(_)) => {
                        again.extend(self.refuse_record(chunk, record, invalid(error)));
                    }
                    (
                        Err(error @ (EmitError::Full { .. } | EmitError::NoRoom { .. } | EmitError::NoRandomness)),
                        item,
                    ) => {
                        self.last_error = Some(LastError { at: now(), message: error.to_string() });
                        is_full = true;
                        again.push((item, record));
                    }
                    (Err(error), _) => return Err(AgentError::Halted(error.to_string())),
                }
            }
            if is_full {
                pause(self.poll, stop);
            }
            items = again;
        }
        Ok(Settled::Done)
    }

    /// Events and refused records that the server has answered for.
    pub(super) fn answered(&self) -> u64 {
        let stats = self.auditor.stats();
        stats.acknowledged + stats.refused + stats.quarantined
    }

    /// Counts records that were settled.
    pub(super) fn count(&mut self, counts: &Counts) {
        self.records += counts.records;
    }
}

fn invalid(error: EmitError) -> Refusal {
    let message = match error {
        EmitError::Invalid { message, .. } => message,
        other => other.to_string(),
    };
    Refusal { code: "invalidEvent", message }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use indelible_sdk::{Product, Server, Settings};

    use super::*;

    /// A spool whose server is away, and its folder.
    fn spooler() -> (Spooler, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        // Nobody listens on port 1.
        let server = Server::new("http://127.0.0.1:1", "token");
        let settings = Settings::new(server, Product::new("tests", "1"), dir.path());
        let auditor = Auditor::open(settings.spool_bytes_max(Settings::SPOOL_BYTES_MIN)).unwrap();
        (Spooler::new(auditor, Duration::from_millis(10)), dir)
    }

    fn event(size: usize) -> String {
        let resource =
            format!(r#"{{"id":{{"type":"other","other":{{"value":"{}"}}}},"context":[]}}"#, "x".repeat(size));
        format!(
            r#"{{"type":"audit.3","time":"2026-01-02T03:04:05Z","name":"LOAD","result":"ERROR","categories":["dataLoad"],"producerType":"SERVER","product":"p","productVersion":"1","eventId":"10000000-0000-4000-8000-000000000001","requestFields":{{"loadedResources":[{resource}]}}}}"#
        )
    }

    fn chunk() -> Chunk<'static> {
        Chunk::new(Reader { name: "audit3", adapter: "audit3@1", ..Reader::default() }, Digest([0; 16]), "/var/log/x")
    }

    #[test]
    fn a_record_is_refused_once_and_none_of_its_events_is_emitted() {
        let check = |events: &[&String], spooled: u64, refused: u64| {
            let (mut spooler, _dir) = spooler();
            let (mut chunk, stop) = (chunk(), AtomicBool::new(false));
            chunk.begin(0, b"record", 6);
            assert_eq!(
                spooler.add(&mut chunk, events.iter().copied().cloned().collect(), &stop).unwrap(),
                Settled::Done
            );
            assert_eq!(spooler.settle(&mut chunk, &stop).unwrap(), Settled::Done);
            let stats = spooler.auditor.stats();
            assert_eq!((stats.spooled, stats.waiting, spooler.refused_records), (spooled, spooled + refused, refused));
            assert_eq!(chunk.take_counts().refused, refused);
        };
        let (good, bad) = (event(1), "{}".to_owned());
        check(&[&good], 1, 0);
        check(&[&good, &good], 2, 0);
        check(&[&bad], 0, 1);
        check(&[&good, &bad, &good], 0, 1);
        check(&[&bad, &bad], 0, 1);
    }

    #[test]
    fn who_finds_no_room_gives_up_when_nothing_goes_on() {
        let (mut spooler, _dir) = spooler();
        spooler.patience = Duration::from_millis(100);
        let stop = AtomicBool::new(false);
        let mut chunk = chunk();
        let mut settled = 0;
        chunk.begin(0, b"", 0);
        while settled < 40 {
            chunk.items.push((Item::Event(event(500_000)), 0));
            match spooler.settle(&mut chunk, &stop).unwrap() {
                Settled::Done => settled += 1,
                Settled::Stopped => break,
            }
        }
        assert!(spooler.is_full);
        assert_eq!((spooler.auditor.stats().spooled, spooler.refused_records), (settled, 0));
        assert!((10..40).contains(&settled), "{settled}");
    }
}
