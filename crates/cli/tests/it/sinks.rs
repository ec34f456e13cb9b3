//! Sinks of a real server: to rsyslog, across kills and outages, and to files in a folder and in object stores.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use indelible_storage::Bucket;
use indelible_testkit::rsyslog::{Rsyslog, free_port};
use indelible_testkit::servers::{Kind, Server as Store};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Server, event, eventually, fetch};

const ACME: &str = "ri.indelible..organization.acme";
const OTHER: &str = "ri.indelible..organization.other";

/// Sinks may talk to this machine.
const HERE: &str = "[sinks]\nhosts = ['localhost', '127.0.0.1']\n";

/// `indelible sink ...` on acme's sinks.
fn sink(client: &Client, args: &[&str]) -> Answer {
    client.indelible(&[&["sink"], args, &["--organization", ACME]].concat())
}

#[track_caller]
fn done(answer: &Answer) {
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
}

/// Posts events with these numbers in acme's log.
fn send(client: &Client, numbers: std::ops::Range<u64>) {
    let lines: Vec<Value> = numbers.map(|number| event(number, json!({}))).collect();
    let (status, answer) = client.post(&[], serde_json::to_vec(&lines).unwrap());
    assert_eq!((status, &answer["refused"]), (200, &json!(0)), "{answer}");
}

fn state(client: &Client, name: &str) -> Value {
    let answer = sink(client, &["list", "--format", "json"]);
    let mut sinks = answer.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    sinks.find(|sink| sink["name"] == name).unwrap_or_else(|| panic!("no sink {name}: {}{}", answer.out, answer.err))
}

/// What rsyslog has, in order: `seq` and text.
fn messages(rsyslog: &Rsyslog) -> Vec<(u64, String)> {
    let message = |line: String| {
        let fields: Vec<&str> = line.splitn(7, '\t').collect();
        let seq = fields[5].rsplit("seq=\"").next().unwrap().trim_end_matches("\"]");
        (seq.parse().unwrap(), fields[6].to_owned())
    };
    rsyslog.received().into_iter().map(message).collect()
}

fn distinct(rsyslog: &Rsyslog) -> usize {
    messages(rsyslog).into_iter().map(|(seq, _)| seq).collect::<BTreeSet<_>>().len()
}

#[test]
fn rsyslog_gets_every_event_of_a_server_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let rsyslog = Rsyslog::start(folder.path(), free_port(), None);
    let mut server = Server::start_configured(&data, HERE);
    send(&server, 0..1);
    let to = format!("syslog+tcp://localhost:{}", rsyslog.port());
    done(&sink(&server, &["create", "siem", "--to", &to, "--from", "2000-01-01", "--batch-events", "20"]));
    for round in 0..6u64 {
        if round % 2 == 1 {
            server.seal();
        }
        let before = distinct(&rsyslog);
        send(&server, round * 200 + 1..round * 200 + 201);
        // The rest is under way: it ends anywhere in a batch.
        eventually("something more is delivered", || distinct(&rsyslog) > before);
        server.kill();
        server = Server::start_in(&data);
    }
    // With the entry that the sink was created.
    eventually("all is delivered", || distinct(&rsyslog) == 1202);
    let mut seen = BTreeMap::new();
    let mut order = Vec::new();
    for (seq, text) in messages(&rsyslog) {
        if let Some(first) = seen.get(&seq) {
            assert_eq!(*first, text, "a repeat is the same event");
        } else {
            order.push(seq);
            seen.insert(seq, text);
        }
    }
    assert_eq!(order, (1..=1202).collect::<Vec<u64>>());
    let found = server.indelible(&["search", "", "--organization", ACME, "--format", "json"]);
    let search: BTreeMap<u64, String> = found
        .out
        .lines()
        .map(|line| (serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap(), line.to_owned()))
        .collect();
    assert_eq!(seen, search, "what is delivered is what is found");
    eventually("nothing waits", || state(&server, "siem")["lagEntries"] == 0);
    let state = state(&server, "siem");
    assert_eq!((&state["state"], &state["deadLetters"]), (&json!("idle"), &json!(0)), "{state}");
}

#[test]
fn an_outage_of_the_destination_is_seen_and_made_good() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_configured(&folder.path().join("data"), &format!("{HERE}alarm-seconds = 2\n"));
    send(&server, 0..50);
    let port = free_port();
    let to = format!("syslog+tcp://127.0.0.1:{port}");
    done(&sink(&server, &["create", "siem", "--to", &to, "--from", "1d", "--format", "cef"]));
    eventually("it fails", || state(&server, "siem")["state"] == "failing");
    eventually("an alarm is on", || server.alarms().contains(&"sinkStalled".to_owned()));
    let state_now = state(&server, "siem");
    assert_eq!(
        (&state_now["delivered"], &state_now["lagEntries"]),
        (&json!(0), &json!(52)),
        "with genesis and the creation: {state_now}"
    );
    assert!(state_now["lastError"]["message"].as_str().unwrap().contains("connect to 127.0.0.1"), "{state_now}");
    let test = sink(&server, &["test", "siem"]);
    assert_eq!(test.code, 1, "{}{}", test.out, test.err);
    let (_, metrics) = fetch(server.request(Method::GET, "/metrics"));
    let metrics = String::from_utf8(metrics).unwrap();
    assert!(
        metrics.lines().any(|line| line.starts_with("indelible_sink_lag_entries{") && line.ends_with(" 53")),
        "{metrics}"
    );

    let rsyslog = Rsyslog::start(folder.path(), port, None);
    // Not within the back-off of half a minute: off and on again is an attempt at once.
    done(&sink(&server, &["disable", "siem"]));
    assert_eq!(state(&server, "siem")["state"], "disabled");
    done(&sink(&server, &["enable", "siem"]));
    let files = || -> Vec<String> {
        rsyslog.received().into_iter().filter(|line| line.contains("|Indelible|files|")).collect()
    };
    eventually("all is delivered", || files().len() == 50);
    let all = files();
    assert!(all.iter().all(|line| line.contains("\tCEF:0|Indelible|files|1.2.3|dataDelete|PUT_FILE|2|rt=")), "{all:?}");
    eventually("the alarm is off", || !server.alarms().contains(&"sinkStalled".to_owned()));

    done(&sink(&server, &["test", "siem"]));
    eventually("the test is there", || rsyslog.received().iter().any(|line| line.contains("INDELIBLE_SINK_TEST")));
    done(&sink(&server, &["backfill", "siem", "--from", "1d"]));
    eventually("all is delivered again", || files().len() == 100);
    assert_eq!(files()[50..], all[..], "a backfill sends the same again");
    eventually("nothing waits", || state(&server, "siem")["lagEntries"] == 0);
    assert_eq!(sink(&server, &["dead-letters", "siem"]).code, 1);

    done(&sink(&server, &["disable", "siem"]));
    send(&server, 50..60);
    server.seal();
    assert_eq!(
        (files().len(), state(&server, "siem")["lagEntries"].clone()),
        (100, json!(11)),
        "with the entry of disabling"
    );
    done(&sink(&server, &["delete", "siem"]));
    assert_eq!(sink(&server, &["list"]).code, 1);
}

/// Status and body without the request's id.
fn asked(client: &Client, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let mut request = client.request(method, path);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let (status, body) = fetch(request);
    let mut body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(error) = body["error"].as_object_mut() {
        error.remove("requestId");
    }
    (status, body)
}

#[test]
fn anothers_sink_is_as_one_that_does_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_configured(&folder.path().join("data"), HERE);
    send(&server, 0..1);
    done(&server.indelible(&["organization", "create", OTHER]));
    done(&sink(&server, &["create", "siem", "--to", "syslog+tcp://127.0.0.1:1"]));
    let operations = "audit-sink:administer,audit:search";
    let token = server.indelible(&["token", "create", "--organization", OTHER, "--operations", operations]);
    let other = Client { url: server.url.clone(), token: token.out.trim().to_owned() };
    let weak = server.indelible(&["token", "create", "--organization", ACME, "--operations", "audit:search"]);
    let weak = Client { url: server.url.clone(), token: weak.out.trim().to_owned() };
    for (method, rest, body) in [
        (Method::GET, "", None),
        (Method::PATCH, "", Some(json!({"enabled": false}))),
        (Method::DELETE, "", None),
        (Method::POST, "/test", None),
        (Method::POST, "/backfill", Some(json!({"from": "1d"}))),
        (Method::GET, "/dead-letters", None),
        (Method::POST, "/dead-letters/replay", None),
        (Method::DELETE, "/dead-letters", None),
    ] {
        let path = |rid: &str, name: &str| format!("/api/v1/organizations/{rid}/sinks/{name}{rest}");
        let missing = asked(&server, method.clone(), &path(ACME, "none"), body.clone());
        assert_eq!(missing.0, 404, "{method} {rest}: {missing:?}");
        for (client, path) in [
            (&other, path(ACME, "siem")),
            (&other, path("ri.indelible..organization.none", "siem")),
            (&other, path(OTHER, "siem")),
            (&other, path("nonsense", "siem")),
            (&weak, path(ACME, "siem")),
        ] {
            assert_eq!(asked(client, method.clone(), &path, body.clone()), missing, "{method} {path}");
        }
    }
    let list = |rid: &str| asked(&other, Method::GET, &format!("/api/v1/organizations/{rid}/sinks"), None);
    let (foreign, none) = (list(ACME), list("ri.indelible..organization.none"));
    assert_eq!(foreign.0, none.0);
    assert_eq!(foreign.1.to_string().replace("acme", "none"), none.1.to_string());
    assert_eq!(state(&server, "siem")["name"], "siem", "nobody has touched it");
}

#[test]
fn a_secret_goes_in_and_never_out() {
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start_configured(&data, HERE);
    send(&server, 0..1);
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let to = ["--to", "webhook+http://127.0.0.1:1/hook", "--secret-file", file.to_str().unwrap()];
    done(&sink(&server, &[&["create", "hook"], &to[..]].concat()));
    assert_eq!(sink(&server, &[&["create", "hook"], &to[..]].concat()).code, 2, "a name is taken once");
    eventually("it fails", || {
        state(&server, "hook")["state"] == "idle" || state(&server, "hook")["state"] == "failing"
    });
    let (_, shown) = fetch(server.request(Method::GET, &format!("/api/v1/organizations/{ACME}/sinks/hook")));
    assert!(!String::from_utf8(shown).unwrap().contains("MfKQ"));
    assert!(!server.log().contains("MfKQ"));
    let kept: Vec<_> =
        walk(&data).into_iter().filter(|path| contains(path, b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(kept[0].file_name().unwrap(), "secret");
    assert_eq!(std::fs::metadata(&kept[0]).unwrap().permissions().mode() & 0o777, 0o600);
    done(&sink(&server, &["delete", "hook"]));
    assert!(!kept[0].exists());
    for wrong in [
        &["create", "hook", "--to", "webhook+http://127.0.0.1:1/hook"][..],
        &["create", "Hook", "--to", "syslog+tcp://127.0.0.1:1"],
        &["create", "hook", "--to", "https://127.0.0.1:1"],
        &["create", "hook", "--to", "file:///tmp/anywhere"],
        &["create", "hook", "--to", "/tmp/anywhere"],
        &["create", "hook", "--to", "s3://any/where"],
        &["create", "hook", "--to", "syslog+tcp://127.0.0.1:1", "--from", "soon"],
    ] {
        assert_eq!(sink(&server, wrong).code, 2, "{wrong:?}");
    }
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

fn contains(path: &Path, needle: &[u8]) -> bool {
    let bytes = std::fs::read(path).unwrap();
    bytes.len() < 1 << 20 && bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn only_hosts_that_the_operator_names_may_be_of_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let (data, rsyslog) = (folder.path().join("data"), Rsyslog::start(folder.path(), free_port(), None));
    let server = Server::start_in(&data);
    send(&server, 0..5);
    let to = |host: &str| format!("syslog+tcp://{host}:{}", rsyslog.port());
    let create =
        |server: &Server, name: &str, host: &str| sink(server, &["create", name, "--to", &to(host), "--from", "1d"]);
    for host in ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1", "169.254.169.254"] {
        let refused = create(&server, "siem", host);
        assert!(refused.code == 2 && refused.err.contains("sinks.hosts"), "{host}: {}", refused.err);
    }
    server.stop();
    let server = Server::start_configured(&data, "[sinks]\nhosts = ['*', 'localhost']\n");
    assert!(create(&server, "other", "127.0.0.1").err.contains("sinks.hosts"));
    done(&create(&server, "siem", "localhost"));
    rsyslog.wait_for(5);
    server.stop();
    // What was allowed once is not for ever.
    let server = Server::start_configured(&data, "");
    send(&server, 5..6);
    eventually("it fails", || state(&server, "siem")["state"] == "failing");
    assert!(state(&server, "siem")["lastError"]["message"].as_str().unwrap().contains("sinks.hosts"));
    server.stop();
    let server = Server::start_configured(&data, "[sinks]\nhosts = ['siem.example.com']\n");
    assert!(state(&server, "siem")["lastError"]["message"].as_str().unwrap().contains("sinks.hosts"));
    assert!(create(&server, "more", "8.8.8.8").err.contains("the operator does not allow 8.8.8.8"));
}

/// Where a sink writes files: a folder, or an object store.
struct Lake {
    scratch: tempfile::TempDir,
    store: Option<Store>,
    runtime: tokio::runtime::Runtime,
    bucket: Bucket,
    /// The URL below which sinks may write.
    below: String,
    /// What every object held when it was first seen.
    seen: BTreeMap<String, Vec<u8>>,
}

impl Lake {
    fn new(kind: Option<Kind>) -> Lake {
        let scratch = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let store = kind.map(Store::start);
        let (below, bucket) = match &store {
            None => {
                let folder = scratch.path().join("lake/acme");
                std::fs::create_dir_all(&folder).unwrap();
                (format!("file://{}/lake", scratch.path().display()), Bucket::local(&folder).unwrap())
            }
            Some(store) => {
                runtime.block_on(store.create_bucket("lake", false));
                let bucket = Bucket::open(&store.location("lake", "events/acme"), &store.settings()).unwrap();
                (store.location("lake", "events").to_string(), bucket)
            }
        };
        Lake { scratch, store, runtime, bucket, below, seen: BTreeMap::new() }
    }

    /// The configuration of a server that gives up an attempt soon.
    fn config(&self) -> String {
        let reach = self.store.as_ref().map(|store| {
            let reach = store.configuration(self.scratch.path());
            format!("[sinks.bucket]\n{reach}retry-seconds = 1\n")
        });
        let below = &self.below;
        format!("audit-reads = false\n[sinks]\ndestinations = ['{below}']\n{}", reach.unwrap_or_default())
    }

    /// The `seq` of every event in every file there is. A file that has changed since it was first seen is an error.
    fn seqs(&mut self) -> Vec<u64> {
        let mut seqs = Vec::new();
        for object in self.runtime.block_on(self.bucket.list_sorted("")).unwrap() {
            let bytes = self.runtime.block_on(self.bucket.get(&object.name)).unwrap().to_vec();
            let first = self.seen.entry(object.name.clone()).or_insert_with(|| bytes.clone());
            assert_eq!(*first, bytes, "{} has changed", object.name);
            let mut text = String::new();
            flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
            seqs.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap()));
        }
        seqs.sort_unstable();
        seqs
    }

    /// Makes the store go away, if there is one.
    fn cut(&mut self) {
        match self.store.as_mut() {
            // If it is killed it forgets what it has answered.
            Some(store) if store.kind() == Kind::Azurite => store.stop(),
            Some(store) => store.kill(),
            None => {}
        }
    }
}

/// Files hold each event once, in a folder or a store, whatever is killed in mid-delivery, and after the store was away.
fn check_files(kind: Option<Kind>) {
    let mut lake = Lake::new(kind);
    let data = lake.scratch.path().join("data");
    let mut server = Server::start_configured(&data, &lake.config());
    send(&server, 0..1);
    let create = |name: &str, to: &str| {
        sink(&server, &["create", name, "--to", to, "--from", "1d", "--batch-events", "30", "--batch-seconds", "1"])
    };
    let refused = create("elsewhere", &format!("{}-too/acme", lake.below));
    assert!(refused.code == 2 && refused.err.contains("sinks.destinations"), "{}", refused.err);
    done(&create("lake", &format!("{}/acme", lake.below)));
    for round in 0..4u64 {
        let before = lake.seqs().len();
        send(&server, round * 100 + 1..round * 100 + 101);
        eventually("another file", || lake.seqs().len() > before);
        server.kill();
        server = Server::start_in(&data);
    }
    let mut sent = 401;
    if kind.is_some() {
        lake.cut();
        send(&server, sent..sent + 100);
        sent += 100;
        eventually("it fails", || state(&server, "lake")["state"] == "failing");
        lake.store.as_mut().unwrap().restart();
    }
    // With the entry that the sink was created.
    eventually("all is there", || lake.seqs().len() as u64 > sent);
    assert_eq!(lake.seqs(), (1..=sent + 1).collect::<Vec<u64>>());
    eventually("nothing waits", || state(&server, "lake")["lagEntries"] == 0);
}

#[test]
fn files_in_a_folder_hold_each_event_once_across_kills() {
    check_files(None);
}

#[test]
fn files_in_s3_hold_each_event_once_across_kills_and_an_outage() {
    check_files(Some(Kind::SeaweedFs));
}

#[test]
fn files_in_azure_hold_each_event_once_across_kills_and_an_outage() {
    check_files(Some(Kind::Azurite));
}

#[test]
fn a_sink_delivers_the_generations_before_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let rsyslog = Rsyslog::start(folder.path(), free_port(), None);
    let server = Server::start_in(&path("old"));
    send(&server, 0..20);
    server.seal();
    server.stop();
    let (old, new) = (path("old"), path("new"));
    let (from, keys) = (old.join("archive"), old.join("keys"));
    let [from, keys, to] = [&from, &keys, &new].map(|path| path.to_str().unwrap());
    done(&crate::harness::offline(&["archive", "rebuild", "--from", from, "--data-dir", to, "--keys", keys]));
    let server = Server::start_configured(&new, HERE);
    send(&server, 20..25);
    let to = format!("syslog+tcp://localhost:{}", rsyslog.port());
    done(&sink(&server, &["create", "siem", "--to", &to, "--from", "2000-01-01"]));
    let ids: Vec<String> = rsyslog
        .wait_for(25)
        .iter()
        .take(25)
        .map(|line| line.split("id=\"").nth(1).unwrap().split('"').next().unwrap().to_owned())
        .map(|id| id.rsplit('/').take(2).collect::<Vec<_>>().join(" of "))
        .collect();
    let expected = (1..=20).map(|seq| format!("{seq} of 1")).chain((1..=5).map(|seq| format!("{seq} of 2")));
    assert_eq!(ids, expected.collect::<Vec<_>>());
}
