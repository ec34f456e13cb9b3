//! The tables `events` and `entries`: log files and tail of one snapshot, as far as a view reaches.
//!
//! This is where rows are kept apart. What a user writes stands above [`Entries::scan`] in every plan, and below it
//! there is nothing but the files and chunks of the organizations in view, and no column that the reader's part does
//! not have.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PrunableStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, DFSchema, Result, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType, ident, lit};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::union::UnionExec;
use indelible_archive::LogFile;
use indelible_event::control::CONTROL_TYPE;

use crate::elements::{holding, wanted};
use crate::pseudonyms::{PseudonymExec, is_hidden};
use crate::reader::LogFileReaders;
use crate::schema::{self, ORGANIZATION};
use crate::snapshot::{Snapshot, TailChunk};
use crate::tail::TailStream;
use crate::view::View;

/// Which rows a table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// `events`: what services emitted.
    Events,
    /// `entries`: control entries too.
    Entries,
}

/// A table over one snapshot.
#[derive(Debug)]
pub(crate) struct Entries {
    rows: Rows,
    view: View,
    snapshot: Arc<Snapshot>,
    readers: Arc<LogFileReaders>,
    schema: SchemaRef,
}

impl Entries {
    pub(crate) fn new(rows: Rows, view: View, snapshot: Arc<Snapshot>, readers: Arc<LogFileReaders>) -> Self {
        let schema = schema::table(view.part());
        Entries { rows, view, snapshot, readers, schema }
    }

    /// The log files that can hold rows of the view for which `filter` is true, newest first.
    fn files(&self, filter: Option<&Arc<dyn PhysicalExpr>>) -> Result<Vec<&LogFile>> {
        let files = self.snapshot.files.iter().map(Arc::as_ref);
        let mut files: Vec<&LogFile> = files.filter(|file| self.view.contains(&file.organization)).collect();
        let bounds = files.iter().map(|file| Arc::new(self.bounds_of_file(file)));
        let keep = prune(filter, bounds.collect(), &self.schema)?;
        let mut keep = keep.into_iter();
        files.retain(|_| keep.next().unwrap_or(true));
        files.sort_by_key(|file| std::cmp::Reverse((file.time_max_us, file.last)));
        Ok(files)
    }

    /// The chunks of the tail that can hold such rows.
    fn chunks(&self, filter: Option<&Arc<dyn PhysicalExpr>>) -> Result<Vec<Arc<dyn TailChunk>>> {
        let reaches = |chunk: &&Arc<dyn TailChunk>| {
            chunk.rows() > 0 && chunk.organizations().iter().any(|organization| self.view.contains(organization))
        };
        let mut chunks: Vec<Arc<dyn TailChunk>> = self.snapshot.tail.iter().filter(reaches).cloned().collect();
        let bounds = chunks.iter().map(|chunk| Arc::new(self.bounds_of_chunk(chunk.as_ref())));
        let keep = prune(filter, bounds.collect(), &self.schema)?;
        let mut keep = keep.into_iter();
        chunks.retain(|_| keep.next().unwrap_or(true));
        Ok(chunks)
    }

    fn bounds_of_file(&self, file: &LogFile) -> Statistics {
        bounds(&self.schema, |name| match name {
            ORGANIZATION => {
                let rid = organization_value(file);
                Some((rid.clone(), rid))
            }
            "seq" => Some((seq(file.first)?, seq(file.last)?)),
            "time" => Some((timestamp(file.time_min_us), timestamp(file.time_max_us))),
            "received_at" => Some((timestamp(file.received_first_us), timestamp(file.received_last_us))),
            _ => None,
        })
    }

    fn bounds_of_chunk(&self, chunk: &dyn TailChunk) -> Statistics {
        let time = chunk.time_range_us();
        // Rows of others are left out anyway.
        let readable = chunk.organizations().iter().filter(|organization| self.view.contains(organization));
        let rids = readable.map(|organization| organization.as_str());
        let value = |rid: &str| ScalarValue::Utf8View(Some(rid.to_owned()));
        let organizations = rids.clone().min().map(value).zip(rids.max().map(value));
        bounds(&self.schema, |name| match name {
            "time" => time.map(|(min, max)| (timestamp(min), timestamp(max))),
            ORGANIZATION => organizations.clone(),
            _ => None,
        })
    }

    fn scan_files(
        &self,
        state: &dyn Session,
        files: &[&LogFile],
        projection: &[usize],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // The organization comes from the name of the file, as a constant; the reader compares it with the rows.
        let (organization, in_file): (Vec<_>, Vec<_>) =
            self.schema.fields().iter().cloned().partition(|field| field.name() == ORGANIZATION);
        let table_schema =
            TableSchema::builder(Arc::new(Schema::new(in_file))).with_table_partition_cols(organization).build();
        let source = ParquetSource::new(table_schema.clone())
            .with_table_parquet_options(state.table_options().parquet.clone())
            .with_pushdown_filters(true)
            .with_parquet_file_reader_factory(Arc::clone(&self.readers) as _);
        let groups = state.config().target_partitions().clamp(1, files.len().max(1));
        let mut grouped: Vec<Vec<PartitionedFile>> = vec![Vec::new(); groups];
        for (index, file) in files.iter().enumerate() {
            let bounds = self.bounds_of_file(file);
            grouped[index % groups].push(partitioned_file(file, bounds));
        }
        // The same columns, with the organization behind those of the file.
        let places: Result<Vec<usize>, _> = projection
            .iter()
            .map(|&index| table_schema.table_schema().index_of(self.schema.field(index).name()))
            .collect();
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::parse(ARCHIVE_URL)?, Arc::new(source))
            .with_file_groups(grouped.into_iter().map(FileGroup::from).collect())
            .with_projection_indices(Some(places?))?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    fn scan_tail(
        &self,
        state: &dyn Session,
        chunks: Vec<Arc<dyn TailChunk>>,
        projection: &[usize],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = Arc::new(self.schema.project(projection)?);
        let kind = (self.rows == Rows::Events).then(|| schema.index_of("type")).transpose()?;
        let groups = state.config().target_partitions().clamp(1, chunks.len().max(1));
        let mut grouped: Vec<Vec<Arc<dyn TailChunk>>> = vec![Vec::new(); groups];
        for (index, chunk) in chunks.into_iter().enumerate() {
            grouped[index % groups].push(chunk);
        }
        let streams = grouped.into_iter().map(|chunks| {
            Arc::new(TailStream::new(chunks, self.view.clone(), Arc::clone(&schema), kind)) as Arc<dyn PartitionStream>
        });
        let exec = StreamingTableExec::try_new(Arc::clone(&schema), streams.collect(), None, [], false, None)?;
        Ok(Arc::new(exec))
    }

    /// Removes control entries from `input`, whose columns are `projection`, and keeps the first `width` of them.
    fn hide_control_entries(
        &self,
        state: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        width: usize,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = DFSchema::try_from(input.schema())?;
        let control = ScalarValue::Utf8View(Some(CONTROL_TYPE.to_owned()));
        let is_event = state.create_physical_expr(ident("type").not_eq(lit(control)), &schema)?;
        // Not told how many rows to put together, it would take thousands of any size.
        let filter = FilterExecBuilder::new(is_event, input).with_batch_size(state.config().batch_size());
        let filter: FilterExec = filter.apply_projection(Some((0..width).collect()))?.build()?;
        Ok(Arc::new(filter))
    }
}

/// The archive's address inside the engine. Nothing else is registered there.
pub(crate) const ARCHIVE_URL: &str = "archive://log/";

#[async_trait]
impl TableProvider for Entries {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // Used here to choose files and chunks; the engine pushes them further down by itself.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let filter = match conjunction(filters.iter().cloned()) {
            Some(filter) => {
                let schema = DFSchema::try_from(Arc::clone(&self.schema))?;
                Some(state.create_physical_expr(filter, &schema)?)
            }
            None => None,
        };
        let mut columns: Vec<usize> = match projection {
            Some(projection) => projection.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let width = columns.len();
        let mut need = |name: &str| -> Result<()> {
            let index = self.schema.index_of(name)?;
            if !columns.contains(&index) {
                columns.push(index);
            }
            Ok(())
        };
        if self.rows == Rows::Events {
            need("type")?;
        }
        if !self.view.pseudonyms().is_empty() {
            need(ORGANIZATION)?;
        }
        let hides = columns.iter().any(|index| is_hidden(self.schema.field(*index).name()));
        let files = holding(&self.readers, self.files(filter.as_ref())?, &wanted(filters)).await?;
        let (hidden_files, files): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|file| hides && self.view.hides(&file.organization));
        let (hidden_chunks, chunks): (Vec<_>, Vec<_>) = self
            .chunks(filter.as_ref())?
            .into_iter()
            .partition(|chunk| hides && chunk.organizations().iter().any(|organization| self.view.hides(organization)));
        let keys = Arc::new(self.view.pseudonyms().clone());
        let hide = |input| Arc::new(PseudonymExec::new(input, Arc::clone(&keys))) as Arc<dyn ExecutionPlan>;
        let of_files = |input| match self.rows {
            Rows::Events => self.hide_control_entries(state, input, width),
            Rows::Entries => first(input, width),
        };
        let mut inputs = Vec::new();
        if !files.is_empty() {
            inputs.push(of_files(self.scan_files(state, &files, &columns)?)?);
        }
        if !hidden_files.is_empty() {
            inputs.push(of_files(hide(self.scan_files(state, &hidden_files, &columns)?))?);
        }
        if !chunks.is_empty() {
            inputs.push(first(self.scan_tail(state, chunks, &columns)?, width)?);
        }
        if !hidden_chunks.is_empty() {
            inputs.push(first(hide(self.scan_tail(state, hidden_chunks, &columns)?), width)?);
        }
        match inputs.len() {
            0 => Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(&columns[..width])?)))),
            1 => Ok(inputs.remove(0)),
            _ => UnionExec::try_new(inputs),
        }
    }
}

/// The first `width` columns of `input`.
fn first(input: Arc<dyn ExecutionPlan>, width: usize) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = input.schema();
    if schema.fields().len() == width {
        return Ok(input);
    }
    let columns = schema.fields().iter().take(width).enumerate().map(|(index, field)| {
        (Arc::new(Column::new(field.name(), index)) as Arc<dyn PhysicalExpr>, field.name().clone())
    });
    Ok(Arc::new(ProjectionExec::try_new(columns.collect::<Vec<_>>(), input)?))
}

/// Which of the containers can hold a row for which `filter` is true.
fn prune(
    filter: Option<&Arc<dyn PhysicalExpr>>,
    bounds: Vec<Arc<Statistics>>,
    schema: &SchemaRef,
) -> Result<Vec<bool>> {
    let containers = bounds.len();
    let predicate = filter.filter(|_| containers > 0).and_then(|filter| {
        PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema)).build(Arc::clone(filter))
    });
    match predicate {
        Some(predicate) => predicate.prune(&PrunableStatistics::new(bounds, Arc::clone(schema))),
        None => Ok(vec![true; containers]),
    }
}

/// Statistics that hold bounds of some columns and nothing else: no counts, so that no query is answered from them.
fn bounds(schema: &Schema, of: impl Fn(&str) -> Option<(ScalarValue, ScalarValue)>) -> Statistics {
    let column = |field: &Arc<Field>| match of(field.name()) {
        Some((min, max)) => ColumnStatistics {
            min_value: Precision::Exact(min),
            max_value: Precision::Exact(max),
            ..ColumnStatistics::new_unknown()
        },
        None => ColumnStatistics::new_unknown(),
    };
    Statistics { column_statistics: schema.fields().iter().map(column).collect(), ..Statistics::new_unknown(schema) }
}

fn partitioned_file(file: &LogFile, mut bounds: Statistics) -> PartitionedFile {
    // The engine adds those of the organization itself.
    bounds.column_statistics.remove(0);
    PartitionedFile::new(file.object.clone(), file.bytes)
        .with_partition_values(vec![organization_value(file)])
        .with_statistics(Arc::new(bounds))
}

fn organization_value(file: &LogFile) -> ScalarValue {
    ScalarValue::Utf8View(Some(file.organization.as_str().to_owned()))
}

fn seq(seq: u64) -> Option<ScalarValue> {
    i64::try_from(seq).ok().map(|seq| ScalarValue::Int64(Some(seq)))
}

fn timestamp(micros: i64) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()))
}
