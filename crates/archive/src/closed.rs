//! A generation of a log that is closed: its tree and its last checkpoint, from the archive alone.
//!
//! A rebuilt server's ledger holds the trees of its own generation. Proofs for earlier ones are made from the objects of
//! hashes, of which a proof needs a few ranges.

use std::sync::Arc;

use indelible_event::Organization;
use indelible_event::entry::SaltKey;
use indelible_merkle::{Hash, Hashes, NoteError, Run};
use indelible_storage::{Bucket, BucketError};
use tokio::runtime::Handle;

use crate::inventory::Inventory;
use crate::layout;
use crate::manifest::Manifest;

/// Why a closed log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ClosedError {
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The archive does not hold it.
    #[error("the archive holds no generation {generation} of the log of {organization}")]
    Missing {
        /// Whose log.
        organization: Organization,
        /// Which generation.
        generation: u32,
    },
    /// The checkpoint in the last manifest is none.
    #[error("read the last checkpoint")]
    Checkpoint(#[from] NoteError),
    /// The salt key has another length.
    #[error("object {0} is not a salt key, which has 32 bytes; run `indelible archive verify`")]
    SaltKey(String),
    /// A hash is in none of its objects.
    #[error("hash {index} of level {level} is in none of the archived objects; run `indelible archive verify`")]
    Hash {
        /// Tile level.
        level: u8,
        /// Index within the level.
        index: u64,
    },
}

/// A closed log. Reads hashes from the bucket when asked for them, and blocks meanwhile: not for the threads of a runtime.
#[derive(Debug, Clone)]
pub struct ClosedLog {
    bucket: Bucket,
    runtime: Handle,
    last: Arc<Manifest>,
    /// First `seq` of each run, and the one behind its last.
    runs: Vec<(u64, u64)>,
    salt_key: SaltKey,
}

impl ClosedLog {
    /// Opens a generation as far as it is archived. Within a runtime.
    pub async fn open(
        bucket: &Bucket,
        inventory: &Inventory,
        organization: &Organization,
        generation: u32,
    ) -> Result<Self, ClosedError> {
        let missing = || ClosedError::Missing { organization: organization.clone(), generation };
        let (last, runs) = inventory.generation(organization, generation).ok_or_else(missing)?;
        let name = format!("{}/{}", last.folder(), layout::SALT);
        let salt_key = bucket.get(&name).await?;
        let salt_key = <[u8; 32]>::try_from(&salt_key[..]).map_err(|_| ClosedError::SaltKey(name))?;
        let (bucket, runtime) = (bucket.clone(), Handle::current());
        Ok(Self { bucket, runtime, last, runs, salt_key: SaltKey::new(salt_key) })
    }

    /// The manifest of its last run: whose log it is, its origin, key, size and root.
    pub fn last(&self) -> &Manifest {
        &self.last
    }

    /// The last checkpoint, as C2SP has it.
    pub fn checkpoint(&self) -> Result<String, ClosedError> {
        Ok(self.last.checkpoint()?.to_string())
    }

    /// Derives the salts of its entries.
    pub fn salt_key(&self) -> &SaltKey {
        &self.salt_key
    }

    /// Reads hashes of one run: as many of `out` as belong to the run that holds hash `index`. Returns how many.
    fn read(&self, level: u8, index: u64, out: &mut [Hash]) -> Result<usize, ClosedError> {
        // A hash belongs to the run in which the last leaf below it stands.
        let last_leaf = u128::from(index + 1) << (u32::from(level) * u32::from(indelible_merkle::TILE_HEIGHT));
        let place = self.runs.partition_point(|(_, end)| u128::from(*end) < last_leaf);
        let missing = || ClosedError::Hash { level, index };
        let (first, end) = self.runs.get(place).copied().ok_or_else(missing)?;
        let run = Run::new(first, end).ok_or_else(missing)?;
        let position = run.position(level, index).ok_or_else(missing)?;
        let count = (1..out.len() as u64).find(|more| run.position(level, index + more).is_none());
        let count = count.unwrap_or(out.len() as u64);
        let name = format!("{}/{}", self.last.folder(), layout::tiles(first, end - 1));
        let range = position * Hash::BYTES as u64..(position + count) * Hash::BYTES as u64;
        let bytes = self.runtime.block_on(self.bucket.get_range(&name, range))?;
        for (hash, bytes) in out.iter_mut().zip(bytes.chunks_exact(Hash::BYTES)) {
            hash.0.copy_from_slice(bytes);
        }
        Ok(count as usize)
    }
}

impl Hashes for ClosedLog {
    type Error = ClosedError;

    fn tile_hashes(&self, level: u8, first: u64, out: &mut [Hash]) -> Result<(), ClosedError> {
        let mut done = 0;
        while done < out.len() {
            done += self.read(level, first + done as u64, &mut out[done..])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
