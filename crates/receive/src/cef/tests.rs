use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn check(text: &str, expected: Expect) {
    let shown = Event::parse(text.as_bytes()).map(|event| String::from_utf8(event.to_json()).unwrap());
    expected.assert_eq(&shown.unwrap_or_default());
}

#[test]
fn events() {
    check(
        "CEF:0|Security|threatmanager|1.0|100|worm successfully stopped|10|src=10.0.0.1 dst=2.1.2.2 spt=1232",
        expect![[
            r#"{"version":"0","deviceVendor":"Security","deviceProduct":"threatmanager","deviceVersion":"1.0","signatureId":"100","name":"worm successfully stopped","severity":"10","extension":{"dst":"2.1.2.2","spt":"1232","src":"10.0.0.1"}}"#
        ]],
    );
    check(
        r"CEF:1|a\|b|c\\d|1.0|100|n = \= x|High|",
        expect![[
            r#"{"version":"1","deviceVendor":"a|b","deviceProduct":"c\\d","deviceVersion":"1.0","signatureId":"100","name":"n = = x","severity":"High"}"#
        ]],
    );
    check(
        "CEF:0|v|p|1|s|n|5",
        expect![[
            r#"{"version":"0","deviceVendor":"v","deviceProduct":"p","deviceVersion":"1","signatureId":"s","name":"n","severity":"5"}"#
        ]],
    );
    check(
        r"CEF:0|v|p|1|s|n|5|msg=two words and a\=b\nline request=https://x.example/?a=1&b=2 empty= cs1=/a b/c cs1Label=Folder Name end=x=y",
        expect![[
            r#"{"version":"0","deviceVendor":"v","deviceProduct":"p","deviceVersion":"1","signatureId":"s","name":"n","severity":"5","extension":{"cs1":"/a b/c","cs1Label":"Folder Name","empty":"","end":"x=y","msg":"two words and a=b\nline","request":"https://x.example/?a=1&b=2"},"custom":{"Folder Name":"/a b/c"}}"#
        ]],
    );
    check(
        "CEF:0|v|p|1|s|n|5|a = b act=x  y  ad.key[0]=z act=again",
        expect![[
            r#"{"version":"0","deviceVendor":"v","deviceProduct":"p","deviceVersion":"1","signatureId":"s","name":"n","severity":"5","extension":{"act":["x  y","again"],"ad.key[0]":"z"},"unread":"a = b"}"#
        ]],
    );
    check(
        r"CEF:0|v|p|1|s|n|5|some words path=C:\temp\new dir\ cn1Label=Count cn1=3 cs2Label=Missing",
        expect![[
            r#"{"version":"0","deviceVendor":"v","deviceProduct":"p","deviceVersion":"1","signatureId":"s","name":"n","severity":"5","extension":{"cn1":"3","cn1Label":"Count","cs2Label":"Missing","path":"C:\\temp\new dir\\"},"custom":{"Count":"3"},"unread":"some words"}"#
        ]],
    );
}

#[test]
fn what_is_no_event() {
    for text in [
        "",
        "CEF:",
        "CEF:0",
        "CEF:0|v|p|1|s|n",
        "CEF:x|v|p|1|s|n|5|",
        "CEF:|v|p|1|s|n|5|",
        "cef:0|v|p|1|s|n|5|",
        " CEF:0|v|p|1|s|n|5|",
    ] {
        check(text, expect![[""]]);
    }
}

proptest! {
    /// What is escaped by the rules is read as it was.
    #[test]
    fn escaped_values_come_out(
        header in proptest::collection::vec("[ -~é]{0,10}", 6),
        pairs in proptest::collection::vec(("[a-zA-Z][a-zA-Z0-9]{0,8}", "[!-~é]([ -~é]{0,10}[!-~é])?"), 0..6),
    ) {
        let in_header = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|");
        let in_value = |text: &str| text.replace('\\', "\\\\").replace('=', "\\=").replace('\n', "\\n");
        let parts: Vec<_> = header.iter().map(|part| in_header(part)).collect();
        let extension: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}={}", in_value(value))).collect();
        let text = format!("CEF:0|{}|{}", parts.join("|"), extension.join(" "));
        let event = Event::parse(text.as_bytes()).unwrap();
        let read: Vec<_> = event.header[1..].iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect();
        prop_assert_eq!(read, header);
        let read: Vec<_> = event
            .extension
            .iter()
            .map(|(key, value)| (String::from_utf8_lossy(key).into_owned(), String::from_utf8_lossy(value).into_owned()))
            .collect();
        prop_assert_eq!(read, pairs);
    }

    #[test]
    fn any_bytes_are_json(tail in proptest::collection::vec(any::<u8>(), 0..100)) {
        let text = [b"CEF:0|v|p|1|s|", &tail[..]].concat();
        if let Some(event) = Event::parse(&text) {
            let json = event.to_json();
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok(), "{}", String::from_utf8_lossy(&json));
        }
    }
}
