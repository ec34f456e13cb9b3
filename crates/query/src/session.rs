//! What a query is planned and run in: two tables, a list of functions, one store, and limits. Made anew for each.

use std::path::Path;
use std::sync::Arc;

use datafusion::common::{Result, exec_err};
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::{SessionConfig, SessionContext};
use indelible_archive::ContentKeys;
use indelible_event::Part;
use object_store::ObjectStore;
use url::Url;

use crate::counted::CountWindowInput;
use crate::engine::Limits;
use crate::memory::QueryMemory;
use crate::reader::LogFileReaders;
use crate::snapshot::Snapshot;
use crate::sql::{ConcatenationPlanner, aggregates, scalars, windows};
use crate::table::{Entries, Rows};
use crate::view::View;

/// Rows worked on at once, at most and at least.
const BATCH_ROWS: (usize, usize) = (8192, 64);

/// Part of a query's memory that the rows worked on at once may take: a merge holds one batch of each run it reads.
const BATCH_SHARE: u64 = 64;

/// Everything about sessions that stays the same from query to query.
#[derive(Debug)]
pub(crate) struct Sessions {
    config: SessionConfig,
    scalars: Vec<Arc<ScalarUDF>>,
    aggregates: Vec<Arc<AggregateUDF>>,
    windows: Vec<Arc<WindowUDF>>,
    registry: Arc<ArchiveOnly>,
    readers: LogFileReaders,
    keys: Arc<ContentKeys>,
}

impl Sessions {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, limits: &Limits, keys: Arc<ContentKeys>) -> Sessions {
        let mut config = SessionConfig::new()
            .with_target_partitions(limits.threads)
            .with_batch_size(BATCH_ROWS.0)
            .with_information_schema(false)
            .with_create_default_catalog_and_schema(true);
        let options = config.options_mut();
        options.execution.enable_recursive_ctes = false;
        // One sort instead of one for each thread: the merge above several cannot go over the disk.
        options.optimizer.repartition_sorts = false;
        options.execution.sort_spill_reservation_bytes = (limits.memory_bytes / 16).min(10 * 1024 * 1024);
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        let readers = LogFileReaders::new(Arc::clone(&store), limits.footer_bytes_max, Arc::clone(&keys));
        Sessions {
            config,
            scalars: scalars(),
            aggregates: aggregates(),
            windows: windows(),
            registry: Arc::new(ArchiveOnly(store)),
            readers,
            keys,
        }
    }

    /// A session over `snapshot` for `view`, with its own memory and its own temporary files below `spill`.
    pub(crate) fn open(
        &self,
        view: &View,
        snapshot: &Arc<Snapshot>,
        limits: &Limits,
        spill: &Path,
    ) -> Result<SessionContext> {
        let mut planners: Vec<Arc<dyn ExprPlanner>> = vec![Arc::new(ConcatenationPlanner)];
        planners.extend(SessionStateDefaults::default_expr_planners());
        let mut rules = PhysicalOptimizer::new().rules;
        rules.push(Arc::new(CountWindowInput));
        let state = SessionStateBuilder::new()
            .with_config(self.config.clone().with_batch_size(batch_rows(view, snapshot, limits)))
            .with_runtime_env(self.environment(view.part(), limits, spill)?)
            .with_scalar_functions(self.scalars.clone())
            .with_aggregate_functions(self.aggregates.clone())
            .with_window_functions(self.windows.clone())
            .with_expr_planners(planners)
            .with_physical_optimizer_rules(rules)
            .build();
        let context = SessionContext::new_with_state(state);
        let readers = Arc::new(self.readers.of(view.part()));
        for (name, rows) in [("events", Rows::Events), ("entries", Rows::Entries)] {
            let table = Entries::new(rows, view.clone(), Arc::clone(snapshot), Arc::clone(&readers));
            context.register_table(name, Arc::new(table))?;
        }
        Ok(context)
    }

    fn environment(&self, part: Part, limits: &Limits, spill: &Path) -> Result<Arc<RuntimeEnv>> {
        // Temporary files are not encrypted: where some content is, no query that reads content writes any.
        let mode = match part == Part::Entry && !self.keys.is_empty() {
            true => DiskManagerMode::Disabled,
            false => DiskManagerMode::Directories(vec![spill.to_owned()]),
        };
        let disk = DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(limits.spill_bytes_max);
        RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(QueryMemory::new(limits.memory_bytes)))
            .with_disk_manager_builder(disk)
            .with_object_store_registry(Arc::clone(&self.registry) as _)
            .build_arc()
    }
}

/// Rows of a batch, so that few of them fit into a query's memory whatever their size.
fn batch_rows(view: &View, snapshot: &Snapshot, limits: &Limits) -> usize {
    let files = snapshot.files.iter().filter(|file| view.contains(&file.organization));
    let archived = files.map(|file| file.canonical_bytes / file.rows.max(1));
    let row_bytes = archived.chain(snapshot.tail.iter().map(|chunk| chunk.row_bytes())).max().unwrap_or(0).max(1);
    let rows = limits.memory_bytes as u64 / BATCH_SHARE / row_bytes;
    usize::try_from(rows).unwrap_or(usize::MAX).clamp(BATCH_ROWS.1, BATCH_ROWS.0)
}

/// The store of the archive under its own address, and nothing under any other.
#[derive(Debug)]
struct ArchiveOnly(Arc<dyn ObjectStore>);

impl ObjectStoreRegistry for ArchiveOnly {
    fn register_store(&self, _url: &Url, _store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        match url.scheme() {
            "archive" => Ok(Arc::clone(&self.0)),
            _ => exec_err!("there is nothing to read at {url}"),
        }
    }
}
