//! The file of published checkpoints: the newest signed note of each log, one after another. It is replaced as a whole.

use indelible_merkle::{Checkpoint, Note, NoteSigner, Notes};
use std::sync::Arc;

pub(crate) const FILE: &str = "checkpoints";

/// A checkpoint and the signed note that states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// Origin, size and root.
    pub checkpoint: Checkpoint,
    /// The note's text, as it is served and kept.
    pub note: String,
}

/// A checkpoint that [`crate::Ledger::publish`] made official.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedCheckpoint {
    /// The organization's.
    pub number: u32,
    /// What was signed.
    pub signed: Arc<SignedCheckpoint>,
}

impl SignedCheckpoint {
    pub(crate) fn new(checkpoint: Checkpoint, note: &Note) -> Self {
        Self { checkpoint, note: note.to_string() }
    }
}

/// Reads the notes of the file and checks that `signer` signed each; or says what is wrong.
pub(crate) fn read(text: &str, signer: &NoteSigner) -> Result<Vec<SignedCheckpoint>, String> {
    let mut checkpoints = Vec::new();
    for note in Notes::new(text) {
        let note = note.map_err(|error| format!("note {}: {error}", checkpoints.len() + 1))?;
        let origin = note.text().lines().next().unwrap_or("");
        let key = signer.verifier_key(origin).map_err(|error| format!("the origin {origin:?}: {error}"))?;
        let checkpoint = Checkpoint::open(&note, &[key]).map_err(|error| {
            format!("the checkpoint of {origin}: {error}; if checkpoint.key was exchanged, put the old one back")
        })?;
        checkpoints.push(SignedCheckpoint::new(checkpoint, &note));
    }
    Ok(checkpoints)
}
