//! One segment file: its name, and reading its frames in order.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use indelible_storage::{Disk, DiskFile};

use crate::format::{
    CLOSING_BYTES, Closing, FRAME_HEADER_BYTES, FrameHeader, FrameNumber, HEADER_BYTES, Kind, LogId, Seed, SegmentId,
    frame_bytes,
};

/// Where the first records frame of a segment stands: after the header block and the opening frame.
pub(crate) const FRAMES_START: u64 = HEADER_BYTES + frame_bytes(0) as u64;

/// What a [`Window`] reads at first; then twice as much each time, up to the second figure.
const WINDOW_BYTES: (usize, usize) = (4 << 10, 1 << 20);

/// A file that holds, or is ready to hold, a segment.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) id: SegmentId,
    pub(crate) seed: Seed,
    /// Length of the file as its header states it.
    pub(crate) bytes: u64,
    /// Readers that must not find it recycled.
    pub(crate) holds: AtomicUsize,
    disk: Arc<dyn Disk>,
    path: PathBuf,
    /// Open only while somebody uses it: more segments may be retained than a process may have files open.
    file: Mutex<Option<Weak<dyn DiskFile>>>,
}

/// A segment whose file is kept open.
#[derive(Clone, Debug)]
pub(crate) struct OpenSegment {
    pub(crate) segment: Arc<Segment>,
    pub(crate) file: Arc<dyn DiskFile>,
}

/// The frames of a segment that count, as far as they are known without reading them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) first: FrameNumber,
    pub(crate) next: FrameNumber,
    /// Where the last records frame ends.
    pub(crate) end: u64,
    /// `received_at_us` of the first and the last records frame.
    pub(crate) received_at_us: Option<(i64, i64)>,
    /// Checksum of the records frame before `next`, be it in this segment or an earlier one.
    pub(crate) chain: u32,
}

impl Extent {
    pub(crate) fn empty(first: FrameNumber, chain: u32) -> Extent {
        Extent { first, next: first, end: FRAMES_START, received_at_us: None, chain }
    }

    pub(crate) fn add(&mut self, header: &FrameHeader, checksum: u32) {
        self.next = header.number.next();
        self.end += header.frame_bytes() as u64;
        let oldest = self.received_at_us.map_or(header.received_at_us, |(oldest, _)| oldest);
        self.received_at_us = Some((oldest, header.received_at_us));
        self.chain = checksum;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first == self.next
    }
}

impl Segment {
    /// The segment called `id` in the folder `dir`, `bytes` long. Touches nothing.
    pub(crate) fn new(log: LogId, id: SegmentId, bytes: u64, disk: &Arc<dyn Disk>, dir: &Path) -> Segment {
        Segment {
            id,
            seed: Seed::new(log, id),
            bytes,
            holds: AtomicUsize::new(0),
            disk: Arc::clone(disk),
            path: path(dir, id, SEGMENT_SUFFIX),
            file: Mutex::new(None),
        }
    }

    /// The file, opened if nobody has it open.
    pub(crate) fn file(&self) -> io::Result<Arc<dyn DiskFile>> {
        let mut known = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = known.as_ref().and_then(Weak::upgrade) {
            return Ok(file);
        }
        let file = self.disk.open(&self.path)?;
        *known = Some(Arc::downgrade(&file));
        Ok(file)
    }

    pub(crate) fn window(&self) -> io::Result<Window> {
        Ok(Window { file: self.file()?, end: self.bytes, ahead: WINDOW_BYTES.0, start: 0, bytes: Vec::new() })
    }

    pub(crate) fn is_held(&self) -> bool {
        self.holds.load(Ordering::Acquire) > 0
    }

    /// Where frames must end, so that the closing frame has its place.
    pub(crate) fn frames_end(&self) -> u64 {
        self.bytes.saturating_sub(CLOSING_BYTES)
    }

    /// The frame at `offset` and its checksum, if it is whole and belongs here.
    pub(crate) fn frame_at(&self, window: &mut Window, offset: u64) -> io::Result<Option<(FrameHeader, u32)>> {
        let Some((header, checksum)) = FrameHeader::decode(self.seed, self.id, window.get(offset, FRAME_HEADER_BYTES)?)
        else {
            return Ok(None);
        };
        let length = header.frame_bytes();
        if offset + length as u64 > self.bytes {
            return Ok(None);
        }
        let checksum = checksum.verify(window.get(offset, length)?);
        Ok(checksum.map(|checksum| (header, checksum)))
    }

    /// The opening frame: present in every segment that was ever in use.
    pub(crate) fn opening(&self, window: &mut Window) -> io::Result<Option<FrameHeader>> {
        let frame = self.frame_at(window, HEADER_BYTES)?;
        Ok(frame.map(|(header, _)| header).filter(|header| header.kind == Kind::Opening && header.body_bytes == 0))
    }

    /// What the closing frame says, if the segment was closed in good order.
    pub(crate) fn closing(&self, window: &mut Window) -> io::Result<Option<Extent>> {
        let offset = self.frames_end();
        let Some((header, _)) = self.frame_at(window, offset)? else { return Ok(None) };
        let frame = window.get(offset, header.frame_bytes())?;
        let body = frame.get(FRAME_HEADER_BYTES..FRAME_HEADER_BYTES + header.body_bytes as usize);
        let Some(closing) = body.and_then(Closing::decode) else { return Ok(None) };
        // Everything before a closing frame is synced before it is written.
        let sound = header.kind == Kind::Closing
            && header.durable == header.number
            && closing.first <= header.number
            && (FRAMES_START..=offset).contains(&closing.end);
        let received_at_us = (closing.first < header.number).then_some(closing.received_at_us);
        Ok(sound.then_some(Extent {
            first: closing.first,
            next: header.number,
            end: closing.end,
            received_at_us,
            chain: header.previous,
        }))
    }

    /// The next records frame after `extent`, if it is whole, belongs there and continues the chain.
    pub(crate) fn frame_after(&self, window: &mut Window, extent: &Extent) -> io::Result<Option<(FrameHeader, u32)>> {
        let frame = self.frame_at(window, extent.end)?;
        Ok(frame.filter(|(header, _)| {
            header.kind.has_records()
                && header.number == extent.next
                && header.previous == extent.chain
                && extent.end + header.frame_bytes() as u64 <= self.frames_end()
        }))
    }
}

/// Reads a segment through a buffer that follows the positions asked for.
#[derive(Debug)]
pub(crate) struct Window {
    file: Arc<dyn DiskFile>,
    /// Nothing of interest stands from here on.
    end: u64,
    /// How much to read next.
    ahead: usize,
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// The `length` bytes at `offset`, or fewer where the segment ends.
    pub(crate) fn get(&mut self, offset: u64, length: usize) -> io::Result<&[u8]> {
        let rest = usize::try_from(self.end.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = length.min(rest);
        let inside = offset >= self.start && offset + length as u64 <= self.start + self.bytes.len() as u64;
        if !inside {
            self.bytes.resize(length.max(self.ahead.min(rest)), 0);
            self.ahead = WINDOW_BYTES.1.min(self.ahead * 2);
            self.start = offset;
            let count = self.file.read_at(&mut self.bytes, offset);
            // After an error nothing of the buffer counts.
            self.bytes.truncate(*count.as_ref().unwrap_or(&0));
            count?;
        }
        let from = (offset - self.start) as usize;
        Ok(&self.bytes[from..self.bytes.len().min(from + length)])
    }
}

pub(crate) const SEGMENT_SUFFIX: &str = "segment";
pub(crate) const PREPARING_SUFFIX: &str = "preparing";

pub(crate) fn path(dir: &Path, id: SegmentId, suffix: &str) -> PathBuf {
    dir.join(format!("{id}.{suffix}"))
}

/// Reads a file name back; `None` for names that are not ours.
pub(crate) fn parse_name(name: &str) -> Option<(SegmentId, &'static str)> {
    let (id, suffix) = name.split_once('.')?;
    let plain = id.len() == 16 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let suffix = [SEGMENT_SUFFIX, PREPARING_SUFFIX].into_iter().find(|&known| known == suffix)?;
    if !plain {
        return None;
    }
    Some((SegmentId(u64::from_str_radix(id, 16).ok()?), suffix))
}
