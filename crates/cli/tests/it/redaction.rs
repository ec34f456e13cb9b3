//! Redaction of listed entries, as an organization would do it: asked for by one person, approved by another, gone everywhere the
//! server can reach, and everything else proven as before.

use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};

use crate::approvals::{BETA, People, ann, ben};
use crate::encryption::files_with;
use crate::harness::{Answer, Client, Server, event, eventually, offline};
use crate::rebuild::wait_for_copies;

/// What must not stay.
const SECRET: &str = "canary-spilled";

/// Copies and journal go at once, files a second after readers have switched.
const QUICK: &str =
    "[archive]\njournal-copy-seconds = 1\njournal-copy-hours = 0\njournal-seconds = 0\n[query]\nseconds = 1\n";

fn path(what: &str) -> String {
    format!("/api/v1/organizations/{BETA}/{what}")
}

/// Emits an event about a file of this name. Returns its place in BETA's log.
fn emit(service: &Client, number: u64, name: &str) -> u64 {
    let resource =
        json!({"deletedResources": [{"id": {"type": "rid", "rid": format!("ri.files..file.{name}")}, "context": []}]});
    let change =
        json!({"organizations": null, "requestFields": resource, "entities": [format!("{name}-entity")], "uid": "bea"});
    let (status, answer) = service.post(&[], serde_json::to_vec(&event(number, change)).unwrap());
    assert_eq!((status, answer["new"].as_u64()), (200, Some(1)), "{answer}");
    let id = format!("10000000-0000-4000-8000-{number:012x}");
    let row = rows(service, &format!("logEntryId:{id}")).remove(0);
    row["seq"].as_u64().unwrap()
}

/// The events that a search finds, as delivered.
fn rows(client: &Client, query: &str) -> Vec<Value> {
    let answer = client.indelible(&["search", query, "--organization", BETA, "--oldest", "--format", "json"]);
    assert!(answer.code < 2, "{}", answer.err);
    answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// How many of the service's events a search finds: searches are events that hold what was searched for.
fn count(client: &Client, query: &str) -> u64 {
    rows(client, &format!("{query} product:files uid:bea")).len() as u64
}

fn state(server: &Client) -> Value {
    let (status, state) = server.get(&path("redactions"));
    assert_eq!(status, 200, "{state}");
    state
}

/// Ann asks for these places. Status and answer.
fn ask(people: &mut People, places: &[(u64, u64)]) -> (u16, Value) {
    let entries: Vec<Value> = places.iter().map(|(first, last)| json!({"first": first, "last": last})).collect();
    let body = json!({"entries": entries, "reason": "a spill"});
    let page = people.scene.act(&mut people.ann, Method::POST, &path("redactions"), body);
    (page.status, page.json())
}

/// Ann asks and ben approves. What the approval says.
fn redact(people: &mut People, places: &[(u64, u64)]) -> Value {
    let (status, asked) = ask(people, places);
    assert_eq!(status, 202, "{asked}");
    let approved = people.decide(ben, asked["requestId"].as_str().unwrap(), "approve");
    assert_eq!(approved.status, 200, "{approved:?}");
    approved.json()
}

fn verify(archive: &Path, options: &[&str]) -> Answer {
    offline(&[&["verify", archive.to_str().unwrap()], options].concat())
}

/// The report of BETA's logs that have entries without content, or are to have.
fn verified(archive: &Path) -> (u64, u64) {
    let answer = verify(archive, &["--json"]);
    let report: Value = serde_json::from_str(&answer.out).unwrap_or_else(|_| panic!("{}", answer.err));
    assert_eq!((answer.code, &report["outcome"]), (0, &json!("verified")), "{report:#}");
    let logs = report["logs"].as_array().unwrap().iter();
    let logs: Vec<&Value> = logs.filter(|log| log["organization"] == BETA).collect();
    let sum = |name: &str| logs.iter().map(|log| log[name].as_u64().unwrap()).sum();
    (sum("redactedEntries"), sum("unredactedEntries"))
}

#[test]
fn redacted_entries_lose_their_content_everywhere_and_the_rest_stays_proven() {
    let mut people = People::new(QUICK);
    let service = people.token(BETA, "audit:emit,audit:search");
    let spilled: Vec<u64> = (100..103).map(|number| emit(&service, number, SECRET)).collect();
    let kept: Vec<u64> = (110..113).map(|number| emit(&service, number, "canary-kept")).collect();
    people.scene.server.seal();
    // One that is in the journal alone.
    let late = emit(&service, 120, SECRET);
    assert_eq!((count(&service, SECRET), count(&service, "canary-kept")), (4, 3));
    let archive = people.scene.server.archive();
    let home = archive.parent().unwrap().to_owned();
    assert!(!files_with(&archive, SECRET).is_empty(), "the way of looking finds what is there");

    // What cannot be asked for.
    for (places, says) in [
        (&[(0, 0)][..], "what the log says of itself"),
        (&[(0, 100_000)], "no entries"),
        (&[(7, 6)], "no entries"),
        (&[], "1 to 100"),
        (&[(1, 1); 101], "1 to 100"),
    ] {
        let (status, answer) = ask(&mut people, places);
        assert_eq!((status, answer.to_string().contains(says)), (400, true), "{answer}");
    }
    let nameless = json!({"entries": [{"first": 1, "last": 1}], "reason": " "});
    assert_eq!(people.scene.act(&mut people.ann, Method::POST, &path("redactions"), nameless).status, 400);
    assert_eq!(state(&people.scene.server)["state"], "none");

    // One asks, another decides.
    let all: Vec<u64> = [&spilled[..], &[late]].concat();
    let places: Vec<(u64, u64)> = all.iter().map(|seq| (*seq, *seq)).collect();
    let (status, asked) = ask(&mut people, &places);
    assert_eq!(status, 202, "{asked}");
    let request = asked["requestId"].as_str().unwrap();
    assert!(asked["action"].as_str().unwrap().contains(&format!("{}, {}", spilled[0], spilled[1])), "{asked}");
    assert_eq!(people.decide(ann, request, "approve").status, 403);
    assert_eq!(count(&service, SECRET), 4);
    let approved = people.decide(ben, request, "approve");
    assert_eq!((approved.status, &approved.json()["state"]), (200, &json!("approved")), "{approved:?}");
    assert_eq!(people.decide(ben, request, "approve").status, 409, "a replay");

    let check = |server: &Client, when: &str| {
        assert_eq!((count(server, SECRET), count(server, &format!("entities:{SECRET}-ent*"))), (0, 0), "{when}");
        assert_eq!(count(server, "canary-kept"), 3, "{when}");
        // The row is there, by its infrastructure part, with a mark.
        let found = rows(server, "product:files uid:bea");
        let marked: Vec<u64> = found
            .iter()
            .filter(|row| row["redacted"] == json!(true))
            .inspect(|row| assert!(row["requestFields"].is_null() && row["entities"].is_null(), "{when}: {row}"))
            .map(|row| row["seq"].as_u64().unwrap())
            .collect();
        assert_eq!(marked, all, "{when}");
        // The event of the request and of its approval, and the one that says what was done.
        assert_eq!(rows(server, "category:auditDataRedact name:INDELIBLE_REDACT").len(), 1, "{when}");
    };
    check(&people.scene.server, "at once");
    let server = &people.scene.server;
    eventually("nothing holds the content", || state(server)["state"] == "complete");
    let reached = state(server);
    assert_eq!(
        (&reached["entries"], &reached["left"], &reached["exports"]),
        (&json!(4), &json!([]), &json!([])),
        "{reached}"
    );
    let told = server.indelible(&["organization", "redactions", BETA]);
    assert!(told.code == 0 && told.err.contains("complete: 4 entries"), "{}", told.err);
    // No byte of it, in the bucket or on the disk. (A search is an event that holds what was searched for, which this text never was.)
    eventually("no file holds it", || files_with(&home, &format!("{SECRET}-entity")).is_empty());
    assert!(!files_with(&archive, "canary-kept-entity").is_empty());

    // Proofs go on: of each entry, of the archive, of a bundle.
    let log_entry = format!("10000000-0000-4000-8000-{:012x}", 100);
    let (status, proof) = service.get(&format!("/api/v1/entries/{log_entry}"));
    assert_eq!(status, 200, "{proof}");
    assert!(proof["content"] == "" && proof["contentHash"].as_str().unwrap().len() == 64, "{proof}");
    server.seal();
    assert_eq!(verified(&archive), (4, 0));
    let text = verify(&archive, &[]);
    assert!(text.out.contains("redacted 4 entries"), "{}", text.out);
    let bundle = home.with_file_name("bundle");
    let made = server.indelible(&["bundle", "--organization", BETA, "--out", bundle.to_str().unwrap()]);
    assert_eq!(made.code, 0, "{}", made.err);
    let checked = offline(&["verify", bundle.to_str().unwrap()]);
    assert!(checked.code == 0 && checked.out.contains("redacted 4 entries"), "{}{}", checked.out, checked.err);

    // Again, one more of the same log file; and what is redacted already may be named.
    redact(&mut people, &[(kept[0], kept[0]), (late, late)]);
    assert_eq!((count(&service, "canary-kept"), count(&service, SECRET)), (2, 0));
    assert_eq!(state(&people.scene.server)["entries"], json!(5));
    people.scene.server.seal();
    assert_eq!(verified(&archive), (5, 0));

    // A server that starts again, and one that is made from the bucket alone, know it.
    let People { scene, .. } = people;
    let (server, folder) = scene.leave();
    server.kill();
    let server = Server::start_in(&home);
    let again = |server: &Client| {
        assert_eq!((count(server, SECRET), count(server, "canary-kept")), (0, 2));
        let state = state(server);
        assert_eq!(state["entries"], json!(5), "{state}");
    };
    again(&server);
    server.seal();
    server.stop();
    let (keys, rebuilt) = (home.join("keys"), home.with_file_name("rebuilt"));
    let args = ["archive", "rebuild", "--from", archive.to_str().unwrap(), "--data-dir", rebuilt.to_str().unwrap()];
    let answer = offline(&[&args[..], &["--keys", keys.to_str().unwrap()]].concat());
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    let server = Server::start_in(&rebuilt);
    again(&server);
    server.stop();
    drop(folder);
}

/// Something stands in the way of each step in turn, and the server is killed there.
#[test]
fn a_redaction_that_was_broken_off_goes_on_after_a_restart() {
    for (step, encrypted) in [("stage", false), ("note", false), ("note", true), ("remove", false)] {
        let slow = QUICK.replace("seconds = 1\n", if step == "remove" { "seconds = 120\n" } else { "seconds = 1\n" });
        let mut people = People::new(&slow);
        let service = people.token(BETA, "audit:emit,audit:search");
        if encrypted {
            let on = people.scene.act(&mut people.ann, Method::PUT, &path("encryption"), json!({}));
            assert_eq!(on.status, 200, "{on:?}");
        }
        let spilled = emit(&service, 100, SECRET);
        people.scene.server.seal();
        let archive = people.scene.server.archive();
        let home = archive.parent().unwrap().to_owned();
        let log = folder_of(&archive);
        let obstacle = match step {
            "stage" => home.join("redacting"),
            "note" => log.join("redaction"),
            _ => home.join("nothing"),
        };
        fs::write(&obstacle, b"in the way").unwrap();
        let approved = redact(&mut people, &[(spilled, spilled)]);
        let (note, reached) = (approved["note"].to_string(), state(&people.scene.server));
        let is_done = step == "remove";
        assert_eq!(note.contains("goes on by itself"), !is_done, "{step}: {approved}");
        assert_eq!(reached["state"], if is_done { "redacted" } else { "recorded" }, "{step}: {reached}");
        assert_eq!(count(&service, SECRET), u64::from(!is_done), "{step}");
        let People { scene, .. } = people;
        let (server, folder) = scene.leave();
        server.kill();
        fs::remove_file(&obstacle).unwrap();
        let staged = || walk(&home.join("redacting")).iter().filter(|path| path.ends_with("note")).count();
        assert_eq!(staged(), usize::from(step == "note"), "{step}");
        if step == "note" {
            // A file without a note is none of the archive's yet.
            assert_eq!(verify(&archive, &[]).code, 1);
        } else {
            assert_eq!(verify(&archive, &[]).code, 0, "{step}");
        }
        fs::write(
            home.with_extension("toml"),
            fs::read_to_string(home.with_extension("toml")).unwrap().replace("120", "1"),
        )
        .unwrap();
        let server = Server::start_in(&home);
        eventually("the redaction is done", || {
            state(&server)["left"].as_array().unwrap().iter().all(|left| !left.to_string().contains("log file"))
        });
        assert_eq!((count(&server, SECRET), staged(), walk(&log.join("redaction")).len()), (0, 0, 1), "{step}");
        server.seal();
        assert_eq!(verified(&archive), (1, 0), "{step}");
        let holding = files_with(&log, &format!("{SECRET}-entity"));
        assert!(holding.is_empty(), "{step}: {holding:?}");
        server.stop();
        drop(folder);
    }
}

/// The folder of BETA's log in the archive.
fn folder_of(archive: &Path) -> PathBuf {
    let is_of = |path: &PathBuf| fs::read_to_string(path).unwrap().contains(&format!("organization {BETA}\n"));
    let mut logs = fs::read_dir(archive.join("organizations")).unwrap().map(|entry| entry.unwrap().path().join("1"));
    logs.find(|log| walk(&log.join("manifest")).iter().any(is_of)).unwrap()
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}

/// The command line asks as the page does, and says that it waits.
#[test]
fn the_command_line_asks_and_somebody_else_approves() {
    let mut people = People::new(QUICK);
    let service = people.token(BETA, "audit:emit,audit:search");
    let spilled = emit(&service, 100, SECRET);
    let server = &people.scene.server;
    let places = format!("{spilled}");
    let args = ["redact", "--organization", BETA, "--generation", "1", "--seq", &places, "--reason", "a spill"];
    // The embedded administrator made the organization and administers it.
    let asked = server.indelible(&args);
    assert!(asked.code == 1 && asked.err.contains("waits for a second person"), "{} {}", asked.out, asked.err);
    let request: Value = serde_json::from_str(&asked.out).unwrap();
    let request = request["requestId"].as_str().unwrap().to_owned();
    let wrong = server.indelible(&["redact", "--organization", BETA, "--seq", "9-5", "--reason", "x"]);
    assert!(wrong.code == 2 && wrong.err.contains("the smaller one first"), "{}", wrong.err);
    assert_eq!(server.indelible(&["request", "approve", &request]).code, 2, "the same person");
    assert_eq!(people.decide(ben, &request, "approve").status, 200);
    assert_eq!(count(&service, SECRET), 0);
}

/// The server was killed between noting what is asked for and saying so in the log.
#[test]
fn a_redaction_that_was_only_noted_is_recorded_and_done_at_the_next_start() {
    let mut people = People::new(QUICK);
    let service = people.token(BETA, "audit:emit,audit:search");
    let spilled = emit(&service, 100, SECRET);
    people.scene.server.seal();
    let archive = people.scene.server.archive();
    let home = archive.parent().unwrap().to_owned();
    let People { scene, .. } = people;
    let (server, folder) = scene.leave();
    server.kill();
    let noted = json!({BETA: {"entry": null, "stretches": [[1, spilled, spilled]], "journalUntil": u64::MAX}});
    fs::write(home.join("redactions"), noted.to_string()).unwrap();
    let server = Server::start_in(&home);
    eventually("nothing holds the content", || state(&server)["state"] == "complete");
    assert_eq!(count(&server, SECRET), 0);
    assert_eq!(rows(&server, &format!("seq:{spilled}"))[0]["redacted"], true);
    server.seal();
    assert_eq!(verified(&archive), (1, 0));
    eventually("no file holds it", || files_with(&home, &format!("{SECRET}-entity")).is_empty());
    server.stop();
    drop(folder);
}

/// The disk is lost when neither the entries nor what says that they are redacted are in the archive, only in copies of the journal:
/// they come back in other places, and must not come back with their content.
#[test]
fn what_only_copies_of_the_journal_hold_stays_redacted_in_a_rebuild() {
    let mut people = People::new(QUICK);
    let service = people.token(BETA, "audit:emit,audit:search");
    let archive = people.scene.server.archive();
    let home = archive.parent().unwrap().to_owned();
    let obstacle = archive.join("organizations");
    fs::write(&obstacle, b"in the way").unwrap();
    let (kept, spilled) = (emit(&service, 99, "canary-kept"), emit(&service, 100, SECRET));
    let approved = redact(&mut people, &[(spilled, spilled)]);
    assert!(approved["note"].to_string().contains("goes on by itself"), "{approved}");
    wait_for_copies(&people.scene.server);
    let People { scene, .. } = people;
    let (server, folder) = scene.leave();
    server.kill();
    fs::remove_file(&obstacle).unwrap();
    let (keys, rebuilt) = (home.join("keys"), home.with_file_name("rebuilt"));
    let args = ["archive", "rebuild", "--from", archive.to_str().unwrap(), "--data-dir", rebuilt.to_str().unwrap()];
    fs::write(rebuilt.with_extension("toml"), QUICK).unwrap();
    let answer = offline(&[&args[..], &["--keys", keys.to_str().unwrap()]].concat());
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    let server = Server::start_in(&rebuilt);
    eventually("it is redacted in its new place", || count(&server, SECRET) == 0);
    assert_eq!(count(&server, "canary-kept"), 1, "it was at {kept}");
    server.seal();
    eventually("no file of the archive holds it", || verified(&archive) == (1, 0));
    eventually("no copy of the journal holds it", || files_with(&archive, &format!("{SECRET}-entity")).is_empty());
    server.stop();
    drop(folder);
}
