//! Which log files can hold an element of a list.
//!
//! The engine asks Bloom filters about columns of single values only. Who touched a resource is asked of `entities`, so
//! here those of lists are asked too, before files are chosen.

use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::bloom_filter::Sbbf;
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use futures::{StreamExt, TryStreamExt, stream};
use indelible_archive::LogFile;

use crate::reader::{LogFileReader, LogFileReaders};

/// Files asked at the same time.
const CONCURRENT: usize = 16;

/// A list that must hold one of some values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    column: String,
    values: Vec<String>,
}

/// What every row must hold for all of `filters` to be true.
pub(crate) fn wanted(filters: &[Expr]) -> Vec<Wanted> {
    filters.iter().flat_map(split_conjunction).filter_map(one_of).collect()
}

/// `array_has(column, 'value')`, or several of the same column joined by OR.
fn one_of(filter: &Expr) -> Option<Wanted> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let (mut left, right) = (one_of(left)?, one_of(right)?);
            left.values.extend(right.values);
            (left.column == right.column).then_some(left)
        }
        Expr::ScalarFunction(call) if call.name() == "array_has" => match call.args.as_slice() {
            [Expr::Column(column), Expr::Literal(ScalarValue::Utf8(value) | ScalarValue::Utf8View(value), _)] => {
                Some(Wanted { column: column.name.clone(), values: vec![value.clone()?] })
            }
            _ => None,
        },
        _ => None,
    }
}

/// Those of `files` that can hold what is wanted, in their order.
pub(crate) async fn holding<'f>(
    readers: &LogFileReaders,
    files: Vec<&'f LogFile>,
    wanted: &[Wanted],
) -> Result<Vec<&'f LogFile>> {
    if wanted.is_empty() {
        return Ok(files);
    }
    let answers: Vec<_> = files.iter().map(|file| can_hold(readers.open(file), wanted)).collect();
    let keep: Vec<bool> = stream::iter(answers).buffered(CONCURRENT).try_collect().await?;
    Ok(files.into_iter().zip(keep).filter_map(|(file, keep)| keep.then_some(file)).collect())
}

async fn can_hold(mut reader: LogFileReader, wanted: &[Wanted]) -> Result<bool> {
    let footer = reader.get_metadata(None).await?;
    'groups: for group in footer.row_groups() {
        for wanted in wanted {
            if !group_can_hold(&mut reader, group, wanted).await? {
                continue 'groups;
            }
        }
        return Ok(true);
    }
    Ok(false)
}

/// True also where there is no filter to ask.
async fn group_can_hold(reader: &mut LogFileReader, group: &RowGroupMetaData, wanted: &Wanted) -> Result<bool> {
    let is_wanted = |column: &&ColumnChunkMetaData| {
        matches!(column.column_path().parts(), [name, list, element]
            if *name == wanted.column && list == "list" && element == "element")
    };
    let Some(column) = group.columns().iter().find(is_wanted) else { return Ok(true) };
    let (Some(offset), Some(length)) = (column.bloom_filter_offset(), column.bloom_filter_length()) else {
        return Ok(true);
    };
    let (Ok(offset), Ok(length)) = (u64::try_from(offset), u64::try_from(length)) else { return Ok(true) };
    let bytes = reader.get_bytes(offset..offset + length).await?;
    let filter = Sbbf::from_bytes(&bytes)?;
    Ok(wanted.values.iter().any(|value| filter.check(value.as_str())))
}

#[cfg(test)]
mod tests {
    use datafusion::functions_nested::expr_fn::array_has;
    use datafusion::logical_expr::{ident, lit};

    use super::*;

    fn has(column: &str, value: &str) -> Expr {
        array_has(ident(column), lit(value))
    }

    #[track_caller]
    fn check(filter: Expr, expected: &[(&str, &[&str])]) {
        let expected: Vec<Wanted> = expected
            .iter()
            .map(|(column, values)| Wanted {
                column: (*column).to_owned(),
                values: values.iter().map(|value| (*value).to_owned()).collect(),
            })
            .collect();
        assert_eq!(wanted(&[filter]), expected);
    }

    #[test]
    fn only_what_every_row_must_hold_is_wanted() {
        check(has("entities", "a"), &[("entities", &["a"])]);
        check(has("entities", "a").and(has("origins", "b")), &[("entities", &["a"]), ("origins", &["b"])]);
        check(has("entities", "a").or(has("entities", "b")), &[("entities", &["a", "b"])]);
        check(has("entities", "a").or(has("origins", "b")), &[]);
        check(has("entities", "a").or(ident("uid").eq(lit("b"))), &[]);
        check(has("entities", "a").is_not_true(), &[]);
    }
}
