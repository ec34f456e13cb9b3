//! `POST /api/v1/events`: where producers hand events in.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indelible_api::{ErrorCode, EventOutcome, EventRefusal, EventStatus, EventsAnswer};
use indelible_archive::receipts::{self, Receipt};
use indelible_control::{Attribution, Operation, Principal};
use indelible_event::{Intake as IntakePart, Organization};
use indelible_intake::{Answer, Batch, Status};
use indelible_ledger::OrganizationLog;

use crate::admission::{Admission, Unknown, refuse, reused};
use crate::app::App;
use crate::auth::Caller;
use crate::body::{self, Cut, Line};
use crate::error::ApiError;
use crate::ids::FreshIds;
use crate::listen::body::TooSlow;

/// Bodies up to this size are parsed where they arrive; longer ones would keep other requests waiting.
pub(crate) const INLINE_BYTES: usize = 64 << 10;
/// Names of adapters and producers in headers are at most this long.
const NAME_BYTES: usize = 64;
/// The producer's count begins anew with each epoch, for example with each start of the producer.
const EPOCH: &str = "indelible-producer-epoch";
/// Number of the body's first event within the epoch, from 0.
const SEQ: &str = "indelible-producer-seq";
/// Largest number that every JSON reader keeps.
const COUNT_MAX: u64 = (1 << 53) - 1;
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
    app.admit()?;
    let source = Source::from_headers(&headers)?;
    let mut room = app.reserve_body(&headers).await?;
    let bytes = read_body(&app, body).await?;
    let encoding = headers.get(header::CONTENT_ENCODING).map_or("", |v| v.to_str().unwrap_or("?"));
    let decoded = match encoding {
        "" | "identity" => None,
        _ => Some(app.inflate(encoding, &bytes, &mut room).await?),
    };
    let (text, cut) = decoded.as_ref().map_or((&bytes[..], None), |decoded| (&decoded.bytes[..], decoded.cut.as_ref()));
    if let Some(cut) = cut.filter(|_| text.is_empty()) {
        return Err(not_inflated(&app, encoding, cut));
    }
    let work = || admit_body(&app, &caller, &attribution, &source, text, cut);
    let long = text.len() > INLINE_BYTES;
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
    drop((bytes, decoded));
    let answer = app.submit(admitted.batch).await?;
    app.note_reused(&answer);
    app.metrics.events_refused(
        admitted.outcomes.iter().filter_map(|line| line.as_ref().err()).map(|(_, refusal)| refusal.code.as_str()),
    );
    let receipts = if source.receipts { Some(sign_receipts(&app, &answer)?) } else { None };
    let text = render(&app, &admitted.outcomes, &answer, receipts.as_deref());
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response())
}

/// What says how events came in, beside who sent them.
struct Source {
    adapter: Option<String>,
    /// Whether the producer asks for signed receipts.
    receipts: bool,
    numbers: Option<Numbers>,
}

/// How the producer counts its events, so that gaps can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Numbers {
    epoch: u64,
    /// Number of the body's first event; each further one, refused or not, has the next.
    first: u64,
}

impl Numbers {
    fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, ApiError> {
        match (count(headers, EPOCH)?, count(headers, SEQ)?) {
            (Some(epoch), Some(first)) => Ok(Some(Self { epoch, first })),
            (None, None) => Ok(None),
            _ => Err(ApiError::new(ErrorCode::InvalidRequest, format!("send the headers {EPOCH} and {SEQ} together"))),
        }
    }

    /// Fails if the last of `events` events would have too large a number.
    fn check(self, events: usize) -> Result<(), ApiError> {
        if self.first + events as u64 - 1 > COUNT_MAX {
            return Err(ApiError::new(ErrorCode::InvalidRequest, format!("{SEQ} ends at 2^53-1; begin a new epoch")));
        }
        Ok(())
    }
}

/// A number in a header: decimal digits, at most 2^53-1.
fn count(headers: &HeaderMap, name: &str) -> Result<Option<u64>, ApiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|text| text.parse().ok()).filter(|number| *number <= COUNT_MAX);
    match number {
        Some(number) => Ok(Some(number)),
        None => {
            Err(ApiError::new(ErrorCode::InvalidRequest, format!("header {name} must be a number from 0 to 2^53-1")))
        }
    }
}

/// The adapter that made the body's events or refused its records, with its version, as its header names it.
pub(crate) fn stated_adapter(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let adapter = headers.get("indelible-adapter").map(|value| value.to_str().unwrap_or_default());
    if adapter.is_some_and(|name| !is_adapter(name)) {
        let message = format!("header indelible-adapter must be {ADAPTER_RULE}");
        return Err(ApiError::new(ErrorCode::InvalidRequest, message));
    }
    Ok(adapter)
}

impl Source {
    fn from_headers(headers: &HeaderMap) -> Result<Self, ApiError> {
        let adapter = stated_adapter(headers)?.map(str::to_owned);
        let receipts = match headers.get("indelible-receipts").map(HeaderValue::as_bytes) {
            None => false,
            Some(b"signed") => true,
            Some(_) => {
                return Err(ApiError::new(
                    ErrorCode::InvalidRequest,
                    "header indelible-receipts must be `signed` or absent",
                ));
            }
        };
        Ok(Self { adapter, receipts, numbers: Numbers::from_headers(headers)? })
    }
}

/// What an adapter may be called, with its version, by who ran it.
pub(crate) const ADAPTER_RULE: &str = "1 to 64 of A-Z a-z 0-9 . _ - @";

/// Whether it keeps to that.
pub(crate) fn is_adapter(name: &str) -> bool {
    (1..=NAME_BYTES).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte))
}

/// The whole body, if it is not longer than one may be.
pub(crate) async fn read_body(app: &App, body: Body) -> Result<Bytes, ApiError> {
    let limit = app.config.limits.body_bytes;
    axum::body::to_bytes(body, limit).await.map_err(|error| {
        if format!("{error:?}").contains("LengthLimit") {
            return ApiError::new(
                ErrorCode::BodyTooLarge,
                format!("the body is longer than {limit} bytes; send fewer events at a time"),
            );
        }
        not_arrived(&error)
    })
}

/// Why a body did not come to its end.
pub(crate) fn not_arrived(error: &axum::Error) -> ApiError {
    let message = match TooSlow::in_chain(error) {
        Some(too_slow) => too_slow.to_string(),
        None => "the connection ended before the body did; send it again".to_owned(),
    };
    ApiError::new(ErrorCode::BodyTooSlow, message)
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

fn admit_body(
    app: &App,
    principal: &Principal,
    attribution: &Attribution,
    source: &Source,
    bytes: &[u8],
    cut: Option<&Cut>,
) -> Result<AdmittedBody, ApiError> {
    let mut intake = IntakePart {
        producer: &principal.id,
        producer_epoch: source.numbers.map(|numbers| numbers.epoch),
        producer_seq: None,
        source: "http",
        adapter: source.adapter.as_deref(),
    };
    let mut lines = body::split(bytes);
    let mut cut_line = None;
    let is_bomb = cut == Some(&Cut::TooLarge);
    if let Some(cut) = cut {
        // What came after the last newline may be half an event.
        let rest = bytes.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let last = if rest.trim_ascii().is_empty() { None } else { lines.pop() };
        let number = last.map_or_else(|| lines.last().map_or(1, |line| line.number + 1), |line| line.number);
        cut_line = Some((number, refusal_of(cut, app.config.limits.body_bytes)));
    }
    if lines.is_empty() && is_bomb {
        return Err(too_large_inflated(app.config.limits.body_bytes));
    }
    if lines.is_empty() && cut_line.is_none() {
        return Err(ApiError::new(
            ErrorCode::UnreadableBody,
            "the body holds no event; send one JSON event a line, or an array of events",
        ));
    }
    if let Some(numbers) = source.numbers {
        numbers.check(lines.len().max(1))?;
    }
    let mut admission = Admission::new(app, &principal.id, attribution, Unknown::Collect);
    let mut ids = FreshIds::default();
    let mut outcomes = Vec::with_capacity(lines.len() + 1);
    for (index, Line { number, bytes }) in (0..).zip(lines) {
        intake.producer_seq = source.numbers.map(|numbers| numbers.first + index);
        let outcome = admission.push(bytes, &intake, || ids.next());
        outcomes.push(outcome.map(|id| (number, id)).map_err(|refusal| (number, refusal)));
    }
    outcomes.extend(cut_line.map(Err));
    let (batch, unknown) = admission.finish()?;
    Ok(AdmittedBody { batch, outcomes, unknown })
}

/// Why nothing is taken of a compressed body.
pub(crate) fn not_inflated(app: &App, encoding: &str, cut: &Cut) -> ApiError {
    match cut {
        Cut::TooLarge => too_large_inflated(app.config.limits.body_bytes),
        Cut::Damaged(why) => ApiError::new(ErrorCode::UnreadableBody, format!("the body is not {encoding}: {why}")),
    }
}

fn too_large_inflated(limit: usize) -> ApiError {
    ApiError::new(ErrorCode::BodyTooLarge, format!("the body is longer than {limit} bytes after decompression"))
}

fn refusal_of(cut: &Cut, limit: usize) -> EventRefusal {
    let why = match cut {
        Cut::Damaged(why) => format!("the compressed body ends or is damaged here ({why})"),
        Cut::TooLarge => format!("the body is longer than {limit} bytes after decompression"),
    };
    refuse("bodyCut", None, format!("{why}; send this event and those after it again in another request"))
}

/// Signs what the answer promises: one signature for up to 4,000 receipts.
fn sign_receipts(app: &App, answer: &Answer) -> Result<String, ApiError> {
    let mut logs: HashMap<u32, Arc<OrganizationLog>> = HashMap::new();
    for receipt in &answer.receipts {
        if let Entry::Vacant(place) = logs.entry(receipt.number) {
            place.insert(app.ledger.get(receipt.number).ok_or_else(|| ApiError::not_found("log of a receipt"))?);
        }
    }
    let receipts = answer.receipts.iter().filter_map(|receipt| {
        let origin = &logs.get(&receipt.number)?.origin;
        Some(Receipt { origin, seq: receipt.seq, leaf: receipt.leaf })
    });
    let Some(platform) = logs.values().next().and_then(|log| log.origin.rsplitn(3, '/').nth(2)) else {
        return Ok(String::new());
    };
    let name = receipts::key_name(platform);
    let sign = |text: String| app.ledger.sign_note(&name, &text).map(|note| note.to_string());
    let notes: Result<String, _> = receipts::texts(app.now_us(), receipts).into_iter().map(sign).collect();
    notes.map_err(|error| ApiError::internal("sign the receipts; the events are stored", error))
}

/// Writes [`EventsAnswer`] directly: a batch has a thousand outcomes and each would be four allocations.
fn render(app: &App, lines: &[LineOutcome], answer: &Answer, receipts: Option<&str>) -> Vec<u8> {
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
    out.push(b']');
    if let Some(receipts) = receipts {
        out.extend_from_slice(b",\"receipts\":");
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(&mut out, receipts);
    }
    out.push(b'}');
    let mut text = Vec::with_capacity(out.len() + 80);
    append(&mut text, format_args!("{{\"new\":{new},\"duplicate\":{duplicate},\"refused\":{refused}"));
    text.extend_from_slice(&out);
    text
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
    /// Where the caller's events may go.
    pub(crate) fn attribution(&self) -> Result<Attribution, ApiError> {
        Principal::attribution(self).map_err(|_| {
            ApiError::new(
                ErrorCode::PermissionDenied,
                format!("this token may not emit events; it needs the operation {}", Operation::AuditEmit),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn producers_number_their_events_with_two_headers() {
        let check =
            |epoch: Option<&str>, seq: Option<&str>, events: usize, expected: Result<Option<(u64, u64)>, ()>| {
                let mut headers = HeaderMap::new();
                for (name, value) in [(EPOCH, epoch), (SEQ, seq)] {
                    if let Some(value) = value {
                        headers.insert(name, value.parse().unwrap());
                    }
                }
                let found = Numbers::from_headers(&headers)
                    .and_then(|numbers| numbers.map_or(Ok(()), |numbers| numbers.check(events)).map(|()| numbers));
                let found = found.map(|numbers| numbers.map(|numbers| (numbers.epoch, numbers.first))).map_err(drop);
                assert_eq!(found, expected, "{epoch:?} {seq:?}, {events} events");
            };
        check(None, None, 5, Ok(None));
        check(Some("3"), Some("0"), 1, Ok(Some((3, 0))));
        check(Some("3"), None, 1, Err(()));
        check(None, Some("0"), 1, Err(()));
        for bad in ["", "-1", "+1", "1.0", "x", " 1", "9007199254740992", "99999999999999999999999"] {
            check(Some(bad), Some("0"), 1, Err(()));
            check(Some("0"), Some(bad), 1, Err(()));
        }
        check(Some("9007199254740991"), Some("9007199254740991"), 1, Ok(Some((COUNT_MAX, COUNT_MAX))));
        check(Some("0"), Some("9007199254740991"), 2, Err(()));
    }
}
