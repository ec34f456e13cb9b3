//! When to seal, and carrying it out: from the tail to the bucket, one organization at a time.
//!
//! The loop wakes every second and on request. It seals what is due, uploads what is sealed, and lets the journal go. A
//! failure is kept for people to see and tried again at the next turn: nothing is lost, the journal keeps the entries.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use indelible_api::{ArchiveStatus, OrganizationArchive};
use indelible_control::Operation;
use indelible_event::{Organization, Reach, Scope};
use indelible_intake::TailSnapshot;
use indelible_ledger::OrganizationLog;
use tokio::sync::{Notify, oneshot};

use crate::app::App;
use crate::archived::mirror_path;
use crate::config;
use crate::error::ApiError;
use crate::outage::{Outage, Say};
use crate::retention::lock_days;
use crate::sealing;

/// How often the loop looks for what is due.
const TURN: Duration = Duration::from_secs(1);
const DAY_US: i64 = 86_400_000_000;

/// What the loop is asked and what it last met.
#[derive(Default)]
pub(crate) struct Archiver {
    requests: Mutex<Vec<Request>>,
    wake: Notify,
    outage: Mutex<Outage>,
}

/// Somebody waits for everything to be archived.
struct Request {
    organization: Option<Organization>,
    done: oneshot::Sender<Result<(), String>>,
}

/// What waits to be archived of one organization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waiting {
    entries: u64,
    bytes: u64,
    /// Oldest and newest `received_at`, microseconds since 1970.
    received_at_us: (i64, i64),
}

/// State of one log's archive, for metrics and status.
pub(crate) struct ArchiveState {
    pub(crate) size: u64,
    pub(crate) archived: u64,
    pub(crate) oldest_unarchived_seconds: Option<f64>,
}

/// Whether what waits should become a log file now. Few entries that nobody awaits wait until midnight, but not so long that
/// they would raise the alarm about the promised time.
fn is_due(waiting: &Waiting, awaited: bool, now_us: i64, journal_bytes: u64, settings: &config::Archive) -> bool {
    let age_us = now_us.saturating_sub(waiting.received_at_us.0);
    let promise_us = i64::from(settings.promise_hours) * 3_600_000_000;
    let day_is_over = now_us.div_euclid(DAY_US) > waiting.received_at_us.0.div_euclid(DAY_US);
    waiting.entries > 0
        && (waiting.bytes >= settings.log_file_bytes
            || day_is_over
            || age_us >= promise_us / 3
            || journal_bytes >= settings.journal_bytes_max
            || ((awaited || waiting.entries >= settings.few_entries)
                && age_us >= i64::try_from(settings.age_seconds).unwrap_or(i64::MAX / 1_000_000) * 1_000_000))
}

impl App {
    /// Runs until the server stops.
    pub(crate) async fn archive_forever(self: Arc<Self>) {
        while !self.stopping.load(Relaxed) {
            tokio::select! {
                () = self.archiver.wake.notified() => {}
                () = tokio::time::sleep(TURN) => {}
            }
            let requests = std::mem::take(&mut *lock(&self.archiver.requests));
            let asked_all = requests.iter().any(|request| request.organization.is_none());
            let asked = |log: &OrganizationLog| {
                asked_all || requests.iter().any(|request| request.organization.as_ref() == Some(&log.organization))
            };
            let result = match self.turn(asked).await {
                Ok(()) => self.archive_platform(asked_all).await,
                failed => failed,
            };
            match &result {
                Ok(()) => {
                    if lock(&self.archiver.outage).note(None, Instant::now()) == Say::WorksAgain {
                        tracing::info!("archiving works again");
                    }
                }
                Err(error) => self.note_failure(error),
            }
            for request in requests {
                let _ = request.done.send(result.as_ref().copied().map_err(|error| format!("{error:#}")));
            }
        }
    }

    /// Seals and archives everything that waits now.
    pub(crate) async fn seal_now(&self, organization: Option<&Organization>) -> Result<(), ApiError> {
        let (done, result) = oneshot::channel();
        lock(&self.archiver.requests).push(Request { organization: organization.cloned(), done });
        self.archiver.wake.notify_one();
        match result.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(ApiError::internal("archive what waits", anyhow::anyhow!(error))),
            Err(_) => Err(ApiError::internal("archive what waits", anyhow::anyhow!("the server is stopping"))),
        }
    }

    /// One look at everything: seals what is due or asked for.
    async fn turn(self: &Arc<Self>, asked: impl Fn(&OrganizationLog) -> bool) -> anyhow::Result<()> {
        self.ensure_bucket()?;
        self.upload_pending().await?;
        let journal_bytes = self.intake.journal_stats().bytes_retained;
        let waiting = self.waiting(&self.intake.tail().snapshot());
        let mut archived = false;
        for (number, waiting) in waiting {
            let Some(log) = self.ledger.get(number) else { continue };
            let asked = asked(&log);
            if asked || self.is_due(&log, &waiting, journal_bytes) {
                // What comes in meanwhile waits for its own turn.
                let end = self.ledger.size(number);
                while self.inventory.archived_end(&log.organization, log.generation) < end {
                    self.archive_run(&log, end).await.with_context(|| format!("archive {}", log.organization))?;
                    archived = true;
                    if !asked && !self.is_still_due(&log, journal_bytes) {
                        break;
                    }
                }
            }
        }
        if archived || self.intake.journal_stats().segments > 1 {
            self.release_journal();
        }
        Ok(())
    }

    fn is_still_due(&self, log: &OrganizationLog, journal_bytes: u64) -> bool {
        let waiting = self.waiting(&self.intake.tail().snapshot());
        waiting.get(&log.number).is_some_and(|waiting| self.is_due(log, waiting, journal_bytes))
    }

    fn is_due(&self, log: &OrganizationLog, waiting: &Waiting, journal_bytes: u64) -> bool {
        let archived = self.inventory.archived_end(&log.organization, log.generation);
        let only_own = self.own_entries.are_all(log.number, &(archived..archived + waiting.entries));
        let awaited = !only_own && self.is_awaited(&log.organization);
        is_due(waiting, awaited, self.now_us(), journal_bytes, &self.config.archive)
    }

    /// Whether somebody waits for the organization's log files, however few events they hold.
    fn is_awaited(&self, organization: &Organization) -> bool {
        self.control.has_client(organization, Operation::AuditExportView)
            || self.control.has_active_export(organization)
    }

    /// Seals the next run of one organization, below `end`, and uploads it.
    async fn archive_run(self: &Arc<Self>, log: &Arc<OrganizationLog>, end: u64) -> anyhow::Result<()> {
        let (app, log) = (Arc::clone(self), Arc::clone(log));
        tokio::task::spawn_blocking(move || app.seal_run(&log, end)).await.context("seal")??;
        self.upload_pending().await
    }

    fn seal_run(&self, log: &OrganizationLog, end: u64) -> anyhow::Result<()> {
        let staging = sealing::staging(&self.config.data_dir);
        sealing::seal_run(&self.intake, &self.ledger, &self.inventory, &staging, log, end, self.now_us())
    }

    async fn upload_pending(&self) -> anyhow::Result<()> {
        let staging = sealing::staging(&self.config.data_dir);
        let mirror = mirror_path(&self.config);
        let days = |organization: &Organization| lock_days(&self.control, organization);
        let uploaded = sealing::upload_pending(&self.bucket, &self.inventory, &staging, Some(&mirror), &days).await?;
        for lag_us in uploaded {
            self.platform_archive.note_run();
            self.metrics.archived(lag_us as f64 / 1e6);
        }
        Ok(())
    }

    /// Lets the journal forget what is archived and old enough.
    fn release_journal(&self) {
        let ends = self.archived_ends();
        let before_us = self.now_us()
            - i64::try_from(self.config.archive.journal_seconds).unwrap_or(i64::MAX / 1_000_000) * 1_000_000;
        let done = |released: Result<usize, String>| match released {
            Ok(0) => {}
            Ok(segments) => tracing::info!(segments, "journal released"),
            Err(error) => tracing::error!(error, "release the journal"),
        };
        self.intake.release(|number| ends.get(&number).copied().unwrap_or(0), before_us, Box::new(done));
    }

    /// How far each log is archived, by number.
    pub(crate) fn archived_ends(&self) -> BTreeMap<u32, u64> {
        let logs = self.ledger.organizations().into_iter();
        logs.map(|log| (log.number, self.inventory.archived_end(&log.organization, log.generation))).collect()
    }

    fn note_failure(&self, error: &anyhow::Error) {
        self.note_retired(error);
        let text = format!("{error:#}");
        self.metrics.archive_failures.fetch_add(1, Relaxed);
        if lock(&self.archiver.outage).note(Some(text.clone()), Instant::now()) == Say::Fails {
            tracing::error!(
                error = text,
                "archiving failed; it is tried again every second, the journal keeps the entries"
            );
        }
    }

    /// What waits, by organization number.
    fn waiting(&self, tail: &TailSnapshot) -> BTreeMap<u32, Waiting> {
        let mut waiting: BTreeMap<u32, Waiting> = BTreeMap::new();
        let mut ends: BTreeMap<u32, u64> = BTreeMap::new();
        for span in tail.stretches().iter().flat_map(|stretch| stretch.spans()) {
            let end = *ends.entry(span.number).or_insert_with(|| {
                self.ledger
                    .get(span.number)
                    .map_or(u64::MAX, |log| self.inventory.archived_end(&log.organization, log.generation))
            });
            if span.seqs.end <= end {
                continue;
            }
            let total = waiting
                .entry(span.number)
                .or_insert(Waiting { received_at_us: span.received_at_us, ..Waiting::default() });
            total.entries += span.seqs.end - span.seqs.start.max(end);
            total.bytes += span.bytes;
            total.received_at_us.0 = total.received_at_us.0.min(span.received_at_us.0);
            total.received_at_us.1 = total.received_at_us.1.max(span.received_at_us.1);
        }
        waiting
    }

    /// State of every log's archive.
    pub(crate) fn archive_states(&self) -> Vec<(Arc<OrganizationLog>, ArchiveState)> {
        let waiting = self.waiting(&self.intake.tail().snapshot());
        let now_us = self.now_us();
        let state = |log: Arc<OrganizationLog>| {
            let oldest =
                waiting.get(&log.number).map(|waiting| (now_us - waiting.received_at_us.0).max(0) as f64 / 1e6);
            let state = ArchiveState {
                size: self.ledger.size(log.number),
                archived: self.inventory.archived_end(&log.organization, log.generation),
                oldest_unarchived_seconds: oldest,
            };
            (log, state)
        };
        self.ledger.organizations().into_iter().map(state).collect()
    }

    /// The same for people who may see these organizations, and the whole server if they watch it.
    pub(crate) fn archive_status(&self, scope: &impl Reach, watches: bool) -> ArchiveStatus {
        let states = self.archive_states();
        let organizations =
            states.into_iter().filter(|(log, _)| scope.contains(&log.organization)).map(|(log, state)| {
                let only = Scope::new(vec![log.organization.clone()]);
                let files = self.inventory.snapshot(&only);
                OrganizationArchive {
                    organization: log.organization.to_string(),
                    size: state.size,
                    archived: state.archived,
                    log_files: files.len() as u64,
                    bytes: files.iter().map(|file| file.bytes).sum(),
                    oldest_unarchived_seconds: state.oldest_unarchived_seconds,
                }
            });
        let organizations = organizations.collect();
        if !watches {
            return ArchiveStatus { organizations, ..ArchiveStatus::default() };
        }
        ArchiveStatus {
            organizations,
            journal_bytes: Some(self.intake.journal_stats().bytes_retained),
            last_error: lock(&self.archiver.outage).error().cloned(),
            journal_copies: Some(self.journal_copies()),
            self_check: self.checker.state(),
            bucket: Some(self.bucket_watch.state(&self.bucket)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_due_by_size_age_midnight_the_promise_or_a_full_journal() {
        let settings = config::Archive::default();
        let hour = 3_600_000_000;
        let check_awaited = |awaited, entries, bytes, oldest_us, now_us, journal, due| {
            let waiting = Waiting { entries, bytes, received_at_us: (oldest_us, oldest_us) };
            assert_eq!(is_due(&waiting, awaited, now_us, journal, &settings), due, "{waiting:?} at {now_us}");
        };
        let check = |entries, bytes, oldest_us, now_us, journal, due| {
            check_awaited(false, entries, bytes, oldest_us, now_us, journal, due);
        };
        check(0, 0, 0, 10 * DAY_US, u64::MAX, false);
        check(1, 10, hour, hour + 1, 0, false);
        check(1, 256 << 20, hour, hour + 1, 0, true);
        check(999, 10, hour, 2 * hour, 0, false);
        check(1000, 10, hour, hour + 899_000_000, 0, false);
        check(1000, 10, hour, hour + 900_000_000, 0, true);
        check_awaited(true, 0, 0, hour, 2 * hour, 0, false);
        check_awaited(true, 1, 10, hour, hour + 899_000_000, 0, false);
        check_awaited(true, 1, 10, hour, hour + 900_000_000, 0, true);
        check(1, 10, DAY_US - 1, DAY_US, 0, true);
        check(1, 10, hour, 9 * hour - 1, 0, false);
        check(1, 10, hour, 9 * hour, 0, true);
        check(1, 10, hour, hour + 1, 4 << 30, true);
    }
}
