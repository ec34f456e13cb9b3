//! Opens log files: keeps their footers, refuses a file whose rows are not of the organization it is named for, and
//! fetches no content for a reader who may not see it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::{AsyncFileReader, MetadataFetch};
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use datafusion::parquet::file::statistics::Statistics;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use indelible_archive::log_file::fetch_footer;
use indelible_archive::{ContentKeys, LogFile};
use indelible_event::Part;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::fields;
use crate::schema::ORGANIZATION;

/// Bytes fetched from the end of a file at once: the footer and mostly the page index. Not in the operator's view: in a
/// small file they would reach into the content.
const FOOTER_PREFETCH_BYTES: u64 = 256 * 1024;
/// The end of a file, which says how long its footer is.
const FOOTER_TAIL_BYTES: u64 = 8;
/// Bytes nobody asked for that are fetched along rather than in another request. Never bytes of content.
const GAP_BYTES_MAX: u64 = 1024 * 1024;
/// Requests of one reader at the same time.
const CONCURRENT_REQUESTS: usize = 8;

/// Makes readers of log files that share one cache of footers.
#[derive(Debug, Clone)]
pub(crate) struct LogFileReaders {
    store: Arc<dyn ObjectStore>,
    footers: Arc<Footers>,
    keys: Arc<ContentKeys>,
    part: Part,
}

impl LogFileReaders {
    /// Readers of whole entries. Footers are kept up to `footer_bytes_max` together; least recently used ones go first. Content
    /// columns that are encrypted are read with `keys`; where the key is not there it is as if the file had no such columns.
    pub(crate) fn new(store: Arc<dyn ObjectStore>, footer_bytes_max: usize, keys: Arc<ContentKeys>) -> Self {
        let footers = Footers { bytes_max: footer_bytes_max, kept: Mutex::default() };
        LogFileReaders { store, footers: Arc::new(footers), keys, part: Part::Entry }
    }

    /// Readers of `part` with the same cache; with keys only where the part holds content.
    pub(crate) fn of(&self, part: Part) -> Self {
        let keys = match part {
            Part::Entry => Arc::clone(&self.keys),
            Part::Infrastructure => Arc::new(ContentKeys::none()),
        };
        LogFileReaders { part, keys, ..self.clone() }
    }

    /// A reader of `file`.
    pub(crate) fn open(&self, file: &LogFile) -> LogFileReader {
        self.reader(file.organization.as_str().to_owned(), Path::from(file.object.as_str()), file.bytes)
    }

    fn reader(&self, organization: String, location: Path, size: u64) -> LogFileReader {
        let LogFileReaders { store, footers, keys, part } = self.clone();
        LogFileReader { store, footers, keys, part, organization, location, size, content: None }
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

/// Reads one log file: as the operator's reader its footer and what is of the infrastructure part, and not one byte else.
pub(crate) struct LogFileReader {
    store: Arc<dyn ObjectStore>,
    footers: Arc<Footers>,
    keys: Arc<ContentKeys>,
    part: Part,
    organization: String,
    location: Path,
    size: u64,
    /// Where the content is, once the footer was read.
    content: Option<Vec<Range<u64>>>,
}

impl LogFileReader {
    /// Where the bytes are that this reader must not fetch, in their order.
    async fn forbidden(&mut self) -> ParquetResult<Vec<Range<u64>>> {
        match (self.part, &self.content) {
            (Part::Entry, _) => Ok(Vec::new()),
            (Part::Infrastructure, Some(content)) => Ok(content.clone()),
            (Part::Infrastructure, None) => {
                let content = content_ranges(&*self.footer().await?);
                self.content = Some(content.clone());
                Ok(content)
            }
        }
    }

    async fn footer(&self) -> ParquetResult<Arc<ParquetMetaData>> {
        if self.part == Part::Entry {
            self.footers.look(self.keys.changes());
        }
        let place = (self.location.clone(), self.part);
        if let Some(footer) = self.footers.get(&place) {
            return Ok(footer);
        }
        let prefetch = if self.part == Part::Entry { FOOTER_PREFETCH_BYTES } else { FOOTER_TAIL_BYTES };
        let fetch = FooterBytes { store: &self.store, location: &self.location };
        let (footer, _) = fetch_footer(fetch, self.size, prefetch, &self.keys).await?;
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
}

impl AsyncFileReader for LogFileReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        async move {
            let forbidden = self.forbidden().await?;
            ensure_outside(&forbidden, &range)?;
            self.store.get_range(&self.location, range).await.map_err(external)
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        async move {
            if self.part == Part::Entry {
                return self.store.get_ranges(&self.location, &ranges).await.map_err(external);
            }
            let forbidden = self.forbidden().await?;
            ranges.iter().try_for_each(|range| ensure_outside(&forbidden, range))?;
            // The store joins ranges across whatever lies between them.
            let joined = join(&ranges, &forbidden);
            let fetches = joined.iter().map(|range| self.store.get_range(&self.location, range.clone()));
            let fetched: Vec<Bytes> = stream::iter(fetches.collect::<Vec<_>>())
                .buffered(CONCURRENT_REQUESTS)
                .try_collect()
                .await
                .map_err(external)?;
            ranges.iter().map(|range| cut(&joined, &fetched, range)).collect()
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move { self.footer().await }.boxed()
    }
}

/// Fetches what a footer is read from.
struct FooterBytes<'r> {
    store: &'r Arc<dyn ObjectStore>,
    location: &'r Path,
}

impl MetadataFetch for FooterBytes<'_> {
    fn fetch(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        async move { self.store.get_range(self.location, range).await.map_err(external) }.boxed()
    }
}

fn external(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

/// Where the columns of the content part are with all that is said of their values, in order.
fn content_ranges(footer: &ParquetMetaData) -> Vec<Range<u64>> {
    let is_content = |column: &&ColumnChunkMetaData| {
        let name = column.column_path().parts().first();
        !fields::columns(Part::Infrastructure).any(|field| name.is_some_and(|name| name == field.name))
    };
    let mut ranges = Vec::new();
    for column in footer.row_groups().iter().flat_map(|group| group.columns().iter().filter(is_content)) {
        let (start, length) = column.byte_range();
        let filter = stretch(column.bloom_filter_offset(), column.bloom_filter_length());
        let index = stretch(column.column_index_offset(), column.column_index_length());
        ranges.extend([Some(start..start + length), filter, index].into_iter().flatten());
    }
    if ranges.is_empty() {
        // Of an encrypted file without its key the footer names the other columns only: the content is what lies between.
        ranges = gaps(footer);
    }
    ranges.sort_by_key(|range| range.start);
    ranges
}

/// What lies between the columns that a footer names.
fn gaps(footer: &ParquetMetaData) -> Vec<Range<u64>> {
    let columns = footer.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let mut named: Vec<(u64, u64)> = columns.map(ColumnChunkMetaData::byte_range).collect();
    named.sort_unstable();
    let ends = named.iter().map(|(start, length)| start + length);
    ends.zip(named.iter().skip(1))
        .filter(|(end, (start, _))| end < start)
        .map(|(end, (start, _))| end..*start)
        .collect()
}

fn stretch(offset: Option<i64>, length: Option<i32>) -> Option<Range<u64>> {
    let (offset, length) = (u64::try_from(offset?).ok()?, u64::try_from(length?).ok()?);
    Some(offset..offset + length)
}

fn ensure_outside(forbidden: &[Range<u64>], range: &Range<u64>) -> ParquetResult<()> {
    match forbidden.iter().any(|content| content.start < range.end && range.start < content.end) {
        true => Err(ParquetError::General("the operator's view was about to read content".to_owned())),
        false => Ok(()),
    }
}

/// Fewer ranges that cover `ranges`, in order: joined where little lies between them, and nothing `forbidden`.
fn join(ranges: &[Range<u64>], forbidden: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut sorted = ranges.to_vec();
    sorted.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match joined.last_mut() {
            Some(last)
                if range.start <= last.end + GAP_BYTES_MAX
                    && ensure_outside(forbidden, &(last.start..range.end)).is_ok() =>
            {
                last.end = last.end.max(range.end);
            }
            _ => joined.push(range),
        }
    }
    joined
}

/// The bytes of `range` out of those of the one of `joined` that covers it.
fn cut(joined: &[Range<u64>], fetched: &[Bytes], range: &Range<u64>) -> ParquetResult<Bytes> {
    let covers = |(whole, bytes): (&Range<u64>, &Bytes)| {
        let start = usize::try_from(range.start.checked_sub(whole.start)?).ok()?;
        let end = usize::try_from(range.end.checked_sub(whole.start)?).ok()?;
        (range.end <= whole.end && end <= bytes.len()).then(|| bytes.slice(start..end))
    };
    let found = joined.iter().zip(fetched).find_map(covers);
    found.ok_or_else(|| ParquetError::General("a store answered fewer bytes than it was asked for".to_owned()))
}

/// Whether the statistics of the column say that every row is of `organization`. They may be cut to a prefix.
fn is_of(group: &RowGroupMetaData, organization: &str) -> bool {
    let named = |column: &&ColumnChunkMetaData| column.column_path().parts() == [ORGANIZATION];
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

type Place = (Path, Part);

#[derive(Debug, Default)]
struct Kept {
    /// By object, and for whom they were read.
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
