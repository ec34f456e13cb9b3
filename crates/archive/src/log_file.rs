//! The log file: a run of entries of one organization as Parquet.
//!
//! [`LogFileWriter`] writes one, [`LogFileReader`] reads the entries back. How each column is stored was measured
//! (`examples/measure_log_file.rs`); a reader need not know.

mod content;
mod read;
mod stream;
mod write;

pub use content::{FileContent, content_key, fetch_footer, is_redacted};
pub use read::{LogFileReader, ReadError, ReadLimits};
pub use stream::read_entries;
pub use write::{LogFileSettings, LogFileWriter, WriteError, WrittenLogFile, writer_properties};

/// What a run of entries holds, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunFacts {
    /// `seq` of the first entry.
    pub first: u64,
    /// `seq` of the last entry.
    pub last: u64,
    /// Bytes of the canonical parts of all entries.
    pub canonical_bytes: u64,
    /// Bytes of the canonical parts of the largest entry.
    pub entry_bytes_max: u64,
    /// Earliest `time` of an entry, microseconds since 1970 UTC.
    pub time_min_us: i64,
    /// Latest `time` of an entry.
    pub time_max_us: i64,
    /// `received_at` of the first entry, microseconds since 1970 UTC.
    pub received_first_us: i64,
    /// `received_at` of the last entry.
    pub received_last_us: i64,
}
