//! Files and folders that are still there after power loss, and the lock of a data directory.
//!
//! A new name in a folder survives only when the folder itself is synced; every function here does that
//! before it returns. On an error the old state or the new one is found, never a mixture.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

/// Replaces the file at `path` by one that holds `bytes` and has the permission bits `mode` (for example `0o600`).
///
/// A reader, and a restart after power loss, finds the old content or the new, whole. The folder must exist.
pub fn write_atomic(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let staged = Staged::write(parent_of(path), bytes, mode)?;
    fs::rename(&staged.path, path)?;
    sync_dir(parent_of(path))
}

/// Creates the file at `path` with `bytes`; fails with [`io::ErrorKind::AlreadyExists`] when the name is taken.
///
/// The name appears only with all of its bytes on disk. `staging` is an existing folder of the same file system
/// in which the file is written first.
pub fn create_new(path: &Path, staging: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let staged = Staged::write(staging, bytes, mode)?;
    fs::hard_link(&staged.path, path)?;
    sync_dir(parent_of(path))
}

/// Creates the folder `path` and all missing parents, each synced into its own parent.
///
/// Also when the folder exists already its name is synced, because whoever made it may have been
/// stopped just before that.
pub fn create_dir_durable(path: &Path) -> io::Result<()> {
    match create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.parent().is_some() => {
            create_dir_durable(parent_of(path))?;
            create_dir(path)?;
        }
        created => created?,
    }
    sync_dir(parent_of(path))
}

/// Creates the folder, unless it is there: somebody else may create it at the same moment.
fn create_dir(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        created => created,
    }
}

/// Makes the names created, renamed and removed in the folder `path` durable.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// The folder that holds `path`; `.` for a bare name, the root for the root.
fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        None => path,
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
    }
}

/// A synced file under a temporary name, removed when dropped.
struct Staged {
    path: PathBuf,
}

impl Staged {
    /// The name ends in `#` and digits, which the local bucket never lists.
    fn write(folder: &Path, bytes: &[u8], mode: u32) -> io::Result<Staged> {
        let staged = Staged { path: folder.join(format!(".staged#{}", random_number()?)) };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&staged.path)?;
        // Unlike the mode of open, this is not narrowed by the umask.
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(staged)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; a leftover does no harm.
        let _ = fs::remove_file(&self.path);
    }
}

fn random_number() -> io::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Holds a data directory for one process: an exclusive `flock` on a file that names the process.
///
/// The operating system drops the lock when the process ends, however it ends. The file stays.
#[derive(Debug)]
pub struct LockFile {
    _file: File,
}

/// Why a [`LockFile`] was not obtained.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{} is in use by {}; stop it first, or choose another data directory", path.display(), holder(*pid))]
    Held {
        /// The lock file.
        path: PathBuf,
        /// The process that wrote its number into the file.
        pid: Option<u32>,
    },
    /// The file could not be opened, locked or written.
    #[error("lock {}", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

impl LockFile {
    /// Takes the lock at `path` without waiting; creates the file (mode 0600) if absent. The folder must exist.
    pub fn acquire(path: &Path) -> Result<LockFile, LockError> {
        let io_error = |source| LockError::Io { path: path.to_owned(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(io_error)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut text = String::new();
                // The number is a courtesy: without it the message is still right.
                let _ = file.take(20).read_to_string(&mut text);
                return Err(LockError::Held { path: path.to_owned(), pid: text.trim().parse().ok() });
            }
            Err(errno) => return Err(io_error(errno.into())),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(io_error)?;
        Ok(LockFile { _file: file })
    }
}

#[cfg(test)]
mod tests;
