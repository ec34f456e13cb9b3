//! Seeds of random tests: printed, and given again to repeat a run.

use std::hash::{BuildHasher, RandomState};

/// The seed in `INDELIBLE_SEED`, or a random one. It is printed either way.
#[must_use]
pub fn seed() -> u64 {
    let given = std::env::var("INDELIBLE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0) >> 16);
    eprintln!("INDELIBLE_SEED={seed}");
    seed
}
