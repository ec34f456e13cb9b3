//! The entries of the platform log on disk: files of 4,096 entries each, in the form in which C2SP tiles serve them.
//!
//! An entry is a length of 2 bytes big-endian and its bytes. What stands behind the last entry that was ever signed is believed as
//! far as it can be read; nobody has seen it. A damaged entry below is found by its hash.

use indelible_merkle::{MAX_PLATFORM_ENTRY_BYTES, PlatformEntry};
use indelible_storage::{Disk, DiskFile};
use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Entries of one file. A change of this number is a change of the format.
const FILE_ENTRIES: u64 = 4096;
/// Longest file that is read, in bytes: longer than any that we write.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// The files of one generation.
#[derive(Debug)]
pub(crate) struct EntryFiles {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

/// Where the next entry goes. Only entries that were synced are before it.
#[derive(Debug)]
pub(crate) struct Position {
    /// Index of the next entry.
    pub(crate) next: u64,
    /// Byte of the file that holds it.
    offset: u64,
    /// Whether the file may hold bytes from `offset` on that an earlier process wrote.
    stale: bool,
}

/// What is in the files from some entry on.
pub(crate) struct Found {
    /// The entries from the one asked for up to the last signed one.
    pub(crate) signed: Vec<Vec<u8>>,
    /// Whole entries behind them.
    pub(crate) unsigned: Vec<Vec<u8>>,
    /// Behind the last signed one.
    pub(crate) position: Position,
}

impl EntryFiles {
    pub(crate) fn new(disk: Arc<dyn Disk>, folder: &Path) -> Self {
        Self { disk, folder: folder.to_owned() }
    }

    /// The file that holds entry `index`.
    pub(crate) fn path(&self, index: u64) -> PathBuf {
        self.folder.join(format!("entries-{:016}", index - index % FILE_ENTRIES))
    }

    /// Reads the entries `from..signed` and those behind them. Fewer than `signed - from` come back when the files end early.
    pub(crate) fn find(&self, from: u64, signed: u64) -> io::Result<Found> {
        let mut found = Found {
            signed: Vec::new(),
            unsigned: Vec::new(),
            position: Position { next: signed, offset: 0, stale: true },
        };
        let mut index = from - from % FILE_ENTRIES;
        while let Some(bytes) = self.read_file(index)? {
            let mut rest = &bytes[..];
            let end = index + FILE_ENTRIES;
            while let Some((entry, after)) = split_entry(rest).filter(|_| index < end) {
                if index >= signed && !is_entry_at(entry, index) {
                    break;
                }
                let list = if index < signed { &mut found.signed } else { &mut found.unsigned };
                if index >= from {
                    list.push(entry.to_vec());
                }
                (rest, index) = (after, index + 1);
                if index == signed {
                    found.position.offset = (bytes.len() - rest.len()) as u64;
                }
            }
            if index < end {
                break;
            }
        }
        if signed.is_multiple_of(FILE_ENTRIES) {
            found.position.offset = 0;
        }
        Ok(found)
    }

    /// Writes `entries` at `position` and syncs them. Once this returns they survive power loss.
    ///
    /// After an error of writing the position is as before and the entries can be written again; after one of syncing the
    /// error says so, and nothing may be written any more.
    pub(crate) fn append(&self, position: &mut Position, entries: &[Vec<u8>]) -> Result<(), AppendError> {
        let Position { mut next, mut offset, mut stale } = *position;
        let mut rest = entries;
        while !rest.is_empty() {
            let room = (FILE_ENTRIES - next % FILE_ENTRIES) as usize;
            let (here, after) = rest.split_at(room.min(rest.len()));
            let file = self.open(next).map_err(AppendError::Write)?;
            let mut bytes = Vec::new();
            for entry in here {
                let length = u16::try_from(entry.len()).map_err(|_| AppendError::Write(too_long()))?;
                bytes.extend(length.to_be_bytes());
                bytes.extend_from_slice(entry);
            }
            let end = offset + bytes.len() as u64;
            if stale {
                // What an earlier process left is no entry any more.
                let length = file.len().map_err(AppendError::Write)?;
                bytes.resize(bytes.len() + length.saturating_sub(end) as usize, 0);
            }
            file.write_at(&bytes, offset).map_err(AppendError::Write)?;
            file.sync().map_err(AppendError::Sync)?;
            next += here.len() as u64;
            (offset, stale) = if next.is_multiple_of(FILE_ENTRIES) { (0, true) } else { (end, false) };
            rest = after;
        }
        *position = Position { next, offset, stale };
        Ok(())
    }

    /// Reads the entries `range`, all of which were appended.
    pub(crate) fn read(&self, range: Range<u64>) -> io::Result<Vec<Vec<u8>>> {
        let mut entries = Vec::new();
        let mut index = range.start - range.start % FILE_ENTRIES;
        while index < range.end {
            let bytes = self.read_file(index)?.ok_or(io::ErrorKind::NotFound)?;
            let mut rest = &bytes[..];
            for _ in 0..FILE_ENTRIES.min(range.end - index) {
                let (entry, after) = split_entry(rest).ok_or(io::ErrorKind::UnexpectedEof)?;
                if index >= range.start {
                    entries.push(entry.to_vec());
                }
                (rest, index) = (after, index + 1);
            }
        }
        Ok(entries)
    }

    fn open(&self, index: u64) -> io::Result<Arc<dyn DiskFile>> {
        let path = self.path(index);
        match self.disk.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && index.is_multiple_of(FILE_ENTRIES) => {
                self.disk.create_dir(&self.folder)?;
                let file = self.disk.create(&path)?;
                self.disk.sync_dir(&self.folder)?;
                Ok(file)
            }
            // The name may be that of a process which was stopped before it synced the folder.
            Ok(file) if index.is_multiple_of(FILE_ENTRIES) => self.disk.sync_dir(&self.folder).map(|()| file),
            file => file,
        }
    }

    fn read_file(&self, index: u64) -> io::Result<Option<Vec<u8>>> {
        let file = match self.disk.open(&self.path(index)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let length = file.len()?;
        if length > MAX_FILE_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "longer than any file of entries"));
        }
        let mut bytes = vec![0; length as usize];
        let read = file.read_at(&mut bytes, 0)?;
        bytes.truncate(read);
        Ok(Some(bytes))
    }
}

/// Entries could not be made durable.
#[derive(Debug)]
pub(crate) enum AppendError {
    /// They can be written again.
    Write(io::Error),
    /// Nothing is known of the file until a restart.
    Sync(io::Error),
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("an entry is at most {MAX_PLATFORM_ENTRY_BYTES} bytes"))
}

/// The first entry of `bytes` and what follows it. An entry has at least a byte, so zeros are none.
fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes(*length));
    rest.split_at_checked(length).filter(|_| length > 0)
}

/// Whether `bytes` is an entry that may stand at `index`.
fn is_entry_at(bytes: &[u8], index: u64) -> bool {
    match PlatformEntry::from_bytes(bytes) {
        Ok(PlatformEntry::Epoch(epoch)) => epoch.number == index,
        Ok(PlatformEntry::KeyChange(_)) => true,
        Err(_) => false,
    }
}
