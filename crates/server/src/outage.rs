//! A failure that may last for days and is met every second: said when it begins, once an hour, and when it ends.

use std::time::{Duration, Instant};

/// Between two lines about the same outage.
const REMIND_EVERY: Duration = Duration::from_secs(3600);

/// What failed last, if the newest attempt failed.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    error: Option<String>,
    logged: Option<Instant>,
}

/// What is worth a line in the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Say {
    Nothing,
    Fails,
    WorksAgain,
}

impl Outage {
    /// Notes how an attempt at `now` ended. The text of an error may differ each time; it is the same outage until it is over.
    pub(crate) fn note(&mut self, error: Option<String>, now: Instant) -> Say {
        let was_failing = self.error.is_some();
        self.error = error;
        if self.error.is_none() {
            self.logged = None;
            return if was_failing { Say::WorksAgain } else { Say::Nothing };
        }
        if self.logged.is_some_and(|logged| now.duration_since(logged) < REMIND_EVERY) {
            return Say::Nothing;
        }
        self.logged = Some(now);
        Say::Fails
    }

    /// The newest failure, if the newest attempt failed.
    pub(crate) fn error(&self) -> Option<&String> {
        self.error.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outage_is_said_when_it_begins_hourly_and_when_it_ends() {
        let (mut outage, begin) = (Outage::default(), Instant::now());
        for (seconds, fails, expected) in [
            (0, false, Say::Nothing),
            (1, true, Say::Fails),
            (2, true, Say::Nothing),
            (3600, true, Say::Nothing),
            (3601, true, Say::Fails),
            (3602, false, Say::WorksAgain),
            (3603, false, Say::Nothing),
            (3604, true, Say::Fails),
        ] {
            let error = fails.then(|| format!("after {seconds} s"));
            assert_eq!(outage.note(error.clone(), begin + Duration::from_secs(seconds)), expected, "{seconds}");
            assert_eq!(outage.error(), error.as_ref());
        }
    }
}
