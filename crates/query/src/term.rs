//! The condition a search term puts on a column, as a function of the engine: true or false for every row, never
//! unknown.

use std::fmt;
use std::hash::{Hash, Hasher};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::cidr::Network;
use crate::json;
use crate::pattern::{Matcher, Pattern, Scratch};
use crate::search::Bounds;

/// What one value must be.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    /// Text that matches.
    Matches(Matcher),
    /// Text equal to the byte.
    Is(String),
    /// An address of the network.
    Inside(Network),
    /// A number in the range; inside maps only.
    Between(Bounds<f64>),
    /// Anything but null.
    Exists,
}

/// Where in the column the value is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// The column itself, or any element of it.
    Value,
    /// A member of any element of a list of structs; `None` is every member.
    Member(Option<&'static str>),
    /// A path inside a map.
    Path(String),
}

/// `test` at `place` of `column`.
pub(crate) fn term(column: Expr, place: Place, test: Test) -> Expr {
    let raw = |pattern: &Pattern| Some(Matcher::anywhere(&pattern.json_escaped()));
    let prefilter = match (&place, &test) {
        (Place::Path(_), Test::Is(text)) => raw(&Pattern::of(text)),
        (Place::Path(_), Test::Matches(matcher)) => raw(matcher.pattern()),
        _ => None,
    };
    let function = TermFunction {
        name: format!("matches[{place}{test}]"),
        place,
        test,
        prefilter,
        signature: Signature::any(1, Volatility::Immutable),
    };
    ScalarUDF::new_from_impl(function).call(vec![column])
}

#[derive(Debug)]
struct TermFunction {
    /// Tells conditions apart in a plan.
    name: String,
    place: Place,
    test: Test,
    /// Must match the raw text of a map for the path to be worth following.
    prefilter: Option<Matcher>,
    signature: Signature,
}

impl PartialEq for TermFunction {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place && self.test == other.test
    }
}

impl Eq for TermFunction {}

impl Hash for TermFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for TermFunction {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [argument] = arguments.args.as_slice() else {
            return exec_err!("a search term takes one column");
        };
        let is_scalar = matches!(argument, ColumnarValue::Scalar(_));
        let array = argument.to_array(1)?;
        let holds = BooleanArray::new(self.holds(&array)?, None);
        Ok(if is_scalar {
            ColumnarValue::Scalar(ScalarValue::Boolean(Some(holds.value(0))))
        } else {
            ColumnarValue::Array(std::sync::Arc::new(holds))
        })
    }
}

impl TermFunction {
    fn holds(&self, array: &ArrayRef) -> Result<BooleanBuffer> {
        let scratch = &mut Scratch::default();
        match &self.place {
            Place::Path(path) => texts(array, None, &mut |text| self.map_holds(text, path, scratch)),
            Place::Value => texts(array, None, &mut |text| self.text_holds(text, scratch)),
            Place::Member(member) => texts(array, *member, &mut |text| self.text_holds(text, scratch)),
        }
    }

    fn text_holds(&self, text: &str, scratch: &mut Scratch) -> bool {
        match &self.test {
            Test::Matches(matcher) => matcher.is_match(text, scratch),
            Test::Is(wanted) => text == wanted,
            Test::Inside(network) => network.contains(text),
            Test::Between(bounds) => text.parse().is_ok_and(|number| bounds.contains(number)),
            Test::Exists => true,
        }
    }

    fn map_holds(&self, text: &str, path: &str, scratch: &mut Scratch) -> bool {
        if let Some(prefilter) = &self.prefilter
            && !prefilter.is_match(text, scratch)
        {
            return false;
        }
        json::holds_at(text.as_bytes(), path, &mut |raw| match &self.test {
            Test::Between(bounds) => json::number(raw).is_some_and(|number| bounds.contains(number)),
            Test::Exists => raw != b"null",
            _ if raw.first() == Some(&b'{') => false,
            _ => json::plain(raw).is_some_and(|text| self.text_holds(&text, scratch)),
        })
    }
}

/// For each row, whether any text in it meets `test`. Null does not.
pub(crate) fn texts(
    array: &ArrayRef,
    member: Option<&str>,
    test: &mut dyn FnMut(&str) -> bool,
) -> Result<BooleanBuffer> {
    let any = |offsets: &[i32], child: &BooleanBuffer| {
        BooleanBuffer::collect_bool(array.len(), |row| {
            let range = offsets[row] as usize..offsets[row + 1] as usize;
            array.is_valid(row) && range.into_iter().any(|at| child.value(at))
        })
    };
    macro_rules! each {
        ($array:expr) => {{
            let array = $array;
            BooleanBuffer::collect_bool(array.len(), |row| array.is_valid(row) && test(array.value(row)))
        }};
    }
    Ok(match array.data_type() {
        DataType::Utf8View => each!(array.as_string_view()),
        DataType::Utf8 => each!(array.as_string::<i32>()),
        DataType::LargeUtf8 => each!(array.as_string::<i64>()),
        DataType::Null => BooleanBuffer::new_unset(array.len()),
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            any(list.value_offsets(), &texts(list.values(), member, test)?)
        }
        DataType::Struct(fields) => {
            let columns = array.as_struct();
            let mut holds = BooleanBuffer::new_unset(array.len());
            for (field, column) in fields.iter().zip(columns.columns()) {
                if member.is_none_or(|member| field.name() == member) {
                    holds = &holds | &texts(column, None, test)?;
                }
            }
            holds
        }
        other => return exec_err!("a search term cannot read {other}"),
    })
}

impl Bounds<f64> {
    fn contains(&self, number: f64) -> bool {
        let above = self.low.is_none_or(|(low, inside)| number > low || (inside && number == low));
        let below = self.high.is_none_or(|(high, inside)| number < high || (inside && number == high));
        above && below
    }
}

impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Test::Matches(a), Test::Matches(b)) => a == b,
            (Test::Is(a), Test::Is(b)) => a == b,
            (Test::Inside(a), Test::Inside(b)) => a == b,
            (Test::Between(a), Test::Between(b)) => a.to_string() == b.to_string(),
            (Test::Exists, Test::Exists) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Value | Place::Member(None) => Ok(()),
            Place::Member(Some(member)) => write!(f, "{member} "),
            Place::Path(path) => write!(f, "{path} "),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Test::Matches(matcher) => write!(f, "~ {matcher}"),
            Test::Is(text) => write!(f, "= {text}"),
            Test::Inside(network) => write!(f, "in {network:?}"),
            Test::Between(bounds) => write!(f, "in {bounds}"),
            Test::Exists => f.write_str("exists"),
        }
    }
}

impl fmt::Display for Bounds<f64> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((low, inside)) = self.low {
            write!(f, "{low}{}", if inside { "=" } else { "" })?;
        }
        f.write_str("..")?;
        if let Some((high, inside)) = self.high {
            write!(f, "{}{high}", if inside { "=" } else { "" })?;
        }
        Ok(())
    }
}
