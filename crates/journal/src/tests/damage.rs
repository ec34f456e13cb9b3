//! Flipped bits, cut files, lost files and bytes of a file's former use.

use std::path::{Path, PathBuf};

use indelible_storage::Disk;
use indelible_testkit::disk::FaultyDisk;

use super::model::{DIR, OPTIONS, open};
use crate::format::{CLOSING_BYTES, HEADER_BYTES};
use crate::segment::FRAMES_START;
use crate::{Cut, Damage, FrameNumber, FramePosition, Journal, OpenError, ReadError, Recovered, SegmentId};

const CLOSED: SegmentId = SegmentId(0);
const OPEN: SegmentId = SegmentId(1);

/// A log of ten frames, stopped without being closed.
struct Fixture {
    disk: FaultyDisk,
    positions: Vec<FramePosition>,
}

/// Frames below this number are stated to be durable by a frame after them. The two from here on were synced last.
const DURABLE: u64 = 8;
const FRAMES: u64 = 10;

fn body(number: u64) -> Vec<u8> {
    format!("body {number}").into_bytes()
}

fn fixture() -> Fixture {
    let disk = FaultyDisk::new();
    let (mut journal, _) = open(&disk).unwrap();
    let mut positions = Vec::new();
    for number in 0..FRAMES {
        positions.push(journal.write(&[&body(number)], number as i64).unwrap());
        if number % 2 == 1 {
            journal.sync().unwrap();
        }
        if number == 3 {
            journal.roll().unwrap();
        }
    }
    journal.prepare_inline();
    assert_eq!((positions[0].segment, positions[9].segment), (CLOSED, OPEN));
    Fixture { disk, positions }
}

fn file(segment: SegmentId) -> PathBuf {
    Path::new(DIR).join(format!("{segment}.segment"))
}

impl Fixture {
    fn tampered(&self, segment: SegmentId, change: impl FnOnce(&mut Vec<u8>)) -> FaultyDisk {
        let disk = self.disk.fork();
        assert!(disk.tamper(&file(segment), change));
        disk
    }

    fn flipped(&self, segment: SegmentId, bit: u64) -> FaultyDisk {
        self.tampered(segment, |bytes| bytes[bit as usize / 8] ^= 1 << (bit % 8))
    }

    /// All bits of a frame.
    fn bits(&self, number: u64) -> std::ops::Range<u64> {
        let position = self.positions[number as usize];
        position.offset * 8..(position.offset + u64::from(position.length)) * 8
    }
}

/// Opens a disk that must be refused, and checks that nothing on it was touched.
fn refused(disk: &FaultyDisk) -> Damage {
    let before = disk.operations();
    match open(disk) {
        Err(OpenError::Damaged(damage)) => {
            assert_eq!(disk.operations(), before + 1, "only the folder is made sure of");
            *damage
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// Reads everything; returns the number of good frames and the error at their end.
fn read_all(journal: &Journal) -> (u64, Option<ReadError>) {
    let mut number = 0;
    for frame in journal.frames(FrameNumber(0)) {
        match frame {
            Ok(frame) => assert_eq!((frame.number.0, &frame.body[..]), (number, &body(number)[..])),
            Err(error) => return (number, Some(error)),
        }
        number += 1;
    }
    (number, None)
}

fn intact(disk: &FaultyDisk) -> Recovered {
    let (journal, recovered) = open(disk).unwrap();
    assert!(matches!(read_all(&journal), (FRAMES, None)));
    recovered
}

#[test]
fn undamaged_log_is_read_whole() {
    let recovered = intact(&fixture().disk);
    assert_eq!((recovered.first.0, recovered.next.0, recovered.moved, recovered.cut), (0, 10, 2, None));
}

#[test]
fn flipped_bit_below_the_durable_mark_is_refused() {
    let fixture = fixture();
    for number in 4..DURABLE {
        for bit in fixture.bits(number) {
            let damage = refused(&fixture.flipped(OPEN, bit));
            let frames = (FrameNumber(number), FrameNumber(DURABLE - 1));
            assert_eq!((damage.segment, damage.frames), (OPEN, Some(frames)), "bit {bit}");
            assert_eq!(damage.offset, fixture.positions[number as usize].offset);
        }
    }
}

#[test]
fn flipped_bit_above_the_durable_mark_is_cut_and_told() {
    let fixture = fixture();
    for number in DURABLE..FRAMES {
        for bit in fixture.bits(number) {
            let (journal, recovered) = open(&fixture.flipped(OPEN, bit)).unwrap();
            let offset = fixture.positions[number as usize].offset;
            assert_eq!(recovered.cut, Some(Cut { segment: OPEN, offset, number: FrameNumber(number) }), "bit {bit}");
            assert!(matches!(read_all(&journal), (found, None) if found == number));
        }
    }
}

#[test]
fn flipped_bit_in_a_closed_segment_is_found_when_it_is_read() {
    let fixture = fixture();
    for number in 0..4 {
        for bit in fixture.bits(number) {
            let (journal, _) = open(&fixture.flipped(CLOSED, bit)).unwrap();
            let (good, error) = read_all(&journal);
            assert_eq!(good, number);
            assert!(
                matches!(error, Some(ReadError::Damaged { segment: CLOSED, number: FrameNumber(n), .. }) if n == number)
            );
            let position = &fixture.positions[number as usize];
            assert!(matches!(journal.reader().read(position), Err(ReadError::Damaged { .. })), "bit {bit}");
        }
    }
}

#[test]
fn flipped_bit_in_a_header_or_opening_frame_is_refused() {
    let fixture = fixture();
    for segment in [CLOSED, OPEN] {
        let opening = HEADER_BYTES * 8..FRAMES_START * 8;
        // Of the header one bit of each byte; the format's own tests flip them all.
        let header = (0..HEADER_BYTES).map(|byte| byte * 8 + byte % 8);
        for bit in opening.chain(header) {
            assert_eq!(refused(&fixture.flipped(segment, bit)).segment, segment, "bit {bit}");
        }
    }
}

#[test]
fn flipped_bit_in_a_closing_frame_costs_nothing() {
    let fixture = fixture();
    for bit in (OPTIONS.segment_bytes - CLOSING_BYTES) * 8..OPTIONS.segment_bytes * 8 {
        intact(&fixture.flipped(CLOSED, bit));
    }
}

#[test]
fn torn_frame_above_the_durable_mark_is_cut_and_below_it_refused() {
    let fixture = fixture();
    for number in 4..FRAMES {
        let position = fixture.positions[number as usize];
        let end = position.offset + u64::from(position.length);
        // From some byte on the frame has something else.
        for start in position.offset..end {
            let torn =
                |bytes: &mut Vec<u8>| bytes[start as usize..end as usize].iter_mut().for_each(|byte| *byte ^= 0xa5);
            let disk = fixture.tampered(OPEN, torn);
            if number < DURABLE {
                assert_eq!(refused(&disk).offset, position.offset);
            } else {
                let (journal, recovered) = open(&disk).unwrap();
                // Without the segment's id nothing shows that a frame was there.
                let told = start < position.offset + 16 || recovered.cut.is_some();
                assert_eq!((recovered.next.0, told), (number, true), "from byte {start}");
                assert!(matches!(read_all(&journal), (found, None) if found == number));
            }
        }
    }
}

/// No crash shortens a segment, so a short one is never taken for a torn end.
#[test]
fn file_cut_anywhere_is_refused() {
    let fixture = fixture();
    for segment in [CLOSED, OPEN] {
        let frames = FRAMES_START - 100..FRAMES_START + 1000;
        for length in (0..OPTIONS.segment_bytes).filter(|length| frames.contains(length) || length % 61 == 0) {
            assert_eq!(refused(&fixture.tampered(segment, |bytes| bytes.truncate(length as usize))).segment, segment);
        }
    }
}

#[test]
fn missing_segment_is_refused() {
    let fixture = fixture();
    let disk = fixture.disk.fork();
    let (mut journal, _) = open(&disk).unwrap();
    journal.write(&[b"more"], 0).unwrap();
    journal.close().unwrap();
    let names = disk.names();
    assert!(names.len() >= 3);
    disk.remove(&file(OPEN)).unwrap();
    assert!(refused(&disk).what.contains("missing"));
}

#[test]
fn segment_of_another_log_is_refused() {
    let fixture = fixture();
    let other = self::fixture();
    let mut stranger = Vec::new();
    other.disk.tamper(&file(CLOSED), |bytes| stranger = bytes.clone());
    assert!(refused(&fixture.tampered(CLOSED, |bytes| *bytes = stranger)).what.contains("another log"));
}

#[test]
fn renamed_segment_is_refused() {
    let fixture = fixture();
    let disk = fixture.disk.fork();
    disk.rename(&file(OPEN), &file(SegmentId(9))).unwrap();
    assert!(refused(&disk).what.contains("renamed"));
}

#[test]
fn newer_format_version_is_told_apart_from_damage() {
    use crate::format::{LogId, SegmentHeader};
    let fixture = fixture();
    let header = SegmentHeader { log: LogId([7; 16]), segment: OPEN, segment_bytes: OPTIONS.segment_bytes };
    let mut block = header.encode();
    block[8] = 2;
    let (covered, checksum) = block.split_last_chunk_mut::<4>().unwrap();
    *checksum = crc32c::crc32c(covered).to_le_bytes();
    let disk = fixture.tampered(OPEN, |bytes| bytes[..block.len()].copy_from_slice(&block));
    assert!(matches!(open(&disk), Err(OpenError::Version { segment: OPEN, version: 2 })));
}

/// Bytes of a file's former use stand exactly where new frames are looked for.
#[test]
fn stale_frames_of_a_recycled_segment_never_revive() {
    let disk = FaultyDisk::new();
    let (mut journal, recovered) = open(&disk).unwrap();
    let mut number = recovered.next.0;
    // Frames of one length, so that old and new ones stand at the same places in every use of a file.
    let mut write = |journal: &mut Journal, count: u64| {
        for _ in 0..count {
            journal.write(&[&[number as u8; 300]], 0).unwrap();
            journal.sync().unwrap();
            number += 1;
        }
    };
    for _ in 0..8 {
        write(&mut journal, 8);
        journal.release(journal.reader().durable());
    }
    drop(journal);
    for _ in 0..4 {
        // Each round starts another use of a file full of stale frames and puts few of its own before them.
        let (mut journal, recovered) = open(&disk).unwrap();
        assert_eq!(recovered.cut, None, "stale frames are not taken for a torn end either");
        let mut expected = recovered.first.0;
        for frame in journal.frames(FrameNumber(0)) {
            let frame = frame.unwrap();
            assert_eq!((frame.number.0, frame.body[0]), (expected, expected as u8));
            expected += 1;
        }
        assert_eq!(expected, recovered.next.0);
        write(&mut journal, 2);
    }
}

/// Written once by version 1; later versions must read them for ever.
#[test]
fn segment_files_of_version_1_are_still_read() {
    let disk = FaultyDisk::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/v1");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let copy = Path::new(DIR).join(path.file_name().unwrap());
        disk.create(&copy).unwrap();
        assert!(disk.tamper(&copy, |bytes| *bytes = std::fs::read(&path).unwrap()));
    }
    disk.sync_dir(Path::new(DIR)).unwrap();
    let recovered = intact(&disk);
    assert_eq!((recovered.first.0, recovered.next.0, recovered.moved, recovered.cut), (0, 10, 2, None));
    assert_eq!(recovered.last_received_at_us, Some(9));
}
