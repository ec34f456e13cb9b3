//! Finds what a ledger's folder holds, and refuses what does not fit together.

use crate::{
    LedgerError, OpenError, OrganizationLog, SignedCheckpoint, checkpoints,
    keys::{self, Keys},
    ledger::map_of,
    levels::{self, LevelFile, LevelFiles},
    organization::{self, Description},
    platform::{self, PlatformLog},
    state::{self, Extent},
    tree::{Log, Shared},
};
use indelible_event::entry::SaltKey;
use indelible_merkle::{Frontier, Hash, Hashes, TILE_HEIGHT, stored_hashes};
use indelible_storage::{Cell, Disk, durable};
use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What a ledger starts with.
pub(crate) struct Opened {
    pub(crate) keys: Keys,
    /// By number.
    pub(crate) logs: Vec<Log>,
    pub(crate) platform_log: PlatformLog,
    /// The file of published checkpoints.
    pub(crate) cell: Cell,
    /// Whether some log was signed for.
    pub(crate) any_published: bool,
}

/// Makes an empty ledger where there is none, and opens what there is, all of it of one `generation`. Keys beside an
/// absent ledger mean that it was lost, except in a later generation, which is made with the keys of the one before.
///
/// `between_keys` also opens a ledger whose rotation of keys was begun and not finished.
pub(crate) fn open(
    folder: &Path,
    keys_folder: &Path,
    platform: &str,
    generation: u32,
    between_keys: bool,
    shared: &Shared,
    disk: &Arc<dyn Disk>,
) -> Result<Opened, OpenError> {
    let generations = find_generations(folder)?;
    let state_path = folder.join(state::FILE);
    let notes_path = folder.join(checkpoints::FILE);
    let (cell, notes) = Cell::open(Arc::clone(disk), &notes_path)
        .map_err(|source| OpenError::Io { path: notes_path.clone(), source })?;
    let notes_damaged = |problem| OpenError::Damaged { path: notes_path.clone(), problem };
    let notes = notes.map(String::from_utf8).transpose().map_err(|_| notes_damaged("it is not text".to_owned()))?;
    let mut extents = match read_file(&state_path)? {
        Some(text) => state::read(&text).map_err(|problem| OpenError::Damaged { path: state_path.clone(), problem })?,
        None if notes.is_none() && generations.is_empty() => {
            create(folder, keys_folder, generation > 1)?;
            HashMap::new()
        }
        None => return Err(OpenError::Damaged { path: state_path, problem: "it is missing".to_owned() }),
    };
    let unused = notes.is_none() && generations.is_empty() && extents.is_empty();
    let keys = Keys::open(keys_folder, unused)?;
    if !between_keys {
        keys.ensure_rotated(keys_folder)?;
    }
    let published = checkpoints::read(&notes.unwrap_or_default(), &keys.signer).map_err(notes_damaged)?;
    let any_published = !published.is_empty();
    let mut published: HashMap<String, SignedCheckpoint> =
        published.into_iter().map(|signed| (signed.checkpoint.origin.clone(), signed)).collect();

    let mut found = Vec::new();
    for path in generations {
        found.push((read_organization(&path, platform, generation, &keys)?, path));
    }
    found.sort_unstable_by_key(|(fixed, _)| fixed.number);
    if let Some((expected, _)) = (0..).zip(&found).find(|(expected, (fixed, _))| fixed.number != *expected) {
        let problem = format!("the log numbered {expected} is gone, or two have one number");
        return Err(OpenError::Damaged { path: folder.to_owned(), problem });
    }
    let mut logs = Vec::with_capacity(found.len());
    for (fixed, folder) in found {
        let frontier = match extents.remove(&(fixed.label.clone(), fixed.generation)) {
            Some(extent) => read_frontier(&shared.files, &folder, fixed.number, extent)?,
            None => Frontier::new(),
        };
        let signed = published.remove(&fixed.origin);
        let label = keys.label_bytes(&fixed.organization);
        logs.push(Log::new(fixed, label, folder, frontier, signed));
    }

    let origin = origin(platform, platform::NAME, generation);
    let extent = extents.remove(&(platform::NAME.to_owned(), generation));
    let signed = published.remove(&origin);
    if signed.is_none() && extent.is_some_and(|extent| extent.size > 0) {
        return Err(notes_damaged(format!("it has no checkpoint of {origin}, and there was one")));
    }
    let platform_folder = platform::folder(folder, generation);
    let platform_log =
        PlatformLog::open(Arc::clone(disk), &platform_folder, (origin, generation), shared, signed, extent)?;

    // What is left over speaks of logs that are not there, or of older generations of logs that are.
    let labels = logs.iter().map(|log| (&*log.fixed.label, log.fixed.generation));
    let newest: HashMap<&str, u32> = labels.chain([(platform::NAME, generation)]).collect();
    let is_older = |label: &str, generation: u32| newest.get(label).is_some_and(|newest| generation < *newest);
    let lost =
        |path, log| OpenError::Damaged { path, problem: format!("it names the log {log}, whose folder is gone") };
    if let Some((label, generation)) = extents.keys().find(|(label, generation)| !is_older(label, *generation)) {
        return Err(lost(state_path, format!("{label}/{generation}")));
    }
    let split = |origin: &str| {
        let (label, generation) = origin.strip_prefix(platform)?.strip_prefix('/')?.split_once('/')?;
        Some((label.to_owned(), generation.parse().ok()?))
    };
    let known = |origin: &str| split(origin).is_some_and(|(label, generation)| is_older(&label, generation));
    if let Some(origin) = published.keys().find(|origin| !known(origin)) {
        return Err(lost(notes_path, origin.clone()));
    }
    restore_map(&platform_log, &logs).map_err(notes_damaged)?;
    Ok(Opened { keys, logs, platform_log, cell, any_published })
}

/// Computes the map of the newest epoch again from what was published with it, and compares it with what the epoch states.
fn restore_map(platform: &PlatformLog, logs: &[Log]) -> Result<(), String> {
    let Some(epoch) = platform.epoch() else { return Ok(()) };
    let published: Vec<_> = logs.iter().map(Log::published).collect();
    let map = map_of(epoch.number, logs.iter().zip(&published)).map_err(|error| error.to_string())?;
    if map.root() != epoch.map_root {
        return Err(format!("its checkpoints are not those that epoch {} of the platform log binds", epoch.number));
    }
    platform.restore(map);
    Ok(())
}

/// Makes an empty ledger. Its state file comes before its keys, so that afterwards keys without a ledger mean loss: a
/// new ledger would sign other roots under the same names.
fn create(folder: &Path, keys: &Path, is_rebuilt: bool) -> Result<(), OpenError> {
    if !is_rebuilt && Keys::exist(keys) {
        return Err(OpenError::LedgerMissing { folder: folder.to_owned(), keys: keys.to_owned() });
    }
    let path = folder.join(state::FILE);
    durable::create_dir_durable(folder)
        .and_then(|()| durable::write_atomic(&path, state::write(std::iter::empty()).as_bytes(), 0o600))
        .map_err(|source| OpenError::Io { path, source })
}

/// The folders `<label>/<generation>`, the last generation of each label whose making was finished.
fn find_generations(folder: &Path) -> Result<Vec<PathBuf>, OpenError> {
    let mut found = Vec::new();
    for label in list(folder)? {
        if label.len() != 32 || !label.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            continue;
        }
        let label = folder.join(label);
        let mut generations: Vec<u32> = list(&label)?.iter().filter_map(|name| name.parse().ok()).collect();
        generations.sort_unstable();
        let finished = |generation: &u32| label.join(generation.to_string()).join(organization::FILE).exists();
        found.extend(
            generations.iter().rfind(|generation| finished(generation)).map(|last| label.join(last.to_string())),
        );
    }
    Ok(found)
}

fn list(folder: &Path) -> Result<Vec<String>, OpenError> {
    let io_error = |source| OpenError::Io { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_error(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(io_error)?;
        if entry.file_type().map_err(io_error)?.is_dir() {
            names.extend(entry.file_name().into_string());
        }
    }
    Ok(names)
}

fn read_file(path: &Path) -> Result<Option<String>, OpenError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(OpenError::Damaged { path: path.to_owned(), problem: "it is not text".to_owned() })
        }
        Err(source) => Err(OpenError::Io { path: path.to_owned(), source }),
    }
}

fn read_organization(
    folder: &Path,
    platform: &str,
    generation: u32,
    keys: &Keys,
) -> Result<OrganizationLog, OpenError> {
    let path = folder.join(organization::FILE);
    let text = read_file(&path)?.unwrap_or_default();
    let damaged = |problem: String| OpenError::Damaged { path: path.clone(), problem };
    let found: Description = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
    if found.format != Description::FORMAT {
        return Err(damaged(format!("its format is {}, not {}", found.format, Description::FORMAT)));
    }
    let label = keys.label_of(&found.organization);
    if label != found.label {
        return Err(OpenError::OtherLog { path, found: found.label, expected: label });
    }
    let origin = origin(platform, &label, generation);
    if origin != found.origin {
        return Err(OpenError::OtherLog { path, found: found.origin, expected: origin });
    }
    if !folder.ends_with(format!("{label}/{}", found.generation)) {
        return Err(damaged(format!("it belongs into a folder {label}/{}", found.generation)));
    }
    let salt_path = folder.join(organization::SALT_KEY_FILE);
    let salt_key = keys::read(&salt_path).map_err(|error| keys::open_error(&salt_path, error))?;
    let salt_key = salt_key.ok_or_else(|| OpenError::KeyMissing { path: salt_path.clone() })?;
    let previous = match &found.previous {
        Some(previous) => Some(previous.read().ok_or_else(|| damaged("its previous is none".to_owned()))?),
        None => None,
    };
    let log = OrganizationLog {
        number: found.number,
        organization: found.organization.clone(),
        label,
        generation: found.generation,
        origin,
        salt_key: SaltKey::new(salt_key),
        previous,
    };
    if Description::of(&log) != found {
        let problem = "it is not the key whose commitment stands in organization.json".to_owned();
        return Err(OpenError::Damaged { path: salt_path, problem });
    }
    Ok(log)
}

pub(crate) fn origin(platform: &str, label: &str, generation: u32) -> String {
    format!("{platform}/{label}/{generation}")
}

/// Reads the frontier from the level files, which may be longer than what was written down, but not shorter.
pub(crate) fn read_frontier(
    files: &LevelFiles,
    folder: &Path,
    number: u32,
    extent: Extent,
) -> Result<Frontier, OpenError> {
    for level in 0..u64::BITS as u8 / TILE_HEIGHT {
        let expected = stored_hashes(level, extent.size).saturating_mul(Hash::BYTES as u64);
        if expected == 0 {
            break;
        }
        let path = levels::path(folder, level);
        let found = match fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(source) => return Err(OpenError::Io { path, source }),
        };
        if found < expected {
            return Err(OpenError::Shorter { path, found, expected });
        }
    }
    let reader = FileReader { files, folder, number };
    let frontier = Frontier::read(&reader, extent.size).map_err(|error| match error {
        LedgerError::Io { path, source } => OpenError::Io { path, source },
        other => OpenError::Damaged { path: folder.to_owned(), problem: other.to_string() },
    })?;
    if frontier.root() != extent.root {
        let problem =
            format!("its hashes do not give the root that {} entries had when they were written", extent.size);
        return Err(OpenError::Damaged { path: folder.to_owned(), problem });
    }
    Ok(frontier)
}

/// Level files alone.
struct FileReader<'a> {
    files: &'a LevelFiles,
    folder: &'a Path,
    number: u32,
}

impl Hashes for FileReader<'_> {
    type Error = LedgerError;

    fn tile_hashes(&self, level: u8, first: u64, out: &mut [Hash]) -> Result<(), LedgerError> {
        self.files.read(self.folder, LevelFile { number: self.number, level }, first, out)
    }
}
