//! A provider of OpenID Connect: where it is, its keys, and how a code becomes claims (authorization code flow with PKCE).
//!
//! What it says of itself and its keys are kept for an hour. A key that is not known is asked for at once, but not without end:
//! who can bring us tokens with made-up key ids cannot make us trouble the provider.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures::StreamExt as _;
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::sync::{Mutex, Semaphore};
use url::Url;

use super::attempt::Attempt;
use super::token::{self, Claims, Expected, TokenError};
use crate::config;

/// Longest answer of a provider.
const ANSWER_BYTES_MAX: usize = 256 << 10;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long what a provider says of itself, and its keys, are believed.
const KEPT: Duration = Duration::from_secs(3600);
/// How often a provider is asked for its keys or its description at most: so many times in this time.
const ASKED_MAX: (usize, Duration) = (6, Duration::from_secs(60));
/// Codes that are exchanged at one time.
const EXCHANGES: usize = 16;
/// Most groups of a person, and the longest name of one.
const GROUPS_MAX: usize = 1000;
const GROUP_BYTES_MAX: usize = 256;
/// Longest name or e-mail address that is kept.
const TEXT_BYTES_MAX: usize = 256;

/// A configured provider.
pub(crate) struct Provider {
    pub(crate) settings: config::Provider,
    secret: Option<String>,
    http: reqwest::Client,
    known: Mutex<Known>,
    exchanges: Semaphore,
}

/// What is known of a provider.
#[derive(Default)]
struct Known {
    metadata: Option<(Arc<Metadata>, Instant)>,
    keys: Option<(Arc<Vec<Jwk>>, Instant)>,
    /// When it was asked lately, oldest first.
    asked: VecDeque<Instant>,
}

/// What a provider says of itself (OpenID Connect Discovery 1.0).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    userinfo_endpoint: Option<Url>,
    end_session_endpoint: Option<Url>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// Whether each of its answers names it (RFC 9207).
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
    access_token: Option<String>,
}

/// Who signed in, as the provider says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) subject: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) groups: Vec<String>,
}

/// Why nobody signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It did not answer, or not as a provider does. Another attempt may go better.
    #[error("the provider does not answer as it should")]
    Away(#[source] anyhow::Error),
    /// It did not take the code: that was used, is not its own, or is too old.
    #[error("the provider refused the code: {0}")]
    Code(String),
    /// It answered with a token that is not believed.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// What it says of the person cannot be kept.
    #[error("{0}")]
    Profile(String),
}

type Result<T> = std::result::Result<T, ProviderError>;

impl Provider {
    /// The provider of these settings. It is not asked for anything yet.
    pub(crate) fn new(settings: config::Provider) -> anyhow::Result<Self> {
        let name = &settings.name;
        let secret = settings.client_secret_file.as_deref().map(read_secret).transpose();
        let secret = secret.with_context(|| format!("read the client's secret of the provider {name}"))?;
        let mut http = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        if let Some(path) = &settings.ca_file {
            let certificates = std::fs::read(path)
                .map_err(anyhow::Error::from)
                .and_then(|pem| Ok(reqwest::Certificate::from_pem_bundle(&pem)?))
                .with_context(|| format!("read the certificates of the provider {name} in {}", path.display()))?;
            http = http.tls_certs_only(certificates);
        }
        let http = http.build().with_context(|| format!("prepare to reach the provider {name}"))?;
        Ok(Self { settings, secret, http, known: Mutex::default(), exchanges: Semaphore::new(EXCHANGES) })
    }

    /// Where to send the browser that begins `attempt`, to come back to `redirect_uri`.
    pub(super) async fn authorization_url(&self, attempt: &Attempt, redirect_uri: &str) -> Result<Url> {
        let mut url = self.metadata().await?.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &self.settings.scopes.join(" "))
            .append_pair("state", &attempt.state())
            .append_pair("nonce", &attempt.nonce())
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Where to send a browser that wants to sign out there too.
    pub(crate) async fn end_session_url(&self, return_to: &str) -> Option<Url> {
        let mut url = self.metadata().await.ok()?.end_session_endpoint.clone()?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", return_to);
        Some(url)
    }

    /// Whether an answer that names this issuer, or none, can be this provider's (RFC 9207).
    pub(crate) async fn may_answer_as(&self, issuer: Option<&str>) -> Result<bool> {
        match issuer {
            Some(issuer) => Ok(issuer == self.settings.issuer),
            None => Ok(!self.metadata().await?.authorization_response_iss_parameter_supported),
        }
    }

    /// Who signed in, by the code that the browser brought back.
    pub(super) async fn exchange(
        &self,
        code: &str,
        attempt: &Attempt,
        redirect_uri: &str,
        now_us: i64,
    ) -> Result<Profile> {
        let _place = self.exchanges.acquire().await.map_err(|error| ProviderError::Away(error.into()))?;
        let metadata = self.metadata().await?;
        let answer = self.redeem(&metadata, code, attempt, redirect_uri).await?;
        let expected = Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce: &attempt.nonce(),
            now_seconds: now_us as f64 / 1e6,
        };
        let claims = self.verify(&answer.id_token, &expected).await?;
        let mut told = claims.rest;
        let groups_claim = self.settings.groups_claim.as_str();
        if let (Some(endpoint), Some(token)) = (&metadata.userinfo_endpoint, &answer.access_token)
            && [groups_claim, "name", "email"].iter().any(|claim| !told.contains_key(*claim))
        {
            let more = self.userinfo(endpoint, token, &claims.sub).await?;
            more.into_iter().for_each(|(claim, value)| _ = told.entry(claim).or_insert(value));
        }
        profile(claims.sub, &told, groups_claim)
    }

    async fn redeem(
        &self,
        metadata: &Metadata,
        code: &str,
        attempt: &Attempt,
        redirect_uri: &str,
    ) -> Result<TokenAnswer> {
        let id = self.settings.client_id.as_str();
        let verifier = attempt.verifier();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", &verifier),
        ];
        let mut request = self.http.post(metadata.token_endpoint.clone());
        match &self.secret {
            None => form.push(("client_id", id)),
            Some(secret) if metadata.takes_secrets_in_forms_only() => {
                form.extend([("client_id", id), ("client_secret", secret)]);
            }
            // RFC 6749, 2.3.1, has them encoded as in forms first.
            Some(secret) => request = request.basic_auth(encoded(id), Some(encoded(secret))),
        }
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        request = request.header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        let (status, body) = self.answer(request).await.map_err(ProviderError::Away)?;
        if status.is_client_error() {
            return Err(ProviderError::Code(error_code(&body)));
        }
        read_json(status, &body).map_err(ProviderError::Away)
    }

    /// The claims of an ID token. Where it is signed with a key that is not known, the keys are asked for once more.
    async fn verify(&self, id_token: &str, expected: &Expected<'_>) -> Result<Claims> {
        let keys = self.keys(None).await?;
        match token::verify(id_token, &keys, expected) {
            Err(TokenError::UnknownKey) => {
                let newer = self.keys(Some(&keys)).await?;
                Ok(token::verify(id_token, &newer, expected)?)
            }
            verified => Ok(verified?),
        }
    }

    async fn userinfo(&self, endpoint: &Url, token: &str, subject: &str) -> Result<Map<String, Value>> {
        let answer = self.answer(self.http.get(endpoint.clone()).bearer_auth(token)).await;
        let told: Map<String, Value> = answer
            .and_then(|(status, body)| read_json(status, &body))
            .context("ask for what it tells of the person")
            .map_err(ProviderError::Away)?;
        // Another person's claims must not come with this one's token (OpenID Connect Core 1.0, 5.3.2).
        if told.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(TokenError::Claim("sub").into());
        }
        Ok(told)
    }

    async fn metadata(&self) -> Result<Arc<Metadata>> {
        let mut known = self.known.lock().await;
        if let Some((metadata, since)) = &known.metadata
            && since.elapsed() < KEPT
        {
            return Ok(Arc::clone(metadata));
        }
        known.note_asking()?;
        let metadata = Arc::new(self.discover().await.map_err(ProviderError::Away)?);
        known.metadata = Some((Arc::clone(&metadata), Instant::now()));
        Ok(metadata)
    }

    async fn discover(&self) -> anyhow::Result<Metadata> {
        let issuer = &self.settings.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let (status, body) = self.answer(self.http.get(address)).await?;
        let metadata: Metadata = read_json(status, &body)?;
        if metadata.issuer != *issuer {
            anyhow::bail!("it calls itself {:?}, not {issuer:?}; the configuration must say the same", metadata.issuer);
        }
        let Metadata { authorization_endpoint, token_endpoint, jwks_uri, .. } = &metadata;
        let optional = metadata.userinfo_endpoint.iter().chain(&metadata.end_session_endpoint);
        for endpoint in [authorization_endpoint, token_endpoint, jwks_uri].into_iter().chain(optional) {
            anyhow::ensure!(is_private(endpoint), "its endpoint {endpoint} is not https");
        }
        Ok(metadata)
    }

    /// Its keys, and newer ones than `unlike` if it may be asked for them.
    async fn keys(&self, unlike: Option<&Arc<Vec<Jwk>>>) -> Result<Arc<Vec<Jwk>>> {
        let metadata = self.metadata().await?;
        let mut known = self.known.lock().await;
        if let Some((keys, since)) = &known.keys
            && since.elapsed() < KEPT
            && !unlike.is_some_and(|unlike| Arc::ptr_eq(unlike, keys))
        {
            return Ok(Arc::clone(keys));
        }
        known.note_asking()?;
        let answer = self.answer(self.http.get(metadata.jwks_uri.clone())).await;
        let set: KeySet = answer
            .and_then(|(status, body)| read_json(status, &body))
            .context("ask for its keys")
            .map_err(ProviderError::Away)?;
        // Keys of kinds that are not known here are other people's business.
        let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
        let keys = Arc::new(keys);
        known.keys = Some((Arc::clone(&keys), Instant::now()));
        Ok(keys)
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> anyhow::Result<(reqwest::StatusCode, Vec<u8>)> {
        let response = request.header(reqwest::header::ACCEPT, "application/json").send().await?;
        let status = response.status();
        let (mut body, mut chunks) = (Vec::new(), response.bytes_stream());
        while let Some(chunk) = chunks.next().await {
            body.extend_from_slice(&chunk?);
            anyhow::ensure!(body.len() <= ANSWER_BYTES_MAX, "its answer is longer than {ANSWER_BYTES_MAX} bytes");
        }
        Ok((status, body))
    }
}

impl Known {
    /// Counts a request to the provider, unless there were too many lately.
    fn note_asking(&mut self) -> Result<()> {
        let (times, time) = ASKED_MAX;
        while self.asked.front().is_some_and(|at| at.elapsed() >= time) {
            self.asked.pop_front();
        }
        if self.asked.len() >= times {
            let why = anyhow::anyhow!("it was asked {times} times in the last minute and is left alone now");
            return Err(ProviderError::Away(why));
        }
        self.asked.push_back(Instant::now());
        Ok(())
    }
}

impl Metadata {
    /// Whether it wants the client's secret in the form. Without a word of it, it takes Basic authentication.
    fn takes_secrets_in_forms_only(&self) -> bool {
        let takes = |method: &str| self.token_endpoint_auth_methods_supported.iter().any(|known| known == method);
        takes("client_secret_post") && !takes("client_secret_basic")
    }
}

/// Whether what is sent there cannot be read on the way: https, or this machine.
pub(crate) fn is_private(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback)
}

/// What is kept of what a provider tells of a person.
fn profile(subject: String, told: &Map<String, Value>, groups_claim: &str) -> Result<Profile> {
    let text = |claim: &str| {
        let text = told.get(claim).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())?;
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        Some(text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned())
    };
    let mut groups: Vec<String> = match told.get(groups_claim) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(only)) => vec![only.clone()],
        Some(Value::Array(all)) => all.iter().filter_map(|group| group.as_str().map(str::to_owned)).collect(),
        Some(_) => return Err(ProviderError::Profile(format!("the claim {groups_claim} is no list of names"))),
    };
    groups.retain(|group| !group.is_empty() && group.len() <= GROUP_BYTES_MAX);
    groups.sort_unstable();
    groups.dedup();
    if groups.len() > GROUPS_MAX {
        let message = format!(
            "the person is in more than {GROUPS_MAX} groups; let the provider tell only those that matter here"
        );
        return Err(ProviderError::Profile(message));
    }
    Ok(Profile { subject, name: text("name").or_else(|| text("preferred_username")), email: text("email"), groups })
}

fn read_secret(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let secret = text.trim();
    anyhow::ensure!(!secret.is_empty(), "{} is empty", path.display());
    Ok(secret.to_owned())
}

fn read_json<T: DeserializeOwned>(status: reqwest::StatusCode, body: &[u8]) -> anyhow::Result<T> {
    anyhow::ensure!(status.is_success(), "it answered {status}");
    serde_json::from_slice(body).context("its answer is not what was asked for")
}

/// The code of an OAuth error, which is no free text.
fn error_code(body: &[u8]) -> String {
    let error = serde_json::from_slice::<Value>(body).ok().and_then(|body| body["error"].as_str().map(str::to_owned));
    let is_code = |code: &String| code.len() <= 64 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    error.filter(is_code).unwrap_or_else(|| "unknown".to_owned())
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_sent_to_a_provider_cannot_be_read_on_the_way() {
        for (url, expected) in [
            ("https://login.example.com", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("http://localhost", true),
            ("http://login.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://10.0.0.1", false),
            ("ftp://127.0.0.1", false),
        ] {
            assert_eq!(is_private(&url.parse().unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn a_profile_holds_what_can_be_kept() {
        let check = |told: Value, name: Option<&str>, groups: Option<&[&str]>| {
            let found = profile("s".into(), told.as_object().unwrap(), "groups").ok();
            let found = found.map(|profile| (profile.name, profile.groups));
            let groups = groups.map(|groups| groups.iter().map(|group| (*group).to_owned()).collect());
            assert_eq!(found, groups.map(|groups| (name.map(str::to_owned), groups)), "{told}");
        };
        check(json!({}), None, Some(&[]));
        check(json!({"name": " Ann\u{7}\n", "groups": ["b", "a", "b", "", 7]}), Some("Ann"), Some(&["a", "b"]));
        check(json!({"preferred_username": "ann", "groups": "one"}), Some("ann"), Some(&["one"]));
        check(json!({"groups": {"a": true}}), None, None);
        check(json!({"groups": ["x".repeat(257)]}), None, Some(&[]));
        check(json!({"groups": (0..1001).map(|n| n.to_string()).collect::<Vec<_>>()}), None, None);
    }
}
