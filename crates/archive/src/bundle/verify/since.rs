//! Checkpoints that the reader kept from earlier, against those of the bundle.

use indelible_merkle::{Checkpoint, Note, VerifierKey, verify_consistency};

use super::files::Files;
use super::{Stop, known_keys, wrong};
use crate::bundle::proofs::ConsistencyProof;
use crate::bundle::statement::Statement;
use crate::bundle::{CHECKPOINT, PLATFORM_PROOF, SINCE_PROOF};
use crate::verify::{FindingCode, Problem};

/// Checks that the log's and the platform's checkpoint extend what was kept of them.
pub(super) fn check(
    kept: &[Note],
    statement: &Statement,
    held: &[VerifierKey],
    platform: &Checkpoint,
    files: &Files,
) -> Result<(), Stop> {
    let claim = &statement.claim;
    let proofs = read_proofs(files)?;
    let log = Checkpoint::new(&claim.origin, claim.size, claim.root);
    let mut compared = 0;
    for note in kept {
        let origin = note.text().split('\n').next().unwrap_or_default();
        let now = [(&log, CHECKPOINT), (platform, PLATFORM_PROOF)].into_iter().find(|(now, _)| now.origin == origin);
        let Some((now, object)) = now else { continue };
        compared += 1;
        let old = Checkpoint::open(note, &known_keys(origin, &claim.key, held)).map_err(|error| {
            let message = format!("the checkpoint to compare with is not signed by a key of {origin}: {error}");
            wrong(FindingCode::BadCheckpoint, object, None, message)
        })?;
        check_one(&old, now, object, &proofs)?;
    }
    if compared == 0 && !kept.is_empty() {
        let message = format!("none of the checkpoints to compare with is of {} or {}", log.origin, platform.origin);
        return Err(Stop::Problem(Problem { path: SINCE_PROOF.to_owned(), message }));
    }
    Ok(())
}

fn read_proofs(files: &Files) -> Result<Vec<ConsistencyProof>, Stop> {
    if !files.has(SINCE_PROOF) {
        return Ok(Vec::new());
    }
    let bad = |message: String| wrong(FindingCode::BadProof, SINCE_PROOF, None, message);
    let text = std::str::from_utf8(files.bytes(SINCE_PROOF)).map_err(|error| bad(error.to_string()))?;
    ConsistencyProof::read(text).map_err(|error| bad(error.to_string()))
}

fn check_one(old: &Checkpoint, now: &Checkpoint, object: &str, proofs: &[ConsistencyProof]) -> Result<(), Stop> {
    let (origin, is_log) = (&now.origin, object == CHECKPOINT);
    let entries = |first: u64, end: u64| (is_log && end > first).then(|| (first, end - 1));
    if old.size > now.size {
        let message = format!(
            "the checkpoint to compare with covers {} entries of {origin}, the bundle is of the log of {}: a tail was cut, or the bundle is older",
            old.size, now.size
        );
        return Err(wrong(FindingCode::CutTail, object, entries(now.size, old.size), message));
    }
    let fits = |proof: &&ConsistencyProof| proof.origin == *origin && (proof.old, proof.new) == (old.size, now.size);
    let path = match proofs.iter().find(fits) {
        Some(proof) => &proof.path[..],
        None if old.size == now.size || old.size == 0 => &[],
        None => {
            let message = format!(
                "it holds no proof that {origin} extends the {} entries of the checkpoint to compare with; make the bundle again with --since",
                old.size
            );
            return Err(Stop::Problem(Problem { path: SINCE_PROOF.to_owned(), message }));
        }
    };
    verify_consistency(old.size, now.size, path, &old.root, &now.root).map_err(|_| {
        let message = format!(
            "the first {} entries of {origin} are not those of the checkpoint to compare with: history was rewritten",
            old.size
        );
        wrong(FindingCode::OtherHistory, object, entries(0, old.size), message)
    })
}
