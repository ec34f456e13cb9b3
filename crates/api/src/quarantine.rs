//! Records that were refused and whose senders cannot be told.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A record that its sender refused, for the quarantine. Members that are not known here are ignored.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefusedRecord {
    /// Why, for programs: a code of the adapters, or `invalidEvent`. Another one becomes `other` and stands in the message.
    pub code: String,
    /// Why, for people; the first 4 KiB are kept.
    pub message: String,
    /// Tells it from equal records: the same for the same one whenever it is handed in again, and for no other equal one.
    pub occurrence: u32,
    /// Its length in bytes, which is more than `record` has where that is its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// The zone of times in it that name none: a name such as `Europe/Berlin`, or an offset; UTC if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// The year of times in it that name none; if absent, the newest that does not put them after it was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
    /// The record as it came, Base64; the first 1 MiB are kept.
    pub record: String,
}

/// A record in the quarantine.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quarantined {
    /// Names it within the organization.
    pub id: String,
    /// When it first came, RFC 3339.
    pub received: String,
    /// When it last came, RFC 3339.
    pub last: String,
    /// How often it came.
    pub times: u64,
    /// How it came, such as `hec` or `syslog/edge`.
    pub source: String,
    /// Id of the principal that sent it, or the listener.
    pub producer: String,
    /// The adapter it was meant for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// Why it was refused, for programs.
    pub code: String,
    /// Its length.
    pub bytes: u64,
    /// `waiting`, `replayed` or `dismissed`.
    pub state: String,
    /// Since when it does not wait any more, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

/// A record in the quarantine with what it holds.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuarantinedRecord {
    /// All but what it holds.
    #[serde(flatten)]
    pub item: Quarantined,
    /// How many equal records stood before it where it came in: part of the ids of what becomes of it.
    pub occurrence: u32,
    /// The zone of times in it that name none: a name such as `Europe/Berlin`, or an offset; UTC if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// The year of times in it that name none; if absent, the newest that does not put them after it was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
    /// Why it was refused, for people; absent if the record does not wait any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The record as it came, Base64; absent if it does not wait any more. Of one longer than 1 MiB, the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// The same as text, if it is UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A record in some organization's quarantine, as the operator sees it: nothing of what it holds.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperatorQuarantined {
    /// RID of the organization.
    pub organization: String,
    /// All but what it holds.
    #[serde(flatten)]
    pub item: Quarantined,
}

/// Which of the waiting records; all that wait if empty.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Selection {
    /// By id; at most 1,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// Those that came this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Those that were refused for this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Those after this place, as `next` of an answer names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Tries refused records again.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ReplayRequest {
    /// Which.
    #[serde(default)]
    pub select: Selection,
    /// The adapter to try, by name, in place of the one each was meant for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// In place of both: what the caller made of records, for example with an adapter of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repaired: Vec<Repair>,
}

/// What the caller made of a record.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Repair {
    /// The record.
    pub id: String,
    /// By which adapter, `NAME@VERSION`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// Its events: audit.3, at least one.
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<serde_json::Value>,
}

/// What became of records that were tried again. At most 1,000 are tried for one request, the oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// Records whose events are in the log now.
    pub replayed: u64,
    /// Those that were refused again; they go on waiting.
    pub refused: Vec<RefusedAgain>,
    /// Whether there are more that were meant and not tried.
    pub more: bool,
    /// Where to go on, if there are more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Why a record was refused again.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RefusedAgain {
    /// The record.
    pub id: String,
    /// Why, for programs.
    pub code: String,
    /// Why, for people.
    pub message: String,
}

/// How many records were given up.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Dismissed {
    /// Their number.
    pub dismissed: u64,
}
