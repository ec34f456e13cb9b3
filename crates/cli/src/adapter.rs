//! `adapter`: the adapters there are, one tried on samples, and a first draft of one. All of it without a server.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use indelible_adapter::{Adapter, NoSuggestion, Options, Outcome, Reader, Report, Suggestion, Sure, Trial, suggest};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::{AdapterCommand, AdapterSuggestArgs, AdapterTestArgs, RowFormat, SummaryFormat};
use crate::output;

/// Bytes of a file that `suggest` reads, and of all samples together that it looks at.
const SUGGEST_BYTES_MAX: usize = 64 << 20;

/// Samples that `suggest` looks at, of all files together.
const SUGGEST_SAMPLES_MAX: usize = 10_000;

/// Differences from what was expected that are shown.
const DIFFERENCES_SHOWN: usize = 10;

pub(crate) fn run(command: AdapterCommand) -> anyhow::Result<ExitCode> {
    match command {
        AdapterCommand::List { format } => list(format),
        AdapterCommand::Test(args) => test(&args),
        AdapterCommand::Suggest(args) => draft(&args),
    }
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    version: String,
    reads: String,
}

fn list(format: RowFormat) -> anyhow::Result<ExitCode> {
    let listed = Adapter::names().iter().map(|name| {
        let described = Adapter::described(name)?;
        Ok(Listed { name, version: described.version, reads: described.title })
    });
    let listed: Vec<Listed> = listed.collect::<anyhow::Result<_>>()?;
    output::list(&listed, format, &["NAME", "VERSION", "READS"], |adapter| {
        vec![adapter.name.to_owned(), adapter.version.clone(), adapter.reads.clone()]
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A file, or standard input for `-`.
fn open(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(File::open(path).with_context(|| format!("open {}", path.display()))?))
}

fn options(args: &AdapterTestArgs) -> anyhow::Result<Options> {
    let mut options = Options::at(Timestamp::now());
    options.year = args.year;
    if let Some(name) = &args.timezone {
        options.timezone = Options::zone(name)
            .with_context(|| format!("{name:?} is not a time zone such as Europe/Berlin, UTC or +02:00"))?;
    }
    Ok(options)
}

fn test(args: &AdapterTestArgs) -> anyhow::Result<ExitCode> {
    let adapter = Adapter::find(&args.adapter)?;
    let mut trial = Trial::new(&adapter, options(args)?);
    if args.undated {
        trial = trial.dating_undated();
    }
    if args.expect.is_some() {
        trial = trial.expecting();
    }
    let mut expectation = Expectation::open(args)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut number = 0;
    for file in &args.samples {
        let mut reader = Reader::new(open(file)?, adapter.framing());
        while let Some(record) = reader.next() {
            number += 1;
            let (line, outcome) = match record {
                Ok(record) => (record.place.line, trial.record(record.bytes, record.occurrence)),
                Err(unreadable) => (unreadable.place.line, trial.unreadable(&unreadable)),
            };
            if !args.summary {
                show(&mut out, args.format, file, line, &outcome)?;
            }
            expectation.compare(number, &outcome)?;
        }
    }
    let report = trial.finish();
    let usable = report.is_good();
    let differences = expectation.finish(number, usable)?;
    let good = usable && differences.is_empty();
    match args.format {
        SummaryFormat::Json => writeln!(out, "{}", summary(&report, &differences, good))?,
        SummaryFormat::Text => explain(&mut out, &report, &differences)?,
    }
    out.flush()?;
    Ok(ExitCode::from(u8::from(!good)))
}

/// One record: what it became, or why it was refused.
fn show(out: &mut impl Write, format: SummaryFormat, file: &Path, line: u64, outcome: &Outcome) -> anyhow::Result<()> {
    let file = file.display().to_string();
    if format == SummaryFormat::Json {
        let shown = match &outcome.events {
            Ok(events) => {
                let events: Vec<Value> =
                    events.iter().map(|event| serde_json::from_str(event)).collect::<Result<_, _>>()?;
                json!({"file": file, "line": line, "events": events})
            }
            Err(refused) => {
                json!({"file": file, "line": line, "refused": {"code": refused.code.as_str(), "message": refused.message}})
            }
        };
        return Ok(writeln!(out, "{shown}")?);
    }
    match &outcome.events {
        Err(refused) => writeln!(out, "{file}:{line}: refused: {}", clean(&refused.to_string()))?,
        Ok(events) => {
            for event in events {
                let event: Value = serde_json::from_str(event)?;
                writeln!(out, "{file}:{line}: {}", clean(&told(&event)))?;
            }
        }
    }
    Ok(())
}

/// An event in one line: when, which categories, how it ended, its name, who, from where, about what.
fn told(event: &Value) -> String {
    let text = |member: &str| event[member].as_str().unwrap_or("-");
    let names = |member: &str| {
        let names = event[member].as_array().into_iter().flatten().filter_map(Value::as_str);
        let named: Vec<_> = names.filter(|name| *name != "passThrough").take(3).collect();
        if named.is_empty() { "-".to_owned() } else { named.join(", ") }
    };
    format!(
        "{} {} {} {} uid={} origin={} about {}",
        text("time"),
        names("categories"),
        text("result"),
        text("name"),
        text("uid"),
        text("origin"),
        names("entities")
    )
}

/// What would disturb a terminal is replaced.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn summary(report: &Report, differences: &[Difference], good: bool) -> Value {
    let flows: Vec<Value> =
        report.flows.iter().map(|flow| json!({"column": flow.column, "place": flow.place})).collect();
    let tables: Vec<Value> = report
        .tables
        .iter()
        .map(|table| json!({"table": table.table, "rows": table.rows, "used": table.used}))
        .collect();
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| json!({"grave": finding.is_grave(), "message": finding.to_string()}))
        .collect();
    json!({
        "good": good, "records": report.records, "refused": report.refused, "faults": report.faults, "events": report.events,
        "internal": report.internal, "noTime": report.no_time, "undated": report.undated, "categories": report.categories, "kinds": report.kinds,
        "reasons": report.reasons, "flows": flows, "tables": tables, "findings": findings,
        "differences": differences.iter().map(|difference| difference.record).collect::<Vec<_>>(),
    })
}

fn explain(out: &mut impl Write, report: &Report, differences: &[Difference]) -> anyhow::Result<()> {
    let share = |part: u64, whole: u64| format!("{:.1} %", part as f64 * 100.0 / whole.max(1) as f64);
    writeln!(
        out,
        "\n{} records: {} refused ({}), {} events, {} of them internal ({}), {} undated",
        report.records,
        report.refused,
        share(report.refused, report.records),
        report.events,
        report.internal,
        share(report.internal, report.events),
        report.undated
    )?;
    let mut categories: Vec<_> = report.categories.iter().collect();
    categories.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
    for (category, count) in categories {
        writeln!(out, "  {category:<24} {count:>7}  {}", share(*count, report.events))?;
    }
    for (reason, count) in &report.reasons {
        writeln!(out, "  refused {count} times: {}", clean(reason))?;
    }
    if report.no_time > 0 {
        writeln!(out, "  {} records have no time; --undated takes such, dated 1970-01-01", report.no_time)?;
    }
    if report.undated > 0 {
        writeln!(out, "  {} records had no time and were dated 1970-01-01", report.undated)?;
    }
    for table in &report.tables {
        writeln!(out, "  table {}: the samples needed {} of {} rows", table.table, table.used, table.rows)?;
    }
    let mut columns: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for flow in &report.flows {
        columns.entry(&flow.column).or_default().push(&flow.place);
    }
    for (column, places) in columns {
        writeln!(out, "  the operator sees {column}, from {}", clean(&places.join(", ")))?;
    }
    if !report.flows.is_empty() {
        writeln!(out, "  (as the samples show it; what the program hashes or encodes is not found)")?;
    }
    for finding in &report.findings {
        let weight = if finding.is_grave() { "settle" } else { "look at" };
        writeln!(out, "  {weight}: {}", clean(&finding.to_string()))?;
    }
    for difference in differences.iter().take(DIFFERENCES_SHOWN) {
        writeln!(out, "  record {} differs from what was expected", difference.record)?;
        writeln!(out, "    expected {}", clean(&difference.expected))?;
        writeln!(out, "    became   {}", clean(&difference.became))?;
    }
    if differences.len() > DIFFERENCES_SHOWN {
        writeln!(out, "  and {} more differ", differences.len() - DIFFERENCES_SHOWN)?;
    }
    Ok(())
}

/// A record that did not become what was expected.
struct Difference {
    record: u64,
    expected: String,
    became: String,
}

/// A file that takes the place of another when it is whole; until then it stands beside it.
struct Unwritten {
    path: PathBuf,
    staged: PathBuf,
    file: BufWriter<File>,
}

impl Unwritten {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let mut staged = path.as_os_str().to_owned();
        staged.push(".new");
        let staged = PathBuf::from(staged);
        let file = File::create(&staged).with_context(|| format!("write {}", staged.display()))?;
        Ok(Self { path: path.to_owned(), staged, file: BufWriter::new(file) })
    }

    fn add(&mut self, line: &str) -> anyhow::Result<()> {
        writeln!(self.file, "{line}").with_context(|| format!("write {}", self.staged.display()))
    }

    fn finish(mut self) -> anyhow::Result<()> {
        let written = self.file.flush().and_then(|()| fs::rename(&self.staged, &self.path));
        written.with_context(|| format!("write {}", self.path.display()))
    }
}

impl Drop for Unwritten {
    fn drop(&mut self) {
        // Nothing stands there any more if it was finished.
        let _ = fs::remove_file(&self.staged);
    }
}

/// The file of what records should become.
enum Expectation {
    None,
    Read { lines: io::Lines<BufReader<File>>, differences: Vec<Difference> },
    Write(Unwritten),
}

impl Expectation {
    fn open(args: &AdapterTestArgs) -> anyhow::Result<Self> {
        let Some(path) = &args.expect else { return Ok(Self::None) };
        if args.write {
            return Ok(Self::Write(Unwritten::create(path)?));
        }
        let file = File::open(path)
            .with_context(|| format!("open {}; `--write` writes what the records become now", path.display()))?;
        Ok(Self::Read { lines: BufReader::new(file).lines(), differences: Vec::new() })
    }

    fn compare(&mut self, number: u64, outcome: &Outcome) -> anyhow::Result<()> {
        match self {
            Self::None => {}
            Self::Write(unwritten) => unwritten.add(&outcome.expected(number))?,
            Self::Read { lines, differences } => {
                let expected = lines.next().transpose().context("read what is expected")?.unwrap_or_default();
                let became = outcome.expected(number);
                if expected != became {
                    differences.push(Difference { record: number, expected, became });
                }
            }
        }
        Ok(())
    }

    /// What differs. A file is written only for an adapter that can be used.
    fn finish(self, records: u64, usable: bool) -> anyhow::Result<Vec<Difference>> {
        match self {
            Self::None => Ok(Vec::new()),
            Self::Write(unwritten) => {
                if usable {
                    unwritten.finish()?;
                } else {
                    eprintln!(
                        "indelible: {} is left as it was, because there is something to settle",
                        unwritten.path.display()
                    );
                }
                Ok(Vec::new())
            }
            Self::Read { lines, mut differences } => {
                for (index, line) in lines.enumerate() {
                    let expected = line.context("read what is expected")?;
                    let record = records + index as u64 + 1;
                    differences.push(Difference {
                        record,
                        expected,
                        became: "nothing: there is no such record".into(),
                    });
                }
                Ok(differences)
            }
        }
    }
}

/// `name` of the first sample, as an adapter may be called.
fn default_name(samples: &[PathBuf]) -> String {
    let stem = samples.first().and_then(|path| path.file_name()).map(|name| name.to_string_lossy().to_lowercase());
    let stem = stem.unwrap_or_default();
    let stem = stem.split('.').next().unwrap_or_default();
    let name: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(64).collect();
    if name.trim_matches('_').is_empty() { "draft".to_owned() } else { name }
}

fn draft(args: &AdapterSuggestArgs) -> anyhow::Result<ExitCode> {
    let mut samples = Vec::new();
    let (mut documents, mut kept) = (Vec::new(), 0);
    // Without wrappers: each JSON value by itself, so that what wraps the records can be found.
    let plain = Adapter::from_source("# adapter: plain\n# input: json\n\n.time = 0\n")?.framing();
    for path in &args.samples {
        let mut bytes = Vec::new();
        open(path)?
            .take(SUGGEST_BYTES_MAX as u64)
            .read_to_end(&mut bytes)
            .with_context(|| format!("read {}", path.display()))?;
        let mut reader = Reader::new(bytes.as_slice(), plain.clone());
        while let Some(record) = reader.next() {
            // What cannot be read is no sample.
            if let Ok(record) = record {
                kept += record.bytes.len();
                documents.push(record.bytes.to_vec());
            }
            if documents.len() >= SUGGEST_SAMPLES_MAX || kept >= SUGGEST_BYTES_MAX {
                break;
            }
        }
        samples.push(bytes);
    }
    let name = args.name.clone().unwrap_or_else(|| default_name(&args.samples));
    let suggestion = match suggest(&name, &documents) {
        Ok(suggestion) => suggestion,
        Err(NoSuggestion::Empty) => {
            eprintln!("indelible: {}", NoSuggestion::Empty);
            return Ok(ExitCode::from(1));
        }
        Err(error) => bail!(error),
    };
    match &args.out {
        Some(path) if path.exists() && !args.overwrite => {
            bail!("{} exists; `--overwrite` replaces it", path.display());
        }
        Some(path) => fs::write(path, &suggestion.source).with_context(|| format!("write {}", path.display()))?,
        None => output::write_all(suggestion.source.as_bytes())?,
    }
    report_draft(&suggestion, &samples)?;
    Ok(ExitCode::SUCCESS)
}

/// Says on standard error what was guessed, and what the draft makes of the samples.
fn report_draft(suggestion: &Suggestion, samples: &[Vec<u8>]) -> anyhow::Result<()> {
    for guess in &suggestion.guesses {
        eprintln!("{:<9} {:<8} {:<32} {}", guess.member, guess.sure.to_string(), clean(&guess.field), guess.why);
    }
    if !suggestion.missing.is_empty() {
        eprintln!("not found: {}", suggestion.missing.join(", "));
    }
    if !suggestion.secrets.is_empty() {
        eprintln!("left out, because the names say that they are secrets: {}", clean(&suggestion.secrets.join(", ")));
    }
    let unsure = suggestion.guesses.iter().filter(|guess| guess.sure != Sure::Sure).count();
    let adapter = Adapter::from_source(&suggestion.source)?;
    let mut trial = Trial::new(&adapter, Options::at(Timestamp::now())).dating_undated();
    for sample in samples {
        let mut reader = Reader::new(sample.as_slice(), adapter.framing());
        while let Some(record) = reader.next() {
            match record {
                Ok(record) => trial.record(record.bytes, record.occurrence),
                Err(unreadable) => trial.unreadable(&unreadable),
            };
        }
    }
    let report = trial.finish();
    eprintln!(
        "the draft converts {} of {} records into {} events, {} of them internal; {unsure} guesses need a look, and so does each \
         category in the table",
        report.records - report.refused,
        report.records,
        report.events,
        report.internal
    );
    if report.undated > 0 {
        eprintln!("{} records have no time where the draft looks; without --undated it refuses them", report.undated);
    }
    for finding in report.findings.iter().filter(|finding| finding.is_grave()) {
        eprintln!("settle: {}", clean(&finding.to_string()));
    }
    Ok(())
}
