//! Where tables of exports may be: the server writes there with its own rights, so the operator says where.

use std::path::{Component, Path, PathBuf};

use indelible_storage::{Bucket, BucketError};

/// A destination cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DestinationError {
    /// It is none of the kinds there are.
    #[error("{0:?} is no destination; it is an absolute path or file:///PATH, without . and .. and without %")]
    Form(String),
    /// The operator did not allow it.
    #[error("exports may not go to {path}; the operator allows {allowed} (exports.destinations)")]
    NotAllowed { path: String, allowed: String },
    /// The bucket cannot be opened.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

/// Folders below which tables may be, as configured; `exports` in the data folder if none is.
pub(crate) fn allowed(configured: &[PathBuf], data_dir: &Path) -> Vec<PathBuf> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match configured {
        [] => vec![absolute(&data_dir.join("exports"))],
        configured => configured.iter().map(|path| absolute(path)).collect(),
    }
}

/// Whether `destination` is well-formed and allowed.
pub(crate) fn check(destination: &str, allowed: &[PathBuf]) -> Result<(), DestinationError> {
    folder(destination, allowed).map(drop)
}

/// The bucket of a destination, and the folder of the table in it.
pub(crate) fn open_bucket(destination: &str, allowed: &[PathBuf]) -> Result<(Bucket, String), DestinationError> {
    let folder = folder(destination, allowed)?;
    Ok((Bucket::create_local(&folder)?, String::new()))
}

/// The local folder that is meant, if it is below one that is allowed, links included.
fn folder(destination: &str, allowed: &[PathBuf]) -> Result<PathBuf, DestinationError> {
    let path = PathBuf::from(destination.strip_prefix("file://").unwrap_or(destination));
    let mut components = path.components();
    let is_plain = components.next() == Some(Component::RootDir)
        && components.all(|component| matches!(component, Component::Normal(_)))
        && !destination.contains(['%', '\\', '\0'])
        && !destination.split('/').any(|part| part == "." || part == "..");
    if !is_plain {
        return Err(DestinationError::Form(destination.to_owned()));
    }
    // What is there already may be a link to elsewhere.
    let existing = path.ancestors().find_map(|ancestor| Some((ancestor, ancestor.canonicalize().ok()?)));
    let is_below = |allowed: &PathBuf| {
        let real = allowed.canonicalize().unwrap_or_else(|_| allowed.clone());
        let is_inside = existing.as_ref().is_some_and(|(ancestor, found)| {
            found.starts_with(&real) || (allowed.starts_with(ancestor) && !allowed.exists())
        });
        path.starts_with(allowed) && path != *allowed && is_inside
    };
    if allowed.iter().any(is_below) {
        return Ok(path);
    }
    let allowed: Vec<String> = allowed.iter().map(|path| format!("folders below {}", path.display())).collect();
    Err(DestinationError::NotAllowed { path: path.display().to_string(), allowed: allowed.join(", ") })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn only_folders_below_those_allowed_are_destinations() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().canonicalize().unwrap();
        for folder in ["lake/there", "secret"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        std::os::unix::fs::symlink(root.join("secret"), root.join("lake/link")).unwrap();
        let allowed = [root.join("lake"), root.join("later/exports")];
        let check = |destination: &str, expected: &str| {
            let destination = destination.replace("ROOT", root.to_str().unwrap());
            let found = match check(&destination, &allowed) {
                Ok(()) => "allowed",
                Err(DestinationError::Form(_)) => "form",
                Err(DestinationError::NotAllowed { .. }) => "not allowed",
                Err(error) => panic!("{error}"),
            };
            assert_eq!(found, expected, "{destination}");
        };
        check("ROOT/lake/a", "allowed");
        check("file://ROOT/lake/a/b", "allowed");
        check("ROOT/lake/there", "allowed");
        check("ROOT/later/exports/a", "allowed");
        check("ROOT/lake", "not allowed");
        check("ROOT/lake-too/a", "not allowed");
        check("ROOT/secret/a", "not allowed");
        check("ROOT/lake/link/a", "not allowed");
        check("ROOT/lake/../secret", "form");
        check("ROOT/lake/./a", "form");
        check("ROOT/lake/%2e%2e/secret", "form");
        check("lake/a", "form");
        check("", "form");
        check("s3://lake/a", "form");
    }
}
