//! The platform log in the bucket: its entries in runs, and the checkpoints that cover them.
//!
//! A run is uploaded before the checkpoint that covers it, each create-only and read back. The checkpoint is the commit point.
//! `docs/formats/archive.md` describes both.

use bytes::Bytes;
use indelible_merkle::{Checkpoint, Note, entry_bundle};
use indelible_storage::{Bucket, BucketError};

/// Most entries of one object.
pub const ENTRIES_MAX: u64 = 65_536;

/// Where a generation of the platform log lies in the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlatformFolder {
    /// The generation.
    pub generation: u32,
}

/// What stands under a name in the folder of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlatformObject {
    /// The entries from the first to the last.
    Entries(u64, u64),
    /// The checkpoint of the tree of that size.
    Checkpoint(u64),
}

/// The platform log could not be archived, or what is archived could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PlatformLogError {
    /// The bucket failed, or holds something else under a name.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// An archived checkpoint cannot be read.
    #[error("{name} is no checkpoint of {size} entries; run `indelible archive verify`")]
    BadCheckpoint {
        /// The object.
        name: String,
        /// The size that its name says.
        size: u64,
    },
    /// The entries given do not reach the checkpoint.
    #[error("entries from {first} on do not end at the checkpoint of {size} entries")]
    Incomplete {
        /// Index of the first entry given.
        first: u64,
        /// Size of the checkpoint given.
        size: u64,
    },
}

impl PlatformFolder {
    /// The name of the folder.
    pub fn name(self) -> String {
        format!("platform/{}", self.generation)
    }

    fn object(self, object: PlatformObject) -> String {
        format!("{}/{object}", self.name())
    }

    /// The checkpoint of the newest tree that is archived whole; `None` if there is none. Its signature is not checked.
    ///
    /// # Errors
    /// When the bucket fails, or the checkpoint is none.
    pub async fn newest(self, bucket: &Bucket) -> Result<Option<Checkpoint>, PlatformLogError> {
        let folder = format!("{}/checkpoint", self.name());
        let objects = bucket.list_sorted(&folder).await?;
        let prefix = self.name() + "/";
        let size = |name: &str| match PlatformObject::parse(name.strip_prefix(&prefix)?)? {
            PlatformObject::Checkpoint(size) => Some(size),
            PlatformObject::Entries(..) => None,
        };
        let Some(size) = objects.iter().filter_map(|object| size(&object.name)).max() else { return Ok(None) };
        let name = self.object(PlatformObject::Checkpoint(size));
        let bytes = bucket.get(&name).await?;
        let checkpoint = Note::from_bytes(&bytes).ok().and_then(|note| note.text().parse::<Checkpoint>().ok());
        match checkpoint.filter(|checkpoint| checkpoint.size == size) {
            Some(checkpoint) => Ok(Some(checkpoint)),
            None => Err(PlatformLogError::BadCheckpoint { name, size }),
        }
    }

    /// Archives the entries from `first` on, where what is archived ends, and then `checkpoint`, whose tree they complete. May be
    /// repeated with the same arguments after any failure.
    ///
    /// # Errors
    /// When the bucket fails or holds something else; nothing counts before the checkpoint is there.
    pub async fn upload(
        self,
        bucket: &Bucket,
        first: u64,
        entries: &[Vec<u8>],
        checkpoint: &Note,
    ) -> Result<(), PlatformLogError> {
        let size = checkpoint.text().parse::<Checkpoint>().map_or(0, |checkpoint| checkpoint.size);
        if entries.is_empty() || first.checked_add(entries.len() as u64) != Some(size) {
            return Err(PlatformLogError::Incomplete { first, size });
        }
        let mut next = first;
        for run in entries.chunks(ENTRIES_MAX as usize) {
            let last = next + run.len() as u64 - 1;
            // Entries of a platform log are never longer than a bundle can carry.
            let bytes = entry_bundle(run.iter().map(Vec::as_slice)).unwrap_or_default();
            self.put(bucket, PlatformObject::Entries(next, last), bytes).await?;
            next = last + 1;
        }
        self.put(bucket, PlatformObject::Checkpoint(size), checkpoint.to_string().into_bytes()).await
    }

    async fn put(self, bucket: &Bucket, object: PlatformObject, bytes: Vec<u8>) -> Result<(), PlatformLogError> {
        bucket.archive(&self.object(object), Bytes::from(bytes)).await?;
        Ok(())
    }
}

impl PlatformObject {
    /// Reads a name within the folder of a generation; `None` for every other name.
    pub fn parse(name: &str) -> Option<Self> {
        let object = match name.split_once('/')? {
            ("entries", run) => {
                let (first, last) = run.split_once('-')?;
                Self::Entries(first.parse().ok()?, last.parse().ok()?)
            }
            ("checkpoint", size) => Self::Checkpoint(size.parse().ok()?),
            _ => return None,
        };
        let in_order = !matches!(object, Self::Entries(first, last) if first > last);
        (in_order && object.to_string() == name).then_some(object)
    }
}

impl std::fmt::Display for PlatformObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Entries(first, last) => write!(f, "entries/{first:016}-{last:016}"),
            Self::Checkpoint(size) => write!(f, "checkpoint/{size:016}"),
        }
    }
}

#[cfg(test)]
mod tests;
