//! The rules of a witness, and what it remembers.

use crate::evidence::{Evidence, Suspicion};
use indelible_merkle::{
    AddCheckpoint, AddCheckpointError, Checkpoint, Hash, Note, Signature, VerifierKey, WitnessKey, WitnessSigner,
    empty_root, verify_consistency,
};
use indelible_storage::{Cell, CellError, Disk, LockError, LockFile, RealDisk, durable};
use sha2::{Digest as _, Sha256};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Watches some logs. Requests may come from any thread; those about one log are decided one after the other.
pub struct Witness {
    signer: WitnessSigner,
    logs: Vec<Log>,
    evidence: Evidence,
    _lock: Option<LockFile>,
}

/// One log, by its origin. It may have several keys, as after a change of keys.
struct Log {
    origin: String,
    keys: Vec<VerifierKey>,
    state: Mutex<State>,
}

struct State {
    cell: Cell,
    /// What was cosigned last.
    latest: Option<Latest>,
}

struct Latest {
    note: Note,
    size: u64,
    root: Hash,
}

/// A witness could not be started.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The state folder could not be made or read.
    #[error("{}", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was cosigned last cannot be read.
    #[error(
        "{} does not hold the checkpoint of {origin} that was cosigned last; put it back from a backup: without it this witness \
         could cosign two histories",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The log.
        origin: String,
    },
    /// A checkpoint could not be made durable once more.
    #[error(transparent)]
    Settle(#[from] CellError),
    /// Another process uses the folder.
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// Why a checkpoint was not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The body is no request.
    #[error(transparent)]
    Malformed(#[from] AddCheckpointError),
    /// The note holds no checkpoint, or one smaller than the old size it names.
    #[error("the note is no checkpoint, or its size is below the old size")]
    BadCheckpoint,
    /// The log is not among those watched.
    #[error("the log {origin} is not watched here; its operator has to ask for it")]
    UnknownLog {
        /// Its origin.
        origin: String,
    },
    /// None of the keys known for the log signed it.
    #[error("the checkpoint is not signed by a key that is known here for its log")]
    NotSigned,
    /// The old size is not that of the checkpoint cosigned last, or another root was cosigned at this size.
    #[error("the checkpoint cosigned last has size {size}")]
    Conflict {
        /// Size of the checkpoint cosigned last; 0 if none.
        size: u64,
    },
    /// The proof does not show that the tree extends the one cosigned last.
    #[error("the proof does not show that this tree extends the one of {size} that was cosigned last")]
    NotConsistent {
        /// Size of the checkpoint cosigned last.
        size: u64,
    },
    /// The checkpoint could not be made durable.
    #[error("remember the checkpoint")]
    NotDurable(#[from] CellError),
}

/// A log and what was cosigned of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The log.
    pub origin: String,
    /// Size cosigned last; `None` if nothing was.
    pub size: Option<u64>,
}

impl Witness {
    /// Opens the state in the folder `state` of this machine's disk, which is made if absent, for the logs that sign with `keys`,
    /// and keeps other processes away from it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn start(state: &Path, signer: WitnessSigner, keys: Vec<VerifierKey>) -> Result<Self, OpenError> {
        let io_error = |source| OpenError::Io { path: state.to_owned(), source };
        durable::create_dir_durable(state).map_err(io_error)?;
        let lock = LockFile::acquire(&state.join("lock"))?;
        let mut witness = Self::open(Arc::new(RealDisk), state, signer, keys)?;
        witness._lock = Some(lock);
        Ok(witness)
    }

    /// As [`Witness::start`], on any disk. The caller sees to it that one process at a time uses the folder.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(
        disk: Arc<dyn Disk>,
        state: &Path,
        signer: WitnessSigner,
        keys: Vec<VerifierKey>,
    ) -> Result<Self, OpenError> {
        let io_error = |path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Io { path, source }
        };
        disk.create_dir(state).map_err(io_error(state))?;
        let mut logs: Vec<Log> = Vec::new();
        for key in keys {
            if let Some(log) = logs.iter_mut().find(|log| log.origin == key.name()) {
                log.keys.push(key);
                continue;
            }
            let origin = key.name().to_owned();
            let path = state.join(format!("{}.checkpoint", &hex::encode(Sha256::digest(&origin))[..32]));
            let (cell, content) = Cell::open(Arc::clone(&disk), &path).map_err(io_error(&path))?;
            let latest = content.map(|content| Latest::read(&content).filter(|(found, _)| *found == origin));
            let latest =
                latest.map(|read| read.ok_or(OpenError::Damaged { path, origin: origin.clone() })).transpose()?;
            // A process that was stopped may not have been told that it was durable.
            cell.settle()?;
            let latest = latest.map(|(_, latest)| latest);
            logs.push(Log { origin, keys: vec![key], state: Mutex::new(State { cell, latest }) });
        }
        Ok(Self { signer, logs, evidence: Evidence::new(state), _lock: None })
    }

    /// What others need to check its cosignatures.
    #[must_use]
    pub fn key(&self) -> &WitnessKey {
        self.signer.key()
    }

    /// The logs it watches.
    #[must_use]
    pub fn logs(&self) -> Vec<Known> {
        let known = |log: &Log| {
            let state = log.state.lock().unwrap_or_else(PoisonError::into_inner);
            Known { origin: log.origin.clone(), size: state.latest.as_ref().map(|latest| latest.size) }
        };
        self.logs.iter().map(known).collect()
    }

    /// Decides about the body of an `add-checkpoint` request at `now`, in seconds since 1970. On success the checkpoint is
    /// durable here and the signature can be handed out.
    ///
    /// # Errors
    /// See [`Refusal`]. After one because of the disk, every further request about that log may fail until a restart.
    pub fn add_checkpoint(&self, body: &[u8], now: u64) -> Result<Signature, Refusal> {
        let AddCheckpoint { old_size, proof, checkpoint: note } = AddCheckpoint::from_bytes(body)?;
        let stated: Checkpoint = note.text().parse().map_err(|_| Refusal::BadCheckpoint)?;
        let log = self.logs.iter().find(|log| log.origin == stated.origin);
        let log = log.ok_or_else(|| Refusal::UnknownLog { origin: stated.origin.clone() })?;
        let checkpoint = Checkpoint::open(&note, &log.keys).map_err(|_| Refusal::NotSigned)?;
        if old_size > checkpoint.size {
            return Err(Refusal::BadCheckpoint);
        }
        // From here on nobody else decides about this log.
        let mut state = log.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (size, root) = state.latest.as_ref().map_or((0, empty_root()), |latest| (latest.size, latest.root));
        if checkpoint.size == size && checkpoint.root != root {
            self.suspect(Suspicion::Fork, &state, &note);
            return Err(Refusal::Conflict { size });
        }
        if old_size != size {
            return Err(Refusal::Conflict { size });
        }
        if verify_consistency(size, checkpoint.size, &proof, &root, &checkpoint.root).is_err() {
            self.suspect(Suspicion::Unproven, &state, &note);
            return Err(Refusal::NotConsistent { size });
        }
        if state.latest.is_none() || checkpoint.size > size {
            state.cell.replace(note.to_string().as_bytes())?;
            tracing::debug!(origin = log.origin, size = checkpoint.size, "cosigned");
            state.latest = Some(Latest { note: note.clone(), size: checkpoint.size, root: checkpoint.root });
        }
        Ok(self.signer.cosign(note.text(), now))
    }

    fn suspect(&self, suspicion: Suspicion, state: &State, refused: &Note) {
        let Some(latest) = &state.latest else { return };
        let origin = refused.text().lines().next().unwrap_or_default();
        match self.evidence.keep(suspicion, &latest.note, refused) {
            Ok(Some(path)) => tracing::error!(
                origin,
                evidence = %path.display(),
                "refused a checkpoint that does not extend the one cosigned last; both are kept"
            ),
            Ok(None) => tracing::error!(origin, "refused a checkpoint that does not extend the one cosigned last"),
            Err(error) => tracing::error!(origin, %error, "the evidence of a refused checkpoint could not be kept"),
        }
    }
}

impl Latest {
    /// Reads what was cosigned last, with its origin.
    fn read(content: &[u8]) -> Option<(String, Self)> {
        let note = Note::from_bytes(content).ok()?;
        let Checkpoint { origin, size, root, .. } = note.text().parse().ok()?;
        Some((origin, Self { note, size, root }))
    }
}
