//! The SDKs for Python and TypeScript, installed from the tree as users install them, against a real server. What they
//! emit is in `sdk/*/tests/produce.*`.

use std::io::{BufRead as _, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::harness::{Client, Server, UNAUDITED, offline, python, run};

const ACME: &str = "ri.indelible..organization.acme";

fn sdk(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk").join(language)
}

/// A program that uses an installed SDK.
struct Producer {
    program: String,
    script: PathBuf,
    site: PathBuf,
}

impl Producer {
    /// Installs `sdk/python` into `folder`. Without network: what builds the package comes with the tests' Python.
    fn python(folder: &Path) -> Self {
        let site = folder.join("site");
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"];
        let mut command = Command::new(python());
        command.args(pip).args(["--no-build-isolation", "--target"]).arg(&site).arg(sdk("python"));
        let answer = run(&mut command);
        assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
        assert!(site.join("indelible/py.typed").exists(), "the types are installed too");
        Self { program: python(), script: sdk("python").join("tests/produce.py"), site }
    }

    /// Installs `sdk/typescript` into `folder`; it has no dependencies to be fetched.
    fn typescript(folder: &Path) -> Self {
        let mut command = Command::new("npm");
        command.args(["install", "--silent", "--offline", "--no-audit", "--no-fund", "--install-links", "--prefix"]);
        let answer = run(command.arg(folder).arg(sdk("typescript")));
        assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
        assert!(folder.join("node_modules/@indelible/sdk/src/index.d.ts").exists(), "the types are installed too");
        // The package is looked for from where the script is.
        let script = folder.join("produce.mjs");
        std::fs::copy(sdk("typescript").join("tests/produce.mjs"), &script).unwrap();
        Self { program: "node".to_owned(), script, site: PathBuf::new() }
    }

    fn command(&self, url: &str, token: &str, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(&self.script).args(args).env("PYTHONPATH", &self.site);
        command.env("INDELIBLE_URL", url).env("INDELIBLE_TOKEN", token);
        command
    }
}

fn token(server: &Client) -> String {
    assert_eq!(server.indelible(&["organization", "create", ACME]).code, 0);
    let answer = server.indelible(&["token", "create", "--organization", ACME, "--operations", "audit:emit"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    answer.out.trim().to_owned()
}

/// The one event of that name, with these fields, `null` for those that must not be there.
fn check(server: &Client, name: &str, expected: Value) {
    let answer = server.indelible(&["search", &format!("name:{name}"), "--format", "json"]);
    let events: Vec<Value> = answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 1, "{name}: {}", answer.out);
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(events[0][field], *value, "{name}.{field}: {}", events[0]);
    }
}

fn every_road_leads_to_the_log(install: fn(&Path) -> Producer) {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let server = Server::start_configured(&folder.join("data"), UNAUDITED);
    let token = token(&server);
    let spool = folder.join("spool");
    let spool = spool.to_str().unwrap();
    let answer = run(&mut install(folder).command(&server.url, &token, &["shapes", spool]));
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);

    let rid = |name: &str| json!([format!("ri.files..file.{name}")]);
    check(
        &server,
        "BLOCK_SUCCESS",
        json!({
            "organization": ACME, "type": "audit.3", "result": "SUCCESS", "categories": ["dataExport", "userLogin"], "product": "reports",
            "productVersion": "1.4", "service": "reports-1", "producerType": "SERVER", "entities": rid("1"), "users": [{"uid": "ann"}],
            "requestFields": {"downloadedResources": [{"id": {"type": "rid", "rid": "ri.files..file.1"}}]},
            "resultFields": {"downloadedSize": 7, "loginUserId": "ann"}, "uid": "ann", "sid": "s1", "tokenId": "t1", "orgId": "o1",
            "traceId": "f00", "userAgent": "curl/8\u{fffd}", "origins": ["203.0.113.9"], "origin": null, "sourceOrigin": null,
        }),
    );
    let failed = |result: &str| json!({"result": result, "entities": rid("2"), "resultFields": null, "uid": "ann"});
    check(&server, "BLOCK_ERROR", failed("ERROR"));
    check(&server, "BLOCK_UNAUTHORIZED", failed("UNAUTHORIZED"));
    check(&server, "LOGGED", json!({"result": "ERROR", "categories": ["tokenAccess"], "uid": null}));
    check(
        &server,
        "REQUEST",
        json!({
            "result": "SUCCESS", "uid": "ben", "userAgent": "Mozilla/5.0", "origin": "203.0.113.9",
            "origins": ["203.0.113.9", "10.0.0.1"], "sourceOrigin": "192.0.2.7",
        }),
    );
    check(&server, "ASYNC_SUCCESS", json!({"result": "SUCCESS", "entities": rid("3")}));
    let payload = json!({"text": "é\u{2028}\u{fffd}\u{1f600}\u{7f}", "numbers": [0.1, 1e-7, 0, 9_007_199_254_740_991_u64], "nothing": null});
    let tagged = json!({"passThroughRequestParams": {"a": {"level": ["UserInput"], "payload": payload}}});
    check(&server, "UNUSUAL", json!({"requestFields": tagged}));
    assert_eq!(server.count("name:REFUSED_AT_ONCE OR name:REFUSED_LATER"), 0);

    let left: Vec<String> =
        std::fs::read_dir(spool).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.len() == 2 && left.iter().all(|name| name == "refused.jsonl" || name == "receipts"), "{left:?}");
    let refused = std::fs::read_to_string(folder.join("spool/refused.jsonl")).unwrap();
    let refused: Value = serde_json::from_str(&refused).unwrap();
    assert_eq!(refused["event"]["name"], "REFUSED_LATER", "{refused}");
    assert_eq!(refused["error"]["code"], "organizationNotAllowed", "{refused}");

    // The receipts of both ways hold against the archive.
    server.seal();
    let said: Value = serde_json::from_str(answer.out.lines().last().unwrap()).unwrap();
    std::fs::write(folder.join("said"), said["receipts"].as_str().unwrap()).unwrap();
    for (file, kept) in [("said", "1 kept"), ("spool/receipts", "4 kept")] {
        let file = folder.join(file);
        let answer = offline(&["verify", server.archive().to_str().unwrap(), "--receipts", file.to_str().unwrap()]);
        assert!(answer.code == 0 && answer.out.contains(kept), "{}{}", answer.out, answer.err);
    }
}

#[test]
fn every_road_of_the_python_sdk_leads_to_the_log() {
    every_road_leads_to_the_log(Producer::python);
}

#[test]
fn every_road_of_the_typescript_sdk_leads_to_the_log() {
    every_road_leads_to_the_log(Producer::typescript);
}

/// An address that stays while servers come and go behind it.
struct Relay {
    url: String,
    target: Arc<Mutex<Option<SocketAddr>>>,
}

impl Relay {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let target = Arc::new(Mutex::new(None));
        let current = target.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let to: Option<SocketAddr> = *current.lock().unwrap();
                if let Some(server) = to.and_then(|address| TcpStream::connect(address).ok()) {
                    let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                    std::thread::spawn(move || pass(client, server));
                    std::thread::spawn(move || pass(back.0, back.1));
                }
            }
        });
        Self { url, target }
    }

    /// What connects from now on reaches this server, or nothing.
    fn lead_to(&self, server: Option<&Server>) {
        let address = server.map(|server| server.url.strip_prefix("http://").unwrap().parse().unwrap());
        *self.target.lock().unwrap() = address;
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let _ = std::io::copy(&mut from, &mut to);
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

/// Kills a producer and says how many of its events were recorded.
fn kill(mut producer: Child) -> u64 {
    producer.kill().unwrap();
    let recorded = BufReader::new(producer.stdout.take().unwrap()).lines().map_while(Result::ok);
    // The first line was read before; a line that broke off was not said.
    let recorded = recorded.filter_map(|line| line.parse::<u64>().ok()).last().map_or(1, |last| last + 1);
    producer.wait().unwrap();
    recorded
}

fn nothing_recorded_is_lost_or_doubled(install: fn(&Path) -> Producer) {
    let kills: u64 = std::env::var("INDELIBLE_SDK_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let mut random = StdRng::seed_from_u64(indelible_testkit::seed::seed());
    let scratch = tempfile::tempdir().unwrap();
    let (data, spool) = (scratch.path().join("data"), scratch.path().join("spool"));
    let spool = spool.to_str().unwrap();
    let relay = Relay::start();
    let mut server = Server::start_configured(&data, UNAUDITED);
    relay.lead_to(Some(&server));
    let (token, sdk) = (token(&server), install(scratch.path()));
    let mut pause = |from: u64, to: u64| std::thread::sleep(Duration::from_millis(random.random_range(from..to)));
    let mut recorded = Vec::new();
    for number in 0..kills {
        let run = number.to_string();
        let mut command = sdk.command(&relay.url, &token, &["stream", spool, &run, "1000000"]);
        let mut producer = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut first = String::new();
        read_line(&mut producer, &mut first);
        assert_eq!(first.trim(), "0", "the producer did not begin");
        pause(1, 300);
        match number % 3 {
            0 => {}
            // The server dies under it, and is away for a while.
            1 => {
                relay.lead_to(None);
                server.kill();
                pause(1, 600);
                server = Server::start_in(&data);
                relay.lead_to(Some(&server));
                pause(1, 600);
            }
            // The network is away, and stays so for the next one to begin with.
            _ => {
                relay.lead_to(None);
                pause(1, 300);
            }
        }
        recorded.push(kill(producer));
        if number % 3 == 2 {
            relay.lead_to(Some(&server));
        }
    }
    let last = kills.to_string();
    let answer = run(&mut sdk.command(&relay.url, &token, &["stream", spool, &last, "3"]));
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    recorded.push(3);

    let rows = server.sql("select entities from events where name = 'STREAM' order by seq");
    let found = rows.iter().map(|row| {
        let entity = row["entities"][0].as_str().unwrap().rsplit('.').next().unwrap();
        let (run, number) = entity.split_once('-').unwrap();
        (run.parse::<usize>().unwrap(), number.parse::<u64>().unwrap())
    });
    let found: Vec<(usize, u64)> = found.collect();
    // Strictly ascending is both: in the order of emission, and none twice.
    assert!(found.is_sorted_by(|a, b| a < b), "out of order or twice: {found:?}");
    for (run, recorded) in recorded.iter().enumerate() {
        let of_run = found.iter().filter(|(of, _)| *of == run).count() as u64;
        assert!(of_run >= *recorded && of_run <= recorded + 1, "run {run}: {recorded} recorded, {of_run} found");
    }
    let accounting = server.indelible(&["accounting", "--format", "json"]);
    for line in accounting.out.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        assert!(row["epoch"].is_null() || row["missing"] == 0, "{row}");
    }
    let left: Vec<_> = std::fs::read_dir(spool).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
    eprintln!("RESULT kill -9 of producers: {kills} survived, {} events", found.len());
}

/// Reads the first line byte by byte, so that those after it stay where they are.
fn read_line(process: &mut Child, line: &mut String) {
    use std::io::Read as _;
    let output = process.stdout.as_mut().unwrap();
    let mut byte = [0];
    while output.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
        line.push(char::from(byte[0]));
    }
}

#[test]
fn nothing_that_the_python_sdk_recorded_is_lost_or_doubled_by_kills() {
    nothing_recorded_is_lost_or_doubled(Producer::python);
}

#[test]
fn nothing_that_the_typescript_sdk_recorded_is_lost_or_doubled_by_kills() {
    nothing_recorded_is_lost_or_doubled(Producer::typescript);
}
