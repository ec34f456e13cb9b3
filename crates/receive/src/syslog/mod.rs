//! Syslog: RFC 5424, and the many forms of what RFC 3164 found; over UDP and TCP.
//!
//! A [`Framer`] cuts a stream into messages, [`record`] makes of each what is to be judged. A message whose text is an event,
//! bare or behind `@cee:`, comes out as that event. Every other becomes an object, of which absent members are left out:
//!
//! ```json
//! {"format": "rfc5424", "priority": 165, "facility": "local4", "severity": "notice", "time": "...", "host": "...",
//!  "app": "...", "procId": "...", "msgId": "...", "structuredData": {"id": {"name": "value"}}, "message": "..."}
//! ```
//!
//! Instead of `message` there is `json` where the text is a JSON object, `cef` where it is CEF. `time` is as it was written:
//! in RFC 3164 it has no year and no zone, which an adapter has to settle.

mod framer;
mod message;

pub use framer::{Frame, Framer, OutOfStep, datagram};
pub use message::{Format, Message};

use std::borrow::Cow;

use crate::json::{self, Object, write_base64, write_grouped};
use crate::{Facts, Limits, Payload, Record, Refusal, View, cef};

/// The record of one message, to which the caller gives a place.
///
/// Nothing is refused for its form: a line without any header is a record with a text alone. What is refused is a message
/// that was cut, or that is beyond the limits.
pub fn record<'a>(frame: Frame<'a>, index: usize, view: View, limits: &Limits) -> Record<'a> {
    let message = Message::parse(frame.bytes);
    let facts = message.facts();
    let payload = if frame.is_whole { payload(&message, view, limits) } else { Err(cut(frame.bytes)) };
    let payload = payload.unwrap_or_else(|refusal| Payload::Refused { refusal, sent: Cow::Borrowed(frame.bytes) });
    Record { index, payload, facts }
}

fn cut(bytes: &[u8]) -> Refusal {
    let length = bytes.len();
    Refusal::new(
        "messageCut",
        format!("the message was cut after {length} bytes: it is longer than accepted, or the connection ended"),
    )
}

fn payload<'a>(message: &Message<'a>, view: View, limits: &Limits) -> Result<Payload<'a>, Refusal> {
    if message.fields() > limits.fields {
        return Err(Refusal::too_many_fields(limits.fields));
    }
    let text = message.text();
    let text = text.strip_prefix(b"@cee:").map_or(text, <[u8]>::trim_ascii_start);
    if json::is_event(text) {
        return within(limits, Payload::Event(Cow::Borrowed(text)));
    }
    if view == View::Line {
        return within(limits, Payload::Line(Cow::Borrowed(message.line)));
    }
    let object = json::object(text);
    let cef = if object.is_none() { cef::Event::parse(text) } else { None };
    if cef.as_ref().is_some_and(|event| event.fields() > limits.fields) {
        return Err(Refusal::too_many_fields(limits.fields));
    }
    let payload = match (view, object, cef) {
        (View::Carried, Some(object), _) => Payload::Object(Cow::Borrowed(object)),
        (View::Carried, None, Some(cef)) => Payload::Object(Cow::Owned(cef.to_json())),
        (View::Carried, None, None) => Payload::Line(Cow::Borrowed(message.text())),
        (_, object, cef) => Payload::Object(Cow::Owned(whole(message, object, cef.as_ref()))),
    };
    within(limits, payload)
}

fn within<'a>(limits: &Limits, payload: Payload<'a>) -> Result<Payload<'a>, Refusal> {
    match payload.bytes().len() {
        length if length > limits.record_bytes => Err(Refusal::record_too_large(length, limits.record_bytes)),
        _ => Ok(payload),
    }
}

fn whole(message: &Message<'_>, json: Option<&[u8]>, cef: Option<&cef::Event<'_>>) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.line.len() + 256);
    let mut object = Object::open(&mut out);
    object.text("format", message.format.name().as_bytes());
    if let Some(priority) = message.priority {
        object.raw("priority", priority.to_string().as_bytes());
        object.text("facility", message::FACILITIES[usize::from(priority / 8)].as_bytes());
        object.text("severity", message::SEVERITIES[usize::from(priority % 8)].as_bytes());
    }
    object.lossy("sequence", message.sequence);
    object.lossy("time", message.time);
    object.lossy("zone", message.zone);
    object.lossy("host", message.host);
    object.lossy("app", message.app);
    object.lossy("procId", message.proc_id);
    object.lossy("msgId", message.msg_id);
    if !message.structured.is_empty() {
        write_structured(object.name(b"structuredData"), message);
    }
    match (json, cef) {
        (Some(json), _) => object.raw("json", json),
        (None, Some(cef)) => object.raw("cef", &cef.to_json()),
        (None, None) => object.lossy("message", message.text()),
    }
    if simdutf8::basic::from_utf8(message.line).is_err() {
        // Members hold replacements; this is what was sent.
        write_base64(object.name(b"raw"), message.line);
    }
    object.close();
    out
}

/// By id, in the order of ids; what stands under an id in several elements is put together.
fn write_structured(out: &mut Vec<u8>, message: &Message<'_>) {
    let mut elements = std::collections::BTreeMap::<Cow<'_, str>, Vec<_>>::new();
    for element in &message.structured {
        elements.entry(String::from_utf8_lossy(element.id)).or_default().extend(&element.parameters);
    }
    let mut object = Object::open(out);
    for (id, parameters) in elements {
        let pairs = parameters.into_iter().map(|(name, value)| (*name, &value[..]));
        write_grouped(object.name(id.as_bytes()), pairs);
    }
    object.close();
}

impl<'a> Message<'a> {
    fn facts(&self) -> Facts<'a> {
        let fact = |bytes: &'a [u8]| (!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes));
        Facts { time: fact(self.time), host: fact(self.host), kind: fact(self.app), ..Facts::default() }
    }
}

#[cfg(test)]
mod tests;
