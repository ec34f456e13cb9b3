use super::*;
use crate::LedgerError;
use crate::{Previous, Settings};
use indelible_event::entry::SaltKey;
use indelible_merkle::{
    Checkpoint, Hashes as _, Note, Notes, TileCache, inclusion_proof, verify_consistency, verify_inclusion,
    verify_range,
};
use std::{os::unix::fs::PermissionsExt as _, sync::Arc};

#[test]
fn a_new_ledger_makes_its_keys_and_keeps_them() {
    let bench = Bench::new();
    let ledger = bench.open();
    let key = ledger.verifier_key("logs.example/x/1").unwrap();
    let label = ledger.label_of(&organization("acme"));
    for name in ["checkpoint.key", "label.key"] {
        let path = bench.path("keys").join(name);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap().len(), 65);
    }
    drop(ledger);
    let again = bench.open();
    assert_eq!(again.verifier_key("logs.example/x/1").unwrap(), key);
    assert_eq!(again.label_of(&organization("acme")), label);
    assert_ne!(Bench::new().open().label_of(&organization("acme")), label);
}

#[test]
fn an_organization_is_created_once_and_stays() {
    let bench = Bench::new();
    let ledger = bench.open();
    assert_eq!(ledger.find(&organization("a")).map(|log| log.number), None);
    let a = ledger.create(&organization("a")).unwrap();
    let b = ledger.create(&organization("b")).unwrap();
    assert_eq!((a.number, b.number, a.generation), (0, 1, 1));
    assert_eq!(a.label.len(), 32);
    assert_eq!(a.origin, format!("logs.example/{}/1", a.label));
    assert_ne!(a.salt_key.commitment(), b.salt_key.commitment());
    assert!(Arc::ptr_eq(&ledger.create(&organization("a")).unwrap(), &a));
    assert_eq!(SaltKey::new(ledger.salt_key_bytes(0).unwrap()).commitment(), a.salt_key.commitment());
    // A process killed now, without any call to persist.
    std::mem::forget(ledger);
    let again = bench.open();
    let logs = again.organizations();
    assert_eq!(logs.iter().map(|log| log.number).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(logs[0].salt_key.commitment(), a.salt_key.commitment());
    assert_eq!((&logs[1].organization, &logs[1].origin), (&b.organization, &b.origin));
    assert_eq!(again.create(&organization("c")).unwrap().number, 2);
    let mode = |name: &str| fs::metadata(bench.log(&again, "a").join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("salt.key"), mode("organization.json")), (0o600, 0o600));
}

#[test]
fn a_creation_that_was_stopped_is_finished_by_the_next() {
    let bench = Bench::new();
    let ledger = bench.open();
    let made = ledger.create(&organization("a")).unwrap();
    let folder = bench.log(&ledger, "a");
    drop(ledger);
    // Stopped before the last step.
    fs::remove_file(folder.join("organization.json")).unwrap();
    let ledger = bench.open();
    assert!(ledger.organizations().is_empty());
    let again = ledger.create(&organization("a")).unwrap();
    assert_eq!(again.salt_key.commitment(), made.salt_key.commitment());
    drop(ledger);
    // Stopped before the key.
    fs::remove_file(folder.join("organization.json")).unwrap();
    fs::remove_file(folder.join("salt.key")).unwrap();
    assert_eq!(bench.open().create(&organization("a")).unwrap().number, 0);
}

#[test]
fn leaves_are_appended_without_gaps_and_replayed_without_harm() {
    let bench = Bench::new();
    let ledger = bench.open();
    ledger.create(&organization("a")).unwrap();
    assert_eq!(ledger.append(0, 0, &leaves(0, 0..10)).unwrap(), 10);
    assert_eq!(ledger.append(0, 4, &leaves(0, 4..7)).unwrap(), 10);
    assert_eq!(ledger.append(0, 4, &leaves(0, 4..12)).unwrap(), 12);
    assert_eq!(ledger.append(0, 12, &[]).unwrap(), 12);
    assert!(matches!(ledger.append(0, 13, &[leaf(0, 13)]), Err(LedgerError::Gap { size: 12, first: 13, .. })));
    assert!(matches!(ledger.append(0, u64::MAX, &[leaf(0, 13)]), Err(LedgerError::Gap { .. })));
    assert!(matches!(ledger.append(1, 0, &[]), Err(LedgerError::UnknownOrganization(1))));
    assert_eq!(ledger.root_at(0, 12).unwrap(), naive_root(&leaves(0, 0..12)));
    assert_eq!((ledger.size(0), ledger.size(1), ledger.persisted_size(0)), (12, 0, 0));
}

#[test]
fn a_restart_finds_what_was_persisted_and_takes_the_rest_from_the_journal() {
    let bench = Bench::new();
    let ledger = bench.open();
    ledger.create(&organization("a")).unwrap();
    ledger.create(&organization("b")).unwrap();
    ledger.append(0, 0, &leaves(0, 0..1_000)).unwrap();
    ledger.persist().unwrap();
    assert_eq!((ledger.persisted_size(0), ledger.persisted_size(1)), (1_000, 0));
    ledger.append(0, 1_000, &leaves(0, 1_000..1_300)).unwrap();
    ledger.append(1, 0, &leaves(1, 0..3)).unwrap();
    drop(ledger);
    let ledger = bench.open();
    assert_eq!((ledger.size(0), ledger.size(1)), (1_000, 0));
    ledger.append(0, 900, &leaves(0, 900..1_300)).unwrap();
    ledger.append(1, 0, &leaves(1, 0..3)).unwrap();
    assert_eq!(ledger.root_at(0, 1_300).unwrap(), naive_root(&leaves(0, 0..1_300)));
    assert_eq!(ledger.root_at(1, 3).unwrap(), naive_root(&leaves(1, 0..3)));
    ledger.persist().unwrap();
    let before = bench.snapshot();
    ledger.persist().unwrap();
    assert_eq!(bench.snapshot(), before);
}

#[test]
fn only_logs_that_grew_are_signed_again_and_all_are_remembered() {
    let bench = Bench::new();
    let ledger = bench.open();
    for name in ["a", "b", "c"] {
        ledger.create(&organization(name)).unwrap();
    }
    assert!(ledger.publish().unwrap().is_empty());
    assert_eq!(ledger.checkpoint(0), None);
    ledger.append(0, 0, &leaves(0, 0..5)).unwrap();
    ledger.append(1, 0, &leaves(1, 0..1)).unwrap();
    let published = ledger.publish().unwrap();
    assert_eq!(published.iter().map(|published| published.number).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(ledger.checkpoint(0).unwrap(), published[0].signed);
    assert_eq!(published[0].signed.checkpoint.root, naive_root(&leaves(0, 0..5)));
    let written = fs::metadata(bench.path("ledger/checkpoints")).unwrap().modified().unwrap();
    assert!(ledger.publish().unwrap().is_empty());
    assert_eq!(fs::metadata(bench.path("ledger/checkpoints")).unwrap().modified().unwrap(), written);
    ledger.append(1, 1, &leaves(1, 1..2)).unwrap();
    assert_eq!(ledger.publish().unwrap().len(), 1);

    let text = fs::read_to_string(bench.path("ledger/checkpoints")).unwrap();
    let notes: Vec<_> = Notes::new(&text).collect::<Result<_, _>>().unwrap();
    assert_eq!(notes.len(), 3);
    assert_eq!(notes[0].to_string(), ledger.platform_log().checkpoint().unwrap().note);
    for (number, note) in (0..).zip(&notes[1..]) {
        let origin = &ledger.get(number).unwrap().origin;
        let key: indelible_merkle::VerifierKey = ledger.verifier_key(origin).unwrap().to_string().parse().unwrap();
        assert_eq!(Checkpoint::open(note, &[key]).unwrap(), ledger.checkpoint(number).unwrap().checkpoint);
        assert_eq!(note.to_string(), ledger.checkpoint(number).unwrap().note);
    }
    let remembered = ledger.checkpoint(1);
    drop(ledger);
    let ledger = bench.open();
    assert_eq!(ledger.checkpoint(1), remembered);
    assert_eq!(ledger.checkpoint(2), None);
}

#[test]
fn a_checkpoint_that_could_not_be_written_is_not_seen() {
    let bench = Bench::new();
    let ledger = bench.open();
    ledger.create(&organization("a")).unwrap();
    ledger.append(0, 0, &leaves(0, 0..5)).unwrap();
    // A folder in its place cannot be replaced by a file.
    fs::create_dir(bench.path("ledger/checkpoints")).unwrap();
    assert!(matches!(ledger.publish(), Err(LedgerError::Checkpoints(_))));
    assert!(!ledger.is_halted());
    assert_eq!(ledger.checkpoint(0), None);
    assert!(ledger.sign_checkpoint(0, 5).is_err());
    fs::remove_dir(bench.path("ledger/checkpoints")).unwrap();
    assert_eq!(ledger.publish().unwrap().len(), 1);
    assert_eq!(ledger.checkpoint(0).unwrap().checkpoint.size, 5);
}

#[test]
fn nothing_is_signed_between_opening_and_the_check() {
    let bench = Bench::new();
    let ledger = bench.open();
    ledger.create(&organization("a")).unwrap();
    ledger.append(0, 0, &leaves(0, 0..5)).unwrap();
    ledger.publish().unwrap();
    ledger.persist().unwrap();
    drop(ledger);
    let ledger = bench.open();
    ledger.append(0, 5, &leaves(0, 5..9)).unwrap();
    assert!(matches!(ledger.publish(), Err(LedgerError::Unchecked)));
    assert!(matches!(ledger.sign_checkpoint(0, 4), Err(LedgerError::Unchecked)));
    ledger.check_recovered().unwrap();
    assert_eq!(ledger.publish().unwrap().len(), 1);
}

#[test]
fn a_checkpoint_for_a_manifest_is_official_first() {
    let bench = Bench::new();
    let ledger = bench.open();
    let log = ledger.create(&organization("a")).unwrap();
    ledger.append(0, 0, &leaves(0, 0..700)).unwrap();
    let signed = ledger.sign_checkpoint(0, 600).unwrap();
    assert_eq!(ledger.checkpoint(0).unwrap().checkpoint.size, 700);
    assert_eq!(signed.checkpoint, Checkpoint::new(&log.origin, 600, naive_root(&leaves(0, 0..600))));
    let note: Note = signed.note.parse().unwrap();
    assert_eq!(Checkpoint::open(&note, &[ledger.verifier_key(&log.origin).unwrap()]).unwrap(), signed.checkpoint);
    assert!(matches!(ledger.sign_checkpoint(0, 701), Err(LedgerError::Outside { .. })));
    let manifest = ledger.sign_note(&log.origin, "some lines\n").unwrap();
    manifest.verify(&[ledger.verifier_key(&log.origin).unwrap()]).unwrap();
    assert!(matches!(ledger.sign_note("two words", "text\n"), Err(LedgerError::Note(_))));
}

#[test]
fn proofs_come_from_memory_and_files_alike() {
    let bench = Bench::new();
    let ledger = bench.open();
    ledger.create(&organization("a")).unwrap();
    let all = leaves(0, 0..70_000);
    for (i, part) in all.chunks(7_001).enumerate() {
        ledger.append(0, i as u64 * 7_001, part).unwrap();
    }
    let check = |sizes: &[u64]| {
        for &size in sizes {
            let root = naive_root(&all[..size as usize]);
            assert_eq!(ledger.root_at(0, size).unwrap(), root);
            for index in [0, 1.min(size - 1), size / 3, size - 1] {
                let proof = ledger.inclusion_proof(0, index, size).unwrap();
                assert_eq!(ledger.leaf(0, index).unwrap(), all[index as usize]);
                verify_inclusion(&all[index as usize], index, size, &proof, &root).unwrap();
                let older = ledger.root_at(0, index).unwrap();
                let proof = ledger.consistency_proof(0, index, size).unwrap();
                verify_consistency(index, size, &proof, &older, &root).unwrap();
                let end = (index + 500).min(size);
                let proof = ledger.range_proof(0, index..end, size).unwrap();
                let run = ledger.hashes(0, 0, index..end).unwrap();
                verify_range(index..end, run, size, &proof, &root).unwrap();
            }
        }
        let cache = TileCache::new(ledger.reader(0).unwrap(), 70_000);
        for index in (0..70_000).step_by(3_333) {
            let proof = inclusion_proof(&cache, index, 70_000).unwrap();
            assert_eq!(proof, ledger.inclusion_proof(0, index, 70_000).unwrap());
        }
    };
    check(&[1, 69_999, 70_000]);
    ledger.persist().unwrap();
    check(&[256, 65_536, 70_000]);
    // The hashes in the files stand where the format says.
    for level in 0..3_u8 {
        let bytes = fs::read(bench.log(&ledger, "a").join(level.to_string())).unwrap();
        assert_eq!(bytes.len() as u64, (70_000 >> (8 * level)) * 32);
        let width = (bytes.len() / 32).min(256);
        assert_eq!(ledger.tile(0, level, 0, width as u16).unwrap(), bytes[..32 * width]);
    }
    assert_eq!(ledger.tile(0, 0, 273, 112).unwrap().len(), 112 * 32);
    assert_eq!(ledger.tile(0, 1, 1, 17).unwrap().len(), 17 * 32);
    for (level, index, width) in [(0, 273, 113), (0, 274, 1), (1, 1, 18), (3, 0, 1), (63, 0, 1), (0, u64::MAX, 256)] {
        assert!(
            matches!(ledger.tile(0, level, index, width), Err(LedgerError::Outside { .. })),
            "{level} {index} {width}"
        );
    }
    assert!(matches!(ledger.leaf(0, 70_000), Err(LedgerError::Outside { size: 70_000, .. })));
    assert!(matches!(ledger.root_at(0, 70_001), Err(LedgerError::Outside { .. })));
    assert!(matches!(ledger.inclusion_proof(0, 5, 5), Err(LedgerError::Outside { .. })));
    assert!(matches!(ledger.inclusion_proof(0, 5, 70_001), Err(LedgerError::Outside { .. })));
    assert!(matches!(ledger.consistency_proof(0, 6, 5), Err(LedgerError::Outside { .. })));
    assert!(matches!(ledger.leaf(7, 0), Err(LedgerError::UnknownOrganization(7))));
    assert_eq!(ledger.reader(0).unwrap().tile_hash(1, 272).unwrap(), naive_root(&all[272 * 256..273 * 256]));
}

#[test]
fn a_ledger_that_cannot_write_stops() {
    let bench = Bench::new();
    let ledger = bench.open();
    ledger.create(&organization("a")).unwrap();
    ledger.append(0, 0, &leaves(0, 0..5)).unwrap();
    fs::create_dir(bench.log(&ledger, "a").join("0")).unwrap();
    assert!(matches!(ledger.persist(), Err(LedgerError::Io { .. })));
    assert!(matches!(ledger.persist(), Err(LedgerError::Halted)));
    assert!(matches!(ledger.append(0, 5, &leaves(0, 5..6)), Err(LedgerError::Halted)));
    assert_eq!((ledger.size(0), ledger.persisted_size(0)), (5, 0));
}

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/v1");

#[test]
fn a_ledger_of_version_1_opens() {
    let bench = Bench::new();
    for (path, bytes) in files_below(Path::new(EXAMPLE)) {
        let path = bench.data.path().join(path.strip_prefix(EXAMPLE).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let ledger = bench.open();
    ledger.check_recovered().unwrap();
    let log = ledger.find(&organization("acme")).unwrap();
    assert_eq!((log.number, ledger.persisted_size(0)), (0, 260));
    assert_eq!(ledger.root_at(0, 258).unwrap(), naive_root(&leaves(0, 0..258)));
    assert_eq!(ledger.checkpoint(0).unwrap().checkpoint.size, 260);
    // The values that docs/formats/ledger.md shows.
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats/ledger.md")).unwrap();
    let shown = [
        log.label.clone(),
        hex::encode(log.salt_key.commitment()),
        ledger.verifier_key(&log.origin).unwrap().to_string(),
        ledger.checkpoint(0).unwrap().note.clone(),
        fs::read_to_string(bench.log(&ledger, "acme").join("organization.json")).unwrap(),
        fs::read_to_string(bench.path("ledger/state")).unwrap(),
    ];
    for shown in shown {
        assert!(page.contains(&shown), "the page does not show {shown}");
    }
}

/// Made the committed example; another version gets a folder of its own.
#[test]
#[ignore = "writes into the source tree"]
fn write_an_example() {
    let bench = Bench::new();
    let ledger = bench.open();
    ledger.create(&organization("acme")).unwrap();
    ledger.append(0, 0, &leaves(0, 0..260)).unwrap();
    ledger.publish().unwrap();
    ledger.persist().unwrap();
    drop(ledger);
    for (path, bytes) in bench.snapshot() {
        let path = Path::new(EXAMPLE).join(path.strip_prefix(bench.data.path()).unwrap());
        assert!(!path.exists(), "an example is never replaced");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn a_rebuilt_ledger_begins_the_next_generation_with_the_old_keys() {
    let bench = Bench::new();
    let old = bench.open();
    let first = old.create(&organization("a")).unwrap();
    old.append(first.number, 0, &leaves(0, 0..5)).unwrap();
    let root = old.root_at(first.number, 5).unwrap();
    drop(old);
    fs::remove_dir_all(bench.path("ledger")).unwrap();
    assert!(matches!(bench.try_open(), Err(OpenError::LedgerMissing { .. })));

    let open =
        || Ledger::open_generation(&bench.path("ledger"), &bench.path("keys"), "logs.example", 2, Settings::default());
    let ledger = open().unwrap();
    let previous = Previous { origin: first.origin.clone(), size: 5, root, witnessed_size: 7 };
    let second = ledger.reopen(&organization("a"), previous.clone()).unwrap();
    assert_eq!((second.generation, &second.label, second.number), (2, &first.label, 0));
    assert_eq!(second.origin.strip_suffix("/2"), first.origin.strip_suffix("/1"));
    assert_ne!(second.salt_key.commitment(), first.salt_key.commitment(), "salts are never used for two entries");
    assert_eq!(second.previous, Some(previous.clone()));
    let new = ledger.create(&organization("b")).unwrap();
    assert_eq!((new.generation, &new.previous), (2, &None));
    // Once is enough.
    let again = ledger.reopen(&organization("a"), Previous { size: 6, ..previous.clone() }).unwrap();
    assert_eq!(again.previous, Some(previous.clone()));
    drop(ledger);
    assert_eq!(open().unwrap().find(&organization("a")).unwrap().previous, Some(previous));
    assert!(matches!(bench.try_open(), Err(OpenError::OtherLog { .. })), "one data directory is of one generation");
}
