//! The functions a program may call: VRL's own that are pure and bounded, and two of ours.
//!
//! Left out on purpose: whatever reads the environment, the clock, the network, the file system or a random source, logs,
//! or makes much from little (decompression, ranges). A list of what is allowed, not of what is not: a new release of VRL
//! adds nothing here by itself.

use std::sync::Arc;

use vrl::prelude::*;

use crate::header::{Tables, matches};

const ALLOWED: &[&str] = &[
    "abs",
    "append",
    "array",
    "basename",
    "bool",
    "ceil",
    "chunks",
    "compact",
    "contains",
    "contains_all",
    "decode_base16",
    "decode_base64",
    "decode_mime_q",
    "decode_percent",
    "decode_punycode",
    "del",
    "dirname",
    "downcase",
    "camelcase",
    "kebabcase",
    "pascalcase",
    "screamingsnakecase",
    "snakecase",
    "encode_base16",
    "encode_base64",
    "encode_csv",
    "encode_json",
    "encode_key_value",
    "encode_logfmt",
    "encode_percent",
    "ends_with",
    "exists",
    "filter",
    "find",
    "flatten",
    "float",
    "floor",
    "for_each",
    "format_int",
    "format_number",
    "format_timestamp",
    "from_entries",
    "from_unix_timestamp",
    "get",
    "includes",
    "int",
    "ip_aton",
    "ip_cidr_contains",
    "ip_ntoa",
    "ip_subnet",
    "ip_to_ipv6",
    "ipv6_to_ipv4",
    "is_array",
    "is_boolean",
    "is_empty",
    "is_float",
    "is_integer",
    "is_ipv4",
    "is_ipv6",
    "is_json",
    "is_null",
    "is_nullish",
    "is_object",
    "is_regex",
    "is_string",
    "is_timestamp",
    "join",
    "keys",
    "length",
    "map_keys",
    "map_values",
    "match",
    "match_any",
    "match_array",
    "merge",
    "mod",
    "object",
    "object_from_array",
    "parse_apache_log",
    "parse_aws_alb_log",
    "parse_aws_vpc_flow_log",
    "parse_bytes",
    "parse_cef",
    "parse_common_log",
    "parse_csv",
    "parse_duration",
    "parse_float",
    "parse_grok",
    "parse_int",
    "parse_json",
    "parse_key_value",
    "parse_logfmt",
    "parse_nginx_log",
    "parse_query_string",
    "parse_regex",
    "parse_regex_all",
    "parse_timestamp",
    "parse_tokens",
    "parse_url",
    "parse_xml",
    "pop",
    "push",
    "redact",
    "remove",
    "replace",
    "replace_with",
    "round",
    "set",
    "sha1",
    "sha2",
    "sieve",
    "slice",
    "split",
    "starts_with",
    "string",
    "strip_ansi_escape_codes",
    "strip_whitespace",
    "strlen",
    "tally",
    "timestamp",
    "to_bool",
    "to_entries",
    "to_float",
    "to_int",
    "to_regex",
    "to_string",
    "to_syslog_facility",
    "to_syslog_level",
    "to_syslog_severity",
    "to_unix_timestamp",
    "truncate",
    "unflatten",
    "unique",
    "upcase",
    "values",
    "zip",
];

/// Values [`Gather`] returns at most.
const GATHERED_MAX: usize = 64;

/// Everything a program may call.
pub(crate) fn all(tables: &Arc<Tables>) -> Vec<Box<dyn Function>> {
    let mut functions = vrl::stdlib::all();
    functions.retain(|function| ALLOWED.contains(&function.identifier()));
    functions.push(Box::new(Lookup(Arc::clone(tables))));
    functions.push(Box::new(Gather));
    functions
}

/// `lookup("Heading", key)`: the row of a table of the documentation, or null.
#[derive(Debug, Clone)]
struct Lookup(Arc<Tables>);

impl Function for Lookup {
    fn identifier(&self) -> &'static str {
        "lookup"
    }

    fn usage(&self) -> &'static str {
        "Finds a row of a table of the adapter's documentation by its first column."
    }

    fn category(&self) -> &'static str {
        "Adapter"
    }

    fn return_kind(&self) -> u16 {
        kind::OBJECT | kind::NULL
    }

    fn parameters(&self) -> &'static [Parameter] {
        const PARAMETERS: &[Parameter] = &[
            Parameter::required("table", kind::BYTES, "The heading above the table."),
            Parameter::required("key", kind::ANY, "What to find in its first column."),
        ];
        PARAMETERS
    }

    fn examples(&self) -> &'static [Example] {
        &[]
    }

    fn compile(&self, state: &TypeState, _: &mut FunctionCompileContext, arguments: ArgumentList) -> Compiled {
        let table = arguments.required_literal("table", state)?;
        let name = table.to_string_lossy().into_owned();
        match self.0.get(&name) {
            Some(table) => table.ask(),
            None => {
                return Err(function::Error::InvalidArgument {
                    keyword: "table",
                    value: table,
                    error: "no table stands under this heading in the opening comment",
                }
                .into());
            }
        }
        Ok(LookupCall { tables: Arc::clone(&self.0), name, key: arguments.required("key") }.as_expr())
    }
}

#[derive(Debug, Clone)]
struct LookupCall {
    tables: Arc<Tables>,
    name: String,
    key: Box<dyn Expression>,
}

impl FunctionExpression for LookupCall {
    fn resolve(&self, ctx: &mut Context) -> Resolved {
        let key = self.key.resolve(ctx)?;
        let row = match &key {
            Value::Integer(number) => self.find(&number.to_string()),
            key => key.to_str_lossy().and_then(|key| self.find(&key)),
        };
        Ok(row.unwrap_or(Value::Null))
    }

    fn type_def(&self, _: &TypeState) -> TypeDef {
        TypeDef::object(Collection::from_unknown(Kind::bytes().or_undefined())).or_null().infallible()
    }
}

impl LookupCall {
    fn find(&self, key: &str) -> Option<Value> {
        self.tables.get(&self.name)?.find(key).cloned()
    }
}

/// `gather(value, ["*Id", "name"])`: the texts below `value` whose key matches, as `{value, description: key}`.
#[derive(Debug, Clone, Copy)]
struct Gather;

impl Function for Gather {
    fn identifier(&self) -> &'static str {
        "gather"
    }

    fn usage(&self) -> &'static str {
        "Collects the texts at any depth whose key matches one of the patterns, each once, as {value, description}."
    }

    fn category(&self) -> &'static str {
        "Adapter"
    }

    fn return_kind(&self) -> u16 {
        kind::ARRAY
    }

    fn parameters(&self) -> &'static [Parameter] {
        const PARAMETERS: &[Parameter] = &[
            Parameter::required("value", kind::ANY, "Where to look."),
            Parameter::required("keys", kind::ARRAY, "Keys; `*` stands for any run of characters."),
        ];
        PARAMETERS
    }

    fn examples(&self) -> &'static [Example] {
        &[]
    }

    fn compile(&self, state: &TypeState, _: &mut FunctionCompileContext, arguments: ArgumentList) -> Compiled {
        let keys = match ConstOrExpr::new(arguments.required("keys"), state) {
            ConstOrExpr::Const(keys) => Keys::Fixed(patterns(&keys)),
            ConstOrExpr::Expr(keys) => Keys::Computed(keys),
        };
        let value = arguments.required("value");
        Ok(GatherCall { value, keys }.as_expr())
    }
}

#[derive(Debug, Clone)]
struct GatherCall {
    value: Box<dyn Expression>,
    keys: Keys,
}

#[derive(Debug, Clone)]
enum Keys {
    Fixed(Vec<Vec<String>>),
    Computed(Box<dyn Expression>),
}

fn patterns(keys: &Value) -> Vec<Vec<String>> {
    let split = |key: &Value| key.to_string_lossy().split('*').map(str::to_owned).collect();
    keys.as_array().into_iter().flatten().map(split).collect()
}

impl FunctionExpression for GatherCall {
    fn resolve(&self, ctx: &mut Context) -> Resolved {
        let value = self.value.resolve(ctx)?;
        let computed;
        let patterns = match &self.keys {
            Keys::Fixed(patterns) => patterns,
            Keys::Computed(keys) => {
                computed = patterns(&keys.resolve(ctx)?);
                &computed
            }
        };
        let mut found = Vec::new();
        walk(&value, None, patterns, &mut found);
        Ok(Value::Array(
            found
                .into_iter()
                .map(|(key, value)| {
                    Value::Object(ObjectMap::from([
                        ("description".into(), Value::from(key)),
                        ("value".into(), value.clone()),
                    ]))
                })
                .collect(),
        ))
    }

    fn type_def(&self, _: &TypeState) -> TypeDef {
        let item = Kind::object(Collection::from_unknown(Kind::bytes()));
        TypeDef::array(Collection::from_unknown(item)).infallible()
    }
}

/// Adds to `found`. Values are as deep as a record may be, so the recursion is bounded.
fn walk<'v>(value: &'v Value, key: Option<&'v str>, patterns: &[Vec<String>], found: &mut Vec<(&'v str, &'v Value)>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let matched = patterns.iter().any(|pattern| matches(pattern, key));
                walk(value, matched.then_some(key.as_str()), patterns, found);
            }
        }
        Value::Array(array) => {
            for value in array {
                walk(value, key, patterns, found);
            }
        }
        Value::Bytes(_) | Value::String(_) => {
            let Some(key) = key else { return };
            let is_empty = value.to_str().is_none_or(str::is_empty);
            let is_known = found.iter().any(|(_, known)| *known == value);
            if !is_empty && !is_known && found.len() < GATHERED_MAX {
                found.push((key, value));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
