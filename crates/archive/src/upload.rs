//! Sending a sealed run to the bucket.

use std::io;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use indelible_storage::{Bucket, BucketError};

use crate::manifest::{NamedObject, ObjectFacts};
use crate::seal::SealedRun;

/// Why a run is not, or not provably, archived. Repeat with the same run.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The bucket failed, or holds something else under the name.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// A file of the run cannot be read.
    #[error("read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file of the run is not what was sealed.
    #[error("{} is not what was sealed; move its folder away and restart, its entries are sealed again from the journal", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// Puts the run into the bucket: salt key, log file, hashes, and the manifest last, each create-only and each read back
/// and compared before the next.
///
/// On `Ok` the run is archived and [`SealedRun::remove`] may follow. It may be repeated after any failure or crash: the
/// bytes are the same each time. Until the manifest is there nothing counts. On `Damaged` and `Read` nothing was sent by
/// this call. Memory: the largest object. The log file is locked for at least `days` days where the bucket locks at all. The
/// answer is when the log file had been read back, microseconds since 1970 UTC.
pub async fn upload(bucket: &Bucket, run: &SealedRun, days: u32) -> Result<i64, UploadError> {
    let (folder, objects) = (run.manifest().folder(), run.manifest().objects());
    // All of it is looked at before any is sent: what is in the bucket cannot be taken back.
    for (object, path) in objects.iter().zip(run.files()) {
        read(object, path).await?;
    }
    let mut read_back_us = i64::MAX;
    for (object, path) in objects.iter().zip(run.files()) {
        let is_log_file = object.name.starts_with("log/");
        let days = if is_log_file { days } else { 0 };
        bucket.archive_for(&format!("{folder}/{}", object.name), read(object, path).await?, days).await?;
        if is_log_file {
            read_back_us = now_us();
        }
    }
    let bytes = Bytes::copy_from_slice(run.manifest_bytes());
    bucket.archive(&format!("{folder}/{}", run.manifest().name()), bytes).await?;
    Ok(read_back_us)
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The bytes of a file, if they are those that were sealed.
async fn read(object: &NamedObject, path: PathBuf) -> Result<Bytes, UploadError> {
    match tokio::fs::read(&path).await {
        Ok(bytes) if ObjectFacts::of(&bytes) == object.facts => Ok(Bytes::from(bytes)),
        Ok(_) => Err(UploadError::Damaged { path }),
        Err(source) => Err(UploadError::Read { path, source }),
    }
}

#[cfg(test)]
mod tests;
