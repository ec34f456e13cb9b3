//! UUIDs as text: 36 bytes, hyphens, either case in, lower case out.

/// The 16 bytes `text` stands for.
pub(crate) fn parse(text: &[u8]) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.try_into().ok()?;
    if [8, 13, 18, 23].iter().any(|&at: &usize| text[at] != b'-') {
        return None;
    }
    let mut id = [0; 16];
    let mut at = 0;
    for byte in &mut id {
        if text[at] == b'-' {
            at += 1;
        }
        *byte = nibble(text[at])? << 4 | nibble(text[at + 1])?;
        at += 2;
    }
    Some(id)
}

/// Appends the 36 bytes of `id`.
pub(crate) fn write(out: &mut Vec<u8>, id: &[u8; 16]) {
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (index, byte) in id.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            at += 1;
        }
        text[at] = b"0123456789abcdef"[usize::from(byte >> 4)];
        text[at + 1] = b"0123456789abcdef"[usize::from(byte & 15)];
        at += 2;
    }
    out.extend_from_slice(&text);
}

#[inline]
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
