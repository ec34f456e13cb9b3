//! OTLP logs over HTTP, in protobuf.

use reqwest::Client;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use url::Url;

use indelible_event::parts::{Columns, List, Malformed, Text};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

use super::http::{self, Answer};
use super::splunk::sensitive;
use super::{Deliver, Outcome};
use crate::entry::{Batch, Entry};
use crate::format::Format;
use crate::secret::Secret;
use crate::settings::InvalidSettings;

/// A receiver of OTLP.
#[derive(Debug)]
pub struct Otlp {
    client: Client,
    format: Format,
    url: Url,
    authorization: Option<HeaderValue>,
}

impl Otlp {
    pub(super) fn new(
        client: Client,
        format: Format,
        url: &Url,
        token: Option<&Secret>,
    ) -> Result<Self, InvalidSettings> {
        let bearer = |token: &Secret| sensitive(format!("Bearer {}", token.expose()));
        Ok(Self { client, format, url: url.clone(), authorization: token.map(bearer).transpose()? })
    }

    fn request(&self, batch: &Batch, which: &[usize]) -> Result<ExportLogsServiceRequest, Malformed> {
        let log_records = batch.select(which).map(|entry| self.record(batch, entry)).collect::<Result<_, _>>()?;
        let resource = Resource {
            attributes: vec![
                attribute("service.name", "indelible"),
                attribute("indelible.organization", &batch.log.organization),
            ],
            ..Resource::default()
        };
        let scope = InstrumentationScope {
            name: "indelible".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        let scope_logs = vec![ScopeLogs { scope: Some(scope), log_records, ..ScopeLogs::default() }];
        Ok(ExportLogsServiceRequest {
            resource_logs: vec![ResourceLogs { resource: Some(resource), scope_logs, ..ResourceLogs::default() }],
        })
    }

    fn record(&self, batch: &Batch, entry: &Entry) -> Result<LogRecord, Malformed> {
        let row = entry.row()?;
        let mut body = Vec::new();
        self.format.write(batch, entry, &mut body)?;
        let (severity, severity_text) = match row.text(Text::Result) {
            Some("SUCCESS") | None => (SeverityNumber::Info, "INFO"),
            Some(_) => (SeverityNumber::Warn, "WARN"),
        };
        let mut attributes = vec![
            attribute("log.record.uid", &batch.id(entry)),
            KeyValue {
                key: "indelible.seq".to_owned(),
                value: Some(AnyValue { value: Some(Value::IntValue(i64::try_from(entry.seq).unwrap_or(i64::MAX))) }),
                ..KeyValue::default()
            },
        ];
        let named = [
            ("enduser.id", Text::Uid),
            ("audit.product", Text::Product),
            ("audit.result", Text::Result),
            ("client.address", Text::Origin),
            ("host.name", Text::Host),
            ("user_agent.original", Text::UserAgent),
        ];
        for (key, column) in named {
            attributes.extend(row.text(column).map(|value| attribute(key, value)));
        }
        let values = row.list(List::Categories).map(|category| string(&category)).collect();
        attributes.push(KeyValue {
            key: "audit.categories".to_owned(),
            value: Some(AnyValue { value: Some(Value::ArrayValue(ArrayValue { values })) }),
            ..KeyValue::default()
        });
        Ok(LogRecord {
            time_unix_nano: nanos(row.time().micros, row.time().nanos),
            observed_time_unix_nano: nanos(entry.received_at_us, 0),
            severity_number: severity.into(),
            severity_text: severity_text.to_owned(),
            event_name: row.text(Text::Name).unwrap_or_default().to_owned(),
            body: Some(string(&String::from_utf8_lossy(&body))),
            attributes,
            trace_id: row.text(Text::TraceId).and_then(trace_id).unwrap_or_default(),
            ..LogRecord::default()
        })
    }
}

/// OTLP has no time before 1970.
fn nanos(micros: i64, below: u16) -> u64 {
    u64::try_from(micros).map_or(0, |micros| micros.saturating_mul(1000).saturating_add(u64::from(below)))
}

fn trace_id(text: &str) -> Option<Vec<u8>> {
    hex::decode(text).ok().filter(|bytes| bytes.len() == 16)
}

fn string(text: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(text.to_owned())) }
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(string(value)), ..KeyValue::default() }
}

impl Deliver for Otlp {
    async fn deliver(&self, batch: &Batch, which: &[usize]) -> Outcome {
        let body = match self.request(batch, which) {
            Ok(request) => request.encode_to_vec(),
            Err(error) => return Outcome::Refused { reason: error.to_string() },
        };
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/x-protobuf")
            .header(CONTENT_ENCODING, "gzip")
            .body(http::gzip(&body));
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        match http::send(request).await {
            Ok(answer) if answer.status.is_success() => understand(&answer),
            Ok(answer) => answer.outcome(),
            Err(outcome) => outcome,
        }
    }
}

/// Of a partial success the protocol tells how many records were rejected, not which: they are found by sending fewer.
fn understand(answer: &Answer) -> Outcome {
    let response = match ExportLogsServiceResponse::decode(answer.body.clone()) {
        Ok(response) => response,
        Err(error) => return Outcome::later(format!("the answer is no response of OTLP: {error}")),
    };
    match response.partial_success {
        Some(partial) if partial.rejected_log_records > 0 => Outcome::Refused {
            reason: format!("{} records rejected: {}", partial.rejected_log_records, partial.error_message),
        },
        _ => Outcome::all(),
    }
}
