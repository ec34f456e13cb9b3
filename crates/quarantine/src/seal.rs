//! The content of a record as it is on disk: plain, or encrypted under the organization's key.
//!
//! AES-256-GCM under a key derived from the organization's, with a random 96-bit nonce, and the record's id as additional data:
//! a sealed content fits nowhere but at its place. Random nonces are safe for some billions of records under one key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use indelible_event::{ContentKey, KeyId};

const NONCE_BYTES: usize = 12;

/// What was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Why, for people. May quote the record.
    pub message: String,
    /// The record as it came, at most [`RECORD_BYTES_MAX`](crate::RECORD_BYTES_MAX) of it.
    pub record: Vec<u8>,
}

/// Why a content cannot be read or kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The library or the system refused to encrypt.
    #[error("encrypt a record for the quarantine")]
    Encrypt,
    /// Its key is not there.
    #[error(
        "the record is encrypted under key {0}, which was erased, or is missing in keys/content of the data folder"
    )]
    Missing(KeyId),
    /// It is not what was kept.
    #[error("the record in the quarantine was altered")]
    Altered,
}

impl Content {
    /// Length of the message (u32, big-endian), message, record; encrypted if there is a key.
    pub(crate) fn seal(&self, id: &str, key: Option<&ContentKey>) -> Result<Vec<u8>, SealError> {
        let mut bytes = Vec::with_capacity(4 + self.message.len() + self.record.len() + 32);
        let length = u32::try_from(self.message.len()).map_err(|_| SealError::Encrypt)?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(self.message.as_bytes());
        bytes.extend_from_slice(&self.record);
        let Some(key) = key else { return Ok(bytes) };
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| SealError::Encrypt)?;
        let (cipher, once) = (cipher(key)?, Nonce::assume_unique_for_key(nonce));
        cipher.seal_in_place_append_tag(once, Aad::from(id), &mut bytes).map_err(|_| SealError::Encrypt)?;
        bytes.extend_from_slice(&nonce);
        Ok(bytes)
    }

    pub(crate) fn open(mut bytes: Vec<u8>, id: &str, key: Option<&ContentKey>) -> Result<Self, SealError> {
        if let Some(key) = key {
            let start = bytes.len().checked_sub(NONCE_BYTES).ok_or(SealError::Altered)?;
            let nonce = Nonce::try_assume_unique_for_key(&bytes[start..]).map_err(|_| SealError::Altered)?;
            bytes.truncate(start);
            let opened = cipher(key)?.open_in_place(nonce, Aad::from(id), &mut bytes);
            let length = opened.map_err(|_| SealError::Altered)?.len();
            bytes.truncate(length);
        }
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or(SealError::Altered)?;
        let length = u32::from_be_bytes(*length) as usize;
        let (message, record) = rest.split_at_checked(length).ok_or(SealError::Altered)?;
        let message = std::str::from_utf8(message).map_err(|_| SealError::Altered)?.to_owned();
        Ok(Self { message, record: record.to_vec() })
    }
}

fn cipher(key: &ContentKey) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&AES_256_GCM, key.for_quarantine().as_slice()).map_err(|_| SealError::Encrypt)?;
    Ok(LessSafeKey::new(key))
}
