//! The request in JSON: names in lower camel case, 64-bit integers as numbers or texts, ids in hexadecimal.
//!
//! Each record is read by itself, so that one that is broken is refused alone. Values may be nested to the 128 containers
//! that serde_json reads; one map in a map takes four of them.
//!
//! A value takes as little as three bytes in a body and some 150 in memory, so lists and values are counted before they are
//! read: beyond the body itself, no more is held than for one list and one record.

use std::borrow::Cow;
use std::fmt;

use indelible_event::parts::write_string;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::record::{Around, Body, Budget, Head, Origin, carried, whole};
use crate::json::{self, Object, write_double};
use crate::record::Records;
use crate::{Facts, Failure, Limits, Payload, Record, Refusal, View};

/// Elements of one list around the values of a record.
const ELEMENTS_MAX: usize = 100_000;
/// Objects in a record, a resource or a scope.
const OBJECTS_MAX: usize = 100_000;

/// The elements of a list, not yet read; at most [`ELEMENTS_MAX`].
#[derive(Default)]
struct Elements<'a>(Vec<&'a RawValue>);

impl<'a, 'de: 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Bounded;
        impl<'de> Visitor<'de> for Bounded {
            type Value = Vec<&'de RawValue>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = list.next_element()? {
                    if elements.len() == ELEMENTS_MAX {
                        return Err(A::Error::custom(format_args!("more than {ELEMENTS_MAX} elements in a list")));
                    }
                    elements.push(element);
                }
                Ok(elements)
            }
        }
        from.deserialize_seq(Bounded).map(Self)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow)]
    resource_logs: Option<Elements<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct ResourceLogs<'a> {
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    #[serde(borrow)]
    scope_logs: Option<Elements<'a>>,
    schema_url: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct ScopeLogs<'a> {
    #[serde(borrow)]
    scope: Option<&'a RawValue>,
    #[serde(borrow)]
    log_records: Option<Elements<'a>>,
    schema_url: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Resource<'a> {
    #[serde(borrow)]
    attributes: Option<Vec<KeyValue<'a>>>,
    dropped_attributes_count: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Scope<'a> {
    name: Option<String>,
    version: Option<String>,
    #[serde(borrow)]
    attributes: Option<Vec<KeyValue<'a>>>,
    dropped_attributes_count: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogRecord<'a> {
    #[serde(borrow)]
    time_unix_nano: Option<&'a RawValue>,
    #[serde(borrow)]
    observed_time_unix_nano: Option<&'a RawValue>,
    severity_number: Option<u32>,
    severity_text: Option<String>,
    #[serde(borrow)]
    body: Option<AnyValue<'a>>,
    #[serde(borrow)]
    attributes: Option<Vec<KeyValue<'a>>>,
    dropped_attributes_count: Option<u32>,
    flags: Option<u32>,
    trace_id: Option<String>,
    span_id: Option<String>,
    event_name: Option<String>,
}

#[derive(Deserialize)]
struct KeyValue<'a> {
    #[serde(borrow, default)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    value: Option<AnyValue<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyValue<'a> {
    string_value: Option<String>,
    bool_value: Option<bool>,
    #[serde(borrow)]
    int_value: Option<&'a RawValue>,
    #[serde(borrow)]
    double_value: Option<&'a RawValue>,
    #[serde(borrow)]
    array_value: Option<ArrayValue<'a>>,
    #[serde(borrow)]
    kvlist_value: Option<KeyValueList<'a>>,
    bytes_value: Option<String>,
}

#[derive(Deserialize)]
struct ArrayValue<'a> {
    #[serde(borrow)]
    values: Option<Vec<AnyValue<'a>>>,
}

#[derive(Deserialize)]
struct KeyValueList<'a> {
    #[serde(borrow)]
    values: Option<Vec<KeyValue<'a>>>,
}

pub(super) fn decode<'a>(body: &'a [u8], view: View, limits: &Limits) -> Result<Vec<Record<'a>>, Failure> {
    let request: Request<'a> = serde_json::from_slice(body)
        .map_err(|error| Failure::malformed(format!("the body is not an ExportLogsServiceRequest in JSON: {error}")))?;
    let mut records = Records::new(limits);
    for sent in elements(request.resource_logs) {
        let resource_logs: ResourceLogs<'a> = part("resourceLogs", sent)?;
        let resource: Resource<'a> = described("resource", resource_logs.resource)?;
        let origin = resource.origin();
        let resource = resource.write(resource_logs.schema_url.as_deref(), limits);
        for sent in elements(resource_logs.scope_logs) {
            let scope_logs: ScopeLogs<'a> = part("scopeLogs", sent)?;
            let scope: Scope<'a> = described("scope", scope_logs.scope)?;
            let scope = scope.write(scope_logs.schema_url.as_deref(), limits);
            let around = resource.clone().and_then(|resource| Ok(Around { resource, scope: scope? }));
            for sent in elements(scope_logs.log_records) {
                let read = log_record(sent.get(), view, &origin, &around, limits);
                let (payload, facts) = read.unwrap_or_else(|refusal| {
                    (Payload::Refused { refusal, sent: Cow::Borrowed(sent.get().as_bytes()) }, origin.facts(0))
                });
                records.push(payload, facts)?;
            }
        }
    }
    Ok(records.list)
}

fn elements(list: Option<Elements<'_>>) -> Vec<&RawValue> {
    list.unwrap_or_default().0
}

fn part<'a, T: Deserialize<'a> + Default>(name: &str, sent: &'a RawValue) -> Result<T, Failure> {
    let read: Result<Option<T>, _> = serde_json::from_str(sent.get());
    read.map(Option::unwrap_or_default)
        .map_err(|error| Failure::malformed(format!("a {name} of the body is not one of OTLP: {error}")))
}

/// What holds values of anybody's.
fn described<'a, T: Deserialize<'a> + Default>(name: &str, sent: Option<&'a RawValue>) -> Result<T, Failure> {
    match sent {
        None => Ok(T::default()),
        Some(sent) if has_too_many(sent.get()) => {
            Err(Failure::malformed(format!("a {name} of the body has more than {OBJECTS_MAX} objects")))
        }
        Some(sent) => part(name, sent),
    }
}

/// Counted before they are read, and so also those that are only text.
fn has_too_many(sent: &str) -> bool {
    memchr::memchr_iter(b'{', sent.as_bytes()).nth(OBJECTS_MAX).is_some()
}

fn log_record<'a>(
    sent: &'a str,
    view: View,
    origin: &Origin<'a>,
    around: &Result<Around, Refusal>,
    limits: &Limits,
) -> Result<(Payload<'a>, Facts<'a>), Refusal> {
    if has_too_many(sent) {
        return Err(Refusal::too_many_fields(OBJECTS_MAX));
    }
    let record: LogRecord<'a> = serde_json::from_str(sent).map_err(|error| {
        if error.to_string().starts_with("recursion limit") {
            return Refusal::too_deep(limits.depth.min(30));
        }
        Refusal::malformed(format!("the log record is not one of OTLP: {error}"))
    })?;
    let mut budget = Budget::new(limits);
    let body = match record.body.and_then(AnyValue::text) {
        Some(Ok(text)) if json::is_event(text.as_bytes()) => {
            return Ok((Payload::Event(Cow::Owned(text.into_bytes())), origin.facts(0)));
        }
        Some(Ok(text)) if view == View::Whole => {
            let mut out = Vec::new();
            write_string(&mut out, &text);
            Body::Other(out)
        }
        Some(Ok(text)) => Body::Text(Cow::Owned(text.into_bytes())),
        Some(Err(other)) => {
            let mut out = Vec::new();
            let is_map = other.kvlist_value.is_some();
            other.write(&mut out, usize::from(!is_map), &mut budget)?;
            if is_map && other.is_event() {
                return Ok((Payload::Event(Cow::Owned(out)), origin.facts(0)));
            }
            if is_map { Body::Map(out) } else { Body::Other(out) }
        }
        None => Body::None,
    };
    let (time, observed) = (nanos(record.time_unix_nano)?, nanos(record.observed_time_unix_nano)?);
    if view != View::Whole {
        return Ok((carried(body, view), origin.facts(if time == 0 { observed } else { time })));
    }
    let head = Head {
        time,
        observed,
        event_name: bytes(record.event_name),
        severity_number: record.severity_number.unwrap_or_default().into(),
        severity_text: bytes(record.severity_text),
        trace_id: id(record.trace_id.as_deref())?,
        span_id: id(record.span_id.as_deref())?,
        flags: record.flags.unwrap_or_default().into(),
        dropped: record.dropped_attributes_count.unwrap_or_default().into(),
    };
    let mut attributes = Vec::new();
    write_pairs(&mut attributes, &record.attributes.unwrap_or_default(), 1, &mut budget)?;
    let body = match &body {
        Body::Map(json) | Body::Other(json) => json.as_slice(),
        Body::Text(_) | Body::None => b"",
    };
    let around = around.as_ref().map_err(Clone::clone)?;
    Ok((whole(&head, around, body, &attributes)?, origin.facts(0)))
}

impl<'a> Resource<'a> {
    fn origin(&self) -> Origin<'a> {
        let text = |key: &str| {
            let pair = self.attributes.iter().flatten().find(|pair| pair.key == key)?;
            pair.value.as_ref()?.string_value.clone().map(Cow::Owned)
        };
        Origin { service: text("service.name"), host: text("host.name") }
    }

    fn write(&self, schema_url: Option<&str>, limits: &Limits) -> Result<Vec<u8>, Refusal> {
        let (mut out, mut pairs) = (Vec::new(), Vec::new());
        write_pairs(&mut pairs, self.attributes.as_deref().unwrap_or_default(), 2, &mut Budget::new(limits))?;
        let mut object = Object::open(&mut out);
        object.raw("attributes", &pairs);
        object.count("droppedAttributesCount", self.dropped_attributes_count.unwrap_or_default().into());
        object.text("schemaUrl", schema_url.unwrap_or_default().as_bytes());
        object.close();
        Ok(out)
    }
}

impl Scope<'_> {
    fn write(&self, schema_url: Option<&str>, limits: &Limits) -> Result<Vec<u8>, Refusal> {
        let (mut out, mut pairs) = (Vec::new(), Vec::new());
        write_pairs(&mut pairs, self.attributes.as_deref().unwrap_or_default(), 2, &mut Budget::new(limits))?;
        let mut object = Object::open(&mut out);
        object.text("name", self.name.as_deref().unwrap_or_default().as_bytes());
        object.text("version", self.version.as_deref().unwrap_or_default().as_bytes());
        object.raw("attributes", &pairs);
        object.count("droppedAttributesCount", self.dropped_attributes_count.unwrap_or_default().into());
        object.text("schemaUrl", schema_url.unwrap_or_default().as_bytes());
        object.close();
        Ok(out)
    }
}

impl<'a> AnyValue<'a> {
    /// The text, if it is one; else the value back, if there is one.
    fn text(mut self) -> Option<Result<String, AnyValue<'a>>> {
        match (self.kinds(), self.string_value.take()) {
            (0, _) => None,
            (1, Some(text)) => Some(Ok(text)),
            (_, text) => {
                self.string_value = text;
                Some(Err(self))
            }
        }
    }

    /// How many kinds of values it has; one has at most one.
    fn kinds(&self) -> usize {
        usize::from(self.string_value.is_some())
            + usize::from(self.bool_value.is_some())
            + usize::from(self.int_value.is_some())
            + usize::from(self.double_value.is_some())
            + usize::from(self.array_value.is_some())
            + usize::from(self.kvlist_value.is_some())
            + usize::from(self.bytes_value.is_some())
    }

    fn is_event(&self) -> bool {
        let pairs = self.kvlist_value.as_ref().and_then(|list| list.values.as_deref()).unwrap_or_default();
        let kind = pairs.iter().find(|pair| pair.key == "type").and_then(|pair| pair.value.as_ref());
        kind.and_then(|kind| kind.string_value.as_deref()).is_some_and(|kind| json::is_event_type(kind.as_bytes()))
    }

    /// Writes it; `depth` containers are around it.
    fn write(&self, out: &mut Vec<u8>, depth: usize, budget: &mut Budget) -> Result<(), Refusal> {
        if self.kinds() > 1 {
            return Err(Refusal::malformed("a value has two kinds; send one of stringValue, intValue and so on"));
        }
        if let Some(text) = &self.string_value {
            write_string(out, text);
        } else if let Some(value) = self.bool_value {
            out.extend_from_slice(if value { b"true" } else { b"false" });
        } else if let Some(value) = self.int_value {
            let value: i64 = number(value).ok_or_else(|| Refusal::malformed("an intValue is no integer of 64 bits"))?;
            out.extend_from_slice(value.to_string().as_bytes());
        } else if let Some(value) = self.double_value {
            write_double(out, number(value).ok_or_else(|| Refusal::malformed("a doubleValue is no number"))?);
        } else if let Some(text) = &self.bytes_value {
            write_string(out, text);
        } else if let Some(array) = &self.array_value {
            budget.container(depth)?;
            out.push(b'[');
            for (index, value) in array.values.iter().flatten().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                value.write(out, depth + 1, budget)?;
            }
            out.push(b']');
        } else if let Some(map) = &self.kvlist_value {
            write_pairs(out, map.values.as_deref().unwrap_or_default(), depth, budget)?;
        } else {
            out.extend_from_slice(b"null");
        }
        Ok(())
    }
}

fn write_pairs(out: &mut Vec<u8>, pairs: &[KeyValue<'_>], depth: usize, budget: &mut Budget) -> Result<(), Refusal> {
    budget.container(depth)?;
    let mut object = Object::open(out);
    for pair in pairs {
        budget.field()?;
        let out = object.name(pair.key.as_bytes());
        match &pair.value {
            Some(value) => value.write(out, depth + 1, budget)?,
            None => out.extend_from_slice(b"null"),
        }
    }
    object.close();
    Ok(())
}

/// A number that may stand in quotes.
fn number<T: std::str::FromStr>(raw: &RawValue) -> Option<T> {
    let text = raw.get();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).parse().ok()
}

fn nanos(raw: Option<&RawValue>) -> Result<u64, Refusal> {
    let Some(raw) = raw else { return Ok(0) };
    number(raw).ok_or_else(|| Refusal::malformed("a time is not the number of nanoseconds since 1970"))
}

fn bytes<'a>(text: Option<String>) -> Cow<'a, [u8]> {
    Cow::Owned(text.unwrap_or_default().into_bytes())
}

/// The bytes of an id in hexadecimal.
fn id<'a>(text: Option<&str>) -> Result<Cow<'a, [u8]>, Refusal> {
    let digits = text.unwrap_or_default().as_bytes();
    let nibble = |digit: u8| char::from(digit).to_digit(16).map(|nibble| nibble as u8);
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?)).collect();
    match bytes {
        Some(bytes) if rest.is_empty() => Ok(Cow::Owned(bytes)),
        _ => Err(Refusal::malformed("traceId and spanId are hexadecimal")),
    }
}
