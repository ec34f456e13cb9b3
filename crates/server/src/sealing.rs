//! From the tail to the bucket: seals a run of one log, uploads what is sealed.
//!
//! The order is what makes every crash harmless: the run is complete and synced before its first object is sent, its manifest
//! is the last object, the inventory knows it before its local copy goes, and the journal is released only for what
//! the inventory knows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use indelible_archive::rows::Row;
use indelible_archive::{Inventory, LedgerLog, Pushed, SealError, Sealer, mirror, pending, upload};
use indelible_event::Organization;
use indelible_intake::{Intake, TailError, content_error};
use indelible_ledger::{Ledger, OrganizationLog};
use indelible_storage::Bucket;

use crate::generation::ensure_newest;

/// The folder of runs on their way, within the data folder.
pub(crate) fn staging(data: &Path) -> PathBuf {
    data.join("sealing")
}

/// Seals the next run of `log`, of entries below `end`. Blocks.
pub(crate) fn seal_run(
    intake: &Intake,
    ledger: &Ledger,
    inventory: &Inventory,
    staging: &Path,
    log: &OrganizationLog,
    end: u64,
    now_us: i64,
) -> anyhow::Result<()> {
    let tail = intake.tail().snapshot();
    let first = inventory.archived_end(&log.organization, log.generation);
    let previous = inventory.last_manifest(&log.organization, log.generation);
    let ledger_log = LedgerLog::new(ledger, log)?;
    let mut sealer = Sealer::begin(&ledger_log, staging, first, previous)?;
    let mut contents = tail.contents();
    for stretch in tail.stretches() {
        let Some(span) = stretch.span(log.number) else { continue };
        if span.seqs.end <= first || span.seqs.start >= end {
            continue;
        }
        let visited = tail.visit::<Stop>(stretch, |place, received_at_us, record| {
            if place.number != log.number || place.seq < first || place.seq >= end {
                return Ok(());
            }
            let sealed = record.content(place.number);
            let key = contents.key(&sealed).map_err(|source| content_error(place, source))?;
            let content = contents.read(&sealed).map_err(|source| content_error(place, source))?;
            let content = content.ok_or(Stop::Erased(place.seq))?;
            let row = Row {
                organization: log.organization.as_str(),
                seq: place.seq,
                received_at_us,
                infrastructure: record.infrastructure,
                content,
            };
            match sealer.push_under(&row, key.as_ref())? {
                Pushed::Taken => Ok(()),
                Pushed::RunEnds => Err(Stop::RunEnds),
            }
        });
        match visited {
            Ok(()) => {}
            Err(Stop::RunEnds) => break,
            Err(Stop::Erased(seq)) => anyhow::bail!(
                "entry {seq} of {} is in the journal alone and its content key was erased; restore keys/content",
                log.organization
            ),
            Err(Stop::Tail(error)) => return Err(error.into()),
            Err(Stop::Seal(error)) => return Err(error.into()),
        }
    }
    anyhow::ensure!(sealer.entries() > 0, "entry {first} is neither in the archive nor in the journal");
    let run = sealer.finish(now_us)?;
    tracing::info!(organization = %log.organization, first, entries = run.manifest().entries(), "sealed");
    Ok(())
}

/// Uploads every sealed run, oldest first; each is in the inventory, and its manifest in `mirror`, before its local copy goes.
/// Returns for each how old its first entry was when it had been read back, microseconds. `lock_days` are those for which the store locks an organization's log files at least.
pub(crate) async fn upload_pending(
    bucket: &Bucket,
    inventory: &Inventory,
    staging: &Path,
    mirror: Option<&Path>,
    lock_days: &(dyn Fn(&Organization) -> u32 + Sync),
) -> anyhow::Result<Vec<i64>> {
    let staging = staging.to_owned();
    let runs = tokio::task::spawn_blocking(move || pending(&staging)).await.context("look for sealed runs")??;
    let mut uploaded = Vec::with_capacity(runs.len());
    for run in runs {
        ensure_newest(bucket, run.manifest().generation()).await?;
        let read_back_us = upload(bucket, &run, lock_days(&run.manifest().organization))
            .await
            .with_context(|| format!("upload the log file of {}", run.manifest().organization))?;
        anyhow::ensure!(
            inventory.extend(&run, read_back_us),
            "the run does not follow what is archived; was the archive changed by somebody else?"
        );
        if let Some(mirror) = mirror {
            tokio::task::block_in_place(|| mirror::extend(mirror, run.manifest_bytes()))
                .context("keep the manifest")?;
        }
        uploaded.push(read_back_us - run.manifest().facts.received_first_us);
        run.remove()?;
    }
    Ok(uploaded)
}

/// Seals and uploads all of `log` that there is now.
pub(crate) async fn archive_all(
    intake: &Arc<Intake>,
    ledger: &Arc<Ledger>,
    inventory: &Arc<Inventory>,
    bucket: &Bucket,
    staging: &Path,
    log: &Arc<OrganizationLog>,
    now_us: i64,
) -> anyhow::Result<()> {
    let end = ledger.size(log.number);
    while inventory.archived_end(&log.organization, log.generation) < end {
        let (intake, ledger, inventory) = (Arc::clone(intake), Arc::clone(ledger), Arc::clone(inventory));
        let (owned, log) = (staging.to_owned(), Arc::clone(log));
        let known = Arc::clone(&inventory);
        let seal = move || seal_run(&intake, &ledger, &inventory, &owned, &log, end, now_us);
        tokio::task::spawn_blocking(seal).await.context("seal")??;
        upload_pending(bucket, &known, staging, None, &|_| 0).await?;
    }
    Ok(())
}

/// Why reading the tail for a run ended early.
enum Stop {
    RunEnds,
    /// The content key of this entry is gone.
    Erased(u64),
    Tail(TailError),
    Seal(SealError),
}

impl From<TailError> for Stop {
    fn from(error: TailError) -> Self {
        Self::Tail(error)
    }
}

impl From<SealError> for Stop {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}
