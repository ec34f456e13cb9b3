//! The operator's view: the infrastructure part of the entries of all organizations, and never the content.
//!
//! [`App::observe`] is the one place that makes an [`OperatorScope`] for a caller; routes hand it to the same engine that
//! answers organizations. The one thing the server makes of content for it is its hash ([`commitment`]).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use indelible_control::{Denied, Operation};
use indelible_event::entry::{Digest, SaltKey};
use indelible_event::pseudonym::PseudonymKey;
use indelible_event::{OperatorScope, Organization};
use indelible_ledger::OrganizationLog;
use indelible_storage::durable;

use crate::app::App;
use crate::auth::Caller;
use crate::entries::Entries;
use crate::error::ApiError;

/// Keys of the pseudonyms that the operator is shown, one file for each organization that asked for them.
pub(crate) struct Pseudonyms {
    folder: PathBuf,
    known: Mutex<HashMap<Organization, PseudonymKey>>,
}

impl Pseudonyms {
    /// In the folder `keys` of the data folder `data`.
    pub(crate) fn new(data: &Path) -> Self {
        Self { folder: data.join("keys").join("pseudonym"), known: Mutex::default() }
    }

    /// The key of an organization, made if there is none. It is on disk before anything is shown under it.
    fn key(&self, organization: &Organization, label: &str) -> anyhow::Result<PseudonymKey> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known.get(organization) {
            return Ok(key.clone());
        }
        let path = self.folder.join(label);
        let key = PseudonymKey::new(read_or_make(&self.folder, &path).with_context(|| path.display().to_string())?);
        known.insert(organization.clone(), key.clone());
        Ok(key)
    }
}

/// The key in the file at `path`: 64 hex digits and a line end.
fn read_or_make(folder: &Path, path: &Path) -> anyhow::Result<[u8; 32]> {
    let mut key = [0; 32];
    match std::fs::read_to_string(path) {
        Ok(text) => hex::decode_to_slice(text.trim_end(), &mut key).context("a key is 64 hex digits")?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            getrandom::fill(&mut key).context("draw a key")?;
            durable::create_dir_durable(folder)?;
            durable::create_new(path, folder, format!("{}\n", hex::encode(key)).as_bytes(), 0o600)?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(key)
}

impl App {
    /// What the caller may see as operator: one organization if it is named, else all there are.
    pub(crate) fn observe(
        &self,
        caller: &Caller,
        organization: Option<&Organization>,
    ) -> Result<OperatorScope, ApiError> {
        // Before anything is said of what there is.
        caller.require_platform(Operation::OperatorObserve)?;
        let organizations = match organization {
            Some(one) if self.control.has_organization(one) => vec![one.clone()],
            Some(one) => {
                let operation = Operation::OperatorObserve;
                return Err(Denied::Organization { organization: one.clone(), operation }.into());
            }
            None => self.control.organizations(),
        };
        let mut shown = Vec::with_capacity(organizations.len());
        for one in organizations {
            let key = match (self.control.shows_pseudonyms(&one), self.ledger.find(&one)) {
                (false, _) => None,
                (true, Some(log)) => Some(
                    self.pseudonyms
                        .key(&one, &log.label)
                        .map_err(|error| ApiError::internal("read the key of an organization's pseudonyms", error))?,
                ),
                // Without a log it has no key, and nothing to show.
                (true, None) => continue,
            };
            shown.push((one, key));
        }
        Ok(caller.observe(shown)?)
    }
}

/// The hash that stands for the content of an entry. The server reads the whole entry for it, and only the hash leaves this
/// function.
pub(crate) async fn commitment(
    app: &Arc<App>,
    log: &Arc<OrganizationLog>,
    generation: u32,
    seq: u64,
    salt_key: SaltKey,
) -> anyhow::Result<Digest> {
    Entries::one(app, log, generation, seq, move |entry| entry.content_hash(&salt_key)).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept() {
        let data = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|id| format!("ri.indelible..organization.{id}").parse::<Organization>().unwrap());
        let shown = |key: PseudonymKey| key.pseudonym("uid", "alice");
        let pseudonyms = Pseudonyms::new(data.path());
        let first = shown(pseudonyms.key(&a, "aa").unwrap());
        assert_ne!(first, shown(pseudonyms.key(&b, "bb").unwrap()));
        assert_eq!(first, shown(Pseudonyms::new(data.path()).key(&a, "aa").unwrap()));
        std::fs::write(data.path().join("keys/pseudonym/aa"), "short\n").unwrap();
        assert!(Pseudonyms::new(data.path()).key(&a, "aa").is_err());
    }
}
