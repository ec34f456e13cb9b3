#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use tempfile::TempDir;

use super::*;
use crate::testing::{DAY_US, TestLog, event};

const ALPHA: &str = "ri.indelible..organization.alpha";
const MIDNIGHT_US: i64 = DAY_US + 86_400_000_000;

fn staging() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let staging = folder.path().join("deep").join("sealing");
    (folder, staging)
}

fn names(staging: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(staging).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    names(folder).into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

#[test]
fn a_sealed_run_is_complete_and_found_again() {
    let (_folder, staging) = staging();
    let mut log = TestLog::new(ALPHA, 1);
    log.grow(9);
    let run = log.seal(&staging, 0, None);
    let (_, label, _) = origin_parts(&log.info().origin).unwrap();
    assert_eq!(names(&staging), [format!("run-{label}-1-0-9")]);
    assert_eq!(names(run.folder()), ["log.parquet", "manifest", "salt", "tiles"]);
    for (object, path) in run.manifest().objects().iter().zip(run.files()) {
        assert_eq!(ObjectFacts::of(&fs::read(path).unwrap()), object.facts, "{}", object.name);
    }
    let found = pending(&staging).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].manifest(), run.manifest());
    assert_eq!(found[0].manifest_sha256(), run.manifest_sha256());
    run.remove().unwrap();
    assert!(names(&staging).is_empty());
}

#[test]
fn the_same_entries_give_the_same_objects() {
    let (_a, first) = staging();
    let (_b, second) = staging();
    let mut log = TestLog::new(ALPHA, 1);
    log.grow(600);
    assert_eq!(files(log.seal(&first, 0, None).folder()), files(log.seal(&second, 0, None).folder()));
}

#[test]
fn an_unfinished_run_is_garbage() {
    let (_folder, staging) = staging();
    let mut log = TestLog::new(ALPHA, 1);
    log.grow(3);
    let mut sealer = Sealer::begin(&log, &staging, 0, None).unwrap();
    assert_eq!(sealer.push(&log.entry(0)).unwrap(), Pushed::Taken);
    drop(sealer);
    assert_eq!(names(&staging).len(), 1);
    // Begun again it starts anew.
    log.seal(&staging, 0, None);
    fs::create_dir(staging.join("tmp-anything")).unwrap();
    fs::write(staging.join("tmp-anything").join("log.parquet"), "half").unwrap();
    assert_eq!(pending(&staging).unwrap().len(), 1);
    assert_eq!(names(&staging).len(), 1);
    assert!(pending(&staging.join("absent")).unwrap().is_empty());
}

#[test]
fn a_folder_that_is_not_what_was_sealed_is_refused() {
    let (_folder, staging) = staging();
    let run = TestLog::new(ALPHA, 1).seal(&staging, 0, None);
    let moved = staging.join("run-other");
    fs::rename(run.folder(), &moved).unwrap();
    assert!(matches!(pending(&staging), Err(SealError::Damaged { .. })));
    fs::rename(&moved, run.folder()).unwrap();
    fs::write(run.folder().join("manifest"), "nothing").unwrap();
    assert!(matches!(pending(&staging), Err(SealError::Damaged { .. })));
}

/// In the bucket nobody could put it right any more.
#[test]
fn a_manifest_with_a_flipped_bit_is_refused_before_it_is_sent() {
    let (_folder, staging) = staging();
    let mut log = TestLog::new(ALPHA, 1);
    log.grow(9);
    let run = log.seal(&staging, 0, None);
    for at in 0..run.manifest_bytes().len() {
        let mut rotten = run.manifest_bytes().to_vec();
        rotten[at] ^= 1 << (at % 8);
        fs::write(run.folder().join("manifest"), rotten).unwrap();
        assert!(matches!(pending(&staging), Err(SealError::Damaged { .. })), "byte {at}");
    }
}

#[test]
fn a_run_ends_at_midnight() {
    let (_folder, staging) = staging();
    let mut log = TestLog::new(ALPHA, 1);
    for received_us in [MIDNIGHT_US - 1, MIDNIGHT_US, MIDNIGHT_US + 5] {
        let (infrastructure, content) = event(log.size(), received_us);
        log.push(received_us, infrastructure, content);
    }
    let first = log.seal(&staging, 0, None);
    let second = log.seal(&staging, 2, Some(first.manifest_sha256()));
    let range = |run: &SealedRun| (run.manifest().facts.first, run.manifest().facts.last, run.manifest().date());
    assert_eq!(range(&first), (0, 1, "2026-01-05".to_owned()));
    assert_eq!(range(&second), (2, 3, "2026-01-06".to_owned()));
    let found: Vec<_> = pending(&staging).unwrap().iter().map(range).collect();
    assert_eq!(found, [range(&first), range(&second)]);
}

#[test]
fn a_run_ends_at_its_size_and_holds_one_entry_at_least() {
    let (_folder, staging) = staging();
    let mut log = TestLog::new(ALPHA, 1);
    log.grow(20);
    let genesis = log.entry(0);
    let genesis = (genesis.infrastructure.len() + genesis.content.len()) as u64;
    for (run_bytes, expected) in [(1, 1), (genesis, 1), (genesis + 700, 3), (u64::MAX, 21)] {
        let settings = SealSettings { run_bytes, ..SealSettings::default() };
        let mut sealer = Sealer::begin_with(&log, &staging, 0, None, &settings).unwrap();
        let taken = (0..log.size()).take_while(|&seq| sealer.push(&log.entry(seq)).unwrap() == Pushed::Taken).count();
        assert_eq!((taken, sealer.entries()), (expected, expected as u64), "{run_bytes}");
    }
}

#[test]
fn what_is_not_in_the_tree_is_not_sealed() {
    let (_folder, staging) = staging();
    let mut log = TestLog::new(ALPHA, 1);
    log.grow(700);
    for bad in [0, 1, 699, 700] {
        let mut sealer = Sealer::begin(&log, &staging, 0, None).unwrap();
        for seq in 0..log.size() {
            let mut row = log.entry(seq);
            if seq == bad {
                row.content = br#"{"requestFields":{"n":"x"}}"#;
            }
            assert_eq!(sealer.push(&row).unwrap(), Pushed::Taken);
        }
        match sealer.finish(0) {
            Err(SealError::OtherLeaf { seq, .. }) => assert_eq!(seq, bad),
            other => panic!("{other:?}"),
        }
        assert!(pending(&staging).unwrap().is_empty());
    }
}

#[test]
fn a_run_is_in_order_and_of_one_log() {
    let (_folder, staging) = staging();
    let mut log = TestLog::new(ALPHA, 1);
    log.grow(3);
    let mut other = TestLog::new("ri.indelible..organization.beta", 1);
    other.grow(3);
    let first_entry = |row: &Row<'_>| Sealer::begin(&log, &staging, 1, Some([0; 32])).unwrap().push(row).map(|_| ());
    assert!(matches!(
        first_entry(&log.entry(0)),
        Err(SealError::Write(WriteError::Order { expected: 1, found: 0, .. }))
    ));
    assert!(matches!(
        first_entry(&log.entry(2)),
        Err(SealError::Write(WriteError::Order { expected: 1, found: 2, .. }))
    ));
    assert!(matches!(first_entry(&other.entry(1)), Err(SealError::Write(WriteError::Organization { .. }))));
    assert!(first_entry(&log.entry(1)).is_ok());
    let mut sealer = Sealer::begin(&log, &staging, 0, None).unwrap();
    assert_eq!(sealer.push(&log.entry(0)).unwrap(), Pushed::Taken);
    let early = Row { received_at_us: DAY_US - 1, ..log.entry(1) };
    assert_eq!(sealer.push(&early).unwrap(), Pushed::RunEnds, "the day before is another day");
    let early = Row { received_at_us: DAY_US, ..log.entry(1) };
    assert_eq!(sealer.push(&early).unwrap(), Pushed::Taken);
    let empty = Sealer::begin(&log, &staging, 0, None).unwrap();
    assert!(matches!(empty.finish(0), Err(SealError::Write(WriteError::Empty))));
}

#[test]
fn an_entry_of_a_mebibyte_is_an_entry() {
    let (_folder, staging) = staging();
    let mut log = TestLog::new(ALPHA, 1);
    let (infrastructure, _) = event(1, DAY_US);
    for _ in 0..3 {
        let content = format!(r#"{{"requestFields":{{"a":"{}"}}}}"#, "x".repeat(1 << 20));
        log.push(DAY_US, infrastructure.clone(), content.into_bytes());
    }
    let facts = log.seal(&staging, 0, None).manifest().facts;
    assert!(facts.entry_bytes_max > 1 << 20 && facts.canonical_bytes > 3 << 20);
}
