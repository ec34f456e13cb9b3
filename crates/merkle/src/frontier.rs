//! How a tree grows: the roots of its complete subtrees from left to right, and nothing else.

use crate::{Hash, Node, TILE_HEIGHT, cover, empty_root, node_hash};

/// What must be known of a tree to append to it and to compute its root: one hash for each set bit of its size.
///
/// Appending hashes one node per leaf on average. A frontier also serves as verifier of a range of leaves:
/// start from the part before the range, push the leaves, append what follows, compare the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The roots of `cover(0..size)`: the largest first.
    roots: Vec<Hash>,
}

/// Bytes or hashes do not make a frontier, or do not fit behind one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// There are more or fewer hashes than the sizes call for.
    #[error("leaves {begin} to {end} are covered by {expected} hashes, and {found} were given")]
    WrongCount {
        /// First leaf covered.
        begin: u64,
        /// One past the last leaf covered.
        end: u64,
        /// Hashes that cover the leaves.
        expected: usize,
        /// Hashes given.
        found: usize,
    },
    /// A serialised frontier has no size, or ends inside a hash.
    #[error("a frontier is a size of 8 bytes and hashes of 32 bytes, and {bytes} bytes were given")]
    Truncated {
        /// Length of what was given.
        bytes: usize,
    },
    /// A tree does not shrink.
    #[error("a tree of {size} leaves cannot be extended to {to}")]
    Backwards {
        /// Leaves of the frontier.
        size: u64,
        /// The smaller size asked for.
        to: u64,
    },
}

impl Frontier {
    /// The frontier of the empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The frontier of a tree of `size` leaves, whose complete subtrees have the roots `roots`, the largest first.
    ///
    /// # Errors
    /// `WrongCount` unless there is one root for each set bit of `size`.
    pub fn from_roots(size: u64, roots: &[Hash]) -> Result<Self, FrontierError> {
        check_count(0, size, roots.len())?;
        Ok(Self { size, roots: roots.to_vec() })
    }

    /// Leaves in the tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the complete subtrees, the largest first: those of [`cover`]`(0..size)`.
    #[must_use]
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        let roots = self.roots.iter().rev().copied();
        roots.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_visit(leaf, |_, _| ());
    }

    /// Appends a leaf and calls `completed` for each subtree that it completes, the leaf first, then upwards.
    #[inline]
    pub fn push_visit(&mut self, leaf: Hash, completed: impl FnMut(Node, Hash)) {
        self.append(Node { height: 0, index: self.size }, leaf, completed);
    }

    /// Appends `leaves`, and to `levels[k]` the hashes of tile level `k` that they complete; missing levels are added.
    ///
    /// What is added to `levels` depends on the sizes alone; [`crate::Run`] says what stands where.
    pub fn extend_levels(&mut self, leaves: &[Hash], levels: &mut Vec<Vec<Hash>>) {
        for &leaf in leaves {
            self.push_visit(leaf, |node, hash| {
                if node.height % TILE_HEIGHT == 0 {
                    let level = usize::from(node.height / TILE_HEIGHT);
                    if levels.len() <= level {
                        levels.resize_with(level + 1, Vec::new);
                    }
                    levels[level].push(hash);
                }
            });
        }
    }

    /// Grows the tree to `size` leaves by the roots of [`cover`]`(self.size()..size)`.
    ///
    /// # Errors
    /// `WrongCount` or `Backwards`; the frontier is unchanged then.
    pub fn extend_to(&mut self, size: u64, roots: &[Hash]) -> Result<(), FrontierError> {
        if size < self.size {
            return Err(FrontierError::Backwards { size: self.size, to: size });
        }
        check_count(self.size, size, roots.len())?;
        for (node, &root) in cover(self.size..size).zip(roots) {
            self.append(node, root, |_, _| ());
        }
        Ok(())
    }

    /// Size as 8 bytes big-endian, then the roots, the largest first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.roots.iter().flat_map(|root| root.0));
        bytes
    }

    /// Reads exactly what [`Frontier::to_bytes`] wrote.
    ///
    /// # Errors
    /// `Truncated` or `WrongCount`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let truncated = FrontierError::Truncated { bytes: bytes.len() };
        let (size, roots) = bytes.split_first_chunk().ok_or(truncated)?;
        let roots = Hash::from_concatenated(roots).ok_or(truncated)?;
        Self::from_roots(u64::from_be_bytes(*size), &roots)
    }

    /// Appends a complete subtree that begins at the end of the tree, and merges it with equals on its left.
    /// The caller takes `node` from the cover of what follows the tree, so that it is aligned and never higher
    /// than its left neighbour.
    #[inline]
    fn append(&mut self, mut node: Node, mut hash: Hash, mut completed: impl FnMut(Node, Hash)) {
        // Only a forged size comes near the end of u64; its root is wrong anyhow.
        self.size = self.size.saturating_add(1 << node.height);
        completed(node, hash);
        while node.index % 2 == 1 {
            let Some(left) = self.roots.pop() else { break };
            hash = node_hash(&left, &hash);
            node = Node { height: node.height + 1, index: node.index / 2 };
            completed(node, hash);
        }
        self.roots.push(hash);
    }
}

fn check_count(begin: u64, end: u64, found: usize) -> Result<(), FrontierError> {
    let expected = cover(begin..end).count();
    if expected == found { Ok(()) } else { Err(FrontierError::WrongCount { begin, end, expected, found }) }
}
