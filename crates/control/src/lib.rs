//! Organizations, principals, what they may do where, their tokens, OAuth clients, exports and sinks, in a SQLite or
//! PostgreSQL database.
//!
//! Everything needed to decide about a request is held in memory: [`Control::authenticate`] does not touch the database.
//! A change is durable before it takes effect.

mod certificate;
mod client;
mod database;
mod export;
mod grant;
mod issued;
mod operation;
mod password;
mod person;
mod principal;
mod request;
mod retention;
mod role;
mod session;
mod sink;
mod source;
mod token;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use indelible_event::Organization;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row as _};
use tokio::sync::Mutex;
use url::Url;

use client::Registered;
use database::Database;
use issued::Use;

pub use certificate::{Certificate, SUBJECT_BYTES_MAX, subject};
pub use client::{ApiScope, Client};
pub use export::{Export, ExportSettings};
pub use grant::{Grantee, RoleGrant, UnknownGrantee};
pub use issued::Token;
pub use operation::{Operation, UnknownOperation};
pub use password::StoredPassword;
pub use person::Person;
pub use principal::{Attribution, Denied, Principal};
pub use request::{DecideError, Decision, NewRequest, Outcome, REASON_BYTES_MAX, Request};
pub use retention::{DroppedFile, RetentionSetting};
pub use role::{Role, UnknownRole};
pub use session::Session;
pub use sink::{SINK_NAME_BYTES_MAX, Sink};
pub use token::{Secret, draw_id};

/// The principal that the first start makes.
const ADMINISTRATOR: &str = "administrator";

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The database failed.
    #[error("{0} in the control database")]
    Database(&'static str, #[source] sqlx::Error),
    /// The database was written by a newer version.
    #[error("the control database has schema {found}, this version knows up to {known}; start the newer version again")]
    TooNew {
        /// The schema found.
        found: i64,
        /// The newest schema known.
        known: usize,
    },
    /// Where the database should be is no place.
    #[error("the control database cannot be there: {0}")]
    Place(String),
    /// Another server uses the database.
    #[error(
        "another server uses this control database; a database belongs to one server, stop the other or give this one its own"
    )]
    InUse,
    /// A row is not what was written.
    #[error("the control database holds {0:?}, which this version cannot read")]
    Damaged(String),
    /// The administrator's token could not be kept.
    #[error("keep the administrator's token")]
    Keep(#[source] std::io::Error),
    /// No random bytes.
    #[error("draw a secret")]
    Random(getrandom::Error),
}

/// The control database with its contents in memory.
pub struct Control {
    pool: AnyPool,
    database: Database,
    /// Held over a change and the reload after it, so that no reload takes the place of a later one.
    changing: Mutex<()>,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    /// By hash of the token.
    principals: HashMap<[u8; 32], Arc<Principal>>,
    /// By id.
    clients: HashMap<Arc<str>, Registered>,
    /// By name.
    certificates: HashMap<Arc<str>, certificate::Known>,
    organizations: BTreeSet<Organization>,
    /// What principals may do by themselves, without grants; by id.
    direct: HashMap<String, Rights>,
    /// By id.
    people: HashMap<Arc<str>, Arc<Person>>,
    /// Oldest first.
    role_grants: Vec<Arc<RoleGrant>>,
    /// By hash of the secret.
    sessions: HashMap<[u8; 32], Arc<Session>>,
    /// By organization and name.
    exports: Vec<Arc<Export>>,
    /// Oldest setting first.
    retention: HashMap<Organization, Vec<RetentionSetting>>,
    /// Those of which the operator is shown pseudonyms.
    pseudonyms: BTreeSet<Organization>,
}

/// What a new token or client allows.
pub struct Grant {
    /// Name of the principal it is for.
    pub name: String,
    /// The organization, or the operator's reach.
    pub target: Option<Organization>,
    /// The operations.
    pub operations: Vec<Operation>,
    /// When it ends, microseconds since 1970.
    pub expires_at_us: Option<i64>,
}

impl Control {
    /// Opens the SQLite database at `path`, creating it and its schema.
    ///
    /// # Errors
    /// When it cannot be opened, is damaged, or is newer than this version.
    pub async fn open(path: &Path) -> Result<Self, ControlError> {
        Self::over(Database::sqlite(path).await?).await
    }

    /// Opens the PostgreSQL database at `url`, creating its schema. It is this server's alone until the process ends.
    ///
    /// # Errors
    /// When it cannot be reached, another server uses it, it is damaged, or is newer than this version.
    pub async fn open_postgresql(url: &Url) -> Result<Self, ControlError> {
        Self::over(Database::postgresql(url).await?).await
    }

    async fn over(database: Database) -> Result<Self, ControlError> {
        let pool = database.pool.clone();
        let control = Self { pool, database, changing: Mutex::default(), state: RwLock::default() };
        control.reload().await?;
        Ok(control)
    }

    /// Makes sure that no other server uses the database. To be called now and then: the connection that says so may be lost.
    ///
    /// # Errors
    /// When another one does, or the database does not answer.
    pub async fn hold(&self) -> Result<(), ControlError> {
        self.database.hold().await
    }

    /// Who presents `token`, if it is known and has not ended at `now_us`.
    pub fn authenticate(&self, token: &str, now_us: i64) -> Option<Arc<Principal>> {
        if token.len() > token::LENGTH_MAX {
            return None;
        }
        let principal = self.read().principals.get(&token::hash(token)).cloned()?;
        if principal.expires_at_us.is_some_and(|end| end <= now_us) {
            return None;
        }
        principal.used.note(now_us);
        Some(principal)
    }

    /// Makes the administrator on the first start: operator's operations, and administrator of each organization it
    /// creates. `keep` is given the token before it counts, so that a crash in between leaves nobody locked out.
    /// Returns false if there is an administrator already.
    ///
    /// # Errors
    /// When `keep` or the database fails.
    pub async fn create_administrator(
        &self,
        now_us: i64,
        keep: impl FnOnce(&Secret) -> std::io::Result<()>,
    ) -> Result<bool, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let known =
            sqlx::query("select 1 from principal where id = $1").bind(ADMINISTRATOR).fetch_optional(&self.pool).await;
        if known.map_err(database("look for the administrator"))?.is_some() {
            return Ok(false);
        }
        let grant = Grant {
            name: ADMINISTRATOR.to_owned(),
            target: None,
            operations: Operation::OF_ADMINISTRATOR.to_vec(),
            expires_at_us: None,
        };
        let secret = Secret::draw(token::PREFIX).map_err(ControlError::Random)?;
        keep(&secret).map_err(ControlError::Keep)?;
        self.insert_token(ADMINISTRATOR, ADMINISTRATOR, &grant, &secret, now_us).await?;
        Ok(true)
    }

    /// Makes a token for a new principal, for which `by` answers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_token(&self, grant: &Grant, by: &Principal, now_us: i64) -> Result<Secret, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let id = draw_id()?;
        let secret = Secret::draw(token::PREFIX).map_err(ControlError::Random)?;
        self.insert_token(&id, &by.root, grant, &secret, now_us).await?;
        Ok(secret)
    }

    async fn insert_token(
        &self,
        principal: &str,
        root: &str,
        grant: &Grant,
        secret: &Secret,
        now_us: i64,
    ) -> Result<(), ControlError> {
        let mut transaction = self.pool.begin().await.map_err(database("create a token"))?;
        Self::insert_principal(&mut transaction, principal, root, grant, now_us).await?;
        sqlx::query(
            "insert into token (id, principal, secret_sha256, created_at_us, expires_at_us) values ($1, $2, $3, $4, $5)",
        )
        .bind(&secret.id)
        .bind(principal)
        .bind(secret.hash().as_slice())
        .bind(now_us)
        .bind(grant.expires_at_us)
        .execute(&mut *transaction)
        .await
        .map_err(database("create a token"))?;
        transaction.commit().await.map_err(database("create a token"))?;
        self.reload().await
    }

    /// A new principal with what it may do, and who answers for it.
    async fn insert_principal(
        connection: &mut AnyConnection,
        id: &str,
        root: &str,
        grant: &Grant,
        now_us: i64,
    ) -> Result<(), ControlError> {
        sqlx::query("insert into principal (id, name, created_at_us, root) values ($1, $2, $3, $4)")
            .bind(id)
            .bind(&grant.name)
            .bind(now_us)
            .bind(root)
            .execute(&mut *connection)
            .await
            .map_err(database("create a principal"))?;
        let target = grant.target.as_ref().map_or("*", Organization::as_str);
        for operation in &grant.operations {
            sqlx::query(
                "insert into permission (principal, target, operation) values ($1, $2, $3) on conflict do nothing",
            )
            .bind(id)
            .bind(target)
            .bind(operation.as_str())
            .execute(&mut *connection)
            .await
            .map_err(database("grant an operation"))?;
        }
        Ok(())
    }

    /// All organizations, in order of their RIDs.
    pub fn organizations(&self) -> Vec<Organization> {
        self.read().organizations.iter().cloned().collect()
    }

    /// Whether the organization exists.
    pub fn has_organization(&self, organization: &Organization) -> bool {
        self.read().organizations.contains(organization)
    }

    /// Creates an organization with `creator` as its administrator. Returns false if it exists.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_organization(
        &self,
        organization: &Organization,
        creator: &Principal,
        now_us: i64,
    ) -> Result<bool, ControlError> {
        self.insert_organization(organization, &creator.id, now_us).await
    }

    /// Creates an organization that nobody asked for because it was there before, with the administrator as its own.
    /// Returns false if it exists.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn adopt_organization(&self, organization: &Organization, now_us: i64) -> Result<bool, ControlError> {
        self.insert_organization(organization, ADMINISTRATOR, now_us).await
    }

    async fn insert_organization(
        &self,
        organization: &Organization,
        creator: &str,
        now_us: i64,
    ) -> Result<bool, ControlError> {
        if self.has_organization(organization) {
            return Ok(false);
        }
        let _one_at_a_time = self.changing.lock().await;
        let mut transaction = self.pool.begin().await.map_err(database("create an organization"))?;
        let inserted =
            sqlx::query("insert into organization (rid, created_at_us) values ($1, $2) on conflict do nothing")
                .bind(organization.as_str())
                .bind(now_us)
                .execute(&mut *transaction)
                .await
                .map_err(database("create an organization"))?
                .rows_affected();
        if inserted == 1 && self.person(creator).is_some() {
            let (grantee, role) = (Grantee::Person(creator.to_owned()), Role::OrganizationAdministrator);
            grant::insert(&mut transaction, &grantee, Some(organization), role, creator, now_us).await?;
        } else if inserted == 1 {
            for operation in Operation::OF_ORGANIZATION {
                sqlx::query(
                    "insert into permission (principal, target, operation) values ($1, $2, $3) on conflict do nothing",
                )
                .bind(creator)
                .bind(organization.as_str())
                .bind(operation.as_str())
                .execute(&mut *transaction)
                .await
                .map_err(database("grant an operation"))?;
            }
        }
        transaction.commit().await.map_err(database("create an organization"))?;
        self.reload().await?;
        Ok(inserted == 1)
    }

    /// Reads the database into memory.
    async fn reload(&self) -> Result<(), ControlError> {
        let organizations = self.rows("read organizations", "select rid from organization").await?;
        let organizations =
            organizations.iter().map(|row| parse::<Organization>(row.get(0))).collect::<Result<_, _>>()?;
        let mut rights: HashMap<String, Rights> = HashMap::new();
        for row in self.rows("read permissions", "select principal, target, operation from permission").await? {
            let rights = rights.entry(row.get(0)).or_default();
            let operation = parse::<Operation>(row.get(2))?;
            match row.get::<&str, _>(1) {
                "*" => rights.platform.insert(operation),
                rid => rights.organizations.entry(parse(rid)?).or_default().insert(operation),
            };
        }
        let adapters = self.read_adapters().await?;
        let mut principals: HashMap<[u8; 32], Arc<Principal>> = HashMap::new();
        let tokens = "select t.id, t.secret_sha256, t.expires_at_us, p.id, p.name, coalesce(p.root, p.id), t.last_used_us from token t join principal p on p.id = t.principal";
        for row in self.rows("read tokens", tokens).await? {
            let rights = rights.get(row.get::<&str, _>(3)).cloned().unwrap_or_default();
            let hash = hash_of(&row, 1)?;
            // What is not written down yet stays known.
            let known = self.read().principals.get(&hash).map(|known| Arc::clone(&known.used));
            let used = known.unwrap_or_else(|| Use::since(row.get(6)));
            let adapter = adapters.get(row.get::<&str, _>(3)).cloned();
            principals.insert(hash, Arc::new(Principal { used, adapter, ..principal(&row, rights) }));
        }
        let access_tokens = "select t.id, t.secret_sha256, t.expires_at_us, p.id, p.name, coalesce(p.root, p.id), t.scopes from access_token t \
                             join principal p on p.id = t.client";
        for row in self.rows("read access tokens", access_tokens).await? {
            let mut rights = rights.get(row.get::<&str, _>(3)).cloned().unwrap_or_default();
            if let Some(scopes) = row.get::<Option<&str>, _>(6) {
                rights.keep(&covered(scopes)?);
            }
            principals.insert(hash_of(&row, 1)?, Arc::new(principal(&row, rights)));
        }
        let mut clients = HashMap::new();
        let all = "select p.id, c.secret_sha256, p.name, c.organization, c.created_at_us from client c \
                   join principal p on p.id = c.principal";
        for row in self.rows("read clients", all).await? {
            let (id, organization): (Arc<str>, Organization) = (row.get::<&str, _>(0).into(), parse(row.get(3))?);
            let rights = rights.get(&*id).and_then(|rights| rights.organizations.get(&organization));
            let client = Client {
                id: Arc::clone(&id),
                name: row.get::<&str, _>(2).into(),
                operations: rights.cloned().unwrap_or_default(),
                organization,
                created_at_us: row.get(4),
            };
            clients.insert(id, Registered { client: Arc::new(client), secret_sha256: hash_of(&row, 1)? });
        }
        let role_grants = self.read_role_grants().await?;
        let people = self.read_people().await?;
        let sessions = self.read_sessions(&rights, &role_grants, &people).await?;
        let certificates = self.read_certificates(&rights).await?;
        let exports = self.read_exports().await?;
        let retention = self.read_retention().await?;
        let pseudonyms = self.read_pseudonyms().await?;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = State {
            principals,
            clients,
            certificates,
            organizations,
            direct: rights,
            people,
            role_grants,
            sessions,
            exports,
            retention,
            pseudonyms,
        };
        Ok(())
    }

    async fn rows(&self, action: &'static str, query: &'static str) -> Result<Vec<AnyRow>, ControlError> {
        sqlx::query(query).fetch_all(&self.pool).await.map_err(database(action))
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a principal may do, on the platform and in organizations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    platform: BTreeSet<Operation>,
    organizations: BTreeMap<Organization, BTreeSet<Operation>>,
}

impl Rights {
    /// Takes away everything but `operations`.
    fn keep(&mut self, operations: &BTreeSet<Operation>) {
        self.platform.retain(|operation| operations.contains(operation));
        self.organizations.values_mut().for_each(|held| held.retain(|operation| operations.contains(operation)));
    }
}

/// Of a row with id of the token, hash, end, id, name and who answers for it.
fn principal(row: &AnyRow, rights: Rights) -> Principal {
    Principal {
        id: row.get::<&str, _>(3).into(),
        name: row.get::<&str, _>(4).into(),
        root: row.get::<&str, _>(5).into(),
        token_id: row.get::<&str, _>(0).into(),
        expires_at_us: row.get(2),
        adapter: None,
        used: Arc::default(),
        platform: rights.platform,
        organizations: rights.organizations,
    }
}

/// What the scopes of an access token cover together.
fn covered(scopes: &str) -> Result<BTreeSet<Operation>, ControlError> {
    let mut operations = BTreeSet::new();
    for name in scopes.split_whitespace() {
        let scope = ApiScope::parse(name).ok_or_else(|| ControlError::Damaged(name.to_owned()))?;
        operations.extend(scope.operations());
    }
    Ok(operations)
}

fn hash_of(row: &AnyRow, column: usize) -> Result<[u8; 32], ControlError> {
    let hash: Vec<u8> = row.get(column);
    hash.try_into().map_err(|_| ControlError::Damaged("the hash of a secret".to_owned()))
}

fn parse<T: std::str::FromStr>(text: &str) -> Result<T, ControlError> {
    text.parse().map_err(|_| ControlError::Damaged(text.to_owned()))
}

fn database(action: &'static str) -> impl Fn(sqlx::Error) -> ControlError {
    move |source| ControlError::Database(action, source)
}

#[cfg(test)]
mod tests;
