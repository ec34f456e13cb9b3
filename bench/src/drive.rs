//! The load: a closed loop over many connections, driven by one thread.
//!
//! Each connection has one request under way; when its answer is complete the next batch goes out. One thread
//! waits for all of them at once, so that the client takes little of the machine it shares with the server.

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use rustix::event::epoll;

use crate::process::{self, Server};
use crate::wire::{Protocol, Target};

/// Batches made beforehand, each sent at most once.
pub(crate) struct Pool {
    batches: Vec<Vec<u8>>,
    events_per_batch: u64,
}

impl Pool {
    /// Events `first..first + events`, made on all cores.
    pub(crate) fn generate(
        generator: &indelible_testkit::generator::Generator,
        first: u64,
        events: u64,
        events_per_batch: u64,
    ) -> Pool {
        let count = events / events_per_batch;
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
        let batches = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..cores)
                .map(|core| {
                    scope.spawn(move || {
                        (count * core / cores..count * (core + 1) / cores)
                            .map(|n| generator.batch(first + n * events_per_batch, events_per_batch))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
        });
        Pool { batches, events_per_batch }
    }

    /// The same events, each batch made into another request on all cores.
    pub(crate) fn map(&self, request: impl Fn(&[u8]) -> Vec<u8> + Sync) -> Pool {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let part = self.batches.len().div_ceil(cores).max(1);
        let make = |batches: &[Vec<u8>]| batches.iter().map(|batch| request(batch)).collect::<Vec<_>>();
        let make = &make;
        let batches = std::thread::scope(|scope| {
            let workers: Vec<_> = self.batches.chunks(part).map(|part| scope.spawn(move || make(part))).collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
        });
        Pool { batches, events_per_batch: self.events_per_batch }
    }

    pub(crate) fn events(&self) -> u64 {
        self.batches.len() as u64 * self.events_per_batch
    }
}

/// How long and how wide.
pub(crate) struct Load {
    pub(crate) connections: usize,
    /// Answers before this are not counted.
    pub(crate) warm_up: Duration,
    /// Counted time; the run ends earlier when the pool is empty. `None`: until it is empty.
    pub(crate) duration: Option<Duration>,
}

/// What the counted part of a run showed.
pub(crate) struct Outcome {
    pub(crate) events: u64,
    pub(crate) seconds: f64,
    /// Microseconds from the first byte of a request to the last of its answer.
    pub(crate) latency_us: Histogram<u64>,
    pub(crate) server_cpu_seconds: f64,
    pub(crate) client_cpu_seconds: f64,
    /// Of the server at the end, page cache it maps included.
    pub(crate) server_memory_bytes: u64,
}

impl Outcome {
    pub(crate) fn rate(&self) -> f64 {
        self.events as f64 / self.seconds
    }

    pub(crate) fn server_cpu_per_million(&self) -> f64 {
        self.server_cpu_seconds * 1e6 / self.events as f64
    }

    pub(crate) fn client_cpu_per_million(&self) -> f64 {
        self.client_cpu_seconds * 1e6 / self.events as f64
    }

    pub(crate) fn latency_ms(&self, quantile: f64) -> f64 {
        self.latency_us.value_at_quantile(quantile) as f64 / 1_000.0
    }
}

/// A server that answers nothing for this long has failed.
const STALL: Duration = Duration::from_secs(60);

/// Sends batches of `pool` to `target` until time or pool run out. Every answer is checked.
pub(crate) fn run(target: &Target, server: &Server, pool: &Pool, load: &Load) -> Result<Outcome> {
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let mut batches = pool.batches.iter();
    let mut connections = Vec::new();
    for place in 0..load.connections {
        let connection = Connection::open(target, pool.events_per_batch)?;
        let wanted = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::ET;
        epoll::add(&poll, &connection.stream, epoll::EventData::new_u64(place as u64), wanted)?;
        connections.push(connection);
    }

    let begin = Instant::now();
    let mut counting: Option<Counting> = load.warm_up.is_zero().then(|| Counting::begin(server, begin)).transpose()?;
    let mut histogram = Histogram::<u64>::new(3)?;
    let mut events = 0;
    let mut last = begin;
    for connection in &mut connections {
        if let Some(batch) = batches.next() {
            connection.send(batch)?;
        }
    }

    let mut ready = vec![epoll::Event { flags: epoll::EventFlags::empty(), data: epoll::EventData::new_u64(0) }; 256];
    let mut input = vec![0; 256 * 1024];
    'run: while connections.iter().any(|connection| connection.batch.is_some()) {
        let timeout = rustix::event::Timespec { tv_sec: 1, tv_nsec: 0 };
        let count = match epoll::wait(&poll, &mut ready[..], Some(&timeout)) {
            Ok(count) => count,
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error).context("wait for answers"),
        };
        ensure!(count > 0 || last.elapsed() < STALL, "no answer for {} s", STALL.as_secs());
        for event in &ready[..count] {
            let connection = &mut connections[event.data.u64() as usize];
            connection.flush()?;
            let Some(sent_at) = connection.receive(&mut input)? else { continue };
            last = Instant::now();
            match &counting {
                Some(_) => {
                    events += pool.events_per_batch;
                    histogram.record(((last - sent_at).as_micros() as u64).max(1))?;
                }
                None if last - begin >= load.warm_up => counting = Some(Counting::begin(server, last)?),
                None => {}
            }
            let over = counting.as_ref().zip(load.duration).is_some_and(|(counting, time)| last - counting.at >= time);
            if over {
                break 'run;
            }
            if let Some(batch) = batches.next() {
                connection.send(batch)?;
            }
        }
    }
    let Some(counting) = counting else { bail!("the pool of {} events was sent while warming up", pool.events()) };
    ensure!(events > 0, "nothing was answered in the counted time");
    Ok(Outcome {
        events,
        seconds: (last - counting.at).as_secs_f64(),
        latency_us: histogram,
        server_cpu_seconds: server.cpu_seconds()? - counting.server_cpu_seconds,
        client_cpu_seconds: process::own_cpu_seconds()? - counting.client_cpu_seconds,
        server_memory_bytes: server.memory_bytes(),
    })
}

/// The state when counting began.
struct Counting {
    at: Instant,
    server_cpu_seconds: f64,
    client_cpu_seconds: f64,
}

impl Counting {
    fn begin(server: &Server, at: Instant) -> Result<Counting> {
        Ok(Counting { at, server_cpu_seconds: server.cpu_seconds()?, client_cpu_seconds: process::own_cpu_seconds()? })
    }
}

struct Connection<'a> {
    stream: TcpStream,
    protocol: Box<dyn Protocol>,
    events_per_batch: u64,
    /// The batch under way.
    batch: Option<&'a [u8]>,
    sent_at: Instant,
    head: Vec<u8>,
    tail: Vec<u8>,
    /// Bytes of head, batch and tail that are on their way.
    sent: usize,
    answer: Vec<u8>,
}

impl<'a> Connection<'a> {
    fn open(target: &Target, events_per_batch: u64) -> Result<Connection<'a>> {
        let (stream, protocol) = target.connect()?;
        stream.set_nonblocking(true)?;
        Ok(Connection {
            stream,
            protocol,
            events_per_batch,
            batch: None,
            sent_at: Instant::now(),
            head: Vec::new(),
            tail: Vec::new(),
            sent: 0,
            answer: Vec::new(),
        })
    }

    fn send(&mut self, batch: &'a [u8]) -> Result<()> {
        self.head.clear();
        self.tail.clear();
        self.protocol.request(batch, &mut self.head, &mut self.tail);
        self.batch = Some(batch);
        self.sent = 0;
        self.sent_at = Instant::now();
        self.flush()
    }

    /// Writes what the socket takes.
    fn flush(&mut self) -> Result<()> {
        let Some(batch) = self.batch else { return Ok(()) };
        let total = self.head.len() + batch.len() + self.tail.len();
        while self.sent < total {
            let mut skip = self.sent;
            let parts = [&self.head[..], batch, &self.tail[..]].map(|part| {
                let skipped = skip.min(part.len());
                skip -= skipped;
                IoSlice::new(&part[skipped..])
            });
            match self.stream.write_vectored(&parts) {
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("send a batch"),
            }
        }
        Ok(())
    }

    /// Reads what has arrived; when the answer is complete, the time its request was sent.
    fn receive(&mut self, input: &mut [u8]) -> Result<Option<Instant>> {
        loop {
            match self.stream.read(input) {
                Ok(0) => bail!("the server closed a connection"),
                Ok(read) => {
                    self.answer.extend_from_slice(&input[..read]);
                    if read == input.len() {
                        continue;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error).context("read an answer"),
            }
            break;
        }
        if self.batch.is_none() || self.answer.is_empty() {
            return Ok(None);
        }
        let Some(length) = self.protocol.answer(&self.answer, self.events_per_batch)? else { return Ok(None) };
        // What follows belongs to the next answer, such as a NATS server's `PING`.
        self.answer.drain(..length);
        self.batch = None;
        Ok(Some(self.sent_at))
    }
}
