//! Changes that cannot be undone, and the operator's look at whole entries: one person asks, another decides.
//!
//! Each step is an event in the organization's log before it counts. What is approved is done first and written down as approved
//! then: a crash in between leaves it waiting, and to approve it again does no more.

use std::sync::{Arc, PoisonError};

use indelible_api::{EntryRange, ErrorCode, RequestState};
use indelible_control::{
    Control, DecideError, NewRequest, Operation, Outcome, REASON_BYTES_MAX, Request, RetentionSetting,
};
use indelible_event::catalogue::typed::{
    DataResource, Identifier, JustificationType, NoFields, RequestApprove, RequestApproveRequest, RequestCancel,
    RequestCancelRequest, RequestCreate, RequestCreateRequest, RequestCreateResult, RequestDisapprove,
    RequestDisapproveRequest, RequestExecute, RequestExecuteRequest, RequestExecuteResult, RequestResource, Resource,
    ResourceContext, UserJustification, UserJustify, UserJustifyRequest,
};
use indelible_event::{Organization, Scope, Time};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::audit::{AuditEvent, identifier};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::{exports, retention};

const HOUR_US: i64 = 3_600_000_000;
/// How long a request waits for a decision.
const PATIENCE_US: i64 = 72 * HOUR_US;

/// What somebody may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(crate) enum Action {
    /// Keep log files for a shorter time, or release a hold.
    SetRetention {
        days: Option<u32>,
        hold: bool,
        /// When the setting was made that this one takes the place of: another one since makes the request void.
        instead_of_us: Option<i64>,
    },
    /// Disable an export for good.
    DisableExport { name: String },
    /// Destroy the content keys up to this one, and with them the content.
    EraseContent { key: String },
    /// Take the content of these entries out of the archive.
    Redact { generation: u32, entries: Vec<EntryRange> },
    /// See whole entries for some hours.
    Investigate { ticket: String, hours: u32 },
}

impl Action {
    fn of(request: &Request) -> Result<Self, ApiError> {
        serde_json::from_str(&request.action).map_err(|error| ApiError::internal("read what was asked for", error))
    }

    /// For people.
    fn text(&self) -> String {
        match self {
            Self::SetRetention { days, hold, .. } => {
                let days = days.map_or_else(|| "for ever".to_owned(), |days| format!("{days} days"));
                format!("keep log files {days}{}", if *hold { ", with a hold" } else { ", without a hold" })
            }
            Self::DisableExport { name } => format!("disable the export {name} for good"),
            Self::EraseContent { key } => {
                format!("erase all content encrypted under key {key} and those before it, for ever")
            }
            Self::Redact { generation, entries } => {
                let text = |EntryRange { first, last }: &EntryRange| match first == last {
                    true => first.to_string(),
                    false => format!("{first} to {last}"),
                };
                let all = entries.iter().map(text).collect::<Vec<_>>().join(", ");
                format!("redact the content of the entries {all} of generation {generation}, for ever")
            }
            Self::Investigate { ticket, hours } => {
                format!("the operator reads whole entries for {hours} hours (ticket {ticket})")
            }
        }
    }
}

impl App {
    /// Writes down that the caller asks for `action`, and tells the organization's log.
    pub(crate) async fn ask(
        &self,
        caller: &Caller,
        organization: &Organization,
        action: &Action,
        reason: &str,
        emergency_hours: Option<u32>,
    ) -> Result<RequestState, ApiError> {
        if reason.len() > REASON_BYTES_MAX {
            let message = format!("a reason has at most {REASON_BYTES_MAX} bytes");
            return Err(ApiError::new(ErrorCode::InvalidRequest, message));
        }
        let failed = |error: anyhow::Error| ApiError::internal("write down what was asked for", error);
        let now_us = self.now_us();
        let text = serde_json::to_string(action).map_err(|error| failed(error.into()))?;
        let emergency_until_us = emergency_hours.map(|hours| now_us + i64::from(hours) * HOUR_US);
        let lapses_at_us = now_us + PATIENCE_US;
        let new = NewRequest { organization, action: &text, reason, lapses_at_us, emergency_until_us };
        let request = self.control.create_request(&new, caller, now_us).await.map_err(|error| failed(error.into()))?;
        let request = request.ok_or_else(|| {
            let message = "too many requests of this organization wait already; decide or withdraw some (`indelible request list`)";
            ApiError::new(ErrorCode::Busy, message)
        })?;
        // A request that is not recorded is not told to anybody, so nobody can decide it; an emergency must not begin.
        let recorded = self.audit_change(&caller.actor(), organization, created(&request, action, caller)).await;
        if recorded.is_err() {
            let withdrawn = self.control.withdraw_request(&request.id, caller, now_us).await;
            withdrawn.map_err(|error| failed(error.into()))?;
        }
        recorded?;
        state(&request, now_us)
    }

    /// Waits until nobody else decides about the organization: what is decided may take half a minute.
    async fn turn_to_decide(&self, organization: &Organization) -> tokio::sync::OwnedMutexGuard<()> {
        let turns = {
            let mut all = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(organization.clone()).or_default())
        };
        turns.lock_owned().await
    }

    /// Does what a request asks for, on behalf of who approves it.
    pub(crate) async fn approve(self: &Arc<Self>, caller: &Caller, id: &str) -> Result<RequestState, ApiError> {
        let _turn = self.turn_to_decide(&self.to_decide(caller, id).await?.organization).await;
        let (request, now_us) = (self.to_decide(caller, id).await?, self.now_us());
        Control::check_decision(&request, caller, now_us).map_err(undecided)?;
        let action = Action::of(&request)?;
        self.ensure_possible(&request.organization, &action)?;
        if let Action::Redact { generation, entries } = &action {
            self.ensure_redactable(&request.organization, *generation, entries).await?;
        }
        self.audit_change(&caller.actor(), &request.organization, approved(&request, caller)).await?;
        let mut note = None;
        let ends_at_us = match &action {
            Action::SetRetention { days, hold, .. } => {
                let setting = RetentionSetting { since_us: now_us, days: *days, hold: *hold, locked: false };
                retention::set(self, caller, &request.organization, setting).await?;
                None
            }
            Action::DisableExport { name } => {
                let export = self.control.export(&request.organization, name);
                let export = export.ok_or_else(|| ApiError::not_found("such export"))?;
                exports::end(self, caller, &export).await?;
                None
            }
            Action::EraseContent { key } => {
                let key = key.parse().map_err(|error| ApiError::internal("read what was asked for", error))?;
                self.erase_keys(&caller.actor(), &request.organization, key, &request.reason).await?;
                None
            }
            Action::Redact { generation, entries } => {
                let (actor, organization) = (caller.actor(), &request.organization);
                let failed = self.redact(&actor, organization, *generation, entries, &request.reason).await?;
                note = self.redaction_note(organization, failed).await?;
                None
            }
            Action::Investigate { hours, .. } => Some(now_us + i64::from(*hours) * HOUR_US),
        };
        let decided = self.control.decide_request(&request, caller, Outcome::Approved, ends_at_us, now_us).await;
        decided.map_err(undecided)?;
        Ok(RequestState { note, ..self.state_of(id).await? })
    }

    /// What whoever approved a redaction has to know.
    async fn redaction_note(
        &self,
        organization: &Organization,
        failed: Option<String>,
    ) -> Result<Option<String>, ApiError> {
        let state = self.redaction_state(organization).await;
        let state = state.map_err(|error| ApiError::internal("look up what is redacted", error))?;
        let failed = failed.map(|error| format!("it is recorded and goes on by itself, and failed so far: {error}"));
        let taken = |what: &str, names: &[String]| {
            (!names.is_empty()).then(|| format!("{what} that took entries before and keep them: {}", names.join(", ")))
        };
        let notes = [failed, taken("exports", &state.exports), taken("sinks", &state.sinks)];
        let notes: Vec<String> = notes.into_iter().flatten().collect();
        Ok((!notes.is_empty()).then(|| notes.join("; ")))
    }

    /// Whether what was asked for can still be done as it was meant.
    fn ensure_possible(&self, organization: &Organization, action: &Action) -> Result<(), ApiError> {
        let message = match action {
            Action::SetRetention { instead_of_us, .. } => {
                let newest = self.control.retention(organization).last().map(|newest| newest.since_us);
                (newest != *instead_of_us).then_some("the retention was set anew since this was asked for")
            }
            Action::DisableExport { name } => {
                let is_active = self.control.export(organization, name).is_some_and(|export| export.is_active());
                (!is_active).then_some("the export has ended since this was asked for")
            }
            Action::EraseContent { .. } | Action::Redact { .. } | Action::Investigate { .. } => None,
        };
        match message {
            Some(message) => {
                Err(ApiError::new(ErrorCode::InvalidRequest, format!("{message}; refuse it, or have it withdrawn")))
            }
            None => Ok(()),
        }
    }

    /// Leaves undone what a request asks for.
    pub(crate) async fn refuse(&self, caller: &Caller, id: &str) -> Result<RequestState, ApiError> {
        let _turn = self.turn_to_decide(&self.to_decide(caller, id).await?.organization).await;
        let (request, now_us) = (self.to_decide(caller, id).await?, self.now_us());
        Control::check_decision(&request, caller, now_us).map_err(undecided)?;
        let fields = RequestDisapproveRequest {
            disapprove_request_user_id: Some(caller.id.to_string()),
            ..RequestDisapproveRequest::new(vec![named(&request)])
        };
        let event = AuditEvent::new::<RequestDisapprove>("INDELIBLE_REFUSE_REQUEST", fields, NoFields {});
        self.audit_change(&caller.actor(), &request.organization, event).await?;
        let decided = self.control.decide_request(&request, caller, Outcome::Refused, None, now_us).await;
        decided.map_err(undecided)?;
        self.state_of(id).await
    }

    /// Withdraws what the caller asked for, or ends an investigation: who asked may, and who administers the organization.
    pub(crate) async fn withdraw(&self, caller: &Caller, id: &str) -> Result<RequestState, ApiError> {
        let _turn = self.turn_to_decide(&self.visible(caller, id).await?.organization).await;
        let (request, now_us) = (self.visible(caller, id).await?, self.now_us());
        if !request.waits(now_us) && !request.is_active(now_us) {
            return Err(undecided(DecideError::NotWaiting));
        }
        let fields = RequestCancelRequest::new(vec![named(&request)]);
        let event = AuditEvent::new::<RequestCancel>("INDELIBLE_WITHDRAW_REQUEST", fields, NoFields {});
        self.audit_change(&caller.actor(), &request.organization, event).await?;
        let withdrawn = self.control.withdraw_request(id, caller, now_us).await;
        let withdrawn = withdrawn.map_err(|error| ApiError::internal("withdraw the request", error))?;
        if !withdrawn {
            return Err(undecided(DecideError::NotWaiting));
        }
        self.state_of(id).await
    }

    /// What the caller may read by an investigation that goes on, and its ticket.
    pub(crate) async fn investigation(&self, caller: &Caller, id: &str) -> Result<(Scope, String), ApiError> {
        let request = self.visible(caller, id).await?;
        let Action::Investigate { ticket, .. } = Action::of(&request)? else { return Err(hidden()) };
        if !request.is_by(caller) {
            return Err(hidden());
        }
        let scope = request.investigation(caller, self.now_us()).map_err(|_| {
            let message = "this investigation is not approved, or has ended; `indelible investigation list` says which";
            ApiError::new(ErrorCode::PermissionDenied, message)
        })?;
        Ok((scope, ticket))
    }

    /// The request, if the caller asked for it or administers its organization.
    pub(crate) async fn visible(&self, caller: &Caller, id: &str) -> Result<Request, ApiError> {
        let request = self.control.request(id).await;
        let request = request.map_err(|error| ApiError::internal("look for the request", error))?;
        let may = |request: &Request| {
            request.is_by(caller) || caller.require(Operation::OrganizationAdminister, &request.organization).is_ok()
        };
        request.filter(may).ok_or_else(hidden)
    }

    /// The request, if the caller may decide about its organization.
    async fn to_decide(&self, caller: &Caller, id: &str) -> Result<Request, ApiError> {
        let request = self.visible(caller, id).await?;
        caller.require(Operation::OrganizationAdminister, &request.organization)?;
        Ok(request)
    }

    async fn state_of(&self, id: &str) -> Result<RequestState, ApiError> {
        let request = self.control.request(id).await;
        let request = request.map_err(|error| ApiError::internal("look for the request", error))?;
        state(&request.ok_or_else(hidden)?, self.now_us())
    }
}

/// A request as it is shown at `now_us`.
pub(crate) fn state(request: &Request, now_us: i64) -> Result<RequestState, ApiError> {
    let time = |us: i64| Time::from_us(us).to_string();
    let (action, decision) = (Action::of(request)?, request.decision.as_ref());
    let state = match decision.map(|decision| decision.outcome) {
        None if request.waits(now_us) => "waiting",
        None => "lapsed",
        Some(Outcome::Approved) if request.ends_at_us.is_none() => "approved",
        Some(Outcome::Approved) if !request.is_active(now_us) => "ended",
        Some(Outcome::Approved) if request.is_emergency() => "emergency",
        Some(Outcome::Approved) => "active",
        Some(outcome) => outcome.as_str(),
    };
    Ok(RequestState {
        request_id: request.id.clone(),
        organization: request.organization.to_string(),
        action: action.text(),
        reason: request.reason.clone(),
        requested_by: request.requested_by.clone(),
        requested: time(request.requested_at_us),
        lapses: time(request.lapses_at_us),
        state: state.to_owned(),
        decided_by: decision.and_then(|decision| decision.by.clone()),
        decided: decision.map(|decision| time(decision.at_us)),
        ends: request.ends_at_us.map(time),
        note: None,
    })
}

fn hidden() -> ApiError {
    ApiError::not_found("such request")
}

fn undecided(error: DecideError) -> ApiError {
    match error {
        DecideError::Control(error) => ApiError::internal("decide the request", error),
        DecideError::SamePerson(_) => ApiError::new(ErrorCode::PermissionDenied, error.to_string()),
        DecideError::NotWaiting => ApiError::new(ErrorCode::AlreadyExists, error.to_string()),
    }
}

fn named(request: &Request) -> RequestResource {
    RequestResource::new(identifier(&request.id))
}

/// That somebody asked, why, and whether it begins at once.
fn created(request: &Request, action: &Action, caller: &Caller) -> AuditEvent {
    let organization = DataResource::new(Identifier::Rid(request.organization.to_string()));
    let mut fields = RequestCreateRequest::new(vec![Resource::Data(organization)]);
    fields.created_request_description = Some(action.text());
    let result = RequestCreateResult::new(vec![named(request)]);
    let prompt = "why is this needed?".to_owned();
    let kind = JustificationType::from("text");
    let justification = UserJustification::new(prompt, request.reason.clone(), kind);
    let event = AuditEvent::new::<RequestCreate>("INDELIBLE_CREATE_REQUEST", fields, result)
        .and::<UserJustify>(UserJustifyRequest::new(caller.id.to_string(), vec![justification]), NoFields {});
    if !request.is_emergency() {
        return event;
    }
    let fields = RequestExecuteRequest::new(vec![named(request)]);
    event.and::<RequestExecute>(fields, RequestExecuteResult::default()).named("INDELIBLE_BEGIN_EMERGENCY")
}

fn approved(request: &Request, caller: &Caller) -> AuditEvent {
    let mut fields = RequestApproveRequest::new(vec![named(request)]);
    fields.approve_request_user_id = Some(caller.id.to_string());
    let executed = RequestExecuteRequest::new(vec![named(request)]);
    AuditEvent::new::<RequestApprove>("INDELIBLE_APPROVE_REQUEST", fields, NoFields {})
        .and::<RequestExecute>(executed, RequestExecuteResult::default())
}

/// By which investigation something was read.
pub(crate) fn by(id: &str, ticket: &str) -> Vec<ResourceContext> {
    vec![
        ResourceContext::new(id.to_owned(), "investigation".to_owned()),
        ResourceContext::new(ticket.to_owned(), "ticket".to_owned()),
    ]
}

/// Whether `days` and `hold` let log files go that would stay by the setting `before`.
pub(crate) fn weakens(before: Option<RetentionSetting>, days: Option<u32>, hold: bool) -> bool {
    let (days_before, hold_before) = before.map_or((None, false), |before| (before.days, before.hold));
    let is_shorter = match (days_before, days) {
        (None, Some(_)) => true,
        (Some(before), Some(now)) => now < before,
        (_, None) => false,
    };
    is_shorter || (hold_before && !hold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lets_files_go_needs_a_second_person() {
        let check = |before: Option<(Option<u32>, bool)>, days, hold, expected| {
            let before = before.map(|(days, hold)| RetentionSetting { since_us: 0, days, hold, locked: false });
            assert_eq!(weakens(before, days, hold), expected, "{before:?} {days:?} {hold}");
        };
        check(None, None, false, false);
        check(None, Some(30), false, true);
        check(None, None, true, false);
        check(Some((Some(90), false)), Some(90), false, false);
        check(Some((Some(90), false)), Some(91), true, false);
        check(Some((Some(90), false)), Some(89), false, true);
        check(Some((Some(90), false)), None, false, false);
        check(Some((None, true)), None, true, false);
        check(Some((None, true)), None, false, true);
        check(Some((Some(90), true)), Some(365), false, true);
    }
}
