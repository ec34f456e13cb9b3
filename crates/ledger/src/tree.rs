//! A growing tree: its frontier, and the hashes that are not in its level files yet.

use crate::{
    LedgerError, OrganizationLog, SignedCheckpoint,
    levels::{LevelFile, LevelFiles},
    state::Extent,
};
use indelible_merkle::{Frontier, Hash, Hashes, Label, TILE_HEIGHT, stored_hashes};
use indelible_storage::durable;
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Hashes one organization keeps in memory before they are written to its files, in bytes.
const BUFFERED_BYTES_PER_TREE: usize = 256 << 10;
/// Hashes all organizations keep together. Over it, whoever appends writes its own.
const BUFFERED_BYTES: usize = 32 << 20;

/// What the trees of a ledger share.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) files: LevelFiles,
    /// Bytes of hashes in memory that are not in a file.
    buffered: AtomicUsize,
}

/// The log of one organization: what is fixed, and what grows.
pub(crate) struct Log {
    pub(crate) fixed: Arc<OrganizationLog>,
    /// The bytes of the label.
    pub(crate) label: Label,
    pub(crate) tree: Arc<GrowingTree>,
    /// The newest one that others may see.
    published: Mutex<Option<Arc<SignedCheckpoint>>>,
}

impl Log {
    pub(crate) fn new(
        fixed: OrganizationLog,
        label: Label,
        folder: PathBuf,
        frontier: Frontier,
        published: Option<SignedCheckpoint>,
    ) -> Self {
        let tree = Arc::new(GrowingTree::new(folder, fixed.number, frontier));
        Self { fixed: Arc::new(fixed), label, tree, published: Mutex::new(published.map(Arc::new)) }
    }

    pub(crate) fn published(&self) -> Option<Arc<SignedCheckpoint>> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn publish(&self, checkpoint: Arc<SignedCheckpoint>) {
        *self.published.lock().unwrap_or_else(PoisonError::into_inner) = Some(checkpoint);
    }
}

/// A tree in memory and in the level files of a folder.
pub(crate) struct GrowingTree {
    /// The folder of its generation.
    pub(crate) folder: PathBuf,
    /// Tells its level files from others'.
    number: u32,
    tree: Mutex<Tree>,
}

struct Tree {
    frontier: Frontier,
    /// By level, the last hashes of the tree: those not in the level's file. A level has
    /// `stored_hashes(level, size)` hashes, so where these begin need not be kept.
    pending: Vec<Vec<Hash>>,
    /// What the state file says.
    persisted: Extent,
    /// A level file was made and its name is not yet durable.
    new_file: bool,
}

impl GrowingTree {
    pub(crate) fn new(folder: PathBuf, number: u32, frontier: Frontier) -> Self {
        let persisted = Extent { size: frontier.size(), root: frontier.root() };
        let tree = Mutex::new(Tree { frontier, pending: Vec::new(), persisted, new_file: false });
        Self { folder, number, tree }
    }

    pub(crate) fn size(&self) -> u64 {
        self.lock().frontier.size()
    }

    pub(crate) fn extent(&self) -> Extent {
        self.lock().extent()
    }

    pub(crate) fn persisted(&self) -> Extent {
        self.lock().persisted
    }

    /// Appends those of `leaves`, the first of which is leaf `first`, that the tree does not have. Returns its size, or
    /// `None` if they would leave a gap.
    pub(crate) fn append(&self, shared: &Shared, first: u64, leaves: &[Hash]) -> Result<Option<u64>, LedgerError> {
        let mut tree = self.lock();
        let Some(known) = tree.frontier.size().checked_sub(first) else { return Ok(None) };
        let new = usize::try_from(known).ok().and_then(|known| leaves.get(known..)).unwrap_or(&[]);
        let before = tree.pending_bytes();
        let Tree { frontier, pending, .. } = &mut *tree;
        frontier.extend_levels(new, pending);
        let bytes = tree.pending_bytes();
        let total = shared.buffered.fetch_add(bytes - before, Ordering::Relaxed) + bytes - before;
        if bytes > BUFFERED_BYTES_PER_TREE || total > BUFFERED_BYTES {
            self.write_pending(shared, &mut tree)?;
        }
        Ok(Some(tree.frontier.size()))
    }

    /// Writes and syncs all hashes there are now, and returns of how much that is; nothing is marked persisted.
    pub(crate) fn settle(&self, shared: &Shared) -> Result<Extent, LedgerError> {
        let (old, new, new_file) = {
            let mut tree = self.lock();
            self.write_pending(shared, &mut tree)?;
            (tree.persisted.size, tree.extent(), std::mem::take(&mut tree.new_file))
        };
        // Appending goes on meanwhile: what others write now is synced too or is not, and does not count.
        for level in 0..u64::BITS as u8 / TILE_HEIGHT {
            if stored_hashes(level, new.size) > stored_hashes(level, old) {
                shared.files.sync(&self.folder, self.file(level))?;
            }
        }
        if new_file {
            durable::sync_dir(&self.folder).map_err(|source| LedgerError::Io { path: self.folder.clone(), source })?;
        }
        Ok(new)
    }

    pub(crate) fn mark_persisted(&self, extent: Extent) {
        self.lock().persisted = extent;
    }

    /// Reads stored hashes, from memory or from the level's file.
    pub(crate) fn read(&self, shared: &Shared, level: u8, first: u64, out: &mut [Hash]) -> Result<(), LedgerError> {
        let in_file = {
            let tree = self.lock();
            let stored = stored_hashes(level, tree.frontier.size());
            let end = first.saturating_add(out.len() as u64);
            if end > stored {
                let leaves = |hashes: u64| hashes.saturating_mul(1 << (TILE_HEIGHT * level.min(7)));
                return Err(LedgerError::Outside {
                    begin: leaves(first),
                    end: leaves(end),
                    size: tree.frontier.size(),
                });
            }
            let pending = tree.pending.get(usize::from(level)).map_or(&[][..], Vec::as_slice);
            let written = stored - pending.len() as u64;
            let in_file = written.saturating_sub(first).min(out.len() as u64) as usize;
            let from = (first + in_file as u64).saturating_sub(written) as usize;
            let rest = &mut out[in_file..];
            rest.copy_from_slice(&pending[from..from + rest.len()]);
            in_file
        };
        // What was in the file stays there, so that the lock is not needed.
        shared.files.read(&self.folder, self.file(level), first, &mut out[..in_file])
    }

    fn write_pending(&self, shared: &Shared, tree: &mut Tree) -> Result<(), LedgerError> {
        let bytes = tree.pending_bytes();
        for (level, hashes) in (0..).zip(&tree.pending) {
            if hashes.is_empty() {
                continue;
            }
            let first = stored_hashes(level, tree.frontier.size()) - hashes.len() as u64;
            tree.new_file |= first == 0;
            shared.files.write(&self.folder, self.file(level), first, hashes)?;
        }
        // An idle tree keeps no buffers.
        tree.pending = Vec::new();
        shared.buffered.fetch_sub(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn file(&self, level: u8) -> LevelFile {
        LevelFile { number: self.number, level }
    }

    fn lock(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tree {
    fn extent(&self) -> Extent {
        Extent { size: self.frontier.size(), root: self.frontier.root() }
    }

    fn pending_bytes(&self) -> usize {
        self.pending.iter().map(|hashes| hashes.len() * Hash::BYTES).sum()
    }
}

/// Reads a tree, whatever part of it is in memory. It sees leaves appended later too.
///
/// For many proofs at a time put a [`indelible_merkle::TileCache`] over it.
#[derive(Clone)]
pub struct TreeReader<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) tree: Arc<GrowingTree>,
}

impl TreeReader<'_> {
    /// Leaves in the tree now.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }
}

impl Hashes for TreeReader<'_> {
    type Error = LedgerError;

    fn tile_hashes(&self, level: u8, first: u64, out: &mut [Hash]) -> Result<(), LedgerError> {
        self.tree.read(self.shared, level, first, out)
    }
}
