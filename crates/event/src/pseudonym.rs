//! Stable names for people, sessions and tokens that do not tell who they are.
//!
//! An organization may have the operator shown these in place of its `uid`, `sid` and `tokenId`: the same value is
//! always the same pseudonym, in that organization and field, so that what one person did can be counted and followed;
//! without the key nobody can tell whose it is, or check a guess.
//!
//! ```text
//! pseudonym = "p-" || base32(first 16 bytes of HMAC-SHA-256(key, "indelible/pseudonym/v1" 0x00 || field 0x00 || value))
//! ```
//!
//! in the lower-case alphabet of RFC 4648 without padding: 28 characters.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const TAG: &[u8] = b"indelible/pseudonym/v1\0";
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Bytes of the hash that a pseudonym shows.
const BYTES: usize = 16;

/// The fields that are shown as pseudonyms.
pub const FIELDS: [&str; 3] = ["uid", "sid", "tokenId"];

/// The key of one organization's pseudonyms. A clone copies a pointer; the key cannot be read back and is never printed.
#[derive(Clone)]
pub struct PseudonymKey(Arc<Hmac<Sha256>>);

impl PseudonymKey {
    /// Takes 32 secret random bytes.
    pub fn new(key: [u8; 32]) -> Self {
        // A whole block as key is the one form that cannot fail.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&key);
        let mut mac = Hmac::new(&block.into());
        mac.update(TAG);
        Self(Arc::new(mac))
    }

    /// The pseudonym of `value` in `field`.
    pub fn pseudonym(&self, field: &str, value: &str) -> String {
        let mut mac = Hmac::clone(&self.0);
        mac.update(field.as_bytes());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        let mut text = String::from("p-");
        base32(&mac.finalize().into_bytes()[..BYTES], &mut text);
        text
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(..)")
    }
}

/// Appends `bytes`, five bits a character, the last filled up with zeros.
fn base32(bytes: &[u8], out: &mut String) {
    let (mut bits, mut count) = (0u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            out.push(char::from(ALPHABET[(bits >> count & 31) as usize]));
        }
    }
    if count > 0 {
        out.push(char::from(ALPHABET[(bits << (5 - count) & 31) as usize]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, expected) in
            [("", ""), ("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foob", "mzxw6yq"), ("foobar", "mzxw6ytboi")]
        {
            let mut text = String::new();
            base32(bytes.as_bytes(), &mut text);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn a_pseudonym_is_stable_and_of_one_key_field_and_value() {
        let key = PseudonymKey::new(std::array::from_fn(|i| i as u8));
        let uid = key.pseudonym("uid", "alice");
        // HMAC-SHA-256 of another program over the same bytes.
        assert_eq!(uid, "p-hsd6pz5viyjsjewcpxjbwsx3ru");
        assert_eq!(uid, key.clone().pseudonym("uid", "alice"));
        assert_eq!((uid.len(), &uid[..2]), (28, "p-"));
        let others = [
            key.pseudonym("sid", "alice"),
            key.pseudonym("uid", "bob"),
            PseudonymKey::new([1; 32]).pseudonym("uid", "alice"),
        ];
        assert!(others.iter().all(|other| *other != uid));
    }
}
