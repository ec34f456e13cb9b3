//! What is in the folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::report::{Finding, FindingCode, Problem};
use crate::layout::{self, CopyName};

/// Where a local bucket writes objects before they get their names. Nothing in it is part of the archive.
const STAGING: &str = ".staging";

/// The folder of claims beside the platform's logs.
const CLAIMS: &str = "generations";

/// The folder of one generation of one log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LogFolder {
    pub(super) label: String,
    pub(super) generation: u32,
}

impl LogFolder {
    /// Name within the archive.
    pub(super) fn name(&self) -> String {
        layout::generation_folder(&self.label, self.generation)
    }
}

/// Files below a folder, by their names relative to it, with their lengths.
pub(super) type Objects = BTreeMap<String, u64>;

/// What was seen on the way.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) findings: Vec<Finding>,
    pub(super) problems: Vec<Problem>,
}

impl Seen {
    fn unnamed(&mut self, object: String, what: &str) {
        self.findings.push(Finding {
            code: FindingCode::UnnamedObject,
            organization: None,
            log: None,
            message: format!("{object} is {what}"),
            object: Some(object),
            first_seq: None,
            last_seq: None,
        });
    }

    /// Reports something about an object that is of no organization's log.
    pub(super) fn find(&mut self, code: FindingCode, object: &str, message: String) {
        self.findings.push(Finding {
            code,
            organization: None,
            log: None,
            object: Some(object.to_owned()),
            first_seq: None,
            last_seq: None,
            message: format!("{object}: {message}"),
        });
    }

    fn problem(&mut self, path: &Path, error: &std::io::Error) {
        self.problems.push(Problem { path: path.display().to_string(), message: error.to_string() });
    }
}

/// What is in an archive, by kind.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The folders of all logs.
    pub(super) logs: Vec<LogFolder>,
    /// The objects that say who opened a generation, by their names.
    pub(super) claims: BTreeMap<u32, PathBuf>,
    /// The copies of the journal, by their names.
    pub(super) copies: BTreeMap<String, PathBuf>,
}

/// What is in the archive `root`. What is not known is a finding.
pub(super) fn contents(root: &Path, seen: &mut Seen) -> Contents {
    let mut contents = Contents::default();
    for (name, path, is_folder) in entries(root, seen) {
        match (name.as_str(), is_folder) {
            (STAGING, true) => {}
            (layout::ORGANIZATIONS, true) => labels(&path, &mut contents.logs, seen),
            (layout::PLATFORM, true) => claims(&path, &mut contents.claims, seen),
            (layout::JOURNAL, true) => {
                for name in objects(&path, seen).into_keys() {
                    let (object, path) = (format!("{}/{name}", layout::JOURNAL), path.join(&name));
                    match CopyName::parse(&object) {
                        Some(_) => _ = contents.copies.insert(object, path),
                        None => seen.unnamed(object, "no copy of the journal"),
                    }
                }
            }
            _ => report_all(&name, &path, is_folder, "no part of an archive", seen),
        }
    }
    contents.logs.sort();
    contents
}

/// The claims of generations; the platform's logs beside them are looked at by themselves.
fn claims(platform: &Path, claims: &mut BTreeMap<u32, PathBuf>, seen: &mut Seen) {
    let folder = platform.join(CLAIMS);
    if !folder.is_dir() {
        return;
    }
    for name in objects(&folder, seen).into_keys() {
        let (object, path) = (format!("{}/{name}", layout::GENERATIONS), folder.join(&name));
        match layout::parse_claim(&object) {
            Some(generation) => _ = claims.insert(generation, path),
            None => seen.unnamed(object, "no claim of a generation"),
        }
    }
}

/// The folders of all generations of the platform log, with their objects.
pub(super) fn platform_logs(root: &Path, seen: &mut Seen) -> Vec<(u32, PathBuf, Objects)> {
    let folder = root.join(layout::PLATFORM);
    if !folder.is_dir() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (name, path, is_folder) in entries(&folder, seen) {
        match layout::parse_generation(&name).filter(|_| is_folder) {
            Some(number) => {
                let objects = objects(&path, seen);
                found.push((number, path, objects));
            }
            None if is_folder && name == CLAIMS => {}
            None => {
                report_all(
                    &format!("{}/{name}", layout::PLATFORM),
                    &path,
                    is_folder,
                    "in no generation's folder",
                    seen,
                );
            }
        }
    }
    found.sort_unstable_by_key(|(generation, ..)| *generation);
    found
}

fn labels(path: &Path, folders: &mut Vec<LogFolder>, seen: &mut Seen) {
    for (label, path, is_folder) in entries(path, seen) {
        let name = format!("{}/{label}", layout::ORGANIZATIONS);
        if !is_folder || !layout::is_label(&label) {
            report_all(&name, &path, is_folder, "in no log's folder", seen);
            continue;
        }
        for (generation, path, is_folder) in entries(&path, seen) {
            match layout::parse_generation(&generation).filter(|_| is_folder) {
                Some(number) => folders.push(LogFolder { label: label.clone(), generation: number }),
                None => {
                    report_all(&format!("{name}/{generation}"), &path, is_folder, "in no generation's folder", seen)
                }
            }
        }
    }
}

/// All files below the folder of a log.
pub(super) fn objects(folder: &Path, seen: &mut Seen) -> Objects {
    let mut objects = Objects::new();
    let mut left = vec![(String::new(), folder.to_owned())];
    while let Some((prefix, folder)) = left.pop() {
        for (name, path, is_folder) in entries(&folder, seen) {
            let name = format!("{prefix}{name}");
            if is_folder {
                left.push((name + "/", path));
                continue;
            }
            match fs::metadata(&path) {
                Ok(metadata) => {
                    objects.insert(name, metadata.len());
                }
                Err(error) => seen.problem(&path, &error),
            }
        }
    }
    objects
}

fn report_all(name: &str, path: &Path, is_folder: bool, what: &str, seen: &mut Seen) {
    if !is_folder {
        seen.unnamed(name.to_owned(), what);
        return;
    }
    for object in objects(path, seen).into_keys() {
        seen.unnamed(format!("{name}/{object}"), what);
    }
}

/// Names in a folder, their paths and whether they are folders. Links and the like are findings.
fn entries(folder: &Path, seen: &mut Seen) -> Vec<(String, PathBuf, bool)> {
    let read = match fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) => {
            seen.problem(folder, &error);
            return Vec::new();
        }
    };
    let mut found = Vec::new();
    for entry in read {
        let kind = entry.and_then(|entry| Ok((entry.file_type()?, entry)));
        match kind {
            Ok((kind, entry)) if kind.is_dir() || kind.is_file() => {
                let name = entry.file_name().to_string_lossy().into_owned();
                found.push((name, entry.path(), kind.is_dir()));
            }
            Ok((_, entry)) => seen.unnamed(entry.path().display().to_string(), "neither a file nor a folder"),
            Err(error) => seen.problem(folder, &error),
        }
    }
    found
}
