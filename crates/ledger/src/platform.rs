//! The platform log: one entry for each time that organizations' logs became official, which binds them all.
//!
//! Order of what happens to an entry: written and synced; the tree with it signed; the cell of checkpoints replaced; visible.
//! An entry is never taken back once it was synced, whatever fails after it: the next tree that is signed has it too, so no
//! two trees of one size are ever signed. `docs/formats/platform.md` describes the entries.

use crate::{
    Ledger, LedgerError, OpenError, SignedCheckpoint, TreeReader,
    entries::{AppendError, EntryFiles, Position},
    open::read_frontier,
    state::Extent,
    tree::{GrowingTree, Shared},
};
use indelible_merkle::{
    Epoch, Frontier, Hash, Hashes as _, MapProof, Note, PlatformEntry, PrefixMap, TILE_WIDTH, TileCache, TlogProof,
    VerifierKey, consistency_proof, inclusion_proof, leaf_hash, stored_hashes,
};
use indelible_storage::Disk;
use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::{Duration, Instant},
};

/// The folder of the platform log within a ledger's, and its place among labels.
pub(crate) const NAME: &str = "platform";

/// Tells the platform's level files from those of organizations.
const NUMBER: u32 = u32::MAX;

/// Entries that a restart may have to read before the sizes are written down for them alone.
const UNPERSISTED: u64 = 4096;

/// The log of a platform.
pub(crate) struct PlatformLog {
    pub(crate) origin: String,
    pub(crate) generation: u32,
    entries: EntryFiles,
    folder: PathBuf,
    /// The entries that were signed.
    pub(crate) tree: Arc<GrowingTree>,
    newest: RwLock<Newest>,
    writer: Mutex<Writer>,
}

/// What others may see: all of it at once, so that a proof never mixes two epochs.
#[derive(Default)]
struct Newest {
    checkpoint: Option<Arc<SignedCheckpoint>>,
    epoch: Option<Epoch>,
    map: PrefixMap,
}

struct Writer {
    position: Position,
    /// Entries an earlier process wrote and did not sign; they are written again before the next one.
    found: Vec<Vec<u8>>,
    /// All entries, signed or not.
    frontier: Frontier,
    /// Leaves of the entries that are not signed yet.
    unsigned: Vec<Hash>,
    /// Of the last entry, microseconds since 1970.
    time: i64,
    /// When an entry was last written, or the log opened.
    beat: Instant,
}

/// A map with the epoch that states it, before it is durable.
pub(crate) struct Draft {
    pub(crate) epoch: Epoch,
    pub(crate) map: PrefixMap,
}

impl PlatformLog {
    /// Finds the log in `folder`: entries up to what `signed` states, hashes up to what `persisted` says.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        (origin, generation): (String, u32),
        shared: &Shared,
        signed: Option<SignedCheckpoint>,
        persisted: Option<Extent>,
    ) -> Result<Self, OpenError> {
        let damaged = |problem: String| OpenError::Damaged { path: folder.to_owned(), problem };
        let frontier = match persisted {
            Some(extent) => read_frontier(&shared.files, folder, NUMBER, extent)?,
            None => Frontier::new(),
        };
        let (known, size) = (frontier.size(), signed.as_ref().map_or(0, |signed| signed.checkpoint.size));
        if known > size {
            return Err(damaged(format!(
                "its tree has {known} entries and only {size} were signed; an older file of checkpoints was put back"
            )));
        }
        let entries = EntryFiles::new(disk, folder);
        let from = known.min(size.saturating_sub(1));
        let io_error = |source| OpenError::Io { path: entries.path(from), source };
        let mut found = entries.find(from, size).map_err(io_error)?;
        if from + (found.signed.len() as u64) < size {
            let there = from + found.signed.len() as u64;
            return Err(damaged(format!("entry {there} is missing or cut off, and {size} were signed")));
        }
        let tree = GrowingTree::new(folder.to_owned(), NUMBER, frontier.clone());
        let leaves: Vec<_> = found.signed.iter().skip((known - from) as usize).map(|entry| leaf_hash(entry)).collect();
        let opened = tree.append(shared, known, &leaves);
        opened.map_err(|error| damaged(error.to_string()))?;
        if let Some(signed) = &signed
            && tree.extent().root != signed.checkpoint.root
        {
            return Err(damaged(format!(
                "its entries do not give the root that was signed at {size}; they were altered"
            )));
        }
        let epoch = found.signed.last().map(|entry| match PlatformEntry::from_bytes(entry) {
            Ok(PlatformEntry::Epoch(epoch)) => Ok(epoch),
            _ => Err(damaged(format!("its entry {} is no epoch", size - 1))),
        });
        let epoch = epoch.transpose()?;
        let unsigned: Vec<_> = found.unsigned.iter().map(|entry| leaf_hash(entry)).collect();
        let mut frontier = frontier;
        leaves.iter().chain(&unsigned).for_each(|leaf| frontier.push(*leaf));
        let last_time = found.unsigned.iter().filter_map(|entry| time_of(entry)).max();
        let writer = Writer {
            time: last_time.max(epoch.map(|epoch| epoch.time)).unwrap_or(i64::MIN),
            found: std::mem::take(&mut found.unsigned),
            position: found.position,
            frontier,
            unsigned,
            beat: Instant::now(),
        };
        let newest = Newest { checkpoint: signed.map(Arc::new), epoch, map: PrefixMap::default() };
        Ok(Self {
            origin,
            generation,
            entries,
            folder: folder.to_owned(),
            tree: Arc::new(tree),
            newest: RwLock::new(newest),
            writer: Mutex::new(writer),
        })
    }

    /// The epoch that was signed last.
    pub(crate) fn epoch(&self) -> Option<Epoch> {
        self.read(|newest| newest.epoch)
    }

    pub(crate) fn checkpoint(&self) -> Option<Arc<SignedCheckpoint>> {
        self.read(|newest| newest.checkpoint.clone())
    }

    /// Gives the map of the newest epoch back after a restart.
    pub(crate) fn restore(&self, map: PrefixMap) {
        self.newest.write().unwrap_or_else(PoisonError::into_inner).map = map;
    }

    /// Whether nothing was written for so long that a sign of life is due.
    pub(crate) fn is_silent_for(&self, duration: Duration) -> bool {
        self.writer().beat.elapsed() >= duration
    }

    /// Index and time of the next entry, if it is written at `now`.
    pub(crate) fn next(&self, now: i64) -> (u64, i64) {
        let writer = self.writer();
        (writer.frontier.size(), writer.time.max(now))
    }

    /// Whether an earlier process wrote this entry and did not sign it.
    pub(crate) fn has_found(&self, entry: &PlatformEntry) -> bool {
        self.writer().found.contains(&entry.to_bytes())
    }

    /// Writes entries behind the last and syncs them. Returns size and root of the tree with them, which may be signed.
    ///
    /// # Errors
    /// `Io`: they can be written again; `Unknown`: nothing may be written before a restart.
    pub(crate) fn append(&self, entries: &[PlatformEntry]) -> Result<Extent, LedgerError> {
        let mut writer = self.writer();
        let new: Vec<_> = entries.iter().map(PlatformEntry::to_bytes).collect();
        let Writer { position, found, .. } = &mut *writer;
        let all: Vec<_> = found.iter().chain(&new).cloned().collect();
        let path = self.entries.path(position.next);
        match self.entries.append(position, &all) {
            Ok(()) => {}
            Err(AppendError::Write(source)) => return Err(LedgerError::Io { path, source }),
            Err(AppendError::Sync(source)) => return Err(LedgerError::Unknown { path, source }),
        }
        writer.found = Vec::new();
        for entry in &new {
            let leaf = leaf_hash(entry);
            writer.frontier.push(leaf);
            writer.unsigned.push(leaf);
            writer.time = writer.time.max(time_of(entry).unwrap_or(i64::MIN));
        }
        writer.beat = Instant::now();
        Ok(Extent { size: writer.frontier.size(), root: writer.frontier.root() })
    }

    /// Makes visible what is durable: `publish_logs` runs at the same moment for whoever looks.
    pub(crate) fn publish(
        &self,
        shared: &Shared,
        checkpoint: SignedCheckpoint,
        draft: Draft,
        publish_logs: impl FnOnce(),
    ) -> Result<(), LedgerError> {
        let mut writer = self.writer();
        let leaves = std::mem::take(&mut writer.unsigned);
        self.tree.append(shared, self.tree.size(), &leaves)?;
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        *newest = Newest { checkpoint: Some(Arc::new(checkpoint)), epoch: Some(draft.epoch), map: draft.map };
        publish_logs();
        Ok(())
    }

    /// Whether a restart would have to read many entries.
    pub(crate) fn is_behind(&self) -> bool {
        self.tree.size() - self.tree.persisted().size >= UNPERSISTED
    }

    fn read<T>(&self, look: impl FnOnce(&Newest) -> T) -> T {
        look(&self.newest.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn time_of(entry: &[u8]) -> Option<i64> {
    match PlatformEntry::from_bytes(entry).ok()? {
        PlatformEntry::Epoch(epoch) => Some(epoch.time),
        PlatformEntry::KeyChange(change) => Some(change.time),
    }
}

/// The folder of a generation.
pub(crate) fn folder(ledger: &Path, generation: u32) -> PathBuf {
    ledger.join(NAME).join(generation.to_string())
}

/// A size and root of an organization's log as the newest epoch binds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// That the map of the epoch holds exactly this size and root for the organization.
    pub proof: MapProof,
    /// The organization's checkpoint of this size and root.
    pub checkpoint: Arc<SignedCheckpoint>,
}

/// The platform log of a [`Ledger`], to read and to prove from. Everything here is signed and durable.
#[derive(Clone, Copy)]
pub struct Platform<'a> {
    pub(crate) ledger: &'a Ledger,
}

impl Platform<'_> {
    /// `<platform>/platform/<generation>`: first line of its checkpoints, and name of its verifier key.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.log().origin
    }

    /// Counts from 1; a rebuild after loss opens the next.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.log().generation
    }

    /// What others need to check its signatures.
    ///
    /// # Errors
    /// None in practice: its origin is a key name.
    pub fn verifier_key(&self) -> Result<VerifierKey, LedgerError> {
        self.ledger.verifier_key(self.origin())
    }

    /// The newest checkpoint; `None` before the first epoch.
    #[must_use]
    pub fn checkpoint(&self) -> Option<Arc<SignedCheckpoint>> {
        self.log().checkpoint()
    }

    /// The newest epoch: the last entry of the newest checkpoint's tree.
    #[must_use]
    pub fn epoch(&self) -> Option<Epoch> {
        self.log().epoch()
    }

    /// Entries of the newest checkpoint's tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.log().tree.size()
    }

    /// The root of the first `size` entries.
    ///
    /// # Errors
    /// `Outside` beyond the tree, or the reader's own.
    pub fn root_at(&self, size: u64) -> Result<Hash, LedgerError> {
        self.within(0..size)?;
        indelible_merkle::root(&self.reader(), size)
    }

    /// Proves entry `index` in the tree of the first `size` entries.
    ///
    /// # Errors
    /// `Outside` beyond the tree, or the reader's own.
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<Hash>, LedgerError> {
        self.within(0..size)?;
        Ok(inclusion_proof(&TileCache::new(self.reader(), size), index, size)?)
    }

    /// Proves that the tree of the first `to` entries extends that of the first `from`.
    ///
    /// # Errors
    /// `Outside` beyond the tree, or the reader's own.
    pub fn consistency_proof(&self, from: u64, to: u64) -> Result<Vec<Hash>, LedgerError> {
        self.within(0..to)?;
        Ok(consistency_proof(&TileCache::new(self.reader(), to), from, to)?)
    }

    /// The file that proves entry `index` under `checkpoint`, a checkpoint of this log with `size` entries, cosigned or not.
    ///
    /// # Errors
    /// `Outside` where the entry or the checkpoint is beyond the tree.
    pub fn tlog_proof(&self, index: u64, size: u64, checkpoint: Note) -> Result<TlogProof, LedgerError> {
        Ok(TlogProof { extra: None, index, path: self.inclusion_proof(index, size)?, checkpoint })
    }

    /// The bytes of a tile as C2SP `tlog-tiles` serves it, at a width of 1 to 256.
    ///
    /// # Errors
    /// `Outside` where the tree has no such tile, or the reader's own.
    pub fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<u8>, LedgerError> {
        let first = index.saturating_mul(u64::from(TILE_WIDTH));
        let width = u64::from(width.clamp(1, TILE_WIDTH));
        crate::ledger::within(first..first.saturating_add(width), stored_hashes(level, self.size()))?;
        let mut hashes = vec![Hash::ZERO; width as usize];
        self.reader().tile_hashes(level, first, &mut hashes)?;
        Ok(hashes.iter().flat_map(|hash| hash.0).collect())
    }

    /// The bytes of the entries `range`, each of which is compared with its leaf. Reads up to 600 KB for each 4,096 entries.
    ///
    /// # Errors
    /// `Outside` beyond the tree; `Damaged` where an entry is not the one that was signed.
    pub fn entries(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, LedgerError> {
        self.within(range.clone())?;
        let log = self.log();
        let path = || log.entries.path(range.start);
        let entries = log.entries.read(range.clone()).map_err(|source| LedgerError::Io { path: path(), source })?;
        let mut leaves = vec![Hash::ZERO; entries.len()];
        self.reader().tile_hashes(0, range.start, &mut leaves)?;
        match leaves.iter().zip(&entries).position(|(leaf, entry)| *leaf != leaf_hash(entry)) {
            None => Ok(entries),
            Some(at) => Err(LedgerError::Damaged { folder: log.folder.clone(), entry: range.start + at as u64 }),
        }
    }

    fn within(&self, range: Range<u64>) -> Result<(), LedgerError> {
        crate::ledger::within(range, self.size())
    }

    fn reader(&self) -> TreeReader<'_> {
        TreeReader { shared: &self.ledger.shared, tree: Arc::clone(&self.log().tree) }
    }

    fn log(&self) -> &PlatformLog {
        &self.ledger.platform_log
    }
}

impl PlatformLog {
    /// Proves what the newest epoch binds for a log with the label of `proof`; `find` gives its newest checkpoint and
    /// the rest of the proof at the same moment.
    pub(crate) fn bind(&self, find: impl FnOnce(&Epoch) -> Option<(MapProof, Arc<SignedCheckpoint>)>) -> Option<Bound> {
        self.read(|newest| {
            let (mut proof, checkpoint) = find(newest.epoch.as_ref()?)?;
            proof.path = newest.map.path(&proof.label)?;
            Some(Bound { proof, checkpoint })
        })
    }
}
