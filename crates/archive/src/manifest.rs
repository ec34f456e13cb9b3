//! The manifest of a run: what was archived, signed and chained to the manifest before it.
//!
//! It is a C2SP signed note whose text has one fact a line, always the same lines in the same order, so that a manifest
//! has exactly one text. `docs/formats/archive.md` describes it line by line.

use std::fmt::Write as _;

use indelible_event::Organization;
use indelible_merkle::{Hash, Note, NoteError, VerifierKey};
use sha2::{Digest as _, Sha256};

use crate::layout;
use crate::lines::{BadLine, Lines, hash32};
use crate::log_file::RunFacts;
use crate::rows::SEQ_MAX;

/// First line of the text: what this is, and in which version.
const FORMAT: &str = "indelible/archive/manifest/v1";

/// Longest manifest in bytes, signatures included.
pub const MANIFEST_BYTES_MAX: usize = 64 << 10;

/// Signature lines of the checkpoint that a manifest may carry: the log's own, later those of witnesses.
const CHECKPOINT_SIGNATURES_MAX: usize = 16;

/// Length and hash of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectFacts {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the object.
    pub sha256: [u8; 32],
}

impl ObjectFacts {
    /// Those of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, sha256: Sha256::digest(bytes).into() }
    }
}

/// An object that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedObject {
    /// Name within the generation's folder.
    pub name: String,
    /// What it must be.
    pub facts: ObjectFacts,
}

/// What a manifest says. Nothing of it is to be believed before the note's signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Whose entries.
    pub organization: Organization,
    /// `<platform>/<label>/<generation>`: the origin of the checkpoint, and the name under which all is signed.
    pub origin: String,
    /// The public key the log is signed with, under the origin as name.
    pub key: VerifierKey,
    /// SHA-256 of the whole manifest before this one, signatures included; `None` in the first of a generation.
    pub previous: Option<[u8; 32]>,
    /// What the run holds.
    pub facts: RunFacts,
    /// When it was sealed, microseconds since 1970 UTC.
    pub sealed_us: i64,
    /// The log file.
    pub log_file: ObjectFacts,
    /// The hashes.
    pub tiles: ObjectFacts,
    /// The salt key.
    pub salt: ObjectFacts,
    /// Root of the tree of `facts.last + 1` leaves.
    pub root: Hash,
    /// Signature lines of the checkpoint of that tree, without their newlines; at least one.
    pub checkpoint_signatures: Vec<String>,
}

/// Bytes are not a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Longer than [`MANIFEST_BYTES_MAX`].
    #[error("a manifest is at most {MANIFEST_BYTES_MAX} bytes long, this has {0}")]
    TooLong(usize),
    /// Not a signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A line is missing, or is not as it is written.
    #[error(transparent)]
    Line(#[from] BadLine),
    /// The lines are good and contradict each other.
    #[error("the manifest contradicts itself: {0}")]
    Contradiction(&'static str),
    /// It is a manifest, written in another way than the one way there is.
    #[error("the manifest has lines too many, or numbers with zeros ahead")]
    NotCanonical,
}

impl Manifest {
    /// The organization's blinded name.
    pub fn label(&self) -> &str {
        origin_parts(&self.origin).map_or("", |parts| parts.1)
    }

    /// Counts from 1.
    pub fn generation(&self) -> u32 {
        origin_parts(&self.origin).map_or(0, |parts| parts.2)
    }

    /// The folder of the generation within the bucket.
    pub fn folder(&self) -> String {
        layout::generation_folder(self.label(), self.generation())
    }

    /// Entries in the run.
    pub fn entries(&self) -> u64 {
        self.facts.last - self.facts.first + 1
    }

    /// Leaves of the tree that the checkpoint is of.
    pub fn size(&self) -> u64 {
        self.facts.last + 1
    }

    /// The UTC day of `received_at` of all its entries, `YYYY-MM-DD`.
    pub fn date(&self) -> String {
        layout::date(self.facts.received_first_us)
    }

    /// The manifest's own name within the generation's folder.
    pub fn name(&self) -> String {
        layout::manifest(self.facts.first, self.facts.last)
    }

    /// Everything the manifest names, in the order in which it is uploaded before the manifest itself.
    pub fn objects(&self) -> [NamedObject; 3] {
        let RunFacts { first, last, received_first_us, .. } = self.facts;
        [
            NamedObject { name: layout::SALT.to_owned(), facts: self.salt },
            NamedObject {
                name: layout::log_file(received_first_us, first, last, &self.log_file.sha256),
                facts: self.log_file,
            },
            NamedObject { name: layout::tiles(first, last), facts: self.tiles },
        ]
    }

    /// The checkpoint of the tree after this run, as C2SP has it.
    pub fn checkpoint(&self) -> Result<Note, NoteError> {
        let mut note = format!("{}\n{}\n{}\n\n", self.origin, self.size(), self.root);
        for line in &self.checkpoint_signatures {
            note.push_str(line);
            note.push('\n');
        }
        note.parse()
    }

    /// The text to be signed.
    pub fn text(&self) -> String {
        let facts = &self.facts;
        let mut text = String::with_capacity(1536);
        let mut line = |name: &str, value: std::fmt::Arguments<'_>| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{name} {value}");
        };
        line("origin", format_args!("{}", self.origin));
        line("organization", format_args!("{}", self.organization));
        line("key", format_args!("{}", self.key));
        match &self.previous {
            Some(hash) => line("previous", format_args!("{}", hex::encode(hash))),
            None => line("previous", format_args!("none")),
        }
        line("first", format_args!("{}", facts.first));
        line("last", format_args!("{}", facts.last));
        line("entries", format_args!("{}", self.entries()));
        line("canonical-bytes", format_args!("{}", facts.canonical_bytes));
        line("entry-bytes-max", format_args!("{}", facts.entry_bytes_max));
        line("time-us", format_args!("{} {}", facts.time_min_us, facts.time_max_us));
        line("received-us", format_args!("{} {}", facts.received_first_us, facts.received_last_us));
        line("sealed-us", format_args!("{}", self.sealed_us));
        for NamedObject { name, facts } in self.objects() {
            line("object", format_args!("{name} {} {}", facts.bytes, hex::encode(facts.sha256)));
        }
        line("size", format_args!("{}", self.size()));
        line("root", format_args!("{}", self.root));
        for signature in &self.checkpoint_signatures {
            line("checkpoint", format_args!("{signature}"));
        }
        format!("{FORMAT}\n{text}")
    }

    /// Reads a manifest and the note it stands in, from bytes of unknown origin. Signatures are not checked.
    pub fn parse(bytes: &[u8]) -> Result<(Manifest, Note), ManifestError> {
        if bytes.len() > MANIFEST_BYTES_MAX {
            return Err(ManifestError::TooLong(bytes.len()));
        }
        let note = Note::from_bytes(bytes)?;
        let manifest = Self::parse_text(note.text())?;
        // One manifest has one sequence of bytes, or its hash would not stand for it.
        if note.to_string().as_bytes() != bytes {
            return Err(ManifestError::NotCanonical);
        }
        Ok((manifest, note))
    }

    fn parse_text(text: &str) -> Result<Manifest, ManifestError> {
        let mut lines = Lines::of(text, FORMAT)?;
        let origin: String = lines.value("origin")?;
        let organization = lines.value("organization")?;
        let key = lines.value("key")?;
        let previous = match lines.text("previous")? {
            "none" => None,
            hash => Some(hash32(hash).ok_or(BadLine("previous"))?),
        };
        let first = lines.value("first")?;
        let last = lines.value("last")?;
        let entries: u64 = lines.value("entries")?;
        let canonical_bytes = lines.value("canonical-bytes")?;
        let entry_bytes_max = lines.value("entry-bytes-max")?;
        let (time_min_us, time_max_us) = lines.pair("time-us", ' ')?;
        let (received_first_us, received_last_us) = lines.pair("received-us", ' ')?;
        let sealed_us = lines.value("sealed-us")?;
        // The names are left to the comparison with the text made anew.
        let mut object = || lines.object("object").map(|(_, facts)| facts);
        let [salt, log_file, tiles] = [object()?, object()?, object()?];
        let size: u64 = lines.value("size")?;
        let root = lines.value("root")?;
        let mut checkpoint_signatures = Vec::new();
        while checkpoint_signatures.len() < CHECKPOINT_SIGNATURES_MAX && lines.any() {
            checkpoint_signatures.push(lines.value("checkpoint")?);
        }
        let facts = RunFacts {
            first,
            last,
            canonical_bytes,
            entry_bytes_max,
            time_min_us,
            time_max_us,
            received_first_us,
            received_last_us,
        };
        check_facts(&facts, entries, size)?;
        let manifest = Manifest {
            organization,
            origin,
            key,
            previous,
            facts,
            sealed_us,
            log_file,
            tiles,
            salt,
            root,
            checkpoint_signatures,
        };
        manifest.check_names()?;
        // Also catches names of objects that do not follow from the rest, and every second way to write a number.
        if manifest.text() == text { Ok(manifest) } else { Err(ManifestError::NotCanonical) }
    }

    fn check_names(&self) -> Result<(), ManifestError> {
        let contradiction = |what| Err(ManifestError::Contradiction(what));
        if origin_parts(&self.origin).is_none() {
            return Err(BadLine("origin").into());
        }
        if self.key.name() != self.origin {
            return contradiction("the key's name is not the origin");
        }
        if self.previous.is_none() != (self.facts.first == 0) {
            return contradiction("the first manifest, and only it, has none before it");
        }
        if self.checkpoint_signatures.is_empty() || self.checkpoint().is_err() {
            return Err(BadLine("checkpoint").into());
        }
        Ok(())
    }
}

fn check_facts(facts: &RunFacts, entries: u64, size: u64) -> Result<(), ManifestError> {
    let contradiction = |what| Err(ManifestError::Contradiction(what));
    if facts.first > facts.last || facts.last > SEQ_MAX {
        return contradiction("first and last are no range");
    }
    if entries != facts.last - facts.first + 1 || size != facts.last + 1 {
        return contradiction("entries and size do not follow from first and last");
    }
    if facts.time_min_us > facts.time_max_us || facts.received_first_us > facts.received_last_us {
        return contradiction("a range of time ends before it begins");
    }
    if layout::day(facts.received_first_us) != layout::day(facts.received_last_us) {
        return contradiction("a run has one date");
    }
    let largest_fits = facts.entry_bytes_max <= facts.canonical_bytes;
    if !largest_fits || facts.entry_bytes_max.saturating_mul(entries) < facts.canonical_bytes {
        return contradiction("the bytes of all entries and of the largest do not fit each other");
    }
    Ok(())
}

/// Platform, label and generation of an origin.
pub(crate) fn origin_parts(origin: &str) -> Option<(&str, &str, u32)> {
    let mut parts = origin.rsplitn(3, '/');
    let (generation, label, platform) = (parts.next()?, parts.next()?, parts.next()?);
    let number: u32 = generation.parse().ok()?;
    let good = number > 0 && number.to_string() == generation && layout::is_label(label) && !platform.is_empty();
    good.then_some((platform, label, number))
}

#[cfg(test)]
mod tests;
