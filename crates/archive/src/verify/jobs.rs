//! Which run is verified when, and by whom; and how the runs of a log are joined.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use indelible_event::KeyId;
use indelible_event::control::Dropped;
use indelible_event::entry::SaltKey;
use indelible_ledger::{ContentKeys, KeyState};
use indelible_merkle::{Hash, VerifierKey, empty_root};

use super::chain::{About, Chain, Head, Plan};
use super::genesis::{Genesis, Previous};
use super::keys::Keys;
use super::platform_log::PlatformLog;
use super::report::{Finding, FindingCode, LogReport, Outcome, Problem, Report, Trust};
use super::run::{self, RunResult, Task};
use super::since::{self, Kept, Since};
use super::stack::Stack;
use super::walk::{self, LogFolder, Seen};
use super::{Options, Progress, generations, platform};
use crate::claim::Claim;
use crate::layout;
use crate::manifest::{ObjectFacts, origin_parts};
use crate::source::{Depth, Source};
use crate::{redaction, retention};

/// Threads that are worth their memory.
const THREADS: usize = 2;

/// Findings and problems kept while the work goes on.
const KEPT_MAX: usize = 10_000;

pub(super) fn verify(archive: &dyn Source, options: &Options, progress: &(dyn Fn(Progress) + Sync)) -> Report {
    let start = Instant::now();
    let mut seen = Seen::default();
    let contents = walk::contents(archive, &mut seen);
    if contents.logs.is_empty() && seen.problems.is_empty() && options.since.is_empty() {
        let inside = format!("archive/{}", layout::ORGANIZATIONS);
        let is_inside = !archive.entries(&inside, Depth::Here, &mut Vec::new()).is_empty();
        let message = match () {
            () if !contents.claims.is_empty() => format!("nothing is archived in {archive} yet"),
            () if is_inside => format!("there is no archive in {archive}; did you mean the folder archive in it?"),
            () => format!("there is no archive in {archive}"),
        };
        seen.problems.push(Problem { path: archive.shown(""), message });
        // What else is there is none of our business then.
        seen.findings.clear();
    }
    let platform: Vec<_> = walk::platform_logs(archive, &mut seen)
        .into_iter()
        .map(|(generation, objects)| PlatformLog::read(archive, generation, &objects, &mut seen))
        .collect();
    let keys = Keys::new(&options.keys, platform.iter().flat_map(PlatformLog::rotations).collect());
    let claims = platform::claims(archive, &contents, &keys, &mut seen);
    let bytes = platform::copies(archive, &contents.copies, &keys, &mut seen);
    let since = since::read(&options.since, &mut seen.findings);
    let content_keys = options.content_keys.clone().unwrap_or_else(|| Arc::new(ContentKeys::none()));
    let work = Work {
        archive,
        options,
        keys: &keys,
        since: &since,
        content_keys: &content_keys,
        newest: claims.last_key_value().map_or(0, |(generation, _)| *generation),
        progress,
        queue: Mutex::new(Queue { folders: contents.logs.into_iter(), current: None }),
        state: Mutex::new(State { seen, bytes, ..State::default() }),
    };
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, NonZero::get).min(THREADS),
        threads => threads,
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| work.run());
        }
        work.run();
    });
    let state = work.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    conclude(state, options, &keys, &since, &claims, &platform, &content_keys, start)
}

struct Work<'a> {
    archive: &'a dyn Source,
    options: &'a Options,
    keys: &'a Keys,
    since: &'a Since,
    content_keys: &'a ContentKeys,
    /// The newest generation that was opened.
    newest: u32,
    progress: &'a (dyn Fn(Progress) + Sync),
    queue: Mutex<Queue>,
    state: Mutex<State>,
}

/// The runs that nobody has taken yet: the next of the current log, then the logs not looked at.
struct Queue {
    folders: std::vec::IntoIter<LogFolder>,
    current: Option<(Arc<LogWork>, usize)>,
}

/// A log whose runs are being verified.
struct LogWork {
    chain: Chain,
    salt_key: Option<SaltKey>,
    kept: Vec<Kept>,
    join: Mutex<Join>,
}

/// How far the runs of a log are joined, in their order.
#[derive(Default)]
struct Join {
    next: usize,
    waiting: BTreeMap<usize, RunResult>,
    stack: Stack,
    size: u64,
    /// A run is missing or its leaves are not known: the tree cannot be computed beyond it.
    broken: bool,
    root: Option<Hash>,
    genesis: Option<Genesis>,
    /// Entries whose content was not looked at, by its key.
    unread: BTreeMap<KeyId, u64>,
    content_key: Option<KeyId>,
    /// Log files that others took the place of and that are there.
    superseded: u64,
}

/// What is known so far of the whole archive.
#[derive(Default)]
struct State {
    seen: Seen,
    notes: Vec<String>,
    logs: Vec<Done>,
    progress: Progress,
    entries: u64,
    canonical_bytes: u64,
    bytes: u64,
    omitted: u64,
    /// Entries whose log file is missing, by organization.
    missing: Vec<(String, Dropped, Finding)>,
    /// What retention entries say is dropped, by organization, with generation and `seq` of the entry.
    dropped: BTreeMap<String, Vec<((u32, u64), Dropped)>>,
    /// Runs whose rows were looked at.
    seen_runs: Vec<SeenRun>,
    /// What redaction entries say is redacted, as above.
    redactions: BTreeMap<String, Vec<((u32, u64), Dropped)>>,
    /// Keys that are destroyed: so say entries, by organization.
    erased: BTreeMap<String, BTreeSet<KeyId>>,
}

/// A run whose rows were looked at, and those of them without content.
struct SeenRun {
    organization: String,
    /// `<label>/<generation>`.
    log: String,
    entries: Dropped,
    redacted: Vec<Dropped>,
    /// The key of its content, where that could not be looked at.
    unread: Option<KeyId>,
    /// That entries without content are named by nothing.
    finding: Finding,
}

impl SeenRun {
    /// The first entry without content that none of these redaction entries names; one names only what stands ahead of it.
    fn first_hidden(&self, said: Option<&Vec<((u32, u64), Dropped)>>) -> Option<u64> {
        if self.redacted.is_empty() {
            return None;
        }
        let Dropped { generation, first, last } = self.entries;
        let is_ahead = |(at, said): &&((u32, u64), Dropped)| *at > (said.generation, said.last);
        let later = said.into_iter().flatten().filter(is_ahead).map(|(_, said)| *said);
        let named = retention::joined(later.collect());
        let named = redaction::within(&named, generation, first, last);
        self.redacted
            .iter()
            .find_map(|stretch| (stretch.first..=stretch.last).find(|seq| !redaction::holds(&named, *seq)))
    }
}

/// A log that is finished.
pub(super) struct Done {
    pub(super) folder: LogFolder,
    pub(super) head: Option<Head>,
    pub(super) previous: Option<Previous>,
    pub(super) genesis_is_known: bool,
    pub(super) root: Option<Hash>,
    /// Entries whose content was not looked at, by its key.
    unread: BTreeMap<KeyId, u64>,
    pub(super) report: LogReport,
}

impl State {
    /// Tells log files that retention let go of from those that are missing.
    fn account_for_missing(&mut self) {
        let mut findings = Vec::new();
        for (organization, file, finding) in std::mem::take(&mut self.missing) {
            let is_it = |(at, dropped): &((u32, u64), Dropped)| retention::accounts_for(*at, dropped, &file);
            let is_dropped = self.dropped.get(&organization).is_some_and(|dropped| dropped.iter().any(is_it));
            let log = self.logs.iter_mut().find(|done| finding.log.as_ref() == Some(&done.report.log));
            match log {
                Some(done) if is_dropped => {
                    done.report.dropped_log_files += 1;
                    done.report.dropped_entries += file.last - file.first + 1;
                }
                _ => findings.push(finding),
            }
        }
        self.add(findings, Vec::new());
    }

    /// Tells entries that the log itself says are redacted from those whose content somebody hides.
    fn account_for_redacted(&mut self) {
        let all = |said: &Vec<((u32, u64), Dropped)>| retention::joined(said.iter().map(|(_, said)| *said).collect());
        let all: BTreeMap<&str, Vec<Dropped>> =
            self.redactions.iter().map(|(organization, said)| (organization.as_str(), all(said))).collect();
        let mut findings = Vec::new();
        for run in std::mem::take(&mut self.seen_runs) {
            let Dropped { generation, first, last } = run.entries;
            if let Some(seq) = run.first_hidden(self.redactions.get(&run.organization)) {
                let (first_seq, last_seq) = (Some(seq), Some(last));
                let message = format!("{}; the first is entry {seq}", run.finding.message);
                findings.push(Finding { first_seq, last_seq, message, ..run.finding });
                continue;
            }
            let erased = self.erased.get(&run.organization);
            let is_erased = run.unread.is_some_and(|key| erased.is_some_and(|erased| erased.contains(&key)));
            let named = all.get(run.organization.as_str()).map(|all| redaction::within(all, generation, first, last));
            let (named, redacted) = (redaction::entries(&named.unwrap_or_default()), redaction::entries(&run.redacted));
            if let Some(done) = self.logs.iter_mut().find(|done| done.report.log == run.log) {
                done.report.redacted_entries += redacted;
                done.report.unredacted_entries += if is_erased { 0 } else { named.saturating_sub(redacted) };
            }
        }
        self.add(findings, Vec::new());
    }

    /// Tells content whose key was destroyed from content whose key was not given.
    fn account_for_unread(&mut self, keys: &ContentKeys) {
        for done in &mut self.logs {
            let erased = self.erased.get(&done.report.organization);
            for (key, entries) in &done.unread {
                let is_erased = erased.is_some_and(|erased| erased.contains(key));
                match is_erased || matches!(keys.find(*key), KeyState::Erased) {
                    true => done.report.erased_entries += entries,
                    false => {
                        done.report.unread_entries += entries;
                        done.report.unread_keys.push(key.to_string());
                    }
                }
            }
        }
    }

    fn add(&mut self, findings: Vec<Finding>, problems: Vec<Problem>) {
        for finding in findings {
            match self.seen.findings.len() < KEPT_MAX {
                true => self.seen.findings.push(finding),
                false => self.omitted += 1,
            }
        }
        let room = KEPT_MAX.saturating_sub(self.seen.problems.len());
        self.seen.problems.extend(problems.into_iter().take(room));
    }
}

impl Work<'_> {
    fn run(&self) {
        while let Some((log, index)) = self.next() {
            let plan = &log.chain.plans[index];
            let organization = log.chain.head.as_ref().map_or("", |head| head.organization.as_str());
            let sizes: Vec<u64> = log
                .kept
                .iter()
                .map(|kept| kept.size)
                .filter(|size| (plan.facts.first + 1..=plan.facts.last + 1).contains(size))
                .collect();
            let verify = |plan| {
                run::verify(&Task {
                    archive: self.archive,
                    about: log.about(),
                    organization,
                    plan,
                    salt_key: log.salt_key.as_ref(),
                    content_keys: self.content_keys,
                    sizes: &sizes,
                })
            };
            let mut result = verify(plan);
            // A redaction may have put another file in its place since the notes were read.
            if result.missing.is_some()
                && self.options.in_use
                && let Some(newer) = self.replaced(&log, plan)
            {
                result = verify(&newer);
            }
            self.join(&log, index, result);
        }
    }

    /// The next run to verify. Reads the manifests of the next log where the runs of one are all taken; meanwhile the
    /// other threads wait, or work on.
    fn next(&self) -> Option<(Arc<LogWork>, usize)> {
        let mut queue = lock(&self.queue);
        loop {
            if let Some((log, index)) = &mut queue.current {
                if *index < log.chain.plans.len() {
                    *index += 1;
                    return Some((Arc::clone(log), *index - 1));
                }
                queue.current = None;
            }
            let folder = queue.folders.next()?;
            let log = Arc::new(self.begin(folder));
            if log.chain.plans.is_empty() {
                self.finish(&log, &mut lock(&log.join));
            } else {
                queue.current = Some((log, 0));
            }
        }
    }

    /// The run as the archive has it now, if that has another log file.
    fn replaced(&self, log: &LogWork, plan: &Plan) -> Option<Plan> {
        let folder = log.chain.folder.clone();
        let objects = walk::objects(self.archive, &folder.name(), &mut Seen::default());
        let plans = Chain::read(folder, self.archive, &objects, self.keys).plans;
        let mut same = plans.into_iter().filter(|newer| newer.facts == plan.facts);
        same.next().filter(|newer| newer.log_file() != plan.log_file())
    }

    fn begin(&self, folder: LogFolder) -> LogWork {
        let mut seen = Seen::default();
        let objects = walk::objects(self.archive, &folder.name(), &mut seen);
        let mut chain = Chain::read(folder, self.archive, &objects, self.keys);
        let salt_key = read_salt_key(&mut chain, self.archive);
        let kept = chain.head.as_ref().and_then(|head| self.since.get(&head.origin)).cloned().unwrap_or_default();
        let mut state = lock(&self.state);
        state.progress.bytes_total += objects.values().sum::<u64>();
        state.bytes += chain.bytes;
        state.progress.bytes += chain.bytes;
        state.add(seen.findings, seen.problems);
        state.add(std::mem::take(&mut chain.findings), std::mem::take(&mut chain.problems));
        let strangers = std::mem::take(&mut chain.strangers);
        if !self.options.in_use {
            state.add(strangers, Vec::new());
        }
        let unfinished = std::mem::take(&mut chain.unfinished);
        match unfinished.first() {
            // Where the generation ends is signed in the next one, so this takes nothing away.
            Some(_) if chain.folder.generation < self.newest => state.notes.push(format!(
                "{}: a run that was being uploaded when the server was lost is no part of the log",
                chain.folder.name()
            )),
            Some(_) if !self.options.in_use => state.add(unfinished, Vec::new()),
            _ => {}
        }
        drop(state);
        LogWork { chain, salt_key, kept, join: Mutex::default() }
    }

    /// Joins the result of a run with those before it, as far as these are there.
    fn join(&self, log: &LogWork, index: usize, result: RunResult) {
        let mut join = lock(&log.join);
        join.waiting.insert(index, result);
        loop {
            let next = join.next;
            let Some(result) = join.waiting.remove(&next) else { return };
            join.next += 1;
            self.join_next(log, next, result, &mut join);
            if join.next == log.chain.plans.len() {
                self.finish(log, &mut join);
                return;
            }
        }
    }

    fn join_next(&self, log: &LogWork, index: usize, mut result: RunResult, join: &mut Join) {
        let plan = &log.chain.plans[index];
        let about = log.about();
        if let Some(genesis) = result.genesis.take() {
            match check_genesis(log, self.keys, &genesis) {
                Some(finding) => result.findings.push(finding),
                None => join.genesis = Some(genesis),
            }
        }
        let unread = result.unread.map(|(key, _)| key);
        if let Some((key, entries)) = result.unread.take() {
            *join.unread.entry(key).or_default() += entries;
        }
        join.content_key = result.content_key.or(join.content_key);
        join.superseded += result.superseded;
        join.broken |= plan.facts.first != join.size;
        join.size = plan.facts.last + 1;
        join.root = None;
        match &result.stack {
            Some(stack) if !join.broken => {
                for (size, at_size) in &result.at_sizes {
                    let mut at = join.stack.clone();
                    at.append(at_size, |_, _| ());
                    result.findings.extend(log.check_kept(*size, at.root()));
                }
                let mut straddling = std::mem::take(&mut result.straddling);
                join.stack.append(stack, |node, hash| straddling.retain(|stored| *stored != (node, hash)));
                let run = Some((plan.facts.first, plan.facts.last));
                if !straddling.is_empty() {
                    let message = "the hash of a subtree that ends in this run is not that of its leaves".to_owned();
                    let finding = about.finding(FindingCode::OtherSubtree, Some(&plan.tiles_name()), run, message);
                    result.findings.push(finding);
                }
                join.root = join.stack.root();
                if join.root != Some(plan.root) {
                    let name = layout::manifest(plan.facts.first, plan.facts.last);
                    let message = format!("the root of the first {} entries is not the one that was signed", join.size);
                    result.findings.push(about.finding(FindingCode::OtherRoot, Some(&name), run, message));
                }
            }
            _ => join.broken = true,
        }
        let mut state = lock(&self.state);
        if let Some(head) = &log.chain.head {
            let (organization, generation) = (head.organization.to_string(), log.chain.folder.generation);
            let file = Dropped { generation, first: plan.facts.first, last: plan.facts.last };
            state.missing.extend(result.missing.take().map(|finding| (organization.clone(), file, finding)));
            // Of what no redaction entry can name there is nothing to say.
            if result.entries > 0 || !result.redacted.is_empty() {
                let message = "entries are without content, and no redaction entry further on names them".to_owned();
                let run = Some((plan.facts.first, plan.facts.last));
                state.seen_runs.push(SeenRun {
                    organization: organization.clone(),
                    log: format!("{}/{generation}", log.chain.folder.label),
                    entries: file,
                    redacted: std::mem::take(&mut result.redacted),
                    unread,
                    finding: about.finding(FindingCode::HiddenContent, Some(&plan.log_file_name()), run, message),
                });
            }
            let redactions = result.redactions.drain(..).map(|(seq, redacted)| ((generation, seq), redacted));
            state.redactions.entry(organization.clone()).or_default().extend(redactions);
            let dropped = result.dropped.drain(..).map(|(seq, dropped)| ((generation, seq), dropped));
            state.dropped.entry(organization.clone()).or_default().extend(dropped);
            state.erased.entry(organization).or_default().extend(result.erased.drain(..));
        }
        result.findings.extend(result.missing.take());
        state.entries += result.entries;
        state.canonical_bytes += result.canonical_bytes;
        state.bytes += result.bytes;
        state.progress.entries += result.entries;
        state.progress.bytes += result.bytes;
        state.add(result.findings, result.problems);
        let progress = state.progress;
        drop(state);
        (self.progress)(progress);
    }

    fn finish(&self, log: &LogWork, join: &mut Join) {
        let mut findings = Vec::new();
        let head = log.chain.head.clone();
        if let Some(head) = &head {
            since::check_size(&head.origin, &log.kept, join.size, &mut findings);
            since::check_signatures(
                &head.origin,
                &log.kept,
                &self.keys.extend(std::slice::from_ref(&head.key)),
                &mut findings,
            );
            findings.extend(log.check_kept(0, Some(empty_root())));
        }
        let plans = &log.chain.plans;
        let report = LogReport {
            organization: head.as_ref().map_or_else(String::new, |head| head.organization.to_string()),
            log: format!("{}/{}", log.chain.folder.label, log.chain.folder.generation),
            generation: log.chain.folder.generation,
            key: head.as_ref().map_or_else(String::new, |head| head.key.to_string()),
            entries: join.size,
            root: join.root.map(|root| root.to_string()),
            log_files: plans.len() as u64,
            bytes: plans.iter().map(|plan| plan.log_file().bytes).sum(),
            canonical_bytes: plans.iter().map(|plan| plan.facts.canonical_bytes).sum(),
            received_first_us: plans.first().map_or(0, |plan| plan.facts.received_first_us),
            received_last_us: plans.last().map_or(0, |plan| plan.facts.received_last_us),
            dropped_log_files: 0,
            dropped_entries: 0,
            content_key: join.content_key.map(|key| key.to_string()),
            unread_entries: 0,
            unread_keys: Vec::new(),
            erased_entries: 0,
            redacted_entries: 0,
            unredacted_entries: 0,
            superseded_log_files: join.superseded,
            closed: None,
        };
        let done = Done {
            folder: log.chain.folder.clone(),
            head,
            previous: join.genesis.as_ref().and_then(|genesis| genesis.previous.clone()),
            genesis_is_known: join.genesis.is_some(),
            root: join.root,
            unread: std::mem::take(&mut join.unread),
            report,
        };
        let mut state = lock(&self.state);
        state.add(findings, Vec::new());
        state.logs.push(done);
    }
}

impl LogWork {
    fn about(&self) -> About<'_> {
        let organization = self.chain.head.as_ref().map(|head| head.organization.as_str());
        About { folder: &self.chain.folder, organization }
    }

    /// Compares the root at `size` with the checkpoints kept of that size.
    fn check_kept(&self, size: u64, root: Option<Hash>) -> Option<Finding> {
        let kept = self.kept.iter().find(|kept| kept.size == size && Some(kept.root) != root)?;
        let origin = self.chain.head.as_ref().map_or("", |head| head.origin.as_str());
        Some(since::other_history(origin, kept.size))
    }
}

/// Reads the salt key; reports it and answers `None` unless it is the one that the manifests name.
fn read_salt_key(chain: &mut Chain, archive: &dyn Source) -> Option<SaltKey> {
    let facts = chain.head.as_ref()?.salt;
    match archive.read(&[chain.object(layout::SALT)], 32).pop()? {
        Ok(bytes) if ObjectFacts::of(&bytes) == facts => match <[u8; 32]>::try_from(bytes) {
            Ok(key) => return Some(SaltKey::new(key)),
            Err(_) => {
                let message = "is not a salt key, which has 32 bytes".to_owned();
                chain.find(FindingCode::OtherSaltKey, Some(layout::SALT), None, message);
            }
        },
        Ok(_) => {
            let message = "was changed: it is not what was signed".to_owned();
            chain.find(FindingCode::ChangedObject, Some(layout::SALT), None, message);
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            chain.find(FindingCode::MissingObject, Some(layout::SALT), None, "is missing".to_owned());
        }
        Err(error) => {
            let path = chain.object(layout::SALT);
            chain.problems.push(Problem { path, message: error.to_string() });
        }
    }
    None
}

/// Whether the first entry is of the log it stands in.
fn check_genesis(log: &LogWork, keys: &Keys, genesis: &Genesis) -> Option<Finding> {
    let head = log.chain.head.as_ref()?;
    let folder = &log.chain.folder;
    let names_key = |key: &VerifierKey| format!("{:08x}", key.id()) == genesis.key_id;
    let commitment = log.salt_key.as_ref().map(SaltKey::commitment);
    let (code, message) = if genesis.origin != head.origin {
        (FindingCode::BadGenesis, format!("the genesis entry is that of {}", genesis.origin))
    } else if genesis.label != folder.label || genesis.generation != folder.generation {
        let message = format!("the genesis entry is that of {}/{}", genesis.label, genesis.generation);
        (FindingCode::BadGenesis, message)
    } else if !keys.extend(std::slice::from_ref(&head.key)).iter().any(names_key) {
        let message =
            format!("the genesis entry names the key {}, and the log is signed with {}", genesis.key_id, head.key);
        (FindingCode::OtherKey, message)
    } else if commitment.is_some_and(|commitment| commitment != genesis.salt_key_commitment) {
        (FindingCode::OtherSaltKey, "the salt key is not the one the genesis entry commits to".to_owned())
    } else if genesis.previous.as_ref().is_some_and(|previous| !is_before(previous, folder.generation)) {
        (FindingCode::BadGenesis, "the genesis entry misplaces the generation before".to_owned())
    } else {
        return None;
    };
    Some(log.about().finding(code, None, Some((0, 0)), message))
}

fn is_before(previous: &Previous, generation: u32) -> bool {
    let number = origin_parts(&previous.origin).map(|(_, _, number)| number);
    number.is_some_and(|number| number < generation) && previous.size <= previous.witnessed_size
}

#[allow(clippy::too_many_arguments)]
fn conclude(
    mut state: State,
    options: &Options,
    keys: &Keys,
    since: &Since,
    claims: &BTreeMap<u32, Claim>,
    platform: &[PlatformLog],
    content_keys: &ContentKeys,
    start: Instant,
) -> Report {
    state.account_for_missing();
    state.account_for_redacted();
    state.account_for_unread(content_keys);
    let (mut findings, notes) = generations::check(&mut state.logs);
    state.notes.extend(notes);
    findings.extend(state.logs.iter().filter_map(|done| check_platform(done, claims)));
    let heads = || state.logs.iter().filter_map(|done| done.head.as_ref());
    since::check_present(since, |origin| heads().any(|head| head.origin == origin), &mut findings);
    let names = Report::distinct_keys(heads().filter_map(|head| {
        let platform = head.origin.rsplitn(3, '/').nth(2)?;
        Some(VerifierKey::new(platform, head.key.public()).ok()?.to_string())
    }));
    let trust = if options.keys.is_empty() { Trust::Archive(names) } else { Trust::Given(names) };
    // Without keys of the reader's own, those that sign for the organizations' logs.
    let signers: Vec<_> = match keys.held.is_empty() {
        true => keys.extend(&heads().map(|head| head.key.clone()).collect::<Vec<_>>()),
        false => keys.held.clone(),
    };
    state.add(findings, Vec::new());
    state.bytes += platform.iter().map(|log| log.bytes).sum::<u64>();
    let platform = platform.iter().filter_map(|log| log.finish(&signers, &mut state.seen)).collect();
    let mut report = Report {
        outcome: Outcome::Unknown,
        summary: String::new(),
        trust,
        since: !options.since.is_empty(),
        entries: state.entries,
        canonical_bytes: state.canonical_bytes,
        bytes: state.bytes,
        receipts: None,
        seconds: start.elapsed().as_secs_f64(),
        logs: state.logs.into_iter().map(|done| done.report).collect(),
        platform,
        findings: state.seen.findings,
        problems: state.seen.problems,
        notes: state.notes,
        findings_omitted: state.omitted,
    };
    report.conclude(options.strict);
    report
}

/// Whether a log is of the platform that opened its generation.
fn check_platform(done: &Done, claims: &BTreeMap<u32, Claim>) -> Option<Finding> {
    let head = done.head.as_ref()?;
    let claim = claims.get(&done.folder.generation)?;
    let (platform, ..) = origin_parts(&head.origin)?;
    let message = format!("the log is of the platform {platform}, and its generation was opened by {}", claim.platform);
    let about = About { folder: &done.folder, organization: Some(head.organization.as_str()) };
    (platform != claim.platform).then(|| about.finding(FindingCode::BadClaim, None, None, message))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
