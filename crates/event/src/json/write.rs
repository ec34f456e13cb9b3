//! Canonical strings and their order.

use std::cmp::Ordering;

/// Appends `text` as a canonical JSON string: the two-letter escapes where JSON has one, `\u00xx` for other control
/// characters, everything else as it is.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    write_text(out, text.as_bytes());
}

/// As [`write_string`], for bytes that are UTF-8 or whose written form is checked to be: bytes beyond ASCII are copied.
#[inline]
pub fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    write_escaped(out, text);
    out.push(b'"');
}

/// Appends a number's decimal digits.
pub(crate) fn write_count(out: &mut Vec<u8>, mut count: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (count % 10) as u8;
        count /= 10;
        if count == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// The inside of [`write_string`]; `text` is UTF-8.
pub(crate) fn write_escaped(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    loop {
        let plain = plain_length(rest);
        let (head, tail) = rest.split_at(plain);
        out.extend_from_slice(head);
        let Some((&byte, tail)) = tail.split_first() else {
            return;
        };
        write_escape(out, byte);
        rest = tail;
    }
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        _ => {
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 15)];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// Bytes of `text` before the first quote, backslash or control character.
#[inline]
pub(crate) fn plain_length(text: &[u8]) -> usize {
    let (blocks, tail) = text.as_chunks::<8>();
    for (index, block) in blocks.iter().enumerate() {
        let stops = stops(u64::from_le_bytes(*block));
        if stops != 0 {
            return index * 8 + (stops.trailing_zeros() / 8) as usize;
        }
    }
    let is_stop = |&byte: &u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    text.len() - tail.len() + tail.iter().position(is_stop).unwrap_or(tail.len())
}

/// The high bit of each byte of `word` that ends plain text; bits above the lowest may be wrong.
///
/// A byte below `n` is one from which subtracting `n` borrows into the high bit, which was not set; a byte equal to
/// `c` is one that is below 1 after exclusive or with `c`.
#[inline(always)]
fn stops(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let controls = word.wrapping_sub(ONES * 0x20);
    let quotes = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslashes = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (controls | quotes | backslashes) & !word & HIGHS
}

/// The order of keys: by UTF-16 code unit. `a` and `b` are UTF-8.
///
/// It differs from the order of UTF-8 bytes in one place: characters beyond U+FFFF, whose first unit is a surrogate,
/// stand before U+E000 to U+FFFF.
#[inline]
pub(crate) fn compare_keys(a: &[u8], b: &[u8]) -> Ordering {
    match a.iter().zip(b).find(|(x, y)| x != y) {
        Some((&x, &y)) => unit_rank(x).cmp(&unit_rank(y)),
        None => a.len().cmp(&b.len()),
    }
}

#[inline]
fn unit_rank(byte: u8) -> u8 {
    match byte {
        0xee | 0xef => byte + 0x10,
        _ => byte,
    }
}
