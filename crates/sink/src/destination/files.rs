//! Files in a bucket or folder: a batch is a file, created once under a name that follows from what is in it.
//!
//! `<organization>/<generation>/<first seq>-<last seq>-<digest>.<suffix>`: whoever makes the same batch again finds the file there. So the
//! engine [settles the end of a batch](crate::engine::Policy::settle) before it is sent.

use std::error::Error;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use bytes::Bytes;
use indelible_event::parts::{Columns, Text};
use indelible_storage::{Bucket, BucketError};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use sha2::{Digest, Sha256};

use super::http::gzip;
use super::{Deliver, Outcome};
use crate::delivery::chain;
use crate::entry::{Batch, Entry};
use crate::format::Format;
use crate::settings::Layout;

type Fault = Box<dyn Error + Send + Sync>;

/// A bucket that files go to.
#[derive(Debug)]
pub struct Files {
    format: Format,
    layout: Layout,
    bucket: Bucket,
}

impl Files {
    pub(super) fn new(format: Format, layout: Layout, bucket: Bucket) -> Self {
        Self { format, layout, bucket }
    }

    /// Name and bytes of the file with `entries`.
    fn file(&self, batch: &Batch, entries: &[&Entry]) -> Result<(String, Bytes), Fault> {
        let (mut lines, mut events) = (Vec::new(), Vec::with_capacity(entries.len()));
        for entry in entries {
            let start = lines.len();
            self.format.write(batch, entry, &mut lines)?;
            events.push(start..lines.len());
            lines.push(b'\n');
        }
        let (bytes, suffix) = match self.layout {
            Layout::Lines if self.format.is_json() => (gzip(&lines), "ndjson.gz"),
            Layout::Lines => (gzip(&lines), "cef.gz"),
            Layout::Parquet => {
                let lines = std::str::from_utf8(&lines)?;
                let events = events.into_iter().map(|range| lines.get(range).unwrap_or_default()).collect();
                (parquet(batch, entries, events)?, "parquet")
            }
        };
        let digest = hex::encode(&Sha256::digest(&lines)[..6]);
        let seq = |entry: Option<&&Entry>| entry.map_or(0, |entry| entry.seq);
        let (first, last) = (seq(entries.first()), seq(entries.last()));
        let (organization, generation) = (plain(&batch.log.organization), batch.log.generation);
        Ok((format!("{organization}/{generation}/{first:020}-{last:020}-{digest}.{suffix}"), bytes.into()))
    }
}

impl Deliver for Files {
    async fn deliver(&self, batch: &Batch, which: &[usize]) -> Outcome {
        let entries: Vec<&Entry> = batch.select(which).collect();
        let (name, bytes) = match self.file(batch, &entries) {
            Ok(file) => file,
            Err(error) => return Outcome::Refused { reason: error.to_string() },
        };
        match self.bucket.create(&name, bytes).await {
            // Of this name and other bytes: the digest says that the events are the same, another version compressed them.
            Ok(_) | Err(BucketError::Taken { .. }) => Outcome::all(),
            Err(error) => Outcome::later(chain(&error)),
        }
    }
}

/// `text` as part of an object's name.
fn plain(text: &str) -> String {
    let character = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    text.trim_start_matches('.').chars().map(character).take(200).collect()
}

fn parquet(batch: &Batch, entries: &[&Entry], events: Vec<&str>) -> Result<Vec<u8>, Fault> {
    let rows = entries.iter().map(|entry| entry.row()).collect::<Result<Vec<_>, _>>()?;
    let text = |column| Arc::new(rows.iter().map(|row| row.text(column)).collect::<StringArray>()) as ArrayRef;
    let times = |times: Vec<i64>| Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")) as ArrayRef;
    let ids: StringArray = entries.iter().map(|entry| Some(batch.id(entry))).collect();
    let seqs: Vec<i64> = entries.iter().map(|entry| i64::try_from(entry.seq)).collect::<Result<_, _>>()?;
    let table = RecordBatch::try_from_iter_with_nullable([
        ("id", Arc::new(ids) as ArrayRef, false),
        ("seq", Arc::new(Int64Array::from(seqs)), false),
        ("received_at", times(entries.iter().map(|entry| entry.received_at_us).collect()), false),
        ("time", times(rows.iter().map(|row| row.time().micros).collect()), false),
        ("name", text(Text::Name), true),
        ("result", text(Text::Result), true),
        ("product", text(Text::Product), true),
        ("uid", text(Text::Uid), true),
        ("event", Arc::new(StringArray::from(events)), false),
    ])?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_created_by("indelible".to_owned())
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties))?;
    writer.write(&table)?;
    Ok(writer.into_inner()?)
}
