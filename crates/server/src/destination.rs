//! Where tables of exports and files of sinks may be: the server writes there with its own rights, so the operator says where.

use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use indelible_storage::probe::probe;
use indelible_storage::{Bucket, BucketError, BucketSettings, Location};

use crate::config::{self, Config};

/// A destination cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DestinationError {
    /// It is none of the kinds there are.
    #[error(
        "{0:?} is no destination; it is an absolute path or file:///PATH, without . and .. and without %, or s3://BUCKET/PREFIX or azure://CONTAINER/PREFIX"
    )]
    Form(String),
    /// The operator did not allow it.
    #[error("{what} may not go to {path}; the operator allows {allowed} ({what}.destinations)")]
    NotAllowed { what: &'static str, path: String, allowed: String },
    /// The bucket cannot be opened.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

/// Below what one kind of them may be.
#[derive(Debug, Default)]
pub(crate) struct Allowed {
    /// What goes there; also the section of the configuration that says where.
    what: &'static str,
    folders: Vec<PathBuf>,
    buckets: Vec<Location>,
    /// How those buckets are reached.
    settings: BucketSettings,
}

impl Allowed {
    /// For tables of exports: as configured; the folder `exports` of the data folder if nothing is.
    ///
    /// # Errors
    /// When what is configured is no place, or the credentials cannot be read.
    pub(crate) fn for_exports(config: &Config) -> anyhow::Result<Self> {
        let mut allowed = Self::of("exports", &config.exports.destinations, &config.exports.bucket)?;
        if config.exports.destinations.is_empty() {
            allowed.folders.push(absolute(&config.data_dir.join("exports")));
        }
        Ok(allowed)
    }

    /// For files of sinks: as configured; nowhere if nothing is.
    ///
    /// # Errors
    /// As of [`Allowed::for_exports`].
    pub(crate) fn for_sinks(config: &Config) -> anyhow::Result<Self> {
        let bucket = config.sinks.bucket.as_ref().unwrap_or(&config.exports.bucket);
        Self::of("sinks", &config.sinks.destinations, bucket)
    }

    fn of(what: &'static str, places: &[String], bucket: &config::Bucket) -> anyhow::Result<Self> {
        let mut allowed = Self { what, settings: bucket.settings()?, ..Self::default() };
        for place in places {
            match place.parse().with_context(|| format!("{what}.destinations"))? {
                Location::Folder(path) => allowed.folders.push(absolute(&path)),
                location => allowed.buckets.push(location),
            }
        }
        Ok(allowed)
    }

    /// Whether `destination` is well-formed and allowed.
    pub(crate) fn check(&self, destination: &str) -> Result<(), DestinationError> {
        match bucket(destination)? {
            Some(location) => self.require(&location),
            None => self.folder(destination).map(drop),
        }
    }

    /// The bucket of a destination; the table, or the files of a sink, are all of it.
    pub(crate) fn open(&self, destination: &str) -> Result<Bucket, DestinationError> {
        if let Some(location) = bucket(destination)? {
            self.require(&location)?;
            return Ok(Bucket::open(&location, &self.settings)?);
        }
        Ok(Bucket::create_local(&self.folder(destination)?)?)
    }

    /// Tries whether the object store of a destination gives a name once: one that does not would lose commits of a table,
    /// and change files of a sink. Folders do.
    pub(crate) async fn ensure_fit(&self, destination: &str) -> anyhow::Result<()> {
        if bucket(destination)?.is_some() {
            probe(&self.open(destination)?).await.with_context(|| format!("try the store of {destination}"))?;
        }
        Ok(())
    }

    /// The local folder that is meant, if it is below one that is allowed, links included.
    fn folder(&self, destination: &str) -> Result<PathBuf, DestinationError> {
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
        if self.folders.iter().any(is_below) {
            return Ok(path);
        }
        Err(self.refused(path.display().to_string()))
    }

    fn require(&self, location: &Location) -> Result<(), DestinationError> {
        if self.buckets.iter().any(|allowed| is_below(location, allowed)) {
            return Ok(());
        }
        Err(self.refused(location.to_string()))
    }

    fn refused(&self, path: String) -> DestinationError {
        let folders = self.folders.iter().map(|path| format!("folders below {}", path.display()));
        let buckets = self.buckets.iter().map(|location| format!("folders below {location}"));
        let mut allowed = folders.chain(buckets).collect::<Vec<_>>().join(", ");
        if allowed.is_empty() {
            allowed.push_str("no place");
        }
        DestinationError::NotAllowed { what: self.what, path, allowed }
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The place of a destination in an object store; `None` if it is a folder.
fn bucket(destination: &str) -> Result<Option<Location>, DestinationError> {
    match destination.split_once("://") {
        None | Some(("file", _)) => Ok(None),
        Some(_) => destination.parse().map(Some).map_err(|_| DestinationError::Form(destination.to_owned())),
    }
}

/// Whether a place is in a folder below another.
fn is_below(location: &Location, allowed: &Location) -> bool {
    let inside = |prefix: &str, allowed: &str| match allowed {
        "" => !prefix.is_empty(),
        allowed => prefix.strip_prefix(allowed).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/')),
    };
    match (location, allowed) {
        (Location::S3 { bucket, prefix }, Location::S3 { bucket: other, prefix: within }) => {
            bucket == other && inside(prefix, within)
        }
        (Location::Azure { container, prefix }, Location::Azure { container: other, prefix: within }) => {
            container == other && inside(prefix, within)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn only_what_is_below_the_places_allowed_is_a_destination() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().canonicalize().unwrap();
        for folder in ["lake/there", "secret"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        std::os::unix::fs::symlink(root.join("secret"), root.join("lake/link")).unwrap();
        let allowed = Allowed {
            folders: vec![root.join("lake"), root.join("later/exports")],
            buckets: ["s3://lake/in", "azure://lake"].map(|place| place.parse().unwrap()).into(),
            ..Allowed::default()
        };
        let check = |destination: &str, expected: &str| {
            let destination = destination.replace("ROOT", root.to_str().unwrap());
            let found = match allowed.check(&destination) {
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
        check("s3://lake/in/a", "allowed");
        check("azure://lake/a", "allowed");
        check("azure://lake", "not allowed");
        check("s3://lake/in", "not allowed");
        check("s3://lake/inside/a", "not allowed");
        check("s3://lake/a", "not allowed");
        check("s3://other/in/a", "not allowed");
        check("s3://lake/in/../a", "form");
        check("gs://lake/in/a", "form");
    }
}
