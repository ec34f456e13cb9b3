//! Encryption of content parts in the journal, and reading them back.
//!
//! AES-256-GCM under a key derived from the organization's, with all of the record before the content as additional data:
//! an encrypted content fits nowhere but at its place. Where several organizations have the event, its content stands there
//! once, under a key of its own that is encrypted for each of them. Nonces count from a random 96-bit start that is drawn anew each time
//! intake opens, so none comes twice, also where a `seq` is given out again after a crash.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use indelible_event::{ContentKey, KeyId};
use indelible_ledger::{ContentKeys, KeyState, Ledger};
use zeroize::Zeroizing;

use crate::record::{Content, Place, Sealed, Wrapped};

pub(crate) const NONCE_BYTES: usize = 12;
pub(crate) const TAG_BYTES: usize = 16;
/// The key of one content, encrypted.
pub(crate) const WRAPPED_BYTES: usize = 32 + TAG_BYTES;

/// The library refused to encrypt, which no input of ours makes it do.
#[derive(Debug, thiserror::Error)]
#[error("encrypt the content of an event")]
pub struct SealError;

/// Why the content of an entry cannot be read from the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// Its key is not there.
    #[error(
        "the content is encrypted under key {0}, which is not in keys/content of the data folder; restore that folder from a backup"
    )]
    Missing(KeyId),
    /// It is not what was encrypted under that key at this place.
    #[error("the content encrypted under key {0} was altered")]
    Altered(KeyId),
}

fn cipher(key: &ContentKey) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&AES_256_GCM, key.for_journal().as_slice()).map_err(|_| SealError)?;
    Ok(LessSafeKey::new(key))
}

/// Which organizations' content is encrypted, and with what.
pub(crate) struct Sealer {
    keys: Arc<ContentKeys>,
    /// The state of the keys that `known` was made from.
    changes: u64,
    is_on: bool,
    /// By the organization's number; made when it is first asked for.
    known: Vec<Known>,
    next: u128,
}

enum Known {
    NotYet,
    Plain,
    Sealed(Box<(KeyId, LessSafeKey)>),
}

impl Sealer {
    pub(crate) fn new(keys: Arc<ContentKeys>) -> std::io::Result<Self> {
        let mut start = [0; 16];
        getrandom::fill(&mut start)?;
        let (changes, is_on) = (keys.changes(), !keys.is_empty());
        Ok(Self { keys, changes, is_on, known: Vec::new(), next: u128::from_le_bytes(start) })
    }

    /// Looks whether keys have changed. What is encrypted follows the keys as they were here until it looks again.
    pub(crate) fn look(&mut self) {
        let changes = self.keys.changes();
        if self.changes != changes {
            self.changes = changes;
            self.known.clear();
            self.is_on = !self.keys.is_empty();
        }
    }

    /// Whether any content is encrypted.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Whether the content of an organization is encrypted.
    pub(crate) fn seals(&mut self, number: u32, ledger: &Ledger) -> Result<bool, SealError> {
        let place = number as usize;
        if self.known.len() <= place {
            self.known.resize_with(place + 1, || Known::NotYet);
        }
        if let Known::NotYet = self.known[place] {
            let key = ledger.get(number).and_then(|log| self.keys.current(&log.label));
            self.known[place] = match key {
                Some(key) => Known::Sealed(Box::new((key.id(), cipher(&key)?))),
                None => Known::Plain,
            };
        }
        Ok(matches!(self.known[place], Known::Sealed(_)))
    }

    /// The key of an organization of which [`seals`](Self::seals) is true.
    pub(crate) fn key_id(&self, number: u32) -> Result<KeyId, SealError> {
        Ok(self.key(number)?.0)
    }

    fn key(&self, number: u32) -> Result<&(KeyId, LessSafeKey), SealError> {
        match self.known.get(number as usize) {
            Some(Known::Sealed(key)) => Ok(key),
            _ => Err(SealError),
        }
    }

    /// The first of `count` nonces that follow one another and are used for nothing else.
    pub(crate) fn nonces(&mut self, count: usize) -> [u8; NONCE_BYTES] {
        let first = nonce_bytes(self.next);
        self.next = self.next.wrapping_add(count as u128);
        first
    }

    /// Draws a key for one content and appends it to the record that begins at `start` of `body`, encrypted for each of the
    /// places under the nonces after `nonce`.
    pub(crate) fn wrap(
        &self,
        places: &[Place],
        nonce: [u8; NONCE_BYTES],
        start: usize,
        body: &mut Vec<u8>,
    ) -> Result<LessSafeKey, SealError> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(|_| SealError)?;
        let end = body.len();
        for (index, place) in places.iter().enumerate() {
            let mut wrapped = Zeroizing::new(*key);
            let nonce = Nonce::assume_unique_for_key(nonce_after(nonce, 1 + index));
            let aad = Aad::from(&body[start..end]);
            let cipher = &self.key(place.number)?.1;
            let tag = cipher.seal_in_place_separate_tag(nonce, aad, wrapped.as_mut_slice()).map_err(|_| SealError)?;
            body.extend_from_slice(wrapped.as_slice());
            body.extend_from_slice(tag.as_ref());
        }
        Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_slice()).map_err(|_| SealError)?))
    }

    /// Encrypts `text` in place, with a key of its own or that of the organization. Returns the tag.
    pub(crate) fn seal(
        &self,
        own: Option<LessSafeKey>,
        number: u32,
        nonce: [u8; NONCE_BYTES],
        head: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; TAG_BYTES], SealError> {
        let cipher = match &own {
            Some(own) => own,
            None => &self.key(number)?.1,
        };
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = cipher.seal_in_place_separate_tag(nonce, Aad::from(head), text).map_err(|_| SealError)?;
        tag.as_ref().try_into().map_err(|_| SealError)
    }
}

fn nonce_bytes(number: u128) -> [u8; NONCE_BYTES] {
    let mut bytes = [0; NONCE_BYTES];
    bytes.copy_from_slice(&number.to_le_bytes()[..NONCE_BYTES]);
    bytes
}

/// The nonce that follows `nonce` after so many.
fn nonce_after(nonce: [u8; NONCE_BYTES], count: usize) -> [u8; NONCE_BYTES] {
    let mut number = [0; 16];
    number[..NONCE_BYTES].copy_from_slice(&nonce);
    nonce_bytes(u128::from_le_bytes(number).wrapping_add(count as u128))
}

/// Reads content parts of records, whether they are encrypted or not.
pub struct ContentReader {
    keys: Arc<ContentKeys>,
    /// The state of the keys that `opened` was made from: what is erased is not kept here.
    changes: u64,
    opened: Vec<(ContentKey, LessSafeKey)>,
    room: Vec<u8>,
}

impl fmt::Debug for ContentReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentReader").finish_non_exhaustive()
    }
}

impl ContentReader {
    /// With these keys.
    pub fn new(keys: Arc<ContentKeys>) -> Self {
        Self { changes: keys.changes(), keys, opened: Vec::new(), room: Vec::new() }
    }

    /// The JCS text of a content part; `None` if its key was erased.
    ///
    /// # Errors
    /// When the key is missing or the content was altered.
    pub fn read<'r>(&'r mut self, content: &Content<'r>) -> Result<Option<&'r [u8]>, ContentError> {
        match content {
            Content::Plain(text) => Ok(Some(text)),
            Content::Sealed(sealed) => self.open(sealed),
        }
    }

    /// The key of a content part; `None` if it is not encrypted or its key was erased.
    ///
    /// # Errors
    /// When it is missing.
    pub fn key(&mut self, content: &Content<'_>) -> Result<Option<ContentKey>, ContentError> {
        let Some(id) = content.key() else { return Ok(None) };
        Ok(self.place(id)?.map(|place| self.opened[place].0.clone()))
    }

    fn open(&mut self, sealed: &Sealed<'_>) -> Result<Option<&[u8]>, ContentError> {
        let Some(place) = self.place(sealed.key)? else { return Ok(None) };
        self.room.resize(sealed.text.len(), 0);
        let cipher = &self.opened[place].1;
        let own;
        let cipher = match &sealed.wrapped {
            None => cipher,
            Some(wrapped) => {
                own = unwrap(cipher, wrapped, sealed.nonce).map_err(|SealError| ContentError::Altered(sealed.key))?;
                &own
            }
        };
        let (nonce, aad) = (Nonce::assume_unique_for_key(sealed.nonce), Aad::from(sealed.head));
        let opened = cipher.open_separate_gather(nonce, aad, sealed.text, sealed.tag, &mut self.room);
        opened.map_err(|_| ContentError::Altered(sealed.key))?;
        Ok(Some(&self.room))
    }

    /// Where a key stands in `opened`; `None` if it was erased.
    fn place(&mut self, id: KeyId) -> Result<Option<usize>, ContentError> {
        let changes = self.keys.changes();
        if self.changes != changes {
            self.changes = changes;
            self.opened.clear();
        }
        if let Some(place) = self.opened.iter().position(|(key, _)| key.id() == id) {
            return Ok(Some(place));
        }
        match self.keys.find(id) {
            KeyState::Held(key) => {
                let cipher = cipher(&key).map_err(|SealError| ContentError::Missing(id))?;
                self.opened.push((key, cipher));
                Ok(Some(self.opened.len() - 1))
            }
            KeyState::Erased => Ok(None),
            KeyState::Missing => Err(ContentError::Missing(id)),
        }
    }
}

/// The key of a content that was encrypted for one of several organizations.
fn unwrap(cipher: &LessSafeKey, wrapped: &Wrapped<'_>, nonce: [u8; NONCE_BYTES]) -> Result<LessSafeKey, SealError> {
    let nonce = Nonce::assume_unique_for_key(nonce_after(nonce, 1 + wrapped.index));
    let (text, tag) = wrapped.bytes.split_at(WRAPPED_BYTES - TAG_BYTES);
    let mut key = Zeroizing::new([0; 32]);
    let opened = cipher.open_separate_gather(nonce, Aad::from(wrapped.head), text, tag, key.as_mut_slice());
    opened.map_err(|_| SealError)?;
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_slice()).map_err(|_| SealError)?))
}
