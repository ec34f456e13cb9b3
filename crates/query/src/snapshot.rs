//! What a query reads: the log files there are, and the entries that are in none yet.

use std::sync::Arc;

use arrow::array::RecordBatch;
use indelible_archive::LogFile;
use indelible_event::Organization;

/// What is acknowledged at one moment, each entry once: in a log file or in the tail, without a gap between them.
///
/// Whoever makes it answers for that. A query reads one snapshot from beginning to end, so what is sealed meanwhile
/// does not matter to it, as long as the log files stay.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Archived entries, as [`Inventory::snapshot`](indelible_archive::Inventory::snapshot) lists them.
    pub files: Vec<Arc<LogFile>>,
    /// Acknowledged entries that are not archived yet.
    pub tail: Vec<Arc<dyn TailChunk>>,
}

/// A run of acknowledged entries that are in no log file yet, decoded when they are read.
pub trait TailChunk: std::fmt::Debug + Send + Sync {
    /// The organizations it may hold entries of.
    fn organizations(&self) -> &[Organization];

    /// How many entries it holds, of all organizations together.
    fn rows(&self) -> u64;

    /// Bytes of one of its entries, on average and about.
    fn row_bytes(&self) -> u64;

    /// Smallest and largest `time` in it, microseconds since 1970 UTC; `None` if unknown.
    fn time_range_us(&self) -> Option<(i64, i64)>;

    /// Its entries, as the columns of [`indelible_archive::rows::schema`] that `projection` names, in its order. Those
    /// that the reader may not see are removed by whoever asks.
    fn batches(&self, projection: &[usize]) -> Result<TailBatches, TailError>;
}

/// Batches of a [`TailChunk`], decoded one by one.
pub type TailBatches = Box<dyn Iterator<Item = Result<RecordBatch, TailError>> + Send>;

/// A chunk of the tail could not be read. The text says which and why.
pub type TailError = Box<dyn std::error::Error + Send + Sync>;
