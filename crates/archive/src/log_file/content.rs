//! Content columns that are encrypted: writing them, and finding out whether they can be read.
//!
//! Parquet's own encryption: each content column under a key derived from the organization's, the footer in plain and
//! signed, so that whoever has no key reads the infrastructure columns. The hash of each content stands in a column of its
//! own, from which the leaves follow without the content.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use indelible_event::entry::SaltKey;
use indelible_event::{ContentKey, KeyId};
use indelible_ledger::{ContentKeys, KeyState};
use parquet::arrow::async_reader::MetadataFetch;
use parquet::encryption::decrypt::FileDecryptionProperties;
use parquet::encryption::encrypt::FileEncryptionProperties;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{
    FileMetaData, KeyValue, PageIndexPolicy, ParquetMetaData, ParquetMetaDataBuilder, ParquetMetaDataReader,
    RowGroupMetaData,
};
use parquet::file::reader::ChunkReader;
use parquet::schema::types::{SchemaDescriptor, Type};

use super::read::ReadError;
use super::write::CONTENT;
use crate::rows::REDACTED;

/// In the footer's metadata: the key whose content columns these are.
const CONTENT_KEY: &str = "indelible.content-key";

/// How the content of a log file stands with a reader.
#[derive(Debug, Clone)]
pub enum FileContent {
    /// It is not encrypted.
    Plain,
    /// It is encrypted under this key, which is there.
    Opened(ContentKey),
    /// Its key was destroyed.
    Erased(KeyId),
    /// It is encrypted under a key that is not there.
    Closed(KeyId),
}

impl FileContent {
    /// Of the file with this footer.
    ///
    /// # Errors
    /// When the footer names a key in a form that keys are not named in.
    pub fn of(metadata: &FileMetaData, keys: &ContentKeys) -> ParquetResult<FileContent> {
        let named = metadata.key_value_metadata().into_iter().flatten().find(|entry| entry.key == CONTENT_KEY);
        let Some(named) = named else { return Ok(FileContent::Plain) };
        let id: KeyId = named.value.as_deref().unwrap_or_default().parse().map_err(general)?;
        Ok(match keys.find(id) {
            KeyState::Held(key) => FileContent::Opened(key),
            KeyState::Erased => FileContent::Erased(id),
            KeyState::Missing => FileContent::Closed(id),
        })
    }

    /// The key it is encrypted under.
    pub fn key(&self) -> Option<KeyId> {
        match self {
            FileContent::Plain => None,
            FileContent::Opened(key) => Some(key.id()),
            FileContent::Erased(id) | FileContent::Closed(id) => Some(*id),
        }
    }

    /// Whether the content columns can be read.
    pub fn is_readable(&self) -> bool {
        matches!(self, FileContent::Plain | FileContent::Opened(_))
    }

    /// The salt key of its entries, made from that of the log. Of no use where the content is not readable.
    pub fn salt_key(&self, of_log: &SaltKey) -> SaltKey {
        match self {
            FileContent::Opened(key) => of_log.under(key),
            _ => of_log.clone(),
        }
    }
}

fn general(error: impl std::fmt::Display) -> ParquetError {
    ParquetError::General(error.to_string())
}

/// What encrypts the content columns.
pub(super) fn encryption(key: &ContentKey) -> ParquetResult<Arc<FileEncryptionProperties>> {
    let (bytes, name) = (key.for_log_files().to_vec(), key.id().to_string().into_bytes());
    let mut properties = FileEncryptionProperties::builder(bytes.clone())
        .with_plaintext_footer(true)
        .with_footer_key_metadata(name.clone());
    for column in CONTENT {
        properties = properties.with_column_key_and_metadata(column, bytes.clone(), name.clone());
    }
    properties.build()
}

/// What the footer says of it.
pub(super) fn footer_entry(key: &ContentKey) -> KeyValue {
    KeyValue::new(CONTENT_KEY.to_owned(), key.id().to_string())
}

fn decryption(key: &ContentKey) -> ParquetResult<Arc<FileDecryptionProperties>> {
    let bytes = key.for_log_files().to_vec();
    let keys = vec![bytes.clone(); CONTENT.len()];
    FileDecryptionProperties::builder(bytes).with_column_keys(CONTENT.to_vec(), keys)?.build()
}

/// The key under which the content of a log file is encrypted, by its footer; `None` if it is not.
///
/// # Errors
/// When the footer cannot be read.
pub fn content_key(file: &impl ChunkReader) -> Result<Option<KeyId>, ReadError> {
    Ok(read_footer(file, &ContentKeys::none())?.1.key())
}

/// Whether entries of a log file are redacted, by its footer.
///
/// # Errors
/// When the footer cannot be read.
pub fn is_redacted(file: &impl ChunkReader) -> Result<bool, ReadError> {
    let (metadata, _) = read_footer(file, &ContentKeys::none())?;
    let columns = metadata.file_metadata().schema_descr().columns();
    Ok(columns.iter().any(|column| column.name() == REDACTED))
}

/// Reads the footer of a file, without the index of pages. Where the content is not readable, it is that of a file without
/// content columns.
pub(super) fn read_footer(
    file: &impl ChunkReader,
    keys: &ContentKeys,
) -> ParquetResult<(ParquetMetaData, FileContent)> {
    let reader = || ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Skip);
    let metadata = reader().parse_and_finish(file)?;
    let content = FileContent::of(metadata.file_metadata(), keys)?;
    let metadata = match &content {
        FileContent::Plain => metadata,
        FileContent::Opened(key) => {
            reader().with_decryption_properties(Some(decryption(key)?)).parse_and_finish(file)?
        }
        FileContent::Erased(_) | FileContent::Closed(_) => without_content(metadata)?,
    };
    Ok((metadata, content))
}

/// Fetches the footer of a file of `size` bytes and its index of pages, at first the last `prefetch` bytes of it. Where the
/// content is not readable, it is that of a file without content columns.
///
/// # Errors
/// When it cannot be read.
pub async fn fetch_footer(
    mut fetch: impl MetadataFetch + Send,
    size: u64,
    prefetch: u64,
    keys: &ContentKeys,
) -> ParquetResult<(ParquetMetaData, FileContent)> {
    let from = size.saturating_sub(prefetch);
    let bytes = fetch.fetch(from..size).await?;
    let mut tail = Tail { fetch, from, bytes };
    let skip = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Skip);
    let mut metadata = skip.load_and_finish(&mut tail, size).await?;
    let content = FileContent::of(metadata.file_metadata(), keys)?;
    if let FileContent::Opened(key) = &content {
        let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional);
        let reader = reader.with_decryption_properties(Some(decryption(key)?));
        return Ok((reader.load_and_finish(&mut tail, size).await?, content));
    }
    if !content.is_readable() {
        metadata = without_content(metadata)?;
    }
    let mut reader =
        ParquetMetaDataReader::new_with_metadata(metadata).with_page_index_policy(PageIndexPolicy::Optional);
    reader.load_page_index(&mut tail).await?;
    Ok((reader.finish()?, content))
}

/// The end of a file, which was fetched already, and how to fetch the rest.
struct Tail<F> {
    fetch: F,
    from: u64,
    bytes: Bytes,
}

impl<F: MetadataFetch> MetadataFetch for &mut Tail<F> {
    fn fetch(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        let end = self.from + self.bytes.len() as u64;
        match range.start >= self.from && range.end <= end {
            true => {
                let place = |at: u64| (at - self.from) as usize;
                let bytes = self.bytes.slice(place(range.start)..place(range.end));
                std::future::ready(Ok(bytes)).boxed()
            }
            false => self.fetch.fetch(range),
        }
    }
}

/// The footer of the same file without the content columns.
fn without_content(metadata: ParquetMetaData) -> ParquetResult<ParquetMetaData> {
    let file = metadata.file_metadata();
    let root = file.schema_descr().root_schema();
    let is_content = |name: &str| CONTENT.iter().any(|column| column.split('.').next() == Some(name));
    let fields = root.get_fields().iter().filter(|field| !is_content(field.name())).cloned().collect();
    let root = Type::group_type_builder(root.name()).with_fields(fields).build()?;
    let schema = Arc::new(SchemaDescriptor::new(Arc::new(root)));
    let stays: Vec<usize> = (0..file.schema_descr().num_columns())
        .filter(|&index| !is_content(file.schema_descr().column(index).path().parts()[0].as_str()))
        .collect();
    let orders = file.column_orders().map(|orders| stays.iter().map(|&index| orders[index]).collect());
    let of_file = FileMetaData::new(
        file.version(),
        file.num_rows(),
        file.created_by().map(str::to_owned),
        file.key_value_metadata().cloned(),
        Arc::clone(&schema),
        orders,
    );
    let groups = metadata.row_groups().iter().map(|group| {
        let columns = stays.iter().map(|&index| group.column(index).clone()).collect();
        let mut builder = RowGroupMetaData::builder(Arc::clone(&schema))
            .set_num_rows(group.num_rows())
            .set_total_byte_size(group.total_byte_size())
            .set_sorting_columns(group.sorting_columns().cloned())
            .set_column_metadata(columns);
        if let Some(offset) = group.file_offset() {
            builder = builder.set_file_offset(offset);
        }
        if let Some(ordinal) = group.ordinal() {
            builder = builder.set_ordinal(ordinal);
        }
        builder.build()
    });
    let groups = groups.collect::<ParquetResult<Vec<_>>>()?;
    Ok(ParquetMetaDataBuilder::new(of_file).set_row_groups(groups).build())
}
