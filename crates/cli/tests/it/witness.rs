//! Two witnesses over loopback: a quorum, and what they refuse.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use indelible_merkle::{Note, NoteSigner, Policy};
use serde_json::json;

use crate::harness::{Client, Launch, Server, Witness, event, fetch, offline};

fn get(url: String) -> String {
    let (status, body) = fetch(reqwest::Client::new().get(&url));
    assert_eq!(status, 200, "{url}");
    String::from_utf8(body).unwrap()
}

fn emit(server: &Client, number: u64) {
    assert_eq!(server.post(&[], event(number, json!({})).to_string().into_bytes()).0, 200);
}

/// Waits until `look` finds something.
fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(40), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A data folder with some events, and the key of its platform log.
fn platform(folder: &Path) -> String {
    let server = Server::start_in(folder);
    emit(&server, 0);
    let policy = get(format!("{}/api/v1/policy", server.url));
    assert!(policy.contains("quorum none"), "{policy}");
    let key = Policy::parse(policy.as_bytes()).unwrap().logs()[0].to_string();
    server.stop();
    key
}

fn configuration(folder: &Path, quorum: usize, witnesses: &[&Witness]) -> String {
    let mut text = format!("quorum = {quorum}\n");
    for (number, Witness { key, url, .. }) in witnesses.iter().enumerate() {
        text += &format!("[[witness]]\nname = 'w{number}'\nkey = '{key}'\nurl = '{url}'\n");
    }
    let path = folder.join("indelible.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The checkpoint served, if it satisfies the policy served.
fn endorsed(server: &Client) -> Option<(u64, usize)> {
    let (status, note) = fetch(reqwest::Client::new().get(format!("{}/platform/1/checkpoint", server.url)));
    let note: Note = String::from_utf8(note).ok().filter(|_| status == 200)?.parse().ok()?;
    let policy = Policy::parse(get(format!("{}/api/v1/policy", server.url)).as_bytes()).unwrap();
    assert!(policy.asks_for_witnesses());
    let endorsement = policy.check(&note).ok()?;
    Some((endorsement.checkpoint.size, endorsement.cosigned.len()))
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-r").args([from, to]).status().unwrap().success());
}

#[test]
fn two_witnesses_cosign_and_a_server_that_was_rolled_back_finds_no_quorum() {
    let scratch = tempfile::tempdir().unwrap();
    let data = scratch.path().join("data");
    let key = platform(&data);
    let folders = [scratch.path().join("one"), scratch.path().join("two")];
    let start = |number: usize| Witness::start(&format!("witness{number}.example"), &folders[number], &[&key]);
    let (one, two) = (start(0), start(1));
    let config = configuration(scratch.path(), 2, &[&one, &two]);
    let server = Launch::new(&data).config_file(config.as_ref()).start();
    let (first, count) = wait("no quorum", || endorsed(&server));
    assert_eq!(count, 2);
    emit(&server, 1);
    let second = wait("no later quorum", || endorsed(&server).filter(|(size, _)| *size > first)).0;
    assert!(get(one.url.clone()).contains(&format!("/platform/1 {second}")));
    server.stop();
    let old = scratch.path().join("old");
    copy(&data, &old);

    // A witness that is started again goes on; with only one of two there is no quorum.
    let port = one.url.clone();
    drop(one);
    let server = Launch::new(&data).config_file(config.as_ref()).start();
    emit(&server, 2);
    wait("the witness that is gone is not named", || server.log().contains("a witness does not cosign").then_some(()));
    assert_ne!(endorsed(&server).map(|(_, count)| count), Some(2), "{port}");
    let one = start(0);
    server.stop();
    let config = configuration(scratch.path(), 2, &[&one, &two]);
    let server = Launch::new(&data).config_file(config.as_ref()).start();
    emit(&server, 3);
    let third = wait("no quorum after a restart", || endorsed(&server).filter(|(size, _)| *size > second + 1)).0;
    server.stop();

    // The whole data folder of before is put back: nothing in it can know, the witnesses do.
    std::fs::rename(&data, scratch.path().join("newer")).unwrap();
    std::fs::rename(&old, &data).unwrap();
    std::fs::remove_file(data.with_extension("log")).unwrap();
    let server = Launch::new(&data).config_file(config.as_ref()).start();
    let log = wait("the roll-back is not noticed", || {
        Some(server.log()).filter(|log| log.contains("an older copy of the data folder was put back"))
    });
    assert!(log.contains(&format!("has cosigned {third} entries")), "{log}");
    assert_eq!(endorsed(&server), None);
    let metrics = String::from_utf8(fetch(server.request(reqwest::Method::GET, "/metrics")).1).unwrap();
    assert!(metrics.contains("indelible_witness_lag_entries{witness=\"w1\"}"), "{metrics}");
}

#[test]
fn a_witness_keeps_its_key_and_says_what_is_missing() {
    let scratch = tempfile::tempdir().unwrap();
    let key_file = scratch.path().join("key");
    let log = NoteSigner::from_seed(&[1; 32]).verifier_key("logs.example/platform/1").unwrap().to_string();
    let check = |options: &[&str], code: i32, says: &str| {
        let state = scratch.path().join("state");
        let paths = ["witness", "--key-file", key_file.to_str().unwrap(), "--state", state.to_str().unwrap()];
        let answer = offline(&[&paths[..], options].concat());
        assert_eq!(answer.code, code, "{}", answer.err);
        assert!(answer.out.contains(says) || answer.err.contains(says), "{}{}", answer.out, answer.err);
        answer.out
    };
    check(&[], 2, "--name");
    check(&["--name", "two words"], 2, "cannot be that of a witness");
    let printed = check(&["--name", "w.example", "--print-key"], 0, "w.example+");
    assert_eq!(check(&["--name", "w.example", "--print-key"], 0, ""), printed);
    check(&["--name", "w.example"], 2, "--log VKEY");
    check(&["--name", "w.example", "--log", "x"], 2, "is no verifier key of a log");
    let config = scratch.path().join("witness.toml");
    std::fs::write(&config, format!("name = 'w.example'\nlogs = ['{log}']\nlisten = '127.0.0.1:1'\n")).unwrap();
    let config = config.to_str().unwrap();
    check(&["--config", config, "--print-key"], 0, printed.trim());
    check(&["--config", config, "--listen", "192.0.2.1:1"], 2, "listen on 192.0.2.1:1");
    std::fs::write(config, "names = 'w'\n").unwrap();
    check(&["--config", config], 2, "unknown field");
}
