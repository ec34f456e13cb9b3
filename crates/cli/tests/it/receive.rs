//! Other systems' protocols, spoken by clients that know nothing of us: the SDK of OpenTelemetry and clients of Elasticsearch and
//! Splunk from PyPI, rsyslog and `logger`. Each event is then found by search; what is refused waits in the quarantine.

use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use indelible_testkit::rsyslog::free_port;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use reqwest::Method;
use serde_json::{Value, json};

use crate::hardening::tls::Authority;
use crate::harness::{Client, Launch, SENT, Server, event, eventually, fetch, program, run};

pub(crate) const ACME: &str = "ri.indelible..organization.acme";
/// A word that only refused records hold.
pub(crate) const SECRET: &str = "whistleblower";

/// An adapter of the operator's own: of objects with `at`, `action`, `user`, `ip` and `order`.
pub(crate) const SHOP: &str = "# adapter: shop\n# version: 1\n# input: json\n#\n# # Our shop\n#\n# ## Actions\n#\n# | action | category |\n# |---|---|\n\
                    # | `login` | `userLogin` |\n# | `order.delete` | `dataDelete` |\n\n\
                    if !is_string(.action) { abort \"the record has no action\" }\n\
                    row = lookup(\"Actions\", .action)\n\
                    . = { \"time\": .at, \"name\": .action, \"categories\": row.category, \"subjects\": [.order], \"uid\": .user, \"origin\": .ip }\n";

pub(crate) fn shop(user: &str) -> Value {
    json!({"at": "2026-01-02T03:04:05Z", "action": "order.delete", "user": user, "ip": "192.0.2.7", "order": "o-17"})
}

/// A server with listeners for everything, in a folder that holds its adapters too.
pub(crate) struct Scene {
    pub(crate) server: Server,
    syslog: u16,
    udp: u16,
    grpc: u16,
    pub(crate) folder: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (syslog, udp, grpc) = (free_port(), free_port(), free_port());
        std::fs::create_dir(folder.path().join("adapters")).unwrap();
        std::fs::write(folder.path().join("adapters/shop.vrl"), SHOP).unwrap();
        let config = format!(
            "[receive]\nadapters = '{adapters}'\notlp-grpc = '127.0.0.1:{grpc}'\n\
             [[receive.syslog]]\nname = 'edge'\nlisten = '127.0.0.1:{syslog}'\norganization = '{ACME}'\nadapter = 'openssh'\nmessage-bytes = 2048\n\
             [[receive.syslog.route]]\napp = 'shop'\nadapter = 'shop'\n\
             [[receive.syslog]]\nname = 'radio'\nlisten = '127.0.0.1:{udp}'\ntransport = 'udp'\norganization = '{ACME}'\nadapter = 'openssh'\n\
             [quarantine]\nalarm-records = 2\n",
            adapters = folder.path().join("adapters").display(),
        );
        let server = Launch::new(&folder.path().join("data")).config(&config).start();
        assert_eq!(server.indelible(&["organization", "list"]).code, 0);
        Self { server, syslog, udp, grpc, folder }
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// A client that may send for ACME, through the adapter if one is named.
    pub(crate) fn sender(&self, adapter: Option<&str>) -> Client {
        let create = ["token", "create", "--organization", ACME, "--operations", "audit:emit"];
        let adapter = adapter.map_or(vec![], |adapter| vec!["--adapter", adapter]);
        let answer = self.server.indelible(&[&create[..], &adapter].concat());
        assert_eq!(answer.code, 0, "{}", answer.err);
        Client { url: self.server.url.clone(), token: answer.out.trim().to_owned() }
    }

    /// What waits in the quarantine of ACME.
    pub(crate) fn quarantined(&self) -> Vec<Value> {
        let answer = self.server.indelible(&["quarantine", "list", "--organization", ACME, "--format", "json"]);
        assert!(answer.code < 2, "{}", answer.err);
        answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn codes(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut codes: Vec<_> = self.quarantined().iter().map(|r| (text(&r["source"]), text(&r["code"]))).collect();
        codes.sort();
        codes
    }

    pub(crate) fn rows(&self, query: &str) -> Vec<Value> {
        let answer = self.server.indelible(&["search", query, "--oldest", "--format", "json"]);
        assert!(answer.code < 2, "{}", answer.err);
        answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Runs a client of another system; `None`, with a note, where it is not installed.
fn deliver(kind: &str, module: &str, url: &str, token: &str, lines: &[String]) -> Option<Value> {
    deliver_believing(None, kind, module, url, token, lines)
}

/// The same with an authority for TLS.
fn deliver_believing(
    ca: Option<&std::path::Path>,
    kind: &str,
    module: &str,
    url: &str,
    token: &str,
    lines: &[String],
) -> Option<Value> {
    let home = std::env::var("HOME").unwrap_or_default();
    let python = std::env::var("INDELIBLE_PYTHON").unwrap_or(format!("{home}/.cache/indelible/python/bin/python3"));
    let has = Command::new(&python).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status();
    if !has.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: {python} has no {module}; run tools/setup");
        return None;
    }
    let mut process = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/receive.py"))
        .args([kind, url, token])
        .envs(ca.map(|ca| ("OTEL_EXPORTER_OTLP_CERTIFICATE", ca)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{kind}: {text}");
    Some(serde_json::from_str(text.lines().last().unwrap_or_default()).unwrap_or_else(|_| panic!("{kind}: {text}")))
}

fn sent(number: u64) -> Value {
    event(number, json!({"organizations": null}))
}

#[test]
fn the_sdk_of_opentelemetry_delivers_over_http_and_grpc() {
    let scene = Scene::new();
    let (plain, through) = (scene.sender(None), scene.sender(Some("shop")));
    let url = scene.server.url.clone();
    let grpc = format!("127.0.0.1:{}", scene.grpc);
    let module = "opentelemetry.exporter.otlp.proto.grpc, opentelemetry.exporter.otlp.proto.http";
    let mut expected = 0;
    for (kind, to, first) in [("otlp-http", &url, 0), ("otlp-grpc", &grpc, 100)] {
        let events: Vec<String> = (first..first + 50).map(|number| sent(number).to_string()).collect();
        let Some(flushed) = deliver(kind, module, to, &plain.token, &events) else { return };
        assert_eq!(flushed, true);
        // Again, and once more as if the answer had been lost: the events have their ids.
        deliver(kind, module, to, &plain.token, &events);
        let foreign = [shop(kind).to_string(), json!({"no": "action", "secret": SECRET}).to_string()];
        deliver(kind, module, to, &through.token, &foreign);
        expected += 50;
        assert_eq!(scene.server.count(&format!("{SENT} uid:ann")), expected, "{kind}");
        let rows = scene.rows(&format!("uid:{kind}"));
        let [row] = &rows[..] else { panic!("{kind}: {rows:?}") };
        assert_eq!((&row["name"], &row["categories"]), (&json!("order.delete"), &json!(["dataDelete"])), "{row}");
        assert_eq!((&row["origin"], &row["entities"]), (&json!("192.0.2.7"), &json!(["o-17"])), "{row}");
    }
    let refused = ("otlp".to_owned(), "refusedByAdapter".to_owned());
    // By either way it is the same record of the same sender.
    assert_eq!(scene.codes(), [refused]);
    let wrong = deliver("otlp-http", module, &url, "indelible_wrong", &[sent(900).to_string()]);
    assert!(wrong.is_some());
    assert_eq!(scene.server.count(&format!("{SENT} uid:ann")), expected, "without a token nothing comes in");
}

#[test]
fn a_client_of_elasticsearch_creates_documents_once() {
    let scene = Scene::new();
    let sender = scene.sender(Some("shop"));
    let documents = [sent(1), shop("ben"), sent(3), json!({"no": "action"})].map(|document| document.to_string());
    let ids = json!({"index": "audit", "ids": [null, "b-1", "b-2", null]}).to_string();
    let lines: Vec<String> = std::iter::once(ids).chain(documents).collect();
    let deliver = || deliver("elasticsearch", "elasticsearch", &scene.server.url, &sender.token, &lines);
    let Some(told) = deliver() else { return };
    let statuses = |told: &Value| -> Vec<u64> {
        told["items"].as_array().unwrap().iter().map(|item| item["status"].as_u64().unwrap()).collect()
    };
    assert_eq!((&told["alive"], &told["status"]), (&json!(true), &json!("green")), "{told}");
    assert_eq!(statuses(&told), [201, 201, 201, 400], "{told}");
    assert!(told["items"][3]["error"]["reason"].as_str().unwrap().contains("refusedByAdapter"), "{told}");
    let again = deliver().unwrap();
    assert_eq!(statuses(&again), [409, 409, 409, 400], "{again}");
    assert_eq!(scene.server.count(SENT), 3);
    assert_eq!(scene.quarantined(), [] as [Value; 0], "its clients are told");
    // An equal document under another id is another one, also where an adapter makes its events; under the same it is not.
    let once_more = |id: &str| {
        let body = format!("{}\n{}\n", json!({"create": {"_index": "audit", "_id": id}}), shop("bob"));
        let request = sender.request(Method::POST, "/_bulk");
        let (_, answer) = fetch(request.header("content-type", "application/x-ndjson").body(body));
        serde_json::from_slice::<Value>(&answer).unwrap()["items"][0]["create"]["status"].clone()
    };
    assert_eq!([once_more("b-8"), once_more("b-9"), once_more("b-9")], [json!(201), json!(201), json!(409)]);
    let rows = scene.rows("uid:ben");
    assert_eq!(rows.len(), 1);
    // Who is nobody is told so as Elasticsearch does.
    let stranger = Client { url: scene.server.url.clone(), token: "indelible_wrong".into() };
    let (status, body) = fetch(stranger.request(Method::POST, "/audit/_bulk").body("{\"create\":{}}\n{}\n"));
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &body["error"]["type"]), (401, &json!("security_exception")), "{body}");
}

/// A request to the collector with its own header.
fn hec(client: &Client, path: &str, body: &str) -> (u16, Value) {
    let request = reqwest::Client::new().post(format!("{}/services/collector/{path}", client.url));
    let request = request.header("authorization", format!("Splunk {}", client.token)).body(body.to_owned());
    let (status, body) = fetch(request);
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&body))))
}

#[test]
fn splunks_clients_deliver_and_are_acknowledged() {
    const CHANNEL: &str = "channel=0b8cf7f6-9d8c-4a53-8ea5-1f4dc3f8a1f0";
    let scene = Scene::new();
    let sender = scene.sender(Some("shop"));
    if deliver("splunk", "splunk_handler", &scene.server.url, &sender.token, &[shop("cid").to_string()]).is_some() {
        assert_eq!(scene.rows("uid:cid").len(), 1);
    }
    let body = format!("{}{}", json!({"event": sent(1), "time": 1_767_323_045}), json!({"event": shop("dan")}));
    assert_eq!(hec(&sender, "event", &body), (200, json!({"text": "Success", "code": 0})));
    let (status, answer) = hec(&sender, &format!("event?{CHANNEL}"), &json!({"event": shop("eve")}).to_string());
    let ack = answer["ackId"].as_u64().unwrap_or_else(|| panic!("{status} {answer}"));
    let asked = json!({"acks": [ack, ack + 1_000_000]}).to_string();
    let (_, acks) = hec(&sender, &format!("ack?{CHANNEL}"), &asked);
    assert_eq!(acks, json!({"acks": {ack.to_string(): true, (ack + 1_000_000).to_string(): false}}));
    assert_eq!(hec(&sender, "raw", &format!("{}\n{}\n", shop("fay"), shop("gus"))).0, 200);
    for user in ["dan", "eve", "fay", "gus"] {
        assert_eq!(scene.rows(&format!("uid:{user}")).len(), 1, "{user}");
    }
    // What is wrong is told as the collector tells it; what the adapter refuses is kept.
    for (path, body, status, code) in [
        ("event", "", 400, 5),
        ("event", "{\"x\":1}", 400, 12),
        ("event", "{\"event\":\"\"}", 400, 13),
        ("event", "nonsense", 400, 6),
        ("event?channel=x", "{\"event\":1}", 400, 11),
        ("ack", "{\"acks\":[1]}", 400, 10),
    ] {
        let (found, answer) = hec(&sender, path, body);
        assert_eq!((found, &answer["code"]), (status, &json!(code)), "{path} {body}: {answer}");
    }
    assert_eq!(scene.quarantined(), [] as [Value; 0]);
    assert_eq!(hec(&sender, "event", &json!({"event": {"no": SECRET}}).to_string()).0, 200);
    assert_eq!(scene.codes(), [("hec".to_owned(), "refusedByAdapter".to_owned())]);
    let stranger = Client { url: sender.url.clone(), token: "indelible_wrong".into() };
    let (status, answer) = hec(&stranger, "event", &body);
    assert_eq!((status, &answer["code"]), (403, &json!(4)), "{answer}");
    let (status, health) = fetch(reqwest::Client::new().get(format!("{}/services/collector/health", sender.url)));
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&health));
}

const FAILED: &str = "Failed password for root from 203.0.113.9 port 4711 ssh2";

/// `logger` of util-linux; false, with a note, where there is none.
fn logger(args: &[&str]) -> bool {
    match Command::new("logger").args(args).status() {
        Ok(status) => {
            assert!(status.success(), "logger {args:?}");
            true
        }
        Err(error) => {
            eprintln!("SKIPPED: logger: {error}; run tools/setup");
            false
        }
    }
}

#[test]
fn logger_delivers_over_tcp_and_udp() {
    let scene = Scene::new();
    let (tcp, udp) = (scene.syslog.to_string(), scene.udp.to_string());
    let common = ["-n", "127.0.0.1", "-t", "sshd", "-p", "auth.info"];
    let forms: [&[&str]; 4] = [
        &["-T", "-P", &tcp, "--rfc5424"],
        &["-T", "-P", &tcp, "--rfc3164"],
        &["-T", "-P", &tcp, "--octet-count"],
        &["-d", "-P", &udp, "--rfc5424"],
    ];
    for (number, form) in forms.iter().enumerate() {
        let text = FAILED.replace("4711", &(4711 + number).to_string());
        if !logger(&[&common[..], form, &[&text]].concat()) {
            return;
        }
    }
    eventually("all are there", || scene.server.count(&format!("{SENT} name:*Failed*")) == forms.len() as u64);
    for row in scene.rows(SENT) {
        assert_eq!((&row["uid"], &row["origin"]), (&json!("root"), &json!("203.0.113.9")), "{row}");
        assert_eq!((&row["categories"][0], &row["result"]), (&json!("passThrough"), &json!("UNAUTHORIZED")), "{row}");
    }
    // Another program goes through another adapter; what neither reads is kept, and so is what is too long.
    logger(&["-n", "127.0.0.1", "-T", "-P", &tcp, "-t", "shop", "--rfc5424", &shop("hal").to_string()]);
    eventually("by its route", || scene.rows("uid:hal").len() == 1);
    let mut stream = TcpStream::connect(("127.0.0.1", scene.syslog)).unwrap();
    stream.write_all(format!("<13>1 - h shop - - - {{\"no\":\"{SECRET}\"}}\n").as_bytes()).unwrap();
    stream.write_all(format!("<13>1 - h shop - - - {}\n", "x".repeat(3000)).as_bytes()).unwrap();
    stream.write_all(format!("<13>1 - h shop - - - {}", shop("ian")).as_bytes()).unwrap();
    drop(stream);
    eventually("what ends without a line end", || scene.rows("uid:ian").len() == 1);
    let source = |code: &str| ("syslog/edge".to_owned(), code.to_owned());
    eventually("two are kept", || scene.codes() == [source("messageCut"), source("refusedByAdapter")]);
    assert!(scene.server.alarms().contains(&"quarantineGrows".to_owned()), "{:?}", scene.server.alarms());
    let (_, metrics) = fetch(scene.server.request(Method::GET, "/metrics"));
    let metrics = String::from_utf8(metrics).unwrap();
    for line in [
        "indelible_quarantine_records{source=\"syslog/edge\",code=\"messageCut\"} 1",
        "indelible_syslog_messages_total{listener=\"radio\"} 1",
        "indelible_syslog_dropped_total{listener=\"radio\"} 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} in\n{metrics}");
    }
    assert!(!metrics.contains(SECRET));
}

/// rsyslog that forwards the lines of a file to a port.
struct Forwarder(std::process::Child);

impl Forwarder {
    fn start(folder: &Path, port: u16, framing: &str) -> Option<Self> {
        if !Path::new("/usr/sbin/rsyslogd").exists() {
            eprintln!("SKIPPED: there is no rsyslogd; run tools/setup");
            return None;
        }
        let config = folder.join("rsyslog.conf");
        let text = format!(
            "global(workDirectory=\"{folder}\")\nmodule(load=\"imfile\" pollingInterval=\"1\" mode=\"polling\")\n\
             input(type=\"imfile\" file=\"{folder}/in.log\" tag=\"sshd\" facility=\"auth\")\n\
             action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\" template=\"RSYSLOG_SyslogProtocol23Format\" {framing}\n\
                 action.resumeInterval=\"1\" action.resumeRetryCount=\"-1\" queue.type=\"LinkedList\")\n",
            folder = folder.display(),
        );
        std::fs::write(&config, text).unwrap();
        let process = Command::new("/usr/sbin/rsyslogd")
            .arg("-n")
            .arg("-f")
            .arg(&config)
            .arg("-i")
            .arg(folder.join("pid"))
            .spawn();
        Some(Self(process.unwrap()))
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn rsyslog_forwards_each_line_once() {
    const LINES: u64 = 500;
    for framing in ["", "TCP_Framing=\"octet-counted\""] {
        let scene = Scene::new();
        let folder = tempfile::tempdir().unwrap();
        let lines: String =
            (0..LINES).map(|number| FAILED.replace("4711", &(10_000 + number).to_string()) + "\n").collect();
        std::fs::write(folder.path().join("in.log"), lines).unwrap();
        let Some(_forwarder) = Forwarder::start(folder.path(), scene.syslog, framing) else { return };
        eventually("all lines are there", || scene.server.count(&format!("{SENT} name:*Failed*")) == LINES);
        let rows =
            scene.server.sql("select count(*) as entries, min(uid) as uid from events where product <> 'indelible'");
        assert_eq!(rows, [json!({"entries": LINES, "uid": "root"})], "{framing}");
        assert_eq!(scene.quarantined(), [] as [Value; 0], "{framing}");
    }
}

#[test]
fn the_webhook_of_kubernetes_is_answered_and_what_is_refused_is_kept() {
    let scene = Scene::new();
    let sender = scene.sender(Some("shop"));
    let list = json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [shop("kim"), {"no": SECRET}]});
    let (status, body) = fetch(sender.request(Method::POST, "/receive/kubernetes").json(&list));
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    assert_eq!(scene.rows("uid:kim").len(), 1);
    assert_eq!(scene.codes(), [("kubernetes".to_owned(), "refusedByAdapter".to_owned())]);
    // The server sends again what it got no answer to: nothing is there twice.
    assert_eq!(fetch(sender.request(Method::POST, "/receive/kubernetes").json(&list)).0, 200);
    assert_eq!((scene.rows("uid:kim").len(), scene.quarantined()[0]["times"].clone()), (1, json!(2)));
    let (status, body) = fetch(sender.request(Method::POST, "/receive/kubernetes").json(&json!({"kind": "Pod"})));
    assert_eq!(status, 400, "{}", String::from_utf8_lossy(&body));
    let reader = scene.server.indelible(&["token", "create", "--organization", ACME, "--operations", "audit:search"]);
    let reader = Client { url: sender.url.clone(), token: reader.out.trim().to_owned() };
    assert_eq!(fetch(reader.request(Method::POST, "/receive/kubernetes").json(&list)).0, 403);
}

#[test]
fn what_is_refused_is_shown_repaired_and_dismissed() {
    let scene = Scene::new();
    let sender = scene.sender(Some("shop"));
    let record = |kind: &str| json!({"kind": kind, "at": "2026-01-02T03:04:05Z", "who": SECRET});
    for kind in ["a", "b", "c"] {
        assert_eq!(hec(&sender, "event", &json!({"event": record(kind)}).to_string()).0, 200);
    }
    let quarantine = |args: &[&str]| {
        scene.server.indelible(&[&["quarantine"], &args[..1], &["--organization", ACME], &args[1..]].concat())
    };
    let waiting = scene.quarantined();
    assert_eq!(waiting.len(), 3);
    assert!(!waiting.iter().any(|record| record.to_string().contains(SECRET)), "a list quotes nothing: {waiting:?}");
    let id = |place: usize| waiting[place]["id"].as_str().unwrap();
    let shown = quarantine(&["show", id(0)]);
    assert_eq!(serde_json::from_str::<Value>(&shown.out).unwrap(), record("a"), "{}", shown.err);
    assert!(shown.err.contains("the record has no action"), "{}", shown.err);
    // The operator sees how it came and why it was refused, and nothing of it.
    let operator =
        scene.server.indelible(&["token", "create", "--organization", "*", "--operations", "operator:observe"]);
    let operator = Client { url: sender.url.clone(), token: operator.out.trim().to_owned() };
    let seen = operator.indelible(&["operator", "quarantine", "--format", "json"]);
    assert_eq!((seen.code, seen.out.lines().count()), (0, 3), "{}", seen.err);
    assert!(seen.out.contains("refusedByAdapter") && !seen.out.contains(SECRET), "{}", seen.out);
    let path = format!("/api/v1/organizations/{ACME}/quarantine/{}", id(0));
    assert_eq!(operator.get(&path).0, 404);
    // As it is, it is refused again.
    let again = quarantine(&["replay"]);
    assert_eq!((again.code, again.out.trim()), (1, "0 replayed, 3 refused again"), "{}", again.err);
    // With an adapter of the caller's own it is not; and once more does nothing.
    let repaired = scene.folder.path().join("repaired.vrl");
    let program = SHOP.replace(
        "if !is_string(.action) { abort \"the record has no action\" }\n",
        "if .kind == \"c\" { abort \"not c\" }\n.action = \"login\"\n.user = .who\n",
    );
    std::fs::write(&repaired, program).unwrap();
    let repaired = repaired.to_str().unwrap().to_owned();
    let done = quarantine(&["replay", id(0), "--adapter", &repaired, "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&done.out).unwrap()["replayed"], 1, "{}{}", done.out, done.err);
    let all = quarantine(&["replay", "--adapter", &repaired]);
    assert_eq!(all.out.trim(), "1 replayed, 1 refused again", "{}", all.err);
    let rows = scene.rows(&format!("uid:{SECRET}"));
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["name"], &rows[0]["categories"]), (&json!("login"), &json!(["userLogin"])), "{}", rows[0]);
    let made_id = rows[0]["logEntryId"].as_str().unwrap();
    let (_, proof) = scene.server.get(&format!("/api/v1/entries/{made_id}?organization={ACME}"));
    let made = r#""intake":{"adapter":"shop@1","producer":"administrator","source":"quarantine"}"#;
    assert!(proof["infrastructure"].as_str().unwrap().contains(made), "{proof}");
    assert_eq!(scene.quarantined().len(), 1);
    let gone = quarantine(&["show", id(0), "--format", "json"]);
    let gone: Value = serde_json::from_str(&gone.out).unwrap();
    assert_eq!((&gone["state"], gone.get("record")), (&json!("replayed"), None), "{gone}");
    // Given up, it is gone after a restart too, and that it was there stays.
    let nothing = quarantine(&["dismiss"]);
    assert_eq!(nothing.code, 2, "{}", nothing.out);
    assert_eq!(quarantine(&["dismiss", "--all"]).out.trim(), "1 dismissed");
    let names = scene.rows("product:indelible name:*QUARANTINE*");
    let mut names: Vec<&str> = names.iter().map(|row| row["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    let expected =
        ["DISMISS_QUARANTINED", "GET_QUARANTINED", "LIST_QUARANTINE", "REPAIR_QUARANTINED", "REPLAY_QUARANTINED"];
    assert_eq!(names, expected.map(|name| format!("INDELIBLE_{name}")));
    let data = scene.data();
    scene.server.stop();
    let server = Server::start_in(&data);
    let empty = server.indelible(&["quarantine", "list", "--organization", ACME]);
    assert_eq!(
        (empty.code, empty.err.contains("nothing is in the quarantine")),
        (1, true),
        "{}{}",
        empty.out,
        empty.err
    );
    let all = server.indelible(&["quarantine", "list", "--organization", ACME, "--all", "--format", "json"]);
    assert_eq!(all.out.lines().count(), 3, "{}", all.err);
}

#[test]
fn the_content_of_an_encrypted_organization_waits_encrypted() {
    let scene = Scene::new();
    let sender = scene.sender(Some("shop"));
    assert_eq!(scene.server.indelible(&["organization", "encrypt", ACME]).code, 0);
    assert_eq!(hec(&sender, "event", &json!({"event": {"no": SECRET}}).to_string()).0, 200);
    let id = scene.quarantined()[0]["id"].as_str().unwrap().to_owned();
    let shown = scene.server.indelible(&["quarantine", "show", &id, "--organization", ACME]);
    assert!(shown.out.contains(SECRET), "{}", shown.err);
    let data = scene.data();
    for file in std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        let found = memchr::memmem::find(&bytes, SECRET.as_bytes());
        assert!(found.is_none(), "{} holds it in plain", file.display());
    }
}

#[test]
fn a_killed_server_has_all_that_it_acknowledged_and_nothing_twice() {
    let mut scene = Scene::new();
    let sender = scene.sender(Some("shop"));
    let data = scene.data();
    let kills: u64 = std::env::var("INDELIBLE_RECEIVE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(5);
    let mut random = StdRng::seed_from_u64(indelible_testkit::seed::seed());
    let mut acknowledged = 0u64;
    for round in 0..kills {
        let url = scene.server.url.clone();
        let (token, begun) = (sender.token.clone(), std::time::Instant::now());
        let posting = std::thread::spawn(move || {
            let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let mut acknowledged = Vec::new();
            for number in 0..100_000u64 {
                let id = round * 100_000 + number;
                let body =
                    format!("{}{}", json!({"event": shop(&format!("u{id}"))}), json!({"event": {"refused": id}}));
                let request = client.post(format!("{url}/services/collector/event"));
                let request = request.header("authorization", format!("Splunk {token}")).body(body);
                match runtime.block_on(async { request.send().await?.error_for_status() }) {
                    Ok(_) => acknowledged.push(id),
                    Err(_) => break,
                }
            }
            acknowledged
        });
        std::thread::sleep(Duration::from_millis(random.random_range(200..900)));
        scene.server.kill();
        let numbers = posting.join().unwrap();
        assert!(!numbers.is_empty(), "nothing was sent in {:?}", begun.elapsed());
        scene.server = Server::start_in(&data);
        let users: Vec<String> = scene
            .server
            .sql("select uid from events where uid like 'u%' and product <> 'indelible' order by uid")
            .iter()
            .map(|row| row["uid"].as_str().unwrap().to_owned())
            .collect();
        let mut distinct = users.clone();
        distinct.dedup();
        assert_eq!(users, distinct, "nothing is there twice");
        for number in &numbers {
            assert!(users.binary_search(&format!("u{number}")).is_ok(), "u{number} was acknowledged and is gone");
        }
        acknowledged += numbers.len() as u64;
        let kept = scene.server.indelible(&[
            "quarantine",
            "list",
            "--organization",
            ACME,
            "--limit",
            "100000",
            "--format",
            "json",
        ]);
        let kept = kept.out.lines().count() as u64;
        assert!((acknowledged..=acknowledged + round + 1).contains(&kept), "{kept} are kept of {acknowledged}");
    }
    eprintln!(
        "RESULT receive: {acknowledged} requests acknowledged over {kills} kills, each event and each refused record there once"
    );
}

#[test]
fn a_datagram_of_a_stranger_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let udp = free_port();
    let config = format!(
        "[[receive.syslog]]\nname = 'radio'\nlisten = '127.0.0.1:{udp}'\ntransport = 'udp'\nadapter = 'openssh'\nnetworks = ['192.0.2.0/24']\n"
    );
    let server = Launch::new(&folder.path().join("data")).config(&config).start();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(format!("<38>1 - h sshd - - - {FAILED}").as_bytes(), ("127.0.0.1", udp)).unwrap();
    let metrics = || String::from_utf8(fetch(server.request(Method::GET, "/metrics")).1).unwrap();
    let line = "indelible_syslog_closed_total{listener=\"radio\",reason=\"stranger\"} 1";
    eventually("it is counted", || metrics().lines().any(|found| found == line));
    assert_eq!(server.count(SENT), 0);
}

#[test]
fn a_replay_reaches_no_organization_that_the_sender_did_not() {
    let scene = Scene::new();
    let operator = "ri.indelible..organization.operator";
    assert_eq!(scene.server.indelible(&["organization", "create", operator]).code, 0);
    let token = scene.server.indelible(&["token", "create", "--organization", operator, "--operations", "audit:emit"]);
    let sender = Client { url: scene.server.url.clone(), token: token.out.trim().to_owned() };
    let stray = event(77, json!({"organizations": [{"id": ACME, "reason": "x"}], "uid": SECRET}));
    assert_eq!(hec(&sender, "event", &json!({"event": stray}).to_string()).0, 200);
    let quarantine = |what: &str| scene.server.indelible(&["quarantine", what, "--organization", operator]);
    let waiting = quarantine("list");
    assert!(waiting.out.contains("organizationNotAllowed"), "{}{}", waiting.out, waiting.err);
    let again = quarantine("replay");
    assert_eq!((again.code, again.out.trim()), (1, "0 replayed, 1 refused again"), "{}", again.err);
    assert_eq!(scene.rows(&format!("uid:{SECRET}")), [] as [Value; 0]);
}

/// With the certificate of the server, and with nothing from who does not speak TLS.
#[test]
fn the_sdk_of_opentelemetry_delivers_over_grpc_with_tls() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "authority");
    let own = authority.sign(folder.path(), "server", &["localhost", "127.0.0.1"], |_| ());
    let grpc = free_port();
    let config = format!(
        "[tls]\ncertificate = '{}'\nkey = '{}'\n[receive]\notlp-grpc = '127.0.0.1:{grpc}'\n",
        own.certificate.display(),
        own.key.display()
    );
    let server = Launch::new(&folder.path().join("data")).config(&config).try_start().unwrap();
    let indelible = |args: &[&str]| {
        let mut command = Command::new(program());
        command.arg("--ca").arg(&authority.file).args(args);
        run(command.env("INDELIBLE_URL", &server.url).env("INDELIBLE_TOKEN", &server.token))
    };
    assert_eq!(indelible(&["organization", "create", ACME]).code, 0);
    let token = indelible(&["token", "create", "--organization", ACME, "--operations", "audit:emit"]);
    let events: Vec<String> = (0..50).map(|number| sent(number).to_string()).collect();
    let module = "opentelemetry.exporter.otlp.proto.grpc";
    let deliver = |ca, scheme: &str| {
        let url = format!("{scheme}://localhost:{grpc}");
        deliver_believing(ca, "otlp-grpc", module, &url, token.out.trim(), &events)
    };
    if deliver(Some(&*authority.file), "https").is_none() {
        return;
    }
    let count = || indelible(&["search", SENT, "--format", "json"]).out.lines().count();
    assert_eq!(count(), 50);
    let more: Vec<String> = (50..60).map(|number| sent(number).to_string()).collect();
    deliver_believing(None, "otlp-grpc", module, &format!("http://localhost:{grpc}"), token.out.trim(), &more);
    assert_eq!(count(), 50, "without TLS nothing comes in");
}

/// Faster than anything can be stored: what there is no room for is lost, counted, and costs no memory.
#[test]
fn datagrams_beyond_what_can_be_stored_are_counted() {
    const DATAGRAMS: u64 = 200_000;
    let scene = Scene::new();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let text = format!("<38>1 2026-01-02T03:04:05Z web-1 sshd 7 - - {FAILED}");
    let mut sent = 0;
    for _ in 0..DATAGRAMS {
        sent += u64::from(socket.send_to(text.as_bytes(), ("127.0.0.1", scene.udp)).is_ok());
    }
    let metric = |name: &str| {
        let text = String::from_utf8(fetch(scene.server.request(Method::GET, "/metrics")).1).unwrap();
        let sample = format!("{name}{{listener=\"radio\"}} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&sample)?.parse::<f64>().ok());
        value.unwrap_or_else(|| panic!("no {sample} in {text}")) as u64
    };
    eventually("each is stored or counted", || {
        metric("indelible_syslog_messages_total") + metric("indelible_syslog_dropped_total") == sent
    });
    let (taken, dropped) = (metric("indelible_syslog_messages_total"), metric("indelible_syslog_dropped_total"));
    assert!(taken > 0 && dropped > 0, "{taken} taken, {dropped} dropped");
    let stored = || scene.server.sql("select count(*) as n from events where product = 'openssh'")[0]["n"].as_u64();
    eventually("what was taken is stored", || stored() == Some(taken));
    let status = std::fs::read_to_string(format!("/proc/{}/status", scene.server.id())).unwrap();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    eprintln!("RESULT udp: {sent} datagrams, {taken} stored, {dropped} dropped and counted, peak {peak:?} KiB");
    assert!(peak.unwrap() < 700 << 10, "{peak:?} KiB");
}
