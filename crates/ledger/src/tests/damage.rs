use super::*;
use crate::RollbackError;

/// Two logs of 600 and 3 leaves, persisted and published; the second was published at 2.
fn built() -> Bench {
    let bench = Bench::new();
    let ledger = bench.open();
    ledger.create(&organization("a")).unwrap();
    ledger.create(&organization("b")).unwrap();
    ledger.append(0, 0, &leaves(0, 0..600)).unwrap();
    ledger.append(1, 0, &leaves(1, 0..2)).unwrap();
    ledger.publish().unwrap();
    ledger.append(1, 2, &leaves(1, 2..3)).unwrap();
    ledger.persist().unwrap();
    drop(ledger);
    bench.open().check_recovered().unwrap();
    bench
}

/// What opening and checking says after `change`.
fn check(change: impl FnOnce(&Bench, &Path, &Path), expected: &str) {
    let bench = built();
    let ledger = bench.open();
    let (a, b) = (bench.log(&ledger, "a"), bench.log(&ledger, "b"));
    drop(ledger);
    change(&bench, &a, &b);
    let after = bench.snapshot();
    let error = match bench.try_open() {
        Ok(ledger) => ledger.check_recovered().map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let message = error.expect_err("damage was not found").replace(bench.data.path().to_str().unwrap(), "DIR");
    assert!(message.contains(expected), "{message}");
    assert_eq!(bench.snapshot(), after, "opening changed something");
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn cut(path: &Path, length: u64) {
    fs::File::options().write(true).open(path).unwrap().set_len(length).unwrap();
}

#[test]
fn lost_keys_are_not_made_anew() {
    let missing = "is missing, and there are logs that need it; put it back from a backup";
    check(|bench, _, _| fs::remove_file(bench.path("keys/checkpoint.key")).unwrap(), missing);
    check(|bench, _, _| fs::remove_file(bench.path("keys/label.key")).unwrap(), missing);
    check(|bench, _, _| fs::remove_dir_all(bench.path("keys")).unwrap(), missing);
    check(|_, a, _| fs::remove_file(a.join("salt.key")).unwrap(), missing);
}

#[test]
fn exchanged_keys_are_noticed() {
    let other = format!("{}\n", "ab".repeat(32));
    let write = |path: PathBuf| fs::write(path, &other).unwrap();
    check(|bench, _, _| write(bench.path("keys/checkpoint.key")), "put the old one back");
    check(|bench, _, _| write(bench.path("keys/label.key")), "use the ones it was made with");
    check(|_, a, _| write(a.join("salt.key")), "whose commitment stands in organization.json");
    check(
        |bench, _, _| fs::write(bench.path("keys/label.key"), "short").unwrap(),
        "not a key of 64 lowercase hex digits",
    );
    check(|bench, _, _| fs::write(bench.path("keys/label.key"), "AB".repeat(32)).unwrap(), "not a key of 64");
    check(|_, a, _| fs::write(a.join("salt.key"), [0xff; 65]).unwrap(), "not a key of 64");
}

#[test]
fn a_lost_ledger_is_not_begun_anew_with_its_old_keys() {
    let expected = "holds no ledger, and DIR/keys holds keys of one";
    check(|bench, _, _| fs::remove_dir_all(bench.path("ledger")).unwrap(), expected);
}

#[test]
fn a_lost_or_damaged_state_file_is_noticed() {
    check(|bench, _, _| fs::remove_file(bench.path("ledger/state")).unwrap(), "state is damaged: it is missing");
    check(|bench, _, _| fs::write(bench.path("ledger/state"), "").unwrap(), "checksum");
    check(|bench, _, _| fs::write(bench.path("ledger/state"), [0xff]).unwrap(), "not text");
    let bench = built();
    let path = bench.path("ledger/state");
    let text = fs::read(&path).unwrap();
    for at in 0..text.len() {
        flip(&path, at);
        assert!(bench.try_open().is_err(), "byte {at}");
        fs::write(&path, &text[..at]).unwrap();
        assert!(bench.try_open().is_err(), "cut at {at}");
        fs::write(&path, &text).unwrap();
    }
}

#[test]
fn damaged_checkpoints_are_noticed() {
    let bench = built();
    let path = bench.path("ledger/checkpoints");
    let text = fs::read(&path).unwrap();
    for at in 0..text.len() {
        flip(&path, at);
        assert!(matches!(bench.try_open(), Err(OpenError::Damaged { .. })), "byte {at}");
        fs::write(&path, &text).unwrap();
    }
    bench.open().check_recovered().unwrap();
}

#[test]
fn lost_and_damaged_hashes_are_noticed() {
    check(|_, a, _| cut(&a.join("0"), 600 * 32 - 1), "has 19199 bytes and 19200 were written down");
    check(|_, a, _| fs::remove_file(a.join("1")).unwrap(), "has 0 bytes and 64 were written down");
    check(|_, a, _| fs::remove_file(a.join("0")).unwrap(), "put the file back from a backup");
    check(|_, a, _| flip(&a.join("1"), 40), "do not give the root that 600 entries had");
    check(|_, a, _| flip(&a.join("0"), 600 * 32 - 1), "do not give the root that 600 entries had");
}

#[test]
fn lost_and_foreign_folders_are_noticed() {
    check(|_, _, b| fs::remove_dir_all(b).unwrap(), "whose folder is gone");
    check(|_, a, _| fs::remove_dir_all(a.parent().unwrap()).unwrap(), "the log numbered 0 is gone");
    check(|_, a, _| fs::write(a.join("organization.json"), "{}").unwrap(), "missing field");
    check(
        |_, a, b| _ = fs::copy(b.join("organization.json"), a.join("organization.json")).unwrap(),
        "belongs into a folder",
    );
    let rewrite = |path: &Path, from: &str, to: &str| {
        let text = fs::read_to_string(path.join("organization.json")).unwrap();
        assert!(text.contains(from));
        fs::write(path.join("organization.json"), text.replace(from, to)).unwrap();
    };
    check(|_, _, b| rewrite(b, "\"number\": 1", "\"number\": 2"), "numbered 1 is gone");
    check(|_, _, b| rewrite(b, "\"number\": 1", "\"number\": 0"), "two have one number");
    check(|_, _, b| rewrite(b, "organization/v1", "organization/v2"), "its format is");
    check(|_, _, b| rewrite(b, "organization.b", "organization.c"), "use the ones it was made with");
    let bench = built();
    let renamed = Ledger::open(&bench.path("ledger"), &bench.path("keys"), "other.example");
    assert!(matches!(renamed, Err(OpenError::OtherLog { .. })));
    for platform in ["", "two words", "a+b", &"x".repeat(401)] {
        let refused = Ledger::open(&bench.path("ledger"), &bench.path("keys"), platform);
        assert!(matches!(refused, Err(OpenError::Platform(_))), "{platform:?}");
    }
}

#[test]
fn what_a_crash_leaves_is_not_damage() {
    let bench = built();
    let ledger = bench.open();
    let (a, b) = (bench.log(&ledger, "a"), bench.log(&ledger, "b"));
    drop(ledger);
    // Hashes written but never synced, whole, torn and wild; a staged file; a folder never finished.
    for (path, bytes) in [(a.join("0"), vec![7; 100]), (b.join("0"), vec![9; 32 * 400]), (b.join("1"), vec![1; 31])] {
        let found = fs::read(&path).unwrap_or_default();
        fs::write(&path, [found, bytes].concat()).unwrap();
    }
    fs::write(bench.path("ledger/.staged#17"), "half").unwrap();
    fs::create_dir_all(bench.path("ledger").join("0".repeat(32)).join("1")).unwrap();
    fs::create_dir_all(bench.path("ledger").join("lost+found")).unwrap();
    let ledger = bench.open();
    assert_eq!((ledger.size(0), ledger.size(1)), (600, 3));
    ledger.append(1, 3, &leaves(1, 3..700)).unwrap();
    ledger.check_recovered().unwrap();
    ledger.persist().unwrap();
    drop(ledger);
    let ledger = bench.open();
    assert_eq!(ledger.root_at(1, 700).unwrap(), naive_root(&leaves(1, 0..700)));
}

#[test]
fn a_roll_back_is_refused() {
    let bench = Bench::new();
    let ledger = bench.open();
    ledger.create(&organization("a")).unwrap();
    ledger.append(0, 0, &leaves(0, 0..600)).unwrap();
    ledger.persist().unwrap();
    ledger.append(0, 600, &leaves(0, 600..900)).unwrap();
    ledger.publish().unwrap();
    drop(ledger);
    let recover = |replayed: Vec<Hash>| {
        let ledger = bench.open();
        ledger.append(0, 600, &replayed).unwrap();
        ledger.check_recovered().map_err(|error| (error.to_string(), ledger.publish().is_err(), error))
    };
    // The journal lost its tail.
    let (message, refused, error) = recover(leaves(0, 600..899)).unwrap_err();
    assert!(matches!(error, RollbackError::Shorter { signed: 900, size: 899, .. }));
    assert!(message.contains("ri.indelible..organization.a") && refused, "{message}");
    recover(Vec::new()).unwrap_err();
    // Or was rewritten, at the end or long before.
    for altered in [0, 200, 299] {
        let mut replayed = leaves(0, 600..1_000);
        replayed[altered] = leaf(9, 9);
        let (message, refused, error) = recover(replayed).unwrap_err();
        assert!(matches!(error, RollbackError::OtherRoot { signed: 900, size: 1_000, .. }));
        assert!(message.contains("entries were altered") && refused, "{message}");
    }
    recover(leaves(0, 600..900)).unwrap();
    recover(leaves(0, 600..1_000)).unwrap();
}
