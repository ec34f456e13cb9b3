//! Events as log records of OTLP.

use anyhow::{Context as _, Result, bail};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Kind;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use prost::Message as _;
use serde_json::Value;

/// How an event stands in the body of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As a map of values.
    Map,
    /// As JSON in a string.
    Text,
}

/// A request of one resource and one scope with a record for each line of `ndjson`.
pub(crate) fn request(ndjson: &[u8], shape: Shape) -> Result<Vec<u8>> {
    let lines = ndjson.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let records = lines.map(|line| record(line, shape)).collect::<Result<_>>()?;
    let scope_logs = ScopeLogs { log_records: records, ..ScopeLogs::default() };
    let resource_logs = ResourceLogs { scope_logs: vec![scope_logs], ..ResourceLogs::default() };
    Ok(ExportLogsServiceRequest { resource_logs: vec![resource_logs] }.encode_to_vec())
}

fn record(line: &[u8], shape: Shape) -> Result<LogRecord> {
    let body = match shape {
        Shape::Map => any(serde_json::from_slice(line).context("an event that is no JSON")?)?,
        Shape::Text => AnyValue { value: Some(Kind::StringValue(std::str::from_utf8(line)?.to_owned())) },
    };
    Ok(LogRecord { body: Some(body), ..LogRecord::default() })
}

fn any(value: Value) -> Result<AnyValue> {
    let kind = match value {
        Value::Null => return Ok(AnyValue::default()),
        Value::Bool(value) => Kind::BoolValue(value),
        Value::String(text) => Kind::StringValue(text),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Kind::IntValue(integer),
            None => bail!("{number} is no integer: it would not come out as it went in"),
        },
        Value::Array(values) => {
            Kind::ArrayValue(ArrayValue { values: values.into_iter().map(any).collect::<Result<_>>()? })
        }
        Value::Object(members) => {
            let pair = |(key, value)| Ok(KeyValue { key, value: Some(any(value)?), ..KeyValue::default() });
            Kind::KvlistValue(KeyValueList { values: members.into_iter().map(pair).collect::<Result<_>>()? })
        }
    };
    Ok(AnyValue { value: Some(kind) })
}
