//! Reading a log file's entries back.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use indelible_ledger::ContentKeys;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::ChunkReader;

use super::content::{FileContent, read_footer};
use crate::rows::{REDACTED, closed_schema, encrypted_schema, schema, with_redacted};

/// Rows of a batch, and the bytes of entries a batch may come to.
const BATCH_ROWS_MAX: u64 = 512;
const BATCH_BYTES_MAX: u64 = 4 << 20;

/// Why a log file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not Parquet, or damaged.
    #[error("not a log file: {0}")]
    Parquet(#[from] ParquetError),
    /// Its pages do not become columns.
    #[error("not a log file: {0}")]
    Arrow(#[from] ArrowError),
    /// It has other columns.
    #[error("not a log file: its columns are not those of a log file, beginning with {0:?}")]
    Schema(String),
    /// It does not hold what is known of it.
    #[error("the log file has {what} {found} where {expected} are expected")]
    Count {
        /// What was counted.
        what: &'static str,
        /// What the file says.
        found: u64,
        /// What it should hold, or hold at most.
        expected: u64,
    },
}

/// What a reader must know of a log file beforehand, so that a hostile one cannot make it take all memory.
#[derive(Debug, Clone, Copy)]
pub struct ReadLimits {
    /// Entries in the file.
    pub entries: u64,
    /// Bytes of the canonical parts of all entries.
    pub canonical_bytes: u64,
    /// Bytes of the canonical parts of the largest.
    pub entry_bytes_max: u64,
}

/// The entries of a log file as batches, in order of `seq`.
///
/// The columns are those of [`schema`], names, types and nullability. Holds a page of each column and one batch.
#[derive(Debug)]
pub struct LogFileReader {
    batches: ParquetRecordBatchReader,
    content: FileContent,
}

impl LogFileReader {
    /// Reads the footer of a file, or of bytes. The hash should have been checked before: this is for bytes that are what
    /// they were. Encrypted content is read with `keys`; where its key is not among them the batches have no content columns,
    /// and in any case a column of content hashes.
    pub fn open(file: impl ChunkReader + 'static, limits: &ReadLimits, keys: &ContentKeys) -> Result<Self, ReadError> {
        let (metadata, content) = read_footer(&file, keys)?;
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = ArrowReaderMetadata::try_new(Arc::new(metadata), options)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
        check_schema(builder.schema(), &content)?;
        check_sizes(builder.metadata(), limits)?;
        let rows = (BATCH_BYTES_MAX / limits.entry_bytes_max.max(1)).clamp(1, BATCH_ROWS_MAX);
        Ok(Self { batches: builder.with_batch_size(rows as usize).build()?, content })
    }

    /// How its content stands with the keys given.
    pub fn content(&self) -> &FileContent {
        &self.content
    }
}

impl Iterator for LogFileReader {
    type Item = Result<RecordBatch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.batches.next()?.map_err(ReadError::from))
    }
}

pub(super) fn check_schema(found: &SchemaRef, content: &FileContent) -> Result<(), ReadError> {
    let mut expected = match content {
        FileContent::Plain => schema(),
        FileContent::Opened(_) => encrypted_schema(),
        FileContent::Erased(_) | FileContent::Closed(_) => closed_schema(),
    };
    if found.fields().last().is_some_and(|last| last.name() == REDACTED) {
        expected = with_redacted(&expected);
    }
    let mut pairs = expected.fields().iter().zip(found.fields());
    let differs = pairs.find(|(expected, found)| expected != found).map(|(expected, _)| expected.name().clone());
    let differs = differs.or_else(|| (expected.fields().len() != found.fields().len()).then(|| "end".to_owned()));
    differs.map_or(Ok(()), |column| Err(ReadError::Schema(column)))
}

pub(super) fn check_sizes(metadata: &ParquetMetaData, limits: &ReadLimits) -> Result<(), ReadError> {
    let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(u64::MAX);
    if rows != limits.entries {
        return Err(ReadError::Count { what: "rows", found: rows, expected: limits.entries });
    }
    // A column holds at most what the entries hold, and for each row or element a length and a level.
    let values_max = limits.entries.saturating_add(limits.canonical_bytes);
    let bytes_max =
        limits.canonical_bytes.saturating_mul(8).saturating_add(limits.entries.saturating_mul(64) + (1 << 20));
    for column in metadata.row_groups().iter().flat_map(|group| group.columns()) {
        let values = u64::try_from(column.num_values()).unwrap_or(u64::MAX);
        let bytes = u64::try_from(column.uncompressed_size()).unwrap_or(u64::MAX);
        if values > values_max {
            return Err(ReadError::Count { what: "values in a column", found: values, expected: values_max });
        }
        if bytes > bytes_max {
            return Err(ReadError::Count { what: "bytes in a column", found: bytes, expected: bytes_max });
        }
    }
    Ok(())
}
