//! That the promised time of archiving passed: an entry in the log of the organization whose events wait.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use indelible_event::Organization;
use indelible_event::catalogue::typed::{
    PassThrough, PassThroughRequest, PassThroughResult, PassThroughSensitivityTaggedValue,
};
use indelible_ledger::OrganizationLog;
use serde_json::Value;

use super::{Actor, AuditEvent, INDELIBLE};
use crate::app::App;
use crate::archiver::ArchiveState;
use crate::auth::Agent;

/// Organizations whose breach is recorded and not over.
#[derive(Default)]
pub(crate) struct Breaches(Mutex<BTreeSet<Organization>>);

impl Breaches {
    /// Takes in for how long the oldest event of an organization waits, of how long it may. Returns whether a breach began.
    fn look(&self, organization: &Organization, waits_seconds: Option<f64>, promised_seconds: f64) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match waits_seconds.is_some_and(|waits| waits >= promised_seconds) {
            true => known.insert(organization.clone()),
            false => {
                known.remove(organization);
                false
            }
        }
    }

    fn forget(&self, organization: &Organization) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(organization);
    }
}

fn event(waits_seconds: f64, promise_hours: u32, archived: u64) -> AuditEvent {
    let told: [(&str, Value); 3] = [
        ("promisedHours", promise_hours.into()),
        ("oldestWaitsSeconds", (waits_seconds as u64).into()),
        ("archivedEntries", archived.into()),
    ];
    let told: BTreeMap<_, _> =
        told.map(|(name, value)| (name.to_owned(), PassThroughSensitivityTaggedValue::new(value))).into();
    let (request, result) = (PassThroughRequest::new(BTreeMap::new()), PassThroughResult::new(told));
    AuditEvent::new::<PassThrough>("INDELIBLE_ARCHIVE_DEADLINE_MISSED", request, result)
}

impl App {
    /// Records, once until it is over, that an organization's events waited longer than was promised.
    pub(crate) async fn record_breaches(&self, states: &[(Arc<OrganizationLog>, ArchiveState)]) {
        let promise_hours = self.config.archive.promise_hours;
        for (log, state) in states {
            let waits = state.oldest_unarchived_seconds;
            if !self.breaches.look(&log.organization, waits, f64::from(promise_hours) * 3600.0) {
                continue;
            }
            let server = Actor { id: INDELIBLE.into(), token_id: None, session_id: None, agent: Agent::default() };
            let event = event(waits.unwrap_or_default(), promise_hours, state.archived);
            if self.audit_change(&server, &log.organization, event).await.is_err() {
                // Tried again at the next turn.
                self.breaches.forget(&log.organization);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use indelible_event::{Intake, Limits, Scratch, admit};

    use super::*;
    use crate::ids;

    #[test]
    fn a_breach_is_recorded_once_until_it_is_over() {
        let (breaches, organization) = (Breaches::default(), "ri.indelible..organization.a".parse().unwrap());
        let looks = [None, Some(10.0), Some(99.9), Some(100.0), Some(160.0), Some(3.0), Some(200.0), None, Some(100.0)];
        let began = looks.map(|waits| breaches.look(&organization, waits, 100.0));
        assert_eq!(began, [false, false, false, true, false, false, true, false, true]);
    }

    #[test]
    fn the_event_is_admitted() {
        let server = Actor { id: INDELIBLE.into(), token_id: None, session_id: None, agent: Agent::default() };
        let line = event(86_400.5, 24, 17).to_json(&server, ids::fresh(), 1_767_571_200_000_000).to_string();
        let intake =
            Intake { producer: INDELIBLE, producer_epoch: None, producer_seq: None, source: "server", adapter: None };
        admit(&mut Scratch::default(), line.as_bytes(), &Limits::default(), &intake, || ids::fresh().0).unwrap();
    }
}
