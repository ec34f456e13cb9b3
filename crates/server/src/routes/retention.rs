//! How long an organization's log files are kept.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use indelible_api::{ErrorBody, ErrorCode, RequestState, RetentionState, SetRetention};
use indelible_control::RetentionSetting;
use indelible_event::Organization;

use crate::app::App;
use crate::audit::{Change, configured};
use crate::auth::Caller;
use crate::error::{ApiError, Input};
use crate::requests::{Action, weakens};

/// Longest retention, days: a hundred years.
const DAYS_MAX: u32 = 36_525;

/// How long the log files of an organization are kept, and how many are gone.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/retention", tag = "organizations",
    params(("organization" = String, Path)),
    responses((status = 200, body = RetentionState), (status = 404, body = ErrorBody))
)]
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
) -> Result<Json<RetentionState>, ApiError> {
    state(&app, &caller.administered(&organization)?).await
}

/// Sets it. Longer counts for all log files, shorter for those that come. What lets log files go that would have stayed is only
/// asked for, and waits for a second person: the answer is 202 then.
#[utoipa::path(
    put, path = "/api/v1/organizations/{organization}/retention", tag = "organizations", request_body = SetRetention,
    params(("organization" = String, Path)),
    responses((status = 200, body = RetentionState), (status = 202, body = RequestState), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
    Input(SetRetention { days, hold, reason }): Input<SetRetention>,
) -> Result<Response, ApiError> {
    let organization = caller.administered(&organization)?;
    let lock_days = app.bucket.policy_days();
    if days.is_some_and(|days| days < lock_days) {
        let message = format!("the bucket locks log files for {lock_days} days; a retention cannot be shorter");
        return Err(ApiError::new(ErrorCode::InvalidRequest, message));
    }
    let least = app.config.archive.retention_days_min;
    if days.is_some_and(|days| days < least) {
        let message =
            format!("a retention is at least {least} days here; the operator sets that as archive.retention-days-min");
        return Err(ApiError::new(ErrorCode::InvalidRequest, message));
    }
    if days.is_some_and(|days| days > DAYS_MAX) {
        let message = format!("a retention is at most {DAYS_MAX} days; leave days out to keep log files for ever");
        return Err(ApiError::new(ErrorCode::InvalidRequest, message));
    }
    let before = app.control.retention(&organization).last().copied();
    if app.config.four_eyes && weakens(before, days, hold) {
        let action = Action::SetRetention { days, hold, instead_of_us: before.map(|before| before.since_us) };
        let asked = app.ask(&caller, &organization, &action, &reason.unwrap_or_default(), None).await?;
        return Ok((StatusCode::ACCEPTED, Json(asked)).into_response());
    }
    let setting = RetentionSetting { since_us: app.now_us(), days, hold, locked: false };
    set(&app, &caller, &organization, setting).await?;
    Ok(state(&app, &organization).await?.into_response())
}

/// Sets it, and tells the organization's log.
pub(crate) async fn set(
    app: &App,
    caller: &Caller,
    organization: &Organization,
    setting: RetentionSetting,
) -> Result<(), ApiError> {
    let text = |days: Option<u32>| days.map_or_else(|| "for ever".to_owned(), |days| days.to_string());
    let before = app.control.retention(organization).last().copied();
    let was = before.map_or_else(|| "not set".to_owned(), |before| text(before.days));
    let (now, hold) = (text(setting.days), setting.hold.to_string());
    let facts = [("days", &*now), ("days before", &was), ("hold", &hold)];
    let event = configured("INDELIBLE_SET_RETENTION", Change::Updated, "retention", organization.as_str(), &facts);
    // Recorded first: what fails then is asked for again, and recorded again.
    app.audit_change(&caller.actor(), organization, event).await?;
    let set = app.control.set_retention(organization, setting, caller).await;
    set.map_err(|error| ApiError::internal("set the retention", error))
}

async fn state(app: &App, organization: &Organization) -> Result<Json<RetentionState>, ApiError> {
    let state = app.retention_state(organization).await;
    state.map(Json).map_err(|error| ApiError::internal("look up the retention", error))
}
