#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

/// Parses and writes.
fn check(text: &str, expected: &str) {
    let found = match parse(text.as_bytes()) {
        Ok(value) => {
            let mut out = String::new();
            write(&mut out, &value);
            out
        }
        Err(refused) => refused.to_string(),
    };
    assert_eq!(found, expected, "{text}");
}

#[test]
fn numbers_a_double_keeps_stay_and_others_become_their_digits() {
    check("[0,-1,9007199254740991,-9007199254740991]", "[0,-1,9007199254740991,-9007199254740991]");
    check("9007199254740992", r#""9007199254740992""#);
    check("-9218868437227405312", r#""-9218868437227405312""#);
    check("123456789012345678901234567890", r#""123456789012345678901234567890""#);
    check("[1.5,1.10,1e3,0.1,-0.0,2.50e-3]", "[1.5,1.1,1000,0.1,-0,0.0025]");
    check("0.1234567890123456789", r#""0.1234567890123456789""#);
    check("[1e400,1e-400,9007199254740993.0]", r#"["1e400","1e-400","9007199254740993.0"]"#);
}

#[test]
fn strings_are_kept() {
    check(r#""\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t""#, "\"é😀\\\"\\\\/\\u0008\\u000c\\n\\r\\t\"");
    check(r#""\ud83d""#, "loneSurrogate: a string escapes half of a surrogate pair");
    check(r#""\ud83d\u0041""#, "loneSurrogate: a string escapes half of a surrogate pair");
    check(r#""\ude00""#, "loneSurrogate: a string escapes half of a surrogate pair");
    check("\"a\nb\"", "invalidJson: a control character stands in a string at byte 2");
}

#[test]
fn what_is_not_json_is_refused() {
    check("{\"a\":1", "invalidJson: the record is cut at byte 6");
    check("{\"a\"", "invalidJson: a colon was expected at byte 4");
    check("{\"a\":1,}", "invalidJson: a key was expected at byte 7");
    check("[1,]", "invalidJson: a value was expected at byte 3");
    check("[01]", "invalidJson: a number is not complete at byte 3");
    check("[1.]", "invalidJson: a number is not complete at byte 3");
    check("nul", "invalidJson: a value was expected at byte 0");
    check("{} {}", "invalidJson: something follows the record at byte 3");
    check("", "invalidJson: the record is cut at byte 0");
    check(r#"{"a":1,"b":2,"\u0061":3}"#, "duplicateKey: the key \"a\" stands twice in one object");
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    check(&nested(DEPTH_MAX), &nested(DEPTH_MAX));
    check(&nested(DEPTH_MAX + 1), "tooDeep: nested deeper than 60 levels");
    check(&"[".repeat(10_000), "tooDeep: nested deeper than 60 levels");
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let refused = parse(b"{\"a\":\"\xff\"}").unwrap_err();
    assert_eq!(refused.to_string(), "invalidUtf8: byte 6 is not UTF-8; convert the file to UTF-8");
}

#[test]
fn members_keep_their_text() {
    let members = members(br#" {"a": 1.10, "b" : [ 1 ] } "#).unwrap();
    assert_eq!(members, [("a".to_owned(), "1.10"), ("b".to_owned(), "[ 1 ]")]);
    assert_eq!(super::members(b"{}").unwrap(), []);
}
