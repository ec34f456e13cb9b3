//! From the bytes of a request's body to single events: decompression within limits, and splitting.

use std::io::Read;

use flate2::bufread::GzDecoder;

/// Members that a gzip body may be made of: each costs time, however little it holds.
const MEMBERS_MAX: usize = 100_000;
/// Logarithm of the bytes that a zstd frame may look back, for which memory is taken: 16 MiB, twice what the highest usual level
/// uses.
const WINDOW_LOG_MAX: u32 = 24;

/// A body after decompression.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// What could be read.
    pub(crate) bytes: Vec<u8>,
    /// Why reading ended before the end, if it did.
    pub(crate) cut: Option<Cut>,
}

/// Why a body could not be read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The compressed data is cut off or damaged.
    Damaged(String),
    /// It is longer than the limit.
    TooLarge,
}

/// Undoes `Content-Encoding`. What comes before a damage is kept.
pub(crate) fn decode(encoding: &str, body: &[u8], limit: usize) -> Option<Decoded> {
    match encoding {
        "" | "identity" => Some(Decoded { bytes: body.to_vec(), cut: None }),
        "gzip" | "x-gzip" => Some(gzip(body, limit)),
        "zstd" => Some(zstd(body, limit)),
        _ => None,
    }
}

fn gzip(mut body: &[u8], limit: usize) -> Decoded {
    let mut bytes = Vec::new();
    for _ in 0..MEMBERS_MAX {
        let mut member = GzDecoder::new(body);
        let cut = read(&mut member, &mut bytes, limit);
        body = member.into_inner();
        if cut.is_some() || body.is_empty() {
            return Decoded { bytes, cut };
        }
    }
    Decoded { bytes, cut: Some(Cut::Damaged(format!("it has more than {MEMBERS_MAX} members"))) }
}

fn zstd(body: &[u8], limit: usize) -> Decoded {
    let mut bytes = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(body);
    let decoder = decoder.and_then(|mut decoder| decoder.window_log_max(WINDOW_LOG_MAX).map(|()| decoder));
    let cut = match decoder {
        Ok(decoder) => read(decoder, &mut bytes, limit),
        Err(error) => Some(Cut::Damaged(error.to_string())),
    };
    Decoded { bytes, cut }
}

/// Adds what `from` holds to `bytes`, up to `limit` bytes in all. Returns why it ended before the end, if it did.
fn read(from: impl Read, bytes: &mut Vec<u8>, limit: usize) -> Option<Cut> {
    // One more than may be, to tell the end from the limit.
    let most = limit.saturating_sub(bytes.len()) as u64 + 1;
    let cut = from.take(most).read_to_end(bytes).err().map(|error| Cut::Damaged(error.to_string()));
    if bytes.len() > limit {
        bytes.truncate(limit);
        return Some(Cut::TooLarge);
    }
    cut
}

/// One event of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Line in the body, or place in the array, from 1.
    pub(crate) number: u64,
    pub(crate) bytes: &'a [u8],
}

/// Splits a body: an array into its elements, a single object that spans lines as itself, else lines. Empty lines count
/// but are left out.
pub(crate) fn split(body: &[u8]) -> Vec<Line<'_>> {
    let text = body.trim_ascii();
    match text.first() {
        Some(b'[') => split_array(text),
        Some(b'{') if spans_lines(text) => vec![Line { number: 1, bytes: text }],
        _ => {
            let lines = body.split(|byte| *byte == b'\n').enumerate();
            lines
                .map(|(index, line)| Line { number: index as u64 + 1, bytes: line.trim_ascii() })
                .filter(|line| !line.bytes.is_empty())
                .collect()
        }
    }
}

/// Whether the text is one value whose first line is not a whole value.
fn spans_lines(text: &[u8]) -> bool {
    let Some(end) = text.iter().position(|byte| *byte == b'\n') else { return false };
    value_end(&text[..end]).is_none() && value_end(text) == Some(text.len())
}

/// The end of the bracketed value at the start of `text`. Looks at brackets and strings only.
fn value_end(text: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut scan = Scan::default();
    for (at, byte) in text.iter().enumerate() {
        match scan.step(*byte) {
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn split_array(text: &[u8]) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut depth = 0usize;
    let mut start = 1;
    let mut scan = Scan::default();
    let mut end = text.len();
    let mut push = |from: usize, to: usize| {
        let bytes = text[from..to].trim_ascii();
        if !bytes.is_empty() {
            lines.push(Line { number: lines.len() as u64 + 1, bytes });
        }
    };
    for (at, byte) in text.iter().enumerate() {
        match scan.step(*byte) {
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') => {
                depth -= 1;
                if depth == 0 {
                    end = at;
                    break;
                }
            }
            Some(b',') if depth == 1 => {
                push(start, at);
                start = at + 1;
            }
            _ => {}
        }
    }
    push(start, end);
    lines
}

/// Passes on the bytes outside strings.
#[derive(Default)]
struct Scan {
    string: bool,
    escape: bool,
}

impl Scan {
    fn step(&mut self, byte: u8) -> Option<u8> {
        if self.string {
            match byte {
                _ if self.escape => self.escape = false,
                b'\\' => self.escape = true,
                b'"' => self.string = false,
                _ => {}
            }
            return None;
        }
        self.string = byte == b'"';
        Some(byte)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::io::Write;

    use super::*;

    fn check(body: &str, expected: &[(u64, &str)]) {
        let lines: Vec<_> =
            split(body.as_bytes()).iter().map(|l| (l.number, String::from_utf8_lossy(l.bytes).into_owned())).collect();
        let lines: Vec<_> = lines.iter().map(|(n, l)| (*n, l.as_str())).collect();
        assert_eq!(lines, expected, "{body:?}");
    }

    #[test]
    fn bodies_split_into_events() {
        check("", &[]);
        check("{\"a\":1}", &[(1, "{\"a\":1}")]);
        check("{\"a\":1}\r\n\n{\"b\":2}\n", &[(1, "{\"a\":1}"), (3, "{\"b\":2}")]);
        check("{\n \"a\": 1\n}\n", &[(1, "{\n \"a\": 1\n}")]);
        check("{\n{\"b\":2}", &[(1, "{"), (2, "{\"b\":2}")]);
        check("[{\"a\":\"],{\"} , {\"b\":[1,2]}]", &[(1, "{\"a\":\"],{\"}"), (2, "{\"b\":[1,2]}")]);
        check("[]", &[]);
        check("[{\"a\":1},{\"b\":", &[(1, "{\"a\":1}"), (2, "{\"b\":")]);
        check("not json\n{\"a\":1}", &[(1, "not json"), (2, "{\"a\":1}")]);
        check("]]]]", &[(1, "]]]]")]);
        check("[]]]", &[]);
    }

    #[test]
    fn a_cut_or_bomb_keeps_what_came_before() {
        let text = b"{\"line\":1}\n".repeat(1000);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        encoder.write_all(&text).unwrap();
        let packed = encoder.finish().unwrap();
        assert_eq!(decode("gzip", &packed, 1 << 20).unwrap().cut, None);
        let cut = decode("gzip", &packed[..packed.len() / 2], 1 << 20).unwrap();
        assert!(matches!(cut.cut, Some(Cut::Damaged(_))) && text.starts_with(&cut.bytes));
        assert_eq!(decode("gzip", &packed, 500).unwrap().cut, Some(Cut::TooLarge));
        let packed = zstd::bulk::compress(&vec![b' '; 100 << 20], 1).unwrap();
        assert_eq!(decode("zstd", &packed, 1 << 20).unwrap().cut, Some(Cut::TooLarge));
        assert!(decode("br", b"", 1).is_none());
        assert!(decode("gzip, gzip", b"", 1).is_none());
    }

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_body_may_have_members_and_not_without_number() {
        let check = |encoding: &str, body: &[u8], expected: Result<&[u8], &str>| {
            let decoded = decode(encoding, body, 1 << 20).unwrap();
            match (decoded.cut, expected) {
                (None, Ok(bytes)) => assert_eq!(decoded.bytes, bytes),
                (Some(Cut::Damaged(why)), Err(part)) => assert!(why.contains(part), "{why}"),
                (cut, expected) => panic!("{cut:?} instead of {expected:?}"),
            }
        };
        let one = gzipped(b"a\n");
        check("gzip", &one.repeat(3), Ok(b"a\na\na\n"));
        check("gzip", &[&one[..], b"garbage"].concat(), Err(""));
        check("gzip", &gzipped(b"").repeat(MEMBERS_MAX + 1), Err("members"));
        check("gzip", &gzipped(&one), Ok(&one));
        let frame = zstd::bulk::compress(b"a\n", 1).unwrap();
        check("zstd", &frame.repeat(3), Ok(b"a\na\na\n"));
        // Its header asks for 2 GiB to look back into.
        check("zstd", b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", Err("memory"));
        let begun = std::time::Instant::now();
        let empty = zstd::bulk::compress(b"", 1).unwrap();
        check("zstd", &empty.repeat((16 << 20) / empty.len()), Ok(b""));
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }
}
