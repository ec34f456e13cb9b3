//! What a log sends to a witness, as C2SP `tlog-witness` defines it: the size the witness knows, a proof, a checkpoint.

use crate::{Hash, Note, NoteError, tile::decimal};
use std::fmt;

/// Most hashes of a request.
const MAX_HASHES: usize = 63;

/// The body of an `add-checkpoint` request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the checkpoint that the witness cosigned last for this log; 0 if none.
    pub old_size: u64,
    /// Proof that the checkpoint's tree extends the tree of that size; at most 63 hashes.
    pub proof: Vec<Hash>,
    /// The checkpoint to cosign, signed by its log.
    pub checkpoint: Note,
}

/// A body is no `add-checkpoint` request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddCheckpointError {
    /// The part before the empty line is not as it must be.
    #[error(
        "line {line} is not as c2sp.org/tlog-witness has it: `old SIZE`, then at most 63 hashes in base64, then an empty line"
    )]
    Malformed {
        /// From 1.
        line: usize,
    },
    /// The part after it is no note.
    #[error("the checkpoint")]
    Note(#[from] NoteError),
}

impl AddCheckpoint {
    /// Reads a body of unknown origin. Accepts exactly what `Display` writes.
    ///
    /// # Errors
    /// See [`AddCheckpointError`].
    pub fn from_bytes(body: &[u8]) -> Result<Self, AddCheckpointError> {
        let (mut rest, mut line, mut old_size, mut proof) = (body, 0, None, Vec::new());
        loop {
            line += 1;
            let malformed = AddCheckpointError::Malformed { line };
            let at = rest.iter().take(100).position(|byte| *byte == b'\n').ok_or(malformed)?;
            let text = str::from_utf8(&rest[..at]).map_err(|_| malformed)?;
            rest = &rest[at + 1..];
            match old_size {
                None => old_size = Some(text.strip_prefix("old ").and_then(decimal).ok_or(malformed)?),
                Some(old_size) if text.is_empty() => {
                    return Ok(Self { old_size, proof, checkpoint: Note::from_bytes(rest)? });
                }
                Some(_) => {
                    let hash = text.parse().ok().filter(|_| proof.len() < MAX_HASHES);
                    proof.push(hash.ok_or(malformed)?);
                }
            }
        }
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
