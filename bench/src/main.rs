//! Measures Indelible beside its peers: `bench/run` builds, installs the peers and starts this.

mod audited;
mod drive;
mod machine;
mod measure;
mod noop;
mod peers;
mod process;
mod receivers;
mod report;
mod store;
mod wire;

use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand, ValueEnum};
use indelible_testkit::generator::{Attribution, Generator, Settings};

use machine::{HashProbe, SyncProbe};
use measure::{Context, Knobs, archive, delivery, ingest, integrity, lag, proofs, protocols};
use peers::Places;
use report::Report;

/// Measures Indelible beside its peers
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Takes measures and writes a dated result file
    Run(Run),
    /// Prints events as NDJSON, their size and floor on stderr
    Generate {
        /// How many
        #[arg(long, default_value_t = 1_000)]
        events: u64,
        /// Seed of the events
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Organizations the events belong to
        #[arg(long, default_value_t = 1)]
        organizations: usize,
        /// Name the organization in a claim, as a platform producer does
        #[arg(long)]
        claims: bool,
    },
    /// Prints what the machine can do now
    Probe {
        /// A folder on the disk to be probed
        #[arg(long, default_value = ".")]
        work: PathBuf,
    },
    /// Serves HTTP and does nothing else
    Noop {
        /// Address to listen on
        #[arg(long)]
        listen: SocketAddr,
        /// Answer for each event, as the producer's library wants it
        #[arg(long)]
        outcomes: bool,
    },
    /// Serves HTTP, audits each request with the producer's library, and does nothing else
    Audited {
        /// Address to listen on
        #[arg(long)]
        listen: SocketAddr,
        #[command(flatten)]
        spool: audited::Spool,
    },
}

#[derive(Debug, clap::Args)]
struct Run {
    /// Which measures; all of them if none is named
    #[arg(value_enum)]
    measures: Vec<Measure>,
    #[command(flatten)]
    knobs: Knobs,
    /// Folder for the data of every server, on the disk to be measured
    #[arg(long, env = "INDELIBLE_BENCH_WORK")]
    work: PathBuf,
    /// Python environment with the peers of requirements.txt
    #[arg(long, env = "INDELIBLE_BENCH_PYTHON")]
    python: PathBuf,
    /// The server to measure; by default the binary beside this one
    #[arg(long)]
    indelible: Option<PathBuf>,
    /// Folder of the peers' scripts and of the results
    #[arg(long, default_value = "bench")]
    bench: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measure {
    /// Durable ingest in batches
    B1,
    /// Durable ingest of single events
    B2,
    /// Durable syslog
    B3,
    /// Durable logs of OTLP
    B4,
    /// Bytes archived per event
    B5,
    /// Needles in the archive
    B6,
    /// Proofs made, and offline verification
    B10,
    /// What hashes, trees and signatures cost
    Integrity,
    /// From acknowledged to archived, at a steady rate
    Lag,
    /// The same with the bucket away for a minute
    Outage,
    /// Rows exported from the archive
    Exports,
    /// Events delivered by sinks
    Sinks,
    /// What the producer's library adds to a request
    Sdk,
}

impl Measure {
    fn name(self) -> &'static str {
        match self {
            Measure::B1 => "B1",
            Measure::B2 => "B2",
            Measure::B3 => "B3",
            Measure::B4 => "B4",
            Measure::B5 => "B5",
            Measure::B6 => "B6",
            Measure::B10 => "B10",
            Measure::Integrity => "Integrity",
            Measure::Lag => "Lag",
            Measure::Outage => "Outage",
            Measure::Exports => "Exports",
            Measure::Sinks => "Sinks",
            Measure::Sdk => "Sdk",
        }
    }
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Run(arguments) => run(arguments),
        Command::Generate { events, seed, organizations, claims } => {
            let attribution = if claims { Attribution::Claims } else { Attribution::Credential };
            generate(&Generator::new(Settings { seed, organizations, attribution, ..Settings::default() }), events)
        }
        Command::Probe { work } => {
            eprintln!("machine: {}", machine::describe(&work.canonicalize()?));
            eprintln!("sync probe: {}", SyncProbe::run(&work)?);
            eprintln!("hash probe: {}", HashProbe::run());
            Ok(())
        }
        Command::Noop { listen, outcomes } => noop::serve(listen, outcomes),
        Command::Audited { listen, spool } => audited::serve(listen, &spool),
    }
}

fn generate(generator: &Generator, events: u64) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut bytes = 0;
    for first in (0..events).step_by(1_000) {
        let batch = generator.batch(first, (events - first).min(1_000));
        bytes += batch.len();
        out.write_all(&batch)?;
    }
    out.flush()?;
    let mean = bytes as f64 / events.max(1) as f64;
    eprintln!("{events} events, mean {mean:.1} bytes, floor {:.1} bytes", generator.floor().bytes());
    for (part, bits) in generator.floor().parts {
        eprintln!("  {part}: {bits:.2} bits");
    }
    Ok(())
}

fn run(arguments: Run) -> Result<()> {
    let mut wanted = arguments.measures.clone();
    let what = match wanted[..] {
        [] => "all".to_owned(),
        _ => wanted.iter().map(|measure| measure.name().to_lowercase()).collect::<Vec<_>>().join("-"),
    };
    if wanted.is_empty() {
        wanted = Measure::value_variants().to_vec();
    }
    std::fs::create_dir_all(&arguments.work)?;
    let beside = std::env::current_exe()?.with_file_name("indelible");
    let places = Places {
        work: arguments.work.canonicalize().context("the work folder")?,
        python: arguments.python,
        indelible: arguments.indelible.unwrap_or(beside),
        bench: arguments.bench.clone(),
    };
    let knobs = arguments.knobs;
    let settings = Settings { seed: knobs.seed, organizations: knobs.organizations, ..Settings::default() };
    let generator = Generator::new(settings);
    let context = Context { places: &places, generator: &generator, knobs: &knobs };

    let mut report = Report::default();
    let now = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC);
    let command: Vec<String> = std::env::args().skip(1).collect();
    report.head("Command", format!("`bench/run {}`", command[1..].join(" ")).replace(" `", "`"));
    report.head("Commit", machine::commit());
    report.head("Date", now.strftime("%Y-%m-%d %H:%M UTC").to_string());
    report.head("Machine", machine::describe(&places.work));
    report.head("Load average before", machine::load_average());
    report.head("Sync probe (4 KiB into a written file, fdatasync)", SyncProbe::run(&places.work)?.to_string());
    report.head("SHA-256 probe", HashProbe::run().to_string());
    report.head("Seed", knobs.seed.to_string());
    report.head(
        "Events",
        format!(
            "{:.1} bytes of canonical NDJSON on average, entropy floor {:.1} bytes",
            generator.mean_bytes(),
            generator.floor().bytes()
        ),
    );
    take(&context, &wanted, &mut report);
    report.head("Sync probe after", SyncProbe::run(&places.work)?.to_string());
    report.head("SHA-256 probe after", HashProbe::run().to_string());

    let path = report.write(&arguments.bench.join("results"), &now.strftime("%Y-%m-%d").to_string(), &what)?;
    let mut out = std::io::stdout().lock();
    out.write_all(&std::fs::read(&path)?)?;
    eprintln!("written to {}", path.display());
    Ok(())
}

/// Takes the measures; one that fails is reported and the next one is taken.
fn take(context: &Context<'_>, wanted: &[Measure], report: &mut Report) {
    let asked = |measure: Measure| wanted.contains(&measure);
    if asked(Measure::B1) {
        settle("B1", ingest::batches(context, report), report);
    }
    if asked(Measure::B2) {
        settle("B2", ingest::singles(context, report), report);
    }
    if asked(Measure::B3) {
        settle("B3", protocols::syslog(context, report), report);
    }
    if asked(Measure::B4) {
        settle("B4", protocols::logs(context, report), report);
    }
    if asked(Measure::Sdk) {
        settle("Sdk", ingest::sdk(context, report), report);
    }
    if asked(Measure::Integrity) {
        settle("Integrity", integrity::integrity(context, report), report);
    }
    if asked(Measure::B10) {
        settle("B10", proofs::proofs(context, report), report);
    }
    for (measure, take) in [
        (Measure::Lag, lag::lag as fn(&Context<'_>, &mut Report) -> Result<()>),
        (Measure::Outage, lag::outage),
        (Measure::Exports, delivery::exports),
        (Measure::Sinks, delivery::sinks),
    ] {
        if asked(measure) {
            settle(measure.name(), take(context, report), report);
        }
    }
    let of_archive: Vec<Measure> =
        [Measure::B5, Measure::B6, Measure::B10].into_iter().filter(|measure| asked(*measure)).collect();
    if of_archive.is_empty() {
        return;
    }
    let mut archived = match archive::fill(context, report) {
        Ok(archived) => Some(archived),
        Err(error) => {
            for measure in &of_archive {
                report.missing(measure.name(), &format!("no archive: {error:#}"));
            }
            None
        }
    };
    if asked(Measure::B5) {
        settle("B5", archive::bytes(context, archived.as_ref(), report), report);
    }
    let Some(archived) = &mut archived else { return };
    if asked(Measure::B6) {
        settle("B6", archive::search(context, archived, report), report);
    }
    if asked(Measure::B10) {
        settle("B10", archive::verify(context, archived, report), report);
    }
}

fn settle(measure: &str, result: Result<()>, report: &mut Report) {
    if let Err(error) = result {
        report.missing(measure, &format!("{error:#}"));
    }
}
