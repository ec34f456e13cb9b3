//! What must hold for any bytes; the entry points of fuzzing.

use crate::{
    Facts, Failure, Limits, Outcome, Payload, Record, Refusal, View, bulk, cef, hec, kubernetes, otlp, syslog,
};

const VIEWS: [View; 3] = [View::Whole, View::Carried, View::Line];

/// Small enough to be met by what a fuzzer writes.
const LIMITS: Limits = Limits { records: 100, record_bytes: 4096, body_bytes: 16_384, depth: 8, fields: 40 };

/// Records keep the limits, their order, and what is shown whole is an object.
fn check(records: &[Record<'_>], view: View) {
    assert!(records.len() <= LIMITS.records);
    for (index, record) in records.iter().enumerate() {
        assert_eq!(record.index, index);
        if matches!(record.payload, Payload::Refused { .. }) {
            continue;
        }
        assert!(record.payload.bytes().len() <= LIMITS.record_bytes);
        if let (Payload::Object(json), View::Whole) = (&record.payload, view) {
            let read: Result<&serde_json::value::RawValue, _> = serde_json::from_slice(json);
            assert!(read.is_ok_and(|read| read.get().starts_with('{')), "{}", String::from_utf8_lossy(json));
        }
    }
}

/// One outcome of each kind in turn.
fn outcomes(count: usize) -> Vec<Outcome> {
    let refusal = Refusal::malformed("\"\u{1}é");
    let kinds = [Outcome::New { id: Some("i".into()) }, Outcome::Duplicate, Outcome::Refused(refusal)];
    (0..count).map(|index| kinds[index % kinds.len()].clone()).collect()
}

fn check_json(body: &[u8]) -> serde_json::Value {
    let read = serde_json::from_slice(body);
    assert!(read.is_ok(), "{}", String::from_utf8_lossy(body));
    read.unwrap_or_default()
}

/// Requests of OTLP, in both encodings, and frames of gRPC.
///
/// # Panics
///
/// If what must hold does not; so for all of these.
pub fn otlp(bytes: &[u8]) {
    for encoding in [otlp::Encoding::Protobuf, otlp::Encoding::Json] {
        for view in VIEWS {
            match otlp::decode(bytes, encoding, view, &LIMITS) {
                Ok(records) => {
                    check(&records, view);
                    check_json(&otlp::answer(&outcomes(records.len().min(3)), otlp::Encoding::Json).body);
                }
                Err(failure) => {
                    check_json(&otlp::failure(&failure, otlp::Encoding::Json).body);
                }
            }
        }
    }
    if let Ok(message) = otlp::grpc::message(bytes) {
        assert_eq!(message.bytes.len() + 5, bytes.len());
    }
}

/// A syslog message, and a stream, whose first byte says how it is cut.
pub fn syslog(bytes: &[u8]) {
    for view in VIEWS {
        let record = syslog::record(syslog::Frame { bytes, is_whole: true }, 0, view, &LIMITS);
        check(&[record], view);
    }
    let Some((&size, stream)) = bytes.split_first() else { return };
    let frames = |size: usize| {
        let (mut framer, mut frames) = (syslog::Framer::new(40), Vec::new());
        let mut keep = |frame: syslog::Frame<'_>| {
            assert!(!frame.bytes.is_empty() && frame.bytes.len() <= 40);
            frames.push((frame.bytes.to_vec(), frame.is_whole));
        };
        let is_read = stream.chunks(size).all(|chunk| framer.push(chunk, &mut keep).is_ok());
        framer.finish(keep);
        (frames, is_read)
    };
    assert_eq!(frames(usize::from(size).max(1)), frames(stream.len().max(1)));
}

/// A CEF event.
pub fn cef(bytes: &[u8]) {
    if let Some(event) = cef::Event::parse(bytes) {
        check_json(&event.to_json());
    }
}

/// Bodies of Splunk's collector.
pub fn hec(bytes: &[u8]) {
    let facts = Facts { host: Some("h\"".into()), ..Facts::default() };
    for view in VIEWS {
        for records in [hec::events(bytes, &facts, view, &LIMITS), hec::raw(bytes, &facts, view, &LIMITS)] {
            match records {
                Ok(records) => {
                    check(&records, view);
                    check_json(&hec::answer(&outcomes(records.len().min(3)), Some(1)).body);
                }
                Err(fault) => drop(check_json(&fault.answer().body)),
            }
        }
    }
    if let Ok(ids) = hec::acks_asked(bytes) {
        check_json(&hec::acks(ids.into_iter().map(|id| (id, true))).body);
    }
}

/// Bodies of Elasticsearch's `_bulk`.
pub fn bulk(bytes: &[u8]) {
    for view in VIEWS {
        match bulk::decode(bytes, Some("i\""), view, &LIMITS) {
            Ok(bulk) => {
                check(&bulk.records, view);
                let answer = check_json(&bulk::answer(&bulk.items, &outcomes(bulk.records.len()), 1).body);
                assert_eq!(answer["items"].as_array().map(Vec::len), Some(bulk.records.len()));
            }
            Err(failure) => drop(check_json(&bulk::failure(&failure).body)),
        }
    }
}

/// Lists of the Kubernetes API server.
pub fn kubernetes(bytes: &[u8]) {
    match kubernetes::decode(bytes, &LIMITS) {
        Ok(records) => check(&records, View::Carried),
        Err(failure) => {
            assert!(matches!(failure, Failure::Malformed { .. } | Failure::TooLarge { .. }));
            check_json(&kubernetes::failure(&failure).body);
        }
    }
}
