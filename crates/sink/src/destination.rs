//! Destinations: one module for each protocol, behind one trait.

mod address;
pub mod elastic;
pub mod files;
mod http;
pub mod otlp;
pub mod splunk;
pub mod syslog;
#[cfg(test)]
mod tests;
mod tls;
pub mod webhook;

use std::future::Future;
use std::time::Duration;

use indelible_storage::Bucket;

pub use address::{AddressError, Reach};

use crate::entry::Batch;
use crate::secret::Secret;
use crate::settings::{Destination, InvalidSettings, Settings};

/// What became of events that were sent. Whoever sends decides by it what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The destination has them, but for those named here by their place in the batch.
    Taken {
        /// It will never take these.
        refused: Vec<(usize, String)>,
        /// It may take these later.
        again: Vec<usize>,
        /// Why, where there are any in `again`.
        reason: Option<String>,
    },
    /// It did not take any, or it is unknown whether it did; it may take them later, or once somebody has changed its settings
    /// or ours.
    Later {
        /// What it said or what went wrong.
        reason: String,
        /// How long it asks us to wait.
        after: Option<Duration>,
    },
    /// It refused them together because of what is in them: of one event that is final, of several one may be to blame.
    Refused {
        /// What it said.
        reason: String,
    },
}

impl Outcome {
    /// All taken.
    pub fn all() -> Self {
        Outcome::Taken { refused: Vec::new(), again: Vec::new(), reason: None }
    }

    pub(crate) fn later(reason: impl Into<String>) -> Self {
        Outcome::Later { reason: reason.into(), after: None }
    }
}

/// A receiver of events.
pub trait Deliver: Send + Sync {
    /// Sends the entries of `batch` at the places `which`, which is not empty and ascends. Ends within a few minutes. After any outcome but
    /// "taken" the same events may be sent again; what they are known by does not change.
    fn deliver(&self, batch: &Batch, which: &[usize]) -> impl Future<Output = Outcome> + Send;
}

/// A destination of any kind.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is described in its module")]
pub enum Receiver {
    Splunk(splunk::Splunk),
    Elastic(elastic::Elastic),
    Syslog(syslog::Syslog),
    Otlp(otlp::Otlp),
    Webhook(webhook::Webhook),
    Files(files::Files),
}

impl Receiver {
    /// Prepares a destination; nothing is sent. `bucket` is needed for files: the one the settings name, already opened. Nothing
    /// beyond `reach` is ever connected to.
    ///
    /// # Errors
    /// When a setting or the secret cannot be used, or the host is an address out of reach. A name out of reach is an
    /// [outcome](Outcome::Later) of each delivery: it may have another address tomorrow.
    pub fn open(
        settings: &Settings,
        secret: Option<&Secret>,
        bucket: Option<Bucket>,
        reach: Reach,
    ) -> Result<Receiver, InvalidSettings> {
        settings.check()?;
        if let Some(host) = settings.host() {
            reach.check_literal(host).map_err(|error| InvalidSettings::new("destination", error.to_string()))?;
        }
        let client = |ca: &Option<String>| http::client(ca.as_deref(), reach);
        let format = settings.format;
        let needed = |what| secret.ok_or_else(|| InvalidSettings::new("secret", what));
        Ok(match &settings.destination {
            Destination::Splunk { url, index, source_type, acknowledge, ca } => Receiver::Splunk(splunk::Splunk::new(
                client(ca)?,
                format,
                splunk::Target {
                    url: url.clone(),
                    index: index.clone(),
                    source_type: source_type.clone(),
                    acknowledge: *acknowledge,
                },
                needed("give the token of the HTTP Event Collector")?,
            )?),
            Destination::Elastic { url, index, user, ca } => Receiver::Elastic(elastic::Elastic::new(
                client(ca)?,
                format,
                url,
                index,
                user.as_deref(),
                needed("give an API key, or a user and its password")?,
            )?),
            Destination::Syslog { host, port, tls, ca, client_certificate } => {
                let tls = match tls {
                    true => Some(tls::connector(ca.as_deref(), client_certificate.as_deref(), secret)?),
                    false => None,
                };
                Receiver::Syslog(syslog::Syslog::new(format, host, *port, tls, reach))
            }
            Destination::Otlp { url, ca } => Receiver::Otlp(otlp::Otlp::new(client(ca)?, format, url, secret)?),
            Destination::Webhook { url, ca } => Receiver::Webhook(webhook::Webhook::new(
                client(ca)?,
                format,
                url,
                needed("give the key: whsec_ and 24 to 64 bytes in base64")?,
            )?),
            Destination::Files { layout, .. } => {
                let bucket = bucket.ok_or_else(|| InvalidSettings::new("url", "a bucket that can be opened"))?;
                Receiver::Files(files::Files::new(format, *layout, bucket))
            }
        })
    }
}

impl Deliver for Receiver {
    async fn deliver(&self, batch: &Batch, which: &[usize]) -> Outcome {
        match self {
            Receiver::Splunk(splunk) => splunk.deliver(batch, which).await,
            Receiver::Elastic(elastic) => elastic.deliver(batch, which).await,
            Receiver::Syslog(syslog) => syslog.deliver(batch, which).await,
            Receiver::Otlp(otlp) => otlp.deliver(batch, which).await,
            Receiver::Webhook(webhook) => webhook.deliver(batch, which).await,
            Receiver::Files(files) => files.deliver(batch, which).await,
        }
    }
}
