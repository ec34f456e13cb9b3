//! Another key for the logs of a stopped server.

use std::path::{Path, PathBuf};

use anyhow::Context;
use indelible_ledger::{Ledger, Settings, current_key, next_key, rotate};
use indelible_merkle::VerifierKey;
use indelible_storage::LockFile;

use crate::config::Config;
use crate::generation::Kept;
use crate::platform_name;

/// The keys of a platform log before and after a rotation.
#[derive(Clone, Debug)]
pub struct KeyPair {
    /// Signs now, or did until the rotation.
    pub old: VerifierKey,
    /// Signs after the rotation.
    pub new: VerifierKey,
}

/// The key that signs now, and the one that will after the next rotation, which is made if there is none yet. Needs no
/// stopped server.
///
/// # Errors
/// When there is no data folder, or its keys cannot be read.
pub fn next(config: &Config) -> anyhow::Result<KeyPair> {
    let folder = Folder::find(config)?;
    let (keys, origin) = (&folder.keys, folder.origin());
    Ok(KeyPair { old: current_key(keys, &origin)?, new: next_key(keys, &origin)? })
}

/// Gives the logs of the data folder another key, and announces it in the platform log. The private half of the old one is
/// destroyed. What was broken off is run again.
///
/// # Errors
/// While a server runs on the folder, and whatever else keeps it from opening.
pub fn rotate_key(config: &Config) -> anyhow::Result<KeyPair> {
    let folder = Folder::find(config)?;
    let Folder { data, keys, platform, generation } = &folder;
    let _lock = LockFile::acquire(&data.join("lock"))?;
    let change = rotate(&data.join("ledger"), keys, platform, *generation, Settings::default())?;
    let origin = folder.origin();
    Ok(KeyPair { old: VerifierKey::new(&origin, change.old())?, new: VerifierKey::new(&origin, change.new_key())? })
}

/// Where a stopped server has what it signs with.
struct Folder {
    data: PathBuf,
    keys: PathBuf,
    platform: String,
    generation: u32,
}

impl Folder {
    /// Origin of the platform log.
    fn origin(&self) -> String {
        format!("{}/platform/{}", self.platform, self.generation)
    }

    fn find(config: &Config) -> anyhow::Result<Self> {
        let data: &Path = &config.data_dir;
        let there = data.join("ledger").is_dir() && data.join("platform").is_file();
        anyhow::ensure!(there, "{} is no data folder of a server; name it with --data-dir", data.display());
        let platform = platform_name(data, config.platform.as_deref())?;
        let generation = Kept::read(data).context("read the generation")?.map_or(1, |kept| kept.generation());
        Ok(Self { data: data.to_owned(), keys: data.join("keys"), platform, generation })
    }
}

/// The keys that signed the logs of a ledger before the current one, under the name `origin`, the newest first.
pub(crate) fn retired_keys(ledger: &Ledger, origin: &str) -> Vec<VerifierKey> {
    let changes = ledger.key_changes().iter().rev();
    changes.filter_map(|change| VerifierKey::new(origin, change.old()).ok()).collect()
}
