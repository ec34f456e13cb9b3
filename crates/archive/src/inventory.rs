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

use crate::manifest::{MANIFEST_BYTES_MAX, Manifest, ManifestError};
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

/// The archived runs of one generation, in order, without gaps.
#[derive(Debug, Default)]
struct Generation {
    /// Also those that the organization's retention has let go of: what is archived ends behind the last.
    files: Vec<Arc<LogFile>>,
    /// `first` of the files that were let go of.
    dropped: BTreeSet<u64>,
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
            std::future::ready(kind == Some("manifest"))
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
                checked.file.read_back_us = Some(stored_us);
                match checked.is_in_place() {
                    true => Ok((checked, bytes)),
                    false => Err(InventoryError::Misplaced { name: checked.name }),
                }
            })
            .buffer_unordered(CONCURRENT_READS);
        let mut found = Vec::new();
        while let Some((manifest, bytes)) = read.try_next().await? {
            if let Some(mirror) = &mut mirror {
                mirror.push(&bytes)?;
            }
            found.push(manifest);
        }
        drop(read);
        for Checked { file, .. } in &mut found {
            file.archived_us = listed.get(&file.object).copied();
        }
        let inventory = Self::of(found)?;
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

    /// The inventory of these manifests, in any order.
    pub(crate) fn of(mut found: Vec<Checked>) -> Result<Inventory, InventoryError> {
        found.sort_by(|a, b| {
            (&a.manifest.origin, a.manifest.facts.first).cmp(&(&b.manifest.origin, b.manifest.facts.first))
        });
        let inventory = Inventory::default();
        for Checked { name, manifest, file, sha256 } in found {
            if !inventory.add(manifest, file, sha256) {
                return Err(InventoryError::Chain { name });
            }
        }
        Ok(inventory)
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
                    let sha256 =
                        |generation: &Generation| generation.files.iter().map(|file| file.sha256).collect::<Vec<_>>();
                    sha256(newer).starts_with(&sha256(generation))
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

/// A manifest whose signature was checked.
pub(crate) struct Checked {
    name: String,
    manifest: Manifest,
    file: LogFile,
    sha256: [u8; 32],
}

impl Checked {
    fn is_in_place(&self) -> bool {
        format!("{}/{}", self.manifest.folder(), self.manifest.name()) == self.name
    }
}

/// Checks the manifest `bytes` of the object `name`.
pub(crate) fn check(
    name: String,
    bytes: &[u8],
    keys: &impl Fn(&str) -> Vec<VerifierKey>,
) -> Result<Checked, InventoryError> {
    let (manifest, note) = match Manifest::parse(bytes) {
        Ok(read) => read,
        Err(source) => return Err(InventoryError::Manifest { name, source }),
    };
    if let Err(source) = note.verify(&keys(&manifest.origin)) {
        return Err(InventoryError::Signature { name, source });
    }
    Ok(Checked { name, file: LogFile::of(&manifest), manifest, sha256: Sha256::digest(bytes).into() })
}

#[cfg(test)]
mod tests;
