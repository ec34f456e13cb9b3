//! Encryption of an organization's content.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use indelible_api::{EncryptionState, EraseKey, ErrorBody, ErrorCode, RequestState};

use crate::app::App;
use crate::auth::Caller;
use crate::error::{ApiError, Input};
use crate::requests::Action;

/// Whether the content of an organization's log is encrypted, and which keys were erased.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/encryption", tag = "organizations",
    params(("organization" = String, Path)),
    responses((status = 200, body = EncryptionState), (status = 404, body = ErrorBody))
)]
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
) -> Result<Json<EncryptionState>, ApiError> {
    Ok(Json(app.encryption_state(&caller.administered(&organization)?)))
}

/// Encrypts the content of what comes in from now on. It stays on.
#[utoipa::path(
    put, path = "/api/v1/organizations/{organization}/encryption", tag = "organizations",
    params(("organization" = String, Path)),
    responses((status = 200, body = EncryptionState), (status = 404, body = ErrorBody))
)]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
) -> Result<Json<EncryptionState>, ApiError> {
    let organization = caller.administered(&organization)?;
    app.encrypt(&caller.actor(), &organization).await?;
    Ok(Json(app.encryption_state(&organization)))
}

/// Destroys the keys of the content so far, and with them all content that is encrypted under them. This cannot be undone. It is
/// only asked for, and waits for a second person: the answer is 202 then.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/encryption/erase", tag = "organizations", request_body = EraseKey,
    params(("organization" = String, Path)),
    responses((status = 200, body = EncryptionState), (status = 202, body = RequestState), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub(crate) async fn erase(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
    Input(EraseKey { reason, yes }): Input<EraseKey>,
) -> Result<Response, ApiError> {
    let organization = caller.administered(&organization)?;
    let refused = |message: &str| Err(ApiError::new(ErrorCode::InvalidRequest, message.to_owned()));
    if !yes {
        return refused("all encrypted content of the organization so far would be gone for ever; say yes to that");
    }
    if reason.trim().is_empty() {
        return refused("say why, in \"reason\": it is recorded in the log");
    }
    let Some(key) = app.encryption_state(&organization).key else {
        return refused("the organization's content is not encrypted, so there is no key to erase");
    };
    if app.config.four_eyes {
        let asked = app.ask(&caller, &organization, &Action::EraseContent { key }, &reason, None).await?;
        return Ok((StatusCode::ACCEPTED, Json(asked)).into_response());
    }
    let key = key.parse().map_err(|error| ApiError::internal("name the key", error))?;
    app.erase_keys(&caller.actor(), &organization, key, &reason).await?;
    Ok(Json(app.encryption_state(&organization)).into_response())
}
