//! Log files that somebody made to bring down whoever reads them.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use indelible_archive::ContentKeys;
use indelible_archive::log_file::{LogFileReader, ReadLimits};
use indelible_archive::rows::RowDecoder;
use indelible_event::ContentKey;

use crate::input::Input;

/// The first bytes say what the manifest states of the file, the others are the file.
///
/// Content may be encrypted under a key of sevens.
///
/// The library that reads Parquet may panic on bytes that no writer makes, and the verifier is prepared for that: here
/// only memory, time and what our own code makes of the columns count.
pub(crate) fn rows(bytes: &[u8]) {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let mut input = Input(bytes);
    let limits = ReadLimits {
        entries: u64::from(input.byte()),
        canonical_bytes: u64::from(input.u16()) * 16,
        entry_bytes_max: u64::from(input.u16()),
    };
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input.0).unwrap();
    let keys = ContentKeys::holding([ContentKey::new([7; 32])]);
    let batches = catch_unwind(AssertUnwindSafe(|| LogFileReader::open(file, &limits, &keys).ok()));
    let Ok(Some(mut batches)) = batches else { return };
    while let Ok(Some(Ok(batch))) = catch_unwind(AssertUnwindSafe(|| batches.next())) {
        let Ok(rows) = RowDecoder::new(&batch) else { return };
        for row in 0..rows.rows() {
            let (mut infrastructure, mut content, mut delivered) = (Vec::new(), Vec::new(), Vec::new());
            let _ = (rows.organization(row), rows.seq(row), rows.received_at_us(row), rows.time(row), rows.kind(row));
            rows.infrastructure(row, &mut infrastructure);
            let _ = rows.content(row, &mut content);
            let _ = rows.delivered(row, &mut Vec::new(), &mut delivered);
            let _ = (rows.is_canonical(row), rows.name(row), rows.content_hash(row), rows.redacted(row));
        }
    }
}
