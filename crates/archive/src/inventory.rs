//! What is archived: the log files of every organization, as their manifests name them.
//!
//! Read from the bucket when the server starts, and extended after each upload. Only what a manifest names counts; the
//! objects themselves are not looked at here, that is what [`crate::verify`] is for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use futures::{StreamExt as _, TryStreamExt as _};
use indelible_event::{Organization, Reach, Scope};
use indelible_merkle::{VerifierKey, VerifyNoteError};
use indelible_storage::{Bucket, BucketError, ObjectInfo};
use sha2::{Digest as _, Sha256};

use crate::manifest::{MANIFEST_BYTES_MAX, Manifest, ManifestError, ObjectFacts};
use crate::redaction::{self, NoteFault, RedactionNote};
use crate::seal::SealedRun;
use crate::{layout, mirror};

/// Manifests read at the same time.
const CONCURRENT_READS: usize = 16;

/// A log file in the archive: the entries `first` to `last` of one organization, in order, one row each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// Whose entries; every row bears it.
    pub organization: Organization,
    /// Generation of the log; `seq` counts anew in each.
    pub generation: u32,
    /// Name of the object in the bucket.
    pub object: String,
    /// Smallest `seq`.
    pub first: u64,
    /// Largest `seq`.
    pub last: u64,
    /// How many rows.
    pub rows: u64,
    /// Size of the object.
    pub bytes: u64,
    /// Bytes of the canonical parts of all its entries.
    pub canonical_bytes: u64,
    /// Bytes of the canonical parts of the largest.
    pub entry_bytes_max: u64,
    /// SHA-256 of the object.
    pub sha256: [u8; 32],
    /// UTC day of `received_at` of every row, `YYYY-MM-DD`.
    pub date: String,
    /// Smallest `time`, microseconds since 1970 UTC.
    pub time_min_us: i64,
    /// Largest `time`, microseconds since 1970 UTC.
    pub time_max_us: i64,
    /// `received_at` of the first row, microseconds since 1970 UTC.
    pub received_first_us: i64,
    /// `received_at` of the last row, microseconds since 1970 UTC.
    pub received_last_us: i64,
    /// When its run was sealed, microseconds since 1970 UTC.
    pub sealed_us: i64,
    /// When the store took it, by the store's own clock; as `read_back_us` until the archive is read again. `None` while only the
    /// data folder was asked.
    pub archived_us: Option<i64>,
    /// When it had been read back and compared: its manifest is sent only then.
    pub read_back_us: Option<i64>,
}

impl LogFile {
    fn of(manifest: &Manifest) -> LogFile {
        let facts = &manifest.facts;
        let log_file = &manifest.log_file;
        let name = layout::log_file(facts.received_first_us, facts.first, facts.last, &log_file.sha256);
        LogFile {
            organization: manifest.organization.clone(),
            generation: manifest.generation(),
            object: format!("{}/{name}", manifest.folder()),
            first: facts.first,
            last: facts.last,
            rows: manifest.entries(),
            bytes: log_file.bytes,
            canonical_bytes: facts.canonical_bytes,
            entry_bytes_max: facts.entry_bytes_max,
            sha256: log_file.sha256,
            date: manifest.date(),
            time_min_us: facts.time_min_us,
            time_max_us: facts.time_max_us,
            received_first_us: facts.received_first_us,
            received_last_us: facts.received_last_us,
            sealed_us: manifest.sealed_us,
            archived_us: None,
            read_back_us: None,
        }
    }
}

/// Why the archive's contents are not known. Run `indelible verify` for all that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// A manifest cannot be read.
    #[error("manifest {name}: {source}; run `indelible archive verify`")]
    Manifest {
        /// The object.
        name: String,
        /// What is wrong with it.
        source: ManifestError,
    },
    /// A manifest is too large to be one.
    #[error("manifest {name} has {bytes} bytes; run `indelible archive verify`")]
    TooLarge {
        /// The object.
        name: String,
        /// Its length.
        bytes: u64,
    },
    /// A note about a redaction cannot be read, is not signed with this platform's key, or is about no run.
    #[error("redaction note {name}: {fault}; run `indelible archive verify`")]
    Redaction {
        /// The object.
        name: String,
        /// What is wrong with it.
        fault: NoteFault,
    },
    /// A manifest stands under a name that is not its own.
    #[error("manifest {name} belongs under another name; run `indelible archive verify`")]
    Misplaced {
        /// The object.
        name: String,
    },
    /// A manifest is not signed with this platform's key.
    #[error(
        "manifest {name}: {source}; is this the archive of another platform, or were the keys in the data directory replaced?"
    )]
    Signature {
        /// The object.
        name: String,
        /// What is wrong with it.
        source: VerifyNoteError,
    },
    /// The manifests could not be kept in the data folder.
    #[error("keep the archive's manifests in the data folder")]
    Mirror(#[source] std::io::Error),
    /// A manifest does not follow the one before it.
    #[error("manifest {name} does not follow the manifest before it; run `indelible archive verify`")]
    Chain {
        /// The object.
        name: String,
    },
}

/// What is archived, of all organizations. Shared by reference among threads.
#[derive(Debug, Default)]
pub struct Inventory {
    organizations: RwLock<BTreeMap<Organization, BTreeMap<u32, Generation>>>,
    unlisted: Vec<Arc<LogFile>>,
}

/// How often entries of a log file were redacted, and how many of its rows have no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redacted {
    /// Number of the newest note.
    pub number: u32,
    /// Rows without content.
    pub rows: u64,
}

/// A log file that another took the place of, because entries of it are redacted, and that is still there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Superseded {
    /// Whose entries.
    pub organization: Organization,
    /// Generation of the log.
    pub generation: u32,
    /// The object.
    pub object: String,
}

/// The archived runs of one generation, in order, without gaps.
#[derive(Debug, Default)]
struct Generation {
    /// Also those that the organization's retention has let go of: what is archived ends behind the last.
    files: Vec<Arc<LogFile>>,
    /// SHA-256 of the manifest of each.
    manifests: Vec<[u8; 32]>,
    /// `first` of the files that were let go of.
    dropped: BTreeSet<u64>,
    /// The redactions of the file that begins there.
    redacted: BTreeMap<u64, Redacted>,
    /// Objects that newer ones took the place of, and that are there.
    superseded: BTreeSet<String>,
    last: Option<(Arc<Manifest>, [u8; 32])>,
}

impl Generation {
    fn end(&self) -> u64 {
        self.files.last().map_or(0, |file| file.last + 1)
    }

    /// The files that are there, from the place `from` on.
    fn there(&self, from: usize) -> impl Iterator<Item = &Arc<LogFile>> {
        self.files.get(from..).unwrap_or_default().iter().filter(|file| !self.dropped.contains(&file.first))
    }

    /// Place among the files of the one that begins at `seq`, or of the first after it.
    fn place(&self, seq: u64) -> usize {
        self.files.partition_point(|file| file.first < seq)
    }

    /// Puts the file that the note names in the place of the one it was written from, if the note is about a run that is
    /// known. A note that is not newer than what is known changes nothing.
    fn redact(&mut self, note: &RedactionNote) -> bool {
        let place = self.place(note.first);
        let (Some(file), Some(manifest)) = (self.files.get_mut(place), self.manifests.get(place)) else { return false };
        if (file.first, file.last, *manifest) != (note.first, note.last, note.manifest) {
            return false;
        }
        if self.redacted.get(&note.first).is_some_and(|known| known.number >= note.number) {
            return true;
        }
        let object = format!("{}/{}", note.folder(), note.name);
        let ObjectFacts { bytes, sha256 } = note.log_file;
        self.superseded.insert(file.object.clone());
        self.superseded.remove(&object);
        *file = Arc::new(LogFile { object, bytes, sha256, ..LogFile::clone(file) });
        self.redacted.insert(note.first, Redacted { number: note.number, rows: note.redacted });
        true
    }

    /// SHA-256 of the newest manifest.
    fn last_manifest(&self) -> Option<[u8; 32]> {
        self.last.as_ref().map(|(_, sha256)| *sha256)
    }
}

impl Inventory {
    /// Reads all manifests of `bucket`. `keys` answers with the keys that sign the log of an origin; a manifest that none of
    /// them signed, or that does not follow the one before it, is an error.
    pub async fn load(bucket: &Bucket, keys: impl Fn(&str) -> Vec<VerifierKey>) -> Result<Inventory, InventoryError> {
        Self::load_into(bucket, keys, None).await
    }

    /// The same, and copies them into `mirror`.
    pub async fn load_into(
        bucket: &Bucket,
        keys: impl Fn(&str) -> Vec<VerifierKey>,
        mut mirror: Option<&mut mirror::Rewrite>,
    ) -> Result<Inventory, InventoryError> {
        // When the store took each log file.
        let mut listed = BTreeMap::new();
        let objects = bucket.list(layout::ORGANIZATIONS).try_filter(|object| {
            let kind = object.name.split('/').nth(3);
            if kind == Some("log") {
                listed.insert(object.name.clone(), object.stored_us);
            }
            std::future::ready(matches!(kind, Some("manifest" | "redaction")))
        });
        let mut read = objects
            .map_err(InventoryError::from)
            .map(|object| async {
                let ObjectInfo { name, bytes, stored_us } = object?;
                if bytes > MANIFEST_BYTES_MAX as u64 {
                    return Err(InventoryError::TooLarge { name, bytes });
                }
                let bytes = bucket.get(&name).await?;
                let mut checked = check(name, &bytes, &keys)?;
                if let Checked::Manifest { file, .. } = &mut checked {
                    file.read_back_us = Some(stored_us);
                }
                match checked.is_in_place() {
                    true => Ok((checked, bytes)),
                    false => Err(InventoryError::Misplaced { name: checked.name().to_owned() }),
                }
            })
            .buffer_unordered(CONCURRENT_READS);
        let mut found = Vec::new();
        while let Some((checked, bytes)) = read.try_next().await? {
            if let Some(mirror) = &mut mirror {
                mirror.push(&bytes)?;
            }
            found.push(checked);
        }
        drop(read);
        let inventory = Self::of(found)?;
        let mut organizations = inventory.organizations.write().unwrap_or_else(PoisonError::into_inner);
        for generation in organizations.values_mut().flat_map(BTreeMap::values_mut) {
            generation.superseded.retain(|object| listed.contains_key(object));
            for file in &mut generation.files {
                let archived_us = listed.get(&file.object).copied();
                *file = Arc::new(LogFile { archived_us, ..LogFile::clone(file) });
            }
        }
        drop(organizations);
        let organizations = inventory.organizations.read().unwrap_or_else(PoisonError::into_inner);
        let files = organizations.values().flat_map(BTreeMap::values).flat_map(|generation| &generation.files);
        let unlisted = files.filter(|file| !listed.contains_key(&file.object)).cloned().collect();
        drop(organizations);
        Ok(Inventory { unlisted, ..inventory })
    }

    /// The log files that have a manifest and that the bucket did not list when it was read: retention let go of them, or they
    /// are missing. In order.
    pub fn unlisted(&self) -> &[Arc<LogFile>] {
        &self.unlisted
    }

    /// The inventory of these manifests and notes, in any order.
    pub(crate) fn of(found: Vec<Checked>) -> Result<Inventory, InventoryError> {
        let (mut manifests, mut notes) = (Vec::new(), Vec::new());
        for checked in found {
            match checked {
                Checked::Manifest { name, manifest, file, sha256 } => manifests.push((name, manifest, file, sha256)),
                Checked::Redaction { name, note } => notes.push((name, note)),
            }
        }
        manifests.sort_by(|(_, a, ..), (_, b, ..)| (&a.origin, a.facts.first).cmp(&(&b.origin, b.facts.first)));
        notes.sort_by_key(|(_, note)| note.number);
        let inventory = Inventory::default();
        for (name, manifest, file, sha256) in manifests {
            if !inventory.add(*manifest, *file, sha256) {
                return Err(InventoryError::Chain { name });
            }
        }
        for (name, note) in notes {
            if !inventory.redact(&note) {
                let fault = NoteFault::Contradiction("there is no such run");
                return Err(InventoryError::Redaction { name, fault });
            }
        }
        Ok(inventory)
    }

    /// Puts the file that a note names in the place of the one it was written from, for all who ask from now on. Repeating it
    /// changes nothing. `false`, and nothing is changed, if it is about no run that is known.
    #[must_use]
    pub fn redact(&self, note: &RedactionNote) -> bool {
        let mut organizations = self.organizations.write().unwrap_or_else(PoisonError::into_inner);
        let generations = organizations.get_mut(&note.organization);
        let generation = generations.and_then(|generations| generations.get_mut(&note.generation()));
        generation.is_some_and(|generation| generation.redact(note))
    }

    /// The redactions of the log file that begins there, if there were any.
    pub fn redacted(&self, organization: &Organization, generation: u32, first: u64) -> Option<Redacted> {
        self.read(organization, generation, |generation| generation.redacted.get(&first).copied()).flatten()
    }

    /// SHA-256 of the manifest that names the log file that begins there.
    pub fn manifest_of(&self, organization: &Organization, generation: u32, first: u64) -> Option<[u8; 32]> {
        let find = |generation: &Generation| {
            let place = generation.place(first);
            let is_it = generation.files.get(place).is_some_and(|file| file.first == first);
            generation.manifests.get(place).copied().filter(|_| is_it)
        };
        self.read(organization, generation, find).flatten()
    }

    /// The log files that others took the place of and that are still in the bucket, as far as the bucket was asked.
    pub fn superseded(&self) -> Vec<Superseded> {
        let organizations = self.organizations.read().unwrap_or_else(PoisonError::into_inner);
        let of_generation = |organization: &Organization, number: u32, generation: &Generation| {
            let of = |object: &String| Superseded {
                organization: organization.clone(),
                generation: number,
                object: object.clone(),
            };
            generation.superseded.iter().map(of).collect::<Vec<_>>()
        };
        let all = organizations.iter().flat_map(|(organization, generations)| {
            generations.iter().flat_map(move |(number, generation)| of_generation(organization, *number, generation))
        });
        all.collect()
    }

    /// Notes that such a file was removed.
    pub fn forget_superseded(&self, gone: &Superseded) {
        let mut organizations = self.organizations.write().unwrap_or_else(PoisonError::into_inner);
        let generations = organizations.get_mut(&gone.organization);
        if let Some(generation) = generations.and_then(|generations| generations.get_mut(&gone.generation)) {
            generation.superseded.remove(&gone.object);
        }
    }

    /// Takes over what `newer` holds, if that is all of this and perhaps more. `false`, and nothing is changed, if it is not:
    /// then the bucket does not show all that was archived.
    #[must_use]
    pub fn replace(&self, newer: Inventory) -> bool {
        let mut newer = newer.organizations.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut organizations = self.organizations.write().unwrap_or_else(PoisonError::into_inner);
        let is_there = organizations.iter().all(|(organization, generations)| {
            generations.iter().all(|(number, generation)| {
                let newer = newer.get_mut(organization).and_then(|generations| generations.get_mut(number));
                newer.is_some_and(|newer| {
                    newer.dropped.extend(&generation.dropped);
                    let mut redacted = generation.redacted.iter();
                    newer.manifests.starts_with(&generation.manifests)
                        && redacted.all(|(first, known)| {
                            newer.redacted.get(first).is_some_and(|newer| newer.number >= known.number)
                        })
                })
            })
        });
        if is_there {
            *organizations = newer;
        }
        is_there
    }

    /// Adds a run that was uploaded, and read back at that time, microseconds since 1970 UTC. Adding it again changes nothing. `false`, and nothing is added, if it does not follow
    /// what is known of its log.
    #[must_use]
    pub fn extend(&self, run: &SealedRun, read_back_us: i64) -> bool {
        let (archived_us, read_back_us) = (Some(read_back_us), Some(read_back_us));
        let file = LogFile { archived_us, read_back_us, ..LogFile::of(run.manifest()) };
        self.add(run.manifest().clone(), file, run.manifest_sha256())
    }

    fn add(&self, manifest: Manifest, file: LogFile, sha256: [u8; 32]) -> bool {
        let mut organizations = self.organizations.write().unwrap_or_else(PoisonError::into_inner);
        let generations = organizations.entry(manifest.organization.clone()).or_default();
        let generation = generations.entry(manifest.generation()).or_default();
        if generation.last_manifest() == Some(sha256) {
            return true;
        }
        if manifest.facts.first != generation.end() || manifest.previous != generation.last_manifest() {
            return false;
        }
        generation.files.push(Arc::new(file));
        generation.manifests.push(sha256);
        generation.last = Some((Arc::new(manifest), sha256));
        true
    }

    /// Forgets a log file that its organization's retention lets go of. What is archived still ends behind the last file.
    pub fn drop_file(&self, organization: &Organization, generation: u32, first: u64) {
        let mut organizations = self.organizations.write().unwrap_or_else(PoisonError::into_inner);
        let generation = organizations.get_mut(organization).and_then(|generations| generations.get_mut(&generation));
        if let Some(generation) = generation {
            generation.dropped.insert(first);
        }
    }

    /// As [`Self::snapshot`], with where the archive of each generation ended at the same moment: behind the last log file,
    /// also if retention has let go of that.
    pub fn snapshot_with_ends(&self, scope: &impl Reach) -> (Vec<Arc<LogFile>>, BTreeMap<(Organization, u32), u64>) {
        let organizations = self.organizations.read().unwrap_or_else(PoisonError::into_inner);
        let (mut files, mut ends) = (Vec::new(), BTreeMap::new());
        for organization in scope.organizations() {
            for (number, generation) in organizations.get(organization).into_iter().flatten() {
                files.extend(generation.there(0).cloned());
                ends.insert((organization.clone(), *number), generation.end());
            }
        }
        (files, ends)
    }

    /// The log files of the organizations of `scope`, each organization's in order of generation and `seq`.
    pub fn snapshot(&self, scope: &impl Reach) -> Vec<Arc<LogFile>> {
        self.snapshot_with_ends(scope).0
    }

    /// The log files of an organization that begin at `from`, a generation and a `seq`, or later, and that `wanted` wants: in
    /// order, at most `max`.
    pub fn files_from(
        &self,
        organization: &Organization,
        from: (u32, u64),
        wanted: impl Fn(&LogFile) -> bool,
        max: usize,
    ) -> Vec<Arc<LogFile>> {
        let organizations = self.organizations.read().unwrap_or_else(PoisonError::into_inner);
        let generations = organizations.get(organization).into_iter();
        let generations = generations.flat_map(|generations| generations.range(from.0..));
        let files = generations.flat_map(|(number, generation)| {
            generation.there(if *number == from.0 { generation.place(from.1) } else { 0 })
        });
        files.filter(|file| wanted(file)).take(max).cloned().collect()
    }

    /// The log file of an organization that begins at `from`, a generation and a `seq`.
    pub fn file_at(&self, organization: &Organization, from: (u32, u64)) -> Option<Arc<LogFile>> {
        let find = |generation: &Generation| generation.there(generation.place(from.1)).next().cloned();
        self.read(organization, from.0, find).flatten().filter(|file| file.first == from.1)
    }

    /// Name of the log file that begins there, also if retention has let go of it.
    pub fn object_of(&self, organization: &Organization, generation: u32, first: u64) -> Option<String> {
        let find = |generation: &Generation| generation.files.get(generation.place(first)).cloned();
        let file = self.read(organization, generation, find).flatten();
        file.filter(|file| file.first == first).map(|file| file.object.clone())
    }

    /// The end of what is archived of a generation of an organization's log: the `seq` that the next run begins with.
    pub fn archived_end(&self, organization: &Organization, generation: u32) -> u64 {
        self.read(organization, generation, Generation::end).unwrap_or(0)
    }

    /// SHA-256 of the newest manifest of a generation of an organization's log: `previous` of the next run.
    pub fn last_manifest(&self, organization: &Organization, generation: u32) -> Option<[u8; 32]> {
        self.read(organization, generation, Generation::last_manifest).flatten()
    }

    /// The newest manifest of a generation of an organization's log, and its runs: the first `seq` of each and the one
    /// behind its last.
    pub fn generation(&self, organization: &Organization, number: u32) -> Option<(Arc<Manifest>, Vec<(u64, u64)>)> {
        let read = |generation: &Generation| {
            let runs = generation.files.iter().map(|file| (file.first, file.last + 1)).collect();
            Some((Arc::clone(&generation.last.as_ref()?.0), runs))
        };
        self.read(organization, number, read).flatten()
    }

    /// The generation, of those below `open`, that holds the entry received at this time; `open` if none does. Generations
    /// follow each other in time.
    pub fn generation_at(&self, organization: &Organization, received_at_us: i64, open: u32) -> u32 {
        let organizations = self.organizations.read().unwrap_or_else(PoisonError::into_inner);
        let generations = organizations.get(organization).into_iter().flat_map(|generations| generations.range(..open));
        let ends_before =
            |generation: &Generation| generation.files.last().is_none_or(|file| file.received_last_us < received_at_us);
        let mut holding = generations.filter(|(_, generation)| !ends_before(generation));
        holding.next().map_or(open, |(number, _)| *number)
    }

    /// The organization, of those in `scope`, that has a log with this label and generation in the archive.
    pub fn labelled(&self, scope: &Scope, label: &str, number: u32) -> Option<Organization> {
        let mut organizations = scope.organizations().iter();
        let is_it = |organization: &&Organization| {
            self.generation(organization, number).is_some_and(|(last, _)| last.label() == label)
        };
        organizations.find(is_it).cloned()
    }

    /// The latest `received_at` in the archive, of any organization, microseconds since 1970 UTC: what a server goes on
    /// from whose journal is empty.
    pub fn latest_received_us(&self) -> Option<i64> {
        let organizations = self.organizations.read().unwrap_or_else(PoisonError::into_inner);
        let generations = organizations.values().flat_map(BTreeMap::values);
        generations.filter_map(|generation| Some(generation.files.last()?.received_last_us)).max()
    }

    /// How many log files there are, and their bytes.
    pub fn totals(&self) -> (u64, u64) {
        let organizations = self.organizations.read().unwrap_or_else(PoisonError::into_inner);
        let files = organizations.values().flat_map(BTreeMap::values).flat_map(|generation| generation.there(0));
        files.fold((0, 0), |(count, bytes), file| (count + 1, bytes + file.bytes))
    }

    fn read<T>(&self, organization: &Organization, number: u32, read: impl FnOnce(&Generation) -> T) -> Option<T> {
        let organizations = self.organizations.read().unwrap_or_else(PoisonError::into_inner);
        organizations.get(organization)?.get(&number).map(read)
    }
}

/// A manifest, or a note about a redaction, whose signature was checked.
pub(crate) enum Checked {
    Manifest { name: String, manifest: Box<Manifest>, file: Box<LogFile>, sha256: [u8; 32] },
    Redaction { name: String, note: Box<RedactionNote> },
}

impl Checked {
    fn name(&self) -> &str {
        match self {
            Checked::Manifest { name, .. } | Checked::Redaction { name, .. } => name,
        }
    }

    fn is_in_place(&self) -> bool {
        let own = match self {
            Checked::Manifest { manifest, .. } => format!("{}/{}", manifest.folder(), manifest.name()),
            Checked::Redaction { note, .. } => format!("{}/{}", note.folder(), note.note_name()),
        };
        own == self.name()
    }
}

/// Checks the manifest or note `bytes` of the object `name`.
pub(crate) fn check(
    name: String,
    bytes: &[u8],
    keys: &impl Fn(&str) -> Vec<VerifierKey>,
) -> Result<Checked, InventoryError> {
    if bytes.starts_with(redaction::FORMAT.as_bytes()) {
        return match redaction::check(bytes, keys) {
            Ok(note) => Ok(Checked::Redaction { name, note: Box::new(note) }),
            Err(fault) => Err(InventoryError::Redaction { name, fault }),
        };
    }
    let (manifest, note) = match Manifest::parse(bytes) {
        Ok(read) => read,
        Err(source) => return Err(InventoryError::Manifest { name, source }),
    };
    if let Err(source) = note.verify(&keys(&manifest.origin)) {
        return Err(InventoryError::Signature { name, source });
    }
    let (file, sha256) = (Box::new(LogFile::of(&manifest)), Sha256::digest(bytes).into());
    Ok(Checked::Manifest { name, file, manifest: Box::new(manifest), sha256 })
}

#[cfg(test)]
mod tests;
