//! Exports: one task for each, which follows the archive and keeps the table.
//!
//! A task does one commit at a time and holds one log file, or what a compaction merges, in memory; so many tasks work at
//! the same time as there are places. It may end at any moment: the table says how far it is. What fails is tried again,
//! later each time; an export that gets nowhere raises an alarm.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use indelible_api::{AlarmKind, ExportProgress, ExportState};
use indelible_archive::{ClosedLog, LogFile, layout};
use indelible_control::Export;
use indelible_dataset::{
    AppendLimits, Appended, Backlog, CompactSettings, Contents, Dataset, DatasetError, Place, Position, Salts,
};
use indelible_event::entry::SaltKey;
use indelible_event::{ContentKey, Organization, Scope, Time};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;

use crate::app::App;
use crate::destination::Allowed;

/// How often it looks for exports without a task.
const TURN: Duration = Duration::from_secs(1);
/// Exports that work at the same time.
const PLACES: usize = 2;
/// The longest pause after failures.
const PAUSE_MAX: Duration = Duration::from_secs(300);

/// What runs, and how it goes.
pub(crate) struct Exports {
    /// By id of the export.
    runs: Mutex<BTreeMap<String, Arc<Run>>>,
    places: Semaphore,
    /// Exports of one organization take turns, so that all organizations get places equally.
    turns: Mutex<BTreeMap<Organization, Arc<Semaphore>>>,
    started_us: i64,
}

/// An export that runs.
#[derive(Default)]
struct Run {
    status: Mutex<Status>,
    wake: Notify,
}

/// How an export goes, since the server started.
#[derive(Debug, Clone, Default)]
struct Status {
    /// Once the table was read.
    table: Option<(Contents, Option<Position>)>,
    rows_appended: u64,
    failures: u64,
    last_commit_us: Option<i64>,
    /// When all was well last: nothing failed, and rows were added if any waited.
    well_us: Option<i64>,
    last_error: Option<String>,
}

/// An export in figures.
pub(crate) struct ExportFigures {
    pub(crate) export: Arc<Export>,
    pub(crate) rows: u64,
    pub(crate) rows_appended: u64,
    pub(crate) failures: u64,
    pub(crate) waiting_rows: u64,
    pub(crate) lag_seconds: f64,
    pub(crate) last_commit_us: i64,
}

impl Exports {
    pub(crate) fn new(now_us: i64) -> Exports {
        Exports { runs: Mutex::default(), places: Semaphore::new(PLACES), turns: Mutex::default(), started_us: now_us }
    }

    fn run(&self, id: &str) -> Arc<Run> {
        Arc::clone(lock(&self.runs).entry(id.to_owned()).or_default())
    }

    fn turn(&self, organization: &Organization) -> Arc<Semaphore> {
        let mut turns = lock(&self.turns);
        Arc::clone(turns.entry(organization.clone()).or_insert_with(|| Arc::new(Semaphore::new(1))))
    }

    fn status(&self, id: &str) -> Status {
        lock(&self.runs).get(id).map(|run| lock(&run.status).clone()).unwrap_or_default()
    }

    /// Lets an export look at once.
    pub(crate) fn wake(&self, id: &str) {
        self.run(id).wake.notify_one();
    }
}

impl App {
    /// Runs until it is dropped; the tasks end with it.
    pub(crate) async fn export_forever(self: Arc<Self>) {
        let mut tasks: BTreeMap<String, AbortOnDrop> = BTreeMap::new();
        loop {
            tasks.retain(|_, task| !task.0.is_finished());
            for export in self.control.exports().into_iter().filter(|export| export.is_active()) {
                let begin = || AbortOnDrop(tokio::spawn(Arc::clone(&self).follow_export(Arc::clone(&export))));
                tasks.entry(export.id.clone()).or_insert_with(begin);
            }
            tokio::time::sleep(TURN).await;
        }
    }

    /// Keeps one export's table until the export is disabled.
    async fn follow_export(self: Arc<Self>, export: Arc<Export>) {
        let (run, turn) = (self.exports.run(&export.id), self.exports.turn(&export.organization));
        let every = Duration::from_secs(self.config.exports.every_seconds.max(1));
        let mut follower = Follower { dataset: None, maintained_us: 0 };
        let mut pause = TURN;
        while self.is_active(&export) && !self.stopping.load(Relaxed) {
            let Ok(own) = turn.acquire().await else { return };
            let Ok(place) = self.exports.places.acquire().await else { return };
            let stepped = follower.step(&self, &export, &run).await;
            drop((place, own));
            let wait = match stepped {
                Ok(true) => continue,
                Ok(false) => {
                    pause = TURN;
                    every
                }
                Err(error) => {
                    follower.dataset = None;
                    run.note_failure(&export, &error);
                    pause = (pause * 2).min(PAUSE_MAX);
                    pause
                }
            };
            tokio::select! {
                () = run.wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn is_active(&self, export: &Export) -> bool {
        self.control.export(&export.organization, &export.settings.name).is_some_and(|now| now.is_active())
    }

    /// The archived log files of an organization, in order.
    fn log_files_of(&self, organization: &Organization) -> Vec<Arc<LogFile>> {
        self.inventory.snapshot(&Scope::new(vec![organization.clone()]))
    }

    /// Generation and `seq` of the first entry that not all active exports of an organization have taken account of. `None` if it
    /// has none, and while the table of one was not read since the server started.
    pub(crate) fn exported_until(&self, organization: &Organization) -> Option<(u32, u64)> {
        let exports = self.control.exports().into_iter();
        let mut least = None;
        for export in exports.filter(|export| export.is_active() && export.organization == *organization) {
            let (_, position) = self.exports.status(&export.id).table?;
            let until = position.map_or((0, 0), |position| (position.generation, position.last + 1));
            least = Some(least.map_or(until, |least| until.min(least)));
        }
        least
    }

    /// Whether an active export has still to take the log file, or is not known to have.
    pub(crate) fn export_awaits(&self, file: &Arc<LogFile>) -> bool {
        let exports = self.control.exports().into_iter();
        let mut active = exports.filter(|export| export.is_active() && export.organization == file.organization);
        active.any(|export| match self.exports.status(&export.id).table {
            Some((_, position)) => Backlog::of(&table_of(&export), position, std::slice::from_ref(file)).files > 0,
            None => true,
        })
    }

    /// Whether an export has taken entries from `first` on, a generation and a `seq`, or is not known not to have.
    pub(crate) fn export_may_have(&self, export: &Export, first: (u32, u64)) -> bool {
        match self.exports.status(&export.id).table {
            Some((_, Some(position))) => (position.generation, position.last) >= first,
            Some((_, None)) => false,
            None => true,
        }
    }

    /// How an export goes, for who may ask.
    pub(crate) fn export_state(&self, export: &Export) -> ExportState {
        let time = |us: i64| Time::from_us(us).to_string();
        let status = self.exports.status(&export.id);
        let progress = status.table.map(|(contents, position)| {
            let backlog = Backlog::of(&table_of(export), position, &self.log_files_of(&export.organization));
            ExportProgress {
                rows: contents.rows,
                files: contents.files,
                bytes: contents.bytes,
                version: contents.version,
                waiting_rows: backlog.rows,
                waiting_files: backlog.files,
                lag_seconds: backlog.oldest_received_us.map(|us| self.now_us().saturating_sub(us).max(0) as f64 / 1e6),
                last_commit: status.last_commit_us.map(time),
            }
        });
        let settings = &export.settings;
        ExportState {
            name: settings.name.clone(),
            organization: export.organization.to_string(),
            destination: settings.destination.clone(),
            log_type: settings.log_type.clone(),
            start_date: settings.start_us.map(layout::date),
            retention_days: settings.retention_days,
            salt: settings.salt,
            readers: settings.readers.clone(),
            state: if export.is_active() { "active" } else { "disabled" }.to_owned(),
            created: time(export.created_at_us),
            disabled: export.disabled_at_us.map(time),
            progress,
            last_error: status.last_error.filter(|_| export.is_active()),
        }
    }

    /// All active exports, for metrics.
    pub(crate) fn export_figures(&self) -> Vec<ExportFigures> {
        let active = self.control.exports().into_iter().filter(|export| export.is_active());
        let figures = |export: Arc<Export>| {
            let status = self.exports.status(&export.id);
            let (contents, position) = status.table.unwrap_or_default();
            let backlog = Backlog::of(&table_of(&export), position, &self.log_files_of(&export.organization));
            let age_us = backlog.oldest_received_us.map_or(0, |us| self.now_us().saturating_sub(us).max(0));
            ExportFigures {
                rows: contents.rows,
                rows_appended: status.rows_appended,
                failures: status.failures,
                waiting_rows: backlog.rows,
                lag_seconds: age_us as f64 / 1e6,
                last_commit_us: status.last_commit_us.unwrap_or(0),
                export,
            }
        };
        active.map(figures).collect()
    }

    /// An export that has got nowhere for long is no longer only late.
    pub(crate) fn watch_exports(&self) {
        let now_us = self.now_us();
        let patience_us = i64::try_from(self.config.exports.alarm_seconds).unwrap_or(i64::MAX / 1_000_000) * 1_000_000;
        let mut stalled: BTreeMap<Organization, Vec<String>> = BTreeMap::new();
        for export in self.control.exports() {
            let names = stalled.entry(export.organization.clone()).or_default();
            let status = self.exports.status(&export.id);
            let well_us = status.well_us.unwrap_or(self.exports.started_us.max(export.created_at_us));
            if export.is_active() && now_us.saturating_sub(well_us) >= patience_us {
                names.push(export.settings.name.clone());
            }
        }
        for (organization, names) in stalled {
            let message = (!names.is_empty()).then(|| {
                format!("nothing was added to the tables of these exports for {} seconds: {}; `indelible export list` says why", patience_us / 1_000_000, names.join(", "))
            });
            self.alarms.set(AlarmKind::ExportStalled, Some(&organization), now_us, message);
        }
    }
}

/// One export's table while it is followed.
struct Follower {
    dataset: Option<Dataset>,
    maintained_us: i64,
}

impl Follower {
    /// One commit of rows if any wait, else what has to be done to the table; `true` if more is to do at once. Reads nothing
    /// where neither is due.
    async fn step(&mut self, app: &App, export: &Export, run: &Run) -> anyhow::Result<bool> {
        let files = app.log_files_of(&export.organization);
        let settings = &app.config.exports;
        let maintenance_us = i64::try_from(settings.maintenance_seconds).unwrap_or(i64::MAX / 1_000_000) * 1_000_000;
        let known = lock(&run.status).table;
        let is_complete = |position| Backlog::of(&table_of(export), position, &files).files == 0;
        let idle = self.dataset.is_some() && known.is_some_and(|(_, position)| is_complete(position));
        let maintains = app.now_us().saturating_sub(self.maintained_us) >= maintenance_us;
        let mut more = false;
        if !idle || maintains {
            let dataset = match &mut self.dataset {
                Some(dataset) => dataset,
                none => none.insert(open(app, export).await?),
            };
            let salts = if export.settings.salt { Some(salts(app, &export.organization, &files).await?) } else { None };
            let limits = AppendLimits { bytes: settings.commit_bytes, files: settings.commit_files };
            let appended = dataset.append(&app.bucket, &files, salts, &limits, app.now_us()).await?;
            run.note_appended(&appended, (dataset.contents(), dataset.position().await?), app.now_us());
            more = appended.more;
            if maintains && !more {
                maintain(dataset, app.now_us()).await?;
                self.maintained_us = app.now_us();
                lock(&run.status).table = Some((dataset.contents(), dataset.position().await?));
            }
        }
        let mut status = lock(&run.status);
        (status.well_us, status.last_error) = (Some(app.now_us()), None);
        Ok(more)
    }
}

/// What keeps a table small and quick to open.
async fn maintain(dataset: &mut Dataset, now_us: i64) -> Result<(), DatasetError> {
    while dataset.expire(now_us).await?.more {}
    while dataset.compact(&CompactSettings::default(), now_us).await?.is_some() {}
    dataset.checkpoint().await?;
    dataset.vacuum(now_us).await?;
    Ok(())
}

impl Run {
    fn note_appended(&self, appended: &Appended, table: (Contents, Option<Position>), now_us: i64) {
        let mut status = lock(&self.status);
        status.table = Some(table);
        status.rows_appended += appended.rows;
        if appended.files > 0 {
            status.last_commit_us = Some(now_us);
        }
    }

    fn note_failure(&self, export: &Export, error: &anyhow::Error) {
        let text = format!("{error:#}");
        let mut status = lock(&self.status);
        status.failures += 1;
        if status.last_error.as_ref() != Some(&text) {
            let (organization, name) = (export.organization.as_str(), &export.settings.name);
            tracing::error!(organization, export = name, error = text, "the export failed; it is tried again");
        }
        status.last_error = Some(text);
    }
}

async fn open(app: &App, export: &Export) -> anyhow::Result<Dataset> {
    let bucket = Allowed::for_exports(&app.config)?.open(&export.settings.destination)?;
    let dataset = Dataset::open(Place::new(bucket, ""), table_of(export)).await?;
    Ok(dataset.with_content_keys(Arc::clone(&app.content_keys)))
}

/// What the table of an export is to hold.
fn table_of(export: &Export) -> indelible_dataset::Export {
    indelible_dataset::Export {
        id: export.id.clone(),
        name: export.settings.name.clone(),
        organization: export.organization.clone(),
        start_us: export.settings.start_us,
        retention_days: export.settings.retention_days,
        salt: export.settings.salt,
    }
}

/// The salt keys of a log's generations.
struct SaltKeys(BTreeMap<u32, SaltKey>);

impl Salts for SaltKeys {
    fn salt(&self, generation: u32, seq: u64, key: Option<&ContentKey>) -> Option<[u8; 32]> {
        let of_log = self.0.get(&generation)?;
        Some(key.map_or_else(|| of_log.salt(seq), |key| of_log.under(key).salt(seq)))
    }
}

async fn salts(app: &App, organization: &Organization, files: &[Arc<LogFile>]) -> anyhow::Result<Arc<dyn Salts>> {
    let mut keys = BTreeMap::new();
    for file in files {
        if let Entry::Vacant(vacant) = keys.entry(file.generation) {
            let log = ClosedLog::open(&app.bucket, &app.inventory, organization, file.generation).await;
            let log = log.with_context(|| format!("read the salt key of generation {}", file.generation))?;
            vacant.insert(log.salt_key().clone());
        }
    }
    Ok(Arc::new(SaltKeys(keys)))
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
