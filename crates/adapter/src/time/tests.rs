#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

fn check(text: &str, expected: Option<&str>) {
    let clock = Clock {
        year: None,
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        now: "2024-03-01T12:00:00Z".parse().unwrap(),
    };
    let found = clock.text(text).map(|time| time.to_string());
    assert_eq!(found.as_deref(), expected, "{text}");
}

#[test]
fn iso_times_are_read_with_and_without_zone() {
    check("2023-07-10T11:54:42Z", Some("2023-07-10T11:54:42Z"));
    check("2023-07-10 11:54:42.000000000", Some("2023-07-10T09:54:42Z"));
    check("2023-01-10T11:54:42.1234567891+0530", Some("2023-01-10T06:24:42.123456789Z"));
    check("2023-01-10T11:54:42,5-03:00", Some("2023-01-10T14:54:42.5Z"));
    check("2023-01-10T11:54:42 UTC", Some("2023-01-10T11:54:42Z"));
    check("2016-12-31T23:59:60Z", Some("2016-12-31T23:59:59Z"));
}

#[test]
fn a_time_without_year_is_in_the_newest_year_that_is_not_in_the_future() {
    check("Mar  1 10:00:00", Some("2024-03-01T09:00:00Z"));
    check("Mar  2 11:00:00", Some("2024-03-02T10:00:00Z"));
    check("Mar  3 10:00:00", Some("2023-03-03T09:00:00Z"));
    check("Dec 31 23:59:59", Some("2023-12-31T22:59:59Z"));
    check("Feb 29 00:00:00", Some("2024-02-28T23:00:00Z"));
    check("Jan 02 2019 03:04:05.25", Some("2019-01-02T02:04:05.25Z"));
}

#[test]
fn other_forms_are_read() {
    check("/Date(1618560000000)/", Some("2021-04-16T08:00:00Z"));
    check("1618560000", Some("2021-04-16T08:00:00Z"));
    check("1618560000.250", Some("2021-04-16T08:00:00.25Z"));
    check("1618560000250", Some("2021-04-16T08:00:00.25Z"));
    check("1618560000250001002", Some("2021-04-16T08:00:00.250001002Z"));
    check("4/16/2021 8:05:06 PM", Some("2021-04-16T18:05:06Z"));
    check("4/16/2021 12:05:06 AM", Some("2021-04-15T22:05:06Z"));
    check("Jul 10, 2023, 12:55:24 PM", Some("2023-07-10T10:55:24Z"));
    check("Jul 9, 2023 6:30:22 AM", Some("2023-07-09T04:30:22Z"));
}

#[test]
fn what_is_no_time_is_not_read() {
    for text in [
        "",
        "...",
        "redacted",
        "2023-13-01T00:00:00Z",
        "2023-01-01",
        "Foo 12 00:00:00",
        "0000-01-01T00:00:00Z",
        "2023-07-10T11:54:42 Mars",
        "é",
        "2023-07-10T11:54",
    ] {
        check(text, None);
    }
}
