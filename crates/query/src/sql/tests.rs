#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use datafusion::sql::sqlparser::ast::Statement;

use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    let found = match read(text) {
        Ok(Question::Rows(statement)) => Statement::to_string(&statement),
        Ok(Question::Columns) => "columns".to_owned(),
        Ok(Question::Tables) => "tables".to_owned(),
        Err(error) => error,
    };
    assert_eq!(found, expected, "{text}");
}

#[test]
fn known_columns_need_no_quotes() {
    check(
        "select userAgent, USERAGENT, useragent from events",
        r#"SELECT "userAgent", "userAgent", "userAgent" FROM events"#,
    );
    check("select e.requestfields from Events e", r#"SELECT e."requestFields" FROM Events e"#);
    check("select intake.producerepoch, uid from events", r#"SELECT intake."producerEpoch", uid FROM events"#);
    check("select 'useragent', \"useragent\" from events", r#"SELECT 'useragent', "useragent" FROM events"#);
}

#[test]
fn has_category_means_the_column() {
    check("select has_category('x') from events", "SELECT has_category(categories, 'x') FROM events");
    check(
        "select HAS_CATEGORY(e.categories, 'x') from events e",
        "SELECT HAS_CATEGORY(e.categories, 'x') FROM events e",
    );
}

#[test]
fn tables_and_columns_are_described() {
    check("show tables", "tables");
    check("describe events", "columns");
    check("DESC Entries", "columns");
    check("show columns from events", "columns");
    check("describe secrets", "there is no table `secrets`; there are `events` and `entries`");
}

#[test]
fn only_questions_are_read() {
    let refused = "only SELECT, WITH, EXPLAIN, DESCRIBE, SHOW TABLES and SHOW COLUMNS are possible here: the log cannot be changed";
    for text in [
        "insert into events select * from events",
        "delete from events",
        "update events set name = 'x'",
        "drop table events",
        "truncate table events",
        "create table t as select * from events",
        "create external table t stored as parquet location '/etc'",
        "create view v as select 1",
        "copy events to '/tmp/x.parquet'",
        "copy (select * from events) to 's3://bucket/x'",
        "set datafusion.execution.batch_size = 1",
        "explain insert into events select * from events",
        "explain analyze delete from events",
        "explain explain select 1",
        "show all",
        "show datafusion.execution.batch_size",
        "prepare p as select 1",
        "execute p",
        "begin",
        "call f()",
        "use other",
        "attach database 'x' as y",
        "alter table events add column x int",
    ] {
        let found = match read(text) {
            Err(error) => error,
            Ok(question) => panic!("{text}: {question:?}"),
        };
        assert!(
            found == refused || found.contains("Expected") || found.contains("Explain must be root"),
            "{text}: {found}"
        );
    }
    check("select 1; select 2", "write one query, and no more than one");
    check("", "write one query, and no more than one");
    check("-- nothing", "write one query, and no more than one");
}

#[test]
fn size_and_depth_are_bounded() {
    // As deep as the threads of the engine allow.
    let error = |text: &str| {
        let text = text.to_owned();
        let reading = std::thread::Builder::new().stack_size(64 << 20).spawn(move || read(&text).unwrap_err());
        reading.unwrap().join().unwrap()
    };
    assert!(error(&"x".repeat(70_000)).contains("70000 bytes"));
    assert!(error(&"x ".repeat(30_000)).contains("words and signs"));
    let deep = format!("select {}1{}", "(".repeat(4_000), ")".repeat(4_000));
    assert!(error(&deep).contains("recursion limit"), "{}", error(&deep));
    for chain in [
        format!("select {} from events", vec!["1"; 4_500].join("+")),
        format!("select * from events where {}", vec!["seq=1"; 2_400].join(" or ")),
        format!("select {} true", "not ".repeat(4_500)),
        format!("select * from events where x = {}", vec!["'a'"; 3_000].join("||")),
    ] {
        let error = error(&chain);
        let refused = ["nested", "recursion limit", "Expected: end of statement"];
        assert!(refused.iter().any(|refused| error.contains(refused)), "{error}");
    }
    assert!(read(&format!("select * from events where {}", vec!["seq=1"; 150].join(" or "))).is_ok());
    assert!(read(&format!("select * from events where seq in ({})", vec!["1"; 4_000].join(","))).is_ok());
}

#[test]
fn repetition_is_bounded() {
    let refused = |text: &str| match read(text) {
        Err(error) => assert!(error.contains("tables and subqueries") || error.contains("recursion limit"), "{error}"),
        Ok(_) => panic!("{}", &text[..text.len().min(100)]),
    };
    // Each step doubles what the one before it stands for.
    let doubled: Vec<String> = (1..40).map(|n| format!("t{n} as (select 1 as x from t{0} a, t{0} b)", n - 1)).collect();
    refused(&format!("with t0 as (select 1 as x from events), {} select * from t39", doubled.join(", ")));
    let nested = (1..30).fold("events".to_owned(), |inner, n| {
        format!("(with c{n} as (select 1 as x from {inner} i) select a.x from c{n} a, c{n} b)")
    });
    refused(&format!("select * from {nested} o"));
    refused(&format!("select * from {}", vec!["events"; 200].join(", ")));
    refused(&vec!["select 1"; 200].join(" union all "));
    let chain: Vec<String> = (1..30).map(|n| format!("t{n} as (select x from t{})", n - 1)).collect();
    assert!(read(&format!("with t0 as (select seq as x from events), {} select * from t29", chain.join(", "))).is_ok());
}
