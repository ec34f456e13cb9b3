//! `kill -9` at random moments of an import.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rand::{Rng, SeedableRng};

use serde_json::json;

use crate::harness::{Server, UNAUDITED, data, event, offline};

/// Every `logEntryId` in the log, with each organization's `seq`s checked to be dense.
pub(crate) fn identities(server: &Server) -> BTreeSet<String> {
    // Only what is needed: whole entries of a long run are more than one query may hold.
    let events = server.sql("select organization, seq, logEntryId from events where seq > 0");
    let mut ids = BTreeSet::new();
    let mut seqs = std::collections::BTreeMap::<String, Vec<u64>>::new();
    for event in events {
        assert!(ids.insert(event["logEntryId"].as_str().unwrap().to_owned()), "twice: {event}");
        seqs.entry(event["organization"].as_str().unwrap().to_owned())
            .or_default()
            .push(event["seq"].as_u64().unwrap());
    }
    for (organization, mut seqs) in seqs {
        seqs.sort_unstable();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "{organization}: seq is dense");
    }
    ids
}

fn undisturbed(adapter: &str, file: &Path) -> BTreeSet<String> {
    let server = Server::start();
    server.import(adapter, file);
    identities(&server)
}

/// Every `fdatasync` fails from some moment on, as on a dying disk.
#[test]
fn a_failed_sync_is_unknown_to_the_producer_ends_the_server_and_loses_nothing_acknowledged() {
    if Command::new("strace").arg("-V").output().is_err() {
        return eprintln!("SKIPPED: strace is not installed");
    }
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("data");
    let server = Server::start_configured(&folder, UNAUDITED);
    let post = |server: &Server, number| server.post(&[], serde_json::to_vec(&event(number, json!({}))).unwrap());
    for number in 1..=10 {
        assert_eq!(post(&server, number).0, 200);
    }
    let pid = server.id().to_string();
    let mut strace = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO", "-p", &pid])
        .spawn()
        .unwrap();
    // Strace needs a moment to attach; what is answered until then was synced.
    let mut acknowledged = 10;
    let refused = loop {
        match post(&server, acknowledged + 1) {
            (200, _) => acknowledged += 1,
            refused => break refused,
        }
        assert!(acknowledged < 10_000, "strace did not attach");
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!((refused.0, refused.1["error"]["code"].as_str()), (503, Some("intakeStopped")));
    assert!(refused.1["error"]["message"].as_str().unwrap().contains("same logEntryId"), "{}", refused.1);
    assert_eq!(server.wait_for_end().code(), Some(2));
    let _ = strace.wait();
    let server = Server::start_configured(&folder, UNAUDITED);
    let ids = identities(&server);
    for number in 1..=acknowledged {
        assert!(ids.contains(&format!("10000000-0000-4000-8000-{number:012x}")), "event {number} is lost");
    }
    assert_eq!(post(&server, acknowledged + 1).0, 200, "sent again it is stored");
    assert_eq!(identities(&server).len() as u64, acknowledged + 1);
}

#[test]
fn an_import_survives_kills_of_the_server_at_random_moments() {
    let Some(file) = data("cloudtrail/invictus_stratus_2023-07-10.jsonl.gz") else { return };
    let kills: u32 = std::env::var("INDELIBLE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    eprintln!("INDELIBLE_KILLS={kills}");
    let mut random = rand::rngs::StdRng::seed_from_u64(indelible_testkit::seed::seed());
    let expected = undisturbed("cloudtrail", &file);

    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("data");
    for kill in 0..kills {
        let server = Server::start_configured(&folder, UNAUDITED);
        let mut import = server.spawn(&["import", "cloudtrail", file.to_str().unwrap(), "--batch", "50"]);
        // Some kills fall into sealing.
        let sealing = (kill % 4 == 3).then(|| server.spawn(&["archive", "seal"]));
        std::thread::sleep(Duration::from_millis(random.random_range(1..600)));
        server.kill();
        if let Some(mut sealing) = sealing {
            let _ = sealing.wait();
        }
        let _ = import.kill();
        let _ = import.wait();
    }
    let server = Server::start_configured(&folder, UNAUDITED);
    let (read, _, _, refused) = server.import("cloudtrail", &file);
    assert_eq!((read, refused), (2900, 0));
    assert_eq!(identities(&server), expected);
    server.seal();
    assert_eq!(identities(&server), expected);
    let archive = server.archive();
    server.stop();
    let answer = offline(&["verify", archive.to_str().unwrap()]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
}
