//! What a request gets when it fails: a stable code, a message for people, a request id. The cause goes to the log only.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use indelible_api::{ErrorBody, ErrorCode, ErrorDetail};
use indelible_control::Denied;
use indelible_intake::{ClockStop, SubmitError};
use indelible_query::QueryError;

use crate::disk;
use crate::listen::body::TooSlow;

/// A failed request.
#[derive(Debug)]
pub(crate) struct ApiError {
    code: ErrorCode,
    message: String,
    retry_after_seconds: Option<u64>,
}

impl ApiError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let retry_after_seconds = matches!(code, ErrorCode::Busy | ErrorCode::IntakeStopped).then_some(1);
        Self { code, message: message.into(), retry_after_seconds }
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after_seconds
    }

    /// Says when to try again.
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after_seconds: Some(seconds), ..self }
    }

    /// Something failed in the server. `attempt` and the chain of causes go to the log.
    pub(crate) fn internal(attempt: &str, error: impl Into<anyhow::Error>) -> Self {
        let error: anyhow::Error = error.into();
        tracing::error!(error = format!("{error:#}"), "{attempt} failed");
        Self::new(ErrorCode::Internal, format!("the server could not {attempt}; its log says why"))
    }

    /// The same answer for what does not exist and what is not yours.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("no {what}, or not one that this token may see"))
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        Self::new(ErrorCode::PermissionDenied, denied.to_string())
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        let code = match error {
            QueryError::Search(_) | QueryError::Sql(_) => ErrorCode::InvalidQuery,
            QueryError::Busy => ErrorCode::Busy,
            QueryError::TimedOut { .. } | QueryError::Memory { .. } => ErrorCode::QueryLimit,
            QueryError::Unreadable(_) | QueryError::Internal(_) => return Self::internal("answer the query", error),
        };
        Self::new(code, error.to_string())
    }
}

/// A JSON body of type `T`; what is wrong with it is answered as every other error is.
pub(crate) struct Input<T>(pub(crate) T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(JsonRejection::BytesRejection(error)) => Err(match TooSlow::in_chain(&error) {
                Some(too_slow) => ApiError::new(ErrorCode::BodyTooSlow, too_slow.to_string()),
                None => ApiError::new(ErrorCode::UnreadableBody, error.body_text()),
            }),
            Err(error) => Err(ApiError::new(ErrorCode::InvalidRequest, error.body_text())),
        }
    }
}

/// `organization` names the one of a number, for people.
pub(crate) fn submit_error(error: SubmitError, organization: impl Fn(u32) -> String) -> ApiError {
    match error {
        SubmitError::Busy { .. } => ApiError::new(ErrorCode::Busy, error.to_string()),
        SubmitError::OrganizationBusy { number, retry_after_seconds } => {
            let message = format!(
                "{} has as much waiting to be written, or sends as much a second, as one organization may; nothing was stored, \
                 send the events again in {retry_after_seconds} seconds",
                organization(number)
            );
            ApiError::new(ErrorCode::OrganizationBusy, message).retry_after(retry_after_seconds)
        }
        SubmitError::NoRoom => disk::full(),
        SubmitError::ClockStopped(stop) => clock_stopped(stop),
        SubmitError::Stopped | SubmitError::Unknown => ApiError::new(ErrorCode::IntakeStopped, error.to_string()),
    }
}

/// The answer while the clock is not believed.
pub(crate) fn clock_stopped(stop: ClockStop) -> ApiError {
    ApiError::new(ErrorCode::ClockStopped, SubmitError::ClockStopped(stop).to_string()).retry_after(10)
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut id = [0u8; 8];
        // Without random bytes the id is zeros: still an answer.
        let _ = getrandom::fill(&mut id);
        let request_id = hex::encode(id);
        tracing::debug!(request_id, code = ?self.code, message = self.message, "request refused");
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = ErrorBody { error: ErrorDetail { code: self.code, message: self.message, request_id } };
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == ErrorCode::Unauthenticated {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"indelible\""));
        }
        response
    }
}
