//! Rows leave a table with retention, and files that nobody needs leave its folder.
//!
//! A table without retention is never removed from: neither rows nor files, so that its writer needs no right to delete.

use std::collections::{HashMap, HashSet};

use deltalake_core::kernel::Action;
use deltalake_core::protocol::DeltaOperation;
use futures::TryStreamExt;
use serde_json::{Value, json};
use tracing::info;

use crate::compact::removal;
use crate::dataset::{ATTEMPTS, Dataset, LiveFile, Outcome};
use crate::error::DatasetError;
use crate::name::FileName;
use crate::position::Position;

/// Days that a file which is no longer part of the table stays in the folder, for readers who opened it before.
pub(crate) const GRACE_DAYS: i64 = 7;

const MS_PER_DAY: i64 = 86_400_000;
/// Files that one commit removes at most.
const REMOVED_FILES_MAX: usize = 10_000;

/// What was removed from the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expired {
    /// Files.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
    /// Whether more is due.
    pub more: bool,
}

/// What was removed from the table's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Vacuumed {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Dataset {
    /// Removes the rows that were added more than the export's retention ago. `now_us` is the time now, by the clock that
    /// [`Dataset::append`] was given. Readers no longer see them; the bytes go with [`Dataset::vacuum`].
    ///
    /// Does nothing on a table without retention. May be repeated after any error.
    pub async fn expire(&mut self, now_us: i64) -> Result<Expired, DatasetError> {
        let Some(days) = self.export.retention_days else { return Ok(Expired::default()) };
        let cut_ms = now_us / 1000 - i64::from(days) * MS_PER_DAY;
        for _ in 0..ATTEMPTS {
            self.refresh().await?;
            let mut due = due(self.files(), cut_ms);
            if due.is_empty() {
                return Ok(Expired::default());
            }
            let more = due.len() > REMOVED_FILES_MAX;
            due.truncate(REMOVED_FILES_MAX);
            let expired =
                Expired { files: due.len() as u64, rows: due.iter().filter_map(|file| file.rows).sum(), more };
            let actions =
                due.iter().map(|file| Action::Remove(removal(&file.path, file.bytes, true, now_us))).collect();
            let operation = DeltaOperation::Delete { predicate: Some(format!("added more than {days} days ago")) };
            let metrics = json!({
                "numRemovedFiles": expired.files.to_string(),
                "numDeletedRows": expired.rows.to_string(),
            });
            let told = HashMap::from([
                ("operationMetrics".to_owned(), metrics),
                ("isBlindAppend".to_owned(), Value::Bool(false)),
            ]);
            if let Outcome::Committed(version) = self.commit(actions, operation, None, told).await? {
                info!(export = %self.export.id, version, files = expired.files, rows = expired.rows, "rows expired");
                return Ok(expired);
            }
        }
        Err(self.overtaken())
    }

    /// Removes from the table's folder the files that are no longer part of the table and have not been for a week, and those
    /// that no commit will ever take up.
    ///
    /// Does nothing on a table without retention. Safe beside appends and compactions of other processes: what one of them
    /// may be about to commit stays. May be repeated after any error.
    pub async fn vacuum(&mut self, now_us: i64) -> Result<Vacuumed, DatasetError> {
        let mut vacuumed = Vacuumed::default();
        if self.export.retention_days.is_none() {
            return Ok(vacuumed);
        }
        // The listing first: a file that comes into the table afterwards is in the log that is read next.
        let mut found = Vec::new();
        let mut objects = self.place.bucket().list(self.place.folder());
        while let Some(object) = objects.try_next().await? {
            let within = object.name.strip_prefix(self.place.folder()).unwrap_or(&object.name).trim_start_matches('/');
            found.extend(FileName::parse(within).map(|name| (name, object.bytes)));
        }
        self.refresh().await?;
        let known = Known {
            live: self.files().into_iter().map(|file| file.path).collect(),
            kept: self.removed_since(now_us / 1000 - GRACE_DAYS * MS_PER_DAY).await?,
            position: self.position().await?,
            version: self.version(),
        };
        for (name, bytes) in found {
            if known.is_needless(&name) {
                self.place.bucket().remove(&self.place.object(&name.to_string())).await?;
                vacuumed = Vacuumed { files: vacuumed.files + 1, bytes: vacuumed.bytes + bytes };
            }
        }
        if vacuumed.files > 0 {
            info!(export = %self.export.id, files = vacuumed.files, bytes = vacuumed.bytes, "vacuumed");
        }
        Ok(vacuumed)
    }

    /// Files that were taken out of the table at this time, in milliseconds since 1970 UTC, or later.
    async fn removed_since(&self, since_ms: i64) -> Result<HashSet<String>, DatasetError> {
        let log_store = self.table().log_store();
        let state = self.table().snapshot().map_err(|source| self.error("read", source))?;
        let mut removed = HashSet::new();
        let mut tombstones = state.all_tombstones(log_store.as_ref());
        while let Some(tombstone) = tombstones.try_next().await.map_err(|source| self.error("read", source))? {
            if tombstone.deletion_timestamp().is_none_or(|removed_ms| removed_ms >= since_ms) {
                removed.insert(tombstone.path().into_owned());
            }
        }
        Ok(removed)
    }
}

fn due(files: Vec<LiveFile>, cut_ms: i64) -> Vec<LiveFile> {
    files.into_iter().filter(|file| file.added_ms < cut_ms).collect()
}

/// What the table's log says, for telling which files of the folder are needed.
struct Known {
    live: HashSet<String>,
    /// No longer part of the table, but not for long.
    kept: HashSet<String>,
    position: Option<Position>,
    version: u64,
}

impl Known {
    /// Whether no version of the table that a reader may hold, and no commit to come, has the file.
    fn is_needless(&self, name: &FileName) -> bool {
        let path = name.to_string();
        let is_to_come = match name.made_for {
            Some(version) => version > self.version,
            None => self.position.is_none_or(|position| name.position() > position),
        };
        !is_to_come && !self.live.contains(&path) && !self.kept.contains(&path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(first: u64, made_for: Option<u64>) -> FileName {
        let mut name = FileName::new("2026-01-05", 1, (first, first + 9), b"");
        name.made_for = made_for;
        name
    }

    #[test]
    fn only_what_no_reader_and_no_commit_may_need_is_needless() {
        let at = |last| Some(Position { generation: 1, last });
        let known = |position| Known {
            live: HashSet::from([name(0, None).to_string(), name(0, Some(3)).to_string()]),
            kept: HashSet::from([name(10, None).to_string()]),
            position,
            version: 5,
        };
        let check = |position, name: FileName, needless| {
            assert_eq!(known(position).is_needless(&name), needless, "{name} at {position:?}");
        };
        check(at(39), name(0, None), false);
        check(at(39), name(0, Some(3)), false);
        check(at(39), name(10, None), false);
        check(at(39), name(30, None), true);
        check(at(29), name(30, None), false);
        check(None, name(30, None), false);
        check(at(39), name(0, Some(5)), true);
        check(at(39), name(0, Some(6)), false);
    }
}
