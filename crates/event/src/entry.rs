//! The bytes that stand for an entry in its organization's tree.
//!
//! An event is hashed in two halves, so that a reader of the infrastructure part can verify an entry without the
//! content part, and so that a salt keeps anyone from guessing content from its hash. `docs/formats/entry.md` gives
//! the layout byte by byte.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

use crate::content_key::ContentKey;

/// A SHA-256 hash.
pub type Digest = [u8; 32];

const ENTRY_TAG: &[u8] = b"indelible/entry/v1\0";
const INFRASTRUCTURE_TAG: &[u8] = b"indelible/infrastructure/v1\0";
const CONTENT_TAG: &[u8] = b"indelible/content/v1\0";
const SALT_KEY_TAG: &[u8] = b"indelible/salt-key/v1\0";
const MAP_SALT_TAG: &[u8] = b"indelible/map-salt/v1\0";
const CONTENT_SALT_TAG: &[u8] = b"indelible/content-salt/v1\0";

/// Hashes the canonical infrastructure part.
pub fn infrastructure_hash(jcs: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(INFRASTRUCTURE_TAG);
    hasher.update(jcs);
    hasher.finalize().into()
}

/// Hashes the canonical content part under the entry's salt.
pub fn content_hash(salt: &[u8; 32], jcs: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(CONTENT_TAG);
    hasher.update(salt);
    hasher.update(jcs);
    hasher.finalize().into()
}

/// Appends the bytes of an entry to `out`: what the leaf of the tree is the hash of.
///
/// `received_at_us` counts microseconds since 1970 UTC. `organization` is at most 256 bytes, as every
/// [`Organization`](crate::Organization) is; a longer text would be cut at 65,535 bytes.
pub fn entry_bytes(
    out: &mut Vec<u8>,
    organization: &str,
    seq: u64,
    received_at_us: i64,
    infrastructure: &Digest,
    content: &Digest,
) {
    let organization = organization.as_bytes();
    let length = u16::try_from(organization.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(ENTRY_TAG);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&organization[..usize::from(length)]);
    out.extend_from_slice(&seq.to_be_bytes());
    out.extend_from_slice(&received_at_us.to_be_bytes());
    out.extend_from_slice(infrastructure);
    out.extend_from_slice(content);
}

/// The key from which an organization's per-entry salts are derived.
///
/// A clone copies a pointer. The key itself cannot be read back and is never printed.
#[derive(Clone)]
pub struct SaltKey(Arc<Keyed>);

struct Keyed {
    /// HMAC with the key already absorbed, so that a salt costs two compressions.
    mac: Hmac<Sha256>,
    commitment: Digest,
}

impl SaltKey {
    /// Takes 32 secret random bytes.
    pub fn new(key: [u8; 32]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(SALT_KEY_TAG);
        hasher.update(key);
        Self(Arc::new(Keyed { mac: Hmac::new(&key.into_block()), commitment: hasher.finalize().into() }))
    }

    /// The salt of the entry at `seq`.
    pub fn salt(&self, seq: u64) -> [u8; 32] {
        let mut mac = self.0.mac.clone();
        mac.update(&seq.to_be_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The salt of the organization's place in the map of an epoch. No entry has the same one: the message is longer.
    pub fn map_salt(&self, epoch: u64) -> [u8; 32] {
        let mut mac = self.0.mac.clone();
        mac.update(MAP_SALT_TAG);
        mac.update(&epoch.to_be_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The salt key of entries whose content is encrypted under `key`: whoever has this one alone, which stands in the archive,
    /// cannot try out what their content may be, and with `key` their salts are gone too.
    #[must_use]
    pub fn under(&self, key: &ContentKey) -> SaltKey {
        let mut mac = self.0.mac.clone();
        mac.update(CONTENT_SALT_TAG);
        mac.update(key.bytes());
        SaltKey::new(mac.finalize().into_bytes().into())
    }

    /// What the genesis entry says of this key: its hash under a tag. It reveals nothing of a random key, and a
    /// disclosed key can be checked against it.
    pub fn commitment(&self) -> Digest {
        self.0.commitment
    }
}

impl fmt::Debug for SaltKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaltKey(..)")
    }
}

/// HMAC pads a key shorter than the block with zeros; a whole block as key is the one form that cannot fail.
trait IntoBlock {
    fn into_block(self) -> hmac::digest::Key<Hmac<Sha256>>;
}

impl IntoBlock for [u8; 32] {
    fn into_block(self) -> hmac::digest::Key<Hmac<Sha256>> {
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self);
        block.into()
    }
}

#[cfg(test)]
mod tests;
