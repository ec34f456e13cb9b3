//! Mistakes that a disk queue of the same kind has made (Vector's disk buffer), each as a test.

use std::path::Path;
use std::sync::Arc;

use indelible_testkit::disk::{Fault, FaultyDisk};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::model::{DIR, OPTIONS, open};
use crate::{FrameNumber, Journal};

/// Every way the power can go.
fn cuts(disk: &FaultyDisk) -> impl Iterator<Item = FaultyDisk> + '_ {
    (0..60).map(|seed| disk.cut_power(&mut SmallRng::seed_from_u64(seed)))
}

fn bodies(journal: &Journal) -> Vec<Vec<u8>> {
    journal.frames(FrameNumber(0)).map(|frame| frame.unwrap().body.to_vec()).collect()
}

/// <https://github.com/vectordotdev/vector/pull/25639>: write, crash, flush; the acknowledged record was gone.
#[test]
fn acknowledged_frame_survives_a_crash_and_a_later_sync() {
    let disk = FaultyDisk::new();
    let (mut journal, _) = open(&disk).unwrap();
    journal.write(&[b"acknowledged"], 0).unwrap();
    journal.sync().unwrap();
    journal.write(&[b"not acknowledged"], 0).unwrap();
    journal.flush().unwrap();
    drop(journal);
    for disk in cuts(&disk) {
        let (mut journal, recovered) = open(&disk).unwrap();
        let mut expected = bodies(&journal);
        assert_eq!(expected.len() as u64, recovered.next.0);
        assert_eq!(expected[0], b"acknowledged");
        journal.write(&[b"after"], 0).unwrap();
        journal.sync().unwrap();
        expected.push(b"after".to_vec());
        for disk in cuts(&disk).take(5) {
            assert_eq!(bodies(&open(&disk).unwrap().0), expected);
        }
    }
}

/// <https://github.com/vectordotdev/vector/pull/25570>: a file was removed before the note of it was durable; the process
/// crashed at every start, looking for it.
#[test]
fn segment_released_before_the_caller_noted_it_does_not_stop_the_next_start() {
    let prepared = FaultyDisk::new();
    let (mut journal, _) = open(&prepared).unwrap();
    for number in 0..40u8 {
        journal.write(&[&[number; 500]], 0).unwrap();
        journal.sync().unwrap();
    }
    drop(journal);
    for nth in 0..60 {
        let disk = prepared.fork();
        let (mut journal, _) = open(&disk).unwrap();
        disk.fail_at(nth, Fault::Dead);
        journal.release(FrameNumber(30));
        drop(journal);
        for disk in cuts(&disk).take(10) {
            let (journal, recovered) = open(&disk).unwrap();
            assert!(recovered.first <= FrameNumber(30));
            // The caller asks for what it knows of, which may be released; it gets what is there.
            let numbers: Vec<_> = journal.frames(FrameNumber(0)).map(|frame| frame.unwrap().number.0).collect();
            assert_eq!(numbers, (recovered.first.0..40).collect::<Vec<_>>());
        }
    }
}

/// <https://github.com/vectordotdev/vector/pull/25766>: the folder was not synced; a new file vanished with what was in it.
#[test]
fn new_segment_with_acknowledged_frames_survives_power_loss() {
    for frames in 1..30u8 {
        let disk = FaultyDisk::new();
        let (mut journal, _) = open(&disk).unwrap();
        for number in 0..frames {
            journal.write(&[&[number; 500]], 0).unwrap();
            journal.sync().unwrap();
        }
        drop(journal);
        for disk in cuts(&disk).take(20) {
            assert_eq!(bodies(&open(&disk).unwrap().0).len(), usize::from(frames));
        }
    }
}

/// <https://github.com/vectordotdev/vector/pull/25768>: the ledger was not flushed when a file was full; after a crash
/// reader and writer waited for each other.
#[test]
fn crash_at_any_moment_of_a_roll_leaves_a_journal_that_goes_on() {
    for nth in 0..40 {
        let disk = FaultyDisk::new();
        let (mut journal, _) = Journal::open(Arc::new(disk.clone()), Path::new(DIR), OPTIONS).unwrap();
        journal.write(&[b"before"], 0).unwrap();
        journal.sync().unwrap();
        disk.fail_at(nth, Fault::Dead);
        let _ = journal.roll().and_then(|()| journal.write(&[b"after"], 0)).and_then(|_| journal.sync());
        drop(journal);
        for disk in cuts(&disk).take(10) {
            let (mut journal, _) = Journal::open(Arc::new(disk), Path::new(DIR), OPTIONS).unwrap();
            let mut expected = bodies(&journal);
            assert_eq!(expected[0], b"before");
            journal.roll().unwrap();
            journal.write(&[b"more"], 0).unwrap();
            journal.sync().unwrap();
            expected.push(b"more".to_vec());
            assert_eq!(bodies(&journal), expected);
        }
    }
}

/// Content that somebody wanted gone stayed in files that were used again.
#[test]
fn what_was_released_is_in_no_file_once_the_journal_was_renewed() {
    let secret = [0x5e; 300];
    for renews in [false, true] {
        let disk = FaultyDisk::new();
        let (mut journal, _) = open(&disk).unwrap();
        let write = |journal: &mut Journal, body: &[u8], frames: u64| {
            for _ in 0..frames {
                journal.write(&[body], 0).unwrap();
                journal.sync().unwrap();
            }
        };
        // Some of it is in a file that is ready to be used again, some in the open one.
        write(&mut journal, &secret, 60);
        journal.release(FrameNumber(60));
        if renews {
            journal.renew().unwrap();
        } else {
            journal.roll().unwrap();
        }
        write(&mut journal, b"after", 1);
        journal.release(FrameNumber(60));
        let holds = |path: &Path| {
            let mut found = false;
            disk.tamper(path, |bytes| found = bytes.windows(100).any(|window| window == &secret[..100]));
            found
        };
        let found = disk.names().iter().any(|path| holds(path));
        assert_eq!(found, !renews, "{:?}", disk.names());
        assert_eq!(bodies(&open(&disk).unwrap().0), [b"after".to_vec()]);
    }
}

/// A file of before that was being prepared while the journal was renewed went into use after it.
#[test]
fn what_was_being_prepared_while_the_journal_was_renewed_is_not_used() {
    let disk = FaultyDisk::new();
    let (mut journal, _) = open(&disk).unwrap();
    let (shared, id) = (Arc::clone(&journal.shared), journal.shared.lock().take_id());
    let underway = shared.create(id, &[]).unwrap();
    journal.renew().unwrap();
    shared.lock().keep(underway);
    assert!(shared.lock().spares.iter().all(|spare| spare.segment.id > id));
    journal.write(&[b"after"], 0).unwrap();
    journal.sync().unwrap();
    journal.roll().unwrap();
    assert!(journal.reader().segments().iter().all(|segment| segment.id != id));
}
