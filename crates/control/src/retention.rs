//! How long an organization's log files are kept, and which were let go of.

use std::collections::HashMap;

use indelible_event::Organization;
use sqlx::Row as _;

use crate::{Control, ControlError, Principal, database, parse};

/// A setting of an organization's retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionSetting {
    /// When it was set, microseconds since 1970 UTC.
    pub since_us: i64,
    /// Days from when the last entry of a log file was received; `None` for ever.
    pub days: Option<u32>,
    /// Whether nothing goes until a later setting says otherwise.
    pub hold: bool,
    /// Whether the locks of the log files that were there are as long.
    pub locked: bool,
}

/// A log file that a retention entry names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedFile {
    /// Whose.
    pub organization: Organization,
    /// Generation of the log.
    pub generation: u32,
    /// `seq` of its first entry.
    pub first: u64,
    /// `seq` of its last entry.
    pub last: u64,
    /// The object.
    pub object: String,
    /// Generation and `seq` of the retention entry.
    pub entry: (u32, u64),
    /// When it was removed, microseconds since 1970 UTC.
    pub removed_at_us: Option<i64>,
}

impl Control {
    /// Sets an organization's retention from `setting.since_us` on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_retention(
        &self,
        organization: &Organization,
        setting: RetentionSetting,
        by: &Principal,
    ) -> Result<(), ControlError> {
        let insert = "insert into retention (organization, days, hold, since_us, locked, set_by) values ($1, $2, $3, $4, $5, $6)";
        let query = sqlx::query(insert)
            .bind(organization.as_str())
            .bind(setting.days.map(i64::from))
            .bind(i64::from(setting.hold));
        let query = query.bind(setting.since_us).bind(i64::from(setting.locked)).bind(&*by.id);
        query.execute(&self.pool).await.map_err(database("set a retention"))?;
        self.reload().await
    }

    /// All settings there ever were, oldest first; none if nothing was ever set.
    pub fn retention(&self, organization: &Organization) -> Vec<RetentionSetting> {
        self.read().retention.get(organization).cloned().unwrap_or_default()
    }

    /// Notes that the locks of an organization's log files are as long as its retention wants that was set then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_locked(&self, organization: &Organization, since_us: i64) -> Result<(), ControlError> {
        let update = "update retention set locked = 1 where organization = $1 and since_us <= $2";
        let query = sqlx::query(update).bind(organization.as_str()).bind(since_us);
        query.execute(&self.pool).await.map_err(database("note that files are locked"))?;
        self.reload().await
    }

    pub(crate) async fn read_retention(&self) -> Result<HashMap<Organization, Vec<RetentionSetting>>, ControlError> {
        let select = "select organization, since_us, days, hold, locked from retention order by since_us, id";
        let mut settings: HashMap<_, Vec<_>> = HashMap::new();
        for row in sqlx::query(select).fetch_all(&self.pool).await.map_err(database("read retention"))? {
            settings.entry(parse(row.get(0))?).or_default().push(RetentionSetting {
                since_us: row.get(1),
                days: row.get::<Option<i64>, _>(2).and_then(|days| u32::try_from(days).ok()),
                hold: row.get::<i64, _>(3) != 0,
                locked: row.get::<i64, _>(4) != 0,
            });
        }
        Ok(settings)
    }

    /// Notes that a retention entry names these files. Those that are noted already stay as they are.
    ///
    /// # Errors
    /// When the database fails; then none is noted.
    pub async fn note_dropped(&self, files: &[DroppedFile]) -> Result<(), ControlError> {
        let mut transaction = self.pool.begin().await.map_err(database("note dropped files"))?;
        for file in files {
            sqlx::query(
                "insert into dropped_file (organization, generation, first_seq, last_seq, object, entry_generation, \
                 entry_seq, removed_at_us) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
            )
            .bind(file.organization.as_str())
            .bind(i64::from(file.generation))
            .bind(file.first.cast_signed())
            .bind(file.last.cast_signed())
            .bind(&file.object)
            .bind(i64::from(file.entry.0))
            .bind(file.entry.1.cast_signed())
            .bind(file.removed_at_us)
            .execute(&mut *transaction)
            .await
            .map_err(database("note dropped files"))?;
        }
        transaction.commit().await.map_err(database("note dropped files"))
    }

    /// Notes that a file was removed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_removed(&self, file: &DroppedFile, now_us: i64) -> Result<(), ControlError> {
        let update =
            "update dropped_file set removed_at_us = $1 where organization = $2 and generation = $3 and first_seq = $4";
        let query = sqlx::query(update).bind(now_us).bind(file.organization.as_str()).bind(i64::from(file.generation));
        let query = query.bind(file.first.cast_signed());
        query.execute(&self.pool).await.map(drop).map_err(database("note a removed file"))
    }

    /// All files that retention entries name, by organization, generation and `seq`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn dropped_files(&self) -> Result<Vec<DroppedFile>, ControlError> {
        let select = "select organization, generation, first_seq, last_seq, object, entry_generation, entry_seq, removed_at_us \
                      from dropped_file order by organization, generation, first_seq";
        let rows = sqlx::query(select).fetch_all(&self.pool).await.map_err(database("read dropped files"))?;
        let read = |row: &sqlx::any::AnyRow| {
            Ok(DroppedFile {
                organization: parse(row.get(0))?,
                generation: number(row, 1)?,
                first: row.get::<i64, _>(2).unsigned_abs(),
                last: row.get::<i64, _>(3).unsigned_abs(),
                object: row.get(4),
                entry: (number(row, 5)?, row.get::<i64, _>(6).unsigned_abs()),
                removed_at_us: row.get(7),
            })
        };
        rows.iter().map(read).collect()
    }
}

fn number(row: &sqlx::any::AnyRow, column: usize) -> Result<u32, ControlError> {
    u32::try_from(row.get::<i64, _>(column)).map_err(|_| ControlError::Damaged("a generation".to_owned()))
}
