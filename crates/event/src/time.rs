//! Event time: RFC 3339 in, UTC with nanoseconds out.

use std::fmt;

/// An instant in UTC, years 0001 to 9999, without leap seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    /// Microseconds since 1970-01-01T00:00:00Z; negative before it.
    pub micros: i64,
    /// Nanoseconds below the microsecond, 0 to 999.
    pub nanos: u16,
}

/// The text is not a time an event may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write RFC 3339 with an offset, such as 2025-11-13T23:20:24.180Z, years 0001 to 9999, at most 9 digits of a second, no leap second"
)]
pub struct InvalidTime;

const SECONDS_PER_DAY: i64 = 86_400;
const MICROS_PER_SECOND: i64 = 1_000_000;

impl Time {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Time = Time { micros: -62_135_596_800 * MICROS_PER_SECOND, nanos: 0 };
    /// 9999-12-31T23:59:59.999999999Z.
    pub const MAX: Time = Time { micros: 253_402_300_799 * MICROS_PER_SECOND + 999_999, nanos: 999 };

    /// The time so many microseconds after 1970, UTC.
    pub const fn from_us(micros: i64) -> Time {
        Time { micros, nanos: 0 }
    }

    /// Reads RFC 3339, converting any offset to UTC.
    ///
    /// Digits of a second after the ninth must be zero: nothing is rounded.
    pub fn parse(text: &str) -> Result<Time, InvalidTime> {
        parse(text.as_bytes()).map(|(time, _)| time).ok_or(InvalidTime)
    }

    /// As [`Time::parse`], and how much of the text, with `Z` after it, is canonical, if it is in UTC already.
    pub(crate) fn parse_bytes(text: &[u8]) -> Option<(Time, Option<usize>)> {
        parse(text)
    }

    /// Appends the canonical text: UTC, `Z`, no trailing zeros in the fraction. At most 30 bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        let seconds = self.micros.div_euclid(MICROS_PER_SECOND);
        let below = self.micros.rem_euclid(MICROS_PER_SECOND) as u32 * 1000 + u32::from(self.nanos);
        let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY) as u32;
        let mut text = *b"0000-00-00T00:00:00.000000000Z";
        put(&mut text[0..4], year as u32);
        put(&mut text[5..7], month);
        put(&mut text[8..10], day);
        put(&mut text[11..13], of_day / 3600);
        put(&mut text[14..16], of_day / 60 % 60);
        put(&mut text[17..19], of_day % 60);
        put(&mut text[20..29], below);
        let mut end = 29;
        if below == 0 {
            end = 19;
        } else {
            while text[end - 1] == b'0' {
                end -= 1;
            }
        }
        text[end] = b'Z';
        out.extend_from_slice(&text[..=end]);
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(30);
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

fn put(digits: &mut [u8], mut value: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// See [`Time::parse_bytes`].
fn parse(text: &[u8]) -> Option<(Time, Option<usize>)> {
    let (date_time, rest) = text.split_first_chunk::<19>()?;
    let shape = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if shape.iter().any(|&(at, byte)| date_time[at] != byte) || !matches!(date_time[10], b'T' | b't') {
        return None;
    }
    let year = number(&date_time[0..4])?;
    let month = number(&date_time[5..7])?;
    let day = number(&date_time[8..10])?;
    let hour = number(&date_time[11..13])?;
    let minute = number(&date_time[14..16])?;
    let second = number(&date_time[17..19])?;
    let in_range = year >= 1
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !in_range {
        return None;
    }
    let (below, zone) = fraction(rest)?;
    let offset = offset_seconds(zone)?;
    let seconds = days_from_civil(i64::from(year), month, day) * SECONDS_PER_DAY
        + i64::from(hour * 3600 + minute * 60 + second)
        - offset;
    let time = Time { micros: seconds * MICROS_PER_SECOND + i64::from(below / 1000), nanos: (below % 1000) as u16 };
    let is_utc = zone == b"Z" && date_time[10] == b'T';
    let kept = is_utc.then(|| canonical_length(&text[..text.len() - zone.len()]));
    (Time::MIN..=Time::MAX).contains(&time).then_some((time, kept))
}

/// The length of a time without its zone once the fraction has no trailing zeros.
fn canonical_length(text: &[u8]) -> usize {
    if text.len() == 19 {
        return 19;
    }
    match text.iter().rposition(|&byte| byte != b'0') {
        Some(19) | None => 19,
        Some(last) => last + 1,
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    let mut value = 0;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u32::from(digit - b'0');
    }
    Some(value)
}

/// Nanoseconds of the fraction that `rest` may open with, and what follows it.
fn fraction(rest: &[u8]) -> Option<(u32, &[u8])> {
    let Some(digits) = rest.strip_prefix(b".") else {
        return Some((0, rest));
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at(count);
    let (kept, beyond) = digits.split_at(count.min(9));
    if count == 0 || beyond.iter().any(|&digit| digit != b'0') {
        return None;
    }
    Some((number(kept)? * 10u32.pow(9 - kept.len() as u32), rest))
}

fn offset_seconds(text: &[u8]) -> Option<i64> {
    match text {
        b"Z" | b"z" => Some(0),
        &[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[h1, h2])?, number(&[m1, m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = i64::from(hours * 3600 + minutes * 60);
            Some(if sign == b'+' { seconds } else { -seconds })
        }
        _ => None,
    }
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar. Years run from March, so that the leap day comes last.
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 } as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests;
