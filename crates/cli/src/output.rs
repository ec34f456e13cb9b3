//! Writing to standard output.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::args::RowFormat;

/// Widest cell of a table; longer text is cut with an ellipsis.
const CELL_CHARACTERS: usize = 60;

/// Writes data.
pub(crate) fn write_all(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}

/// Writes data and a line end.
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    write_all(format!("{text}\n").as_bytes())
}

/// Whether the error is only that the reader has gone away, as `head` does.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

/// Whether progress can be shown.
pub(crate) fn shows_progress() -> bool {
    io::stderr().is_terminal()
}

/// Writes a list: JSON one item a line, or of each the `cells` under the `header`.
pub(crate) fn list<T: Serialize>(
    items: &[T],
    format: RowFormat,
    header: &[&str],
    cells: impl Fn(&T) -> Vec<String>,
) -> anyhow::Result<()> {
    match format {
        RowFormat::Json => items.iter().try_for_each(|item| line(&serde_json::to_string(item)?)),
        RowFormat::Table => write_all(table(header, &items.iter().map(cells).collect::<Vec<_>>()).as_bytes()),
        RowFormat::Csv => {
            let mut text = csv_line(header.iter().copied());
            items.iter().for_each(|item| text.push_str(&csv_line(cells(item).iter().map(String::as_str))));
            write_all(text.as_bytes())
        }
    }
}

/// Aligned columns; what would disturb a terminal is replaced.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let shown = |text: &str| {
        let clean: String =
            text.chars().map(|c| if c.is_control() || is_invisible(c) { '\u{fffd}' } else { c }).collect();
        if clean.chars().count() > CELL_CHARACTERS {
            let cut: String = clean.chars().take(CELL_CHARACTERS - 1).collect();
            format!("{cut}…")
        } else {
            clean
        }
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|text| shown(text)).collect()).collect();
    let width = |column: usize| {
        let widest = rows.iter().filter_map(|row| row.get(column)).map(|text| text.chars().count()).max().unwrap_or(0);
        widest.max(header[column].chars().count())
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let mut out = String::new();
    let mut push = |cells: &mut dyn Iterator<Item = &str>| {
        let line: Vec<String> = cells.zip(&widths).map(|(text, width)| format!("{text:<width$}")).collect();
        out.push_str(line.join("  ").trim_end());
        out.push('\n');
    };
    push(&mut header.iter().copied());
    for row in &rows {
        push(&mut row.iter().map(String::as_str));
    }
    out
}

/// Characters that reorder or hide text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// One comma-separated line; cells that a spreadsheet would run as a formula are quoted with an apostrophe.
pub(crate) fn csv_line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells
        .map(|text| {
            let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err() {
                format!("'{text}")
            } else {
                text.to_owned()
            };
            if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
        })
        .collect();
    cells.join(",") + "\n"
}
