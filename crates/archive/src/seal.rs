//! Sealing: a run of acknowledged entries becomes a folder of objects, complete and synced, before any of it is sent.
//!
//! The folder is the local record of the seal: it appears under its name in one step, and from then on
//! [`crate::upload`] sends exactly its bytes, however often it takes. A run that was not finished has another name and
//! is thrown away at the next start; its entries are still in the journal.
//!
//! A run holds entries of one organization received on one UTC day, their content encrypted under one key or none, at most [`RUN_BYTES_MAX`] canonical bytes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use indelible_event::ContentKey;
use indelible_ledger::ContentKeys;
use indelible_merkle::{Frontier, Hash, Run, TILE_WIDTH};
use indelible_storage::durable;
use sha2::{Digest as _, Sha256};

use crate::layout;
use crate::leaf::LeafHasher;
use crate::log::{Log, LogError, LogInfo};
use crate::log_file::{
    LogFileReader, LogFileSettings, LogFileWriter, ReadError, ReadLimits, RunFacts, WriteError, WrittenLogFile,
};
use crate::manifest::{Manifest, ManifestError, ObjectFacts, origin_parts};
use crate::rows::{Row, RowDecoder, RowError};

/// Canonical bytes after which a run must end.
pub const RUN_BYTES_MAX: u64 = 256 << 20;

/// How runs are made.
#[derive(Debug, Clone, Copy)]
pub struct SealSettings {
    /// Canonical bytes after which a run ends, at most [`RUN_BYTES_MAX`]. A run holds one entry at least.
    pub run_bytes: u64,
    /// The layout of the log file.
    pub log_file: LogFileSettings,
}

impl Default for SealSettings {
    fn default() -> Self {
        Self { run_bytes: RUN_BYTES_MAX, log_file: LogFileSettings::default() }
    }
}

/// Files of a sealed run.
const LOG_FILE: &str = "log.parquet";
const TILES: &str = "tiles";
const SALT: &str = "salt";
const MANIFEST: &str = "manifest";

/// How the names of finished and unfinished runs begin.
const RUN_PREFIX: &str = "run-";
const UNFINISHED_PREFIX: &str = "tmp-";

/// Why a run could not be sealed. Its entries are where they were.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The log file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The log file just written cannot be read back.
    #[error("read back the log file just written")]
    ReadBack(#[from] ReadError),
    /// A row just written cannot be read back.
    #[error("read back the log file just written")]
    ReadRow(#[from] RowError),
    /// An entry, read back from the log file, has another leaf than the one its producer holds a receipt for.
    #[error(
        "log of {organization}: entry {seq} in the new log file is not the one in the tree; the journal or the disk is damaged, nothing was archived"
    )]
    OtherLeaf {
        /// Whose log.
        organization: String,
        /// The first such entry.
        seq: u64,
    },
    /// The leaves are right, and the tree over them is not the ledger's.
    #[error(
        "log of {organization}: the new log file does not lead to the root of {size} entries that the ledger has; the ledger is damaged"
    )]
    OtherRoot {
        /// Whose log.
        organization: String,
        /// Size of the tree.
        size: u64,
    },
    /// The tree could not be read, or the checkpoint not be signed.
    #[error("take tree and checkpoint from the ledger")]
    Log(#[source] LogError),
    /// The origin of the log is not one.
    #[error("{0:?} is not the origin of a log: PLATFORM/LABEL/GENERATION")]
    Origin(String),
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
    /// A folder of a sealed run does not hold what it must.
    #[error("{} is damaged: {what}; move it away and restart, its entries are sealed again from the journal", path.display())]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// What [`Sealer::push`] did with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Pushed {
    /// It is in the run.
    Taken,
    /// It belongs into the next run: this one is at its size, or the entry was received on a later day, or its content is
    /// encrypted under another key, or none. Finish.
    RunEnds,
}

/// A run that is being sealed.
pub struct Sealer<'l, L> {
    log: &'l L,
    previous: Option<[u8; 32]>,
    staging: PathBuf,
    folder: PathBuf,
    settings: LogFileSettings,
    /// Made for the first entry, and the key of its content.
    writer: Option<(LogFileWriter, Option<ContentKey>)>,
    first: u64,
    pushed: u64,
    bytes: u64,
    bytes_max: u64,
    day: Option<i64>,
}

impl<'l, L: Log> Sealer<'l, L> {
    /// Begins the run of `log` whose first entry is `first`. `previous` is the SHA-256 of the manifest before it, which
    /// ends at `first - 1`; `None` if `first` is 0. `staging` is a folder that only this server uses, on the disk where
    /// the runs wait for their upload; it is made if absent.
    pub fn begin(log: &'l L, staging: &Path, first: u64, previous: Option<[u8; 32]>) -> Result<Self, SealError> {
        Self::begin_with(log, staging, first, previous, &SealSettings::default())
    }

    /// As [`begin`](Self::begin), with settings.
    pub fn begin_with(
        log: &'l L,
        staging: &Path,
        first: u64,
        previous: Option<[u8; 32]>,
        settings: &SealSettings,
    ) -> Result<Self, SealError> {
        durable::create_dir_durable(staging).map_err(|source| io_error("create", staging, source))?;
        let info = log.info();
        let Some((_, label, generation)) = origin_parts(&info.origin) else {
            return Err(SealError::Origin(info.origin.clone()));
        };
        let folder = staging.join(format!("{UNFINISHED_PREFIX}{label}-{generation}-{first}"));
        remove_folder(&folder)?;
        fs::create_dir(&folder).map_err(|source| io_error("create", &folder, source))?;
        Ok(Self {
            log,
            previous,
            staging: staging.to_owned(),
            folder,
            settings: settings.log_file,
            writer: None,
            first,
            pushed: 0,
            bytes: 0,
            bytes_max: settings.run_bytes.min(RUN_BYTES_MAX),
            day: None,
        })
    }

    /// Adds the next entry. After an error the run is to be dropped.
    pub fn push(&mut self, row: &Row<'_>) -> Result<Pushed, SealError> {
        self.push_under(row, None)
    }

    /// Adds the next entry, whose content is encrypted under `key` if there is one. After an error the run is to be dropped.
    pub fn push_under(&mut self, row: &Row<'_>, key: Option<&ContentKey>) -> Result<Pushed, SealError> {
        let expected = self.first + self.pushed;
        if row.seq != expected {
            let organization = self.log.info().organization.to_string();
            return Err(WriteError::Order { organization, expected, found: row.seq }.into());
        }
        let bytes = self.bytes + (row.infrastructure.len() + row.content.len()) as u64;
        let day = layout::day(row.received_at_us);
        if self.pushed > 0 && (bytes > self.bytes_max || self.day != Some(day)) {
            return Ok(Pushed::RunEnds);
        }
        let (writer, of_run) = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert((create_writer(self.log.info(), &self.folder, &self.settings, key)?, key.cloned())),
        };
        if of_run.as_ref().map(ContentKey::id) != key.map(ContentKey::id) {
            return Ok(Pushed::RunEnds);
        }
        writer.push(row)?;
        (self.pushed, self.bytes, self.day) = (self.pushed + 1, bytes, Some(day));
        Ok(Pushed::Taken)
    }

    /// Entries in the run so far.
    pub fn entries(&self) -> u64 {
        self.pushed
    }

    /// Canonical bytes in the run so far.
    pub fn canonical_bytes(&self) -> u64 {
        self.bytes
    }

    /// Completes the run. What was written is read back first: each row must give the leaf that the ledger has, and the
    /// leaves its root; only then the checkpoint and the manifest are signed.
    ///
    /// On `Ok` the run is on disk under its name and will be found by [`pending`] after any crash. `sealed_us` is the
    /// time now, microseconds since 1970 UTC.
    pub fn finish(self, sealed_us: i64) -> Result<SealedRun, SealError> {
        let (writer, key) = self.writer.ok_or(WriteError::Empty)?;
        let written = writer.finish()?;
        let info = self.log.info();
        let size = written.facts.last + 1;
        let (signed_root, checkpoint) = self.log.sign_checkpoint(size).map_err(SealError::Log)?;
        let (tiles, root) = prove(self.log, &self.folder, &written, key)?;
        if root != signed_root {
            return Err(SealError::OtherRoot { organization: info.organization.to_string(), size });
        }
        write_file(&self.folder.join(SALT), &info.salt_key_bytes)?;
        let manifest = Manifest {
            organization: info.organization.clone(),
            origin: info.origin.clone(),
            key: info.key.clone(),
            previous: self.previous,
            facts: written.facts,
            sealed_us,
            log_file: ObjectFacts { bytes: written.bytes, sha256: written.sha256 },
            tiles,
            salt: ObjectFacts::of(&info.salt_key_bytes),
            root,
            checkpoint_signatures: signature_lines(&checkpoint.to_string()),
        };
        let note = self.log.sign(&manifest.text()).map_err(SealError::Log)?;
        write_file(&self.folder.join(MANIFEST), note.to_string().as_bytes())?;
        sync_dir(&self.folder)?;
        let folder = self.staging.join(run_name(&manifest));
        fs::rename(&self.folder, &folder).map_err(|source| io_error("rename", &self.folder, source))?;
        sync_dir(&self.staging)?;
        SealedRun::open(&folder)
    }
}

fn create_writer(
    info: &LogInfo,
    folder: &Path,
    settings: &LogFileSettings,
    key: Option<&ContentKey>,
) -> Result<LogFileWriter, WriteError> {
    let (path, organization) = (folder.join(LOG_FILE), info.organization.as_str());
    match key {
        Some(key) => LogFileWriter::create_encrypted(&path, organization, settings, key, &info.salt_key),
        None => LogFileWriter::create(&path, organization, settings),
    }
}

/// The lines after the empty one.
fn signature_lines(note: &str) -> Vec<String> {
    let signatures = note.rsplit_once("\n\n").map_or("", |(_, signatures)| signatures);
    signatures.lines().map(str::to_owned).collect()
}

/// Reads the log file back, compares each leaf with the ledger's and writes the object of hashes. Returns its facts and
/// the root of the tree up to the end of the run.
fn prove<L: Log>(
    log: &L,
    folder: &Path,
    written: &WrittenLogFile,
    key: Option<ContentKey>,
) -> Result<(ObjectFacts, Hash), SealError> {
    let LogInfo { organization, salt_key, .. } = log.info();
    let RunFacts { first, last, canonical_bytes, entry_bytes_max, .. } = written.facts;
    let ledger_error = |error: L::Error| SealError::Log(Box::new(error));
    let path = folder.join(LOG_FILE);
    let file = File::open(&path).map_err(|source| io_error("open", &path, source))?;
    let limits = ReadLimits { entries: last - first + 1, canonical_bytes, entry_bytes_max };
    let mut frontier = Frontier::read(log, first).map_err(ledger_error)?;
    let reader = LogFileReader::open(file, &limits, &ContentKeys::holding(key))?;
    let mut hasher = LeafHasher::new(reader.content().salt_key(salt_key));
    let mut tiles = TilesFile::create(&folder.join(TILES))?;
    let mut levels: Vec<Vec<Hash>> = Vec::new();
    let mut leaves: Vec<Hash> = Vec::new();
    let mut expected: Vec<Hash> = Vec::new();
    let mut seq = first;
    for batch in reader {
        let batch = batch?;
        let rows = RowDecoder::new(&batch)?;
        leaves.clear();
        for row in 0..rows.rows() {
            leaves.push(hasher.leaf(&rows, row)?);
        }
        expected.resize(leaves.len(), Hash::ZERO);
        for (place, tile) in expected.chunks_mut(usize::from(TILE_WIDTH)).enumerate() {
            let from = seq + place as u64 * u64::from(TILE_WIDTH);
            log.tile_hashes(0, from, tile).map_err(ledger_error)?;
        }
        if let Some(place) = leaves.iter().zip(&expected).position(|(found, expected)| found != expected) {
            return Err(SealError::OtherLeaf { organization: organization.to_string(), seq: seq + place as u64 });
        }
        frontier.extend_levels(&leaves, &mut levels);
        tiles.write(&leaves)?;
        // Leaves are written as they come, the levels above them afterwards.
        if let Some(leaves) = levels.first_mut() {
            leaves.clear();
        }
        seq += leaves.len() as u64;
    }
    for level in levels.iter().skip(1) {
        tiles.write(level)?;
    }
    debug_assert_eq!(Some(tiles.bytes), Run::new(first, last + 1).map(|run| run.hashes() * 32));
    Ok((tiles.finish()?, frontier.root()))
}

/// The object of hashes while it is written.
struct TilesFile {
    file: BufWriter<File>,
    path: PathBuf,
    hasher: Sha256,
    bytes: u64,
}

impl TilesFile {
    fn create(path: &Path) -> Result<Self, SealError> {
        let file = create_file(path)?;
        Ok(Self { file: BufWriter::new(file), path: path.to_owned(), hasher: Sha256::new(), bytes: 0 })
    }

    fn write(&mut self, hashes: &[Hash]) -> Result<(), SealError> {
        for hash in hashes {
            self.hasher.update(hash);
            self.file.write_all(hash.as_ref()).map_err(|source| io_error("write", &self.path, source))?;
        }
        self.bytes += hashes.len() as u64 * Hash::BYTES as u64;
        Ok(())
    }

    fn finish(self) -> Result<ObjectFacts, SealError> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error);
        file.and_then(|file| file.sync_all()).map_err(|source| io_error("sync", &self.path, source))?;
        Ok(ObjectFacts { bytes: self.bytes, sha256: self.hasher.finalize().into() })
    }
}

/// A complete run that waits to be sent, or to be sent again.
#[derive(Debug, Clone)]
pub struct SealedRun {
    folder: PathBuf,
    manifest: Manifest,
    manifest_bytes: Vec<u8>,
}

impl SealedRun {
    /// Reads the run in `folder` and checks the signature of its manifest, which covers the hashes of the other files. These
    /// are not looked into before they are sent.
    pub fn open(folder: &Path) -> Result<SealedRun, SealError> {
        let damaged = |what: String| SealError::Damaged { path: folder.to_owned(), what };
        let path = folder.join(MANIFEST);
        let manifest_bytes = fs::read(&path).map_err(|source| io_error("read", &path, source))?;
        let (manifest, note) =
            Manifest::parse(&manifest_bytes).map_err(|error: ManifestError| damaged(error.to_string()))?;
        note.verify(std::slice::from_ref(&manifest.key)).map_err(|error| damaged(error.to_string()))?;
        if folder.file_name().is_none_or(|name| name != run_name(&manifest).as_str()) {
            return Err(damaged("it is the folder of another run".to_owned()));
        }
        Ok(SealedRun { folder: folder.to_owned(), manifest, manifest_bytes })
    }

    /// What it holds.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The manifest as it is sent.
    pub fn manifest_bytes(&self) -> &[u8] {
        &self.manifest_bytes
    }

    /// SHA-256 of the manifest: `previous` of the next run.
    pub fn manifest_sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.manifest_bytes).into()
    }

    /// Where the run lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The files that hold the objects the manifest names, in the order of [`Manifest::objects`].
    pub(crate) fn files(&self) -> [PathBuf; 3] {
        [SALT, LOG_FILE, TILES].map(|name| self.folder.join(name))
    }

    /// Removes the folder, durably: to be called once the run was uploaded.
    pub fn remove(self) -> Result<(), SealError> {
        // The manifest goes first, by a name that no start takes for a run: a half-removed folder is garbage.
        let staging = self.folder.parent().unwrap_or(Path::new("."));
        let name = self.folder.file_name().unwrap_or_default().to_string_lossy();
        let garbage = staging.join(format!("{UNFINISHED_PREFIX}{name}"));
        fs::rename(&self.folder, &garbage).map_err(|source| io_error("rename", &self.folder, source))?;
        sync_dir(staging)?;
        remove_folder(&garbage)
    }
}

/// The runs in `staging` that are sealed and may not be uploaded yet, in the order in which they must be. Folders of
/// runs that were not finished are removed. For the start of a server, before the first seal.
pub fn pending(staging: &Path) -> Result<Vec<SealedRun>, SealError> {
    let entries = match fs::read_dir(staging) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|source| io_error("list", staging, source))?,
    };
    let mut runs = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| io_error("list", staging, source))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(UNFINISHED_PREFIX) {
            remove_folder(&path)?;
        } else if name.starts_with(RUN_PREFIX) {
            runs.push(SealedRun::open(&path)?);
        }
    }
    runs.sort_by(|a, b| {
        let key = |run: &SealedRun| (run.manifest.origin.clone(), run.manifest.facts.first);
        key(a).cmp(&key(b))
    });
    Ok(runs)
}

fn run_name(manifest: &Manifest) -> String {
    let RunFacts { first, last, .. } = manifest.facts;
    format!("{RUN_PREFIX}{}-{}-{first}-{last}", manifest.label(), manifest.generation())
}

fn create_file(path: &Path) -> Result<File, SealError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.map_err(|source| io_error("create", path, source))
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), SealError> {
    let mut file = create_file(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|source| io_error("write", path, source))
}

fn sync_dir(path: &Path) -> Result<(), SealError> {
    durable::sync_dir(path).map_err(|source| io_error("sync", path, source))
}

fn remove_folder(path: &Path) -> Result<(), SealError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", path, error)),
        _ => Ok(()),
    }
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> SealError {
    SealError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
