//! What signing in and out leaves behind: events, and counts.
//!
//! A sign-in is an event in the log of each organization where the person may do something, and in the operator's where they
//! have the operator's reach or nothing at all. A failure is one in the operator's log only: it says nothing of an organization,
//! and strangers can make as many as they like, so that most of them are only counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indelible_control::{Control, Person, Principal, Session};
use indelible_event::catalogue::typed::{
    ManagementGroups, ManagementGroupsRequest, ManagementUsers, ManagementUsersRequest, NoFields, PassThrough,
    PassThroughRequest, PassThroughResult, PassThroughSensitivityTaggedValue, Patch, UserLogin, UserLoginResult,
    UserLogout, UserLogoutResult,
};
use serde_json::Value;

use super::{ProviderError, SignedIn};
use crate::app::App;
use crate::audit::{Actor, AuditEvent, identifier};
use crate::auth::Agent;
use crate::error::ApiError;
use crate::metrics::Text;
use crate::routes::grants::rights_changed;

/// The way of whom no provider signs in.
pub(crate) const PASSWORD: &str = "password";
/// Failures that are recorded in a row, and the time after which a further one is.
const RECORDED_IN_A_ROW: u32 = 100;
const RECORDED_EVERY: Duration = Duration::from_secs(10);

/// Why nobody signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The answer of a provider belongs to no sign-in that this browser began, or came before, or too late.
    #[error("no sign-in of this browser waits for this answer")]
    NotBegun,
    /// It is the answer of another provider.
    #[error("the answer is that of another provider")]
    Mixed,
    /// The provider signed nobody in.
    #[error("the provider signed nobody in")]
    Refused,
    /// What the provider said cannot be used.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// A name or a password is wrong, or there were too many attempts.
    #[error("the name or the password is wrong, or there were too many attempts; wait a while before the next one")]
    Password {
        /// Whether somebody has the name.
        is_known: bool,
    },
    /// The server failed.
    #[error("{}", .0.message())]
    Server(ApiError),
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Server(error)
    }
}

impl Failure {
    /// What happened, with the chain of causes, for the server's own log.
    pub(crate) fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }

    /// Stable code, for the page, the event and the counts.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotBegun => "not-begun",
            Self::Mixed => "another-provider",
            Self::Refused => "refused",
            Self::Provider(ProviderError::Away(_)) => "provider-away",
            Self::Provider(ProviderError::Code(_)) => "code-refused",
            Self::Provider(ProviderError::Token(_)) => "token-not-believed",
            Self::Provider(ProviderError::Profile(_)) => "profile",
            Self::Password { .. } => "password",
            Self::Server(_) => "server",
        }
    }
}

/// Sign-ins since the process started, by outcome.
#[derive(Default)]
pub(crate) struct SignInCounts {
    succeeded: AtomicU64,
    failed: Mutex<BTreeMap<&'static str, u64>>,
}

impl SignInCounts {
    pub(super) fn succeeded(&self) {
        self.succeeded.fetch_add(1, Relaxed);
    }

    /// As metrics.
    pub(crate) fn render(&self, text: &mut Text) {
        let (name, help) = ("indelible_sign_ins_total", "Sign-ins, by outcome.");
        text.sample(name, "counter", help, &[("outcome", "success")], self.succeeded.load(Relaxed) as f64);
        for (code, count) in self.failed.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            text.sample(name, "counter", help, &[("outcome", code)], *count as f64);
        }
    }
}

/// Lets through a number in a row, then one in a time, and counts the others.
#[derive(Default)]
pub(super) struct Seldom(Mutex<State>);

#[derive(Default)]
struct State {
    used: u32,
    since: Option<Instant>,
    held_back: u64,
}

impl Seldom {
    /// How many were held back since the last that was let through; `None` to hold back this one too.
    fn next(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = *state.since.get_or_insert(now);
        let free =
            (now.saturating_duration_since(since).as_secs() / RECORDED_EVERY.as_secs()).min(u64::from(state.used));
        if free > 0 {
            state.used -= u32::try_from(free).unwrap_or(state.used);
            state.since = Some(now);
        }
        if state.used >= RECORDED_IN_A_ROW {
            state.held_back += 1;
            return None;
        }
        state.used += 1;
        Some(std::mem::take(&mut state.held_back))
    }
}

impl App {
    /// Records what a sign-in changes: in the operator's log that there is a new person, or the groups that it came into and
    /// left; in the log of each organization where that changes what the person may do, what it was and will be.
    pub(super) async fn record_person(
        &self,
        before: Option<&Person>,
        person: &Person,
        agent: &Agent,
    ) -> Result<(), ApiError> {
        let actor = Actor { id: Arc::clone(&person.id), token_id: None, session_id: None, agent: agent.clone() };
        let operator = std::slice::from_ref(&self.config.operator_organization);
        let patches = patches(before, person);
        if before.is_none() {
            let request = ManagementUsersRequest::new(vec![person.id.to_string()]);
            let event = AuditEvent::new::<ManagementUsers>("INDELIBLE_CREATE_PERSON", request, NoFields {});
            self.audit_changes(&actor, operator, event).await?;
        }
        if !patches.is_empty() {
            let request = ManagementGroupsRequest::new(patches);
            let event = AuditEvent::new::<ManagementGroups>("INDELIBLE_CHANGE_GROUPS", request, NoFields {});
            self.audit_changes(&actor, operator, event).await?;
        }
        let was = before.map(|before| self.control.rights_of(before)).unwrap_or_default();
        let will_be = self.control.rights_of(person);
        for target in was.targets().chain(will_be.targets()).collect::<BTreeSet<_>>() {
            let (was, will_be) = (was.on(target), will_be.on(target));
            if was != will_be {
                let event = rights_changed("INDELIBLE_CHANGE_RIGHTS", target, &person.id, &was, &will_be);
                let organization = target.unwrap_or(&self.config.operator_organization);
                self.audit_changes(&actor, std::slice::from_ref(organization), event).await?;
            }
        }
        Ok(())
    }

    /// Records that somebody signed in.
    pub(super) async fn record_sign_in(
        &self,
        signed_in: &SignedIn,
        session: &Session,
        agent: &Agent,
    ) -> Result<(), ApiError> {
        let result = UserLoginResult { login_user_id: Some(signed_in.principal.to_string()) };
        let way = signed_in.provider.as_deref().unwrap_or(PASSWORD);
        let event = AuditEvent::new::<UserLogin>("INDELIBLE_SIGN_IN", NoFields {}, result)
            .and::<PassThrough>(PassThroughRequest::new(BTreeMap::new()), told(&[("by", way.into())]));
        self.record_of(&session.principal, &actor(session, agent), event).await
    }

    /// Records that somebody signed out, of one session or of all.
    pub(crate) async fn record_sign_out(
        &self,
        session: &Session,
        agent: &Agent,
        everywhere: bool,
    ) -> Result<(), ApiError> {
        let name = if everywhere { "INDELIBLE_SIGN_OUT_EVERYWHERE" } else { "INDELIBLE_SIGN_OUT" };
        let result = UserLogoutResult { logout_user_id: Some(session.principal.id.to_string()) };
        let event = AuditEvent::new::<UserLogout>(name, NoFields {}, result);
        self.record_of(&session.principal, &actor(session, agent), event).await
    }

    /// Records an event of a person in the logs that concern the person.
    async fn record_of(&self, principal: &Principal, actor: &Actor, event: AuditEvent) -> Result<(), ApiError> {
        let operator = &self.config.operator_organization;
        let rights = principal.rights();
        let mut organizations: Vec<_> = rights.targets().map(|target| target.unwrap_or(operator).clone()).collect();
        if organizations.is_empty() {
            organizations.push(operator.clone());
        }
        organizations.sort_unstable();
        organizations.dedup();
        self.audit_changes(actor, &organizations, event).await
    }

    /// Counts a failed sign-in, and records it in the operator's log if there were not too many lately.
    pub(crate) async fn record_failure(&self, failure: &Failure, way: &str, agent: &Agent) -> Result<(), ApiError> {
        let counts = &self.sign_ins.counts;
        *counts.failed.lock().unwrap_or_else(PoisonError::into_inner).entry(failure.code()).or_default() += 1;
        let Some(held_back) = self.sign_ins.failures_recorded.next(Instant::now()) else { return Ok(()) };
        let reason: Value = failure.code().into();
        let details = [("by", way.into()), ("reason", reason), ("failuresNotRecorded", held_back.into())];
        let event = AuditEvent::new::<UserLogin>("INDELIBLE_SIGN_IN", NoFields {}, UserLoginResult::default())
            .and::<PassThrough>(PassThroughRequest::new(BTreeMap::new()), told(&details))
            .refused();
        // A name that nobody has is not written down: it may be a password in the wrong field.
        let id = if matches!(failure, Failure::Password { is_known: true }) { Control::ADMINISTRATOR } else { "" };
        let actor = Actor { id: id.into(), token_id: None, session_id: None, agent: agent.clone() };
        self.audit_changes(&actor, std::slice::from_ref(&self.config.operator_organization), event).await
    }
}

fn actor(session: &Session, agent: &Agent) -> Actor {
    let (id, session_id) = (Arc::clone(&session.principal.id), Some(Arc::clone(&session.id)));
    Actor { id, token_id: None, session_id, agent: agent.clone() }
}

fn told(details: &[(&str, Value)]) -> PassThroughResult {
    let tagged = |value: &Value| PassThroughSensitivityTaggedValue::new(value.clone());
    PassThroughResult::new(details.iter().map(|(name, value)| ((*name).to_owned(), tagged(value))).collect())
}

/// The groups that a person has come into and left since the sign-in before.
fn patches(before: Option<&Person>, now: &Person) -> Vec<Patch> {
    let member = || vec![identifier(&now.id)];
    let patch = |group: &String, added, removed| {
        let mut patch = Patch::new(identifier(&format!("{}/{group}", now.provider)));
        (patch.added_ids, patch.removed_ids) = (added, removed);
        patch
    };
    let was_in = |group: &String| before.is_some_and(|before| before.groups.contains(group));
    let added = now.groups.iter().filter(|group| !was_in(group)).map(|group| patch(group, member(), Vec::new()));
    let left = before.iter().flat_map(|before| before.groups.difference(&now.groups));
    added.chain(left.map(|group| patch(group, Vec::new(), member()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_failures_are_recorded_seldom_and_none_is_forgotten() {
        let seldom = Seldom::default();
        let start = Instant::now();
        let next = |seconds| seldom.next(start + Duration::from_secs(seconds));
        let recorded = (0..1000).filter(|_| next(0).is_some()).count();
        assert_eq!(recorded, 100);
        assert_eq!(next(9), None);
        assert_eq!(next(10), Some(901));
        assert_eq!(next(10), None);
        assert_eq!(next(40), Some(1));
        assert_eq!((next(40), next(40), next(40)), (Some(0), Some(0), None));
        let recorded = (0..1000).filter(|_| next(100_000).is_some()).count();
        assert_eq!(recorded, 100);
    }
}
