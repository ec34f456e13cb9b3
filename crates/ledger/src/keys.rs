//! The keys of a platform and the salt keys of its organizations: 32 random bytes each, as a line of hex digits, in files
//! that only their owner can read.

use crate::{OpenError, rotate};
use hmac::{Hmac, KeyInit as _, Mac as _};
use indelible_event::Organization;
use indelible_merkle::{KeyChange, Label, NoteSigner};
use indelible_storage::durable;
use sha2::Sha256;
use std::{fs, io, os::unix::fs::PermissionsExt as _, path::Path};

/// Signs for, and names, all logs of a platform.
pub(crate) struct Keys {
    pub(crate) signer: NoteSigner,
    label: Hmac<Sha256>,
    /// The rotations that led to the signer, the newest last.
    pub(crate) changes: Vec<KeyChange>,
}

pub(crate) const CHECKPOINT_KEY: &str = "checkpoint.key";
const LABEL_KEY: &str = "label.key";

impl Keys {
    /// Whether `folder` holds a key that may have signed something.
    pub(crate) fn exist(folder: &Path) -> bool {
        folder.join(CHECKPOINT_KEY).exists()
    }

    /// Reads the keys in `folder`; makes those that are missing if `may_create`.
    pub(crate) fn open(folder: &Path, may_create: bool) -> Result<Self, OpenError> {
        if may_create {
            durable::create_dir_durable(folder).map_err(|source| OpenError::Io { path: folder.to_owned(), source })?;
        }
        let open = |name| {
            let path = folder.join(name);
            let key = match read(&path) {
                Ok(None) if may_create => create(&path),
                Ok(None) => return Err(OpenError::KeyMissing { path }),
                Ok(Some(key)) => Ok(key),
                Err(error) => Err(error),
            };
            key.map_err(|error| open_error(&path, error))
        };
        let mut label = [0; 64];
        label[..32].copy_from_slice(&open(LABEL_KEY)?);
        let signer = NoteSigner::from_seed(&open(CHECKPOINT_KEY)?);
        Ok(Self { signer, label: Hmac::new(&label.into()), changes: rotate::read_changes(folder)? })
    }

    /// Refuses keys of which the last rotation does not lead to the signer.
    pub(crate) fn ensure_rotated(&self, folder: &Path) -> Result<(), OpenError> {
        match self.changes.last() {
            Some(change) if *change.new_key() != self.signer.public() => {
                Err(OpenError::RotationUnfinished { keys: folder.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// The blinded name of an organization: 32 hex digits.
    pub(crate) fn label_of(&self, organization: &Organization) -> String {
        hex::encode(self.label_bytes(organization))
    }

    /// The bytes that the digits stand for.
    pub(crate) fn label_bytes(&self, organization: &Organization) -> Label {
        let mut mac = self.label.clone();
        mac.update(organization.as_str().as_bytes());
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        digest.first_chunk().copied().unwrap_or_default()
    }

    /// 32 secret bytes for a `purpose` that names no RID, other ones for each organization.
    pub(crate) fn derive(&self, purpose: &str, organization: &Organization) -> [u8; 32] {
        let mut mac = self.label.clone();
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(organization.as_str().as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// Reads a key file; `None` if there is none, `InvalidData` if it holds something else.
pub(crate) fn read(path: &Path) -> io::Result<Option<[u8; 32]>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text?,
    };
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), mode = format!("{:o}", mode & 0o777), "a key can be read by others; chmod 600 it");
    }
    let mut key = [0; 32];
    let lowercase = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    match hex::decode_to_slice(text.strip_suffix('\n').unwrap_or(&text), &mut key) {
        Ok(()) if lowercase => Ok(Some(key)),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "a key is 64 lowercase hex digits")),
    }
}

/// Makes a key. It is on disk, and its name too, before it is used for anything.
pub(crate) fn create(path: &Path) -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    durable::create_new(path, folder, format!("{}\n", hex::encode(key)).as_bytes(), 0o600)?;
    Ok(key)
}

/// What a failure to read or make the key at `path` means to whoever opens a ledger.
pub(crate) fn open_error(path: &Path, error: io::Error) -> OpenError {
    match error.kind() {
        io::ErrorKind::InvalidData => OpenError::BadKey { path: path.to_owned() },
        _ => OpenError::Io { path: path.to_owned(), source: error },
    }
}
