//! Sinks at work: a task for each, which delivers an organization's log to a destination outside.
//!
//! What a sink is to do stands in the control database; its secret, cursor and dead letters are files in `DATA-DIR/sinks/<id>`. The crate
//! `sink` decides and sends; here it gets events from the archive and the journal, time, and orders from the API.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use anyhow::{Context, anyhow};
use indelible_api::AlarmKind;
use indelible_archive::LogFile;
use indelible_control::Sink;
use indelible_event::Organization;
use indelible_event::control::CONTROL_TYPE;
use indelible_event::parts::members;
use indelible_sink::{
    AddressError, Batch, Cursor, DeadLetter, Delivery, Destination, Health, InvalidSettings, Limits, Log, Policy,
    Position, Reach, Receiver, Replayed, Secret, Settings, Source, SourceError, State, Store, Turn,
};
use indelible_storage::{RealDisk, durable};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::app::App;
use crate::destination::Allowed;
use crate::entries::Entries;

/// Orders that may wait for a sink.
const ORDERS_MAX: usize = 16;
/// How long an order waits for what the sink is doing.
const ORDER_PATIENCE: Duration = Duration::from_secs(180);
/// How long the name of a new sink's host may take to be looked up.
const LOOKUP_PATIENCE: Duration = Duration::from_secs(5);

/// How much is read at once: so many batches, within so many bytes, or one batch if that is larger.
const AHEAD_BATCHES: usize = 8;
const AHEAD_BYTES: usize = 8 << 20;

type Running = Delivery<LogSource, Receiver>;

/// All sinks, by organization and name.
pub(crate) struct Sinks {
    folder: PathBuf,
    members: Mutex<BTreeMap<(Organization, String), Arc<Member>>>,
    /// Held while a sink is made, switched or removed.
    pub(crate) changes: tokio::sync::Mutex<()>,
}

/// A sink.
pub(crate) struct Member {
    pub(crate) sink: Sink,
    pub(crate) settings: Settings,
    status: Arc<Mutex<Status>>,
    worker: Option<Worker>,
}

struct Worker {
    orders: mpsc::Sender<Order>,
    task: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// Ends the task and waits for its end: only then may another have its files.
    async fn end(&self) {
        if let Some(task) = self.task.lock().await.take() {
            task.abort();
            // That it was told to end is no news.
            let _ = task.await;
        }
    }
}

/// How a sink is.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub(crate) cursor: Cursor,
    pub(crate) health: Health,
    pub(crate) state: State,
    pub(crate) dead_letters: usize,
    /// When the first of the events under way was received.
    pub(crate) oldest_us: Option<i64>,
    /// Why it could not be started.
    pub(crate) broken: Option<String>,
    /// When the cursor was last seen to have moved, or nothing to wait.
    progress: (Position, i64),
}

/// What a sink is told to do, with where the answer goes.
pub(crate) enum Order {
    MoveTo(Position, Reply<()>),
    DeadLetters(Reply<Vec<DeadLetter>>),
    Replay(Reply<Replayed>),
    Discard(Reply<u64>),
}

type Reply<T> = oneshot::Sender<anyhow::Result<T>>;

impl Sinks {
    pub(crate) fn new(data_dir: &std::path::Path) -> Self {
        Self { folder: data_dir.join("sinks"), members: Mutex::default(), changes: tokio::sync::Mutex::default() }
    }

    /// Those of an organization, by name.
    pub(crate) fn of(&self, organization: &Organization) -> Vec<Arc<Member>> {
        self.all().into_iter().filter(|member| member.sink.organization == *organization).collect()
    }

    pub(crate) fn find(&self, organization: &Organization, name: &str) -> Option<Arc<Member>> {
        self.lock().get(&(organization.clone(), name.to_owned())).cloned()
    }

    /// The sink as it is now, if it was not deleted meanwhile.
    fn current(&self, member: &Member) -> Option<Arc<Member>> {
        self.find(&member.sink.organization, &member.sink.name).filter(|current| current.sink.id == member.sink.id)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Member>> {
        self.lock().values().cloned().collect()
    }

    /// Ends all tasks. What was under way is sent again after the next start.
    pub(crate) async fn stop(&self) {
        let _held = self.changes.lock().await;
        for worker in self.all().iter().filter_map(|member| member.worker.as_ref()) {
            worker.end().await;
        }
        self.lock().clear();
    }

    fn folder_of(&self, id: &str) -> PathBuf {
        self.folder.join(id)
    }

    fn insert(&self, member: Arc<Member>) {
        let key = (member.sink.organization.clone(), member.sink.name.clone());
        self.lock().insert(key, member);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(Organization, String), Arc<Member>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    pub(crate) fn status(&self) -> Status {
        self.lock().clone()
    }

    /// Whether entries from `first` on, a generation and a `seq`, were delivered, or may have been read to be delivered.
    pub(crate) fn may_have(&self, first: (u32, u64)) -> bool {
        let ahead = (self.settings.batch().events as u64).saturating_mul(AHEAD_BATCHES as u64);
        let next = self.status().cursor.next;
        (next.generation, next.seq.saturating_add(ahead)) > first
    }

    /// Gives the sink an order and waits for the answer.
    ///
    /// # Errors
    /// When it does not run, is busy for too long, or fails.
    pub(crate) async fn order<T>(&self, order: impl FnOnce(Reply<T>) -> Order) -> anyhow::Result<T> {
        let worker = self.worker.as_ref().context("the sink does not run; enable it")?;
        let (reply, answer) = oneshot::channel();
        worker.orders.try_send(order(reply)).map_err(|_| anyhow!("the sink is busy; try again in a moment"))?;
        let answer = tokio::time::timeout(ORDER_PATIENCE, answer).await;
        answer.context("the sink is busy with its destination; try again")?.context("the sink has ended")?
    }

    async fn end(&self) {
        if let Some(worker) = &self.worker {
            worker.end().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Status {
    fn note(&mut self, delivery: &Running) {
        let engine = delivery.engine();
        self.cursor = *engine.cursor();
        self.health = engine.health().clone();
        self.state = engine.state();
        self.dead_letters = delivery.store().dead_letters().len();
        self.oldest_us = engine.batch().and_then(|batch| batch.entries.first()).map(|entry| entry.received_at_us);
    }
}

impl App {
    /// Starts the sinks of the control database.
    pub(crate) async fn start_sinks(self: &Arc<Self>) -> anyhow::Result<()> {
        durable::create_dir_durable(&self.sinks.folder).context("create the folder of the sinks")?;
        for sink in self.control.sinks().await? {
            match serde_json::from_str(&sink.settings) {
                Ok(settings) => self.start_sink(sink, settings),
                Err(error) => {
                    tracing::error!(sink = sink.id, %error, "a sink has settings of another version and is left out")
                }
            }
        }
        Ok(())
    }

    /// Makes a sink known and, if it is enabled, starts its task. One that cannot be started says why in its status.
    fn start_sink(self: &Arc<Self>, sink: Sink, settings: Settings) {
        let begin = Cursor { next: Position { generation: sink.begin.0, seq: sink.begin.1 }, ..Cursor::default() };
        let mut status = Status {
            cursor: begin,
            health: Health::default(),
            state: State::Idle,
            dead_letters: 0,
            oldest_us: None,
            broken: None,
            progress: (begin.next, self.now_us()),
        };
        let opened = Store::open(Arc::new(RealDisk), &self.sinks.folder_of(&sink.id)).map_err(anyhow::Error::from);
        let opened = opened.and_then(|(store, cursor)| {
            status.cursor = cursor.unwrap_or(begin);
            status.dead_letters = store.dead_letters().len();
            if !sink.enabled {
                return Ok(None);
            }
            let secret = self.sink_secret(&sink.id)?;
            Ok(Some((store, self.open_receiver(&settings, secret.as_ref())?)))
        });
        let (opened, broken) = match opened {
            Ok(opened) => (opened, None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        if let Some(error) = &broken {
            tracing::error!(sink = sink.id, error, "a sink cannot be started");
        }
        let cursor = status.cursor;
        status.broken = broken;
        let status = Arc::new(Mutex::new(status));
        let worker = opened.map(|(store, receiver)| {
            let source = LogSource {
                app: Arc::downgrade(self),
                organization: sink.organization.clone(),
                ahead: tokio::sync::Mutex::default(),
            };
            let delivery = Delivery::new(source, receiver, store, Policy::of(&settings), cursor);
            let (orders, received) = mpsc::channel(ORDERS_MAX);
            let task = tokio::spawn(run(Arc::downgrade(self), Arc::clone(&status), delivery, received));
            Worker { orders, task: tokio::sync::Mutex::new(Some(task)) }
        });
        self.sinks.insert(Arc::new(Member { sink, settings, status, worker }));
    }

    /// Makes a sink. Returns false if the organization has one of that name.
    ///
    /// # Errors
    /// When something cannot be made durable; then there is no such sink.
    pub(crate) async fn create_sink(
        self: &Arc<Self>,
        sink: Sink,
        settings: Settings,
        secret: Option<&Secret>,
    ) -> anyhow::Result<bool> {
        let _held = self.sinks.changes.lock().await;
        let folder = self.sinks.folder_of(&sink.id);
        durable::create_dir_durable(&folder).context("create the sink's folder")?;
        if let Some(secret) = secret {
            durable::write_atomic(&folder.join("secret"), secret.expose().as_bytes(), 0o600)
                .context("keep the sink's secret")?;
        }
        if !self.control.create_sink(&sink).await? {
            let _ = std::fs::remove_dir_all(&folder);
            return Ok(false);
        }
        self.start_sink(sink, settings);
        Ok(true)
    }

    /// Switches a sink on or off. Off, it keeps its place.
    pub(crate) async fn enable_sink(self: &Arc<Self>, member: &Member, enabled: bool) -> anyhow::Result<()> {
        let _held = self.sinks.changes.lock().await;
        let Some(member) = self.sinks.current(member) else { return Ok(()) };
        self.control.enable_sink(&member.sink.id, enabled).await?;
        member.end().await;
        self.start_sink(Sink { enabled, ..member.sink.clone() }, member.settings.clone());
        Ok(())
    }

    /// Removes a sink with its secret, cursor and dead letters.
    pub(crate) async fn delete_sink(&self, member: &Member) -> anyhow::Result<()> {
        let _held = self.sinks.changes.lock().await;
        let Some(member) = self.sinks.current(member) else { return Ok(()) };
        let folder = self.sinks.folder_of(&member.sink.id);
        member.end().await;
        // The secret goes first: it does not outlive the sink, whatever happens in between.
        gone(std::fs::remove_file(folder.join("secret"))).context("remove the sink's secret")?;
        self.control.delete_sink(&member.sink.id).await?;
        self.sinks.lock().remove(&(member.sink.organization.clone(), member.sink.name.clone()));
        gone(std::fs::remove_dir_all(folder)).context("remove the sink's files")
    }

    fn sink_secret(&self, id: &str) -> anyhow::Result<Option<Secret>> {
        match std::fs::read_to_string(self.sinks.folder_of(id).join("secret")) {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("read the sink's secret"),
        }
    }

    /// Prepares a destination, if the operator allows it.
    pub(crate) fn open_receiver(
        &self,
        settings: &Settings,
        secret: Option<&Secret>,
    ) -> Result<Receiver, InvalidSettings> {
        settings.check()?;
        let refused = |field, problem: String| Err(InvalidSettings { field, problem });
        let reach = match settings.host() {
            Some(host) => match self.config.sinks.reach(host) {
                Some(reach) => reach,
                None => return refused("destination", format!("the operator does not allow {host} (sinks.hosts)")),
            },
            None => Reach::default(),
        };
        let bucket = match &settings.destination {
            Destination::Files { url, .. } => match self.allowed_files().and_then(|allowed| Ok(allowed.open(url)?)) {
                Ok(bucket) => Some(bucket),
                Err(error) => return refused("url", format!("{error:#}")),
            },
            _ => None,
        };
        Receiver::open(settings, secret, bucket, reach)
    }

    /// Where sinks may write files.
    fn allowed_files(&self) -> anyhow::Result<Allowed> {
        Allowed::for_sinks(&self.config)
    }

    /// Tries of a new sink's destination what had better not turn out later: whether a host is within reach, and whether an object
    /// store gives a name once. A host that cannot be looked up now may come.
    pub(crate) async fn try_destination(&self, settings: &Settings) -> Result<(), InvalidSettings> {
        if let Some((host, reach)) = settings.host().and_then(|host| Some((host, self.config.sinks.reach(host)?))) {
            let found = tokio::time::timeout(LOOKUP_PATIENCE, reach.resolve(host, 0)).await;
            if let Ok(Err(error @ AddressError::NotPublic { .. })) = found {
                return Err(InvalidSettings { field: "destination", problem: error.to_string() });
            }
        }
        let Destination::Files { url, .. } = &settings.destination else { return Ok(()) };
        let tried = async { self.allowed_files()?.ensure_fit(url).await }.await;
        tried.map_err(|error| InvalidSettings { field: "url", problem: format!("{error:#}") })
    }

    /// Sends a test event to a sink's destination.
    pub(crate) async fn test_sink(&self, member: &Member) -> anyhow::Result<indelible_sink::Outcome> {
        let secret = self.sink_secret(&member.sink.id)?;
        let receiver = self.open_receiver(&member.settings, secret.as_ref())?;
        Ok(indelible_sink::test(&receiver, member.sink.organization.as_str(), self.now_us()).await)
    }

    /// Where the log of an organization was at that time; where it ends now without a time. For a thread that may block.
    pub(crate) fn sink_position(
        self: &Arc<Self>,
        organization: &Organization,
        received_us: Option<i64>,
    ) -> anyhow::Result<Position> {
        let Some(log) = self.ledger.find(organization) else { return Ok(Position::default()) };
        let Some(us) = received_us else {
            return Ok(Position { generation: log.generation, seq: Entries::new(self, &log).end() });
        };
        let generation = self.inventory.generation_at(organization, us, log.generation);
        let entries = match generation == log.generation {
            true => Entries::new(self, &log),
            false => Entries::closed(self, organization, generation),
        };
        Ok(Position { generation, seq: entries.first_received(us, entries.end())? })
    }

    /// Entries of the log at or behind `next`.
    pub(crate) fn sink_lag(&self, organization: &Organization, next: Position) -> u64 {
        let Some(log) = self.ledger.find(organization) else { return 0 };
        let size = self.ledger.size(log.number);
        if next.generation == log.generation {
            return size.saturating_sub(next.seq);
        }
        let closed = (next.generation..log.generation).map(|generation| {
            let end = self.inventory.archived_end(organization, generation);
            if generation == next.generation { end.saturating_sub(next.seq) } else { end }
        });
        closed.sum::<u64>() + size
    }

    /// Whether an enabled sink has still to deliver entries of the log file.
    pub(crate) fn sink_awaits(&self, file: &LogFile) -> bool {
        let sinks = self.sinks.all().into_iter();
        let mut own = sinks.filter(|member| member.sink.enabled && member.sink.organization == file.organization);
        own.any(|member| {
            let next = member.status().cursor.next;
            (next.generation, next.seq) <= (file.generation, file.last)
        })
    }

    /// Raises an alarm for each organization with a sink that does not come on.
    pub(crate) fn watch_sinks(&self) {
        let now_us = self.now_us();
        let mut messages: BTreeMap<Organization, Option<String>> = BTreeMap::new();
        for member in self.sinks.all() {
            let message = self.stalled(&member, now_us);
            let known = messages.entry(member.sink.organization.clone()).or_default();
            if known.is_none() {
                *known = message;
            }
        }
        let gone = self.alarms.active(now_us).into_iter().filter(|alarm| alarm.kind == AlarmKind::SinkStalled);
        for organization in gone.filter_map(|alarm| alarm.organization) {
            messages.entry(organization).or_default();
        }
        for (organization, message) in messages {
            self.alarms.set(AlarmKind::SinkStalled, Some(&organization), now_us, message);
        }
    }

    fn stalled(&self, member: &Member, now_us: i64) -> Option<String> {
        let name = &member.sink.name;
        let lag = self.sink_lag(&member.sink.organization, member.status().cursor.next);
        let mut status = member.lock();
        if !member.sink.enabled || lag == 0 || status.progress.0 != status.cursor.next {
            status.progress = (status.cursor.next, now_us);
        }
        if let Some(why) = status.broken.as_ref().filter(|_| member.sink.enabled) {
            return Some(format!("the sink {name} cannot be started: {why}"));
        }
        let patience_s = self.config.sinks.alarm_seconds + u64::from(member.settings.batch().wait_seconds);
        let stalled_s = u64::try_from((now_us - status.progress.1) / 1_000_000).unwrap_or(0);
        // What the destination said may quote events, which are not for the operator's eyes.
        (stalled_s >= patience_s).then(|| {
            format!("the sink {name} has delivered nothing for {stalled_s} seconds and {lag} entries wait; `indelible sink list` says why")
        })
    }

    /// Reads for a sink what there is from a position on.
    fn read_for_sink(
        self: &Arc<Self>,
        organization: &Organization,
        mut from: Position,
        limits: Limits,
    ) -> anyhow::Result<Option<(Batch, Position)>> {
        let Some(log) = self.ledger.find(organization) else { return Ok(None) };
        loop {
            let is_open = from.generation >= log.generation;
            let entries = match is_open {
                true => Entries::new(self, &log),
                false => Entries::closed(self, organization, from.generation),
            };
            // What retention dropped is nobody's any more.
            from.seq = from.seq.max(entries.begin());
            let until = limits.until.filter(|until| until.generation == from.generation);
            let end = until.map_or(entries.end(), |until| until.seq.min(entries.end()));
            if from.seq < end {
                let origin = match is_open {
                    true => log.origin.clone(),
                    false => self.closed_origin(organization, from.generation)?,
                };
                let log = Log { organization: organization.to_string(), origin, generation: from.generation };
                return read_batch(entries, log, from.seq, end, limits).map(Some);
            }
            if is_open {
                return Ok(None);
            }
            from = Position { generation: from.generation + 1, seq: 0 };
        }
    }

    fn closed_origin(&self, organization: &Organization, generation: u32) -> anyhow::Result<String> {
        let manifest = self.inventory.generation(organization, generation);
        manifest.map(|(manifest, _)| manifest.origin.clone()).context("a closed generation without a manifest")
    }
}

/// That there was nothing to remove is as good.
fn gone(removed: std::io::Result<()>) -> std::io::Result<()> {
    removed.or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// Why reading stopped before the end: the batch is full.
#[derive(Debug, thiserror::Error)]
#[error("the batch is full")]
struct Full;

fn read_batch(
    mut entries: Entries,
    log: Log,
    first: u64,
    end: u64,
    limits: Limits,
) -> anyhow::Result<(Batch, Position)> {
    let last = (end - 1).min(first.saturating_add(limits.events as u64 - 1));
    entries.only(&(first..=last));
    let (mut events, mut bytes, mut next) = (Vec::new(), 0, first);
    let read = entries.visit(first..=last, |entry| {
        if !is_control(entry.infrastructure) {
            bytes += entry.infrastructure.len() + entry.content.len();
            if bytes > limits.bytes && !events.is_empty() {
                return Err(Full.into());
            }
            events.push(indelible_sink::Entry {
                seq: entry.seq,
                received_at_us: entry.received_at_us,
                infrastructure: entry.infrastructure.as_bytes().to_vec(),
                content: entry.content.as_bytes().to_vec(),
            });
        }
        next = entry.seq + 1;
        Ok(())
    });
    read.or_else(|error| if error.is::<Full>() { Ok(()) } else { Err(error) })?;
    let position = Position { generation: log.generation, seq: next };
    Ok((Batch { log, entries: events }, position))
}

/// Whether it is an entry of the server's own, about the log.
fn is_control(infrastructure: &str) -> bool {
    let kind = members(infrastructure.as_bytes()).flatten().find(|(key, _)| key == "type");
    kind.is_some_and(|(_, kind)| {
        kind.strip_prefix(b"\"").and_then(|kind| kind.strip_suffix(b"\"")) == Some(CONTROL_TYPE.as_bytes())
    })
}

/// The log of an organization: what is archived of all its generations, and what is acknowledged.
pub(crate) struct LogSource {
    app: Weak<App>,
    organization: Organization,
    /// What was read and not yet asked for: a log file is not opened for each batch.
    ahead: tokio::sync::Mutex<Option<Ahead>>,
}

/// Events read ahead.
struct Ahead {
    from: Position,
    batch: Batch,
    /// Behind the last entry.
    end: Position,
}

impl Source for LogSource {
    async fn read(&self, from: Position, limits: Limits) -> Result<Option<(Batch, Position)>, SourceError> {
        let mut ahead = self.ahead.lock().await;
        let known = match ahead.take().filter(|known| known.from == from) {
            Some(known) => known,
            None => {
                let app = self.app.upgrade().ok_or("the server is stopping")?;
                let organization = self.organization.clone();
                let more = Limits {
                    events: limits.events.saturating_mul(AHEAD_BATCHES),
                    bytes: limits.bytes.max(AHEAD_BYTES),
                    until: limits.until,
                };
                let read = tokio::task::spawn_blocking(move || app.read_for_sink(&organization, from, more)).await?;
                let Some((batch, end)) = read? else { return Ok(None) };
                Ahead { from, batch, end }
            }
        };
        let (batch, end, rest) = known.split(limits);
        *ahead = rest;
        Ok(Some((batch, end)))
    }
}

impl Ahead {
    /// The first batch within `limits`, the position behind it, and what is left.
    fn split(mut self, limits: Limits) -> (Batch, Position, Option<Ahead>) {
        let until = limits.until.filter(|until| until.generation == self.batch.log.generation);
        let (mut count, mut bytes) = (0, 0);
        for entry in self.batch.entries.iter().take(limits.events) {
            bytes += entry.infrastructure.len() + entry.content.len();
            if (count > 0 && bytes > limits.bytes) || until.is_some_and(|until| entry.seq >= until.seq) {
                break;
            }
            count += 1;
        }
        let entries = self.batch.entries.split_off(count);
        let Some(first) = entries.first() else { return (self.batch, self.end, None) };
        let from = Position { generation: self.batch.log.generation, seq: first.seq };
        let batch = Batch { log: self.batch.log.clone(), entries };
        (self.batch, from, Some(Ahead { from, batch, end: self.end }))
    }
}

/// The task of a sink.
async fn run(app: Weak<App>, status: Arc<Mutex<Status>>, mut delivery: Running, mut orders: mpsc::Receiver<Order>) {
    let now_us = || app.upgrade().map_or(0, |app| app.now_us());
    loop {
        while let Ok(order) = orders.try_recv() {
            obey(&mut delivery, &status, order).await;
        }
        let turn = delivery.turn(now_us, random()).await;
        note(&status, &delivery);
        if let Turn::Wait(until) = turn {
            let pause = Duration::from_micros(u64::try_from(until - now_us()).unwrap_or(0));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                order = orders.recv() => match order {
                    Some(order) => obey(&mut delivery, &status, order).await,
                    None => return,
                }
            }
        }
    }
}

/// Does what was ordered, so that the status shows it before the answer goes out.
async fn obey(delivery: &mut Running, status: &Mutex<Status>, order: Order) {
    // Whoever asked may have gone.
    match order {
        Order::MoveTo(next, reply) => {
            let moved = delivery.move_to(next);
            note(status, delivery);
            drop(reply.send(moved.map_err(Into::into)));
        }
        Order::DeadLetters(reply) => drop(reply.send(Ok(delivery.store().dead_letters().cloned().collect()))),
        Order::Replay(reply) => {
            let replayed = delivery.replay().await;
            note(status, delivery);
            drop(reply.send(replayed.map_err(|error| anyhow!(error))));
        }
        Order::Discard(reply) => {
            let discarded = delivery.discard();
            note(status, delivery);
            drop(reply.send(discarded.map_err(Into::into)));
        }
    }
}

fn note(status: &Mutex<Status>, delivery: &Running) {
    status.lock().unwrap_or_else(PoisonError::into_inner).note(delivery);
}

fn random() -> u64 {
    let mut bytes = [0; 8];
    // Without it attempts are only less spread.
    let _ = getrandom::fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ahead(seqs: &[u64], end: u64) -> Ahead {
        let entry = |seq: &u64| indelible_sink::Entry {
            seq: *seq,
            received_at_us: 0,
            infrastructure: vec![b' '; 10],
            content: Vec::new(),
        };
        let log = Log { organization: String::new(), origin: String::new(), generation: 1 };
        let batch = Batch { log, entries: seqs.iter().map(entry).collect() };
        let place = |seq| Position { generation: 1, seq };
        Ahead { from: place(0), batch, end: place(end) }
    }

    #[test]
    fn what_was_read_ahead_is_handed_out_in_batches() {
        for (events, bytes, until, expected) in [
            (10, 1000, None, vec![(vec![1, 2, 4, 5], 7)]),
            (3, 1000, None, vec![(vec![1, 2, 4], 5), (vec![5], 7)]),
            (10, 20, None, vec![(vec![1, 2], 4), (vec![4, 5], 7)]),
            (10, 1, None, vec![(vec![1], 2), (vec![2], 4), (vec![4], 5), (vec![5], 7)]),
            (10, 1000, Some(4), vec![(vec![1, 2], 4)]),
        ] {
            let until = until.map(|seq| Position { generation: 1, seq });
            let mut rest = Some(ahead(&[1, 2, 4, 5], 7));
            for (seqs, end) in expected {
                let (batch, behind, left) = rest.take().unwrap().split(Limits { events, bytes, until });
                assert_eq!(batch.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), seqs);
                assert_eq!(behind.seq, end);
                rest = left;
            }
            assert_eq!(rest.is_some(), until.is_some());
        }
    }

    #[test]
    fn entries_of_the_server_are_known_by_their_type() {
        assert!(is_control(r#"{"name":"GENESIS","time":"x","type":"indelible.1"}"#));
        assert!(!is_control(r#"{"name":"indelible.1","type":"audit.3"}"#));
        assert!(!is_control("{}"));
    }
}
