use super::*;
use crate::{EMPTY_MAP, Label, MAX_MAP_PATH, MapProof, ParseMapProofError, PrefixMap, map_leaf};
use sha2::{Digest as _, Sha256};

/// The definition of the format page, bit by bit, and as slow.
fn naive_map(leaves: &[(Label, Hash)], depth: usize) -> Hash {
    match leaves {
        [] => Hash([0; 32]),
        [(_, leaf)] => *leaf,
        _ => {
            let side = |one: bool| {
                let of_side = |(label, _): &&(Label, Hash)| (label[depth / 8] >> (7 - depth % 8)) & 1 == u8::from(one);
                naive_map(&leaves.iter().filter(of_side).copied().collect::<Vec<_>>(), depth + 1)
            };
            let (left, right) = (side(false), side(true));
            Hash(Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into())
        }
    }
}

struct Log {
    label: Label,
    size: u64,
    root: Hash,
}

fn log(label: Label, number: u64) -> Log {
    Log { label, size: 1 + number * number, root: leaf(number) }
}

fn salt(label: &Label) -> [u8; 32] {
    Sha256::digest(label).into()
}

fn map_of(logs: &[Log]) -> PrefixMap {
    let leaf = |log: &Log| (log.label, map_leaf(&log.label, &salt(&log.label), 1, log.size, &log.root));
    PrefixMap::new(logs.iter().map(leaf).collect()).unwrap()
}

fn proof_of(map: &PrefixMap, log: &Log) -> MapProof {
    let path = map.path(&log.label).unwrap();
    MapProof { epoch: 9, time: 1_700_000_000_000_000, label: log.label, generation: 1, salt: salt(&log.label), path }
}

/// Labels that part at every depth, and random ones.
fn label_sets() -> Vec<Vec<Label>> {
    let mut random = seeded();
    let with_bit = |bit: usize| {
        let mut label = [0x55; 16];
        label[bit / 8] ^= 0x80 >> (bit % 8);
        label
    };
    let mut sets = vec![
        vec![],
        vec![[0; 16]],
        vec![[0; 16], [0xff; 16]],
        // The deepest leaves there can be: they differ in the last bit.
        vec![with_bit(127), [0x55; 16]],
        (0..128).map(with_bit).collect(),
    ];
    for count in [3, 17, 200] {
        sets.push((0..count).map(|_| random.random()).collect());
    }
    // Many that agree in their first bytes.
    sets.push(
        (0..64)
            .map(|i| {
                let mut label = [7; 16];
                label[3] = i;
                label
            })
            .collect(),
    );
    sets
}

#[test]
fn a_map_is_what_its_format_says() {
    assert_eq!(map_of(&[]).root(), EMPTY_MAP);
    for labels in label_sets() {
        let logs: Vec<_> = labels.into_iter().zip(0..).map(|(label, i)| log(label, i)).collect();
        let map = map_of(&logs);
        assert_eq!(map.len(), logs.len());
        assert_eq!(map.root(), naive_map(&map.clone_leaves(), 0));
        for log in &logs {
            let proof = proof_of(&map, log);
            assert!(proof.path.len() <= MAX_MAP_PATH);
            assert_eq!(proof.map_root(log.size, &log.root), Some(map.root()));
            assert_eq!(proof.to_string().parse(), Ok(proof));
        }
        assert_eq!(map.path(&[0xa5; 16]), None);
    }
}

#[test]
fn a_label_has_one_place() {
    assert_eq!(PrefixMap::new(vec![([1; 16], leaf(1)), ([2; 16], leaf(2)), ([1; 16], leaf(3))]), None);
    let map = map_of(&[log([1; 16], 1), log([2; 16], 2)]);
    let turned = map_of(&[log([2; 16], 2), log([1; 16], 1)]);
    assert_eq!(map, turned);
}

#[test]
fn every_altered_map_proof_is_refused() {
    let mut labels = label_sets();
    let logs: Vec<_> = labels.swap_remove(6).into_iter().zip(0..).map(|(label, i)| log(label, i)).collect();
    let map = map_of(&logs);
    let root = map.root();
    for log in &logs {
        let good = proof_of(&map, log);
        let refused = |proof: &MapProof, size, root_of_log: &Hash, what: &str| {
            assert_ne!(proof.map_root(size, root_of_log), Some(root), "{what}");
        };
        let with = |change: &dyn Fn(&mut MapProof)| {
            let mut proof = good.clone();
            change(&mut proof);
            proof
        };
        refused(&good, log.size + 1, &log.root, "size");
        refused(&good, log.size ^ (1 << 63), &log.root, "size");
        refused(&good, log.size, &leaf(1_000), "root");
        refused(&with(&|proof| proof.generation = 2), log.size, &log.root, "generation");
        for bit in 0..256 {
            refused(&with(&|proof| proof.salt[bit / 8] ^= 1 << (bit % 8)), log.size, &log.root, "salt");
        }
        for bit in 0..128 {
            refused(&with(&|proof| proof.label[bit / 8] ^= 1 << (bit % 8)), log.size, &log.root, "label");
        }
        for at in 0..good.path.len() {
            for bit in 0..256 {
                refused(&with(&|proof| proof.path[at].0[bit / 8] ^= 1 << (bit % 8)), log.size, &log.root, "path");
            }
            refused(
                &with(&|proof| proof.path = [&proof.path[..at], &proof.path[at + 1..]].concat()),
                log.size,
                &log.root,
                "removed",
            );
            refused(&with(&|proof| proof.path.truncate(at)), log.size, &log.root, "cut");
            for added in [good.path[at], EMPTY_MAP, log.root, root] {
                refused(&with(&|proof| proof.path.insert(at, added)), log.size, &log.root, "inserted");
                refused(&with(&|proof| proof.path.push(added)), log.size, &log.root, "added");
            }
            if at > 0 && good.path[at] != good.path[at - 1] {
                refused(&with(&|proof| proof.path.swap(at, at - 1)), log.size, &log.root, "swapped");
            }
        }
        for other in logs.iter().filter(|other| other.label != log.label) {
            refused(&good, other.size, &other.root, "another log");
            let mut stolen = proof_of(&map, other);
            stolen.label = log.label;
            refused(&stolen, log.size, &log.root, "another path");
        }
        // What binds the map into the platform log: number and time are in the entry, not in the root.
        let entry = good.epoch_entry(log.size, &log.root).unwrap();
        assert_ne!(with(&|proof| proof.epoch += 1).epoch_entry(log.size, &log.root).unwrap().leaf(), entry.leaf());
        assert_ne!(with(&|proof| proof.time += 1).epoch_entry(log.size, &log.root).unwrap().leaf(), entry.leaf());
    }
}

#[test]
fn a_path_longer_than_a_label_is_refused() {
    let proof = MapProof {
        epoch: 0,
        time: 0,
        label: [3; 16],
        generation: 1,
        salt: [0; 32],
        path: vec![EMPTY_MAP; MAX_MAP_PATH + 1],
    };
    assert_eq!(proof.map_root(1, &leaf(1)), None);
    assert_eq!(proof.epoch_entry(1, &leaf(1)), None);
    assert_eq!(proof.to_string().parse::<MapProof>(), Err(ParseMapProofError { line: 7 }));
}

#[test]
fn a_map_proof_has_one_text() {
    let map = map_of(&[log([1; 16], 1), log([0x81; 16], 2)]);
    let good = proof_of(&map, &log([1; 16], 1)).to_string();
    assert_eq!(good.lines().count(), 8);
    let check = |text: &str, line| assert_eq!(text.parse::<MapProof>(), Err(ParseMapProofError { line }), "{text:?}");
    for (find, put, line) in [
        ("indelible/map-proof/v1", "indelible/map-proof/v2", 1),
        ("epoch 9", "epoch 09", 2),
        ("epoch 9", "epoch -9", 2),
        ("epoch 9", "epoch  9", 2),
        ("epoch 9", "Epoch 9", 2),
        ("epoch 9", "epoch 18446744073709551616", 2),
        ("time 1700000000000000", "time +1700000000000000", 3),
        ("time 1700000000000000", "time -0", 3),
        ("time 1700000000000000", "time 1.7", 3),
        ("label 01", "label 0A", 4),
        ("label 01", "label ", 4),
        ("label 01", "label 0101", 4),
        ("generation 1", "generation 4294967296", 5),
        ("generation 1", "generation", 5),
        ("salt ", "salt x", 6),
        ("path 1", "path 2", 9),
        ("path 1", "path 0", 8),
        ("path 1", "path 129", 7),
        ("path 1", "path 99999999999999999999", 7),
        ("=\n", "=\n\n", 9),
        ("=\n", "=\nx\n", 9),
        ("=\n", "\n", 8),
    ] {
        let altered = good.replacen(find, put, 1);
        assert_ne!(altered, good, "{find}");
        check(&altered, line);
    }
    check("", 1);
    check(&good[..good.len() - 1], 1);
    check(&good.repeat(2), 9);
    check(&good.repeat(40), 1);
    check(&"x".repeat(100_000), 1);
    for cut in 0..good.len() {
        assert!(good[..cut].parse::<MapProof>().is_err());
    }
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        // Another proof at most, and never the same text read two ways.
        if let Ok(proof) = String::from_utf8(bytes.clone()).unwrap().parse::<MapProof>() {
            assert_eq!(proof.to_string().into_bytes(), bytes);
        }
    }
}
