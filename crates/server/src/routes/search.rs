//! Reading: search, count, SQL.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt};
use indelible_api::{Count, ERASED_HEADER, ErrorBody, ErrorCode, Order, SearchRequest, SqlRequest, TableFormat};
use indelible_control::Operation;
use indelible_event::catalogue::typed::{DataSearch, DataSearchRequest, DataSearchResult, ResourceContext};
use indelible_event::{Organization, Reach, Scope};
use indelible_query::render::{Format, Renderer};
use indelible_query::{Answer, QueryError};

use crate::app::App;
use crate::audit::{AuditEvent, shortened};
use crate::auth::Caller;
use crate::error::{ApiError, Input};
use crate::routes::admin::parse_organization;

/// Longest `since` or `until`.
const INSTANT_BYTES: usize = 40;
/// Organizations that the header names at most.
const ERASED_NAMED_MAX: usize = 20;

/// Finds events.
///
/// As JSON, one event a line as delivered, with its `organization` and `seq`. An answer that breaks off is incomplete.
#[utoipa::path(
    post, path = "/api/v1/search", tag = "reading", request_body = SearchRequest,
    responses(
        (status = 200, description = "One event a line", body = String, content_type = "application/x-ndjson"),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn search(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(request): Input<SearchRequest>,
) -> Result<Response, ApiError> {
    let scope = scope(&caller, Operation::AuditSearch, request.organization.as_deref())?;
    let answer = find(&app, &scope, &request).await;
    app.audit_read(&caller.actor(), &scope, search_event("INDELIBLE_SEARCH", &request).ended(&answer)).await?;
    answer.map(|answer| with_erased(&app, &scope, answer))
}

/// Says in a header of which organizations content was erased: their older entries are found by their infrastructure part
/// alone.
fn with_erased(app: &App, scope: &Scope, mut answer: Response) -> Response {
    let erased = scope.organizations().iter().filter(|organization| {
        let log = app.ledger.find(organization);
        log.is_some_and(|log| !app.content_keys.erased(&log.label).is_empty())
    });
    let erased: Vec<&str> = erased.map(Organization::as_str).take(ERASED_NAMED_MAX).collect();
    if let Ok(value) = HeaderValue::from_str(&erased.join(" "))
        && !erased.is_empty()
    {
        answer.headers_mut().insert(ERASED_HEADER, value);
    }
    answer
}

/// The answer to a search of what `scope` reaches.
pub(crate) async fn find(app: &App, scope: &impl Reach, request: &SearchRequest) -> Result<Response, ApiError> {
    let search = understand(app, request)?;
    let answer = app.engine.search(scope, app.snapshot(scope), &search).await?;
    let format = request.format.unwrap_or_default();
    let renderer = Renderer::events(to_format(format), &answer.schema());
    stream(format, renderer, answer, search.limit.is_some()).await
}

/// What is recorded of a search.
pub(crate) fn search_event(name: &'static str, request: &SearchRequest) -> AuditEvent {
    searched(name, search_fields(request))
}

/// That something was searched for.
pub(crate) fn searched(name: &'static str, fields: DataSearchRequest) -> AuditEvent {
    AuditEvent::new::<DataSearch>(name, fields, DataSearchResult::new(Vec::new()))
}

/// What was searched for.
pub(crate) fn search_fields(request: &SearchRequest) -> DataSearchRequest {
    let mut fields = DataSearchRequest::new(Some(shortened(&request.query)));
    let limit = request.limit.map(|limit| limit.to_string());
    let context = [("since", &request.since), ("until", &request.until), ("limit", &limit)];
    let context = context.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    fields.data_search_context =
        context.map(|(name, value)| ResourceContext::new(value.clone(), name.to_owned())).collect();
    fields
}

/// Counts events.
#[utoipa::path(
    post, path = "/api/v1/search/count", tag = "reading", request_body = SearchRequest,
    responses((status = 200, body = Count), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn count(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(request): Input<SearchRequest>,
) -> Result<Json<Count>, ApiError> {
    let scope = scope(&caller, Operation::AuditSearch, request.organization.as_deref())?;
    let answer = count_found(&app, &scope, &request).await;
    app.audit_read(&caller.actor(), &scope, search_event("INDELIBLE_COUNT", &request).ended(&answer)).await?;
    answer
}

/// How much a search finds of what `scope` reaches.
pub(crate) async fn count_found(
    app: &App,
    scope: &impl Reach,
    request: &SearchRequest,
) -> Result<Json<Count>, ApiError> {
    let search = understand(app, request)?;
    Ok(Json(Count { count: app.engine.count(scope, app.snapshot(scope), &search).await? }))
}

/// Runs one SQL query over the tables `events` and `entries`. Read only.
#[utoipa::path(
    post, path = "/api/v1/sql", tag = "reading", request_body = SqlRequest,
    responses(
        (status = 200, description = "One row a line", body = String, content_type = "application/x-ndjson"),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn sql(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(request): Input<SqlRequest>,
) -> Result<Response, ApiError> {
    let scope = scope(&caller, Operation::AuditSql, request.organization.as_deref())?;
    let answer = query(&app, &scope, &request).await;
    app.audit_read(&caller.actor(), &scope, sql_event("INDELIBLE_SQL", &request).ended(&answer)).await?;
    answer.map(|answer| with_erased(&app, &scope, answer))
}

/// The answer to a query over what `scope` reaches.
pub(crate) async fn query(app: &App, scope: &impl Reach, request: &SqlRequest) -> Result<Response, ApiError> {
    let answer = app.engine.sql(scope, app.snapshot(scope), &request.query).await?;
    let format = request.format.unwrap_or_default();
    stream(format, Renderer::rows(to_format(format)), answer, false).await
}

/// What is recorded of a query.
pub(crate) fn sql_event(name: &'static str, request: &SqlRequest) -> AuditEvent {
    searched(name, DataSearchRequest::new(Some(shortened(&request.query))))
}

/// What the caller may read with `operation`: one organization if it is named, else all.
fn scope(caller: &Caller, operation: Operation, organization: Option<&str>) -> Result<Scope, ApiError> {
    let organization = organization.map(parse_organization).transpose()?;
    Ok(caller.scope(operation, organization.as_ref())?)
}

/// A search as the engine takes it.
fn understand(app: &App, request: &SearchRequest) -> Result<indelible_query::SearchRequest, ApiError> {
    Ok(indelible_query::SearchRequest {
        query: within(&request.query, request.since.as_deref(), request.until.as_deref())?,
        since_us: None,
        until_us: None,
        limit: request.limit,
        order: match request.order.unwrap_or_default() {
            Order::Newest => indelible_query::Order::Newest,
            Order::Oldest => indelible_query::Order::Oldest,
        },
        now_us: app.now_us(),
    })
}

/// The search with its bounds of time as terms of it, so that both speak one language.
fn within(query: &str, since: Option<&str>, until: Option<&str>) -> Result<String, ApiError> {
    let mut terms = String::new();
    for (text, relation) in [(since, ">="), (until, "<")] {
        let Some(text) = text else { continue };
        let plain = !text.is_empty()
            && text.len() <= INSTANT_BYTES
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b":.+-".contains(&b));
        if !plain {
            let message = format!("{text:?} is not a time; write an age such as 7d or 12h, a date, or RFC 3339");
            return Err(ApiError::new(ErrorCode::InvalidQuery, message));
        }
        // An age such as `7d` is written as `-7d` in the language.
        let age = text.ends_with(|c: char| c.is_ascii_lowercase()) && text.starts_with(|c: char| c.is_ascii_digit());
        let sign = if age { "-" } else { "" };
        terms.push_str(&format!(" time:{relation}{sign}{text}"));
    }
    if terms.is_empty() || query.trim().is_empty() {
        return Ok(format!("{query}{terms}"));
    }
    Ok(format!("({query}){terms}"))
}

fn to_format(format: TableFormat) -> Format {
    match format {
        TableFormat::Json => Format::Json,
        TableFormat::Csv => Format::Csv,
        TableFormat::Table => Format::Table,
    }
}

/// Sends an answer as it comes. Its first piece is awaited, so that what fails at once fails with a status; what fails
/// later, or is cut by a limit nobody asked for, breaks the answer off, which every client notices.
async fn stream(format: TableFormat, renderer: Renderer, answer: Answer, limited: bool) -> Result<Response, ApiError> {
    let kind = match format {
        TableFormat::Json => "application/x-ndjson",
        TableFormat::Csv => "text/csv; charset=utf-8",
        TableFormat::Table => "text/plain; charset=utf-8",
    };
    let pieces = futures::stream::try_unfold(Some((renderer, answer, true)), move |state| async move {
        let Some((mut renderer, mut answer, first)) = state else { return Ok(None) };
        let mut out = Vec::new();
        if first {
            renderer.begin(&answer.schema(), &mut out);
        }
        match answer.next().await {
            Some(batch) => {
                renderer.batch(&batch?, &mut out).map_err(|error| QueryError::Internal(error.to_string()))?;
                Ok(Some((Bytes::from(out), Some((renderer, answer, false)))))
            }
            None if answer.is_truncated() && !limited => {
                Err(QueryError::Sql("the answer has more rows or bytes than one answer may".to_owned()))
            }
            None => {
                renderer.end(&mut out);
                Ok(Some((Bytes::from(out), None)))
            }
        }
    });
    send(kind, pieces).await
}

async fn send(
    kind: &'static str,
    pieces: impl Stream<Item = Result<Bytes, QueryError>> + Send + 'static,
) -> Result<Response, ApiError> {
    let mut pieces = Box::pin(pieces.try_filter(|piece| std::future::ready(!piece.is_empty())));
    let first = pieces.next().await.transpose()?;
    let all = futures::stream::iter(first.map(Ok)).chain(pieces);
    let body = Body::from_stream(
        all.inspect_err(|error| tracing::warn!(%error, "a query broke off after it had begun to answer")),
    );
    Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn bounds_of_time_become_terms_of_the_search() {
        let check = |query, since, until, expected: &str| assert_eq!(within(query, since, until).unwrap(), expected);
        check("a OR b", None, None, "a OR b");
        check("a OR b", Some("7d"), None, "(a OR b) time:>=-7d");
        check("", Some("2021-04-16"), Some("2021-04-17T00:00:00Z"), " time:>=2021-04-16 time:<2021-04-17T00:00:00Z");
        assert!(within("", Some("1 OR 2"), None).is_err());
        assert!(within("", None, Some("")).is_err());
    }
}
