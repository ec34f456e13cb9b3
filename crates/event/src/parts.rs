//! Reading the canonical parts of an event back, and putting them together again.
//!
//! Everything here takes bytes [`admit`](crate::admit) wrote and builds no document. On other bytes it answers
//! [`Malformed`] or something harmless, and never panics. Start at [`Row`] for typed columns, at [`merge`] for the event
//! as it is delivered, at [`members`] for a single field.

mod merge;
mod row;

use std::borrow::Cow;

pub use crate::json::write::write_string;
pub use merge::{Delivery, merge};
pub(crate) use row::write_intake;
pub use row::{Columns, Intake, List, Row, Text, User, write_content, write_infrastructure};

/// The bytes are not a canonical part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not canonical JSON at byte {at}; the stored part is damaged")]
pub struct Malformed {
    /// Where reading stopped.
    pub at: usize,
}

/// The members of the JSON object `jcs`, in its order: each key, unescaped, and the raw text of its value.
///
/// Ends after the first error.
pub fn members(jcs: &[u8]) -> Members<'_> {
    Members { jcs, at: 0, state: State::Start }
}

/// A key, unescaped, and the raw text of its value.
pub type Member<'a> = (Cow<'a, str>, &'a [u8]);

/// Iterator of [`members`].
#[derive(Debug, Clone)]
pub struct Members<'a> {
    jcs: &'a [u8],
    at: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Inside,
    Done,
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<Member<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.step().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.state = State::Done;
        }
        item
    }
}

impl<'a> Members<'a> {
    fn step(&mut self) -> Result<Option<Member<'a>>, Malformed> {
        match next_element(self.jcs, &mut self.at, self.state, b'{', b'}')? {
            None => return Ok(None),
            Some(()) => self.state = State::Inside,
        }
        let key = take_value(self.jcs, &mut self.at)?;
        expect(self.jcs, &mut self.at, b':')?;
        let value = take_value(self.jcs, &mut self.at)?;
        Ok(Some((string(key)?, value)))
    }
}

/// The elements of the JSON array `raw`, each as raw text. Ends after the first error.
pub fn elements(raw: &[u8]) -> Elements<'_> {
    Elements { raw, at: 0, state: State::Start }
}

/// Iterator of [`elements`].
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    raw: &'a [u8],
    at: usize,
    state: State,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<&'a [u8], Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.step().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.state = State::Done;
        }
        item
    }
}

impl<'a> Elements<'a> {
    fn step(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        match next_element(self.raw, &mut self.at, self.state, b'[', b']')? {
            None => Ok(None),
            Some(()) => {
                self.state = State::Inside;
                take_value(self.raw, &mut self.at).map(Some)
            }
        }
    }
}

/// The text of the JSON string `raw`, borrowed where it holds no escape.
pub fn string(raw: &[u8]) -> Result<Cow<'_, str>, Malformed> {
    let inside = match raw {
        [b'"', inside @ .., b'"'] => inside,
        _ => return Err(Malformed { at: 0 }),
    };
    if !inside.contains(&b'\\') {
        return simdutf8::basic::from_utf8(inside).map(Cow::Borrowed).map_err(|_| Malformed { at: 1 });
    }
    serde_json::from_slice(raw).map(Cow::Owned).map_err(|error| Malformed { at: error.column() })
}

/// The strings of the JSON array `raw`. Ends after the first error.
pub fn string_list(raw: &[u8]) -> StringList<'_> {
    StringList(elements(raw))
}

/// Iterator of [`string_list`].
#[derive(Debug, Clone)]
pub struct StringList<'a>(Elements<'a>);

impl<'a> Iterator for StringList<'a> {
    type Item = Result<Cow<'a, str>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.and_then(string))
    }
}

/// Moves to the next element of a container, past its bracket or comma; `None` at the end of the container, which
/// must be the end of the bytes.
fn next_element(bytes: &[u8], at: &mut usize, state: State, open: u8, close: u8) -> Result<Option<()>, Malformed> {
    match state {
        State::Done => return Ok(None),
        State::Start => {
            expect(bytes, at, open)?;
            if bytes.get(*at) != Some(&close) {
                return Ok(Some(()));
            }
        }
        State::Inside if bytes.get(*at) == Some(&b',') => {
            *at += 1;
            return Ok(Some(()));
        }
        State::Inside => {}
    }
    expect(bytes, at, close)?;
    if *at == bytes.len() { Ok(None) } else { Err(Malformed { at: *at }) }
}

fn expect(bytes: &[u8], at: &mut usize, byte: u8) -> Result<(), Malformed> {
    if bytes.get(*at) != Some(&byte) {
        return Err(Malformed { at: *at });
    }
    *at += 1;
    Ok(())
}

/// Takes one value without looking into it: strings and brackets are followed, no more.
fn take_value<'a>(bytes: &'a [u8], at: &mut usize) -> Result<&'a [u8], Malformed> {
    let start = *at;
    let mut depth = 0usize;
    loop {
        match bytes.get(*at) {
            Some(b'"') => skip_string(bytes, at)?,
            Some(b'{' | b'[') => {
                depth += 1;
                *at += 1;
            }
            Some(b'}' | b']') if depth > 0 => {
                depth -= 1;
                *at += 1;
            }
            Some(b',' | b':') if depth > 0 => *at += 1,
            Some(b'-' | b'0'..=b'9' | b'a'..=b'z') => {
                let is_scalar = |byte: &&u8| matches!(byte, b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z');
                *at += bytes[*at..].iter().take_while(is_scalar).count();
            }
            _ => return Err(Malformed { at: *at }),
        }
        if depth == 0 {
            return Ok(&bytes[start..*at]);
        }
    }
}

fn skip_string(bytes: &[u8], at: &mut usize) -> Result<(), Malformed> {
    *at += 1;
    loop {
        *at += crate::json::write::plain_length(&bytes[*at..]);
        match bytes.get(*at) {
            Some(b'"') => {
                *at += 1;
                return Ok(());
            }
            Some(b'\\') if *at + 1 < bytes.len() => *at += 2,
            _ => return Err(Malformed { at: *at }),
        }
    }
}

#[cfg(test)]
mod tests;
