//! What is in the archive.

use std::collections::BTreeMap;

use indelible_storage::probe;

use super::report::{Finding, FindingCode, Problem};
use crate::layout::{self, CopyName};
use crate::source::{Depth, EntryKind, Source};

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

/// Objects below a folder, by their names relative to it, with their lengths.
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
}

/// What is in an archive, by kind.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The folders of all logs.
    pub(super) logs: Vec<LogFolder>,
    /// The objects that say who opened a generation, by their names.
    pub(super) claims: BTreeMap<u32, String>,
    /// The copies of the journal, by their names.
    pub(super) copies: Vec<String>,
}

/// What is in an archive. What is not known is a finding.
pub(super) fn contents(archive: &dyn Source, seen: &mut Seen) -> Contents {
    let mut contents = Contents::default();
    for (name, is_folder) in entries(archive, "", seen) {
        match (name.as_str(), is_folder) {
            (STAGING | probe::PREFIX, true) => {}
            (layout::ORGANIZATIONS, true) => labels(archive, &mut contents.logs, seen),
            (layout::PLATFORM, true) => claims(archive, &mut contents.claims, seen),
            (layout::JOURNAL, true) => {
                for name in objects(archive, layout::JOURNAL, seen).into_keys() {
                    let object = format!("{}/{name}", layout::JOURNAL);
                    match CopyName::parse(&object) {
                        Some(_) => contents.copies.push(object),
                        None => seen.unnamed(object, "no copy of the journal"),
                    }
                }
            }
            _ => report_all(archive, &name, is_folder, "no part of an archive", seen),
        }
    }
    contents.logs.sort();
    contents
}

/// The claims of generations; the platform's logs beside them are looked at by themselves.
fn claims(archive: &dyn Source, claims: &mut BTreeMap<u32, String>, seen: &mut Seen) {
    for name in objects(archive, layout::GENERATIONS, seen).into_keys() {
        let object = format!("{}/{name}", layout::GENERATIONS);
        match layout::parse_claim(&object) {
            Some(generation) => _ = claims.insert(generation, object),
            None => seen.unnamed(object, "no claim of a generation"),
        }
    }
}

/// The folders of all generations of the platform log, with their objects.
pub(super) fn platform_logs(archive: &dyn Source, seen: &mut Seen) -> Vec<(u32, Objects)> {
    let mut found = Vec::new();
    for (name, is_folder) in entries(archive, layout::PLATFORM, seen) {
        let path = format!("{}/{name}", layout::PLATFORM);
        match layout::parse_generation(&name).filter(|_| is_folder) {
            Some(number) => {
                let objects = objects(archive, &path, seen);
                found.push((number, objects));
            }
            None if is_folder && path == layout::GENERATIONS => {}
            None => report_all(archive, &path, is_folder, "in no generation's folder", seen),
        }
    }
    found.sort_unstable_by_key(|(generation, ..)| *generation);
    found
}

fn labels(archive: &dyn Source, folders: &mut Vec<LogFolder>, seen: &mut Seen) {
    for (label, is_folder) in entries(archive, layout::ORGANIZATIONS, seen) {
        let name = format!("{}/{label}", layout::ORGANIZATIONS);
        if !is_folder || !layout::is_label(&label) {
            report_all(archive, &name, is_folder, "in no log's folder", seen);
            continue;
        }
        for (generation, is_folder) in entries(archive, &name, seen) {
            match layout::parse_generation(&generation).filter(|_| is_folder) {
                Some(number) => folders.push(LogFolder { label: label.clone(), generation: number }),
                None => {
                    report_all(archive, &format!("{name}/{generation}"), is_folder, "in no generation's folder", seen)
                }
            }
        }
    }
}

/// All objects below a folder.
pub(super) fn objects(archive: &dyn Source, folder: &str, seen: &mut Seen) -> Objects {
    let mut objects = Objects::new();
    for entry in archive.entries(folder, Depth::Below, &mut seen.problems) {
        match entry.kind {
            EntryKind::Object(bytes) => _ = objects.insert(entry.name, bytes),
            EntryKind::Folder => {}
            EntryKind::Other => unknown(archive, folder, &entry.name, seen),
        }
    }
    objects
}

fn report_all(archive: &dyn Source, name: &str, is_folder: bool, what: &str, seen: &mut Seen) {
    if !is_folder {
        seen.unnamed(name.to_owned(), what);
        return;
    }
    for object in objects(archive, name, seen).into_keys() {
        seen.unnamed(format!("{name}/{object}"), what);
    }
}

/// Names in a folder and whether they are folders. Links and the like are findings.
fn entries(archive: &dyn Source, folder: &str, seen: &mut Seen) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for entry in archive.entries(folder, Depth::Here, &mut seen.problems) {
        match entry.kind {
            EntryKind::Folder => found.push((entry.name, true)),
            EntryKind::Object(_) => found.push((entry.name, false)),
            EntryKind::Other => unknown(archive, folder, &entry.name, seen),
        }
    }
    found
}

fn unknown(archive: &dyn Source, folder: &str, name: &str, seen: &mut Seen) {
    let name = format!("{folder}/{name}");
    seen.unnamed(archive.shown(name.trim_start_matches('/')), "neither a file nor a folder");
}
