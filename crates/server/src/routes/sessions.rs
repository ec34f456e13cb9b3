//! Who one is, and the end of one's sessions.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use indelible_api::{ErrorBody, ErrorCode, Me, MyOrganization, MySession, SignedOut};
use indelible_control::Operation;
use indelible_event::{Organization, Time};

use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::signin::{Cookie, cookie_header, csrf_token};

/// Who sends this request, by session or token, and what they may do.
#[utoipa::path(get, path = "/api/v1/me", tag = "sign-in", responses((status = 200, body = Me), (status = 401, body = ErrorBody)))]
pub(crate) async fn me(State(app): State<Arc<App>>, caller: Caller) -> Response {
    let person = app.control.person(&caller.id);
    let session = caller.session().map(|(session, secret)| MySession {
        session_id: session.id.to_string(),
        ends: Time::from_us(session.expires_at_us).to_string(),
        idle_seconds: app.config.sign_in.idle_seconds,
        csrf_token: csrf_token(secret),
    });
    let rights = caller.rights();
    let names = |target: Option<&Organization>| {
        rights.on(target).into_iter().map(Operation::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let organizations = rights.targets().flatten();
    let organizations = organizations.map(|organization| MyOrganization {
        organization: organization.to_string(),
        operations: names(Some(organization)),
    });
    let me = Me {
        principal: caller.id.to_string(),
        name: caller.name.to_string(),
        email: person.as_ref().and_then(|person| person.email.clone()),
        provider: person.as_ref().map(|person| person.provider.clone()),
        groups: person.as_ref().map(|person| person.groups.iter().cloned().collect()).unwrap_or_default(),
        session,
        operations: names(None),
        organizations: organizations.collect(),
        contact: app.config.sign_in.contact.clone(),
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(me)).into_response()
}

/// Ends this session.
#[utoipa::path(
    post, path = "/auth/sign-out", tag = "sign-in",
    responses((status = 200, body = SignedOut), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn sign_out(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, ApiError> {
    end(&app, &caller, false).await
}

/// Ends all sessions of whoever asks.
#[utoipa::path(
    post, path = "/auth/sign-out-everywhere", tag = "sign-in",
    responses((status = 200, body = SignedOut), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn sign_out_everywhere(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, ApiError> {
    end(&app, &caller, true).await
}

async fn end(app: &App, caller: &Caller, everywhere: bool) -> Result<Response, ApiError> {
    let failed = |error| ApiError::internal("end the session", error);
    let Some((session, _)) = caller.session() else {
        let message = "a token has no session; revoke it with DELETE /api/v1/tokens/ID";
        return Err(ApiError::new(ErrorCode::InvalidRequest, message));
    };
    // Recorded first: what fails then is asked for again, and recorded again.
    app.record_sign_out(session, caller.agent(), everywhere).await?;
    let ended = match everywhere {
        true => app.control.end_sessions_of(&caller.id).await.map_err(failed)?,
        false => u64::from(app.control.end_session(&session.id).await.map_err(failed)?),
    };
    let public = app.sign_ins.public()?;
    let person = app.control.person(&caller.id);
    let provider_sign_out = match person.as_deref().and_then(|person| app.sign_ins.provider_of(person)) {
        Some(provider) => provider.end_session_url(&public.address("/")).await.map(String::from),
        None => None,
    };
    let cookie = cookie_header(&Cookie::Session.clear(public.https()));
    Ok(([(header::SET_COOKIE, cookie)], Json(SignedOut { ended, provider_sign_out })).into_response())
}
