//! Another reader, `tlog_tiles` with `signed_note`, verifies our logs from the server and from the static tree.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use signed_note::{StandardVerifier, VerifierList};
use tlog_tiles::{Error, Tile, TileHashReader, TileReader};

use crate::harness::{Client, Server, event, fetch};

/// Where a log's objects come from.
trait Source {
    fn object(&self, name: &str) -> Option<Vec<u8>>;
}

/// Over HTTP, with or without a token.
struct Http<'a> {
    client: &'a Client,
    prefix: String,
    token: bool,
}

impl Source for Http<'_> {
    fn object(&self, name: &str) -> Option<Vec<u8>> {
        let url = format!("{}{}/{name}", self.client.url, self.prefix);
        let request = reqwest::Client::new().get(url);
        let request = if self.token { request.bearer_auth(&self.client.token) } else { request };
        let (status, body) = fetch(request);
        (status == 200).then_some(body)
    }
}

impl Source for PathBuf {
    fn object(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.join(name)).ok()
    }
}

/// The reader of tiles that `tlog_tiles` asks for.
struct Tiles<'a> {
    source: &'a dyn Source,
    read: RefCell<usize>,
}

impl TileReader for Tiles<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        *self.read.borrow_mut() += tiles.len();
        // Its paths name the height, which is 8 by definition here.
        let read = |tile: &Tile| self.source.object(&tile.path().replacen("tile/8/", "tile/", 1));
        Ok(tiles.iter().map(|tile| read(tile).unwrap_or_else(|| panic!("no {}", tile.path()))).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// Verifies the signature of the checkpoint and a proof for each of `leaves`; returns size and origin.
fn verify(source: &dyn Source, key: &str, leaves: &dyn Fn(u64) -> Option<[u8; 32]>) -> (u64, String) {
    let note = signed_note::Note::from_bytes(&source.object("checkpoint").expect("no checkpoint")).unwrap();
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(key).unwrap())]);
    assert_eq!(note.verify(&known).unwrap().0.len(), 1);
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    let (size, root) = (checkpoint.size(), *checkpoint.hash());
    let tiles = Tiles { source, read: RefCell::new(0) };
    let reader = TileHashReader::new(size, root, &tiles);
    let mut proved = 0;
    for index in (0..size).step_by(1 + size as usize / 20) {
        let Some(leaf) = leaves(index) else { continue };
        let proof = tlog_tiles::prove_record(size, index, &reader).unwrap();
        tlog_tiles::check_record(&proof, size, root, index, tlog_tiles::Hash(leaf)).unwrap();
        tlog_tiles::check_record(&proof, size, root, index, tlog_tiles::Hash([7; 32])).unwrap_err();
        proved += 1;
    }
    assert!(proved > 0 && *tiles.read.borrow() > 0);
    (size, checkpoint.origin().to_owned())
}

/// The leaf of an entry of the platform log, from its bundle of entries.
fn platform_leaf(source: &dyn Source, size: u64, index: u64) -> [u8; 32] {
    let tile = indelible_merkle::Tile::of_size(0, index / 256, size).unwrap();
    let bundle = source.object(&indelible_merkle::TilePath::Entries(tile).to_string()).unwrap();
    let entries = indelible_merkle::read_entry_bundle(&bundle).unwrap();
    assert_eq!(entries.len(), usize::from(tile.width()));
    tlog_tiles::record_hash(entries[(index % 256) as usize]).0
}

fn emit(server: &Server, numbers: std::ops::Range<u64>) -> Vec<[u8; 32]> {
    let lines = numbers.map(|number| event(number, json!({})).to_string() + "\n");
    let (status, answer) = server.post(&[], lines.collect::<String>().into_bytes());
    assert_eq!(status, 200);
    let leaf = |outcome: &serde_json::Value| {
        let text = outcome["receipts"][0]["leafHash"].as_str().unwrap().to_owned();
        text.parse::<indelible_merkle::Hash>().unwrap().0
    };
    answer["outcomes"].as_array().unwrap().iter().map(leaf).collect()
}

/// Once a checkpoint covers `size` entries.
fn wait_for(source: &dyn Source, size: u64) {
    for _ in 0..200 {
        let text = source.object("checkpoint").map(|bytes| String::from_utf8(bytes).unwrap());
        let found = text.and_then(|text| text.lines().nth(1)?.parse::<u64>().ok());
        if found.is_some_and(|found| found >= size) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("no checkpoint of {size} entries");
}

fn export(server: &Server, out: &Path, options: &[&str]) {
    let mut args = vec!["archive", "tiles", "--out", out.to_str().unwrap()];
    args.extend(options);
    let answer = server.indelible(&args);
    assert_eq!(answer.code, 0, "{}", answer.err);
}

#[test]
fn another_reader_verifies_our_logs_from_the_server_and_from_the_static_tree() {
    const ACME: &str = "ri.indelible..organization.acme";
    let server = Server::start();
    let mut leaves = emit(&server, 0..300);
    let keys = server.indelible(&["checkpoint", "--keys", "--organization", ACME]).out;
    let key = keys.trim();
    let parts: Vec<_> = key.split('+').next().unwrap().rsplitn(3, '/').collect();
    let log = Http { client: &server, prefix: format!("/log/{}/{}", parts[1], parts[0]), token: true };
    // Several epochs.
    for numbers in [300..310, 310..500, 500..700] {
        wait_for(&log, numbers.start + 1);
        leaves.extend(emit(&server, numbers));
    }
    wait_for(&log, 701);
    // Entry 0 is the genesis entry.
    let leaf_of = |index: u64| Some(leaves[usize::try_from(index).unwrap().checked_sub(1)?]);
    assert_eq!(verify(&log, key, &leaf_of).0, 701);
    assert_eq!(Http { token: false, ..log }.object("checkpoint"), None, "a log of an organization needs a token");

    let (_, policy) = fetch(reqwest::Client::new().get(format!("{}/api/v1/policy", server.url)));
    let policy = indelible_merkle::Policy::parse(&policy).unwrap();
    let platform_key = policy.logs()[0].to_string();
    let platform = Http { client: &server, prefix: "/platform/1".into(), token: false };
    let size = {
        let note: indelible_merkle::Note =
            String::from_utf8(platform.object("checkpoint").unwrap()).unwrap().parse().unwrap();
        policy.check(&note).unwrap().checkpoint.size
    };
    let (found, origin) =
        verify(&platform, &platform_key, &|index| (index < size).then(|| platform_leaf(&platform, size, index)));
    assert!(found >= size && origin.ends_with("/platform/1"));
    for missing in ["tile/0/000.p/255", "tile/entries/000.p/255", "tile/0/999", "tile/9/000", "tile/x", "nothing"] {
        assert_eq!(platform.object(missing), None, "{missing}");
    }
    assert_eq!(Http { prefix: "/platform/2".into(), ..platform }.object("checkpoint"), None);

    let scratch = tempfile::tempdir().unwrap();
    let (one, all) = (scratch.path().join("acme"), scratch.path().join("platform"));
    export(&server, &one, &["--organization", ACME]);
    export(&server, &all, &[]);
    assert_eq!(verify(&one, key, &leaf_of).0, 701);
    let size = found;
    verify(&all, &platform_key, &|index| (index < size).then(|| platform_leaf(&all, whole(&all), index)));
    // The same folder later, and never a folder of another log.
    let more = emit(&server, 700..800);
    export(&server, &one, &["--organization", ACME]);
    let all_leaves = [leaves.clone(), more].concat();
    wait_for(&Http { client: &server, prefix: format!("/log/{}/{}", parts[1], parts[0]), token: true }, 801);
    export(&server, &one, &["--organization", ACME]);
    assert_eq!(verify(&one, key, &|index| Some(all_leaves[usize::try_from(index).unwrap().checked_sub(1)?])).0, 801);
    let answer = server.indelible(&["archive", "tiles", "--out", one.to_str().unwrap()]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.contains("take another folder"), "{}", answer.err);
    // A tile that was altered in the folder is found.
    let tile = one.join("tile/0/000");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[100] ^= 1;
    fs::write(&tile, bytes).unwrap();
    let answer = server.indelible(&["archive", "tiles", "--organization", ACME, "--out", one.to_str().unwrap()]);
    assert!(answer.code == 2 && answer.err.contains("do not give the root"), "{}", answer.err);
}

/// Size of the tree in a folder.
fn whole(folder: &Path) -> u64 {
    let text = fs::read_to_string(folder.join("checkpoint")).unwrap();
    text.lines().nth(1).unwrap().parse().unwrap()
}
