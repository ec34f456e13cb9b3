//! Requests made of JSON with the types of the protocol's own crate.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Kind;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use prost::Message as _;
use serde_json::Value;

pub(crate) fn any(value: &Value) -> AnyValue {
    let kind = match value {
        Value::Null => None,
        Value::Bool(value) => Some(Kind::BoolValue(*value)),
        Value::Number(number) => Some(match number.as_i64() {
            Some(integer) => Kind::IntValue(integer),
            None => Kind::DoubleValue(number.as_f64().unwrap_or_default()),
        }),
        Value::String(text) => Some(Kind::StringValue(text.clone())),
        Value::Array(list) => Some(Kind::ArrayValue(ArrayValue { values: list.iter().map(any).collect() })),
        Value::Object(_) => Some(Kind::KvlistValue(KeyValueList { values: pairs(value) })),
    };
    AnyValue { value: kind }
}

pub(crate) fn pairs(object: &Value) -> Vec<KeyValue> {
    let members = object.as_object().into_iter().flatten();
    members.map(|(key, value)| KeyValue { key: key.clone(), value: Some(any(value)), ..KeyValue::default() }).collect()
}

/// A request with one record for each body, nothing else said about them.
pub(crate) fn request<'v>(bodies: impl Iterator<Item = &'v Value>) -> Vec<u8> {
    let log_records = bodies.map(|body| LogRecord { body: Some(any(body)), ..LogRecord::default() }).collect();
    let scope_logs = vec![ScopeLogs { log_records, ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}
