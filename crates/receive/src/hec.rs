//! Splunk's HTTP Event Collector: `/services/collector/event`, `/raw` and `/ack`.
//!
//! An `event` that is an audit.3 event, as an object or as text, comes out as that. Every other record, shown whole, is
//!
//! ```json
//! {"time": "1426279439.123", "host": "...", "source": "...", "sourcetype": "...", "index": "...", "fields": {}, "event": ...}
//! ```

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{self, Object, write_base64};
use crate::record::Records;
use crate::{Answer, Facts, Failure, Limits, Outcome, Payload, Record, View};

/// Ids of one request for acknowledgements.
const ACKS_MAX: usize = 100_000;
/// Seconds after which to send again what could not be taken now.
const RETRY_SECONDS: u32 = 1;

/// What the collector says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Everything is stored.
    Success,
    /// The token may not send events.
    TokenDisabled,
    /// There is no token.
    TokenRequired,
    /// The header `Authorization` is not `Splunk TOKEN`.
    InvalidAuthorization,
    /// The token is not known.
    InvalidToken,
    /// The body is empty.
    NoData,
    /// The body, or an event of it, cannot be read.
    InvalidData,
    /// Something failed here.
    InternalError,
    /// Send it again later.
    Busy,
    /// Acknowledgements are asked for without a channel.
    ChannelMissing,
    /// The channel is no UUID.
    ChannelInvalid,
    /// An object has no member `event`.
    EventRequired,
    /// The event is null or an empty text.
    EventBlank,
    /// The token does not ask for acknowledgements.
    AcksDisabled,
    /// `fields` is not a flat object.
    InvalidFields,
    /// Answer to a look at the health: events are taken.
    Healthy,
    /// Answer to a look at the health: events are not taken at the moment.
    Unhealthy,
    /// The body is too large.
    TooLarge,
}

impl Code {
    /// Number, status and text as clients know them.
    fn parts(self) -> (u16, u16, &'static str) {
        match self {
            Code::Success => (0, 200, "Success"),
            Code::TokenDisabled => (1, 403, "Token disabled"),
            Code::TokenRequired => (2, 401, "Token is required"),
            Code::InvalidAuthorization => (3, 401, "Invalid authorization"),
            Code::InvalidToken => (4, 403, "Invalid token"),
            Code::NoData => (5, 400, "No data"),
            Code::InvalidData => (6, 400, "Invalid data format"),
            Code::InternalError => (8, 500, "Internal server error"),
            Code::Busy => (9, 503, "Server is busy"),
            Code::ChannelMissing => (10, 400, "Data channel is missing"),
            Code::ChannelInvalid => (11, 400, "Invalid data channel"),
            Code::EventRequired => (12, 400, "Event field is required"),
            Code::EventBlank => (13, 400, "Event field cannot be blank"),
            Code::AcksDisabled => (14, 400, "ACK is disabled"),
            Code::InvalidFields => (15, 400, "Error in handling indexed fields"),
            Code::Healthy => (17, 200, "HEC is healthy"),
            Code::Unhealthy => (18, 503, "HEC is unhealthy, queues are full"),
            Code::TooLarge => (27, 413, "Request entity too large"),
        }
    }
}

/// Why nothing of a request was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.code.parts().2)]
pub struct Fault {
    /// What is wrong.
    pub code: Code,
    /// Which event shows it, from 0.
    pub index: Option<usize>,
    /// When to send it again.
    pub retry_after_seconds: Option<u32>,
}

impl Fault {
    /// A fault of the request as a whole.
    pub fn new(code: Code) -> Self {
        Self { code, index: None, retry_after_seconds: (code == Code::Busy).then_some(RETRY_SECONDS) }
    }

    fn at(code: Code, index: usize) -> Self {
        Self { index: Some(index), ..Self::new(code) }
    }

    /// What the client is told.
    pub fn answer(&self) -> Answer {
        render(self.code, self.index, None).retry_after(self.retry_after_seconds)
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        let code = match failure {
            Failure::NoCredential => Code::TokenRequired,
            Failure::BadCredential => Code::InvalidToken,
            Failure::NotAllowed => Code::TokenDisabled,
            Failure::Malformed { index, .. } => return Self { index, ..Self::new(Code::InvalidData) },
            Failure::TooLarge { .. } => Code::TooLarge,
            Failure::Busy { .. } | Failure::Unavailable { .. } => Code::Busy,
        };
        Self { retry_after_seconds: failure.retry_after_seconds(), ..Self::new(code) }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    host: Option<String>,
    source: Option<String>,
    sourcetype: Option<String>,
    index: Option<String>,
    #[serde(borrow)]
    fields: Option<&'a RawValue>,
    /// Null is a value here, not absence.
    #[serde(borrow, default, deserialize_with = "present")]
    event: Option<&'a RawValue>,
}

fn present<'de: 'a, 'a, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Reads the body of `/services/collector/event`: objects one after another, with or without space between them, or in
/// arrays. `defaults` are what the request's parameters say.
///
/// If one of them breaks the rules, nothing is to be stored, and the fault names the first.
pub fn events<'a>(body: &'a [u8], defaults: &Facts<'a>, view: View, limits: &Limits) -> Result<Vec<Record<'a>>, Fault> {
    let mut records = Records::new(limits);
    for value in serde_json::Deserializer::from_slice(body).into_iter::<&RawValue>() {
        let value = value.map_err(|_| Fault::at(Code::InvalidData, records.len()))?;
        if value.get().starts_with('[') {
            let list: Vec<&RawValue> =
                serde_json::from_str(value.get()).map_err(|_| Fault::at(Code::InvalidData, records.len()))?;
            for value in list {
                push(&mut records, value, defaults, view)?;
            }
        } else {
            push(&mut records, value, defaults, view)?;
        }
    }
    if records.list.is_empty() { Err(Fault::new(Code::NoData)) } else { Ok(records.list) }
}

fn push<'a>(records: &mut Records<'a>, value: &'a RawValue, defaults: &Facts<'a>, view: View) -> Result<(), Fault> {
    let index = records.len();
    let envelope: Envelope<'a> = serde_json::from_str(value.get()).map_err(|_| Fault::at(Code::InvalidData, index))?;
    let event = envelope.event.ok_or(Fault::at(Code::EventRequired, index))?;
    let fields = envelope.fields.map_or("", RawValue::get);
    if !is_flat(fields) {
        return Err(Fault::at(Code::InvalidFields, index));
    }
    let time = match envelope.time.map(RawValue::get) {
        None | Some("null") => None,
        Some(time) => Some(seconds(time).ok_or(Fault::at(Code::InvalidData, index))?),
    };
    let or = |own: Option<String>, default: &Option<Cow<'a, str>>| own.map(Cow::Owned).or_else(|| default.clone());
    let facts = Facts {
        time: time.map(Cow::Borrowed),
        host: or(envelope.host, &defaults.host),
        source: or(envelope.source, &defaults.source),
        kind: or(envelope.sourcetype, &defaults.kind),
        index: or(envelope.index, &defaults.index),
        id: None,
    };
    let carried = carried(event).ok_or(Fault::at(Code::EventBlank, index))?;
    let whole = |_: &[u8]| whole(&facts, fields, event.get().as_bytes(), None);
    let payload = shown(carried, view, whole);
    Ok(records.push(payload, facts)?)
}

/// Whether `fields` are nothing, or an object of texts, numbers, booleans and lists of them.
fn is_flat(fields: &str) -> bool {
    if matches!(fields, "" | "null") {
        return true;
    }
    let inside = fields.strip_prefix('{').unwrap_or("{");
    let mut in_text = false;
    let mut escaped = false;
    let nested = inside.bytes().any(|byte| {
        let opens = !in_text && byte == b'{';
        in_text ^= byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        opens
    });
    !nested
}

/// Seconds since 1970, as a number that may stand in quotes.
fn seconds(time: &str) -> Option<&str> {
    let text = time.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(time).trim();
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
    (is_number && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'))).then_some(text)
}

/// What `event` holds: the bytes of a text, or JSON. Nothing if it is blank.
fn carried(event: &RawValue) -> Option<Cow<'_, [u8]>> {
    let raw = event.get();
    if raw == "null" {
        return None;
    }
    if !raw.starts_with('"') {
        return Some(Cow::Borrowed(raw.as_bytes()));
    }
    let inside = raw.strip_prefix('"')?.strip_suffix('"')?;
    let text = if inside.contains('\\') {
        Cow::Owned(serde_json::from_str::<String>(raw).ok()?.into_bytes())
    } else {
        Cow::Borrowed(inside.as_bytes())
    };
    (!text.trim_ascii().is_empty()).then_some(text)
}

/// `carried` as `view` wants it.
fn shown<'a>(carried: Cow<'a, [u8]>, view: View, whole: impl FnOnce(&[u8]) -> Vec<u8>) -> Payload<'a> {
    if json::is_event(&carried) {
        return Payload::Event(carried);
    }
    match view {
        View::Whole => Payload::Object(Cow::Owned(whole(&carried))),
        View::Carried if json::object(&carried).is_some() => Payload::Object(carried),
        View::Carried | View::Line => Payload::Line(carried),
    }
}

fn whole(facts: &Facts<'_>, fields: &str, event: &[u8], raw: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::with_capacity(event.len() + fields.len() + 256);
    let mut object = Object::open(&mut out);
    let parts = [
        ("time", &facts.time),
        ("host", &facts.host),
        ("source", &facts.source),
        ("sourcetype", &facts.kind),
        ("index", &facts.index),
    ];
    for (name, part) in parts {
        object.text(name, part.as_deref().unwrap_or_default().as_bytes());
    }
    if fields != "null" {
        object.raw("fields", fields.as_bytes());
    }
    object.name(b"event").extend_from_slice(event);
    if let Some(raw) = raw {
        write_base64(object.name(b"raw"), raw);
    }
    object.close();
    out
}

/// Reads the body of `/services/collector/raw`: a record for each line that is not blank. `facts` are what the request's
/// parameters say.
pub fn raw<'a>(body: &'a [u8], facts: &Facts<'a>, view: View, limits: &Limits) -> Result<Vec<Record<'a>>, Fault> {
    let mut records = Records::new(limits);
    for line in body.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            continue;
        }
        let whole = |line: &[u8]| {
            let mut event = Vec::new();
            let text = String::from_utf8_lossy(line);
            indelible_event::parts::write_string(&mut event, &text);
            let is_replaced = matches!(text, Cow::Owned(_));
            whole(facts, "", &event, is_replaced.then_some(line))
        };
        records.push(shown(Cow::Borrowed(line), view, whole), facts.clone())?;
    }
    if records.list.is_empty() { Err(Fault::new(Code::NoData)) } else { Ok(records.list) }
}

/// The answer to a request whose records became `outcomes`, with the id of its acknowledgement if the token asks for one.
///
/// The collector can name one event that is wrong, and most clients drop a request that is answered so, while the others
/// of its events may be stored. A server that keeps what it refuses in quarantine calls it stored here.
pub fn answer(outcomes: &[Outcome], ack: Option<u64>) -> Answer {
    match outcomes.iter().position(|outcome| !outcome.is_stored()) {
        Some(index) => Fault::at(Code::InvalidData, index).answer(),
        None => render(Code::Success, None, ack),
    }
}

/// The answer to a look at `/services/collector/health`.
pub fn health(is_taking: bool) -> Answer {
    render(if is_taking { Code::Healthy } else { Code::Unhealthy }, None, None)
}

fn render(code: Code, index: Option<usize>, ack: Option<u64>) -> Answer {
    let (number, status, text) = code.parts();
    let mut body = format!(r#"{{"text":"{text}","code":{number}"#);
    if let Some(index) = index {
        body.push_str(&format!(r#","invalid-event-number":{index}"#));
    }
    if let Some(ack) = ack {
        body.push_str(&format!(r#","ackId":{ack}"#));
    }
    body.push('}');
    Answer::json(status, body)
}

/// Whether `channel`, from `X-Splunk-Request-Channel` or the parameter `channel`, is the UUID it has to be.
pub fn check_channel(channel: Option<&str>) -> Result<&str, Fault> {
    let channel = channel.map(str::trim).filter(|channel| !channel.is_empty());
    let channel = channel.ok_or(Fault::new(Code::ChannelMissing))?;
    match channel.parse::<indelible_event::uuid::Uuid>() {
        Ok(_) => Ok(channel),
        Err(_) => Err(Fault::new(Code::ChannelInvalid)),
    }
}

/// Reads the body of `/services/collector/ack`: the ids that are asked about.
pub fn acks_asked(body: &[u8]) -> Result<Vec<u64>, Fault> {
    #[derive(Deserialize)]
    struct Asked {
        acks: Vec<u64>,
    }
    match serde_json::from_slice::<Asked>(body) {
        Ok(asked) if asked.acks.len() <= ACKS_MAX => Ok(asked.acks),
        Ok(_) => Err(Fault::new(Code::TooLarge)),
        Err(_) if body.trim_ascii().is_empty() => Err(Fault::new(Code::NoData)),
        Err(_) => Err(Fault::new(Code::InvalidData)),
    }
}

/// The answer to it: which of the ids stand for events that are stored.
pub fn acks(stored: impl Iterator<Item = (u64, bool)>) -> Answer {
    let pairs: Vec<String> = stored.map(|(id, is_stored)| format!(r#""{id}":{is_stored}"#)).collect();
    Answer::json(200, format!(r#"{{"acks":{{{}}}}}"#, pairs.join(",")))
}

#[cfg(test)]
mod tests;
