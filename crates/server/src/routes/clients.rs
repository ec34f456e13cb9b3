//! OAuth clients of an organization.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use indelible_api::{ClientAnswer, ClientSummary, CreateClient, ErrorBody};
use indelible_control::{Client, Grant, Operation};
use indelible_event::Time;
use indelible_event::catalogue::typed::{
    Identifier, ManagementPermissions, ManagementPermissionsRequest, ManagementUsers, ManagementUsersRequest, NoFields,
    SecretCreate, SecretCreateRequest, SecretCreateResult, SecretDeprecate, SecretDeprecateRequest, SecretType,
};
use serde::Deserialize;

use crate::app::App;
use crate::audit::{AuditEvent, identifier, permissions};
use crate::auth::Caller;
use crate::error::{ApiError, Input};
use crate::routes::admin::{parse_operations, parse_organization};

/// Whose clients.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    /// RID of the organization.
    organization: String,
}

/// Lists the clients of an organization, oldest first.
#[utoipa::path(
    get, path = "/api/v1/clients", tag = "organizations", params(Of),
    responses((status = 200, body = Vec<ClientSummary>), (status = 403, body = ErrorBody))
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(of): Query<Of>,
) -> Result<Json<Vec<ClientSummary>>, ApiError> {
    let organization = parse_organization(&of.organization)?;
    caller.require(Operation::OrganizationAdminister, &organization)?;
    Ok(Json(app.control.clients(&organization).iter().map(|client| summary(client)).collect()))
}

/// Creates a client. Its secret is in the answer and nowhere else.
#[utoipa::path(
    post, path = "/api/v1/clients", tag = "organizations", request_body = CreateClient,
    responses((status = 201, body = ClientAnswer), (status = 403, body = ErrorBody))
)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(request): Input<CreateClient>,
) -> Result<(StatusCode, Json<ClientAnswer>), ApiError> {
    let organization = parse_organization(&request.organization)?;
    caller.require(Operation::OrganizationAdminister, &organization)?;
    let operations = parse_operations(&request.name, &request.operations, Some(&organization))?;
    let grant = Grant { name: request.name, target: Some(organization), operations, expires_at_us: None };
    let created = app.control.create_client(&grant, &caller, app.now_us()).await;
    let created = created.map_err(|error| ApiError::internal("create the client", error))?;
    let (client, secret) = created.ok_or_else(|| ApiError::not_found("organization of that name"))?;
    // A secret that is not recorded is not told to anybody.
    let created = SecretCreateResult::new(vec![identifier(&client.id)]);
    let event = client_event("INDELIBLE_CREATE_CLIENT", &client)
        .and::<SecretCreate>(SecretCreateRequest::new(SecretType::Unknown), created)
        .and::<ManagementPermissions>(granted(&client), NoFields {});
    app.audit_change(&caller.actor(), &client.organization, event).await?;
    let answer = ClientAnswer { client_id: client.id.to_string(), client_secret: secret.reveal().to_owned() };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Revokes a client: its secret and its access tokens end at once.
#[utoipa::path(
    delete, path = "/api/v1/clients/{clientId}", tag = "organizations", params(("clientId" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody))
)]
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let administers =
        |client: &Arc<Client>| caller.require(Operation::OrganizationAdminister, &client.organization).is_ok();
    let missing = || ApiError::not_found("client with that id");
    let client = app.control.client(&id).filter(administers).ok_or_else(missing)?;
    // Recorded first: what fails then is asked for again, and recorded again.
    let event = client_event("INDELIBLE_REVOKE_CLIENT", &client)
        .and::<SecretDeprecate>(SecretDeprecateRequest::new(identifier(&client.id)), NoFields {});
    app.audit_change(&caller.actor(), &client.organization, event).await?;
    let revoked = app.control.revoke_client(&id).await;
    let revoked = revoked.map_err(|error| ApiError::internal("revoke the client", error))?;
    if revoked { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) }
}

/// That something was done with the user that a client is.
fn client_event(name: &'static str, client: &Client) -> AuditEvent {
    AuditEvent::new::<ManagementUsers>(name, ManagementUsersRequest::new(vec![client.id.to_string()]), NoFields {})
}

/// What a new client may do.
fn granted(client: &Client) -> ManagementPermissionsRequest {
    let facts: Vec<_> = client.operations.iter().map(|operation| ("operation", operation.as_str())).collect();
    permissions(Identifier::Rid(client.organization.to_string()), &facts)
}

fn summary(client: &Client) -> ClientSummary {
    ClientSummary {
        client_id: client.id.to_string(),
        name: client.name.to_string(),
        organization: client.organization.to_string(),
        operations: client.operations.iter().map(|operation| operation.as_str().to_owned()).collect(),
        created: Time::from_us(client.created_at_us).to_string(),
    }
}
