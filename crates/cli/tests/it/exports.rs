//! Exports: events that were imported are in the table once, for readers nobody here wrote, whatever is killed meanwhile.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use indelible_storage::Bucket;
use indelible_testkit::servers::{Kind, Server as Store};
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::harness::{Launch, Server, data, event, eventually, python};

const ACME: &str = "ri.indelible..organization.acme";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tools/read_dataset.py");

/// A server that looks for new log files every second and lets tables be anywhere below `lake`.
fn launch(folder: &Path, lake: &Path) -> Launch {
    let config = format!(
        "audit-reads = false\nfour-eyes = false\n[exports]\ndestinations = [{:?}]\nevery-seconds = 1\nmaintenance-seconds = 2\nalarm-seconds = 3\ncommit-files = 2\n",
        lake.to_str().unwrap()
    );
    Launch::new(folder).config(&config)
}

/// What three engines find in a table: (rows, sum of `seq`, smallest, largest, rows by result), the same of all.
fn read(table: &Path) -> Value {
    ask(&[json!({ "table": table, "date": "2026-01-01" })], &[]).remove(0)
}

/// What three engines answer to each question of `tools/read_dataset.py`, the same of all.
pub(crate) fn ask(questions: &[Value], environment: &[(String, String)]) -> Vec<Value> {
    let python = python();
    let mut script = Command::new("timeout")
        .args(["600", &python, SCRIPT])
        .envs(environment.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: String = questions.iter().map(|question| format!("{question}\n")).collect();
    std::io::Write::write_all(&mut script.stdin.take().unwrap(), lines.as_bytes()).unwrap();
    let output = script.wait_with_output().unwrap();
    assert!(output.status.success(), "{python} cannot read tables; run tools/setup");
    let agreed = |line: &str| {
        let mut answers: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
        // The rows of a statement come in any order.
        answers.values_mut().filter_map(Value::as_array_mut).for_each(|rows| rows.sort_by_key(Value::to_string));
        assert_eq!(answers.len(), 3);
        let duckdb = &answers["duckdb"];
        assert!(answers.values().all(|answer| answer == duckdb), "{answers:?}");
        duckdb.clone()
    };
    String::from_utf8(output.stdout).unwrap().lines().map(agreed).collect()
}

/// What the server's own SQL says of a log, in the words of the script.
fn entries(server: &Server, organization: &str) -> Value {
    let rows = |select: &str| server.sql(&format!("{select} from entries where organization = '{organization}'"));
    let all = &rows("select count(*) as n, sum(seq) as s, min(seq) as first, max(seq) as last")[0];
    let by_result = server.sql(&format!(
        "select coalesce(result, '-') as result, count(*) as n from entries where organization = '{organization}' group by 1"
    ));
    let by_result: BTreeMap<&str, &Value> =
        by_result.iter().map(|row| (row["result"].as_str().unwrap(), &row["n"])).collect();
    json!({
        "rows": all["n"], "sumSeq": all["s"], "minSeq": all["first"], "maxSeq": all["last"],
        "places": all["n"], "ofDate": 0, "byResult": by_result,
    })
}

fn export(server: &Server, organization: &str, name: &str) -> Value {
    let (status, export) = server.get(&format!("/api/v1/organizations/{organization}/exports/{name}"));
    assert_eq!(status, 200, "{export}");
    export
}

/// Organizations of which anything is archived.
fn organizations(server: &Server) -> Vec<String> {
    let (_, organizations) = server.get("/api/v1/organizations");
    let archived = organizations.as_array().unwrap().iter().filter(|o| o["archived"].as_u64().unwrap() > 0);
    archived.map(|o| o["organization"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_export_survives_kills_of_the_server_at_random_moments() {
    let Some(file) = data("cloudtrail/invictus_stratus_2023-07-10.jsonl.gz") else { return };
    let kills: u32 = std::env::var("INDELIBLE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    let mut random = rand::rngs::StdRng::seed_from_u64(indelible_testkit::seed::seed());
    let scratch = tempfile::tempdir().unwrap();
    let (folder, lake) = (scratch.path().join("data"), scratch.path().join("lake"));

    let server = launch(&folder, &lake).start();
    server.import("cloudtrail", &file);
    server.seal();
    let organization = organizations(&server).into_iter().max_by_key(|o| entries(&server, o)["rows"].as_u64()).unwrap();
    let destination = lake.join("siem");
    let to = destination.to_str().unwrap();
    let created =
        server.indelible(&["export", "create", "--organization", &organization, "--name", "siem", "--to", to]);
    assert_eq!(created.code, 0, "{}", created.err);
    server.kill();
    for number in 0..kills {
        let server = launch(&folder, &lake).start();
        // Something new to export each time.
        let body = event(u64::from(number), json!({ "organizations": [{ "id": organization, "reason": "test" }] }));
        assert_eq!(server.post(&[], serde_json::to_vec(&body).unwrap()).0, 200);
        let mut sealing = server.spawn(&["archive", "seal"]);
        std::thread::sleep(Duration::from_millis(random.random_range(1..2500)));
        server.kill();
        let _ = sealing.wait();
    }
    let server = launch(&folder, &lake).start();
    server.seal();
    eventually("everything is exported", || export(&server, &organization, "siem")["progress"]["waitingFiles"] == 0);
    let expected = entries(&server, &organization);
    assert_eq!(read(&destination), expected);
    assert_eq!(export(&server, &organization, "siem")["progress"]["rows"], expected["rows"]);
    let metrics = server.request(reqwest::Method::GET, "/metrics");
    let (_, metrics) = crate::harness::fetch(metrics);
    let metrics = String::from_utf8(metrics).unwrap();
    let rows = metrics.lines().find(|line| line.starts_with("indelible_export_rows{")).unwrap();
    assert!(rows.ends_with(&format!(" {}", expected["rows"])), "{rows}");
    assert!(!metrics.contains(&organization), "metrics name no organization");
}

#[test]
fn an_export_waits_filters_and_ends_for_ever() {
    let scratch = tempfile::tempdir().unwrap();
    let (folder, lake) = (scratch.path().join("data"), scratch.path().join("lake"));
    let server = launch(&folder, &lake).start();
    let post = |numbers: std::ops::Range<u64>, day: u32| {
        let time = |number: u64| format!("2026-01-{day:02}T00:00:{:02}Z", number % 60);
        let events: Vec<Value> = numbers.map(|number| event(number, json!({ "time": time(number) }))).collect();
        assert_eq!(server.post(&[], serde_json::to_vec(&events).unwrap()).0, 200);
    };
    post(0..40, 2);
    post(40..100, 3);
    server.seal();
    let create = |name: &str, more: &[&str]| {
        let to = format!("file://{}", lake.join(name).display());
        let mut args = vec!["export", "create", "--organization", ACME, "--name", name, "--to", &to];
        args.extend(more);
        server.indelible(&args)
    };
    let created =
        create("late", &["--from", "2026-01-03", "--salt", "--retention-days", "90", "--reader", "analysts", "--wait"]);
    assert_eq!(created.code, 0, "{}", created.err);
    let state: Value = serde_json::from_str(&created.out).unwrap();
    // The genesis entry is of today.
    assert_eq!(state["progress"]["rows"], 61);
    assert_eq!(
        (&state["readers"][0], &state["retentionDays"], &state["salt"]),
        (&"analysts".into(), &90.into(), &true.into())
    );
    let found = read(&lake.join("late"));
    assert_eq!((&found["rows"], &found["minSeq"], &found["maxSeq"]), (&61.into(), &0.into(), &100.into()));

    assert_eq!(create("late", &[]).code, 2, "the name is taken");
    assert!(create("late2", &["--retention-days", "731"]).err.contains("1 to 730"));
    let outside = server.indelible(&["export", "create", "--organization", ACME, "--name", "x", "--to", "/etc/lake"]);
    assert!(outside.code == 2 && outside.err.contains("the operator allows"), "{}", outside.err);
    let to = lake.join("late");
    let taken = ["export", "create", "--organization", ACME, "--name", "same", "--to", to.to_str().unwrap(), "--wait"];
    let taken = server.indelible(&taken);
    assert!(taken.code == 2 && taken.err.contains("name an empty folder"), "{}", taken.err);
    let listed = server.indelible(&["export", "list", "--organization", ACME]);
    assert!(listed.out.contains("late") && listed.err.contains("same fails"), "{}{}", listed.out, listed.err);

    eventually("an alarm is on", || server.alarms().contains(&"exportStalled".to_owned()));
    let same = server.indelible(&["export", "disable", "--organization", ACME, "--name", "same"]);
    assert_eq!(same.code, 0, "{}", same.err);
    eventually("the alarm is over", || !server.alarms().contains(&"exportStalled".to_owned()));

    let disabled = server.indelible(&["export", "disable", "--organization", ACME, "--name", "late"]);
    assert!(disabled.code == 0 && disabled.err.contains("cannot be started again"), "{}", disabled.err);
    post(100..110, 3);
    server.seal();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(read(&lake.join("late"))["rows"], 61);
    server.stop();
    let server = launch(&folder, &lake).start();
    assert_eq!(export(&server, ACME, "late")["state"], "disabled");
}

#[test]
fn what_a_token_may_not_see_is_answered_as_what_does_not_exist() {
    let scratch = tempfile::tempdir().unwrap();
    let (folder, lake) = (scratch.path().join("data"), scratch.path().join("lake"));
    let server = launch(&folder, &lake).start();
    for organization in [ACME, "ri.indelible..organization.other"] {
        assert_eq!(server.indelible(&["organization", "create", organization]).code, 0);
    }
    let to = lake.join("a");
    let created =
        server.indelible(&["export", "create", "--organization", ACME, "--name", "a", "--to", to.to_str().unwrap()]);
    assert_eq!(created.code, 0, "{}", created.err);
    let token = |operations: &str, organization: &str| {
        let created =
            server.indelible(&["token", "create", "--organization", organization, "--operations", operations]);
        assert_eq!(created.code, 0, "{}", created.err);
        created.out.trim().to_owned()
    };
    let foreign = token("audit-export:orchestrate-v3", "ri.indelible..organization.other");
    let reader = token("audit:search", ACME);
    let answer = |token: &str, method: reqwest::Method, path: &str, body: Value| {
        let request = reqwest::Client::new().request(method, format!("{}{path}", server.url)).bearer_auth(token);
        let (status, body) = crate::harness::fetch(request.json(&body));
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        if body.is_object() {
            body["error"]["requestId"] = Value::Null;
        }
        (status, body)
    };
    let (get, post) = (reqwest::Method::GET, reqwest::Method::POST);
    let request = json!({ "name": "b", "destination": lake.join("b") });
    let missing =
        answer(&foreign, get.clone(), "/api/v1/organizations/ri.indelible..organization.none/exports/a", Value::Null);
    assert_eq!(missing.0, 404);
    for token in [&foreign, &reader] {
        for organization in [ACME, "ri.indelible..organization.none", "nonsense"] {
            let exports = format!("/api/v1/organizations/{organization}/exports");
            assert_eq!(answer(token, get.clone(), &exports, Value::Null), missing);
            assert_eq!(answer(token, get.clone(), &format!("{exports}/a"), Value::Null), missing);
            assert_eq!(answer(token, post.clone(), &format!("{exports}/a/disable"), Value::Null), missing);
            assert_eq!(answer(token, post.clone(), &exports, request.clone()), missing);
        }
    }
    let own = "/api/v1/organizations/ri.indelible..organization.other/exports";
    assert_eq!(answer(&foreign, get.clone(), &format!("{own}/a"), Value::Null), missing);
    assert_eq!(answer(&foreign, get, own, Value::Null).0, 200);
    assert_eq!(answer(&foreign, post, own, request).0, 201);
}

/// An export to an object store, whose table is copied to a folder, where three engines read it.
fn check_store(kind: Kind) {
    let scratch = tempfile::tempdir().unwrap();
    let store = Store::start(kind);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(store.create_bucket("lake", false));
    let config = format!(
        "audit-reads = false\nfour-eyes = false\n[exports]\ndestinations = ['{}']\nevery-seconds = 1\n[exports.bucket]\n{}",
        store.location("lake", "tables"),
        store.configuration(scratch.path())
    );
    let server = Launch::new(&scratch.path().join("data")).config(&config).start();
    for first in [0, 100] {
        let batch: Vec<Value> = (first..first + 100).map(|number| event(number, json!({}))).collect();
        assert_eq!(server.post(&[], serde_json::to_vec(&batch).unwrap()).0, 200);
        server.seal();
    }
    let expected = entries(&server, ACME);
    let create = |place: &str| {
        let to = store.location("lake", place).to_string();
        server.indelible(&["export", "create", "--organization", ACME, "--name", "lake", "--to", &to, "--wait"])
    };
    let refused = create("elsewhere/acme");
    assert!(refused.code == 2 && refused.err.contains("exports may not go to"), "{}", refused.err);
    let created = create("tables/acme");
    assert_eq!(created.code, 0, "{}{}", created.out, created.err);
    let bucket = Bucket::open(&store.location("lake", "tables/acme"), &store.settings()).unwrap();
    let table = scratch.path().join("table");
    for object in runtime.block_on(bucket.list_sorted("")).unwrap() {
        let path = table.join(&object.name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, runtime.block_on(bucket.get(&object.name)).unwrap()).unwrap();
    }
    assert_eq!(read(&table), expected);
}

#[test]
fn a_table_in_s3_is_read_by_three_engines() {
    check_store(Kind::SeaweedFs);
}

#[test]
fn a_table_in_azure_is_read_by_three_engines() {
    check_store(Kind::Azurite);
}
