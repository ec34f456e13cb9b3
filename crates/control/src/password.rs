//! The password of the embedded administrator: its hash, and how often it was tried in vain. The hash is made by whoever calls.

use sqlx::Row as _;

use crate::{ADMINISTRATOR, Control, ControlError, database};

/// Failures in a row after which the next attempt has to wait.
const FAILURES_FREE: i64 = 5;
/// The first wait, seconds. Each further failure doubles it.
const WAIT_SECONDS: i64 = 1;
/// The longest wait, seconds: whoever owns the account is kept out no longer by somebody who guesses.
const WAIT_SECONDS_MAX: i64 = 900;

/// A password as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPassword {
    /// Its hash.
    pub hash: String,
    /// Whether it is good for nothing but setting another one.
    pub must_change: bool,
}

impl Control {
    /// Name and id of the embedded administrator.
    pub const ADMINISTRATOR: &str = ADMINISTRATOR;

    /// Sets the administrator's password by its hash; failures before are forgotten.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_password(&self, hash: &str, must_change: bool) -> Result<(), ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let upsert = "insert into password (principal, hash, must_change, failures, locked_until_us) values ($1, $2, $3, 0, 0) \
                      on conflict (principal) do update set hash = excluded.hash, must_change = excluded.must_change, \
                      failures = 0, locked_until_us = 0";
        let query = sqlx::query(upsert).bind(ADMINISTRATOR).bind(hash).bind(i64::from(must_change));
        query.execute(&self.pool).await.map_err(database("set the password"))?;
        Ok(())
    }

    /// The administrator's password for one attempt at `now_us`; `None` if there is none, or the last failures were too recent.
    ///
    /// The attempt counts as failed until [`Self::note_right_password`]: many at one time are as many, and a crash forgives none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn try_password(&self, now_us: i64) -> Result<Option<StoredPassword>, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let failed = database("look up the password");
        let select = "select hash, must_change, failures, locked_until_us from password where principal = $1";
        let row = sqlx::query(select).bind(ADMINISTRATOR).fetch_optional(&self.pool).await.map_err(&failed)?;
        let Some(row) = row.filter(|row| row.get::<i64, _>(3) <= now_us) else { return Ok(None) };
        let failures = row.get::<i64, _>(2).saturating_add(1);
        let locked_until_us = now_us + wait_seconds(failures) * 1_000_000;
        let update = "update password set failures = $1, locked_until_us = $2 where principal = $3";
        let update = sqlx::query(update).bind(failures).bind(locked_until_us).bind(ADMINISTRATOR);
        update.execute(&self.pool).await.map_err(&failed)?;
        Ok(Some(StoredPassword { hash: row.get(0), must_change: row.get::<i64, _>(1) != 0 }))
    }

    /// Forgets the failures: the password was right.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_right_password(&self) -> Result<(), ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let update = "update password set failures = 0, locked_until_us = 0 where principal = $1";
        let update = sqlx::query(update).bind(ADMINISTRATOR).execute(&self.pool).await;
        update.map_err(database("forget failures")).map(drop)
    }
}

/// How long the next attempt has to wait after so many failures.
fn wait_seconds(failures: i64) -> i64 {
    match failures - FAILURES_FREE {
        ..0 => 0,
        doublings @ 0..=10 => (WAIT_SECONDS << doublings).min(WAIT_SECONDS_MAX),
        _ => WAIT_SECONDS_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_the_fifth_failure_on_and_are_bounded() {
        for (failures, seconds) in
            [(1, 0), (4, 0), (5, 1), (6, 2), (9, 16), (14, 512), (15, 900), (16, 900), (i64::MAX, 900)]
        {
            assert_eq!(wait_seconds(failures), seconds, "{failures}");
        }
    }
}
