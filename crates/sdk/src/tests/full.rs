//! A spool that is full.

use std::path::{Path, PathBuf};

use super::{auditor, spooled};
use crate::catalogue::typed::{DataLoadRequest, NoFields};
use crate::{Context, EmitError, Settings, resource};

fn bytes_of(dir: &Path) -> u64 {
    // A file may be renamed meanwhile.
    let bytes = |path: PathBuf| match path.is_dir() {
        true => bytes_of(&path),
        false => path.metadata().map_or(0, |metadata| metadata.len()),
    };
    std::fs::read_dir(dir).unwrap().map(|entry| bytes(entry.unwrap().path())).sum()
}

#[test]
fn a_full_spool_says_so_keeps_what_it_has_and_stays_within_its_bound() {
    let dir = tempfile::tempdir().unwrap();
    let auditor = auditor(dir.path());
    // Of very different sizes, so that the last segment does not end where another begins.
    let emit = |number: usize| {
        let id = format!("{number}-{}", "x".repeat(number * 7919 % 300_000));
        auditor
            .begin(&Context::default(), "LOAD", DataLoadRequest::new(vec![resource(&id)]))
            .succeed(NoFields {})
            .wait()
    };
    let mut emitted = Vec::new();
    let (mut refused, mut largest) = (0, 0);
    for number in 0..400 {
        match emit(number) {
            Ok(known) => emitted.push(known),
            Err(EmitError::Full { limit_bytes }) => {
                assert!(limit_bytes <= Settings::SPOOL_BYTES_MIN);
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
        largest = largest.max(bytes_of(dir.path()));
    }
    let stats = auditor.stats();
    assert!(refused > 50, "it was never full: {stats:?}");
    assert_eq!((stats.waiting, stats.failed), (emitted.len() as u64, refused));
    assert!(largest <= Settings::SPOOL_BYTES_MIN + 16 * 1024, "{largest} bytes");
    assert!(largest > Settings::SPOOL_BYTES_MIN / 2, "{largest} bytes");
    assert!(stats.spool_bytes <= stats.spool_bytes_max);
    drop(auditor);
    let ids: Vec<String> =
        spooled(dir.path()).iter().map(|(_, event)| event["logEntryId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, emitted.iter().map(|known| known.log_entry_id.to_string()).collect::<Vec<_>>());
}
