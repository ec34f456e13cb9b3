//! How fast events that come as OTLP are turned into what is admitted, beside lines of JSON, on one core.
//!
//! `cargo run --release -p indelible-receive --example otlp_speed [SECONDS]`
#![allow(clippy::print_stdout, clippy::expect_used)]

#[path = "../src/otlp/tests/value.rs"]
mod value;

use std::hint::black_box;
use std::time::{Duration, Instant};

use indelible_event::{Intake, Limits as EventLimits, Scratch, admit};
use indelible_receive::otlp::{Encoding, decode};
use indelible_receive::{Limits, View};
use indelible_testkit::generator::{Generator, Settings};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message as _;
use serde_json::Value;

const EVENTS: usize = 1_000;

fn main() {
    let seconds: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2);
    let lines = Generator::new(Settings::default()).batch(0, EVENTS as u64);
    let events: Vec<Value> = split(&lines).map(|line| serde_json::from_slice(line).expect("an event")).collect();
    let maps = value::request(events.iter());
    let texts: Vec<Value> = events.iter().map(|event| Value::String(event.to_string())).collect();
    let texts = value::request(texts.iter());
    println!(
        "{EVENTS} events: {} bytes as lines, {} as OTLP maps, {} as OTLP texts",
        lines.len(),
        maps.len(),
        texts.len()
    );

    let measure = |name: &str, work: &mut dyn FnMut()| measure(name, Duration::from_secs(seconds), work);
    let (event_limits, limits) = (EventLimits::default(), Limits::default());
    let intake = Intake { producer: "bench", producer_epoch: None, producer_seq: None, source: "http", adapter: None };
    let mut scratch = Scratch::default();
    let mut admitted = |line: &[u8]| {
        black_box(admit(&mut scratch, line, &event_limits, &intake, || [1; 16]).expect("accepted"));
    };
    let read = |body| decode(body, Encoding::Protobuf, View::Whole, &limits).expect("records");

    measure("split lines", &mut || {
        black_box(split(&lines).collect::<Vec<_>>());
    });
    measure("lines to serde_json::Value", &mut || {
        split(&lines).for_each(|line| drop(black_box(serde_json::from_slice::<Value>(line).expect("JSON"))));
    });
    measure("prost decode of OTLP maps", &mut || {
        black_box(ExportLogsServiceRequest::decode(&maps[..]).expect("a request"));
    });
    measure("OTLP maps to JSON", &mut || drop(black_box(read(&maps))));
    measure("OTLP texts to JSON", &mut || drop(black_box(read(&texts))));
    let plain = measure("split and admit lines", &mut || split(&lines).for_each(&mut admitted));
    let maps = measure("decode and admit OTLP maps", &mut || {
        read(&maps).iter().for_each(|record| admitted(record.payload.bytes()));
    });
    let texts = measure("decode and admit OTLP texts", &mut || {
        read(&texts).iter().for_each(|record| admitted(record.payload.bytes()));
    });
    println!("of the rate of lines: maps {:.2}, texts {:.2}", maps / plain, texts / plain);
}

fn split(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// Events a second.
fn measure(name: &str, time: Duration, work: &mut dyn FnMut()) -> f64 {
    let (start, mut rounds) = (Instant::now(), 0);
    while start.elapsed() < time {
        work();
        rounds += 1;
    }
    let rate = (rounds * EVENTS) as f64 / start.elapsed().as_secs_f64();
    println!("{name:32} {rate:>12.0} events/s {:>8.0} ns", 1e9 / rate);
    rate
}
