//! The hashes that a run of leaves adds to the stored levels, kept as one object beside a log file.

use crate::{Hash, TILE_HEIGHT, stored_hashes};
use std::ops::Range;

/// The leaves `first..end` of a tree, and the complete tile-level subtrees that end among them.
///
/// Each stored hash of a tree belongs to exactly one run of a partition of its leaves, so the objects of all runs, put
/// one after another level by level, are the stored levels; and runs whose log file was dropped still prove the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    first: u64,
    end: u64,
}

impl Run {
    /// `None` when `end` is before `first`.
    #[must_use]
    pub fn new(first: u64, end: u64) -> Option<Self> {
        (first <= end).then_some(Self { first, end })
    }

    /// The hashes of each tile level that complete within the run, from level 0; levels without any are left out.
    /// In this order, back to back, they make up the object.
    pub fn levels(&self) -> impl Iterator<Item = (u8, Range<u64>)> + use<> {
        let Self { first, end } = *self;
        (0..u64::BITS as u8 / TILE_HEIGHT)
            .map(move |level| (level, stored_hashes(level, first)..stored_hashes(level, end)))
            .filter(|(_, hashes)| !hashes.is_empty())
    }

    /// Hashes in the object.
    #[must_use]
    pub fn hashes(&self) -> u64 {
        // The levels together hold less than 256/255 of the leaves; only a forged run can come near the end of u64.
        self.levels().fold(0, |sum, (_, hashes)| sum.saturating_add(hashes.end - hashes.start))
    }

    /// Place of hash `index` of tile level `level` within the object; `None` where it belongs to another run.
    #[must_use]
    pub fn position(&self, level: u8, index: u64) -> Option<u64> {
        let mut before: u64 = 0;
        for (of, hashes) in self.levels() {
            if of == level {
                return hashes.contains(&index).then(|| before + (index - hashes.start));
            }
            before = before.checked_add(hashes.end - hashes.start)?;
        }
        None
    }
}

/// The object of a run, as bytes.
#[derive(Clone, Copy, Debug)]
pub struct RunHashes<'a> {
    run: Run,
    hashes: &'a [[u8; 32]],
}

/// Bytes are not the object of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the hashes of leaves {first} to {end} take {expected} bytes, and {found} were given")]
pub struct OutsideRun {
    first: u64,
    end: u64,
    expected: u64,
    found: usize,
}

impl<'a> RunHashes<'a> {
    /// Reads the object of `run`.
    ///
    /// # Errors
    /// Where the length is not that of the run.
    pub fn new(run: Run, bytes: &'a [u8]) -> Result<Self, OutsideRun> {
        let expected = run.hashes().saturating_mul(Hash::BYTES as u64);
        let (hashes, rest) = bytes.as_chunks();
        if bytes.len() as u64 != expected || !rest.is_empty() {
            return Err(OutsideRun { first: run.first, end: run.end, expected, found: bytes.len() });
        }
        Ok(Self { run, hashes })
    }

    /// Hash `index` of tile level `level`; `None` where it belongs to another run.
    #[must_use]
    pub fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        let position = usize::try_from(self.run.position(level, index)?).ok()?;
        self.hashes.get(position).copied().map(Hash)
    }
}
