//! The columns of the tables, per part.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use indelible_archive::rows;
use indelible_event::Part;

/// Column of the organization, which is taken from the name of a file and not from its rows.
pub(crate) const ORGANIZATION: &str = "organization";

/// What a reader of `part` may see, as the places of the columns in the log file.
pub(crate) fn columns(part: Part) -> Vec<usize> {
    match part {
        Part::Entry => (0..rows::schema().fields().len()).collect(),
        Part::Infrastructure => rows::infrastructure_columns().to_vec(),
    }
}

/// The columns as archived, which is also what a search returns.
pub(crate) fn archived(part: Part) -> SchemaRef {
    let schema = rows::schema();
    let fields = columns(part).into_iter().map(|index| Arc::clone(&schema.fields()[index]));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The columns as tables have them: text as views, which are filtered and grouped without copying it.
pub(crate) fn table(part: Part) -> SchemaRef {
    let archived = archived(part);
    let fields = archived.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => Arc::new(Field::new(field.name(), DataType::Utf8View, field.is_nullable())),
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
