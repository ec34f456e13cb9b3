//! Errors in the form of Palantir Foundry's APIs.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use indelible_api::{ErrorCode, FoundryErrorBody};
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::ids;

/// A failed request of `/api/v2`.
#[derive(Debug)]
pub(crate) struct FoundryError {
    status: StatusCode,
    code: &'static str,
    name: &'static str,
    parameters: Map<String, Value>,
    description: Option<String>,
    retry_after_seconds: Option<u64>,
}

impl FoundryError {
    fn new(status: StatusCode, code: &'static str, name: &'static str) -> Self {
        Self { status, code, name, parameters: Map::new(), description: None, retry_after_seconds: None }
    }

    /// The caller may not do this, or there is no such thing: one answer for both.
    pub(crate) fn permission_denied(name: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", name)
    }

    /// The request cannot be understood.
    pub(crate) fn invalid_argument(name: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", name)
    }

    #[cfg(test)]
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn describe(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }
}

/// Everything that is the same in all our APIs, by the default names of Foundry's.
impl From<ApiError> for FoundryError {
    fn from(error: ApiError) -> Self {
        let (code, name) = match error.code().status() {
            400 => ("INVALID_ARGUMENT", "Default:InvalidArgument"),
            401 => ("UNAUTHORIZED", "Default:Unauthorized"),
            403 => ("PERMISSION_DENIED", "Default:PermissionDenied"),
            404 => ("NOT_FOUND", "Default:NotFound"),
            429 => ("TOO_MANY_REQUESTS", "Default:TooManyRequests"),
            503 => ("SERVICE_UNAVAILABLE", "Default:ServiceUnavailable"),
            _ => ("INTERNAL", "Default:Internal"),
        };
        let status = StatusCode::from_u16(error.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after_seconds = error.retry_after_seconds();
        Self { retry_after_seconds, ..Self::new(status, code, name).describe(error.message()) }
    }
}

impl IntoResponse for FoundryError {
    fn into_response(self) -> Response {
        let error_instance_id = ids::fresh().to_string();
        tracing::debug!(error_instance_id, name = self.name, description = self.description, "request refused");
        let body = FoundryErrorBody {
            error_code: self.code.to_owned(),
            error_name: self.name.to_owned(),
            error_instance_id,
            parameters: self.parameters,
            error_description: self.description,
        };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status.as_u16() == ErrorCode::Unauthenticated.status() {
            let challenge = HeaderValue::from_static("Bearer realm=\"indelible\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
