//! How far the spool was answered for, and what the answers said.
//!
//! Three things go forward together: the number of the next event to send, the events that the server refused, and the receipts. They are
//! written in this order: what is kept, then a state that says how long the kept files are and which event is next, then the journal may
//! forget. So whatever a crash leaves half done is behind the state's lengths, is cut off, and comes again with the events that are sent
//! again. Writing is put off for a while: until then a crash repeats more, and the server recognises the repeats.

use std::io;
use std::path::Path;
use std::sync::Arc;

use indelible_journal::LogId;
use indelible_storage::kept::{Kept, Place};
use indelible_storage::{Disk, DiskFile};

/// Name of the file with the state.
pub(crate) const FILE: &str = "progress";
/// Two states stand in the file, so that a torn write leaves the other.
const SLOT_BYTES: u64 = 4096;
const STATE_BYTES: usize = 84;
const MAGIC: [u8; 8] = *b"ispool2\0";
/// Of version 1, which did not count refused records.
const MAGIC_1: [u8; 8] = *b"ispool1\0";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    log: LogId,
    /// Grows with each write; its parity says where the state stands.
    turn: u64,
    next: u64,
    /// Refused records among the frames below `next`.
    records: u64,
    refused: Place,
    receipts: Place,
}

impl State {
    fn encode(&self) -> [u8; STATE_BYTES] {
        let mut bytes = [0; STATE_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..24].copy_from_slice(&self.log.0);
        let Self { turn, next, records, refused, receipts, .. } = *self;
        let numbers = [turn, next, refused.file, refused.bytes, receipts.file, receipts.bytes, records];
        for (place, number) in numbers.iter().enumerate() {
            bytes[24 + 8 * place..32 + 8 * place].copy_from_slice(&number.to_be_bytes());
        }
        let checksum = crc32c::crc32c(&bytes[..STATE_BYTES - 4]);
        bytes[STATE_BYTES - 4..].copy_from_slice(&checksum.to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let length = match bytes.first_chunk()? {
            magic if *magic == MAGIC => STATE_BYTES,
            magic if *magic == MAGIC_1 => STATE_BYTES - 8,
            _ => return None,
        };
        let (fields, checksum) = bytes.get(..length)?.split_last_chunk()?;
        if crc32c::crc32c(fields).to_be_bytes() != *checksum {
            return None;
        }
        let (log, numbers) = fields[MAGIC.len()..].split_first_chunk()?;
        let mut numbers = numbers.as_chunks().0.iter().map(|digits| u64::from_be_bytes(*digits));
        // What a state of version 1 does not have is 0.
        let mut number = || numbers.next().unwrap_or(0);
        Some(Self {
            log: LogId(*log),
            turn: number(),
            next: number(),
            refused: Place { file: number(), bytes: number() },
            receipts: Place { file: number(), bytes: number() },
            records: number(),
        })
    }
}

/// Bounds of what is kept, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) refused: u64,
    pub(crate) receipts: u64,
}

#[derive(Debug)]
pub(crate) struct Progress {
    file: Arc<dyn DiskFile>,
    /// As it was written last.
    state: State,
    refused: Kept,
    receipts: Kept,
    /// The next event to send.
    next: u64,
    /// Refused records before it.
    records: u64,
    /// Not written yet.
    new_refused: Vec<u8>,
    new_receipts: Vec<u8>,
}

impl Progress {
    /// The progress in the folder `dir` of a spool whose journal is `log` and retains the events `first..next`.
    pub(crate) fn open(
        disk: &Arc<dyn Disk>,
        dir: &Path,
        bounds: Bounds,
        log: LogId,
        (first, next): (u64, u64),
    ) -> io::Result<Self> {
        let path = dir.join(FILE);
        let file = match disk.list(dir)?.iter().any(|name| name == FILE) {
            true => disk.open(&path)?,
            false => disk.create(&path)?,
        };
        disk.sync_dir(dir)?;
        let mut found: Option<State> = None;
        for slot in 0..2 {
            let mut bytes = [0; STATE_BYTES];
            let count = file.read_at(&mut bytes, slot * SLOT_BYTES)?;
            let state = State::decode(&bytes[..count]);
            found = found.into_iter().chain(state).max_by_key(|state| state.turn);
        }
        let refused =
            Kept::open(disk, &dir.join("refused"), "jsonl", bounds.refused, found.map(|state| state.refused))?;
        let receipts =
            Kept::open(disk, &dir.join("receipts"), "receipts", bounds.receipts, found.map(|state| state.receipts))?;
        // Of another journal nothing is known but what was kept.
        let (known, records) =
            found.filter(|state| state.log == log).map_or((first, 0), |state| (state.next, state.records));
        let next = known.clamp(first, next);
        let turn = found.map_or(0, |state| state.turn);
        let state = State { log, turn, next, records, refused: refused.place(), receipts: receipts.place() };
        let mut progress =
            Self { file, state, refused, receipts, next, records, new_refused: Vec::new(), new_receipts: Vec::new() };
        // Nothing is kept before a state says up to where.
        if found.is_none() {
            progress.save()?;
        }
        Ok(progress)
    }

    /// The number of the next event to send.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// How many of those before it are refused records.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// The number of the next event to send as far as it is durable: what the journal may forget.
    pub(crate) fn durable(&self) -> u64 {
        self.state.next
    }

    /// Whether there is something to write.
    pub(crate) fn is_dirty(&self) -> bool {
        self.next != self.state.next
    }

    /// Files of refused events and of receipts that were given up for the bounds.
    pub(crate) fn given_up(&self) -> (u64, u64) {
        (self.refused.given_up, self.receipts.given_up)
    }

    /// Notes that the events below `next` were answered for, `records` of them refused records, with lines about those that were refused
    /// and the text of the receipts.
    pub(crate) fn settle(&mut self, next: u64, records: u64, refused: &[u8], receipts: &str) {
        self.next = next;
        self.records += records;
        self.new_refused.extend_from_slice(refused);
        self.new_receipts.extend_from_slice(receipts.as_bytes());
    }

    /// Writes what was settled. On an error nothing is forgotten and the next call tries again.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        if !self.is_dirty() {
            return Ok(());
        }
        self.refused.append(&self.new_refused)?;
        self.new_refused.clear();
        self.receipts.append(&self.new_receipts)?;
        self.new_receipts.clear();
        self.save()
    }

    /// Writes the state as it is now.
    fn save(&mut self) -> io::Result<()> {
        let state = State {
            turn: self.state.turn + 1,
            next: self.next,
            records: self.records,
            refused: self.refused.place(),
            receipts: self.receipts.place(),
            ..self.state
        };
        // A turn is not taken twice: one that failed may stand in its slot.
        self.state.turn = state.turn;
        self.file.write_at(&state.encode(), state.turn % 2 * SLOT_BYTES)?;
        self.file.sync()?;
        self.state = state;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn states_are_read_as_they_were_written_also_those_of_version_1() {
        let place = |file| Place { file, bytes: file + 1 };
        let state = State { log: LogId([7; 16]), turn: 1, next: 2, refused: place(3), receipts: place(5), records: 9 };
        let bytes = state.encode();
        assert_eq!(State::decode(&bytes), Some(state));
        let mut before = bytes[..STATE_BYTES - 12].to_vec();
        before[..8].copy_from_slice(b"ispool1\0");
        before.extend_from_slice(&crc32c::crc32c(&before).to_be_bytes());
        assert_eq!(State::decode(&before), Some(State { records: 0, ..state }));
        before.resize(STATE_BYTES, 0);
        assert_eq!(State::decode(&before), Some(State { records: 0, ..state }));
        for place in 0..STATE_BYTES {
            let mut torn = bytes;
            torn[place] ^= 1;
            assert_eq!(State::decode(&torn), None, "{place}");
            assert_eq!(State::decode(&bytes[..place]), None, "{place}");
        }
    }
}
