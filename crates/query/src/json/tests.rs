#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

const MAP: &str = r#"{"a":{"b":[1,{"c":"x\"y"},[2]]},"a.d":true,"e":null,"n":"12","passThroughRequestParams":{"a":{"level":["Data"],"payload":"shadowed"},"eventSource":{"level":["Data"],"payload":"s3"},"p":{"payload":{"q":[{"r":7}]}}},"z":{"k":"Mixed"}}"#;

#[track_caller]
fn check(path: &str, expected: Option<&str>) {
    let found = get(MAP.as_bytes(), path).and_then(plain);
    assert_eq!(found.as_deref(), expected, "{path}");
}

#[test]
fn a_path_leads_to_its_value() {
    check("a.b[0]", Some("1"));
    check("a.b[1].c", Some("x\"y"));
    check("a.b[2][0]", Some("2"));
    check("a.b", Some(r#"[1,{"c":"x\"y"},[2]]"#));
    check("", Some(MAP));
}

#[test]
fn a_path_that_leads_nowhere_finds_nothing() {
    for path in ["b", "a.b[3]", "a.b[x]", "a.b[", "A.b[0]", "a..b", ".", "[0]", "e", "a.b[0].c", "z.K"] {
        check(path, None);
    }
}

#[test]
fn a_key_may_hold_dots() {
    check("a.d", Some("true"));
}

#[test]
fn pass_through_values_answer_to_their_own_name() {
    check("eventSource", Some("s3"));
    check("p.q[0].r", Some("7"));
    check("passThroughRequestParams.eventSource.payload", Some("s3"));
    check("a", Some(r#"{"b":[1,{"c":"x\"y"},[2]]}"#));
}

#[test]
fn numbers_are_read_from_numbers_and_from_strings_that_hold_one() {
    let number_at = |path| get(MAP.as_bytes(), path).and_then(number);
    assert_eq!(number_at("n"), Some(12.0));
    assert_eq!(number_at("a.b[0]"), Some(1.0));
    assert_eq!(number_at("a.d"), None);
    assert_eq!(number_at("eventSource"), None);
}

#[track_caller]
fn check_any(path: &str, expected: &[&str]) {
    let mut seen = Vec::new();
    holds_at(MAP.as_bytes(), path, &mut |raw| {
        seen.push(String::from_utf8_lossy(raw).into_owned());
        false
    });
    assert_eq!(seen, expected, "{path}");
}

#[test]
fn a_search_looks_into_every_element_and_in_any_case() {
    check_any("A.B", &["1", r#"{"c":"x\"y"}"#, "2"]);
    check_any("a.b.c", &[r#""x\"y""#]);
    check_any("Z.k", &[r#""Mixed""#]);
    check_any("EVENTSOURCE", &[r#""s3""#]);
    check_any("p.q.r", &["7"]);
    check_any("nothing", &[]);
}

proptest! {
    #[test]
    fn nothing_panics(text in ".{0,60}|[\\[{\":,}\\]a1.]{0,60}", path in ".{0,12}|[a-c.\\[\\]0-9]{0,12}") {
        let _ = get(text.as_bytes(), &path).and_then(plain);
        let _ = holds_at(text.as_bytes(), &path, &mut |raw| number(raw).is_some());
    }
}

#[test]
fn deep_nesting_is_left_alone() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert!(!holds_at(deep.as_bytes(), "", &mut |_| true));
    assert_eq!(get(deep.as_bytes(), &"[0]".repeat(1000)), None);
}
