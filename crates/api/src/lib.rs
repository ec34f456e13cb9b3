//! The HTTP contract: what goes over the wire and what it is called.
//!
//! Types here say nothing about how the server works. The OpenAPI document is made from them.

mod clients;
mod operator;
mod people;
mod pull;
mod quarantine;
mod requests;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use clients::{ClientAnswer, ClientSummary, CreateClient};
pub use operator::{InfrastructureProof, OperatorEntry, OperatorOrganization, OperatorView};
pub use people::{
    CreateGrant, GrantSummary, LocalSignIn, Me, MyOrganization, MySession, PasswordAnswer, PersonSummary, SetPassword,
    SignInProvider, SignInWays, SignedOut,
};
pub use pull::{AccessToken, FoundryErrorBody, LogFileRef, LogFiles, OauthErrorBody};
pub use quarantine::{
    Dismissed, OperatorQuarantined, Quarantined, QuarantinedRecord, RefusedAgain, RefusedRecord, Repair, ReplayRequest,
    Replayed, Selection,
};
pub use requests::{
    CreateInvestigation, EntryRange, Reason, RedactEntries, RedactedEntries, RedactionState, RequestState,
};

/// The answer to every request that failed as a whole.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// What went wrong with a request.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDetail {
    /// Stable code, for programs.
    #[schema(value_type = String)]
    pub code: ErrorCode,
    /// What happened and what to do, for people.
    pub message: String,
    /// The request, as it is named in the server's own log.
    pub request_id: String,
}

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])* $variant:ident = $status:literal,)*) => {
        /// Stable codes of failed requests.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub enum ErrorCode {
            $($(#[doc = $doc])* $variant,)*
        }

        impl ErrorCode {
            /// The HTTP status it is sent with.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
        }
    };
}

error_codes! {
    /// The request could not be understood.
    InvalidRequest = 400,
    /// Path and query are longer than the limit.
    TargetTooLong = 414,
    /// The search or SQL text could not be understood.
    InvalidQuery = 400,
    /// Nothing of the body could be read.
    UnreadableBody = 400,
    /// The body came too slowly, or not to its end: nothing is wrong with what it held, send it again.
    BodyTooSlow = 408,
    /// No token, or one that is unknown or has ended.
    Unauthenticated = 401,
    /// The token does not allow this, or there is no such organization.
    PermissionDenied = 403,
    /// The request comes from another site's page, or lacks the token that shows that it does not.
    CrossSite = 403,
    /// The password was made by the server: send `newPassword` with it.
    PasswordMustChange = 403,
    /// There is no such thing, or it is not yours to see.
    NotFound = 404,
    /// It exists already.
    AlreadyExists = 409,
    /// The body is larger than the limit.
    BodyTooLarge = 413,
    /// The query needs more memory, rows or time than one query may have.
    QueryLimit = 422,
    /// Too much is waiting to be written; try again after `Retry-After` seconds.
    Busy = 429,
    /// One organization has too much waiting, or sends too much a second; try again after `Retry-After` seconds.
    OrganizationBusy = 429,
    /// The server's disk is filling up, and only priority organizations may send; try again after `Retry-After` seconds.
    DiskFilling = 429,
    /// Too many unknown credentials came from this address; try again after `Retry-After` seconds, or with a valid one at once.
    TooManyFailures = 429,
    /// Something failed in the server; the request id finds it in the server's log.
    Internal = 500,
    /// The server's disk is full. Send the events again with the same `logEntryId` after `Retry-After` seconds.
    DiskFull = 503,
    /// The server's clock jumped; nothing is taken in until the operator has accepted it.
    ClockStopped = 503,
    /// The bucket has not been reached since the server started: events are taken in, and nothing is signed yet.
    BucketAway = 503,
    /// Intake is stopped. Events may or may not be stored: send them again with the same `logEntryId`.
    IntakeStopped = 503,
}

/// The answer to `POST /api/v1/events`: one outcome for each event, in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct EventsAnswer {
    /// Events stored now.
    pub new: u64,
    /// Events stored before with the same bytes.
    pub duplicate: u64,
    /// Events refused.
    pub refused: u64,
    /// One for each event, in order.
    pub outcomes: Vec<EventOutcome>,
    /// The receipts of this answer as signed notes, one after the other; only where the request asked for them with the
    /// header `Indelible-Receipts: signed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipts: Option<String>,
}

/// What became of one event.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventOutcome {
    /// Its line in the body, or its place in the array, from 1.
    pub line: u64,
    /// `new`, `duplicate` or `refused`.
    pub status: EventStatus,
    /// The event's id; made by the server when the event had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_entry_id: Option<String>,
    /// One promise for each organization it belongs to. The event survives power loss at the server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<EventReceipt>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<EventRefusal>,
}

/// What became of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EventStatus {
    /// Stored now.
    New,
    /// Stored before with the same bytes.
    Duplicate,
    /// Not stored; the error says why.
    Refused,
}

/// The promise that an event stands at `seq` in an organization's log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventReceipt {
    /// RID of the organization.
    pub organization: String,
    /// Its position in that log.
    pub seq: u64,
    /// Hash of its leaf, Base64.
    pub leaf_hash: String,
}

/// Why one event was refused.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventRefusal {
    /// Stable code.
    pub code: String,
    /// The field, if one is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The category that asks for the field or does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
}

/// A search.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SearchRequest {
    /// The search; empty finds everything. See the reference page on search.
    #[serde(default)]
    pub query: String,
    /// RID of the organization; all that may be read if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Earliest event time: RFC 3339, a date, or an age such as `7d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// End of the event times, exclusive: as `since`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// At most so many events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// `newest` (default) or `oldest` first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// `json` (default: one event a line, as delivered), `csv` or `table`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<TableFormat>,
}

/// Order of search results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Order {
    /// Latest event time first.
    #[default]
    Newest,
    /// Earliest event time first.
    Oldest,
}

/// The answer to a count.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Count {
    /// Matching events.
    pub count: u64,
}

/// An SQL query.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlRequest {
    /// One `select` over the table `events` (or `entries`). See the reference page on SQL.
    pub query: String,
    /// RID of the organization; all that may be read if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// `json` (default: one object a line), `csv` or `table`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<TableFormat>,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum TableFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// RFC 4180, with a header line.
    Csv,
    /// Aligned columns, for people.
    Table,
}

/// One entry with the proof that it stands in its organization's log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntryProof {
    /// The event as delivered.
    #[schema(value_type = Object)]
    pub event: serde_json::Value,
    /// RID of the organization.
    pub organization: String,
    /// Its position in that log.
    pub seq: u64,
    /// When the server received it, microseconds since 1970.
    pub received_at_us: i64,
    /// Canonical text of the infrastructure part.
    pub infrastructure: String,
    /// Canonical text of the content part.
    pub content: String,
    /// Salt of the content hash, hexadecimal.
    pub salt: String,
    /// If the content is erased: its hash, hexadecimal; content and salt are empty then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
    /// Hash of the leaf, Base64.
    pub leaf_hash: String,
    /// Hashes from the leaf to the root, Base64.
    pub inclusion_proof: Vec<String>,
    /// The signed checkpoint that holds the root.
    pub checkpoint: String,
    /// The key the checkpoint is signed with, as a C2SP verifier key.
    pub verifier_key: String,
}

/// Asks for a proof bundle: one entry, a range, a window of time, or all of the log; and what to look for in it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BundleRequest {
    /// RID of the organization.
    pub organization: String,
    /// Only this entry, by its `logEntryId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_entry_id: Option<String>,
    /// `seq` of the first entry; 0 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_seq: Option<u64>,
    /// `seq` of the last entry; the end of the log if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_seq: Option<u64>,
    /// Entries the server received then or later: RFC 3339, a date, or an age such as `7d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_from: Option<String>,
    /// Entries the server received before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_to: Option<String>,
    /// A search; what it does not find is shown without content. See the reference page on search.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// How rows are written: `jsonl` (default), `csv` or `parquet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// Checkpoints kept from earlier, one note after the other: the bundle shall prove that it continues them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub since: String,
}

/// An organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationSummary {
    /// Its RID.
    pub organization: String,
    /// Name of its log in checkpoints; absent while the log is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Entries in its log, the genesis entry included.
    pub size: u64,
    /// Entries that are archived.
    pub archived: u64,
}

/// Creates an organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateOrganization {
    /// Its RID, `ri.indelible..organization.<id>`.
    pub organization: String,
    /// Who administers it besides whoever creates it: `person:ID` or `group:PROVIDER/NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administrator: Option<String>,
}

/// Creates a token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CreateToken {
    /// Name of who will use it.
    pub name: String,
    /// RID of the organization, or `*` for the operator's reach.
    pub organization: String,
    /// Operations, such as `audit:emit`.
    pub operations: Vec<String>,
    /// Seconds until it ends; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u64>,
    /// The adapter through which goes what is sent with it over other systems' protocols, such as `cloudtrail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
}

/// A new token. It is shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TokenAnswer {
    /// The token.
    pub token: String,
}

/// Creates an export of an organization's log to a table. Nothing of it can be changed later.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CreateExport {
    /// Name within the organization, 1 to 64 of `A-Z a-z 0-9 . _ -`.
    pub name: String,
    /// The table's folder, which must be empty: an absolute path or `file:///PATH`, below a folder that the operator allows.
    pub destination: String,
    /// `audit.3`, which is also meant if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_type: Option<String>,
    /// Only events whose `time` is on this day, UTC, or later: `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// Days that rows stay after they were added, 1 to 730; for ever if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u16>,
    /// Whether each row has its salt, with which it proves itself.
    #[serde(default)]
    pub salt: bool,
    /// Who may read the table: principals and groups, as text. It is recorded and shown; the place the table stands in enforces it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<String>,
}

/// An export and how far it is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportState {
    /// Name within the organization.
    pub name: String,
    /// RID of the organization.
    pub organization: String,
    /// The table's folder.
    pub destination: String,
    /// The kind of log.
    pub log_type: String,
    /// Only events of this day, UTC, or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// Days that rows stay after they were added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u16>,
    /// Whether each row has its salt.
    pub salt: bool,
    /// Who may read the table, as stated.
    pub readers: Vec<String>,
    /// `active` or `disabled`.
    pub state: String,
    /// When it was created, RFC 3339.
    pub created: String,
    /// When it was disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<String>,
    /// How far the table is; absent until the server has read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<ExportProgress>,
    /// The last failure, if the newest attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// How far the table of an export is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportProgress {
    /// Rows in the table.
    pub rows: u64,
    /// Files of the table.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Version of the table.
    pub version: u64,
    /// Archived rows that are not in the table yet; where the start date falls into a log file, all rows of it.
    pub waiting_rows: u64,
    /// Log files with such rows.
    pub waiting_files: u64,
    /// Age of the oldest such row, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_seconds: Option<f64>,
    /// The last commit of rows since the server started, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_commit: Option<String>,
}

/// State of the archive.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArchiveStatus {
    /// One for each organization.
    pub organizations: Vec<OrganizationArchive>,
    /// Bytes of the local journal. This and what follows is of the whole server, and for tokens with an operation of the
    /// operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_bytes: Option<u64>,
    /// The last failure of archiving, if the newest attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Copies of the journal in the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_copies: Option<JournalCopies>,
    /// The last time the server checked its archive; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_check: Option<SelfCheck>,
    /// The bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<BucketStatus>,
}

/// The bucket, and whether it keeps what is locked in it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BucketStatus {
    /// Where it is.
    pub place: String,
    /// `enforced`: the store refuses to change or remove what is archived; `evident only`: verification shows it; `unknown`:
    /// not tried yet, or it could not be reached.
    pub tier: String,
    /// When locks were last tried, RFC 3339; absent before the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<String>,
    /// What was tried, and how it ended.
    #[serde(default)]
    pub findings: Vec<String>,
}

/// Copies of the journal: what is acknowledged and in no log file yet outlives the server's disk in them.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JournalCopies {
    /// Copies in the bucket.
    pub copies: u64,
    /// Age of the oldest acknowledged entry that is neither in a copy nor in a log file, seconds; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_uncopied_seconds: Option<f64>,
    /// How old the oldest entry of the newest copy was when that was read back from the bucket, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_copy_lag_seconds: Option<f64>,
    /// The last failure of copying, if the newest attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// What the server found when it last checked its archive as an auditor would.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SelfCheck {
    /// When the check ended, RFC 3339.
    pub finished: String,
    /// `verified`, `notVerified` or `unknown`.
    pub outcome: String,
    /// The outcome in a sentence.
    pub summary: String,
    /// Entries proven from their rows.
    pub entries: u64,
    /// How long the check took.
    pub seconds: f64,
}

/// State of one organization's archive.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationArchive {
    /// RID of the organization.
    pub organization: String,
    /// Entries in its log.
    pub size: u64,
    /// Entries that are archived and read back.
    pub archived: u64,
    /// Log files in the archive.
    pub log_files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Age of the oldest entry not yet archived, seconds; absent if none waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_unarchived_seconds: Option<f64>,
}

/// What one producer emitted in one hour, in one organization's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountingRow {
    /// RID of the organization.
    pub organization: String,
    /// Id of the producer's credential.
    pub producer: String,
    /// The producer's epoch; absent for events that were not numbered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// Beginning of the hour of `received_at`, RFC 3339.
    pub hour: String,
    /// Events the producer numbered: those accepted and those missing; absent for events that were not numbered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emitted: Option<u64>,
    /// Entries in the log.
    pub accepted: u64,
    /// Numbers below those of this hour that no entry bears: lost on the way, refused, or of a log the caller may not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<u64>,
    /// The missing numbers, at most the first hundred ranges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// Of the accepted ones, those in the archive.
    pub archived: u64,
    /// Of the accepted ones, those that all exports of the organization have taken account of: each is in the table, or of a
    /// day before the export's first. Null without exports, and while the table of one was not read since the server started.
    pub exported: Option<u64>,
}

/// Consecutive numbers that no entry bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// The first one.
    pub first: u64,
    /// The last one.
    pub last: u64,
}

/// What runs here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `ok`, or what is wrong.
    pub status: String,
    /// Version of the server.
    pub version: String,
    /// Kinds of the alarms that are on, each once. Details are at `/api/v1/alarms`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub alarms: Vec<AlarmKind>,
}

macro_rules! alarm_kinds {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal,)*) => {
        /// What an alarm is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        pub enum AlarmKind {
            $($(#[doc = $doc])* #[serde(rename = $name)] $variant,)*
        }

        impl AlarmKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name, as in answers and metrics.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

alarm_kinds! {
    /// The disk of the data folder is filling up; the message says what is refused meanwhile.
    DiskSpace = "diskSpace",
    /// An organization's oldest event waits for longer than half of the promised time to be archived.
    ArchiveDeadline = "archiveDeadline",
    /// What was derived again from the archive is not what was signed.
    SelfCheckFailed = "selfCheckFailed",
    /// Too few witnesses have signed the newest checkpoint.
    WitnessQuorumMissing = "witnessQuorumMissing",
    /// The clock jumped; intake waits for `indelible doctor --accept-clock`.
    ClockStopped = "clockStopped",
    /// What is acknowledged is not copied to the bucket in time; the loss of the disk would lose it.
    JournalCopyLate = "journalCopyLate",
    /// The bucket has not been reached since the server started: nothing is archived, and no checkpoint is signed.
    BucketAway = "bucketAway",
    /// The control database does not answer: tokens and settings cannot be changed.
    DatabaseAway = "databaseAway",
    /// The server's TLS certificate has ended or will soon, or its new files cannot be used.
    CertificateUnusable = "certificateUnusable",
    /// Nothing could be added to the table of an export for long.
    ExportStalled = "exportStalled",
    /// A producer used one `logEntryId` for two different events.
    LogEntryIdReused = "logEntryIdReused",
    /// The bucket's locks are configured and do not hold: what is archived could be removed.
    LocksDoNotHold = "locksDoNotHold",
    /// A sink of an organization delivers nothing, or has events that its destination does not take.
    SinkStalled = "sinkStalled",
    /// Many records of an organization were refused whose senders cannot be told; they wait in the quarantine.
    QuarantineGrows = "quarantineGrows",
    /// The quarantine is full: records that nobody looked at had to go.
    QuarantineFull = "quarantineFull",
}

/// A token, without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenSummary {
    /// Id of the token, as events name it in `tokenId`; no secret.
    pub token_id: String,
    /// Id of whom it is for, as events name it in `uid`.
    pub principal: String,
    /// Name of whom it is for.
    pub name: String,
    /// RID of the organization, or `*` for the operator's operations.
    pub organization: String,
    /// What it allows.
    pub operations: Vec<String>,
    /// When it was made, RFC 3339.
    pub created: String,
    /// When it ends, RFC 3339; absent if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// When it was last presented, RFC 3339, to the minute; absent if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<String>,
    /// The adapter through which goes what is sent with it that is no event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
}

/// A name of client certificates to register.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CreateCertificate {
    /// A DNS name or URI of the certificates' `subjectAltName`.
    pub subject: String,
    /// RID of the organization whose events they send, or `*` for the operator's reach.
    pub organization: String,
    /// `audit:emit` and no other.
    pub operations: Vec<String>,
}

/// A registered name of client certificates.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateSummary {
    /// Id of the registration; entries name it as their producer.
    pub certificate_id: String,
    /// A DNS name or URI of the certificates' `subjectAltName`.
    pub subject: String,
    /// RID of the organization, or `*` for the operator's reach.
    pub organization: String,
    /// What it allows.
    pub operations: Vec<String>,
    /// When it was registered, RFC 3339.
    pub created: String,
}

/// A log file and when it became one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArchivedLogFile {
    /// Name of the object in the bucket.
    pub object: String,
    /// Generation of the log.
    pub generation: u32,
    /// `seq` of its first entry.
    pub first: u64,
    /// `seq` of its last entry.
    pub last: u64,
    /// Size of the object.
    pub bytes: u64,
    /// SHA-256 of the object, hex.
    pub sha256: String,
    /// When its first entry was received, RFC 3339.
    pub received_first: String,
    /// When its last entry was received, RFC 3339.
    pub received_last: String,
    /// When it was sealed, RFC 3339.
    pub sealed: String,
    /// When the store took it, by the store's clock, RFC 3339; absent while the bucket has not been asked since the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<String>,
    /// When it had been read back and compared, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_back: Option<String>,
    /// Seconds from when its first entry was received until it had been read back: what is promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_seconds: Option<f64>,
}

/// How long an organization's log files are kept.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRetention {
    /// Days from when the last entry of a log file was received; for ever if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Whether nothing goes, whatever the days, until this is set again.
    #[serde(default)]
    pub hold: bool,
    /// Why, for who has to approve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How long an organization's log files are kept, and what is gone.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetentionState {
    /// RID.
    pub organization: String,
    /// Days from when the last entry of a log file was received; for ever if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Whether nothing goes, whatever the days.
    pub hold: bool,
    /// When that was set, RFC 3339; absent if nothing was ever set, and everything is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Days for which the bucket locks each log file; 0 if it does not.
    pub lock_days: u32,
    /// Log files that were removed. Their hashes and manifests are there.
    pub removed_files: u64,
    /// Log files that a retention entry names, and that are still there.
    pub going_files: u64,
}

/// Header of an answer to a search or SQL: RIDs of organizations of which content was erased, a space between. Their older
/// entries are there by their infrastructure part alone.
pub const ERASED_HEADER: &str = "indelible-erased";

/// Whether the content of an organization's log is encrypted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EncryptionState {
    /// RID.
    pub organization: String,
    /// Whether what comes in is encrypted.
    pub on: bool,
    /// Id of the key in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Ids of the keys that were destroyed: what is encrypted under them is gone.
    pub erased: Vec<String>,
}

/// Asks for the destruction of an organization's content keys.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EraseKey {
    /// Why; recorded in the log.
    pub reason: String,
    /// That it is meant.
    #[serde(default)]
    pub yes: bool,
}

/// An alarm that is on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlarmState {
    /// What it is about.
    #[schema(value_type = String)]
    pub kind: AlarmKind,
    /// RID of the organization; absent if it is about the whole server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// When it was raised, RFC 3339.
    pub since: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// A new sink.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateSink {
    /// Its name within the organization: 1 to 64 of `a-z 0-9 -`.
    pub name: String,
    /// Format, destination and batches; see docs/guides/sinks.md.
    pub settings: serde_json::Value,
    /// The token, password or key of the destination. It is never answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Deliver what was received since: RFC 3339, a date, or an age such as `7d`; from now on if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// The secret is not shown.
impl std::fmt::Debug for CreateSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreateSink").field("name", &self.name).field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A sink and how it is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SinkState {
    /// RID of the organization.
    pub organization: String,
    /// Its name.
    pub name: String,
    /// Format, destination and batches, without the secret.
    pub settings: serde_json::Value,
    /// `idle`, `delivering`, `failing`, `disabled`.
    pub state: String,
    /// Entries that wait to be delivered.
    pub lag_entries: u64,
    /// Age of the oldest of them in seconds; absent if there is none or it is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_seconds: Option<f64>,
    /// Events delivered.
    pub delivered: u64,
    /// Attempts that failed since the server started.
    pub failures: u64,
    /// Events that the destination refused for good.
    pub dead_letters: u64,
    /// When the destination last took something, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success: Option<String>,
    /// The last failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<SinkError>,
}

/// A failure of a sink.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SinkError {
    /// When, RFC 3339.
    pub at: String,
    /// What the destination said or what went wrong.
    pub message: String,
}

/// Switches a sink on or off.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnableSink {
    /// Whether it runs.
    pub enabled: bool,
}

/// What a destination said to a test event.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SinkTest {
    /// Whether it took it.
    pub delivered: bool,
    /// What it said, if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// From when on a sink is to deliver, again if it did already.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackfillSink {
    /// What was received since: RFC 3339, a date, or an age such as `7d`.
    pub from: String,
}

/// An event that a destination refused.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SinkDeadLetter {
    /// Which generation of the log.
    pub generation: u32,
    /// Its place there.
    pub seq: u64,
    /// What the destination said.
    pub reason: String,
    /// When, RFC 3339.
    pub at: String,
}

/// What became of dead letters.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SinkReplay {
    /// Taken by the destination now.
    pub delivered: u64,
    /// Still dead letters.
    pub left: u64,
}
