//! A ledger and a list of leaves live through the same random life, crashes included.

use super::*;
use crate::LedgerError;
use indelible_merkle::{verify_consistency, verify_inclusion, verify_range};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// What the journal would hold, and what was promised.
#[derive(Default)]
struct Model {
    logs: Vec<ModelLog>,
}

#[derive(Default, Clone)]
struct ModelLog {
    leaves: Vec<Hash>,
    appended: usize,
    persisted: usize,
    published: usize,
}

fn seed() -> u64 {
    let seed = std::env::var("INDELIBLE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("INDELIBLE_SEED={seed}");
    seed
}

#[test]
fn a_random_life_agrees_with_a_list_of_leaves() {
    let mut random = StdRng::seed_from_u64(seed());
    for life in 0..8 {
        live(&mut random, life);
    }
}

fn live(random: &mut StdRng, life: u64) {
    let bench = Bench::new();
    let mut model = Model::default();
    let mut ledger = bench.open();
    let mut old_state = fs::read(bench.path("ledger/state")).unwrap();
    let mut old_persisted = Vec::new();
    for _ in 0..60 {
        match random.random_range(0..100) {
            0..6 if model.logs.len() < 5 => {
                let number = model.logs.len() as u32;
                assert_eq!(ledger.create(&organization(&format!("o{number}"))).unwrap().number, number);
                model.logs.push(ModelLog::default());
            }
            0..50 => append(random, life, &ledger, &mut model),
            50..60 => {
                old_state = fs::read(bench.path("ledger/state")).unwrap();
                old_persisted = model.logs.iter().map(|log| log.persisted).collect();
                ledger.persist().unwrap();
                model.logs.iter_mut().for_each(|log| log.persisted = log.appended);
            }
            60..75 => publish(&ledger, &mut model),
            75..92 => prove(random, &ledger, &model),
            _ => {
                drop(ledger);
                // A crash on the way to the last state file leaves the one before.
                if random.random_bool(0.3) {
                    fs::write(bench.path("ledger/state"), &old_state).unwrap();
                    for (i, log) in model.logs.iter_mut().enumerate() {
                        log.persisted = old_persisted.get(i).copied().unwrap_or(0);
                    }
                }
                ledger = crash(random, &bench, &mut model);
            }
        }
        for (number, log) in (0..).zip(&model.logs) {
            assert_eq!(ledger.size(number), log.appended as u64);
            assert_eq!(ledger.persisted_size(number), log.persisted as u64);
        }
    }
    for (number, log) in (0..).zip(&model.logs) {
        assert_eq!(ledger.root_at(number, log.appended as u64).unwrap(), naive_root(&log.leaves[..log.appended]));
    }
}

fn append(random: &mut StdRng, life: u64, ledger: &Ledger, model: &mut Model) {
    let Some(number) = pick(random, model) else { return };
    let log = &mut model.logs[number];
    let count = [1, 1, 2, 30, 255, 256, 257, 3_000, 9_000][random.random_range(0..9)];
    let size = log.leaves.len() as u64;
    log.leaves.extend(leaves(life * 10 + number as u64, size..size + count));
    let first = log.appended - random.random_range(0..3.min(log.appended + 1));
    let gap = log.appended as u64 + 1 + random.random_range(0..5);
    assert!(matches!(ledger.append(number as u32, gap, &[leaf(0, 0)]), Err(LedgerError::Gap { .. })));
    let size = ledger.append(number as u32, first as u64, &log.leaves[first..]).unwrap();
    log.appended = log.leaves.len();
    assert_eq!(size, log.appended as u64);
}

fn publish(ledger: &Ledger, model: &mut Model) {
    let published = ledger.publish().unwrap();
    let grown: Vec<_> =
        (0..).zip(&model.logs).filter(|(_, log)| log.appended > log.published).map(|(i, _)| i).collect();
    assert_eq!(published.iter().map(|published| published.number).collect::<Vec<_>>(), grown);
    for published in published {
        let log = &mut model.logs[published.number as usize];
        let checkpoint = &published.signed.checkpoint;
        let newest = naive_root(&log.leaves[..log.appended]);
        assert_eq!((checkpoint.size, checkpoint.root), (log.appended as u64, newest));
        let proof = ledger.consistency_proof(published.number, log.published as u64, log.appended as u64).unwrap();
        let older = naive_root(&log.leaves[..log.published]);
        verify_consistency(log.published as u64, log.appended as u64, &proof, &older, &newest).unwrap();
        log.published = log.appended;
    }
}

fn prove(random: &mut StdRng, ledger: &Ledger, model: &Model) {
    let Some(number) = pick(random, model) else { return };
    let log = &model.logs[number];
    let number = number as u32;
    if log.appended == 0 {
        assert_eq!(ledger.root_at(number, 0).unwrap(), empty_root());
        return;
    }
    let size = random.random_range(1..=log.appended);
    let index = random.random_range(0..size);
    let root = naive_root(&log.leaves[..size]);
    assert_eq!(ledger.root_at(number, size as u64).unwrap(), root);
    let proof = ledger.inclusion_proof(number, index as u64, size as u64).unwrap();
    verify_inclusion(&log.leaves[index], index as u64, size as u64, &proof, &root).unwrap();
    let range = index as u64..size as u64;
    let proof = ledger.range_proof(number, range.clone(), size as u64).unwrap();
    assert_eq!(ledger.hashes(number, 0, range.clone()).unwrap(), log.leaves[index..size]);
    verify_range(range, log.leaves[index..size].iter().copied(), size as u64, &proof, &root).unwrap();
}

/// What was not synced is lost, in part or whole, or replaced by anything; then the journal is replayed.
fn crash(random: &mut StdRng, bench: &Bench, model: &mut Model) -> Ledger {
    let labels: Vec<_> = {
        let ledger = bench.open();
        (0..model.logs.len()).map(|i| bench.log(&ledger, &format!("o{i}"))).collect()
    };
    for (folder, log) in labels.iter().zip(&model.logs) {
        for level in 0..3 {
            let path = folder.join(level.to_string());
            let Ok(mut bytes) = fs::read(&path) else { continue };
            let synced = (log.persisted >> (8 * level)) * 32;
            match random.random_range(0..4) {
                0 => bytes.truncate(random.random_range(synced..=bytes.len())),
                1 => bytes[synced..].fill(0),
                2 => bytes.extend(std::iter::repeat_n(0xaa, random.random_range(0..200))),
                _ => {}
            }
            if bytes.is_empty() {
                fs::remove_file(&path).unwrap();
            } else {
                fs::write(&path, bytes).unwrap();
            }
        }
    }
    let ledger = bench.open();
    for (number, log) in (0..).zip(&mut model.logs) {
        assert_eq!(ledger.size(number), log.persisted as u64);
        let checkpoint = ledger.checkpoint(number).map(|signed| signed.checkpoint.clone());
        assert_eq!(checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size), log.published as u64);
        // Entries that were never official may be lost with the journal's tail, and others come in their place.
        let least = log.published.max(log.persisted);
        log.leaves.truncate(random.random_range(least..=log.appended.max(least)));
        log.appended = log.leaves.len();
        let first = random.random_range(0..=log.persisted);
        for chunk in [first..(first + log.appended) / 2, (first + log.appended) / 2..log.appended] {
            if chunk.start < chunk.end {
                ledger.append(number, chunk.start as u64, &log.leaves[chunk]).unwrap();
            }
        }
        assert_eq!(ledger.size(number), log.appended as u64);
    }
    ledger.check_recovered().unwrap();
    ledger
}

fn pick(random: &mut StdRng, model: &Model) -> Option<usize> {
    (!model.logs.is_empty()).then(|| random.random_range(0..model.logs.len()))
}
