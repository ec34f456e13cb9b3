//! The manifests of the archive once more, in a file of the data folder: what is archived is known while the bucket is away.
//!
//! Written anew whenever the bucket was read, and extended after each upload. What stands in it is checked like what stands in
//! the bucket: every manifest is signed and follows the one before it. A file that ends in the middle of a manifest is read as
//! far as it goes, which is what a crash leaves.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use indelible_merkle::VerifierKey;
use indelible_storage::durable;

use crate::inventory::{Inventory, InventoryError, check};
use crate::manifest::MANIFEST_BYTES_MAX;

/// First line of the file. Then for each manifest its length, four bytes, little-endian, and its bytes.
const FORMAT: &[u8] = b"indelible/manifests/v1\n";

/// What the file says; `None` if there is none, or none that can be believed.
///
/// # Errors
/// When the file cannot be read.
pub fn read(path: &Path, keys: impl Fn(&str) -> Vec<VerifierKey>) -> io::Result<Option<Inventory>> {
    let mut file = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut format = [0; FORMAT.len()];
    if !fill(&mut file, &mut format)? || format != FORMAT {
        return Ok(None);
    }
    let mut found = Vec::new();
    while let Some(bytes) = next(&mut file)? {
        match check("in the data folder".to_owned(), &bytes, &keys) {
            Ok(manifest) => found.push(manifest),
            Err(_) => return Ok(None),
        }
    }
    Ok(Inventory::of(found).ok())
}

/// The next manifest; `None` at the end, and where the rest is not whole.
fn next(file: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if !fill(file, &mut length)? {
        return Ok(None);
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > MANIFEST_BYTES_MAX {
        return Ok(None);
    }
    let mut bytes = vec![0; length];
    Ok(fill(file, &mut bytes)?.then_some(bytes))
}

/// Whether there was as much as asked for.
fn fill(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Adds a manifest that was uploaded, where there is a file. A file that could not be extended is removed: it would miss one.
///
/// # Errors
/// When it could not be extended.
pub fn extend(path: &Path, manifest: &[u8]) -> io::Result<()> {
    let mut file = match OpenOptions::new().append(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let written = write(&mut file, manifest).and_then(|()| file.sync_data());
    if written.is_err() {
        _ = std::fs::remove_file(path);
    }
    written
}

fn write(file: &mut impl Write, manifest: &[u8]) -> io::Result<()> {
    let length = u32::try_from(manifest.len()).map_err(io::Error::other)?;
    file.write_all(&[&length.to_le_bytes(), manifest].concat())
}

/// A file that is being written anew, beside the old one until it is complete.
pub struct Rewrite {
    path: PathBuf,
    staging: PathBuf,
    file: BufWriter<File>,
}

impl Rewrite {
    /// Begins.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn begin(path: &Path) -> io::Result<Self> {
        let staging = path.with_extension("new");
        let mut file = BufWriter::new(File::create(&staging)?);
        file.write_all(FORMAT)?;
        Ok(Self { path: path.to_owned(), staging, file })
    }

    pub(crate) fn push(&mut self, manifest: &[u8]) -> Result<(), InventoryError> {
        write(&mut self.file, manifest).map_err(InventoryError::Mirror)
    }

    /// Puts the new file in the old one's place, durably.
    ///
    /// # Errors
    /// When the disk fails; the old one may then be there or not.
    pub fn finish(self) -> io::Result<()> {
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&self.staging, &self.path)?;
        self.path.parent().map_or(Ok(()), durable::sync_dir)
    }
}

#[cfg(test)]
mod tests;
