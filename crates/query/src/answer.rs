//! Errors of queries, and their answers as they arrive.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::DataFusionError;
use futures::{Stream, StreamExt};
use indelible_event::Part;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, Sleep};

use crate::search::SearchError;
use crate::sql;

/// Why a query has no answer, or no more of one.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueryError {
    /// The search cannot be understood.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The SQL cannot be understood, is not a query, or fails on a value.
    #[error("{0}")]
    Sql(String),
    /// All places are taken, or all that are for one organization; try again.
    #[error("as many queries are running as may; try again in a moment")]
    Busy,
    /// It took too long.
    #[error("the query took longer than {} s; narrow the time range, or ask for fewer columns", limit.as_secs())]
    TimedOut {
        /// [`Limits::wall_time`](crate::Limits::wall_time).
        limit: Duration,
    },
    /// It needs more memory or temporary disk than it may.
    #[error(
        "the query needs more than its {limit_bytes} bytes of memory; narrow the time range, select fewer columns or add a LIMIT ({detail})"
    )]
    Memory {
        /// [`Limits::memory_bytes`](crate::Limits::memory_bytes).
        limit_bytes: usize,
        /// What asked for more.
        detail: String,
    },
    /// A log file or the tail cannot be read, or is not what it should be.
    #[error("read entries: {0}")]
    Unreadable(String),
    /// A fault in this program.
    #[error("internal error of the query engine: {0}")]
    Internal(String),
}

impl QueryError {
    /// Whether the user can do something about it: the question is wrong, too large or came at a bad moment.
    pub fn is_users(&self) -> bool {
        !matches!(self, QueryError::Unreadable(_) | QueryError::Internal(_))
    }

    /// Sorts an error of the engine; `memory_bytes` is the limit of the query.
    pub(crate) fn of_engine(error: &DataFusionError, part: Part, memory_bytes: usize) -> QueryError {
        use DataFusionError as E;
        let root = error.find_root();
        match root {
            E::ResourcesExhausted(detail) => QueryError::Memory {
                limit_bytes: memory_bytes,
                detail: detail.lines().next().unwrap_or_default().to_owned(),
            },
            E::ParquetError(_) | E::ObjectStore(_) | E::IoError(_) | E::External(_) => {
                QueryError::Unreadable(root.message().into_owned())
            }
            E::Internal(_) | E::ExecutionJoin(_) | E::Substrait(_) | E::Configuration(_) => {
                QueryError::Internal(root.message().into_owned())
            }
            _ => QueryError::Sql(sql::explain(root, part)),
        }
    }
}

/// The answer to a query: batches as the engine makes them, at least one column each.
///
/// Dropping it ends the query. It must be polled inside a Tokio runtime with time enabled.
#[derive(Debug)]
pub struct Answer {
    schema: SchemaRef,
    source: Source,
    truncated: bool,
    rows_left: u64,
    bytes_left: u64,
}

#[derive(Debug)]
enum Source {
    /// A query that runs.
    Running(Running),
    /// Ended, well or not.
    Ended,
}

#[derive(Debug)]
struct Running {
    batches: mpsc::Receiver<RecordBatch>,
    outcome: Outcome,
    deadline: Pin<Box<Sleep>>,
    limit: Duration,
    _task: Task,
}

/// How a query ended; set before its channel closes.
pub(crate) type Outcome = Arc<OnceLock<Result<(), QueryError>>>;

/// A task that ends when whoever waits for it goes away.
#[derive(Debug)]
pub(crate) struct Task(AbortHandle);

impl Task {
    pub(crate) fn new(handle: AbortHandle) -> Task {
        Task(handle)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A query that has been started.
pub(crate) struct Started {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: mpsc::Receiver<RecordBatch>,
    pub(crate) outcome: Outcome,
    pub(crate) deadline: Instant,
    pub(crate) task: Task,
}

impl Answer {
    /// At most `rows_max` rows and about `bytes_max` bytes of what `started` delivers.
    pub(crate) fn running(started: Started, limit: Duration, rows_max: u64, bytes_max: u64) -> Answer {
        Answer {
            schema: started.schema,
            source: Source::Running(Running {
                batches: started.batches,
                outcome: started.outcome,
                deadline: Box::pin(tokio::time::sleep_until(started.deadline)),
                limit,
                _task: started.task,
            }),
            truncated: false,
            rows_left: rows_max,
            bytes_left: bytes_max,
        }
    }

    /// The columns of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Whether there is more than the limits on rows and bytes let through. Final once the stream has ended.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// All of it in memory, which the limits bound.
    pub async fn collect(mut self) -> Result<(Vec<RecordBatch>, bool), QueryError> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await {
            batches.push(batch?);
        }
        Ok((batches, self.truncated))
    }

    /// Cuts `batch` to what may still go out.
    fn cut(&mut self, batch: RecordBatch) -> RecordBatch {
        let rows = batch.num_rows() as u64;
        let bytes = batch_bytes(&batch);
        let row_bytes = (bytes / rows.max(1)).max(1);
        let fits = if bytes <= self.bytes_left { rows } else { self.bytes_left / row_bytes };
        let keep = rows.min(self.rows_left).min(fits);
        if keep < rows {
            self.truncated = true;
            self.source = Source::Ended;
        }
        self.rows_left -= keep;
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        batch.slice(0, keep as usize)
    }
}

/// Bytes of the rows of `batch`, not of the buffers they may share with others.
fn batch_bytes(batch: &RecordBatch) -> u64 {
    let bytes = batch.columns().iter().map(|column| match column.data_type() {
        DataType::Utf8View => text_bytes(column),
        _ => column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size()),
    });
    bytes.sum::<usize>() as u64
}

/// Bytes of the values of a text column; of another, of its buffers.
pub(crate) fn text_bytes(array: &ArrayRef) -> usize {
    match array.data_type() {
        // The length stands in the lowest 32 bits.
        DataType::Utf8View => array.as_string_view().views().iter().map(|view| *view as u32 as usize).sum(),
        DataType::Utf8 => {
            let offsets = array.as_string::<i32>().value_offsets();
            offsets.last().zip(offsets.first()).map_or(0, |(last, first)| (last - first) as usize)
        }
        _ => array.get_array_memory_size(),
    }
}

impl Stream for Answer {
    type Item = Result<RecordBatch, QueryError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = match &mut self.source {
            Source::Ended => return Poll::Ready(None),
            Source::Running(running) => match running.poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(next) => next,
            },
        };
        Poll::Ready(match next {
            Some(Ok(batch)) => Some(Ok(self.cut(batch))),
            Some(Err(error)) => {
                self.source = Source::Ended;
                Some(Err(error))
            }
            None => {
                self.source = Source::Ended;
                None
            }
        })
    }
}

impl Running {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<RecordBatch, QueryError>>> {
        if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(QueryError::TimedOut { limit: self.limit })));
        }
        match self.batches.poll_recv(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(batch)) => Poll::Ready(Some(Ok(batch))),
            Poll::Ready(None) => Poll::Ready(match self.outcome.get() {
                Some(Ok(())) => None,
                Some(Err(error)) => Some(Err(error.clone())),
                None => Some(Err(QueryError::Internal("a query stopped without an outcome".to_owned()))),
            }),
        }
    }
}
