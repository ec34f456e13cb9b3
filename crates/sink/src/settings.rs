//! What an administrator says about a sink. No secret is in here: those are kept apart, one for each sink.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::format::Format;

/// Most events of a batch.
const BATCH_EVENTS_MAX: usize = 10_000;
/// Most canonical bytes of a batch.
const BATCH_BYTES_MAX: usize = 32 << 20;
/// Longest certificate text in bytes.
const PEM_BYTES_MAX: usize = 64 << 10;

/// A sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// How events look.
    #[serde(default)]
    pub format: Format,
    /// Where they go.
    pub destination: Destination,
    /// How many go at once; what suits the destination if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchSettings>,
}

/// How many events go at once. A batch ends at whichever bound comes first, but has at least one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BatchSettings {
    /// Most events.
    pub events: usize,
    /// Most bytes of canonical JSON, before the format and compression.
    pub bytes: usize,
    /// How long, in seconds, events wait for a batch to fill.
    pub wait_seconds: u32,
}

/// Where the events of a sink go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Destination {
    /// Splunk HTTP Event Collector. The secret is the token.
    Splunk {
        /// Scheme, host and port, such as `https://splunk.example.com:8088`.
        url: Url,
        /// The index; the token's default if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<String>,
        /// The source type.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source_type: Option<String>,
        /// Whether the token has indexer acknowledgement: then events count as delivered when they are indexed.
        #[serde(default)]
        acknowledge: bool,
        /// Certificates, in PEM, that may sign the server's; those of the system if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca: Option<String>,
    },
    /// Elasticsearch or OpenSearch. The secret is an API key, or the password of `user`.
    Elastic {
        /// Scheme, host, port and any path before `_bulk`.
        url: Url,
        /// The index or data stream.
        index: String,
        /// Signs in by user and password instead of an API key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// As for Splunk.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca: Option<String>,
    },
    /// Syslog, RFC 5424 over TCP or TLS. The secret is the private key, in PEM, of `client_certificate`.
    Syslog {
        /// Host name or address.
        host: String,
        /// Port, by custom 6514 for TLS and 601 for TCP.
        port: u16,
        /// Whether the connection is encrypted.
        tls: bool,
        /// As for Splunk.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca: Option<String>,
        /// Certificates, in PEM, that name us to the receiver.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_certificate: Option<String>,
    },
    /// OTLP logs over HTTP in protobuf. The secret, if any, is a bearer token.
    Otlp {
        /// The full address, such as `https://collector.example.com:4318/v1/logs`.
        url: Url,
        /// As for Splunk.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca: Option<String>,
    },
    /// An HTTP endpoint that takes JSON, signed after Standard Webhooks. The secret is `whsec_` and the key in base64.
    Webhook {
        /// The full address.
        url: Url,
        /// As for Splunk.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca: Option<String>,
    },
    /// Files in a bucket or folder, which the server reaches with its own rights. There is no secret.
    Files {
        /// Where: `s3://bucket/prefix`, `azure://container/prefix`, `file:///srv/audit` or a path.
        url: String,
        /// What kind of files.
        #[serde(default)]
        layout: Layout,
    },
}

/// What kind of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// A line for each event, gzip.
    #[default]
    Lines,
    /// Parquet: some columns to filter by, and the event in one.
    Parquet,
}

/// A setting that cannot be.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{field}: {problem}")]
pub struct InvalidSettings {
    /// Which.
    pub field: &'static str,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl InvalidSettings {
    pub(crate) fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into() }
    }
}

impl Settings {
    /// How many events go at once: 500 or 1 MiB without waiting; files take 10,000 or 16 MiB and wait a minute.
    pub fn batch(&self) -> BatchSettings {
        self.batch.unwrap_or(match self.destination {
            Destination::Files { .. } => BatchSettings { events: 10_000, bytes: 16 << 20, wait_seconds: 60 },
            _ => BatchSettings { events: 500, bytes: 1 << 20, wait_seconds: 0 },
        })
    }

    /// The host that events go to; `None` for files.
    pub fn host(&self) -> Option<&str> {
        match &self.destination {
            Destination::Splunk { url, .. }
            | Destination::Elastic { url, .. }
            | Destination::Otlp { url, .. }
            | Destination::Webhook { url, .. } => url.host_str(),
            Destination::Syslog { host, .. } => Some(host),
            Destination::Files { .. } => None,
        }
    }

    /// The destination in a line, for people: what it is and where.
    pub fn summary(&self) -> String {
        match &self.destination {
            Destination::Splunk { url, .. } => format!("splunk {url}"),
            Destination::Elastic { url, .. } => format!("elastic {url}"),
            Destination::Otlp { url, .. } => format!("otlp {url}"),
            Destination::Webhook { url, .. } => format!("webhook {url}"),
            Destination::Syslog { host, port, tls, .. } => {
                format!("syslog {}://{host}:{port}", if *tls { "tls" } else { "tcp" })
            }
            Destination::Files { url, .. } => format!("files {url}"),
        }
    }

    /// Checks what the types do not say.
    ///
    /// # Errors
    /// The first setting that cannot be.
    pub fn check(&self) -> Result<(), InvalidSettings> {
        let invalid = |field, problem: &str| InvalidSettings::new(field, problem);
        let batch = self.batch();
        if !(1..=BATCH_EVENTS_MAX).contains(&batch.events) {
            return Err(invalid("batch.events", &format!("from 1 to {BATCH_EVENTS_MAX}")));
        }
        if !(1..=BATCH_BYTES_MAX).contains(&batch.bytes) {
            return Err(invalid("batch.bytes", &format!("from 1 to {BATCH_BYTES_MAX}")));
        }
        if batch.wait_seconds > 86_400 {
            return Err(invalid("batch.waitSeconds", "at most 86400"));
        }
        match &self.destination {
            Destination::Splunk { url, ca, .. } | Destination::Otlp { url, ca } | Destination::Webhook { url, ca } => {
                check_http(url)?;
                check_pem("ca", ca.as_deref())
            }
            Destination::Elastic { url, index, ca, .. } => {
                check_http(url)?;
                check_pem("ca", ca.as_deref())?;
                if index.is_empty() || !self.format.is_json() {
                    return Err(invalid("destination", "it needs an index and a format of JSON"));
                }
                Ok(())
            }
            Destination::Syslog { host, tls, ca, client_certificate, .. } => {
                if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c == '/') {
                    return Err(invalid("host", "a host name or address"));
                }
                if !tls && (ca.is_some() || client_certificate.is_some()) {
                    return Err(invalid("tls", "certificates are for TLS; set it to true or leave them out"));
                }
                check_pem("ca", ca.as_deref())?;
                check_pem("clientCertificate", client_certificate.as_deref())
            }
            Destination::Files { layout: Layout::Parquet, .. } if !self.format.is_json() => {
                Err(invalid("format", "Parquet files hold events in a format of JSON"))
            }
            Destination::Files { .. } => Ok(()),
        }
    }
}

fn check_http(url: &Url) -> Result<(), InvalidSettings> {
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(InvalidSettings::new("url", "an address that begins with https:// or http://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InvalidSettings::new("url", "no user or password in it; the secret is given apart"));
    }
    Ok(())
}

fn check_pem(field: &'static str, pem: Option<&str>) -> Result<(), InvalidSettings> {
    match pem {
        Some(pem) if pem.len() > PEM_BYTES_MAX || !pem.contains("-----BEGIN CERTIFICATE-----") => {
            Err(InvalidSettings::new(field, format!("certificates in PEM, at most {PEM_BYTES_MAX} bytes")))
        }
        _ => Ok(()),
    }
}
