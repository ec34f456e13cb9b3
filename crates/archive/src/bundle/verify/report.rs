//! What the verification of a bundle found.

use std::fmt;

use indelible_event::Time;
use indelible_merkle::{Cosigned, VerifierKey};
use serde::Serialize;

use super::BundleOptions;
use crate::bundle::statement::{Filter, Statement};
use crate::receipts::ReceiptReport;
use crate::verify::{Finding, Outcome, Problem, Trust};

/// A witness that cosigned the platform's checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cosignature {
    /// Name of its key.
    pub witness: String,
    /// When, in seconds since 1970 on its clock.
    pub time: u64,
}

/// The result of the verification of a bundle.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleReport {
    /// The answer.
    pub outcome: Outcome,
    /// The answer in a sentence.
    pub summary: String,
    /// Where the key came from.
    pub trust: Trust,
    /// Whether it was compared with a checkpoint kept from earlier.
    pub since: bool,
    /// Whether the platform's checkpoint meets a policy of the reader's.
    pub policy: bool,
    /// Whose entries.
    pub organization: String,
    /// The log.
    pub origin: String,
    /// Entries of the log at the bundle's checkpoint.
    pub size: u64,
    /// `seq` of the first row.
    pub first_seq: u64,
    /// `seq` of the last row.
    pub last_seq: u64,
    /// The window of `received_at`, microseconds since 1970 UTC: from the first on, before the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_us: Option<(i64, i64)>,
    /// What was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Whether this reader has seen that nothing else matches the filter; else it is the server's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete: Option<bool>,
    /// Entries shown whole.
    pub matches: u64,
    /// Entries that would be, and are shown without their content, because whoever signed says that it is redacted.
    pub redacted: u64,
    /// Entries whose rows were found in the log, at their places.
    pub entries: u64,
    /// The epoch of the platform log that binds the log's size and root.
    pub epoch: u64,
    /// When it was made, microseconds since 1970 UTC: the bundle says nothing of what came later.
    pub epoch_us: i64,
    /// The witnesses of the policy that cosigned.
    pub cosigned: Vec<Cosignature>,
    /// Receipts that were held against the bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipts: Option<ReceiptReport>,
    /// Bytes of all files.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
    /// What is wrong: the first thing found.
    pub findings: Vec<Finding>,
    /// What could not be looked at.
    pub problems: Vec<Problem>,
}

impl Default for BundleReport {
    fn default() -> Self {
        Self {
            outcome: Outcome::Unknown,
            summary: String::new(),
            trust: Trust::Archive(Vec::new()),
            since: false,
            policy: false,
            organization: String::new(),
            origin: String::new(),
            size: 0,
            first_seq: 0,
            last_seq: 0,
            window_us: None,
            filter: None,
            complete: None,
            matches: 0,
            redacted: 0,
            entries: 0,
            epoch: 0,
            epoch_us: 0,
            cosigned: Vec::new(),
            receipts: None,
            bytes: 0,
            seconds: 0.0,
            findings: Vec::new(),
            problems: Vec::new(),
        }
    }
}

impl BundleReport {
    /// The exit code of a command: 0 verified, 1 not, 2 could not tell.
    pub fn exit_code(&self) -> u8 {
        self.outcome.exit_code()
    }

    pub(super) fn describe(&mut self, statement: &Statement) {
        let claim = &statement.claim;
        self.organization = claim.organization.to_string();
        self.origin = claim.origin.clone();
        (self.size, self.first_seq, self.last_seq) = (claim.size, claim.first, claim.last);
        self.window_us = claim.window_us;
        self.filter = claim.filter.as_ref().map(Filter::text);
        self.complete = claim.filter.as_ref().map(|filter| matches!(filter, Filter::Complete(_)));
        (self.matches, self.redacted) = (statement.matches, statement.redacted);
        // As it is shown for archives: under the platform's name.
        let key = VerifierKey::new(claim.parts().0, claim.key.public());
        self.trust = Trust::Archive(key.iter().map(VerifierKey::to_string).collect());
    }

    pub(super) fn cosigned(&mut self, cosigned: Vec<Cosigned>) {
        let cosigned = cosigned.into_iter().map(|Cosigned { witness, time }| Cosignature { witness, time });
        self.cosigned = cosigned.collect();
    }

    /// Settles outcome and summary from everything else. May be called again when something was added.
    pub fn conclude(&mut self, options: &BundleOptions) {
        let held = !options.keys.is_empty() || options.policy.is_some();
        if let (true, Trust::Archive(keys)) = (held, &mut self.trust) {
            self.trust = Trust::Given(std::mem::take(keys));
        }
        self.since = !options.since.is_empty();
        self.policy = options.policy.is_some();
        let trusting = !held || self.complete == Some(false);
        self.outcome = match () {
            () if !self.findings.is_empty() => Outcome::NotVerified,
            () if !self.problems.is_empty() => Outcome::Unknown,
            () if options.strict && trusting => Outcome::Unknown,
            () => Outcome::Verified,
        };
        self.summary = self.sentence();
    }

    fn sentence(&self) -> String {
        if self.outcome == Outcome::NotVerified {
            return "not verified".to_owned();
        }
        if let Some(problem) = self.problems.first() {
            return format!("could not tell: {}", problem.message);
        }
        let mut text = match &self.trust {
            Trust::Archive(keys) => format!(
                "internally consistent; signed by {} taken from this bundle, not checked against a key or policy you hold",
                keys.join(", ")
            ),
            Trust::Given(_) if self.policy && self.cosigned.is_empty() => {
                "verified, signed as your policy asks, which asks for no witness".to_owned()
            }
            Trust::Given(_) if self.policy => {
                let names: Vec<&str> = self.cosigned.iter().map(|cosigned| cosigned.witness.as_str()).collect();
                format!("verified, signed as your policy asks and witnessed by {}", names.join(", "))
            }
            Trust::Given(_) => "verified, signed by a key you hold".to_owned(),
        };
        if self.since {
            text.push_str(", and continues what you kept");
        }
        if self.complete == Some(false) {
            text.push_str("; that nothing else matches is the word of whoever signed");
        }
        if self.redacted > 0 {
            let count = self.redacted;
            text += &format!(
                "; redacted {count} entries, by the word of whoever signed: the archive proves that it was said"
            );
        }
        text
    }
}

/// For people: what is there, what is wrong, the answer last.
impl fmt::Display for BundleReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |micros: i64| Time { micros, nanos: 0 };
        if !self.organization.is_empty() {
            writeln!(f, "{}: entries {} to {} of {}", self.organization, self.first_seq, self.last_seq, self.size)?;
        }
        if let Some((from, to)) = self.window_us {
            let to = if to == i64::MAX { "the end".to_owned() } else { time(to).to_string() };
            writeln!(f, "received from {} to {to}, with the entries on both sides", time(from))?;
        }
        if let Some(filter) = &self.filter {
            writeln!(f, "filter {filter}")?;
        }
        for finding in &self.findings {
            writeln!(f, "WRONG: {}", finding.message)?;
        }
        for problem in &self.problems {
            writeln!(f, "NOT LOOKED AT: {}: {}", problem.path, problem.message)?;
        }
        if let Some(receipts) = &self.receipts {
            write!(f, "{receipts}")?;
        }
        if self.outcome != Outcome::NotVerified && self.problems.is_empty() {
            let n = self.matches;
            match self.complete {
                Some(true) if n == 1 => writeln!(f, "1 match, and no 2nd")?,
                Some(true) => writeln!(f, "{n} matches, and no {}", ordinal(n + 1))?,
                Some(false) => writeln!(f, "{n} matches shown; whether there are more, these rows do not tell")?,
                None => {}
            }
            writeln!(f, "complete up to entry {}, epoch {} of {}", self.size - 1, self.epoch, time(self.epoch_us))?;
        }
        writeln!(f, "{} entries proven, {} bytes read, {:.1} s", self.entries, self.bytes, self.seconds)?;
        writeln!(f, "{}", self.summary)
    }
}

/// 1st, 2nd, 3rd, 4th, 11th ...
fn ordinal(number: u64) -> String {
    let ending = match (number % 10, number % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
