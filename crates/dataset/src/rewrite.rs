//! Rows of finished files written anew: some of them, with their salts, or of several files in one.
//!
//! Nothing here waits for IO: bytes come in, bytes go out. Memory: the files given, a batch, the compressed columns of one row
//! group, and the file made.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray, BooleanArray, RecordBatch, StringBuilder, new_null_array};
use arrow::compute::{filter_record_batch, max, min};
use arrow::datatypes::{Field, Int64Type, TimestampMicrosecondType};
use bytes::Bytes;
use indelible_archive::log_file::{
    FileContent, LogFileReader, LogFileSettings, ReadLimits, content_key, is_redacted, writer_properties,
};
use indelible_archive::rows::REDACTED;
use indelible_archive::{ContentKeys, LogFile};
use indelible_event::ContentKey;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::metadata::PageIndexPolicy;

use crate::append::Salts;
use crate::error::RewriteError;
use crate::schema::file_schema;
use crate::stats::Facts;

/// Rows of a batch. An entry has a mebibyte at most.
const BATCH_ROWS: usize = 64;
/// Bytes that a writer holds before it ends a row group.
const ROW_GROUP_BYTES: usize = 64 << 20;

/// A file that was made, and what its rows are.
pub(crate) type Made = (Bytes, Facts);

/// The rows of a log file from `start_us` on, with their salts if `salts` are given; `None` if no row is left.
pub(crate) fn log_file(
    bytes: Bytes,
    file: &LogFile,
    start_us: Option<i64>,
    salts: Option<&dyn Salts>,
    keys: &ContentKeys,
) -> Result<Option<Made>, RewriteError> {
    let limits =
        ReadLimits { entries: file.rows, canonical_bytes: file.canonical_bytes, entry_bytes_max: file.entry_bytes_max };
    let mut writer = Writer::new(salts.is_some())?;
    let reader = LogFileReader::open(bytes, &limits, keys)?;
    let key = match reader.content().clone() {
        FileContent::Opened(key) => Some(key),
        FileContent::Plain | FileContent::Erased(_) => None,
        FileContent::Closed(key) => return Err(RewriteError::ContentKey(key)),
    };
    for batch in reader {
        let mut read = batch?;
        if let Some(start_us) = start_us {
            read = since(&read, start_us)?;
        }
        let mut batch = with_columns(&read)?;
        if let Some(salts) = salts {
            batch = salted(&batch, read.column_by_name(REDACTED), file.generation, key.as_ref(), salts)?;
        }
        writer.write(&batch)?;
    }
    writer.finish()
}

/// All rows of these files of a table in their order, `rows` in number.
pub(crate) fn merged(files: Vec<Bytes>, salt: bool, rows: u64) -> Result<Made, RewriteError> {
    let mut writer = Writer::new(salt)?;
    for file in files {
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let options = options.with_page_index_policy(PageIndexPolicy::Skip);
        let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)?;
        for batch in reader.with_batch_size(BATCH_ROWS).build()? {
            writer.write(&batch?)?;
        }
    }
    let found = writer.facts.map_or(0, |facts| facts.rows);
    match writer.finish()? {
        Some(made) if found == rows => Ok(made),
        _ => Err(RewriteError::Rows { found, expected: rows }),
    }
}

struct Writer {
    parquet: ArrowWriter<Vec<u8>>,
    facts: Option<Facts>,
}

impl Writer {
    fn new(salt: bool) -> Result<Writer, RewriteError> {
        let options = ArrowWriterOptions::new()
            .with_properties(writer_properties(&LogFileSettings::default())?)
            .with_skip_arrow_metadata(true);
        Ok(Writer { parquet: ArrowWriter::try_new_with_options(Vec::new(), file_schema(salt), options)?, facts: None })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), RewriteError> {
        let Some(facts) = facts(batch)? else { return Ok(()) };
        self.facts = Some(self.facts.map_or(facts, |before| before.and(facts)));
        self.parquet.write(batch)?;
        if self.parquet.memory_size() > ROW_GROUP_BYTES {
            self.parquet.flush()?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Option<Made>, RewriteError> {
        let Some(facts) = self.facts else { return Ok(None) };
        Ok(Some((self.parquet.into_inner()?.into(), facts)))
    }
}

/// What the rows hold; `None` if there are none.
fn facts(batch: &RecordBatch) -> Result<Option<Facts>, RewriteError> {
    let column = |name| batch.column_by_name(name).ok_or(RewriteError::Column(name));
    let seqs = column("seq")?.as_primitive_opt::<Int64Type>().ok_or(RewriteError::Column("seq"))?;
    let micros = |name| {
        let times = column(name)?.as_primitive_opt::<TimestampMicrosecondType>().ok_or(RewriteError::Column(name))?;
        Ok::<_, RewriteError>(min(times).zip(max(times)))
    };
    let seq = min(seqs).zip(max(seqs)).map(|(first, last)| (first.max(0) as u64, last.max(0) as u64));
    let (time_us, received_us) = (micros("time")?, micros("received_at")?);
    let known = seq.zip(time_us).zip(received_us);
    Ok(known.map(|((seq, time_us), received_us)| Facts { rows: batch.num_rows() as u64, seq, time_us, received_us }))
}

fn since(batch: &RecordBatch, start_us: i64) -> Result<RecordBatch, RewriteError> {
    let times = batch.column_by_name("time").ok_or(RewriteError::Column("time"))?;
    let times = times.as_primitive_opt::<TimestampMicrosecondType>().ok_or(RewriteError::Column("time"))?;
    let stays: BooleanArray = times.iter().map(|time| Some(time.is_some_and(|time| time >= start_us))).collect();
    Ok(filter_record_batch(batch, &stays)?)
}

/// Whether a log file has columns that a table has not, because its content is encrypted or entries of it are redacted: then its
/// bytes cannot be the table's.
pub(crate) fn is_other(bytes: &Bytes) -> Result<bool, RewriteError> {
    Ok(content_key(bytes)?.is_some() || is_redacted(bytes)?)
}

/// The columns of a log file that is not encrypted; those of a content that is erased are null.
fn with_columns(batch: &RecordBatch) -> Result<RecordBatch, RewriteError> {
    let schema = file_schema(false);
    let column = |field: &Arc<Field>| match batch.column_by_name(field.name()) {
        Some(column) => Arc::clone(column),
        None => new_null_array(field.data_type(), batch.num_rows()),
    };
    let columns = schema.fields().iter().map(column).collect();
    Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
}

/// With the salt of each row; of one that is redacted it would only serve to guess at what was there.
fn salted(
    batch: &RecordBatch,
    redacted: Option<&ArrayRef>,
    generation: u32,
    key: Option<&ContentKey>,
    salts: &dyn Salts,
) -> Result<RecordBatch, RewriteError> {
    let seqs = batch.column_by_name("seq").ok_or(RewriteError::Column("seq"))?;
    let seqs = seqs.as_primitive_opt::<Int64Type>().ok_or(RewriteError::Column("seq"))?;
    let mut texts = StringBuilder::with_capacity(seqs.len(), seqs.len() * 64);
    let mut text = String::with_capacity(64);
    for (row, seq) in seqs.values().iter().enumerate() {
        let salt = salts.salt(generation, *seq as u64, key).ok_or(RewriteError::Salt(generation))?;
        text.clear();
        let is_redacted = redacted.is_some_and(|redacted| redacted.is_valid(row));
        for byte in salt.iter().filter(|_| !is_redacted) {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        texts.append_value(&text);
    }
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    columns.push(Arc::new(texts.finish()));
    Ok(RecordBatch::try_new(file_schema(true), columns)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use indelible_archive::log_file::LogFileWriter;
    use indelible_archive::rows::Row;
    use indelible_event::entry::SaltKey;

    use super::*;

    struct AnySalt;

    impl Salts for AnySalt {
        fn salt(&self, _: u32, seq: u64, _: Option<&ContentKey>) -> Option<[u8; 32]> {
            u8::try_from(seq).ok().map(|seq| [seq; 32])
        }
    }

    #[test]
    fn a_redacted_entry_is_a_row_with_a_mark_and_without_salt() {
        let organization = "ri.indelible..organization.acme";
        for key in [None, Some(ContentKey::new([7; 32]))] {
            let folder = tempfile::tempdir().unwrap();
            let (path, salt_key) = (folder.path().join("file"), SaltKey::new([5; 32]));
            let (settings, encryption) = (LogFileSettings::default(), key.as_ref().map(|key| (key, &salt_key)));
            let mut writer = LogFileWriter::create_redacted(&path, organization, &settings, encryption).unwrap();
            for seq in 1..=3 {
                let infrastructure = format!(r#"{{"name":"N","time":"2026-01-05T00:00:0{seq}Z","type":"audit.3"}}"#);
                let content = br#"{"entities":["ri.a..b.1"]}"#;
                let row =
                    Row { organization, seq, received_at_us: 0, infrastructure: infrastructure.as_bytes(), content };
                match seq {
                    2 => writer.push_redacted(&row, &[9; 32]).unwrap(),
                    _ => writer.push(&row).unwrap(),
                }
            }
            let written = writer.finish().unwrap();
            let file = LogFile {
                organization: organization.parse().unwrap(),
                generation: 1,
                object: String::new(),
                first: 1,
                last: 3,
                rows: 3,
                bytes: written.bytes,
                canonical_bytes: 1000,
                entry_bytes_max: 500,
                sha256: written.sha256,
                date: "1970-01-01".to_owned(),
                time_min_us: written.facts.time_min_us,
                time_max_us: written.facts.time_max_us,
                received_first_us: 0,
                received_last_us: 0,
                sealed_us: 0,
                archived_us: None,
                read_back_us: None,
            };
            let bytes = Bytes::from(std::fs::read(&path).unwrap());
            assert!(is_other(&bytes).unwrap());
            let keys = ContentKeys::holding(key);
            // From the second entry on.
            let since = Some(written.facts.time_min_us + 1_000_000);
            let (made, facts) = log_file(bytes, &file, since, Some(&AnySalt), &keys).unwrap().unwrap();
            assert_eq!((facts.rows, facts.seq, is_other(&made).unwrap()), (2, (2, 3), false));
            let batch =
                ParquetRecordBatchReaderBuilder::try_new(made).unwrap().build().unwrap().next().unwrap().unwrap();
            let texts = |name: &str| {
                let column = batch.column_by_name(name).unwrap().as_string::<i32>();
                column.iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>()
            };
            assert_eq!(texts("extra"), [Some(r#"{"redacted":true}"#.to_owned()), None]);
            assert_eq!(texts("salt"), [Some(String::new()), Some("03".repeat(32))]);
            let entities = batch.column_by_name("entities").unwrap();
            assert_eq!((entities.is_null(0), entities.is_null(1)), (true, false));
        }
    }
}
