//! Proofs: checkpoints, keys, tiles, and one entry with its way to the root.

use std::sync::Arc;

use arrow::array::RecordBatch;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use indelible_api::{EntryProof, ErrorBody};
use indelible_archive::rows::RowDecoder;
use indelible_archive::{ClosedError, ClosedLog};
use indelible_control::Operation;
use indelible_event::catalogue::typed::{DataLoad, DataLoadRequest, NoFields};
use indelible_event::entry::{Digest, SaltKey};
use indelible_event::{Organization, Scope};
use indelible_ledger::OrganizationLog;
use indelible_merkle::{Hash, Hashes as _, TILE_WIDTH, Tile, TileCache, TilePath, VerifierKey, inclusion_proof};
use serde::Deserialize;

use crate::app::App;
use crate::audit::{AuditEvent, resource};
use crate::auth::Caller;
use crate::entries::{self, Entries};
use crate::error::ApiError;
use crate::routes::admin::parse_organization;

/// Which organization; all that may be read if absent.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    /// RID of the organization.
    organization: Option<String>,
}

impl Of {
    /// The logs meant, of those the caller may do `operation` on.
    fn logs(&self, app: &App, caller: &Caller, operation: Operation) -> Result<Vec<Arc<OrganizationLog>>, ApiError> {
        let organization = self.organization.as_deref().map(parse_organization).transpose()?;
        let scope = caller.scope(operation, organization.as_ref())?;
        Ok(scope.organizations().iter().filter_map(|organization| app.ledger.find(organization)).collect())
    }
}

/// The newest signed checkpoint of each organization, one C2SP note after the other.
#[utoipa::path(get, path = "/api/v1/checkpoints", tag = "proof", params(Of), responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn checkpoints(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(of): Query<Of>,
) -> Result<Response, ApiError> {
    let logs = of.logs(&app, &caller, Operation::AuditVerify)?;
    let notes: Vec<String> = logs
        .iter()
        .filter_map(|log| app.ledger.checkpoint(log.number))
        .map(|checkpoint| checkpoint.note.clone())
        .collect();
    Ok(plain(notes.concat()))
}

/// The verifier key of each organization's checkpoints, one a line, in the C2SP form.
#[utoipa::path(get, path = "/api/v1/keys", tag = "proof", params(Of), responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn keys(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(of): Query<Of>,
) -> Result<Response, ApiError> {
    let logs = of.logs(&app, &caller, Operation::AuditVerify)?;
    let keys = logs
        .iter()
        .map(|log| app.ledger.verifier_key(&log.origin).map(|key| format!("{key}\n")))
        .collect::<Result<String, _>>();
    Ok(plain(keys.map_err(|error| ApiError::internal("name the keys", error))?))
}

/// One entry by its `logEntryId`, with the proof that it stands in its organization's log.
#[utoipa::path(
    get, path = "/api/v1/entries/{logEntryId}", tag = "proof", params(("logEntryId" = String, Path), Of),
    responses((status = 200, body = EntryProof), (status = 404, body = ErrorBody))
)]
pub(crate) async fn entry(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(log_entry_id): Path<String>,
    Query(of): Query<Of>,
) -> Result<Json<EntryProof>, ApiError> {
    let organization = of.organization.as_deref().map(parse_organization).transpose()?;
    let scope = caller.scope(Operation::AuditSearch, organization.as_ref())?;
    let proof = prove(&app, &scope, &log_entry_id).await;
    let fields = DataLoadRequest::new(vec![resource(&log_entry_id)]);
    let event = AuditEvent::new::<DataLoad>("INDELIBLE_GET_ENTRY", fields, NoFields {});
    app.audit_read(&caller.actor(), &scope, event.ended(&proof)).await?;
    proof.map(Json)
}

pub(crate) async fn prove(app: &Arc<App>, scope: &Scope, log_entry_id: &str) -> Result<EntryProof, ApiError> {
    let found = app.engine.find(scope, app.snapshot(scope), log_entry_id).await?;
    if found.num_rows() == 0 {
        return Err(ApiError::not_found("entry with that logEntryId"));
    }
    let row = read(&found).map_err(|error| ApiError::internal("read the entry", error))?;
    let organization = parse_organization(&row.organization)?;
    let log = app.ledger.find(&organization).ok_or_else(|| ApiError::not_found("organization"))?;
    let generation = app.inventory.generation_at(&organization, row.received_at_us, log.generation);
    let bound = bind(app, &log, generation, row.seq).await?;
    let opening = opening(app, &log, generation, row.seq, bound.salt_key.clone()).await?;
    Ok(row.proven(&bound, opening))
}

/// What binds an entry to a signed root.
pub(crate) struct Bound {
    pub(crate) leaf: Hash,
    /// From the leaf to the root.
    pub(crate) path: Vec<Hash>,
    /// The note of the root.
    pub(crate) checkpoint: String,
    pub(crate) key: VerifierKey,
    /// From which the salts of its log follow.
    pub(crate) salt_key: SaltKey,
}

/// What shows the content of an entry.
enum Opening {
    /// Its salt.
    Salt([u8; 32]),
    /// The hash of a content that is erased or redacted.
    Hash(Digest),
}

/// Looks up how the content of the entry at `seq` is shown; `salt_key` is that of its log.
async fn opening(
    app: &Arc<App>,
    log: &Arc<OrganizationLog>,
    generation: u32,
    seq: u64,
    salt_key: SaltKey,
) -> Result<Opening, ApiError> {
    // Where nothing is encrypted or redacted the salt is that of the log.
    if app.content_keys.is_empty() && !app.redactions.any(&log.organization) {
        return Ok(Opening::Salt(salt_key.salt(seq)));
    }
    let look = move |entry: &entries::Entry<'_>| match entry.erased {
        Some(hash) => Opening::Hash(hash),
        None => Opening::Salt(entry.salt(&salt_key)),
    };
    let opening = Entries::one(app, log, generation, seq, look).await;
    opening.map_err(|error| ApiError::internal("read the entry", error))
}

/// Binds the entry at `seq` of a generation of a log.
pub(crate) async fn bind(app: &Arc<App>, log: &OrganizationLog, generation: u32, seq: u64) -> Result<Bound, ApiError> {
    if generation < log.generation {
        return bind_closed(app, &log.organization, generation, seq).await;
    }
    let failed = |error| ApiError::internal("prove the entry", error);
    // An entry acknowledged a moment ago may not be under a checkpoint yet.
    if app.ledger.checkpoint(log.number).is_none_or(|checkpoint| checkpoint.checkpoint.size <= seq) {
        app.publish().await?;
    }
    let checkpoint = app.ledger.checkpoint(log.number).ok_or_else(|| ApiError::not_found("checkpoint"))?;
    Ok(Bound {
        leaf: app.ledger.leaf(log.number, seq).map_err(failed)?,
        path: app.ledger.inclusion_proof(log.number, seq, checkpoint.checkpoint.size).map_err(failed)?,
        checkpoint: checkpoint.note.clone(),
        key: app.ledger.verifier_key(&log.origin).map_err(failed)?,
        salt_key: log.salt_key.clone(),
    })
}

/// The same of a generation that is closed, from the archive.
async fn bind_closed(app: &App, organization: &Organization, generation: u32, seq: u64) -> Result<Bound, ApiError> {
    let failed = |error: anyhow::Error| ApiError::internal("prove the entry", error);
    let opened = ClosedLog::open(&app.bucket, &app.inventory, organization, generation).await;
    let log = opened.map_err(|error| failed(error.into()))?;
    let bind = move || {
        let mut leaf = [Hash::ZERO];
        log.tile_hashes(0, seq, &mut leaf)?;
        let size = log.last().size();
        let path = inclusion_proof(&TileCache::new(&log, size), seq, size)?;
        let (checkpoint, key, salt_key) = (log.checkpoint()?, log.last().key.clone(), log.salt_key().clone());
        Ok(Bound { leaf: leaf[0], path, checkpoint, key, salt_key })
    };
    let bound: anyhow::Result<Bound> = match tokio::task::spawn_blocking(bind).await {
        Ok(bound) => bound,
        Err(error) => Err(error.into()),
    };
    bound.map_err(failed)
}

/// The place of the entry with this `logEntryId`, in the newest generation of the one log in `scope`.
pub(crate) async fn entry_place(app: &App, scope: &Scope, log_entry_id: &str) -> Result<u64, ApiError> {
    let missing = || ApiError::not_found("entry with that logEntryId");
    let log =
        scope.organizations().first().and_then(|organization| app.ledger.find(organization)).ok_or_else(missing)?;
    let mut snapshot = app.snapshot(scope);
    snapshot.files.retain(|file| file.generation == log.generation);
    let found = app.engine.find(scope, snapshot, log_entry_id).await?;
    if found.num_rows() == 0 {
        return Err(missing());
    }
    Ok(read(&found).map_err(|error| ApiError::internal("read the entry", error))?.seq)
}

/// One entry as text.
struct Entry {
    event: serde_json::Value,
    organization: String,
    seq: u64,
    received_at_us: i64,
    infrastructure: String,
    content: String,
}

impl Entry {
    fn proven(self, bound: &Bound, opening: Opening) -> EntryProof {
        let (salt, content, content_hash) = match opening {
            Opening::Salt(salt) => (hex::encode(salt), self.content, None),
            Opening::Hash(hash) => (String::new(), String::new(), Some(hex::encode(hash))),
        };
        EntryProof {
            event: self.event,
            organization: self.organization,
            seq: self.seq,
            received_at_us: self.received_at_us,
            infrastructure: self.infrastructure,
            content,
            salt,
            content_hash,
            leaf_hash: bound.leaf.to_string(),
            inclusion_proof: bound.path.iter().map(Hash::to_string).collect(),
            checkpoint: bound.checkpoint.clone(),
            verifier_key: bound.key.to_string(),
        }
    }
}

/// The first row of a batch.
fn read(batch: &RecordBatch) -> anyhow::Result<Entry> {
    let rows = RowDecoder::new(batch)?;
    let (mut infrastructure, mut content, mut event) = (Vec::new(), Vec::new(), Vec::new());
    rows.infrastructure(0, &mut infrastructure);
    rows.content(0, &mut content)?;
    rows.delivered(0, &mut Vec::new(), &mut event)?;
    Ok(Entry {
        event: serde_json::from_slice(&event)?,
        organization: rows.organization(0).to_owned(),
        seq: rows.seq(0),
        received_at_us: rows.received_at_us(0),
        infrastructure: String::from_utf8(infrastructure)?,
        content: String::from_utf8(content)?,
    })
}

/// The newest checkpoint of one log, at the place where C2SP clients look for it.
#[utoipa::path(
    get, path = "/log/{label}/{generation}/checkpoint", tag = "proof",
    params(("label" = String, Path), ("generation" = u32, Path)),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404, body = ErrorBody))
)]
pub(crate) async fn tlog_checkpoint(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((label, generation)): Path<(String, u32)>,
) -> Result<Response, ApiError> {
    if let Some(log) = closed_log(&app, &caller, &label, generation).await? {
        let checkpoint = log.checkpoint().map_err(|error| ApiError::internal("read the checkpoint", error))?;
        return Ok(plain(checkpoint));
    }
    let log = log_of(&app, &caller, &label, generation)?;
    let checkpoint = app.ledger.checkpoint(log.number).ok_or_else(|| ApiError::not_found("checkpoint"))?;
    Ok(plain(checkpoint.note.clone()))
}

/// A tile of one log: up to 256 hashes of one level, by the C2SP `tlog-tiles` paths.
#[utoipa::path(
    get, path = "/log/{label}/{generation}/tile/{tile}", tag = "proof",
    params(("label" = String, Path), ("generation" = u32, Path), ("tile" = String, Path, description = "for example 0/x001/067.p/12")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404, body = ErrorBody))
)]
pub(crate) async fn tile(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((label, generation, path)): Path<(String, u32, String)>,
) -> Result<Response, ApiError> {
    let missing = || ApiError::not_found("tile of that path");
    let Ok(TilePath::Hashes(tile)) = format!("tile/{path}").parse::<TilePath>() else { return Err(missing()) };
    let has = |size| Tile::of_size(tile.level(), tile.index(), size).is_some_and(|whole| whole.width() >= tile.width());
    let failed = |error: anyhow::Error| ApiError::internal("read the tile", error);
    let bytes = match closed_log(&app, &caller, &label, generation).await? {
        Some(log) if has(log.last().size()) => {
            let read = tokio::task::spawn_blocking(move || read_tile(&log, tile)).await;
            read.map_err(|error| failed(error.into()))?.map_err(|error| failed(error.into()))?
        }
        Some(_) => return Err(missing()),
        None => {
            let log = log_of(&app, &caller, &label, generation)?;
            let size = app.ledger.checkpoint(log.number).map_or(0, |checkpoint| checkpoint.checkpoint.size);
            if !has(size) {
                return Err(missing());
            }
            let read = app.ledger.tile(log.number, tile.level(), tile.index(), tile.width());
            read.map_err(|error| failed(error.into()))?
        }
    };
    Ok((
        [
            (header::CONTENT_TYPE, "application/octet-stream"),
            (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
        ],
        bytes,
    )
        .into_response())
}

/// The bytes of a tile of a closed log.
fn read_tile(log: &ClosedLog, tile: Tile) -> Result<Vec<u8>, ClosedError> {
    let mut hashes = vec![Hash::ZERO; usize::from(tile.width())];
    log.tile_hashes(tile.level(), tile.index() * u64::from(TILE_WIDTH), &mut hashes)?;
    Ok(hashes.iter().flat_map(|hash| hash.0).collect())
}

/// The log with this label of a generation that is closed, if the caller may verify it; `None` if it is not closed.
async fn closed_log(app: &App, caller: &Caller, label: &str, generation: u32) -> Result<Option<ClosedLog>, ApiError> {
    if generation >= app.ledger.generation() {
        return Ok(None);
    }
    let scope = caller.scope(Operation::AuditVerify, None)?;
    let organization = app.inventory.labelled(&scope, label, generation);
    let organization = organization.ok_or_else(|| ApiError::not_found("log of that name"))?;
    let opened = ClosedLog::open(&app.bucket, &app.inventory, &organization, generation).await;
    opened.map(Some).map_err(|error| ApiError::internal("open the closed log", error))
}

/// The log with this label, if the caller may verify it.
fn log_of(app: &App, caller: &Caller, label: &str, generation: u32) -> Result<Arc<OrganizationLog>, ApiError> {
    let logs = Of { organization: None }.logs(app, caller, Operation::AuditVerify)?;
    let found = logs.into_iter().find(|log| log.label == label && log.generation == generation);
    found.ok_or_else(|| ApiError::not_found("log of that name"))
}

fn plain(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
