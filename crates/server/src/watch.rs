//! Looks at the server from outside the path of events, every second, and raises alarms.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use indelible_api::AlarmKind;

use crate::app::App;

/// How often it looks.
const TURN: Duration = Duration::from_secs(1);

impl App {
    /// Runs until the server stops.
    pub(crate) async fn watch_forever(self: Arc<Self>) {
        while !self.stopping.load(Relaxed) {
            self.watch_archive();
            self.watch_witnesses();
            tokio::time::sleep(TURN).await;
        }
    }

    /// At half of the promised time there is still time to act.
    fn watch_archive(&self) {
        let now_us = self.now_us();
        let promise_hours = self.config.archive.promise_hours;
        for (log, state) in self.archive_states() {
            let late = state.oldest_unarchived_seconds.filter(|age| *age >= promise_hours as f64 * 1800.0);
            let message = late.map(|age| {
                format!(
                    "the oldest event waits for {:.1} hours to be archived, {promise_hours} are promised; `indelible archive status` says why",
                    age / 3600.0
                )
            });
            self.alarms.set(AlarmKind::ArchiveDeadline, Some(&log.organization), now_us, message);
        }
    }
}
