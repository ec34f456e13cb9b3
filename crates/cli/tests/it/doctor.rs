//! What the doctor finds, and a clock that jumped.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::harness::{Answer, Server, event, offline};

fn doctor(folder: &Path, args: &[&str]) -> Answer {
    offline(&[&["doctor", "--data-dir", folder.to_str().unwrap()], args].concat())
}

/// The state of each check.
fn states(folder: &Path) -> (Vec<(String, String)>, i32) {
    let answer = doctor(folder, &["--format", "json"]);
    let finding = |line: &str| {
        let finding: Value = serde_json::from_str(line).unwrap();
        assert!(!finding["message"].as_str().unwrap().is_empty());
        (finding["check"].as_str().unwrap().to_owned(), finding["state"].as_str().unwrap().to_owned())
    };
    (answer.out.lines().map(finding).collect(), answer.code)
}

/// The checks that are in this state.
fn of_state(folder: &Path, state: &str) -> Vec<String> {
    states(folder).0.into_iter().filter(|finding| finding.1 == state).map(|finding| finding.0).collect()
}

#[test]
fn a_healthy_folder_is_well_with_and_without_its_server() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("data");
    assert_eq!(doctor(&folder, &[]).code, 1, "there is no such folder");
    let server = Server::start_in(&folder);
    for number in 0..20 {
        server.post(&[], serde_json::to_vec(&event(number, json!({}))).unwrap());
    }
    server.seal();
    server.post(&[], serde_json::to_vec(&event(99, json!({}))).unwrap());
    let (running, code) = states(&folder);
    assert_eq!(code, 0, "{running:?}");
    assert!(running.contains(&("server".into(), "ok".into())), "{running:?}");
    server.kill();
    let before = listing(&folder);
    for _ in 0..2 {
        let (stopped, code) = states(&folder);
        assert_eq!(code, 0, "{stopped:?}");
        let checks: Vec<&str> = stopped.iter().map(|finding| finding.0.as_str()).collect();
        let expected = "folder lock disk keys ledger journal checkpoints clock bucket archive locks";
        assert_eq!(checks.join(" "), expected);
        assert_eq!(listing(&folder), before, "looking changes nothing else");
    }
    assert_eq!(Server::start_in(&folder).count(""), 21);
}

/// Names, lengths and times of change of all files but the lock, and the file of checkpoints: whoever opens a ledger
/// after a kill completes what was signed last.
fn listing(folder: &Path) -> Vec<(std::path::PathBuf, u64, SystemTime)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            files.extend(listing(&entry.path()));
        } else if !["lock", "checkpoints"].contains(&entry.file_name().to_str().unwrap()) {
            files.push((entry.path(), metadata.len(), metadata.modified().unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn what_is_missing_or_damaged_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("data");
    let server = Server::start_in(&folder);
    server.post(&[], serde_json::to_vec(&event(1, json!({}))).unwrap());
    server.seal();
    server.stop();
    let check = |path: &str, change: &dyn Fn(&Path), failed: &[&str]| {
        let path = folder.join(path);
        let kept = std::fs::read(&path).unwrap();
        change(&path);
        assert_eq!(of_state(&folder, "failed"), failed, "{}", path.display());
        assert_eq!(doctor(&folder, &[]).code, 1);
        std::fs::write(&path, kept).unwrap();
        assert_eq!(of_state(&folder, "failed"), [] as [&str; 0]);
    };
    let remove = |path: &Path| std::fs::remove_file(path).unwrap();
    let damage = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    check("platform", &remove, &["folder"]);
    check("ledger/state", &damage, &["ledger"]);
    check("ledger/state", &remove, &["ledger"]);
    check("clock", &damage, &["clock"]);
    let segment = std::fs::read_dir(folder.join("journal")).unwrap().map(|e| e.unwrap().file_name()).min().unwrap();
    let header = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[20] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    check(&format!("journal/{}", segment.to_str().unwrap()), &header, &["journal"]);
    let label = std::fs::read_dir(folder.join("archive/organizations")).unwrap().next().unwrap().unwrap().path();
    let manifest = std::fs::read_dir(label.join("1/manifest")).unwrap().next().unwrap().unwrap().path();
    check(manifest.strip_prefix(&folder).unwrap().to_str().unwrap(), &damage, &["archive"]);
    check("keys/checkpoint.key", &remove, &["keys", "ledger"]);
}

fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64
}

/// The alarms that are on, but for that of a machine whose disk others fill.
fn alarms(server: &Server) -> Vec<String> {
    server.alarms().into_iter().filter(|kind| kind != "diskSpace").collect()
}

#[test]
fn a_start_days_after_the_last_known_time_takes_nothing_in_until_the_clock_is_accepted() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("data");
    std::fs::create_dir(&folder).unwrap();
    let days_ago = |days: i64| {
        let then = now_us() - days * 86_400_000_000;
        std::fs::write(folder.join("clock"), format!("indelible/clock/v1 {then}\n")).unwrap();
    };
    days_ago(3);
    let server = Server::start_in(&folder);
    let plain = |number| {
        let mut plain = event(number, json!({}));
        plain.as_object_mut().unwrap().remove("organizations");
        serde_json::to_vec(&plain).unwrap()
    };
    let (status, answer) = server.post(&[], plain(1));
    assert_eq!((status, answer["error"]["code"].as_str()), (503, Some("clockStopped")), "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("doctor --accept-clock"), "{answer}");
    assert_eq!(server.get("/readyz").0, 503);
    assert_eq!(alarms(&server), ["clockStopped"]);
    let (found, code) = states(&folder);
    assert!(code == 1 && found.contains(&("server".into(), "failed".into())), "{found:?}");
    let accepted = doctor(&folder, &["--accept-clock"]);
    assert!(accepted.code == 0 && accepted.err.contains("accepted"), "{accepted:?}");
    assert_eq!(server.post(&[], plain(1)).0, 200);
    assert_eq!((server.get("/readyz").0, alarms(&server)), (200, vec![]));
    assert!(doctor(&folder, &["--accept-clock"]).err.contains("nothing to accept"));
    // The clock is accepted before the next start, too: at most one acceptance for each jump.
    server.stop();
    let entries = "select seq, name, extra from entries where type = 'indelible.1' order by seq";
    let recorded = || {
        let server = Server::start_in(&folder);
        let rows = server.sql(entries);
        assert_eq!(server.get("/readyz").0, 200);
        server.stop();
        rows
    };
    let rows = recorded();
    assert_eq!(rows.iter().map(|row| row["name"].as_str().unwrap()).collect::<Vec<_>>(), ["GENESIS", "CLOCK_ACCEPT"]);
    assert!(rows[1]["extra"].to_string().contains("away"), "{}", rows[1]);
}

#[test]
fn a_clock_is_accepted_for_a_server_that_is_started_later() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("data");
    Server::start_in(&folder).stop();
    assert!(doctor(&folder, &["--accept-clock"]).err.contains("nothing to accept"));
    assert!(!folder.join("clock.accept").exists());
    let then = now_us() - 2 * 86_400_000_000;
    std::fs::write(folder.join("clock"), format!("indelible/clock/v1 {then}\n")).unwrap();
    assert!(of_state(&folder, "failed").contains(&"clock".to_owned()));
    assert_eq!(doctor(&folder, &["--accept-clock"]).code, 0);
    assert!(of_state(&folder, "warning").contains(&"clock".to_owned()));
    assert_eq!(of_state(&folder, "failed"), [""; 0]);
    let server = Server::start_in(&folder);
    crate::harness::eventually("the server accepts the clock", || server.get("/readyz").0 == 200);
    server.stop();
    assert_eq!(states(&folder).1, 0);
}
