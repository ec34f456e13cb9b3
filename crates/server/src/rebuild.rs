//! A working server from the bucket alone: closes every archived log where it ends and opens the next generation.
//!
//! The order is that of what may never happen. The generation is taken in the bucket before anything is signed in it, so no
//! origin has two histories. What is archived is verified before it is built upon. The new logs, with what the copies of the
//! journal still held, are archived before the rebuild says that it is done. Each step can be repeated, so a rebuild that was
//! broken off is run again.

mod folder;
mod identities;
mod recover;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use indelible_archive::rebuild::{ClosedLog, Survey, closed_logs, survey};
use indelible_archive::source::Source;
use indelible_archive::verify::{Finding, FindingCode, Options, Report, Trust, verify_source};
use indelible_archive::{Inventory, layout};
use indelible_control::Control;
use indelible_event::Organization;
use indelible_intake::{Clock, Intake, SystemClock};
use indelible_ledger::{ContentKeys, Ledger, OrganizationLog, Previous, Settings};
use indelible_merkle::{Checkpoint, Note, VerifierKey, empty_root};
use indelible_storage::{Bucket, LockFile, durable};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::bucket;
use crate::config::Config;
use crate::database;
use crate::generation::Kept;
use crate::redaction::Redactions;
use crate::rotation::retired_keys;
use crate::{open_intake, retention, sealing};

use folder::Folder;
use recover::{Copies, Recovered};

pub(crate) use folder::{ensure_finished, read_closed_keys};

/// What to rebuild from, and where to.
#[derive(Clone, Debug)]
pub struct RebuildOptions {
    /// The archive: a path, or the URL of a bucket, which the configuration says how to reach.
    pub from: String,
    /// Folder with the keys of the server that was lost; without it new ones are made.
    pub keys: Option<PathBuf>,
    /// Checkpoints that witnesses or auditors hold: the archive must not contradict them, and what they show beyond it is
    /// stated in the new logs.
    pub checkpoints: Vec<Note>,
    /// The new data folder, and settings of journal and identities.
    pub config: Config,
}

/// What a rebuild did.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RebuildReport {
    /// First part of the origin of all logs.
    pub platform: String,
    /// The generation that was opened.
    pub generation: u32,
    /// Verifier key of the platform from now on.
    pub key: String,
    /// Whether that is another key than the archive was signed with.
    pub key_is_new: bool,
    /// Entries in the archive that were verified.
    pub verified: u64,
    /// The logs, by organization.
    pub logs: Vec<RebuiltLog>,
    /// Events found in copies of the journal and admitted again.
    pub recovered: u64,
    /// Where the receipts that were replaced are listed, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<PathBuf>,
    /// Copies of the journal that could not be used, with the reason.
    pub unusable_copies: Vec<String>,
}

/// A log that was closed and its next generation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RebuiltLog {
    /// Whose log.
    pub organization: String,
    /// The log that was closed.
    pub closed: String,
    /// Entries it keeps.
    pub size: u64,
    /// Receipts of it from `size` up to here are not fulfilled.
    pub witnessed_size: u64,
    /// The log that goes on.
    pub origin: String,
    /// Events of the closed log that were admitted again.
    pub recovered: u64,
}

/// Makes a server in a new folder from the archive of one that was lost.
///
/// An interrupted rebuild is run again with the same folder. Run again after it is done it changes nothing and returns the
/// same report. `say` is told what is being done.
///
/// # Errors
/// When the archive does not verify, the keys are not its own, or the folder holds something else. The server that
/// was lost must not run any more.
pub async fn rebuild(options: &RebuildOptions, say: &(dyn Fn(&str) + Sync)) -> anyhow::Result<RebuildReport> {
    options.config.check()?;
    let data = &options.config.data_dir;
    durable::create_dir_durable(data).with_context(|| format!("create the data folder {}", data.display()))?;
    let _lock = LockFile::acquire(&data.join("lock"))?;
    let folder = Folder::new(data);
    if let Some(report) = folder.finished()? {
        return Ok(report);
    }
    let mut options = options.clone();
    let bucket = folder.begin(&mut options)?;
    let options = &options;
    bucket::ensure_fit(&options.config, &bucket).await?;
    say("looking at the archive");
    let survey = survey(&bucket).await.with_context(|| format!("look at the archive {}", options.from))?;
    let mut rebuild = Rebuild::open(options, folder, bucket, survey).await?;
    say("verifying the archive");
    let report = rebuild.verify(options)?;
    say("opening the next generation");
    let copies = Copies::read(&rebuild.bucket, &report, &rebuild.survey, &rebuild.trusted).await?;
    let logs = rebuild.reopen(&report, &copies, &options.checkpoints).await?;
    let closed = rebuild.inventory().await?;
    tokio::task::block_in_place(|| rebuild.recover_redactions(&report, &closed))?;
    say("remembering which events are archived");
    tokio::task::block_in_place(|| identities::restore(&rebuild, &closed, &options.config))?;
    let received_us = closed.latest_received_us().unwrap_or(i64::MIN).max(copies.received_last_us);
    let ledger = &rebuild.ledger;
    // Later than everything before, so that the time tells the generations apart.
    indelible_intake::believe(data, rebuild.clock.now_us()).context("write the time down")?;
    let mut config = options.config.clone();
    config.journal.organization_bytes_per_second = 0;
    let open = || open_intake(&config, ledger, &rebuild.content_keys, &rebuild.clock, received_us.saturating_add(1));
    let intake = Arc::new(tokio::task::block_in_place(open)?);
    ledger.check_recovered()?;
    begin_logs(&intake, &logs).await?;
    say("admitting what the copies of the journal hold beyond the archive");
    let mut recovered =
        copies.recover(&rebuild.bucket, &intake, ledger, &rebuild.content_keys, &rebuild.folder).await?;
    Redactions::open(data)?.ask(std::mem::take(&mut recovered.redacted))?;
    say("archiving the new generation");
    rebuild.archive(&intake, closed).await?;
    let report = rebuild.report(&report, &logs, recovered)?;
    let stopped = tokio::task::block_in_place(|| intake.close().map(|()| ledger.publish()));
    stopped.context("close the journal")?.context("publish the new checkpoints")?;
    rebuild.folder.finish(&report)?;
    Ok(report)
}

/// What the steps share.
struct Rebuild {
    folder: Folder,
    bucket: Bucket,
    source: Box<dyn Source>,
    survey: Survey,
    ledger: Arc<Ledger>,
    content_keys: Arc<ContentKeys>,
    control: Control,
    clock: Arc<dyn Clock>,
    /// Keys that the archive must be signed with; empty if the reader holds none.
    trusted: Vec<VerifierKey>,
    /// Whether the keys are those of the server that was lost.
    keeps_keys: bool,
}

impl Rebuild {
    /// Puts the keys in place and takes the generation. Nothing is signed before but the claim itself.
    async fn open(options: &RebuildOptions, folder: Folder, bucket: Bucket, survey: Survey) -> anyhow::Result<Self> {
        let data = &options.config.data_dir;
        let source = bucket::source(&options.config, &bucket, &Handle::current())?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let keeps_keys = folder.place_keys(options.keys.as_deref())?;
        folder.keep_platform(&survey.platform, options.config.platform.as_deref())?;
        let kept = Kept::read(data)?;
        let generation = match &kept {
            Some(kept) => kept.generation(),
            None => survey.newest.checked_add(1).context("there are no generations left")?,
        };
        let (path, keys) = (data.join("ledger"), data.join("keys"));
        let ledger =
            Arc::new(Ledger::open_generation(&path, &keys, &survey.platform, generation, Settings::default())?);
        let own = ledger.verifier_key(&survey.platform)?;
        if keeps_keys {
            check_keys(&survey, &ledger, &own)?;
        }
        let kept = match kept {
            Some(kept) => kept,
            None => Kept::make(data, &ledger, clock.now_us())?,
        };
        kept.take(&bucket).await?;
        let control = database::open(&options.config).await?;
        let token = data.join("admin.token");
        let keep = |secret: &indelible_control::Secret| {
            durable::write_atomic(&token, format!("{}\n", secret.reveal()).as_bytes(), 0o600)
        };
        control.create_administrator(clock.now_us(), keep).await?;
        let trusted = match keeps_keys {
            true => std::iter::once(own).chain(read_closed_keys(data)?).collect(),
            false => Vec::new(),
        };
        let content_keys = Arc::new(crate::open_content_keys(data)?);
        Ok(Self { folder, bucket, source, survey, ledger, content_keys, control, clock, trusted, keeps_keys })
    }

    /// Verifies the whole archive, and keeps the keys it is signed with.
    fn verify(&mut self, options: &RebuildOptions) -> anyhow::Result<Report> {
        let verify_options = Options {
            keys: self.trusted.clone(),
            since: options.checkpoints.clone(),
            content_keys: Some(Arc::clone(&self.content_keys)),
            in_use: true,
            ..Options::default()
        };
        let report = tokio::task::block_in_place(|| verify_source(&*self.source, &verify_options, &|_| ()));
        // That logs were longer than what is left of them is why this is done. Copies of the journal that are damaged are
        // left out and named.
        let is_expected = |finding: &Finding| {
            let object = finding.object.as_deref().unwrap_or_default();
            matches!(finding.code, FindingCode::CutTail | FindingCode::MissingLog)
                || object.split('/').next() == Some(layout::JOURNAL)
        };
        let wrong: Vec<&str> = report
            .findings
            .iter()
            .filter(|finding| !is_expected(finding))
            .map(|finding| finding.message.as_str())
            .chain(report.problems.iter().filter(|_| !report.logs.is_empty()).map(|problem| problem.message.as_str()))
            .collect();
        if let Some(first) = wrong.first() {
            bail!(
                "the archive does not verify, so nothing is built upon it ({} findings): {first}; run `indelible verify {}` for all of them",
                wrong.len(),
                options.from
            );
        }
        let (Trust::Given(keys) | Trust::Archive(keys)) = &report.trust;
        self.folder.keep_closed_keys(keys)?;
        Ok(report)
    }

    /// Opens the next generation of every log there was.
    async fn reopen(&self, report: &Report, copies: &Copies, checkpoints: &[Note]) -> anyhow::Result<Vec<Reopened>> {
        let closed = closed_logs(report, self.ledger.generation())
            .map_err(|log| anyhow::anyhow!("the end of {log} is not known, because it could not be verified"))?;
        let mut ends: BTreeMap<Organization, Previous> = closed.into_iter().map(previous_of).collect();
        for (organization, origin) in copies.newest_logs() {
            // Nothing of it came as far as the archive.
            ends.entry(organization.clone()).or_insert_with(|| Previous {
                origin: origin.to_owned(),
                size: 0,
                root: empty_root(),
                witnessed_size: 0,
            });
        }
        let shown = shown_sizes(checkpoints);
        let mut logs = Vec::new();
        for (organization, mut previous) in ends {
            let copied = copies.end(&previous.origin);
            let shown = shown.get(&previous.origin).copied().unwrap_or(0);
            previous.witnessed_size = previous.size.max(copied).max(shown);
            let log = self.ledger.reopen(&organization, previous.clone())?;
            ensure!(
                log.previous.as_ref() == Some(&previous),
                "{organization} was opened by an earlier attempt from another end of its log; did somebody change the archive meanwhile? \
                 Begin anew in another folder"
            );
            // What was encrypted goes on being encrypted, also where the old keys are lost.
            let was_encrypted =
                report.logs.iter().any(|log| log.organization == organization.as_str() && log.content_key.is_some());
            if was_encrypted && self.content_keys.current(&log.label).is_none() {
                self.content_keys.create(&log.label)?;
            }
            self.control.adopt_organization(&organization, self.clock.now_us()).await?;
            logs.push(Reopened { log, previous });
        }
        Ok(logs)
    }

    /// What is archived now, of all generations.
    async fn inventory(&self) -> anyhow::Result<Inventory> {
        let closed_keys = read_closed_keys(self.folder.path())?;
        let keys = |origin: &str| keys_of(&self.ledger, &closed_keys, origin);
        let inventory = Inventory::load(&self.bucket, keys).await.context("read the archive's manifests")?;
        let find = || retention::explained(&inventory, inventory.unlisted(), &*self.source);
        for file in tokio::task::block_in_place(find)? {
            inventory.drop_file(&file.organization, file.generation, file.first);
        }
        Ok(inventory)
    }

    /// Finds in the logs what is redacted, or was to be when the server was lost.
    fn recover_redactions(&self, report: &Report, inventory: &Inventory) -> anyhow::Result<()> {
        let concerned = report.logs.iter().filter(|log| log.redacted_entries + log.unredacted_entries > 0);
        let organizations = concerned.map(|log| log.organization.parse()).collect::<Result<Vec<_>, _>>()?;
        Redactions::open(self.folder.path())?.recover(organizations, inventory, &*self.source)
    }

    /// Brings everything in the new logs into the bucket.
    async fn archive(&self, intake: &Arc<Intake>, inventory: Inventory) -> anyhow::Result<()> {
        let inventory = Arc::new(inventory);
        let staging = sealing::staging(self.folder.path());
        sealing::upload_pending(&self.bucket, &inventory, &staging, None, &|_| 0).await?;
        for log in self.ledger.organizations() {
            let now_us = self.clock.now_us();
            sealing::archive_all(intake, &self.ledger, &inventory, &self.bucket, &staging, &log, now_us)
                .await
                .with_context(|| format!("archive {}", log.organization))?;
        }
        Ok(())
    }

    fn report(&self, verified: &Report, logs: &[Reopened], recovered: Recovered) -> anyhow::Result<RebuildReport> {
        let logs = logs.iter().map(|Reopened { log, previous }| RebuiltLog {
            organization: log.organization.to_string(),
            closed: previous.origin.clone(),
            size: previous.size,
            witnessed_size: previous.witnessed_size,
            origin: log.origin.clone(),
            recovered: recovered.by_log.get(&log.number).copied().unwrap_or(0),
        });
        let logs: Vec<RebuiltLog> = logs.collect();
        Ok(RebuildReport {
            platform: self.ledger.platform().to_owned(),
            generation: self.ledger.generation(),
            key: self.ledger.verifier_key(self.ledger.platform())?.to_string(),
            key_is_new: !self.keeps_keys,
            verified: verified.entries,
            recovered: recovered.by_log.values().sum(),
            replaced: recovered.replaced,
            unusable_copies: recovered.unusable,
            logs,
        })
    }
}

/// A log that goes on, and where it goes on from.
struct Reopened {
    log: Arc<OrganizationLog>,
    previous: Previous,
}

fn previous_of(closed: ClosedLog) -> (Organization, Previous) {
    let ClosedLog { organization, origin, size, root, .. } = closed;
    (organization, Previous { origin, size, root, witnessed_size: size })
}

/// The largest size that the checkpoints show of each log.
fn shown_sizes(checkpoints: &[Note]) -> BTreeMap<String, u64> {
    let mut sizes = BTreeMap::new();
    for checkpoint in checkpoints.iter().filter_map(|note| note.text().parse::<Checkpoint>().ok()) {
        let size = sizes.entry(checkpoint.origin).or_insert(0);
        *size = checkpoint.size.max(*size);
    }
    sizes
}

/// Whether the keys given are those of the archive.
fn check_keys(survey: &Survey, ledger: &Ledger, own: &VerifierKey) -> anyhow::Result<()> {
    let signed = survey.logs.iter().map(|log| &log.key).chain(&survey.claim_keys);
    let mut signed = signed.map(VerifierKey::public);
    ensure!(
        signed.any(|public| public == own.public()),
        "the keys given are not those of this archive: nothing in it is signed with {own}"
    );
    for log in &survey.logs {
        let label = ledger.label_of(&log.organization);
        let is_known = survey.logs.iter().any(|other| other.organization == log.organization && other.label == label);
        ensure!(
            is_known,
            "the label.key given is not that of this archive: it names {} {label}, the archive {}",
            log.organization,
            log.label
        );
    }
    Ok(())
}

/// Writes the genesis entries.
async fn begin_logs(intake: &Intake, logs: &[Reopened]) -> anyhow::Result<()> {
    let (done, begun) = oneshot::channel();
    let numbers = logs.iter().map(|reopened| reopened.log.number).collect();
    intake.begin(numbers, Box::new(move |result| drop(done.send(result))));
    begun.await.context("write the genesis entries")?.map_err(anyhow::Error::msg).context("write the genesis entries")
}

/// The generation of a log with this origin.
fn generation_of(origin: &str) -> Option<u32> {
    origin.rsplit('/').next()?.parse().ok()
}

/// The keys that sign a log: the ledger's own and those it replaced, and those of closed generations where it is of one.
pub(crate) fn keys_of(ledger: &Ledger, closed: &[VerifierKey], origin: &str) -> Vec<VerifierKey> {
    let is_closed = generation_of(origin).is_some_and(|generation| generation < ledger.generation());
    let mut keys: Vec<VerifierKey> = ledger.verifier_key(origin).into_iter().collect();
    keys.extend(retired_keys(ledger, origin));
    for key in closed.iter().filter(|_| is_closed) {
        if keys.iter().all(|known| known.public() != key.public()) {
            keys.extend(VerifierKey::new(origin, key.public()).ok());
        }
    }
    keys
}

/// For people.
impl fmt::Display for RebuildReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: generation {} is open, {} archived entries were verified",
            self.platform, self.generation, self.verified
        )?;
        for log in &self.logs {
            write!(f, "{}: {} ends at {} entries", log.organization, log.closed, log.size)?;
            if log.witnessed_size > log.size {
                write!(f, ", receipts for entries {} to {} are not fulfilled", log.size, log.witnessed_size - 1)?;
            }
            write!(f, "; {} goes on", log.origin)?;
            match log.recovered {
                0 => writeln!(f)?,
                1 => writeln!(f, ", 1 event was admitted again")?,
                count => writeln!(f, ", {count} events were admitted again")?,
            }
        }
        if let Some(path) = &self.replaced {
            writeln!(f, "the receipts that were replaced are listed in {}", path.display())?;
        }
        for copy in &self.unusable_copies {
            writeln!(f, "NOT USED: {copy}")?;
        }
        if self.key_is_new {
            writeln!(
                f,
                "NEW KEYS: the old ones were not given. From now on all is signed with\n  {}\nand organizations have other labels. Who verifies needs this key \
                 beside the old one, from somebody they trust: nothing in the archive vouches for it.",
                self.key
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
