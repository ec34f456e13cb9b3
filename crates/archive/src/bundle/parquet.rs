//! Rows as Parquet: the cells of a row as columns of the same names.

use std::borrow::Cow;
use std::fs::File;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use ::parquet::file::properties::WriterProperties;
use arrow::array::{Array, ArrayRef, AsArray, BooleanBuilder, Int64Builder, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};

use super::ROW_BYTES_MAX;
use super::row::{BundleRow, CELLS, Cells, Hex, RowFault};
use crate::lines::hash32;

/// Rows and bytes of a batch that is written.
const BATCH_ROWS_MAX: usize = 1024;
const BATCH_BYTES_MAX: usize = 1 << 20;
/// Bytes after which a row group ends: what a writer holds.
const ROW_GROUP_BYTES: usize = 8 << 20;
/// Bytes of a column in one row group, unpacked, that a reader accepts: a row group ends with the batch that fills it.
const COLUMN_BYTES_MAX: i64 = (ROW_GROUP_BYTES + BATCH_BYTES_MAX + ROW_BYTES_MAX) as i64;
/// Rows unpacked at a time: entries may have a mebibyte each.
const READ_ROWS: usize = 16;

fn schema() -> SchemaRef {
    let field = |name: &str| match name {
        "seq" => Field::new(name, DataType::Int64, false),
        "receivedAt" => Field::new(name, DataType::Int64, true),
        "boundary" => Field::new(name, DataType::Boolean, true),
        _ => Field::new(name, DataType::Utf8, true),
    };
    Arc::new(Schema::new(CELLS.map(field).to_vec()))
}

/// Writes rows; the bytes are taken as they come.
pub(super) struct ParquetRows {
    writer: ArrowWriter<Vec<u8>>,
    batch: Batch,
    group_bytes: usize,
}

#[derive(Default)]
struct Batch {
    seq: Int64Builder,
    received_at: Int64Builder,
    texts: [StringBuilder; 6],
    boundary: BooleanBuilder,
    rows: usize,
    bytes: usize,
}

impl ParquetRows {
    pub(super) fn new() -> Result<Self, String> {
        let zstd = ZstdLevel::try_new(3).map_err(|error| error.to_string())?;
        let properties = WriterProperties::builder()
            .set_created_by(concat!("indelible ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(zstd))
            .set_max_row_group_row_count(None)
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), schema(), Some(properties));
        Ok(Self { writer: writer.map_err(|error| error.to_string())?, batch: Batch::default(), group_bytes: 0 })
    }

    /// Adds a row; appends to `out` what has become final.
    pub(super) fn push(&mut self, row: &BundleRow<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        self.batch.push(Cells::of(row));
        if self.batch.rows >= BATCH_ROWS_MAX || self.batch.bytes >= BATCH_BYTES_MAX {
            self.flush()?;
            if self.group_bytes >= ROW_GROUP_BYTES {
                self.group_bytes = 0;
                self.writer.flush().map_err(|error| error.to_string())?;
                out.append(self.writer.inner_mut());
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> Result<(), String> {
        self.flush()?;
        out.append(&mut self.writer.into_inner().map_err(|error| error.to_string())?);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        self.group_bytes += self.batch.bytes;
        let batch = std::mem::take(&mut self.batch).finish().map_err(|error| error.to_string())?;
        self.writer.write(&batch).map_err(|error| error.to_string())
    }
}

impl Batch {
    fn push(&mut self, cells: Cells<'_>) {
        let hex = |hash: Option<[u8; 32]>| hash.map(|hash| Cow::Owned(Hex(&hash).to_string()));
        let texts = [
            cells.infrastructure,
            cells.content,
            hex(cells.salt),
            hex(cells.infrastructure_hash),
            hex(cells.content_hash),
            cells.leaf.map(|leaf| Cow::Owned(leaf.to_string())),
        ];
        self.seq.append_value(cells.seq as i64);
        self.received_at.append_option(cells.received_at);
        for (column, text) in self.texts.iter_mut().zip(texts) {
            self.bytes += text.as_ref().map_or(0, |text| text.len());
            column.append_option(text);
        }
        self.boundary.append_option(cells.boundary.then_some(true));
        self.rows += 1;
    }

    fn finish(mut self) -> Result<RecordBatch, arrow::error::ArrowError> {
        let mut columns: Vec<ArrayRef> = vec![Arc::new(self.seq.finish()), Arc::new(self.received_at.finish())];
        columns.extend(self.texts.iter_mut().map(|text| Arc::new(text.finish()) as ArrayRef));
        columns.push(Arc::new(self.boundary.finish()));
        RecordBatch::try_new(schema(), columns)
    }
}

/// Reads the rows of a file, a few at a time.
pub(super) fn batches(file: File) -> Result<ParquetRecordBatchReader, String> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let options = options.with_page_index_policy(PageIndexPolicy::Skip);
    let builder =
        ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(|error| error.to_string())?;
    let found = builder.schema().fields();
    let columns = |fields: &arrow::datatypes::Fields| -> Vec<(String, DataType, bool)> {
        fields.iter().map(|field| (field.name().clone(), field.data_type().clone(), field.is_nullable())).collect()
    };
    if columns(found) != columns(schema().fields()) {
        return Err("its columns are not those of rows".to_owned());
    }
    check_sizes(builder.metadata())?;
    builder.with_batch_size(READ_ROWS).build().map_err(|error| error.to_string())
}

/// Before anything is unpacked, so that a hostile file cannot make a reader take all memory.
fn check_sizes(metadata: &ParquetMetaData) -> Result<(), String> {
    let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
    let large = columns.map(|column| column.uncompressed_size()).find(|bytes| !(0..=COLUMN_BYTES_MAX).contains(bytes));
    large.map_or(Ok(()), |bytes| Err(format!("a column of it unpacks to {bytes} bytes at a time")))
}

/// Calls `take` for each row of a batch.
pub(super) fn rows<E>(
    batch: &RecordBatch,
    mut take: impl FnMut(Result<BundleRow<'_>, RowFault>) -> Result<(), E>,
) -> Result<(), E> {
    let (seqs, received) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_primitive::<Int64Type>());
    let texts: [&StringArray; 6] = std::array::from_fn(|index| batch.column(index + 2).as_string::<i32>());
    let boundaries = batch.column(8).as_boolean();
    for row in 0..batch.num_rows() {
        let text = |column: usize| texts[column].is_valid(row).then(|| texts[column].value(row));
        let hash = |column: usize| match text(column) {
            None => Ok(None),
            Some(text) => {
                let hash = hash32(text).filter(|hash| Hex(hash).to_string() == text);
                hash.map(Some).ok_or(RowFault::from("a hash of it is not 64 hexadecimal digits"))
            }
        };
        let read = || -> Result<BundleRow<'_>, RowFault> {
            let cells = Cells {
                seq: u64::try_from(seqs.value(row)).map_err(|_| "its seq is negative")?,
                received_at: received.is_valid(row).then(|| received.value(row)),
                infrastructure: text(0).map(Cow::Borrowed),
                content: text(1).map(Cow::Borrowed),
                salt: hash(2)?,
                infrastructure_hash: hash(3)?,
                content_hash: hash(4)?,
                leaf: text(5).map(str::parse).transpose().map_err(|_| "its leaf is no hash in base64")?,
                boundary: boundaries.is_valid(row) && boundaries.value(row),
            };
            if boundaries.is_valid(row) && !boundaries.value(row) {
                return Err("its boundary is false rather than absent".into());
            }
            cells.row()
        };
        take(read())?;
    }
    Ok(())
}
