//! What can go wrong with a table.

use arrow::error::ArrowError;
use deltalake_core::DeltaTableError;
use indelible_archive::log_file::ReadError;
use indelible_event::KeyId;
use indelible_storage::BucketError;
use parquet::errors::ParquetError;

use crate::position::Position;

/// Why a table was not opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder is not empty and holds no table.
    #[error("{place} holds {object}, which is not of a table; name an empty folder")]
    Occupied {
        /// The folder.
        place: String,
        /// The first object found.
        object: String,
    },
    /// The folder holds a table that is not this export's.
    #[error("{place} holds a table whose {property} is {found:?} where {expected:?} belongs; name an empty folder")]
    OtherTable {
        /// The folder.
        place: String,
        /// What differs.
        property: &'static str,
        /// As found.
        found: String,
        /// As it would be.
        expected: String,
    },
    /// Somebody gave the table features that this version does not write.
    #[error(
        "the table in {place} was changed by others: {what}; nothing is added to it any more, create another export"
    )]
    Changed {
        /// The folder.
        place: String,
        /// What is new.
        what: String,
    },
    /// The export cannot be.
    #[error("retention is 1 to {max} days, not {0}", max = crate::RETENTION_DAYS_MAX)]
    Retention(u16),
    /// A log file has a column that Delta Lake has no type for.
    #[error("a column of the log file has no type in Delta Lake")]
    Column,
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The table could not be read or created.
    #[error("{action} the table in {place}")]
    Table {
        /// What was tried.
        action: &'static str,
        /// The folder.
        place: String,
        /// What the table format's library said.
        source: Box<DeltaTableError>,
    },
}

/// Why the table may be as it was. After every error the operation may be repeated, whether or not it took effect.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The table could not be read, or it is not known whether it was changed.
    #[error("{action} the table in {place}")]
    Table {
        /// What was tried.
        action: &'static str,
        /// The folder.
        place: String,
        /// What the table format's library said.
        source: Box<DeltaTableError>,
    },
    /// Another writer was quicker every time.
    #[error("others changed the table in {place} each time before this commit; is another server writing to it?")]
    Overtaken {
        /// The folder.
        place: String,
    },
    /// A bucket failed, the archive's or the table's.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The log file is not what its manifest says.
    #[error("log file {object} is not the one its manifest names; run `indelible archive verify`")]
    Differs {
        /// The object in the archive.
        object: String,
    },
    /// A file of the table is not what was written.
    #[error("{object} was changed after it was written; restore it, or create another export")]
    Damaged {
        /// The object in the table's bucket.
        object: String,
    },
    /// The log files do not go on where the table ends.
    #[error(
        "the table ends behind {at} and the archive goes on with entry {first} of generation {generation}; is it another archive?"
    )]
    Gap {
        /// The end of the table.
        at: Position,
        /// Generation of the next log file.
        generation: u32,
        /// Its first entry.
        first: u64,
    },
    /// A log file of somebody else was given.
    #[error("log file {object} is of {found}, the export of {expected}")]
    OtherOrganization {
        /// The object in the archive.
        object: String,
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
    /// The table's log has a position that this version cannot have written, or the log one that it cannot write.
    #[error("{0} is no position of a table")]
    Position(String),
    /// A salt was needed and not given.
    #[error("the salts of generation {generation} are not known")]
    Salt {
        /// Generation of the log.
        generation: u32,
    },
    /// A log file cannot be read.
    #[error("read log file {object}")]
    Read {
        /// The object in the archive, or in the table's bucket.
        object: String,
        /// The cause.
        source: ReadError,
    },
    /// Rows could not be written as Parquet.
    #[error("rewrite {object}: {cause}")]
    Rewrite {
        /// The object.
        object: String,
        /// The cause.
        cause: String,
    },
}

/// Rows could not be rewritten.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RewriteError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    #[error(transparent)]
    Parquet(#[from] ParquetError),
    #[error("{0}")]
    Writer(#[from] indelible_archive::log_file::WriteError),
    #[error("column {0} is not as it is in log files")]
    Column(&'static str),
    #[error("the salts of generation {0} are not known")]
    Salt(u32),
    #[error("its content is encrypted under key {0}, which is not in keys/content of the data folder")]
    ContentKey(KeyId),
    #[error("{found} rows where {expected} are known")]
    Rows { found: u64, expected: u64 },
    #[error("the thread that rewrote it ended")]
    Thread,
}

impl RewriteError {
    /// Of the object.
    pub(crate) fn of(self, object: &str) -> DatasetError {
        let object = object.to_owned();
        match self {
            RewriteError::Read(source) => DatasetError::Read { object, source },
            RewriteError::Salt(generation) => DatasetError::Salt { generation },
            other => DatasetError::Rewrite { object, cause: other.to_string() },
        }
    }
}
