//! Every promise is one of the interface, so it is checked on each store.

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use indelible_storage::probe::probe;
use indelible_storage::{Bucket, BucketError, Created};
use indelible_testkit::servers::Kind;
use sha2::{Digest as _, Sha256};

use crate::stores::Store;

type Case = (&'static str, fn(Bucket) -> LocalBoxFuture<'static, ()>);

/// All cases. Each gets an empty bucket; its name is that of a folder.
const CASES: &[Case] = &[
    ("object_is_created_once_and_never_overwritten", |bucket| {
        object_is_created_once_and_never_overwritten(bucket).boxed_local()
    }),
    ("empty_object_is_an_object", |bucket| empty_object_is_an_object(bucket).boxed_local()),
    ("many_creators_of_one_name_agree_on_one_winner", |bucket| {
        many_creators_of_one_name_agree_on_one_winner(bucket).boxed_local()
    }),
    ("ranges_are_whole_or_an_error", |bucket| ranges_are_whole_or_an_error(bucket).boxed_local()),
    ("missing_object_is_told_by_name", |bucket| missing_object_is_told_by_name(bucket).boxed_local()),
    ("listing_shows_the_objects_below_a_folder_and_nothing_else", |bucket| {
        listing_shows_the_objects_below_a_folder_and_nothing_else(bucket).boxed_local()
    }),
    ("read_back_finds_other_bytes_and_another_length", |bucket| {
        read_back_finds_other_bytes_and_another_length(bucket).boxed_local()
    }),
    ("removed_object_is_gone_and_its_name_free", |bucket| {
        removed_object_is_gone_and_its_name_free(bucket).boxed_local()
    }),
    ("names_that_some_store_would_bend_are_refused", |bucket| {
        names_that_some_store_would_bend_are_refused(bucket).boxed_local()
    }),
    ("archived_object_is_there_and_may_be_archived_again", |bucket| {
        archived_object_is_there_and_may_be_archived_again(bucket).boxed_local()
    }),
    ("probe_finds_the_store_fit_and_leaves_nothing", |bucket| {
        probe_finds_the_store_fit_and_leaves_nothing(bucket).boxed_local()
    }),
];

async fn check(store: &Store) {
    for (name, case) in CASES {
        eprintln!("{name}");
        case(store.bucket(name)).await;
    }
}

#[tokio::test]
async fn store_in_memory() {
    check(&Store::Memory).await;
}

#[tokio::test]
async fn local_folder() {
    check(&Store::folder()).await;
}

#[tokio::test]
async fn s3_of_seaweedfs() {
    check(&Store::server(Kind::SeaweedFs, true).await).await;
}

#[tokio::test]
async fn s3_of_moto() {
    check(&Store::server(Kind::Moto, true).await).await;
}

#[tokio::test]
async fn s3_without_versions() {
    check(&Store::server(Kind::SeaweedFs, false).await).await;
}

#[tokio::test]
async fn azure_of_azurite() {
    check(&Store::server(Kind::Azurite, false).await).await;
}

pub(crate) async fn names(bucket: &Bucket, prefix: &str) -> Vec<String> {
    bucket.list_sorted(prefix).await.unwrap().into_iter().map(|object| object.name).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

async fn object_is_created_once_and_never_overwritten(bucket: Bucket) {
    let name = "organizations/3f/1/log/date=2021-04-16/000-127.parquet";
    let create = async |bytes: &'static [u8]| bucket.create(name, Bytes::from_static(bytes)).await;
    assert_eq!(create(b"first").await.unwrap(), Created::Created);
    assert_eq!(create(b"first").await.unwrap(), Created::AlreadySame);
    for other in [&b"First"[..], b"", b"firs", b"first "] {
        let error = create(other).await.unwrap_err();
        assert!(matches!(&error, BucketError::Taken { found_bytes: 5, .. }), "{error}");
        assert!(error.to_string().contains(name));
    }
    assert_eq!(bucket.get(name).await.unwrap(), "first");
}

async fn empty_object_is_an_object(bucket: Bucket) {
    assert_eq!(bucket.create("empty", Bytes::new()).await.unwrap(), Created::Created);
    assert_eq!(bucket.create("empty", Bytes::new()).await.unwrap(), Created::AlreadySame);
    assert_eq!(bucket.head("empty").await.unwrap().unwrap().bytes, 0);
    assert_eq!(bucket.get("empty").await.unwrap(), "");
}

async fn many_creators_of_one_name_agree_on_one_winner(bucket: Bucket) {
    let attempts = (0..20u8).map(|number| {
        let bucket = bucket.clone();
        tokio::spawn(async move { bucket.create("contested", Bytes::from(vec![number; 100_000])).await })
    });
    let mut winners = 0;
    for attempt in futures::future::join_all(attempts).await {
        match attempt.unwrap() {
            Ok(Created::Created) => winners += 1,
            Err(BucketError::Taken { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(winners, 1);
    let bytes = bucket.get("contested").await.unwrap();
    assert!(bytes.len() == 100_000 && bytes.iter().all(|byte| *byte == bytes[0]));
}

async fn ranges_are_whole_or_an_error(bucket: Bucket) {
    bucket.create("digits", Bytes::from_static(b"0123456789")).await.unwrap();
    for (range, expected) in [(0..10, "0123456789"), (3..5, "34"), (9..10, "9"), (4..4, "")] {
        assert_eq!(bucket.get_range("digits", range).await.unwrap(), expected);
    }
    for range in [5..11, 10..11, 99..100] {
        let error = bucket.get_range("digits", range.clone()).await.unwrap_err();
        assert!(matches!(error, BucketError::Short { end, .. } if end == range.end), "{error}");
    }
}

async fn missing_object_is_told_by_name(bucket: Bucket) {
    assert_eq!(bucket.head("a/b").await.unwrap(), None);
    for error in [
        bucket.get("a/b").await.err(),
        bucket.get_range("a/b", 0..1).await.err(),
        bucket.read_back("a/b", &[0; 32], 0).await.err(),
    ] {
        assert_eq!(error.unwrap().to_string(), "there is no object a/b");
    }
}

async fn listing_shows_the_objects_below_a_folder_and_nothing_else(bucket: Bucket) {
    for name in ["b/2/x", "b/1", "b/2/y", "bb/1", "a"] {
        bucket.create(name, Bytes::from_static(b"?")).await.unwrap();
    }
    assert_eq!(names(&bucket, "").await, ["a", "b/1", "b/2/x", "b/2/y", "bb/1"]);
    assert_eq!(names(&bucket, "b").await, ["b/1", "b/2/x", "b/2/y"]);
    assert_eq!(names(&bucket, "b/2").await, ["b/2/x", "b/2/y"]);
    assert_eq!(names(&bucket, "c").await, [""; 0]);
}

async fn read_back_finds_other_bytes_and_another_length(bucket: Bucket) {
    let bytes = vec![7; 300_000];
    bucket.create("o", Bytes::from(bytes.clone())).await.unwrap();
    bucket.read_back("o", &sha256(&bytes), 300_000).await.unwrap();
    for (hash, length) in [(sha256(&bytes), 299_999), (sha256(b"x"), 300_000)] {
        let error = bucket.read_back("o", &hash, length).await.unwrap_err();
        assert!(matches!(error, BucketError::Differs { found_bytes: 300_000, .. }), "{error}");
    }
}

async fn removed_object_is_gone_and_its_name_free(bucket: Bucket) {
    bucket.create("a/o", Bytes::from_static(b"1")).await.unwrap();
    bucket.remove("a/o").await.unwrap();
    bucket.remove("a/o").await.unwrap();
    assert_eq!(bucket.head("a/o").await.unwrap(), None);
    assert_eq!(bucket.create("a/o", Bytes::from_static(b"2")).await.unwrap(), Created::Created);
}

async fn names_that_some_store_would_bend_are_refused(bucket: Bucket) {
    let long = "x".repeat(241);
    let deep = "x/".repeat(400) + "x";
    for name in [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        ".staging/x",
        "a b",
        "a#1",
        "ä",
        "a\0",
        "a%2f",
        "a\\b",
        &long,
        &deep,
    ] {
        let error = bucket.create(name, Bytes::new()).await.unwrap_err();
        assert!(matches!(error, BucketError::Name { .. }), "{name:?}: {error}");
    }
    for name in ["a", "a.b-c_d=e/F/0", &"x".repeat(240)] {
        bucket.create(name, Bytes::new()).await.unwrap();
    }
}

async fn archived_object_is_there_and_may_be_archived_again(bucket: Bucket) {
    let bytes = Bytes::from(vec![3; 3 << 20]);
    let first = bucket.archive("a/o", bytes.clone()).await.unwrap();
    assert_eq!(first.created, Created::Created);
    let again = bucket.archive("a/o", bytes.clone()).await.unwrap();
    assert_eq!((again.created, again.version), (Created::AlreadySame, first.version));
    let error = bucket.archive("a/o", Bytes::from_static(b"other")).await.unwrap_err();
    assert!(matches!(error, BucketError::Taken { .. }), "{error}");
    assert_eq!(bucket.get("a/o").await.unwrap(), bytes);
}

async fn probe_finds_the_store_fit_and_leaves_nothing(bucket: Bucket) {
    probe(&bucket).await.unwrap();
    assert_eq!(names(&bucket, "").await, [""; 0]);
}
