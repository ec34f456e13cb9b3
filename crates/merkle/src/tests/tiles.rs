use super::*;
use crate::{Hashes, Run, RunHashes, TILE_WIDTH, Tile, TilePath, stored_hashes, tiles_between};

#[test]
fn paths_have_one_form() {
    let check = |path: &str, level, index, width| {
        let tile = TilePath::Hashes(Tile::new(level, index, width).unwrap());
        assert_eq!(tile.to_string(), path);
        assert_eq!(path.parse(), Ok(tile));
    };
    check("tile/0/000", 0, 0, 256);
    check("tile/0/000.p/1", 0, 0, 1);
    check("tile/7/999", 7, 999, 256);
    check("tile/1/x001/000", 1, 1_000, 256);
    check("tile/0/x001/x234/067", 0, 1_234_067, 256);
    check("tile/63/x001/x234/067.p/255", 63, 1_234_067, 255);
    check("tile/0/x072/x057/x594/x037/x927/935", 0, u64::MAX / 256, 256);
    let entries = "tile/entries/x002/345.p/8";
    assert_eq!(entries.parse(), Ok(TilePath::Entries(Tile::new(0, 2_345, 8).unwrap())));
    assert_eq!(entries.parse::<TilePath>().unwrap().to_string(), entries);
}

#[test]
fn other_paths_are_refused() {
    let bad = "tile|tile/|tile/0|tile/0/|tile/00/000|tile/64/000|tile/-1/000|tile/+1/000|tile/256/000|tile/0/0|tile/0/00\
        |tile/0/0000|tile/0/x000/001|tile/0/x001|tile/0/001/002|tile/0/x1/002|tile/0/x001/x002|tile/0/X001/002\
        |tile/0/000.p/0|tile/0/000.p/256|tile/0/000.p/01|tile/0/000.p/|tile/0/000.p/+1|tile/0/000.p|tile/0/000/\
        |/tile/0/000|tile//000|tile/0//000|tile/x/000|tile/entries/0|tile/data/000|tile/entries/000.p/1.p/1\
        |tile/0/x999/x999/x999/x999/x999/x999/999|tile/0/x072/x057/x594/x037/x927/936|tile/0/00\u{663}|tile/0/ 00";
    for path in bad.split('|') {
        assert!(path.parse::<TilePath>().is_err(), "{path}");
    }
    assert_eq!(Tile::new(64, 0, 1), None);
    assert_eq!(Tile::new(0, 0, 0), None);
    assert_eq!(Tile::new(0, 0, 257), None);
    assert_eq!(Tile::new(0, u64::MAX / 256 + 1, 1), None);
}

#[test]
fn the_tiles_of_the_specifications_examples_are_found() {
    let check = |size, expected: &[(u8, u64, u16)]| {
        let tiles: Vec<_> = tiles_between(0, size).map(|tile| (tile.level(), tile.index(), tile.width())).collect();
        let full = tiles.iter().filter(|tile| tile.0 == 0 && tile.2 == TILE_WIDTH).count() as u64;
        assert_eq!(full, size / 256);
        let rest: Vec<_> = tiles.into_iter().filter(|tile| tile.0 > 0 || tile.2 < TILE_WIDTH).collect();
        assert_eq!(rest, expected, "{size}");
    };
    check(0, &[]);
    check(1, &[(0, 0, 1)]);
    check(256, &[(1, 0, 1)]);
    check(70_000, &[(0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1)]);
}

#[test]
fn growing_trees_name_the_tiles_that_changed() {
    for (from, to, expected) in [
        (0, 3, "tile/0/000.p/3"),
        (3, 3, ""),
        (3, 2, ""),
        (255, 256, "tile/0/000 tile/1/000.p/1"),
        (256, 257, "tile/0/001.p/1"),
        (500, 520, "tile/0/001 tile/0/002.p/8 tile/1/000.p/2"),
        (65_535, 65_536, "tile/0/255 tile/1/000 tile/2/000.p/1"),
    ] {
        let tiles: Vec<_> = tiles_between(from, to).map(|tile| tile.to_string()).collect();
        assert_eq!(tiles.join(" "), expected, "{from} to {to}");
    }
    assert_eq!(Tile::of_size(0, 1, 256), None);
    assert_eq!(Tile::of_size(0, u64::MAX, 256), None);
    let last = Tile::of_size(0, u64::MAX / 256, u64::MAX).unwrap();
    assert_eq!((last.width(), last.hashes().end), (255, u64::MAX));
    assert_eq!(stored_hashes(63, u64::MAX), 0);
}

#[test]
fn the_objects_of_runs_are_the_stored_levels() {
    let mut random = seeded();
    let size = 140_000;
    let tree = tree_of(size);
    let (mut frontier, mut first, mut joined) = (Frontier::new(), 0, Vec::<Vec<Hash>>::new());
    while first < size {
        let length = [1, 3, 255, 256, 257, 20_000, 66_000][random.random_range(0..7)];
        let end = (first + length).min(size);
        let run = Run::new(first, end).unwrap();
        let mut levels = Vec::new();
        frontier.extend_levels(&tree.leaves[first as usize..end as usize], &mut levels);
        let bytes: Vec<u8> = levels.iter().flatten().flat_map(|hash| hash.0).collect();
        let object = RunHashes::new(run, &bytes).unwrap();
        for (level, hashes) in run.levels() {
            joined.resize_with(joined.len().max(usize::from(level) + 1), Vec::new);
            for index in hashes.clone() {
                joined[usize::from(level)].push(object.hash(level, index).unwrap());
            }
            assert_eq!(object.hash(level, hashes.end), None);
            assert_eq!(hashes.start.checked_sub(1).and_then(|before| object.hash(level, before)), None);
        }
        assert!(RunHashes::new(run, &bytes[1..]).is_err());
        assert!(RunHashes::new(run, &[&bytes[..], &[0; 32]].concat()).is_err());
        first = end;
    }
    assert_eq!(joined, tree.hashes.levels);
    assert_eq!(Run::new(2, 1), None);
    assert_eq!(Run::new(0, u64::MAX).unwrap().hashes(), u64::MAX);
    RunHashes::new(Run::new(0, u64::MAX).unwrap(), &[]).unwrap_err();
}

#[test]
fn a_level_reader_refuses_what_it_has_not() {
    let tree = tree_of(300);
    let mut out = [Hash::ZERO; 2];
    tree.hashes.tile_hashes(0, 298, &mut out).unwrap();
    assert_eq!(out, [leaf(298), leaf(299)]);
    for (level, first) in [(0, 299), (0, u64::MAX), (1, 0), (2, 0), (255, 0)] {
        tree.hashes.tile_hashes(level, first, &mut out).unwrap_err();
    }
}
