//! Entries, log files and tails for tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow::array::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use futures::executor::block_on;
use indelible_archive::LogFile;
use indelible_archive::rows::{Row, RowEncoder};
use indelible_event::{OperatorScope, Organization, Scope, Time};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::{Map, Value, json};

use crate::{Engine, Limits, Snapshot, TailBatches, TailChunk, TailError};

pub(crate) const ACME: &str = "ri.indelible..organization.acme";
pub(crate) const BOLT: &str = "ri.indelible..organization.bolt";

/// 2021-04-16T12:00:00Z.
pub(crate) const NOON_US: i64 = 1_618_574_400_000_000;

pub(crate) fn organization(rid: &str) -> Organization {
    rid.parse().unwrap()
}

pub(crate) fn scope(rids: &[&str]) -> Scope {
    Scope::new(rids.iter().map(|rid| organization(rid)).collect())
}

/// The operator's view of all of them as they are.
pub(crate) fn operator(rids: &[&str]) -> OperatorScope {
    OperatorScope::new(rids.iter().map(|rid| (organization(rid), None)).collect())
}

/// An entry: its place and its fields.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    organization: &'static str,
    /// The next generation counts anew.
    pub(crate) generation: u32,
    seq: u64,
    fields: Map<String, Value>,
}

/// An entry with the fields of `fields`, the rest as usual.
pub(crate) fn entry(organization: &'static str, seq: u64, fields: Value) -> Entry {
    let id = format!("00000000-0000-4000-8000-{:012x}", seq + if organization == ACME { 0 } else { 0xb000 });
    let usual = json!({
        "type": "audit.3", "time": "2021-04-16T12:00:00Z", "name": "EVENT", "result": "SUCCESS",
        "categories": ["dataLoad"], "product": "compass", "producerType": "SERVER", "logEntryId": id,
        "intake": {"producer": "p1", "source": "http"},
    });
    let (Value::Object(mut all), Value::Object(fields)) = (usual, fields) else { panic!("not objects") };
    all.extend(fields);
    all.retain(|_, value| !value.is_null());
    Entry { organization, generation: 1, seq, fields: all }
}

/// A control entry.
pub(crate) fn genesis(organization: &'static str) -> Entry {
    let fields = json!({
        "type": "indelible.1", "name": "GENESIS", "categories": null, "product": "indelible",
        "extra": {"genesis": {"origin": "x"}},
    });
    entry(organization, 0, fields)
}

impl Entry {
    fn time_us(&self) -> i64 {
        Time::parse(self.fields["time"].as_str().unwrap()).unwrap().micros
    }

    fn received_us(&self) -> i64 {
        NOON_US + i64::from(self.generation)
    }

    fn parts(&self) -> (String, String) {
        let (content, infrastructure): (Map<_, _>, Map<_, _>) =
            self.fields.clone().into_iter().partition(|(key, _)| {
                ["requestFields", "resultFields", "entities", "users", "extra"].contains(&key.as_str())
            });
        (Value::Object(infrastructure).to_string(), Value::Object(content).to_string())
    }
}

fn batch(entries: &[Entry], projection: Option<&[usize]>) -> RecordBatch {
    let mut encoder = RowEncoder::new(projection).unwrap();
    for entry in entries {
        let (infrastructure, content) = entry.parts();
        let row = Row {
            organization: entry.organization,
            seq: entry.seq,
            received_at_us: entry.received_us(),
            infrastructure: infrastructure.as_bytes(),
            content: content.as_bytes(),
        };
        encoder.push(&row).unwrap();
    }
    encoder.finish().unwrap()
}

/// An archive with a snapshot of it.
#[derive(Debug, Clone)]
pub(crate) struct Archive {
    pub(crate) store: Arc<InMemory>,
    pub(crate) snapshot: Snapshot,
}

impl Archive {
    pub(crate) fn new() -> Archive {
        Archive { store: Arc::new(InMemory::new()), snapshot: Snapshot::default() }
    }

    /// Adds a log file of `entries`, which are of one organization and dense.
    pub(crate) fn file(mut self, entries: &[Entry]) -> Archive {
        let first = &entries[0];
        let object = format!("organizations/{}/{:020}.parquet", first.organization.len(), self.snapshot.files.len());
        let bytes = write_file(&self.store, &object, &batch(entries, None));
        let times = || entries.iter().map(Entry::time_us);
        self.snapshot.files.push(Arc::new(LogFile {
            organization: organization(first.organization),
            generation: first.generation,
            object,
            first: first.seq,
            last: entries[entries.len() - 1].seq,
            rows: entries.len() as u64,
            bytes,
            canonical_bytes: 0,
            entry_bytes_max: 0,
            sha256: [0; 32],
            date: "2021-04-16".to_owned(),
            time_min_us: times().min().unwrap(),
            time_max_us: times().max().unwrap(),
            received_first_us: first.received_us(),
            received_last_us: first.received_us(),
            sealed_us: 0,
            archived_us: None,
            read_back_us: None,
        }));
        self
    }

    /// Adds a chunk of the tail, of any organizations.
    pub(crate) fn tail(mut self, entries: &[Entry]) -> Archive {
        let mut organizations: Vec<Organization> =
            entries.iter().map(|entry| organization(entry.organization)).collect();
        organizations.sort();
        organizations.dedup();
        self.snapshot.tail.push(Arc::new(Chunk { organizations, entries: entries.to_vec() }));
        self
    }

    pub(crate) fn engine(&self, limits: Limits) -> Engine {
        static ENGINES: AtomicU32 = AtomicU32::new(0);
        let engine = ENGINES.fetch_add(1, Ordering::Relaxed);
        let spill = std::env::temp_dir().join(format!("indelible-query-{}-{engine}", std::process::id()));
        Engine::new(Arc::clone(&self.store) as Arc<dyn ObjectStore>, limits, spill).unwrap()
    }
}

/// Writes `batch` as the archive would: small row groups, filters on ids, no statistics of content.
pub(crate) fn write_file(store: &InMemory, object: &str, batch: &RecordBatch) -> u64 {
    let mut properties = WriterProperties::builder().set_max_row_group_row_count(Some(4));
    for column in ["uid", "logEntryId", "entities.list.element"] {
        let path = column.split('.').map(str::to_owned).collect::<Vec<_>>();
        properties = properties.set_column_bloom_filter_enabled(path.into(), true);
    }
    for column in ["requestFields", "resultFields", "extra"] {
        properties = properties.set_column_statistics_enabled(column.into(), EnabledStatistics::None);
    }
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties.build())).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    let length = bytes.len() as u64;
    block_on(store.put(&Path::from(object), bytes.into())).unwrap();
    length
}

#[derive(Debug)]
struct Chunk {
    organizations: Vec<Organization>,
    entries: Vec<Entry>,
}

impl TailChunk for Chunk {
    fn organizations(&self) -> &[Organization] {
        &self.organizations
    }

    fn rows(&self) -> u64 {
        self.entries.len() as u64
    }

    fn row_bytes(&self) -> u64 {
        let bytes: usize = self.entries.iter().map(|entry| Value::Object(entry.fields.clone()).to_string().len()).sum();
        bytes as u64 / self.rows().max(1)
    }

    fn time_range_us(&self) -> Option<(i64, i64)> {
        let times = || self.entries.iter().map(Entry::time_us);
        Some((times().min()?, times().max()?))
    }

    fn batches(&self, projection: &[usize]) -> Result<TailBatches, TailError> {
        // Rows outside the scope are left in: the engine must remove them.
        let (entries, projection) = (self.entries.clone(), projection.to_vec());
        let batches = (0..entries.len()).step_by(3).map(move |start| {
            let end = entries.len().min(start + 3);
            Ok(batch(&entries[start..end], Some(&projection)))
        });
        Ok(Box::new(batches.collect::<Vec<_>>().into_iter()))
    }
}
