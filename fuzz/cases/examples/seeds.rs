//! Writes the first files of each corpus, made from the data folder of a server that is not running:
//!
//!     cargo run -p indelible-fuzz-cases --example seeds -- DATA-DIR
//!
//! Fuzzing adds to them; `tools/fuzz` says how. The data folder should be small, a seed is best if it is short.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indelible_archive::journal_copy::{CopiedLog, CopyFacts};
use indelible_archive::log_file::{LogFileSettings, LogFileWriter};
use indelible_archive::manifest::ObjectFacts;
use indelible_archive::rows::Row;
use indelible_archive::{CopyWriter, RedactionNote, layout};
use indelible_event::ContentKey;
use indelible_event::entry::SaltKey;
use indelible_event::parts::{Delivery, merge};
use indelible_intake::record::{self, Content, Record};
use indelible_journal::{FrameNumber, Journal, Options};
use indelible_merkle::{
    Checkpoint, Epoch, Frontier, KeyChange, LevelHashes, MapProof, NoteSigner, Notes, PlatformEntry, PrefixMap,
    TlogProof, WitnessSigner, entry_bundle, inclusion_proof, leaf_hash, map_leaf,
};
use indelible_storage::{Bucket, Disk};
use indelible_testkit::disk::FaultyDisk;
use indelible_testkit::generator::{Generator, Settings};

/// Longest seed but for log files, and seeds of a kind at most.
const BYTES_MAX: usize = 3_000;
const COUNT_MAX: usize = 12;

fn plain<'a>(record: &Record<'a>) -> &'a [u8] {
    match record.content(0) {
        Content::Plain(text) => text,
        Content::Sealed(_) => panic!("seeds are not encrypted"),
    }
}

fn main() {
    // What no server has lying about.
    let made = [log_file(true, false), log_file(false, true), log_file(true, true)];
    write_all("rows", "made", made.into_iter().map(|file| [&[3, 255, 255, 255, 255], &file[..]].concat()));
    let note = redaction_note();
    write("redaction", [note.clone()].into_iter().chain(damaged(&note)));
    let data = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "indelible-data".to_owned()));
    let files = files_below(&data);
    let named = |part: &'static str| files.iter().filter(move |path| path.to_string_lossy().contains(part));
    let read = |path: &PathBuf| std::fs::read(path).unwrap();

    let notes = String::from_utf8(read(&data.join("ledger/checkpoints"))).unwrap();
    let notes: Vec<_> = Notes::new(&notes).map(Result::unwrap).collect();
    write("note", notes.iter().map(|note| note.to_string().into_bytes()));
    write("checkpoint", notes.iter().map(|note| note.text().as_bytes().to_vec()));
    write("manifest", named("/manifest/").map(read));
    write(
        "claim",
        named("/platform/generations/").map(read).chain(damaged(&read(&data.join("archive/platform/generations/1")))),
    );
    write(
        "journal_copy",
        [journal_copy(1), journal_copy(3)].into_iter().flat_map(|copy| [vec![copy.clone()], damaged(&copy)].concat()),
    );
    let promised = std::fs::read_to_string(example("receipts")).unwrap();
    let promised: Vec<_> = Notes::new(&promised).map(|note| note.unwrap().text().as_bytes().to_vec()).collect();
    write("receipts", promised.iter().cloned().chain(promised.iter().take(2).flat_map(|text| damaged(text))));
    let bundles: Vec<_> = ["bundle-filter", "bundle-range", "bundle-window"]
        .iter()
        .flat_map(|name| files_below(&example(name)))
        .collect();
    let chosen = bundles.iter().zip(0..).map(|(path, index): (_, u8)| [&[index], &read(path)[..]].concat());
    write_all("bundle", "seed", chosen);
    let is_text = |path: &&PathBuf| path.ends_with("bundle") || path.extension().is_some_and(|kind| kind == "proof");
    write("bundle_text", bundles.iter().filter(is_text).map(read));
    write("rows", named(".parquet").map(|path| [&[3, 255, 255, 255, 255], &read(path)[..]].concat()));

    let bodies = frames(&data.join("journal"));
    write("record", bodies.iter().cloned());
    let records: Vec<_> = bodies.iter().flat_map(|body| record::records(body)).map(Result::unwrap).collect();
    write("part", records.iter().flat_map(|record| [record.infrastructure.to_vec(), plain(record).to_vec()]));
    let delivered = records.iter().filter(|record| record.producer != 0).map(|record| {
        let mut line = Vec::new();
        merge(record.infrastructure, plain(record), &Delivery::default(), &mut line).unwrap();
        line
    });
    let generator = Generator::new(Settings::default());
    write("event", delivered.take(3).chain((0..3).map(|index| generator.batch(index, 1))));

    write("name", names().into_iter().map(String::into_bytes));
    write("tlog_proof", [1, 5, 300].into_iter().map(|size| tlog_proof(size).to_string().into_bytes()));
    write("proof", [1, 2, 7, 200].into_iter().map(proof));
    let salt = [5; 32];
    let leaves: Vec<_> =
        (0..5u8).map(|n| ([n * 50; 16], map_leaf(&[n * 50; 16], &salt, 1, 3, &leaf_hash(b"root")))).collect();
    let map = PrefixMap::new(leaves).unwrap();
    let map_proof = |n: u8| {
        let (label, generation) = ([n * 50; 16], 1);
        MapProof { epoch: 7, time: -1, label, generation, salt, path: map.path(&label).unwrap() }
            .to_string()
            .into_bytes()
    };
    write("map_proof", (0..5).map(map_proof));
    let (old, new) = (NoteSigner::from_seed(&[7; 32]), NoteSigner::from_seed(&[8; 32]));
    let epoch =
        |number| PlatformEntry::Epoch(Epoch { number, time: 1_767_571_200_000_000, map_root: map.root() }).to_bytes();
    let change = PlatformEntry::KeyChange(KeyChange::sign(1, &old, &new)).to_bytes();
    let bundle = entry_bundle([&epoch(0)[..], &change, &epoch(2)]).unwrap();
    write("platform", [epoch(0), epoch(u64::MAX), change, bundle, entry_bundle([&[][..]]).unwrap()].into_iter());
    write("policy", policies().into_iter().map(String::into_bytes));
    // Choices of a good journal of one, two and three segments, and of bad ones.
    let choices = |count: u8, byte: u8| [vec![count], vec![byte; 60]].concat();
    write("segment", [(0, 0), (1, 1), (2, 2), (2, 5), (1, 15), (2, 31)].into_iter().map(|(n, byte)| choices(n, byte)));
}

/// The object of a copy of so many frames.
fn journal_copy(frames: u64) -> Vec<u8> {
    let (signer, platform) = (NoteSigner::from_seed(&[7; 32]), "logs.example");
    let mut writer = CopyWriter::new().unwrap();
    (0..frames).for_each(|number| writer.push(number + 5, 1_767_571_200_000_000, &[number as u8; 40]).unwrap());
    let key = signer.verifier_key(&CopyFacts::key_name(platform)).unwrap();
    let log = CopiedLog {
        number: 0,
        origin: format!("{platform}/{}/1", "0".repeat(32)),
        organization: "ri.indelible..organization.acme".parse().unwrap(),
        first: 2,
        last: 9,
    };
    let copy = writer.finish(platform, 1, key, vec![log], |name, text| signer.sign(name, text)).unwrap();
    let (folder, runtime) =
        (tempfile::tempdir().unwrap(), tokio::runtime::Builder::new_current_thread().build().unwrap());
    runtime.block_on(copy.store(&Bucket::local(folder.path()).unwrap())).unwrap();
    std::fs::read(&files_below(folder.path())[0]).unwrap()
}

/// A committed example of the archive's tests.
fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/archive/testdata/v1").join(name)
}

/// Cut, and with a byte changed at the begin, in the middle and at the end.
fn damaged(bytes: &[u8]) -> Vec<Vec<u8>> {
    let flip = |at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 1;
        bytes
    };
    vec![bytes[..bytes.len() / 2].to_vec(), flip(0), flip(bytes.len() / 2), flip(bytes.len() - 1)]
}

fn write(corpus: &str, seeds: impl Iterator<Item = Vec<u8>>) {
    let short = seeds.filter(|seed| corpus == "rows" || seed.len() <= BYTES_MAX);
    write_all(corpus, "seed", short.take(COUNT_MAX));
}

fn write_all(corpus: &str, kind: &str, seeds: impl Iterator<Item = Vec<u8>>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(corpus);
    std::fs::create_dir_all(&folder).unwrap();
    for (number, seed) in seeds.enumerate() {
        std::fs::write(folder.join(format!("{kind}-{number}")), seed).unwrap();
    }
}

/// A log file of three entries: content encrypted or not, the second redacted or none.
fn log_file(encrypted: bool, redacted: bool) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (path, organization) = (folder.path().join("file"), "ri.indelible..organization.acme");
    let (settings, salt_key, key) = (LogFileSettings::default(), SaltKey::new([5; 32]), ContentKey::new([7; 32]));
    let mut writer = match (encrypted, redacted) {
        (true, false) => LogFileWriter::create_encrypted(&path, organization, &settings, &key, &salt_key),
        (true, true) => LogFileWriter::create_redacted(&path, organization, &settings, Some((&key, &salt_key))),
        (false, _) => LogFileWriter::create_redacted(&path, organization, &settings, None),
    }
    .unwrap();
    for seq in 1..=3 {
        let infrastructure = format!(
            r#"{{"categories":["dataLoad"],"intake":{{"producer":"p","source":"http"}},"name":"LOAD","result":"SUCCESS","time":"2026-01-05T00:00:0{seq}Z","type":"audit.3"}}"#
        );
        let (infrastructure, content) =
            (infrastructure.as_bytes(), br#"{"entities":["ri.a..b.1"],"requestFields":{"n":1}}"#);
        let row = Row { organization, seq, received_at_us: 1_767_571_200_000_000, infrastructure, content };
        match redacted && seq == 2 {
            true => writer.push_redacted(&row, &[9; 32]).unwrap(),
            false => writer.push(&row).unwrap(),
        }
    }
    writer.finish().unwrap();
    std::fs::read(path).unwrap()
}

fn redaction_note() -> Vec<u8> {
    let origin = "audit.example/0000000000000000000000003c77ab44/1";
    let signer = NoteSigner::from_seed(&[7; 32]);
    let note = RedactionNote {
        organization: "ri.indelible..organization.acme".parse().unwrap(),
        origin: origin.to_owned(),
        key: signer.verifier_key(origin).unwrap(),
        manifest: [3; 32],
        first: 1,
        last: 3,
        number: 1,
        redacted: 1,
        made_us: 1_767_571_200_000_000,
        name: layout::log_file(1_767_571_200_000_000, 1, 3, &[4; 32]),
        log_file: ObjectFacts { bytes: 1000, sha256: [4; 32] },
    };
    signer.sign(origin, &note.text()).unwrap().to_string().into_bytes()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Bodies of the frames of a journal, of which a copy in memory is opened.
fn frames(folder: &Path) -> Vec<Vec<u8>> {
    let disk = FaultyDisk::new();
    for path in files_below(folder) {
        let copy = Path::new("/journal").join(path.file_name().unwrap());
        disk.create(&copy).unwrap();
        disk.tamper(&copy, |bytes| *bytes = std::fs::read(&path).unwrap());
    }
    let (journal, _) = Journal::open(Arc::new(disk), Path::new("/journal"), Options::default()).unwrap();
    journal.frames(FrameNumber(0)).map(|frame| frame.unwrap().body.to_vec()).collect()
}

fn names() -> Vec<String> {
    let key = NoteSigner::from_seed(&[7; 32]).verifier_key("logs.example/1").unwrap().to_string();
    let hash = leaf_hash(b"entry").to_string();
    let texts = [
        "ri.indelible..organization.acme",
        "ri.compass.main.folder.0123-4567",
        "tile/0/x001/x234/067",
        "tile/7/000.p/255",
        "tile/entries/x001/000",
        "0000000000000000-0000000000000041",
        "2026-01-02T03:04:05.123456789Z",
        "2016-02-29T23:59:59+14:00",
        "0B8E4C1A-3d2f-4e5b-8a9c-7d6e5f4a3b2c",
        "e913d25c73e920cc8d0baa0efa532036",
    ];
    texts.into_iter().map(str::to_owned).chain([key, hash]).collect()
}

fn policies() -> [String; 5] {
    let log = NoteSigner::from_seed(&[7; 32]).verifier_key("logs.example/1").unwrap();
    let witness =
        |n: u8| WitnessSigner::from_seed(&format!("witness.example/{n}"), &[n; 32]).unwrap().key().to_string();
    let (one, two) = (witness(1), witness(2));
    [
        format!("log {log}\nquorum none\n"),
        format!("# comment\n\nlog {log} https://logs.example/\nwitness one {one}\nquorum one\n"),
        format!(
            "log {log}\nwitness one {one}\nwitness two {two} https://two.example\ngroup both all one two\nquorum both\n"
        ),
        format!("log {log}\nwitness one\t{one}\nwitness two {two}\ngroup some any one two\ngroup g 1 some\nquorum g\n"),
        format!("log {log}\nwitness one {one}\ngroup both 3 one\nquorum both\nquorum none\n"),
    ]
}

fn tree(size: u64) -> LevelHashes {
    let leaves: Vec<_> = (0..size).map(|index| leaf_hash(&index.to_be_bytes())).collect();
    let mut hashes = LevelHashes::default();
    Frontier::new().extend_levels(&leaves, &mut hashes.levels);
    hashes
}

fn tlog_proof(size: u64) -> TlogProof {
    let (tree, signer, name) = (tree(size), NoteSigner::from_seed(&[7; 32]), "logs.example/1");
    let root = indelible_merkle::root(&tree, size).unwrap();
    let path = inclusion_proof(&tree, size / 2, size).unwrap();
    let checkpoint = Checkpoint::new(name, size, root).sign(&signer).unwrap();
    TlogProof { extra: (size > 1).then(|| b"extra".to_vec()), index: size / 2, path, checkpoint }
}

/// An inclusion proof as the choices of the case `proof`: index, size, size, leaf, root, split, hashes.
fn proof(size: u64) -> Vec<u8> {
    let (tree, index) = (tree(size), size / 2);
    let root = indelible_merkle::root(&tree, size).unwrap();
    let mut bytes = Vec::new();
    [index, size, size].iter().for_each(|number| bytes.extend([0, *number as u8]));
    bytes.extend(leaf_hash(&index.to_be_bytes()).0);
    bytes.extend(root.0);
    bytes.push(0);
    inclusion_proof(&tree, index, size).unwrap().iter().for_each(|hash| bytes.extend(hash.0));
    bytes
}
