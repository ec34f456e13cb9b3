//! The pull API's names for things: ids of log files and page tokens.
//!
//! Both are opaque to clients and bear a MAC under a key of the organization, so that what was not handed out to readers of this
//! organization is told from what was without looking anything up. A page token says what was asked for and how far it has
//! been answered: it needs no memory here, never ends, and means the same after a restart. Positions are (generation, `seq`):
//! log files only ever come behind the last one, also where a rebuild has closed a generation.

mod content;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use indelible_archive::{LogFile, layout};
use indelible_event::Organization;
use indelible_ledger::Ledger;
use sha2::Sha256;

pub(crate) use content::content;

/// Log files whose content is read at the same time. Each holds a batch of rows.
pub(crate) const CONTENTS_AT_ONCE: usize = 8;

/// Names the purpose of the key.
const PURPOSE: &str = "indelible/pull/v1";
/// How page tokens begin.
const TOKEN_PREFIX: &str = "v1.";
/// Bytes of a MAC that are kept.
const MAC_BYTES: usize = 16;

/// Makes and reads the ids and page tokens of one organization.
pub(crate) struct PullKey(Hmac<Sha256>);

/// Where a log file begins: generation and `seq`.
pub(crate) type Place = (u32, u64);

/// What a client wants to list, and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Log files before this place were listed.
    pub(crate) next: Place,
    /// First and last UTC day wanted, in days since 1970-01-01.
    pub(crate) days: (i32, i32),
}

impl Cursor {
    /// Whether a log file is of the days wanted.
    pub(crate) fn wants(&self, file: &LogFile) -> bool {
        let (first, last) = self.days;
        (i64::from(first)..=i64::from(last)).contains(&layout::day(file.received_first_us))
    }

    /// After `listed` were listed.
    pub(crate) fn after(self, listed: Option<&LogFile>) -> Self {
        let next = listed.map_or(self.next, |file| (file.generation, file.last + 1));
        Self { next, ..self }
    }
}

impl PullKey {
    pub(crate) fn new(ledger: &Ledger, organization: &Organization) -> Self {
        Self::of(&ledger.derived_key(PURPOSE, organization))
    }

    fn of(key: &[u8; 32]) -> Self {
        let mut block = [0; 64];
        block[..32].copy_from_slice(key);
        Self(Hmac::new(&block.into()))
    }

    /// The id of a log file. It vouches for the file's bytes: one that would be written anew has another id.
    pub(crate) fn log_file_id(&self, file: &LogFile) -> String {
        let mut id = place_bytes((file.generation, file.first)).to_vec();
        id.extend_from_slice(&self.file_mac(file).finalize().into_bytes()[..MAC_BYTES]);
        URL_SAFE_NO_PAD.encode(id)
    }

    /// The log file that an id names, if `find` has it and the id was made here.
    pub(crate) fn log_file(&self, id: &str, find: impl FnOnce(Place) -> Option<Arc<LogFile>>) -> Option<Arc<LogFile>> {
        let bytes = URL_SAFE_NO_PAD.decode(id).ok()?;
        let (place, mac) = bytes.split_first_chunk::<12>()?;
        let file = find(place_of(place))?;
        let is_own = mac.len() == MAC_BYTES && self.file_mac(&file).verify_truncated_left(mac).is_ok();
        is_own.then_some(file)
    }

    /// The page token of a cursor.
    pub(crate) fn page_token(&self, cursor: &Cursor) -> String {
        let mut token = place_bytes(cursor.next).to_vec();
        token.extend_from_slice(&cursor.days.0.to_be_bytes());
        token.extend_from_slice(&cursor.days.1.to_be_bytes());
        let mac = self.mac(b't', &token).finalize().into_bytes();
        token.extend_from_slice(&mac[..MAC_BYTES]);
        format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(token))
    }

    /// The cursor of a page token that was made here.
    pub(crate) fn cursor(&self, token: &str) -> Option<Cursor> {
        let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(TOKEN_PREFIX)?).ok()?;
        let (body, mac) = bytes.split_at_checked(20)?;
        if mac.len() != MAC_BYTES || self.mac(b't', body).verify_truncated_left(mac).is_err() {
            return None;
        }
        let (place, days) = body.split_first_chunk::<12>()?;
        let (first, last) = days.split_first_chunk::<4>()?;
        let days = (i32::from_be_bytes(*first), i32::from_be_bytes(last.try_into().ok()?));
        Some(Cursor { next: place_of(place), days })
    }

    fn file_mac(&self, file: &LogFile) -> Hmac<Sha256> {
        let mut mac = self.mac(b'f', &place_bytes((file.generation, file.first)));
        mac.update(&file.last.to_be_bytes());
        mac.update(&file.sha256);
        mac
    }

    fn mac(&self, kind: u8, bytes: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(&[kind]);
        mac.update(bytes);
        mac
    }
}

fn place_bytes((generation, seq): Place) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&generation.to_be_bytes());
    bytes[4..].copy_from_slice(&seq.to_be_bytes());
    bytes
}

fn place_of(bytes: &[u8; 12]) -> Place {
    let [a, b, c, d, seq @ ..] = *bytes;
    (u32::from_be_bytes([a, b, c, d]), u64::from_be_bytes(seq))
}

#[cfg(test)]
mod tests;
