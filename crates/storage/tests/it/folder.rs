//! What only a local folder promises.

use bytes::Bytes;
use indelible_storage::Bucket;
use object_store::path::Path;

use crate::cases::names;

#[tokio::test]
async fn local_bucket_has_no_other_files_than_its_objects_and_hides_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Bucket::local(folder.path()).unwrap();
    bucket.create("a/o", Bytes::from_static(b"1")).await.unwrap();
    let staging = folder.path().join(".staging");
    assert_eq!(std::fs::read_dir(&staging).unwrap().count(), 0);
    std::fs::write(staging.join(".staged#1"), "left by a process that was killed").unwrap();
    assert_eq!(names(&bucket, "").await, ["a/o"]);
    let top = bucket.object_store().list_with_delimiter(None).await.unwrap();
    assert_eq!(top.common_prefixes, [Path::from("a")]);
}

#[test]
fn local_bucket_is_not_made_by_opening_it() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("typo");
    let error = Bucket::local(&missing).unwrap_err();
    assert!(error.to_string().contains("typo"), "{error}");
    assert!(!missing.exists());
}

#[test]
fn local_bucket_works_without_a_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Bucket::local(folder.path()).unwrap();
    futures::executor::block_on(async {
        bucket.create("o", Bytes::from_static(b"1")).await.unwrap();
        assert_eq!(bucket.get("o").await.unwrap(), "1");
    });
}
