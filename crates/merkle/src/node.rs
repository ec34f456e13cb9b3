//! Coordinates of complete subtrees.

use std::{iter::FusedIterator, ops::Range};

/// A complete subtree: the leaves `index << height .. (index + 1) << height`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// 0 for a leaf, at most 63.
    pub height: u8,
    /// Place among the nodes of this height, from the left.
    pub index: u64,
}

/// The fewest complete subtrees that cover the leaves `range`, from left to right: at most 126, and none for an empty range.
///
/// A root is the right-to-left fold of the cover of `0..size`; a proof is a list of covers.
#[must_use]
pub fn cover(range: Range<u64>) -> Cover {
    Cover { range }
}

/// See [`cover`].
#[derive(Clone, Debug)]
pub struct Cover {
    range: Range<u64>,
}

impl Iterator for Cover {
    type Item = Node;

    fn next(&mut self) -> Option<Node> {
        let Range { start, end } = self.range;
        let longest = end.checked_sub(start)?.checked_ilog2()?;
        let height = start.trailing_zeros().min(longest);
        self.range.start = start + (1 << height);
        Some(Node { height: height as u8, index: start >> height })
    }
}

impl FusedIterator for Cover {}
