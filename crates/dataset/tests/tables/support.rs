//! Archived log files of generated events, and what a table of them must hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use bytes::Bytes;
use deltalake_core::DeltaTable;
use deltalake_core::logstore::default_logstore;
use indelible_archive::log_file::{LogFileSettings, LogFileWriter};
use indelible_archive::rows::Row;
use indelible_archive::{LogFile, layout};
use indelible_dataset::{Export, Salts};
use indelible_event::ContentKey;
use indelible_event::entry::SaltKey;
use indelible_storage::Bucket;
use indelible_testkit::generator::{Generator, Settings};
use object_store::memory::InMemory;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// 2026-01-05T00:00:00Z
pub(crate) const DAY_US: i64 = 1_767_571_200_000_000;
pub(crate) const US_PER_DAY: i64 = 86_400_000_000;
/// Generated events a day.
pub(crate) const EVENTS_PER_DAY: u64 = 4_320_000;
pub(crate) const ORGANIZATION: &str = "ri.indelible..organization.o1";
const LABEL: &str = "00000000000000000000000000000001";

/// A run to archive: entries `first` and so on of a generation, received on a day, of the events from `event` on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub generation: u32,
    pub first: u64,
    pub entries: u64,
    pub day: i64,
    pub event: u64,
}

/// `files` runs of `entries` entries each, one after another, all of one day.
pub(crate) fn runs(files: u64, entries: u64, day: i64) -> Vec<Run> {
    let run = |number| Run { generation: 1, first: number * entries, entries, day, event: number * entries };
    (0..files).map(run).collect()
}

/// An archive's bucket and its log files.
pub(crate) struct Archive {
    pub bucket: Bucket,
    pub files: Vec<Arc<LogFile>>,
}

impl Archive {
    /// In memory.
    pub(crate) async fn of(runs: &[Run]) -> Archive {
        let folder = tempfile::tempdir().unwrap();
        let generator = Generator::new(Settings::default());
        let bucket = Bucket::new(Arc::new(InMemory::new()));
        let mut files = Vec::new();
        for run in runs {
            let (file, bytes) = log_file(&generator, folder.path(), run);
            bucket.create(&file.object, bytes).await.unwrap();
            files.push(Arc::new(file));
        }
        Archive { bucket, files }
    }

    /// (generation, `seq`) of every entry.
    pub(crate) fn places(&self) -> Vec<(u32, u64)> {
        self.files.iter().flat_map(|file| (file.first..=file.last).map(|seq| (file.generation, seq))).collect()
    }
}

fn log_file(generator: &Generator, folder: &Path, run: &Run) -> (LogFile, Bytes) {
    let path = folder.join(format!("{}-{}", run.generation, run.first));
    let mut writer = LogFileWriter::create(&path, ORGANIZATION, &LogFileSettings::default()).unwrap();
    for number in 0..run.entries {
        let (infrastructure, content) = generator.parts(run.event + number);
        let seq = run.first + number;
        let received_at_us = received_at_us(run.generation, seq, run.day);
        let row =
            Row { organization: ORGANIZATION, seq, received_at_us, infrastructure: &infrastructure, content: &content };
        writer.push(&row).unwrap();
    }
    let written = writer.finish().unwrap();
    let facts = written.facts;
    let within = layout::log_file(facts.received_first_us, facts.first, facts.last, &written.sha256);
    let file = LogFile {
        organization: ORGANIZATION.parse().unwrap(),
        generation: run.generation,
        object: format!("{}/{within}", layout::generation_folder(LABEL, run.generation)),
        first: facts.first,
        last: facts.last,
        rows: run.entries,
        bytes: written.bytes,
        canonical_bytes: facts.canonical_bytes,
        entry_bytes_max: facts.entry_bytes_max,
        sha256: written.sha256,
        date: layout::date(facts.received_first_us),
        time_min_us: facts.time_min_us,
        time_max_us: facts.time_max_us,
        received_first_us: facts.received_first_us,
        received_last_us: facts.received_last_us,
        sealed_us: 0,
        archived_us: None,
        read_back_us: None,
    };
    (file, std::fs::read(path).unwrap().into())
}

/// Tells generations apart where rows do not name them.
fn received_at_us(generation: u32, seq: u64, day: i64) -> i64 {
    DAY_US + day * US_PER_DAY + i64::from(generation) * 60_000_000 + seq as i64
}

/// An export of everything, for ever.
pub(crate) fn export() -> Export {
    Export {
        id: "7".to_owned(),
        name: "siem".to_owned(),
        organization: ORGANIZATION.parse().unwrap(),
        start_us: None,
        retention_days: None,
        salt: false,
    }
}

pub(crate) fn salt_key(generation: u32) -> SaltKey {
    SaltKey::new([generation as u8; 32])
}

pub(crate) struct TestSalts;

impl Salts for TestSalts {
    fn salt(&self, generation: u32, seq: u64, _key: Option<&ContentKey>) -> Option<[u8; 32]> {
        Some(salt_key(generation).salt(seq))
    }
}

/// What somebody finds in a table who reads its log and its files without us.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// (generation, `seq`) of every row, sorted. The generation is that of the file's name.
    pub places: Vec<(u32, u64)>,
    pub files: BTreeSet<String>,
    /// By place, where there is such a column.
    pub salts: BTreeMap<(u32, u64), String>,
    pub version: u64,
}

/// Reads the table in `folder` of a store.
pub(crate) async fn find(store: Arc<dyn ObjectStore>, folder: &str) -> Found {
    let store = Arc::new(PrefixStore::new(store, folder));
    let url = url::Url::parse("file:///").unwrap();
    let mut table = DeltaTable::new(default_logstore(store.clone(), store.clone(), &url, &Default::default()));
    table.load().await.unwrap();
    let state = table.snapshot().unwrap();
    let mut found = Found { version: state.version(), ..Found::default() };
    for file in state.log_data().iter() {
        let path = file.path().into_owned();
        let generation: u32 = path.split('/').nth(1).unwrap()[..4].parse().unwrap();
        let bytes = store.get(&file.object_store_path()).await.unwrap().bytes().await.unwrap();
        assert_eq!(bytes.len() as i64, file.size());
        let mut rows = 0;
        let mut previous = None;
        for batch in ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            rows += batch.num_rows();
            let salts = batch.column_by_name("salt").map(|column| column.as_string::<i32>().clone());
            for (row, seq) in batch["seq"].as_primitive::<Int64Type>().values().iter().enumerate() {
                assert!(previous < Some(*seq), "rows of a file are in order");
                previous = Some(*seq);
                let place = (generation, *seq as u64);
                found.places.push(place);
                found.salts.extend(salts.as_ref().map(|salts| (place, salts.value(row).to_owned())));
            }
        }
        assert_eq!(Some(rows), file.num_records());
        assert!(found.files.insert(path));
    }
    found.places.sort_unstable();
    found
}
