//! A proof of one entry in one file, as C2SP `tlog-proof` defines it: path, and signed checkpoint.

use crate::{
    Checkpoint, CheckpointError, Hash, Note, NoteError, ProofError, VerifierKey, tile::decimal, verify_inclusion,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{fmt, str::FromStr};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// An inclusion proof is never longer.
const MAX_HASHES: usize = 64;

/// That an entry is in a log, to be checked without the log and without a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Whatever helps to compute the leaf hash again. Nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// Index of the leaf.
    pub index: u64,
    /// Inclusion proof of the leaf in the checkpoint's tree, from the leaf upwards.
    pub path: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: Note,
}

/// A proof file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// Not the lines that a proof has.
    #[error("line {line} of the proof is not as c2sp.org/tlog-proof has it")]
    Malformed {
        /// From 1.
        line: usize,
    },
    /// The part after the empty line is not a note.
    #[error("the checkpoint in the proof")]
    Note(#[from] NoteError),
    /// The checkpoint is not signed as it must be, or is none.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The path does not lead to the root that is signed.
    #[error(transparent)]
    Path(#[from] ProofError),
}

impl TlogProof {
    /// Checks that `leaf` is in the log that one of `keys` signs for, and returns the checkpoint that says so.
    ///
    /// # Errors
    /// See [`TlogProofError`].
    pub fn verify(&self, leaf: &Hash, keys: &[VerifierKey]) -> Result<Checkpoint, TlogProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, keys)?;
        verify_inclusion(leaf, self.index, checkpoint.size, &self.path, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for TlogProof {
    type Err = TlogProofError;

    fn from_str(text: &str) -> Result<Self, TlogProofError> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(TlogProofError::Malformed { line: 1 })?;
        let mut lines = head.split('\n').zip(1..).peekable();
        let mut take = |prefix: &str| {
            let (line, _) = lines.next_if(|(line, _)| line.starts_with(prefix))?;
            Some(&line[prefix.len()..])
        };
        if take(HEADER) != Some("") {
            return Err(TlogProofError::Malformed { line: 1 });
        }
        let extra = match take("extra ") {
            Some(base64) => Some(STANDARD.decode(base64).map_err(|_| TlogProofError::Malformed { line: 2 })?),
            None => None,
        };
        let index = take("index ").and_then(decimal);
        let index = index.ok_or(TlogProofError::Malformed { line: 2 + usize::from(extra.is_some()) })?;
        let mut path = Vec::new();
        for (line, number) in lines {
            let hash = line.parse().ok().filter(|_| path.len() < MAX_HASHES);
            path.push(hash.ok_or(TlogProofError::Malformed { line: number })?);
        }
        Ok(Self { extra, index, path, checkpoint: checkpoint.parse()? })
    }
}
