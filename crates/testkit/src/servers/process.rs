//! A program that listens on a port.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

/// Longest wait for an answer; machines that build at the same time are slow.
const START_TIMEOUT: Duration = Duration::from_secs(180);

/// Below the ports that systems give to outgoing connections.
const PORTS: std::ops::Range<u16> = 15_000..32_000;

/// A program of `tools/setup`, below `~/.cache/indelible/<home>` or the folder in `INDELIBLE_PYTHON_HOME`,
/// `INDELIBLE_NODE_HOME`.
pub(crate) fn installed(home: &str, program: &str) -> PathBuf {
    let named = std::env::var_os(format!("INDELIBLE_{}_HOME", home.to_uppercase()));
    let folder = named.map_or_else(
        || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(".cache/indelible").join(home),
        PathBuf::from,
    );
    let path = folder.join(program);
    assert!(path.exists(), "{} is not installed; run tools/setup", path.display());
    path
}

/// Ports that nobody listens on now.
pub(crate) fn free_ports(count: usize) -> Vec<u16> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut random = SmallRng::seed_from_u64(u64::from(since.subsec_nanos()) ^ u64::from(std::process::id()) << 32);
    let mut held: Vec<TcpListener> = Vec::new();
    while held.len() < count {
        let port = random.random_range(PORTS);
        held.extend(TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    }
    held.iter().map(|listener| listener.local_addr().expect("an address").port()).collect()
}

#[derive(Debug)]
pub(crate) struct Process {
    program: PathBuf,
    arguments: Vec<String>,
    output: PathBuf,
    port: u16,
    /// Whether what listens on the port is ready.
    ready: fn(u16) -> bool,
    /// The user it runs as, if not ours: numbers of user and group.
    user: Option<(u32, u32)>,
    child: Option<Child>,
}

impl Process {
    /// A program that answers HTTP on `port`.
    pub(crate) fn new(program: PathBuf, arguments: Vec<String>, output: PathBuf, port: u16) -> Process {
        Process { program, arguments, output, port, ready: answers, user: None, child: None }
    }

    /// The same, ready when `ready` says so.
    pub(crate) fn ready(mut self, ready: fn(u16) -> bool) -> Process {
        self.ready = ready;
        self
    }

    /// The same, run by another user.
    pub(crate) fn user(mut self, user: Option<(u32, u32)>) -> Process {
        self.user = user;
        self
    }

    pub(crate) fn start(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let output = File::options().create(true).append(true).open(&self.output).expect("a file for the output");
        let user = self
            .user
            .map(|(user, group)| [format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .args(user.into_iter().flatten())
            .arg("--")
            .arg(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a second handle"))
            .stderr(output)
            .spawn()
            .expect("start setpriv of util-linux; run tools/setup");
        self.child = Some(child);
        let begin = Instant::now();
        while !(self.ready)(self.port) {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() || begin.elapsed() > START_TIMEOUT {
                let output = fs::read_to_string(&self.output).unwrap_or_default();
                panic!("{} does not answer ({ended:?}):\n{output}", self.program.display());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            _ = child.kill();
            _ = child.wait();
        }
    }

    pub(crate) fn stop(&mut self) {
        self.signal("TERM");
        if let Some(mut child) = self.child.take() {
            _ = child.wait();
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let child = self.child.as_ref().expect("it runs");
        let status = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "send SIG{name}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether something on the port answers to HTTP.
fn answers(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else { return false };
    _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut begin = [0; 5];
    let request = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    stream.write_all(request).and_then(|()| stream.read_exact(&mut begin)).is_ok() && begin == *b"HTTP/"
}
