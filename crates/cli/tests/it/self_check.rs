//! The server checks its own archive.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Client, Server, event, fetch};

fn get(server: &Server, path: &str) -> String {
    let (status, body) = fetch(server.request(reqwest::Method::GET, path));
    assert_eq!(status, 200);
    String::from_utf8(body).unwrap()
}

/// The kinds of the alarms that are on, once `wanted` is or is not among them.
fn wait_for_alarm(server: &Server, wanted: &str, on: bool) {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let alarms: Vec<Value> = serde_json::from_str(&get(server, "/api/v1/alarms")).unwrap();
        if alarms.iter().any(|alarm| alarm["kind"] == wanted) == on {
            return;
        }
        assert!(Instant::now() < until, "{wanted} {on}: {alarms:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_damaged_archive_is_found_shown_and_raises_an_alarm_until_it_is_well() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("data");
    let server = Server::start_configured(&folder, "[archive]\njournal-copy-seconds = 1\n");
    let body: Vec<String> = (0..30).map(|number| event(number, json!({})).to_string() + "\n").collect();
    assert_eq!(server.post(&[], body.concat().into_bytes()).0, 200);
    assert_eq!(server.indelible(&["archive", "verify"]).code, 2, "nothing is archived");
    server.seal();
    let answer = server.indelible(&["archive", "verify"]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("31 entries proven from their rows"), "{}", answer.out);
    let status = server.indelible(&["archive", "status"]);
    assert!(status.code == 0 && status.err.contains("verified, signed by a key you hold"), "{}", status.err);
    let report = server.indelible(&["archive", "verify", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&report.out).unwrap()["outcome"], "verified");

    let tiles =
        fs::read_dir(server.archive().join("organizations")).unwrap().next().unwrap().unwrap().path().join("1/tiles");
    let object = fs::read_dir(tiles).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&object).unwrap();
    let mut damaged = whole.clone();
    damaged[40] ^= 1;
    fs::write(&object, damaged).unwrap();
    let answer = server.indelible(&["archive", "verify"]);
    assert_eq!(answer.code, 1, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains(object.file_name().unwrap().to_str().unwrap()), "{}", answer.out);
    wait_for_alarm(&server, "selfCheckFailed", true);
    let status = server.indelible(&["archive", "status"]);
    assert!(status.code == 1 && status.err.contains("not verified: "), "{}", status.err);
    assert!(get(&server, "/metrics").contains("\nindelible_self_check_verified 0\n"));
    // What was found is remembered.
    server.stop();
    let server = Server::start_in(&folder);
    wait_for_alarm(&server, "selfCheckFailed", true);
    fs::write(&object, whole).unwrap();
    assert_eq!(server.indelible(&["archive", "verify"]).code, 0);
    wait_for_alarm(&server, "selfCheckFailed", false);
    let metrics = get(&server, "/metrics");
    for line in [
        "\nindelible_self_check_verified 1\n",
        "\nindelible_journal_copy_lag_seconds 0\n",
        "\nindelible_self_checks_total 1\n",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
    let token = server.indelible(&[
        "token",
        "create",
        "--organization",
        "ri.indelible..organization.acme",
        "--operations",
        "audit:search",
    ]);
    let tenant = Client { url: server.url.clone(), token: token.out.trim().to_owned() };
    let request = tenant.request(reqwest::Method::POST, "/api/v1/archive/verify");
    assert_eq!(fetch(request).0, 403, "a tenant does not check the operator's archive");
}

#[test]
fn a_bucket_that_takes_nothing_raises_an_alarm_and_loses_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("data");
    let server = Server::start_configured(&folder, "[archive]\njournal-copy-seconds = 1\n");
    let journal = server.archive().join("journal");
    // A file in place of the folder: nothing can be put below it.
    let _ = fs::remove_dir_all(&journal);
    fs::write(&journal, "").unwrap();
    assert_eq!(server.post(&[], event(1, json!({})).to_string().into_bytes()).0, 200);
    wait_for_alarm(&server, "journalCopyLate", true);
    let status = server.indelible(&["archive", "status"]);
    assert!(status.code == 1 && status.err.contains("copying the journal fails"), "{}", status.err);
    fs::remove_file(&journal).unwrap();
    wait_for_alarm(&server, "journalCopyLate", false);
    assert_eq!(fs::read_dir(journal.join("1")).unwrap().count(), 1);
}
