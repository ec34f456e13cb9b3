//! State of the archive; sealing and checking on demand.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use indelible_api::{ArchiveStatus, ErrorBody};
use indelible_archive::verify::Report;
use indelible_control::Operation;
use serde::Deserialize;

use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::admin::parse_organization;

/// Which organization; all if absent.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    /// RID of the organization.
    organization: Option<String>,
}

/// What is archived and what waits, for the organizations the caller may search.
#[utoipa::path(get, path = "/api/v1/archive", tag = "archive", responses((status = 200, body = ArchiveStatus)))]
pub(crate) async fn status(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<ArchiveStatus>, ApiError> {
    let scope = caller.scope(Operation::AuditSearch, None)?;
    Ok(Json(app.archive_status(&scope)))
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
    Ok(Json(app.archive_status(&scope)))
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
