//! B3 and B4: what others' protocols cost.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::process::Signal;
use serde_json::Value;

use super::Context;
use super::ingest::{self, Entrant, INDELIBLE, race, table};
use crate::drive::Pool;
use crate::machine::SyncProbe;
use crate::peers::{self, Indelible, Places};
use crate::process::{Folder, Server, free_address};
use crate::report::{Aim, Report, Section, number};
use crate::wire::Target;
use crate::wire::http::Client;
use crate::wire::otlp::{self, Shape};

fn over_otlp(places: &Places) -> Result<(Server, Target)> {
    let Indelible { server, address, token, .. } = peers::indelible(places)?;
    Ok((server, Target::Otlp { address, token }))
}

/// The same events as in B1, as log records of OTLP.
pub(crate) fn logs(context: &Context<'_>, report: &mut Report) -> Result<()> {
    const BATCH: u64 = 1_000;
    // Three pools take the memory of one of B1.
    let events = context.knobs.pool / 3;
    eprintln!("B4: making {events} events, thrice");
    let plain = Pool::generate(context.generator, 0, events, BATCH);
    // An event of the generator is always one that can be written so.
    let make = |shape| plain.map(|batch| otlp::request(batch, shape).unwrap_or_default());
    let (maps, texts) = (make(Shape::Map), make(Shape::Text));
    let entrants = [
        Entrant { name: INDELIBLE, connections: 8, start: &ingest::indelible, pool: &plain },
        Entrant { name: "Indelible, OTLP, bodies are maps", connections: 8, start: &over_otlp, pool: &maps },
        Entrant {
            name: "Indelible, OTLP, bodies are JSON in a string",
            connections: 8,
            start: &over_otlp,
            pool: &texts,
        },
    ];
    let results = race(context, &entrants, Duration::from_secs(1));
    let mut section =
        table("B4: durable OTLP logs over HTTP in protobuf, 1,000 records a request, 8 connections", &results);
    section.note("The same events in each, made into requests before the clock starts. Answers of OTLP say nothing of single records.");
    report.section(section);
    let Some(own) = results[0].median() else {
        report.missing("B4", &results[0].failure());
        return Ok(());
    };
    for result in &results[1..] {
        match result.median() {
            Some(round) => {
                let ratio = round.outcome.rate() / own.outcome.rate();
                let shown = format!("{}x of {} events/s", number(ratio), number(own.outcome.rate()));
                report.verdict("B4", &format!("{}, times NDJSON", result.name()), ratio, Aim::AtLeast(0.7), &shown);
            }
            None => report.missing("B4", &format!("{}: {}", result.name(), result.failure())),
        }
    }
    Ok(())
}

/// A server of syslog over TCP, and how many messages it holds durably.
trait Durable {
    fn server(&self) -> &Server;
    fn address(&self) -> SocketAddr;
    fn count(&mut self) -> Result<u64>;
}

/// Indelible with a listener for the messages of one organization.
struct Ours {
    indelible: Indelible,
    address: SocketAddr,
    client: Client,
}

const ORGANIZATION: &str = "ri.indelible..organization.bench";

impl Ours {
    fn start(places: &Places) -> Result<Self> {
        let address = free_address()?;
        let configuration = format!(
            "audit-reads = false\n[[receive.syslog]]\nname = 'bench'\nlisten = '{address}'\norganization = '{ORGANIZATION}'\n"
        );
        let indelible = peers::indelible_with(places, Some(&configuration))?;
        let client = Client::connect(indelible.address, &indelible.token)?;
        Ok(Self { indelible, address, client })
    }
}

impl Durable for Ours {
    fn server(&self) -> &Server {
        &self.indelible.server
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn count(&mut self) -> Result<u64> {
        let all: Vec<Value> = serde_json::from_slice(&self.client.call("GET", "/api/v1/organizations", b"")?)?;
        let ours = all.iter().find(|organization| organization["organization"] == ORGANIZATION);
        // The first entry is the log's own.
        Ok(ours.and_then(|organization| organization["size"].as_u64()).unwrap_or(0).saturating_sub(1))
    }
}

/// rsyslog that syncs its file.
struct Rsyslog {
    server: Server,
    address: SocketAddr,
    file: File,
    lines: u64,
}

impl Rsyslog {
    fn start(places: &Places) -> Result<Self> {
        let folder = Folder::create(&places.work, "rsyslog")?;
        let (address, path) = (free_address()?, folder.path().to_owned());
        let (configuration, received) = (path.join("rsyslog.conf"), path.join("received"));
        File::create(&received)?;
        let text = format!(
            r#"global(workDirectory="{folder}" maxMessageSize="64k")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="{port}")
action(type="omfile" file="{received}" template="RSYSLOG_SyslogProtocol23Format" sync="on")
"#,
            folder = path.display(),
            port = address.port(),
            received = received.display(),
        );
        fs::write(&configuration, text)?;
        let mut command = Command::new("/usr/sbin/rsyslogd");
        command.arg("-n").arg("-f").arg(&configuration).arg("-i").arg(path.join("pid"));
        let mut server = Server::start("rsyslogd", folder, Signal::TERM, &mut command)?;
        server.wait_until_ready(|| Ok(TcpStream::connect(address)?))?;
        Ok(Self { server, address, file: File::open(&received)?, lines: 0 })
    }
}

impl Durable for Rsyslog {
    fn server(&self) -> &Server {
        &self.server
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is in the file, of which the newest write may not be synced yet: in rsyslog's favour.
    fn count(&mut self) -> Result<u64> {
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes)?;
        self.lines += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        Ok(self.lines)
    }
}

/// What one run showed.
struct Taken {
    rate: f64,
    cpu_per_million: f64,
    memory_bytes: u64,
    sync: SyncProbe,
}

/// Connections of a flood.
const CONNECTIONS: u64 = 8;
/// Messages made for each: none is sent twice, as an event that comes again is not stored again.
const MESSAGES: u64 = 250_000;

/// What each connection sends, made before any clock starts.
fn streams(message: &(dyn Fn(u64) -> Vec<u8> + Sync)) -> Vec<Vec<u8>> {
    let stream = |connection: u64| (0..MESSAGES).flat_map(|n| message(n * CONNECTIONS + connection)).collect();
    std::thread::scope(|scope| {
        let stream = &stream;
        let workers: Vec<_> = (0..CONNECTIONS).map(|connection| scope.spawn(move || stream(connection))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or_default()).collect()
    })
}

/// Messages over 8 connections, as fast as they are taken.
pub(crate) fn syslog(context: &Context<'_>, report: &mut Report) -> Result<()> {
    let generator = context.generator;
    let event = |number: u64| message(number, generator.batch(number, 1).trim_ascii_end());
    let login = |number: u64| message(number, login(number).as_bytes());
    let kinds: [(&str, &(dyn Fn(u64) -> Vec<u8> + Sync)); 2] =
        [("messages of sshd", &login), ("messages that are events", &event)];
    let columns =
        ["system", "messages/s (range)", "server CPU s per M messages", "server memory MiB", "sync probe before"];
    let mut section = Section::new("B3: durable syslog, RFC 5424 over TCP, 8 connections", &columns);
    for (kind, message) in kinds {
        let streams = streams(message);
        let mut measure = |name: &str, start: &dyn Fn() -> Result<Box<dyn Durable>>| -> Result<f64> {
            let round = |_| flood(context, &mut *start()?, &streams);
            let mut rounds =
                (0..context.knobs.rounds).map(round).collect::<Result<Vec<_>>>().context(name.to_owned())?;
            rounds.sort_by(|a, b| a.rate.total_cmp(&b.rate));
            let (low, high, median) = (rounds[0].rate, rounds[rounds.len() - 1].rate, &rounds[rounds.len() / 2]);
            section.row(vec![
                format!("{name}, {kind}"),
                format!("{} ({} to {})", number(median.rate), number(low), number(high)),
                number(median.cpu_per_million),
                number(median.memory_bytes as f64 / (1024.0 * 1024.0)),
                median.sync.to_string(),
            ]);
            Ok(median.rate)
        };
        let ours = measure("Indelible", &|| Ok(Box::new(Ours::start(context.places)?)))?;
        let theirs = measure("rsyslog, omfile sync=on", &|| Ok(Box::new(Rsyslog::start(context.places)?)))?;
        let shown = format!("{}x of {} messages/s", number(ours / theirs), number(theirs));
        report.verdict("B3", &format!("{kind}, times rsyslog"), ours / theirs, Aim::AtLeast(10.0), &shown);
    }
    section.note(
        "Octet-counted messages; each connection writes as fast as it is read. Counted is what became durable in the time: for Indelible by \
         the size of the organization's log, for rsyslog by the lines of its file. Messages of sshd go through the adapter `syslog`, which \
         makes events of them; those that are events are validated and stored as they are. rsyslog does neither.",
    );
    report.section(section);
    Ok(())
}

/// Lets all connections send, and counts for the knobs' seconds after one to warm up.
fn flood(context: &Context<'_>, durable: &mut dyn Durable, streams: &[Vec<u8>]) -> Result<Taken> {
    let sync = SyncProbe::run(&context.places.work)?;
    let is_over = AtomicBool::new(false);
    let address = durable.address();
    let send = |mut rest: &[u8]| -> Result<()> {
        let mut stream = TcpStream::connect(address)?;
        // So that it ends in time where it is not read any more.
        stream.set_write_timeout(Some(Duration::from_millis(200)))?;
        while !is_over.load(Relaxed) {
            ensure!(!rest.is_empty(), "all {MESSAGES} messages of a connection were taken before the time was over");
            match stream.write(&rest[..rest.len().min(64 << 10)]) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    };
    let mut count = || -> Result<Taken> {
        let begun = Instant::now();
        while durable.count()? == 0 {
            ensure!(begun.elapsed() < Duration::from_secs(60), "nothing is durable after a minute");
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_secs(1));
        let (at, cpu, before) = (Instant::now(), durable.server().cpu_seconds()?, durable.count()?);
        std::thread::sleep(Duration::from_secs(context.knobs.seconds));
        let count = durable.count()? - before;
        let seconds = at.elapsed().as_secs_f64();
        ensure!(count > 0, "nothing became durable");
        let cpu_per_million = (durable.server().cpu_seconds()? - cpu) * 1e6 / count as f64;
        Ok(Taken { rate: count as f64 / seconds, cpu_per_million, memory_bytes: durable.server().memory_bytes(), sync })
    };
    std::thread::scope(|scope| {
        let send = &send;
        let senders: Vec<_> = streams.iter().map(|stream| scope.spawn(move || send(stream))).collect();
        let counted = count();
        is_over.store(true, Relaxed);
        for sender in senders {
            sender.join().map_err(|_| anyhow::anyhow!("a sender ended"))??;
        }
        counted
    })
}

/// An octet-counted message of RFC 5424.
fn message(number: u64, text: &[u8]) -> Vec<u8> {
    let (second, micros) = (number / 1_000_000 % 60, number % 1_000_000);
    let head = format!(
        "<86>1 2026-03-01T09:10:{second:02}.{micros:06}Z web-{} sshd {} - - ",
        number % 40,
        1000 + number % 30_000
    );
    let mut message = format!("{} {head}", head.len() + text.len()).into_bytes();
    message.extend_from_slice(text);
    message
}

fn login(number: u64) -> String {
    let (user, port) = (number % 5_000, 1024 + number % 60_000);
    format!(
        "Accepted publickey for user{user} from 10.{}.{}.{} port {port} ssh2",
        number % 7,
        number % 251,
        number % 241
    )
}
