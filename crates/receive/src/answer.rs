//! What became of records and of requests, and what a client is told.

use std::borrow::Cow;

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is stored and survives power loss.
    New {
        /// The id it got, for protocols that tell it.
        id: Option<String>,
    },
    /// It was stored before.
    Duplicate,
    /// It will never be stored as it is.
    Refused(Refusal),
}

impl Outcome {
    /// It is stored, now or before.
    pub fn is_stored(&self) -> bool {
        matches!(self, Outcome::New { .. } | Outcome::Duplicate)
    }
}

/// Why a record is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, stable across releases.
    pub code: Cow<'static, str>,
    /// What is wrong and what to do about it, for a person.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code: Cow::Borrowed(code), message: message.into() }
    }

    /// The record is not what its protocol says it must be.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new("malformedRecord", message)
    }

    pub(crate) fn too_deep(depth: usize) -> Self {
        Self::new("tooDeep", format!("values are nested deeper than {depth} levels"))
    }

    pub(crate) fn too_many_fields(fields: usize) -> Self {
        Self::new("tooManyFields", format!("the record has more than {fields} members"))
    }

    pub(crate) fn record_too_large(bytes: usize, most: usize) -> Self {
        Self::new("recordTooLarge", format!("the record has {bytes} bytes; at most {most} are accepted"))
    }
}

/// Why nothing of a request was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The request names no credential.
    #[error("the request has no credential; send a token")]
    NoCredential,
    /// The credential is not known, or not valid any more.
    #[error("the credential is not valid; ask for a new token")]
    BadCredential,
    /// The credential is valid, and not for this.
    #[error("the credential may not do this; ask for one that may send events")]
    NotAllowed,
    /// The body is not what the protocol says it must be. Sending it again does not help.
    #[error("{message}")]
    Malformed {
        /// What is wrong and where.
        message: String,
        /// Which record shows it, from 0, where that is known.
        index: Option<usize>,
    },
    /// The body is too large. Sending it in parts helps.
    #[error("{message}")]
    TooLarge {
        /// Which limit it is beyond.
        message: String,
    },
    /// More is sent than can be taken. Sending it again later helps.
    #[error("too much is waiting; send it again after {retry_after_seconds} s")]
    Busy {
        /// When.
        retry_after_seconds: u32,
    },
    /// The server stores nothing at the moment, or does not know whether it did. Sending it again later helps.
    #[error("nothing can be stored at the moment; send it again after {retry_after_seconds} s")]
    Unavailable {
        /// When.
        retry_after_seconds: u32,
    },
}

impl Failure {
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Failure::Malformed { message: message.into(), index: None }
    }

    pub(crate) fn malformed_at(index: usize, message: impl Into<String>) -> Self {
        Failure::Malformed { message: message.into(), index: Some(index) }
    }

    /// Seconds after which to send again, where that helps.
    pub fn retry_after_seconds(&self) -> Option<u32> {
        match self {
            Failure::Busy { retry_after_seconds } | Failure::Unavailable { retry_after_seconds } => {
                Some(*retry_after_seconds)
            }
            _ => None,
        }
    }

    /// The status most HTTP protocols answer it with.
    pub fn status(&self) -> u16 {
        match self {
            Failure::NoCredential | Failure::BadCredential => 401,
            Failure::NotAllowed => 403,
            Failure::Malformed { .. } => 400,
            Failure::TooLarge { .. } => 413,
            Failure::Busy { .. } => 429,
            Failure::Unavailable { .. } => 503,
        }
    }
}

/// An answer over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// `Retry-After`, in seconds.
    pub retry_after_seconds: Option<u32>,
}

/// `application/json`.
pub(crate) const JSON: &str = "application/json";

impl Answer {
    pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type: JSON, body: body.into(), retry_after_seconds: None }
    }

    pub(crate) fn retry_after(mut self, seconds: Option<u32>) -> Self {
        self.retry_after_seconds = seconds;
        self
    }
}
