//! What a service answers instead of what was asked for.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use indelible_sdk::EmitError;
use serde_json::json;

/// Why a request was not served. An event that is open when a handler returns one says `UNAUTHORIZED` for the first two, which answer 401 and
/// 403, and `ERROR` for the others: the SDK sees to it.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// 401
    #[error("sign in first: the password is wrong, or the token is not good or not good any more")]
    Unauthenticated,
    /// 403
    #[error("you may not do that; ask for access with POST /requests of compass")]
    Forbidden,
    /// 404
    #[error("there is no such thing")]
    NotFound,
    /// 507
    #[error("there is no more room; this is only an example")]
    Full,
    /// 500: the audit log has no trace of it, so it is not done.
    #[error("not without a trace in the audit log")]
    Audit(#[from] EmitError),
    /// 502, with the reason for the service's own log.
    #[error("another service did not answer as it should")]
    Unavailable(String),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match &self {
            Refusal::Unauthenticated => StatusCode::UNAUTHORIZED,
            Refusal::Forbidden => StatusCode::FORBIDDEN,
            Refusal::NotFound => StatusCode::NOT_FOUND,
            Refusal::Full => StatusCode::INSUFFICIENT_STORAGE,
            Refusal::Audit(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Refusal::Unavailable(reason) => {
                tracing::error!(reason, "another service is in the way");
                StatusCode::BAD_GATEWAY
            }
        };
        (status, Json(json!({"error": self.to_string()}))).into_response()
    }
}
