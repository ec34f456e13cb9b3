//! Break-glass: the operator reads whole entries of one organization, for a while, with its approval, and it sees each step.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use indelible_api::{
    Count, CreateInvestigation, EntryProof, ErrorBody, ErrorCode, RequestState, SearchRequest, SqlRequest,
};
use indelible_control::Operation;
use indelible_event::catalogue::typed::{DataLoad, DataLoadRequest, DataSearchRequest, NoFields};

use crate::app::App;
use crate::audit::{AuditEvent, resource, shortened};
use crate::auth::Caller;
use crate::error::{ApiError, Input};
use crate::requests::{self, Action};
use crate::routes::admin::parse_organization;
use crate::routes::{proof, search};

/// Longest name of a ticket.
const TICKET_BYTES_MAX: usize = 128;

/// Asks an organization to let the operator see whole entries. It begins when who administers the organization approves it; in an
/// emergency at once, where the operator's configuration has that way.
#[utoipa::path(
    post, path = "/api/v1/investigations", tag = "requests", request_body = CreateInvestigation,
    responses((status = 201, body = RequestState), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(asked): Input<CreateInvestigation>,
) -> Result<(StatusCode, Json<RequestState>), ApiError> {
    caller.require_platform(Operation::OperatorInvestigate)?;
    let invalid = |message: String| Err(ApiError::new(ErrorCode::InvalidRequest, message));
    let organization = parse_organization(&asked.organization)?;
    if !app.control.has_organization(&organization) {
        return Err(ApiError::not_found("such organization"));
    }
    if asked.reason.trim().is_empty() || asked.ticket.trim().is_empty() || asked.ticket.len() > TICKET_BYTES_MAX {
        return invalid(format!("give a reason, and a ticket of at most {TICKET_BYTES_MAX} bytes"));
    }
    let limits = &app.config.investigations;
    let (hours_max, way) = match asked.emergency {
        true => (limits.emergency_hours_max, "investigations.emergency-hours-max"),
        false => (limits.hours_max, "investigations.hours-max"),
    };
    if asked.emergency && hours_max == 0 {
        let message = "this server has no way around the approval (investigations.emergency-hours-max is 0)";
        return Err(ApiError::new(ErrorCode::PermissionDenied, message));
    }
    if asked.hours == 0 || asked.hours > hours_max {
        return invalid(format!("hours must be from 1 to {hours_max} ({way})"));
    }
    let action = Action::Investigate { ticket: asked.ticket, hours: asked.hours };
    let emergency_hours = asked.emergency.then_some(asked.hours);
    let state = app.ask(&caller, &organization, &action, &asked.reason, emergency_hours).await?;
    if asked.emergency {
        tracing::warn!(%organization, request = state.request_id, "an emergency investigation began without an approval");
    }
    Ok((StatusCode::CREATED, Json(state)))
}

/// Finds events by an investigation, whole ones. The organization reads the query in its log before the answer goes out.
#[utoipa::path(
    post, path = "/api/v1/investigations/{requestId}/search", tag = "requests", request_body = SearchRequest,
    params(("requestId" = String, Path)),
    responses(
        (status = 200, description = "One event a line", body = String, content_type = "application/x-ndjson"),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn search(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Input(request): Input<SearchRequest>,
) -> Result<Response, ApiError> {
    let (scope, ticket) = app.investigation(&caller, &id).await?;
    let answer = search::find(&app, &scope, &request).await;
    let event = searched("INDELIBLE_INVESTIGATION_SEARCH", &request, &id, &ticket).ended(&answer);
    app.audit_investigation(&caller, &scope, event).await?;
    answer
}

/// Counts events by an investigation. The organization reads the query in its log before the answer goes out.
#[utoipa::path(
    post, path = "/api/v1/investigations/{requestId}/search/count", tag = "requests", request_body = SearchRequest,
    params(("requestId" = String, Path)),
    responses((status = 200, body = Count), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub(crate) async fn count(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Input(request): Input<SearchRequest>,
) -> Result<Json<Count>, ApiError> {
    let (scope, ticket) = app.investigation(&caller, &id).await?;
    let answer = search::count_found(&app, &scope, &request).await;
    let event = searched("INDELIBLE_INVESTIGATION_COUNT", &request, &id, &ticket).ended(&answer);
    app.audit_investigation(&caller, &scope, event).await?;
    answer
}

/// What is recorded of a search by the investigation `id`.
fn searched(name: &'static str, request: &SearchRequest, id: &str, ticket: &str) -> AuditEvent {
    let mut fields = search::search_fields(request);
    fields.data_search_context.extend(requests::by(id, ticket));
    search::searched(name, fields)
}

/// Runs SQL by an investigation. The organization reads the query in its log before the answer goes out.
#[utoipa::path(
    post, path = "/api/v1/investigations/{requestId}/sql", tag = "requests", request_body = SqlRequest,
    params(("requestId" = String, Path)),
    responses(
        (status = 200, description = "One row a line", body = String, content_type = "application/x-ndjson"),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn sql(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Input(request): Input<SqlRequest>,
) -> Result<Response, ApiError> {
    let (scope, ticket) = app.investigation(&caller, &id).await?;
    let answer = search::query(&app, &scope, &request).await;
    let mut fields = DataSearchRequest::new(Some(shortened(&request.query)));
    fields.data_search_context = requests::by(&id, &ticket);
    let event = search::searched("INDELIBLE_INVESTIGATION_SQL", fields).ended(&answer);
    app.audit_investigation(&caller, &scope, event).await?;
    answer
}

/// One whole entry with its proof, by an investigation.
#[utoipa::path(
    get, path = "/api/v1/investigations/{requestId}/entries/{logEntryId}", tag = "requests",
    params(("requestId" = String, Path), ("logEntryId" = String, Path)),
    responses((status = 200, body = EntryProof), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub(crate) async fn entry(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, log_entry_id)): Path<(String, String)>,
) -> Result<Json<EntryProof>, ApiError> {
    let (scope, ticket) = app.investigation(&caller, &id).await?;
    let proof = proof::prove(&app, &scope, &log_entry_id).await;
    let mut loaded = resource(&log_entry_id);
    loaded.context = requests::by(&id, &ticket);
    let event = AuditEvent::new::<DataLoad>(
        "INDELIBLE_INVESTIGATION_GET_ENTRY",
        DataLoadRequest::new(vec![loaded]),
        NoFields {},
    );
    app.audit_investigation(&caller, &scope, event.ended(&proof)).await?;
    proof.map(Json)
}
