//! Events on their way into the spool, and records that give none on their way into files.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use indelible_sdk::{Auditor, EmitError};
use indelible_storage::kept::{Kept, Place};

use super::{AgentError, now, pause};
use crate::lines::KEPT_BYTES_MAX;
use crate::status::LastError;

/// Bytes at which a chunk is handed over, and at which a single record's events are.
const CHUNK_BYTES: usize = 512 << 10;
/// Events at which a chunk is handed over.
const CHUNK_EVENTS: usize = 1000;
/// Room that a chunk may need.
const ROOM_BYTES: u64 = 2 << 20;
/// Bytes of refused records that wait to be written at most.
const REFUSED_BYTES: usize = 1 << 20;
/// How long nothing may go on before who waits for it gives up.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Why a record gives no event, or an event of it is none.
pub(super) struct Refusal<'a> {
    pub(super) code: &'a str,
    pub(super) message: &'a str,
}

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// It is in the spool.
    Done,
    /// The agent is to stop, or there was no room for long; some of it may not be in the spool, and it has to be read again.
    Stopped,
}

/// Where a record stands, and its beginning.
struct RecordPlace {
    offset: u64,
    bytes: Vec<u8>,
    is_refused: bool,
}

/// Records of one file that are handed over together.
pub(super) struct Chunk<'a> {
    /// Adapter with its version.
    adapter: &'a str,
    path: String,
    records: Vec<RecordPlace>,
    /// Events, and which record each is from.
    events: Vec<(String, usize)>,
    bytes: usize,
}

/// Records that were read, and how many of them were refused.
pub(crate) struct Counts {
    pub(crate) records: u64,
    pub(crate) refused: u64,
}

impl<'a> Chunk<'a> {
    pub(super) fn new(adapter: &'a str, path: &str) -> Self {
        Self { adapter, path: path.to_owned(), records: Vec::new(), events: Vec::new(), bytes: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn is_large(&self) -> bool {
        self.bytes >= CHUNK_BYTES || self.events.len() >= CHUNK_EVENTS || self.records.len() >= CHUNK_EVENTS
    }

    /// The next record; what comes is about it.
    pub(super) fn begin(&mut self, offset: u64, record: &[u8]) {
        let bytes = record[..record.len().min(KEPT_BYTES_MAX)].to_vec();
        self.bytes += bytes.len();
        self.records.push(RecordPlace { offset, bytes, is_refused: false });
    }

    pub(super) fn take_counts(&mut self) -> Counts {
        let refused = self.records.iter().filter(|record| record.is_refused).count() as u64;
        let records = self.records.len() as u64;
        self.records.clear();
        Counts { records, refused }
    }
}

/// The spool, with what is kept beside it.
pub(super) struct Spooler {
    pub(super) auditor: Auditor,
    refused: Kept,
    /// Lines about refused records that are not kept yet.
    new_refused: Vec<u8>,
    poll: Duration,
    patience: Duration,
    /// Somebody found no room since this was set to false.
    pub(super) is_full: bool,
    pub(super) last_error: Option<LastError>,
    pub(super) records: u64,
    pub(super) refused_records: u64,
}

impl Spooler {
    pub(super) fn new(auditor: Auditor, refused: Kept, poll: Duration) -> Self {
        Self {
            auditor,
            refused,
            new_refused: Vec::new(),
            poll,
            patience: PATIENCE,
            is_full: false,
            last_error: None,
            records: 0,
            refused_records: 0,
        }
    }

    /// Whether another chunk may be begun.
    pub(super) fn has_room(&mut self) -> bool {
        let has_room = self.auditor.has_room(ROOM_BYTES)
            && (self.new_refused.len() < REFUSED_BYTES || self.keep_refused().is_ok());
        self.is_full |= !has_room;
        has_room
    }

    /// Adds events of the record that was begun last.
    pub(super) fn add(
        &mut self,
        chunk: &mut Chunk<'_>,
        events: Vec<String>,
        stop: &AtomicBool,
    ) -> Result<Settled, AgentError> {
        let record = chunk.records.len().saturating_sub(1);
        for event in events {
            chunk.bytes += event.len();
            chunk.events.push((event, record));
            // A record may give more events than there is room for at once.
            if chunk.bytes >= 2 * CHUNK_BYTES && self.settle(chunk, stop)? == Settled::Stopped {
                return Ok(Settled::Stopped);
            }
        }
        Ok(Settled::Done)
    }

    /// Keeps the record that was begun last as refused.
    pub(super) fn refuse(&mut self, chunk: &mut Chunk<'_>, refusal: &Refusal<'_>) {
        let record = chunk.records.len().saturating_sub(1);
        self.refuse_record(chunk, record, refusal);
    }

    fn refuse_record(&mut self, chunk: &mut Chunk<'_>, record: usize, refusal: &Refusal<'_>) {
        let Some(record) = chunk.records.get_mut(record) else { return };
        record.is_refused = true;
        let line = serde_json::json!({
            "at": now(), "file": chunk.path, "offset": record.offset, "adapter": chunk.adapter,
            "code": refusal.code, "message": refusal.message, "record": String::from_utf8_lossy(&record.bytes),
        });
        self.new_refused.extend_from_slice(line.to_string().as_bytes());
        self.new_refused.push(b'\n');
        self.refused_records += 1;
        if self.refused_records.is_power_of_two() {
            let (path, offset) = (&chunk.path, record.offset);
            let (code, message, count) = (refusal.code, refusal.message, self.refused_records);
            tracing::warn!(path, offset, code, count, "a record was refused: {message}");
        }
    }

    /// Puts all events of a chunk into the spool, in order, and waits until they are synced. Gives up when none of them found room, and the
    /// server has answered for no event, for [`PATIENCE`].
    pub(super) fn settle(&mut self, chunk: &mut Chunk<'_>, stop: &AtomicBool) -> Result<Settled, AgentError> {
        let mut events = std::mem::take(&mut chunk.events);
        chunk.bytes = 0;
        let mut progress = ((0, 0), Instant::now());
        while !events.is_empty() {
            let bytes: u64 = events.iter().map(|(event, _)| event.len() as u64).sum();
            if stop.load(Relaxed) {
                return Ok(Settled::Stopped);
            }
            let mark = (events.len(), self.answered());
            if mark != progress.0 {
                progress = (mark, Instant::now());
            }
            if progress.1.elapsed() > self.patience {
                self.is_full = true;
                return Ok(Settled::Stopped);
            }
            if !self.auditor.has_room(bytes) {
                pause(self.poll, stop);
                continue;
            }
            let emissions: Vec<_> =
                events.iter().map(|(event, _)| self.auditor.emit_line(event.as_bytes(), Some(chunk.adapter))).collect();
            let mut again = Vec::new();
            for (emission, (event, record)) in emissions.into_iter().zip(events) {
                match emission.wait() {
                    Ok(_) => {}
                    Err(EmitError::Invalid { message, .. }) => {
                        self.refuse_record(chunk, record, &Refusal { code: "invalidEvent", message: &message });
                    }
                    Err(error @ (EmitError::Full { .. } | EmitError::NoRoom { .. } | EmitError::NoRandomness)) => {
                        self.last_error = Some(LastError { at: now(), message: error.to_string() });
                        again.push((event, record));
                    }
                    Err(error @ (EmitError::Halted | EmitError::Closed | EmitError::Refused { .. })) => {
                        return Err(AgentError::Halted(error.to_string()));
                    }
                }
            }
            if !again.is_empty() {
                pause(self.poll, stop);
            }
            events = again;
        }
        Ok(Settled::Done)
    }

    /// Events that the server has answered for.
    pub(super) fn answered(&self) -> u64 {
        let stats = self.auditor.stats();
        stats.acknowledged + stats.refused
    }

    /// Counts records that were settled.
    pub(super) fn count(&mut self, counts: &Counts) {
        self.records += counts.records;
    }

    /// Writes down which records were refused; answers up to where they are kept.
    pub(super) fn keep_refused(&mut self) -> io::Result<Place> {
        let given_up = self.refused.given_up;
        self.refused.append(&self.new_refused)?;
        self.new_refused.clear();
        if self.refused.given_up > given_up {
            tracing::warn!("the oldest refused records were given up: their folder is full");
        }
        Ok(self.refused.place())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use indelible_sdk::{Product, Server, Settings};
    use indelible_storage::{Disk, RealDisk};

    use super::*;

    #[test]
    fn who_finds_no_room_gives_up_when_nothing_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        // Nobody listens on port 1.
        let server = Server::new("http://127.0.0.1:1", "token");
        let settings = Settings::new(server, Product::new("tests", "1"), dir.path());
        let auditor = Auditor::open(settings.spool_bytes_max(Settings::SPOOL_BYTES_MIN)).unwrap();
        let event = |size: usize| {
            let resource =
                format!(r#"{{"id":{{"type":"other","other":{{"value":"{}"}}}},"context":[]}}"#, "x".repeat(size));
            format!(
                r#"{{"type":"audit.3","time":"2026-01-02T03:04:05Z","name":"LOAD","result":"ERROR","categories":["dataLoad"],"producerType":"SERVER","product":"p","productVersion":"1","eventId":"10000000-0000-4000-8000-000000000001","requestFields":{{"loadedResources":[{resource}]}}}}"#
            )
        };
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let refused = Kept::open(&disk, &dir.path().join("refused-records"), "jsonl", 1 << 20, None).unwrap();
        let mut spooler = Spooler::new(auditor, refused, Duration::from_millis(10));
        spooler.patience = Duration::from_millis(100);
        let stop = AtomicBool::new(false);
        let mut chunk = Chunk::new("audit3", "/var/log/x");
        let mut settled = 0;
        chunk.begin(0, b"");
        while settled < 40 {
            chunk.events.push((event(500_000), 0));
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
