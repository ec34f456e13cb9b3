//! A signed webhook after [Standard Webhooks](https://www.standardwebhooks.com): headers `webhook-id`, `webhook-timestamp` and
//! `webhook-signature`, the last of them HMAC-SHA-256 over id, timestamp and body.
//!
//! A receiver refuses timestamps that are minutes old and remembers ids for as long, so that nobody can replay a request. The id
//! is that of the events in it: a repeat by us has the same.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use sha2::{Digest, Sha256};
use url::Url;

use indelible_event::parts::{Malformed, write_string};

use super::http;
use super::{Deliver, Outcome};
use crate::entry::Batch;
use crate::format::Format;
use crate::json::Object;
use crate::secret::Secret;
use crate::settings::InvalidSettings;

/// An endpoint.
pub struct Webhook {
    client: Client,
    format: Format,
    url: Url,
    key: Vec<u8>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl Webhook {
    pub(super) fn new(client: Client, format: Format, url: &Url, key: &Secret) -> Result<Self, InvalidSettings> {
        Ok(Self { client, format, url: url.clone(), key: decode_key(key)? })
    }

    fn body(&self, batch: &Batch, which: &[usize]) -> Result<Vec<u8>, Malformed> {
        let mut body = br#"{"type":"indelible.events","data":["#.to_vec();
        let mut event = Vec::new();
        for (index, entry) in batch.select(which).enumerate() {
            event.clear();
            self.format.write(batch, entry, &mut event)?;
            if index > 0 {
                body.push(b',');
            }
            let mut object = Object::open(&mut body);
            object.string("id", &batch.id(entry));
            if self.format.is_json() {
                object.raw("event", &event);
            } else {
                write_string(object.key("event"), &String::from_utf8_lossy(&event));
            }
            object.close();
        }
        body.extend_from_slice(b"]}");
        Ok(body)
    }
}

fn decode_key(secret: &Secret) -> Result<Vec<u8>, InvalidSettings> {
    let text = secret.expose().strip_prefix("whsec_").unwrap_or_else(|| secret.expose());
    let key = STANDARD.decode(text).ok().filter(|key| (24..=64).contains(&key.len()));
    key.ok_or_else(|| InvalidSettings::new("secret", "whsec_ and 24 to 64 random bytes in base64"))
}

/// `v1,` and the signature in base64.
fn sign(key: &[u8], id: &str, timestamp: u64, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// Names the events of a request, without the dots that separate what is signed.
fn message_id(batch: &Batch, which: &[usize]) -> String {
    let mut hasher = Sha256::new();
    for entry in batch.select(which) {
        hasher.update(batch.id(entry));
        hasher.update([0]);
    }
    format!("msg_{}", hex::encode(&hasher.finalize()[..16]))
}

impl Deliver for Webhook {
    async fn deliver(&self, batch: &Batch, which: &[usize]) -> Outcome {
        let body = match self.body(batch, which) {
            Ok(body) => body,
            Err(error) => return Outcome::Refused { reason: error.to_string() },
        };
        let id = message_id(batch, which);
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let Some(signature) = sign(&self.key, &id, timestamp, &body) else {
            return Outcome::later("the key cannot be used");
        };
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body);
        match http::send(request).await {
            Ok(answer) if answer.status.is_success() => Outcome::all(),
            Ok(answer) => answer.outcome(),
            Err(outcome) => outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Made with the library `standardwebhooks` of the standard's authors (PyPI, 1.0).
    #[test]
    fn signatures_are_those_of_the_standard() {
        let key = decode_key(&Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")).unwrap();
        let signature = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#).unwrap();
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn keys_that_are_too_short_are_refused() {
        for key in ["", "whsec_", "whsec_AAAA", "not base64 at all, certainly not"] {
            assert!(decode_key(&Secret::new(key)).is_err(), "{key}");
        }
    }
}
