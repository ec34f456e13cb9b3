//! A PostgreSQL server of a test's own, started on a free port and killed after it.
//!
//! `tools/setup` installs the programs; a test that finds none fails and says so. PostgreSQL does not run as root: for root it
//! runs as the user `postgres` of Debian's package.

#![allow(clippy::expect_used, clippy::panic)]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::servers::process::{Process, free_ports};

/// A running server.
#[derive(Debug)]
pub struct PostgreSql {
    _process: Process,
    port: u16,
    _data: TempDir,
}

impl PostgreSql {
    /// Makes a cluster, starts it and waits until it answers.
    ///
    /// # Panics
    ///
    /// If it is not installed or does not come up.
    pub fn start() -> PostgreSql {
        let data = tempfile::tempdir().expect("a folder for the server's data");
        let user = is_root(&data).then(debian_user);
        if let Some((user, group)) = user {
            chown(data.path(), Some(user), Some(group)).expect("give the folder to the user postgres");
        }
        let cluster = data.path().join("cluster");
        let mut initdb = Command::new("setpriv");
        if let Some((user, group)) = user {
            initdb.args([&format!("--reuid={user}"), &format!("--regid={group}"), "--clear-groups"]);
        }
        // Nothing is written for ever here: what a test wants to lose it loses by killing the server under test.
        initdb.arg("--").arg(program("initdb")).arg("--pgdata").arg(&cluster);
        initdb.args(["--username", "postgres", "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--no-locale"]);
        let made = initdb.current_dir("/").output().expect("start setpriv of util-linux; run tools/setup");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = free_ports(1)[0];
        let arguments = [
            format!("-D{}", cluster.display()),
            format!("-p{port}"),
            format!("-k{}", data.path().display()),
            "-h127.0.0.1".to_owned(),
            "-F".to_owned(),
        ];
        let output = data.path().join("output");
        let mut process =
            Process::new(program("postgres"), arguments.to_vec(), output, port).ready(is_ready).user(user);
        process.start();
        PostgreSql { _process: process, port, _data: data }
    }

    /// The address of a database that is made now.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    pub fn database(&self, name: &str) -> String {
        let port = self.port.to_string();
        let made = Command::new(program("createdb"))
            .args(["--host", "127.0.0.1", "--port", &port, "--username", "postgres", name])
            .output()
            .expect("start createdb");
        assert!(made.status.success(), "createdb: {}", String::from_utf8_lossy(&made.stderr));
        format!("postgres://postgres@127.0.0.1:{port}/{name}")
    }
}

/// A program of the newest version installed.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is not installed; run tools/setup");
    let versions = versions.filter_map(|version| Some(version.ok()?.path().join("bin").join(name)));
    versions.filter(|path| path.exists()).max().unwrap_or_else(|| panic!("no {name} of PostgreSQL; run tools/setup"))
}

/// Whoever makes a folder owns it.
fn is_root(folder: &TempDir) -> bool {
    folder.path().metadata().expect("the folder's owner").uid() == 0
}

/// Numbers of the user and group that Debian's package makes.
fn debian_user() -> (u32, u32) {
    let users = std::fs::read_to_string("/etc/passwd").expect("read /etc/passwd");
    let line = users.lines().find(|line| line.starts_with("postgres:")).expect("a user postgres; run tools/setup");
    let mut fields = line.split(':').skip(2).map(|field| field.parse().expect("a number in /etc/passwd"));
    (fields.next().expect("a user's number"), fields.next().expect("a group's number"))
}

/// Whether the server takes connections: it answers a request for TLS with one byte.
fn is_ready(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else { return false };
    _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    // Length 8, code 80877103: SSLRequest of the protocol.
    let (mut answer, request) = ([0], [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
    stream.write_all(&request).and_then(|()| stream.read_exact(&mut answer)).is_ok()
}
