//! What a witness keeps of a log that may not be one: pairs of checkpoints that the log signed.

use indelible_merkle::Note;
use indelible_storage::durable;
use sha2::{Digest as _, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Files of each kind kept at most. Only the holder of a log's key can cause a fork; whoever saw a checkpoint can send it with a
/// bad proof.
const MAX_FILES: usize = 1000;

/// The folder with the evidence, below the state folder.
pub(crate) struct Evidence {
    folder: PathBuf,
}

/// What a pair of checkpoints shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suspicion {
    /// Two roots for one size: proof that the log shows two histories.
    Fork,
    /// The larger was not shown to extend the smaller: a fork, or a bad request.
    Unproven,
}

impl Evidence {
    pub(crate) fn new(state: &Path) -> Self {
        Self { folder: state.join("evidence") }
    }

    /// Keeps the checkpoint that was cosigned and the one that was refused, one note after the other. The same pair is kept
    /// once. Returns the file, or `None` where enough is kept already.
    pub(crate) fn keep(&self, suspicion: Suspicion, cosigned: &Note, refused: &Note) -> io::Result<Option<PathBuf>> {
        let text = format!("{cosigned}{refused}");
        // Cosigned again at another time or signed twice it is the same pair.
        let pair = Sha256::new().chain_update(cosigned.text()).chain_update([0]).chain_update(refused.text());
        let kind = match suspicion {
            Suspicion::Fork => "fork",
            Suspicion::Unproven => "unproven",
        };
        let path = self.folder.join(format!("{kind}-{}", &hex::encode(pair.finalize())[..16]));
        durable::create_dir_durable(&self.folder)?;
        if path.exists() {
            return Ok(Some(path));
        }
        let same_kind = |name: &std::ffi::OsString| name.to_string_lossy().starts_with(kind);
        let names = fs::read_dir(&self.folder)?.filter_map(Result::ok).map(|entry| entry.file_name());
        if names.filter(same_kind).count() >= MAX_FILES {
            return Ok(None);
        }
        match durable::create_new(&path, &self.folder, text.as_bytes(), 0o600) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(Some(path)),
        }
    }
}
