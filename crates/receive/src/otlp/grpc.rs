//! A unary call of gRPC without its HTTP/2: one message in a frame each way, and the trailers that end it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::Encoding;
use super::answer::{code, response, status};
use crate::{Failure, Outcome};

/// The path of the call.
pub const EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

/// The message of a call's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// The message, compressed as the header `grpc-encoding` says if `is_compressed`.
    pub bytes: &'a [u8],
    /// Whether it is compressed.
    pub is_compressed: bool,
}

/// What a frame says of itself before its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// Bytes of the whole frame.
    pub frame_bytes: usize,
    /// Whether the message is compressed.
    pub is_compressed: bool,
}

/// Reads the beginning of a frame: a flag, and the length of the message in four bytes. Nothing if more has to come.
pub fn prefix(body: &[u8]) -> Option<Prefix> {
    let (flag, rest) = body.split_first()?;
    let (length, _) = rest.split_first_chunk::<4>()?;
    Some(Prefix { frame_bytes: 5 + u32::from_be_bytes(*length) as usize, is_compressed: flag & 1 == 1 })
}

/// Reads the body of a call, which is one frame.
pub fn message(body: &[u8]) -> Result<Message<'_>, Failure> {
    match prefix(body) {
        Some(Prefix { frame_bytes, is_compressed }) if frame_bytes == body.len() && body[0] <= 1 => {
            Ok(Message { bytes: &body[5..], is_compressed })
        }
        _ => Err(Failure::malformed("the body of the call is not one message in a gRPC frame")),
    }
}

/// How a call ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The body: one frame, or nothing.
    pub body: Vec<u8>,
    /// The trailer `grpc-status`.
    pub status: u32,
    /// The trailer `grpc-message`, percent-encoded; absent if empty.
    pub message: String,
    /// The trailer `grpc-status-details-bin`, Base64; absent if empty.
    pub details: String,
}

/// The end of a call whose records became `outcomes`; see [`answer`](super::answer()).
pub fn answer(outcomes: &[Outcome]) -> Ending {
    let response = response(outcomes, Encoding::Protobuf);
    let mut body = vec![0];
    body.extend_from_slice(&(response.len() as u32).to_be_bytes());
    body.extend_from_slice(&response);
    Ending { body, status: 0, message: String::new(), details: String::new() }
}

/// The end of a call of which nothing was stored.
pub fn failure(failure: &Failure) -> Ending {
    Ending {
        body: Vec::new(),
        status: code(failure) as u32,
        message: percent_encoded(&failure.to_string()),
        details: STANDARD_NO_PAD.encode(status(failure)),
    }
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
