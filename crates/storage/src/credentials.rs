//! What a store asks for before it answers. Secrets never show in `Debug` or in an error.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` from being shown.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text, for whoever signs with it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Where the credentials of a bucket come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// The variables that the store's own tools read (`AWS_ACCESS_KEY_ID`, `AZURE_STORAGE_ACCOUNT_KEY`, a web identity, ...),
    /// else the service of the machine that gives out temporary ones (instance metadata, managed identity).
    #[default]
    Environment,
    /// An access key of S3.
    AccessKey {
        /// Its public half.
        id: String,
        /// Its secret half.
        secret: Secret,
        /// The token that belongs to a temporary key.
        token: Option<Secret>,
    },
    /// The key of an Azure storage account, base64.
    AccountKey(Secret),
    /// A shared access signature of Azure: the query of its URL.
    SharedAccess(Secret),
}

/// Why a file of credentials was not read.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// It cannot be read.
    #[error("read credentials from {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It does not say what it should. Values are not repeated.
    #[error("credentials in {}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl Credentials {
    /// Reads lines `name = value`, as in `~/.aws/credentials`; a heading `[default]`, empty lines and lines that begin with `#`
    /// are passed over.
    ///
    /// Names: `aws_access_key_id`, `aws_secret_access_key` and `aws_session_token`; or `azure_storage_account_key`; or
    /// `azure_storage_sas_token`.
    pub fn read(path: &Path) -> Result<Credentials, CredentialsError> {
        let text =
            fs::read_to_string(path).map_err(|source| CredentialsError::Read { path: path.to_owned(), source })?;
        parse(&text).map_err(|reason| CredentialsError::Content { path: path.to_owned(), reason })
    }
}

fn parse(text: &str) -> Result<Credentials, String> {
    let (mut id, mut secret, mut token, mut account_key, mut shared_access) = (None, None, None, None, None);
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') || line == "[default]" {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or(format!("line {number} is not `name = value`"))?;
        let place = match name.trim() {
            "aws_access_key_id" => &mut id,
            "aws_secret_access_key" => &mut secret,
            "aws_session_token" => &mut token,
            "azure_storage_account_key" => &mut account_key,
            "azure_storage_sas_token" => &mut shared_access,
            _ => return Err(format!("line {number} has a name that is not known")),
        };
        if place.replace(value.trim().to_owned()).is_some() {
            return Err(format!("line {number} repeats a name"));
        }
    }
    match (id, secret, token, account_key, shared_access) {
        (Some(id), Some(secret), token, None, None) => {
            Ok(Credentials::AccessKey { id, secret: Secret(secret), token: token.map(Secret) })
        }
        (None, None, None, Some(key), None) => Ok(Credentials::AccountKey(Secret(key))),
        (None, None, None, None, Some(query)) => Ok(Credentials::SharedAccess(Secret(query))),
        _ => Err("write aws_access_key_id with aws_secret_access_key, or azure_storage_account_key, or \
                  azure_storage_sas_token"
            .to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn credentials_are_read_from_lines() {
        let key =
            parse("# from the vault\n[default]\naws_access_key_id = AK\naws_secret_access_key=s=1/+\n\n").unwrap();
        assert_eq!(key, Credentials::AccessKey { id: "AK".to_owned(), secret: Secret::new("s=1/+"), token: None });
        assert_eq!(parse("azure_storage_account_key = k==").unwrap(), Credentials::AccountKey(Secret::new("k==")));
        let shared = parse("azure_storage_sas_token = sv=1&sig=x%3D").unwrap();
        assert_eq!(shared, Credentials::SharedAccess(Secret::new("sv=1&sig=x%3D")));
    }

    #[test]
    fn wrong_files_are_refused_and_no_secret_is_shown() {
        for (text, expected) in [
            ("", "write aws_access_key_id"),
            ("aws_access_key_id = AK", "write aws_access_key_id"),
            ("aws_access_key_id = AK\naws_secret_access_key = hunter2\nazure_storage_account_key = k", "write aws"),
            ("hunter2", "line 1 is not"),
            ("\nhunter2 = hunter2", "line 2 has a name"),
            ("[other]", "line 1"),
            ("aws_access_key_id = a\naws_access_key_id = hunter2", "line 2 repeats"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(expected) && !error.contains("hunter2"), "{text}: {error}");
        }
        let shown = format!("{:?}", Credentials::AccountKey(Secret::new("hunter2")));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
