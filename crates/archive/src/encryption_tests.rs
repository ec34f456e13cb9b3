//! Archives with encrypted log files: what they show, with and without the keys.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use indelible_event::{ContentKey, control};
use indelible_ledger::ContentKeys;
use indelible_storage::Bucket;
use parquet::file::metadata::ParquetMetaDataReader;

use crate::log_file::{FileContent, LogFileReader, ReadLimits, content_key};
use crate::manifest::Manifest;
use crate::rows::RowDecoder;
use crate::testing::{DAY_US, TestLog, full_event, wait};
use crate::verify::{FindingCode, Options, Outcome, Report, verify};

const ORGANIZATION: &str = "ri.indelible..organization.alpha";

fn key(seed: u8) -> ContentKey {
    ContentKey::new([seed; 32])
}

/// A log of which a stretch is plain, one is under the first key, that key is erased, and one is under the second.
struct Scene {
    _folder: tempfile::TempDir,
    archive: PathBuf,
    log: TestLog,
    manifests: Vec<Manifest>,
}

fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    let bucket = Bucket::create_local(&archive).unwrap();
    let mut log = TestLog::new(ORGANIZATION, 1);
    let claim = log.generation_claim().to_string();
    wait(crate::claim::take(&bucket, 1, claim.as_bytes())).unwrap();
    log.grow(9);
    log.key = Some(key(1));
    let received_us = log.last_received_us() + 1_000_000;
    let (infrastructure, content) = full_event(received_us);
    log.push(received_us, infrastructure, content);
    log.grow(299);
    let received_us = log.last_received_us() + 1_000_000;
    let erase = control::key_erase(&control::KeyErase {
        organization: &ORGANIZATION.parse().unwrap(),
        generation: 1,
        key: key(1).id(),
        received_at_us: received_us,
        product_version: "0.1.0",
    });
    log.key = Some(key(2));
    log.push(received_us, erase.infrastructure, erase.content);
    log.grow(40);
    let (mut first, mut previous, mut manifests) = (0, None, Vec::new());
    while first < log.size() {
        let run = log.seal(&folder.path().join("staging"), first, previous);
        wait(crate::upload(&bucket, &run, 0)).unwrap();
        (first, previous) = (run.manifest().facts.last + 1, Some(run.manifest_sha256()));
        manifests.push(run.manifest().clone());
        run.remove().unwrap();
    }
    Scene { _folder: folder, archive, log, manifests }
}

impl Scene {
    fn log_file(&self, run: usize) -> (PathBuf, Bytes) {
        let manifest = &self.manifests[run];
        let path = self.archive.join(manifest.folder()).join(&manifest.objects()[1].name);
        let bytes = fs::read(&path).unwrap().into();
        (path, bytes)
    }

    fn verify(&self, keys: Option<Vec<ContentKey>>) -> Report {
        let content_keys = keys.map(|keys| Arc::new(ContentKeys::holding(keys)));
        let options = Options { keys: vec![self.log.platform_key()], content_keys, ..Options::default() };
        verify(&self.archive, &options, &|_| ())
    }

    fn limits(&self, run: usize) -> ReadLimits {
        let facts = self.manifests[run].facts;
        let entries = self.manifests[run].entries();
        ReadLimits { entries, canonical_bytes: facts.canonical_bytes, entry_bytes_max: facts.entry_bytes_max }
    }
}

/// The bytes themselves, and what any zstd frame in them holds.
pub(crate) fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut all = bytes.to_vec();
    for at in (0..bytes.len().saturating_sub(4)).filter(|at| bytes[*at..].starts_with(&[0x28, 0xb5, 0x2f, 0xfd])) {
        if let Ok(decoder) = zstd::stream::read::Decoder::new(&bytes[at..]) {
            // What is no frame, or is cut, gives as much as it has.
            let _ = decoder.single_frame().read_to_end(&mut all);
        }
    }
    all
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_run_has_one_key_or_none() {
    let scene = scene();
    let found: Vec<_> = (0..scene.manifests.len())
        .map(|run| (scene.manifests[run].facts.first, content_key(&scene.log_file(run).1).unwrap()))
        .collect();
    let expected = vec![(0, None), (10, Some(key(1).id())), (310, None), (311, Some(key(2).id()))];
    assert_eq!(found, expected);
}

#[test]
fn an_archive_with_encrypted_files_verifies_with_and_without_keys_and_says_which() {
    let scene = scene();
    let entries = scene.log.size();
    let check = |keys: Option<Vec<ContentKey>>, expected: (u64, u64), says: &[&str]| {
        let report = scene.verify(keys);
        assert_eq!(report.outcome, Outcome::Verified, "{report}");
        assert_eq!((report.entries, report.without_content()), (entries, expected), "{report}");
        let text = report.to_string();
        assert!(says.iter().all(|say| text.contains(say)), "{text}");
        report
    };
    let whole = check(Some(vec![key(1), key(2)]), (0, 0), &[]);
    assert_eq!(whole.logs[0].content_key, Some(key(2).id().to_string()));
    // The log itself says which of the keys that are not there was erased.
    let id = key(2).id().to_string();
    check(None, (40, 300), &[&id, "--content-keys", "erased"]);
    check(Some(vec![key(2)]), (0, 300), &["erased"]);
    check(Some(vec![key(1)]), (40, 0), &[&id, "encrypted"]);
    check(Some(vec![key(3)]), (40, 300), &[]);
    assert_eq!(whole.canonical_bytes, scene.verify(None).canonical_bytes);
}

/// Texts of the content of [`full_event`], and of the infrastructure part.
#[test]
fn an_encrypted_file_shows_no_content_in_any_byte_and_all_of_the_infrastructure() {
    let scene = scene();
    let (_, bytes) = scene.log_file(1);
    let shown = unpacked(&bytes);
    for content in ["ri.a..b.", "line one", "userName\":", "ann", "=1+1", "{\"n\":", "{\"ok\":"] {
        assert!(!holds(&shown, content), "{content}");
    }
    for infrastructure in ["compass", "FULL.EVENT", "user-3", "sid-1", "00000000-0000-4000-8000-00000000f0f0"] {
        assert!(holds(&shown, infrastructure), "{infrastructure}");
    }
    // The way of looking finds what is there to be found.
    let mut plain = TestLog::new(ORGANIZATION, 1);
    plain.grow(300);
    let folder = tempfile::tempdir().unwrap();
    let run = plain.seal(folder.path(), 0, None);
    let plain = fs::read(run.folder().join("log.parquet")).unwrap();
    assert!(holds(&unpacked(&plain), "ri.a..b."));

    let metadata = ParquetMetaDataReader::new().parse_and_finish(&bytes).unwrap();
    for column in metadata.row_group(0).columns() {
        let name = column.column_path().string();
        let top = name.split('.').next().unwrap();
        let is_content = ["requestFields", "resultFields", "extra", "entities", "users"].contains(&top);
        assert_eq!(column.crypto_metadata().is_some(), is_content, "{name}");
        if is_content {
            assert!(column.statistics().is_none() && column.bloom_filter_offset().is_none(), "{name}");
        }
    }
}

#[test]
fn rows_come_back_with_the_key_and_their_hashes_without() {
    let scene = scene();
    let (_, bytes) = scene.log_file(1);
    let read = |keys: &ContentKeys| {
        let reader = LogFileReader::open(bytes.clone(), &scene.limits(1), keys).unwrap();
        let content = reader.content().clone();
        let mut rows = Vec::new();
        for batch in reader {
            let batch = batch.unwrap();
            let decoder = RowDecoder::new(&batch).unwrap();
            for row in 0..decoder.rows() {
                let (mut infrastructure, mut text) = (Vec::new(), Vec::new());
                decoder.infrastructure(row, &mut infrastructure);
                let text = decoder.content(row, &mut text).is_ok().then_some(text);
                rows.push((infrastructure, text, decoder.content_hash(row).unwrap()));
            }
        }
        (content, rows)
    };
    let (content, opened) = read(&ContentKeys::holding([key(1)]));
    assert!(matches!(content, FileContent::Opened(_)));
    for (seq, (infrastructure, text, _)) in (10..).zip(&opened) {
        let entry = scene.log.entry(seq);
        assert_eq!((&infrastructure[..], text.as_deref()), (entry.infrastructure, Some(entry.content)), "{seq}");
    }
    let (content, closed) = read(&ContentKeys::none());
    assert!(matches!(content, FileContent::Closed(id) if id == key(1).id()));
    assert_eq!(closed.len(), opened.len());
    for (with, without) in opened.iter().zip(&closed) {
        assert_eq!((&with.0, None, with.2), (&without.0, without.1.as_ref(), without.2));
    }
}

#[test]
fn what_was_altered_is_refused_with_its_place() {
    let scene = scene();
    let (path, bytes) = scene.log_file(1);
    let mut altered = bytes.to_vec();
    altered[bytes.len() / 3] ^= 1;
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    fs::write(&path, &altered).unwrap();
    for keys in [None, Some(vec![key(1), key(2)])] {
        let report = scene.verify(keys);
        let found = &report.findings[0];
        assert_eq!((found.code, found.first_seq, report.findings.len()), (FindingCode::ChangedObject, Some(10), 1));
        assert!(path.ends_with(Path::new(found.object.as_ref().unwrap())), "{report}");
    }
    // Were it signed, the ciphers and the leaves would still tell.
    let limits = scene.limits(1);
    let keys = ContentKeys::holding([key(1)]);
    let whole = leaves(&bytes, &limits, &keys, &scene).unwrap();
    let mut outcomes: BTreeMap<&str, u32> = BTreeMap::new();
    for at in (0..bytes.len()).step_by(97) {
        let mut altered = bytes.to_vec();
        altered[at] ^= 0x10;
        let what = match leaves(&altered.into(), &limits, &keys, &scene) {
            Err(_) => "refused",
            Ok(leaves) if leaves != whole => "other leaves",
            Ok(_) => "no leaf depends on it",
        };
        *outcomes.entry(what).or_default() += 1;
    }
    assert!(outcomes["refused"] > 20, "{outcomes:?}");
}

fn leaves(bytes: &Bytes, limits: &ReadLimits, keys: &ContentKeys, scene: &Scene) -> Result<Vec<[u8; 32]>, String> {
    let read = std::panic::AssertUnwindSafe(|| {
        let reader = LogFileReader::open(bytes.clone(), limits, keys).map_err(|error| error.to_string())?;
        let salt_key = reader.content().salt_key(&crate::Log::info(&scene.log).salt_key);
        let mut hasher = crate::leaf::LeafHasher::new(salt_key);
        let mut leaves = Vec::new();
        for batch in reader {
            let batch = batch.map_err(|error| error.to_string())?;
            let rows = RowDecoder::new(&batch).map_err(|error| error.to_string())?;
            for row in 0..rows.rows() {
                leaves.push(hasher.leaf(&rows, row).map_err(|error| error.to_string())?.0);
            }
        }
        Ok(leaves)
    });
    std::panic::catch_unwind(read).unwrap_or_else(|_| Err("panicked".to_owned()))
}

#[test]
fn times_and_sizes_of_the_manifest_are_those_of_a_plain_run() {
    let scene = scene();
    for manifest in &scene.manifests {
        let facts = manifest.facts;
        let entries = (facts.first..=facts.last).map(|seq| scene.log.entry(seq));
        let bytes: u64 = entries.map(|row| (row.infrastructure.len() + row.content.len()) as u64).sum();
        assert_eq!(facts.canonical_bytes, bytes);
        assert!(facts.received_first_us >= DAY_US);
    }
}
