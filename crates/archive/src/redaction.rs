//! Redaction: entries lose their content for ever, and everything else stays proven.
//!
//! The log file that holds them is written anew with the hash of each content in its place ([`rewrite`]), and a signed note
//! ([`RedactionNote`]) says that it takes the place of the one that the manifest names. Manifest and hashes stay as they are, so
//! every leaf is found as before. That the organization wanted it stands in its own log, in a `REDACTION` entry: without it
//! rows without content are a finding.
//!
//! Like a sealed run, a file written anew is complete and synced in a folder before any of it is sent, and [`upload`] sends
//! exactly its bytes, however often it takes: an encrypted file has other bytes each time that it is written.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use indelible_event::control::{CONTROL_TYPE, Dropped, REDACTION};
use indelible_event::entry::{Digest as ContentHash, SaltKey};
use indelible_event::{KeyId, Organization};
use indelible_ledger::ContentKeys;
use indelible_merkle::{Note, NoteError, VerifierKey, VerifyNoteError};
use indelible_storage::{Bucket, BucketError, durable};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::inventory::LogFile;
use crate::leaf::LeafHasher;
use crate::lines::{BadLine, Lines, hash32};
use crate::log::LogError;
use crate::log_file::{FileContent, LogFileReader, LogFileSettings, LogFileWriter, ReadError, ReadLimits, WriteError};
use crate::manifest::{MANIFEST_BYTES_MAX, ObjectFacts, origin_parts};
use crate::rows::{Row, RowDecoder, RowError, SEQ_MAX};
use crate::source::Source;
use crate::verify::hash_file;
use crate::{control, layout};

/// Stretches that all redactions of an organization come to at most: the entry that lists them has to fit into a frame.
pub const STRETCHES_MAX: usize = 10_000;

/// First line of a note: what this is, and in which version.
pub(crate) const FORMAT: &str = "indelible/archive/redaction/v1";

const LOG_FILE: &str = "log.parquet";
const NOTE: &str = "note";
const STAGED_PREFIX: &str = "redacted-";
const UNFINISHED_PREFIX: &str = "tmp-";

/// Whether an entry of this `type` and `name` says what is redacted.
pub fn is_redaction(kind: &str, name: Option<&str>) -> bool {
    kind == CONTROL_TYPE && name == Some(REDACTION)
}

/// What a redaction entry with this content part says is redacted.
///
/// # Errors
/// What is wrong with it.
pub fn read(content: &[u8]) -> Result<Vec<Dropped>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Extra {
        redaction: Payload,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Payload {
        redacted: Vec<Dropped>,
    }
    let Extra { redaction } = control::extra(content)?;
    match redaction.redacted.iter().find(|stretch| stretch.first > stretch.last) {
        Some(Dropped { first, last, .. }) => Err(format!("the stretch {first} to {last} ends before it begins")),
        None => Ok(redaction.redacted),
    }
}

/// What of `stretches` lies within the entries `first` to `last` of a generation, in the same order.
pub fn within(stretches: &[Dropped], generation: u32, first: u64, last: u64) -> Vec<Dropped> {
    let of_generation = stretches.iter().filter(|stretch| stretch.generation == generation);
    let cut = |stretch: &Dropped| {
        let (first, last) = (stretch.first.max(first), stretch.last.min(last));
        (first <= last).then_some(Dropped { generation, first, last })
    };
    of_generation.filter_map(cut).collect()
}

/// Whether the entry is in one of `stretches`, which are of one generation and ascending.
pub fn holds(stretches: &[Dropped], seq: u64) -> bool {
    let place = stretches.partition_point(|stretch| stretch.last < seq);
    stretches.get(place).is_some_and(|stretch| stretch.first <= seq)
}

/// How many entries `stretches`, none of which meet, are.
pub fn entries(stretches: &[Dropped]) -> u64 {
    stretches.iter().map(|stretch| stretch.last - stretch.first + 1).sum()
}

/// Says which file took the place of a log file. Nothing of it is to be believed before the note's signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedactionNote {
    /// Whose entries.
    pub organization: Organization,
    /// Origin of the log.
    pub origin: String,
    /// The key it is signed with, under the origin as name.
    pub key: VerifierKey,
    /// SHA-256 of the manifest of the run, signature included.
    pub manifest: [u8; 32],
    /// `seq` of the first entry of the run.
    pub first: u64,
    /// `seq` of the last.
    pub last: u64,
    /// Counts from 1 for each run; the highest holds.
    pub number: u32,
    /// Rows without content in the file.
    pub redacted: u64,
    /// When it was written, microseconds since 1970 UTC.
    pub made_us: i64,
    /// Name of the file within the generation's folder.
    pub name: String,
    /// What it must be.
    pub log_file: ObjectFacts,
}

/// Bytes are not a note about a redaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteFault {
    /// Longer than one can be.
    #[error("it has {0} bytes, which is more than a note can have")]
    TooLong(usize),
    /// Not a signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A line is missing, or is not as it is written.
    #[error(transparent)]
    Line(#[from] BadLine),
    /// The lines are good and contradict each other.
    #[error("it contradicts itself: {0}")]
    Contradiction(&'static str),
    /// It has another number of signatures than one.
    #[error("it has signatures other than that of its log")]
    Signatures,
    /// It is not signed with any of the keys of its log.
    #[error(transparent)]
    Signature(#[from] VerifyNoteError),
    /// It is written in another way than the one way there is.
    #[error("it has lines too many, or numbers with zeros ahead")]
    NotCanonical,
}

impl RedactionNote {
    /// Generation of the log.
    pub fn generation(&self) -> u32 {
        origin_parts(&self.origin).map_or(0, |parts| parts.2)
    }

    /// The folder of the generation within the bucket.
    pub fn folder(&self) -> String {
        let label = origin_parts(&self.origin).map_or("", |parts| parts.1);
        layout::generation_folder(label, self.generation())
    }

    /// The note's own name within the generation's folder.
    pub fn note_name(&self) -> String {
        layout::redaction(self.first, self.last, self.number)
    }

    /// The text to be signed.
    pub fn text(&self) -> String {
        let Self { organization, origin, key, manifest, first, last, number, redacted, made_us, name, log_file } = self;
        let mut text = format!("{FORMAT}\norigin {origin}\norganization {organization}\nkey {key}\n");
        // Writing to a string does not fail.
        let _ = writeln!(text, "manifest {}\nfirst {first}\nlast {last}", hex::encode(manifest));
        let _ = writeln!(text, "number {number}\nredacted {redacted}\nmade-us {made_us}");
        let _ = writeln!(text, "object {name} {} {}", log_file.bytes, hex::encode(log_file.sha256));
        text
    }

    /// Reads a note from bytes of unknown origin. Its signature is not checked, only that it is one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<(RedactionNote, Note), NoteFault> {
        if bytes.len() > MANIFEST_BYTES_MAX {
            return Err(NoteFault::TooLong(bytes.len()));
        }
        let note = Note::from_bytes(bytes)?;
        let read = Self::parse_text(note.text())?;
        if note.signatures().len() != 1 {
            return Err(NoteFault::Signatures);
        }
        if note.to_string().as_bytes() != bytes || read.text() != note.text() {
            return Err(NoteFault::NotCanonical);
        }
        Ok((read, note))
    }

    fn parse_text(text: &str) -> Result<RedactionNote, NoteFault> {
        let mut lines = Lines::of(text, FORMAT)?;
        let origin: String = lines.value("origin")?;
        let (organization, key) = (lines.value("organization")?, lines.value("key")?);
        let manifest = hash32(lines.text("manifest")?).ok_or(BadLine("manifest"))?;
        let (first, last) = (lines.value("first")?, lines.value("last")?);
        let (number, redacted, made_us) = (lines.value("number")?, lines.value("redacted")?, lines.value("made-us")?);
        let (name, log_file) = lines.object("object")?;
        let name = name.to_owned();
        let note = RedactionNote {
            organization,
            origin,
            key,
            manifest,
            first,
            last,
            number,
            redacted,
            made_us,
            name,
            log_file,
        };
        note.check()?;
        Ok(note)
    }

    fn check(&self) -> Result<(), NoteFault> {
        let contradiction = |what| Err(NoteFault::Contradiction(what));
        if origin_parts(&self.origin).is_none() {
            return Err(BadLine("origin").into());
        }
        if self.key.name() != self.origin {
            return contradiction("the key's name is not the origin");
        }
        if self.first > self.last || self.last > SEQ_MAX || self.number == 0 {
            return contradiction("first, last and number are none");
        }
        if self.redacted == 0 || self.redacted > self.last - self.first + 1 {
            return contradiction("it redacts no entry, or more than there are");
        }
        if !is_log_file(&self.name, self.first, self.last, &self.log_file.sha256) {
            return contradiction("the name of its file does not follow from its run and hash");
        }
        Ok(())
    }
}

/// Whether a log file of that run with that hash has this name, on whatever day it was received.
fn is_log_file(name: &str, first: u64, last: u64, sha256: &[u8; 32]) -> bool {
    let expected = layout::log_file(0, first, last, sha256);
    let parts = (name.split_once('/'), expected.split_once('/'));
    let (Some((log, rest)), Some((_, expected))) = parts else { return false };
    let ends = (rest.split_once('/'), expected.split_once('/'));
    log == "log" && matches!(ends, (Some((_, end)), Some((_, expected))) if end == expected)
}

/// Why a log file could not be written anew. It is where it was.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// It cannot be read.
    #[error("read {object}: {source}")]
    Read {
        /// The object.
        object: String,
        /// Why.
        source: io::Error,
    },
    /// It is not what was signed.
    #[error("{0} is not what was signed; run `indelible archive verify`")]
    Changed(String),
    /// It is encrypted under a key that is not there.
    #[error("{object} is encrypted under key {key}, which is not in keys/content of the data folder")]
    Closed {
        /// The object.
        object: String,
        /// The key.
        key: KeyId,
    },
    /// What is to be redacted is an entry about the log itself.
    #[error("entry {0} is about the log itself and cannot be redacted")]
    Control(u64),
    /// It cannot be read as a log file.
    #[error(transparent)]
    LogFile(#[from] ReadError),
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The new file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The new file, read back, does not lead to the same leaves.
    #[error(
        "the file written in the place of {0} does not hold the same entries; the disk is damaged, nothing was sent"
    )]
    OtherLeaves(String),
    /// The note could not be signed.
    #[error("sign the note about the redaction")]
    Sign(#[source] LogError),
    /// A file operation failed.
    #[error("{action} {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A folder of a file that was written anew does not hold what it must.
    #[error("{} is damaged: {what}; remove it and restart, the file is written again", path.display())]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// A log file that is to be written anew.
pub struct Rewrite<'a> {
    /// Where the archive is read.
    pub source: &'a dyn Source,
    /// The log file as it is now.
    pub file: &'a LogFile,
    /// SHA-256 of the manifest of its run.
    pub manifest: [u8; 32],
    /// Origin of its log.
    pub origin: &'a str,
    /// The key that signs the note, under the origin as name.
    pub key: VerifierKey,
    /// Number of the note: one more than that of the last.
    pub number: u32,
    /// What is to have no content, ascending; entries outside of the file are left out.
    pub redacted: &'a [Dropped],
    /// Keys of encrypted content.
    pub content_keys: &'a ContentKeys,
    /// The salt key of the log.
    pub salt_key: &'a SaltKey,
    /// The folder where files wait for their upload; it is made if absent.
    pub staging: &'a Path,
    /// The time now, microseconds since 1970 UTC.
    pub now_us: i64,
}

impl Rewrite<'_> {
    /// Writes the file anew, reads it back, compares every leaf with that of the file as it is, and has the note signed.
    /// `None` where there is nothing left to redact, because the content key was destroyed. Blocks.
    ///
    /// Memory: that of reading and of writing a log file.
    ///
    /// # Errors
    /// When anything about the file, the new one or the disk is not as it must be.
    pub fn stage(self, sign: impl FnOnce(&str) -> Result<Note, LogError>) -> Result<Option<Staged>, RewriteError> {
        durable::create_dir_durable(self.staging).map_err(|source| failed("create", self.staging, source))?;
        let label = origin_parts(self.origin).map_or("", |parts| parts.1);
        let LogFile { generation, first, last, .. } = *self.file;
        let name = format!("{label}-{generation}-{first}-{}", self.number);
        let folder = self.staging.join(format!("{UNFINISHED_PREFIX}{name}"));
        remove_folder(&folder)?;
        fs::create_dir(&folder).map_err(|source| failed("create", &folder, source))?;
        let Some(made) = self.write(&folder.join(LOG_FILE))? else {
            remove_folder(&folder)?;
            return Ok(None);
        };
        let note = RedactionNote {
            organization: self.file.organization.clone(),
            origin: self.origin.to_owned(),
            key: self.key,
            manifest: self.manifest,
            first,
            last,
            number: self.number,
            redacted: made.redacted,
            made_us: self.now_us,
            name: layout::log_file(self.file.received_first_us, first, last, &made.facts.sha256),
            log_file: made.facts,
        };
        let signed = sign(&note.text()).map_err(RewriteError::Sign)?;
        let path = folder.join(NOTE);
        write_file(&path, signed.to_string().as_bytes()).map_err(|source| failed("write", &path, source))?;
        durable::sync_dir(&folder).map_err(|source| failed("sync", &folder, source))?;
        let finished = self.staging.join(format!("{STAGED_PREFIX}{name}"));
        remove_folder(&finished)?;
        fs::rename(&folder, &finished).map_err(|source| failed("rename", &folder, source))?;
        durable::sync_dir(self.staging).map_err(|source| failed("sync", self.staging, source))?;
        Staged::open(&finished).map(Some)
    }

    fn limits(&self) -> ReadLimits {
        let LogFile { rows, canonical_bytes, entry_bytes_max, .. } = *self.file;
        ReadLimits { entries: rows, canonical_bytes, entry_bytes_max }
    }

    fn write(&self, path: &Path) -> Result<Option<Made>, RewriteError> {
        let object = &self.file.object;
        let read = |source| RewriteError::Read { object: object.clone(), source };
        let (mut file, _) = self.source.open(object, self.file.bytes).map_err(read)?;
        let facts = hash_file(&mut file).and_then(|facts| file.rewind().map(|()| facts)).map_err(read)?;
        if facts != (ObjectFacts { bytes: self.file.bytes, sha256: self.file.sha256 }) {
            return Err(RewriteError::Changed(object.clone()));
        }
        let reader = LogFileReader::open(file, &self.limits(), self.content_keys)?;
        let key = match reader.content().clone() {
            FileContent::Plain => None,
            FileContent::Opened(key) => Some(key),
            FileContent::Erased(_) => return Ok(None),
            FileContent::Closed(key) => return Err(RewriteError::Closed { object: object.clone(), key }),
        };
        let encryption = key.as_ref().map(|key| (key, self.salt_key));
        let (organization, settings) = (self.file.organization.as_str(), LogFileSettings::default());
        let mut writer = LogFileWriter::create_redacted(path, organization, &settings, encryption)?;
        let stretches = within(self.redacted, self.file.generation, self.file.first, self.file.last);
        let hide = |seq: u64| holds(&stretches, seq);
        let before = self.visit(reader, |rows, row, parts| {
            let seq = rows.seq(row);
            let (infrastructure, content, hash) = parts;
            let received_at_us = rows.received_at_us(row);
            let entry = Row { organization, seq, received_at_us, infrastructure, content };
            match rows.redacted(row).is_some() || hide(seq) {
                true if rows.kind(row) == CONTROL_TYPE => return Err(RewriteError::Control(seq)),
                true => writer.push_redacted(&entry, hash)?,
                false => writer.push(&entry)?,
            }
            Ok(())
        })?;
        let written = writer.finish()?;
        // What was just written has to be found to be the same entries before any of it counts.
        let file = File::open(path).map_err(|source| failed("open", path, source))?;
        let mut redacted = 0;
        let reader = LogFileReader::open(file, &self.limits(), self.content_keys)?;
        let after = self.visit(reader, |rows, row, _| {
            let is_redacted = rows.redacted(row).is_some();
            redacted += u64::from(is_redacted);
            if is_redacted || !hide(rows.seq(row)) { Ok(()) } else { Err(RewriteError::OtherLeaves(object.clone())) }
        })?;
        if before != after {
            return Err(RewriteError::OtherLeaves(object.clone()));
        }
        Ok(Some(Made { facts: ObjectFacts { bytes: written.bytes, sha256: written.sha256 }, redacted }))
    }

    /// Looks at each row with its two parts and the hash of its content. Returns a hash of all leaves.
    fn visit(
        &self,
        reader: LogFileReader,
        mut look: impl FnMut(&RowDecoder<'_>, usize, (&[u8], &[u8], &ContentHash)) -> Result<(), RewriteError>,
    ) -> Result<[u8; 32], RewriteError> {
        let mut hasher = LeafHasher::new(reader.content().salt_key(self.salt_key));
        let mut leaves = Sha256::new();
        for batch in reader {
            let batch = batch?;
            let rows = RowDecoder::new(&batch)?;
            for row in 0..rows.rows() {
                leaves.update(hasher.leaf(&rows, row)?);
                look(&rows, row, hasher.parts())?;
            }
        }
        Ok(leaves.finalize().into())
    }
}

/// A log file that was written anew.
struct Made {
    facts: ObjectFacts,
    redacted: u64,
}

/// A file that was written anew with its note, complete and synced, that waits to be sent, or to be sent again.
#[derive(Debug, Clone)]
pub struct Staged {
    folder: PathBuf,
    note: RedactionNote,
    note_bytes: Vec<u8>,
}

impl Staged {
    fn open(folder: &Path) -> Result<Staged, RewriteError> {
        let path = folder.join(NOTE);
        let note_bytes = fs::read(&path).map_err(|source| failed("read", &path, source))?;
        let damaged = |what: String| RewriteError::Damaged { path: folder.to_owned(), what };
        let (note, signed) = RedactionNote::parse(&note_bytes).map_err(|fault| damaged(fault.to_string()))?;
        signed.verify(std::slice::from_ref(&note.key)).map_err(|error| damaged(error.to_string()))?;
        Ok(Staged { folder: folder.to_owned(), note, note_bytes })
    }

    /// What its note says.
    pub fn note(&self) -> &RedactionNote {
        &self.note
    }

    /// The note as it is sent.
    pub fn note_bytes(&self) -> &[u8] {
        &self.note_bytes
    }

    /// Removes the folder, durably: once it was uploaded, or is not wanted any more.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove(self) -> Result<(), RewriteError> {
        let staging = self.folder.parent().unwrap_or(Path::new("."));
        let name = self.folder.file_name().unwrap_or_default().to_string_lossy();
        let garbage = staging.join(format!("{UNFINISHED_PREFIX}{name}"));
        remove_folder(&garbage)?;
        fs::rename(&self.folder, &garbage).map_err(|source| failed("rename", &self.folder, source))?;
        durable::sync_dir(staging).map_err(|source| failed("sync", staging, source))?;
        remove_folder(&garbage)
    }
}

/// What in `staging` may not be uploaded yet. Folders of files that were not finished are removed.
///
/// # Errors
/// When the disk fails, or a folder is damaged.
pub fn pending(staging: &Path) -> Result<Vec<Staged>, RewriteError> {
    let list = |source| failed("list", staging, source);
    let entries = match fs::read_dir(staging) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(list)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(list)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(UNFINISHED_PREFIX) {
            remove_folder(&path)?;
        } else if name.starts_with(STAGED_PREFIX) {
            found.push(Staged::open(&path)?);
        }
    }
    found.sort_by(|a, b| {
        let key = |staged: &Staged| (staged.note.origin.clone(), staged.note.first, staged.note.number);
        key(a).cmp(&key(b))
    });
    Ok(found)
}

/// Why a file that was written anew is not, or not provably, in the bucket. Repeat with the same one.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The bucket failed, or holds something else under the name.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The file cannot be read, or is not what was written.
    #[error(transparent)]
    Staged(#[from] RewriteError),
}

/// Puts file and note into the bucket, in this order, each create-only, read back and compared. The file is locked for at
/// least `days` days where the bucket locks at all. Memory: the file.
///
/// # Errors
/// See [`UploadError`].
pub async fn upload(bucket: &Bucket, staged: &Staged, days: u32) -> Result<(), UploadError> {
    let path = staged.folder.join(LOG_FILE);
    let bytes = tokio::fs::read(&path).await.map_err(|source| failed("read", &path, source))?;
    if ObjectFacts::of(&bytes) != staged.note.log_file {
        let what = "the log file is not what was written".to_owned();
        return Err(RewriteError::Damaged { path: staged.folder.clone(), what }.into());
    }
    let folder = staged.note.folder();
    bucket.archive_for(&format!("{folder}/{}", staged.note.name), bytes.into(), days).await?;
    let note = Bytes::copy_from_slice(&staged.note_bytes);
    bucket.archive_for(&format!("{folder}/{}", staged.note.note_name()), note, 0).await?;
    Ok(())
}

/// What the newest redaction entry in `file` says is redacted, and its `seq`; `None` if there is none. Reads all of it; blocks.
///
/// # Errors
/// When it cannot be read.
pub fn newest_in(source: &dyn Source, file: &LogFile) -> Result<Option<(u64, Vec<Dropped>)>, String> {
    control::newest_in(source, file, is_redaction, read)
}

/// Checks the note `bytes` of the object `name`.
pub(crate) fn check(bytes: &[u8], keys: &impl Fn(&str) -> Vec<VerifierKey>) -> Result<RedactionNote, NoteFault> {
    let (note, signed) = RedactionNote::parse(bytes)?;
    signed.verify(&keys(&note.origin))?;
    Ok(note)
}

fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn remove_folder(path: &Path) -> Result<(), RewriteError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path, error)),
        _ => Ok(()),
    }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> RewriteError {
    RewriteError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
