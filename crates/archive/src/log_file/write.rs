//! Writing a log file.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, FixedSizeBinaryBuilder, RecordBatch};
use arrow::compute;
use arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use indelible_event::ContentKey;
use indelible_event::entry::{Digest as ContentHash, SaltKey, content_hash};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{
    BloomFilterPosition, EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};
use parquet::schema::types::ColumnPath;
use sha2::{Digest, Sha256};

use super::{RunFacts, content};
use crate::rows::{
    CONTENT_HASH, REDACTED, REDACTED_CONTENT, Row, RowEncoder, RowError, encrypted_schema, schema, with_redacted,
};

/// Rows and bytes of entries handed to Parquet at a time.
const BATCH_ROWS_MAX: usize = 1024;
const BATCH_BYTES_MAX: usize = 1 << 20;

/// How a log file is laid out. The default is what was measured to be best; a reader does not care.
#[derive(Debug, Clone, Copy)]
pub struct LogFileSettings {
    /// zstd level, 1 to 22.
    pub zstd_level: i32,
    /// Canonical bytes after which a row group ends. A row group is what dictionaries and Bloom filters are made for,
    /// and its compressed columns stay in memory until it ends.
    pub row_group_bytes: u64,
    /// Bytes of a page of JSON before compression, about: what a reader unpacks for one event.
    pub json_page_bytes: usize,
    /// Bytes of any other page before compression, about.
    pub page_bytes: usize,
    /// Bytes a column's dictionary may take before the rest of the row group goes without.
    pub dictionary_bytes: usize,
    /// Share of false positives of Bloom filters.
    pub bloom_false_positives: f64,
}

impl Default for LogFileSettings {
    fn default() -> Self {
        Self {
            zstd_level: 6,
            row_group_bytes: 256 << 20,
            json_page_bytes: 1 << 20,
            page_bytes: 512 << 10,
            dictionary_bytes: 2 << 20,
            bloom_false_positives: 0.01,
        }
    }
}

/// A log file that is complete and synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenLogFile {
    /// What it holds.
    pub facts: RunFacts,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

/// Why a log file could not be written. The file is not to be used then.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// An entry is not one.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The entry is not the next one of the log.
    #[error("entry {found} of {organization} where entry {expected} belongs; entries come in order and without a gap")]
    Order {
        /// Whose entry.
        organization: String,
        /// The place that comes next.
        expected: u64,
        /// The place given.
        found: u64,
    },
    /// `received_at` went back.
    #[error("entry {seq} was received before the entry ahead of it")]
    Received {
        /// The entry.
        seq: u64,
    },
    /// The entry belongs to another organization than those before it.
    #[error("entry {seq} belongs to {found}, and the file to {expected}")]
    Organization {
        /// The entry.
        seq: u64,
        /// The organization of the file.
        expected: String,
        /// The organization of the entry.
        found: String,
    },
    /// A log file holds at least one entry.
    #[error("a log file without entries")]
    Empty,
    /// The disk failed.
    #[error("write log file: {0}")]
    Io(#[from] io::Error),
    /// Parquet failed.
    #[error("write log file: {0}")]
    Parquet(#[from] ParquetError),
}

/// Writes entries to a file, in order of `seq`, all of one organization.
///
/// Memory: a batch, the page of each column that is being filled, and the compressed columns of one row group.
pub struct LogFileWriter {
    organization: String,
    encoder: RowEncoder,
    parquet: ArrowWriter<HashedFile>,
    schema: SchemaRef,
    /// Of each content, where it is encrypted.
    hashes: Option<ContentHashes>,
    /// Of the contents that are redacted, in a file that is written anew for it.
    redacted: Option<FixedSizeBinaryBuilder>,
    facts: Option<RunFacts>,
    row_group_bytes: u64,
    row_group_bytes_max: u64,
}

impl LogFileWriter {
    /// Creates the file, which must not exist, with mode 0600. `organization` is its RID.
    pub fn create(path: &Path, organization: &str, settings: &LogFileSettings) -> Result<Self, WriteError> {
        Self::with(path, organization, settings, None, false)
    }

    /// The same, for entries whose content is encrypted under `key`; `salt_key` is that of their log.
    pub fn create_encrypted(
        path: &Path,
        organization: &str,
        settings: &LogFileSettings,
        key: &ContentKey,
        salt_key: &SaltKey,
    ) -> Result<Self, WriteError> {
        Self::with(path, organization, settings, Some((key, salt_key)), false)
    }

    /// A file that takes the place of another, because entries of it are redacted. `encryption` is the key under which the
    /// content is encrypted, if it is, and the salt key of the log.
    pub fn create_redacted(
        path: &Path,
        organization: &str,
        settings: &LogFileSettings,
        encryption: Option<(&ContentKey, &SaltKey)>,
    ) -> Result<Self, WriteError> {
        Self::with(path, organization, settings, encryption, true)
    }

    fn with(
        path: &Path,
        organization: &str,
        settings: &LogFileSettings,
        encryption: Option<(&ContentKey, &SaltKey)>,
        redacts: bool,
    ) -> Result<Self, WriteError> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let mut properties = properties(settings)?;
        if let Some((key, _)) = encryption {
            properties = hashes_as_they_are(properties, CONTENT_HASH)
                .with_file_encryption_properties(content::encryption(key)?)
                .set_key_value_metadata(Some(vec![content::footer_entry(key)]));
            for column in CONTENT {
                // Filters are not encrypted: whoever has one can try out what is in it.
                properties = properties.set_column_bloom_filter_enabled(column_path(column), false);
            }
        }
        if redacts {
            properties = hashes_as_they_are(properties, REDACTED);
        }
        let options = ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
        let columns = if encryption.is_some() { encrypted_schema() } else { schema() };
        let schema = if redacts { with_redacted(&columns) } else { columns };
        let hashes = |(key, salt_key): (&ContentKey, &SaltKey)| ContentHashes {
            salt_key: salt_key.under(key),
            hashes: FixedSizeBinaryBuilder::new(32),
        };
        Ok(Self {
            organization: organization.to_owned(),
            encoder: RowEncoder::new(None)?,
            parquet: ArrowWriter::try_new_with_options(HashedFile::new(file), Arc::clone(&schema), options)?,
            schema,
            hashes: encryption.map(hashes),
            redacted: redacts.then(|| FixedSizeBinaryBuilder::new(32)),
            facts: None,
            row_group_bytes: 0,
            row_group_bytes_max: settings.row_group_bytes,
        })
    }

    /// Appends an entry: the one after the last, received no earlier.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), WriteError> {
        self.push_row(row, None)
    }

    /// Appends an entry without its content, of which `hash` is the hash: into a file made to
    /// [redact](Self::create_redacted). The content of `row` is not looked at.
    pub fn push_redacted(&mut self, row: &Row<'_>, hash: &ContentHash) -> Result<(), WriteError> {
        self.push_row(&Row { content: REDACTED_CONTENT, ..*row }, Some(hash))
    }

    fn push_row(&mut self, row: &Row<'_>, redacted: Option<&ContentHash>) -> Result<(), WriteError> {
        self.check_order(row)?;
        let bytes = (row.infrastructure.len() + row.content.len()) as u64;
        if self.encoder.rows() == BATCH_ROWS_MAX || self.encoder.bytes() + bytes as usize > BATCH_BYTES_MAX {
            self.flush_batch()?;
        }
        if self.row_group_bytes > 0 && self.row_group_bytes + bytes > self.row_group_bytes_max {
            self.flush_batch()?;
            self.parquet.flush()?;
            self.row_group_bytes = 0;
        }
        self.encoder.push(row)?;
        if let Some(hashes) = &mut self.hashes {
            hashes.push(row, redacted)?;
        }
        match (&mut self.redacted, redacted) {
            (Some(hashes), Some(hash)) => hashes.append_value(hash).map_err(arrow)?,
            (Some(hashes), None) => hashes.append_null(),
            (None, Some(_)) => return Err(RowError::Redacted { seq: row.seq }.into()),
            (None, None) => {}
        }
        self.row_group_bytes += bytes;
        let facts = self.facts.get_or_insert(RunFacts {
            first: row.seq,
            last: row.seq,
            canonical_bytes: 0,
            entry_bytes_max: 0,
            time_min_us: i64::MAX,
            time_max_us: i64::MIN,
            received_first_us: row.received_at_us,
            received_last_us: row.received_at_us,
        });
        facts.last = row.seq;
        facts.canonical_bytes += bytes;
        facts.entry_bytes_max = facts.entry_bytes_max.max(bytes);
        facts.received_last_us = row.received_at_us;
        Ok(())
    }

    /// Writes the rest and syncs the file. The name of the file in its folder is for the caller to sync.
    pub fn finish(mut self) -> Result<WrittenLogFile, WriteError> {
        self.flush_batch()?;
        let facts = self.facts.ok_or(WriteError::Empty)?;
        let (bytes, sha256) = self.parquet.into_inner()?.finish()?;
        Ok(WrittenLogFile { facts, bytes, sha256 })
    }

    fn check_order(&self, row: &Row<'_>) -> Result<(), WriteError> {
        if row.organization != self.organization {
            return Err(WriteError::Organization {
                seq: row.seq,
                expected: self.organization.clone(),
                found: row.organization.to_owned(),
            });
        }
        let Some(facts) = &self.facts else { return Ok(()) };
        if row.seq != facts.last + 1 {
            return Err(WriteError::Order {
                organization: self.organization.clone(),
                expected: facts.last + 1,
                found: row.seq,
            });
        }
        if row.received_at_us < facts.received_last_us {
            return Err(WriteError::Received { seq: row.seq });
        }
        Ok(())
    }

    fn flush_batch(&mut self) -> Result<(), WriteError> {
        if self.encoder.rows() == 0 {
            return Ok(());
        }
        let batch = self.encoder.finish()?;
        if let Some(facts) = &mut self.facts {
            let (earliest, latest) = time_range(&batch);
            facts.time_min_us = facts.time_min_us.min(earliest);
            facts.time_max_us = facts.time_max_us.max(latest);
        }
        let mut columns = batch.columns().to_vec();
        if let Some(ContentHashes { hashes, .. }) = &mut self.hashes {
            columns.push(Arc::new(hashes.finish()));
        }
        if let Some(redacted) = &mut self.redacted {
            columns.push(Arc::new(redacted.finish()));
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(arrow)?;
        Ok(self.parquet.write(&batch)?)
    }
}

fn arrow(error: arrow::error::ArrowError) -> RowError {
    RowError::Arrow(error.to_string())
}

/// Hashes neither repeat nor compress, and nobody looks for one.
fn hashes_as_they_are(properties: WriterPropertiesBuilder, column: &str) -> WriterPropertiesBuilder {
    let column = ColumnPath::from(column);
    properties
        .set_column_dictionary_enabled(column.clone(), false)
        .set_column_encoding(column.clone(), Encoding::PLAIN)
        .set_column_compression(column.clone(), Compression::UNCOMPRESSED)
        .set_column_statistics_enabled(column, EnabledStatistics::None)
}

/// The hashes of the contents of a batch.
struct ContentHashes {
    salt_key: SaltKey,
    hashes: FixedSizeBinaryBuilder,
}

impl ContentHashes {
    fn push(&mut self, row: &Row<'_>, redacted: Option<&ContentHash>) -> Result<(), RowError> {
        let hash = redacted.copied().unwrap_or_else(|| content_hash(&self.salt_key.salt(row.seq), row.content));
        self.hashes.append_value(hash).map_err(arrow)
    }
}

/// The earliest and latest `time` of the rows.
fn time_range(batch: &RecordBatch) -> (i64, i64) {
    let times = batch.column_by_name("time").map(|times| times.as_primitive::<TimestampMicrosecondType>());
    let range = times.and_then(|times| compute::min(times).zip(compute::max(times)));
    range.unwrap_or((i64::MAX, i64::MIN))
}

/// Columns whose values hardly ever come twice in a row group: a dictionary would only add to them.
const IDS: [&str; 3] = ["traceId", "eventId", "logEntryId"];

/// Texts that seldom repeat as a whole. Where they do, a dictionary of them would make the file smaller, and a reader of
/// one event unpack all of it.
const JSON: [&str; 3] = ["requestFields", "resultFields", "extra"];

/// Columns by whose exact values people search for few events among many.
const SEARCHED: [&str; 8] =
    ["uid", "sid", "tokenId", "traceId", "eventId", "logEntryId", "origins.list.element", "entities.list.element"];

/// Leaf columns of the content part.
pub(super) const CONTENT: [&str; 10] = [
    "requestFields",
    "resultFields",
    "extra",
    "entities.list.element",
    "users.list.element.uid",
    "users.list.element.userName",
    "users.list.element.firstName",
    "users.list.element.lastName",
    "users.list.element.groups.list.element",
    "users.list.element.realm",
];

/// How the columns of a log file are stored; columns that a log file has not are stored like most.
pub fn writer_properties(settings: &LogFileSettings) -> Result<WriterProperties, WriteError> {
    Ok(properties(settings)?.build())
}

fn properties(settings: &LogFileSettings) -> Result<WriterPropertiesBuilder, WriteError> {
    let mut properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(concat!("indelible ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(settings.zstd_level)?))
        .set_max_row_group_row_count(None)
        .set_data_page_size_limit(settings.page_bytes)
        .set_dictionary_page_size_limit(settings.dictionary_bytes)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_bloom_filter_position(BloomFilterPosition::End)
        .set_sorting_columns(Some(vec![SortingColumn { column_idx: 1, descending: false, nulls_first: false }]))
        // Where there is no dictionary, lengths apart from bytes: ids then have no length at all, and texts compress better.
        .set_encoding(Encoding::DELTA_LENGTH_BYTE_ARRAY);
    for (column, encoding) in [
        ("seq", Encoding::DELTA_BINARY_PACKED),
        ("received_at", Encoding::DELTA_BINARY_PACKED),
        ("time", Encoding::DELTA_BINARY_PACKED),
        ("timeNanos", Encoding::DELTA_BINARY_PACKED),
        ("intake.producerEpoch", Encoding::DELTA_BINARY_PACKED),
        ("intake.producerSeq", Encoding::DELTA_BINARY_PACKED),
    ] {
        properties = properties
            .set_column_encoding(column_path(column), encoding)
            .set_column_dictionary_enabled(column_path(column), false);
    }
    for column in IDS {
        properties = properties
            .set_column_dictionary_enabled(column_path(column), false)
            // Random digits: a higher level finds repeats that cost more than they save.
            .set_column_compression(column_path(column), Compression::ZSTD(ZstdLevel::try_new(1)?));
    }
    for column in JSON {
        properties = properties
            .set_column_dictionary_enabled(column_path(column), false)
            .set_column_data_page_size_limit(column_path(column), settings.json_page_bytes);
    }
    for column in SEARCHED {
        properties = with_bloom_filter(properties, column_path(column), settings.bloom_false_positives);
    }
    for column in CONTENT {
        properties = properties.set_column_statistics_enabled(column_path(column), EnabledStatistics::None);
    }
    Ok(properties)
}

fn with_bloom_filter(
    properties: WriterPropertiesBuilder,
    column: ColumnPath,
    false_positives: f64,
) -> WriterPropertiesBuilder {
    properties
        .set_column_bloom_filter_enabled(column.clone(), true)
        .set_column_bloom_filter_fpp(column, false_positives)
}

fn column_path(dotted: &str) -> ColumnPath {
    ColumnPath::new(dotted.split('.').map(str::to_owned).collect())
}

/// A file that knows the hash of what was written to it.
struct HashedFile {
    file: BufWriter<File>,
    hasher: Sha256,
    bytes: u64,
}

impl HashedFile {
    fn new(file: File) -> Self {
        Self { file: BufWriter::with_capacity(256 << 10, file), hasher: Sha256::new(), bytes: 0 }
    }

    fn finish(self) -> io::Result<(u64, [u8; 32])> {
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok((self.bytes, self.hasher.finalize().into()))
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
