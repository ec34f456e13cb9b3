//! Proofs that a leaf, or a run of leaves, is in a tree, and that one tree extends another.
//!
//! Inclusion and consistency proofs are those of RFC 6962. A root does not contain its size: a proof speaks about
//! the pair of size and root that a checkpoint signs, and so do the functions here.

use crate::{Frontier, FrontierError, Hash, Hashes, cover, hashes::subtree, node_hash};
use std::{error::Error, ops::Range};

/// A proof could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProveError<E: Error + 'static> {
    /// What was asked for is outside the tree.
    #[error("leaves {begin} to {end} are not all in a tree of {size}")]
    Outside {
        /// First leaf asked for, or the older size.
        begin: u64,
        /// One past the last leaf asked for, or the older size.
        end: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// A hash of the tree could not be read.
    #[error("read the tree")]
    Read(#[from] E),
}

/// A proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// What is to be proved is outside the tree.
    #[error("leaves {begin} to {end} are not all in a tree of {size}")]
    Outside {
        /// First leaf, or the older size.
        begin: u64,
        /// One past the last leaf, or the older size.
        end: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The proof has more or fewer hashes than its sizes call for.
    #[error("a proof between these sizes has {expected} hashes, this one has {found}")]
    WrongLength {
        /// Hashes called for.
        expected: usize,
        /// Hashes found.
        found: usize,
    },
    /// There are more or fewer leaves than the range has.
    #[error("the range has {expected} leaves, and {found} or more were given")]
    WrongLeaves {
        /// Leaves of the range.
        expected: u64,
        /// Leaves given; counting stops at the first too many.
        found: u64,
    },
    /// The older tree has another root.
    #[error("the proof does not lead to the root of the older tree")]
    OlderRoot,
    /// The tree has another root: something was altered.
    #[error("the proof does not lead to the root of the tree")]
    Root,
}

/// Proves leaf `index` in the tree of the first `size` leaves: the hashes beside its path, from the leaf upwards.
///
/// # Errors
/// `Outside` unless `index < size`; `Read` where `hashes` holds fewer than `size` leaves.
pub fn inclusion_proof<H: Hashes>(hashes: &H, index: u64, size: u64) -> Result<Vec<Hash>, ProveError<H::Error>> {
    if index >= size {
        return Err(ProveError::Outside { begin: index, end: index.saturating_add(1), size });
    }
    let mut proof = Vec::with_capacity(inclusion_length(index, size));
    let mut around = 0..size;
    while around.end - around.start > 1 {
        let middle = split(&around);
        if index < middle {
            proof.push(subtree(hashes, middle..around.end)?);
            around.end = middle;
        } else {
            proof.push(subtree(hashes, around.start..middle)?);
            around.start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that `leaf` is leaf `index` of the tree with `size` leaves and root `root`.
///
/// # Errors
/// Says why it is not; `proof` may hold anything.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Outside { begin: index, end: index.saturating_add(1), size });
    }
    check_length(inclusion_length(index, size), proof.len())?;
    if climb(*leaf, index, size, proof) == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Proves that the tree of the first `to` leaves extends that of the first `from`. Empty when `from` is 0 or `to`.
///
/// # Errors
/// `Outside` unless `from <= to`; `Read` where `hashes` holds fewer than `to` leaves.
pub fn consistency_proof<H: Hashes>(hashes: &H, from: u64, to: u64) -> Result<Vec<Hash>, ProveError<H::Error>> {
    if from > to {
        return Err(ProveError::Outside { begin: from, end: from, size: to });
    }
    let mut proof = Vec::new();
    if from == 0 {
        return Ok(proof);
    }
    let mut around = 0..to;
    while around.end != from {
        let middle = split(&around);
        if from <= middle {
            proof.push(subtree(hashes, middle..around.end)?);
            around.end = middle;
        } else {
            proof.push(subtree(hashes, around.start..middle)?);
            around.start = middle;
        }
    }
    // What is left is the last complete subtree of the older tree; the verifier knows it when it is the whole of it.
    if around.start != 0 {
        proof.push(subtree(hashes, around)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that the tree (`to`, `to_root`) has the tree (`from`, `from_root`) as its beginning.
/// The empty tree is the beginning of every tree; its root must be [`crate::empty_root`].
///
/// # Errors
/// Says why it has not; `proof` may hold anything.
pub fn verify_consistency(
    from: u64,
    to: u64,
    proof: &[Hash],
    from_root: &Hash,
    to_root: &Hash,
) -> Result<(), ProofError> {
    if from > to {
        return Err(ProofError::Outside { begin: from, end: from, size: to });
    }
    if from == 0 || from == to {
        check_length(0, proof.len())?;
        let older = if from == 0 { crate::empty_root() } else { *to_root };
        let newer = if to == 0 { crate::empty_root() } else { *to_root };
        return match (older == *from_root, newer == *to_root) {
            (false, _) => Err(ProofError::OlderRoot),
            (_, false) => Err(ProofError::Root),
            _ => Ok(()),
        };
    }
    // The rest of the proof is the upper part of an inclusion proof of the last leaf of the older tree, beginning at
    // the complete subtree that ends there.
    let height = from.trailing_zeros();
    let whole = from.is_power_of_two();
    let path = inclusion_length(from - 1, to) - height as usize;
    check_length(path + usize::from(!whole), proof.len())?;
    let (first, path) = match proof.split_first() {
        Some((first, rest)) if !whole => (first, rest),
        _ => (from_root, proof),
    };
    let (last, size) = ((from - 1) >> height, ((to - 1) >> height) + 1);
    // Seen from the older tree only what is on the left counts.
    if climb_left(*first, last, size, path) != *from_root {
        return Err(ProofError::OlderRoot);
    }
    if climb(*first, last, size, path) == *to_root { Ok(()) } else { Err(ProofError::Root) }
}

/// A proof that the leaves of a range stand where they are said to stand: the subtrees on both sides, left to right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RangeProof {
    /// Roots of [`cover`]`(0..begin)`: what a [`Frontier`] of the leaves before the range holds.
    pub before: Vec<Hash>,
    /// Roots of [`cover`]`(end..size)`.
    pub after: Vec<Hash>,
}

/// Proves the leaves `range` in the tree of the first `size` leaves, in at most 190 hashes however long it is.
/// An empty range is proved too: its proof takes the root apart at that place.
///
/// # Errors
/// `Outside` unless `range.start <= range.end <= size`; `Read` where `hashes` holds fewer than `size` leaves.
pub fn range_proof<H: Hashes>(hashes: &H, range: Range<u64>, size: u64) -> Result<RangeProof, ProveError<H::Error>> {
    let Range { start: begin, end } = range;
    if begin > end || end > size {
        return Err(ProveError::Outside { begin, end, size });
    }
    let read = |range| cover(range).map(|node| hashes.node(node)).collect::<Result<Vec<_>, _>>();
    Ok(RangeProof { before: read(0..begin)?, after: read(end..size)? })
}

/// Checks that `leaves` are exactly the leaves `range` of the tree with `size` leaves and root `root`: none is altered,
/// missing, exchanged or added. Reads `leaves` once and keeps none of them.
///
/// # Errors
/// Says why they are not; `proof` and `leaves` may hold anything.
pub fn verify_range(
    range: Range<u64>,
    leaves: impl IntoIterator<Item = Hash>,
    size: u64,
    proof: &RangeProof,
    root: &Hash,
) -> Result<(), ProofError> {
    let Range { start: begin, end } = range;
    if begin > end || end > size {
        return Err(ProofError::Outside { begin, end, size });
    }
    let mut frontier = Frontier::from_roots(begin, &proof.before).map_err(wrong_length)?;
    for leaf in leaves {
        if frontier.size() == end {
            return Err(ProofError::WrongLeaves { expected: end - begin, found: end - begin + 1 });
        }
        frontier.push(leaf);
    }
    if frontier.size() != end {
        return Err(ProofError::WrongLeaves { expected: end - begin, found: frontier.size() - begin });
    }
    frontier.extend_to(size, &proof.after).map_err(wrong_length)?;
    if frontier.root() == *root { Ok(()) } else { Err(ProofError::Root) }
}

fn wrong_length(error: FrontierError) -> ProofError {
    match error {
        FrontierError::WrongCount { expected, found, .. } => ProofError::WrongLength { expected, found },
        _ => ProofError::Root,
    }
}

fn check_length(expected: usize, found: usize) -> Result<(), ProofError> {
    if expected == found { Ok(()) } else { Err(ProofError::WrongLength { expected, found }) }
}

/// Where RFC 6962 divides a tree of two or more leaves: the left side takes the largest power of two that leaves one.
fn split(range: &Range<u64>) -> u64 {
    range.start + (1 << (range.end - range.start - 1).ilog2())
}

/// Hashes in an inclusion proof: one for each height until the paths of `index` and of the last leaf meet, then one
/// for each subtree on the left of both.
fn inclusion_length(index: u64, size: u64) -> usize {
    let meet = u64::BITS - (index ^ (size - 1)).leading_zeros();
    let above = index.checked_shr(meet).unwrap_or(0);
    (meet + above.count_ones()) as usize
}

/// The root to which a proof leads from the node `index` in a row of `size`.
fn climb(node: Hash, index: u64, size: u64, proof: &[Hash]) -> Hash {
    let (mut node, mut index, mut last) = (node, index, size - 1);
    for beside in proof {
        // The last node of a row without a partner moves up as it is.
        while index == last && index.is_multiple_of(2) && index != 0 {
            (index, last) = (index / 2, last / 2);
        }
        let on_the_left = !index.is_multiple_of(2);
        node = if on_the_left { node_hash(beside, &node) } else { node_hash(&node, beside) };
        (index, last) = (index / 2, last / 2);
    }
    node
}

/// The root to which the hashes on the left alone lead: that of the tree which ends with the node `index`.
fn climb_left(node: Hash, index: u64, size: u64, proof: &[Hash]) -> Hash {
    let (mut node, mut index, mut last) = (node, index, size - 1);
    for beside in proof {
        while index == last && index.is_multiple_of(2) && index != 0 {
            (index, last) = (index / 2, last / 2);
        }
        if !index.is_multiple_of(2) {
            node = node_hash(beside, &node);
        }
        (index, last) = (index / 2, last / 2);
    }
    node
}
