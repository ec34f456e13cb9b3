//! Whatever fails, and however many write, each row is in the table once.

use std::sync::Arc;

use futures::TryStreamExt;
use indelible_dataset::{AppendLimits, CHECKPOINT_COMMITS, CompactSettings, Dataset, Export, Place};
use indelible_storage::Bucket;
use indelible_testkit::seed::seed;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::faulty::{Fault, Faulty, Schedule};
use crate::support::{Archive, DAY_US, US_PER_DAY, export, find, runs};

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

const NOW_US: i64 = DAY_US + 3 * US_PER_DAY;
const COMPACT: CompactSettings = CompactSettings { bytes: 64 << 20, files_min: 2 };
const TWO_FILES: AppendLimits = AppendLimits { bytes: u64::MAX, files: 2 };

fn keeping() -> Export {
    Export { retention_days: Some(30), ..export() }
}

async fn open(store: Arc<dyn ObjectStore>) -> Result<Dataset, indelible_dataset::OpenError> {
    Dataset::open(Place::new(Bucket::new(store), "t"), keeping()).await
}

/// The life of a table, in which each step may have been done before: 60 rows come, 40 of them go.
async fn live(dataset: &mut Dataset, archive: &Archive) -> Outcome {
    let day = |days: i64| NOW_US + days * US_PER_DAY;
    while dataset.append(&archive.bucket, &archive.files[..4], None, &TWO_FILES, day(0)).await?.files > 0 {}
    while dataset.compact(&COMPACT, day(0)).await?.is_some() {}
    dataset.append(&archive.bucket, &archive.files, None, &TWO_FILES, day(20)).await?;
    dataset.expire(day(31)).await?;
    dataset.vacuum(day(39)).await?;
    Ok(())
}

/// How an operation fails, and whether the process ends with it. Each that changes something fails in every way; of those
/// that only read, all alike, one in four fails.
fn faults(number: u64, changes: &[u64]) -> &'static [(Fault, bool)] {
    match changes.contains(&number) {
        true => &[(Fault::Lost, true), (Fault::Done, true), (Fault::Lost, false), (Fault::Done, false)],
        false if number.is_multiple_of(8) => &[(Fault::Lost, true)],
        false if number % 8 == 4 => &[(Fault::Lost, false)],
        false => &[],
    }
}

/// Reads the table as a stranger does: no row twice, none that is not followed by the rest.
async fn check_rows(store: &Arc<InMemory>, archive: &Archive) {
    let found = find(Arc::clone(store) as _, "t").await;
    let is_once = found.places.windows(2).all(|pair| pair[0] < pair[1]);
    let all = archive.places();
    let is_dense = found.places.first().is_none_or(|first| {
        let begin = all.iter().position(|place| place == first).unwrap();
        all[begin..].starts_with(&found.places)
    });
    assert!(is_once && is_dense, "{:?}", found.places);
}

/// What is left in the end: the last 20 rows, and no file that is not of the table.
async fn check_end(store: &Arc<InMemory>, archive: &Archive) {
    let found = find(Arc::clone(store) as _, "t").await;
    assert_eq!(found.places, archive.places()[40..]);
    let objects: Vec<_> = store.list(Some(&"t".into())).try_collect().await.unwrap();
    let names = objects.iter().map(|object| object.location.as_ref().trim_start_matches("t/"));
    let data: Vec<&str> = names.filter(|name| name.starts_with("date=")).collect();
    assert_eq!(data.len(), found.files.len(), "{data:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_is_there_once_whichever_operation_fails() {
    let archive = Archive::of(&runs(6, 10, 0)).await;
    let count = Faulty::new(&Arc::new(InMemory::new()), Schedule::Never);
    let mut dataset = open(count.clone()).await.unwrap();
    live(&mut dataset, &archive).await.unwrap();
    let operations = count.operations();
    assert!(operations > 50, "{operations}");
    let changes = count.changes();
    for number in 0..operations {
        for &(fault, dead) in faults(number, &changes) {
            let inner = Arc::new(InMemory::new());
            let store = Faulty::new(&inner, Schedule::At { number, fault, dead });
            let told = format!("operation {number} of {operations}, {fault:?}, dead {dead}");
            let failed = match open(store.clone()).await {
                Err(_) => true,
                Ok(mut dataset) => {
                    let mut failed = live(&mut dataset, &archive).await.is_err();
                    if failed && !dead {
                        check_rows(&inner, &archive).await;
                        // The same process goes on.
                        failed =
                            live(&mut dataset, &archive).await.map_err(|error| format!("{told}: {error}")).is_err();
                    }
                    failed
                }
            };
            if failed {
                let mut dataset = open(inner.clone()).await.unwrap_or_else(|error| panic!("{told}: {error}"));
                check_rows(&inner, &archive).await;
                live(&mut dataset, &archive).await.unwrap_or_else(|error| panic!("{told}: {error}"));
            }
            check_end(&inner, &archive).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_may_fail_anywhere() {
    let archive = Archive::of(&runs(CHECKPOINT_COMMITS, 2, 0)).await;
    let base = Arc::new(InMemory::new());
    let mut dataset = open(base.clone()).await.unwrap();
    let one = AppendLimits { files: 1, ..AppendLimits::default() };
    while dataset.append(&archive.bucket, &archive.files, None, &one, NOW_US).await.unwrap().files > 0 {}
    let count = Faulty::new(&Arc::new(base.fork()), Schedule::Never);
    assert!(open(count.clone()).await.unwrap().checkpoint().await.unwrap());
    let changes = count.changes();
    for number in 0..count.operations() {
        for &(fault, dead) in faults(number, &changes) {
            let inner = Arc::new(base.fork());
            let store = Faulty::new(&inner, Schedule::At { number, fault, dead });
            if let Ok(mut dataset) = open(store).await {
                let _ = dataset.checkpoint().await;
            }
            let mut dataset = open(inner.clone()).await.unwrap();
            dataset.checkpoint().await.unwrap();
            assert_eq!(open(inner.clone()).await.unwrap().contents().rows, 2 * CHECKPOINT_COMMITS);
            check_rows(&inner, &archive).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_and_any_failures_add_each_row_once() {
    let seed = seed();
    let archive = Arc::new(Archive::of(&runs(12, 5, 0)).await);
    for round in 0..8 {
        let inner = Arc::new(InMemory::new());
        let work = |process: u64| {
            let (inner, archive) = (inner.clone(), archive.clone());
            let seed = seed.wrapping_add(round * 2 + process);
            tokio::spawn(async move {
                let mut random = StdRng::seed_from_u64(seed);
                let mut failures = 0;
                for _ in 0..12 {
                    let store = Faulty::new(&inner, Schedule::random(0.04, random.random()));
                    failures += u32::from(muddle(store, &archive, &mut random).await.is_err());
                }
                failures
            })
        };
        let (one, other) = (work(0), work(1));
        let failures = one.await.unwrap() + other.await.unwrap();
        assert!(failures > 0, "nothing failed in round {round}");
        let mut dataset = open(inner.clone()).await.unwrap();
        while dataset.append(&archive.bucket, &archive.files, None, &TWO_FILES, NOW_US).await.unwrap().files > 0 {}
        let found = find(inner.clone(), "t").await;
        assert_eq!(found.places, archive.places(), "round {round}");
    }
}

/// Appends, compactions and vacuums in any order, until something fails.
async fn muddle(store: Arc<Faulty>, archive: &Archive, random: &mut StdRng) -> Outcome {
    let mut dataset = open(store).await?;
    for _ in 0..6 {
        match random.random_range(0..6) {
            0..3 => {
                let files = random.random_range(1..=archive.files.len());
                dataset.append(&archive.bucket, &archive.files[..files], None, &TWO_FILES, NOW_US).await?;
            }
            3 => {
                dataset.compact(&COMPACT, NOW_US).await?;
            }
            // Long after: nothing is spared for the sake of readers.
            4 => {
                dataset.vacuum(NOW_US + 20 * US_PER_DAY).await?;
            }
            _ => dataset.refresh().await?,
        }
    }
    Ok(())
}
