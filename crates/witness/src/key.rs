//! The file with the witness's private key: 32 random bytes as a line of hexadecimal digits.

use indelible_storage::durable;
use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// A key file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It could not be read or made.
    #[error("key file {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{} is not a key of 64 lowercase hex digits; put it back from a backup", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// It is gone, and there is a state that was signed for with it.
    #[error(
        "{} is missing and {} holds what it signed for; put the key back from a backup, or begin with an empty state folder and a \
         new name",
        path.display(),
        state.display()
    )]
    Missing {
        /// The key file.
        path: PathBuf,
        /// The state folder.
        state: PathBuf,
    },
}

/// Reads the seed in the file at `path`. Makes it, readable by its owner only, if there is none and the state folder `state`
/// is empty or absent.
///
/// # Errors
/// See [`KeyFileError`].
pub fn read_or_create_key(path: &Path, state: &Path) -> Result<[u8; 32], KeyFileError> {
    let io_error = |source| KeyFileError::Io { path: path.to_owned(), source };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return create(path, state),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(KeyFileError::Malformed { path: path.to_owned() });
        }
        Err(error) => return Err(io_error(error)),
    };
    if fs::metadata(path).map_err(io_error)?.permissions().mode() & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "the key can be read by others; chmod 600 it");
    }
    let mut seed = [0; 32];
    let lowercase = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    match hex::decode_to_slice(text.strip_suffix('\n').unwrap_or(&text), &mut seed) {
        Ok(()) if lowercase => Ok(seed),
        _ => Err(KeyFileError::Malformed { path: path.to_owned() }),
    }
}

fn create(path: &Path, state: &Path) -> Result<[u8; 32], KeyFileError> {
    let io_error = |source| KeyFileError::Io { path: path.to_owned(), source };
    if fs::read_dir(state).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(KeyFileError::Missing { path: path.to_owned(), state: state.to_owned() });
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| io_error(io::Error::other(error.to_string())))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    durable::create_dir_durable(folder)
        .and_then(|()| durable::create_new(path, folder, format!("{}\n", hex::encode(seed)).as_bytes(), 0o600))
        .map_err(io_error)?;
    Ok(seed)
}
