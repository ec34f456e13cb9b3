//! The table itself: opened, read again, changed by one commit at a time.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake_core::kernel::{Action, StructField, Transaction};
use deltalake_core::logstore::default_logstore;
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::DeltaOperation;
use deltalake_core::{DeltaTable, DeltaTableError};
use futures::TryStreamExt;
use indelible_archive::ContentKeys;
use indelible_storage::Bucket;
use object_store::prefix::PrefixStore;
use serde_json::Value;
use tracing::info;
use url::Url;

use crate::error::{DatasetError, OpenError};
use crate::export::{Export, RETENTION_DAYS_MAX};
use crate::name::FileName;
use crate::position::Position;
use crate::retention::GRACE_DAYS;
use crate::schema::{self, DATE};

/// How often a commit is planned anew because somebody else's came first.
pub(crate) const ATTEMPTS: usize = 8;

/// The folder of a table.
#[derive(Debug, Clone)]
pub struct Place {
    bucket: Bucket,
    folder: String,
}

impl Place {
    /// The folder within the bucket; `""` is the whole bucket.
    pub fn new(bucket: Bucket, folder: &str) -> Place {
        Place { bucket, folder: folder.trim_matches('/').to_owned() }
    }

    /// The bucket that the folder is in.
    pub(crate) fn bucket(&self) -> &Bucket {
        &self.bucket
    }

    /// An object of the folder, as the bucket names it.
    pub(crate) fn object(&self, name: &str) -> String {
        if self.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", self.folder) }
    }

    /// The folder as the bucket names it.
    pub(crate) fn folder(&self) -> &str {
        &self.folder
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.folder.as_str() {
            "" => write!(f, "{}", self.bucket),
            folder => write!(f, "folder {folder} of {}", self.bucket),
        }
    }
}

/// What is in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Contents {
    /// Version of the table: the number of its last commit.
    pub version: u64,
    /// Files.
    pub files: u64,
    /// Rows, of those files whose number of rows is known.
    pub rows: u64,
    /// Bytes of the files.
    pub bytes: u64,
}

/// The table of an export.
///
/// Every change is one commit, made from what the table's log holds at some version and accepted by the bucket only as the
/// very next version. A commit that adds rows carries, as an application transaction, the position in the log that it
/// reaches. So whoever lost an answer, or a race, or its life reads the log again and goes on from the position there: a
/// row is never added twice nor left out, however many processes try.
///
/// Memory: what the table's log says of its files, and what the operations say of themselves.
#[derive(Debug)]
pub struct Dataset {
    pub(crate) place: Place,
    pub(crate) export: Export,
    /// What opens encrypted log files: a table is the organization's own and is not encrypted by us.
    pub(crate) content_keys: Arc<ContentKeys>,
    table: DeltaTable,
    columns: Vec<StructField>,
}

/// A file of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LiveFile {
    /// Name within the table's folder.
    pub path: String,
    /// What the name says, if it is one of ours.
    pub name: Option<FileName>,
    pub bytes: u64,
    pub rows: Option<u64>,
    /// When it, or the latest of those it was made of, was added, milliseconds since 1970 UTC.
    pub added_ms: i64,
}

/// How a commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is this version of the table.
    Committed(u64),
    /// Another commit came first. Nothing was changed.
    Overtaken,
}

impl Dataset {
    /// With keys of encrypted log files.
    #[must_use]
    pub fn with_content_keys(self, content_keys: Arc<ContentKeys>) -> Dataset {
        Dataset { content_keys, ..self }
    }

    /// Opens the table of `export` in `place`, or creates it if the folder is empty.
    ///
    /// May be repeated after any error. Two processes may create the same table at the same time.
    ///
    /// # Errors
    /// When the folder holds anything else, or the table is no longer as this crate makes them.
    pub async fn open(place: Place, export: Export) -> Result<Dataset, OpenError> {
        if let Some(days) = export.retention_days.filter(|days| !(1..=RETENTION_DAYS_MAX).contains(days)) {
            return Err(OpenError::Retention(days));
        }
        let columns = schema::table_columns(export.salt).ok_or(OpenError::Column)?;
        let mut dataset =
            Dataset { table: table_in(&place)?, place, export, content_keys: Arc::new(ContentKeys::none()), columns };
        if !dataset.exists().await? {
            dataset.create().await?;
        }
        dataset.table.load().await.map_err(|source| dataset.open_error("read", source))?;
        dataset.check()?;
        Ok(dataset)
    }

    /// The export it is of.
    pub fn export(&self) -> &Export {
        &self.export
    }

    /// What is in it, as last read.
    pub fn contents(&self) -> Contents {
        let version = self.version();
        self.files().iter().fold(Contents { version, ..Contents::default() }, |sum, file| Contents {
            version,
            files: sum.files + 1,
            rows: sum.rows + file.rows.unwrap_or(0),
            bytes: sum.bytes + file.bytes,
        })
    }

    /// Reads what others committed since.
    pub async fn refresh(&mut self) -> Result<(), DatasetError> {
        let read = self.table.update_incremental(None).await;
        if read.is_err() {
            self.forget();
        }
        read.map_err(|source| self.error("read", source))
    }

    /// The end of what the table has of the log, as last read; `None` before the first append.
    pub async fn position(&self) -> Result<Option<Position>, DatasetError> {
        let state = self.table.snapshot().map_err(|source| self.error("read", source))?;
        let version = state.transaction_version(self.table.log_store().as_ref(), self.export.app_id()).await;
        let version = version.map_err(|source| self.error("read the position of", source))?;
        let Some(version) = version else { return Ok(None) };
        Position::from_version(version).map(Some).ok_or_else(|| DatasetError::Position(version.to_string()))
    }

    pub(crate) fn version(&self) -> u64 {
        self.table.version().unwrap_or(0)
    }

    pub(crate) fn table(&self) -> &DeltaTable {
        &self.table
    }

    /// Forgets what was read, so that the next reading begins anew.
    pub(crate) fn forget(&mut self) {
        self.table.state = None;
    }

    /// The files of the version last read.
    pub(crate) fn files(&self) -> Vec<LiveFile> {
        let Some(state) = &self.table.state else { return Vec::new() };
        let files = state.log_data();
        let read = |file: deltalake_core::kernel::LogicalFileView| LiveFile {
            name: FileName::parse(&file.path()),
            path: file.path().into_owned(),
            bytes: u64::try_from(file.size()).unwrap_or(0),
            rows: file.num_records().map(|rows| rows as u64),
            added_ms: file.modification_time(),
        };
        files.iter().map(read).collect()
    }

    /// Commits `actions` as the version after the one last read, or not at all.
    ///
    /// After an error it may have been committed: read the table again.
    pub(crate) async fn commit(
        &mut self,
        actions: Vec<Action>,
        operation: DeltaOperation,
        transaction: Option<Transaction>,
        info: HashMap<String, Value>,
    ) -> Result<Outcome, DatasetError> {
        let commit = CommitBuilder::from(
            this_version_only().with_application_transactions(Vec::from_iter(transaction)).with_metadata(info),
        );
        let state = self.table.snapshot().map_err(|source| self.error("read", source))?;
        let commit = commit.with_actions(actions).build(Some(state), self.table.log_store(), operation);
        match commit.await {
            Ok(committed) => {
                self.table.state = Some(committed.snapshot());
                Ok(Outcome::Committed(committed.version()))
            }
            Err(error) if is_overtaken(&error) => Ok(Outcome::Overtaken),
            Err(source) => {
                self.forget();
                Err(self.error("commit to", source))
            }
        }
    }

    pub(crate) fn overtaken(&self) -> DatasetError {
        DatasetError::Overtaken { place: self.place.to_string() }
    }

    pub(crate) fn error(&self, action: &'static str, source: DeltaTableError) -> DatasetError {
        DatasetError::Table { action, place: self.place.to_string(), source: Box::new(source) }
    }

    fn open_error(&self, action: &'static str, source: DeltaTableError) -> OpenError {
        OpenError::Table { action, place: self.place.to_string(), source: Box::new(source) }
    }

    /// Whether there is a table; an error if there is anything else.
    async fn exists(&self) -> Result<bool, OpenError> {
        let is_table = self.table.log_store().is_delta_table_location().await;
        if is_table.map_err(|source| self.open_error("look for", source))? {
            return Ok(true);
        }
        match self.place.bucket.list(&self.place.folder).try_next().await? {
            None => Ok(false),
            Some(object) => Err(OpenError::Occupied { place: self.place.to_string(), object: object.name }),
        }
    }

    async fn create(&self) -> Result<(), OpenError> {
        let properties = self.export.properties().into_iter();
        let properties =
            properties.chain([("delta.deletedFileRetentionDuration", format!("interval {GRACE_DAYS} days"))]);
        let created = CreateBuilder::new()
            .with_log_store(self.table.log_store())
            .with_table_name(&self.export.name)
            .with_comment(self.export.description())
            .with_columns(self.columns.iter().cloned())
            .with_partition_columns([DATE])
            .with_configuration(properties.map(|(name, value)| (name, Some(value))))
            .with_raise_if_key_not_exists(false)
            .with_commit_properties(this_version_only())
            .await;
        match created {
            Ok(_) => info!(export = %self.export.id, place = %self.place, "table created"),
            // Whoever was quicker made the same table, or one that will be refused.
            Err(error) if is_overtaken(&error) => {}
            Err(source) => return Err(self.open_error("create", source)),
        }
        Ok(())
    }

    /// Whether the table is still as it was created.
    fn check(&self) -> Result<(), OpenError> {
        let place = || self.place.to_string();
        let state = self.table.snapshot().map_err(|source| self.open_error("read", source))?;
        let (metadata, protocol) = (state.metadata(), state.protocol());
        for (property, expected) in self.export.properties() {
            let found = metadata.configuration().get(property).cloned().unwrap_or_default();
            if found != expected {
                return Err(OpenError::OtherTable { place: place(), property, found, expected });
            }
        }
        let versions = (protocol.min_reader_version(), protocol.min_writer_version());
        if versions != (1, 2) {
            let what = format!("it asks for reader version {} and writer version {}", versions.0, versions.1);
            return Err(OpenError::Changed { place: place(), what });
        }
        if !schema::has_columns(&state.schema(), &self.columns) || metadata.partition_columns() != [DATE] {
            return Err(OpenError::Changed { place: place(), what: "it has other columns".to_owned() });
        }
        Ok(())
    }
}

/// Commits as the next version, or fails: whether what was planned is still right is for us to see. Checkpoints and the
/// clearing of the log have their own time.
fn this_version_only() -> CommitProperties {
    CommitProperties::default().with_max_retries(0).with_create_checkpoint(false).with_cleanup_expired_logs(Some(false))
}

fn is_overtaken(error: &DeltaTableError) -> bool {
    match error {
        DeltaTableError::VersionAlreadyExists(_) => true,
        DeltaTableError::Transaction { source } => {
            matches!(source, TransactionError::VersionAlreadyExists(_) | TransactionError::MaxCommitAttempts(_))
        }
        _ => false,
    }
}

/// The library sees the folder as the root of a local disk, whatever it is: for such it sorts listings, which not every
/// store does.
fn table_in(place: &Place) -> Result<DeltaTable, OpenError> {
    let store = Arc::new(PrefixStore::new(place.bucket.object_store(), place.folder.as_str()));
    let table = |source| OpenError::Table { action: "find", place: place.to_string(), source: Box::new(source) };
    let root = Url::parse("file:///").map_err(|error| table(DeltaTableError::generic(error.to_string())))?;
    Ok(DeltaTable::new(default_logstore(store.clone(), store, &root, &Default::default())))
}

#[cfg(test)]
mod tests {
    use deltalake_core::protocol::SaveMode;
    use object_store::memory::InMemory;

    use super::*;

    async fn open(store: &Arc<InMemory>) -> Dataset {
        let export = Export {
            id: "7".to_owned(),
            name: "siem".to_owned(),
            organization: "ri.indelible..organization.o1".parse().unwrap(),
            start_us: None,
            retention_days: None,
            salt: false,
        };
        Dataset::open(Place::new(Bucket::new(store.clone()), "t"), export).await.unwrap()
    }

    /// The library would find that two such commits do not disturb each other, and let both pass.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_commit_is_for_the_version_it_was_planned_from_only() {
        let store = Arc::new(InMemory::new());
        let (mut one, mut other) = (open(&store).await, open(&store).await);
        let commit = async |dataset: &mut Dataset| {
            let operation = DeltaOperation::Write { mode: SaveMode::Append, partition_by: None, predicate: None };
            dataset.commit(Vec::new(), operation, None, HashMap::new()).await.unwrap()
        };
        assert_eq!(commit(&mut one).await, Outcome::Committed(1));
        assert_eq!(commit(&mut other).await, Outcome::Overtaken);
        other.refresh().await.unwrap();
        assert_eq!(commit(&mut other).await, Outcome::Committed(2));
        assert_eq!(commit(&mut one).await, Outcome::Overtaken);
    }
}
