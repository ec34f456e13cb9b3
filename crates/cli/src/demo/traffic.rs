//! Sends the calls of the simulated platform to its services.

use std::collections::HashMap;
use std::fmt;

use anyhow::Context;
use indelible_demo::{Call, DAYS, Memory, Platform, Service};
use indelible_stack::{Peers, SIMULATED_TIME};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{Method, StatusCode};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::output;

/// Actors whose calls are under way at one time. All calls of an actor go through one worker, one after the other.
const WORKERS: u64 = 32;
/// Calls that wait for a worker. Few, so that no actor is far ahead of another: what one deletes at night is not there for others in
/// the morning.
const WAITING: usize = 2;

/// What became of the calls.
#[derive(Debug, Default)]
pub(super) struct Tally {
    done: u64,
    refused: u64,
    /// What somebody else had deleted, as a rule.
    failed: u64,
    bytes: u64,
    /// Calls that were answered otherwise than they must be, and the first of them.
    surprises: u64,
    surprise: Option<String>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, refused, failed, bytes, surprises, surprise } = self;
        let calls = done + refused + failed;
        write!(f, "{calls} requests of people and programs: {done} served, {refused} refused, {failed} in vain; ")?;
        write!(f, "{} MB of answers", bytes / 1_000_000)?;
        match surprise {
            Some(first) => write!(f, "; {surprises} answered otherwise than they must be, such as {first};"),
            None => Ok(()),
        }
    }
}

/// Sends all calls, about in order of time and each actor's exactly so.
pub(super) async fn run(platform: &Platform, peers: &Peers) -> anyhow::Result<Tally> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut workers = JoinSet::new();
    let mut queues = Vec::new();
    for _ in 0..WORKERS {
        let (queue, calls) = mpsc::channel(WAITING);
        queues.push(queue);
        workers.spawn(work(http.clone(), peers.clone(), calls));
    }
    let bar = progress_bar();
    bar.set_length(DAYS as u64);
    let mut first_us = None;
    for call in platform.calls() {
        let first_us = *first_us.get_or_insert(call.time_us);
        bar.set_position(((call.time_us - first_us) / 86_400_000_000).unsigned_abs());
        let queue = queues.get((call.actor % WORKERS) as usize).context("a worker for each remainder")?;
        if queue.send(call).await.is_err() {
            // The worker has ended, and says why below.
            break;
        }
    }
    drop(queues);
    let mut total = Tally::default();
    while let Some(worker) = workers.join_next().await {
        let tally = worker??;
        total.done += tally.done;
        total.refused += tally.refused;
        total.failed += tally.failed;
        total.bytes += tally.bytes;
        total.surprises += tally.surprises;
        total.surprise = total.surprise.or(tally.surprise);
    }
    bar.finish_and_clear();
    Ok(total)
}

/// Sends the calls of some actors.
async fn work(http: reqwest::Client, peers: Peers, mut calls: mpsc::Receiver<Call>) -> anyhow::Result<Tally> {
    let mut memories: HashMap<u64, Memory> = HashMap::new();
    let mut tally = Tally::default();
    while let Some(call) = calls.recv().await {
        let memory = memories.entry(call.actor).or_default();
        let Some(request) = prepared(&http, &peers, &call, memory) else {
            // What it needs was refused before.
            continue;
        };
        let mut answer = request.send().await.context("a service does not answer")?;
        let status = answer.status();
        tally.count(&call, status);
        if status.is_success() && call.teaches() {
            call.learn(&answer.json().await?, memory);
        } else {
            while let Some(part) = answer.chunk().await? {
                tally.bytes += part.len() as u64;
            }
        }
    }
    Ok(tally)
}

/// The request, as it comes from the proxy in front of the services.
fn prepared(http: &reqwest::Client, peers: &Peers, call: &Call, memory: &Memory) -> Option<reqwest::RequestBuilder> {
    let request = call.request(memory)?;
    let service = match request.service {
        Service::Multipass => &peers.multipass,
        Service::Compass => &peers.compass,
        Service::Blobster => &peers.blobster,
    };
    let method = Method::from_bytes(request.method.as_bytes()).ok()?;
    let mut builder = http
        .request(method, format!("{service}{}", request.path))
        .header("x-forwarded-for", &call.address)
        .header("user-agent", &call.user_agent)
        .header("traceparent", format!("00-{}-{}-01", call.trace, &call.trace[16..]))
        .header(SIMULATED_TIME, call.time_us);
    if let Some(token) = request.token {
        builder = builder.bearer_auth(token);
    }
    if let Some(json) = request.json {
        builder = builder.json(&json);
    }
    if let Some(file) = request.file {
        builder = builder.body(file);
    }
    Some(builder)
}

impl Tally {
    fn count(&mut self, call: &Call, status: StatusCode) {
        let is_refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        match status {
            _ if is_refused => self.refused += 1,
            status if status.is_success() => self.done += 1,
            _ => self.failed += 1,
        }
        // What is allowed may be refused for what somebody else did to permissions, not for who asks.
        let is_meant = match call.allowed {
            true => {
                is_refused && status != StatusCode::UNAUTHORIZED
                    || status.is_success()
                    || status == StatusCode::NOT_FOUND
            }
            false => is_refused,
        };
        if !is_meant {
            self.surprises += 1;
            self.surprise.get_or_insert_with(|| format!("{status} to {call:?}"));
        }
    }
}

fn progress_bar() -> ProgressBar {
    if !output::shows_progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  day {pos} of {len} {bar:40}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
