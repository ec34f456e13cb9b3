#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use expect_test::{Expect, expect};

use super::number::{NumberFault, canonicalise, scan};
use super::tape::Tape;
use super::write::{compare_keys, plain_length, write_string};
use crate::Limits;

/// The canonical text of an object, or its refusal.
fn canonical(line: &str) -> String {
    let mut tape = Tape::default();
    match tape.parse(line, &Limits::default()) {
        Err(fault) => {
            let refusal = fault.into_refusal();
            format!("{} at {:?}: {}", refusal.code, refusal.field.unwrap_or_default(), refusal.message)
        }
        Ok(document) => {
            let mut out = Vec::new();
            // The members of the event itself are not ordered; what is inside of them is.
            document.write_members(document.members(0), &mut out);
            String::from_utf8(out).unwrap()
        }
    }
}

fn check(line: &str, expected: Expect) {
    expected.assert_eq(&canonical(line));
}

/// As [`check`] for `{"a": value}`.
fn check_value(value: &str, expected: &str) {
    assert_eq!(canonical(&format!("{{\"a\":{value}}}")), format!("{{\"a\":{expected}}}"), "of {value}");
}

/// Canonical text of a number, or why not.
fn number(text: &str) -> Result<String, NumberFault> {
    let scanned = scan(text.as_bytes())?;
    if scanned.length != text.len() {
        return Err(NumberFault::Syntax);
    }
    let mut out = Vec::new();
    canonicalise(text, &mut out)?;
    let canonical = String::from_utf8(out).unwrap();
    assert!(!scanned.is_plain || canonical == text, "{text} is not canonical as it stands");
    Ok(canonical)
}

#[test]
fn doubles_have_the_text_of_rfc_8785() {
    // The published pairs of bit pattern and text, those within +-(2^53-1).
    let vectors: [(u64, &str); 19] = [
        (0x0000000000000000, "0"),
        (0x8000000000000000, "0"),
        (0x0000000000000001, "5e-324"),
        (0x8000000000000001, "-5e-324"),
        (0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"),
        (0x3eb0c6f7a0b5ed8d, "0.000001"),
        (0x41b3de4355555553, "333333333.3333332"),
        (0x41b3de4355555554, "333333333.33333325"),
        (0x41b3de4355555555, "333333333.3333333"),
        (0x41b3de4355555556, "333333333.3333334"),
        (0x41b3de4355555557, "333333333.33333343"),
        (0xbecbf647612f3696, "-0.0000033333333333333333"),
        (0x43143ff3c1cb0959, "1424953923781206.2"),
        (0x3ff0000000000000, "1"),
        (0x4024000000000000, "10"),
        (0x3ff8000000000000, "1.5"),
        (0x3fb999999999999a, "0.1"),
        (0x433fffffffffffff, "9007199254740991"),
        (0xc33fffffffffffff, "-9007199254740991"),
    ];
    for (bits, text) in vectors {
        let value = f64::from_bits(bits);
        assert_eq!(number(text).as_deref(), Ok(text));
        // Another spelling of the same decimal.
        let spelled = format!("{}0e0", if text.contains('.') { text.to_owned() } else { format!("{text}.") });
        if !text.contains('e') {
            assert_eq!(number(&spelled).as_deref(), Ok(text), "of {spelled}");
        }
        assert_eq!(text.parse::<f64>().unwrap(), value);
    }
}

#[test]
fn numbers_are_kept_exactly_or_refused() {
    use NumberFault::{NotExact, OutOfRange, Syntax};
    let cases: [(&str, Result<&str, NumberFault>); 47] = [
        ("0", Ok("0")),
        ("-0", Ok("0")),
        ("-0.0", Ok("0")),
        ("0e99999999999999999999", Ok("0")),
        ("0.000e-99999999999999999999", Ok("0")),
        ("1.0", Ok("1")),
        ("1.10", Ok("1.1")),
        ("10e-1", Ok("1")),
        ("1E3", Ok("1000")),
        ("1e+3", Ok("1000")),
        ("12.50e2", Ok("1250")),
        ("0.00001e5", Ok("1")),
        ("1e-7", Ok("1e-7")),
        ("0.0000001", Ok("1e-7")),
        ("0.000001", Ok("0.000001")),
        ("9007199254740991", Ok("9007199254740991")),
        ("-9007199254740991", Ok("-9007199254740991")),
        ("9007199254740991.0", Ok("9007199254740991")),
        ("9.007199254740991e15", Ok("9007199254740991")),
        ("0.1", Ok("0.1")),
        ("123456789.125", Ok("123456789.125")),
        ("5e-324", Ok("5e-324")),
        ("2.2250738585072014e-308", Ok("2.2250738585072014e-308")),
        ("9007199254740992", Err(OutOfRange)),
        ("-9007199254740992", Err(OutOfRange)),
        ("9007199254740993", Err(OutOfRange)),
        ("9.007199254740992e15", Err(OutOfRange)),
        ("1e16", Err(OutOfRange)),
        ("1e400", Err(OutOfRange)),
        ("99999999999999999999999999999999999999", Err(OutOfRange)),
        ("1e99999999999999999999", Err(OutOfRange)),
        ("9007199254740991.4", Err(NotExact)),
        ("0.1000000000000000055511151231257827", Err(NotExact)),
        ("3.14159265358979323846", Err(NotExact)),
        ("1e-400", Err(NotExact)),
        ("1e-99999999999999999999", Err(NotExact)),
        ("4.9406564584124654e-324", Err(NotExact)),
        ("1234567890123456.7", Err(NotExact)),
        ("01", Err(Syntax)),
        ("-", Err(Syntax)),
        ("+1", Err(Syntax)),
        (".5", Err(Syntax)),
        ("1.", Err(Syntax)),
        ("1e", Err(Syntax)),
        ("1e+", Err(Syntax)),
        ("0x10", Err(Syntax)),
        ("", Err(Syntax)),
    ];
    for (text, expected) in cases {
        assert_eq!(number(text), expected.map(str::to_owned), "of {text:?}");
    }
}

#[test]
fn keys_are_sorted_as_rfc_8785_does() {
    // The published example: by UTF-16 code unit a smiley stands before U+FB33.
    check(
        r#"{"x":{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}}"#,
        expect![[
            r#"{"x":{"\r":"Carriage Return","1":"One","":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","דּ":"Hebrew Letter Dalet With Dagesh"}}"#
        ]],
    );
}

#[test]
fn the_order_of_keys_is_that_of_utf_16() {
    let mut texts: Vec<String> = ["", "a", "ab", "b", "é", "\u{7ff}", "\u{800}", "\u{d7ff}", "\u{e000}", "\u{ffff}"]
        .into_iter()
        .chain(["\u{10000}", "\u{10ffff}", "a\u{10000}", "a\u{ff00}", "aé"])
        .map(str::to_owned)
        .collect();
    texts.sort_by(|a, b| compare_keys(a.as_bytes(), b.as_bytes()));
    let mut expected = texts.clone();
    expected.sort_by_key(|text| text.encode_utf16().collect::<Vec<_>>());
    assert_eq!(texts, expected);
}

#[test]
fn strings_are_written_with_the_shortest_escapes() {
    check_value(r#""\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/""#, r#""€$\u000f\nA'B\"\\\\\"/""#);
    check_value(r#""\b\f\n\r\t\u0008\u000c\u0000\u001f\u007f""#, "\"\\b\\f\\n\\r\\t\\b\\f\\u0000\\u001f\u{7f}\"");
    check_value(r#""\uD83D\uDE00""#, "\"😀\"");
    check_value("\"plain é 😀\"", "\"plain é 😀\"");
}

#[test]
fn plain_text_ends_where_an_escape_is_due() {
    for length in 0..40 {
        for stop in [b'"', b'\\', 0, 0x1f] {
            for filler in [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xff, 0xdc, 0xa2] {
                let mut text = vec![filler; length];
                assert_eq!(plain_length(&text), length);
                text.push(stop);
                text.extend([filler; 9]);
                text.push(b'"');
                assert_eq!(plain_length(&text), length, "{stop} after {length} times {filler}");
            }
        }
    }
}

#[test]
fn control_characters_are_written_as_they_are_read() {
    for c in (0..=0x2ff).filter_map(char::from_u32) {
        let mut out = Vec::new();
        write_string(&mut out, &c.to_string());
        let text = String::from_utf8(out).unwrap();
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), c.to_string());
        check_value(&text, &text);
        check_value(&format!("\"\\u{:04X}\"", c as u32), &text);
    }
}

#[test]
fn containers_are_kept_and_white_space_is_not() {
    check(
        " {\"b\" : [ 1 , true,false ,null,[ ] ,{ } ] ,\t\"a\":{\"y\":1,\"x\":2}\r\n} \n",
        expect![[r#"{"b":[1,true,false,null,[],{}],"a":{"x":2,"y":1}}"#]],
    );
    check("{}", expect!["{}"]);
    check(
        r#"{"a":{"a":[{"b":{"d":1,"c":[{"z":0,"y":"A"}]}}]}}"#,
        expect![[r#"{"a":{"a":[{"b":{"c":[{"y":"A","z":0}],"d":1}}]}}"#]],
    );
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    let mut all = String::new();
    for line in [
        "",
        "null",
        "[]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,}",
        "{\"a\":1}x",
        "{\"a\":1}{}",
        "{a:1}",
        "{\"a\":NaN}",
        "{\"a\":nul}",
        "{\"a\":Infinity}",
        "{\"a\":-Infinity}",
        "{\"a\":[1,]}",
        "{\"a\":[1 2]}",
        "{\"a\":'x'}",
        "{\"a\":\"x}",
        "{\"a\":\"\\",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"tab\there\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\ud800x\"}",
        "{\"a\":{\"b\":[0,{\"c\":1e99}]}}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "{\"a\":{\"c\":1,\"b\":2,\"\\u0063\":3}}",
        "\u{feff}{}",
        "{\"a\":1}\u{0}",
    ] {
        let outcome = canonical(line);
        all += &format!("{line:?}\n  {outcome}\n");
    }
    expect![[r#"
        ""
          invalidJson at "": invalid JSON at byte 0: an event is one JSON object
        "null"
          invalidJson at "": invalid JSON at byte 0: an event is one JSON object
        "[]"
          invalidJson at "": invalid JSON at byte 0: an event is one JSON object
        "{"
          invalidJson at "": invalid JSON at byte 1: a field name in quotes is expected here
        "{\"a\""
          invalidJson at "": invalid JSON at byte 4: a colon is expected here
        "{\"a\":"
          invalidJson at "a": a: invalid JSON at byte 5: a JSON value is expected here; NaN, Infinity and single quotes are not JSON
        "{\"a\":}"
          invalidJson at "a": a: invalid JSON at byte 5: a JSON value is expected here; NaN, Infinity and single quotes are not JSON
        "{\"a\":1"
          invalidJson at "": invalid JSON at byte 6: a comma or the end of the object is expected here
        "{\"a\":1,}"
          invalidJson at "": invalid JSON at byte 7: a field name in quotes is expected here
        "{\"a\":1}x"
          invalidJson at "": invalid JSON at byte 7: something follows the event; send one event a line
        "{\"a\":1}{}"
          invalidJson at "": invalid JSON at byte 7: something follows the event; send one event a line
        "{a:1}"
          invalidJson at "": invalid JSON at byte 1: a field name in quotes is expected here
        "{\"a\":NaN}"
          invalidJson at "a": a: invalid JSON at byte 5: a JSON value is expected here; NaN, Infinity and single quotes are not JSON
        "{\"a\":nul}"
          invalidJson at "a": a: invalid JSON at byte 5: a JSON value is expected here; NaN, Infinity and single quotes are not JSON
        "{\"a\":Infinity}"
          invalidJson at "a": a: invalid JSON at byte 5: a JSON value is expected here; NaN, Infinity and single quotes are not JSON
        "{\"a\":-Infinity}"
          invalidJson at "a": a: not a JSON number; write digits as in -12, 0.5 or 1e3
        "{\"a\":[1,]}"
          invalidJson at "a[1]": a[1]: invalid JSON at byte 8: a JSON value is expected here; NaN, Infinity and single quotes are not JSON
        "{\"a\":[1 2]}"
          invalidJson at "a": a: invalid JSON at byte 8: a comma or the end of the list is expected here
        "{\"a\":'x'}"
          invalidJson at "a": a: invalid JSON at byte 5: a JSON value is expected here; NaN, Infinity and single quotes are not JSON
        "{\"a\":\"x}"
          invalidJson at "a": a: invalid JSON at byte 8: a string has no end
        "{\"a\":\"\\"
          invalidJson at "a": a: invalid JSON at byte 6: a string holds an escape JSON does not know
        "{\"a\":\"\\x\"}"
          invalidJson at "a": a: invalid JSON at byte 6: a string holds an escape JSON does not know
        "{\"a\":\"\\u12\"}"
          invalidJson at "a": a: invalid JSON at byte 6: \u wants four hexadecimal digits
        "{\"a\":\"\\u12g4\"}"
          invalidJson at "a": a: invalid JSON at byte 6: \u wants four hexadecimal digits
        "{\"a\":\"tab\there\"}"
          invalidJson at "a": a: invalid JSON at byte 9: a string holds a control character; escape it as \u00xx
        "{\"a\":\"\\ud800\"}"
          loneSurrogate at "a": a: a \u escape names half of a surrogate pair; write both halves or U+FFFD
        "{\"a\":\"\\ud800\\u0041\"}"
          loneSurrogate at "a": a: a \u escape names half of a surrogate pair; write both halves or U+FFFD
        "{\"a\":\"\\udc00\"}"
          loneSurrogate at "a": a: a \u escape names half of a surrogate pair; write both halves or U+FFFD
        "{\"a\":\"\\ud800x\"}"
          loneSurrogate at "a": a: a \u escape names half of a surrogate pair; write both halves or U+FFFD
        "{\"a\":{\"b\":[0,{\"c\":1e99}]}}"
          numberOutOfRange at "a.b[1].c": a.b[1].c: the number is beyond 2^53-1; send it as a string
        "{\"a\":{\"b\":1,\"b\":2}}"
          duplicateKey at "a.b": a.b: the field stands twice in one object; send it once
        "{\"a\":{\"c\":1,\"b\":2,\"\\u0063\":3}}"
          duplicateKey at "a.c": a.c: the field stands twice in one object; send it once
        "\u{feff}{}"
          invalidJson at "": invalid JSON at byte 0: an event is one JSON object
        "{\"a\":1}\0"
          invalidJson at "": invalid JSON at byte 7: something follows the event; send one event a line
    "#]].assert_eq(&all);
}

#[test]
fn depth_is_bounded_before_the_stack_is() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(canonical(&nested(63)), nested(63));
    assert!(canonical(&nested(64)).starts_with("tooDeep"));
    let hostile = "{\"a\":".repeat(10_000);
    assert!(canonical(&hostile).starts_with("tooDeep"));
    let deepest = Limits { depth: usize::MAX, ..Limits::default() };
    assert!(Tape::default().parse(&nested(10_000), &deepest).is_err());
    assert!(Tape::default().parse(&nested(super::DEPTH_MAX - 1), &deepest).is_ok());
}

#[test]
fn fields_are_bounded_wherever_they_stand() {
    let limits = Limits { fields: 4, ..Limits::default() };
    let mut tape = Tape::default();
    assert!(tape.parse(r#"{"a":[{"b":1},{"c":1}],"d":1}"#, &limits).is_ok());
    assert!(tape.parse(r#"{"a":[{"b":1},{"c":1}],"d":{"e":1}}"#, &limits).is_err());
}
