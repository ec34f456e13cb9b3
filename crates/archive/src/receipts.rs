//! Receipts: what producers were promised, signed, and held against an archive or a bundle.
//!
//! A file of receipts is signed notes one after another, of any length; each names the places and leaves of the entries
//! of one request. `docs/formats/receipt.md` gives every byte. [`check_archive`] and [`check_bundle`] read such a file
//! once, and hold one note of at most a mebibyte, and 16 bytes for each run of the archive.

mod check;
mod source;

use std::fmt::{self, Write as _};
use std::io::{self, BufRead};

use indelible_merkle::{Hash, MAX_NOTE_BYTES, Note, NoteError, Notes, is_key_name};
use serde::{Deserialize, Serialize};

use crate::lines::{BadLine, Lines};
use crate::rows::SEQ_MAX;

pub use check::{check_archive, check_bundle};

const FORMAT: &str = "indelible/receipt/v1";

/// Receipts in one note, at most.
pub const RECEIPTS_MAX: usize = 4_000;

/// Bytes of the text of one note, at most: half of what a note may have, so that there is room for signatures.
const TEXT_BYTES_MAX: usize = 500_000;

/// The promise that an entry stands at `seq` of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt<'a> {
    /// The log.
    pub origin: &'a str,
    /// The entry's place in it.
    pub seq: u64,
    /// The hash of its leaf.
    pub leaf: Hash,
}

/// The name under which the receipts of a platform are signed.
pub fn key_name(platform: &str) -> String {
    format!("{platform}/receipts")
}

/// The texts to be signed for the receipts of one request, received at `received_us`, microseconds since 1970 UTC.
pub fn texts<'a>(received_us: i64, receipts: impl Iterator<Item = Receipt<'a>>) -> Vec<String> {
    let mut texts: Vec<(String, usize)> = Vec::new();
    for Receipt { origin, seq, leaf } in receipts {
        let is_full = |(text, count): &(String, usize)| *count == RECEIPTS_MAX || text.len() + 1024 > TEXT_BYTES_MAX;
        if texts.last().is_none_or(is_full) {
            texts.push((format!("{FORMAT}\nreceived {received_us}\n"), 0));
        }
        if let Some((text, count)) = texts.last_mut() {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{origin} {seq} {leaf}");
            *count += 1;
        }
    }
    texts.into_iter().map(|(text, _)| text).collect()
}

/// Reads the text of a note: exactly what [`texts`] writes.
///
/// # Errors
/// Names the line.
pub fn read(text: &str) -> Result<(i64, Vec<Receipt<'_>>), BadLine> {
    let mut lines = Lines::of(text, FORMAT)?;
    let received_us: i64 = lines.value("received")?;
    let mut receipts = Vec::new();
    while lines.any() && receipts.len() <= RECEIPTS_MAX {
        receipts.push(read_line(lines.whole("receipt")?).ok_or(BadLine("receipt"))?);
    }
    let written = texts(received_us, receipts.iter().copied());
    if written.len() == 1 && written[0] == text { Ok((received_us, receipts)) } else { Err(BadLine(FORMAT)) }
}

fn read_line(line: &str) -> Option<Receipt<'_>> {
    let mut words = line.split(' ');
    let (origin, seq, leaf) = (words.next()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let good = words.next().is_none() && is_key_name(origin) && seq <= SEQ_MAX;
    good.then_some(Receipt { origin, seq, leaf })
}

/// What became of the receipts of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptReport {
    /// Receipts read.
    pub read: u64,
    /// Entries that are there, with the leaf that was promised.
    pub kept: u64,
    /// Entries that are others, or that are missing though the log goes on or has ended.
    pub broken: u64,
    /// Entries beyond the end of what was looked at.
    pub waiting: u64,
    /// Entries of logs, or places, that were not looked at.
    pub elsewhere: u64,
}

impl fmt::Display for ReceiptReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { read, kept, broken, waiting, elsewhere } = self;
        writeln!(
            f,
            "{read} receipts: {kept} kept, {broken} broken, {waiting} not archived yet, {elsewhere} for what is not here"
        )
    }
}

/// Cuts a file into notes as it is read.
pub(crate) struct NoteReader<R> {
    input: R,
    /// The first line of the next note.
    ahead: String,
}

/// A file is not notes, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadNoteError {
    /// A note is none.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The file failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// How a signature line begins.
const SIGNATURE: &str = "\u{2014} ";

impl<R: BufRead> NoteReader<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, ahead: String::new() }
    }

    /// The next note, or nothing at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<Note>, ReadNoteError> {
        let mut note = std::mem::take(&mut self.ahead);
        let mut signed = false;
        loop {
            let mut line = String::new();
            // A byte more than a note has, to see that there are too many.
            let room = MAX_NOTE_BYTES + 1 - note.len().min(MAX_NOTE_BYTES);
            let read = io::Read::take(&mut self.input, room as u64).read_line(&mut line);
            let ended = match read {
                Ok(bytes) => bytes == 0,
                Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(NoteError::Characters.into()),
                Err(error) => return Err(error.into()),
            };
            let is_signature = line.starts_with(SIGNATURE);
            if ended || (signed && !is_signature) {
                self.ahead = line;
                break;
            }
            signed = signed || (is_signature && note.ends_with("\n\n"));
            note.push_str(&line);
            if note.len() > MAX_NOTE_BYTES {
                return Err(NoteError::TooLong.into());
            }
        }
        if note.is_empty() { Ok(None) } else { Ok(Notes::new(&note).next().transpose()?) }
    }
}

#[cfg(test)]
mod tests;
