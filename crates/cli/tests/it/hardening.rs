//! What strangers do to a server: each attack ends in bounded time, with an answer that says why or without one, and whoever
//! means well is served meanwhile.

mod bombs;
pub(crate) mod tls;
mod wire;

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use indelible_merkle::NoteSigner;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Client, Server, Witness, event, eventually, fetch};
use wire::{Send, attack, connect};

/// Short enough to be waited for.
const LIMITS: &str = "
[limits]
header-seconds = 1
idle-seconds = 2
body-seconds = 1
answer-seconds = 1
body-bytes = 4194304
connections = 40
connections-per-address = 10
failures-per-minute = 5
";
/// An attack has ended after this time, on a machine that has other work too.
const PATIENCE: Duration = Duration::from_secs(15);

/// How an attack is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// With this status; then the connection is closed.
    Status(u16),
    /// Not at all: the connection is closed.
    Closed,
    /// With this status, of which the attacker may learn nothing: bytes that nobody reads make the system reset the connection.
    Reset(u16),
}

use Expected::{Closed, Reset, Status};

/// Sends events as a producer does until it is told to stop; returns how many it sent.
fn emit_until(client: &Client, stop: &AtomicBool) -> u64 {
    let mut sent = 0;
    while !stop.load(Relaxed) {
        let begun = Instant::now();
        let (status, answer) = client.post(&[], event(sent, json!({})).to_string().into_bytes());
        assert_eq!((status, &answer["new"]), (200, &json!(1)), "{answer}");
        assert!(begun.elapsed() < Duration::from_secs(5), "the producer waited for {:?}", begun.elapsed());
        sent += 1;
    }
    sent
}

/// Runs `attacks` while a producer goes on; returns how many events it sent meanwhile.
fn while_emitting(server: &Server, attacks: impl FnOnce()) -> u64 {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let producer = scope.spawn(|| emit_until(server, &stop));
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(attacks));
        stop.store(true, Relaxed);
        let sent = producer.join().expect("the producer was not served");
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        sent
    })
}

/// The sample of a metric.
fn metric(client: &Client, sample: &str) -> f64 {
    let (_, text) = fetch(client.request(Method::GET, "/metrics"));
    let text = String::from_utf8(text).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {sample} in\n{text}")).parse().unwrap()
}

#[test]
fn requests_that_are_slow_long_or_no_requests_end_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_configured(&folder.path().join("data"), LIMITS);
    let token = format!("host: x\r\nauthorization: Bearer {}\r\n", server.token);
    let head = |line: &str, headers: &str| format!("{line} HTTP/1.1\r\n{headers}\r\n").into_bytes();
    let post = |path: &str, rest: &str| head(&format!("POST {path}"), &format!("{token}{rest}"));
    let form = "host: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n";
    let many = (0..101).map(|n| format!("x-{n}: 1\r\n")).collect::<String>();
    let attacks: Vec<(&str, Send, Expected)> = vec![
        ("a client that says nothing", Send::Whole(Vec::new()), Closed),
        ("a request and then nothing", Send::Whole(head("GET /healthz", "host: x\r\n")), Status(200)),
        ("a head that drips", Send::Drip(head("GET /healthz", &format!("x: {}\r\n", "a".repeat(4000)))), Closed),
        ("half a head", Send::Whole(b"GET /healthz HTTP/1.1\r\nhost:".to_vec()), Closed),
        ("newlines before a request that drip", Send::Drip(b"\r\n".repeat(2000)), Closed),
        (
            "a body that drips",
            Send::Drip([post("/api/v1/events", "content-length: 4000\r\n"), vec![b' '; 4000]].concat()),
            Reset(408),
        ),
        ("a body that does not come", Send::Whole(post("/api/v1/events", "content-length: 4000\r\n")), Status(408)),
        (
            "one in pieces that does not end",
            Send::Whole(post("/api/v1/events", "transfer-encoding: chunked\r\n")),
            Status(408),
        ),
        (
            "a search that does not come",
            Send::Whole(post("/api/v1/search", "content-type: application/json\r\ncontent-length: 9\r\n")),
            Status(408),
        ),
        (
            "a stranger's form that does not come",
            Send::Whole(head("POST /multipass/api/oauth2/token", form)),
            Status(400),
        ),
        (
            "a body that is asked for and does not come",
            Send::Whole(post("/api/v1/events", "expect: 100-continue\r\ncontent-length: 9\r\n")),
            Status(408),
        ),
        (
            "a body without a token",
            Send::Whole(head("POST /api/v1/events", "host: x\r\ncontent-length: 9\r\n")),
            Status(401),
        ),
        ("a body of a terabyte", Send::Whole(post("/api/v1/events", "content-length: 1000000000000\r\n")), Status(413)),
        (
            "a body without end",
            Send::Whole(
                [
                    post("/api/v1/events", "transfer-encoding: chunked\r\n"),
                    b"100000\r\n".to_vec(),
                    vec![b' '; 1 << 20],
                    b"\r\n".to_vec(),
                ]
                .concat(),
            ),
            Status(408),
        ),
        ("two lengths", Send::Whole(post("/api/v1/events", "content-length: 1\r\ncontent-length: 2\r\n")), Status(400)),
        ("a length below zero", Send::Whole(post("/api/v1/events", "content-length: -1\r\n")), Status(400)),
        (
            "an encoding that is not the last",
            Send::Whole(post("/api/v1/events", "transfer-encoding: chunked, x\r\n")),
            Status(400),
        ),
        ("101 headers", Send::Whole(head("GET /healthz", &many)), Status(431)),
        (
            "a header of 20 KB",
            Send::Whole(head("GET /healthz", &format!("x: {}\r\n", "a".repeat(20_000)))),
            Status(431),
        ),
        (
            "a header without end",
            Send::Whole(format!("GET /healthz HTTP/1.1\r\nx: {}", "a".repeat(1 << 20)).into_bytes()),
            Reset(431),
        ),
        ("a target of 10 KB", Send::Whole(head(&format!("GET /{}", "a".repeat(10_000)), "host: x\r\n")), Status(414)),
        ("a target of 1 MB", Send::Whole(head(&format!("GET /{}", "a".repeat(1 << 20)), "host: x\r\n")), Reset(431)),
        ("a name with a newline", Send::Whole(head("GET /healthz", "x\n y: 1\r\n")), Status(400)),
        (
            "TLS where there is none",
            Send::Whole([&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[7; 500]].concat()),
            Status(400),
        ),
        ("HTTP/2", Send::Whole(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()), Closed),
        ("garbage", Send::Whole((0..4000u32).map(|n| (n * n % 251) as u8).collect()), Status(400)),
        ("zeros", Send::Whole(vec![0; 4000]), Status(400)),
    ];
    let refused = attacks.len();
    let sent = while_emitting(&server, || {
        std::thread::scope(|scope| {
            // Three at a time: the machine has two cores.
            for (lane, lane_attacks) in attacks.chunks(attacks.len().div_ceil(3)).enumerate() {
                let url = &server.url;
                scope.spawn(move || {
                    for (name, sending, expected) in lane_attacks {
                        let (answered, took) = attack(url, [127, 0, 0, 2 + lane as u8], sending, PATIENCE);
                        let found = answered.map_or(Closed, Status);
                        match expected {
                            Reset(status) => assert!(found == Closed || found == Status(*status), "{name}: {found:?}"),
                            expected => assert_eq!(found, *expected, "{name}"),
                        }
                        assert!(took < PATIENCE, "{name} took {took:?}");
                    }
                });
            }
        });
    });
    assert!(sent > 0);
    eventually("the attackers' connections are gone", || metric(&server, "indelible_connections") <= 2.0);
    assert!(metric(&server, "indelible_connections_refused_total{reason=\"headSlow\"}") >= 2.0);
    assert!(metric(&server, "indelible_connections_refused_total{reason=\"notHttp\"}") >= 5.0);
    println!("attacks refused: {refused}, while a producer sent {sent} events");
    server.stop();
}

#[test]
fn who_takes_no_answer_or_too_many_connections_takes_them_from_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_configured(&folder.path().join("data"), LIMITS);
    let sent = while_emitting(&server, || {
        // Ten may be there, the eleventh is closed at once; who comes from elsewhere is served.
        let held: Vec<_> = (0..10).map(|_| connect(&server.url, [127, 0, 0, 2])).collect();
        let begun = Instant::now();
        let healthz = Send::Whole(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_vec());
        for _ in 0..5 {
            let (answered, took) = attack(&server.url, [127, 0, 0, 2], &healthz, PATIENCE);
            assert!(answered.is_none() && took < Duration::from_secs(2), "{answered:?} after {took:?}");
        }
        assert!(begun.elapsed() < Duration::from_secs(2), "they must not have been left for idleness meanwhile");
        assert_eq!(attack(&server.url, [127, 0, 0, 3], &healthz, PATIENCE).0, Some(200));
        eventually("idle connections are left", || {
            attack(&server.url, [127, 0, 0, 2], &healthz, PATIENCE).0 == Some(200)
        });
        drop(held);
        // Asks for much and reads nothing.
        let mut greedy = connect(&server.url, [127, 0, 0, 4]);
        greedy.write_all(&b"GET /api/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000)).unwrap();
        eventually("who reads nothing is left", || {
            metric(&server, "indelible_connections_refused_total{reason=\"answerSlow\"}") >= 1.0
        });
    });
    assert!(sent > 0);
    // In all there are forty, for a while.
    let many: Vec<_> = (0..50).map(|n| connect(&server.url, [127, 0, 1, n])).collect();
    eventually("idle connections are left", || {
        let healthz = Send::Whole(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_vec());
        attack(&server.url, [127, 0, 0, 2], &healthz, PATIENCE).0 == Some(200)
    });
    drop(many);
    let refused =
        |reason: &str| metric(&server, &format!("indelible_connections_refused_total{{reason=\"{reason}\"}}"));
    assert!(refused("tooManyOfAddress") >= 5.0);
    assert!(refused("tooMany") >= 1.0);
    assert_eq!(refused("answerSlow"), 1.0);
    println!(
        "attacks refused: {}, while a producer sent {sent} events",
        refused("tooManyOfAddress") + refused("tooMany") + 1.0
    );
    server.stop();
}

#[test]
fn guessing_at_tokens_is_slowed_down_and_nobody_is_locked_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_configured(&folder.path().join("data"), LIMITS);
    let get = |from: [u8; 4], token: &str| {
        let head = format!(
            "GET /api/v1/alarms HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        attack(&server.url, from, &Send::Whole(head.into_bytes()), PATIENCE).0
    };
    let guess = |n: u32| format!("indelible_{n:016x}_{}", "A".repeat(43));
    let mut statuses: Vec<u16> = (0..200).map(|n| get([127, 0, 0, 2], &guess(n)).unwrap()).collect();
    assert_eq!(statuses.drain(..5).collect::<Vec<_>>(), [401; 5]);
    assert!(statuses.iter().all(|status| *status == 429), "{statuses:?}");
    // The same address with a token that is valid, and another address without.
    assert_eq!(get([127, 0, 0, 2], &server.token), Some(200));
    assert_eq!(get([127, 0, 0, 3], &guess(0)), Some(401));
    // Secrets of clients are guessed at no faster.
    let form = "grant_type=client_credentials&client_id=0000000000000000&client_secret=x";
    let head = format!(
        "POST /multipass/api/oauth2/token HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    );
    assert_eq!(attack(&server.url, [127, 0, 0, 2], &Send::Whole(head.into_bytes()), PATIENCE).0, Some(429));
    let (status, body) = fetch(server.request(Method::GET, "/api/v1/alarms"));
    assert_eq!(status, 200, "{body:?}");
    let failures =
        |answer: &str| metric(&server, &format!("indelible_authentication_failures_total{{answer=\"{answer}\"}}"));
    assert_eq!((failures("unauthenticated"), failures("tooManyFailures")), (6.0, 196.0));
    println!("attacks refused: 202");
    server.stop();
}

#[test]
fn every_answer_says_what_browsers_must_not_do() {
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let contract = server.get("/api/openapi.json").1;
    let paths: Vec<String> = contract["paths"].as_object().unwrap().keys().cloned().collect();
    for path in paths.iter().map(String::as_str).chain(["/", "/api/openapi.json", "/nothing", &"/a".repeat(4500)]) {
        for token in [true, false] {
            let mut request = server.request(Method::GET, path);
            if !token {
                request = reqwest::Client::new().get(format!("{}{path}", server.url));
            }
            let response = runtime.block_on(request.send()).unwrap();
            let headers = response.headers().clone();
            let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
            assert_eq!(header("x-frame-options"), "DENY", "{path}");
            let policy = header("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
                "{path}: {policy}"
            );
            assert!(!policy.contains("unsafe"), "nothing that is written into a page runs: {policy}");
            assert!(headers.get("strict-transport-security").is_none(), "there is no TLS");
            let public =
                path == "/" || path.starts_with("/app.") || path.starts_with("/platform/") || path.starts_with("/log/");
            assert!(public || header("cache-control") == "no-store", "{path}: {}", header("cache-control"));
        }
    }
    // A method that a route does not have is refused before anything is read.
    let (status, _) = fetch(server.request(Method::PUT, "/api/v1/events").body(vec![b'x'; 1 << 20]));
    assert_eq!(status, 405);
    assert_eq!(fetch(server.request(Method::GET, "/api/v1/alarms").body("a body that nobody reads")).0, 200);
    server.stop();
}

#[test]
fn a_witness_bounds_what_strangers_hold_of_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let log = NoteSigner::from_seed(&[7; 32]).verifier_key("log.example").unwrap();
    let witness = Witness::start("witness.example", folder.path(), &[&log.to_string()]);
    // With the times that nobody configured: ten seconds for a head, and a byte too much of it ends at once.
    for (name, sending) in [
        ("half a head", Send::Whole(b"GET / HTTP/1.1\r\nhost:".to_vec())),
        ("a head that is too long", Send::Whole([b"GET / HTTP/1.1\r\nx: ".to_vec(), vec![b'a'; 64 << 10]].concat())),
    ] {
        let (status, after) = attack(&witness.url, [127, 0, 0, 1], &sending, 2 * PATIENCE);
        assert!(
            after < 2 * PATIENCE && status.is_none_or(|status| status == 431),
            "{name}: {status:?} after {after:?}"
        );
    }
    let held: Vec<_> = (0..300).map(|_| connect(&witness.url, [127, 0, 0, 2])).collect();
    let (status, _) = attack(&witness.url, [127, 0, 0, 3], &Send::Whole(b"GET / HTTP/1.0\r\n\r\n".to_vec()), PATIENCE);
    assert_eq!(status, Some(200), "{} connections of another keep nobody out", held.len());
    let (status, _) = attack(&witness.url, [127, 0, 0, 2], &Send::Whole(b"GET / HTTP/1.0\r\n\r\n".to_vec()), PATIENCE);
    assert_eq!(status, None, "one address has at most 256");
}
