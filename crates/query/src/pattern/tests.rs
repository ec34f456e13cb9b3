use super::*;

fn pattern(text: &str) -> Pattern {
    let mut parts = Vec::new();
    for (index, literal) in text.split('*').enumerate() {
        if index > 0 && parts.last() != Some(&Part::Any) {
            parts.push(Part::Any);
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
    }
    Pattern { parts, quoted: false }
}

#[track_caller]
fn check(text: &str, whole: &[&str], anywhere: &[&str], never: &[&str]) {
    let pattern = pattern(text);
    let scratch = &mut Scratch::default();
    for value in whole {
        assert!(Matcher::whole(&pattern).is_match(value, scratch), "{value}");
    }
    for value in whole.iter().chain(anywhere) {
        assert!(Matcher::anywhere(&pattern).is_match(value, scratch), "{value}");
    }
    for value in anywhere {
        assert!(!Matcher::whole(&pattern).is_match(value, scratch), "{value}");
    }
    for value in never {
        assert!(!Matcher::anywhere(&pattern).is_match(value, scratch), "{value}");
    }
}

#[test]
fn case_does_not_matter() {
    check("Alice", &["alice", "ALICE"], &["malice", "alice2"], &["bob", ""]);
    check("zürich", &["ZÜRICH"], &["in Zürich"], &["Zurich"]);
}

#[test]
fn a_star_stands_for_any_run() {
    check("a*c", &["ac", "abc", "ABBC"], &["xacx"], &["ab", "c a"]);
    check("*b*", &["b", "abc"], &[], &["ac"]);
    check("a*b*c", &["abc", "a1b2c"], &["a1b2cd"], &["acb"]);
    check("*", &["", "anything"], &[], &[]);
}

#[test]
fn ends_may_not_overlap() {
    check("aba*aba", &["abaaba"], &[], &["ababa"]);
}

#[test]
fn the_empty_pattern_is_the_empty_value() {
    check("", &[""], &["x"], &[]);
}

#[test]
fn json_text_is_searched_in_its_escaped_form() {
    let escaped = pattern(r#"C:\Users\"me"*"#).json_escaped();
    assert_eq!(escaped.to_string(), r#"C:\\Users\\\"me\"*"#);
}
