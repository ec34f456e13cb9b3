//! Columns back into canonical parts.
//!
//! A batch is turned into lists of members first, each with its key as it is written and without the columns that are
//! absent throughout; writing a row is then little more than copying. This runs for every entry that is verified.

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, Int16Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Fields, Int64Type};
use indelible_event::Time;
use indelible_event::entry::Digest;
use indelible_event::parts::{self, Delivery, Text, write_string};

use super::{COLUMNS, CONTENT_HASH, Column, REDACTED, RowError, intake_fields, user_fields};

/// Reads the rows of a batch as entries. Columns are found by name, so their order does not matter and others may
/// stand among them.
///
/// A batch without one of the content columns counts as the infrastructure part only.
#[derive(Debug)]
pub struct RowDecoder<'b> {
    rows: usize,
    organization: &'b StringArray,
    seq: &'b Int64Array,
    received_at: &'b TimestampMicrosecondArray,
    kind: &'b StringArray,
    name: &'b StringArray,
    time: Times<'b>,
    extra: Option<&'b StringArray>,
    infrastructure: Vec<Member<'b>>,
    content_hash: Option<&'b FixedSizeBinaryArray>,
    redacted: Option<&'b FixedSizeBinaryArray>,
    /// `None` in a batch without content columns.
    content: Option<Vec<Member<'b>>>,
    /// Those of both parts together, `organization` and `seq`; without `intake` and `extra`.
    delivered: Vec<Member<'b>>,
}

impl<'b> RowDecoder<'b> {
    /// Finds the columns. Fails where one of the infrastructure part is missing, or any has another type than in
    /// [`schema`](super::schema).
    pub fn new(batch: &'b RecordBatch) -> Result<RowDecoder<'b>, RowError> {
        let has_content =
            COLUMNS.iter().all(|column| !column.is_content() || batch.column_by_name(column.name()).is_some());
        let mut arrays: Vec<(Column, &'b ArrayRef)> = Vec::with_capacity(COLUMNS.len());
        for column in COLUMNS.into_iter().filter(|column| has_content || !column.is_content()) {
            arrays.push((column, find(batch, column)?));
        }
        let array = |wanted: Column| {
            let found = arrays.iter().find(|(column, _)| *column == wanted);
            found.map(|(_, array)| *array).ok_or_else(|| missing(wanted))
        };
        let time =
            Times { micros: array(Column::Time)?.as_primitive(), nanos: array(Column::TimeNanos)?.as_primitive() };
        let members = |wanted: &dyn Fn(Column) -> bool| {
            let columns = arrays.iter().filter(|(column, array)| wanted(*column) && array.null_count() < array.len());
            sorted(columns.map(|(column, array)| Member::new(column.name(), column.value(array, time))).collect())
        };
        let is_place = |column| matches!(column, Column::Organization | Column::Seq);
        let is_part = |column| !is_place(column) && !matches!(column, Column::ReceivedAt | Column::TimeNanos);
        let is_hidden = |column| matches!(column, Column::Intake | Column::Text(Text::Extra));
        Ok(RowDecoder {
            rows: batch.num_rows(),
            organization: array(Column::Organization)?.as_string(),
            seq: array(Column::Seq)?.as_primitive(),
            received_at: array(Column::ReceivedAt)?.as_primitive(),
            kind: array(Column::Kind)?.as_string(),
            name: array(Column::Text(Text::Name))?.as_string(),
            time,
            extra: array(Column::Text(Text::Extra)).ok().map(|extra| extra.as_string()),
            content_hash: batch.column_by_name(CONTENT_HASH).and_then(|hashes| hashes.as_fixed_size_binary_opt()),
            redacted: batch.column_by_name(REDACTED).and_then(|hashes| hashes.as_fixed_size_binary_opt()),
            infrastructure: members(&|column| is_part(column) && !column.is_content()),
            content: has_content.then(|| members(&|column: Column| column.is_content())),
            delivered: members(&|column| is_place(column) || is_part(column) && !is_hidden(column)),
        })
    }

    /// Rows in the batch. Every `row` below must be less, or the call panics, as indexing does.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether the content part can be rebuilt.
    pub fn has_content(&self) -> bool {
        self.content.is_some()
    }

    /// The hash of the content part, where the batch has a column of it.
    pub fn content_hash(&self, row: usize) -> Option<Digest> {
        self.content_hash.and_then(|hashes| hashes.value(row).try_into().ok())
    }

    /// The hash of the content part, if that was redacted. In its place stands [`REDACTED_CONTENT`](super::REDACTED_CONTENT).
    pub fn redacted(&self, row: usize) -> Option<Digest> {
        let hashes = self.redacted.filter(|hashes| hashes.is_valid(row))?;
        hashes.value(row).try_into().ok()
    }

    /// RID of the organization.
    pub fn organization(&self, row: usize) -> &'b str {
        self.organization.value(row)
    }

    /// Place in the organization's log. A negative number, which only foreign bytes hold, reads as one beyond
    /// [`SEQ_MAX`](super::SEQ_MAX).
    pub fn seq(&self, row: usize) -> u64 {
        self.seq.value(row) as u64
    }

    /// Microseconds since 1970 UTC.
    pub fn received_at_us(&self, row: usize) -> i64 {
        self.received_at.value(row)
    }

    /// The event's own time.
    pub fn time(&self, row: usize) -> Time {
        self.time.value(row)
    }

    /// `type`: `audit.3` and `audit.2` are events, `indelible.1` is an entry about the log itself.
    pub fn kind(&self, row: usize) -> &'b str {
        self.kind.value(row)
    }

    /// `name`
    pub fn name(&self, row: usize) -> Option<&'b str> {
        self.name.is_valid(row).then(|| self.name.value(row))
    }

    /// Appends the canonical infrastructure part.
    pub fn infrastructure(&self, row: usize, out: &mut Vec<u8>) {
        write_object(&self.infrastructure, row, out);
    }

    /// Appends the canonical content part.
    pub fn content(&self, row: usize, out: &mut Vec<u8>) -> Result<(), RowError> {
        let content = self.content.as_ref().ok_or(RowError::NoContent)?;
        write_object(content, row, out);
        Ok(())
    }

    /// Whether the row is in the one form the encoder gives it: `timeNanos` absent rather than 0, lists absent rather
    /// than empty, and in each JSON column one whole object, so that a query of the columns sees what the rebuilt
    /// texts say. Rows that came from elsewhere than [`RowEncoder`](super::RowEncoder) must be asked.
    pub fn is_canonical(&self, row: usize) -> bool {
        let mut members = self.infrastructure.iter().chain(self.content.iter().flatten());
        self.time.is_canonical(row) && members.all(|member| member.value.is_canonical(row))
    }

    /// Appends the event as it is delivered: one canonical JSON object with the members of both parts, those of
    /// `extra` lifted, `organization` and `seq`; without `intake`. Where the batch has no content part, nor has the
    /// event.
    ///
    /// `scratch` is room to work in, emptied first; keep it from row to row. On an error `out` holds a fragment.
    pub fn delivered(&self, row: usize, scratch: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), RowError> {
        if self.extra.is_none_or(|extra| extra.is_null(row)) {
            write_object(&self.delivered, row, out);
            return Ok(());
        }
        scratch.clear();
        self.infrastructure(row, scratch);
        let split = scratch.len();
        self.content(row, scratch)?;
        let (infrastructure, content) = scratch.split_at(split);
        let delivery = Delivery { organization: Some(self.organization(row)), seq: Some(self.seq(row)), intake: false };
        parts::merge(infrastructure, content, &delivery, out).map_err(|source| RowError::Malformed {
            organization: self.organization(row).to_owned(),
            seq: self.seq(row),
            source,
        })
    }
}

fn find(batch: &RecordBatch, column: Column) -> Result<&ArrayRef, RowError> {
    let array = batch.column_by_name(column.name()).ok_or_else(|| missing(column))?;
    if array.data_type().equals_datatype(&column.data_type()) { Ok(array) } else { Err(missing(column)) }
}

fn missing(column: Column) -> RowError {
    RowError::Column { column: column.name(), expected: column.data_type().to_string() }
}

impl Column {
    fn value<'b>(self, array: &'b ArrayRef, time: Times<'b>) -> Value<'b> {
        match self {
            Column::Text(text) if text.is_json() => Value::Json(array.as_string()),
            Column::Time | Column::ReceivedAt => Value::Time(time),
            Column::Seq | Column::TimeNanos => Value::of(array),
            Column::Organization | Column::Kind | Column::Text(_) => Value::of(array),
            Column::List(_) => Value::Strings(Lists(array.as_list()), Strings::new(array.as_list::<i32>().values())),
            Column::Users => {
                let lists = array.as_list();
                Value::Objects(Lists(lists), struct_members(lists.values().as_struct(), &user_fields()))
            }
            Column::Intake => {
                let intake = array.as_struct();
                Value::Object(intake, struct_members(intake, &intake_fields()))
            }
        }
    }
}

fn struct_members<'b>(array: &'b StructArray, fields: &Fields) -> Vec<Member<'b>> {
    let columns = fields.iter().zip(array.columns()).filter(|(_, array)| array.null_count() < array.len());
    sorted(columns.map(|(field, array)| Member::new(field.name(), Value::of(array))).collect())
}

/// In the order of canonical JSON, which for our keys is that of their bytes.
fn sorted(mut members: Vec<Member<'_>>) -> Vec<Member<'_>> {
    members.sort_by(|a, b| a.name.cmp(&b.name));
    members
}

/// A member of an object that is written from columns.
#[derive(Debug)]
struct Member<'b> {
    name: String,
    /// A comma, the key, the colon and how the value begins: whatever is the same in all rows.
    opening: Vec<u8>,
    value: Value<'b>,
}

impl<'b> Member<'b> {
    fn new(name: &str, value: Value<'b>) -> Self {
        let begins = match &value {
            Value::Text(_) | Value::Time(_) => "\"",
            Value::Strings(..) | Value::Objects(..) => "[",
            Value::Json(_) | Value::Number(_) | Value::Object(..) => "",
        };
        Self { name: name.to_owned(), opening: format!(",\"{name}\":{begins}").into_bytes(), value }
    }

    #[inline]
    fn write(&self, row: usize, out: &mut Vec<u8>) {
        if self.value.is_absent(row) {
            return;
        }
        out.extend_from_slice(&self.opening);
        match &self.value {
            Value::Text(strings) => {
                strings.write(row, out);
                out.push(b'"');
            }
            Value::Time(times) => {
                times.value(row).write(out);
                out.push(b'"');
            }
            Value::Json(texts) => out.extend_from_slice(texts.value(row).as_bytes()),
            Value::Number(numbers) => write_number(numbers.value(row), out),
            Value::Strings(lists, strings) => write_elements(*lists, row, out, |index, out| {
                out.push(b'"');
                strings.write(index, out);
                out.push(b'"');
            }),
            Value::Objects(lists, members) => {
                write_elements(*lists, row, out, |index, out| write_object(members, index, out));
            }
            Value::Object(_, members) => write_object(members, row, out),
        }
    }
}

fn write_object(members: &[Member<'_>], row: usize, out: &mut Vec<u8>) {
    let start = out.len();
    for member in members {
        member.write(row, out);
    }
    // Every member begins with a comma; the first one's makes room for the brace.
    match out.get_mut(start) {
        Some(comma) => *comma = b'{',
        None => out.push(b'{'),
    }
    out.push(b'}');
}

fn write_elements(lists: Lists<'_>, row: usize, out: &mut Vec<u8>, mut write: impl FnMut(usize, &mut Vec<u8>)) {
    for (place, index) in lists.elements(row).enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write(index, out);
    }
    out.push(b']');
}

fn write_number(number: i64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// Where a member's value is taken from.
#[derive(Debug)]
enum Value<'b> {
    Text(Strings<'b>),
    Json(&'b StringArray),
    Number(&'b Int64Array),
    Time(Times<'b>),
    Strings(Lists<'b>, Strings<'b>),
    Objects(Lists<'b>, Vec<Member<'b>>),
    Object(&'b StructArray, Vec<Member<'b>>),
}

impl<'b> Value<'b> {
    /// By the type of the array, which was checked.
    fn of(array: &'b ArrayRef) -> Value<'b> {
        if let Some(lists) = array.as_list_opt::<i32>() {
            Value::Strings(Lists(lists), Strings::new(lists.values()))
        } else if let Some(numbers) = array.as_primitive_opt::<Int64Type>() {
            Value::Number(numbers)
        } else {
            Value::Text(Strings::new(array))
        }
    }

    #[inline]
    fn is_absent(&self, row: usize) -> bool {
        match self {
            Value::Text(strings) => strings.array.is_null(row),
            Value::Json(texts) => texts.is_null(row),
            Value::Number(numbers) => numbers.is_null(row),
            Value::Time(_) => false,
            Value::Strings(lists, _) | Value::Objects(lists, _) => lists.elements(row).is_empty(),
            Value::Object(objects, _) => objects.is_null(row),
        }
    }

    fn is_canonical(&self, row: usize) -> bool {
        match self {
            Value::Json(texts) => texts.is_null(row) || is_whole_object(texts.value(row)),
            Value::Strings(lists, _) => lists.is_canonical(row),
            Value::Objects(lists, members) => {
                let mut elements = lists.elements(row);
                lists.is_canonical(row)
                    && elements.all(|index| members.iter().all(|member| member.value.is_canonical(index)))
            }
            Value::Text(_) | Value::Number(_) | Value::Time(_) | Value::Object(..) => true,
        }
    }
}

/// Braces match, and nothing follows the last.
fn is_whole_object(text: &str) -> bool {
    let mut is_empty = true;
    for member in parts::members(text.as_bytes()) {
        if member.is_err() {
            return false;
        }
        is_empty = false;
    }
    !is_empty
}

/// A column of strings.
#[derive(Debug)]
struct Strings<'b> {
    array: &'b StringArray,
    /// No string of it needs an escape.
    plain: bool,
}

impl<'b> Strings<'b> {
    fn new(array: &'b ArrayRef) -> Self {
        let array: &StringArray = array.as_string();
        let offsets = array.value_offsets();
        let range = offsets[0] as usize..offsets[offsets.len() - 1] as usize;
        Self { array, plain: !needs_escape(&array.value_data()[range]) }
    }

    /// Appends the inside of the JSON string.
    #[inline]
    fn write(&self, row: usize, out: &mut Vec<u8>) {
        let text = self.array.value(row);
        if self.plain {
            out.extend_from_slice(text.as_bytes());
        } else {
            // The quotes it brings are already there on the left, and come from the caller on the right.
            out.pop();
            write_string(out, text);
            out.pop();
        }
    }
}

/// Without a branch, so that many bytes are looked at together.
fn needs_escape(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |found, &byte| found | (byte < 0x20) | (byte == b'"') | (byte == b'\\'))
}

/// `time` and `timeNanos`.
#[derive(Debug, Clone, Copy)]
struct Times<'b> {
    micros: &'b TimestampMicrosecondArray,
    nanos: &'b Int16Array,
}

impl Times<'_> {
    fn value(self, row: usize) -> Time {
        let nanos = if self.nanos.is_valid(row) { self.nanos.value(row) as u16 } else { 0 };
        Time { micros: self.micros.value(row), nanos }
    }

    fn is_canonical(self, row: usize) -> bool {
        self.nanos.is_null(row) || (1..=999).contains(&self.nanos.value(row))
    }
}

#[derive(Debug, Clone, Copy)]
struct Lists<'b>(&'b ListArray);

impl Lists<'_> {
    /// The places of a row's elements among all; none where the list is null.
    #[inline]
    fn elements(self, row: usize) -> std::ops::Range<usize> {
        if self.0.is_null(row) {
            return 0..0;
        }
        let offsets = self.0.value_offsets();
        offsets[row] as usize..offsets[row + 1] as usize
    }

    fn is_canonical(self, row: usize) -> bool {
        self.0.is_null(row) || !self.elements(row).is_empty()
    }
}
