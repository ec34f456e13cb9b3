//! Elasticsearch and OpenSearch: `_bulk` with `create`, each event under its own id, so that a repeat is told from a new one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Client;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use url::Url;

use indelible_event::parts::{Columns, Malformed};

use super::http::{self, Answer};
use super::splunk::sensitive;
use super::{Deliver, Outcome};
use crate::entry::{Batch, Entry};
use crate::format::Format;
use crate::json::Object;
use crate::secret::Secret;
use crate::settings::InvalidSettings;

/// A cluster and the index in it.
#[derive(Debug)]
pub struct Elastic {
    client: Client,
    format: Format,
    url: Url,
    index: String,
    authorization: HeaderValue,
}

#[derive(Deserialize)]
struct Bulk {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    create: Created,
}

#[derive(Deserialize)]
struct Created {
    status: u16,
    error: Option<serde_json::Value>,
}

impl Elastic {
    pub(super) fn new(
        client: Client,
        format: Format,
        url: &Url,
        index: &str,
        user: Option<&str>,
        secret: &Secret,
    ) -> Result<Self, InvalidSettings> {
        let authorization = match user {
            Some(user) => format!("Basic {}", STANDARD.encode(format!("{user}:{}", secret.expose()))),
            None => format!("ApiKey {}", secret.expose()),
        };
        Ok(Self {
            client,
            format,
            url: http::join(url, "_bulk"),
            index: index.to_owned(),
            authorization: sensitive(authorization)?,
        })
    }

    fn body(&self, batch: &Batch, which: &[usize]) -> Result<Vec<u8>, Malformed> {
        let mut body = Vec::new();
        for entry in batch.select(which) {
            let mut action = Object::open(&mut body);
            action.object("create", |create| {
                create.string("_index", &self.index);
                create.string("_id", &batch.id(entry));
            });
            action.close();
            body.push(b'\n');
            self.document(batch, entry, &mut body)?;
            body.push(b'\n');
        }
        Ok(body)
    }

    /// The event with `@timestamp`, which data streams demand.
    fn document(&self, batch: &Batch, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Malformed> {
        let mut document = Object::open(out);
        document.string("@timestamp", &entry.row()?.time().to_string());
        document.close();
        let inside = out.pop();
        debug_assert_eq!(inside, Some(b'}'));
        let start = out.len();
        self.format.write(batch, entry, out)?;
        // The event's own opening bracket becomes the comma after the time.
        if let Some(byte) = out.get_mut(start) {
            *byte = b',';
        }
        Ok(())
    }
}

impl Deliver for Elastic {
    async fn deliver(&self, batch: &Batch, which: &[usize]) -> Outcome {
        let body = match self.body(batch, which) {
            Ok(body) => body,
            Err(error) => return Outcome::Refused { reason: error.to_string() },
        };
        let request = self
            .client
            .post(self.url.clone())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/x-ndjson")
            .header(CONTENT_ENCODING, "gzip")
            .body(http::gzip(&body));
        match http::send(request).await {
            Ok(answer) if answer.status.is_success() => understand(&answer, which),
            Ok(answer) => answer.outcome(),
            Err(outcome) => outcome,
        }
    }
}

/// Sorts the items by what is to be done. 409 says that the event is there already. An index that is missing, or not ours to write
/// to, is no fault of the event.
fn understand(answer: &Answer, which: &[usize]) -> Outcome {
    let bulk: Bulk = match serde_json::from_slice(&answer.body) {
        Ok(bulk) => bulk,
        Err(error) => return Outcome::later(format!("the answer to _bulk is not understood: {error}")),
    };
    if bulk.items.len() != which.len() {
        return Outcome::later(format!("{} events were sent and {} answered", which.len(), bulk.items.len()));
    }
    let (mut refused, mut again, mut reason) = (Vec::new(), Vec::new(), None);
    for (&index, Item { create }) in which.iter().zip(bulk.items) {
        let why = || {
            let text = create.error.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("status {}: {}", create.status, text.chars().take(256).collect::<String>())
        };
        match create.status {
            200..=299 | 409 => {}
            401 | 403 | 404 | 429 | 500..=599 => {
                reason.get_or_insert_with(why);
                again.push(index);
            }
            _ => refused.push((index, why())),
        }
    }
    Outcome::Taken { refused, again, reason }
}
