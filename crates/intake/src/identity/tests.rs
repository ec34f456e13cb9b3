#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;

fn options(memory: usize) -> Options {
    Options { memory_identities: memory, identities_max: 1_000_000, retention_us: 1_000 }
}

fn id(n: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.to_le_bytes());
    id
}

/// Inserts `count` identities with a flush after every `flush_every`, reopens, and looks all of them up.
fn check(count: u64, flush_every: u64, unflushed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut memory = IdentityMemory::open(folder.path(), options(10)).unwrap();
    let seed = memory.seed();
    let identity = |n| seed.identity((n % 3) as u32, 9, &id(n));
    for n in 0..count {
        memory.insert(identity(n), Remembered { seq: n, digest: n * 2 });
        if n % flush_every == flush_every - 1 && n < count - unflushed {
            memory.flush(n + 1, 0).unwrap();
        }
    }
    for n in 0..count {
        assert_eq!(memory.find(identity(n)).unwrap(), Some(Remembered { seq: n, digest: n * 2 }), "{n}");
    }
    let covered = memory.frames_covered();
    drop(memory);
    let memory = IdentityMemory::open(folder.path(), options(10)).unwrap();
    assert_eq!(memory.frames_covered(), covered);
    for n in 0..count {
        let expected = (n < covered).then_some(Remembered { seq: n, digest: n * 2 });
        assert_eq!(memory.find(identity(n)).unwrap(), expected, "{n} after reopening, {covered} covered");
    }
    for n in count..count + 1000 {
        assert_eq!(memory.find(identity(n)).unwrap(), None);
    }
}

#[test]
fn identities_are_found_in_memory_in_runs_and_after_merges() {
    check(5, 100, 5);
    check(100, 10, 0);
    check(1000, 7, 20);
    check(5000, 100, 1);
}

#[test]
fn other_organizations_producers_and_ids_are_other_identities() {
    let folder = tempfile::tempdir().unwrap();
    let seed = IdentityMemory::open(folder.path(), options(10)).unwrap().seed();
    let base = seed.identity(1, 2, &id(3));
    assert_ne!(base, seed.identity(2, 2, &id(3)));
    assert_ne!(base, seed.identity(1, 3, &id(3)));
    assert_ne!(base, seed.identity(1, 2, &id(4)));
    let again = IdentityMemory::open(folder.path(), options(10)).unwrap().seed();
    assert_eq!(base, again.identity(1, 2, &id(3)), "the seed stays");
}

#[test]
fn old_runs_are_forgotten_after_the_retention() {
    let folder = tempfile::tempdir().unwrap();
    let mut memory = IdentityMemory::open(folder.path(), options(10)).unwrap();
    let seed = memory.seed();
    memory.insert(seed.identity(0, 0, &id(1)), Remembered { seq: 1, digest: 1 });
    memory.flush(1, 100).unwrap();
    memory.insert(seed.identity(0, 0, &id(2)), Remembered { seq: 2, digest: 2 });
    memory.flush(2, 1_000).unwrap();
    assert!(memory.find(seed.identity(0, 0, &id(1))).unwrap().is_some());
    memory.flush(2, 1_101).unwrap();
    assert!(memory.find(seed.identity(0, 0, &id(1))).unwrap().is_none());
    assert!(memory.find(seed.identity(0, 0, &id(2))).unwrap().is_some());
}

#[test]
fn a_merge_that_was_cut_short_is_finished_on_opening() {
    let folder = tempfile::tempdir().unwrap();
    let mut memory = IdentityMemory::open(folder.path(), options(10)).unwrap();
    let seed = memory.seed();
    for n in 0..3 {
        memory.insert(seed.identity(0, 0, &id(n)), Remembered { seq: n, digest: n });
        memory.flush(n + 1, 0).unwrap();
    }
    // Keep copies of the inputs, let the fourth flush merge, then put the inputs and a half-written file back.
    let inputs: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some())
        .collect();
    let copies: Vec<_> = inputs.iter().map(|p| (p.clone(), std::fs::read(p).unwrap())).collect();
    memory.insert(seed.identity(0, 0, &id(3)), Remembered { seq: 3, digest: 3 });
    memory.flush(4, 0).unwrap();
    drop(memory);
    for (path, bytes) in &copies {
        std::fs::write(path, bytes).unwrap();
    }
    std::fs::write(folder.path().join("00000000000000000099.tmp"), b"half").unwrap();
    let memory = IdentityMemory::open(folder.path(), options(10)).unwrap();
    assert_eq!((memory.len(), memory.frames_covered()), (4, 4));
    assert!(copies.iter().all(|(path, _)| !path.exists()));
}

#[test]
fn a_damaged_run_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut memory = IdentityMemory::open(folder.path(), options(10)).unwrap();
    let seed = memory.seed();
    for n in 0..10 {
        memory.insert(seed.identity(0, 0, &id(n)), Remembered { seq: n, digest: n });
    }
    memory.flush(1, 0).unwrap();
    drop(memory);
    let path = folder.path().join("00000000000000000001.run");
    let whole = std::fs::read(&path).unwrap();
    let refused = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let error = IdentityMemory::open(folder.path(), options(10)).err().expect("refused");
        assert!(error.to_string().contains("00000000000000000001.run"), "{error}");
    };
    for cut in 0..whole.len() {
        refused(&whole[..cut]);
    }
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        refused(&flipped);
    }
}

#[test]
fn a_run_that_rots_while_it_is_open_is_not_merged() {
    let folder = tempfile::tempdir().unwrap();
    let mut memory = IdentityMemory::open(folder.path(), options(10)).unwrap();
    let seed = memory.seed();
    let flush = |memory: &mut IdentityMemory, n: u64| {
        memory.insert(seed.identity(0, 0, &id(n)), Remembered { seq: n, digest: n });
        memory.flush(n + 1, 0)
    };
    (0..3).for_each(|n| flush(&mut memory, n).unwrap());
    let path = folder.path().join("00000000000000000002.run");
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&[0xff], HEADER_BYTES as u64 + 30).unwrap();
    let error = flush(&mut memory, 3).unwrap_err();
    assert!(error.to_string().contains("00000000000000000002.run"), "{error}");
}

#[test]
fn a_damaged_seed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    IdentityMemory::open(folder.path(), options(10)).unwrap();
    let path = folder.path().join("seed");
    let whole = std::fs::read(&path).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, flipped).unwrap();
        assert!(matches!(IdentityMemory::open(folder.path(), options(10)), Err(IdentityError::SeedDamaged { .. })));
    }
}
