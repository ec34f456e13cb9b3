//! The folder that a rebuild makes, and how far it has come.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use indelible_ledger::content_keys::CONTENT_KEYS;
use indelible_merkle::VerifierKey;
use indelible_storage::{Bucket, Location, durable};

use super::{RebuildOptions, RebuildReport};
use crate::bucket;

/// Says that a rebuild is not finished, and from where it is made.
const UNFINISHED: &str = "rebuild.unfinished";
/// The report of a finished one.
const REPORT: &str = "rebuild.json";
/// Verifier keys of closed generations, one a line, under the platform's name.
const CLOSED_KEYS: &str = "keys/closed.keys";
/// What a data folder has that no rebuild is to touch.
const OF_A_SERVER: [&str; 3] = ["ledger", "journal", "generation"];
/// A file of a key is smaller.
const KEY_FILE_BYTES_MAX: u64 = 64 << 10;

pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The report, if a rebuild into this folder is finished.
    pub(super) fn finished(&self) -> anyhow::Result<Option<RebuildReport>> {
        let path = self.path.join(REPORT);
        if self.path.join(UNFINISHED).exists() || !path.exists() {
            return Ok(None);
        }
        let text = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        let report = serde_json::from_slice(&text);
        report.map(Some).with_context(|| format!("{} is not the report of a rebuild", path.display()))
    }

    /// Marks the folder as unfinished and makes the archive of `options` its bucket, there and in the folder.
    pub(super) fn begin(&self, options: &mut RebuildOptions) -> anyhow::Result<Bucket> {
        let config = &mut options.config;
        match options.from.parse()? {
            Location::Folder(path) => {
                let path =
                    fs::canonicalize(&path).with_context(|| format!("there is no archive {}", path.display()))?;
                self.mark(&path.display().to_string())?;
                let configured = config.bucket.location()?.map(|location| fs::canonicalize(location.to_string()));
                if !configured.is_some_and(|found| found.is_ok_and(|found| found == path)) {
                    self.link(&path)?;
                    config.bucket.url = None;
                }
            }
            location => {
                self.mark(&location.to_string())?;
                config.bucket.url = Some(location.to_string());
            }
        }
        bucket::keep_name(config)?;
        bucket::open_existing(config)
    }

    /// Marks the folder as being rebuilt from there.
    fn mark(&self, from: &str) -> anyhow::Result<()> {
        let mark = self.path.join(UNFINISHED);
        match fs::read_to_string(&mark) {
            Ok(text) => ensure!(
                text.trim_end() == from,
                "the rebuild into {} was begun from {}; finish that, or choose another folder",
                self.path.display(),
                text.trim_end()
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(name) = OF_A_SERVER.into_iter().find(|name| self.path.join(name).exists()) {
                    bail!(
                        "{} holds a server already (its {name}); choose a new folder, and leave that one as it is",
                        self.path.display()
                    );
                }
                durable::write_atomic(&mark, format!("{from}\n").as_bytes(), 0o644)
                    .context("mark the folder as unfinished")?;
            }
            Err(error) => return Err(error).context("read how far the rebuild had come"),
        }
        Ok(())
    }

    /// Makes a folder the default bucket.
    fn link(&self, from: &Path) -> anyhow::Result<()> {
        let archive = self.path.join("archive");
        match fs::canonicalize(&archive) {
            Ok(found) => ensure!(
                found == from,
                "{} is another archive than {}; choose a new folder",
                archive.display(),
                from.display()
            ),
            Err(_) => {
                std::os::unix::fs::symlink(from, &archive)
                    .and_then(|()| durable::sync_dir(&self.path))
                    .with_context(|| format!("link {} to the archive", archive.display()))?;
            }
        }
        Ok(())
    }

    /// Copies the files of `keys`; true if there are keys of the old server now.
    pub(super) fn place_keys(&self, keys: Option<&Path>) -> anyhow::Result<bool> {
        let Some(keys) = keys else {
            // An earlier attempt may have had them.
            return Ok(self.path.join(KEPT_KEYS).exists());
        };
        let target = self.path.join("keys");
        durable::create_dir_durable(&target).context("create the folder of keys")?;
        for name in ["checkpoint.key", "label.key"] {
            ensure!(keys.join(name).is_file(), "{} holds no {name}", keys.display());
        }
        place_files(keys, &target)?;
        let content = keys.join(CONTENT_KEYS);
        if content.is_dir() {
            let target = target.join(CONTENT_KEYS);
            durable::create_dir_durable(&target).context("create the folder of content keys")?;
            place_files(&content, &target)?;
        }
        durable::write_atomic(&self.path.join(KEPT_KEYS), b"", 0o644).context("note that the keys were given")?;
        Ok(true)
    }

    /// Keeps the platform's name, as the first start of a server does.
    pub(super) fn keep_platform(&self, platform: &str, configured: Option<&str>) -> anyhow::Result<()> {
        ensure!(
            configured.is_none_or(|configured| configured == platform),
            "the archive is of the platform {platform:?}, the configuration says {:?}; the name cannot be changed",
            configured.unwrap_or_default()
        );
        durable::write_atomic(&self.path.join("platform"), format!("{platform}\n").as_bytes(), 0o644)
            .context("keep the platform's name")
    }

    /// Keeps the keys with which the archive is signed, for the server to know closed generations by.
    pub(super) fn keep_closed_keys(&self, keys: &[String]) -> anyhow::Result<()> {
        let mut known: Vec<String> = read_closed_keys(&self.path)?.iter().map(ToString::to_string).collect();
        known.extend_from_slice(keys);
        known.sort();
        known.dedup();
        durable::write_atomic(&self.path.join(CLOSED_KEYS), (known.join("\n") + "\n").as_bytes(), 0o644)
            .context("keep the keys of the archive")
    }

    /// The list of receipts that were replaced, once it is complete.
    pub(super) fn replaced(&self) -> PathBuf {
        self.path.join("rebuild-replaced.jsonl")
    }

    /// From here on a server may be started here.
    pub(super) fn finish(&self, report: &RebuildReport) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(report).context("write the report")?;
        durable::write_atomic(&self.path.join(REPORT), &text, 0o644).context("keep the report")?;
        fs::remove_file(self.path.join(UNFINISHED))
            .and_then(|()| durable::sync_dir(&self.path))
            .context("mark the rebuild as finished")
    }
}

/// Copies the files of a folder, unless they are there; other ones are an error.
fn place_files(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("read {}", from.display()))? {
        let source = entry.with_context(|| format!("read {}", from.display()))?.path();
        let Some(name) = source.file_name().filter(|_| source.is_file()) else { continue };
        let mut bytes = Vec::new();
        fs::File::open(&source)
            .and_then(|file| file.take(KEY_FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
            .with_context(|| format!("read {}", source.display()))?;
        ensure!(bytes.len() as u64 <= KEY_FILE_BYTES_MAX, "{} is no key", source.display());
        let target = to.join(name);
        match fs::read(&target) {
            Ok(there) => ensure!(
                there == bytes,
                "{} is another key than {}: the rebuild was begun without these keys; choose a new folder",
                target.display(),
                source.display()
            ),
            Err(_) => {
                durable::write_atomic(&target, &bytes, 0o600).with_context(|| format!("write {}", target.display()))?
            }
        }
    }
    Ok(())
}

/// That the keys of the old server were given.
const KEPT_KEYS: &str = "keys/given";

/// Refuses a folder whose rebuild was broken off.
pub(crate) fn ensure_finished(data: &Path) -> anyhow::Result<()> {
    match fs::read_to_string(data.join(UNFINISHED)) {
        Ok(from) => bail!(
            "the rebuild into {} was not finished; run `indelible archive rebuild --from {} --data-dir {}` again",
            data.display(),
            from.trim_end(),
            data.display()
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).context("read whether a rebuild was finished"),
    }
}

/// The keys of closed generations that a data folder knows.
pub(crate) fn read_closed_keys(data: &Path) -> anyhow::Result<Vec<VerifierKey>> {
    let path = data.join(CLOSED_KEYS);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
    };
    let keys = text.lines().map(str::trim).filter(|line| !line.is_empty());
    keys.map(|line| line.parse().with_context(|| format!("{} holds a line that is no key", path.display()))).collect()
}
