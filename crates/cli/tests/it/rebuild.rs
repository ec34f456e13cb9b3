//! The disk is lost, the bucket is not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Server, UNAUDITED, event, offline};

/// Copies of the journal every second.
const QUICK: &str = "audit-reads = false\n[archive]\njournal-copy-seconds = 1\n";
const ACME: &str = "ri.indelible..organization.acme";
const BETA: &str = "ri.indelible..organization.beta";

/// Folders of one test: the bucket and the keys outlive every server.
struct Scene {
    scratch: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { scratch: tempfile::tempdir().unwrap() };
        fs::create_dir(scene.bucket()).unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn bucket(&self) -> PathBuf {
        self.path("bucket")
    }

    /// A first server, whose archive is the bucket.
    fn start(&self, name: &str) -> Server {
        let data = self.path(name);
        fs::create_dir(&data).unwrap();
        std::os::unix::fs::symlink(self.bucket(), data.join("archive")).unwrap();
        Server::start_configured(&data, QUICK)
    }

    /// Loses the disk of a server, except for a backup of its keys.
    fn lose(&self, name: &str) {
        let keys = self.path("keys");
        if !keys.exists() {
            assert!(
                Command::new("cp").arg("-r").arg(self.path(name).join("keys")).arg(&keys).status().unwrap().success()
            );
        }
        fs::remove_dir_all(self.path(name)).unwrap();
    }

    fn rebuild(&self, name: &str, options: &[&str]) -> Answer {
        let (from, to) = (self.bucket(), self.path(name));
        fs::write(to.with_extension("toml"), QUICK).unwrap();
        let mut args = vec!["archive", "rebuild", "--from", from.to_str().unwrap(), "--data-dir", to.to_str().unwrap()];
        args.extend(options);
        offline(&args)
    }

    fn rebuild_with_keys(&self, name: &str) -> Answer {
        self.rebuild(name, &["--keys", self.path("keys").to_str().unwrap()])
    }

    fn verify(&self, options: &[&str]) -> Answer {
        let bucket = self.bucket();
        let mut args = vec!["verify", bucket.to_str().unwrap()];
        args.extend(options);
        offline(&args)
    }
}

pub(crate) fn emit(server: &Client, organization: &str, numbers: std::ops::Range<u64>) -> Vec<Value> {
    let event = |number| event(number, json!({"organizations": [{"id": organization, "reason": "test"}]}));
    let body =
        numbers.flat_map(|number| [serde_json::to_vec(&event(number)).unwrap(), b"\n".to_vec()].concat()).collect();
    let (status, answer) = server.post(&[], body);
    assert_eq!((status, &answer["refused"]), (200, &json!(0)), "{answer}");
    answer["outcomes"].as_array().unwrap().clone()
}

/// Waits until everything acknowledged is in the bucket.
pub(crate) fn wait_for_copies(server: &Client) {
    let started = Instant::now();
    loop {
        let answer = server.indelible(&["archive", "status", "--format", "json"]);
        let status: Value = serde_json::from_str(answer.out.trim()).unwrap();
        let copies = &status["journalCopies"];
        if copies["copies"].as_u64().unwrap() > 0 && copies["oldestUncopiedSeconds"].is_null() {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{status}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// How often each event is in the logs, by the number it was made with.
pub(crate) fn stored(server: &Client) -> BTreeMap<u64, u64> {
    let mut stored = BTreeMap::new();
    for row in server.sql("select logEntryId, count(*) as n from events group by logEntryId") {
        let id = row["logEntryId"].as_str().unwrap();
        let number = u64::from_str_radix(&id[24..], 16).unwrap();
        stored.insert(number, row["n"].as_u64().unwrap());
    }
    stored
}

fn objects(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // The lock names the process that had it.
            match path.is_dir() {
                true => folders.push(path),
                false if path.file_name().is_some_and(|name| name == "lock") => {}
                false => _ = found.insert(path.clone(), fs::read(&path).unwrap()),
            }
        }
    }
    found
}

#[test]
fn a_server_is_rebuilt_from_the_bucket_alone() {
    let scene = Scene::new();
    let server = scene.start("first");
    emit(&server, ACME, 0..40);
    emit(&server, BETA, 100..103);
    server.seal();
    let keys = scene.path("verifier.keys");
    fs::write(&keys, server.indelible(&["checkpoint", "--keys"]).out).unwrap();
    // In no log file yet: some of an archived log, and a log of which nothing is archived.
    emit(&server, ACME, 40..60);
    emit(&server, "ri.indelible..organization.gamma", 200..205);
    wait_for_copies(&server);
    let shown = scene.path("shown.checkpoint");
    fs::write(&shown, server.indelible(&["checkpoint"]).out).unwrap();
    server.kill();
    scene.lose("first");

    let answer =
        scene.rebuild("second", &["--keys", scene.path("keys").to_str().unwrap(), "--since", shown.to_str().unwrap()]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    for says in [
        "generation 2 is open",
        "ends at 41 entries, receipts for entries 41 to 60 are not fulfilled",
        "20 events were admitted again",
        "ends at 4 entries; ",
        "ends at 0 entries, receipts for entries 0 to 5 are not fulfilled",
        "5 events were admitted again",
    ] {
        assert!(answer.out.contains(says), "{says} in\n{}", answer.out);
    }
    assert!(!answer.out.contains("NEW KEYS"), "{}", answer.out);
    let replaced = fs::read_to_string(scene.path("second/rebuild-replaced.jsonl")).unwrap();
    let replaced: Vec<Value> = replaced.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(replaced.len(), 25);
    assert_eq!((&replaced[0]["from"]["seq"], &replaced[0]["to"]["seq"]), (&json!(41), &json!(1)));

    // It is verified as it stands, before a server was started, and once more changes nothing.
    let answer = scene.verify(&["--key", keys.to_str().unwrap(), "--strict"]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("ends here, generation 2 goes on, receipts for entries 41 to 60"), "{}", answer.out);
    let before = (objects(&scene.bucket()), objects(&scene.path("second")));
    let again = scene.rebuild_with_keys("second");
    assert_eq!(again.code, 0, "{}", again.err);
    assert!((objects(&scene.bucket()), objects(&scene.path("second"))) == before, "a finished rebuild was changed");

    let server = Server::start_configured(&scene.path("second"), UNAUDITED);
    let expected: BTreeMap<u64, u64> = (0..60).chain(100..103).chain(200..205).map(|number| (number, 1)).collect();
    assert_eq!(stored(&server), expected);
    assert_eq!(server.count("uid:ann"), 68);
    // Producers who send again are told so; their new events go on.
    let again = emit(&server, ACME, 30..50);
    assert!(again.iter().all(|outcome| outcome["status"] == "duplicate"), "{again:?}");
    let new = emit(&server, ACME, 60..61);
    assert_eq!((&new[0]["status"], &new[0]["receipts"][0]["seq"]), (&json!("new"), &json!(21)));
    assert_eq!(stored(&server).len(), 69);
    let sources = server.sql("select intake['source'] as source from entries where seq = 1 and organization like '%acme' order by received_at");
    assert_eq!(sources[0]["source"], "http");
    assert!(sources[1]["source"].as_str().unwrap().starts_with("rebuild/1/41/2"), "{sources:?}");
    // In each log generations follow each other in time, and `seq` is dense in each.
    for organization in [ACME, BETA] {
        let rows = server
            .sql(&format!("select seq from entries where organization = '{organization}' order by received_at, seq"));
        let seqs: Vec<u64> = rows.iter().map(|row| row["seq"].as_u64().unwrap()).collect();
        let second = seqs.iter().skip(1).position(|seq| *seq == 0).unwrap() + 1;
        assert!(seqs[..second].iter().copied().eq(0..second as u64), "{seqs:?}");
        assert!(seqs[second..].iter().copied().eq(0..(seqs.len() - second) as u64), "{seqs:?}");
    }
    server.seal();
    let answer = server.indelible(&["archive", "verify"]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("(generation 1)") && answer.out.contains("(generation 2)"), "{}", answer.out);
    server.stop();
    let answer = scene.verify(&["--key", keys.to_str().unwrap(), "--strict"]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
}

#[test]
fn without_its_keys_a_log_goes_on_under_others_and_verify_says_so() {
    let scene = Scene::new();
    let server = scene.start("first");
    emit(&server, ACME, 0..10);
    server.seal();
    let old = scene.path("old.keys");
    fs::write(&old, server.indelible(&["checkpoint", "--keys"]).out).unwrap();
    emit(&server, ACME, 10..15);
    wait_for_copies(&server);
    server.kill();
    scene.lose("first");
    fs::remove_dir_all(scene.path("keys")).unwrap();
    let answer = scene.rebuild("second", &[]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("NEW KEYS"), "{}", answer.out);
    let server = Server::start_configured(&scene.path("second"), UNAUDITED);
    assert_eq!(stored(&server).len(), 15);
    emit(&server, ACME, 15..16);
    server.seal();
    let new = scene.path("new.keys");
    fs::write(&new, server.indelible(&["checkpoint", "--keys"]).out).unwrap();
    // The second rebuild knows the first one's keys, and what they follow on.
    server.stop();
    scene.lose("second");
    let answer = scene.rebuild_with_keys("third");
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("generation 3 is open"), "{}", answer.out);
    let server = Server::start_configured(&scene.path("third"), UNAUDITED);
    assert_eq!(stored(&server), (0..16).map(|number| (number, 1)).collect());
    server.stop();

    let answer = scene.verify(&[]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("NOTE: ") && answer.out.contains("is signed with another key"), "{}", answer.out);
    let (old, new) = (old.to_str().unwrap(), new.to_str().unwrap());
    assert_eq!(scene.verify(&["--key", old]).code, 1);
    assert_eq!(scene.verify(&["--key", new]).code, 1);
    assert_eq!(scene.verify(&["--key", old, "--key", new, "--strict"]).code, 0);

    // Keys of another platform are no keys.
    let stranger = Scene::new();
    let server = stranger.start("first");
    emit(&server, ACME, 0..1);
    server.stop();
    stranger.lose("first");
    let answer = scene.rebuild("fourth", &["--keys", stranger.path("keys").to_str().unwrap()]);
    assert!(answer.code == 2 && answer.err.contains("are not those of this archive"), "{}", answer.err);
}

#[test]
fn a_rebuild_that_is_broken_off_is_run_again() {
    let scene = Scene::new();
    let server = scene.start("first");
    emit(&server, ACME, 0..2000);
    emit(&server, BETA, 5000..6000);
    server.seal();
    emit(&server, ACME, 2000..4000);
    wait_for_copies(&server);
    server.kill();
    scene.lose("first");
    let mut random = rand::rngs::StdRng::seed_from_u64(indelible_testkit::seed::seed());
    let (from, to, keys) = (scene.bucket(), scene.path("second"), scene.path("keys"));
    for _ in 0..12 {
        let mut rebuild = Command::new(env!("CARGO_BIN_EXE_indelible"))
            .args(["archive", "rebuild", "--from", from.to_str().unwrap(), "--data-dir", to.to_str().unwrap()])
            .args(["--keys", keys.to_str().unwrap()])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(random.random_range(5..700)));
        let _ = rebuild.kill();
        rebuild.wait().unwrap();
        // Half a server is none.
        if to.join("rebuild.unfinished").exists() {
            let refused = Server::try_start_in(&to).err().expect("an unfinished rebuild was started");
            assert!(refused.contains("was not finished; run `indelible archive rebuild"), "{refused}");
        }
    }
    let answer = scene.rebuild_with_keys("second");
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    let server = Server::start_configured(&to, UNAUDITED);
    assert_eq!(stored(&server), (0..4000).chain(5000..6000).map(|number| (number, 1)).collect());
    assert_eq!(server.sql("select count(*) as n from entries where name = 'GENESIS'")[0]["n"], 4);
    server.seal();
    server.stop();
    let answer = scene.verify(&[]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    assert!(!answer.out.contains("generation 3"), "{}", answer.out);
}

#[test]
fn a_server_that_was_replaced_stops_and_one_that_fell_behind_says_how_to_go_on() {
    let scene = Scene::new();
    let server = scene.start("first");
    emit(&server, ACME, 0..10);
    server.seal();
    let backup = scene.path("backup");
    let copy = |from: &Path, to: &Path| {
        assert!(Command::new("cp").args(["-r", "--no-dereference"]).arg(from).arg(to).status().unwrap().success());
    };
    copy(&scene.path("first"), &backup);
    emit(&server, ACME, 10..20);
    server.seal();
    fs::copy(scene.path("first.toml"), scene.path("backup.toml")).unwrap();
    let newer = scene.path("newer");
    copy(&scene.path("first"), &newer);
    let refused = Server::try_start_in(&backup).err().expect("an older copy was started");
    assert!(
        refused.contains("the archive holds 21 entries") && refused.contains("indelible archive rebuild --from"),
        "{refused}"
    );
    // So is one that lacks no log file, only what was acknowledged since and copied.
    emit(&server, ACME, 20..21);
    let copies = || fs::read_dir(scene.bucket().join("journal/1")).map_or(0, Iterator::count);
    let (copied, until) = (copies(), Instant::now() + Duration::from_secs(30));
    while copies() == copied {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(50));
    }
    let refused = Server::try_start_in(&newer).err().expect("an older copy was started");
    assert!(refused.contains("holds copies of the journal up to frame"), "{refused}");
    copy(&scene.path("first/keys"), &scene.path("keys"));
    // The server still runs, against all advice.
    let answer = scene.rebuild_with_keys("second");
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    emit(&server, ACME, 21..25);
    assert!(!server.wait_for_end().success());
    let log = fs::read_to_string(scene.path("first.log")).unwrap();
    assert!(log.contains("this one is retired"), "{log}");
    let refused = Server::try_start_in(&scene.path("first")).err().expect("a retired server was started");
    assert!(refused.contains("this one is retired"), "{refused}");
    let refused = scene.rebuild_with_keys("first");
    assert!(refused.code == 2 && refused.err.contains("holds a server already"), "{}", refused.err);
    // A new folder does not take the bucket by mistake.
    let third = scene.path("third");
    fs::create_dir(&third).unwrap();
    std::os::unix::fs::symlink(scene.bucket(), third.join("archive")).unwrap();
    let refused = Server::try_start_in(&third).err().expect("a stranger took the bucket");
    assert!(refused.contains("indelible archive rebuild --from"), "{refused}");
    let server = Server::start_configured(&scene.path("second"), UNAUDITED);
    assert_eq!(stored(&server).len(), 21);
    server.stop();
    assert_eq!(scene.verify(&[]).code, 0);
    let answer = offline(&[
        "archive",
        "rebuild",
        "--from",
        scene.path("keys").to_str().unwrap(),
        "--data-dir",
        scene.path("x").to_str().unwrap(),
    ]);
    assert!(answer.code == 2 && answer.err.contains("there is no archive"), "{}", answer.err);
}

/// What producers were promised: `seq` and leaf of every event, with the moment of the answer.
#[derive(Default)]
struct Promises {
    receipts: Mutex<Vec<(u64, u64, String, Instant)>>,
    next: AtomicU64,
}

impl Promises {
    /// Emits until told to stop, or the server is gone.
    fn emit_until(&self, server: &Client, stop: &AtomicBool) {
        while !stop.load(Relaxed) {
            let first = self.next.fetch_add(20, Relaxed);
            let events = (first..first + 20).map(|number| event(number, json!({})).to_string() + "\n");
            let request = server.request(reqwest::Method::POST, "/api/v1/events").body(events.collect::<String>());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let answer: Result<Value, reqwest::Error> = runtime.block_on(async { request.send().await?.json().await });
            let Ok(answer) = answer else { return };
            let now = Instant::now();
            for (number, outcome) in (first..).zip(answer["outcomes"].as_array().unwrap()) {
                let receipt = &outcome["receipts"][0];
                let promise =
                    (number, receipt["seq"].as_u64().unwrap(), receipt["leafHash"].as_str().unwrap().to_owned(), now);
                self.receipts.lock().unwrap().push(promise);
            }
        }
    }
}

/// Checkpoints by origin and size; panics on a second root.
fn collect_checkpoints(server: &Client, roots: &mut BTreeMap<(String, u64), String>) {
    let (status, notes) = crate::harness::fetch(server.request(reqwest::Method::GET, "/api/v1/checkpoints"));
    assert_eq!(status, 200);
    let notes = String::from_utf8(notes).unwrap();
    let lines: Vec<&str> = notes.lines().collect();
    for block in lines.windows(4).filter(|lines| lines[3].is_empty()) {
        let key = (block[0].to_owned(), block[1].parse().unwrap());
        let root = roots.entry(key.clone()).or_insert_with(|| block[2].to_owned());
        assert_eq!(root, block[2], "two roots for {key:?}");
    }
}

/// The leaves of a generation of the only log in the bucket, base64.
fn leaves(bucket: &Path, generation: u32) -> Vec<String> {
    use base64::Engine as _;
    let label = fs::read_dir(bucket.join("organizations")).unwrap().next().unwrap().unwrap().path();
    let tiles = label.join(generation.to_string()).join("tiles");
    let mut names: Vec<_> = fs::read_dir(tiles).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let mut leaves = Vec::new();
    for name in names {
        let (first, last) = name.file_stem().unwrap().to_str().unwrap().split_once('-').unwrap();
        let entries = last.parse::<usize>().unwrap() - first.parse::<usize>().unwrap() + 1;
        let bytes = fs::read(&name).unwrap();
        leaves.extend(
            bytes[..32 * entries].chunks(32).map(|leaf| base64::engine::general_purpose::STANDARD.encode(leaf)),
        );
    }
    leaves
}

#[test]
fn a_disk_lost_under_load_gives_no_log_two_roots_and_loses_only_what_was_not_copied() {
    let scene = Scene::new();
    let mut random = rand::rngs::StdRng::seed_from_u64(indelible_testkit::seed::seed());
    let (mut roots, promises) = (BTreeMap::new(), Promises::default());
    let mut all: BTreeSet<u64> = BTreeSet::new();
    let mut server = scene.start("1");
    for generation in 1..=4 {
        let stop = AtomicBool::new(false);
        let lost_at = std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| promises.emit_until(&server, &stop));
            }
            let until = Instant::now() + Duration::from_millis(random.random_range(2500..4500));
            while Instant::now() < until {
                collect_checkpoints(&server, &mut roots);
                if random.random_range(0..4) == 0 {
                    server.seal();
                }
            }
            let lost_at = Instant::now();
            // Whatever is under way at this moment is broken off.
            assert!(Command::new("kill").args(["-9", &server.id().to_string()]).status().unwrap().success());
            stop.store(true, Relaxed);
            lost_at
        });
        server.kill();
        scene.lose(&generation.to_string());
        let next = (generation + 1).to_string();
        let answer = scene.rebuild_with_keys(&next);
        assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
        server = Server::start_configured(&scene.path(&next), UNAUDITED);
        collect_checkpoints(&server, &mut roots);

        let stored = stored(&server);
        assert!(stored.values().all(|count| *count == 1), "an event is there twice");
        let leaves = leaves(&scene.bucket(), generation);
        let mut receipts = promises.receipts.lock().unwrap();
        let (mut fulfilled, mut again, mut lost) = (0, 0, 0);
        for (number, seq, leaf, answered) in receipts.drain(..) {
            match leaves.get(usize::try_from(seq).unwrap()) {
                Some(found) => {
                    assert_eq!(*found, leaf, "receipt of event {number} at {seq}");
                    assert!(stored.contains_key(&number), "event {number} is archived and not found");
                    fulfilled += 1;
                }
                None if stored.contains_key(&number) => again += 1,
                None => {
                    // Copies are due after a second, looked for every second, and take their time on a busy machine.
                    let age = lost_at.saturating_duration_since(answered);
                    assert!(age < Duration::from_secs(6), "event {number} was lost {age:?} after its answer");
                    lost += 1;
                    continue;
                }
            }
            all.insert(number);
        }
        eprintln!(
            "generation {generation}: {fulfilled} receipts fulfilled, {again} events admitted again, {lost} lost"
        );
        // Nothing of any generation is ever lost later.
        assert!(all.iter().all(|number| stored.contains_key(number)));
    }
    server.stop();
    let answer = scene.verify(&[]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    eprintln!("{} checkpoints, {} events, {}", roots.len(), all.len(), answer.out);
}
