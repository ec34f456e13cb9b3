//! Events and refused records that wait on this machine's disk until the server has them.
//!
//! Each is one frame of a journal. Its number there, less the refused records before it, is an event's number for the server too, dense
//! over the spool's whole life. One thread writes: it takes all events that wait and syncs once for them. The folder is bounded: a frame
//! that might need one segment too many is refused.

pub(crate) mod record;

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use indelible_event::uuid::Uuid;
use indelible_journal::{AppendError, FrameNumber, Frames, Journal, LogId, OpenError, Options, ReadError, Reader};
use indelible_storage::Disk;
use tokio::sync::{Notify, oneshot};

use crate::emission::{EmitError, Emitted, Outcome, tell_nobody};
use crate::line::{LINE_BYTES_MAX, now_us};
use crate::settings::Durability;
use crate::spool::record::{Event, Header, Kind};
use crate::stats::{Counters, Stats};

/// Segments that the bound is divided into.
const SEGMENTS: u64 = 16;
/// Bytes of events that wait to be written at most; with more, emitting fails.
const QUEUE_BYTES_MAX: usize = 16 << 20;
/// What a frame and the end of a segment take beside the event, and more.
const FRAME_MARGIN_BYTES: u64 = 4096;
/// Bytes of events that are kept in memory until the server has answered, so that delivery need not read what was just written.
const RECENT_BYTES_MAX: usize = 4 << 20;

/// Sizes of a spool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) segment_bytes: u64,
    /// Segments that exist at most, spares included.
    pub(crate) segments: u64,
    pub(crate) line_bytes_max: usize,
}

impl Size {
    /// Of a spool that takes at most so many bytes of disk.
    pub(crate) fn of(bytes_max: u64) -> Self {
        // A segment must hold the longest line.
        let least = (LINE_BYTES_MAX as u64 + 2 * FRAME_MARGIN_BYTES).next_multiple_of(4096).max(bytes_max / SEGMENTS);
        let segment_bytes = least.min(64 << 20) / 4096 * 4096;
        Self { segment_bytes, segments: bytes_max / segment_bytes, line_bytes_max: LINE_BYTES_MAX }
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
    header: Header,
    line: Vec<u8>,
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

/// The newest events.
#[derive(Default)]
struct Recent {
    /// Number of the first.
    first: u64,
    events: VecDeque<Event>,
    /// Of their lines.
    bytes: usize,
}

impl Recent {
    fn get(&self, number: u64) -> Option<&Event> {
        self.events.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// Adds the events from `first` on, which follow those that are there.
    fn add(&mut self, first: u64, events: Vec<Event>) {
        if self.events.is_empty() {
            self.first = first;
        }
        self.bytes += events.iter().map(|event| event.line.len()).sum::<usize>();
        self.events.extend(events);
        while self.bytes > RECENT_BYTES_MAX {
            self.forget();
        }
    }

    fn forget_below(&mut self, number: u64) {
        while self.first < number && !self.events.is_empty() {
            self.forget();
        }
    }

    fn forget(&mut self) {
        let Some(event) = self.events.pop_front() else { return };
        self.bytes -= event.line.len();
        self.first += 1;
    }
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
    recent: Mutex<Recent>,
    reader: Reader,
    log: LogId,
    size: Size,
    halted: AtomicBool,
    pub(crate) counters: Arc<Counters>,
    /// Events below this number are durable here, and delivery was told if it wanted to know.
    committed: AtomicU64,
    /// With this many events delivery wants to be told; never, while it does something else.
    wanted: AtomicU64,
    /// There are as many events as delivery waits for, or somebody waits for the server.
    told: Notify,
    stopping: AtomicBool,
    /// The spool is closing.
    stopped: Notify,
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
            frame_bytes_max: size.line_bytes_max + record::HEADER_BYTES_MAX,
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
            committed: AtomicU64::new(recovered.next.0),
            wanted: AtomicU64::new(u64::MAX),
            told: Notify::new(),
            stopping: AtomicBool::new(false),
            stopped: Notify::new(),
        });
        let writer = Writer { journal, shared: Arc::clone(&shared), open_bytes: u64::MAX };
        let thread = std::thread::Builder::new().name("audit-spool".to_owned()).spawn(move || writer.run());
        let thread =
            thread.map_err(|source| OpenError::Io { action: "start a thread for", path: dir.to_owned(), source })?;
        Ok((Self { shared, thread: Some(thread) }, recovered.first.0..recovered.next.0))
    }

    /// Hands over an event. What the receiver gets says whether it is durable.
    pub(crate) fn push(
        &self,
        header: Header,
        line: Vec<u8>,
        log_entry_id: [u8; 16],
        durability: Durability,
    ) -> Result<oneshot::Receiver<Outcome>, EmitError> {
        if self.shared.is_halted() {
            return Err(EmitError::Halted);
        }
        let (reply, receiver) = oneshot::channel();
        let mut queue = lock(&self.shared.queue);
        if queue.bytes + line.len() > QUEUE_BYTES_MAX {
            return Err(EmitError::Full { limit_bytes: QUEUE_BYTES_MAX as u64 });
        }
        queue.bytes += line.len();
        self.shared.pending.fetch_add(1, AcqRel);
        let is_first = queue.submissions.is_empty();
        queue.submissions.push(Submission { header, line, log_entry_id: Uuid(log_entry_id), durability, reply });
        drop(queue);
        // Whoever put the first one there has told the writer.
        if is_first {
            self.shared.queued.notify_one();
        }
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
        self.shared.told.notify_one();
        self.shared.stopped.notify_one();
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
    pub(crate) fn read(&self, number: u64, frames: &mut Option<Frames>) -> Result<Option<Event>, ReadError> {
        if let Some(event) = lock(&self.recent).get(number) {
            *frames = None;
            return Ok(Some(event.clone()));
        }
        let mut is_new = false;
        loop {
            let from = frames.get_or_insert_with(|| {
                is_new = true;
                self.reader.frames(FrameNumber(number))
            });
            match from.next() {
                Some(Ok(frame)) if frame.number.0 == number => return Ok(Some(Event::of(&frame))),
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

    /// Tells those who wait for the events below `next` what the server said; `refused` has the reasons by number.
    pub(crate) fn answered(&self, next: u64, refused: &BTreeMap<u64, Arc<str>>) {
        self.answered.fetch_max(next, Release);
        lock(&self.recent).forget_below(next);
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

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Acquire)
    }

    /// Until the spool closes.
    pub(crate) async fn stopped(&self) {
        while !self.is_stopping() {
            self.stopped.notified().await;
        }
    }

    /// Until there are events up to `number`, somebody waits for the server, or the spool closes; at most so long. For delivery alone.
    pub(crate) async fn gather(&self, number: u64, patience: Duration) {
        self.wanted.store(number, SeqCst);
        // In this order: the writer looks at the two in the other one.
        if self.committed.load(SeqCst) < number && !self.is_stopping() {
            let _ = tokio::time::timeout(patience, self.told.notified()).await;
        }
        self.wanted.store(u64::MAX, SeqCst);
    }

    /// Has delivery send what there is.
    pub(crate) fn hurry(&self) {
        self.told.notify_one();
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
    /// Where the open segment ends, as far as is known; no less.
    open_bytes: u64,
}

impl Writer {
    fn run(mut self) {
        loop {
            let Queue { submissions: group, may_release, stopping, .. } = self.take();
            if may_release {
                self.journal.release(FrameNumber(self.shared.released.load(Acquire)));
            }
            if !group.is_empty() {
                self.commit(group);
            } else if stopping {
                break;
            }
        }
        let Self { journal, shared, .. } = self;
        if let Err(error) = journal.close() {
            // What was synced is there; the next start reads through the open segment.
            tracing::warn!(%error, "the audit spool was not closed in good order");
        }
        lock(&shared.waiting).clear();
    }

    /// Waits for something to do.
    fn take(&self) -> Queue {
        let idle = |queue: &mut Queue| queue.submissions.is_empty() && !queue.stopping && !queue.may_release;
        let queue = self.shared.queued.wait_while(lock(&self.shared.queue), idle);
        let mut queue = queue.unwrap_or_else(PoisonError::into_inner);
        let stopping = queue.stopping;
        std::mem::replace(&mut *queue, Queue { stopping, ..Queue::default() })
    }

    /// Writes a group and syncs once; tells each emitter.
    fn commit(&mut self, group: Vec<Submission>) {
        let mut first = None;
        let mut written = Vec::with_capacity(group.len());
        let mut told = Vec::with_capacity(group.len());
        for Submission { header, line, log_entry_id, durability, reply } in group {
            let at_us = now_us();
            let number = match self.write(&header, &line, at_us) {
                Ok(number) => number,
                Err(error) => {
                    self.fail(reply, error);
                    continue;
                }
            };
            first.get_or_insert(number);
            written.push(Event::new(header, line, at_us));
            match durability {
                Durability::Spool => told.push((Emitted { log_entry_id, number }, reply)),
                // Before the sync: once it is done the server may answer at any moment.
                Durability::Server => _ = lock(&self.shared.waiting).insert(number, (log_entry_id, reply)),
            }
        }
        let Some(first) = first else { return };
        let count = written.len() as u64;
        let events = written.iter().filter(|event| event.about().0 == Kind::Event).count() as u64;
        let (next, is_awaited) = (first + count, told.len() < written.len());
        if let Err(error) = self.journal.sync() {
            self.shared.halted.store(true, Release);
            tracing::error!(%error, "the audit spool stops");
            let waiting = lock(&self.shared.waiting).split_off(&first);
            let untold = told.into_iter().map(|(_, reply)| reply).chain(waiting.into_values().map(|(_, reply)| reply));
            untold.for_each(|reply| self.fail(reply, EmitError::Halted));
            return;
        }
        self.shared.pending.fetch_sub(count, AcqRel);
        self.shared.counters.spooled.fetch_add(events, Relaxed);
        lock(&self.shared.recent).add(first, written);
        self.shared.committed.store(next, SeqCst);
        if is_awaited || next >= self.shared.wanted.load(SeqCst) {
            self.shared.told.notify_one();
        }
        for (emitted, reply) in told {
            // Who does not wait knows that it is on its way.
            let _ = reply.send(Ok(emitted));
        }
    }

    /// Writes an event; answers its number.
    fn write(&mut self, header: &Header, line: &[u8], at_us: i64) -> Result<u64, EmitError> {
        let size = &self.shared.size;
        let full = || EmitError::Full { limit_bytes: size.bytes_max() };
        let needs_another = |open_bytes: u64| {
            let bytes = (header.as_bytes().len() + line.len()) as u64;
            open_bytes.saturating_add(bytes + FRAME_MARGIN_BYTES) > size.segment_bytes
        };
        if needs_another(self.open_bytes) {
            let segments = self.shared.reader.segments();
            self.open_bytes = segments.last().map_or(0, |open| open.bytes);
            if needs_another(self.open_bytes) && segments.len() >= size.live_max() {
                return Err(full());
            }
        }
        let position = self.journal.write(&[header.as_bytes(), line], at_us).map_err(|error| match error {
            AppendError::TooLarge { .. } => full(),
            AppendError::NoRoom { kind } => EmitError::NoRoom { kind },
            AppendError::Io { .. } | AppendError::Halted => {
                self.shared.halted.store(true, Release);
                EmitError::Halted
            }
        })?;
        self.open_bytes = position.offset + u64::from(position.length);
        Ok(position.number.0)
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
