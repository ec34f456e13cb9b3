//! How far a table has come in a log.

use std::fmt;

use indelible_archive::LogFile;
use indelible_archive::rows::SEQ_MAX;

/// Bits of a `seq`.
const SEQ_BITS: u32 = 53;
/// The largest generation that a position can name.
const GENERATION_MAX: u32 = (1 << (63 - SEQ_BITS)) - 1;

/// The last entry of the log that a table takes account of: every one up to it is in the table, or was filtered out.
///
/// Positions of a log are ordered as its entries are, and so are the versions of application transactions they become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Generation of the log.
    pub generation: u32,
    /// `seq` of the entry.
    pub last: u64,
}

impl Position {
    /// Behind a log file.
    pub(crate) fn of(file: &LogFile) -> Position {
        Position { generation: file.generation, last: file.last }
    }

    /// As the version of an application transaction; `None` if the generation is beyond 1,023.
    pub(crate) fn version(self) -> Option<i64> {
        let fits = self.generation <= GENERATION_MAX && self.last <= SEQ_MAX;
        fits.then(|| (i64::from(self.generation) << SEQ_BITS) | self.last as i64)
    }

    /// Reads a version back; `None` if no position gives it.
    pub(crate) fn from_version(version: i64) -> Option<Position> {
        let version = u64::try_from(version).ok()?;
        Some(Position { generation: (version >> SEQ_BITS) as u32, last: version & SEQ_MAX })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {} of generation {}", self.last, self.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_a_version_of_the_same_order() {
        let at = |generation, last| Position { generation, last };
        let ordered = [at(1, 0), at(1, 1), at(1, SEQ_MAX), at(2, 0), at(7, 9), at(GENERATION_MAX, SEQ_MAX)];
        let versions = ordered.map(|position| position.version().unwrap());
        assert!(versions.is_sorted() && versions[0] > 0);
        assert_eq!(versions.map(|version| Position::from_version(version).unwrap()), ordered);
    }

    #[test]
    fn what_fits_no_version_is_none() {
        assert_eq!(Position { generation: GENERATION_MAX + 1, last: 0 }.version(), None);
        assert_eq!(Position { generation: 1, last: SEQ_MAX + 1 }.version(), None);
        assert_eq!(Position::from_version(-1), None);
    }
}
