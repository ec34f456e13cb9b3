//! Opens log files: keeps their footers, and refuses a file whose rows are not of the organization it is named for.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use datafusion::parquet::file::statistics::Statistics;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use indelible_archive::log_file::fetch_footer;
use indelible_archive::{ContentKeys, LogFile};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::schema::ORGANIZATION;

/// Bytes fetched from the end of a file at once: the footer and mostly the page index.
const FOOTER_PREFETCH_BYTES: u64 = 256 * 1024;

/// Makes readers of log files that share one cache of footers.
#[derive(Debug)]
pub(crate) struct LogFileReaders {
    store: Arc<dyn ObjectStore>,
    footers: Arc<Footers>,
    /// Keys of encrypted content; `None` for a reader that may not see content.
    keys: Option<Arc<ContentKeys>>,
}

impl LogFileReaders {
    /// Footers are kept up to `footer_bytes_max` together; least recently used ones go first. Content columns that are
    /// encrypted are read with `keys`; where the key is not there it is as if the file had no such columns.
    pub(crate) fn new(store: Arc<dyn ObjectStore>, footer_bytes_max: usize, keys: Arc<ContentKeys>) -> Self {
        let footers = Footers { bytes_max: footer_bytes_max, kept: Mutex::default() };
        LogFileReaders { store, footers: Arc::new(footers), keys: Some(keys) }
    }

    /// The same without keys, sharing the footers.
    pub(crate) fn without_keys(&self) -> Self {
        LogFileReaders { store: Arc::clone(&self.store), footers: Arc::clone(&self.footers), keys: None }
    }

    /// A reader of `file`.
    pub(crate) fn open(&self, file: &LogFile) -> LogFileReader {
        self.reader(file.organization.as_str().to_owned(), Path::from(file.object.as_str()), file.bytes)
    }

    fn reader(&self, organization: String, location: Path, size: u64) -> LogFileReader {
        let (store, footers, keys) = (Arc::clone(&self.store), Arc::clone(&self.footers), self.keys.clone());
        LogFileReader { store, footers, keys, organization, location, size }
    }
}

impl ParquetFileReaderFactory for LogFileReaders {
    fn create_reader(
        &self,
        _partition: usize,
        file: PartitionedFile,
        _footer_bytes: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let [ScalarValue::Utf8View(Some(organization))] = file.partition_values.as_slice() else {
            return internal_err!("a log file is opened without its organization");
        };
        Ok(Box::new(self.reader(organization.clone(), file.object_meta.location, file.object_meta.size)))
    }
}

/// Reads one log file.
pub(crate) struct LogFileReader {
    store: Arc<dyn ObjectStore>,
    footers: Arc<Footers>,
    keys: Option<Arc<ContentKeys>>,
    organization: String,
    location: Path,
    size: u64,
}

impl AsyncFileReader for LogFileReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        async move { self.store.get_range(&self.location, range).await.map_err(external) }.boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        async move { self.store.get_ranges(&self.location, &ranges).await.map_err(external) }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            if let Some(keys) = &self.keys {
                self.footers.look(keys.changes());
            }
            let place = (self.location.clone(), self.keys.is_some());
            if let Some(footer) = self.footers.get(&place) {
                return Ok(footer);
            }
            let (size, keys) = (self.size, self.keys.clone());
            let keys = keys.unwrap_or_else(|| Arc::new(ContentKeys::none()));
            let (footer, _) = fetch_footer(&mut *self, size, FOOTER_PREFETCH_BYTES, &keys).await?;
            for group in footer.row_groups() {
                if !is_of(group, &self.organization) {
                    let (location, organization) = (&self.location, &self.organization);
                    return Err(ParquetError::General(format!(
                        "log file {location} does not hold entries of {organization} alone; run `indelible archive verify`"
                    )));
                }
            }
            let footer = Arc::new(footer);
            self.footers.keep(place, &footer);
            Ok(footer)
        }
        .boxed()
    }
}

fn external(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

/// Whether the statistics of the column say that every row is of `organization`. They may be cut to a prefix.
fn is_of(group: &RowGroupMetaData, organization: &str) -> bool {
    let named = |column: &&datafusion::parquet::file::metadata::ColumnChunkMetaData| {
        column.column_path().parts() == [ORGANIZATION]
    };
    let Some(Statistics::ByteArray(bounds)) = group.columns().iter().find(named).and_then(|column| column.statistics())
    else {
        return group.num_rows() == 0;
    };
    let (Some(min), Some(max)) = (bounds.min_opt(), bounds.max_opt()) else {
        return false;
    };
    let rid = organization.as_bytes();
    let low = if bounds.min_is_exact() { min.data() == rid } else { rid.starts_with(min.data()) };
    let high = if bounds.max_is_exact() { max.data() == rid } else { max.data() >= rid && low };
    low && high && bounds.null_count_opt().unwrap_or(0) == 0
}

/// Footers in memory.
#[derive(Debug)]
struct Footers {
    bytes_max: usize,
    kept: Mutex<Kept>,
}

type Place = (Path, bool);

#[derive(Debug, Default)]
struct Kept {
    /// By object, and whether they are those of a reader with keys.
    by_location: HashMap<Place, KeptFooter>,
    /// The state of the keys they were read with.
    changes: u64,
    bytes: usize,
    /// Counts uses, to order them.
    uses: u64,
}

#[derive(Debug)]
struct KeptFooter {
    footer: Arc<ParquetMetaData>,
    bytes: usize,
    used: u64,
}

impl Footers {
    /// Lets all go if keys have changed since: a footer holds the key that opens its file.
    fn look(&self, changes: u64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.changes != changes {
            *kept = Kept { changes, ..Kept::default() };
        }
    }

    fn get(&self, location: &Place) -> Option<Arc<ParquetMetaData>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let uses = kept.uses;
        let found = kept.by_location.get_mut(location)?;
        found.used = uses;
        Some(Arc::clone(&found.footer))
    }

    fn keep(&self, location: Place, footer: &Arc<ParquetMetaData>) {
        let bytes = footer.memory_size();
        if bytes > self.bytes_max {
            return;
        }
        let mut guard = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &mut *guard;
        while kept.bytes + bytes > self.bytes_max {
            let Some(oldest) = kept.by_location.iter().min_by_key(|(_, footer)| footer.used) else {
                break;
            };
            let oldest = oldest.0.clone();
            kept.bytes -= kept.by_location.remove(&oldest).map_or(0, |footer| footer.bytes);
        }
        kept.uses += 1;
        let entry = KeptFooter { footer: Arc::clone(footer), bytes, used: kept.uses };
        kept.bytes += bytes;
        kept.bytes -= kept.by_location.insert(location, entry).map_or(0, |footer| footer.bytes);
    }
}
