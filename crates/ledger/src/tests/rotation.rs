use super::*;
use crate::{RotateError, Settings, next_key, rotate};
use indelible_merkle::{Checkpoint, Note, PlatformEntry, VerifierKey};
use indelible_storage::Disk as _;
use indelible_testkit::disk::{Fault, FaultyDisk};
use std::sync::Arc;

const PLATFORM: &str = "logs.example";

/// A ledger with two logs, of five entries and none, on a disk that may fail; the keys are on one that does not.
struct Scene {
    bench: Bench,
    disk: FaultyDisk,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { bench: Bench::new(), disk: FaultyDisk::new() };
        scene.disk.create_dir(&scene.bench.path("ledger")).unwrap();
        let ledger = scene.open().unwrap();
        ledger.create(&organization("a")).unwrap();
        ledger.create(&organization("b")).unwrap();
        scene.grow(&ledger, 5);
        scene
    }

    fn settings(&self) -> Settings {
        Settings { disk: Arc::new(self.disk.clone()), ..Settings::default() }
    }

    fn open(&self) -> Result<Ledger, OpenError> {
        Ledger::open_with(&self.bench.path("ledger"), &self.bench.path("keys"), PLATFORM, self.settings())
    }

    fn rotate(&self) -> Result<(), RotateError> {
        let (ledger, keys) = (self.bench.path("ledger"), self.bench.path("keys"));
        rotate(&ledger, &keys, PLATFORM, 1, self.settings()).map(|_| ())
    }

    /// Replays, and publishes so many entries of the first log.
    fn grow(&self, ledger: &Ledger, size: u64) {
        ledger.append(0, 0, &leaves(0, 0..size)).unwrap();
        ledger.check_recovered().unwrap();
        ledger.publish().unwrap();
    }
}

fn signers(note: &str, keys: &[VerifierKey]) -> Vec<bool> {
    let note: Note = note.parse().unwrap();
    keys.iter().map(|key| Checkpoint::open(&note, std::slice::from_ref(key)).is_ok()).collect()
}

/// The announcements in the platform log, with what stands behind each.
fn announcements(ledger: &Ledger) -> Vec<PlatformEntry> {
    let log = ledger.platform_log();
    let entries = log.entries(0..log.size()).unwrap();
    let read = entries.iter().map(|bytes| PlatformEntry::from_bytes(bytes).unwrap());
    read.filter(|entry| matches!(entry, PlatformEntry::KeyChange(_))).collect()
}

#[test]
fn a_new_key_is_announced_by_both_and_signs_what_was_signed() {
    let scene = Scene::new();
    let ledger = scene.open().unwrap();
    let (origin, platform) = (ledger.get(0).unwrap().origin.clone(), ledger.platform_log().origin().to_owned());
    let old = [ledger.verifier_key(&origin).unwrap(), ledger.verifier_key(&platform).unwrap()];
    let before = ledger.checkpoint(0).unwrap();
    drop(ledger);

    let keys = scene.bench.path("keys");
    let next = [next_key(&keys, &origin).unwrap(), next_key(&keys, &platform).unwrap()];
    assert_eq!(next_key(&keys, &origin).unwrap(), next[0], "it is made once");
    scene.open().expect("a key that waits changes nothing");
    scene.rotate().unwrap();
    assert_ne!(next_key(&keys, &origin).unwrap(), next[0], "the one after is another");

    let ledger = scene.open().unwrap();
    assert_eq!(ledger.verifier_key(&origin).unwrap(), next[0]);
    let after = ledger.checkpoint(0).unwrap();
    assert_eq!(after.checkpoint, before.checkpoint);
    assert_eq!(signers(&after.note, &[old[0].clone(), next[0].clone()]), [false, true]);
    let note = ledger.platform_log().checkpoint().unwrap().note.clone();
    assert_eq!(signers(&note, &[old[1].clone(), next[1].clone()]), [true, true]);
    let [PlatformEntry::KeyChange(change)] = &announcements(&ledger)[..] else { panic!("one announcement") };
    assert_eq!((change.old(), change.new_key()), (old[0].public(), next[0].public()));
    assert_eq!(ledger.key_changes(), std::slice::from_ref(change));

    scene.grow(&ledger, 9);
    let note = ledger.platform_log().checkpoint().unwrap().note.clone();
    assert_eq!(signers(&note, &[old[1].clone(), next[1].clone()]), [false, true]);
    drop(ledger);
    scene.rotate().unwrap();
    let ledger = scene.open().unwrap();
    scene.grow(&ledger, 12);
    assert_eq!((announcements(&ledger).len(), ledger.key_changes().len()), (2, 2));
}

/// Rotates while operation `nth` fails, then again, with a loss of power between.
fn check_fault(nth: u64, fault: Fault) -> u64 {
    let context = format!("operation {nth} {fault:?}");
    let mut scene = Scene::new();
    let before = scene.disk.operations();
    scene.disk.fail_at(nth, fault);
    let first = scene.rotate();
    let operations = scene.disk.operations() - before;
    scene.disk.heal();
    let mut random = <rand::rngs::SmallRng as rand::SeedableRng>::seed_from_u64(nth);
    scene.disk = scene.disk.cut_power(&mut random);
    match (first, scene.open()) {
        (Ok(()), opened) => assert_eq!(opened.expect(&context).key_changes().len(), 1, "{context}"),
        (Err(_), Err(OpenError::RotationUnfinished { .. })) => scene.rotate().expect(&context),
        (Err(_), Ok(ledger)) => {
            assert_eq!(ledger.key_changes().len(), 0, "{context}");
            drop(ledger);
            scene.rotate().expect(&context);
        }
        (Err(_), Err(error)) => panic!("{context}: {error}"),
    }
    let ledger = scene.open().expect(&context);
    scene.grow(&ledger, 7);
    assert_eq!(announcements(&ledger).len(), 1, "{context}");
    assert_eq!(ledger.checkpoint(0).unwrap().checkpoint.root, naive_root(&leaves(0, 0..7)), "{context}");
    operations
}

#[test]
fn a_rotation_that_is_broken_off_is_run_again() {
    let operations = check_fault(u64::MAX / 2, Fault::Lost);
    assert!(operations >= 5, "{operations}");
    for fault in Fault::ALL {
        for nth in 0..operations + 1 {
            check_fault(nth, fault);
        }
    }
}
