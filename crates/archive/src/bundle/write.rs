//! Making a bundle, of rows as they come.

use indelible_merkle::{Hash, Note, NoteError};
use sha2::{Digest as _, Sha256};

use super::parquet::ParquetRows;
use super::row::{BundleRow, RowFormat, Shown};
use super::statement::{Claim, Statement};
use super::{LEAVES, STATEMENT, csv, json};
use crate::manifest::{NamedObject, ObjectFacts};

/// Bytes of rows or leaves collected before they are handed on.
const CHUNK_BYTES: usize = 256 << 10;

/// Where the files of a bundle go.
pub trait Sink {
    /// Why it could not be taken.
    type Error;

    /// Takes the next bytes of the file `name`. Files are begun in any order, and two of them grow in turns.
    ///
    /// # Errors
    /// The sink's own.
    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Self::Error>;
}

/// A bundle could not be made.
#[derive(Debug, thiserror::Error)]
pub enum WriteBundleError<E> {
    /// The sink failed.
    #[error("hand the bundle on")]
    Sink(E),
    /// Rows are not the next ones, or not as many as announced.
    #[error("row {found} where {expected} belongs")]
    Order {
        /// The `seq` that comes next; one past the last when there should be no more.
        expected: u64,
        /// The `seq` given.
        found: u64,
    },
    /// The infrastructure part of a row is none.
    #[error("write a row: {0}")]
    Row(String),
    /// Parquet failed.
    #[error("write rows as Parquet: {0}")]
    Parquet(String),
    /// It could not be signed.
    #[error("sign the bundle: {0}")]
    Sign(String),
    /// The text cannot be a note.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// Writes the rows of a bundle, the files beside them, and last the statement, without which it is none.
///
/// Holds a chunk of rows; as Parquet a row group, 8 MiB or so.
pub struct BundleWriter<S> {
    claim: Claim,
    sink: S,
    next: u64,
    matches: u64,
    redacted: u64,
    rows: Rows,
    files: Vec<Growing>,
    chunk: Vec<u8>,
    leaves: Vec<u8>,
}

enum Rows {
    Jsonl,
    Csv,
    Parquet(Box<ParquetRows>),
}

/// A file that has been begun.
struct Growing {
    name: &'static str,
    bytes: u64,
    sha256: Sha256,
}

impl<S: Sink> BundleWriter<S> {
    /// Begins the bundle.
    ///
    /// # Errors
    /// See [`WriteBundleError`].
    pub fn new(claim: Claim, sink: S) -> Result<Self, WriteBundleError<S::Error>> {
        let rows = match claim.rows {
            RowFormat::Jsonl => Rows::Jsonl,
            RowFormat::Csv => Rows::Csv,
            RowFormat::Parquet => Rows::Parquet(Box::new(ParquetRows::new().map_err(WriteBundleError::Parquet)?)),
        };
        let chunk = if claim.rows == RowFormat::Csv { csv::header().into_bytes() } else { Vec::new() };
        let next = claim.first;
        Ok(Self { claim, sink, next, matches: 0, redacted: 0, rows, files: Vec::new(), chunk, leaves: Vec::new() })
    }

    /// What the bundle is about.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Adds a file other than rows and leaves, whole.
    ///
    /// # Errors
    /// See [`WriteBundleError`].
    pub fn file(&mut self, name: &'static str, bytes: &[u8]) -> Result<(), WriteBundleError<S::Error>> {
        self.hand_on(name, bytes)
    }

    /// Adds the next row and its leaf, which the caller has compared.
    ///
    /// # Errors
    /// See [`WriteBundleError`].
    pub fn row(&mut self, row: &BundleRow<'_>, leaf: Hash) -> Result<(), WriteBundleError<S::Error>> {
        if row.seq != self.next || row.seq > self.claim.last {
            return Err(WriteBundleError::Order { expected: self.next, found: row.seq });
        }
        let withheld = self.claim.withholds(&row.shown);
        self.redacted += u64::from(withheld.map_err(|fault| WriteBundleError::Row(fault.into_owned()))?);
        self.next += 1;
        self.matches += u64::from(matches!(row.shown, Shown::Full { .. }));
        self.leaves.extend_from_slice(leaf.as_ref());
        match &mut self.rows {
            Rows::Jsonl => json::write(row, &mut self.chunk),
            Rows::Csv => csv::write(row, &mut self.chunk),
            Rows::Parquet(rows) => rows.push(row, &mut self.chunk).map_err(WriteBundleError::Parquet)?,
        }
        if self.chunk.len() >= CHUNK_BYTES || self.leaves.len() >= CHUNK_BYTES { self.flush() } else { Ok(()) }
    }

    /// Completes the bundle: `sign` signs its statement under the origin as name. Returns the rows shown whole.
    ///
    /// # Errors
    /// See [`WriteBundleError`]; `Order` when rows are missing.
    pub fn finish(
        mut self,
        sign: impl FnOnce(&str) -> Result<Note, String>,
    ) -> Result<(u64, S), WriteBundleError<S::Error>> {
        if self.next != self.claim.last + 1 {
            return Err(WriteBundleError::Order { expected: self.next, found: self.claim.last + 1 });
        }
        if let Rows::Parquet(rows) = std::mem::replace(&mut self.rows, Rows::Jsonl) {
            rows.finish(&mut self.chunk).map_err(WriteBundleError::Parquet)?;
        }
        self.flush()?;
        let facts = |file: Growing| NamedObject {
            name: file.name.to_owned(),
            facts: ObjectFacts { bytes: file.bytes, sha256: file.sha256.finalize().into() },
        };
        let mut files: Vec<NamedObject> = self.files.into_iter().map(facts).collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let Self { claim, matches, redacted, .. } = self;
        let statement = Statement { claim, matches, redacted, files };
        let note = sign(&statement.text()).map_err(WriteBundleError::Sign)?;
        self.sink.write(STATEMENT, note.to_string().as_bytes()).map_err(WriteBundleError::Sink)?;
        Ok((matches, self.sink))
    }

    fn flush(&mut self) -> Result<(), WriteBundleError<S::Error>> {
        let (chunk, leaves) = (std::mem::take(&mut self.chunk), std::mem::take(&mut self.leaves));
        self.hand_on(self.claim.rows.file(), &chunk)?;
        self.hand_on(LEAVES, &leaves)
    }

    fn hand_on(&mut self, name: &'static str, bytes: &[u8]) -> Result<(), WriteBundleError<S::Error>> {
        let file = match self.files.iter_mut().position(|file| file.name == name) {
            Some(at) => &mut self.files[at],
            None => {
                self.files.push(Growing { name, bytes: 0, sha256: Sha256::new() });
                let last = self.files.len() - 1;
                &mut self.files[last]
            }
        };
        file.bytes += bytes.len() as u64;
        file.sha256.update(bytes);
        self.sink.write(name, bytes).map_err(WriteBundleError::Sink)
    }
}
