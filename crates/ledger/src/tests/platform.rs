//! The platform log: what it binds, and what is left of it when any step fails.

use super::*;
use crate::{LedgerError, Settings};
use indelible_merkle::{
    Checkpoint, Epoch, Note, Notes, PlatformEntry, TlogProof, leaf_hash, verify_consistency, verify_inclusion,
};
use indelible_storage::Disk;
use indelible_testkit::disk::{Fault, FaultyDisk};
use rand::{SeedableRng as _, rngs::SmallRng};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// A clock that a test sets.
#[derive(Clone, Default)]
struct Time(Arc<AtomicI64>);

impl Time {
    fn set(&self, now: i64) {
        self.0.store(now, Ordering::Relaxed);
    }

    fn settings(&self, heartbeat: Duration) -> Settings {
        let time = self.clone();
        Settings { clock: Arc::new(move || time.0.load(Ordering::Relaxed)), heartbeat, ..Settings::default() }
    }
}

const NEVER: Duration = Duration::from_secs(1 << 30);

impl Bench {
    fn open_with(&self, settings: Settings) -> Ledger {
        Ledger::open_with(&self.path("ledger"), &self.path("keys"), "logs.example", settings).unwrap()
    }
}

fn epoch_at(ledger: &Ledger, index: u64) -> Epoch {
    let entry = ledger.platform_log().entries(index..index + 1).unwrap().remove(0);
    match PlatformEntry::from_bytes(&entry).unwrap() {
        PlatformEntry::Epoch(epoch) => epoch,
        other => panic!("{other:?}"),
    }
}

/// Follows the proof of an organization from its checkpoint to the signature on the platform's, as a stranger does.
fn check_bound(ledger: &Ledger, number: u32) -> Epoch {
    let bound = ledger.map_proof(number).unwrap();
    let log = ledger.get(number).unwrap();
    let key = ledger.verifier_key(&log.origin).unwrap();
    let note: Note = bound.checkpoint.note.parse().unwrap();
    let checkpoint = Checkpoint::open(&note, &[key]).unwrap();
    assert_eq!(Some(checkpoint.size), ledger.checkpoint(number).map(|newest| newest.checkpoint.size));
    assert_eq!(checkpoint.root, ledger.root_at(number, checkpoint.size).unwrap());
    assert_eq!((hex::encode(bound.proof.label), bound.proof.generation), (log.label.clone(), log.generation));
    let epoch = bound.proof.epoch_entry(checkpoint.size, &checkpoint.root).unwrap();
    assert_ne!(bound.proof.epoch_entry(checkpoint.size + 1, &checkpoint.root).unwrap().leaf(), epoch.leaf());

    let platform = ledger.platform_log();
    let newest = platform.checkpoint().unwrap();
    let proof = platform.tlog_proof(epoch.number, newest.checkpoint.size, newest.note.parse().unwrap()).unwrap();
    let proof: TlogProof = proof.to_string().parse().unwrap();
    let signed = proof.verify(&epoch.leaf(), &[platform.verifier_key().unwrap()]).unwrap();
    assert_eq!(signed, newest.checkpoint);
    assert_eq!(platform.epoch(), Some(epoch));
    epoch
}

#[test]
fn an_epoch_binds_every_organization_and_shows_none_to_the_others() {
    let bench = Bench::new();
    let time = Time::default();
    time.set(1_000);
    let ledger = bench.open_with(time.settings(NEVER));
    assert_eq!(ledger.platform_log().checkpoint(), None);
    assert_eq!(ledger.platform_log().origin(), "logs.example/platform/1");
    for number in 0..5 {
        ledger.create(&organization(&format!("o{number}"))).unwrap();
    }
    assert_eq!(ledger.publish().unwrap(), []);
    assert_eq!((ledger.platform_log().size(), ledger.map_proof(0)), (0, None));
    for number in 0..4 {
        ledger.append(number, 0, &leaves(number.into(), 0..10)).unwrap();
    }
    ledger.publish().unwrap();
    let first: Vec<_> = (0..4).map(|number| ledger.map_proof(number).unwrap()).collect();
    for number in 0..4 {
        let epoch = check_bound(&ledger, number);
        assert_eq!((epoch.number, epoch.time), (0, 1_000));
    }
    assert_eq!(ledger.map_proof(4), None);
    time.set(2_000);
    ledger.append(2, 10, &leaves(2, 10..20)).unwrap();
    assert_eq!(ledger.publish().unwrap().len(), 1);
    for (number, first) in (0..4).zip(&first) {
        let epoch = check_bound(&ledger, number);
        assert_eq!((epoch.number, epoch.time), (1, 2_000));
        let second = ledger.map_proof(number).unwrap();
        // Nobody sees from the hashes who rests.
        assert_ne!(second.proof.salt, first.proof.salt);
        assert!(second.proof.path.iter().all(|hash| *hash == Hash::ZERO || !first.proof.path.contains(hash)));
        assert_eq!(second.checkpoint == first.checkpoint, number != 2);
    }
    // A clock that went back holds the last value.
    time.set(500);
    ledger.append(0, 10, &leaves(0, 10..11)).unwrap();
    ledger.publish().unwrap();
    assert_eq!(epoch_at(&ledger, 2).time, 2_000);
    assert_eq!(ledger.publish().unwrap(), []);
    assert_eq!(ledger.platform_log().size(), 3);
}

#[test]
fn an_idle_platform_gives_a_sign_of_life() {
    let bench = Bench::new();
    let ledger = bench.open_with(Time::default().settings(Duration::ZERO));
    for number in 0..3 {
        assert_eq!(ledger.publish().unwrap(), []);
        assert_eq!(epoch_at(&ledger, number).map_root, indelible_merkle::EMPTY_MAP);
    }
    ledger.create(&organization("a")).unwrap();
    ledger.append(0, 0, &leaves(0, 0..10)).unwrap();
    ledger.publish().unwrap();
    let signed = ledger.checkpoint(0);
    ledger.publish().unwrap();
    assert_eq!(ledger.checkpoint(0), signed, "who rests is not signed again");
    assert_eq!(check_bound(&ledger, 0).number, 4);
}

#[test]
fn a_restart_goes_on_where_the_platform_log_was() {
    let bench = Bench::new();
    let open = || bench.open_with(Time::default().settings(Duration::ZERO));
    let mut seen = Vec::new();
    // Over the ends of two files of entries, persisted at some times only.
    for (round, epochs) in [4_090, 10, 1, 0, 4_200, 3].into_iter().enumerate() {
        let ledger = open();
        ledger.append(0, 0, &leaves(0, 0..1)).ok();
        ledger.check_recovered().unwrap();
        assert_eq!(ledger.platform_log().checkpoint(), seen.last().cloned());
        if round == 0 {
            ledger.create(&organization("a")).unwrap();
            ledger.append(0, 0, &leaves(0, 0..1)).unwrap();
        } else {
            assert_eq!(check_bound(&ledger, 0).number + 1, ledger.platform_log().size());
        }
        for _ in 0..epochs {
            ledger.publish().unwrap();
            seen.push(ledger.platform_log().checkpoint().unwrap());
        }
        if round % 2 == 0 {
            ledger.persist().unwrap();
        }
    }
    let ledger = open();
    ledger.append(0, 0, &leaves(0, 0..1)).unwrap();
    ledger.check_recovered().unwrap();
    let platform = ledger.platform_log();
    let size = platform.size();
    let entries = platform.entries(0..size).unwrap();
    assert_eq!(entries.len(), seen.len());
    let roots = seen.last().unwrap().checkpoint.root;
    for (index, checkpoint) in (0..).zip(&seen).step_by(97) {
        assert_eq!(checkpoint.checkpoint.size, index + 1);
        let proof = platform.inclusion_proof(index, size).unwrap();
        verify_inclusion(&leaf_hash(&entries[index as usize]), index, size, &proof, &roots).unwrap();
        let proof = platform.consistency_proof(index + 1, size).unwrap();
        verify_consistency(index + 1, size, &proof, &checkpoint.checkpoint.root, &roots).unwrap();
    }
    assert_eq!(platform.entries(4_095..4_097).unwrap(), entries[4_095..4_097]);
    assert_eq!(platform.tile(0, 16, 5).unwrap().len(), 5 * 32);
    assert_eq!(platform.tile(1, 0, 16).unwrap().len(), 16 * 32);
    for (level, index, width) in [(0, size / 256, 256), (2, 0, 1), (63, 0, 1), (0, u64::MAX, 1)] {
        assert!(matches!(platform.tile(level, index, width), Err(LedgerError::Outside { .. })));
    }
    assert!(matches!(platform.entries(size..size + 1), Err(LedgerError::Outside { .. })));
    assert!(matches!(platform.inclusion_proof(size, size), Err(LedgerError::Outside { .. })));
}

/// A ledger of one organization with six epochs.
fn built() -> Bench {
    let bench = Bench::new();
    let ledger = bench.open_with(Time::default().settings(NEVER));
    ledger.create(&organization("a")).unwrap();
    for size in 0..6 {
        ledger.append(0, size, &leaves(0, size..size + 1)).unwrap();
        ledger.publish().unwrap();
    }
    drop(ledger);
    bench
}

fn reopen(bench: &Bench) -> Result<Ledger, String> {
    let ledger = bench.try_open().map_err(|error| error.to_string())?;
    ledger.append(0, 0, &leaves(0, 0..6)).unwrap();
    ledger.check_recovered().map_err(|error| error.to_string())?;
    Ok(ledger)
}

#[test]
fn every_altered_byte_of_the_platform_log_is_found() {
    let bench = built();
    let path = bench.path("ledger/platform/1").join("entries-0000000000000000");
    let bytes = fs::read(&path).unwrap();
    assert_eq!(bytes.len(), 6 * 69);
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 0x10;
        fs::write(&path, altered).unwrap();
        let message = reopen(&bench).map(|_| ()).expect_err("an altered byte was not found");
        assert!(message.contains("is damaged"), "byte {at}: {message}");
    }
    for length in 0..bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        let message = reopen(&bench).map(|_| ()).expect_err("a cut file was not found");
        assert!(message.contains("is missing or cut off, and 6 were signed"), "{message}");
    }
}

#[test]
fn what_is_behind_the_last_signed_entry_is_not_taken_for_one() {
    let check = |garbage: &dyn Fn(&[u8]) -> Vec<u8>| {
        let bench = built();
        let path = bench.path("ledger/platform/1").join("entries-0000000000000000");
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, [&bytes[..], &garbage(&bytes)].concat()).unwrap();
        for size in 6..9 {
            let ledger = bench.open();
            ledger.append(0, 0, &leaves(0, 0..size)).unwrap();
            ledger.check_recovered().unwrap();
            assert_eq!(ledger.platform_log().size(), size);
            ledger.append(0, size, &leaves(0, size..size + 1)).unwrap();
            ledger.publish().unwrap();
            assert_eq!(check_bound(&ledger, 0).number, size);
            let after = fs::read(&path).unwrap();
            assert!(after[(size as usize + 1) * 69..].iter().all(|byte| *byte == 0));
        }
    };
    check(&|_| vec![0; 100]);
    check(&|_| vec![0, 5, 1, 2]);
    check(&|_| vec![0xff; 700]);
    check(&|bytes| bytes[..69].to_vec());
    check(&|bytes| bytes[..6 * 69 - 1].to_vec());
}

#[test]
fn an_altered_entry_is_found_when_it_is_read() {
    let bench = built();
    let ledger = reopen(&bench).unwrap();
    let path = bench.path("ledger/platform/1").join("entries-0000000000000000");
    let mut bytes = fs::read(&path).unwrap();
    bytes[3 * 69 + 30] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(ledger.platform_log().entries(0..3).unwrap().len(), 3);
    assert!(matches!(ledger.platform_log().entries(0..6), Err(LedgerError::Damaged { entry: 3, .. })));
}

#[test]
fn checkpoints_that_do_not_fit_the_platform_log_are_refused() {
    let check = |change: &dyn Fn(&Bench, Vec<String>), expected: &str| {
        let bench = built();
        let text = fs::read_to_string(bench.path("ledger/checkpoints")).unwrap();
        let notes = Notes::new(&text).map(|note| note.unwrap().to_string()).collect();
        change(&bench, notes);
        let message = reopen(&bench).map(|_| ()).expect_err("it was accepted");
        assert!(message.contains(expected), "{message}");
    };
    let write = |bench: &Bench, text: String| fs::write(bench.path("ledger/checkpoints"), text).unwrap();
    check(&|bench, notes| write(bench, notes[0].clone()), "are not those that epoch 5 of the platform log binds");
    // Of an earlier epoch.
    let older = |bench: &Bench, mut notes: Vec<String>| {
        let ledger = reopen(bench).unwrap();
        notes[1] = ledger.sign_checkpoint(0, 3).unwrap().note;
        drop(ledger);
        write(bench, notes.concat());
    };
    check(&older, "are not those that epoch 5 of the platform log binds");
    let forgotten = |bench: &Bench, notes: Vec<String>| {
        reopen(bench).unwrap().persist().unwrap();
        write(bench, notes[1].clone());
    };
    check(&forgotten, "it has no checkpoint of logs.example/platform/1, and there was one");
    let rolled_back = |bench: &Bench, notes: Vec<String>| {
        let ledger = reopen(bench).unwrap();
        ledger.append(0, 6, &leaves(0, 6..7)).unwrap();
        ledger.publish().unwrap();
        ledger.persist().unwrap();
        write(bench, notes.concat());
    };
    check(&rolled_back, "only 6 were signed; an older file of checkpoints was put back");
    check(&|bench, _| fs::remove_dir_all(bench.path("ledger/platform")).unwrap(), "entry 0 is missing or cut off");
}

#[test]
fn whoever_finds_other_checkpoints_than_it_wrote_stops() {
    let bench = built();
    let ledger = reopen(&bench).unwrap();
    let path = bench.path("ledger/checkpoints");
    let old = fs::read(&path).unwrap();
    ledger.append(0, 6, &leaves(0, 6..7)).unwrap();
    ledger.publish().unwrap();
    fs::write(&path, old).unwrap();
    ledger.append(0, 7, &leaves(0, 7..8)).unwrap();
    let error = ledger.publish().unwrap_err();
    assert!(error.to_string().contains("another process uses this data directory"), "{error}");
    assert!(ledger.is_halted());
    assert!(matches!(ledger.publish(), Err(LedgerError::Halted)));
    assert!(matches!(ledger.append(0, 8, &leaves(0, 8..9)), Err(LedgerError::Halted)));
    assert_eq!(ledger.checkpoint(0).unwrap().checkpoint.size, 7, "what was not published is not seen");
    assert_eq!(ledger.platform_log().size(), 7);
}

/// Every size and root that was signed for the platform log, by anybody who could have seen it.
#[derive(Default)]
struct Seen {
    roots: BTreeMap<u64, Hash>,
    /// The largest that somebody was shown.
    shown: u64,
}

impl Seen {
    fn show(&mut self, ledger: &Ledger, context: &str) {
        let Some(newest) = ledger.platform_log().checkpoint() else { return };
        let Checkpoint { size, root, .. } = newest.checkpoint;
        self.add(size, root, context);
        assert!(size >= self.shown, "{context}: {size} after {}", self.shown);
        self.shown = size;
        for (&older, older_root) in &self.roots {
            if older < size {
                let proof = ledger.platform_log().consistency_proof(older, size).unwrap();
                verify_consistency(older, size, &proof, older_root, &root).unwrap();
            }
        }
    }

    fn add(&mut self, size: u64, root: Hash, context: &str) {
        let known = self.roots.insert(size, root);
        assert!(known.is_none_or(|known| known == root), "{context}: two roots at {size}");
    }

    /// Also what lies about unseen was signed.
    fn search(&mut self, disk: &FaultyDisk, context: &str) {
        for path in disk.names() {
            let file = disk.open(&path).unwrap();
            let mut bytes = vec![0; file.len().unwrap() as usize];
            file.read_at(&mut bytes, 0).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            let first = Notes::new(&text).next().and_then(Result::ok);
            let checkpoint = first.and_then(|note| note.text().parse::<Checkpoint>().ok());
            if let Some(checkpoint) = checkpoint.filter(|found| found.origin.ends_with("/platform/1")) {
                self.add(checkpoint.size, checkpoint.root, context);
            }
        }
    }
}

/// Lives until something fatal happens; returns how many leaves the organization has.
fn live(ledger: &Ledger, seen: &mut Seen, context: &str) {
    for _ in 0..3 {
        let size = ledger.size(0);
        if ledger.append(0, size, &leaves(0, size..size + 1)).is_err() {
            break;
        }
        for _ in 0..2 {
            let published = ledger.publish();
            seen.show(ledger, context);
            if published.is_ok() {
                break;
            }
        }
        if ledger.is_halted() {
            break;
        }
    }
}

/// Begins a platform while operation `nth` fails, is started again on what is left, and once more after power loss.
fn check_fault(nth: u64, fault: Fault) -> u64 {
    let context = format!("operation {nth} {fault:?}");
    let bench = Bench::new();
    let disk = FaultyDisk::new();
    disk.create_dir(&bench.path("ledger")).unwrap();
    let mut size = 0;
    let mut seen = Seen::default();
    let mut run = |disk: &FaultyDisk, seen: &mut Seen| {
        let settings = Settings { disk: Arc::new(disk.clone()), ..Time::default().settings(NEVER) };
        let Ok(ledger) = Ledger::open_with(&bench.path("ledger"), &bench.path("keys"), "logs.example", settings) else {
            panic!("{context}: does not open");
        };
        ledger.create(&organization("a")).unwrap();
        ledger.append(0, 0, &leaves(0, 0..size)).unwrap();
        if ledger.check_recovered().is_ok() {
            seen.show(&ledger, &context);
            live(&ledger, seen, &context);
        }
        size = ledger.size(0);
    };
    let before = disk.operations();
    disk.fail_at(nth, fault);
    run(&disk, &mut seen);
    let operations = disk.operations() - before;
    seen.search(&disk, &context);
    let mut random = SmallRng::seed_from_u64(nth);
    let cut = disk.cut_power(&mut random);
    if nth.is_multiple_of(2) {
        disk.heal();
        run(&disk, &mut seen);
        seen.search(&disk, &context);
        run(&disk.cut_power(&mut random), &mut seen);
    } else {
        seen.search(&cut, &context);
        // The machine starts again and loses power at once.
        run(&cut, &mut seen);
        run(&cut.cut_power(&mut random), &mut seen);
    }
    assert!(seen.shown >= 2, "{context}");
    operations
}

#[test]
fn no_two_roots_are_signed_for_one_size_whatever_fails() {
    let operations = check_fault(u64::MAX / 2, Fault::Lost);
    assert!(operations >= 20, "{operations}");
    for fault in Fault::ALL {
        for nth in 0..operations + 2 {
            check_fault(nth, fault);
        }
    }
}
