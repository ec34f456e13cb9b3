//! How people sign in: by OpenID Connect, or the embedded administrator with a password; and their sessions.
//!
//! A person is who a provider says; what they may do is in the grants (`control`). A session is a secret in a cookie; whoever
//! changes something by it also shows a token that no other site can read. Start reading at [`App::finish_sign_in`].

mod attempt;
mod cookie;
mod password;
mod provider;
mod token;
mod trace;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use indelible_api::ErrorCode;
use indelible_control::{Control, Person, Session};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::app::App;
use crate::auth::Agent;
use crate::config::Config;
use crate::error::ApiError;

use attempt::{Attempt, Attempts};
use provider::{Profile, ProviderError};
use trace::Seldom;

pub(crate) use cookie::Cookie;
pub(crate) use password::Passwords;
pub(crate) use provider::{Provider, is_private};
pub(crate) use trace::{Failure, PASSWORD, SignInCounts};

/// The header with the token that goes with a session.
pub(crate) const CSRF_HEADER: &str = "x-indelible-csrf";
/// Longest path to which a browser goes after it signed in.
const PATH_BYTES_MAX: usize = 512;

/// What signing in needs.
pub(crate) struct SignIns {
    providers: Vec<Provider>,
    attempts: Attempts,
    pub(crate) passwords: Passwords,
    failures_recorded: Seldom,
    pub(crate) counts: SignInCounts,
    public: OnceLock<Option<Public>>,
}

/// Where browsers reach the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Public {
    /// Scheme, host and port, as browsers write an origin.
    origin: String,
    /// The same server by its other name, where only this machine reaches it.
    alias: Option<String>,
    https: bool,
}

/// A browser that comes back from a provider.
pub(crate) struct Answer<'a> {
    pub(crate) code: Option<&'a str>,
    pub(crate) state: Option<&'a str>,
    pub(crate) issuer: Option<&'a str>,
    /// Why the provider did not sign anybody in.
    pub(crate) error: Option<&'a str>,
}

impl SignIns {
    /// Reads what the configuration names. No provider is asked for anything yet.
    pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
        let providers = config.sign_in.provider.iter().cloned().map(Provider::new).collect::<anyhow::Result<_>>()?;
        Ok(Self {
            providers,
            attempts: Attempts::new()?,
            passwords: Passwords::new()?,
            failures_recorded: Seldom::default(),
            counts: SignInCounts::default(),
            public: OnceLock::new(),
        })
    }

    /// Notes where the server listens, for where browsers reach it if the configuration does not say.
    pub(crate) fn listens_at(&self, config: &Config, address: SocketAddr, own: &str) {
        let public = match &config.public_url {
            Some(url) => Some(Public::new(url, false)),
            None if address.ip().is_loopback() => own.parse().ok().map(|own| Public::new(&own, true)),
            None => None,
        };
        if public.as_ref().is_some_and(|public| !public.https && public.alias.is_none()) {
            tracing::warn!("public-url is not https: passwords and sessions can be read on the way");
        }
        _ = self.public.set(public);
    }

    /// Where browsers reach the server, if anybody can sign in at all.
    pub(crate) fn public(&self) -> Result<&Public, ApiError> {
        self.public.get().and_then(Option::as_ref).ok_or_else(|| {
            let message = "nobody can sign in with a browser: set public-url in the server's configuration to where browsers reach it";
            ApiError::new(ErrorCode::InvalidRequest, message)
        })
    }

    /// The providers, in the order of the configuration.
    pub(crate) fn providers(&self) -> &[Provider] {
        &self.providers
    }

    pub(crate) fn provider(&self, name: &str) -> Result<&Provider, ApiError> {
        let found = self.providers.iter().find(|provider| provider.settings.name == name);
        found.ok_or_else(|| ApiError::not_found("such provider"))
    }

    /// The provider that a person signed in by, if it is still configured.
    pub(crate) fn provider_of(&self, person: &Person) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.settings.name == person.provider)
    }

    /// Where to send a browser that signs in, and the cookie that it keeps meanwhile. `then` is where it wants to go afterwards.
    pub(crate) async fn begin(&self, provider: &Provider, then: &str, now_us: i64) -> Result<(Url, String), Failure> {
        let public = self.public()?;
        let name = &provider.settings.name;
        let attempt = Attempt::begin(name, public.local_path(then), now_us);
        let attempt = attempt.map_err(|error| ApiError::internal("begin to sign in", error))?;
        let url = provider.authorization_url(&attempt, &public.callback(name)).await?;
        Ok((url, Cookie::Attempt.set(public.https, &self.attempts.seal(&attempt))))
    }
}

impl Public {
    fn new(url: &Url, is_own: bool) -> Self {
        let origin = url.origin().ascii_serialization();
        let port = url.port_or_known_default().unwrap_or_default();
        let alias = is_own.then(|| format!("{}://localhost:{port}", url.scheme()));
        Self { origin, alias, https: url.scheme() == "https" }
    }

    /// Whether cookies are for https only.
    pub(crate) fn https(&self) -> bool {
        self.https
    }

    /// The address of one of our paths.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    fn callback(&self, provider: &str) -> String {
        self.address(&format!("/auth/callback/{provider}"))
    }

    /// `path` if it is one of this server, whatever a browser makes of it; else the first page.
    fn local_path<'a>(&self, path: &'a str) -> &'a str {
        let joined = self.origin.parse::<Url>().ok().and_then(|base| base.join(path).ok());
        let stays = joined.is_some_and(|url| url.origin().ascii_serialization() == self.origin);
        let plain = path.starts_with('/') && !path.starts_with("//") && path.len() <= PATH_BYTES_MAX;
        let printable = path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        if stays && plain && printable { path } else { "/" }
    }

    /// Whether a page of this origin may act here.
    fn is_origin(&self, origin: &str) -> bool {
        origin == self.origin || self.alias.as_deref() == Some(origin)
    }

    /// Refuses what a browser says comes from another site's page.
    pub(crate) fn refuse_foreign(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        if origins.all(|origin| origin.to_str().is_ok_and(|origin| self.is_origin(origin))) {
            return Ok(());
        }
        let message =
            format!("this comes from a page of another site; the pages of this server are at {}", self.origin);
        Err(ApiError::new(ErrorCode::CrossSite, message))
    }
}

/// The token that goes with the session of this secret. Only who can read our answers knows it.
pub(crate) fn csrf_token(session_secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(csrf_mac(session_secret).finalize().into_bytes())
}

/// Refuses a request that changes something by the session of this secret, unless it shows its token.
pub(crate) fn check_csrf(session_secret: &str, headers: &HeaderMap) -> Result<(), ApiError> {
    let shown = headers.get(CSRF_HEADER).and_then(|text| URL_SAFE_NO_PAD.decode(text.as_bytes()).ok());
    let is_right = shown.is_some_and(|shown| csrf_mac(session_secret).verify_slice(&shown).is_ok());
    is_right.then_some(()).ok_or_else(|| {
        let message = "a session changes something only with the header X-Indelible-Csrf, whose value is csrfToken of GET /api/v1/me";
        ApiError::new(ErrorCode::CrossSite, message)
    })
}

fn csrf_mac(session_secret: &str) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(&Sha256::digest(session_secret.as_bytes()));
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(b"indelible/csrf/v1");
    mac
}

/// Who signed in, and how.
pub(crate) struct SignedIn {
    /// Id of the principal.
    pub(crate) principal: Arc<str>,
    /// Name of the provider; `None` for a password.
    pub(crate) provider: Option<String>,
}

impl App {
    /// What a browser brings back from a provider becomes a session: the cookies to set, and where to go.
    pub(crate) async fn answer_of_provider(
        &self,
        provider: &Provider,
        answer: Answer<'_>,
        headers: &HeaderMap,
        agent: &Agent,
    ) -> Result<(Vec<String>, String), Failure> {
        let public = self.sign_ins.public()?;
        let cookie = Cookie::Attempt.read(public.https, headers).ok_or(Failure::NotBegun)?;
        let state = answer.state.ok_or(Failure::NotBegun)?;
        let attempt = self.sign_ins.attempts.take(cookie, state, self.now_us()).ok_or(Failure::NotBegun)?;
        if attempt.provider != provider.settings.name || !provider.may_answer_as(answer.issuer).await? {
            return Err(Failure::Mixed);
        }
        if answer.error.is_some() {
            return Err(Failure::Refused);
        }
        let code = answer.code.ok_or(Failure::NotBegun)?;
        let redirect_uri = public.callback(&provider.settings.name);
        let profile = provider.exchange(code, &attempt, &redirect_uri, self.now_us()).await?;
        let signed_in = self.note_person(provider, profile, agent).await?;
        let session = self.finish_sign_in(signed_in, headers, agent).await?;
        Ok((vec![session, Cookie::Attempt.clear(public.https)], attempt.then))
    }

    async fn note_person(&self, provider: &Provider, profile: Profile, agent: &Agent) -> Result<SignedIn, ApiError> {
        let (settings, now_us) = (&provider.settings, self.now_us());
        let id: Arc<str> = Person::id_of(&settings.issuer, &profile.subject).into();
        let before = self.control.person(&id);
        let person = Person {
            name: profile.name.or_else(|| profile.email.clone()).unwrap_or_else(|| profile.subject.clone()),
            email: profile.email,
            provider: settings.name.clone(),
            issuer: settings.issuer.clone(),
            subject: profile.subject,
            groups: profile.groups.into_iter().collect(),
            created_at_us: before.as_ref().map_or(now_us, |before| before.created_at_us),
            signed_in_at_us: now_us,
            id: Arc::clone(&id),
        };
        // Recorded first: what fails then is done at the next sign-in, and recorded again.
        self.record_person(before.as_deref(), &person, agent).await?;
        let noted = self.control.note_sign_in(&person).await;
        noted.map_err(|error| ApiError::internal("note who signed in", error))?;
        Ok(SignedIn { principal: id, provider: Some(settings.name.clone()) })
    }

    /// Begins a session of whom has shown who they are, and records that: the cookie to set. The session that the browser had
    /// before ends.
    pub(crate) async fn finish_sign_in(
        &self,
        signed_in: SignedIn,
        headers: &HeaderMap,
        agent: &Agent,
    ) -> Result<String, ApiError> {
        let failed = |error| ApiError::internal("begin the session", error);
        let public = self.sign_ins.public()?;
        if let Some(old) = self.session(headers) {
            self.control.end_session(&old.id).await.map_err(failed)?;
        }
        let now_us = self.now_us();
        let seconds = i64::try_from(self.config.sign_in.session_seconds).unwrap_or(i64::MAX / 2_000_000);
        let expires_at_us = now_us + seconds * 1_000_000;
        let secret = self.control.create_session(&signed_in.principal, now_us, expires_at_us).await.map_err(failed)?;
        let session = self.control.authenticate_session(secret.reveal(), i64::MAX, now_us);
        let session = session
            .ok_or_else(|| ApiError::internal("begin the session", anyhow::anyhow!("it has ended before it began")))?;
        // A session that is not recorded is not given to anybody.
        if let Err(error) = self.record_sign_in(&signed_in, &session, agent).await {
            self.control.end_session(&session.id).await.map_err(failed)?;
            return Err(error);
        }
        self.sign_ins.counts.succeeded();
        Ok(Cookie::Session.set(public.https, secret.reveal()))
    }

    /// The living session of a request.
    pub(crate) fn session(&self, headers: &HeaderMap) -> Option<Arc<Session>> {
        self.session_and_secret(headers).map(|(session, _)| session)
    }

    /// The same, with its secret.
    pub(crate) fn session_and_secret<'a>(&self, headers: &'a HeaderMap) -> Option<(Arc<Session>, &'a str)> {
        let public = self.sign_ins.public().ok()?;
        let secret = Cookie::Session.read(public.https, headers)?;
        let idle_us = i64::try_from(self.config.sign_in.idle_seconds).unwrap_or(i64::MAX / 2_000_000) * 1_000_000;
        Some((self.control.authenticate_session(secret, idle_us, self.now_us())?, secret))
    }
}

/// Ends sessions of those who could not sign in any more.
pub(crate) async fn end_sessions_of_others(control: &Control, config: &Config) -> anyhow::Result<()> {
    let settings = &config.sign_in;
    let may_stay = |provider: Option<&str>| match provider {
        None => settings.local,
        Some(name) => settings.provider.iter().any(|provider| provider.name == name),
    };
    let ended = control.end_sessions_unless(may_stay).await?;
    if ended > 0 {
        tracing::info!(ended, "sessions ended: the configuration no longer has the way they signed in");
    }
    Ok(())
}

/// A `Set-Cookie` header; the text is ours and printable.
pub(crate) fn cookie_header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_browser_is_sent_to_paths_of_this_server_only() {
        let public = Public::new(&"https://audit.example.com".parse().unwrap(), false);
        for (path, expected) in [
            ("/", "/"),
            ("/cases?x=1&y=%2F#z", "/cases?x=1&y=%2F#z"),
            ("", "/"),
            ("cases", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("/\n//evil.example", "/"),
            ("https://evil.example", "/"),
            ("https://audit.example.com/x", "/"),
            ("javascript:alert(1)", "/"),
            (" /x", "/"),
            ("/é", "/"),
            (&*format!("/{}", "x".repeat(600)), "/"),
        ] {
            assert_eq!(public.local_path(path), expected, "{path:?}");
        }
    }

    #[test]
    fn only_pages_of_this_server_act_in_a_session() {
        let check = |public: &str, is_own, origins: &[&'static str], expected| {
            let public = Public::new(&public.parse().unwrap(), is_own);
            let mut headers = HeaderMap::new();
            origins.iter().for_each(|origin| _ = headers.append(header::ORIGIN, origin.parse().unwrap()));
            assert_eq!(public.refuse_foreign(&headers).is_ok(), expected, "{origins:?}");
        };
        check("https://audit.example.com", false, &[], true);
        check("https://audit.example.com", false, &["https://audit.example.com"], true);
        check("https://audit.example.com:443", false, &["https://audit.example.com"], true);
        for foreign in [
            "http://audit.example.com",
            "https://evil.example",
            "null",
            "",
            "https://audit.example.com:8443",
            "https://audit.example.com.evil.example",
        ] {
            check("https://audit.example.com", false, &[foreign], false);
        }
        check("https://audit.example.com", false, &["https://audit.example.com", "https://evil.example"], false);
        check("http://127.0.0.1:7070", true, &["http://localhost:7070"], true);
        check("http://127.0.0.1:7070", false, &["http://localhost:7070"], false);
        check("http://127.0.0.1:7070", true, &["http://localhost:7071"], false);
    }

    #[test]
    fn the_token_of_one_session_is_not_that_of_another() {
        let check = |secret: &str, token: &str, expected| {
            let mut headers = HeaderMap::new();
            headers.insert(CSRF_HEADER, token.parse().unwrap());
            assert_eq!(check_csrf(secret, &headers).is_ok(), expected, "{token}");
        };
        let token = csrf_token("a");
        check("a", &token, true);
        check("b", &token, false);
        check("a", &token[1..], false);
        check("a", "", false);
        assert!(check_csrf("a", &HeaderMap::new()).is_err());
    }
}
