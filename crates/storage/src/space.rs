//! How full a file system is, and room kept back for the day when it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use crate::durable;

/// Zeros written at a time where the file system cannot set room aside in one call.
const PIECE_BYTES: usize = 1 << 20;

/// The room of one file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes in use.
    pub used_bytes: u64,
    /// Bytes that a program without privileges may still take.
    pub free_bytes: u64,
}

impl Space {
    /// Asks for the file system that holds `path`, which must exist. Does not touch the disk.
    pub fn of(path: &Path) -> io::Result<Space> {
        let found = rustix::fs::statvfs(path)?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Ok(Space { used_bytes: bytes(found.f_blocks.saturating_sub(found.f_bfree)), free_bytes: bytes(found.f_bavail) })
    }

    /// Part in use, 0 to 100, as `df` shows it: what only the superuser may take counts as neither used nor free.
    pub fn used_percent(&self) -> f64 {
        let all = self.used_bytes.saturating_add(self.free_bytes);
        if all == 0 { 100.0 } else { self.used_bytes as f64 * 100.0 / all as f64 }
    }
}

/// A file without meaning that takes up room, to be given up when there is no other.
#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
    bytes: u64,
}

impl Reserve {
    /// The reserve at `path`, `bytes` long. Touches nothing.
    pub fn new(path: PathBuf, bytes: u64) -> Reserve {
        Reserve { path, bytes }
    }

    /// Its length when it is held.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the room is set aside now.
    pub fn is_held(&self) -> bool {
        self.bytes > 0 && fs::metadata(&self.path).is_ok_and(|found| found.len() == self.bytes)
    }

    /// Sets the room aside; does nothing if it is held, or if the reserve is of 0 bytes. After an error none is held.
    pub fn take(&self) -> io::Result<()> {
        if self.bytes == 0 || self.is_held() {
            return Ok(());
        }
        self.give_up()?;
        let taken = self.fill();
        if taken.is_err() {
            let _ = fs::remove_file(&self.path);
        }
        taken
    }

    /// Frees the room. Returns whether there was any.
    pub fn give_up(&self) -> io::Result<bool> {
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn fill(&self) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path)?;
        match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, self.bytes) {
            Ok(()) => {}
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => write_zeros(&mut file, self.bytes)?,
            Err(errno) => return Err(errno.into()),
        }
        file.sync_all()?;
        durable::sync_dir(self.path.parent().unwrap_or(Path::new(".")))
    }
}

fn write_zeros(file: &mut File, bytes: u64) -> io::Result<()> {
    let zeros = vec![0; PIECE_BYTES];
    let mut left = bytes;
    while left > 0 {
        let piece = left.min(PIECE_BYTES as u64) as usize;
        file.write_all(&zeros[..piece])?;
        left -= piece as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn used_part_is_of_what_may_be_used() {
        let check = |used_bytes, free_bytes, percent| {
            assert_eq!(Space { used_bytes, free_bytes }.used_percent(), percent);
        };
        check(0, 100, 0.0);
        check(75, 25, 75.0);
        check(10, 0, 100.0);
        check(0, 0, 100.0);
        check(u64::MAX, u64::MAX, 100.0);
    }

    #[test]
    fn reserve_takes_room_and_gives_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::new(folder.path().join("reserve"), 3 << 20);
        assert!(!reserve.is_held() && !reserve.give_up().unwrap());
        reserve.take().unwrap();
        reserve.take().unwrap();
        assert!(reserve.is_held());
        let allocated = std::os::unix::fs::MetadataExt::blocks(&fs::metadata(folder.path().join("reserve")).unwrap());
        assert!(allocated * 512 >= 3 << 20, "{allocated} blocks");
        assert!(reserve.give_up().unwrap() && !reserve.is_held());
        assert!(Space::of(folder.path()).unwrap().free_bytes > 0);
    }

    #[test]
    fn reserve_of_another_length_is_made_again_and_one_that_does_not_fit_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reserve");
        fs::write(&path, b"of another setting").unwrap();
        Reserve::new(path.clone(), 8192).take().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 8192);
        assert!(Reserve::new(path.clone(), 1 << 60).take().is_err());
        assert!(!path.exists());
        Reserve::new(path.clone(), 0).take().unwrap();
        assert!(!path.exists());
    }
}
