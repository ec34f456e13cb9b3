//! How long after its acknowledgement an event is in the bucket, at a steady rate, and what an outage of the bucket does to that.
//!
//! The client notes when each batch was acknowledged. An observer asks the server five times a second for the age of the oldest
//! entry that is in no copy of the journal, and of the oldest in no log file of each organization: what is older than that is in
//! the bucket and read back. So a batch is through at the first answer that says so, which is at most 0.2 s late.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use hdrhistogram::Histogram;
use serde_json::Value;

use super::Context;
use crate::peers::{self, Indelible};
use crate::report::{Report, Section, number};
use crate::store::Store;
use crate::wire::http::{Client, number_after};

/// Batches sent a second.
const BATCHES: u64 = 10;
/// Between two questions of the observer.
const LOOK: Duration = Duration::from_millis(200);
/// A bucket that comes back has so long for the server to catch up.
const PATIENCE: Duration = Duration::from_secs(600);

/// When a batch was to be sent, and when it was acknowledged.
struct Batch {
    due: Instant,
    acknowledged: Instant,
}

/// What an answer of the server said.
struct Seen {
    asked: Instant,
    answered: Instant,
    /// Age of the oldest entry that is in no copy and in no log file.
    uncopied: Option<Duration>,
    /// For each organization that of the oldest in no log file.
    unarchived: BTreeMap<String, Option<Duration>>,
}

impl Seen {
    /// The largest age of what is in no log file.
    fn unarchived_max(&self) -> Duration {
        self.unarchived.values().flatten().max().copied().unwrap_or_default()
    }
}

/// A run: what was sent, and what was seen meanwhile.
struct Watched {
    batches: Vec<Batch>,
    seen: Vec<Seen>,
    cpu_seconds: f64,
}

/// Sends at the rate until `control` returns; it is given what was seen last.
fn watch(
    context: &Context<'_>,
    indelible: &Indelible,
    control: impl FnOnce(&dyn Fn() -> (Duration, Duration)) -> Result<()>,
) -> Result<Watched> {
    let stop = AtomicBool::new(false);
    let latest = std::sync::Mutex::new((Duration::ZERO, Duration::ZERO));
    let cpu_before = indelible.server.cpu_seconds()?;
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| send(context, indelible, &stop));
        let observer = scope.spawn(|| {
            observe(indelible, &stop, |seen| {
                if let Ok(mut latest) = latest.lock() {
                    *latest = (seen.uncopied.unwrap_or_default(), seen.unarchived_max());
                }
            })
        });
        let controlled = control(&|| latest.lock().map(|latest| *latest).unwrap_or_default());
        stop.store(true, Relaxed);
        let batches = sender.join().map_err(|_| anyhow!("the sender ended"))??;
        let seen = observer.join().map_err(|_| anyhow!("the observer ended"))??;
        controlled?;
        Ok(Watched { batches, seen, cpu_seconds: indelible.server.cpu_seconds()? - cpu_before })
    })
}

/// An open loop: a batch is due each tenth of a second, whether or not the one before was answered in time.
fn send(context: &Context<'_>, indelible: &Indelible, stop: &AtomicBool) -> Result<Vec<Batch>> {
    let count = context.knobs.lag_rate / BATCHES;
    let mut client = Client::connect(indelible.address, &indelible.token)?;
    let mut batches = Vec::new();
    let begin = Instant::now();
    for number in 0.. {
        let body = context.generator.batch(number * count, count);
        let due = begin + Duration::from_secs(1) * number as u32 / BATCHES as u32;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if stop.load(Relaxed) {
            break;
        }
        let answer = client.call("POST", "/api/v1/events", &body)?;
        let acknowledged = Instant::now();
        ensure!(number_after(&answer, b"\"new\":") == Some(count), "{}", String::from_utf8_lossy(&answer));
        batches.push(Batch { due, acknowledged });
    }
    Ok(batches)
}

fn observe(indelible: &Indelible, stop: &AtomicBool, mut note: impl FnMut(&Seen)) -> Result<Vec<Seen>> {
    let mut client = Client::connect(indelible.address, &indelible.token)?;
    let mut all = Vec::new();
    let age = |value: &Value| value.as_f64().map(Duration::from_secs_f64);
    while !stop.load(Relaxed) {
        let asked = Instant::now();
        let status: Value = serde_json::from_slice(&client.call("GET", "/api/v1/archive", b"")?)?;
        let organizations = status["organizations"].as_array().context("organizations")?;
        let unarchived = organizations.iter().filter_map(|organization| {
            Some((organization["organization"].as_str()?.to_owned(), age(&organization["oldestUnarchivedSeconds"])))
        });
        let seen = Seen {
            asked,
            answered: Instant::now(),
            uncopied: age(&status["journalCopies"]["oldestUncopiedSeconds"]),
            unarchived: unarchived.collect(),
        };
        note(&seen);
        all.push(seen);
        std::thread::sleep(LOOK);
    }
    Ok(all)
}

/// Adds how long each batch waited until an answer showed that it was through. Batches after the last that was seen through are
/// left out: so whole rounds of copying or sealing count, and none by half.
fn add_lags<'a>(
    lags_ms: &mut Histogram<u64>,
    batches: &[Batch],
    seen: impl Iterator<Item = (&'a Seen, Option<Duration>)>,
) -> Result<()> {
    let mut waiting = batches.iter().peekable();
    for (seen, oldest) in seen {
        let Some(through) = seen.asked.checked_sub(oldest.unwrap_or_default()) else { continue };
        while let Some(batch) = waiting.next_if(|batch| batch.acknowledged < through) {
            lags_ms.record(((seen.answered - batch.acknowledged).as_millis() as u64).max(1))?;
        }
    }
    Ok(())
}

/// The lags of copies, and those of log files over all organizations.
fn lags(context: &Context<'_>, watched: &Watched) -> Result<(Histogram<u64>, Histogram<u64>)> {
    let (mut copies, mut log_files) = (Histogram::<u64>::new(3)?, Histogram::<u64>::new(3)?);
    add_lags(&mut copies, &watched.batches, watched.seen.iter().map(|seen| (seen, seen.uncopied)))?;
    for organization in context.generator.organizations() {
        let of_one = watched.seen.iter().filter_map(|seen| Some((seen, *seen.unarchived.get(organization)?)));
        add_lags(&mut log_files, &watched.batches, of_one)?;
    }
    Ok((copies, log_files))
}

/// The measure at a steady rate, default settings.
pub(crate) fn lag(context: &Context<'_>, report: &mut Report) -> Result<()> {
    let knobs = context.knobs;
    let title = format!("Archive lag at {} events/s", number(knobs.lag_rate as f64));
    let columns = ["bucket", "step", "p50 s", "p99 s", "max s", "events", "events/s sent", "server CPU s per M events"];
    let mut section = Section::new(title, &columns);
    for start in [Store::local, Store::seaweed] {
        let store = start(context.places)?;
        eprintln!("lag: {} for {} s", store.name(), knobs.lag_seconds);
        let indelible = peers::indelible_with(context.places, Some(&store.configuration("")?))?;
        let watched = watch(context, &indelible, |_| {
            std::thread::sleep(Duration::from_secs(knobs.lag_seconds));
            Ok(())
        })?;
        let (copies, log_files) = lags(context, &watched)?;
        let of_batch = knobs.lag_rate / BATCHES;
        let organizations = context.generator.organizations().len() as u64;
        let sent = watched.batches.len() as u64 * of_batch;
        let span = watched.batches.last().zip(watched.batches.first());
        let span = span.map_or(Duration::ZERO, |(last, first)| last.acknowledged - first.acknowledged);
        for (step, lags, events) in [
            ("in a copy of the journal", &copies, copies.len() * of_batch),
            ("in a log file", &log_files, log_files.len() * of_batch / organizations),
        ] {
            let seconds = |quantile| number(lags.value_at_quantile(quantile) as f64 / 1_000.0);
            section.row(vec![
                store.name().to_owned(),
                step.to_owned(),
                seconds(0.5),
                seconds(0.99),
                seconds(1.0),
                number(events as f64),
                number((sent - of_batch) as f64 / span.as_secs_f64()),
                number(watched.cpu_seconds * 1e6 / sent as f64),
            ]);
        }
    }
    section.note(format!(
        "From the acknowledgement to the moment the bytes were read back from the bucket, as the server's own status says, seen five times a \
         second. {} organizations, {} s each, default settings: a copy is made of 64 MiB of journal or each minute, a log file of 256 MiB of \
         an organization's events or after 15 minutes. So what is measured is mostly the filling of these, by design. Only whole rounds count. \
         SeaweedFS runs on the same two cores and the same disk.",
        context.generator.organizations().len(),
        knobs.lag_seconds
    ));
    report.section(section);
    Ok(())
}

/// The bucket is away for a while.
pub(crate) fn outage(context: &Context<'_>, report: &mut Report) -> Result<()> {
    const BEFORE: Duration = Duration::from_secs(90);
    /// Small enough for some rounds of sealing before and during the outage.
    const LOG_FILE_BYTES: u64 = 32 << 20;
    let knobs = context.knobs;
    let mut store = Store::seaweed(context.places)?;
    let more = format!("[archive]\nlog-file-bytes = {LOG_FILE_BYTES}\n");
    let indelible = peers::indelible_with(context.places, Some(&store.configuration(&more)?))?;
    let seaweed = store.seaweed.as_mut().context("SeaweedFS")?;
    eprintln!("outage: SeaweedFS is away for {} s", knobs.outage_seconds);
    let mut times = None;
    // What copies and log files took to be as fresh as before.
    let mut caught_up = (None, None);
    let watched = watch(context, &indelible, |latest| {
        let mut usual = (Duration::ZERO, Duration::ZERO);
        let begin = Instant::now();
        while begin.elapsed() < BEFORE {
            std::thread::sleep(LOOK);
            let (copies, log_files) = latest();
            usual = (usual.0.max(copies), usual.1.max(log_files));
        }
        let gone = Instant::now();
        seaweed.kill();
        std::thread::sleep(Duration::from_secs(knobs.outage_seconds).saturating_sub(gone.elapsed()));
        seaweed.restart();
        let back = Instant::now();
        while caught_up.0.is_none() || caught_up.1.is_none() {
            ensure!(back.elapsed() < PATIENCE, "the server has not caught up after {} s", PATIENCE.as_secs());
            std::thread::sleep(LOOK);
            let (copies, log_files) = latest();
            caught_up.0 = caught_up.0.or_else(|| (copies <= usual.0).then(|| back.elapsed()));
            caught_up.1 = caught_up.1.or_else(|| (log_files <= usual.1).then(|| back.elapsed()));
        }
        times = Some((gone, back, Instant::now()));
        // Some of what comes after it.
        std::thread::sleep(Duration::from_secs(30));
        Ok(())
    })?;
    let (gone, back, whole) = times.context("the times of the outage")?;

    let title = format!(
        "SeaweedFS is killed and away for {} s at {} events/s",
        number((back - gone).as_secs_f64()),
        number(knobs.lag_rate as f64)
    );
    let columns = [
        "phase",
        "oldest not copied, p50 s",
        "max s",
        "oldest in no log file, p50 s",
        "max s",
        "ack p50 ms",
        "p99 ms",
        "max ms",
    ];
    let mut section = Section::new(title, &columns);
    let end = watched.seen.last().map_or(whole, |seen| seen.answered);
    for (phase, from, to) in [
        ("before", gone.checked_sub(BEFORE).context("the begin")?, gone),
        ("away", gone, back),
        ("catching up", back, whole),
        ("after", whole, end),
    ] {
        let (mut copies, mut log_files) = (Histogram::<u64>::new(3)?, Histogram::<u64>::new(3)?);
        for seen in watched.seen.iter().filter(|seen| (from..to).contains(&seen.answered)) {
            copies.record((seen.uncopied.unwrap_or_default().as_millis() as u64).max(1))?;
            log_files.record((seen.unarchived_max().as_millis() as u64).max(1))?;
        }
        let mut acknowledgements = Histogram::<u64>::new(3)?;
        for batch in watched.batches.iter().filter(|batch| (from..to).contains(&batch.due)) {
            acknowledgements.record(((batch.acknowledged - batch.due).as_micros() as u64).max(1))?;
        }
        let shown =
            |histogram: &Histogram<u64>, quantile| number(histogram.value_at_quantile(quantile) as f64 / 1_000.0);
        section.row(vec![
            phase.to_owned(),
            shown(&copies, 0.5),
            shown(&copies, 1.0),
            shown(&log_files, 0.5),
            shown(&log_files, 1.0),
            shown(&acknowledgements, 0.5),
            shown(&acknowledgements, 0.99),
            shown(&acknowledgements, 1.0),
        ]);
    }
    let seconds = |time: Option<Duration>| number(time.unwrap_or_default().as_secs_f64());
    let sent = watched.batches.len() as u64 * (knobs.lag_rate / BATCHES);
    let archived = archived(&indelible, context)?;
    ensure!(archived == sent, "{sent} events were acknowledged, {archived} are archived");
    section.note(format!(
        "Ages as the server's status says, five times a second; `archive.log-file-bytes` is 32 MiB, so that log files are made before and during \
         the outage. Events kept coming at the same rate all the time: once the store answered again, copies were as fresh as at their worst \
         before after {} s, log files after {} s. All {} events that were acknowledged are archived.",
        seconds(caught_up.0),
        seconds(caught_up.1),
        number(sent as f64)
    ));
    report.section(section);
    Ok(())
}

/// Seals what waits; events of the generator's organizations that are archived then, without their genesis.
fn archived(indelible: &Indelible, context: &Context<'_>) -> Result<u64> {
    indelible.run(context.places, &["archive", "seal"])?;
    let mut client = Client::connect(indelible.address, &indelible.token)?;
    let status: Value = serde_json::from_slice(&client.call("GET", "/api/v1/archive", b"")?)?;
    let ours = |organization: &&Value| {
        context.generator.organizations().iter().any(|name| organization["organization"] == name.as_str())
    };
    let organizations = status["organizations"].as_array().context("organizations")?;
    Ok(organizations.iter().filter(ours).filter_map(|one| one["archived"].as_u64()).map(|entries| entries - 1).sum())
}
