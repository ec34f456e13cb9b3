//! The map of an epoch: a Merkle prefix tree that binds the newest size and root of every organization's log, each under
//! its blinded label, and shows nobody how much the others hold. `docs/formats/platform.md` gives every byte.
//!
//! The place of a leaf follows from its label alone, so one map binds one size and root for a label. The values are
//! salted anew in every epoch, so the hashes beside a path do not even tell whether a neighbour rests.

use crate::{Hash, tile::decimal};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// The blinded name of an organization, as its genesis entry states it.
pub type Label = [u8; 16];

/// Most hashes of a path: one for each bit of a label.
pub const MAX_MAP_PATH: usize = 8 * size_of::<Label>();

const VALUE_TAG: &[u8] = b"indelible/map-value/v1\0";
const HEADER: &str = "indelible/map-proof/v1";

/// The root of a map, or of a part of one, that holds no label.
pub const EMPTY_MAP: Hash = Hash::ZERO;

/// The leaf under `label` of a log whose `generation` has `size` leaves and the root `root`. Without the salt nobody can
/// guess the size from it.
#[must_use]
pub fn map_leaf(label: &Label, salt: &[u8; 32], generation: u32, size: u64, root: &Hash) -> Hash {
    let value = Sha256::new()
        .chain_update(VALUE_TAG)
        .chain_update(salt)
        .chain_update(generation.to_be_bytes())
        .chain_update(size.to_be_bytes())
        .chain_update(root)
        .finalize();
    Hash(Sha256::new().chain_update([0]).chain_update(label).chain_update(value).finalize().into())
}

/// A whole map: 48 bytes for each label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrefixMap {
    /// In ascending order of labels.
    leaves: Vec<Leaf>,
}

type Leaf = (Label, Hash);

impl PrefixMap {
    /// The map of these leaves, in any order; `None` if a label occurs twice.
    #[must_use]
    pub fn new(mut leaves: Vec<(Label, Hash)>) -> Option<Self> {
        leaves.sort_unstable_by_key(|(label, _)| *label);
        let unique = leaves.windows(2).all(|pair| pair[0].0 != pair[1].0);
        unique.then_some(Self { leaves })
    }

    /// Labels in the map.
    #[must_use]
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// The root of the map: two hashes or so for each label.
    #[must_use]
    pub fn root(&self) -> Hash {
        subtree(&self.leaves, 0)
    }

    /// The hashes beside the path of `label`, from its leaf upwards, or `None` for a label that is not in the map.
    /// Costs as much as the root.
    #[must_use]
    pub fn path(&self, label: &Label) -> Option<Vec<Hash>> {
        self.leaves.binary_search_by_key(label, |(label, _)| *label).ok()?;
        let mut path = Vec::new();
        let (mut around, mut depth) = (&self.leaves[..], 0);
        while around.len() > 1 {
            let (left, right) = split(around, depth);
            let (mine, beside) = if bit(label, depth) { (right, left) } else { (left, right) };
            depth += 1;
            path.push(subtree(beside, depth));
            around = mine;
        }
        path.reverse();
        Some(path)
    }
}

/// The root of labels that agree in their first `depth` bits.
fn subtree(leaves: &[Leaf], depth: usize) -> Hash {
    match leaves {
        [] => EMPTY_MAP,
        [(_, leaf)] => *leaf,
        _ => {
            let (left, right) = split(leaves, depth);
            crate::node_hash(&subtree(left, depth + 1), &subtree(right, depth + 1))
        }
    }
}

/// Labels are in order and agree in their first `depth` bits: those with the next bit 0 come first.
fn split(leaves: &[Leaf], depth: usize) -> (&[Leaf], &[Leaf]) {
    leaves.split_at(leaves.partition_point(|(label, _)| !bit(label, depth)))
}

/// Bit 0 is the top bit of byte 0.
fn bit(label: &Label, index: usize) -> bool {
    label[index / 8] & (0x80 >> (index % 8)) != 0
}

/// That an epoch's map binds a size and a root for one label. Its text is the file `map.proof` of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapProof {
    /// Index of the epoch's entry in the platform log.
    pub epoch: u64,
    /// Microseconds since 1970 that the entry states.
    pub time: i64,
    /// Blinded name of the organization.
    pub label: Label,
    /// Generation of its log.
    pub generation: u32,
    /// Salt of this label in this epoch.
    pub salt: [u8; 32],
    /// The hashes beside the path, from the leaf upwards: at most [`MAX_MAP_PATH`].
    pub path: Vec<Hash>,
}

impl MapProof {
    /// The root of the map that binds `size` and `root` here. Whoever compares it with the root that the epoch's entry
    /// states has verified the proof; `None` for a path too long for any map.
    #[must_use]
    pub fn map_root(&self, size: u64, root: &Hash) -> Option<Hash> {
        if self.path.len() > MAX_MAP_PATH {
            return None;
        }
        let leaf = map_leaf(&self.label, &self.salt, self.generation, size, root);
        let climb = (0..self.path.len()).rev().zip(&self.path).fold(leaf, |node, (depth, beside)| {
            if bit(&self.label, depth) { crate::node_hash(beside, &node) } else { crate::node_hash(&node, beside) }
        });
        Some(climb)
    }

    /// The entry of the platform log that states this map, if it binds `size` and `root`: what the inclusion proof in
    /// the platform log has to be checked for.
    #[must_use]
    pub fn epoch_entry(&self, size: u64, root: &Hash) -> Option<crate::Epoch> {
        let map_root = self.map_root(size, root)?;
        Some(crate::Epoch { number: self.epoch, time: self.time, map_root })
    }
}

impl fmt::Display for MapProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}\nepoch {}\ntime {}", self.epoch, self.time)?;
        writeln!(f, "label {}\ngeneration {}", Hex(&self.label), self.generation)?;
        writeln!(f, "salt {}\npath {}", Hex(&self.salt), self.path.len())?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{hash}"))
    }
}

/// A text is not a map proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the map proof is not as its format has it")]
pub struct ParseMapProofError {
    /// From 1.
    pub line: usize,
}

impl FromStr for MapProof {
    type Err = ParseMapProofError;

    /// Accepts exactly the texts that `Display` writes.
    fn from_str(text: &str) -> Result<Self, ParseMapProofError> {
        // Longer than any proof; the check keeps a hostile text from being cut into lines first.
        let within = text.len() <= 512 + (MAX_MAP_PATH + 1) * 45;
        let text = text.strip_suffix('\n').filter(|_| within).ok_or(ParseMapProofError { line: 1 })?;
        let (mut lines, mut line) = (text.split('\n'), 0);
        let mut take = |prefix: &str| {
            line += 1;
            (lines.next().and_then(|text| text.strip_prefix(prefix)), ParseMapProofError { line })
        };
        let (rest, error) = take(HEADER);
        rest.filter(|rest| rest.is_empty()).ok_or(error)?;
        let (text, error) = take("epoch ");
        let epoch = text.and_then(decimal).ok_or(error)?;
        let (text, error) = take("time ");
        let time = text.and_then(signed_decimal).ok_or(error)?;
        let (text, error) = take("label ");
        let label = text.and_then(from_hex).ok_or(error)?;
        let (text, error) = take("generation ");
        let generation = text.and_then(decimal).and_then(|number| u32::try_from(number).ok()).ok_or(error)?;
        let (text, error) = take("salt ");
        let salt = text.and_then(from_hex).ok_or(error)?;
        let (text, error) = take("path ");
        let count = text.and_then(decimal).filter(|count| *count <= MAX_MAP_PATH as u64).ok_or(error)?;
        let mut path = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let (text, error) = take("");
            path.push(text.and_then(|text| text.parse().ok()).ok_or(error)?);
        }
        match lines.next() {
            None => Ok(Self { epoch, time, label, generation, salt, path }),
            Some(_) => Err(ParseMapProofError { line: line + 1 }),
        }
    }
}

/// A decimal number with at most a minus sign, in its one form.
fn signed_decimal(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Exactly `N` bytes as lower-case hexadecimal digits.
fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
impl PrefixMap {
    pub(crate) fn clone_leaves(&self) -> Vec<(Label, Hash)> {
        self.leaves.clone()
    }
}
