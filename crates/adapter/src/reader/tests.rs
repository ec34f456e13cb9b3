#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write as _;

use expect_test::{Expect, expect};

use super::*;

fn json() -> Framing {
    Framing { input: Input::Json, records: vec![vec!["Records".to_owned()]], column: None }
}

fn nested() -> Framing {
    let records = vec![vec!["value".to_owned()], vec!["data".to_owned(), "items".to_owned()]];
    Framing { input: Input::Json, records, column: Some("AuditData".to_owned()) }
}

fn text() -> Framing {
    Framing { input: Input::Text, records: Vec::new(), column: None }
}

/// Reads in pieces of every small size, which must not matter.
fn check(framing: &Framing, input: &[u8], expected: Expect) {
    let whole = read(framing, input, usize::MAX);
    for piece in [1, 2, 3, 7] {
        assert_eq!(read(framing, input, piece), whole, "in pieces of {piece}");
    }
    expected.assert_eq(&whole);
}

fn read(framing: &Framing, input: &[u8], piece: usize) -> String {
    let mut reader = Reader::new(Pieces { input, piece }, framing.clone());
    let mut out = String::new();
    while let Some(record) = reader.next() {
        out += &match record {
            Ok(record) => {
                let bytes = String::from_utf8_lossy(record.bytes);
                let shown = if bytes.len() > 80 { format!("{} bytes", bytes.len()) } else { bytes.into_owned() };
                let place = record.place;
                format!("{}@{} x{}: {shown}\n", place.record, place.line, record.occurrence)
            }
            Err(Unreadable { place, reason, fatal }) => {
                let last = if fatal { " (last)" } else { "" };
                format!("{}@{}: {reason}{last}\n", place.record, place.line)
            }
        };
    }
    out
}

/// Gives at most `piece` bytes at a time.
struct Pieces<'a> {
    input: &'a [u8],
    piece: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.piece.min(buffer.len());
        self.input.read(&mut buffer[..count])
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn lines_are_records_and_equal_ones_are_counted() {
    check(
        &text(),
        b"one\r\n\n  \ntwo\none\none",
        expect![[r#"
        1@1 x0: one
        2@4 x0: two
        3@5 x1: one
        4@6 x2: one
    "#]],
    );
    check(&text(), b"", expect![""]);
}

#[test]
fn json_lines_are_records_and_a_broken_line_spoils_no_other() {
    check(&json(), b"{\"a\":1}\n\n {\"a\":\"}\\\"\"} \n{\"a\":\n{\"a\":1}\n{\"b\":\"x\n{\"c\":3}\n[{\"d\":4},{\"d\":5}]\nnope\n{\"e\":6", expect![[r#"
        1@1 x0: {"a":1}
        2@3 x0: {"a":"}\""}
        3@4 x0: {"a":
        4@5 x1: {"a":1}
        5@6 x0: {"b":"x
        6@7 x0: {"c":3}
        7@8 x0: {"d":4}
        8@8 x0: {"d":5}
        9@9 x0: nope
        10@10 x0: {"e":6
    "#]]);
}

#[test]
fn a_broken_first_line_spoils_no_other() {
    check(
        &json(),
        b"{\"a\":1\n{\"a\":2}\n{\"a\":3}\n",
        expect![[r#"
        1@1 x0: {"a":1
        2@2 x0: {"a":2}
        3@3 x0: {"a":3}
    "#]],
    );
    check(
        &json(),
        b"{\"a\":\"x\n{\"a\":2}\n",
        expect![[r#"
        1@1 x0: {"a":"x
        2@2 x0: {"a":2}
    "#]],
    );
}

#[test]
fn arrays_and_pretty_printed_values_are_records() {
    check(
        &json(),
        b"\xef\xbb\xbf[\n  {\"a\": [1, {\"b\": 2}]},\n  \"{}\", 7\n]\n",
        expect![[r#"
        1@2 x0: {"a": [1, {"b": 2}]}
        2@3 x0: "{}"
        3@3 x0: 7
    "#]],
    );
    check(
        &json(),
        b"{\n \"a\": 1,\n \"b\": {\n  \"c\": 2\n }\n}\n{\n \"a\": 3\n}",
        expect![[r#"
        1@1 x0: {
         "a": 1,
         "b": {
          "c": 2
         }
        }
        2@7 x0: {
         "a": 3
        }
    "#]],
    );
    check(
        &json(),
        b"{\"a\":1}{\"a\":2} {\"a\":3}",
        expect![[r#"
        1@1 x0: {"a":1}
        2@1 x0: {"a":2}
        3@1 x0: {"a":3}
    "#]],
    );
}

#[test]
fn records_come_out_of_wrappers() {
    check(
        &json(),
        b"{\"Records\":[{\"a\":1},{\"a\":{\"Records\":[1]}}],\"x\":[1]}\n{\"Records\":[]}\n{\"a\":2}",
        expect![[r#"
        1@1 x0: {"a":1}
        2@1 x0: {"a":{"Records":[1]}}
        3@3 x0: {"a":2}
    "#]],
    );
    check(
        &nested(),
        b"{ \"data\" : { \"n\": 1, \"items\" : [ {\"a\":1} ] }, \"value\": [\n{\"a\":2}\n] }",
        expect![[r#"
        1@1 x0: {"a":1}
        2@2 x0: {"a":2}
    "#]],
    );
    check(
        &json(),
        b"{\"Records\":{\"a\":[1]}}",
        expect![[r#"
        1@1 x0: {"Records":{"a":[1]}}
    "#]],
    );
}

#[test]
fn a_cut_array_is_an_error_for_its_place() {
    check(
        &json(),
        b"{\"Records\":[{\"a\":1},\n{\"a\":2}",
        expect![[r#"
        1@1 x0: {"a":1}
        2@2 x0: {"a":2}
        3@2: unreadable: the file ends inside an array of records; fetch it again (last)
    "#]],
    );
    check(
        &json(),
        b"[{\"a\":1},{\"a\":",
        expect![[r#"
        1@1 x0: {"a":1}
        2@1: unreadable: the file ends inside an array of records; fetch it again (last)
    "#]],
    );
}

#[test]
fn a_csv_column_holds_records() {
    let csv =
        b"#TYPE Selected\r\n\"Type\",\"AuditData\",\"n\"\r\n\"x\",\"{\"\"a\"\":\"\"1,\n2\"\"}\",1\r\ny,,2\r\nz,{},3";
    check(
        &nested(),
        csv,
        expect![[r#"
        1@3 x0: {"a":"1,
        2"}
        2@5: invalidJson: the row has nothing in the column of the record
        3@6 x0: {}
    "#]],
    );
    check(
        &nested(),
        b"a;b\n1;2\n",
        expect![[r#"
        1@1: notThisKind: the file is neither JSON nor a CSV file with the column "AuditData" (last)
    "#]],
    );
}

#[test]
fn compression_is_found_by_its_magic() {
    let mut members = gzip(b"{\"a\":1}\n{\"a\"");
    members.extend(gzip(b":2}\n"));
    check(
        &json(),
        &members,
        expect![[r#"
        1@1 x0: {"a":1}
        2@2 x0: {"a":2}
    "#]],
    );
    check(
        &json(),
        &zstd::encode_all(&b"{\"a\":1}\n{\"a\":2}\n"[..], 3).unwrap(),
        expect![[r#"
        1@1 x0: {"a":1}
        2@2 x0: {"a":2}
    "#]],
    );
}

#[test]
fn records_before_a_cut_in_a_compressed_file_count() {
    let noise: String = (0..20_000u64).map(|n| format!("{:x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
    let cut = &gzip(format!("first\nsecond\n{noise}").as_bytes())[..9000];
    let found = read(&text(), cut, usize::MAX);
    assert_eq!(
        found,
        "1@1 x0: first\n2@2 x0: second\n3@3: unreadable: the compressed file is cut; fetch it again (last)\n"
    );
}

#[test]
fn what_is_too_large_is_an_error_for_its_place() {
    let large = "x".repeat(10 << 20);
    let found = read(&text(), format!("a\n{large}\nb\n").as_bytes(), usize::MAX);
    assert_eq!(found, "1@1 x0: a\n2@2: eventTooLarge: the record is larger than 1048576 bytes\n3@3 x0: b\n");
    let found = read(&json(), format!("{{\"a\":1}}\n{{\"a\":\"{large}\"}}\n{{\"b\":1}}\n").as_bytes(), usize::MAX);
    assert_eq!(
        found,
        "1@1 x0: {\"a\":1}\n2@2: eventTooLarge: the record is larger than 1048576 bytes\n3@3 x0: {\"b\":1}\n"
    );
    let deep = "[".repeat(10_000);
    let found = read(&json(), format!("{{\"a\":{deep}\n{{\"b\":1}}\n").as_bytes(), usize::MAX);
    assert!(found.ends_with("{\"b\":1}\n"), "{found}");
}

#[test]
fn other_encodings_are_named() {
    check(
        &json(),
        b"\xff\xfe{\0",
        expect![[r#"
        1@1: invalidUtf8: the file is UTF-16; convert it to UTF-8 (last)
    "#]],
    );
}
