//! One run: its objects against its manifest, its rows against its hashes, its hashes against each other.
//!
//! Nothing here depends on other runs, so that runs are verified in parallel; what is left to be joined with the runs
//! before, and that is a few hashes, is in [`RunResult`].

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use indelible_event::KeyId;
use indelible_event::content_key::BadKeyId;
use indelible_event::control::{CONTROL_TYPE, Dropped, KEY_ERASE};
use indelible_event::entry::SaltKey;
use indelible_ledger::ContentKeys;
use indelible_merkle::{Hash, Node, Run, TILE_HEIGHT};
use sha2::{Digest as _, Sha256};

use super::chain::{About, Plan};
use super::genesis::{self, Genesis};
use super::report::{Finding, FindingCode, Problem};
use super::stack::Stack;
use crate::control;
use crate::leaf::LeafHasher;
use crate::log_file::{LogFileReader, ReadLimits, RunFacts};
use crate::manifest::ObjectFacts;
use crate::redaction::{self, STRETCHES_MAX};
use crate::retention;
use crate::rows::RowDecoder;
use crate::source::Source;

const READ_BYTES: usize = 128 << 10;

/// What is needed to verify a run.
pub(super) struct Task<'a> {
    pub(super) archive: &'a dyn Source,
    pub(super) about: About<'a>,
    pub(super) organization: &'a str,
    pub(super) plan: &'a Plan,
    /// `None` if it is missing or wrong, which is reported elsewhere: then rows cannot become leaves.
    pub(super) salt_key: Option<&'a SaltKey>,
    pub(super) content_keys: &'a ContentKeys,
    /// Sizes of the tree within the run, ascending, at which its root is wanted.
    pub(super) sizes: &'a [u64],
}

/// What was found in a run.
#[derive(Default)]
pub(super) struct RunResult {
    pub(super) findings: Vec<Finding>,
    pub(super) problems: Vec<Problem>,
    /// The subtrees over its leaves; `None` if the leaves are not known.
    pub(super) stack: Option<Stack>,
    /// Stored hashes of subtrees that begin before the run and end in it.
    pub(super) straddling: Vec<(Node, Hash)>,
    /// The subtrees up to each of the sizes asked for.
    pub(super) at_sizes: Vec<(u64, Stack)>,
    /// What the first entry of the log says.
    pub(super) genesis: Option<Genesis>,
    /// That the log file is missing, if it is: a retention entry may say so.
    pub(super) missing: Option<Finding>,
    /// What retention entries say is dropped, and the `seq` of the entry.
    pub(super) dropped: Vec<(u64, Dropped)>,
    /// Entries whose content is redacted, ascending.
    pub(super) redacted: Vec<Dropped>,
    /// What redaction entries say is redacted, and the `seq` of the entry.
    pub(super) redactions: Vec<(u64, Dropped)>,
    /// Log files with content that was redacted since, which are still there.
    pub(super) superseded: u64,
    /// Keys that entries say are destroyed.
    pub(super) erased: Vec<KeyId>,
    /// The key of its content, where that could not be looked at; and of how many entries.
    pub(super) unread: Option<(KeyId, u64)>,
    /// Whether its content is encrypted; `None` where that is not known.
    pub(super) content_key: Option<KeyId>,
    /// Entries whose rows gave the leaves.
    pub(super) entries: u64,
    pub(super) canonical_bytes: u64,
    /// Bytes hashed.
    pub(super) bytes: u64,
}

/// Verifies a run.
pub(super) fn verify(task: &Task<'_>) -> RunResult {
    let mut result = RunResult::default();
    let log_file = task.check_object(&task.plan.log_file_name(), &task.plan.log_file(), &mut result);
    for (name, facts) in &task.plan.superseded {
        // One that was removed meanwhile is where it belongs.
        result.superseded += u64::from(matches!(task.open(name, facts, &mut result), Opened::Right(_)));
    }
    let tiles = task.check_object(&task.plan.tiles_name(), &task.plan.tiles, &mut result);
    let stored = tiles.and_then(|file| match Stored::read(file, &task.plan.facts) {
        Ok(stored) => Some(stored),
        Err(error) => {
            let message = format!("is not the hashes of its run: {error}");
            result.findings.push(task.finding(FindingCode::OtherSubtree, &task.plan.tiles_name(), message));
            None
        }
    });
    let mut leaves = Leaves::new(task, stored);
    match (log_file, task.salt_key) {
        (Some(file), Some(salt_key)) => {
            // The file is what was signed. Who signed it may still have made it to bring down whoever reads it.
            let read = catch_unwind(AssertUnwindSafe(|| task.read_rows(file, salt_key, &mut leaves, &mut result)));
            let error = match read {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error),
                Err(_) => Some("reading it came to an unforeseen end".to_owned()),
            };
            if let Some(error) = error {
                let message = format!("cannot be read: {error}");
                result.findings.push(task.finding(FindingCode::BadLogFile, &task.plan.log_file_name(), message));
            }
        }
        _ => leaves.take_stored(&mut result.problems, task),
    }
    leaves.finish(task, &mut result);
    result
}

/// What became of an object that was looked for.
enum Opened {
    Right(File),
    /// It has been reported why.
    Wrong,
    Missing,
}

impl Task<'_> {
    fn finding(&self, code: FindingCode, object: &str, message: String) -> Finding {
        let RunFacts { first, last, .. } = self.plan.facts;
        self.about.finding(code, Some(object), Some((first, last)), message)
    }

    /// The name of an object of the log within the archive.
    fn object(&self, name: &str) -> String {
        format!("{}/{name}", self.about.folder.name())
    }

    /// Opens an object whose length and hash are right; reports it otherwise.
    fn check_object(&self, name: &str, facts: &ObjectFacts, result: &mut RunResult) -> Option<File> {
        match self.open(name, facts, result) {
            Opened::Right(file) => return Some(file),
            Opened::Wrong => return None,
            Opened::Missing => {}
        }
        let missing = self.finding(FindingCode::MissingObject, name, "is missing".to_owned());
        match *facts == self.plan.log_file() && name == self.plan.log_file_name() {
            true => result.missing = Some(missing),
            false => result.findings.push(missing),
        }
        None
    }

    /// The same, but that it is missing is not reported.
    fn open(&self, name: &str, facts: &ObjectFacts, result: &mut RunResult) -> Opened {
        let checked = self.archive.open(&self.object(name), facts.bytes).and_then(|(mut file, length)| {
            // What has another length need not be read.
            let hashed = if length == facts.bytes { Some(hash_file(&mut file)?.sha256) } else { None };
            file.seek(SeekFrom::Start(0))?;
            Ok((file, length, hashed))
        });
        match checked {
            Ok((file, length, hashed)) => {
                result.bytes += length;
                let message = match hashed {
                    Some(sha256) if sha256 == facts.sha256 => return Opened::Right(file),
                    Some(sha256) => {
                        format!("its SHA-256 is {}, and {} was signed", hex::encode(sha256), hex::encode(facts.sha256))
                    }
                    None => format!("it has {length} bytes, and {} were signed", facts.bytes),
                };
                result.findings.push(self.finding(FindingCode::ChangedObject, name, format!("was changed: {message}")));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Opened::Missing,
            Err(error) => {
                let path = self.archive.shown(&self.object(name));
                result.problems.push(Problem { path, message: error.to_string() });
            }
        }
        Opened::Wrong
    }

    /// Rebuilds every entry from its row and hands its leaf on. Stops at the first row that is out of place.
    fn read_rows(
        &self,
        file: File,
        salt_key: &SaltKey,
        leaves: &mut Leaves,
        result: &mut RunResult,
    ) -> Result<(), String> {
        let facts = &self.plan.facts;
        let limits = ReadLimits {
            entries: facts.last - facts.first + 1,
            canonical_bytes: facts.canonical_bytes,
            entry_bytes_max: facts.entry_bytes_max,
        };
        let reader = LogFileReader::open(file, &limits, self.content_keys).map_err(|error| error.to_string())?;
        let content = reader.content().clone();
        result.content_key = content.key();
        let mut hasher = LeafHasher::new(content.salt_key(salt_key));
        let mut found = RunFacts {
            first: facts.first,
            last: facts.first,
            canonical_bytes: 0,
            entry_bytes_max: 0,
            time_min_us: i64::MAX,
            time_max_us: i64::MIN,
            received_first_us: facts.received_first_us,
            received_last_us: i64::MIN,
        };
        let mut seq = facts.first;
        let name = self.plan.log_file_name();
        for batch in reader {
            let batch = batch.map_err(|error| error.to_string())?;
            let rows = RowDecoder::new(&batch).map_err(|error| error.to_string())?;
            for row in 0..rows.rows() {
                if let Some(wrong) = self.misplaced(&rows, row, seq, &found) {
                    let mut finding = self.finding(FindingCode::BadRow, &name, format!("at entry {seq}, {wrong}"));
                    finding.first_seq = Some(seq);
                    result.findings.push(finding);
                    return Ok(());
                }
                let is_control = rows.kind(row) == CONTROL_TYPE;
                if is_control && content.key().is_some() {
                    return Err(format!("entry {seq} is about the log itself and stands among encrypted ones"));
                }
                let leaf = hasher.leaf(&rows, row).map_err(|error| error.to_string())?;
                leaves.take(seq, leaf).map_err(|error| error.to_string())?;
                if rows.redacted(row).is_some() {
                    if is_control || self.plan.redacted().is_none() {
                        return Err(format!("entry {seq} is redacted, and must not be"));
                    }
                    hide(&mut result.redacted, self.about.folder.generation, seq)?;
                }
                if redaction::is_redaction(rows.kind(row), rows.name(row)) {
                    match redaction::read(hasher.content()) {
                        Ok(redacted) => result.redactions.extend(redacted.into_iter().map(|redacted| (seq, redacted))),
                        Err(error) => return Err(format!("the redaction entry {seq} is none: {error}")),
                    }
                }
                if retention::is_retention(rows.kind(row), rows.name(row)) {
                    match retention::read(hasher.content()) {
                        Ok(dropped) => result.dropped.extend(dropped.into_iter().map(|dropped| (seq, dropped))),
                        Err(error) => return Err(format!("the retention entry {seq} is none: {error}")),
                    }
                }
                if is_control && rows.name(row) == Some(KEY_ERASE) {
                    result.erased.push(read_erased(hasher.content())?);
                }
                if seq == 0 {
                    self.read_genesis(&rows, row, hasher.content(), result);
                }
                if seq == facts.first {
                    found.received_first_us = rows.received_at_us(row);
                }
                let time = rows.time(row).micros;
                let bytes = hasher.canonical_bytes();
                found.last = seq;
                found.canonical_bytes += bytes;
                found.entry_bytes_max = found.entry_bytes_max.max(bytes);
                found.time_min_us = found.time_min_us.min(time);
                found.time_max_us = found.time_max_us.max(time);
                found.received_last_us = rows.received_at_us(row);
                seq += 1;
            }
        }
        let redacted = redaction::entries(&result.redacted);
        if let Some(stated) = self.plan.redacted().filter(|stated| *stated != redacted) {
            let message =
                format!("{redacted} entries are redacted in it, and the note about the redaction says {stated}");
            result.findings.push(self.finding(FindingCode::OtherFacts, &name, message));
        }
        if !content.is_readable() {
            result.unread = content.key().map(|key| (key, seq - facts.first - redacted));
        }
        if !content.is_readable() || redacted > 0 {
            // How long the content is only the manifest says.
            (found.canonical_bytes, found.entry_bytes_max) = (facts.canonical_bytes, facts.entry_bytes_max);
        }
        result.canonical_bytes = found.canonical_bytes;
        // Of entries that are not the signed ones, nothing more need be said.
        if found != *facts && leaves.other_entries.is_none() {
            let message = format!("it does not hold what its manifest says: {}", differences(&found, facts));
            result.findings.push(self.finding(FindingCode::OtherFacts, &name, message));
        }
        Ok(())
    }

    /// What is wrong with a row apart from its hash.
    fn misplaced(&self, rows: &RowDecoder<'_>, row: usize, seq: u64, before: &RunFacts) -> Option<String> {
        if rows.seq(row) != seq {
            return Some(format!("there is entry {}", rows.seq(row)));
        }
        if seq > self.plan.facts.last {
            return Some("the run should have ended".to_owned());
        }
        if rows.organization(row) != self.organization {
            return Some(format!("there is a row of {:?}", rows.organization(row)));
        }
        if rows.received_at_us(row) < before.received_last_us {
            return Some("received_at goes back".to_owned());
        }
        (!rows.is_canonical(row)).then(|| "the row is not in the form that rows have".to_owned())
    }

    fn read_genesis(&self, rows: &RowDecoder<'_>, row: usize, content: &[u8], result: &mut RunResult) {
        match genesis::read(rows.kind(row), rows.name(row), content) {
            Ok(genesis) => result.genesis = Some(genesis),
            Err(error) => {
                let message = format!("entry 0 is not the genesis of a log: {error}");
                let name = self.plan.log_file_name();
                result.findings.push(self.about.finding(FindingCode::BadGenesis, Some(&name), Some((0, 0)), message));
            }
        }
    }
}

/// Takes up that the entry `seq`, behind all before, is redacted.
fn hide(redacted: &mut Vec<Dropped>, generation: u32, seq: u64) -> Result<(), String> {
    let is_full = redacted.len() >= STRETCHES_MAX;
    match redacted.last_mut() {
        Some(last) if last.last + 1 == seq => last.last = seq,
        _ if is_full => return Err("more entries are redacted than an entry can name".to_owned()),
        _ => redacted.push(Dropped { generation, first: seq, last: seq }),
    }
    Ok(())
}

/// The key that an entry with this content part says is destroyed.
fn read_erased(content: &[u8]) -> Result<KeyId, String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Extra {
        key_erase: Payload,
    }
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Payload {
        key_id: String,
    }
    let Extra { key_erase } = control::extra(content)?;
    key_erase.key_id.parse().map_err(|error: BadKeyId| error.to_string())
}

fn differences(found: &RunFacts, signed: &RunFacts) -> String {
    let range = |a: i64, b: i64| format!("{a} {b}");
    let pairs = [
        ("last", found.last.to_string(), signed.last.to_string()),
        ("canonical-bytes", found.canonical_bytes.to_string(), signed.canonical_bytes.to_string()),
        ("entry-bytes-max", found.entry_bytes_max.to_string(), signed.entry_bytes_max.to_string()),
        ("time-us", range(found.time_min_us, found.time_max_us), range(signed.time_min_us, signed.time_max_us)),
        (
            "received-us",
            range(found.received_first_us, found.received_last_us),
            range(signed.received_first_us, signed.received_last_us),
        ),
    ];
    let differing = pairs.into_iter().filter(|(_, found, signed)| found != signed);
    let texts: Vec<String> =
        differing.map(|(what, found, signed)| format!("{what} is {found}, signed was {signed}")).collect();
    texts.join("; ")
}

/// Length and hash of the rest of a file.
pub(crate) fn hash_file(file: &mut File) -> io::Result<ObjectFacts> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; READ_BYTES];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(ObjectFacts { bytes, sha256: hasher.finalize().into() }),
            read => {
                hasher.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}

/// The object of hashes: leaves as a stream, the few above them in memory.
struct Stored {
    leaves: BufReader<File>,
    /// Tile levels above the leaves: the index of the first hash, and the hashes.
    upper: Vec<(u8, u64, Vec<Hash>)>,
}

impl Stored {
    /// `file` has the right hash, not necessarily the right length.
    fn read(mut file: File, facts: &RunFacts) -> io::Result<Stored> {
        let wrong = || io::Error::other("its length does not fit the entries");
        let run = Run::new(facts.first, facts.last + 1).ok_or_else(wrong)?;
        if file.metadata()?.len() != run.hashes().saturating_mul(Hash::BYTES as u64) {
            return Err(wrong());
        }
        let mut upper = Vec::new();
        let mut at = 0;
        for (level, indexes) in run.levels() {
            let bytes = (indexes.end - indexes.start) * Hash::BYTES as u64;
            if level > 0 {
                file.seek(SeekFrom::Start(at))?;
                let mut hashes = vec![0; bytes as usize];
                file.read_exact(&mut hashes)?;
                upper.push((level, indexes.start, Hash::from_concatenated(&hashes).ok_or_else(wrong)?));
            }
            at += bytes;
        }
        file.seek(SeekFrom::Start(0))?;
        Ok(Stored { leaves: BufReader::with_capacity(READ_BYTES, file), upper })
    }

    fn next_leaf(&mut self) -> io::Result<Hash> {
        let mut hash = Hash::ZERO;
        self.leaves.read_exact(&mut hash.0)?;
        Ok(hash)
    }

    fn upper(&self, node: Node) -> Option<Hash> {
        let level = node.height / TILE_HEIGHT;
        let (_, first, hashes) = self.upper.iter().find(|(of, ..)| *of == level)?;
        hashes.get(usize::try_from(node.index.checked_sub(*first)?).ok()?).copied()
    }
}

/// The leaves of a run as they come, and the tree over them.
struct Leaves<'a> {
    first: u64,
    end: u64,
    next: u64,
    stored: Option<Stored>,
    stack: Stack,
    sizes: &'a [u64],
    at_sizes: Vec<(u64, Stack)>,
    /// The first and the last entry that is not the stored one, and how many there are.
    other_entries: Option<(u64, u64, u64)>,
    /// The first subtree whose stored hash is not its own.
    other_subtree: Option<Node>,
    /// Leaves that came from rows.
    rebuilt: u64,
}

impl<'a> Leaves<'a> {
    fn new(task: &Task<'a>, stored: Option<Stored>) -> Self {
        let RunFacts { first, last, .. } = task.plan.facts;
        Self {
            first,
            end: last + 1,
            next: first,
            stored,
            stack: Stack::default(),
            sizes: task.sizes,
            at_sizes: Vec::new(),
            other_entries: None,
            other_subtree: None,
            rebuilt: 0,
        }
    }

    /// The leaf of the entry at `seq`, which is the next, as its row gives it.
    fn take(&mut self, seq: u64, leaf: Hash) -> io::Result<()> {
        self.rebuilt += 1;
        let stored = match &mut self.stored {
            Some(stored) => stored.next_leaf()?,
            None => leaf,
        };
        if stored != leaf {
            let (first, _, count) = self.other_entries.unwrap_or((seq, seq, 0));
            self.other_entries = Some((first, seq, count + 1));
        }
        // The stored hash was signed as much as the row was, and other runs go on from it.
        self.push(stored);
        Ok(())
    }

    fn push(&mut self, leaf: Hash) {
        let Self { stored, stack, other_subtree, .. } = self;
        stack.push(Node { height: 0, index: self.next }, leaf, |node, hash| {
            if node.height % TILE_HEIGHT == 0 && stored.as_ref().is_some_and(|stored| stored.upper(node) != Some(hash))
            {
                other_subtree.get_or_insert(node);
            }
        });
        self.next += 1;
        if self.sizes.binary_search(&self.next).is_ok() {
            self.at_sizes.push((self.next, self.stack.clone()));
        }
    }

    /// Takes the leaves that did not come from rows as they are stored.
    fn take_stored(&mut self, problems: &mut Vec<Problem>, task: &Task<'_>) {
        while self.next < self.end {
            match self.stored.as_mut().map(Stored::next_leaf) {
                None => return,
                Some(Ok(leaf)) => self.push(leaf),
                Some(Err(error)) => {
                    let path = task.archive.shown(&task.object(&task.plan.tiles_name()));
                    problems.push(Problem { path, message: error.to_string() });
                    return;
                }
            }
        }
    }

    fn finish(mut self, task: &Task<'_>, result: &mut RunResult) {
        // Where reading rows stopped short, the stored leaves go on.
        self.take_stored(&mut result.problems, task);
        if let Some((first, last, count)) = self.other_entries {
            let what = if count == 1 { "1 entry is" } else { &format!("{count} entries are") };
            let message = format!("{what} not what the tree has, from entry {first} on");
            let name = task.plan.log_file_name();
            let finding = task.about.finding(FindingCode::OtherEntry, Some(&name), Some((first, last)), message);
            result.findings.push(finding);
        }
        if let Some(Node { height, index }) = self.other_subtree {
            let begin = index << height;
            let message = format!("the hash over the entries {begin} to {} is not theirs", begin + (1 << height) - 1);
            result.findings.push(task.finding(FindingCode::OtherSubtree, &task.plan.tiles_name(), message));
        }
        result.entries = self.rebuilt - self.other_entries.map_or(0, |(_, _, count)| count);
        result.straddling = self.stored.as_ref().map(|stored| straddling(stored, self.first)).unwrap_or_default();
        if self.next == self.end {
            result.stack = Some(self.stack);
            result.at_sizes = self.at_sizes;
        }
    }
}

/// The stored hashes of subtrees that begin before `first`.
fn straddling(stored: &Stored, first: u64) -> Vec<(Node, Hash)> {
    let nodes = stored.upper.iter().filter_map(|(level, index, hashes)| {
        let node = Node { height: level * TILE_HEIGHT, index: *index };
        (index << node.height < first).then_some((node, *hashes.first()?))
    });
    nodes.collect()
}
