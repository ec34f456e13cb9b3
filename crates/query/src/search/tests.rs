#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write;

use indelible_event::Part;
use proptest::prelude::*;

use super::parser::{Bounds, Node, Target, Term, parse};
use super::time::Nanos;
use super::translate::translate;
use crate::fixture::{ACME, NOON_US, scope};
use crate::view::View;

/// A query in a short form: `&` and `|` with everything in parentheses, terms as field, operator and value.
fn show(node: &Node) -> String {
    let all = |nodes: &[Node], sign: &str| format!("({})", nodes.iter().map(show).collect::<Vec<_>>().join(sign));
    match node {
        Node::All => "*".to_owned(),
        Node::And(nodes) => all(nodes, " & "),
        Node::Or(nodes) => all(nodes, " | "),
        Node::Not(node) => format!("!{}", show(node)),
        Node::Term(term) => show_term(term),
    }
}

fn show_term(term: &Term) -> String {
    match term {
        Term::Anywhere(pattern) => format!("'{pattern}'"),
        Term::Has(target) => format!("has {}", show_target(target)),
        Term::Text(target, pattern) => format!("{} ~ {pattern}", show_target(target)),
        Term::Exactly(target, text) => format!("{} = {text}", show_target(target)),
        Term::Organization(pattern) => format!("organization ~ {pattern}"),
        Term::Network(target, _) => format!("{} in network", show_target(target)),
        Term::Whole(target, bounds) => format!("{} in {}", show_target(target), show_bounds(bounds)),
        Term::Number(target, bounds) => format!("{} in {}", show_target(target), show_bounds(bounds)),
        Term::Time { received, start, end } => {
            let hours = |nanos: &Nanos| format!("{:+}h", (nanos - NOW) as f64 / 3.6e12);
            let [start, end] = [start, end].map(|bound| bound.as_ref().map_or("..".to_owned(), hours));
            format!("{} from {start} to {end}", if *received { "received_at" } else { "time" })
        }
    }
}

fn show_target(target: &Target) -> String {
    match target {
        Target::Column(field) => field.name.to_owned(),
        Target::Intake(member, _) => format!("intake.{member}"),
        Target::User(member) => format!("users.{member}"),
        Target::Path(field, path) => format!("{}[{path}]", field.name),
    }
}

fn show_bounds<T: std::fmt::Display>(bounds: &Bounds<T>) -> String {
    let mut text = String::new();
    if let Some((low, inside)) = &bounds.low {
        write!(text, "{}{low}", if *inside { ">=" } else { ">" }).unwrap();
    }
    if let Some((high, inside)) = &bounds.high {
        write!(text, "{}{high}", if *inside { "<=" } else { "<" }).unwrap();
    }
    text
}

const NOW: Nanos = NOON_US as Nanos * 1_000;

#[track_caller]
fn check(text: &str, expected: &str) {
    let found = match parse(text, Part::Entry, NOW) {
        Ok(node) => show(&node),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected, "{text}");
}

#[test]
fn terms_are_joined_by_and_or_and_not() {
    check("", "*");
    check("  * ", "*");
    check("a b", "('a' & 'b')");
    check("a AND b", "('a' & 'b')");
    check("a OR b c", "('a' | ('b' & 'c'))");
    check("(a OR b) c", "(('a' | 'b') & 'c')");
    check("-a NOT b -(c d)", "(!'a' & !'b' & !('c' & 'd'))");
    check("--a", "!!'a'");
    check("a-b or", "('a-b' & 'or')");
}

#[test]
fn fields_are_known_by_name_and_alias_in_any_case() {
    check("uid:u1", "uid ~ u1");
    check("USER:u1", "uid ~ u1");
    check("useragent:*boto*", "userAgent ~ *boto*");
    check("category:dataExport", "categories ~ dataExport");
    check("request.a.b:x", "requestFields[a.b] ~ x");
    check("intake.producer:p", "intake.producer ~ p");
    check("producerSeq:>=7", "intake.producerSeq in >=7");
    check("users.username:x", "users.userName ~ x");
    check("org:acme", "organization ~ acme");
}

#[test]
fn values_may_be_quoted_grouped_and_compared() {
    check("name:\"a b\"", "name ~ a b");
    check(r#"name:"say \"hi\" \* \x""#, r#"name ~ say "hi" * \x"#);
    check(r"uid:ACME\alice", r"uid ~ ACME\alice");
    check(r"uid:a\(b\)", "uid ~ a(b)");
    check("result:(ERROR OR PARTIAL)", "(result ~ ERROR | result ~ PARTIAL)");
    check("result:(-ERROR)", "!result ~ ERROR");
    check("uid:=Alice", "uid = Alice");
    check(
        "uid:>x",
        "search, character 6: `>` needs a number or a time, and this field is text; use `*` for a beginning, such as 1.2*",
    );
    check("seq:5", "seq in >=5<=5");
    check("seq:5..9", "seq in >=5<=9");
    check("seq:<5", "seq in <5");
    check("seq:-5", "seq in >=-5<=-5");
    check("requestFields.n:>=1.5", "requestFields[n] in >=1.5");
    check("requestFields.n:1..", "requestFields[n] in >=1");
    check("requestFields.n:a..b", "requestFields[n] ~ a..b");
    check("uid:*", "has uid");
    check("has:requestFields.x", "has requestFields[x]");
    check("origin:10.0.0.0/8", "origin in network");
    check("origin:host-1", "origin ~ host-1");
    check("traceid:0:1", "traceId ~ 0:1");
}

#[test]
fn times_are_read_in_all_their_forms() {
    check("time:2021-04-16", "time from -12h to +12h");
    check("time:>2021-04-16", "time from +12h to ..");
    check("time:<=2021-04-16", "time from .. to +12h");
    check("time:2021-04-16..2021-04-17", "time from -12h to +36h");
    check("time:-7d", "time from -168h to ..");
    check("time:>=-1h", "time from -1h to ..");
    check("time:-2h..-1h", "time from -2h to -0.9999999999997222h");
    check("time:now", "time from +0h to +0.0000000000002777777777777778h");
    check("time:2021-04-16T12:00", "time from +0h to +0.016666666666666666h");
    check("time:\"2021-04-16 13:00:00\"", "time from +1h to +1.0002777777777778h");
    check("received:2021-04-16T14:00:00+02:00", "received_at from +0h to +0.0002777777777777778h");
    check(
        "time:2021-02-29",
        "search, character 6: `2021-02-29` is not a time; write 2021-04-16, 2021-04-16T10:00:00Z, -7d, today or a range 2021-04-16..2021-04-18",
    );
    check(
        "time:..",
        "search, character 6: `..` is not a time; write 2021-04-16, 2021-04-16T10:00:00Z, -7d, today or a range 2021-04-16..2021-04-18",
    );
    for ends in ["time:9999-12-31", "time:9999-12", "time:9999", "time:0001-01-01"] {
        parse(ends, Part::Entry, NOW).unwrap();
    }
}

#[test]
fn errors_name_the_place_and_the_remedy() {
    check(
        "usr:x",
        "search, character 1: there is no field `usr`; did you mean `user`? To search for the text, quote it",
    );
    check(
        "a requestfeilds.x:1",
        "search, character 3: there is no field `requestfeilds.x`; did you mean `requestFields`? To search for the text, quote it",
    );
    check(
        "http://x",
        "search, character 1: there is no field `http`; to search for the text, quote it; a field inside the maps is written requestFields.NAME",
    );
    check(
        "uid.x:1",
        "search, character 1: there is no field `uid.x`; did you mean `uid`? To search for the text, quote it",
    );
    check(
        "a OR",
        "search, character 5: the search ends where a term is missing; write one more term or remove the last word",
    );
    check(
        "OR a",
        "search, character 1: a term is missing before `OR`; write one there, or \"OR\" in quotes to search for it",
    );
    check("(a", "search, character 1: this parenthesis is never closed; add the closing )");
    check(
        "ä (",
        "search, character 4: the search ends where a term is missing; write one more term or remove the last word",
    );
    check("a)", "search, character 2: this parenthesis closes nothing; remove it or quote it");
    check(
        "\"a",
        "search, character 1: this quote is never closed; add the closing \" or write \\\" for a quote that belongs to the text",
    );
    check("uid:", "search, character 5: `uid:` has no value; write one straight after it, or `has:uid` for any value");
    check("uid: x", "uid ~ x");
    check("has:", "search, character 1: `has:` names no field; write a field straight after it, such as `has:uid`");
    check(
        "has:zzz",
        "search, character 5: there is no field `zzz`; to search for the text, quote it; a field inside the maps is written requestFields.NAME",
    );
    check("seq:x", "search, character 5: `x` is not a whole number; write one, such as 100, >=100 or 100..199");
    check(
        "result:(a uid:b)",
        "search, character 11: `uid:` stands inside the values of another field; close the parenthesis before it, or quote it",
    );
}

#[test]
fn size_and_depth_are_bounded() {
    let error = |text: &str| parse(text, Part::Entry, NOW).unwrap_err().message;
    assert!(error(&"a".repeat(20_000)).contains("20000 bytes"));
    assert!(error(&"a ".repeat(600)).contains("more than 500 terms"));
    assert!(error(&"(".repeat(8_000)).contains("nested deeper"));
    assert!(error(&"-".repeat(8_000)).contains("nested deeper"));
    assert!(error(&format!("result:({}", "(".repeat(8_000))).contains("nested deeper"));
    parse(&"a ".repeat(500), Part::Entry, NOW).unwrap();
}

#[track_caller]
fn check_condition(text: &str, expected: &str) {
    let node = parse(text, Part::Entry, NOW).unwrap();
    assert_eq!(translate(&node, &View::of(&scope(&[ACME]))).to_string(), expected, "{text}");
}

#[test]
fn ids_are_compared_as_stored_so_that_filters_of_files_know_them() {
    let id = "0d4e1b1a-1111-4222-8333-abcdefabcdef";
    check_condition(&format!("uid:{id}"), &format!(r#"uid IN ([Utf8("{}"), Utf8("{id}")])"#, id.to_uppercase()));
    check_condition("uid:4711", r#"uid = Utf8("4711")"#);
    check_condition("uid:=Alice", r#"uid = Utf8("Alice")"#);
    check_condition("uid:Alice", "matches[~ Alice](uid)");
    check_condition("result:*", "result IS NOT NULL");
    check_condition("org:acme", "Boolean(true)");
    check_condition("org:other", "Boolean(false)");
    check_condition("seq:5", "seq = Int64(5)");
    check_condition("-seq:5", "seq = Int64(5) IS NOT TRUE");
    check_condition(
        "time:2021-04-16",
        r#"time >= TimestampMicrosecond(1618531200000000, Some("UTC")) AND time < TimestampMicrosecond(1618617600000000, Some("UTC"))"#,
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,40}|([a-zA-Z:.()\"*<>=0-9\\\\ -]|OR|time:|seq:|origin:|has:|requestFields\\.){0,40}") {
        if let Ok(node) = parse(&text, Part::Entry, NOW) {
            translate(&node, &View::of(&scope(&[ACME])));
        }
    }

    /// A value between quotes, escaped as documented, is that value.
    #[test]
    fn quoting_keeps_every_text(value in "\\PC{0,20}") {
        let quoted: String = value.chars().flat_map(|c| {
            let escape = matches!(c, '"' | '*' | '\\').then_some('\\');
            escape.into_iter().chain([c])
        }).collect();
        let node = parse(&format!("name:\"{quoted}\""), Part::Entry, NOW).unwrap();
        prop_assert_eq!(show(&node), format!("name ~ {value}"));
    }
}
