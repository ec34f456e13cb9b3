//! Configuration: one TOML file, every key optional. Unknown keys are errors.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indelible_event::Organization;
use indelible_merkle::{WitnessKey, is_key_name};
use indelible_sink::Reach;
use serde::Deserialize;
use url::Url;

use crate::witnesses::GROUP;

mod receive;
mod signin;

pub(crate) use receive::{Quarantine, Receive, Route, Syslog, Transport};
pub(crate) use signin::{Provider, SignIn};

/// Everything `serve` can be told. The defaults need no file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Where everything is kept. Default `indelible-data`.
    pub data_dir: PathBuf,
    /// Address to listen on. Default `127.0.0.1:7070`. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// First part of the origin of every log, for example your domain. Default: a name made at the first start.
    /// It is part of every checkpoint and cannot be changed later.
    pub platform: Option<String>,
    /// The operator's own organization: it gets events of platform producers that name none.
    pub operator_organization: Organization,
    /// Whether each search and other read of an organization's log is an event in it. Default true.
    pub audit_reads: bool,
    /// Whether what lets log files go or ends an export waits for the approval of a second person. Default true.
    pub four_eyes: bool,
    /// How the operator may look at whole entries.
    pub investigations: Investigations,
    /// Seconds over which polls of the pull API that find nothing new are counted in one event. Default 3,600.
    pub empty_polls_seconds: u64,
    /// Where organizations, people, tokens and settings are.
    pub database: Database,
    /// What a stranger may send.
    pub limits: Limits,
    /// TLS. Default: none, plain HTTP.
    pub tls: Option<Tls>,
    /// Where browsers reach this server, such as `https://audit.example.com`. Default: its own address, if only this machine
    /// reaches that; else nobody can sign in.
    pub public_url: Option<Url>,
    /// How people sign in.
    pub sign_in: SignIn,
    /// The journal.
    pub journal: Journal,
    /// What a filling disk means.
    pub disk: Disk,
    /// Where the archive is.
    pub bucket: Bucket,
    /// Sealing and archiving.
    pub archive: Archive,
    /// Exports to tables.
    pub exports: Exports,
    /// Destinations outside.
    pub sinks: Sinks,
    /// What is refused and cannot be told to its sender.
    pub quarantine: Quarantine,
    /// Ways in beside HTTP, and adapters.
    pub receive: Receive,
    /// What one query may take.
    pub query: Query,
    /// Witnesses that must have cosigned a checkpoint of the platform log. Default: all of them.
    pub quorum: Option<usize>,
    /// Who cosigns checkpoints of the platform log.
    pub witness: Vec<Witness>,
}

/// Somebody who cosigns checkpoints, by C2SP `tlog-witness`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Witness {
    /// Its name in the policy.
    pub name: String,
    /// Its verifier key, as `indelible witness` prints it.
    pub key: String,
    /// Where it answers; `/add-checkpoint` is appended.
    pub url: String,
}

/// How the operator may look at whole entries.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Investigations {
    /// Hours for which an organization may approve one, at most. Default 8.
    pub hours_max: u32,
    /// Hours of one that begins without an approval, at most; 0 if there is no such way. Default 0.
    pub emergency_hours_max: u32,
}

impl Default for Investigations {
    fn default() -> Self {
        Self { hours_max: 8, emergency_hours_max: 0 }
    }
}

/// The control database.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Database {
    /// A PostgreSQL database that is this server's alone, `postgres://user@host:port/name`, with `?sslmode=verify-full` and
    /// `sslrootcert=FILE` where it is not on this machine. Default: the file `control.sqlite` of the data folder.
    pub url: Option<Url>,
    /// File of its password. Default: the environment's `PGPASSWORD`, if any.
    pub password_file: Option<PathBuf>,
}

/// What may be sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Limits {
    /// Longest event, bytes. Default 1 MiB.
    pub event_bytes: usize,
    /// Longest body after decompression, bytes. Default 64 MiB.
    pub body_bytes: usize,
    /// Bytes of all bodies being read at one time; more wait. Default 256 MiB.
    pub bodies_in_flight_bytes: usize,
    /// Deepest nesting of an event. Default 64.
    pub event_depth: usize,
    /// Most fields of an event. Default 4,096.
    pub event_fields: usize,
    /// Seconds for a request's body to arrive. Default 60.
    pub body_seconds: u64,
    /// Seconds for the head of a request to arrive, once it has begun. Default 10.
    pub header_seconds: u64,
    /// Longest head of a request, bytes. Default 16 KiB.
    pub header_bytes: usize,
    /// Longest path and query of a request, bytes. Default 8 KiB.
    pub target_bytes: usize,
    /// Seconds for which a connection without a request stays open. Default 100: longer than clients keep theirs.
    pub idle_seconds: u64,
    /// Seconds for which a client may take nothing of its answer. Default 120.
    pub answer_seconds: u64,
    /// Seconds for a TLS handshake. Default 10.
    pub handshake_seconds: u64,
    /// Connections at one time. Further ones are closed at once. Default 1,024.
    pub connections: usize,
    /// Connections at one time from one IPv4 address or IPv6 network of 64 bits. Default 256.
    pub connections_per_address: usize,
    /// Unknown credentials that one address may present within a minute before further ones get 429. Default 20.
    pub failures_per_minute: u32,
}

/// TLS from files in PEM, which are read again when they change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tls {
    /// The server's certificate, followed by those that lead to its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Authorities of client certificates. Clients may present one, and need not. Default: none are asked for.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
    /// Seconds between two looks at the files. Default 60.
    #[serde(default = "default_reload_seconds")]
    pub reload_seconds: u64,
}

fn default_reload_seconds() -> u64 {
    60
}

/// The journal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Journal {
    /// Size of a segment, bytes. Default 64 MiB.
    pub segment_bytes: u64,
    /// Segments kept ready, written with zeros. Default 2.
    pub spare_segments: usize,
    /// Bytes that may wait to be written before producers are told to come back. Default 128 MiB.
    pub queue_bytes: usize,
    /// Bytes that may wait for one organization. It never gets more than is free for the others. Default 64 MiB.
    pub organization_queue_bytes: usize,
    /// Bytes that may come in for one organization each second; 0 for any number. Default 0.
    pub organization_bytes_per_second: u64,
    /// Event ids remembered in memory before they go to disk. Default 1,000,000.
    pub memory_identities: usize,
    /// Days for which an event's id is remembered, so that a repeat is recognised. Default 30.
    pub identity_days: u32,
}

/// What a filling disk means. Percent of the file system of the data folder, as `df` shows them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Disk {
    /// From here on an alarm is raised. Default 70.
    pub alarm_percent: u8,
    /// From here on only priority organizations may send events; others get 429. Default 85.
    pub priority_percent: u8,
    /// From here on nobody may send events; all get 503. Default 95.
    pub stop_percent: u8,
    /// Organizations that may send longest. The operator's own is always one. Default none.
    pub priority_organizations: Vec<Organization>,
    /// Room set aside in the file `reserve` and given up when the disk is full, bytes; 0 for none. Default 64 MiB.
    pub reserve_bytes: u64,
}

/// Where the archive is, and how to reach it. A local folder needs nothing but its path.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Bucket {
    /// A path, `file:///path`, `s3://bucket/prefix` or `azure://container/prefix`. Default: the folder `archive` of the data
    /// folder. A data folder keeps its bucket.
    pub url: Option<String>,
    /// Region of S3. Default: that of the environment, else `us-east-1`.
    pub region: Option<String>,
    /// Address of a compatible store, or of the account of Azure. Default: that of Amazon or Azure.
    pub endpoint: Option<String>,
    /// Whether the name of an S3 bucket stands in the path. Default: true with an endpoint.
    pub path_style: Option<bool>,
    /// Whether the endpoint may be plain `http`. Default false.
    pub allow_http: bool,
    /// Storage account of Azure. Default: that of the environment.
    pub account: Option<String>,
    /// File of credentials. Default: those of the environment, else of the machine.
    pub credentials_file: Option<PathBuf>,
    /// Days for which the store itself must retain each object of the archive; 0 for none. Default 0.
    pub retention_days: u32,
    /// Who may end a retention earlier: `compliance` nobody, `governance` whoever has the right. Default `compliance`.
    pub retention_mode: RetentionMode,
    /// Whether each object of the archive gets a legal hold. Default false.
    pub legal_hold: bool,
    /// Seconds for one request, in which an object of the largest size has to pass. Default 120.
    pub request_seconds: u64,
    /// Seconds after which a request that fails is not repeated at once; the server comes back to it. Default 30.
    pub retry_seconds: u64,
}

/// Who may end the retention of an object before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetentionMode {
    /// Nobody.
    Compliance,
    /// Whoever has the right for it.
    Governance,
}

/// Sealing and archiving.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Archive {
    /// Canonical bytes of a log file at most. Default 256 MiB.
    pub log_file_bytes: u64,
    /// Seconds after which waiting entries are sealed. Default 900.
    pub age_seconds: u64,
    /// Organizations with fewer waiting entries than this wait until midnight UTC, unless a client pulls their log files.
    /// Default 1,000.
    pub few_entries: u64,
    /// Seconds for which archived entries stay in the journal all the same. Default 60.
    pub journal_seconds: u64,
    /// Journal bytes above which everything that waits is sealed. Default 4 GiB.
    pub journal_bytes_max: u64,
    /// Seconds after which acknowledged entries are copied to the bucket, long before their log file is sealed. Default 60.
    pub journal_copy_seconds: u64,
    /// Hours for which a copy stays after its entries were received, once they are in log files. Default 48.
    pub journal_copy_hours: u32,
    /// Hours between two checks of the archive by the server itself; 0 for none. Default 24.
    pub self_check_hours: u32,
    /// Seconds between two looks for log files that an organization no longer keeps. Default 3,600.
    pub retention_seconds: u64,
    /// Days that no organization's retention may be shorter than: what is gone does not come back. Default 30.
    pub retention_days_min: u32,
    /// Hours within which every event is archived. At half of it an alarm is raised. Default 24.
    pub promise_hours: u32,
}

/// Exports to tables.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Exports {
    /// Folders, and places such as `s3://lake/audit` or `azure://lake/audit`, below which tables may be: administrators of
    /// organizations choose where, the server writes with its own rights. Default: the folder `exports` of the data folder.
    pub destinations: Vec<String>,
    /// How the object stores among them are reached; as for the archive, without `url` and without locks.
    pub bucket: Bucket,
    /// Seconds between two looks for new log files. Default 60.
    pub every_seconds: u64,
    /// Seconds between two rounds of retention, compaction and checkpoints of a table. Default 3,600.
    pub maintenance_seconds: u64,
    /// Seconds without success after which an alarm is raised. Default 3,600.
    pub alarm_seconds: u64,
    /// Bytes of log files that one commit adds at most. Default 4 GiB.
    pub commit_bytes: u64,
    /// Log files that one commit adds at most. Default 1,000.
    pub commit_files: usize,
}

/// What one query may take.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Query {
    /// Memory of all queries together, bytes; past it they spill to disk or are refused. Default 512 MiB.
    pub memory_bytes: usize,
    /// Longest run time, seconds. Default 300.
    pub seconds: u64,
    /// Most rows of an answer. Default 10,000,000.
    pub rows: u64,
    /// Queries at one time; more wait. Default 4.
    pub concurrent: usize,
    /// How many of them may be over one organization, and how many of the operator's view. Default one less than all, so
    /// that nobody keeps the others waiting.
    pub concurrent_per_organization: Option<usize>,
}

impl Query {
    pub(crate) fn concurrent_per_organization(&self) -> usize {
        self.concurrent_per_organization.unwrap_or(self.concurrent.saturating_sub(1)).clamp(1, self.concurrent.max(1))
    }
}

/// Destinations outside that administrators of organizations may choose.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Sinks {
    /// Hosts that sinks may talk to, such as `siem.example.com` or `*.example.com`, whatever their addresses are; `*` for any host
    /// that has a public address. Default empty, which is the same as `*`
    /// alone: nothing is reached that only this machine or its network reaches.
    pub hosts: Vec<String>,
    /// Folders, and places such as `s3://lake/events` or `azure://lake/events`, below which sinks may write files: administrators
    /// of organizations choose where, the server writes with its own rights. Sinks write no files without it. Default empty.
    pub destinations: Vec<String>,
    /// How the object stores among them are reached; as for exports. Default: `exports.bucket`.
    pub bucket: Option<Bucket>,
    /// Seconds without progress after which an alarm is raised, while entries wait. Default 600.
    pub alarm_seconds: u64,
}

impl Sinks {
    /// How far a sink may reach for `host`; `None` if not at all.
    pub(crate) fn reach(&self, host: &str) -> Option<Reach> {
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let is_it = |allowed: &String| match allowed.strip_prefix("*.") {
            Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
            None => host == *allowed,
        };
        if self.hosts.iter().any(is_it) {
            return Some(Reach::Any);
        }
        (self.hosts.is_empty() || self.hosts.iter().any(|allowed| allowed == "*")).then_some(Reach::Public)
    }
}

impl Default for Sinks {
    fn default() -> Self {
        Self { hosts: Vec::new(), destinations: Vec::new(), bucket: None, alarm_seconds: 600 }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: "indelible-data".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 7070)),
            platform: None,
            operator_organization: default_operator(),
            audit_reads: true,
            four_eyes: true,
            investigations: Investigations::default(),
            empty_polls_seconds: 3600,
            database: Database::default(),
            limits: Limits::default(),
            tls: None,
            public_url: None,
            sign_in: SignIn::default(),
            journal: Journal::default(),
            disk: Disk::default(),
            bucket: Bucket::default(),
            archive: Archive::default(),
            exports: Exports::default(),
            sinks: Sinks::default(),
            quarantine: Quarantine::default(),
            receive: Receive::default(),
            query: Query::default(),
            quorum: None,
            witness: Vec::new(),
        }
    }
}

#[allow(clippy::expect_used, reason = "the text is a constant and tested")]
fn default_operator() -> Organization {
    "ri.indelible..organization.operator".parse().expect("the default RID is well-formed")
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            event_bytes: 1 << 20,
            body_bytes: 64 << 20,
            bodies_in_flight_bytes: 256 << 20,
            event_depth: 64,
            event_fields: 4096,
            body_seconds: 60,
            header_seconds: 10,
            header_bytes: 16 << 10,
            target_bytes: 8 << 10,
            idle_seconds: 100,
            answer_seconds: 120,
            handshake_seconds: 10,
            connections: 1024,
            connections_per_address: 256,
            failures_per_minute: 20,
        }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            spare_segments: 2,
            queue_bytes: 128 << 20,
            organization_queue_bytes: 64 << 20,
            organization_bytes_per_second: 0,
            memory_identities: 1_000_000,
            identity_days: 30,
        }
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self {
            alarm_percent: 70,
            priority_percent: 85,
            stop_percent: 95,
            priority_organizations: Vec::new(),
            reserve_bytes: 64 << 20,
        }
    }
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            url: None,
            region: None,
            endpoint: None,
            path_style: None,
            allow_http: false,
            account: None,
            credentials_file: None,
            retention_days: 0,
            retention_mode: RetentionMode::Compliance,
            legal_hold: false,
            request_seconds: 120,
            retry_seconds: 30,
        }
    }
}

impl Default for Archive {
    fn default() -> Self {
        Self {
            log_file_bytes: 256 << 20,
            age_seconds: 900,
            few_entries: 1000,
            journal_seconds: 60,
            journal_bytes_max: 4 << 30,
            journal_copy_seconds: 60,
            journal_copy_hours: 48,
            self_check_hours: 24,
            retention_seconds: 3600,
            retention_days_min: 30,
            promise_hours: 24,
        }
    }
}

impl Default for Exports {
    fn default() -> Self {
        Self {
            destinations: Vec::new(),
            bucket: Bucket::default(),
            every_seconds: 60,
            maintenance_seconds: 3600,
            alarm_seconds: 3600,
            commit_bytes: 4 << 30,
            commit_files: 1000,
        }
    }
}

impl Default for Query {
    fn default() -> Self {
        Self {
            memory_bytes: 512 << 20,
            seconds: 300,
            rows: 10_000_000,
            concurrent: 4,
            concurrent_per_organization: None,
        }
    }
}

/// The file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It could not be read.
    #[error("read the configuration {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// It says something that is not understood.
    #[error("configuration {path}: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and what is wrong.
        message: String,
    },
    /// A value is not possible.
    #[error("configuration: {0}")]
    Value(String),
}

impl Config {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read or says something not understood.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let config: Self = toml::from_str(&text)
            .map_err(|error| ConfigError::Parse { path: path.to_owned(), message: error.to_string() })?;
        config.check()?;
        Ok(config)
    }

    /// Checks what types cannot say.
    ///
    /// # Errors
    /// When a value is not possible.
    pub fn check(&self) -> Result<(), ConfigError> {
        let refuse = |message: &str| Err(ConfigError::Value(message.to_owned()));
        if self.journal.segment_bytes < 8 << 20 || self.journal.segment_bytes > 1 << 30 {
            return refuse("journal.segment-bytes must be from 8 MiB to 1 GiB");
        }
        if self.limits.event_bytes > 1 << 20 {
            return refuse("limits.event-bytes must be at most 1 MiB: a journal frame holds one event whole");
        }
        self.check_listener()?;
        self.public_url.as_ref().map_or(Ok(()), signin::check_public_url).map_err(ConfigError::Value)?;
        self.sign_in.check().map_err(ConfigError::Value)?;
        self.quarantine.check().and_then(|()| self.receive.check(self.tls.is_some())).map_err(ConfigError::Value)?;
        let Disk { alarm_percent, priority_percent, stop_percent, .. } = self.disk;
        if alarm_percent > priority_percent || priority_percent > stop_percent || stop_percent > 100 {
            return refuse("disk.alarm-percent, priority-percent and stop-percent must not fall, and be at most 100");
        }
        if let Some(url) = &self.database.url {
            if !matches!(url.scheme(), "postgres" | "postgresql") || url.path().len() < 2 {
                return refuse(
                    "database.url must be postgres://user@host:port/name; without it a file of the data folder is used",
                );
            }
            if url.password().is_some() {
                return refuse(
                    "database.url must hold no password; put it into a file and name that in database.password-file",
                );
            }
        }
        if self.query.concurrent == 0 {
            return refuse("query.concurrent must be at least 1");
        }
        if self.query.concurrent_per_organization == Some(0) {
            return refuse("query.concurrent-per-organization must be at least 1");
        }
        if self.archive.promise_hours == 0 {
            return refuse("archive.promise-hours must be at least 1");
        }
        if self.bucket.request_seconds == 0 {
            return refuse("bucket.request-seconds must be at least 1");
        }
        if let Err(error) = self.bucket.location() {
            return refuse(&format!("{error:#}"));
        }
        Self::check_places("exports", &self.exports.destinations, Some(&self.exports.bucket))?;
        Self::check_places("sinks", &self.sinks.destinations, self.sinks.bucket.as_ref())?;
        if let Some(platform) = &self.platform
            && (platform.is_empty()
                || platform.len() > 100
                || !platform.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b)))
        {
            return refuse("platform must be 1 to 100 of A-Z a-z 0-9 . _ - /");
        }
        self.check_witnesses()
    }

    fn check_listener(&self) -> Result<(), ConfigError> {
        let refuse = |message: String| Err(ConfigError::Value(message));
        let limits = &self.limits;
        for (key, value) in [
            ("limits.body-seconds", limits.body_seconds),
            ("limits.header-seconds", limits.header_seconds),
            ("limits.idle-seconds", limits.idle_seconds),
            ("limits.answer-seconds", limits.answer_seconds),
            ("limits.handshake-seconds", limits.handshake_seconds),
            ("limits.connections", limits.connections as u64),
            ("limits.connections-per-address", limits.connections_per_address as u64),
            ("limits.failures-per-minute", limits.failures_per_minute.into()),
            ("tls.reload-seconds", self.tls.as_ref().map_or(1, |tls| tls.reload_seconds)),
        ] {
            if !(1..=1 << 31).contains(&value) {
                return refuse(format!("{key} must be from 1 to 2^31"));
            }
        }
        for (key, value) in [("limits.header-bytes", limits.header_bytes), ("limits.target-bytes", limits.target_bytes)]
        {
            if !(1 << 10..=64 << 10).contains(&value) {
                return refuse(format!("{key} must be from 1 KiB to 64 KiB"));
            }
        }
        Ok(())
    }

    /// Checks below what a section lets others write, and how it reaches that.
    fn check_places(section: &str, places: &[String], bucket: Option<&Bucket>) -> Result<(), ConfigError> {
        let refuse = |message: String| Err(ConfigError::Value(message));
        if bucket.is_some_and(|bucket| bucket.url.is_some() || bucket.retention_days > 0 || bucket.legal_hold) {
            return refuse(format!(
                "{section}.bucket says how stores are reached: url, retention-days and legal-hold do not belong there"
            ));
        }
        if bucket.is_some_and(|bucket| bucket.request_seconds == 0) {
            return refuse(format!("{section}.bucket.request-seconds must be at least 1"));
        }
        for place in places {
            if let Err(error) = place.parse::<indelible_storage::Location>() {
                return refuse(format!("{section}.destinations: {error}"));
            }
        }
        Ok(())
    }

    fn check_witnesses(&self) -> Result<(), ConfigError> {
        let refuse = |message: String| Err(ConfigError::Value(message));
        if self.quorum.is_some_and(|quorum| quorum > self.witness.len()) {
            return refuse(format!("quorum must be at most the number of witnesses, {}", self.witness.len()));
        }
        for (place, Witness { name, key, url }) in self.witness.iter().enumerate() {
            let taken = self.witness[..place].iter().any(|other| other.name == *name);
            if !is_key_name(name) || name == "none" || name == GROUP || name.starts_with('#') || taken {
                return refuse(format!(
                    "the name of witness {name:?} must be a word of its own, and not none or {GROUP}"
                ));
            }
            if let Err(error) = key.parse::<WitnessKey>() {
                return refuse(format!("the key of witness {name}: {error}"));
            }
            if !(url.starts_with("http://") || url.starts_with("https://")) {
                return refuse(format!("the url of witness {name} must begin with http:// or https://"));
            }
        }
        Ok(())
    }

    /// Cosignatures that a checkpoint of the platform log needs; 0 if none.
    pub fn quorum(&self) -> usize {
        self.quorum.unwrap_or(self.witness.len())
    }

    /// Longest run time of a query.
    pub fn query_time(&self) -> Duration {
        Duration::from_secs(self.query.seconds)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(text: &str, expected: Result<(), &str>) {
        let parsed = toml::from_str::<Config>(text)
            .map_err(|e| e.to_string())
            .and_then(|c| c.check().map_err(|e| e.to_string()));
        match expected {
            Ok(()) => parsed.unwrap(),
            Err(part) => {
                let message = parsed.unwrap_err();
                assert!(message.contains(part), "{message}");
            }
        }
    }

    #[test]
    fn a_file_may_be_empty_and_unknown_keys_are_errors() {
        check("", Ok(()));
        check("data-dir = '/var/lib/indelible'\nlisten = '0.0.0.0:80'\n[archive]\nage-seconds = 60\n", Ok(()));
        check("data_dir = 'x'", Err("unknown field"));
        check("[journal]\nsegment-bytes = 1000", Err("8 MiB"));
        check("[database]\nurl = 'postgres://indelible@db:5432/control?sslmode=verify-full'", Ok(()));
        check("[database]\nurl = 'mysql://db/control'", Err("database.url must be"));
        check("[database]\nurl = 'postgres://indelible:secret@db/control'", Err("database.password-file"));
        check("platform = 'a b'", Err("platform must be"));
        check("[bucket]\nurl = 's3://audit/prod'\nretention-days = 30\nretention-mode = 'governance'", Ok(()));
        check("[bucket]\nurl = 'gs://audit'", Err("known are"));
        check("[bucket]\nretention-mode = 'none'", Err("unknown variant"));
        check("[sinks]\ndestinations = ['/srv/out', 's3://lake/events']\n[sinks.bucket]\nregion = 'eu'", Ok(()));
        check("[sinks]\ndestinations = ['gs://lake']", Err("sinks.destinations"));
        check("[sinks.bucket]\nurl = 's3://lake'", Err("sinks.bucket says how"));
        check("[exports.bucket]\nlegal-hold = true", Err("exports.bucket says how"));
        check("[exports.bucket]\nrequest-seconds = 0", Err("exports.bucket.request-seconds"));
        check("[disk]\nalarm-percent = 90\npriority-percent = 90\npriority-organizations = ['ri.a..b.c']", Ok(()));
        check("[disk]\nalarm-percent = 90", Err("must not fall"));
        check("[disk]\nstop-percent = 101", Err("at most 100"));
        check("[tls]\ncertificate = 'c.pem'\nkey = 'k.pem'\nclient-ca = 'ca.pem'", Ok(()));
        check("[tls]\ncertificate = 'c.pem'", Err("missing field `key`"));
        check("[tls]\ncertificate = 'c.pem'\nkey = 'k.pem'\nreload-seconds = 0", Err("tls.reload-seconds"));
        check("[limits]\nidle-seconds = 0", Err("limits.idle-seconds must be from 1"));
        check("[limits]\nheader-bytes = 100", Err("limits.header-bytes must be from 1 KiB"));
    }

    #[test]
    fn hosts_that_are_named_may_have_any_address() {
        let check = |hosts: &[&str], host: &str, expected| {
            let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
            assert_eq!(Sinks { hosts, ..Sinks::default() }.reach(host), expected, "{host}");
        };
        check(&[], "siem.example.com", Some(Reach::Public));
        check(&["*"], "siem.example.com", Some(Reach::Public));
        check(&["*", "siem.example.com"], "SIEM.example.com", Some(Reach::Any));
        check(&["siem.example.com"], "example.com", None);
        check(&["*.example.com"], "siem.example.com", Some(Reach::Any));
        check(&["*.example.com"], "example.com", None);
        check(&["*.example.com"], "siemexample.com", None);
        check(&["::1", "127.0.0.1"], "[::1]", Some(Reach::Any));
        check(&["::1", "127.0.0.1"], "127.0.0.2", None);
    }

    #[test]
    fn witnesses_have_names_keys_and_a_quorum_that_can_be_reached() {
        let key =
            |seed| indelible_merkle::WitnessSigner::from_seed("w.example", &[seed; 32]).unwrap().key().to_string();
        let witness =
            |name: &str, key: &str| format!("[[witness]]\nname = '{name}'\nkey = '{key}'\nurl = 'http://w'\n");
        let two = witness("north", &key(1)) + &witness("south", &key(2));
        check(&two, Ok(()));
        check(&format!("quorum = 1\n{two}"), Ok(()));
        check(&format!("quorum = 0\n{two}"), Ok(()));
        check(&format!("quorum = 3\n{two}"), Err("at most the number of witnesses, 2"));
        check("quorum = 1", Err("at most the number of witnesses, 0"));
        check(&witness("a b", &key(1)), Err("must be a word of its own"));
        check(&witness("none", &key(1)), Err("must be a word of its own"));
        check(&witness("witnesses", &key(1)), Err("must be a word of its own"));
        check(&(witness("north", &key(1)) + &witness("north", &key(2))), Err("must be a word of its own"));
        check(&witness("north", "x"), Err("the key of witness north"));
        check(&witness("north", &key(1)).replace("http:", "ftp:"), Err("must begin with http://"));
    }
}
