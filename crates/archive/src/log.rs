//! The log of an organization, as sealing needs it.

use std::error::Error;

use indelible_event::Organization;
use indelible_event::entry::SaltKey;
use indelible_ledger::{Ledger, LedgerError, OrganizationLog};
use indelible_merkle::{Hash, Hashes, Note, VerifierKey};

/// What stays the same for a whole generation of a log.
#[derive(Debug, Clone)]
pub struct LogInfo {
    /// Whose log.
    pub organization: Organization,
    /// `<platform>/<label>/<generation>`.
    pub origin: String,
    /// The key that signs it, under the origin as name.
    pub key: VerifierKey,
    /// From which the salts of its content hashes are derived.
    pub salt_key: SaltKey,
    /// The bytes of it, for the archive.
    pub salt_key_bytes: [u8; 32],
}

/// A log whose tree can be read and that can sign: the ledger's, or a test's.
pub trait Log: Hashes {
    /// What it is.
    fn info(&self) -> &LogInfo;

    /// Signs the tree of the first `size` leaves, all of which it has; with its root.
    ///
    /// # Errors
    /// The log's own.
    fn sign_checkpoint(&self, size: u64) -> Result<(Hash, Note), LogError>;

    /// Signs any other text under the origin as name.
    ///
    /// # Errors
    /// The log's own.
    fn sign(&self, text: &str) -> Result<Note, LogError>;
}

/// What went wrong in the ledger.
pub type LogError = Box<dyn Error + Send + Sync>;

/// A log of the [`Ledger`].
pub struct LedgerLog<'l> {
    ledger: &'l Ledger,
    number: u32,
    info: LogInfo,
}

impl<'l> LedgerLog<'l> {
    /// Reads what is needed of `log`.
    ///
    /// # Errors
    /// When the ledger's files cannot be read.
    pub fn new(ledger: &'l Ledger, log: &OrganizationLog) -> Result<Self, LedgerError> {
        let info = LogInfo {
            organization: log.organization.clone(),
            origin: log.origin.clone(),
            key: ledger.verifier_key(&log.origin)?,
            salt_key: log.salt_key.clone(),
            salt_key_bytes: ledger.salt_key_bytes(log.number)?,
        };
        Ok(Self { ledger, number: log.number, info })
    }
}

impl Hashes for LedgerLog<'_> {
    type Error = LedgerError;

    fn tile_hashes(&self, level: u8, first: u64, out: &mut [Hash]) -> Result<(), LedgerError> {
        self.ledger.reader(self.number)?.tile_hashes(level, first, out)
    }
}

impl Log for LedgerLog<'_> {
    fn info(&self) -> &LogInfo {
        &self.info
    }

    fn sign_checkpoint(&self, size: u64) -> Result<(Hash, Note), LogError> {
        let signed = self.ledger.sign_checkpoint(self.number, size)?;
        Ok((signed.checkpoint.root, signed.note.parse()?))
    }

    fn sign(&self, text: &str) -> Result<Note, LogError> {
        Ok(self.ledger.sign_note(&self.info.origin, text)?)
    }
}
