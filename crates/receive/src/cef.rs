//! The Common Event Format, which travels in syslog messages and in files.
//!
//! `CEF:0|Vendor|Product|Version|Signature|Name|Severity|key=value key=value with spaces`. In an object it is
//!
//! ```json
//! {"version": "0", "deviceVendor": "...", "deviceProduct": "...", "deviceVersion": "...", "signatureId": "...", "name": "...",
//!  "severity": "...", "extension": {"cs1": "v", "cs1Label": "l"}, "custom": {"l": "v"}}
//! ```
//!
//! Writers escape badly. An `=` opens a value if a word that may be a key stands before it, with a space before that or
//! nothing; so addresses with `?a=b` and texts with `a = b` stay whole.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::json::{Object, write_grouped};

/// A CEF event. Values are without escapes, and bytes as they were sent otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// Version, vendor, product, its version, signature, name and severity.
    pub header: [Cow<'a, [u8]>; 7],
    /// Keys and values in their order. A key may stand several times.
    pub extension: Vec<(&'a [u8], Cow<'a, [u8]>)>,
    /// What stands before the first key.
    pub unread: &'a [u8],
}

/// The members that the parts of the header become.
const HEADER: [&str; 7] =
    ["version", "deviceVendor", "deviceProduct", "deviceVersion", "signatureId", "name", "severity"];

impl<'a> Event<'a> {
    /// Reads `CEF:` and what follows, up to the end. Nothing if it is no CEF.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let mut rest = text.strip_prefix(b"CEF:")?;
        let mut header: [Cow<'a, [u8]>; 7] = Default::default();
        for (index, part) in header.iter_mut().enumerate() {
            let end = unescaped(rest, b'|');
            let is_last = index == HEADER.len() - 1;
            *part = unescape(&rest[..end.unwrap_or(rest.len())]);
            rest = match end {
                Some(end) => &rest[end + 1..],
                None if is_last => b"",
                None => return None,
            };
        }
        let is_version = !header[0].is_empty() && header[0].iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
        if !is_version {
            return None;
        }
        let (extension, unread) = extension(rest.trim_ascii());
        Some(Self { header, extension, unread })
    }

    /// Keys of the extension.
    pub(crate) fn fields(&self) -> usize {
        self.extension.len()
    }

    /// As a JSON object. What is not UTF-8 is replaced.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut object = Object::open(&mut out);
        for (name, value) in HEADER.iter().zip(&self.header) {
            object.lossy(name, value);
        }
        if !self.extension.is_empty() {
            write_grouped(object.name(b"extension"), self.extension.iter().map(|(key, value)| (*key, &value[..])));
        }
        let custom = self.custom();
        if !custom.is_empty() {
            write_grouped(object.name(b"custom"), custom.into_iter());
        }
        object.lossy("unread", self.unread);
        object.close();
        out
    }

    /// The values of custom keys (`cs1`, `cn1`, `deviceCustomDate1`, ...) under their labels (`cs1Label`, ...).
    fn custom(&self) -> Vec<(&[u8], &[u8])> {
        let values: BTreeMap<&[u8], &[u8]> = self.extension.iter().map(|(key, value)| (*key, value.as_ref())).collect();
        let labelled = self.extension.iter().filter_map(|(key, label)| {
            let value = values.get(key.strip_suffix(b"Label")?)?;
            (!label.is_empty()).then_some((label.as_ref(), *value))
        });
        labelled.collect()
    }
}

/// Where `wanted` stands first without a backslash before it.
fn unescaped(text: &[u8], wanted: u8) -> Option<usize> {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            byte if *byte == wanted => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// Keys with their values, and what stands before the first key.
fn extension(text: &[u8]) -> (Vec<(&[u8], Cow<'_, [u8]>)>, &[u8]) {
    let mut pairs = Vec::new();
    let mut unread = text;
    // The key whose value is being read, and where that begins.
    let mut open: Option<(&[u8], usize)> = None;
    // Where a word begins that may be a key: after a space, or at the start.
    let mut word = Some(0);
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' if text.get(at + 1).is_some_and(|byte| is_escaped(*byte)) => at += 1,
            b' ' => word = Some(at + 1),
            b'=' => {
                if let Some(start) = word.take()
                    && is_key(&text[start..at])
                {
                    let before = text[..start].trim_ascii_end();
                    match open {
                        Some((key, from)) => pairs.push((key, value(before.get(from..).unwrap_or_default()))),
                        None => unread = before,
                    }
                    open = Some((&text[start..at], at + 1));
                }
            }
            _ => {}
        }
        at += 1;
    }
    if let Some((key, from)) = open {
        pairs.push((key, value(&text[from..])));
    }
    (pairs, unread)
}

/// Whether a backslash before `byte` belongs to it.
fn is_escaped(byte: u8) -> bool {
    matches!(byte, b'\\' | b'=' | b'|' | b'n' | b'r')
}

fn is_key(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.-[]".contains(byte))
}

fn value(text: &[u8]) -> Cow<'_, [u8]> {
    unescape(text.trim_ascii())
}

/// Without the backslashes that escape; `\n` and `\r` are line ends, any other backslash stays.
fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            plain.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => plain.push(b'\n'),
            Some(b'r') => plain.push(b'\r'),
            Some(escaped) if is_escaped(escaped) => plain.push(escaped),
            Some(other) => plain.extend([b'\\', other]),
            None => plain.push(b'\\'),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests;
