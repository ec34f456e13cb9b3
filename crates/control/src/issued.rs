//! Tokens that were made: what they allow, when they were last presented, and their end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use indelible_event::Organization;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::{ADMINISTRATOR, Control, ControlError, Operation, database, parse};

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Id of the token, which is no secret.
    pub id: String,
    /// Id of whom it is for.
    pub principal: String,
    /// Name of whom it is for.
    pub name: String,
    /// Where it allows what it does; the operator's reach if `None`.
    pub target: Option<Organization>,
    /// What it allows there.
    pub operations: BTreeSet<Operation>,
    /// When it was made, microseconds since 1970 UTC.
    pub created_at_us: i64,
    /// When it ends, if it does.
    pub expires_at_us: Option<i64>,
    /// When it was last presented, as far as that was written down; `None` if never.
    pub last_used_us: Option<i64>,
    /// The adapter through which goes what is sent with it that is no event.
    pub adapter: Option<String>,
}

impl Token {
    /// Whether it is that of the embedded administrator, without which nobody could make another.
    pub fn is_administrators(&self) -> bool {
        self.principal == ADMINISTRATOR
    }
}

/// When a token was last presented, and what of that is in the database: microseconds since 1970 UTC, 0 for never.
#[derive(Debug, Default)]
pub(crate) struct Use {
    last_us: AtomicI64,
    kept_us: AtomicI64,
}

impl Use {
    pub(crate) fn since(kept_us: Option<i64>) -> Arc<Self> {
        let kept_us = kept_us.unwrap_or(0);
        Arc::new(Self { last_us: kept_us.into(), kept_us: kept_us.into() })
    }

    pub(crate) fn last_us(&self) -> i64 {
        self.last_us.load(Relaxed)
    }

    /// Whether the last one is not written down.
    pub(crate) fn is_newer(&self) -> bool {
        self.last_us() > self.kept_us.load(Relaxed)
    }

    /// Notes what was written down.
    pub(crate) fn kept(&self, last_us: i64) {
        self.kept_us.store(last_us, Relaxed);
    }

    pub(crate) fn note(&self, now_us: i64) {
        // Written only once a second: many threads present one token.
        if now_us.saturating_sub(self.last_us.load(Relaxed)) >= 1_000_000 {
            self.last_us.fetch_max(now_us, Relaxed);
        }
    }
}

const TOKENS: &str = "select t.id, p.id, p.name, t.created_at_us, t.expires_at_us, t.last_used_us, m.target, \
                      string_agg(m.operation, ' '), s.adapter from token t join principal p on p.id = t.principal \
                      left join source s on s.principal = p.id join permission m on m.principal = p.id and (m.target = '*' or not exists \
                      (select 1 from permission o where o.principal = p.id and o.target = '*'))";

impl Control {
    /// The tokens for an organization, or those with the operator's reach; oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens(&self, target: Option<&Organization>) -> Result<Vec<Token>, ControlError> {
        let select = format!(
            "{TOKENS} where m.target = $1 group by t.id, p.id, m.target, s.adapter order by t.created_at_us, t.id"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(select)).bind(target.map_or("*", Organization::as_str));
        let rows = query.fetch_all(&self.pool).await.map_err(database("list tokens"))?;
        rows.iter().map(read).collect()
    }

    /// The token with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token(&self, id: &str) -> Result<Option<Token>, ControlError> {
        let select = format!("{TOKENS} where t.id = $1 group by t.id, p.id, m.target, s.adapter");
        let row = sqlx::query(sqlx::AssertSqlSafe(select)).bind(id).fetch_optional(&self.pool).await;
        row.map_err(database("look for a token"))?.as_ref().map(read).transpose()
    }

    /// Ends a token at once. Returns false if there is none with this id, or it is the administrator's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_token(&self, id: &str) -> Result<bool, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let delete = sqlx::query("delete from token where id = $1 and principal <> $2").bind(id).bind(ADMINISTRATOR);
        let deleted = delete.execute(&self.pool).await.map_err(database("revoke a token"))?.rows_affected();
        self.reload().await?;
        Ok(deleted == 1)
    }

    /// Writes down when tokens and sessions were last presented. To be called now and then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_uses(&self) -> Result<(), ControlError> {
        let uses: Vec<_> = {
            let state = self.read();
            let all = state.principals.values();
            let all = all.map(|principal| (Arc::clone(&principal.token_id), Arc::clone(&principal.used)));
            all.filter(|(_, used)| used.last_us.load(Relaxed) > used.kept_us.load(Relaxed)).collect()
        };
        for (id, used) in uses {
            let last_us = used.last_us.load(Relaxed);
            let update = sqlx::query("update token set last_used_us = $1 where id = $2").bind(last_us).bind(&*id);
            update.execute(&self.pool).await.map_err(database("note when a token was used"))?;
            used.kept_us.store(last_us, Relaxed);
        }
        self.keep_session_uses().await
    }
}

fn read(row: &AnyRow) -> Result<Token, ControlError> {
    let target = match row.get::<&str, _>(6) {
        "*" => None,
        rid => Some(parse(rid)?),
    };
    let operations = row.get::<&str, _>(7).split(' ').map(parse::<Operation>).collect::<Result<_, _>>()?;
    Ok(Token {
        id: row.get(0),
        principal: row.get(1),
        name: row.get(2),
        target,
        operations,
        created_at_us: row.get(3),
        expires_at_us: row.get(4),
        last_used_us: row.get(5),
        adapter: row.get(8),
    })
}
