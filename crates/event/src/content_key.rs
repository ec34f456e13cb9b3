//! The key under which an organization's content is encrypted, and what is derived from it.
//!
//! One key serves four purposes, each by a key of its own derived from it, so that no two of them ever meet: records of
//! the journal, columns of log files, records in the quarantine, and the salts of encrypted entries. `docs/formats/entry.md` gives the derivations.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const JOURNAL_TAG: &[u8] = b"indelible/journal-content/v1\0";
const LOG_FILE_TAG: &[u8] = b"indelible/log-file-content/v1\0";
const QUARANTINE_TAG: &[u8] = b"indelible/quarantine/v1\0";

/// 32 secret bytes, wiped from memory when the last clone goes. A clone copies a pointer; the key is never printed.
#[derive(Clone)]
pub struct ContentKey(Arc<Secret>);

struct Secret {
    bytes: Zeroizing<[u8; 32]>,
    id: KeyId,
}

impl ContentKey {
    /// Takes 32 secret random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        let hash: [u8; 32] = Sha256::digest(bytes.as_slice()).into();
        let id = KeyId(hash.first_chunk().copied().unwrap_or_default());
        Self(Arc::new(Secret { bytes, id }))
    }

    /// Its name.
    pub fn id(&self) -> KeyId {
        self.0.id
    }

    /// The bytes, for whoever keeps or derives.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0.bytes
    }

    /// The key of the content parts in records of the journal.
    pub fn for_journal(&self) -> Zeroizing<[u8; 32]> {
        self.derive(JOURNAL_TAG)
    }

    /// The key of the content columns of log files.
    pub fn for_log_files(&self) -> Zeroizing<[u8; 32]> {
        self.derive(LOG_FILE_TAG)
    }

    /// The key of records in the quarantine.
    pub fn for_quarantine(&self) -> Zeroizing<[u8; 32]> {
        self.derive(QUARANTINE_TAG)
    }

    fn derive(&self, tag: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(self.bytes());
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        mac.update(tag);
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentKey({})", self.id())
    }
}

/// Names a [`ContentKey`]: the first 8 bytes of its SHA-256, written as 16 lower-case hexadecimal digits. It reveals nothing
/// of a random key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// A text that names no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of a content key has 16 lower-case hexadecimal digits")]
pub struct BadKeyId;

impl FromStr for KeyId {
    type Err = BadKeyId;

    fn from_str(text: &str) -> Result<Self, BadKeyId> {
        let mut id = [0; 8];
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 16 || !text.bytes().all(is_digit) {
            return Err(BadKeyId);
        }
        for (byte, at) in id.iter_mut().zip((0..16).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| BadKeyId)?;
        }
        Ok(Self(id))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::entry::SaltKey;

    fn key() -> ContentKey {
        let mut bytes = [0; 32];
        (0..32).for_each(|i| bytes[usize::from(i)] = i);
        ContentKey::new(bytes)
    }

    /// The derivations, as Python's `hmac` and `hashlib` give them; kept for ever.
    #[test]
    fn what_is_derived_from_a_key_stays_the_same() {
        let key = key();
        assert_eq!(key.id().to_string(), "630dcd2966c43366");
        let salts = SaltKey::new([7; 32]).under(&key);
        let found = [*key.for_journal(), *key.for_log_files(), salts.salt(5)].map(hex::encode);
        let expected = [
            "c92c449fc3203864cac88058de9981d48a919feb47ef81cb20daf0f237d777a9",
            "595ab65f176e22afc64a403ce17a8cccc62f3c065fb9eaad0e595f29c71c78c0",
            "fca26a952b0b760e703bd1f2f176685e9f1b4a6987a2ad7a28c368b28c534b9e",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_id_is_read_as_it_is_written_and_nothing_else_is() {
        let id = key().id();
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in
            ["", "630dcd2966c4336", "630dcd2966c433660", "630DCD2966C43366", "630dcd2966c4336g", "630dcd2966c433é"]
        {
            assert_eq!(wrong.parse::<KeyId>(), Err(BadKeyId), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(format!("{:?}", key()), "ContentKey(630dcd2966c43366)");
    }
}
