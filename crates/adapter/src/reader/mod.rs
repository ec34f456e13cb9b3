//! From a stream of bytes to records, in bounded memory.
//!
//! Compression is found by its magic. JSON may come as lines, as an array, as arrays inside wrapper objects, pretty-printed
//! or not, and as a column of a CSV export; text as lines. What cannot be read is an error for its place; the records
//! before it count.

mod bytes;
mod csv;
mod json;

use std::collections::{HashMap, HashSet};
use std::io::Read;

use xxhash_rust::xxh3::xxh3_64;

use crate::Input;
use crate::adapter::RECORD_BYTES_MAX;
use crate::refused::{Code, Refused};

use self::bytes::Bytes;

/// How records stand in a file.
#[derive(Debug, Clone)]
pub struct Framing {
    /// What a record is.
    pub input: Input,
    /// Paths of keys to arrays of records in wrapper objects, such as `[["Records"]]`.
    pub records: Vec<Vec<String>>,
    /// The CSV column that holds the record.
    pub column: Option<String>,
}

/// Where a record begins, counted from 1, in the decompressed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Which record of the input.
    pub record: u64,
    /// On which line.
    pub line: u64,
}

/// One record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its bytes as they stand in the input, without white space around them.
    pub bytes: &'a [u8],
    /// How many equal records stood before it in this input.
    pub occurrence: u32,
    /// Where it begins.
    pub place: Place,
}

/// A place of the input that gives no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {}: {reason}", place.line)]
pub struct Unreadable {
    /// Where it begins. It counts as a record.
    pub place: Place,
    /// Why, in the words of a refused record.
    pub reason: Refused,
    /// Nothing after it can be read.
    pub fatal: bool,
}

/// Reads records one by one. Holds one record, a few buffers, and eight to sixteen bytes for each record read.
pub struct Reader<R> {
    bytes: Bytes<R>,
    frames: Option<Frames>,
    framing: Framing,
    record: Vec<u8>,
    seen: Seen,
    count: u64,
    ended: bool,
}

enum Frames {
    Lines,
    Json(json::Frames),
    Csv(csv::Frames),
}

/// How far one record was read.
enum Frame {
    /// `record` holds it; it began on this line.
    Record {
        line: u64,
    },
    /// It cannot be given; reading goes on behind it.
    Bad {
        line: u64,
        reason: Refused,
    },
    /// Nothing more can be read.
    Broken {
        line: u64,
        reason: Refused,
    },
    End,
}

impl<R: Read> Reader<R> {
    /// Reads `input`, plain, gzip (also several members in a row) or zstd.
    pub fn new(input: R, framing: Framing) -> Self {
        Self {
            bytes: Bytes::new(input),
            frames: None,
            framing,
            record: Vec::new(),
            seen: Seen::default(),
            count: 0,
            ended: false,
        }
    }

    /// The next record, or a place that gives none; nothing at the end of the input or after a fatal error.
    #[allow(clippy::should_implement_trait, reason = "the record borrows from the reader")]
    pub fn next(&mut self) -> Option<Result<Record<'_>, Unreadable>> {
        if self.ended {
            return None;
        }
        let (line, error) = match self.frame() {
            Frame::End => {
                self.ended = true;
                return None;
            }
            Frame::Record { line } => (line, None),
            Frame::Bad { line, reason } => (line, Some((reason, false))),
            Frame::Broken { line, reason } => (line, Some((reason, true))),
        };
        self.count += 1;
        let place = Place { record: self.count, line };
        if let Some((reason, fatal)) = error {
            self.ended |= fatal;
            return Some(Err(Unreadable { place, reason, fatal }));
        }
        let bytes = self.record.trim_ascii();
        let occurrence = self.seen.count(xxh3_64(bytes));
        Some(Ok(Record { bytes, occurrence, place }))
    }

    fn frame(&mut self) -> Frame {
        self.record.clear();
        let frames = match &mut self.frames {
            Some(frames) => frames,
            None => match begin(&mut self.bytes, &self.framing) {
                Ok(frames) => self.frames.insert(frames),
                Err(reason) => return Frame::Broken { line: 1, reason },
            },
        };
        match frames {
            Frames::Lines => lines(&mut self.bytes, &mut self.record),
            Frames::Json(frames) => frames.next(&mut self.bytes, &mut self.record),
            Frames::Csv(frames) => frames.next(&mut self.bytes, &mut self.record),
        }
    }
}

fn begin<R: Read>(bytes: &mut Bytes<R>, framing: &Framing) -> Result<Frames, Refused> {
    bytes.skip_mark()?;
    if framing.input == Input::Text {
        return Ok(Frames::Lines);
    }
    bytes.skip_space()?;
    match (&framing.column, bytes.peek()?) {
        (Some(column), Some(byte)) if !matches!(byte, b'{' | b'[') => {
            Ok(Frames::Csv(csv::Frames::begin(bytes, column)?))
        }
        _ => Ok(Frames::Json(json::Frames::new(&framing.records))),
    }
}

/// One line that is not empty.
fn lines<R: Read>(bytes: &mut Bytes<R>, record: &mut Vec<u8>) -> Frame {
    loop {
        record.clear();
        let line = bytes.line();
        match bytes.read_line(record) {
            Err(reason) => return Frame::Broken { line, reason },
            Ok(false) if record.is_empty() => return Frame::End,
            Ok(_) if record.trim_ascii().is_empty() => {}
            Ok(_) if record.len() > RECORD_BYTES_MAX => return Frame::Bad { line, reason: too_large() },
            Ok(_) => return Frame::Record { line },
        }
    }
}

fn too_large() -> Refused {
    Refused::new(Code::TooLarge, format!("the record is larger than {RECORD_BYTES_MAX} bytes"))
}

/// Counts equal records by a hash of their bytes. A collision would only number a record that needs no number.
#[derive(Default)]
struct Seen {
    once: HashSet<u64>,
    more: HashMap<u64, u32>,
}

impl Seen {
    fn count(&mut self, hash: u64) -> u32 {
        if self.once.insert(hash) {
            return 0;
        }
        let count = self.more.entry(hash).or_default();
        *count = count.saturating_add(1);
        *count
    }
}

#[cfg(test)]
mod tests;
