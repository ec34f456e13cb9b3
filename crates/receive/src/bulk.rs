//! Elasticsearch's `_bulk`: lines of actions, each with a document on the next line.
//!
//! Entries are never changed, so `create` is what there is: `index` is taken as `create`, also with an id, and `update` and
//! `delete` are refused item by item. A document that is an event comes out as that. Every other record, shown whole, is
//! `{"index": "...", "id": "...", "document": {...}}`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{self, Object};
use crate::record::Records;
use crate::{Answer, Facts, Failure, Limits, Outcome, Payload, Record, Refusal, View};

/// The code of refused actions.
const UNSUPPORTED: &str = "unsupportedAction";

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bulk<'a> {
    /// What was asked, for the answer.
    pub items: Vec<Item<'a>>,
    /// A record for each item, in the same order.
    pub records: Vec<Record<'a>>,
}

/// One action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<'a> {
    /// What is to be done.
    pub action: Action,
    /// Where.
    pub index: Cow<'a, str>,
    /// The document's id.
    pub id: Option<Cow<'a, str>>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Store a document that is not there.
    Create,
    /// Store a document.
    Index,
    /// Change a document.
    Update,
    /// Remove a document.
    Delete,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Index => "index",
            Action::Update => "update",
            Action::Delete => "delete",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    create: Option<Target<'a>>,
    #[serde(borrow)]
    index: Option<Target<'a>>,
    #[serde(borrow)]
    update: Option<Target<'a>>,
    #[serde(borrow)]
    delete: Option<Target<'a>>,
}

#[derive(Deserialize)]
struct Target<'a> {
    #[serde(rename = "_index")]
    index: Option<String>,
    #[serde(rename = "_id", borrow)]
    id: Option<&'a RawValue>,
}

/// Reads the body of a request to `/_bulk`, or to `/INDEX/_bulk`, which names the index of actions that name none.
pub fn decode<'a>(body: &'a [u8], index: Option<&'a str>, view: View, limits: &Limits) -> Result<Bulk<'a>, Failure> {
    if body.trim_ascii().is_empty() {
        return Err(Failure::malformed("request body is required"));
    }
    if body.last() != Some(&b'\n') {
        return Err(Failure::malformed("The bulk request must be terminated by a newline [\\n]"));
    }
    let mut lines = (1..).zip(body.split(|byte| *byte == b'\n'));
    let (mut items, mut records) = (Vec::new(), Records::new(limits));
    while let Some((number, line)) = lines.next() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let (action, target) = action(line).ok_or_else(|| malformed_action(number, records.len()))?;
        let id = id(target.id).map_err(|()| malformed_action(number, records.len()))?;
        let index = target.index.map(Cow::Owned).or(index.map(Cow::Borrowed)).filter(|index| !index.is_empty());
        let index = index.ok_or_else(|| {
            Failure::malformed_at(records.len(), format!("Validation Failed: {}: index is missing;", records.len() + 1))
        })?;
        let document = match action {
            Action::Delete => line,
            _ => lines
                .next()
                .map(|(_, document)| document.trim_ascii())
                .filter(|document| !document.is_empty())
                .ok_or_else(|| {
                    Failure::malformed_at(records.len(), format!("line {number} must be followed by a document"))
                })?,
        };
        let item = Item { action, index, id };
        let facts = Facts { index: Some(item.index.clone()), id: item.id.clone(), ..Facts::default() };
        records.push(payload(&item, document, view), facts)?;
        items.push(item);
    }
    Ok(Bulk { items, records: records.list })
}

fn malformed_action(number: usize, index: usize) -> Failure {
    let message = format!(
        "Malformed action/metadata line [{number}], expected an object with one of create, index, update, delete"
    );
    Failure::malformed_at(index, message)
}

fn action(line: &[u8]) -> Option<(Action, Target<'_>)> {
    let Line { create, index, update, delete } = serde_json::from_slice(line).ok()?;
    let mut found =
        [(Action::Create, create), (Action::Index, index), (Action::Update, update), (Action::Delete, delete)]
            .into_iter()
            .filter_map(|(action, target)| Some((action, target?)));
    let only = found.next();
    if found.next().is_some() { None } else { only }
}

/// An id: a text or a number.
fn id(raw: Option<&RawValue>) -> Result<Option<Cow<'_, str>>, ()> {
    let text = match raw.map(RawValue::get) {
        None | Some("null") => return Ok(None),
        Some(text) => text,
    };
    if text.starts_with('"') {
        return serde_json::from_str::<String>(text).map(|id| Some(Cow::Owned(id))).map_err(|_| ());
    }
    if text.starts_with(['{', '[', 't', 'f']) { Err(()) } else { Ok(Some(Cow::Borrowed(text))) }
}

fn payload<'a>(item: &Item<'a>, document: &'a [u8], view: View) -> Payload<'a> {
    let refuse =
        |code, message: &str| Payload::Refused { refusal: Refusal::new(code, message), sent: Cow::Borrowed(document) };
    if matches!(item.action, Action::Update | Action::Delete) {
        return refuse(UNSUPPORTED, "an audit log is append-only: send create");
    }
    let Some(object) = json::object(document) else {
        return refuse("malformedRecord", "the document is not one JSON object");
    };
    if json::is_event(object) {
        return Payload::Event(Cow::Borrowed(object));
    }
    match view {
        View::Whole => Payload::Object(Cow::Owned(whole(item, object))),
        View::Carried => Payload::Object(Cow::Borrowed(object)),
        View::Line => Payload::Line(Cow::Borrowed(object)),
    }
}

fn whole(item: &Item<'_>, document: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(document.len() + 128);
    let mut object = Object::open(&mut out);
    object.text("index", item.index.as_bytes());
    object.text("id", item.id.as_deref().unwrap_or_default().as_bytes());
    object.name(b"document").extend_from_slice(document);
    object.close();
    out
}

/// The answer to a request whose records became `outcomes`, after so many milliseconds.
pub fn answer(items: &[Item<'_>], outcomes: &[Outcome], took_ms: u64) -> Answer {
    let has_errors = outcomes.iter().any(|outcome| !matches!(outcome, Outcome::New { .. }));
    let mut body = format!(r#"{{"took":{took_ms},"errors":{has_errors},"items":["#).into_bytes();
    for (index, (item, outcome)) in items.iter().zip(outcomes).enumerate() {
        if index > 0 {
            body.push(b',');
        }
        let mut object = Object::open(&mut body);
        write_item(object.name(item.action.name().as_bytes()), item, outcome);
        object.close();
    }
    body.extend_from_slice(b"]}");
    Answer::json(200, body)
}

fn write_item(out: &mut Vec<u8>, item: &Item<'_>, outcome: &Outcome) {
    let made = match outcome {
        Outcome::New { id } => id.as_deref(),
        _ => None,
    };
    let id = item.id.as_deref().or(made);
    let mut object = Object::open(out);
    object.text("_index", item.index.as_bytes());
    match id {
        Some(id) => object.text("_id", id.as_bytes()),
        None => object.raw("_id", b"null"),
    }
    let (status, error) = match outcome {
        Outcome::New { .. } => (201, None),
        Outcome::Duplicate => {
            let reason = format!(
                "[{}]: version conflict, document already exists (current version [1])",
                id.unwrap_or_default()
            );
            (409, Some(("version_conflict_engine_exception", reason)))
        }
        Outcome::Refused(refusal) if refusal.code == UNSUPPORTED => {
            (400, Some(("illegal_argument_exception", refusal.message.clone())))
        }
        Outcome::Refused(refusal) => {
            (400, Some(("document_parsing_exception", format!("{}: {}", refusal.code, refusal.message))))
        }
    };
    match error {
        Some((kind, reason)) => write_error(object.name(b"error"), kind, &reason),
        None => {
            object.count("_version", 1);
            object.text("result", b"created");
            object.raw("_shards", br#"{"total":1,"successful":1,"failed":0}"#);
            object.raw("_seq_no", b"0");
            object.count("_primary_term", 1);
        }
    }
    object.count("status", status);
    object.close();
}

fn write_error(out: &mut Vec<u8>, kind: &str, reason: &str) {
    let mut object = Object::open(out);
    object.text("type", kind.as_bytes());
    object.text("reason", reason.as_bytes());
    object.close();
}

/// The answer to a request of which nothing was stored.
pub fn failure(failure: &Failure) -> Answer {
    let kind = match failure {
        Failure::NoCredential | Failure::BadCredential | Failure::NotAllowed => "security_exception",
        Failure::Malformed { message, .. } if message.starts_with("Validation") => {
            "action_request_validation_exception"
        }
        Failure::Malformed { message, .. } if message.starts_with("request body") => "parse_exception",
        Failure::Malformed { .. } => "illegal_argument_exception",
        Failure::TooLarge { .. } => "content_too_long_exception",
        Failure::Busy { .. } | Failure::Unavailable { .. } => "es_rejected_execution_exception",
    };
    let reason = failure.to_string();
    let mut error = Vec::new();
    write_error(&mut error, kind, &reason);
    let causes = [b"[", &error[..], b"]"].concat();
    let (mut inner, mut body) = (Vec::new(), Vec::new());
    let mut object = Object::open(&mut inner);
    object.raw("root_cause", &causes);
    object.text("type", kind.as_bytes());
    object.text("reason", reason.as_bytes());
    object.close();
    let mut object = Object::open(&mut body);
    object.raw("error", &inner);
    object.count("status", failure.status().into());
    object.close();
    Answer::json(failure.status(), body).retry_after(failure.retry_after_seconds())
}

#[cfg(test)]
mod tests;
