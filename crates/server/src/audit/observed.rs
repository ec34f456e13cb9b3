//! That the operator's view was read: once for a principal, an organization and an hour, before the first answer of that hour
//! goes out.
//!
//! The hour begins with that answer. It is remembered in memory, so a server that is started again begins a new one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use indelible_event::catalogue::typed::{MetaDataAccess, MetaDataAccessRequest, NoFields};
use indelible_event::{OperatorScope, Organization, Reach as _};

use super::{Actor, AuditEvent};
use crate::app::App;
use crate::error::ApiError;

const HOUR_US: i64 = 3_600_000_000;

/// Who has observed which organization, and since when it stands in its log.
#[derive(Default)]
pub(crate) struct Observed {
    since_us: Mutex<HashMap<(Arc<str>, Organization), i64>>,
    /// Held while events are written, so that two answers at a time leave one event.
    writing: tokio::sync::Mutex<()>,
}

impl Observed {
    /// Those of `organizations` in whose log it does not stand yet.
    fn due(&self, principal: &Arc<str>, organizations: &[Organization], now_us: i64) -> Vec<Organization> {
        let since_us = self.since_us.lock().unwrap_or_else(PoisonError::into_inner);
        let stands = |organization: &&Organization| {
            let since_us = since_us.get(&(Arc::clone(principal), (*organization).clone()));
            since_us.is_some_and(|since_us| (0..HOUR_US).contains(&now_us.saturating_sub(*since_us)))
        };
        organizations.iter().filter(|organization| !stands(organization)).cloned().collect()
    }

    fn note(&self, principal: &Arc<str>, organizations: Vec<Organization>, now_us: i64) {
        let mut since_us = self.since_us.lock().unwrap_or_else(PoisonError::into_inner);
        since_us.retain(|_, since_us| now_us.saturating_sub(*since_us) < HOUR_US);
        since_us.extend(organizations.into_iter().map(|organization| ((Arc::clone(principal), organization), now_us)));
    }
}

/// Says who and when, and not what was asked.
fn event() -> AuditEvent {
    let description = "the infrastructure part of entries, in the operator's view".to_owned();
    let request = MetaDataAccessRequest::new(Vec::new(), Some(description));
    AuditEvent::new::<MetaDataAccess>("INDELIBLE_OBSERVE", request, NoFields {})
}

impl App {
    /// Records in the log of each organization of `scope` that the operator's view of it is read, unless that stands there for this
    /// hour. On `Ok` it survives power loss.
    pub(crate) async fn audit_observed(&self, actor: &Actor, scope: &OperatorScope) -> Result<(), ApiError> {
        if !self.config.audit_reads {
            return Ok(());
        }
        let due = |now_us| self.observed.due(&actor.id, scope.organizations(), now_us);
        if due(self.now_us()).is_empty() {
            return Ok(());
        }
        let _one_at_a_time = self.observed.writing.lock().await;
        let now_us = self.now_us();
        let due = due(now_us);
        let logs = due.iter().filter_map(|organization| self.ledger.find(organization));
        self.write_own(actor, logs.map(|log| log.number).collect(), &event()).await?;
        self.observed.note(&actor.id, due, now_us);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_hour_of_reading_is_due_once_for_a_principal_and_an_organization() {
        let observed = Observed::default();
        let all = ["a", "b"].map(|id| format!("ri.indelible..organization.{id}").parse::<Organization>().unwrap());
        let mut written = Vec::new();
        // Somebody reads both once a minute for a day, and another one now and then the first.
        for minute in 0..1440 {
            let now_us = minute * 60_000_000;
            let readers: [(&str, &[Organization]); 2] =
                [("x", &all), ("y", if minute == 100 || minute == 130 || minute == 200 { &all[..1] } else { &[] })];
            for (reader, organizations) in readers {
                let reader: Arc<str> = reader.into();
                let due = observed.due(&reader, organizations, now_us);
                written.extend(due.iter().map(|organization| (reader.to_string(), organization.clone(), minute)));
                observed.note(&reader, due, now_us);
            }
        }
        let minutes = |reader: &str, organization: &Organization| {
            let of = written.iter().filter(|(who, whose, _)| who == reader && whose == organization);
            of.map(|(_, _, minute)| *minute).collect::<Vec<_>>()
        };
        let hourly: Vec<i64> = (0..24).map(|hour| hour * 60).collect();
        assert_eq!((minutes("x", &all[0]), minutes("x", &all[1])), (hourly.clone(), hourly));
        assert_eq!((minutes("y", &all[0]), minutes("y", &all[1])), (vec![100, 200], vec![]));
        assert_eq!(observed.since_us.lock().unwrap().len(), 2, "what is over is forgotten");
    }
}
