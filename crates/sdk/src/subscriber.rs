//! Audit events out of `tracing` events.

use std::fmt;

use serde::de::IgnoredAny;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context as LayerContext;

use crate::auditor::Auditor;
use crate::context::Context;
use crate::emission::EmitError;
use crate::ids;
use crate::line::Said;

/// The target that marks a `tracing` event as an audit event.
const TARGET: &str = "audit";

/// A layer for `tracing_subscriber` that emits the events of target `audit` with an [`Auditor`], for code that audits by logging. Other
/// events it leaves alone; to keep audit events out of the log, filter the target there.
///
/// ```
/// # fn install(auditor: indelible_sdk::Auditor) {
/// use tracing_subscriber::layer::SubscriberExt as _;
/// let subscriber = tracing_subscriber::registry().with(indelible_sdk::AuditEvents::new(auditor));
/// # drop(subscriber);
/// # }
/// tracing::info!(
///     target: "audit", name = "LOAD_FILE", categories = "dataLoad", result = "SUCCESS", uid = "u-4711",
///     request = r#"{"loadedResources":[{"id":{"type":"rid","rid":"ri.files..file.1"},"context":[]}]}"#,
/// );
/// ```
///
/// | field | what |
/// |---|---|
/// | `name`, or else the message | the event's name |
/// | `categories` | one or several, with commas between them |
/// | `result` | `SUCCESS` unless given |
/// | `request`, `results` | JSON objects of the categories' fields |
/// | `uid`, `sid`, `tokenId`, `orgId`, `traceId`, `userAgent`, `origin` | as in the event |
///
/// Nothing is checked when it is compiled and nobody waits for the disk: use [`Auditor::begin`] where that matters. What is not valid,
/// a field that is none of these included, is logged as an error and counted in [`Stats::failed`](crate::Stats::failed).
#[derive(Clone, Debug)]
pub struct AuditEvents {
    auditor: Auditor,
}

impl AuditEvents {
    /// A layer that emits with `auditor`.
    pub fn new(auditor: Auditor) -> Self {
        Self { auditor }
    }
}

impl<S: Subscriber> Layer<S> for AuditEvents {
    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        if event.metadata().target() != TARGET {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        match fields.emit(&self.auditor) {
            Ok(()) => {}
            Err(error) => self.auditor.refuse(error).detach(),
        }
    }
}

/// What a `tracing` event says.
#[derive(Default)]
struct Fields {
    name: Option<String>,
    message: Option<String>,
    categories: String,
    result: Option<String>,
    request: Option<String>,
    results: Option<String>,
    context: Context,
    unknown: Option<&'static str>,
}

impl Fields {
    fn emit(self, auditor: &Auditor) -> Result<(), EmitError> {
        let name = self.name.or(self.message).unwrap_or_default();
        let invalid = |message: String| EmitError::Invalid { name: name.clone(), message };
        if let Some(field) = self.unknown {
            return Err(invalid(format!("{field}: no audit event has this field; put it into request or results")));
        }
        let members = |what: &str, text: &Option<String>| {
            let Some(text) = text else { return Ok(String::new()) };
            let sound = serde_json::from_str::<IgnoredAny>(text).is_ok();
            let inside = text.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}'));
            inside
                .filter(|_| sound)
                .map(|members| members.trim().to_owned())
                .ok_or_else(|| invalid(format!("{what}: not a JSON object")))
        };
        let (request, results) = (members("request", &self.request)?, members("results", &self.results)?);
        let categories: Vec<&str> =
            self.categories.split(',').map(str::trim).filter(|category| !category.is_empty()).collect();
        let said = Said {
            name: &name,
            event_id: ids::fresh()?,
            place: None,
            result: self.result.as_deref().unwrap_or("SUCCESS"),
            categories: &categories,
            request: request.as_bytes(),
            results: results.as_bytes(),
        };
        auditor.say(&said, &self.context, auditor.durability()).detach();
        Ok(())
    }

    fn set(&mut self, field: &Field, text: String) {
        match field.name() {
            "name" => self.name = Some(text),
            "message" => self.message = Some(text),
            "categories" => self.categories = text,
            "result" => self.result = Some(text),
            "request" => self.request = Some(text),
            "results" => self.results = Some(text),
            "uid" => self.context.user = Some(text),
            "sid" => self.context.session = Some(text),
            "tokenId" => self.context.token = Some(text),
            "orgId" => self.context.organization = Some(text),
            "traceId" => self.context.trace_id = Some(text),
            "userAgent" => self.context.user_agent = Some(text),
            "origin" => self.context.origins = vec![text],
            other => self.unknown = Some(other),
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}"));
    }
}
