//! Every route, in one place.

pub(crate) mod accounting;
pub(crate) mod admin;
pub(crate) mod alarms;
pub(crate) mod archive;
pub(crate) mod bundles;
pub(crate) mod certificates;
pub(crate) mod clients;
pub(crate) mod encryption;
pub(crate) mod events;
pub(crate) mod exports;
pub(crate) mod grants;
mod investigations;
pub(crate) mod oauth;
pub(crate) mod operator;
pub(crate) mod ops;
pub(crate) mod platform;
pub(crate) mod proof;
pub(crate) mod pull;
mod quarantine;
pub(crate) mod receive;
mod redactions;
mod requests;
pub(crate) mod retention;
pub(crate) mod search;
pub(crate) mod sessions;
pub(crate) mod signin;
pub(crate) mod sinks;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use indelible_api::ErrorCode;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::app::App;
use crate::error::ApiError;

/// The contract, made from the handlers and types.
#[derive(OpenApi)]
#[openapi(
    info(title = "Indelible", description = "An audit log that anyone can prove.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    paths(
        events::post, search::search, search::count, search::sql, proof::entry, bundles::create, proof::checkpoints, proof::keys, proof::tlog_checkpoint,
        proof::tile, platform::checkpoint, platform::tile, platform::policy, archive::status, archive::log_files, archive::seal, archive::verify, admin::list, admin::create, admin::create_token, admin::list_tokens, admin::revoke_token, sinks::list, sinks::create, sinks::show, sinks::enable, sinks::delete, sinks::test, sinks::backfill, sinks::dead_letters, sinks::replay, sinks::discard, exports::list, exports::create, exports::get, exports::disable, quarantine::hand_in, quarantine::list, quarantine::show, quarantine::replay, quarantine::dismiss, quarantine::observe, retention::get, retention::put, redactions::get, redactions::post, encryption::get, encryption::put, encryption::erase, operator::search, operator::count, operator::sql, operator::entry, operator::organizations, operator::view, operator::set_view, requests::list, requests::own, requests::show, requests::approve, requests::refuse, requests::withdraw, investigations::create, investigations::search, investigations::count, investigations::sql, investigations::entry, accounting::report, alarms::list, clients::list,
        clients::create, clients::revoke, certificates::list, certificates::create, certificates::revoke, oauth::token, oauth::revoke, pull::list, pull::content, signin::ways, signin::begin, signin::callback, signin::local, signin::set_password, sessions::me, sessions::sign_out, sessions::sign_out_everywhere, grants::list, grants::create, grants::remove, grants::people,
        receive::otlp_logs, receive::otlp_audit, receive::hec_event, receive::hec_raw, receive::hec_ack, receive::hec_health, receive::bulk, receive::bulk_of_index, receive::cluster_health, receive::license, receive::kubernetes,
        ops::healthz, ops::readyz, ops::metrics,
    ),
    modifiers(&BearerToken),
    security(("token" = []))
)]
struct Contract;

struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, contract: &mut utoipa::openapi::OpenApi) {
        let components = contract.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// The router of a server.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(ops::index))
        .route("/app.js", get(ops::script))
        .route("/app.css", get(ops::style))
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/metrics", get(ops::metrics))
        .route("/api/openapi.json", get(openapi))
        .route("/api/v1/events", post(events::post))
        .route("/api/v1/quarantine", post(quarantine::hand_in))
        .route("/v1/logs", post(receive::otlp_logs))
        .route("/v1/audit", post(receive::otlp_audit))
        .route("/services/collector", post(receive::hec_event))
        .route("/services/collector/event", post(receive::hec_event))
        .route("/services/collector/event/1.0", post(receive::hec_event))
        .route("/services/collector/raw", post(receive::hec_raw))
        .route("/services/collector/raw/1.0", post(receive::hec_raw))
        .route("/services/collector/ack", post(receive::hec_ack))
        .route("/services/collector/health", get(receive::hec_health))
        .route("/services/collector/health/1.0", get(receive::hec_health))
        .route("/_bulk", post(receive::bulk).put(receive::bulk))
        .route("/{index}/_bulk", post(receive::bulk_of_index).put(receive::bulk_of_index))
        .route("/_cluster/health", get(receive::cluster_health))
        .route("/_license", get(receive::license))
        .route("/receive/kubernetes", post(receive::kubernetes))
        .route("/api/v1/search", post(search::search))
        .route("/api/v1/search/count", post(search::count))
        .route("/api/v1/sql", post(search::sql))
        .route("/api/v1/entries/{log_entry_id}", get(proof::entry))
        .route("/api/v1/bundles", post(bundles::create))
        .route("/api/v1/checkpoints", get(proof::checkpoints))
        .route("/api/v1/keys", get(proof::keys))
        .route("/log/{label}/{generation}/checkpoint", get(proof::tlog_checkpoint))
        .route("/log/{label}/{generation}/tile/{*tile}", get(proof::tile))
        .route("/platform/{generation}/checkpoint", get(platform::checkpoint))
        .route("/platform/{generation}/tile/{*tile}", get(platform::tile))
        .route("/api/v1/policy", get(platform::policy))
        .route("/api/v1/archive", get(archive::status))
        .route("/api/v1/archive/log-files", get(archive::log_files))
        .route("/api/v1/archive/seal", post(archive::seal))
        .route("/api/v1/accounting", get(accounting::report))
        .route("/api/v1/archive/verify", post(archive::verify))
        .route("/api/v1/alarms", get(alarms::list))
        .route("/api/v1/organizations", get(admin::list).post(admin::create))
        .route("/api/v1/organizations/{rid}/sinks", get(sinks::list).post(sinks::create))
        .route("/api/v1/organizations/{rid}/sinks/{name}", get(sinks::show).patch(sinks::enable).delete(sinks::delete))
        .route("/api/v1/organizations/{rid}/sinks/{name}/test", post(sinks::test))
        .route("/api/v1/organizations/{rid}/sinks/{name}/backfill", post(sinks::backfill))
        .route("/api/v1/organizations/{rid}/sinks/{name}/dead-letters", get(sinks::dead_letters).delete(sinks::discard))
        .route("/api/v1/organizations/{rid}/sinks/{name}/dead-letters/replay", post(sinks::replay))
        .route("/api/v1/organizations/{organization}/exports", get(exports::list).post(exports::create))
        .route("/api/v1/organizations/{organization}/exports/{name}", get(exports::get))
        .route("/api/v1/organizations/{organization}/exports/{name}/disable", post(exports::disable))
        .route("/api/v1/organizations/{organization}/requests", get(requests::list))
        .route("/api/v1/requests", get(requests::own))
        .route("/api/v1/requests/{id}", get(requests::show))
        .route("/api/v1/requests/{id}/approve", post(requests::approve))
        .route("/api/v1/requests/{id}/refuse", post(requests::refuse))
        .route("/api/v1/requests/{id}/withdraw", post(requests::withdraw))
        .route("/api/v1/investigations", post(investigations::create))
        .route("/api/v1/investigations/{id}/search", post(investigations::search))
        .route("/api/v1/investigations/{id}/search/count", post(investigations::count))
        .route("/api/v1/investigations/{id}/sql", post(investigations::sql))
        .route("/api/v1/investigations/{id}/entries/{log_entry_id}", get(investigations::entry))
        .route("/api/v1/organizations/{organization}/quarantine", get(quarantine::list))
        .route("/api/v1/organizations/{organization}/quarantine/replay", post(quarantine::replay))
        .route("/api/v1/organizations/{organization}/quarantine/dismiss", post(quarantine::dismiss))
        .route("/api/v1/organizations/{organization}/quarantine/{recordId}", get(quarantine::show))
        .route("/api/v1/operator/quarantine", get(quarantine::observe))
        .route("/api/v1/organizations/{organization}/retention", get(retention::get).put(retention::put))
        .route("/api/v1/organizations/{organization}/redactions", get(redactions::get).post(redactions::post))
        .route("/api/v1/organizations/{organization}/encryption", get(encryption::get).put(encryption::put))
        .route("/api/v1/organizations/{organization}/encryption/erase", post(encryption::erase))
        .route("/api/v1/organizations/{organization}/operator-view", get(operator::view).put(operator::set_view))
        .route("/api/v1/operator/search", post(operator::search))
        .route("/api/v1/operator/search/count", post(operator::count))
        .route("/api/v1/operator/sql", post(operator::sql))
        .route("/api/v1/operator/entries/{log_entry_id}", get(operator::entry))
        .route("/api/v1/operator/organizations", get(operator::organizations))
        .route("/api/v1/tokens", get(admin::list_tokens).post(admin::create_token))
        .route("/api/v1/tokens/{id}", delete(admin::revoke_token))
        .route("/api/v1/certificates", get(certificates::list).post(certificates::create))
        .route("/api/v1/certificates/{id}", delete(certificates::revoke))
        .route("/api/v1/clients", get(clients::list).post(clients::create))
        .route("/api/v1/clients/{id}", delete(clients::revoke))
        .route("/api/v2/audit/organizations/{organization}/logFiles", get(pull::list))
        .route("/api/v2/audit/organizations/{organization}/logFiles/{id}/content", get(pull::content))
        .route("/multipass/api/oauth2/token", post(oauth::token))
        .route("/multipass/api/oauth2/revoke_token", post(oauth::revoke))
        .route("/auth/ways", get(signin::ways))
        .route("/auth/sign-in/{provider}", get(signin::begin))
        .route("/auth/callback/{provider}", get(signin::callback))
        .route("/auth/local", post(signin::local))
        .route("/auth/sign-out", post(sessions::sign_out))
        .route("/auth/sign-out-everywhere", post(sessions::sign_out_everywhere))
        .route("/api/v1/me", get(sessions::me))
        .route("/api/v1/administrator/password", put(signin::set_password))
        .route("/api/v1/grants", get(grants::list).post(grants::create))
        .route("/api/v1/grants/{id}", delete(grants::remove))
        .route("/api/v1/people", get(grants::people))
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), measure))
        .layer(CatchPanicLayer::new())
        .with_state(app)
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], Contract::openapi().to_json().unwrap_or_default()).into_response()
}

async fn not_found() -> ApiError {
    ApiError::not_found("page of that path; the contract is at /api/openapi.json")
}

/// What browsers must not do with answers, and that nobody keeps them. A handler that says something else is right.
const SECURE: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
];
/// Whoever came by TLS comes by TLS for a year.
const ONLY_TLS: &str = "max-age=31536000";

fn secure(headers: &mut HeaderMap, by_tls: bool) {
    for (name, value) in SECURE {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if by_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_TLS));
    }
}

/// Bounds the length of the target, counts requests and their times, by route, and adds what every answer says.
async fn measure(State(app): State<Arc<App>>, matched: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let limit = app.config.limits.target_bytes;
    let target_bytes = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let mut response = if target_bytes > limit {
        let message = format!("path and query are longer than {limit} bytes");
        ApiError::new(ErrorCode::TargetTooLong, message).into_response()
    } else {
        next.run(request).await
    };
    secure(response.headers_mut(), app.listening.tls.is_some());
    let route = matched.as_ref().map_or("other", MatchedPath::as_str);
    app.metrics.request(route, response.status().as_u16(), started.elapsed().as_secs_f64());
    response
}
