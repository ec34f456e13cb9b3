//! ArcSight Common Event Format, version 0 ("Implementing ArcSight Common Event Format", revision 25).
//!
//! A value from an event can never end its field, its header or its line: in headers `\` and `|` are escaped, in extensions
//! `\`, `=`, CR and LF, and every other control character, line separators of Unicode included, becomes U+FFFD.
//! Values are not cut to the lengths of the dictionary.

use std::borrow::Cow;
use std::net::IpAddr;

use indelible_event::parts::{Columns, List, Malformed, Text};

use super::ocsf;
use crate::entry::{Batch, Entry};

const VENDOR: &str = "Indelible";

pub(super) fn write(batch: &Batch, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let row = entry.row()?;
    let text = |column| row.text(column);
    let categories: Vec<Cow<'_, str>> = row.list(List::Categories).collect();
    let result = text(Text::Result).unwrap_or_default();

    out.extend_from_slice(b"CEF:0");
    let kind = ocsf::leading(&categories).unwrap_or_else(|| row.kind());
    for part in [
        VENDOR,
        text(Text::Product).unwrap_or("unknown"),
        text(Text::ProductVersion).unwrap_or("unknown"),
        kind,
        text(Text::Name).unwrap_or(kind),
        severity(result),
    ] {
        out.push(b'|');
        escape(part, Place::Header, out);
    }
    out.push(b'|');

    let mut extension = Extension { out, is_empty: true };
    extension.put("rt", &row.time().micros.div_euclid(1000).to_string());
    extension.put("externalId", &batch.id(entry));
    extension.put("cat", &categories.join(","));
    extension.put("outcome", result);
    extension.some("suid", text(Text::Uid));
    extension.some("dvchost", text(Text::Host));
    extension.some("sourceServiceName", text(Text::Service));
    extension.some("requestClientApplication", text(Text::UserAgent));
    match text(Text::Origin).map(|origin| (origin, origin.parse())) {
        Some((origin, Ok(IpAddr::V4(_)))) => extension.put("src", origin),
        Some((origin, Ok(IpAddr::V6(_)))) => {
            extension.put("c6a2", origin);
            extension.put("c6a2Label", "Source IPv6 Address");
        }
        Some((origin, Err(_))) => extension.put("shost", origin),
        None => {}
    }
    extension.put("cn1", &entry.seq.to_string());
    extension.put("cn1Label", "seq");
    let entities = row.list(List::Entities).collect::<Vec<_>>().join(" ");
    let custom = [
        ("cs1", "organization", Some(batch.log.organization.as_str())),
        ("cs2", "traceId", text(Text::TraceId)),
        ("cs3", "entities", Some(entities.as_str()).filter(|entities| !entities.is_empty())),
        ("cs4", "requestFields", text(Text::RequestFields)),
        ("cs5", "resultFields", text(Text::ResultFields)),
        ("cs6", "logEntryId", text(Text::LogEntryId)),
    ];
    for (key, label, value) in custom {
        if let Some(value) = value {
            extension.put(key, value);
            extension.put(&format!("{key}Label"), label);
        }
    }
    Ok(())
}

/// 0 to 10.
fn severity(result: &str) -> &'static str {
    match result {
        "UNAUTHORIZED" => "6",
        "ERROR" | "PARTIAL" => "4",
        _ => "2",
    }
}

struct Extension<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

impl Extension<'_> {
    fn put(&mut self, key: &str, value: &str) {
        if !self.is_empty {
            self.out.push(b' ');
        }
        self.is_empty = false;
        self.out.extend_from_slice(key.as_bytes());
        self.out.push(b'=');
        escape(value, Place::Extension, self.out);
    }

    fn some(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Header,
    Extension,
}

pub(super) fn escape(text: &str, place: Place, out: &mut Vec<u8>) {
    for character in text.chars() {
        match (character, place) {
            ('\\', _) => out.extend_from_slice(br"\\"),
            ('|', Place::Header) => out.extend_from_slice(br"\|"),
            ('=', Place::Extension) => out.extend_from_slice(br"\="),
            ('\n', Place::Extension) => out.extend_from_slice(br"\n"),
            ('\r', Place::Extension) => out.extend_from_slice(br"\r"),
            ('\u{2028}' | '\u{2029}', _) => push(char::REPLACEMENT_CHARACTER, out),
            (character, _) if character.is_control() => push(char::REPLACEMENT_CHARACTER, out),
            (character, _) => push(character, out),
        }
    }
}

fn push(character: char, out: &mut Vec<u8>) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}
