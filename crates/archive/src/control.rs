//! Control entries: what a log says of itself, found in log files and read.

use indelible_ledger::ContentKeys;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::inventory::LogFile;
use crate::log_file::{LogFileReader, ReadLimits};
use crate::rows::RowDecoder;
use crate::source::Source;

/// What the content part of a control entry says: its one member, `extra`.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn extra<T: DeserializeOwned>(content: &[u8]) -> Result<T, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Content<T> {
        extra: T,
    }
    serde_json::from_slice(content).map(|Content { extra }| extra).map_err(|error| error.to_string())
}

/// `seq` of the newest entry in `file` whose `type` and `name` are `wanted`, and what `read` makes of its content; `None` if there
/// is none. Reads all of it; blocks.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn newest_in<T>(
    source: &dyn Source,
    file: &LogFile,
    wanted: fn(&str, Option<&str>) -> bool,
    read: fn(&[u8]) -> Result<T, String>,
) -> Result<Option<(u64, T)>, String> {
    let text = |error: &dyn std::error::Error| format!("read {}: {error}", file.object);
    let (object, _) = source.open(&file.object, file.bytes).map_err(|error| text(&error))?;
    let limits =
        ReadLimits { entries: file.rows, canonical_bytes: file.canonical_bytes, entry_bytes_max: file.entry_bytes_max };
    let (mut newest, mut content) = (None, Vec::new());
    // What it says of itself a log never encrypts.
    for batch in LogFileReader::open(object, &limits, &ContentKeys::none()).map_err(|error| text(&error))? {
        let batch = batch.map_err(|error| text(&error))?;
        let rows = RowDecoder::new(&batch).map_err(|error| text(&error))?;
        let readable = if rows.has_content() { rows.rows() } else { 0 };
        for row in (0..readable).filter(|row| wanted(rows.kind(*row), rows.name(*row))) {
            content.clear();
            rows.content(row, &mut content).map_err(|error| text(&error))?;
            newest = Some((rows.seq(row), read(&content)?));
        }
    }
    Ok(newest)
}
