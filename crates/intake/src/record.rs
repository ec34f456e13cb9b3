//! How an admitted event stands in a journal frame. The layout is described byte by byte in `docs/formats/record.md`.
//!
//! All entries of one frame share the frame's `received_at`.

/// Bytes before the list of places.
const FIXED_BYTES: usize = 56;
/// Bytes of one place: `seq` and the organization's number.
const PLACE_BYTES: usize = 12;
const KIND_ENTRY: u8 = 1;
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
    /// JCS text of the content part.
    pub content: &'a [u8],
}

impl Record<'_> {
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

/// Appends one record to a frame body.
///
/// The places are written as given; `places` holds 1 to [`PLACES_MAX`].
#[allow(clippy::too_many_arguments)]
pub fn encode(
    body: &mut Vec<u8>,
    time_us: i64,
    time_nanos: u16,
    log_entry_id: &[u8; 16],
    producer: u64,
    digest: u64,
    places: &[Place],
    infrastructure: &[u8],
    content: &[u8],
) {
    debug_assert!((1..=PLACES_MAX).contains(&places.len()));
    body.reserve(encoded_bytes(places.len(), infrastructure.len(), content.len()));
    body.extend_from_slice(&[KIND_ENTRY, places.len() as u8]);
    body.extend_from_slice(&time_nanos.to_le_bytes());
    body.extend_from_slice(&(infrastructure.len() as u32).to_le_bytes());
    body.extend_from_slice(&(content.len() as u32).to_le_bytes());
    body.extend_from_slice(&[0; 4]);
    body.extend_from_slice(&time_us.to_le_bytes());
    body.extend_from_slice(log_entry_id);
    body.extend_from_slice(&producer.to_le_bytes());
    body.extend_from_slice(&digest.to_le_bytes());
    for place in places {
        body.extend_from_slice(&place.seq.to_le_bytes());
        body.extend_from_slice(&place.number.to_le_bytes());
    }
    body.extend_from_slice(infrastructure);
    body.extend_from_slice(content);
}

/// Size of a record with so many places and parts of such length.
pub fn encoded_bytes(places: usize, infrastructure: usize, content: usize) -> usize {
    FIXED_BYTES + places * PLACE_BYTES + infrastructure + content
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
            Ok(record) => {
                at + encoded_bytes(record.places.len() / PLACE_BYTES, record.infrastructure.len(), record.content.len())
            }
            Err(_) => body.len(),
        };
        Some(record)
    })
}

fn decode(body: &[u8], at: usize) -> Result<Record<'_>, RecordError> {
    let error = |what| RecordError { at, what };
    let bytes = &body[at..];
    let fixed = bytes.get(..FIXED_BYTES).ok_or_else(|| error("ends too early"))?;
    if fixed[0] != KIND_ENTRY {
        return Err(error("is of a kind this version does not know"));
    }
    let places_end = FIXED_BYTES + usize::from(fixed[1]) * PLACE_BYTES;
    let infrastructure_end = places_end + u32_at(fixed, 4) as usize;
    let content_end = infrastructure_end + u32_at(fixed, 8) as usize;
    if fixed[1] == 0 || bytes.len() < content_end {
        return Err(error("is longer than the frame or has no place"));
    }
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
        infrastructure: &bytes[places_end..infrastructure_end],
        content: &bytes[infrastructure_end..content_end],
    })
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests;
