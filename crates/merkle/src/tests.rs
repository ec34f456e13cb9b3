#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod map;
mod notes;
mod oracles;
mod platform;
mod policy;
mod proofs;
mod tiles;
mod trees;
mod witness;

use crate::{Frontier, Hash, LevelHashes, empty_root, leaf_hash, node_hash};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// A tree with its leaves, levels and frontier.
struct Tree {
    leaves: Vec<Hash>,
    hashes: LevelHashes,
    frontier: Frontier,
}

fn leaf(i: u64) -> Hash {
    leaf_hash(&i.to_be_bytes())
}

fn tree_of(size: u64) -> Tree {
    let leaves: Vec<_> = (0..size).map(leaf).collect();
    let (mut frontier, mut hashes) = (Frontier::new(), LevelHashes::default());
    frontier.extend_levels(&leaves, &mut hashes.levels);
    Tree { leaves, hashes, frontier }
}

/// RFC 6962's definition, word for word, and as slow.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(1 << (leaves.len() - 1).ilog2());
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// A generator whose seed is printed; `INDELIBLE_SEED` repeats a run.
fn seeded() -> StdRng {
    let seed = std::env::var("INDELIBLE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("INDELIBLE_SEED={seed}");
    StdRng::seed_from_u64(seed)
}
