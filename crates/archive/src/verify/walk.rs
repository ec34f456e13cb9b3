//! What is in the folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::report::{Finding, FindingCode, Problem};
use crate::layout;

/// Where a local bucket writes objects before they get their names. Nothing in it is part of the archive.
const STAGING: &str = ".staging";

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

/// The folders of all logs in the archive `root`. What stands beside them is a finding.
pub(super) fn logs(root: &Path, seen: &mut Seen) -> Vec<LogFolder> {
    let mut folders = Vec::new();
    for (name, path, is_folder) in entries(root, seen) {
        match (name.as_str(), is_folder) {
            (STAGING, true) => {}
            (layout::ORGANIZATIONS, true) => labels(&path, &mut folders, seen),
            // Looked at by itself.
            (layout::PLATFORM, true) => {}
            _ => report_all(&name, &path, is_folder, "no part of an archive", seen),
        }
    }
    folders.sort();
    folders
}

/// The folders of all generations of the platform log, with their objects.
pub(super) fn platform_logs(root: &Path, seen: &mut Seen) -> Vec<(u32, PathBuf, Objects)> {
    let folder = root.join(layout::PLATFORM);
    if !folder.is_dir() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (name, path, is_folder) in entries(&folder, seen) {
        let number: u32 = name.parse().unwrap_or(0);
        if is_folder && number > 0 && number.to_string() == name {
            let objects = objects(&path, seen);
            found.push((number, path, objects));
        } else {
            report_all(&format!("{}/{name}", layout::PLATFORM), &path, is_folder, "in no generation's folder", seen);
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
            let number: u32 = generation.parse().unwrap_or(0);
            if is_folder && number > 0 && number.to_string() == generation {
                folders.push(LogFolder { label: label.clone(), generation: number });
            } else {
                report_all(&format!("{name}/{generation}"), &path, is_folder, "in no generation's folder", seen);
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
