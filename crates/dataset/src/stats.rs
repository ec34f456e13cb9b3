//! What the table's log says of a file, so that readers can pass it by.

use indelible_archive::LogFile;
use indelible_event::Time;
use serde_json::json;

/// What the rows of a file hold, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub rows: u64,
    /// Smallest and largest `seq`.
    pub seq: (u64, u64),
    /// Earliest and latest `time`, microseconds since 1970 UTC.
    pub time_us: (i64, i64),
    /// Earliest and latest `received_at`.
    pub received_us: (i64, i64),
}

impl Facts {
    /// Those of a log file, as its manifest has them.
    pub(crate) fn of(file: &LogFile) -> Facts {
        Facts {
            rows: file.rows,
            seq: (file.first, file.last),
            time_us: (file.time_min_us, file.time_max_us),
            received_us: (file.received_first_us, file.received_last_us),
        }
    }

    /// Those of the rows of both.
    pub(crate) fn and(self, other: Facts) -> Facts {
        Facts {
            rows: self.rows + other.rows,
            seq: (self.seq.0.min(other.seq.0), self.seq.1.max(other.seq.1)),
            time_us: (self.time_us.0.min(other.time_us.0), self.time_us.1.max(other.time_us.1)),
            received_us: (self.received_us.0.min(other.received_us.0), self.received_us.1.max(other.received_us.1)),
        }
    }

    /// As statistics of a Delta file. Bounds of time are rounded outwards to the millisecond.
    pub(crate) fn json(&self) -> String {
        let below = |us: i64| millis(us.div_euclid(1000));
        let above = |us: i64| millis(us.div_euclid(1000) + 1);
        json!({
            "numRecords": self.rows,
            "minValues": {
                "seq": self.seq.0, "received_at": below(self.received_us.0), "time": below(self.time_us.0),
            },
            "maxValues": {
                "seq": self.seq.1, "received_at": above(self.received_us.1), "time": above(self.time_us.1),
            },
            "nullCount": { "seq": 0, "received_at": 0, "time": 0 },
        })
        .to_string()
    }
}

/// `YYYY-MM-DDTHH:MM:SS.mmmZ`. At the end of the year 9999 a bound stays what it is.
fn millis(ms: i64) -> String {
    let micros = ms.saturating_mul(1000).clamp(Time::MIN.micros, Time::MAX.micros);
    let text = Time { micros, nanos: 0 }.to_string();
    let (second, fraction) = text.trim_end_matches('Z').split_once('.').unwrap_or((text.trim_end_matches('Z'), ""));
    format!("{second}.{fraction:0<3.3}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn bounds_of_time_are_rounded_outwards() {
        let facts = Facts { rows: 2, seq: (7, 8), time_us: (-1, 1_500), received_us: (1_000_000, 1_000_000) };
        let stats: Value = serde_json::from_str(&facts.json()).unwrap();
        let bounds = |column: &str| (stats["minValues"][column].clone(), stats["maxValues"][column].clone());
        assert_eq!(bounds("seq"), (json!(7), json!(8)));
        assert_eq!(bounds("time"), (json!("1969-12-31T23:59:59.999Z"), json!("1970-01-01T00:00:00.002Z")));
        assert_eq!(bounds("received_at"), (json!("1970-01-01T00:00:01.000Z"), json!("1970-01-01T00:00:01.001Z")));
        assert_eq!(stats["numRecords"], json!(2));
    }

    #[test]
    fn the_last_instant_is_within_bounds_that_can_be_written() {
        assert_eq!(millis(i64::MAX / 1000), "9999-12-31T23:59:59.999Z");
        assert_eq!(millis(120), "1970-01-01T00:00:00.120Z");
    }
}
