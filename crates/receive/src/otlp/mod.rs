//! OpenTelemetry logs (OTLP 1.x), over HTTP as protobuf or JSON, and over gRPC.
//!
//! A log record whose body is an event, as a map or as JSON text, comes out as that event. Every other becomes an object:
//!
//! ```json
//! {"time": "...", "observedTime": "...", "eventName": "...", "severityNumber": 9, "severityText": "INFO", "body": "...",
//!  "attributes": {}, "traceId": "...", "spanId": "...", "flags": 1, "droppedAttributesCount": 1,
//!  "scope": {"name": "...", "version": "...", "attributes": {}}, "resource": {"attributes": {}}}
//! ```
//!
//! The proposed audit signal, `/v1/audit`, is log records with attributes below `audit.`; it is the same request.

mod answer;
pub mod grpc;
mod json;
mod protobuf;
mod record;
mod wire;

pub use answer::{answer, failure};

use crate::{Failure, Limits, Record, View};

/// How requests and answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Protocol Buffers.
    Protobuf,
    /// The JSON form of them.
    Json,
}

impl Encoding {
    /// The encoding of a `Content-Type`, whose parameters do not count.
    pub fn of(content_type: &str) -> Option<Self> {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        let is = |other: &str| kind.eq_ignore_ascii_case(other);
        if is("application/x-protobuf") || is("application/protobuf") {
            Some(Encoding::Protobuf)
        } else if is(crate::answer::JSON) {
            Some(Encoding::Json)
        } else {
            None
        }
    }

    /// The `Content-Type` of answers.
    pub fn content_type(self) -> &'static str {
        match self {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => crate::answer::JSON,
        }
    }
}

/// Reads an `ExportLogsServiceRequest`, the body of a request or the message of a gRPC call.
///
/// Fails if the lists of resources, scopes and records cannot be told apart, or hold too much. A record that cannot be read
/// is refused by itself. An empty request has no records.
pub fn decode<'a>(body: &'a [u8], encoding: Encoding, view: View, limits: &Limits) -> Result<Vec<Record<'a>>, Failure> {
    match encoding {
        Encoding::Protobuf => protobuf::decode(body, view, limits),
        Encoding::Json => json::decode(body, view, limits),
    }
}

#[cfg(test)]
mod tests;
