//! From the records of other systems' protocols to stored events: the one way that all receivers share.
//!
//! A record is an event already, or goes through the adapter of its [`Source`]. Its events are stored together or not at all. What
//! is refused goes to the quarantine where the protocol has no way to tell the sender; all of it is durable before a receiver
//! acknowledges.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use indelible_adapter::{Adapter, Converter, Input, Options};
use indelible_api::EventRefusal;
use indelible_control::{Attribution, Operation, Principal};
use indelible_event::uuid::Uuid;
use indelible_event::{Intake as IntakePart, Organization};
use indelible_intake::{Batch, Status};
use indelible_quarantine::{Content, Reach, Refused};
use indelible_receive::{Failure, Outcome, Payload, Record, Refusal, View};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use crate::admission::{Admission, Unknown, refuse, reused};
use crate::app::App;
use crate::error::ApiError;
use crate::routes::events::INLINE_BYTES;

/// Bytes of records that are made one batch: several of them wait together for one organization.
const BATCH_BYTES: usize = 4 << 20;
/// Bytes of the events of one record: more than that one batch should not hold.
const RECORD_EVENTS_BYTES_MAX: usize = 16 << 20;

/// The adapters of protocols themselves, which read all that a protocol says of a record.
const WHOLE: [&str; 3] = ["otlp", "syslog", "cef"];

/// Where records come from: how they came, who sent them, whose they are, and what reads them.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The way in, and the listener if it has a name: `hec`, `syslog/edge`.
    pub(crate) name: String,
    /// Id of the principal, or the listener.
    pub(crate) producer: Arc<str>,
    /// Where its events may go.
    pub(crate) attribution: Attribution,
    /// What reads records that are no events.
    pub(crate) adapter: Option<Arc<Adapter>>,
    /// The zone of times that name none.
    pub(crate) zone: TimeZone,
    /// When its records came in, if that is not now: a time without a year is of the year before that.
    pub(crate) came_us: Option<i64>,
    /// What happens to events of organizations that do not exist.
    pub(crate) unknown: Unknown,
    /// Whether what is sent again is known by its bytes: so where the sender waits for an answer. Else equal records are many.
    pub(crate) is_answered: bool,
}

impl Source {
    /// The source that a caller is over one of the protocols.
    pub(crate) fn of(
        app: &App,
        caller: &Principal,
        attribution: Attribution,
        way: &str,
        adapter: Option<&str>,
    ) -> Result<Self, ApiError> {
        let adapter = match caller.adapter.as_deref() {
            Some(name) => Some(
                app.adapters
                    .find(name)
                    .map_err(|why| ApiError::internal("find the adapter of this token", anyhow::anyhow!(why)))?,
            ),
            None => adapter.and_then(|name| app.adapters.find(name).ok()),
        };
        let creates = caller.require_platform(Operation::OperatorAdminister).is_ok();
        Ok(Self {
            name: way.to_owned(),
            producer: Arc::clone(&caller.id),
            attribution,
            adapter,
            zone: TimeZone::UTC,
            came_us: None,
            unknown: if creates { Unknown::Collect } else { Unknown::Refuse },
            is_answered: true,
        })
    }

    /// What records that are no events have to look like.
    pub(crate) fn view(&self) -> View {
        match &self.adapter {
            Some(adapter) if WHOLE.contains(&adapter.name()) => View::Whole,
            Some(adapter) if adapter.input() == Input::Text => View::Line,
            // Also where none reads it now: one that does later reads what is carried.
            Some(_) | None => View::Carried,
        }
    }

    /// The way in, as events name it.
    fn way(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// The one organization whose all events are.
    fn organization(&self) -> Option<&Organization> {
        match &self.attribution {
            Attribution::One(organization) => Some(organization),
            _ => None,
        }
    }
}

/// A record to be stored.
pub(crate) struct Incoming<'a> {
    pub(crate) form: Form<'a>,
    /// How many equal ones came before it; part of the ids of its events.
    pub(crate) occurrence: u32,
    /// What names it, where its sender says: the ids of events that have none are derived from it in place of the bytes.
    pub(crate) own_id: Option<String>,
}

/// What there is of a record.
pub(crate) enum Form<'a> {
    /// One event.
    Event(&'a [u8]),
    /// Something for the adapter.
    Foreign(&'a [u8]),
    /// Events that somebody made of it, one a line, and with which adapter.
    Made { lines: &'a [String], adapter: Option<&'a str> },
    /// Nothing to read.
    Unreadable(&'a Refusal),
}

impl Form<'_> {
    fn bytes(&self) -> usize {
        match self {
            Form::Event(bytes) | Form::Foreign(bytes) => bytes.len(),
            Form::Made { lines, .. } => lines.iter().map(String::len).sum(),
            Form::Unreadable(_) => 0,
        }
    }
}

/// What became of a record.
#[derive(Debug)]
pub(crate) enum Stored {
    /// Some of its events are stored now. With the id that the first got from the server, if it had none.
    New(Option<[u8; 16]>),
    /// All of them were stored before.
    Duplicate,
    /// None of them is stored.
    Refused(EventRefusal),
}

impl App {
    /// Stores records and puts into the quarantine what is refused, if `keeps`. On `Ok` both survive power loss. On an error
    /// some of them may be stored: they come again with the same ids.
    pub(crate) async fn take(
        &self,
        source: &Source,
        records: &[Record<'_>],
        keeps: bool,
    ) -> Result<Vec<Outcome>, ApiError> {
        let incoming = incoming(source, records);
        let stored = self.store(source, &incoming).await?;
        if keeps {
            self.quarantine(&self.all_refused(source, records, &incoming, &stored)).await?;
        }
        Ok(stored.into_iter().map(outcome).collect())
    }

    /// Stores records whose sender gets no answer, and puts into the quarantine what is refused. Waits as long as there is no room,
    /// until the server stops.
    pub(crate) async fn take_patiently(
        &self,
        source: &Source,
        records: &[Record<'_>],
        stop: &mut watch::Receiver<bool>,
    ) {
        // Made once: what is tried again has the same ids.
        let incoming = incoming(source, records);
        let Some(stored) = self.patiently(stop, || self.store(source, &incoming)).await else { return };
        let refused = self.all_refused(source, records, &incoming, &stored);
        self.patiently(stop, || self.quarantine(&refused)).await;
    }

    /// Does something until it succeeds. Gives up when the server has stopped and it fails once more.
    async fn patiently<T, F: Future<Output = Result<T, ApiError>>>(
        &self,
        stop: &mut watch::Receiver<bool>,
        attempt: impl Fn() -> F,
    ) -> Option<T> {
        loop {
            let error = match attempt().await {
                Ok(done) => return Some(done),
                Err(error) => error,
            };
            let seconds = error.retry_after_seconds().unwrap_or(1).min(60);
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
                () = stopped(stop) => {
                    tracing::warn!("messages that were read cannot be stored before the server stops: {}", error.message());
                    return None;
                }
            }
        }
    }

    fn all_refused(
        &self,
        source: &Source,
        records: &[Record<'_>],
        incoming: &[Incoming<'_>],
        stored: &[Stored],
    ) -> Vec<Refused> {
        let all = stored.iter().zip(records).zip(incoming);
        let refused = all.filter_map(|((stored, record), incoming)| match stored {
            Stored::Refused(refusal) => Some(self.refused(source, record, incoming.occurrence, refusal)),
            _ => None,
        });
        refused.collect()
    }

    /// Stores records.
    pub(crate) async fn store(&self, source: &Source, records: &[Incoming<'_>]) -> Result<Vec<Stored>, ApiError> {
        self.admit()?;
        let mut stored = Vec::with_capacity(records.len());
        let mut rest = records;
        while !rest.is_empty() {
            let (batch, more) = rest.split_at(batch_end(rest));
            rest = more;
            self.store_batch(source, batch, &mut stored).await?;
        }
        let codes = stored.iter().filter_map(|stored| match stored {
            Stored::Refused(refusal) => Some(refusal.code.as_str()),
            _ => None,
        });
        self.metrics.events_refused(codes);
        Ok(stored)
    }

    async fn store_batch(
        &self,
        source: &Source,
        records: &[Incoming<'_>],
        stored: &mut Vec<Stored>,
    ) -> Result<(), ApiError> {
        let bytes: usize = records.iter().map(|record| record.form.bytes()).sum();
        let work = |otherwise| judge(self, source, records, otherwise);
        let long = |otherwise| tokio::task::block_in_place(|| work(otherwise));
        let mut judged = if bytes > INLINE_BYTES { long(source.unknown)? } else { work(source.unknown)? };
        if !judged.unknown.is_empty() {
            for organization in &judged.unknown {
                self.control
                    .adopt_organization(organization, self.now_us())
                    .await
                    .map_err(|error| ApiError::internal("create the organization", error))?;
            }
            judged = long(Unknown::Refuse)?;
        }
        let answer = self.submit(judged.batch).await?;
        self.note_reused(&answer);
        let mut outcomes = answer.outcomes.iter().map(|outcome| outcome.status);
        for record in judged.records {
            stored.push(match record {
                Err(refusal) => Stored::Refused(refusal),
                Ok(Pushed { events, id }) => joined(outcomes.by_ref().take(events), id),
            });
        }
        Ok(())
    }

    /// A refused record as it is kept.
    fn refused(&self, source: &Source, record: &Record<'_>, occurrence: u32, refusal: &EventRefusal) -> Refused {
        let is_event = matches!(record.payload, Payload::Event(_));
        let adapter = source.adapter.as_ref().filter(|_| !is_event).map(|adapter| adapter.name().to_owned());
        let bytes = record.payload.bytes();
        let kept = bytes[..bytes.len().min(indelible_quarantine::RECORD_BYTES_MAX)].to_vec();
        let content = Content { message: described(refusal), record: kept };
        self.to_keep(source, adapter, occurrence, refusal.code.clone(), bytes.len() as u64, content)
    }

    /// A refused record of `bytes` bytes, of which the content may hold the first ones, as it is kept.
    pub(crate) fn to_keep(
        &self,
        source: &Source,
        adapter: Option<String>,
        occurrence: u32,
        code: String,
        bytes: u64,
        content: Content,
    ) -> Refused {
        Refused {
            organization: source.organization().unwrap_or(&self.config.operator_organization).clone(),
            source: source.name.clone(),
            producer: source.producer.to_string(),
            adapter,
            reach: match &source.attribution {
                Attribution::One(_) => Reach::Own,
                Attribution::Some(organizations) => Reach::Some(organizations.iter().cloned().collect()),
                Attribution::Any => Reach::Any,
            },
            occurrence,
            code,
            received_at_us: self.now_us(),
            bytes,
            timezone: None,
            year: None,
            content,
        }
    }
}

/// The refusal for people, in one sentence.
fn described(refusal: &EventRefusal) -> String {
    match &refusal.field {
        Some(field) => format!("{field}: {}", refusal.message),
        None => refusal.message.clone(),
    }
}

fn incoming<'a>(source: &Source, records: &'a [Record<'_>]) -> Vec<Incoming<'a>> {
    let mut seen: HashMap<&[u8], u32> = HashMap::new();
    let mut random = [0; 4];
    if !source.is_answered {
        // Without random bytes equal records are taken for one: what is lost then was said before.
        let _ = getrandom::fill(&mut random);
    }
    let mut next = u32::from_be_bytes(random);
    let one = |record: &'a Record<'_>| {
        let form = match &record.payload {
            Payload::Event(bytes) => Form::Event(bytes),
            Payload::Object(bytes) | Payload::Line(bytes) => Form::Foreign(bytes),
            Payload::Refused { refusal, .. } => Form::Unreadable(refusal),
        };
        let facts = &record.facts;
        let own_id = facts.id.as_ref().map(|id| format!("{}\0{id}", facts.index.as_deref().unwrap_or_default()));
        let occurrence = if let Some(id) = &own_id {
            // Equal records under other ids are others.
            let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(id.as_bytes()).into();
            u32::from_be_bytes([a, b, c, d])
        } else if source.is_answered {
            let count = seen.entry(record.payload.bytes()).or_default();
            let before = *count;
            *count = count.saturating_add(1);
            before
        } else {
            next = next.wrapping_add(1);
            next
        };
        Incoming { form, occurrence, own_id }
    };
    records.iter().map(one).collect()
}

/// How many of the records, at least one, go into one batch.
fn batch_end(records: &[Incoming<'_>]) -> usize {
    let mut bytes = 0;
    let full = records.iter().position(|record| {
        bytes += record.form.bytes();
        bytes > BATCH_BYTES
    });
    full.map_or(records.len(), |end| end.max(1))
}

/// Records on their way.
struct Judged {
    batch: Batch,
    records: Vec<Result<Pushed, EventRefusal>>,
    unknown: Vec<Organization>,
}

/// A record whose events are in the batch.
struct Pushed {
    events: usize,
    /// The id that the first of them got from us.
    id: Option<[u8; 16]>,
}

fn judge(app: &App, source: &Source, records: &[Incoming<'_>], otherwise: Unknown) -> Result<Judged, ApiError> {
    let adapter = source.adapter.as_deref();
    let version = adapter.map(|adapter| format!("{}@{}", adapter.name(), adapter.version()));
    let now =
        Timestamp::from_microsecond(source.came_us.unwrap_or_else(|| app.now_us())).unwrap_or(Timestamp::UNIX_EPOCH);
    let options =
        Options { timezone: source.zone.clone(), organization: source.organization().cloned(), ..Options::at(now) };
    let mut converter = adapter.map(|adapter| adapter.converter(options));
    let mut admission = Admission::new(app, &source.producer, &source.attribution, otherwise);
    let mut judged = Vec::with_capacity(records.len());
    for record in records {
        let intake = IntakePart {
            producer: &source.producer,
            producer_epoch: None,
            producer_seq: None,
            source: source.way(),
            adapter: match record.form {
                Form::Foreign(_) => version.as_deref(),
                Form::Made { adapter, .. } => adapter,
                Form::Event(_) | Form::Unreadable(_) => None,
            },
        };
        let derived = || derived_id(source, record);
        let made;
        let pushed = match &record.form {
            Form::Event(bytes) => admission.push(bytes, &intake, derived).map(|id| Pushed { events: 1, id }),
            Form::Unreadable(refusal) => Err(refuse(&refusal.code, None, refusal.message.clone())),
            Form::Made { lines, .. } => push_all(&mut admission, lines, &intake, derived),
            Form::Foreign(bytes) => match convert(converter.as_mut(), bytes, record.occurrence) {
                Ok(lines) => {
                    made = lines;
                    push_all(&mut admission, &made, &intake, derived)
                }
                Err(refusal) => Err(refusal),
            },
        };
        judged.push(pushed);
    }
    let (batch, unknown) = admission.finish()?;
    Ok(Judged { batch, records: judged, unknown })
}

fn convert(converter: Option<&mut Converter<'_>>, record: &[u8], occurrence: u32) -> Result<Vec<String>, EventRefusal> {
    let Some(converter) = converter else {
        let message = "this is no audit.3 event, and its source has no adapter; give the token or the listener one";
        return Err(refuse("noAdapter", None, message.to_owned()));
    };
    let lines = converter.convert(record, occurrence);
    let lines = lines.map_err(|refused| refuse(refused.code.as_str(), None, refused.message))?;
    if lines.iter().map(String::len).sum::<usize>() > RECORD_EVENTS_BYTES_MAX {
        let message = format!("the events of this record are longer than {RECORD_EVENTS_BYTES_MAX} bytes together");
        return Err(refuse("eventTooLarge", None, message));
    }
    Ok(lines)
}

/// Adds the events of one record, all or none.
fn push_all(
    admission: &mut Admission<'_>,
    lines: &[String],
    intake: &IntakePart<'_>,
    derived: impl Fn() -> [u8; 16],
) -> Result<Pushed, EventRefusal> {
    if lines.len() > 1 {
        lines.iter().try_for_each(|line| admission.check(line.as_bytes(), intake))?;
    }
    let mut first = None;
    for (index, line) in (0u32..).zip(lines) {
        let id = admission.push(line.as_bytes(), intake, || with_index(derived(), index))?;
        first = first.or(id);
    }
    Ok(Pushed { events: lines.len(), id: first })
}

/// The id of an event that has none: the same whenever the same record comes from the same sender.
fn derived_id(source: &Source, record: &Incoming<'_>) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(b"indelible/receive/v1\0");
    let what: &[u8] = match (&record.own_id, &record.form) {
        (Some(id), _) => id.as_bytes(),
        (None, Form::Event(bytes) | Form::Foreign(bytes)) => bytes,
        // Who makes events of a record names it; what is not read has no event.
        (None, Form::Made { .. } | Form::Unreadable(_)) => &[],
    };
    let kind: &[u8] = if record.own_id.is_some() { b"id" } else { b"bytes" };
    for part in [source.way().as_bytes(), kind, what] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    // A sender's own id is one, however often it comes.
    hash.update(if record.own_id.is_some() { 0 } else { record.occurrence }.to_be_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    uuid(id)
}

/// The id of another event of the same record.
fn with_index(mut id: [u8; 16], index: u32) -> [u8; 16] {
    for (byte, of_index) in id[12..].iter_mut().zip(index.to_be_bytes()) {
        *byte ^= of_index;
    }
    id
}

/// In the form of a UUID of version 8.
fn uuid(mut id: [u8; 16]) -> [u8; 16] {
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    id
}

/// What became of a record whose events have these outcomes.
fn joined(outcomes: impl Iterator<Item = Status>, id: Option<[u8; 16]>) -> Stored {
    let (mut is_new, mut is_reused) = (false, false);
    for status in outcomes {
        is_new |= status == Status::New;
        is_reused |= status == Status::Reused;
    }
    match (is_new, is_reused) {
        // What of it was new is a repeat when it comes again.
        (_, true) => Stored::Refused(reused()),
        (true, false) => Stored::New(id),
        (false, false) => Stored::Duplicate,
    }
}

fn outcome(stored: Stored) -> Outcome {
    match stored {
        Stored::New(id) => Outcome::New { id: id.map(|id| Uuid(id).to_string()) },
        Stored::Duplicate => Outcome::Duplicate,
        Stored::Refused(refusal) => {
            let message = described(&refusal);
            Outcome::Refused(Refusal { code: refusal.code.into(), message })
        }
    }
}

/// Resolves when the server stops.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Whoever could say so is gone: it is over.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What a protocol's clients are told of a request that failed as a whole.
pub(crate) fn failure(error: &ApiError) -> Failure {
    use indelible_api::ErrorCode as Code;
    let message = error.message().to_owned();
    let seconds = u32::try_from(error.retry_after_seconds().unwrap_or(1)).unwrap_or(u32::MAX);
    match error.code() {
        Code::Unauthenticated => Failure::BadCredential,
        Code::PermissionDenied => Failure::NotAllowed,
        Code::BodyTooLarge => Failure::TooLarge { message },
        Code::Busy | Code::OrganizationBusy | Code::DiskFilling | Code::TooManyFailures => {
            Failure::Busy { retry_after_seconds: seconds }
        }
        Code::BodyTooSlow => Failure::Unavailable { retry_after_seconds: seconds },
        code if code.status() < 500 => Failure::Malformed { message, index: None },
        _ => Failure::Unavailable { retry_after_seconds: seconds },
    }
}
