//! What can go wrong, by operation.

use indelible_event::Organization;
use indelible_merkle::{KeyError, NoteError, ProveError};
use indelible_storage::CellError;
use std::{io, path::PathBuf};

/// The ledger could not be opened. Nothing on disk was changed, except that missing keys of a new ledger may exist now.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file or folder could not be read, made or written.
    #[error("{}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A key is gone though there are trees that were made with it.
    #[error("{} is missing, and there are logs that need it; put it back from a backup of the keys folder", path.display())]
    KeyMissing {
        /// Where it was.
        path: PathBuf,
    },
    /// A rotation of keys was broken off.
    #[error("the rotation of the keys in {} was begun and not finished; run `indelible key rotate` again", keys.display())]
    RotationUnfinished {
        /// The folder of keys.
        keys: PathBuf,
    },
    /// The trees are gone though there are keys that signed for them.
    #[error(
        "{} holds no ledger, and {} holds keys of one; put the ledger back from a backup or rebuild it from the archive, or move \
         the keys away if the platform is to begin anew",
        folder.display(),
        keys.display()
    )]
    LedgerMissing {
        /// Where it was.
        folder: PathBuf,
        /// Where its keys are.
        keys: PathBuf,
    },
    /// A key file does not hold a key.
    #[error("{} is not a key of 64 lowercase hex digits; put it back from a backup", path.display())]
    BadKey {
        /// The file.
        path: PathBuf,
    },
    /// The platform's name cannot be part of an origin.
    #[error(
        "the platform name {0:?} is not 1 to 400 bytes without white space and plus; change it in the configuration"
    )]
    Platform(String),
    /// A file is not what the ledger wrote.
    #[error("{} is damaged: {problem}; put the data directory back from a backup, or rebuild it from the archive", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A level file has fewer hashes than were once synced.
    #[error(
        "{} has {found} bytes and {expected} were written down; put the file back from a backup, or rebuild the data directory from the archive",
        path.display()
    )]
    Shorter {
        /// The file.
        path: PathBuf,
        /// Its length in bytes; 0 if absent.
        found: u64,
        /// The length it must have at least.
        expected: u64,
    },
    /// A file was made under another platform name or with another key.
    #[error("{} is of the log {found}, and with this platform name and these keys it would be {expected}; use the ones it was made with", path.display())]
    OtherLog {
        /// The file.
        path: PathBuf,
        /// Origin or label found.
        found: String,
        /// Origin or label expected.
        expected: String,
    },
}

/// An operation on an open ledger failed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// No organization has this number.
    #[error("no organization has the number {0}")]
    UnknownOrganization(u32),
    /// Leaves do not follow the end of the tree. Nothing was appended.
    #[error("the log of {organization} has {size} entries, and leaves from {first} on would leave a gap")]
    Gap {
        /// Whose log.
        organization: Organization,
        /// Leaves it has.
        size: u64,
        /// First leaf given.
        first: u64,
    },
    /// What was asked for is not in the tree.
    #[error("leaves {begin} to {end} are not all in a log of {size} entries")]
    Outside {
        /// First leaf asked for.
        begin: u64,
        /// One past the last leaf asked for.
        end: u64,
        /// Leaves there are.
        size: u64,
    },
    /// A file could not be read or written.
    #[error("{}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A sync of the platform log failed: what the disk holds of its end is unknown until a restart.
    #[error("sync {}; whether it was is unknown until a restart", path.display())]
    Unknown {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The checkpoints could not be replaced.
    #[error(transparent)]
    Checkpoints(#[from] CellError),
    /// An entry of the platform log is not the one that was signed.
    #[error("entry {entry} of the platform log in {} was altered; put the file back from a backup or the archive", folder.display())]
    Damaged {
        /// The folder of the platform log.
        folder: PathBuf,
        /// Which entry.
        entry: u64,
    },
    /// A write or sync failed before. What the disk holds is unknown until a restart.
    #[error("the ledger writes no more since a write or sync failed; see to the disk and restart")]
    Halted,
    /// Nothing is signed before the recovered trees are checked against what was signed before.
    #[error("the ledger has not been checked since it was opened; call check_recovered after replay")]
    Unchecked,
    /// Two organizations have one label.
    #[error("two organizations have the same label; the label key was exchanged or is broken")]
    LabelTwice,
    /// A name cannot be that of a key.
    #[error("sign")]
    Key(#[from] KeyError),
    /// A text cannot be signed.
    #[error("sign")]
    Note(#[from] NoteError),
}

impl LedgerError {
    /// Whether only a restart can find out what the disk holds.
    pub(crate) fn is_fatal(&self) -> bool {
        match self {
            Self::Unknown { .. } | Self::Halted => true,
            Self::Checkpoints(error) => error.is_fatal(),
            _ => false,
        }
    }
}

impl From<ProveError<LedgerError>> for LedgerError {
    fn from(error: ProveError<Self>) -> Self {
        match error {
            ProveError::Outside { begin, end, size } => Self::Outside { begin, end, size },
            ProveError::Read(error) => error,
        }
    }
}

/// The ledger holds less than, or something else than, what was signed.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// Entries that were official are gone.
    #[error(
        "the log of {organization} was signed at {signed} entries and has {size}; entries were lost or an old copy of the data \
         directory was put back; find the newer copy, or rebuild from the archive, which opens a new generation"
    )]
    Shorter {
        /// Whose log.
        organization: Organization,
        /// Size that was signed.
        signed: u64,
        /// Size it has.
        size: u64,
    },
    /// The entries are not those that were signed.
    #[error(
        "the log of {organization} has another root at {signed} entries than was signed; entries were altered; keep this data \
         directory as evidence, and put back a copy or rebuild from the archive"
    )]
    OtherRoot {
        /// Whose log.
        organization: Organization,
        /// Size that was signed.
        signed: u64,
        /// Size it has.
        size: u64,
    },
    /// What was published could not be made durable once more.
    #[error(transparent)]
    Settle(#[from] CellError),
    /// A tree could not be read.
    #[error("read the log of {organization}")]
    Read {
        /// Whose log.
        organization: Organization,
        /// Why.
        source: Box<LedgerError>,
    },
}
