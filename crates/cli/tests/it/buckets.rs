//! The same life of an archive in a folder, in S3 and in Azure: with the store away for a while, and stopped in mid-upload.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use indelible_storage::Bucket;
use indelible_testkit::servers::{Kind, Server as Store};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Answer, Client, Server, UNAUDITED, eventually, fetch, offline};
use crate::rebuild::{emit, stored};

const ACME: &str = "ri.indelible..organization.acme";
const BETA: &str = "ri.indelible..organization.beta";

/// A bucket, and the folders of the servers that use it one after the other.
pub(crate) struct Scene {
    scratch: TempDir,
    pub(crate) store: Option<Store>,
    /// What follows the section `[bucket]` in the configuration.
    bucket: String,
    url: String,
    /// How the store is reached, as a section of the configuration says it; empty for a folder.
    pub(crate) reach: String,
}

impl Scene {
    /// A folder where there is no store.
    pub(crate) fn new(kind: Option<Kind>, locks: bool) -> Scene {
        let scratch = tempfile::tempdir().unwrap();
        let Some(kind) = kind else {
            let url = scratch.path().join("bucket").display().to_string();
            fs::create_dir(&url).unwrap();
            return Scene { scratch, store: None, bucket: format!("url = '{url}'\n"), url, reach: String::new() };
        };
        let store = Store::start(kind);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(store.create_bucket("audit", locks));
        let url = store.location("audit", "prod/eu").to_string();
        let reach = store.configuration(scratch.path());
        Scene { scratch, store: Some(store), bucket: format!("url = '{url}'\n{reach}"), url, reach }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// The configuration of a server that gives up an attempt soon.
    fn config(&self, more: &str) -> String {
        let quick = "request-seconds = 60\nretry-seconds = 2\n";
        format!(
            "{UNAUDITED}four-eyes = false\n[archive]\njournal-copy-seconds = 1\nretention-seconds = 1\nretention-days-min = 0\n[bucket]\n{}{quick}{more}",
            self.bucket
        )
    }

    pub(crate) fn start(&self, name: &str, more: &str) -> Server {
        Server::start_configured(&self.path(name), &self.config(more))
    }

    /// The locks of the objects of a log whose names have `part` in them: days from now on, rounded, ascending.
    pub(crate) fn locked_days(&self, label: &str, part: &str) -> Vec<i64> {
        let store = self.store.as_ref().unwrap();
        let bucket = Bucket::open(&store.location("audit", "prod/eu"), &store.settings()).unwrap();
        let days = async {
            let mut days = Vec::new();
            let objects = bucket.list_sorted(&format!("organizations/{label}")).await.unwrap();
            for object in objects.iter().filter(|object| object.name.contains(part)) {
                let lock = bucket.lock_of(&object.name, None).await.unwrap().lock;
                let hours = lock.retention.unwrap().until.duration_since(Timestamp::now()).as_hours();
                days.push((hours + 12) / 24);
            }
            days.sort_unstable();
            days
        };
        tokio::runtime::Runtime::new().unwrap().block_on(days)
    }

    pub(crate) fn verify(&self, options: &[&str]) -> Answer {
        let config = self.path("verify.toml");
        fs::write(&config, self.config("")).unwrap();
        let mut args = vec!["verify", &self.url, "--config", config.to_str().unwrap()];
        args.extend(options);
        offline(&args)
    }

    pub(crate) fn check_verified(&self, entries: u64) {
        let answer = self.verify(&["--json"]);
        let report: Value = serde_json::from_str(&answer.out).unwrap_or_else(|_| panic!("{}", answer.err));
        assert_eq!((answer.code, &report["entries"]), (0, &entries.into()), "{report:#}");
    }

    /// Loses the disk of the server `first` but for its keys, and rebuilds it from the bucket as `second`.
    pub(crate) fn rebuild(&self, first: &str, second: &str) -> Answer {
        let (keys, data, config) = (self.path("keys"), self.path(second), self.path(second).with_extension("toml"));
        let copied = Command::new("cp").arg("-r").arg(self.path(first).join("keys")).arg(&keys).status();
        assert!(copied.unwrap().success());
        fs::remove_dir_all(self.path(first)).unwrap();
        fs::write(&config, self.config("")).unwrap();
        let args = ["archive", "rebuild", "--from", &self.url, "--config", config.to_str().unwrap(), "--data-dir"];
        offline(&[&args[..], &[data.to_str().unwrap(), "--keys", keys.to_str().unwrap()]].concat())
    }
}

pub(crate) fn status(server: &Client) -> Value {
    serde_json::from_str(server.indelible(&["archive", "status", "--format", "json"]).out.trim()).unwrap()
}

/// Archives everything, as soon as nothing fails any more.
fn seal(server: &Client) {
    eventually("everything is archived", || server.indelible(&["archive", "seal"]).code == 0);
}

/// Each event once, by its number.
pub(crate) fn once(numbers: impl Iterator<Item = u64>) -> BTreeMap<u64, u64> {
    numbers.map(|number| (number, 1)).collect()
}

/// Ingest, seal, verify, lose the server, rebuild, go on.
fn check_life(kind: Option<Kind>) {
    let scene = Scene::new(kind, false);
    let server = scene.start("first", "");
    emit(&server, ACME, 0..300);
    emit(&server, BETA, 300..310);
    server.seal();
    assert_eq!(stored(&server), once(0..310));
    // Entries of the operator, of the two organizations, and their genesis.
    let archived: u64 = status(&server)["organizations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|organization| organization["archived"].as_u64().unwrap())
        .sum();
    scene.check_verified(archived);
    let checked = server.indelible(&["archive", "verify"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    let files = server.indelible(&["archive", "log-files", "--organization", ACME, "--format", "json"]).out;
    let files: Vec<Value> = files.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let times = |file: &Value| ["sealed", "archived", "readBack"].map(|name| file[name].as_str().unwrap().to_owned());
    assert!(!files.is_empty() && files.iter().all(|file| times(file).is_sorted()), "{files:?}");
    assert!(files.iter().all(|file| file["lagSeconds"].as_f64().unwrap() < 300.0), "{files:?}");
    // In copies of the journal only.
    let copies = |server: &Client| status(server)["journalCopies"]["copies"].as_u64().unwrap();
    let before = copies(&server);
    emit(&server, ACME, 310..330);
    eventually("the journal is copied", || copies(&server) > before);
    server.kill();
    let answer = scene.rebuild("first", "second");
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("20 events were admitted again"), "{}", answer.out);
    let server = scene.start("second", "");
    assert_eq!(stored(&server), once(0..330));
    let again = emit(&server, ACME, 310..330);
    assert!(again.iter().all(|outcome| outcome["status"] == "duplicate"), "{again:?}");
    emit(&server, ACME, 330..340);
    server.seal();
    server.stop();
    assert_eq!(scene.verify(&[]).code, 0);
}

#[test]
fn archive_lives_in_a_folder() {
    check_life(None);
}

#[test]
fn archive_lives_in_s3() {
    check_life(Some(Kind::SeaweedFs));
}

#[test]
fn archive_lives_in_azure() {
    check_life(Some(Kind::Azurite));
}

/// Kills it, if that does not make it forget what it has answered.
fn cut(store: &mut Store) {
    match store.kind() {
        Kind::Azurite => store.stop(),
        _ => store.kill(),
    }
}

/// As many as the environment says: each takes the time of a start.
fn kills() -> u64 {
    std::env::var("INDELIBLE_BUCKET_KILLS").map_or(2, |kills| kills.parse().expect("a number of kills"))
}

/// The store is away while events come in; later it is stopped again and again while runs and copies are uploaded.
fn check_outage(kind: Kind) {
    let mut scene = Scene::new(Some(kind), false);
    let server = scene.start("data", "");
    emit(&server, ACME, 0..100);
    server.seal();
    cut(scene.store.as_mut().unwrap());
    for batch in 1..6 {
        emit(&server, ACME, batch * 100..batch * 100 + 100);
    }
    eventually("the outage shows", || !status(&server)["journalCopies"]["lastError"].is_null());
    let lag = status(&server);
    let waits = |organization: &Value| {
        organization["organization"] == ACME && organization["oldestUnarchivedSeconds"].is_number()
    };
    assert!(lag["organizations"].as_array().unwrap().iter().any(waits), "{lag}");
    let lines = server.log().matches("copying the journal failed").count();
    assert_eq!(lines, 1, "{}", server.log());
    scene.store.as_mut().unwrap().restart();
    seal(&server);
    assert_eq!(stored(&server), once(0..600));

    let mut next = 600;
    for _ in 0..kills() {
        emit(&server, ACME, next..next + 500);
        next += 500;
        let sealing = server.spawn(&["archive", "seal"]);
        std::thread::sleep(std::time::Duration::from_millis(next % 40));
        cut(scene.store.as_mut().unwrap());
        // It fails or not, as far as it had come.
        sealing.wait_with_output().unwrap();
        scene.store.as_mut().unwrap().restart();
        // What is half-written would be found, and stay so. A store that has just started lists only some of its objects for a
        // while, so what is missing then may come.
        eventually("the archive is whole", || server.indelible(&["archive", "verify"]).code == 0);
    }
    seal(&server);
    assert_eq!(stored(&server), once(0..next));
    server.stop();
    let answer = scene.verify(&[]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
}

#[test]
fn outages_of_s3_lose_nothing() {
    check_outage(Kind::SeaweedFs);
}

#[test]
fn outages_of_azure_lose_nothing() {
    check_outage(Kind::Azurite);
}

/// Copies a data folder and its configuration.
fn copy(scene: &Scene, from: &str, to: &str) {
    let copied = Command::new("cp").arg("-r").arg(scene.path(from)).arg(scene.path(to)).status();
    assert!(copied.unwrap().success());
}

#[test]
fn server_starts_while_its_bucket_is_away() {
    let mut scene = Scene::new(Some(Kind::SeaweedFs), false);
    let server = scene.start("data", "");
    emit(&server, ACME, 0..100);
    server.seal();
    server.stop();
    copy(&scene, "data", "older");
    let server = scene.start("data", "");
    emit(&server, ACME, 100..200);
    server.seal();
    server.kill();

    let is_away = |server: &Client| server.alarms().contains(&"bucketAway".to_owned());
    cut(scene.store.as_mut().unwrap());
    for batch in 2..4 {
        let server = scene.start("data", "");
        emit(&server, ACME, batch * 100..batch * 100 + 100);
        eventually("the alarm is on", || is_away(&server));
        let sealed = server.indelible(&["archive", "seal"]);
        assert!(sealed.code != 0 && sealed.err.contains("its log says why"), "{}", sealed.err);
        assert!(server.log().contains("the bucket has not been reached since"), "{}", server.log());
        server.kill();
    }
    let server = scene.start("data", "");
    scene.store.as_mut().unwrap().restart();
    eventually("the bucket is found", || !is_away(&server));
    seal(&server);
    assert_eq!(stored(&server), once(0..400));
    server.stop();
    assert_eq!(scene.verify(&[]).code, 0);

    // An older copy of the folder takes events in, signs nothing, and ends when the bucket shows what it is.
    cut(scene.store.as_mut().unwrap());
    let server = scene.start("older", "");
    emit(&server, ACME, 900..910);
    scene.store.as_mut().unwrap().restart();
    let log = server.log_path();
    assert!(!server.wait_for_end().success());
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("an older copy of the data folder was restored"), "{log}");
    assert_eq!(scene.verify(&[]).code, 0);
}

#[test]
fn locks_of_the_bucket_are_tried_and_shown() {
    let scene = Scene::new(Some(Kind::SeaweedFs), true);
    let server = scene.start("data", "retention-days = 7\n");
    emit(&server, ACME, 0..10);
    server.seal();
    eventually("the canary was tried", || status(&server)["bucket"]["tier"] == "enforced");
    let (_, metrics) = fetch(server.request(reqwest::Method::GET, "/metrics"));
    let metrics = String::from_utf8(metrics).unwrap();
    assert!(metrics.contains("indelible_bucket_enforced 1"), "{metrics}");
    server.stop();
    assert_eq!(scene.verify(&[]).code, 0);
    let (data, config) = (scene.path("data"), scene.path("data").with_extension("toml"));
    let answer = offline(&["doctor", "--data-dir", data.to_str().unwrap(), "--config", config.to_str().unwrap()]);
    assert!(answer.out.contains("enforced") && answer.out.contains("names are given once"), "{}", answer.out);
}

#[test]
fn data_folder_keeps_its_bucket() {
    let scene = Scene::new(None, false);
    scene.start("data", "").stop();
    fs::write(scene.path("data").with_extension("toml"), "").unwrap();
    let log = Server::try_start_in(&scene.path("data")).err().unwrap();
    assert!(log.contains("write its new place"), "{log}");
}
