//! Letting go of log files that an organization no longer keeps.
//!
//! A file goes in steps, each of which may be the last before a crash. A retention entry of the organization's log names it; that
//! entry is archived; readers forget the file; it is removed. Its hashes and its manifest stay, so every other entry is proven as
//! before. Nothing goes that the store locks, that a hold keeps, or that an export or sink still has to take.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::Context;
use indelible_api::RetentionState;
use indelible_archive::retention::{Setting, accounts_for, expires_us, joined, newest_in};
use indelible_archive::source::Source;
use indelible_archive::{Inventory, LogFile};
use indelible_control::{Control, DroppedFile, RetentionSetting};
use indelible_event::control;
use indelible_event::{Organization, Scope, Time};
use indelible_ledger::OrganizationLog;
use indelible_storage::{Bucket, BucketError, durable};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::entries::Entries;
use crate::outage::{Outage, Say};

/// How often it looks whether a round is due.
const TURN: Duration = Duration::from_secs(1);
/// Files that go in one round at most.
const FILES_MAX: usize = 1000;

/// The folder of genesis entries whose log files are gone, in the data folder.
const GENESIS: &str = "genesis";

/// The first entry of a log.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Genesis {
    pub(crate) received_at_us: i64,
    pub(crate) infrastructure: String,
    pub(crate) content: String,
}

impl App {
    /// Runs until the server stops.
    pub(crate) async fn retain_forever(self: Arc<Self>) {
        let (mut due, mut outage) = (Instant::now(), Outage::default());
        while !self.stopping.load(Relaxed) {
            if Instant::now() >= due {
                due = Instant::now() + Duration::from_secs(self.config.archive.retention_seconds);
                let error = self.retain().await.err().map(|error| format!("{error:#}"));
                match outage.note(error, Instant::now()) {
                    Say::Nothing => {}
                    Say::Fails => {
                        tracing::error!(error = outage.error(), "retention failed; log files stay, it is tried again")
                    }
                    Say::WorksAgain => tracing::info!("retention works again"),
                }
            }
            tokio::time::sleep(TURN).await;
        }
    }

    /// One round.
    async fn retain(self: &Arc<Self>) -> anyhow::Result<()> {
        self.ensure_bucket()?;
        // What is being written anew has a name that changes.
        let _held = self.redactions.files.lock().await;
        let dropped = self.control.dropped_files().await?;
        self.remove_dropped(&dropped).await?;
        for organization in self.control.organizations() {
            let dropped: Vec<_> = dropped.iter().filter(|file| file.organization == organization).collect();
            let history = self.control.retention(&organization);
            let Some(newest) = history.last() else { continue };
            let settings = settings(&history);
            let files = self.inventory.snapshot(&Scope::new(vec![organization.clone()]));
            if !newest.locked {
                self.extend_locks(&files, &settings).await?;
                self.control.note_locked(&organization, newest.since_us).await?;
            }
            if newest.hold {
                continue;
            }
            let named: BTreeSet<_> = dropped.iter().map(|file| (file.generation, file.first)).collect();
            // In order, so that a log only ever lacks its beginning.
            let files = files.into_iter().filter(|file| !named.contains(&(file.generation, file.first)));
            let due = files.take_while(|file| {
                let expires = expires_us(&settings, file.received_last_us);
                expires.is_some_and(|expires| expires <= self.now_us())
                    && !self.export_awaits(file)
                    && !self.sink_awaits(file)
            });
            let due: Vec<_> = due.take(FILES_MAX).collect();
            // The log of an idle organization must not grow because of what retention itself wrote into it.
            let only_says_so = |file: &LogFile| {
                file.rows == 1 && dropped.iter().any(|dropped| dropped.entry == (file.generation, file.first))
            };
            if !due.iter().all(|file| only_says_so(file)) {
                self.announce(&organization, &dropped, due).await?;
            }
        }
        Ok(())
    }

    /// Sees to it that the store locks each file for as long as it is kept, where it locks at all.
    async fn extend_locks(&self, files: &[Arc<LogFile>], settings: &[Setting]) -> anyhow::Result<()> {
        for file in files {
            let Some(expires_us) = expires_us(settings, file.received_last_us) else { continue };
            let days = u32::try_from((expires_us - file.received_last_us) / 86_400_000_000).unwrap_or(u32::MAX);
            let received = Timestamp::from_microsecond(file.received_last_us).context("a time that cannot be")?;
            if let Some(lock) = self.bucket.lock_for(received, days) {
                self.bucket.extend(&file.object, None, &lock).await.context("lock a log file for longer")?;
            }
        }
        Ok(())
    }

    /// Writes the entry that names those of `files` that nothing locks, and what was `dropped` before.
    async fn announce(
        self: &Arc<Self>,
        organization: &Organization,
        dropped: &[&DroppedFile],
        files: Vec<Arc<LogFile>>,
    ) -> anyhow::Result<()> {
        let mut free = Vec::new();
        for file in files {
            if is_locked(&self.bucket, &file.object).await? {
                break;
            }
            free.push(file);
        }
        let Some(log) = self.ledger.find(organization).filter(|_| !free.is_empty()) else { return Ok(()) };
        if free.iter().any(|file| (file.generation, file.first) == (log.generation, 0)) {
            let (app, log) = (Arc::clone(self), Arc::clone(&log));
            tokio::task::spawn_blocking(move || app.keep_genesis(&log)).await.context("keep the genesis entry")??;
        }
        let before = dropped.iter().map(|&&DroppedFile { generation, first, last, .. }| control::Dropped {
            generation,
            first,
            last,
        });
        let all = joined(before.chain(free.iter().map(|file| stretch(file))).collect());
        let now_us = self.now_us();
        let entry = control::retention(&control::Retention {
            organization,
            generation: log.generation.into(),
            dropped: &all,
            received_at_us: now_us,
            product_version: env!("CARGO_PKG_VERSION"),
        });
        let seq = self.record_control(&log, &entry, now_us).await?;
        let dropped: Vec<_> = free.iter().map(|file| noted(file, (log.generation, seq))).collect();
        self.control.note_dropped(&dropped).await?;
        tracing::info!(
            organization = organization.as_str(),
            files = dropped.len(),
            entry = seq,
            "log files are let go of"
        );
        Ok(())
    }

    /// Removes what archived entries name.
    async fn remove_dropped(&self, dropped: &[DroppedFile]) -> anyhow::Result<()> {
        let due = dropped.iter().filter(|file| {
            let is_held = self.control.retention(&file.organization).last().is_none_or(|newest| newest.hold);
            let (generation, seq) = file.entry;
            let is_archived = self.inventory.archived_end(&file.organization, generation) > seq;
            file.removed_at_us.is_none() && is_archived && !is_held
        });
        let due: Vec<_> = due.collect();
        if due.is_empty() {
            return Ok(());
        }
        // Where it was redacted since it was named, another file has taken its place.
        let object = |file: &DroppedFile| {
            let found = self.inventory.object_of(&file.organization, file.generation, file.first);
            found.unwrap_or_else(|| file.object.clone())
        };
        for file in &due {
            self.inventory.drop_file(&file.organization, file.generation, file.first);
        }
        // Queries that know the files may still read them.
        tokio::time::sleep(Duration::from_secs(self.config.query.seconds)).await;
        for file in due {
            match self.bucket.remove(&object(file)).await {
                Ok(()) => self.control.note_removed(file, self.now_us()).await?,
                // Somebody locked it in the store since: it stays there, out of sight, until that ends.
                Err(error @ BucketError::Denied { .. }) => {
                    tracing::warn!(object = file.object, %error, "a log file stays")
                }
                Err(error) => return Err(error).context("remove a log file"),
            }
        }
        Ok(())
    }

    /// Keeps the genesis entry, which every proof bundle shows, beyond its log file.
    fn keep_genesis(self: &Arc<Self>, log: &Arc<OrganizationLog>) -> anyhow::Result<()> {
        let mut genesis = None;
        Entries::new(self, log).visit(0..=0, |entry| {
            genesis = Some(Genesis {
                received_at_us: entry.received_at_us,
                infrastructure: entry.infrastructure.to_owned(),
                content: entry.content.to_owned(),
            });
            Ok(())
        })?;
        let (path, bytes) = (self.genesis_path(log), serde_json::to_vec(&genesis)?);
        durable::create_dir_durable(&self.config.data_dir.join(GENESIS))?;
        durable::write_atomic(&path, &bytes, 0o600).with_context(|| format!("write {}", path.display()))
    }

    /// The genesis entry of a log whose first file is gone.
    pub(crate) fn kept_genesis(&self, log: &OrganizationLog) -> anyhow::Result<Genesis> {
        let path = self.genesis_path(log);
        let bytes = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))
    }

    fn genesis_path(&self, log: &OrganizationLog) -> PathBuf {
        self.config.data_dir.join(GENESIS).join(log.origin.replace('/', "_"))
    }

    /// For people.
    pub(crate) async fn retention_state(&self, organization: &Organization) -> anyhow::Result<RetentionState> {
        let newest = self.control.retention(organization).last().copied();
        let dropped = self.control.dropped_files().await?;
        let own = || dropped.iter().filter(|file| file.organization == *organization);
        let removed = own().filter(|file| file.removed_at_us.is_some()).count() as u64;
        Ok(RetentionState {
            organization: organization.to_string(),
            days: newest.and_then(|newest| newest.days),
            hold: newest.is_some_and(|newest| newest.hold),
            since: newest.map(|newest| Time::from_us(newest.since_us).to_string()),
            lock_days: self.bucket.policy_days(),
            removed_files: removed,
            going_files: own().count() as u64 - removed,
        })
    }
}

/// Days for which the store locks new log files of an organization, where it locks at all.
pub(crate) fn lock_days(control: &Control, organization: &Organization) -> u32 {
    control.retention(organization).last().and_then(|newest| newest.days).unwrap_or(0)
}

fn settings(history: &[RetentionSetting]) -> Vec<Setting> {
    history.iter().map(|setting| Setting { since_us: setting.since_us, days: setting.days }).collect()
}

fn stretch(file: &LogFile) -> control::Dropped {
    control::Dropped { generation: file.generation, first: file.first, last: file.last }
}

fn noted(file: &LogFile, entry: (u32, u64)) -> DroppedFile {
    DroppedFile {
        organization: file.organization.clone(),
        generation: file.generation,
        first: file.first,
        last: file.last,
        object: file.object.clone(),
        entry,
        removed_at_us: None,
    }
}

/// Whether the store refuses to remove the object now. A store without locks refuses nothing.
pub(crate) async fn is_locked(bucket: &Bucket, object: &str) -> anyhow::Result<bool> {
    match bucket.lock_of(object, None).await {
        Ok(locked) => Ok(locked.lock.holds(Timestamp::now())),
        Err(BucketError::NoLocks { .. }) => Ok(false),
        Err(error) => Err(error).context("look up a lock"),
    }
}

/// Makes readers forget the files that were removed, as far as the database knows, and those that `unlisted` has beyond
/// them: after a rebuild only the log itself says that they were let go of.
pub(crate) async fn forget_removed(
    control: &Control,
    inventory: &Inventory,
    unlisted: &[Arc<LogFile>],
    source: impl FnOnce() -> anyhow::Result<Box<dyn Source>>,
    now_us: i64,
) -> anyhow::Result<()> {
    let known = control.dropped_files().await?;
    // By their place: a log file that was redacted has another name.
    let missing: BTreeSet<_> = unlisted.iter().map(|file| (&file.organization, file.generation, file.first)).collect();
    let place = |file: &DroppedFile| missing.contains(&(&file.organization, file.generation, file.first));
    for file in known.iter().filter(|file| file.removed_at_us.is_some() || place(file)) {
        inventory.drop_file(&file.organization, file.generation, file.first);
    }
    let known: BTreeSet<_> = known.iter().map(|file| (&file.organization, file.generation, file.first)).collect();
    let is_known = |file: &LogFile| known.contains(&(&file.organization, file.generation, file.first));
    let unknown: Vec<_> = unlisted.iter().filter(|file| !is_known(file)).cloned().collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let source = source()?;
    let dropped = tokio::task::block_in_place(|| explained(inventory, &unknown, &*source))?;
    for file in &dropped {
        inventory.drop_file(&file.organization, file.generation, file.first);
    }
    let dropped: Vec<_> = dropped.into_iter().map(|file| DroppedFile { removed_at_us: Some(now_us), ..file }).collect();
    // An organization that the database does not know yet gets its files noted at a later start.
    let noted: Vec<_> = dropped.iter().filter(|file| control.has_organization(&file.organization)).cloned().collect();
    control.note_dropped(&noted).await?;
    if dropped.len() < unknown.len() {
        tracing::error!(
            log_files = unknown.len() - dropped.len(),
            "the bucket does not list log files that were archived; run `indelible archive verify`"
        );
    }
    Ok(())
}

/// Those of `missing` that the newest retention entry of their organization names.
pub(crate) fn explained(
    inventory: &Inventory,
    missing: &[Arc<LogFile>],
    source: &dyn Source,
) -> anyhow::Result<Vec<DroppedFile>> {
    let mut by_organization: BTreeMap<&Organization, Vec<&Arc<LogFile>>> = BTreeMap::new();
    for file in missing {
        by_organization.entry(&file.organization).or_default().push(file);
    }
    let mut explained = Vec::new();
    for (organization, missing) in by_organization {
        let files = inventory.snapshot(&Scope::new(vec![organization.clone()]));
        let gone: BTreeSet<&str> = missing.iter().map(|file| &*file.object).collect();
        for file in files.iter().rev().filter(|file| !gone.contains(&*file.object)) {
            let Some(dropped) = newest_in(source, file).map_err(anyhow::Error::msg)? else { continue };
            let at = (file.generation, file.last);
            let is_named =
                |missing: &&Arc<LogFile>| dropped.iter().any(|dropped| accounts_for(at, dropped, &stretch(missing)));
            explained.extend(missing.into_iter().filter(is_named).map(|missing| noted(missing, at)));
            break;
        }
    }
    Ok(explained)
}
