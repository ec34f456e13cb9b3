//! Against servers that keep to the protocols: they look at method, path, headers and body as the real ones do.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value as OtlpValue;
use prost::Message;
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::tempdir;
use url::Url;

use super::*;
use crate::fixture;
use crate::format::Format;
use crate::settings::Layout;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A request as it arrived, its body unpacked.
#[derive(Clone, Debug)]
struct Asked {
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

type Answerer = Arc<dyn Fn(usize, &Asked) -> Response + Send + Sync>;

/// An HTTP server that answers the nth request as a function says and remembers all of them.
#[derive(Clone)]
struct Server {
    url: Url,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    async fn start<R: IntoResponse>(answer: impl Fn(usize, &Asked) -> R + Send + Sync + 'static) -> Server {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answerer: Answerer = Arc::new(move |nth, asked| answer(nth, asked).into_response());
        let router = Router::new().fallback(take).with_state((Arc::clone(&asked), answerer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Server { url, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn take(
    State((all, answerer)): State<(Arc<Mutex<Vec<Asked>>>, Answerer)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    assert_eq!(method, Method::POST);
    let body = match headers.get("content-encoding") {
        Some(encoding) => {
            assert_eq!(encoding, "gzip");
            unpacked(&body)
        }
        None => body.to_vec(),
    };
    let asked = Asked { path: uri.to_string(), headers, body };
    let mut all = all.lock().unwrap();
    all.push(asked.clone());
    answerer(all.len() - 1, &asked)
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

fn receiver(format: Format, destination: Destination) -> Receiver {
    Receiver::open(&Settings { format, destination, batch: None }, Some(&Secret::new(SECRET)), None, Reach::Any)
        .unwrap()
}

async fn send(receiver: &Receiver, count: u64) -> Outcome {
    let which: Vec<usize> = (0..count as usize).collect();
    receiver.deliver(&fixture::batch(count), &which).await
}

fn delivered(seq: u64) -> Value {
    let batch = fixture::batch(seq);
    let mut out = Vec::new();
    Format::Audit3.write(&batch, batch.entries.last().unwrap(), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn id(seq: u64) -> String {
    format!("platform.example/3f9a/1/{seq}")
}

fn later(outcome: &Outcome, part: &str) -> bool {
    matches!(outcome, Outcome::Later { reason, .. } if reason.contains(part))
}

fn refused(outcome: &Outcome, part: &str) -> bool {
    matches!(outcome, Outcome::Refused { reason } if reason.contains(part))
}

fn splunk(server: &Server, acknowledge: bool) -> Receiver {
    receiver(
        Format::Audit3,
        Destination::Splunk {
            url: server.url.clone(),
            index: Some("audit".to_owned()),
            source_type: Some("audit3".to_owned()),
            acknowledge,
            ca: None,
        },
    )
}

#[tokio::test]
async fn splunk_is_given_events_and_asked_until_they_are_indexed() {
    let server = Server::start(|nth, asked| match (asked.path.as_str(), nth) {
        ("/services/collector/event", _) => r#"{"text":"Success","code":0,"ackId":7}"#,
        ("/services/collector/ack", 0..3) => r#"{"acks":{"7":false}}"#,
        ("/services/collector/ack", _) => r#"{"acks":{"7":true}}"#,
        (path, _) => panic!("{path}"),
    })
    .await;
    assert_eq!(send(&splunk(&server, true), 2).await, Outcome::all());
    let asked = server.asked();
    assert_eq!(asked.len(), 4);
    let channel = asked[0].header("x-splunk-request-channel");
    assert!(channel.parse::<indelible_event::uuid::Uuid>().is_ok(), "{channel}");
    for asked in &asked {
        assert_eq!(asked.header("authorization"), format!("Splunk {SECRET}"));
        assert_eq!(asked.header("x-splunk-request-channel"), channel);
    }
    assert_eq!(serde_json::from_slice::<Value>(&asked[3].body).unwrap(), json!({"acks": [7]}));
    let events: Vec<Value> =
        serde_json::Deserializer::from_slice(&asked[0].body).into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(events.len(), 2);
    for (event, seq) in events.iter().zip(1..) {
        assert_eq!(event["event"], delivered(seq));
        assert_eq!(event["time"].to_string(), "1767600000.123456");
        assert_eq!(
            (&event["index"], &event["sourcetype"], &event["host"]),
            (&json!("audit"), &json!("audit3"), &json!("node-1"))
        );
        assert_eq!(event["fields"]["indelible_id"], id(seq));
    }
}

#[tokio::test]
async fn what_splunk_answers_is_understood() {
    for (status, body, acknowledge, expected) in [
        (200, r#"{"text":"Success","code":0}"#, false, "taken"),
        (200, r#"{"text":"Success","code":0}"#, true, "later: no indexer acknowledgement"),
        (400, r#"{"text":"Invalid data format","code":6,"invalid-event-number":1}"#, false, "refused: Invalid data"),
        (400, r#"{"text":"Incorrect index","code":7}"#, false, "later: Incorrect index"),
        (403, r#"{"text":"Invalid token","code":4}"#, false, "later: HTTP 403"),
        (503, r#"{"text":"Server is busy","code":9}"#, false, "later: HTTP 503"),
        (413, "too large", false, "refused: HTTP 413"),
        (200, "<html>", false, "later: HTTP 200"),
    ] {
        let server = Server::start(move |_, _| (StatusCode::from_u16(status).unwrap(), body)).await;
        let outcome = send(&splunk(&server, acknowledge), 2).await;
        let right = match expected.split_once(": ") {
            None => outcome == Outcome::all(),
            Some(("later", part)) => later(&outcome, part),
            Some((_, part)) => refused(&outcome, part),
        };
        assert!(right, "{status} {body}: {outcome:?}");
    }
}

fn elastic(server: &Server, user: Option<&str>) -> Receiver {
    let (url, user) = (server.url.join("prefix").unwrap(), user.map(str::to_owned));
    receiver(Format::Audit3, Destination::Elastic { url, index: "audit".to_owned(), user, ca: None })
}

/// Answers `_bulk` as a data stream does: 201 for a new id, 409 for one that is there, and what `special` says for an id that ends so.
fn bulk(there: &Mutex<BTreeMap<String, Value>>, special: &[(&str, u16)], asked: &Asked) -> String {
    let lines: Vec<Value> = asked
        .body
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(asked.body.last(), Some(&b'\n'));
    let items: Vec<Value> = lines
        .chunks(2)
        .map(|pair| {
            let create = &pair[0]["create"];
            assert_eq!(create["_index"], "audit");
            let id = create["_id"].as_str().unwrap();
            assert!(pair[1]["@timestamp"].is_string());
            let status = match special.iter().find(|(end, _)| id.ends_with(end)) {
                Some((_, status)) => *status,
                None if there.lock().unwrap().contains_key(id) => 409,
                None => {
                    there.lock().unwrap().insert(id.to_owned(), pair[1].clone());
                    201
                }
            };
            let error = if status < 300 { Value::Null } else { json!({"type": "t", "reason": format!("r{status}")}) };
            json!({"create": {"_index": "audit", "_id": id, "status": status, "error": error}})
        })
        .collect();
    json!({"took": 1, "errors": true, "items": items}).to_string()
}

#[tokio::test]
async fn elastic_has_each_event_once_however_often_it_is_sent() {
    let there: Arc<Mutex<BTreeMap<String, Value>>> = Arc::default();
    let server = Server::start({
        let there = Arc::clone(&there);
        move |_, asked| bulk(&there, &[], asked)
    })
    .await;
    for count in [2, 3, 3] {
        assert_eq!(send(&elastic(&server, None), count).await, Outcome::all());
    }
    let there = there.lock().unwrap();
    assert_eq!(there.keys().cloned().collect::<Vec<_>>(), [id(1), id(2), id(3)]);
    let mut event = there[&id(1)].clone();
    assert_eq!(event.as_object_mut().unwrap().remove("@timestamp"), Some(json!("2026-01-05T08:00:00.123456789Z")));
    assert_eq!(event, delivered(1));
    let asked = &server.asked()[0];
    assert_eq!((asked.path.as_str(), asked.header("content-type")), ("/prefix/_bulk", "application/x-ndjson"));
    assert_eq!(asked.header("authorization"), format!("ApiKey {SECRET}"));
}

#[tokio::test]
async fn elastic_sorts_events_by_what_became_of_them() {
    let special = [("/1", 400u16), ("/3", 429), ("/4", 503), ("/5", 403)];
    let server = Server::start(move |_, asked| bulk(&Mutex::default(), &special, asked)).await;
    let Outcome::Taken { refused, again, reason } = send(&elastic(&server, Some("ann")), 6).await else { panic!() };
    assert_eq!((refused.len(), refused[0].0, again), (1, 0, vec![2, 3, 4]));
    assert!(refused[0].1.contains("r400") && reason.unwrap().contains("r429"));
    let basic = STANDARD.encode(format!("ann:{SECRET}"));
    assert_eq!(server.asked()[0].header("authorization"), format!("Basic {basic}"));
}

#[tokio::test]
async fn an_answer_of_elastic_that_fits_no_request_is_no_success() {
    for body in [r#"{"items":[]}"#, r#"{"items":[{"index":{"status":201}}]}"#, "", "{}"] {
        let server = Server::start(move |_, _| body).await;
        let outcome = send(&elastic(&server, None), 1).await;
        assert!(matches!(outcome, Outcome::Later { .. }), "{body}: {outcome:?}");
    }
}

fn otlp(server: &Server) -> Receiver {
    receiver(Format::Ocsf, Destination::Otlp { url: server.url.join("v1/logs").unwrap(), ca: None })
}

#[tokio::test]
async fn otlp_is_given_log_records() {
    let server = Server::start(|_, _| ExportLogsServiceResponse::default().encode_to_vec()).await;
    assert_eq!(send(&otlp(&server), 2).await, Outcome::all());
    let asked = &server.asked()[0];
    assert_eq!((asked.path.as_str(), asked.header("content-type")), ("/v1/logs", "application/x-protobuf"));
    assert_eq!(asked.header("authorization"), format!("Bearer {SECRET}"));
    let request = ExportLogsServiceRequest::decode(asked.body.as_slice()).unwrap();
    let records = &request.resource_logs[0].scope_logs[0].log_records;
    assert_eq!(records.len(), 2);
    for (record, seq) in records.iter().zip(1..) {
        assert_eq!(record.time_unix_nano, 1_767_600_000_123_456_789);
        assert_eq!((record.event_name.as_str(), record.severity_text.as_str()), ("LOAD_DATA", "INFO"));
        assert_eq!(hex::encode(&record.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
        let uid = record.attributes.iter().find(|attribute| attribute.key == "log.record.uid").unwrap();
        assert_eq!(uid.value.clone().unwrap().value, Some(OtlpValue::StringValue(id(seq))));
        let Some(OtlpValue::StringValue(body)) = record.body.clone().unwrap().value else { panic!() };
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["metadata"]["uid"], id(seq));
    }
}

#[tokio::test]
async fn what_an_otlp_receiver_answers_is_understood() {
    let partial = |rejected_log_records| {
        let partial = ExportLogsPartialSuccess { rejected_log_records, error_message: "why".to_owned() };
        ExportLogsServiceResponse { partial_success: Some(partial) }.encode_to_vec()
    };
    for (status, body, expected) in [
        (200, partial(0), "taken"),
        (200, partial(1), "refused: 1 records rejected: why"),
        (400, Vec::new(), "refused: HTTP 400"),
        (429, Vec::new(), "later: HTTP 429"),
        (404, Vec::new(), "later: HTTP 404"),
        (200, b"\xff\xff".to_vec(), "later: no response of OTLP"),
    ] {
        let server = Server::start(move |_, _| (StatusCode::from_u16(status).unwrap(), body.clone())).await;
        let outcome = send(&otlp(&server), 2).await;
        let right = match expected.split_once(": ") {
            None => outcome == Outcome::all(),
            Some(("later", part)) => later(&outcome, part),
            Some((_, part)) => refused(&outcome, part),
        };
        assert!(right, "{status}: {outcome:?}");
    }
}

fn webhook(server: &Server, format: Format) -> Receiver {
    receiver(format, Destination::Webhook { url: server.url.join("hook").unwrap(), ca: None })
}

#[tokio::test]
async fn a_webhook_can_check_who_sent_it() {
    let server = Server::start(|_, _| "").await;
    for format in [Format::Audit3, Format::Cef] {
        assert_eq!(send(&webhook(&server, format), 2).await, Outcome::all());
    }
    assert_eq!(send(&webhook(&server, Format::Audit3), 2).await, Outcome::all());
    let asked = server.asked();
    for asked in &asked {
        let (id, timestamp) = (asked.header("webhook-id"), asked.header("webhook-timestamp"));
        let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update([id.as_bytes(), b".", timestamp.as_bytes(), b".", &asked.body].concat().as_slice());
        let signature = asked.header("webhook-signature").strip_prefix("v1,").unwrap();
        mac.verify_slice(&STANDARD.decode(signature).unwrap()).unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        assert!(now.abs_diff(timestamp.parse().unwrap()) < 300);
        let body: Value = serde_json::from_slice(&asked.body).unwrap();
        assert_eq!(
            (&body["type"], body["data"][1]["id"].as_str()),
            (&json!("indelible.events"), Some(super::tests::id(2).as_str()))
        );
    }
    let bodies: Vec<Value> = asked.iter().map(|asked| serde_json::from_slice(&asked.body).unwrap()).collect();
    assert_eq!(bodies[0]["data"][0]["event"], delivered(1));
    assert!(bodies[1]["data"][0]["event"].as_str().unwrap().starts_with("CEF:0|"));
    // A repeat has the id of the first.
    assert_eq!(asked[0].header("webhook-id"), asked[2].header("webhook-id"));
}

#[tokio::test]
async fn redirects_are_not_followed_and_answers_not_read_without_end() {
    let elsewhere = Server::start(|_, _| "").await;
    let location = elsewhere.url.to_string();
    let server = Server::start(move |_, _| (StatusCode::TEMPORARY_REDIRECT, [("location", location.clone())])).await;
    let outcome = send(&webhook(&server, Format::Audit3), 1).await;
    assert!(later(&outcome, "redirects are not followed") && elsewhere.asked().is_empty(), "{outcome:?}");
    let server = Server::start(|_, _| "x".repeat(9 << 20)).await;
    assert!(later(&send(&webhook(&server, Format::Audit3), 1).await, "longer than"));
}

#[tokio::test]
async fn a_server_may_say_how_long_to_wait() {
    let server = Server::start(|_, _| (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "17")])).await;
    let outcome = send(&webhook(&server, Format::Audit3), 1).await;
    let Outcome::Later { after, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(after, Some(Duration::from_secs(17)));
}

#[tokio::test]
async fn the_same_batch_is_the_same_file() {
    let folder = tempdir().unwrap();
    let bucket = Bucket::local(folder.path()).unwrap();
    for (format, layout, suffix) in [
        (Format::Audit3, Layout::Lines, "ndjson.gz"),
        (Format::Cef, Layout::Lines, "cef.gz"),
        (Format::Ocsf, Layout::Parquet, "parquet"),
    ] {
        let destination = Destination::Files { url: "/x".to_owned(), layout };
        let settings = Settings { format, destination, batch: None };
        for _ in 0..2 {
            let files = Receiver::open(&settings, None, Some(bucket.clone()), Reach::Public).unwrap();
            assert_eq!(send(&files, 3).await, Outcome::all());
        }
        let names = bucket.list_sorted("ri.indelible..organization.acme/1").await.unwrap();
        let mine: Vec<_> = names.iter().filter(|object| object.name.ends_with(suffix)).collect();
        assert_eq!(mine.len(), 1, "{names:?}");
        let file = mine[0].name.rsplit('/').next().unwrap();
        assert!(file.starts_with("00000000000000000001-00000000000000000003-"), "{file}");
        let bytes = bucket.get(&mine[0].name).await.unwrap();
        let lines: Vec<String> = match layout {
            Layout::Lines => String::from_utf8(unpacked(&bytes)).unwrap().lines().map(str::to_owned).collect(),
            Layout::Parquet => parquet_events(bytes),
        };
        let batch = fixture::batch(3);
        let expected = batch.entries.iter().map(|entry| {
            let mut out = Vec::new();
            format.write(&batch, entry, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        });
        assert_eq!(lines, expected.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_is_out_of_reach_is_not_connected_to() {
    let server = Server::start(|_, _| "").await;
    let open = |host: &str, reach| {
        let mut url = server.url.clone();
        url.set_host(Some(host)).unwrap();
        let settings =
            Settings { format: Format::Audit3, destination: Destination::Webhook { url, ca: None }, batch: None };
        Receiver::open(&settings, Some(&Secret::new(SECRET)), None, reach)
    };
    for address in ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"] {
        let error = open(address, Reach::Public).unwrap_err();
        assert!(error.problem.contains("sinks.hosts"), "{address}: {error}");
    }
    let outcome = send(&open("localhost", Reach::Public).unwrap(), 1).await;
    assert!(later(&outcome, "sinks.hosts"), "{outcome:?}");
    let outcome = send(&open("no.such.name.invalid", Reach::Public).unwrap(), 1).await;
    assert!(later(&outcome, "look up no.such.name.invalid"), "{outcome:?}");
    assert!(server.asked().is_empty());
    assert_eq!(send(&open("localhost", Reach::Any).unwrap(), 1).await, Outcome::all());
}

fn parquet_events(bytes: bytes::Bytes) -> Vec<String> {
    use arrow::array::AsArray;
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(bytes, 100).unwrap();
    let batches: Vec<_> = reader.collect::<Result<_, _>>().unwrap();
    let column = |name| batches[0].column_by_name(name).unwrap().as_string::<i32>();
    assert_eq!(column("id").iter().flatten().collect::<Vec<_>>(), [id(1), id(2), id(3)]);
    column("event").iter().flatten().map(str::to_owned).collect()
}

#[test]
fn settings_that_cannot_be_are_refused() {
    for (settings, field) in [
        (json!({"destination": {"kind": "webhook", "url": "ftp://x/"}}), "url"),
        (json!({"destination": {"kind": "webhook", "url": "https://ann:secret@x/"}}), "url"),
        (json!({"destination": {"kind": "otlp", "url": "https://x/", "ca": "nonsense"}}), "ca"),
        (json!({"destination": {"kind": "elastic", "url": "https://x/", "index": ""}}), "destination"),
        (
            json!({"format": "cef", "destination": {"kind": "elastic", "url": "https://x/", "index": "a"}}),
            "destination",
        ),
        (json!({"format": "cef", "destination": {"kind": "files", "url": "file:///x", "layout": "parquet"}}), "format"),
        (json!({"destination": {"kind": "syslog", "host": "a b", "port": 1, "tls": true}}), "host"),
        (json!({"destination": {"kind": "syslog", "host": "a", "port": 1, "tls": false, "ca": "x"}}), "tls"),
        (
            json!({"destination": {"kind": "splunk", "url": "https://x/"}, "batch": {"events": 0, "bytes": 1, "waitSeconds": 0}}),
            "batch.events",
        ),
    ] {
        let parsed: Settings = serde_json::from_value(settings.clone()).unwrap();
        assert_eq!(parsed.check().unwrap_err().field, field, "{settings}");
    }
    let unknown = json!({"destination": {"kind": "webhook", "url": "https://x/", "redirects": true}});
    assert!(serde_json::from_value::<Settings>(unknown).is_err());
}

#[test]
fn secrets_are_not_shown() {
    let server: Url = "https://x/".parse().unwrap();
    for destination in [
        Destination::Splunk { url: server.clone(), index: None, source_type: None, acknowledge: false, ca: None },
        Destination::Elastic { url: server.clone(), index: "a".to_owned(), user: Some("u".to_owned()), ca: None },
        Destination::Otlp { url: server.clone(), ca: None },
        Destination::Webhook { url: server, ca: None },
    ] {
        let shown = format!("{:?} {:?}", receiver(Format::Audit3, destination), Secret::new(SECRET));
        let basic = STANDARD.encode(format!("u:{SECRET}"));
        assert!(!shown.contains("MfKQ") && !shown.contains(&basic), "{shown}");
    }
}
