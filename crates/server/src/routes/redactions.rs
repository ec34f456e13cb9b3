//! Redaction of entries of an organization.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use indelible_api::{ErrorBody, ErrorCode, RedactEntries, RedactionState, RequestState};

use crate::app::App;
use crate::auth::Caller;
use crate::error::{ApiError, Input};
use crate::requests::Action;

/// Which entries of an organization's log are redacted, and what still holds their contents.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/redactions", tag = "organizations",
    params(("organization" = String, Path)),
    responses((status = 200, body = RedactionState), (status = 404, body = ErrorBody))
)]
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
) -> Result<Json<RedactionState>, ApiError> {
    let organization = caller.administered(&organization)?;
    let state = app.redaction_state(&organization).await;
    state.map(Json).map_err(|error| ApiError::internal("look up what is redacted", error))
}

/// Asks for entries to lose their content for ever, which cannot be undone. It always waits for a second person.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/redactions", tag = "organizations", request_body = RedactEntries,
    params(("organization" = String, Path)),
    responses((status = 202, body = RequestState), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
    Input(RedactEntries { generation, entries, reason }): Input<RedactEntries>,
) -> Result<(StatusCode, Json<RequestState>), ApiError> {
    let organization = caller.administered(&organization)?;
    if reason.trim().is_empty() {
        let message = "say why, in \"reason\": it is recorded in the log";
        return Err(ApiError::new(ErrorCode::InvalidRequest, message));
    }
    let newest = app.ledger.find(&organization).map_or(1, |log| log.generation);
    let generation = generation.unwrap_or(newest);
    app.ensure_redactable(&organization, generation, &entries).await?;
    let asked = app.ask(&caller, &organization, &Action::Redact { generation, entries }, &reason, None).await?;
    Ok((StatusCode::ACCEPTED, Json(asked)))
}
