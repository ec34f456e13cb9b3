//! What `indelible operator entry` prints: the infrastructure part of one entry in a file, with its way to a signed root; and
//! its verification offline. `docs/formats/operator-entry.md` describes the form.

use std::fmt;

use indelible_event::entry::{Digest, entry_bytes, infrastructure_hash};
use indelible_event::parts::{Delivery, merge};
use indelible_merkle::{Checkpoint, Hash, Note, Policy, VerifierKey, leaf_hash, verify_inclusion};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bundle::BundleOptions;
use crate::verify::{Outcome, Trust};

/// What such a file says it is.
pub const FORMAT: &str = "indelible/operator-entry/v1";
/// Longest file. An infrastructure part takes some kilobytes at most.
pub const FILE_BYTES_MAX: u64 = 1 << 20;

/// The result of the verification of an entry's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryReport {
    /// The answer.
    pub outcome: Outcome,
    /// The answer in a sentence.
    pub summary: String,
    /// Where the key came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
    /// Whose entry; empty if it could not be read.
    pub organization: String,
    /// Its place in the log.
    pub seq: u64,
    /// Entries of the log at the checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

impl EntryReport {
    /// The exit code of a command: 0 verified, 1 not, 2 could not tell.
    pub fn exit_code(&self) -> u8 {
        self.outcome.exit_code()
    }
}

/// For people, the answer last.
impl fmt::Display for EntryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.organization.is_empty() {
            write!(f, "{}: entry {}", self.organization, self.seq)?;
            match self.size {
                Some(size) => writeln!(f, " of {size}")?,
                None => writeln!(f)?,
            }
            writeln!(f, "the infrastructure part, and the content by its hash")?;
        }
        writeln!(f, "{}", self.summary)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    format: String,
    event: Value,
    organization: String,
    seq: u64,
    received_at_us: i64,
    #[serde(default)]
    proof: Option<Proof>,
    /// Why there is none.
    #[serde(default)]
    unproven: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Proof {
    infrastructure: String,
    content_hash: String,
    leaf_hash: String,
    inclusion_proof: Vec<String>,
    checkpoint: String,
    verifier_key: String,
}

/// Why an entry is not verified.
enum Fault {
    /// Something is wrong.
    Wrong(String),
    /// There is nothing to check.
    Unknown(String),
}

/// Verifies the file `bytes`. Of `options` the keys, the logs of the policy and `strict` count.
pub fn verify(bytes: &[u8], options: &BundleOptions) -> EntryReport {
    let mut report = EntryReport {
        outcome: Outcome::NotVerified,
        summary: String::new(),
        trust: None,
        organization: String::new(),
        seq: 0,
        size: None,
    };
    let held: Vec<&VerifierKey> = held(options).collect();
    (report.outcome, report.summary) = match check(bytes, &held, &mut report) {
        Err(Fault::Wrong(message)) => (Outcome::NotVerified, format!("not verified: {message}")),
        Err(Fault::Unknown(message)) => (Outcome::Unknown, format!("could not tell: {message}")),
        Ok(key) if held.is_empty() => {
            let outcome = if options.strict { Outcome::Unknown } else { Outcome::Verified };
            report.trust = Some(Trust::Archive(vec![key.to_string()]));
            (
                outcome,
                format!(
                    "internally consistent; signed by {key} taken from this file, not checked against a key you hold"
                ),
            )
        }
        Ok(key) => {
            report.trust = Some(Trust::Given(vec![key.to_string()]));
            (Outcome::Verified, "verified, signed by a key you hold".to_owned())
        }
    };
    report
}

fn held(options: &BundleOptions) -> impl Iterator<Item = &VerifierKey> {
    options.keys.iter().chain(options.policy.iter().flat_map(Policy::logs))
}

/// The key that signed for the entry.
fn check(bytes: &[u8], held: &[&VerifierKey], report: &mut EntryReport) -> Result<VerifierKey, Fault> {
    let wrong = |message: &str| Fault::Wrong(message.to_owned());
    let unreadable = |error: serde_json::Error| Fault::Unknown(format!("the file is no operator's entry: {error}"));
    let file: File = serde_json::from_slice(bytes).map_err(unreadable)?;
    if file.format != FORMAT {
        return Err(Fault::Unknown(format!("this version does not know the format {:?}", file.format)));
    }
    (report.organization, report.seq) = (file.organization.clone(), file.seq);
    let Some(proof) = &file.proof else {
        return Err(Fault::Unknown(file.unproven.unwrap_or_else(|| "the file holds no proof".to_owned())));
    };
    let leaf = leaf(&file, proof)?;
    if hash(&proof.leaf_hash)? != leaf {
        return Err(wrong("the entry is not the one of the leaf; something in the file was altered"));
    }
    let named: VerifierKey = proof.verifier_key.parse().map_err(|_| wrong("its verifier key cannot be read"))?;
    if !held.is_empty() && !held.iter().any(|key| key.public() == named.public()) {
        return Err(Fault::Wrong(format!("it is signed with {named}, which is none of the keys you hold")));
    }
    let note = Note::from_bytes(proof.checkpoint.as_bytes()).map_err(|error| Fault::Wrong(error.to_string()))?;
    let checkpoint = Checkpoint::open(&note, std::slice::from_ref(&named))
        .map_err(|error| Fault::Wrong(format!("its checkpoint: {error}")))?;
    report.size = Some(checkpoint.size);
    let path = proof.inclusion_proof.iter().map(|text| hash(text)).collect::<Result<Vec<_>, _>>()?;
    verify_inclusion(&leaf, file.seq, checkpoint.size, &path, &checkpoint.root)
        .map_err(|_| wrong("the leaf with this path does not lead to the root of the checkpoint"))?;
    Ok(named)
}

/// The leaf that the infrastructure part, which is what the event says, makes with the content's hash.
fn leaf(file: &File, proof: &Proof) -> Result<Hash, Fault> {
    let delivery = Delivery { organization: Some(&file.organization), seq: Some(file.seq), intake: false };
    let mut delivered = Vec::new();
    let merged = merge(proof.infrastructure.as_bytes(), b"{}", &delivery, &mut delivered).ok();
    let event = merged.and_then(|()| serde_json::from_slice::<Value>(&delivered).ok());
    if event.as_ref() != Some(&file.event) {
        return Err(Fault::Wrong("the event is not what the infrastructure part says".to_owned()));
    }
    let (mut entry, content) = (Vec::new(), bytes32(&proof.content_hash)?);
    let infrastructure = infrastructure_hash(proof.infrastructure.as_bytes());
    entry_bytes(&mut entry, &file.organization, file.seq, file.received_at_us, &infrastructure, &content);
    Ok(leaf_hash(&entry))
}

fn bytes32(text: &str) -> Result<Digest, Fault> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| Fault::Wrong(format!("{text:?} is not 64 hex digits")))?;
    Ok(bytes)
}

fn hash(text: &str) -> Result<Hash, Fault> {
    text.parse().map_err(|error| Fault::Wrong(format!("{text:?}: {error}")))
}

#[cfg(test)]
mod tests;
