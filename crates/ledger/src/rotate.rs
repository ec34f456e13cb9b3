//! Another key for the logs of a platform: announced in the platform log with the signatures of both keys.
//!
//! The key that comes next lies in a file of its own, so that witnesses and auditors can be told its public half before it
//! signs anything. A rotation is a series of steps, each durable before the next: the announcement is kept in
//! `keys/changes`; it is written into the platform log with an epoch behind it; the file of checkpoints is replaced by one
//! that the new key signed (*the commit point*); the file of the new key takes the place of the old one, which is gone
//! then. Where it is broken off, the ledger does not open until it is run again.

use crate::{
    LedgerError, OpenError, Settings, checkpoints,
    keys::{self, CHECKPOINT_KEY},
    ledger::Ledger,
};
use indelible_merkle::{KeyChange, NoteSigner, PlatformEntry, VerifierKey};
use indelible_storage::{Cell, durable};
use std::{fs, io, path::Path, sync::Arc};

/// The private key that signs after the next rotation.
const NEXT_KEY: &str = "checkpoint.key.next";
/// The announcements of all rotations, one after another.
const CHANGES: &str = "changes";
/// Bytes of one.
const CHANGE_BYTES: usize = 224;

/// A rotation was not done, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The ledger, or its keys, could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The announcement could not be made official.
    #[error("announce the new key; run the rotation again")]
    Announce(#[source] LedgerError),
}

/// The public half, under `name`, of the key that signs now.
///
/// # Errors
/// When there is none, or its file cannot be read.
pub fn current_key(keys: &Path, name: &str) -> Result<VerifierKey, OpenError> {
    let path = keys.join(CHECKPOINT_KEY);
    let seed = keys::read(&path).map_err(|error| keys::open_error(&path, error))?;
    let signer = NoteSigner::from_seed(&seed.ok_or(OpenError::KeyMissing { path })?);
    signer.verifier_key(name).map_err(|_| OpenError::Platform(name.to_owned()))
}

/// The public half, under `name`, of the key that will sign after the next rotation. It is made, durably, if there is none.
///
/// # Errors
/// When its file cannot be read or made.
pub fn next_key(keys: &Path, name: &str) -> Result<VerifierKey, OpenError> {
    let next = next_signer(keys)?;
    next.verifier_key(name).map_err(|_| OpenError::Platform(name.to_owned()))
}

/// Gives the logs of a platform another key. The server must not run: the caller holds the lock of the data folder.
///
/// What the old key signed stays valid. Its private half is destroyed.
///
/// # Errors
/// After any error the rotation can be run again, and the server starts only when it is done or was not begun.
pub fn rotate(
    folder: &Path,
    keys: &Path,
    platform: &str,
    generation: u32,
    settings: Settings,
) -> Result<KeyChange, RotateError> {
    let next = next_signer(keys)?;
    let begun = read_changes(keys)?.pop().filter(|change| *change.new_key() == next.public());
    if let Some(change) = &begun
        && is_signed_by(folder, &settings, &next)?
    {
        promote(keys)?;
        return Ok(change.clone());
    }
    let clock = Arc::clone(&settings.clock);
    let ledger = Ledger::open_keys(folder, keys, platform, generation, true, settings)?;
    let change = match begun.filter(|change| *change.old() == ledger.signer().public()) {
        Some(change) => change,
        None => {
            let change = KeyChange::sign(clock(), ledger.signer(), &next);
            keep(keys, &change)?;
            change
        }
    };
    ledger.announce(&PlatformEntry::KeyChange(change.clone()), &next).map_err(RotateError::Announce)?;
    promote(keys)?;
    Ok(change)
}

/// The rotations so far, the newest last.
pub(crate) fn read_changes(keys: &Path) -> Result<Vec<KeyChange>, OpenError> {
    let path = keys.join(CHANGES);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(OpenError::Io { path, source }),
    };
    let damaged = |problem: String| OpenError::Damaged { path: path.clone(), problem };
    let mut changes: Vec<KeyChange> = Vec::new();
    for bytes in bytes.chunks(CHANGE_BYTES) {
        match PlatformEntry::from_bytes(bytes) {
            Ok(PlatformEntry::KeyChange(change)) => changes.push(change),
            Ok(PlatformEntry::Epoch(_)) => return Err(damaged("it holds an epoch".to_owned())),
            Err(error) => return Err(damaged(error.to_string())),
        }
    }
    if changes.windows(2).any(|pair| pair[0].new_key() != pair[1].old()) {
        return Err(damaged("its changes of keys do not follow each other".to_owned()));
    }
    Ok(changes)
}

fn keep(keys: &Path, change: &KeyChange) -> Result<(), OpenError> {
    // Of a rotation that was broken off with another next key nothing was announced that is signed.
    let changes = read_changes(keys)?.into_iter().filter(|known| known.old() != change.old());
    let bytes: Vec<u8> = changes.chain([change.clone()]).flat_map(|change| change.to_bytes()).collect();
    let path = keys.join(CHANGES);
    durable::write_atomic(&path, &bytes, 0o644).map_err(|source| OpenError::Io { path, source })
}

fn next_signer(keys: &Path) -> Result<NoteSigner, OpenError> {
    let path = keys.join(NEXT_KEY);
    let seed = keys::read(&path).and_then(|seed| seed.map_or_else(|| keys::create(&path), Ok));
    Ok(NoteSigner::from_seed(&seed.map_err(|error| keys::open_error(&path, error))?))
}

/// Whether the file of checkpoints is that of the commit point.
fn is_signed_by(folder: &Path, settings: &Settings, signer: &NoteSigner) -> Result<bool, OpenError> {
    let path = folder.join(checkpoints::FILE);
    let cell = Cell::open(Arc::clone(&settings.disk), &path);
    let (_, notes) = cell.map_err(|source| OpenError::Io { path, source })?;
    let notes = notes.and_then(|notes| String::from_utf8(notes).ok());
    Ok(notes.is_some_and(|notes| checkpoints::read(&notes, signer).is_ok()))
}

/// Puts the next key in the place of the current one.
fn promote(keys: &Path) -> Result<(), OpenError> {
    let path = keys.join(CHECKPOINT_KEY);
    let promoted = fs::rename(keys.join(NEXT_KEY), &path).and_then(|()| durable::sync_dir(keys));
    promoted.map_err(|source| OpenError::Io { path, source })
}
