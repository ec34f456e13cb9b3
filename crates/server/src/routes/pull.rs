//! Log files to be fetched: the API by which SIEMs pull audit logs from Palantir Foundry, spoken to its clients as it is.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use indelible_api::{ErrorCode, FoundryErrorBody, LogFileRef, LogFiles};
use indelible_control::Operation;
use indelible_event::catalogue::typed::{
    DataExport, DataExportRequest, DataExportResult, MetaDataSearch, MetaDataSearchRequest, MetaDataSearchResult,
};
use indelible_event::{Organization, Scope, Time};

use crate::app::App;
use crate::audit::{AuditEvent, resource};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::foundry::FoundryError;
use crate::pull::{self, Cursor, PullKey};

/// Log files of a page where the request asks for no number, and at most.
const PAGE_DEFAULT: usize = 1000;
const PAGE_MAX: usize = 10_000;
/// Log files of a page that its audit event names.
const RECORDED_MAX: usize = 100;
/// The days of which a listing without an end never runs out.
const LAST_DAY: i32 = i32::MAX;
const DAY_US: i64 = 86_400_000_000;

/// Lists the archived log files of an organization, of the UTC days on which their events were received.
///
/// `nextPageToken` is there always, also behind an empty page: it continues the listing at any later time, and nothing is
/// missed or listed twice. With `pageToken`, what was asked for at first holds and the other parameters but `pageSize` are not
/// looked at.
#[utoipa::path(
    get, path = "/api/v2/audit/organizations/{organizationRid}/logFiles", tag = "pull",
    params(
        ("organizationRid" = String, Path),
        ("startDate" = Option<String>, Query, description = "YYYY-MM-DD; needed without pageToken"),
        ("endDate" = Option<String>, Query, description = "YYYY-MM-DD, inclusive; open if absent"),
        ("pageSize" = Option<u32>, Query, description = "a hint"),
        ("pageToken" = Option<String>, Query, description = "nextPageToken of the page before"),
    ),
    responses((status = 200, body = LogFiles), (status = 400, body = FoundryErrorBody), (status = 403, body = FoundryErrorBody))
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Result<Caller, ApiError>,
    Path(organization): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Json<LogFiles>, FoundryError> {
    let denied = || FoundryError::permission_denied("ListLogFilesPermissionDenied");
    let caller = caller?;
    let organization = readable(&caller, &organization).ok_or_else(denied)?;
    let key = PullKey::new(&app.ledger, &organization);
    let page_size = page_size(asked.get("pageSize"))?;
    let cursor = match asked.get("pageToken") {
        Some(token) => key.cursor(token).ok_or_else(denied)?,
        None => begin(&asked)?,
    };
    let files = app.inventory.files_from(&organization, cursor.next, |file| cursor.wants(file), page_size);
    let data: Vec<LogFileRef> = files.iter().map(|file| LogFileRef { id: key.log_file_id(file) }).collect();
    if data.is_empty() {
        app.polls.note(&organization, &caller.actor(), app.now_us());
    } else {
        app.audit_read(&caller.actor(), &of(organization), list_event(&asked, &data)).await?;
    }
    Ok(Json(LogFiles { data, next_page_token: key.page_token(&cursor.after(files.last().map(|file| &**file))) }))
}

/// What is recorded of a page.
fn list_event(asked: &HashMap<String, String>, data: &[LogFileRef]) -> AuditEvent {
    let dates = ["startDate", "endDate"].into_iter().filter(|_| !asked.contains_key("pageToken"));
    let dates = dates.filter_map(|name| Some(format!("{name}={}", asked.get(name)?))).collect::<Vec<_>>().join(" ");
    let query = MetaDataSearchRequest::new((!dates.is_empty()).then_some(dates));
    let listed = data.iter().take(RECORDED_MAX).map(|file| resource(&file.id)).collect();
    AuditEvent::new::<MetaDataSearch>("INDELIBLE_LIST_LOG_FILES", query, MetaDataSearchResult::new(listed))
}

fn of(organization: Organization) -> Scope {
    Scope::new(vec![organization])
}

/// The content of a log file: the audit.3 events of one stretch of the log, one a line, compressed with gzip. The same file
/// gives the same bytes each time.
#[utoipa::path(
    get, path = "/api/v2/audit/organizations/{organizationRid}/logFiles/{logFileId}/content", tag = "pull",
    params(("organizationRid" = String, Path), ("logFileId" = String, Path)),
    responses(
        (status = 200, description = "gzip of newline-delimited JSON", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 403, body = FoundryErrorBody), (status = 429, body = FoundryErrorBody),
    )
)]
pub(crate) async fn content(
    State(app): State<Arc<App>>,
    caller: Result<Caller, ApiError>,
    Path((organization_rid, log_file_id)): Path<(String, String)>,
) -> Result<Response, FoundryError> {
    let caller = caller?;
    let find = |organization: &Organization| {
        let key = PullKey::new(&app.ledger, organization);
        key.log_file(&log_file_id, |place| app.inventory.file_at(organization, place))
    };
    let Some(file) = readable(&caller, &organization_rid).as_ref().and_then(find) else {
        let denied = FoundryError::permission_denied("GetLogFileContentPermissionDenied");
        return Err(denied.with("organizationRid", organization_rid).with("logFileId", log_file_id));
    };
    let slot = Arc::clone(&app.contents).try_acquire_owned().map_err(|_| {
        let message = "as many log files are being fetched as may be at one time; try again in a moment";
        ApiError::new(ErrorCode::Busy, message)
    })?;
    let organization = file.organization.clone();
    let content = pull::content(&app.bucket, file, &app.content_keys, slot).await;
    let content = content.map_err(|error| ApiError::internal("read the log file", error));
    let fields = DataExportRequest::new(vec![resource(&log_file_id)]);
    let event = AuditEvent::new::<DataExport>("INDELIBLE_GET_LOG_FILE_CONTENT", fields, DataExportResult::new(None));
    app.audit_read(&caller.actor(), &of(organization), event.ended(&content)).await?;
    let content = content?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], Body::from_stream(content)).into_response())
}

/// The organization of this RID, if its log files may be read.
fn readable(caller: &Caller, organization: &str) -> Option<Organization> {
    let organization = organization.parse().ok()?;
    caller.require(Operation::AuditExportView, &organization).is_ok().then_some(organization)
}

/// The beginning of a listing.
fn begin(asked: &HashMap<String, String>) -> Result<Cursor, FoundryError> {
    let day = |name: &str| asked.get(name).map(|text| parse_day(name, text)).transpose();
    let first = day("startDate")?.ok_or_else(|| FoundryError::invalid_argument("MissingStartDate"))?;
    let last = day("endDate")?.unwrap_or(LAST_DAY);
    if last < first {
        let error = FoundryError::invalid_argument("Default:InvalidArgument").describe("endDate is before startDate");
        return Err(error.with("endDate", &*asked["endDate"]));
    }
    Ok(Cursor { next: (0, 0), days: (first, last) })
}

/// Days since 1970-01-01 of a date `YYYY-MM-DD`.
fn parse_day(name: &str, text: &str) -> Result<i32, FoundryError> {
    let time = Time::parse(&format!("{text}T00:00:00Z")).ok().filter(|_| text.len() == 10);
    let day = time.and_then(|time| i32::try_from(time.micros.div_euclid(DAY_US)).ok());
    day.ok_or_else(|| {
        let description = format!("{name} is not a date; write YYYY-MM-DD");
        FoundryError::invalid_argument("Default:InvalidArgument").describe(description).with(name, text)
    })
}

fn page_size(text: Option<&String>) -> Result<usize, FoundryError> {
    let Some(text) = text else { return Ok(PAGE_DEFAULT) };
    let size = text.parse().ok().filter(|size| *size > 0);
    let size: usize = size.ok_or_else(|| {
        // As a number where it is one, which is what clients read it as.
        let parameter = text.parse::<i64>().map_or_else(|_| text.clone().into(), serde_json::Value::from);
        FoundryError::invalid_argument("InvalidPageSize").with("pageSize", parameter)
    })?;
    Ok(size.min(PAGE_MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_listing_begins_with_whole_days() {
        let check = |start: Option<&str>, end: Option<&str>, expected: Result<(i32, i32), &str>| {
            let pairs = [("startDate", start), ("endDate", end)];
            let asked = pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
            let found = begin(&asked.collect()).map(|cursor| cursor.days).map_err(|error| error.name());
            assert_eq!(found, expected, "{start:?} {end:?}");
        };
        check(Some("1970-01-02"), None, Ok((1, LAST_DAY)));
        check(Some("2026-01-05"), Some("2026-01-05"), Ok((20_458, 20_458)));
        check(None, Some("2026-01-05"), Err("MissingStartDate"));
        for wrong in ["", "today", "2026-13-01", "2026-1-5", "2026-01-05T00:00:00Z", "02026-01-05"] {
            check(Some(wrong), None, Err("Default:InvalidArgument"));
            check(Some("2026-01-05"), Some(wrong), Err("Default:InvalidArgument"));
        }
        check(Some("2026-01-05"), Some("2026-01-04"), Err("Default:InvalidArgument"));
    }

    #[test]
    fn a_page_size_is_a_hint_above_zero() {
        let check = |text: Option<&str>, expected: Result<usize, &str>| {
            let found = page_size(text.map(str::to_owned).as_ref()).map_err(|error| error.name());
            assert_eq!(found, expected, "{text:?}");
        };
        check(None, Ok(PAGE_DEFAULT));
        check(Some("1"), Ok(1));
        check(Some("99999999"), Ok(PAGE_MAX));
        for wrong in ["0", "-1", "", "x", "1.5", "99999999999999999999999"] {
            check(Some(wrong), Err("InvalidPageSize"));
        }
    }
}
