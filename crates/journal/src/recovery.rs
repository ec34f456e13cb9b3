//! Finds out what a journal's directory holds, without changing a byte of it.
//!
//! The question it has to settle is whether a frame that cannot be read is the torn end of what was being written when
//! the power went, which nobody was told is stored, or damage to something that was. Each frame states up to
//! which number everything was durable when it was written. So a bad frame below the highest such statement found
//! anywhere is damage, and the journal is not opened; above it is a torn end, and is left out.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indelible_storage::Disk;

use crate::format::{
    FRAME_HEADER_BYTES, FrameHeader, FrameNumber, HEADER_BYTES, HeaderError, Kind, LogId, Seed, SegmentHeader,
    SegmentId,
};
use crate::segment::{self, Extent, FRAMES_START, PREPARING_SUFFIX, SEGMENT_SUFFIX, Segment, Window};

/// Why a journal was not opened. Its files are as they were.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The options contradict each other.
    #[error("journal options: {0}")]
    Options(&'static str),
    /// The disk failed. Opening may be tried again.
    #[error("{action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
    /// The files were written by a newer version.
    #[error(
        "segment {segment} has format version {version}, this program reads version 1; run the version that wrote it"
    )]
    Version {
        /// The segment.
        segment: SegmentId,
        /// Its version.
        version: u8,
    },
    /// Something that was acknowledged cannot be read.
    #[error("{0}")]
    Damaged(Box<Damage>),
}

/// What is damaged, and where.
#[derive(Debug, thiserror::Error)]
#[error(
    "journal segment {segment} is damaged at byte {offset}: {what}{}; nothing was changed. Acknowledged entries may be \
     lost: restore the file from a copy, or rebuild from the archive and keep this folder as evidence",
    .frames.map(|(first, last)| format!(" (frames {first} to {last})")).unwrap_or_default()
)]
pub struct Damage {
    /// The segment.
    pub segment: SegmentId,
    /// Position in its file, in bytes.
    pub offset: u64,
    /// The first and the last frame known to have been durable that cannot be read, where that can be told.
    pub frames: Option<(FrameNumber, FrameNumber)>,
    /// What is wrong, in words.
    pub what: &'static str,
}

/// A torn end that recovery left out: bytes written after the last good sync, never acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The segment.
    pub segment: SegmentId,
    /// Where the torn frame begins, in bytes.
    pub offset: u64,
    /// The number it would have had.
    pub number: FrameNumber,
}

/// What the directory holds.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) log: Option<LogId>,
    /// Segments with frames, in order and without a gap. The last one may end before `tail` begins.
    pub(crate) live: BTreeMap<SegmentId, (Segment, Extent)>,
    /// Segments that were never in use.
    pub(crate) unused: Vec<Segment>,
    /// Segments all of whose frames stand in later ones. They must stay until a segment is open whose opening frame is
    /// known to be durable: that of the later ones may only read as if it were.
    pub(crate) emptied: Vec<Segment>,
    /// Files that never became segments.
    pub(crate) leftovers: Vec<PathBuf>,
    /// Above every number any of the files bears.
    pub(crate) next_id: SegmentId,
    /// Frames at the end of the last segment that are whole but not known to be durable.
    pub(crate) tail_end: Extent,
    pub(crate) cut: Option<Cut>,
    /// `received_at_us` of the last frame.
    pub(crate) last_received_at_us: Option<i64>,
}

pub(crate) fn survey(disk: &Arc<dyn Disk>, dir: &Path) -> Result<Survey, OpenError> {
    let mut files = Vec::new();
    let mut leftovers = Vec::new();
    let mut next_id = SegmentId(0);
    for name in disk.list(dir).map_err(io_error("list", dir))? {
        let Some((id, suffix)) = segment::parse_name(&name) else {
            tracing::warn!(file = name, "a file in the journal's folder is not the journal's");
            continue;
        };
        next_id = next_id.max(SegmentId(id.0 + 1));
        match suffix {
            SEGMENT_SUFFIX => files.push(id),
            _ => leftovers.push(segment::path(dir, id, PREPARING_SUFFIX)),
        }
    }
    files.sort_unstable();

    let mut inspector = Inspector { disk, dir, log: None };
    let mut opened = Vec::new();
    let mut unused = Vec::new();
    for id in files {
        let segment = inspector.open(id)?;
        let mut window = inspector.window(&segment)?;
        let opening = segment.opening(&mut window).map_err(io_error("read", &inspector.path(id)))?;
        match opening {
            Some(opening) => opened.push((segment, opening)),
            None => unused.push(segment),
        }
    }
    inspector.refuse_lost_openings(&unused)?;

    let Some((last, last_opening)) = opened.pop() else {
        return match unused.first() {
            None => Ok(Survey {
                log: None,
                live: BTreeMap::new(),
                unused,
                emptied: Vec::new(),
                leftovers,
                next_id,
                tail_end: Extent::empty(FrameNumber(0), 0),
                cut: None,
                last_received_at_us: None,
            }),
            Some(segment) => Err(damaged(segment.id, HEADER_BYTES, "no segment was ever in use")),
        };
    };

    let mut live = BTreeMap::new();
    let mut emptied = Vec::new();
    let mut successors = opened.iter().skip(1).map(|(_, opening)| *opening).collect::<Vec<_>>();
    successors.push(last_opening);
    for ((segment, opening), successor) in opened.into_iter().zip(successors) {
        let extent = inspector.closed(&segment, &opening, &successor)?;
        if extent.is_empty() {
            emptied.push(segment);
        } else {
            live.insert(segment.id, (segment, extent));
        }
    }

    let end = inspector.last(&last, &last_opening)?;
    let last_received_at_us = match end.whole.received_at_us {
        Some((_, newest)) => Some(newest),
        None => (end.whole.next > FrameNumber(0)).then_some(last_opening.received_at_us),
    };
    live.insert(last.id, (last, end.durable));
    Ok(Survey {
        log: inspector.log,
        live,
        unused,
        emptied,
        leftovers,
        next_id,
        tail_end: end.whole,
        cut: end.cut,
        last_received_at_us,
    })
}

struct Inspector<'a> {
    disk: &'a Arc<dyn Disk>,
    dir: &'a Path,
    log: Option<LogId>,
}

/// The end of the log.
struct End {
    /// As far as frames are known to be durable.
    durable: Extent,
    /// As far as frames are whole.
    whole: Extent,
    cut: Option<Cut>,
}

impl Inspector<'_> {
    fn path(&self, id: SegmentId) -> PathBuf {
        segment::path(self.dir, id, SEGMENT_SUFFIX)
    }

    fn window(&self, segment: &Segment) -> Result<Window, OpenError> {
        segment.window().map_err(io_error("open", &self.path(segment.id)))
    }

    /// Opens a segment and checks its header, which was synced before the file got its name.
    fn open(&mut self, id: SegmentId) -> Result<Segment, OpenError> {
        let path = self.path(id);
        let file = self.disk.open(&path).map_err(io_error("open", &path))?;
        let mut block = [0; HEADER_BYTES as usize];
        file.read_at(&mut block, 0).map_err(io_error("read", &path))?;
        let damage = |what| damaged(id, 0, what);
        let header = SegmentHeader::decode(&block).map_err(|error| match error {
            HeaderError::Version(version) => OpenError::Version { segment: id, version },
            HeaderError::Damaged => damage("the segment's header cannot be read"),
        })?;
        if header.segment != id {
            return Err(damage("the header is that of another segment; was the file renamed?"));
        }
        if *self.log.get_or_insert(header.log) != header.log {
            return Err(damage("the segment belongs to another log"));
        }
        let length = file.len().map_err(io_error("read", &path))?;
        if length < header.segment_bytes {
            // Its length was synced before it got its name, so no crash shortens it.
            return Err(damaged(id, length, "the file is shorter than it was made"));
        }
        Ok(Segment::new(header.log, id, header.segment_bytes, self.disk, self.dir))
    }

    /// A segment without an opening frame was never in use, or recovery was stopped while moving frames there. Other
    /// frames are written only after the opening frame was synced, so where they are, it has been lost.
    fn refuse_lost_openings(&self, unused: &[Segment]) -> Result<(), OpenError> {
        for segment in unused {
            let found = self
                .find_headers(segment, HEADER_BYTES, |header| matches!(header.kind, Kind::Records | Kind::Closing))?;
            if let Some(header) = found.first {
                let what = "the segment holds frames but its opening frame cannot be read";
                return Err(damaged_frames(segment.id, HEADER_BYTES, header.number, found.durable, what));
            }
        }
        Ok(())
    }

    /// The frames of a segment that is not the last: all from its opening to that of its successor, or it is damaged.
    fn closed(&self, segment: &Segment, opening: &FrameHeader, next: &FrameHeader) -> Result<Extent, OpenError> {
        let id = segment.id;
        let mut window = self.window(segment)?;
        let read_error = io_error("read", &self.path(id));
        if next.number < opening.number {
            return Err(damaged(next.segment, HEADER_BYTES, "frame numbers go back"));
        }
        let closing = segment.closing(&mut window).map_err(&read_error)?;
        let extent = match closing {
            Some(closing) => closing,
            None => {
                // It was not closed in good order: its successor's opening says where it ends.
                let mut extent = Extent::empty(opening.number, opening.previous);
                self.walk(segment, &mut window, &mut extent, next.number)?;
                extent
            }
        };
        check_first(segment, opening, &extent)?;
        if extent.next != next.number {
            return Err(damaged_frames(id, extent.end, extent.next, next.number, "frames are missing"));
        }
        if extent.chain != next.previous {
            return Err(damaged(id, extent.end, "the next segment continues from another frame"));
        }
        Ok(extent)
    }

    /// Goes through good frames up to the one numbered `until`, or the first bad one. Returns the highest durable number
    /// they state.
    fn walk(
        &self,
        segment: &Segment,
        window: &mut Window,
        extent: &mut Extent,
        until: FrameNumber,
    ) -> Result<FrameNumber, OpenError> {
        let mut durable = FrameNumber(0);
        while extent.next < until {
            let frame = segment.frame_after(window, extent).map_err(io_error("read", &self.path(segment.id)))?;
            let Some((header, checksum)) = frame else { break };
            durable = durable.max(header.durable);
            extent.add(&header, checksum);
        }
        Ok(durable)
    }

    /// The last segment in use.
    fn last(&self, segment: &Segment, opening: &FrameHeader) -> Result<End, OpenError> {
        let mut window = self.window(segment)?;
        let read_error = io_error("read", &self.path(segment.id));
        if let Some(closing) = segment.closing(&mut window).map_err(&read_error)? {
            check_first(segment, opening, &closing)?;
            return Ok(End { durable: closing, whole: closing, cut: None });
        }
        let start = Extent::empty(opening.number, opening.previous);
        let mut whole = start;
        let stated = self.walk(segment, &mut window, &mut whole, FrameNumber(u64::MAX))?;
        let beyond = self.find_headers(segment, whole.end, |_| true)?;
        let durable_number = opening.durable.max(stated).max(beyond.durable);
        if durable_number > whole.next {
            let what = "frames that were durable cannot be read";
            return Err(damaged_frames(segment.id, whole.end, whole.next, durable_number, what));
        }
        let mut durable = start;
        self.walk(segment, &mut window, &mut durable, durable_number)?;
        let torn = beyond.first.is_some() || self.looks_torn(segment, &mut window, whole.end)?;
        let cut = torn.then_some(Cut { segment: segment.id, offset: whole.end, number: whole.next });
        Ok(End { durable, whole, cut })
    }

    /// Whether the bytes at `offset` were a frame of this segment once. They may as well be zeros, or a whole frame
    /// of an earlier use of the file.
    fn looks_torn(&self, segment: &Segment, window: &mut Window, offset: u64) -> Result<bool, OpenError> {
        let bytes = window.get(offset, FRAME_HEADER_BYTES).map_err(io_error("read", &self.path(segment.id)))?;
        let Some(claimed) = FrameHeader::claimed_segment(bytes) else { return Ok(false) };
        let Some(log) = self.log else { return Ok(false) };
        let stale = FrameHeader::decode(Seed::new(log, claimed), claimed, bytes).is_some();
        Ok(claimed == segment.id || (FrameHeader::has_magic(bytes) && !stale))
    }

    /// Looks at every place from `offset` on where a frame might stand.
    fn find_headers(
        &self,
        segment: &Segment,
        mut offset: u64,
        wanted: impl Fn(&FrameHeader) -> bool,
    ) -> Result<HeadersFound, OpenError> {
        const STRIDE: u64 = 8;
        let mut found = HeadersFound { first: None, durable: FrameNumber(0) };
        let mut window = self.window(segment)?;
        let read_error = io_error("read", &self.path(segment.id));
        loop {
            let bytes = window.get(offset, SEARCH_BYTES).map_err(&read_error)?;
            if bytes.len() < FRAME_HEADER_BYTES {
                return Ok(found);
            }
            let places = bytes.windows(FRAME_HEADER_BYTES).step_by(STRIDE as usize);
            offset += places.len() as u64 * STRIDE;
            for place in places {
                if let Some((header, _)) = FrameHeader::decode(segment.seed, segment.id, place)
                    && wanted(&header)
                {
                    found.first.get_or_insert(header);
                    found.durable = found.durable.max(header.durable);
                }
            }
        }
    }
}

/// Whether a segment begins where its closing frame says.
fn check_first(segment: &Segment, opening: &FrameHeader, extent: &Extent) -> Result<(), OpenError> {
    match extent.first == opening.number {
        true => Ok(()),
        false => Err(damaged(segment.id, segment.frames_end(), "opening and closing frame disagree")),
    }
}

const SEARCH_BYTES: usize = 256 << 10;

struct HeadersFound {
    first: Option<FrameHeader>,
    durable: FrameNumber,
}

fn damaged(segment: SegmentId, offset: u64, what: &'static str) -> OpenError {
    OpenError::Damaged(Box::new(Damage { segment, offset, frames: None, what }))
}

/// As `damaged`, when it is known that the frames from `first` to before `next` are lost.
fn damaged_frames(
    segment: SegmentId,
    offset: u64,
    first: FrameNumber,
    next: FrameNumber,
    what: &'static str,
) -> OpenError {
    let last = FrameNumber(next.0.saturating_sub(1)).max(first);
    OpenError::Damaged(Box::new(Damage { segment, offset, frames: Some((first, last)), what }))
}

pub(crate) fn io_error(action: &'static str, path: &Path) -> impl Fn(io::Error) -> OpenError + use<> {
    let path = path.to_owned();
    move |source| OpenError::Io { action, path: path.clone(), source }
}

const _: () = assert!(FRAMES_START.is_multiple_of(8));
