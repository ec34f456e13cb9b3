//! What waits for a second person.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use indelible_api::{ErrorBody, RequestState};
use indelible_control::Request;

use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::requests::state;

/// Requests in one answer, the newest ones.
const LISTED_MAX: u32 = 1000;

/// Lists what was asked for about an organization, newest first: for who administers it.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/requests", tag = "requests", params(("organization" = String, Path)),
    responses((status = 200, body = Vec<RequestState>), (status = 404, body = ErrorBody))
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
) -> Result<Json<Vec<RequestState>>, ApiError> {
    let organization = caller.administered(&organization)?;
    states(&app, app.control.requests(&organization, LISTED_MAX).await)
}

/// Lists what the caller asked for, newest first.
#[utoipa::path(
    get, path = "/api/v1/requests", tag = "requests", responses((status = 200, body = Vec<RequestState>))
)]
pub(crate) async fn own(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Vec<RequestState>>, ApiError> {
    states(&app, app.control.requests_by(&caller, LISTED_MAX).await)
}

/// One request: for who asked, and for who administers its organization.
#[utoipa::path(
    get, path = "/api/v1/requests/{requestId}", tag = "requests", params(("requestId" = String, Path)),
    responses((status = 200, body = RequestState), (status = 404, body = ErrorBody))
)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RequestState>, ApiError> {
    let request = app.visible(&caller, &id).await?;
    state(&request, app.now_us()).map(Json)
}

/// Approves a request, and does what it asks for. Whoever asked cannot, nor a token that they made.
#[utoipa::path(
    post, path = "/api/v1/requests/{requestId}/approve", tag = "requests", params(("requestId" = String, Path)),
    responses((status = 200, body = RequestState), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
pub(crate) async fn approve(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RequestState>, ApiError> {
    app.approve(&caller, &id).await.map(Json)
}

/// Refuses a request.
#[utoipa::path(
    post, path = "/api/v1/requests/{requestId}/refuse", tag = "requests", params(("requestId" = String, Path)),
    responses((status = 200, body = RequestState), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
pub(crate) async fn refuse(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RequestState>, ApiError> {
    app.refuse(&caller, &id).await.map(Json)
}

/// Withdraws a request that waits, or ends an investigation at once: for who asked, and for who administers the organization.
#[utoipa::path(
    post, path = "/api/v1/requests/{requestId}/withdraw", tag = "requests", params(("requestId" = String, Path)),
    responses((status = 200, body = RequestState), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
pub(crate) async fn withdraw(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RequestState>, ApiError> {
    app.withdraw(&caller, &id).await.map(Json)
}

fn states(
    app: &App,
    requests: Result<Vec<Request>, indelible_control::ControlError>,
) -> Result<Json<Vec<RequestState>>, ApiError> {
    let requests = requests.map_err(|error| ApiError::internal("list requests", error))?;
    requests.iter().map(|request| state(request, app.now_us())).collect::<Result<Vec<_>, _>>().map(Json)
}
