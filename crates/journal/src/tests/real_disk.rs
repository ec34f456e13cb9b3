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
        for _ in 0..200 {
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
    for number in 0..5000 {
        journal.write(&[&body(number)], 0).unwrap();
        journal.sync().unwrap();
        journal.release(FrameNumber(number.saturating_sub(20)));
    }
    drop(journal);
    assert!(std::fs::read_dir(folder.path()).unwrap().count() <= 6);
    let (journal, recovered) = open(folder.path());
    assert_eq!(recovered.next, FrameNumber(5000));
    assert!(recovered.first > FrameNumber(4800) && recovered.first <= FrameNumber(4980), "{recovered:?}");
    let numbers = journal.frames(FrameNumber(4990)).map(|frame| frame.unwrap().number.0).collect::<Vec<_>>();
    assert_eq!(numbers, (4990..5000).collect::<Vec<_>>());
}
