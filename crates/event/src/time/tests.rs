#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

#[test]
fn times_become_utc_without_trailing_zeros() {
    for (sent, canonical) in [
        ("2025-11-13T23:20:24.180Z", "2025-11-13T23:20:24.18Z"),
        ("2025-11-13T23:20:24Z", "2025-11-13T23:20:24Z"),
        ("2025-11-13t23:20:24.000z", "2025-11-13T23:20:24Z"),
        ("2025-11-13T23:20:24.123456789Z", "2025-11-13T23:20:24.123456789Z"),
        ("2025-11-13T23:20:24.000000001Z", "2025-11-13T23:20:24.000000001Z"),
        ("2025-11-13T23:20:24.12345678900000Z", "2025-11-13T23:20:24.123456789Z"),
        ("2025-11-13T23:20:24+02:00", "2025-11-13T21:20:24Z"),
        ("2025-12-31T23:59:59.5-00:01", "2026-01-01T00:00:59.5Z"),
        ("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00Z"),
        ("2000-03-01T00:30:00+01:00", "2000-02-29T23:30:00Z"),
        ("1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("0001-01-01T23:59:00+23:59", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
    ] {
        let (time, kept) = Time::parse_bytes(sent.as_bytes()).unwrap();
        assert_eq!(time.to_string(), canonical, "of {sent}");
        assert_eq!(kept.is_some(), sent.contains('T') && sent.ends_with('Z'));
        assert!(kept.is_none_or(|kept| format!("{}Z", &sent[..kept]) == canonical), "{sent}");
        assert_eq!(Time::parse(canonical), Ok(time));
        assert!(time.nanos < 1000);
    }
    assert_eq!(Time::parse("1970-01-01T00:00:00.0000019Z"), Ok(Time { micros: 1, nanos: 900 }));
    assert_eq!(Time::parse("1969-12-31T23:59:59.9999999Z"), Ok(Time { micros: -1, nanos: 900 }));
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "",
        "2025-11-13",
        "2025-11-13T23:20:24",
        "2025-11-13 23:20:24Z",
        "2025-11-13T23:20Z",
        "2025-11-13T23:20:60Z",
        "2016-12-31T23:59:60Z",
        "2025-11-13T24:00:00Z",
        "2025-11-13T23:60:00Z",
        "2025-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2025-04-31T00:00:00Z",
        "2025-00-10T00:00:00Z",
        "2025-13-10T00:00:00Z",
        "2025-01-00T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2025-11-13T23:20:24.Z",
        "2025-11-13T23:20:24.1234567891Z",
        "2025-11-13T23:20:24,5Z",
        "2025-11-13T23:20:24+2:00",
        "2025-11-13T23:20:24+24:00",
        "2025-11-13T23:20:24+00:60",
        "2025-11-13T23:20:24+0000",
        "2025-11-13T23:20:24ZZ",
        "2025-11-13T23:20:24Zé",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "+025-11-13T23:20:24Z",
        "２025-11-13T23:20:24Z",
    ] {
        assert_eq!(Time::parse(text), Err(InvalidTime), "{text}");
    }
}

proptest! {
    #[test]
    fn every_instant_reads_back(micros in Time::MIN.micros..=Time::MAX.micros, nanos in 0u16..1000) {
        let time = Time { micros, nanos };
        prop_assert_eq!(Time::parse(&time.to_string()), Ok(time));
    }

    #[test]
    fn days_follow_each_other(days in -719_162i64..2_932_896) {
        let (year, month, day) = civil_from_days(days);
        prop_assert_eq!(days_from_civil(year, month, day), days);
        let next = civil_from_days(days + 1);
        let expected = if day < days_in_month(year as u32, month) {
            (year, month, day + 1)
        } else if month < 12 {
            (year, month + 1, 1)
        } else {
            (year + 1, 1, 1)
        };
        prop_assert_eq!(next, expected);
    }

    #[test]
    fn any_text_is_read_without_panic(text in ".{0,40}") {
        let _ = Time::parse(&text);
    }
}
