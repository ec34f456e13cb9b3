//! What one person asks for and another decides: changes that cannot be undone, and the operator's look at whole entries.
//!
//! Whoever asked never decides. A token does not make another person: it counts as the one who made it.

use indelible_event::{Organization, Scope};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::{Control, ControlError, Denied, Operation, Principal, database, draw_id, parse};

/// Characters of a reason at most.
pub const REASON_BYTES_MAX: usize = 1024;
/// Requests of one organization that wait at one time.
const WAITING_MAX: i64 = 100;

const COLUMNS: &str = "select id, organization, action, reason, requested_by, root, requested_at_us, lapses_at_us, outcome, decided_by, \
                       decided_at_us, ends_at_us from request";

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its id.
    pub id: String,
    /// Whose log it is about.
    pub organization: Organization,
    /// What is to be done, as JSON of the server.
    pub action: String,
    /// Why.
    pub reason: String,
    /// Id of the principal that asked.
    pub requested_by: String,
    /// Who answers for that principal.
    root: String,
    /// When, microseconds since 1970 UTC.
    pub requested_at_us: i64,
    /// From when on nobody can decide it, microseconds since 1970 UTC.
    pub lapses_at_us: i64,
    /// What became of it, if anything did.
    pub decision: Option<Decision>,
    /// Until when what was approved may be done, microseconds since 1970 UTC; `None` if it was done at once.
    pub ends_at_us: Option<i64>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Which way.
    pub outcome: Outcome,
    /// Id of the principal that decided; `None` for an emergency.
    pub by: Option<String>,
    /// When, microseconds since 1970 UTC.
    pub at_us: i64,
}

/// Which way a request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It may be done, or was.
    Approved,
    /// It was not done.
    Refused,
    /// Whoever asked wants it no more; what was approved for a time has ended.
    Withdrawn,
}

impl Outcome {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn parse(name: &str) -> Result<Self, ControlError> {
        let all = [Self::Approved, Self::Refused, Self::Withdrawn];
        all.into_iter().find(|outcome| outcome.as_str() == name).ok_or_else(|| ControlError::Damaged(name.to_owned()))
    }
}

/// A new request.
pub struct NewRequest<'a> {
    /// Whose log it is about.
    pub organization: &'a Organization,
    /// What is to be done, as JSON of the server.
    pub action: &'a str,
    /// Why.
    pub reason: &'a str,
    /// From when on nobody can decide it, microseconds since 1970 UTC.
    pub lapses_at_us: i64,
    /// For an emergency, which nobody approves: until when it may be done, microseconds since 1970 UTC.
    pub emergency_until_us: Option<i64>,
}

/// Why a request cannot be decided this way.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// Whoever asked cannot approve.
    #[error(
        "whoever asked cannot decide, nor a token that they made; another person with {0} on the organization has to"
    )]
    SamePerson(Operation),
    /// It was decided, was withdrawn, or has lapsed.
    #[error("it waits for no decision any more: it was decided, was withdrawn, or nobody decided it in time")]
    NotWaiting,
    /// The database failed.
    #[error(transparent)]
    Control(#[from] ControlError),
}

impl Request {
    /// Whether it waits for a decision at `now_us`.
    pub fn waits(&self, now_us: i64) -> bool {
        self.decision.is_none() && now_us < self.lapses_at_us
    }

    /// Whether what it asks for may be done at `now_us`, for as long as it was approved for.
    pub fn is_active(&self, now_us: i64) -> bool {
        let approved = self.decision.as_ref().is_some_and(|decision| decision.outcome == Outcome::Approved);
        approved && self.ends_at_us.is_some_and(|end| now_us < end)
    }

    /// Whether nobody approved it.
    pub fn is_emergency(&self) -> bool {
        self.decision.as_ref().is_some_and(|decision| decision.outcome == Outcome::Approved && decision.by.is_none())
    }

    /// Whether the principal asked for it.
    pub fn is_by(&self, principal: &Principal) -> bool {
        self.requested_by == *principal.id
    }

    /// What `investigator` may read by this request: whole entries of its organization, while it lasts. The server has to know
    /// that this is what the request asks for.
    ///
    /// # Errors
    /// When somebody else asked for it, it was not approved, or it has ended.
    pub fn investigation(&self, investigator: &Principal, now_us: i64) -> Result<Scope, Denied> {
        investigator.require_platform(Operation::OperatorInvestigate)?;
        if !self.is_by(investigator) || !self.is_active(now_us) {
            return Err(Denied::Operation(Operation::OperatorInvestigate));
        }
        Ok(Scope::new(vec![self.organization.clone()]))
    }
}

impl Control {
    /// Writes down what somebody asks for. `None` when too many requests of the organization wait already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_request(
        &self,
        new: &NewRequest<'_>,
        by: &Principal,
        now_us: i64,
    ) -> Result<Option<Request>, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let failed = database("write down a request");
        let waiting = "select count(*) from request where organization = $1 and outcome is null and lapses_at_us > $2";
        let waiting = sqlx::query(waiting).bind(new.organization.as_str()).bind(now_us).fetch_one(&self.pool);
        if waiting.await.map_err(&failed)?.get::<i64, _>(0) >= WAITING_MAX {
            return Ok(None);
        }
        let id = draw_id()?;
        let emergency = new.emergency_until_us.map(|_| Outcome::Approved.as_str());
        sqlx::query(
            "insert into request (id, organization, action, reason, requested_by, root, requested_at_us, lapses_at_us, outcome, \
             decided_at_us, ends_at_us) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(&id)
        .bind(new.organization.as_str())
        .bind(new.action)
        .bind(new.reason)
        .bind(&*by.id)
        .bind(&*by.root)
        .bind(now_us)
        .bind(new.lapses_at_us)
        .bind(emergency)
        .bind(emergency.map(|_| now_us))
        .bind(new.emergency_until_us)
        .execute(&self.pool)
        .await
        .map_err(&failed)?;
        self.request(&id).await
    }

    /// The request with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn request(&self, id: &str) -> Result<Option<Request>, ControlError> {
        let select = format!("{COLUMNS} where id = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(select)).bind(id).fetch_optional(&self.pool).await;
        row.map_err(database("look for a request"))?.as_ref().map(read).transpose()
    }

    /// The newest requests of an organization, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn requests(&self, organization: &Organization, limit: u32) -> Result<Vec<Request>, ControlError> {
        let select = format!("{COLUMNS} where organization = $1 order by requested_at_us desc, id limit $2");
        let query = sqlx::query(sqlx::AssertSqlSafe(select)).bind(organization.as_str()).bind(i64::from(limit));
        let rows = query.fetch_all(&self.pool).await.map_err(database("list requests"))?;
        rows.iter().map(read).collect()
    }

    /// The newest requests of a principal, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn requests_by(&self, principal: &Principal, limit: u32) -> Result<Vec<Request>, ControlError> {
        let select = format!("{COLUMNS} where requested_by = $1 order by requested_at_us desc, id limit $2");
        let query = sqlx::query(sqlx::AssertSqlSafe(select)).bind(&*principal.id).bind(i64::from(limit));
        let rows = query.fetch_all(&self.pool).await.map_err(database("list requests"))?;
        rows.iter().map(read).collect()
    }

    /// Whether `by` may decide the request now.
    ///
    /// # Errors
    /// When it waits no more, or the two are one person.
    pub fn check_decision(request: &Request, by: &Principal, now_us: i64) -> Result<(), DecideError> {
        if !request.waits(now_us) {
            return Err(DecideError::NotWaiting);
        }
        if request.root == *by.root || request.is_by(by) {
            return Err(DecideError::SamePerson(Operation::OrganizationAdminister));
        }
        Ok(())
    }

    /// Approves a request, until `ends_at_us` if it is for a time, or refuses it. Of two who decide at the same time one does.
    ///
    /// # Errors
    /// When it waits no more, the two are one person, or the database fails.
    pub async fn decide_request(
        &self,
        request: &Request,
        by: &Principal,
        outcome: Outcome,
        ends_at_us: Option<i64>,
        now_us: i64,
    ) -> Result<(), DecideError> {
        Self::check_decision(request, by, now_us)?;
        let update = "update request set outcome = $1, decided_by = $2, decided_at_us = $3, ends_at_us = $4 \
                      where id = $5 and outcome is null and lapses_at_us > $6";
        let query = sqlx::query(update).bind(outcome.as_str()).bind(&*by.id).bind(now_us).bind(ends_at_us);
        let done = query.bind(&request.id).bind(now_us).execute(&self.pool).await;
        match done.map_err(database("decide a request"))?.rows_affected() {
            1 => Ok(()),
            _ => Err(DecideError::NotWaiting),
        }
    }

    /// Withdraws a request that waits, or ends what was approved for a time. Returns false if there is nothing to end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn withdraw_request(&self, id: &str, by: &Principal, now_us: i64) -> Result<bool, ControlError> {
        let update = "update request set outcome = 'withdrawn', decided_by = $1, decided_at_us = $2 where id = $3 \
                      and ((outcome is null and lapses_at_us > $4) or (outcome = 'approved' and ends_at_us > $5))";
        let query = sqlx::query(update).bind(&*by.id).bind(now_us).bind(id).bind(now_us).bind(now_us);
        let done = query.execute(&self.pool).await.map_err(database("withdraw a request"))?;
        Ok(done.rows_affected() == 1)
    }
}

fn read(row: &AnyRow) -> Result<Request, ControlError> {
    let decision = match row.get::<Option<&str>, _>(8) {
        Some(outcome) => {
            let at_us = row.get::<Option<i64>, _>(10).unwrap_or_default();
            Some(Decision { outcome: Outcome::parse(outcome)?, by: row.get(9), at_us })
        }
        None => None,
    };
    Ok(Request {
        id: row.get(0),
        organization: parse(row.get(1))?,
        action: row.get(2),
        reason: row.get(3),
        requested_by: row.get(4),
        root: row.get(5),
        requested_at_us: row.get(6),
        lapses_at_us: row.get(7),
        decision,
        ends_at_us: row.get(11),
    })
}
