//! Signing in: the ways there are, the road to a provider and back, and the password of the embedded administrator.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use indelible_api::{ErrorBody, ErrorCode, LocalSignIn, PasswordAnswer, SetPassword, SignInProvider, SignInWays};
use indelible_control::{Control, StoredPassword};
use indelible_event::catalogue::typed::{
    ManagementUsers, ManagementUsersRequest, NoFields, SecretCreate, SecretCreateRequest, SecretCreateResult,
    SecretType,
};
use serde::Deserialize;

use crate::app::App;
use crate::audit::{Actor, AuditEvent, identifier};
use crate::auth::{Agent, Caller};
use crate::error::{ApiError, Input};
use crate::signin::{Answer, Cookie, Failure, PASSWORD, Passwords, SignedIn, cookie_header};

/// A failed sign-in is answered no earlier after the request came, whatever was wrong.
const FAILURES_TAKE: Duration = Duration::from_millis(500);

/// How one can sign in with a browser.
#[utoipa::path(get, path = "/auth/ways", tag = "sign-in", responses((status = 200, body = SignInWays)), security(()))]
pub(crate) async fn ways(State(app): State<Arc<App>>) -> Result<Json<SignInWays>, ApiError> {
    let public = app.sign_ins.public()?;
    let provider = |settings: &crate::config::Provider| SignInProvider {
        name: settings.name.clone(),
        title: settings.title.clone().unwrap_or_else(|| settings.name.clone()),
        url: public.address(&format!("/auth/sign-in/{}", settings.name)),
    };
    Ok(Json(SignInWays {
        local: app.config.sign_in.local,
        providers: app.sign_ins.providers().iter().map(|known| provider(&known.settings)).collect(),
        contact: app.config.sign_in.contact.clone(),
    }))
}

/// Where to go afterwards.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Then {
    /// A path of this server. Default `/`.
    #[serde(default)]
    then: Option<String>,
}

/// Sends a browser to the provider.
#[utoipa::path(
    get, path = "/auth/sign-in/{provider}", tag = "sign-in", params(("provider" = String, Path), Then),
    responses((status = 303), (status = 404, body = ErrorBody)), security(())
)]
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(Then { then }): Query<Then>,
    agent: Agent,
) -> Result<Response, ApiError> {
    let provider = app.sign_ins.provider(&name)?;
    match app.sign_ins.begin(provider, then.as_deref().unwrap_or("/"), app.now_us()).await {
        Ok((url, cookie)) => Ok(go(url.as_str(), &[cookie])),
        Err(failure) => back_with(&app, &failure, &name, &agent, &[]).await,
    }
}

/// What a provider sends back by the browser.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct Returned {
    /// To be redeemed for a token.
    code: Option<String>,
    /// Which sign-in is answered.
    state: Option<String>,
    /// Who answers.
    iss: Option<String>,
    /// Why nobody signed in.
    error: Option<String>,
}

/// Takes a browser back from the provider: it gets a session, or learns why not on the first page.
#[utoipa::path(
    get, path = "/auth/callback/{provider}", tag = "sign-in", params(("provider" = String, Path), Returned),
    responses((status = 303), (status = 404, body = ErrorBody)), security(())
)]
pub(crate) async fn callback(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(returned): Query<Returned>,
    headers: HeaderMap,
    agent: Agent,
) -> Result<Response, ApiError> {
    let provider = app.sign_ins.provider(&name)?;
    let answer = Answer {
        code: returned.code.as_deref(),
        state: returned.state.as_deref(),
        issuer: returned.iss.as_deref(),
        error: returned.error.as_deref(),
    };
    match app.answer_of_provider(provider, answer, &headers, &agent).await {
        Ok((cookies, then)) => Ok(go(&app.sign_ins.public()?.address(&then), &cookies)),
        Err(failure) => {
            let cookie = Cookie::Attempt.clear(app.sign_ins.public()?.https());
            back_with(&app, &failure, &name, &agent, &[cookie]).await
        }
    }
}

/// Tells why nobody signed in, in the log and on the first page.
async fn back_with(
    app: &App,
    failure: &Failure,
    provider: &str,
    agent: &Agent,
    cookies: &[String],
) -> Result<Response, ApiError> {
    tracing::info!(provider, reason = failure.code(), error = failure.in_full(), "sign-in failed");
    app.record_failure(failure, provider, agent).await?;
    let page = app.sign_ins.public()?.address(&format!("/?failed={}", failure.code()));
    Ok(go(&page, cookies))
}

fn go(address: &str, cookies: &[String]) -> Response {
    let cookies = cookies.iter().map(|cookie| (header::SET_COOKIE, cookie_header(cookie))).collect();
    let cookies = AppendHeaders::<Vec<_>>(cookies);
    (StatusCode::SEE_OTHER, [(header::LOCATION, address), (header::CACHE_CONTROL, "no-store")], cookies).into_response()
}

/// Signs the embedded administrator in with a password.
#[utoipa::path(
    post, path = "/auth/local", tag = "sign-in", request_body = LocalSignIn,
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)),
    security(())
)]
pub(crate) async fn local(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    agent: Agent,
    Input(request): Input<LocalSignIn>,
) -> Result<Response, ApiError> {
    let begun = Instant::now();
    require_local(&app)?;
    app.sign_ins.public()?.refuse_foreign(&headers)?;
    let new_password = request.new_password;
    if let Some(new_password) = &new_password {
        Passwords::check(new_password)?;
        if *new_password == request.password {
            return Err(ApiError::new(ErrorCode::InvalidRequest, "the new password must be another one"));
        }
    }
    let is_known = request.name == Control::ADMINISTRATOR;
    let Some(stored) = right_password(&app, is_known, request.password).await? else {
        let failure = Failure::Password { is_known };
        let (noted, recorded) =
            (app.listening.failures.note(agent.peer()), app.record_failure(&failure, PASSWORD, &agent).await);
        tokio::time::sleep(FAILURES_TAKE.saturating_sub(begun.elapsed())).await;
        recorded?;
        noted?;
        return Err(ApiError::new(ErrorCode::Unauthenticated, failure.to_string()));
    };
    match new_password {
        Some(password) => {
            let actor =
                Actor { id: Control::ADMINISTRATOR.into(), token_id: None, session_id: None, agent: agent.clone() };
            store_password(&app, &actor, password, false).await?;
        }
        None if stored.must_change => {
            let message = "this password was made by the server: choose another one and send it as newPassword too";
            return Err(ApiError::new(ErrorCode::PasswordMustChange, message));
        }
        None => {}
    }
    let signed_in = SignedIn { principal: Control::ADMINISTRATOR.into(), provider: None };
    let cookie = app.finish_sign_in(signed_in, &headers, &agent).await?;
    let headers = [(header::SET_COOKIE, cookie_header(&cookie)), (header::CACHE_CONTROL, NO_STORE)];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

const NO_STORE: header::HeaderValue = header::HeaderValue::from_static("no-store");

/// The stored password if the attempt may be made and is right. Takes as long if there is none.
async fn right_password(app: &App, is_known: bool, password: String) -> Result<Option<StoredPassword>, ApiError> {
    let failed = |error| ApiError::internal("check the password", error);
    let stored = if is_known { app.control.try_password(app.now_us()).await.map_err(failed)? } else { None };
    let hash = stored.as_ref().map(|stored| stored.hash.clone());
    if !app.sign_ins.passwords.verify(password, hash).await? {
        return Ok(None);
    }
    app.control.note_right_password().await.map_err(failed)?;
    Ok(stored)
}

/// Sets the password of the embedded administrator, with its token. Its sessions end.
#[utoipa::path(
    put, path = "/api/v1/administrator/password", tag = "sign-in", request_body = SetPassword,
    responses((status = 200, body = PasswordAnswer), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn set_password(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(SetPassword { password }): Input<SetPassword>,
) -> Result<Json<PasswordAnswer>, ApiError> {
    require_local(&app)?;
    if *caller.id != *Control::ADMINISTRATOR || caller.session().is_some() {
        let message = "only the administrator's token sets its password; it is in DATA-DIR/admin.token on the server";
        return Err(ApiError::new(ErrorCode::PermissionDenied, message));
    }
    let (text, is_made_here) = match password {
        Some(text) => (text, false),
        None => (made_password()?, true),
    };
    Passwords::check(&text)?;
    store_password(&app, &caller.actor(), text.clone(), is_made_here).await?;
    Ok(Json(PasswordAnswer { password: is_made_here.then_some(text) }))
}

fn require_local(app: &App) -> Result<(), ApiError> {
    if app.config.sign_in.local { Ok(()) } else { Err(ApiError::not_found("sign-in with a password (sign-in.local)")) }
}

/// A password of 144 random bits.
fn made_password() -> Result<String, ApiError> {
    let mut bytes = [0; 18];
    getrandom::fill(&mut bytes).map_err(|error| ApiError::internal("make a password", error))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Records and stores a password; all sessions of before end.
async fn store_password(app: &App, actor: &Actor, password: String, must_change: bool) -> Result<(), ApiError> {
    let failed = |error| ApiError::internal("set the password", error);
    let hash = app.sign_ins.passwords.hash(password).await?;
    // Recorded first: what fails then is asked for again, and recorded again.
    let event = AuditEvent::new::<SecretCreate>(
        "INDELIBLE_SET_PASSWORD",
        SecretCreateRequest::new(SecretType::Unknown),
        SecretCreateResult::new(vec![identifier(Control::ADMINISTRATOR)]),
    )
    .and::<ManagementUsers>(ManagementUsersRequest::new(vec![Control::ADMINISTRATOR.to_owned()]), NoFields {});
    app.audit_changes(actor, std::slice::from_ref(&app.config.operator_organization), event).await?;
    app.control.set_password(&hash, must_change).await.map_err(failed)?;
    app.control.end_sessions_of(Control::ADMINISTRATOR).await.map_err(failed).map(drop)
}
