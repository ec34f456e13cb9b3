//! What is promised holds when power, processes, disks and single bits fail.
//!
//! Every test has the same shape: emit events to a real server and keep what was answered ([`book`]), harm it, start it
//! again, and compare the log with the answers. How often is read from the environment, so that `make test` takes seconds
//! and `make test-long` as long as it is given. Lines that begin with `RESULT` are the counts `make test-long` keeps.

mod book;
mod file_system;
mod flips;
mod kills;
mod load;
mod power;
mod shim;
mod syscalls;

use rand::SeedableRng;
use rand::rngs::StdRng;

/// Small segments and small memories, so that short runs reach what long ones do.
const CONFIG: &str = "
audit-reads = false
[journal]
segment-bytes = 8388608
spare-segments = 1
memory-identities = 200
[archive]
journal-seconds = 0
";

/// The number in the environment variable `name`, or `default`. It is printed either way.
fn number(name: &str, default: u64) -> u64 {
    let number = std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    eprintln!("{name}={number}");
    number
}

fn seeded() -> StdRng {
    StdRng::seed_from_u64(indelible_testkit::seed::seed())
}
