//! A row of a bundle: one entry, as much of it as is shown.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use indelible_event::entry::{Digest, content_hash, entry_bytes, infrastructure_hash};
use indelible_merkle::{Hash, leaf_hash};

/// How the rows of a bundle are written. What they say is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFormat {
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header.
    Csv,
    /// Parquet.
    Parquet,
}

impl RowFormat {
    /// Its name, which is also the end of the file's.
    pub fn name(self) -> &'static str {
        match self {
            RowFormat::Jsonl => "jsonl",
            RowFormat::Csv => "csv",
            RowFormat::Parquet => "parquet",
        }
    }

    /// The file with the rows.
    pub fn file(self) -> &'static str {
        match self {
            RowFormat::Jsonl => "rows.jsonl",
            RowFormat::Csv => "rows.csv",
            RowFormat::Parquet => "rows.parquet",
        }
    }
}

/// No rows are written like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("rows are written as jsonl, csv or parquet")]
pub struct UnknownRowFormat;

impl FromStr for RowFormat {
    type Err = UnknownRowFormat;

    fn from_str(text: &str) -> Result<Self, UnknownRowFormat> {
        let all = [RowFormat::Jsonl, RowFormat::Csv, RowFormat::Parquet];
        all.into_iter().find(|format| format.name() == text).ok_or(UnknownRowFormat)
    }
}

/// An entry at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRow<'a> {
    /// Its place in the log.
    pub seq: u64,
    /// How much of it is shown.
    pub shown: Shown<'a>,
}

/// How much of an entry a row shows. From each of these its leaf follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown<'a> {
    /// All of it, and the salt that hides the content from whoever has its hash alone.
    Full {
        /// `received_at`, microseconds since 1970 UTC.
        received_at_us: i64,
        /// The canonical infrastructure part.
        infrastructure: Cow<'a, str>,
        /// The canonical content part.
        content: Cow<'a, str>,
        /// The salt of the content hash.
        salt: [u8; 32],
    },
    /// The infrastructure part, because the entry is not what the filter looks for and everybody should see that.
    Stub {
        /// `received_at`.
        received_at_us: i64,
        /// The canonical infrastructure part.
        infrastructure: Cow<'a, str>,
        /// Hash of the content part.
        content: Digest,
    },
    /// When it was received, because it stands just outside of a window of time.
    Boundary {
        /// `received_at`.
        received_at_us: i64,
        /// Hash of the infrastructure part.
        infrastructure: Digest,
        /// Hash of the content part.
        content: Digest,
    },
    /// Nothing: the server says that it is not what the filter looks for.
    Leaf(Hash),
}

impl<'a> BundleRow<'a> {
    /// Leaves the content out of a row that is shown whole.
    #[must_use]
    pub fn stub(self) -> BundleRow<'a> {
        let Shown::Full { received_at_us, infrastructure, content, salt } = self.shown else { return self };
        let content = content_hash(&salt, content.as_bytes());
        BundleRow { seq: self.seq, shown: Shown::Stub { received_at_us, infrastructure, content } }
    }

    /// Leaves both parts out of a row that is shown whole.
    #[must_use]
    pub fn boundary(self) -> BundleRow<'a> {
        let (received_at_us, infrastructure, content) = match self.shown {
            Shown::Full { received_at_us, infrastructure, content, salt } => {
                (received_at_us, infrastructure, content_hash(&salt, content.as_bytes()))
            }
            Shown::Stub { received_at_us, infrastructure, content } => (received_at_us, infrastructure, content),
            _ => return self,
        };
        let infrastructure = infrastructure_hash(infrastructure.as_bytes());
        BundleRow { seq: self.seq, shown: Shown::Boundary { received_at_us, infrastructure, content } }
    }

    /// The leaf of the entry in the log of `organization`. `scratch` is room to work in.
    pub fn leaf(&self, organization: &str, scratch: &mut Vec<u8>) -> Hash {
        let (received_at_us, infrastructure, content) = match &self.shown {
            Shown::Full { received_at_us, infrastructure, content, salt } => (
                *received_at_us,
                infrastructure_hash(infrastructure.as_bytes()),
                content_hash(salt, content.as_bytes()),
            ),
            Shown::Stub { received_at_us, infrastructure, content } => {
                (*received_at_us, infrastructure_hash(infrastructure.as_bytes()), *content)
            }
            Shown::Boundary { received_at_us, infrastructure, content } => (*received_at_us, *infrastructure, *content),
            Shown::Leaf(leaf) => return *leaf,
        };
        scratch.clear();
        entry_bytes(scratch, organization, self.seq, received_at_us, &infrastructure, &content);
        leaf_hash(scratch)
    }

    /// When it was received, if the row says so.
    pub fn received_at_us(&self) -> Option<i64> {
        match &self.shown {
            Shown::Full { received_at_us, .. }
            | Shown::Stub { received_at_us, .. }
            | Shown::Boundary { received_at_us, .. } => Some(*received_at_us),
            Shown::Leaf(_) => None,
        }
    }

    /// The infrastructure part, if it is shown.
    pub fn infrastructure(&self) -> Option<&str> {
        match &self.shown {
            Shown::Full { infrastructure, .. } | Shown::Stub { infrastructure, .. } => Some(infrastructure),
            Shown::Boundary { .. } | Shown::Leaf(_) => None,
        }
    }
}

/// The cells of a row, by the names they have in every format: those that are not shown are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cells<'a> {
    pub(super) seq: u64,
    pub(super) received_at: Option<i64>,
    pub(super) infrastructure: Option<Cow<'a, str>>,
    pub(super) content: Option<Cow<'a, str>>,
    pub(super) salt: Option<[u8; 32]>,
    pub(super) infrastructure_hash: Option<[u8; 32]>,
    pub(super) content_hash: Option<[u8; 32]>,
    pub(super) leaf: Option<Hash>,
    pub(super) boundary: bool,
}

/// Their names, in order.
pub(super) const CELLS: [&str; 9] =
    ["seq", "receivedAt", "infrastructure", "content", "salt", "infrastructureHash", "contentHash", "leaf", "boundary"];

/// What is wrong with a row.
pub(super) type RowFault = Cow<'static, str>;

impl<'a> Cells<'a> {
    pub(super) fn of(row: &'a BundleRow<'a>) -> Cells<'a> {
        let cells = Cells { seq: row.seq, received_at: row.received_at_us(), ..Cells::default() };
        match &row.shown {
            Shown::Full { infrastructure, content, salt, .. } => Cells {
                infrastructure: Some(Cow::Borrowed(infrastructure)),
                content: Some(Cow::Borrowed(content)),
                salt: Some(*salt),
                ..cells
            },
            Shown::Stub { infrastructure, content, .. } => {
                Cells { infrastructure: Some(Cow::Borrowed(infrastructure)), content_hash: Some(*content), ..cells }
            }
            Shown::Boundary { infrastructure, content, .. } => Cells {
                infrastructure_hash: Some(*infrastructure),
                content_hash: Some(*content),
                boundary: true,
                ..cells
            },
            Shown::Leaf(leaf) => Cells { leaf: Some(*leaf), ..cells },
        }
    }

    /// The row, if these cells are those of one of the four kinds, no more and no less.
    pub(super) fn row(self) -> Result<BundleRow<'a>, RowFault> {
        let seq = self.seq;
        let shown = match self {
            Cells {
                received_at: Some(received_at_us),
                infrastructure: Some(infrastructure),
                content: Some(content),
                salt: Some(salt),
                infrastructure_hash: None,
                content_hash: None,
                leaf: None,
                boundary: false,
                ..
            } => Shown::Full { received_at_us, infrastructure, content, salt },
            Cells {
                received_at: Some(received_at_us),
                infrastructure: Some(infrastructure),
                content: None,
                salt: None,
                infrastructure_hash: None,
                content_hash: Some(content),
                leaf: None,
                boundary: false,
                ..
            } => Shown::Stub { received_at_us, infrastructure, content },
            Cells {
                received_at: Some(received_at_us),
                infrastructure: None,
                content: None,
                salt: None,
                infrastructure_hash: Some(infrastructure),
                content_hash: Some(content),
                leaf: None,
                boundary: true,
                ..
            } => Shown::Boundary { received_at_us, infrastructure, content },
            Cells {
                received_at: None,
                infrastructure: None,
                content: None,
                salt: None,
                infrastructure_hash: None,
                content_hash: None,
                leaf: Some(leaf),
                boundary: false,
                ..
            } => Shown::Leaf(leaf),
            _ => return Err("its members are those of no kind of row".into()),
        };
        Ok(BundleRow { seq, shown })
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests;
