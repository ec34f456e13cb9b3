//! What a sink keeps on disk: its cursor and its dead letters, a file each, replaced as a whole.
//!
//! Formats: `docs/formats/sink.md`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indelible_storage::{Cell, CellError, Disk};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::engine::{Cursor, DeadLetter};
use crate::entry::Position;

const VERSION: u32 = 1;

/// Most dead letters a sink keeps. With the longest reasons they are a file of about 2 MB.
pub const DEAD_LETTERS_MAX: usize = 1000;

/// The files of one sink.
#[derive(Debug)]
pub struct Store {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    cursor: Cell,
    dead: Cell,
    letters: BTreeMap<Position, DeadLetter>,
}

/// Why something was not kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file cannot be read.
    #[error("read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not what this version writes.
    #[error("{} is damaged, or of a newer version; put it right, or move it away and the sink starts anew", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A file was not replaced, or perhaps not: [open](Store::open) the store again.
    #[error(transparent)]
    Write(#[from] CellError),
    /// There is no room for more dead letters; nothing was kept.
    #[error("there are {DEAD_LETTERS_MAX} dead letters; replay or discard them, and the sink goes on")]
    Full,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept<T> {
    version: u32,
    kept: T,
}

impl Store {
    /// Opens the files in `folder`, which is created if it is missing, and returns the cursor if there is one. One store at a time may
    /// be open for a folder.
    ///
    /// # Errors
    /// When a file cannot be read or understood.
    pub fn open(disk: Arc<dyn Disk>, folder: &Path) -> Result<(Store, Option<Cursor>), StoreError> {
        disk.create_dir(folder).map_err(|source| StoreError::Read { path: folder.to_owned(), source })?;
        let (cursor, position) = open(&disk, folder.join("cursor"))?;
        let (dead, letters) = open::<Vec<DeadLetter>>(&disk, folder.join("dead-letters"))?;
        let letters = letters.unwrap_or_default().into_iter().map(|letter| (letter.position, letter)).collect();
        Ok((Store { disk, folder: folder.to_owned(), cursor, dead, letters }, position))
    }

    /// Opens the files again, after an error that left it open what they hold.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn reopen(&self) -> Result<(Store, Option<Cursor>), StoreError> {
        Store::open(Arc::clone(&self.disk), &self.folder)
    }

    /// Makes the cursor durable. Blocks for a sync of the disk.
    ///
    /// # Errors
    /// When it may not be.
    pub fn save(&self, cursor: &Cursor) -> Result<(), StoreError> {
        Ok(self.cursor.replace(&encode(cursor, self.cursor.path())?)?)
    }

    /// The dead letters, by position.
    pub fn dead_letters(&self) -> impl ExactSizeIterator<Item = &DeadLetter> {
        self.letters.values()
    }

    /// Adds dead letters durably; one of the same position is replaced. Blocks for a sync of the disk.
    ///
    /// # Errors
    /// [`StoreError::Full`], or when they may not be durable.
    pub fn bury(&mut self, letters: impl IntoIterator<Item = DeadLetter>) -> Result<(), StoreError> {
        let mut all = self.letters.clone();
        all.extend(letters.into_iter().map(|letter| (letter.position, letter)));
        if all.len() > DEAD_LETTERS_MAX {
            return Err(StoreError::Full);
        }
        self.replace(all)
    }

    /// Removes the dead letters that `is_gone` names, durably. Blocks for a sync of the disk.
    ///
    /// # Errors
    /// When they may still be there.
    pub fn exhume(&mut self, is_gone: impl Fn(&DeadLetter) -> bool) -> Result<(), StoreError> {
        let mut all = self.letters.clone();
        all.retain(|_, letter| !is_gone(letter));
        if all.len() == self.letters.len() { Ok(()) } else { self.replace(all) }
    }

    fn replace(&mut self, letters: BTreeMap<Position, DeadLetter>) -> Result<(), StoreError> {
        let list: Vec<&DeadLetter> = letters.values().collect();
        self.dead.replace(&encode(&list, self.dead.path())?)?;
        self.letters = letters;
        Ok(())
    }
}

fn open<T: DeserializeOwned>(disk: &Arc<dyn Disk>, path: PathBuf) -> Result<(Cell, Option<T>), StoreError> {
    let (cell, content) =
        Cell::open(Arc::clone(disk), &path).map_err(|source| StoreError::Read { path: path.clone(), source })?;
    let kept = content.map(|content| decode(&content, &path)).transpose()?;
    Ok((cell, kept))
}

fn encode<T: Serialize>(kept: &T, path: &Path) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(&Kept { version: VERSION, kept })
        .map_err(|source| StoreError::Format { path: path.to_owned(), source })
}

fn decode<T: DeserializeOwned>(content: &[u8], path: &Path) -> Result<T, StoreError> {
    let format = |source| StoreError::Format { path: path.to_owned(), source };
    let Kept { version, kept } = serde_json::from_slice::<Kept<T>>(content).map_err(format)?;
    if version != VERSION {
        return Err(format(serde::de::Error::custom(format!("version {version}, this program knows {VERSION}"))));
    }
    Ok(kept)
}
