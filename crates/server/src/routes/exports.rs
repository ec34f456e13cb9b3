//! Exports of an organization's log to tables.
//!
//! An organization, or an export, that the token may not see is answered exactly as one that does not exist.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use indelible_api::{CreateExport, ErrorBody, ErrorCode, ExportState, Reason, RequestState};
use indelible_control::{Export, ExportSettings, Operation};
use indelible_dataset::RETENTION_DAYS_MAX;
use indelible_event::{Organization, Time};

use crate::app::App;
use crate::audit::{Change, configured};
use crate::auth::Caller;
use crate::destination::Allowed;
use crate::error::{ApiError, Input};
use crate::requests::Action;

/// The kind of log that is exported.
const LOG_TYPE: &str = "audit.3";
/// Longest name of an export, and of a reader, bytes.
const NAME_BYTES: usize = 64;
/// Most readers of an export.
const READERS: usize = 100;
/// Longest destination, bytes.
const DESTINATION_BYTES: usize = 1024;

/// The exports of an organization, disabled ones too.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/exports", tag = "exports", params(("organization" = String, Path)),
    responses((status = 200, body = Vec<ExportState>), (status = 404, body = ErrorBody))
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
) -> Result<Json<Vec<ExportState>>, ApiError> {
    let organization = of(&caller, &organization)?;
    let exports = app.control.exports().into_iter().filter(|export| export.organization == organization);
    Ok(Json(exports.map(|export| app.export_state(&export)).collect()))
}

/// One export and how far it is.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/exports/{name}", tag = "exports",
    params(("organization" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = ExportState), (status = 404, body = ErrorBody))
)]
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((organization, name)): Path<(String, String)>,
) -> Result<Json<ExportState>, ApiError> {
    let export = find(&app, &caller, &organization, &name)?;
    Ok(Json(app.export_state(&export)))
}

/// Creates an export. The table is made, and filled with what is archived, in the background; ask for the export to see how far
/// that is. Nothing of an export can be changed later.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/exports", tag = "exports", request_body = CreateExport,
    params(("organization" = String, Path)),
    responses((status = 201, body = ExportState), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
    Input(request): Input<CreateExport>,
) -> Result<(StatusCode, Json<ExportState>), ApiError> {
    let organization = of(&caller, &organization)?;
    let settings = settings(request).map_err(|message| ApiError::new(ErrorCode::InvalidRequest, message))?;
    let allowed =
        Allowed::for_exports(&app.config).map_err(|error| ApiError::internal("look where exports may be", error))?;
    allowed
        .check(&settings.destination)
        .map_err(|error| ApiError::new(ErrorCode::InvalidRequest, error.to_string()))?;
    let fit = allowed.ensure_fit(&settings.destination).await;
    fit.map_err(|error| ApiError::new(ErrorCode::InvalidRequest, format!("{error:#}")))?;
    let created = app.control.create_export(&organization, &settings, &caller, app.now_us()).await;
    let export = created.map_err(|error| ApiError::internal("create the export", error))?.ok_or_else(|| {
        let message =
            format!("there is, or was, an export {:?} of this organization; take another name", settings.name);
        ApiError::new(ErrorCode::AlreadyExists, message)
    })?;
    record(&app, &caller, &export, "INDELIBLE_CREATE_EXPORT", Change::Created).await?;
    app.exports.wake(&export.id);
    Ok((StatusCode::CREATED, Json(app.export_state(&export))))
}

/// Disables an export: nothing is added to its table any more. It cannot be started again, and the table stays where it is. That is
/// only asked for, and waits for a second person: the answer is 202 then.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/exports/{name}/disable", tag = "exports",
    params(("organization" = String, Path), ("name" = String, Path), Reason),
    responses((status = 200, body = ExportState), (status = 202, body = RequestState), (status = 404, body = ErrorBody))
)]
pub(crate) async fn disable(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((organization, name)): Path<(String, String)>,
    Query(Reason { reason }): Query<Reason>,
) -> Result<Response, ApiError> {
    let export = find(&app, &caller, &organization, &name)?;
    if app.config.four_eyes && export.is_active() {
        let action = Action::DisableExport { name };
        let asked = app.ask(&caller, &export.organization, &action, &reason.unwrap_or_default(), None).await?;
        return Ok((StatusCode::ACCEPTED, Json(asked)).into_response());
    }
    end(&app, &caller, &export).await?;
    let export = find(&app, &caller, &organization, &name)?;
    Ok(Json(app.export_state(&export)).into_response())
}

/// Disables it, and tells the organization's log.
pub(crate) async fn end(app: &App, caller: &Caller, export: &Export) -> Result<(), ApiError> {
    // Recorded first: what fails then is asked for again, and recorded again.
    record(app, caller, export, "INDELIBLE_DISABLE_EXPORT", Change::Deleted).await?;
    let disabled = app.control.disable_export(&export.organization, &export.settings.name, app.now_us()).await;
    disabled.map_err(|error| ApiError::internal("disable the export", error))?;
    app.exports.wake(&export.id);
    Ok(())
}

/// Records in the organization's own log what somebody did to its export.
async fn record(
    app: &App,
    caller: &Caller,
    export: &Export,
    name: &'static str,
    change: Change,
) -> Result<(), ApiError> {
    let ExportSettings { name: called, destination, .. } = &export.settings;
    let event = configured(name, change, "export", &export.id, &[("name", called), ("destination", destination)]);
    app.audit_change(&caller.actor(), &export.organization, event).await
}

/// The organization, if the caller may export its log.
fn of(caller: &Caller, organization: &str) -> Result<Organization, ApiError> {
    caller.organization(organization, Operation::AuditExportOrchestrate).ok_or_else(hidden)
}

fn find(app: &App, caller: &Caller, organization: &str, name: &str) -> Result<Arc<Export>, ApiError> {
    app.control.export(&of(caller, organization)?, name).ok_or_else(hidden)
}

fn hidden() -> ApiError {
    ApiError::not_found("such export or organization")
}

/// What a request asks for, or what is wrong with it.
fn settings(request: CreateExport) -> Result<ExportSettings, String> {
    let is_name = |name: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(plain)
    };
    if !is_name(&request.name) {
        return Err(format!("the name of an export is 1 to {NAME_BYTES} of A-Z a-z 0-9 . _ -"));
    }
    if request.destination.len() > DESTINATION_BYTES {
        return Err(format!("a destination has at most {DESTINATION_BYTES} bytes"));
    }
    let log_type = request.log_type.unwrap_or_else(|| LOG_TYPE.to_owned());
    if log_type != LOG_TYPE {
        return Err(format!("{log_type:?} is not exported; the log type is {LOG_TYPE}"));
    }
    if request.retention_days.is_some_and(|days| !(1..=RETENTION_DAYS_MAX).contains(&days)) {
        return Err(format!("retention is 1 to {RETENTION_DAYS_MAX} days; without it rows stay for ever"));
    }
    let is_reader = |reader: &String| (1..=NAME_BYTES).contains(&reader.len()) && !reader.contains(char::is_control);
    if request.readers.len() > READERS || !request.readers.iter().all(is_reader) {
        return Err(format!("at most {READERS} readers of 1 to {NAME_BYTES} bytes each"));
    }
    let start_us =
        request.start_date.map(|date| midnight(&date).ok_or_else(|| format!("{date:?} is no date such as 2026-01-31")));
    Ok(ExportSettings {
        name: request.name,
        destination: request.destination,
        log_type,
        start_us: start_us.transpose()?,
        retention_days: request.retention_days,
        salt: request.salt,
        readers: request.readers,
    })
}

/// The beginning of a day, UTC.
fn midnight(date: &str) -> Option<i64> {
    let time = Time::parse(&format!("{date}T00:00:00Z")).ok()?;
    (date.len() == 10).then_some(time.micros)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(change: impl FnOnce(&mut CreateExport), expected: Result<(), &str>) {
        let mut request =
            CreateExport { name: "lake".into(), destination: "/lake/a".into(), ..CreateExport::default() };
        change(&mut request);
        match (settings(request), expected) {
            (Ok(_), Ok(())) => {}
            (Err(found), Err(part)) => assert!(found.contains(part), "{found}"),
            (found, expected) => assert_eq!(found.map(drop), expected.map_err(str::to_owned)),
        }
    }

    #[test]
    fn a_request_is_checked() {
        check(|_| {}, Ok(()));
        check(|request| request.name = String::new(), Err("name of an export"));
        check(|request| request.name = "a/b".into(), Err("name of an export"));
        check(|request| request.name = "a".repeat(65), Err("name of an export"));
        check(|request| request.log_type = Some("audit.2".into()), Err("audit.2"));
        check(|request| request.retention_days = Some(730), Ok(()));
        check(|request| request.retention_days = Some(0), Err("1 to 730"));
        check(|request| request.retention_days = Some(731), Err("1 to 730"));
        check(|request| request.start_date = Some("2026-01-31".into()), Ok(()));
        check(|request| request.start_date = Some("2026-02-30".into()), Err("no date"));
        check(|request| request.start_date = Some("2026-1-3".into()), Err("no date"));
        check(|request| request.readers = vec!["a\nb".into()], Err("readers"));
    }

    #[test]
    fn a_date_is_its_midnight() {
        assert_eq!(midnight("1970-01-02"), Some(86_400_000_000));
        assert_eq!(midnight("2026-01-05"), Some(1_767_571_200_000_000));
    }
}
