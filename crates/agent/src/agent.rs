//! The loop that reads files and hands over what is new.

mod spooler;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use indelible_adapter::{Code, Converter, Framing, Occurrence, Options, Reader};
use indelible_event::Time;
use indelible_sdk::{Auditor, OpenAuditorError, Product, Server, Settings};
use indelible_storage::{Disk, RealDisk};
use jiff::Timestamp;

use crate::config::{Config, ConfigError, Source};
use crate::files::{Reading, RealContents, Scanner, is_cut, reason};
use crate::identity::Digest;
use crate::lines::Line;
use crate::positions::PositionFile;
use crate::status::{FileStatus, LastError, Status};
use crate::trails::{Assigned, Found, Notice, Problem, Trails};

pub(crate) use spooler::Counts;
use spooler::{Chunk, PATIENCE, Refusal, Settled, Spooler};

const SERVER_DEFAULT: &str = "http://127.0.0.1:7070";
/// Bytes of one file that are read before the others have their turn.
const TURN_BYTES: u64 = 4 << 20;
/// Files that stay open at most, though they were read to their end.
const OPEN_MAX: usize = 64;
/// How long positions wait to be written. A crash repeats what was read in that time.
const WRITE_AFTER: Duration = Duration::from_secs(1);
/// How long a file that is gone is watched for what its writer adds.
const GONE_PATIENCE: Duration = Duration::from_secs(60);
/// How often the status is written while nothing happens.
const STATUS_AFTER: Duration = Duration::from_secs(5);

/// Follows files. Made by [`open`](Self::open), works in [`run`](Self::run).
pub struct Agent {
    config: Config,
    sources: Vec<Source>,
    spooler: Spooler,
    trails: Trails,
    positions: PositionFile,
    scanner: Scanner,
    readings: HashMap<Digest, Reading>,
    /// Since when positions are to be written.
    dirty_since: Option<Instant>,
    /// What is wrong with files at the moment, by path.
    problems: BTreeMap<String, String>,
    status: Status,
    status_written: Option<Instant>,
}

/// Why an agent does not work, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// What it was told cannot be.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// It has nothing to show to the server.
    #[error(
        "there is no token; name a file that holds one by token-file, or set INDELIBLE_TOKEN: `indelible token create --organization RID --operations audit:emit`"
    )]
    NoToken,
    /// A file that it was told of cannot be read.
    #[error("read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The spool cannot be used.
    #[error(transparent)]
    Spool(#[from] OpenAuditorError),
    /// A file in the spool's folder cannot be used.
    #[error("{}: {source}", path.display())]
    State {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// A write or sync of the spool failed. Nothing is lost: what is not in it is read again.
    #[error("the spool stopped after a failed write or sync: {0}; look at its disk and start the agent again")]
    Halted(String),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to. What waits in the spool is delivered when the agent is started again.
    Stopped,
    /// Everything that was there is at the server, or was refused by it.
    Complete,
    /// Some of it is not, for these reasons.
    Incomplete(Vec<String>),
}

/// What came of one look at all files.
#[derive(Default)]
struct Turn {
    /// Something was read, and there may be more.
    has_read: bool,
    /// Something is there that will be read when time has passed.
    waits: bool,
}

/// How far reading one file got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// To its end.
    End,
    /// To a line that may not be finished.
    Waits,
    /// Others have their turn.
    More,
    /// The spool has no room, or the agent is to stop.
    Full,
    /// The same, and what was read behind the position has to be read again.
    Again,
    /// It no longer holds the trail.
    Lost,
}

impl Agent {
    /// Prepares to follow what `config` names. `token` is used if the configuration names no file with one.
    ///
    /// # Errors
    /// The configuration, the spool's folder and its files are looked at; the server and what is to be followed need not be there.
    pub fn open(config: Config, token: Option<String>) -> Result<Self, AgentError> {
        let sources = config.sources()?;
        let machine = config.machine()?;
        let server = server(&config, token)?;
        let (status, settings) = (begin_status(&server.0), settings(&config, server));
        // Its lock keeps the folder for this process.
        let auditor = Auditor::open(settings)?;
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let positions = PositionFile::new(&disk, &config.spool);
        let known = positions.read().map_err(|source| AgentError::State { path: positions.path(), source })?;
        let poll = config.poll();
        Ok(Self {
            config,
            sources,
            spooler: Spooler::new(auditor, poll),
            trails: Trails::new(&machine, known),
            positions,
            scanner: Scanner::default(),
            readings: HashMap::new(),
            dirty_since: None,
            problems: BTreeMap::new(),
            status,
            status_written: None,
        })
    }

    /// Reads until `stop` is set; with `once` until everything that is there has been read and the server has it.
    ///
    /// # Errors
    /// The spool stopped. Nothing is lost: a new agent goes on.
    pub fn run(&mut self, stop: &AtomicBool, once: bool) -> Result<Ended, AgentError> {
        let ended = self.work(stop, once);
        self.write_positions();
        self.status.stopped = true;
        self.tell(true);
        ended
    }

    /// How it stands.
    pub fn status(&self) -> &Status {
        &self.status
    }

    fn work(&mut self, stop: &AtomicBool, once: bool) -> Result<Ended, AgentError> {
        let mut progress = (0, Instant::now());
        while !stop.load(Relaxed) {
            let turn = self.turn(stop)?;
            self.tell(false);
            let stats = self.spooler.auditor.stats();
            let answered = self.spooler.answered();
            if answered != progress.0 || turn.has_read {
                progress = (answered, Instant::now());
            }
            if turn.has_read {
                continue;
            }
            let is_read = !turn.waits && !self.spooler.is_full;
            if once && is_read && stats.waiting == 0 && self.write_positions() {
                return Ok(self.complete());
            }
            if once && progress.1.elapsed() > PATIENCE {
                return Ok(self.incomplete(!is_read));
            }
            pause(if once { self.config.poll().min(Duration::from_millis(50)) } else { self.config.poll() }, stop);
        }
        Ok(Ended::Stopped)
    }

    fn complete(&self) -> Ended {
        match self.reasons() {
            reasons if reasons.is_empty() => Ended::Complete,
            reasons => Ended::Incomplete(reasons),
        }
    }

    /// Nothing has gone on for a while.
    fn incomplete(&self, is_unread: bool) -> Ended {
        let mut reasons = self.reasons();
        let stats = self.spooler.auditor.stats();
        if stats.waiting > 0 {
            let why = stats.last_failure.unwrap_or_else(|| "it does not answer".to_owned());
            reasons.push(format!("the server takes no events: {why}; {} wait in the spool", stats.waiting));
        }
        if is_unread {
            let why = self.spooler.last_error.as_ref().filter(|_| self.spooler.is_full);
            let why = why.map(|error| format!(": {}", error.message)).unwrap_or_default();
            reasons.push(format!("not every file was read to its end{why}"));
        }
        Ended::Incomplete(reasons)
    }

    fn reasons(&self) -> Vec<String> {
        self.problems.iter().map(|(path, message)| format!("{path}: {message}")).collect()
    }

    /// Looks at all files once and reads what is new, of each source up to a bound.
    fn turn(&mut self, stop: &AtomicBool) -> Result<Turn, AgentError> {
        let now_us = now_us();
        self.spooler.is_full = false;
        let meant: Vec<_> = self.sources.iter().map(|source| (&source.pattern, source.adapter.name())).collect();
        let (files, mut problems) = self.scanner.scan(&meant, self.config.line_patience(), now_us);
        let adapters: HashSet<&str> = meant.iter().map(|(_, adapter)| *adapter).collect();
        let mut turn = Turn::default();
        let mut is_changed = false;
        for adapter in adapters {
            let own: Vec<Found> = files.iter().filter(|file| meant[file.source].1 == adapter).cloned().collect();
            let Assigned { notices, problems: more, unnamed } =
                self.trails.assign(adapter, &own, &RealContents, now_us);
            notices.iter().for_each(log);
            is_changed |= !notices.is_empty();
            turn.waits |= unnamed > 0;
            problems.extend(more);
        }
        self.note(problems);
        if is_changed {
            self.trails.forget(now_us);
            self.dirty_since.get_or_insert_with(Instant::now);
            // A trail has its id durably before an event is made of it.
            if !self.write_positions() {
                turn.waits = true;
                return Ok(turn);
            }
        }
        self.read_gone(&mut turn, stop)?;
        for source in 0..self.sources.len() {
            self.read_source(source, &mut turn, stop)?;
        }
        let is_due = self.dirty_since.is_some_and(|since| since.elapsed() >= WRITE_AFTER);
        if is_due || !turn.has_read {
            turn.waits |= !self.write_positions();
        }
        self.close_surplus();
        Ok(turn)
    }

    /// Reads on in files that are open and no longer there.
    fn read_gone(&mut self, turn: &mut Turn, stop: &AtomicBool) -> Result<(), AgentError> {
        let gone: Vec<usize> = (0..self.trails.all.len())
            .filter(|place| {
                let trail = &self.trails.all[*place];
                trail.found().is_none() && self.readings.contains_key(&trail.id)
            })
            .collect();
        for place in gone {
            let step = self.read_trail(place, stop)?;
            turn.has_read |= step == Step::More;
            turn.waits |= step == Step::Waits;
        }
        Ok(())
    }

    fn read_source(&mut self, source: usize, turn: &mut Turn, stop: &AtomicBool) -> Result<(), AgentError> {
        for place in self.trails.in_order(source) {
            let before = self.trails.all[place].position;
            let step = self.read_trail(place, stop)?;
            turn.has_read |= self.trails.all[place].position != before;
            match step {
                Step::End => {}
                Step::Waits | Step::Lost => turn.waits = true,
                // What came later is read later.
                Step::More | Step::Full | Step::Again => break,
            }
        }
        Ok(())
    }

    /// Reads what is new of a trail, up to a bound.
    fn read_trail(&mut self, place: usize, stop: &AtomicBool) -> Result<Step, AgentError> {
        let trail = &self.trails.all[place];
        let (id, found) = (trail.id, trail.found().cloned());
        if found.as_ref().is_some_and(|file| trail.is_read(file)) {
            return Ok(Step::End);
        }
        let held = self.readings.remove(&id);
        let held = held.filter(|reading| found.as_ref().is_none_or(|file| file.key == reading.key));
        let mut reading = match (held, &found) {
            (Some(reading), _) => reading,
            (None, None) => return Ok(Step::End),
            (None, Some(file)) => match Reading::open(trail, file) {
                Ok(Some(reading)) => reading,
                Ok(None) => return Ok(self.lost(place)),
                Err(error) => return Ok(self.unreadable(place, file, &error)),
            },
        };
        let step = match self.read_on(place, &mut reading, stop)? {
            Ok(Step::Lost) => return Ok(self.lost(place)),
            Ok(step) => step,
            Err(error) => {
                let Some(file) = &found else { return Ok(Step::End) };
                return Ok(self.unreadable(place, file, &error));
            }
        };
        match (step, found) {
            (Step::End, Some(file)) => {
                let is_compressed = reading.is_compressed();
                self.trails.all[place].set_read(file.stamp, is_compressed);
                if !is_compressed {
                    reading.lines.tidy();
                    self.readings.insert(id, reading);
                }
            }
            (Step::End, None) if reading.grown.elapsed() > GONE_PATIENCE => {}
            // Without it, a file that is there is opened anew.
            (Step::Again, _) => {
                if let Ok(Some(reading)) = reading.rewind(&self.trails.all[place]) {
                    self.readings.insert(id, reading);
                }
            }
            _ => _ = self.readings.insert(id, reading),
        }
        Ok(step)
    }

    /// Looks at a file again before it is read on.
    fn lost(&mut self, place: usize) -> Step {
        if let Some(carrier) = &mut self.trails.all[place].carrier {
            carrier.checked = None;
        }
        Step::Lost
    }

    /// Notes that a file cannot be read on as it is.
    fn unreadable(&mut self, place: usize, file: &Found, error: &io::Error) -> Step {
        if error.kind() == io::ErrorKind::NotFound {
            return Step::Waits;
        }
        let message = match is_cut(error) {
            true => format!("cannot be read on: {error}; it is tried again when it changes"),
            false => reason(error),
        };
        if let Some(carrier) = self.trails.all[place].carrier.as_mut().filter(|_| is_cut(error)) {
            carrier.broken = Some((file.stamp, message.clone()));
        }
        self.note_one(Problem { path: file.path.clone(), message });
        Step::End
    }

    /// Reads on in an open file. The inner error is one of reading it.
    fn read_on(
        &mut self,
        place: usize,
        reading: &mut Reading,
        stop: &AtomicBool,
    ) -> Result<io::Result<Step>, AgentError> {
        let Self { trails, spooler, sources, dirty_since, config, .. } = self;
        let trail = &mut trails.all[place];
        let source = &sources[reading.source];
        let framing = source.adapter.framing();
        let mut converter = source.adapter.converter(source.options());
        let limit = reading.lines.position() + TURN_BYTES;
        let label = source.label();
        let reader = spooler::Reader {
            name: source.adapter.name(),
            adapter: &label,
            timezone: source.zone_name.as_deref(),
            year: source.year,
        };
        loop {
            if stop.load(Relaxed) {
                return Ok(Ok(Step::Full));
            }
            // Lines are left from before when there was no room for them.
            let count = match reading.fill(trail) {
                Ok(Some(count)) => count,
                Ok(None) => return Ok(Ok(Step::Lost)),
                Err(error) => return Ok(Err(error)),
            };
            let is_quiet = reading.is_compressed()
                || match trail.found() {
                    // Nor may anything have come since somebody looked.
                    Some(file) => file.is_quiet && file.stamp.bytes == reading.lines.end(),
                    None => reading.grown.elapsed() > config.line_patience(),
                };
            let path = trail.carrier.as_ref().map_or("", |carrier| carrier.path.as_str());
            let mut chunk = Chunk::new(reader, trail.id, path);
            loop {
                if chunk.is_empty() && !spooler.has_room() {
                    return Ok(Ok(Step::Full));
                }
                let line = reading.lines.next().or_else(|| (count == 0 && is_quiet).then(|| reading.lines.rest())?);
                let is_last = line.is_none();
                if let Some(line) = line {
                    let settled = add(&mut converter, &framing, trail.id, &line, &mut chunk, spooler, stop)?;
                    if settled == Settled::Stopped {
                        return Ok(Ok(Step::Again));
                    }
                }
                if !chunk.is_empty() && (is_last || chunk.is_large()) {
                    if spooler.settle(&mut chunk, stop)? == Settled::Stopped {
                        return Ok(Ok(Step::Again));
                    }
                    let counts = chunk.take_counts();
                    spooler.count(&counts);
                    trail.advance(reading.lines.position(), reading.lines.tail(), &counts);
                    dirty_since.get_or_insert_with(Instant::now);
                }
                if is_last {
                    break;
                }
            }
            match count {
                0 if reading.lines.has_rest() => return Ok(Ok(Step::Waits)),
                0 => return Ok(Ok(Step::End)),
                _ if reading.lines.position() >= limit => return Ok(Ok(Step::More)),
                _ => {}
            }
        }
    }

    /// Writes how far was read. Whether that worked; else it is tried again, and nothing new is read.
    fn write_positions(&mut self) -> bool {
        if self.dirty_since.is_none() {
            return true;
        }
        match self.positions.write(&self.trails.all) {
            Ok(()) => {
                self.dirty_since = None;
                true
            }
            Err(error) => {
                let path = self.positions.path().display().to_string();
                self.note_one(Problem {
                    path,
                    message: format!("cannot be written: {error}; free space, or look at the disk"),
                });
                false
            }
        }
    }

    /// Keeps few files open: those of which something was read last, and those that are gone.
    fn close_surplus(&mut self) {
        let surplus = self.readings.len().saturating_sub(OPEN_MAX);
        if surplus == 0 {
            return;
        }
        let there: HashSet<Digest> =
            self.trails.all.iter().filter(|trail| trail.found().is_some()).map(|trail| trail.id).collect();
        let mut grown: Vec<_> = self
            .readings
            .iter()
            .filter(|(id, _)| there.contains(id))
            .map(|(id, reading)| (reading.grown, *id))
            .collect();
        grown.sort_unstable();
        for (_, id) in grown.into_iter().take(surplus) {
            self.readings.remove(&id);
        }
    }

    /// Takes over what is wrong with files now; logs what is new.
    fn note(&mut self, problems: Vec<Problem>) {
        let broken = self.trails.all.iter().filter_map(|trail| {
            let (file, (stamp, message)) = (trail.found()?, trail.carrier.as_ref()?.broken.as_ref()?);
            (*stamp == file.stamp).then(|| Problem { path: file.path.clone(), message: message.clone() })
        });
        let problems: Vec<Problem> = problems.into_iter().chain(broken.collect::<Vec<_>>()).collect();
        let known = std::mem::take(&mut self.problems);
        for problem in problems {
            match known.get(&problem.path) == Some(&problem.message) {
                true => _ = self.problems.insert(problem.path, problem.message),
                false => self.note_one(problem),
            }
        }
    }

    fn note_one(&mut self, Problem { path, message }: Problem) {
        if self.problems.get(&path) != Some(&message) {
            tracing::warn!(path, "{message}");
            self.spooler.last_error = Some(LastError { at: now(), message: format!("{path}: {message}") });
        }
        self.problems.insert(path, message);
    }

    /// Writes the status, if something changed or a while has passed.
    fn tell(&mut self, at_once: bool) {
        let stats = self.spooler.auditor.stats();
        if self.status_written.is_some_and(|at| at.elapsed() < STATUS_AFTER.min(self.config.poll())) && !at_once {
            return;
        }
        let files = self.trails.all.iter().filter_map(|trail| {
            let file = trail.found()?;
            let lag_bytes = match trail.carrier.as_ref()?.ended {
                Some(_) => 0,
                None => file.stamp.bytes.saturating_sub(trail.position),
            };
            Some(FileStatus {
                path: file.path.clone(),
                adapter: trail.adapter.clone(),
                position: trail.position,
                lag_bytes,
                records: trail.records,
                refused: trail.refused,
            })
        });
        let files: Vec<FileStatus> = files.collect();
        let failure = stats.last_failure.filter(|_| stats.failed_attempts > 0);
        let last_error = failure.map(|message| LastError { at: now(), message: format!("the server: {message}") });
        let new = Status {
            at: self.status.at.clone(),
            files,
            records: self.spooler.records,
            refused_records: self.spooler.refused_records,
            spooled: stats.spooled,
            acknowledged: stats.acknowledged,
            repeated: stats.repeated,
            refused_events: stats.refused,
            quarantined: stats.quarantined,
            waiting: stats.waiting,
            oldest: stats.oldest_us.map(|us| Time::from_us(us).to_string()),
            spool_bytes: stats.spool_bytes,
            spool_bytes_max: stats.spool_bytes_max,
            spool_full: self.spooler.is_full,
            failed_attempts: stats.failed_attempts,
            last_error: last_error.or_else(|| self.spooler.last_error.clone()),
            ..self.status.clone()
        };
        let is_old = self.status_written.is_none_or(|at| at.elapsed() >= STATUS_AFTER);
        if new == self.status && !is_old && !at_once {
            return;
        }
        self.status = Status { at: now(), ..new };
        self.status_written = Some(Instant::now());
        if let Err(error) = self.status.write(&self.config.spool, self.config.metrics_file.as_deref()) {
            tracing::warn!(%error, "the status cannot be written");
        }
    }
}

/// Adds the records of a line to a chunk.
fn add(
    converter: &mut Converter<'_>,
    framing: &Framing,
    trail: Digest,
    line: &Line,
    chunk: &mut Chunk<'_>,
    spooler: &mut Spooler,
    stop: &AtomicBool,
) -> Result<Settled, AgentError> {
    let bytes = line.bytes.strip_prefix(b"\xef\xbb\xbf").filter(|_| line.offset == 0).unwrap_or(&line.bytes);
    let bytes = bytes.trim_ascii();
    if bytes.is_empty() {
        return Ok(Settled::Done);
    }
    if line.is_too_long() {
        chunk.begin(line.offset, bytes, line.length);
        let message = format!("the line is longer than {} bytes", indelible_adapter::RECORD_BYTES_MAX);
        spooler.refuse(chunk, Refusal { code: Code::TooLarge.as_str(), message });
        return Ok(Settled::Done);
    }
    let mut convert = |record: &[u8], nth: u64| {
        let offset = line.offset + nth;
        chunk.begin(offset, record, record.len() as u64);
        match converter.convert(record, Occurrence::At { input: trail.0, offset }) {
            Ok(events) => spooler.add(chunk, events, stop),
            Err(refused) => {
                spooler.refuse(chunk, Refusal { code: refused.code.as_str(), message: refused.message });
                Ok(Settled::Done)
            }
        }
    };
    if framing.records.is_empty() {
        return convert(bytes, 0);
    }
    // A line may hold an array of records; a record in it has at least two bytes.
    let mut reader = Reader::new(bytes, framing.clone());
    let mut nth = 0;
    while let Some(record) = reader.next() {
        let settled = match record {
            Ok(record) => convert(record.bytes, nth)?,
            // The converter says what is wrong with it.
            Err(_) => convert(bytes, nth)?,
        };
        if settled == Settled::Stopped {
            return Ok(Settled::Stopped);
        }
        nth += 1;
    }
    Ok(Settled::Done)
}

impl Source {
    /// What a file does not say about itself, at this moment.
    fn options(&self) -> Options {
        Options {
            year: self.year,
            timezone: self.timezone.clone(),
            organization: self.organization.clone(),
            now: Timestamp::now(),
        }
    }

    /// How events name the adapter.
    fn label(&self) -> String {
        format!("{}@{}", self.adapter.name(), self.adapter.version())
    }
}

fn server(config: &Config, token: Option<String>) -> Result<(String, String, Vec<u8>), AgentError> {
    let read = |path: &PathBuf| std::fs::read(path).map_err(|source| AgentError::Read { path: path.clone(), source });
    let token = match &config.token_file {
        Some(path) => Some(String::from_utf8_lossy(&read(path)?).trim().to_owned()),
        None => token.map(|token| token.trim().to_owned()),
    };
    let token = token.filter(|token| !token.is_empty()).ok_or(AgentError::NoToken)?;
    let authorities = config.ca.as_ref().map(read).transpose()?.unwrap_or_default();
    Ok((config.server.clone().unwrap_or_else(|| SERVER_DEFAULT.to_owned()), token, authorities))
}

fn settings(config: &Config, (url, token, authorities): (String, String, Vec<u8>)) -> Settings {
    let mut server = Server::new(url, token);
    if !authorities.is_empty() {
        server = server.certificates(authorities);
    }
    Settings::new(server, Product::new("indelible-agent", env!("CARGO_PKG_VERSION")), &config.spool)
        .spool_bytes_max(config.spool_bytes)
        .refused_bytes_max(config.refused_bytes)
        .receipts_bytes_max(config.receipts_bytes)
}

fn begin_status(url: &str) -> Status {
    Status { started: now(), process: std::process::id(), server: url.to_owned(), ..Status::default() }
}

fn log(notice: &Notice) {
    match notice {
        Notice::New { path } => tracing::info!(path, "following a file"),
        Notice::Renamed { from, to } => tracing::info!(from, to, "a file was renamed"),
        Notice::Replaced { path } => tracing::info!(path, "a file no longer holds what was read from it"),
        Notice::Continued { path, position } => tracing::info!(path, position, "reading goes on in another file"),
    }
}

fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}

fn now() -> String {
    Time::from_us(now_us()).to_string()
}

/// Sleeps, unless it is to stop.
fn pause(duration: Duration, stop: &AtomicBool) {
    let begun = Instant::now();
    while !stop.load(Relaxed) {
        let left = duration.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs::OpenOptions;
    use std::os::unix::fs::FileExt as _;

    use super::*;

    #[test]
    fn a_file_that_is_as_it_was_is_not_looked_into_again() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("audit.log");
        std::fs::write(&log, "no event\nand none\n").unwrap();
        // Nobody listens on port 1.
        let config = format!(
            "server = \"http://127.0.0.1:1\"\nspool = {:?}\n[[file]]\npath = {log:?}\nadapter = \"audit3\"\n",
            dir.path().join("spool")
        );
        let mut agent = Agent::open(toml::from_str(&config).unwrap(), Some("token".to_owned())).unwrap();
        let stop = AtomicBool::new(false);
        assert!(agent.turn(&stop).unwrap().has_read);
        assert!(!agent.turn(&stop).unwrap().has_read);
        assert_eq!((agent.readings.len(), agent.spooler.refused_records), (1, 2));

        // Its reader would find out that other bytes stand there, and read all of them.
        let file = OpenOptions::new().write(true).open(&log).unwrap();
        let modified = file.metadata().unwrap().modified().unwrap();
        file.write_all_at(b"changed!", 0).unwrap();
        file.set_modified(modified).unwrap();
        let turn = agent.turn(&stop).unwrap();
        assert!(!turn.has_read && !turn.waits && agent.readings.len() == 1);

        // What is added is found all the same.
        file.write_all_at(b"no event", 0).unwrap();
        file.write_all_at(b"a third\n", 18).unwrap();
        assert!(agent.turn(&stop).unwrap().has_read);
        assert_eq!(agent.spooler.refused_records, 3);
    }
}
