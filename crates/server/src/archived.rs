//! What the bucket holds when the server starts, and how it starts while the bucket is away.
//!
//! Normally everything is read from the bucket and compared with the data folder before anything is answered. A bucket that
//! cannot be reached, or does not show all that was archived, must not keep events from being taken in: the server then goes by
//! the manifests kept in the data folder and asks again until the bucket answers. Until then nothing is archived, and no
//! checkpoint is signed: should the data folder be an older copy of itself, only the bucket would tell, and one log would get
//! two roots.

use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use indelible_api::AlarmKind;
use indelible_archive::layout::CopyName;
use indelible_archive::platform_log::{PlatformFolder, PlatformLogError};
use indelible_archive::{Inventory, InventoryError, LogFile, journal_copy, mirror};
use indelible_ledger::Ledger;
use indelible_merkle::{Checkpoint, VerifierKey};
use indelible_storage::probe::ProbeError;
use indelible_storage::{Bucket, BucketError};

use crate::app::App;
use crate::config::Config;
use crate::generation::{self, Kept};
use crate::{bucket, check_archived, rebuild};

/// Between the first two attempts to reach the bucket; doubled for each that follows.
const TURN: Duration = Duration::from_secs(5);
const TURN_MAX: Duration = Duration::from_secs(60);
const KEEP: &str = "keep the archive's manifests in the data folder";

/// What the bucket holds, beside the inventory.
#[derive(Default)]
pub(crate) struct Archived {
    /// Log files that have a manifest and that the bucket does not list.
    pub(crate) unlisted: Vec<Arc<LogFile>>,
    /// The copies of the journal.
    pub(crate) copies: Vec<CopyName>,
    /// The newest checkpoint of the platform log.
    pub(crate) platform: Option<Checkpoint>,
    /// When the generation was opened, microseconds since 1970 UTC.
    pub(crate) opened_us: i64,
    /// Why only the inventory is known, and from the data folder, if it is so.
    pub(crate) away: Option<String>,
}

/// Who asks which bucket.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) config: &'a Config,
    pub(crate) bucket: &'a Bucket,
    pub(crate) ledger: &'a Ledger,
    /// Keys of closed generations.
    pub(crate) closed: &'a [VerifierKey],
    pub(crate) now_us: i64,
}

impl Asking<'_> {
    /// What the bucket holds, or, if it is away and the data folder knows it from before, what it held.
    ///
    /// # Errors
    /// When the bucket is not fit, belongs to another server, or holds what it should not; and when it is away at the first
    /// start.
    pub(crate) async fn ask(self, kept: Option<Kept>) -> anyhow::Result<(Inventory, Archived)> {
        let path = mirror_path(self.config);
        let known = tokio::task::block_in_place(|| mirror::read(&path, |origin| self.keys(origin)))
            .with_context(|| format!("read {}", path.display()))?;
        let opened_us = kept.as_ref().map(Kept::opened_us).filter(|_| known.is_some());
        let inventory = known.unwrap_or_default();
        match (self.ask_bucket(kept, &inventory).await, opened_us) {
            (Err(error), Some(opened_us)) if is_away(&error) => {
                let away = format!("{error:#}");
                tracing::error!(
                    error = away,
                    "the bucket is away; the server starts with what it knows and asks again"
                );
                Ok((inventory, Archived { opened_us, away: Some(away), ..Archived::default() }))
            }
            (asked, _) => Ok((inventory, asked?)),
        }
    }

    /// What the bucket holds; `inventory`, which is what is known from before, is brought up to date.
    async fn ask_bucket(self, kept: Option<Kept>, inventory: &Inventory) -> anyhow::Result<Archived> {
        let Self { config, bucket, ledger, now_us, .. } = self;
        bucket::ensure_fit(config, bucket).await?;
        let kept = generation::settle(&config.data_dir, kept, bucket, ledger, now_us).await?;
        let mut rewrite = mirror::Rewrite::begin(&mirror_path(config)).context(KEEP)?;
        let found = Inventory::load_into(bucket, |origin| self.keys(origin), Some(&mut rewrite)).await;
        let found = found.context("read the archive's manifests")?;
        let copies = journal_copy::list(bucket).await.context("list the copies of the journal")?;
        let folder = PlatformFolder { generation: ledger.platform_log().generation() };
        let platform = folder.newest(bucket).await.context("read the archived platform log")?;
        let unlisted = found.unlisted().to_vec();
        if !inventory.replace(found) {
            return Err(ShowsLess { bucket: bucket.to_string() }.into());
        }
        rewrite.finish().context(KEEP)?;
        Ok(Archived { unlisted, copies, platform, opened_us: kept.opened_us(), away: None })
    }

    fn keys(self, origin: &str) -> Vec<VerifierKey> {
        rebuild::keys_of(self.ledger, self.closed, origin)
    }
}

/// The bucket holds less than was archived. Some stores list only a part of what they have for a while after they have started.
#[derive(Debug, thiserror::Error)]
#[error(
    "{bucket} does not show all log files that were archived; if that stays so, they were removed: run `indelible archive verify`"
)]
struct ShowsLess {
    bucket: String,
}

/// Whether the bucket did not answer, or not with everything yet, as opposed to answering what is wrong.
fn is_away(error: &anyhow::Error) -> bool {
    let no_answer = |error: &BucketError| matches!(error, BucketError::Store { .. } | BucketError::Denied { .. });
    // Transparent errors are no links of the chain.
    error.chain().any(|cause| {
        cause.downcast_ref().is_some_and(no_answer)
            || matches!(cause.downcast_ref(), Some(ProbeError::Bucket(error)) if no_answer(error))
            || matches!(cause.downcast_ref(), Some(InventoryError::Bucket(error)) if no_answer(error))
            || matches!(cause.downcast_ref(), Some(PlatformLogError::Bucket(error)) if no_answer(error))
            || cause.is::<ShowsLess>()
    })
}

/// The manifests in the data folder.
pub(crate) fn mirror_path(config: &Config) -> PathBuf {
    config.data_dir.join("manifests")
}

impl App {
    /// An error as long as the bucket has not been reached since the server started.
    pub(crate) fn ensure_bucket(&self) -> anyhow::Result<()> {
        match &*self.away() {
            None => Ok(()),
            Some(away) => bail!("the bucket has not been reached since the server was started: {away}"),
        }
    }

    /// Asks until the bucket has answered once. What it answers may end the server, as it would have prevented the start.
    pub(crate) async fn find_bucket(self: Arc<Self>) {
        let mut turn = TURN;
        while !self.stopping.load(Relaxed) {
            let Some(away) = self.away().clone() else { break };
            let message = format!(
                "the bucket has not been reached since the server was started, so nothing is archived and no checkpoint is signed; it \
                 is tried again at least once a minute: {away}"
            );
            self.alarms.set(AlarmKind::BucketAway, None, self.now_us(), Some(message));
            tokio::time::sleep(turn).await;
            turn = (turn * 2).min(TURN_MAX);
            match self.ask_again().await {
                Ok(()) => {
                    tracing::info!("the bucket is back");
                    *self.away() = None;
                }
                Err(error) if is_away(&error) => *self.away() = Some(format!("{error:#}")),
                Err(error) => {
                    let _ = self.retired.set(format!("{error:#}"));
                    return;
                }
            }
        }
        self.alarms.set(AlarmKind::BucketAway, None, self.now_us(), None);
    }

    async fn ask_again(&self) -> anyhow::Result<()> {
        let data = &self.config.data_dir;
        let asking = Asking {
            config: &self.config,
            bucket: &self.bucket,
            ledger: &self.ledger,
            closed: &self.closed_keys,
            now_us: self.now_us(),
        };
        let archived = asking.ask_bucket(Kept::read(data)?, &self.inventory).await?;
        check_archived(&self.ledger, &self.inventory, data)?;
        self.copier.found(archived.copies);
        self.copier.check_journal(self.intake.journal_stats().next, data)?;
        self.platform_archive.found(&self.ledger, archived.platform.as_ref(), self.now_us())
    }

    fn away(&self) -> MutexGuard<'_, Option<String>> {
        self.bucket_away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
