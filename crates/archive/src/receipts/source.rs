//! Where the leaves are that receipts are compared with.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use indelible_merkle::Hash;

use crate::bundle::{BundleReport, LEAVES};
use crate::layout;
use crate::source::{self, Depth, EntryKind};
use crate::verify::Report;

/// What is at a place of a log.
#[derive(Debug)]
pub(super) enum Place {
    /// An entry with this leaf.
    Leaf(Hash),
    /// Nothing yet: what was looked at ends before.
    NotYet,
    /// Nothing, and nothing will be: the generation was closed at this size.
    Ended(u64),
    /// What was looked at does not hold it.
    Elsewhere,
}

/// Leaves by log and place.
pub(super) trait Source {
    /// The public keys that sign for the logs that were looked at, and the platforms of these.
    fn keys(&self) -> Vec<(String, [u8; 32])>;

    /// What is there.
    fn place(&mut self, origin: &str, seq: u64) -> io::Result<Place>;
}

/// The hashes in an archive that was just verified.
pub(super) struct ArchiveLeaves<'a> {
    archive: &'a dyn source::Source,
    logs: HashMap<String, Log>,
    /// The object of hashes read last, with its run.
    open: Option<(String, (u64, u64), File)>,
}

struct Log {
    folder: String,
    size: u64,
    closed: bool,
    platform: String,
    public: [u8; 32],
    /// First and last entry of each run, in order.
    runs: Vec<(u64, u64)>,
}

impl<'a> ArchiveLeaves<'a> {
    /// Those of the logs that `report` tells of.
    pub(super) fn of(archive: &'a dyn source::Source, report: &Report) -> io::Result<Self> {
        let mut logs = HashMap::new();
        for log in &report.logs {
            let Some((label, _)) = log.log.split_once('/') else { continue };
            let Ok(key) = log.key.parse::<indelible_merkle::VerifierKey>() else { continue };
            let next = format!("{label}/{}", log.generation + 1);
            let folder = layout::generation_folder(label, log.generation);
            let mut problems = Vec::new();
            let manifests = archive.entries(&format!("{folder}/manifest"), Depth::Here, &mut problems);
            if let Some(problem) = problems.pop() {
                return Err(io::Error::other(problem.message));
            }
            let objects = manifests.iter().filter(|entry| matches!(entry.kind, EntryKind::Object(_)));
            let mut runs: Vec<_> = objects.filter_map(|entry| layout::parse_run(&entry.name)).collect();
            runs.sort_unstable();
            let known = Log {
                folder,
                size: log.entries,
                closed: report.logs.iter().any(|other| other.log == next),
                platform: key.name().rsplitn(3, '/').nth(2).unwrap_or_default().to_owned(),
                public: *key.public(),
                runs,
            };
            logs.insert(key.name().to_owned(), known);
        }
        Ok(Self { archive, logs, open: None })
    }
}

impl Source for ArchiveLeaves<'_> {
    fn keys(&self) -> Vec<(String, [u8; 32])> {
        let mut keys: Vec<_> = self.logs.values().map(|log| (log.platform.clone(), log.public)).collect();
        keys.sort();
        keys.dedup();
        keys
    }

    fn place(&mut self, origin: &str, seq: u64) -> io::Result<Place> {
        let Some(log) = self.logs.get(origin) else { return Ok(Place::Elsewhere) };
        if seq >= log.size {
            return Ok(if log.closed { Place::Ended(log.size) } else { Place::NotYet });
        }
        let run = log.runs.partition_point(|(_, last)| *last < seq);
        let Some(&run) = log.runs.get(run).filter(|(first, _)| *first <= seq) else { return Ok(Place::Elsewhere) };
        let name = format!("{}/{}", log.folder, layout::tiles(run.0, run.1));
        let is_open = self.open.as_ref().is_some_and(|(open, ..)| *open == name);
        if !is_open {
            let (file, _) = self.archive.open(&name, u64::MAX)?;
            self.open = Some((name, run, file));
        }
        match &self.open {
            Some((_, (first, _), file)) => leaf_at(file, seq - first).map(Place::Leaf),
            None => Ok(Place::Elsewhere),
        }
    }
}

/// The leaves of a bundle that was just verified.
pub(super) struct BundleLeaves {
    origin: String,
    platform: String,
    public: [u8; 32],
    first: u64,
    last: u64,
    leaves: File,
}

impl BundleLeaves {
    /// Those of the bundle that `report` tells of; `None` if its statement could not even be read.
    pub(super) fn of(path: &Path, report: &BundleReport) -> io::Result<Option<Self>> {
        let leaves = File::open(path.join(LEAVES))?;
        let key = report.trust.keys().first().and_then(|key| key.parse::<indelible_merkle::VerifierKey>().ok());
        Ok(key.map(|key| Self {
            origin: report.origin.clone(),
            platform: key.name().to_owned(),
            public: *key.public(),
            first: report.first_seq,
            last: report.last_seq,
            leaves,
        }))
    }
}

impl Source for BundleLeaves {
    fn keys(&self) -> Vec<(String, [u8; 32])> {
        vec![(self.platform.clone(), self.public)]
    }

    fn place(&mut self, origin: &str, seq: u64) -> io::Result<Place> {
        if origin != self.origin || !(self.first..=self.last).contains(&seq) {
            return Ok(Place::Elsewhere);
        }
        leaf_at(&self.leaves, seq - self.first).map(Place::Leaf)
    }
}

fn leaf_at(file: &File, index: u64) -> io::Result<Hash> {
    let mut leaf = Hash::ZERO;
    file.read_exact_at(&mut leaf.0, index.saturating_mul(Hash::BYTES as u64))?;
    Ok(leaf)
}
