//! A small file that is replaced as a whole, and only by whoever knows what it holds.
//!
//! It is the last step before something becomes visible: what is in the cell a restart remembers. Two writers, or a file
//! put back from a copy while somebody works with it, would each go on from a state of their own; so each replacement first
//! reads the file and refuses unless it holds what was written last.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::disk::Disk;

/// Longest content in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// A file that only this value replaces. The caller sees to it that one process at a time has it.
#[derive(Debug)]
pub struct Cell {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The hash of what the file holds; `None` if there is no file.
    known: Option<[u8; 32]>,
    /// Whether the last replacement may or may not have happened.
    unknown: bool,
    /// Names a file for the next content.
    staged: u64,
}

/// Why a cell was not replaced, or perhaps not.
#[derive(Debug, thiserror::Error)]
pub enum CellError {
    /// It holds what it held. Trying again is safe.
    #[error("replace {}, which holds what it held", path.display())]
    Kept {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It holds the old content or the new one, and only a restart finds out which will stay. Nothing more is written.
    #[error("replace {}; whether it was is unknown until a restart", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What the system said; nothing if an earlier replacement failed.
        #[source]
        source: Option<io::Error>,
    },
    /// Somebody else wrote it. Nothing was written.
    #[error(
        "{} does not hold what was written last: another process uses this data directory, or a copy was put back while the \
         server ran; stop both, keep the newest copy, and start again",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

impl CellError {
    /// Whether the process has to end: going on could state two different things.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::Kept { .. })
    }
}

impl Cell {
    /// Opens the cell at `path`, whose folder exists, and returns what it holds; `None` if nothing was ever written.
    /// The disk is not written to.
    ///
    /// # Errors
    /// When the file cannot be read or is over 1 GiB.
    pub fn open(disk: Arc<dyn Disk>, path: &Path) -> io::Result<(Self, Option<Vec<u8>>)> {
        let content = read(&*disk, path)?;
        let state = State { known: content.as_deref().map(hash), unknown: false, staged: 0 };
        Ok((Self { disk, path: path.to_owned(), state: Mutex::new(state) }, content))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the content if it is still what was read or written last. Once this returns the new content survives power
    /// loss; whoever finds the file finds the old content or the new one, whole.
    ///
    /// # Errors
    /// See [`CellError`]. After one that [is fatal](CellError::is_fatal) every later call fails.
    pub fn replace(&self, content: &[u8]) -> Result<(), CellError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let path = || self.path.clone();
        if state.unknown {
            return Err(CellError::Unknown { path: path(), source: None });
        }
        let kept = |source| CellError::Kept { path: path(), source };
        state.staged += 1;
        let staged = self.stage(content, state.staged).map_err(kept)?;
        let found = read(&*self.disk, &self.path).map(|found| found.as_deref().map(hash));
        match found {
            Ok(found) if found == state.known => {}
            Ok(_) => {
                state.unknown = true;
                let _ = self.disk.remove(&staged);
                return Err(CellError::Changed { path: path() });
            }
            Err(source) => {
                let _ = self.disk.remove(&staged);
                return Err(kept(source));
            }
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        if let Err(source) = self.disk.rename(&staged, &self.path).and_then(|()| self.disk.sync_dir(folder)) {
            state.unknown = true;
            return Err(CellError::Unknown { path: path(), source: Some(source) });
        }
        state.known = Some(hash(content));
        Ok(())
    }

    /// Writes the content anew, so that a replacement that an earlier process was not told of is durable before anybody
    /// sees it. Nothing happens to a cell that was never written.
    ///
    /// # Errors
    /// As [`Cell::replace`].
    pub fn settle(&self) -> Result<(), CellError> {
        let content =
            read(&*self.disk, &self.path).map_err(|source| CellError::Kept { path: self.path.clone(), source })?;
        content.map_or(Ok(()), |content| self.replace(&content))
    }

    /// Writes and syncs `content` under a name that no listing shows.
    fn stage(&self, content: &[u8], number: u64) -> io::Result<PathBuf> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let staged = self.path.with_file_name(format!(".staged#{name}{number}"));
        let file = match self.disk.create(&staged) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Left by a process that was stopped.
                self.disk.remove(&staged).and_then(|()| self.disk.create(&staged))
            }
            created => created,
        }?;
        let written = file.write_at(content, 0).and_then(|()| file.sync());
        if let Err(error) = written {
            let _ = self.disk.remove(&staged);
            return Err(error);
        }
        Ok(staged)
    }
}

fn read(disk: &dyn Disk, path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match disk.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let length = file.len()?;
    if length > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "over 1 GiB"));
    }
    let mut content = vec![0; length as usize];
    let read = file.read_at(&mut content, 0)?;
    content.truncate(read);
    Ok(Some(content))
}

fn hash(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}
