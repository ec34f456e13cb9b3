//! The bounded queue in front of group commit.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

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
}

pub(crate) enum Work {
    Submissions(Vec<Submission>),
    Command(Command),
}

#[derive(Default)]
struct State {
    submissions: VecDeque<Submission>,
    commands: VecDeque<Command>,
    bytes: usize,
    /// No more is taken in; what waits is still done.
    closed: bool,
}

/// Submissions in order of arrival, bounded in bytes.
pub(crate) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    bytes_max: usize,
}

impl Queue {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { state: Mutex::default(), ready: Condvar::new(), bytes_max }
    }

    /// Adds a submission, or answers it at once when the queue is full or closed.
    pub(crate) fn submit(&self, batch: Batch, reply: Reply) {
        let size = batch.size_bytes();
        let mut state = self.lock();
        let refusal = if state.closed {
            SubmitError::Stopped
        } else if state.bytes > 0 && state.bytes + size > self.bytes_max {
            SubmitError::Busy { queued_bytes: state.bytes }
        } else {
            state.bytes += size;
            state.submissions.push_back(Submission { batch, reply });
            self.ready.notify_one();
            return;
        };
        drop(state);
        reply(Err(refusal));
    }

    /// Adds a command; false if the queue is closed.
    pub(crate) fn command(&self, command: Command) -> bool {
        let mut state = self.lock();
        if !state.closed {
            state.commands.push_back(command);
            self.ready.notify_one();
        }
        !state.closed
    }

    /// Waits for work: a command, or submissions of about `group_bytes` together. `None` when closed and empty.
    pub(crate) fn take(&self, group_bytes: usize) -> Option<Work> {
        let mut state = self.lock();
        loop {
            if let Some(command) = state.commands.pop_front() {
                return Some(Work::Command(command));
            }
            let mut taken = Vec::new();
            let mut bytes = 0;
            while let Some(next) = state.submissions.front() {
                let size = next.batch.size_bytes();
                if bytes > 0 && bytes + size > group_bytes {
                    break;
                }
                bytes += size;
                taken.extend(state.submissions.pop_front());
            }
            if !taken.is_empty() {
                state.bytes -= bytes;
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
        state.bytes = 0;
        let waiting = std::mem::take(&mut state.submissions);
        state.commands.clear();
        drop(state);
        for submission in waiting {
            (submission.reply)(Err(SubmitError::Stopped));
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
