//! Keys of witnesses: Ed25519 with a timestamp, signature type 4 of C2SP `tlog-cosignature`.
//!
//! They are a type of their own, because what they sign means something else: that, at a time, this was the largest tree
//! the witness had seen, and that it extends all it saw before.

use crate::{
    KeyError, Signature, is_key_name,
    key::{key_id, point, read_key_text, write_key_text},
};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use std::{fmt, str::FromStr};

/// Signature type identifier of timestamped Ed25519 cosignatures.
pub(crate) const COSIGNATURE: u8 = 4;

/// The public key of a witness under its name. Its text is `name+id+base64(0x04 || key)`.
#[derive(Clone, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    id: u32,
    key: VerifyingKey,
}

impl WitnessKey {
    /// The key with these 32 bytes, under `name`.
    ///
    /// # Errors
    /// `Malformed` for a bad name; `BadPoint` for bytes that are no safe public key.
    pub fn new(name: &str, public: &[u8; 32]) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Malformed);
        }
        Ok(Self { name: name.to_owned(), id: key_id(name, COSIGNATURE, public), key: point(public)? })
    }

    /// The witness's name.
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

    /// When this witness cosigned the checkpoint `text`, in seconds since 1970 on its clock; `None` if `signature` is not
    /// its cosignature of exactly this text.
    #[must_use]
    pub fn cosigned(&self, text: &str, signature: &Signature) -> Option<u64> {
        let (time, bytes) = signature.bytes.split_first_chunk().filter(|_| self.made(signature))?;
        let time = u64::from_be_bytes(*time);
        let bytes = ed25519_dalek::Signature::from_slice(bytes).ok()?;
        let verified = self.key.verify_strict(message(time, text).as_bytes(), &bytes).is_ok();
        // The format ends there.
        (verified && i64::try_from(time).is_ok()).then_some(time)
    }
}

fn message(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_key_text(f, &self.name, self.id, COSIGNATURE, self.public())
    }
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for WitnessKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, id, public) = read_key_text(text, COSIGNATURE)?;
        let found = Self::new(name, &public)?;
        if found.id == id { Ok(found) } else { Err(KeyError::WrongId) }
    }
}

/// The private key of a witness, under its name. It leaves memory zeroed, and no text of this type shows it. One key is one
/// witness: the signed message does not hold the name.
pub struct WitnessSigner {
    key: SigningKey,
    public: WitnessKey,
}

impl WitnessSigner {
    /// The witness `name` with the key of this seed: 32 bytes from a secure generator.
    ///
    /// # Errors
    /// `Malformed` for a bad name.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let key = SigningKey::from_bytes(seed);
        let public = WitnessKey::new(name, key.verifying_key().as_bytes())?;
        Ok(Self { key, public })
    }

    /// What others need to check this witness's cosignatures.
    #[must_use]
    pub fn key(&self) -> &WitnessKey {
        &self.public
    }

    /// Cosigns the checkpoint `text` as seen at `time`, in seconds since 1970.
    ///
    /// A witness cosigns nothing that does not extend all it cosigned before; the caller sees to that.
    #[must_use]
    pub fn cosign(&self, text: &str, time: u64) -> Signature {
        let signature = self.key.sign(message(time, text).as_bytes());
        let bytes = [&time.to_be_bytes()[..], &signature.to_bytes()].concat();
        Signature { name: self.public.name.clone(), key_id: self.public.id, bytes }
    }
}

impl fmt::Debug for WitnessSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WitnessSigner(..)")
    }
}
