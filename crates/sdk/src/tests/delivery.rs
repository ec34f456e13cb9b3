//! What is sent when, and what becomes of it, with a server that answers as it is told.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;

use crate::catalogue::typed::{UserLogin, UserLoginResult};
use crate::{Auditor, Context, Durability, EmitError, Product, Server, Settings};

/// Answers a request by its lines.
type Answer = fn(&[&str]) -> (u16, String);

fn stored(lines: &[&str]) -> (u16, String) {
    (200, format!(r#"{{"outcomes":[{}]}}"#, vec![r#"{"status":"new"}"#; lines.len()].join(",")))
}

fn failed(status: u16, code: &str) -> (u16, String) {
    (status, format!(r#"{{"error":{{"code":"{code}","message":"as told","requestId":"1"}}}}"#))
}

/// Runs `use_it` with an auditor whose server gives these answers, the last one for ever; answers how many events each request held.
async fn with_server<F: Future<Output = ()>>(answers: &[Answer], use_it: impl FnOnce(Auditor) -> F) -> Vec<usize> {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let (seen, answers) = (Arc::clone(&requests), answers.to_owned());
    let events = post(move |body: Bytes| async move {
        let body = String::from_utf8(body.to_vec()).unwrap();
        let lines: Vec<&str> = body.lines().collect();
        let mut seen = seen.lock().unwrap();
        let (status, answer) = answers[seen.len().min(answers.len() - 1)](&lines);
        seen.push(lines.len());
        (StatusCode::from_u16(status).unwrap(), answer)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(axum::serve(listener, Router::new().route("/api/v1/events", events)).into_future());
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings::new(Server::new(url, "token"), Product::new("tests", "1"), dir.path());
    use_it(Auditor::open(settings.spool_bytes_max(Settings::SPOOL_BYTES_MIN)).unwrap()).await;
    server.abort();
    let requests = requests.lock().unwrap();
    requests.clone()
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
