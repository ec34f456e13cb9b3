//! The database itself: a SQLite file, or a PostgreSQL database. Statements are written once, in what both understand.

use std::path::Path;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyPool, Executor as _, Row as _};
use url::Url;

use crate::{ControlError, database};

/// Schema changes, oldest first. Only ever appended to. Types are SQLite's; see [`Kind::dialect`].
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_tokens.sql"),
    include_str!("../migrations/0002_clients.sql"),
    include_str!("../migrations/0003_exports.sql"),
    include_str!("../migrations/0004_sinks.sql"),
    include_str!("../migrations/0005_retention.sql"),
    include_str!("../migrations/0006_token_use.sql"),
    include_str!("../migrations/0007_request.sql"),
    include_str!("../migrations/0008_people.sql"),
    include_str!("../migrations/0009_operator_view.sql"),
    include_str!("../migrations/0010_certificates.sql"),
    include_str!("../migrations/0011_sources.sql"),
];
/// The lock that a server holds on its PostgreSQL database: "indelible" in ASCII, cut to eight bytes.
const ADVISORY_LOCK: i64 = i64::from_be_bytes(*b"indelibl");
/// How long a request may wait for a connection.
const CONNECTION_PATIENCE: Duration = Duration::from_secs(10);

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    PostgreSql,
}

impl Kind {
    /// A migration in the words of this database.
    fn dialect(self, migration: &str) -> String {
        match self {
            Self::Sqlite => migration.to_owned(),
            Self::PostgreSql => migration
                .replace(" integer primary key", " bigint generated always as identity primary key")
                .replace(" integer", " bigint")
                .replace(" blob", " bytea"),
        }
    }
}

/// An open database whose schema is that of this version, and which no other server uses.
pub(crate) struct Database {
    pub(crate) pool: AnyPool,
    kind: Kind,
    /// Holds the advisory lock. A SQLite file needs none: its folder is locked.
    lock: tokio::sync::Mutex<Option<sqlx::AnyConnection>>,
    options: AnyConnectOptions,
}

impl Database {
    #[cfg(test)]
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Opens the SQLite file at `path`, creating it.
    pub(crate) async fn sqlite(path: &Path) -> Result<Self, ControlError> {
        let mut url = Url::from_file_path(std::path::absolute(path).map_err(ControlError::Keep)?)
            .map_err(|()| ControlError::Place(format!("{} is no path of a file", path.display())))?;
        // A file's URL has no other way to say it: `file` and `sqlite` differ in nothing else.
        url = Url::parse(&url.as_str().replacen("file://", "sqlite://", 1))
            .map_err(|error| ControlError::Place(error.to_string()))?;
        url.set_query(Some("mode=rwc"));
        Self::open(Kind::Sqlite, &url).await
    }

    /// Opens the PostgreSQL database at `url`, for this server alone.
    pub(crate) async fn postgresql(url: &Url) -> Result<Self, ControlError> {
        Self::open(Kind::PostgreSql, url).await
    }

    async fn open(kind: Kind, url: &Url) -> Result<Self, ControlError> {
        sqlx::any::install_default_drivers();
        let options: AnyConnectOptions = url.as_str().parse().map_err(database("understand the address"))?;
        let pool = AnyPoolOptions::new()
            .max_connections(2)
            .acquire_timeout(CONNECTION_PATIENCE)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if kind == Kind::Sqlite {
                        let durable = "pragma foreign_keys = on; pragma journal_mode = wal; pragma synchronous = full; \
                                       pragma busy_timeout = 5000;";
                        connection.execute(durable).await?;
                    }
                    Ok(())
                })
            })
            .connect_with(options.clone())
            .await
            .map_err(database("open"))?;
        let opened = Self { pool, kind, lock: tokio::sync::Mutex::default(), options };
        opened.hold().await?;
        opened.migrate().await?;
        Ok(opened)
    }

    /// Makes sure that this server alone uses the database: takes the lock, or takes it again when its connection was lost.
    ///
    /// # Errors
    /// When another server has it, or the database does not answer.
    pub(crate) async fn hold(&self) -> Result<(), ControlError> {
        if self.kind == Kind::Sqlite {
            return Ok(());
        }
        let mut lock = self.lock.lock().await;
        if let Some(connection) = lock.as_mut()
            && sqlx::query("select 1").execute(&mut *connection).await.is_ok()
        {
            return Ok(());
        }
        *lock = None;
        let mut connection =
            <sqlx::AnyConnection as sqlx::Connection>::connect_with(&self.options).await.map_err(database("open"))?;
        let taken = sqlx::query("select pg_try_advisory_lock($1)").bind(ADVISORY_LOCK).fetch_one(&mut connection).await;
        if !taken.map_err(database("lock"))?.get::<bool, _>(0) {
            return Err(ControlError::InUse);
        }
        *lock = Some(connection);
        Ok(())
    }

    /// Brings the schema to this version.
    async fn migrate(&self) -> Result<(), ControlError> {
        let found = self.version().await?;
        let done = usize::try_from(found).ok().filter(|done| *done <= MIGRATIONS.len());
        let done = done.ok_or(ControlError::TooNew { found, known: MIGRATIONS.len() })?;
        for (index, migration) in MIGRATIONS.iter().enumerate().skip(done) {
            let number = index + 1;
            let (migration, note) = match self.kind {
                Kind::Sqlite => (self.kind.dialect(migration), format!("pragma user_version = {number};")),
                Kind::PostgreSql => {
                    (self.kind.dialect(migration), format!("update schema_version set version = {number};"))
                }
            };
            let script = format!("begin; {migration} {note} commit;");
            sqlx::raw_sql(sqlx::AssertSqlSafe(script))
                .execute(&self.pool)
                .await
                .map_err(database("change the schema"))?;
        }
        Ok(())
    }

    /// The number of migrations that were made.
    async fn version(&self) -> Result<i64, ControlError> {
        let failed = database("read the schema version");
        if self.kind == Kind::Sqlite {
            let row = sqlx::query("pragma user_version").fetch_one(&self.pool).await.map_err(failed)?;
            return Ok(row.get(0));
        }
        let table = "create table if not exists schema_version (version bigint not null); \
                     insert into schema_version select 0 where not exists (select 1 from schema_version);";
        sqlx::raw_sql(table).execute(&self.pool).await.map_err(&failed)?;
        let row = sqlx::query("select version from schema_version").fetch_one(&self.pool).await.map_err(&failed)?;
        Ok(row.get(0))
    }
}
