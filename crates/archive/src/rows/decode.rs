//! Columns back into canonical parts.

use std::borrow::Cow;

use arrow::array::{
    Array, AsArray, Int16Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{Int16Type, Int64Type, TimestampMicrosecondType};
use indelible_event::Time;
use indelible_event::parts::{self, Columns, Delivery, Intake, List, Text, User};

use super::{COLUMNS, Column, RowError};

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
    time: &'b TimestampMicrosecondArray,
    time_nanos: &'b Int16Array,
    texts: [Option<&'b StringArray>; Text::COUNT],
    categories: StringLists<'b>,
    origins: StringLists<'b>,
    entities: Option<StringLists<'b>>,
    users: Option<UserLists<'b>>,
    intake: IntakeColumn<'b>,
    has_content: bool,
}

impl<'b> RowDecoder<'b> {
    /// Finds the columns. Fails where one of the infrastructure part is missing, or any has another type than in
    /// [`schema`](super::schema).
    pub fn new(batch: &'b RecordBatch) -> Result<RowDecoder<'b>, RowError> {
        let has_content =
            COLUMNS.iter().all(|column| !column.is_content() || batch.column_by_name(column.name()).is_some());
        let required = |column: Column| find(batch, column)?.ok_or_else(|| missing(column));
        let mut texts = [None; Text::COUNT];
        for text in Text::ALL {
            let column = Column::Text(text);
            texts[text as usize] = match find(batch, column)? {
                Some(array) => Some(array.as_string()),
                None if column.is_content() => None,
                None => return Err(missing(column)),
            };
        }
        Ok(RowDecoder {
            rows: batch.num_rows(),
            organization: required(Column::Organization)?.as_string(),
            seq: required(Column::Seq)?.as_primitive::<Int64Type>(),
            received_at: required(Column::ReceivedAt)?.as_primitive::<TimestampMicrosecondType>(),
            kind: required(Column::Kind)?.as_string(),
            time: required(Column::Time)?.as_primitive::<TimestampMicrosecondType>(),
            time_nanos: required(Column::TimeNanos)?.as_primitive::<Int16Type>(),
            texts,
            categories: StringLists::new(required(Column::List(List::Categories))?.as_list()),
            origins: StringLists::new(required(Column::List(List::Origins))?.as_list()),
            entities: find(batch, Column::List(List::Entities))?.map(|array| StringLists::new(array.as_list())),
            users: find(batch, Column::Users)?.map(|array| UserLists::new(array.as_list())),
            intake: IntakeColumn::new(required(Column::Intake)?.as_struct()),
            has_content,
        })
    }

    /// Rows in the batch. Every `row` below must be less, or the call panics, as indexing does.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether the content part can be rebuilt.
    pub fn has_content(&self) -> bool {
        self.has_content
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
        Columns::time(&self.at(row))
    }

    /// `type`: `audit.3` and `audit.2` are events, `indelible.1` is an entry about the log itself.
    pub fn kind(&self, row: usize) -> &'b str {
        self.kind.value(row)
    }

    /// `name`
    pub fn name(&self, row: usize) -> Option<&'b str> {
        optional(self.texts[Text::Name as usize]?, row)
    }

    /// Appends the canonical infrastructure part.
    pub fn infrastructure(&self, row: usize, out: &mut Vec<u8>) {
        parts::write_infrastructure(&self.at(row), out);
    }

    /// Appends the canonical content part.
    pub fn content(&self, row: usize, out: &mut Vec<u8>) -> Result<(), RowError> {
        if !self.has_content {
            return Err(RowError::NoContent);
        }
        parts::write_content(&self.at(row), out);
        Ok(())
    }

    /// Whether the row is in the one form the encoder gives it: `timeNanos` absent rather than 0, lists absent rather
    /// than empty, and in each JSON column one whole object, so that a query of the columns sees what the rebuilt
    /// texts say. Rows that came from elsewhere than [`RowEncoder`](super::RowEncoder) must be asked.
    pub fn is_canonical(&self, row: usize) -> bool {
        let nanos = self.time_nanos.is_null(row) || (1..=999).contains(&self.time_nanos.value(row));
        let at = self.at(row);
        let objects = [Text::RequestFields, Text::ResultFields, Text::Extra];
        let mut objects = objects.into_iter().filter_map(|text| at.text(text));
        nanos
            && self.categories.is_canonical(row)
            && self.origins.is_canonical(row)
            && self.entities.is_none_or(|lists| lists.is_canonical(row))
            && self.users.as_ref().is_none_or(|lists| lists.is_canonical(row))
            && objects.all(is_whole_object)
    }

    /// Appends the event as it is delivered: one canonical JSON object with the members of both parts, those of
    /// `extra` lifted, `organization` and `seq`; without `intake`. Where the batch has no content part, nor has the
    /// event.
    ///
    /// `scratch` is room to work in, emptied first; keep it from row to row. On an error `out` holds a fragment.
    pub fn delivered(&self, row: usize, scratch: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), RowError> {
        scratch.clear();
        self.infrastructure(row, scratch);
        let split = scratch.len();
        if self.has_content {
            parts::write_content(&self.at(row), scratch);
        } else {
            scratch.extend_from_slice(b"{}");
        }
        let (infrastructure, content) = scratch.split_at(split);
        let delivery =
            Delivery { organization: Some(self.organization(row)), seq: Some(self.seq(row)), intake: false };
        parts::merge(infrastructure, content, &delivery, out).map_err(|source| RowError::Malformed {
            organization: self.organization(row).to_owned(),
            seq: self.seq(row),
            source,
        })
    }

    fn at(&self, row: usize) -> At<'_, 'b> {
        At { columns: self, row }
    }
}

fn find(batch: &RecordBatch, column: Column) -> Result<Option<&dyn Array>, RowError> {
    let Some(array) = batch.column_by_name(column.name()) else { return Ok(None) };
    if !array.data_type().equals_datatype(&column.data_type()) {
        return Err(missing(column));
    }
    Ok(Some(array.as_ref()))
}

fn missing(column: Column) -> RowError {
    RowError::Column { column: column.name(), expected: column.data_type().to_string() }
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

fn optional(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

/// One row, read where it lies.
struct At<'r, 'b> {
    columns: &'r RowDecoder<'b>,
    row: usize,
}

impl Columns for At<'_, '_> {
    fn kind(&self) -> &str {
        self.columns.kind.value(self.row)
    }

    fn time(&self) -> Time {
        let nanos = self.columns.time_nanos;
        let nanos = if nanos.is_valid(self.row) { nanos.value(self.row) as u16 } else { 0 };
        Time { micros: self.columns.time.value(self.row), nanos }
    }

    fn text(&self, column: Text) -> Option<&str> {
        optional(self.columns.texts[column as usize]?, self.row)
    }

    fn list(&self, column: List) -> impl Iterator<Item = Cow<'_, str>> {
        let lists = match column {
            List::Categories => Some(self.columns.categories),
            List::Origins => Some(self.columns.origins),
            List::Entities => self.columns.entities,
        };
        lists.into_iter().flat_map(|lists| lists.of(self.row)).map(Cow::Borrowed)
    }

    fn users(&self) -> impl Iterator<Item = User<'_>> {
        self.columns.users.iter().flat_map(|users| users.of(self.row))
    }

    fn intake(&self) -> Option<Intake<'_>> {
        self.columns.intake.of(self.row)
    }
}

#[derive(Debug, Clone, Copy)]
struct StringLists<'b> {
    lists: &'b ListArray,
    values: &'b StringArray,
}

impl<'b> StringLists<'b> {
    fn new(lists: &'b ListArray) -> Self {
        Self { lists, values: lists.values().as_string() }
    }

    fn of(self, row: usize) -> impl Iterator<Item = &'b str> {
        elements(self.lists, row).map(move |index| self.values.value(index))
    }

    fn is_canonical(self, row: usize) -> bool {
        self.lists.is_null(row) || !elements(self.lists, row).is_empty()
    }
}

/// The places of a row's elements among all; none where the list is null.
fn elements(lists: &ListArray, row: usize) -> std::ops::Range<usize> {
    if lists.is_null(row) {
        return 0..0;
    }
    let offsets = lists.value_offsets();
    offsets[row] as usize..offsets[row + 1] as usize
}

#[derive(Debug)]
struct UserLists<'b> {
    lists: &'b ListArray,
    uid: &'b StringArray,
    user_name: &'b StringArray,
    first_name: &'b StringArray,
    last_name: &'b StringArray,
    groups: StringLists<'b>,
    realm: &'b StringArray,
}

impl<'b> UserLists<'b> {
    fn new(lists: &'b ListArray) -> Self {
        let users = lists.values().as_struct();
        let text = |index: usize| users.column(index).as_string();
        Self {
            lists,
            uid: text(0),
            user_name: text(1),
            first_name: text(2),
            last_name: text(3),
            groups: StringLists::new(users.column(4).as_list()),
            realm: text(5),
        }
    }

    fn of(&self, row: usize) -> impl Iterator<Item = User<'b>> {
        let text = |array: &'b StringArray, index| optional(array, index).map(Cow::Borrowed);
        elements(self.lists, row).map(move |index| User {
            uid: self.uid.value(index).into(),
            user_name: text(self.user_name, index),
            first_name: text(self.first_name, index),
            last_name: text(self.last_name, index),
            groups: self.groups.of(index).map(Cow::Borrowed).collect(),
            realm: text(self.realm, index),
        })
    }

    fn is_canonical(&self, row: usize) -> bool {
        let mut users = elements(self.lists, row);
        (self.lists.is_null(row) || !users.is_empty()) && users.all(|index| self.groups.is_canonical(index))
    }
}

#[derive(Debug)]
struct IntakeColumn<'b> {
    intake: &'b StructArray,
    producer: &'b StringArray,
    producer_epoch: &'b Int64Array,
    producer_seq: &'b Int64Array,
    source: &'b StringArray,
    adapter: &'b StringArray,
}

impl<'b> IntakeColumn<'b> {
    fn new(intake: &'b StructArray) -> Self {
        Self {
            intake,
            producer: intake.column(0).as_string(),
            producer_epoch: intake.column(1).as_primitive(),
            producer_seq: intake.column(2).as_primitive(),
            source: intake.column(3).as_string(),
            adapter: intake.column(4).as_string(),
        }
    }

    fn of(&self, row: usize) -> Option<Intake<'b>> {
        if self.intake.is_null(row) {
            return None;
        }
        let number = |array: &Int64Array| array.is_valid(row).then(|| array.value(row) as u64);
        Some(Intake {
            producer: self.producer.value(row).into(),
            producer_epoch: number(self.producer_epoch),
            producer_seq: number(self.producer_seq),
            source: self.source.value(row).into(),
            adapter: optional(self.adapter, row).map(Cow::Borrowed),
        })
    }
}
