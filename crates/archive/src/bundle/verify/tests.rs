#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod agreement;
mod forge;
mod second;

use std::path::{Path, PathBuf};

use indelible_merkle::Policy;
use tempfile::TempDir;

use super::*;
use crate::bundle::{Filter, RowFormat};
use crate::examples::{ALPHA, BETA};
use crate::log::Log as _;
use crate::testing::TestLog;
use crate::testing::bundles::{Ask, policy};
use crate::verify::Outcome;

/// A log and a place for its bundles.
struct Scene {
    folder: TempDir,
    log: TestLog,
}

impl Scene {
    fn new(entries: u64) -> Scene {
        let mut log = TestLog::new(ALPHA, 1);
        log.grow(entries as usize - 1);
        Scene { folder: tempfile::tempdir().unwrap(), log }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("bundle")
    }

    fn make(&self, ask: &Ask) -> PathBuf {
        let path = self.path();
        let _ = std::fs::remove_dir_all(&path);
        self.log.bundle(&path, ask);
        path
    }

    fn verify(&self, ask: &Ask, options: &BundleOptions) -> BundleReport {
        run(&self.make(ask), options)
    }
}

fn run(path: &Path, options: &BundleOptions) -> BundleReport {
    verify(path, options, &|_, _| ())
}

/// Everything a reader may hold of an honest log.
fn held(log: &TestLog) -> BundleOptions {
    let policy = Policy::parse(policy(log, &[]).as_bytes()).unwrap();
    BundleOptions { keys: vec![log.platform_key()], policy: Some(policy), strict: true, ..BundleOptions::default() }
}

/// The code and entry of the finding.
fn finding(report: &BundleReport) -> Option<(FindingCode, Option<u64>)> {
    report.findings.first().map(|finding| (finding.code, finding.first_seq))
}

fn complete(filter: &str) -> Option<Filter> {
    Some(Filter::Complete(filter.parse().unwrap()))
}

#[test]
fn redacted_entries_are_shown_without_content_and_counted() {
    let scene = Scene::new(300);
    let mut second = second::Second::start();
    let mut check = |what: &str, path: &Path, expected: Result<(u64, u64), (FindingCode, Option<u64>)>| {
        let report = run(path, &BundleOptions { strict: false, ..held(&scene.log) });
        let found = finding(&report).map_or(Ok((report.matches, report.redacted)), Err);
        assert_eq!(found, expected, "{what}: {report}");
        assert_eq!(report.summary.contains("redacted"), matches!(found, Ok((_, 1..))), "{what}: {report}");
        let Some(second) = &mut second else { return };
        let key = scene.log.platform_key().to_string();
        let (exit, code, _) = second.ask(&[path.to_str().unwrap(), "--key", &key]);
        let code_of = |(code, _)| serde_json::to_value(code).unwrap().as_str().unwrap().to_owned();
        assert_eq!((exit, code), (u8::from(expected.is_err()), expected.err().map(code_of)), "{what}");
    };
    let redacted = vec![5, 6, 13];
    let trusted = Some(Filter::Trusted("requestFields.n:5".to_owned()));
    // user-3 did 3, 8, 13 and so on.
    for (what, ask, expected) in [
        ("a range", Ask::range(3, 20), (15, 3)),
        ("a filter", Ask { filter: complete("uid:\"user-3\""), ..Ask::range(0, 299) }, (59, 1)),
        ("a filter that was trusted", Ask { filter: trusted, ..Ask::range(0, 299) }, (59, 1)),
        ("a window", Ask::window(&scene.log, scene.log.entry(6).received_at_us, i64::MAX), (292, 2)),
    ] {
        for rows in [RowFormat::Jsonl, RowFormat::Csv] {
            let path = scene.make(&Ask { rows, redacted: redacted.clone(), ..ask.clone() });
            check(what, &path, Ok(expected));
        }
    }
    // What is signed as one thing and shown as another.
    for (what, from, to, wrong) in [
        ("fewer", "redacted 3", "redacted 2", (FindingCode::OtherFacts, None)),
        ("more", "redacted 3", "redacted 4", (FindingCode::BadBundle, None)),
        ("none", "redacted 3\n", "", (FindingCode::BadRow, Some(5))),
    ] {
        let path = scene.make(&Ask { redacted: redacted.clone(), ..Ask::range(3, 20) });
        let statement = std::fs::read_to_string(path.join("bundle")).unwrap();
        let (text, _) = statement.split_once("\n\n").unwrap();
        let changed = format!("{text}\n").replacen(from, to, 1);
        let signed = scene.log.sign(&changed).unwrap();
        std::fs::write(path.join("bundle"), signed.to_string()).unwrap();
        check(what, &path, Err(wrong));
    }
}

#[test]
fn whatever_is_asked_for_verifies_in_every_format() {
    let scene = Scene::new(300);
    let at = |seq: u64| scene.log.entry(seq).received_at_us;
    let window = |from: i64, to: i64| Ask::window(&scene.log, from, to);
    let filtered = |filter: Option<Filter>| Ask { filter, ..Ask::range(0, 299) };
    let trusted = || Some(Filter::Trusted("requestFields.n:5".to_owned()));
    // What it is, rows in all, rows shown whole.
    let cases = [
        ("one entry", Ask::range(7, 7), 1, 1),
        ("the first entry", Ask::range(0, 0), 1, 1),
        ("the last entry", Ask::range(299, 299), 1, 1),
        ("a range", Ask::range(3, 270), 268, 268),
        ("the whole log", Ask::range(0, 299), 300, 300),
        ("of an older tree", Ask { size: Some(200), ..Ask::range(5, 199) }, 195, 195),
        ("a window", window(at(10), at(20)), 12, 10),
        ("a window from the beginning", window(0, at(20)), 21, 20),
        ("a window to the end", window(at(290), i64::MAX), 11, 10),
        ("a window with nothing in it", window(at(10) + 1, at(10) + 2), 2, 0),
        ("a window before the log", window(0, 1), 1, 0),
        ("a window behind the log", window(at(299) + 1, i64::MAX), 1, 0),
        ("a filter", filtered(complete("uid:\"USER-3\"")), 300, 60),
        ("a filter that finds nothing", filtered(complete("uid:\"nobody\"")), 300, 0),
        ("all but some, and not the genesis", filtered(complete("-uid:\"user-3\"")), 300, 239),
        (
            "a filter of several terms",
            filtered(complete("category:\"dataLoad\" -uid:\"user-3\" uid:\"user-3\"")),
            300,
            0,
        ),
        ("a filter in a window", Ask { filter: complete("uid:\"user-3\""), ..window(at(10), at(20)) }, 12, 2),
        ("a filter that was trusted", filtered(trusted()), 300, 60),
        ("such a filter in a window", Ask { filter: trusted(), ..window(at(10), at(20)) }, 12, 2),
    ];
    for (what, ask, entries, matches) in cases {
        for rows in [RowFormat::Jsonl, RowFormat::Csv, RowFormat::Parquet] {
            let strict = !matches!(ask.filter, Some(Filter::Trusted(_)));
            let options = BundleOptions { strict, ..held(&scene.log) };
            let report = scene.verify(&Ask { rows, ..ask.clone() }, &options);
            assert_eq!(report.outcome, Outcome::Verified, "{what}, {rows:?}: {report}");
            assert_eq!((report.entries, report.matches), (entries, matches), "{what}, {rows:?}");
        }
    }
}

#[test]
fn what_rests_on_the_bundle_alone_says_so_and_is_not_enough_when_strict() {
    let scene = Scene::new(20);
    let check = |ask: &Ask, options: BundleOptions, outcome: Outcome, says: &str| {
        let report = scene.verify(ask, &options);
        assert_eq!(report.outcome, outcome, "{report}");
        assert!(report.summary.contains(says), "{report}");
    };
    let ask = Ask::range(2, 9);
    let strict = |options: BundleOptions| BundleOptions { strict: true, ..options };
    check(&ask, BundleOptions::default(), Outcome::Verified, "not checked against a key or policy you hold");
    check(&ask, strict(BundleOptions::default()), Outcome::Unknown, "not checked");
    let key = BundleOptions { keys: vec![scene.log.info().key.clone()], ..BundleOptions::default() };
    check(&ask, strict(key.clone()), Outcome::Verified, "signed by a key you hold");
    check(&ask, held(&scene.log), Outcome::Verified, "asks for no witness");
    let trusted = Ask { filter: Some(Filter::Trusted("*".to_owned())), ..ask };
    check(&trusted, key.clone(), Outcome::Verified, "is the word of whoever signed");
    check(&trusted, strict(key), Outcome::Unknown, "is the word of whoever signed");
}

#[test]
fn another_key_is_told_by_whoever_holds_the_key() {
    let scene = Scene::new(20);
    let mut stranger = TestLog::new(ALPHA, 9);
    stranger.grow(3);
    let policy = Policy::parse(policy(&stranger, &[]).as_bytes()).unwrap();
    let by_policy = BundleOptions { policy: Some(policy), ..BundleOptions::default() };
    let by_key = BundleOptions { keys: vec![stranger.platform_key()], ..BundleOptions::default() };
    for options in [by_policy, by_key] {
        let report = scene.verify(&Ask::range(2, 9), &options);
        assert_eq!(finding(&report), Some((FindingCode::OtherKey, None)), "{report}");
    }
}

#[test]
fn a_quorum_of_witnesses_tells_a_fork() {
    let scene = Scene::new(20);
    let policy = Policy::parse(policy(&scene.log, &[101, 102]).as_bytes()).unwrap();
    let options = BundleOptions { policy: Some(policy), ..held(&scene.log) };
    let check = |witnesses: &[u8], fork: u8, expected: Option<FindingCode>| {
        let ask = Ask { witnesses: witnesses.to_vec(), fork, ..Ask::range(2, 9) };
        let report = scene.verify(&ask, &options);
        assert_eq!(finding(&report).map(|finding| finding.0), expected, "{report}");
    };
    check(&[101, 102], 0, None);
    check(&[102, 101, 103], 0, None);
    check(&[101], 0, Some(FindingCode::NoQuorum));
    // The other history of the same size, that the operator signed too and no witness will.
    check(&[], 1, Some(FindingCode::NoQuorum));
    check(&[103], 1, Some(FindingCode::NoQuorum));
}

#[test]
fn older_checkpoints_must_be_continued() {
    let scene = Scene::new(40);
    let log = &scene.log;
    let mut other = TestLog::new(ALPHA, 1);
    other.push(log.last_received_us(), b"{}".to_vec(), b"{}".to_vec());
    other.grow(38);
    let stranger = TestLog::new(ALPHA, 9);
    let beta = TestLog::new(BETA, 1);
    let ask = Ask { since: vec![7, 16], platform_since: vec![2], ..Ask::range(2, 9) };
    let check = |kept: Vec<Note>, outcome: Outcome, code: Option<(FindingCode, Option<u64>)>| {
        let report = scene.verify(&ask, &BundleOptions { since: kept, ..held(log) });
        assert_eq!((report.outcome, finding(&report)), (outcome, code), "{report}");
    };
    let (good, bad, unsure) = (Outcome::Verified, Outcome::NotVerified, Outcome::Unknown);
    check(vec![log.checkpoint(7), log.checkpoint(16), log.checkpoint(40)], good, None);
    check(vec![beta.checkpoint(1), log.checkpoint(16)], good, None);
    check(vec![log.platform_checkpoint(2, 0), log.platform_checkpoint(5, 0)], good, None);
    check(vec![log.checkpoint(8)], unsure, None);
    check(vec![beta.checkpoint(1)], unsure, None);
    check(vec![other.checkpoint(7)], bad, Some((FindingCode::OtherHistory, Some(0))));
    check(vec![other.checkpoint(40)], bad, Some((FindingCode::OtherHistory, Some(0))));
    check(vec![log.platform_checkpoint(5, 1)], bad, Some((FindingCode::OtherHistory, None)));
    check(vec![stranger.checkpoint(1)], bad, Some((FindingCode::BadCheckpoint, None)));
    // Yesterday's state, shown today.
    let old = Ask { size: Some(16), ..Ask::range(2, 9) };
    let report = scene.verify(&old, &BundleOptions { since: vec![log.checkpoint(40)], ..held(log) });
    assert_eq!(finding(&report), Some((FindingCode::CutTail, Some(16))), "{report}");
}

#[test]
fn a_bundle_says_in_words_what_it_proves() {
    let scene = Scene::new(30);
    let ask = Ask { filter: complete("uid:\"user-3\""), ..Ask::range(0, 29) };
    let mut report = scene.verify(&ask, &held(&scene.log));
    report.seconds = 0.0;
    let text = report.to_string();
    let text = text.replace(&report.bytes.to_string(), "N");
    expect_test::expect![[r#"
        ri.indelible..organization.alpha: entries 0 to 29 of 30
        filter uid:"user-3"
        6 matches, and no 7th
        complete up to entry 29, epoch 2 of 2026-01-05T23:59:59.999999Z
        30 entries proven, N bytes read, 0.0 s
        verified, signed as your policy asks, which asks for no witness
    "#]]
    .assert_eq(&text);
}
