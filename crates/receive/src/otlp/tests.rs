mod value;

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use indelible_testkit::generator::{Generator, Settings};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use proptest::prelude::*;
use prost::Message as _;
use serde_json::{Value, json};

use super::*;
use crate::tests::{Shown, shown};
use crate::{Failure, Outcome, Refusal};
use value::{any, pairs};

fn decode_both(request: &ExportLogsServiceRequest, view: View, limits: &Limits) -> String {
    let (protobuf, json) = (request.encode_to_vec(), as_json(request).to_string());
    let protobuf = shown(&decode(&protobuf, Encoding::Protobuf, view, limits));
    assert_eq!(protobuf, shown(&decode(json.as_bytes(), Encoding::Json, view, limits)), "{json}");
    protobuf
}

/// A request as the JSON form of OTLP says.
fn as_json(request: &ExportLogsServiceRequest) -> Value {
    fn any(value: &AnyValue) -> Value {
        use any_value::Value as Kind;
        match &value.value {
            None | Some(Kind::StringValueStrindex(_)) => json!({}),
            Some(Kind::StringValue(text)) => json!({"stringValue": text}),
            Some(Kind::BoolValue(value)) => json!({"boolValue": value}),
            Some(Kind::IntValue(value)) => json!({"intValue": value.to_string()}),
            Some(Kind::DoubleValue(value)) if value.is_finite() => json!({"doubleValue": value}),
            Some(Kind::DoubleValue(value)) => json!({"doubleValue": value.to_string().replace("inf", "Infinity")}),
            Some(Kind::ArrayValue(list)) => {
                json!({"arrayValue": {"values": list.values.iter().map(any).collect::<Vec<_>>()}})
            }
            Some(Kind::KvlistValue(list)) => json!({"kvlistValue": {"values": pairs(&list.values)}}),
            Some(Kind::BytesValue(bytes)) => {
                let mut text = Vec::new();
                crate::json::write_base64(&mut text, bytes);
                json!({"bytesValue": serde_json::from_slice::<Value>(&text).unwrap()})
            }
        }
    }
    fn pairs(list: &[opentelemetry_proto::tonic::common::v1::KeyValue]) -> Value {
        list.iter().map(|pair| json!({"key": pair.key, "value": pair.value.as_ref().map(any)})).collect()
    }
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02X}");
            text
        })
    };
    let record = |record: &LogRecord| {
        json!({"timeUnixNano": record.time_unix_nano.to_string(), "observedTimeUnixNano": record.observed_time_unix_nano,
            "severityNumber": record.severity_number, "severityText": record.severity_text, "body": record.body.as_ref().map(any),
            "attributes": pairs(&record.attributes), "droppedAttributesCount": record.dropped_attributes_count, "flags": record.flags,
            "traceId": hex(&record.trace_id), "spanId": hex(&record.span_id), "eventName": record.event_name})
    };
    let scope_logs = |logs: &ScopeLogs| {
        let scope = logs.scope.as_ref().map(|scope| {
            json!({"name": scope.name, "version": scope.version, "attributes": pairs(&scope.attributes), "droppedAttributesCount": scope.dropped_attributes_count})
        });
        json!({"scope": scope, "schemaUrl": logs.schema_url, "logRecords": logs.log_records.iter().map(record).collect::<Vec<_>>()})
    };
    let resource_logs = |logs: &ResourceLogs| {
        let resource = logs.resource.as_ref().map(|resource| json!({"attributes": pairs(&resource.attributes)}));
        json!({"resource": resource, "schemaUrl": logs.schema_url, "scopeLogs": logs.scope_logs.iter().map(scope_logs).collect::<Vec<_>>()})
    };
    json!({"resourceLogs": request.resource_logs.iter().map(resource_logs).collect::<Vec<_>>()})
}

fn request(records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let scope =
        InstrumentationScope { name: "shop.audit".into(), version: "2.1".into(), ..InstrumentationScope::default() };
    let scope_logs = vec![ScopeLogs { scope: Some(scope), log_records: records, schema_url: String::new() }];
    let attributes = pairs(&json!({"service.name": "shop", "host.name": "shop-1"}));
    let resource = Some(Resource { attributes, ..Resource::default() });
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { resource, scope_logs, schema_url: "https://s.example/1".into() }],
    }
}

fn check(records: Vec<LogRecord>, view: View, expected: Expect) {
    expected.assert_eq(&decode_both(&request(records), view, &Limits::default()));
}

fn body(value: Value) -> LogRecord {
    LogRecord { body: Some(any(&value)), ..LogRecord::default() }
}

#[test]
fn a_record_is_shown_whole() {
    let record = LogRecord {
        time_unix_nano: 1_714_979_289_000_000_001,
        observed_time_unix_nano: 1_714_979_290_500_000_000,
        severity_number: 9,
        severity_text: "INFO".into(),
        event_name: "user.login".into(),
        attributes: pairs(
            &json!({"user.id": "ann", "ok": true, "n": 3, "x": 0.5, "list": [1, null], "map": {"a": {}}}),
        ),
        trace_id: vec![0xab; 16],
        span_id: vec![1; 8],
        flags: 1,
        dropped_attributes_count: 2,
        ..body(json!("signed \"in\"\n"))
    };
    check(
        vec![record, LogRecord::default()],
        View::Whole,
        expect![[r#"
        0 object {"time":"2024-05-06T07:08:09.000000001Z","observedTime":"2024-05-06T07:08:10.5Z","eventName":"user.login","severityNumber":9,"severityText":"INFO","body":"signed \"in\"\n","attributes":{"list":[1,null],"map":{"a":{}},"n":3,"ok":true,"user.id":"ann","x":0.5},"traceId":"abababababababababababababababab","spanId":"0101010101010101","flags":1,"droppedAttributesCount":2,"scope":{"name":"shop.audit","version":"2.1"},"resource":{"attributes":{"host.name":"shop-1","service.name":"shop"},"schemaUrl":"https://s.example/1"}} host=shop-1 kind=shop
        1 object {"scope":{"name":"shop.audit","version":"2.1"},"resource":{"attributes":{"host.name":"shop-1","service.name":"shop"},"schemaUrl":"https://s.example/1"}} host=shop-1 kind=shop
    "#]],
    );
}

#[test]
fn a_body_that_is_an_event_is_that_event() {
    let event = json!({"type": "audit.3", "name": "A", "requestFields": {"n": -1, "list": [{}]}});
    let records = || {
        vec![
            body(event.clone()),
            body(json!(event.to_string())),
            body(json!({"type": "audit.4"})),
            body(json!({"kind": "audit.3"})),
        ]
    };
    check(
        records(),
        View::Whole,
        expect![[r#"
        0 event {"name":"A","requestFields":{"list":[{}],"n":-1},"type":"audit.3"} host=shop-1 kind=shop
        1 event {"name":"A","requestFields":{"list":[{}],"n":-1},"type":"audit.3"} host=shop-1 kind=shop
        2 object {"body":{"type":"audit.4"},"scope":{"name":"shop.audit","version":"2.1"},"resource":{"attributes":{"host.name":"shop-1","service.name":"shop"},"schemaUrl":"https://s.example/1"}} host=shop-1 kind=shop
        3 object {"body":{"kind":"audit.3"},"scope":{"name":"shop.audit","version":"2.1"},"resource":{"attributes":{"host.name":"shop-1","service.name":"shop"},"schemaUrl":"https://s.example/1"}} host=shop-1 kind=shop
    "#]],
    );
}

#[test]
fn an_adapter_may_want_the_body_alone() {
    let records = || {
        vec![
            body(json!({"a": 1})),
            body(json!(" {\"a\":1}")),
            body(json!("a line")),
            body(json!([1])),
            LogRecord::default(),
        ]
    };
    check(
        records(),
        View::Carried,
        expect![[r#"
        0 object {"a":1} host=shop-1 kind=shop
        1 object  {"a":1} host=shop-1 kind=shop
        2 line a line host=shop-1 kind=shop
        3 line [1] host=shop-1 kind=shop
        4 line  host=shop-1 kind=shop
    "#]],
    );
    let timed = LogRecord { observed_time_unix_nano: 1_000_000_000, ..body(json!("x")) };
    check(
        [vec![timed], records()].concat(),
        View::Line,
        expect![[r#"
        0 line x time=1970-01-01T00:00:01Z host=shop-1 kind=shop
        1 line {"a":1} host=shop-1 kind=shop
        2 line  {"a":1} host=shop-1 kind=shop
        3 line a line host=shop-1 kind=shop
        4 line [1] host=shop-1 kind=shop
        5 line  host=shop-1 kind=shop
    "#]],
    );
}

#[test]
fn a_record_beyond_the_limits_is_refused_alone() {
    let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!({"a": inner}));
    let limits = Limits { depth: 5, fields: 10, record_bytes: 300, ..Limits::default() };
    let wide: serde_json::Map<String, Value> = (0..11).map(|n| (n.to_string(), json!(n))).collect();
    let records = vec![
        body(nested(5)),
        body(nested(6)),
        body(Value::Object(wide)),
        body(json!("x".repeat(200))),
        body(json!("good")),
    ];
    expect![[r#"
        0 object {"body":{"a":{"a":{"a":{"a":{"a":1}}}}},"scope":{"name":"shop.audit","version":"2.1"},"resource":{"attributes":{"host.name":"shop-1","service.name":"shop"},"schemaUrl":"https://s.example/1"}} host=shop-1 kind=shop
        1 refused tooDeep: values are nested deeper than 5 levels host=shop-1 kind=shop
        2 refused tooManyFields: the record has more than 10 members host=shop-1 kind=shop
        3 refused recordTooLarge: the record has 362 bytes; at most 300 are accepted host=shop-1 kind=shop
        4 object {"body":"good","scope":{"name":"shop.audit","version":"2.1"},"resource":{"attributes":{"host.name":"shop-1","service.name":"shop"},"schemaUrl":"https://s.example/1"}} host=shop-1 kind=shop
    "#]].assert_eq(&decode_both(&request(records), View::Whole, &limits));
}

#[test]
fn what_is_said_once_for_many_records_does_not_grow_without_bound() {
    let limits = Limits { body_bytes: 1000, records: 12, ..Limits::default() };
    let of = |count: usize| decode_both(&request(vec![LogRecord::default(); count]), View::Whole, &limits);
    assert_eq!(of(6).lines().count(), 6);
    assert_eq!(of(10), "failed: the records of the body are longer than 1000 bytes; send fewer at a time");
    let limits = Limits { records: 12, ..Limits::default() };
    let of = |count: usize| decode_both(&request(vec![LogRecord::default(); count]), View::Whole, &limits);
    assert_eq!(of(12).lines().count(), 12);
    assert_eq!(of(13), "failed: the body has more than 12 records; send fewer at a time");
}

/// Bodies that no exporter writes.
#[test]
fn broken_requests_fail_and_broken_records_are_refused() {
    fn check(body: &[u8], encoding: Encoding, expected: &str) {
        let found = shown(&decode(body, encoding, View::Whole, &Limits::default()));
        assert!(found.contains(expected), "{}: {found}", String::from_utf8_lossy(body));
    }
    let wrap = |record: &[u8]| {
        let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, bytes.len() as u8], bytes].concat();
        field(1, &field(2, &field(2, record)))
    };
    check(b"", Encoding::Protobuf, "");
    check(b"\x0a", Encoding::Protobuf, "failed: the body is not an ExportLogsServiceRequest in protobuf");
    check(b"\x0a\x05\x12", Encoding::Protobuf, "failed: ");
    check(b"{}", Encoding::Protobuf, "failed: ");
    check(b"\x0b", Encoding::Protobuf, "failed: ");
    check(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Encoding::Protobuf, "failed: ");
    check(&wrap(b"\x08\x01"), Encoding::Protobuf, "0 refused malformedRecord");
    check(&wrap(b"\x2a\x02\x40\x01"), Encoding::Protobuf, "a value is of a kind that is not known, number 8");
    check(&wrap(b"\x2a\x04\x0a\x02\xc3\x28"), Encoding::Protobuf, "0 refused invalidUtf8");
    check(b"", Encoding::Json, "failed: the body is not an ExportLogsServiceRequest in JSON");
    check(b"[]", Encoding::Json, "failed: ");
    check(br#"{"resourceLogs":{}}"#, Encoding::Json, "failed: ");
    check(br#"{"resourceLogs":[{"resource":7}]}"#, Encoding::Json, "failed: a resource");
    check(br#"{"resourceLogs":null}"#, Encoding::Json, "");
    let json = |record: &str| format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{record}]}}]}}]}}"#);
    for (record, expected) in [
        ("7", "0 refused malformedRecord"),
        (r#"{"timeUnixNano":"soon"}"#, "a time is not the number of nanoseconds"),
        (r#"{"timeUnixNano":1.5}"#, "a time is not the number of nanoseconds"),
        (r#"{"traceId":"abc"}"#, "traceId and spanId are hexadecimal"),
        (r#"{"body":{"stringValue":"a","intValue":1}}"#, "two kinds"),
        (r#"{"body":{"intValue":1.5}}"#, "no integer of 64 bits"),
        (r#"{"body":{"doubleValue":"x"}}"#, "no number"),
        (r#"{"body":{"stringValue":7}}"#, "0 refused malformedRecord"),
        (r#"{"body":{"stringValue":"a"},"unknown":1}"#, r#"0 object {"body":"a"}"#),
        (r#"{"body":{}}"#, "0 object {}"),
    ] {
        check(json(record).as_bytes(), Encoding::Json, expected);
    }
    let deep = (0..200).fold("{}".to_owned(), |inner, _| format!(r#"{{"arrayValue":{{"values":[{inner}]}}}}"#));
    check(json(&format!(r#"{{"body":{deep}}}"#)).as_bytes(), Encoding::Json, "0 refused tooDeep");
}

/// Three bytes of a body would be 160 in memory.
#[test]
fn many_small_elements_do_not_fill_memory() {
    let list = |element: &str, count: usize| [&vec![element; count].join(",")[..]].concat();
    let body = |resources: &str, scopes: &str, records: &str| {
        format!(r#"{{"resourceLogs":[{{"resource":{resources},"scopeLogs":[{{"logRecords":[{records}]}}{scopes}]}}]}}"#)
    };
    let check = |body: &str, expected: &str| {
        let found = shown(&decode(body.as_bytes(), Encoding::Json, View::Whole, &Limits::default()));
        assert!(found.starts_with(expected), "{}: {}", &body[..80], &found[..found.len().min(200)]);
    };
    let attributes = |count: usize| format!(r#"{{"attributes":[{}]}}"#, list("{}", count));
    check(&body("{}", "", "{}"), "0 object");
    check(
        &body("{}", "", &list("{}", 100_001)),
        "failed: a scopeLogs of the body is not one of OTLP: more than 100000 elements",
    );
    check(
        &body("{}", &",{}".repeat(100_000), "{}"),
        "failed: a resourceLogs of the body is not one of OTLP: more than 100000 elements",
    );
    check(&body("{}", "", &attributes(100_000)), "0 refused tooManyFields: the record has more than 100000");
    check(&body(&attributes(100_000), "", "{}"), "failed: a resource of the body has more than 100000 objects");
}

/// The members of a resource were counted for the first record, and refused all with it.
#[test]
fn a_record_is_refused_for_its_own_members_only() {
    let wide: serde_json::Map<String, Value> = (0..9).map(|n| (n.to_string(), json!(n))).collect();
    let records = vec![body(Value::Object(wide)), body(json!("good"))];
    let found = decode_both(&request(records), View::Whole, &Limits { fields: 10, ..Limits::default() });
    assert_eq!(found.lines().filter(|line| line.contains(" object ")).count(), 2, "{found}");
}

/// The generated events are what services send: they come out as JSON of the same value.
#[test]
fn events_survive_the_way_through_protobuf() {
    let batch = Generator::new(Settings::default()).batch(0, 500);
    let events: Vec<Value> = batch
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let body = value::request(events.iter());
    let records = decode(&body, Encoding::Protobuf, View::Whole, &Limits::default()).unwrap();
    assert_eq!(records.len(), 500);
    for (record, event) in records.iter().zip(&events) {
        let crate::Payload::Event(text) = &record.payload else { panic!("{record:?}") };
        assert_eq!(serde_json::from_slice::<Value>(text).unwrap(), *event);
    }
}

fn refused(code: &'static str) -> Outcome {
    Outcome::Refused(Refusal::new(code, "why"))
}

#[test]
fn an_exporter_is_told_what_was_refused() {
    let stored = || Outcome::New { id: None };
    let outcomes = [stored(), refused("a"), Outcome::Duplicate, refused("b"), refused("c"), refused("d")];
    let read = |answer: &crate::Answer| ExportLogsServiceResponse::decode(&answer.body[..]).unwrap().partial_success;
    let all = answer(&[stored(), Outcome::Duplicate], Encoding::Protobuf);
    assert_eq!((all.status, &all.body[..], read(&all)), (200, &b""[..], None));
    assert_eq!(answer(&[stored()], Encoding::Json).body, b"{}");
    let partial = read(&answer(&outcomes, Encoding::Protobuf)).unwrap();
    assert_eq!(partial.rejected_log_records, 4);
    assert_eq!(partial.error_message, "record 1: a: why; record 3: b: why; record 4: c: why; and 1 more");
    let text = String::from_utf8(answer(&outcomes, Encoding::Json).body).unwrap();
    assert_eq!(
        text,
        r#"{"partialSuccess":{"rejectedLogRecords":"4","errorMessage":"record 1: a: why; record 3: b: why; record 4: c: why; and 1 more"}}"#
    );
}

/// `google.rpc.Status`, as the crate of the protocol does not have it.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[test]
fn a_failure_says_whether_to_send_again() {
    let cases = [
        (Failure::NoCredential, 401, 16, None),
        (Failure::NotAllowed, 403, 7, None),
        (Failure::malformed("not \"it\""), 400, 3, None),
        (Failure::TooLarge { message: "too ünlong".into() }, 413, 8, None),
        (Failure::Busy { retry_after_seconds: 7 }, 429, 14, Some(7)),
        (Failure::Unavailable { retry_after_seconds: 300 }, 503, 14, Some(300)),
    ];
    for (cause, status, code, retry) in cases {
        let answer = failure(&cause, Encoding::Protobuf);
        assert_eq!((answer.status, answer.retry_after_seconds), (status, retry));
        let read = Status::decode(&answer.body[..]).unwrap();
        assert_eq!((read.code, read.message), (code, cause.to_string()));
        let details: Vec<_> = read.details.into_iter().map(|detail| (detail.type_url, detail.value)).collect();
        let expected = match retry {
            Some(7) => vec![("type.googleapis.com/google.rpc.RetryInfo".to_owned(), vec![0x0a, 2, 8, 7])],
            Some(_) => vec![("type.googleapis.com/google.rpc.RetryInfo".to_owned(), vec![0x0a, 3, 8, 0xac, 2])],
            None => vec![],
        };
        assert_eq!(details, expected);
        let json: Value = serde_json::from_slice(&failure(&cause, Encoding::Json).body).unwrap();
        assert_eq!((&json["code"], &json["message"]), (&json!(code), &json!(cause.to_string())));
        assert_eq!(json["details"][0]["retryDelay"], json!(retry.map(|seconds| format!("{seconds}s"))));
        let ending = grpc::failure(&cause);
        assert_eq!((ending.status, ending.body.len()), (code as u32, 0));
        assert!(ending.message.is_ascii() && !ending.details.ends_with('='));
    }
    assert_eq!(grpc::failure(&Failure::TooLarge { message: "ü%".into() }).message, "%C3%BC%25");
}

#[test]
fn a_call_is_one_frame_each_way() {
    let good = grpc::message(b"\x00\x00\x00\x00\x02ab").unwrap();
    assert_eq!((good.bytes, good.is_compressed), (&b"ab"[..], false));
    assert!(grpc::message(b"\x01\x00\x00\x00\x00").unwrap().is_compressed);
    for bad in [&b""[..], b"\x00", b"\x00\x00\x00\x00\x03ab", b"\x00\x00\x00\x00\x01ab", b"\x02\x00\x00\x00\x01a"] {
        assert!(grpc::message(bad).is_err(), "{bad:?}");
    }
    let ending = grpc::answer(&[Outcome::Duplicate]);
    assert_eq!((&ending.body[..], ending.status), (&[0u8; 5][..], 0));
    let ending = grpc::answer(&[refused("a")]);
    let message = grpc::message(&ending.body).unwrap();
    let response = ExportLogsServiceResponse::decode(message.bytes).unwrap();
    assert_eq!(response.partial_success.unwrap().rejected_log_records, 1);
}

#[test]
fn content_types_name_the_encoding() {
    assert_eq!(Encoding::of("application/x-protobuf"), Some(Encoding::Protobuf));
    assert_eq!(Encoding::of("Application/JSON; charset=utf-8"), Some(Encoding::Json));
    assert_eq!(Encoding::of("text/plain"), None);
}

fn arb_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any_bool().prop_map(Value::Bool),
        proptest::num::i64::ANY.prop_map(Value::from),
        // What serde_json, which compares, reads exactly.
        proptest::num::i16::ANY.prop_map(|number| Value::from(f64::from(number) / 16.0)),
        ".{0,8}".prop_map(Value::from),
        Just(json!("audit.3")),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            proptest::collection::btree_map("[a-c]|type", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_bool() -> impl Strategy<Value = bool> {
    proptest::bool::ANY
}

fn view() -> impl Strategy<Value = View> {
    prop_oneof![Just(View::Whole), Just(View::Carried), Just(View::Line)]
}

proptest! {
    /// Both encodings say the same, and what comes out is what went in.
    #[test]
    fn any_body_comes_out(value in arb_value(), attributes in arb_value(), view in view()) {
        let record = LogRecord { attributes: pairs(&attributes), ..body(value.clone()) };
        let request = request(vec![record]);
        decode_both(&request, view, &Limits::default());
        let bytes = request.encode_to_vec();
        let records = decode(&bytes, Encoding::Protobuf, View::Whole, &Limits::default()).unwrap();
        let shown: Shown<'_> = Shown(&records[0]);
        let read: Value = serde_json::from_slice(records[0].payload.bytes()).unwrap();
        if let crate::Payload::Event(_) = records[0].payload {
            prop_assert_eq!(read, value, "{}", shown);
        } else {
            let hidden = value.is_null() || value == json!({});
            prop_assert_eq!(&read["body"], if hidden { &Value::Null } else { &value }, "{}", shown);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), view in view()) {
        let _ = decode(&bytes, Encoding::Protobuf, view, &Limits::default());
        let _ = decode(&bytes, Encoding::Json, view, &Limits::default());
        let _ = grpc::message(&bytes);
    }

    #[test]
    fn a_damaged_request_is_read_or_refused(value in arb_value(), at in 0usize..1000, byte in proptest::num::u8::ANY, view in view()) {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            let request = request(vec![body(value.clone()), body(json!("x"))]);
            let mut bytes = match encoding {
                Encoding::Protobuf => request.encode_to_vec(),
                Encoding::Json => as_json(&request).to_string().into_bytes(),
            };
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = decode(&bytes, encoding, view, &Limits::default());
            let _ = decode(&bytes[..at], encoding, view, &Limits::default());
        }
    }
}
