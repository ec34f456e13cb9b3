//! The content of a log file as it is delivered: audit.3, one event a line, gzip.

use std::io::{self, Write as _};
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use indelible_archive::log_file::{FileContent, read_entries};
use indelible_archive::rows::RowDecoder;
use indelible_archive::{ContentKeys, LogFile};
use indelible_storage::Bucket;
use tokio::task::block_in_place;

/// The `type` of the events that are delivered. Others, and what the log says of itself, are left out.
const AUDIT_3: &str = "audit.3";

/// The content of `file`, piece by piece: a batch of rows is in memory. The same file gives the same bytes each time; one
/// without audit.3 events gives gzip of nothing. `held` is dropped with the stream.
///
/// # Errors
/// When the object cannot be read, or is no log file. What fails later breaks the stream off.
pub(crate) async fn content(
    bucket: &Bucket,
    file: Arc<LogFile>,
    keys: &ContentKeys,
    held: impl Send + 'static,
) -> anyhow::Result<impl Stream<Item = io::Result<Bytes>> + Send + 'static> {
    let (content, batches) = read_entries(bucket, &file, file.first..=file.last, None, keys)
        .await
        .with_context(|| format!("read {}", file.object))?;
    if let FileContent::Closed(key) = content {
        anyhow::bail!("{} is encrypted under key {key}, which is not in keys/content of the data folder", file.object);
    }
    let lines = Lines { gzip: GzEncoder::new(Vec::new(), Compression::default()), line: Vec::new(), room: Vec::new() };
    let pieces = futures::stream::try_unfold(Some((batches, lines, held)), move |state| {
        let object = Arc::clone(&file);
        async move {
            let Some((mut batches, mut lines, held)) = state else { return Ok(None) };
            let Some(batch) = batches.next().await else {
                return Ok(Some((Bytes::from(lines.gzip.finish()?), None)));
            };
            let batch = batch.with_context(|| format!("read {}", object.object))?;
            let rows = RowDecoder::new(&batch)?;
            block_in_place(|| lines.push(&rows))?;
            let piece = Bytes::from(std::mem::take(lines.gzip.get_mut()));
            anyhow::Ok(Some((piece, Some((batches, lines, held)))))
        }
    });
    let pieces = pieces.map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "the content of a log file broke off");
        io::Error::other("the content broke off")
    });
    Ok(pieces.try_filter(|piece| std::future::ready(!piece.is_empty())))
}

/// Lines on their way through gzip, with room to make them in.
struct Lines {
    gzip: GzEncoder<Vec<u8>>,
    line: Vec<u8>,
    room: Vec<u8>,
}

impl Lines {
    fn push(&mut self, rows: &RowDecoder<'_>) -> anyhow::Result<()> {
        for row in (0..rows.rows()).filter(|row| rows.kind(*row) == AUDIT_3) {
            self.line.clear();
            rows.delivered(row, &mut self.room, &mut self.line)?;
            self.line.push(b'\n');
            self.gzip.write_all(&self.line)?;
        }
        Ok(())
    }
}
