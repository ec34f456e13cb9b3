//! The forms of time that foreign logs write, read as an instant in UTC.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};
use vrl::value::Value;

/// The first second of the year 1, the earliest an event may name.
const YEAR_1: i64 = -62_135_596_800;

/// What a time without year or zone is read against.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    /// The year of times that name none; absent: the newest that does not put the time after `now`.
    pub(crate) year: Option<i16>,
    /// The zone of times that name none.
    pub(crate) zone: TimeZone,
    /// The present.
    pub(crate) now: Timestamp,
}

impl Clock {
    /// Reads `value` as an instant.
    ///
    /// Accepted: a VRL timestamp; a number of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart
    /// by size; and the texts of [`Clock::text`].
    pub(crate) fn instant(&self, value: &Value) -> Option<Timestamp> {
        let instant = match value {
            Value::Timestamp(time) => Timestamp::new(time.timestamp(), time.timestamp_subsec_nanos() as i32).ok(),
            Value::Integer(number) => epoch(i128::from(*number) * 1_000_000_000),
            Value::Float(number) => epoch((number.into_inner() * 1e9).round() as i128),
            value => self.text(&value.to_str_lossy()?),
        };
        instant.filter(|instant| instant.as_second() >= YEAR_1)
    }

    /// Reads ISO 8601 (`T` or a space between date and time, zone optional), syslog (`Mar  7 09:08:07`, year optional),
    /// `3/7/2024 9:08:07 PM`, `Mar 7, 2024, 9:08:07 PM`, `/Date(1618560000000)/`, and numbers as for [`Clock::instant`].
    pub(crate) fn text(&self, text: &str) -> Option<Timestamp> {
        let text = text.trim();
        if let Some(millis) = text.strip_prefix("/Date(") {
            let millis = millis.strip_suffix(")/")?;
            let millis = millis.split_once('+').map_or(millis, |(millis, _)| millis);
            return Timestamp::from_millisecond(millis.parse().ok()?).ok();
        }
        if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return if text.contains(',') { self.american(text, [' ', ',']) } else { self.syslog(text) };
        }
        if text.contains('/') {
            return self.american(text, [' ', '/']);
        }
        if text.get(4..5) == Some("-") {
            return self.iso(text);
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let whole: i64 = whole.parse().ok()?;
        epoch(i128::from(whole) * 1_000_000_000 + i128::from(nanos(fraction)?))
    }

    fn iso(&self, text: &str) -> Option<Timestamp> {
        let date = date(text.get(0..4)?, text.get(5..7)?, text.get(8..10)?)?;
        if text.get(7..8) != Some("-") {
            return None;
        }
        let rest = text.get(10..)?.strip_prefix(['T', 't', ' '])?;
        let (time, rest) = clock_time(rest)?;
        self.at(date.to_datetime(time), rest.trim_start())
    }

    fn syslog(&self, text: &str) -> Option<Timestamp> {
        let mut words = text.split_ascii_whitespace();
        let month = month(words.next()?)?;
        let day: i8 = words.next()?.parse().ok()?;
        let mut year = self.year;
        let mut word = words.next()?;
        if !word.contains(':') {
            year = Some(word.parse().ok()?);
            word = words.next()?;
        }
        let (time, rest) = clock_time(word)?;
        if !rest.is_empty() {
            return None;
        }
        if let Some(year) = words.next() {
            return self.at(Date::new(year.parse().ok()?, month, day).ok()?.to_datetime(time), "");
        }
        match year {
            Some(year) => self.at(Date::new(year, month, day).ok()?.to_datetime(time), ""),
            None => self.newest(month, day, time),
        }
    }

    /// The newest year that does not put the time after now; a day of slack is for zones and clocks.
    fn newest(&self, month: i8, day: i8, time: Time) -> Option<Timestamp> {
        let latest = self.now.checked_add(Span::new().hours(24)).ok()?;
        let this_year = latest.to_zoned(self.zone.clone()).year();
        (0..=8)
            .filter_map(|back| Date::new(this_year - back, month, day).ok())
            .filter_map(|date| self.at(date.to_datetime(time), ""))
            .find(|instant| *instant <= latest)
    }

    /// Month, day, year, time and half of the day, in this order, apart at `marks`.
    fn american(&self, text: &str, marks: [char; 2]) -> Option<Timestamp> {
        let mut words = text.split(marks).filter(|word| !word.is_empty());
        let named = words.next()?;
        let month = month(named).or_else(|| named.parse().ok())?;
        let day = words.next()?.parse().ok()?;
        let year = words.next()?.trim_end_matches(',').parse().ok()?;
        let time = words.next()?;
        let half = words.next()?;
        let padded = if time.find(':') == Some(1) { format!("0{time}") } else { time.to_owned() };
        let (time, _) = clock_time(&padded)?;
        let hour = match half {
            "AM" => time.hour() % 12,
            "PM" => time.hour() % 12 + 12,
            _ => return None,
        };
        let time = Time::new(hour, time.minute(), time.second(), time.subsec_nanosecond()).ok()?;
        self.at(Date::new(year, month, day).ok()?.to_datetime(time), "")
    }

    /// `local` in the zone written as `zone`: nothing, `Z`, `UTC`, `+02:00`, `+0200` or `+02`.
    fn at(&self, local: DateTime, zone: &str) -> Option<Timestamp> {
        match zone {
            "" => Some(self.zone.to_ambiguous_zoned(local).compatible().ok()?.timestamp()),
            "Z" | "z" | "UTC" => Offset::UTC.to_timestamp(local).ok(),
            zone => offset(zone)?.to_timestamp(local).ok(),
        }
    }
}

/// `+02:00`, `+0200` or `+02`.
pub(crate) fn offset(text: &str) -> Option<Offset> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    let hours: i32 = digits.get(0..2)?.parse().ok()?;
    let minutes: i32 = match digits.len() {
        2 => 0,
        4 => digits[2..].parse().ok()?,
        _ => return None,
    };
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// An instant from nanoseconds since 1970, where the number may really be in seconds, milli-, micro- or nanoseconds.
fn epoch(nanos_if_seconds: i128) -> Option<Timestamp> {
    let seconds = nanos_if_seconds / 1_000_000_000;
    let nanos = match seconds.unsigned_abs() {
        0..100_000_000_000 => nanos_if_seconds,
        100_000_000_000..100_000_000_000_000 => nanos_if_seconds / 1_000,
        100_000_000_000_000..100_000_000_000_000_000 => nanos_if_seconds / 1_000_000,
        _ => nanos_if_seconds / 1_000_000_000,
    };
    Timestamp::from_nanosecond(nanos).ok()
}

fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    let year: i16 = year.parse().ok()?;
    if year < 1 {
        return None;
    }
    Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()
}

fn month(name: &str) -> Option<i8> {
    const NAMES: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let name = name.get(0..3)?.to_ascii_lowercase();
    NAMES.iter().position(|candidate| *candidate == name).map(|index| index as i8 + 1)
}

/// `HH:MM:SS` with an optional fraction, and what follows it. A leap second counts as the second before it.
fn clock_time(text: &str) -> Option<(Time, &str)> {
    if text.get(2..3) != Some(":") || text.get(5..6) != Some(":") {
        return None;
    }
    let number = |from: usize| text.get(from..from + 2)?.parse::<i8>().ok();
    let (hour, minute, second) = (number(0)?, number(3)?, number(6)?.min(59));
    let rest = text.get(8..)?;
    let (fraction, rest) = match rest.strip_prefix(['.', ',']) {
        Some(digits) => {
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            digits.split_at(end)
        }
        None => ("", rest),
    };
    let nanos = nanos(fraction)?;
    Some((Time::new(hour, minute, second, nanos as i32).ok()?, rest))
}

/// A decimal fraction of a second in nanoseconds; digits beyond the ninth are dropped.
fn nanos(fraction: &str) -> Option<u32> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = &fraction[..fraction.len().min(9)];
    let number: u32 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    Some(number * 10u32.pow(9 - digits.len() as u32))
}

#[cfg(test)]
mod tests;
