#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};

use indelible_event::control;
use indelible_event::entry::content_hash;
use indelible_event::{ContentKey, Scope};
use indelible_merkle::NoteSigner;
use tempfile::TempDir;

use super::*;
use crate::Inventory;
use crate::encryption_tests::unpacked;
use crate::log::Log as _;
use crate::mirror;
use crate::source::{Depth, Entry, FolderSource};
use crate::testing::{TestLog, wait};
use crate::verify::{FindingCode, Options, Outcome, Problem, Report, verify, verify_source};

const ORGANIZATION: &str = "ri.indelible..organization.alpha";

/// An archive of three runs: genesis and some events, 300 events that may be encrypted, and what the log says of itself.
struct Scene {
    folder: TempDir,
    path: PathBuf,
    bucket: Bucket,
    log: TestLog,
    key: Option<ContentKey>,
}

/// The run that holds what is redacted.
const FIRST: u64 = 10;
const LAST: u64 = 309;

fn stretch(first: u64, last: u64) -> Dropped {
    Dropped { generation: 1, first, last }
}

/// What the redaction entry of a scene names.
fn asked() -> Vec<Dropped> {
    vec![stretch(13, 13), stretch(40, 44)]
}

impl Scene {
    /// With an entry that says that these are redacted, if there are any.
    fn new(key: Option<ContentKey>, redacted: &[Dropped]) -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        let bucket = Bucket::create_local(&path).unwrap();
        let log = TestLog::new(ORGANIZATION, 1);
        wait(crate::claim::take(&bucket, 1, log.generation_claim().to_string().as_bytes())).unwrap();
        let mut scene = Scene { folder, path, bucket, key, log };
        scene.log.grow(9);
        scene.seal(0);
        scene.log.key = scene.key.clone();
        scene.log.grow(300);
        scene.seal(FIRST);
        if !redacted.is_empty() {
            scene.say(redacted);
        }
        scene
    }

    fn say(&mut self, redacted: &[Dropped]) {
        let (first, received_us) = (self.log.size(), self.log.last_received_us() + 1_000_000);
        let entry = control::redaction(&control::Redaction {
            organization: &ORGANIZATION.parse().unwrap(),
            generation: 1,
            redacted,
            received_at_us: received_us,
            product_version: "0.1.0",
        });
        self.log.push(received_us, entry.infrastructure, entry.content);
        self.seal(first);
    }

    fn seal(&mut self, first: u64) {
        let previous = self.inventory().last_manifest(&ORGANIZATION.parse().unwrap(), 1);
        let run = self.log.seal(&self.folder.path().join("sealing"), first, previous);
        wait(crate::upload(&self.bucket, &run, 0)).unwrap();
        run.remove().unwrap();
    }

    fn inventory(&self) -> Inventory {
        wait(Inventory::load(&self.bucket, |_| vec![self.log.info().key.clone()])).unwrap()
    }

    fn content_keys(&self) -> ContentKeys {
        ContentKeys::holding(self.key.clone())
    }

    fn staging(&self) -> PathBuf {
        self.folder.path().join("redacting")
    }

    /// Writes the second run anew.
    fn stage(&self, redacted: &[Dropped], keys: &ContentKeys) -> Result<Option<Staged>, RewriteError> {
        let (inventory, organization) = (self.inventory(), ORGANIZATION.parse().unwrap());
        let file = inventory.file_at(&organization, (1, FIRST)).unwrap();
        let number = inventory.redacted(&organization, 1, FIRST).map_or(0, |known| known.number) + 1;
        let source = FolderSource::new(&self.path);
        let rewrite = Rewrite {
            source: &source,
            file: &file,
            manifest: inventory.manifest_of(&organization, 1, FIRST).unwrap(),
            origin: &self.log.info().origin,
            key: self.log.info().key.clone(),
            number,
            redacted,
            content_keys: keys,
            salt_key: &self.log.info().salt_key,
            staging: &self.staging(),
            now_us: 7,
        };
        rewrite.stage(|text| self.log.sign(text))
    }

    fn redact(&self, redacted: &[Dropped]) -> RedactionNote {
        let staged = self.stage(redacted, &self.content_keys()).unwrap().unwrap();
        wait(upload(&self.bucket, &staged, 0)).unwrap();
        let note = staged.note().clone();
        staged.remove().unwrap();
        note
    }

    fn remove_superseded(&self) {
        for old in self.inventory().superseded() {
            wait(self.bucket.remove(&old.object)).unwrap();
        }
    }

    fn verify(&self, content_keys: ContentKeys) -> Report {
        let content_keys = Some(std::sync::Arc::new(content_keys));
        let options = Options { keys: vec![self.log.platform_key()], content_keys, ..Options::default() };
        verify(&self.path, &options, &|_| ())
    }

    /// Whether `text` is in any byte of the bucket, packed or not.
    fn holds(&self, text: &str) -> bool {
        let mut folders = vec![self.path.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if unpacked(&fs::read(path).unwrap()).windows(text.len()).any(|found| found == text.as_bytes()) {
                    return true;
                }
            }
        }
        false
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path.join(self.inventory_folder()).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path.join(self.inventory_folder()).join(name)).unwrap();
    }

    fn inventory_folder(&self) -> String {
        let label = self.log.info().origin.split('/').nth(1).unwrap();
        layout::generation_folder(label, 1)
    }

    /// A file and a note that nobody but who holds the key could have made: rows as `row` makes them.
    fn forge(&self, row: impl Fn(u64) -> Forged, change: impl Fn(&mut RedactionNote), signer: &NoteSigner) {
        let path = self.folder.path().join("forged");
        let settings = LogFileSettings::default();
        let mut writer = LogFileWriter::create_redacted(&path, ORGANIZATION, &settings, None).unwrap();
        let mut redacted = 0;
        for seq in FIRST..=LAST {
            let entry = self.log.entry(seq);
            let hash = content_hash(&self.log.info().salt_key.salt(seq), entry.content);
            match row(seq) {
                Forged::AsItIs => writer.push(&entry).unwrap(),
                Forged::Altered => writer.push(&Row { content: br#"{"entities":["ri.forged"]}"#, ..entry }).unwrap(),
                Forged::Hidden => writer.push_redacted(&entry, &hash).unwrap(),
                Forged::HiddenUnderAnotherHash => writer.push_redacted(&entry, &[7; 32]).unwrap(),
            }
            redacted += u64::from(matches!(row(seq), Forged::Hidden | Forged::HiddenUnderAnotherHash));
        }
        let written = writer.finish().unwrap();
        let (inventory, organization) = (self.inventory(), ORGANIZATION.parse::<Organization>().unwrap());
        let facts = ObjectFacts { bytes: written.bytes, sha256: written.sha256 };
        let mut note = RedactionNote {
            manifest: inventory.manifest_of(&organization, 1, FIRST).unwrap(),
            organization,
            origin: self.log.info().origin.clone(),
            key: self.log.info().key.clone(),
            first: FIRST,
            last: LAST,
            number: 1,
            redacted,
            made_us: 0,
            name: layout::log_file(self.log.entry(FIRST).received_at_us, FIRST, LAST, &facts.sha256),
            log_file: facts,
        };
        change(&mut note);
        let signed = signer.sign(&note.origin, &note.text()).unwrap();
        self.write(&note.name, &fs::read(&path).unwrap());
        self.write(&note.note_name(), signed.to_string().as_bytes());
        let old = inventory.file_at(&note.organization, (1, FIRST)).unwrap();
        fs::remove_file(self.path.join(&old.object)).unwrap();
        fs::remove_file(path).unwrap();
    }
}

#[derive(Clone, Copy)]
enum Forged {
    AsItIs,
    Altered,
    Hidden,
    HiddenUnderAnotherHash,
}

fn key() -> ContentKey {
    ContentKey::new([3; 32])
}

#[test]
fn redacted_contents_are_gone_and_everything_is_proven_as_before() {
    for key in [None, Some(key())] {
        let scene = Scene::new(key, &asked());
        let is_plain = scene.key.is_none();
        assert_eq!((scene.holds("ri.a..b.40\""), scene.holds("ri.a..b.13\"")), (false, false), "no JSON of lists");
        assert_eq!((scene.holds("ri.a..b.40"), scene.holds("{\"n\":13}")), (is_plain, is_plain));
        let before = scene.verify(scene.content_keys());
        assert_eq!(before.outcome, Outcome::Verified, "{before}");
        assert_eq!((before.redacted(), before.logs[0].unredacted_entries), (0, 6), "{before}");

        let note = scene.redact(&asked());
        assert_eq!((note.number, note.redacted, note.note_name()), (1, 6, layout::redaction(FIRST, LAST, 1)));
        let meanwhile = scene.verify(scene.content_keys());
        assert_eq!(meanwhile.outcome, Outcome::Verified, "{meanwhile}");
        assert!(meanwhile.to_string().contains("1 log files with content that was redacted since"), "{meanwhile}");
        scene.remove_superseded();

        for (seq, is_there) in [(13, false), (40, false), (43, false), (46, is_plain), (16, is_plain)] {
            assert_eq!(scene.holds(&format!("{{\"n\":{seq}}}")), is_there, "{seq}");
        }
        for keys in [scene.content_keys(), ContentKeys::none()] {
            let report = scene.verify(keys);
            assert_eq!((report.outcome, report.entries), (Outcome::Verified, scene.log.size()), "{report}");
            let log = &report.logs[0];
            let counts = (log.redacted_entries, log.unredacted_entries, log.superseded_log_files);
            assert_eq!(counts, (6, 0, 0), "{report}");
            assert!(report.summary.contains("redacted 6 entries"), "{report}");
            assert_eq!((log.bytes > 0, log.root.clone()), (true, before.logs[0].root.clone()));
        }
    }
}

#[test]
fn the_bucket_and_the_data_folder_know_which_file_holds_now() {
    let mut scene = Scene::new(None, &asked());
    let organization: Organization = ORGANIZATION.parse().unwrap();
    let known = scene.inventory();
    let old = known.file_at(&organization, (1, FIRST)).unwrap();
    let first = scene.redact(&asked());
    // By the note alone, as the server that wrote it learns it.
    assert!(known.redact(&first) && known.redact(&first));
    let more = [&asked()[..], &[stretch(100, 102)]].concat();
    scene.say(&more);
    let second = scene.redact(&more);
    assert_eq!((second.number, second.redacted), (2, 9));

    let keys = |_: &str| vec![scene.log.info().key.clone()];
    let path = scene.folder.path().join("manifests");
    let mut rewrite = mirror::Rewrite::begin(&path).unwrap();
    let loaded = wait(Inventory::load_into(&scene.bucket, keys, Some(&mut rewrite))).unwrap();
    rewrite.finish().unwrap();
    let mirrored = mirror::read(&path, keys).unwrap().unwrap();
    for inventory in [&loaded, &mirrored] {
        let file = inventory.file_at(&organization, (1, FIRST)).unwrap();
        assert_eq!(file.object, format!("{}/{}", second.folder(), second.name));
        assert_eq!((file.bytes, file.sha256, file.rows), (second.log_file.bytes, second.log_file.sha256, old.rows));
        let redacted = inventory.redacted(&organization, 1, FIRST).unwrap();
        assert_eq!((redacted.number, redacted.rows), (2, 9));
        assert_eq!(inventory.redacted(&organization, 1, 0), None);
    }
    let superseded: Vec<_> = loaded.superseded().into_iter().map(|old| old.object).collect();
    let mut expected = [old.object.clone(), format!("{}/{}", first.folder(), first.name)];
    expected.sort();
    assert_eq!(superseded, expected);
    for old in loaded.superseded() {
        loaded.forget_superseded(&old);
    }
    assert!(loaded.superseded().is_empty() && loaded.unlisted().is_empty());
    // What a server knows already is not taken back.
    assert!(!loaded.replace(known), "one redaction less");
    scene.remove_superseded();
    assert!(loaded.replace(scene.inventory()));
    assert!(loaded.superseded().is_empty());
    let report = scene.verify(ContentKeys::none());
    assert_eq!((report.outcome, report.redacted()), (Outcome::Verified, 9), "{report}");

    // A note about nothing that is there.
    let stray = RedactionNote { first: 11, last: 12, redacted: 1, ..second.clone() };
    assert!(!loaded.redact(&stray) && !loaded.redact(&RedactionNote { manifest: [1; 32], number: 3, ..second }));
    let shared = Scope::new(vec![organization]);
    assert_eq!(loaded.snapshot(&shared).len(), 4);
}

#[test]
fn a_file_on_its_way_is_sent_again_as_it_is_after_any_crash() {
    let scene = Scene::new(Some(key()), &asked());
    assert!(pending(&scene.staging()).unwrap().is_empty());
    let staged = scene.stage(&asked(), &scene.content_keys()).unwrap().unwrap();
    let note = staged.note().clone();
    drop(staged);
    fs::create_dir(scene.staging().join("tmp-half")).unwrap();
    for _ in 0..2 {
        let found = pending(&scene.staging()).unwrap();
        assert_eq!(found.iter().map(Staged::note).collect::<Vec<_>>(), [&note]);
        wait(upload(&scene.bucket, &found[0], 0)).unwrap();
    }
    assert!(!scene.staging().join("tmp-half").exists());
    pending(&scene.staging()).unwrap().remove(0).remove().unwrap();
    assert!(pending(&scene.staging()).unwrap().is_empty());
    scene.remove_superseded();
    assert_eq!(scene.verify(ContentKeys::none()).outcome, Outcome::Verified);
    // What is not what was written is not sent.
    let staged = scene.stage(&[stretch(50, 50)], &scene.content_keys()).unwrap().unwrap();
    let path = scene.staging().join(format!(
        "redacted-{}",
        staged.folder.file_name().unwrap().to_str().unwrap().trim_start_matches("redacted-")
    ));
    fs::set_permissions(path.join(LOG_FILE), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(path.join(LOG_FILE), b"other").unwrap();
    assert!(matches!(wait(upload(&scene.bucket, &staged, 0)), Err(UploadError::Staged(RewriteError::Damaged { .. }))));
}

#[test]
fn what_cannot_be_redacted_is_left_as_it_is() {
    let scene = Scene::new(Some(key()), &asked());
    let closed = scene.stage(&asked(), &ContentKeys::none()).unwrap_err();
    assert!(matches!(closed, RewriteError::Closed { key: found, .. } if found == key().id()), "{closed}");
    let scene = Scene::new(None, &asked());
    let file = scene.inventory().file_at(&ORGANIZATION.parse().unwrap(), (1, FIRST)).unwrap();
    let path = scene.path.join(&file.object);
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&path, bytes).unwrap();
    assert!(matches!(scene.stage(&asked(), &scene.content_keys()), Err(RewriteError::Changed(_))));
}

#[test]
fn whoever_hides_more_than_the_log_says_is_found_out() {
    let own = || NoteSigner::from_seed(&[1; 32]);
    let as_asked = |seq| if holds(&asked(), seq) { Forged::Hidden } else { Forged::AsItIs };
    let check = |what: &str, scene: &Scene, expected: &[(FindingCode, Option<u64>)]| {
        let report = scene.verify(ContentKeys::none());
        let found: Vec<_> = report.findings.iter().map(|finding| (finding.code, finding.first_seq)).collect();
        assert_eq!(found, expected, "{what}: {report}");
        assert_eq!(report.outcome == Outcome::Verified, expected.is_empty(), "{what}");
    };
    let scene = || Scene::new(None, &asked());

    let honest = scene();
    honest.forge(as_asked, |_| (), &own());
    check("as the server does it", &honest, &[]);

    let unasked = Scene::new(None, &[]);
    unasked.forge(as_asked, |_| (), &own());
    check("a note without entry", &unasked, &[(FindingCode::HiddenContent, Some(13))]);

    let too_many = scene();
    too_many.forge(|seq| if seq == 45 { Forged::Hidden } else { as_asked(seq) }, |_| (), &own());
    check("one row too many hidden", &too_many, &[(FindingCode::HiddenContent, Some(45))]);

    let altered = scene();
    altered.forge(|seq| if seq == 70 { Forged::Altered } else { as_asked(seq) }, |_| (), &own());
    check("a row altered", &altered, &[(FindingCode::OtherEntry, Some(70))]);

    let other_hash = scene();
    other_hash.forge(|seq| if seq == 41 { Forged::HiddenUnderAnotherHash } else { as_asked(seq) }, |_| (), &own());
    check("a hash altered", &other_hash, &[(FindingCode::OtherEntry, Some(41))]);

    let entry_alone = scene();
    let note = entry_alone.redact(&asked());
    entry_alone.remove_superseded();
    entry_alone.remove(&note.note_name());
    let codes = [(FindingCode::MissingObject, Some(FIRST)), (FindingCode::UnnamedObject, Some(FIRST))];
    check("an entry without note", &entry_alone, &codes);

    let missing = scene();
    let note = missing.redact(&asked());
    missing.remove_superseded();
    missing.remove(&note.name);
    check("a note without file", &missing, &[(FindingCode::MissingObject, Some(FIRST))]);

    let signed_by_another = scene();
    signed_by_another.forge(as_asked, |_| (), &NoteSigner::from_seed(&[9; 32]));
    let unread = [(FindingCode::MissingObject, Some(FIRST)), (FindingCode::UnnamedObject, Some(FIRST))];
    let with = |code| [unread[0], unread[1], (code, Some(FIRST))].map(|finding| finding);
    let mut expected = with(FindingCode::BadSignature);
    expected.sort();
    check("a note signed by another", &signed_by_another, &expected);

    let other_key = scene();
    let stranger = NoteSigner::from_seed(&[9; 32]);
    let public = |note: &mut RedactionNote| note.key = stranger.verifier_key(&note.origin).unwrap();
    other_key.forge(as_asked, public, &NoteSigner::from_seed(&[9; 32]));
    let mut expected = with(FindingCode::OtherKey);
    expected.sort();
    check("a note under another key", &other_key, &expected);

    let other_manifest = scene();
    other_manifest.forge(as_asked, |note| note.manifest = [1; 32], &own());
    let mut expected = with(FindingCode::BadRedaction);
    expected.sort();
    check("a note about another manifest", &other_manifest, &expected);

    let miscounted = scene();
    miscounted.forge(as_asked, |note| note.redacted = 5, &own());
    check("a note that counts wrong", &miscounted, &[(FindingCode::OtherFacts, Some(FIRST))]);
}

/// An archive in which a redaction takes place just as a file is to be read.
struct Racing<'a> {
    folder: FolderSource,
    scene: &'a Scene,
    done: AtomicBool,
}

impl std::fmt::Display for Racing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.folder.fmt(f)
    }
}

impl Source for Racing<'_> {
    fn entries(&self, folder: &str, depth: Depth, problems: &mut Vec<Problem>) -> Vec<Entry> {
        self.folder.entries(folder, depth, problems)
    }

    fn open(&self, name: &str, bytes_max: u64) -> io::Result<(File, u64)> {
        if name.contains("/log/") && !self.done.swap(true, Ordering::Relaxed) {
            self.scene.redact(&asked());
            self.scene.remove_superseded();
        }
        self.folder.open(name, bytes_max)
    }

    fn read(&self, names: &[String], bytes_max: u64) -> Vec<io::Result<Vec<u8>>> {
        self.folder.read(names, bytes_max)
    }

    fn shown(&self, name: &str) -> String {
        self.folder.shown(name)
    }
}

#[test]
fn a_redaction_while_the_archive_is_verified_is_no_finding() {
    for in_use in [true, false] {
        let scene = Scene::new(None, &asked());
        let folder = FolderSource::new(&scene.path);
        let racing = Racing { folder, scene: &scene, done: AtomicBool::new(false) };
        let report = verify_source(&racing, &Options { in_use, threads: 1, ..Options::default() }, &|_| ());
        let expected = if in_use { (Outcome::Verified, 6) } else { (Outcome::NotVerified, 0) };
        assert_eq!((report.outcome, report.redacted()), expected, "{report}");
    }
}

#[test]
fn a_note_has_one_text() {
    let scene = Scene::new(None, &asked());
    let staged = scene.stage(&asked(), &scene.content_keys()).unwrap().unwrap();
    let text = String::from_utf8(staged.note_bytes().to_vec()).unwrap();
    let read = |text: &str| RedactionNote::parse(text.as_bytes()).map(|(note, _)| note);
    assert_eq!(read(&text).unwrap(), *staged.note());
    for (from, to) in [
        ("first 10", "first 010"),
        ("number 1", "number 0"),
        ("redacted 6", "redacted 0"),
        ("redacted 6", "redacted 301"),
        ("last 309", "last 9"),
        ("made-us 7", "made-us 7\nmore 1"),
        ("origin audit", "origin other"),
        ("object log/", "object elsewhere/"),
        ("-0000000000000309-", "-0000000000000308-"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(read(&changed).is_err(), "{from} -> {to}");
    }
    assert!(RedactionNote::parse(&[b'x'; 70_000]).is_err() && read("").is_err());
}

#[test]
fn what_the_server_writes_is_read() {
    let entry = control::redaction(&control::Redaction {
        organization: &ORGANIZATION.parse().unwrap(),
        generation: 2,
        redacted: &asked(),
        received_at_us: 0,
        product_version: "1",
    });
    assert_eq!(read(&entry.content).unwrap(), asked());
    for wrong in [
        "{}",
        "{\"extra\":{\"redaction\":{}}}",
        "{\"extra\":{\"redaction\":{\"redacted\":[{\"first\":1}]}}}",
        "{\"extra\":{\"redaction\":{\"redacted\":[{\"first\":2,\"generation\":1,\"last\":1}]}}}",
    ] {
        assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
    }
    assert_eq!(within(&asked(), 1, 42, 50), [stretch(42, 44)]);
    assert!(within(&asked(), 2, 0, 100).is_empty() && within(&asked(), 1, 14, 39).is_empty());
    assert_eq!(entries(&asked()), 6);
    let held: Vec<u64> = (0..60).filter(|seq| holds(&asked(), *seq)).collect();
    assert_eq!(held, [13, 40, 41, 42, 43, 44]);
}
