//! The files beside the trees: who the organizations are, how far their trees are durable, what was signed.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use indelible_event::Organization;
use indelible_storage::durable;
use serde::{Deserialize, Serialize};

use crate::{LedgerError, create_dir, io_error};

const STATE_HEADER: &str = "indelible/ledger/v1";

pub(crate) struct Files {
    folder: PathBuf,
}

/// `organization.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    organization: String,
    number: u32,
    label: String,
    generation: u32,
}

/// An organization found on disk.
pub(crate) struct Found {
    pub(crate) organization: Organization,
    pub(crate) number: u32,
    pub(crate) label: String,
    pub(crate) generation: u32,
    pub(crate) salt_key: [u8; 32],
}

/// How many leaves of each tree are durable.
pub(crate) struct State {
    platform: String,
    sizes: BTreeMap<(String, u32), u64>,
    stored: bool,
}

impl State {
    pub(crate) fn new(platform: &str) -> Self {
        Self { platform: platform.to_owned(), sizes: BTreeMap::new(), stored: false }
    }

    pub(crate) fn size(&self, label: &str, generation: u32) -> u64 {
        self.sizes.get(&(label.to_owned(), generation)).copied().unwrap_or(0)
    }

    pub(crate) fn set(&mut self, label: &str, generation: u32, size: u64) {
        self.sizes.insert((label.to_owned(), generation), size);
    }

    /// Whether it was read from the file.
    pub(crate) fn is_stored(&self) -> bool {
        self.stored
    }

    fn to_text(&self) -> String {
        let mut text = format!("{STATE_HEADER}\n{}\n", self.platform);
        for ((label, generation), size) in &self.sizes {
            text.push_str(&format!("{label} {generation} {size}\n"));
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next()? != STATE_HEADER {
            return None;
        }
        let mut state = Self { stored: true, ..Self::new(lines.next()?) };
        for line in lines {
            let mut words = line.split(' ');
            let (label, generation, size) = (words.next()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            words.next().is_none().then_some(())?;
            state.set(label, generation, size);
        }
        Some(state)
    }
}

impl Files {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn tree_folder(&self, label: &str, generation: u32) -> PathBuf {
        self.folder.join(label).join(generation.to_string())
    }

    /// The newest generation of every organization, in order of their numbers.
    pub(crate) fn organizations(&self) -> Result<Vec<Found>, LedgerError> {
        let mut newest: BTreeMap<String, u32> = BTreeMap::new();
        for label in names(&self.folder)?.into_iter().filter(|name| name.len() == 32) {
            for generation in names(&self.folder.join(&label))?.iter().filter_map(|name| name.parse::<u32>().ok()) {
                // A folder without its identity is a creation that was cut short: nothing was acknowledged in it.
                if self.tree_folder(&label, generation).join("organization.json").exists() {
                    let known = newest.entry(label.clone()).or_default();
                    *known = generation.max(*known);
                }
            }
        }
        let mut found = newest.into_iter().map(|(label, generation)| self.read(&label, generation)).collect::<Result<Vec<_>, _>>()?;
        found.sort_by_key(|organization| organization.number);
        Ok(found)
    }

    fn read(&self, label: &str, generation: u32) -> Result<Found, LedgerError> {
        let folder = self.tree_folder(label, generation);
        let path = folder.join("organization.json");
        let damaged = |path: &Path, what: &str| LedgerError::Damaged { path: path.to_owned(), what: what.to_owned() };
        let text = std::fs::read(&path).map_err(|source| io_error("read", &path, source))?;
        let identity: Identity = serde_json::from_slice(&text).map_err(|error| damaged(&path, &error.to_string()))?;
        let organization = identity.organization.parse().map_err(|_| damaged(&path, "its organization is not an RID"))?;
        if identity.label != label || identity.generation != generation {
            return Err(damaged(&path, "it belongs into another folder"));
        }
        let key_path = folder.join("salt.key");
        let salt_key = std::fs::read(&key_path).map_err(|source| io_error("read", &key_path, source))?;
        let salt_key = salt_key.try_into().map_err(|_| damaged(&key_path, "a key has 32 bytes"))?;
        Ok(Found { organization, number: identity.number, label: identity.label, generation, salt_key })
    }

    /// Writes a new organization; its identity last, so that a cut creation is not one.
    pub(crate) fn create(&self, organization: &Organization, number: u32, label: &str, generation: u32, salt_key: &[u8; 32]) -> Result<PathBuf, LedgerError> {
        let folder = self.tree_folder(label, generation);
        create_dir(&folder)?;
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            durable::write_atomic(&path, bytes, 0o600).map_err(|source| io_error("write", &path, source))
        };
        write("salt.key", salt_key)?;
        let identity = Identity { organization: organization.to_string(), number, label: label.to_owned(), generation };
        let text = serde_json::to_vec(&identity).map_err(|error| io_error("write", &folder, error.into()))?;
        write("organization.json", &text)?;
        Ok(folder)
    }

    pub(crate) fn read_state(&self, platform: &str) -> Result<State, LedgerError> {
        let path = self.folder.join("state");
        let Some(text) = read_text(&path)? else { return Ok(State::new(platform)) };
        let state = State::parse(&text).ok_or_else(|| LedgerError::Damaged { path, what: "it is not a list of sizes".to_owned() })?;
        if state.platform != platform {
            return Err(LedgerError::OtherPlatform { found: state.platform, asked: platform.to_owned() });
        }
        Ok(state)
    }

    pub(crate) fn write_state(&self, state: &State) -> Result<(), LedgerError> {
        let path = self.folder.join("state");
        durable::write_atomic(&path, state.to_text().as_bytes(), 0o600).map_err(|source| io_error("write", &path, source))
    }

    pub(crate) fn checkpoints_path(&self) -> PathBuf {
        self.folder.join("checkpoints")
    }

    pub(crate) fn read_checkpoints(&self) -> Result<Option<String>, LedgerError> {
        read_text(&self.checkpoints_path())
    }

    pub(crate) fn write_checkpoints(&self, notes: &str) -> Result<(), LedgerError> {
        let path = self.checkpoints_path();
        durable::write_atomic(&path, notes.as_bytes(), 0o644).map_err(|source| io_error("write", &path, source))
    }
}

fn names(folder: &Path) -> Result<Vec<String>, LedgerError> {
    let entries = std::fs::read_dir(folder).map_err(|source| io_error("list", folder, source))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| io_error("list", folder, source))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            names.extend(entry.file_name().into_string());
        }
    }
    Ok(names)
}

fn read_text(path: &Path) -> Result<Option<String>, LedgerError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(io_error("read", path, source)),
    }
}
