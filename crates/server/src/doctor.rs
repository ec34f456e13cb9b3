//! `indelible doctor`: what can be found out about a data folder without starting a server on it.
//!
//! It takes the lock of the folder, so that no server starts meanwhile, and opens everything as a start would, but
//! changes nothing, but for a checkpoint that a kill left half done. Where a server runs, what that server has open is not touched, and left to its own checks.

use std::path::Path;
use std::sync::Arc;

use indelible_archive::Inventory;
use indelible_intake::{Clock, SystemClock, last_kept_us};
use indelible_ledger::{Ledger, Settings};
use indelible_storage::probe::{CANARY_RETENTION, Tier, canary};
use indelible_storage::{LockError, LockFile, RealDisk, Space};
use serde::Serialize;

use crate::bucket;
use crate::config::Config;
use crate::disk::{Level, level};
use crate::generation::Kept;
use crate::rebuild::{keys_of, read_closed_keys};
use crate::{check_archived, clock};

/// How something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and somebody should look.
    Warning,
    /// A server would not start, or would not take events in.
    Failed,
    /// It could not be looked at.
    Unknown,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it was found.
    pub state: State,
    /// What was found, and what to do if anything.
    pub message: String,
}

/// What a data folder looks like.
#[derive(Debug, Default)]
pub struct Examination {
    /// In the order of the checks.
    pub findings: Vec<Finding>,
    /// Whether a server has the folder.
    pub is_running: bool,
    /// Whether the next start would stop for the clock. Of a running server only itself knows.
    pub clock_stops: bool,
}

impl Examination {
    /// Adds what was found.
    pub fn add(&mut self, check: &'static str, state: State, message: impl Into<String>) {
        self.findings.push(Finding { check, state, message: message.into() });
    }

    fn add_result<T>(&mut self, check: &'static str, result: anyhow::Result<(T, String)>) -> Option<T> {
        match result {
            Ok((value, message)) => {
                self.add(check, State::Ok, message);
                Some(value)
            }
            Err(error) => {
                self.add(check, State::Failed, format!("{error:#}"));
                None
            }
        }
    }
}

/// Looks at the data folder of `config`.
pub async fn examine(config: &Config) -> Examination {
    let mut found = Examination::default();
    let data = &config.data_dir;
    if !data.join("platform").exists() || !data.join("ledger").exists() {
        let message = format!("{} is not a data folder; `indelible serve --data-dir` makes one", data.display());
        found.add("folder", State::Failed, message);
        return found;
    }
    found.add("folder", State::Ok, data.display().to_string());
    let lock = LockFile::acquire(&data.join("lock"));
    match &lock {
        Ok(_) => found.add("lock", State::Ok, "no server runs on it"),
        Err(LockError::Held { pid, .. }) => {
            let process = pid.map_or_else(|| "a process".to_owned(), |pid| format!("process {pid}"));
            found.add("lock", State::Ok, format!("{process} runs on it"));
            found.is_running = true;
        }
        Err(error) => found.add("lock", State::Unknown, error.to_string()),
    }
    examine_disk(config, &mut found);
    examine_keys(data, &mut found);
    let ledger = match found.is_running || lock.is_err() {
        true => None,
        false => examine_log(data, &mut found),
    };
    examine_archive(config, ledger.as_ref(), &mut found).await;
    found
}

fn examine_disk(config: &Config, found: &mut Examination) {
    let space = match Space::of(&config.data_dir) {
        Ok(space) => space,
        Err(error) => return found.add("disk", State::Unknown, format!("it cannot be asked how full it is: {error}")),
    };
    let message = format!("{:.0} % full, {} MiB free", space.used_percent(), space.free_bytes >> 20);
    match level(space, &config.disk) {
        Level::Free => found.add("disk", State::Ok, message),
        Level::Filling => found.add("disk", State::Warning, format!("{message}; make room")),
        Level::Priority => {
            found.add("disk", State::Warning, format!("{message}; only priority organizations may send, make room"));
        }
        Level::Full => found.add("disk", State::Failed, format!("{message}; no event is taken in, make room")),
    }
}

fn examine_keys(data: &Path, found: &mut Examination) {
    use std::os::unix::fs::PermissionsExt as _;
    for name in ["checkpoint.key", "label.key"] {
        let path = data.join("keys").join(name);
        match std::fs::metadata(&path) {
            Err(error) => {
                let message = format!("{}: {error}; restore it from your backup of the keys", path.display());
                return found.add("keys", State::Failed, message);
            }
            Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
                let message = format!("{} can be read by others; chmod 600 it", path.display());
                return found.add("keys", State::Warning, message);
            }
            Ok(_) => {}
        }
    }
    found.add("keys", State::Ok, "both are there, readable by their owner only");
}

/// Journal, ledger and clock; returns the ledger as it would be after a start.
fn examine_log(data: &Path, found: &mut Examination) -> Option<Ledger> {
    let open = || -> anyhow::Result<(Ledger, String)> {
        let platform = std::fs::read_to_string(data.join("platform"))?;
        anyhow::ensure!(data.join("ledger/state").exists(), "{} is missing", data.join("ledger/state").display());
        let number = Kept::read(data)?.map_or(1, |kept| kept.generation());
        let (path, keys) = (data.join("ledger"), data.join("keys"));
        let ledger = Ledger::open_generation(&path, &keys, platform.trim(), number, Settings::default())?;
        let message = format!("{} logs", ledger.organizations().len());
        Ok((ledger, message))
    };
    let ledger = found.add_result("ledger", open())?;
    let journal = || -> anyhow::Result<(Option<i64>, String)> {
        if !data.join("journal").exists() {
            return Ok((None, "there is none yet".to_owned()));
        }
        let content_keys = Arc::new(crate::open_content_keys(data)?);
        let (opened, newest_us) = indelible_intake::inspect(Arc::new(RealDisk), data, &ledger, &content_keys)?;
        Ok((newest_us, format!("{} entries in {} frames, all readable", opened.entries, opened.frames)))
    };
    let newest_us = found.add_result("journal", journal())?;
    let checkpoints = || -> anyhow::Result<((), String)> {
        ledger.check_recovered()?;
        Ok(((), "the log extends all that was signed".to_owned()))
    };
    found.add_result("checkpoints", checkpoints());
    examine_clock(data, newest_us, found);
    Some(ledger)
}

fn examine_clock(data: &Path, newest_us: Option<i64>, found: &mut Examination) {
    let kept_us = match last_kept_us(data) {
        Ok(kept_us) => kept_us.max(newest_us),
        Err(error) => {
            return found.add("clock", State::Failed, format!("{}: {error}", data.join("clock").display()));
        }
    };
    let stop = kept_us.and_then(|kept_us| indelible_intake::check_start(SystemClock::default().now_us(), kept_us));
    match stop {
        None => found.add("clock", State::Ok, "it fits the last time that was written down"),
        Some(stop) if clock::is_requested(data) => {
            found.add("clock", State::Warning, format!("{stop}; the next start accepts it"));
        }
        Some(stop) => {
            found.clock_stops = true;
            let message = format!("{stop}; see that it is right, then run `indelible doctor --accept-clock`");
            found.add("clock", State::Failed, message);
        }
    }
}

async fn examine_archive(config: &Config, ledger: Option<&Ledger>, found: &mut Examination) {
    let data = &config.data_dir;
    let open = bucket::open_existing(config).map(|bucket| (bucket.clone(), bucket.to_string()));
    let Some(bucket) = found.add_result("bucket", open) else { return };
    let load = async || -> anyhow::Result<((), String)> {
        let Some(ledger) = ledger else {
            bucket.list_sorted("organizations").await?;
            return Ok(((), "it can be listed".to_owned()));
        };
        let closed = read_closed_keys(data)?;
        let inventory = Inventory::load(&bucket, |origin| keys_of(ledger, &closed, origin)).await?;
        check_archived(ledger, &inventory, data)?;
        let (files, bytes) = inventory.totals();
        Ok(((), format!("{files} log files, {} MiB, every manifest signed and in order", bytes >> 20)))
    };
    let result = load().await;
    found.add_result("archive", result);
    match bucket::ensure_fit(config, &bucket).await {
        Ok(true) => found.add("conditional puts", State::Ok, "names are given once, also in a race"),
        Ok(false) => {}
        Err(error) => found.add("conditional puts", State::Failed, format!("{error:#}")),
    }
    match canary(&bucket, CANARY_RETENTION).await {
        Ok(tried) => {
            let failed = tried.tier == Tier::EvidentOnly && !tried.attempts.is_empty();
            let state = if failed { State::Warning } else { State::Ok };
            let message = format!("{}: {}", bucket::tier_name(tried.tier), bucket::findings(&tried).join("; "));
            found.add("locks", state, message);
        }
        Err(error) => found.add("locks", State::Unknown, format!("{:#}", anyhow::Error::from(error))),
    }
}

/// Asks the server of the data folder, running or started within the hour, to believe its clock. It records that in the
/// operator's own log.
///
/// # Errors
/// When the request cannot be written.
pub fn request_clock(config: &Config) -> std::io::Result<()> {
    clock::request(&config.data_dir, SystemClock::default().now_us())
}

/// Whether the server has not yet taken such a request.
pub fn is_clock_requested(config: &Config) -> bool {
    clock::is_requested(&config.data_dir)
}
