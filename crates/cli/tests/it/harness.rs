//! Starts the real program and talks to it as a user does.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_indelible");

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
        std::fs::create_dir_all(folder).unwrap();
        let url_file = folder.join("server.url");
        let _ = std::fs::remove_file(&url_file);
        let log_file = folder.with_extension("log");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&log_file).unwrap();
        let mut process = Command::new(PROGRAM)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder)
            .args(folder.with_extension("toml").exists().then(|| format!("--config={}.toml", folder.display())))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let started = Instant::now();
        loop {
            if let Ok(url) = std::fs::read_to_string(&url_file) {
                let token = std::fs::read_to_string(folder.join("admin.token")).unwrap();
                let administrator = Client { url: url.trim().into(), token: token.trim().into() };
                return Ok(Self { process, administrator, folder: folder.into(), temporary: None });
            }
            if process.try_wait().unwrap().is_some() || started.elapsed() > Duration::from_secs(60) {
                let _ = process.kill();
                return Err(std::fs::read_to_string(&log_file).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What a second server on the same folder says before it gives up.
    pub(crate) fn try_start_in_use(folder: &Path) -> String {
        let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", folder.to_str().unwrap()];
        let answer = run(Command::new(PROGRAM).args(args));
        assert_ne!(answer.code, 0);
        answer.err
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
    pub(crate) fn stop(mut self) {
        assert!(Command::new("kill").arg(self.process.id().to_string()).status().unwrap().success());
        let status = self.process.wait().unwrap();
        assert!(status.success(), "the server ended with {status}");
    }
}

impl Client {
    /// Runs a client command against this server.
    pub(crate) fn indelible(&self, args: &[&str]) -> Answer {
        run(Command::new(PROGRAM).args(args).env("INDELIBLE_URL", &self.url).env("INDELIBLE_TOKEN", &self.token))
    }

    /// As [`indelible`](Self::indelible), in the background.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        Command::new(PROGRAM)
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
    run(Command::new(PROGRAM).args(args).env_remove("INDELIBLE_TOKEN"))
}

/// Runs the program without a server and without network.
pub(crate) fn without_network(args: &[&str]) -> Answer {
    run(Command::new("unshare").args(["-r", "-n", PROGRAM]).args(args).env_remove("INDELIBLE_TOKEN"))
}

fn run(command: &mut Command) -> Answer {
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
