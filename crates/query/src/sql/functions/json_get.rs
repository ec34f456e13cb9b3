//! `json_get(map, path)` and `json_get_number(map, path)`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Builder, StringViewBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::{constant, each_text};
use crate::json;

/// The value at a path as text: strings without quotes, anything else as JSON; null where there is none.
pub(crate) fn json_get() -> Arc<ScalarUDF> {
    function("json_get", Answer::Text)
}

/// The value at a path as a number; null where there is none.
pub(super) fn json_get_number() -> Arc<ScalarUDF> {
    function("json_get_number", Answer::Number)
}

fn function(name: &'static str, answer: Answer) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(JsonGet { name, answer, signature: Signature::any(2, Volatility::Immutable) }))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Answer {
    Text,
    Number,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonGet {
    name: &'static str,
    answer: Answer,
    signature: Signature,
}

impl ScalarUDFImpl for JsonGet {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let is_text = |data_type: &DataType| {
            matches!(data_type, DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 | DataType::Null)
        };
        if !arguments.iter().all(is_text) {
            return exec_err!("{} takes a map such as requestFields and a path in quotes", self.name);
        }
        Ok(match self.answer {
            Answer::Text => DataType::Utf8View,
            Answer::Number => DataType::Float64,
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [map, path] = arguments.args.as_slice() else {
            return exec_err!("{} takes a map and a path", self.name);
        };
        let path = constant(path, self.name, "path")?;
        let array = map.to_array(1)?;
        fn raw<'t>(text: Option<&'t str>, path: Option<&str>) -> Option<&'t [u8]> {
            json::get(text?.as_bytes(), path?)
        }
        let answer: ArrayRef = match self.answer {
            Answer::Text => {
                let mut builder = StringViewBuilder::with_capacity(array.len());
                each_text(&array, |text| {
                    builder.append_option(raw(text, path).and_then(json::plain));
                })?;
                Arc::new(builder.finish())
            }
            Answer::Number => {
                let mut builder = Float64Builder::with_capacity(array.len());
                each_text(&array, |text| {
                    builder.append_option(raw(text, path).and_then(json::number));
                })?;
                Arc::new(builder.finish())
            }
        };
        Ok(match map {
            ColumnarValue::Scalar(_) => ColumnarValue::Scalar(ScalarValue::try_from_array(&answer, 0)?),
            ColumnarValue::Array(_) => ColumnarValue::Array(answer),
        })
    }
}
