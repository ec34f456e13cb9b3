//! Where one JSON record ends and the next begins: lines, arrays, arrays inside wrapper objects, one value after another.
//!
//! Only strings, brackets and line ends are looked at; whether a record is well-formed is found out when it is parsed.

use std::io::Read;

use memchr::{memchr, memchr2, memchr3};

use super::bytes::Bytes;
use super::{Frame, too_large};
use crate::adapter::RECORD_BYTES_MAX;
use crate::refused::{Code, Refused};

/// Bytes of a key that are looked at.
const KEY_BYTES: usize = 64;

/// A printer of JSON neither fills the first line of a value nor opens many containers on it.
const PRINTED_LINE_BYTES: usize = 4096;
const PRINTED_LINE_DEPTH: usize = 4;

pub(super) struct Frames {
    /// Paths of keys to arrays of records.
    paths: Vec<Vec<String>>,
    /// What is open around the next record.
    around: Vec<Around>,
    lines: Lines,
}

enum Around {
    /// An array of records.
    Array,
    /// A wrapper object whose array of records was opened; its state there.
    Wrapper(Scan),
}

/// Whether each record is one line; then a line that is broken spoils no other.
#[derive(Clone, Copy, PartialEq)]
enum Lines {
    Unknown,
    Yes,
    No,
}

/// The state of a walk over one value.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The last string at a depth where keys matter.
    text: Vec<u8>,
    /// The keys that lead here, one for each depth where keys matter.
    keys: Vec<Vec<u8>>,
    /// The last byte that is not white space.
    last: u8,
}

/// How a walk ended.
enum Stop {
    /// The value is complete.
    Complete,
    /// An array of records begins.
    Records,
    /// The line ended inside the value.
    Line,
    /// The input ended inside the value.
    End,
}

impl Frames {
    pub(super) fn new(paths: &[Vec<String>]) -> Self {
        Self { paths: paths.to_vec(), around: Vec::new(), lines: Lines::Unknown }
    }

    pub(super) fn next<R: Read>(&mut self, bytes: &mut Bytes<R>, record: &mut Vec<u8>) -> Frame {
        let mut line = bytes.line();
        match self.read(bytes, record, &mut line) {
            Ok(frame) => frame,
            Err(reason) => Frame::Broken { line, reason },
        }
    }

    fn read<R: Read>(&mut self, bytes: &mut Bytes<R>, record: &mut Vec<u8>, line: &mut u64) -> Result<Frame, Refused> {
        loop {
            bytes.skip_space()?;
            *line = bytes.line();
            match (self.around.pop(), bytes.peek()?) {
                (None, None) => return Ok(Frame::End),
                (None, Some(b'[')) => {
                    bytes.consume(1);
                    self.around.push(Around::Array);
                }
                (None, Some(_)) => {
                    let scan = Scan::default();
                    if let Some(frame) = self.value(bytes, record, scan, *line)? {
                        return Ok(frame);
                    }
                }
                (Some(_), None) => return Ok(Frame::Broken { line: *line, reason: cut() }),
                (Some(Around::Array), Some(b']')) => bytes.consume(1),
                (Some(Around::Array), Some(b',')) => {
                    bytes.consume(1);
                    self.around.push(Around::Array);
                }
                (Some(Around::Array), Some(_)) => {
                    self.around.push(Around::Array);
                    return self.element(bytes, record, *line);
                }
                (Some(Around::Wrapper(scan)), Some(_)) => {
                    self.wrapper(bytes, scan)?;
                }
            }
        }
    }

    /// A value that stands alone: a record, or a wrapper around records.
    fn value<R: Read>(
        &mut self,
        bytes: &mut Bytes<R>,
        record: &mut Vec<u8>,
        mut scan: Scan,
        line: u64,
    ) -> Result<Option<Frame>, Refused> {
        if !matches!(bytes.peek()?, Some(b'{' | b'"')) {
            bytes.read_line(record)?;
            return Ok(Some(whole(record, line)));
        }
        let mut newline = None;
        loop {
            match self.walk(bytes, &mut scan, Some(record))? {
                Stop::Complete => {
                    if self.lines == Lines::Unknown && !record.contains(&b'\n') {
                        self.lines = Lines::Yes;
                    }
                    return Ok(Some(whole(record, line)));
                }
                Stop::Records => {
                    record.clear();
                    self.around.push(Around::Wrapper(scan));
                    self.around.push(Around::Array);
                    return Ok(None);
                }
                Stop::End => return Ok(Some(whole(record, line))),
                Stop::Line if self.lines == Lines::Yes || scan.in_string => {
                    if self.lines == Lines::No {
                        let reason = "a string is not closed, so that the next record cannot be found";
                        return Ok(Some(Frame::Broken { line, reason: Refused::new(Code::InvalidJson, reason) }));
                    }
                    self.lines = Lines::Yes;
                    return Ok(Some(whole(record, line)));
                }
                Stop::Line if self.lines == Lines::Unknown && !looks_printed(record, &scan) => {
                    self.lines = Lines::Yes;
                    return Ok(Some(whole(record, line)));
                }
                Stop::Line if matches!(scan.last, b'{' | b'[' | b',' | b':') => newline = None,
                Stop::Line => newline = newline.or(Some(record.len())),
            }
            // Behind a line end, a value goes on with one of these or was broken by it.
            if let Some(end) = newline {
                match bytes.pass_space(record)? {
                    Some(b',' | b'}' | b']' | b':') | None => {
                        self.lines = Lines::No;
                        newline = None;
                    }
                    Some(_) if self.lines == Lines::No => newline = None,
                    Some(_) => {
                        self.lines = Lines::Yes;
                        record.truncate(end);
                        return Ok(Some(whole(record, line)));
                    }
                }
            }
        }
    }

    /// A value in an array of records.
    fn element<R: Read>(&mut self, bytes: &mut Bytes<R>, record: &mut Vec<u8>, line: u64) -> Result<Frame, Refused> {
        let mut scan = Scan::default();
        if !matches!(bytes.peek()?, Some(b'{' | b'[' | b'"')) {
            return scalar(bytes, record, line);
        }
        let paths = std::mem::take(&mut self.paths);
        let stop = loop {
            match self.walk(bytes, &mut scan, Some(record)) {
                Ok(Stop::Line) => {}
                stop => break stop,
            }
        };
        self.paths = paths;
        Ok(match stop? {
            Stop::End => Frame::Broken { line, reason: cut() },
            _ => whole(record, line),
        })
    }

    /// What follows the records inside a wrapper: its end, or another array of records.
    fn wrapper<R: Read>(&mut self, bytes: &mut Bytes<R>, mut scan: Scan) -> Result<(), Refused> {
        loop {
            match self.walk(bytes, &mut scan, None)? {
                Stop::Line => {}
                Stop::Records => {
                    self.around.push(Around::Wrapper(scan));
                    self.around.push(Around::Array);
                    return Ok(());
                }
                Stop::Complete => return Ok(()),
                Stop::End => return Err(cut()),
            }
        }
    }

    /// Walks to the end of the value, the next line end, or an array of records. Keeps what it passes, as far as a record
    /// may reach and one byte more.
    fn walk<R: Read>(
        &self,
        bytes: &mut Bytes<R>,
        scan: &mut Scan,
        mut keep: Option<&mut Vec<u8>>,
    ) -> Result<Stop, Refused> {
        let keys_matter = self.paths.iter().map(Vec::len).max().unwrap_or(0);
        loop {
            let chunk = bytes.chunk()?;
            if chunk.is_empty() {
                return Ok(Stop::End);
            }
            let (passed, stop) = self.step(chunk, scan, keys_matter);
            if let Some(keep) = keep.as_mut() {
                let room = (RECORD_BYTES_MAX + 1).saturating_sub(keep.len());
                keep.extend_from_slice(&chunk[..passed.min(room)]);
            }
            bytes.consume(passed);
            if let Some(stop) = stop {
                return Ok(stop);
            }
        }
    }

    /// Walks through one chunk; says how many bytes it passed and why it stopped before the end.
    fn step(&self, chunk: &[u8], scan: &mut Scan, keys_matter: usize) -> (usize, Option<Stop>) {
        let mut at = 0;
        while at < chunk.len() {
            if scan.in_string {
                let rest = &chunk[at..];
                let run = if scan.escaped { 0 } else { memchr3(b'"', b'\\', b'\n', rest).unwrap_or(rest.len()) };
                if scan.depth <= keys_matter && scan.text.len() < KEY_BYTES {
                    scan.text.extend_from_slice(&rest[..run.min(KEY_BYTES)]);
                }
                at += run;
                let Some(byte) = chunk.get(at) else { break };
                at += 1;
                match byte {
                    b'\n' => return (at, Some(Stop::Line)),
                    _ if scan.escaped => scan.escaped = false,
                    b'\\' => scan.escaped = true,
                    _ => {
                        scan.in_string = false;
                        scan.last = b'"';
                        if scan.depth == 0 {
                            return (at, Some(Stop::Complete));
                        }
                    }
                }
                continue;
            }
            let byte = chunk[at];
            at += 1;
            match byte {
                b'"' => {
                    scan.in_string = true;
                    scan.text.clear();
                }
                b'\n' => return (at, Some(Stop::Line)),
                b' ' | b'\t' | b'\r' => continue,
                b':' if scan.depth <= keys_matter && scan.depth > 0 => scan.remember_key(),
                b'{' | b'[' => {
                    if byte == b'[' && scan.last == b':' && self.leads_to_records(scan) {
                        scan.last = b']';
                        return (at, Some(Stop::Records));
                    }
                    scan.depth += 1;
                }
                b'}' | b']' => {
                    scan.depth = scan.depth.saturating_sub(1);
                    scan.keys.truncate(scan.depth);
                    if scan.depth == 0 {
                        scan.last = byte;
                        return (at, Some(Stop::Complete));
                    }
                }
                _ => {}
            }
            scan.last = byte;
        }
        (at, None)
    }

    fn leads_to_records(&self, scan: &Scan) -> bool {
        self.paths.iter().any(|path| {
            path.len() == scan.depth
                && path.len() == scan.keys.len()
                && path.iter().zip(&scan.keys).all(|(wanted, key)| wanted.as_bytes() == key)
        })
    }
}

impl Scan {
    fn remember_key(&mut self) {
        self.keys.resize_with(self.depth, Vec::new);
        if let Some(key) = self.keys.last_mut() {
            std::mem::swap(key, &mut self.text);
        }
    }
}

/// Whether the first line of a value can be that of a value printed over several lines, rather than a broken one.
fn looks_printed(record: &[u8], scan: &Scan) -> bool {
    let later_line = memchr(b'\n', record).is_some_and(|at| at + 1 < record.len());
    later_line || (record.len() <= PRINTED_LINE_BYTES && scan.depth <= PRINTED_LINE_DEPTH)
}

/// A number or word in an array, which is no record.
fn scalar<R: Read>(bytes: &mut Bytes<R>, record: &mut Vec<u8>, line: u64) -> Result<Frame, Refused> {
    loop {
        let chunk = bytes.chunk()?;
        if chunk.is_empty() {
            return Ok(Frame::Broken { line, reason: cut() });
        }
        let end = memchr2(b',', b']', chunk);
        let part = &chunk[..end.unwrap_or(chunk.len())];
        let room = (RECORD_BYTES_MAX + 1).saturating_sub(record.len());
        record.extend_from_slice(&part[..part.len().min(room)]);
        let passed = part.len();
        bytes.consume(passed);
        if end.is_some() {
            return Ok(whole(record, line));
        }
    }
}

fn whole(record: &[u8], line: u64) -> Frame {
    if record.len() > RECORD_BYTES_MAX { Frame::Bad { line, reason: too_large() } } else { Frame::Record { line } }
}

fn cut() -> Refused {
    Refused::new(Code::Unreadable, "the file ends inside an array of records; fetch it again")
}
