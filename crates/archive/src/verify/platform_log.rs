//! The platform log in an archive: whether its entries give the roots that were signed, and which keys it announces.

use std::collections::BTreeMap;

use indelible_merkle::{
    Checkpoint, Frontier, Hash, KeyChange, Note, PlatformEntry, PlatformEntryError, VerifierKey, leaf_hash,
    read_entry_bundle,
};
use serde::{Deserialize, Serialize};

use super::keys::Rotation;
use super::report::{FindingCode, Problem};
use super::walk::{Objects, Seen};
use crate::platform_log::{ENTRIES_MAX, PlatformFolder, PlatformObject};
use crate::source::Source;

/// Longest object of entries that is read, bytes: longer than any that is written.
const OBJECT_BYTES_MAX: u64 = ENTRIES_MAX * 512;
/// Longest checkpoint that is read, bytes.
const CHECKPOINT_BYTES_MAX: u64 = 1 << 20;
/// Checkpoints that are in memory at a time.
const CHECKPOINTS_AT_ONCE: usize = 16;

/// What is in the archive of one generation of the platform log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlatformReport {
    /// Origin of the log.
    pub origin: String,
    /// The generation.
    pub generation: u32,
    /// Entries covered by the newest checkpoint.
    pub entries: u64,
    /// Changes of keys among them.
    pub key_changes: u64,
    /// Checkpoints whose roots were found again.
    pub checkpoints: u64,
    /// Time of the last epoch, microseconds since 1970 UTC: nothing is said of what came later.
    pub last_us: i64,
    /// Names under which the newest checkpoint bears cosignatures, unchecked: only a policy says whose count.
    pub cosigned_by: Vec<String>,
}

/// A generation of the platform log, read and hashed. Whose signatures count is settled later.
pub(super) struct PlatformLog {
    folder: PlatformFolder,
    /// By size.
    checkpoints: BTreeMap<u64, Stated>,
    /// Changes of keys, with their places.
    pub(super) changes: Vec<(u64, KeyChange)>,
    last_us: i64,
    /// Bytes read.
    pub(super) bytes: u64,
}

/// An archived checkpoint.
struct Stated {
    /// Its object.
    name: String,
    note: Note,
    /// What the entries give, with the object in which they end; `None` where they do not reach it.
    found: Option<(Hash, String)>,
}

impl PlatformLog {
    /// Reads the objects of the generation. What is wrong with them is a finding.
    pub(super) fn read(archive: &dyn Source, generation: u32, objects: &Objects, seen: &mut Seen) -> Self {
        let folder = PlatformFolder { generation };
        let mut log = Self { folder, checkpoints: BTreeMap::new(), changes: Vec::new(), last_us: i64::MIN, bytes: 0 };
        let (mut runs, mut checkpoints) = (BTreeMap::new(), Vec::new());
        for name in objects.keys() {
            let object = PlatformObject::parse(name);
            let full = format!("{}/{name}", folder.name());
            match object {
                Some(PlatformObject::Entries(first, last)) => _ = runs.insert((first, last), full),
                Some(PlatformObject::Checkpoint(size)) => checkpoints.push((size, full)),
                None => seen.find(FindingCode::UnnamedObject, &full, "is no part of a platform log".to_owned()),
            }
        }
        log.read_checkpoints(archive, &checkpoints, seen);
        log.read_entries(archive, &runs, seen);
        log
    }

    fn read_checkpoints(&mut self, archive: &dyn Source, checkpoints: &[(u64, String)], seen: &mut Seen) {
        for checkpoints in checkpoints.chunks(CHECKPOINTS_AT_ONCE) {
            let names: Vec<String> = checkpoints.iter().map(|(_, name)| name.clone()).collect();
            for ((size, name), read) in checkpoints.iter().zip(archive.read(&names, CHECKPOINT_BYTES_MAX)) {
                match read {
                    Ok(bytes) => self.take_checkpoint(*size, name, &bytes, seen),
                    Err(error) => {
                        seen.problems.push(Problem { path: archive.shown(name), message: error.to_string() });
                    }
                }
            }
        }
    }

    fn take_checkpoint(&mut self, size: u64, name: &str, bytes: &[u8], seen: &mut Seen) {
        self.bytes += bytes.len() as u64;
        let note = Note::from_bytes(bytes).ok();
        let stated = note.as_ref().and_then(|note| note.text().parse::<Checkpoint>().ok());
        match (note, stated) {
            (Some(note), Some(stated)) if stated.size == size => {
                self.checkpoints.insert(size, Stated { name: name.to_owned(), note, found: None });
            }
            _ => seen.find(FindingCode::BadCheckpoint, name, format!("is no checkpoint of {size} entries")),
        }
    }

    fn read_entries(&mut self, archive: &dyn Source, runs: &BTreeMap<(u64, u64), String>, seen: &mut Seen) {
        let covered = self.checkpoints.last_key_value().map_or(0, |(size, _)| *size);
        let mut frontier = Frontier::new();
        for ((first, last), name) in runs {
            let size = frontier.size();
            if *first < size {
                let message = format!("repeats entries from {first} on");
                return seen.find(FindingCode::ChangedObject, name, message);
            }
            if *first > size {
                return self.find_missing(PlatformObject::Entries(size, first - 1), seen);
            }
            let Some(bytes) = read(archive, name, OBJECT_BYTES_MAX, seen) else { return };
            self.bytes += bytes.len() as u64;
            let entries = read_entry_bundle(&bytes).filter(|entries| entries.len() as u64 == last - first + 1);
            let Some(entries) = entries else {
                let message = format!("was changed: it does not hold the entries {first} to {last}");
                return seen.find(FindingCode::ChangedObject, name, message);
            };
            for entry in entries {
                self.take(frontier.size(), entry, name, seen);
                frontier.push(leaf_hash(entry));
                if let Some(stated) = self.checkpoints.get_mut(&frontier.size()) {
                    stated.found = Some((frontier.root(), name.clone()));
                }
            }
            // What is uploaded at one time ends at a checkpoint, and only its last object is not full.
            if last - first + 1 < ENTRIES_MAX && !self.checkpoints.contains_key(&frontier.size()) {
                self.find_missing(PlatformObject::Checkpoint(frontier.size()), seen);
            }
        }
        if frontier.size() < covered {
            self.find_missing(PlatformObject::Entries(frontier.size(), covered - 1), seen);
        }
    }

    fn find_missing(&self, object: PlatformObject, seen: &mut Seen) {
        let message = "is missing: it was removed, or an upload was not finished".to_owned();
        seen.find(FindingCode::MissingObject, &format!("{}/{object}", self.folder.name()), message);
    }

    /// Looks at entry `index`.
    fn take(&mut self, index: u64, entry: &[u8], name: &str, seen: &mut Seen) {
        let problem = match PlatformEntry::from_bytes(entry) {
            Ok(PlatformEntry::Epoch(epoch)) if epoch.number != index => {
                Some(format!("says it is epoch {}", epoch.number))
            }
            Ok(PlatformEntry::Epoch(epoch)) if epoch.time < self.last_us => {
                Some("is older than the one before".to_owned())
            }
            Ok(PlatformEntry::Epoch(epoch)) => {
                self.last_us = epoch.time;
                None
            }
            Ok(PlatformEntry::KeyChange(change)) => {
                self.changes.push((index, change));
                None
            }
            // A later version wrote it; the tree covers it all the same.
            Err(PlatformEntryError::UnknownKind) => None,
            Err(error) => Some(error.to_string()),
        };
        if let Some(problem) = problem {
            seen.find(FindingCode::BadPlatformEntry, name, format!("entry {index} of the platform log {problem}"));
        }
    }

    /// The rotations that count.
    pub(super) fn rotations(&self) -> Vec<Rotation> {
        let is_good = |(size, stated): &(&u64, &Stated)| {
            let Ok(checkpoint) = stated.note.text().parse::<Checkpoint>() else { return false };
            let key = self.in_force(**size).and_then(|public| VerifierKey::new(&checkpoint.origin, &public).ok());
            let is_found = stated.found.as_ref().is_some_and(|(root, _)| *root == checkpoint.root);
            is_found && key.is_some_and(|key| Checkpoint::open(&stated.note, &[key]).is_ok())
        };
        let covered = self.checkpoints.iter().rev().find(is_good).map_or(0, |(size, _)| *size);
        let changes = self.changes.iter().filter(|(index, _)| *index < covered);
        changes
            .map(|(_, change)| Rotation { old: *change.old(), new: *change.new_key(), time_us: change.time })
            .collect()
    }

    /// The public key that signs checkpoints of so many entries, as far as changes of keys tell.
    fn in_force(&self, size: u64) -> Option<[u8; 32]> {
        let before = self.changes.iter().rfind(|(index, _)| *index < size).map(|(_, change)| *change.new_key());
        before.or_else(|| self.changes.first().map(|(_, change)| *change.old()))
    }

    /// Checks every checkpoint against `keys`, whose public keys count, and reports what the log holds; `None` if it has no
    /// checkpoint. Without any key there is no log of an organization either, and nothing to hold a signature against.
    pub(super) fn finish(&self, keys: &[VerifierKey], seen: &mut Seen) -> Option<PlatformReport> {
        let mut report = None;
        for (size, Stated { name, note, found }) in &self.checkpoints {
            let Ok(stated) = note.text().parse::<Checkpoint>() else { continue };
            let in_force = self.in_force(*size);
            let counts = |key: &&VerifierKey| in_force.is_none_or(|public| public == *key.public());
            let under_origin =
                keys.iter().filter(counts).filter_map(|key| VerifierKey::new(&stated.origin, key.public()).ok());
            let under_origin: Vec<_> = under_origin.collect();
            let known_origin = stated.origin.ends_with(&format!("/platform/{}", self.folder.generation));
            if !known_origin {
                seen.find(FindingCode::BadCheckpoint, name, format!("is a checkpoint of {}", stated.origin));
            } else if !keys.is_empty()
                && let Err(error) = Checkpoint::open(note, &under_origin)
            {
                seen.find(FindingCode::BadSignature, name, error.to_string());
            }
            if let Some((root, last)) = found
                && *root != stated.root
            {
                let message =
                    format!("states another root than its {size} entries have, the last of which are in {last}");
                seen.find(FindingCode::OtherRoot, name, message);
            }
            let cosigned_by = note.signatures().iter().map(|signature| signature.name.clone());
            report = Some(PlatformReport {
                cosigned_by: cosigned_by.filter(|name| *name != stated.origin).collect(),
                origin: stated.origin,
                generation: self.folder.generation,
                entries: *size,
                key_changes: self.changes.iter().filter(|(index, _)| index < size).count() as u64,
                checkpoints: self.checkpoints.len() as u64,
                last_us: self.last_us,
            });
        }
        report
    }
}

/// A whole object; of a larger one a byte more than it may have.
fn read(archive: &dyn Source, name: &str, bytes_max: u64, seen: &mut Seen) -> Option<Vec<u8>> {
    let read = archive.read(&[name.to_owned()], bytes_max).pop()?;
    read.map_err(|error| seen.problems.push(Problem { path: archive.shown(name), message: error.to_string() })).ok()
}
