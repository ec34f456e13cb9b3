#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, TimestampMicrosecondArray, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use expect_test::{Expect, expect};
use indelible_event::control::{self, Dropped, Genesis, PreviousGeneration};
use indelible_merkle::root;
use indelible_storage::Bucket;
use parquet::arrow::ArrowWriter;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::*;
use crate::layout;
use crate::log::Log as _;
use crate::manifest::{Manifest, ObjectFacts};
use crate::rows::RowEncoder;
use crate::source::{BucketSource, FolderSource};
use crate::testing::{TestLog, archive, wait};

const ALPHA: &str = "ri.indelible..organization.alpha";
const BETA: &str = "ri.indelible..organization.beta";

/// An archive in a folder of its own.
struct Scene {
    _folder: TempDir,
    path: PathBuf,
    logs: Vec<TestLog>,
}

impl Scene {
    fn new(organizations: &[&str], runs: &[usize]) -> Scene {
        Scene::of(organizations.iter().map(|organization| TestLog::new(organization, 1)).collect(), runs)
    }

    fn of(mut logs: Vec<TestLog>, runs: &[usize]) -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        archive(&path, &mut logs, runs);
        Scene { path, _folder: folder, logs }
    }

    fn verify(&self, options: &Options) -> Report {
        let report = verify(&self.path, options, &|_| ());
        assert_same(&report, &self.verify_bucket(options));
        report
    }

    /// The same archive, read as any bucket is.
    fn verify_bucket(&self, options: &Options) -> Report {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let bucket = Bucket::local(&self.path).unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let archive = BucketSource::new(bucket, runtime.handle().clone(), scratch.path());
        let report = verify_source(&archive, options, &|_| ());
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
        report
    }

    /// All objects and their bytes.
    fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let mut seen = walk::Seen::default();
        let names = walk::objects(&FolderSource::new(&self.path), "", &mut seen).into_keys();
        let names = names.filter(|name| !name.starts_with(".staging"));
        names.map(|name| (name.clone(), fs::read(self.path.join(name)).unwrap())).collect()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Where an archive is read from makes no difference.
fn assert_same(one: &Report, other: &Report) {
    let facts = |report: &Report| {
        let mut findings: Vec<_> = report.findings.iter().map(|finding| finding.message.clone()).collect();
        findings.sort();
        let counts = (report.entries, report.canonical_bytes, report.bytes, report.problems.len());
        (report.outcome, findings, counts, format!("{:?} {:?}", report.logs, report.platform))
    };
    assert_eq!(facts(one), facts(other));
}

/// The label stands for the organization everywhere and is 32 digits long.
fn short(text: &str) -> String {
    let mut short = text.to_owned();
    while let Some(at) = short.find("0000000000000000000000000") {
        short.replace_range(at..at + 25, "");
    }
    short
}

fn check(report: &Report, expected: Expect) {
    let mut text = format!("{:?}: {}\n", report.outcome, report.summary);
    for finding in &report.findings {
        text +=
            &short(&format!("{:?} {:?}-{:?} {}\n", finding.code, finding.first_seq, finding.last_seq, finding.message));
    }
    for problem in &report.problems {
        text += &format!("problem: {}\n", problem.message);
    }
    expected.assert_eq(&text);
}

#[test]
fn an_untouched_archive_is_internally_consistent() {
    let scene = Scene::new(&[ALPHA, BETA], &[300, 1, 5]);
    let report = scene.verify(&Options::default());
    check(
        &report,
        expect![[r#"
        Verified: internally consistent; signed by audit.example+50362a0f+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c taken from this archive, not checked against a key you hold, nor for a cut tail
    "#]],
    );
    assert_eq!((report.entries, report.logs.len(), report.exit_code()), (612, 2, 0));
    assert_eq!(report.logs[0].root, Some(root(&scene.logs[0], 306).unwrap().to_string()));
    let strict = scene.verify(&Options { strict: true, ..Options::default() });
    assert_eq!((strict.outcome, strict.exit_code()), (Outcome::Unknown, 2));
}

#[test]
fn a_key_that_is_held_makes_it_verified() {
    let scene = Scene::new(&[ALPHA, BETA], &[3, 2]);
    let keys = vec![scene.logs[0].platform_key()];
    let report = scene.verify(&Options { keys, strict: true, ..Options::default() });
    check(
        &report,
        expect![[r#"
        Verified: verified, signed by a key you hold; a cut tail shows only against a checkpoint you kept (--since)
    "#]],
    );
    // The key of one log has another name and is the same key.
    let keys = vec![scene.logs[0].info().key.clone()];
    assert_eq!(scene.verify(&Options { keys, ..Options::default() }).outcome, Outcome::Verified);
}

#[test]
fn signed_again_with_another_key_only_a_held_key_notices() {
    let forged = Scene::of(vec![TestLog::new(ALPHA, 2)], &[3, 2]);
    assert_eq!(forged.verify(&Options::default()).outcome, Outcome::Verified);
    let keys = vec![TestLog::new(ALPHA, 1).platform_key()];
    check(
        &forged.verify(&Options { keys, ..Options::default() }),
        expect![[r#"
            NotVerified: not verified: 3 findings
            OtherKey None-None platform/generations/1: is signed with audit.example/generations+99f5d6df+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU, which is none of the keys given
            OtherKey Some(0)-Some(2) organizations/0000000000000000000000003c77ab44/1/manifest/0000000000000000-0000000000000002 (entries 0 to 2 of ri.indelible..organization.alpha): is signed with audit.example/0000000000000000000000003c77ab44/1+a1e6835f+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU, which is none of the keys given
            OtherKey Some(3)-Some(4) organizations/0000000000000000000000003c77ab44/1/manifest/0000000000000003-0000000000000004 (entries 3 to 4 of ri.indelible..organization.alpha): is signed with audit.example/0000000000000000000000003c77ab44/1+a1e6835f+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU, which is none of the keys given
        "#]],
    );
}

#[test]
fn every_single_byte_counts() {
    let scene = Scene::new(&[ALPHA], &[3]);
    let flips: Vec<(String, Vec<u8>)> = scene.objects().into_iter().collect();
    let bytes: usize = flips.iter().map(|(_, bytes)| bytes.len()).sum();
    for (name, bytes) in &flips {
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            // Another bit each time, so that all kinds of changes occur.
            changed[at] ^= 1 << (at % 8);
            scene.write(name, &changed);
            let report = verify(&scene.path, &Options { threads: 1, ..Options::default() }, &|_| ());
            assert_eq!(report.outcome, Outcome::NotVerified, "{name} at {at}");
            let named = report.findings.iter().any(|finding| finding.object.as_ref() == Some(name));
            assert!(named, "{name} at {at}: {report}");
        }
        scene.write(name, bytes);
    }
    assert_eq!(scene.verify(&Options::default()).outcome, Outcome::Verified);
    println!("{bytes} bytes flipped");
}

#[test]
fn a_byte_more_or_less_counts() {
    let scene = Scene::new(&[ALPHA], &[3, 2]);
    for (name, bytes) in scene.objects() {
        for changed in [[&bytes[..], b"\n"].concat(), bytes[..bytes.len() - 1].to_vec(), Vec::new()] {
            scene.write(&name, &changed);
            assert_eq!(scene.verify(&Options::default()).outcome, Outcome::NotVerified, "{name}");
        }
        scene.write(&name, &bytes);
    }
}

#[test]
fn a_missing_object_is_named() {
    let scene = Scene::new(&[ALPHA], &[3, 2, 4]);
    let mut text = String::new();
    for (name, bytes) in scene.objects() {
        fs::remove_file(scene.path.join(&name)).unwrap();
        let report = scene.verify(&Options::default());
        text += &format!("- {}\n", short(&name));
        for finding in &report.findings {
            text += &short(&format!(
                "  {:?} {:?}-{:?} {}\n",
                finding.code, finding.first_seq, finding.last_seq, finding.message
            ));
        }
        assert_eq!(report.outcome, Outcome::NotVerified, "{name}");
        scene.write(&name, &bytes);
    }
    expect![[r#"
        - organizations/0000000000000000000000003c77ab44/1/keys/salt
          MissingObject None-None organizations/0000000000000000000000003c77ab44/1/keys/salt (ri.indelible..organization.alpha): is missing
        - organizations/0000000000000000000000003c77ab44/1/log/date=2026-01-05/0000000000000000-0000000000000002-e8ef0746fd2521e0.parquet
          MissingObject Some(0)-Some(2) organizations/0000000000000000000000003c77ab44/1/log/date=2026-01-05/0000000000000000-0000000000000002-e8ef0746fd2521e0.parquet (entries 0 to 2 of ri.indelible..organization.alpha): is missing
        - organizations/0000000000000000000000003c77ab44/1/log/date=2026-01-05/0000000000000003-0000000000000004-50cca697fbbcb3c2.parquet
          MissingObject Some(3)-Some(4) organizations/0000000000000000000000003c77ab44/1/log/date=2026-01-05/0000000000000003-0000000000000004-50cca697fbbcb3c2.parquet (entries 3 to 4 of ri.indelible..organization.alpha): is missing
        - organizations/0000000000000000000000003c77ab44/1/log/date=2026-01-05/0000000000000005-0000000000000008-d9a9dd482c231f67.parquet
          MissingObject Some(5)-Some(8) organizations/0000000000000000000000003c77ab44/1/log/date=2026-01-05/0000000000000005-0000000000000008-d9a9dd482c231f67.parquet (entries 5 to 8 of ri.indelible..organization.alpha): is missing
        - organizations/0000000000000000000000003c77ab44/1/manifest/0000000000000000-0000000000000002
          MissingManifest Some(0)-Some(2) organizations/0000000000000000000000003c77ab44/1/manifest/0000000000000000-0000000000000002 (entries 0 to 2 of ri.indelible..organization.alpha): is missing, and other objects of its run are there: it was removed, or the run was not uploaded to its end
        - organizations/0000000000000000000000003c77ab44/1/manifest/0000000000000003-0000000000000004
          MissingManifest Some(3)-Some(4) organizations/0000000000000000000000003c77ab44/1/manifest/0000000000000003-0000000000000004 (entries 3 to 4 of ri.indelible..organization.alpha): is missing, and other objects of its run are there: it was removed, or the run was not uploaded to its end
        - organizations/0000000000000000000000003c77ab44/1/manifest/0000000000000005-0000000000000008
          MissingManifest Some(5)-Some(8) organizations/0000000000000000000000003c77ab44/1/manifest/0000000000000005-0000000000000008 (entries 5 to 8 of ri.indelible..organization.alpha): is missing, and other objects of its run are there: it was removed, or the run was not uploaded to its end
        - organizations/0000000000000000000000003c77ab44/1/tiles/0000000000000000-0000000000000002.tiles
          MissingObject Some(0)-Some(2) organizations/0000000000000000000000003c77ab44/1/tiles/0000000000000000-0000000000000002.tiles (entries 0 to 2 of ri.indelible..organization.alpha): is missing
        - organizations/0000000000000000000000003c77ab44/1/tiles/0000000000000003-0000000000000004.tiles
          MissingObject Some(3)-Some(4) organizations/0000000000000000000000003c77ab44/1/tiles/0000000000000003-0000000000000004.tiles (entries 3 to 4 of ri.indelible..organization.alpha): is missing
        - organizations/0000000000000000000000003c77ab44/1/tiles/0000000000000005-0000000000000008.tiles
          MissingObject Some(5)-Some(8) organizations/0000000000000000000000003c77ab44/1/tiles/0000000000000005-0000000000000008.tiles (entries 5 to 8 of ri.indelible..organization.alpha): is missing
        - platform/generations/1
          MissingObject None-None platform/generations/1: is missing, and there are logs of generation 1
    "#]].assert_eq(&text);
}

#[test]
fn swapped_objects_are_both_named() {
    let scene = Scene::new(&[ALPHA, BETA], &[3, 2]);
    let objects: Vec<(String, Vec<u8>)> = scene.objects().into_iter().collect();
    let mut pairs = 0;
    for (index, (a, a_bytes)) in objects.iter().enumerate() {
        for (b, b_bytes) in objects[index + 1..].iter().filter(|(_, bytes)| bytes != a_bytes) {
            scene.write(a, b_bytes);
            scene.write(b, a_bytes);
            let report = scene.verify(&Options::default());
            for name in [a, b] {
                let named = report.findings.iter().any(|finding| finding.object.as_ref() == Some(name));
                assert!(named, "{a} <-> {b}: {report}");
            }
            scene.write(a, a_bytes);
            scene.write(b, b_bytes);
            pairs += 1;
        }
    }
    assert!(pairs > 80, "{pairs}");
}

#[test]
fn the_newest_run_removed_whole_shows_only_against_a_kept_checkpoint() {
    let scene = Scene::new(&[ALPHA], &[3, 2]);
    let kept = scene.logs[0].checkpoint(5);
    for name in scene.objects().into_keys().filter(|name| name.contains("0000000000000003-")) {
        fs::remove_file(scene.path.join(name)).unwrap();
    }
    check(
        &scene.verify(&Options::default()),
        expect![[r#"
        Verified: internally consistent; signed by audit.example+50362a0f+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c taken from this archive, not checked against a key you hold, nor for a cut tail
    "#]],
    );
    check(
        &scene.verify(&Options { since: vec![kept], ..Options::default() }),
        expect![[r#"
        NotVerified: not verified: 1 finding
        CutTail Some(3)-Some(4) audit.example/0000000000000000000000003c77ab44/1: the checkpoint to compare with covers 5 entries, the archive only 3; entries 3 to 4 are cut off, or not archived yet
    "#]],
    );
}

#[test]
fn a_log_removed_whole_shows_only_against_a_kept_checkpoint() {
    let scene = Scene::new(&[ALPHA, BETA], &[3]);
    let folder = layout::generation_folder(scene.logs[1].info().origin.split('/').nth(1).unwrap(), 1);
    fs::remove_dir_all(scene.path.join(folder).parent().unwrap()).unwrap();
    assert_eq!(scene.verify(&Options::default()).outcome, Outcome::Verified);
    let since = vec![scene.logs[0].checkpoint(2), scene.logs[1].checkpoint(2)];
    check(
        &scene.verify(&Options { since, ..Options::default() }),
        expect![[r#"
        NotVerified: not verified: 1 finding
        MissingLog None-None audit.example/0000000000000000000000004c46474a/1: there is a checkpoint to compare with, and the log is not in the archive
    "#]],
    );
}

#[test]
fn every_size_the_log_ever_had_is_recognised() {
    let scene = Scene::new(&[ALPHA], &[300, 7, 260]);
    let log = &scene.logs[0];
    let since: Vec<Note> = (1..=log.size()).map(|size| log.checkpoint(size)).collect();
    assert_eq!(scene.verify(&Options { since, ..Options::default() }).outcome, Outcome::Verified);
    // The same organization and key, another history.
    let mut other = TestLog::new(ALPHA, 1);
    other.push(log.last_received_us(), b"{}".to_vec(), b"{}".to_vec());
    for size in [2, 1] {
        let report = scene.verify(&Options { since: vec![other.checkpoint(size)], ..Options::default() });
        let expected = if size == 1 { Outcome::Verified } else { Outcome::NotVerified };
        assert_eq!(report.outcome, expected, "{report}");
    }
    let foreign = TestLog::new(ALPHA, 9).checkpoint(1);
    check(
        &scene.verify(&Options { since: vec![foreign], ..Options::default() }),
        expect![[r#"
        NotVerified: not verified: 2 findings
        BadCheckpoint None-None the checkpoint of 1 entries of audit.example/0000000000000000000000003c77ab44/1 to compare with is not signed by a key of that log: the note is signed by none of the keys given; its signatures are of audit.example/0000000000000000000000003c77ab44/1
        OtherHistory Some(0)-Some(0) audit.example/0000000000000000000000003c77ab44/1: the first 1 entries are not those of the checkpoint to compare with: history was rewritten
    "#]],
    );
}

#[test]
fn what_does_not_belong_there_is_named() {
    let scene = Scene::new(&[ALPHA], &[3]);
    let (name, bytes) = scene.objects().into_iter().find(|(name, _)| name.contains("parquet")).unwrap();
    let folder = name.split("/log/").next().unwrap().to_owned();
    let strangers = [
        "stranger".to_owned(),
        "organizations/readme".to_owned(),
        "organizations/nobody/1/x".to_owned(),
        folder.replace("/1", "/01/x"),
        format!("{folder}/keys/other"),
        format!("{folder}/manifest/0000000000000003"),
        format!("{folder}/log/date=2026-01-05/0000000000000000-0000000000000002-0000000000000000.parquet"),
        format!("{folder}/tiles/0000000000000003-0000000000000009.tiles"),
    ];
    for stranger in &strangers {
        scene.write(stranger, &bytes);
        let report = scene.verify(&Options::default());
        assert_eq!(report.outcome, Outcome::NotVerified, "{stranger}");
        assert_eq!(report.findings.len(), 1, "{report}");
        fs::remove_file(scene.path.join(stranger)).unwrap();
    }
    // A local bucket writes here before an object gets its name.
    scene.write(".staging/.staged#17", b"half");
    assert_eq!(scene.verify(&Options::default()).outcome, Outcome::Verified);
}

#[test]
fn what_is_no_archive_is_not_judged() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("absent")] {
        let report = verify(&path, &Options::default(), &|_| ());
        assert_eq!((report.outcome, report.exit_code()), (Outcome::Unknown, 2), "{report}");
    }
    let scene = Scene::new(&[ALPHA], &[3]);
    let above = verify(scene.path.parent().unwrap(), &Options::default(), &|_| ());
    assert!(above.summary.contains("did you mean the folder archive in it?"), "{above}");
    // With something to compare with, nothing is not enough.
    let since = vec![scene.logs[0].checkpoint(1)];
    let report = verify(folder.path(), &Options { since, ..Options::default() }, &|_| ());
    assert_eq!(report.outcome, Outcome::NotVerified);
}

/// What is wrong with, or should be known of, a first generation of 5 entries and what follows it.
fn check_generations(logs: impl FnOnce(&TestLog) -> Vec<TestLog>, expected: Expect) -> Report {
    let mut first = TestLog::new(ALPHA, 1);
    first.grow(4);
    let scene = Scene::of(logs(&first), &[5]);
    let report = scene.verify(&Options::default());
    let codes = report.findings.iter().map(|finding| format!("{:?} {}\n", finding.code, finding.message));
    let notes = report.notes.iter().map(|note| format!("note: {note}\n"));
    let text: String = codes.chain(notes).collect();
    expected.assert_eq(&short(&format!("{:?}\n{text}", report.outcome)));
    report
}

/// The generation `number` of the log of alpha, which goes on from `log` at `size`.
fn next(log: &TestLog, number: u32, size: u64, change: impl FnOnce(&mut PreviousGeneration<'_>)) -> TestLog {
    let root = if size == 0 { indelible_merkle::empty_root() } else { root(log, size).unwrap() };
    let mut previous = PreviousGeneration { origin: &log.info().origin, size, root: root.0, witnessed_size: size };
    change(&mut previous);
    TestLog::generation(ALPHA, 1, number, Some(previous))
}

#[test]
fn a_generation_goes_on_where_the_one_before_was_closed() {
    let report = check_generations(
        |first| vec![TestLog::new(ALPHA, 1), next(first, 2, 5, |_| ())],
        expect![[r#"
        Verified
    "#]],
    );
    let closed: Vec<_> = report.logs.iter().map(|log| (log.generation, log.closed)).collect();
    assert_eq!(closed, [(1, Some(Closed { by_generation: 2, witnessed_size: 5 })), (2, None)]);
    let report = check_generations(
        |first| vec![TestLog::new(ALPHA, 1), next(first, 4, 5, |previous| previous.witnessed_size = 9)],
        expect![[r#"
            Verified
        "#]],
    );
    let text = report.to_string();
    let says = "alpha (generation 1): 5 entries in 1 log files, ";
    assert!(text.contains(says), "{text}");
    let says = "; ends here, generation 4 goes on, receipts for entries 5 to 8 are not fulfilled\n";
    assert!(text.contains(says), "{text}");
    check_generations(
        |first| vec![next(first, 2, 0, |previous| previous.witnessed_size = 3)],
        expect![[r#"
            Verified
            note: ri.indelible..organization.alpha: of the log audit.example/0000000000000000000000003c77ab44/1 nothing was archived; receipts of it for entries 0 to 2 are not fulfilled
        "#]],
    );
    check_generations(
        |_| vec![TestLog::generation(ALPHA, 1, 3, None)],
        expect![[r#"
        Verified
    "#]],
    );
    check_generations(
        |first| {
            let end = PreviousGeneration {
                origin: &first.info().origin,
                size: 5,
                root: root(first, 5).unwrap().0,
                witnessed_size: 5,
            };
            vec![TestLog::new(ALPHA, 1), TestLog::generation(ALPHA, 2, 2, Some(end))]
        },
        expect![[r#"
            Verified
            note: ri.indelible..organization.alpha: generation 2 is signed with another key than generation 1. Either the key was lost when the server was rebuilt, or somebody else goes on under its name: ask the operator for audit.example/0000000000000000000000003c77ab44/2+e6c12f9c+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU
        "#]],
    );
}

#[test]
fn a_generation_that_does_not_go_on_from_the_one_before_is_found() {
    let both = |size, change: fn(&mut PreviousGeneration<'_>)| {
        move |first: &TestLog| vec![TestLog::new(ALPHA, 1), next(first, 2, size, change)]
    };
    check_generations(
        both(4, |_| ()),
        expect![[r#"
        NotVerified
        OtherGeneration organizations/0000000000000000000000003c77ab44/2 (ri.indelible..organization.alpha): the generation before ended at 4 entries, and the archive has 5
    "#]],
    );
    check_generations(
        both(5, |previous| previous.root = [7; 32]),
        expect![[r#"
        NotVerified
        OtherGeneration organizations/0000000000000000000000003c77ab44/2 (ri.indelible..organization.alpha): the generation before ended with another root
    "#]],
    );
    check_generations(
        both(5, |previous| previous.origin = "audit.example/00000000000000000000000000000000/1"),
        expect![[r#"
        NotVerified
        OtherGeneration organizations/0000000000000000000000003c77ab44/2 (ri.indelible..organization.alpha): it goes on from audit.example/0000000/1, and the generation before is audit.example/0000000000000000000000003c77ab44/1
    "#]],
    );
    check_generations(
        both(5, |previous| previous.witnessed_size = 4),
        expect![[r#"
        NotVerified
        BadGenesis organizations/0000000000000000000000003c77ab44/2 (entry 0 of ri.indelible..organization.alpha): the genesis entry misplaces the generation before
    "#]],
    );
    check_generations(
        |first| vec![TestLog::new(ALPHA, 1), next(first, 2, 0, |_| ())],
        expect![[r#"
        NotVerified
        OtherGeneration organizations/0000000000000000000000003c77ab44/2 (ri.indelible..organization.alpha): the generation before ended at 0 entries, and the archive has 5
    "#]],
    );
    check_generations(
        |_| vec![TestLog::new(ALPHA, 1), TestLog::generation(ALPHA, 1, 2, None)],
        expect![[r#"
            NotVerified
            OtherGeneration organizations/0000000000000000000000003c77ab44/2 (ri.indelible..organization.alpha): the genesis entry does not name the generation before
        "#]],
    );
    check_generations(
        |first| vec![next(first, 2, 5, |_| ())],
        expect![[r#"
        NotVerified
        OtherGeneration organizations/0000000000000000000000003c77ab44/2 (ri.indelible..organization.alpha): the generation before this is missing
    "#]],
    );
    check_generations(
        |first| vec![next(first, 2, 0, |previous| previous.root = [7; 32])],
        expect![[r#"
            NotVerified
            OtherGeneration organizations/0000000000000000000000003c77ab44/2 (ri.indelible..organization.alpha): the generation before this is missing
        "#]],
    );
    let fork = |first: &TestLog| {
        let mut late = next(first, 2, 5, |_| ());
        late.grow(3600);
        // Both go on from the first; the third should from the second.
        vec![TestLog::new(ALPHA, 1), next(first, 2, 5, |_| ()), next(first, 3, 5, |_| ())]
    };
    check_generations(
        fork,
        expect![[r#"
        NotVerified
        OtherGeneration organizations/0000000000000000000000003c77ab44/3 (ri.indelible..organization.alpha): it goes on from audit.example/0000000000000000000000003c77ab44/1, and the generation before is audit.example/0000000000000000000000003c77ab44/2
    "#]],
    );
}

#[test]
fn what_was_being_uploaded_when_a_generation_was_closed_is_no_part_of_it() {
    let mut first = TestLog::new(ALPHA, 1);
    first.grow(4);
    let scene = Scene::of(vec![TestLog::new(ALPHA, 1), next(&first, 2, 5, |_| ())], &[5]);
    let folder = |log: usize| scene.logs[log].info().origin.split_once('/').unwrap().1.to_owned();
    let (closed, open) = (folder(0), folder(1));
    let whole = scene.verify(&Options::default());
    assert_eq!((whole.outcome, whole.notes.len()), (Outcome::Verified, 0), "{whole}");
    for name in [
        "log/date=2026-01-05/0000000000000005-0000000000000006-0011223344556677.parquet",
        "tiles/0000000000000005-0000000000000006.tiles",
    ] {
        scene.write(&format!("organizations/{closed}/{name}"), b"half");
        let report = scene.verify(&Options::default());
        assert_eq!((report.outcome, report.notes.len()), (Outcome::Verified, 1), "{report}");
        let left = format!("organizations/{open}/{name}");
        scene.write(&left, b"half");
        let report = scene.verify(&Options::default());
        assert_eq!(codes(&report), [(FindingCode::MissingManifest, Some(5))], "{report}");
        // A server may be at work on that one.
        let report = scene.verify(&Options { in_use: true, ..Options::default() });
        assert_eq!(report.outcome, Outcome::Verified, "{report}");
        fs::remove_file(scene.path.join(left)).unwrap();
    }
    // A log of which nothing but its key came as far.
    scene.write("organizations/ffffffffffffffffffffffffffffffff/1/keys/salt", &[1; 32]);
    assert_eq!(scene.verify(&Options::default()).outcome, Outcome::Verified);
    scene.write("organizations/ffffffffffffffffffffffffffffffff/2/keys/salt", &[1; 32]);
    assert_eq!(codes(&scene.verify(&Options::default())), [(FindingCode::UnnamedObject, None)]);
    // Objects of runs that were archived are no such thing.
    scene.write(&format!("organizations/{closed}/tiles/0000000000000001-0000000000000002.tiles"), b"half");
    let report = scene.verify(&Options { in_use: true, ..Options::default() });
    assert_eq!(codes(&report), [(FindingCode::MissingManifest, Some(1))], "{report}");
}

#[test]
fn every_generation_was_opened_by_somebody() {
    let scene = Scene::new(&[ALPHA], &[3]);
    let name = layout::claim(1);
    let claim = scene.objects()[&name].clone();
    for at in 0..claim.len() {
        let mut changed = claim.clone();
        changed[at] ^= 1;
        scene.write(&name, &changed);
        let report = scene.verify(&Options::default());
        assert_eq!(report.outcome, Outcome::NotVerified, "byte {at}");
        assert!(report.findings.iter().any(|finding| finding.object.as_deref() == Some(&name)), "{report}");
    }
    fs::remove_file(scene.path.join(&name)).unwrap();
    assert_eq!(codes(&scene.verify(&Options::default())), [(FindingCode::MissingObject, None)]);
    scene.write(&name, &claim);
    let keys = vec![TestLog::new(ALPHA, 2).platform_key()];
    let report = scene.verify(&Options { keys, ..Options::default() });
    assert!(codes(&report).iter().all(|(code, _)| *code == FindingCode::OtherKey), "{report}");
    assert!(report.findings.iter().any(|finding| finding.object.as_deref() == Some(&name)), "{report}");
    // In another's place.
    scene.write(&layout::claim(2), &claim);
    assert_eq!(codes(&scene.verify(&Options::default())), [(FindingCode::BadClaim, None)]);
    fs::remove_file(scene.path.join(layout::claim(2))).unwrap();
    scene.write("platform/generations/01", &claim);
    assert_eq!(codes(&scene.verify(&Options::default())), [(FindingCode::UnnamedObject, None)]);
}

#[test]
fn copies_of_the_journal_are_whole_and_signed() {
    let scene = Scene::new(&[ALPHA], &[9]);
    let copy = scene.logs[0].journal_copy(4);
    let bucket = Bucket::local(&scene.path).unwrap();
    wait(copy.store(&bucket)).unwrap();
    wait(copy.store(&bucket)).unwrap();
    assert_eq!(scene.verify(&Options::default()).outcome, Outcome::Verified);
    let name = copy.name().object();
    let bytes = scene.objects()[&name].clone();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        scene.write(&name, &changed);
        let report = scene.verify(&Options::default());
        assert_eq!(report.outcome, Outcome::NotVerified, "byte {at}");
        assert!(report.findings.iter().all(|finding| finding.object.as_deref() == Some(&name)), "{report}");
    }
    // They come and go.
    fs::remove_file(scene.path.join(&name)).unwrap();
    assert_eq!(scene.verify(&Options::default()).outcome, Outcome::Verified);
    scene.write("journal/1/anything", &bytes);
    assert_eq!(codes(&scene.verify(&Options::default())), [(FindingCode::UnnamedObject, None)]);
}

#[test]
fn progress_reaches_the_whole() {
    let scene = Scene::new(&[ALPHA, BETA], &[3, 2]);
    let last = std::sync::Mutex::new(Progress::default());
    let report = verify(&scene.path, &Options::default(), &|progress| {
        let mut last = last.lock().unwrap();
        assert!(progress.entries > last.entries || progress.bytes > last.bytes);
        *last = progress;
    });
    let last = last.into_inner().unwrap();
    assert_eq!((last.entries, last.entries), (10, report.entries));
    assert!(last.bytes <= last.bytes_total);
}

/// What whoever holds the signing key can change in an archive of one run and sign again.
struct Forgery {
    manifest: Manifest,
    log_file: Vec<u8>,
    tiles: Vec<u8>,
    salt: Vec<u8>,
}

/// An archive of one run, to be forged again and again.
struct Forge {
    scene: Scene,
    manifest: Manifest,
    objects: BTreeMap<String, Vec<u8>>,
}

impl Forge {
    fn new(entries: usize) -> Forge {
        let scene = Scene::new(&[ALPHA], &[entries]);
        let objects = scene.objects();
        let (_, manifest) = objects.iter().find(|(name, _)| name.contains("/manifest/")).unwrap();
        let (manifest, _) = Manifest::parse(manifest).unwrap();
        Forge { scene, manifest, objects }
    }

    /// Changes the run, signs it again and verifies the archive.
    fn verify(&self, change: impl FnOnce(&TestLog, &mut Forgery)) -> Report {
        let bytes = |part: &str| self.objects.iter().find(|(name, _)| name.contains(part)).unwrap().1.clone();
        let mut forgery = Forgery {
            manifest: self.manifest.clone(),
            log_file: bytes("/log/"),
            tiles: bytes("/tiles/"),
            salt: bytes("/keys/"),
        };
        let log = &self.scene.logs[0];
        change(log, &mut forgery);
        let Forgery { mut manifest, log_file, tiles, salt } = forgery;
        (manifest.log_file, manifest.tiles, manifest.salt) =
            (ObjectFacts::of(&log_file), ObjectFacts::of(&tiles), ObjectFacts::of(&salt));
        fs::remove_dir_all(self.scene.path.join(layout::ORGANIZATIONS)).unwrap();
        let note = log.sign(&manifest.text()).unwrap();
        let folder = manifest.folder();
        for (object, bytes) in manifest.objects().iter().zip([salt, log_file, tiles]) {
            self.scene.write(&format!("{folder}/{}", object.name), &bytes);
        }
        self.scene.write(&format!("{folder}/{}", manifest.name()), note.to_string().as_bytes());
        self.scene.verify(&Options::default())
    }
}

/// The columns of the entries of `log`, and their rows written as a log file after `change`, whatever that makes of them.
fn log_file(log: &TestLog, change: impl Fn(RecordBatch) -> RecordBatch) -> Vec<u8> {
    let mut encoder = RowEncoder::new(None).unwrap();
    for seq in 0..log.size() {
        encoder.push(&log.entry(seq)).unwrap();
    }
    let batch = change(encoder.finish().unwrap());
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn replace(batch: &RecordBatch, column: &str, array: ArrayRef) -> RecordBatch {
    let mut columns = batch.columns().to_vec();
    columns[batch.schema().index_of(column).unwrap()] = array;
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

fn codes(report: &Report) -> Vec<(FindingCode, Option<u64>)> {
    report.findings.iter().map(|finding| (finding.code, finding.first_seq)).collect()
}

#[test]
fn whoever_has_the_key_still_cannot_contradict_the_tree() {
    use FindingCode::{BadLogFile, BadRow, OtherEntry, OtherFacts, OtherRoot, OtherSaltKey, OtherSubtree};
    type Change = Box<dyn Fn(&TestLog, &mut Forgery)>;
    let rows = |change: fn(&RecordBatch) -> RecordBatch| -> Change {
        Box::new(move |log, forgery| forgery.log_file = log_file(log, |batch| change(&batch)))
    };
    let cases: Vec<(&str, Change, Vec<(FindingCode, Option<u64>)>)> = vec![
        ("nothing", Box::new(|_, _| ()), vec![]),
        ("the same rows, laid out otherwise", rows(RecordBatch::clone), vec![]),
        (
            "a name",
            rows(|batch| {
                let names = batch.column_by_name("name").unwrap().as_string::<i32>();
                let names: StringArray =
                    (0..names.len()).map(|row| Some(if row == 41 { "OTHER" } else { names.value(row) })).collect();
                replace(batch, "name", Arc::new(names))
            }),
            vec![(OtherEntry, Some(41))],
        ),
        (
            "a time of receipt, within its place",
            rows(|batch| {
                let times = batch.column_by_name("received_at").unwrap().as_primitive::<TimestampMicrosecondType>();
                let times: TimestampMicrosecondArray =
                    (0..times.len()).map(|row| Some(times.value(row) + i64::from(row == 7))).collect();
                replace(batch, "received_at", Arc::new(times.with_timezone("UTC")))
            }),
            vec![(OtherEntry, Some(7))],
        ),
        (
            "a time of receipt that goes back",
            rows(|batch| {
                let times = batch.column_by_name("received_at").unwrap().as_primitive::<TimestampMicrosecondType>();
                let times: TimestampMicrosecondArray =
                    (0..times.len()).map(|row| Some(times.value(row) - 5_000_000 * i64::from(row == 7))).collect();
                replace(batch, "received_at", Arc::new(times.with_timezone("UTC")))
            }),
            vec![(BadRow, Some(7))],
        ),
        (
            "two rows exchanged",
            rows(|batch| {
                let order = UInt32Array::from_iter_values((0..batch.num_rows() as u32).map(|row| match row {
                    8 => 9,
                    9 => 8,
                    row => row,
                }));
                take_record_batch(batch, &order).unwrap()
            }),
            vec![(BadRow, Some(8))],
        ),
        (
            "two rows exchanged, but not their places",
            rows(|batch| {
                let order = UInt32Array::from_iter_values((0..batch.num_rows() as u32).map(|row| match row {
                    8 => 9,
                    9 => 8,
                    row => row,
                }));
                let mut exchanged = take_record_batch(batch, &order).unwrap();
                for column in ["seq", "received_at"] {
                    exchanged = replace(&exchanged, column, Arc::clone(batch.column_by_name(column).unwrap()));
                }
                exchanged
            }),
            vec![(OtherEntry, Some(8))],
        ),
        ("a row less", rows(|batch| batch.slice(0, batch.num_rows() - 1)), vec![(BadLogFile, Some(0))]),
        (
            "an organization",
            rows(|batch| {
                let organizations = StringArray::from(vec![BETA; batch.num_rows()]);
                replace(batch, "organization", Arc::new(organizations))
            }),
            vec![(BadRow, Some(0))],
        ),
        (
            "one column that says what two said",
            rows(|batch| {
                let column = |name: &str| batch.column_by_name(name).unwrap().as_string::<i32>().clone();
                let (request, result) = (column("requestFields"), column("resultFields"));
                let both = |row: usize| request.is_valid(row).then(|| format!("{},\"x\":{{}}", request.value(row)));
                let both: StringArray = (0..request.len()).map(both).collect();
                replace(&replace(batch, "requestFields", Arc::new(both)), "resultFields", Arc::new(result))
            }),
            vec![(BadRow, Some(1))],
        ),
        (
            "a column less",
            rows(|batch| batch.project(&(0..33).collect::<Vec<_>>()).unwrap()),
            vec![(BadLogFile, Some(0))],
        ),
        ("no Parquet", Box::new(|_, forgery| forgery.log_file = b"PAR1 or not".to_vec()), vec![(BadLogFile, Some(0))]),
        ("an empty log file", Box::new(|_, forgery| forgery.log_file.clear()), vec![(BadLogFile, Some(0))]),
        (
            "a leaf",
            Box::new(|_, forgery| forgery.tiles[32 * 5] ^= 1),
            vec![(OtherRoot, Some(0)), (OtherSubtree, Some(0)), (OtherEntry, Some(5))],
        ),
        ("a subtree", Box::new(|_, forgery| *forgery.tiles.last_mut().unwrap() ^= 1), vec![(OtherSubtree, Some(0))]),
        ("a hash less", Box::new(|_, forgery| forgery.tiles.truncate(32 * 8)), vec![(OtherSubtree, Some(0))]),
        (
            "another salt key",
            Box::new(|_, forgery| forgery.salt = vec![9; 32]),
            vec![(OtherSaltKey, Some(0)), (OtherEntry, Some(0))],
        ),
        ("no salt key", Box::new(|_, forgery| forgery.salt = vec![9; 31]), vec![(OtherSaltKey, None)]),
        (
            "a range of time",
            Box::new(|_, forgery| forgery.manifest.facts.time_min_us -= 1),
            vec![(OtherFacts, Some(0))],
        ),
        (
            "a root",
            Box::new(|log, forgery| {
                forgery.manifest.root.0[0] ^= 1;
                let signed = log
                    .sign(&format!(
                        "{}\n{}\n{}\n",
                        forgery.manifest.origin,
                        forgery.manifest.size(),
                        forgery.manifest.root
                    ))
                    .unwrap();
                forgery.manifest.checkpoint_signatures = vec![signed.to_string().lines().last().unwrap().to_owned()];
            }),
            vec![(OtherRoot, Some(0))],
        ),
    ];
    let forge = Forge::new(300);
    for (what, change, expected) in cases {
        let report = forge.verify(change);
        let mut found = codes(&report);
        // Without a salt key there is also no genesis to look at, and so on: what matters is what is named.
        found.sort();
        let mut expected = expected;
        expected.sort();
        assert_eq!(found, expected, "{what}: {report}");
        assert_eq!(report.outcome == Outcome::Verified, expected.is_empty(), "{what}");
    }
}

#[test]
fn a_log_begins_with_its_own_genesis() {
    let organization = ALPHA.parse().unwrap();
    let genesis = |change: fn(&mut Genesis<'_>)| {
        let log = TestLog::new(ALPHA, 1);
        let origin = log.info().origin.clone();
        let key_id = format!("{:08x}", log.info().key.id());
        let mut genesis = Genesis {
            organization: &organization,
            origin: &origin,
            label: origin.split('/').nth(1).unwrap(),
            generation: 1,
            key_id: &key_id,
            salt_key_commitment: log.info().salt_key.commitment(),
            previous: None,
            received_at_us: crate::testing::DAY_US,
            product_version: "9.9.9",
        };
        change(&mut genesis);
        let entry = indelible_event::control::genesis(&genesis);
        let scene = Scene::of(vec![TestLog::beginning_with(ALPHA, 1, entry.infrastructure, entry.content)], &[3]);
        codes(&scene.verify(&Options::default()))
    };
    use FindingCode::{BadGenesis, OtherKey, OtherSaltKey};
    assert_eq!(genesis(|_| ()), []);
    assert_eq!(genesis(|genesis| genesis.origin = "audit.example/0/1"), [(BadGenesis, Some(0))]);
    assert_eq!(genesis(|genesis| genesis.label = "0"), [(BadGenesis, Some(0))]);
    assert_eq!(genesis(|genesis| genesis.generation = 2), [(BadGenesis, Some(0))]);
    assert_eq!(genesis(|genesis| genesis.key_id = "00000000"), [(OtherKey, Some(0))]);
    assert_eq!(genesis(|genesis| genesis.salt_key_commitment = [0; 32]), [(OtherSaltKey, Some(0))]);
    let previous = |genesis: &mut Genesis<'_>| {
        let origin = "audit.example/00000000000000000000000000000000/1";
        genesis.previous = Some(PreviousGeneration { origin, size: 1, root: [0; 32], witnessed_size: 1 });
    };
    assert_eq!(genesis(previous), [(BadGenesis, Some(0))]);
    let (infrastructure, content) = crate::testing::event(0, crate::testing::DAY_US);
    let scene = Scene::of(vec![TestLog::beginning_with(ALPHA, 1, infrastructure, content)], &[3]);
    assert_eq!(codes(&scene.verify(&Options::default())), [(BadGenesis, Some(0))]);
}

#[test]
fn a_signed_log_file_of_any_bytes_is_survived() {
    let seed = 20_260_105;
    println!("seed {seed}");
    let mut random = seed;
    let mut draw = move |below: usize| {
        // Multiplicative congruence is random enough to hit every part of the file.
        random = u64::wrapping_mul(random, 6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 24) as usize % below
    };
    let draws: Vec<(usize, u8)> = (0..200).map(|_| (draw(1 << 40), draw(256) as u8)).collect();
    let forge = Forge::new(3);
    for (at, byte) in draws {
        forge.verify(|_, forgery| {
            let at = at % forgery.log_file.len();
            forgery.log_file[at] = byte;
        });
    }
}

/// A log in runs of three, two and two entries, and a run whose first entry says what is dropped; the names of the log files.
fn scene_with_retention(dropped: &[Dropped]) -> (Scene, Vec<String>) {
    let mut scene = Scene::new(&[ALPHA], &[3, 2, 2]);
    let objects = scene.objects();
    let last = objects.iter().rfind(|(name, _)| name.contains("/manifest/")).unwrap().1;
    let log = &mut scene.logs[0];
    let received_at_us = log.last_received_us() + 1;
    let entry = control::retention(&control::Retention {
        organization: &ALPHA.parse().unwrap(),
        generation: 1,
        dropped,
        received_at_us,
        product_version: "0.1.0",
    });
    log.push(received_at_us, entry.infrastructure, entry.content);
    log.grow(1);
    let run = log.seal(&scene.path.with_extension("staging"), 7, Some(Sha256::digest(last).into()));
    wait(crate::upload(&Bucket::local(&scene.path).unwrap(), &run, 0)).unwrap();
    (scene, objects.into_keys().filter(|name| name.ends_with(".parquet")).collect())
}

#[test]
fn a_log_file_may_be_missing_only_where_a_later_retention_entry_names_it() {
    let check = |dropped: &[(u32, u64, u64)], removed: &[usize], expected: Result<u64, u64>| {
        let stretch = |&(generation, first, last): &_| Dropped { generation, first, last };
        let (scene, names) = scene_with_retention(&dropped.iter().map(stretch).collect::<Vec<_>>());
        for index in removed {
            fs::remove_file(scene.path.join(&names[*index])).unwrap();
        }
        let report = scene.verify(&Options::default());
        let log = &report.logs[0];
        let codes: Vec<_> = report.findings.iter().map(|finding| (finding.code, finding.first_seq)).collect();
        match expected {
            Ok(entries) => {
                assert_eq!((report.outcome, codes), (Outcome::Verified, vec![]), "{report}");
                assert_eq!((log.entries, log.dropped_entries, report.entries), (9, entries, 9 - entries));
                assert_eq!(report.to_string().contains("dropped by its retention"), entries > 0);
            }
            Err(first) => assert_eq!(codes, [(FindingCode::MissingObject, Some(first))], "{report}"),
        }
    };
    for dropped in [&[(1, 0, 4)][..], &[(1, 0, 2), (1, 3, 4)]] {
        check(dropped, &[], Ok(0));
        check(dropped, &[0], Ok(3));
        check(dropped, &[0, 1], Ok(5));
        check(dropped, &[1], Ok(2));
        check(dropped, &[2], Err(5));
        check(dropped, &[0, 2], Err(5));
    }
    check(&[(1, 0, 1)], &[0], Err(0));
    check(&[(1, 1, 4)], &[0], Err(0));
    check(&[(2, 0, 4)], &[0], Err(0));
    check(&[], &[0], Err(0));
    // An entry says nothing of what stands behind it.
    check(&[(1, 0, 9)], &[0, 1, 2], Ok(7));
}
