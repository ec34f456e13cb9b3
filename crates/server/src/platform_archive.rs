//! Archiving the platform log: a few objects a day, after what they bind.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use indelible_archive::platform_log::PlatformFolder;
use indelible_ledger::Ledger;
use indelible_merkle::{Checkpoint, Note};
use indelible_storage::durable;

use crate::app::App;

/// Entries that are archived without waiting for anything.
const MANY_ENTRIES: u64 = 16_384;
/// How long an archived checkpoint waits for its cosignatures.
const QUORUM_PATIENCE: Duration = Duration::from_secs(5);
const DAY_US: i64 = 86_400_000_000;

/// What of the platform log is archived.
#[derive(Debug, Default)]
pub(crate) struct PlatformArchive {
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// Entries in the bucket.
    archived: u64,
    /// When some were archived last, microseconds since 1970.
    last_us: i64,
    /// Whether an organization's run was archived since.
    stale: bool,
}

impl PlatformArchive {
    /// Notes which checkpoint is the newest in the archive; refuses an archive that is ahead of the platform log or holds
    /// another one.
    pub(crate) fn found(&self, ledger: &Ledger, newest: Option<&Checkpoint>, now_us: i64) -> anyhow::Result<()> {
        let platform = ledger.platform_log();
        let archived = newest.map_or(0, |newest| newest.size);
        if archived > platform.size() {
            bail!(
                "the archive holds {archived} entries of the platform log, the ledger only {}: an older copy of the data folder was \
                 restored; restore the newest copy",
                platform.size()
            );
        }
        if let Some(newest) = newest
            && platform.root_at(newest.size)? != newest.root
        {
            bail!(
                "the archived platform log is not the one of this data folder; find the folder that belongs to the archive"
            );
        }
        self.with(|state| *state = State { archived, last_us: now_us, stale: state.stale });
        Ok(())
    }

    /// Notes that a run was archived that the platform log binds.
    pub(crate) fn note_run(&self) {
        self.with(|state| state.stale = true);
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl App {
    /// Archives the platform log when it is time, or was asked for.
    pub(crate) async fn archive_platform(&self, asked: bool) -> anyhow::Result<()> {
        let path = self.config.data_dir.join("platform.sealing");
        let note = match read_staged(&path)? {
            // What was begun is finished with the same bytes.
            Some(note) => note,
            None => {
                let state = self.platform_archive.with(|state| *state);
                if !self.is_platform_due(state, asked) {
                    return Ok(());
                }
                let least = self.ledger.platform_log().size();
                let Some(note) = self.cosigned_checkpoint(least, QUORUM_PATIENCE).await? else { return Ok(()) };
                durable::write_atomic(&path, note.to_string().as_bytes(), 0o600)
                    .context("stage the platform's checkpoint")?;
                note
            }
        };
        let size = note.text().parse::<Checkpoint>()?.size;
        let platform = self.ledger.platform_log();
        let first = self.platform_archive.with(|state| state.archived);
        if first < size {
            let entries = platform.entries(first..size).context("read the platform log")?;
            let folder = PlatformFolder { generation: platform.generation() };
            folder.upload(&self.bucket, first, &entries, &note).await.context("archive the platform log")?;
        }
        // From here on these entries are archived, whatever becomes of the file: it may be gone although its removal failed.
        let now_us = self.now_us();
        self.platform_archive.with(|state| *state = State { archived: size.max(first), last_us: now_us, stale: false });
        std::fs::remove_file(&path).context("remove the staged checkpoint")
    }

    fn is_platform_due(&self, state: State, asked: bool) -> bool {
        let waiting = self.ledger.platform_log().size().saturating_sub(state.archived);
        let age_us = self.now_us().saturating_sub(state.last_us);
        let settled_us = i64::try_from(self.config.archive.age_seconds).unwrap_or(i64::MAX / 1_000_000) * 1_000_000;
        let due = asked || waiting >= MANY_ENTRIES || age_us >= DAY_US || (state.stale && age_us >= settled_us);
        waiting > 0 && due
    }
}

/// The checkpoint whose upload was begun and not finished.
fn read_staged(path: &PathBuf) -> anyhow::Result<Option<Note>> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let note = Note::from_bytes(&bytes).with_context(|| format!("{} is no checkpoint", path.display()))?;
            Ok(Some(note))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}
