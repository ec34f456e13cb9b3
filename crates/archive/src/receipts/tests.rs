#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::path::PathBuf;

use indelible_event::control::PreviousGeneration;
use indelible_merkle::{Hashes as _, NoteSigner, leaf_hash, root};
use tempfile::TempDir;

use super::*;
use crate::bundle::{self, BundleOptions};
use crate::examples::{ALPHA, BETA};
use crate::log::Log as _;
use crate::source::FolderSource;
use crate::testing::bundles::Ask;
use crate::testing::{PLATFORM, TestLog, archive};
use crate::verify::{FindingCode, Options, Outcome, Report, verify};

/// The receipts of the entries `seqs`, as the server of `log` signs them.
fn receipts(log: &TestLog, seqs: std::ops::Range<u64>) -> String {
    let all = seqs.map(|seq| Receipt { origin: &log.info().origin, seq, leaf: log.tile_hash(0, seq).unwrap() });
    let texts = texts(1_767_571_200_000_000, all);
    texts.iter().map(|text| log.signer.sign(&key_name(PLATFORM), text).unwrap().to_string()).collect()
}

struct Scene {
    _folder: TempDir,
    path: PathBuf,
    logs: Vec<TestLog>,
}

impl Scene {
    fn new(mut logs: Vec<TestLog>, runs: &[usize]) -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        archive(&path, &mut logs, runs);
        Scene { path, _folder: folder, logs }
    }

    fn check(&self, file: &str) -> Report {
        let mut report = verify(&self.path, &Options::default(), &|_| ());
        assert_eq!(report.outcome, Outcome::Verified);
        check_archive(&FolderSource::new(&self.path), "receipts", file.as_bytes(), &mut report, false);
        report
    }
}

fn counts(report: Option<ReceiptReport>) -> [u64; 5] {
    let ReceiptReport { read, kept, broken, waiting, elsewhere } = report.unwrap();
    [read, kept, broken, waiting, elsewhere]
}

#[test]
fn receipts_are_held_against_an_archive() {
    let mut scene = Scene::new(vec![TestLog::new(ALPHA, 1), TestLog::new(BETA, 1)], &[300, 1, 5]);
    let alpha = &scene.logs[0];
    let origin = alpha.info().origin.clone();
    let other = |seq: u64, leaf: Hash| {
        let text = &texts(0, [Receipt { origin: &origin, seq, leaf }].into_iter())[0];
        alpha.signer.sign(&key_name(PLATFORM), text).unwrap().to_string()
    };
    let good = receipts(alpha, 0..306) + &receipts(&scene.logs[1], 3..9);
    let report = scene.check(&good);
    assert_eq!((report.outcome, counts(report.receipts)), (Outcome::Verified, [312, 312, 0, 0, 0]), "{report}");
    let report = scene.check(&(good.clone() + &other(17, leaf_hash(b"x"))));
    assert_eq!((report.outcome, counts(report.receipts)), (Outcome::NotVerified, [313, 312, 1, 0, 0]), "{report}");
    assert_eq!((report.findings[0].code, report.findings[0].first_seq), (FindingCode::BrokenReceipt, Some(17)));
    let report = scene.check(&other(306, leaf_hash(b"x")));
    assert_eq!((report.outcome, counts(report.receipts)), (Outcome::Unknown, [1, 0, 0, 1, 0]), "{report}");
    let mut elsewhere = TestLog::new("ri.indelible..organization.gamma", 1);
    elsewhere.grow(3);
    let report = scene.check(&(good + &receipts(&elsewhere, 1..3)));
    assert_eq!((report.outcome, counts(report.receipts)), (Outcome::Unknown, [314, 312, 0, 0, 2]), "{report}");
    let report = scene.check("");
    assert_eq!((report.outcome, counts(report.receipts)), (Outcome::Unknown, [0; 5]), "{report}");
    scene.logs[0].grow(2);
    assert_eq!(counts(scene.check(&receipts(&scene.logs[0], 300..308)).receipts), [8, 6, 0, 2, 0]);
}

#[test]
fn a_generation_that_ended_before_what_was_promised_broke_its_promise() {
    let mut first = TestLog::new(ALPHA, 1);
    first.grow(4);
    let previous = PreviousGeneration {
        origin: &first.info().origin,
        size: 5,
        root: root(&first, 5).unwrap().0,
        witnessed_size: 5,
    };
    let scene = Scene::new(vec![TestLog::new(ALPHA, 1), TestLog::generation(ALPHA, 1, 2, Some(previous))], &[5]);
    first.grow(2);
    let report = scene.check(&receipts(&first, 3..7));
    assert_eq!((report.outcome, counts(report.receipts)), (Outcome::NotVerified, [4, 2, 2, 0, 0]), "{report}");
    assert_eq!(report.findings[0].first_seq, Some(5));
}

#[test]
fn receipts_are_held_against_a_bundle() {
    let mut log = TestLog::new(ALPHA, 1);
    log.grow(99);
    let folder = tempfile::tempdir().unwrap();
    log.bundle(folder.path(), &Ask::range(10, 59));
    let check = |file: &str| {
        let options = BundleOptions::default();
        let mut report = bundle::verify(folder.path(), &options, &|_, _| ());
        check_bundle(folder.path(), "receipts", file.as_bytes(), &mut report, &options);
        (report.outcome, counts(report.receipts))
    };
    assert_eq!(check(&receipts(&log, 10..60)), (Outcome::Verified, [50, 50, 0, 0, 0]));
    assert_eq!(check(&receipts(&log, 9..60)), (Outcome::Unknown, [51, 50, 0, 0, 1]));
    let mut other = TestLog::new(ALPHA, 1);
    other.push(log.last_received_us(), b"{}".to_vec(), b"{}".to_vec());
    other.grow(60);
    assert_eq!(check(&receipts(&other, 10..12)), (Outcome::NotVerified, [2, 0, 2, 0, 0]));
}

#[test]
fn a_receipt_that_was_altered_promises_nothing() {
    let scene = Scene::new(vec![TestLog::new(ALPHA, 1)], &[20]);
    let log = &scene.logs[0];
    let good = receipts(log, 3..6);
    let bad = |file: &str| {
        let report = scene.check(file);
        assert_eq!(
            report.findings.first().map(|finding| finding.code),
            Some(FindingCode::BadReceipt),
            "{file}\n{report}"
        );
    };
    for (from, to) in [
        ("3 ", "4 "),
        ("received 1", "received 2"),
        ("/receipts ", "/others "),
        ("\n\n", "\n"),
        ("receipt/v1", "receipt/v2"),
    ] {
        bad(&good.replacen(from, to, 1));
    }
    let stranger = NoteSigner::from_seed(&[9; 32]);
    let text = good.split("\n\n").next().unwrap().to_owned() + "\n";
    bad(&stranger.sign(&key_name(PLATFORM), &text).unwrap().to_string());
    let sign = |text: &str| log.signer.sign(&key_name(PLATFORM), text).unwrap().to_string();
    for text in [
        text.replacen("3 ", "03 ", 1),
        text.replacen("3 ", "3  ", 1),
        text.replacen("3 ", "9007199254740992 ", 1),
        text.replacen("received 1", "received 01", 1),
        text.lines().take(2).map(|line| format!("{line}\n")).collect(),
        text.clone() + "\n",
    ] {
        bad(&sign(&text));
    }
    bad(&good.replacen("indelible", "x\u{7}", 1));
    bad("x");
}

#[test]
fn many_receipts_become_several_notes_read_one_by_one() {
    let origin = format!("{}/{}/1", "p".repeat(400), "0".repeat(32));
    let all = (0..9_000).map(|seq| Receipt { origin: &origin, seq, leaf: leaf_hash(&[1]) });
    let texts = texts(0, all);
    assert!(
        texts.len() > 3
            && texts.iter().all(|text| text.len() <= TEXT_BYTES_MAX && text.lines().count() <= RECEIPTS_MAX + 2)
    );
    let signer = NoteSigner::from_seed(&[1; 32]);
    let file: String = texts.iter().map(|text| signer.sign("p/receipts", text).unwrap().to_string()).collect();
    let mut reader = NoteReader::new(file.as_bytes());
    let mut seqs = Vec::new();
    while let Some(note) = reader.next().unwrap() {
        seqs.extend(read(note.text()).unwrap().1.iter().map(|receipt| receipt.seq));
    }
    assert_eq!(seqs, (0..9_000).collect::<Vec<u64>>());
    let endless = "x".repeat(3 << 20);
    assert!(NoteReader::new(endless.as_bytes()).next().is_err());
    assert!(NoteReader::new(&b"\xff\n"[..]).next().is_err());
}
