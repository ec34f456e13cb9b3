//! Log files that an organization no longer keeps: they go, in the right order, and everything else is proven as before.

use std::collections::BTreeMap;
use std::time::Duration;

use indelible_testkit::servers::Kind;
use serde_json::{Value, json};

use crate::buckets::{Scene, once};
use crate::harness::{Client, Server, eventually};
use crate::rebuild::{emit, stored};

const ACME: &str = "ri.indelible..organization.acme";
const BETA: &str = "ri.indelible..organization.beta";
/// Queries in flight are waited for that long before a file goes.
const QUICK: &str = "[query]\nseconds = 1\n";

fn retention(server: &Client, args: &[&str]) -> Value {
    let answer = server.indelible(&[&["retention"], args].concat());
    assert_eq!(answer.code, 0, "{}", answer.err);
    serde_json::from_str(&answer.out).unwrap()
}

fn shown(server: &Client, organization: &str) -> (u64, u64) {
    let state = retention(server, &["show", "--organization", organization]);
    (state["removedFiles"].as_u64().unwrap(), state["goingFiles"].as_u64().unwrap())
}

/// The events that were emitted, each once, by number; without those of the server itself.
fn emitted(server: &Client) -> BTreeMap<u64, u64> {
    stored(server).into_iter().filter(|(number, _)| *number < 1_000).collect()
}

/// Lets everything of ACME go that is archived: what is asked, what is archived of the entry that says so, what is removed.
fn let_all_go(server: &Server, expected: u64) {
    retention(server, &["set", "--organization", ACME, "--days", "0"]);
    eventually("log files are named", || shown(server, ACME).1 > 0);
    server.seal();
    eventually("log files are gone", || shown(server, ACME).0 >= expected);
}

fn check_life(kind: Option<Kind>) {
    let scene = Scene::new(kind, false);
    let server = scene.start("first", QUICK);
    emit(&server, ACME, 0..100);
    emit(&server, BETA, 900..910);
    server.seal();
    emit(&server, ACME, 100..150);
    server.seal();
    let bundle = scene.path("bundle");
    let bundle = bundle.to_str().unwrap();
    let made = server.indelible(&["bundle", "--organization", ACME, "--out", bundle]);
    assert_eq!(made.code, 0, "{}", made.err);

    // For ever until something is set; a hold comes first.
    let before = retention(&server, &["show", "--organization", ACME]);
    assert_eq!((&before["days"], &before["hold"], &before["lockDays"]), (&Value::Null, &json!(false), &json!(0)));
    retention(&server, &["set", "--organization", ACME, "--days", "0", "--hold"]);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(shown(&server, ACME), (0, 0));

    let_all_go(&server, 2);
    assert_eq!(emitted(&server), once(900..910), "nothing else is gone");
    emit(&server, ACME, 200..220);
    server.seal();
    let answer = scene.verify(&["--json"]);
    let report: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(answer.code, 0, "{report:#}");
    let dropped = |report: &Value, organization: &str| {
        let logs = report["logs"].as_array().unwrap().iter().filter(|log| log["organization"] == organization);
        logs.map(|log| log["droppedEntries"].as_u64().unwrap()).sum::<u64>()
    };
    assert!(dropped(&report, ACME) >= 151 && dropped(&report, BETA) == 0, "{report:#}");
    // What was handed out before is proven all the same, and so is what is handed out now.
    assert_eq!(crate::harness::offline(&["verify", bundle]).code, 0);
    let rest = scene.path("rest");
    let rest = rest.to_str().unwrap();
    let made = server.indelible(&["bundle", "--organization", ACME, "--out", rest]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert_eq!(crate::harness::offline(&["verify", rest]).code, 0);
    let gone = scene.path("gone");
    let refused =
        server.indelible(&["bundle", "--organization", ACME, "--from-seq", "1", "--out", gone.to_str().unwrap()]);
    assert!(refused.code != 0 && refused.err.contains("are gone by the organization's retention"), "{}", refused.err);
    let checked = server.indelible(&["archive", "verify"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);

    // A restart, and a rebuild that has only the bucket, know what is gone.
    server.stop();
    let server = scene.start("first", QUICK);
    emit(&server, ACME, 220..230);
    retention(&server, &["set", "--organization", ACME, "--forever"]);
    let kept = emitted(&server);
    assert!(kept.keys().all(|number| !(0..150).contains(number)) && kept.contains_key(&225), "{kept:?}");
    server.seal();
    server.stop();
    let answer = scene.rebuild("first", "second");
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    let server = scene.start("second", QUICK);
    assert_eq!(emitted(&server), kept);
    emit(&server, ACME, 300..310);
    let_all_go(&server, 3);
    server.stop();
    let answer = scene.verify(&[]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("dropped by its retention"), "{}", answer.out);
}

#[test]
fn log_files_go_from_a_folder() {
    check_life(None);
}

#[test]
fn log_files_go_from_s3() {
    check_life(Some(Kind::SeaweedFs));
}

#[test]
fn log_files_go_from_azure() {
    check_life(Some(Kind::Azurite));
}

#[test]
fn retention_is_not_shorter_than_the_operator_allows_nor_anybody_elses_business() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_configured(
        &folder.path().join("data"),
        "four-eyes = false\n[archive]\nretention-days-min = 90\n",
    );
    emit(&server, ACME, 0..1);
    emit(&server, BETA, 1..2);
    let set = |client: &Client, organization, args: &[&str]| {
        let answer = client.indelible(&[&["retention", "set", "--organization", organization], args].concat());
        // Each request has an id of its own.
        (answer.code, answer.err.split(" (request").next().unwrap().to_owned())
    };
    let (code, error) = set(&server, ACME, &["--days", "89"]);
    assert!(code == 2 && error.contains("at least 90 days") && error.contains("archive.retention-days-min"), "{error}");
    let (code, error) = set(&server, ACME, &["--days", "40000"]);
    assert!(code == 2 && error.contains("at most 36525 days"), "{error}");
    assert_eq!(set(&server, ACME, &["--days", "90"]).0, 0);

    // Whoever administers one organization: another one, and one that is not there, get the same answer.
    let token = ["token", "create", "--organization", ACME, "--operations", "organization:administer"];
    let token = server.indelible(&token).out.trim().to_owned();
    let other = Client { url: server.url.clone(), token };
    assert_eq!(set(&other, ACME, &["--forever"]).0, 0);
    let foreign = set(&other, BETA, &["--days", "100"]);
    assert_eq!(foreign, set(&other, "ri.indelible..organization.nowhere", &["--days", "100"]));
    assert!(foreign.1.contains("no such organization"), "{}", foreign.1);
}

#[test]
fn locks_of_log_files_are_as_long_as_the_retention() {
    let scene = Scene::new(Some(Kind::SeaweedFs), true);
    let server = scene.start("data", "retention-days = 2\n");
    let refused = server.indelible(&["retention", "set", "--organization", ACME, "--days", "1"]);
    assert!(refused.code != 0 && refused.err.contains("no such organization"), "{}", refused.err);
    emit(&server, ACME, 0..10);
    server.seal();
    let refused = server.indelible(&["retention", "set", "--organization", ACME, "--days", "1"]);
    assert!(refused.code != 0 && refused.err.contains("locks log files for 2 days"), "{}", refused.err);
    // Longer for what is there, and then for what comes.
    let checkpoint = server.indelible(&["checkpoint", "--organization", ACME]).out;
    let label = checkpoint.split('/').nth(1).unwrap();
    let days = || scene.locked_days(label, ".parquet");
    assert_eq!(days(), [2]);
    retention(&server, &["set", "--organization", ACME, "--days", "9"]);
    eventually("the lock is longer", || days() == [9]);
    emit(&server, ACME, 10..20);
    server.seal();
    assert_eq!(days(), [9, 9]);
    retention(&server, &["set", "--organization", ACME, "--days", "3"]);
    emit(&server, ACME, 20..30);
    server.seal();
    assert_eq!(days(), [3, 9, 9]);
    assert!(scene.locked_days(label, "/manifest/").iter().all(|days| *days == 2));
    assert_eq!(shown(&server, ACME), (0, 0));
}
