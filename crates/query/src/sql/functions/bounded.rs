//! A guard around functions that make large values of small ones.
//!
//! What operators hold is counted against the memory of a query, but what an expression makes is not: doubling a text
//! thirty times in a row would take all memory there is. So the size of an answer is estimated before it is made.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use crate::answer::text_bytes;

/// Largest answer for one batch of rows.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// `function`, refusing to make more than [`ANSWER_BYTES_MAX`].
pub(crate) fn bounded(function: &Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(Bounded { function: Arc::clone(function) }))
}

/// What `left || right` stands for on texts.
pub(crate) fn concatenation(left: Expr, right: Expr) -> Expr {
    bounded(&datafusion::functions::string::concat()).call(vec![left, right])
}

/// Whether it is behind the guard already.
pub(crate) fn is_bounded(function: &ScalarUDF) -> bool {
    (function.inner().as_ref() as &dyn Any).is::<Bounded>()
}

#[derive(Debug)]
struct Bounded {
    function: Arc<ScalarUDF>,
}

impl PartialEq for Bounded {
    fn eq(&self, other: &Self) -> bool {
        self.function == other.function
    }
}

impl Eq for Bounded {}

impl Hash for Bounded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.hash(state);
    }
}

impl Bounded {
    /// Bytes the answer can have at most.
    fn answer_bytes(&self, arguments: &ScalarFunctionArgs) -> usize {
        let (rows, arguments) = (arguments.number_rows, &arguments.args);
        let all = |argument: &ColumnarValue| match argument {
            ColumnarValue::Array(array) => text_bytes(array),
            ColumnarValue::Scalar(scalar) => one(scalar).saturating_mul(rows),
        };
        let longest = |at: usize| match arguments.get(at) {
            Some(ColumnarValue::Array(array)) => text_bytes(array),
            Some(ColumnarValue::Scalar(scalar)) => one(scalar),
            None => 0,
        };
        let first = arguments.first().map_or(0, all);
        let sum = arguments.iter().map(all).fold(0, usize::saturating_add);
        match self.function.name() {
            // What is put in may be put in before every byte.
            "replace" | "regexp_replace" => first.saturating_mul(longest(2).max(1)),
            "concat_ws" => first.saturating_mul(arguments.len()).saturating_add(sum),
            // An element takes four bytes at least.
            "array_to_string" => sum.saturating_add((first / 4).saturating_mul(longest(1))),
            "translate" => sum.saturating_mul(4),
            _ => sum,
        }
    }
}

fn one(scalar: &ScalarValue) -> usize {
    match scalar {
        ScalarValue::Utf8(text) | ScalarValue::Utf8View(text) | ScalarValue::LargeUtf8(text) => {
            text.as_ref().map_or(0, String::len)
        }
        _ => scalar.size(),
    }
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn aliases(&self) -> &[String] {
        self.function.aliases()
    }

    fn signature(&self) -> &Signature {
        self.function.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.function.return_type(arguments)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        self.function.return_field_from_args(arguments)
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        self.function.coerce_types(arguments)
    }

    fn simplify(&self, arguments: Vec<Expr>, context: &SimplifyContext) -> Result<ExprSimplifyResult> {
        // Rewriting would lead around the guard.
        let _ = context;
        Ok(ExprSimplifyResult::Original(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.function.documentation()
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let bytes = self.answer_bytes(&arguments);
        if bytes > ANSWER_BYTES_MAX {
            return exec_err!(
                "{} could make {bytes} bytes of one batch of rows, and {ANSWER_BYTES_MAX} are allowed; shorten its arguments",
                self.name()
            );
        }
        self.function.invoke_with_args(arguments)
    }
}
