//! Access tokens for clients, by OAuth 2.0 client credentials (RFC 6749) and revocation (RFC 7009), at the paths that Palantir
//! Foundry has for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indelible_api::{AccessToken, OauthErrorBody};
use indelible_control::{ApiScope, Client};
use indelible_event::catalogue::typed::{TokenRevoke, TokenRevokeRequest, TokenRevokeResult};
use url::form_urlencoded;

use crate::app::App;
use crate::audit::{Actor, AuditEvent, named, token_generation};
use crate::auth::Agent;
use crate::error::ApiError;

/// How long an access token is valid.
const ACCESS_TOKEN_SECONDS: u32 = 3600;
/// The scope by which a client asks for a refresh token. It is taken and not granted: with its secret a client gets a new access
/// token at any time.
const OFFLINE_ACCESS: &str = "offline_access";

/// Gives a client an access token, which is in the answer and nowhere else.
///
/// The client names itself by HTTP Basic authentication or by `client_id` and `client_secret` in the form. Without `scope` the
/// token allows all that the client may do.
#[utoipa::path(
    post, path = "/multipass/api/oauth2/token", tag = "oauth",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "grant_type=client_credentials and, if wanted, scope"),
    responses((status = 200, body = AccessToken), (status = 400, body = OauthErrorBody), (status = 401, body = OauthErrorBody)),
    security(())
)]
pub(crate) async fn token(
    State(app): State<Arc<App>>,
    agent: Agent,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, OauthError> {
    let form = Form::read(&headers, body)?;
    let client = authenticate(&app, &agent, &headers, &form)?;
    match form.get("grant_type") {
        Some("client_credentials") => {}
        Some(_) => {
            return Err(OauthError::new("unsupported_grant_type", "grant_type must be client_credentials"));
        }
        None => return Err(OauthError::new("invalid_request", "grant_type is missing")),
    }
    let scopes = form.get("scope").map(parse_scopes).transpose()?;
    let now_us = app.now_us();
    let expires_at_us = now_us + i64::from(ACCESS_TOKEN_SECONDS) * 1_000_000;
    let created = app.control.create_access_token(&client, scopes.as_deref(), now_us, expires_at_us).await;
    let token = created.map_err(|error| ApiError::internal("create the access token", error))?;
    let token = token.ok_or_else(OauthError::invalid_client)?;
    // A token that is not recorded is not told to anybody.
    let principal = app.control.authenticate(token.reveal(), now_us).ok_or_else(OauthError::invalid_client)?;
    let event = token_generation("INDELIBLE_CREATE_ACCESS_TOKEN", &principal, Some(expires_at_us), None);
    app.audit_change(&actor(&client, agent), &client.organization, event).await?;
    let scopes = scopes.unwrap_or_else(|| ApiScope::ALL.iter().copied().filter(|scope| may(&client, *scope)).collect());
    let answer = AccessToken {
        access_token: token.reveal().to_owned(),
        token_type: "Bearer".to_owned(),
        expires_in: ACCESS_TOKEN_SECONDS.into(),
        scope: scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "),
    };
    Ok((NOT_STORED, Json(answer)).into_response())
}

/// Ends an access token of the client. Answers the same for a token that is not its own or has ended.
#[utoipa::path(
    post, path = "/multipass/api/oauth2/revoke_token", tag = "oauth",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "token=TOKEN"),
    responses((status = 200), (status = 400, body = OauthErrorBody), (status = 401, body = OauthErrorBody)),
    security(())
)]
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    agent: Agent,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, OauthError> {
    let form = Form::read(&headers, body)?;
    let client = authenticate(&app, &agent, &headers, &form)?;
    let token = form.get("token").ok_or_else(|| OauthError::new("invalid_request", "token is missing"))?;
    let principal = app.control.authenticate(token, app.now_us()).filter(|principal| principal.id == client.id);
    let Some(principal) = principal else { return Ok(StatusCode::OK) };
    // Recorded first: what fails then is asked for again, and recorded again.
    let revoked = TokenRevokeResult::new(vec![named(&principal, None)]);
    let event = AuditEvent::new::<TokenRevoke>("INDELIBLE_REVOKE_ACCESS_TOKEN", TokenRevokeRequest::default(), revoked);
    app.audit_change(&actor(&client, agent), &client.organization, event).await?;
    let revoked = app.control.revoke_access_token(&client, token).await;
    revoked.map_err(|error| ApiError::internal("revoke the access token", error))?;
    Ok(StatusCode::OK)
}

fn actor(client: &Client, agent: Agent) -> Actor {
    Actor { id: Arc::clone(&client.id), token_id: None, session_id: None, agent }
}

const NOT_STORED: [(header::HeaderName, &str); 2] = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];

/// The scopes asked for, without repeats.
fn parse_scopes(text: &str) -> Result<Vec<ApiScope>, OauthError> {
    let mut scopes = Vec::new();
    for name in text.split_ascii_whitespace().filter(|name| *name != OFFLINE_ACCESS) {
        let Some(scope) = ApiScope::parse(name) else {
            return Err(OauthError::new("invalid_scope", format!("there is no scope {name:?}")));
        };
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}

fn may(client: &Client, scope: ApiScope) -> bool {
    scope.operations().iter().all(|operation| client.operations.contains(operation))
}

fn authenticate(app: &App, agent: &Agent, headers: &HeaderMap, form: &Form) -> Result<Arc<Client>, OauthError> {
    let (id, secret) = match headers.get(header::AUTHORIZATION) {
        Some(header) => {
            if form.get("client_secret").is_some() {
                return Err(OauthError::new("invalid_request", "send the client's secret in one way, not in two"));
            }
            basic(header).ok_or_else(OauthError::invalid_client)?
        }
        None => match (form.get("client_id"), form.get("client_secret")) {
            (Some(id), Some(secret)) => (id.to_owned(), secret.to_owned()),
            _ => return Err(OauthError::invalid_client()),
        },
    };
    match app.control.authenticate_client(&id, &secret) {
        Some(client) => Ok(client),
        None => {
            app.listening.failures.note(agent.peer())?;
            Err(OauthError::invalid_client())
        }
    }
}

/// Client id and secret of Basic authentication. Ours are written as they are: percent-encoding leaves their characters alone.
fn basic(header: &HeaderValue) -> Option<(String, String)> {
    let (scheme, credentials) = header.to_str().ok()?.split_once(' ')?;
    let decoded = STANDARD.decode(credentials.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The fields of a request.
struct Form(BTreeMap<String, String>);

impl Form {
    fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Self, OauthError> {
        let invalid = |why: &str| OauthError::new("invalid_request", why);
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(invalid("the body must be application/x-www-form-urlencoded"));
        }
        let body = body.map_err(|_| invalid("the body is too large or did not arrive"))?;
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(&body) {
            if fields.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(invalid("a field comes twice"));
            }
        }
        Ok(Self(fields))
    }

    /// A field that is there and not empty.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// A failed request for a token.
pub(crate) enum OauthError {
    Refused { error: &'static str, description: String },
    Failed(ApiError),
}

impl OauthError {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self::Refused { error, description: description.into() }
    }

    /// The same answer whether the client or the secret is wrong.
    fn invalid_client() -> Self {
        Self::new("invalid_client", "there is no such client, or this is not its secret")
    }
}

impl From<ApiError> for OauthError {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let (error, description) = match self {
            Self::Failed(error) => return error.into_response(),
            Self::Refused { error, description } => (error, description),
        };
        let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        let body = OauthErrorBody { error: error.to_owned(), error_description: description };
        let mut response = (status, NOT_STORED, Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"indelible\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
