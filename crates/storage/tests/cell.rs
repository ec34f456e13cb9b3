//! A cell on a disk that fails in each way at each operation.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::sync::Arc;

use indelible_storage::{Cell, CellError, Disk as _, RealDisk};
use indelible_testkit::disk::{Fault, FaultyDisk};
use rand::SeedableRng as _;
use rand::rngs::SmallRng;

const PATH: &str = "folder/cell";

fn disk() -> FaultyDisk {
    let disk = FaultyDisk::new();
    disk.create_dir(Path::new("folder")).unwrap();
    disk
}

fn open(disk: &FaultyDisk) -> (Cell, Option<Vec<u8>>) {
    Cell::open(Arc::new(disk.clone()), Path::new(PATH)).unwrap()
}

fn content(number: usize) -> Vec<u8> {
    vec![number as u8; 100 + 700 * number]
}

#[test]
fn a_cell_holds_what_was_written_last() {
    let disk = disk();
    let (cell, found) = open(&disk);
    assert_eq!(found, None);
    cell.settle().unwrap();
    assert_eq!(open(&disk).1, None);
    for number in [3, 1, 2] {
        cell.replace(&content(number)).unwrap();
        assert_eq!(open(&disk.cut_power(&mut SmallRng::seed_from_u64(1))).1, Some(content(number)));
    }
    let (again, found) = open(&disk);
    assert_eq!(found, Some(content(2)));
    again.replace(b"").unwrap();
    assert_eq!(open(&disk).1, Some(Vec::new()));
    assert_eq!(disk.names(), [Path::new(PATH)]);
}

#[test]
fn a_cell_that_somebody_else_wrote_is_not_replaced() {
    let disk = disk();
    let (first, _) = open(&disk);
    let (second, _) = open(&disk);
    first.replace(&content(1)).unwrap();
    assert!(matches!(second.replace(&content(2)), Err(CellError::Changed { .. })));
    assert!(matches!(second.replace(&content(2)), Err(CellError::Unknown { source: None, .. })));
    assert_eq!(open(&disk).1, Some(content(1)));
    // A copy that was put back, or one byte of it.
    assert!(disk.tamper(Path::new(PATH), |bytes| bytes[5] ^= 1));
    let error = first.replace(&content(3)).unwrap_err();
    assert!(error.is_fatal() && error.to_string().contains("keep the newest copy"), "{error}");
    assert_eq!(disk.names(), [Path::new(PATH)]);
}

/// Replaces a cell three times while operation `nth` fails, and goes on as a careful caller does.
fn check(nth: u64, fault: Fault) {
    let disk = disk();
    let (cell, _) = open(&disk);
    disk.fail_at(nth, fault);
    let mut known = None;
    let mut possible = vec![None];
    for number in 1..=3 {
        match cell.replace(&content(number)) {
            Ok(()) => {
                known = Some(content(number));
                possible = vec![known.clone()];
            }
            Err(CellError::Kept { .. }) => {}
            Err(CellError::Unknown { source: Some(_), .. }) => possible.push(Some(content(number))),
            Err(CellError::Unknown { source: None, .. }) => {}
            Err(error) => panic!("operation {nth} {fault:?}: {error}"),
        }
    }
    let mut random = SmallRng::seed_from_u64(nth);
    for after in [disk.fork(), disk.cut_power(&mut random), disk.cut_power(&mut random)] {
        after.heal();
        let (cell, found) = open(&after);
        assert!(possible.contains(&found), "operation {nth} {fault:?}: {found:?} after {known:?}");
        // What is found and settled is found for ever.
        cell.settle().unwrap();
        for _ in 0..3 {
            assert_eq!(open(&after.cut_power(&mut random)).1, found, "operation {nth} {fault:?}");
        }
    }
}

#[test]
fn a_cell_is_old_or_new_whatever_fails() {
    for fault in Fault::ALL {
        (0..20).for_each(|nth| check(nth, fault));
    }
}

#[test]
fn a_cell_on_a_real_disk_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cell");
    let (cell, _) = Cell::open(Arc::new(RealDisk), &path).unwrap();
    cell.replace(b"one").unwrap();
    cell.replace(b"two").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"two");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
