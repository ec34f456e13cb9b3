//! A real receiver of syslog: rsyslog of the distribution, started and stopped by a test.

#![allow(clippy::panic, reason = "a test whose server is not there has failed")]

use std::fmt::Write as _;
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to start, and to write what it was sent.
const PATIENCE: Duration = Duration::from_secs(30);

/// Certificates of a receiver, all in PEM.
#[derive(Clone, Copy, Debug)]
pub struct Tls<'a> {
    /// Who may sign certificates of clients.
    pub ca: &'a str,
    /// The receiver's.
    pub certificate: &'a str,
    /// Its private key.
    pub key: &'a str,
    /// Whether clients need a certificate.
    pub clients_are_named: bool,
}

/// A running rsyslog that writes what it receives into a file. Killed when dropped.
#[derive(Debug)]
pub struct Rsyslog {
    child: Child,
    port: u16,
    received: PathBuf,
}

impl Rsyslog {
    /// Starts one on `port` of 127.0.0.1 with its files in the existing folder `folder`, and waits until it listens.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    pub fn start(folder: &Path, port: u16, tls: Option<&Tls<'_>>) -> Rsyslog {
        let received = folder.join("received");
        let configuration = folder.join("rsyslog.conf");
        write(&configuration, &configure(folder, port, tls, &received));
        let child = Command::new("/usr/sbin/rsyslogd")
            .arg("-n")
            .args([Path::new("-f"), &configuration, Path::new("-i"), &folder.join("rsyslog.pid")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("rsyslog.errors")).unwrap_or_else(|error| panic!("{error}")))
            .spawn()
            .unwrap_or_else(|error| panic!("start rsyslogd: {error}; run tools/setup"));
        let mut rsyslog = Rsyslog { child, port, received };
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Ok(Some(status)) = rsyslog.child.try_wait() {
                let errors = fs::read_to_string(folder.join("rsyslog.errors")).unwrap_or_default();
                panic!("rsyslogd ended with {status}: {errors}");
            }
            assert!(Instant::now() < until, "rsyslogd does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        rsyslog
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it has received so far: for each message its facility and severity, time, host, application, message id, structured data
    /// and text, as rsyslog understood them, with TAB between.
    pub fn received(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.received).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// As [`Rsyslog::received`], once there are `count` messages.
    ///
    /// # Panics
    /// When there are fewer after half a minute.
    pub fn wait_for(&self, count: usize) -> Vec<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            assert!(Instant::now() < until, "rsyslog has {} messages of {count}", received.len());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configure(folder: &Path, port: u16, tls: Option<&Tls<'_>>, received: &Path) -> String {
    let (mut global, mut module) = (String::new(), String::new());
    if let Some(tls) = tls {
        let file = |name: &str, pem: &str| {
            let path = folder.join(name);
            write(&path, pem);
            path.display().to_string()
        };
        let (ca, certificate, key) =
            (file("ca.pem", tls.ca), file("certificate.pem", tls.certificate), file("key.pem", tls.key));
        let _ = write!(
            global,
            "defaultNetstreamDriver=\"ossl\" defaultNetstreamDriverCAFile=\"{ca}\" \
             defaultNetstreamDriverCertFile=\"{certificate}\" defaultNetstreamDriverKeyFile=\"{key}\""
        );
        let mode = if tls.clients_are_named { "x509/certvalid" } else { "anon" };
        let _ = write!(module, "streamDriver.name=\"ossl\" streamDriver.mode=\"1\" streamDriver.authMode=\"{mode}\"");
    }
    let (folder, received) = (folder.display(), received.display());
    format!(
        r#"global(workDirectory="{folder}" maxMessageSize="2m" {global})
module(load="imtcp" {module})
template(name="fields" type="string" string="%syslogfacility-text%.%syslogseverity-text%\t%timereported:::date-rfc3339%\t%hostname%\t%app-name%\t%msgid%\t%structured-data%\t%msg%\n")
input(type="imtcp" address="127.0.0.1" port="{port}")
action(type="omfile" file="{received}" template="fields")
"#
    )
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
}

/// A port of 127.0.0.1 that nobody listened on a moment ago.
///
/// # Panics
/// When there is none.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap_or_else(|error| panic!("{error}"));
    listener.local_addr().unwrap_or_else(|error| panic!("{error}")).port()
}
