//! Requests of our own beside those of `object_store`, and headers of our own in its puts.
//!
//! A put that is to set a lock carries the headers for it as an extension. The client below the store finds them there,
//! adds them and signs anew, each time the store tries; so creation, checksum, retries and errors stay those of the store.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use object_store::aws::{AwsAuthorizer, AwsCredentialProvider};
use object_store::azure::{AzureAuthorizer, AzureCredential, AzureCredentialProvider};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpService,
    ReqwestConnector,
};
use object_store::path::Path;
use object_store::{ClientOptions, Error, Extensions};
use sha2::{Digest as _, Sha256};
use url::Url;

/// Times a request of ours is sent before its failure is believed.
const ATTEMPTS: u32 = 4;

/// Wait before the second attempt; doubles with each.
const BACKOFF: Duration = Duration::from_millis(200);

/// Signs requests as the store does.
#[derive(Debug)]
pub(crate) enum Signer {
    S3 { credentials: AwsCredentialProvider, region: String },
    Azure { credentials: AzureCredentialProvider, account: String },
}

impl Signer {
    async fn sign(&self, request: &mut HttpRequest, sha256: Option<&[u8]>) -> object_store::Result<()> {
        match self {
            Signer::S3 { credentials, region } => {
                let credential = credentials.get_credential().await?;
                AwsAuthorizer::new(&credential, "s3", region).authorize(request, sha256);
            }
            Signer::Azure { credentials, account } => {
                let credential = credentials.get_credential().await?;
                request.headers_mut().remove(AUTHORIZATION);
                AzureAuthorizer::new(&credential, account).authorize(request);
            }
        }
        Ok(())
    }

    /// Signs anew what is signed already and now has more headers.
    async fn sign_again(&self, request: &mut HttpRequest) -> object_store::Result<()> {
        match self {
            Signer::S3 { .. } => {
                let digest = request.headers().get("x-amz-content-sha256").and_then(|hash| hex::decode(hash).ok());
                self.sign(request, digest.as_deref()).await
            }
            Signer::Azure { credentials, .. } => match &*credentials.get_credential().await? {
                // It is a part of the address and does not cover headers.
                AzureCredential::SASToken(_) => Ok(()),
                _ => self.sign(request, None).await,
            },
        }
    }
}

/// Headers for a put, as the store carries them down.
#[derive(Clone, Debug)]
struct PutHeaders(Vec<(HeaderName, HeaderValue)>);

/// The extension that makes a put carry `headers`.
pub(super) fn on_put(headers: Vec<(HeaderName, HeaderValue)>) -> Extensions {
    let mut extensions = Extensions::new();
    extensions.insert(PutHeaders(headers));
    extensions
}

/// Gives a store a client that adds and signs [`PutHeaders`]. The signer is put in once the store is built, which is what
/// knows the credentials.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connector {
    pub(crate) signer: Arc<OnceLock<Signer>>,
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Resigning { client, signer: Arc::clone(&self.signer) }))
    }
}

#[derive(Debug)]
struct Resigning {
    client: HttpClient,
    signer: Arc<OnceLock<Signer>>,
}

#[async_trait]
impl HttpService for Resigning {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let Some(PutHeaders(headers)) = request.extensions_mut().remove::<PutHeaders>() else {
            return self.client.execute(request).await;
        };
        request.headers_mut().extend(headers.into_iter().map(|(name, value)| (Some(name), value)));
        if let Some(signer) = self.signer.get() {
            let signed = signer.sign_again(&mut request).await;
            signed.map_err(|error| HttpError::new(HttpErrorKind::Request, error))?;
        }
        self.client.execute(request).await
    }
}

/// What a store answered to a request of ours that it did not fulfil.
#[derive(Debug, thiserror::Error)]
#[error("{method} {url}: status {status} {code}")]
struct Refusal {
    method: Method,
    url: Url,
    status: StatusCode,
    /// The store's own word for it; empty if it has none.
    code: String,
}

/// A client for single requests with the credentials of a store.
#[derive(Debug)]
pub(crate) struct Client {
    store: &'static str,
    http: HttpClient,
    signer: Arc<OnceLock<Signer>>,
}

impl Client {
    pub(super) fn new(
        store: &'static str,
        connector: &Connector,
        options: &ClientOptions,
    ) -> object_store::Result<Client> {
        Ok(Client { store, http: connector.connect(options)?, signer: Arc::clone(&connector.signer) })
    }

    /// Sends a request about the object `path` at `url` and returns the answer if its status says success. `body` is sent
    /// with its SHA-256 where there is one.
    pub(super) async fn send(
        &self,
        method: Method,
        url: &Url,
        path: &Path,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> object_store::Result<HttpResponse> {
        let mut attempt = 1;
        loop {
            let mut request = HttpRequest::new(HttpRequestBody::from(body.clone()));
            *request.method_mut() = method.clone();
            *request.uri_mut() = url.as_str().parse().map_err(|error| self.failed(error))?;
            request.headers_mut().insert(http::header::CONTENT_LENGTH, HeaderValue::from(body.len()));
            request.headers_mut().extend(headers.iter().map(|(name, value)| (Some(name.clone()), value.clone())));
            if let Some(signer) = self.signer.get() {
                signer.sign(&mut request, None).await?;
            }
            let answer = self.http.execute(request).await;
            let passing = match &answer {
                Ok(answer) => answer.status().is_server_error() || answer.status() == StatusCode::TOO_MANY_REQUESTS,
                Err(_) => true,
            };
            if passing && attempt < ATTEMPTS {
                tokio::time::sleep(BACKOFF * 2u32.pow(attempt - 1)).await;
                attempt += 1;
                continue;
            }
            let answer = answer.map_err(|error| self.failed(error))?;
            return match answer.status().is_success() {
                true => Ok(answer),
                false => Err(self.refused(method, url, path, answer).await),
            };
        }
    }

    async fn refused(&self, method: Method, url: &Url, path: &Path, answer: HttpResponse) -> Error {
        let status = answer.status();
        let body = answer.into_body().bytes().await.unwrap_or_default();
        let mut url = url.clone();
        // It may hold a signature.
        url.set_query(None);
        let code = error_code(&String::from_utf8_lossy(&body)).to_owned();
        let (path, source) = (path.to_string(), Box::new(Refusal { method, url, status, code }));
        match status {
            StatusCode::NOT_FOUND => Error::NotFound { path, source },
            StatusCode::FORBIDDEN => Error::PermissionDenied { path, source },
            StatusCode::UNAUTHORIZED => Error::Unauthenticated { path, source },
            StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => Error::Precondition { path, source },
            _ => Error::Generic { store: self.store, source },
        }
    }

    fn failed(&self, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::Generic { store: self.store, source: Box::new(error) }
    }
}

/// Whether the store answered at all, rather than not being reached.
pub(crate) fn is_answer(error: &Error) -> bool {
    match error {
        Error::Generic { source, .. } => source.is::<Refusal>(),
        _ => true,
    }
}

/// The text of the first `Code` in an error of S3 or Azure.
fn error_code(body: &str) -> &str {
    let inner = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    inner.map_or("", |(code, _)| code)
}

/// The SHA-256 of `body` in the form of a checksum header.
pub(super) fn checksum(body: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(body))
}

/// A header whose value is plain text of ours.
pub(super) fn header(name: &'static str, value: &str) -> object_store::Result<(HeaderName, HeaderValue)> {
    let value =
        HeaderValue::from_str(value).map_err(|error| Error::Generic { store: "header", source: Box::new(error) })?;
    Ok((HeaderName::from_static(name), value))
}
