//! Who calls: a bearer token, looked up before anything else is read.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::{header, request::Parts};
use indelible_api::ErrorCode;
use indelible_control::Principal;

use crate::app::App;
use crate::error::ApiError;

/// The authenticated principal of a request.
pub(crate) struct Caller(pub(crate) Arc<Principal>);

impl Deref for Caller {
    type Target = Principal;
    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let refuse = |message| ApiError::new(ErrorCode::Unauthenticated, message);
        let header = parts.headers.get(header::AUTHORIZATION).ok_or_else(|| {
            refuse("this needs a token: send the header `Authorization: Bearer TOKEN`; the administrator's token is in DATA-DIR/admin.token on the server")
        })?;
        let token = header
            .to_str()
            .ok()
            .and_then(|text| text.strip_prefix("Bearer "))
            .ok_or_else(|| refuse("the Authorization header must be `Bearer TOKEN`"))?;
        let principal = app.control.authenticate(token.trim(), app.now_us());
        principal.map(Self).ok_or_else(|| refuse("the token is unknown or has ended"))
    }
}
