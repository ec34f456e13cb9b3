//! Redaction: named entries of an organization's log lose their content for ever.
//!
//! A redaction goes in steps, each of which may be the last before a crash. A `REDACTION` entry of the organization's own log
//! names the entries, and all that were redacted before; what is concerned and the entry itself are archived; each log file
//! concerned is written anew, without the contents, and sent with a signed note; readers switch to the new file; the old one is
//! removed. Where that was broken off it goes on at the next round: what is to be redacted stands in `redactions` of the data
//! folder, files on their way in `redacting`, and everything else in the bucket.
//!
//! Copies of the journal and the journal itself go by their own rules. Until they are gone too the redaction is not complete, and
//! [`App::redaction_state`] says what still holds the contents.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indelible_api::{EntryRange, ErrorCode, RedactedEntries, RedactionState};
use indelible_archive::redaction::{self, Rewrite, STRETCHES_MAX, Staged, entries, pending, within};
use indelible_archive::retention::joined;
use indelible_archive::source::Source;
use indelible_archive::{ClosedLog, Inventory, LogFile, Superseded, mirror};
use indelible_event::catalogue::typed::{AuditDataRedact, AuditDataRedactRequest, AuditDataRedactResult};
use indelible_event::control::{self, Dropped};
use indelible_event::{Organization, Scope, Time};
use indelible_ledger::OrganizationLog;
use indelible_storage::{BucketError, durable};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use crate::app::App;
use crate::archived::mirror_path;
use crate::audit::{Actor, AuditEvent, shortened};
use crate::bucket;
use crate::entries::Entries;
use crate::error::ApiError;
use crate::generation::ensure_newest;
use crate::ids;
use crate::outage::{Outage, Say};
use crate::rebuild::keys_of;
use crate::retention::{is_locked, lock_days};
use crate::rotation::retired_keys;

/// How often it looks whether something is to do.
const TURN: Duration = Duration::from_secs(1);
/// Between two rounds while something is left to do.
const ROUND: Duration = Duration::from_secs(30);
/// How long an approval waits for what it begins.
const PATIENCE: Duration = Duration::from_secs(30);
/// Stretches of one request, and entries they come to.
const RANGES_MAX: usize = 100;
const ENTRIES_MAX: u64 = 100_000;

/// What is to be redacted, and was, within the data folder.
const FILE: &str = "redactions";

/// The folder of log files on their way, within the data folder.
const STAGING: &str = "redacting";

/// What is redacted, of all organizations.
pub(crate) struct Redactions {
    path: PathBuf,
    known: Mutex<BTreeMap<Organization, Redaction>>,
    /// Held by who puts log files into the place of others, or removes any.
    pub(crate) files: tokio::sync::Mutex<()>,
    wake: Notify,
    outage: Mutex<Outage>,
    /// Why the newest round failed, by organization.
    errors: Mutex<BTreeMap<Organization, String>>,
    /// Log files whose content is erased: nothing is left to redact in them.
    erased: Mutex<BTreeSet<String>>,
}

/// What is redacted of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Redaction {
    /// Generation and `seq` of the newest entry that says so; `None` until it is written.
    entry: Option<(u32, u64)>,
    /// Generation, first and last: all that it names, ascending.
    stretches: Vec<(u32, u64, u64)>,
    /// The journal holds none of it once its frames begin here: the largest number there is until it was renewed.
    #[serde(default)]
    journal_until: u64,
    /// Exports and sinks that had taken entries before they were redacted.
    #[serde(default)]
    exports: BTreeSet<String>,
    #[serde(default)]
    sinks: BTreeSet<String>,
}

impl Redaction {
    /// What is asked for and not yet done.
    fn asked(stretches: &[Dropped]) -> Self {
        let stretches = stretches.iter().map(|stretch| (stretch.generation, stretch.first, stretch.last)).collect();
        Self { entry: None, stretches, journal_until: u64::MAX, exports: BTreeSet::new(), sinks: BTreeSet::new() }
    }

    /// What an entry of the log says.
    fn of(entry: (u32, u64), stretches: &[Dropped]) -> Self {
        Self { entry: Some(entry), journal_until: 0, ..Self::asked(stretches) }
    }

    /// Whether the journal has to be renewed for it.
    fn awaits_renewal(&self) -> bool {
        self.journal_until == u64::MAX
    }

    fn stretches(&self) -> Vec<Dropped> {
        let stretch = |&(generation, first, last): &(u32, u64, u64)| Dropped { generation, first, last };
        self.stretches.iter().map(stretch).collect()
    }
}

impl Redactions {
    /// Reads what the data folder knows.
    pub(crate) fn open(data: &Path) -> anyhow::Result<Self> {
        let path = data.join(FILE);
        let known = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::<String, Redaction>::new(),
            Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
        };
        let parsed = known.into_iter().map(|(organization, redaction)| Ok((organization.parse()?, redaction)));
        let known = parsed.collect::<anyhow::Result<_>>().with_context(|| format!("{} is damaged", path.display()))?;
        Ok(Self {
            path,
            known: Mutex::new(known),
            files: tokio::sync::Mutex::default(),
            wake: Notify::new(),
            outage: Mutex::default(),
            errors: Mutex::default(),
            erased: Mutex::default(),
        })
    }

    /// Finds out what is redacted of these organizations, of which only the archive knows: after a rebuild. Blocks.
    pub(crate) fn recover(
        &self,
        organizations: impl IntoIterator<Item = Organization>,
        inventory: &Inventory,
        source: &dyn Source,
    ) -> anyhow::Result<()> {
        for organization in organizations {
            if self.of(&organization).is_some() {
                continue;
            }
            let files = inventory.snapshot(&Scope::new(vec![organization.clone()]));
            for file in files.iter().rev() {
                let found = redaction::newest_in(source, file).map_err(anyhow::Error::msg)?;
                if let Some((seq, stretches)) = found {
                    self.keep(&organization, |_| Redaction::of((file.generation, seq), &stretches))?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Notes what is to be redacted once the server has started: of it the archive holds nothing yet.
    pub(crate) fn ask(&self, redacted: BTreeMap<Organization, Vec<Dropped>>) -> anyhow::Result<()> {
        for (organization, stretches) in redacted {
            let all = self.with(&organization, stretches);
            self.keep(&organization, |_| Redaction::asked(&all))?;
        }
        Ok(())
    }

    /// What is redacted of the organization, with `more`.
    fn with(&self, organization: &Organization, more: impl IntoIterator<Item = Dropped>) -> Vec<Dropped> {
        let before = self.of(organization).map(|known| known.stretches()).unwrap_or_default();
        joined(before.into_iter().chain(more).collect())
    }

    /// Whether entries of the organization are redacted.
    pub(crate) fn any(&self, organization: &Organization) -> bool {
        lock(&self.known).contains_key(organization)
    }

    fn of(&self, organization: &Organization) -> Option<Redaction> {
        lock(&self.known).get(organization).cloned()
    }

    fn all(&self) -> Vec<(Organization, Redaction)> {
        lock(&self.known).iter().map(|(organization, redaction)| (organization.clone(), redaction.clone())).collect()
    }

    /// Makes what is known of an organization what `change` makes of it, durably.
    fn keep(
        &self,
        organization: &Organization,
        change: impl FnOnce(Option<&Redaction>) -> Redaction,
    ) -> anyhow::Result<()> {
        let mut known = lock(&self.known);
        let before = known.get(organization);
        let after = change(before);
        if before == Some(&after) {
            return Ok(());
        }
        let mut newer = known.clone();
        newer.insert(organization.clone(), after);
        let by_name: BTreeMap<&str, &Redaction> =
            newer.iter().map(|(organization, redaction)| (organization.as_str(), redaction)).collect();
        let bytes = serde_json::to_vec(&by_name)?;
        durable::write_atomic(&self.path, &bytes, 0o600).with_context(|| format!("write {}", self.path.display()))?;
        *known = newer;
        Ok(())
    }
}

/// Organizations that have log files in the place of others.
pub(crate) fn redacted_organizations(inventory: &Inventory, all: Vec<Organization>) -> Vec<Organization> {
    let has_redacted = |organization: &Organization| {
        let files = inventory.snapshot(&Scope::new(vec![organization.clone()]));
        files.iter().any(|file| inventory.redacted(organization, file.generation, file.first).is_some())
    };
    all.into_iter().filter(has_redacted).collect()
}

impl App {
    /// Refuses what cannot be redacted: entries that are not there, or that are about the log itself.
    pub(crate) async fn ensure_redactable(
        self: &Arc<Self>,
        organization: &Organization,
        generation: u32,
        ranges: &[EntryRange],
    ) -> Result<(), ApiError> {
        let refused = |message: String| Err(ApiError::new(ErrorCode::InvalidRequest, message));
        if ranges.is_empty() || ranges.len() > RANGES_MAX {
            return refused(format!("name 1 to {RANGES_MAX} entries or stretches of entries at a time"));
        }
        let Some(log) = self.ledger.find(organization) else {
            return refused("the organization has no log".to_owned());
        };
        let entries = match generation == log.generation {
            true => Entries::new(self, &log),
            false => Entries::closed(self, organization, generation),
        };
        let (begin, end) = (entries.begin(), entries.end());
        let mut count = 0_u64;
        for EntryRange { first, last } in ranges {
            if first > last || *last >= end || *first < begin {
                let there = match begin < end {
                    true => format!("there are the entries {begin} to {} of generation {generation}", end - 1),
                    false => format!("there are no entries of generation {generation}"),
                };
                return refused(format!("no entries {first} to {last}: {there}"));
            }
            count = count.saturating_add(last - first + 1);
        }
        if count > ENTRIES_MAX {
            return refused(format!("at most {ENTRIES_MAX} entries are redacted at a time, these are {count}"));
        }
        if !self.may_sign_for(organization, generation) {
            return refused(format!(
                "the key that signed generation {generation} of the log is lost, so nothing of it can be redacted"
            ));
        }
        if self.with(organization, generation, ranges).len() > STRETCHES_MAX {
            return refused(format!("more than {STRETCHES_MAX} stretches of entries of one log cannot be redacted"));
        }
        let ranges = ranges.to_vec();
        let find = move || {
            let mut control = None;
            for EntryRange { first, last } in ranges {
                entries.visit(first..=last, |entry| {
                    if control::is_control(entry.infrastructure.as_bytes()) {
                        control.get_or_insert(entry.seq);
                    }
                    Ok(())
                })?;
            }
            anyhow::Ok(control)
        };
        let failed = |error: anyhow::Error| ApiError::internal("look at the entries", error);
        let found = tokio::task::spawn_blocking(find).await.map_err(|error| failed(error.into()))?;
        match found.map_err(failed)? {
            Some(seq) => refused(format!("entry {seq} is what the log says of itself, and cannot be redacted")),
            None => Ok(()),
        }
    }

    /// What is redacted of the organization, with these entries.
    fn with(&self, organization: &Organization, generation: u32, ranges: &[EntryRange]) -> Vec<Dropped> {
        let stretch = |EntryRange { first, last }: &EntryRange| Dropped { generation, first: *first, last: *last };
        self.redactions.with(organization, ranges.iter().map(stretch))
    }

    /// Whether readers of a generation of the log take what this server signs to be its own. Of the one that goes on they do.
    fn may_sign_for(&self, organization: &Organization, generation: u32) -> bool {
        let Some((last, _)) = self.inventory.generation(organization, generation) else { return true };
        let own = self.ledger.verifier_key(&last.origin).into_iter();
        own.chain(retired_keys(&self.ledger, &last.origin)).any(|key| key.public() == last.key.public())
    }

    /// Takes the content of the entries out of the archive. It is in the log that this is wanted, durably, when this answers; the
    /// answer says what went wrong with the rest, which is tried again.
    ///
    /// This cannot be undone: whoever calls it has the approval of those who must give it.
    pub(crate) async fn redact(
        self: &Arc<Self>,
        actor: &Actor,
        organization: &Organization,
        generation: u32,
        ranges: &[EntryRange],
        reason: &str,
    ) -> Result<Option<String>, ApiError> {
        let failed = |error: anyhow::Error| ApiError::internal("redact entries", error);
        let log = self.ledger.find(organization).context("the organization has no log").map_err(failed)?;
        let event = redaction_event(organization, generation, ranges, reason, self.now_us());
        self.audit_change(actor, organization, event).await?;
        let first = ranges.iter().map(|range| (generation, range.first)).min().unwrap_or((generation, 0));
        // Noted before it is recorded, so that a crash in between forgets nothing.
        let asked = Redaction::asked(&self.with(organization, generation, ranges));
        self.note(organization, Some(asked), first).map_err(failed)?;
        self.record_redaction(&log).await.map_err(failed)?;
        tracing::warn!(%organization, "entries of the organization are redacted");
        let (app, concerned) = (Arc::clone(self), organization.clone());
        let carry_out = async move {
            let renewed = app.renew_journal().await;
            app.redact_files(&concerned).await.and(renewed)
        };
        // It goes on if it takes longer, and is tried again if it fails.
        let done = match tokio::time::timeout(PATIENCE, tokio::spawn(carry_out)).await {
            Ok(done) => done.unwrap_or_else(|error| Err(error.into())),
            Err(_) => Err(anyhow::anyhow!("the log files are still being written anew")),
        };
        self.redactions.wake.notify_one();
        Ok(done.err().map(|error| format!("{error:#}")))
    }

    /// Says in the log itself what is noted as redacted. Where.
    async fn record_redaction(&self, log: &OrganizationLog) -> anyhow::Result<(u32, u64)> {
        let now_us = self.now_us();
        let asked = self.redactions.of(&log.organization).context("nothing of the organization is redacted")?;
        let stretches = asked.stretches();
        let entry = control::redaction(&control::Redaction {
            organization: &log.organization,
            generation: log.generation.into(),
            redacted: &stretches,
            received_at_us: now_us,
            product_version: env!("CARGO_PKG_VERSION"),
        });
        let at = (log.generation, self.record_control(log, &entry, now_us).await?);
        self.advance(&log.organization, &asked, |known| known.entry = Some(at))?;
        Ok(at)
    }

    /// Notes that what was `asked` for has come further, unless more was asked for since, which has not.
    fn advance(
        &self,
        organization: &Organization,
        asked: &Redaction,
        change: impl FnOnce(&mut Redaction),
    ) -> anyhow::Result<()> {
        let advanced = |known: Option<&Redaction>| {
            let mut redaction = known.unwrap_or(asked).clone();
            if redaction.stretches == asked.stretches {
                change(&mut redaction);
            }
            redaction
        };
        tokio::task::block_in_place(|| self.redactions.keep(organization, advanced))
    }

    /// Notes what is redacted, if that is new, and who has taken of it from `first` on: before it is, and again when readers have
    /// switched.
    fn note(&self, organization: &Organization, newer: Option<Redaction>, first: (u32, u64)) -> anyhow::Result<()> {
        let (exports, sinks) = self.takers(organization, first);
        let with_takers = |known: Option<&Redaction>| {
            let mut redaction = newer.or_else(|| known.cloned()).unwrap_or_else(|| Redaction::of((0, 0), &[]));
            redaction.exports.extend(known.into_iter().flat_map(|known| known.exports.clone()).chain(exports));
            redaction.sinks.extend(known.into_iter().flat_map(|known| known.sinks.clone()).chain(sinks));
            redaction
        };
        tokio::task::block_in_place(|| self.redactions.keep(organization, with_takers))
    }

    /// The exports and sinks that have, or may have, taken the entry at `first` or later ones.
    fn takers(&self, organization: &Organization, first: (u32, u64)) -> (BTreeSet<String>, BTreeSet<String>) {
        let exports = self.control.exports().into_iter().filter(|export| export.organization == *organization);
        let exports = exports.filter(|export| self.export_may_have(export, first));
        let sinks = self.sinks.of(organization).into_iter().filter(|member| member.may_have(first));
        (
            exports.map(|export| export.settings.name.clone()).collect(),
            sinks.map(|member| member.sink.name.clone()).collect(),
        )
    }

    /// Runs until the server stops.
    pub(crate) async fn redact_forever(self: Arc<Self>) {
        let mut due = Instant::now();
        let oldest = self.intake.journal_stats().oldest.0;
        // Files that wait to be used again were not told apart by the process before.
        if self.redactions.all().iter().any(|(_, redaction)| redaction.journal_until > oldest) {
            self.note_round(self.renew_journal().await);
        }
        while !self.stopping.load(Relaxed) {
            if Instant::now() >= due {
                due = Instant::now() + ROUND;
                let done = self.redact_all().await;
                self.note_round(done);
            }
            tokio::select! {
                () = self.redactions.wake.notified() => due = Instant::now(),
                () = tokio::time::sleep(TURN) => {}
            }
        }
    }

    /// One round. What fails for one organization keeps no other waiting; the answer is the last that failed.
    async fn redact_all(self: &Arc<Self>) -> anyhow::Result<()> {
        let known = self.redactions.all();
        let mut all = match known.iter().any(|(_, redaction)| redaction.awaits_renewal()) {
            true => self.renew_journal().await,
            false => Ok(()),
        };
        for (organization, _) in known {
            let done = self.redact_files(&organization).await;
            let error = done.as_ref().err().map(|error| format!("{error:#}"));
            match error {
                Some(error) => _ = lock(&self.redactions.errors).insert(organization, error),
                None => _ = lock(&self.redactions.errors).remove(&organization),
            }
            all = done.and(all);
        }
        if !self.inventory.superseded().is_empty() {
            self.remove_superseded().await?;
        }
        all
    }

    /// Lets the files of the journal that hold what is redacted go as soon as they are released.
    async fn renew_journal(&self) -> anyhow::Result<()> {
        // What is asked for after this waits for the next renewal.
        let mut waiting = self.redactions.all();
        waiting.retain(|(_, redaction)| redaction.awaits_renewal());
        let (reply, answer) = oneshot::channel();
        self.intake.renew(Box::new(move |renewed| drop(reply.send(renewed))));
        let renewed = answer.await.context("intake has stopped")?;
        renewed.map_err(anyhow::Error::msg).context("go on in a new file of the journal")?;
        let until = self.intake.journal_stats().next.0;
        for (organization, asked) in waiting {
            self.advance(&organization, &asked, |known| known.journal_until = until)?;
        }
        Ok(())
    }

    fn note_round(&self, done: anyhow::Result<()>) {
        let error = done.err().map(|error| {
            self.note_retired(&error);
            format!("{error:#}")
        });
        let mut outage = lock(&self.redactions.outage);
        match outage.note(error, Instant::now()) {
            Say::Nothing => {}
            Say::Fails => tracing::error!(error = outage.error(), "redacting failed; it is tried again"),
            Say::WorksAgain => tracing::info!("redacting works again"),
        }
    }

    /// Writes anew and sends every log file of an organization that holds content that is to be redacted, and lets readers switch.
    async fn redact_files(self: &Arc<Self>, organization: &Organization) -> anyhow::Result<()> {
        self.ensure_bucket()?;
        let Some(redaction) = self.redactions.of(organization) else { return Ok(()) };
        let (generation, seq) = match redaction.entry {
            Some(at) => at,
            None => {
                let log = self.ledger.find(organization).context("the organization has no log")?;
                self.record_redaction(&log).await?
            }
        };
        let is_archived = || self.inventory.archived_end(organization, generation) > seq;
        if !is_archived() {
            // Why it failed is in the state of the archive.
            _ = self.seal_now(Some(organization)).await;
        }
        ensure!(
            is_archived(),
            "the entry that says what is redacted is not archived yet; `indelible archive status` says why"
        );
        let _held = self.redactions.files.lock().await;
        for staged in self.staged(organization).await? {
            self.send(staged).await?;
        }
        for (file, stretches) in self.to_redact(organization).await? {
            let (app, object) = (Arc::clone(self), file.object.clone());
            let first = stretches.first().map_or((u32::MAX, 0), |stretch| (stretch.generation, stretch.first));
            let log = ClosedLog::open(&self.bucket, &self.inventory, organization, file.generation).await?;
            let stage = move || app.stage(&log, &file, &stretches);
            match tokio::task::spawn_blocking(stage).await.context("write a log file anew")?? {
                Some(staged) => self.send(staged).await?,
                None => _ = lock(&self.redactions.erased).insert(object),
            }
            self.note(organization, None, first)?;
        }
        Ok(())
    }

    /// Where the log files of an organization wait for their upload: apart from those of others, which may be damaged.
    fn staging(&self, organization: &Organization) -> PathBuf {
        self.config.data_dir.join(STAGING).join(self.ledger.label_of(organization))
    }

    async fn staged(&self, organization: &Organization) -> anyhow::Result<Vec<Staged>> {
        let staging = self.staging(organization);
        Ok(tokio::task::spawn_blocking(move || pending(&staging)).await.context("look for files on their way")??)
    }

    /// The log files that hold content that is to be redacted, each with what of it is.
    async fn to_redact(&self, organization: &Organization) -> anyhow::Result<Vec<(Arc<LogFile>, Vec<Dropped>)>> {
        let Some(redaction) = self.redactions.of(organization) else { return Ok(Vec::new()) };
        let all = redaction.stretches();
        // Those that retention has let go of go as they are, unless a hold keeps them.
        let is_held = self.is_held(organization);
        let dropped = self.control.dropped_files().await?;
        let going = dropped.iter().filter(|file| file.organization == *organization && !is_held);
        let going: BTreeSet<(u32, u64)> = going.map(|file| (file.generation, file.first)).collect();
        let erased = lock(&self.redactions.erased).clone();
        let files = self.inventory.snapshot(&Scope::new(vec![organization.clone()])).into_iter();
        let is_going = |file: &LogFile| going.contains(&(file.generation, file.first));
        let files = files.filter(|file| !is_going(file) && !erased.contains(&file.object));
        let concerned = files.map(|file| {
            let stretches = within(&all, file.generation, file.first, file.last);
            (file, stretches)
        });
        let is_due = |(file, stretches): &(Arc<LogFile>, Vec<Dropped>)| {
            let known = self.inventory.redacted(organization, file.generation, file.first);
            entries(stretches) > known.map_or(0, |known| known.rows)
        };
        Ok(concerned.filter(is_due).collect())
    }

    /// Writes a log file anew. Blocks.
    fn stage(&self, log: &ClosedLog, file: &LogFile, redacted: &[Dropped]) -> anyhow::Result<Option<Staged>> {
        let LogFile { organization, generation, first, .. } = file;
        let known = self.inventory.redacted(organization, *generation, *first);
        let number = known.map_or(0, |known| known.number).checked_add(1).context("too many redactions")?;
        let manifest =
            self.inventory.manifest_of(organization, *generation, *first).context("a file without manifest")?;
        let source = bucket::source(&self.config, &self.bucket, &Handle::current())?;
        let origin = log.last().origin.as_str();
        let rewrite = Rewrite {
            source: &*source,
            file,
            manifest,
            origin,
            key: self.ledger.verifier_key(origin)?,
            number,
            redacted,
            content_keys: &self.content_keys,
            salt_key: log.salt_key(),
            staging: &self.staging(organization),
            now_us: self.now_us(),
        };
        Ok(rewrite.stage(|text| Ok(self.ledger.sign_note(origin, text)?))?)
    }

    /// Brings a file that was written anew into the bucket and lets readers switch to it.
    async fn send(&self, staged: Staged) -> anyhow::Result<()> {
        ensure_newest(&self.bucket, self.ledger.generation()).await?;
        let note = staged.note().clone();
        // It was written by a server whose key is not ours: then others would not believe the note.
        let keys = keys_of(&self.ledger, &self.closed_keys, &note.origin);
        ensure!(keys.contains(&note.key), "a redaction in {STAGING} of the data folder is signed with another key");
        let days = lock_days(&self.control, &note.organization);
        redaction::upload(&self.bucket, &staged, days).await.context("upload a log file that was written anew")?;
        ensure!(self.inventory.redact(&note), "the log file to be redacted is not in the archive");
        let path = mirror_path(&self.config);
        tokio::task::block_in_place(|| mirror::extend(&path, staged.note_bytes())).context("keep the note")?;
        tracing::info!(organization = %note.organization, first = note.first, redacted = note.redacted, "redacted");
        tokio::task::block_in_place(|| staged.remove())?;
        Ok(())
    }

    /// Removes the log files that others took the place of, but for those that a lock or a hold keeps.
    async fn remove_superseded(&self) -> anyhow::Result<()> {
        let mut due = Vec::new();
        for old in self.inventory.superseded() {
            let is_held = self.control.retention(&old.organization).last().is_some_and(|newest| newest.hold);
            if !is_held && !is_locked(&self.bucket, &old.object).await? {
                due.push(old);
            }
        }
        if due.is_empty() {
            return Ok(());
        }
        // Queries that know the files may still read them.
        tokio::time::sleep(Duration::from_secs(self.config.query.seconds)).await;
        let _held = self.redactions.files.lock().await;
        for old in due {
            match self.bucket.remove(&old.object).await {
                Ok(()) => self.inventory.forget_superseded(&old),
                Err(error @ BucketError::Denied { .. }) => {
                    tracing::warn!(object = old.object, %error, "a log file with redacted content stays");
                }
                Err(error) => return Err(error).context("remove a log file with redacted content"),
            }
        }
        Ok(())
    }

    /// For people.
    pub(crate) async fn redaction_state(&self, organization: &Organization) -> anyhow::Result<RedactionState> {
        let redaction = self.redactions.of(organization);
        let stretches = redaction.as_ref().map(Redaction::stretches).unwrap_or_default();
        let waiting = self.to_redact(organization).await?.len() as u64;
        let is_held = self.is_held(organization);
        let superseded = self.inventory.superseded().into_iter().filter(|old| old.organization == *organization);
        let mut left = Vec::new();
        if waiting > 0 {
            left.push(format!("{waiting} log files that are still to be written anew"));
        }
        for old in superseded {
            left.push(self.why_it_stays(&old).await);
        }
        let going = self.control.dropped_files().await?.into_iter().filter(|file| {
            let is_there = file.organization == *organization && file.removed_at_us.is_none() && !is_held;
            is_there && !within(&stretches, file.generation, file.first, file.last).is_empty()
        });
        left.extend(going.map(|file| format!("the log file {} (retention is about to remove it)", file.object)));
        let journal_until = redaction.as_ref().map_or(0, |known| known.journal_until);
        if self.intake.journal_stats().oldest.0 < journal_until {
            left.push("the journal of this server".to_owned());
        }
        left.extend(self.copies_left(organization, &stretches, journal_until));
        let state = match () {
            () if stretches.is_empty() => "none",
            () if waiting > 0 => "recorded",
            () if !left.is_empty() => "redacted",
            () => "complete",
        };
        let redacted = stretches.iter().map(|stretch| RedactedEntries {
            generation: stretch.generation,
            first: stretch.first,
            last: stretch.last,
        });
        let (exports, sinks) = redaction.map(|known| (known.exports, known.sinks)).unwrap_or_default();
        let last_error = lock(&self.redactions.errors).get(organization).cloned();
        Ok(RedactionState {
            organization: organization.to_string(),
            state: state.to_owned(),
            entries: entries(&stretches),
            redacted: redacted.collect(),
            left,
            exports: exports.into_iter().collect(),
            sinks: sinks.into_iter().collect(),
            last_error,
        })
    }

    async fn why_it_stays(&self, old: &Superseded) -> String {
        let is_held = self.control.retention(&old.organization).last().is_some_and(|newest| newest.hold);
        let why = match is_held {
            true => "a hold keeps it",
            false => match is_locked(&self.bucket, &old.object).await {
                Ok(true) => "the store locks it",
                Ok(false) => "it is about to be removed",
                Err(_) => "the store does not say whether it is locked",
            },
        };
        format!("the log file {} ({why})", old.object)
    }

    /// Whether a hold keeps what retention has let go of.
    fn is_held(&self, organization: &Organization) -> bool {
        self.control.retention(organization).last().is_some_and(|newest| newest.hold)
    }

    /// The copies of the journal that may hold the content of these entries.
    fn copies_left(&self, organization: &Organization, stretches: &[Dropped], until: u64) -> Option<String> {
        let files = self.inventory.snapshot(&Scope::new(vec![organization.clone()]));
        let concerned =
            files.iter().filter(|file| !within(stretches, file.generation, file.first, file.last).is_empty());
        let mut times: Vec<(u32, i64)> = concerned.map(|file| (file.generation, file.received_first_us)).collect();
        // What is not archived may be in any copy of its generation.
        let end = |generation| self.inventory.archived_end(organization, generation);
        let beyond = stretches.iter().filter(|stretch| stretch.last >= end(stretch.generation));
        times.extend(beyond.map(|stretch| (stretch.generation, i64::MIN)));
        let copies = self.copier.copies_of(&times, until);
        (copies > 0).then(|| format!("{copies} copies of the journal in the bucket"))
    }
}

/// The event that records it.
fn redaction_event(
    organization: &Organization,
    generation: u32,
    ranges: &[EntryRange],
    reason: &str,
    now_us: i64,
) -> AuditEvent {
    let place = |EntryRange { first, last }: &EntryRange| format!("{generation}/{first}-{last}");
    let places: Vec<String> = ranges.iter().map(place).collect();
    let count: u64 = ranges.iter().map(|range| range.last - range.first + 1).sum();
    let request = AuditDataRedactRequest::new(
        json!(places),
        json!(organization.as_str()),
        json!("0001-01-01T00:00:00Z"),
        json!(Time::from_us(now_us).to_string()),
        json!(shortened(reason)),
    );
    let none = || json!([]);
    let id = ids::fresh().to_string();
    let result = AuditDataRedactResult::new(id, json!(places), none(), none(), json!(count), BTreeMap::new());
    AuditEvent::new::<AuditDataRedact>("INDELIBLE_REDACT", request, result)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
