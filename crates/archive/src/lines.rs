//! Texts of one fact a line: a name, a space, the value.

use std::iter::Peekable;
use std::str::{FromStr, Split};

use crate::manifest::ObjectFacts;

/// A line is missing, or is not as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the line {0:?} is missing or wrong")]
pub struct BadLine(pub &'static str);

/// The lines that are left of a text.
pub(crate) struct Lines<'t>(Peekable<Split<'t, char>>);

impl<'t> Lines<'t> {
    /// Those of `text`, which ends in a newline, after the first one, which must be `format`.
    pub(crate) fn of(text: &'t str, format: &'static str) -> Result<Self, BadLine> {
        let mut lines = Self(text.strip_suffix('\n').unwrap_or_default().split('\n').peekable());
        if lines.0.next() == Some(format) { Ok(lines) } else { Err(BadLine(format)) }
    }

    /// Whether there is a line left.
    pub(crate) fn any(&mut self) -> bool {
        self.0.peek().is_some()
    }

    /// Whether the next line has this name.
    pub(crate) fn begins(&mut self, name: &str) -> bool {
        self.0.peek().is_some_and(|line| line.split(' ').next() == Some(name))
    }

    /// The next line as it is.
    pub(crate) fn whole(&mut self, name: &'static str) -> Result<&'t str, BadLine> {
        self.0.next().ok_or(BadLine(name))
    }

    /// What stands behind `name` on the next line.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<&'t str, BadLine> {
        let line = self.0.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.ok_or(BadLine(name))
    }

    pub(crate) fn value<T: FromStr>(&mut self, name: &'static str) -> Result<T, BadLine> {
        self.text(name)?.parse().map_err(|_| BadLine(name))
    }

    /// Two values with `between` in between.
    pub(crate) fn pair<T: FromStr>(&mut self, name: &'static str, between: char) -> Result<(T, T), BadLine> {
        let pair = self.text(name)?.split_once(between).and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        pair.ok_or(BadLine(name))
    }

    /// Name, length and hash of an object.
    pub(crate) fn object(&mut self, name: &'static str) -> Result<(&'t str, ObjectFacts), BadLine> {
        let read = |text: &'t str| {
            let mut words = text.rsplitn(3, ' ');
            let (sha256, bytes, name) = (words.next()?, words.next()?, words.next()?);
            Some((name, ObjectFacts { bytes: bytes.parse().ok()?, sha256: hash32(sha256)? }))
        };
        read(self.text(name)?).ok_or(BadLine(name))
    }
}

/// 64 hexadecimal digits. Whoever needs one form writes the text again and compares.
pub(crate) fn hash32(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).ok()?;
    Some(hash)
}
