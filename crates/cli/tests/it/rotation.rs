//! The key of a platform is changed, and whoever holds the old one or the new one goes on checking.

use std::path::Path;

use indelible_merkle::{NoteSigner, Policy};
use serde_json::json;

use crate::harness::{Answer, Client, Launch, Server, Witness, event, eventually, fetch, offline};

const ACME: &str = "ri.indelible..organization.acme";

fn policy(server: &Client) -> String {
    let (status, text) = fetch(reqwest::Client::new().get(format!("{}/api/v1/policy", server.url)));
    assert_eq!(status, 200);
    String::from_utf8(text).unwrap()
}

fn emit(server: &Client, numbers: std::ops::Range<u64>) {
    let body: Vec<String> = numbers.map(|number| event(number, json!({})).to_string() + "\n").collect();
    assert_eq!(server.post(&[], body.concat().into_bytes()).0, 200);
}

fn key(command: &str, data: &Path) -> Answer {
    offline(&["key", command, "--data-dir", data.to_str().unwrap()])
}

/// As many witnesses as the policy asks for cosigned the newest checkpoint that is served.
fn is_endorsed(server: &Client) -> bool {
    let (_, note) = fetch(reqwest::Client::new().get(format!("{}/platform/1/checkpoint", server.url)));
    let note = String::from_utf8(note).ok().and_then(|note| note.parse().ok());
    let policy = Policy::parse(policy(server).as_bytes()).unwrap();
    assert!(policy.asks_for_witnesses());
    note.is_some_and(|note| policy.check(&note).is_ok())
}

#[test]
fn a_rotated_key_breaks_no_proof_and_an_old_key_signs_nothing_new() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name);
    let data = path("data");
    let server = Server::start_in(&data);
    emit(&server, 0..30);
    server.seal();
    let first_policy = policy(&server);
    let old = Policy::parse(first_policy.as_bytes()).unwrap().logs()[0].to_string();
    std::fs::write(path("kept"), server.indelible(&["checkpoint"]).out).unwrap();
    let answer = key("rotate", &data);
    assert!(answer.code == 2 && answer.err.contains("lock"), "a running server keeps its key: {}", answer.err);
    let answer = key("next", &data);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let new = answer.out.trim().to_owned();
    server.stop();

    // A witness that was told of both goes on cosigning.
    let witness = Witness::start("witness.example", &path("witness"), &[&old, &new]);
    let config = format!("quorum = 1\n[[witness]]\nname = 'w'\nkey = '{}'\nurl = '{}'\n", witness.key, witness.url);
    let start = || Launch::new(&data).config(&config).start();
    let server = start();
    eventually("the old key is cosigned", || is_endorsed(&server));
    server.stop();
    let answer = key("rotate", &data);
    assert_eq!((answer.code, answer.out.trim()), (0, &*new), "{}", answer.err);
    let server = start();
    emit(&server, 30..60);
    eventually("the new key is cosigned", || is_endorsed(&server));
    server.seal();

    let logs: Vec<String> =
        Policy::parse(policy(&server).as_bytes()).unwrap().logs().iter().map(ToString::to_string).collect();
    assert_eq!(logs, [new.clone(), old.clone()]);
    let bundle = path("bundle");
    let (kept, out) = (path("kept"), bundle.to_str().unwrap());
    let kept = kept.to_str().unwrap();
    let args = ["bundle", "--organization", ACME, "--from-seq", "0", "--to-seq", "45", "--since", kept, "--out", out];
    let answer = server.indelible(&args);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let answer = server.indelible(&["archive", "verify"]);
    assert_eq!(answer.code, 0, "the server checks itself: {}{}", answer.out, answer.err);
    std::fs::write(path("policy"), policy(&server)).unwrap();
    let archive = server.archive();
    server.stop();

    let archive = archive.to_str().unwrap();
    let stranger = NoteSigner::from_seed(&[9; 32]).verifier_key("indelible/platform/1").unwrap().to_string();
    let policy = path("policy");
    let policy = policy.to_str().unwrap();
    let cases: [(&[&str], i32); 8] = [
        (&[archive], 0),
        (&[archive, "--key", &old], 0),
        (&[archive, "--key", &new, "--since", kept], 0),
        (&[archive, "--key", &stranger], 1),
        (&[archive, "--policy", policy, "--since", kept, "--strict"], 0),
        (&[out, "--policy", policy], 0),
        (&[out, "--policy", policy, "--since", kept], 0),
        (&[out, "--key", &new], 1),
    ];
    for (args, code) in cases {
        let answer = offline(&[&["verify"], args].concat());
        assert_eq!(answer.code, code, "verify {args:?}: {}{}", answer.out, answer.err);
    }

    // The disk is lost, and the keys were kept: the rebuilt server knows who signed before.
    let rebuilt = path("rebuilt");
    let keys = data.join("keys");
    let args = ["archive", "rebuild", "--from", archive, "--keys", keys.to_str().unwrap(), "--data-dir"];
    let answer = offline(&[&args[..], &[rebuilt.to_str().unwrap()]].concat());
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
}
