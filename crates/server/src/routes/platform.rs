//! The platform log as C2SP `tlog-tiles` clients read it, and the policy for who must have signed it.
//!
//! It says nothing of any organization, so nobody needs a token for it: whoever wants to watch the operator can.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use indelible_api::ErrorBody;
use indelible_ledger::LedgerError;
use indelible_merkle::{TilePath, entry_bundle};

use crate::app::App;
use crate::error::ApiError;

/// The newest checkpoint of the platform log that the quorum of witnesses cosigned; the newest of all when there are no witnesses
/// or their quorum is missing.
#[utoipa::path(
    get, path = "/platform/{generation}/checkpoint", tag = "proof", params(("generation" = u32, Path)), security(()),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404, body = ErrorBody))
)]
pub(crate) async fn checkpoint(State(app): State<Arc<App>>, Path(generation): Path<u32>) -> Result<Response, ApiError> {
    check_generation(&app, generation)?;
    let checkpoint = app.served_checkpoint().ok_or_else(|| ApiError::not_found("checkpoint yet"))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], checkpoint)
        .into_response())
}

/// A tile of the platform log: up to 256 hashes of a level, or up to 256 entries.
#[utoipa::path(
    get, path = "/platform/{generation}/tile/{tile}", tag = "proof", security(()),
    params(("generation" = u32, Path), ("tile" = String, Path, description = "for example 0/x001/067.p/12 or entries/000")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404, body = ErrorBody))
)]
pub(crate) async fn tile(
    State(app): State<Arc<App>>,
    Path((generation, path)): Path<(u32, String)>,
) -> Result<Response, ApiError> {
    check_generation(&app, generation)?;
    let path = format!("tile/{path}").parse::<TilePath>();
    let path = path.map_err(|_| ApiError::not_found("tile of that path"))?;
    let read = tokio::task::spawn_blocking(move || read_tile(&app, path)).await;
    let bytes = match read.map_err(|error| ApiError::internal("read the tile", error))? {
        Ok(bytes) => bytes,
        Err(LedgerError::Outside { .. }) => return Err(ApiError::not_found("tile of that path")),
        Err(error) => return Err(ApiError::internal("read the tile", error)),
    };
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, bytes).into_response())
}

fn read_tile(app: &App, path: TilePath) -> Result<Vec<u8>, LedgerError> {
    let platform = app.ledger.platform_log();
    match path {
        TilePath::Hashes(tile) => platform.tile(tile.level(), tile.index(), tile.width()),
        TilePath::Entries(tile) => {
            let entries = platform.entries(tile.hashes())?;
            // Entries of a platform log always fit.
            Ok(entry_bundle(entries.iter().map(Vec::as_slice)).unwrap_or_default())
        }
    }
}

/// Who signs for the platform log and which witnesses must have cosigned, as C2SP `tlog-policy`: for `verify --policy`, and for
/// those who run a witness.
#[utoipa::path(
    get, path = "/api/v1/policy", tag = "proof", security(()),
    responses((status = 200, body = String, content_type = "text/plain"))
)]
pub(crate) async fn policy(State(app): State<Arc<App>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], app.witnesses.policy_text().to_owned()).into_response()
}

fn check_generation(app: &App, generation: u32) -> Result<(), ApiError> {
    let found = app.ledger.platform_log().generation() == generation;
    found.then_some(()).ok_or_else(|| ApiError::not_found("platform log of that generation here"))
}
