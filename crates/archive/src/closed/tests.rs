#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use indelible_merkle::{Checkpoint, inclusion_proof, leaf_hash, root, verify_inclusion};

use super::*;
use crate::log::Log as _;
use crate::testing::{TestLog, archive};

const ALPHA: &str = "ri.indelible..organization.alpha";

#[test]
fn a_closed_log_is_proven_from_its_objects() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive");
    let mut logs = [TestLog::new(ALPHA, 1)];
    // Runs that end in the middle of tiles, at their ends, and hold several.
    archive(&path, &mut logs, &[3, 253, 1, 700, 255]);
    let log = &logs[0];
    let bucket = Bucket::local(&path).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let keys = |_: &str| vec![log.info().key.clone()];
    let inventory = runtime.block_on(Inventory::load(&bucket, keys)).unwrap();
    let organization = &log.info().organization;
    let closed = runtime.block_on(ClosedLog::open(&bucket, &inventory, organization, 1)).unwrap();
    assert_eq!((closed.last().size(), &closed.last().origin), (1212, &log.info().origin));
    assert_eq!(closed.salt_key().commitment(), log.info().salt_key.commitment());
    for size in [1, 3, 255, 256, 257, 956, 957, 1212] {
        assert_eq!(root(&closed, size).unwrap(), root(log, size).unwrap(), "{size}");
    }
    let checkpoint = Checkpoint::open(&closed.checkpoint().unwrap().parse().unwrap(), &keys("")).unwrap();
    assert_eq!(checkpoint.root, root(log, 1212).unwrap());
    for index in [0, 2, 3, 255, 256, 900, 1211] {
        let mut leaf = [Hash::ZERO];
        closed.tile_hashes(0, index, &mut leaf).unwrap();
        let proof = inclusion_proof(&closed, index, 1212).unwrap();
        verify_inclusion(&leaf[0], index, 1212, &proof, &checkpoint.root).unwrap();
        assert_ne!(leaf[0], leaf_hash(b""));
    }
    for (level, index) in [(0, 1212), (1, 4), (2, 0), (7, 0)] {
        let error = closed.tile_hashes(level, index, &mut [Hash::ZERO]).unwrap_err();
        assert!(matches!(error, ClosedError::Hash { .. }), "{error}");
    }
    let missing = runtime.block_on(ClosedLog::open(&bucket, &inventory, organization, 2));
    assert!(matches!(missing, Err(ClosedError::Missing { .. })));
}
