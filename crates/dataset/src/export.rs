//! What a table is of.

use indelible_archive::layout;
use indelible_event::Organization;

/// The longest retention, in days: as in Foundry.
pub const RETENTION_DAYS_MAX: u16 = 730;

/// What one table holds. All of it is fixed when the table is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Names the export for ever; the table's application transactions bear it.
    pub id: String,
    /// The name people gave it.
    pub name: String,
    /// Whose log; no other row is ever in the table.
    pub organization: Organization,
    /// Only events with this `time` or a later one, microseconds since 1970 UTC; all if `None`.
    pub start_us: Option<i64>,
    /// Days that rows stay, counted from their append, 1 to [`RETENTION_DAYS_MAX`]; for ever if `None`.
    pub retention_days: Option<u16>,
    /// Whether each row has its salt, with which it proves itself.
    pub salt: bool,
}

impl Export {
    /// The application that the table's transactions are of.
    pub(crate) fn app_id(&self) -> String {
        format!("indelible-export-{}", self.id)
    }

    /// What the table says of itself to people.
    pub(crate) fn description(&self) -> String {
        let mut text = format!("Audit log (audit.3) of {}, export {} by Indelible", self.organization, self.name);
        if let Some(start_us) = self.start_us {
            text += &format!("; events since {}", layout::date(start_us));
        }
        match self.retention_days {
            Some(days) => text += &format!("; rows are deleted {days} days after they were added"),
            None => text += "; append-only",
        }
        text
    }

    /// Properties by which the table is known again.
    pub(crate) fn properties(&self) -> Vec<(&'static str, String)> {
        let text = |days: u16| days.to_string();
        let start = self.start_us.map_or("none".to_owned(), |start_us| start_us.to_string());
        vec![
            ("indelible.export", self.id.clone()),
            ("indelible.organization", self.organization.to_string()),
            ("indelible.startUs", start),
            ("indelible.retentionDays", self.retention_days.map_or("none".to_owned(), text)),
            ("delta.appendOnly", self.retention_days.is_none().to_string()),
        ]
    }
}
