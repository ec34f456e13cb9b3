#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use indelible_merkle::{Checkpoint, Epoch, Frontier, Hash, KeyChange, Note, NoteSigner, PlatformEntry};
use indelible_storage::Bucket;
use tempfile::TempDir;

use super::*;
use crate::testing::{DAY_US, TestLog, archive, wait};
use crate::verify::{FindingCode, Options, Outcome, Report, verify};

const FOLDER: PlatformFolder = PlatformFolder { generation: 1 };

/// Place of the change of keys.
const CHANGE: usize = 7;

/// An archive of one organization and of a platform log.
struct Scene {
    _folder: TempDir,
    path: PathBuf,
    bucket: Bucket,
    signer: NoteSigner,
    /// Signs behind the change of keys.
    next: NoteSigner,
    entries: Vec<Vec<u8>>,
}

impl Scene {
    /// With the platform log archived up to each of `sizes`.
    fn new(sizes: &[usize]) -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        archive(&path, &mut [TestLog::new("ri.indelible..organization.alpha", 1)], &[5]);
        let bucket = Bucket::local(&path).unwrap();
        let epoch =
            |number| Epoch { number, time: 1_000 * number as i64, map_root: Hash([number as u8; 32]) }.to_bytes();
        let mut entries: Vec<_> = (0..50).map(epoch).collect();
        let (signer, next) = (NoteSigner::from_seed(&[1; 32]), NoteSigner::from_seed(&[2; 32]));
        let change = KeyChange::sign(DAY_US + 60_000_000, &signer, &next);
        entries[CHANGE] = PlatformEntry::KeyChange(change).to_bytes();
        let mut scene = Scene { _folder: folder, path, bucket, signer, next, entries };
        let mut first = 0;
        for &size in sizes {
            scene.upload(first, size);
            first = size;
        }
        scene
    }

    fn checkpoint(&self, size: usize) -> Note {
        let mut frontier = Frontier::new();
        self.entries[..size].iter().for_each(|entry| frontier.push(indelible_merkle::leaf_hash(entry)));
        let origin = "audit.example/platform/1";
        let signer = if size > CHANGE { &self.next } else { &self.signer };
        Checkpoint::new(origin, size as u64, frontier.root()).sign(signer).unwrap()
    }

    fn upload(&mut self, first: usize, size: usize) {
        let checkpoint = self.checkpoint(size);
        wait(FOLDER.upload(&self.bucket, first as u64, &self.entries[first..size], &checkpoint)).unwrap();
    }

    fn report(&self) -> Report {
        verify(&self.path, &Options::default(), &|_| ())
    }

    fn file(&self, object: PlatformObject) -> PathBuf {
        self.path.join(FOLDER.name()).join(object.to_string())
    }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x20;
    fs::write(path, bytes).unwrap();
}

#[test]
fn what_was_archived_is_found_again_and_verified() {
    let scene = Scene::new(&[]);
    assert_eq!(wait(FOLDER.newest(&scene.bucket)).unwrap(), None);
    let scene = Scene::new(&[3, 4, 50]);
    let newest = wait(FOLDER.newest(&scene.bucket)).unwrap().unwrap();
    assert_eq!(newest, scene.checkpoint(50).text().parse().unwrap());
    let report = scene.report();
    assert_eq!(report.outcome, Outcome::Verified, "{report}");
    let [log] = &report.platform[..] else { panic!("{report}") };
    assert_eq!((log.entries, log.checkpoints, log.key_changes, log.last_us), (50, 3, 1, 49_000));
    assert!(report.to_string().contains("platform log audit.example/platform/1: 50 entries"), "{report}");
    // Again with the same arguments nothing changes, with others nothing is overwritten.
    wait(FOLDER.upload(&scene.bucket, 4, &scene.entries[4..50], &scene.checkpoint(50))).unwrap();
    let other = wait(FOLDER.upload(&scene.bucket, 4, &scene.entries[3..49], &scene.checkpoint(50)));
    assert!(matches!(other, Err(PlatformLogError::Bucket(BucketError::Taken { .. }))), "{other:?}");
    let short = wait(FOLDER.upload(&scene.bucket, 50, &[], &scene.checkpoint(50)));
    assert!(matches!(short, Err(PlatformLogError::Incomplete { first: 50, size: 50 })));
}

#[test]
fn every_altered_byte_and_missing_object_is_found() {
    let scene = Scene::new(&[3, 9, 12]);
    let run = PlatformObject::Entries(3, 8);
    let path = scene.file(run);
    let length = fs::read(&path).unwrap().len();
    for at in 0..length {
        flip(&path, at);
        let report = scene.report();
        assert_eq!(report.outcome, Outcome::NotVerified, "byte {at}: {report}");
        flip(&path, at);
    }
    let note = scene.file(PlatformObject::Checkpoint(9));
    for at in 0..fs::read(&note).unwrap().len() {
        flip(&note, at);
        assert_eq!(scene.report().outcome, Outcome::NotVerified, "byte {at} of the checkpoint");
        flip(&note, at);
    }
    for object in [PlatformObject::Entries(0, 2), run, PlatformObject::Entries(9, 11)] {
        let (path, kept) = (scene.file(object), scene.path.with_extension("kept"));
        fs::rename(&path, &kept).unwrap();
        let report = scene.report();
        assert_eq!(report.findings[0].code, FindingCode::MissingObject, "{object}: {report}");
        fs::rename(&kept, &path).unwrap();
    }
    for size in [3, 9, 12] {
        let (path, kept) = (scene.file(PlatformObject::Checkpoint(size)), scene.path.with_extension("kept"));
        fs::rename(&path, &kept).unwrap();
        let report = scene.report();
        assert_eq!(report.findings[0].code, FindingCode::MissingObject, "checkpoint {size}: {report}");
        fs::rename(&kept, &path).unwrap();
    }
    assert_eq!(scene.report().outcome, Outcome::Verified);
    // The newest upload removed whole shows only against something that is kept elsewhere.
    fs::remove_file(scene.file(PlatformObject::Checkpoint(12))).unwrap();
    fs::remove_file(scene.file(PlatformObject::Entries(9, 11))).unwrap();
    assert_eq!(scene.report().outcome, Outcome::Verified);
    fs::write(scene.path.join("platform/1/stranger"), "x").unwrap();
    assert_eq!(scene.report().findings[0].code, FindingCode::UnnamedObject);
}

/// Archives the log up to `size`, beyond what is signed by the key in force, with the key of `seed`.
fn check_signer(size: usize, seed: u8, is_good: bool) {
    let mut scene = Scene::new(&[3]);
    scene.signer = NoteSigner::from_seed(&[seed; 32]);
    scene.next = NoteSigner::from_seed(&[seed; 32]);
    scene.upload(3, size);
    let codes: Vec<_> = scene.report().findings.iter().map(|finding| finding.code).collect();
    let expected = if is_good { vec![] } else { vec![FindingCode::BadSignature] };
    assert_eq!(codes, expected, "{size} entries signed by {seed}");
}

#[test]
fn a_checkpoint_is_signed_by_the_key_in_force_at_its_size() {
    check_signer(CHANGE, 1, true);
    check_signer(CHANGE, 2, false);
    check_signer(CHANGE, 9, false);
    check_signer(CHANGE + 1, 2, true);
    check_signer(CHANGE + 1, 1, false);
    check_signer(CHANGE + 1, 9, false);
}

#[test]
fn an_epoch_out_of_its_place_is_found_though_it_is_signed() {
    let mut scene = Scene::new(&[3]);
    scene.entries.swap(4, 5);
    scene.upload(3, 9);
    let report = scene.report();
    assert!(report.findings.iter().all(|finding| finding.code == FindingCode::BadPlatformEntry), "{report}");
    assert!(report.findings.len() >= 2, "{report}");
}

#[test]
fn names_have_one_form() {
    for (name, object) in [
        ("entries/0000000000000003-0000000000000008", Some(PlatformObject::Entries(3, 8))),
        ("checkpoint/0000000000000012", Some(PlatformObject::Checkpoint(12))),
        ("entries/3-8", None),
        ("entries/0000000000000008-0000000000000003", None),
        ("entries/0000000000000003", None),
        ("checkpoint/12", None),
        ("checkpoint/+000000000000012", None),
        ("checkpoint/", None),
        ("entries", None),
        ("other/0000000000000012", None),
    ] {
        assert_eq!(PlatformObject::parse(name), object, "{name}");
        assert!(object.is_none_or(|object| object.to_string() == name));
    }
}
