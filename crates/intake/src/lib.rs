//! From admitted events to acknowledged entries.
//!
//! [`Intake`] decides which events are new, gives each its place in the logs of its organizations, makes it durable in
//! the journal, adds its leaf to the trees, and only then answers. It joins the journal and the ledger; it knows neither
//! HTTP nor the archive.
//!
//! Start reading at [`Intake::submit`], then `sequencer` and `applier`.

mod applier;
mod batch;
mod clock;
mod content;
pub mod identity;
mod queue;
pub mod record;
mod sequencer;
mod stats;
mod tail;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use indelible_event::control::ControlEntry;
use indelible_event::{KeyId, Organization};
use indelible_journal::{Frame, FrameNumber, Journal, OpenError, ReadError};
use indelible_ledger::{ContentKeys, Ledger, OrganizationLog};
use indelible_storage::Disk;

pub use batch::{Answer, Batch, Outcome, Receipt, Status, StoredEvent, SubmitError};
pub use clock::{Clock, ClockReason, ClockStop, SystemClock, believe, check_start, last_kept_us};
pub use content::{ContentError, ContentReader, SealError};
pub use queue::Reply;
pub use stats::Stats;
pub use tail::{Span, Stretch, Tail, TailError, TailSnapshot, content_error};

use clock::GuardedClock;
use content::Sealer;

use applier::{Applier, Hasher, Leaves};
use identity::{IdentityError, IdentityMemory, Seed};
use queue::{Bounds, Command, Queue};
use sequencer::Sequencer;

/// Written into genesis entries.
const PRODUCT_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Settings of intake.
#[derive(Clone, Debug)]
pub struct Options {
    /// The journal's own settings.
    pub journal: indelible_journal::Options,
    /// The memory of identities.
    pub identity: identity::Options,
    /// Bytes that may wait to be written; more is answered with [`SubmitError::Busy`].
    pub queue_bytes: usize,
    /// Bytes that may wait for one organization; more is answered with [`SubmitError::OrganizationBusy`]. It never gets more
    /// than is free for the others.
    pub organization_queue_bytes: usize,
    /// Bytes that may come in for one organization each second; 0 for any number.
    pub organization_bytes_per_second: u64,
    /// Keys of the organizations whose content is encrypted.
    pub content_keys: Arc<ContentKeys>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            journal: indelible_journal::Options::default(),
            identity: identity::Options::default(),
            queue_bytes: 128 << 20,
            organization_queue_bytes: 64 << 20,
            organization_bytes_per_second: 0,
            content_keys: Arc::new(ContentKeys::none()),
        }
    }
}

/// Why intake stopped or could not start.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The journal could not be opened.
    #[error("open the journal")]
    Open(#[from] OpenError),
    /// The journal could not be written. What was answered is safe; restart to recover.
    #[error("write the journal; nothing more is accepted until a restart has read it back")]
    Append(#[from] indelible_journal::AppendError),
    /// The journal could not be read back.
    #[error("read the journal")]
    Read(#[from] ReadError),
    /// A frame holds a record this version cannot read.
    #[error("read the journal's records")]
    Record(#[from] record::RecordError),
    /// The memory of identities failed.
    #[error("memory of event identities")]
    Identity(#[from] IdentityError),
    /// The trees failed.
    #[error("ledger")]
    Ledger(#[from] indelible_ledger::LedgerError),
    /// The journal names an organization the ledger does not know.
    #[error(
        "the journal names organization number {0}, which the ledger does not hold; was part of the data directory removed?"
    )]
    UnknownOrganization(u32),
    /// Content cannot be encrypted.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No random numbers are to be had.
    #[error("draw random numbers")]
    Random(#[source] std::io::Error),
    /// An entry that is in the journal alone cannot be hashed anew.
    #[error("entry {seq} of {organization} in the journal: {source}")]
    Content {
        /// Whose entry.
        organization: Organization,
        /// Its place.
        seq: u64,
        /// The cause.
        source: ContentError,
    },
    /// As [`Failure::Content`]: its key was erased.
    #[error(
        "entry {seq} of {organization} is in the journal alone, and its content key {key} was erased; restore keys/content from a backup"
    )]
    Erased {
        /// Whose entry.
        organization: Organization,
        /// Its place.
        seq: u64,
        /// The key.
        key: KeyId,
    },
    /// The file that holds the last known time could not be read.
    #[error("read the last known time in {}", path.display())]
    Clock {
        /// The file's folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A thread could not be started.
    #[error("start a thread")]
    Thread(#[source] std::io::Error),
    /// The applying thread ended before the sequencing one.
    #[error("hashing and answering stopped; see the error before this one")]
    Applier,
}

/// The one way into the log. Cheap to share behind an [`Arc`].
pub struct Intake {
    queue: Arc<Queue>,
    ledger: Arc<Ledger>,
    tail: Arc<Tail>,
    journal: indelible_journal::Reader,
    stats: Arc<Stats>,
    clock: Arc<GuardedClock>,
    seed: Seed,
    thread: Mutex<Option<JoinHandle<Result<(), Failure>>>>,
}

/// What opening found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opened {
    /// Journal frames read back.
    pub frames: u64,
    /// Entries in them.
    pub entries: u64,
}

impl Intake {
    /// Opens journal and identities below `data`, replays what the ledger has not persisted, and starts the threads.
    ///
    /// `received_at_us` is the latest `received_at` known from elsewhere (the archive): assigned ones do not go below it.
    ///
    /// # Errors
    /// When something on disk is damaged or missing; nothing is changed then.
    pub fn open(
        disk: Arc<dyn Disk>,
        data: &Path,
        ledger: Arc<Ledger>,
        clock: Arc<dyn Clock>,
        options: &Options,
        received_at_us: i64,
    ) -> Result<(Self, Opened), Failure> {
        let mut identity = IdentityMemory::open(&data.join("identity"), options.identity.clone())?;
        let (journal, _) = Journal::open(disk, &data.join("journal"), options.journal)?;
        let keys = &options.content_keys;
        let tail = Arc::new(Tail::new(journal.reader(), Arc::clone(keys)));
        let mut opened = Opened::default();
        let replayed_us = replay(&journal, &ledger, keys, &mut identity, &tail, &mut opened)?;
        let reader = journal.reader();
        let stats = Arc::new(Stats::default());
        let received_at_us = received_at_us.max(replayed_us);
        let clock = GuardedClock::open(clock, data, (received_at_us != i64::MIN).then_some(received_at_us))
            .map_err(|source| Failure::Clock { path: data.to_owned(), source })?;
        let clock = Arc::new(clock);
        let queue = Arc::new(Queue::new(Bounds {
            bytes_max: options.queue_bytes,
            organization_bytes_max: options.organization_queue_bytes,
            organization_bytes_per_second: options.organization_bytes_per_second,
        }));
        let seed = identity.seed();
        let sequencer = Sequencer {
            journal,
            identity,
            ledger: Arc::clone(&ledger),
            clock: Arc::clone(&clock),
            stats: Arc::clone(&stats),
            frame_bytes_max: options.journal.frame_bytes_max,
            next_seq: ledger.organizations().iter().map(|log| ledger.size(log.number)).collect(),
            received_at_us,
            sealer: Sealer::new(Arc::clone(keys)).map_err(Failure::Random)?,
            plain: Vec::new(),
            sealed: Vec::new(),
        };
        let applier = Applier {
            ledger: Arc::clone(&ledger),
            tail: Arc::clone(&tail),
            stats: Arc::clone(&stats),
            keys: Arc::clone(keys),
        };
        let thread = {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new()
                .name("sequencer".into())
                .spawn(move || sequencer.run(&queue, applier))
                .map_err(Failure::Thread)?
        };
        let thread = Mutex::new(Some(thread));
        Ok((Self { queue, ledger, tail, journal: reader, stats, clock, seed, thread }, opened))
    }

    /// An empty batch for events of `producer`.
    pub fn batch(&self, producer: &str) -> Batch {
        Batch::new(self.seed, producer)
    }

    /// Hands a batch in. `reply` is called once, from another thread, and must not block: with the answer after
    /// everything new in the batch survives power loss, or with an error that says what is known.
    pub fn submit(&self, batch: Batch, reply: Reply) {
        self.queue.submit(batch, reply);
    }

    /// Hands in a control entry for the log of organization `number`, as [`Self::submit`] does with events.
    pub fn record(&self, number: u32, entry: &ControlEntry, time_us: i64, reply: Reply) {
        self.submit(Batch::control(self.seed, number, entry, time_us), reply);
    }

    /// The log of an organization, made durable now if it is new.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub fn organization(&self, organization: &Organization) -> Result<Arc<OrganizationLog>, Failure> {
        match self.ledger.find(organization) {
            Some(log) => Ok(log),
            None => Ok(self.ledger.create(organization)?),
        }
    }

    /// Writes the genesis entries of logs that have none yet. `done` learns when they are durable, from another thread.
    pub fn begin(&self, numbers: Vec<u32>, done: Box<dyn FnOnce(Result<(), String>) + Send>) {
        if let Err(command) = self.queue.command(Command::Begin { numbers, done }) {
            command.refuse();
        }
    }

    /// The acknowledged entries still in the journal.
    pub fn tail(&self) -> &Tail {
        &self.tail
    }

    /// Counters.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Counts of the journal.
    pub fn journal_stats(&self) -> indelible_journal::Stats {
        self.journal.stats()
    }

    /// Bytes waiting to be written.
    pub fn queued_bytes(&self) -> usize {
        self.queue.bytes()
    }

    /// Gives back journal segments whose entries are archived (`seq` below `archived_end(number)`) and were received
    /// before `before_us`. `done` gets the number of segments or what failed.
    pub fn release(
        &self,
        archived_end: impl Fn(u32) -> u64,
        before_us: i64,
        done: Box<dyn FnOnce(Result<usize, String>) + Send>,
    ) {
        let first_needed = self.tail.forget(archived_end, before_us);
        if let Err(command) = self.queue.command(Command::Release { first_needed, done }) {
            command.refuse();
        }
    }

    /// Goes on in a new file of the journal, and uses none of the others again: what they hold is gone from the disk once they
    /// are [released](Self::release). `done` gets what failed.
    pub fn renew(&self, done: Box<dyn FnOnce(Result<(), String>) + Send>) {
        if let Err(command) = self.queue.command(Command::Renew { done }) {
            command.refuse();
        }
    }

    /// Looks at the clock, so that a step is found also while nothing comes in, and writes the time down every ten minutes.
    ///
    /// # Errors
    /// When the time cannot be written. It is tried again at the next call.
    pub fn watch_clock(&self) -> std::io::Result<()> {
        self.clock.keep(false)
    }

    /// Why nothing is taken in because of the clock, if that is so.
    pub fn clock_stop(&self) -> Option<ClockStop> {
        self.clock.stop()
    }

    /// Believes the clock from now on, after that was recorded as a control entry in the log of organization `number`.
    /// `reply` gets the entry's place, or nothing if the clock was believed already; otherwise as [`submit`](Self::submit).
    pub fn accept_clock(&self, number: u32, reply: Reply) {
        if let Err(command) = self.queue.command(Command::AcceptClock { number, reply }) {
            command.refuse();
        }
    }

    /// Whether the threads still run. When they do not, the process should end with an error.
    pub fn is_running(&self) -> bool {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Takes in no more, finishes what waits, and makes restart quick. Safe to call twice.
    ///
    /// # Errors
    /// What stopped intake, if it had stopped by itself.
    pub fn close(&self) -> Result<(), Failure> {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some()
            && let Err(error) = self.clock.keep(true)
        {
            tracing::warn!(%error, "the time of this stop could not be written down");
        }
        thread.map_or(Ok(()), |thread| thread.join().unwrap_or(Err(Failure::Applier)))
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!(%error, "intake ended with an error");
        }
    }
}

/// Reads the journal below `data` and adds to `ledger` what that has not written down, as [`Intake::open`] does. The journal
/// is not changed; nobody may have it open meanwhile. Returns what was read and the latest `received_at`.
///
/// # Errors
/// When something on disk is damaged or missing.
pub fn inspect(
    disk: Arc<dyn Disk>,
    data: &Path,
    ledger: &Ledger,
    keys: &Arc<ContentKeys>,
) -> Result<(Opened, Option<i64>), Failure> {
    let (reader, recovered) = Journal::inspect(disk, &data.join("journal"))?;
    let mut opened = Opened::default();
    let mut hasher = Hasher::new(Arc::clone(keys));
    for frame in reader.frames(FrameNumber(0)) {
        let frame = frame?;
        apply(&frame, ledger, &mut hasher, &mut opened)?;
    }
    Ok((opened, recovered.last_received_at_us))
}

/// Brings ledger, identities and tail to where the journal is. Returns the latest `received_at`.
fn replay(
    journal: &Journal,
    ledger: &Ledger,
    keys: &Arc<ContentKeys>,
    identity: &mut IdentityMemory,
    tail: &Tail,
    opened: &mut Opened,
) -> Result<i64, Failure> {
    let seed = identity.seed();
    let frames_covered = identity.frames_covered();
    let mut hasher = Hasher::new(Arc::clone(keys));
    let mut received_at_us = i64::MIN;
    for frame in journal.reader().frames(FrameNumber(0)) {
        let frame = frame?;
        let spans = apply(&frame, ledger, &mut hasher, opened)?;
        if frame.number.0 >= frames_covered {
            for record in record::records(&frame.body) {
                let record = record?;
                for place in record.places() {
                    let remembered = identity::Remembered { seq: place.seq, digest: record.digest };
                    identity.insert(seed.identity(place.number, record.producer, &record.log_entry_id), remembered);
                }
            }
        }
        tail.push(frame.position, frame.body.len() as u64, spans);
        received_at_us = received_at_us.max(frame.received_at_us);
    }
    Ok(received_at_us)
}

/// Adds to the ledger what a frame holds beyond it.
fn apply(frame: &Frame, ledger: &Ledger, hasher: &mut Hasher, opened: &mut Opened) -> Result<Vec<Span>, Failure> {
    let mut leaves = Leaves::default();
    let is_new = |place: record::Place| place.seq >= ledger.size(place.number);
    let spans = hasher.frame(ledger, &frame.body, frame.received_at_us, is_new, &mut leaves)?;
    leaves.append_to(ledger)?;
    opened.entries += spans.iter().map(|span| span.seqs.end - span.seqs.start).sum::<u64>();
    opened.frames += 1;
    Ok(spans)
}

#[cfg(test)]
mod tests;
