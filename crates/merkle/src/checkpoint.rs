//! Checkpoints, as C2SP `tlog-checkpoint` defines them: what a log states about its tree.

use crate::{Hash, Note, NoteError, NoteSigner, VerifierKey, VerifyNoteError, tile::decimal};
use std::{fmt, str::FromStr};

/// The size and root of a log's tree. Its text is what a checkpoint note signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log, and the name of the key that signs for it.
    pub origin: String,
    /// Leaves in the tree.
    pub size: u64,
    /// Root of these leaves.
    pub root: Hash,
    /// Further lines, which we never write and keep when others do; each is not empty.
    pub extensions: Vec<String>,
}

/// A checkpoint was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text is not an origin, a size and a root.
    #[error("a checkpoint is a line each for origin, decimal size and base64 root, and no empty line")]
    Malformed,
    /// The note around it is not signed as it must be.
    #[error(transparent)]
    Note(#[from] VerifyNoteError),
    /// The note is signed by a known key of another name.
    #[error("the checkpoint of {origin} is signed only by keys with other names; give the verifier key of that log")]
    NotOfOrigin {
        /// The log that the checkpoint speaks of.
        origin: String,
    },
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    #[must_use]
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self { origin: origin.to_owned(), size, root, extensions: Vec::new() }
    }

    /// Signs the checkpoint under the name of its origin.
    ///
    /// A log never signs two checkpoints of which one does not extend the other; the caller sees to that.
    ///
    /// # Errors
    /// Where the origin is no key name, or a line holds what a note cannot.
    pub fn sign(&self, signer: &NoteSigner) -> Result<Note, NoteError> {
        signer.sign(&self.origin, &self.to_string())
    }

    /// Reads the checkpoint that `note` holds, once one of `keys` is seen to have signed it under the name of its origin.
    ///
    /// # Errors
    /// See [`CheckpointError`].
    pub fn open(note: &Note, keys: &[VerifierKey]) -> Result<Self, CheckpointError> {
        let signed = note.verify(keys)?;
        let checkpoint: Self = note.text().parse()?;
        if signed.iter().any(|key| key.name() == checkpoint.origin) {
            return Ok(checkpoint);
        }
        Err(CheckpointError::NotOfOrigin { origin: checkpoint.origin })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::Malformed)?;
        if lines.split('\n').any(str::is_empty) {
            return Err(CheckpointError::Malformed);
        }
        let mut lines = lines.split('\n');
        let mut line = || lines.next().ok_or(CheckpointError::Malformed);
        let origin = line()?.to_owned();
        let size = decimal(line()?).ok_or(CheckpointError::Malformed)?;
        let root = line()?.parse().map_err(|_| CheckpointError::Malformed)?;
        Ok(Self { origin, size, root, extensions: lines.map(str::to_owned).collect() })
    }
}
