//! Why an event was refused.

use std::fmt;

/// Why an event was refused, precisely enough to repair it.
///
/// A refusal may be shown to the operator, so it never holds a value of the content part; of infrastructure values and
/// of undeclared field names it quotes 64 bytes at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, stable across releases.
    pub code: RefusalCode,
    /// Where: the path of the field, such as `requestFields.loadedResources[3].id`.
    pub field: Option<String>,
    /// The category whose definition was broken.
    pub category: Option<&'static str>,
    /// What is wrong and what to do about it, for a person.
    pub message: String,
}

/// What is wrong with a refused event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalCode {
    /// The line is not UTF-8.
    InvalidUtf8,
    /// The line is not one JSON object.
    InvalidJson,
    /// A string escapes half of a surrogate pair.
    LoneSurrogate,
    /// An object names a field twice.
    DuplicateKey,
    /// Containers are nested deeper than the limit.
    TooDeep,
    /// The event has more object members than the limit.
    TooManyFields,
    /// The line, or the canonical event made from it, is larger than the limit.
    EventTooLarge,
    /// A number is beyond 2^53-1.
    NumberOutOfRange,
    /// A number has more digits than a double keeps.
    NumberNotExact,
    /// `type` is neither `audit.3` nor `audit.2`.
    UnsupportedType,
    /// A required field is absent.
    MissingField,
    /// A field no category of the event declares, or no type of the catalogue knows.
    UndeclaredField,
    /// A field only the server may write.
    ReservedField,
    /// A value of the wrong type or form.
    InvalidValue,
    /// A string or list longer than its bound.
    TooLong,
    /// A set holds the same element twice.
    RepeatedValue,
    /// A category the catalogue does not know.
    UnknownCategory,
    /// A category of `audit.2` that `audit.3` no longer has.
    CategoryNotInAudit3,
}

impl RefusalCode {
    /// Every code, in the order of the documentation.
    pub const ALL: [RefusalCode; 18] = [
        RefusalCode::InvalidUtf8,
        RefusalCode::InvalidJson,
        RefusalCode::LoneSurrogate,
        RefusalCode::DuplicateKey,
        RefusalCode::TooDeep,
        RefusalCode::TooManyFields,
        RefusalCode::EventTooLarge,
        RefusalCode::NumberOutOfRange,
        RefusalCode::NumberNotExact,
        RefusalCode::UnsupportedType,
        RefusalCode::MissingField,
        RefusalCode::UndeclaredField,
        RefusalCode::ReservedField,
        RefusalCode::InvalidValue,
        RefusalCode::TooLong,
        RefusalCode::RepeatedValue,
        RefusalCode::UnknownCategory,
        RefusalCode::CategoryNotInAudit3,
    ];

    /// The code on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            RefusalCode::InvalidUtf8 => "invalidUtf8",
            RefusalCode::InvalidJson => "invalidJson",
            RefusalCode::LoneSurrogate => "loneSurrogate",
            RefusalCode::DuplicateKey => "duplicateKey",
            RefusalCode::TooDeep => "tooDeep",
            RefusalCode::TooManyFields => "tooManyFields",
            RefusalCode::EventTooLarge => "eventTooLarge",
            RefusalCode::NumberOutOfRange => "numberOutOfRange",
            RefusalCode::NumberNotExact => "numberNotExact",
            RefusalCode::UnsupportedType => "unsupportedType",
            RefusalCode::MissingField => "missingField",
            RefusalCode::UndeclaredField => "undeclaredField",
            RefusalCode::ReservedField => "reservedField",
            RefusalCode::InvalidValue => "invalidValue",
            RefusalCode::TooLong => "tooLong",
            RefusalCode::RepeatedValue => "repeatedValue",
            RefusalCode::UnknownCategory => "unknownCategory",
            RefusalCode::CategoryNotInAudit3 => "categoryNotInAudit3",
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code)?;
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
