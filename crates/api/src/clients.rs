//! OAuth clients of an organization.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Creates a client: a service that gets short-lived access tokens by client id and secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CreateClient {
    /// Name of who will use it.
    pub name: String,
    /// RID of the organization.
    pub organization: String,
    /// What it may do there, such as `audit-export:view`.
    pub operations: Vec<String>,
}

/// A new client. The secret is shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientAnswer {
    /// Its id, which is no secret.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

/// A client.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientSummary {
    /// Its id; events name it as `uid`.
    pub client_id: String,
    /// Name of who uses it.
    pub name: String,
    /// RID of the organization.
    pub organization: String,
    /// What it may do there.
    pub operations: Vec<String>,
    /// When it was created, RFC 3339.
    pub created: String,
}
