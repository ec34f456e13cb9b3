//! Reading some entries of an archived log file, without fetching the rest of it.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt};
use indelible_ledger::ContentKeys;
use indelible_storage::Bucket;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, RowSelection, RowSelector};
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::ParquetMetaData;

use super::content::{FileContent, fetch_footer};
use super::read::{ReadError, ReadLimits, check_schema, check_sizes};
use crate::inventory::LogFile;

/// Rows of a batch, and the bytes of entries a batch may come to.
const BATCH_ROWS_MAX: u64 = 64;
const BATCH_BYTES_MAX: u64 = 8 << 20;
/// Bytes fetched from the end of a file at once: the footer and mostly the index of pages.
const FOOTER_BYTES: u64 = 64 << 10;

/// The entries `seqs` of `file`, as far as it has them, in order, with the columns of [`crate::rows::schema`] or the `columns`
/// of these alone; and how its content stands with `keys`. Where that is not readable its columns are missing, and where it
/// is encrypted there is one of content hashes.
///
/// The object's hash is not checked: compare what comes with something that is known, such as leaves.
///
/// # Errors
/// When the object cannot be read, or is no log file.
pub async fn read_entries(
    bucket: &Bucket,
    file: &LogFile,
    seqs: RangeInclusive<u64>,
    columns: Option<&[&str]>,
    keys: &ContentKeys,
) -> Result<(FileContent, impl Stream<Item = Result<RecordBatch, ReadError>> + Send + Unpin + use<>), ReadError> {
    let mut object = Object { bucket: bucket.clone(), name: file.object.clone() };
    // With the index, pages of other entries are not fetched.
    let (metadata, content) = fetch_footer(&mut object, file.bytes, FOOTER_BYTES, keys).await?;
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::try_new(Arc::new(metadata), options)?;
    let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(object, metadata);
    check_schema(builder.schema(), &content)?;
    let (entries, canonical_bytes) = (file.rows, file.canonical_bytes);
    check_sizes(builder.metadata(), &ReadLimits { entries, canonical_bytes, entry_bytes_max: canonical_bytes })?;
    let first = (*seqs.start()).clamp(file.first, file.last + 1);
    let end = seqs.end().saturating_add(1).clamp(first, file.last + 1);
    let skipped = RowSelector::skip((first - file.first) as usize);
    let selection = RowSelection::from(vec![skipped, RowSelector::select((end - first) as usize)]);
    let mask = match columns {
        Some(columns) => ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied()),
        None => ProjectionMask::all(),
    };
    let rows = (BATCH_BYTES_MAX / file.entry_bytes_max.max(1)).clamp(1, BATCH_ROWS_MAX);
    let builder = builder.with_projection(mask).with_row_selection(selection).with_batch_size(rows as usize);
    Ok((content, builder.build()?.map_err(ReadError::from).boxed()))
}

/// An object of the bucket, read piece by piece.
struct Object {
    bucket: Bucket,
    name: String,
}

impl AsyncFileReader for Object {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        async move {
            let read = self.bucket.get_range(&self.name, range).await;
            read.map_err(|error| ParquetError::External(Box::new(error)))
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        // The footer is given to whoever builds a stream, so that nobody asks.
        std::future::ready(Err(ParquetError::General("the footer was read before".to_owned()))).boxed()
    }
}
