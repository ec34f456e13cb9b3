//! Bearer tokens, `indelible_<id>_<secret>`, and secrets of clients, `indelible-client_<id>_<secret>`. The secret has 256 random bits and is shown once; only its hash is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::ControlError;

/// How the text of a token begins.
pub(crate) const PREFIX: &str = "indelible_";
/// A token is never longer than this.
pub(crate) const LENGTH_MAX: usize = 96;

/// The text of a new token or secret. Not `Debug`, so that it does not end up in a log.
pub struct Secret {
    pub(crate) id: String,
    text: String,
}

impl Secret {
    /// Draws one from the system's random source.
    pub(crate) fn draw(prefix: &str) -> Result<Self, getrandom::Error> {
        let (mut id, mut secret) = ([0u8; 8], [0u8; 32]);
        getrandom::fill(&mut id)?;
        getrandom::fill(&mut secret)?;
        let id = hex::encode(id);
        let text = format!("{prefix}{id}_{}", URL_SAFE_NO_PAD.encode(secret));
        Ok(Self { id, text })
    }

    /// The text, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        hash(&self.text)
    }
}

/// Draws an id for something new, which is no secret: 16 hexadecimal digits.
///
/// # Errors
/// When there are no random bytes.
pub fn draw_id() -> Result<String, ControlError> {
    let mut id = [0u8; 8];
    getrandom::fill(&mut id).map_err(ControlError::Random)?;
    Ok(hex::encode(id))
}

/// What is stored of, and looked up for, a presented token or secret. Look-up by this hash needs no constant-time comparison: who
/// can time it learns about hashes, not about secrets.
pub(crate) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
