//! Ids that are the same whenever and from wherever a record is read.

use sha2::{Digest, Sha256};

/// What tells a record from those that are equal to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurrence {
    /// How many equal records stood before it in its input, for inputs that are read as a whole.
    Nth(u32),
    /// Where it stands, for inputs that grow: an id of the input that no other has, and the offset of the record in it, in bytes.
    At {
        /// Id of the input.
        input: [u8; 16],
        /// Bytes before the record.
        offset: u64,
    },
}

impl From<u32> for Occurrence {
    fn from(nth: u32) -> Self {
        Self::Nth(nth)
    }
}

/// A UUID from `purpose`, the adapter's name, the source's own id, the record's bytes, what tells it from equal records,
/// and which of the record's events this is. Never from a time, a path or a version.
pub(crate) fn derive(
    purpose: &str,
    adapter: &str,
    source_id: &str,
    record: &[u8],
    occurrence: Occurrence,
    index: u32,
) -> String {
    let mut hash = Sha256::new();
    hash.update(match occurrence {
        Occurrence::Nth(_) => &b"indelible/adapter/v1\0"[..],
        Occurrence::At { .. } => b"indelible/adapter/at/v1\0",
    });
    for part in [purpose.as_bytes(), adapter.as_bytes(), source_id.as_bytes(), record] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    match occurrence {
        Occurrence::Nth(nth) => hash.update(nth.to_be_bytes()),
        Occurrence::At { input, offset } => {
            hash.update(input);
            hash.update(offset.to_be_bytes());
        }
    }
    hash.update(index.to_be_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    format_uuid(&id)
}

fn format_uuid(id: &[u8; 16]) -> String {
    let hex = hex::encode(id);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// `text` in the form of the event format if it is a UUID, with or without braces.
pub(crate) fn uuid(text: &str) -> Option<String> {
    let text = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let is_uuid = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    is_uuid.then(|| text.to_ascii_lowercase())
}
