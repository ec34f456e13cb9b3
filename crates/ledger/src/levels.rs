//! The level files of the trees: hash `i` of a tile level stands at byte `32 * i` of that level's file.

use crate::LedgerError;
use indelible_merkle::Hash;
use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Handles kept open at a time, so that many idle organizations cost none.
const OPEN_FILES: usize = 256;

/// One level file of one tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LevelFile {
    /// The organization's.
    pub(crate) number: u32,
    pub(crate) level: u8,
}

/// Opens level files when they are needed, and closes those not used for long.
#[derive(Default)]
pub(crate) struct LevelFiles {
    open: Mutex<OpenFiles>,
}

#[derive(Default)]
struct OpenFiles {
    /// With the time of the last use, in uses.
    files: HashMap<LevelFile, (Arc<File>, u64)>,
    uses: u64,
}

/// The path of a level file in the folder of a generation.
pub(crate) fn path(folder: &Path, level: u8) -> PathBuf {
    folder.join(level.to_string())
}

impl LevelFiles {
    /// Reads the hashes from `first` on.
    pub(crate) fn read(&self, folder: &Path, of: LevelFile, first: u64, out: &mut [Hash]) -> Result<(), LedgerError> {
        if out.is_empty() {
            return Ok(());
        }
        let mut bytes = vec![0; out.len() * Hash::BYTES];
        let offset = first * Hash::BYTES as u64;
        let read = self.get(folder, of, false).and_then(|file| file.read_exact_at(&mut bytes, offset));
        read.map_err(|source| LedgerError::Io { path: path(folder, of.level), source })?;
        for (hash, bytes) in out.iter_mut().zip(bytes.as_chunks().0) {
            *hash = Hash(*bytes);
        }
        Ok(())
    }

    /// Writes `hashes` from `first` on, and makes the file if this is its beginning. Nothing is synced.
    pub(crate) fn write(&self, folder: &Path, of: LevelFile, first: u64, hashes: &[Hash]) -> Result<(), LedgerError> {
        let mut bytes = Vec::with_capacity(hashes.len() * Hash::BYTES);
        hashes.iter().for_each(|hash| bytes.extend_from_slice(&hash.0));
        let offset = first * Hash::BYTES as u64;
        let written = self.get(folder, of, first == 0).and_then(|file| file.write_all_at(&bytes, offset));
        written.map_err(|source| LedgerError::Io { path: path(folder, of.level), source })
    }

    /// Makes what was written durable, the file's length included, but not its name.
    pub(crate) fn sync(&self, folder: &Path, of: LevelFile) -> Result<(), LedgerError> {
        let synced = self.get(folder, of, false).and_then(|file| file.sync_data());
        synced.map_err(|source| LedgerError::Io { path: path(folder, of.level), source })
    }

    fn get(&self, folder: &Path, of: LevelFile, create: bool) -> io::Result<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.uses += 1;
        let now = open.uses;
        if let Some((file, used)) = open.files.get_mut(&of) {
            *used = now;
            return Ok(Arc::clone(file));
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(create).truncate(false).mode(0o600);
        let file = Arc::new(options.open(path(folder, of.level))?);
        if open.files.len() >= OPEN_FILES {
            let oldest = open.files.iter().min_by_key(|(_, (_, used))| used).map(|(of, _)| *of);
            oldest.and_then(|oldest| open.files.remove(&oldest));
        }
        open.files.insert(of, (Arc::clone(&file), now));
        Ok(file)
    }
}
