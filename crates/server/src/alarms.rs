//! What the operator has to know now: alarms that are raised, seen at `/api/v1/alarms` and `/metrics`, and cleared.
//!
//! An alarm is a state, not a message: whoever checks something says each time whether it is well, with
//! [`Alarms::set`]. It is logged when it begins and when it ends, not while it lasts. What happens once and has no state
//! of its own, such as a reused id, stays on for a while with [`Alarms::raise_for`]. Messages name organizations and
//! figures, never the content of events.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indelible_api::AlarmKind;
use indelible_event::Organization;

/// An alarm that is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alarm {
    pub(crate) kind: AlarmKind,
    /// Whose log it is about; the whole server if `None`.
    pub(crate) organization: Option<Organization>,
    /// When it was raised, microseconds since 1970.
    pub(crate) since_us: i64,
    /// What is wrong, with figures, and what to do.
    pub(crate) message: String,
    /// When it ends by itself, microseconds since 1970.
    ends_us: Option<i64>,
}

/// The alarms that are on: at most one of each kind for each organization, and one for the whole server.
#[derive(Default)]
pub(crate) struct Alarms {
    active: Mutex<BTreeMap<(AlarmKind, Option<Organization>), Alarm>>,
}

impl Alarms {
    /// Turns an alarm on, or brings its message up to date, with `Some`; turns it off with `None`.
    pub(crate) fn set(
        &self,
        kind: AlarmKind,
        organization: Option<&Organization>,
        now_us: i64,
        message: Option<String>,
    ) {
        match message {
            Some(message) => self.raise(kind, organization, now_us, message, None),
            None => self.clear(kind, organization),
        }
    }

    /// Turns an alarm on until nobody has raised it for as long as `lasts`.
    pub(crate) fn raise_for(
        &self,
        lasts: Duration,
        kind: AlarmKind,
        organization: Option<&Organization>,
        now_us: i64,
        message: String,
    ) {
        let lasts_us = i64::try_from(lasts.as_micros()).unwrap_or(i64::MAX);
        self.raise(kind, organization, now_us, message, Some(now_us.saturating_add(lasts_us)));
    }

    /// Those that are on at `now_us`, by kind and organization.
    pub(crate) fn active(&self, now_us: i64) -> Vec<Alarm> {
        let mut active = self.lock();
        active.retain(|_, alarm| {
            let ends = alarm.ends_us.is_some_and(|end| end <= now_us);
            if ends {
                note_end(alarm);
            }
            !ends
        });
        active.values().cloned().collect()
    }

    fn raise(
        &self,
        kind: AlarmKind,
        organization: Option<&Organization>,
        now_us: i64,
        message: String,
        ends_us: Option<i64>,
    ) {
        let mut active = self.lock();
        let key = (kind, organization.cloned());
        let since_us = match active.get(&key) {
            Some(alarm) => alarm.since_us,
            None => {
                let organization = organization.map(Organization::as_str);
                tracing::warn!(kind = kind.as_str(), organization, "alarm: {message}");
                now_us
            }
        };
        let organization = organization.cloned();
        active.insert(key, Alarm { kind, organization, since_us, message, ends_us });
    }

    fn clear(&self, kind: AlarmKind, organization: Option<&Organization>) {
        if let Some(alarm) = self.lock().remove(&(kind, organization.cloned())) {
            note_end(&alarm);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(AlarmKind, Option<Organization>), Alarm>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn note_end(alarm: &Alarm) {
    let organization = alarm.organization.as_ref().map(Organization::as_str);
    tracing::info!(kind = alarm.kind.as_str(), organization, "alarm is over");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// (kind, organization's last part, since, message) of what is on.
    fn shown(alarms: &Alarms, now_us: i64) -> Vec<(&'static str, Option<String>, i64, String)> {
        let short = |o: Organization| o.as_str().rsplit('.').next().unwrap().to_owned();
        let alarms = alarms.active(now_us).into_iter();
        alarms.map(|a| (a.kind.as_str(), a.organization.map(short), a.since_us, a.message)).collect()
    }

    #[test]
    fn an_alarm_keeps_its_beginning_and_ends_when_all_is_well_or_its_time_is_over() {
        let acme: Organization = "ri.indelible..organization.acme".parse().unwrap();
        let alarms = Alarms::default();
        alarms.set(AlarmKind::DiskSpace, None, 1, None);
        assert_eq!(shown(&alarms, 1), []);
        alarms.set(AlarmKind::DiskSpace, None, 10, Some("71 %".into()));
        alarms.set(AlarmKind::DiskSpace, None, 20, Some("72 %".into()));
        alarms.set(AlarmKind::ArchiveDeadline, Some(&acme), 30, Some("13 hours".into()));
        let second = Duration::from_secs(1);
        alarms.raise_for(second, AlarmKind::LogEntryIdReused, Some(&acme), 40, "1 event".into());
        alarms.raise_for(second, AlarmKind::LogEntryIdReused, Some(&acme), 500_000, "2 events".into());
        let disk = ("diskSpace", None, 10, "72 %".to_owned());
        let archive = ("archiveDeadline", Some("acme".to_owned()), 30, "13 hours".to_owned());
        let reused = ("logEntryIdReused", Some("acme".to_owned()), 40, "2 events".to_owned());
        assert_eq!(shown(&alarms, 1_499_999), [disk.clone(), archive.clone(), reused]);
        assert_eq!(shown(&alarms, 1_500_000), [disk, archive.clone()]);
        alarms.set(AlarmKind::DiskSpace, None, 2_000_000, None);
        alarms.set(AlarmKind::ArchiveDeadline, None, 2_000_000, None);
        assert_eq!(shown(&alarms, 2_000_000), [archive], "another organization's alarm stays on");
    }
}
