//! Locks on objects, and the canary that shows whether they hold.

use std::time::Duration;

use bytes::Bytes;
use indelible_storage::probe::{CANARY_RETENTION, Canary, Outcome, Tier, canary};
use indelible_storage::{Bucket, BucketError, Created, Lock, LockMode, LockPolicy, Retention};
use indelible_testkit::servers::Kind;
use jiff::{SignedDuration, Timestamp};

use crate::cases::names;
use crate::stores::Store;

const POLICY: LockPolicy = LockPolicy { mode: LockMode::Compliance, days: 7, legal_hold: false };

fn lock(mode: LockMode, hours: i64, legal_hold: bool) -> Lock {
    let until = Timestamp::from_second(Timestamp::now().as_second() + hours * 3600).unwrap();
    Lock { retention: Some(Retention { mode, until }), legal_hold }
}

#[tokio::test]
async fn locked_object_is_not_removed_and_its_lock_only_grows() {
    for kind in [Kind::SeaweedFs, Kind::Moto] {
        let store = Store::server(kind, true).await;
        for mode in [LockMode::Compliance, LockMode::Governance] {
            let bucket = store.bucket(if mode == LockMode::Compliance { "c" } else { "g" });
            check_lock(&bucket, mode).await;
        }
    }
}

async fn check_lock(bucket: &Bucket, mode: LockMode) {
    let (name, bytes) = ("a=b/o", Bytes::from_static(b"evidence"));
    let first = lock(mode, 24, false);
    let stored = bucket.create_locked(name, bytes.clone(), &first).await.unwrap();
    let version = stored.version.as_deref();
    assert_eq!(stored.created, Created::Created);
    assert_eq!(bucket.lock_of(name, version).await.unwrap().lock, first);
    let error = bucket.remove(name).await.unwrap_err();
    assert!(matches!(error, BucketError::Denied { .. }), "{error}");

    // The same again with a later end, and with an earlier one.
    let later = lock(mode, 48, true);
    let again = bucket.create_locked(name, bytes.clone(), &later).await.unwrap();
    assert_eq!((again.created, &again.version), (Created::AlreadySame, &stored.version));
    assert_eq!(bucket.lock_of(name, None).await.unwrap().lock, later);
    bucket.extend(name, version, &lock(mode, 1, false)).await.unwrap();
    assert_eq!(bucket.lock_of(name, version).await.unwrap().lock, later);

    bucket.release(name, version).await.unwrap();
    assert!(!bucket.lock_of(name, version).await.unwrap().lock.legal_hold);
    assert!(bucket.remove(name).await.is_err());
    assert_eq!(bucket.get(name).await.unwrap(), bytes);
}

#[tokio::test]
async fn legal_hold_alone_holds_until_it_is_taken_away() {
    let store = Store::server(Kind::SeaweedFs, true).await;
    let bucket = store.bucket_with("", Some(LockPolicy { days: 0, legal_hold: true, ..POLICY }));
    let stored = bucket.archive("o", Bytes::from_static(b"evidence")).await.unwrap();
    assert!(bucket.remove("o").await.is_err());
    bucket.release("o", stored.version.as_deref()).await.unwrap();
    bucket.remove("o").await.unwrap();
    assert_eq!(bucket.head("o").await.unwrap(), None);
}

#[tokio::test]
async fn archived_object_has_the_lock_of_the_policy() {
    let store = Store::server(Kind::SeaweedFs, true).await;
    let bucket = store.bucket_with("", Some(POLICY));
    let begin = Timestamp::now();
    bucket.archive("o", Bytes::from_static(b"evidence")).await.unwrap();
    let found = bucket.lock_of("o", None).await.unwrap().lock;
    assert!(found.covers(&POLICY.lock(begin).unwrap()), "{found:?}");
    // Copies that are removed later are created without one.
    bucket.create("copy", Bytes::from_static(b"copy")).await.unwrap();
    bucket.remove("copy").await.unwrap();
}

#[tokio::test]
async fn read_back_by_version_sees_what_was_written() {
    let store = Store::server(Kind::SeaweedFs, true).await;
    let bucket = store.bucket("");
    let stored = bucket.archive("o", Bytes::from_static(b"evidence")).await.unwrap();
    let put = object_store::PutMode::Overwrite.into();
    bucket.object_store().put_opts(&"o".into(), Bytes::from_static(b"forgery").into(), put).await.unwrap();
    let (hash, length) = (crate::cases::sha256(b"evidence"), 8);
    assert!(bucket.read_back("o", &hash, length).await.is_err());
    bucket.read_back_version("o", stored.version.as_deref(), &hash, length).await.unwrap();
}

fn failures(canary: &Canary) -> Vec<String> {
    let failed = |attempt: &indelible_storage::probe::Attempt| match &attempt.outcome {
        Outcome::Held => None,
        Outcome::Failed(why) => Some(format!("{}: {why}", attempt.what)),
    };
    canary.attempts.iter().filter_map(failed).collect()
}

#[tokio::test]
async fn canary_tells_the_tier() {
    let seaweed = Store::server(Kind::SeaweedFs, true).await;
    let found = canary(&seaweed.bucket_with("c", Some(POLICY)), CANARY_RETENTION).await.unwrap();
    assert_eq!((found.tier, failures(&found)), (Tier::Enforced, vec![]));
    assert_eq!(found.attempts.len(), 6);

    // The credentials of this server may pass over governance.
    let governance = LockPolicy { mode: LockMode::Governance, ..POLICY };
    let found = canary(&seaweed.bucket_with("g", Some(governance)), CANARY_RETENTION).await.unwrap();
    assert_eq!(found.tier, Tier::EvidentOnly);
    assert_eq!(failures(&found), ["delete the version, passing over governance: the object is gone"]);

    let found = canary(&seaweed.bucket("n"), CANARY_RETENTION).await.unwrap();
    assert_eq!((found.tier, found.note), (Tier::EvidentOnly, Some("no retention is configured for this bucket")));
    let found = canary(&Store::folder().bucket("f"), CANARY_RETENTION).await.unwrap();
    assert_eq!((found.tier, found.note), (Tier::EvidentOnly, Some("a folder has no locks on objects")));
}

#[tokio::test]
async fn store_that_ignores_locks_is_evident_only() {
    for kind in [Kind::Azurite, Kind::SeaweedFs] {
        let store = Store::server(kind, false).await;
        let found = canary(&store.bucket_with("", Some(POLICY)), CANARY_RETENTION).await.unwrap();
        assert_eq!(found.tier, Tier::EvidentOnly, "{kind:?}");
        assert!(failures(&found)[0].contains("lock"), "{kind:?}: {found:?}");
    }
}

#[tokio::test]
async fn canary_whose_lock_has_ended_is_removed_by_the_next() {
    let store = Store::server(Kind::SeaweedFs, true).await;
    let bucket = store.bucket_with("", Some(POLICY));
    canary(&bucket, SignedDuration::from_secs(20)).await.unwrap();
    let first = names(&bucket, "probe").await;
    assert_eq!(first.len(), 1);
    while bucket.lock_of(&first[0], None).await.unwrap().lock.holds(Timestamp::now()) {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    canary(&bucket, CANARY_RETENTION).await.unwrap();
    let second = names(&bucket, "probe").await;
    assert!(second.len() == 1 && second != first, "{first:?} {second:?}");
}
