//! What shows only in all logs together: how the generations of an organization's log follow each other.

use std::collections::BTreeMap;

use indelible_event::Time;
use indelible_merkle::empty_root;

use super::chain::About;
use super::genesis::Previous;
use super::jobs::Done;
use super::report::{Closed, Finding, FindingCode};

/// Checks the generations of every organization, and notes in each that was closed how it ended. Returns what is wrong and
/// what should be known.
pub(super) fn check(logs: &mut [Done]) -> (Vec<Finding>, Vec<String>) {
    let (mut findings, mut notes) = (Vec::new(), Vec::new());
    let mut by_organization: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, done) in logs.iter().enumerate() {
        if let Some(head) = &done.head {
            by_organization.entry(head.organization.to_string()).or_default().push(index);
        }
    }
    for (organization, mut generations) in by_organization {
        generations.sort_by_key(|&index| (logs[index].folder.generation, logs[index].folder.label.clone()));
        let mut before: Option<usize> = None;
        for index in generations {
            let done = &logs[index];
            if done.genesis_is_known {
                match follows(before.map(|before| &logs[before]), done) {
                    Ok(note) => notes.extend(note),
                    Err(message) => {
                        let about = About { folder: &done.folder, organization: Some(&organization) };
                        findings.push(about.finding(FindingCode::OtherGeneration, None, None, message));
                    }
                }
                let closed = done.previous.as_ref().map(|previous| Closed {
                    by_generation: done.folder.generation,
                    witnessed_size: previous.witnessed_size,
                });
                if let Some(before) = before {
                    logs[before].report.closed = closed;
                }
            }
            before = Some(index);
        }
    }
    (findings, notes)
}

/// Whether `done` goes on where `before`, the newest generation there is before it, ended. Something to be known, or what
/// is wrong.
fn follows(before: Option<&Done>, done: &Done) -> Result<Option<String>, String> {
    match (before, &done.previous) {
        (None, None) => Ok(None),
        (None, Some(Previous { origin, size: 0, root, witnessed_size })) if *root == empty_root() => {
            let unfulfilled = match witnessed_size {
                0 => String::new(),
                size => format!("; receipts of it for entries 0 to {} are not fulfilled", size - 1),
            };
            let organization = &done.report.organization;
            Ok(Some(format!("{organization}: of the log {origin} nothing was archived{unfulfilled}")))
        }
        (None, Some(_)) => Err("the generation before this is missing".to_owned()),
        (Some(before), _) if before.folder.generation == done.folder.generation => {
            Err(format!("the organization has another log of this generation, under the label {}", before.folder.label))
        }
        (Some(_), None) => Err("the genesis entry does not name the generation before".to_owned()),
        (Some(before), Some(previous)) => follows_on(before, previous, done),
    }
}

fn follows_on(before: &Done, previous: &Previous, done: &Done) -> Result<Option<String>, String> {
    let (Some(head), Some(own)) = (&before.head, &done.head) else { return Ok(None) };
    if head.origin != previous.origin {
        return Err(format!("it goes on from {}, and the generation before is {}", previous.origin, head.origin));
    }
    if before.report.entries != previous.size {
        let (expected, found) = (previous.size, before.report.entries);
        return Err(format!("the generation before ended at {expected} entries, and the archive has {found}"));
    }
    if before.root.is_some_and(|root| root != previous.root) {
        return Err("the generation before ended with another root".to_owned());
    }
    if done.report.received_first_us <= before.report.received_last_us {
        let last = Time { micros: before.report.received_last_us, nanos: 0 };
        return Err(format!("it was opened before {last}, when the last entry of the generation before was received"));
    }
    let message = format!(
        "{}: generation {} is signed with another key than generation {}. Either the key was lost when the server was rebuilt, or somebody else goes on under its name: ask the operator for {}",
        own.organization, done.folder.generation, before.folder.generation, own.key
    );
    Ok((own.key.public() != head.key.public()).then_some(message))
}
