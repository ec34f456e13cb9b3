//! Reads chunks of the tail as a stream of the engine.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::stream;
use indelible_archive::rows;
use indelible_event::control::CONTROL_TYPE;

use crate::schema::ORGANIZATION;
use crate::snapshot::{TailBatches, TailChunk};
use crate::view::View;

/// Chunks read one after another.
#[derive(Debug)]
pub(crate) struct TailStream {
    chunks: Arc<[Arc<dyn TailChunk>]>,
    view: View,
    /// What is delivered: columns of the table.
    schema: SchemaRef,
    /// Place of the column `type` in it, where control entries are left out.
    kind: Option<usize>,
}

impl TailStream {
    /// With `kind`, the place of the column `type` in `schema`, control entries are left out. An operator of the engine above this one
    /// would take more memory for the rows than they have.
    pub(crate) fn new(chunks: Vec<Arc<dyn TailChunk>>, view: View, schema: SchemaRef, kind: Option<usize>) -> Self {
        TailStream { chunks: chunks.into(), view, schema, kind }
    }
}

impl PartitionStream for TailStream {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let reading = Reading {
            chunks: Arc::clone(&self.chunks),
            next: 0,
            batches: None,
            view: self.view.clone(),
            schema: Arc::clone(&self.schema),
            kind: self.kind,
        };
        let batches = stream::iter(reading);
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

struct Reading {
    chunks: Arc<[Arc<dyn TailChunk>]>,
    next: usize,
    batches: Option<TailBatches>,
    view: View,
    schema: SchemaRef,
    kind: Option<usize>,
}

impl Iterator for Reading {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.batches.as_mut().and_then(Iterator::next) {
                return Some(batch.map_err(DataFusionError::External).and_then(|batch| self.deliver(batch)));
            }
            let chunk = self.chunks.get(self.next)?;
            self.next += 1;
            let batches = self.columns().and_then(|columns| chunk.batches(&columns).map_err(DataFusionError::External));
            match batches {
                Ok(batches) => self.batches = Some(batches),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl Reading {
    /// Places in the log file of the columns to deliver, and of the organization behind them.
    fn columns(&self) -> Result<Vec<usize>> {
        let archived = rows::schema();
        let names = self.schema.fields().iter().map(|field| field.name().as_str());
        let places = names.chain([ORGANIZATION]).map(|name| archived.index_of(name));
        Ok(places.collect::<Result<_, _>>()?)
    }

    /// The rows of the scope, in the types of the table.
    fn deliver(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let width = self.schema.fields().len();
        if batch.num_columns() != width + 1 {
            return internal_err!("a tail chunk delivered {} columns instead of {}", batch.num_columns(), width + 1);
        }
        let rids = batch.column(width).as_string::<i32>();
        let inside: Vec<&str> = self.view.organizations().iter().map(|organization| organization.as_str()).collect();
        let kinds = self.kind.map(|kind| batch.column(kind).as_string::<i32>());
        let is_control = |row: usize| kinds.is_some_and(|kinds| kinds.value(row) == CONTROL_TYPE);
        let mut last: Option<(&str, bool)> = None;
        let keep: BooleanArray = rids
            .iter()
            .enumerate()
            .map(|(row, rid)| {
                let rid = rid?;
                let known = last.filter(|(known, _)| *known == rid);
                let (_, keep) = *last.insert(known.unwrap_or_else(|| (rid, inside.binary_search(&rid).is_ok())));
                Some(keep && !is_control(row))
            })
            .collect();
        let batch =
            if keep.true_count() == batch.num_rows() { batch.clone() } else { filter_record_batch(&batch, &keep)? };
        let columns = batch.columns()[..width].iter().zip(self.schema.fields());
        let columns = columns.map(|(column, field)| match column.data_type() == field.data_type() {
            true => Ok(Arc::clone(column)),
            false => cast(column, field.data_type()),
        });
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}
