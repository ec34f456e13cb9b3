//! Single values as text and as JSON.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Float64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use indelible_event::Time;
use indelible_event::parts::write_string;

/// A value as text.
#[derive(Debug)]
pub(super) struct Cell<'a> {
    pub(super) text: Cow<'a, str>,
    /// Whether somebody chose the characters, rather than a number or a time.
    pub(super) is_text: bool,
}

impl<'a> Cell<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Cell<'a> {
        Cell { text: text.into(), is_text: true }
    }

    fn plain(text: impl Into<Cow<'a, str>>) -> Cell<'a> {
        Cell { text: text.into(), is_text: false }
    }
}

/// The value at `row`; nothing of null. Text stands as it is, lists and structs as JSON, times as RFC 3339 in UTC with
/// `nanos` below the microsecond.
pub(super) fn cell(array: &ArrayRef, row: usize, nanos: u16) -> Result<Cell<'_>, ArrowError> {
    if array.is_null(row) {
        return Ok(Cell::plain(""));
    }
    if let Some(text) = text(array, row) {
        return Ok(Cell::text(text));
    }
    if let Some(time) = time(array, row) {
        return Ok(Cell::plain(Time { nanos: time.nanos + nanos, ..time }.to_string()));
    }
    match array.data_type() {
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) | DataType::Struct(_) => {
            let mut out = Vec::new();
            write_json(array, row, &mut out)?;
            Ok(Cell::text(String::from_utf8_lossy(&out).into_owned()))
        }
        _ => Ok(Cell::plain(formatted(array, row)?)),
    }
}

/// Appends the value at `row` as JSON. Text that holds JSON stays text.
pub(super) fn write_json(array: &ArrayRef, row: usize, out: &mut Vec<u8>) -> Result<(), ArrowError> {
    if array.is_null(row) {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    if let Some(text) = text(array, row) {
        write_string(out, text);
        return Ok(());
    }
    if let Some(time) = time(array, row) {
        write_string(out, &time.to_string());
        return Ok(());
    }
    match array.data_type() {
        DataType::Boolean => out.extend_from_slice(array.as_boolean().value(row).to_string().as_bytes()),
        data_type if data_type.is_integer() => out.extend_from_slice(formatted(array, row)?.as_bytes()),
        data_type if data_type.is_floating() => {
            let number = cast(&array.slice(row, 1), &DataType::Float64)?.as_primitive::<Float64Type>().value(0);
            // Not a number and infinity have no JSON; a number does not say more than null then.
            out.extend_from_slice(serde_json::Value::from(number).to_string().as_bytes());
        }
        DataType::List(_) => write_list(&array.as_list::<i32>().value(row), out)?,
        DataType::LargeList(_) => write_list(&array.as_list::<i64>().value(row), out)?,
        DataType::FixedSizeList(..) => write_list(&array.as_fixed_size_list().value(row), out)?,
        DataType::Struct(fields) => {
            out.push(b'{');
            let mut separator: &[u8] = b"";
            for (field, column) in fields.iter().zip(array.as_struct().columns()) {
                out.extend_from_slice(separator);
                separator = b",";
                write_string(out, field.name());
                out.push(b':');
                write_json(column, row, out)?;
            }
            out.push(b'}');
        }
        _ => write_string(out, &formatted(array, row)?),
    }
    Ok(())
}

fn write_list(elements: &ArrayRef, out: &mut Vec<u8>) -> Result<(), ArrowError> {
    out.push(b'[');
    for row in 0..elements.len() {
        if row > 0 {
            out.push(b',');
        }
        write_json(elements, row, out)?;
    }
    out.push(b']');
    Ok(())
}

fn text(array: &ArrayRef, row: usize) -> Option<&str> {
    match array.data_type() {
        DataType::Utf8 => Some(array.as_string::<i32>().value(row)),
        DataType::Utf8View => Some(array.as_string_view().value(row)),
        DataType::LargeUtf8 => Some(array.as_string::<i64>().value(row)),
        _ => None,
    }
}

/// A timestamp within the years that have four digits.
fn time(array: &ArrayRef, row: usize) -> Option<Time> {
    let DataType::Timestamp(unit, _) = array.data_type() else {
        return None;
    };
    let (micros, nanos) = match unit {
        TimeUnit::Second => (array.as_primitive::<TimestampSecondType>().value(row).checked_mul(1_000_000)?, 0),
        TimeUnit::Millisecond => (array.as_primitive::<TimestampMillisecondType>().value(row).checked_mul(1_000)?, 0),
        TimeUnit::Microsecond => (array.as_primitive::<TimestampMicrosecondType>().value(row), 0),
        TimeUnit::Nanosecond => {
            let nanos = array.as_primitive::<TimestampNanosecondType>().value(row);
            (nanos.div_euclid(1_000), nanos.rem_euclid(1_000) as u16)
        }
    };
    let time = Time { micros, nanos };
    (Time::MIN..=Time::MAX).contains(&time).then_some(time)
}

fn formatted(array: &ArrayRef, row: usize) -> Result<String, ArrowError> {
    ArrayFormatter::try_new(array, &FormatOptions::default())?.value(row).try_to_string()
}
