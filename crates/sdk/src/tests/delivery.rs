//! What is sent when, and what becomes of it, with a server that answers as it is told.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;

use crate::catalogue::typed::{UserLogin, UserLoginResult};
use crate::{Auditor, Context, Durability, EmitError, Product, RefusedRecord, Server, Settings};

/// Answers a request by its lines.
type Answer = fn(&[&str]) -> (u16, String);

fn stored(lines: &[&str]) -> (u16, String) {
    (200, format!(r#"{{"outcomes":[{}]}}"#, vec![r#"{"status":"new"}"#; lines.len()].join(",")))
}

fn failed(status: u16, code: &str) -> (u16, String) {
    (status, format!(r#"{{"error":{{"code":"{code}","message":"as told","requestId":"1"}}}}"#))
}

/// Route, adapter, number of the first event, and lines of a request.
type Request = (&'static str, String, Option<u64>, Vec<String>);

const EVENTS: &str = "/api/v1/events";
const QUARANTINE: &str = "/api/v1/quarantine";

/// Runs `use_it` with an auditor whose server has these routes and gives these answers, the last one for ever; answers with the requests, and
/// what is then in the folder `refused`.
async fn with_routes<F: Future<Output = ()>>(
    routes: &[&'static str],
    answers: &[Answer],
    use_it: impl FnOnce(Auditor) -> F,
) -> (Vec<Request>, String) {
    let requests = Arc::new(Mutex::new(Vec::<Request>::new()));
    let mut router = Router::new();
    for route in routes.iter().copied() {
        let (seen, answers) = (Arc::clone(&requests), answers.to_owned());
        let answer = post(move |headers: HeaderMap, body: Bytes| async move {
            let body = String::from_utf8(body.to_vec()).unwrap();
            let lines: Vec<&str> = body.lines().collect();
            let adapter = headers.get("indelible-adapter").map_or("", |value| value.to_str().unwrap());
            let mut seen = seen.lock().unwrap();
            let (status, answer) = answers[seen.len().min(answers.len() - 1)](&lines);
            let seq = headers.get("indelible-producer-seq").map(|value| value.to_str().unwrap().parse().unwrap());
            seen.push((route, adapter.to_owned(), seq, lines.into_iter().map(str::to_owned).collect()));
            (StatusCode::from_u16(status).unwrap(), answer)
        });
        router = router.route(route, answer);
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(axum::serve(listener, router).into_future());
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings::new(Server::new(url, "token"), Product::new("tests", "1"), dir.path());
    use_it(Auditor::open(settings.spool_bytes_max(Settings::SPOOL_BYTES_MIN)).unwrap()).await;
    server.abort();
    let kept = std::fs::read_to_string(dir.path().join("refused/0000000000000000.jsonl")).unwrap_or_default();
    let requests = requests.lock().unwrap();
    (requests.clone(), kept)
}

/// The same for events alone; answers how many events each request held.
async fn with_server<F: Future<Output = ()>>(answers: &[Answer], use_it: impl FnOnce(Auditor) -> F) -> Vec<usize> {
    let (requests, _) = with_routes(&[EVENTS], answers, use_it).await;
    requests.into_iter().map(|(.., lines)| lines.len()).collect()
}

async fn emit(auditor: &Auditor, name: &'static str) -> Result<(), EmitError> {
    auditor.begin(&Context::default(), name, UserLogin).succeed(UserLoginResult::default()).await.map(drop)
}

/// Emits events one by one and flushes; answers how long the emitting took.
async fn emit_all(auditor: &Auditor, count: usize) -> Duration {
    let begun = Instant::now();
    for _ in 0..count {
        emit(auditor, "LOGIN").await.unwrap();
    }
    let took = begun.elapsed();
    assert!(auditor.flush(Duration::from_secs(60)).await, "{:?}", auditor.stats());
    took
}

#[tokio::test(flavor = "multi_thread")]
async fn events_travel_together_where_nobody_waits_for_the_server() {
    let took = Mutex::new(Duration::ZERO);
    let requests = with_server(&[stored], async |auditor| {
        *took.lock().unwrap() = emit_all(&auditor, 300).await;
    })
    .await;
    // The first goes alone, the rest each tenth of a second, and the flush ends the last wait.
    let most = 5 + usize::try_from(took.lock().unwrap().as_millis() / 100).unwrap();
    assert!(requests.iter().sum::<usize>() == 300 && requests.len() <= most, "{most}: {requests:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emitter_that_waits_for_the_server_does_not_wait_for_other_events() {
    let requests = with_server(&[stored], async |auditor| {
        let took = emit_all(&auditor.with_durability(Durability::Server), 30).await;
        assert!(took < Duration::from_millis(2500), "{took:?}");
    })
    .await;
    assert_eq!(requests, [1; 30]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_sent_in_full_requests() {
    let requests = with_server(&[stored], async |auditor| {
        let emissions: Vec<_> =
            (0..3500).map(|_| auditor.begin(&Context::default(), "LOGIN", UserLogin).fail()).collect();
        for emission in emissions {
            emission.await.unwrap();
        }
        assert!(auditor.flush(Duration::from_secs(60)).await);
    })
    .await;
    assert!(requests.iter().sum::<usize>() == 3500 && requests.iter().all(|lines| *lines <= 1000), "{requests:?}");
    assert!(requests.len() <= 10, "{requests:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_a_whole_request_refuses_nothing_but_an_event_that_was_alone_and_spoils_it() {
    let check = async |answers: &[Answer], expected: (u64, u64), why: Option<&str>| {
        with_server(answers, async |auditor| {
            let server = auditor.with_durability(Durability::Server);
            let names = ["A", "SPOILT", "B", "C", "D"];
            let emissions: Vec<_> = names.map(|name| server.begin(&Context::default(), name, UserLogin).fail()).into();
            let mut refused = Vec::new();
            for (name, emission) in names.into_iter().zip(emissions) {
                if let Err(EmitError::Refused { .. }) = emission.await {
                    refused.push(name);
                }
            }
            let stats = auditor.stats();
            assert_eq!((stats.acknowledged, stats.refused, stats.waiting), (expected.0, expected.1, 0));
            assert!(refused.iter().all(|name| *name == "SPOILT") && refused.len() as u64 == expected.1, "{refused:?}");
            assert_eq!(stats.last_failure.as_deref(), why);
        })
        .await
    };
    check(&[|_| failed(400, "invalidRequest"), stored], (5, 0), Some("HTTP 400: as told (invalidRequest)")).await;
    check(&[|_| failed(408, "bodyTooSlow"), stored], (5, 0), Some("HTTP 408: as told (bodyTooSlow)")).await;
    check(&[|_| failed(403, "permissionDenied"), stored], (5, 0), Some("HTTP 403: as told (permissionDenied)")).await;
    check(&[unreadable], (4, 1), None).await;
    check(&[too_large], (4, 1), None).await;
}

fn unreadable(lines: &[&str]) -> (u16, String) {
    if is_spoilt(lines) { failed(400, "unreadableBody") } else { stored(lines) }
}

fn too_large(lines: &[&str]) -> (u16, String) {
    if is_spoilt(lines) { (413, "<html>".to_owned()) } else { stored(lines) }
}

fn is_spoilt(lines: &[&str]) -> bool {
    lines.iter().any(|line| line.contains("SPOILT"))
}

fn record<'a>(
    adapter: &'a str,
    code: &'a str,
    message: &'a str,
    occurrence: u32,
    bytes: &'a [u8],
    length: u64,
) -> RefusedRecord<'a> {
    RefusedRecord {
        adapter,
        code,
        message,
        occurrence,
        bytes,
        length,
        timezone: Some("Europe/Berlin"),
        year: Some(2024),
    }
}

/// Hands in events and refused records of two adapters, and flushes.
async fn emit_mixed(auditor: Auditor) {
    let bytes = b"caf\xe9 no time";
    let refused = |adapter, occurrence| auditor.emit_refused(record(adapter, "noTime", "m", occurrence, bytes, 4711));
    let event = || auditor.begin(&Context::default(), "LOGIN", UserLogin).fail();
    let emissions = [event(), event(), refused("okta@2", 1), refused("okta@2", 2), refused("shop", 3), event()];
    for emission in emissions {
        emission.await.unwrap();
    }
    assert!(auditor.flush(Duration::from_secs(60)).await, "{:?}", auditor.stats());
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_records_go_to_the_quarantine_in_order_and_in_requests_of_their_own() {
    let (requests, kept) = with_routes(&[EVENTS, QUARANTINE], &[stored], async |auditor: Auditor| {
        emit_mixed(auditor.clone()).await;
        let stats = auditor.stats();
        assert_eq!((stats.spooled, stats.acknowledged, stats.quarantined, stats.refused), (3, 3, 3, 0));
    })
    .await;
    // How many events were there when the first request was made is chance.
    let mut seen: Vec<(&str, &str)> = requests.iter().map(|(route, adapter, ..)| (*route, adapter.as_str())).collect();
    seen.dedup();
    assert_eq!(seen, [(EVENTS, ""), (QUARANTINE, "okta@2"), (QUARANTINE, "shop"), (EVENTS, "")]);
    // Refused records have no numbers, so the account has no gap for them.
    let mut expected = 0;
    for (route, _, seq, lines) in &requests {
        assert_eq!(*seq, (*route == EVENTS).then_some(expected));
        expected += if *route == EVENTS { lines.len() as u64 } else { 0 };
    }
    let lines = requests.iter().filter(|(route, ..)| *route == QUARANTINE).flat_map(|(.., lines)| lines);
    let records: Vec<serde_json::Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = |occurrence| {
        serde_json::json!({
            "code": "noTime", "message": "m", "occurrence": occurrence, "length": 4711, "record": "Y2Fm6SBubyB0aW1l",
            "timezone": "Europe/Berlin", "year": 2024,
        })
    };
    assert_eq!((records, kept.as_str()), (vec![line(1), line(2), line(3)], ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_records_that_the_server_does_not_take_stay_here_and_hold_nothing_up() {
    let check = async |routes: &[&'static str], answer: Answer, code: &str, events: u64| {
        let (_, kept) = with_routes(routes, &[answer], async |auditor: Auditor| {
            emit_mixed(auditor.clone()).await;
            let stats = auditor.stats();
            assert_eq!((stats.acknowledged, stats.quarantined, stats.refused), (events, 0, 6 - events));
        })
        .await;
        let kept: Vec<serde_json::Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let records: Vec<_> = kept.iter().filter(|line| line.get("refusedRecord").is_some()).collect();
        let adapters: Vec<_> = records.iter().map(|line| line["adapter"].as_str().unwrap()).collect();
        assert_eq!(adapters, ["okta@2", "okta@2", "shop"]);
        assert!(records.iter().all(|line| line["error"]["code"] == code), "{kept:?}");
        assert_eq!(records[0]["refusedRecord"]["record"], "Y2Fm6SBubyB0aW1l");
    };
    // A server of before, and one that refuses everything.
    check(&[EVENTS], stored, "noQuarantine", 3).await;
    check(&[EVENTS, QUARANTINE], refused, "no", 0).await;
}

fn refused(lines: &[&str]) -> (u16, String) {
    let outcomes = vec![r#"{"status":"refused","error":{"code":"no","message":"m"}}"#; lines.len()];
    (200, format!(r#"{{"outcomes":[{}]}}"#, outcomes.join(",")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_record_is_cut_to_what_the_quarantine_keeps() {
    let (requests, _) = with_routes(&[EVENTS, QUARANTINE], &[stored], async |auditor: Auditor| {
        let (bytes, message) = (vec![0xff; 3 << 20], format!("{}\u{e9}", "\u{1}".repeat(4095)));
        let emit = async |code: &str, bytes: &[u8]| {
            auditor.emit_refused(record("shop", code, &message, u32::MAX, bytes, bytes.len() as u64)).await
        };
        emit("noTime", &bytes).await.unwrap();
        for code in ["", "no time", &"x".repeat(65)] {
            assert!(matches!(emit(code, b"").await, Err(EmitError::Invalid { .. })), "{code}");
        }
        let far = RefusedRecord { timezone: Some(&message), ..record("shop", "noTime", "m", 0, b"", 0) };
        assert!(matches!(auditor.emit_refused(far).await, Err(EmitError::Invalid { .. })));
        assert!(auditor.flush(Duration::from_secs(60)).await);
    })
    .await;
    let [(QUARANTINE, .., lines)] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(line["length"], 3 << 20);
    assert_eq!(line["record"].as_str().unwrap().len(), (1_usize << 20).div_ceil(3) * 4);
    assert_eq!(line["message"].as_str().unwrap().len(), 4095);
}
