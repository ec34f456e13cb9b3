//! What one person asks for and another decides.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody asked for, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestState {
    /// Its id.
    pub request_id: String,
    /// RID of the organization whose log it is about.
    pub organization: String,
    /// What would be done, for people.
    pub action: String,
    /// Why, in the words of who asked.
    pub reason: String,
    /// Id of the principal that asked.
    pub requested_by: String,
    /// When, RFC 3339.
    pub requested: String,
    /// From when on nobody can decide it, RFC 3339.
    pub lapses: String,
    /// `waiting`, `approved`, `refused`, `withdrawn` or `lapsed`; of an investigation also `active`, `emergency` (active, and
    /// nobody approved it) and `ended`.
    pub state: String,
    /// Id of the principal that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// When, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<String>,
    /// Until when an investigation goes on, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
    /// What whoever approved it has to know, for people: in the answer to an approval alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Entries one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EntryRange {
    /// `seq` of the first.
    pub first: u64,
    /// `seq` of the last.
    pub last: u64,
}

/// Asks for entries to lose their content for ever.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedactEntries {
    /// Generation of the log; the newest if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    /// Which entries, at most 100 stretches of 100,000 entries together.
    pub entries: Vec<EntryRange>,
    /// Why; recorded in the log.
    pub reason: String,
}

/// Entries that are redacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RedactedEntries {
    /// Generation of the log.
    pub generation: u32,
    /// `seq` of the first.
    pub first: u64,
    /// `seq` of the last.
    pub last: u64,
}

/// How far the redaction of an organization's entries is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RedactionState {
    /// RID.
    pub organization: String,
    /// `none`; `recorded`: the log says so; `redacted`: no reader sees the contents any more; `complete`: nor does this server or
    /// its bucket hold them.
    pub state: String,
    /// How many entries are redacted, or are to be.
    pub entries: u64,
    /// Which.
    pub redacted: Vec<RedactedEntries>,
    /// What still holds contents, for people.
    pub left: Vec<String>,
    /// Exports that had taken entries before they were redacted: their tables hold the contents.
    pub exports: Vec<String>,
    /// Sinks that had.
    pub sinks: Vec<String>,
    /// Why the newest attempt failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// Asks to see whole entries of an organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateInvestigation {
    /// RID of the organization.
    pub organization: String,
    /// Why: the organization reads it.
    pub reason: String,
    /// The ticket it belongs to.
    pub ticket: String,
    /// For how many hours, from the approval on.
    pub hours: u32,
    /// Whether to begin without an approval, where the operator's configuration has that way.
    #[serde(default)]
    pub emergency: bool,
}

/// Why something is asked for that another person has to approve.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// In words that whoever decides reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
