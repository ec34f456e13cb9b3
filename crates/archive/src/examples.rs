//! Archives, bundles and receipts that are kept for ever: `testdata/v1`. Every later version opens them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::testing::{self, TestLog};
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
    assert!(page("archive.md").contains(&format!("```\n{shown}```\n")), "archive.md does not show\n{shown}");
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
