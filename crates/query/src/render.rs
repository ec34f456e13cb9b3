//! Answers as text: JSON lines, CSV, or a table for a terminal.
//!
//! Events are written as they are delivered; rows of SQL as their columns. A [`Renderer`] takes batches as they come
//! and appends to a buffer; only the table holds everything back until the end, to know how wide its columns are.

mod table;
mod value;

use std::collections::HashMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int16Type, SchemaRef};
use indelible_archive::rows::{RowDecoder, RowError};
use indelible_event::parts::write_string;

use table::Table;
use value::{Cell, cell, write_json};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// RFC 4180 with a header. Text a spreadsheet would take for a formula is led by an apostrophe.
    Csv,
    /// Aligned columns under a header; long values are cut and control characters made visible.
    Table,
}

/// Rows could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A row does not read back as an entry.
    #[error(transparent)]
    Row(#[from] RowError),
    /// A column of a type that has no text form.
    #[error("write {column}: {source}")]
    Value {
        /// The column.
        column: String,
        /// Why.
        source: arrow::error::ArrowError,
    },
}

/// Writes one answer.
#[derive(Debug)]
pub struct Renderer {
    format: Format,
    columns: Columns,
    table: Table,
    scratch: Vec<u8>,
}

#[derive(Debug)]
enum Columns {
    /// Events, in JSON as delivered; otherwise these columns of them.
    Events(Vec<String>),
    /// All there are.
    Rows,
}

/// What a table shows of an event.
const TABLE_COLUMNS: [&str; 7] = ["time", "name", "result", "uid", "origin", "categories", "organization"];

impl Renderer {
    /// For the rows of a search or of `find`. In JSON each is the event as delivered (audit.3, with `organization` and
    /// `seq`); in CSV all columns but `intake`; in a table the most telling ones.
    pub fn events(format: Format, schema: &SchemaRef) -> Renderer {
        let all = schema.fields().iter().map(|field| field.name().as_str());
        let shown: Vec<String> = match format {
            Format::Table => {
                TABLE_COLUMNS.into_iter().filter(|name| schema.index_of(name).is_ok()).map(str::to_owned).collect()
            }
            _ => all.filter(|name| !matches!(*name, "intake" | "timeNanos")).map(str::to_owned).collect(),
        };
        Renderer::new(format, Columns::Events(shown))
    }

    /// For the rows of SQL.
    pub fn rows(format: Format) -> Renderer {
        Renderer::new(format, Columns::Rows)
    }

    fn new(format: Format, columns: Columns) -> Renderer {
        Renderer { format, columns, table: Table::default(), scratch: Vec::new() }
    }

    /// Appends what comes before the first row.
    pub fn begin(&mut self, schema: &SchemaRef, out: &mut Vec<u8>) {
        let names: Vec<&str> = match &self.columns {
            Columns::Events(names) => names.iter().map(String::as_str).collect(),
            Columns::Rows => schema.fields().iter().map(|field| field.name().as_str()).collect(),
        };
        match self.format {
            Format::Json => {}
            Format::Csv => write_record(names.iter().map(|name| Cell::text(*name)), out),
            Format::Table => self.table = Table::new(&names),
        }
    }

    /// Appends the rows of `batch`. On an error `out` may hold a part of them.
    pub fn batch(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), RenderError> {
        match (&self.columns, self.format) {
            (Columns::Events(_), Format::Json) => delivered(batch, &mut self.scratch, out),
            (Columns::Rows, Format::Json) => json(batch, out),
            (Columns::Rows, format) => {
                let columns: Vec<usize> = (0..batch.num_columns()).collect();
                cells(batch, &columns, format, &mut self.table, out)
            }
            (Columns::Events(names), format) => {
                let schema = batch.schema();
                let columns: Vec<usize> = names.iter().filter_map(|name| schema.index_of(name).ok()).collect();
                cells(batch, &columns, format, &mut self.table, out)
            }
        }
    }

    /// Appends what comes after the last row.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if self.format == Format::Table {
            self.table.write(out);
        }
    }
}

fn delivered(batch: &RecordBatch, scratch: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), RenderError> {
    let decoder = RowDecoder::new(batch)?;
    for row in 0..decoder.rows() {
        decoder.delivered(row, scratch, out)?;
        out.push(b'\n');
    }
    Ok(())
}

fn json(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), RenderError> {
    let schema = batch.schema();
    let keys: Vec<Vec<u8>> = distinct_names(&schema)
        .map(|name| {
            let mut key = Vec::new();
            write_string(&mut key, &name);
            key.push(b':');
            key
        })
        .collect();
    for row in 0..batch.num_rows() {
        out.push(b'{');
        for (index, key) in keys.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(key);
            write_json(batch.column(index), row, out).map_err(|source| error(&schema, index, source))?;
        }
        out.extend_from_slice(b"}\n");
    }
    Ok(())
}

/// Names of the columns; SQL allows repeats and JSON does not, so a repeat gets a number.
fn distinct_names(schema: &SchemaRef) -> impl Iterator<Item = String> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    schema.fields().iter().map(move |field| {
        let times = seen.entry(field.name()).or_default();
        *times += 1;
        if *times == 1 { field.name().clone() } else { format!("{}_{times}", field.name()) }
    })
}

fn cells(
    batch: &RecordBatch,
    columns: &[usize],
    format: Format,
    table: &mut Table,
    out: &mut Vec<u8>,
) -> Result<(), RenderError> {
    let schema = batch.schema();
    for row in 0..batch.num_rows() {
        let line = columns.iter().map(|&index| {
            let nanos = nanos_of(batch, index, row);
            cell(batch.column(index), row, nanos).map_err(|source| error(&schema, index, source))
        });
        let line: Vec<Cell> = line.collect::<Result<_, _>>()?;
        match format {
            Format::Table => table.push(line),
            _ => write_record(line.into_iter(), out),
        }
    }
    Ok(())
}

/// The nanoseconds that stand beside `time`, if the column at `index` is it.
fn nanos_of(batch: &RecordBatch, index: usize, row: usize) -> u16 {
    if batch.schema_ref().field(index).name() != "time" {
        return 0;
    }
    let nanos = batch.column_by_name("timeNanos").and_then(|column| column.as_primitive_opt::<Int16Type>());
    nanos.filter(|nanos| nanos.is_valid(row)).and_then(|nanos| nanos.value(row).try_into().ok()).unwrap_or(0)
}

fn error(schema: &SchemaRef, index: usize, source: arrow::error::ArrowError) -> RenderError {
    RenderError::Value { column: schema.field(index).name().clone(), source }
}

/// One line of CSV.
fn write_record<'a>(cells: impl Iterator<Item = Cell<'a>>, out: &mut Vec<u8>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let text = cell.text.as_bytes();
        // A spreadsheet runs what starts like this, also inside quotes.
        let is_formula = cell.is_text && matches!(text.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r'));
        let is_quoted = text.iter().any(|byte| matches!(byte, b'"' | b',' | b'\n' | b'\r'));
        if is_quoted {
            out.push(b'"');
        }
        if is_formula {
            out.push(b'\'');
        }
        for &byte in text {
            if byte == b'"' {
                out.push(b'"');
            }
            out.push(byte);
        }
        if is_quoted {
            out.push(b'"');
        }
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
