//! Names of client certificates, by which producers are known. Whether a certificate is real is found out before: here is what
//! the name on it allows.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use indelible_event::Organization;
use sqlx::Row as _;

use crate::{Control, ControlError, Grant, Operation, Principal, Rights, database, parse};

/// Longest name, bytes.
pub const SUBJECT_BYTES_MAX: usize = 512;

/// A registered name of certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Stable id: of the registration and of the principal it is.
    pub id: Arc<str>,
    /// A DNS name in lower case, or a URI.
    pub subject: Arc<str>,
    /// Whose events it sends; the operator's reach if `None`.
    pub target: Option<Organization>,
    /// What it allows there.
    pub operations: BTreeSet<Operation>,
    /// Microseconds since 1970.
    pub created_at_us: i64,
}

/// A registered name with who it is.
pub(crate) struct Known {
    certificate: Arc<Certificate>,
    principal: Arc<Principal>,
}

/// The form in which a name is registered and looked up; `None` if it is neither a DNS name nor a URI.
pub fn subject(text: &str) -> Option<String> {
    if text.is_empty() || text.len() > SUBJECT_BYTES_MAX {
        return None;
    }
    if text.contains(':') {
        let is_uri = text.starts_with(|first: char| first.is_ascii_alphabetic());
        return (is_uri && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| text.to_owned());
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    text.bytes().all(is_name).then(|| text.to_ascii_lowercase())
}

impl Control {
    /// Who has a certificate with these names, if exactly one of them is registered.
    pub fn authenticate_certificate(&self, names: &[String]) -> Option<Arc<Principal>> {
        let state = self.read();
        let mut known = names.iter().filter_map(|name| state.certificates.get(name.as_str()));
        match (known.next(), known.next()) {
            (Some(only), None) => Some(Arc::clone(&only.principal)),
            _ => None,
        }
    }

    /// Registers the name in `grant` under this id, with its operations on its organization, which exists; `by` answers for it.
    /// `expires_at_us` is not used: certificates end by themselves. Returns false if the name is registered.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_certificate(
        &self,
        id: &str,
        grant: &Grant,
        by: &Principal,
        now_us: i64,
    ) -> Result<bool, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        if self.has_certificate(&grant.name) {
            return Ok(false);
        }
        let failed = database("register a certificate");
        let mut transaction = self.pool.begin().await.map_err(&failed)?;
        Self::insert_principal(&mut transaction, id, &by.root, grant, now_us).await?;
        sqlx::query("insert into certificate (principal, subject, target, created_at_us) values ($1, $2, $3, $4)")
            .bind(id)
            .bind(&grant.name)
            .bind(grant.target.as_ref().map_or("*", Organization::as_str))
            .bind(now_us)
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
        transaction.commit().await.map_err(&failed)?;
        self.reload().await?;
        Ok(true)
    }

    /// Whether the name is registered.
    pub fn has_certificate(&self, subject: &str) -> bool {
        self.read().certificates.contains_key(subject)
    }

    /// The names registered for an organization, or with the operator's reach; oldest first.
    pub fn certificates(&self, target: Option<&Organization>) -> Vec<Arc<Certificate>> {
        let state = self.read();
        let all = state.certificates.values().map(|known| &known.certificate);
        let mut found: Vec<_> = all.filter(|certificate| certificate.target.as_ref() == target).cloned().collect();
        found.sort_by(|a, b| (a.created_at_us, &a.id).cmp(&(b.created_at_us, &b.id)));
        found
    }

    /// The registration with this id.
    pub fn certificate(&self, id: &str) -> Option<Arc<Certificate>> {
        let state = self.read();
        let mut all = state.certificates.values().map(|known| &known.certificate);
        all.find(|certificate| *certificate.id == *id).cloned()
    }

    /// Forgets a name at once. Returns false if there is no registration with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_certificate(&self, id: &str) -> Result<bool, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let failed = database("revoke a certificate");
        let mut transaction = self.pool.begin().await.map_err(&failed)?;
        let mut revoked = 0;
        for statement in [
            "delete from permission where principal in (select principal from certificate where principal = $1)",
            "delete from certificate where principal = $1",
        ] {
            let done = sqlx::query(statement).bind(id).execute(&mut *transaction).await;
            revoked = done.map_err(&failed)?.rows_affected();
        }
        transaction.commit().await.map_err(&failed)?;
        self.reload().await?;
        Ok(revoked == 1)
    }

    /// Reads the registered names, by name, with the rights of principals by id.
    pub(crate) async fn read_certificates(
        &self,
        rights: &HashMap<String, Rights>,
    ) -> Result<HashMap<Arc<str>, Known>, ControlError> {
        let mut certificates = HashMap::new();
        let all = "select c.principal, c.subject, c.target, c.created_at_us, coalesce(p.root, p.id) from certificate c \
                   join principal p on p.id = c.principal";
        for row in self.rows("read certificates", all).await? {
            let (id, subject): (Arc<str>, Arc<str>) = (row.get::<&str, _>(0).into(), row.get::<&str, _>(1).into());
            let target = match row.get::<&str, _>(2) {
                "*" => None,
                rid => Some(parse::<Organization>(rid)?),
            };
            let rights = rights.get(&*id).cloned().unwrap_or_default();
            let operations = match &target {
                Some(organization) => rights.organizations.get(organization).cloned().unwrap_or_default(),
                None => rights.platform.clone(),
            };
            let principal = Principal {
                id: Arc::clone(&id),
                name: Arc::clone(&subject),
                token_id: Arc::clone(&id),
                root: row.get::<&str, _>(4).into(),
                expires_at_us: None,
                adapter: None,
                used: Arc::default(),
                platform: rights.platform,
                organizations: rights.organizations,
            };
            let certificate =
                Certificate { id, subject: Arc::clone(&subject), target, operations, created_at_us: row.get(3) };
            certificates.insert(subject, Known { certificate: Arc::new(certificate), principal: Arc::new(principal) });
        }
        Ok(certificates)
    }
}
