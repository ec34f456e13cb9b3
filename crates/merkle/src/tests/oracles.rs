//! Other people's readers accept what we write, and we accept what they write.

use super::*;
use crate::{
    Checkpoint, Hashes as _, Node, Note, NoteSigner, Tile, consistency_proof, inclusion_proof, tiles_between,
    verify_consistency, verify_inclusion,
};
use signed_note::{StandardVerifier, VerifierList};
use std::collections::HashMap;
use tlog_tiles::{Error, HashReader as _, Tile as TheirTile, TileHashReader, TileReader};

/// A log's tiles under their paths, as a web server would hold them.
struct Served(HashMap<String, Vec<u8>>);

impl Served {
    fn new(tree: &Tree) -> Self {
        let bytes = |tile: &Tile| {
            let mut hashes = vec![Hash::ZERO; usize::from(tile.width())];
            tree.hashes.tile_hashes(tile.level(), tile.hashes().start, &mut hashes).unwrap();
            hashes.iter().flat_map(|hash| hash.0).collect()
        };
        Self(tiles_between(0, tree.frontier.size()).map(|tile| (tile.to_string(), bytes(&tile))).collect())
    }
}

impl TileReader for Served {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[TheirTile]) -> Result<Vec<Vec<u8>>, Error> {
        // Their paths name the height, which is 8 by definition here.
        let path = |tile: &TheirTile| {
            let width = tile.width() as u16;
            Tile::new(tile.level(), tile.level_index(), width).unwrap().to_string()
        };
        Ok(tiles.iter().map(|tile| self.0[&path(tile)].clone()).collect())
    }

    fn save_tiles(&self, _: &[TheirTile], _: &[Vec<u8>]) {}
}

#[test]
fn another_reader_finds_our_root_and_hashes_in_our_tiles() {
    for size in [1, 2, 255, 256, 257, 1_000, 65_600] {
        let tree = tree_of(size);
        let served = Served::new(&tree);
        let their_root = tlog_tiles::Hash(tree.frontier.root().0);
        let reader = TileHashReader::new(size, their_root, &served);
        assert_eq!(tlog_tiles::tree_hash(size, &reader).unwrap(), their_root);
        for index in (0..size).step_by(1 + size as usize / 12) {
            let found = reader.read_hashes(&[tlog_tiles::stored_hash_index(0, index)]).unwrap();
            assert_eq!(found[0].0, tree.leaves[index as usize].0);

            let theirs = tlog_tiles::prove_record(size, index, &reader).unwrap();
            let ours = inclusion_proof(&tree.hashes, index, size).unwrap();
            assert_eq!(
                theirs.iter().map(|hash| hash.0).collect::<Vec<_>>(),
                ours.iter().map(|hash| hash.0).collect::<Vec<_>>()
            );
            verify_inclusion(&tree.leaves[index as usize], index, size, &ours, &tree.frontier.root()).unwrap();

            let from = index + 1;
            let theirs = tlog_tiles::prove_tree(size, from, &reader).unwrap();
            let ours = consistency_proof(&tree.hashes, from, size).unwrap();
            assert_eq!(
                theirs.iter().map(|hash| hash.0).collect::<Vec<_>>(),
                ours.iter().map(|hash| hash.0).collect::<Vec<_>>()
            );
            let older = crate::root(&tree.hashes, from).unwrap();
            verify_consistency(from, size, &ours, &older, &tree.frontier.root()).unwrap();
            let their_older = tlog_tiles::Hash(older.0);
            tlog_tiles::check_tree(&theirs, size, their_root, from, their_older).unwrap();
        }
        let wrong = TileHashReader::new(size, tlog_tiles::Hash([1; 32]), &served);
        assert!(wrong.read_hashes(&[0]).is_err());
    }
}

#[test]
fn another_reader_has_the_same_paths() {
    let mut random = seeded();
    for _ in 0..2_000 {
        let level = random.random_range(0..64);
        let index = random.random::<u64>() >> random.random_range(8..64);
        let width = random.random_range(1..=256);
        let ours = Tile::new(level, index, width).unwrap().to_string();
        let theirs = TheirTile::new(8, level, index, u32::from(width), false).path();
        assert_eq!(theirs, ours.replacen("tile/", "tile/8/", 1));
    }
}

#[test]
fn another_reader_accepts_our_checkpoint_and_we_its_note() {
    let origin = "logs.example/0123456789abcdef/1";
    let signer = NoteSigner::from_seed(&[9; 32]);
    let key = signer.verifier_key(origin).unwrap();
    let tree = tree_of(77);
    let note = Checkpoint::new(origin, 77, tree.frontier.root()).sign(&signer).unwrap();

    let theirs = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(&key.to_string()).unwrap())]);
    let (verified, unverified) = theirs.verify(&known).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 0));
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(theirs.text()).unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.size()), (origin, 77));
    assert_eq!(checkpoint.hash().0, tree.frontier.root().0);
    assert_eq!(String::from_utf8(checkpoint.to_bytes()).unwrap(), note.text());

    // They encode private keys as text, which we do not: the seed goes across.
    let seed = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [&[1][..], &[9; 32]].concat());
    let their_signer =
        signed_note::StandardSigner::new(&format!("PRIVATE+KEY+{origin}+{:08x}+{seed}", key.id())).unwrap();
    let mut theirs = signed_note::Note::new(note.text().as_bytes(), &[]).unwrap();
    theirs.add_sigs(&[&their_signer]).unwrap();
    let read = Note::from_bytes(&theirs.to_bytes()).unwrap();
    assert_eq!(read, note);
    assert_eq!(Checkpoint::open(&read, &[key]).unwrap().size, 77);
}

#[test]
fn another_parser_draws_the_same_lines() {
    let mut random = seeded();
    let parts = ["\n", "\n\n", "\u{2014} ", "a ", "AAAAAAA=", "AAAA", "name", "\u{2014}", "+", "\t", " ", "\u{a0}"];
    let mut accepted = 0;
    for _ in 0..300_000 {
        let middle: String =
            (0..random.random_range(0..6)).map(|_| parts[random.random_range(0..parts.len())]).collect();
        let note = format!("text{middle}\u{2014} name AAAAAAA=\n");
        let ours = note.parse::<Note>();
        let theirs = signed_note::Note::from_bytes(note.as_bytes());
        assert_eq!(ours.is_ok(), theirs.is_ok(), "{note:?}");
        if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
            assert_eq!(ours.text().as_bytes(), theirs.text());
            assert_eq!(ours.to_string().as_bytes(), theirs.to_bytes());
            accepted += 1;
        }
    }
    assert!(accepted > 1_000);
}

#[test]
fn another_reader_has_the_same_inner_nodes() {
    let tree = tree_of(600);
    let served = Served::new(&tree);
    let reader = TileHashReader::new(600, tlog_tiles::Hash(tree.frontier.root().0), &served);
    for height in 0..10_u8 {
        for index in 0..600_u64 >> height {
            let theirs = reader.read_hashes(&[tlog_tiles::stored_hash_index(height, index)]).unwrap();
            assert_eq!(theirs[0].0, tree.hashes.node(Node { height, index }).unwrap().0);
        }
    }
}
