//! What goes over the wire as Palantir Foundry writes it: log files, its errors, and OAuth 2.0.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of log files.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogFiles {
    /// In the order of the log; empty if there is nothing new.
    pub data: Vec<LogFileRef>,
    /// Continues the listing behind this page, now or at any later time.
    pub next_page_token: String,
}

/// A log file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogFileRef {
    /// Its id, which is opaque and stays the same.
    pub id: String,
}

/// A failed request, in the form of Foundry's APIs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundryErrorBody {
    /// Kind of error, such as `PERMISSION_DENIED`.
    pub error_code: String,
    /// The error itself, such as `ListLogFilesPermissionDenied`.
    pub error_name: String,
    /// This one failure.
    pub error_instance_id: String,
    /// What the error is about.
    #[schema(value_type = Object)]
    pub parameters: serde_json::Map<String, serde_json::Value>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

/// The answer to a client that asked for an access token (RFC 6749, section 5.1).
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct AccessToken {
    /// The token.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds until it ends.
    pub expires_in: u64,
    /// What it is for, separated by blanks.
    pub scope: String,
}

/// Why a client got no access token (RFC 6749, section 5.2).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OauthErrorBody {
    /// Such as `invalid_client`.
    pub error: String,
    /// For people.
    pub error_description: String,
}
