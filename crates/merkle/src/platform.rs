//! The entries of a platform log: what binds all organizations of a platform together, and which keys sign for it.

use crate::{Hash, NoteSigner, VerifierKey, leaf_hash};

/// Longest entry of a platform log in bytes. C2SP tiles carry no longer ones.
pub const MAX_PLATFORM_ENTRY_BYTES: usize = 65_535;

const EPOCH_TAG: &[u8] = b"indelible/epoch/v1\0";
const KEY_CHANGE_TAG: &[u8] = b"indelible/key-change/v1\0";

/// An entry of a platform log. Its leaf is [`leaf_hash`] of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlatformEntry {
    /// The state of all organizations' logs.
    Epoch(Epoch),
    /// From here on another key may sign.
    KeyChange(KeyChange),
}

/// Binds the newest size and root of every organization's log. Without growth it is a sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Index of this entry in the platform log.
    pub number: u64,
    /// Microseconds since 1970 on the operator's clock, which never decrease within a log.
    pub time: i64,
    /// Root of the map of this epoch.
    pub map_root: Hash,
}

/// An announcement that the platform's logs are signed by another key from here on, made with both keys. What the old
/// one has signed stays valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// Microseconds since 1970 on the operator's clock.
    pub time: i64,
    old: [u8; 32],
    new: [u8; 32],
    old_signature: [u8; 64],
    new_signature: [u8; 64],
}

/// Bytes are not an entry of a platform log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlatformEntryError {
    /// Neither kind begins like this, so another version wrote it.
    #[error("the entry of the platform log is of an unknown kind")]
    UnknownKind,
    /// A known kind with too few or too many bytes.
    #[error("the entry of the platform log has {found} bytes, and its kind has {expected}")]
    WrongLength {
        /// Bytes found.
        found: usize,
        /// Bytes that an entry of its kind has.
        expected: usize,
    },
    /// A key change that one of the two keys did not sign, or whose key is unusable.
    #[error("the change of keys in the platform log is not signed by both keys")]
    BadSignature,
}

impl PlatformEntry {
    /// The bytes that the tree commits to.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Epoch(epoch) => epoch.to_bytes(),
            Self::KeyChange(change) => change.to_bytes(),
        }
    }

    /// Reads exactly what [`PlatformEntry::to_bytes`] wrote; the signatures of a key change are verified.
    ///
    /// # Errors
    /// See [`PlatformEntryError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PlatformEntryError> {
        if let Some(body) = bytes.strip_prefix(EPOCH_TAG) {
            let body: &[u8; 48] = exactly(body, bytes.len())?;
            let ([number, time], map_root) = (halves(body), last(body));
            let epoch =
                Epoch { number: u64::from_be_bytes(number), time: i64::from_be_bytes(time), map_root: Hash(map_root) };
            return Ok(Self::Epoch(epoch));
        }
        if let Some(body) = bytes.strip_prefix(KEY_CHANGE_TAG) {
            let body: &[u8; 200] = exactly(body, bytes.len())?;
            return KeyChange::read(body).map(Self::KeyChange);
        }
        Err(PlatformEntryError::UnknownKind)
    }

    /// The leaf that stands for the entry.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        leaf_hash(&self.to_bytes())
    }
}

fn exactly<const N: usize>(body: &[u8], found: usize) -> Result<&[u8; N], PlatformEntryError> {
    let expected = found - body.len() + N;
    body.try_into().map_err(|_| PlatformEntryError::WrongLength { found, expected })
}

fn halves(body: &[u8; 48]) -> [[u8; 8]; 2] {
    let mut halves = [[0; 8]; 2];
    halves.as_flattened_mut().copy_from_slice(&body[..16]);
    halves
}

fn last(body: &[u8; 48]) -> [u8; 32] {
    let mut last = [0; 32];
    last.copy_from_slice(&body[16..]);
    last
}

impl Epoch {
    /// The bytes that the tree commits to.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [EPOCH_TAG, &self.number.to_be_bytes(), &self.time.to_be_bytes(), &self.map_root.0].concat()
    }

    /// The leaf that stands for the entry.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        leaf_hash(&self.to_bytes())
    }
}

impl KeyChange {
    /// Announces at `time` that `new` signs after `old`.
    #[must_use]
    pub fn sign(time: i64, old: &NoteSigner, new: &NoteSigner) -> Self {
        let mut change =
            Self { time, old: old.public(), new: new.public(), old_signature: [0; 64], new_signature: [0; 64] };
        let statement = change.statement();
        (change.old_signature, change.new_signature) = (old.sign_bytes(&statement), new.sign_bytes(&statement));
        change
    }

    /// The public key that signed before.
    #[must_use]
    pub fn old(&self) -> &[u8; 32] {
        &self.old
    }

    /// The public key that signs from here on.
    #[must_use]
    pub fn new_key(&self) -> &[u8; 32] {
        &self.new
    }

    /// The bytes that the tree commits to.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.statement()[..], &self.old_signature, &self.new_signature].concat()
    }

    /// What both keys sign. No note begins like this, for it has a zero byte.
    fn statement(&self) -> Vec<u8> {
        [KEY_CHANGE_TAG, &self.time.to_be_bytes(), &self.old, &self.new].concat()
    }

    fn read(body: &[u8; 200]) -> Result<Self, PlatformEntryError> {
        let mut change = Self { time: 0, old: [0; 32], new: [0; 32], old_signature: [0; 64], new_signature: [0; 64] };
        let mut time = [0; 8];
        let mut rest = &body[..];
        let Self { old, new, old_signature, new_signature, .. } = &mut change;
        for field in [&mut time[..], old, new, old_signature, new_signature] {
            let (head, tail) = rest.split_at(field.len());
            field.copy_from_slice(head);
            rest = tail;
        }
        change.time = i64::from_be_bytes(time);
        let statement = change.statement();
        // Names play no part: the keys are those of all logs of the platform.
        let signed = |public, signature: &[u8]| {
            VerifierKey::new("key", public).is_ok_and(|key| key.verifies_bytes(&statement, signature))
        };
        let both = signed(&change.old, &change.old_signature) && signed(&change.new, &change.new_signature);
        if both && change.old != change.new { Ok(change) } else { Err(PlatformEntryError::BadSignature) }
    }
}

/// The bundle of entries that C2SP `tlog-tiles` serves beside a tile of level 0: length as 2 bytes big-endian, bytes.
/// Entries are at most [`MAX_PLATFORM_ENTRY_BYTES`] long; a longer one cannot be carried and gives `None`.
#[must_use]
pub fn entry_bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut bundle = Vec::new();
    for entry in entries {
        bundle.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Some(bundle)
}

/// Cuts a bundle of entries into its entries; `None` when it ends inside one.
#[must_use]
pub fn read_entry_bundle(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bundle = rest;
    }
    bundle.is_empty().then_some(entries)
}
