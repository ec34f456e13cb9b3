//! The witness over HTTP.

use crate::{Refusal, Witness};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tower_http::timeout::TimeoutLayer;

/// Longest request in bytes: 63 hashes and a checkpoint with many signatures.
const MAX_BODY_BYTES: usize = 256 << 10;
/// Time for a request to arrive and be answered.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers `POST /add-checkpoint` as C2SP `tlog-witness` has it, and `GET /` with the witness's key and the logs it knows.
pub fn router(witness: Arc<Witness>) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/add-checkpoint", post(add_checkpoint))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .with_state(witness)
}

async fn index(State(witness): State<Arc<Witness>>) -> String {
    let mut text = format!("witness {}\n", witness.key());
    for log in witness.logs() {
        let size = log.size.map_or_else(|| "-".to_owned(), |size| size.to_string());
        // Writing to a string does not fail.
        let _ = writeln!(text, "log {} {size}", log.origin);
    }
    text
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Bytes) -> Response {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let decided = tokio::task::spawn_blocking(move || witness.add_checkpoint(&body, now)).await;
    match decided {
        Ok(Ok(signature)) => signature.to_string().into_response(),
        Ok(Err(refusal)) => refuse(&refusal),
        Err(error) => {
            tracing::error!(%error, "a request failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn refuse(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::Malformed(_) | Refusal::BadCheckpoint => StatusCode::BAD_REQUEST,
        Refusal::UnknownLog { .. } => StatusCode::NOT_FOUND,
        Refusal::NotSigned => StatusCode::FORBIDDEN,
        Refusal::Conflict { size } => {
            let headers = [(header::CONTENT_TYPE, "text/x.tlog.size")];
            return (StatusCode::CONFLICT, headers, format!("{size}\n")).into_response();
        }
        Refusal::NotConsistent { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::NotDurable(error) => {
            tracing::error!(error = error as &dyn std::error::Error, "a checkpoint could not be remembered");
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    (status, format!("{refusal}\n")).into_response()
}
