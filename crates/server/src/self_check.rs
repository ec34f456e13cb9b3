//! The server checks its own archive as an auditor would, and compares what comes out with its ledger.
//!
//! One check at a time, on a thread that rests three times as long as it works, so that it takes a quarter of a processor.
//! Its memory is that of the offline verifier with one thread. What the last check found is kept over restarts.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use indelible_api::SelfCheck;
use indelible_archive::source::Source;
use indelible_archive::verify::{Finding, FindingCode, Options, Outcome, Report, verify_source};
use indelible_event::{Organization, Time};
use indelible_merkle::VerifierKey;
use indelible_storage::durable;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use crate::app::App;
use crate::bucket;
use crate::error::ApiError;

/// How often it looks whether a check is due.
const TURN: Duration = Duration::from_secs(10);
/// After this time the first check of a server that never made one is due.
const FIRST_AFTER: Duration = Duration::from_secs(600);
/// How much longer than its work it rests, unless somebody waits for it.
const REST: u32 = 3;
/// Longest rest, so that a stop of the server need not wait.
const REST_MAX: Duration = Duration::from_secs(5);

/// Checks, and what the last one found.
pub(crate) struct Checker {
    path: PathBuf,
    last: Mutex<Option<Kept>>,
    requests: Mutex<Vec<oneshot::Sender<Result<Arc<Report>, String>>>>,
    wake: Notify,
    started: Instant,
}

/// What is kept of a check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kept {
    /// Microseconds since 1970 UTC.
    finished_us: i64,
    outcome: Outcome,
    summary: String,
    entries: u64,
    seconds: f64,
}

impl Checker {
    /// With what the last check found, if that can be read.
    pub(crate) fn open(data: &Path) -> Self {
        let path = data.join("self-check.json");
        let last = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let (requests, wake, started) = (Mutex::default(), Notify::new(), Instant::now());
        Self { path, last: Mutex::new(last), requests, wake, started }
    }

    /// For status and metrics.
    pub(crate) fn state(&self) -> Option<SelfCheck> {
        let last = lock(&self.last).clone()?;
        Some(SelfCheck {
            finished: Time::from_us(last.finished_us).to_string(),
            outcome: match last.outcome {
                Outcome::Verified => "verified",
                Outcome::NotVerified => "notVerified",
                Outcome::Unknown => "unknown",
            }
            .to_owned(),
            summary: last.summary,
            entries: last.entries,
            seconds: last.seconds,
        })
    }
}

impl App {
    /// Runs until the server stops.
    pub(crate) async fn check_forever(self: Arc<Self>) {
        while !self.stopping.load(Relaxed) {
            tokio::select! {
                () = self.checker.wake.notified() => {}
                () = tokio::time::sleep(TURN) => {}
            }
            let requests = std::mem::take(&mut *lock(&self.checker.requests));
            if requests.is_empty() && !self.check_is_due() {
                continue;
            }
            let is_asked = !requests.is_empty();
            let checked = self.check(is_asked).await.map(Arc::new).map_err(|error| format!("{error:#}"));
            for request in requests {
                let _ = request.send(checked.clone());
            }
        }
    }

    /// Checks the archive now; answers when that is done.
    pub(crate) async fn check_now(&self) -> Result<Arc<Report>, ApiError> {
        let (done, result) = oneshot::channel();
        lock(&self.checker.requests).push(done);
        self.checker.wake.notify_one();
        let failed = |error: String| ApiError::internal("check the archive", anyhow::anyhow!(error));
        result.await.unwrap_or_else(|_| Err("the server is stopping".to_owned())).map_err(failed)
    }

    fn check_is_due(&self) -> bool {
        let hours = i64::from(self.config.archive.self_check_hours);
        let last_us = lock(&self.checker.last).as_ref().map(|last| last.finished_us);
        hours > 0
            && self.ensure_bucket().is_ok()
            && match last_us {
                Some(last_us) => self.now_us().saturating_sub(last_us) >= hours * 3_600_000_000,
                None => self.checker.started.elapsed() >= FIRST_AFTER,
            }
    }

    /// One check. It does not hurry unless somebody waits for it.
    async fn check(self: &Arc<Self>, is_asked: bool) -> anyhow::Result<Report> {
        self.ensure_bucket()?;
        let (done, result) = oneshot::channel();
        let app = Arc::clone(self);
        let archive = bucket::source(&self.config, &self.bucket, &Handle::current())?;
        let thread = std::thread::Builder::new().name("self-check".into());
        let work = move || drop(done.send(app.verify_archive(&*archive, !is_asked)));
        thread.spawn(work).context("start a thread")?;
        let report = result.await.context("check the archive")?;
        self.note_check(&report)?;
        Ok(report)
    }

    /// Verifies the archive and compares each log's root with the ledger's. Blocks.
    fn verify_archive(&self, archive: &dyn Source, rests: bool) -> Report {
        let options = Options {
            keys: self.trusted_keys(),
            content_keys: Some(Arc::clone(&self.content_keys)),
            in_use: true,
            threads: 1,
            ..Options::default()
        };
        let began = Mutex::new(Instant::now());
        let mut report = verify_source(archive, &options, &|_| {
            let mut began = lock(&began);
            if rests && !self.stopping.load(Relaxed) {
                std::thread::sleep((began.elapsed() * REST).min(REST_MAX));
            }
            *began = Instant::now();
        });
        let compared = report.logs.iter().filter_map(|log| self.compare_log(log)).collect();
        report.add_findings(compared);
        report
    }

    /// Whether the log in the archive is the ledger's; of closed generations the ledger knows nothing.
    fn compare_log(&self, archived: &indelible_archive::verify::LogReport) -> Option<Finding> {
        let organization: Organization = archived.organization.parse().ok()?;
        let log = self.ledger.find(&organization).filter(|log| log.generation == archived.generation)?;
        let message = match (self.ledger.root_at(log.number, archived.entries), &archived.root) {
            (Ok(root), Some(found)) if root.to_string() == *found => return None,
            (Ok(_), None) => return None,
            (Ok(_), Some(_)) => format!("the root of its {} entries is not the ledger's", archived.entries),
            (Err(error), _) => format!("the ledger has no root of its {} entries: {error}", archived.entries),
        };
        Some(Finding {
            code: FindingCode::OtherHistory,
            organization: Some(archived.organization.clone()),
            log: Some(archived.log.clone()),
            object: None,
            first_seq: Some(0),
            last_seq: archived.entries.checked_sub(1),
            message: format!("{} (log {}): {message}", archived.organization, archived.log),
        })
    }

    /// Every key that this archive may be signed with.
    fn trusted_keys(&self) -> Vec<VerifierKey> {
        let own = self.ledger.verifier_key(self.ledger.platform()).into_iter();
        own.chain(self.closed_keys.iter().cloned()).collect()
    }

    fn note_check(&self, report: &Report) -> anyhow::Result<()> {
        let kept = Kept {
            finished_us: self.now_us(),
            outcome: report.outcome,
            summary: report.summary.clone(),
            entries: report.entries,
            seconds: report.seconds,
        };
        self.metrics.checks.fetch_add(1, Relaxed);
        match report.outcome {
            Outcome::Verified => {
                tracing::info!(entries = report.entries, seconds = report.seconds, "the archive was checked")
            }
            // An archive in which nothing is yet has nothing wrong.
            Outcome::Unknown if report.logs.is_empty() => {}
            _ => {
                for finding in report.findings.iter().take(20) {
                    tracing::error!(code = ?finding.code, "self-check: {}", finding.message);
                }
                tracing::error!("self-check: {}; run `indelible archive verify` for the whole report", report.summary);
            }
        }
        let bytes = serde_json::to_vec_pretty(&kept).context("write down the check")?;
        durable::write_atomic(&self.checker.path, &bytes, 0o644).context("keep what the check found")?;
        *lock(&self.checker.last) = Some(kept);
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
