//! Archives, bundles and receipts that are kept for ever: `testdata/v1`. Every later version opens them.

use std::fs;
use std::path::{Path, PathBuf};

use indelible_merkle::{Hashes as _, Policy};

use crate::bundle::{self, BundleOptions, Filter, RowFormat};
use crate::log::Log as _;
use crate::receipts::{self, Receipt, check_bundle};
use crate::testing::bundles::{Ask, policy};
use crate::testing::{self, DAY_US, PLATFORM, TestLog};
use crate::verify::{Options, Outcome, verify};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/v1");
const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats");

pub(crate) const ALPHA: &str = "ri.indelible..organization.alpha";
pub(crate) const BETA: &str = "ri.indelible..organization.beta";

/// The logs of the example: every column is used, a run ends in the middle of a tile, another completes one.
fn logs() -> Vec<TestLog> {
    let logs = [TestLog::new(ALPHA, 1), TestLog::new(BETA, 1)];
    let full = |mut log: TestLog| {
        let (infrastructure, content) = testing::full_event(log.last_received_us() + 1_000_000);
        log.push(log.last_received_us() + 1_000_000, infrastructure, content);
        log
    };
    logs.into_iter().map(full).collect()
}

fn example(name: &str) -> PathBuf {
    Path::new(EXAMPLES).join(name)
}

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(PAGES).join(name)).unwrap()
}

#[test]
fn an_archive_of_version_1_verifies() {
    let keys = vec![TestLog::new(ALPHA, 1).platform_key()];
    let report = verify(&example("archive"), &Options { keys, strict: true, ..Options::default() }, &|_| ());
    assert_eq!((report.outcome, report.entries, report.logs.len()), (Outcome::Verified, 530, 2), "{report}");
    let manifest =
        "archive/organizations/0000000000000000000000003c77ab44/1/manifest/0000000000000005-0000000000000260";
    let shown = fs::read_to_string(example(manifest)).unwrap();
    let claim = fs::read_to_string(example("archive/platform/generations/1")).unwrap();
    for shown in [shown, claim] {
        assert!(page("archive.md").contains(&format!("```\n{shown}```\n")), "archive.md does not show\n{shown}");
    }
}

/// The log of the bundles.
fn log() -> TestLog {
    let mut log = logs().swap_remove(0);
    log.grow(28);
    log
}

/// The bundles, each of another kind and in another format.
fn bundles(log: &TestLog) -> [(&'static str, Ask); 3] {
    let at = |seq: u64| log.entry(seq).received_at_us;
    let witnesses = vec![101];
    [
        ("bundle-range", Ask { since: vec![7], witnesses: witnesses.clone(), ..Ask::range(0, 9) }),
        (
            "bundle-filter",
            Ask {
                filter: Some(Filter::Complete("category:\"dataLoad\" -uid:\"user-3\"".parse().unwrap())),
                rows: RowFormat::Csv,
                witnesses: witnesses.clone(),
                ..Ask::range(0, 29)
            },
        ),
        ("bundle-window", Ask { rows: RowFormat::Parquet, witnesses, ..Ask::window(log, at(3), at(9)) }),
    ]
}

#[test]
fn bundles_and_receipts_of_version_1_verify() {
    let log = log();
    let options = BundleOptions {
        keys: vec![log.platform_key()],
        policy: Some(Policy::parse(policy(&log, &[101]).as_bytes()).unwrap()),
        strict: true,
        ..BundleOptions::default()
    };
    for (name, ask) in bundles(&log) {
        let since = ask.since.iter().map(|size| log.checkpoint(*size)).collect();
        let options = BundleOptions { since, ..options.clone() };
        let mut report = bundle::verify(&example(name), &options, &|_, _| ());
        assert_eq!((report.outcome, report.entries), (Outcome::Verified, ask.last - ask.first + 1), "{name}: {report}");
        if name == "bundle-range" {
            let receipts = fs::read(example("receipts")).unwrap();
            check_bundle(&example(name), "receipts", &receipts[..], &mut report, &options);
            assert_eq!((report.outcome, report.receipts.unwrap().kept), (Outcome::Verified, 3), "{report}");
        }
    }
    let shown = |page_name: &str, file: &str| {
        let text = fs::read_to_string(example(file)).unwrap();
        assert!(page(page_name).contains(&format!("```\n{text}```\n")), "{page_name} does not show\n{text}");
    };
    shown("bundle.md", "bundle-filter/bundle");
    shown("receipt.md", "receipts");
}

/// As [`write_an_archive`].
#[test]
#[ignore = "writes into the source tree"]
fn write_bundles_and_receipts() {
    let log = log();
    for (name, ask) in bundles(&log) {
        assert!(!example(name).exists(), "an example is never replaced");
        log.bundle(&example(name), &ask);
    }
    let origin = &log.info().origin;
    let receipts = (4..7).map(|seq| Receipt { origin, seq, leaf: log.tile_hash(0, seq).unwrap() });
    let texts = receipts::texts(DAY_US + 30_000_000, receipts);
    let note = log.signer.sign(&receipts::key_name(PLATFORM), &texts[0]).unwrap();
    fs::write(example("receipts"), note.to_string()).unwrap();
}

/// Made the committed example; another version gets a folder of its own.
#[test]
#[ignore = "writes into the source tree"]
fn write_an_archive() {
    assert!(!example("archive").exists(), "an example is never replaced");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive");
    testing::archive(&path, &mut logs(), &[4, 256, 4]);
    fs::remove_dir_all(path.join(".staging")).unwrap();
    fs::create_dir_all(EXAMPLES).unwrap();
    let copied = std::process::Command::new("cp").arg("-r").arg(&path).arg(example("archive")).status().unwrap();
    assert!(copied.success());
}
