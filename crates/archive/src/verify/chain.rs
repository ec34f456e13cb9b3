//! The manifests of one log: read, checked one against the other, and turned into what is to be done for each run.

use indelible_event::Organization;
use indelible_merkle::{Checkpoint, Hash, VerifierKey};
use sha2::{Digest as _, Sha256};

use super::keys::Keys;
use super::report::{Finding, FindingCode, Problem};
use super::walk::{LogFolder, Objects};
use crate::layout;
use crate::log_file::RunFacts;
use crate::manifest::{MANIFEST_BYTES_MAX, Manifest, ObjectFacts};
use crate::redaction::RedactionNote;
use crate::source::Source;

/// Manifests that are in memory at a time; each has at most 64 KiB.
const MANIFESTS_AT_ONCE: usize = 64;

/// A run, as its manifest states it, and the redactions of its entries.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) facts: RunFacts,
    /// The log file that the manifest names.
    named: ObjectFacts,
    pub(super) tiles: ObjectFacts,
    pub(super) root: Hash,
    /// SHA-256 of the manifest.
    manifest: [u8; 32],
    /// By number.
    notes: Vec<RedactionNote>,
    /// Log files that others took the place of and that are there.
    pub(super) superseded: Vec<(String, ObjectFacts)>,
}

impl Plan {
    /// Name of the log file within the log's folder: the newest, where entries are redacted.
    pub(super) fn log_file_name(&self) -> String {
        self.file_name(&self.log_file())
    }

    /// What it must be.
    pub(super) fn log_file(&self) -> ObjectFacts {
        self.notes.last().map_or(self.named, |note| note.log_file)
    }

    /// How many rows of it must be without content; `None` if it is the one that the manifest names.
    pub(super) fn redacted(&self) -> Option<u64> {
        self.notes.last().map(|note| note.redacted)
    }

    /// All log files that the run had, the newest last.
    fn log_files(&self) -> impl Iterator<Item = (String, ObjectFacts)> {
        let all = std::iter::once(self.named).chain(self.notes.iter().map(|note| note.log_file));
        all.map(|facts| (self.file_name(&facts), facts))
    }

    fn file_name(&self, facts: &ObjectFacts) -> String {
        let RunFacts { first, last, received_first_us, .. } = self.facts;
        layout::log_file(received_first_us, first, last, &facts.sha256)
    }

    /// Name of the object of hashes within the log's folder.
    pub(super) fn tiles_name(&self) -> String {
        layout::tiles(self.facts.first, self.facts.last)
    }
}

/// What the manifests of a log say together.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) folder: LogFolder,
    /// From the first manifest that could be read.
    pub(super) head: Option<Head>,
    /// In order of `seq`; there may be gaps, which are findings already.
    pub(super) plans: Vec<Plan>,
    pub(super) findings: Vec<Finding>,
    pub(super) problems: Vec<Problem>,
    pub(super) bytes: u64,
    /// Objects of runs beyond the last manifest: of one that is being uploaded, or was not to its end.
    pub(super) unfinished: Vec<Finding>,
    /// Log files beside those of their runs: of a redaction that is under way, or strangers.
    pub(super) strangers: Vec<Finding>,
    /// Entries that no manifest covers, though later ones are covered.
    gaps: Vec<(u64, u64)>,
}

/// What all manifests of a log have in common.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) organization: Organization,
    pub(super) origin: String,
    pub(super) key: VerifierKey,
    pub(super) salt: ObjectFacts,
}

impl Chain {
    /// Reads the manifests among `objects`, which are those in `folder`. Without a key of the reader's, the log's first manifest
    /// names it.
    pub(super) fn read(folder: LogFolder, archive: &dyn Source, objects: &Objects, keys: &Keys) -> Chain {
        let mut chain = Chain {
            folder,
            head: None,
            plans: Vec::new(),
            findings: Vec::new(),
            problems: Vec::new(),
            bytes: 0,
            unfinished: Vec::new(),
            strangers: Vec::new(),
            gaps: Vec::new(),
        };
        let mut link = Link { sha256: None, end: 0, is_good: true, received_us: i64::MIN };
        let run_of = |name: &str| layout::parse_run(name.strip_prefix("manifest/")?);
        let manifests: Vec<_> = objects.keys().filter_map(|name| Some((name, run_of(name)?))).collect();
        for manifests in manifests.chunks(MANIFESTS_AT_ONCE) {
            let paths: Vec<String> = manifests.iter().map(|(name, _)| chain.object(name)).collect();
            for ((name, run), read) in manifests.iter().zip(archive.read(&paths, MANIFEST_BYTES_MAX as u64)) {
                match read {
                    Ok(bytes) => {
                        chain.bytes += bytes.len() as u64;
                        link = chain.add(name, *run, &bytes, &link, keys);
                    }
                    Err(error) => {
                        let path = chain.object(name);
                        chain.problems.push(Problem { path, message: error.to_string() });
                        link = Link { sha256: None, end: run.1 + 1, is_good: false, received_us: link.received_us };
                    }
                }
            }
        }
        chain.read_notes(archive, objects, keys);
        chain.account_for(objects);
        chain
    }

    /// Reads the notes about redactions, and gives each to its run.
    fn read_notes(&mut self, archive: &dyn Source, objects: &Objects, keys: &Keys) {
        let notes: Vec<_> = objects.keys().filter_map(|name| Some((name, layout::parse_redaction(name)?))).collect();
        for notes in notes.chunks(MANIFESTS_AT_ONCE) {
            let paths: Vec<String> = notes.iter().map(|(name, _)| self.object(name)).collect();
            for ((name, (first, last, _)), read) in notes.iter().zip(archive.read(&paths, MANIFEST_BYTES_MAX as u64)) {
                match read {
                    Ok(bytes) => {
                        self.bytes += bytes.len() as u64;
                        if let Err((code, message)) = self.add_note(name, &bytes, keys) {
                            self.find(code, Some(name), Some((*first, *last)), message);
                        }
                    }
                    Err(error) => {
                        let path = self.object(name);
                        self.problems.push(Problem { path, message: error.to_string() });
                    }
                }
            }
        }
        for plan in &mut self.plans {
            plan.notes.sort_by_key(|note| note.number);
            let current = plan.log_file_name();
            let old = plan.log_files().filter(|(name, _)| *name != current && objects.contains_key(name));
            plan.superseded = old.collect();
        }
    }

    fn add_note(&mut self, name: &str, bytes: &[u8], keys: &Keys) -> Result<(), (FindingCode, String)> {
        let bad = |message: String| Err((FindingCode::BadRedaction, message));
        let (note, signed) = match RedactionNote::parse(bytes) {
            Ok(read) => read,
            Err(fault) => return bad(format!("is not a note about a redaction: {fault}")),
        };
        if note.folder() != self.folder.name() || note.note_name() != name {
            return bad(format!("is the note {}/{}, in another's place", note.folder(), note.note_name()));
        }
        let run = (note.first, note.last);
        let Some(head) = self.head.as_ref() else { return bad("is about a log without manifests".to_owned()) };
        let place = self.plans.iter().position(|plan| plan_run(plan) == run && plan.manifest == note.manifest);
        let Some(plan) = place.and_then(|place| self.plans.get_mut(place)) else {
            return bad("names none of the manifests that are there".to_owned());
        };
        if note.organization != head.organization || note.name != plan.file_name(&note.log_file) {
            return bad("is not about the organization and the day of its run".to_owned());
        }
        if !keys.may_sign(&note.key) {
            let message = format!("is signed with {}, which is none of the keys given", note.key);
            return Err((FindingCode::OtherKey, message));
        }
        if !keys.link(&note.key, &head.key) {
            let message = format!("names the key {}, and the log began with {}", note.key, head.key);
            return Err((FindingCode::OtherKey, message));
        }
        if let Err(error) = signed.verify(std::slice::from_ref(&note.key)) {
            return Err((FindingCode::BadSignature, error.to_string()));
        }
        plan.notes.push(note);
        Ok(())
    }

    /// Checks one manifest and takes its run up. Returns what the next must link to.
    fn add(&mut self, name: &str, run: (u64, u64), bytes: &[u8], before: &Link, keys: &Keys) -> Link {
        let sha256: [u8; 32] = Sha256::digest(bytes).into();
        let known = self.findings.len();
        let unread = Link { sha256: Some(sha256), end: run.1 + 1, is_good: false, received_us: before.received_us };
        if run.0 > before.end {
            self.gaps.push((before.end, run.0 - 1));
        }
        let (manifest, note) = match Manifest::parse(bytes) {
            Ok(read) => read,
            Err(error) => {
                self.find(FindingCode::BadManifest, Some(name), Some(run), format!("is not a manifest: {error}"));
                return unread;
            }
        };
        let facts = manifest.facts;
        if manifest.folder() != self.folder.name() || manifest.name() != name {
            let message = format!("is the manifest {}/{}, in another's place", manifest.folder(), manifest.name());
            self.find(FindingCode::BadManifest, Some(name), Some(run), message);
            return unread;
        }
        let head = self.head.get_or_insert_with(|| Head {
            organization: manifest.organization.clone(),
            origin: manifest.origin.clone(),
            key: manifest.key.clone(),
            salt: manifest.salt,
        });
        let mut wrong: Vec<(FindingCode, String)> = Vec::new();
        if !keys.may_sign(&manifest.key) {
            wrong.push((
                FindingCode::OtherKey,
                format!("is signed with {}, which is none of the keys given", manifest.key),
            ));
        } else if !keys.link(&manifest.key, &head.key) {
            wrong.push((
                FindingCode::OtherKey,
                format!("names the key {}, and the log began with {}", manifest.key, head.key),
            ));
        } else if let Some(retired_us) = keys.retired_us(&manifest.key)
            && facts.received_last_us > retired_us
        {
            wrong.push((
                FindingCode::OtherKey,
                format!("is signed with {}, which was retired before its last entry was received", manifest.key),
            ));
        }
        if manifest.organization != head.organization {
            let message =
                format!("is of {}, and the log began as that of {}", manifest.organization, head.organization);
            wrong.push((FindingCode::BrokenChain, message));
        }
        if manifest.salt != head.salt {
            wrong.push((FindingCode::BrokenChain, "names another salt key than the first manifest".to_owned()));
        }
        let key = std::slice::from_ref(&manifest.key);
        if note.signatures().len() != 1 {
            wrong.push((FindingCode::BadSignature, "has signatures other than that of its log".to_owned()));
        } else if let Err(error) = note.verify(key) {
            wrong.push((FindingCode::BadSignature, error.to_string()));
        } else if let Err(error) = check_checkpoint(&manifest, key) {
            wrong.push((FindingCode::BadSignature, format!("states a checkpoint that does not hold: {error}")));
        }
        if before.is_good && facts.first == before.end && manifest.previous != before.sha256 {
            wrong.push((FindingCode::BrokenChain, "does not name the manifest before it by its hash".to_owned()));
        }
        if facts.first < before.end {
            wrong.push((FindingCode::BrokenChain, format!("begins before entry {}, where it should", before.end)));
        }
        if facts.received_first_us < before.received_us {
            wrong.push((FindingCode::BrokenChain, "was received before the run ahead of it".to_owned()));
        }
        for (code, message) in wrong {
            self.find(code, Some(name), Some(run), message);
        }
        if facts.first >= before.end {
            let Manifest { facts, log_file: named, tiles, root, .. } = manifest;
            let (notes, superseded) = (Vec::new(), Vec::new());
            self.plans.push(Plan { facts, named, tiles, root, manifest: sha256, notes, superseded });
        }
        Link {
            sha256: Some(sha256),
            end: facts.last + 1,
            is_good: self.findings.len() == known,
            received_us: facts.received_last_us,
        }
    }

    /// Reports objects that no manifest names, and runs of which only the manifest is missing.
    fn account_for(&mut self, objects: &Objects) {
        let mut named: Vec<String> = Vec::with_capacity(2 * self.plans.len());
        for plan in &self.plans {
            named.extend(plan.log_files().map(|(name, _)| name));
            named.push(plan.tiles_name());
        }
        named.sort();
        let manifests: Vec<(u64, u64)> =
            objects.keys().filter_map(|name| layout::parse_run(name.strip_prefix("manifest/")?)).collect();
        let mut without: Vec<(u64, u64)> = Vec::new();
        for name in objects.keys() {
            let is_manifest = name.strip_prefix("manifest/").and_then(layout::parse_run).is_some();
            // What is wrong with a note was said.
            let is_note = layout::parse_redaction(name).is_some();
            if is_manifest
                || is_note
                || named.binary_search(name).is_ok()
                || (name == layout::SALT && !manifests.is_empty())
            {
                continue;
            }
            if name == layout::SALT {
                let message = "is named by no manifest".to_owned();
                let finding = self.finding(FindingCode::UnnamedObject, Some(name), None, message);
                self.unfinished.push(finding);
                continue;
            }
            match run_of(name) {
                Some(run) if manifests.contains(&run) && !self.plans.iter().any(|plan| plan_run(plan) == run) => {
                    let message = "nothing vouches for it, because the manifest of its run was refused".to_owned();
                    self.find(FindingCode::UnnamedObject, Some(name), Some(run), message);
                }
                Some(run) if !manifests.contains(&run) => without.push(run),
                Some(run) if name.starts_with("log/") => {
                    let message = "is named by no manifest and by no note about a redaction".to_owned();
                    let finding = self.finding(FindingCode::UnnamedObject, Some(name), Some(run), message);
                    self.strangers.push(finding);
                }
                _ => self.find(
                    FindingCode::UnnamedObject,
                    Some(name),
                    run_of(name),
                    "is named by no manifest".to_owned(),
                ),
            }
        }
        without.sort_unstable();
        without.dedup();
        for gap in std::mem::take(&mut self.gaps) {
            if !without.contains(&gap) {
                let message = "no manifest covers them".to_owned();
                self.find(FindingCode::MissingManifest, None, Some(gap), message);
            }
        }
        for run in without {
            let name = layout::manifest(run.0, run.1);
            let message = "is missing, and other objects of its run are there: it was removed, or the run was not uploaded to its end";
            let finding = self.finding(FindingCode::MissingManifest, Some(&name), Some(run), message.to_owned());
            match manifests.last().is_none_or(|last| run.0 > last.1) {
                true => self.unfinished.push(finding),
                false => self.findings.push(finding),
            }
        }
    }

    /// The name of an object within the archive.
    pub(super) fn object(&self, name: &str) -> String {
        format!("{}/{name}", self.folder.name())
    }

    /// Reports something about an object of the log, or about the log.
    pub(super) fn find(&mut self, code: FindingCode, object: Option<&str>, run: Option<(u64, u64)>, message: String) {
        let finding = self.finding(code, object, run, message);
        self.findings.push(finding);
    }

    fn finding(&self, code: FindingCode, object: Option<&str>, run: Option<(u64, u64)>, message: String) -> Finding {
        let organization = self.head.as_ref().map(|head| head.organization.as_str());
        About { folder: &self.folder, organization }.finding(code, object, run, message)
    }
}

/// Whom and what a finding is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) folder: &'a LogFolder,
    pub(super) organization: Option<&'a str>,
}

impl About<'_> {
    pub(super) fn finding(
        &self,
        code: FindingCode,
        object: Option<&str>,
        run: Option<(u64, u64)>,
        message: String,
    ) -> Finding {
        let object = object.map(|name| format!("{}/{name}", self.folder.name()));
        let subject = object.clone().unwrap_or_else(|| self.folder.name());
        let whose = self.organization.map(|organization| format!(" of {organization}")).unwrap_or_default();
        let entries = match run {
            Some((first, last)) if first == last => format!(" (entry {first}{whose})"),
            Some((first, last)) => format!(" (entries {first} to {last}{whose})"),
            None if whose.is_empty() => String::new(),
            None => format!(" ({})", whose.trim_start_matches(" of ")),
        };
        Finding {
            code,
            organization: self.organization.map(str::to_owned),
            log: Some(format!("{}/{}", self.folder.label, self.folder.generation)),
            object,
            first_seq: run.map(|run| run.0),
            last_seq: run.map(|run| run.1),
            message: format!("{subject}{entries}: {message}"),
        }
    }
}

/// What a manifest must follow.
struct Link {
    /// Hash of the manifest before; `None` at the beginning.
    sha256: Option<[u8; 32]>,
    /// Where its run ends.
    end: u64,
    /// Whether nothing was wrong with it, so that a difference is news.
    is_good: bool,
    received_us: i64,
}

fn check_checkpoint(manifest: &Manifest, key: &[VerifierKey]) -> Result<(), String> {
    let note = manifest.checkpoint().map_err(|error| error.to_string())?;
    let checkpoint = Checkpoint::open(&note, key).map_err(|error| error.to_string())?;
    // The note was built from these, so this cannot fail; it costs nothing to say what is relied on.
    if checkpoint.size != manifest.size() || checkpoint.root != manifest.root || checkpoint.origin != manifest.origin {
        return Err("it is of another tree".to_owned());
    }
    Ok(())
}

fn plan_run(plan: &Plan) -> (u64, u64) {
    (plan.facts.first, plan.facts.last)
}

/// The run that an object belongs to by its name.
fn run_of(name: &str) -> Option<(u64, u64)> {
    if let Some(run) = name.strip_prefix("tiles/").and_then(|name| name.strip_suffix(".tiles")) {
        return layout::parse_run(run);
    }
    let (_, name) = name.strip_prefix("log/date=")?.split_once('/')?;
    let (run, _) = name.strip_suffix(".parquet")?.rsplit_once('-')?;
    layout::parse_run(run)
}
