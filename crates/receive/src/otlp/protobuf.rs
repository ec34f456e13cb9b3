//! The request in Protocol Buffers, read in place: a record that is an event is written as JSON in one pass.
//!
//! Numbers of fields are those of `opentelemetry/proto/{common,resource,logs}/v1`. Unknown fields are passed over, unknown
//! kinds of values refuse their record: something would be missing from it.

use std::borrow::Cow;
use std::cell::OnceCell;

use indelible_event::parts::write_text;

use super::record::{Around, Body, Budget, Head, Origin, carried, whole};
use super::wire::{Fields, Malformed, Value};
use crate::json::{self, Object, write_base64, write_double, write_integer};
use crate::record::Records;
use crate::{Facts, Failure, Limits, Payload, Record, Refusal, View};

impl From<Malformed> for Refusal {
    fn from(_: Malformed) -> Self {
        Refusal::malformed("the log record is not a protobuf message of OTLP")
    }
}

impl From<Malformed> for Failure {
    fn from(_: Malformed) -> Self {
        Failure::malformed("the body is not an ExportLogsServiceRequest in protobuf")
    }
}

pub(super) fn decode<'a>(body: &'a [u8], view: View, limits: &Limits) -> Result<Vec<Record<'a>>, Failure> {
    let mut reader = Reader { view, limits: *limits, records: Records::new(limits) };
    let mut request = Fields(body);
    while let Some((number, value)) = request.next()? {
        if number == 1 {
            reader.resource_logs(value.bytes()?)?;
        }
    }
    Ok(reader.records.list)
}

struct Reader<'a> {
    view: View,
    limits: Limits,
    records: Records<'a>,
}

/// What stands around a list of records, and its JSON once a record has asked for it.
struct Context<'a> {
    resource: &'a [u8],
    resource_schema: &'a [u8],
    scope: &'a [u8],
    scope_schema: &'a [u8],
    origin: Origin<'a>,
    around: OnceCell<Result<Around, Refusal>>,
}

impl<'a> Reader<'a> {
    fn resource_logs(&mut self, message: &'a [u8]) -> Result<(), Failure> {
        // What is common to the records may stand behind them.
        let (resource, resource_schema) = (last_of(message, 1)?, last_of(message, 3)?);
        let origin = origin(resource)?;
        let mut fields = Fields(message);
        while let Some((number, value)) = fields.next()? {
            if number == 2 {
                let message = value.bytes()?;
                let (scope, scope_schema) = (last_of(message, 1)?, last_of(message, 3)?);
                let around = OnceCell::new();
                let context =
                    Context { resource, resource_schema, scope, scope_schema, origin: origin.clone(), around };
                self.scope_logs(message, &context)?;
            }
        }
        Ok(())
    }

    fn scope_logs(&mut self, message: &'a [u8], context: &Context<'a>) -> Result<(), Failure> {
        let mut fields = Fields(message);
        while let Some((number, value)) = fields.next()? {
            if number == 2 {
                let sent = value.bytes()?;
                let (payload, facts) = self.log_record(sent, context).unwrap_or_else(|refusal| {
                    (Payload::Refused { refusal, sent: Cow::Borrowed(sent) }, context.origin.facts(0))
                });
                self.records.push(payload, facts)?;
            }
        }
        Ok(())
    }

    fn log_record(&self, message: &'a [u8], context: &Context<'a>) -> Result<(Payload<'a>, Facts<'a>), Refusal> {
        let mut head = Head::default();
        let mut body = None;
        let mut fields = Fields(message);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => head.time = value.fixed64()?,
                11 => head.observed = value.fixed64()?,
                2 => head.severity_number = value.varint()?,
                3 => head.severity_text = Cow::Borrowed(value.bytes()?),
                5 => body = any(value.bytes()?)?,
                7 => head.dropped = value.varint()?,
                8 => head.flags = u64::from(value.fixed32()?),
                9 => head.trace_id = Cow::Borrowed(value.bytes()?),
                10 => head.span_id = Cow::Borrowed(value.bytes()?),
                12 => head.event_name = Cow::Borrowed(value.bytes()?),
                _ => {}
            }
        }
        let mut budget = Budget::new(&self.limits);
        let body = match body {
            Some(Any::Map(map)) => {
                let mut out = Vec::with_capacity(map.len());
                write_pairs(&mut out, Fields(map), 1, 0, &mut budget)?;
                if budget.is_event {
                    return Ok((Payload::Event(Cow::Owned(out)), context.origin.facts(0)));
                }
                Body::Map(out)
            }
            Some(Any::Text(text) | Any::Bytes(text)) if json::is_event(text) => {
                return Ok((Payload::Event(Cow::Borrowed(text)), context.origin.facts(0)));
            }
            Some(Any::Text(text) | Any::Bytes(text)) if self.view != View::Whole => Body::Text(Cow::Borrowed(text)),
            Some(other) => {
                let mut out = Vec::new();
                write_any(&mut out, other, 1, &mut budget)?;
                Body::Other(out)
            }
            None => Body::None,
        };
        if self.view != View::Whole {
            let time = if head.time == 0 { head.observed } else { head.time };
            return Ok((carried(body, self.view), context.origin.facts(time)));
        }
        let mut attributes = Vec::new();
        write_pairs(&mut attributes, Fields(message), 6, 1, &mut budget)?;
        let around = context
            .around
            .get_or_init(|| context.write(&mut Budget::new(&self.limits)))
            .as_ref()
            .map_err(Clone::clone)?;
        let body = match &body {
            Body::Map(json) | Body::Other(json) => json.as_slice(),
            Body::Text(_) | Body::None => b"",
        };
        Ok((whole(&head, around, body, &attributes)?, context.origin.facts(0)))
    }
}

impl Context<'_> {
    /// Scope and resource as JSON.
    fn write(&self, budget: &mut Budget) -> Result<Around, Refusal> {
        let (mut resource, mut scope, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
        let mut object = Object::open(&mut resource);
        write_pairs(&mut pairs, Fields(self.resource), 1, 2, budget)?;
        object.raw("attributes", &pairs);
        object.count("droppedAttributesCount", varint_of(self.resource, 2)?);
        object.text("schemaUrl", self.resource_schema);
        object.close();
        let mut object = Object::open(&mut scope);
        object.text("name", last_of(self.scope, 1)?);
        object.text("version", last_of(self.scope, 2)?);
        pairs.clear();
        write_pairs(&mut pairs, Fields(self.scope), 3, 2, budget)?;
        object.raw("attributes", &pairs);
        object.count("droppedAttributesCount", varint_of(self.scope, 4)?);
        object.text("schemaUrl", self.scope_schema);
        object.close();
        Ok(Around { resource, scope })
    }
}

/// A value.
#[derive(Clone, Copy)]
enum Any<'a> {
    Text(&'a [u8]),
    Bool(bool),
    Int(i64),
    Double(f64),
    Array(&'a [u8]),
    Map(&'a [u8]),
    Bytes(&'a [u8]),
}

/// The value in a message `AnyValue`; nothing if it is empty. As everywhere in protobuf the last of several counts.
#[inline]
fn any(message: &[u8]) -> Result<Option<Any<'_>>, Refusal> {
    // A short text and nothing else is what most values are.
    if let [0x0a, length @ 0..0x80, text @ ..] = message
        && usize::from(*length) == text.len()
    {
        return Ok(Some(Any::Text(text)));
    }
    let mut last = None;
    let mut fields = Fields(message);
    while let Some((number, value)) = fields.next()? {
        last = Some(match number {
            1 => Any::Text(value.bytes()?),
            2 => Any::Bool(value.varint()? != 0),
            3 => Any::Int(value.varint()? as i64),
            4 => Any::Double(f64::from_bits(value.fixed64()?)),
            5 => Any::Array(value.bytes()?),
            6 => Any::Map(value.bytes()?),
            7 => Any::Bytes(value.bytes()?),
            other => return Err(Refusal::malformed(format!("a value is of a kind that is not known, number {other}"))),
        });
    }
    Ok(last)
}

/// Writes a value; `depth` containers are around it.
fn write_any(out: &mut Vec<u8>, any: Any<'_>, depth: usize, budget: &mut Budget) -> Result<(), Refusal> {
    match any {
        Any::Text(text) => write_text(out, text),
        Any::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        Any::Int(value) => write_integer(out, value),
        Any::Double(value) => write_double(out, value),
        Any::Bytes(bytes) => write_base64(out, bytes),
        Any::Map(map) => write_pairs(out, Fields(map), 1, depth, budget)?,
        Any::Array(array) => write_array(out, array, depth, budget)?,
    }
    Ok(())
}

fn write_array(out: &mut Vec<u8>, array: &[u8], depth: usize, budget: &mut Budget) -> Result<(), Refusal> {
    budget.container(depth)?;
    out.push(b'[');
    let start = out.len();
    let mut fields = Fields(array);
    while let Some((number, value)) = fields.next()? {
        if number == 1 {
            if out.len() > start {
                out.push(b',');
            }
            write_optional(out, any(value.bytes()?)?, depth, budget)?;
        }
    }
    out.push(b']');
    Ok(())
}

/// Writes the values of `fields` with that number, which are messages `KeyValue`, as an object inside of `depth` containers.
fn write_pairs(
    out: &mut Vec<u8>,
    mut fields: Fields<'_>,
    wanted: u64,
    depth: usize,
    budget: &mut Budget,
) -> Result<(), Refusal> {
    budget.container(depth)?;
    let mut object = Object::open(out);
    while let Some((number, value)) = fields.next()? {
        if number == wanted {
            budget.field()?;
            let (key, message) = pair(value.bytes()?)?;
            let any = any(message)?;
            if depth == 0 && key == b"type" {
                budget.is_event |= matches!(any, Some(Any::Text(text)) if json::is_event_type(text));
            }
            write_optional(object.name(key), any, depth, budget)?;
        }
    }
    object.close();
    Ok(())
}

/// Writes a value, or null, inside of a container that has `depth` others around it.
#[inline]
fn write_optional(out: &mut Vec<u8>, any: Option<Any<'_>>, depth: usize, budget: &mut Budget) -> Result<(), Refusal> {
    match any {
        Some(any) => write_any(out, any, depth + 1, budget),
        None => {
            out.extend_from_slice(b"null");
            Ok(())
        }
    }
}

/// Key and value of a message `KeyValue`.
#[inline]
fn pair(message: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    // A short key and then the value is how everybody writes it.
    if let [0x0a, length @ 0..0x80, rest @ ..] = message
        && let Some((key, rest)) = rest.split_at_checked((*length).into())
    {
        let mut rest = Fields(rest);
        if let Ok(Some((2, Value::Bytes(any)))) = rest.next()
            && rest.0.is_empty()
        {
            return Ok((key, any));
        }
    }
    let (mut key, mut any) = (&b""[..], &b""[..]);
    let mut fields = Fields(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => key = value.bytes()?,
            2 => any = value.bytes()?,
            _ => {}
        }
    }
    Ok((key, any))
}

/// The text under `key` in a list of pairs; its field has the number 1.
fn text_of<'a>(list: &'a [u8], wanted: &[u8]) -> Result<Option<&'a [u8]>, Malformed> {
    let mut fields = Fields(list);
    while let Some((number, value)) = fields.next()? {
        if number != 1 {
            continue;
        }
        let (key, message) = pair(value.bytes()?)?;
        if key == wanted
            && let Ok(Some(Any::Text(text))) = any(message)
        {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

fn origin(resource: &[u8]) -> Result<Origin<'_>, Malformed> {
    let text = |key| text_of(resource, key).map(|text| text.map(String::from_utf8_lossy));
    Ok(Origin { service: text(b"service.name")?, host: text(b"host.name")? })
}

/// The last field of that number that holds bytes.
fn last_of(message: &[u8], wanted: u64) -> Result<&[u8], Malformed> {
    let mut last = &b""[..];
    let mut fields = Fields(message);
    while let Some((number, value)) = fields.next()? {
        if number == wanted {
            last = value.bytes()?;
        }
    }
    Ok(last)
}

fn varint_of(message: &[u8], wanted: u64) -> Result<u64, Malformed> {
    let mut last = 0;
    let mut fields = Fields(message);
    while let Some((number, value)) = fields.next()? {
        if number == wanted {
            last = value.varint()?;
        }
    }
    Ok(last)
}
