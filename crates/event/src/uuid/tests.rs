#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn uuids_are_read_in_either_case_and_written_in_lower() {
    let id: Uuid = "01234567-89AB-cdef-0123-456789abcdEF".parse().unwrap();
    assert_eq!(id.0, [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]);
    assert_eq!(id.to_string(), "01234567-89ab-cdef-0123-456789abcdef");
    let good = b"01234567-89ab-cdef-0123-456789abcdef";
    for at in 0..good.len() {
        for byte in 0..=255 {
            let mut text = *good;
            text[at] = byte;
            let expected = if good[at] == b'-' { byte == b'-' } else { byte.is_ascii_hexdigit() };
            assert_eq!(parse(&text).is_some(), expected, "{byte} at {at}");
        }
    }
    for text in ["", "0123456789abcdef0123456789abcdef", "{01234567-89ab-cdef-0123-456789abcdef}"] {
        assert_eq!(text.parse::<Uuid>(), Err(InvalidUuid));
    }
}
