#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::*;
use crate::seal::{SealedRun, pending};
use crate::testing::{TestLog, wait};
use crate::verify::{Options, Outcome, verify};

const ALPHA: &str = "ri.indelible..organization.alpha";

/// How a request to the bucket fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// It never arrives.
    Lost,
    /// It is carried out, and the answer never arrives.
    DoneButFailed,
}

/// A bucket of which one request fails.
#[derive(Debug)]
struct FailingStore {
    inner: Arc<dyn ObjectStore>,
    requests: AtomicUsize,
    fails: Option<(usize, Failure)>,
}

impl FailingStore {
    fn failure(&self) -> Option<Failure> {
        let request = self.requests.fetch_add(1, Ordering::SeqCst);
        self.fails.filter(|(at, _)| *at == request).map(|(_, failure)| failure)
    }
}

fn failed() -> Error {
    Error::Generic { store: "test", source: "the connection broke".into() }
}

impl fmt::Display for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bucket that fails")
    }
}

#[async_trait]
impl ObjectStore for FailingStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        match self.failure() {
            None => self.inner.put_opts(location, payload, options).await,
            Some(Failure::Lost) => Err(failed()),
            Some(Failure::DoneButFailed) => {
                let _ = self.inner.put_opts(location, payload, options).await;
                Err(failed())
            }
        }
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        panic!("an upload of several parts cannot be create-only")
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        match self.failure() {
            None => self.inner.get_opts(location, options).await,
            Some(_) => Err(failed()),
        }
    }

    fn delete_stream(&self, _: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        panic!("an upload deletes nothing")
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        panic!("an upload copies nothing")
    }
}

fn objects(folder: &FilePath) -> BTreeMap<String, Vec<u8>> {
    let bucket = Bucket::local(folder).unwrap();
    let listed = wait(bucket.list_sorted("")).unwrap();
    listed.into_iter().map(|object| (object.name.clone(), fs::read(folder.join(object.name)).unwrap())).collect()
}

fn failing(folder: &FilePath, fails: Option<(usize, Failure)>) -> (Bucket, Arc<FailingStore>) {
    let inner = Bucket::create_local(folder).unwrap().object_store();
    let store = Arc::new(FailingStore { inner, requests: AtomicUsize::new(0), fails });
    (Bucket::new(Arc::clone(&store) as Arc<dyn ObjectStore>), store)
}

/// Two runs of one log, sealed once; each test has them uploaded to a bucket of its own.
fn two_runs(staging: &FilePath) -> [SealedRun; 2] {
    let mut log = TestLog::new(ALPHA, 1);
    log.grow(3);
    let first = log.seal(staging, 0, None);
    log.grow(2);
    let second = log.seal(staging, 4, Some(first.manifest_sha256()));
    [first, second]
}

#[test]
fn whatever_request_fails_the_next_attempt_gives_the_same_archive() {
    let folder = tempfile::tempdir().unwrap();
    let staging = folder.path().join("sealing");
    let runs = two_runs(&staging);
    let (bucket, store) = failing(&folder.path().join("whole"), None);
    for run in &runs {
        wait(upload(&bucket, run, 0)).unwrap();
    }
    let whole = objects(&folder.path().join("whole"));
    let requests = store.requests.load(Ordering::SeqCst);
    // A create and a read back for each of four objects; the salt key of the second run is there already.
    assert_eq!((whole.len(), requests), (7, 2 * 8 + 1));
    for at in 0..requests {
        for failure in [Failure::Lost, Failure::DoneButFailed] {
            let path = folder.path().join(format!("{at}-{failure:?}"));
            let (bucket, _) = failing(&path, Some((at, failure)));
            let mut failures = 0;
            for run in &runs {
                failures += usize::from(wait(upload(&bucket, run, 0)).is_err());
            }
            assert_eq!(failures, 1, "{at} {failure:?}");
            // The server starts again.
            for run in pending(&staging).unwrap() {
                wait(upload(&bucket, &run, 0)).unwrap();
            }
            assert_eq!(objects(&path), whole, "{at} {failure:?}");
            let claim = TestLog::new(ALPHA, 1).generation_claim().to_string();
            wait(crate::claim::take(&Bucket::local(&path).unwrap(), 1, claim.as_bytes())).unwrap();
            let report = verify(&path, &Options::default(), &|_| ());
            assert_eq!(report.outcome, Outcome::Verified, "{report}");
        }
    }
}

#[test]
fn the_manifest_comes_last() {
    let folder = tempfile::tempdir().unwrap();
    let [run, _] = two_runs(&folder.path().join("sealing"));
    for at in 0..8 {
        let path = folder.path().join(at.to_string());
        let (bucket, _) = failing(&path, Some((at, Failure::Lost)));
        assert!(wait(upload(&bucket, &run, 0)).is_err());
        let manifest = path.join(run.manifest().folder()).join(run.manifest().name());
        assert_eq!(manifest.exists(), at == 7, "after request {at} failed");
    }
}

#[test]
fn other_bytes_under_the_name_are_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let [run, _] = two_runs(&folder.path().join("sealing"));
    for object in run.manifest().objects() {
        let path = folder.path().join(object.facts.bytes.to_string());
        let bucket = Bucket::create_local(&path).unwrap();
        let name = format!("{}/{}", run.manifest().folder(), object.name);
        wait(bucket.create(&name, Bytes::from_static(b"theirs"))).unwrap();
        let error = wait(upload(&bucket, &run, 0)).unwrap_err();
        assert!(matches!(error, UploadError::Bucket(BucketError::Taken { .. })), "{error}");
        assert_eq!(fs::read(path.join(name)).unwrap(), b"theirs");
    }
}

#[test]
fn when_a_staged_file_has_rotted_nothing_of_its_run_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let [run, _] = two_runs(&folder.path().join("sealing"));
    for path in run.files() {
        let bytes = fs::read(&path).unwrap();
        let mut rotten = bytes.clone();
        rotten[bytes.len() / 2] ^= 1;
        fs::write(&path, rotten).unwrap();
        let bucket = Bucket::create_local(&folder.path().join("bucket")).unwrap();
        assert!(matches!(wait(upload(&bucket, &run, 0)), Err(UploadError::Damaged { path: found }) if found == path));
        assert!(wait(bucket.list_sorted("")).unwrap().is_empty(), "{}", path.display());
        fs::write(&path, bytes).unwrap();
    }
}
