//! Hashes, proofs and records from files and from strangers.

use indelible_intake::record::{self, Content};
use indelible_merkle::{
    Frontier, Hash, PlatformEntry, RangeProof, Run, RunHashes, empty_root, entry_bundle, leaf_hash, read_entry_bundle,
    verify_consistency, verify_inclusion, verify_range,
};

use crate::input::Input;

/// Proofs of any sizes: no panic, and the trivial ones mean what they say.
pub(crate) fn proof(bytes: &[u8]) {
    let mut input = Input(bytes);
    let (a, b, c) = (input.number(), input.number(), input.number());
    let (leaf, root) = (input.hash(), input.hash());
    let half = usize::from(input.byte());
    let hashes: Vec<Hash> = std::iter::from_fn(|| (!input.is_empty()).then(|| input.hash())).take(140).collect();
    if verify_inclusion(&leaf, a, b, &hashes, &root).is_ok() {
        assert!(a < b && (hashes.is_empty() == (b == 1)) && (b > 1 || leaf == root));
    }
    if verify_consistency(a, b, &hashes, &leaf, &root).is_ok() {
        assert!(a <= b && (a != b || (hashes.is_empty() && leaf == root)));
    }
    let (before, after) = hashes.split_at(half.min(hashes.len()));
    let proof = RangeProof { before: before.to_vec(), after: after.to_vec() };
    let leaves = (a..b.min(a.saturating_add(50))).map(|index| leaf_hash(&index.to_be_bytes()));
    if verify_range(a..b, leaves, c, &proof, &root).is_ok() {
        assert!(a <= b && b <= c && (c > 0 || root == empty_root()));
    }
    if let Ok(frontier) = Frontier::from_bytes(bytes) {
        assert_eq!(frontier.to_bytes(), bytes);
        let mut grown = frontier.clone();
        if frontier.size() < u64::MAX {
            grown.push(leaf);
            assert_eq!(grown.size(), frontier.size() + 1);
        }
    }
    let _ = Frontier::from_roots(a, &hashes).and_then(|mut frontier| frontier.extend_to(b, &hashes));
    run(a, b, c, bytes);
}

/// The object of a run: every hash that the run has, and no other, is found.
fn run(first: u64, end: u64, index: u64, bytes: &[u8]) {
    let Some(run) = Run::new(first, end) else { return };
    let length = usize::try_from(run.hashes().saturating_mul(32)).unwrap_or(usize::MAX).min(bytes.len());
    let Ok(hashes) = RunHashes::new(run, &bytes[..length]) else { return };
    for (level, range) in run.levels() {
        assert_eq!(hashes.hash(level, index).is_some(), range.contains(&index));
        assert!(hashes.hash(level, range.start).is_some() && hashes.hash(level, range.end).is_none());
    }
}

/// Entries of the platform log, alone and as others fetch them.
pub(crate) fn platform(bytes: &[u8]) {
    if let Ok(entry) = PlatformEntry::from_bytes(bytes) {
        assert_eq!(entry.to_bytes(), bytes);
        assert_eq!(entry.leaf(), leaf_hash(bytes));
    }
    if let Some(entries) = read_entry_bundle(bytes) {
        assert_eq!(entry_bundle(entries).as_deref(), Some(bytes));
    }
}

/// Records of a frame: what is accepted is what we would write.
pub(crate) fn record(body: &[u8]) {
    let mut written = Vec::new();
    for record in record::records(body) {
        let Ok(record) = record else { return };
        let places: Vec<_> = record.places().collect();
        let Content::Plain(content) = record.content(0) else {
            // What is encrypted can be written by nobody who has not the key: its length is all there is to hold it against.
            written.extend_from_slice(&body[written.len()..written.len() + record.bytes()]);
            continue;
        };
        let head = record::Head {
            time_us: record.time_us,
            time_nanos: record.time_nanos,
            log_entry_id: &record.log_entry_id,
            producer: record.producer,
            digest: record.digest,
            places: &places,
        };
        record::encode(&mut written, &head, record.infrastructure, content);
        assert!(record.time_nanos < 1000, "nanoseconds below the microsecond");
        assert_eq!(written, &body[..written.len()]);
    }
    assert_eq!(written, body);
}
