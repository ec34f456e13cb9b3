//! Time as microseconds since 1970 UTC, days as days since then. Sites have a fixed offset from UTC:
//! two weeks need no summer time.

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Where the local day that holds `time_us` begins, in UTC.
pub(crate) fn local_midnight(time_us: i64, offset_us: i64) -> i64 {
    (time_us + offset_us).div_euclid(DAY) * DAY - offset_us
}

/// Whether the local day that begins at `midnight_us` is a Saturday or a Sunday.
pub(crate) fn is_weekend(midnight_us: i64, offset_us: i64) -> bool {
    let day = (midnight_us + offset_us).div_euclid(DAY);
    matches!((day + 3).rem_euclid(7), 5 | 6) // day 0 was a Thursday; here Monday is 0
}

/// RFC 3339 in UTC, with as many decimals as the time has. A time beyond the calendar prints as 1970.
pub(crate) fn rfc3339(time_us: i64) -> String {
    jiff::Timestamp::from_microsecond(time_us).unwrap_or_default().to_string()
}
