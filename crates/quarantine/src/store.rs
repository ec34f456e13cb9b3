//! The file of the quarantine.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use indelible_event::{ContentKey, KeyId, Organization};
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, SqlitePool};
use tokio::sync::Mutex;

use crate::RECORD_BYTES_MAX;
use crate::seal::{Content, SealError};

/// The version of the schema.
const SCHEMA: i64 = 3;
/// What a record costs beside its content: its row and what stands in the indexes.
const ROW_BYTES: u64 = 512;
/// Ids named in one statement.
const IDS_AT_ONCE: usize = 500;

/// Why the quarantine could not be used.
#[derive(Debug, thiserror::Error)]
pub enum QuarantineError {
    /// The file failed.
    #[error("{0} in the quarantine")]
    Database(&'static str, #[source] sqlx::Error),
    /// It was written by a newer version.
    #[error("the quarantine has schema {0}, which this version does not know; start the newer version again")]
    TooNew(i64),
    /// A row is not what was written.
    #[error("the quarantine holds {0:?}, which this version cannot read")]
    Damaged(String),
    /// A content cannot be read or kept.
    #[error(transparent)]
    Seal(#[from] SealError),
}

fn database(action: &'static str) -> impl Fn(sqlx::Error) -> QuarantineError {
    move |source| QuarantineError::Database(action, source)
}

/// How much may be kept, bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of all organizations.
    pub bytes: u64,
    /// Of one.
    pub organization_bytes: u64,
}

/// In which organizations' logs its sender could have had the events of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In that of the record's organization alone, whatever they say.
    Own,
    /// In those of these, as they say.
    Some(Vec<Organization>),
    /// In all, as they say.
    Any,
}

impl Reach {
    /// `own`, `any`, or RIDs with a space between.
    fn to_text(&self) -> String {
        match self {
            Self::Own => "own".to_owned(),
            Self::Any => "any".to_owned(),
            Self::Some(organizations) => organizations.iter().map(Organization::as_str).collect::<Vec<_>>().join(" "),
        }
    }

    fn parse(text: &str) -> Result<Self, QuarantineError> {
        let rids = || text.split(' ').filter(|rid| !rid.is_empty());
        Ok(match text {
            "own" => Self::Own,
            "any" => Self::Any,
            _ => Self::Some(rids().map(|rid| rid.parse().map_err(|_| damaged(text))).collect::<Result<_, _>>()?),
        })
    }
}

/// A record that was refused.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Whose it is.
    pub organization: Organization,
    /// How it came, such as `hec` or `syslog/edge`.
    pub source: String,
    /// Who sent it.
    pub producer: String,
    /// The adapter it was meant for, by name.
    pub adapter: Option<String>,
    /// Whose events it could be.
    pub reach: Reach,
    /// How many equal records stood before it where it came in. Part of the ids of the events made of it.
    pub occurrence: u32,
    /// Why, for programs.
    pub code: String,
    /// When, microseconds since 1970.
    pub received_at_us: i64,
    /// Its length, bytes; the content may hold less of it.
    pub bytes: u64,
    /// The zone of times in it that name none, where its sender has said so: a name such as `Europe/Berlin`, or an offset.
    pub timezone: Option<String>,
    /// The year of times in it that name none, where its sender has said so.
    pub year: Option<i16>,
    /// What it is.
    pub content: Content,
}

impl Refused {
    /// Names it: the same record from the same sender has the same id, so that what is sent again is kept once.
    fn id(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"indelible/quarantine/v1\0");
        let adapter = self.adapter.as_deref().unwrap_or_default();
        let texts = [self.organization.as_str(), &self.source, &self.producer, adapter];
        for part in texts.into_iter().map(str::as_bytes).chain([&*self.content.record]) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(self.occurrence.to_be_bytes());
        hex::encode(&hash.finalize()[..16])
    }
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing yet.
    Waiting,
    /// Its events are in the log.
    Replayed,
    /// Somebody gave it up.
    Dismissed,
}

impl State {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Replayed => "replayed",
            Self::Dismissed => "dismissed",
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Replayed, Self::Dismissed].into_iter().find(|state| state.as_str() == name)
    }
}

/// A record in the quarantine, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Names it within the organization: 32 hex digits.
    pub id: String,
    /// Whose it is.
    pub organization: Organization,
    /// How it came.
    pub source: String,
    /// Who sent it.
    pub producer: String,
    /// The adapter it was meant for.
    pub adapter: Option<String>,
    /// Whose events it could be.
    pub reach: Reach,
    /// How many equal records stood before it where it came in.
    pub occurrence: u32,
    /// Why it was refused, for programs.
    pub code: String,
    /// When it first came, microseconds since 1970.
    pub received_at_us: i64,
    /// When it last came.
    pub last_at_us: i64,
    /// How often it came.
    pub times: u64,
    /// Its length, bytes.
    pub bytes: u64,
    /// The zone of times in it that name none, where its sender has said so: a name such as `Europe/Berlin`, or an offset.
    pub timezone: Option<String>,
    /// The year of times in it that name none, where its sender has said so.
    pub year: Option<i16>,
    /// What became of it.
    pub state: State,
    /// When that was.
    pub ended_at_us: Option<i64>,
}

/// Which records.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this organization; of all if absent.
    pub organization: Option<Organization>,
    /// That came this way.
    pub source: Option<String>,
    /// Refused for this.
    pub code: Option<String>,
    /// In this state; in any if absent.
    pub state: Option<State>,
    /// After the record that came then and has this id.
    pub after: Option<(i64, String)>,
    /// At most so many.
    pub limit: u32,
}

/// What was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Records that were not there before, by organization.
    pub new: BTreeMap<Organization, u64>,
    /// Records that waited and had to go, by organization.
    pub gone: BTreeMap<Organization, u64>,
    /// Of each record, in order, whether it waits since now.
    pub is_new: Vec<bool>,
}

/// How many records of a kind wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// How they came.
    pub source: String,
    /// Why they were refused.
    pub code: String,
    /// Their number.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The quarantine. May be used by many at a time; changes follow one another.
pub struct Quarantine {
    pool: SqlitePool,
    limits: Limits,
    /// What each organization's records cost. Held while something changes.
    costs: Mutex<HashMap<Organization, u64>>,
}

impl Quarantine {
    /// Opens the file at `path`, creating it.
    ///
    /// # Errors
    /// When it cannot be opened, is damaged, or is newer than this version.
    pub async fn open(path: &Path, limits: Limits) -> Result<Self, QuarantineError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // What goes is to be gone from the file too.
            .pragma("secure_delete", "on");
        let pool = SqlitePoolOptions::new().max_connections(2).connect_with(options).await;
        let pool = pool.map_err(database("open the file"))?;
        migrate(&pool).await?;
        let rows = sqlx::query("select organization, sum(cost) as cost from item group by organization")
            .fetch_all(&pool)
            .await;
        let mut costs = HashMap::new();
        for row in rows.map_err(database("add up"))? {
            costs.insert(organization(&row, "organization")?, unsigned(row.get("cost")));
        }
        Ok(Self { pool, limits, costs: Mutex::new(costs) })
    }

    /// Keeps records. On `Ok` they survive power loss. `key` is asked for the key of an encrypted organization.
    ///
    /// # Errors
    /// When they may not have been kept.
    pub async fn keep(
        &self,
        records: &[Refused],
        key: impl Fn(&Organization) -> Option<ContentKey>,
    ) -> Result<Kept, QuarantineError> {
        let mut kept = Kept::default();
        if records.is_empty() {
            return Ok(kept);
        }
        let rows = records.iter().map(|record| Row::new(record, key(&record.organization)));
        let rows: Vec<Row<'_>> = rows.collect::<Result<_, _>>()?;
        let mut costs = self.costs.lock().await;
        let mut changed = costs.clone();
        let failed = database("keep records");
        let mut transaction = self.pool.begin().await.map_err(&failed)?;
        for row in &rows {
            let cost = row.write(&mut transaction).await?;
            kept.is_new.push(cost.is_some());
            let Some(cost) = cost else { continue };
            let organization = &row.record.organization;
            *kept.new.entry(organization.clone()).or_default() += 1;
            *changed.entry(organization.clone()).or_default() += cost;
        }
        self.make_room(&mut transaction, &mut changed, &mut kept.gone).await?;
        transaction.commit().await.map_err(&failed)?;
        *costs = changed;
        Ok(kept)
    }

    /// Lets the oldest records go until what is left is within the limits.
    async fn make_room(
        &self,
        connection: &mut SqliteConnection,
        costs: &mut HashMap<Organization, u64>,
        gone: &mut BTreeMap<Organization, u64>,
    ) -> Result<(), QuarantineError> {
        loop {
            let all: u64 = costs.values().sum();
            let Some((largest, cost)) = costs.iter().max_by_key(|(_, cost)| **cost) else { return Ok(()) };
            if *cost <= self.limits.organization_bytes && all <= self.limits.bytes {
                return Ok(());
            }
            let largest = largest.clone();
            let oldest = sqlx::query(
                "delete from item where rowid in (select rowid from item where organization = $1 order by received_at_us, id limit 16) returning cost, state",
            );
            let rows =
                oldest.bind(largest.as_str()).fetch_all(&mut *connection).await.map_err(database("make room"))?;
            if rows.is_empty() {
                // Nothing of it is there, whatever was added up.
                costs.remove(&largest);
            }
            for row in rows {
                lower(costs, &largest, unsigned(row.get(0)));
                if row.get::<&str, _>(1) == State::Waiting.as_str() {
                    *gone.entry(largest.clone()).or_default() += 1;
                }
            }
        }
    }

    /// The records that `filter` means, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn list(&self, filter: &Filter) -> Result<Vec<Item>, QuarantineError> {
        let mut query = QueryBuilder::<Sqlite>::new(SELECT);
        query.push(" where true");
        if let Some(organization) = &filter.organization {
            query.push(" and organization = ").push_bind(organization.as_str());
        }
        if let Some(source) = &filter.source {
            query.push(" and source = ").push_bind(source);
        }
        if let Some(code) = &filter.code {
            query.push(" and code = ").push_bind(code);
        }
        if let Some(state) = filter.state {
            query.push(" and state = ").push_bind(state.as_str());
        }
        if let Some((received_at_us, id)) = &filter.after {
            query.push(" and (received_at_us, id) > (").push_bind(received_at_us).push(", ").push_bind(id).push(")");
        }
        query.push(" order by received_at_us, id limit ").push_bind(i64::from(filter.limit));
        let rows = query.build().fetch_all(&self.pool).await.map_err(database("list records"))?;
        rows.iter().map(item).collect()
    }

    /// A record without its content.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn find(&self, organization: &Organization, id: &str) -> Result<Option<Item>, QuarantineError> {
        self.row(organization, id).await?.as_ref().map(item).transpose()
    }

    async fn row(&self, organization: &Organization, id: &str) -> Result<Option<SqliteRow>, QuarantineError> {
        let row = sqlx::query("select * from item where organization = $1 and id = $2");
        row.bind(organization.as_str()).bind(id).fetch_optional(&self.pool).await.map_err(database("read a record"))
    }

    /// A record with its content, or why that cannot be read; without, if it does not wait any more. `None` if there is no such
    /// record. `key` is asked for the key under which it is encrypted.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn get(
        &self,
        organization: &Organization,
        id: &str,
        key: impl Fn(KeyId) -> Option<ContentKey>,
    ) -> Result<Option<(Item, Option<Result<Content, SealError>>)>, QuarantineError> {
        let Some(row) = self.row(organization, id).await? else { return Ok(None) };
        let item = item(&row)?;
        let Some(bytes) = row.get::<Option<Vec<u8>>, _>("content") else { return Ok(Some((item, None))) };
        let key_id =
            row.get::<Option<&str>, _>("key").map(|text| text.parse().map_err(|_| damaged(text))).transpose()?;
        let content = match key_id.map(|id: KeyId| key(id).ok_or(SealError::Missing(id))).transpose() {
            Ok(key) => Content::open(bytes, id, key.as_ref()),
            Err(missing) => Err(missing),
        };
        Ok(Some((item, Some(content))))
    }

    /// Ends the wait of records: their content goes, that they were there stays. Returns how many waited.
    ///
    /// # Errors
    /// When the file may not have been changed.
    pub async fn end(
        &self,
        organization: &Organization,
        ids: &[String],
        state: State,
        now_us: i64,
    ) -> Result<u64, QuarantineError> {
        let failed = database("end records");
        let mut costs = self.costs.lock().await;
        let mut changed = costs.clone();
        let mut transaction = self.pool.begin().await.map_err(&failed)?;
        let mut ended = 0;
        for ids in ids.chunks(IDS_AT_ONCE) {
            // `returning` answers what a row is now: its cost before is read first, in the same transaction.
            let mut before =
                QueryBuilder::<Sqlite>::new("select coalesce(sum(cost), 0), count(*) from item where organization = ");
            named(&mut before, organization, ids);
            let row = before.build().fetch_one(&mut *transaction).await.map_err(&failed)?;
            let (cost, count) = (unsigned(row.get(0)), unsigned(row.get(1)));
            let mut update = QueryBuilder::<Sqlite>::new("update item set content = null, key = null, state = ");
            update.push_bind(state.as_str()).push(", ended_at_us = ").push_bind(now_us);
            update.push(", cost = ").push_bind(signed(ROW_BYTES)).push(" where organization = ");
            named(&mut update, organization, ids);
            update.build().execute(&mut *transaction).await.map_err(&failed)?;
            lower(&mut changed, organization, cost.saturating_sub(count * ROW_BYTES));
            ended += count;
        }
        transaction.commit().await.map_err(&failed)?;
        *costs = changed;
        Ok(ended)
    }

    /// How many records came in for an organization since then and wait.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn count_since(&self, organization: &Organization, since_us: i64) -> Result<u64, QuarantineError> {
        let count = sqlx::query(
            "select count(*) from item where organization = $1 and received_at_us >= $2 and state = 'waiting'",
        );
        let row = count.bind(organization.as_str()).bind(since_us).fetch_one(&self.pool).await;
        Ok(unsigned(row.map_err(database("count records"))?.get(0)))
    }

    /// How many wait, by way and reason.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn figures(&self) -> Result<Vec<Figure>, QuarantineError> {
        let select =
            "select source, code, count(*), sum(bytes) from item where state = 'waiting' group by source, code";
        let rows = sqlx::query(select).fetch_all(&self.pool).await.map_err(database("count records"))?;
        let figure = |row: &SqliteRow| Figure {
            source: row.get(0),
            code: row.get(1),
            records: unsigned(row.get(2)),
            bytes: unsigned(row.get(3)),
        };
        Ok(rows.iter().map(figure).collect())
    }

    /// Bytes that are taken of the limit.
    pub async fn taken_bytes(&self) -> u64 {
        self.costs.lock().await.values().sum()
    }

    /// Closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

const SELECT: &str = "select id, organization, source, producer, adapter, reach, occurrence, code, received_at_us, last_at_us, times, \
                      bytes, timezone, year, state, ended_at_us from item";

/// What makes the second schema of the first: a record of before reaches no further than its organization.
const SECOND: &str = "alter table item add column reach text not null default 'own';";
/// What makes the third of the second: of a record of before it is not known how its times are to be read.
const THIRD: &str = "alter table item add column timezone text; alter table item add column year integer;";

async fn migrate(pool: &SqlitePool) -> Result<(), QuarantineError> {
    let failed = database("read the schema");
    let found: i64 = sqlx::query("pragma user_version").fetch_one(pool).await.map_err(failed)?.get(0);
    let script = match found {
        SCHEMA => return Ok(()),
        0 => include_str!("schema.sql").to_owned(),
        1 => format!("{SECOND}{THIRD}"),
        2 => THIRD.to_owned(),
        newer => return Err(QuarantineError::TooNew(newer)),
    };
    let script = format!("begin; {script} pragma user_version = {SCHEMA}; commit;");
    let made = sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(pool).await;
    made.map_err(database("make the schema")).map(drop)
}

/// ` ... $organization and state = 'waiting' and id in (...)`
fn named(query: &mut QueryBuilder<Sqlite>, organization: &Organization, ids: &[String]) {
    query.push_bind(organization.as_str().to_owned()).push(" and state = 'waiting' and id in (");
    let mut list = query.separated(", ");
    ids.iter().for_each(|id| _ = list.push_bind(id.clone()));
    query.push(")");
}

/// A record as it is written.
struct Row<'a> {
    record: &'a Refused,
    id: String,
    key: Option<KeyId>,
    content: Vec<u8>,
}

impl<'a> Row<'a> {
    fn new(record: &'a Refused, key: Option<ContentKey>) -> Result<Self, SealError> {
        let id = record.id();
        let Content { message, record: bytes } = &record.content;
        let content = if bytes.len() > RECORD_BYTES_MAX {
            let first = Content { message: message.clone(), record: bytes[..RECORD_BYTES_MAX].to_vec() };
            first.seal(&id, key.as_ref())?
        } else {
            record.content.seal(&id, key.as_ref())?
        };
        Ok(Self { record, id, key: key.map(|key| key.id()), content })
    }

    /// Returns what it costs if it waits now and did not before.
    async fn write(&self, connection: &mut SqliteConnection) -> Result<Option<u64>, QuarantineError> {
        let Self { record, id, key, content } = self;
        let failed = database("keep records");
        let again = sqlx::query(
            "update item set times = times + 1, last_at_us = $3 where organization = $1 and id = $2 and state = 'waiting'",
        );
        let again = again.bind(record.organization.as_str()).bind(id).bind(record.received_at_us);
        if again.execute(&mut *connection).await.map_err(&failed)?.rows_affected() > 0 {
            return Ok(None);
        }
        let cost = content.len() as u64 + ROW_BYTES;
        // One that has ended and comes again waits again. What it cost since is at most counted twice until the next start.
        let insert = sqlx::query(
            "insert or replace into item (id, organization, source, producer, adapter, reach, occurrence, code, received_at_us, last_at_us, times, bytes, cost, state, key, content, timezone, year) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 1, $10, $11, 'waiting', $12, $13, $14, $15)",
        );
        insert
            .bind(id)
            .bind(record.organization.as_str())
            .bind(&record.source)
            .bind(&record.producer)
            .bind(&record.adapter)
            .bind(record.reach.to_text())
            .bind(i64::from(record.occurrence))
            .bind(&record.code)
            .bind(record.received_at_us)
            .bind(signed(record.bytes))
            .bind(signed(cost))
            .bind(key.map(|key| key.to_string()))
            .bind(content)
            .bind(&record.timezone)
            .bind(record.year)
            .execute(&mut *connection)
            .await
            .map_err(&failed)?;
        Ok(Some(cost))
    }
}

fn item(row: &SqliteRow) -> Result<Item, QuarantineError> {
    let state: &str = row.get("state");
    let occurrence: i64 = row.get("occurrence");
    Ok(Item {
        id: row.get("id"),
        organization: organization(row, "organization")?,
        source: row.get("source"),
        producer: row.get("producer"),
        adapter: row.get("adapter"),
        reach: Reach::parse(row.get("reach"))?,
        occurrence: u32::try_from(occurrence).map_err(|_| damaged(&occurrence.to_string()))?,
        code: row.get("code"),
        received_at_us: row.get("received_at_us"),
        last_at_us: row.get("last_at_us"),
        times: unsigned(row.get("times")),
        bytes: unsigned(row.get("bytes")),
        timezone: row.get("timezone"),
        year: row.get("year"),
        state: State::parse(state).ok_or_else(|| damaged(state))?,
        ended_at_us: row.get("ended_at_us"),
    })
}

fn organization(row: &SqliteRow, column: &str) -> Result<Organization, QuarantineError> {
    let text: &str = row.get(column);
    text.parse().map_err(|_| damaged(text))
}

fn damaged(text: &str) -> QuarantineError {
    QuarantineError::Damaged(text.to_owned())
}

fn lower(costs: &mut HashMap<Organization, u64>, organization: &Organization, by: u64) {
    if let Some(cost) = costs.get_mut(organization) {
        *cost = cost.saturating_sub(by);
        if *cost == 0 {
            costs.remove(organization);
        }
    }
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
