//! Checkpoints that the reader kept from earlier.

use std::collections::BTreeMap;

use indelible_merkle::{Checkpoint, Hash, Note, VerifierKey};

use super::report::{Finding, FindingCode};

/// The sizes and roots that each log once had, by origin; the sizes ascending.
pub(super) type Since = BTreeMap<String, Vec<Kept>>;

/// What a log once stated.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) size: u64,
    pub(super) root: Hash,
    /// The note, to be checked against the key of its log.
    pub(super) note: Note,
}

/// Reads the kept notes. One that is no checkpoint is a finding.
pub(super) fn read(notes: &[Note], findings: &mut Vec<Finding>) -> Since {
    let mut since = Since::new();
    for note in notes {
        match note.text().parse::<Checkpoint>() {
            Ok(Checkpoint { origin, size, root, .. }) => {
                since.entry(origin).or_default().push(Kept { size, root, note: note.clone() });
            }
            Err(error) => findings.push(finding(
                FindingCode::BadCheckpoint,
                None,
                format!("a checkpoint to compare with: {error}"),
            )),
        }
    }
    for kept in since.values_mut() {
        kept.sort_by_key(|kept| kept.size);
    }
    since
}

/// Whether each kept checkpoint of `origin` is signed with one of the `keys` of that log.
pub(super) fn check_signatures(origin: &str, kept: &[Kept], keys: &[VerifierKey], findings: &mut Vec<Finding>) {
    for Kept { size, note, .. } in kept {
        if let Err(error) = Checkpoint::open(note, keys) {
            let message = format!(
                "the checkpoint of {size} entries of {origin} to compare with is not signed by a key of that log: {error}"
            );
            findings.push(finding(FindingCode::BadCheckpoint, Some(origin), message));
        }
    }
}

/// Reports what the archive of `origin`, which ends at `archived`, is too short for.
pub(super) fn check_size(origin: &str, kept: &[Kept], archived: u64, findings: &mut Vec<Finding>) {
    let Some(Kept { size, .. }) = kept.last() else { return };
    if *size > archived {
        let message = format!(
            "{origin}: the checkpoint to compare with covers {size} entries, the archive only {archived}; entries {archived} to {} are cut off, or not archived yet",
            size - 1
        );
        let mut cut = finding(FindingCode::CutTail, Some(origin), message);
        (cut.first_seq, cut.last_seq) = (Some(archived), Some(size - 1));
        findings.push(cut);
    }
}

/// Reports logs of which a checkpoint was kept and nothing is in the archive.
pub(super) fn check_present(since: &Since, present: impl Fn(&str) -> bool, findings: &mut Vec<Finding>) {
    for origin in since.keys().filter(|origin| !present(origin)) {
        let message = format!("{origin}: there is a checkpoint to compare with, and the log is not in the archive");
        findings.push(finding(FindingCode::MissingLog, Some(origin), message));
    }
}

pub(super) fn other_history(origin: &str, size: u64) -> Finding {
    let message = format!(
        "{origin}: the first {size} entries are not those of the checkpoint to compare with: history was rewritten"
    );
    let mut other = finding(FindingCode::OtherHistory, Some(origin), message);
    (other.first_seq, other.last_seq) = (Some(0), Some(size.saturating_sub(1)));
    other
}

fn finding(code: FindingCode, origin: Option<&str>, message: String) -> Finding {
    let log = origin.and_then(|origin| {
        let mut parts = origin.rsplitn(3, '/');
        let (generation, label) = (parts.next()?, parts.next()?);
        Some(format!("{label}/{generation}"))
    });
    Finding { code, organization: None, log, object: None, first_seq: None, last_seq: None, message }
}
