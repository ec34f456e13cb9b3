//! Control entries: what the server writes into an organization's log about the log itself.
//!
//! They are entries but not events: their `type` is `indelible.1`, which [`admit`](crate::admit) refuses from outside,
//! and their payload stands in the content part under `extra`, in one member named after the kind of entry.

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::entry::Digest;
use crate::json::write::{write_count, write_string};
use crate::parts::{Intake, write_intake};
use crate::{KeyId, Organization, Time};

/// The `type` of every control entry.
pub const CONTROL_TYPE: &str = "indelible.1";

/// `name` of the entry that goes before the destruction of a content key.
pub const KEY_ERASE: &str = "KEY_ERASE";

/// `name` of the entry that goes before the redaction of entries.
pub const REDACTION: &str = "REDACTION";

/// The version of the formats of entry, part and log file that genesis announces.
pub const FORMAT_VERSION: u32 = 1;

/// What entry 0 of a generation says.
#[derive(Debug, Clone, Copy)]
pub struct Genesis<'a> {
    /// Whose log it is.
    pub organization: &'a Organization,
    /// `<platform>/<label>/<generation>`: the origin line of the log's checkpoints.
    pub origin: &'a str,
    /// The organization's blinded name.
    pub label: &'a str,
    /// Counts from 1.
    pub generation: u64,
    /// Which key signs the log's checkpoints.
    pub key_id: &'a str,
    /// [`SaltKey::commitment`](crate::entry::SaltKey::commitment).
    pub salt_key_commitment: Digest,
    /// How the generation before ended; `None` for the first.
    pub previous: Option<PreviousGeneration<'a>>,
    /// When the server writes it, microseconds since 1970 UTC: both `received_at` and `time`.
    pub received_at_us: i64,
    /// Version of the server, at most 256 bytes.
    pub product_version: &'a str,
}

/// How a generation that was closed had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviousGeneration<'a> {
    /// Which it is. Its label may be another one, if the label key was lost; its number may be less by more than one.
    pub origin: &'a str,
    /// Entries it keeps; 0 if none was archived.
    pub size: u64,
    /// Root of the tree of that size.
    pub root: Digest,
    /// Largest size that anybody is known to have been shown; receipts between `size` and this are unfulfilled.
    pub witnessed_size: u64,
}

/// The two canonical parts of a control entry, ready to be hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlEntry {
    /// The infrastructure part.
    pub infrastructure: Vec<u8>,
    /// The content part.
    pub content: Vec<u8>,
    /// The same for the same organization, generation and kind.
    pub log_entry_id: [u8; 16],
}

/// Builds the genesis entry. The same arguments give the same bytes.
pub fn genesis(genesis: &Genesis<'_>) -> ControlEntry {
    let mut payload = Vec::with_capacity(512);
    payload.extend_from_slice(b"{\"formatVersion\":");
    write_count(&mut payload, FORMAT_VERSION.into());
    payload.extend_from_slice(b",\"generation\":");
    write_count(&mut payload, genesis.generation);
    payload.extend_from_slice(b",\"keyId\":");
    write_string(&mut payload, genesis.key_id);
    payload.extend_from_slice(b",\"label\":");
    write_string(&mut payload, genesis.label);
    payload.extend_from_slice(b",\"origin\":");
    write_string(&mut payload, genesis.origin);
    if let Some(previous) = &genesis.previous {
        payload.extend_from_slice(b",\"previous\":{\"origin\":");
        write_string(&mut payload, previous.origin);
        payload.extend_from_slice(b",\"root\":\"");
        push_hex(&mut payload, &previous.root);
        payload.extend_from_slice(b"\",\"size\":");
        write_count(&mut payload, previous.size);
        payload.extend_from_slice(b",\"witnessedSize\":");
        write_count(&mut payload, previous.witnessed_size);
        payload.push(b'}');
    }
    payload.extend_from_slice(b",\"saltKeyCommitment\":\"");
    push_hex(&mut payload, &genesis.salt_key_commitment);
    payload.extend_from_slice(b"\"}");
    control_entry(&Control {
        organization: genesis.organization,
        generation: genesis.generation,
        name: "GENESIS",
        member: "genesis",
        ordinal: 0,
        payload: &payload,
        received_at_us: genesis.received_at_us,
        product_version: genesis.product_version,
    })
}

/// A clock that had jumped was found right by a person.
#[derive(Debug, Clone, Copy)]
pub struct ClockAccept<'a> {
    /// In whose log it is recorded: the operator's own.
    pub organization: &'a Organization,
    /// The generation it is written into.
    pub generation: u64,
    /// `step` or `away`.
    pub reason: &'a str,
    /// What the clock should have shown, microseconds since 1970 UTC.
    pub expected_us: i64,
    /// What it showed when intake stopped.
    pub found_us: i64,
    /// What it showed when it was accepted.
    pub received_at_us: i64,
    /// Version of the server.
    pub product_version: &'a str,
}

/// Builds the entry that records that the clock was accepted. The same arguments give the same bytes.
pub fn clock_accept(accept: &ClockAccept<'_>) -> ControlEntry {
    let mut payload = Vec::with_capacity(128);
    for (member, time_us) in [("{\"expected\":\"", accept.expected_us), ("\",\"found\":\"", accept.found_us)] {
        payload.extend_from_slice(member.as_bytes());
        Time { micros: within_range(time_us), nanos: 0 }.write(&mut payload);
    }
    payload.extend_from_slice(b"\",\"reason\":");
    write_string(&mut payload, accept.reason);
    payload.push(b'}');
    control_entry(&Control {
        organization: accept.organization,
        generation: accept.generation,
        name: "CLOCK_ACCEPT",
        member: "clockAccept",
        ordinal: accept.received_at_us as u64,
        payload: &payload,
        received_at_us: within_range(accept.received_at_us),
        product_version: accept.product_version,
    })
}

/// Entries of an organization one after another: those whose log files its retention lets go of, or whose content is redacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropped {
    /// Generation of the log.
    pub generation: u32,
    /// `seq` of the first.
    pub first: u64,
    /// `seq` of the last.
    pub last: u64,
}

/// Log files of an organization are about to be removed from the archive.
#[derive(Debug, Clone, Copy)]
pub struct Retention<'a> {
    /// Whose log it is.
    pub organization: &'a Organization,
    /// The generation the entry is written into.
    pub generation: u64,
    /// What goes and all that went before, ascending: the newest such entry says everything, so that older ones may go too.
    pub dropped: &'a [Dropped],
    /// When the server writes it, microseconds since 1970 UTC.
    pub received_at_us: i64,
    /// Version of the server.
    pub product_version: &'a str,
}

/// Builds the entry that goes before the removal of log files. The same arguments give the same bytes.
pub fn retention(retention: &Retention<'_>) -> ControlEntry {
    control_entry(&Control {
        organization: retention.organization,
        generation: retention.generation,
        name: "RETENTION",
        member: "retention",
        ordinal: retention.received_at_us as u64,
        payload: &stretches("dropped", retention.dropped),
        received_at_us: within_range(retention.received_at_us),
        product_version: retention.product_version,
    })
}

/// The content of entries of an organization is about to be taken out of the archive.
#[derive(Debug, Clone, Copy)]
pub struct Redaction<'a> {
    /// Whose log it is.
    pub organization: &'a Organization,
    /// The generation the entry is written into.
    pub generation: u64,
    /// What is redacted now and all that was before, ascending: the newest such entry says everything.
    pub redacted: &'a [Dropped],
    /// When the server writes it, microseconds since 1970 UTC.
    pub received_at_us: i64,
    /// Version of the server.
    pub product_version: &'a str,
}

/// Builds the entry that goes before a redaction. The same arguments give the same bytes.
pub fn redaction(redaction: &Redaction<'_>) -> ControlEntry {
    control_entry(&Control {
        organization: redaction.organization,
        generation: redaction.generation,
        name: REDACTION,
        member: "redaction",
        ordinal: redaction.received_at_us as u64,
        payload: &stretches("redacted", redaction.redacted),
        received_at_us: within_range(redaction.received_at_us),
        product_version: redaction.product_version,
    })
}

/// The payload of an entry that lists stretches in its one member.
fn stretches(member: &str, all: &[Dropped]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(16 + 64 * all.len());
    payload.push(b'{');
    write_string(&mut payload, member);
    payload.extend_from_slice(b":[");
    for (index, Dropped { generation, first, last }) in all.iter().enumerate() {
        payload.extend_from_slice(if index == 0 { "{\"first\":" } else { ",{\"first\":" }.as_bytes());
        write_count(&mut payload, *first);
        payload.extend_from_slice(b",\"generation\":");
        write_count(&mut payload, (*generation).into());
        payload.extend_from_slice(b",\"last\":");
        write_count(&mut payload, *last);
        payload.push(b'}');
    }
    payload.extend_from_slice(b"]}");
    payload
}

/// The key of an organization's encrypted content is about to be destroyed.
#[derive(Debug, Clone, Copy)]
pub struct KeyErase<'a> {
    /// Whose log it is.
    pub organization: &'a Organization,
    /// The generation the entry is written into.
    pub generation: u64,
    /// The key that goes.
    pub key: KeyId,
    /// When the server writes it, microseconds since 1970 UTC.
    pub received_at_us: i64,
    /// Version of the server.
    pub product_version: &'a str,
}

/// Builds the entry that goes before the destruction of a content key. The same arguments give the same bytes.
pub fn key_erase(erase: &KeyErase<'_>) -> ControlEntry {
    control_entry(&Control {
        organization: erase.organization,
        generation: erase.generation,
        name: KEY_ERASE,
        member: "keyErase",
        ordinal: erase.received_at_us as u64,
        payload: format!("{{\"keyId\":\"{}\"}}", erase.key).as_bytes(),
        received_at_us: within_range(erase.received_at_us),
        product_version: erase.product_version,
    })
}

/// Whether an infrastructure part is that of a control entry, whose content is never encrypted: whoever verifies without
/// the organization's key must read it. No member of theirs stands behind `type`.
pub fn is_control(infrastructure: &[u8]) -> bool {
    infrastructure.ends_with(b"\"type\":\"indelible.1\"}")
}

/// A clock may show anything; the years that can be written end at 9999.
fn within_range(time_us: i64) -> i64 {
    time_us.clamp(Time::MIN.micros, Time::MAX.micros)
}

/// A control entry of any kind.
#[derive(Debug, Clone, Copy)]
pub struct Control<'a> {
    /// Whose log it is written into.
    pub organization: &'a Organization,
    /// The generation it is written into.
    pub generation: u64,
    /// `name` of the entry, capitals and underscores.
    pub name: &'a str,
    /// The member of `extra` that holds the payload, lowerCamelCase.
    pub member: &'a str,
    /// Tells entries of one name and generation apart; 0 for the only one.
    pub ordinal: u64,
    /// Canonical JSON.
    pub payload: &'a [u8],
    /// When the server writes it, microseconds since 1970 UTC.
    pub received_at_us: i64,
    /// Version of the server.
    pub product_version: &'a str,
}

/// Builds a control entry. The same arguments give the same bytes, so a step repeated after a crash repeats the entry.
pub fn control_entry(control: &Control<'_>) -> ControlEntry {
    let log_entry_id = derived_id("log-entry", control);
    let event_id = derived_id("event", control);
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(b"{\"eventId\":");
    push_id(&mut out, &event_id);
    out.extend_from_slice(b",\"intake\":");
    write_intake(&mut out, &Intake { producer: "indelible".into(), source: "server".into(), ..Intake::default() });
    out.extend_from_slice(b",\"logEntryId\":");
    push_id(&mut out, &log_entry_id);
    out.extend_from_slice(b",\"name\":");
    write_string(&mut out, control.name);
    out.extend_from_slice(b",\"producerType\":\"SERVER\",\"product\":\"indelible\",\"productVersion\":");
    write_string(&mut out, control.product_version);
    out.extend_from_slice(b",\"result\":\"SUCCESS\",\"time\":\"");
    Time { micros: control.received_at_us, nanos: 0 }.write(&mut out);
    out.extend_from_slice(b"\",\"type\":\"indelible.1\"}");
    let mut content = Vec::with_capacity(control.payload.len() + 64);
    content.extend_from_slice(b"{\"extra\":{");
    write_string(&mut content, control.member);
    content.push(b':');
    content.extend_from_slice(control.payload);
    content.extend_from_slice(b"}}");
    ControlEntry { infrastructure: out, content, log_entry_id }
}

/// A version-8 UUID from a hash of what the entry is.
fn derived_id(kind: &str, control: &Control<'_>) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update(b"indelible/control-id/v1\0");
    for text in [kind, control.name, control.organization.as_str()] {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    }
    hasher.update(control.generation.to_be_bytes());
    hasher.update(control.ordinal.to_be_bytes());
    let hash: Digest = hasher.finalize().into();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    id
}

fn push_id(out: &mut Vec<u8>, id: &[u8; 16]) {
    out.push(b'"');
    crate::uuid::write(out, id);
    out.push(b'"');
}

fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(b"0123456789abcdef"[usize::from(nibble)]);
        }
    }
}

#[cfg(test)]
mod tests;
