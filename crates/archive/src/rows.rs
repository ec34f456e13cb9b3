//! Entries as rows of Arrow columns, and back byte for byte.
//!
//! [`RowEncoder`] reads the two canonical parts of an entry into columns; [`RowDecoder`] rebuilds from the columns the
//! same two texts, hence the entry, hence its leaf: every row proves itself. The columns are those of the log file and
//! of everything that is queried; `docs/formats/archive.md` lists them.

mod decode;
mod encode;

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use indelible_event::parts::{List, Text};

pub use decode::RowDecoder;
pub use encode::{Row, RowEncoder};

/// The largest `seq`: beyond it a JSON number is no longer exact everywhere.
pub const SEQ_MAX: u64 = (1 << 53) - 1;

/// Why entries cannot become rows, or rows entries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// A part is not as `indelible_event::admit` wrote it.
    #[error("entry {seq} of {organization}: {source}")]
    Malformed {
        /// Whose entry.
        organization: String,
        /// Which entry.
        seq: u64,
        /// Where reading stopped.
        source: indelible_event::parts::Malformed,
    },
    /// A number of the entry is too large for its column.
    #[error("entry {seq} of {organization}: {column} does not fit a signed 64-bit column")]
    Number {
        /// Whose entry.
        organization: String,
        /// Which entry.
        seq: u64,
        /// Which column.
        column: &'static str,
    },
    /// The batch holds as much text as one batch can; take it with `finish` and push the entry again.
    #[error("the batch holds {bytes} bytes of text and takes no more")]
    Full {
        /// Text in the batch.
        bytes: usize,
    },
    /// A batch lacks a column, or has it with another type.
    #[error("column {column} is missing or not of type {expected}")]
    Column {
        /// Which column.
        column: &'static str,
        /// The type it has in the schema.
        expected: String,
    },
    /// The content hash beside a content is not its own.
    #[error("entry {seq}: the content hash in the row is not that of its content")]
    ContentHash {
        /// Which entry.
        seq: u64,
    },
    /// Beside the mark of a redacted entry there is content.
    #[error("entry {seq} is redacted, and its row is not that of a redacted entry")]
    Redacted {
        /// Which entry.
        seq: u64,
    },
    /// The content part was asked of a batch that holds the infrastructure part only.
    #[error("the batch holds the infrastructure part only")]
    NoContent,
    /// A projection names a column that does not exist.
    #[error("there is no column {index} among {count}")]
    Projection {
        /// As given.
        index: usize,
        /// How many columns there are.
        count: usize,
    },
    /// Arrow refused the columns.
    #[error("build columns: {0}")]
    Arrow(String),
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Organization,
    Seq,
    ReceivedAt,
    Kind,
    Time,
    TimeNanos,
    Text(Text),
    List(List),
    Users,
    Intake,
}

/// All columns in their order.
const COLUMNS: [Column; 34] = [
    Column::Organization,
    Column::Seq,
    Column::ReceivedAt,
    Column::Kind,
    Column::Time,
    Column::TimeNanos,
    Column::Text(Text::Name),
    Column::Text(Text::Result),
    Column::List(List::Categories),
    Column::Text(Text::RequestFields),
    Column::Text(Text::ResultFields),
    Column::List(List::Entities),
    Column::Users,
    Column::Text(Text::Uid),
    Column::Text(Text::Sid),
    Column::Text(Text::TokenId),
    Column::Text(Text::OrgId),
    Column::Text(Text::TraceId),
    Column::Text(Text::EventId),
    Column::Text(Text::LogEntryId),
    Column::Text(Text::SequenceId),
    Column::Text(Text::ProducerType),
    Column::Text(Text::Product),
    Column::Text(Text::ProductVersion),
    Column::Text(Text::Service),
    Column::Text(Text::Host),
    Column::Text(Text::Stack),
    Column::Text(Text::Environment),
    Column::Text(Text::UserAgent),
    Column::Text(Text::Origin),
    Column::List(List::Origins),
    Column::Text(Text::SourceOrigin),
    Column::Text(Text::Extra),
    Column::Intake,
];

impl Column {
    fn name(self) -> &'static str {
        match self {
            Column::Organization => "organization",
            Column::Seq => "seq",
            Column::ReceivedAt => "received_at",
            Column::Kind => "type",
            Column::Time => "time",
            Column::TimeNanos => "timeNanos",
            Column::Text(text) => text.name(),
            Column::List(List::Categories) => "categories",
            Column::List(List::Origins) => "origins",
            Column::List(List::Entities) => "entities",
            Column::Users => "users",
            Column::Intake => "intake",
        }
    }

    fn is_content(self) -> bool {
        match self {
            Column::Text(text) => text.is_json(),
            Column::List(List::Entities) | Column::Users => true,
            _ => false,
        }
    }

    fn is_required(self) -> bool {
        matches!(self, Column::Organization | Column::Seq | Column::ReceivedAt | Column::Kind | Column::Time)
    }

    fn data_type(self) -> DataType {
        match self {
            Column::Organization | Column::Kind | Column::Text(_) => DataType::Utf8,
            Column::Seq => DataType::Int64,
            Column::ReceivedAt | Column::Time => timestamp(),
            Column::TimeNanos => DataType::Int16,
            Column::List(_) => DataType::List(string_element()),
            Column::Users => DataType::List(user_element()),
            Column::Intake => DataType::Struct(intake_fields()),
        }
    }
}

fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// Elements are never null, and bear the name that Parquet gives them.
fn string_element() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Utf8, false))
}

fn user_element() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Struct(user_fields()), false))
}

/// The members of an element of `users`, in the order of the builders.
fn user_fields() -> Fields {
    Fields::from(vec![
        Field::new("uid", DataType::Utf8, false),
        Field::new("userName", DataType::Utf8, true),
        Field::new("firstName", DataType::Utf8, true),
        Field::new("lastName", DataType::Utf8, true),
        Field::new("groups", DataType::List(string_element()), true),
        Field::new("realm", DataType::Utf8, true),
    ])
}

/// The members of `intake`, in the order of the builders.
fn intake_fields() -> Fields {
    Fields::from(vec![
        Field::new("producer", DataType::Utf8, false),
        Field::new("producerEpoch", DataType::Int64, true),
        Field::new("producerSeq", DataType::Int64, true),
        Field::new("source", DataType::Utf8, false),
        Field::new("adapter", DataType::Utf8, true),
    ])
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let field = |column: Column| Field::new(column.name(), column.data_type(), !column.is_required());
    Arc::new(Schema::new(COLUMNS.map(field).to_vec()))
});

static INFRASTRUCTURE: LazyLock<Vec<usize>> =
    LazyLock::new(|| (0..COLUMNS.len()).filter(|&index| !COLUMNS[index].is_content()).collect());

/// The columns of a log file, and of every batch of rows that is not projected.
pub fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// The column with the hash of each content, in log files whose content is encrypted.
pub const CONTENT_HASH: &str = "content_hash";

/// The columns of a log file whose content is encrypted.
pub fn encrypted_schema() -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = SCHEMA.fields().to_vec();
    fields.push(Arc::new(Field::new(CONTENT_HASH, DataType::FixedSizeBinary(32), false)));
    Arc::new(Schema::new(fields))
}

/// The same without the content: what a reader without the key sees.
pub fn closed_schema() -> SchemaRef {
    let all = encrypted_schema();
    let is_content = |name: &str| COLUMNS.iter().any(|column| column.is_content() && column.name() == name);
    let fields = all.fields().iter().filter(|field| !is_content(field.name())).cloned();
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The column with the hash of the content where that was redacted, in log files that were written anew for it; null elsewhere.
pub const REDACTED: &str = "redacted";

/// The content part that stands in the row of a redacted entry: readers of any kind see that there was more.
pub const REDACTED_CONTENT: &[u8] = br#"{"extra":{"redacted":true}}"#;

/// The same columns in a log file of which entries were redacted.
pub fn with_redacted(schema: &SchemaRef) -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = schema.fields().to_vec();
    fields.push(Arc::new(Field::new(REDACTED, DataType::FixedSizeBinary(32), true)));
    Arc::new(Schema::new(fields))
}

/// The places in [`schema`] of the columns that are not content: what the operator's view may hold.
pub fn infrastructure_columns() -> &'static [usize] {
    &INFRASTRUCTURE
}

#[cfg(test)]
mod tests;
