//! Tiles and their paths, as C2SP `tlog-tiles` defines them.

use crate::TILE_HEIGHT;
use std::{fmt, ops::Range, str::FromStr};

/// Hashes in a full tile.
pub const TILE_WIDTH: u16 = 256;

/// The highest tile level a path may name.
const MAX_LEVEL: u8 = 63;

/// Part of a tile level: the hashes `index * 256 .. index * 256 + width`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

/// Hashes that tile level `level` of a tree of `size` leaves has: one for each complete subtree of that height.
#[must_use]
pub fn stored_hashes(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0)
}

/// The tiles that a tree of `to` leaves has and a tree of `from` leaves has not, or has at a smaller width, level by
/// level. From 0 these are all its tiles.
pub fn tiles_between(from: u64, to: u64) -> impl Iterator<Item = Tile> {
    let width = u64::from(TILE_WIDTH);
    (0..u64::BITS as u8 / TILE_HEIGHT).flat_map(move |level| {
        let (old, new) = (stored_hashes(level, from), stored_hashes(level, to));
        let tiles = if new > old { old / width..new.div_ceil(width) } else { 0..0 };
        tiles.filter_map(move |index| Tile::of_size(level, index, to))
    })
}

impl Tile {
    /// A tile of `width` hashes; `None` for a level over 63, a width outside 1 to 256 or an index that no tree reaches.
    #[must_use]
    pub fn new(level: u8, index: u64, width: u16) -> Option<Self> {
        let fits = level <= MAX_LEVEL && (1..=TILE_WIDTH).contains(&width) && index <= u64::MAX / u64::from(TILE_WIDTH);
        fits.then_some(Self { level, index, width })
    }

    /// The tile as a tree of `size` leaves has it, full or partial; `None` where it has none.
    #[must_use]
    pub fn of_size(level: u8, index: u64, size: u64) -> Option<Self> {
        let first = index.checked_mul(u64::from(TILE_WIDTH))?;
        let width = stored_hashes(level, size).checked_sub(first)?.min(u64::from(TILE_WIDTH));
        Self::new(level, index, width as u16)
    }

    /// 0 for leaf hashes.
    #[must_use]
    pub fn level(&self) -> u8 {
        self.level
    }

    /// Place within its level.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Hashes in the tile, 1 to 256.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.width
    }

    /// The hashes of its level that it holds.
    #[must_use]
    pub fn hashes(&self) -> Range<u64> {
        let first = self.index * u64::from(TILE_WIDTH);
        // The last tile of all would end one past u64.
        first..first.saturating_add(u64::from(self.width))
    }
}

/// The path of a tile: `tile/<level>/<index>`, with `.p/<width>` unless it is full.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_index(f, self.index, self.width)
    }
}

/// What a path below a log's prefix names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TilePath {
    /// `tile/<level>/<index>[.p/<width>]`: hashes.
    Hashes(Tile),
    /// `tile/entries/<index>[.p/<width>]`: the entries behind a tile of level 0.
    Entries(Tile),
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hashes(tile) => tile.fmt(f),
            Self::Entries(tile) => {
                f.write_str("tile/entries/")?;
                write_index(f, tile.index, tile.width)
            }
        }
    }
}

/// A text is not the path of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a tile's path is tile/LEVEL/INDEX or tile/entries/INDEX, with .p/WIDTH if partial, as c2sp.org/tlog-tiles has it"
)]
pub struct TilePathError;

impl FromStr for TilePath {
    type Err = TilePathError;

    /// Accepts exactly the texts that `Display` writes, so that a tile has one path.
    fn from_str(text: &str) -> Result<Self, TilePathError> {
        let (kind, rest) = text.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or(TilePathError)?;
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, Some(decimal(width).ok_or(TilePathError)?)),
            None => (rest, None),
        };
        let index = read_index(index).ok_or(TilePathError)?;
        let width = match width {
            None => TILE_WIDTH,
            Some(width) if width < u64::from(TILE_WIDTH) => width as u16,
            Some(_) => return Err(TilePathError),
        };
        let tile = |level| Tile::new(level, index, width).ok_or(TilePathError);
        if kind == "entries" {
            return tile(0).map(Self::Entries);
        }
        let level = decimal(kind).and_then(|level| u8::try_from(level).ok()).ok_or(TilePathError)?;
        tile(level).map(Self::Hashes)
    }
}

/// An index in groups of three digits, all but the last group marked with an `x`, so that no file is also a folder.
fn write_index(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let groups = index.checked_ilog(1000).unwrap_or(0);
    for group in (1..=groups).rev() {
        write!(f, "x{:03}/", index / 1000_u64.pow(group) % 1000)?;
    }
    write!(f, "{:03}", index % 1000)?;
    if width < TILE_WIDTH { write!(f, ".p/{width}") } else { Ok(()) }
}

fn read_index(text: &str) -> Option<u64> {
    let mut index: u64 = 0;
    let mut groups = text.split('/').peekable();
    let mut first = true;
    while let Some(group) = groups.next() {
        let digits = if groups.peek().is_some() { group.strip_prefix('x')? } else { group };
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if first && digits == "000" && groups.peek().is_some() {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        first = false;
    }
    Some(index)
}

/// A decimal number without sign and without leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = plain && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}
