#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use object_store::memory::InMemory;

use super::*;

/// Every promise is one of the interface, so it is checked on more than one store.
async fn on_each_store<F: Future<Output = ()>>(check: impl Fn(Bucket) -> F) {
    let folder = tempfile::tempdir().unwrap();
    check(Bucket::create_local(&folder.path().join("a/bucket")).unwrap()).await;
    check(Bucket::new(Arc::new(InMemory::new()))).await;
}

async fn names(bucket: &Bucket, prefix: &str) -> Vec<String> {
    bucket.list_sorted(prefix).await.unwrap().into_iter().map(|object| object.name).collect()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[tokio::test]
async fn object_is_created_once_and_never_overwritten() {
    on_each_store(async |bucket| {
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
    })
    .await;
}

#[tokio::test]
async fn empty_object_is_an_object() {
    on_each_store(async |bucket| {
        assert_eq!(bucket.create("empty", Bytes::new()).await.unwrap(), Created::Created);
        assert_eq!(bucket.create("empty", Bytes::new()).await.unwrap(), Created::AlreadySame);
        assert_eq!(bucket.head("empty").await.unwrap().unwrap().bytes, 0);
        assert_eq!(bucket.get("empty").await.unwrap(), "");
    })
    .await;
}

#[tokio::test]
async fn many_creators_of_one_name_agree_on_one_winner() {
    on_each_store(async |bucket| {
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
    })
    .await;
}

#[tokio::test]
async fn ranges_are_whole_or_an_error() {
    on_each_store(async |bucket| {
        bucket.create("digits", Bytes::from_static(b"0123456789")).await.unwrap();
        for (range, expected) in [(0..10, "0123456789"), (3..5, "34"), (9..10, "9"), (4..4, "")] {
            assert_eq!(bucket.get_range("digits", range).await.unwrap(), expected);
        }
        for range in [5..11, 10..11, 99..100] {
            let error = bucket.get_range("digits", range.clone()).await.unwrap_err();
            assert!(matches!(error, BucketError::Short { end, .. } if end == range.end), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn missing_object_is_told_by_name() {
    on_each_store(async |bucket| {
        assert_eq!(bucket.head("a/b").await.unwrap(), None);
        for error in [
            bucket.get("a/b").await.err(),
            bucket.get_range("a/b", 0..1).await.err(),
            bucket.read_back("a/b", &[0; 32], 0).await.err(),
        ] {
            assert_eq!(error.unwrap().to_string(), "there is no object a/b");
        }
    })
    .await;
}

#[tokio::test]
async fn listing_shows_the_objects_below_a_folder_and_nothing_else() {
    on_each_store(async |bucket| {
        for name in ["b/2/x", "b/1", "b/2/y", "bb/1", "a"] {
            bucket.create(name, Bytes::from_static(b"?")).await.unwrap();
        }
        assert_eq!(names(&bucket, "").await, ["a", "b/1", "b/2/x", "b/2/y", "bb/1"]);
        assert_eq!(names(&bucket, "b").await, ["b/1", "b/2/x", "b/2/y"]);
        assert_eq!(names(&bucket, "b/2").await, ["b/2/x", "b/2/y"]);
        assert_eq!(names(&bucket, "c").await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn read_back_finds_other_bytes_and_another_length() {
    on_each_store(async |bucket| {
        let bytes = vec![7; 300_000];
        bucket.create("o", Bytes::from(bytes.clone())).await.unwrap();
        bucket.read_back("o", &sha256(&bytes), 300_000).await.unwrap();
        for (hash, length) in [(sha256(&bytes), 299_999), (sha256(b"x"), 300_000)] {
            let error = bucket.read_back("o", &hash, length).await.unwrap_err();
            assert!(matches!(error, BucketError::Differs { found_bytes: 300_000, .. }), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn removed_object_is_gone_and_its_name_free() {
    on_each_store(async |bucket| {
        bucket.create("a/o", Bytes::from_static(b"1")).await.unwrap();
        bucket.remove("a/o").await.unwrap();
        bucket.remove("a/o").await.unwrap();
        assert_eq!(bucket.head("a/o").await.unwrap(), None);
        assert_eq!(bucket.create("a/o", Bytes::from_static(b"2")).await.unwrap(), Created::Created);
    })
    .await;
}

#[tokio::test]
async fn names_that_some_store_would_bend_are_refused() {
    let long = "x".repeat(241);
    let deep = "x/".repeat(400) + "x";
    let bucket = Bucket::new(Arc::new(InMemory::new()));
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
