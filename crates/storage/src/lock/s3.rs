//! Object Lock of S3.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use object_store::aws::AmazonS3;
use object_store::client::HttpResponse;
use object_store::path::Path;
use object_store::signer::Signer as _;
use object_store::{ClientOptions, Extensions};
use url::Url;

use super::client::{self, Client, Connector, header};
use super::{Lock, LockApi, LockMode, Locked, Retention, whole_seconds};

const MODE: &str = "x-amz-object-lock-mode";
const UNTIL: &str = "x-amz-object-lock-retain-until-date";
const HOLD: &str = "x-amz-object-lock-legal-hold";
const BYPASS: &str = "x-amz-bypass-governance-retention";
const CHECKSUM: &str = "x-amz-checksum-sha256";
/// Goes with the checksum that a put with a lock has to carry; some stores look at this one only.
const ALGORITHM: &str = "x-amz-sdk-checksum-algorithm";
const VERSION: &str = "x-amz-version-id";

/// Requests about locks for one bucket of S3.
#[derive(Debug)]
pub(crate) struct S3Locks {
    store: AmazonS3,
    prefix: Path,
    client: Client,
}

impl S3Locks {
    pub(crate) fn new(
        store: AmazonS3,
        prefix: Path,
        connector: &Connector,
        options: &ClientOptions,
    ) -> object_store::Result<S3Locks> {
        Ok(S3Locks { store, prefix, client: Client::new("S3", connector, options)? })
    }

    async fn send(
        &self,
        method: Method,
        path: &Path,
        query: &[(&str, &str)],
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> object_store::Result<HttpResponse> {
        let full: Path = self.prefix.parts().chain(path.parts()).collect();
        // A signed address is made here, without a request, and is the one place that knows the style of addresses.
        let mut url: Url = self.store.signed_url(method.clone(), &full, Duration::from_secs(60)).await?;
        url.set_query(None);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.client.send(method, &url, path, headers, body).await
    }

    /// Sets one property of the lock by a small document.
    async fn set(
        &self,
        path: &Path,
        version: Option<&str>,
        property: &'static str,
        document: String,
    ) -> object_store::Result<()> {
        let query: Vec<_> = [(property, "")].into_iter().chain(version.map(|version| ("versionId", version))).collect();
        let headers = [header(CHECKSUM, &client::checksum(document.as_bytes()))?, header(ALGORITHM, "SHA256")?];
        self.send(Method::PUT, path, &query, &headers, document.into()).await?;
        Ok(())
    }
}

#[async_trait]
impl LockApi for S3Locks {
    fn on_put(&self, lock: &Lock) -> Extensions {
        client::on_put(put_headers(lock))
    }

    async fn look(&self, path: &Path, version: Option<&str>) -> object_store::Result<Locked> {
        let query: Vec<_> = version.map(|version| ("versionId", version)).into_iter().collect();
        let answer = self.send(Method::HEAD, path, &query, &[], Bytes::new()).await?;
        Ok(read_headers(answer.headers()))
    }

    async fn retain(&self, path: &Path, version: Option<&str>, retention: Retention) -> object_store::Result<()> {
        let (mode, until) = (mode(retention.mode), until(retention.until));
        let document = format!(
            "<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>{mode}</Mode>\
             <RetainUntilDate>{until}</RetainUntilDate></Retention>"
        );
        self.set(path, version, "retention", document).await
    }

    async fn hold(&self, path: &Path, version: Option<&str>, on: bool) -> object_store::Result<()> {
        let status = if on { "ON" } else { "OFF" };
        let document = format!(
            "<LegalHold xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>{status}</Status></LegalHold>"
        );
        self.set(path, version, "legal-hold", document).await
    }

    async fn delete(&self, path: &Path, version: Option<&str>, bypass: bool) -> object_store::Result<()> {
        let query: Vec<_> = version.map(|version| ("versionId", version)).into_iter().collect();
        let headers: Vec<_> = bypass.then(|| header(BYPASS, "true")).into_iter().collect::<Result<_, _>>()?;
        self.send(Method::DELETE, path, &query, &headers, Bytes::new()).await?;
        Ok(())
    }
}

fn mode(mode: LockMode) -> &'static str {
    match mode {
        LockMode::Compliance => "COMPLIANCE",
        LockMode::Governance => "GOVERNANCE",
    }
}

fn until(time: Timestamp) -> String {
    whole_seconds(time).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn put_headers(lock: &Lock) -> Vec<(HeaderName, HeaderValue)> {
    let retention =
        lock.retention.map(|retention| [(MODE, mode(retention.mode).to_owned()), (UNTIL, until(retention.until))]);
    let hold = lock.legal_hold.then(|| (HOLD, "ON".to_owned()));
    let algorithm = [(ALGORITHM, "SHA256".to_owned())];
    let headers = retention.into_iter().flatten().chain(hold).chain(algorithm);
    headers.filter_map(|(name, value)| header(name, &value).ok()).collect()
}

fn read_headers(headers: &HeaderMap) -> Locked {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let mode = match text(MODE) {
        Some("COMPLIANCE") => Some(LockMode::Compliance),
        Some("GOVERNANCE") => Some(LockMode::Governance),
        _ => None,
    };
    let until = text(UNTIL).and_then(|until| until.parse().ok());
    let retention = mode.zip(until).map(|(mode, until)| Retention { mode, until });
    // A bucket without versions calls the only one it has "null".
    let version = text(VERSION).filter(|version| *version != "null").map(str::to_owned);
    Locked { version, lock: Lock { retention, legal_hold: text(HOLD) == Some("ON") } }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn headers_that_set_a_lock_are_read_as_that_lock() {
        let until = "2031-01-02T03:04:05Z".parse().unwrap();
        for retention in [None, Some(LockMode::Compliance), Some(LockMode::Governance)] {
            for legal_hold in [false, true] {
                let retention = retention.map(|mode| Retention { mode, until });
                let lock = Lock { retention, legal_hold };
                let headers: HeaderMap = put_headers(&lock).into_iter().collect();
                assert_eq!(headers.len(), 2 * usize::from(retention.is_some()) + usize::from(legal_hold) + 1);
                assert_eq!(read_headers(&headers), Locked { version: None, lock });
            }
        }
    }
}
