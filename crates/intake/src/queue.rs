//! The bounded queue in front of group commit.
//!
//! It is bounded in bytes twice: all that waits, and what waits for one organization. An organization may have as much
//! waiting as is still free, so one alone fills at most half, and there is always room for another. Submissions of
//! different organizations take turns. What does not fit is refused at once and whole; nothing that waits is dropped.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use indelible_journal::FrameNumber;

use crate::batch::{Answer, Batch, SubmitError};

/// Called once with the answer, on the applier's thread: it must not block.
pub type Reply = Box<dyn FnOnce(Result<Answer, SubmitError>) + Send>;

pub(crate) struct Submission {
    pub(crate) batch: Batch,
    pub(crate) reply: Reply,
}

/// Something the thread that owns the journal does between groups.
pub(crate) enum Command {
    /// Release journal frames below `first_needed`; tells how many segments went.
    Release { first_needed: FrameNumber, done: Box<dyn FnOnce(Result<usize, String>) + Send> },
    /// Go on in a new file of the journal, and use none of the others again.
    Renew { done: Box<dyn FnOnce(Result<(), String>) + Send> },
    /// Believe the clock from now on, and write that into the log of organization `number`.
    AcceptClock { number: u32, reply: Reply },
    /// Write the genesis entries of these logs.
    Begin { numbers: Vec<u32>, done: Box<dyn FnOnce(Result<(), String>) + Send> },
}

pub(crate) enum Work {
    Submissions(Vec<Submission>),
    Command(Command),
}

/// How much may wait and come in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Bytes of all that waits.
    pub(crate) bytes_max: usize,
    /// Bytes that wait for one organization, at most.
    pub(crate) organization_bytes_max: usize,
    /// Bytes that may come in for one organization each second, 0 for any number.
    pub(crate) organization_bytes_per_second: u64,
}

#[derive(Default)]
struct State {
    /// By organization number.
    lanes: HashMap<u32, Lane>,
    /// The lanes in which something waits, each once, in the order of their turns.
    turns: VecDeque<u32>,
    commands: VecDeque<Command>,
    bytes: usize,
    /// No more is taken in; what waits is still done.
    closed: bool,
}

/// One organization.
#[derive(Default)]
struct Lane {
    /// A submission for several organizations waits in the lane of its first one.
    submissions: VecDeque<Submission>,
    /// Bytes that wait for this organization, in whatever lane.
    bytes: usize,
    /// When all that came in so far has come in at the allowed rate, microseconds after `Queue::begun`.
    paid_until_us: u64,
}

/// Submissions, bounded in bytes.
pub(crate) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    bounds: Bounds,
    begun: Instant,
}

impl Queue {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { state: Mutex::default(), ready: Condvar::new(), bounds, begun: Instant::now() }
    }

    /// Adds a submission, or answers it at once when the queue is full or closed.
    pub(crate) fn submit(&self, batch: Batch, reply: Reply) {
        let now_us = match self.bounds.organization_bytes_per_second {
            0 => 0,
            _ => u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        };
        let mut state = self.lock();
        match state.refuse(&batch, &self.bounds, now_us) {
            None => {
                state.add(Submission { batch, reply }, &self.bounds, now_us);
                self.ready.notify_one();
            }
            Some(refusal) => {
                drop(state);
                reply(Err(refusal));
            }
        }
    }

    /// Adds a command; gives it back if the queue is closed.
    pub(crate) fn command(&self, command: Command) -> Result<(), Command> {
        let mut state = self.lock();
        if state.closed {
            return Err(command);
        }
        state.commands.push_back(command);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits for work: a command, or submissions of about `group_bytes` together. `None` when closed and empty.
    pub(crate) fn take(&self, group_bytes: usize) -> Option<Work> {
        let mut state = self.lock();
        loop {
            if let Some(command) = state.commands.pop_front() {
                return Some(Work::Command(command));
            }
            let taken = state.take(group_bytes);
            if !taken.is_empty() {
                return Some(Work::Submissions(taken));
            }
            if state.closed {
                return None;
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes in no more; what waits will still be done.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
    }

    /// Takes in no more and answers what waits: none of it was written.
    pub(crate) fn halt(&self) {
        let mut state = self.lock();
        state.closed = true;
        let waiting = state.take(usize::MAX);
        let commands = std::mem::take(&mut state.commands);
        drop(state);
        for submission in waiting {
            (submission.reply)(Err(SubmitError::Stopped));
        }
        for command in commands {
            command.refuse();
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Command {
    /// Tells who waits for it that it will not be done.
    pub(crate) fn refuse(self) {
        match self {
            Self::Release { done, .. } => done(Err(SubmitError::Stopped.to_string())),
            Self::Renew { done } => done(Err(SubmitError::Stopped.to_string())),
            Self::AcceptClock { reply, .. } => reply(Err(SubmitError::Stopped)),
            Self::Begin { done, .. } => done(Err(SubmitError::Stopped.to_string())),
        }
    }
}

impl State {
    /// Why the batch cannot be taken in now, if it cannot.
    fn refuse(&self, batch: &Batch, bounds: &Bounds, now_us: u64) -> Option<SubmitError> {
        if self.closed {
            return Some(SubmitError::Stopped);
        }
        let size = batch.size_bytes();
        let free = bounds.bytes_max.saturating_sub(self.bytes);
        if self.bytes > 0 && size > free {
            return Some(SubmitError::Busy { queued_bytes: self.bytes });
        }
        batch.shares().find_map(|(number, bytes)| {
            let lane = self.lanes.get(&number)?;
            let waiting = lane.bytes.saturating_add(bytes);
            let is_full = lane.bytes > 0 && waiting > free.saturating_sub(bytes).min(bounds.organization_bytes_max);
            // A second's worth may come in at once; more has to wait until it is paid for.
            let early_us = lane.paid_until_us.saturating_sub(now_us).saturating_sub(1_000_000);
            let is_fast = bounds.organization_bytes_per_second > 0 && early_us > 0;
            let retry_after_seconds = if is_fast { early_us.div_ceil(1_000_000) } else { 1 };
            (is_full || is_fast).then_some(SubmitError::OrganizationBusy { number, retry_after_seconds })
        })
    }

    fn add(&mut self, submission: Submission, bounds: &Bounds, now_us: u64) {
        self.bytes += submission.batch.size_bytes();
        let mut first = None;
        for (number, bytes) in submission.batch.shares() {
            first.get_or_insert(number);
            let lane = self.lanes.entry(number).or_default();
            lane.bytes += bytes;
            if let Some(us) = (bytes as u64).saturating_mul(1_000_000).checked_div(bounds.organization_bytes_per_second)
            {
                lane.paid_until_us = lane.paid_until_us.max(now_us).saturating_add(us);
            }
        }
        let number = first.unwrap_or(0);
        let lane = self.lanes.entry(number).or_default();
        if lane.submissions.is_empty() {
            self.turns.push_back(number);
        }
        lane.submissions.push_back(submission);
    }

    /// Takes submissions of about `bytes_max` together, at least one if any waits, one of each lane in turn.
    fn take(&mut self, bytes_max: usize) -> Vec<Submission> {
        let mut taken = Vec::new();
        let mut bytes = 0usize;
        while let Some(number) = self.turns.front().copied() {
            let Some(lane) = self.lanes.get_mut(&number) else { break };
            let Some(next) = lane.submissions.front() else { break };
            let size = next.batch.size_bytes();
            if bytes > 0 && bytes.saturating_add(size) > bytes_max {
                break;
            }
            bytes += size;
            taken.extend(lane.submissions.pop_front());
            self.turns.pop_front();
            if !lane.submissions.is_empty() {
                self.turns.push_back(number);
            }
        }
        self.bytes -= bytes;
        for submission in &taken {
            for (number, bytes) in submission.batch.shares() {
                if let Some(lane) = self.lanes.get_mut(&number) {
                    lane.bytes -= bytes;
                }
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests;
