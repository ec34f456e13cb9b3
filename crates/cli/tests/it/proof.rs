//! The archive proves itself, or says what is wrong with it.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::harness::{Server, event, offline, without_network};

fn emit(server: &Server, numbers: std::ops::Range<u64>) {
    let body =
        numbers.flat_map(|n| [serde_json::to_vec(&event(n, json!({}))).unwrap(), b"\n".to_vec()].concat()).collect();
    assert_eq!(server.post(&[], body).0, 200);
}

fn objects(archive: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![archive.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Verifies `archive` and expects the exit code and a word of the explanation.
fn check(archive: &Path, options: &[&str], code: i32, says: &str) {
    let mut args = vec!["verify", archive.to_str().unwrap()];
    args.extend(options);
    let answer = offline(&args);
    assert_eq!(answer.code, code, "{args:?}\n{}\n{}", answer.out, answer.err);
    assert!(answer.out.contains(says), "{says:?} in\n{}", answer.out);
}

#[test]
fn a_sealed_archive_verifies_offline_and_every_harm_is_named() {
    let server = Server::start();
    emit(&server, 0..40);
    server.seal();
    let old = server.indelible(&["checkpoint"]).out;
    emit(&server, 40..60);
    server.seal();
    let keys = server.indelible(&["checkpoint", "--keys"]).out;
    let scratch = tempfile::tempdir().unwrap();
    let archive = scratch.path().join("archive");
    assert!(
        std::process::Command::new("cp").args(["-r"]).arg(server.archive()).arg(&archive).status().unwrap().success()
    );
    let old_file = scratch.path().join("old.checkpoint");
    std::fs::write(&old_file, &old).unwrap();
    let key_file = scratch.path().join("keys");
    std::fs::write(&key_file, &keys).unwrap();
    let (old_file, key_file) = (old_file.to_str().unwrap(), key_file.to_str().unwrap());

    let answer = without_network(&["verify", archive.to_str().unwrap()]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("not checked against a key you hold"), "{}", answer.out);
    check(&archive, &["--strict"], 2, "");
    check(&archive, &["--key", key_file, "--since", old_file, "--strict"], 0, "");
    check(&scratch.path().join("nowhere"), &[], 2, "");

    let all = objects(&archive);
    assert!(all.len() >= 7, "{all:?}");
    for object in &all {
        let name = object.file_name().unwrap().to_str().unwrap();
        let whole = std::fs::read(object).unwrap();
        for at in [0, whole.len() / 3, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            std::fs::write(object, &changed).unwrap();
            check(&archive, &[], 1, name);
        }
        std::fs::remove_file(object).unwrap();
        check(&archive, &[], 1, name);
        std::fs::write(object, &whole).unwrap();
    }
    for (index, first) in all.iter().enumerate() {
        for second in &all[index + 1..] {
            let (a, b) = (std::fs::read(first).unwrap(), std::fs::read(second).unwrap());
            std::fs::write(first, &b).unwrap();
            std::fs::write(second, &a).unwrap();
            // Either of the two is what is wrong.
            let answer = offline(&["verify", archive.to_str().unwrap()]);
            let named =
                [first, second].iter().any(|object| answer.out.contains(object.file_name().unwrap().to_str().unwrap()));
            assert!(answer.code == 1 && named, "{first:?} {second:?}\n{}", answer.out);
            std::fs::write(first, &a).unwrap();
            std::fs::write(second, &b).unwrap();
        }
    }
    check(&archive, &[], 0, "");

    // The newest run removed whole: what is left is consistent, only an older checkpoint tells.
    let newer = server.indelible(&["checkpoint"]).out;
    let newer_file = scratch.path().join("newer.checkpoint");
    std::fs::write(&newer_file, newer).unwrap();
    for object in all.iter().filter(|path| path.to_str().unwrap().contains(&format!("{:016}-", 41)[..])) {
        std::fs::remove_file(object).unwrap();
    }
    check(&archive, &[], 0, "");
    check(&archive, &["--since", old_file], 0, "");
    check(&archive, &["--since", newer_file.to_str().unwrap()], 1, "");
}

#[test]
fn an_archive_signed_by_another_key_is_told_by_the_key() {
    let (honest, other) = (Server::start(), Server::start());
    for server in [&honest, &other] {
        emit(server, 0..5);
        server.seal();
    }
    let scratch = tempfile::tempdir().unwrap();
    let keys = scratch.path().join("keys");
    std::fs::write(&keys, honest.indelible(&["checkpoint", "--keys"]).out).unwrap();
    let keys = keys.to_str().unwrap();
    check(&honest.archive(), &["--key", keys], 0, "");
    check(&other.archive(), &[], 0, "");
    check(&other.archive(), &["--key", keys], 1, "");
}

#[test]
fn one_event_comes_with_its_proof() {
    let server = Server::start();
    emit(&server, 0..300);
    let id = "10000000-0000-4000-8000-000000000007";
    let answer = server.indelible(&["prove", id]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let proof: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(proof["event"]["logEntryId"], id);
    assert_eq!(proof["seq"], 8);
    assert_eq!(server.indelible(&["prove", "10000000-0000-4000-8000-0000000fffff"]).code, 1);
}
