//! Rows as comma-separated values. Canonical JSON holds no line ends, so every row is one line.

use std::borrow::Cow;
use std::io::Write as _;

use super::row::{BundleRow, CELLS, Cells, Hex, RowFault};
use crate::lines::hash32;

/// The first line, with its newline.
pub(super) fn header() -> String {
    CELLS.join(",") + "\n"
}

/// Appends the line of `row`, with its newline.
pub(super) fn write(row: &BundleRow<'_>, out: &mut Vec<u8>) {
    let cells = Cells::of(row);
    append(out, format_args!("{}", cells.seq));
    out.push(b',');
    if let Some(received_at) = cells.received_at {
        append(out, format_args!("{received_at}"));
    }
    for text in [&cells.infrastructure, &cells.content] {
        out.push(b',');
        if let Some(text) = text {
            write_quoted(text, out);
        }
    }
    for hash in [cells.salt, cells.infrastructure_hash, cells.content_hash] {
        out.push(b',');
        if let Some(hash) = hash {
            append(out, format_args!("{}", Hex(&hash)));
        }
    }
    out.push(b',');
    if let Some(leaf) = cells.leaf {
        append(out, format_args!("{leaf}"));
    }
    out.extend_from_slice(if cells.boundary { b",true\n" } else { b",\n" });
}

fn append(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    let _ = out.write_fmt(text);
}

fn write_quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for (index, piece) in text.split('"').enumerate() {
        out.extend_from_slice(if index > 0 { b"\"\"" } else { b"" });
        out.extend_from_slice(piece.as_bytes());
    }
    out.push(b'"');
}

/// Reads a line without its newline: exactly what [`write`] writes.
pub(super) fn read<'a>(line: &'a [u8], scratch: &mut Vec<u8>) -> Result<BundleRow<'a>, RowFault> {
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
    let mut rest = Some(text);
    let mut next = || -> Result<Cow<'a, str>, RowFault> {
        let (cell, after) = cell(rest.ok_or("it has too few cells")?)?;
        rest = after;
        Ok(cell)
    };
    let seq = next()?.parse().map_err(|_| "its seq is no number")?;
    let received_at =
        present(next()?).map(|text| text.parse()).transpose().map_err(|_| "its receivedAt is no number")?;
    let [infrastructure, content] = [present(next()?), present(next()?)];
    let mut hash = || match present(next()?) {
        None => Ok(None),
        Some(text) => hash32(&text).map(Some).ok_or(RowFault::from("a hash of it is not 64 hexadecimal digits")),
    };
    let [salt, infrastructure_hash, content_hash] = [hash()?, hash()?, hash()?];
    let leaf = present(next()?).map(|text| text.parse()).transpose().map_err(|_| "its leaf is no hash in base64")?;
    let boundary = next()? == "true";
    if rest.is_some() {
        return Err("it has too many cells".into());
    }
    let cells =
        Cells { seq, received_at, infrastructure, content, salt, infrastructure_hash, content_hash, leaf, boundary };
    let row = cells.row()?;
    scratch.clear();
    write(&row, scratch);
    if scratch.strip_suffix(b"\n") == Some(line) { Ok(row) } else { Err("it is not written as rows are".into()) }
}

/// An empty cell is an absent one.
fn present(cell: Cow<'_, str>) -> Option<Cow<'_, str>> {
    (!cell.is_empty()).then_some(cell)
}

/// Takes a cell off the front; what follows its comma is left, or nothing.
fn cell(text: &str) -> Result<(Cow<'_, str>, Option<&str>), RowFault> {
    let Some(quoted) = text.strip_prefix('"') else {
        return Ok(match text.split_once(',') {
            Some((cell, rest)) => (Cow::Borrowed(cell), Some(rest)),
            None => (Cow::Borrowed(text), None),
        });
    };
    let mut end = 0;
    loop {
        end += quoted[end..].find('"').ok_or("a quote in it is not closed")?;
        match quoted.as_bytes().get(end + 1) {
            Some(b'"') => end += 2,
            Some(b',') | None => break,
            Some(_) => return Err("a quote in it is not doubled".into()),
        }
    }
    let rest = quoted[end + 1..].strip_prefix(',');
    let cell = &quoted[..end];
    let cell = if cell.contains('"') { Cow::Owned(cell.replace("\"\"", "\"")) } else { Cow::Borrowed(cell) };
    Ok((cell, rest))
}
