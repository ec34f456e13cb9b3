//! From the bytes of a request's body to single events: decompression within limits, and splitting.

use std::io::Read;

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
        "gzip" | "x-gzip" => Some(read(flate2::read::MultiGzDecoder::new(body), limit)),
        "zstd" => Some(match zstd::stream::read::Decoder::new(body) {
            Ok(mut decoder) => match decoder.window_log_max(27) {
                Ok(()) => read(decoder, limit),
                Err(error) => Decoded { bytes: Vec::new(), cut: Some(Cut::Damaged(error.to_string())) },
            },
            Err(error) => Decoded { bytes: Vec::new(), cut: Some(Cut::Damaged(error.to_string())) },
        }),
        _ => None,
    }
}

fn read(mut from: impl Read, limit: usize) -> Decoded {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return Decoded { bytes, cut: None },
            Ok(n) if bytes.len() + n > limit => return Decoded { bytes, cut: Some(Cut::TooLarge) },
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Decoded { bytes, cut: Some(Cut::Damaged(error.to_string())) },
        }
    }
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
    #![allow(clippy::unwrap_used)]
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
    }
}
