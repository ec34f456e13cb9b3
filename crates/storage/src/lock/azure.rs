//! Immutability policies and legal holds of Azure, on single versions of blobs.
//!
//! Written by the reference of the Blob service (versions 2020-06-12 and later). The emulator Azurite does not know them,
//! so no test of ours has seen them honoured: the canary is what shows it on a real account.

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use object_store::client::HttpResponse;
use object_store::path::Path;
use object_store::{ClientOptions, Extensions};
use url::Url;

use super::client::{self, Client, Connector, header};
use super::{Lock, LockApi, LockMode, Locked, Retention, whole_seconds};

const UNTIL: &str = "x-ms-immutability-policy-until-date";
const MODE: &str = "x-ms-immutability-policy-mode";
const HOLD: &str = "x-ms-legal-hold";
const VERSION: &str = "x-ms-version-id";

/// Requests about locks for one container of Azure.
#[derive(Debug)]
pub(crate) struct AzureLocks {
    /// The address of the container.
    container: Url,
    prefix: Path,
    client: Client,
}

impl AzureLocks {
    pub(crate) fn new(
        container: Url,
        prefix: Path,
        connector: &Connector,
        options: &ClientOptions,
    ) -> object_store::Result<AzureLocks> {
        Ok(AzureLocks { container, prefix, client: Client::new("Azure", connector, options)? })
    }

    async fn send(
        &self,
        method: Method,
        path: &Path,
        query: &[(&str, &str)],
        headers: &[(HeaderName, HeaderValue)],
    ) -> object_store::Result<HttpResponse> {
        let mut url = self.container.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(self.prefix.parts().chain(path.parts()).map(|part| part.as_ref().to_owned()));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.client.send(method, &url, path, headers, Bytes::new()).await
    }
}

fn with_version<'a>(what: Option<(&'a str, &'a str)>, version: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    what.into_iter().chain(version.map(|version| ("versionid", version))).collect()
}

#[async_trait]
impl LockApi for AzureLocks {
    fn on_put(&self, lock: &Lock) -> Extensions {
        client::on_put(put_headers(lock))
    }

    async fn look(&self, path: &Path, version: Option<&str>) -> object_store::Result<Locked> {
        let answer = self.send(Method::HEAD, path, &with_version(None, version), &[]).await?;
        Ok(read_headers(answer.headers()))
    }

    async fn retain(&self, path: &Path, version: Option<&str>, retention: Retention) -> object_store::Result<()> {
        let headers = put_headers(&Lock { retention: Some(retention), legal_hold: false });
        let query = with_version(Some(("comp", "immutabilityPolicies")), version);
        self.send(Method::PUT, path, &query, &headers).await?;
        Ok(())
    }

    async fn hold(&self, path: &Path, version: Option<&str>, on: bool) -> object_store::Result<()> {
        let headers = [header(HOLD, if on { "true" } else { "false" })?];
        self.send(Method::PUT, path, &with_version(Some(("comp", "legalhold")), version), &headers).await?;
        Ok(())
    }

    /// Azure has no bypass in the request: an unlocked policy is deleted first, which is a request and a right of its own.
    async fn delete(&self, path: &Path, version: Option<&str>, bypass: bool) -> object_store::Result<()> {
        if bypass {
            let query = with_version(Some(("comp", "immutabilityPolicies")), version);
            self.send(Method::DELETE, path, &query, &[]).await?;
        }
        self.send(Method::DELETE, path, &with_version(None, version), &[]).await?;
        Ok(())
    }
}

fn until(time: Timestamp) -> String {
    whole_seconds(time).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn put_headers(lock: &Lock) -> Vec<(HeaderName, HeaderValue)> {
    let retention = lock.retention.map(|retention| {
        let mode = match retention.mode {
            LockMode::Compliance => "Locked",
            LockMode::Governance => "Unlocked",
        };
        [(MODE, mode.to_owned()), (UNTIL, until(retention.until))]
    });
    let hold = lock.legal_hold.then(|| (HOLD, "true".to_owned()));
    let headers = retention.into_iter().flatten().chain(hold);
    headers.filter_map(|(name, value)| header(name, &value).ok()).collect()
}

fn read_headers(headers: &HeaderMap) -> Locked {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let mode = text(MODE).and_then(|mode| match () {
        () if mode.eq_ignore_ascii_case("locked") => Some(LockMode::Compliance),
        () if mode.eq_ignore_ascii_case("unlocked") => Some(LockMode::Governance),
        () => None,
    });
    let until = text(UNTIL).and_then(|until| rfc2822::parse(until).ok()).map(|time| time.timestamp());
    let retention = mode.zip(until).map(|(mode, until)| Retention { mode, until });
    let version = text(VERSION).map(str::to_owned);
    Locked { version, lock: Lock { retention, legal_hold: text(HOLD) == Some("true") } }
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
                assert_eq!(headers.len(), 2 * usize::from(retention.is_some()) + usize::from(legal_hold));
                assert_eq!(read_headers(&headers), Locked { version: None, lock });
            }
        }
    }
}
