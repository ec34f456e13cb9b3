//! People who sign in by a provider. Each is a principal, whose id follows from the issuer and what the issuer calls the person.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use indelible_event::Organization;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::grant::add_granted;
use crate::{Control, ControlError, Rights, database};

/// Longest name of a provider, bytes.
const PROVIDER_BYTES_MAX: usize = 32;

/// Somebody who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Stable id: of the person and of the principal it is.
    pub id: Arc<str>,
    /// Name for people.
    pub name: String,
    /// E-mail address, as the provider says.
    pub email: Option<String>,
    /// Name of the provider of the newest sign-in.
    pub provider: String,
    /// Its issuer.
    pub issuer: String,
    /// What the issuer calls the person.
    pub subject: String,
    /// Groups at the newest sign-in.
    pub groups: BTreeSet<String>,
    /// When the person signed in first, microseconds since 1970.
    pub created_at_us: i64,
    /// When last.
    pub signed_in_at_us: i64,
}

impl Person {
    /// The id of whom `issuer` calls `subject`: half a SHA-256 in hexadecimal.
    pub fn id_of(issuer: &str, subject: &str) -> String {
        let mut hasher = Sha256::new();
        hasher.update(b"indelible/person/v1\0");
        // The length first, so that no other issuer and subject read the same.
        hasher.update((issuer.len() as u64).to_be_bytes());
        hasher.update(issuer);
        hasher.update(subject);
        hex::encode(&hasher.finalize()[..16])
    }

    /// Whether a provider may be called so.
    pub fn is_provider_name(name: &str) -> bool {
        let is_named = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (1..=PROVIDER_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_named)
    }
}

impl Control {
    /// Everybody who has signed in, by name.
    pub fn people(&self) -> Vec<Arc<Person>> {
        let mut people: Vec<_> = self.read().people.values().cloned().collect();
        people.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        people
    }

    /// Those who may do something on the organization, by name.
    pub fn people_of(&self, organization: &Organization) -> Vec<Arc<Person>> {
        let mut people = self.people();
        people.retain(|person| self.rights_of(person).organizations.contains_key(organization));
        people
    }

    /// The person with this id.
    pub fn person(&self, id: &str) -> Option<Arc<Person>> {
        self.read().people.get(id).cloned()
    }

    /// What a person may do now, by grants and what they were given themselves.
    pub fn rights_of(&self, person: &Person) -> Rights {
        let state = self.read();
        let mut rights = state.direct.get(&*person.id).cloned().unwrap_or_default();
        add_granted(&mut rights, &state.role_grants, person);
        rights
    }

    /// Notes that somebody signed in at `signed_in_at_us`, with the groups that count from now on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_sign_in(&self, person: &Person) -> Result<(), ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let groups = serde_json::to_string(&person.groups).unwrap_or_default();
        let failed = database("note a sign-in");
        let mut transaction = self.pool.begin().await.map_err(&failed)?;
        let principal = "insert into principal (id, name, created_at_us) values ($1, $2, $3) \
                         on conflict (id) do update set name = excluded.name";
        let principal = sqlx::query(principal).bind(&*person.id).bind(&person.name).bind(person.created_at_us);
        principal.execute(&mut *transaction).await.map_err(&failed)?;
        let upsert = "insert into person (id, provider, issuer, subject, email, member_of, created_at_us, signed_in_at_us) \
                      values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do update set provider = excluded.provider, \
                      email = excluded.email, member_of = excluded.member_of, signed_in_at_us = excluded.signed_in_at_us";
        sqlx::query(upsert)
            .bind(&*person.id)
            .bind(&person.provider)
            .bind(&person.issuer)
            .bind(&person.subject)
            .bind(&person.email)
            .bind(groups)
            .bind(person.created_at_us)
            .bind(person.signed_in_at_us)
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
        transaction.commit().await.map_err(&failed)?;
        self.reload().await
    }

    pub(crate) async fn read_people(&self) -> Result<HashMap<Arc<str>, Arc<Person>>, ControlError> {
        let select = "select p.id, p.name, s.email, s.provider, s.member_of, s.created_at_us, s.signed_in_at_us, \
                      s.issuer, s.subject \
                      from person s join principal p on p.id = s.id";
        let rows = self.rows("read people", select).await?;
        rows.iter().map(read).map(|person| person.map(|person| (Arc::clone(&person.id), Arc::new(person)))).collect()
    }
}

fn read(row: &AnyRow) -> Result<Person, ControlError> {
    let groups: &str = row.get(4);
    Ok(Person {
        id: row.get::<&str, _>(0).into(),
        name: row.get(1),
        email: row.get(2),
        provider: row.get(3),
        groups: serde_json::from_str(groups).map_err(|_| ControlError::Damaged(groups.to_owned()))?,
        created_at_us: row.get(5),
        signed_in_at_us: row.get(6),
        issuer: row.get(7),
        subject: row.get(8),
    })
}
