//! The operator's view: what is not already said by the requests and answers of search and SQL.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::OrganizationArchive;

/// An organization as the operator sees it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperatorOrganization {
    /// Its log and archive.
    #[serde(flatten)]
    pub archive: OrganizationArchive,
    /// Whether the operator is shown its people, sessions and tokens as pseudonyms.
    pub pseudonyms: bool,
}

/// The infrastructure part of one entry with the proof that it stands in its organization's log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperatorEntry {
    /// `indelible/operator-entry/v1`.
    pub format: String,
    /// The infrastructure part of the event, with `organization` and `seq`.
    #[schema(value_type = Object)]
    pub event: serde_json::Value,
    /// RID of the organization.
    pub organization: String,
    /// Its position in that log.
    pub seq: u64,
    /// When the server received it, microseconds since 1970.
    pub received_at_us: i64,
    /// The proof; absent where the organization shows pseudonyms, which are not what the log holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<InfrastructureProof>,
    /// Why there is no proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unproven: Option<String>,
}

/// How the infrastructure part is proven without the content.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InfrastructureProof {
    /// Canonical text of the infrastructure part.
    pub infrastructure: String,
    /// Salted hash of the content part, hexadecimal. The salt is not told.
    pub content_hash: String,
    /// Hash of the leaf, Base64.
    pub leaf_hash: String,
    /// Hashes from the leaf to the root, Base64.
    pub inclusion_proof: Vec<String>,
    /// The signed checkpoint that holds the root.
    pub checkpoint: String,
    /// The key the checkpoint is signed with, as a C2SP verifier key.
    pub verifier_key: String,
}

/// How the operator is shown an organization's entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OperatorView {
    /// Whether `uid`, `sid` and `tokenId` are shown as pseudonyms: stable, and of nobody known.
    pub pseudonyms: bool,
}
