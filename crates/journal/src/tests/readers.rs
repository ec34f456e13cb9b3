//! Reading while segments are rolled, released and recycled, with the thread that prepares them.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indelible_testkit::disk::{Fault, FaultyDisk};

use super::model::{DIR, OPTIONS};
use crate::{AppendError, FrameNumber, FramePosition, Journal, ReadError, Reader};

fn open(disk: &FaultyDisk) -> Journal {
    Journal::open(Arc::new(disk.clone()), Path::new(DIR), OPTIONS).unwrap().0
}

fn body(number: u64) -> Vec<u8> {
    [number as u8, (number >> 8) as u8].repeat(50 + number as usize % 300)
}

fn append(journal: &mut Journal, number: u64) -> FramePosition {
    let position = journal.write(&[&body(number)], 0).unwrap();
    journal.sync().unwrap();
    position
}

/// What a query does: holds the segments it needs, then reads from them for a while.
fn read_held(reader: &Reader, position: &FramePosition) {
    let Ok(hold) = reader.hold(position.segment) else { return };
    for _ in 0..20 {
        assert_eq!(reader.read(position).unwrap().body, body(position.number.0));
        std::thread::yield_now();
    }
    assert_eq!(hold.segment(), position.segment);
}

fn read_free(reader: &Reader, position: &FramePosition) {
    match reader.read(position) {
        Ok(frame) => assert_eq!(frame.body, body(position.number.0)),
        Err(ReadError::Released { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

fn scan(reader: &Reader) {
    let mut last = None;
    for frame in reader.frames(FrameNumber(0)) {
        match frame {
            Ok(frame) => {
                assert!(last.is_none_or(|last| frame.number.0 == last + 1));
                assert_eq!(frame.body, body(frame.number.0));
                last = Some(frame.number.0);
            }
            Err(ReadError::Released { .. }) => return,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn readers_see_whole_frames_or_that_they_are_released_while_segments_are_recycled() {
    let disk = FaultyDisk::new();
    let mut journal = open(&disk);
    let positions = Mutex::new(vec![append(&mut journal, 0)]);
    let done = AtomicBool::new(false);
    let recent = |back: usize| {
        let positions = positions.lock().unwrap();
        positions[positions.len().saturating_sub(back)]
    };
    let reader = journal.reader();
    std::thread::scope(|scope| {
        for role in [read_held, read_free, |reader: &Reader, _: &FramePosition| scan(reader)] {
            let (reader, recent, done) = (reader.clone(), &recent, &done);
            scope.spawn(move || {
                let mut back = 0;
                while !done.load(Ordering::Relaxed) {
                    back = (back + 7) % 60 + 1;
                    role(&reader, &recent(back));
                }
            });
        }
        for number in 1..2000 {
            let position = append(&mut journal, number);
            positions.lock().unwrap().push(position);
            journal.release(FrameNumber(number.saturating_sub(30)));
        }
        done.store(true, Ordering::Relaxed);
    });
    // All readers have let go by now.
    while journal.stats().oldest < FrameNumber(1900) {
        std::thread::yield_now();
    }
}

#[test]
fn held_segment_is_kept_until_it_is_let_go() {
    let disk = FaultyDisk::new();
    let mut journal = open(&disk);
    let reader = journal.reader();
    let first = append(&mut journal, 0);
    let hold = reader.hold(first.segment).unwrap();
    for number in 1..100 {
        append(&mut journal, number);
    }
    journal.release(FrameNumber(100));
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(reader.read(&first).unwrap().body, body(0));
    assert_eq!(reader.stats().oldest, FrameNumber(0), "and none after it goes, or there would be a gap");
    drop(hold);
    while reader.stats().segments > 1 {
        std::thread::yield_now();
    }
    assert!(matches!(reader.read(&first), Err(ReadError::Released { .. })));
    assert!(matches!(reader.hold(first.segment), Err(ReadError::Released { .. })));
}

#[test]
fn frames_are_seen_only_once_they_are_durable() {
    let disk = FaultyDisk::new();
    let mut journal = open(&disk);
    let reader = journal.reader();
    let position = journal.write(&[b"x"], 5).unwrap();
    assert!(matches!(reader.read(&position), Err(ReadError::NotDurable { number: FrameNumber(0) })));
    assert_eq!(reader.frames(FrameNumber(0)).count(), 0);
    assert_eq!(journal.sync().unwrap(), FrameNumber(1));
    assert_eq!(reader.read(&position).unwrap().received_at_us, 5);
    assert_eq!(reader.frames(FrameNumber(0)).count(), 1);
}

#[test]
fn made_up_position_is_an_error_and_no_panic() {
    let disk = FaultyDisk::new();
    let mut journal = open(&disk);
    let good = append(&mut journal, 0);
    let reader = journal.reader();
    let elsewhere = [
        FramePosition { offset: good.offset + 8, ..good },
        FramePosition { offset: u64::MAX - 3, ..good },
        FramePosition { length: 0, ..good },
        FramePosition { length: u32::MAX, ..good },
        FramePosition { length: good.length + 8, ..good },
        FramePosition { offset: 4096, length: 72, ..good },
    ];
    for position in elsewhere {
        assert!(matches!(reader.read(&position), Err(ReadError::Damaged { .. })), "{position:?}");
    }
}

#[test]
fn after_a_failed_sync_the_journal_stops_for_good_and_can_still_be_read() {
    let disk = FaultyDisk::new();
    let mut journal = open(&disk);
    let position = append(&mut journal, 0);
    while journal.stats().spare_segments < OPTIONS.spare_segments {
        std::thread::yield_now();
    }
    journal.write(&[b"lost"], 0).unwrap();
    journal.flush().unwrap();
    disk.fail_at(0, Fault::Lost);
    assert!(matches!(journal.sync(), Err(AppendError::Io { action: "sync", .. })));
    assert!(matches!(journal.sync(), Err(AppendError::Halted)));
    assert!(matches!(journal.write(&[b"more"], 0), Err(AppendError::Halted)));
    assert!(matches!(journal.roll(), Err(AppendError::Halted)));
    assert_eq!(journal.reader().read(&position).unwrap().body, body(0));
    assert!(journal.stats().halted);
    assert!(matches!(journal.close(), Err(AppendError::Halted)));
}

#[test]
fn oversize_body_is_refused_and_the_journal_goes_on() {
    let disk = FaultyDisk::new();
    let mut journal = open(&disk);
    let limit = OPTIONS.frame_bytes_max;
    let error = journal.write(&[&vec![0; limit], b"x"], 0).unwrap_err();
    assert_eq!(error.to_string(), "frame of 2049 bytes is over the limit of 2048; split it");
    journal.write(&[&vec![0; limit]], 0).unwrap();
    journal.sync().unwrap();
}

#[test]
fn full_disk_refuses_frames_and_takes_them_again_when_there_is_room() {
    let disk = FaultyDisk::new();
    let mut journal = open(&disk);
    append(&mut journal, 0);
    while journal.stats().spare_segments < OPTIONS.spare_segments {
        std::thread::yield_now();
    }
    // Nothing can be created from now on, while what exists works.
    disk.fill_up();
    let mut written = 1;
    let error = loop {
        match journal.write(&[&body(written)], 0) {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        journal.sync().unwrap();
    };
    assert!(matches!(error, AppendError::NoRoom { kind: std::io::ErrorKind::StorageFull }), "{error}");
    assert!(matches!(journal.write(&[&[0; 2000]], 0), Err(AppendError::NoRoom { .. })));
    assert!(!journal.stats().halted);
    // Releasing makes room even while the disk stays full.
    journal.release(FrameNumber(written));
    while matches!(journal.write(&[&body(written)], 0), Err(AppendError::NoRoom { .. })) {
        std::thread::sleep(Duration::from_millis(1));
    }
    journal.sync().unwrap();
}
