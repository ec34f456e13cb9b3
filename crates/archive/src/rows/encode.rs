//! Canonical parts into columns.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int16Builder, Int64Builder, ListArray, RecordBatch, StringArray, StringBuilder, StructArray,
    TimestampMicrosecondBuilder,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{FieldRef, SchemaRef};
use arrow::error::ArrowError;
use indelible_event::parts::{self, Columns as _, Intake, User};

use super::{COLUMNS, Column, RowError, SEQ_MAX, intake_fields, schema, string_element, user_element, user_fields};

/// Text one batch may hold. Arrow counts the bytes of a column in 31 bits.
const BATCH_BYTES_MAX: usize = 1 << 30;

/// One entry, as it stands in the journal.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// RID of the organization whose log it stands in.
    pub organization: &'a str,
    /// Its place there, at most [`SEQ_MAX`].
    pub seq: u64,
    /// When it was received, microseconds since 1970 UTC.
    pub received_at_us: i64,
    /// The canonical infrastructure part.
    pub infrastructure: &'a [u8],
    /// The canonical content part; `{}` where it is absent or must not be shown.
    pub content: &'a [u8],
}

/// Collects entries into a batch of columns.
///
/// Nothing is allocated for an entry beyond the growth of the columns, unless a string of it holds an escape.
#[derive(Debug)]
pub struct RowEncoder {
    schema: SchemaRef,
    columns: Vec<(Column, Cells)>,
    rows: usize,
    bytes: usize,
}

impl RowEncoder {
    /// All columns of [`schema`], or those at the places `projection`, in that order.
    pub fn new(projection: Option<&[usize]>) -> Result<RowEncoder, RowError> {
        let all: Vec<usize> = (0..COLUMNS.len()).collect();
        let projection = projection.unwrap_or(&all);
        if let Some(&index) = projection.iter().find(|&&index| index >= COLUMNS.len()) {
            return Err(RowError::Projection { index, count: COLUMNS.len() });
        }
        let schema = schema().project(projection).map_err(arrow)?;
        let columns = projection.iter().map(|&index| (COLUMNS[index], Cells::new(COLUMNS[index]))).collect();
        Ok(RowEncoder { schema: Arc::new(schema), columns, rows: 0, bytes: 0 })
    }

    /// The columns of the batches this encoder makes.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Rows pushed since the last [`finish`](Self::finish).
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of the parts pushed since the last [`finish`](Self::finish): near what the batch takes in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Appends an entry. On an error the batch is as before.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let bytes = self.bytes + row.organization.len() + row.infrastructure.len() + row.content.len();
        if bytes > BATCH_BYTES_MAX && self.rows > 0 {
            return Err(RowError::Full { bytes: self.bytes });
        }
        let read = parts::Row::read(row.infrastructure, row.content).map_err(|source| RowError::Malformed {
            organization: row.organization.to_owned(),
            seq: row.seq,
            source,
        })?;
        check_numbers(row, read.intake().as_ref())?;
        for (column, cells) in &mut self.columns {
            cells.push(*column, row, &read);
        }
        self.rows += 1;
        self.bytes = bytes;
        Ok(())
    }

    /// Takes the rows pushed so far; the encoder is empty then and may be used again.
    pub fn finish(&mut self) -> Result<RecordBatch, RowError> {
        let arrays = self.columns.iter_mut().map(|(_, cells)| cells.finish());
        let arrays = arrays.collect::<Result<Vec<_>, _>>().map_err(arrow)?;
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(self.rows));
        (self.rows, self.bytes) = (0, 0);
        RecordBatch::try_new_with_options(self.schema(), arrays, &options).map_err(arrow)
    }
}

fn arrow(error: ArrowError) -> RowError {
    RowError::Arrow(error.to_string())
}

fn check_numbers(row: &Row<'_>, intake: Option<&Intake<'_>>) -> Result<(), RowError> {
    let too_large = |column| Err(RowError::Number { organization: row.organization.to_owned(), seq: row.seq, column });
    if row.seq > SEQ_MAX {
        return too_large("seq");
    }
    let fits = |number: Option<u64>| number.is_none_or(|number| i64::try_from(number).is_ok());
    match intake {
        Some(intake) if !fits(intake.producer_epoch) => too_large("intake.producerEpoch"),
        Some(intake) if !fits(intake.producer_seq) => too_large("intake.producerSeq"),
        _ => Ok(()),
    }
}

/// The growing array of one column.
#[derive(Debug)]
enum Cells {
    Text(StringBuilder),
    Int64(Int64Builder),
    Int16(Int16Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Strings(Strings),
    Users(Users),
    Intake(IntakeCells),
}

impl Cells {
    fn new(column: Column) -> Cells {
        match column {
            Column::Organization | Column::Kind | Column::Text(_) => Cells::Text(StringBuilder::new()),
            Column::Seq => Cells::Int64(Int64Builder::new()),
            Column::ReceivedAt | Column::Time => {
                Cells::Timestamp(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
            }
            Column::TimeNanos => Cells::Int16(Int16Builder::new()),
            Column::List(_) => Cells::Strings(Strings::default()),
            Column::Users => Cells::Users(Users::default()),
            Column::Intake => Cells::Intake(IntakeCells::default()),
        }
    }

    fn push(&mut self, column: Column, row: &Row<'_>, read: &parts::Row<'_>) {
        match (self, column) {
            (Cells::Text(cells), Column::Organization) => cells.append_value(row.organization),
            (Cells::Text(cells), Column::Kind) => cells.append_value(read.kind()),
            (Cells::Text(cells), Column::Text(text)) => cells.append_option(read.text(text)),
            (Cells::Int64(cells), _) => cells.append_value(row.seq as i64),
            (Cells::Timestamp(cells), Column::ReceivedAt) => cells.append_value(row.received_at_us),
            (Cells::Timestamp(cells), _) => cells.append_value(read.time().micros),
            (Cells::Int16(cells), _) => {
                let nanos = read.time().nanos;
                cells.append_option((nanos != 0).then_some(nanos as i16));
            }
            (Cells::Strings(cells), Column::List(list)) => cells.push(read.list(list)),
            (Cells::Users(cells), _) => cells.push(read.users()),
            (Cells::Intake(cells), _) => cells.push(read.intake().as_ref()),
            // `Cells::new` pairs each column with its kind of cells.
            (Cells::Text(_) | Cells::Strings(_), _) => {}
        }
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Cells::Text(cells) => Arc::new(cells.finish()),
            Cells::Int64(cells) => Arc::new(cells.finish()),
            Cells::Int16(cells) => Arc::new(cells.finish()),
            Cells::Timestamp(cells) => Arc::new(cells.finish()),
            Cells::Strings(cells) => Arc::new(cells.finish()?),
            Cells::Users(cells) => Arc::new(cells.finish()?),
            Cells::Intake(cells) => Arc::new(cells.finish()?),
        })
    }
}

/// Where each row's elements end. A row without any is null.
#[derive(Debug)]
struct Ends {
    offsets: Vec<i32>,
    valid: Vec<bool>,
}

impl Default for Ends {
    fn default() -> Ends {
        Ends { offsets: vec![0], valid: Vec::new() }
    }
}

impl Ends {
    /// `end` is the number of elements of all rows so far; far below `i32::MAX`, because each takes bytes of a batch
    /// whose bytes are bounded.
    fn push(&mut self, end: usize) {
        let end = end as i32;
        self.valid.push(self.offsets.last() != Some(&end));
        self.offsets.push(end);
    }

    fn finish(&mut self, element: FieldRef, values: ArrayRef) -> Result<ListArray, ArrowError> {
        let Ends { offsets, valid } = std::mem::take(self);
        let nulls = NullBuffer::from(valid);
        let nulls = (nulls.null_count() > 0).then_some(nulls);
        ListArray::try_new(element, OffsetBuffer::new(offsets.into()), values, nulls)
    }
}

/// A column of lists of strings.
#[derive(Debug, Default)]
struct Strings {
    values: StringBuilder,
    count: usize,
    ends: Ends,
}

impl Strings {
    fn push<'a>(&mut self, row: impl Iterator<Item = Cow<'a, str>>) {
        for value in row {
            self.values.append_value(value);
            self.count += 1;
        }
        self.ends.push(self.count);
    }

    fn finish(&mut self) -> Result<ListArray, ArrowError> {
        self.count = 0;
        self.ends.finish(string_element(), Arc::new(self.values.finish()))
    }
}

#[derive(Debug, Default)]
struct Users {
    uid: StringBuilder,
    user_name: StringBuilder,
    first_name: StringBuilder,
    last_name: StringBuilder,
    groups: Strings,
    realm: StringBuilder,
    count: usize,
    ends: Ends,
}

impl Users {
    fn push<'a>(&mut self, row: impl Iterator<Item = User<'a>>) {
        for user in row {
            self.uid.append_value(user.uid);
            self.user_name.append_option(user.user_name);
            self.first_name.append_option(user.first_name);
            self.last_name.append_option(user.last_name);
            self.groups.push(user.groups.into_iter());
            self.realm.append_option(user.realm);
            self.count += 1;
        }
        self.ends.push(self.count);
    }

    fn finish(&mut self) -> Result<ListArray, ArrowError> {
        self.count = 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.uid.finish()),
            Arc::new(self.user_name.finish()),
            Arc::new(self.first_name.finish()),
            Arc::new(self.last_name.finish()),
            Arc::new(self.groups.finish()?),
            Arc::new(self.realm.finish()),
        ];
        let users = StructArray::try_new(user_fields(), columns, None)?;
        self.ends.finish(user_element(), Arc::new(users))
    }
}

#[derive(Debug, Default)]
struct IntakeCells {
    producer: StringBuilder,
    producer_epoch: Int64Builder,
    producer_seq: Int64Builder,
    source: StringBuilder,
    adapter: StringBuilder,
    valid: Vec<bool>,
}

impl IntakeCells {
    fn push(&mut self, intake: Option<&Intake<'_>>) {
        // Numbers were checked to fit.
        let number = |number: Option<u64>| number.map(|number| number as i64);
        self.producer.append_value(intake.map_or("", |intake| &intake.producer));
        self.producer_epoch.append_option(intake.and_then(|intake| number(intake.producer_epoch)));
        self.producer_seq.append_option(intake.and_then(|intake| number(intake.producer_seq)));
        self.source.append_value(intake.map_or("", |intake| &intake.source));
        self.adapter.append_option(intake.and_then(|intake| intake.adapter.as_deref()));
        self.valid.push(intake.is_some());
    }

    fn finish(&mut self) -> Result<StructArray, ArrowError> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.producer.finish()) as Arc<StringArray>,
            Arc::new(self.producer_epoch.finish()),
            Arc::new(self.producer_seq.finish()),
            Arc::new(self.source.finish()),
            Arc::new(self.adapter.finish()),
        ];
        let nulls = NullBuffer::from(std::mem::take(&mut self.valid));
        let nulls = (nulls.null_count() > 0).then_some(nulls);
        StructArray::try_new(intake_fields(), columns, nulls)
    }
}
