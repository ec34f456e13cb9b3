//! Keeps segments ready for use and takes back those that were released.
//!
//! A file is written to its full length, synced and named before the writer may have it, so that appending neither
//! creates nor grows a file. A released segment is renamed to the next number and gets a new header; its old bytes stay and
//! are not valid under the new number, unless these are not to stay. One thread does this; the journal's tests do it step by step without one.
//!
//! A file that fails before it has its final name is given up and another is tried. Any other failure halts the journal:
//! what the folder holds after power loss would no longer be known.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indelible_storage::{Disk, DiskFile};

use crate::format::{FrameNumber, LogId, SegmentHeader, SegmentId};
use crate::journal::Options;
use crate::segment::{self, Extent, OpenSegment, PREPARING_SUFFIX, SEGMENT_SUFFIX, Segment};

/// Zeros are written and synced in pieces, so that the writer's syncs do not wait behind all of them.
const ZEROS_BYTES: usize = 4 << 20;

/// A new file must leave this much of the disk to others: a file that fails half-way would take it from them for a moment,
/// again and again.
const LEFT_BYTES: u64 = 4 << 20;

/// How long to wait after a failure before the next attempt.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What the journal, its readers and the thread that prepares segments share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) dir: PathBuf,
    pub(crate) log: LogId,
    pub(crate) segment_bytes: u64,
    pub(crate) spares_wanted: usize,
    /// Every frame below this number is durable.
    pub(crate) durable: AtomicU64,
    pub(crate) halted: AtomicBool,
    pub(crate) syncs: AtomicU64,
    pub(crate) spare_waits: AtomicU64,
    pub(crate) state: Mutex<State>,
    pub(crate) changed: Condvar,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Segments with frames, the last one open.
    pub(crate) live: BTreeMap<SegmentId, (Arc<Segment>, Extent)>,
    /// Segments ready for use, in the order of their numbers.
    pub(crate) spares: VecDeque<OpenSegment>,
    /// Segments nobody needs.
    pub(crate) idle: Vec<Arc<Segment>>,
    pub(crate) next_id: SegmentId,
    pub(crate) release_before: FrameNumber,
    /// Files of segments below are removed rather than used again; see [`Journal::renew`](crate::Journal::renew).
    pub(crate) renew_before: SegmentId,
    /// The last attempt to prepare a segment failed; the next one has not been made yet.
    pub(crate) failure: Option<io::ErrorKind>,
    pub(crate) stopping: bool,
}

enum Task {
    Create(SegmentId),
    Recycle(Arc<Segment>, SegmentId),
    Remove(Arc<Segment>),
}

/// What a step did.
pub(crate) enum Step {
    /// A task; there may be more.
    Done,
    /// There was nothing to do.
    Idle,
    /// A segment could not be prepared; the journal is as before.
    Failed(io::Error),
}

impl State {
    /// Takes the next thing to do. Segments are released oldest first, so that what stays has no gap.
    fn next_task(&mut self, shared: &Shared) -> Option<Task> {
        let wanted = self.spares.len() < shared.spares_wanted;
        if let Some(segment) = self.idle.pop().or_else(|| self.pop_released()) {
            let is_fit = segment.bytes == shared.segment_bytes && segment.id >= self.renew_before;
            return Some(match wanted && is_fit {
                true => Task::Recycle(segment, self.take_id()),
                false => Task::Remove(segment),
            });
        }
        wanted.then(|| Task::Create(self.take_id()))
    }

    fn pop_released(&mut self) -> Option<Arc<Segment>> {
        if self.live.len() < 2 {
            return None;
        }
        let oldest = self.live.first_entry()?;
        let (segment, extent) = oldest.get();
        let free = extent.next <= self.release_before && !segment.is_held();
        free.then(|| oldest.remove().0)
    }

    /// Keeps a segment that was prepared, unless the journal was renewed since that began: then it may be a file of before.
    pub(crate) fn keep(&mut self, spare: OpenSegment) {
        match spare.segment.id < self.renew_before {
            true => self.idle.push(spare.segment),
            false => self.spares.push_back(spare),
        }
    }

    pub(crate) fn take_id(&mut self) -> SegmentId {
        let id = self.next_id;
        self.next_id = SegmentId(id.0 + 1);
        id
    }
}

impl Shared {
    /// A journal of which nothing is known but that all frames below `durable` are.
    pub(crate) fn new(disk: Arc<dyn Disk>, dir: &Path, log: LogId, options: Options, durable: FrameNumber) -> Shared {
        Shared {
            disk,
            dir: dir.to_owned(),
            log,
            segment_bytes: options.segment_bytes,
            spares_wanted: options.spare_segments,
            durable: AtomicU64::new(durable.0),
            halted: AtomicBool::new(false),
            syncs: AtomicU64::new(0),
            spare_waits: AtomicU64::new(0),
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock; were it so, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Acquire)
    }

    pub(crate) fn halt(&self, action: &str, error: &io::Error) {
        tracing::error!(action, %error, dir = %self.dir.display(), "the journal stops until restart");
        self.halted.store(true, Ordering::Release);
        let _state = self.lock();
        self.changed.notify_all();
    }

    /// Does one thing, if there is one to do.
    pub(crate) fn step(&self) -> Step {
        let task = {
            let mut state = self.lock();
            if self.is_halted() || state.stopping {
                return Step::Idle;
            }
            match state.next_task(self) {
                Some(task) => task,
                None => return Step::Idle,
            }
        };
        let prepared = match task {
            Task::Create(id) => self.create(id, &[]).map(Some),
            Task::Recycle(segment, id) => self.recycle(&segment, id).map(Some),
            Task::Remove(segment) => self.remove(&segment).map(|()| None),
        };
        match prepared {
            Ok(spare) => {
                let mut state = self.lock();
                if let Some(spare) = spare {
                    state.keep(spare);
                }
                state.failure = None;
                self.changed.notify_all();
                Step::Done
            }
            Err(PrepareError::Discarded(error)) => Step::Failed(error),
            Err(PrepareError::Unknown(action, error)) => {
                self.halt(action, &error);
                Step::Failed(error)
            }
        }
    }

    /// A new file of zeros with a header, and `opening` after it.
    pub(crate) fn create(&self, id: SegmentId, opening: &[u8]) -> Result<OpenSegment, PrepareError> {
        let path = self.path(id, PREPARING_SUFFIX);
        let fill = || {
            if self.disk.free_bytes(&self.dir)? < self.segment_bytes.saturating_add(LEFT_BYTES) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let file = self.disk.create(&path)?;
            self.fill_with_zeros(&*file)?;
            self.write_header(&*file, id, opening)?;
            Ok(file)
        };
        let file = fill().map_err(|error| self.discard(&path, error))?;
        self.publish(file, id)
    }

    fn fill_with_zeros(&self, file: &dyn DiskFile) -> io::Result<()> {
        let zeros = vec![0; ZEROS_BYTES.min(usize::try_from(self.segment_bytes).unwrap_or(ZEROS_BYTES))];
        let mut offset = 0;
        while offset < self.segment_bytes {
            if self.lock().stopping {
                return Err(io::Error::new(io::ErrorKind::Interrupted, "the journal is closing"));
            }
            let count = (self.segment_bytes - offset).min(zeros.len() as u64);
            file.write_at(&zeros[..count as usize], offset)?;
            file.sync()?;
            offset += count;
        }
        Ok(())
    }

    fn write_header(&self, file: &dyn DiskFile, id: SegmentId, opening: &[u8]) -> io::Result<()> {
        let header = SegmentHeader { log: self.log, segment: id, segment_bytes: self.segment_bytes };
        let mut block = header.encode();
        block.extend_from_slice(opening);
        file.write_at(&block, 0)?;
        file.sync()
    }

    fn recycle(&self, released: &Segment, id: SegmentId) -> Result<OpenSegment, PrepareError> {
        let file = released.file().map_err(|error| PrepareError::Unknown("open a released segment", error))?;
        let path = self.path(id, PREPARING_SUFFIX);
        self.disk
            .rename(&self.path(released.id, SEGMENT_SUFFIX), &path)
            .and_then(|()| self.disk.sync_dir(&self.dir))
            .map_err(|error| PrepareError::Unknown("take back a released segment", error))?;
        self.write_header(&*file, id, &[]).map_err(|error| self.discard(&path, error))?;
        self.publish(file, id)
    }

    fn remove(&self, released: &Segment) -> Result<(), PrepareError> {
        self.disk
            .remove(&self.path(released.id, SEGMENT_SUFFIX))
            .and_then(|()| self.disk.sync_dir(&self.dir))
            .map_err(|error| PrepareError::Unknown("remove a released segment", error))
    }

    /// Gives a file that is ready its name. From here on recovery takes it for a segment.
    fn publish(&self, file: Arc<dyn DiskFile>, id: SegmentId) -> Result<OpenSegment, PrepareError> {
        self.disk
            .rename(&self.path(id, PREPARING_SUFFIX), &self.path(id, SEGMENT_SUFFIX))
            .and_then(|()| self.disk.sync_dir(&self.dir))
            .map_err(|error| PrepareError::Unknown("name a new segment", error))?;
        let segment = Segment::new(self.log, id, self.segment_bytes, &self.disk, &self.dir);
        Ok(OpenSegment { segment: Arc::new(segment), file })
    }

    /// Gives up a file that has no final name yet. What is left of it is removed when the journal is opened next.
    fn discard(&self, path: &Path, error: io::Error) -> PrepareError {
        let _ = self.disk.remove(path);
        PrepareError::Discarded(error)
    }

    fn path(&self, id: SegmentId, suffix: &str) -> PathBuf {
        segment::path(&self.dir, id, suffix)
    }

    /// The thread: works until told to stop.
    pub(crate) fn run(&self) {
        loop {
            let failure = match self.step() {
                Step::Done => continue,
                Step::Idle => None,
                Step::Failed(error) => Some(error),
            };
            let mut state = self.lock();
            if state.stopping {
                return;
            }
            match failure {
                Some(error) if !self.is_halted() => {
                    tracing::warn!(%error, dir = %self.dir.display(), "cannot prepare a journal segment; trying again");
                    state.failure = Some(error.kind());
                    self.changed.notify_all();
                    let waited = self
                        .changed
                        .wait_timeout_while(state, RETRY_AFTER, |state| state.failure.is_some() && !state.stopping);
                    waited.unwrap_or_else(PoisonError::into_inner).0.failure = None;
                }
                _ => {
                    let idle = |state: &mut State| !state.stopping && (self.is_halted() || !state.has_task(self));
                    drop(self.changed.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner));
                }
            }
        }
    }
}

impl State {
    /// Whether the caller needs none of these frames any more. The open segment is, if it is empty, but stays.
    pub(crate) fn is_released(&self, extent: &Extent) -> bool {
        extent.next <= self.release_before
    }

    fn has_task(&self, shared: &Shared) -> bool {
        let released = || {
            let oldest = self.live.first_key_value().filter(|_| self.live.len() > 1);
            oldest.is_some_and(|(_, (segment, extent))| self.is_released(extent) && !segment.is_held())
        };
        self.spares.len() < shared.spares_wanted || !self.idle.is_empty() || released()
    }
}

/// Why a segment was not prepared.
#[derive(Debug)]
pub(crate) enum PrepareError {
    /// The file had no final name and is given up.
    Discarded(io::Error),
    /// It is not known what the folder holds.
    Unknown(&'static str, io::Error),
}
