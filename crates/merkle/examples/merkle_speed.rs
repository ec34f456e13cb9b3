//! Prints how fast trees grow and proofs are made and checked
//! on one core: `cargo run --release -p indelible-merkle --example merkle_speed`.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use indelible_merkle::{
    Checkpoint, Frontier, Hash, LevelHashes, NoteSigner, TileCache, inclusion_proof, leaf_hash, node_hash, range_proof,
    verify_inclusion, verify_range,
};
use std::{hint::black_box, time::Instant};

const LEAVES: u64 = 4_000_000;
const PROOFS: u64 = 400_000;
const SCATTERED: u64 = 4_000;

fn main() {
    let entry = [7_u8; 840];
    measure("leaf hashes of 840 bytes", 500_000, || {
        (0..500_000).for_each(|_| _ = black_box(leaf_hash(&entry)));
    });
    measure("node hashes", LEAVES, || {
        let mut hash = Hash::ZERO;
        (0..LEAVES).for_each(|_| hash = node_hash(&hash, &Hash::ZERO));
        black_box(hash);
    });

    let leaves: Vec<_> = (0..LEAVES).map(|i| leaf_hash(&i.to_be_bytes())).collect();
    let (mut frontier, mut hashes) = (Frontier::new(), LevelHashes::default());
    measure("leaves appended", LEAVES, || frontier.extend_levels(&leaves, &mut hashes.levels));
    let root = frontier.root();

    let cache = TileCache::new(&hashes, LEAVES);
    measure("inclusion proofs of neighbours", PROOFS, || {
        (0..PROOFS).for_each(|i| drop(black_box(inclusion_proof(&cache, i, LEAVES).unwrap())));
    });
    let scattered = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) % LEAVES;
    measure("inclusion proofs at random", SCATTERED, || {
        (0..SCATTERED).for_each(|i| drop(black_box(inclusion_proof(&cache, scattered(i), LEAVES).unwrap())));
    });
    let proof = inclusion_proof(&cache, 1_234_567, LEAVES).unwrap();
    measure("inclusion proofs checked", PROOFS, || {
        for _ in 0..PROOFS {
            verify_inclusion(&leaves[1_234_567], 1_234_567, LEAVES, black_box(&proof), &root).unwrap();
        }
    });
    let range = 1_000..LEAVES - 1_000;
    let proof = range_proof(&cache, range.clone(), LEAVES).unwrap();
    measure("leaves of a range checked", LEAVES - 2_000, || {
        let run = leaves[1_000..leaves.len() - 1_000].iter().copied();
        verify_range(range.clone(), run, LEAVES, &proof, &root).unwrap();
    });

    let signer = NoteSigner::from_seed(&[1; 32]);
    let checkpoint = Checkpoint::new("logs.example/0123456789abcdef0123456789abcdef/1", LEAVES, root);
    measure("checkpoints signed", 20_000, || {
        (0..20_000).for_each(|_| drop(black_box(checkpoint.sign(&signer).unwrap())))
    });
    let (note, keys) = (checkpoint.sign(&signer).unwrap(), [signer.verifier_key(&checkpoint.origin).unwrap()]);
    measure("checkpoints opened", 10_000, || {
        (0..10_000).for_each(|_| drop(black_box(Checkpoint::open(&note, &keys).unwrap())));
    });
}

/// Runs on one core; counts the time it had the core, so that a busy machine does not change the figures.
fn measure(what: &str, count: u64, run: impl FnOnce()) {
    let (start, on_core) = (Instant::now(), nanoseconds_on_core());
    run();
    let seconds = match (on_core, nanoseconds_on_core()) {
        (Some(before), Some(after)) => (after - before) as f64 / 1e9,
        _ => start.elapsed().as_secs_f64(),
    };
    println!("{:>12.0} {what} a core second", count as f64 / seconds);
}

fn nanoseconds_on_core() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}
