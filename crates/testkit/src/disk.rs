//! A disk in memory that forgets, tears and fails on demand.
//!
//! It keeps apart what was written and what is safe. [`FaultyDisk::cut_power`] gives the disk as a machine might find it
//! when it comes back: everything synced, and of the rest any part. [`FaultyDisk::fail_at`] makes one chosen operation
//! fail, done or not. A sync that failed is never made good by a later one, as on real systems, which mark the
//! pages clean: what it should have saved still reads back, and is gone after the power is cut.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indelible_storage::{Disk, DiskFile};
use rand::Rng;

const SECTOR_BYTES: usize = 512;

/// How the chosen operation fails. In each case the caller gets an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not done.
    Lost,
    /// It is done.
    Done,
    /// A write stores the first half of its bytes; anything else is lost.
    Half,
    /// It is not done, and neither is any later one: the disk is dead or full.
    Dead,
    /// It is done, and no later one is.
    LastGasp,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 5] = [Fault::Lost, Fault::Done, Fault::Half, Fault::Dead, Fault::LastGasp];
}

/// The disk. Clones are handles to the same one.
#[derive(Clone, Debug, Default)]
pub struct FaultyDisk {
    inner: Arc<Mutex<Inner>>,
}

type FileNumber = usize;

#[derive(Clone, Debug, Default)]
struct Inner {
    files: Vec<Contents>,
    /// As a program sees them now.
    names: BTreeMap<PathBuf, FileNumber>,
    /// As they are after power loss, but for `unsynced_names`.
    durable_names: BTreeMap<PathBuf, FileNumber>,
    unsynced_names: Vec<NameChange>,
    operations: u64,
    fault: Option<(u64, Fault)>,
    full: bool,
}

#[derive(Clone, Debug, Default)]
struct Contents {
    now: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors that the next sync makes durable.
    unsynced: BTreeSet<usize>,
    /// Sectors of a failed sync: they read as written, and no sync will save them.
    given_up: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
enum NameChange {
    Create(PathBuf, FileNumber),
    Rename(PathBuf, PathBuf, FileNumber),
    Remove(PathBuf, FileNumber),
}

/// Whether an operation takes effect, and whether it then reports a failure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Works,
    Lost,
    Done,
    Half,
}

impl FaultyDisk {
    /// An empty disk that works.
    pub fn new() -> FaultyDisk {
        FaultyDisk::default()
    }

    /// Makes the `nth` operation from now fail; 0 is the next one. Operations are create, write, sync, rename, remove and
    /// sync or creation of a folder.
    pub fn fail_at(&self, nth: u64, fault: Fault) {
        let mut inner = self.lock();
        inner.fault = Some((inner.operations + nth, fault));
    }

    /// No file can be created or grown from now on; those that exist can be written.
    pub fn fill_up(&self) {
        self.lock().full = true;
    }

    /// No operation fails from now on. What was lost stays lost.
    pub fn heal(&self) {
        let mut inner = self.lock();
        inner.fault = None;
        inner.full = false;
    }

    /// Operations so far.
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// The disk as it may be found after power loss, healed. This one stays as it is.
    pub fn cut_power(&self, random: &mut impl Rng) -> FaultyDisk {
        let mut inner = self.lock().clone();
        inner.cut_power(random);
        FaultyDisk { inner: Arc::new(Mutex::new(inner)) }
    }

    /// A disk of its own with the same state.
    pub fn fork(&self) -> FaultyDisk {
        FaultyDisk { inner: Arc::new(Mutex::new(self.lock().clone())) }
    }

    /// All file names, sorted.
    pub fn names(&self) -> Vec<PathBuf> {
        self.lock().names.keys().cloned().collect()
    }

    /// Changes the bytes of a file behind everybody's back, in memory and on disk. Returns false if there is no such file.
    pub fn tamper(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut inner = self.lock();
        let Some(&number) = inner.names.get(path) else { return false };
        let contents = &mut inner.files[number];
        change(&mut contents.now);
        *contents =
            Contents { durable: contents.now.clone(), now: std::mem::take(&mut contents.now), ..Contents::default() };
        true
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, number: FileNumber) -> Arc<dyn DiskFile> {
        Arc::new(FaultyFile { disk: self.clone(), number })
    }
}

fn failure() -> io::Error {
    io::Error::other("injected fault")
}

impl Inner {
    /// Counts an operation and decides its fate.
    fn verdict(&mut self) -> Verdict {
        let operation = self.operations;
        self.operations += 1;
        match self.fault {
            Some((at, fault)) if operation == at => match fault {
                Fault::Lost | Fault::Dead => Verdict::Lost,
                Fault::Done | Fault::LastGasp => Verdict::Done,
                Fault::Half => Verdict::Half,
            },
            Some((at, Fault::Dead | Fault::LastGasp)) if operation > at => Verdict::Lost,
            _ => Verdict::Works,
        }
    }

    /// An operation that is done or not, without a middle.
    fn whole(&mut self, operation: impl FnOnce(&mut Inner) -> io::Result<()>) -> io::Result<()> {
        match self.verdict() {
            Verdict::Works => operation(self),
            Verdict::Done => operation(self).and_then(|()| Err(failure())),
            Verdict::Lost | Verdict::Half => Err(failure()),
        }
    }

    fn number(&self, path: &Path) -> io::Result<FileNumber> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn change_name(&mut self, change: NameChange) -> io::Result<()> {
        apply(&mut self.names, &change)?;
        self.unsynced_names.push(change);
        Ok(())
    }

    fn cut_power(&mut self, random: &mut impl Rng) {
        let changes = std::mem::take(&mut self.unsynced_names);
        let keep = Keep::choose(random);
        for (index, change) in changes.iter().enumerate() {
            if keep.keeps(index, changes.len(), random) {
                // One that rests on another that was lost is lost too.
                let _ = apply(&mut self.durable_names, change);
            }
        }
        self.names = self.durable_names.clone();
        for contents in &mut self.files {
            contents.cut_power(random);
        }
        self.fault = None;
        self.full = false;
    }
}

/// A change belongs to its file: if an earlier one was lost and the name stands for another file, it is lost too.
fn apply(names: &mut BTreeMap<PathBuf, FileNumber>, change: &NameChange) -> io::Result<()> {
    let check = |names: &BTreeMap<PathBuf, FileNumber>, path: &PathBuf, number: &FileNumber| {
        if names.get(path) == Some(number) { Ok(()) } else { Err(io::Error::from(io::ErrorKind::NotFound)) }
    };
    match change {
        NameChange::Create(path, _) if names.contains_key(path) => return Err(io::ErrorKind::AlreadyExists.into()),
        NameChange::Create(path, number) => {
            names.insert(path.clone(), *number);
        }
        NameChange::Rename(from, to, number) => {
            check(names, from, number)?;
            names.remove(from);
            names.insert(to.clone(), *number);
        }
        NameChange::Remove(path, number) => {
            check(names, path, number)?;
            names.remove(path);
        }
    }
    Ok(())
}

/// Which of a row of unsynced things survive.
#[derive(Clone, Copy)]
enum Keep {
    Nothing,
    Everything,
    First(f64),
    Last(f64),
    Some(f64),
}

impl Keep {
    fn choose(random: &mut impl Rng) -> Keep {
        let part = random.random::<f64>();
        match random.random_range(0..5) {
            0 => Keep::Nothing,
            1 => Keep::Everything,
            2 => Keep::First(part),
            3 => Keep::Last(part),
            _ => Keep::Some(part),
        }
    }

    fn keeps(self, index: usize, count: usize, random: &mut impl Rng) -> bool {
        let place = index as f64 / count as f64;
        match self {
            Keep::Nothing => false,
            Keep::Everything => true,
            Keep::First(part) => place < part,
            Keep::Last(part) => place >= part,
            Keep::Some(part) => random.random::<f64>() < part,
        }
    }
}

impl Contents {
    fn write(&mut self, bytes: &[u8], offset: usize) {
        if bytes.is_empty() {
            return;
        }
        let end = offset + bytes.len();
        if self.now.len() < end {
            // The sectors of a hole are unsynced too.
            self.unsynced.extend(self.now.len() / SECTOR_BYTES..offset.div_ceil(SECTOR_BYTES));
            self.now.resize(end, 0);
        }
        self.now[offset..end].copy_from_slice(bytes);
        for sector in offset / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES) {
            self.unsynced.insert(sector);
            self.given_up.remove(&sector);
        }
    }

    fn sync(&mut self) {
        for sector in std::mem::take(&mut self.unsynced) {
            self.save(sector, SECTOR_BYTES);
        }
    }

    fn lose_sync(&mut self) {
        self.given_up.append(&mut self.unsynced);
    }

    /// Stores the first `count` bytes of a sector.
    fn save(&mut self, sector: usize, count: usize) {
        let start = sector * SECTOR_BYTES;
        let end = (start + count).min(self.now.len());
        if start >= end {
            return;
        }
        if self.durable.len() < end {
            self.durable.resize(end, 0);
        }
        self.durable[start..end].copy_from_slice(&self.now[start..end]);
    }

    fn cut_power(&mut self, random: &mut impl Rng) {
        let mut sectors = std::mem::take(&mut self.unsynced);
        sectors.append(&mut self.given_up);
        let keep = Keep::choose(random);
        let count = sectors.len();
        for (index, sector) in sectors.into_iter().enumerate() {
            if random.random_ratio(1, 16) {
                self.save(sector, random.random_range(0..SECTOR_BYTES));
            } else if keep.keeps(index, count, random) {
                self.save(sector, SECTOR_BYTES);
            }
        }
        self.now = self.durable.clone();
    }
}

impl Disk for FaultyDisk {
    fn create_dir(&self, _path: &Path) -> io::Result<()> {
        // Folders need no entry here: a file's path is enough.
        self.lock().whole(|_| Ok(()))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut inner = self.lock();
        if inner.full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let number = inner.files.len();
        inner.whole(|inner| {
            inner.change_name(NameChange::Create(path.to_owned(), number))?;
            inner.files.push(Contents::default());
            Ok(())
        })?;
        Ok(self.file(number))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let number = self.lock().number(path)?;
        Ok(self.file(number))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.lock().whole(|inner| {
            let number = inner.number(from)?;
            inner.change_name(NameChange::Rename(from.to_owned(), to.to_owned(), number))
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.lock().whole(|inner| {
            let number = inner.number(path)?;
            inner.change_name(NameChange::Remove(path.to_owned(), number))
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let inner = self.lock();
        let inside = inner.names.keys().filter(|name| name.parent() == Some(path));
        Ok(inside.filter_map(|name| Some(name.file_name()?.to_str()?.to_owned())).collect())
    }

    /// There is one list of names; syncing any folder syncs them all.
    fn sync_dir(&self, _path: &Path) -> io::Result<()> {
        self.lock().whole(|inner| {
            inner.durable_names = inner.names.clone();
            inner.unsynced_names.clear();
            Ok(())
        })
    }
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    number: FileNumber,
}

impl DiskFile for FaultyFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let inner = self.disk.lock();
        let now = &inner.files[self.number].now;
        let rest = usize::try_from(offset).ok().and_then(|offset| now.get(offset..)).unwrap_or(&[]);
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut inner = self.disk.lock();
        let grows = offset + bytes.len() as u64 > inner.files[self.number].now.len() as u64;
        if inner.full && grows {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let verdict = inner.verdict();
        let stored = match verdict {
            Verdict::Works | Verdict::Done => bytes,
            Verdict::Half => &bytes[..bytes.len() / 2],
            Verdict::Lost => &[],
        };
        inner.files[self.number].write(stored, usize::try_from(offset).map_err(io::Error::other)?);
        if verdict == Verdict::Works { Ok(()) } else { Err(failure()) }
    }

    fn sync(&self) -> io::Result<()> {
        let mut inner = self.disk.lock();
        let verdict = inner.verdict();
        let contents = &mut inner.files[self.number];
        match verdict {
            Verdict::Works | Verdict::Done => contents.sync(),
            Verdict::Lost | Verdict::Half => contents.lose_sync(),
        }
        if verdict == Verdict::Works { Ok(()) } else { Err(failure()) }
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.lock().files[self.number].now.len() as u64)
    }
}
