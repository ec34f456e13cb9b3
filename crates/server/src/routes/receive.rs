//! Other systems' protocols over HTTP: who sends, what is read, and the answer that the protocol's clients understand.
//!
//! What the bytes mean is in `indelible-receive`, how records are stored in `pipeline`. What a client is told was done is durable.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequestParts as _, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indelible_receive::hec::Fault;
use indelible_receive::{Answer, Facts, Failure, Limits, Outcome, Record, View, bulk, hec, kubernetes, otlp};
use serde_json::json;

use crate::app::{App, Room};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::pipeline::{Source, failure};
use crate::routes::events::{not_inflated, read_body};

/// A protocol, as far as storing what it brings goes.
pub(crate) struct Protocol {
    /// How events name it.
    pub(crate) way: &'static str,
    /// The adapter of what is sent with a token that has none.
    pub(crate) adapter: Option<&'static str>,
    /// Whether what is refused goes to the quarantine: its clients do not read, or cannot be told, which records that are.
    pub(crate) keeps: bool,
}

pub(crate) const OTLP: Protocol = Protocol { way: "otlp", adapter: Some("otlp"), keeps: true };
const HEC: Protocol = Protocol { way: "hec", adapter: None, keeps: true };
/// Its clients are told of every document.
const BULK: Protocol = Protocol { way: "elasticsearch", adapter: None, keeps: false };
const KUBERNETES: Protocol = Protocol { way: "kubernetes", adapter: Some("kubernetes"), keeps: true };

/// Takes OpenTelemetry logs.
///
/// An `ExportLogsServiceRequest`, as protobuf or JSON. A record whose body is an audit.3 event is that event; others go through the
/// adapter of the token. Refused records are counted in `partialSuccess` and put into the quarantine.
#[utoipa::path(
    post, path = "/v1/logs", tag = "receivers",
    request_body(content = String, content_type = "application/x-protobuf", description = "ExportLogsServiceRequest"),
    responses((status = 200, description = "ExportLogsServiceResponse"), (status = 429), (status = 503))
)]
pub(crate) async fn otlp_logs(State(app): State<Arc<App>>, request: Request) -> Response {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let sent_in = content_type.and_then(otlp::Encoding::of);
    let encoding = sent_in.unwrap_or(otlp::Encoding::Json);
    let taken = async {
        let delivery = Delivery::open(&app, request, &OTLP).await?;
        if sent_in.is_none() {
            return Ok(None);
        }
        let records =
            app.interpret(&delivery.body, |body| otlp::decode(body, encoding, delivery.view, &limits(&app))).await?;
        app.take(&delivery.source, &records, OTLP.keeps).await.map(Some).map_err(told)
    };
    match taken.await {
        Ok(Some(outcomes)) => respond(otlp::answer(&outcomes, encoding)),
        Ok(None) => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/x-protobuf or application/json\n").into_response()
        }
        Err(failure) => respond(otlp::failure(&failure, encoding)),
    }
}

/// The same under the path that is proposed for audit records.
#[utoipa::path(
    post, path = "/v1/audit", tag = "receivers",
    request_body(content = String, content_type = "application/x-protobuf", description = "ExportLogsServiceRequest"),
    responses((status = 200, description = "ExportLogsServiceResponse"), (status = 429), (status = 503))
)]
pub(crate) async fn otlp_audit(app: State<Arc<App>>, request: Request) -> Response {
    otlp_logs(app, request).await
}

/// Takes events as Splunk's HTTP Event Collector does.
///
/// What is refused goes to the quarantine, so the answer is that it is stored. With a channel, in the header
/// `X-Splunk-Request-Channel` or the parameter `channel`, the answer has an `ackId`.
#[utoipa::path(
    post, path = "/services/collector/event", tag = "receivers",
    request_body(content = String, content_type = "application/json", description = "Events, one object after another"),
    responses((status = 200), (status = 400), (status = 401), (status = 403), (status = 503))
)]
pub(crate) async fn hec_event(State(app): State<Arc<App>>, request: Request) -> Response {
    hec(&app, request, hec::events).await
}

/// Takes lines as Splunk's HTTP Event Collector does.
#[utoipa::path(
    post, path = "/services/collector/raw", tag = "receivers",
    request_body(content = String, content_type = "text/plain", description = "One record a line"),
    responses((status = 200), (status = 400), (status = 401), (status = 403), (status = 503))
)]
pub(crate) async fn hec_raw(State(app): State<Arc<App>>, request: Request) -> Response {
    hec(&app, request, hec::raw).await
}

async fn hec(
    app: &Arc<App>,
    request: Request,
    read: impl for<'a> FnOnce(&'a [u8], &Facts<'a>, View, &Limits) -> Result<Vec<Record<'a>>, Fault>,
) -> Response {
    let taken = async {
        let delivery = Delivery::open(app, request, &HEC).await?;
        let channel = channel(&delivery.parts);
        if channel.is_some() {
            hec::check_channel(channel.as_deref())?;
        }
        let fact = |name: &str| delivery.parameter(name).map(Cow::Owned);
        let facts = Facts {
            time: None,
            host: fact("host"),
            source: fact("source"),
            kind: fact("sourcetype"),
            index: fact("index"),
            id: None,
        };
        let records = app.interpret(&delivery.body, |body| read(body, &facts, delivery.view, &limits(app))).await?;
        let outcomes = app.take(&delivery.source, &records, HEC.keeps).await.map_err(told)?;
        // What was refused is kept, and would be refused again.
        let kept = |outcome| match outcome {
            Outcome::Refused(_) => Outcome::New { id: None },
            other => other,
        };
        let outcomes: Vec<Outcome> = outcomes.into_iter().map(kept).collect();
        Ok::<_, Fault>(hec::answer(&outcomes, channel.map(|_| app.acks.next())))
    };
    respond(taken.await.unwrap_or_else(|fault| fault.answer()))
}

fn channel(parts: &Parts) -> Option<String> {
    let header = parts.headers.get("x-splunk-request-channel").and_then(|value| value.to_str().ok()).map(str::to_owned);
    header.or_else(|| parameter(parts, "channel"))
}

/// Numbers of answers to Splunk's clients. An answer goes out when everything is stored, so each number that was given stands for
/// events that are.
pub(crate) struct Acks {
    next: AtomicU64,
}

impl Acks {
    /// Numbers from the clock on, so that those of earlier processes are smaller.
    pub(crate) fn since(now_us: i64) -> Self {
        Self { next: AtomicU64::new(now_us.max(0).cast_unsigned()) }
    }

    fn next(&self) -> u64 {
        self.next.fetch_add(1, Relaxed)
    }

    fn is_given(&self, id: u64) -> bool {
        id < self.next.load(Relaxed)
    }
}

/// Says which acknowledgements stand for events that are stored.
#[utoipa::path(
    post, path = "/services/collector/ack", tag = "receivers",
    request_body(content = String, content_type = "application/json", description = "`{\"acks\": [ID, ...]}`"),
    responses((status = 200), (status = 400), (status = 401), (status = 403))
)]
pub(crate) async fn hec_ack(State(app): State<Arc<App>>, request: Request) -> Response {
    let asked = async {
        let delivery = Delivery::open(&app, request, &HEC).await?;
        hec::check_channel(channel(&delivery.parts).as_deref())?;
        hec::acks_asked(&delivery.body)
    };
    respond(match asked.await {
        Ok(asked) => hec::acks(asked.into_iter().map(|id| (id, app.acks.is_given(id)))),
        Err(fault) => fault.answer(),
    })
}

/// Says whether events are taken, as Splunk's HTTP Event Collector does.
#[utoipa::path(
    get, path = "/services/collector/health", tag = "receivers", responses((status = 200), (status = 503))
)]
pub(crate) async fn hec_health(State(app): State<Arc<App>>) -> Response {
    respond(hec::health(app.ready().is_ok()))
}

/// Takes documents as Elasticsearch does: `create`, and `index` as the same. A document that is stored already is answered with 409.
#[utoipa::path(
    post, path = "/_bulk", tag = "receivers",
    request_body(content = String, content_type = "application/x-ndjson", description = "An action and a document, each on a line"),
    responses((status = 200), (status = 400), (status = 401), (status = 429), (status = 503))
)]
pub(crate) async fn bulk(app: State<Arc<App>>, request: Request) -> Response {
    bulk_into(app, None, request).await
}

/// The same with the index of actions that name none.
#[utoipa::path(
    post, path = "/{index}/_bulk", tag = "receivers", params(("index" = String, Path)),
    request_body(content = String, content_type = "application/x-ndjson", description = "An action and a document, each on a line"),
    responses((status = 200), (status = 400), (status = 401), (status = 429), (status = 503))
)]
pub(crate) async fn bulk_of_index(app: State<Arc<App>>, Path(index): Path<String>, request: Request) -> Response {
    bulk_into(app, Some(index), request).await
}

async fn bulk_into(State(app): State<Arc<App>>, index: Option<String>, request: Request) -> Response {
    let started = Instant::now();
    let taken = async {
        let delivery = Delivery::open(&app, request, &BULK).await?;
        let read = |body| bulk::decode(body, index.as_deref(), delivery.view, &limits(&app));
        let asked = app.interpret(&delivery.body, read).await?;
        let outcomes = app.take(&delivery.source, &asked.records, BULK.keeps).await.map_err(told)?;
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok::<_, Failure>(bulk::answer(&asked.items, &outcomes, took_ms))
    };
    as_elasticsearch(respond(taken.await.unwrap_or_else(|failure| bulk::failure(&failure))))
}

/// Without this clients do not believe whom they talk to.
fn as_elasticsearch(mut response: Response) -> Response {
    response.headers_mut().insert("x-elastic-product", HeaderValue::from_static("Elasticsearch"));
    response
}

fn elasticsearch(status: StatusCode, body: serde_json::Value) -> Response {
    as_elasticsearch((status, Json(body)).into_response())
}

/// The version whose `_bulk` this is.
const ELASTICSEARCH: &str = "8.19.0";

/// What Elasticsearch's clients ask first.
pub(crate) fn elasticsearch_info() -> Response {
    elasticsearch(
        StatusCode::OK,
        json!({
            "name": "indelible", "cluster_name": "indelible", "cluster_uuid": "indelible", "tagline": "You Know, for Search",
            "version": {
                "number": ELASTICSEARCH, "build_flavor": "default", "build_type": "docker", "build_hash": "indelible",
                "build_date": "2026-01-01T00:00:00.000Z", "build_snapshot": false, "lucene_version": "9.12.2",
                "minimum_wire_compatibility_version": "7.17.0", "minimum_index_compatibility_version": "7.0.0",
            },
        }),
    )
}

/// Whether who asks for `/` is a client of Elasticsearch rather than a browser.
pub(crate) fn wants_elasticsearch(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.contains("json") && !accepted.contains("text/html")
}

/// Whether events are taken, as clients of Elasticsearch ask it.
#[utoipa::path(get, path = "/_cluster/health", tag = "receivers", responses((status = 200), (status = 503)))]
pub(crate) async fn cluster_health(State(app): State<Arc<App>>) -> Response {
    let (status, colour) = match app.ready() {
        Ok(()) => (StatusCode::OK, "green"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "red"),
    };
    elasticsearch(
        status,
        json!({
            "cluster_name": "indelible", "status": colour, "timed_out": false, "number_of_nodes": 1,
            "number_of_data_nodes": 1, "active_primary_shards": 1, "active_shards": 1, "relocating_shards": 0,
            "initializing_shards": 0, "unassigned_shards": 0, "delayed_unassigned_shards": 0, "number_of_pending_tasks": 0,
            "number_of_in_flight_fetch": 0, "task_max_waiting_in_queue_millis": 0, "active_shards_percent_as_number": 100.0,
        }),
    )
}

/// What shippers ask before they send to Elasticsearch.
#[utoipa::path(get, path = "/_license", tag = "receivers", responses((status = 200)))]
pub(crate) async fn license() -> Response {
    elasticsearch(StatusCode::OK, json!({"license": {"status": "active", "type": "basic", "mode": "basic"}}))
}

/// Takes audit events of Kubernetes from its webhook: an `EventList` of `audit.k8s.io/v1`.
///
/// They go through the adapter of the token, else through `kubernetes`. What is refused goes to the quarantine.
#[utoipa::path(
    post, path = "/receive/kubernetes", tag = "receivers",
    request_body(content = String, content_type = "application/json", description = "EventList"),
    responses((status = 200), (status = 400), (status = 401), (status = 403), (status = 429), (status = 503))
)]
pub(crate) async fn kubernetes(State(app): State<Arc<App>>, request: Request) -> Response {
    let taken = async {
        let delivery = Delivery::open(&app, request, &KUBERNETES).await?;
        let records = app.interpret(&delivery.body, |body| kubernetes::decode(body, &limits(&app))).await?;
        app.take(&delivery.source, &records, KUBERNETES.keeps).await.map_err(told)
    };
    respond(match taken.await {
        Ok(_) => kubernetes::taken(),
        Err(failure) => kubernetes::failure(&failure),
    })
}

/// A request that was let in, with all that it brought.
struct Delivery {
    parts: Parts,
    source: Source,
    /// What records that are no events have to look like.
    view: View,
    body: Vec<u8>,
    _room: Room,
}

impl Delivery {
    /// Knows who sends before it reads anything.
    async fn open(app: &Arc<App>, request: Request, protocol: &Protocol) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let (source, view) = source(app, &mut parts, protocol).await?;
        app.admit().map_err(told)?;
        let mut room = app.reserve_body(&parts.headers).await.map_err(told)?;
        let body = whole(app, &parts.headers, body, &mut room).await.map_err(told)?;
        Ok(Self { parts, source, view, body, _room: room })
    }

    /// A parameter of the address, decoded.
    fn parameter(&self, name: &str) -> Option<String> {
        parameter(&self.parts, name)
    }
}

fn parameter(parts: &Parts, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Who sends, and what records that are no events have to look like.
pub(crate) async fn source(app: &Arc<App>, parts: &mut Parts, protocol: &Protocol) -> Result<(Source, View), Failure> {
    let caller = authenticate(app, parts).await?;
    let attribution = caller.attribution().map_err(told)?;
    let source = Source::of(app, &caller, attribution, protocol.way, protocol.adapter).map_err(told)?;
    let view = source.view();
    Ok((source, view))
}

/// Who calls, by a token however the protocol's clients carry it, or by a certificate.
pub(crate) async fn authenticate(app: &Arc<App>, parts: &mut Parts) -> Result<Caller, Failure> {
    let sent = parts.headers.get(header::AUTHORIZATION).map(|value| token(value).ok_or(Failure::BadCredential));
    let has_credential = sent.is_some();
    if let Some(token) = sent.transpose()? {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| Failure::BadCredential)?;
        parts.headers.insert(header::AUTHORIZATION, value);
    }
    Caller::from_request_parts(parts, app).await.map_err(|error| match failure(&error) {
        Failure::BadCredential if !has_credential => Failure::NoCredential,
        failure => failure,
    })
}

/// The token in an `Authorization` header: `Bearer TOKEN`, `Splunk TOKEN`, `Basic` with it as the password, `ApiKey` with it as
/// the key.
fn token(value: &HeaderValue) -> Option<String> {
    let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
    let rest = rest.trim();
    let pair = || {
        let text = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
        text.split_once(':').map(|(_, token)| token.to_owned())
    };
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "splunk" => Some(rest.to_owned()),
        "basic" => pair(),
        // Clients that are given one text send it as it is; those that are given a pair, the pair in Base64.
        "apikey" => pair().or_else(|| Some(rest.to_owned())),
        _ => None,
    }
}

/// The whole body, decompressed.
pub(crate) async fn whole(app: &App, headers: &HeaderMap, body: Body, room: &mut Room) -> Result<Vec<u8>, ApiError> {
    let bytes = read_body(app, body).await?;
    let encoding = headers.get(header::CONTENT_ENCODING).map_or("", |value| value.to_str().unwrap_or("?"));
    if encoding.is_empty() || encoding == "identity" {
        return Ok(bytes.into());
    }
    decompress(app, encoding, &bytes, room).await
}

/// Undoes a compression; here a body is read whole or not at all.
pub(crate) async fn decompress(app: &App, encoding: &str, bytes: &[u8], room: &mut Room) -> Result<Vec<u8>, ApiError> {
    let decoded = app.inflate(encoding, bytes, room).await?;
    match decoded.cut {
        None => Ok(decoded.bytes),
        Some(cut) => Err(not_inflated(app, encoding, &cut)),
    }
}

/// What one body may make us do.
pub(crate) fn limits(app: &App) -> Limits {
    let configured = &app.config.limits;
    Limits {
        record_bytes: configured.event_bytes,
        body_bytes: configured.body_bytes.saturating_mul(4),
        depth: configured.event_depth,
        fields: configured.event_fields,
        ..Limits::default()
    }
}

fn told(error: ApiError) -> Failure {
    failure(&error)
}

/// An answer over HTTP.
pub(crate) fn respond(answer: Answer) -> Response {
    let Answer { status, content_type, body, retry_after_seconds } = answer;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
    if let Some(seconds) = retry_after_seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        let ways = HeaderValue::from_static("Bearer realm=\"indelible\", Basic realm=\"indelible\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, ways);
    }
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_token_comes_as_each_protocols_clients_send_it() {
        let check = |header: &str, expected: Option<&str>| {
            assert_eq!(token(&header.parse().unwrap()).as_deref(), expected, "{header}");
        };
        let encoded = |text: &str| STANDARD.encode(text);
        check("Bearer indelible_x", Some("indelible_x"));
        check("bearer  indelible_x ", Some("indelible_x"));
        check("Splunk indelible_x", Some("indelible_x"));
        check(&format!("Basic {}", encoded("elastic:indelible_x")), Some("indelible_x"));
        check(&format!("Basic {}", encoded("no colon")), None);
        check("Basic %%%", None);
        check(&format!("ApiKey {}", encoded("id:indelible_x")), Some("indelible_x"));
        check("ApiKey indelible_x", Some("indelible_x"));
        check("Digest x", None);
        check("indelible_x", None);
    }
}
