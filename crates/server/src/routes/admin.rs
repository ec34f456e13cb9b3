//! Organizations and tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use indelible_api::{
    CreateOrganization, CreateToken, ErrorBody, ErrorCode, OrganizationSummary, TokenAnswer, TokenSummary,
};
use indelible_control::{Grant, Grantee, Operation, Role, Token};
use indelible_event::catalogue::typed::{TokenRevoke, TokenRevokeRequest, TokenRevokeResult};
use indelible_event::{Organization, Time};
use serde::Deserialize;

use crate::app::App;
use crate::audit::{self, AuditEvent, token_generation};
use crate::auth::Caller;
use crate::error::{ApiError, Input};
use crate::routes::grants;

/// Longest name of a token or client.
const NAME_BYTES: usize = 128;

/// Lists the organizations whose log the caller may search.
#[utoipa::path(get, path = "/api/v1/organizations", tag = "organizations", responses((status = 200, body = Vec<OrganizationSummary>)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Vec<OrganizationSummary>>, ApiError> {
    let scope = caller.scope(Operation::AuditSearch, None)?;
    Ok(Json(scope.organizations().iter().map(|organization| app.summary(organization)).collect()))
}

/// Creates an organization; the caller becomes its administrator.
#[utoipa::path(
    post, path = "/api/v1/organizations", tag = "organizations", request_body = CreateOrganization,
    responses((status = 201, body = OrganizationSummary), (status = 409, body = ErrorBody))
)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(request): Input<CreateOrganization>,
) -> Result<(StatusCode, Json<OrganizationSummary>), ApiError> {
    let organization = parse_organization(&request.organization)?;
    let administrator = request.administrator.as_deref().map(grants::parse::<Grantee>).transpose()?;
    if !app.create_organization(&organization, &caller).await? {
        return Err(ApiError::new(ErrorCode::AlreadyExists, format!("organization {organization} exists")));
    }
    if let Some(administrator) = administrator {
        let (target, role) = (Some(&organization), Role::OrganizationAdministrator);
        app.grant(&caller, &administrator, target, role).await?;
    }
    Ok((StatusCode::CREATED, Json(app.summary(&organization))))
}

/// Creates a token. It is in the answer and nowhere else.
#[utoipa::path(
    post, path = "/api/v1/tokens", tag = "organizations", request_body = CreateToken,
    responses((status = 201, body = TokenAnswer), (status = 403, body = ErrorBody))
)]
pub(crate) async fn create_token(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(request): Input<CreateToken>,
) -> Result<(StatusCode, Json<TokenAnswer>), ApiError> {
    let target = administered(&caller, &request.organization)?;
    let operations = parse_operations(&request.name, &request.operations, target.as_ref())?;
    if request.ttl_seconds == Some(0) {
        return Err(ApiError::new(ErrorCode::InvalidRequest, "ttlSeconds must be at least 1"));
    }
    if let Some(adapter) = &request.adapter {
        app.adapters.find(adapter).map_err(|why| ApiError::new(ErrorCode::InvalidRequest, why))?;
    }
    let now_us = app.now_us();
    let expires_at_us = request
        .ttl_seconds
        .map(|ttl| now_us.saturating_add(i64::try_from(ttl).unwrap_or(i64::MAX / 2_000_000).saturating_mul(1_000_000)));
    let grant = Grant { name: request.name, target, operations, expires_at_us };
    let failed = |error: anyhow::Error| ApiError::internal("create the token", error);
    let secret = app.control.create_token(&grant, &caller, now_us).await.map_err(|error| failed(error.into()))?;
    // A token that is not recorded is not told to anybody.
    let principal = app.control.authenticate(secret.reveal(), now_us);
    let principal = principal.ok_or_else(|| failed(anyhow::anyhow!("it has ended before it began")))?;
    if let Some(adapter) = &request.adapter {
        app.control.set_adapter(&principal.id, adapter).await.map_err(|error| failed(error.into()))?;
    }
    let operations = grant.operations.iter().map(|operation| operation.as_str()).collect::<Vec<_>>().join(", ");
    let through = request.adapter.map(|adapter| format!(" through the adapter {adapter}")).unwrap_or_default();
    let description = format!("{} for {}{through}", operations, grant.name);
    let event = token_generation("INDELIBLE_CREATE_TOKEN", &principal, expires_at_us, Some(description));
    let organization = grant.target.as_ref().unwrap_or(&app.config.operator_organization);
    app.audit_change(&caller.actor(), organization, event).await?;
    Ok((StatusCode::CREATED, Json(TokenAnswer { token: secret.reveal().to_owned() })))
}

/// On what something is listed.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct On {
    /// RID of the organization, or `*` for the operator's reach.
    organization: String,
}

impl On {
    /// What is meant, if the caller administers it.
    pub(crate) fn administered(&self, caller: &Caller) -> Result<Option<Organization>, ApiError> {
        administered(caller, &self.organization)
    }
}

/// Lists tokens, oldest first, without their secrets.
#[utoipa::path(
    get, path = "/api/v1/tokens", tag = "organizations", params(On),
    responses((status = 200, body = Vec<TokenSummary>), (status = 403, body = ErrorBody))
)]
pub(crate) async fn list_tokens(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(on): Query<On>,
) -> Result<Json<Vec<TokenSummary>>, ApiError> {
    let target = on.administered(&caller)?;
    let tokens = app.control.tokens(target.as_ref()).await;
    let tokens = tokens.map_err(|error| ApiError::internal("list the tokens", error))?;
    Ok(Json(tokens.iter().map(summary).collect()))
}

/// Ends a token at once.
#[utoipa::path(
    delete, path = "/api/v1/tokens/{tokenId}", tag = "organizations", params(("tokenId" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 400, body = ErrorBody))
)]
pub(crate) async fn revoke_token(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let failed = |error| ApiError::internal("revoke the token", error);
    let missing = || ApiError::not_found("token with that id");
    let token = app.control.token(&id).await.map_err(failed)?;
    let token = token.filter(|token| ensure_administers(&caller, token.target.as_ref()).is_ok()).ok_or_else(missing)?;
    if token.is_administrators() {
        let message = "the administrator's token cannot be revoked: nobody could make another";
        return Err(ApiError::new(ErrorCode::InvalidRequest, message));
    }
    // Recorded first: what fails then is asked for again, and recorded again.
    let revoked = TokenRevokeResult::new(vec![audit::token(&token.id, &token.principal, token.expires_at_us)]);
    let event = AuditEvent::new::<TokenRevoke>("INDELIBLE_REVOKE_TOKEN", TokenRevokeRequest::default(), revoked);
    let organization = token.target.as_ref().unwrap_or(&app.config.operator_organization);
    app.audit_change(&caller.actor(), organization, event).await?;
    let revoked = app.control.revoke_token(&id).await.map_err(failed)?;
    if revoked { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) }
}

fn summary(token: &Token) -> TokenSummary {
    let time = |us: i64| Time::from_us(us).to_string();
    TokenSummary {
        token_id: token.id.clone(),
        principal: token.principal.clone(),
        name: token.name.clone(),
        organization: token.target.as_ref().map_or("*", Organization::as_str).to_owned(),
        operations: token.operations.iter().map(|operation| operation.as_str().to_owned()).collect(),
        created: time(token.created_at_us),
        expires: token.expires_at_us.map(time),
        last_used: token.last_used_us.map(time),
        adapter: token.adapter.clone(),
    }
}

/// An organization as a request names it; the operator's reach if it says `*`.
pub(crate) fn parse_target(text: &str) -> Result<Option<Organization>, ApiError> {
    if text == "*" { Ok(None) } else { parse_organization(text).map(Some) }
}

/// The same, if the caller administers it.
pub(crate) fn administered(caller: &Caller, text: &str) -> Result<Option<Organization>, ApiError> {
    let target = parse_target(text)?;
    ensure_administers(caller, target.as_ref())?;
    Ok(target)
}

pub(crate) fn ensure_administers(caller: &Caller, target: Option<&Organization>) -> Result<(), ApiError> {
    match target {
        Some(organization) => Ok(caller.require(Operation::OrganizationAdminister, organization)?),
        None => Ok(caller.require_platform(Operation::OperatorAdminister)?),
    }
}

/// What whoever is called `name` may do on `target`, the platform if that is absent.
pub(crate) fn parse_operations(
    name: &str,
    operations: &[String],
    target: Option<&Organization>,
) -> Result<Vec<Operation>, ApiError> {
    let invalid = |message: String| ApiError::new(ErrorCode::InvalidRequest, message);
    let parsed: Result<Vec<Operation>, _> = operations.iter().map(|name| name.trim().parse()).collect();
    let parsed = parsed.map_err(|error| invalid(format!("{error}")))?;
    if parsed.is_empty() || name.is_empty() || name.len() > NAME_BYTES {
        return Err(invalid(format!("give a name of 1 to {NAME_BYTES} bytes and at least one operation")));
    }
    let (possible, elsewhere) = match target {
        Some(_) => (Operation::OF_ORGANIZATION, "is an operator's operation; ask for it with the organization '*'"),
        None => (Operation::OF_PLATFORM, "is granted on one organization, not on '*'"),
    };
    match parsed.iter().find(|operation| !possible.contains(operation)) {
        Some(operation) => Err(invalid(format!("{operation} {elsewhere}"))),
        None => Ok(parsed),
    }
}

/// An organization as a request names it.
pub(crate) fn parse_organization(text: &str) -> Result<Organization, ApiError> {
    text.parse().map_err(|error| ApiError::new(ErrorCode::InvalidRequest, format!("{error}")))
}
