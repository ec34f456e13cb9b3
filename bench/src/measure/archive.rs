//! B5, B6 and B10: what an archive takes, how fast a needle is found in it, how fast it is verified.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use hdrhistogram::Histogram;
use indelible_testkit::generator::RARE;
use serde_json::{Value, json};

use super::Context;
use crate::drive::{self, Load, Pool};
use crate::machine::HashProbe;
use crate::peers::{self, Indelible, folder_bytes};
use crate::process::{self, Folder};
use crate::report::{Aim, Report, Section, number};
use crate::wire::http::Client;

/// An Indelible whose events are all archived.
pub(crate) struct Archived {
    pub(crate) indelible: Indelible,
    pub(crate) events: u64,
}

/// Fills a fresh server with the knob's number of events and seals them.
pub(crate) fn fill(context: &Context<'_>, report: &mut Report) -> Result<Archived> {
    fill_with(context, context.knobs.archive_events, None, report)
}

/// Fills a fresh server with this configuration with so many events and seals them.
pub(crate) fn fill_with(
    context: &Context<'_>,
    wanted: u64,
    configuration: Option<&str>,
    report: &mut Report,
) -> Result<Archived> {
    const BATCH: u64 = 1_000;
    let indelible = peers::indelible_with(context.places, configuration)?;
    let mut events = 0;
    let mut ingest_seconds = 0.0;
    while events < wanted {
        let count = (wanted - events).min(1_000_000).next_multiple_of(BATCH);
        let pool = Pool::generate(context.generator, events, count, BATCH);
        let load = Load { connections: 8, warm_up: Duration::ZERO, duration: None };
        let outcome = drive::run(&indelible.target(), &indelible.server, &pool, &load)?;
        events += pool.events();
        ingest_seconds += outcome.seconds;
    }
    let sealed = indelible.run(context.places, &["archive", "seal"])?;
    report.head(
        "Archive",
        format!(
            "{} events of {} organizations, sent in {} s; `archive seal` took {} s after that",
            number(events as f64),
            context.knobs.organizations,
            number(ingest_seconds),
            number(sealed.seconds)
        ),
    );
    Ok(Archived { indelible, events })
}

/// B5: bytes archived per event.
pub(crate) fn bytes(context: &Context<'_>, archived: Option<&Archived>, report: &mut Report) -> Result<()> {
    let mut section = Section::new("B5: bytes per event", &["stored as", "bytes per event", "of raw"]);
    let raw = context.generator.mean_bytes();
    let row = |section: &mut Section, name: &str, bytes: f64| {
        section.row(vec![name.to_owned(), number(bytes), format!("{:.1} %", bytes / raw * 100.0)]);
    };
    row(&mut section, "raw NDJSON", raw);
    let squeezed = zstd_bytes(context)?;
    row(&mut section, "zstd -19 of the raw NDJSON", squeezed);
    let typed = clickhouse_bytes(context)?;
    row(&mut section, "ClickHouse (chDB), typed MergeTree", typed);
    let floor = context.generator.floor().bytes();
    row(&mut section, "entropy floor of the generator", floor);
    section.note(format!(
        "zstd -19 saw the first {} events, in two halves; ClickHouse got all {}. Its table keeps what is in the event \
         and neither place, time of receipt nor anything to prove.",
        number(context.knobs.zstd_events as f64),
        number(context.knobs.archive_events as f64)
    ));

    if let Some(archived) = archived {
        let is_copy = |path: &Path| path.extension().is_some_and(|ending| ending == "segment");
        let kinds: [(&str, &dyn Fn(&Path) -> bool); 4] = [
            ("Indelible, log files (Parquet)", &|path| path.extension().is_some_and(|ending| ending == "parquet")),
            ("Indelible, tiles (proofs)", &|path| path.extension().is_some_and(|ending| ending == "tiles")),
            ("Indelible, copies of the journal, removed after two days", &is_copy),
            ("Indelible, the rest of the archive (manifests, keys)", &|path| {
                !is_copy(path) && !path.extension().is_some_and(|ending| ending == "parquet" || ending == "tiles")
            }),
        ];
        let mut log_files = 0.0;
        for (name, wanted) in kinds {
            let total = folder_bytes(&archived.indelible.archive, wanted)?;
            let bytes = total as f64 / archived.events as f64;
            row(&mut section, name, bytes);
            if log_files == 0.0 {
                log_files = bytes;
            }
        }
        let index = log_file_columns(context, archived, &mut section)?;
        let data = log_files - index;
        row(&mut section, "Indelible, log files without their Bloom filters", data);
        for (peer, theirs, most) in [("zstd -19 of the raw NDJSON", squeezed, 0.70), ("typed ClickHouse", typed, 0.90)]
        {
            let ratio = data / theirs;
            let shown = format!("{}x ({} of {} bytes)", number(ratio), number(data), number(theirs));
            report.verdict("B5", &format!("of {peer}"), ratio, Aim::AtMost(most), &shown);
        }
        let shown = format!("{} of {} bytes", number(index), number(data));
        report.verdict("B5", "index on top of the data", index / data, Aim::AtMost(0.25), &shown);
    }
    report.section(section);
    Ok(())
}

/// Bytes per event of zstd -19, one half of the sample on each of two cores.
fn zstd_bytes(context: &Context<'_>) -> Result<f64> {
    eprintln!("B5: zstd -19 of {} events", context.knobs.zstd_events);
    let half = (context.knobs.zstd_events / 2).max(1);
    let compress = |first: u64| zstd::bulk::compress(&context.generator.batch(first, half), 19);
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(|| compress(0));
        let other = compress(half);
        (one.join(), other)
    });
    let one = one.map_err(|_| anyhow!("the thread that compresses ended"))??;
    Ok((one.len() + other?.len()) as f64 / (2 * half) as f64)
}

/// Bytes per event of a typed table, by the peer's own count.
fn clickhouse_bytes(context: &Context<'_>) -> Result<f64> {
    let events = context.knobs.archive_events;
    eprintln!("B5: {events} events into ClickHouse");
    let folder = Folder::create(&context.places.work, "clickhouse")?;
    let path = folder.path().join("events.ndjson");
    let mut file = std::fs::File::create(&path)?;
    for first in (0..events).step_by(100_000) {
        file.write_all(&context.generator.batch(first, (events - first).min(100_000)))?;
    }
    drop(file);
    let mut command = context.places.script("clickhouse_store.py");
    let finished = process::measure(command.arg(&path).arg(folder.path().join("table")))?;
    let answer: Value = serde_json::from_str(finished.output.trim()).context("what clickhouse_store.py printed")?;
    ensure!(answer["rows"] == json!(events), "ClickHouse holds {} of {events} events", answer["rows"]);
    Ok(answer["bytes"].as_f64().context("bytes")? / events as f64)
}

/// Notes the largest columns of the log files; the bytes per event that Bloom filters take.
fn log_file_columns(context: &Context<'_>, archived: &Archived, section: &mut Section) -> Result<f64> {
    let finished = process::measure(context.places.script("log_file_columns.py").arg(&archived.indelible.archive))?;
    let answer: Value = serde_json::from_str(finished.output.trim()).context("what log_file_columns.py printed")?;
    let per_event = |value: &Value| value.as_f64().unwrap_or_default() / archived.events as f64;
    let columns = answer["columns"].as_array().context("columns")?;
    let shown: Vec<String> = columns
        .iter()
        .take(12)
        .map(|column| format!("{} {}", column[0].as_str().unwrap_or_default(), number(per_event(&column[1]))))
        .collect();
    section.note(format!("Largest columns of the log files, bytes per event: {}.", shown.join(", ")));
    Ok(per_event(&answer["bloom_bytes"]))
}

/// A kind of needle: what each system is asked, and how many events it must find.
struct Needles {
    kind: &'static str,
    /// Search text for Indelible, value for the others, events expected.
    wanted: Vec<(String, String, u64)>,
}

fn needles(context: &Context<'_>, events: u64) -> [Needles; 3] {
    let generator = context.generator;
    let rare = |query: fn(&str) -> String, value: &dyn Fn(u64) -> String| {
        let one = |number: u64| (query(&value(number)), value(number), generator.rare_count(number, events));
        (0..RARE).map(one).collect::<Vec<_>>()
    };
    let ids = (0..40).map(|n| generator.log_entry_id((n * 2 + 1) * events / 80));
    [
        Needles { kind: "id", wanted: ids.map(|id| (format!("logEntryId:{id}"), id, 1)).collect() },
        Needles { kind: "user", wanted: rare(|uid| format!("uid:{uid}"), &|number| generator.rare_user(number)) },
        Needles { kind: "substring", wanted: rare(str::to_owned, &|number| generator.rare_word(number)) },
    ]
}

/// Rounds over all needles of a kind; the first only warms up.
const SEARCH_ROUNDS: usize = 4;
/// No round over a kind of needle begins after this; the second always does.
const SEARCH_SECONDS: u64 = 60;

/// B6: needles in the archive.
pub(crate) fn search(context: &Context<'_>, archived: &Archived, report: &mut Report) -> Result<()> {
    let needles = needles(context, archived.events);
    let title = format!("B6: needles in {} archived events", number(archived.events as f64));
    let mut section = Section::new(title, &["needle", "system", "p50 ms", "p99 ms", "searches"]);
    let mut client = Client::connect(archived.indelible.address, &archived.indelible.token)?;
    let peers = search_peers(context, archived, &needles)?;
    for (place, kind) in needles.iter().enumerate() {
        let ours = search_indelible(&mut client, kind)?;
        let mut row = |system: &str, latency_us: &Histogram<u64>| {
            let ms = |quantile| number(latency_us.value_at_quantile(quantile) as f64 / 1_000.0);
            let searches = latency_us.len().to_string();
            section.row(vec![kind.kind.to_owned(), system.to_owned(), ms(0.5), ms(0.99), searches]);
        };
        row("Indelible, over HTTP", &ours);
        let median_ms = |latency_us: &Histogram<u64>| latency_us.value_at_quantile(0.5) as f64 / 1_000.0;
        for (system, latencies) in &peers {
            row(system, &latencies[place]);
            if !system.starts_with("DuckDB") {
                continue;
            }
            let (mine, theirs) = (median_ms(&ours), median_ms(&latencies[place]));
            if kind.kind == "substring" {
                let shown = format!("{}x ({} of {} ms)", number(mine / theirs), number(mine), number(theirs));
                report.verdict("B6", "substring, p50 against DuckDB", mine / theirs, Aim::AtMost(1.0), &shown);
            } else {
                let shown = format!("{} ms", number(mine));
                report.verdict("B6", &format!("by {}, p50 ms", kind.kind), mine, Aim::AtMost(50.0), &shown);
                let shown = format!("{}x ({} of {} ms)", number(theirs / mine), number(theirs), number(mine));
                let what = format!("by {}, times as fast as DuckDB", kind.kind);
                report.verdict("B6", &what, theirs / mine, Aim::AtLeast(3.0), &shown);
            }
        }
    }
    section.note(
        "The same Parquet files for all. Indelible answers over HTTP with the whole events; the peers run inside \
         their client, two threads, footers cached where they can. Every answer was checked for the number of events \
         the generator planted. The target is for 50 M events; this is the size above.",
    );
    report.section(section);
    Ok(())
}

fn search_indelible(client: &mut Client, needles: &Needles) -> Result<Histogram<u64>> {
    let mut latency_us = Histogram::<u64>::new(3)?;
    let start = Instant::now();
    for round in 0..SEARCH_ROUNDS {
        if round > 1 && start.elapsed() > Duration::from_secs(SEARCH_SECONDS) {
            break;
        }
        for (query, _, expected) in &needles.wanted {
            let body = json!({"query": query, "limit": 100, "order": "newest"}).to_string();
            let begin = Instant::now();
            let answer = client.call("POST", "/api/v1/search", body.as_bytes())?;
            let took = begin.elapsed().as_micros() as u64;
            let found = answer.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{")).count() as u64;
            ensure!(found == *expected, "search {query}: found {found} events, expected {expected}");
            if round > 0 {
                latency_us.record(took.max(1))?;
            }
        }
    }
    Ok(latency_us)
}

/// The peers' latencies: for each system, for each kind of needle.
fn search_peers(
    context: &Context<'_>,
    archived: &Archived,
    needles: &[Needles],
) -> Result<Vec<(&'static str, Vec<Histogram<u64>>)>> {
    let wanted: Vec<Value> = needles
        .iter()
        .map(|needles| {
            let values: Vec<&String> = needles.wanted.iter().map(|(_, value, _)| value).collect();
            json!({"kind": needles.kind, "values": values})
        })
        .collect();
    let order = json!({
        "archive": archived.indelible.archive,
        "rounds": SEARCH_ROUNDS,
        "seconds": SEARCH_SECONDS,
        "needles": wanted,
    });
    let mut results = Vec::new();
    for (system, script) in [("DuckDB", "duckdb_search.py"), ("ClickHouse (chDB)", "clickhouse_search.py")] {
        eprintln!("B6: {system}");
        let mut child =
            context.places.script(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context(script)?;
        child.stdin.take().context("stdin")?.write_all(order.to_string().as_bytes())?;
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "{script}: {}", output.status);
        // One line for each kind: for each round and value the microseconds and the rows found.
        let mut latencies = Vec::new();
        for (line, needles) in String::from_utf8_lossy(&output.stdout).lines().zip(needles) {
            let answers: Vec<Vec<(u64, u64)>> = serde_json::from_str(line).context(script)?;
            let mut latency_us = Histogram::<u64>::new(3)?;
            for (round, answers) in answers.iter().enumerate() {
                for ((took, found), (_, value, expected)) in answers.iter().zip(&needles.wanted) {
                    ensure!(found == expected, "{system}, {value}: found {found} events, expected {expected}");
                    if round > 0 {
                        latency_us.record((*took).max(1))?;
                    }
                }
            }
            latencies.push(latency_us);
        }
        ensure!(latencies.len() == needles.len(), "{script} answered {} kinds", latencies.len());
        results.push((system, latencies));
    }
    Ok(results)
}

/// B10: the whole archive verified offline. Stops the server: nothing but the files is there.
pub(crate) fn verify(context: &Context<'_>, archived: &mut Archived, report: &mut Report) -> Result<()> {
    archived.indelible.server.stop();
    let hashing = HashProbe::run();
    let mut command = Command::new(&context.places.indelible);
    command.arg("verify").arg(&archived.indelible.archive);
    let finished = process::measure(&mut command)?;
    let bytes = context.generator.mean_bytes() * archived.events as f64;
    let hash_seconds = bytes / hashing.bytes_per_second;

    let mut section =
        Section::new("B10: offline verification", &["what", "seconds", "CPU seconds", "GB/s of events", "memory MiB"]);
    section.row(vec![
        "indelible verify".to_owned(),
        number(finished.seconds),
        number(finished.cpu_seconds),
        number(bytes / finished.seconds / 1e9),
        number(finished.memory_bytes_max as f64 / (1024.0 * 1024.0)),
    ]);
    section.row(vec![
        "SHA-256 of the same bytes, one core".to_owned(),
        number(hash_seconds),
        number(hash_seconds),
        number(hashing.bytes_per_second / 1e9),
        "-".to_owned(),
    ]);
    section.note(format!(
        "The bytes are those of the {} events as JSON, hashed event by event. In CPU time verification runs at {} of \
         the speed of SHA-256.",
        number(archived.events as f64),
        number(hash_seconds / finished.cpu_seconds)
    ));
    report.section(section);
    let ratio = hash_seconds / finished.seconds;
    let shown = format!("{}x ({} of {} s)", number(ratio), number(hash_seconds), number(finished.seconds));
    report.verdict("B10", "verification, of SHA-256's speed", ratio, Aim::AtLeast(0.6), &shown);
    let memory = finished.memory_bytes_max as f64 / (1024.0 * 1024.0);
    report.verdict("B10", "verification, memory MiB", memory, Aim::AtMost(64.0), &format!("{} MiB", number(memory)));
    Ok(())
}
