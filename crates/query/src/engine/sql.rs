//! SQL, run.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use futures::stream;
use indelible_event::{Part, Reach};

use super::Engine;
use super::run::{Plans, Rows};
use crate::answer::{Answer, QueryError};
use crate::fields;
use crate::schema;
use crate::snapshot::Snapshot;
use crate::sql::{Question, TABLES, read};
use crate::view::View;

impl Engine {
    /// Answers one SQL query over the tables `events` and `entries`; see `docs/reference/sql.md`.
    pub async fn sql(&self, scope: &impl Reach, snapshot: Snapshot, text: &str) -> Result<Answer, QueryError> {
        let text = text.to_owned();
        // Reading recurses as deep as users nest, which the threads of the engine are made for.
        let plan = move |plans: Arc<Plans>| async move {
            match read(&text).map_err(QueryError::Sql)? {
                Question::Rows(statement) => plans.sql(statement).await,
                Question::Columns => columns(plans.view.part()),
                Question::Tables => tables(),
            }
        };
        self.run(View::of(scope), snapshot, self.limits().rows_max, plan).await
    }
}

/// Name, type and meaning of each column.
fn columns(part: Part) -> Result<Rows, QueryError> {
    let schema = schema::archived(part);
    let mut rows: [Vec<String>; 3] = Default::default();
    for field in fields::columns(part) {
        let data_type = schema.field_with_name(field.name).map(|found| type_name(found.data_type()));
        rows[0].push(field.name.to_owned());
        rows[1].push(data_type.unwrap_or_default());
        rows[2].push(field.summary.to_owned());
    }
    table(&["column", "type", "meaning"], rows)
}

fn tables() -> Result<Rows, QueryError> {
    let (names, meanings) = TABLES.iter().map(|(name, meaning)| ((*name).to_owned(), (*meaning).to_owned())).unzip();
    table(&["table", "meaning"], [names, meanings])
}

/// The type as SQL users know it.
pub(crate) fn type_name(data_type: &DataType) -> String {
    use DataType as T;
    match data_type {
        T::Utf8 | T::Utf8View => "text".to_owned(),
        T::Int64 => "bigint".to_owned(),
        T::Int16 => "smallint".to_owned(),
        T::Timestamp(..) => "timestamp".to_owned(),
        T::List(element) => format!("list of {}", type_name(element.data_type())),
        T::Struct(members) => {
            let members: Vec<String> =
                members.iter().map(|member| format!("{} {}", member.name(), type_name(member.data_type()))).collect();
            format!("struct({})", members.join(", "))
        }
        other => other.to_string(),
    }
}

fn table<const N: usize>(names: &[&str; N], columns: [Vec<String>; N]) -> Result<Rows, QueryError> {
    let columns = columns.map(|column| Arc::new(StringArray::from(column)) as ArrayRef);
    let batch = RecordBatch::try_from_iter(names.iter().copied().zip(columns))
        .map_err(|error| QueryError::Internal(error.to_string()))?;
    Ok(Rows { schema: batch.schema(), batches: Box::pin(stream::iter([Ok(batch)])) })
}
