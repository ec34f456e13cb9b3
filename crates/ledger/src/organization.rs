//! What is fixed about the log of an organization, and the file that says it.

use indelible_event::{Organization, entry::SaltKey};
use serde::{Deserialize, Serialize};

/// The log of an organization: its names and its salt key, which do not change within a generation.
#[derive(Clone, Debug)]
pub struct OrganizationLog {
    /// Dense local number, from 0 in order of creation.
    pub number: u32,
    /// Whose log it is.
    pub organization: Organization,
    /// Blinded name of the organization: 32 hex digits.
    pub label: String,
    /// Counts from 1; a rebuild after loss opens the next.
    pub generation: u32,
    /// `<platform>/<label>/<generation>`: first line of the log's checkpoints, and name of its verifier key.
    pub origin: String,
    /// Derives the salts of its entries.
    pub salt_key: SaltKey,
}

/// The name of the file in the folder of a generation. It is written last: without it the generation does not exist.
pub(crate) const FILE: &str = "organization.json";
/// The file beside it that holds the salt key.
pub(crate) const SALT_KEY_FILE: &str = "salt.key";

/// What `organization.json` holds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Description {
    pub(crate) format: String,
    pub(crate) number: u32,
    pub(crate) organization: Organization,
    pub(crate) label: String,
    pub(crate) generation: u32,
    pub(crate) origin: String,
    /// Hex; finds a salt key that was exchanged or damaged.
    pub(crate) salt_key_commitment: String,
}

impl Description {
    pub(crate) const FORMAT: &str = "indelible/ledger-organization/v1";

    pub(crate) fn of(log: &OrganizationLog) -> Self {
        Self {
            format: Self::FORMAT.to_owned(),
            number: log.number,
            organization: log.organization.clone(),
            label: log.label.clone(),
            generation: log.generation,
            origin: log.origin.clone(),
            salt_key_commitment: hex::encode(log.salt_key.commitment()),
        }
    }
}
