//! B10, the other half: how many inclusion proofs the ledger makes.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use indelible_event::Organization;
use indelible_ledger::Ledger;
use indelible_merkle::{Hash, TileCache, inclusion_proof, leaf_hash, verify_inclusion};

use super::Context;
use crate::process::Folder;
use crate::report::{Aim, Report, Section, number};

const LEAVES: u64 = 1_000_000;
/// One proof in so many is verified.
const VERIFIED: u64 = 10_000;

/// Makes proofs from a ledger on disk for a second each: of neighbours, as a bundle or a page of results has them,
/// and of leaves far apart.
pub(crate) fn proofs(context: &Context<'_>, report: &mut Report) -> Result<()> {
    let folder = Folder::create(&context.places.work, "ledger")?;
    let ledger = Ledger::open(&folder.path().join("ledger"), &folder.path().join("keys"), "bench.example")?;
    let organization: Organization = context.generator.organizations()[0].parse().context("an organization")?;
    let log = ledger.create(&organization)?.number;
    for first in (0..LEAVES).step_by(10_000) {
        let leaves: Vec<Hash> = (first..first + 10_000).map(leaf).collect();
        ledger.append(log, first, &leaves)?;
    }
    ledger.persist()?;
    let root = ledger.root_at(log, LEAVES)?;

    let cache = TileCache::new(ledger.reader(log)?, LEAVES);
    let verified = |index: u64, proof: &[Hash]| verify_inclusion(&leaf(index), index, LEAVES, proof, &root);
    let neighbours = rate(|n| {
        let proof = inclusion_proof(&cache, n % LEAVES, LEAVES)?;
        Ok((n % VERIFIED == 0).then(|| verified(n % LEAVES, &proof)).transpose().map(drop)?)
    })?;
    // An odd factor goes through all leaves, each far from the one before.
    let scattered = rate(|n| {
        let index = n * 387_420_489 % LEAVES;
        let proof = ledger.inclusion_proof(log, index, LEAVES)?;
        Ok((n % VERIFIED == 0).then(|| verified(index, &proof)).transpose().map(drop)?)
    })?;

    let title = format!("B10: inclusion proofs in a tree of {} leaves", number(LEAVES as f64));
    let mut section = Section::new(title, &["proofs of", "proofs/s, one core"]);
    section.row(vec!["neighbours, one after the other".to_owned(), number(neighbours)]);
    section.row(vec!["leaves far apart, each on its own".to_owned(), number(scattered)]);
    section.note("Through the ledger, from its files; without HTTP and without writing the proof as text.");
    report.section(section);
    let shown = format!("{}/s", number(neighbours));
    report.verdict("B10", "inclusion proofs/s", neighbours, Aim::AtLeast(200_000.0), &shown);
    Ok(())
}

fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

/// How often a second `make` succeeds.
fn rate(mut make: impl FnMut(u64) -> Result<()>) -> Result<f64> {
    let begin = Instant::now();
    let mut made = 0;
    while begin.elapsed() < Duration::from_secs(1) {
        for _ in 0..64 {
            make(made)?;
            made += 1;
        }
    }
    Ok(made as f64 / begin.elapsed().as_secs_f64())
}
