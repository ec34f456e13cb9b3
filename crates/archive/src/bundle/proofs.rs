//! Proofs as texts: of a range of leaves, and of trees that extend older ones.

use std::fmt;
use std::str::FromStr;

use indelible_merkle::{Hash, RangeProof, is_key_name};

use crate::lines::{BadLine, Lines};

const RANGE: &str = "indelible/range-proof/v1";
const CONSISTENCY: &str = "indelible/consistency-proofs/v1";

/// Hashes on one side of a range, or in a consistency proof, at most: a tree has 64 levels.
const HASHES_MAX: usize = 64;
/// Most consistency proofs in one file.
const PROOFS_MAX: usize = 64;

/// The leaves `first` to `end - 1` of a tree: what a reader joins with them to get the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeProofText {
    /// Leaves of the tree.
    pub size: u64,
    /// The first leaf.
    pub first: u64,
    /// One past the last.
    pub end: u64,
    /// The subtrees on both sides.
    pub proof: RangeProof,
}

impl fmt::Display for RangeProofText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, first, end, proof: RangeProof { before, after } } = self;
        write!(f, "{RANGE}\nsize {size}\nrange {first} {end}\n")?;
        write_hashes(f, "left", before)?;
        write_hashes(f, "right", after)
    }
}

impl FromStr for RangeProofText {
    type Err = BadLine;

    /// Accepts exactly the texts that `Display` writes.
    fn from_str(text: &str) -> Result<Self, BadLine> {
        let mut lines = Lines::of(text, RANGE)?;
        let size = lines.value("size")?;
        let (first, end) = lines.pair("range", ' ')?;
        let before = read_hashes(&mut lines, "left")?;
        let after = read_hashes(&mut lines, "right")?;
        let read = Self { size, first, end, proof: RangeProof { before, after } };
        if read.to_string() == text { Ok(read) } else { Err(BadLine(RANGE)) }
    }
}

/// That a log's tree extends an older one of the same log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// Which log.
    pub origin: String,
    /// Leaves of the older tree.
    pub old: u64,
    /// Leaves of the newer tree.
    pub new: u64,
    /// The proof as RFC 6962 has it.
    pub path: Vec<Hash>,
}

impl ConsistencyProof {
    /// The text of several.
    pub fn write(proofs: &[ConsistencyProof]) -> String {
        Proofs(proofs).to_string()
    }

    /// Reads exactly what [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// Names the line.
    pub fn read(text: &str) -> Result<Vec<ConsistencyProof>, BadLine> {
        let mut lines = Lines::of(text, CONSISTENCY)?;
        let mut proofs = Vec::new();
        while lines.any() && proofs.len() < PROOFS_MAX {
            let origin: String = lines.value("origin")?;
            let old = lines.value("old")?;
            let new = lines.value("new")?;
            let path = read_hashes(&mut lines, "path")?;
            if !is_key_name(&origin) {
                return Err(BadLine("origin"));
            }
            proofs.push(ConsistencyProof { origin, old, new, path });
        }
        if Self::write(&proofs) == text { Ok(proofs) } else { Err(BadLine(CONSISTENCY)) }
    }
}

struct Proofs<'p>(&'p [ConsistencyProof]);

impl fmt::Display for Proofs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{CONSISTENCY}")?;
        self.0.iter().try_for_each(|ConsistencyProof { origin, old, new, path }| {
            write!(f, "origin {origin}\nold {old}\nnew {new}\n")?;
            write_hashes(f, "path", path)
        })
    }
}

fn write_hashes(f: &mut fmt::Formatter<'_>, name: &str, hashes: &[Hash]) -> fmt::Result {
    writeln!(f, "{name} {}", hashes.len())?;
    hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))
}

fn read_hashes(lines: &mut Lines<'_>, name: &'static str) -> Result<Vec<Hash>, BadLine> {
    let count: usize = lines.value(name)?;
    if count > HASHES_MAX {
        return Err(BadLine(name));
    }
    (0..count).map(|_| lines.whole(name)?.parse().map_err(|_| BadLine(name))).collect()
}

#[cfg(test)]
mod tests;
