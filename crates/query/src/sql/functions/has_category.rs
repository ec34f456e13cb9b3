//! `has_category('dataExport')` and `has_category(categories, 'dataExport')`.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::constant;
use crate::term::texts;

/// Whether the event is of a category, in any case. False where there are none, so that `NOT` works as expected.
///
/// With one argument the column `categories` is meant; the text is rewritten before it comes here.
pub(super) fn has_category() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(HasCategory { signature: Signature::any(2, Volatility::Immutable) }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct HasCategory {
    signature: Signature,
}

impl ScalarUDFImpl for HasCategory {
    fn name(&self) -> &str {
        "has_category"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments.first() {
            Some(DataType::List(_) | DataType::Null) => Ok(DataType::Boolean),
            _ => exec_err!("has_category takes categories and the name of one in quotes"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [list, category] = arguments.args.as_slice() else {
            return exec_err!("has_category takes categories and the name of one");
        };
        let category = constant(category, "has_category", "category")?.unwrap_or_default();
        any_text(list, |text| text.eq_ignore_ascii_case(category))
    }
}

/// For each row of `argument`, whether a text in it meets `test`.
pub(super) fn any_text(argument: &ColumnarValue, mut test: impl FnMut(&str) -> bool) -> Result<ColumnarValue> {
    let array: ArrayRef = argument.to_array(1)?;
    let found = BooleanArray::new(texts(&array, None, &mut test)?, None);
    Ok(match argument {
        ColumnarValue::Scalar(_) => ColumnarValue::Scalar(ScalarValue::Boolean(Some(found.value(0)))),
        ColumnarValue::Array(_) => ColumnarValue::Array(Arc::new(found)),
    })
}
