//! Who calls: by a bearer token, or by the cookie of a session, looked up before anything else is read; and where the request
//! came from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::{HeaderMap, header, request::Parts};
use indelible_api::ErrorCode;
use indelible_control::{Operation, Principal, Session};
use indelible_event::Organization;

use crate::app::App;
use crate::audit::Actor;
use crate::error::ApiError;
use crate::listen::tls::Certificate;
use crate::signin::check_csrf;

/// Most addresses kept of a request, and most bytes of its user agent: an event holds no more.
const ORIGINS_MAX: usize = 64;
const USER_AGENT_BYTES_MAX: usize = 1024;

/// The authenticated principal of a request.
pub(crate) struct Caller {
    principal: Arc<Principal>,
    /// With its secret, if it is by a session that the request comes.
    session: Option<(Arc<Session>, String)>,
    agent: Agent,
}

impl Caller {
    /// As audit events name it.
    pub(crate) fn actor(&self) -> Actor {
        let Principal { id, token_id, .. } = &*self.principal;
        let session_id = self.session.as_ref().map(|(session, _)| Arc::clone(&session.id));
        let token_id = session_id.is_none().then(|| Arc::clone(token_id));
        Actor { id: Arc::clone(id), token_id, session_id, agent: self.agent.clone() }
    }

    /// The session by which the request comes, with its secret.
    pub(crate) fn session(&self) -> Option<(&Arc<Session>, &str)> {
        self.session.as_ref().map(|(session, secret)| (session, secret.as_str()))
    }

    /// How the request came.
    pub(crate) fn agent(&self) -> &Agent {
        &self.agent
    }
}

impl Caller {
    /// The organization with this RID, if the caller may do `operation` on it. What is no RID, what does not exist and what is
    /// not theirs are all the same.
    pub(crate) fn organization(&self, rid: &str, operation: Operation) -> Option<Organization> {
        rid.parse().ok().filter(|organization| self.require(operation, organization).is_ok())
    }

    /// The same of an organization that the caller administers.
    pub(crate) fn administered(&self, rid: &str) -> Result<Organization, ApiError> {
        let organization = self.organization(rid, Operation::OrganizationAdminister);
        organization.ok_or_else(|| ApiError::not_found("such organization"))
    }
}

impl Deref for Caller {
    type Target = Principal;
    fn deref(&self) -> &Principal {
        &self.principal
    }
}

/// How a request came, as far as it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Agent {
    /// As the caller calls itself.
    pub(crate) user_agent: Option<String>,
    /// Addresses it came from, the first one first: those that proxies added, else the peer's. They can be made up.
    pub(crate) origins: Vec<String>,
    /// The peer's address.
    pub(crate) source_origin: Option<String>,
}

impl Agent {
    fn new(headers: &HeaderMap, peer: Option<IpAddr>) -> Self {
        let source_origin = peer.map(|peer| peer.to_canonical().to_string());
        let user_agent = headers.get(header::USER_AGENT).and_then(|text| text.to_str().ok());
        let user_agent = user_agent.filter(|text| !text.is_empty() && text.len() <= USER_AGENT_BYTES_MAX);
        let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|text| text.to_str().ok());
        let forwarded = forwarded.flat_map(|text| text.split(',')).filter_map(|text| text.trim().parse().ok());
        let mut origins: Vec<String> = forwarded.take(ORIGINS_MAX).map(|address: IpAddr| address.to_string()).collect();
        if origins.is_empty() {
            origins.extend(source_origin.clone());
        }
        Self { user_agent: user_agent.map(str::to_owned), origins, source_origin }
    }
}

impl Agent {
    /// The peer's address.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        self.source_origin.as_ref()?.parse().ok()
    }
}

impl<S: Sync> FromRequestParts<S> for Agent {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::new(&parts.headers, peer(parts)))
    }
}

/// Who has this certificate, which was verified when the connection began.
fn by_certificate(app: &App, certificate: &Certificate, parts: &Parts) -> Result<Arc<Principal>, ApiError> {
    let refuse = |message| ApiError::new(ErrorCode::Unauthenticated, message);
    if parts.headers.contains_key(header::ORIGIN) || parts.headers.contains_key("sec-fetch-site") {
        // A browser presents its certificate whatever page asks it to.
        return Err(refuse("certificates are for producers, not for browsers: send a token"));
    }
    let principal = app.control.authenticate_certificate(&certificate.names);
    if let Some(principal) = principal.filter(|_| certificate.ends_us > app.now_us()) {
        return Ok(principal);
    }
    app.listening.failures.note(peer(parts))?;
    Err(refuse(
        "the certificate has ended, or not exactly one name of its subjectAltName is registered: `indelible certificate create`",
    ))
}

/// Whom the connection is from: unlike what headers say, that cannot be made up.
fn peer(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let refuse = |message| ApiError::new(ErrorCode::Unauthenticated, message);
        let Ok(agent) = Agent::from_request_parts(parts, app).await;
        let Some(header) = parts.headers.get(header::AUTHORIZATION) else {
            let session = by_session(parts, app)?;
            if let (None, Some(certificate)) = (&session, parts.extensions.get::<Arc<Certificate>>()) {
                let principal = by_certificate(app, certificate, parts)?;
                return Ok(Self { principal, session: None, agent });
            }
            let session = session.ok_or_else(|| {
                refuse("this needs a token: send the header `Authorization: Bearer TOKEN`; the administrator's token is in DATA-DIR/admin.token on the server. With a browser, sign in at /")
            })?;
            return Ok(Self { principal: Arc::clone(&session.0.principal), session: Some(session), agent });
        };
        let token = header
            .to_str()
            .ok()
            .and_then(|text| text.strip_prefix("Bearer "))
            .ok_or_else(|| refuse("the Authorization header must be `Bearer TOKEN`"))?;
        let Some(principal) = app.control.authenticate(token.trim(), app.now_us()) else {
            app.listening.failures.note(peer(parts))?;
            return Err(refuse("the token is unknown or has ended"));
        };
        Ok(Self { principal, session: None, agent })
    }
}

/// The session of a request, which has to show more if it changes something: a browser sends cookies whoever asks it to.
fn by_session(parts: &Parts, app: &App) -> Result<Option<(Arc<Session>, String)>, ApiError> {
    let Some((session, secret)) = app.session_and_secret(&parts.headers) else { return Ok(None) };
    if !parts.method.is_safe() {
        app.sign_ins.public()?.refuse_foreign(&parts.headers)?;
        check_csrf(secret, &parts.headers)?;
    }
    Ok(Some((session, secret.to_owned())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_are_those_of_proxies_or_the_peer_and_nothing_else() {
        let check = |headers: &[(&'static str, &str)], expected: (Option<&str>, &[&str])| {
            let mut map = HeaderMap::new();
            headers.iter().for_each(|(name, value)| _ = map.append(*name, value.parse().unwrap()));
            let agent = Agent::new(&map, Some("::ffff:192.0.2.1".parse().unwrap()));
            let origins: Vec<&str> = agent.origins.iter().map(String::as_str).collect();
            assert_eq!((agent.user_agent.as_deref(), &*origins), expected, "{headers:?}");
            assert_eq!(agent.source_origin.as_deref(), Some("192.0.2.1"));
        };
        check(&[], (None, &["192.0.2.1"]));
        check(&[("user-agent", "curl/8"), ("x-forwarded-for", "a secret")], (Some("curl/8"), &["192.0.2.1"]));
        let forwarded = [("x-forwarded-for", "198.51.100.7, x, 2001:db8::1"), ("x-forwarded-for", "203.0.113.9")];
        check(&forwarded, (None, &["198.51.100.7", "2001:db8::1", "203.0.113.9"]));
        check(&[("user-agent", &"x".repeat(1025))], (None, &["192.0.2.1"]));
    }
}
