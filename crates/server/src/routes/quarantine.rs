//! Records that were refused and whose senders cannot be told.
//!
//! What they hold is their organization's: its administrators see and repair it. The operator sees how records came and why they
//! were refused, and nothing that quotes them.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indelible_adapter::{Code, Options};
use indelible_api::{
    Dismissed, ErrorBody, ErrorCode, EventOutcome, EventRefusal, EventStatus, EventsAnswer, OperatorQuarantined,
    Quarantined, QuarantinedRecord, RefusedRecord, ReplayRequest, Replayed, Selection,
};
use indelible_control::{Attribution, Operation};
use indelible_event::catalogue::typed::{
    DataLoad, DataLoadRequest, MetaDataSearch, MetaDataSearchRequest, MetaDataSearchResult, NoFields,
};
use indelible_event::{Organization, Reach as _, Scope};
use indelible_quarantine::{Content, Filter, Item, RECORD_BYTES_MAX, Refused, State as Waits};
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::admission::{Unknown, refuse};
use crate::app::App;
use crate::audit::{AuditEvent, Change, configured, resource};
use crate::auth::Caller;
use crate::body::{self, Line};
use crate::error::{ApiError, Input};
use crate::pipeline::{Form, Source};
use crate::quarantine::{Trial, cursor, named, parse_cursor, shown};
use crate::routes::admin::parse_organization;
use crate::routes::events::{ADAPTER_RULE, is_adapter, stated_adapter};
use crate::routes::receive::whole;

/// Records that one request hands in, names, lists or tries.
const RECORDS_MAX: usize = 1000;
/// Bytes of events that somebody made of a record.
const REPAIRED_BYTES_MAX: usize = 16 << 20;
/// Bytes that are kept of the message of a record that its sender refused.
const MESSAGE_BYTES_MAX: usize = 4096;
/// What an adapter made of the record is no valid event.
const INVALID_EVENT: &str = "invalidEvent";

/// Which records to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// Those that came this way.
    source: Option<String>,
    /// Those that were refused for this.
    code: Option<String>,
    /// `waiting` (default), `replayed`, `dismissed`, or `any`.
    state: Option<String>,
    /// Those after this place: `RECEIVED-ID`, microseconds since 1970 and the id of the last one seen.
    after: Option<String>,
    /// At most so many, up to 1,000.
    limit: Option<u32>,
}

impl Which {
    fn filter(self) -> Result<Filter, ApiError> {
        let state = match self.state.as_deref() {
            None => Some(Waits::Waiting),
            Some("any") => None,
            Some(name) => Some(
                Waits::parse(name)
                    .ok_or_else(|| invalid(format!("state {name:?} is none of waiting, replayed, dismissed, any")))?,
            ),
        };
        let limit = self.limit.unwrap_or(u32::MAX).min(RECORDS_MAX as u32);
        Ok(Filter {
            source: self.source,
            code: self.code,
            state,
            after: place(self.after.as_deref())?,
            limit,
            ..Filter::default()
        })
    }
}

/// Puts records that their sender refused into the quarantine.
///
/// The body is one record a line; it may be compressed with gzip or zstd. Who may hand in events may hand in these, and whose they are
/// follows from the credential in the same way. Every record gets its outcome, in order: `new` waits now and survives power loss,
/// `duplicate` waited already, `refused` is no such record and is not kept. The header `Indelible-Adapter` names the adapter that refused
/// them, with its version or without.
#[utoipa::path(
    post, path = "/api/v1/quarantine", tag = "quarantine",
    request_body(content = RefusedRecord, content_type = "application/x-ndjson"),
    responses(
        (status = 200, description = "One outcome for each record", body = EventsAnswer),
        (status = 400, description = "Nothing could be read", body = ErrorBody),
        (status = 413, description = "The body is too large or has more than 1,000 records", body = ErrorBody),
        (status = 503, description = "Unknown whether kept; send again", body = ErrorBody),
    )
)]
pub(crate) async fn hand_in(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<EventsAnswer>, ApiError> {
    let source = Source { name: "agent".to_owned(), ..caller_source(&caller, caller.attribution()?) };
    app.admit()?;
    let adapter =
        stated_adapter(&headers)?.and_then(|adapter| adapter.split('@').next()).filter(|name| !name.is_empty());
    let mut room = app.reserve_body(&headers).await?;
    let bytes = whole(&app, &headers, body, &mut room).await?;
    let read = app.interpret(&bytes, |bytes| read_refused(&app, &source, adapter, bytes)).await?;
    let mut records = Vec::with_capacity(read.len());
    let lines: Vec<(u64, Option<EventRefusal>)> =
        read.into_iter().map(|(line, read)| (line, read.map(|record| records.push(record)).err())).collect();
    let mut is_new = app.quarantine(&records).await?.into_iter();
    app.metrics.events_refused(records.iter().map(|record| record.code.as_str()));
    let outcomes = lines.into_iter().map(|(line, error)| {
        let status = match error {
            Some(_) => EventStatus::Refused,
            None if is_new.next() == Some(true) => EventStatus::New,
            None => EventStatus::Duplicate,
        };
        EventOutcome { line, status, log_entry_id: None, receipts: Vec::new(), error }
    });
    let outcomes: Vec<EventOutcome> = outcomes.collect();
    let count = |status| outcomes.iter().filter(|outcome| outcome.status == status).count() as u64;
    let (new, duplicate, refused) =
        (count(EventStatus::New), count(EventStatus::Duplicate), count(EventStatus::Refused));
    Ok(Json(EventsAnswer { new, duplicate, refused, outcomes, receipts: None }))
}

/// The records of a body by their lines, each as it is kept, or why it is none.
fn read_refused(
    app: &App,
    source: &Source,
    adapter: Option<&str>,
    body: &[u8],
) -> Result<Vec<(u64, Result<Refused, EventRefusal>)>, ApiError> {
    let lines = body::split(body);
    if lines.is_empty() {
        return Err(ApiError::new(ErrorCode::UnreadableBody, "the body holds no record; send one JSON object a line"));
    }
    if lines.len() > RECORDS_MAX {
        return Err(ApiError::new(
            ErrorCode::BodyTooLarge,
            format!("a request hands in at most {RECORDS_MAX} records"),
        ));
    }
    let one = |Line { number, bytes }: Line<'_>| (number, read_one(app, source, adapter, bytes));
    Ok(lines.into_iter().map(one).collect())
}

fn read_one(app: &App, source: &Source, adapter: Option<&str>, line: &[u8]) -> Result<Refused, EventRefusal> {
    let invalid = |why: String| refuse("invalidRecord", None, why);
    let RefusedRecord { code, mut message, occurrence, length, timezone, year, record } =
        serde_json::from_slice(line).map_err(|error| invalid(format!("this is no refused record: {error}")))?;
    let mut record = STANDARD.decode(record).map_err(|error| invalid(format!("`record` is no Base64: {error}")))?;
    if let Some(name) = timezone.as_deref().filter(|name| Options::zone(name).is_none()) {
        return Err(invalid(format!("timezone {name:?} is none such as Europe/Berlin, UTC or +02:00")));
    }
    let length = length.unwrap_or(0).max(record.len() as u64);
    record.truncate(RECORD_BYTES_MAX);
    // Codes are shown to the operator, and each is counted: they are none of the sender's making.
    let known = Code::ALL.map(Code::as_str).into_iter().chain([INVALID_EVENT]).find(|known| *known == code);
    if known.is_none() {
        message = format!("{code}: {message}");
    }
    message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
    let content = Content { message, record };
    let adapter = adapter.map(str::to_owned);
    let kept = app.to_keep(source, adapter, occurrence, known.unwrap_or("other").to_owned(), length, content);
    Ok(Refused { timezone, year, ..kept })
}

/// What the caller itself brings, through no adapter.
fn caller_source(caller: &Caller, attribution: Attribution) -> Source {
    Source {
        name: "quarantine".to_owned(),
        producer: Arc::clone(&caller.id),
        attribution,
        adapter: None,
        zone: TimeZone::UTC,
        came_us: None,
        unknown: Unknown::Refuse,
        is_answered: true,
    }
}

/// Lists an organization's refused records, the oldest first, without what they hold.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/quarantine", tag = "quarantine",
    params(("organization" = String, Path), Which),
    responses((status = 200, body = Vec<Quarantined>), (status = 404, body = ErrorBody))
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<Vec<Quarantined>>, ApiError> {
    let organization = caller.administered(&organization)?;
    let filter = Filter { organization: Some(organization.clone()), ..which.filter()? };
    let found = app.quarantine.list(&filter).await.map_err(failed);
    let request = MetaDataSearchRequest::new(Some("refused records in the quarantine".to_owned()));
    let event =
        AuditEvent::new::<MetaDataSearch>("INDELIBLE_LIST_QUARANTINE", request, MetaDataSearchResult::new(Vec::new()));
    let scope = Scope::new(vec![organization]);
    app.audit_read(&caller.actor(), &scope, event.ended(&found)).await?;
    Ok(Json(found?.into_iter().map(shown).collect()))
}

/// Shows a refused record as it came, and why it was refused.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/quarantine/{recordId}", tag = "quarantine",
    params(("organization" = String, Path), ("recordId" = String, Path)),
    responses((status = 200, body = QuarantinedRecord), (status = 404, body = ErrorBody))
)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
) -> Result<Json<QuarantinedRecord>, ApiError> {
    let organization = caller.administered(&organization)?;
    let found = app.quarantined(&organization, &id).await;
    let request = DataLoadRequest::new(vec![resource(&id)]);
    let event = AuditEvent::new::<DataLoad>("INDELIBLE_GET_QUARANTINED", request, NoFields {}).ended(&found);
    app.audit_read(&caller.actor(), &Scope::new(vec![organization]), event).await?;
    let (item, content) = found?.ok_or_else(missing)?;
    let text = content.as_ref().and_then(|content| String::from_utf8(content.record.clone()).ok());
    Ok(Json(QuarantinedRecord {
        occurrence: item.occurrence,
        timezone: app.timezone_of(&item),
        year: item.year,
        item: shown(item),
        record: content.as_ref().map(|content| STANDARD.encode(&content.record)),
        message: content.map(|content| content.message),
        text,
    }))
}

/// Tries refused records again, through their adapters as they are now, through another one, or as what the caller made of them.
///
/// The events of a record are stored together; then it does not wait any more. Their ids are derived from the record, so nothing is
/// stored twice.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/quarantine/replay", tag = "quarantine", request_body = ReplayRequest,
    params(("organization" = String, Path)),
    responses((status = 200, body = Replayed), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
    Input(request): Input<ReplayRequest>,
) -> Result<Json<Replayed>, ApiError> {
    let organization = caller.administered(&organization)?;
    if let Some(adapter) = &request.adapter {
        app.adapters.find(adapter).map_err(invalid)?;
    }
    if request.repaired.is_empty() {
        let (items, more) = select(&app, &organization, &request.select).await?;
        let ids = items.iter().map(|item| item.id.as_str());
        record(&app, &caller, &organization, "INDELIBLE_REPLAY_QUARANTINED", Change::Updated, ids).await?;
        let trial = Trial { is_operator: is_operator(&app, &caller, &organization), adapter: request.adapter };
        let next = items.last().filter(|_| more).map(cursor);
        let replayed = app.replay(&organization, &items, &trial).await?;
        return Ok(Json(Replayed { more, next, ..replayed }));
    }
    if request.repaired.len() > RECORDS_MAX {
        return Err(invalid(format!("a request repairs at most {RECORDS_MAX} records")));
    }
    let ids = request.repaired.iter().map(|repair| repair.id.as_str());
    record(&app, &caller, &organization, "INDELIBLE_REPAIR_QUARANTINED", Change::Updated, ids).await?;
    repair(&app, &caller, &organization, &request).await.map(Json)
}

/// Gives refused records up: what they hold is gone, that they were there stays.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/quarantine/dismiss", tag = "quarantine", request_body = Selection,
    params(("organization" = String, Path)),
    responses((status = 200, body = Dismissed), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub(crate) async fn dismiss(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
    Input(selection): Input<Selection>,
) -> Result<Json<Dismissed>, ApiError> {
    let organization = caller.administered(&organization)?;
    let mut dismissed = 0;
    loop {
        let (items, more) = select(&app, &organization, &selection).await?;
        if items.is_empty() {
            return Ok(Json(Dismissed { dismissed }));
        }
        let ids: Vec<String> = items.into_iter().map(|item| item.id).collect();
        // Recorded first: what fails then is asked for again, and recorded again.
        let names = ids.iter().map(String::as_str);
        record(&app, &caller, &organization, "INDELIBLE_DISMISS_QUARANTINED", Change::Deleted, names).await?;
        dismissed += app.quarantine.end(&organization, &ids, Waits::Dismissed, app.now_us()).await.map_err(failed)?;
        if !more {
            return Ok(Json(Dismissed { dismissed }));
        }
    }
}

/// Which of all organizations' records.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Observed {
    /// RID of the organization; all if absent.
    organization: Option<String>,
    /// Those after this place: `RECEIVED-ID`, microseconds since 1970 and the id of the last one seen.
    after: Option<String>,
}

/// Lists refused records of all organizations: how they came and why they were refused, and nothing that quotes them.
#[utoipa::path(
    get, path = "/api/v1/operator/quarantine", tag = "operator", params(Observed),
    responses((status = 200, body = Vec<OperatorQuarantined>), (status = 403, body = ErrorBody))
)]
pub(crate) async fn observe(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(observed): Query<Observed>,
) -> Result<Json<Vec<OperatorQuarantined>>, ApiError> {
    let organization = observed.organization.as_deref().map(parse_organization).transpose()?;
    let scope = app.observe(&caller, organization.as_ref())?;
    let filter = Filter {
        organization,
        state: Some(Waits::Waiting),
        after: place(observed.after.as_deref())?,
        limit: RECORDS_MAX as u32,
        ..Filter::default()
    };
    let found = app.quarantine.list(&filter).await.map_err(failed);
    app.audit_observed(&caller.actor(), &scope).await?;
    let seen = found?.into_iter().filter(|item| scope.organizations().contains(&item.organization));
    Ok(Json(
        seen.map(|item| OperatorQuarantined { organization: item.organization.to_string(), item: shown(item) })
            .collect(),
    ))
}

/// The waiting records that are meant, at most [`RECORDS_MAX`], and whether there are more.
async fn select(app: &App, organization: &Organization, selection: &Selection) -> Result<(Vec<Item>, bool), ApiError> {
    if selection.ids.len() > RECORDS_MAX {
        return Err(invalid(format!("a request names at most {RECORDS_MAX} records")));
    }
    if selection.ids.is_empty() {
        let filter = Filter {
            organization: Some(organization.clone()),
            source: selection.source.clone(),
            code: selection.code.clone(),
            state: Some(Waits::Waiting),
            after: place(selection.after.as_deref())?,
            limit: RECORDS_MAX as u32 + 1,
        };
        let mut items = app.quarantine.list(&filter).await.map_err(failed)?;
        let more = items.len() > RECORDS_MAX;
        items.truncate(RECORDS_MAX);
        return Ok((items, more));
    }
    let mut items = Vec::with_capacity(selection.ids.len());
    for id in &selection.ids {
        let item = app.quarantine.find(organization, id).await.map_err(failed)?;
        items.extend(item.filter(|item| item.state == Waits::Waiting));
    }
    if items.is_empty() { Err(missing()) } else { Ok((items, false)) }
}

/// Whether the operator acts for its own organization, whose are the records of platform producers.
fn is_operator(app: &App, caller: &Caller, organization: &Organization) -> bool {
    *organization == app.config.operator_organization && caller.require_platform(Operation::OperatorAdminister).is_ok()
}

/// Stores what the caller made of records. The caller is their producer.
async fn repair(
    app: &App,
    caller: &Caller,
    organization: &Organization,
    request: &ReplayRequest,
) -> Result<Replayed, ApiError> {
    let mut replayed = Replayed::default();
    // The operator's own events are those of whom it says.
    let attribution = match is_operator(app, caller, organization) {
        true => Attribution::Any,
        false => Attribution::One(organization.clone()),
    };
    let source = caller_source(caller, attribution);
    for repair in &request.repaired {
        let Some(item) = app.quarantine.find(organization, &repair.id).await.map_err(failed)? else {
            return Err(missing());
        };
        if item.state != Waits::Waiting {
            continue;
        }
        let lines: Vec<String> = repair.events.iter().map(ToString::to_string).collect();
        let bytes: usize = lines.iter().map(String::len).sum();
        if lines.is_empty() || bytes > REPAIRED_BYTES_MAX {
            return Err(invalid(format!("give from one event to {REPAIRED_BYTES_MAX} bytes of events for a record")));
        }
        if repair.adapter.as_deref().is_some_and(|name| !is_adapter(name)) {
            return Err(invalid(format!("adapter must be {ADAPTER_RULE}")));
        }
        let made = Form::Made { lines: &lines, adapter: repair.adapter.as_deref() };
        let own_id = format!("{organization}\0{}", repair.id);
        let refusal = app.store_one(&source, made, item.occurrence, Some(own_id)).await?;
        app.note_replayed(&mut replayed, organization, &repair.id, refusal).await?;
    }
    Ok(replayed)
}

/// Records in the organization's own log what somebody does to its refused records.
async fn record<'a>(
    app: &App,
    caller: &Caller,
    organization: &Organization,
    name: &'static str,
    change: Change,
    ids: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), ApiError> {
    let (count, ids) = (ids.clone().count().to_string(), named(ids));
    let event = configured(name, change, "quarantine", organization.as_str(), &[("records", &count), ("first", &ids)]);
    app.audit_change(&caller.actor(), organization, event).await
}

fn place(after: Option<&str>) -> Result<Option<(i64, String)>, ApiError> {
    let parse =
        |text: &str| parse_cursor(text).ok_or_else(|| invalid(format!("{text:?} is no place in the quarantine")));
    after.map(parse).transpose()
}

fn missing() -> ApiError {
    ApiError::not_found("such record in the quarantine")
}

fn invalid(message: String) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, message)
}

fn failed(error: indelible_quarantine::QuarantineError) -> ApiError {
    ApiError::internal("read or change the quarantine", error)
}
