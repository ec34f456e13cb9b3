//! The HTTP client of a running server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use indelible_api::{ErrorBody, ErrorCode};
use reqwest::{Certificate, ClientBuilder, Identity, Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

const URL_DEFAULT: &str = "http://127.0.0.1:7070";

/// A server and the token to use with it.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    /// Absent where a certificate says who calls.
    token: Option<String>,
}

/// Whom clients believe to be the server, and how they name themselves to it, in files in PEM.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// Authorities of the server's certificate; those of the system if absent.
    ca: Option<PathBuf>,
    /// The client's own certificate and its private key.
    identity: Option<(PathBuf, PathBuf)>,
}

impl Trust {
    /// The authorities in `ca`, and the certificate that the environment names.
    pub(crate) fn from_environment(ca: Option<PathBuf>) -> anyhow::Result<Self> {
        let file = |name| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        let identity = match (file("INDELIBLE_CLIENT_CERTIFICATE"), file("INDELIBLE_CLIENT_KEY")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => bail!("INDELIBLE_CLIENT_CERTIFICATE and INDELIBLE_CLIENT_KEY are set together: files in PEM"),
        };
        Ok(Self { ca, identity })
    }

    /// The file with the authorities, for who cannot present a certificate of its own.
    pub(crate) fn authorities(&self) -> anyhow::Result<Option<&Path>> {
        if self.identity.is_some() {
            bail!(
                "this command shows a token, not a certificate: unset INDELIBLE_CLIENT_CERTIFICATE and INDELIBLE_CLIENT_KEY"
            );
        }
        Ok(self.ca.as_deref())
    }

    /// Begins an HTTP client that goes straight to the server.
    pub(crate) fn http(&self) -> anyhow::Result<ClientBuilder> {
        let mut builder = reqwest::Client::builder().connect_timeout(Duration::from_secs(10)).no_proxy();
        if let Some(path) = &self.ca {
            let bundle = Certificate::from_pem_bundle(&read(path)?);
            let certificates = bundle.with_context(|| format!("{} is not PEM", path.display()))?;
            if certificates.is_empty() {
                bail!("{} holds no certificate in PEM", path.display());
            }
            builder = builder.tls_certs_only(certificates);
        }
        if let Some((certificate, key)) = &self.identity {
            let pem = [read(key)?, read(certificate)?].join(&b'\n');
            let identity = Identity::from_pem(&pem);
            builder = builder.identity(identity.with_context(|| {
                format!(
                    "{} and {} are no certificate with its private key in PEM",
                    certificate.display(),
                    key.display()
                )
            })?);
        }
        Ok(builder)
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("read {}", path.display()))
}

/// What the server answered instead of what was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{message} (request {request_id})")]
pub(crate) struct Refused {
    pub(crate) code: ErrorCode,
    message: String,
    request_id: String,
}

impl Client {
    /// From `INDELIBLE_URL` and `INDELIBLE_TOKEN`.
    pub(crate) fn from_environment(trust: &Trust) -> anyhow::Result<Self> {
        let url = std::env::var("INDELIBLE_URL").unwrap_or_else(|_| URL_DEFAULT.to_owned());
        let token = std::env::var("INDELIBLE_TOKEN").ok().filter(|token| !token.trim().is_empty());
        if token.is_none() && trust.identity.is_none() {
            bail!(
                "INDELIBLE_TOKEN is not set; on the server's machine: export INDELIBLE_TOKEN=$(cat DATA-DIR/admin.token)"
            );
        }
        Self::new(&url, token.as_deref().map(str::trim), trust)
    }

    pub(crate) fn new(url: &str, token: Option<&str>, trust: &Trust) -> anyhow::Result<Self> {
        let http = trust.http()?.build()?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned(), token: token.map(str::to_owned) })
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request; anything but success is an error.
    pub(crate) async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = request.send().await.with_context(|| {
            format!("no answer from {}; is the server running? (INDELIBLE_URL, and INDELIBLE_CA for https)", self.url)
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        match serde_json::from_str::<ErrorBody>(&text) {
            Ok(body) => {
                Err(Refused { code: body.error.code, message: body.error.message, request_id: body.error.request_id }
                    .into())
            }
            Err(_) if status == StatusCode::NOT_FOUND => {
                bail!("{} has no such page; is it an Indelible server of this version?", self.url)
            }
            Err(_) => bail!("{} answered {status}", self.url),
        }
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        Ok(self.send(self.request(Method::GET, path)).await?.json().await?)
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        Ok(self.send(self.request(Method::POST, path).json(body)).await?.json().await?)
    }
}

/// A path segment or query value, percent-encoded.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
