//! The writer.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;

use indelible_storage::Disk;

use crate::format::{
    CLOSING_BYTES, Closing, FRAME_HEADER_BYTES, FrameHeader, FrameNumber, HEADER_BYTES, Kind, LogId, Seed, SegmentId,
    frame_bytes,
};
use crate::reader::{FramePosition, Frames, Reader, Stats};
use crate::recovery::{self, Cut, OpenError, Survey, io_error};
use crate::segment::{Extent, FRAMES_START, OpenSegment};
use crate::spares::{PrepareError, Shared, Step};

/// Sizes of a journal. May differ from one start to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Length of a segment file in bytes, a multiple of 4,096.
    pub segment_bytes: u64,
    /// Segments kept ready, at least 1. With too few the writer waits while one is written.
    pub spare_segments: usize,
    /// Longest body of a frame in bytes.
    pub frame_bytes_max: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { segment_bytes: 64 << 20, spare_segments: 2, frame_bytes_max: 4 << 20 }
    }
}

impl Options {
    fn check(&self) -> Result<(), OpenError> {
        let room = self.segment_bytes.saturating_sub(FRAMES_START + CLOSING_BYTES);
        if !self.segment_bytes.is_multiple_of(4096) {
            return Err(OpenError::Options("segment_bytes must be a multiple of 4096"));
        }
        if self.frame_bytes_max > u32::MAX as usize / 2 || frame_bytes(self.frame_bytes_max) as u64 > room {
            return Err(OpenError::Options("frame_bytes_max must fit into a segment; make segment_bytes larger"));
        }
        if self.spare_segments == 0 {
            return Err(OpenError::Options("spare_segments must be at least 1"));
        }
        Ok(())
    }
}

/// Why a frame was not written or is not durable.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The body is too long. Nothing was written and the journal goes on.
    #[error("frame of {size_bytes} bytes is over the limit of {limit_bytes}; split it")]
    TooLarge {
        /// Length of the body.
        size_bytes: usize,
        /// `Options::frame_bytes_max`.
        limit_bytes: usize,
    },
    /// No segment is ready and none could be prepared, for example because the disk is full. Nothing was written; the
    /// journal goes on as soon as there is room.
    #[error("the journal has no room for another segment ({kind}); free disk space, it then goes on by itself")]
    NoRoom {
        /// What the disk said when the last attempt failed.
        kind: io::ErrorKind,
    },
    /// A write or sync failed just now. What was written since the last good sync may or may not be stored; the next
    /// start finds out. The journal has halted.
    #[error("{action} journal segment {segment}; the journal stops until restart")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The segment.
        segment: SegmentId,
        /// What the disk said.
        source: io::Error,
    },
    /// A write or sync failed earlier. After that the system may claim to hold bytes the disk never got, so nothing
    /// is tried again.
    #[error("the journal stopped after a failed write or sync; restart to recover")]
    Halted,
}

/// What opening found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The log's random id.
    pub log: LogId,
    /// Whether the folder held no journal and a new log was begun.
    pub is_new: bool,
    /// The first retained frame; equal to `next` if there is none.
    pub first: FrameNumber,
    /// The number the next frame gets. All retained frames below it are durable.
    pub next: FrameNumber,
    /// Frames that were whole but not known to be durable, and were written again to be sure.
    pub moved: u64,
    /// A torn end that was left out.
    pub cut: Option<Cut>,
    /// `received_at_us` of the frame before `next`, also when that was released.
    pub last_received_at_us: Option<i64>,
}

impl Recovered {
    fn of(survey: &Survey, log: LogId) -> Recovered {
        let durable = survey.live.last_key_value().map_or(survey.tail_end.next, |(_, (_, extent))| extent.next);
        Recovered {
            log,
            is_new: survey.log.is_none(),
            first: survey.live.values().next().map_or(FrameNumber(0), |(_, extent)| extent.first),
            next: survey.tail_end.next,
            moved: survey.tail_end.next.0 - durable.0,
            cut: survey.cut,
            last_received_at_us: survey.last_received_at_us,
        }
    }
}

/// Bytes of frames at which they are handed to the system without waiting for a sync.
const BUFFER_BYTES_MAX: usize = 1 << 20;

/// An append-only log of frames in a folder. One writer; any number of [`Reader`]s.
///
/// Nothing locks the folder: the caller makes sure that only one process opens it.
pub struct Journal {
    pub(crate) shared: Arc<Shared>,
    open: OpenSegment,
    /// As `Shared::state` has it for the open segment.
    extent: Extent,
    durable: FrameNumber,
    frame_bytes_max: usize,
    /// The last frames of the extent, which the system does not have yet.
    buffer: Vec<u8>,
    /// Prepares segments; without it the writer does so itself.
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("dir", &self.shared.dir)
            .field("next", &self.extent.next)
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens the journal in `dir`, or begins a new log if the folder is missing or empty.
    ///
    /// On `Ok` all frames below [`Recovered::next`] are durable, in order and without a gap: every frame a sync was
    /// reported for, and possibly some after it. On [`OpenError::Damaged`] no file was changed.
    pub fn open(disk: Arc<dyn Disk>, dir: &Path, options: Options) -> Result<(Journal, Recovered), OpenError> {
        let (mut journal, recovered) = Journal::open_without_thread(disk, dir, options)?;
        let shared = Arc::clone(&journal.shared);
        let thread = std::thread::Builder::new().name("journal-spares".to_owned()).spawn(move || shared.run());
        journal.thread = Some(thread.map_err(io_error("start a thread for", dir))?);
        Ok((journal, recovered))
    }

    /// Looks at the journal in `dir` as [`Journal::open`] does, and changes nothing: no file is written, named or removed.
    ///
    /// The reader has every frame that opening would keep, also those it would have to move. Nobody may have the journal
    /// open meanwhile.
    ///
    /// # Errors
    /// As [`Journal::open`]; a missing folder is an [`OpenError::Io`].
    pub fn inspect(disk: Arc<dyn Disk>, dir: &Path) -> Result<(Reader, Recovered), OpenError> {
        let survey = recovery::survey(&disk, dir)?;
        let recovered = Recovered::of(&survey, survey.log.unwrap_or(LogId([0; 16])));
        let shared = Shared::new(disk, dir, recovered.log, Options::default(), recovered.next);
        let Survey { mut live, tail_end, .. } = survey;
        if let Some(mut last) = live.last_entry() {
            last.get_mut().1 = tail_end;
        }
        shared.lock().live =
            live.into_iter().map(|(id, (segment, extent))| (id, (Arc::new(segment), extent))).collect();
        Ok((Reader { shared: Arc::new(shared) }, recovered))
    }

    /// As [`Journal::open`], but segments are prepared on the writer's own thread, so that a test sees every operation
    /// in the same order.
    pub(crate) fn open_without_thread(
        disk: Arc<dyn Disk>,
        dir: &Path,
        options: Options,
    ) -> Result<(Journal, Recovered), OpenError> {
        options.check()?;
        disk.create_dir(dir).map_err(io_error("create", dir))?;
        let survey = recovery::survey(&disk, dir)?;
        for path in &survey.leftovers {
            disk.remove(path).map_err(io_error("remove", path))?;
        }
        // Whoever made the names that were found may have been stopped before they were durable.
        disk.sync_dir(dir).map_err(io_error("sync", dir))?;

        let found = survey.log;
        let last = survey.live.last_key_value().map(|(_, (segment, extent))| (segment.bytes, *extent));
        let tail_start = last.map_or(survey.tail_end, |(_, extent)| extent);
        let moved = survey.tail_end.next.0 - tail_start.next.0;
        // What is moved came out of one segment, so it fits into one as large.
        let segment_bytes = match last {
            Some((bytes, _)) if moved > 0 => options.segment_bytes.max(bytes),
            _ => options.segment_bytes,
        };
        let log = found.map_or_else(new_log_id, Ok).map_err(io_error("find a random number for", dir))?;
        let shared = Arc::new(Shared::new(disk, dir, log, Options { segment_bytes, ..options }, tail_start.next));
        let recovered = Recovered::of(&survey, log);
        if let Some(cut) = recovered.cut {
            tracing::warn!(segment = %cut.segment, offset = cut.offset, frame = %cut.number,
                "the journal's end was torn and is left out; it was not acknowledged");
        }
        let journal = Journal::begin(shared, survey, options)?;
        Ok((journal, recovered))
    }

    /// Starts a segment for this run, moving to it what is not known to be durable.
    fn begin(shared: Arc<Shared>, survey: Survey, options: Options) -> Result<Journal, OpenError> {
        let Survey { live, unused, emptied, next_id, tail_end, last_received_at_us, .. } = survey;
        let is_new = live.is_empty();
        {
            let mut state = shared.lock();
            state.live = live.into_iter().map(|(id, (segment, extent))| (id, (Arc::new(segment), extent))).collect();
            state.idle = unused.into_iter().map(Arc::new).collect();
            state.next_id = next_id;
        }
        let received_at_us = last_received_at_us.unwrap_or(0);
        let (open, extent) = match is_new {
            true => {
                let id = shared.lock().take_id();
                let extent = Extent::empty(FrameNumber(0), 0);
                let opening = opening_frame(Seed::new(shared.log, id), id, &extent, received_at_us);
                let created = shared.create(id, &opening).map_err(|error| prepare_error(&shared, error))?;
                (created, extent)
            }
            false => {
                let spare = loop {
                    match shared.step() {
                        Step::Failed(source) => return Err(io_error("prepare a segment in", &shared.dir)(source)),
                        Step::Done | Step::Idle => {}
                    }
                    if let Some(spare) = shared.lock().spares.pop_front() {
                        break spare;
                    }
                };
                let extent = move_tail(&shared, &spare, tail_end.next, received_at_us)?;
                (spare, extent)
            }
        };
        shared.durable.store(extent.next.0, Ordering::Release);
        {
            let mut state = shared.lock();
            // A segment all of whose frames were moved holds nothing any more.
            if let Some(last) = state.live.last_entry().filter(|last| last.get().1.is_empty()) {
                let (segment, _) = last.remove();
                state.idle.push(segment);
            }
            state.idle.extend(emptied.into_iter().map(Arc::new));
            state.live.insert(open.segment.id, (Arc::clone(&open.segment), extent));
        }
        Ok(Journal {
            shared,
            open,
            extent,
            durable: extent.next,
            frame_bytes_max: options.frame_bytes_max,
            buffer: Vec::new(),
            thread: None,
        })
    }

    /// Writes one frame whose body is `body`'s parts joined; several may follow before one [`Journal::sync`], which hands them to the
    /// system together.
    ///
    /// The frame is not durable yet and no reader sees it. `received_at_us` is kept with it (microseconds since 1970).
    /// If the frame does not fit into the open segment, that is closed first.
    pub fn write(&mut self, body: &[&[u8]], received_at_us: i64) -> Result<FramePosition, AppendError> {
        self.check_halted()?;
        let size_bytes = body.iter().map(|part| part.len()).sum();
        let limit_bytes = self.frame_bytes_max;
        if size_bytes > limit_bytes {
            return Err(AppendError::TooLarge { size_bytes, limit_bytes });
        }
        if self.extent.end + frame_bytes(size_bytes) as u64 > self.open.segment.frames_end() {
            self.roll()?;
        }
        let header = FrameHeader {
            kind: Kind::Records,
            segment: self.open.segment.id,
            number: self.extent.next,
            durable: self.durable,
            received_at_us,
            body_bytes: size_bytes as u32,
            previous: self.extent.chain,
        };
        let offset = self.extent.end;
        let checksum = header.encode(self.open.segment.seed, body, &mut self.buffer);
        self.extent.add(&header, checksum);
        if self.buffer.len() >= BUFFER_BYTES_MAX {
            self.flush()?;
        }
        self.publish_extent();
        Ok(FramePosition {
            segment: self.open.segment.id,
            offset,
            length: header.frame_bytes() as u32,
            number: header.number,
        })
    }

    /// Hands to the system what was written last.
    pub(crate) fn flush(&mut self) -> Result<(), AppendError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let offset = self.extent.end - self.buffer.len() as u64;
        self.open.file.write_at(&self.buffer, offset).map_err(|error| self.halt("write", error))?;
        self.buffer.clear();
        Ok(())
    }

    /// Makes every frame written so far durable. Returns the number below which all frames are.
    pub fn sync(&mut self) -> Result<FrameNumber, AppendError> {
        self.check_halted()?;
        if self.durable < self.extent.next {
            self.flush()?;
            self.open.file.sync().map_err(|error| self.halt("sync", error))?;
            self.shared.syncs.fetch_add(1, Ordering::Relaxed);
            self.durable = self.extent.next;
            self.shared.durable.store(self.durable.0, Ordering::Release);
        }
        Ok(self.durable)
    }

    /// Syncs and closes the open segment, if it holds frames, and goes on in the next one.
    ///
    /// [`Journal::write`] does so by size; a caller does so by age, for which see
    /// [`Stats::open_received_at_us`](crate::Stats::open_received_at_us). On [`AppendError::NoRoom`] nothing was changed.
    pub fn roll(&mut self) -> Result<(), AppendError> {
        self.check_halted()?;
        if self.extent.is_empty() {
            return Ok(());
        }
        let next = self.take_spare()?;
        self.close_segment()?;
        let received_at_us = self.extent.received_at_us.map_or(0, |(_, newest)| newest);
        let extent = Extent::empty(self.extent.next, self.extent.chain);
        let opening = opening_frame(next.segment.seed, next.segment.id, &extent, received_at_us);
        let written = next.file.write_at(&opening, HEADER_BYTES).and_then(|()| next.file.sync());
        self.open = next;
        self.extent = extent;
        written.map_err(|error| self.halt("open", error))?;
        self.publish_extent();
        Ok(())
    }

    /// Goes on in a new file, and uses none of the files that there are now again: what they hold is gone from the folder once
    /// they are released. Waits until a file is ready. On [`AppendError::NoRoom`] the frames are as before.
    pub fn renew(&mut self) -> Result<(), AppendError> {
        self.check_halted()?;
        let mut state = self.shared.lock();
        state.renew_before = state.next_id;
        // They may be files of segments that were released.
        let spares = std::mem::take(&mut state.spares);
        state.idle.extend(spares.into_iter().map(|spare| spare.segment));
        state.failure = None;
        drop(state);
        self.shared.changed.notify_all();
        self.prepare_inline();
        self.roll()
    }

    /// Lets go of the frames below `before`: closed segments that hold no others, and that no reader holds, are
    /// recycled, oldest first. Frames that are not durable are never released.
    pub fn release(&mut self, before: FrameNumber) {
        let mut state = self.shared.lock();
        state.release_before = state.release_before.max(before.min(self.durable));
        state.failure = None;
        drop(state);
        self.shared.changed.notify_all();
        self.prepare_inline();
    }

    /// Does what the thread would do, if there is none.
    pub(crate) fn prepare_inline(&self) {
        while self.thread.is_none() && matches!(self.shared.step(), Step::Done) {}
    }

    /// All retained and durable frames from number `from` on, in order; see [`Reader::frames`].
    pub fn frames(&self, from: FrameNumber) -> Frames {
        self.reader().frames(from)
    }

    /// A handle that reads durable frames from any thread.
    pub fn reader(&self) -> Reader {
        Reader { shared: Arc::clone(&self.shared) }
    }

    /// Counts, for people and metrics.
    pub fn stats(&self) -> Stats {
        self.reader().stats()
    }

    /// Syncs and closes the open segment, so that the next start need not read through it.
    ///
    /// Dropping a journal without this loses nothing that was synced.
    pub fn close(mut self) -> Result<(), AppendError> {
        self.check_halted()?;
        if self.extent.is_empty() { Ok(()) } else { self.close_segment() }
    }

    fn check_halted(&self) -> Result<(), AppendError> {
        if self.shared.is_halted() { Err(AppendError::Halted) } else { Ok(()) }
    }

    fn halt(&self, action: &'static str, source: io::Error) -> AppendError {
        self.shared.halt(action, &source);
        AppendError::Io { action, segment: self.open.segment.id, source }
    }

    fn publish_extent(&self) {
        let entry = (Arc::clone(&self.open.segment), self.extent);
        self.shared.lock().live.insert(self.open.segment.id, entry);
    }

    /// The closing frame is written after all it tells of is durable, so that recovery may believe it.
    fn close_segment(&mut self) -> Result<(), AppendError> {
        self.sync()?;
        let Extent { first, next, end, received_at_us, chain } = self.extent;
        let body = Closing { first, end, received_at_us: received_at_us.unwrap_or((0, 0)) }.encode();
        let header = FrameHeader {
            kind: Kind::Closing,
            segment: self.open.segment.id,
            number: next,
            durable: self.durable,
            received_at_us: received_at_us.map_or(0, |(_, newest)| newest),
            body_bytes: body.len() as u32,
            previous: chain,
        };
        let mut frame = Vec::with_capacity(header.frame_bytes());
        header.encode(self.open.segment.seed, &[&body], &mut frame);
        let file = &self.open.file;
        let written = file.write_at(&frame, self.open.segment.frames_end()).and_then(|()| file.sync());
        written.map_err(|error| self.halt("close", error))
    }

    fn take_spare(&self) -> Result<OpenSegment, AppendError> {
        let mut waited = false;
        let mut state = self.shared.lock();
        loop {
            self.check_halted()?;
            if let Some(spare) = state.spares.pop_front() {
                drop(state);
                self.shared.changed.notify_all();
                return Ok(spare);
            }
            if let Some(kind) = state.failure {
                return Err(AppendError::NoRoom { kind });
            }
            if !waited {
                waited = true;
                self.shared.spare_waits.fetch_add(1, Ordering::Relaxed);
            }
            if self.thread.is_some() {
                state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                drop(state);
                if let Step::Failed(error) = self.shared.step() {
                    self.check_halted()?;
                    return Err(AppendError::NoRoom { kind: error.kind() });
                }
                state = self.shared.lock();
            }
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It ends between two pieces of zeros; a panic of it has nothing to tell here.
            let _ = thread.join();
        }
    }
}

fn opening_frame(seed: Seed, id: SegmentId, extent: &Extent, received_at_us: i64) -> Vec<u8> {
    let header = FrameHeader {
        kind: Kind::Opening,
        segment: id,
        number: extent.first,
        durable: extent.first,
        received_at_us,
        body_bytes: 0,
        previous: extent.chain,
    };
    let mut frame = Vec::with_capacity(frame_bytes(0));
    header.encode(seed, &[], &mut frame);
    frame
}

/// Writes the frames of the last segment from where it is known to be durable up to `until` into `spare`, then opens that.
///
/// The opening frame comes last: until it is on disk the old segment counts, from then on the copy.
fn move_tail(
    shared: &Shared,
    spare: &OpenSegment,
    until: FrameNumber,
    received_at_us: i64,
) -> Result<Extent, OpenError> {
    let last = shared.lock().live.last_key_value().map(|(_, (segment, extent))| (Arc::clone(segment), *extent));
    let Some((old, start)) = last else { return Ok(Extent::empty(until, 0)) };
    let failed = |action| io_error(action, &shared.dir);
    let mut window = old.window().map_err(failed("open the last segment in"))?;
    let mut from = start;
    let mut extent = Extent::empty(start.next, start.chain);
    let before_us = start.received_at_us.map(|(_, newest)| newest);
    let mut buffer = Vec::new();
    while from.next < until {
        let found = old.frame_after(&mut window, &from).map_err(failed("read the last segment in"))?;
        let (header, checksum) = found.ok_or_else(|| {
            failed("read the last segment in")(io::Error::other("a frame reads differently the second time"))
        })?;
        let frame = window.get(from.end, header.frame_bytes()).map_err(failed("read the last segment in"))?;
        let body = &frame[FRAME_HEADER_BYTES..FRAME_HEADER_BYTES + header.body_bytes as usize];
        let moved = FrameHeader {
            kind: Kind::Moved,
            segment: spare.segment.id,
            durable: start.next,
            previous: extent.chain,
            ..header
        };
        buffer.clear();
        let moved_checksum = moved.encode(spare.segment.seed, &[body], &mut buffer);
        spare.file.write_at(&buffer, extent.end).map_err(failed("write a segment in"))?;
        from.add(&header, checksum);
        extent.add(&moved, moved_checksum);
    }
    if !extent.is_empty() {
        spare.file.sync().map_err(failed("sync a segment in"))?;
    }
    // The clock of the frame before the first one here.
    let before_us = if extent.is_empty() { received_at_us } else { before_us.unwrap_or(received_at_us) };
    let head = Extent::empty(start.next, start.chain);
    // It does not call its own frames durable: were its sync to fail, it would be believed as long as it reads back.
    let opening = opening_frame(spare.segment.seed, spare.segment.id, &head, before_us);
    spare.file.write_at(&opening, HEADER_BYTES).map_err(failed("write a segment in"))?;
    spare.file.sync().map_err(failed("sync a segment in"))?;
    Ok(extent)
}

fn prepare_error(shared: &Shared, error: PrepareError) -> OpenError {
    let (PrepareError::Discarded(source) | PrepareError::Unknown(_, source)) = error;
    io_error("prepare a segment in", &shared.dir)(source)
}

fn new_log_id() -> io::Result<LogId> {
    let mut id = [0; 16];
    getrandom::fill(&mut id)?;
    Ok(LogId(id))
}
