//! Rows as JSON, one object a line: members in one order, strings with the shortest escapes, no white space.

use std::borrow::Cow;
use std::io::Write as _;

use indelible_event::parts::write_string;
use serde::Deserialize;

use super::row::{BundleRow, Cells, Hex, RowFault};
use crate::lines::hash32;

/// Appends the line of `row`, with its newline.
pub(super) fn write(row: &BundleRow<'_>, out: &mut Vec<u8>) {
    let cells = Cells::of(row);
    append(out, format_args!("{{\"seq\":{}", cells.seq));
    if let Some(received_at) = cells.received_at {
        append(out, format_args!(",\"receivedAt\":{received_at}"));
    }
    for (name, text) in [("infrastructure", &cells.infrastructure), ("content", &cells.content)] {
        if let Some(text) = text {
            append(out, format_args!(",\"{name}\":"));
            write_string(out, text);
        }
    }
    let hashes =
        [("salt", cells.salt), ("infrastructureHash", cells.infrastructure_hash), ("contentHash", cells.content_hash)];
    for (name, hash) in hashes {
        if let Some(hash) = hash {
            append(out, format_args!(",\"{name}\":\"{}\"", Hex(&hash)));
        }
    }
    if let Some(leaf) = cells.leaf {
        append(out, format_args!(",\"leaf\":\"{leaf}\""));
    }
    out.extend_from_slice(if cells.boundary { b",\"boundary\":true}\n" } else { b"}\n" });
}

fn append(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    let _ = out.write_fmt(text);
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line<'a> {
    seq: u64,
    received_at: Option<i64>,
    infrastructure: Option<Cow<'a, str>>,
    content: Option<Cow<'a, str>>,
    salt: Option<&'a str>,
    infrastructure_hash: Option<&'a str>,
    content_hash: Option<&'a str>,
    leaf: Option<&'a str>,
    boundary: Option<bool>,
}

/// Reads a line without its newline: exactly what [`write`] writes.
pub(super) fn read<'a>(line: &'a [u8], scratch: &mut Vec<u8>) -> Result<BundleRow<'a>, RowFault> {
    let read: Line<'a> = serde_json::from_slice(line).map_err(|error| format!("it is no row: {error}"))?;
    let hash = |text: Option<&str>| match text {
        None => Ok(None),
        Some(text) => hash32(text).map(Some).ok_or("a hash of it is not 64 hexadecimal digits"),
    };
    let leaf = read.leaf.map(str::parse).transpose().map_err(|_| "its leaf is no hash in base64")?;
    let cells = Cells {
        seq: read.seq,
        received_at: read.received_at,
        infrastructure: read.infrastructure,
        content: read.content,
        salt: hash(read.salt)?,
        infrastructure_hash: hash(read.infrastructure_hash)?,
        content_hash: hash(read.content_hash)?,
        leaf,
        boundary: read.boundary.unwrap_or(false),
    };
    let row = cells.row()?;
    scratch.clear();
    write(&row, scratch);
    if scratch.strip_suffix(b"\n") == Some(line) { Ok(row) } else { Err("it is not written as rows are".into()) }
}
