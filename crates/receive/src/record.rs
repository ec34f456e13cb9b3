//! What a protocol's body is made of.

use std::borrow::Cow;

use crate::Refusal;

/// One of the things that a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its place in the body, from 0: every record has one, also those that are refused. Outcomes have this order.
    pub index: usize,
    /// What is to be judged.
    pub payload: Payload<'a>,
    /// What the protocol says about it.
    pub facts: Facts<'a>,
}

/// What is to be judged, in one of three forms, or why there is nothing to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload<'a> {
    /// An event: a JSON object whose `type` is `audit.3` or `audit.2`. Nothing more of it has been checked.
    Event(Cow<'a, [u8]>),
    /// A JSON object, for an adapter that reads JSON. It is not checked for repeated keys, nor for depth where it was sent
    /// as JSON.
    Object(Cow<'a, [u8]>),
    /// A line, for an adapter that reads text. It may hold any bytes, also line ends.
    Line(Cow<'a, [u8]>),
    /// The record breaks the rules of its protocol, while others of the body may be read.
    Refused {
        /// What is wrong with it.
        refusal: Refusal,
        /// The record as it was sent.
        sent: Cow<'a, [u8]>,
    },
}

impl Payload<'_> {
    /// The bytes to be judged, or to be kept if they are refused.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Payload::Event(bytes) | Payload::Object(bytes) | Payload::Line(bytes) => bytes,
            Payload::Refused { sent, .. } => sent,
        }
    }
}

/// What a record that is no event looks like: it depends on the adapter that will read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// Everything the protocol says about the record, as one JSON object: for the adapter of the protocol itself.
    #[default]
    Whole,
    /// What the record carries, without the protocol around it: a JSON object where it is one, else a line. For an adapter
    /// of the system that wrote it.
    Carried,
    /// The line as it was sent; of a record that is no text, its JSON. For an adapter that reads text.
    Line,
}

/// What a protocol says about a record beside it; for choosing an adapter and for naming a place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts<'a> {
    /// When it happened, as it was written: RFC 3339, a syslog time, or seconds since 1970.
    pub time: Option<Cow<'a, str>>,
    /// The host it is about.
    pub host: Option<Cow<'a, str>>,
    /// Where on the host it came from, such as a file.
    pub source: Option<Cow<'a, str>>,
    /// What kind of record the sender says it is: Splunk's source type, the program of a syslog message, `service.name`.
    pub kind: Option<Cow<'a, str>>,
    /// The index it is meant for.
    pub index: Option<Cow<'a, str>>,
    /// The sender's own id of the record.
    pub id: Option<Cow<'a, str>>,
}

/// What one body may make us do. The size of the body itself is the caller's to bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Records of a body.
    pub records: usize,
    /// Bytes of one record as it comes out.
    pub record_bytes: usize,
    /// Bytes of all records of a body as they come out; more than went in, where what is said once is repeated in each.
    pub body_bytes: usize,
    /// Containers around a value.
    pub depth: usize,
    /// Members of all objects of one record.
    pub fields: usize,
}

impl Default for Limits {
    /// 100,000 records of 1 MiB, 256 MiB in all, depth 64, 4,096 members.
    fn default() -> Self {
        Self { records: 100_000, record_bytes: 1 << 20, body_bytes: 256 << 20, depth: 64, fields: 4096 }
    }
}

/// Collects records within [`Limits`].
pub(crate) struct Records<'a> {
    pub(crate) list: Vec<Record<'a>>,
    limits: Limits,
    written: usize,
}

impl<'a> Records<'a> {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { list: Vec::new(), limits: *limits, written: 0 }
    }

    /// Adds a record. One that is too long is refused; too many of them, or too many bytes, are a failure of the body.
    pub(crate) fn push(&mut self, payload: Payload<'a>, facts: Facts<'a>) -> Result<(), crate::Failure> {
        let Limits { records, record_bytes, body_bytes, .. } = self.limits;
        if self.list.len() >= records {
            let message = format!("the body has more than {records} records; send fewer at a time");
            return Err(crate::Failure::TooLarge { message });
        }
        let length = payload.bytes().len();
        // What was borrowed is memory of the body.
        self.written += if is_borrowed(&payload) { 0 } else { length };
        if self.written > body_bytes {
            let message = format!("the records of the body are longer than {body_bytes} bytes; send fewer at a time");
            return Err(crate::Failure::TooLarge { message });
        }
        let payload = match payload {
            Payload::Refused { .. } => payload,
            Payload::Event(sent) | Payload::Object(sent) | Payload::Line(sent) if length > record_bytes => {
                Payload::Refused { refusal: Refusal::record_too_large(length, record_bytes), sent }
            }
            payload => payload,
        };
        self.list.push(Record { index: self.list.len(), payload, facts });
        Ok(())
    }

    /// How many there are, which is the index of the next.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}

fn is_borrowed(payload: &Payload<'_>) -> bool {
    match payload {
        Payload::Event(bytes)
        | Payload::Object(bytes)
        | Payload::Line(bytes)
        | Payload::Refused { sent: bytes, .. } => {
            matches!(bytes, Cow::Borrowed(_))
        }
    }
}
