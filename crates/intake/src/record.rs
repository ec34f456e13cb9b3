//! How an admitted event stands in a journal frame. The layout is described byte by byte in `docs/formats/record.md`.
//!
//! All entries of one frame share the frame's `received_at`.

use indelible_event::KeyId;

use crate::content::{NONCE_BYTES, SealError, Sealer, TAG_BYTES, WRAPPED_BYTES};

/// Bytes before the list of places.
const FIXED_BYTES: usize = 56;
/// Bytes of one place: `seq` and the organization's number.
const PLACE_BYTES: usize = 12;
const KIND_ENTRY: u8 = 1;
const KIND_SEALED: u8 = 2;
const KEY_ID_BYTES: usize = 8;
/// Organizations one event may belong to.
pub const PLACES_MAX: usize = 255;

/// The place of an event in one organization's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The organization's number in this data directory.
    pub number: u32,
    /// Its position in that organization's log, dense from 0.
    pub seq: u64,
}

/// One record of a frame, borrowed from its bytes.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// The event's time, microseconds since 1970.
    pub time_us: i64,
    /// Nanoseconds below the microsecond, 0 to 999.
    pub time_nanos: u16,
    /// The event's `logEntryId`.
    pub log_entry_id: [u8; 16],
    /// Fingerprint of the producer under the installation's seed.
    pub producer: u64,
    /// Digest of the event's bytes.
    pub digest: u64,
    places: &'a [u8],
    /// JCS text of the infrastructure part.
    pub infrastructure: &'a [u8],
    text: &'a [u8],
    seal: Option<Seal<'a>>,
}

/// What belongs to an encrypted content.
#[derive(Clone, Copy, Debug)]
struct Seal<'a> {
    /// All of the record before the content.
    head: &'a [u8],
    /// Where in `head` the ids of the keys begin.
    keys_at: usize,
    tag: &'a [u8],
}

/// The content part of an entry.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// JCS text.
    Plain(&'a [u8]),
    /// Encrypted JCS text.
    Sealed(Sealed<'a>),
}

impl Content<'_> {
    /// The key that opens it; `None` if it is not encrypted.
    pub fn key(&self) -> Option<KeyId> {
        match self {
            Content::Plain(_) => None,
            Content::Sealed(sealed) => Some(sealed.key),
        }
    }
}

/// An encrypted content part. [`ContentReader`](crate::ContentReader) opens it.
#[derive(Clone, Copy, Debug)]
pub struct Sealed<'a> {
    pub(crate) key: KeyId,
    pub(crate) nonce: [u8; NONCE_BYTES],
    /// What the content belongs to: all of the record before it.
    pub(crate) head: &'a [u8],
    /// If the record has several places: the key of the content, encrypted for this one, and what it belongs to.
    pub(crate) wrapped: Option<Wrapped<'a>>,
    pub(crate) text: &'a [u8],
    pub(crate) tag: &'a [u8],
}

/// The key of a content, encrypted for one organization.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wrapped<'a> {
    /// Which of the places.
    pub(crate) index: usize,
    /// Beginning of the record.
    pub(crate) head: &'a [u8],
    pub(crate) bytes: &'a [u8],
}

impl<'a> Record<'a> {
    /// The content part as the organization with this number has it: others may have it under other keys.
    pub fn content(&self, number: u32) -> Content<'a> {
        let Some(seal) = self.seal else { return Content::Plain(self.text) };
        let count = self.places.len() / PLACE_BYTES;
        let index = self.places().position(|place| place.number == number).unwrap_or(0);
        let nonce_at = seal.keys_at + count * KEY_ID_BYTES;
        let wrapped_at = nonce_at + NONCE_BYTES;
        let wrapped = (count > 1).then(|| Wrapped {
            index,
            head: &seal.head[..wrapped_at],
            bytes: &seal.head[wrapped_at + index * WRAPPED_BYTES..][..WRAPPED_BYTES],
        });
        Content::Sealed(Sealed {
            key: KeyId(array_at(seal.head, seal.keys_at + index * KEY_ID_BYTES)),
            nonce: array_at(seal.head, nonce_at),
            head: seal.head,
            wrapped,
            text: self.text,
            tag: seal.tag,
        })
    }

    /// Length of the content part as text.
    pub fn content_len(&self) -> usize {
        self.text.len()
    }

    /// Its length in the frame.
    pub fn bytes(&self) -> usize {
        let (places, infrastructure) = (self.places.len() / PLACE_BYTES, self.infrastructure.len());
        match self.seal {
            None => encoded_bytes(places, infrastructure, self.text.len()),
            Some(_) => sealed_bytes(places, infrastructure, self.text.len()),
        }
    }

    /// Where the event stands: one place for each organization it belongs to.
    pub fn places(&self) -> impl Iterator<Item = Place> + '_ {
        self.places.chunks_exact(PLACE_BYTES).map(|bytes| Place { seq: u64_at(bytes, 0), number: u32_at(bytes, 8) })
    }
}

/// A record that does not follow the format.
#[derive(Debug, thiserror::Error)]
#[error("record at byte {at} of the frame body {what}")]
pub struct RecordError {
    /// Offset in the frame's body.
    pub at: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// What stands before the parts of a record.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The event's time, microseconds since 1970.
    pub time_us: i64,
    /// Nanoseconds below the microsecond, 0 to 999.
    pub time_nanos: u16,
    /// Its `logEntryId`.
    pub log_entry_id: &'a [u8; 16],
    /// Hash of the producer's id.
    pub producer: u64,
    /// Hash of the event, by which repeats are told.
    pub digest: u64,
    /// Where it stands: 1 to [`PLACES_MAX`], written as given.
    pub places: &'a [Place],
}

/// Appends one record to a frame body, its content as it is.
pub fn encode(body: &mut Vec<u8>, head: &Head<'_>, infrastructure: &[u8], content: &[u8]) {
    body.reserve(encoded_bytes(head.places.len(), infrastructure.len(), content.len()));
    encode_head(body, KIND_ENTRY, head, (infrastructure.len(), content.len()));
    body.extend_from_slice(infrastructure);
    body.extend_from_slice(content);
}

/// Appends one record, its content encrypted by `sealer`, which has keys for all its places.
pub(crate) fn encode_sealed(
    body: &mut Vec<u8>,
    head: &Head<'_>,
    infrastructure: &[u8],
    content: &[u8],
    sealer: &mut Sealer,
) -> Result<(), SealError> {
    let places = head.places;
    body.reserve(sealed_bytes(places.len(), infrastructure.len(), content.len()));
    let start = body.len();
    encode_head(body, KIND_SEALED, head, (infrastructure.len(), content.len()));
    for place in places {
        body.extend_from_slice(&sealer.key_id(place.number)?.0);
    }
    let nonce = sealer.nonces(1 + places.len());
    body.extend_from_slice(&nonce);
    let mut own_key = None;
    if places.len() > 1 {
        let wrapped_at = body.len();
        own_key = Some(sealer.wrap(places, nonce, start, body)?);
        debug_assert_eq!(body.len(), wrapped_at + places.len() * WRAPPED_BYTES);
    }
    body.extend_from_slice(infrastructure);
    let split = body.len() - start;
    body.extend_from_slice(content);
    let (before, text) = body[start..].split_at_mut(split);
    let tag = sealer.seal(own_key, places[0].number, nonce, before, text)?;
    body.extend_from_slice(&tag);
    Ok(())
}

fn encode_head(body: &mut Vec<u8>, kind: u8, head: &Head<'_>, (infrastructure, content): (usize, usize)) {
    let Head { time_us, time_nanos, log_entry_id, producer, digest, places } = *head;
    debug_assert!((1..=PLACES_MAX).contains(&places.len()));
    body.extend_from_slice(&[kind, places.len() as u8]);
    body.extend_from_slice(&time_nanos.to_le_bytes());
    body.extend_from_slice(&(infrastructure as u32).to_le_bytes());
    body.extend_from_slice(&(content as u32).to_le_bytes());
    body.extend_from_slice(&[0; 4]);
    body.extend_from_slice(&time_us.to_le_bytes());
    body.extend_from_slice(log_entry_id);
    body.extend_from_slice(&producer.to_le_bytes());
    body.extend_from_slice(&digest.to_le_bytes());
    for place in places {
        body.extend_from_slice(&place.seq.to_le_bytes());
        body.extend_from_slice(&place.number.to_le_bytes());
    }
}

/// Size of a record with so many places and parts of such length.
pub fn encoded_bytes(places: usize, infrastructure: usize, content: usize) -> usize {
    FIXED_BYTES + places * PLACE_BYTES + infrastructure + content
}

/// Size of a record whose content, of such length as text, is encrypted.
pub(crate) fn sealed_bytes(places: usize, infrastructure: usize, content: usize) -> usize {
    encoded_bytes(places, infrastructure, content) + seal_bytes(places) + TAG_BYTES
}

/// Bytes between places and infrastructure part of a record whose content is encrypted.
fn seal_bytes(places: usize) -> usize {
    let wrapped = if places > 1 { places * WRAPPED_BYTES } else { 0 };
    places * KEY_ID_BYTES + NONCE_BYTES + wrapped
}

/// Reads the records of a frame body in order. Stops after the first error.
pub fn records(body: &[u8]) -> impl Iterator<Item = Result<Record<'_>, RecordError>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= body.len() {
            return None;
        }
        let record = decode(body, at);
        at = match &record {
            Ok(record) => at + record.bytes(),
            Err(_) => body.len(),
        };
        Some(record)
    })
}

fn decode(body: &[u8], at: usize) -> Result<Record<'_>, RecordError> {
    let error = |what| RecordError { at, what };
    let bytes = &body[at..];
    let fixed = bytes.get(..FIXED_BYTES).ok_or_else(|| error("ends too early"))?;
    let is_sealed = match fixed[0] {
        KIND_ENTRY => false,
        KIND_SEALED => true,
        _ => return Err(error("is of a kind this version does not know")),
    };
    let places_end = FIXED_BYTES + usize::from(fixed[1]) * PLACE_BYTES;
    let infrastructure_start = places_end + if is_sealed { seal_bytes(usize::from(fixed[1])) } else { 0 };
    let infrastructure_end = infrastructure_start + u32_at(fixed, 4) as usize;
    let content_end = infrastructure_end + u32_at(fixed, 8) as usize;
    let end = content_end + if is_sealed { TAG_BYTES } else { 0 };
    if fixed[1] == 0 || bytes.len() < end {
        return Err(error("is longer than the frame or has no place"));
    }
    let seal = is_sealed.then(|| Seal {
        head: &bytes[..infrastructure_end],
        keys_at: places_end,
        tag: &bytes[content_end..end],
    });
    let time_nanos = u16::from_le_bytes([fixed[2], fixed[3]]);
    if time_nanos > 999 || fixed[12..16] != [0; 4] {
        return Err(error("has a value this version does not write"));
    }
    let mut log_entry_id = [0; 16];
    log_entry_id.copy_from_slice(&fixed[24..40]);
    Ok(Record {
        time_us: u64_at(fixed, 16) as i64,
        time_nanos,
        log_entry_id,
        producer: u64_at(fixed, 40),
        digest: u64_at(fixed, 48),
        places: &bytes[FIXED_BYTES..places_end],
        infrastructure: &bytes[infrastructure_start..infrastructure_end],
        text: &bytes[infrastructure_end..content_end],
        seal,
    })
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests;
