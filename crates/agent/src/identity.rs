//! How what was written to a file is known again, wherever it stands now.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Bytes of the beginning of a file that are looked at, at most.
pub(crate) const HEAD_BYTES_MAX: usize = 4096;
/// Bytes before a position that are remembered, at most.
pub(crate) const TAIL_BYTES_MAX: usize = 1024;

/// The first 16 bytes of a SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Digest(pub(crate) [u8; 16]);

impl Digest {
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.finalize()[..16]);
        Self(digest)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        hex::encode(digest.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let mut digest = [0; 16];
        hex::decode_to_slice(&text, &mut digest).map_err(|error| error.to_string())?;
        Ok(Self(digest))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// How a trail begins: with its first line, as far as that goes within the bytes that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    bytes: usize,
    hash: Digest,
}

impl Head {
    /// The head of a file whose first bytes are these; nothing while its first line is not whole.
    pub(crate) fn of_first_line(first: &[u8]) -> Option<Self> {
        let first = &first[..first.len().min(HEAD_BYTES_MAX)];
        match memchr::memchr(b'\n', first) {
            Some(end) => Some(Self::of(&first[..=end])),
            None if first.len() == HEAD_BYTES_MAX => Some(Self::of(first)),
            None => None,
        }
    }

    /// The head of a file whose first line will not be finished.
    pub(crate) fn of_all(first: &[u8]) -> Self {
        Self::of_first_line(first).unwrap_or_else(|| Self::of(first))
    }

    fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len(), hash: Digest::of(&[bytes]) }
    }

    /// Whether a file whose first bytes are these begins so.
    pub(crate) fn begins(&self, first: &[u8]) -> bool {
        Beginning::new(first).is(self)
    }
}

/// The first bytes of a file, compared to many heads.
pub(crate) struct Beginning<'a> {
    first: &'a [u8],
    /// Digests by length.
    digests: HashMap<usize, Digest>,
}

impl<'a> Beginning<'a> {
    pub(crate) fn new(first: &'a [u8]) -> Self {
        Self { first, digests: HashMap::new() }
    }

    /// Whether the file begins so.
    pub(crate) fn is(&mut self, head: &Head) -> bool {
        let Some(first) = self.first.get(..head.bytes) else { return false };
        *self.digests.entry(head.bytes).or_insert_with(|| Digest::of(&[first])) == head.hash
    }
}

/// Of the bytes before a position, as many as are remembered.
pub(crate) fn tail(bytes: &[u8]) -> Digest {
    Digest::of(&[&bytes[bytes.len().saturating_sub(TAIL_BYTES_MAX)..]])
}

/// The id of a trail: from what it begins with on the machine called `name`, and how many trails began so before it.
pub(crate) fn trail_id(name: &str, head: &Head, ordinal: u32) -> Digest {
    Digest::of(&[b"indelible/agent/trail/v1", name.as_bytes(), &head.hash.0, &ordinal.to_be_bytes()])
}

/// Tells a refused record from equal ones: from its trail, and where it stands in that. No two of a trail have the same within 4 GiB.
pub(crate) fn occurrence(trail: Digest, offset: u64) -> u32 {
    let Digest([a, b, c, d, ..]) = trail;
    // The low half of the offset.
    u32::from_be_bytes([a, b, c, d]).wrapping_add((offset & u64::from(u32::MAX)) as u32)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_head_is_the_first_line_as_far_as_it_is_looked_at() {
        let check = |first: &[u8], expected: Option<usize>| {
            let head = Head::of_first_line(first);
            assert_eq!(head.map(|head| head.bytes), expected, "{}", String::from_utf8_lossy(first));
            assert!(head.is_none_or(|head| head.begins(first)));
        };
        check(b"", None);
        check(b"half", None);
        check(b"\n", Some(1));
        check(b"one\ntwo\n", Some(4));
        check(&[b'x'; HEAD_BYTES_MAX - 1], None);
        check(&[b'x'; HEAD_BYTES_MAX], Some(HEAD_BYTES_MAX));
        check(&[b'x'; HEAD_BYTES_MAX + 9], Some(HEAD_BYTES_MAX));
        assert_eq!(Head::of_all(b"half").bytes, 4);
        assert_eq!(Head::of_all(b"one\ntwo"), Head::of_first_line(b"one\nthree").unwrap());
    }

    #[test]
    fn a_head_is_known_again_in_what_goes_on_and_in_nothing_else() {
        let head = Head::of_first_line(b"one\n").unwrap();
        for (first, expected) in
            [(&b"one\n"[..], true), (b"one\ntwo", true), (b"one", false), (b"two\n", false), (b"", false)]
        {
            assert_eq!(head.begins(first), expected, "{first:?}");
        }
    }

    #[test]
    fn ids_of_trails_never_change() {
        let head = Head::of_first_line(b"one\n").unwrap();
        assert_eq!(format!("{:?}", trail_id("host", &head, 0)), "d0da408db2525ec8c68dabfa1536a1f6");
        let others = [trail_id("host", &head, 1), trail_id("other", &head, 0)];
        assert!(!others.contains(&trail_id("host", &head, 0)) && others[0] != others[1]);
    }

    #[test]
    fn occurrences_never_change() {
        let trail = Digest(std::array::from_fn(|place| 0xf0 + place as u8));
        assert_eq!(
            [0, 1, 0x1_0000_0001].map(|offset| occurrence(trail, offset)),
            [0xf0f1_f2f3, 0xf0f1_f2f4, 0xf0f1_f2f4]
        );
        assert_eq!(occurrence(trail, 0x0f0e_0d0d), 0);
    }

    #[test]
    fn digests_read_back_and_other_texts_do_not() {
        let digest = Digest::of(&[b"a"]);
        let text = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Digest>(&text).unwrap(), digest);
        for bad in ["\"\"", "\"zz\"", "\"00\"", "7"] {
            assert!(serde_json::from_str::<Digest>(bad).is_err(), "{bad}");
        }
    }
}
