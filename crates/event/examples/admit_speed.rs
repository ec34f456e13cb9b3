//! How fast events are admitted and hashed on one core.
//!
//! `cargo run --release -p indelible-event --example admit_speed [SECONDS]`
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use indelible_event::entry::{self, SaltKey};
use indelible_event::parts::{Delivery, Row, merge};
use indelible_event::{Intake, Limits, Scratch, admit};

const EVENTS: u64 = 10_000;

fn main() {
    let seconds: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2);
    let limits = Limits::default();
    let intake =
        Intake { producer: "bench", producer_epoch: Some(1), producer_seq: Some(1), source: "http", adapter: None };
    for (order, sorted) in [("as serializers send it", false), ("canonical", true)] {
        let lines: Vec<String> = (0..EVENTS).map(|number| event(number, sorted)).collect();
        let bytes: usize = lines.iter().map(String::len).sum();
        println!("{EVENTS} events of {} bytes, {order}", bytes / lines.len());
        // What the machine does at this moment, to compare runs by.
        measure("SHA-256 of the line", &lines, bytes, Duration::from_secs(seconds), |line, _| {
            black_box(entry::infrastructure_hash(line));
        });
        measure("serde_json::Value", &lines, bytes, Duration::from_secs(seconds), |line, _| {
            black_box(serde_json::from_slice::<serde_json::Value>(line).expect("valid"));
        });
        let mut scratch = Scratch::default();
        measure("admit", &lines, bytes, Duration::from_secs(seconds), |line, _| {
            black_box(admit(&mut scratch, line, &limits, &intake, || [1; 16]).expect("accepted"));
        });
        let key = SaltKey::new([7; 32]);
        let mut out = Vec::new();
        measure("admit and entry bytes", &lines, bytes, Duration::from_secs(seconds), |line, seq| {
            let admitted = admit(&mut scratch, line, &limits, &intake, || [1; 16]).expect("accepted");
            out.clear();
            let infrastructure = entry::infrastructure_hash(admitted.infrastructure);
            let content = entry::content_hash(&key.salt(seq), admitted.content);
            entry::entry_bytes(&mut out, "ri.indelible..organization.a", seq, 0, &infrastructure, &content);
            black_box(&out);
        });
        let mut parts: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for line in &lines {
            let admitted = admit(&mut scratch, line.as_bytes(), &limits, &intake, || [1; 16]).expect("accepted");
            parts.push((admitted.infrastructure.to_vec(), admitted.content.to_vec()));
        }
        measure("parts to columns", &lines, bytes, Duration::from_secs(seconds), |_, at| {
            let (infrastructure, content) = &parts[at as usize];
            black_box(Row::read(infrastructure, content).expect("a row"));
        });
        measure("parts to delivery", &lines, bytes, Duration::from_secs(seconds), |_, at| {
            let (infrastructure, content) = &parts[at as usize];
            out.clear();
            merge(infrastructure, content, &Delivery::default(), &mut out).expect("an event");
            black_box(&out);
        });
    }
}

fn measure(what: &str, lines: &[String], bytes: usize, least: Duration, mut work: impl FnMut(&[u8], u64)) {
    let mut rounds = 0u32;
    let (start, start_cpu) = (Instant::now(), cpu_time());
    while rounds == 0 || start.elapsed() < least {
        for (line, seq) in lines.iter().zip(0..) {
            work(line.as_bytes(), seq);
        }
        rounds += 1;
    }
    let seconds = (cpu_time() - start_cpu).as_secs_f64() / f64::from(rounds);
    let events = lines.len() as f64 / seconds / 1e3;
    println!("  {what:24} {events:6.0} k events/s {:6.0} MB/s", bytes as f64 / seconds / 1e6);
}

/// Time this thread spent on a core, so that a busy machine does not count against us; elsewhere than on Linux, time.
fn cpu_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let nanos = std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next().and_then(|nanos| nanos.parse().ok()));
    nanos.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// A synthetic `dataExport`; the same number gives the same event.
fn event(number: u64, sorted: bool) -> String {
    let id = |salt: u64| {
        let mixed = (number ^ salt << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let other = mixed.rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            mixed >> 32,
            mixed >> 16 & 0xffff,
            mixed & 0xfff,
            other >> 48 & 0xfff,
            other & 0xffff_ffff_ffff
        )
    };
    let (user, resource) = (id(3), id(4));
    let resource = if sorted {
        format!(
            r#"{{"context":[{{"description":"branch","value":"master"}}],"id":{{"rid":"ri.foundry.main.dataset.{resource}","type":"rid"}}}}"#
        )
    } else {
        format!(
            r#"{{"id":{{"type":"rid","rid":"ri.foundry.main.dataset.{resource}"}},"context":[{{"value":"master","description":"branch"}}]}}"#
        )
    };
    let second = number % 60;
    let mut fields = vec![
        r#""type":"audit.3""#.to_owned(),
        format!(r#""time":"2025-11-13T23:20:{second:02}.180Z""#),
        r#""name":"DATA_PROXY_SERVICE_GET_DATASET_AS_CSV""#.to_owned(),
        r#""result":"SUCCESS""#.to_owned(),
        r#""categories":["dataExport","apiGatewayRequest"]"#.to_owned(),
        format!(r#""requestFields":{{"downloadedResources":[{resource}],"operationNames":["getDatasetAsCsv"]}}"#),
        format!(r#""resultFields":{{"downloadedSize":{}}}"#, number * 7919),
        format!(r#""uid":"{user}""#),
        format!(r#""sid":"{}""#, id(5)),
        format!(r#""tokenId":"{}""#, id(6)),
        format!(r#""traceId":"{:016x}""#, number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        format!(r#""eventId":"{}""#, id(1)),
        format!(r#""logEntryId":"{}""#, id(2)),
        r#""producerType":"SERVER""#.to_owned(),
        r#""product":"data-proxy""#.to_owned(),
        r#""productVersion":"3.141.0""#.to_owned(),
        format!(r#""host":"node-{:02}.example.net""#, number % 40),
        r#""userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0""#.to_owned(),
        format!(r#""origins":["10.1.{}.{}"]"#, number % 200, number % 250),
        r#""sourceOrigin":"10.0.0.1""#.to_owned(),
    ];
    if sorted {
        fields.sort();
    }
    format!("{{{}}}", fields.join(","))
}
