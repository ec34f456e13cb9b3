//! Receipts against what they promise.

use std::io::BufRead;
use std::path::Path;

use indelible_merkle::{Note, VerifierKey};

use super::source::{ArchiveLeaves, BundleLeaves, Place, Source};
use super::{NoteReader, ReadNoteError, Receipt, ReceiptReport, key_name, read};
use crate::bundle::{BundleOptions, BundleReport};
use crate::source;
use crate::verify::{FINDINGS_MAX, Finding, FindingCode, Problem, Report};

/// Holds the receipts of `input`, a file named `name`, against `archive`, of which `report` was just made:
/// each entry must be there with its leaf. The result is added to the report; `strict` is as it was for that.
pub fn check_archive(archive: &dyn source::Source, name: &str, input: impl BufRead, report: &mut Report, strict: bool) {
    let mut check = Check::new(name);
    match ArchiveLeaves::of(archive, report) {
        Ok(source) => check.run(input, source),
        Err(error) => check.problem(archive.shown(""), error.to_string()),
    }
    report.receipts = Some(check.counts);
    report.findings.append(&mut check.findings);
    report.problems.append(&mut check.problems);
    report.findings_omitted += check.omitted;
    report.conclude(strict);
}

/// As [`check_archive`], against the bundle in `path`.
pub fn check_bundle(path: &Path, name: &str, input: impl BufRead, report: &mut BundleReport, options: &BundleOptions) {
    let mut check = Check::new(name);
    match BundleLeaves::of(path, report) {
        Ok(Some(source)) => check.run(input, source),
        Ok(None) => {}
        Err(error) => check.problem(path.display().to_string(), error.to_string()),
    }
    report.receipts = Some(check.counts);
    report.findings.append(&mut check.findings);
    report.problems.append(&mut check.problems);
    report.conclude(options);
}

struct Check<'n> {
    /// Name of the file, for people.
    name: &'n str,
    counts: ReceiptReport,
    findings: Vec<Finding>,
    omitted: u64,
    problems: Vec<Problem>,
}

impl<'n> Check<'n> {
    fn new(name: &'n str) -> Self {
        Self { name, counts: ReceiptReport::default(), findings: Vec::new(), omitted: 0, problems: Vec::new() }
    }

    fn run(&mut self, input: impl BufRead, mut source: impl Source) {
        let mut notes = NoteReader::new(input);
        let keys: Vec<VerifierKey> = source
            .keys()
            .iter()
            .filter_map(|(platform, public)| VerifierKey::new(&key_name(platform), public).ok())
            .collect();
        let mut number = 0;
        loop {
            number += 1;
            match notes.next() {
                Ok(Some(note)) => {
                    if self.note(number, &note, &keys, &mut source).is_err() {
                        return;
                    }
                }
                Ok(None) => break,
                Err(ReadNoteError::Note(error)) => {
                    return self.find(FindingCode::BadReceipt, None, format!("note {number}: {error}"));
                }
                Err(ReadNoteError::Io(error)) => return self.problem(self.name.to_owned(), error.to_string()),
            }
        }
        self.conclude();
    }

    /// Checks the receipts of one note. An error ends the work; it is reported.
    fn note(&mut self, number: u64, note: &Note, keys: &[VerifierKey], source: &mut impl Source) -> Result<(), ()> {
        if let Err(error) = note.verify(keys) {
            self.find(FindingCode::BadReceipt, None, format!("note {number}: {error}"));
            return Ok(());
        }
        let (_, receipts) = match read(note.text()) {
            Ok(read) => read,
            Err(error) => {
                self.find(FindingCode::BadReceipt, None, format!("note {number} is no receipt: {error}"));
                return Ok(());
            }
        };
        for Receipt { origin, seq, leaf } in receipts {
            self.counts.read += 1;
            match source.place(origin, seq) {
                Ok(Place::Leaf(found)) if found == leaf => self.counts.kept += 1,
                Ok(Place::Leaf(_)) => {
                    self.broken(seq, format!("entry {seq} of {origin} is not the one that was promised"));
                }
                Ok(Place::Ended(size)) => self.broken(
                    seq,
                    format!("entry {seq} of {origin} was promised, and this generation of the log ends at {size}"),
                ),
                Ok(Place::NotYet) => self.counts.waiting += 1,
                Ok(Place::Elsewhere) => self.counts.elsewhere += 1,
                Err(error) => {
                    self.problem(format!("entry {seq} of {origin}"), error.to_string());
                    return Err(());
                }
            }
        }
        Ok(())
    }

    fn broken(&mut self, seq: u64, message: String) {
        self.counts.broken += 1;
        self.find(FindingCode::BrokenReceipt, Some(seq), message);
    }

    fn conclude(&mut self) {
        let ReceiptReport { read, waiting, elsewhere, .. } = self.counts;
        if waiting > 0 {
            self.problem(self.name.to_owned(), format!("{waiting} receipts are for entries that are not archived yet"));
        }
        if elsewhere > 0 {
            self.problem(self.name.to_owned(), format!("{elsewhere} receipts are for entries that are not here"));
        }
        if read == 0 && self.findings.is_empty() {
            self.problem(self.name.to_owned(), "the file holds no receipt".to_owned());
        }
    }

    fn find(&mut self, code: FindingCode, seq: Option<u64>, message: String) {
        if self.findings.len() >= FINDINGS_MAX {
            self.omitted += 1;
            return;
        }
        self.findings.push(Finding {
            code,
            organization: None,
            log: None,
            object: Some(self.name.to_owned()),
            first_seq: seq,
            last_seq: seq,
            message: format!("{}: {message}", self.name),
        });
    }

    fn problem(&mut self, path: String, message: String) {
        self.problems.push(Problem { path, message });
    }
}
