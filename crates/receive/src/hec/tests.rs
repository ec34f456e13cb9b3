use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::Refusal;
use crate::tests::Shown;

fn shown(records: &Result<Vec<Record<'_>>, Fault>) -> String {
    match records {
        Ok(records) => records.iter().map(|record| format!("{}\n", Shown(record))).collect(),
        Err(fault) => String::from_utf8(fault.answer().body).unwrap(),
    }
}

fn defaults() -> Facts<'static> {
    Facts { host: Some("h0".into()), kind: Some("k0".into()), ..Facts::default() }
}

fn check(body: &str, view: View, expected: Expect) {
    expected.assert_eq(&shown(&events(body.as_bytes(), &defaults(), view, &Limits::default())));
}

#[test]
fn events_stand_one_after_another() {
    let body = r#"{"event":"a line","time":1426279439.123,"host":"h1","source":"/x","sourcetype":"k1","index":"main","fields":{"a":"b","n":[1,"{"]}}{"event":{"a":{"b":1}},"time":"1426279439"}
        [{"event":"x\ny"},{"event":7}] {"event":{"type":"audit.3","n":1},"host":null,"time":null} {"event":"{\"type\":\"audit.3\"}"}"#;
    check(
        body,
        View::Whole,
        expect![[r#"
        0 object {"time":"1426279439.123","host":"h1","source":"/x","sourcetype":"k1","index":"main","fields":{"a":"b","n":[1,"{"]},"event":"a line"} time=1426279439.123 host=h1 source=/x kind=k1 index=main
        1 object {"time":"1426279439","host":"h0","sourcetype":"k0","event":{"a":{"b":1}}} time=1426279439 host=h0 kind=k0
        2 object {"host":"h0","sourcetype":"k0","event":"x\ny"} host=h0 kind=k0
        3 object {"host":"h0","sourcetype":"k0","event":7} host=h0 kind=k0
        4 event {"type":"audit.3","n":1} host=h0 kind=k0
        5 event {"type":"audit.3"} host=h0 kind=k0
    "#]],
    );
    check(
        body,
        View::Carried,
        expect![[r#"
        0 line a line time=1426279439.123 host=h1 source=/x kind=k1 index=main
        1 object {"a":{"b":1}} time=1426279439 host=h0 kind=k0
        2 line x
        y host=h0 kind=k0
        3 line 7 host=h0 kind=k0
        4 event {"type":"audit.3","n":1} host=h0 kind=k0
        5 event {"type":"audit.3"} host=h0 kind=k0
    "#]],
    );
    check(
        body,
        View::Line,
        expect![[r#"
        0 line a line time=1426279439.123 host=h1 source=/x kind=k1 index=main
        1 line {"a":{"b":1}} time=1426279439 host=h0 kind=k0
        2 line x
        y host=h0 kind=k0
        3 line 7 host=h0 kind=k0
        4 event {"type":"audit.3","n":1} host=h0 kind=k0
        5 event {"type":"audit.3"} host=h0 kind=k0
    "#]],
    );
}

#[test]
fn a_fault_names_its_event() {
    fn check(body: &str, expected: &str) {
        let found = shown(&events(body.as_bytes(), &defaults(), View::Whole, &Limits::default()));
        assert_eq!(found, expected, "{body}");
    }
    let invalid = |index| format!(r#"{{"text":"Invalid data format","code":6,"invalid-event-number":{index}}}"#);
    check("", r#"{"text":"No data","code":5}"#);
    check(" \n", r#"{"text":"No data","code":5}"#);
    check("[]", r#"{"text":"No data","code":5}"#);
    check("{}", r#"{"text":"Event field is required","code":12,"invalid-event-number":0}"#);
    check(
        r#"{"event":"a"}{"event":""}"#,
        r#"{"text":"Event field cannot be blank","code":13,"invalid-event-number":1}"#,
    );
    check(r#"{"event":null}"#, r#"{"text":"Event field cannot be blank","code":13,"invalid-event-number":0}"#);
    check(r#"{"event":"a"}{"event":"b""#, &invalid(1));
    check(r#"[{"event":"a"},{"event":"b"},3]"#, &invalid(2));
    check("7", &invalid(0));
    check("hello", &invalid(0));
    check(r#"{"event":"a","time":"soon"}"#, &invalid(0));
    check(r#"{"event":"a","time":"1e9"}"#, &invalid(0));
    check(r#"{"event":"a","host":7}"#, &invalid(0));
    check(r#"{"event":"a","event":"b"}"#, &invalid(0));
    for fields in [r#"{"a":{"b":1}}"#, "7", "[1]", r#"{"a\"":{}}"#] {
        let expected = r#"{"text":"Error in handling indexed fields","code":15,"invalid-event-number":0}"#;
        check(&format!(r#"{{"event":"a","fields":{fields}}}"#), expected);
    }
}

#[test]
fn raw_lines() {
    fn check(body: &[u8], view: View, expected: Expect) {
        expected.assert_eq(&shown(&raw(body, &defaults(), view, &Limits::default())));
    }
    let body = b"one\r\n\n two \n{\"type\":\"audit.3\"}\n{\"a\":1}\ncaf\xe9";
    check(
        body,
        View::Whole,
        expect![[r#"
        0 object {"host":"h0","sourcetype":"k0","event":"one"} host=h0 kind=k0
        1 object {"host":"h0","sourcetype":"k0","event":" two "} host=h0 kind=k0
        2 event {"type":"audit.3"} host=h0 kind=k0
        3 object {"host":"h0","sourcetype":"k0","event":"{\"a\":1}"} host=h0 kind=k0
        4 object {"host":"h0","sourcetype":"k0","event":"caf�","raw":"Y2Fm6Q=="} host=h0 kind=k0
    "#]],
    );
    check(
        body,
        View::Carried,
        expect![[r#"
        0 line one host=h0 kind=k0
        1 line  two  host=h0 kind=k0
        2 event {"type":"audit.3"} host=h0 kind=k0
        3 object {"a":1} host=h0 kind=k0
        4 line caf� host=h0 kind=k0
    "#]],
    );
    check(
        body,
        View::Line,
        expect![[r#"
        0 line one host=h0 kind=k0
        1 line  two  host=h0 kind=k0
        2 event {"type":"audit.3"} host=h0 kind=k0
        3 line {"a":1} host=h0 kind=k0
        4 line caf� host=h0 kind=k0
    "#]],
    );
    check(b"\n \r\n", View::Line, expect![[r#"{"text":"No data","code":5}"#]]);
}

#[test]
fn clients_are_told() {
    fn check(answer: &Answer, status: u16, body: &str, retry_after: Option<u32>) {
        assert_eq!(
            (answer.status, std::str::from_utf8(&answer.body).unwrap(), answer.retry_after_seconds),
            (status, body, retry_after)
        );
    }
    let stored = || Outcome::New { id: None };
    let refused = || Outcome::Refused(Refusal::malformed("x"));
    check(&answer(&[stored(), Outcome::Duplicate], None), 200, r#"{"text":"Success","code":0}"#, None);
    check(&answer(&[stored()], Some(0)), 200, r#"{"text":"Success","code":0,"ackId":0}"#, None);
    check(
        &answer(&[stored(), refused()], Some(1)),
        400,
        r#"{"text":"Invalid data format","code":6,"invalid-event-number":1}"#,
        None,
    );
    check(&health(true), 200, r#"{"text":"HEC is healthy","code":17}"#, None);
    check(&health(false), 503, r#"{"text":"HEC is unhealthy, queues are full","code":18}"#, None);
    let failed = |failure: Failure| Fault::from(failure).answer();
    check(&failed(Failure::NoCredential), 401, r#"{"text":"Token is required","code":2}"#, None);
    check(&failed(Failure::BadCredential), 403, r#"{"text":"Invalid token","code":4}"#, None);
    check(&failed(Failure::NotAllowed), 403, r#"{"text":"Token disabled","code":1}"#, None);
    check(&failed(Failure::Busy { retry_after_seconds: 9 }), 503, r#"{"text":"Server is busy","code":9}"#, Some(9));
    check(&failed(Failure::malformed("x")), 400, r#"{"text":"Invalid data format","code":6}"#, None);
    check(
        &failed(Failure::TooLarge { message: String::new() }),
        413,
        r#"{"text":"Request entity too large","code":27}"#,
        None,
    );
    check(&acks([(0, true), (7, false)].into_iter()), 200, r#"{"acks":{"0":true,"7":false}}"#, None);
}

#[test]
fn acknowledgements_are_asked_for_by_id_and_channel() {
    let code = |result: Result<Vec<u64>, Fault>| result.map_err(|fault| fault.code);
    assert_eq!(code(acks_asked(br#"{"acks":[1,3]}"#)), Ok(vec![1, 3]));
    assert_eq!(code(acks_asked(b"")), Err(Code::NoData));
    for bad in [&b"{}"[..], b"[1]", br#"{"acks":[-1]}"#, br#"{"acks":["1"]}"#] {
        assert_eq!(code(acks_asked(bad)), Err(Code::InvalidData));
    }
    let many = format!(r#"{{"acks":[{}1]}}"#, "1,".repeat(ACKS_MAX));
    assert_eq!(code(acks_asked(many.as_bytes())), Err(Code::TooLarge));
    let channel = |text| check_channel(text).map_err(|fault| fault.code);
    assert_eq!(channel(Some("FE0ECFAD-13D5-401B-847D-77833BD77131")), Ok("FE0ECFAD-13D5-401B-847D-77833BD77131"));
    assert_eq!(channel(None), Err(Code::ChannelMissing));
    assert_eq!(channel(Some("")), Err(Code::ChannelMissing));
    assert_eq!(channel(Some("me")), Err(Code::ChannelInvalid));
}

proptest! {
    #[test]
    fn any_body_is_read_or_a_fault(body in proptest::collection::vec(any::<u8>(), 0..100), opening in r#"(\{"event":)?(\{"a":)?["\[]?"#) {
        let body = [opening.as_bytes(), &body].concat();
        for view in [View::Whole, View::Carried, View::Line] {
            for records in [events(&body, &defaults(), view, &Limits::default()), raw(&body, &defaults(), view, &Limits::default())] {
                for record in records.into_iter().flatten() {
                    if let Payload::Object(json) = &record.payload {
                        prop_assert!(serde_json::from_slice::<Value>(json).is_ok() || view == View::Carried);
                    }
                }
            }
        }
        let _ = acks_asked(&body);
    }

    /// Texts and objects come out as they went in.
    #[test]
    fn events_come_out(texts in proptest::collection::vec("[!-~é].{0,20}", 1..5)) {
        let body: String = texts.iter().map(|text| serde_json::json!({"event": text}).to_string()).collect();
        let records = events(body.as_bytes(), &Facts::default(), View::Line, &Limits::default()).unwrap();
        let read: Vec<_> = records.iter().map(|record| String::from_utf8_lossy(record.payload.bytes()).into_owned()).collect();
        prop_assert_eq!(read, texts);
    }
}
