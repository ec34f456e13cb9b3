//! Keys of witnesses: Ed25519 with a timestamp, signature type 4 of C2SP `tlog-cosignature`.
//!
//! They are a type of their own, because what they sign means something else: that, at a time, this was the largest tree
//! the witness had seen, and that it extends all it saw before.

use crate::{KeyError, NamedKey, Signature};
use ed25519_dalek::{Signer as _, SigningKey};
use std::fmt;

/// Signature type identifier of timestamped Ed25519 cosignatures.
pub(crate) const COSIGNATURE: u8 = 4;

/// The public key of a witness under its name.
pub type WitnessKey = NamedKey<COSIGNATURE>;

impl WitnessKey {
    /// When this witness cosigned the checkpoint `text`, in seconds since 1970 on its clock; `None` if `signature` is not
    /// its cosignature of exactly this text.
    #[must_use]
    pub fn cosigned(&self, text: &str, signature: &Signature) -> Option<u64> {
        let (time, bytes) = signature.bytes.split_first_chunk().filter(|_| self.made(signature))?;
        let time = u64::from_be_bytes(*time);
        let verified = self.verifies_bytes(message(time, text).as_bytes(), bytes);
        // The format ends there.
        (verified && i64::try_from(time).is_ok()).then_some(time)
    }
}

fn message(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
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
        Signature { name: self.public.name().to_owned(), key_id: self.public.id(), bytes }
    }
}

impl fmt::Debug for WitnessSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WitnessSigner(..)")
    }
}
