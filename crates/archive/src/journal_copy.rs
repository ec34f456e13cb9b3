//! Copies of the journal in the bucket: what is acknowledged gets there long before its log file is sealed.
//!
//! A copy holds a run of journal frames, whatever organizations their entries are of, and says in a signed note what that
//! is. Were the disk lost, [`rebuild`](crate::rebuild) finds in the copies what is in no log file yet. Once it is, the copy
//! has served; copies are the only objects that the server ever removes. `docs/formats/archive.md` gives every byte.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::str::FromStr;

use bytes::Bytes;
use indelible_event::Organization;
use indelible_merkle::{Note, NoteError, VerifierKey};
use indelible_storage::{Bucket, BucketError};
use sha2::{Digest as _, Sha256};

use crate::layout::{self, CopyName};
use crate::manifest::{ObjectFacts, origin_parts};
use crate::rows::SEQ_MAX;

/// Bytes of frames after which a copy ends. The frame that passes it is still in.
pub const COPY_BYTES: u64 = 64 << 20;
/// Logs with entries in one copy at most: its note names each.
pub const COPY_LOGS_MAX: usize = 2000;

/// Longest copy as an object. Compression may add a little.
pub const COPY_OBJECT_BYTES_MAX: u64 = PAYLOAD_BYTES_MAX + (2 << 20);

/// Longest copy in bytes of frames: room for one whole frame beyond [`COPY_BYTES`].
const PAYLOAD_BYTES_MAX: u64 = COPY_BYTES + (64 << 20);
const MAGIC: &[u8; 8] = b"indelcpy";
/// First line of the note.
const FORMAT: &str = "indelible/journal-copy/v1";
/// Bytes before the body of a frame: number, `received_at`, length.
const FRAME_HEADER_BYTES: usize = 20;
/// Journal frames compress well at any level, and this is the quickest.
const COMPRESSION_LEVEL: i32 = 1;

/// The entries of one log in a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedLog {
    /// The number that stands for it in the records.
    pub number: u32,
    /// `<platform>/<label>/<generation>`
    pub origin: String,
    /// Whose log.
    pub organization: Organization,
    /// Smallest `seq`.
    pub first: u64,
    /// Largest `seq`.
    pub last: u64,
}

/// What a copy's note says. Nothing of it is to be believed before the signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyFacts {
    /// First part of the origin of all logs.
    pub platform: String,
    /// Generation of all logs.
    pub generation: u32,
    /// Numbers of the first and the last frame; all between them are there.
    pub frames: (u64, u64),
    /// `received_at` of the first and the last frame, microseconds since 1970 UTC.
    pub received_us: (i64, i64),
    /// The key it is signed with, under the name of [`key_name`](Self::key_name).
    pub key: VerifierKey,
    /// The logs with entries in it, by number.
    pub logs: Vec<CopiedLog>,
    /// The frames, not compressed.
    pub payload: ObjectFacts,
}

/// Bytes are not a copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The note is missing or cut.
    #[error("it does not begin as a copy of the journal does")]
    Head,
    /// Not a signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A line of the note is missing, or is not as it is written.
    #[error("its note's line {0:?} is missing or wrong")]
    Line(&'static str),
    /// The note is written in another way than the one way there is.
    #[error("its note has lines too many, or numbers with zeros ahead")]
    NotCanonical,
    /// The frames do not decompress.
    #[error("its frames cannot be decompressed: {0}")]
    Compression(std::io::Error),
    /// The frames are not those that were signed.
    #[error("its frames are not what was signed")]
    Payload,
    /// The frames, though what was signed, are not frames.
    #[error("at byte {0} of its frames there is none")]
    Frame(usize),
}

impl CopyFacts {
    /// The name under which copies of a platform's journal are signed.
    pub fn key_name(platform: &str) -> String {
        format!("{platform}/journal")
    }

    /// The text to be signed.
    fn text(&self) -> String {
        let Self { platform, generation, frames, received_us, key, logs, payload } = self;
        let mut text = format!(
            "{FORMAT}\nplatform {platform}\ngeneration {generation}\nframes {} {}\nreceived-us {} {}\nkey {key}\n",
            frames.0, frames.1, received_us.0, received_us.1
        );
        for CopiedLog { number, origin, organization, first, last } in logs {
            // Writing to a string does not fail.
            let _ = writeln!(text, "log {number} {origin} {organization} {first} {last}");
        }
        let _ = writeln!(text, "payload {} {}", payload.bytes, hex::encode(payload.sha256));
        text
    }

    fn parse(text: &str) -> Result<CopyFacts, CopyError> {
        let mut lines = text.lines().peekable();
        let mut words = |name: &'static str| {
            let line = lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.map(|line| line.split(' ').collect::<Vec<_>>()).ok_or(CopyError::Line(name))
        };
        let platform = one(&words("platform")?, "platform")?;
        let generation = one(&words("generation")?, "generation")?;
        let frames = pair(&words("frames")?, "frames")?;
        let received_us = pair(&words("received-us")?, "received-us")?;
        let key = one(&words("key")?, "key")?;
        let mut logs = Vec::new();
        while lines.peek().is_some_and(|line| line.starts_with("log ")) && logs.len() < COPY_LOGS_MAX {
            let line = lines.next().unwrap_or_default();
            logs.push(copied_log(line).ok_or(CopyError::Line("log"))?);
        }
        let payload = lines.next().and_then(|line| line.strip_prefix("payload ")?.split_once(' '));
        let payload = payload.and_then(|(bytes, sha256)| {
            let mut facts = ObjectFacts { bytes: bytes.parse().ok()?, sha256: [0; 32] };
            hex::decode_to_slice(sha256, &mut facts.sha256).ok()?;
            Some(facts)
        });
        let payload = payload.filter(|facts| facts.bytes <= PAYLOAD_BYTES_MAX).ok_or(CopyError::Line("payload"))?;
        Ok(CopyFacts { platform, generation, frames, received_us, key, logs, payload })
    }

    fn check(&self) -> Result<(), CopyError> {
        let of_generation = |log: &CopiedLog| {
            origin_parts(&log.origin)
                .is_some_and(|(platform, _, generation)| platform == self.platform && generation == self.generation)
                && log.first <= log.last
                && log.last <= SEQ_MAX
        };
        match () {
            () if self.frames.0 > self.frames.1 => Err(CopyError::Line("frames")),
            () if self.received_us.0 > self.received_us.1 => Err(CopyError::Line("received-us")),
            () if self.key.name() != Self::key_name(&self.platform) => Err(CopyError::Line("key")),
            () if !self.logs.iter().all(of_generation) => Err(CopyError::Line("log")),
            () if !self.logs.is_sorted_by(|a, b| a.number < b.number) => Err(CopyError::Line("log")),
            () => Ok(()),
        }
    }
}

fn one<T: FromStr>(words: &[&str], name: &'static str) -> Result<T, CopyError> {
    match words {
        [word] => word.parse().map_err(|_| CopyError::Line(name)),
        _ => Err(CopyError::Line(name)),
    }
}

fn pair<T: FromStr>(words: &[&str], name: &'static str) -> Result<(T, T), CopyError> {
    match words {
        [a, b] => a.parse().ok().zip(b.parse().ok()).ok_or(CopyError::Line(name)),
        _ => Err(CopyError::Line(name)),
    }
}

fn copied_log(line: &str) -> Option<CopiedLog> {
    let words: Vec<&str> = line.split(' ').collect();
    let ["log", number, origin, organization, first, last] = words[..] else { return None };
    Some(CopiedLog {
        number: number.parse().ok()?,
        origin: origin.to_owned(),
        organization: organization.parse().ok()?,
        first: first.parse().ok()?,
        last: last.parse().ok()?,
    })
}

/// A copy while it is made. Frames are compressed as they come.
pub struct CopyWriter {
    encoder: zstd::Encoder<'static, Vec<u8>>,
    hasher: Sha256,
    bytes: u64,
    frames: Option<(u64, u64)>,
    received_us: (i64, i64),
}

impl CopyWriter {
    /// An empty one.
    pub fn new() -> std::io::Result<CopyWriter> {
        let encoder = zstd::Encoder::new(Vec::new(), COMPRESSION_LEVEL)?;
        Ok(CopyWriter { encoder, hasher: Sha256::new(), bytes: 0, frames: None, received_us: (0, 0) })
    }

    /// Adds a frame, whose number follows that of the one before.
    pub fn push(&mut self, number: u64, received_at_us: i64, body: &[u8]) -> std::io::Result<()> {
        let mut header = [0; FRAME_HEADER_BYTES];
        header[..8].copy_from_slice(&number.to_le_bytes());
        header[8..16].copy_from_slice(&received_at_us.to_le_bytes());
        header[16..].copy_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
        for bytes in [&header[..], body] {
            self.hasher.update(bytes);
            self.encoder.write_all(bytes)?;
            self.bytes += bytes.len() as u64;
        }
        let (first, oldest) = self.frames.map_or((number, received_at_us), |frames| (frames.0, self.received_us.0));
        self.frames = Some((first, number));
        self.received_us = (oldest, received_at_us);
        Ok(())
    }

    /// Whether the next copy should begin.
    pub fn is_full(&self) -> bool {
        self.bytes >= COPY_BYTES
    }

    /// Signs what was pushed, of which there must be something; `sign` gets the name of the key and the text. `logs` are
    /// those with entries in it.
    pub fn finish<E>(
        self,
        platform: &str,
        generation: u32,
        key: VerifierKey,
        mut logs: Vec<CopiedLog>,
        sign: impl FnOnce(&str, &str) -> Result<Note, E>,
    ) -> Result<JournalCopy, FinishError<E>> {
        let frames = self.frames.ok_or(FinishError::Empty)?;
        logs.sort_by_key(|log| log.number);
        let facts = CopyFacts {
            platform: platform.to_owned(),
            generation,
            frames,
            received_us: self.received_us,
            key,
            logs,
            payload: ObjectFacts { bytes: self.bytes, sha256: self.hasher.finalize().into() },
        };
        let note = sign(facts.key.name(), &facts.text()).map_err(FinishError::Sign)?.to_string();
        let compressed = self.encoder.finish().map_err(FinishError::Compress)?;
        let mut object = Vec::with_capacity(12 + note.len() + compressed.len());
        object.extend_from_slice(MAGIC);
        object.extend_from_slice(&u32::try_from(note.len()).unwrap_or(u32::MAX).to_le_bytes());
        object.extend_from_slice(note.as_bytes());
        object.extend_from_slice(&compressed);
        Ok(JournalCopy { facts, object: object.into() })
    }
}

/// Why a copy was not made.
#[derive(Debug, thiserror::Error)]
pub enum FinishError<E> {
    /// Nothing was pushed.
    #[error("a copy of the journal holds one frame at least")]
    Empty,
    /// Memory ran out, or the like.
    #[error("compress a copy of the journal")]
    Compress(#[source] std::io::Error),
    /// Signing failed.
    #[error("sign a copy of the journal")]
    Sign(#[source] E),
}

/// A copy as it is, or will be, in the bucket.
#[derive(Debug, Clone)]
pub struct JournalCopy {
    facts: CopyFacts,
    object: Bytes,
}

impl JournalCopy {
    /// What it holds.
    pub fn facts(&self) -> &CopyFacts {
        &self.facts
    }

    /// Bytes of the object.
    pub fn bytes(&self) -> u64 {
        self.object.len() as u64
    }

    /// Its name, which follows from its bytes: made again of the same frames it is the same object, or another one beside
    /// it, and never in conflict.
    pub fn name(&self) -> CopyName {
        CopyName::new(self.facts.generation, self.facts.frames, self.facts.received_us.1, &self.sha256())
    }

    fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.object).into()
    }

    /// Puts it into the bucket, create-only, and reads it back. It may be repeated.
    pub async fn store(&self, bucket: &Bucket) -> Result<(), BucketError> {
        let name = self.name().object();
        bucket.create(&name, self.object.clone()).await?;
        bucket.read_back(&name, &self.sha256(), self.bytes()).await
    }

    /// Reads a copy and the note in it, from bytes of unknown origin. Neither the signature nor the frames are checked.
    pub fn parse(object: Bytes) -> Result<(JournalCopy, Note), CopyError> {
        let note = note_of(&object).ok_or(CopyError::Head)?;
        let note_bytes = note;
        let note = Note::from_bytes(note_bytes)?;
        let text = note.text().strip_prefix(FORMAT).and_then(|text| text.strip_prefix('\n'));
        let facts = CopyFacts::parse(text.ok_or(CopyError::Line(FORMAT))?)?;
        facts.check()?;
        if facts.text() != note.text() || note.to_string().as_bytes() != note_bytes {
            return Err(CopyError::NotCanonical);
        }
        Ok((JournalCopy { facts, object }, note))
    }

    /// Decompresses the frames and checks that they are those the note names.
    pub fn frames(&self) -> Result<CopiedFrames, CopyError> {
        let compressed = note_of(&self.object).map_or(&[][..], |note| &self.object[12 + note.len()..]);
        let ObjectFacts { bytes, .. } = self.facts.payload;
        let decoder = zstd::Decoder::new(compressed).map_err(CopyError::Compression)?.single_frame();
        let mut payload = Vec::new();
        // One byte more than was signed, to see that there is no more.
        decoder.take(bytes + 1).read_to_end(&mut payload).map_err(CopyError::Compression)?;
        if ObjectFacts::of(&payload) != self.facts.payload {
            return Err(CopyError::Payload);
        }
        let frames = CopiedFrames { payload: payload.into(), at: 0, next: Some(self.facts.frames.0) };
        let mut last = None;
        for frame in frames.clone() {
            last = Some(frame?.number);
        }
        if last == Some(self.facts.frames.1) { Ok(frames) } else { Err(CopyError::Frame(frames.payload.len())) }
    }
}

/// The bytes of the note in an object.
fn note_of(object: &[u8]) -> Option<&[u8]> {
    let (length, rest) = object.strip_prefix(MAGIC)?.split_first_chunk::<4>()?;
    rest.get(..usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

/// A frame of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedFrame {
    /// Its number.
    pub number: u64,
    /// `received_at` of its records, microseconds since 1970 UTC.
    pub received_at_us: i64,
    /// Its records.
    pub body: Bytes,
}

/// The frames of a copy, in order. Ends after the first error.
#[derive(Debug, Clone)]
pub struct CopiedFrames {
    payload: Bytes,
    at: usize,
    next: Option<u64>,
}

impl CopiedFrames {
    fn read(&self, expected: u64) -> Option<CopiedFrame> {
        let header = self.payload.get(self.at..)?.first_chunk::<FRAME_HEADER_BYTES>()?;
        let (number, rest) = header.split_first_chunk::<8>()?;
        let (received_at, length) = rest.split_first_chunk::<8>()?;
        let begin = self.at + FRAME_HEADER_BYTES;
        let length = usize::try_from(u32::from_le_bytes(length.try_into().ok()?)).ok()?;
        let end = begin.checked_add(length).filter(|end| *end <= self.payload.len())?;
        let frame = CopiedFrame {
            number: u64::from_le_bytes(*number),
            received_at_us: i64::from_le_bytes(*received_at),
            body: self.payload.slice(begin..end),
        };
        (frame.number == expected).then_some(frame)
    }
}

impl Iterator for CopiedFrames {
    type Item = Result<CopiedFrame, CopyError>;

    fn next(&mut self) -> Option<Self::Item> {
        let expected = self.next.take().filter(|_| self.at < self.payload.len())?;
        let Some(frame) = self.read(expected) else { return Some(Err(CopyError::Frame(self.at))) };
        self.at += FRAME_HEADER_BYTES + frame.body.len();
        self.next = expected.checked_add(1);
        Some(Ok(frame))
    }
}

/// The copies in the bucket, by generation and first frame.
pub async fn list(bucket: &Bucket) -> Result<Vec<CopyName>, BucketError> {
    let objects = bucket.list_sorted(layout::JOURNAL).await?;
    let mut names: Vec<CopyName> = objects.iter().filter_map(|object| CopyName::parse(&object.name)).collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests;
