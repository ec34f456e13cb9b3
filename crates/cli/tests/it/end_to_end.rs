//! The whole road, once for each kind of store: real logs in, sealed and verified, the server's disk lost, a server rebuilt from
//! the bucket, and its logs exported to the same store, where engines that nobody here wrote find what was imported.

use std::collections::BTreeSet;

use indelible_testkit::servers::{Kind, Server as Store};
use serde_json::{Value, json};

use crate::buckets::{Scene, status};
use crate::exports::ask;
use crate::harness::{Server, data, eventually};

/// Real logs, by adapter.
const SOURCES: [(&str, &str); 2] = [
    ("cloudtrail", "cloudtrail/invictus_stratus_2023-07-10.jsonl.gz"),
    ("o365", "o365/unified_audit_log_2021-03-23_2021-05-31.jsonl.gz"),
];

/// One statement for four engines: each user of each organization, with the user's events, their places and what they asked for.
const SUMS: &str = "select organization, uid, count(*) as events, sum(seq) as places, \
     sum(coalesce(length(requestFields), 0)) as characters from {table} where type <> 'indelible.1' group by organization, uid";

/// What `indelible sql` answers to the statement, as rows.
fn sums(server: &Server) -> Vec<Value> {
    let row =
        |row: Value| ["organization", "uid", "events", "places", "characters"].map(|name| row[name].clone()).into();
    let mut rows: Vec<Value> = server.sql(&SUMS.replace("{table}", "entries")).into_iter().map(row).collect();
    rows.sort_by_key(Value::to_string);
    rows
}

/// All that engines have to know of a store, in the environment.
fn environment(store: &Store) -> Vec<(String, String)> {
    let (endpoint, file) = (store.endpoint(), store.credentials_file());
    let credentials =
        file.lines().filter_map(|line| line.split_once(" = ")).map(|(name, value)| (name, value.to_owned()));
    let more = match store.settings().account {
        None => vec![("aws_endpoint", endpoint), ("aws_region", "us-east-1".into()), ("aws_allow_http", "true".into())],
        Some(account) => vec![
            // DuckDB's reader of tables knows the account for that of Azurite, and takes its address from here only.
            ("azurite_blob_storage_url", endpoint.trim_end_matches(&format!("/{account}")).to_owned()),
            ("azure_storage_endpoint", endpoint),
            ("azure_storage_account_name", account),
            ("azure_allow_http", "true".into()),
        ],
    };
    credentials.chain(more).map(|(name, value)| (name.to_uppercase(), value)).collect()
}

fn check(kind: Option<Kind>) {
    let files: Option<Vec<_>> = SOURCES.iter().map(|(adapter, file)| Some((*adapter, data(file)?))).collect();
    let Some(files) = files else { return };
    let scene = Scene::new(kind, false);
    let (lake, stores, reach) = match &scene.store {
        None => (scene.path("lake").display().to_string(), Vec::new(), String::new()),
        Some(store) => {
            tokio::runtime::Runtime::new().unwrap().block_on(store.create_bucket("lake", false));
            let reach = format!("[exports.bucket]\n{}", scene.reach);
            (store.location("lake", "tables").to_string(), environment(store), reach)
        }
    };
    let exports = format!("[exports]\ndestinations = ['{lake}']\nevery-seconds = 1\n{reach}");

    let server = scene.start("first", &exports);
    let imported: u64 = files.iter().map(|(adapter, file)| server.import(adapter, file).1).sum();
    server.seal();
    let archived = || -> Option<u64> {
        let organizations = status(&server)["organizations"].as_array()?.clone();
        let whole = organizations.iter().all(|organization| organization["oldestUnarchivedSeconds"].is_null());
        whole.then(|| organizations.iter().filter_map(|organization| organization["archived"].as_u64()).sum())
    };
    eventually("everything is archived", || archived().is_some());
    let entries = archived().unwrap();
    let sent = sums(&server);
    let events: u64 = sent.iter().filter_map(|row| row[2].as_u64()).sum();
    assert_eq!(events, imported, "each record is an event: {sent:?}");
    server.stop();
    scene.check_verified(entries);

    let rebuilt = scene.rebuild("first", "second");
    assert_eq!(rebuilt.code, 0, "{}{}", rebuilt.out, rebuilt.err);
    let server = scene.start("second", &exports);
    assert_eq!(sums(&server), sent);
    let organizations: BTreeSet<&str> = sent.iter().filter_map(|row| row[0].as_str()).collect();
    let mut questions = Vec::new();
    for (number, organization) in organizations.iter().enumerate() {
        let table = format!("{lake}/{number}");
        let created = ["export", "create", "--organization", organization, "--name", "lake", "--to", &table, "--wait"];
        let created = server.indelible(&created);
        assert_eq!(created.code, 0, "{}{}", created.out, created.err);
        questions.push(json!({ "table": table, "sql": SUMS }));
    }
    let mut found: Vec<Value> =
        ask(&questions, &stores).iter().flat_map(|rows| rows.as_array().unwrap().clone()).collect();
    found.sort_by_key(Value::to_string);
    assert_eq!(found, sent, "the engines find what was imported");
}

#[test]
fn real_logs_go_the_whole_road_in_a_folder() {
    check(None);
}

#[test]
fn real_logs_go_the_whole_road_in_s3() {
    check(Some(Kind::SeaweedFs));
}

#[test]
fn real_logs_go_the_whole_road_in_azure() {
    check(Some(Kind::Azurite));
}
