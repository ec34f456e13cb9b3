//! Prints how fast one log takes leaves, is persisted and published, and proves:
//! `cargo run --release -p indelible-ledger --example ledger_speed [FOLDER]`.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use indelible_ledger::Ledger;
use indelible_merkle::{Hash, TileCache, inclusion_proof, leaf_hash};
use std::{path::PathBuf, time::Instant};

const LEAVES: u64 = 4_000_000;
const BATCH: u64 = 1_000;
const PROOFS: u64 = 200_000;

fn main() {
    let parent = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let data = tempfile::TempDir::new_in(parent).unwrap();
    let ledger = Ledger::open(&data.path().join("ledger"), &data.path().join("keys"), "logs.example").unwrap();
    let number = ledger.create(&"ri.indelible..organization.a".parse().unwrap()).unwrap().number;
    let leaves: Vec<Hash> = (0..LEAVES).map(|i| leaf_hash(&i.to_be_bytes())).collect();

    measure("leaves appended in batches of 1,000", LEAVES, || {
        for (i, batch) in (0..).zip(leaves.chunks(BATCH as usize)) {
            ledger.append(number, i * BATCH, batch).unwrap();
        }
    });
    measure("persists of all of that", 1, || ledger.persist().unwrap());
    measure("publishes and persists of one more leaf", 200, || {
        for i in 0..200 {
            ledger.append(number, LEAVES + i, &leaves[..1]).unwrap();
            ledger.publish().unwrap();
            ledger.persist().unwrap();
        }
    });
    let cache = TileCache::new(ledger.reader(number).unwrap(), LEAVES);
    measure("inclusion proofs of neighbours", PROOFS, || {
        (0..PROOFS).for_each(|i| drop(inclusion_proof(&cache, i, LEAVES).unwrap()));
    });
    measure("inclusion proofs one at a time", 2_000, || {
        for i in 0..2_000_u64 {
            ledger.inclusion_proof(number, i.wrapping_mul(0x9e37_79b9_7f4a_7c15) % LEAVES, LEAVES).unwrap();
        }
    });
    measure("consistency proofs", 2_000, || {
        (1..2_000).for_each(|i| drop(ledger.consistency_proof(number, i * 997, LEAVES).unwrap()));
    });
    drop(cache);
    ledger.persist().unwrap();
    drop(ledger);
    measure("opens of the ledger", 1, || {
        Ledger::open(&data.path().join("ledger"), &data.path().join("keys"), "logs.example").unwrap();
    });
}

/// Prints what the clock says, and what it would be with the core to itself and a disk that takes no time.
fn measure(what: &str, count: u64, run: impl FnOnce()) {
    let (start, on_core) = (Instant::now(), nanoseconds_on_core());
    run();
    let by_clock = count as f64 / start.elapsed().as_secs_f64();
    let by_core = count as f64 * 1e9 / (nanoseconds_on_core() - on_core);
    println!("{by_clock:>12.0} a second, {by_core:>9.0} a core second: {what}");
}

fn nanoseconds_on_core() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}
