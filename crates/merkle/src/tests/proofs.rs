use super::trees::{ROOTS, hash, published_leaves};
use super::*;
use crate::{
    ProveError, RangeProof, TileCache, consistency_proof, inclusion_proof, range_proof, root, verify_consistency,
    verify_inclusion, verify_range,
};

/// RFC 6962's PATH, word for word.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(1 << (leaves.len() - 1).ilog2());
    let (mut path, beside) = if index < left.len() {
        (naive_path(index, left), right)
    } else {
        (naive_path(index - left.len(), right), left)
    };
    path.push(naive_root(beside));
    path
}

/// RFC 6962's SUBPROOF, word for word.
fn naive_subproof(from: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if from == leaves.len() {
        return if whole { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let (left, right) = leaves.split_at(1 << (leaves.len() - 1).ilog2());
    let (mut proof, beside) = if from <= left.len() {
        (naive_subproof(from, left, whole), right)
    } else {
        (naive_subproof(from - left.len(), right, false), left)
    };
    proof.push(naive_root(beside));
    proof
}

/// Every altered, shortened, lengthened or reordered form of a proof.
fn mutations(proof: &[Hash], extra: &[Hash], mut check: impl FnMut(&[Hash])) {
    for i in 0..proof.len() {
        let mut altered = proof.to_vec();
        altered[i].0[(7 * i) % 32] ^= 1 << (i % 8);
        check(&altered);
        let mut shorter = proof.to_vec();
        shorter.remove(i);
        check(&shorter);
        if i > 0 {
            let mut swapped = proof.to_vec();
            swapped.swap(i, i - 1);
            check(&swapped);
        }
    }
    for i in 0..=proof.len() {
        for added in proof.iter().chain(extra) {
            let mut longer = proof.to_vec();
            longer.insert(i, *added);
            check(&longer);
        }
    }
}

fn flipped(hash: Hash) -> Hash {
    let mut bytes = hash.0;
    bytes[31] ^= 0x80;
    Hash(bytes)
}

fn check_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) {
    let verify = |leaf, index, size, proof: &[Hash], root| verify_inclusion(&leaf, index, size, proof, &root).is_ok();
    assert!(verify(leaf, index, size, proof, root), "leaf {index} of {size}");
    assert!(!verify(flipped(leaf), index, size, proof, root));
    assert!(!verify(leaf, index, size, proof, flipped(root)));
    assert!(!verify(leaf, size, size, proof, root) && !verify(leaf, index, 0, proof, root));
    for other in 0..size.min(20) {
        assert!(other == index || !verify(leaf, other, size, proof, root), "leaf {index} of {size} as {other}");
    }
    mutations(proof, &[leaf, root, empty_root()], |mutated| {
        assert!(!verify(leaf, index, size, mutated, root), "leaf {index} of {size}: {mutated:?}");
    });
}

fn check_consistency(from: u64, to: u64, proof: &[Hash], older: Hash, newer: Hash) {
    let verify = |proof: &[Hash], older, newer| verify_consistency(from, to, proof, &older, &newer);
    assert_eq!(verify(proof, older, newer), Ok(()), "{from} to {to}");
    verify(proof, flipped(older), newer).unwrap_err();
    if from > 0 {
        verify(proof, older, flipped(newer)).unwrap_err();
    }
    if from > 0 && from < to {
        verify(proof, newer, older).unwrap_err();
    }
    mutations(proof, &[older, newer, empty_root()], |mutated| {
        verify(mutated, older, newer).unwrap_err();
    });
}

#[test]
fn published_proofs_are_made_and_verify() {
    let leaves = published_leaves();
    let mut hashes = LevelHashes::default();
    Frontier::new().extend_levels(&leaves, &mut hashes.levels);
    let inclusion: [(u64, u64, &[&str]); 5] = [
        (0, 1, &[]),
        (
            0,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            &[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
        (
            1,
            5,
            &[
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    for (index, size, expected) in inclusion {
        let expected: Vec<_> = expected.iter().map(|text| hash(text)).collect();
        assert_eq!(inclusion_proof(&hashes, index, size).unwrap(), expected);
        check_inclusion(leaves[index as usize], index, size, &expected, hash(ROOTS[size as usize]));
    }
    let consistency: [(u64, u64, &[&str]); 5] = [
        (1, 1, &[]),
        (
            1,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            &[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            &[
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
        (
            6,
            7,
            &[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
    ];
    for (from, to, expected) in consistency {
        let expected: Vec<_> = expected.iter().map(|text| hash(text)).collect();
        assert_eq!(consistency_proof(&hashes, from, to).unwrap(), expected);
        check_consistency(from, to, &expected, hash(ROOTS[from as usize]), hash(ROOTS[to as usize]));
    }
}

#[test]
fn every_leaf_of_every_small_tree_is_proved_and_no_mutation_is() {
    let tree = tree_of(72);
    for size in 1..=72_u64 {
        let leaves = &tree.leaves[..size as usize];
        let root = naive_root(leaves);
        for index in 0..size {
            let proof = inclusion_proof(&tree.hashes, index, size).unwrap();
            assert_eq!(proof, naive_path(index as usize, leaves));
            check_inclusion(leaves[index as usize], index, size, &proof, root);
        }
    }
}

#[test]
fn every_pair_of_small_trees_is_proved_consistent_and_no_mutation_is() {
    let tree = tree_of(72);
    let roots: Vec<_> = (0..=72).map(|size| naive_root(&tree.leaves[..size])).collect();
    for to in 0..=72 {
        for from in 0..=to {
            let proof = consistency_proof(&tree.hashes, from as u64, to as u64).unwrap();
            if from > 0 {
                assert_eq!(proof, naive_subproof(from, &tree.leaves[..to], true));
            }
            check_consistency(from as u64, to as u64, &proof, roots[from], roots[to]);
        }
    }
}

#[test]
fn every_range_of_small_trees_is_proved_and_no_mutation_is() {
    let tree = tree_of(20);
    for size in 0..=20_u64 {
        let root = naive_root(&tree.leaves[..size as usize]);
        for begin in 0..=size {
            for end in begin..=size {
                let proof = range_proof(&tree.hashes, begin..end, size).unwrap();
                let leaves = &tree.leaves[begin as usize..end as usize];
                check_range(begin, leaves, size, &proof, root);
            }
        }
    }
}

fn check_range(begin: u64, leaves: &[Hash], size: u64, proof: &RangeProof, root: Hash) {
    let end = begin + leaves.len() as u64;
    let verify = |leaves: &[Hash], proof: &RangeProof, root| {
        verify_range(begin..end, leaves.iter().copied(), size, proof, &root).is_ok()
    };
    assert!(verify(leaves, proof, root), "{begin}..{end} of {size}");
    assert!(!verify(leaves, proof, flipped(root)));
    let mut random = StdRng::seed_from_u64(begin * 1_000_000 + end * 1_000 + size);
    for _ in 0..3.min(leaves.len()) {
        let i = random.random_range(0..leaves.len());
        let mut altered = leaves.to_vec();
        altered[i] = flipped(altered[i]);
        assert!(!verify(&altered, proof, root));
        altered.clone_from_slice(leaves);
        altered.remove(i);
        assert!(!verify(&altered, proof, root));
        altered.insert(0, leaves[i]);
        assert!(i == 0 || !verify(&altered, proof, root));
        altered.push(leaves[i]);
        assert!(!verify(&altered, proof, root));
    }
    mutations(&proof.before, &[root], |before| {
        assert!(!verify(leaves, &RangeProof { before: before.to_vec(), after: proof.after.clone() }, root));
    });
    mutations(&proof.after, &[root], |after| {
        assert!(!verify(leaves, &RangeProof { before: proof.before.clone(), after: after.to_vec() }, root));
    });
}

#[test]
fn large_trees_are_proved_at_random_places() {
    let mut random = seeded();
    let largest = 80_000;
    let tree = tree_of(largest);
    let cache = TileCache::new(&tree.hashes, largest);
    let root_of = |size| root(&tree.hashes, size).unwrap();
    assert_eq!(root_of(largest), naive_root(&tree.leaves));
    for _ in 0..60 {
        let size = random.random_range(1..=largest);
        let index = random.random_range(0..size);
        let proof = inclusion_proof(&cache, index, size).unwrap();
        assert_eq!(proof, inclusion_proof(&tree.hashes, index, size).unwrap());
        check_inclusion(tree.leaves[index as usize], index, size, &proof, root_of(size));

        let from = random.random_range(0..=size);
        let proof = consistency_proof(&cache, from, size).unwrap();
        check_consistency(from, size, &proof, root_of(from), root_of(size));

        let end = (index + random.random_range(0..2_000)).min(size);
        let proof = range_proof(&cache, index..end, size).unwrap();
        assert!(proof.before.len() + proof.after.len() <= 3 * 20);
        let leaves = tree.leaves[index as usize..end as usize].iter().copied();
        assert_eq!(verify_range(index..end, leaves, size, &proof, &root_of(size)), Ok(()));
    }
}

#[test]
fn what_is_outside_the_tree_is_not_proved() {
    let tree = tree_of(10);
    assert!(matches!(inclusion_proof(&tree.hashes, 10, 10), Err(ProveError::Outside { .. })));
    assert!(matches!(inclusion_proof(&tree.hashes, 0, 0), Err(ProveError::Outside { .. })));
    assert!(matches!(inclusion_proof(&tree.hashes, 3, 11), Err(ProveError::Read(_))));
    assert!(matches!(consistency_proof(&tree.hashes, 7, 6), Err(ProveError::Outside { .. })));
    assert!(matches!(consistency_proof(&tree.hashes, 7, 11), Err(ProveError::Read(_))));
    #[allow(clippy::reversed_empty_ranges)]
    let backwards = range_proof(&tree.hashes, 3..2, 10);
    assert!(matches!(backwards, Err(ProveError::Outside { .. })));
    assert!(matches!(range_proof(&tree.hashes, 3..11, 10), Err(ProveError::Outside { .. })));
}

#[test]
fn a_forged_proof_never_panics() {
    let mut random = seeded();
    let edge = |random: &mut StdRng| match random.random_range(0..4) {
        0 => u64::MAX - random.random_range(0..3),
        1 => random.random_range(0..5),
        2 => (1 << random.random_range(0..64_u32)) - random.random_range(0..2_u64),
        _ => random.random(),
    };
    for _ in 0..20_000 {
        let (a, b, c) = (edge(&mut random), edge(&mut random), edge(&mut random));
        let proof = vec![leaf(a); random.random_range(0..130)];
        verify_inclusion(&leaf(a), a, b, &proof, &leaf(b)).unwrap_err();
        if verify_consistency(a, b, &proof, &leaf(a), &leaf(b)).is_ok() {
            assert!(a == b && proof.is_empty());
        }
        let after = vec![leaf(b); random.random_range(0..130)];
        let proof = RangeProof { before: proof, after };
        verify_range(a..b, [leaf(c); 3], c, &proof, &leaf(c)).unwrap_err();
    }
    // A proof of the right length for a size at the very end.
    let full = vec![Hash::ZERO; 64];
    verify_inclusion(&leaf(0), 0, u64::MAX, &full, &leaf(0)).unwrap_err();
    verify_consistency(1, u64::MAX, &full, &leaf(0), &leaf(0)).unwrap_err();
}
