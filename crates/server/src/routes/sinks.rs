//! Sinks of an organization.
//!
//! Who may not administer the sinks of an organization gets the answer that a sink that does not exist gets.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use indelible_api::{
    BackfillSink, CreateSink, EnableSink, ErrorBody, ErrorCode, SinkDeadLetter, SinkError, SinkReplay, SinkState,
    SinkTest,
};
use indelible_control::{Operation, SINK_NAME_BYTES_MAX, Sink};
use indelible_event::{Organization, Time};
use indelible_sink::{InvalidSettings, Outcome, Position, Secret, Settings, State as Doing};

use crate::app::App;
use crate::audit::{Change, configured};
use crate::auth::Caller;
use crate::error::{ApiError, Input};
use crate::routes::accounting::instant;
use crate::routes::admin::parse_organization;
use crate::sinks::{Member, Order};

/// Most sinks of an organization: each holds a batch in memory.
const SINKS_MAX: usize = 16;

/// Lists the sinks of an organization.
#[utoipa::path(
    get, path = "/api/v1/organizations/{rid}/sinks", tag = "sinks", params(("rid" = String, Path)),
    responses((status = 200, body = Vec<SinkState>), (status = 403, body = ErrorBody))
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(rid): Path<String>,
) -> Result<Json<Vec<SinkState>>, ApiError> {
    let organization = parse_organization(&rid)?;
    caller.require(Operation::AuditSinkAdminister, &organization)?;
    Ok(Json(app.sinks.of(&organization).iter().map(|member| app.sink_state(member)).collect()))
}

/// Creates a sink.
#[utoipa::path(
    post, path = "/api/v1/organizations/{rid}/sinks", tag = "sinks", params(("rid" = String, Path)), request_body = CreateSink,
    responses((status = 201, body = SinkState), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody))
)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(rid): Path<String>,
    Input(request): Input<CreateSink>,
) -> Result<(StatusCode, Json<SinkState>), ApiError> {
    let organization = parse_organization(&rid)?;
    caller.require(Operation::AuditSinkAdminister, &organization)?;
    let invalid = |message: String| ApiError::new(ErrorCode::InvalidRequest, message);
    if !Sink::is_name(&request.name) {
        return Err(invalid(format!("a sink's name is 1 to {SINK_NAME_BYTES_MAX} of a-z, 0-9 and -")));
    }
    let settings: Settings =
        serde_json::from_value(request.settings).map_err(|error| invalid(format!("settings: {error}")))?;
    let secret = request.secret.map(Secret::new);
    let refused = |error: InvalidSettings| invalid(error.to_string());
    app.open_receiver(&settings, secret.as_ref()).map_err(refused)?;
    app.try_destination(&settings).await.map_err(refused)?;
    if app.sinks.of(&organization).len() >= SINKS_MAX {
        return Err(invalid(format!("an organization has at most {SINKS_MAX} sinks; delete one")));
    }
    let failed = |error: anyhow::Error| ApiError::internal("create the sink", error);
    let since_us = request.from.as_deref().map(|text| received(text, app.now_us())).transpose()?;
    let begin = app.position(&organization, since_us).await?;
    let sink = Sink {
        id: indelible_control::draw_id().map_err(|error| failed(error.into()))?,
        organization,
        name: request.name,
        settings: serde_json::to_string(&settings).map_err(|error| failed(error.into()))?,
        begin: (begin.generation, begin.seq),
        enabled: true,
        created_at_us: app.now_us(),
    };
    if !app.create_sink(sink.clone(), settings, secret.as_ref()).await.map_err(failed)? {
        return Err(ApiError::new(ErrorCode::AlreadyExists, format!("sink {} exists", sink.name)));
    }
    let member = find(&app, &caller, &rid, &sink.name)?;
    record(&app, &caller, &member, "INDELIBLE_CREATE_SINK", Change::Created).await?;
    Ok((StatusCode::CREATED, Json(app.sink_state(&member))))
}

/// Shows a sink.
#[utoipa::path(
    get, path = "/api/v1/organizations/{rid}/sinks/{name}", tag = "sinks", params(("rid" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = SinkState), (status = 404, body = ErrorBody))
)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((rid, name)): Path<(String, String)>,
) -> Result<Json<SinkState>, ApiError> {
    let member = find(&app, &caller, &rid, &name)?;
    Ok(Json(app.sink_state(&member)))
}

/// Switches a sink on or off; off, it keeps its place and goes on from there.
#[utoipa::path(
    patch, path = "/api/v1/organizations/{rid}/sinks/{name}", tag = "sinks", request_body = EnableSink,
    params(("rid" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = SinkState), (status = 404, body = ErrorBody))
)]
pub(crate) async fn enable(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((rid, name)): Path<(String, String)>,
    Input(request): Input<EnableSink>,
) -> Result<Json<SinkState>, ApiError> {
    let member = find(&app, &caller, &rid, &name)?;
    let done = app.enable_sink(&member, request.enabled).await;
    done.map_err(|error| ApiError::internal("switch the sink", error))?;
    let event = if request.enabled { "INDELIBLE_ENABLE_SINK" } else { "INDELIBLE_DISABLE_SINK" };
    record(&app, &caller, &member, event, Change::Updated).await?;
    let member = find(&app, &caller, &rid, &name)?;
    Ok(Json(app.sink_state(&member)))
}

/// Removes a sink, its place and its dead letters.
#[utoipa::path(
    delete, path = "/api/v1/organizations/{rid}/sinks/{name}", tag = "sinks", params(("rid" = String, Path), ("name" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody))
)]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((rid, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let member = find(&app, &caller, &rid, &name)?;
    app.delete_sink(&member).await.map_err(|error| ApiError::internal("delete the sink", error))?;
    record(&app, &caller, &member, "INDELIBLE_DELETE_SINK", Change::Deleted).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends one event to the destination, marked as a test, and tells what it answered.
#[utoipa::path(
    post, path = "/api/v1/organizations/{rid}/sinks/{name}/test", tag = "sinks", params(("rid" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = SinkTest), (status = 404, body = ErrorBody))
)]
pub(crate) async fn test(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((rid, name)): Path<(String, String)>,
) -> Result<Json<SinkTest>, ApiError> {
    let member = find(&app, &caller, &rid, &name)?;
    record(&app, &caller, &member, "INDELIBLE_TEST_SINK", Change::Updated).await?;
    let message = match app.test_sink(&member).await {
        Err(error) => Some(format!("{error:#}")),
        Ok(Outcome::Later { reason, .. } | Outcome::Refused { reason }) => Some(reason),
        Ok(Outcome::Taken { refused, again, reason }) => {
            let refused = refused.into_iter().map(|(_, reason)| reason).next();
            refused.or(reason).or((!again.is_empty()).then(|| "it may take the event later".to_owned()))
        }
    };
    Ok(Json(SinkTest { delivered: message.is_none(), message }))
}

/// Delivers again from a time on; events keep their ids.
#[utoipa::path(
    post, path = "/api/v1/organizations/{rid}/sinks/{name}/backfill", tag = "sinks", request_body = BackfillSink,
    params(("rid" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = SinkState), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub(crate) async fn backfill(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((rid, name)): Path<(String, String)>,
    Input(request): Input<BackfillSink>,
) -> Result<Json<SinkState>, ApiError> {
    let member = find(&app, &caller, &rid, &name)?;
    let since_us = received(&request.from, app.now_us())?;
    let next = app.position(&member.sink.organization, Some(since_us)).await?;
    member.order(|reply| Order::MoveTo(next, reply)).await.map_err(busy)?;
    record(&app, &caller, &member, "INDELIBLE_BACKFILL_SINK", Change::Updated).await?;
    Ok(Json(app.sink_state(&member)))
}

/// Lists events that the destination refused for what is in them.
#[utoipa::path(
    get, path = "/api/v1/organizations/{rid}/sinks/{name}/dead-letters", tag = "sinks", params(("rid" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = Vec<SinkDeadLetter>), (status = 404, body = ErrorBody))
)]
pub(crate) async fn dead_letters(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((rid, name)): Path<(String, String)>,
) -> Result<Json<Vec<SinkDeadLetter>>, ApiError> {
    let member = find(&app, &caller, &rid, &name)?;
    let letters = member.order(Order::DeadLetters).await.map_err(busy)?;
    let shown = |letter: indelible_sink::DeadLetter| SinkDeadLetter {
        generation: letter.position.generation,
        seq: letter.position.seq,
        reason: letter.reason,
        at: time(letter.at_us),
    };
    Ok(Json(letters.into_iter().map(shown).collect()))
}

/// Sends dead letters again.
#[utoipa::path(
    post, path = "/api/v1/organizations/{rid}/sinks/{name}/dead-letters/replay", tag = "sinks",
    params(("rid" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = SinkReplay), (status = 404, body = ErrorBody))
)]
pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((rid, name)): Path<(String, String)>,
) -> Result<Json<SinkReplay>, ApiError> {
    let member = find(&app, &caller, &rid, &name)?;
    let replayed = member.order(Order::Replay).await.map_err(busy)?;
    record(&app, &caller, &member, "INDELIBLE_REPLAY_DEAD_LETTERS", Change::Updated).await?;
    Ok(Json(SinkReplay { delivered: replayed.delivered, left: replayed.left }))
}

/// Gives dead letters up: the destination will not have these events.
#[utoipa::path(
    delete, path = "/api/v1/organizations/{rid}/sinks/{name}/dead-letters", tag = "sinks",
    params(("rid" = String, Path), ("name" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody))
)]
pub(crate) async fn discard(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((rid, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let member = find(&app, &caller, &rid, &name)?;
    member.order(Order::Discard).await.map_err(busy)?;
    record(&app, &caller, &member, "INDELIBLE_DISCARD_DEAD_LETTERS", Change::Updated).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Records in the organization's own log what somebody did to its sink.
async fn record(
    app: &App,
    caller: &Caller,
    Member { sink, settings, .. }: &Member,
    name: &'static str,
    change: Change,
) -> Result<(), ApiError> {
    let destination = settings.summary();
    let facts = [("name", sink.name.as_str()), ("destination", destination.as_str())];
    app.audit_change(&caller.actor(), &sink.organization, configured(name, change, "sink", &sink.id, &facts)).await
}

/// The sink, if there is one and the caller may administer it.
fn find(app: &App, caller: &Caller, rid: &str, name: &str) -> Result<Arc<Member>, ApiError> {
    let organization = caller.organization(rid, Operation::AuditSinkAdminister);
    let member = organization.and_then(|organization| app.sinks.find(&organization, name));
    member.ok_or_else(|| ApiError::not_found("sink of that name"))
}

fn busy(error: anyhow::Error) -> ApiError {
    ApiError::new(ErrorCode::Busy, format!("{error:#}"))
}

fn received(text: &str, now_us: i64) -> Result<i64, ApiError> {
    instant(text, now_us).ok_or_else(|| {
        let message = format!("{text:?} is not a time; write an age such as 7d or 12h, a date, or RFC 3339");
        ApiError::new(ErrorCode::InvalidRequest, message)
    })
}

fn time(us: i64) -> String {
    Time::from_us(us).to_string()
}

impl App {
    async fn position(
        self: &Arc<Self>,
        organization: &Organization,
        since_us: Option<i64>,
    ) -> Result<Position, ApiError> {
        let (app, organization) = (Arc::clone(self), organization.clone());
        let found = tokio::task::spawn_blocking(move || app.sink_position(&organization, since_us)).await;
        let found = found.map_err(anyhow::Error::from).and_then(|found| found);
        found.map_err(|error| ApiError::internal("find the sink's place", error))
    }

    fn sink_state(&self, member: &Member) -> SinkState {
        let status = member.status();
        let state = match status.state {
            _ if !member.sink.enabled => "disabled",
            _ if status.broken.is_some() => "failing",
            Doing::Idle => "idle",
            Doing::Delivering => "delivering",
            Doing::Failing => "failing",
        };
        let lag_entries = self.sink_lag(&member.sink.organization, status.cursor.next);
        let age = |us: i64| (self.now_us() - us).max(0) as f64 / 1e6;
        let broken = status.broken.map(|why| (self.now_us(), why));
        SinkState {
            organization: member.sink.organization.to_string(),
            name: member.sink.name.clone(),
            settings: serde_json::from_str(&member.sink.settings).unwrap_or_default(),
            state: state.to_owned(),
            lag_entries,
            lag_seconds: status.oldest_us.filter(|_| lag_entries > 0).map(age),
            delivered: status.cursor.delivered,
            failures: status.health.failures,
            dead_letters: status.dead_letters as u64,
            last_success: status.cursor.last_success_us.map(time),
            last_error: broken.or(status.health.last_error).map(|(at, message)| SinkError { at: time(at), message }),
        }
    }
}
