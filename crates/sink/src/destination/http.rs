//! HTTP as destinations use it: no redirects, no proxy, bounded times and answers.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder, StatusCode};
use url::Url;

use super::{Outcome, Reach};
use crate::delivery::chain;
use crate::settings::InvalidSettings;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For all of a request and its answer.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 8 << 20;
/// How much of an answer goes into a reason.
const REASON_BYTES_MAX: usize = 256;

/// A client that trusts the certificates `ca`, or those of the system, and connects to addresses within `reach`. What stands in
/// a URL as an address is [checked before](Reach::check_literal).
pub(super) fn client(ca: Option<&str>, reach: Reach) -> Result<Client, InvalidSettings> {
    let mut builder = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .dns_resolver(Arc::new(reach))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .user_agent(concat!("indelible/", env!("CARGO_PKG_VERSION")));
    if let Some(ca) = ca {
        let certificates = Certificate::from_pem_bundle(ca.as_bytes())
            .map_err(|error| InvalidSettings::new("ca", format!("no certificates in PEM: {error}")))?;
        builder = builder.tls_certs_only(certificates);
    }
    builder.build().map_err(|error| InvalidSettings::new("ca", format!("no client can be made: {error}")))
}

/// `url` with `path` behind its own.
pub(super) fn join(url: &Url, path: &str) -> Url {
    let mut joined = url.clone();
    joined.set_path(&format!("{}/{path}", url.path().trim_end_matches('/')));
    joined
}

/// A whole answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Sends a request and reads its answer.
///
/// # Errors
/// The outcome where there was no answer, or one too long.
pub(super) async fn send(request: RequestBuilder) -> Result<Answer, Outcome> {
    let failed = |error: reqwest::Error| Outcome::later(chain(&error.without_url()));
    let mut response = request.send().await.map_err(failed)?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(Outcome::later(format!("the answer is longer than {ANSWER_BYTES_MAX} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body: body.freeze() })
}

impl Answer {
    /// What it means that the request did not succeed, where nothing in the body says more: the content is to blame where the
    /// status says so, else everything can be tried again.
    pub(super) fn outcome(&self) -> Outcome {
        let reason = self.reason();
        match self.status {
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
                Outcome::Refused { reason }
            }
            _ => Outcome::Later { reason, after: self.retry_after() },
        }
    }

    /// Status and the beginning of the body.
    pub(super) fn reason(&self) -> String {
        let text = String::from_utf8_lossy(&self.body[..self.body.len().min(REASON_BYTES_MAX)]);
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let redirect = if self.status.is_redirection() { " (redirects are not followed)" } else { "" };
        format!("HTTP {}{redirect}: {}", self.status.as_u16(), text.trim())
    }

    fn retry_after(&self) -> Option<Duration> {
        self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
    }
}

/// `bytes` in gzip, the same for the same bytes.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
