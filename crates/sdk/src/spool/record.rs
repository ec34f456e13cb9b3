//! What a frame of the spool holds: one event, as `docs/formats/spool.md` describes it.

/// Bytes in front of the event at most.
pub(crate) const HEADER_BYTES_MAX: usize = 2 + ADAPTER_BYTES_MAX;
/// Longest name of an adapter.
const ADAPTER_BYTES_MAX: usize = 64;
const VERSION: u8 = 1;

/// An event in the spool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    /// The adapter that made the event of a foreign record, or nothing.
    pub(crate) adapter: &'a str,
    pub(crate) line: &'a [u8],
}

/// Whether `name` may name an adapter: what the server takes in its header.
pub(crate) fn is_adapter(name: &str) -> bool {
    (1..=ADAPTER_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte))
}

impl<'a> Record<'a> {
    /// `None` if the name of the adapter is too long.
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        let length =
            u8::try_from(self.adapter.len()).ok().filter(|length| usize::from(*length) <= ADAPTER_BYTES_MAX)?;
        Some([&[VERSION, length], self.adapter.as_bytes(), self.line].concat())
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let ([version, length], rest) = bytes.split_first_chunk()?;
        let (adapter, line) = rest.split_at_checked(usize::from(*length))?;
        let adapter = std::str::from_utf8(adapter).ok().filter(|name| name.is_empty() || is_adapter(name))?;
        (*version == VERSION).then_some(Self { adapter, line })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn records_read_back_and_nothing_else_does() {
        for (adapter, line) in [("", &b"{}"[..]), ("okta@2", b"{\"a\":1}"), ("x", b"")] {
            let record = Record { adapter, line };
            let bytes = record.encode().unwrap();
            assert_eq!(Record::decode(&bytes), Some(record));
        }
        assert_eq!(Record { adapter: &"x".repeat(65), line: b"" }.encode(), None);
        for bad in [&b""[..], b"\x01", b"\x02\x00{}", b"\x01\x05abc", b"\x01\x01\xff{}", b"\x01\x01 {}"] {
            assert_eq!(Record::decode(bad), None, "{bad:?}");
        }
    }
}
