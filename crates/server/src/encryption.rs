//! Encryption of an organization's content: switching it on, and destroying its keys.
//!
//! Whether it is on stands in the ring of keys alone, so that no loss of the database switches it off. It is never off again.

use std::sync::Arc;

use anyhow::{Context, ensure};
use indelible_api::EncryptionState;
use indelible_event::catalogue::typed::{AuditDataRedact, AuditDataRedactRequest, AuditDataRedactResult};
use indelible_event::{ContentKey, KeyId, Organization, Time, control};
use indelible_ledger::OrganizationLog;
use serde_json::json;

use crate::app::App;
use crate::audit::{Actor, AuditEvent, Change, configured, shortened};
use crate::error::ApiError;
use crate::ids;

impl App {
    /// For people.
    pub(crate) fn encryption_state(&self, organization: &Organization) -> EncryptionState {
        let log = self.ledger.find(organization);
        let label = log.as_ref().map_or("", |log| &log.label);
        let key = self.content_keys.current(label);
        EncryptionState {
            organization: organization.to_string(),
            on: key.is_some(),
            key: key.map(|key| key.id().to_string()),
            erased: self.content_keys.erased(label).iter().map(ToString::to_string).collect(),
        }
    }

    /// Encrypts the content of what comes in from now on. It is on before this answers.
    pub(crate) async fn encrypt(&self, actor: &Actor, organization: &Organization) -> Result<(), ApiError> {
        if self.encryption_state(organization).on {
            return Ok(());
        }
        let event =
            configured("INDELIBLE_ENCRYPT", Change::Updated, "encryption", organization.as_str(), &[("on", "true")]);
        // Recorded first: what fails then is asked for again, and recorded again.
        self.audit_change(actor, organization, event).await?;
        let failed = |error: anyhow::Error| ApiError::internal("make the content key", error);
        let log = self.ledger.find(organization).context("the organization has no log").map_err(failed)?;
        self.make_key(log).await.map_err(failed)
    }

    /// Destroys the keys of an organization's content up to the key `through`, and with them what is encrypted under them,
    /// everywhere it is. What comes in afterwards is encrypted under a later key. Recorded in the log before, durably. If that
    /// key is gone already nothing is done.
    ///
    /// This cannot be undone: whoever calls it has the approval of those who must give it.
    pub(crate) async fn erase_keys(
        &self,
        actor: &Actor,
        organization: &Organization,
        through: KeyId,
        reason: &str,
    ) -> Result<(), ApiError> {
        let failed = |error: anyhow::Error| ApiError::internal("erase the content keys", error);
        let log = self.ledger.find(organization).context("the organization has no log").map_err(failed)?;
        let mut keys = self.content_keys.held(&log.label);
        match keys.iter().position(|key| key.id() == through) {
            Some(place) => keys.truncate(place + 1),
            None if self.content_keys.erased(&log.label).contains(&through) => return Ok(()),
            None => return Err(failed(anyhow::anyhow!("key {through} is not in keys/content of the data folder"))),
        }
        if self.content_keys.current(&log.label).is_some_and(|current| current.id() == through) {
            self.make_key(Arc::clone(&log)).await.map_err(failed)?;
        }
        // Whatever is acknowledged after this is encrypted under the new key; what was before is sealed now, with the hashes of
        // its contents, and in the ledger's files: nobody needs the old ones any more.
        self.audit_change(actor, organization, redaction(organization, reason, self.now_us())).await?;
        for key in &keys {
            self.record_erasure(&log, key).await.map_err(failed)?;
        }
        self.seal_now(Some(organization)).await?;
        tokio::task::block_in_place(|| self.destroy(&log, &keys)).map_err(failed)?;
        tracing::warn!(%organization, "content keys of the organization were erased");
        Ok(())
    }

    async fn make_key(&self, log: Arc<OrganizationLog>) -> anyhow::Result<()> {
        let keys = Arc::clone(&self.content_keys);
        let made = tokio::task::spawn_blocking(move || keys.create(&log.label)).await;
        made.context("make the key")??;
        Ok(())
    }

    /// Says in the log itself which key goes.
    async fn record_erasure(&self, log: &OrganizationLog, key: &ContentKey) -> anyhow::Result<()> {
        let now_us = self.now_us();
        let entry = control::key_erase(&control::KeyErase {
            organization: &log.organization,
            generation: log.generation.into(),
            key: key.id(),
            received_at_us: now_us,
            product_version: env!("CARGO_PKG_VERSION"),
        });
        self.record_control(log, &entry, now_us).await?;
        Ok(())
    }

    /// Destroys keys of which nothing is needed any more.
    fn destroy(&self, log: &OrganizationLog, keys: &[ContentKey]) -> anyhow::Result<()> {
        self.ledger.persist().context("write the ledger down")?;
        let archived = self.inventory.archived_end(&log.organization, log.generation);
        let tail = self.intake.tail().snapshot();
        for stretch in tail
            .stretches()
            .iter()
            .filter(|stretch| stretch.span(log.number).is_some_and(|span| span.seqs.end > archived))
        {
            tail.visit::<anyhow::Error>(stretch, |place, _, record| {
                let is_waiting = place.number == log.number && place.seq >= archived;
                let key = record.content(place.number).key().filter(|_| is_waiting);
                ensure!(
                    key.is_none_or(|id| keys.iter().all(|key| key.id() != id)),
                    "entry {} is not archived yet; try again",
                    place.seq
                );
                Ok(())
            })?;
        }
        for key in keys {
            self.content_keys.erase(&log.label, key.id())?;
        }
        Ok(())
    }
}

/// The event that records it.
fn redaction(organization: &Organization, reason: &str, now_us: i64) -> AuditEvent {
    let now = Time::from_us(now_us).to_string();
    let request = AuditDataRedactRequest::new(
        json!([]),
        json!(organization.as_str()),
        json!("0001-01-01T00:00:00Z"),
        json!(now),
        json!(shortened(reason)),
    );
    let result = AuditDataRedactResult::new(
        ids::fresh().to_string(),
        json!([]),
        json!([]),
        json!([]),
        json!(0),
        std::collections::BTreeMap::new(),
    );
    AuditEvent::new::<AuditDataRedact>("INDELIBLE_ERASE_KEY", request, result)
}
