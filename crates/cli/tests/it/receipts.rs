//! Signed receipts, held against the archive.

use serde_json::json;

use crate::harness::{Server, event, offline, without_network};

fn body(numbers: std::ops::Range<u64>) -> Vec<u8> {
    numbers.flat_map(|n| [serde_json::to_vec(&event(n, json!({}))).unwrap(), b"\n".to_vec()].concat()).collect()
}

#[test]
fn receipts_are_signed_on_request_and_held_against_the_archive() {
    let server = Server::start();
    let (status, answer) = server.post(&[], body(0..5));
    assert_eq!((status, &answer["receipts"]), (200, &json!(null)), "only who asks gets them");
    let (status, answer) = server.post(&[("indelible-receipts", "signed")], body(3..40));
    assert_eq!((status, answer["new"].as_u64(), answer["duplicate"].as_u64()), (200, Some(35), Some(2)));
    let receipts = answer["receipts"].as_str().unwrap();
    let shown = &answer["outcomes"][7]["receipts"][0];
    let line = format!("/1 {} {}\n", shown["seq"], shown["leafHash"].as_str().unwrap());
    assert!(receipts.contains(&line), "{line} in\n{receipts}");
    assert_eq!(receipts.lines().filter(|line| line.contains("/1 ")).count(), 37, "repeats have receipts too");
    assert_eq!(server.post(&[("indelible-receipts", "yes")], body(0..1)).0, 400);

    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("receipts"), receipts).unwrap();
    let archive = server.archive();
    let archive = archive.to_str().unwrap();
    let verify = |file: &str| offline(&["verify", archive, "--receipts", &path(file)]);
    server.seal();
    let answer = without_network(&["verify", archive, "--receipts", &path("receipts")]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("37 receipts: 37 kept"), "{}", answer.out);
    let (_, answer) = server.post(&[("indelible-receipts", "signed")], body(40..50));
    std::fs::write(path("newer"), [receipts, answer["receipts"].as_str().unwrap()].concat()).unwrap();
    let answer = verify("newer");
    assert_eq!(answer.code, 2, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("37 kept, 0 broken, 10 not archived yet"), "{}", answer.out);
    server.seal();
    assert_eq!(verify("newer").code, 0);
    // Of another server's log with the same events.
    let other = Server::start();
    let (_, answer) = other.post(&[("indelible-receipts", "signed")], body(0..5));
    std::fs::write(path("others"), answer["receipts"].as_str().unwrap()).unwrap();
    let answer = verify("others");
    assert_eq!(answer.code, 1, "{}", answer.out);
    std::fs::write(path("altered"), receipts.replacen("/1 4 ", "/1 9 ", 1)).unwrap();
    assert_eq!(verify("altered").code, 1);
}

#[test]
fn an_import_keeps_its_receipts() {
    let server = Server::start();
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("events"), body(0..2500)).unwrap();
    for _ in 0..2 {
        let answer = server.indelible(&["import", "audit3", &path("events"), "--receipts", &path("receipts")]);
        assert_eq!(answer.code, 0, "{}", answer.err);
    }
    server.seal();
    let answer = offline(&["verify", server.archive().to_str().unwrap(), "--receipts", &path("receipts"), "--json"]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(report["receipts"]["kept"], 5000, "{report}");
}
