//! Reading frames back, from any thread, while the journal goes on.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use crate::format::{FRAME_HEADER_BYTES, FrameHeader, FrameNumber, SegmentId};
use crate::segment::{Extent, OpenSegment, Segment, Window};
use crate::spares::Shared;

/// Where a frame stands. Valid as long as its segment is retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FramePosition {
    /// The segment.
    pub segment: SegmentId,
    /// Where the frame begins in its file, in bytes.
    pub offset: u64,
    /// Length of the whole frame in bytes, header, padding and checksum included.
    pub length: u32,
    /// The frame's number.
    pub number: FrameNumber,
}

/// A frame as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The frame's number.
    pub number: FrameNumber,
    /// Where it stands.
    pub position: FramePosition,
    /// As given to [`Journal::write`](crate::Journal::write): microseconds since 1970.
    pub received_at_us: i64,
    /// The parts given to [`Journal::write`](crate::Journal::write), joined.
    pub body: Bytes,
}

/// Why a frame was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Its segment was released and is gone, or never was.
    #[error("segment {segment} is not in the journal any more; look for its entries in the archive")]
    Released {
        /// The segment.
        segment: SegmentId,
    },
    /// The frame is not durable yet, so nobody may see it.
    #[error("frame {number} is not durable yet")]
    NotDurable {
        /// The frame.
        number: FrameNumber,
    },
    /// The frame was durable and is not as it was written.
    #[error(
        "journal segment {segment} is damaged at byte {offset}: frame {number} cannot be read; restore the file from a copy or read the archive"
    )]
    Damaged {
        /// The segment.
        segment: SegmentId,
        /// Where the frame begins, in bytes.
        offset: u64,
        /// The frame.
        number: FrameNumber,
    },
    /// The disk failed.
    #[error("read journal segment {segment}")]
    Io {
        /// The segment.
        segment: SegmentId,
        /// What the disk said.
        source: io::Error,
    },
}

/// Counts of a journal, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Segments that hold retained frames, or are open for them.
    pub segments: usize,
    /// Segments ready for use.
    pub spare_segments: usize,
    /// Bytes of retained frames.
    pub bytes_retained: u64,
    /// First retained frame.
    pub oldest: FrameNumber,
    /// The number the next frame gets.
    pub next: FrameNumber,
    /// Every frame below this number is durable.
    pub durable: FrameNumber,
    /// `received_at_us` of the first retained frame.
    pub oldest_received_at_us: Option<i64>,
    /// `received_at_us` of the first frame in the open segment; [`Journal::roll`](crate::Journal::roll) closes it.
    pub open_received_at_us: Option<i64>,
    /// Syncs of frames since the journal was opened.
    pub syncs: u64,
    /// Times the writer found no segment ready and had to wait.
    pub spare_waits: u64,
    /// Whether the journal has stopped for good; see [`AppendError::Halted`](crate::AppendError::Halted).
    pub halted: bool,
}

/// A segment and the frames it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// The segment.
    pub id: SegmentId,
    /// Its first frame.
    pub first: FrameNumber,
    /// The frame after its last one.
    pub next: FrameNumber,
    /// Bytes from the start of the file to the end of the last frame.
    pub bytes: u64,
    /// Whether it takes no more frames.
    pub closed: bool,
}

/// Reads the durable frames of a journal. Cheap to clone; stays usable after the journal has halted or is closed.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(crate) shared: Arc<Shared>,
}

impl Reader {
    /// Every frame below this number is durable and can be read.
    pub fn durable(&self) -> FrameNumber {
        FrameNumber(self.shared.durable.load(Ordering::Acquire))
    }

    /// Reads one frame and checks it against its checksums.
    pub fn read(&self, position: &FramePosition) -> Result<Frame, ReadError> {
        let FramePosition { segment: id, offset, length, number } = *position;
        if number >= self.durable() {
            return Err(ReadError::NotDurable { number });
        }
        let segment = self.segment(id)?;
        let error = match read_at(&segment, offset, length) {
            Ok(Some((header, frame))) if header.number == number => return Ok(to_frame(&header, *position, frame)),
            Ok(_) => ReadError::Damaged { segment: id, offset, number },
            Err(source) => ReadError::Io { segment: id, source },
        };
        // A segment that was recycled meanwhile has another name and other bytes; then nothing is wrong with it.
        self.segment(id).and(Err(error))
    }

    /// Keeps a segment from being recycled until the guard is dropped.
    ///
    /// A segment that was released cannot be held any more, even if it is still there: otherwise readers that take turns
    /// could keep it for ever.
    pub fn hold(&self, segment: SegmentId) -> Result<Hold, ReadError> {
        let state = self.shared.lock();
        let held = state.live.get(&segment).filter(|(_, extent)| !state.is_released(extent));
        let (held, _) = held.ok_or(ReadError::Released { segment })?;
        let file = held.file().map_err(|source| ReadError::Io { segment, source })?;
        held.holds.fetch_add(1, Ordering::AcqRel);
        Ok(Hold { open: OpenSegment { segment: Arc::clone(held), file }, shared: Arc::clone(&self.shared) })
    }

    /// All retained frames from number `from` on that are durable now, in order. Starts later if `from` was released.
    ///
    /// Holds the segment it reads; needs memory for the largest frame. Ends after the first error.
    pub fn frames(&self, from: FrameNumber) -> Frames {
        Frames { reader: self.clone(), next: from, end: self.durable(), place: None, chain: None }
    }

    /// The segments that hold retained frames, oldest first. The last one is open.
    pub fn segments(&self) -> Vec<SegmentInfo> {
        let state = self.shared.lock();
        let open = state.live.last_key_value().map(|(id, _)| *id);
        let info = |(id, (_, extent)): (&SegmentId, &(Arc<Segment>, Extent))| SegmentInfo {
            id: *id,
            first: extent.first,
            next: extent.next,
            bytes: extent.end,
            closed: Some(*id) != open,
        };
        state.live.iter().map(info).collect()
    }

    /// Counts, for people and metrics.
    pub fn stats(&self) -> Stats {
        let state = self.shared.lock();
        let extents = || state.live.values().map(|(_, extent)| extent);
        let oldest = extents().next();
        let open = extents().next_back();
        Stats {
            segments: state.live.len(),
            spare_segments: state.spares.len(),
            bytes_retained: extents().map(|extent| extent.end - crate::segment::FRAMES_START).sum(),
            oldest: oldest.map_or(FrameNumber(0), |extent| extent.first),
            next: open.map_or(FrameNumber(0), |extent| extent.next),
            durable: self.durable(),
            oldest_received_at_us: extents().find_map(|extent| extent.received_at_us).map(|(oldest, _)| oldest),
            open_received_at_us: open.and_then(|extent| extent.received_at_us).map(|(oldest, _)| oldest),
            syncs: self.shared.syncs.load(Ordering::Relaxed),
            spare_waits: self.shared.spare_waits.load(Ordering::Relaxed),
            halted: self.shared.is_halted(),
        }
    }

    fn segment(&self, segment: SegmentId) -> Result<Arc<Segment>, ReadError> {
        let state = self.shared.lock();
        let (found, _) = state.live.get(&segment).ok_or(ReadError::Released { segment })?;
        Ok(Arc::clone(found))
    }
}

fn read_at(segment: &Segment, offset: u64, length: u32) -> io::Result<Option<(FrameHeader, Vec<u8>)>> {
    let inside = offset.checked_add(u64::from(length)).is_some_and(|end| end <= segment.frames_end());
    if !inside {
        return Ok(None);
    }
    let mut frame = vec![0; length as usize];
    let count = segment.file()?.read_at(&mut frame, offset)?;
    let Some((header, checksum)) = FrameHeader::decode(segment.seed, segment.id, &frame) else { return Ok(None) };
    let whole = count == frame.len() && header.frame_bytes() == frame.len() && header.kind.has_records();
    Ok((whole && checksum.verify(&frame).is_some()).then_some((header, frame)))
}

fn to_frame(header: &FrameHeader, position: FramePosition, frame: Vec<u8>) -> Frame {
    let body = FRAME_HEADER_BYTES..FRAME_HEADER_BYTES + header.body_bytes as usize;
    Frame {
        number: header.number,
        position,
        received_at_us: header.received_at_us,
        body: Bytes::from(frame).slice(body),
    }
}

/// Keeps a segment from being recycled; see [`Reader::hold`].
#[derive(Debug)]
pub struct Hold {
    /// With its file open, so that reads need not open it again.
    open: OpenSegment,
    shared: Arc<Shared>,
}

impl Hold {
    /// The segment that is held.
    pub fn segment(&self) -> SegmentId {
        self.open.segment.id
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let _state = self.shared.lock();
        self.open.segment.holds.fetch_sub(1, Ordering::AcqRel);
        self.shared.changed.notify_all();
    }
}

/// Iterator over retained frames; see [`Reader::frames`].
#[derive(Debug)]
pub struct Frames {
    reader: Reader,
    /// The next frame wanted.
    next: FrameNumber,
    end: FrameNumber,
    place: Option<Place>,
    /// Checksum of the frame before `next`, once one was read.
    chain: Option<u32>,
}

/// Where the iterator is within a segment.
#[derive(Debug)]
struct Place {
    hold: Hold,
    window: Window,
    /// The frames gone through so far.
    passed: Extent,
    /// The first frame of the next segment.
    next_segment: FrameNumber,
}

impl Frames {
    /// Enters the segment that holds `self.next`, or the oldest one if that is gone. `None` if there is no such frame.
    fn enter(&mut self) -> Result<Option<Place>, ReadError> {
        let (id, extent) = {
            let state = self.reader.shared.lock();
            let wanted = |extent: &Extent| extent.next > self.next && !state.is_released(extent);
            let found = state.live.iter().find(|(_, (_, extent))| wanted(extent));
            match found {
                Some((id, (_, extent))) => (*id, *extent),
                None => return Ok(None),
            }
        };
        if self.chain.is_some() && extent.first > self.next {
            return Err(ReadError::Released { segment: id });
        }
        let hold = self.reader.hold(id)?;
        let segment = &hold.open.segment;
        let mut window = segment.window().map_err(|source| ReadError::Io { segment: id, source })?;
        let opening = segment.opening(&mut window).map_err(|source| ReadError::Io { segment: id, source })?;
        let damaged = ReadError::Damaged { segment: id, offset: crate::format::HEADER_BYTES, number: extent.first };
        let opening = opening.filter(|opening| opening.number == extent.first).ok_or(damaged)?;
        let passed = Extent::empty(extent.first, self.chain.unwrap_or(opening.previous));
        Ok(Some(Place { hold, window, passed, next_segment: extent.next }))
    }

    fn advance(&mut self) -> Result<Option<Frame>, ReadError> {
        while self.next < self.end {
            if self.place.is_none() {
                self.place = self.enter()?;
            }
            let Some(place) = &mut self.place else { return Ok(None) };
            let Place { hold, window, passed, .. } = place;
            let (segment, offset, number) = (&hold.open.segment, passed.end, passed.next);
            if number >= self.end {
                return Ok(None);
            }
            let found =
                segment.frame_after(window, passed).map_err(|source| ReadError::Io { segment: segment.id, source })?;
            let damaged = ReadError::Damaged { segment: segment.id, offset, number };
            let (header, checksum) = found.ok_or(damaged)?;
            passed.add(&header, checksum);
            let length = header.frame_bytes();
            let position = FramePosition { segment: segment.id, offset, length: length as u32, number };
            let wanted = number >= self.next;
            let frame = match wanted {
                true => Some(
                    window
                        .get(offset, length)
                        .map_err(|source| ReadError::Io { segment: segment.id, source })?
                        .to_vec(),
                ),
                false => None,
            };
            self.chain = Some(checksum);
            if passed.next >= place.next_segment {
                self.place = None;
            }
            if let Some(frame) = frame {
                self.next = number.next();
                return Ok(Some(to_frame(&header, position, frame)));
            }
        }
        Ok(None)
    }
}

impl Iterator for Frames {
    type Item = Result<Frame, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = self.advance();
        if result.is_err() {
            self.end = self.next;
        }
        result.transpose()
    }
}
