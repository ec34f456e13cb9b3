//! JSON in and out: objects written member by member, and a look at what others wrote.
//!
//! A value that was sent as JSON is handed on as the bytes it was sent as, so that whoever judges it sees repeated keys,
//! large numbers and depth as they are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indelible_event::Time;
use indelible_event::parts::write_text;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Whether `bytes` are a JSON object whose `type` is `audit.3` or `audit.2`.
///
/// One that escapes letters of its `type` does not count, nor one that has it twice.
pub(crate) fn is_event(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Peek<'a> {
        #[serde(rename = "type", borrow)]
        kind: Option<&'a RawValue>,
    }
    // Most records of other systems are told apart here.
    if memchr::memmem::find(bytes, br#""audit."#).is_none() {
        return false;
    }
    let peek = serde_json::from_slice::<Peek<'_>>(bytes);
    is_object_text(bytes) && peek.is_ok_and(|peek| peek.kind.is_some_and(|kind| is_event_type(unquoted(kind.get()))))
}

/// Whether this is the `type` of an event.
pub(crate) fn is_event_type(text: &[u8]) -> bool {
    matches!(text, b"audit.3" | b"audit.2")
}

fn unquoted(text: &str) -> &[u8] {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().as_bytes()
}

/// Whether `bytes` open like an object.
pub(crate) fn is_object_text(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'{')
}

/// `bytes` as one JSON object, without the white space around it.
pub(crate) fn object(bytes: &[u8]) -> Option<&[u8]> {
    let bytes = bytes.trim_ascii();
    (is_object_text(bytes) && serde_json::from_slice::<&RawValue>(bytes).is_ok()).then_some(bytes)
}

/// Writes a JSON object, member by member, leaving out what is empty.
pub(crate) struct Object<'o> {
    pub(crate) out: &'o mut Vec<u8>,
    start: usize,
}

impl<'o> Object<'o> {
    /// Opens an object at the end of `out`.
    pub(crate) fn open(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { start: out.len(), out }
    }

    /// Writes a member's name; its value has to follow.
    pub(crate) fn name(&mut self, name: &[u8]) -> &mut Vec<u8> {
        if self.out.len() > self.start {
            self.out.push(b',');
        }
        write_text(self.out, name);
        self.out.push(b':');
        self.out
    }

    /// A string, left out if it is empty.
    pub(crate) fn text(&mut self, name: &str, value: &[u8]) {
        if !value.is_empty() {
            write_text(self.name(name.as_bytes()), value);
        }
    }

    /// A string; bytes that are not UTF-8 are replaced.
    pub(crate) fn lossy(&mut self, name: &str, value: &[u8]) {
        self.text(name, String::from_utf8_lossy(value).as_bytes());
    }

    /// A number, left out if it is 0.
    pub(crate) fn count(&mut self, name: &str, value: u64) {
        if value != 0 {
            write_integer(self.name(name.as_bytes()), value);
        }
    }

    /// JSON text, left out if it is nothing or an empty object.
    pub(crate) fn raw(&mut self, name: &str, value: &[u8]) {
        if !matches!(value, b"" | b"{}") {
            self.name(name.as_bytes()).extend_from_slice(value);
        }
    }

    /// Nanoseconds since 1970 as RFC 3339, left out if they are 0.
    pub(crate) fn time(&mut self, name: &str, nanos: u64) {
        if nanos != 0 {
            let out = self.name(name.as_bytes());
            out.push(b'"');
            time(nanos).write(out);
            out.push(b'"');
        }
    }

    /// Hexadecimal digits of `bytes`, left out if there are none.
    pub(crate) fn hex(&mut self, name: &str, bytes: &[u8]) {
        if !bytes.is_empty() {
            let out = self.name(name.as_bytes());
            out.push(b'"');
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 15)];
            out.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]));
            out.push(b'"');
        }
    }

    pub(crate) fn close(self) {
        self.out.push(b'}');
    }
}

/// Nanoseconds since 1970 as a time.
pub(crate) fn time(nanos: u64) -> Time {
    Time { micros: (nanos / 1000) as i64, nanos: (nanos % 1000) as u16 }
}

/// `bytes` as a JSON string in Base64.
pub(crate) fn write_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

/// An integer.
pub(crate) fn write_integer(out: &mut Vec<u8>, value: impl Display) {
    // Writing into a vector cannot fail.
    let _ = write!(out, "{value}");
}

/// A double; what JSON cannot say is written as text.
pub(crate) fn write_double(out: &mut Vec<u8>, value: f64) {
    match serde_json::Number::from_f64(value) {
        Some(number) => out.extend_from_slice(number.to_string().as_bytes()),
        None if value.is_nan() => out.extend_from_slice(br#""NaN""#),
        None if value > 0.0 => out.extend_from_slice(br#""Infinity""#),
        None => out.extend_from_slice(br#""-Infinity""#),
    }
}

/// Writes pairs as an object of texts, in the order of names; a name that stands several times gets a list. What is not
/// UTF-8 is replaced.
pub(crate) fn write_grouped<'p>(out: &mut Vec<u8>, pairs: impl Iterator<Item = (&'p [u8], &'p [u8])>) {
    let mut groups = BTreeMap::<Cow<'_, str>, Vec<&[u8]>>::new();
    for (name, value) in pairs {
        groups.entry(String::from_utf8_lossy(name)).or_default().push(value);
    }
    let mut object = Object::open(out);
    for (name, values) in &groups {
        let out = object.name(name.as_bytes());
        match values[..] {
            [value] => write_lossy(out, value),
            _ => {
                out.push(b'[');
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    write_lossy(out, value);
                }
                out.push(b']');
            }
        }
    }
    object.close();
}

fn write_lossy(out: &mut Vec<u8>, value: &[u8]) {
    write_text(out, String::from_utf8_lossy(value).as_bytes());
}
