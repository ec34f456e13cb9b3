//! `POST /api/v1/bundles`: entries of a log with everything that proves them.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use indelible_api::{BundleRequest, ErrorBody, ErrorCode};
use indelible_control::Operation;
use indelible_event::catalogue::typed::{
    DataExport, DataExportRequest, DataExportResult, DataResource, DataSearch, DataSearchRequest, DataSearchResult,
    Identifier, ResourceContext,
};
use indelible_event::{Scope, Time};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::app::App;
use crate::audit::{AuditEvent, shortened};
use crate::auth::Caller;
use crate::bundle::{Ask, AskedEntries};
use crate::error::{ApiError, Input};
use crate::routes::accounting::before;
use crate::routes::admin::parse_organization;
use crate::routes::proof::entry_place;

/// Pieces of a bundle made ahead of whoever reads them, a quarter of a mebibyte each.
const PIECES_AHEAD: usize = 4;
/// Longest text of checkpoints to compare with.
const SINCE_BYTES_MAX: usize = 1 << 20;

/// Makes a proof bundle.
///
/// The answer holds the files of the bundle in frames: name, space, number of bytes, newline, bytes. Frames of one name belong
/// together in their order. The frame `bundle` comes last; without it there is no bundle, and the answer broke off.
#[utoipa::path(
    post, path = "/api/v1/bundles", tag = "proof", request_body = BundleRequest,
    responses(
        (status = 200, description = "Frames of files", body = Vec<u8>, content_type = "application/vnd.indelible.bundle"),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 429, body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(request): Input<BundleRequest>,
) -> Result<Response, ApiError> {
    let organization = parse_organization(&request.organization)?;
    caller.require(Operation::AuditVerify, &organization)?;
    let scope = caller.scope(Operation::AuditSearch, Some(&organization))?;
    let slot = Arc::clone(&app.bundles).try_acquire_owned();
    let slot = slot.map_err(|_| {
        ApiError::new(ErrorCode::Busy, "as many bundles are being made as may be at one time; try again in a moment")
    })?;
    let log = app.ledger.find(&organization).ok_or_else(|| ApiError::not_found("entry of that organization"))?;
    let event = bundle_event(&request);
    let plan = async { app.plan_bundle(&scope, &log, understand(&app, &scope, request).await?).await }.await;
    app.audit_read(&caller.actor(), &scope, event.ended(&plan)).await?;
    let plan = plan?;
    let (pieces, inbox) = mpsc::channel(PIECES_AHEAD);
    tokio::task::spawn_blocking(move || {
        let failure = pieces.clone();
        if let Err(error) = plan.write(&app, pieces) {
            tracing::warn!(error = format!("{error:#}"), "a bundle broke off");
            // Whoever reads sees the answer break off, and keeps nothing of it.
            let _ = failure.blocking_send(Err(io::Error::other("the bundle broke off")));
        }
        drop(slot);
    });
    let body = Body::from_stream(ReceiverStream::new(inbox));
    Ok(([(header::CONTENT_TYPE, "application/vnd.indelible.bundle")], body).into_response())
}

/// What is recorded of a bundle.
fn bundle_event(request: &BundleRequest) -> AuditEvent {
    let BundleRequest { log_entry_id, from_seq, to_seq, received_from, received_to, rows, .. } = request;
    let context = [
        ("logEntryId", log_entry_id.clone()),
        ("fromSeq", from_seq.map(|seq| seq.to_string())),
        ("toSeq", to_seq.map(|seq| seq.to_string())),
        ("receivedFrom", received_from.clone()),
        ("receivedTo", received_to.clone()),
        ("rows", rows.clone()),
    ];
    let context = context.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let mut entries = DataResource::new(Identifier::Rid(request.organization.clone()));
    entries.context = context.map(|(name, value)| ResourceContext::new(shortened(&value), name.to_owned())).collect();
    let export = DataExportRequest::new(vec![entries]);
    let event = AuditEvent::new::<DataExport>("INDELIBLE_CREATE_BUNDLE", export, DataExportResult::new(None));
    if request.query.trim().is_empty() {
        return event;
    }
    let search = DataSearchRequest::new(Some(shortened(&request.query)));
    event.and::<DataSearch>(search, DataSearchResult::new(Vec::new()))
}

async fn understand(app: &Arc<App>, scope: &Scope, request: BundleRequest) -> Result<Ask, ApiError> {
    let invalid = |message: String| ApiError::new(ErrorCode::InvalidRequest, message);
    let BundleRequest { log_entry_id, from_seq, to_seq, received_from, received_to, query, rows, since, .. } = request;
    let by_range = from_seq.is_some() || to_seq.is_some();
    let by_time = received_from.is_some() || received_to.is_some();
    if u8::from(by_range) + u8::from(by_time) + u8::from(log_entry_id.is_some()) > 1 {
        return Err(invalid(
            "ask for one entry, for a range of seq, or for a window of time, not for several".to_owned(),
        ));
    }
    if since.len() > SINCE_BYTES_MAX {
        return Err(invalid(format!("the checkpoints to compare with have more than {SINCE_BYTES_MAX} bytes")));
    }
    let instant = |text: Option<String>, default: i64| match text {
        Some(text) => instant_us(&text, app.now_us()).ok_or_else(|| {
            invalid(format!("{text:?} is not a time; write RFC 3339, a date, or an age such as 7d or 12h"))
        }),
        None => Ok(default),
    };
    let entries = match log_entry_id {
        Some(id) => {
            let seq = entry_place(app, scope, &id).await?;
            AskedEntries::Range(seq, Some(seq))
        }
        None if by_time => {
            let (from, to) = (instant(received_from, 0)?, instant(received_to, i64::MAX)?);
            if from >= to {
                return Err(invalid("the window of time ends before it begins".to_owned()));
            }
            AskedEntries::Window(from, to)
        }
        None => AskedEntries::Range(from_seq.unwrap_or(0), to_seq),
    };
    let rows = rows.as_deref().unwrap_or("jsonl");
    let rows = rows.parse().map_err(|error| invalid(format!("{error}")))?;
    Ok(Ask { entries, query, rows, since })
}

/// Microseconds since 1970: RFC 3339, a date, or an age before `now_us`.
fn instant_us(text: &str, now_us: i64) -> Option<i64> {
    let parse = |text: &str| Time::parse(text).ok().map(|time| time.micros);
    let us = parse(text).or_else(|| parse(&format!("{text}T00:00:00Z"))).or_else(|| before(text, now_us))?;
    (us >= 0).then_some(us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_instants_dates_or_ages() {
        let now_us = 1_767_571_200_000_000;
        let check = |text: &str, expected: Option<i64>| assert_eq!(instant_us(text, now_us), expected, "{text}");
        check("2026-01-05T00:00:00Z", Some(now_us));
        check("2026-01-05T01:00:00+01:00", Some(now_us));
        check("2026-01-05", Some(now_us));
        check("0s", Some(now_us));
        check("2d", Some(now_us - 2 * 86_400_000_000));
        for wrong in ["", "d", "-1d", "+1d", "1w", "1969-12-31", "now", "99999999999999999999d", "2026-13-01"] {
            check(wrong, None);
        }
    }
}
