//! Grants of roles: to a person, or to all who are in a group of a provider, on an organization or with the operator's reach.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use indelible_event::Organization;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use crate::person::Person;
use crate::{Control, ControlError, Operation, Principal, Rights, Role, database, draw_id, parse};

/// Characters of a person's id.
const PERSON_ID_BYTES: usize = 32;
/// Longest name of a group, bytes.
const GROUP_BYTES_MAX: usize = 256;

/// Who is granted a role. As a text, `person:ID` or `group:PROVIDER/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grantee {
    /// Somebody, by id. The person may not have signed in yet.
    Person(String),
    /// Everybody who was in this group at the newest sign-in.
    Group {
        /// Name of the provider that says so.
        provider: String,
        /// Name of the group there.
        name: String,
    },
}

/// The text names nobody.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} must be person:ID, with an id of {PERSON_ID_BYTES} hexadecimal digits, or group:PROVIDER/NAME")]
pub struct UnknownGrantee(String);

impl FromStr for Grantee {
    type Err = UnknownGrantee;

    fn from_str(text: &str) -> Result<Self, UnknownGrantee> {
        let unknown = || UnknownGrantee(text.chars().take(GROUP_BYTES_MAX).collect());
        let (kind, rest) = text.split_once(':').ok_or_else(unknown)?;
        match (kind, rest.split_once('/')) {
            ("person", _) => {
                let is_id = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
                let fits = rest.len() == PERSON_ID_BYTES && rest.bytes().all(is_id);
                fits.then(|| Self::Person(rest.to_owned())).ok_or_else(unknown)
            }
            ("group", Some((provider, name))) => {
                let is_named = !name.is_empty() && name.len() <= GROUP_BYTES_MAX && !name.chars().any(char::is_control);
                let fits = is_named && Person::is_provider_name(provider);
                let group = || Self::Group { provider: provider.to_owned(), name: name.to_owned() };
                fits.then(group).ok_or_else(unknown)
            }
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => write!(f, "person:{id}"),
            Self::Group { provider, name } => write!(f, "group:{provider}/{name}"),
        }
    }
}

impl Grantee {
    /// Whether this is or includes the person.
    fn includes(&self, person: &Person) -> bool {
        match self {
            Self::Person(id) => **id == *person.id,
            Self::Group { provider, name } => *provider == person.provider && person.groups.contains(name),
        }
    }
}

/// That somebody has a role somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleGrant {
    /// Stable id.
    pub id: String,
    /// Who.
    pub grantee: Grantee,
    /// Where; the operator's reach if `None`.
    pub target: Option<Organization>,
    /// What.
    pub role: Role,
    /// Microseconds since 1970.
    pub created_at_us: i64,
    /// Id of the principal that granted it.
    pub created_by: String,
}

impl Control {
    /// The grants on an organization, or of the operator's reach; oldest first.
    pub fn role_grants(&self, target: Option<&Organization>) -> Vec<Arc<RoleGrant>> {
        let state = self.read();
        state.role_grants.iter().filter(|grant| grant.target.as_ref() == target).cloned().collect()
    }

    /// The grant with this id.
    pub fn role_grant(&self, id: &str) -> Option<Arc<RoleGrant>> {
        self.read().role_grants.iter().find(|grant| grant.id == id).cloned()
    }

    /// Grants `role` on `target`, an organization that exists, or with the operator's reach. It holds at once, in sessions that
    /// live too. `None` if this is granted already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_role_grant(
        &self,
        grantee: &Grantee,
        target: Option<&Organization>,
        role: Role,
        creator: &Principal,
        now_us: i64,
    ) -> Result<Option<Arc<RoleGrant>>, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let mut connection = self.pool.acquire().await.map_err(database("grant a role"))?;
        let id = insert(&mut connection, grantee, target, role, &creator.id, now_us).await?;
        drop(connection);
        self.reload().await?;
        Ok(id.and_then(|id| self.role_grant(&id)))
    }

    /// Takes a grant back, in sessions that live too. Returns false if there is none with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_role_grant(&self, id: &str) -> Result<bool, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let deleted = sqlx::query("delete from role_grant where id = $1").bind(id).execute(&self.pool).await;
        let deleted = deleted.map_err(database("take a grant back"))?.rows_affected();
        self.reload().await?;
        Ok(deleted == 1)
    }

    pub(crate) async fn read_role_grants(&self) -> Result<Vec<Arc<RoleGrant>>, ControlError> {
        let select = "select id, grantee, target, role, created_at_us, created_by from role_grant \
                      order by created_at_us, id";
        let rows = self.rows("read grants", select).await?;
        rows.iter().map(|row| read(row).map(Arc::new)).collect()
    }
}

/// Writes a grant and returns its id; `None` if it is there already.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    grantee: &Grantee,
    target: Option<&Organization>,
    role: Role,
    creator: &str,
    now_us: i64,
) -> Result<Option<String>, ControlError> {
    let id = draw_id()?;
    let insert = "insert into role_grant (id, grantee, target, role, created_at_us, created_by) \
                  values ($1, $2, $3, $4, $5, $6) on conflict do nothing";
    let inserted = sqlx::query(insert)
        .bind(&id)
        .bind(grantee.to_string())
        .bind(target.map_or("*", Organization::as_str))
        .bind(role.as_str())
        .bind(now_us)
        .bind(creator)
        .execute(connection)
        .await
        .map_err(database("grant a role"))?;
    Ok((inserted.rows_affected() == 1).then_some(id))
}

impl Rights {
    /// Where there is any right: `None` for the operator's reach.
    pub fn targets(&self) -> impl Iterator<Item = Option<&Organization>> {
        let platform = (!self.platform.is_empty()).then_some(None);
        platform.into_iter().chain(self.organizations.keys().map(Some))
    }

    /// What is allowed there.
    pub fn on(&self, target: Option<&Organization>) -> BTreeSet<Operation> {
        match target {
            None => self.platform.clone(),
            Some(organization) => self.organizations.get(organization).cloned().unwrap_or_default(),
        }
    }
}

impl Principal {
    /// What the principal may do.
    pub fn rights(&self) -> Rights {
        Rights { platform: self.platform.clone(), organizations: self.organizations.clone() }
    }
}

/// Adds to `rights` what the grants give to `person`.
pub(crate) fn add_granted(rights: &mut Rights, grants: &[Arc<RoleGrant>], person: &Person) {
    for grant in grants.iter().filter(|grant| grant.grantee.includes(person)) {
        let held = match &grant.target {
            None => &mut rights.platform,
            Some(organization) => rights.organizations.entry(organization.clone()).or_default(),
        };
        held.extend(grant.role.operations());
    }
}

fn read(row: &AnyRow) -> Result<RoleGrant, ControlError> {
    let target = match row.get::<&str, _>(2) {
        "*" => None,
        rid => Some(parse(rid)?),
    };
    Ok(RoleGrant {
        id: row.get(0),
        grantee: parse(row.get(1))?,
        target,
        role: parse(row.get(3))?,
        created_at_us: row.get(4),
        created_by: row.get(5),
    })
}
