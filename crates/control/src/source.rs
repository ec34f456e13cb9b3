//! Sources: through which adapter goes what a principal sends that is no event.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::Row as _;

use crate::{Control, ControlError, database};

impl Control {
    /// Lets what the principal sends go through this adapter.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_adapter(&self, principal: &str, adapter: &str) -> Result<(), ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let upsert = "insert into source (principal, adapter) values ($1, $2) \
                      on conflict (principal) do update set adapter = excluded.adapter";
        let query = sqlx::query(upsert).bind(principal).bind(adapter);
        query.execute(&self.pool).await.map_err(database("set the adapter of a source"))?;
        self.reload().await
    }

    /// Adapters by principal.
    pub(crate) async fn read_adapters(&self) -> Result<HashMap<String, Arc<str>>, ControlError> {
        let rows = self.rows("read sources", "select principal, adapter from source").await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get::<&str, _>(1).into())).collect())
    }
}
