//! The functions SQL may call: those of the engine that can neither reach outside nor blow up, and a few of ours.

mod bounded;
mod has_category;
mod in_cidr;
mod json_get;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::{AggregateUDF, ColumnarValue, ScalarUDF, WindowUDF};

pub(super) use bounded::{bounded, concatenation, is_bounded};
pub(crate) use json_get::json_get;

/// Scalar functions of the engine whose answer is no larger than what goes in.
const PLAIN: [&str; 103] = [
    "abs",
    "acos",
    "acosh",
    "array_any_value",
    "array_distinct",
    "array_element",
    "array_except",
    "array_has",
    "array_has_all",
    "array_has_any",
    "array_intersect",
    "array_length",
    "array_max",
    "array_min",
    "array_pop_back",
    "array_pop_front",
    "array_position",
    "array_positions",
    "array_remove",
    "array_remove_all",
    "array_reverse",
    "array_slice",
    "array_sort",
    "arrow_typeof",
    "ascii",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bit_length",
    "btrim",
    "cardinality",
    "cbrt",
    "ceil",
    "character_length",
    "chr",
    "coalesce",
    "contains",
    "cos",
    "cosh",
    "cot",
    "current_date",
    "current_time",
    "date_bin",
    "date_part",
    "date_trunc",
    "degrees",
    "empty",
    "ends_with",
    "exp",
    "find_in_set",
    "flatten",
    "floor",
    "from_unixtime",
    "gcd",
    "get_field",
    "greatest",
    "initcap",
    "isnan",
    "iszero",
    "lcm",
    "least",
    "left",
    "ln",
    "log",
    "log10",
    "log2",
    "lower",
    "ltrim",
    "make_date",
    "nanvl",
    "now",
    "nullif",
    "nvl",
    "nvl2",
    "octet_length",
    "pi",
    "power",
    "radians",
    "regexp_count",
    "regexp_instr",
    "regexp_like",
    "regexp_match",
    "reverse",
    "right",
    "round",
    "rtrim",
    "signum",
    "sin",
    "sinh",
    "split_part",
    "sqrt",
    "starts_with",
    "strpos",
    "substr",
    "substr_index",
    "tan",
    "tanh",
    "to_date",
    "to_hex",
    "trunc",
    "upper",
];

/// Those that read or write times as text or numbers.
const TIMES: [&str; 8] = [
    "to_timestamp",
    "to_timestamp_micros",
    "to_timestamp_millis",
    "to_timestamp_nanos",
    "to_timestamp_seconds",
    "to_unixtime",
    "to_local_time",
    "make_time",
];

/// Those whose answer can be much larger than what goes in; they are called through a guard.
const GROWING: [&str; 15] = [
    "array_append",
    "array_concat",
    "array_prepend",
    "array_to_string",
    "array_union",
    "concat",
    "concat_ws",
    "make_array",
    "named_struct",
    "overlay",
    "regexp_replace",
    "replace",
    "string_to_array",
    "struct",
    "to_char",
];

/// A `translate` can quadruple its text, which the guard allows for.
const REPLACING: [&str; 1] = ["translate"];

/// Whether a plan may hold this function of the engine.
pub(super) fn is_allowed(name: &str) -> bool {
    PLAIN.contains(&name) || TIMES.contains(&name) || is_growing(name) || is_ours(name)
}

pub(super) fn is_growing(name: &str) -> bool {
    GROWING.contains(&name) || REPLACING.contains(&name)
}

/// The functions of the engine that SQL may call, sorted.
#[cfg(test)]
pub(crate) fn listed_functions() -> Vec<&'static str> {
    let mut names: Vec<&str> = PLAIN.iter().chain(&TIMES).chain(&GROWING).chain(&REPLACING).copied().collect();
    names.sort_unstable();
    names
}

fn is_ours(name: &str) -> bool {
    ours().iter().any(|function| function.name() == name)
}

/// Scalar functions by the names SQL calls them.
pub(crate) fn scalars() -> Vec<Arc<ScalarUDF>> {
    let of_engine = SessionStateDefaults::default_scalar_functions().into_iter();
    of_engine
        .filter(|function| is_allowed(function.name()))
        .map(|function| if is_growing(function.name()) { bounded(&function) } else { function })
        .chain(ours())
        .collect()
}

fn ours() -> [Arc<ScalarUDF>; 4] {
    [json_get(), json_get::json_get_number(), has_category::has_category(), in_cidr::in_cidr()]
}

/// Aggregates; what they hold is counted against the memory of the query.
pub(crate) fn aggregates() -> Vec<Arc<AggregateUDF>> {
    SessionStateDefaults::default_aggregate_functions()
}

pub(crate) fn windows() -> Vec<Arc<WindowUDF>> {
    SessionStateDefaults::default_window_functions()
}

/// Calls `each` with the text of every row, `None` where it is null.
fn each_text(array: &ArrayRef, mut each: impl FnMut(Option<&str>)) -> Result<()> {
    match array.data_type() {
        DataType::Utf8View => array.as_string_view().iter().for_each(&mut each),
        DataType::Utf8 => array.as_string::<i32>().iter().for_each(&mut each),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().for_each(&mut each),
        DataType::Null => (0..array.len()).for_each(|_| each(None)),
        other => return exec_err!("expected text, got {other}"),
    }
    Ok(())
}

/// The text of a constant argument; `None` if it is null. Fails for anything but a text constant.
fn constant<'a>(argument: &'a ColumnarValue, function: &str, what: &str) -> Result<Option<&'a str>> {
    match argument {
        ColumnarValue::Scalar(ScalarValue::Utf8(text) | ScalarValue::Utf8View(text) | ScalarValue::LargeUtf8(text)) => {
            Ok(text.as_deref())
        }
        ColumnarValue::Scalar(ScalarValue::Null) => Ok(None),
        _ => exec_err!("{function}: the {what} must be a text in quotes, such as {function}(..., '...')"),
    }
}

#[cfg(test)]
mod tests;
