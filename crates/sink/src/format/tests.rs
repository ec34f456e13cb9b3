#![allow(clippy::unwrap_used)]

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::cef::{Place, escape};
use super::*;
use crate::fixture;

fn written(format: Format, batch: &Batch) -> String {
    let mut out = Vec::new();
    format.write(batch, &batch.entries[0], &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn check(format: Format, expected: Expect) {
    expected.assert_eq(&written(format, &fixture::batch(1)));
}

#[test]
fn audit_3_is_the_event_with_its_place() {
    check(
        Format::Audit3,
        expect![[
            r#"{"categories":["dataLoad"],"entities":["ri.data.1"],"eventId":"5f0c9b52-7a5e-4c8b-9f57-2b1c3d4e5f60","host":"node-1","logEntryId":"00000000-0000-4000-8000-000000000001","name":"LOAD_DATA","organization":"ri.indelible..organization.acme","origin":"203.0.113.7","producerType":"SERVER","product":"compass","productVersion":"1.2","requestFields":{"loadedResources":[{"n":1,"text":"a|b=c\\\"\nüñ 🚀"}]},"result":"SUCCESS","seq":1,"time":"2026-01-05T08:00:00.123456789Z","traceId":"4bf92f3577b34da6a3ce929d0e0e4736","type":"audit.3","uid":"ann","userAgent":"curl/8","users":[{"uid":"ann"}]}"#
        ]],
    );
}

#[test]
fn ocsf_is_one_object() {
    check(
        Format::Ocsf,
        expect![[
            r#"{"activity_id":2,"activity_name":"Read","category_uid":6,"category_name":"Application Activity","class_uid":6001,"class_name":"Web Resources Activity","type_uid":600102,"type_name":"Web Resources Activity: Read","time":1767600000123,"severity_id":1,"severity":"Informational","status_id":1,"status":"Success","status_code":"SUCCESS","message":"LOAD_DATA","metadata":{"version":"1.8.0","uid":"platform.example/3f9a/1/1","original_event_uid":"00000000-0000-4000-8000-000000000001","event_code":"LOAD_DATA","correlation_uid":"4bf92f3577b34da6a3ce929d0e0e4736","tenant_uid":"ri.indelible..organization.acme","sequence":1,"logged_time":1767600000000,"original_time":"2026-01-05T08:00:00.123456789Z","log_provider":"Indelible","log_version":"audit.3","profiles":["host"],"product":{"name":"compass","version":"1.2"}},"actor":{"app_name":"compass","user":{"uid":"ann"}},"src_endpoint":{"ip":"203.0.113.7"},"http_request":{"user_agent":"curl/8"},"web_resources":[{"uid":"ri.data.1"}],"unmapped":{"categories":["dataLoad"],"eventId":"5f0c9b52-7a5e-4c8b-9f57-2b1c3d4e5f60","producerType":"SERVER","host":"node-1","entities":["ri.data.1"],"users":[{"uid":"ann"}],"requestFields":{"loadedResources":[{"n":1,"text":"a|b=c\\\"\nüñ 🚀"}]}}}"#
        ]],
    );
}

#[test]
fn cef_is_one_line() {
    check(
        Format::Cef,
        expect![[
            r#"CEF:0|Indelible|compass|1.2|dataLoad|LOAD_DATA|2|rt=1767600000123 externalId=platform.example/3f9a/1/1 cat=dataLoad outcome=SUCCESS suid=ann dvchost=node-1 requestClientApplication=curl/8 src=203.0.113.7 cn1=1 cn1Label=seq cs1=ri.indelible..organization.acme cs1Label=organization cs2=4bf92f3577b34da6a3ce929d0e0e4736 cs2Label=traceId cs3=ri.data.1 cs3Label=entities cs4={"loadedResources":[{"n":1,"text":"a|b\=c\\\\\\"\\nüñ 🚀"}]} cs4Label=requestFields cs6=00000000-0000-4000-8000-000000000001 cs6Label=logEntryId"#
        ]],
    );
}

#[test]
fn cef_escapes_what_ends_a_field() {
    for (text, header, extension) in [
        (r"a\b", r"a\\b", r"a\\b"),
        ("a|b", r"a\|b", "a|b"),
        ("a=b", "a=b", r"a\=b"),
        ("a\nb", "a\u{fffd}b", r"a\nb"),
        ("a\r\nb", "a\u{fffd}\u{fffd}b", r"a\r\nb"),
        (r"a\nb", r"a\\nb", r"a\\nb"),
        (r"a\|", r"a\\\|", r"a\\|"),
        (
            "a\0\u{1b}[2J\u{7f}\u{85}\u{2028}b",
            "a\u{fffd}\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}b",
            "a\u{fffd}\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}b",
        ),
        ("üñ🚀 x", "üñ🚀 x", "üñ🚀 x"),
    ] {
        let escaped = |place| {
            let mut out = Vec::new();
            escape(text, place, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(escaped(Place::Header), header, "{text:?}");
        assert_eq!(escaped(Place::Extension), extension, "{text:?}");
    }
}

/// Takes a line of CEF apart as a receiver does: seven headers, then pairs that begin at an unescaped `=`.
fn read_cef(line: &str) -> (Vec<String>, Vec<(String, String)>) {
    let (mut headers, mut rest) = (vec![String::new()], line.chars());
    while headers.len() < 8 {
        match rest.next().unwrap() {
            '\\' => headers.last_mut().unwrap().push(rest.next().unwrap()),
            '|' => headers.push(String::new()),
            character => headers.last_mut().unwrap().push(character),
        }
    }
    headers.pop();
    let (mut pairs, mut text): (Vec<(String, String)>, String) = (Vec::new(), String::new());
    while let Some(character) = rest.next() {
        match character {
            '\\' => text.push(match rest.next().unwrap() {
                'n' => '\n',
                'r' => '\r',
                other => other,
            }),
            '=' => {
                // A key holds no blank: what stands before it ends the value before.
                let (value, key) = text.rsplit_once(' ').unwrap_or(("", &text));
                if let Some(last) = pairs.last_mut() {
                    last.1 = value.to_owned();
                }
                pairs.push((key.to_owned(), String::new()));
                text = String::new();
            }
            character => text.push(character),
        }
    }
    if let Some(last) = pairs.last_mut() {
        last.1 = text;
    }
    (headers, pairs)
}

#[test]
fn what_cef_says_reads_back() {
    let batch = fixture::batch(1);
    let (headers, pairs) = read_cef(&written(Format::Cef, &batch));
    assert_eq!(headers, ["CEF:0", "Indelible", "compass", "1.2", "dataLoad", "LOAD_DATA", "2"]);
    let value = |key: &str| pairs.iter().find(|pair| pair.0 == key).map(|pair| pair.1.as_str());
    assert_eq!(value("externalId"), Some("platform.example/3f9a/1/1"));
    assert_eq!(value("cs4"), Some(r#"{"loadedResources":[{"n":1,"text":"a|b=c\\\"\nüñ 🚀"}]}"#));
    assert_eq!((value("cn1"), value("cn1Label")), (Some("1"), Some("seq")));
}

#[test]
fn addresses_of_either_family_have_their_field() {
    for (origin, field) in [
        ("203.0.113.7", " src=203.0.113.7 "),
        ("2001:db8::1", " c6a2=2001:db8::1 c6a2Label="),
        ("alpha", " shost=alpha "),
    ] {
        let mut batch = fixture::batch(1);
        let text = String::from_utf8(batch.entries[0].infrastructure.clone()).unwrap();
        batch.entries[0].infrastructure = text.replace("203.0.113.7", origin).into_bytes();
        let line = written(Format::Cef, &batch);
        assert!(line.contains(field), "{line}");
    }
}

#[test]
fn damaged_parts_leave_nothing_behind() {
    for format in [Format::Audit3, Format::Ocsf, Format::Cef] {
        let batch = Batch { log: fixture::log(), entries: vec![fixture::entry(1, r#"{"type":"audit.3","#, "{}")] };
        let mut out = b"before".to_vec();
        assert!(format.write(&batch, &batch.entries[0], &mut out).is_err());
        assert_eq!(out, b"before");
    }
}

/// JSON text of a string, as canonical parts hold it.
fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

proptest! {
    /// Whatever stands in an event, it is one line, and in CEF no value becomes a header or a key.
    #[test]
    fn no_event_writes_a_line_or_field_of_its_own(name in any::<String>(), agent in r"[\\|= \n\r\x00a-z]{0,20}", field in any::<String>()) {
        prop_assume!(!agent.is_empty());
        let infrastructure = format!(
            r#"{{"categories":["dataLoad"],"name":{},"time":"2026-01-05T08:00:00Z","type":"audit.3","userAgent":{}}}"#,
            json(&name), json(&agent)
        );
        let content = format!(r#"{{"requestFields":{{"x":{}}}}}"#, json(&field));
        let batch = Batch { log: fixture::log(), entries: vec![fixture::entry(1, &infrastructure, &content)] };
        for format in [Format::Audit3, Format::Ocsf] {
            let line = written(format, &batch);
            prop_assert!(!line.contains(['\n', '\r']));
            prop_assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok());
        }
        let line = written(Format::Cef, &batch);
        let breaks = |c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}';
        prop_assert!(!line.contains(breaks));
        let (headers, pairs) = read_cef(&line);
        prop_assert_eq!(headers.len(), 7);
        let keys: Vec<&str> = pairs.iter().map(|pair| pair.0.as_str()).collect();
        prop_assert_eq!(keys, ["rt", "externalId", "cat", "outcome", "requestClientApplication", "cn1", "cn1Label", "cs1", "cs1Label", "cs4", "cs4Label"]);
        let cleaned = |text: &str| text.chars().map(|c| if breaks(c) && c != '\n' && c != '\r' { '\u{fffd}' } else { c }).collect::<String>();
        prop_assert_eq!(&pairs[4].1, &cleaned(&agent));
    }
}
