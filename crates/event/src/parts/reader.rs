//! One pass over a canonical object or array, without looking into the values.

use std::borrow::Cow;

use super::Malformed;
use crate::json::write::plain_length;

/// Reads the members of an object or the elements of an array, whichever it is asked for.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Inside,
    Done,
    NotUtf8,
}

impl<'a> Reader<'a> {
    pub(super) fn over(bytes: &'a [u8]) -> Self {
        match utf8(bytes) {
            Ok(text) => Self::over_text(text),
            Err(_) => Self { text: "", at: 0, state: State::NotUtf8 },
        }
    }

    pub(super) fn over_text(text: &'a str) -> Self {
        Self { text, at: 0, state: State::Start }
    }

    /// How far it has read, in bytes.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next key, unescaped, and the raw text of its value; nothing more after an error.
    pub(super) fn next_member(&mut self) -> Option<Result<(Cow<'a, str>, &'a str), Malformed>> {
        let member = self.member().transpose();
        self.end_unless(matches!(member, Some(Ok(_))));
        member
    }

    /// The raw text of the next element; nothing more after an error.
    pub(super) fn next_element(&mut self) -> Option<Result<&'a str, Malformed>> {
        let element = self.element().transpose();
        self.end_unless(matches!(element, Some(Ok(_))));
        element
    }

    fn end_unless(&mut self, goes_on: bool) {
        self.state = if goes_on { State::Inside } else { State::Done };
    }

    fn member(&mut self) -> Result<Option<(Cow<'a, str>, &'a str)>, Malformed> {
        if !self.advance(b'{', b'}')? {
            return Ok(None);
        }
        let key = self.string()?;
        self.expect(b':')?;
        Ok(Some((string(key)?, self.value()?)))
    }

    fn element(&mut self) -> Result<Option<&'a str>, Malformed> {
        if self.advance(b'[', b']')? { self.value().map(Some) } else { Ok(None) }
    }

    /// Moves past the bracket or comma before the next element; false at the end, which must be that of the text.
    fn advance(&mut self, open: u8, close: u8) -> Result<bool, Malformed> {
        match self.state {
            State::Done => return Ok(false),
            State::NotUtf8 => return Err(Malformed { at: 0 }),
            State::Inside if self.peek() == Some(b',') => {
                self.at += 1;
                return Ok(true);
            }
            State::Inside => {}
            State::Start => {
                self.expect(open)?;
                if self.peek() != Some(close) {
                    return Ok(true);
                }
            }
        }
        self.expect(close)?;
        if self.at == self.text.len() { Ok(false) } else { Err(Malformed { at: self.at }) }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(Malformed { at: self.at });
        }
        self.at += 1;
        Ok(())
    }

    /// Takes one value: strings and brackets are followed, no more.
    fn value(&mut self) -> Result<&'a str, Malformed> {
        if self.peek() == Some(b'"') {
            return self.string();
        }
        let start = self.at;
        let mut depth = 0usize;
        loop {
            match self.peek() {
                Some(b'"') => self.skip_string()?,
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(b',' | b':') if depth > 0 => self.at += 1,
                Some(b'-' | b'0'..=b'9' | b'a'..=b'z') => {
                    let is_scalar = |byte: &&u8| matches!(byte, b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z');
                    self.at += self.text.as_bytes()[self.at..].iter().take_while(is_scalar).count();
                }
                _ => return Err(Malformed { at: self.at }),
            }
            if depth == 0 {
                return self.since(start);
            }
        }
    }

    /// Takes a string, quotes included.
    #[inline]
    fn string(&mut self) -> Result<&'a str, Malformed> {
        let start = self.at;
        self.skip_string()?;
        self.since(start)
    }

    #[inline]
    fn skip_string(&mut self) -> Result<(), Malformed> {
        self.expect(b'"')?;
        loop {
            self.at += plain_length(&self.text.as_bytes()[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') if self.at + 1 < self.text.len() => self.at += 2,
                _ => return Err(Malformed { at: self.at }),
            }
        }
    }

    /// The text from `start` on. A backslash may stand before a longer character, whose middle is no end.
    #[inline]
    fn since(&self, start: usize) -> Result<&'a str, Malformed> {
        self.text.get(start..self.at).ok_or(Malformed { at: self.at })
    }
}

pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Malformed> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| Malformed { at: 0 })
}

/// The text of the JSON string `raw`, borrowed where it holds no escape.
#[inline]
pub(super) fn string(raw: &str) -> Result<Cow<'_, str>, Malformed> {
    let inside = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or(Malformed { at: 0 })?;
    if plain_length(inside.as_bytes()) == inside.len() {
        return Ok(Cow::Borrowed(inside));
    }
    serde_json::from_str(raw).map(Cow::Owned).map_err(|error| Malformed { at: error.column() })
}
