//! Records that were refused and whose senders cannot be told.
//!
//! What they hold is their organization's: its administrators see and repair it. The operator sees how records came and why they
//! were refused, and nothing that quotes them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indelible_api::{
    Dismissed, ErrorBody, ErrorCode, OperatorQuarantined, Quarantined, QuarantinedRecord, ReplayRequest, Replayed,
    Selection,
};
use indelible_control::{Attribution, Operation};
use indelible_event::catalogue::typed::{
    DataLoad, DataLoadRequest, MetaDataSearch, MetaDataSearchRequest, MetaDataSearchResult, NoFields,
};
use indelible_event::{Organization, Reach as _, Scope};
use indelible_quarantine::{Filter, Item, State as Waits};
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::admission::Unknown;
use crate::app::App;
use crate::audit::{AuditEvent, Change, configured, resource};
use crate::auth::Caller;
use crate::error::{ApiError, Input};
use crate::pipeline::{Form, Source};
use crate::quarantine::{Trial, cursor, named, parse_cursor, shown};
use crate::routes::admin::parse_organization;
use crate::routes::events::{ADAPTER_RULE, is_adapter};

/// Records that one request names, lists or tries.
const RECORDS_MAX: usize = 1000;
/// Bytes of events that somebody made of a record.
const REPAIRED_BYTES_MAX: usize = 16 << 20;

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
    let source = Source {
        name: "quarantine".to_owned(),
        producer: Arc::clone(&caller.id),
        // The operator's own events are those of whom it says.
        attribution: match is_operator(app, caller, organization) {
            true => Attribution::Any,
            false => Attribution::One(organization.clone()),
        },
        adapter: None,
        zone: TimeZone::UTC,
        came_us: None,
        unknown: Unknown::Refuse,
        is_answered: true,
    };
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
