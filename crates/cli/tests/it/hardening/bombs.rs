//! Small bodies that would be large ones: compressed, nested, of many members, deep.

use std::io::Write as _;

use reqwest::Method;
use serde_json::{Value, json};

use super::{LIMITS, while_emitting};
use crate::harness::{Server, event, fetch};

fn gzip(pieces: usize, piece: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    (0..pieces).for_each(|_| encoder.write_all(piece).unwrap());
    encoder.finish().unwrap()
}

fn zstd(pieces: usize, piece: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    (0..pieces).for_each(|_| encoder.write_all(piece).unwrap());
    encoder.finish().unwrap()
}

/// The most memory that the server has had, bytes.
fn memory_peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
fn bombs_are_refused_before_they_take_memory() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_configured(&folder.path().join("data"), LIMITS);
    let megabyte = vec![b' '; 1 << 20];
    let inner = gzip(16, &megabyte);
    let mut line = event(1 << 40, json!({})).to_string().into_bytes();
    line.push(b'\n');
    let events: &[u8] = &line;
    // Name, encoding, body, status, code.
    let bombs: Vec<(&str, &str, Vec<u8>, u16, &str)> = vec![
        ("256 MiB of blanks in gzip", "gzip", gzip(256, &megabyte), 413, "bodyTooLarge"),
        ("a gibibyte of blanks in zstd", "zstd", zstd(1024, &megabyte), 413, "bodyTooLarge"),
        ("many members", "gzip", gzip(1, &megabyte).repeat(1000), 413, "bodyTooLarge"),
        ("many frames", "zstd", zstd(1, &megabyte).repeat(1000), 413, "bodyTooLarge"),
        ("members without end that hold nothing", "gzip", gzip(0, b"").repeat(150_000), 400, "unreadableBody"),
        ("a bomb in a bomb", "gzip", gzip(1, &inner), 200, "invalidUtf8"),
        ("two encodings", "gzip, gzip", gzip(1, &inner), 400, "unreadableBody"),
        ("a window of 2 GiB", "zstd", b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00".to_vec(), 400, "unreadableBody"),
        ("a bomb behind an event", "zstd", [zstd(1, events), zstd(1024, &megabyte)].concat(), 200, "bodyCut"),
    ];
    // Once with all that a body may be, so that what is seen below is what bombs took.
    let (status, _) = server.post(&[("content-encoding", "gzip")], gzip(1, &events.repeat(4000)));
    assert_eq!(status, 200);
    let before = memory_peak(&server);
    let refused = bombs.len();
    let sent = while_emitting(&server, || {
        for (name, encoding, body, status, code) in bombs {
            let (answered, answer) = server.post(&[("content-encoding", encoding)], body);
            let last = answer["outcomes"].as_array().and_then(|outcomes| outcomes.last());
            let error = last.map_or(&answer["error"], |last| &last["error"]);
            assert_eq!((answered, error["code"].as_str().unwrap_or_default()), (status, code), "{name}: {answer}");
        }
    });
    let took = memory_peak(&server).saturating_sub(before);
    assert!(took < 96 << 20, "bombs took {took} bytes");
    println!("attacks refused: {refused}, while a producer sent {sent} events; they took {} MiB", took >> 20);
    server.stop();
}

#[test]
fn what_is_nested_too_deep_is_refused_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_configured(&folder.path().join("data"), LIMITS);
    let deep = |open: &str, close: &str, levels: usize| format!("{}1{}", open.repeat(levels), close.repeat(levels));
    let mut refused = 0;
    for levels in [10_000, 500_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = deep(open, close, levels);
            let mut bodies = vec![nested.clone().into_bytes()];
            let one = event(1, json!({"requestFields": {"passThrough": "HERE"}})).to_string();
            bodies.push(one.replace("\"HERE\"", &nested).into_bytes());
            for body in bodies {
                let (status, answer) = server.post(&[], body);
                assert!(status == 400 || answer["new"] == 0, "{levels} levels: {answer}");
                refused += 1;
            }
            for path in ["/api/v1/search", "/api/v1/sql", "/api/v1/tokens", "/api/v1/bundles"] {
                let request = server.request(Method::POST, path).header("content-type", "application/json");
                let (status, answer) = fetch(request.body(nested.clone()));
                let answer: Value = serde_json::from_slice(&answer).unwrap();
                assert!(matches!(status, 400 | 413), "{path}, {levels} levels: {status} {answer}");
                refused += 1;
            }
        }
        let query = deep("(", ")", levels);
        for path in ["/api/v1/search", "/api/v1/sql"] {
            let (status, answer) = fetch(server.request(Method::POST, path).json(&json!({"query": query})));
            assert!(matches!(status, 400 | 413 | 422), "{path}: {status} {}", String::from_utf8_lossy(&answer));
            refused += 1;
        }
    }
    assert_eq!(server.post(&[], event(2, json!({})).to_string().into_bytes()).1["new"], 1);
    println!("attacks refused: {refused}");
    server.stop();
}
