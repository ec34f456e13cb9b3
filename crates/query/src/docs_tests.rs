//! The reference pages say what the code does: their tables are its tables, and their examples run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use indelible_event::Part;
use serde_json::json;

use crate::engine::sql::type_name;
use crate::fixture::{ACME, Archive, NOON_US, entry, genesis, scope};
use crate::sql::listed_functions;
use crate::{Limits, SearchRequest, fields, schema};

const SEARCH: &str = include_str!("../../../docs/reference/search.md");
const SQL: &str = include_str!("../../../docs/reference/sql.md");

/// What stands in the code blocks of `language`.
fn examples<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let opening = format!("```{language}\n");
    let blocks = page.split(&opening).skip(1).map(|rest| rest.split_once("\n```").unwrap().0);
    blocks.collect()
}

#[track_caller]
fn check_lists(page: &str, rows: &str) {
    assert!(page.contains(rows), "the page must hold:\n{rows}");
}

#[test]
fn the_search_page_lists_all_fields() {
    let rows = fields::columns(Part::Entry).map(|field| {
        let aliases: Vec<String> = field.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        format!("| `{}` | {} | {} |\n", field.name, aliases.join(", "), field.summary)
    });
    check_lists(SEARCH, &rows.collect::<String>());
}

#[test]
fn the_sql_page_lists_all_columns_and_functions() {
    let schema = schema::archived(Part::Entry);
    let rows = fields::columns(Part::Entry).map(|field| {
        let data_type = type_name(schema.field_with_name(field.name).unwrap().data_type());
        format!("| `{}` | {data_type} | {} |\n", field.name, field.summary)
    });
    check_lists(SQL, &rows.collect::<String>());
    let names: Vec<String> = listed_functions().into_iter().map(|name| format!("`{name}`")).collect();
    check_lists(SQL, &format!("{}.", names.join(", ")));
}

#[test]
fn the_examples_run() {
    let entries = [genesis(ACME), entry(ACME, 1, json!({"uid": "alice", "origin": "10.0.0.1"}))];
    let archive = Archive::new().file(&entries);
    let engine = archive.engine(Limits { threads: 2, ..Limits::default() });
    let scope = scope(&[ACME]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let searches = examples(SEARCH, "search");
        assert!(searches.len() >= 5);
        for query in searches.iter().flat_map(|block| block.lines()) {
            let request = SearchRequest { query: query.to_owned(), now_us: NOON_US, ..SearchRequest::default() };
            let answer = engine.count(&scope, archive.snapshot.clone(), &request).await;
            answer.unwrap_or_else(|error| panic!("{query}: {error}"));
        }
        let queries = examples(SQL, "sql");
        assert!(queries.len() > 5);
        for query in queries {
            let answer = engine.sql(&scope, archive.snapshot.clone(), query).await;
            let answer = answer.unwrap_or_else(|error| panic!("{query}: {error}"));
            answer.collect().await.unwrap_or_else(|error| panic!("{query}: {error}"));
        }
    });
}
