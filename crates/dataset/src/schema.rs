//! The columns of a table: those of a log file, then `salt` if the export has it, then `date`, which stands in paths.

use std::sync::Arc;

use arrow::datatypes::{DataType as Arrow, Field, Schema, SchemaRef, TimeUnit};
use deltalake_core::kernel::{ArrayType, DataType, PrimitiveType, StructField, StructType};
use indelible_archive::rows;

/// The column by which the table is partitioned: the UTC day of `received_at`.
pub(crate) const DATE: &str = "date";
/// The column of salts, 64 hexadecimal digits each.
pub(crate) const SALT: &str = "salt";

/// The columns of the table's files.
pub(crate) fn file_schema(salt: bool) -> SchemaRef {
    if !salt {
        return rows::schema();
    }
    let mut fields: Vec<Arc<Field>> = rows::schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(SALT, Arrow::Utf8, false)));
    Arc::new(Schema::new(fields))
}

/// The columns of the table; `None` if a column has a type that Delta Lake has not.
pub(crate) fn table_columns(salt: bool) -> Option<Vec<StructField>> {
    let schema = file_schema(salt);
    let of_file = schema.fields().iter().map(|field| column(field, field.is_nullable()));
    let mut columns: Vec<StructField> = of_file.collect::<Option<_>>()?;
    columns.push(StructField::not_null(DATE, PrimitiveType::Date));
    Some(columns)
}

/// Whether the table has these columns, whatever was said about them in comments.
pub(crate) fn has_columns(found: &StructType, expected: &[StructField]) -> bool {
    let bare = |field: &StructField| (field.name().clone(), field.data_type().clone(), field.is_nullable());
    found.fields().map(bare).eq(expected.iter().map(bare))
}

fn column(field: &Field, nullable: bool) -> Option<StructField> {
    Some(StructField::new(field.name(), delta_type(field.data_type())?, nullable))
}

/// Inside of lists and structs everything is nullable: Spark takes no other declaration there.
fn delta_type(arrow: &Arrow) -> Option<DataType> {
    Some(match arrow {
        Arrow::Utf8 => PrimitiveType::String.into(),
        Arrow::Int64 => PrimitiveType::Long.into(),
        Arrow::Int16 => PrimitiveType::Short.into(),
        Arrow::Timestamp(TimeUnit::Microsecond, Some(_)) => PrimitiveType::Timestamp.into(),
        Arrow::List(element) => ArrayType::new(delta_type(element.data_type())?, true).into(),
        Arrow::Struct(fields) => {
            let members: Option<Vec<StructField>> = fields.iter().map(|field| column(field, true)).collect();
            StructType::try_new(members?).ok()?.into()
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_a_log_file_is_a_column_of_the_table() {
        let names =
            |salt| -> Vec<String> { table_columns(salt).unwrap().iter().map(|column| column.name().clone()).collect() };
        let mut expected: Vec<String> = rows::schema().fields().iter().map(|field| field.name().clone()).collect();
        expected.push(DATE.to_owned());
        assert_eq!(names(false), expected);
        expected.insert(expected.len() - 1, SALT.to_owned());
        assert_eq!(names(true), expected);
    }
}
