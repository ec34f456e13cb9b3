//! Keys of signed notes: Ed25519, signature type 1 of C2SP `signed-note`.

use crate::{
    Signature,
    note::{Note, NoteError, check_text},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// Signature type identifier of plain Ed25519 signatures over the note text.
const ED25519: u8 = 1;

/// Longest key name in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 512;

/// Whether `name` may name a key: 1 to 512 bytes without white space, control characters and `+`.
#[must_use]
pub fn is_key_name(name: &str) -> bool {
    let allowed = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
    (1..=MAX_NAME_BYTES).contains(&name.len()) && name.chars().all(allowed)
}

/// A verifier key text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `name+id+key`.
    #[error("a verifier key is NAME+ID+KEY: a name without spaces, 8 lowercase hex digits, standard base64")]
    Malformed,
    /// The key is of another kind than is asked for, or of one that this version cannot check.
    #[error(
        "the verifier key has signature type {found:#04x}, and here it must be {expected:#04x}; logs sign with type 0x01, \
         witnesses with type 0x04"
    )]
    WrongType {
        /// The kind it has.
        found: u8,
        /// The kind it must have.
        expected: u8,
    },
    /// The id is not that of the name and key.
    #[error("the id of the verifier key does not belong to its name and key; it was altered or mistyped")]
    WrongId,
    /// The bytes are no point, not its canonical text, or a point of small order, with which anybody can sign.
    #[error("the verifier key holds no usable Ed25519 public key")]
    BadPoint,
}

/// A public key under a name, which checks signatures of notes.
pub type VerifierKey = NamedKey<ED25519>;

/// A public key under a name, for signatures of the type `KIND`: keys of other types are other types here. Its text is
/// `name+id+base64(KIND || key)`.
#[derive(Clone, PartialEq, Eq)]
pub struct NamedKey<const KIND: u8> {
    name: String,
    id: u32,
    key: VerifyingKey,
}

impl<const KIND: u8> NamedKey<KIND> {
    /// The key with these 32 bytes, under `name`.
    ///
    /// # Errors
    /// `Malformed` for a bad name; `BadPoint` for bytes that are no safe public key.
    pub fn new(name: &str, public: &[u8; 32]) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Malformed);
        }
        Ok(Self { name: name.to_owned(), id: key_id(name, KIND, public), key: point(public)? })
    }

    /// The name; of a log's key its origin, of a witness's key the witness.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id: a short form of name, type and key, which tells keys apart but proves nothing.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The 32 bytes of the public key.
    #[must_use]
    pub fn public(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether `signature` names this key.
    #[must_use]
    pub fn made(&self, signature: &Signature) -> bool {
        self.id == signature.key_id && self.name == signature.name
    }

    pub(crate) fn verifies_bytes(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = ed25519_dalek::Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }
}

impl VerifierKey {
    /// Whether `signature` is this key's over `text`, by the strict rules: no point of small order, no second
    /// form of a number.
    #[must_use]
    pub fn verifies(&self, text: &str, signature: &Signature) -> bool {
        self.made(signature) && self.verifies_bytes(text.as_bytes(), &signature.bytes)
    }
}

/// A point that is written in its one form and is not of small order, with which anybody can sign.
fn point(public: &[u8; 32]) -> Result<VerifyingKey, KeyError> {
    let key = VerifyingKey::from_bytes(public).map_err(|_| KeyError::BadPoint)?;
    let usable = !key.is_weak() && key.to_edwards().compress().as_bytes() == public;
    if usable { Ok(key) } else { Err(KeyError::BadPoint) }
}

fn key_id(name: &str, kind: u8, public: &[u8; 32]) -> u32 {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update([b'\n', kind]);
    hash.update(public);
    let [a, b, c, d, ..]: [u8; 32] = hash.finalize().into();
    u32::from_be_bytes([a, b, c, d])
}

/// Reads the kind and public key of a key text of any kind.
pub(crate) fn any_key_text(text: &str) -> Result<(u8, Vec<u8>), KeyError> {
    split_key_text(text).map(|(_, _, kind, public)| (kind, public))
}

/// Name, id, kind and public key.
fn split_key_text(text: &str) -> Result<(&str, u32, u8, Vec<u8>), KeyError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyError::Malformed);
    };
    let hex = id.len() == 8 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_key_name(name) || !hex || key.len() > 8192 {
        return Err(KeyError::Malformed);
    }
    let id = u32::from_str_radix(id, 16).map_err(|_| KeyError::Malformed)?;
    let key = STANDARD.decode(key).map_err(|_| KeyError::Malformed)?;
    let (&kind, public) = key.split_first().ok_or(KeyError::Malformed)?;
    Ok((name, id, kind, public.to_vec()))
}

impl<const KIND: u8> fmt::Display for NamedKey<KIND> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[KIND][..], self.public()].concat());
        write!(f, "{}+{:08x}+{key}", self.name, self.id)
    }
}

impl<const KIND: u8> fmt::Debug for NamedKey<KIND> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const KIND: u8> FromStr for NamedKey<KIND> {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, id, found, public) = split_key_text(text)?;
        if found != KIND {
            return Err(KeyError::WrongType { found, expected: KIND });
        }
        let found = Self::new(name, &public.try_into().map_err(|_| KeyError::Malformed)?)?;
        if found.id == id { Ok(found) } else { Err(KeyError::WrongId) }
    }
}

/// A private Ed25519 key that signs notes. One key signs under many names, so that each log of a platform has its own
/// verifier key. The key leaves memory zeroed, and no text of this type shows it.
pub struct NoteSigner {
    key: SigningKey,
}

impl NoteSigner {
    /// The key with this seed: 32 bytes from a secure generator.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { key: SigningKey::from_bytes(seed) }
    }

    /// What others need to check signatures made under `name`.
    ///
    /// # Errors
    /// `Malformed` for a bad name.
    pub fn verifier_key(&self, name: &str) -> Result<VerifierKey, KeyError> {
        VerifierKey::new(name, &self.public())
    }

    /// The 32 bytes of the public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// Signs bytes that no note can hold, so that the signature can stand for nothing else.
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    /// Signs `text` under `name`.
    ///
    /// # Errors
    /// For a bad name, and for a text that a note cannot hold or that could be cut in two places when
    /// notes stand one after another; see [`crate::Notes`].
    pub fn sign(&self, name: &str, text: &str) -> Result<Note, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::Name);
        }
        check_text(text)?;
        let bytes = self.key.sign(text.as_bytes()).to_bytes().to_vec();
        let key_id = key_id(name, ED25519, &self.public());
        let signature = Signature { name: name.to_owned(), key_id, bytes };
        Ok(Note { text: text.to_owned(), signatures: vec![signature] })
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoteSigner(..)")
    }
}
