//! The operator's view: search, SQL and single entries over the infrastructure part of all organizations' entries.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use indelible_api::{
    Count, ErrorBody, InfrastructureProof, OperatorEntry, OperatorOrganization, OperatorView, OrganizationArchive,
    SearchRequest, SqlRequest,
};
use indelible_archive::entry_file;
use indelible_archive::rows::RowDecoder;
use indelible_event::entry::{entry_bytes, infrastructure_hash};
use indelible_event::{OperatorScope, Organization, Reach as _};
use indelible_merkle::{Hash, leaf_hash};
use serde::Deserialize;

use crate::app::App;
use crate::audit::{Change, configured};
use crate::auth::Caller;
use crate::error::{ApiError, Input};
use crate::operator::commitment;
use crate::routes::admin::parse_organization;
use crate::routes::{proof, search as reading};

/// Why the entry of an organization that shows pseudonyms has no proof.
const UNPROVEN: &str = "this organization shows the operator pseudonyms in place of uid, sid and tokenId; its log holds the values \
                        themselves, so the entry as shown here cannot be proven to you; the organization can prove it";

/// Finds events of all organizations, by their infrastructure part.
///
/// As JSON, one event a line as delivered, without content. An answer that breaks off is incomplete.
#[utoipa::path(
    post, path = "/api/v1/operator/search", tag = "operator", request_body = SearchRequest,
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
    let scope = observe(&app, &caller, request.organization.as_deref())?;
    let answer = reading::find(&app, &scope, &request).await;
    app.audit_observed(&caller.actor(), &scope).await?;
    answer
}

/// Counts events of all organizations, by their infrastructure part.
#[utoipa::path(
    post, path = "/api/v1/operator/search/count", tag = "operator", request_body = SearchRequest,
    responses((status = 200, body = Count), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn count(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(request): Input<SearchRequest>,
) -> Result<Json<Count>, ApiError> {
    let scope = observe(&app, &caller, request.organization.as_deref())?;
    let answer = reading::count_found(&app, &scope, &request).await;
    app.audit_observed(&caller.actor(), &scope).await?;
    answer
}

/// Runs one SQL query over the infrastructure part of all organizations' entries. Read only.
#[utoipa::path(
    post, path = "/api/v1/operator/sql", tag = "operator", request_body = SqlRequest,
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
    let scope = observe(&app, &caller, request.organization.as_deref())?;
    let answer = reading::query(&app, &scope, &request).await;
    app.audit_observed(&caller.actor(), &scope).await?;
    answer
}

/// Which organization; all if absent.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    /// RID of the organization.
    organization: Option<String>,
}

/// The infrastructure part of one entry by its `logEntryId`, with the proof that it stands in its organization's log.
#[utoipa::path(
    get, path = "/api/v1/operator/entries/{logEntryId}", tag = "operator", params(("logEntryId" = String, Path), Of),
    responses((status = 200, body = OperatorEntry), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub(crate) async fn entry(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(log_entry_id): Path<String>,
    Query(of): Query<Of>,
) -> Result<Json<OperatorEntry>, ApiError> {
    let scope = observe(&app, &caller, of.organization.as_deref())?;
    let entry = show(&app, &scope, &log_entry_id).await;
    app.audit_observed(&caller.actor(), &scope).await?;
    entry.map(Json)
}

/// All organizations, with the sizes of their logs and what is not archived yet. No audit data.
#[utoipa::path(
    get, path = "/api/v1/operator/organizations", tag = "operator",
    responses((status = 200, body = Vec<OperatorOrganization>), (status = 403, body = ErrorBody))
)]
pub(crate) async fn organizations(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Vec<OperatorOrganization>>, ApiError> {
    let scope = observe(&app, &caller, None)?;
    let states = app.archive_status(&scope, false).organizations;
    let described = scope.organizations().iter().map(|organization| {
        let state = states.iter().find(|state| state.organization == organization.as_str()).cloned();
        let archive = state.unwrap_or_else(|| without_log(organization));
        OperatorOrganization { archive, pseudonyms: app.control.shows_pseudonyms(organization) }
    });
    Ok(Json(described.collect()))
}

/// An organization that has no log yet has nothing archived.
fn without_log(organization: &Organization) -> OrganizationArchive {
    let organization = organization.to_string();
    OrganizationArchive { organization, size: 0, archived: 0, log_files: 0, bytes: 0, oldest_unarchived_seconds: None }
}

fn observe(app: &App, caller: &Caller, organization: Option<&str>) -> Result<OperatorScope, ApiError> {
    let organization = organization.map(parse_organization).transpose()?;
    app.observe(caller, organization.as_ref())
}

async fn show(app: &Arc<App>, scope: &OperatorScope, log_entry_id: &str) -> Result<OperatorEntry, ApiError> {
    let found = app.engine.find(scope, app.snapshot(scope), log_entry_id).await?;
    if found.num_rows() == 0 {
        return Err(ApiError::not_found("entry with that logEntryId"));
    }
    let failed = |error: anyhow::Error| ApiError::internal("read the entry", error);
    let rows = RowDecoder::new(&found).map_err(|error| failed(error.into()))?;
    let (mut infrastructure, mut event) = (Vec::new(), Vec::new());
    rows.infrastructure(0, &mut infrastructure);
    rows.delivered(0, &mut Vec::new(), &mut event).map_err(|error| failed(error.into()))?;
    let organization = parse_organization(rows.organization(0))?;
    let mut entry = OperatorEntry {
        format: entry_file::FORMAT.to_owned(),
        event: serde_json::from_slice(&event).map_err(|error| failed(error.into()))?,
        organization: organization.to_string(),
        seq: rows.seq(0),
        received_at_us: rows.received_at_us(0),
        proof: None,
        unproven: None,
    };
    if scope.pseudonyms(&organization).is_some() {
        entry.unproven = Some(UNPROVEN.to_owned());
    } else {
        let infrastructure = String::from_utf8(infrastructure).map_err(|error| failed(error.into()))?;
        entry.proof = Some(prove(app, &organization, &entry, infrastructure).await?);
    }
    Ok(entry)
}

/// Proves the entry whose infrastructure part is as given.
async fn prove(
    app: &Arc<App>,
    organization: &Organization,
    entry: &OperatorEntry,
    infrastructure: String,
) -> Result<InfrastructureProof, ApiError> {
    let failed = |error: anyhow::Error| ApiError::internal("prove the entry", error);
    let log = app.ledger.find(organization).ok_or_else(|| ApiError::not_found("organization"))?;
    let generation = app.inventory.generation_at(organization, entry.received_at_us, log.generation);
    let bound = proof::bind(app, &log, generation, entry.seq).await?;
    let content = commitment(app, &log, generation, entry.seq, bound.salt_key.clone()).await.map_err(failed)?;
    let mut bytes = Vec::new();
    let hash = infrastructure_hash(infrastructure.as_bytes());
    entry_bytes(&mut bytes, organization.as_str(), entry.seq, entry.received_at_us, &hash, &content);
    if leaf_hash(&bytes) != bound.leaf {
        return Err(failed(anyhow::anyhow!("entry {} of {organization} is not the one of its leaf", entry.seq)));
    }
    Ok(InfrastructureProof {
        infrastructure,
        content_hash: hex::encode(content),
        leaf_hash: bound.leaf.to_string(),
        inclusion_proof: bound.path.iter().map(Hash::to_string).collect(),
        checkpoint: bound.checkpoint,
        verifier_key: bound.key.to_string(),
    })
}

/// How the operator is shown an organization's entries.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/operator-view", tag = "organizations",
    params(("organization" = String, Path)),
    responses((status = 200, body = OperatorView), (status = 404, body = ErrorBody))
)]
pub(crate) async fn view(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
) -> Result<Json<OperatorView>, ApiError> {
    let organization = caller.administered(&organization)?;
    Ok(Json(OperatorView { pseudonyms: app.control.shows_pseudonyms(&organization) }))
}

/// Decides whether the operator is shown people, sessions and tokens as they are or as pseudonyms, of all entries there are and
/// that come.
#[utoipa::path(
    put, path = "/api/v1/organizations/{organization}/operator-view", tag = "organizations", request_body = OperatorView,
    params(("organization" = String, Path)),
    responses((status = 200, body = OperatorView), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub(crate) async fn set_view(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(organization): Path<String>,
    Input(OperatorView { pseudonyms }): Input<OperatorView>,
) -> Result<Json<OperatorView>, ApiError> {
    let organization = caller.administered(&organization)?;
    let text = |pseudonyms| if pseudonyms { "on" } else { "off" };
    let facts =
        [("pseudonyms", text(pseudonyms)), ("pseudonyms before", text(app.control.shows_pseudonyms(&organization)))];
    let event =
        configured("INDELIBLE_SET_OPERATOR_VIEW", Change::Updated, "operator view", organization.as_str(), &facts);
    // Recorded first: what fails then is asked for again, and recorded again. The organization has a log from here on.
    app.audit_change(&caller.actor(), &organization, event).await?;
    let set = app.control.set_pseudonyms(&organization, pseudonyms, &caller, app.now_us()).await;
    set.map_err(|error| ApiError::internal("set the operator's view", error))?;
    Ok(Json(OperatorView { pseudonyms }))
}
