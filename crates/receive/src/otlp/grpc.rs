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

/// Reads the body of a call, which is one frame: a flag, the length in four bytes, the message.
pub fn message(body: &[u8]) -> Result<Message<'_>, Failure> {
    let framed = || {
        let (&flag, rest) = body.split_first()?;
        let (length, bytes) = rest.split_first_chunk::<4>()?;
        (u32::from_be_bytes(*length) as usize == bytes.len() && flag <= 1).then_some((flag, bytes))
    };
    match framed() {
        Some((flag, bytes)) => Ok(Message { bytes, is_compressed: flag == 1 }),
        None => Err(Failure::malformed("the body of the call is not one message in a gRPC frame")),
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
    if outcomes.contains(&Outcome::NotNow) {
        return failure(&Failure::Unavailable { retry_after_seconds: 1 });
    }
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
