//! The bytes of a segment. No IO; `docs/formats/journal.md` is the same in words.
//!
//! A segment is a header block, frames one after another, and one closing frame at its very end. Every checksum
//! begins from a seed made of the log's and the segment's id, so that bytes left in a file by its former use, or copied
//! from another segment, are never valid.

use std::fmt;

/// Length of the block at the start of a segment.
pub(crate) const HEADER_BYTES: u64 = 4096;
/// Length of a frame before its body.
pub(crate) const FRAME_HEADER_BYTES: usize = 64;
/// Length of the closing frame, which ends where the segment ends.
pub(crate) const CLOSING_BYTES: u64 = 512;

const VERSION: u8 = 1;
const SEGMENT_MAGIC: [u8; 8] = *b"indelseg";
const FRAME_MAGIC: [u8; 4] = *b"iFrm";
const CHECKSUM_BYTES: usize = 4;
const CLOSING_BODY_BYTES: usize = CLOSING_BYTES as usize - FRAME_HEADER_BYTES - CHECKSUM_BYTES;

/// Number of a segment; also its file name. Never used twice in one log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId(pub u64);

/// Number of a frame: dense from 0 over the whole life of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameNumber(pub u64);

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Display for FrameNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FrameNumber {
    pub(crate) fn next(self) -> FrameNumber {
        FrameNumber(self.0 + 1)
    }
}

/// Random name of one log, made when its directory is first opened.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogId(pub [u8; 16]);

impl fmt::Debug for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Where the checksums of one segment begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed(u32);

impl Seed {
    pub(crate) fn new(log: LogId, segment: SegmentId) -> Seed {
        Seed(crc32c::crc32c_append(crc32c::crc32c(&log.0), &segment.0.to_le_bytes()))
    }
}

/// The block at the start of a segment, written and synced before the segment gets its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) log: LogId,
    pub(crate) segment: SegmentId,
    /// Length of the whole file.
    pub(crate) segment_bytes: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HeaderError {
    Version(u8),
    Damaged,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut block = Vec::with_capacity(HEADER_BYTES as usize);
        block.extend_from_slice(&SEGMENT_MAGIC);
        block.push(VERSION);
        block.extend_from_slice(&[0; 7]);
        block.extend_from_slice(&self.log.0);
        block.extend_from_slice(&self.segment.0.to_le_bytes());
        block.extend_from_slice(&self.segment_bytes.to_le_bytes());
        block.resize(HEADER_BYTES as usize - CHECKSUM_BYTES, 0);
        let checksum = crc32c::crc32c(&block);
        block.extend_from_slice(&checksum.to_le_bytes());
        block
    }

    pub(crate) fn decode(block: &[u8]) -> Result<SegmentHeader, HeaderError> {
        let damaged = HeaderError::Damaged;
        let (rest, checksum) = block.split_last_chunk().ok_or(damaged)?;
        if block.len() as u64 != HEADER_BYTES || u32::from_le_bytes(*checksum) != crc32c::crc32c(rest) {
            return Err(HeaderError::Damaged);
        }
        let mut fields = Fields(rest);
        if fields.take::<8>() != SEGMENT_MAGIC {
            return Err(HeaderError::Damaged);
        }
        let [version, reserved @ ..] = fields.take::<8>();
        if version != VERSION {
            return Err(HeaderError::Version(version));
        }
        let header =
            SegmentHeader { log: LogId(fields.take()), segment: SegmentId(fields.u64()), segment_bytes: fields.u64() };
        let zero = reserved.iter().chain(fields.0).all(|&byte| byte == 0);
        if zero { Ok(header) } else { Err(HeaderError::Damaged) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// First frame of a segment in use; carries the number of the first records frame.
    Opening = 1,
    /// A caller's bytes.
    Records = 2,
    /// Last frame of a segment that was closed in good order; carries the number that follows.
    Closing = 3,
    /// A caller's bytes, moved by recovery from a segment that was not closed.
    Moved = 4,
}

impl Kind {
    fn decode(byte: u8) -> Option<Kind> {
        [Kind::Opening, Kind::Records, Kind::Closing, Kind::Moved].into_iter().find(|&kind| kind as u8 == byte)
    }

    pub(crate) fn has_records(self) -> bool {
        matches!(self, Kind::Records | Kind::Moved)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) kind: Kind,
    pub(crate) segment: SegmentId,
    pub(crate) number: FrameNumber,
    /// Every frame below this number was durable when this frame was written.
    pub(crate) durable: FrameNumber,
    pub(crate) received_at_us: i64,
    pub(crate) body_bytes: u32,
    /// Checksum of the records frame numbered one less, wherever it stands; 0 for none.
    pub(crate) previous: u32,
}

impl FrameHeader {
    /// Appends the whole frame to `out`; returns its checksum.
    pub(crate) fn encode(&self, seed: Seed, body: &[&[u8]], out: &mut Vec<u8>) -> u32 {
        let start = out.len();
        out.extend_from_slice(&FRAME_MAGIC);
        out.extend_from_slice(&[VERSION, self.kind as u8, 0, 0]);
        out.extend_from_slice(&self.segment.0.to_le_bytes());
        out.extend_from_slice(&self.number.0.to_le_bytes());
        out.extend_from_slice(&self.durable.0.to_le_bytes());
        out.extend_from_slice(&self.received_at_us.to_le_bytes());
        out.extend_from_slice(&self.body_bytes.to_le_bytes());
        out.extend_from_slice(&self.previous.to_le_bytes());
        out.extend_from_slice(&[0; 12]);
        let header_checksum = crc32c::crc32c_append(seed.0, &out[start..]);
        out.extend_from_slice(&header_checksum.to_le_bytes());
        body.iter().for_each(|part| out.extend_from_slice(part));
        let end = start + frame_bytes(self.body_bytes as usize);
        out.resize(end - CHECKSUM_BYTES, 0);
        let checksum = crc32c::crc32c_append(header_checksum, &out[start + FRAME_HEADER_BYTES..]);
        out.extend_from_slice(&checksum.to_le_bytes());
        checksum
    }

    /// Reads a header. `None` unless every bit of it is as it was written into this very segment.
    pub(crate) fn decode(seed: Seed, segment: SegmentId, bytes: &[u8]) -> Option<(FrameHeader, HeaderChecksum)> {
        // Cheap first: while looking for frames among other bytes this fails nearly always.
        if !bytes.starts_with(&FRAME_MAGIC) {
            return None;
        }
        let (covered, checksum) = bytes.first_chunk::<FRAME_HEADER_BYTES>()?.split_last_chunk::<CHECKSUM_BYTES>()?;
        let checksum = u32::from_le_bytes(*checksum);
        if crc32c::crc32c_append(seed.0, covered) != checksum {
            return None;
        }
        let mut fields = Fields(covered);
        let _magic = fields.take::<4>();
        let [version, kind, 0, 0] = fields.take() else { return None };
        let header = FrameHeader {
            kind: Kind::decode(kind)?,
            segment: SegmentId(fields.u64()),
            number: FrameNumber(fields.u64()),
            durable: FrameNumber(fields.u64()),
            received_at_us: i64::from_le_bytes(fields.take()),
            body_bytes: u32::from_le_bytes(fields.take()),
            previous: u32::from_le_bytes(fields.take()),
        };
        let sound = version == VERSION && fields.take() == [0; 12] && header.segment == segment;
        sound.then_some((header, HeaderChecksum(checksum)))
    }

    pub(crate) fn frame_bytes(&self) -> usize {
        frame_bytes(self.body_bytes as usize)
    }

    /// The segment these bytes name if they are a frame header, without checking that they are.
    pub(crate) fn claimed_segment(bytes: &[u8]) -> Option<SegmentId> {
        let id = bytes.get(8..FRAME_HEADER_BYTES)?.first_chunk()?;
        Some(SegmentId(u64::from_le_bytes(*id)))
    }

    pub(crate) fn has_magic(bytes: &[u8]) -> bool {
        bytes.starts_with(&FRAME_MAGIC)
    }
}

/// Checksum of a frame header, from which that of the frame goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeaderChecksum(u32);

impl HeaderChecksum {
    /// Checks a whole frame (`FrameHeader::frame_bytes` long); returns its checksum if it holds.
    pub(crate) fn verify(self, frame: &[u8]) -> Option<u32> {
        let (body, checksum) = frame.get(FRAME_HEADER_BYTES..)?.split_last_chunk::<CHECKSUM_BYTES>()?;
        let checksum = u32::from_le_bytes(*checksum);
        (crc32c::crc32c_append(self.0, body) == checksum).then_some(checksum)
    }
}

/// Length of a frame with a body of `body_bytes`, a multiple of 8.
pub(crate) const fn frame_bytes(body_bytes: usize) -> usize {
    (FRAME_HEADER_BYTES + body_bytes + CHECKSUM_BYTES).next_multiple_of(8)
}

/// Body of the closing frame: what one wants to know of a segment without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closing {
    pub(crate) first: FrameNumber,
    /// Where the last records frame ends.
    pub(crate) end: u64,
    /// `received_at_us` of the first and of the last records frame; 0 if there is none.
    pub(crate) received_at_us: (i64, i64),
}

impl Closing {
    pub(crate) fn encode(&self) -> [u8; CLOSING_BODY_BYTES] {
        let mut body = [0; CLOSING_BODY_BYTES];
        let (oldest, newest) = self.received_at_us;
        let fields = [self.first.0, self.end, oldest as u64, newest as u64];
        for (place, field) in body.chunks_exact_mut(8).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        body
    }

    pub(crate) fn decode(body: &[u8]) -> Option<Closing> {
        if body.len() != CLOSING_BODY_BYTES {
            return None;
        }
        let mut fields = Fields(body);
        Some(Closing {
            first: FrameNumber(fields.u64()),
            end: fields.u64(),
            received_at_us: (i64::from_le_bytes(fields.take()), i64::from_le_bytes(fields.take())),
        })
    }
}

/// Fixed-size fields taken from the front. Past the end it yields zeros; callers check lengths first.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((field, rest)) => {
                self.0 = rest;
                *field
            }
            None => [0; N],
        }
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}

#[cfg(test)]
mod tests;
