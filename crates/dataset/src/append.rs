//! Archived log files become rows of the table.
//!
//! First the files are in the table's folder, under names that say what they are, then one commit makes all of them part
//! of the table. What a lost attempt left behind is found again by its name, or belongs to nothing.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use deltalake_core::kernel::{Action, Add, Transaction};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use indelible_archive::LogFile;
use indelible_event::ContentKey;
use indelible_storage::Bucket;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tracing::info;

use crate::dataset::{ATTEMPTS, Dataset, Outcome};
use crate::error::{DatasetError, RewriteError};
use crate::export::Export;
use crate::name::FileName;
use crate::position::Position;
use crate::rewrite::{self, Made};
use crate::schema::DATE;
use crate::stats::Facts;

/// The salts of entries, for an export that has them.
pub trait Salts: Send + Sync {
    /// The salt of an entry whose content is encrypted under `key`, if it is; `None` where the salt key of the generation is
    /// not known.
    fn salt(&self, generation: u32, seq: u64, key: Option<&ContentKey>) -> Option<[u8; 32]>;
}

/// What one commit takes at most. A commit takes one file at least.
#[derive(Debug, Clone, Copy)]
pub struct AppendLimits {
    /// Bytes of log files.
    pub bytes: u64,
    /// Log files.
    pub files: usize,
}

impl Default for AppendLimits {
    fn default() -> Self {
        Self { bytes: 4 << 30, files: 1000 }
    }
}

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appended {
    /// Files added by this call's commit.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whether log files are left for another commit.
    pub more: bool,
}

/// What a table does not have yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Log files with rows for the table.
    pub files: u64,
    /// Rows in them; where the start date falls into a file, of the whole file.
    pub rows: u64,
    /// Bytes of these files.
    pub bytes: u64,
    /// `received_at` of the first entry in them, microseconds since 1970 UTC.
    pub oldest_received_us: Option<i64>,
}

/// How a log file comes into the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Take {
    /// Its bytes are copied.
    Whole,
    /// Its rows are written anew: only those from the start date on.
    Since(i64),
}

/// The log files of one commit, and where it leads.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    files: Vec<(Arc<LogFile>, Take)>,
    position: Position,
    more: bool,
}

impl Dataset {
    /// Adds the next of `files` to the table: as many as one commit takes, those already in it and those before the start
    /// date left out. `files` are all log files of the organization, in order of generation and `seq`. `salts` are asked
    /// only if the export has salts; without them such an export adds nothing. `now_us` is the time of the append, from
    /// which retention counts.
    ///
    /// On `Ok` the rows are in the table, each exactly once; nothing to add is `Ok` too. Any error may be followed by the
    /// same call, in this process or another. Memory: the largest log file, twice where it is rewritten.
    pub async fn append(
        &mut self,
        source: &Bucket,
        files: &[Arc<LogFile>],
        salts: Option<Arc<dyn Salts>>,
        limits: &AppendLimits,
        now_us: i64,
    ) -> Result<Appended, DatasetError> {
        for _ in 0..ATTEMPTS {
            self.refresh().await?;
            let position = self.position().await?;
            let Some(plan) = plan(&self.export, position, files, limits)? else {
                return Ok(Appended::default());
            };
            let mut appended = Appended { more: plan.more, ..Appended::default() };
            let mut actions = Vec::with_capacity(plan.files.len());
            let mut held: Option<Facts> = None;
            for (file, take) in &plan.files {
                let Some((add, facts)) = self.bring(source, file, *take, salts.clone(), now_us).await? else {
                    continue;
                };
                appended.files += 1;
                appended.rows += facts.rows;
                appended.bytes += u64::try_from(add.size).unwrap_or(0);
                held = Some(held.map_or(facts, |before| before.and(facts)));
                actions.push(Action::Add(add));
            }
            let version = plan.position.version().ok_or_else(|| DatasetError::Position(plan.position.to_string()))?;
            let transaction = Transaction::new_with_last_update(self.export.app_id(), version, Some(now_us / 1000));
            let operation = DeltaOperation::Write {
                mode: SaveMode::Append,
                partition_by: Some(vec![DATE.to_owned()]),
                predicate: None,
            };
            let told = commit_info(&plan, &appended, held);
            match self.commit(actions, operation, Some(transaction), told).await? {
                Outcome::Overtaken => {}
                Outcome::Committed(version) => {
                    let Appended { files, rows, .. } = appended;
                    info!(export = %self.export.id, version, files, rows, position = %plan.position, "appended");
                    return Ok(appended);
                }
            }
        }
        Err(self.overtaken())
    }

    /// Puts the rows of a log file into the table's folder; `None` if it has none for the table.
    async fn bring(
        &self,
        source: &Bucket,
        file: &Arc<LogFile>,
        take: Take,
        salts: Option<Arc<dyn Salts>>,
        now_us: i64,
    ) -> Result<Option<(Add, Facts)>, DatasetError> {
        let bytes = fetch(source, file).await?;
        let made = match take {
            Take::Whole if !self.export.salt && !is_other(&bytes, file)? => Some((bytes, Facts::of(file))),
            Take::Whole => self.rewritten(bytes, file, None, salts).await?,
            Take::Since(start_us) => self.rewritten(bytes, file, Some(start_us), salts).await?,
        };
        let Some((bytes, facts)) = made else { return Ok(None) };
        let name = FileName::new(&file.date, file.generation, facts.seq, &bytes);
        let tags = HashMap::from([("indelible.source".to_owned(), Some(file.object.clone()))]);
        let add = self.put(&name, bytes, &facts, now_us / 1000, true, Some(tags)).await?;
        Ok(Some((add, facts)))
    }

    async fn rewritten(
        &self,
        bytes: Bytes,
        file: &Arc<LogFile>,
        start_us: Option<i64>,
        salts: Option<Arc<dyn Salts>>,
    ) -> Result<Option<Made>, DatasetError> {
        let salts = salts.filter(|_| self.export.salt);
        if self.export.salt && salts.is_none() {
            return Err(DatasetError::Salt { generation: file.generation });
        }
        let read = Arc::clone(file);
        let keys = Arc::clone(&self.content_keys);
        let work = move || rewrite::log_file(bytes, &read, start_us, salts.as_deref(), &keys);
        in_thread(work).await.map_err(|error| error.of(&file.object))
    }

    /// Puts a file into the table's folder and says what a commit adds. A file that is there already is as good.
    pub(crate) async fn put(
        &self,
        name: &FileName,
        bytes: Bytes,
        facts: &Facts,
        added_ms: i64,
        data_change: bool,
        tags: Option<HashMap<String, Option<String>>>,
    ) -> Result<Add, DatasetError> {
        let path = name.to_string();
        let size = bytes.len() as i64;
        self.place.bucket().create(&self.place.object(&path), bytes).await?;
        Ok(Add {
            path,
            partition_values: HashMap::from([(DATE.to_owned(), Some(name.date.clone()))]),
            size,
            modification_time: added_ms,
            data_change,
            stats: Some(facts.json()),
            tags,
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
            clustering_provider: None,
        })
    }
}

impl Backlog {
    /// What a table of `export` that has come to `position` does not have of `files`, all log files of the organization.
    pub fn of(export: &Export, position: Option<Position>, files: &[Arc<LogFile>]) -> Backlog {
        let wanted = files.iter().filter(|file| is_beyond(position, file) && take(export, file).is_some());
        wanted.fold(Backlog::default(), |sum, file| Backlog {
            files: sum.files + 1,
            rows: sum.rows + file.rows,
            bytes: sum.bytes + file.bytes,
            oldest_received_us: sum.oldest_received_us.or(Some(file.received_first_us)),
        })
    }
}

/// Compressing takes seconds: not on a thread that others wait for.
pub(crate) async fn in_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RewriteError> + Send + 'static,
) -> Result<T, RewriteError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| RewriteError::Thread)?
}

fn is_other(bytes: &Bytes, file: &LogFile) -> Result<bool, DatasetError> {
    rewrite::is_other(bytes).map_err(|error| error.of(&file.object))
}

/// The bytes of a log file, if they are those that its manifest names.
async fn fetch(source: &Bucket, file: &LogFile) -> Result<Bytes, DatasetError> {
    let bytes = source.get(&file.object).await?;
    let sha256: [u8; 32] = Sha256::digest(&bytes).into();
    if sha256 != file.sha256 || bytes.len() as u64 != file.bytes {
        return Err(DatasetError::Differs { object: file.object.clone() });
    }
    Ok(bytes)
}

/// The next commit; `None` if there is nothing to add.
fn plan(
    export: &Export,
    position: Option<Position>,
    files: &[Arc<LogFile>],
    limits: &AppendLimits,
) -> Result<Option<Plan>, DatasetError> {
    let mut plan: Option<Plan> = None;
    let (mut before, mut bytes) = (position, 0);
    for file in files {
        if file.organization != export.organization {
            return Err(DatasetError::OtherOrganization {
                object: file.object.clone(),
                found: file.organization.to_string(),
                expected: export.organization.to_string(),
            });
        }
        if !is_beyond(position, file) {
            continue;
        }
        check_follows(before, file)?;
        before = Some(Position::of(file));
        let Some(take) = take(export, file) else { continue };
        let plan = plan.get_or_insert_with(|| Plan { files: Vec::new(), position: Position::of(file), more: false });
        bytes += file.bytes;
        let full = plan.files.len() >= limits.files.max(1) || (bytes > limits.bytes && !plan.files.is_empty());
        // A commit speaks of one generation: `seq` counts anew in the next.
        if full || file.generation != plan.position.generation {
            plan.more = true;
            break;
        }
        plan.files.push((Arc::clone(file), take));
        plan.position = Position::of(file);
    }
    Ok(plan)
}

fn is_beyond(position: Option<Position>, file: &LogFile) -> bool {
    position.is_none_or(|position| Position::of(file) > position)
}

/// A table takes up a log anywhere, and from there on leaves nothing out.
fn check_follows(before: Option<Position>, file: &LogFile) -> Result<(), DatasetError> {
    let Some(at) = before else { return Ok(()) };
    let expected = if file.generation == at.generation { at.last + 1 } else { 0 };
    if file.first == expected {
        return Ok(());
    }
    Err(DatasetError::Gap { at, generation: file.generation, first: file.first })
}

/// What the export wants of a log file, if anything. `time` is the producer's claim: a file of one day may hold any.
fn take(export: &Export, file: &LogFile) -> Option<Take> {
    match export.start_us {
        Some(start_us) if file.time_max_us < start_us => None,
        Some(start_us) if file.time_min_us < start_us => Some(Take::Since(start_us)),
        _ => Some(Take::Whole),
    }
}

/// What the commit says of itself: to every reader of a Delta log in its own words, and to ours.
fn commit_info(plan: &Plan, appended: &Appended, held: Option<Facts>) -> HashMap<String, Value> {
    let Appended { files, rows, bytes, .. } = appended;
    let manifest = plan.files.last().and_then(|(file, _)| manifest_of(file));
    let about = json!({
        "rows": rows,
        "firstSeq": held.map(|facts| facts.seq.0),
        "lastSeq": held.map(|facts| facts.seq.1),
        "generation": plan.position.generation,
        "position": plan.position.last,
        "manifest": manifest,
    });
    let metrics = json!({
        "numFiles": files.to_string(),
        "numOutputRows": rows.to_string(),
        "numOutputBytes": bytes.to_string(),
    });
    HashMap::from([
        ("userMetadata".to_owned(), Value::String(about.to_string())),
        ("operationMetrics".to_owned(), metrics),
        ("isBlindAppend".to_owned(), Value::Bool(true)),
    ])
}

/// The manifest that names a log file: it is chained to all before it.
fn manifest_of(file: &LogFile) -> Option<String> {
    let (folder, _) = file.object.rsplit_once("/log/")?;
    Some(format!("{folder}/{}", indelible_archive::layout::manifest(file.first, file.last)))
}

#[cfg(test)]
mod tests;
