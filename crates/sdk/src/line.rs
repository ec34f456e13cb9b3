//! An event as one line of audit.3.

use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use indelible_event::uuid::Uuid;
use indelible_event::{Intake, Limits, Scratch, Time, admit};

use crate::context::Context;
use crate::emission::EmitError;
use crate::ids;
use crate::settings::Product;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

/// Bytes of an event at most, the server's default.
pub(crate) const EVENT_BYTES_MAX: usize = 1 << 20;

/// What is said of an event beside who did it.
pub(crate) struct Said<'a> {
    pub(crate) name: &'a str,
    pub(crate) event_id: [u8; 16],
    /// The line's place in its event, where that has several lines.
    pub(crate) place: Option<u64>,
    pub(crate) result: &'a str,
    pub(crate) categories: &'a [&'a str],
    /// Members of the two maps, as [`Categories`](indelible_event::catalogue::composed::Categories) writes them.
    pub(crate) request: &'a [u8],
    pub(crate) results: &'a [u8],
}

/// The line of an event that happens now unless the context knows better, and its `logEntryId`.
pub(crate) fn write(said: &Said<'_>, context: &Context, product: &Product) -> Result<(Vec<u8>, [u8; 16]), EmitError> {
    let log_entry_id = ids::fresh()?;
    let mut line = Line(Vec::with_capacity(768 + said.request.len() + said.results.len()));
    line.0.extend_from_slice(br#"{"type":"audit.3","producerType":"SERVER""#);
    let time = Time::from_us(context.time.map_or_else(now_us, since_1970_us));
    line.text("time", &time.clamp(Time::MIN, Time::MAX).to_string());
    line.text("name", said.name);
    line.text("result", said.result);
    line.texts("categories", said.categories);
    line.object("requestFields", said.request);
    line.object("resultFields", said.results);
    line.text("eventId", &Uuid(said.event_id).to_string());
    line.text("logEntryId", &Uuid(log_entry_id).to_string());
    line.optional("sequenceId", said.place.map(|place| place.to_string()).as_deref());
    line.text("product", &product.name);
    line.text("productVersion", &product.version);
    line.optional("service", product.service.as_deref());
    line.optional("host", product.host.as_deref());
    line.optional("environment", product.environment.as_deref());
    line.optional("uid", context.user.as_deref());
    line.optional("sid", context.session.as_deref());
    line.optional("tokenId", context.token.as_deref());
    line.optional("orgId", context.organization.as_deref());
    line.optional("traceId", context.trace_id.as_deref());
    line.optional("userAgent", context.user_agent.as_deref());
    line.optional("origin", context.origins.first().map(String::as_str));
    line.optional("sourceOrigin", context.source_origin.as_deref());
    line.texts("origins", &context.origins);
    line.organizations(&context.organizations);
    line.0.push(b'}');
    Ok((line.0, log_entry_id))
}

/// The members of one object. Writing to memory does not fail.
struct Line(Vec<u8>);

impl Line {
    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn value(&mut self, text: &str) {
        let _ = serde_json::to_writer(&mut self.0, text);
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.value(text);
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn texts<T: AsRef<str>>(&mut self, name: &str, texts: &[T]) {
        if texts.is_empty() {
            return;
        }
        self.name(name);
        for (place, text) in texts.iter().enumerate() {
            self.0.push(if place == 0 { b'[' } else { b',' });
            self.value(text.as_ref());
        }
        self.0.push(b']');
    }

    fn object(&mut self, name: &str, members: &[u8]) {
        if !members.is_empty() {
            self.name(name);
            self.0.push(b'{');
            self.0.extend_from_slice(members);
            self.0.push(b'}');
        }
    }

    fn organizations(&mut self, organizations: &[String]) {
        if organizations.is_empty() {
            return;
        }
        self.name("organizations");
        for (place, organization) in organizations.iter().enumerate() {
            self.0.extend_from_slice(if place == 0 { b"[{\"id\":" } else { b",{\"id\":" });
            self.value(organization);
            self.0.push(b'}');
        }
        self.0.push(b']');
    }
}

/// Checks a line as the server does. Answers its `logEntryId`, and whether the line has none and got `fresh`.
pub(crate) fn check(line: &[u8], name: &str, fresh: [u8; 16]) -> Result<([u8; 16], bool), EmitError> {
    // What the server writes into `intake` counts as part of the event's bytes neither here nor there.
    let intake = Intake { producer: "", producer_epoch: None, producer_seq: None, source: "", adapter: None };
    let limits = Limits { event_bytes: EVENT_BYTES_MAX, ..Limits::default() };
    SCRATCH.with_borrow_mut(|scratch| match admit(scratch, line, &limits, &intake, || fresh) {
        Ok(admitted) => Ok((admitted.log_entry_id, admitted.log_entry_id_made)),
        Err(refusal) => Err(EmitError::invalid(name, &refusal)),
    })
}

/// A line that somebody else wrote, checked, on one line and with a `logEntryId`.
pub(crate) fn prepare(line: &[u8]) -> Result<(Vec<u8>, [u8; 16]), EmitError> {
    let line = line.trim_ascii();
    let (log_entry_id, is_made) = check(line, "of a prepared line", ids::fresh()?)?;
    let mut prepared = Vec::with_capacity(line.len() + 64);
    match line.split_first() {
        Some((brace, members)) if is_made => {
            // An event that was accepted has further members.
            prepared.push(*brace);
            prepared.extend_from_slice(format!("\"logEntryId\":\"{}\",", Uuid(log_entry_id)).as_bytes());
            prepared.extend_from_slice(members);
        }
        _ => prepared.extend_from_slice(line),
    }
    // Within a JSON text a raw line end can only be white space.
    prepared.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    Ok((prepared, log_entry_id))
}

/// Microseconds since 1970.
pub(crate) fn now_us() -> i64 {
    since_1970_us(SystemTime::now())
}

/// Microseconds from 1970 to `time`, less than none before.
fn since_1970_us(time: SystemTime) -> i64 {
    let us = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    time.duration_since(UNIX_EPOCH).map_or_else(|before| -us(before.duration()), us)
}
