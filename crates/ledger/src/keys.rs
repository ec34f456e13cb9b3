//! The two secrets of a platform: the signing key of its checkpoints, and the key that blinds organizations' names.

use std::io;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use indelible_event::Organization;
use indelible_merkle::NoteSigner;
use indelible_storage::durable;
use sha2::Sha256;

use crate::{LedgerError, create_dir, io_error};

/// Bytes of the HMAC that make a label.
const LABEL_BYTES: usize = 16;

pub(crate) struct Keys {
    pub(crate) signer: NoteSigner,
    label_key: [u8; 32],
}

impl Keys {
    /// Reads the keys; makes them only for a new ledger.
    pub(crate) fn open(folder: &Path, is_new: bool) -> Result<Self, LedgerError> {
        create_dir(folder)?;
        let checkpoint_key = read_or_make(&folder.join("checkpoint.key"), is_new)?;
        let label_key = read_or_make(&folder.join("label.key"), is_new)?;
        Ok(Self { signer: NoteSigner::from_seed(&checkpoint_key), label_key })
    }

    pub(crate) fn label(&self, organization: &Organization) -> String {
        #[allow(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.label_key).expect("HMAC takes a key of any length");
        mac.update(organization.as_str().as_bytes());
        hex::encode(&mac.finalize().into_bytes()[..LABEL_BYTES])
    }
}

fn read_or_make(path: &Path, is_new: bool) -> Result<[u8; 32], LedgerError> {
    match std::fs::read(path) {
        Ok(bytes) => bytes.try_into().map_err(|bytes: Vec<u8>| LedgerError::Damaged {
            path: path.to_owned(),
            what: format!("a key has 32 bytes, this file {}", bytes.len()),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_new => {
            let key = random(path)?;
            durable::write_atomic(path, &key, 0o600).map_err(|source| io_error("write", path, source))?;
            Ok(key)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(LedgerError::KeyMissing { path: path.to_owned() }),
        Err(source) => Err(io_error("read", path, source)),
    }
}

/// 32 random bytes; `path` is what they are for.
pub(crate) fn random(path: &Path) -> Result<[u8; 32], LedgerError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| io_error("draw a key for", path, io::Error::other(error)))?;
    Ok(bytes)
}
