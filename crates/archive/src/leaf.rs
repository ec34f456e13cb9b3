//! From a row to its leaf, by way of the entry.

use indelible_event::entry::{Digest, SaltKey, content_hash, entry_bytes, infrastructure_hash};
use indelible_merkle::{Hash, leaf_hash};

use crate::rows::{REDACTED_CONTENT, RowDecoder, RowError};

/// Rebuilds entries of one organization and hashes them, in buffers that are kept.
pub(crate) struct LeafHasher {
    salt_key: SaltKey,
    infrastructure: Vec<u8>,
    content: Vec<u8>,
    content_hash: Digest,
    entry: Vec<u8>,
}

impl LeafHasher {
    pub(crate) fn new(salt_key: SaltKey) -> Self {
        Self { salt_key, infrastructure: Vec::new(), content: Vec::new(), content_hash: [0; 32], entry: Vec::new() }
    }

    /// The leaf of a row that has both parts, or a content hash in the place of the content, as a redacted one has.
    pub(crate) fn leaf(&mut self, rows: &RowDecoder<'_>, row: usize) -> Result<Hash, RowError> {
        self.infrastructure.clear();
        self.content.clear();
        self.entry.clear();
        rows.infrastructure(row, &mut self.infrastructure);
        let seq = rows.seq(row);
        let stated = rows.content_hash(row);
        if rows.has_content() {
            rows.content(row, &mut self.content)?;
        }
        let content = match (rows.redacted(row), stated) {
            (Some(_), _) if rows.has_content() && self.content != REDACTED_CONTENT => {
                return Err(RowError::Redacted { seq });
            }
            (Some(redacted), _) => redacted,
            (None, Some(stated)) if !rows.has_content() => stated,
            (None, _) if !rows.has_content() => return Err(RowError::NoContent),
            (None, _) => content_hash(&self.salt_key.salt(seq), &self.content),
        };
        if stated.is_some_and(|stated| stated != content) {
            return Err(RowError::ContentHash { seq });
        }
        self.content_hash = content;
        let infrastructure = infrastructure_hash(&self.infrastructure);
        let organization = rows.organization(row);
        entry_bytes(&mut self.entry, organization, seq, rows.received_at_us(row), &infrastructure, &content);
        Ok(leaf_hash(&self.entry))
    }

    /// Bytes of the parts of the row hashed last.
    pub(crate) fn canonical_bytes(&self) -> u64 {
        (self.infrastructure.len() + self.content.len()) as u64
    }

    /// Infrastructure part, content part and hash of the content of the row hashed last.
    pub(crate) fn parts(&self) -> (&[u8], &[u8], &Digest) {
        (&self.infrastructure, &self.content, &self.content_hash)
    }

    /// The content part of the row hashed last.
    pub(crate) fn content(&self) -> &[u8] {
        &self.content
    }
}
