//! One tree: its frontier in memory, its tile levels in flat files.
//!
//! Hash `i` of tile level `k` is at byte `32 * i` of the file `k`. New hashes are kept in memory until there are many, or
//! until [`Tree::sync`]; files are opened when needed and closed again, so that an idle tree holds nothing open.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use indelible_merkle::{Frontier, Hash, Hashes, stored_hashes};

use crate::{LedgerError, io_error};

const HASH_BYTES: u64 = 32;
/// New leaves held in memory before they are written (1 MiB of hashes).
const UNWRITTEN_LEAVES_MAX: usize = 32 << 10;
/// Tile levels a tree of 2^63 leaves can have.
const LEVELS_MAX: u8 = 8;

pub(crate) struct Tree {
    folder: PathBuf,
    frontier: Frontier,
    levels: Vec<Level>,
    /// Leaves that are durable and named in the state file.
    persisted: u64,
    /// Leaves when the files were last synced.
    synced: u64,
}

#[derive(Default)]
struct Level {
    /// Hashes in the file that belong to the tree; what the file has beyond them does not count.
    written: u64,
    unwritten: Vec<Hash>,
}

/// Why hashes could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The tree does not have them.
    #[error("the tree has no hash {index} at tile level {level}")]
    Missing {
        /// Tile level.
        level: u8,
        /// Index of the last hash wanted.
        index: u64,
    },
    /// The file could not be read.
    #[error("read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl Tree {
    /// Opens the tree with its first `size` leaves. What its files hold beyond them is from appends that were not
    /// persisted and comes again.
    pub(crate) fn open(folder: PathBuf, size: u64) -> Result<Self, LedgerError> {
        let mut levels = Vec::new();
        for level in 0..=LEVELS_MAX {
            let written = stored_hashes(level, size);
            if written == 0 {
                break;
            }
            let path = level_path(&folder, level);
            let length = std::fs::metadata(&path).map_err(|source| io_error("read", &path, source))?.len();
            if length < written * HASH_BYTES {
                let what = format!("it holds {} of {written} hashes", length / HASH_BYTES);
                return Err(LedgerError::Damaged { path, what });
            }
            levels.push(Level { written, unwritten: Vec::new() });
        }
        let mut tree = Self { folder, frontier: Frontier::new(), levels, persisted: size, synced: size };
        tree.frontier = Frontier::read(&tree, size)
            .map_err(|error| LedgerError::Damaged { path: tree.folder.clone(), what: error.to_string() })?;
        Ok(tree)
    }

    pub(crate) fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub(crate) fn root(&self) -> Hash {
        self.frontier.root()
    }

    pub(crate) fn persisted(&self) -> u64 {
        self.persisted
    }

    pub(crate) fn set_persisted(&mut self, size: u64) {
        self.persisted = self.persisted.max(size);
    }

    pub(crate) fn append(&mut self, leaves: &[Hash]) -> Result<(), LedgerError> {
        let mut fresh: Vec<Vec<Hash>> = Vec::new();
        self.frontier.extend_levels(leaves, &mut fresh);
        if self.levels.len() < fresh.len() {
            self.levels.resize_with(fresh.len(), Level::default);
        }
        for (level, hashes) in self.levels.iter_mut().zip(fresh) {
            level.unwritten.extend(hashes);
        }
        if self.levels.first().is_some_and(|level| level.unwritten.len() >= UNWRITTEN_LEAVES_MAX) {
            self.write_out(false)?;
        }
        Ok(())
    }

    /// Makes all hashes durable; returns the size they are of.
    pub(crate) fn sync(&mut self) -> Result<u64, LedgerError> {
        if self.synced < self.size() {
            self.write_out(true)?;
            self.synced = self.size();
        }
        Ok(self.size())
    }

    fn write_out(&mut self, sync: bool) -> Result<(), LedgerError> {
        let mut created = false;
        for (number, level) in self.levels.iter_mut().enumerate() {
            if level.unwritten.is_empty() && !sync {
                continue;
            }
            let path = level_path(&self.folder, number as u8);
            created |= !path.exists();
            let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(|source| io_error("open", &path, source))?;
            let bytes: Vec<u8> = level.unwritten.iter().flat_map(|hash| *hash.as_bytes()).collect();
            file.write_all_at(&bytes, level.written * HASH_BYTES).map_err(|source| io_error("write", &path, source))?;
            if sync {
                file.sync_data().map_err(|source| io_error("sync", &path, source))?;
            }
            level.written += level.unwritten.len() as u64;
            level.unwritten = Vec::new();
        }
        if created {
            indelible_storage::durable::sync_dir(&self.folder).map_err(|source| io_error("sync", &self.folder, source))?;
        }
        Ok(())
    }

    /// Reads any number of consecutive hashes of a tile level.
    pub(crate) fn read(&self, level: u8, first: u64, out: &mut [Hash]) -> Result<(), ReadError> {
        let end = first + out.len() as u64;
        let stored = self.levels.get(usize::from(level));
        let available = stored.map_or(0, |stored| stored.written + stored.unwritten.len() as u64);
        let Some(stored) = stored.filter(|_| end <= available) else { return Err(ReadError::Missing { level, index: end.saturating_sub(1) }) };
        let from_file = usize::try_from(stored.written.saturating_sub(first)).unwrap_or(usize::MAX).min(out.len());
        if from_file > 0 {
            let path = level_path(&self.folder, level);
            let mut bytes = vec![0; from_file * HASH_BYTES as usize];
            let read = File::open(&path).and_then(|file| file.read_exact_at(&mut bytes, first * HASH_BYTES));
            read.map_err(|source| ReadError::Io { path, source })?;
            for (hash, bytes) in out.iter_mut().zip(bytes.chunks_exact(HASH_BYTES as usize)) {
                hash.0.copy_from_slice(bytes);
            }
        }
        let skip = usize::try_from(first.saturating_sub(stored.written)).unwrap_or(usize::MAX);
        let rest = &mut out[from_file..];
        if !rest.is_empty() {
            rest.copy_from_slice(&stored.unwritten[skip..skip + rest.len()]);
        }
        Ok(())
    }
}

impl Hashes for Tree {
    type Error = ReadError;

    fn tile_hashes(&self, level: u8, first: u64, out: &mut [Hash]) -> Result<(), ReadError> {
        self.read(level, first, out)
    }
}

fn level_path(folder: &Path, level: u8) -> PathBuf {
    folder.join(level.to_string())
}
