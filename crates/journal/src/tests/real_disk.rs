//! The same on the disk of this machine, with the thread that prepares segments.

use std::path::Path;
use std::sync::Arc;

use indelible_storage::RealDisk;

use crate::{FrameNumber, Journal, Options, ReadError, Recovered};

const OPTIONS: Options = Options { segment_bytes: 64 << 10, spare_segments: 2, frame_bytes_max: 16 << 10 };

fn open(dir: &Path) -> (Journal, Recovered) {
    Journal::open(Arc::new(RealDisk), dir, OPTIONS).unwrap()
}

fn body(number: u64) -> Vec<u8> {
    format!("frame {number} ").repeat(1 + number as usize % 200).into_bytes()
}

#[test]
fn frames_written_and_synced_are_read_back_after_every_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("a/b/journal");
    let mut next = 0;
    for round in 0..5 {
        let (mut journal, recovered) = open(&dir);
        assert_eq!(recovered.next, FrameNumber(next));
        assert_eq!(recovered.is_new, round == 0);
        for _ in 0..100 {
            let body = body(next);
            let (left, right) = body.split_at(body.len() / 3);
            let position = journal.write(&[left, right], next as i64).unwrap();
            assert_eq!(position.number, FrameNumber(next));
            assert!(matches!(journal.reader().read(&position), Err(ReadError::NotDurable { .. })));
            next += 1;
            assert_eq!(journal.sync().unwrap(), FrameNumber(next));
            let frame = journal.reader().read(&position).unwrap();
            assert_eq!((frame.body.to_vec(), frame.received_at_us), (body, next as i64 - 1));
        }
        let frames = journal.frames(FrameNumber(0)).map(Result::unwrap).collect::<Vec<_>>();
        assert_eq!(frames.len() as u64, next);
        for (number, frame) in frames.iter().enumerate() {
            assert_eq!(frame.number, FrameNumber(number as u64));
            assert_eq!(frame.body, body(number as u64));
            assert_eq!(journal.reader().read(&frame.position).unwrap(), *frame);
        }
        if round % 2 == 0 {
            journal.close().unwrap();
        }
    }
}

#[test]
fn released_segments_are_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    for number in 0..1500 {
        journal.write(&[&body(number)], 0).unwrap();
        journal.sync().unwrap();
        journal.release(FrameNumber(number.saturating_sub(20)));
    }
    drop(journal);
    assert!(std::fs::read_dir(folder.path()).unwrap().count() <= 6);
    let (journal, recovered) = open(folder.path());
    assert_eq!(recovered.next, FrameNumber(1500));
    assert!(recovered.first > FrameNumber(1300) && recovered.first <= FrameNumber(1480), "{recovered:?}");
    let numbers = journal.frames(FrameNumber(1490)).map(|frame| frame.unwrap().number.0).collect::<Vec<_>>();
    assert_eq!(numbers, (1490..1500).collect::<Vec<_>>());
}

/// Of many frames before a sync some are with the system earlier, so that memory is bounded.
#[test]
fn large_groups_are_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { segment_bytes: 8 << 20, spare_segments: 1, frame_bytes_max: 1 << 20 };
    let (mut journal, _) = Journal::open(Arc::new(RealDisk), folder.path(), options).unwrap();
    let body = |number: u64| vec![number as u8; 100_000 + number as usize];
    let positions: Vec<_> = (0..200).map(|number| journal.write(&[&body(number)], 0).unwrap()).collect();
    assert_eq!(journal.sync().unwrap(), FrameNumber(200));
    for (number, position) in positions.iter().enumerate() {
        assert_eq!(journal.reader().read(position).unwrap().body, body(number as u64));
    }
    assert!(journal.stats().segments > 2);
}

#[test]
fn sizes_may_change_from_one_start_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let mut next = 0;
    for segment_bytes in [64 << 10, 256 << 10, 32 << 10, 64 << 10] {
        let options = Options { segment_bytes, ..OPTIONS };
        let (mut journal, recovered) = Journal::open(Arc::new(RealDisk), folder.path(), options).unwrap();
        assert_eq!(recovered.next, FrameNumber(next));
        for _ in 0..60 {
            journal.write(&[&body(next)], 0).unwrap();
            next += 1;
        }
        journal.flush().unwrap();
        // Not synced: all of it is moved at the next start, into a segment as large as this one.
        assert_eq!(journal.stats().next, FrameNumber(next));
    }
    let (journal, _) = open(folder.path());
    for (number, frame) in journal.frames(FrameNumber(0)).enumerate() {
        assert_eq!(frame.unwrap().body, body(number as u64));
    }
    assert_eq!(journal.reader().durable(), FrameNumber(next));
}

/// More segments are retained than files would be allowed open, had the journal kept them so.
#[test]
#[cfg(target_os = "linux")]
fn retained_segments_do_not_keep_their_files_open() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { segment_bytes: 8 << 10, spare_segments: 1, frame_bytes_max: 1 << 10 };
    let (mut journal, _) = Journal::open(Arc::new(RealDisk), folder.path(), options).unwrap();
    let mut positions = Vec::new();
    for _ in 0..40 {
        positions.push(journal.write(&[b"one"], 0).unwrap());
        journal.roll().unwrap();
    }
    let ours = |entry: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_link(entry.unwrap().path()).is_ok_and(|path| path.starts_with(folder.path()))
    };
    let count = || std::fs::read_dir("/proc/self/fd").unwrap().map(ours).filter(|ours| *ours).count();
    assert!(count() <= 4, "{} files open", count());
    positions.iter().for_each(|position| assert_eq!(journal.reader().read(position).unwrap().body, "one"));
    assert_eq!(journal.frames(FrameNumber(0)).count(), 40);
    assert!(count() <= 4, "{} files open", count());
}
