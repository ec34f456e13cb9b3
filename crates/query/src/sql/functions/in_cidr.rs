//! `in_cidr(origin, '10.0.0.0/8')`.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::constant;
use super::has_category::any_text;
use crate::cidr::Network;

/// Whether a text, or any element of a list, is an address of a network. False for null and for what is no address.
pub(super) fn in_cidr() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(InCidr { signature: Signature::any(2, Volatility::Immutable) }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct InCidr {
    signature: Signature,
}

impl ScalarUDFImpl for InCidr {
    fn name(&self) -> &str {
        "in_cidr"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments.first() {
            Some(DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 | DataType::List(_) | DataType::Null) => {
                Ok(DataType::Boolean)
            }
            _ => exec_err!("in_cidr takes an address or a list of them, and a network in quotes"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [addresses, network] = arguments.args.as_slice() else {
            return exec_err!("in_cidr takes addresses and a network");
        };
        let Some(text) = constant(network, "in_cidr", "network")? else {
            return Ok(ColumnarValue::Scalar(ScalarValue::Boolean(Some(false))));
        };
        let Some(network) = Network::parse(text) else {
            return exec_err!("in_cidr: `{text}` is not a network; write one such as '10.0.0.0/8' or '2001:db8::/32'");
        };
        any_text(addresses, |text| network.contains(text))
    }
}
