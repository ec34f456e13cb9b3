//! UUIDs as text: 36 bytes, hyphens, either case in, lower case out.

use std::fmt;
use std::str::FromStr;

/// A UUID of any version, to be printed or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

/// The text is not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID; write 32 hexadecimal digits with hyphens, as in 8-4-4-4-12")]
pub struct InvalidUuid;

impl FromStr for Uuid {
    type Err = InvalidUuid;

    fn from_str(text: &str) -> Result<Self, InvalidUuid> {
        parse(text.as_bytes()).map(Uuid).ok_or(InvalidUuid)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&text(&self.0)).unwrap_or_default())
    }
}

/// The 16 bytes `text` stands for.
pub(crate) fn parse(text: &[u8]) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.try_into().ok()?;
    let mut id = [0; 16];
    let mut wrong = 0;
    for (byte, at) in id.iter_mut().zip(DIGITS) {
        let (high, low) = (NIBBLES[usize::from(text[at])], NIBBLES[usize::from(text[at + 1])]);
        wrong |= high | low;
        *byte = high << 4 | low;
    }
    let has_hyphens = [text[8], text[13], text[18], text[23]] == *b"----";
    (wrong <= 0xf && has_hyphens).then_some(id)
}

/// Where the two digits of each byte stand.
const DIGITS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// The value of a hexadecimal digit; 255 for any other byte.
static NIBBLES: [u8; 256] = {
    let mut nibbles = [255; 256];
    let mut value = 0;
    while value < 16 {
        nibbles[b"0123456789abcdef"[value] as usize] = value as u8;
        nibbles[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    nibbles
};

/// Appends the 36 bytes of `id`.
pub(crate) fn write(out: &mut Vec<u8>, id: &[u8; 16]) {
    out.extend_from_slice(&text(id));
}

fn text(id: &[u8; 16]) -> [u8; 36] {
    let mut text = [b'-'; 36];
    for (byte, at) in id.iter().zip(DIGITS) {
        text[at] = b"0123456789abcdef"[usize::from(byte >> 4)];
        text[at + 1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    text
}

#[cfg(test)]
mod tests;
