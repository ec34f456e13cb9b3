#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
use super::*;
#[test]
fn dump() {
    let t = std::time::Instant::now();
    let p = Platform::new(7, 1_794_000_000_000_000);
    let ev: Vec<Event> = p.events().collect();
    println!("{} events in {:?} bytes {}", ev.len(), t.elapsed(), ev.iter().map(|e| e.line.len()).sum::<usize>());
    let mut s = String::new();
    for e in &ev { s.push_str(&e.line); s.push('\n'); }
    std::fs::write("/tmp/demo7.jsonl", s).unwrap();
    for m in p.truth() { println!("{m:?}"); }
}
