//! Whether what producers emitted is in the log.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use indelible_api::{AccountingRow, ErrorBody, ErrorCode};
use indelible_control::Operation;
use indelible_event::catalogue::typed::{MetaDataAccess, MetaDataAccessRequest, NoFields};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::app::App;
use crate::audit::AuditEvent;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::admin::parse_organization;

/// What to account for.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    /// RID of the organization; all that may be searched if absent.
    organization: Option<String>,
    /// Only what was received since: RFC 3339, a date, or an age such as `7d`; all time if absent.
    since: Option<String>,
}

/// Counts what producers emitted and what is there, by organization, producer, epoch and hour.
///
/// A producer that numbers its events (headers `Indelible-Producer-Epoch` and `Indelible-Producer-Seq`) sees gaps. What is
/// lost at the end of an epoch leaves none.
#[utoipa::path(
    get, path = "/api/v1/accounting", tag = "reading", params(Of),
    responses(
        (status = 200, body = Vec<AccountingRow>), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn report(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(of): Query<Of>,
) -> Result<Json<Vec<AccountingRow>>, ApiError> {
    let organization = of.organization.as_deref().map(parse_organization).transpose()?;
    let scope = caller.scope(Operation::AuditSearch, organization.as_ref())?;
    let since_us = match &of.since {
        Some(text) => Some(instant(text, app.now_us()).ok_or_else(|| {
            let message = format!("{text:?} is not a time; write an age such as 7d or 12h, a date, or RFC 3339");
            ApiError::new(ErrorCode::InvalidRequest, message)
        })?),
        None => None,
    };
    let account = app.account(&scope, since_us).await;
    let fields = MetaDataAccessRequest::new(Vec::new(), Some("what producers emitted and what is there".to_owned()));
    let event = AuditEvent::new::<MetaDataAccess>("INDELIBLE_ACCOUNTING", fields, NoFields {});
    app.audit_read(&caller.actor(), &scope, event.ended(&account)).await?;
    account.map(Json)
}

/// Microseconds since 1970 of an age, such as `7d`, before `now_us`.
pub(crate) fn before(text: &str, now_us: i64) -> Option<i64> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return None,
    };
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let age_us = digits.parse::<i64>().ok().filter(|_| plain)?.checked_mul(seconds * 1_000_000)?;
    now_us.checked_sub(age_us)
}

/// Microseconds since 1970 of an age before `now_us`, a date or an instant.
pub(crate) fn instant(text: &str, now_us: i64) -> Option<i64> {
    if let Some(us) = before(text, now_us) {
        return Some(us);
    }
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(timestamp.as_microsecond());
    }
    let date = text.parse::<Date>().ok().filter(|_| text.len() == "2026-01-01".len())?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_an_age_a_date_or_an_instant() {
        let check = |text, expected| assert_eq!(instant(text, 1_000_000_000_000_000), expected, "{text:?}");
        check("7d", Some(1_000_000_000_000_000 - 7 * 86_400_000_000));
        check("90m", Some(1_000_000_000_000_000 - 5_400_000_000));
        check("1970-01-02", Some(86_400_000_000));
        check("1970-01-01T01:00:00+01:00", Some(0));
        check("1970-01-01T00:00:00.5Z", Some(500_000));
        for bad in ["", "d", "-7d", "7w", "soon", "99999999999999999d", "1970-01-02 ", "é"] {
            check(bad, None);
        }
    }
}
