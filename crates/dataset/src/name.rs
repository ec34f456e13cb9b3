//! Names of the table's files, which say what is in them.

use std::fmt;

use indelible_archive::layout;
use sha2::{Digest as _, Sha256};

use crate::position::Position;

/// The name of a file within the table's folder: `date=<date>/<generation>-<first>-<last>-<hash>[-<version>].parquet`.
///
/// The hash is of the file's own bytes, so that an attempt that is repeated finds what it wrote before, and one that
/// writes other bytes takes another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileName {
    /// UTC day of `received_at` of every row.
    pub date: String,
    /// Generation of the log.
    pub generation: u32,
    /// Bounds of `seq`; rows between may be missing where the export has a start date.
    pub first: u64,
    /// See `first`.
    pub last: u64,
    /// Beginning of the SHA-256 of the file.
    hash: [u8; 8],
    /// For a file made of others, the version of the table whose commit was to bring it.
    pub made_for: Option<u64>,
}

impl FileName {
    pub(crate) fn new(date: &str, generation: u32, (first, last): (u64, u64), bytes: &[u8]) -> FileName {
        let sha256: [u8; 32] = Sha256::digest(bytes).into();
        let mut hash = [0; 8];
        hash.copy_from_slice(&sha256[..8]);
        FileName { date: date.to_owned(), generation, first, last, hash, made_for: None }
    }

    /// Reads a name back; `None` for every other name.
    pub(crate) fn parse(path: &str) -> Option<FileName> {
        let (date, name) = path.strip_prefix("date=")?.split_once('/')?;
        let mut parts = name.strip_suffix(".parquet")?.split('-');
        let generation = parts.next()?.parse().ok()?;
        let (first, last) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let mut hash = [0; 8];
        hex::decode_to_slice(parts.next()?, &mut hash).ok()?;
        let made_for = parts.next().map(str::parse).transpose().ok()?;
        let name = FileName { date: date.to_owned(), generation, first, last, hash, made_for };
        (name.to_string() == path && name.is_sound()).then_some(name)
    }

    /// Behind the last row.
    pub(crate) fn position(&self) -> Position {
        Position { generation: self.generation, last: self.last }
    }

    /// Whether the file has these bytes.
    pub(crate) fn is_of(&self, bytes: &[u8]) -> bool {
        Sha256::digest(bytes).starts_with(&self.hash)
    }

    fn is_sound(&self) -> bool {
        let date = self.date.as_bytes();
        let digits = |range: &[u8]| range.iter().all(u8::is_ascii_digit);
        let is_date = date.len() == 10 && digits(&date[..4]) && digits(&date[5..7]) && digits(&date[8..]);
        is_date && date[4] == b'-' && date[7] == b'-' && self.first <= self.last && self.generation > 0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FileName { date, generation, first, last, .. } = self;
        let run = layout::manifest(*first, *last);
        let run = run.trim_start_matches("manifest/");
        write!(f, "date={date}/{generation:04}-{run}-{}", hex::encode(self.hash))?;
        match self.made_for {
            Some(version) => write!(f, "-{version}.parquet"),
            None => f.write_str(".parquet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, reads: bool) {
        assert_eq!(FileName::parse(text).map(|name| name.to_string()), reads.then(|| text.to_owned()), "{text}");
    }

    #[test]
    fn names_are_read_in_their_one_form() {
        let mut name = FileName::new("2026-01-05", 3, (0, 4711), b"bytes");
        check(&name.to_string(), true);
        assert_eq!(name.to_string(), "date=2026-01-05/0003-0000000000000000-0000000000004711-277089d91c0bdf4f.parquet");
        assert!(name.is_of(b"bytes") && !name.is_of(b"byte"));
        name.made_for = Some(12);
        check(&name.to_string(), true);
    }

    #[test]
    fn every_other_name_is_left_alone() {
        for text in [
            "_delta_log/00000000000000000000.json",
            "date=2026-01-05/part-00000-c000.zstd.parquet",
            "date=2026-1-05/0003-0000000000000000-0000000000004711-2846e63dcc2af27d.parquet",
            "date=2026-01-05/3-0000000000000000-0000000000004711-2846e63dcc2af27d.parquet",
            "date=2026-01-05/0000-0000000000000000-0000000000004711-2846e63dcc2af27d.parquet",
            "date=2026-01-05/0003-0000000000004711-0000000000000000-2846e63dcc2af27d.parquet",
            "date=2026-01-05/0003-0000000000000000-0000000000004711-2846E63DCC2AF27D.parquet",
            "date=2026-01-05/0003-0000000000000000-0000000000004711-2846e63dcc2af27d-012.parquet",
            "date=2026-01-05/0003-0000000000000000-0000000000004711-2846e63dcc2af27d-1-2.parquet",
        ] {
            check(text, false);
        }
    }
}
