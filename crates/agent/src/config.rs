//! What an agent is told, by a file or by flags.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indelible_adapter::{Adapter, AdapterError};
use indelible_event::Organization;
use indelible_sdk::Settings;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::pattern::{InvalidPath, Pattern};

/// Everything an agent can be told. Every key of the file but `file` is optional; unknown keys are errors.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// URL of the server. Default: `INDELIBLE_URL`, else `http://127.0.0.1:7070`.
    pub server: Option<String>,
    /// File with a token that has the operation `audit:emit`. Default: the token in `INDELIBLE_TOKEN`.
    pub token_file: Option<PathBuf>,
    /// File of the authorities, in PEM, that the server's certificate may be from. Default: those of the system.
    pub ca: Option<PathBuf>,
    /// Name of this machine among all whose agents use the same credential. Default: its host name.
    pub name: Option<String>,
    /// Folder of everything the agent keeps. Default `indelible-agent`.
    pub spool: PathBuf,
    /// Bytes of events that wait for the server on disk at most; when all are taken, files are not read on. Default 256 MiB, at least
    /// 16 MiB.
    pub spool_bytes: u64,
    /// Bytes that are kept at most of events that the server refused, and of refused records that it did not take. Default
    /// 64 MiB.
    pub refused_bytes: u64,
    /// Bytes of signed receipts that are kept at most. Default 64 MiB; 0 asks for none.
    pub receipts_bytes: u64,
    /// Milliseconds between two looks at files that were read to their end. Default 1,000.
    pub poll_milliseconds: u64,
    /// Seconds after which a line without an end counts as finished. Default 10.
    pub line_seconds: u64,
    /// File for the figures, in the text format of Prometheus. Default: none.
    pub metrics_file: Option<PathBuf>,
    /// What to follow.
    pub file: Vec<FileConfig>,
}

/// A file to follow, or several.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileConfig {
    /// Its path, in which `*` and `?` may stand. A file name without them stands for the file and what rotation makes of it, one with them
    /// for what matches.
    pub path: PathBuf,
    /// Name of a built-in adapter, or path of a `.vrl` file.
    pub adapter: String,
    /// Organization of all events, instead of the one that each record names.
    pub organization: Option<String>,
    /// Year of times that name none. Default: the latest that is not in the future.
    pub year: Option<i16>,
    /// Zone of times that name none, such as `Europe/Berlin` or `+02:00`. Default: UTC.
    pub timezone: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            server: None,
            token_file: None,
            ca: None,
            name: None,
            spool: PathBuf::from("indelible-agent"),
            spool_bytes: 256 << 20,
            refused_bytes: 64 << 20,
            receipts_bytes: 64 << 20,
            poll_milliseconds: 1000,
            line_seconds: 10,
            metrics_file: None,
            file: Vec::new(),
        }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not TOML, or says what nobody knows.
    #[error("{}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What, and where.
        message: String,
    },
    /// A value cannot be.
    #[error("{0}")]
    Value(String),
    /// A path cannot be followed.
    #[error("file.path: {0}")]
    Path(#[from] InvalidPath),
    /// An adapter cannot be used.
    #[error("file.adapter")]
    Adapter(#[from] AdapterError),
}

impl Config {
    /// From a file. Relative paths of adapters, spool and token are below the current folder.
    ///
    /// # Errors
    /// The file cannot be read, or is no configuration of an agent.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        toml::from_str(&text).map_err(|error| ConfigError::Syntax { path: path.to_owned(), message: error.to_string() })
    }

    pub(crate) fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_milliseconds)
    }

    pub(crate) fn line_patience(&self) -> Duration {
        Duration::from_secs(self.line_seconds)
    }

    /// The sources, or what is wrong.
    pub(crate) fn sources(&self) -> Result<Vec<Source>, ConfigError> {
        let refuse = |message: String| Err(ConfigError::Value(message));
        if self.file.is_empty() {
            return refuse("there is nothing to follow; name a file: [[file]] with path and adapter".to_owned());
        }
        if self.spool_bytes < Settings::SPOOL_BYTES_MIN {
            return refuse(format!("spool-bytes must be at least {}", Settings::SPOOL_BYTES_MIN));
        }
        for (key, value, most) in
            [("poll-milliseconds", self.poll_milliseconds, 3_600_000), ("line-seconds", self.line_seconds, 86_400)]
        {
            if !(1..=most).contains(&value) {
                return refuse(format!("{key} must be from 1 to {most}"));
            }
        }
        self.file.iter().map(Source::new).collect()
    }

    /// Name of this machine.
    pub(crate) fn machine(&self) -> Result<String, ConfigError> {
        let name = self.name.clone().or_else(host_name).unwrap_or_default();
        let name = name.trim();
        if name.is_empty() || name.len() > 256 {
            let message =
                "the machine has no host name that could be read; give the agent one: name, of 1 to 256 bytes";
            return Err(ConfigError::Value(message.to_owned()));
        }
        Ok(name.to_owned())
    }
}

/// What the kernel says, or where that is hidden what the machine is called at its start.
fn host_name() -> Option<String> {
    let read = |path| std::fs::read_to_string(path).ok().filter(|name| !name.trim().is_empty());
    read("/proc/sys/kernel/hostname").or_else(|| read("/etc/hostname"))
}

/// Files of one kind.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) pattern: Pattern,
    pub(crate) adapter: Adapter,
    pub(crate) organization: Option<Organization>,
    pub(crate) year: Option<i16>,
    pub(crate) timezone: TimeZone,
    /// Its name, where one was given.
    pub(crate) zone_name: Option<String>,
}

impl Source {
    fn new(config: &FileConfig) -> Result<Self, ConfigError> {
        let refuse = |message: String| ConfigError::Value(format!("file {}: {message}", config.path.display()));
        let organization = config.organization.as_deref().map(str::parse).transpose();
        let timezone = match &config.timezone {
            None => Some(TimeZone::UTC),
            Some(name) => indelible_adapter::Options::zone(name),
        };
        Ok(Self {
            pattern: Pattern::parse(&config.path)?,
            adapter: Adapter::find(&config.adapter)?,
            organization: organization.map_err(|error| refuse(format!("organization: {error}")))?,
            year: config.year,
            timezone: timezone
                .ok_or_else(|| refuse("timezone is one such as Europe/Berlin, UTC or +02:00".to_owned()))?,
            zone_name: config.timezone.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_configuration_is_checked_and_says_what_is_wrong() {
        let check = |text: &str, expected: Option<&str>| {
            let sources = toml::from_str::<Config>(text).map_err(|error| error.to_string()).and_then(|config| {
                let sources = config.sources().map_err(|error| match std::error::Error::source(&error) {
                    Some(cause) => format!("{error}: {cause}"),
                    None => error.to_string(),
                });
                sources.map(|sources| sources.len())
            });
            match (sources, expected) {
                (Ok(count), None) => assert!(count > 0, "{text}"),
                (Err(error), Some(expected)) => assert!(error.contains(expected), "{text}: {error}"),
                (sources, expected) => panic!("{text}: {sources:?}, not {expected:?}"),
            }
        };
        let file = "[[file]]\npath = \"/var/log/auth.log\"\nadapter = \"openssh\"\n";
        check(file, None);
        check(&format!("spool-bytes = 16777216\nname = \"a\"\n{file}year = 2024\ntimezone = \"+02:00\"\n"), None);
        check(&format!("{file}organization = \"ri.indelible..organization.acme\"\n{file}"), None);
        check("", Some("nothing to follow"));
        check("spool = 7", Some("spool"));
        check(&format!("tokenfile = \"x\"\n{file}"), Some("tokenfile"));
        check(&format!("spool-bytes = 1\n{file}"), Some("spool-bytes must be at least"));
        check(&format!("poll-milliseconds = 0\n{file}"), Some("poll-milliseconds"));
        check(&format!("{file}timezone = \"Mars\"\n"), Some("auth.log: timezone"));
        check(&format!("{file}organization = \"acme\"\n"), Some("auth.log: organization"));
        check(&file.replace("openssh", "opensh"), Some("choose one of"));
        check(&file.replace("openssh", "./none.vrl"), Some("read adapter"));
        check(&file.replace("auth.log", ""), Some("file.path"));
    }
}
