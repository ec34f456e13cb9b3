//! Roots of complete subtrees, merged as they become whole.

use indelible_merkle::{Hash, Node, node_hash};

/// Neighbouring complete subtrees from left to right, none of which can be merged with the next.
///
/// From leaf 0 on these are the subtrees of the tree's frontier. A run that begins elsewhere is merged as far as it goes
/// by itself; pushed onto the stack of what stands before it, the rest falls into place.
#[derive(Debug, Clone, Default)]
pub(super) struct Stack {
    subtrees: Vec<(Node, Hash)>,
}

impl Stack {
    /// Appends the subtree right of the last one, and calls `merged` for each subtree it makes whole.
    #[inline]
    pub(super) fn push(&mut self, mut node: Node, mut hash: Hash, mut merged: impl FnMut(Node, Hash)) {
        while node.index % 2 == 1 {
            let left = Node { height: node.height, index: node.index - 1 };
            match self.subtrees.last() {
                Some(&(top, top_hash)) if top == left => {
                    self.subtrees.pop();
                    hash = node_hash(&top_hash, &hash);
                    node = Node { height: node.height + 1, index: node.index / 2 };
                    merged(node, hash);
                }
                _ => break,
            }
        }
        self.subtrees.push((node, hash));
    }

    /// Appends all of `other`, which begins where this ends.
    pub(super) fn append(&mut self, other: &Stack, mut merged: impl FnMut(Node, Hash)) {
        for &(node, hash) in &other.subtrees {
            self.push(node, hash, &mut merged);
        }
    }

    /// The root of the tree, if it begins with leaf 0.
    pub(super) fn root(&self) -> Option<Hash> {
        let roots = self.subtrees.iter().rev().map(|(_, hash)| *hash);
        roots.reduce(|right, left| node_hash(&left, &right))
    }
}
