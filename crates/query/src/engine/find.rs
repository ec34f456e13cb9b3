//! Single entries: by identity, or by place.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use datafusion::logical_expr::{Expr, ident, lit};
use futures::StreamExt;
use indelible_event::{Organization, Reach};

use super::Engine;
use super::run::{Plans, Rows};
use super::search::archived;
use crate::answer::QueryError;
use crate::schema;
use crate::snapshot::Snapshot;
use crate::view::View;

/// One identity may stand in several logs, but not in many.
const FOUND_MAX: usize = 100;

impl Engine {
    /// The entries with this `logEntryId`, control entries too: one row for each organization (and producer) that has
    /// it, so mostly one or none. Columns as of [`search`](Engine::search). Upper case is read as lower case.
    pub async fn find(
        &self,
        scope: &impl Reach,
        snapshot: Snapshot,
        log_entry_id: &str,
    ) -> Result<RecordBatch, QueryError> {
        let condition = ident("logEntryId").eq(lit(log_entry_id.to_ascii_lowercase()));
        self.entries(View::of(scope), snapshot, condition).await
    }

    /// The entry at `seq` of `organization`: one row for each generation of its log that has it, so mostly one or none.
    pub async fn entry(
        &self,
        scope: &impl Reach,
        snapshot: Snapshot,
        organization: &Organization,
        seq: u64,
    ) -> Result<RecordBatch, QueryError> {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        let condition = ident("organization").eq(lit(organization.as_str())).and(ident("seq").eq(lit(seq)));
        self.entries(View::of(scope), snapshot, condition).await
    }

    async fn entries(&self, view: View, snapshot: Snapshot, condition: Expr) -> Result<RecordBatch, QueryError> {
        let schema = schema::archived(view.part());
        let as_archived = Arc::clone(&schema);
        let plan = move |plans: Arc<Plans>| async move {
            let frame = plans.table("entries", condition).await?;
            let frame = frame.limit(0, Some(FOUND_MAX)).map_err(|error| plans.error(&error))?;
            let rows = plans.rows(frame).await?;
            let batches = rows.batches.map(move |batch| archived(&batch?, &as_archived));
            Ok(Rows { schema: rows.schema, batches: Box::pin(batches) })
        };
        let (batches, _) = self.run(view, snapshot, FOUND_MAX as u64, plan).await?.collect().await?;
        concat_batches(&schema, &batches).map_err(|error| QueryError::Internal(error.to_string()))
    }
}
