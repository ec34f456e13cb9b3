#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rand::rngs::SmallRng;
use rand::{Rng, RngCore, SeedableRng};

use super::*;

const LOG: LogId = LogId([3; 16]);
const SEGMENT: SegmentId = SegmentId(0x0102_0304_0506_0708);

fn seed() -> Seed {
    Seed::new(LOG, SEGMENT)
}

fn header(kind: Kind, body_bytes: usize) -> FrameHeader {
    FrameHeader {
        kind,
        segment: SEGMENT,
        number: FrameNumber(77),
        durable: FrameNumber(70),
        received_at_us: -5,
        body_bytes: body_bytes as u32,
        previous: 0xdead_beef,
    }
}

fn decode(bytes: &[u8]) -> Option<(FrameHeader, u32)> {
    let (header, checksum) = FrameHeader::decode(seed(), SEGMENT, bytes)?;
    Some((header, checksum.verify(bytes)?))
}

#[test]
fn frame_reads_back_whatever_its_length_and_parts() {
    for length in 0..40 {
        let body: Vec<u8> = (0..length).collect();
        let (left, right) = body.split_at(body.len() / 3);
        let mut frame = b"before".to_vec();
        let header = header(Kind::Records, body.len());
        let checksum = header.encode(seed(), &[left, &[], right], &mut frame);
        let frame = &frame[6..];
        assert_eq!((frame.len(), frame.len() % 8), (frame_bytes(body.len()), 0));
        assert_eq!(decode(frame), Some((header, checksum)));
        assert_eq!(&frame[FRAME_HEADER_BYTES..][..body.len()], body);
    }
}

#[test]
fn flipped_bit_in_a_frame_is_found() {
    for kind in [Kind::Opening, Kind::Records, Kind::Closing, Kind::Moved] {
        let mut frame = Vec::new();
        header(kind, 21).encode(seed(), &[&[0x55; 21]], &mut frame);
        for bit in 0..frame.len() * 8 {
            frame[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&frame), None, "bit {bit}");
            frame[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(decode(&frame).is_some());
    }
}

#[test]
fn frame_of_another_segment_or_log_is_not_valid() {
    let mut frame = Vec::new();
    header(Kind::Records, 3).encode(seed(), &[b"abc"], &mut frame);
    for (log, segment) in [(LOG, SegmentId(SEGMENT.0 + 1)), (LogId([4; 16]), SEGMENT)] {
        assert!(FrameHeader::decode(Seed::new(log, segment), segment, &frame).is_none());
        assert!(FrameHeader::decode(Seed::new(log, segment), SEGMENT, &frame).is_none());
    }
}

#[test]
fn flipped_bit_in_a_segment_header_is_found() {
    let header = SegmentHeader { log: LOG, segment: SEGMENT, segment_bytes: 64 << 20 };
    let mut block = header.encode();
    assert_eq!(block.len() as u64, HEADER_BYTES);
    assert_eq!(SegmentHeader::decode(&block), Ok(header));
    // The version is looked at last, so that a flipped bit in it is damage and no newer version.
    for bit in 0..block.len() * 8 {
        block[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(SegmentHeader::decode(&block), Err(HeaderError::Damaged), "bit {bit}");
        block[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn closing_frame_is_as_long_as_its_place() {
    let closing = Closing { first: FrameNumber(u64::MAX), end: 1 << 40, received_at_us: (i64::MIN, i64::MAX) };
    let body = closing.encode();
    assert_eq!(frame_bytes(body.len()) as u64, CLOSING_BYTES);
    assert_eq!(Closing::decode(&body), Some(closing));
    assert_eq!(Closing::decode(&body[1..]), None);
}

#[test]
fn random_bytes_are_refused_without_a_panic() {
    let mut random = SmallRng::seed_from_u64(1);
    for _ in 0..20_000 {
        let mut bytes = vec![0; random.random_range(0..200)];
        random.fill_bytes(&mut bytes);
        let magic = FRAME_MAGIC.len().min(bytes.len());
        bytes[..magic].copy_from_slice(&FRAME_MAGIC[..magic]);
        assert_eq!(decode(&bytes), None);
        assert_eq!(SegmentHeader::decode(&bytes), Err(HeaderError::Damaged));
        let header = FrameHeader { body_bytes: u32::MAX, ..header(Kind::Records, 0) };
        // A length that was believed may still reach beyond the bytes at hand.
        let mut frame = Vec::new();
        FrameHeader { body_bytes: 0, ..header }.encode(seed(), &[], &mut frame);
        assert_eq!(decode(&frame[..random.random_range(0..frame.len())]), None);
    }
}
