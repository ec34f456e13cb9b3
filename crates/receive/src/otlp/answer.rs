//! What an exporter is told: which of its records were refused, or whether to send the request again.

use super::Encoding;
use super::wire::{write_bytes, write_number};
use crate::json::Object;
use crate::{Answer, Failure, Outcome, Refusal};

/// Seconds after which to send again what could not be taken now.
/// Refusals that a message quotes.
const QUOTED_MAX: usize = 3;

/// The answer to a request whose records became `outcomes`, in the order of the records.
pub fn answer(outcomes: &[Outcome], encoding: Encoding) -> Answer {
    let body = response(outcomes, encoding);
    Answer { status: 200, content_type: encoding.content_type(), body, retry_after_seconds: None }
}

/// An `ExportLogsServiceResponse`; it is empty if nothing was refused.
pub(super) fn response(outcomes: &[Outcome], encoding: Encoding) -> Vec<u8> {
    let refused: Vec<(usize, &Refusal)> = outcomes
        .iter()
        .enumerate()
        .filter_map(|(index, outcome)| match outcome {
            Outcome::Refused(refusal) => Some((index, refusal)),
            _ => None,
        })
        .collect();
    let message = message(&refused);
    let mut out = Vec::new();
    match encoding {
        Encoding::Protobuf => {
            let mut partial = Vec::new();
            write_number(&mut partial, 1, refused.len() as u64);
            write_bytes(&mut partial, 2, message.as_bytes());
            write_bytes(&mut out, 1, &partial);
        }
        Encoding::Json => {
            let mut partial = Vec::new();
            if !refused.is_empty() {
                let mut object = Object::open(&mut partial);
                object.text("rejectedLogRecords", refused.len().to_string().as_bytes());
                object.text("errorMessage", message.as_bytes());
                object.close();
            }
            let mut object = Object::open(&mut out);
            object.raw("partialSuccess", &partial);
            object.close();
        }
    }
    out
}

fn message(refused: &[(usize, &Refusal)]) -> String {
    let quoted = refused.iter().take(QUOTED_MAX);
    let mut parts: Vec<String> =
        quoted.map(|(index, refusal)| format!("record {index}: {}: {}", refusal.code, refusal.message)).collect();
    if refused.len() > QUOTED_MAX {
        parts.push(format!("and {} more", refused.len() - QUOTED_MAX));
    }
    parts.join("; ")
}

/// The answer to a request of which nothing was stored: a `google.rpc.Status`. Exporters send again on 429 and 503 only.
pub fn failure(failure: &Failure, encoding: Encoding) -> Answer {
    let retry_after = failure.retry_after_seconds();
    let body = match encoding {
        Encoding::Protobuf => status(failure),
        Encoding::Json => {
            let mut out = Vec::new();
            let mut object = Object::open(&mut out);
            object.count("code", code(failure));
            object.text("message", failure.to_string().as_bytes());
            if let Some(seconds) = retry_after {
                let details = format!(r#"[{{"@type":"{RETRY_INFO}","retryDelay":"{seconds}s"}}]"#);
                object.raw("details", details.as_bytes());
            }
            object.close();
            out
        }
    };
    Answer { status: failure.status(), content_type: encoding.content_type(), body, retry_after_seconds: retry_after }
}

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// A `google.rpc.Status` in protobuf, with a `RetryInfo` where sending again helps.
pub(super) fn status(failure: &Failure) -> Vec<u8> {
    let mut out = Vec::new();
    write_number(&mut out, 1, code(failure));
    write_bytes(&mut out, 2, failure.to_string().as_bytes());
    if let Some(seconds) = failure.retry_after_seconds() {
        let (mut duration, mut info, mut any) = (Vec::new(), Vec::new(), Vec::new());
        write_number(&mut duration, 1, seconds.into());
        write_bytes(&mut info, 1, &duration);
        write_bytes(&mut any, 1, RETRY_INFO.as_bytes());
        write_bytes(&mut any, 2, &info);
        write_bytes(&mut out, 3, &any);
    }
    out
}

/// The code of gRPC. What may be sent again is UNAVAILABLE; RESOURCE_EXHAUSTED without `RetryInfo` is not sent again.
pub(super) fn code(failure: &Failure) -> u64 {
    match failure {
        Failure::Malformed { .. } => 3,
        Failure::NotAllowed => 7,
        Failure::TooLarge { .. } => 8,
        Failure::Busy { .. } | Failure::Unavailable { .. } => 14,
        Failure::NoCredential | Failure::BadCredential => 16,
    }
}
