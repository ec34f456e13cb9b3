//! Many small files of one day become one, so that a table of frequent appends is read quickly.
//!
//! The rows are the same and stay in the order of `seq` within each file. No row is added or removed, which the commit says
//! (`dataChange` false), and the table's position in the log is not touched.

use std::collections::{BTreeMap, HashMap};

use deltalake_core::kernel::{Action, Remove};
use deltalake_core::protocol::DeltaOperation;
use serde_json::{Value, json};
use tracing::info;

use crate::append::in_thread;
use crate::dataset::{ATTEMPTS, Dataset, LiveFile, Outcome};
use crate::error::DatasetError;
use crate::name::FileName;
use crate::rewrite;
use crate::schema::DATE;

const MS_PER_DAY: i64 = 86_400_000;

/// When files are small enough, and many enough, to become one.
#[derive(Debug, Clone, Copy)]
pub struct CompactSettings {
    /// Bytes of the files that become one, at most; files of more than half of it stay as they are. All of them, and the file
    /// made of them, are in memory at the same time.
    pub bytes: u64,
    /// How many small files of a day there must be.
    pub files_min: usize,
}

impl Default for CompactSettings {
    fn default() -> Self {
        Self { bytes: 64 << 20, files_min: 16 }
    }
}

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// Files that became one.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
    /// Bytes before.
    pub bytes_before: u64,
    /// Bytes after.
    pub bytes_after: u64,
}

impl Dataset {
    /// Makes one file of the small files of one day; `None` if no day has enough of them. To be called until it is.
    ///
    /// Safe beside appends and other compactions: the commit holds for the version of the table it was planned from, or is
    /// planned anew. The old files stay in the bucket for readers of older versions; [`Dataset::vacuum`] removes them from a
    /// table with retention.
    pub async fn compact(
        &mut self,
        settings: &CompactSettings,
        now_us: i64,
    ) -> Result<Option<Compacted>, DatasetError> {
        for _ in 0..ATTEMPTS {
            self.refresh().await?;
            let Some(group) = group(self.files(), settings, self.export.retention_days.is_some()) else {
                return Ok(None);
            };
            let Some((compacted, actions)) = self.merge(&group, now_us).await? else { return Ok(None) };
            let operation = DeltaOperation::Optimize {
                predicate: None,
                target_size: i64::try_from(settings.bytes).unwrap_or(i64::MAX),
            };
            let metrics = json!({
                "numRemovedFiles": compacted.files.to_string(),
                "numAddedFiles": "1",
                "numOutputRows": compacted.rows.to_string(),
            });
            let told = HashMap::from([
                ("operationMetrics".to_owned(), metrics),
                ("isBlindAppend".to_owned(), Value::Bool(false)),
            ]);
            if let Outcome::Committed(version) = self.commit(actions, operation, None, told).await? {
                info!(export = %self.export.id, version, files = compacted.files, rows = compacted.rows, "compacted");
                return Ok(Some(compacted));
            }
        }
        Err(self.overtaken())
    }

    /// Puts the file made of `group` into the folder; `None` if there is nothing in it.
    async fn merge(&self, group: &[Small], now_us: i64) -> Result<Option<(Compacted, Vec<Action>)>, DatasetError> {
        let Some(first) = group.first() else { return Ok(None) };
        let mut parts = Vec::with_capacity(group.len());
        for small in group {
            let object = self.place.object(&small.path);
            let bytes = self.place.bucket().get(&object).await?;
            if !small.name.is_of(&bytes) {
                return Err(DatasetError::Damaged { object });
            }
            parts.push(bytes);
        }
        let (rows, bytes_before) =
            (group.iter().map(|small| small.rows).sum(), group.iter().map(|small| small.bytes).sum());
        let salt = self.export.salt;
        let made = in_thread(move || rewrite::merged(parts, salt, rows)).await;
        let (bytes, facts) = made.map_err(|error| error.of(&first.path))?;
        let bytes_after = bytes.len() as u64;
        let mut name = FileName::new(&first.name.date, first.name.generation, facts.seq, &bytes);
        name.made_for = Some(self.version() + 1);
        let added_ms = group.iter().map(|small| small.added_ms).max().unwrap_or(0);
        let add = self.put(&name, bytes, &facts, added_ms, false, None).await?;
        let removes = group.iter().map(|small| Action::Remove(removal(&small.path, small.bytes, false, now_us)));
        let actions = removes.chain([Action::Add(add)]).collect();
        Ok(Some((Compacted { files: group.len() as u64, rows, bytes_before, bytes_after }, actions)))
    }
}

/// A small file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Small {
    path: String,
    name: FileName,
    bytes: u64,
    rows: u64,
    added_ms: i64,
}

/// The action that takes a file out of the table.
pub(crate) fn removal(path: &str, bytes: u64, data_change: bool, now_us: i64) -> Remove {
    let date = path.strip_prefix("date=").and_then(|path| path.split_once('/'));
    Remove {
        path: path.to_owned(),
        data_change,
        deletion_timestamp: Some(now_us / 1000),
        extended_file_metadata: Some(true),
        partition_values: date.map(|(date, _)| HashMap::from([(DATE.to_owned(), Some(date.to_owned()))])),
        size: i64::try_from(bytes).ok(),
        ..Remove::default()
    }
}

/// The first run of neighbouring small files that is long enough. With retention, only files that were added on one day
/// come together: they will be removed together.
fn group(files: Vec<LiveFile>, settings: &CompactSettings, retention: bool) -> Option<Vec<Small>> {
    let mut days: BTreeMap<(String, u32, i64), Vec<Small>> = BTreeMap::new();
    for file in files {
        // Files that others made are left to them.
        let (Some(name), Some(rows)) = (file.name, file.rows) else { continue };
        let added = if retention { file.added_ms.div_euclid(MS_PER_DAY) } else { 0 };
        let small = Small { path: file.path, bytes: file.bytes, rows, added_ms: file.added_ms, name };
        days.entry((small.name.date.clone(), small.name.generation, added)).or_default().push(small);
    }
    days.into_values().find_map(|mut files| {
        files.sort_by_key(|file| file.name.first);
        neighbours(files, settings)
    })
}

fn neighbours(files: Vec<Small>, settings: &CompactSettings) -> Option<Vec<Small>> {
    let files_min = settings.files_min.max(2);
    let (mut run, mut bytes): (Vec<Small>, u64) = (Vec::new(), 0);
    for file in files {
        let is_small = file.bytes <= settings.bytes / 2;
        if !is_small || bytes + file.bytes > settings.bytes {
            if run.len() >= files_min {
                return Some(run);
            }
            (run, bytes) = (Vec::new(), 0);
        }
        if is_small {
            bytes += file.bytes;
            run.push(file);
        }
    }
    (run.len() >= files_min).then_some(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: CompactSettings = CompactSettings { bytes: 100, files_min: 2 };

    /// Files of (date, generation, first `seq`, bytes, day added); the firsts of those that become one.
    fn check(files: &[(&str, u32, u64, u64, i64)], retention: bool, expected: Option<&[u64]>) {
        let live = files.iter().map(|&(date, generation, first, bytes, day)| {
            let name = FileName::new(date, generation, (first, first + 9), &first.to_be_bytes());
            let added_ms = day * MS_PER_DAY + 5;
            LiveFile { path: name.to_string(), name: Some(name), bytes, rows: Some(10), added_ms }
        });
        let found = group(live.collect(), &SETTINGS, retention);
        let firsts = found.map(|group| group.iter().map(|small| small.name.first).collect::<Vec<_>>());
        assert_eq!(firsts.as_deref(), expected, "{files:?}");
    }

    #[test]
    fn small_neighbours_of_a_day_become_one() {
        check(&[], false, None);
        check(&[("2026-01-05", 1, 0, 10, 0)], false, None);
        check(&[("2026-01-05", 1, 10, 10, 0), ("2026-01-05", 1, 0, 10, 0)], false, Some(&[0, 10]));
        check(&[("2026-01-05", 1, 0, 10, 0), ("2026-01-06", 1, 10, 10, 0)], false, None);
        check(&[("2026-01-05", 1, 0, 10, 0), ("2026-01-05", 2, 0, 10, 0)], false, None);
    }

    #[test]
    fn large_files_stay_and_part_their_neighbours() {
        check(&[("2026-01-05", 1, 0, 10, 0), ("2026-01-05", 1, 10, 51, 0), ("2026-01-05", 1, 20, 10, 0)], false, None);
        let five = |bytes| [0, 10, 20, 30, 40].map(|first| ("2026-01-05", 1, first, bytes, 0));
        check(&five(40), false, Some(&[0, 10]));
        check(&five(20), false, Some(&[0, 10, 20, 30, 40]));
        check(
            &[("2026-01-05", 1, 0, 60, 0), ("2026-01-05", 1, 10, 40, 0), ("2026-01-05", 1, 20, 40, 0)],
            false,
            Some(&[10, 20]),
        );
    }

    #[test]
    fn with_retention_only_files_added_on_one_day_come_together() {
        let files = [("2026-01-05", 1, 0, 10, 3), ("2026-01-05", 1, 10, 10, 4), ("2026-01-05", 1, 20, 10, 4)];
        check(&files, true, Some(&[10, 20]));
        check(&files, false, Some(&[0, 10, 20]));
    }

    #[test]
    fn files_of_others_are_left_alone() {
        let foreign = LiveFile {
            path: "date=2026-01-05/part-0.parquet".to_owned(),
            name: None,
            bytes: 1,
            rows: Some(1),
            added_ms: 0,
        };
        assert_eq!(group(vec![foreign.clone(), foreign], &SETTINGS, false), None);
    }
}
