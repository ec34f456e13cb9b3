//! Why a record was refused.

use std::fmt;

/// Why one record gives no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refused {
    /// What is wrong, stable across releases.
    pub code: Code,
    /// What is wrong and what to do about it, for a person. Quotes at most 64 bytes of the record.
    pub message: String,
}

impl Refused {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// What is wrong with a refused record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The record is not UTF-8.
    InvalidUtf8,
    /// The record is not one JSON object.
    InvalidJson,
    /// A string escapes half of a surrogate pair.
    LoneSurrogate,
    /// An object names a key twice.
    DuplicateKey,
    /// Containers are nested deeper than the limit.
    TooDeep,
    /// The record, or an event made from it, is larger than the limit.
    TooLarge,
    /// The record is not of the kind this adapter reads.
    NotThisKind,
    /// The adapter's program refused the record.
    Refused,
    /// The adapter's program failed, ran too long, or left something that is not an event. A fault of the adapter.
    Program,
    /// The record has no time.
    NoTime,
    /// The record's time cannot be read.
    BadTime,
    /// The file cannot be read on from here, because it is cut or damaged.
    Unreadable,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::InvalidUtf8,
        Self::InvalidJson,
        Self::LoneSurrogate,
        Self::DuplicateKey,
        Self::TooDeep,
        Self::TooLarge,
        Self::NotThisKind,
        Self::Refused,
        Self::Program,
        Self::NoTime,
        Self::BadTime,
        Self::Unreadable,
    ];

    /// The code in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::InvalidUtf8 => "invalidUtf8",
            Code::InvalidJson => "invalidJson",
            Code::LoneSurrogate => "loneSurrogate",
            Code::DuplicateKey => "duplicateKey",
            Code::TooDeep => "tooDeep",
            Code::TooLarge => "eventTooLarge",
            Code::NotThisKind => "notThisKind",
            Code::Refused => "refusedByAdapter",
            Code::Program => "adapterFault",
            Code::NoTime => "noTime",
            Code::BadTime => "badTime",
            Code::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
