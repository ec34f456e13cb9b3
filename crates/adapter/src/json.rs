//! JSON in and out of VRL values, exactly.
//!
//! The parser does the checks a record must pass before a program sees it: UTF-8, one complete object, bounded depth, no
//! key twice, no half of a surrogate pair. A number that a double does not keep becomes a string, digit for digit.

use std::fmt::Write as _;

use jiff::Timestamp;
use vrl::prelude::NotNan;
use vrl::value::{KeyString, ObjectMap, Value};

use crate::refused::{Code, Refused};

/// Deepest nesting of a record. The event wraps a record's values four levels deeper, and an event may have 64.
pub(crate) const DEPTH_MAX: usize = 60;

/// Deepest nesting of an event.
const EVENT_DEPTH_MAX: usize = 64;

const INTEGER_MAX: i64 = (1 << 53) - 1;

/// Parses one JSON text.
pub(crate) fn parse(text: &[u8]) -> Result<Value, Refused> {
    let mut parser = Parser::new(text, DEPTH_MAX)?;
    let value = parser.value()?;
    parser.finish()?;
    Ok(value)
}

/// Parses an event that this crate wrote, which may be deeper than a record.
pub(crate) fn parse_event(text: &str) -> Result<Value, Refused> {
    let mut parser = Parser::new(text.as_bytes(), EVENT_DEPTH_MAX)?;
    let value = parser.value()?;
    parser.finish()?;
    Ok(value)
}

/// The members of a JSON object with their values as they stand in the text.
pub(crate) fn members(text: &[u8]) -> Result<Vec<(String, &str)>, Refused> {
    let mut parser = Parser::new(text, EVENT_DEPTH_MAX)?;
    if !parser.take(b'{') {
        return Err(parser.invalid("an object was expected"));
    }
    let mut members: Vec<(String, &str)> = Vec::new();
    parser.skip_space();
    let mut more = !parser.take(b'}');
    while more {
        let key = parser.key()?;
        let start = parser.at;
        parser.value()?;
        if members.iter().any(|(known, _)| *known == key) {
            return Err(duplicate(&key));
        }
        members.push((key, &parser.text[start..parser.at]));
        more = parser.goes_on(b'}')?;
    }
    parser.finish()?;
    Ok(members)
}

/// The text of `bytes`, if it is UTF-8.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Refused> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Refused::new(Code::InvalidUtf8, format!("byte {at} is not UTF-8; convert the file to UTF-8"))
    })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    depth_max: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a [u8], depth_max: usize) -> Result<Self, Refused> {
        let mut parser = Self { text: utf8(text)?, at: 0, depth: 0, depth_max };
        parser.skip_space();
        Ok(parser)
    }

    fn finish(&mut self) -> Result<(), Refused> {
        self.skip_space();
        if self.at < self.text.len() {
            return Err(self.invalid("something follows the record"));
        }
        Ok(())
    }
}

impl Parser<'_> {
    fn value(&mut self) -> Result<Value, Refused> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(Value::from(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Boolean(true)),
            Some(b'f') => self.word("false", Value::Boolean(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err(self.invalid("a value was expected")),
            None => Err(self.invalid("the record is cut")),
        }
    }

    fn nested(&mut self, parse: fn(&mut Self) -> Result<Value, Refused>) -> Result<Value, Refused> {
        self.depth += 1;
        if self.depth > self.depth_max {
            let message = format!("nested deeper than {} levels", self.depth_max);
            return Err(Refused::new(Code::TooDeep, message));
        }
        self.at += 1;
        let value = parse(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Value, Refused> {
        let mut object = ObjectMap::new();
        self.skip_space();
        let mut more = !self.take(b'}');
        while more {
            let key = KeyString::from(self.key()?);
            let value = self.value()?;
            if object.contains_key(&key) {
                return Err(duplicate(&key));
            }
            object.insert(key, value);
            more = self.goes_on(b'}')?;
        }
        Ok(Value::Object(object))
    }

    fn array(&mut self) -> Result<Value, Refused> {
        let mut array = Vec::new();
        self.skip_space();
        let mut more = !self.take(b']');
        while more {
            self.skip_space();
            array.push(self.value()?);
            more = self.goes_on(b']')?;
        }
        Ok(Value::Array(array))
    }

    /// A key and its colon; the value comes next.
    fn key(&mut self) -> Result<String, Refused> {
        self.skip_space();
        if self.peek() != Some(b'"') {
            return Err(self.invalid("a key was expected"));
        }
        let key = self.string()?;
        self.skip_space();
        if !self.take(b':') {
            return Err(self.invalid("a colon was expected"));
        }
        self.skip_space();
        Ok(key)
    }

    /// Behind an element: whether another follows.
    fn goes_on(&mut self, close: u8) -> Result<bool, Refused> {
        self.skip_space();
        if self.take(close) {
            Ok(false)
        } else if self.take(b',') {
            Ok(true)
        } else if self.peek().is_none() {
            Err(self.invalid("the record is cut"))
        } else {
            Err(self.invalid("a comma or the end of an object or list was expected"))
        }
    }

    fn string(&mut self) -> Result<String, Refused> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let stop = rest.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < 0x20);
            let Some(stop) = stop else {
                return Err(self.invalid("a string is not closed"));
            };
            out.push_str(&rest[..stop]);
            self.at += stop;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    let character = self.escape()?;
                    out.push(character);
                }
                _ => return Err(self.invalid("a control character stands in a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Refused> {
        self.at += 1;
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.invalid("an unknown escape stands in a string")),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode(&mut self) -> Result<char, Refused> {
        let lone = || Refused::new(Code::LoneSurrogate, "a string escapes half of a surrogate pair");
        let first = self.hex4()?;
        let code = match first {
            0xD800..=0xDBFF => {
                if !self.text[self.at..].starts_with("\\u") {
                    return Err(lone());
                }
                self.at += 2;
                let second = self.hex4()?;
                if !(0xDC00..=0xDFFF).contains(&second) {
                    return Err(lone());
                }
                0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
            }
            code => code,
        };
        char::from_u32(code).ok_or_else(lone)
    }

    fn hex4(&mut self) -> Result<u32, Refused> {
        let digits = self.text.get(self.at..self.at + 4);
        let code = digits
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.invalid("\\u is not followed by four hexadecimal digits"))?;
        self.at += 4;
        Ok(code)
    }

    fn number(&mut self) -> Result<Value, Refused> {
        let start = self.at;
        self.take(b'-');
        let whole = self.digits();
        let leading_zero = whole > 1 && self.text.as_bytes()[self.at - whole] == b'0';
        let mut fraction = false;
        let mut complete = whole > 0 && !leading_zero;
        if self.take(b'.') {
            fraction = true;
            complete &= self.digits() > 0;
        }
        if self.take(b'e') || self.take(b'E') {
            fraction = true;
            let _ = self.take(b'+') || self.take(b'-');
            complete &= self.digits() > 0;
        }
        if !complete {
            return Err(self.invalid("a number is not complete"));
        }
        let token = &self.text[start..self.at];
        Ok(if fraction {
            exact_float(token)
        } else {
            match token.parse::<i64>() {
                Ok(number) if number.unsigned_abs() <= INTEGER_MAX as u64 => Some(Value::Integer(number)),
                _ => None,
            }
        }
        .unwrap_or_else(|| Value::from(token)))
    }

    fn digits(&mut self) -> usize {
        let count = self.text.as_bytes()[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Refused> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.invalid("a value was expected"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn invalid(&self, what: &str) -> Refused {
        Refused::new(Code::InvalidJson, format!("{what} at byte {}", self.at))
    }
}

fn duplicate(key: &str) -> Refused {
    Refused::new(Code::DuplicateKey, format!("the key {:?} stands twice in one object", short(key)))
}

/// The double a decimal text stands for, if it stands for no other number than the text.
fn exact_float(token: &str) -> Option<Value> {
    let number: f64 = token.parse().ok()?;
    let integral = number.fract() == 0.0;
    if !number.is_finite() || (integral && number.abs() > INTEGER_MAX as f64) {
        return None;
    }
    let shortest = format!("{number:e}");
    if decimal(token) != decimal(&shortest) {
        return None;
    }
    NotNan::new(number).ok().map(Value::Float)
}

/// A decimal text as (digits without zeros at either end, exponent of the last digit).
fn decimal(token: &str) -> (String, i64) {
    let token = token.trim_start_matches('-');
    let (mantissa, exponent) = token.split_once(['e', 'E']).unwrap_or((token, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let dropped = digits.len() - significant.len();
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        return (String::new(), 0);
    }
    let exponent = exponent.parse::<i64>().unwrap_or(i64::MAX);
    let last = exponent.saturating_sub(fraction.len() as i64).saturating_add(dropped as i64);
    (significant.to_owned(), last)
}

/// At most 64 bytes of `text`, for messages.
pub(crate) fn short(text: &str) -> &str {
    cut(text, 64)
}

/// At most `bytes` bytes of `text`, whole characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// Appends `value` as JSON.
pub(crate) fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Boolean(true) => out.push_str("true"),
        Value::Boolean(false) => out.push_str("false"),
        Value::Integer(number) if number.unsigned_abs() <= INTEGER_MAX as u64 => {
            out.push_str(&number.to_string());
        }
        Value::Integer(number) => write_string(out, &number.to_string()),
        Value::Float(number) => write_float(out, number.into_inner()),
        Value::Timestamp(time) => match Timestamp::new(time.timestamp(), time.timestamp_subsec_nanos() as i32) {
            Ok(time) => write_string(out, &time.to_string()),
            Err(_) => out.push_str("null"),
        },
        Value::Object(object) => {
            out.push('{');
            for (index, (key, value)) in object.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(out, key);
                out.push(':');
                write(out, value);
            }
            out.push('}');
        }
        Value::Array(array) => {
            out.push('[');
            for (index, value) in array.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, value);
            }
            out.push(']');
        }
        Value::Bytes(_) | Value::String(_) | Value::Regex(_) => {
            write_string(out, &value.to_string_lossy());
        }
    }
}

fn write_float(out: &mut String, number: f64) {
    if !number.is_finite() {
        out.push_str("null");
    } else if number.fract() == 0.0 && number.abs() > INTEGER_MAX as f64 {
        write_string(out, &number.to_string());
    } else {
        let _ = write!(out, "{number}");
    }
}

/// Appends `text` as a JSON string.
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(stop) = rest.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < 0x20) {
        out.push_str(&rest[..stop]);
        match rest.as_bytes()[stop] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte => {
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
        rest = &rest[stop + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests;
