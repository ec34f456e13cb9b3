//! B1 and B2: how fast events become durable; and what the producer's library adds to a request.

use std::time::Duration;

use anyhow::{Result, bail};

use super::Context;
use crate::drive::{self, Load, Outcome, Pool};
use crate::machine::SyncProbe;
use crate::peers::{self, Places};
use crate::process::Server;
use crate::report::{Aim, Report, Section, number};
use crate::wire::Target;

/// One system in a race.
pub(super) struct Entrant<'a> {
    pub(super) name: &'static str,
    pub(super) connections: usize,
    pub(super) start: &'a dyn Fn(&Places) -> Result<(Server, Target)>,
    pub(super) pool: &'a Pool,
}

pub(super) fn indelible(places: &Places) -> Result<(Server, Target)> {
    let indelible = peers::indelible(places)?;
    let target = indelible.target();
    Ok((indelible.server, target))
}

fn postgres_copy(places: &Places) -> Result<(Server, Target)> {
    peers::postgres(places).map(|(server, address)| (server, Target::PostgresCopy { address }))
}

fn postgres_insert(places: &Places) -> Result<(Server, Target)> {
    peers::postgres(places).map(|(server, address)| (server, Target::PostgresInsert { address }))
}

pub(super) const INDELIBLE: &str = "Indelible, NDJSON over HTTP";

/// Batches of 1,000 events over 8 connections.
pub(crate) fn batches(context: &Context<'_>, report: &mut Report) -> Result<()> {
    const BATCH: u64 = 1_000;
    eprintln!("B1: making {} events", context.knobs.pool);
    let pool = &Pool::generate(context.generator, 0, context.knobs.pool, BATCH);
    let entrants = [
        Entrant { name: INDELIBLE, connections: 8, start: &indelible, pool },
        Entrant { name: "NATS JetStream, sync_interval always", connections: 8, start: &peers::nats, pool },
        Entrant { name: "PostgreSQL, COPY per batch", connections: 8, start: &postgres_copy, pool },
        Entrant { name: "no-op HTTP server (not durable)", connections: 8, start: &peers::noop, pool },
    ];
    let results = race(context, &entrants, Duration::from_secs(2));
    let mut section = table("B1: durable ingest, batches of 1,000 events, 8 connections", &results);
    section.note(format!(
        "A batch is one request, one message, one transaction. Latency is that of a batch. {} rounds of {} s, the \
         systems taking turns, each on a fresh folder; the row is the round with the median rate.",
        context.knobs.rounds, context.knobs.seconds
    ));
    report.section(section);

    let Some(ours) = results[0].median() else {
        report.missing("B1", &results[0].failure());
        return Ok(());
    };
    let rate = ours.outcome.rate();
    let shown = |events: f64| format!("{} events/s", number(events));
    report.verdict("B1", "events/s", rate, Aim::AtLeast(250_000.0), &shown(rate));
    for (peer, least) in [(&results[1], 1.2), (&results[2], 4.0)] {
        match peer.median() {
            Some(theirs) => {
                let ratio = rate / theirs.outcome.rate();
                let shown = format!("{}x of {}", number(ratio), shown(theirs.outcome.rate()));
                report.verdict("B1", &format!("times {}", peer.name), ratio, Aim::AtLeast(least), &shown);
            }
            None => report.missing("B1", &format!("{}: {}", peer.name, peer.failure())),
        }
    }
    Ok(())
}

/// One event per request.
pub(crate) fn singles(context: &Context<'_>, report: &mut Report) -> Result<()> {
    eprintln!("B2: making {} events", context.knobs.pool_single);
    let pool = &Pool::generate(context.generator, 0, context.knobs.pool_single, 1);
    let entrants = [
        Entrant { name: INDELIBLE, connections: 64, start: &indelible, pool },
        Entrant { name: "PostgreSQL, prepared INSERT", connections: 32, start: &postgres_insert, pool },
        Entrant { name: "no-op HTTP server (not durable)", connections: 64, start: &peers::noop, pool },
    ];
    let results = race(context, &entrants, Duration::from_secs(1));
    let mut section = table("B2: durable ingest, one event per request", &results);
    section.note(
        "64 connections (PostgreSQL: 32, where it does best). The no-op server shares HTTP library and runtime with \
         Indelible: what is left of the machine once HTTP is paid.",
    );
    report.section(section);

    let Some(ours) = results[0].median() else {
        report.missing("B2", &results[0].failure());
        return Ok(());
    };
    match results[1].median() {
        Some(theirs) => {
            let ratio = ours.outcome.rate() / theirs.outcome.rate();
            let shown = format!("{}x of {} events/s", number(ratio), number(theirs.outcome.rate()));
            report.verdict("B2", "times PostgreSQL INSERT", ratio, Aim::AtLeast(3.0), &shown);
        }
        None => report.missing("B2", &results[1].failure()),
    }
    let ratio = ours.outcome.latency_us.value_at_quantile(0.99) as f64 / ours.sync.p99_us as f64;
    let shown = format!("{}x ({} ms of {} us)", number(ratio), number(ours.outcome.latency_ms(0.99)), ours.sync.p99_us);
    report.verdict("B2", "ack p99 against the sync probe's p99", ratio, Aim::AtMost(4.0), &shown);
    Ok(())
}

/// The same service without and with audit, with few requests at a time and with many.
pub(crate) fn sdk(context: &Context<'_>, report: &mut Report) -> Result<()> {
    let (_server, target) = peers::acknowledging(context.places)?;
    let Target::Http { address, .. } = target else { bail!("the acknowledging server speaks HTTP") };
    let audited = |places: &Places| peers::audited(places, address);
    let pool = &Pool::generate(context.generator, 0, context.knobs.pool_single, 1);
    for connections in [4, 64] {
        let entrants = [
            Entrant { name: "without audit", connections, start: &peers::noop, pool },
            Entrant { name: "each request audited, spool", connections, start: &audited, pool },
        ];
        let results = race(context, &entrants, Duration::from_secs(1));
        let mut section = table(&format!("Producer's library: an axum service, {connections} connections"), &results);
        section.note(
            "Each request is answered when its event is synced in the spool; meanwhile events are handed to another process, which \
             says that it has them. Its CPU time is not counted, but it shares the cores.",
        );
        report.section(section);
        let measure = &format!("Sdk, {connections} connections");
        let [Some(without), Some(with)] = [results[0].median(), results[1].median()] else {
            let failed = results.iter().find(|result| result.median().is_none());
            report.missing(measure, &failed.map_or_else(String::new, Raced::failure));
            continue;
        };
        let p99 = |round: &Round| round.outcome.latency_us.value_at_quantile(0.99);
        let added_us = p99(with).saturating_sub(p99(without));
        let ratio = added_us as f64 / with.sync.p99_us as f64;
        let shown = format!("{}x ({added_us} us of {} us)", number(ratio), with.sync.p99_us);
        report.verdict(measure, "p99 added against the sync probe's p99", ratio, Aim::AtMost(4.0), &shown);
        // CPU seconds per million events are microseconds per event.
        let cpu_us = with.outcome.server_cpu_per_million() - without.outcome.server_cpu_per_million();
        let shown = format!("{} us; one sync of the probe takes {} us", number(cpu_us), with.sync.cpu_us);
        report.verdict(measure, "CPU per event, delivery included", cpu_us, Aim::AtMost(20.0), &shown);
    }
    Ok(())
}

/// One system's rounds.
pub(super) struct Raced {
    name: &'static str,
    rounds: Vec<Round>,
    failures: Vec<String>,
}

pub(super) struct Round {
    pub(super) outcome: Outcome,
    /// Taken right before, while nothing else of ours ran.
    sync: SyncProbe,
}

impl Raced {
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn median(&self) -> Option<&Round> {
        let mut rounds: Vec<&Round> = self.rounds.iter().collect();
        rounds.sort_by(|a, b| a.outcome.rate().total_cmp(&b.outcome.rate()));
        rounds.get(rounds.len() / 2).copied()
    }

    pub(super) fn failure(&self) -> String {
        self.failures.first().cloned().unwrap_or_else(|| "no round was run".to_owned())
    }
}

pub(super) fn race(context: &Context<'_>, entrants: &[Entrant<'_>], warm_up: Duration) -> Vec<Raced> {
    let mut results: Vec<Raced> =
        entrants.iter().map(|entrant| Raced { name: entrant.name, rounds: Vec::new(), failures: Vec::new() }).collect();
    for round in 0..context.knobs.rounds {
        for turn in 0..entrants.len() {
            let place = (round + turn) % entrants.len();
            let (entrant, result) = (&entrants[place], &mut results[place]);
            match run(context, entrant, warm_up) {
                Ok(round) => {
                    eprintln!("  {}: {} events/s", entrant.name, number(round.outcome.rate()));
                    result.rounds.push(round);
                }
                Err(error) => {
                    eprintln!("  {}: {error:#}", entrant.name);
                    result.failures.push(format!("{error:#}"));
                }
            }
        }
    }
    results
}

fn run(context: &Context<'_>, entrant: &Entrant<'_>, warm_up: Duration) -> Result<Round> {
    let sync = SyncProbe::run(&context.places.work)?;
    let (server, target) = (entrant.start)(context.places)?;
    let duration = Some(Duration::from_secs(context.knobs.seconds));
    let load = Load { connections: entrant.connections, warm_up, duration };
    let outcome = drive::run(&target, &server, entrant.pool, &load)?;
    Ok(Round { outcome, sync })
}

pub(super) fn table(title: &str, results: &[Raced]) -> Section {
    let columns = [
        "system",
        "events/s (range)",
        "p50 ms",
        "p99 ms",
        "server CPU s per M events",
        "client CPU s per M events",
        "server memory MiB",
        "sync probe before",
    ];
    let mut section = Section::new(title, &columns);
    for result in results {
        let Some(Round { outcome, sync }) = result.median() else {
            section.note(format!("{} was not measured: {}", result.name, result.failure()));
            continue;
        };
        let rates = || result.rounds.iter().map(|round| round.outcome.rate());
        let (low, high) = (rates().fold(f64::MAX, f64::min), rates().fold(0.0, f64::max));
        section.row(vec![
            result.name.to_owned(),
            format!("{} ({} to {})", number(outcome.rate()), number(low), number(high)),
            number(outcome.latency_ms(0.5)),
            number(outcome.latency_ms(0.99)),
            number(outcome.server_cpu_per_million()),
            number(outcome.client_cpu_per_million()),
            number(outcome.server_memory_bytes as f64 / (1024.0 * 1024.0)),
            sync.to_string(),
        ]);
        if !result.failures.is_empty() {
            section.note(format!(
                "{}: {} of its rounds failed: {}",
                result.name,
                result.failures.len(),
                result.failure()
            ));
        }
    }
    section
}
