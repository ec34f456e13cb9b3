//! Sinks, as they are remembered: what each is called, whose it is and what was said about it.

use indelible_event::Organization;
use sqlx::Row as _;

use crate::{Control, ControlError, database, parse};

/// Longest name of a sink in bytes.
pub const SINK_NAME_BYTES_MAX: usize = 64;

/// A sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sink {
    /// Names it for ever, also where another later takes its name: 16 hex digits.
    pub id: String,
    /// Whose log it delivers.
    pub organization: Organization,
    /// Its name within the organization: 1 to [`SINK_NAME_BYTES_MAX`] of `a-z 0-9 -`.
    pub name: String,
    /// What it is to do, as JSON that this crate does not look into. Without secrets.
    pub settings: String,
    /// Where it begins, while it has no cursor: generation and `seq`.
    pub begin: (u32, u64),
    /// Whether it runs.
    pub enabled: bool,
    /// When it was made, microseconds since 1970.
    pub created_at_us: i64,
}

impl Sink {
    /// Whether a sink can have this name.
    pub fn is_name(name: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=SINK_NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(plain)
    }
}

impl Control {
    /// Remembers a new sink. Returns false if the organization has one of that name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_sink(&self, sink: &Sink) -> Result<bool, ControlError> {
        let created = sqlx::query(
            "insert into sink (id, organization, name, settings, begin_generation, begin_seq, enabled, created_at_us) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
        )
        .bind(&sink.id)
        .bind(sink.organization.as_str())
        .bind(&sink.name)
        .bind(&sink.settings)
        .bind(i64::from(sink.begin.0))
        .bind(i64::try_from(sink.begin.1).unwrap_or(i64::MAX))
        .bind(i64::from(sink.enabled))
        .bind(sink.created_at_us)
        .execute(&self.pool)
        .await
        .map_err(database("create a sink"))?;
        Ok(created.rows_affected() == 1)
    }

    /// All sinks, by organization and name.
    ///
    /// # Errors
    /// When the database fails or is damaged.
    pub async fn sinks(&self) -> Result<Vec<Sink>, ControlError> {
        let rows = sqlx::query(
            "select id, organization, name, settings, begin_generation, begin_seq, enabled, created_at_us from sink order by organization, name",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(database("read sinks"))?;
        let damaged = |_| ControlError::Damaged("a sink's beginning".to_owned());
        let sink = |row: &sqlx::any::AnyRow| {
            Ok(Sink {
                id: row.get(0),
                organization: parse(row.get(1))?,
                name: row.get(2),
                settings: row.get(3),
                begin: (
                    u32::try_from(row.get::<i64, _>(4)).map_err(damaged)?,
                    u64::try_from(row.get::<i64, _>(5)).map_err(damaged)?,
                ),
                enabled: row.get::<i64, _>(6) != 0,
                created_at_us: row.get(7),
            })
        };
        rows.iter().map(sink).collect()
    }

    /// Switches a sink on or off.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enable_sink(&self, id: &str, enabled: bool) -> Result<(), ControlError> {
        let done = sqlx::query("update sink set enabled = $1 where id = $2")
            .bind(i64::from(enabled))
            .bind(id)
            .execute(&self.pool);
        done.await.map_err(database("switch a sink")).map(drop)
    }

    /// Forgets a sink.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_sink(&self, id: &str) -> Result<(), ControlError> {
        let done = sqlx::query("delete from sink where id = $1").bind(id).execute(&self.pool);
        done.await.map_err(database("delete a sink")).map(drop)
    }
}
