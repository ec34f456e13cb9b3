//! Where a bucket is: a folder, or a name in an object store, written as one text.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use crate::bucket::object_path;

/// The place of a bucket. Its text is what an operator writes into a configuration or after a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A folder: a path, or `file:///path`.
    Folder(PathBuf),
    /// `s3://bucket/prefix`: Amazon S3, or a store that speaks its protocol.
    S3 {
        /// Name of the bucket.
        bucket: String,
        /// Folder in it; empty for all of it.
        prefix: String,
    },
    /// `azure://container/prefix`: Azure Blob Storage. The account is told apart from it.
    Azure {
        /// Name of the container.
        container: String,
        /// Folder in it; empty for all of it.
        prefix: String,
    },
}

/// Why a text is no place of a bucket.
#[derive(Debug, thiserror::Error)]
#[error("{text:?} names no bucket: {reason}")]
pub struct LocationError {
    text: String,
    reason: &'static str,
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Location, LocationError> {
        let refused = |text: &str, reason| LocationError { text: text.to_owned(), reason };
        let Some((scheme, rest)) = text.split_once("://") else {
            return match text {
                "" => Err(refused(text, "it is empty")),
                _ => Ok(Location::Folder(PathBuf::from(text))),
            };
        };
        if scheme == "file" {
            let path = Url::parse(text).ok().and_then(|url| url.to_file_path().ok());
            return path.map(Location::Folder).ok_or_else(|| refused(text, "write file:///absolute/path"));
        }
        // What is before an @ may be a password: it is not repeated.
        if let Some((_, rest)) = rest.rsplit_once('@') {
            let shown = format!("{scheme}://...@{rest}");
            return Err(refused(&shown, "credentials do not belong into an address, give them by environment or file"));
        }
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
        if name.is_empty() || !name.bytes().all(plain) {
            return Err(refused(text, "the name of the bucket has small letters, digits and . - _ only"));
        }
        if !prefix.is_empty() && object_path(prefix).is_err() {
            return Err(refused(text, "the prefix has letters, digits and . _ = - between slashes only"));
        }
        let (name, prefix) = (name.to_owned(), prefix.to_owned());
        match scheme {
            "s3" => Ok(Location::S3 { bucket: name, prefix }),
            "azure" | "az" => Ok(Location::Azure { container: name, prefix }),
            _ => Err(refused(text, "known are a path, file:///path, s3://bucket/prefix and azure://container/prefix")),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, name, prefix) = match self {
            Location::Folder(path) => return path.display().fmt(f),
            Location::S3 { bucket, prefix } => ("s3", bucket, prefix),
            Location::Azure { container, prefix } => ("azure", container, prefix),
        };
        write!(f, "{scheme}://{name}")?;
        if prefix.is_empty() { Ok(()) } else { write!(f, "/{prefix}") }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn text_of_a_location_is_read_and_written() {
        for (text, expected) in [
            ("data/archive", "data/archive"),
            ("/srv/archive", "/srv/archive"),
            ("file:///srv/my%20archive", "/srv/my archive"),
            ("s3://audit", "s3://audit"),
            ("s3://audit/", "s3://audit"),
            ("s3://audit.example-1/prod/eu=1/", "s3://audit.example-1/prod/eu=1"),
            ("azure://audit/prod", "azure://audit/prod"),
            ("az://audit", "azure://audit"),
        ] {
            let location: Location = text.parse().unwrap();
            assert_eq!(location.to_string(), expected);
            assert_eq!(expected.parse::<Location>().unwrap(), location, "{text}");
        }
    }

    #[test]
    fn wrong_locations_are_refused_without_repeating_a_password() {
        for (text, expected) in [
            ("", "is empty"),
            ("file://host/path", "file:///absolute/path"),
            ("s3:///prefix", "name of the bucket"),
            ("s3://Audit", "name of the bucket"),
            ("s3://audit?region=x", "name of the bucket"),
            ("s3://audit/a//b", "prefix"),
            ("s3://audit/../b", "prefix"),
            ("gs://audit", "known are"),
            ("https://audit.s3.amazonaws.com/", "known are"),
            ("s3://key:hunter2@audit", "credentials do not belong"),
        ] {
            let error = text.parse::<Location>().unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("hunter2"), "{text}: {error}");
        }
    }
}
