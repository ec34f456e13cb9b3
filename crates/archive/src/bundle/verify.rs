//! Offline verification of a bundle: a folder in, a report out. No network, no account, no trust in whoever made it.
//!
//! The checks come one after another, as `docs/formats/bundle.md` lists them, and end with the first that fails: what
//! comes later would rest on it. Rows are read once. Memory: the small files, one row, and one hash for each level of a
//! tree; of Parquet a few pages.

mod files;
mod report;
mod rows;
mod since;

use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use indelible_merkle::{
    Checkpoint, Frontier, MapProof, Note, Policy, PolicyFailure, TlogProof, VerifierKey, cover, verify_range,
};
use serde::Deserialize;

use super::proofs::RangeProofText;
use super::row::{BundleRow, RowFault, Shown};
use super::statement::Statement;
use super::{CHECKPOINT, GENESIS, GENESIS_PROOF, MAP_PROOF, PLATFORM_PROOF, RANGE_PROOF, STATEMENT, json};
use crate::verify::genesis;
use crate::verify::{Finding, FindingCode, Problem};
use files::Files;

pub use report::{BundleReport, Cosignature};

/// How to verify a bundle.
#[derive(Debug, Clone, Default)]
pub struct BundleOptions {
    /// Keys the reader holds. Where there are any, the bundle must be signed by one of them; the public key counts, under
    /// whatever name it is given.
    pub keys: Vec<VerifierKey>,
    /// Whose signatures and cosignatures the platform's checkpoint must bear.
    pub policy: Option<Policy>,
    /// Checkpoints the reader kept from earlier, of the log or of the platform: the bundle must prove that its own
    /// extend them. Those of other logs are left aside.
    pub since: Vec<Note>,
    /// What rests on the word of whoever made the bundle makes the outcome [`Unknown`](crate::verify::Outcome::Unknown).
    pub strict: bool,
}

/// Whether the folder `path` is a bundle, or wants to be one.
pub fn is_bundle(path: &Path) -> bool {
    path.join(STATEMENT).is_file()
}

/// Verifies the bundle in the folder `path`. `progress` is told now and then how many rows are done, and of how many.
pub fn verify(path: &Path, options: &BundleOptions, progress: &dyn Fn(u64, u64)) -> BundleReport {
    let start = Instant::now();
    let mut report = BundleReport::default();
    let verified = Verification { path, options, progress, report: &mut report }.run();
    match verified {
        Ok(()) => {}
        Err(Stop::Finding(finding)) => report.findings.push(*finding),
        Err(Stop::Problem(problem)) => report.problems.push(problem),
    }
    report.seconds = start.elapsed().as_secs_f64();
    report.conclude(options);
    report
}

/// Why nothing more is looked at.
#[derive(Debug)]
enum Stop {
    /// Something is wrong.
    Finding(Box<Finding>),
    /// Something could not be read.
    Problem(Problem),
}

/// What is wrong, in which file, with which entries.
fn wrong(code: FindingCode, object: &str, entries: Option<(u64, u64)>, message: impl Into<String>) -> Stop {
    let message = message.into();
    let place = match entries {
        Some((first, last)) if first == last => format!(" (entry {first})"),
        Some((first, last)) => format!(" (entries {first} to {last})"),
        None => String::new(),
    };
    Stop::Finding(Box::new(Finding {
        code,
        organization: None,
        log: None,
        object: Some(object.to_owned()),
        first_seq: entries.map(|entries| entries.0),
        last_seq: entries.map(|entries| entries.1),
        message: format!("{object}{place}: {message}"),
    }))
}

struct Verification<'a> {
    path: &'a Path,
    options: &'a BundleOptions,
    progress: &'a dyn Fn(u64, u64),
    report: &'a mut BundleReport,
}

impl Verification<'_> {
    fn run(mut self) -> Result<(), Stop> {
        let statement = self.statement()?;
        let files = Files::read(self.path, &statement)?;
        self.report.bytes = statement.files.iter().map(|file| file.facts.bytes).sum();
        check_checkpoint(&statement, &files)?;
        let platform = self.check_epoch(&statement, &files)?;
        let held = self.held();
        check_genesis(&statement, &files, &held)?;
        let claim = &statement.claim;
        let proof = range_proof(RANGE_PROOF, claim.size, claim.first..claim.last + 1, &files)?;
        let rows = rows::check(self.path, &statement, &proof.proof.before, self.progress)?;
        self.report.entries = rows.entries;
        check_root(&statement, &proof, rows.frontier)?;
        files::check_large(self.path, &statement)?;
        if rows.matches != statement.matches {
            let message = format!("{} rows are shown whole, and it says {}", rows.matches, statement.matches);
            return Err(wrong(FindingCode::OtherFacts, STATEMENT, None, message));
        }
        if rows.redacted != statement.redacted {
            let message = format!("{} rows are without content, and it says {}", rows.redacted, statement.redacted);
            return Err(wrong(FindingCode::OtherFacts, STATEMENT, None, message));
        }
        since::check(&self.options.since, &statement, &held, &platform, &files)
    }

    /// The keys the reader holds, be it through a policy.
    fn held(&self) -> Vec<VerifierKey> {
        let policy = self.options.policy.as_ref().map_or(&[][..], Policy::logs);
        self.options.keys.iter().chain(policy).cloned().collect()
    }

    /// Reads what the bundle claims, signed by the key that it names, which is one that the reader holds.
    fn statement(&mut self) -> Result<Statement, Stop> {
        let bytes = files::read(self.path, STATEMENT)?;
        let (statement, note) = Statement::parse(&bytes)
            .map_err(|error| wrong(FindingCode::BadBundle, STATEMENT, None, error.to_string()))?;
        let key = &statement.claim.key;
        if note.signatures().len() != 1 {
            let message = "it has signatures other than that of its log";
            return Err(wrong(FindingCode::BadSignature, STATEMENT, None, message));
        }
        note.verify(std::slice::from_ref(key))
            .map_err(|error| wrong(FindingCode::BadSignature, STATEMENT, None, error.to_string()))?;
        self.report.describe(&statement);
        let policy = self.options.policy.as_ref().map_or(&[][..], Policy::logs);
        for keys in [&self.options.keys[..], policy] {
            if !keys.is_empty() && !keys.iter().any(|held| held.public() == key.public()) {
                let message = format!("it is signed with {key}, which is none of the keys you hold");
                return Err(wrong(FindingCode::OtherKey, STATEMENT, None, message));
            }
        }
        Ok(statement)
    }

    /// Size and root are those that an epoch of the platform log binds, and whoever must have signed for that log has.
    /// Returns its checkpoint.
    fn check_epoch(&mut self, statement: &Statement, files: &Files) -> Result<Checkpoint, Stop> {
        let claim = &statement.claim;
        let (platform, label, generation) = claim.parts();
        let map: MapProof = files.proof(MAP_PROOF)?;
        let platform_proof: TlogProof = files.proof(PLATFORM_PROOF)?;
        if hex::encode(map.label) != label || map.generation != generation {
            return Err(wrong(FindingCode::BadProof, MAP_PROOF, None, "it is about another log"));
        }
        if platform_proof.index != map.epoch {
            return Err(wrong(FindingCode::BadProof, PLATFORM_PROOF, None, "it is about another epoch"));
        }
        let note = &platform_proof.checkpoint;
        let origin = note.text().split('\n').next().unwrap_or_default();
        let is_platform = origin
            .strip_prefix(platform)
            .and_then(|rest| rest.strip_prefix("/platform/"))
            .is_some_and(|generation| generation.parse::<u32>().is_ok_and(|n| n > 0 && n.to_string() == generation));
        // One key signs for all logs of a platform, each under its own name.
        let key = VerifierKey::new(origin, claim.key.public()).ok().filter(|_| is_platform);
        let Some(key) = key else {
            let message = format!("its checkpoint is of {origin:?}, which is not the platform log of {platform}");
            return Err(wrong(FindingCode::BadProof, PLATFORM_PROOF, None, message));
        };
        let keys = std::slice::from_ref(&key);
        let checkpoint = Checkpoint::open(note, keys)
            .map_err(|error| wrong(FindingCode::BadSignature, PLATFORM_PROOF, None, error.to_string()))?;
        let entry = map.epoch_entry(claim.size, &claim.root);
        let is_bound = entry.is_some_and(|entry| platform_proof.verify(&entry.leaf(), keys).is_ok());
        if !is_bound {
            let message = format!("epoch {} does not bind the size and root of this log", map.epoch);
            return Err(wrong(FindingCode::OtherEpoch, MAP_PROOF, None, message));
        }
        (self.report.epoch, self.report.epoch_us) = (map.epoch, map.time);
        if let Some(policy) = &self.options.policy {
            let logs = if policy.logs().is_empty() { keys } else { policy.logs() };
            let endorsement = policy.check_with_logs(note, logs).map_err(|failure| {
                let code = match failure {
                    PolicyFailure::Checkpoint(_) => FindingCode::OtherKey,
                    PolicyFailure::BadCosignature { .. } => FindingCode::BadSignature,
                    PolicyFailure::Quorum { .. } => FindingCode::NoQuorum,
                };
                wrong(code, PLATFORM_PROOF, None, failure.to_string())
            })?;
            self.report.cosigned(endorsement.cosigned);
        }
        Ok(checkpoint)
    }
}

/// The checkpoint is that of the claimed size and root.
fn check_checkpoint(statement: &Statement, files: &Files) -> Result<(), Stop> {
    let claim = &statement.claim;
    let bad = |message: String| wrong(FindingCode::BadCheckpoint, CHECKPOINT, None, message);
    let note = Note::from_bytes(files.bytes(CHECKPOINT)).map_err(|error| bad(error.to_string()))?;
    let of_claim = Checkpoint::new(&claim.origin, claim.size, claim.root);
    if note.text() != of_claim.to_string() {
        return Err(bad("it is not that of the size and root that the bundle states".to_owned()));
    }
    Checkpoint::open(&note, std::slice::from_ref(&claim.key))
        .map(|_| ())
        .map_err(|error| wrong(FindingCode::BadSignature, CHECKPOINT, None, error.to_string()))
}

#[derive(Deserialize)]
struct Control {
    #[serde(rename = "type")]
    kind: String,
    name: String,
}

/// Entry 0 says what log this is: it binds the label, and with it the organization, to the tree. The log began under the key of
/// the bundle, or under another one that a reader who holds keys knows.
fn check_genesis(statement: &Statement, files: &Files, held: &[VerifierKey]) -> Result<(), Stop> {
    let claim = &statement.claim;
    let bad = |message: RowFault| wrong(FindingCode::BadGenesis, GENESIS, Some((0, 0)), message);
    let proof = range_proof(GENESIS_PROOF, claim.size, 0..1, files)?;
    let line = files.bytes(GENESIS).strip_suffix(b"\n").ok_or_else(|| bad("it does not end in a newline".into()))?;
    let mut scratch = Vec::new();
    let row = json::read(line, &mut scratch).map_err(bad)?;
    let BundleRow { seq: 0, shown: Shown::Full { infrastructure, content, .. } } = &row else {
        return Err(bad("it is not entry 0, shown whole".into()));
    };
    let leaf = row.leaf(claim.organization.as_str(), &mut scratch);
    verify_range(0..1, [leaf], claim.size, &proof.proof, &claim.root)
        .map_err(|_| bad("it is not the first entry of this log".into()))?;
    let control: Control = serde_json::from_str(infrastructure).map_err(|error| bad(error.to_string().into()))?;
    let genesis = genesis::read(&control.kind, Some(&control.name), content.as_bytes())
        .map_err(|error| bad(format!("it is not the genesis of a log: {error}").into()))?;
    let (_, label, generation) = claim.parts();
    if genesis.origin != claim.origin || genesis.label != label || genesis.generation != generation {
        return Err(bad(format!("it is that of {}", genesis.origin).into()));
    }
    let known = known_keys(&claim.origin, &claim.key, held);
    if !held.is_empty() && !known.iter().any(|key| format!("{:08x}", key.id()) == genesis.key_id) {
        let message = format!(
            "it names the key {}, which you do not hold, and the bundle is signed with {}: ask for the keys before it",
            genesis.key_id, claim.key
        );
        return Err(wrong(FindingCode::OtherKey, GENESIS, Some((0, 0)), message));
    }
    Ok(())
}

/// The key of a bundle and those the reader holds, under the name of a log.
fn known_keys(origin: &str, key: &VerifierKey, held: &[VerifierKey]) -> Vec<VerifierKey> {
    std::iter::once(key).chain(held).filter_map(|key| VerifierKey::new(origin, key.public()).ok()).collect()
}

/// The proof in the file `name` of the leaves `range`, with as many hashes as such a proof has.
fn range_proof(name: &str, size: u64, range: Range<u64>, files: &Files) -> Result<RangeProofText, Stop> {
    let proof: RangeProofText = files.proof(name)?;
    if (proof.size, proof.first, proof.end) != (size, range.start, range.end) {
        return Err(wrong(FindingCode::BadProof, name, None, "it is about other entries"));
    }
    let counts = (cover(0..proof.first).count(), cover(proof.end..proof.size).count());
    if counts != (proof.proof.before.len(), proof.proof.after.len()) {
        return Err(wrong(FindingCode::BadProof, name, None, "it has more or fewer hashes than it must"));
    }
    Ok(proof)
}

/// The rows, and what stands on both sides of them, lead to the root.
fn check_root(statement: &Statement, proof: &RangeProofText, mut frontier: Frontier) -> Result<(), Stop> {
    let claim = &statement.claim;
    let extended = frontier.extend_to(claim.size, &proof.proof.after);
    if extended.is_ok() && frontier.root() == claim.root {
        return Ok(());
    }
    let entries = Some((claim.first, claim.last));
    let message =
        "these rows with their leaves do not lead to the root of the log; one of them or the proof was altered";
    Err(wrong(FindingCode::OtherRoot, RANGE_PROOF, entries, message))
}

#[cfg(test)]
mod tests;
