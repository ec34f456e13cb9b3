//! How the operator is shown an organization's entries.

use std::collections::BTreeSet;

use indelible_event::Organization;
use sqlx::Row as _;

use crate::{Control, ControlError, Principal, database, parse};

impl Control {
    /// Whether the operator is shown the organization's people, sessions and tokens as pseudonyms.
    pub fn shows_pseudonyms(&self, organization: &Organization) -> bool {
        self.read().pseudonyms.contains(organization)
    }

    /// Decides whether it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_pseudonyms(
        &self,
        organization: &Organization,
        pseudonyms: bool,
        by: &Principal,
        now_us: i64,
    ) -> Result<(), ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let upsert = "insert into operator_view (organization, pseudonyms, set_by, set_at_us) values ($1, $2, $3, $4) \
                      on conflict (organization) do update set pseudonyms = excluded.pseudonyms, \
                      set_by = excluded.set_by, set_at_us = excluded.set_at_us";
        let query =
            sqlx::query(upsert).bind(organization.as_str()).bind(i64::from(pseudonyms)).bind(&*by.id).bind(now_us);
        query.execute(&self.pool).await.map_err(database("set the operator's view"))?;
        self.reload().await
    }

    pub(crate) async fn read_pseudonyms(&self) -> Result<BTreeSet<Organization>, ControlError> {
        let select = "select organization from operator_view where pseudonyms <> 0";
        let rows = sqlx::query(select).fetch_all(&self.pool).await.map_err(database("read the operator's views"))?;
        rows.iter().map(|row| parse(row.get(0))).collect()
    }
}
