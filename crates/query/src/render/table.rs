//! Aligned columns for a terminal.

use super::value::Cell;

/// Longest value shown in full, in characters.
const CELL_CHARS_MAX: usize = 80;

/// Collects rows, then writes them under their header.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    widths: Vec<usize>,
}

impl Table {
    pub(super) fn new(names: &[&str]) -> Table {
        let mut table = Table { rows: Vec::new(), widths: vec![0; names.len()] };
        table.push(names.iter().map(|name| Cell::text(*name)).collect());
        table
    }

    pub(super) fn push(&mut self, cells: Vec<Cell<'_>>) {
        let row: Vec<String> = cells.iter().map(|cell| visible(&cell.text)).collect();
        for (width, text) in self.widths.iter_mut().zip(&row) {
            *width = (*width).max(text.chars().count());
        }
        self.rows.push(row);
    }

    /// Appends header, a line, and the rows.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for (index, row) in self.rows.iter().enumerate() {
            self.write_line(row.iter().map(String::as_str), out);
            if index == 0 {
                let rules: Vec<String> = self.widths.iter().map(|width| "-".repeat(*width)).collect();
                self.write_line(rules.iter().map(String::as_str), out);
            }
        }
    }

    fn write_line<'a>(&self, cells: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
        let mut line = String::new();
        for (index, (text, width)) in cells.zip(&self.widths).enumerate() {
            line.push_str(if index > 0 { "  " } else { "" });
            line.push_str(text);
            line.extend(std::iter::repeat_n(' ', width - text.chars().count().min(*width)));
        }
        out.extend_from_slice(line.trim_end().as_bytes());
        out.push(b'\n');
    }
}

/// `text` without anything a terminal would obey, cut to [`CELL_CHARS_MAX`].
fn visible(text: &str) -> String {
    let mut shown = String::new();
    let mut chars = text.chars();
    for c in chars.by_ref().take(CELL_CHARS_MAX) {
        if c.is_control() || is_direction(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

/// Marks that change the direction of writing, and so what a line seems to say.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
