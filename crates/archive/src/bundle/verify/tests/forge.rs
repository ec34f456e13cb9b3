//! Bundles changed in every way, with and without the key that signs them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use indelible_merkle::Hash;

use super::*;
use crate::bundle::{BundleRow, LEAVES, Shown, write_row};
use crate::log::Log as _;
use crate::manifest::ObjectFacts;

/// Files of a bundle by name.
pub(super) type Bytes = BTreeMap<String, Vec<u8>>;

/// A bundle that is changed and put right again, over and over.
pub(super) struct Forge {
    pub(super) scene: Scene,
    pub(super) path: PathBuf,
    /// The bundle as it was made.
    pub(super) whole: Bytes,
}

/// Who changed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// Somebody without the key: what is signed stays as it is.
    Anyone,
    /// The operator, who signs the new files.
    Operator,
}

impl Forge {
    pub(super) fn new(entries: u64, ask: &Ask) -> Forge {
        let scene = Scene::new(entries);
        let path = scene.make(ask);
        let whole = read_all(&path);
        Forge { scene, path, whole }
    }

    /// The lines of the rows, with their newlines.
    pub(super) fn lines(&self) -> Vec<Vec<u8>> {
        self.whole["rows.jsonl"].split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    }

    /// Applies a change to the files on disk.
    pub(super) fn apply(&self, by: By, change: impl FnOnce(&mut Bytes)) -> Bytes {
        let mut files = self.whole.clone();
        change(&mut files);
        if by == By::Operator {
            self.sign(&mut files);
        }
        self.write(&files);
        files
    }

    /// Puts the bundle right again.
    pub(super) fn restore(&self, from: &Bytes) {
        for name in from.keys().filter(|name| !self.whole.contains_key(*name)) {
            fs::remove_file(self.path.join(name)).unwrap();
        }
        for (name, bytes) in self.whole.iter().filter(|(name, bytes)| from.get(*name) != Some(bytes)) {
            fs::write(self.path.join(name), bytes).unwrap();
        }
    }

    fn write(&self, files: &Bytes) {
        for name in self.whole.keys().filter(|name| !files.contains_key(*name)) {
            fs::remove_file(self.path.join(name)).unwrap();
        }
        for (name, bytes) in files.iter().filter(|(name, bytes)| self.whole.get(*name) != Some(bytes)) {
            fs::write(self.path.join(name), bytes).unwrap();
        }
    }

    /// Signs the statement anew over the files as they are.
    pub(super) fn sign(&self, files: &mut Bytes) {
        let (mut statement, _) = Statement::parse(&self.whole[STATEMENT]).unwrap();
        for file in &mut statement.files {
            if let Some(bytes) = files.get(&file.name) {
                file.facts = ObjectFacts::of(bytes);
            }
        }
        let note = self.scene.log.sign(&statement.text()).unwrap();
        files.insert(STATEMENT.to_owned(), note.to_string().into_bytes());
    }

    /// The finding about the bundle with this change.
    pub(super) fn verify(&self, by: By, change: impl FnOnce(&mut Bytes)) -> BundleReport {
        let files = self.apply(by, change);
        let report = run(&self.path, &held(&self.scene.log));
        self.restore(&files);
        report
    }
}

pub(super) fn read_all(path: &Path) -> Bytes {
    let entries = fs::read_dir(path).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

pub(super) fn line(row: &BundleRow<'_>) -> Vec<u8> {
    let mut line = Vec::new();
    write_row(row, &mut line);
    line
}

/// One member of a row changed; what it is called.
pub(super) fn alterations(row: &BundleRow<'_>) -> Vec<(&'static str, Vec<u8>)> {
    let BundleRow { seq, shown } = row;
    let Shown::Full { received_at_us, infrastructure, content, salt } = shown else { return Vec::new() };
    let altered = |shown: Shown<'_>| line(&BundleRow { seq: *seq, shown });
    let full = |received_at_us: i64, infrastructure: &str, content: &str, salt: [u8; 32]| {
        altered(Shown::Full {
            received_at_us,
            infrastructure: infrastructure.to_owned().into(),
            content: content.to_owned().into(),
            salt,
        })
    };
    let mut other_salt = *salt;
    other_salt[31] ^= 1;
    vec![
        ("infrastructure", full(*received_at_us, &infrastructure.replace("SUCCESS", "FAILURE"), content, *salt)),
        ("content", full(*received_at_us, infrastructure, &content.replacen('{', "{\"x\":1,", 1), *salt)),
        ("salt", full(*received_at_us, infrastructure, content, other_salt)),
        ("receivedAt", full(received_at_us + 1, infrastructure, content, *salt)),
        ("seq", line(&BundleRow { seq: seq + 1, shown: shown.clone() })),
        ("a byte", {
            let mut bytes = line(row);
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            bytes
        }),
    ]
}

#[test]
fn whoever_has_the_key_still_cannot_contradict_the_tree() {
    use FindingCode::*;
    let forge = Forge::new(60, &Ask { since: vec![7], ..Ask::range(10, 49) });
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let replace = |name: &'static str, from: &'static str, to: &'static str| {
        move |files: &mut Bytes| {
            let changed = text(&files[name]).replacen(from, to, 1);
            assert_ne!(changed.as_bytes(), &files[name][..], "{name} has no {from:?}");
            files.insert(name.to_owned(), changed.into_bytes());
        }
    };
    type Change<'a> = Box<dyn FnOnce(&mut Bytes) + 'a>;
    let rows = |change: fn(&mut Vec<Vec<u8>>)| -> Change<'_> {
        let mut lines = forge.lines();
        Box::new(move |files: &mut Bytes| {
            change(&mut lines);
            files.insert("rows.jsonl".to_owned(), lines.concat());
        })
    };
    let log = &forge.scene.log;
    let cases: Vec<(&str, Change<'_>, Option<(FindingCode, Option<u64>)>)> = vec![
        ("nothing", Box::new(|_| ()), None),
        ("a row less", rows(|lines| drop(lines.remove(5))), Some((BadRow, Some(15)))),
        ("the last row less", rows(|lines| drop(lines.pop())), Some((BadRow, Some(49)))),
        ("a row twice", rows(|lines| lines.insert(6, lines[5].clone())), Some((BadRow, Some(16)))),
        ("a row more", rows(|lines| lines.push(lines[5].clone())), Some((BadRow, Some(50)))),
        ("two rows exchanged", rows(|lines| lines.swap(3, 9)), Some((BadRow, Some(13)))),
        ("a row cut off", rows(|lines| lines.last_mut().unwrap().truncate(9)), Some((BadRow, Some(49)))),
        ("white space", rows(|lines| lines[4].insert(1, b' ')), Some((BadRow, Some(14)))),
        (
            "a stub in a bundle that has none",
            Box::new(|files: &mut Bytes| {
                let mut lines = forge.lines();
                lines[4] = line(&log.stub_row(14));
                files.insert("rows.jsonl".to_owned(), lines.concat());
            }),
            Some((BadRow, Some(14))),
        ),
        (
            "a row and its leaf",
            Box::new(|files: &mut Bytes| {
                let mut lines = forge.lines();
                let altered = text(&lines[4]).replace("SUCCESS", "FAILURE");
                lines[4] = altered.clone().into_bytes();
                let mut scratch = Vec::new();
                let row = json::read(altered.trim_end().as_bytes(), &mut scratch).unwrap();
                let leaf = row.leaf(ALPHA, &mut Vec::new());
                files.get_mut(LEAVES).unwrap()[4 * 32..5 * 32].copy_from_slice(leaf.as_ref());
                files.insert("rows.jsonl".to_owned(), lines.concat());
            }),
            Some((OtherRoot, Some(10))),
        ),
        ("a leaf", Box::new(|files| files.get_mut(LEAVES).unwrap()[4 * 32] ^= 1), Some((OtherEntry, Some(14)))),
        ("a hash on the left", Box::new(|files| flip(files, RANGE_PROOF, "left ")), Some((OtherRoot, Some(10)))),
        ("a range", Box::new(replace(RANGE_PROOF, "range 10 50", "range 10 51")), Some((BadProof, None))),
        ("a size", Box::new(replace(GENESIS_PROOF, "size 60", "size 61")), Some((BadProof, None))),
        ("a proof with a hash less", Box::new(replace(RANGE_PROOF, "left 2", "left 1")), Some((BadProof, None))),
        ("genesis, altered", Box::new(replace(GENESIS, "GENESIS", "OTHERS!")), Some((BadGenesis, Some(0)))),
        ("a checkpoint", Box::new(replace(CHECKPOINT, "\n60\n", "\n61\n")), Some((BadCheckpoint, None))),
        ("an epoch", Box::new(replace(MAP_PROOF, "epoch 2", "epoch 3")), Some((BadProof, None))),
        ("a time of the epoch", Box::new(replace(MAP_PROOF, "time 1", "time 2")), Some((OtherEpoch, None))),
        ("a generation", Box::new(replace(MAP_PROOF, "generation 1", "generation 2")), Some((BadProof, None))),
        ("a hash of the map", Box::new(|files| flip(files, MAP_PROOF, "path ")), Some((OtherEpoch, None))),
        (
            "another platform's log",
            Box::new(replace(PLATFORM_PROOF, "/platform/1\n", "/other/1\n")),
            Some((BadProof, None)),
        ),
        ("a size of the platform log", Box::new(replace(PLATFORM_PROOF, "\n5\n", "\n6\n")), Some((BadSignature, None))),
        ("no proof of what was kept", Box::new(replace("since.proof", "old 7", "old x")), Some((BadProof, None))),
    ];
    for (what, change, expected) in cases {
        let report = forge.verify(By::Operator, change);
        assert_eq!(finding(&report), expected, "{what}: {report}");
    }
}

/// Changes the first hash behind the line that begins with `before`.
fn flip(files: &mut Bytes, name: &str, before: &str) {
    let bytes = files.get_mut(name).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let line = text.find(before).unwrap_or_else(|| panic!("{before:?} in\n{text}"));
    let at = line + text[line..].find('\n').unwrap() + 1;
    let mut hash: Hash = text[at..at + 44].parse().unwrap();
    hash.0[7] ^= 1;
    bytes[at..at + 44].copy_from_slice(hash.to_string().as_bytes());
}

#[test]
fn a_match_cannot_be_hidden_in_a_complete_bundle() {
    use FindingCode::*;
    let forge = Forge::new(80, &Ask { filter: complete("uid:\"user-3\""), ..Ask::range(0, 79) });
    let log = &forge.scene.log;
    let (mut matches, mut others) = (0, 0);
    for seq in 0..80 {
        let is_match = seq % 5 == 3;
        let with = |line: Vec<u8>| {
            let mut lines = forge.lines();
            lines[seq as usize] = line;
            let report =
                forge.verify(By::Operator, |files| drop(files.insert("rows.jsonl".to_owned(), lines.concat())));
            finding(&report)
        };
        if is_match {
            matches += 1;
            assert_eq!(with(line(&log.stub_row(seq))), Some((MissingMatch, Some(seq))));
        } else {
            others += 1;
            assert_eq!(with(line(&log.full_row(seq))), Some((OtherMatch, Some(seq))));
        }
        assert_eq!(with(line(&log.leaf_row(seq))), Some((BadRow, Some(seq))));
        assert_eq!(with(line(&log.boundary_row(seq))), Some((BadRow, Some(seq))));
        assert_eq!(with(Vec::new()), Some((BadRow, Some(seq))));
    }
    println!("{matches} matches and {others} others, each shown as what it is not");
}

#[test]
fn a_window_cannot_be_made_smaller() {
    use FindingCode::*;
    let scene = Scene::new(40);
    let at = |seq: u64| scene.log.entry(seq).received_at_us;
    let (from, to) = (at(10), at(20));
    let whole = Ask::window(&scene.log, from, to);
    let check = |ask: Ask, expected: Option<(FindingCode, Option<u64>)>| {
        let report = scene.verify(&ask, &held(&scene.log));
        assert_eq!(finding(&report), expected, "{report}");
    };
    check(whole.clone(), None);
    check(Ask { first: 10, ..whole.clone() }, Some((OutsideWindow, Some(10))));
    check(Ask { first: 11, ..whole.clone() }, Some((OutsideWindow, Some(11))));
    check(Ask { first: 8, ..whole.clone() }, Some((BadRow, Some(9))));
    check(Ask { last: 19, ..whole.clone() }, Some((OutsideWindow, Some(19))));
    check(Ask { last: 21, ..whole.clone() }, Some((BadRow, Some(20))));
    check(Ask { window_us: Some((from, to + 5_000_000)), ..whole.clone() }, Some((OutsideWindow, Some(20))));
    check(Ask { window_us: Some((from - 5_000_000, to)), ..whole }, Some((OutsideWindow, Some(9))));
}
