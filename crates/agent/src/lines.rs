//! Lines cut out of bytes that come piece by piece.

use indelible_adapter::RECORD_BYTES_MAX;

use crate::identity::{self, Digest, TAIL_BYTES_MAX};

/// Bytes that are kept of a line which is too long.
pub(crate) const KEPT_BYTES_MAX: usize = 64 << 10;
/// Bytes in front of the next line at which they are let go.
const SURPLUS_BYTES: usize = 256 << 10;

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Bytes before it.
    pub(crate) offset: u64,
    /// The line without its end; only its beginning if it is too long.
    pub(crate) bytes: Vec<u8>,
    /// Its length.
    pub(crate) length: u64,
}

impl Line {
    /// Whether it is longer than a record may be.
    pub(crate) fn is_too_long(&self) -> bool {
        self.length > RECORD_BYTES_MAX as u64
    }
}

/// Bytes that were read, and where they stand. Holds little more than one line.
#[derive(Debug)]
pub(crate) struct Lines {
    buffer: Vec<u8>,
    /// Offset of the buffer's first byte.
    base: u64,
    /// Where the next line begins in the buffer; behind it stands as much as a tail needs.
    start: usize,
    /// Up to where the next line has no end.
    searched: usize,
    /// The line is too long: where it began, and its beginning.
    long: Option<(u64, Vec<u8>)>,
}

impl Lines {
    /// From `position` on; `before` is what stands in front of it, as far as a tail reaches.
    pub(crate) fn new(position: u64, before: Vec<u8>) -> Self {
        let start = before.len();
        Self { base: position - start as u64, start, searched: start, buffer: before, long: None }
    }

    /// Where the next line begins.
    pub(crate) fn position(&self) -> u64 {
        self.long.as_ref().map_or(self.base + self.start as u64, |(offset, _)| *offset)
    }

    /// Where the bytes end that were read.
    pub(crate) fn end(&self) -> u64 {
        self.base + self.buffer.len() as u64
    }

    /// Of what stands in front of the next line, which is not a long one.
    pub(crate) fn tail(&self) -> Digest {
        identity::tail(&self.buffer[..self.start])
    }

    /// Appends what was read.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.start > TAIL_BYTES_MAX + SURPLUS_BYTES {
            self.tidy();
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Lets go of what was passed.
    pub(crate) fn tidy(&mut self) {
        let passed = self.start.saturating_sub(TAIL_BYTES_MAX);
        self.buffer.drain(..passed);
        self.buffer.shrink_to(2 * TAIL_BYTES_MAX);
        self.base += passed as u64;
        self.start -= passed;
        self.searched -= passed;
    }

    /// The next whole line.
    pub(crate) fn next(&mut self) -> Option<Line> {
        match memchr::memchr(b'\n', &self.buffer[self.searched..]) {
            Some(length) => {
                let end = self.searched + length;
                Some(self.take(end, end + 1))
            }
            None => {
                self.searched = self.buffer.len();
                if self.searched - self.start > RECORD_BYTES_MAX {
                    self.skip();
                }
                None
            }
        }
    }

    /// What stands behind the last line end, as if it were a line.
    pub(crate) fn rest(&mut self) -> Option<Line> {
        let end = self.buffer.len();
        self.has_rest().then(|| self.take(end, end))
    }

    pub(crate) fn has_rest(&self) -> bool {
        self.end() > self.position()
    }

    fn take(&mut self, end: usize, next: usize) -> Line {
        let line = match self.long.take() {
            Some((offset, bytes)) => Line { offset, bytes, length: self.base + end as u64 - offset },
            None => {
                let bytes = &self.buffer[self.start..end];
                let kept = if bytes.len() > RECORD_BYTES_MAX { KEPT_BYTES_MAX } else { bytes.len() };
                let offset = self.base + self.start as u64;
                Line { offset, bytes: bytes[..kept].to_vec(), length: bytes.len() as u64 }
            }
        };
        self.start = next;
        self.searched = next;
        line
    }

    /// Keeps the beginning of a line that is too long and lets go of the rest.
    fn skip(&mut self) {
        let beginning = &self.buffer[self.start..self.start + KEPT_BYTES_MAX];
        let offset = self.base + self.start as u64;
        if self.long.is_none() {
            self.long = Some((offset, beginning.to_vec()));
        }
        self.start = self.buffer.len();
        self.tidy();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Cuts `text`, given in pieces of `piece` bytes: (offset, length of what is kept, too long) of each line and of the rest, whose lengths
    /// are those of what stands between.
    fn cut(text: &[u8], piece: usize) -> Vec<(u64, usize, bool)> {
        let mut lines = Lines::new(0, Vec::new());
        let mut found = Vec::new();
        let mut note = |lines: &Lines, line: Line| {
            let position = usize::try_from(lines.position()).unwrap();
            assert_eq!(lines.tail(), identity::tail(&text[..position]), "the tail at {position}");
            let end = usize::try_from(line.offset + line.length).unwrap();
            assert!(end == position && position == text.len() || end + 1 == position, "a line ends at {end}");
            found.push((line.offset, line.bytes.len(), line.is_too_long()));
        };
        for piece in text.chunks(piece) {
            lines.push(piece);
            while let Some(line) = lines.next() {
                note(&lines, line);
            }
            assert!(lines.buffer.len() <= RECORD_BYTES_MAX + SURPLUS_BYTES + 2 * TAIL_BYTES_MAX + 2 * piece.len());
        }
        if let Some(line) = lines.rest() {
            note(&lines, line);
        }
        assert!(!lines.has_rest() && lines.position() == text.len() as u64);
        found
    }

    #[test]
    fn lines_are_cut_whatever_the_pieces() {
        let check = |text: &[u8], expected: &[(u64, usize, bool)]| {
            for piece in [1, 2, 3, 7, 64 << 10, 1 << 20] {
                if text.len() / piece < 100_000 {
                    assert_eq!(cut(text, piece), expected, "pieces of {piece}");
                }
            }
        };
        check(b"", &[]);
        check(b"a", &[(0, 1, false)]);
        check(b"a\n", &[(0, 1, false)]);
        check(b"a\n\nbc\nd", &[(0, 1, false), (2, 0, false), (3, 2, false), (6, 1, false)]);
        let longest = [vec![b'x'; RECORD_BYTES_MAX], b"\ny\n".to_vec()].concat();
        check(&longest, &[(0, RECORD_BYTES_MAX, false), (RECORD_BYTES_MAX as u64 + 1, 1, false)]);
        let many = vec![b"line of a log\n".to_vec(); 5_000].concat();
        let expected: Vec<_> = (0..5_000).map(|number| (14 * number, 13, false)).collect();
        check(&many, &expected);
        for surplus in [1, 3 << 20] {
            let bytes = RECORD_BYTES_MAX + surplus;
            let long = [b"a\n".to_vec(), vec![b'x'; bytes], b"\ny\n".to_vec()].concat();
            check(&long, &[(0, 1, false), (2, KEPT_BYTES_MAX, true), (3 + bytes as u64, 1, false)]);
            check(&long[..bytes + 2], &[(0, 1, false), (2, KEPT_BYTES_MAX, true)]);
        }
    }

    #[test]
    fn reading_goes_on_behind_a_position() {
        let mut lines = Lines::new(5000, b"before\n".to_vec());
        assert_eq!((lines.position(), lines.end()), (5000, 5000));
        lines.push(b"a\nb");
        assert_eq!(lines.next(), Some(Line { offset: 5000, bytes: b"a".to_vec(), length: 1 }));
        assert_eq!(lines.next(), None);
        assert_eq!((lines.position(), lines.end(), lines.has_rest()), (5002, 5003, true));
        lines.tidy();
        assert_eq!((lines.position(), lines.end()), (5002, 5003));
        assert_eq!(lines.tail(), identity::tail(b"before\na\n"));
    }
}
