//! State of the archive; sealing and checking on demand.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use indelible_api::{ArchiveStatus, ArchivedLogFile, ErrorBody};
use indelible_archive::LogFile;
use indelible_archive::verify::Report;
use indelible_control::Operation;
use indelible_event::Time;
use serde::Deserialize;

use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::admin::parse_organization;
use crate::watcher;

/// Log files that one answer lists at most.
const LOG_FILES_MAX: usize = 1000;

/// Which organization; all if absent.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    /// RID of the organization.
    organization: Option<String>,
}

/// What is archived and what waits, for the organizations the caller may search; with an operation of the operator's also how the
/// journal and the bucket are.
#[utoipa::path(get, path = "/api/v1/archive", tag = "archive", responses((status = 200, body = ArchiveStatus)))]
pub(crate) async fn status(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<ArchiveStatus>, ApiError> {
    let scope = caller.scope(Operation::AuditSearch, None)?;
    Ok(Json(app.archive_status(&scope, watcher::watches(&caller))))
}

/// Which log files.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogFilesOf {
    /// RID of the organization.
    organization: String,
    /// How many, the newest first; at most 1,000. Default 100.
    limit: Option<usize>,
}

/// An organization's log files, the newest first, and when each was sealed, archived and read back.
#[utoipa::path(
    get, path = "/api/v1/archive/log-files", tag = "archive", params(LogFilesOf),
    responses((status = 200, body = Vec<ArchivedLogFile>), (status = 403, body = ErrorBody))
)]
pub(crate) async fn log_files(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(of): Query<LogFilesOf>,
) -> Result<Json<Vec<ArchivedLogFile>>, ApiError> {
    let organization = parse_organization(&of.organization)?;
    let scope = caller.scope(Operation::AuditSearch, Some(&organization))?;
    let files = app.inventory.snapshot(&scope);
    let newest = files.iter().rev().take(of.limit.unwrap_or(100).min(LOG_FILES_MAX));
    Ok(Json(newest.map(|file| described(file)).collect()))
}

fn described(file: &LogFile) -> ArchivedLogFile {
    let time = |us: i64| Time::from_us(us).to_string();
    ArchivedLogFile {
        object: file.object.clone(),
        generation: file.generation,
        first: file.first,
        last: file.last,
        bytes: file.bytes,
        sha256: hex::encode(file.sha256),
        received_first: time(file.received_first_us),
        received_last: time(file.received_last_us),
        sealed: time(file.sealed_us),
        archived: file.archived_us.map(time),
        read_back: file.read_back_us.map(time),
        lag_seconds: file.read_back_us.map(|us| (us - file.received_first_us) as f64 / 1e6),
    }
}

/// Seals and archives what is waiting now; answers when it is in the bucket and read back.
#[utoipa::path(
    post, path = "/api/v1/archive/seal", tag = "archive", params(Of),
    responses((status = 200, body = ArchiveStatus), (status = 403, body = ErrorBody), (status = 500, body = ErrorBody))
)]
pub(crate) async fn seal(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(of): Query<Of>,
) -> Result<Json<ArchiveStatus>, ApiError> {
    caller.require_platform(Operation::OperatorAdminister)?;
    let organization = of.organization.as_deref().map(parse_organization).transpose()?;
    app.seal_now(organization.as_ref()).await?;
    let scope = caller.scope(Operation::AuditSearch, None)?;
    Ok(Json(app.archive_status(&scope, watcher::watches(&caller))))
}

/// Checks the archive now as an auditor would, and compares it with the ledger; answers with the report when that is done,
/// which for a large archive may take hours.
#[utoipa::path(
    post, path = "/api/v1/archive/verify", tag = "archive",
    responses((status = 200, body = Object), (status = 403, body = ErrorBody), (status = 500, body = ErrorBody))
)]
pub(crate) async fn verify(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Report>, ApiError> {
    caller.require_platform(Operation::OperatorAdminister)?;
    let report = app.check_now().await?;
    Ok(Json(Report::clone(&report)))
}
