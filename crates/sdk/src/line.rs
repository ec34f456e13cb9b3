//! An event as one line of audit.3, and a refused record as one line of JSON.

use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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
/// Bytes of a refused record that are kept, as many as the server's quarantine keeps.
const RECORD_BYTES_MAX: usize = 1 << 20;
/// Bytes of the message of a refused record; what is longer is cut.
const MESSAGE_BYTES_MAX: usize = 4096;
/// Bytes of the code of a refused record, and of the name of its zone.
const NAME_BYTES_MAX: usize = 64;
/// Bytes of a line at most: a refused record is longer in Base64 than an event, and a byte of its message may take six.
pub(crate) const LINE_BYTES_MAX: usize = RECORD_BYTES_MAX.div_ceil(3) * 4 + 6 * MESSAGE_BYTES_MAX + 512;

/// A record that gives no event, as whoever administers the organization is to see it.
#[derive(Clone, Copy, Debug)]
pub struct RefusedRecord<'a> {
    /// The adapter that refused it: 1 to 64 of `A-Z a-z 0-9 . _ - @`.
    pub adapter: &'a str,
    /// Why, for programs: 1 to 64 letters and digits, such as `noTime`.
    pub code: &'a str,
    /// Why, for people, at most 4 KiB; the rest is cut.
    pub message: &'a str,
    /// Tells it from equal records: the same for the same one whenever it is handed in again, and for no other equal one.
    pub occurrence: u32,
    /// The record as it came, at most 1 MiB; the rest is cut. It need not be text.
    pub bytes: &'a [u8],
    /// Its length in bytes, which is more than `bytes` has where they are its beginning.
    pub length: u64,
    /// The zone of times in it that name none, if that is not UTC: a name of the IANA database, or an offset; at most 64 bytes.
    pub timezone: Option<&'a str>,
    /// The year of times in it that name none, if it is not the newest that does not put them in the future.
    pub year: Option<i16>,
}

impl RefusedRecord<'_> {
    /// The line that the server is handed.
    pub(crate) fn to_line(self) -> Result<Vec<u8>, EmitError> {
        let invalid = |message| Err(EmitError::Invalid { name: "of a refused record".to_owned(), message });
        let is_name = |name: &str| (1..=NAME_BYTES_MAX).contains(&name.len());
        if !is_name(self.code) || !self.code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return invalid(format!("the code {:?} is not 1 to {NAME_BYTES_MAX} letters and digits", self.code));
        }
        if let Some(name) = self.timezone.filter(|name| !is_name(name)) {
            return invalid(format!("the zone {name:?} has not 1 to {NAME_BYTES_MAX} bytes"));
        }
        let message = &self.message[..self.message.floor_char_boundary(MESSAGE_BYTES_MAX)];
        let mut line = serde_json::json!({
            "code": self.code, "message": message, "occurrence": self.occurrence,
            "length": self.length.max(self.bytes.len() as u64),
            "record": STANDARD.encode(&self.bytes[..self.bytes.len().min(RECORD_BYTES_MAX)]),
        });
        let zone = self.timezone.map(|name| ("timezone", name.into()));
        for (name, value) in zone.into_iter().chain(self.year.map(|year| ("year", year.into()))) {
            line[name] = value;
        }
        Ok(line.to_string().into_bytes())
    }
}

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

/// Checks a line that somebody else wrote, as [`check`] does.
pub(crate) fn check_prepared(line: &[u8], fresh: [u8; 16]) -> Result<([u8; 16], bool), EmitError> {
    check(line.trim_ascii(), "of a prepared line", fresh)
}

/// A line that somebody else wrote, checked, on one line and with a `logEntryId`.
pub(crate) fn prepare(line: &[u8]) -> Result<(Vec<u8>, [u8; 16]), EmitError> {
    let line = line.trim_ascii();
    let (log_entry_id, is_made) = check_prepared(line, ids::fresh()?)?;
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
