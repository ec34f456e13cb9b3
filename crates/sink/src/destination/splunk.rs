//! Splunk HTTP Event Collector: events, and the indexers' acknowledgement where the token has it.

use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, HeaderValue};
use serde::Deserialize;
use url::Url;

use indelible_event::parts::{Columns, Malformed, Text, write_string};
use indelible_event::uuid::Uuid;

use super::http::{self, Answer};
use super::{Deliver, Outcome};
use crate::entry::{Batch, Entry};
use crate::format::Format;
use crate::json::Object;
use crate::secret::Secret;
use crate::settings::InvalidSettings;

/// How often the acknowledgement is asked for, and for how long.
const POLL: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(120);

/// Codes of HEC that blame an event; the others blame the token, the index or the server.
const EVENT_CODES: [u32; 5] = [6, 12, 13, 15, 26];

/// Where events go.
#[derive(Clone, Debug)]
pub struct Target {
    /// Scheme, host and port.
    pub url: Url,
    /// The index.
    pub index: Option<String>,
    /// The source type.
    pub source_type: Option<String>,
    /// Whether to wait until they are indexed.
    pub acknowledge: bool,
}

/// An HTTP Event Collector.
#[derive(Debug)]
pub struct Splunk {
    client: Client,
    format: Format,
    target: Target,
    authorization: HeaderValue,
    /// Names this sender to the acknowledgement; a UUID.
    channel: String,
}

#[derive(Deserialize)]
struct Answered {
    code: u32,
    #[serde(rename = "ackId")]
    ack_id: Option<u64>,
}

#[derive(Deserialize)]
struct Acks {
    acks: std::collections::BTreeMap<String, bool>,
}

impl Splunk {
    pub(super) fn new(client: Client, format: Format, target: Target, token: &Secret) -> Result<Self, InvalidSettings> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| InvalidSettings::new("destination", error.to_string()))?;
        Ok(Self {
            client,
            format,
            target,
            authorization: sensitive(format!("Splunk {}", token.expose()))?,
            channel: Uuid(bytes).to_string(),
        })
    }

    fn body(&self, batch: &Batch, which: &[usize]) -> Result<Vec<u8>, Malformed> {
        let mut body = Vec::new();
        for entry in batch.select(which) {
            self.event(batch, entry, &mut body)?;
        }
        Ok(body)
    }

    fn event(&self, batch: &Batch, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Malformed> {
        let row = entry.row()?;
        let micros = row.time().micros;
        let mut event = Vec::with_capacity(entry.infrastructure.len() + entry.content.len() + 128);
        self.format.write(batch, entry, &mut event)?;
        if !self.format.is_json() {
            let text = String::from_utf8_lossy(&event).into_owned();
            event.clear();
            write_string(&mut event, &text);
        }
        let mut object = Object::open(out);
        // Splunk takes no negative times.
        object.number("time", format_args!("{}.{:06}", micros.max(0) / 1_000_000, micros.max(0) % 1_000_000));
        object.optional("host", row.text(Text::Host));
        object.string("source", "indelible");
        object.optional("sourcetype", self.target.source_type.as_deref());
        object.optional("index", self.target.index.as_deref());
        object.raw("event", &event);
        object.object("fields", |fields| {
            fields.string("indelible_id", &batch.id(entry));
            fields.string("indelible_organization", &batch.log.organization);
        });
        object.close();
        Ok(())
    }

    /// Waits until what was answered with `ack_id` is indexed.
    async fn acknowledged(&self, ack_id: u64) -> Outcome {
        let url = http::join(&self.target.url, "services/collector/ack");
        let until = Instant::now() + PATIENCE;
        loop {
            let request = self
                .client
                .post(url.clone())
                .header(AUTHORIZATION, self.authorization.clone())
                .header("X-Splunk-Request-Channel", &self.channel)
                .json(&serde_json::json!({ "acks": [ack_id] }));
            match http::send(request).await {
                Ok(answer) if answer.status.is_success() => {
                    let acks: Option<Acks> = serde_json::from_slice(&answer.body).ok();
                    if acks.is_some_and(|acks| acks.acks.get(&ack_id.to_string()) == Some(&true)) {
                        return Outcome::all();
                    }
                }
                Ok(answer) => return Outcome::later(format!("ask for the acknowledgement: {}", answer.reason())),
                Err(outcome) => return outcome,
            }
            if Instant::now() > until {
                return Outcome::later(format!("the events were not indexed within {} s", PATIENCE.as_secs()));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Deliver for Splunk {
    async fn deliver(&self, batch: &Batch, which: &[usize]) -> Outcome {
        let body = match self.body(batch, which) {
            Ok(body) => body,
            Err(error) => return Outcome::Refused { reason: error.to_string() },
        };
        let request = self
            .client
            .post(http::join(&self.target.url, "services/collector/event"))
            .header(AUTHORIZATION, self.authorization.clone())
            .header("X-Splunk-Request-Channel", &self.channel)
            .header(CONTENT_ENCODING, "gzip")
            .body(http::gzip(&body));
        let answer = match http::send(request).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        match understand(&answer, self.target.acknowledge) {
            Ok(Some(ack_id)) => self.acknowledged(ack_id).await,
            Ok(None) => Outcome::all(),
            Err(outcome) => outcome,
        }
    }
}

/// What is to be acknowledged still, if anything.
fn understand(answer: &Answer, acknowledge: bool) -> Result<Option<u64>, Outcome> {
    let answered: Option<Answered> = serde_json::from_slice(&answer.body).ok();
    match answered {
        Some(Answered { code: 0, ack_id }) if answer.status.is_success() => match (acknowledge, ack_id) {
            (true, None) => Err(Outcome::later(
                "the token has no indexer acknowledgement; switch it on, or set acknowledge to false",
            )),
            (true, ack_id) => Ok(ack_id),
            (false, _) => Ok(None),
        },
        Some(Answered { code, .. }) if EVENT_CODES.contains(&code) => Err(Outcome::Refused { reason: answer.reason() }),
        Some(_) if answer.status.as_u16() == 400 => Err(Outcome::later(answer.reason())),
        _ => Err(answer.outcome()),
    }
}

/// A header that is not shown.
pub(super) fn sensitive(text: String) -> Result<HeaderValue, InvalidSettings> {
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| InvalidSettings::new("secret", "it has characters that no header takes"))?;
    value.set_sensitive(true);
    Ok(value)
}
