//! What people and groups of people are granted, and who has signed in.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use indelible_api::{CreateGrant, ErrorBody, ErrorCode, GrantSummary, PersonSummary};
use indelible_control::{Control, Grantee, Operation, Person, Role, RoleGrant};
use indelible_event::catalogue::typed::{Identifier, ManagementPermissions, NoFields};
use indelible_event::{Organization, Time};

use crate::app::App;
use crate::audit::{AuditEvent, identifier, permissions};
use crate::auth::Caller;
use crate::error::{ApiError, Input};
use crate::routes::admin::{On, administered, ensure_administers};

/// Lists grants, oldest first.
#[utoipa::path(
    get, path = "/api/v1/grants", tag = "people", params(On),
    responses((status = 200, body = Vec<GrantSummary>), (status = 403, body = ErrorBody))
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(on): Query<On>,
) -> Result<Json<Vec<GrantSummary>>, ApiError> {
    let target = on.administered(&caller)?;
    let grants = app.control.role_grants(target.as_ref());
    Ok(Json(grants.iter().map(|grant| summary(&app.control, grant)).collect()))
}

/// Grants a role. It holds at once, in sessions that live too.
#[utoipa::path(
    post, path = "/api/v1/grants", tag = "people", request_body = CreateGrant,
    responses((status = 201, body = GrantSummary), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody))
)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(request): Input<CreateGrant>,
) -> Result<(StatusCode, Json<GrantSummary>), ApiError> {
    let target = administered(&caller, &request.organization)?;
    let grantee = parse(&request.grantee)?;
    let grant = app.grant(&caller, &grantee, target.as_ref(), parse(&request.role)?).await?;
    Ok((StatusCode::CREATED, Json(summary(&app.control, &grant))))
}

/// Takes a grant back. That holds at once, in sessions that live too.
#[utoipa::path(
    delete, path = "/api/v1/grants/{grantId}", tag = "people", params(("grantId" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody))
)]
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let missing = || ApiError::not_found("grant with that id");
    let administers = |grant: &Arc<RoleGrant>| ensure_administers(&caller, grant.target.as_ref()).is_ok();
    let grant = app.control.role_grant(&id).filter(administers).ok_or_else(missing)?;
    // Recorded first: what fails then is asked for again, and recorded again.
    let before = app.roles_of(&grant.grantee, grant.target.as_ref());
    let after = before.iter().copied().filter(|role| *role != grant.role).collect();
    let event =
        roles_changed("INDELIBLE_REMOVE_GRANT", grant.target.as_ref(), &grant.grantee.to_string(), &before, &after);
    app.audit_changes(&caller.actor(), &[app.log_of(grant.target.as_ref())], event).await?;
    let removed = app.control.remove_role_grant(&id).await;
    let removed = removed.map_err(|error| ApiError::internal("take the grant back", error))?;
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) }
}

/// Lists who has signed in: who may do something on an organization, or everybody.
#[utoipa::path(
    get, path = "/api/v1/people", tag = "people", params(On),
    responses((status = 200, body = Vec<PersonSummary>), (status = 403, body = ErrorBody))
)]
pub(crate) async fn people(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(on): Query<On>,
) -> Result<Json<Vec<PersonSummary>>, ApiError> {
    let target = on.administered(&caller)?;
    let people = match &target {
        Some(organization) => app.control.people_of(organization),
        None => app.control.people(),
    };
    Ok(Json(people.iter().map(|person| person_summary(&app.control, person, target.as_ref())).collect()))
}

impl App {
    /// Records and makes a grant. Whoever asks administers `target`.
    pub(crate) async fn grant(
        &self,
        caller: &Caller,
        grantee: &Grantee,
        target: Option<&Organization>,
        role: Role,
    ) -> Result<Arc<RoleGrant>, ApiError> {
        if role.is_of_platform() != target.is_none() {
            let message = match target {
                Some(_) => format!("{role} is granted with the operator's reach; name the organization '*'"),
                None => format!("{role} is granted on one organization, not on '*'"),
            };
            return Err(ApiError::new(ErrorCode::InvalidRequest, message));
        }
        let before = self.roles_of(grantee, target);
        if before.contains(&role) {
            return Err(ApiError::new(ErrorCode::AlreadyExists, format!("{grantee} is {role} there already")));
        }
        // Recorded first: what fails then is asked for again, and recorded again.
        let after = before.iter().copied().chain([role]).collect();
        let event = roles_changed("INDELIBLE_CREATE_GRANT", target, &grantee.to_string(), &before, &after);
        self.audit_changes(&caller.actor(), &[self.log_of(target)], event).await?;
        let created = self.control.create_role_grant(grantee, target, role, caller, self.now_us()).await;
        let created = created.map_err(|error| ApiError::internal("grant the role", error))?;
        created.ok_or_else(|| ApiError::new(ErrorCode::AlreadyExists, format!("{grantee} is {role} there already")))
    }

    /// The organization in whose log a change of what may be done on `target` stands.
    fn log_of(&self, target: Option<&Organization>) -> Organization {
        target.unwrap_or(&self.config.operator_organization).clone()
    }

    fn roles_of(&self, grantee: &Grantee, target: Option<&Organization>) -> BTreeSet<Role> {
        let grants = self.control.role_grants(target);
        grants.iter().filter(|grant| grant.grantee == *grantee).map(|grant| grant.role).collect()
    }
}

fn roles_changed(
    name: &'static str,
    target: Option<&Organization>,
    grantee: &str,
    before: &BTreeSet<Role>,
    after: &BTreeSet<Role>,
) -> AuditEvent {
    let text = |roles: &BTreeSet<Role>| roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" ");
    permissions_changed(name, target, [("grantee", grantee), ("before", &text(before)), ("after", &text(after))])
}

/// That what somebody may do on `target` was one thing and is another.
pub(crate) fn rights_changed(
    name: &'static str,
    target: Option<&Organization>,
    person: &str,
    before: &BTreeSet<Operation>,
    after: &BTreeSet<Operation>,
) -> AuditEvent {
    let text = |of: &BTreeSet<Operation>| of.iter().map(|operation| operation.as_str()).collect::<Vec<_>>().join(" ");
    permissions_changed(name, target, [("person", person), ("before", &text(before)), ("after", &text(after))])
}

fn permissions_changed(name: &'static str, target: Option<&Organization>, facts: [(&str, &str); 3]) -> AuditEvent {
    let id = match target {
        Some(organization) => Identifier::Rid(organization.to_string()),
        None => identifier("*"),
    };
    AuditEvent::new::<ManagementPermissions>(name, permissions(id, &facts), NoFields {})
}

/// A grantee or a role as a request names it.
pub(crate) fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|error: T::Err| ApiError::new(ErrorCode::InvalidRequest, error.to_string()))
}

fn summary(control: &Control, grant: &RoleGrant) -> GrantSummary {
    let name = match &grant.grantee {
        Grantee::Person(id) => control.person(id).map(|person| person.name.clone()),
        Grantee::Group { .. } => None,
    };
    GrantSummary {
        grant_id: grant.id.clone(),
        grantee: grant.grantee.to_string(),
        name,
        organization: grant.target.as_ref().map_or("*", Organization::as_str).to_owned(),
        role: grant.role.to_string(),
        operations: grant.role.operations().iter().map(|operation| operation.to_string()).collect(),
        created: time(grant.created_at_us),
        created_by: grant.created_by.clone(),
    }
}

/// Of one's groups and habits an organization learns nothing: they tell of others.
fn person_summary(control: &Control, person: &Person, target: Option<&Organization>) -> PersonSummary {
    let is_for_operator = target.is_none();
    PersonSummary {
        person_id: person.id.to_string(),
        name: person.name.clone(),
        email: person.email.clone(),
        provider: person.provider.clone(),
        groups: if is_for_operator { person.groups.iter().cloned().collect() } else { Vec::new() },
        operations: control.rights_of(person).on(target).iter().map(|operation| operation.to_string()).collect(),
        first_sign_in: is_for_operator.then(|| time(person.created_at_us)),
        last_sign_in: is_for_operator.then(|| time(person.signed_in_at_us)),
    }
}

fn time(us: i64) -> String {
    Time::from_us(us).to_string()
}
