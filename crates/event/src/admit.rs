//! From a line of JSON to the canonical parts of an event.

use std::ops::Range;

use crate::{Organization, Refusal, RefusalCode, Time};

/// What an event may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the line, and again of the canonical event made from it.
    pub event_bytes: usize,
    /// Containers around a value, the event itself being the first. Never more than 256.
    pub depth: usize,
    /// Object members in the whole event.
    pub fields: usize,
}

impl Default for Limits {
    /// 1 MiB, depth 64, 4,096 fields.
    fn default() -> Self {
        Self {
            event_bytes: 1 << 20,
            depth: 64,
            fields: 4096,
        }
    }
}

/// Who really sent an event; written into its infrastructure part as `intake`.
#[derive(Debug, Clone, Copy)]
pub struct Intake<'a> {
    /// The producer credential.
    pub producer: &'a str,
    /// The producer's epoch, if it counts.
    pub producer_epoch: Option<u64>,
    /// The producer's number for the event, if it counts.
    pub producer_seq: Option<u64>,
    /// The way in, such as `http` or `syslog`.
    pub source: &'a str,
    /// The adapter that made the event of a foreign record.
    pub adapter: Option<&'a str>,
}

/// Buffers that [`admit`] fills, kept from event to event so that a warm one allocates nothing. One per thread.
#[derive(Debug, Default)]
pub struct Scratch {
    infrastructure: Vec<u8>,
}

/// Which schema an event follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `audit.3`
    Audit3,
    /// `audit.2`
    Audit2,
}

/// An organization a platform producer attributes the event to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationClaim {
    /// The organization.
    pub id: Organization,
    /// Why, in the producer's words.
    pub reason: Option<Box<str>>,
}

/// An event that was accepted, in canonical form.
#[derive(Debug, Clone)]
pub struct Admitted<'s> {
    /// The canonical infrastructure part, `intake` and `logEntryId` included.
    pub infrastructure: &'s [u8],
    /// The canonical content part; `{}` if the event has none.
    pub content: &'s [u8],
    /// Where `"intake":{...},` stands in `infrastructure`: identity is compared without it.
    pub intake_at: Range<usize>,
    /// The producer's time.
    pub time: Time,
    /// `logEntryId`
    pub log_entry_id: [u8; 16],
    /// The event had none and this one is from `fresh_id`.
    pub log_entry_id_made: bool,
    /// What `organizations` on the wire said, in its order, no organization twice.
    pub organizations: &'s [OrganizationClaim],
    /// `orgId`
    pub org_id: Option<&'s str>,
    /// `product`
    pub product: Option<&'s str>,
    /// The schema.
    pub kind: Kind,
    /// How many of the categories are legacy or deprecated.
    pub dated_categories: u16,
}

/// Checks one event against the catalogue and makes it canonical.
///
/// `line` is one JSON object, without or with white space around it. `fresh_id` is asked for a `logEntryId` only if the
/// event has none. The answer borrows from `scratch` until the next call.
pub fn admit<'s>(
    scratch: &'s mut Scratch,
    line: &[u8],
    limits: &Limits,
    intake: &Intake<'_>,
    fresh_id: impl FnOnce() -> [u8; 16],
) -> Result<Admitted<'s>, Refusal> {
    let _ = (&scratch.infrastructure, line, limits, intake, fresh_id);
    Err(Refusal {
        code: RefusalCode::InvalidJson,
        field: None,
        category: None,
        message: String::new(),
    })
}
