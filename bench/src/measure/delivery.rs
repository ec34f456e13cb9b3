//! How fast archived events get out again: into tables of exports, and through sinks.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use indelible_storage::Bucket;
use indelible_testkit::rsyslog::{Rsyslog, free_port};
use serde_json::Value;

use super::Context;
use super::archive::{Archived, fill_with};
use crate::peers::folder_bytes;
use crate::process::{self, Folder};
use crate::receivers::{Receiver, loopback};
use crate::report::{Report, Section, number};
use crate::store::Store;
use crate::wire::http::Client;

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(600);

/// From the archive to the tables of all organizations, in the same store.
pub(crate) fn exports(context: &Context<'_>, report: &mut Report) -> Result<()> {
    let title = format!("Exports: {} archived events into Delta tables", number(context.knobs.export_events as f64));
    let mut section =
        Section::new(title, &["store", "what", "rows/s", "seconds", "MB/s written", "server or peer CPU s per M rows"]);
    let organizations = context.generator.organizations().len() as f64;
    let mut creations = Vec::new();
    for start in [Store::local, Store::seaweed] {
        let store = start(context.places)?;
        eprintln!("exports: {}", store.name());
        let archived = fill_with(context, context.knobs.export_events, Some(&store.configuration("")?), report)?;
        let mut row = |what: &str, events: u64, seconds: f64, bytes: u64, cpu: Option<f64>| {
            section.row(vec![
                store.name().to_owned(),
                what.to_owned(),
                number(events as f64 / seconds),
                number(seconds),
                number(bytes as f64 / seconds / 1e6),
                cpu.map_or("-".to_owned(), |cpu| number(cpu * 1e6 / events as f64)),
            ]);
        };
        for (name, what, options) in
            [("plain", "Indelible", &[][..]), ("salted", "Indelible, each row with its salt", &["--salt"][..])]
        {
            let exported = export(context, &archived, &store, name, options)?;
            row(what, exported.rows, exported.seconds, exported.bytes, Some(exported.cpu_seconds));
            creations.push(format!(
                "{} s ({}, {what})",
                number(exported.creation_seconds / organizations),
                store.name()
            ));
        }
        let mut peer = context.places.script("delta_write.py");
        store.introduce(peer.arg(store.place("archive", "bench")).arg(store.place("lake", "peer")));
        let finished = process::measure(&mut peer)?;
        let answer: Value = serde_json::from_str(finished.output.trim()).context("what delta_write.py printed")?;
        let (rows, seconds) =
            (answer["rows"].as_u64().context("rows")?, answer["seconds"].as_f64().context("seconds")?);
        row("deltalake (Python)", rows, seconds, answer["bytes"].as_u64().unwrap_or_default(), answer["cpu"].as_f64());
        let (bytes, seconds) = copy(&store)?;
        row("plain copy of the log files", archived.events, seconds, bytes, None);
    }
    section.note(format!(
        "Of {} organizations, one export after the other, from its creation until the last row is in the table, as the server says: up to a \
         second passes before the server looks for new exports. Creation comes before that and tries the store: {} for each. An export \
         without salts and start date copies log files byte by byte; with salts it reads and writes every row. deltalake reads the same log files with pyarrow \
         and appends one after the other to a table for each organization; its start is not counted. The plain copy reads each object of the \
         archive and creates it elsewhere in the same store through the bucket of this program, synced or read back as there, one after the other.",
        number(organizations),
        creations.join(", ")
    ));
    report.section(section);
    Ok(())
}

/// What an export of all organizations took.
struct Exported {
    rows: u64,
    /// Of the tables.
    bytes: u64,
    /// Until each export was made: that includes trying its store.
    creation_seconds: f64,
    /// From there until its table had all.
    seconds: f64,
    /// Of the server.
    cpu_seconds: f64,
}

/// Exports all organizations, one after the other.
fn export(context: &Context<'_>, archived: &Archived, store: &Store, name: &str, options: &[&str]) -> Result<Exported> {
    let indelible = &archived.indelible;
    let cpu_before = indelible.server.cpu_seconds()?;
    let mut exported = Exported { rows: 0, bytes: 0, creation_seconds: 0.0, seconds: 0.0, cpu_seconds: 0.0 };
    for (number, organization) in context.generator.organizations().iter().enumerate() {
        let to = store.place("lake", &format!("tables/{name}-{number}"));
        let create = ["export", "create", "--organization", organization, "--name", name, "--to", &to];
        let creation = indelible.run(context.places, &[&create[..], options].concat())?;
        let begin = Instant::now();
        let mut client = Client::connect(indelible.address, &indelible.token)?;
        let path = format!("/api/v1/organizations/{organization}/exports/{name}");
        let progress = loop {
            let export: Value = serde_json::from_slice(&client.call("GET", &path, b"")?)?;
            ensure!(export["lastError"].is_null(), "{export}");
            if export["progress"]["waitingFiles"] == 0 {
                break export["progress"].clone();
            }
            ensure!(begin.elapsed() < PATIENCE, "{export}");
            std::thread::sleep(Duration::from_millis(20));
        };
        exported.seconds += begin.elapsed().as_secs_f64();
        exported.creation_seconds += creation.seconds;
        exported.rows += progress["rows"].as_u64().unwrap_or(0);
        exported.bytes += progress["bytes"].as_u64().unwrap_or(0);
    }
    ensure!(exported.rows >= archived.events, "{} rows of {} events", exported.rows, archived.events);
    exported.cpu_seconds = indelible.server.cpu_seconds()? - cpu_before;
    Ok(exported)
}

/// Copies the log files within the store: their bytes and the seconds that takes.
fn copy(store: &Store) -> Result<(u64, f64)> {
    let open = |bucket: &str, path: &str| -> Result<Bucket> {
        match &store.seaweed {
            None => {
                let folder = store.folder.path().join(bucket).join(path);
                std::fs::create_dir_all(&folder)?;
                Ok(Bucket::local(&folder)?)
            }
            Some(seaweed) => Ok(Bucket::open(&seaweed.location(bucket, path), &seaweed.settings())?),
        }
    };
    let (from, to) = (open("archive", "bench")?, open("lake", "copy")?);
    tokio::runtime::Runtime::new()?.block_on(async {
        let objects = from.list_sorted("organizations").await?;
        let begin = Instant::now();
        let mut bytes = 0;
        for object in objects.iter().filter(|object| object.name.ends_with(".parquet")) {
            let content = from.get(&object.name).await?;
            bytes += content.len() as u64;
            to.create(&object.name, content).await?;
        }
        Ok((bytes, begin.elapsed().as_secs_f64()))
    })
}

/// Where a sink is pointed.
struct Destination {
    name: &'static str,
    to: String,
    /// Counts bytes, where we wrote it.
    receiver: Option<Receiver>,
}

/// From the archive through a sink of one organization, destination by destination.
pub(crate) fn sinks(context: &Context<'_>, report: &mut Report) -> Result<()> {
    // Sinks to this machine are for whoever the operator lets.
    let configuration = "audit-reads = false\n[sinks]\nhosts = ['127.0.0.1']\n";
    let archived = fill_with(context, context.knobs.sink_events, Some(configuration), report)?;
    let folder = Folder::create(&context.places.work, "rsyslog")?;
    let rsyslog = Rsyslog::start(folder.path(), free_port(), None);
    let (syslog, splunk) = (Receiver::syslog()?, Receiver::splunk()?);
    let destinations = [
        Destination {
            name: "syslog over TCP, a receiver that keeps nothing",
            to: format!("syslog+tcp://{}", syslog.address),
            receiver: Some(syslog),
        },
        Destination {
            name: "syslog over TCP, rsyslog that writes a file",
            to: format!("syslog+tcp://127.0.0.1:{}", rsyslog.port()),
            receiver: None,
        },
        Destination {
            name: "Splunk HEC, a receiver that keeps nothing",
            to: format!("splunk+http://{}", splunk.address),
            receiver: Some(splunk),
        },
    ];
    let columns = [
        "to",
        "events/s",
        "seconds",
        "bytes per event",
        "server CPU s per M events",
        "the same bytes through a socket, events/s",
    ];
    let mut section = Section::new("Sinks: the log of one organization, from its first entry on", &columns);
    for destination in &destinations {
        eprintln!("sinks: {}", destination.name);
        let cpu_before = archived.indelible.server.cpu_seconds()?;
        let (events, seconds) = deliver(context, &archived, &destination.to)?;
        let cpu = archived.indelible.server.cpu_seconds()? - cpu_before;
        let (per_event, limit) = match &destination.receiver {
            None => ("-".to_owned(), "-".to_owned()),
            Some(receiver) => {
                let per_event = receiver.bytes() as f64 / events as f64;
                let socket = loopback(&vec![b'x'; 1 << 20], receiver.bytes().div_ceil(1 << 20).max(512))?;
                (number(per_event), number(socket / per_event))
            }
        };
        section.row(vec![
            destination.name.to_owned(),
            number(events as f64 / seconds),
            number(seconds),
            per_event,
            number(cpu * 1e6 / events as f64),
            limit,
        ]);
    }
    let written = folder_bytes(folder.path(), &|path: &Path| path.ends_with("received"))?;
    section.note(format!(
        "{} events are in the archive, of {} organizations; one sink, default batches, one batch under way at a time. From its creation until the server has noted the \
         last event as delivered. HTTP bodies are compressed by gzip, and the bytes per event are those on the wire. The limit is one thread that writes as many bytes into a socket of \
         this machine, one MiB at a time, and one that reads them. rsyslog wrote {} MB.",
        number(archived.events as f64),
        context.generator.organizations().len(),
        number(written as f64 / 1e6)
    ));
    report.section(section);
    Ok(())
}

/// Lets a sink deliver the first organization's log: events and seconds.
fn deliver(context: &Context<'_>, archived: &Archived, to: &str) -> Result<(u64, f64)> {
    let (indelible, organization) = (&archived.indelible, context.generator.organizations()[0].as_str());
    let of = ["--organization", organization];
    let begin = Instant::now();
    let create = ["sink", "create", "bench", "--to", to, "--from", "2000-01-01"];
    indelible.run(context.places, &[&create[..], &of[..]].concat())?;
    let mut client = Client::connect(indelible.address, &indelible.token)?;
    let (events, seconds) = loop {
        let path = format!("/api/v1/organizations/{organization}/sinks");
        let sinks: Value = serde_json::from_slice(&client.call("GET", &path, b"")?)?;
        let sink = &sinks[0];
        ensure!(sink["failures"] == 0 && sink["deadLetters"] == 0, "{sink}");
        let delivered = sink["delivered"].as_u64().unwrap_or(0);
        if delivered > 0 && sink["lagEntries"] == 0 {
            break (delivered, begin.elapsed().as_secs_f64());
        }
        ensure!(begin.elapsed() < PATIENCE, "{sink}");
        std::thread::sleep(Duration::from_millis(20));
    };
    indelible.run(context.places, &[&["sink", "delete", "bench"][..], &of[..]].concat())?;
    Ok((events, seconds))
}
