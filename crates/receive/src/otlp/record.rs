//! A log record as JSON, whichever way it was written.

use std::borrow::Cow;

use crate::json::{self, Object};
use crate::{Facts, Limits, Payload, Refusal, View};

/// What a log record says beside its body and its attributes.
#[derive(Debug, Default)]
pub(super) struct Head<'a> {
    /// Nanoseconds since 1970; 0 is unknown.
    pub(super) time: u64,
    pub(super) observed: u64,
    pub(super) event_name: Cow<'a, [u8]>,
    pub(super) severity_number: u64,
    pub(super) severity_text: Cow<'a, [u8]>,
    /// Bytes.
    pub(super) trace_id: Cow<'a, [u8]>,
    pub(super) span_id: Cow<'a, [u8]>,
    pub(super) flags: u64,
    pub(super) dropped: u64,
}

/// What is said once for many records, as JSON.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub(super) resource: Vec<u8>,
    pub(super) scope: Vec<u8>,
}

/// What the records of a resource have in common.
#[derive(Debug, Default, Clone)]
pub(super) struct Origin<'a> {
    pub(super) service: Option<Cow<'a, str>>,
    pub(super) host: Option<Cow<'a, str>>,
}

impl<'a> Origin<'a> {
    /// Of a record that is not shown whole, which loses its time otherwise.
    pub(super) fn facts(&self, time: u64) -> Facts<'a> {
        let time = (time != 0).then(|| Cow::Owned(json::time(time).to_string()));
        Facts { time, host: self.host.clone(), kind: self.service.clone(), ..Facts::default() }
    }
}

/// A body that is not an event.
pub(super) enum Body<'a> {
    None,
    /// A string or bytes.
    Text(Cow<'a, [u8]>),
    /// JSON.
    Map(Vec<u8>),
    /// JSON.
    Other(Vec<u8>),
}

/// How a body is shown without the record around it.
pub(super) fn carried<'a>(body: Body<'a>, view: View) -> Payload<'a> {
    match (body, view) {
        (Body::Map(map), View::Line) => Payload::Line(Cow::Owned(map)),
        (Body::Map(map), _) => Payload::Object(Cow::Owned(map)),
        (Body::Text(text), View::Carried) if json::object(&text).is_some() => Payload::Object(text),
        (Body::Text(text), _) => Payload::Line(text),
        (Body::Other(other), _) => Payload::Line(Cow::Owned(other)),
        (Body::None, _) => Payload::Line(Cow::Borrowed(b"")),
    }
}

/// The whole record; `body` and `attributes` are JSON. Strings in them may be of any bytes: the whole is checked here.
pub(super) fn whole<'a>(
    head: &Head<'_>,
    around: &Around,
    body: &[u8],
    attributes: &[u8],
) -> Result<Payload<'a>, Refusal> {
    let mut out = Vec::with_capacity(around.resource.len() + around.scope.len() + body.len() + attributes.len() + 256);
    let mut object = Object::open(&mut out);
    object.time("time", head.time);
    object.time("observedTime", head.observed);
    object.text("eventName", &head.event_name);
    object.count("severityNumber", head.severity_number);
    object.text("severityText", &head.severity_text);
    object.raw("body", body);
    object.raw("attributes", attributes);
    object.hex("traceId", &head.trace_id);
    object.hex("spanId", &head.span_id);
    object.count("flags", head.flags);
    object.count("droppedAttributesCount", head.dropped);
    object.raw("scope", &around.scope);
    object.raw("resource", &around.resource);
    object.close();
    match simdutf8::basic::from_utf8(&out) {
        Ok(_) => Ok(Payload::Object(Cow::Owned(out))),
        Err(_) => Err(not_utf8()),
    }
}

fn not_utf8() -> Refusal {
    Refusal::new("invalidUtf8", "a string is not UTF-8; send bytes as bytes")
}

/// What a record may still use up.
pub(super) struct Budget {
    depth_max: usize,
    fields_max: usize,
    fields: usize,
    /// A map that nothing is around has said that it is an event.
    pub(super) is_event: bool,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { depth_max: limits.depth, fields_max: limits.fields, fields: 0, is_event: false }
    }

    /// A container inside of `depth` others.
    pub(super) fn container(&self, depth: usize) -> Result<(), Refusal> {
        if depth < self.depth_max { Ok(()) } else { Err(Refusal::too_deep(self.depth_max)) }
    }

    /// One more member.
    pub(super) fn field(&mut self) -> Result<(), Refusal> {
        self.fields += 1;
        if self.fields <= self.fields_max { Ok(()) } else { Err(Refusal::too_many_fields(self.fields_max)) }
    }
}
