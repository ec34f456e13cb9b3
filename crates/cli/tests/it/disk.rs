//! A small disk that fills up: a file system of its own in a file, which needs root.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{SENT, Server, event, eventually};

/// A mounted ext4 of some mebibytes.
struct SmallDisk {
    mount: PathBuf,
    _scratch: tempfile::TempDir,
}

fn run(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

impl SmallDisk {
    /// `None`, with a note, where such a disk cannot be made.
    fn mount(mebibytes: u64) -> Option<SmallDisk> {
        let scratch = tempfile::tempdir().unwrap();
        let (image, mount) = (scratch.path().join("image"), scratch.path().join("data"));
        std::fs::create_dir(&mount).unwrap();
        std::fs::File::create(&image).unwrap().set_len(mebibytes << 20).unwrap();
        let (image, path) = (image.to_str().unwrap(), mount.to_str().unwrap());
        let made = run("mkfs.ext4", &["-q", "-m", "0", image]) && run("mount", &["-o", "loop", image, path]);
        if !made {
            eprintln!("SKIPPED: a file system in a file cannot be mounted here; that needs root");
            return None;
        }
        Some(SmallDisk { mount, _scratch: scratch })
    }

    /// Makes the disk this full with a file that has nothing to do with the server.
    fn fill(&self, percent: u64) {
        let ballast = self.mount.join("ballast");
        let _ = std::fs::remove_file(&ballast);
        let output = Command::new("df").args(["--output=used,avail", "-B1"]).arg(&self.mount).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let numbers: Vec<u64> = text.lines().last().unwrap().split_whitespace().map(|n| n.parse().unwrap()).collect();
        let bytes = ((numbers[0] + numbers[1]) * percent / 100).saturating_sub(numbers[0]);
        assert!(run("fallocate", &["-l", &bytes.to_string(), ballast.to_str().unwrap()]), "{bytes} bytes");
    }

    fn empty(&self) {
        std::fs::remove_file(self.mount.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run("umount", &["-l", self.mount.to_str().unwrap()]);
    }
}

fn post(server: &Server, number: u64, organization: Option<&str>, filler: usize) -> (u16, String, Value) {
    let mut one = event(number, json!({"filler": "x".repeat(filler)}));
    match organization {
        Some(name) => one["organizations"][0]["id"] = json!(format!("ri.indelible..organization.{name}")),
        None => drop(one.as_object_mut().unwrap().remove("organizations")),
    }
    let (status, answer) = server.post(&[], serde_json::to_vec(&one).unwrap());
    let code = answer["error"]["code"].as_str().unwrap_or("stored").to_owned();
    (status, code, answer)
}

#[test]
fn a_filling_disk_raises_an_alarm_then_keeps_to_priority_organizations_then_stops_and_goes_on_by_itself() {
    let Some(disk) = SmallDisk::mount(100) else { return };
    let server = Server::start_configured(
        &disk.mount,
        "[journal]\nsegment-bytes = 8388608\nspare-segments = 1\n[disk]\nreserve-bytes = 4194304\n\
         priority-organizations = ['ri.indelible..organization.first']\n",
    );
    let mut number = 0;
    let mut stored = 0;
    // The disk's part in use; what an event of acme, of a priority organization and of the operator gets; alarm; reserve.
    let mut check = |percent: u64, expected: [&str; 3], alarm: bool, reserve: bool| {
        disk.fill(percent);
        let mut found = [const { String::new() }; 3];
        eventually(&format!("{percent} %: {expected:?}"), || {
            for (place, organization) in found.iter_mut().zip([Some("acme"), Some("first"), None]) {
                number += 1;
                let (status, code, answer) = post(&server, number, organization, 0);
                stored += u64::from(code == "stored");
                let expected_status = match code.as_str() {
                    "stored" => 200,
                    "diskFilling" => 429,
                    _ => 503,
                };
                assert_eq!(status, expected_status, "{answer}");
                *place = code;
            }
            found == expected
                && server.alarms() == vec!["diskSpace"; usize::from(alarm)]
                && disk.mount.join("reserve").exists() == reserve
        });
        assert_eq!(server.get("/readyz").0, if expected[2] == "diskFull" { 503 } else { 200 });
    };
    let all = ["stored"; 3];
    check(60, all, false, true);
    check(75, all, true, true);
    check(89, ["diskFilling", "stored", "stored"], true, true);
    check(97, ["diskFull"; 3], true, false);
    check(75, all, true, true);
    disk.empty();
    check(50, all, false, true);
    assert_eq!(server.count(SENT), stored);
}

#[test]
fn a_journal_without_room_refuses_and_goes_on_when_there_is_some() {
    let Some(disk) = SmallDisk::mount(100) else { return };
    // Without marks the journal itself meets the end of the disk. A read that had to be recorded would meet it too.
    let server = Server::start_configured(
        &disk.mount,
        "audit-reads = false\n[journal]\nsegment-bytes = 8388608\nspare-segments = 1\n[disk]\nalarm-percent = 100\npriority-percent = 100\n\
         stop-percent = 100\nreserve-bytes = 0\n",
    );
    disk.fill(95);
    let mut stored = 0;
    let refused = loop {
        let (status, code, answer) = post(&server, stored + 1, Some("acme"), 900_000);
        if code != "stored" {
            break (status, code, answer);
        }
        stored += 1;
        assert!(stored < 200, "the disk was not full");
    };
    assert_eq!((refused.0, refused.1.as_str()), (503, "diskFull"), "{}", refused.2);
    assert_eq!(server.count(SENT), stored, "reading goes on");
    assert_eq!(post(&server, stored + 1, Some("acme"), 900_000).1, "diskFull", "still");
    disk.empty();
    eventually("events are stored again", || post(&server, stored + 1, Some("acme"), 900_000).1 == "stored");
    assert_eq!(server.count(SENT), stored + 1);
    server.seal();
    let folder: &Path = &disk.mount;
    server.stop();
    let server = Server::start_in(folder);
    assert_eq!(server.count(SENT), stored + 1);
}
