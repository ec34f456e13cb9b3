//! What a frame of the spool holds: one event, or one refused record, behind a header, as `docs/formats/spool.md` describes it.

use bytes::Bytes;
use indelible_journal::Frame;

/// Bytes of a header at most.
pub(crate) const HEADER_BYTES_MAX: usize = 2 + ADAPTER_BYTES_MAX;
/// Longest name of an adapter.
const ADAPTER_BYTES_MAX: usize = 64;

/// What a frame holds. The first byte of its header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An event, for the log.
    #[default]
    Event = 1,
    /// A record that gives no event, for the quarantine.
    Refused = 2,
}

/// What is in the spool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub(crate) kind: Kind,
    /// The adapter that made the event of a foreign record, or refused the record; or nothing.
    pub(crate) adapter: &'a str,
    pub(crate) line: &'a [u8],
}

/// Whether `name` may name an adapter: what the server takes in its header.
pub(crate) fn is_adapter(name: &str) -> bool {
    (1..=ADAPTER_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte))
}

/// What stands in front of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    bytes: [u8; HEADER_BYTES_MAX],
    length: usize,
}

impl Header {
    /// Of an event that no adapter made.
    pub(crate) const NONE: Self = {
        let mut bytes = [0; HEADER_BYTES_MAX];
        bytes[0] = Kind::Event as u8;
        Self { bytes, length: 2 }
    };

    /// `None` if the name of the adapter is too long.
    pub(crate) fn of(kind: Kind, adapter: &str) -> Option<Self> {
        let mut bytes = [0; HEADER_BYTES_MAX];
        let length = 2 + adapter.len();
        bytes.get_mut(2..length)?.copy_from_slice(adapter.as_bytes());
        bytes[..2].copy_from_slice(&[kind as u8, u8::try_from(adapter.len()).ok()?]);
        Some(Self { bytes, length })
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// An event or a refused record that waits for the server.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    header: Header,
    pub(crate) line: Bytes,
    /// When it was handed in, in microseconds since 1970.
    pub(crate) at_us: i64,
}

impl Event {
    pub(crate) fn new(header: Header, line: Vec<u8>, at_us: i64) -> Self {
        Self { header, line: line.into(), at_us }
    }

    /// That of a frame. What is no record was written by a later version of this program, since it passed its checksum.
    pub(crate) fn of(frame: &Frame) -> Self {
        let unknown = Record { kind: Kind::Event, adapter: "", line: &frame.body };
        let record = Record::decode(&frame.body).unwrap_or(unknown);
        let header = Header::of(record.kind, record.adapter).unwrap_or(Header::NONE);
        Self { header, line: frame.body.slice_ref(record.line), at_us: frame.received_at_us }
    }

    /// What it is, and the adapter that made it of a foreign record or refused it, or nothing.
    pub(crate) fn about(&self) -> (Kind, &str) {
        Record::decode(self.header.as_bytes()).map_or((Kind::Event, ""), |record| (record.kind, record.adapter))
    }
}

impl<'a> Record<'a> {
    pub(crate) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let ([kind, length], rest) = bytes.split_first_chunk()?;
        let kind = [Kind::Event, Kind::Refused].into_iter().find(|known| *known as u8 == *kind)?;
        let (adapter, line) = rest.split_at_checked(usize::from(*length))?;
        let adapter = std::str::from_utf8(adapter).ok().filter(|name| name.is_empty() || is_adapter(name))?;
        Some(Self { kind, adapter, line })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn records_read_back_and_nothing_else_does() {
        for (kind, first) in [(Kind::Event, 1), (Kind::Refused, 2)] {
            for (adapter, line) in [("", &b"{}"[..]), ("okta@2", b"{\"a\":1}"), ("x", b"")] {
                let bytes = [Header::of(kind, adapter).unwrap().as_bytes(), line].concat();
                assert_eq!((bytes[0], Record::decode(&bytes)), (first, Some(Record { kind, adapter, line })));
            }
        }
        let is_header = |length| Header::of(Kind::Event, &"x".repeat(length)).is_some();
        assert!(is_header(64) && !is_header(65));
        for bad in [&b""[..], b"\x01", b"\x00\x00{}", b"\x03\x00{}", b"\x01\x05abc", b"\x01\x01\xff{}", b"\x01\x01 {}"]
        {
            assert_eq!(Record::decode(bad), None, "{bad:?}");
        }
    }
}
