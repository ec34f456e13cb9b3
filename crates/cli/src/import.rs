//! `import`: files of other systems, through an adapter, into a running server.
//!
//! One thread reads and converts; the events go out in batches, several requests at a time. Every record is accounted
//! for: new if any of its events is, else refused if any is, else duplicate.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bytes::Bytes;
use futures::StreamExt;
use indelible_adapter::{Adapter, Code, Converter, Framing, Options, Reader};
use indelible_api::{ErrorCode, EventRefusal, EventStatus, EventsAnswer, Me};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use reqwest::Method;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::args::{ImportArgs, SummaryFormat};
use crate::client::{Client, Refused};
use crate::output;

/// Bytes of events after which a request is sent, however few they are.
const BATCH_BYTES: usize = 4 << 20;
/// Requests under way at once.
const IN_FLIGHT: usize = 4;
/// How long a server that is busy or away is asked again.
const PATIENCE: Duration = Duration::from_secs(60);
/// Refused records whose reasons are shown.
const REASONS_SHOWN: usize = 5;
/// Longest refused record that is written to the file of refused records.
const REFUSED_BYTES: usize = 64 << 10;

#[derive(Default, Serialize)]
struct Summary {
    read: u64,
    new: u64,
    duplicate: u64,
    refused: u64,
    /// Records that had no time and were dated to 1970.
    undated: u64,
}

/// One record on its way.
struct Pending {
    place: Place,
    /// Kept only to be written if refused.
    bytes: Vec<u8>,
    events: usize,
}

#[derive(Clone)]
struct Place {
    file: Arc<Path>,
    line: u64,
}

/// What the reading thread hands over.
enum Step {
    /// Events of these records, one a line.
    Batch { lines: String, records: Vec<Pending> },
    /// A record that gave no event.
    Refused { place: Place, bytes: Vec<u8>, code: String, message: String },
    /// A file could not be read to its end.
    Cut { place: Place, message: String },
}

pub(crate) async fn run(client: &Client, mut args: ImportArgs) -> anyhow::Result<ExitCode> {
    let adapter = Adapter::find(&args.adapter)?;
    let header = format!("{}@{}", adapter.name(), adapter.version());
    if args.organization.is_none() {
        args.organization = only_organization(client).await?;
    }
    let options = options(&args)?;
    for file in args.files.iter().filter(|file| file.as_os_str() != "-") {
        File::open(file).with_context(|| format!("open {}", file.display()))?;
    }
    let refused_path = args.refused.clone().unwrap_or_else(|| default_refused(&args.files));
    let bar = progress_bar(&args.files);
    let read_bytes = Arc::new(AtomicU64::new(0));
    let (steps, mut inbox) = mpsc::channel(IN_FLIGHT);
    let reading = {
        let (files, batch, read_bytes) = (args.files.clone(), args.batch.max(1), Arc::clone(&read_bytes));
        tokio::task::spawn_blocking(move || {
            let mut converter = adapter.converter(options);
            if args.undated {
                converter = converter.dating_undated();
            }
            read_files(&mut converter, &adapter.framing(), &files, batch, &read_bytes, &steps);
            converter.undated()
        })
    };
    let started = Instant::now();
    let mut ledger = Ledger::new(refused_path, args.receipts.as_deref())?;
    let signed = args.receipts.is_some();
    let inbox = futures::stream::poll_fn(move |context| inbox.poll_recv(context));
    let mut answers = Box::pin(inbox.map(|step| send(client, &header, signed, step)).buffered(IN_FLIGHT));
    let mut failure = None;
    while let Some(answer) = answers.next().await {
        if let Err(error) = answer.and_then(|answer| ledger.account(answer)) {
            failure = Some(error);
            break;
        }
        bar.set_position(read_bytes.load(Relaxed));
        let rate = ledger.summary.read as f64 / started.elapsed().as_secs_f64().max(0.001);
        bar.set_message(format!("{} records, {rate:.0}/s", ledger.summary.read));
    }
    drop(answers);
    bar.finish_and_clear();
    ledger.summary.undated = reading.await.context("read the files")?;
    ledger.finish(started.elapsed(), args.format)?;
    match (failure, ledger.cut) {
        (Some(error), _) => {
            Err(error.context("the import did not come to its end; run it again, nothing is stored twice"))
        }
        (None, true) => bail!("not every file could be read to its end; see above"),
        (None, false) => Ok(ExitCode::SUCCESS),
    }
}

fn options(args: &ImportArgs) -> anyhow::Result<Options> {
    let mut options = Options::at(Timestamp::now());
    options.year = args.year;
    if let Some(name) = &args.timezone {
        options.timezone = Options::zone(name)
            .with_context(|| format!("{name:?} is not a time zone such as Europe/Berlin, UTC or +02:00"))?;
    }
    if let Some(rid) = &args.organization {
        options.organization = Some(rid.parse().map_err(|error| anyhow::anyhow!("--organization: {error}"))?);
    }
    Ok(options)
}

/// The one organization that this token may emit for, if it is one: all events go there, whatever tenants the records name.
async fn only_organization(client: &Client) -> anyhow::Result<Option<String>> {
    let me: Me = client.get("/api/v1/me").await?;
    let emits = |operations: &[String]| operations.iter().any(|operation| operation == "audit:emit");
    let mut allowed = me.organizations.into_iter().filter(|own| emits(&own.operations));
    let only = allowed.next().filter(|_| !emits(&me.operations) && allowed.next().is_none());
    Ok(only.map(|only| only.organization))
}

/// `refused-<name of the first file>.jsonl` in the current folder.
fn default_refused(files: &[PathBuf]) -> PathBuf {
    let name =
        files.first().and_then(|file| file.file_name()).map_or_else(|| "input".into(), |name| name.to_string_lossy());
    PathBuf::from(format!("refused-{name}.jsonl"))
}

/// Reads all files and hands over batches; gives `None` when nobody listens any more.
fn read_files(
    converter: &mut Converter<'_>,
    framing: &Framing,
    files: &[PathBuf],
    batch: usize,
    read_bytes: &Arc<AtomicU64>,
    steps: &mpsc::Sender<Step>,
) -> Option<()> {
    let mut outgoing = Outgoing { steps, batch, lines: String::new(), records: Vec::new(), events: 0 };
    for file in files {
        let name: Arc<Path> = file.as_path().into();
        let input: Box<dyn Read> = match file.as_os_str() == "-" {
            true => Box::new(io::stdin()),
            false => match File::open(file) {
                Ok(opened) => Box::new(opened),
                Err(error) => {
                    let place = Place { file: name, line: 0 };
                    outgoing.step(Step::Cut { place, message: error.to_string() })?;
                    continue;
                }
            },
        };
        let counted = Counted { input, count: Arc::clone(read_bytes) };
        read_file(converter, framing, &name, counted, &mut outgoing)?;
    }
    outgoing.flush()
}

fn read_file(
    converter: &mut Converter<'_>,
    framing: &Framing,
    file: &Arc<Path>,
    input: impl Read,
    outgoing: &mut Outgoing<'_>,
) -> Option<()> {
    let mut reader = Reader::new(input, framing.clone());
    while let Some(record) = reader.next() {
        match record {
            Err(unreadable) => {
                let place = Place { file: Arc::clone(file), line: unreadable.place.line };
                let (code, message) = (unreadable.reason.code.as_str().to_owned(), unreadable.reason.message);
                let fatal = unreadable.fatal.then(|| Step::Cut { place: place.clone(), message: message.clone() });
                outgoing.step(Step::Refused { place, bytes: Vec::new(), code, message })?;
                if let Some(cut) = fatal {
                    outgoing.step(cut)?;
                }
            }
            Ok(record) => {
                let place = Place { file: Arc::clone(file), line: record.place.line };
                match converter.convert(record.bytes, record.occurrence) {
                    Ok(lines) => {
                        outgoing.record(Pending { place, bytes: record.bytes.to_vec(), events: lines.len() }, &lines)?
                    }
                    Err(refused) => {
                        let (code, message) = (refused.code.as_str().to_owned(), refused.message);
                        outgoing.step(Step::Refused { place, bytes: record.bytes.to_vec(), code, message })?;
                    }
                }
            }
        }
    }
    Some(())
}

/// Collects records into batches. Every method gives `None` when nobody listens any more.
struct Outgoing<'s> {
    steps: &'s mpsc::Sender<Step>,
    batch: usize,
    lines: String,
    records: Vec<Pending>,
    events: usize,
}

impl Outgoing<'_> {
    fn record(&mut self, record: Pending, lines: &[String]) -> Option<()> {
        for line in lines {
            self.lines.push_str(line);
            self.lines.push('\n');
        }
        self.events += record.events;
        self.records.push(record);
        if self.events >= self.batch || self.lines.len() >= BATCH_BYTES { self.flush() } else { Some(()) }
    }

    fn flush(&mut self) -> Option<()> {
        self.events = 0;
        let (lines, records) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.records));
        if records.is_empty() { Some(()) } else { self.steps.blocking_send(Step::Batch { lines, records }).ok() }
    }

    fn step(&mut self, step: Step) -> Option<()> {
        self.flush()?;
        self.steps.blocking_send(step).ok()
    }
}

/// A step after the server has answered.
enum Answered {
    Batch { answer: EventsAnswer, records: Vec<Pending> },
    Other(Step),
}

async fn send(client: &Client, adapter: &str, signed: bool, step: Step) -> anyhow::Result<Answered> {
    let Step::Batch { lines, records } = step else { return Ok(Answered::Other(step)) };
    let lines = Bytes::from(lines);
    let started = Instant::now();
    let mut pause = Duration::from_millis(50);
    loop {
        let mut request = client
            .request(Method::POST, "/api/v1/events")
            .header("content-type", "application/x-ndjson")
            .header("indelible-adapter", adapter)
            .body(lines.clone());
        if signed {
            request = request.header("indelible-receipts", "signed");
        }
        match client.send(request).await {
            Ok(response) => {
                let answer: EventsAnswer = response.json().await.context("the answer broke off")?;
                return Ok(Answered::Batch { answer, records });
            }
            // Sending again is safe: every event has its id.
            Err(error) if is_passing(&error) && started.elapsed() < PATIENCE => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(2));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether the same request may succeed in a moment.
fn is_passing(error: &anyhow::Error) -> bool {
    use ErrorCode::{Busy, DiskFilling, DiskFull, OrganizationBusy};
    let passing = [Busy, OrganizationBusy, DiskFilling, DiskFull];
    error.downcast_ref::<Refused>().is_some_and(|refused| passing.contains(&refused.code))
}

/// Counts records and writes down the refused ones.
struct Ledger {
    summary: Summary,
    refused_path: PathBuf,
    refused_file: Option<BufWriter<File>>,
    /// How often each code was met, with the first example.
    reasons: BTreeMap<String, (u64, String)>,
    cut: bool,
    /// Where signed receipts are kept, if anywhere.
    receipts: Option<File>,
}

impl Ledger {
    fn new(refused_path: PathBuf, receipts: Option<&Path>) -> anyhow::Result<Self> {
        let open = |path: &Path| {
            let file = OpenOptions::new().create(true).append(true).open(path);
            file.with_context(|| format!("open {}", path.display()))
        };
        let receipts = receipts.map(open).transpose()?;
        let summary = Summary::default();
        Ok(Self { summary, refused_path, refused_file: None, reasons: BTreeMap::new(), cut: false, receipts })
    }

    /// Keeps the receipts of an answer before it counts.
    fn keep(&mut self, receipts: Option<&str>) -> anyhow::Result<()> {
        let Some(file) = &mut self.receipts else { return Ok(()) };
        // An answer without receipts is one for events that were all refused.
        file.write_all(receipts.unwrap_or_default().as_bytes()).context("keep the receipts")
    }

    fn account(&mut self, answered: Answered) -> anyhow::Result<()> {
        match answered {
            Answered::Other(Step::Refused { place, bytes, code, message }) => {
                self.refuse(&place, &bytes, &code, None, &message)
            }
            Answered::Other(Step::Cut { place, message }) => {
                eprintln!("{}: line {}: {message}; nothing after it was read", place.file.display(), place.line);
                self.cut = true;
                Ok(())
            }
            Answered::Other(Step::Batch { .. }) => Ok(()),
            Answered::Batch { answer, records } => {
                self.keep(answer.receipts.as_deref())?;
                let mut outcomes = answer.outcomes.into_iter();
                for record in records {
                    let of_record: Vec<_> = outcomes.by_ref().take(record.events).collect();
                    anyhow::ensure!(
                        of_record.len() == record.events,
                        "the server answered fewer outcomes than there were events"
                    );
                    if of_record.iter().any(|outcome| outcome.status == EventStatus::New) {
                        self.summary.read += 1;
                        self.summary.new += 1;
                    } else if let Some(error) = of_record.into_iter().find_map(|outcome| outcome.error) {
                        let EventRefusal { code, field, message, .. } = error;
                        self.refuse(&record.place, &record.bytes, &code, field.as_deref(), &message)?;
                    } else {
                        self.summary.read += 1;
                        self.summary.duplicate += 1;
                    }
                }
                Ok(())
            }
        }
    }

    fn refuse(
        &mut self,
        place: &Place,
        bytes: &[u8],
        code: &str,
        field: Option<&str>,
        message: &str,
    ) -> anyhow::Result<()> {
        self.summary.read += 1;
        self.summary.refused += 1;
        let example = format!("{}:{}: {message}", place.file.display(), place.line);
        self.reasons.entry(code.to_owned()).or_insert((0, example)).0 += 1;
        let path = &self.refused_path;
        let file = match &mut self.refused_file {
            Some(file) => file,
            none => {
                none.insert(BufWriter::new(File::create(path).with_context(|| format!("create {}", path.display()))?))
            }
        };
        let record = String::from_utf8_lossy(&bytes[..bytes.len().min(REFUSED_BYTES)]);
        let line = serde_json::json!({
            "file": place.file.display().to_string(), "line": place.line, "code": code, "field": field, "message": message, "record": record,
        });
        writeln!(file, "{line}").with_context(|| format!("write {}", path.display()))
    }

    fn finish(&mut self, took: Duration, format: SummaryFormat) -> anyhow::Result<()> {
        if let Some(receipts) = &self.receipts {
            receipts.sync_all().context("keep the receipts")?;
        }
        if let Some(mut file) = self.refused_file.take() {
            file.flush().with_context(|| format!("write {}", self.refused_path.display()))?;
            for (code, (count, example)) in self.reasons.iter().take(REASONS_SHOWN) {
                eprintln!("refused {count} x {code}, for example {example}");
            }
            eprintln!("refused records with their reasons are in {}", self.refused_path.display());
        }
        if let Some((count, _)) = self.reasons.get(Code::NoTime.as_str()) {
            eprintln!("{count} records have no time; --undated takes such, dated 1970-01-01 and marked as undated");
        }
        let Summary { read, new, duplicate, refused, undated } = self.summary;
        if undated > 0 {
            eprintln!("{undated} records had no time and were dated 1970-01-01");
        }
        match format {
            SummaryFormat::Json => output::line(&serde_json::to_string(&self.summary)?),
            SummaryFormat::Text => {
                let seconds = took.as_secs_f64();
                let rate = read as f64 / seconds.max(0.001);
                output::line(&format!(
                    "{read} records read: {new} new, {duplicate} duplicate, {refused} refused ({seconds:.1} s, {rate:.0}/s)"
                ))
            }
        }
    }
}

/// Counts the bytes that are read from a file.
struct Counted<R> {
    input: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.count.fetch_add(count as u64, Relaxed);
        Ok(count)
    }
}

fn progress_bar(files: &[PathBuf]) -> ProgressBar {
    if !output::shows_progress() {
        return ProgressBar::hidden();
    }
    let bytes = files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|data| data.len()).sum();
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {msg} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(bytes).with_style(style)
}
