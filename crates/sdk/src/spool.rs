//! Events that wait on this machine's disk until the server has them.
//!
//! One event is one frame of a journal, so that its number in the journal is its number for the server too, dense over the spool's whole
//! life. One thread writes: it takes all events that wait and syncs once for them. The folder is bounded: a frame that might need one
//! segment too many is refused.

pub(crate) mod record;

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use indelible_event::uuid::Uuid;
use indelible_journal::{
    AppendError, Frame, FrameNumber, FramePosition, Frames, Journal, LogId, OpenError, Options, ReadError, Reader,
};
use indelible_storage::Disk;
use tokio::sync::{Notify, oneshot};

use crate::emission::{EmitError, Emitted, Outcome, tell_nobody};
use crate::line::{EVENT_BYTES_MAX, now_us};
use crate::settings::Durability;
use crate::stats::{Counters, Stats};

/// Segments that the bound is divided into.
const SEGMENTS: u64 = 16;
/// Bytes of events that wait to be written at most; with more, emitting fails.
const QUEUE_BYTES_MAX: usize = 16 << 20;
/// What a frame and the end of a segment take beside the event, and more.
const FRAME_MARGIN_BYTES: u64 = 4096;
/// Positions that are remembered, so that reading what was just written need not look for it.
const RECENT: usize = 4096;

/// Sizes of a spool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) segment_bytes: u64,
    /// Segments that exist at most, spares included.
    pub(crate) segments: u64,
    pub(crate) event_bytes_max: usize,
}

impl Size {
    /// Of a spool that takes at most so many bytes of disk.
    pub(crate) fn of(bytes_max: u64) -> Self {
        // A segment must hold the largest event.
        let least = (EVENT_BYTES_MAX as u64 + 2 * FRAME_MARGIN_BYTES).next_multiple_of(4096).max(bytes_max / SEGMENTS);
        let segment_bytes = least.min(64 << 20) / 4096 * 4096;
        Self { segment_bytes, segments: bytes_max / segment_bytes, event_bytes_max: EVENT_BYTES_MAX }
    }

    fn bytes_max(&self) -> u64 {
        self.segment_bytes * self.segments
    }

    /// Segments with frames at most: one is a spare, and one may be between the two.
    fn live_max(&self) -> usize {
        usize::try_from(self.segments.saturating_sub(2)).unwrap_or(usize::MAX).max(2)
    }
}

/// An event to be written.
struct Submission {
    record: Vec<u8>,
    log_entry_id: Uuid,
    durability: Durability,
    reply: oneshot::Sender<Outcome>,
}

#[derive(Default)]
struct Queue {
    submissions: Vec<Submission>,
    bytes: usize,
    /// The journal may forget more than it was told.
    may_release: bool,
    stopping: bool,
}

/// What the threads of a spool share.
pub(crate) struct Shared {
    queue: Mutex<Queue>,
    /// Something was put into the queue.
    queued: Condvar,
    /// Events that were handed over and are not written yet.
    pending: AtomicU64,
    /// Events below this number are answered for.
    answered: AtomicU64,
    /// Events below this number are answered for, durably.
    released: AtomicU64,
    /// When the oldest event that waits was emitted, as far as anybody has looked.
    oldest_us: AtomicI64,
    /// Emitters that wait for the server, by number.
    waiting: Mutex<BTreeMap<u64, (Uuid, oneshot::Sender<Outcome>)>>,
    /// Where the newest events stand.
    recent: Mutex<VecDeque<FramePosition>>,
    reader: Reader,
    log: LogId,
    size: Size,
    halted: AtomicBool,
    pub(crate) counters: Arc<Counters>,
    /// There are new events to send, or the spool is closing.
    pub(crate) changed: Notify,
    pub(crate) stopping: AtomicBool,
}

/// The spool, as emitters see it. Dropping it syncs what waits.
pub(crate) struct Spool {
    pub(crate) shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Spool {
    /// Opens or creates the spool in the folder `dir`; answers the numbers of the events in it too.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        size: Size,
        counters: Arc<Counters>,
    ) -> Result<(Self, std::ops::Range<u64>), OpenError> {
        let options = Options {
            segment_bytes: size.segment_bytes,
            spare_segments: 1,
            frame_bytes_max: size.event_bytes_max + record::HEADER_BYTES_MAX,
        };
        let (journal, recovered) = Journal::open(disk, dir, options)?;
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            queued: Condvar::new(),
            pending: AtomicU64::new(0),
            answered: AtomicU64::new(recovered.first.0),
            released: AtomicU64::new(recovered.first.0),
            oldest_us: AtomicI64::new(0),
            waiting: Mutex::default(),
            recent: Mutex::default(),
            reader: journal.reader(),
            log: recovered.log,
            size,
            halted: AtomicBool::new(false),
            counters,
            changed: Notify::new(),
            stopping: AtomicBool::new(false),
        });
        let writer = Writer { journal, shared: Arc::clone(&shared) };
        let thread = std::thread::Builder::new().name("audit-spool".to_owned()).spawn(move || writer.run());
        let thread =
            thread.map_err(|source| OpenError::Io { action: "start a thread for", path: dir.to_owned(), source })?;
        Ok((Self { shared, thread: Some(thread) }, recovered.first.0..recovered.next.0))
    }

    /// Hands over an event. What the receiver gets says whether it is durable.
    pub(crate) fn push(
        &self,
        record: Vec<u8>,
        log_entry_id: [u8; 16],
        durability: Durability,
    ) -> Result<oneshot::Receiver<Outcome>, EmitError> {
        if self.shared.is_halted() {
            return Err(EmitError::Halted);
        }
        let (reply, receiver) = oneshot::channel();
        let mut queue = lock(&self.shared.queue);
        if queue.bytes + record.len() > QUEUE_BYTES_MAX {
            return Err(EmitError::Full { limit_bytes: QUEUE_BYTES_MAX as u64 });
        }
        queue.bytes += record.len();
        self.shared.pending.fetch_add(1, AcqRel);
        queue.submissions.push(Submission { record, log_entry_id: Uuid(log_entry_id), durability, reply });
        drop(queue);
        self.shared.queued.notify_one();
        Ok(receiver)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        lock(&self.shared.queue).stopping = true;
        self.shared.queued.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of it has nothing to tell here.
            let _ = thread.join();
        }
        self.shared.stopping.store(true, Release);
        self.shared.changed.notify_one();
    }
}

impl Shared {
    /// How the server knows this spool: 53 bits of the journal's random id.
    pub(crate) fn epoch(&self) -> u64 {
        let LogId([a, b, c, d, e, f, g, h, ..]) = self.log;
        u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 11
    }

    pub(crate) fn log(&self) -> LogId {
        self.log
    }

    /// Every event below this number is durable here.
    pub(crate) fn durable(&self) -> u64 {
        self.reader.durable().0
    }

    /// The event with this number, which is durable here and was not released. `frames` is kept between calls.
    pub(crate) fn read(&self, number: u64, frames: &mut Option<Frames>) -> Result<Option<Frame>, ReadError> {
        if let Some(position) = self.recent_position(number) {
            *frames = None;
            return self.reader.read(&position).map(Some);
        }
        let mut is_new = false;
        loop {
            let from = frames.get_or_insert_with(|| {
                is_new = true;
                self.reader.frames(FrameNumber(number))
            });
            match from.next() {
                Some(Ok(frame)) if frame.number.0 == number => return Ok(Some(frame)),
                Some(Ok(frame)) if frame.number.0 < number => {}
                Some(Err(error)) => {
                    *frames = None;
                    return Err(error);
                }
                // The iterator was made for other numbers, or has come to where the end was then.
                _ if is_new => return Ok(None),
                _ => *frames = None,
            }
        }
    }

    fn recent_position(&self, number: u64) -> Option<FramePosition> {
        let recent = lock(&self.recent);
        let first = recent.front()?.number.0;
        recent.get(usize::try_from(number.checked_sub(first)?).ok()?).copied()
    }

    /// Tells those who wait for the events below `next` what the server said; `refused` has the reasons by number.
    pub(crate) fn answered(&self, next: u64, refused: &BTreeMap<u64, Arc<str>>) {
        self.answered.fetch_max(next, Release);
        let mut waiting = lock(&self.waiting);
        let later = waiting.split_off(&next);
        let answered = std::mem::replace(&mut *waiting, later);
        drop(waiting);
        for (number, (log_entry_id, reply)) in answered {
            let outcome = match refused.get(&number) {
                Some(reason) => Err(EmitError::Refused { reason: Arc::clone(reason) }),
                None => Ok(Emitted { log_entry_id, number }),
            };
            // Who waits no longer finds a refused event in its folder.
            let _ = reply.send(outcome);
        }
    }

    /// Whether an emitter waits for the server.
    pub(crate) fn is_awaited(&self) -> bool {
        !lock(&self.waiting).is_empty()
    }

    /// Lets the journal forget the events below `next`.
    pub(crate) fn release(&self, next: u64) {
        self.released.fetch_max(next, Release);
        lock(&self.queue).may_release = true;
        self.queued.notify_one();
    }

    /// Events that were handed over and are not answered for.
    pub(crate) fn waiting(&self) -> u64 {
        // In this order none is between the two counts.
        let pending = self.pending.load(Acquire);
        pending + self.durable().saturating_sub(self.answered.load(Acquire))
    }

    /// Notes when the oldest event that waits was emitted, in microseconds since 1970.
    pub(crate) fn oldest(&self, us: i64) {
        self.oldest_us.store(us, Relaxed);
    }

    /// What is on the disk, beside the counts.
    pub(crate) fn stats(&self) -> Stats {
        let journal = self.reader.stats();
        let waiting = self.waiting();
        Stats {
            waiting,
            oldest_us: Some(self.oldest_us.load(Relaxed)).filter(|us| waiting > 0 && *us > 0),
            spool_bytes: (journal.segments + journal.spare_segments) as u64 * self.size.segment_bytes,
            spool_bytes_max: self.size.bytes_max(),
            halted: self.is_halted(),
            ..self.counters.read()
        }
    }

    /// Whether events of so many bytes in all would find room, at least as long as nobody else emits.
    pub(crate) fn has_room(&self, bytes: u64) -> bool {
        let segments = self.reader.segments();
        let open_bytes = segments.last().map_or(0, |open| open.bytes);
        let payload = self.size.segment_bytes.saturating_sub(FRAME_MARGIN_BYTES).max(1);
        // Frames are not cut: what is left at the end of a segment may be as much as the largest event.
        let further = match open_bytes + bytes + FRAME_MARGIN_BYTES > self.size.segment_bytes {
            true => usize::try_from(bytes.div_ceil(payload)).unwrap_or(usize::MAX).saturating_mul(2),
            false => 0,
        };
        segments.len().saturating_add(further) <= self.size.live_max()
    }

    fn is_halted(&self) -> bool {
        self.halted.load(Acquire)
    }
}

/// The thread that owns the journal.
struct Writer {
    journal: Journal,
    shared: Arc<Shared>,
}

impl Writer {
    fn run(mut self) {
        loop {
            let (group, stopping) = self.take();
            self.journal.release(FrameNumber(self.shared.released.load(Acquire)));
            if !group.is_empty() {
                self.commit(group);
            } else if stopping {
                break;
            }
        }
        let Self { journal, shared } = self;
        if let Err(error) = journal.close() {
            // What was synced is there; the next start reads through the open segment.
            tracing::warn!(%error, "the audit spool was not closed in good order");
        }
        lock(&shared.waiting).clear();
    }

    /// Waits for something to do.
    fn take(&self) -> (Vec<Submission>, bool) {
        let idle = |queue: &mut Queue| queue.submissions.is_empty() && !queue.stopping && !queue.may_release;
        let queue = self.shared.queued.wait_while(lock(&self.shared.queue), idle);
        let mut queue = queue.unwrap_or_else(PoisonError::into_inner);
        queue.bytes = 0;
        queue.may_release = false;
        (std::mem::take(&mut queue.submissions), queue.stopping)
    }

    /// Writes a group and syncs once; tells each emitter.
    fn commit(&mut self, group: Vec<Submission>) {
        let mut positions = Vec::with_capacity(group.len());
        let mut told = Vec::with_capacity(group.len());
        for Submission { record, log_entry_id, durability, reply } in group {
            let position = match self.write(&record) {
                Ok(position) => position,
                Err(error) => {
                    self.fail(reply, error);
                    continue;
                }
            };
            let number = position.number.0;
            positions.push(position);
            match durability {
                Durability::Spool => told.push((Emitted { log_entry_id, number }, reply)),
                // Before the sync: once it is done the server may answer at any moment.
                Durability::Server => _ = lock(&self.shared.waiting).insert(number, (log_entry_id, reply)),
            }
        }
        let Some(first) = positions.first().map(|position| position.number.0) else { return };
        if let Err(error) = self.journal.sync() {
            self.shared.halted.store(true, Release);
            tracing::error!(%error, "the audit spool stops");
            let waiting = lock(&self.shared.waiting).split_off(&first);
            let untold = told.into_iter().map(|(_, reply)| reply).chain(waiting.into_values().map(|(_, reply)| reply));
            untold.for_each(|reply| self.fail(reply, EmitError::Halted));
            return;
        }
        self.shared.pending.fetch_sub(positions.len() as u64, AcqRel);
        self.shared.counters.spooled.fetch_add(positions.len() as u64, Relaxed);
        let mut recent = lock(&self.shared.recent);
        recent.extend(positions);
        let surplus = recent.len().saturating_sub(RECENT);
        recent.drain(..surplus);
        drop(recent);
        self.shared.changed.notify_one();
        for (emitted, reply) in told {
            // Who does not wait knows that it is on its way.
            let _ = reply.send(Ok(emitted));
        }
    }

    fn write(&mut self, record: &[u8]) -> Result<FramePosition, EmitError> {
        let size = &self.shared.size;
        let full = || EmitError::Full { limit_bytes: size.bytes_max() };
        let segments = self.shared.reader.segments();
        let open_bytes = segments.last().map_or(0, |open| open.bytes);
        let needs_another = open_bytes + record.len() as u64 + FRAME_MARGIN_BYTES > size.segment_bytes;
        if needs_another && segments.len() >= size.live_max() {
            return Err(full());
        }
        self.journal.write(&[record], now_us()).map_err(|error| match error {
            AppendError::TooLarge { .. } => full(),
            AppendError::NoRoom { kind } => EmitError::NoRoom { kind },
            AppendError::Io { .. } | AppendError::Halted => {
                self.shared.halted.store(true, Release);
                EmitError::Halted
            }
        })
    }

    fn fail(&self, reply: oneshot::Sender<Outcome>, error: EmitError) {
        self.shared.pending.fetch_sub(1, AcqRel);
        self.shared.counters.failed.fetch_add(1, Relaxed);
        if let Err(Err(error)) = reply.send(Err(error)) {
            tell_nobody(&error);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code panics while it holds one of these; were it so, the value would still be whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
