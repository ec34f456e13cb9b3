use super::*;
use crate::{Cover, FrontierError, Hashes, Node, TileCache, cover, root};

/// The entries of the vectors that certificate transparency implementations share, and the roots of their first 0 to 8.
pub(super) const ENTRIES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
pub(super) const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

pub(super) fn hash(hex_text: &str) -> Hash {
    Hash(hex::decode(hex_text).unwrap().try_into().unwrap())
}

pub(super) fn published_leaves() -> Vec<Hash> {
    ENTRIES.iter().map(|entry| leaf_hash(&hex::decode(entry).unwrap())).collect()
}

#[test]
fn published_roots_are_reached() {
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root(), hash(ROOTS[0]));
    for (leaf, expected) in published_leaves().into_iter().zip(&ROOTS[1..]) {
        frontier.push(leaf);
        assert_eq!(frontier.root(), hash(expected));
    }
}

#[test]
fn a_frontier_has_the_root_of_the_definition() {
    let tree = tree_of(600);
    let mut frontier = Frontier::new();
    for size in 0..=600_u64 {
        assert_eq!(frontier.size(), size);
        assert_eq!(frontier.root(), naive_root(&tree.leaves[..size as usize]), "size {size}");
        assert_eq!(root(&tree.hashes, size).unwrap(), frontier.root(), "size {size}");
        assert_eq!(Frontier::read(&tree.hashes, size).unwrap(), frontier, "size {size}");
        assert_eq!(Frontier::from_bytes(&frontier.to_bytes()).unwrap(), frontier, "size {size}");
        if size < 600 {
            frontier.push(leaf(size));
        }
    }
}

#[test]
fn a_subtree_completes_once_and_with_its_hash() {
    let leaves: Vec<_> = (0..300).map(leaf).collect();
    let mut completed = Vec::new();
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|&leaf| frontier.push_visit(leaf, |node, hash| completed.push((node, hash))));
    for &(Node { height, index }, hash) in &completed {
        let first = (index << height) as usize;
        assert_eq!(hash, naive_root(&leaves[first..first + (1 << height)]));
    }
    completed.sort_unstable_by_key(|(node, _)| *node);
    let expected: Vec<_> =
        (0..9).flat_map(|height| (0..300_u64 >> height).map(move |index| Node { height, index })).collect();
    assert_eq!(completed.iter().map(|(node, _)| *node).collect::<Vec<_>>(), expected);
}

#[test]
fn cached_tiles_give_the_same_nodes() {
    for size in [1, 255, 256, 257, 700, 66_000] {
        let tree = tree_of(size);
        let cache = TileCache::new(&tree.hashes, size);
        for height in 0..17 {
            for index in (0..size >> height).step_by(1 + size as usize / 300) {
                let node = Node { height, index };
                assert_eq!(cache.node(node).unwrap(), tree.hashes.node(node).unwrap(), "{node:?} of {size}");
            }
            cache.node(Node { height, index: size >> height }).unwrap_err();
        }
    }
}

#[test]
fn a_cover_is_complete_minimal_and_in_order() {
    let check = |begin: u64, end: u64| {
        let nodes: Vec<_> = cover(begin..end).collect();
        let mut at = u128::from(begin);
        for node in &nodes {
            assert_eq!(u128::from(node.index) << node.height, at);
            at += 1 << node.height;
        }
        assert_eq!(at, u128::from(end.max(begin)));
        let mergeable = |pair: &[Node]| {
            pair[0].height == pair[1].height && pair[0].index.is_multiple_of(2) && pair[0].index + 1 == pair[1].index
        };
        assert!(!nodes.windows(2).any(mergeable), "{begin}..{end}");
        assert!(nodes.len() <= 126);
    };
    for begin in 0..70_u64 {
        for end in begin.saturating_sub(1)..70 {
            check(begin, end);
        }
    }
    let mut random = seeded();
    for (begin, end) in [(0, u64::MAX), (1, u64::MAX), (u64::MAX, u64::MAX), (u64::MAX - 1, u64::MAX), (u64::MAX, 0)] {
        check(begin, end);
    }
    for _ in 0..10_000 {
        let (begin, end) = (random.random::<u64>() >> random.random_range(0..64), random.random());
        check(begin, end);
    }
    assert_eq!(Cover::count(cover(1..u64::MAX)), 126);
}

#[test]
fn a_frontier_of_the_wrong_form_is_refused() {
    let mut tree = tree_of(7);
    let bytes = tree.frontier.to_bytes();
    assert_eq!(bytes.len(), 8 + 3 * 32);
    for cut in 0..bytes.len() {
        Frontier::from_bytes(&bytes[..cut]).unwrap_err();
    }
    Frontier::from_bytes(&[&bytes[..], &[0; 32]].concat()).unwrap_err();
    let backwards = tree.frontier.extend_to(6, &[]);
    assert_eq!(backwards, Err(FrontierError::Backwards { size: 7, to: 6 }));
    let short = tree.frontier.extend_to(9, &[leaf(7)]);
    assert_eq!(short, Err(FrontierError::WrongCount { begin: 7, end: 9, expected: 2, found: 1 }));
    // The largest size there is, and one more leaf: wrong, but no panic.
    let mut full = Frontier::from_roots(u64::MAX, &[Hash::ZERO; 64]).unwrap();
    full.push(leaf(0));
    let _ = full.root();
}

#[test]
fn a_hash_has_one_text() {
    let text = leaf(1).to_string();
    assert_eq!(text.parse(), Ok(leaf(1)));
    let bad = [&text[..43], &text[..40], "", &format!("{text}="), &format!(" {}", &text[1..]), &text.replace('=', "A")];
    for bad in bad {
        bad.parse::<Hash>().unwrap_err();
    }
    // The last character of 32 bytes carries two unused bits, which must be zero.
    let mut loose = text.into_bytes();
    loose[42] += 1;
    str::from_utf8(&loose).unwrap().parse::<Hash>().unwrap_err();
}
