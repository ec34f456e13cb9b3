//! Starts a query: waits for a place, plans and runs it on the engine's threads, and hands back the answer.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::dataframe::DataFrame;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement as EngineStatement;
use datafusion::sql::sqlparser::ast::Statement;
use futures::{Stream, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::Engine;
use crate::answer::{Answer, Outcome, QueryError, Started, Task};
use crate::snapshot::Snapshot;
use crate::sql::guard;
use crate::view::View;

/// Batches made ahead of whoever reads them.
const BATCHES_AHEAD: usize = 2;

/// Where a question is planned.
pub(super) struct Plans {
    pub(super) context: SessionContext,
    pub(super) view: View,
    pub(super) memory_bytes: usize,
}

/// Rows of a planned query.
pub(super) struct Rows {
    pub(super) schema: SchemaRef,
    pub(super) batches: Pin<Box<dyn Stream<Item = Result<RecordBatch, QueryError>> + Send>>,
}

impl Plans {
    /// Sorts an error of the engine.
    pub(super) fn error(&self, error: &DataFusionError) -> QueryError {
        QueryError::of_engine(error, self.view.part(), self.memory_bytes)
    }

    /// Runs `frame`.
    pub(super) async fn rows(self: Arc<Self>, frame: DataFrame) -> Result<Rows, QueryError> {
        let stream: SendableRecordBatchStream = frame.execute_stream().await.map_err(|error| self.error(&error))?;
        Ok(Rows {
            schema: stream.schema(),
            batches: Box::pin(stream.map(move |batch| batch.map_err(|error| self.error(&error)))),
        })
    }

    /// Plans and runs an SQL query.
    pub(super) async fn sql(self: Arc<Self>, statement: Box<Statement>) -> Result<Rows, QueryError> {
        let state = self.context.state();
        let plan = state.statement_to_plan(EngineStatement::Statement(statement)).await;
        let plan = plan.and_then(guard).map_err(|error| self.error(&error))?;
        self.rows(DataFrame::new(state, plan)).await
    }
}

impl Engine {
    /// Runs what `plan` makes, in a session over `snapshot` for `view`; at most `rows_max` rows of it.
    ///
    /// Waits until there is a place and the plan stands, so that errors in the question are answered here and not in
    /// the stream.
    pub(super) async fn run<P, F>(
        &self,
        view: View,
        snapshot: Snapshot,
        rows_max: u64,
        plan: P,
    ) -> Result<Answer, QueryError>
    where
        P: FnOnce(Arc<Plans>) -> F + Send + 'static,
        F: Future<Output = Result<Rows, QueryError>> + Send,
    {
        let Some(runtime) = &self.runtime else {
            return Err(QueryError::Internal("the engine is shutting down".to_owned()));
        };
        let limits = Arc::clone(&self.limits);
        let waiting = tokio::time::timeout(limits.queue_time, self.places.take(&view));
        let Ok(place) = waiting.await else {
            return Err(QueryError::Busy);
        };
        let deadline = Instant::now() + limits.wall_time;
        let (planned, when_planned) = oneshot::channel();
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let outcome: Outcome = Arc::new(OnceLock::new());
        let (sessions, spill, snapshot) = (Arc::clone(&self.sessions), Arc::clone(&self.spill), Arc::new(snapshot));
        let (task_outcome, task_limits) = (Arc::clone(&outcome), Arc::clone(&limits));
        let task = runtime.spawn(async move {
            let work = async {
                let memory_bytes = task_limits.memory_bytes;
                let context = sessions
                    .open(&view, &snapshot, &task_limits, &spill)
                    .map_err(|error| QueryError::of_engine(&error, view.part(), memory_bytes))?;
                let plans = Plans { context, view, memory_bytes };
                let Rows { schema, mut batches } = plan(Arc::new(plans)).await?;
                let _ = planned.send(schema);
                while let Some(batch) = batches.next().await {
                    let batch = batch?;
                    if batch.num_rows() > 0 && sender.send(batch).await.is_err() {
                        break;
                    }
                }
                Ok(())
            };
            let timed_out = QueryError::TimedOut { limit: task_limits.wall_time };
            let ended = tokio::time::timeout_at(deadline, work).await.unwrap_or(Err(timed_out));
            let _ = task_outcome.set(ended);
            // Only now, so that whoever sees the channel closed finds the outcome.
            drop((sender, place));
        });
        let task = Task::new(task.abort_handle());
        match tokio::time::timeout_at(deadline, when_planned).await {
            Ok(Ok(schema)) => {
                let started = Started { schema, batches, outcome, deadline, task };
                Ok(Answer::running(started, limits.wall_time, rows_max, limits.result_bytes_max))
            }
            Ok(Err(_)) => {
                // The task drops its end of the channel when it ends; the outcome is there a moment later.
                let mut batches = batches;
                while batches.recv().await.is_some() {}
                Err(match outcome.get() {
                    Some(Err(error)) => error.clone(),
                    _ => QueryError::Internal("a query stopped while it was planned".to_owned()),
                })
            }
            Err(_) => Err(QueryError::TimedOut { limit: limits.wall_time }),
        }
    }
}
