//! Sessions of people and of the embedded administrator: a secret in a cookie, with an end, and with an earlier one if it is not
//! used. Only the hash of the secret is kept.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::Row as _;

use crate::grant::{RoleGrant, add_granted};
use crate::issued::Use;
use crate::person::Person;
use crate::token::{self, Secret};
use crate::{Control, ControlError, Principal, Rights, database, hash_of};

/// How the text of a session's secret begins.
const SECRET_PREFIX: &str = "indelible-session_";
/// Sessions of one principal that live at one time. A further one ends the oldest.
const SESSIONS_MAX: usize = 20;

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Session {
    /// Id, which is no secret.
    pub id: Arc<str>,
    /// Who, and what they may do now.
    pub principal: Arc<Principal>,
    /// When it ends at the latest, microseconds since 1970.
    pub expires_at_us: i64,
}

impl Session {
    /// When it was last used, microseconds since 1970.
    pub fn last_used_us(&self) -> i64 {
        self.principal.used.last_us()
    }
}

impl Control {
    /// The session of a secret, if it lives at `now_us` and was used in the last `idle_us`. This is a use.
    pub fn authenticate_session(&self, secret: &str, idle_us: i64, now_us: i64) -> Option<Arc<Session>> {
        if secret.len() > token::LENGTH_MAX {
            return None;
        }
        let session = self.read().sessions.get(&token::hash(secret)).cloned()?;
        if session.expires_at_us <= now_us || now_us.saturating_sub(session.last_used_us()) >= idle_us {
            return None;
        }
        session.principal.used.note(now_us);
        Some(session)
    }

    /// Begins a session of a principal, with a new secret. Those that are over go, and the oldest where there are too many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_session(
        &self,
        principal: &str,
        now_us: i64,
        expires_at_us: i64,
    ) -> Result<Secret, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let secret = Secret::draw(SECRET_PREFIX).map_err(ControlError::Random)?;
        let failed = database("begin a session");
        let mut transaction = self.pool.begin().await.map_err(&failed)?;
        let over = sqlx::query("delete from session where expires_at_us <= $1").bind(now_us);
        over.execute(&mut *transaction).await.map_err(&failed)?;
        let newest = "select id from session where principal = $1 order by created_at_us desc, id";
        let newest = sqlx::query(newest).bind(principal).fetch_all(&mut *transaction).await.map_err(&failed)?;
        for old in newest.iter().skip(SESSIONS_MAX - 1) {
            let delete = sqlx::query("delete from session where id = $1").bind(old.get::<&str, _>(0));
            delete.execute(&mut *transaction).await.map_err(&failed)?;
        }
        let insert = "insert into session (id, principal, secret_sha256, created_at_us, last_used_us, expires_at_us) \
                      values ($1, $2, $3, $4, $5, $6)";
        sqlx::query(insert)
            .bind(&secret.id)
            .bind(principal)
            .bind(secret.hash().to_vec())
            .bind(now_us)
            .bind(now_us)
            .bind(expires_at_us)
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
        transaction.commit().await.map_err(&failed)?;
        self.reload().await?;
        Ok(secret)
    }

    /// Ends a session. Returns false if there is none with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(&self, id: &str) -> Result<bool, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let deleted = sqlx::query("delete from session where id = $1").bind(id).execute(&self.pool).await;
        let deleted = deleted.map_err(database("end a session"))?.rows_affected();
        self.reload().await?;
        Ok(deleted == 1)
    }

    /// Ends all sessions of a principal and returns their number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_sessions_of(&self, principal: &str) -> Result<u64, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let deleted = sqlx::query("delete from session where principal = $1").bind(principal).execute(&self.pool).await;
        let deleted = deleted.map_err(database("end sessions"))?.rows_affected();
        self.reload().await?;
        Ok(deleted)
    }

    /// Ends the sessions of all for whom `may_stay` says no; it is told the name of their provider, `None` for the embedded
    /// administrator. Returns their number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_sessions_unless(&self, may_stay: impl Fn(Option<&str>) -> bool) -> Result<u64, ControlError> {
        let principals: Vec<Arc<str>> = {
            let state = self.read();
            let all = state.sessions.values().map(|session| Arc::clone(&session.principal.id));
            all.filter(|id| !may_stay(state.people.get(id).map(|person| person.provider.as_str()))).collect()
        };
        let mut ended = 0;
        for principal in principals {
            ended += self.end_sessions_of(&principal).await?;
        }
        Ok(ended)
    }

    /// Writes down when sessions were last used.
    pub(crate) async fn keep_session_uses(&self) -> Result<(), ControlError> {
        let uses: Vec<(Arc<str>, Arc<Use>)> = {
            let state = self.read();
            let all = state.sessions.values();
            all.map(|session| (Arc::clone(&session.id), Arc::clone(&session.principal.used))).collect()
        };
        for (id, used) in uses.into_iter().filter(|(_, used)| used.is_newer()) {
            let last_us = used.last_us();
            let update = sqlx::query("update session set last_used_us = $1 where id = $2").bind(last_us).bind(&*id);
            update.execute(&self.pool).await.map_err(database("note when a session was used"))?;
            used.kept(last_us);
        }
        Ok(())
    }

    /// The sessions by the hashes of their secrets.
    pub(crate) async fn read_sessions(
        &self,
        direct: &HashMap<String, Rights>,
        grants: &[Arc<RoleGrant>],
        people: &HashMap<Arc<str>, Arc<Person>>,
    ) -> Result<HashMap<[u8; 32], Arc<Session>>, ControlError> {
        let select = "select s.id, s.secret_sha256, s.expires_at_us, p.id, p.name, s.last_used_us, coalesce(p.root, p.id) from session s \
                      join principal p on p.id = s.principal";
        let mut sessions = HashMap::new();
        for row in self.rows("read sessions", select).await? {
            let (id, expires_at_us): (Arc<str>, i64) = (row.get::<&str, _>(0).into(), row.get(2));
            let mut rights = direct.get(row.get::<&str, _>(3)).cloned().unwrap_or_default();
            if let Some(person) = people.get(row.get::<&str, _>(3)) {
                add_granted(&mut rights, grants, person);
            }
            let hash = hash_of(&row, 1)?;
            // What is not written down yet stays known.
            let known = self.read().sessions.get(&hash).map(|known| Arc::clone(&known.principal.used));
            let used = known.unwrap_or_else(|| Use::since(Some(row.get(5))));
            let principal = Arc::new(Principal {
                id: row.get::<&str, _>(3).into(),
                name: row.get::<&str, _>(4).into(),
                root: row.get::<&str, _>(6).into(),
                token_id: Arc::clone(&id),
                expires_at_us: Some(expires_at_us),
                adapter: None,
                used,
                platform: rights.platform,
                organizations: rights.organizations,
            });
            sessions.insert(hash, Arc::new(Session { id, principal, expires_at_us }));
        }
        Ok(sessions)
    }
}
