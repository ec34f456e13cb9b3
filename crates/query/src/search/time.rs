//! Times as people write them in a search. A time stands for the whole of the unit it is written to: `2021-04-16` is a
//! day, `2021-04-16T10:00Z` a minute.

use indelible_event::Time;

/// Nanoseconds since 1970 UTC. Wide enough for the years 0001 to 9999.
pub(crate) type Nanos = i128;

/// A stretch of time, its end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Interval {
    pub(crate) start: Nanos,
    pub(crate) end: Nanos,
}

const SECOND: Nanos = 1_000_000_000;
const DAY: Nanos = 86_400 * SECOND;

/// Reads `text`; relative times count from `now`.
pub(super) fn parse(text: &str, now: Nanos) -> Option<Interval> {
    named(text, now).or_else(|| relative(text, now)).or_else(|| calendar(text)).or_else(|| instant(text))
}

fn named(text: &str, now: Nanos) -> Option<Interval> {
    let today = now.div_euclid(DAY) * DAY;
    match text.to_ascii_lowercase().as_str() {
        "now" => Some(stretch(now, 1)),
        "today" => Some(stretch(today, DAY)),
        "yesterday" => Some(stretch(today - DAY, DAY)),
        _ => None,
    }
}

/// `-7d`: the instant so long ago. `s`, `m`, `h`, `d`, `w`.
fn relative(text: &str, now: Nanos) -> Option<Interval> {
    let text = text.strip_prefix('-')?;
    let unit = match text.bytes().last()? {
        b's' => SECOND,
        b'm' => 60 * SECOND,
        b'h' => 3_600 * SECOND,
        b'd' => DAY,
        b'w' => 7 * DAY,
        _ => return None,
    };
    let count: u32 = text[..text.len() - 1].parse().ok()?;
    let start = now - Nanos::from(count) * unit;
    (start >= nanos(Time::MIN)).then(|| stretch(start, 1))
}

/// `2021`, `2021-04` and `2021-04-16`, UTC.
fn calendar(text: &str) -> Option<Interval> {
    let number = |text: &str, width: usize| {
        let digits = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let pieces: Vec<&str> = text.split('-').collect();
    let year = number(pieces.first()?, 4)?;
    let start_of = |year: u32, month: u32| {
        if year == 10_000 {
            return Some(nanos(Time::MAX) + 1);
        }
        let text = format!("{year:04}-{month:02}-01T00:00:00Z");
        Time::parse(&text).ok().map(nanos)
    };
    let (start, end) = match pieces[1..] {
        [] => (start_of(year, 1)?, start_of(year + 1, 1)?),
        [month] => {
            let month = number(month, 2)?;
            let after = if month == 12 { start_of(year + 1, 1) } else { start_of(year, month + 1) };
            (start_of(year, month)?, after?)
        }
        [month, day] if month.len() == 2 && day.len() == 2 => {
            let start = nanos(Time::parse(&format!("{text}T00:00:00Z")).ok()?);
            (start, start + DAY)
        }
        _ => return None,
    };
    Some(Interval { start, end })
}

/// A date with a time of day, to the minute, the second or a fraction of it; UTC where no offset is written.
fn instant(text: &str) -> Option<Interval> {
    let (day, clock) = text.split_once(['T', 't', ' '])?;
    let (clock, offset) = clock.split_at(clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len()));
    let offset = if offset.is_empty() { "Z" } else { offset };
    let (seconds, unit) = match clock.len() {
        5 => (":00", 60 * SECOND),
        8 => ("", SECOND),
        10..=18 => ("", 10u32.pow(18 - clock.len() as u32).into()),
        _ => return None,
    };
    let time = Time::parse(&format!("{day}T{clock}{seconds}{offset}")).ok()?;
    Some(stretch(nanos(time), unit))
}

fn stretch(start: Nanos, length: Nanos) -> Interval {
    Interval { start, end: start + length }
}

/// Nanoseconds since 1970 UTC.
pub(crate) fn nanos(time: Time) -> Nanos {
    Nanos::from(time.micros) * 1_000 + Nanos::from(time.nanos)
}
