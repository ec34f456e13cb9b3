//! OAuth clients: principals that present a secret to get access tokens, which end soon.

use std::collections::BTreeSet;
use std::sync::Arc;

use indelible_event::Organization;
use subtle::ConstantTimeEq as _;

use crate::token::{self, Secret};
use crate::{Control, ControlError, Grant, Operation, Principal, database};

/// How the text of a client's secret begins.
const SECRET_PREFIX: &str = "indelible-client_";
/// Access tokens of one client that are valid at one time. A further one ends the oldest.
const ACCESS_TOKENS_MAX: i64 = 256;

/// What an access token is for, in the words of Foundry's API. A token with scopes does what these cover and its client may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ApiScope {
    /// List and fetch log files.
    AuditRead,
}

impl ApiScope {
    /// Every scope.
    pub const ALL: &[Self] = &[Self::AuditRead];

    /// Its name in requests for tokens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuditRead => "api:audit-read",
        }
    }

    /// The scope of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == name)
    }

    /// What it covers.
    pub fn operations(self) -> &'static [Operation] {
        match self {
            Self::AuditRead => &[Operation::AuditExportView],
        }
    }
}

/// A client of an organization. Its secret is not in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Stable id: of the client and of the principal it is.
    pub id: Arc<str>,
    /// Name for people.
    pub name: Arc<str>,
    /// On whose log it may do something.
    pub organization: Organization,
    /// What it may do there.
    pub operations: BTreeSet<Operation>,
    /// Microseconds since 1970.
    pub created_at_us: i64,
}

/// A client with what its secret is recognised by.
pub(crate) struct Registered {
    pub(crate) client: Arc<Client>,
    pub(crate) secret_sha256: [u8; 32],
}

impl Control {
    /// Makes a client, for which `by` answers, with the operations of `grant` on its organization. `expires_at_us` is not used: a client is there until it
    /// is revoked. `None` if the grant names no organization or one that does not exist.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_client(
        &self,
        grant: &Grant,
        by: &Principal,
        now_us: i64,
    ) -> Result<Option<(Arc<Client>, Secret)>, ControlError> {
        let Some(organization) = grant.target.as_ref().filter(|organization| self.has_organization(organization))
        else {
            return Ok(None);
        };
        let _one_at_a_time = self.changing.lock().await;
        let secret = Secret::draw(SECRET_PREFIX).map_err(ControlError::Random)?;
        let mut transaction = self.pool.begin().await.map_err(database("create a client"))?;
        Self::insert_principal(&mut transaction, &secret.id, &by.root, grant, now_us).await?;
        sqlx::query(
            "insert into client (principal, organization, secret_sha256, created_at_us) values ($1, $2, $3, $4)",
        )
        .bind(&secret.id)
        .bind(organization.as_str())
        .bind(secret.hash().as_slice())
        .bind(now_us)
        .execute(&mut *transaction)
        .await
        .map_err(database("create a client"))?;
        transaction.commit().await.map_err(database("create a client"))?;
        self.reload().await?;
        Ok(self.client(&secret.id).map(|client| (client, secret)))
    }

    /// The clients of an organization, oldest first.
    pub fn clients(&self, organization: &Organization) -> Vec<Arc<Client>> {
        let state = self.read();
        let mut clients: Vec<Arc<Client>> = state
            .clients
            .values()
            .map(|registered| &registered.client)
            .filter(|client| client.organization == *organization)
            .cloned()
            .collect();
        clients.sort_by(|a, b| (a.created_at_us, &a.id).cmp(&(b.created_at_us, &b.id)));
        clients
    }

    /// Whether a client of the organization may do this.
    pub fn has_client(&self, organization: &Organization, operation: Operation) -> bool {
        let state = self.read();
        let mut clients = state.clients.values().map(|registered| &registered.client);
        clients.any(|client| client.organization == *organization && client.operations.contains(&operation))
    }

    /// The client with this id.
    pub fn client(&self, id: &str) -> Option<Arc<Client>> {
        self.read().clients.get(id).map(|registered| Arc::clone(&registered.client))
    }

    /// The client with this id, if the secret is its own.
    pub fn authenticate_client(&self, id: &str, secret: &str) -> Option<Arc<Client>> {
        let presented = token::hash(secret);
        let state = self.read();
        let registered = state.clients.get(id)?;
        bool::from(registered.secret_sha256.ct_eq(&presented)).then(|| Arc::clone(&registered.client))
    }

    /// Ends a client, its access tokens and what it may do. Returns false if there is none with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_client(&self, id: &str) -> Result<bool, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let mut transaction = self.pool.begin().await.map_err(database("revoke a client"))?;
        let mut revoked = 0;
        for statement in [
            "delete from access_token where client = $1",
            "delete from permission where principal in (select principal from client where principal = $1)",
            "delete from client where principal = $1",
        ] {
            let done = sqlx::query(statement).bind(id).execute(&mut *transaction).await;
            revoked = done.map_err(database("revoke a client"))?.rows_affected();
        }
        transaction.commit().await.map_err(database("revoke a client"))?;
        self.reload().await?;
        Ok(revoked == 1)
    }

    /// Makes an access token for a client; `None` if the client was revoked meanwhile. Without `scopes` it allows all that the
    /// client may do.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_access_token(
        &self,
        client: &Client,
        scopes: Option<&[ApiScope]>,
        now_us: i64,
        expires_at_us: i64,
    ) -> Result<Option<Secret>, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        if self.client(&client.id).is_none() {
            return Ok(None);
        }
        let secret = Secret::draw(token::PREFIX).map_err(ControlError::Random)?;
        let scopes = scopes.map(|scopes| scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "));
        let failed = database("create an access token");
        let mut transaction = self.pool.begin().await.map_err(&failed)?;
        sqlx::query("delete from access_token where expires_at_us <= $1")
            .bind(now_us)
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
        sqlx::query(
            "delete from access_token where id in \
             (select id from access_token where client = $1 order by created_at_us desc, id limit 9223372036854775807 offset $2)",
        )
        .bind(&*client.id)
        .bind(ACCESS_TOKENS_MAX - 1)
        .execute(&mut *transaction)
        .await
        .map_err(&failed)?;
        sqlx::query(
            "insert into access_token (id, client, secret_sha256, scopes, created_at_us, expires_at_us) values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&secret.id)
        .bind(&*client.id)
        .bind(secret.hash().as_slice())
        .bind(scopes)
        .bind(now_us)
        .bind(expires_at_us)
        .execute(&mut *transaction)
        .await
        .map_err(&failed)?;
        transaction.commit().await.map_err(&failed)?;
        self.reload().await?;
        Ok(Some(secret))
    }

    /// Ends an access token of this client. Returns its id; `None` if the client has no such token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_access_token(&self, client: &Client, token: &str) -> Result<Option<String>, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let failed = database("revoke an access token");
        let revoked: Option<(String,)> =
            sqlx::query_as("delete from access_token where client = $1 and secret_sha256 = $2 returning id")
                .bind(&*client.id)
                .bind(token::hash(token).as_slice())
                .fetch_optional(&self.pool)
                .await
                .map_err(&failed)?;
        self.reload().await?;
        Ok(revoked.map(|(id,)| id))
    }
}
