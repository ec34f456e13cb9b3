//! Numbers: which are accepted, and their canonical text.
//!
//! Canonical JSON knows doubles only. A number is accepted if it is within +-(2^53-1) and its canonical text denotes
//! the very value that was sent, so that nothing is rounded without anyone noticing.

/// The largest magnitude accepted.
const MAGNITUDE_MAX: u64 = (1 << 53) - 1;

/// Why a number is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberFault {
    Syntax,
    OutOfRange,
    NotExact,
}

/// A number's extent, and whether it is canonical as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scanned {
    pub(crate) length: usize,
    /// An integer of up to 16 digits without a fraction or exponent, and not `-0`: canonical as it stands.
    pub(crate) is_plain: bool,
}

/// Finds the end of the number that `text` opens with.
pub(crate) fn scan(text: &[u8]) -> Result<Scanned, NumberFault> {
    let negative = usize::from(text.first() == Some(&b'-'));
    let integer = digits(&text[negative..]);
    let mut at = negative + integer;
    if integer == 0 || (integer > 1 && text[negative] == b'0') {
        return Err(NumberFault::Syntax);
    }
    let whole = at;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(&text[at + 1..]);
        if fraction == 0 {
            return Err(NumberFault::Syntax);
        }
        at += 1 + fraction;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = text.get(at..).map_or(0, digits);
        if exponent == 0 {
            return Err(NumberFault::Syntax);
        }
        at += exponent;
    }
    if at > whole {
        return Ok(Scanned { length: at, is_plain: false });
    }
    if integer > 15 {
        let mut value = 0u64;
        for digit in &text[negative..at] {
            value = value.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
        }
        if value > MAGNITUDE_MAX {
            return Err(NumberFault::OutOfRange);
        }
    }
    Ok(Scanned { length: at, is_plain: text[..at] != *b"-0" })
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Appends the canonical text of `text`, a number as [`scan`] delimits it.
pub(crate) fn canonicalise(text: &str, out: &mut Vec<u8>) -> Result<(), NumberFault> {
    let value: f64 = text.parse().map_err(|_| NumberFault::Syntax)?;
    if value.is_nan() || value.abs() > MAGNITUDE_MAX as f64 {
        return Err(NumberFault::OutOfRange);
    }
    let mut buffer = ryu_js::Buffer::new();
    let canonical = buffer.format_finite(value);
    if Decimal::of(canonical.as_bytes()) != Decimal::of(text.as_bytes()) {
        return Err(NumberFault::NotExact);
    }
    out.extend_from_slice(canonical.as_bytes());
    Ok(())
}

/// A decimal number as `+-0.ddd * 10^point`, the digits without zeros at either end. Zero has no digits.
struct Decimal<'a> {
    is_negative: bool,
    point: i64,
    /// May hold the decimal point.
    digits: &'a [u8],
}

impl<'a> Decimal<'a> {
    /// `text` is a JSON number. Exponents saturate, far outside of what a double holds.
    fn of(text: &'a [u8]) -> Self {
        let (is_negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let mantissa_length = text.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(text.len());
        let (mantissa, exponent) = text.split_at(mantissa_length);
        let whole = mantissa.iter().position(|&byte| byte == b'.').unwrap_or(mantissa.len());
        let is_significant = |byte: &u8| matches!(byte, b'1'..=b'9');
        let Some(first) = mantissa.iter().position(is_significant) else {
            return Decimal { is_negative: false, point: 0, digits: &[] };
        };
        let last = mantissa.iter().rposition(is_significant).unwrap_or(first);
        // In `0.05` the first significant digit stands after the point, which itself takes a byte.
        let point = whole as i64 - first as i64 + i64::from(first > whole);
        Decimal { is_negative, point: point.saturating_add(exponent_of(exponent)), digits: &mantissa[first..=last] }
    }
}

impl PartialEq for Decimal<'_> {
    fn eq(&self, other: &Self) -> bool {
        let is_digit = |byte: &&u8| **byte != b'.';
        self.is_negative == other.is_negative
            && self.point == other.point
            && self.digits.iter().filter(is_digit).eq(other.digits.iter().filter(is_digit))
    }
}

/// The value of `e+12`; of nothing, 0.
fn exponent_of(text: &[u8]) -> i64 {
    let (sign, digits) = match text {
        [_, b'-', digits @ ..] => (-1, digits),
        [_, b'+', digits @ ..] | [_, digits @ ..] => (1, digits),
        [] => return 0,
    };
    let magnitude =
        digits.iter().fold(0i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    sign * magnitude
}
