//! What the operator has to know now.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use indelible_api::{AlarmState, ErrorBody};
use indelible_control::Operation;
use indelible_event::Time;

use crate::alarms::Alarm;
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;

/// Lists the alarms that are on.
///
/// With `operator:administer` all of them; else, with `organization:administer`, those of the caller's organizations.
#[utoipa::path(
    get, path = "/api/v1/alarms", tag = "operations",
    responses((status = 200, body = Vec<AlarmState>), (status = 403, body = ErrorBody))
)]
pub(crate) async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Vec<AlarmState>>, ApiError> {
    let alarms = app.alarms.active(app.now_us());
    if caller.require_platform(Operation::OperatorAdminister).is_ok() {
        return Ok(Json(alarms.into_iter().map(shown).collect()));
    }
    let scope = caller.scope(Operation::OrganizationAdminister, None)?;
    let own = |alarm: &Alarm| alarm.organization.as_ref().is_some_and(|organization| scope.contains(organization));
    Ok(Json(alarms.into_iter().filter(own).map(shown).collect()))
}

fn shown(alarm: Alarm) -> AlarmState {
    let mut since = Vec::new();
    Time { micros: alarm.since_us, nanos: 0 }.write(&mut since);
    AlarmState {
        kind: alarm.kind,
        organization: alarm.organization.map(|organization| organization.to_string()),
        since: String::from_utf8_lossy(&since).into_owned(),
        message: alarm.message,
    }
}
