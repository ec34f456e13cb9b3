//! The audit webhook of the Kubernetes API server: an `EventList` of `audit.k8s.io/v1`.
//!
//! A record is an item as it was sent, which the adapter for Kubernetes reads. The API server looks at the status alone: it
//! sends a list again on 429, on 500 and where there is a `Retry-After`, and drops it on any other error.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{self, Object};
use crate::record::Records;
use crate::{Answer, Facts, Failure, Limits, Payload, Record, Refusal};

#[derive(Deserialize)]
struct EventList<'a> {
    kind: Option<String>,
    #[serde(rename = "apiVersion")]
    api_version: Option<String>,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

/// Reads a list of events. An item that is not an object is refused alone.
pub fn decode<'a>(body: &'a [u8], limits: &Limits) -> Result<Vec<Record<'a>>, Failure> {
    let list: EventList<'a> = serde_json::from_slice(body)
        .map_err(|error| Failure::malformed(format!("the body is not an EventList of audit.k8s.io/v1: {error}")))?;
    let (kind, version) = (list.kind.unwrap_or_default(), list.api_version.unwrap_or_default());
    if (&kind[..], &version[..]) != ("EventList", "audit.k8s.io/v1") {
        return Err(Failure::malformed(
            "the body is not an EventList of audit.k8s.io/v1; set the version of the webhook's policy to v1",
        ));
    }
    let mut records = Records::new(limits);
    for item in list.items.unwrap_or_default() {
        let sent = Cow::Borrowed(item.get().as_bytes());
        let payload = match json::is_object_text(&sent) {
            true if json::is_event(&sent) => Payload::Event(sent),
            true => Payload::Object(sent),
            false => Payload::Refused { refusal: Refusal::malformed("an item of the list is not an object"), sent },
        };
        records.push(payload, Facts::default())?;
    }
    Ok(records.list)
}

/// The answer to a list that was taken. What of it was refused would be refused again: it does not count.
pub fn taken() -> Answer {
    status(200, "Success", "", None)
}

/// The answer to a list of which nothing was stored.
pub fn failure(failure: &Failure) -> Answer {
    status(failure.status(), "Failure", &failure.to_string(), failure.retry_after_seconds())
}

fn status(code: u16, status: &str, message: &str, retry_after: Option<u32>) -> Answer {
    let mut body = Vec::new();
    let mut object = Object::open(&mut body);
    object.text("kind", b"Status");
    object.text("apiVersion", b"v1");
    object.text("status", status.as_bytes());
    object.text("message", message.as_bytes());
    if let Some(seconds) = retry_after {
        object.raw("details", format!(r#"{{"retryAfterSeconds":{seconds}}}"#).as_bytes());
    }
    object.count("code", code.into());
    object.close();
    Answer::json(code, body).retry_after(retry_after)
}

#[cfg(test)]
mod tests;
