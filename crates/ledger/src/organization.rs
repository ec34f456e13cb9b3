//! What is fixed about the log of an organization, and the file that says it.

use indelible_event::{Organization, control::PreviousGeneration, entry::SaltKey};
use indelible_merkle::Hash;
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
    /// How the generation before ended, if there was one.
    pub previous: Option<Previous>,
}

/// How the generation of a log that a rebuild closed had ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    /// Origin of the closed log.
    pub origin: String,
    /// Entries that are archived, and no more will be.
    pub size: u64,
    /// Root of the tree of that size.
    pub root: Hash,
    /// The largest size anybody is known to have been shown; at least `size`.
    pub witnessed_size: u64,
}

impl Previous {
    /// As genesis states it.
    #[must_use]
    pub fn as_generation(&self) -> PreviousGeneration<'_> {
        let Self { origin, size, root, witnessed_size } = self;
        PreviousGeneration { origin, size: *size, root: root.0, witnessed_size: *witnessed_size }
    }
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<PreviousDescription>,
}

/// As in genesis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PreviousDescription {
    origin: String,
    /// Hex.
    root: String,
    size: u64,
    witnessed_size: u64,
}

impl PreviousDescription {
    /// Reads it back, if it is what [`Description::of`] writes.
    pub(crate) fn read(&self) -> Option<Previous> {
        let mut root = Hash::ZERO;
        hex::decode_to_slice(&self.root, &mut root.0).ok()?;
        let Self { origin, size, witnessed_size, .. } = self;
        let previous = Previous { origin: origin.clone(), size: *size, root, witnessed_size: *witnessed_size };
        (previous.size <= previous.witnessed_size).then_some(previous)
    }
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
            previous: log.previous.as_ref().map(|previous| PreviousDescription {
                origin: previous.origin.clone(),
                root: hex::encode(previous.root.0),
                size: previous.size,
                witnessed_size: previous.witnessed_size,
            }),
        }
    }
}
