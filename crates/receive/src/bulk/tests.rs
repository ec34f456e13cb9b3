use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::tests;

fn check(body: &str, view: View, expected: Expect) {
    let read = decode(body.as_bytes(), Some("logs"), view, &Limits::default());
    if let Ok(bulk) = &read {
        assert_eq!(bulk.items.len(), bulk.records.len());
    }
    expected.assert_eq(&tests::shown(&read.map(|bulk| bulk.records)));
}

const BODY: &str = r#"{"create":{"_index":"audit","_id":"a"}}
{"a":1}
{"index":{}}
 {"b": 2} 
{ "create" : { "_id" : 7, "pipeline": "p" } }
{"type":"audit.3"}

{"delete":{"_index":"audit","_id":"x"}}
{"update":{"_id":"x"}}
{"doc":{}}
{"create":{"_id":null}}
[1]
"#;

#[test]
fn actions_and_documents() {
    check(
        BODY,
        View::Whole,
        expect![[r#"
        0 object {"index":"audit","id":"a","document":{"a":1}} index=audit id=a
        1 object {"index":"logs","document":{"b": 2}} index=logs
        2 event {"type":"audit.3"} index=logs id=7
        3 refused unsupportedAction: an audit log is append-only: send create index=audit id=x
        4 refused unsupportedAction: an audit log is append-only: send create index=logs id=x
        5 refused malformedRecord: the document is not one JSON object index=logs
    "#]],
    );
    check(
        BODY,
        View::Carried,
        expect![[r#"
        0 object {"a":1} index=audit id=a
        1 object {"b": 2} index=logs
        2 event {"type":"audit.3"} index=logs id=7
        3 refused unsupportedAction: an audit log is append-only: send create index=audit id=x
        4 refused unsupportedAction: an audit log is append-only: send create index=logs id=x
        5 refused malformedRecord: the document is not one JSON object index=logs
    "#]],
    );
    check(
        "{\"create\":{}}\r\n{\"a\":1}\r\n",
        View::Line,
        expect![[r#"
        0 line {"a":1} index=logs
    "#]],
    );
}

#[test]
fn bodies_that_cannot_be_read() {
    fn check(body: &str, expected: &str) {
        let failed = decode(body.as_bytes(), None, View::Whole, &Limits::default()).unwrap_err();
        let answer = failure(&failed);
        let found = String::from_utf8(answer.body).unwrap();
        assert!(answer.status == 400 && found.contains(expected), "{body}: {found}");
    }
    check("", r#""type":"parse_exception","reason":"request body is required""#);
    check("{\"create\":{\"_index\":\"i\"}}\n{}", "must be terminated by a newline [\\\\n]");
    check(
        "{\"create\":{}}\n{}\n",
        r#""type":"action_request_validation_exception","reason":"Validation Failed: 1: index is missing;""#,
    );
    check("{\"create\":{\"_index\":\"i\"}}\n", "line 1 must be followed by a document");
    check("{\"create\":{\"_index\":\"i\"}}\n\n", "line 1 must be followed by a document");
    for action in [
        "{}",
        "7",
        "x",
        r#"{"upsert":{}}"#,
        r#"{"create":{},"index":{}}"#,
        r#"{"create":{"_index":7}}"#,
        r#"{"create":{"_index":"i","_id":{}}}"#,
        r#"{"create":[]}"#,
    ] {
        check(&format!("\n{action}\n{{}}\n"), "Malformed action/metadata line [2]");
    }
}

#[test]
fn every_item_has_its_answer() {
    let bulk = decode(BODY.as_bytes(), Some("logs"), View::Whole, &Limits::default()).unwrap();
    let outcomes = [
        Outcome::Duplicate,
        Outcome::New { id: Some("made".into()) },
        Outcome::New { id: Some("made".into()) },
        refusal(&bulk.records[3]),
        refusal(&bulk.records[4]),
        Outcome::New { id: None },
    ];
    let answer = answer(&bulk.items, &outcomes, 30);
    let read: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, &read["errors"]), (200, &serde_json::json!(true)));
    expect![[r#"
        {"took":30,"errors":true,"items":[{"create":{"_index":"audit","_id":"a","error":{"type":"version_conflict_engine_exception","reason":"[a]: version conflict, document already exists (current version [1])"},"status":409}},
        {"index":{"_index":"logs","_id":"made","_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1,"status":201}},
        {"create":{"_index":"logs","_id":"7","_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1,"status":201}},
        {"delete":{"_index":"audit","_id":"x","error":{"type":"illegal_argument_exception","reason":"an audit log is append-only: send create"},"status":400}},
        {"update":{"_index":"logs","_id":"x","error":{"type":"illegal_argument_exception","reason":"an audit log is append-only: send create"},"status":400}},
        {"create":{"_index":"logs","_id":null,"_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1,"status":201}}]}"#]].assert_eq(&String::from_utf8(answer.body).unwrap().replace("},{", "},\n{"));
    let fine = super::answer(&bulk.items[..1], &[Outcome::New { id: None }], 1);
    expect![[r#"{"took":1,"errors":false,"items":[{"create":{"_index":"audit","_id":"a","_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1,"status":201}}]}"#]].assert_eq(&String::from_utf8(fine.body).unwrap());
}

fn refusal(record: &Record<'_>) -> Outcome {
    let Payload::Refused { refusal, .. } = &record.payload else { panic!("{record:?}") };
    Outcome::Refused(refusal.clone())
}

#[test]
fn a_failure_is_told_as_one() {
    fn check(cause: Failure, status: u16, kind: &str) {
        let answer = failure(&cause);
        let read: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status, &read["status"]), (status, &serde_json::json!(status)));
        assert_eq!(
            (&read["error"]["type"], &read["error"]["root_cause"][0]["type"]),
            (&serde_json::json!(kind), &serde_json::json!(kind))
        );
        assert_eq!(answer.retry_after_seconds, cause.retry_after_seconds());
    }
    check(Failure::NoCredential, 401, "security_exception");
    check(Failure::NotAllowed, 403, "security_exception");
    check(Failure::Busy { retry_after_seconds: 3 }, 429, "es_rejected_execution_exception");
    check(Failure::Unavailable { retry_after_seconds: 3 }, 503, "es_rejected_execution_exception");
    check(Failure::TooLarge { message: "x".into() }, 413, "content_too_long_exception");
}

proptest! {
    #[test]
    fn any_body_is_read_or_a_failure(lines in proptest::collection::vec(prop_oneof![
        Just(r#"{"create":{"_index":"i","_id":"x"}}"#.to_owned()), Just(r#"{"delete":{"_id":1}}"#.to_owned()), Just("{}".to_owned()), ".{0,20}",
    ], 0..8)) {
        let body = lines.join("\n") + "\n";
        if let Ok(bulk) = decode(body.as_bytes(), Some("d"), View::Whole, &Limits::default()) {
            prop_assert_eq!(bulk.items.len(), bulk.records.len());
            let outcomes = vec![Outcome::Duplicate; bulk.items.len()];
            let answer = answer(&bulk.items, &outcomes, 0);
            let read: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            prop_assert_eq!(read["items"].as_array().map(Vec::len), Some(bulk.items.len()));
        }
    }
}
