//! What a table holds after each operation.

use std::sync::Arc;

use indelible_dataset::{
    AppendLimits, Appended, Backlog, CHECKPOINT_COMMITS, CompactSettings, Dataset, DatasetError, Export, OpenError,
    Place, Position, Salts,
};
use indelible_storage::Bucket;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use crate::support::{Archive, DAY_US, EVENTS_PER_DAY, Run, TestSalts, US_PER_DAY, export, find, runs, salt_key};

const NOW_US: i64 = DAY_US + 3 * US_PER_DAY;

/// Opens the table of `export` in folder `exports/siem` of a store.
async fn open(store: &Arc<InMemory>, export: Export) -> Result<Dataset, OpenError> {
    let bucket = Bucket::new(Arc::clone(store) as Arc<dyn ObjectStore>);
    Dataset::open(Place::new(bucket, "exports/siem/"), export).await
}

async fn append_all(dataset: &mut Dataset, archive: &Archive, limits: &AppendLimits, now_us: i64) -> u64 {
    let salts: Option<Arc<dyn Salts>> = Some(Arc::new(TestSalts));
    let mut commits = 0;
    loop {
        let appended = dataset.append(&archive.bucket, &archive.files, salts.clone(), limits, now_us).await.unwrap();
        if appended.files == 0 {
            assert_eq!(appended, Appended::default());
            return commits;
        }
        commits += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_is_appended_once_in_commits_of_bounded_size() {
    let archive = Archive::of(&runs(7, 20, 0)).await;
    let store = Arc::new(InMemory::new());
    let mut dataset = open(&store, export()).await.unwrap();
    assert_eq!(dataset.position().await.unwrap(), None);
    assert_eq!(Backlog::of(&export(), None, &archive.files).rows, 140);
    let limits = AppendLimits { files: 3, ..AppendLimits::default() };
    assert_eq!(append_all(&mut dataset, &archive, &limits, NOW_US).await, 3);
    assert_eq!(dataset.position().await.unwrap(), Some(Position { generation: 1, last: 139 }));
    assert_eq!(Backlog::of(&export(), dataset.position().await.unwrap(), &archive.files), Backlog::default());
    let contents = dataset.contents();
    assert_eq!((contents.version, contents.files, contents.rows), (3, 7, 140));

    // Another process finds nothing to do.
    let mut dataset = open(&store, export()).await.unwrap();
    assert_eq!(append_all(&mut dataset, &archive, &limits, NOW_US).await, 0);
    let found = find(store, "exports/siem").await;
    assert_eq!((found.places, found.version), (archive.places(), 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_are_bounded_in_bytes() {
    let archive = Archive::of(&runs(3, 20, 0)).await;
    let store = Arc::new(InMemory::new());
    let mut dataset = open(&store, export()).await.unwrap();
    let two = archive.files[0].bytes + archive.files[1].bytes;
    assert_eq!(append_all(&mut dataset, &archive, &AppendLimits { bytes: two, files: 9 }, NOW_US).await, 2);
    let mut dataset = open(&Arc::new(InMemory::new()), export()).await.unwrap();
    assert_eq!(append_all(&mut dataset, &archive, &AppendLimits { bytes: 1, files: 9 }, NOW_US).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_the_bytes_of_the_archive() {
    let archive = Archive::of(&runs(1, 20, 0)).await;
    let store = Arc::new(InMemory::new());
    let mut dataset = open(&store, export()).await.unwrap();
    append_all(&mut dataset, &archive, &AppendLimits::default(), NOW_US).await;
    let found = find(Arc::clone(&store) as _, "exports/siem").await;
    let path = Path::from(format!("exports/siem/{}", found.files.first().unwrap()));
    let bytes = store.get(&path).await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes, archive.bucket.get(&archive.files[0].object).await.unwrap());
    assert!(path.as_ref().starts_with("exports/siem/date=2026-01-05/0001-0000000000000000-0000000000000019-"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_says_what_it_holds() {
    let archive = Archive::of(&runs(2, 20, 0)).await;
    let store = Arc::new(InMemory::new());
    let mut dataset = open(&store, export()).await.unwrap();
    append_all(&mut dataset, &archive, &AppendLimits::default(), NOW_US).await;
    let commit = Path::from("exports/siem/_delta_log/00000000000000000001.json");
    let text = store.get(&commit).await.unwrap().bytes().await.unwrap();
    let lines: Vec<serde_json::Value> =
        text.split(|byte| *byte == b'\n').map(|line| serde_json::from_slice(line).unwrap()).collect();
    let info = &lines[0]["commitInfo"];
    let about: serde_json::Value = serde_json::from_str(info["userMetadata"].as_str().unwrap()).unwrap();
    let expected = serde_json::json!({
        "rows": 40, "firstSeq": 0, "lastSeq": 39, "generation": 1, "position": 39,
        "manifest": "organizations/00000000000000000000000000000001/1/manifest/0000000000000020-0000000000000039",
    });
    assert_eq!(about, expected);
    assert_eq!(info["operationMetrics"]["numOutputRows"], "40");
    let add = &lines[1]["add"];
    assert_eq!(add["tags"]["indelible.source"], archive.files[0].object.as_str());
    assert_eq!((&add["partitionValues"]["date"], &add["dataChange"]), (&"2026-01-05".into(), &true.into()));
    let created: serde_json::Value = {
        let commit = Path::from("exports/siem/_delta_log/00000000000000000000.json");
        let text = store.get(&commit).await.unwrap().bytes().await.unwrap();
        let metadata = text.split(|byte| *byte == b'\n').map(|line| serde_json::from_slice(line).unwrap());
        metadata.into_iter().find(|line: &serde_json::Value| line.get("metaData").is_some()).unwrap()
    };
    let metadata = &created["metaData"];
    assert_eq!((&metadata["name"], &metadata["configuration"]["delta.appendOnly"]), (&"siem".into(), &"true".into()));
    assert!(metadata["description"].as_str().unwrap().contains("ri.indelible..organization.o1"), "{metadata}");
}

#[tokio::test(flavor = "multi_thread")]
async fn generations_follow_each_other() {
    let mut all = runs(2, 20, 0);
    all.extend([Run { generation: 2, first: 0, entries: 30, day: 0, event: 900 }]);
    let archive = Archive::of(&all).await;
    let store = Arc::new(InMemory::new());
    let mut dataset = open(&store, export()).await.unwrap();
    assert_eq!(append_all(&mut dataset, &archive, &AppendLimits::default(), NOW_US).await, 2);
    assert_eq!(find(store, "exports/siem").await.places, archive.places());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_events_since_the_start_date_are_in_the_table() {
    // The second file has the last 30 events of one day and the first 20 of the next.
    let files = [(0, 50), (EVENTS_PER_DAY - 30, 50), (EVENTS_PER_DAY + 20, 50), (100, 50), (EVENTS_PER_DAY + 70, 50)];
    let run = |(number, (event, entries)): (usize, (u64, u64))| {
        let first = number as u64 * 50;
        Run { generation: 1, first, entries, day: 2, event }
    };
    let all: Vec<Run> = files.into_iter().enumerate().map(run).collect();
    let archive = Archive::of(&all).await;
    let store = Arc::new(InMemory::new());
    let since = Export { start_us: Some(DAY_US + US_PER_DAY), ..export() };
    let mut dataset = open(&store, since.clone()).await.unwrap();
    assert_eq!(Backlog::of(&since, None, &archive.files).files, 3);
    append_all(&mut dataset, &archive, &AppendLimits::default(), NOW_US).await;
    let expected: Vec<(u32, u64)> = (80..150).chain(200..250).map(|seq| (1, seq)).collect();
    let found = find(Arc::clone(&store) as _, "exports/siem").await;
    assert_eq!(found.places, expected);
    // What is filtered out at the end is no gap when the log goes on.
    let mut dataset = open(&store, since).await.unwrap();
    assert_eq!(append_all(&mut dataset, &archive, &AppendLimits::default(), NOW_US).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_carry_their_salts() {
    let archive = Archive::of(&runs(2, 20, 0)).await;
    let store = Arc::new(InMemory::new());
    let salted = Export { salt: true, ..export() };
    let mut dataset = open(&store, salted.clone()).await.unwrap();
    let without = dataset.append(&archive.bucket, &archive.files, None, &AppendLimits::default(), NOW_US).await;
    assert!(matches!(without, Err(DatasetError::Salt { generation: 1 })), "{without:?}");
    append_all(&mut dataset, &archive, &AppendLimits::default(), NOW_US).await;
    while dataset
        .compact(&CompactSettings { files_min: 2, ..CompactSettings::default() }, NOW_US)
        .await
        .unwrap()
        .is_some()
    {}
    let found = find(store, "exports/siem").await;
    assert_eq!((found.places, found.files.len(), found.salts.len()), (archive.places(), 1, 40));
    let expected: String = salt_key(1).salt(17).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(found.salts[&(1, 17)], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_keeps_every_row() {
    let mut all = runs(6, 20, 0);
    all.extend(runs(4, 20, 1).into_iter().map(|run| Run { first: run.first + 120, event: run.event + 120, ..run }));
    let archive = Archive::of(&all).await;
    let store = Arc::new(InMemory::new());
    let mut dataset = open(&store, export()).await.unwrap();
    append_all(&mut dataset, &archive, &AppendLimits { files: 1, ..AppendLimits::default() }, NOW_US).await;
    let position = dataset.position().await.unwrap();
    let settings = CompactSettings { files_min: 3, ..CompactSettings::default() };
    let mut merged = Vec::new();
    while let Some(compacted) = dataset.compact(&settings, NOW_US).await.unwrap() {
        merged.push((compacted.files, compacted.rows));
    }
    assert_eq!(merged, [(6, 120), (4, 80)]);
    let found = find(Arc::clone(&store) as _, "exports/siem").await;
    assert_eq!((found.places, found.files.len()), (archive.places(), 2));
    // Neither position nor what is appended next is touched.
    let mut dataset = open(&store, export()).await.unwrap();
    assert_eq!(dataset.position().await.unwrap(), position);
    assert_eq!(append_all(&mut dataset, &archive, &AppendLimits::default(), NOW_US).await, 0);
    // Without retention nothing is ever deleted.
    assert_eq!(dataset.vacuum(NOW_US + 100 * US_PER_DAY).await.unwrap().files, 0);
    assert_eq!(dataset.expire(NOW_US + 1000 * US_PER_DAY).await.unwrap().files, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_not_compacted() {
    let archive = Archive::of(&runs(2, 20, 0)).await;
    let store = Arc::new(InMemory::new());
    let mut dataset = open(&store, export()).await.unwrap();
    append_all(&mut dataset, &archive, &AppendLimits::default(), NOW_US).await;
    let found = find(Arc::clone(&store) as _, "exports/siem").await;
    let path = Path::from(format!("exports/siem/{}", found.files.first().unwrap()));
    let other = archive.bucket.get(&archive.files[1].object).await.unwrap();
    store.put(&path, PutPayload::from(other)).await.unwrap();
    let compacted = dataset.compact(&CompactSettings { files_min: 2, ..CompactSettings::default() }, NOW_US).await;
    assert!(matches!(compacted, Err(DatasetError::Damaged { .. })), "{compacted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_expire_by_the_time_of_their_append() {
    let archive = Archive::of(&runs(4, 20, 0)).await;
    let store = Arc::new(InMemory::new());
    let keeping = Export { retention_days: Some(90), ..export() };
    let mut dataset = open(&store, keeping.clone()).await.unwrap();
    let one = AppendLimits { files: 2, ..AppendLimits::default() };
    let append = |number: i64| NOW_US + number * 10 * US_PER_DAY;
    for number in 0..2 {
        let files = &archive.files[..2 * (number as usize + 1)];
        dataset.append(&archive.bucket, files, None, &one, append(number)).await.unwrap();
    }
    let last = append(0) + 90 * US_PER_DAY;
    assert_eq!(dataset.expire(last).await.unwrap().files, 0);
    let expired = dataset.expire(last + 1000).await.unwrap();
    assert_eq!((expired.files, expired.rows, expired.more), (2, 40, false));
    let rows = |first: u64| (first..80).map(|seq| (1, seq)).collect::<Vec<_>>();
    assert_eq!(find(Arc::clone(&store) as _, "exports/siem").await.places, rows(40));

    // The bytes stay for a week, for readers of older versions, and are then gone.
    assert_eq!(dataset.vacuum(last + 1000 + 7 * US_PER_DAY).await.unwrap().files, 0);
    let mut dataset = open(&store, keeping).await.unwrap();
    let vacuumed = dataset.vacuum(last + 2000 + 7 * US_PER_DAY).await.unwrap();
    assert_eq!((vacuumed.files, vacuumed.bytes), (2, archive.files[0].bytes + archive.files[1].bytes));
    assert_eq!(dataset.vacuum(last + 2000 + 7 * US_PER_DAY).await.unwrap().files, 0);
    assert_eq!(find(Arc::clone(&store) as _, "exports/siem").await.places, rows(40));
    // What expired does not come back.
    assert_eq!(append_all(&mut dataset, &archive, &one, last).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn compacted_rows_expire_no_earlier_than_they_would_have() {
    let archive = Archive::of(&runs(4, 20, 0)).await;
    let store = Arc::new(InMemory::new());
    let mut dataset = open(&store, Export { retention_days: Some(1), ..export() }).await.unwrap();
    let one = AppendLimits { files: 1, ..AppendLimits::default() };
    for hour in 0..4 {
        let now_us = NOW_US + hour * 3_600_000_000;
        dataset.append(&archive.bucket, &archive.files, None, &one, now_us).await.unwrap();
    }
    let settings = CompactSettings { files_min: 2, ..CompactSettings::default() };
    assert_eq!(dataset.compact(&settings, NOW_US).await.unwrap().unwrap().files, 4);
    let cut = NOW_US + 3 * 3_600_000_000 + US_PER_DAY;
    assert_eq!(dataset.expire(cut).await.unwrap().rows, 0);
    assert_eq!(dataset.expire(cut + 1000).await.unwrap().rows, 80);
    assert_eq!(dataset.vacuum(cut + 8 * US_PER_DAY).await.unwrap().files, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_come_with_commits_and_hold_everything() {
    let archive = Archive::of(&runs(CHECKPOINT_COMMITS, 2, 0)).await;
    let store = Arc::new(InMemory::new());
    let mut dataset = open(&store, export()).await.unwrap();
    let one = AppendLimits { files: 1, ..AppendLimits::default() };
    for number in 1..CHECKPOINT_COMMITS as usize {
        dataset.append(&archive.bucket, &archive.files[..number], None, &one, NOW_US).await.unwrap();
    }
    assert!(!dataset.checkpoint().await.unwrap());
    append_all(&mut dataset, &archive, &one, NOW_US).await;
    assert!(dataset.checkpoint().await.unwrap());
    assert!(!dataset.checkpoint().await.unwrap());
    // Opened from the checkpoint alone.
    for version in 0..CHECKPOINT_COMMITS {
        let commit = Path::from(format!("exports/siem/_delta_log/{version:020}.json"));
        store.delete(&commit).await.unwrap();
    }
    let mut dataset = open(&store, export()).await.unwrap();
    assert_eq!(dataset.position().await.unwrap(), Some(Position { generation: 1, last: 2 * CHECKPOINT_COMMITS - 1 }));
    assert_eq!(append_all(&mut dataset, &archive, &one, NOW_US).await, 0);
    let settings = CompactSettings { files_min: 2, ..CompactSettings::default() };
    assert_eq!(dataset.compact(&settings, NOW_US).await.unwrap().unwrap().files, CHECKPOINT_COMMITS);
    assert_eq!(find(store, "exports/siem").await.places, archive.places());
}

#[tokio::test(flavor = "multi_thread")]
async fn log_files_that_do_not_go_on_are_refused() {
    let archive = Archive::of(&runs(4, 20, 0)).await;
    let store = Arc::new(InMemory::new());
    let mut dataset = open(&store, export()).await.unwrap();
    let limits = AppendLimits::default();
    dataset.append(&archive.bucket, &archive.files[..2], None, &limits, NOW_US).await.unwrap();
    let gap = dataset.append(&archive.bucket, &archive.files[3..], None, &limits, NOW_US).await;
    assert!(matches!(gap, Err(DatasetError::Gap { first: 60, .. })), "{gap:?}");
    let mut foreign = (*archive.files[2]).clone();
    foreign.organization = "ri.indelible..organization.o2".parse().unwrap();
    let other = dataset.append(&archive.bucket, &[Arc::new(foreign)], None, &limits, NOW_US).await;
    assert!(matches!(other, Err(DatasetError::OtherOrganization { .. })), "{other:?}");
    let mut changed = (*archive.files[2]).clone();
    changed.sha256[0] ^= 1;
    let differs = dataset.append(&archive.bucket, &[Arc::new(changed)], None, &limits, NOW_US).await;
    assert!(matches!(differs, Err(DatasetError::Differs { .. })), "{differs:?}");
    append_all(&mut dataset, &archive, &limits, NOW_US).await;
    assert_eq!(find(store, "exports/siem").await.places, archive.places());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_something_else_is_refused() {
    let store = Arc::new(InMemory::new());
    open(&store, export()).await.unwrap();
    let refused = |other: Export| async {
        match open(&store, other).await {
            Err(OpenError::OtherTable { property, .. }) => property,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(Export { id: "8".to_owned(), ..export() }).await, "indelible.export");
    let organization = "ri.indelible..organization.o2".parse().unwrap();
    assert_eq!(refused(Export { organization, ..export() }).await, "indelible.organization");
    assert_eq!(refused(Export { start_us: Some(DAY_US), ..export() }).await, "indelible.startUs");
    assert_eq!(refused(Export { retention_days: Some(5), ..export() }).await, "indelible.retentionDays");
    let salted = open(&store, Export { salt: true, ..export() }).await;
    assert!(matches!(salted, Err(OpenError::Changed { .. })), "{salted:?}");
    let days = open(&store, Export { retention_days: Some(731), ..export() }).await;
    assert!(matches!(days, Err(OpenError::Retention(731))), "{days:?}");

    let store = Arc::new(InMemory::new());
    store.put(&Path::from("exports/siem/notes.txt"), PutPayload::from_static(b"mine")).await.unwrap();
    let occupied = open(&store, export()).await;
    assert!(matches!(occupied, Err(OpenError::Occupied { .. })), "{occupied:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_others_changed_is_refused() {
    let change = |line: &'static str| async move {
        let store = Arc::new(InMemory::new());
        open(&store, export()).await.unwrap();
        let commit = Path::from("exports/siem/_delta_log/00000000000000000001.json");
        store.put(&commit, PutPayload::from_static(line.as_bytes())).await.unwrap();
        open(&store, export()).await
    };
    let features = r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors","appendOnly"]}}"#;
    let changed = change(features).await;
    assert!(matches!(changed, Err(OpenError::Changed { .. })), "{changed:?}");
    let columns = r#"{"metaData":{"id":"0","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"date\",\"type\":\"date\",\"nullable\":true,\"metadata\":{}},{\"name\":\"a\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":["date"],"configuration":{}}}"#;
    let changed = change(columns).await;
    assert!(matches!(changed, Err(OpenError::OtherTable { .. })), "{changed:?}");
}
