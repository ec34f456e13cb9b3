//! Files that are followed through rotation, crashes and absences, each record handed over once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use rand::{Rng, SeedableRng};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Answer, SENT, Server, UNAUDITED, data, eventually, offline, program, run};
use crate::sdk::{Relay, account};

const ORGANIZATION: &str = "ri.indelible..organization.acme";

/// A folder with logs, an agent's state and a server's data, and one address for the server.
struct Place {
    scratch: TempDir,
    relay: Relay,
    token: String,
}

impl Place {
    fn new() -> (Self, Server) {
        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir(scratch.path().join("logs")).unwrap();
        let server = Server::start_configured(&scratch.path().join("data"), UNAUDITED);
        assert_eq!(server.indelible(&["organization", "create", ORGANIZATION]).code, 0);
        let token = ["token", "create", "--organization", ORGANIZATION, "--operations", "audit:emit"];
        let token = server.indelible(&token).out.trim().to_owned();
        let place = Self { relay: Relay::start(), token, scratch };
        place.configure("");
        place.relay.lead_to(Some(&server));
        (place, server)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.path("logs").join(name)
    }

    fn restart_server(&self, server: Server) -> Server {
        self.relay.lead_to(None);
        server.kill();
        let server = Server::start_configured(&self.path("data"), UNAUDITED);
        self.relay.lead_to(Some(&server));
        server
    }

    /// Writes the agent's configuration.
    fn configure(&self, more: &str) {
        fs::write(self.path("token"), &self.token).unwrap();
        let (spool, token, log) = (self.path("spool"), self.path("token"), self.log("audit.log"));
        let text = format!(
            "server = {:?}\ntoken-file = {token:?}\nspool = {spool:?}\nspool-bytes = 16777216\npoll-milliseconds = 20\n\
             line-seconds = 4\nname = \"tests\"\n{more}\n[[file]]\npath = {log:?}\nadapter = \"audit2\"\norganization = {ORGANIZATION:?}\n",
            self.relay.url,
        );
        fs::write(self.path("agent.toml"), text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(["agent", "--config"]).arg(self.path("agent.toml")).args(args);
        command.env_remove("INDELIBLE_TOKEN").env_remove("INDELIBLE_URL");
        command
    }

    fn start(&self) -> Child {
        let log = OpenOptions::new().create(true).append(true).open(self.path("agent.log")).unwrap();
        self.command(&[]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    /// Reads what is there and waits until the server has it.
    fn once(&self) -> Answer {
        let answer = run(&mut self.command(&["--once"]));
        assert_eq!(answer.code, 0, "{}", answer.err);
        answer
    }

    /// What the agent says of itself, once it has said something.
    fn status(&self) -> Value {
        let answer = run(&mut self.command(&["--status", "--format", "json"]));
        serde_json::from_str(&answer.out).unwrap_or_default()
    }
}

/// Ends an agent as systemd does.
fn stop(mut agent: Child) {
    Command::new("kill").arg(agent.id().to_string()).status().unwrap();
    assert!(agent.wait().unwrap().success());
}

fn line(number: u64) -> String {
    format!(
        "{{\"type\":\"audit.2\",\"time\":\"2026-01-02T03:04:05Z\",\"name\":\"PUT_FILE\",\"result\":\"SUCCESS\",\"uid\":\"{number}\"}}\n"
    )
}

/// Numbers that were written to a file and rotated away.
struct Writer {
    folder: PathBuf,
    file: File,
    written: Vec<u64>,
    /// Lines that are no events.
    spoilt: Vec<String>,
}

/// How a file is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rotation {
    RenameAndCreate,
    CopyAndTruncate,
}

impl Writer {
    fn new(folder: &Path) -> Self {
        let file = Self::create(folder);
        Self { folder: folder.to_owned(), file, written: Vec::new(), spoilt: Vec::new() }
    }

    fn create(folder: &Path) -> File {
        OpenOptions::new().create(true).append(true).open(folder.join("audit.log")).unwrap()
    }

    fn write(&mut self, number: u64) {
        // Some lines stand there twice.
        for _ in 0..1 + usize::from(number.is_multiple_of(7)) {
            self.file.write_all(line(number).as_bytes()).unwrap();
            self.written.push(number);
        }
    }

    /// Writes a line that is no event, twice: a record that is equal to another one is another one.
    fn spoil(&mut self, number: u64) {
        let line = format!("no event {number}");
        for _ in 0..2 {
            writeln!(self.file, "{line}").unwrap();
            self.spoilt.push(line.clone());
        }
    }

    /// As logrotate does: from the second on they are compressed, and the last of many goes.
    fn rotate(&mut self, how: Rotation) {
        let path = |name: &str| self.folder.join(name);
        for number in (2..40).rev() {
            let (from, to) = (format!("audit.log.{number}.gz"), format!("audit.log.{}.gz", number + 1));
            let _ = fs::rename(path(&from), path(&to));
        }
        if path("audit.log.1").exists() {
            compress(&path("audit.log.1"), &path("audit.log.2.gz"));
        }
        match how {
            Rotation::RenameAndCreate => {
                fs::rename(path("audit.log"), path("audit.log.1")).unwrap();
                self.file = Self::create(&self.folder);
            }
            Rotation::CopyAndTruncate => {
                fs::copy(path("audit.log"), path("audit.log.1")).unwrap();
                self.file.set_len(0).unwrap();
            }
        }
    }
}

/// As gzip does: the time stays, the new file grows, then the old one goes.
fn compress(from: &Path, to: &Path) {
    let modified = fs::metadata(from).unwrap().modified().unwrap();
    let file = File::create(to).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(&file, flate2::Compression::fast());
    encoder.write_all(&fs::read(from).unwrap()).unwrap();
    encoder.finish().unwrap();
    file.set_modified(modified).unwrap();
    fs::remove_file(from).unwrap();
}

/// What the server has, in order.
fn arrived(server: &Server) -> Vec<u64> {
    let answer = server.indelible(&["search", SENT, "--format", "json"]);
    let mut events: Vec<(u64, u64)> = answer
        .out
        .lines()
        .map(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            (event["seq"].as_u64().unwrap(), event["uid"].as_str().unwrap().parse().unwrap())
        })
        .collect();
    events.sort_unstable();
    events.into_iter().map(|(_, number)| number).collect()
}

/// Records in the server's quarantine.
fn quarantined(server: &Server) -> Vec<Value> {
    let list = ["quarantine", "list", "--organization", ORGANIZATION, "--limit", "100000", "--format", "json"];
    server.indelible(&list).out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// One of them with what it holds.
fn shown(server: &Server, record: &Value) -> Value {
    let id = record["id"].as_str().unwrap();
    server.get(&format!("/api/v1/organizations/{ORGANIZATION}/quarantine/{id}")).1
}

/// Everything is there, in order, from one producer without gaps.
fn check_all(server: &Server, written: &[u64]) {
    check_in_order(server, written, |_| 0);
}

/// The same, with the order of what is in one file.
fn check_in_order(server: &Server, written: &[u64], file: impl Fn(u64) -> u64) {
    let (mut arrived, mut written) = (arrived(server), written.to_vec());
    for list in [&mut arrived, &mut written] {
        list.sort_by_key(|number| file(*number));
    }
    let first = arrived.iter().zip(&written).position(|(a, b)| a != b);
    let around =
        |list: &[u64]| list.iter().skip(first.unwrap_or(0).saturating_sub(3)).take(20).copied().collect::<Vec<_>>();
    assert!(
        arrived == written,
        "{} arrived, {} written, first difference at {first:?}: {:?} for {:?}",
        arrived.len(),
        written.len(),
        around(&arrived),
        around(&written)
    );
    let (epochs, accepted, missing) = account(server);
    assert_eq!((epochs.len(), accepted, missing), (1, written.len() as u64, 0));
}

fn check_rotation(how: Rotation) {
    let (place, server) = Place::new();
    let mut writer = Writer::new(&place.path("logs"));
    let agent = place.start();
    let mut random = rand::rngs::StdRng::seed_from_u64(indelible_testkit::seed::seed());
    for number in 0..1500 {
        writer.write(number);
        if number % 150 == 149 {
            writer.rotate(how);
        }
        if random.random_range(0..20) == 0 {
            std::thread::sleep(Duration::from_millis(random.random_range(0..40)));
        }
    }
    let expected = writer.written.len() as u64;
    eventually("everything arrives", || place.status()["acknowledged"] == expected);
    stop(agent);
    // A file that was rotated just as the agent looked may be found after what was written since.
    check_in_order(&server, &writer.written, |number| number / 150);
    let answer = place.once();
    assert!(answer.err.contains("0 records read"), "nothing is read again: {}", answer.err);
}

#[test]
fn a_file_that_is_renamed_and_created_again_is_followed() {
    check_rotation(Rotation::RenameAndCreate);
}

#[test]
fn a_file_that_is_copied_and_truncated_is_followed() {
    check_rotation(Rotation::CopyAndTruncate);
}

#[test]
fn archives_are_read_once_and_those_that_were_begun_are_finished() {
    let (place, server) = Place::new();
    let mut writer = Writer::new(&place.path("logs"));
    let fill = |writer: &mut Writer, numbers: std::ops::Range<u64>, how| {
        numbers.for_each(|number| writer.write(number));
        writer.rotate(how);
        // The times of files tell in which order they were written.
        std::thread::sleep(Duration::from_millis(20));
    };
    // Before the agent is there.
    fill(&mut writer, 0..100, Rotation::RenameAndCreate);
    fill(&mut writer, 100..200, Rotation::RenameAndCreate);
    fill(&mut writer, 200..300, Rotation::CopyAndTruncate);
    (300..350).for_each(|number| writer.write(number));
    place.once();
    check_all(&server, &writer.written);
    // While it is away; the file that it had begun is compressed at the end.
    fill(&mut writer, 350..400, Rotation::RenameAndCreate);
    fill(&mut writer, 400..500, Rotation::RenameAndCreate);
    fill(&mut writer, 500..600, Rotation::CopyAndTruncate);
    (600..610).for_each(|number| writer.write(number));
    place.once();
    check_all(&server, &writer.written);
    assert!(place.log("audit.log.3.gz").exists(), "some are compressed");

    // Without its positions it reads all again, and the server knows that.
    fs::remove_file(place.path("spool/positions")).unwrap();
    let answer = place.once();
    let count = writer.written.len();
    assert!(
        answer.err.contains(&format!("{count} records read, 0 refused; {count} events acknowledged ({count} repeats)")),
        "{}",
        answer.err
    );
    assert_eq!(arrived(&server).len(), count);

    // Damaged positions are no positions.
    fs::write(place.path("spool/positions"), "indelible/agent/positions/v1\n").unwrap();
    let answer = run(&mut place.command(&["--once"]));
    assert!(answer.code == 2 && answer.err.contains("remove it"), "{}", answer.err);
}

#[test]
fn what_is_read_while_the_server_is_away_arrives_in_order_without_gaps() {
    let (place, server) = Place::new();
    place.relay.lead_to(None);
    let mut writer = Writer::new(&place.path("logs"));
    for start in 0..3 {
        let mut agent = place.start();
        (start * 500..start * 500 + 500).for_each(|number| writer.write(number));
        let spooled = |place: &Place| {
            place.status()["files"][0]["lagBytes"] == 0 && place.status()["waiting"] == writer.written.len()
        };
        eventually("all is in the spool", || spooled(&place));
        // Until the position is written down; what a kill before would repeat has its own test.
        std::thread::sleep(Duration::from_millis(500));
        agent.kill().unwrap();
        agent.wait().unwrap();
        writer.rotate(Rotation::RenameAndCreate);
    }
    assert_eq!(server.count(SENT), 0);
    place.relay.lead_to(Some(&server));
    place.once();
    check_all(&server, &writer.written);
}

/// The files are the buffer: nothing is read that has no room.
#[test]
fn a_full_spool_stops_reading_and_loses_nothing() {
    let (place, server) = Place::new();
    place.relay.lead_to(None);
    let mut log = File::create(place.log("audit.log")).unwrap();
    let padding = "x".repeat(30_000);
    let written: Vec<u64> = (0..1000).collect();
    for number in &written {
        log.write_all(
            line(*number)
                .replace("PUT_FILE\"", &format!("PUT_FILE\",\"requestParams\":{{\"p\":\"{padding}\"}}"))
                .as_bytes(),
        )
        .unwrap();
    }
    let agent = place.start();
    eventually("the spool is full", || place.status()["spoolFull"] == true);
    let status = place.status();
    let (read, spool) = (status["records"].as_u64().unwrap(), status["spoolBytes"].as_u64().unwrap());
    assert!(read > 200 && read < 600 && spool <= 16 << 20, "{status}");
    assert!(status["files"][0]["lagBytes"].as_u64().unwrap() > 10 << 20, "{status}");
    assert!(status["lastError"]["message"].as_str().unwrap().contains("the server"), "{status}");
    let folder: u64 =
        fs::read_dir(place.path("spool/journal")).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(folder <= 16 << 20, "{folder} bytes in the spool");
    place.relay.lead_to(Some(&server));
    eventually("everything arrives", || place.status()["acknowledged"] == 1000);
    stop(agent);
    check_all(&server, &written);
}

#[test]
fn refused_records_go_to_the_quarantine_and_a_line_without_an_end_waits() {
    let (place, server) = Place::new();
    place.configure(&format!("metrics-file = {:?}", place.path("agent.prom")));
    let mut log = File::create(place.log("audit.log")).unwrap();
    let wrong = line(2).replace("SUCCESS", "WHATEVER");
    let long = format!("{}\n", "y".repeat(3 << 20));
    log.write_all([line(1).as_str(), "no json\n", "\n", &wrong, &long, &line(3), &line(4)[..50]].concat().as_bytes())
        .unwrap();
    let agent = place.start();
    eventually("three are refused", || place.status()["acknowledged"] == 2 && place.status()["refusedRecords"] == 3);
    log.write_all(&line(4).as_bytes()[50..]).unwrap();
    log.write_all(line(5).trim_end().as_bytes()).unwrap();
    eventually("the last line counts as finished", || place.status()["acknowledged"] == 4);
    stop(agent);
    assert_eq!(arrived(&server), [1, 3, 4, 5]);
    let records: Vec<Value> = quarantined(&server).iter().map(|record| shown(&server, record)).collect();
    let seen: BTreeSet<(&str, u64, &str)> = records
        .iter()
        .map(|record| {
            assert_eq!((&record["source"], &record["adapter"]), (&"agent".into(), &"audit2".into()));
            let text = record["text"].as_str().unwrap();
            (record["code"].as_str().unwrap(), record["bytes"].as_u64().unwrap(), &text[..text.len().min(7)])
        })
        .collect();
    let bytes = wrong.trim_end().len() as u64;
    let expected =
        [("eventTooLarge", 3 << 20, "yyyyyyy"), ("invalidEvent", bytes, "{\"type\""), ("invalidJson", 7, "no json")];
    assert_eq!(seen, BTreeSet::from(expected));
    let metrics = fs::read_to_string(place.path("agent.prom")).unwrap();
    for count in ["refused_records_total 3", "quarantined_records_total 3", "refused_events_total 0"] {
        assert!(metrics.contains(&format!("indelible_agent_{count}\n")), "{count}: {metrics}");
    }
    let text = run(&mut place.command(&["--status"])).out;
    assert!(text.contains("stopped") && text.contains("7 read, 3 refused (3 put into the quarantine)"), "{text}");
}

/// Writes and rotates until it is told to stop.
fn write_on(folder: PathBuf, seed: u64, told: Arc<AtomicBool>) -> Writer {
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let mut writer = Writer::new(&folder);
    let mut number = 0;
    while !told.load(Relaxed) {
        writer.write(number);
        number += 1;
        match random.random_range(0..300) {
            // Not so often that a file is gone before the agent is back.
            0 => writer.rotate(if random.random() { Rotation::RenameAndCreate } else { Rotation::CopyAndTruncate }),
            1..20 => std::thread::sleep(Duration::from_millis(random.random_range(0..60))),
            20..30 => writer.spoil(number),
            _ => {}
        }
    }
    writer
}

#[test]
fn every_record_is_there_once_after_kills_of_agent_and_server() {
    let kills: u32 = std::env::var("INDELIBLE_AGENT_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(10);
    let seed = indelible_testkit::seed::seed();
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let (place, mut server) = Place::new();
    let told = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (folder, told) = (place.path("logs"), Arc::clone(&told));
        move || write_on(folder, seed, told)
    });
    for kill in 0..kills {
        let mut agent = place.start();
        std::thread::sleep(Duration::from_millis(random.random_range(1..700)));
        if kill % 3 == 2 {
            server = place.restart_server(server);
            std::thread::sleep(Duration::from_millis(random.random_range(1..300)));
        }
        agent.kill().unwrap();
        agent.wait().unwrap();
    }
    told.store(true, Relaxed);
    let Writer { written, spoilt, .. } = writer.join().unwrap();
    place.once();
    let count = |numbers: &[u64]| {
        let mut counts = BTreeMap::<u64, u64>::new();
        numbers.iter().for_each(|number| *counts.entry(*number).or_default() += 1);
        counts
    };
    let (expected, there) = (count(&written), count(&arrived(&server)));
    let wrong: Vec<_> = expected.iter().filter(|(number, times)| there.get(number) != Some(times)).take(5).collect();
    let kept: Vec<Value> = quarantined(&server).iter().map(|record| shown(&server, record)).collect();
    let mut kept: Vec<&str> = kept.iter().map(|record| record["text"].as_str().unwrap()).collect();
    let mut spoilt: Vec<&str> = spoilt.iter().map(String::as_str).collect();
    kept.sort_unstable();
    spoilt.sort_unstable();
    eprintln!(
        "RESULT agent: {kills} kills, {} written, {} there; {} refused, {} in the quarantine",
        written.len(),
        there.values().sum::<u64>(),
        spoilt.len(),
        kept.len()
    );
    assert_eq!(kept, spoilt);
    assert!(
        wrong.is_empty(),
        "not as often as written: {wrong:?}; {:?}",
        wrong.iter().map(|(n, _)| there.get(n)).collect::<Vec<_>>()
    );
    assert_eq!(expected, there);
    assert!(written.len() as u32 > kills * 20 && spoilt.len() as u32 > kills, "only {} records", written.len());
    let answer = place.once();
    assert!(answer.err.contains("0 records read"), "{}", answer.err);
}

#[test]
fn a_real_auth_log_is_handed_over_as_import_does() {
    let Some(file) = data("openssh/elastic_auth.log.gz") else { return };
    let (place, server) = Place::new();
    let (read, new, duplicate, refused) = server.import("openssh", &file);
    let imported = server.count(SENT);
    let spool = place.path("spool");
    let args = ["agent", "--adapter", "openssh", "--once", "--spool", spool.to_str().unwrap(), file.to_str().unwrap()];
    let answer = server.indelible(&args);
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert!(answer.err.contains(&format!("{read} records read, {refused} refused")), "{}", answer.err);
    assert_eq!((read, duplicate), (new + refused, 0));
    assert_eq!(server.count(SENT), 2 * imported, "what the agent reads has ids of its own");
    let answer = server.indelible(&args);
    assert!(answer.code == 0 && answer.err.contains("0 records read"), "{}", answer.err);
}

#[test]
fn mistakes_are_named_with_their_remedy() {
    let (place, _server) = Place::new();
    let agent = place.start();
    eventually("it runs", || place.status()["stopped"] == false);
    let answer = run(&mut place.command(&["--once"]));
    assert!(answer.code == 2 && answer.err.contains("in use by process"), "{}", answer.err);
    stop(agent);

    let config = place.path("agent.toml");
    let check = |text: &str, expected: &str| {
        fs::write(&config, text).unwrap();
        let answer = run(&mut place.command(&["--once"]));
        assert!(answer.code == 2 && answer.err.contains(expected), "{text}: {}", answer.err);
    };
    let file = format!("spool = {:?}\n[[file]]\npath = \"x.log\"\nadapter = \"openssh\"\n", place.path("other"));
    check(&file, "set INDELIBLE_TOKEN");
    check(&format!("token-file = \"/none\"\n{file}"), "read /none");
    check(&format!("poll = 1\n{file}"), "unknown field `poll`");
    check(&file.replace("openssh", "ssh"), "choose one of");
    check("", "nothing to follow");
    for (args, expected) in [
        (&["agent", "x.log"][..], "--adapter"),
        (&["agent"], "FILES"),
        (&["agent", "--status", "--adapter", "openssh", "--spool", "/none", "x.log"], "is it the agent's --spool?"),
    ] {
        let answer = offline(args);
        assert!(answer.code == 2 && answer.err.contains(expected), "{args:?}: {}", answer.err);
    }
    assert!(offline(&["agent", "--help"]).out.contains("Examples:"));
}
