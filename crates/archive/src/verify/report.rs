//! What a verification found.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::platform_log::PlatformReport;
use crate::receipts::ReceiptReport;

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Everything is as it was signed.
    Verified,
    /// Something was changed, dropped, reordered or added.
    NotVerified,
    /// Nothing wrong was seen, and not everything could be looked at, or nothing vouches for the key.
    Unknown,
}

impl Outcome {
    /// The exit code of a command: 0 verified, 1 not, 2 could not tell.
    pub fn exit_code(self) -> u8 {
        match self {
            Outcome::Verified => 0,
            Outcome::NotVerified => 1,
            Outcome::Unknown => 2,
        }
    }
}

/// Where the key came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "source", content = "keys")]
pub enum Trust {
    /// The reader gave keys, and these signed.
    Given(Vec<String>),
    /// No key was given; the archive names these itself.
    Archive(Vec<String>),
}

impl Trust {
    /// The keys, each under its platform's name.
    pub fn keys(&self) -> &[String] {
        match self {
            Trust::Given(keys) | Trust::Archive(keys) => keys,
        }
    }
}

/// What is wrong. The text of a code never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FindingCode {
    /// An object that a manifest names is not there.
    MissingObject,
    /// An object's length or SHA-256 is not what the manifest says.
    ChangedObject,
    /// An object that no manifest names.
    UnnamedObject,
    /// The manifest of a run is missing, and objects of the run are there or later runs are.
    MissingManifest,
    /// A manifest that cannot be read, or stands in another's place.
    BadManifest,
    /// A manifest or checkpoint whose signature is not right.
    BadSignature,
    /// A manifest signed by a key that is not among those given, or not the one its log began with.
    OtherKey,
    /// A manifest does not name the one before it by its hash, or contradicts it.
    BrokenChain,
    /// The salt key is not the one that genesis commits to.
    OtherSaltKey,
    /// The first entry is no genesis entry, or not that of this log.
    BadGenesis,
    /// A log file, though it is what was signed, cannot be read as one.
    BadLogFile,
    /// A row is not in the one form that rows have, or out of its place.
    BadRow,
    /// What the manifest says of the run is not so.
    OtherFacts,
    /// An entry is not the one in the tree.
    OtherEntry,
    /// A hash of a completed subtree is not that of the leaves below it.
    OtherSubtree,
    /// The tree over all entries does not have the root that was signed.
    OtherRoot,
    /// Two logs are of one organization, or one generation does not follow the other.
    OtherGeneration,
    /// The archive is shorter than a checkpoint kept from earlier.
    CutTail,
    /// The archive continues another history than the one a checkpoint kept from earlier is of.
    OtherHistory,
    /// A log of which a checkpoint was kept is not there.
    MissingLog,
    /// A checkpoint kept from earlier is itself not signed as it must be; or that of a bundle is not of its tree.
    BadCheckpoint,
    /// The statement of a bundle cannot be read, or contradicts itself.
    BadBundle,
    /// A proof of a bundle is not in its form, or not about what it must be.
    BadProof,
    /// The epoch that is to bind the log's size and root does not, or is not in the platform log.
    OtherEpoch,
    /// The witnesses that the reader's policy asks for have not signed.
    NoQuorum,
    /// An entry that the filter of a bundle looks for is not shown whole.
    MissingMatch,
    /// An entry that the filter of a bundle does not look for is shown as one.
    OtherMatch,
    /// The rows of a bundle do not cover its window of time exactly.
    OutsideWindow,
    /// A receipt is not signed as it must be.
    BadReceipt,
    /// An entry for which there is a receipt is not there, or is another.
    BrokenReceipt,
    /// An entry of the platform log that is not what it must be at its place.
    BadPlatformEntry,
    /// The object that says who opened a generation cannot be read, or is of another platform.
    BadClaim,
    /// A copy of the journal cannot be read.
    BadCopy,
    /// A note about a redaction that cannot be read, stands in another's place, or is about no run that is there.
    BadRedaction,
    /// Entries without content that no redaction entry of their organization names.
    HiddenContent,
}

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What is wrong.
    pub code: FindingCode,
    /// Whose log, where known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub organization: Option<String>,
    /// `<label>/<generation>` of the log, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// The object concerned, by its name in the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The first entry that is bad, or may be: the first of those the object holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seq: Option<u64>,
    /// The last entry that may be bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seq: Option<u64>,
    /// For people.
    pub message: String,
}

/// Something that kept the verifier from looking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// What could not be looked at.
    pub path: String,
    /// Why.
    pub message: String,
}

/// What is in the archive of one generation of one organization's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogReport {
    /// Whose log; empty if no manifest could be read.
    pub organization: String,
    /// `<label>/<generation>`
    pub log: String,
    /// The generation.
    pub generation: u32,
    /// Verifier key of the log, as its manifests name it.
    pub key: String,
    /// Entries covered by the last manifest: the size of the tree.
    pub entries: u64,
    /// Root of the tree of that size, base64; only where it was computed from the entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Runs, each with a log file.
    pub log_files: u64,
    /// Bytes of the log files.
    pub bytes: u64,
    /// Bytes of the canonical parts of all entries.
    pub canonical_bytes: u64,
    /// `received_at` of the first entry, microseconds since 1970 UTC.
    pub received_first_us: i64,
    /// `received_at` of the last entry, microseconds since 1970 UTC: nothing is said of what came later.
    pub received_last_us: i64,
    /// Log files that are not there because a retention entry of the organization's log names them; their hashes are.
    #[serde(default)]
    pub dropped_log_files: u64,
    /// Entries in them.
    #[serde(default)]
    pub dropped_entries: u64,
    /// The key under which the newest encrypted content is; absent if none is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_key: Option<String>,
    /// Entries that are verified by the hash of their content, because it is encrypted under a key that was not given.
    #[serde(default)]
    pub unread_entries: u64,
    /// The keys of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread_keys: Vec<String>,
    /// Entries that are verified by the hash of their content, because its key was destroyed.
    #[serde(default)]
    pub erased_entries: u64,
    /// Entries that are verified by the hash of their content, because a redaction entry of the organization's log names them.
    #[serde(default)]
    pub redacted_entries: u64,
    /// Entries that such an entry names and whose content is still there: the redaction is under way.
    #[serde(default)]
    pub unredacted_entries: u64,
    /// Log files that others took the place of, because entries of them are redacted, and that are still there.
    #[serde(default)]
    pub superseded_log_files: u64,
    /// How it ended, if a later generation says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closed>,
}

/// That a generation takes no more entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Closed {
    /// The generation whose genesis entry says so.
    pub by_generation: u32,
    /// Largest size anybody is known to have been shown. Receipts from the log's size up to it are not fulfilled.
    pub witnessed_size: u64,
}

impl LogReport {
    /// What retention took from it and how it ended, for people.
    fn ending(&self) -> String {
        let mut text = match self.dropped_log_files {
            0 => String::new(),
            files => format!(
                "; of these {} entries in {files} log files were dropped by its retention, their hashes are there",
                self.dropped_entries
            ),
        };
        if self.erased_entries > 0 {
            text += &format!("; the content of {} entries is erased, its hashes are there", self.erased_entries);
        }
        if self.redacted_entries > 0 {
            text += &format!("; redacted {} entries, the hashes of their content are there", self.redacted_entries);
        }
        if self.unredacted_entries > 0 {
            text += &format!("; {} entries are to be redacted and still have their content", self.unredacted_entries);
        }
        if self.superseded_log_files > 0 {
            text += &format!(
                "; {} log files with content that was redacted since are still there",
                self.superseded_log_files
            );
        }
        if self.unread_entries > 0 {
            text += &format!(
                "; the content of {} entries is encrypted under {} and was not looked at, its hashes were",
                self.unread_entries,
                self.unread_keys.join(", ")
            );
        }
        let Some(Closed { by_generation, witnessed_size }) = self.closed else { return text };
        text += &format!("; ends here, generation {by_generation} goes on");
        if witnessed_size > self.entries {
            text += &format!(", receipts for entries {} to {} are not fulfilled", self.entries, witnessed_size - 1);
        }
        text
    }
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The answer.
    pub outcome: Outcome,
    /// The answer in a sentence.
    pub summary: String,
    /// Where the keys came from.
    pub trust: Trust,
    /// Whether it was compared with a checkpoint kept from earlier.
    pub since: bool,
    /// Entries whose leaves were rebuilt from their rows and found in the signed trees.
    pub entries: u64,
    /// Bytes of the canonical parts of these entries.
    pub canonical_bytes: u64,
    /// Bytes of all objects that were hashed.
    pub bytes: u64,
    /// Receipts that were held against the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipts: Option<ReceiptReport>,
    /// How long it took.
    pub seconds: f64,
    /// The logs, by organization and generation.
    pub logs: Vec<LogReport>,
    /// The platform log, by generation.
    pub platform: Vec<PlatformReport>,
    /// All that is wrong.
    pub findings: Vec<Finding>,
    /// All that could not be looked at.
    pub problems: Vec<Problem>,
    /// What is not wrong and should be known.
    pub notes: Vec<String>,
    /// How many findings there were beyond those listed.
    pub findings_omitted: u64,
}

/// Findings that are listed; a wrecked archive has as many as it has objects.
pub(crate) const FINDINGS_MAX: usize = 1000;

impl Report {
    /// The exit code of a command: 0 verified, 1 not, 2 could not tell.
    pub fn exit_code(&self) -> u8 {
        self.outcome.exit_code()
    }

    /// Adds what somebody who knows more than the archive found, and settles the outcome anew.
    pub fn add_findings(&mut self, findings: Vec<Finding>) {
        if !findings.is_empty() {
            self.findings.extend(findings);
            self.conclude(false);
        }
    }

    /// Settles outcome and summary from everything else.
    pub(crate) fn conclude(&mut self, strict: bool) {
        self.findings.sort_by(|a, b| {
            let key = |finding: &Finding| {
                (finding.organization.clone(), finding.log.clone(), finding.first_seq, finding.code)
            };
            key(a).cmp(&key(b))
        });
        if self.findings.len() > FINDINGS_MAX {
            self.findings_omitted = (self.findings.len() - FINDINGS_MAX) as u64;
            self.findings.truncate(FINDINGS_MAX);
        }
        self.logs.sort_by(|a, b| (&a.organization, &a.log).cmp(&(&b.organization, &b.log)));
        let held = matches!(self.trust, Trust::Given(_));
        self.outcome = match () {
            () if !self.findings.is_empty() => Outcome::NotVerified,
            () if !self.problems.is_empty() => Outcome::Unknown,
            () if strict && !held => Outcome::Unknown,
            () => Outcome::Verified,
        };
        self.summary = self.sentence();
        let (unread, erased) = self.without_content();
        if self.outcome == Outcome::Verified && unread > 0 {
            self.summary += &format!("; {unread} entries without their content, which is encrypted (--content-keys)");
        }
        if self.outcome == Outcome::Verified && erased > 0 {
            self.summary += &format!("; {erased} entries without their content, which is erased");
        }
        let redacted = self.redacted();
        if self.outcome == Outcome::Verified && redacted > 0 {
            self.summary += &format!("; redacted {redacted} entries");
        }
    }

    /// Entries whose content is redacted.
    pub fn redacted(&self) -> u64 {
        self.logs.iter().map(|log| log.redacted_entries).sum()
    }

    /// Entries whose content is encrypted and was not looked at, and those whose content is erased.
    pub fn without_content(&self) -> (u64, u64) {
        let sum = |of: fn(&LogReport) -> u64| self.logs.iter().map(of).sum();
        (sum(|log| log.unread_entries), sum(|log| log.erased_entries))
    }

    fn sentence(&self) -> String {
        let findings = self.findings.len() as u64 + self.findings_omitted;
        match (self.outcome, &self.trust) {
            (Outcome::NotVerified, _) => match findings {
                1 => "not verified: 1 finding".to_owned(),
                _ => format!("not verified: {findings} findings"),
            },
            (Outcome::Unknown, _) if !self.problems.is_empty() => {
                format!("could not tell: {}", self.problems[0].message)
            }
            (_, Trust::Archive(keys)) => {
                let tail = if self.since { "" } else { ", nor for a cut tail" };
                format!(
                    "internally consistent; signed by {} taken from this archive, not checked against a key you hold{tail}",
                    keys.join(", ")
                )
            }
            (_, Trust::Given(_)) if self.since => {
                "verified, signed by a key you hold, and continues what you kept".to_owned()
            }
            (_, Trust::Given(_)) => {
                "verified, signed by a key you hold; a cut tail shows only against a checkpoint you kept (--since)"
                    .to_owned()
            }
        }
    }

    /// Keys as they are shown: each public key once, under the platform's name.
    pub(super) fn distinct_keys(keys: impl Iterator<Item = String>) -> Vec<String> {
        keys.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// For people: what is there, what is wrong, the answer last.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for log in &self.logs {
            let name = if log.organization.is_empty() { &log.log } else { &log.organization };
            write!(f, "{name}")?;
            if log.generation > 1 || log.closed.is_some() {
                write!(f, " (generation {})", log.generation)?;
            }
            writeln!(
                f,
                ": {} entries in {} log files, {} bytes; received up to {}{}",
                log.entries,
                log.log_files,
                log.bytes,
                indelible_event::Time { micros: log.received_last_us, nanos: 0 },
                log.ending()
            )?;
        }
        for log in &self.platform {
            write!(f, "platform log {}: {} entries", log.origin, log.entries)?;
            if log.last_us > i64::MIN {
                write!(f, "; up to {}", indelible_event::Time { micros: log.last_us, nanos: 0 })?;
            }
            match log.cosigned_by.is_empty() {
                true => writeln!(f, "; without cosignatures")?,
                false => {
                    writeln!(f, "; with cosignatures under the names {}, not checked", log.cosigned_by.join(", "))?
                }
            }
        }
        for finding in &self.findings {
            writeln!(f, "WRONG: {}", finding.message)?;
        }
        if self.findings_omitted > 0 {
            writeln!(f, "... and {} findings more", self.findings_omitted)?;
        }
        for problem in &self.problems {
            writeln!(f, "NOT LOOKED AT: {}: {}", problem.path, problem.message)?;
        }
        if let Some(receipts) = &self.receipts {
            write!(f, "{receipts}")?;
        }
        for note in &self.notes {
            writeln!(f, "NOTE: {note}")?;
        }
        writeln!(
            f,
            "{} entries proven from their rows, {} bytes read, {:.1} s",
            self.entries, self.bytes, self.seconds
        )?;
        writeln!(f, "{}", self.summary)
    }
}
