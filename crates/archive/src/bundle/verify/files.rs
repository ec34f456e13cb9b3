//! The files of a bundle: that they are there, no others beside them, and that they are what was signed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::str::FromStr;

use super::{Stop, wrong};
use crate::bundle::statement::{STATEMENT_BYTES_MAX, Statement};
use crate::bundle::{LEAVES, SMALL_FILE_BYTES_MAX, STATEMENT};
use crate::manifest::ObjectFacts;
use crate::verify::{FindingCode, Problem, hash_file};

/// The small files of a bundle, each with the bytes that were signed.
pub(super) struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// Looks at the folder and reads all but rows and leaves.
    pub(super) fn read(path: &Path, statement: &Statement) -> Result<Files, Stop> {
        let mut found = names(path)?;
        for file in &statement.files {
            if found.remove(&file.name).is_none_or(|is_file| !is_file) {
                return Err(wrong(FindingCode::MissingObject, &file.name, None, "is missing"));
            }
        }
        found.remove(STATEMENT);
        if let Some(name) = found.keys().next() {
            return Err(wrong(FindingCode::UnnamedObject, name, None, "is no part of the bundle"));
        }
        let mut files = BTreeMap::new();
        for file in statement.files.iter().filter(|file| !is_large(&file.name, statement)) {
            let bytes = read(path, &file.name)?;
            if ObjectFacts::of(&bytes) != file.facts {
                return Err(changed(&file.name));
            }
            files.insert(file.name.clone(), bytes);
        }
        Ok(Files(files))
    }

    /// The bytes of a file; those of an absent one are none.
    pub(super) fn bytes(&self, name: &str) -> &[u8] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether there is a file of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The proof in the file `name`.
    pub(super) fn proof<T: FromStr>(&self, name: &str) -> Result<T, Stop>
    where
        T::Err: std::fmt::Display,
    {
        let bad = |message: String| wrong(FindingCode::BadProof, name, None, message);
        let text = std::str::from_utf8(self.bytes(name)).map_err(|error| bad(error.to_string()))?;
        text.parse().map_err(|error: T::Err| bad(error.to_string()))
    }
}

/// Whether rows and leaves are what was signed too.
pub(super) fn check_large(path: &Path, statement: &Statement) -> Result<(), Stop> {
    for file in statement.files.iter().filter(|file| is_large(&file.name, statement)) {
        let found = File::open(path.join(&file.name)).and_then(|mut file| hash_file(&mut file));
        if found.map_err(|error| problem(path, &file.name, &error))? != file.facts {
            return Err(changed(&file.name));
        }
    }
    Ok(())
}

fn is_large(name: &str, statement: &Statement) -> bool {
    name == LEAVES || name == statement.claim.rows.file()
}

fn changed(name: &str) -> Stop {
    wrong(FindingCode::ChangedObject, name, None, "was changed: it is not what was signed")
}

/// A small file; of a larger one a byte more than a small one may have.
pub(super) fn read(path: &Path, name: &str) -> Result<Vec<u8>, Stop> {
    let limit = if name == STATEMENT { STATEMENT_BYTES_MAX as u64 } else { SMALL_FILE_BYTES_MAX };
    let mut bytes = Vec::new();
    let read = File::open(path.join(name)).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(wrong(FindingCode::MissingObject, name, None, "is missing"))
        }
        Err(error) => Err(problem(path, name, &error)),
    }
}

pub(super) fn problem(path: &Path, name: &str, error: &std::io::Error) -> Stop {
    Stop::Problem(Problem { path: path.join(name).display().to_string(), message: error.to_string() })
}

/// What is in the folder, and whether it is a file; a link is none.
fn names(path: &Path) -> Result<BTreeMap<String, bool>, Stop> {
    let read = || {
        let mut names = BTreeMap::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            names.insert(entry.file_name().to_string_lossy().into_owned(), entry.file_type()?.is_file());
        }
        Ok(names)
    };
    read().map_err(|error| problem(path, "", &error))
}
