//! What a service makes once and emits with.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indelible_event::catalogue::composed::Categories;
use indelible_journal::OpenError;
use indelible_storage::durable::{LockError, LockFile};
use indelible_storage::{Disk, RealDisk};

use crate::answer::{Client, InvalidServer};
use crate::context::Context;
use crate::delivery::Delivery;
use crate::emission::{Emission, EmitError};
use crate::guard::Guard;
use crate::line::{self, RefusedRecord, Said};
use crate::progress::{Bounds, Progress};
use crate::settings::{Durability, Product, Settings};
use crate::spool::record::{self, Header, Kind};
use crate::spool::{Size, Spool};
use crate::stats::{Counters, Stats};

/// Emits a service's audit events. Made once; a clone is a handle to the same one.
///
/// When the last clone is dropped, what was emitted is synced, and what the server does not have yet waits in the spool for the next
/// auditor that is opened on it.
#[derive(Clone)]
pub struct Auditor {
    inner: Arc<Inner>,
    durability: Durability,
}

struct Inner {
    /// Taken only when it is dropped.
    spool: Option<Spool>,
    delivery: Option<JoinHandle<()>>,
    product: Product,
    counters: Arc<Counters>,
    /// Keeps the folder for this process; let go last.
    _lock: LockFile,
}

/// Why there is no auditor.
#[derive(Debug, thiserror::Error)]
pub enum OpenAuditorError {
    /// Where to send events to is not known.
    #[error(transparent)]
    Server(#[from] InvalidServer),
    /// What the settings say of the product cannot stand in an event.
    #[error("settings of the auditor: {0}")]
    Product(#[source] EmitError),
    /// Another process has the spool, or the folder cannot be used.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// The events that wait cannot be read.
    #[error(transparent)]
    Spool(#[from] OpenError),
    /// A file or thread of the spool was not to be had.
    #[error("open the audit spool in {}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Auditor {
    /// Opens the spool, which then hands over what waits in it from before.
    ///
    /// # Errors
    /// The server need not be there. What is wrong with the settings, the folder and its files is found here.
    pub fn open(settings: Settings) -> Result<Self, OpenAuditorError> {
        let size = Size::of(settings.spool_bytes_max);
        Self::open_on(Arc::new(RealDisk), settings, size)
    }

    /// As [`open`](Self::open), on a disk of the caller's, with a lock file on the real one.
    pub(crate) fn open_on(disk: Arc<dyn Disk>, settings: Settings, size: Size) -> Result<Self, OpenAuditorError> {
        let dir = settings.spool.as_path();
        let failed = |source| OpenAuditorError::Io { path: dir.to_owned(), source };
        check(&settings.product).map_err(OpenAuditorError::Product)?;
        RealDisk.create_dir(dir).map_err(failed)?;
        let lock = LockFile::acquire(&dir.join("lock"))?;
        disk.create_dir(dir).map_err(failed)?;
        let counters = Arc::new(Counters::default());
        let (spool, delivery) = start(disk, dir, &settings, size, &counters)?;
        let inner =
            Inner { spool: Some(spool), delivery: Some(delivery), product: settings.product, counters, _lock: lock };
        Ok(Self { inner: Arc::new(inner), durability: settings.durability })
    }

    /// A handle whose events count as emitted at another moment.
    pub fn with_durability(&self, durability: Durability) -> Self {
        Self { inner: Arc::clone(&self.inner), durability }
    }

    pub(crate) fn durability(&self) -> Durability {
        self.durability
    }

    /// Begins an event. `name` is what the service calls it, such as `LOAD_FILE`: 1 to 128 of `A-Z a-z 0-9 _ . : -`. `categories` is what
    /// it is about: the request of a category (`DataLoadRequest`), or the category itself if that has none (`UserLogin`), or up to six of
    /// them in a tuple.
    ///
    /// ```
    /// use indelible_sdk::catalogue::typed::{DataLoadRequest, NoFields};
    /// use indelible_sdk::{Auditor, Context, EmitError, resource};
    ///
    /// async fn load(auditor: &Auditor, user: &str, id: &str) -> Result<(), EmitError> {
    ///     let event = auditor.begin(&Context::of_user(user), "LOAD_FILE", DataLoadRequest::new(vec![resource(id)]));
    ///     // ... whatever leaves here says ERROR ...
    ///     event.succeed(NoFields {}).await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn begin<E: Categories>(
        &self,
        context: &Context,
        name: impl Into<Cow<'static, str>>,
        categories: E,
    ) -> Guard<E> {
        Guard::new(self.clone(), Arc::new(context.clone()), name.into(), categories)
    }

    /// Emits an event that somebody else has written: one line of audit.3, or audit.2, with the name of the adapter that made it of a
    /// foreign record, if one did. It gets a `logEntryId` if it has none; one that comes from what it was made of makes a repeat
    /// recognisable. Lines are delivered in the order of these calls; they need not be awaited one by one.
    ///
    /// ```
    /// fn hand_over(auditor: &indelible_sdk::Auditor, lines: &[&str]) -> Result<(), indelible_sdk::EmitError> {
    ///     let emissions: Vec<_> = lines.iter().map(|line| auditor.emit_line(line.as_bytes(), Some("okta"))).collect();
    ///     emissions.into_iter().try_for_each(|emission| emission.wait().map(drop))
    /// }
    /// ```
    pub fn emit_line(&self, line: &[u8], adapter: Option<&str>) -> Emission {
        match adapter.map_or(Ok(()), check_adapter).and_then(|()| line::prepare(line)) {
            Ok((line, id)) => self.push((Kind::Event, adapter.unwrap_or_default()), line, id, self.durability),
            Err(error) => self.refuse(error),
        }
    }

    /// Whether [`emit_line`](Self::emit_line) takes the line: for who would rather emit none of several events than some.
    ///
    /// # Errors
    /// [`EmitError::Invalid`], with what is wrong.
    pub fn check_line(line: &[u8]) -> Result<(), EmitError> {
        line::check_prepared(line, [0; 16]).map(drop)
    }

    /// Hands in a record that gives no event, for the server's quarantine, where whoever administers the organization finds and repairs it. It
    /// is as durable as an event and keeps its place among them; what it is answered with is an [`Emitted`](crate::Emitted) without an id.
    /// A server that has no such quarantine leaves it in the folder `refused`.
    ///
    /// ```
    /// use indelible_sdk::{Auditor, EmitError, RefusedRecord};
    /// fn hand_in(auditor: &Auditor, line: &[u8], offset: u32) -> Result<(), EmitError> {
    ///     let record = RefusedRecord {
    ///         adapter: "okta@2",
    ///         code: "noTime",
    ///         message: "the record has no time",
    ///         occurrence: offset,
    ///         bytes: line,
    ///         length: line.len() as u64,
    ///         timezone: None,
    ///         year: None,
    ///     };
    ///     auditor.emit_refused(record).wait().map(drop)
    /// }
    /// ```
    pub fn emit_refused(&self, record: RefusedRecord<'_>) -> Emission {
        match check_adapter(record.adapter).and_then(|()| record.to_line()) {
            Ok(line) => self.push((Kind::Refused, record.adapter), line, [0; 16], self.durability),
            Err(error) => self.refuse(error),
        }
    }

    /// Emits what was said of an event.
    pub(crate) fn say(&self, said: &Said<'_>, context: &Context, durability: Durability) -> Emission {
        let written = line::write(said, context, &self.inner.product);
        // It has an id.
        let checked = written.and_then(|written| line::check(&written.0, said.name, written.1).map(|_| written));
        match checked {
            Ok((line, id)) => self.push((Kind::Event, ""), line, id, durability),
            Err(error) => self.refuse(error),
        }
    }

    fn push(&self, (kind, adapter): (Kind, &str), line: Vec<u8>, id: [u8; 16], durability: Durability) -> Emission {
        let pushed = match (&self.inner.spool, Header::of(kind, adapter)) {
            (Some(spool), Some(header)) => spool.push(header, line, id, durability),
            _ => Err(EmitError::Closed),
        };
        match pushed {
            Ok(receiver) => Emission::waiting(receiver),
            Err(error) => self.refuse(error),
        }
    }

    /// An emission that failed before it began.
    pub(crate) fn refuse(&self, error: EmitError) -> Emission {
        self.inner.counters.failed.fetch_add(1, Relaxed);
        Emission::failed(error)
    }

    /// What was done and what waits.
    pub fn stats(&self) -> Stats {
        self.inner.spool.as_ref().map_or_else(Stats::default, |spool| spool.shared.stats())
    }

    /// Whether lines of so many bytes in all would be emitted without [`EmitError::Full`], at least as long as nobody else emits: for who can
    /// wait before it reads on, and would not have later lines overtake one that found no room.
    pub fn has_room(&self, bytes: u64) -> bool {
        self.inner.spool.as_ref().is_some_and(|spool| spool.shared.has_room(bytes))
    }

    /// Waits until the server has answered for all that was emitted before, at most so long. Whether it has.
    pub async fn flush(&self, patience: Duration) -> bool {
        let Some(spool) = &self.inner.spool else { return false };
        let begun = Instant::now();
        spool.shared.hurry();
        while spool.shared.waiting() > 0 {
            if begun.elapsed() >= patience {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        true
    }
}

impl fmt::Debug for Auditor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auditor").field("product", &self.inner.product.name).finish_non_exhaustive()
    }
}

/// Opens the files and starts both threads.
fn start(
    disk: Arc<dyn Disk>,
    dir: &Path,
    settings: &Settings,
    size: Size,
    counters: &Arc<Counters>,
) -> Result<(Spool, JoinHandle<()>), OpenAuditorError> {
    let failed = |source| OpenAuditorError::Io { path: dir.to_owned(), source };
    // A mistake in the settings touches no file.
    Client::new(&settings.server, 0, false)?;
    let (spool, events) = Spool::open(Arc::clone(&disk), &dir.join("journal"), size, Arc::clone(counters))?;
    let bounds = Bounds { refused: settings.refused_bytes_max, receipts: settings.receipts_bytes_max };
    let progress =
        Progress::open(&disk, dir, bounds, spool.shared.log(), (events.start, events.end)).map_err(failed)?;
    let client = Client::new(&settings.server, spool.shared.epoch(), settings.receipts_bytes_max > 0)?;
    let delivery = Delivery::new(Arc::clone(&spool.shared), progress, client);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let thread = std::thread::Builder::new().name("audit-delivery".to_owned());
    let thread = thread.spawn(move || {
        runtime.block_on(delivery.run());
        // A name that is still being looked up holds nobody up.
        runtime.shutdown_background();
    });
    let thread = thread.map_err(failed)?;
    Ok((spool, thread))
}

fn check_adapter(name: &str) -> Result<(), EmitError> {
    if record::is_adapter(name) {
        return Ok(());
    }
    let message = format!("the adapter {name:?} is not 1 to 64 of A-Z a-z 0-9 . _ - @");
    Err(EmitError::Invalid { name: String::new(), message })
}

/// Finds what no event of the product could be emitted with.
fn check(product: &Product) -> Result<(), EmitError> {
    let said = Said {
        name: "settings",
        event_id: [0; 16],
        place: None,
        result: "SUCCESS",
        categories: &["internal"],
        request: b"",
        results: b"",
    };
    let (line, id) = line::write(&said, &Context::default(), product)?;
    line::check(&line, said.name, id).map(drop)
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Syncs what waits and tells the other thread.
        self.spool = None;
        if let Some(thread) = self.delivery.take() {
            // A panic of it has nothing to tell here.
            let _ = thread.join();
        }
    }
}
