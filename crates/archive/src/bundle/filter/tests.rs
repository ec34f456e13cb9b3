#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use super::*;

const EVENT: &str = r#"{"categories":["dataExport","userLogin"],"host":"h\"1\\","intake":{"producer":"p","source":"http"},"name":"LOAD","origins":["a"],"product":"Größe","result":"SUCCESS","type":"audit.3","uid":"Ann"}"#;

fn check(filter: &str, expected: bool) {
    let predicate: Predicate = filter.parse().unwrap();
    assert_eq!(predicate.to_string(), filter);
    assert_eq!(predicate.holds(EVENT), Ok(expected), "{filter}");
}

#[test]
fn all_terms_must_hold() {
    check("uid:\"ann\"", true);
    check("uid:\"ANN\" category:\"USERLOGIN\"", true);
    check("uid:\"ann\" category:\"userLog\"", false);
    check("-uid:\"ann\"", false);
    check("-uid:\"bob\" -sid:\"x\"", true);
    check("sid:\"\"", false);
    check("host:\"h\\\"1\\\\\"", true);
    // Letters other than A to Z are compared as they are.
    check("product:\"gRöße\"", true);
    check("product:\"GRÖSSE\"", false);
    check("product:\"GRÖßE\"", false);
    check("type:\"audit.3\" -result:\"error\" name:\"load\"", true);
}

#[test]
fn what_the_log_says_of_itself_is_never_meant() {
    let genesis = r#"{"name":"GENESIS","type":"indelible.1"}"#;
    for filter in ["name:\"genesis\"", "-name:\"x\""] {
        assert_eq!(filter.parse::<Predicate>().unwrap().holds(genesis), Ok(false));
    }
}

#[test]
fn filters_have_one_form() {
    for text in [
        "",
        "uid:ann",
        "uid:\"ann",
        "uid:\"a\\nn\"",
        "uid:\"a\u{7}n\"",
        "UID:\"ann\"",
        "origins:\"a\"",
        "intake:\"a\"",
        "uid:\"a\"  uid:\"b\"",
        "uid:\"a\" ",
        " uid:\"a\"",
        "--uid:\"a\"",
        "uid:\"a\"uid:\"b\"",
        "uid :\"a\"",
    ] {
        assert!(text.parse::<Predicate>().is_err(), "{text:?}");
    }
    let many = |count: usize| vec!["uid:\"a\""; count].join(" ").parse::<Predicate>();
    assert!(many(500).is_ok() && many(501).is_err());
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    let predicate: Predicate = "uid:\"a\"".parse().unwrap();
    for text in [
        "",
        "[]",
        "{\"uid\":\"a\",\"uid\":\"b\"}",
        "{\"uid\":\"a\",\"name\":\"b\"}",
        "{\"uid\":1}",
        "{\"categories\":\"a\"}",
        "{\"categories\":[1]}",
        "{\"uid\":\"a\"} x",
        "{\"uid\":\"a\"",
        "{\"uid\":\"\\ud800\"}",
        "{\"a\":NaN}",
    ] {
        assert!(predicate.holds(text).is_err(), "{text:?}");
    }
}
