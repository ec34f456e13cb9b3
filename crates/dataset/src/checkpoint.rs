//! Checkpoints of the table's log, so that opening a table does not read all its commits.

use deltalake_core::checkpoints;
use indelible_storage::BucketError;
use serde::Deserialize;
use tracing::info;

use crate::dataset::Dataset;
use crate::error::DatasetError;

/// Commits after which a checkpoint is due.
pub const CHECKPOINT_COMMITS: u64 = 50;

/// The object that names the newest checkpoint.
const LAST_CHECKPOINT: &str = "_delta_log/_last_checkpoint";

#[derive(Deserialize)]
struct LastCheckpoint {
    version: u64,
}

impl Dataset {
    /// Writes a checkpoint if one is due; `true` if it did. From a table with retention also removes the commits of more than 30
    /// days ago that a checkpoint stands for.
    ///
    /// May be repeated after any error: a checkpoint says nothing that the commits do not say.
    pub async fn checkpoint(&mut self) -> Result<bool, DatasetError> {
        self.refresh().await?;
        let newest = self.newest_checkpoint().await?;
        if self.version() < newest + CHECKPOINT_COMMITS {
            return Ok(false);
        }
        let version = self.version();
        let written = checkpoints::create_checkpoint(self.table(), None).await;
        written.map_err(|source| self.error("write a checkpoint of", source))?;
        info!(export = %self.export.id, version, "checkpoint written");
        if self.export.retention_days.is_some() {
            let cleared = checkpoints::cleanup_metadata(self.table(), None).await;
            let cleared = cleared.map_err(|source| self.error("clear the log of", source))?;
            if cleared > 0 {
                // What was read may rest on commits that are gone.
                self.forget();
                self.refresh().await?;
            }
        }
        Ok(true)
    }

    /// The version of the newest checkpoint; 0 if there is none.
    async fn newest_checkpoint(&self) -> Result<u64, DatasetError> {
        match self.place.bucket().get(&self.place.object(LAST_CHECKPOINT)).await {
            Err(BucketError::Missing { .. }) => Ok(0),
            Err(error) => Err(error.into()),
            // A hint that cannot be read is no hint.
            Ok(bytes) => Ok(serde_json::from_slice::<LastCheckpoint>(&bytes).map_or(0, |last| last.version)),
        }
    }
}
