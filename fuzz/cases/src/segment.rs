//! Journals made of segments whose checksums are right and whose contents are anything.
//!
//! The bytes choose what deviates from a good journal, and then what is overwritten; checksums are computed after the
//! first and before the second, from the format's page and not with the journal's own code.

use std::path::Path;
use std::sync::Arc;

use indelible_journal::{FrameNumber, Journal, Options};
use indelible_storage::Disk;
use indelible_testkit::disk::FaultyDisk;
use rand::SeedableRng;
use rand::rngs::SmallRng;

use crate::input::Input;

const FOLDER: &str = "/journal";
const BYTES: usize = 8 << 10;
const OPTIONS: Options = Options { segment_bytes: BYTES as u64, spare_segments: 1, frame_bytes_max: 2 << 10 };
const LOG: [u8; 16] = [7; 16];
const HEADER: usize = 4096;
const CLOSING: usize = 512;

/// Kinds of frames.
const OPENING: u8 = 1;
const RECORDS: u8 = 2;
const CLOSED: u8 = 3;
const MOVED: u8 = 4;

pub(crate) fn segment(bytes: &[u8]) {
    let mut input = Input(bytes);
    let disk = FaultyDisk::new();
    let mut writer = Writer::default();
    for id in 0..1 + u64::from(input.byte() % 3) {
        let mut segment = writer.segment(id, &mut input);
        for _ in 0..input.byte() % 4 {
            let at = usize::from(input.u16()) % segment.len();
            segment[at] = input.byte();
        }
        if input.byte() == 255 {
            segment.truncate(usize::from(input.u16()));
        }
        let path = Path::new(FOLDER).join(format!("{id:016x}.segment"));
        disk.create(&path).unwrap();
        disk.tamper(&path, |bytes| *bytes = segment);
    }
    disk.sync_dir(Path::new(FOLDER)).unwrap();
    let Some(frames) = read(&disk) else { return };
    // What was taken for good once is good again, also if the power went just now.
    let after = disk.cut_power(&mut SmallRng::seed_from_u64(0));
    for disk in [after, disk] {
        assert_eq!(read(&disk).as_ref(), Some(&frames));
    }
}

/// Opens the journal and reads its frames up to the first that is damaged; `None` if it is refused.
fn read(disk: &FaultyDisk) -> Option<(Vec<Vec<u8>>, bool)> {
    let (journal, recovered) = Journal::open(Arc::new(disk.clone()), Path::new(FOLDER), OPTIONS).ok()?;
    let mut bodies = Vec::new();
    for frame in journal.frames(FrameNumber(0)) {
        let Ok(frame) = frame else { return Some((bodies, false)) };
        assert_eq!(frame.number.0, recovered.first.0 + bodies.len() as u64, "frames are dense");
        bodies.push(frame.body.to_vec());
    }
    assert_eq!(recovered.first.0 + bodies.len() as u64, recovered.next.0);
    Some((bodies, true))
}

/// Where a good journal would be.
#[derive(Default)]
struct Writer {
    number: u64,
    durable: u64,
    chain: u32,
}

impl Writer {
    fn segment(&mut self, id: u64, input: &mut Input<'_>) -> Vec<u8> {
        let mut bytes = vec![0; BYTES];
        bytes[..8].copy_from_slice(b"indelseg");
        bytes[8] = 1;
        bytes[16..32].copy_from_slice(&LOG);
        bytes[32..40].copy_from_slice(&id.to_le_bytes());
        bytes[40..48].copy_from_slice(&(BYTES as u64).to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..HEADER - 4]);
        bytes[HEADER - 4..HEADER].copy_from_slice(&checksum.to_le_bytes());
        let mut seed = LOG.to_vec();
        seed.extend_from_slice(&id.to_le_bytes());
        let seed = crc32c::crc32c(&seed);
        let mut place = |at: usize, frame: &[u8]| {
            let end = (at + frame.len()).min(BYTES);
            bytes[at.min(end)..end].copy_from_slice(&frame[..end - at.min(end)]);
            at + frame.len()
        };
        let first = self.number;
        self.durable = first;
        let mut at = place(HEADER, &self.frame(OPENING, id, seed, &[], input));
        for _ in 0..input.byte() % 6 {
            let body: Vec<u8> = vec![at as u8; usize::from(input.byte()) * 3];
            let kind = if input.byte().is_multiple_of(8) { MOVED } else { RECORDS };
            let frame = self.frame(kind, id, seed, &body, input);
            at = place(at, &frame);
            self.number += 1;
            self.chain = u32::from_le_bytes(frame[frame.len() - 4..].try_into().unwrap());
            if input.byte() % 2 == 1 {
                self.durable = self.number;
            }
        }
        if input.byte() % 4 < 3 {
            let mut body = vec![0; 444];
            body[..8].copy_from_slice(&first.to_le_bytes());
            body[8..16].copy_from_slice(&(at as u64).to_le_bytes());
            if input.byte() > 250 {
                body[usize::from(input.byte()) % 32] ^= input.byte();
            }
            self.durable = self.number;
            place(BYTES - CLOSING, &self.frame(CLOSED, id, seed, &body, input));
        }
        bytes
    }

    /// A frame with right checksums; one byte in sixteen makes a field deviate.
    fn frame(&self, kind: u8, segment: u64, seed: u32, body: &[u8], input: &mut Input<'_>) -> Vec<u8> {
        let mut frame = vec![0; 64];
        frame[..4].copy_from_slice(b"iFrm");
        frame[4] = 1;
        frame[5] = kind;
        frame[8..16].copy_from_slice(&segment.to_le_bytes());
        frame[16..24].copy_from_slice(&self.number.to_le_bytes());
        frame[24..32].copy_from_slice(&self.durable.to_le_bytes());
        frame[40..44].copy_from_slice(&(body.len() as u32).to_le_bytes());
        frame[44..48].copy_from_slice(&self.chain.to_le_bytes());
        if input.byte() % 16 == 15 {
            frame[usize::from(input.byte()) % 60] ^= input.byte();
        }
        let header = crc32c::crc32c_append(seed, &frame[..60]);
        frame[60..64].copy_from_slice(&header.to_le_bytes());
        frame.extend_from_slice(body);
        frame.resize((frame.len() + 4).next_multiple_of(8) - 4, 0);
        let checksum = crc32c::crc32c_append(header, &frame[64..]);
        frame.extend_from_slice(&checksum.to_le_bytes());
        frame
    }
}
