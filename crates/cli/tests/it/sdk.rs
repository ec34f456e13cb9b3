//! The producer's library against a real server: away, killed, refusing.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indelible_sdk::catalogue::typed::{DataLoadRequest, NoFields};
use indelible_sdk::{Auditor, Context, Durability, EmitError, Product, Server as Address, Settings, Stats, resource};
use rand::{Rng, SeedableRng};

use crate::crash::identities;
use crate::harness::{Server, UNAUDITED, eventually, offline};

const ORGANIZATION: &str = "ri.indelible..organization.acme";

/// One address for a server that comes and goes under others. Without a server it ends each connection.
pub(crate) struct Relay {
    pub(crate) url: String,
    target: Arc<Mutex<Option<String>>>,
}

impl Relay {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let target = Arc::new(Mutex::new(None::<String>));
        let known = Arc::clone(&target);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let target = known.lock().unwrap().clone();
                if let Some(server) = target.and_then(|target| TcpStream::connect(target).ok()) {
                    join(&client, &server);
                    join(&server, &client);
                }
            }
        });
        Self { url, target }
    }

    pub(crate) fn lead_to(&self, server: Option<&Server>) {
        *self.target.lock().unwrap() = server.map(|server| server.url.trim_start_matches("http://").to_owned());
    }
}

/// Passes on what comes from one side until it ends, then ends both.
fn join(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Both);
        let _ = from.shutdown(std::net::Shutdown::Both);
    });
}

fn open(url: &str, token: &str, spool: &Path) -> Auditor {
    let settings = Settings::new(Address::new(url, token), Product::new("tests", "1"), spool);
    Auditor::open(settings.spool_bytes_max(64 << 20)).unwrap()
}

fn context(organization: &str) -> Context {
    Context { organizations: vec![organization.to_owned()], ..Context::of_user("ann") }
}

/// Emits an event and answers its `logEntryId` when it is durable.
fn emit(auditor: &Auditor, number: u64) -> Result<String, EmitError> {
    let request = DataLoadRequest::new(vec![resource(&number.to_string())]);
    let event = auditor.begin(&context(ORGANIZATION), "LOAD_FILE", request);
    Ok(event.succeed(NoFields {}).wait()?.log_entry_id.to_string())
}

/// Waits until the server has answered for everything.
fn flush(auditor: &Auditor) -> Stats {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert!(runtime.block_on(auditor.flush(Duration::from_secs(60))), "{:?}", auditor.stats());
    auditor.stats()
}

/// What the server counts of numbered events: their epochs, how many came, how many are missing.
pub(crate) fn account(server: &Server) -> (BTreeSet<u64>, u64, u64) {
    let (status, rows) = server.get(&format!("/api/v1/accounting?organization={ORGANIZATION}"));
    assert_eq!(status, 200, "{rows}");
    let rows: Vec<&serde_json::Value> = rows.as_array().unwrap().iter().filter(|row| !row["epoch"].is_null()).collect();
    let sum = |field: &str| rows.iter().map(|row| row[field].as_u64().unwrap()).sum();
    (rows.iter().map(|row| row["epoch"].as_u64().unwrap()).collect(), sum("accepted"), sum("missing"))
}

/// How many are emitted while the server is away: 36,000 are an hour of ten a second.
fn events() -> u64 {
    std::env::var("INDELIBLE_AWAY_EVENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(2100)
}

#[test]
fn what_is_emitted_while_the_server_is_away_arrives_in_order_without_gaps() {
    let (scratch, relay) = (tempfile::tempdir().unwrap(), Relay::start());
    let spool = scratch.path().join("spool");
    let server = Server::start_configured(&scratch.path().join("data"), UNAUDITED);
    let (mut emitted, each) = (Vec::new(), events() / 3);
    // The service is started three times; the server is there the last time only.
    for start in 0..3 {
        let auditor = open(&relay.url, &server.token, &spool);
        emitted.extend((0..each).map(|number| emit(&auditor, start * each + number).unwrap()));
        if start < 2 {
            eventually("an attempt", || auditor.stats().failed_attempts > 0);
            assert_eq!(auditor.stats().waiting, emitted.len() as u64);
            continue;
        }
        relay.lead_to(Some(&server));
        let stats = flush(&auditor);
        assert_eq!((stats.acknowledged, stats.repeated, stats.refused, stats.failed_attempts), (3 * each, 0, 0, 0));
    }
    let events = server.sql("select logEntryId from events where name = 'LOAD_FILE' order by seq");
    let arrived: Vec<&str> = events.iter().map(|event| event["logEntryId"].as_str().unwrap()).collect();
    assert_eq!(arrived, emitted);
    let (epochs, accepted, missing) = account(&server);
    assert_eq!((epochs.len(), accepted, missing), (1, 3 * each, 0));
    eprintln!(
        "RESULT away: {accepted} events emitted over three starts without the server, there in order, {missing} missing"
    );

    // The receipts that were kept hold against the archive, and are for all of the events.
    let receipts: String = std::fs::read_dir(spool.join("receipts"))
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    assert_eq!(
        receipts.lines().filter(|line| line.split(' ').count() == 3 && line.contains("/1 ")).count() as u64,
        3 * each
    );
    let file = scratch.path().join("receipts.txt");
    std::fs::write(&file, receipts).unwrap();
    server.seal();
    let archive = server.archive();
    server.stop();
    let answer = offline(&["verify", archive.to_str().unwrap(), "--receipts", file.to_str().unwrap()]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
}

#[test]
fn what_the_server_refuses_is_kept_aside_and_holds_nothing_up() {
    let scratch = tempfile::tempdir().unwrap();
    let server = Server::start();
    let other = "ri.indelible..organization.other";
    server.post(&[], serde_json::to_vec(&crate::harness::event(1, serde_json::json!({}))).unwrap());
    let answer = server.indelible(&["token", "create", "--organization", ORGANIZATION, "--operations", "audit:emit"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let auditor = open(&server.url, answer.out.trim(), scratch.path()).with_durability(Durability::Server);
    let begin = |organization| {
        auditor.begin(&context(organization), "LOAD_FILE", DataLoadRequest::new(vec![resource("ri.a.b.c.d")]))
    };
    let foreign = begin(other).succeed(NoFields {});
    let own = begin(ORGANIZATION).succeed(NoFields {});
    let refused = foreign.wait().unwrap_err();
    assert!(
        matches!(&refused, EmitError::Refused { reason } if reason.contains("organizationNotAllowed")),
        "{refused}"
    );
    let own = own.wait().unwrap();
    let stats = flush(&auditor);
    assert_eq!((stats.acknowledged, stats.refused, stats.failed), (1, 1, 0));
    assert_eq!(server.count(&format!("logEntryId:{}", own.log_entry_id)), 1);
    drop(auditor);
    let kept = std::fs::read_to_string(scratch.path().join("refused/0000000000000000.jsonl")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(kept.trim_end()).unwrap();
    assert_eq!((kept["number"].as_u64(), kept["error"]["code"].as_str()), (Some(0), Some("organizationNotAllowed")));
    assert_eq!(kept["event"]["organizations"][0]["id"], other);
}

/// A service in a process of its own, started by the tests of this file: emits from four threads until it is killed, and writes the
/// `logEntryId` of each event that is durable; or hands over all that waits, and ends.
#[test]
#[ignore = "a process that tests start"]
fn emitter() {
    let Ok(task) = std::env::var("INDELIBLE_TEST_EMITTER") else { return };
    let [what, url, token, spool] = task.split('\n').collect::<Vec<_>>()[..] else { panic!("{task}") };
    let auditor = open(url, token, Path::new(spool));
    if what == "flush" {
        flush(&auditor);
        return;
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let line = format!("EMITTED {}\n", emit(&auditor, 0).unwrap());
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                    std::thread::sleep(Duration::from_millis(2));
                }
            });
        }
    });
}

fn start_emitter(what: &str, url: &str, token: &str, spool: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["sdk::emitter", "--exact", "--ignored", "--nocapture"])
        .env("INDELIBLE_TEST_EMITTER", [what, url, token, spool.to_str().unwrap()].join("\n"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn an_event_whose_emitting_returned_is_there_once_after_kills_of_service_and_server() {
    let kills: u32 = std::env::var("INDELIBLE_SDK_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(10);
    let mut random = rand::rngs::StdRng::seed_from_u64(indelible_testkit::seed::seed());
    let (scratch, relay) = (tempfile::tempdir().unwrap(), Relay::start());
    let (data, spool) = (scratch.path().join("data"), scratch.path().join("spool"));
    let mut server = Server::start_configured(&data, UNAUDITED);
    let token = server.token.clone();
    let mut emitted = BTreeSet::new();
    for kill in 0..kills {
        relay.lead_to(Some(&server));
        let mut emitter = start_emitter("emit", &relay.url, &token, &spool);
        let lines = BufReader::new(emitter.stdout.take().unwrap()).lines();
        let reader = std::thread::spawn(move || {
            let ids = lines.map_while(Result::ok).filter_map(|line| Some(line.strip_prefix("EMITTED ")?.to_owned()));
            ids.collect::<Vec<String>>()
        });
        std::thread::sleep(Duration::from_millis(random.random_range(1..600)));
        if kill % 3 == 2 {
            relay.lead_to(None);
            server.kill();
            std::thread::sleep(Duration::from_millis(random.random_range(1..300)));
            server = Server::start_configured(&data, UNAUDITED);
            relay.lead_to(Some(&server));
            std::thread::sleep(Duration::from_millis(random.random_range(1..300)));
        }
        emitter.kill().unwrap();
        emitter.wait().unwrap();
        // The last line may have been cut short by the kill; ids are 36 characters.
        emitted.extend(reader.join().unwrap().into_iter().filter(|id| id.len() == 36));
    }
    let status = start_emitter("flush", &relay.url, &token, &spool).wait().unwrap();
    assert!(status.success(), "what waits was not handed over: {status}");
    let there = identities(&server);
    let lost: Vec<&String> = emitted.difference(&there).collect();
    eprintln!("RESULT sdk: {kills} kills, {} emitted, {} there, {} lost", emitted.len(), there.len(), lost.len());
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert!(emitted.len() as u32 > kills * 10, "only {} events", emitted.len());
    // At most what the four threads had under way at each kill is there beside.
    assert!(there.len() <= emitted.len() + 8 * kills as usize, "{} beside {}", there.len(), emitted.len());
    let (epochs, accepted, missing) = account(&server);
    assert_eq!((epochs.len(), accepted, missing), (1, there.len() as u64, 0));
}
