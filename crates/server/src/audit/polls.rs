//! Polls of the pull API that found nothing new: counted, and written once for a principal, an organization and an hour.
//!
//! Counts are in memory until then. They are written when the server stops; one that is killed forgets those of the hour.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indelible_event::catalogue::typed::{
    MetaDataAccess, MetaDataAccessRequest, NoFields, PassThrough, PassThroughRequest, PassThroughResult,
    PassThroughSensitivityTaggedValue,
};
use indelible_event::{Organization, Scope, Time};
use serde_json::Value;

use super::{Actor, AuditEvent};
use crate::app::App;

/// How often it is looked whether an hour is over.
const TURN: Duration = Duration::from_secs(1);

/// Polls that are not written yet, by organization and principal.
#[derive(Default)]
pub(crate) struct Polls(Mutex<BTreeMap<(Organization, Arc<str>), Count>>);

/// The polls of one principal since the first of them.
#[derive(Clone, Debug)]
pub(crate) struct Count {
    /// As it was at the last of them.
    actor: Actor,
    /// Times of the first and the last, microseconds since 1970.
    us: (i64, i64),
    times: u64,
}

impl Polls {
    /// One more.
    pub(crate) fn note(&self, organization: &Organization, actor: &Actor, now_us: i64) {
        self.add(organization.clone(), Count { actor: actor.clone(), us: (now_us, now_us), times: 1 });
    }

    fn add(&self, organization: Organization, count: Count) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.entry((organization, Arc::clone(&count.actor.id))) {
            Entry::Vacant(place) => drop(place.insert(count)),
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.us = (known.us.0.min(count.us.0), known.us.1.max(count.us.1));
                known.times += count.times;
                known.actor = count.actor;
            }
        }
    }

    /// Takes out those of which the first was at `until_us` or before.
    fn take(&self, until_us: i64) -> Vec<(Organization, Count)> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = counts.extract_if(.., |_, count| count.us.0 <= until_us);
        due.map(|((organization, _), count)| (organization, count)).collect()
    }
}

impl Count {
    fn to_event(&self) -> AuditEvent {
        let tagged = |payload: Value| PassThroughSensitivityTaggedValue::new(payload);
        let time = |us: i64| Time::from_us(us).to_string();
        let told = [("polls", self.times.into()), ("first", time(self.us.0).into()), ("last", time(self.us.1).into())];
        let told = told.map(|(name, payload): (&str, Value)| (name.to_owned(), tagged(payload)));
        let description = "the list of log files, which held nothing new each time".to_owned();
        AuditEvent::new::<MetaDataAccess>(
            "INDELIBLE_POLL_LOG_FILES",
            MetaDataAccessRequest::new(Vec::new(), Some(description)),
            NoFields {},
        )
        .and::<PassThrough>(PassThroughRequest::new(BTreeMap::new()), PassThroughResult::new(told.into()))
    }
}

impl App {
    /// Writes counts when they are due, until the server stops.
    pub(crate) async fn write_polls_forever(self: Arc<Self>) {
        let window_us = i64::try_from(self.config.empty_polls_seconds).unwrap_or(i64::MAX / 1_000_000) * 1_000_000;
        while !self.stopping.load(Relaxed) {
            tokio::time::sleep(TURN).await;
            self.write_polls(self.now_us() - window_us).await;
        }
    }

    /// Writes the counts of which the first poll was at `until_us` or before.
    pub(crate) async fn write_polls(&self, until_us: i64) {
        for (organization, count) in self.polls.take(until_us) {
            let scope = Scope::new(vec![organization.clone()]);
            if self.audit_read(&count.actor, &scope, count.to_event()).await.is_err() {
                // Tried again at the next turn.
                self.polls.add(organization, count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::auth::Agent;

    #[test]
    fn an_hour_of_polls_is_one_count_for_a_principal_and_an_organization() {
        const HOUR_US: i64 = 3_600_000_000;
        let polls = Polls::default();
        let actor = |id: &str| Actor { id: id.into(), token_id: None, session_id: None, agent: Agent::default() };
        let organization = |name: &str| format!("ri.indelible..organization.{name}").parse::<Organization>().unwrap();
        let mut written = Vec::new();
        // Somebody polls once a minute for a day; another one now and then.
        for minute in 0..1440 {
            let now_us = minute * 60_000_000;
            polls.note(&organization("a"), &actor("x"), now_us);
            if minute == 100 || minute == 130 {
                polls.note(&organization("a"), &actor("y"), now_us);
                polls.note(&organization("b"), &actor("y"), now_us);
            }
            written.extend(polls.take(now_us - HOUR_US));
        }
        let of = |name: &str, id: &str| {
            let matching = written.iter().filter(|(o, count)| *o == organization(name) && *count.actor.id == *id);
            matching.map(|(_, count)| (count.times, (count.us.1 - count.us.0) / 60_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(of("a", "x"), [(61, 60); 23]);
        assert_eq!(of("a", "y"), [(2, 30)]);
        assert_eq!(of("b", "y"), [(2, 30)]);
        let rest = polls.take(i64::MAX);
        assert_eq!(rest.len(), 1);
        assert_eq!(written.iter().chain(&rest).map(|(_, count)| count.times).sum::<u64>(), 1444);
    }
}
