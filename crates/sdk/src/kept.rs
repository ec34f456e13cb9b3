//! Bytes that are only ever appended, bounded: numbered files, of which the oldest goes when there are too many bytes.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indelible_storage::{Disk, DiskFile};

/// Up to where a [`Kept`] is known to be whole: the number of its last file, and the bytes in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: u64,
    pub(crate) bytes: u64,
}

/// Files `0000000000000000.suffix` in a folder.
#[derive(Debug)]
pub(crate) struct Kept {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    suffix: &'static str,
    bytes_max: u64,
    /// Lengths by number. Only the last one grows.
    files: BTreeMap<u64, u64>,
    /// The last file, while nothing has failed in it.
    open: Option<Arc<dyn DiskFile>>,
    place: Place,
    /// Files that were given up for the bound.
    pub(crate) given_up: u64,
}

impl Kept {
    /// What is kept in `dir`. Bytes after `place` are of a write that may have been torn, and are removed; without a place all are kept.
    pub(crate) fn open(
        disk: &Arc<dyn Disk>,
        dir: &Path,
        suffix: &'static str,
        bytes_max: u64,
        place: Option<Place>,
    ) -> io::Result<Self> {
        disk.create_dir(dir)?;
        let mut files = BTreeMap::new();
        for name in disk.list(dir)? {
            let number = name.strip_suffix(suffix).and_then(|name| name.strip_suffix('.'));
            let number = number.filter(|digits| digits.len() == 16).and_then(|digits| digits.parse::<u64>().ok());
            if let Some(number) = number {
                files.insert(number, disk.open(&dir.join(&name))?.len()?);
            }
        }
        let last = files.last_key_value().map(|(file, bytes)| Place { file: *file, bytes: *bytes });
        let place = place.or(last).unwrap_or_default();
        let (disk, dir) = (Arc::clone(disk), dir.to_owned());
        let mut kept = Self { disk, dir, suffix, bytes_max, files, open: None, place, given_up: 0 };
        kept.repair()?;
        Ok(kept)
    }

    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// Appends and syncs. Keeps nothing if the bound is 0. After an error the bytes are not kept, or are removed when the next ones come.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() || self.bytes_max == 0 {
            return Ok(());
        }
        if self.open.is_none() {
            self.repair()?;
        }
        let file = match self.open.take() {
            Some(file) if self.place.bytes + bytes.len() as u64 <= self.file_bytes() => file,
            _ => self.begin()?,
        };
        let Place { file: number, bytes: start } = self.place;
        self.files.insert(number, start + bytes.len() as u64);
        file.write_at(bytes, start)?;
        file.sync()?;
        self.place.bytes += bytes.len() as u64;
        self.open = Some(file);
        if let Err(error) = self.give_up_oldest() {
            // The bytes are kept; the next ones try again.
            tracing::warn!(%error, dir = %self.dir.display(), "cannot remove the oldest file");
        }
        Ok(())
    }

    /// A quarter of the bound, so that giving up the oldest file leaves most of the rest.
    fn file_bytes(&self) -> u64 {
        self.bytes_max / 4
    }

    /// A new last file.
    fn begin(&mut self) -> io::Result<Arc<dyn DiskFile>> {
        let number = self.files.last_key_value().map_or(self.place.file, |(last, _)| last + 1);
        // It may be there even if this fails.
        self.files.insert(number, 0);
        let file = self.disk.create(&self.path(number))?;
        self.disk.sync_dir(&self.dir)?;
        self.place = Place { file: number, bytes: 0 };
        Ok(file)
    }

    /// Leaves nothing behind `place`: what is there may be torn, and comes again.
    fn repair(&mut self) -> io::Result<()> {
        let Place { file, bytes } = self.place;
        let later: Vec<u64> = self.files.range(file + 1..).map(|(number, _)| *number).collect();
        for number in later {
            self.remove(&self.path(number))?;
            self.files.remove(&number);
        }
        let Some(length) = self.files.get(&file).copied() else { return Ok(()) };
        if length > bytes {
            self.cut(file, bytes)?;
        }
        self.place.bytes = length.min(bytes);
        self.open = Some(self.disk.open(&self.path(file))?);
        Ok(())
    }

    /// Replaces a file by its first `bytes`.
    fn cut(&mut self, number: u64, bytes: u64) -> io::Result<()> {
        let path = self.path(number);
        let mut whole = vec![0; usize::try_from(bytes).map_err(io::Error::other)?];
        if self.disk.open(&path)?.read_at(&mut whole, 0)? < whole.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let copy = path.with_extension("copy");
        self.remove(&copy)?;
        let file = self.disk.create(&copy)?;
        file.write_at(&whole, 0)?;
        file.sync()?;
        self.disk.rename(&copy, &path)?;
        self.disk.sync_dir(&self.dir)?;
        self.files.insert(number, bytes);
        Ok(())
    }

    fn give_up_oldest(&mut self) -> io::Result<()> {
        while self.files.values().sum::<u64>() > self.bytes_max && self.files.len() > 1 {
            let Some((&oldest, _)) = self.files.first_key_value() else { break };
            self.remove(&self.path(oldest))?;
            self.files.remove(&oldest);
            self.given_up += 1;
        }
        Ok(())
    }

    /// Removes a file that may not be there.
    fn remove(&self, path: &Path) -> io::Result<()> {
        match self.disk.remove(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
        self.disk.sync_dir(&self.dir)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.dir.join(format!("{number:016}.{}", self.suffix))
    }
}

#[cfg(test)]
mod tests;
