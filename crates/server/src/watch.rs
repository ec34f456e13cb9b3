//! Looks at the server from outside the path of events, every second, and raises alarms.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use indelible_api::AlarmKind;
use indelible_intake::SubmitError;
use indelible_ledger::OrganizationLog;
use tokio::sync::oneshot;

use crate::app::App;
use crate::archiver::ArchiveState;
use crate::clock;

/// How often it looks.
const TURN: Duration = Duration::from_secs(1);
/// Between two times at which it is written down when tokens were last presented.
const KEEP_USES: Duration = Duration::from_secs(60);

impl App {
    /// Runs until the server stops.
    pub(crate) async fn watch_forever(self: Arc<Self>) {
        let mut kept = Instant::now();
        while !self.stopping.load(Relaxed) {
            let app = Arc::clone(&self);
            let look = move || {
                let states = app.archive_states();
                (app.watch(&states), states)
            };
            let (asked, states) = tokio::task::spawn_blocking(look).await.unwrap_or_default();
            if asked {
                self.accept_clock().await;
            }
            self.record_breaches(&states).await;
            if kept.elapsed() >= KEEP_USES {
                kept = Instant::now();
                self.keep_uses().await;
            }
            tokio::time::sleep(TURN).await;
        }
    }

    /// Writes down when tokens were last presented.
    pub(crate) async fn keep_uses(&self) {
        if let Err(error) = self.control.keep_uses().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "when tokens were used could not be written down");
        }
    }

    /// One look at everything. Returns whether somebody asks for the clock to be accepted.
    pub(crate) fn watch(&self, states: &[(Arc<OrganizationLog>, ArchiveState)]) -> bool {
        self.watch_disk();
        self.watch_archive(states);
        self.watch_copies();
        self.watch_checks();
        self.watch_exports();
        self.watch_witnesses();
        self.watch_sinks();
        self.watch_certificate();
        self.watch_clock()
    }

    fn watch_disk(&self) {
        let alarm = self.disk.look(&self.config.data_dir);
        self.alarms.set(AlarmKind::DiskSpace, None, self.now_us(), alarm);
    }

    /// A copy that takes ten times as long as it should is not only late.
    fn watch_copies(&self) {
        let (lag, promise) = (self.copy_lag_seconds(), self.config.archive.journal_copy_seconds.max(1));
        let message = (lag > 10.0 * promise as f64).then(|| {
            format!(
                "the oldest event that is in no copy of the journal waits for {lag:.0} seconds, copies are due after {promise}; until it is copied the loss of the disk would lose it; `indelible archive status` says why"
            )
        });
        self.alarms.set(AlarmKind::JournalCopyLate, None, self.now_us(), message);
    }

    /// What was not as it must be stays so until a check finds it well again.
    fn watch_checks(&self) {
        let failed = self.checker.state().filter(|check| check.outcome == "notVerified");
        let message = failed.map(|check| {
            format!(
                "the check of the archive at {} ended with: {}; run `indelible archive verify`",
                check.finished, check.summary
            )
        });
        self.alarms.set(AlarmKind::SelfCheckFailed, None, self.now_us(), message);
    }

    /// At half of the promised time there is still time to act.
    fn watch_archive(&self, states: &[(Arc<OrganizationLog>, ArchiveState)]) {
        let now_us = self.now_us();
        let promise_hours = self.config.archive.promise_hours;
        for (log, state) in states {
            let late = state.oldest_unarchived_seconds.filter(|age| *age >= f64::from(promise_hours) * 1800.0);
            let message = late.map(|age| {
                format!(
                    "the oldest event waits for {:.1} hours to be archived, {promise_hours} are promised; `indelible archive status` says why",
                    age / 3600.0
                )
            });
            self.alarms.set(AlarmKind::ArchiveDeadline, Some(&log.organization), now_us, message);
        }
    }

    /// Clients refuse a certificate that has ended.
    fn watch_certificate(&self) {
        let now_us = self.now_us();
        let message = self.listening.tls.as_ref().and_then(|tls| tls.alarm(now_us));
        self.alarms.set(AlarmKind::CertificateUnusable, None, now_us, message);
    }

    fn watch_clock(&self) -> bool {
        if let Err(error) = self.intake.watch_clock() {
            tracing::warn!(%error, "the time could not be written down");
        }
        let stop = self.intake.clock_stop();
        let message = stop.map(|stop| SubmitError::ClockStopped(stop).to_string());
        self.alarms.set(AlarmKind::ClockStopped, None, self.now_us(), message);
        clock::take_request(&self.config.data_dir, self.now_us()) && stop.is_some()
    }

    /// Believes the clock from now on; that is recorded in the operator's own log first.
    async fn accept_clock(&self) {
        let log = match self.intake.organization(&self.config.operator_organization) {
            Ok(log) => log,
            Err(error) => return tracing::error!(%error, "the clock was not accepted: no log to record it in"),
        };
        let (reply, answer) = oneshot::channel();
        self.intake.accept_clock(log.number, Box::new(move |result| drop(reply.send(result))));
        match answer.await {
            Ok(Ok(_)) => tracing::warn!("the clock was accepted; intake goes on"),
            Ok(Err(error)) => tracing::error!(%error, "the clock was not accepted"),
            Err(_) => {}
        }
    }
}
