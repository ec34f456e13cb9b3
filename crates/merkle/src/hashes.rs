//! Reading a tree of which only the tile levels (heights 0, 8, 16, ...) are stored.

use crate::{Frontier, Hash, Node, TILE_HEIGHT, TILE_WIDTH, cover, empty_root, node_hash};
use std::{cell::RefCell, error::Error, ops::Range};

/// Access to the stored hashes of a tree.
///
/// Hash `index` of tile level `level` is the root of the leaves `index * 256^level .. (index + 1) * 256^level`; it
/// exists once all of them do. A reader answers for what exists and gives an error for everything else.
pub trait Hashes {
    /// Why a hash could not be read.
    type Error: Error + Send + Sync + 'static;

    /// Reads the consecutive hashes `first..first + out.len()` of a tile level into `out`. Proofs ask for at most a tile.
    ///
    /// # Errors
    /// The reader's own; `out` then holds anything.
    fn tile_hashes(&self, level: u8, first: u64, out: &mut [Hash]) -> Result<(), Self::Error>;

    /// Reads one hash of a tile level.
    ///
    /// # Errors
    /// The reader's own.
    fn tile_hash(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        let mut hash = [Hash::ZERO];
        self.tile_hashes(level, index, &mut hash)?;
        Ok(hash[0])
    }

    /// Reads or computes the root of a complete subtree of any height: hashes up to 127 nodes.
    ///
    /// # Errors
    /// The reader's own.
    fn node(&self, node: Node) -> Result<Hash, Self::Error> {
        let above = node.height % TILE_HEIGHT;
        let mut run = [Hash::ZERO; 128];
        let run = &mut run[..1 << above];
        self.tile_hashes(node.height / TILE_HEIGHT, node.index << above, run)?;
        let mut width = run.len();
        while width > 1 {
            width /= 2;
            for i in 0..width {
                run[i] = node_hash(&run[2 * i], &run[2 * i + 1]);
            }
        }
        Ok(run[0])
    }
}

impl<H: Hashes + ?Sized> Hashes for &H {
    type Error = H::Error;

    fn tile_hashes(&self, level: u8, first: u64, out: &mut [Hash]) -> Result<(), Self::Error> {
        (**self).tile_hashes(level, first, out)
    }

    fn node(&self, node: Node) -> Result<Hash, Self::Error> {
        (**self).node(node)
    }
}

/// The root of the first `size` leaves.
///
/// # Errors
/// The reader's own, where it does not hold that many leaves.
pub fn root<H: Hashes>(hashes: &H, size: u64) -> Result<Hash, H::Error> {
    subtree(hashes, 0..size)
}

impl Frontier {
    /// Reads the frontier of the first `size` leaves: as many subtrees as `size` has set bits.
    ///
    /// # Errors
    /// The reader's own, where it does not hold that many leaves.
    pub fn read<H: Hashes>(hashes: &H, size: u64) -> Result<Self, H::Error> {
        let roots = cover(0..size).map(|node| hashes.node(node)).collect::<Result<Vec<_>, _>>()?;
        let mut frontier = Self::new();
        // One root per node of the very cover that is asked for, so the count cannot be wrong.
        let extended = frontier.extend_to(size, &roots);
        debug_assert_eq!(extended, Ok(()));
        Ok(frontier)
    }
}

/// The Merkle tree hash of the leaves `range`, whose start is aligned as in RFC 6962's recursion.
pub(crate) fn subtree<H: Hashes>(hashes: &H, range: Range<u64>) -> Result<Hash, H::Error> {
    let mut left = [Hash::ZERO; 64];
    let mut count = 0;
    for node in cover(range) {
        left[count] = hashes.node(node)?;
        count += 1;
    }
    let roots = left[..count].iter().rev().copied();
    Ok(roots.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root))
}

/// A tree whose tile levels are in memory: those that [`Frontier::extend_levels`] fills.
#[derive(Clone, Debug, Default)]
pub struct LevelHashes {
    /// Hashes of level 0, 1, ...
    pub levels: Vec<Vec<Hash>>,
}

/// A hash that the tree does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tree has no hashes {first} to {end} at tile level {level}")]
pub struct NoSuchHash {
    level: u8,
    first: u64,
    end: u64,
}

impl Hashes for LevelHashes {
    type Error = NoSuchHash;

    fn tile_hashes(&self, level: u8, first: u64, out: &mut [Hash]) -> Result<(), NoSuchHash> {
        let end = first.saturating_add(out.len() as u64);
        let found = self
            .levels
            .get(usize::from(level))
            .and_then(|hashes| hashes.get(usize::try_from(first).ok()?..usize::try_from(end).ok()?));
        out.copy_from_slice(found.ok_or(NoSuchHash { level, first, end })?);
        Ok(())
    }
}

/// Tiles of one level kept in memory. Proofs of neighbours share the tile of their own and that of the tree's end.
const TILES_PER_LEVEL: usize = 4;

/// A reader that keeps the tiles it has read, with all their inner nodes, so that a proof costs a look-up per
/// hash instead of a tile of hashing. It holds at most four tiles of 16 KiB for each of a tree's two to four levels.
///
/// For making many proofs; one thread at a time.
pub struct TileCache<H> {
    hashes: H,
    size: u64,
    /// By level; the tile used last comes first.
    tiles: RefCell<[Vec<ExpandedTile>; LEVELS]>,
}

/// Tile levels that a tree of u64 leaves can have.
const LEVELS: usize = (u64::BITS as usize) / (TILE_HEIGHT as usize);

struct ExpandedTile {
    index: u64,
    /// 256 hashes of the tile, then 128 of the height above, and so on; those of an incomplete subtree are zero.
    nodes: Vec<Hash>,
}

impl<H: Hashes> TileCache<H> {
    /// Reads through `hashes`, which holds at least `size` leaves; proofs can be made for any size up to that.
    pub fn new(hashes: H, size: u64) -> Self {
        Self { hashes, size, tiles: RefCell::default() }
    }

    fn expand(&self, level: u8, index: u64) -> Result<ExpandedTile, H::Error> {
        let first = index * u64::from(TILE_WIDTH);
        let width = (crate::stored_hashes(level, self.size) - first).min(u64::from(TILE_WIDTH)) as usize;
        let mut nodes = vec![Hash::ZERO; 2 * usize::from(TILE_WIDTH)];
        self.hashes.tile_hashes(level, first, &mut nodes[..width])?;
        for height in 0..TILE_HEIGHT {
            let (below, above) = (offset(height), offset(height + 1));
            for i in 0..width >> (height + 1) {
                nodes[above + i] = node_hash(&nodes[below + 2 * i], &nodes[below + 2 * i + 1]);
            }
        }
        Ok(ExpandedTile { index, nodes })
    }
}

/// Where the nodes of `height` begin in an expanded tile.
fn offset(height: u8) -> usize {
    512 - (512 >> height)
}

impl<H: Hashes> Hashes for TileCache<H> {
    type Error = H::Error;

    fn tile_hashes(&self, level: u8, first: u64, out: &mut [Hash]) -> Result<(), H::Error> {
        self.hashes.tile_hashes(level, first, out)
    }

    fn node(&self, node: Node) -> Result<Hash, H::Error> {
        let (level, height) = (node.height / TILE_HEIGHT, node.height % TILE_HEIGHT);
        let mut levels = self.tiles.borrow_mut();
        let inside = (u128::from(node.index) + 1) << node.height <= u128::from(self.size);
        let Some(tiles) = levels.get_mut(usize::from(level)).filter(|_| inside) else {
            // The reader says what is wrong.
            return self.hashes.node(node);
        };
        let in_tile = TILE_HEIGHT - height;
        let index = node.index >> in_tile;
        match tiles.iter().position(|tile| tile.index == index) {
            Some(at) => tiles[..=at].rotate_right(1),
            None => {
                tiles.truncate(TILES_PER_LEVEL - 1);
                tiles.insert(0, self.expand(level, index)?);
            }
        }
        let within = (node.index - (index << in_tile)) as usize;
        Ok(tiles[0].nodes[offset(height) + within])
    }
}
