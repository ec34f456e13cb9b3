//! Starts the real program and talks to it as a user does.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use indelible_testkit::postgresql::PostgreSql;

/// The program just built, or the one in `INDELIBLE_PROGRAM`.
pub(crate) fn program() -> OsString {
    std::env::var_os("INDELIBLE_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_indelible").into())
}

/// The Python with what the tests need, which `tools/setup` installs.
pub(crate) fn python() -> String {
    let home = std::env::var("HOME").unwrap_or_default();
    std::env::var("INDELIBLE_PYTHON").unwrap_or(format!("{home}/.cache/indelible/python/bin/python3"))
}

/// Finds what was sent, and not what the server recorded of those who read and administered.
pub(crate) const SENT: &str = "-product:indelible";

/// Configuration of a server whose log holds what was sent and nothing else, for tests that know its every entry.
pub(crate) const UNAUDITED: &str = "audit-reads = false\n";

/// The folder with the real audit logs; `None`, with a note, where there is none.
pub(crate) fn data(file: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("INDELIBLE_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let path = folder.join(file);
    if !path.exists() {
        eprintln!(
            "SKIPPED: {} is not there; set INDELIBLE_DATA to the folder with the real audit logs",
            path.display()
        );
        return None;
    }
    Some(path)
}

/// A running server in a folder of its own; it derefs to the administrator's client.
pub(crate) struct Server {
    process: Child,
    administrator: Client,
    folder: PathBuf,
    temporary: Option<tempfile::TempDir>,
}

impl Deref for Server {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.administrator
    }
}

/// A running witness, with its key and address.
pub(crate) struct Witness {
    process: Child,
    pub(crate) key: String,
    pub(crate) url: String,
}

impl Witness {
    /// A witness of that name, with key and state in `folder`, that watches the logs with these keys.
    pub(crate) fn start(name: &str, folder: &Path, logs: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.args(["witness", "--name", name, "--listen", "127.0.0.1:0", "--key-file"]);
        command.arg(folder.join("witness.key")).arg("--state").arg(folder.join("state"));
        logs.iter().for_each(|key| _ = command.args(["--log", key]));
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut line = || lines.next().and_then(Result::ok).expect("the witness did not start");
        Self { key: line(), url: line(), process }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address of a server and a token for it.
pub(crate) struct Client {
    pub(crate) url: String,
    pub(crate) token: String,
}

impl Server {
    /// A fresh server.
    pub(crate) fn start() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut server = Self::start_in(&temporary.path().join("data"));
        server.temporary = Some(temporary);
        server
    }

    /// A fresh server whose log holds what was sent and nothing else.
    pub(crate) fn start_unaudited() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut server = Self::start_configured(&temporary.path().join("data"), UNAUDITED);
        server.temporary = Some(temporary);
        server
    }

    /// A server on an existing or new data folder.
    pub(crate) fn start_in(folder: &Path) -> Self {
        Self::try_start_in(folder).unwrap_or_else(|log| panic!("the server did not start:\n{log}"))
    }

    /// A server on an existing or new data folder, with this configuration file.
    pub(crate) fn start_configured(folder: &Path, config: &str) -> Self {
        std::fs::write(folder.with_extension("toml"), config).unwrap();
        Self::start_in(folder)
    }

    /// The server, or what it wrote before it gave up. The file beside the folder is its configuration, if there is one.
    pub(crate) fn try_start_in(folder: &Path) -> Result<Self, String> {
        let launch = Launch::new(folder);
        let config = folder.with_extension("toml");
        if config.exists() { launch.config_file(&config).try_start() } else { launch.try_start() }
    }

    /// What a second server on the same folder says before it gives up.
    pub(crate) fn try_start_in_use(folder: &Path) -> String {
        let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", folder.to_str().unwrap()];
        let answer = run(Command::new(program()).args(args));
        assert_ne!(answer.code, 0);
        answer.err
    }

    /// What the server has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap()
    }

    pub(crate) fn log_path(&self) -> PathBuf {
        self.folder.with_extension("log")
    }

    pub(crate) fn archive(&self) -> PathBuf {
        self.folder.join("archive")
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until the process ends by itself; panics if that takes a minute.
    pub(crate) fn wait_for_end(mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "the server did not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends the process at once, as power loss of the process would.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Ends the process as Ctrl-C does; panics if that does not end well.
    pub(crate) fn stop(self) {
        let status = self.ask_to_stop();
        assert!(status.success(), "the server ended with {status}");
    }

    /// Ends the process as Ctrl-C does, or finds out how it has ended already.
    pub(crate) fn ask_to_stop(mut self) -> ExitStatus {
        let _ = Command::new("kill").arg(self.process.id().to_string()).stderr(Stdio::null()).status();
        self.process.wait().unwrap()
    }
}

/// How to start a server.
pub(crate) struct Launch {
    folder: PathBuf,
    log: PathBuf,
    config: Option<PathBuf>,
    environment: Vec<(&'static str, OsString)>,
}

impl Launch {
    /// A server on an existing or new data folder, which writes its log beside it.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.into(), log: folder.with_extension("log"), config: None, environment: Vec::new() }
    }

    /// Writes `text` as the server's configuration beside its log.
    pub(crate) fn config(mut self, text: &str) -> Self {
        let path = self.log.with_extension("toml");
        std::fs::write(&path, text).unwrap();
        self.config = Some(path);
        self
    }

    /// Starts with the configuration in this file.
    pub(crate) fn config_file(mut self, path: &Path) -> Self {
        self.config = Some(path.into());
        self
    }

    /// Puts the log elsewhere.
    pub(crate) fn log(mut self, path: &Path) -> Self {
        self.log = path.into();
        self
    }

    pub(crate) fn environment(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    pub(crate) fn start(self) -> Server {
        self.try_start().unwrap_or_else(|log| panic!("the server did not start:\n{log}"))
    }

    /// The server, or its log if it gave up.
    pub(crate) fn try_start(self) -> Result<Server, String> {
        let (folder, log) = (self.folder.clone(), self.log.clone());
        let mut process = self.spawn();
        let started = Instant::now();
        loop {
            let read = |name| std::fs::read_to_string(folder.join(name)).ok().filter(|text| text.ends_with('\n'));
            if let (Some(url), Some(token)) = (read("server.url"), read("admin.token")) {
                let administrator = Client { url: url.trim().into(), token: token.trim().into() };
                return Ok(Server { process, administrator, folder, temporary: None });
            }
            if process.try_wait().unwrap().is_some() || started.elapsed() > Duration::from_secs(60) {
                let _ = process.kill();
                let _ = process.wait();
                return Err(std::fs::read_to_string(&log).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The process, which may not have read anything yet.
    pub(crate) fn spawn(self) -> Child {
        // Where the disk fails, the folder may have to wait for the server.
        let _ = std::fs::create_dir_all(&self.folder);
        let _ = std::fs::remove_file(self.folder.join("server.url"));
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        let config = if on_postgresql() { Some(self.config_with_database()) } else { self.config };
        Command::new(program())
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(&self.folder)
            .args(config.iter().flat_map(|path| ["--config".as_ref(), path.as_os_str()]))
            .envs(self.environment)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// A copy of the configuration with a PostgreSQL database that is this folder's, unless it names one.
    fn config_with_database(&self) -> PathBuf {
        static DATABASES: LazyLock<Mutex<(PostgreSql, BTreeMap<PathBuf, String>)>> =
            LazyLock::new(|| Mutex::new((PostgreSql::start(), BTreeMap::new())));
        let mut config = self.config.as_ref().map_or_else(String::new, |path| std::fs::read_to_string(path).unwrap());
        if !config.contains("[database]") {
            let (postgresql, urls) = &mut *DATABASES.lock().unwrap();
            let name = format!("control{}", urls.len());
            let url = urls.entry(self.folder.clone()).or_insert_with(|| postgresql.database(&name));
            config.push_str(&format!("\n[database]\nurl = '{url}'\n"));
        }
        let path = self.log.with_extension("postgresql.toml");
        std::fs::write(&path, config).unwrap();
        path
    }
}

/// Whether servers keep their control database in PostgreSQL: with `INDELIBLE_POSTGRESQL=1`.
fn on_postgresql() -> bool {
    std::env::var_os("INDELIBLE_POSTGRESQL").is_some_and(|value| value == "1")
}

impl Client {
    /// Runs a client command against this server.
    pub(crate) fn indelible(&self, args: &[&str]) -> Answer {
        run(Command::new(program()).args(args).env("INDELIBLE_URL", &self.url).env("INDELIBLE_TOKEN", &self.token))
    }

    /// As [`indelible`](Self::indelible), in the background.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        Command::new(program())
            .args(args)
            .env("INDELIBLE_URL", &self.url)
            .env("INDELIBLE_TOKEN", &self.token)
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Imports and returns (read, new, duplicate, refused).
    pub(crate) fn import(&self, adapter: &str, file: &Path) -> (u64, u64, u64, u64) {
        let scratch = tempfile::tempdir().unwrap();
        let refused = scratch.path().join("refused.jsonl");
        let answer = self.indelible(&[
            "import",
            adapter,
            file.to_str().unwrap(),
            "--format",
            "json",
            "--refused",
            refused.to_str().unwrap(),
        ]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        let last = answer.out.lines().last().unwrap();
        let summary: serde_json::Value = serde_json::from_str(last).unwrap();
        let number = |name: &str| summary[name].as_u64().unwrap();
        let counts = (number("read"), number("new"), number("duplicate"), number("refused"));
        assert_eq!(counts.0, counts.1 + counts.2 + counts.3, "{last}");
        if counts.3 > 0 {
            let reasons = std::fs::read_to_string(&refused).unwrap();
            assert_eq!(reasons.lines().count() as u64, counts.3, "every refused record has its line");
        }
        counts
    }

    pub(crate) fn count(&self, query: &str) -> u64 {
        let answer = self.indelible(&["search", query, "--count"]);
        answer.out.trim().parse().unwrap_or_else(|_| panic!("{}", answer.err))
    }

    /// Posts a body of events and returns status and answer.
    pub(crate) fn post(&self, headers: &[(&str, &str)], body: Vec<u8>) -> (u16, serde_json::Value) {
        let mut request = self.request(reqwest::Method::POST, "/api/v1/events").body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (status, body) = fetch(request);
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// A request with the token.
    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        reqwest::Client::new().request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    /// What the server answers to a GET, as JSON.
    pub(crate) fn get(&self, path: &str) -> (u16, serde_json::Value) {
        let (status, body) = fetch(self.request(reqwest::Method::GET, path));
        (status, serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&body))))
    }

    /// The kinds of the alarms that are on.
    pub(crate) fn alarms(&self) -> Vec<String> {
        let (_, alarms) = self.get("/api/v1/alarms");
        alarms.as_array().unwrap().iter().map(|alarm| alarm["kind"].as_str().unwrap().to_owned()).collect()
    }

    /// The rows of an SQL query.
    pub(crate) fn sql(&self, query: &str) -> Vec<serde_json::Value> {
        let answer = self.indelible(&["sql", query, "--format", "json"]);
        assert!(answer.code < 2, "{}", answer.err);
        answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn seal(&self) {
        let answer = self.indelible(&["archive", "seal"]);
        assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until `check` holds; panics with `what` if that takes half a minute.
pub(crate) fn eventually(what: &str, mut check: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !check() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Sends a request and returns status and body.
pub(crate) fn fetch(request: reqwest::RequestBuilder) -> (u16, Vec<u8>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
    })
}

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the program without a server.
pub(crate) fn offline(args: &[&str]) -> Answer {
    run(Command::new(program()).args(args).env_remove("INDELIBLE_TOKEN"))
}

/// Runs the program without a server and without network.
pub(crate) fn without_network(args: &[&str]) -> Answer {
    run(Command::new("unshare").args(["-r", "-n"]).arg(program()).args(args).env_remove("INDELIBLE_TOKEN"))
}

pub(crate) fn run(command: &mut Command) -> Answer {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    Answer {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&stdout).into_owned(),
        err: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

/// A whole audit.3 event in the organization `organization`, with members replaced or added by `change`.
pub(crate) fn event(number: u64, change: serde_json::Value) -> serde_json::Value {
    let mut event = serde_json::json!({
        "type": "audit.3", "time": format!("2026-01-02T03:04:05.{:06}Z", number % 1_000_000), "name": "PUT_FILE", "result": "SUCCESS",
        "categories": ["dataDelete"],
        "requestFields": {"deletedResources": [{"id": {"type": "rid", "rid": format!("ri.files..file.{number}")}, "context": []}]},
        "eventId": format!("00000000-0000-4000-8000-{number:012x}"), "logEntryId": format!("10000000-0000-4000-8000-{number:012x}"),
        "producerType": "SERVER", "product": "files", "productVersion": "1.2.3", "uid": "ann", "origin": "10.1.2.3",
        "organizations": [{"id": "ri.indelible..organization.acme", "reason": "test"}],
    });
    for (name, value) in change.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}
