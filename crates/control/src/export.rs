//! Exports: who asked for which table of an organization's log.

use std::sync::Arc;

use indelible_event::Organization;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::{Control, ControlError, Principal, database, draw_id, parse};

/// An export of an organization's log to a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Names it for ever, in the table too.
    pub id: String,
    /// Whose log.
    pub organization: Organization,
    /// What was asked for.
    pub settings: ExportSettings,
    /// When it was created, microseconds since 1970 UTC.
    pub created_at_us: i64,
    /// When it was disabled, if it was.
    pub disabled_at_us: Option<i64>,
}

/// What an export is created with. None of it can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportSettings {
    /// Name within the organization.
    pub name: String,
    /// URL of the table's folder.
    pub destination: String,
    /// The kind of log, `audit.3`.
    pub log_type: String,
    /// Only events from this `time` on, microseconds since 1970 UTC.
    pub start_us: Option<i64>,
    /// Days that rows stay after they were added; for ever if `None`.
    pub retention_days: Option<u16>,
    /// Whether rows carry their salts.
    pub salt: bool,
    /// Who may read the table, as stated; the place it stands in enforces it.
    pub readers: Vec<String>,
}

impl Export {
    /// Whether rows are still added.
    pub fn is_active(&self) -> bool {
        self.disabled_at_us.is_none()
    }
}

impl Control {
    /// Creates an export; `None` if the organization has, or had, one of that name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_export(
        &self,
        organization: &Organization,
        settings: &ExportSettings,
        creator: &Principal,
        now_us: i64,
    ) -> Result<Option<Arc<Export>>, ControlError> {
        let id = draw_id()?;
        let readers = serde_json::to_string(&settings.readers).unwrap_or_default();
        let inserted = sqlx::query(
            "insert into export (id, organization, name, destination, log_type, start_us, retention_days, salt, \
             readers, created_at_us, created_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing",
        )
        .bind(id)
        .bind(organization.as_str())
        .bind(&settings.name)
        .bind(&settings.destination)
        .bind(&settings.log_type)
        .bind(settings.start_us)
        .bind(settings.retention_days.map(i64::from))
        .bind(i64::from(settings.salt))
        .bind(readers)
        .bind(now_us)
        .bind(&*creator.id)
        .execute(&self.pool)
        .await
        .map_err(database("create an export"))?
        .rows_affected();
        self.reload().await?;
        Ok((inserted == 1).then(|| self.export(organization, &settings.name)).flatten())
    }

    /// Ends an export for ever; false if there is none of that name. To end it again changes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn disable_export(
        &self,
        organization: &Organization,
        name: &str,
        now_us: i64,
    ) -> Result<bool, ControlError> {
        let disable =
            "update export set disabled_at_us = coalesce(disabled_at_us, $1) where organization = $2 and name = $3";
        let query = sqlx::query(disable).bind(now_us).bind(organization.as_str()).bind(name);
        let changed = query.execute(&self.pool).await.map_err(database("disable an export"))?.rows_affected();
        self.reload().await?;
        Ok(changed == 1)
    }

    /// The export of that name.
    pub fn export(&self, organization: &Organization, name: &str) -> Option<Arc<Export>> {
        let exports = &self.read().exports;
        let is_it = |export: &&Arc<Export>| export.organization == *organization && export.settings.name == name;
        exports.iter().find(is_it).cloned()
    }

    /// All exports, disabled ones too, by organization and name.
    pub fn exports(&self) -> Vec<Arc<Export>> {
        self.read().exports.clone()
    }

    /// Whether an export of the organization is active.
    pub fn has_active_export(&self, organization: &Organization) -> bool {
        self.read().exports.iter().any(|export| export.organization == *organization && export.is_active())
    }

    pub(crate) async fn read_exports(&self) -> Result<Vec<Arc<Export>>, ControlError> {
        let rows = sqlx::query(
            "select id, organization, name, destination, log_type, start_us, retention_days, salt, readers, \
             created_at_us, disabled_at_us from export order by organization, name",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(database("read exports"))?;
        rows.iter().map(|row| read(row).map(Arc::new)).collect()
    }
}

fn read(row: &AnyRow) -> Result<Export, ControlError> {
    let readers: &str = row.get(8);
    let readers = serde_json::from_str(readers).map_err(|_| ControlError::Damaged(readers.to_owned()))?;
    Ok(Export {
        id: row.get(0),
        organization: parse(row.get(1))?,
        settings: ExportSettings {
            name: row.get(2),
            destination: row.get(3),
            log_type: row.get(4),
            start_us: row.get(5),
            retention_days: row.get::<Option<i64>, _>(6).and_then(|days| u16::try_from(days).ok()),
            salt: row.get::<i64, _>(7) != 0,
            readers,
        },
        created_at_us: row.get(9),
        disabled_at_us: row.get(10),
    })
}
