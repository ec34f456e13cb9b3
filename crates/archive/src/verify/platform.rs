//! What stands in the archive beside the logs: who opened which generation, and copies of the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use indelible_merkle::{Note, VerifierKey};

use super::keys::Keys;
use super::report::{FindingCode, Problem};
use super::walk::{Contents, Seen};
use crate::claim::{CLAIM_BYTES_MAX, Claim};
use crate::journal_copy::{COPY_OBJECT_BYTES_MAX, JournalCopy};
use crate::layout;
use crate::source::Source;

/// The claims, of which each generation that has a log needs one.
pub(super) fn claims(archive: &dyn Source, contents: &Contents, keys: &Keys, seen: &mut Seen) -> BTreeMap<u32, Claim> {
    let mut claims = BTreeMap::new();
    for (&generation, name) in &contents.claims {
        let Some(bytes) = read(archive, name, CLAIM_BYTES_MAX as u64, seen) else { continue };
        match Claim::parse(&bytes) {
            Ok((claim, _)) if claim.generation != generation => {
                let message = format!("is the claim of generation {}, in another's place", claim.generation);
                seen.find(FindingCode::BadClaim, name, message);
            }
            Ok((claim, note)) => {
                check_signature(name, &note, &claim.key, keys, seen);
                claims.insert(generation, claim);
            }
            Err(error) => seen.find(FindingCode::BadClaim, name, format!("is no claim of a generation: {error}")),
        }
    }
    let generations: BTreeSet<u32> = contents.logs.iter().map(|log| log.generation).collect();
    for generation in generations.into_iter().filter(|generation| !contents.claims.contains_key(generation)) {
        let message = format!("is missing, and there are logs of generation {generation}");
        seen.find(FindingCode::MissingObject, &layout::claim(generation), message);
    }
    claims
}

/// Checks that each copy of the journal is whole and signed. Returns the bytes read.
pub(super) fn copies(archive: &dyn Source, copies: &[String], keys: &Keys, seen: &mut Seen) -> u64 {
    let mut total = 0;
    for name in copies {
        let Some(bytes) = read(archive, name, COPY_OBJECT_BYTES_MAX, seen) else { continue };
        total += bytes.len() as u64;
        match JournalCopy::parse(bytes.into()) {
            Ok((copy, _)) if copy.name().object() != *name => {
                let message = format!("was changed, or is {}, in another's place", copy.name().object());
                seen.find(FindingCode::ChangedObject, name, message);
            }
            Ok((copy, note)) => {
                check_signature(name, &note, &copy.facts().key, keys, seen);
                if let Err(error) = copy.frames() {
                    seen.find(FindingCode::BadCopy, name, format!("cannot be read: {error}"));
                }
            }
            Err(error) => seen.find(FindingCode::BadCopy, name, format!("is no copy of the journal: {error}")),
        }
    }
    total
}

fn check_signature(name: &str, note: &Note, key: &VerifierKey, keys: &Keys, seen: &mut Seen) {
    if !keys.may_sign(key) {
        let message = format!("is signed with {key}, which is none of the keys given");
        seen.find(FindingCode::OtherKey, name, message);
    }
    if note.signatures().len() != 1 {
        seen.find(FindingCode::BadSignature, name, "has other signatures than one".to_owned());
    } else if let Err(error) = note.verify(std::slice::from_ref(key)) {
        seen.find(FindingCode::BadSignature, name, error.to_string());
    }
}

/// A whole object; of a larger one a byte more than it may have.
fn read(archive: &dyn Source, name: &str, bytes_max: u64, seen: &mut Seen) -> Option<Vec<u8>> {
    match archive.read(&[name.to_owned()], bytes_max).pop()? {
        Ok(bytes) => return Some(bytes),
        // The server removes copies that have served.
        Err(error) if error.kind() == io::ErrorKind::NotFound && name.starts_with(layout::JOURNAL) => {}
        Err(error) => seen.problems.push(Problem { path: archive.shown(name), message: error.to_string() }),
    }
    None
}
