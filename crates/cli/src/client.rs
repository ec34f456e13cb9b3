//! The HTTP client of a running server.

use std::time::Duration;

use anyhow::{Context, bail};
use indelible_api::{ErrorBody, ErrorCode};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

const URL_DEFAULT: &str = "http://127.0.0.1:7070";

/// A server and the token to use with it.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
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
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        let url = std::env::var("INDELIBLE_URL").unwrap_or_else(|_| URL_DEFAULT.to_owned());
        let token = std::env::var("INDELIBLE_TOKEN").ok().filter(|token| !token.trim().is_empty()).context(
            "INDELIBLE_TOKEN is not set; on the server's machine: export INDELIBLE_TOKEN=$(cat DATA-DIR/admin.token)",
        )?;
        Self::new(&url, token.trim())
    }

    pub(crate) fn new(url: &str, token: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(10)).no_proxy().build()?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned(), token: token.to_owned() })
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    /// Sends a request; anything but success is an error.
    pub(crate) async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = request
            .send()
            .await
            .with_context(|| format!("no answer from {}; is the server running? (INDELIBLE_URL)", self.url))?;
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
