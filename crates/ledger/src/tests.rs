#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod concurrency;
mod damage;
mod life;
mod model;
mod platform;
mod rotation;

use crate::{Ledger, OpenError};
use indelible_event::Organization;
use indelible_merkle::{Hash, empty_root, leaf_hash, node_hash};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A data directory with what belongs to a ledger.
struct Bench {
    data: TempDir,
}

impl Bench {
    fn new() -> Self {
        // Memory where there is some, because these tests sync often and nobody cuts the power.
        let memory = Path::new("/dev/shm");
        let data = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        Self { data: data.unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    fn open(&self) -> Ledger {
        self.try_open().unwrap()
    }

    fn try_open(&self) -> Result<Ledger, OpenError> {
        Ledger::open(&self.path("ledger"), &self.path("keys"), "logs.example")
    }

    /// The folder of an organization's first generation.
    fn log(&self, ledger: &Ledger, name: &str) -> PathBuf {
        self.path("ledger").join(ledger.label_of(&organization(name))).join("1")
    }

    /// Everything below the data directory with its bytes.
    fn snapshot(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files_below(self.data.path())
    }
}

fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn organization(name: &str) -> Organization {
    format!("ri.indelible..organization.{name}").parse().unwrap()
}

fn leaf(log: u64, i: u64) -> Hash {
    leaf_hash(&[log.to_be_bytes(), i.to_be_bytes()].concat())
}

fn leaves(log: u64, range: std::ops::Range<u64>) -> Vec<Hash> {
    range.map(|i| leaf(log, i)).collect()
}

/// RFC 6962's definition, word for word.
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
