//! `POST /api/v1/events`: where producers hand events in.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indelible_api::{ErrorCode, EventOutcome, EventRefusal, EventStatus, EventsAnswer};
use indelible_control::{Attribution, Operation, Principal};
use indelible_event::{Admitted, Intake as IntakePart, Organization, Refusal, Scratch, admit};
use indelible_intake::{Answer, Batch, Status};
use tokio::sync::oneshot;

use crate::app::App;
use crate::auth::Caller;
use crate::body::{self, Cut, Line};
use crate::error::ApiError;

/// Bodies up to this size are parsed where they arrive; longer ones would keep other requests waiting.
const INLINE_BYTES: usize = 64 << 10;
/// Names of adapters and producers in headers are at most this long.
const NAME_BYTES: usize = 64;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

/// Stores events.
///
/// The body is one event, an array of events, or one event a line; it may be compressed with gzip or zstd. Every event
/// gets its outcome, in order. What is `new` or `duplicate` survives power loss when the answer arrives; what is
/// `refused` says why, and the others are stored all the same.
#[utoipa::path(
    post, path = "/api/v1/events", tag = "events",
    request_body(content = String, content_type = "application/x-ndjson", description = "audit.3 events"),
    responses(
        (status = 200, description = "One outcome for each event", body = EventsAnswer),
        (status = 400, description = "Nothing could be read", body = indelible_api::ErrorBody),
        (status = 413, description = "The body is too large", body = indelible_api::ErrorBody),
        (status = 429, description = "Too much is waiting; see Retry-After", body = indelible_api::ErrorBody),
        (status = 503, description = "Unknown whether stored; send again with the same ids", body = indelible_api::ErrorBody),
    )
)]
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let attribution = caller.attribution()?;
    let source = Source::from_headers(&headers)?;
    let _permit = app.reserve_body(&headers).await?;
    let bytes = read_body(&app, body).await?;
    let encoding = headers.get(header::CONTENT_ENCODING).map_or("", |v| v.to_str().unwrap_or("?"));
    let work = || decode_and_admit(&app, &caller, &attribution, &source, encoding, &bytes);
    let long = bytes.len() > INLINE_BYTES || !encoding.is_empty();
    let mut admitted = if long { tokio::task::block_in_place(work)? } else { work()? };
    if !admitted.unknown.is_empty() {
        for organization in std::mem::take(&mut admitted.unknown) {
            app.create_organization(&organization, &caller).await?;
        }
        admitted = tokio::task::block_in_place(work)?;
        if let Some(organization) = admitted.unknown.first() {
            let error = anyhow::anyhow!("{organization} was created and the control database does not have it");
            return Err(ApiError::internal("create the organization", error));
        }
    }
    drop(bytes);
    let answer = submit(&app, admitted.batch).await?;
    app.metrics.events_refused(
        admitted.outcomes.iter().filter_map(|line| line.as_ref().err()).map(|(_, refusal)| refusal.code.as_str()),
    );
    let text = render(&app, &admitted.outcomes, &answer);
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response())
}

/// What says how events came in, beside who sent them.
struct Source {
    adapter: Option<String>,
}

impl Source {
    fn from_headers(headers: &HeaderMap) -> Result<Self, ApiError> {
        let adapter = headers.get("indelible-adapter").map(|value| value.to_str().unwrap_or_default().to_owned());
        if adapter.as_ref().is_some_and(|name| {
            name.is_empty()
                || name.len() > NAME_BYTES
                || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-@".contains(&b))
        }) {
            return Err(ApiError::new(
                ErrorCode::InvalidRequest,
                "header indelible-adapter must be 1 to 64 of A-Z a-z 0-9 . _ - @",
            ));
        }
        Ok(Self { adapter })
    }
}

async fn read_body(app: &App, body: Body) -> Result<Bytes, ApiError> {
    let limit = app.config.limits.body_bytes;
    let reading = axum::body::to_bytes(body, limit);
    let seconds = app.config.limits.body_seconds;
    match tokio::time::timeout(std::time::Duration::from_secs(seconds), reading).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if format!("{error:?}").contains("LengthLimit") => Err(ApiError::new(
            ErrorCode::BodyTooLarge,
            format!("the body is longer than {limit} bytes; send fewer events at a time"),
        )),
        Ok(Err(_)) => {
            Err(ApiError::new(ErrorCode::UnreadableBody, "the connection ended before the body did; send it again"))
        }
        Err(_) => {
            Err(ApiError::new(ErrorCode::UnreadableBody, format!("the body did not arrive within {seconds} seconds")))
        }
    }
}

/// A line's number with the id of its admitted event, if the server made it; or with the refusal.
type LineOutcome = Result<(u64, Option<[u8; 16]>), (u64, EventRefusal)>;

/// A body's events: admitted ones in the batch, and for each line what became of it so far.
struct AdmittedBody {
    batch: Batch,
    outcomes: Vec<LineOutcome>,
    /// Organizations to create before the body can be admitted.
    unknown: Vec<Organization>,
}

fn decode_and_admit(
    app: &App,
    principal: &Principal,
    attribution: &Attribution,
    source: &Source,
    encoding: &str,
    bytes: &[u8],
) -> Result<AdmittedBody, ApiError> {
    let limit = app.config.limits.body_bytes;
    if encoding.is_empty() || encoding == "identity" {
        return admit_body(app, principal, attribution, source, bytes, None);
    }
    let decoded = body::decode(encoding, bytes, limit)
        .ok_or_else(|| ApiError::new(ErrorCode::UnreadableBody, "content-encoding must be gzip, zstd or identity"))?;
    if decoded.bytes.is_empty()
        && let Some(cut) = &decoded.cut
    {
        return Err(match cut {
            Cut::TooLarge => ApiError::new(
                ErrorCode::BodyTooLarge,
                format!("the body is longer than {limit} bytes after decompression"),
            ),
            Cut::Damaged(why) => ApiError::new(ErrorCode::UnreadableBody, format!("the body is not {encoding}: {why}")),
        });
    }
    admit_body(app, principal, attribution, source, &decoded.bytes, decoded.cut)
}

fn admit_body(
    app: &App,
    principal: &Principal,
    attribution: &Attribution,
    source: &Source,
    bytes: &[u8],
    cut: Option<Cut>,
) -> Result<AdmittedBody, ApiError> {
    let intake = IntakePart {
        producer: &principal.id,
        producer_epoch: None,
        producer_seq: None,
        source: "http",
        adapter: source.adapter.as_deref(),
    };
    let mut lines = body::split(bytes);
    let mut cut_line = None;
    if let Some(cut) = cut {
        // The last line is what was left when reading ended: it may be half an event.
        let last = if bytes.last() == Some(&b'\n') { None } else { lines.pop() };
        let number = last.map_or_else(|| lines.last().map_or(1, |line| line.number + 1), |line| line.number);
        cut_line = Some((number, refusal_of(&cut, app.config.limits.body_bytes)));
    }
    if lines.is_empty() && cut_line.is_none() {
        return Err(ApiError::new(
            ErrorCode::UnreadableBody,
            "the body holds no event; send one JSON event a line, or an array of events",
        ));
    }
    let mut result = AdmittedBody {
        batch: app.intake.batch(&principal.id),
        outcomes: Vec::with_capacity(lines.len() + 1),
        unknown: Vec::new(),
    };
    let mut resolver = Resolver { app, attribution, numbers: HashMap::new(), unknown: Vec::new(), failed: None };
    let mut ids = FreshIds::default();
    SCRATCH.with_borrow_mut(|scratch| {
        for Line { number, bytes } in lines {
            let outcome = admit(scratch, bytes, &app.event_limits, &intake, || ids.next())
                .map_err(|refusal| shown(&refusal))
                .and_then(|event| {
                    let numbers = resolver.resolve(&event)?;
                    result.batch.push(&event, &numbers);
                    Ok(event.log_entry_id_made.then_some(event.log_entry_id))
                });
            result.outcomes.push(outcome.map(|id| (number, id)).map_err(|refusal| (number, refusal)));
        }
    });
    if let Some(failure) = resolver.failed {
        return Err(failure);
    }
    result.outcomes.extend(cut_line.map(Err));
    result.unknown = resolver.unknown;
    Ok(result)
}

/// A refusal made here rather than by the event's own rules.
fn refuse(code: &str, field: Option<&str>, message: String) -> EventRefusal {
    EventRefusal { code: code.to_owned(), field: field.map(str::to_owned), category: None, message }
}

fn shown(refusal: &Refusal) -> EventRefusal {
    EventRefusal {
        code: refusal.code.as_str().to_owned(),
        field: refusal.field.clone(),
        category: refusal.category.map(str::to_owned),
        message: refusal.message.clone(),
    }
}

fn refusal_of(cut: &Cut, limit: usize) -> EventRefusal {
    let why = match cut {
        Cut::Damaged(why) => format!("the compressed body ends or is damaged here ({why})"),
        Cut::TooLarge => format!("the body is longer than {limit} bytes after decompression"),
    };
    refuse("bodyCut", None, format!("{why}; send this event and those after it again in another request"))
}

/// Finds the organizations an event belongs to.
struct Resolver<'a> {
    app: &'a App,
    attribution: &'a Attribution,
    numbers: HashMap<Organization, u32>,
    unknown: Vec<Organization>,
    /// A log could not be made. That is no fault of the event's, so nothing of the body is stored and all of it may be sent again.
    failed: Option<ApiError>,
}

impl Resolver<'_> {
    fn resolve(&mut self, event: &Admitted<'_>) -> Result<Vec<u32>, EventRefusal> {
        let claims = event.organizations;
        if let Attribution::One(only) = self.attribution {
            if let Some(other) = claims.iter().find(|claim| claim.id != *only) {
                return Err(not_allowed(&other.id));
            }
            return Ok(vec![self.number(only)?]);
        }
        if !claims.is_empty() {
            return claims.iter().map(|claim| self.number(&claim.id)).collect();
        }
        match event.org_id.map(str::parse::<Organization>) {
            Some(Ok(organization)) => Ok(vec![self.number(&organization)?]),
            _ => Ok(vec![self.number(&self.app.config.operator_organization.clone())?]),
        }
    }

    fn number(&mut self, organization: &Organization) -> Result<u32, EventRefusal> {
        if let Some(number) = self.numbers.get(organization) {
            return Ok(*number);
        }
        let allowed = match self.attribution {
            Attribution::One(only) => only == organization,
            Attribution::Some(list) => list.contains(organization),
            Attribution::Any => true,
        };
        if !allowed {
            return Err(not_allowed(organization));
        }
        if !self.app.control.has_organization(organization) {
            if !self.unknown.contains(organization) {
                self.unknown.push(organization.clone());
            }
            return Ok(u32::MAX);
        }
        let log = match self.app.intake.organization(organization) {
            Ok(log) => log,
            Err(error) => {
                self.failed.get_or_insert_with(|| ApiError::internal("create the organization's log", error));
                return Ok(u32::MAX);
            }
        };
        self.numbers.insert(organization.clone(), log.number);
        Ok(log.number)
    }
}

fn not_allowed(organization: &Organization) -> EventRefusal {
    let message = format!(
        "this token may not emit for {organization}; leave `organizations` out or use that organization's token"
    );
    refuse("organizationNotAllowed", Some("organizations"), message)
}

/// Ids for events without one: random, drawn many at a time.
struct FreshIds {
    bytes: [u8; 512],
    used: usize,
}

impl Default for FreshIds {
    fn default() -> Self {
        Self { bytes: [0; 512], used: 512 }
    }
}

impl FreshIds {
    fn next(&mut self) -> [u8; 16] {
        if self.used == self.bytes.len() {
            if let Err(error) = getrandom::fill(&mut self.bytes) {
                // Ids that repeat would be taken for repeats of the event: better to stop.
                tracing::error!(%error, "the system gives no random bytes");
                std::process::abort();
            }
            self.used = 0;
        }
        let mut id = [0; 16];
        id.copy_from_slice(&self.bytes[self.used..self.used + 16]);
        self.used += 16;
        id[6] = (id[6] & 0x0f) | 0x40;
        id[8] = (id[8] & 0x3f) | 0x80;
        id
    }
}

async fn submit(app: &App, batch: Batch) -> Result<Answer, ApiError> {
    if batch.is_empty() {
        return Ok(Answer::default());
    }
    let (reply, answer) = oneshot::channel();
    app.intake.submit(batch, Box::new(move |result| drop(reply.send(result))));
    match answer.await {
        Ok(result) => Ok(result?),
        Err(_) => Err(indelible_intake::SubmitError::Unknown.into()),
    }
}

/// Writes [`EventsAnswer`] directly: a batch has a thousand outcomes and each would be four allocations.
fn render(app: &App, lines: &[LineOutcome], answer: &Answer) -> Vec<u8> {
    let (mut new, mut duplicate, mut refused) = (0u64, 0u64, 0u64);
    let mut out = Vec::with_capacity(64 + lines.len() * 200);
    let mut outcomes = answer.outcomes.iter();
    out.extend_from_slice(b",\"outcomes\":[");
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match line {
            Err((number, refusal)) => {
                refused += 1;
                write_refusal(&mut out, *number, refusal);
            }
            Ok((number, made)) => {
                let Some(outcome) = outcomes.next() else { continue };
                let status = match outcome.status {
                    Status::New => {
                        new += 1;
                        "new"
                    }
                    Status::Duplicate => {
                        duplicate += 1;
                        "duplicate"
                    }
                    Status::Reused => {
                        refused += 1;
                        write_refusal(&mut out, *number, &reused());
                        continue;
                    }
                };
                append(&mut out, format_args!("{{\"line\":{number},\"status\":\"{status}\""));
                if let Some(id) = made {
                    append(&mut out, format_args!(",\"logEntryId\":\"{}\"", indelible_event::uuid::Uuid(*id)));
                }
                out.extend_from_slice(b",\"receipts\":[");
                for (index, receipt) in answer.receipts[outcome.receipts.clone()].iter().enumerate() {
                    let name = app.ledger.get(receipt.number);
                    let name = name.as_ref().map_or("", |log| log.organization.as_str());
                    let mut leaf = [0u8; 44];
                    let _ = STANDARD.encode_slice(receipt.leaf.as_bytes(), &mut leaf);
                    let comma = if index > 0 { "," } else { "" };
                    let leaf = std::str::from_utf8(&leaf).unwrap_or_default();
                    append(
                        &mut out,
                        format_args!(
                            "{comma}{{\"organization\":\"{name}\",\"seq\":{},\"leafHash\":\"{leaf}\"}}",
                            receipt.seq
                        ),
                    );
                }
                out.extend_from_slice(b"]}");
            }
        }
    }
    out.extend_from_slice(b"]}");
    let mut text = Vec::with_capacity(out.len() + 80);
    append(&mut text, format_args!("{{\"new\":{new},\"duplicate\":{duplicate},\"refused\":{refused}"));
    text.extend_from_slice(&out);
    text
}

fn reused() -> EventRefusal {
    let message =
        "this logEntryId was used before for an event with other bytes; every event needs its own id".to_owned();
    refuse("logEntryIdReused", Some("logEntryId"), message)
}

fn write_refusal(out: &mut Vec<u8>, line: u64, refusal: &EventRefusal) {
    let error = Some(refusal.clone());
    let outcome = EventOutcome { line, status: EventStatus::Refused, log_entry_id: None, receipts: Vec::new(), error };
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(out, &outcome);
}

fn append(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _ = std::io::Write::write_fmt(out, text);
}

impl Caller {
    fn attribution(&self) -> Result<Attribution, ApiError> {
        Principal::attribution(self).map_err(|_| {
            ApiError::new(
                ErrorCode::PermissionDenied,
                format!("this token may not emit events; it needs the operation {}", Operation::AuditEmit),
            )
        })
    }
}
