//! The engine: runs queries over a snapshot for a scope, within limits, on threads of its own.

mod find;
mod metrics;
mod places;
mod run;
mod search;
pub(crate) mod sql;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indelible_archive::ContentKeys;
use object_store::ObjectStore;
use tokio::runtime::{Builder, Runtime};

use crate::engine::places::Places;
use crate::session::Sessions;

pub use metrics::{Bucket, Value};
pub use search::{Order, SearchRequest};

/// What one query may take, and how many run at once.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Rows in one answer; beyond them it is cut and says so.
    pub rows_max: u64,
    /// Bytes of rows in one answer, about; beyond them it is cut and says so.
    pub result_bytes_max: u64,
    /// Memory for sorting, grouping and joining, per query; beyond it the query writes to disk, or fails.
    pub memory_bytes: usize,
    /// Temporary files per query.
    pub spill_bytes_max: u64,
    /// From start to the last row.
    pub wall_time: Duration,
    /// Queries that run at the same time.
    pub concurrent: usize,
    /// How many of them may be over one organization, and how many may be of the operator's view.
    pub concurrent_per_organization: usize,
    /// How long a query waits for a place before it is refused.
    pub queue_time: Duration,
    /// Threads all queries share.
    pub threads: usize,
    /// Footers of log files kept in memory.
    pub footer_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            rows_max: 100_000,
            result_bytes_max: 256 * 1024 * 1024,
            memory_bytes: 256 * 1024 * 1024,
            spill_bytes_max: 4 * 1024 * 1024 * 1024,
            wall_time: Duration::from_secs(60),
            concurrent: 4,
            concurrent_per_organization: 3,
            queue_time: Duration::from_secs(10),
            threads: std::thread::available_parallelism().map_or(2, usize::from),
            footer_bytes_max: 64 * 1024 * 1024,
        }
    }
}

/// Runs searches and SQL.
///
/// Cheap to share behind an `Arc`. Queries run on the engine's own threads, so that none of them delays whoever asks.
/// Dropping the engine ends what is running.
#[derive(Debug)]
pub struct Engine {
    /// `None` only while dropping.
    runtime: Option<Runtime>,
    places: Arc<Places>,
    sessions: Arc<Sessions>,
    limits: Arc<Limits>,
    spill: Arc<Path>,
}

/// Stack of a query thread. A plan is a tree that is walked and dropped recursively, and users choose its depth.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Reads of local files that wait at the same time.
const BLOCKING_THREADS: usize = 16;

impl Engine {
    /// An engine over the log files in `store`. `spill` is a folder for temporary files, used by nobody else; it need
    /// not exist.
    ///
    /// Removes temporary files there that an engine before left behind. Fails if that is not possible, or threads cannot
    /// be started.
    pub fn new(store: Arc<dyn ObjectStore>, limits: Limits, spill: PathBuf) -> std::io::Result<Engine> {
        Engine::with_keys(store, limits, spill, Arc::new(ContentKeys::none()))
    }

    /// The same, with keys of encrypted content. A query over content writes no temporary files while there are any.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_keys(
        store: Arc<dyn ObjectStore>,
        limits: Limits,
        spill: PathBuf,
        keys: Arc<ContentKeys>,
    ) -> std::io::Result<Engine> {
        remove_left_behind(&spill)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(limits.threads.max(1))
            .thread_name("query")
            .thread_stack_size(STACK_BYTES)
            .max_blocking_threads(BLOCKING_THREADS)
            .enable_all()
            .build()?;
        Ok(Engine {
            runtime: Some(runtime),
            places: Places::new(limits.concurrent, limits.concurrent_per_organization),
            sessions: Arc::new(Sessions::new(store, &limits, keys)),
            limits: Arc::new(limits),
            spill: spill.into(),
        })
    }

    /// The limits it was made with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// How DataFusion names the folders of its temporary files.
const SPILL_PREFIX: &str = "datafusion-";

fn remove_left_behind(spill: &Path) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(spill) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(SPILL_PREFIX) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Waiting for the threads is not possible inside another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests;
