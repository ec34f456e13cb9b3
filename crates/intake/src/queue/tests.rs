#![allow(clippy::unwrap_used, clippy::panic)]
use std::sync::mpsc::{Receiver, channel};

use indelible_event::control::ControlEntry;

use super::*;
use crate::identity::{IdentityMemory, Options, Seed};

fn seed() -> Seed {
    let folder = tempfile::tempdir().unwrap();
    IdentityMemory::open(folder.path(), Options::default()).unwrap().seed()
}

/// A batch that counts for `bytes` bytes of one organization.
fn batch(number: u32, bytes: usize) -> Batch {
    let empty = ControlEntry { infrastructure: Vec::new(), content: Vec::new(), log_entry_id: [0; 16] };
    let overhead = Batch::control(seed(), number, &empty, 0).size_bytes();
    let entry = ControlEntry { infrastructure: vec![b'x'; bytes - overhead], ..empty };
    Batch::control(seed(), number, &entry, 0)
}

type Refusal = Receiver<Result<Answer, SubmitError>>;

/// Submits; `None` if the batch now waits.
fn submit(queue: &Queue, number: u32, bytes: usize) -> (Option<SubmitError>, Refusal) {
    let (reply, answer) = channel();
    queue.submit(batch(number, bytes), Box::new(move |result| drop(reply.send(result))));
    (answer.try_recv().ok().map(|result| result.err().unwrap()), answer)
}

fn bounds(bytes_max: usize) -> Bounds {
    Bounds { bytes_max, organization_bytes_max: usize::MAX, organization_bytes_per_second: 0 }
}

/// The organizations of the submissions of one group.
fn taken(queue: &Queue, group_bytes: usize) -> Vec<u32> {
    match queue.take(group_bytes) {
        Some(Work::Submissions(submissions)) => submissions.iter().map(|s| s.batch.numbers[0]).collect(),
        _ => panic!("no submissions"),
    }
}

/// Submits in order; each is (organization, bytes, whether it is taken in).
fn check(bounds: Bounds, submissions: &[(u32, usize, bool)]) {
    let queue = Queue::new(bounds);
    for (index, (number, bytes, fits)) in submissions.iter().enumerate() {
        let refusal = submit(&queue, *number, *bytes).0;
        assert_eq!(refusal.is_none(), *fits, "submission {index}: {refusal:?}");
        if let Some(SubmitError::OrganizationBusy { number: named, .. }) = refusal {
            assert_eq!(named, *number);
        }
    }
    let expected: usize = submissions.iter().filter(|s| s.2).map(|s| s.1).sum();
    assert_eq!(queue.bytes(), expected);
}

#[test]
fn an_organization_may_have_as_much_waiting_as_is_free_for_others() {
    // Alone it fills half; a second one gets half of the rest, and so on; there is always room for another.
    check(
        bounds(1000),
        &[(1, 300, true), (1, 300, false), (1, 200, true), (1, 200, false), (2, 250, true), (2, 250, false)],
    );
    check(bounds(1000), &[(1, 500, true), (2, 250, true), (3, 125, true), (4, 125, true), (5, 200, false)]);
    // One submission is taken in however long it is, when it fits or nothing waits.
    check(bounds(1000), &[(1, 5000, true), (2, 200, false)]);
    check(bounds(1000), &[(1, 900, true), (1, 200, false), (2, 100, true)]);
    check(Bounds { organization_bytes_max: 300, ..bounds(1000) }, &[(1, 200, true), (1, 200, false), (2, 200, true)]);
    check(Bounds { organization_bytes_max: 300, ..bounds(1000) }, &[(1, 800, true), (1, 200, false), (2, 200, true)]);
}

#[test]
fn what_was_taken_out_makes_room_again() {
    let queue = Queue::new(bounds(1000));
    for _ in 0..10 {
        assert_eq!(submit(&queue, 7, 400).0, None);
        assert!(matches!(submit(&queue, 7, 400).0, Some(SubmitError::OrganizationBusy { number: 7, .. })));
        assert!(matches!(submit(&queue, 8, 700).0, Some(SubmitError::Busy { queued_bytes: 400 })));
        assert_eq!(taken(&queue, 1), [7]);
    }
}

#[test]
fn organizations_take_turns() {
    let queue = Queue::new(bounds(100_000));
    for number in [1, 1, 1, 1, 2, 2, 3] {
        submit(&queue, number, 200);
    }
    assert_eq!(taken(&queue, 1), [1]);
    assert_eq!(taken(&queue, 900), [2, 3, 1, 2]);
    assert_eq!(taken(&queue, 100_000), [1, 1]);
}

#[test]
fn an_organization_with_a_rate_gets_a_second_ahead_and_is_told_when_to_come_back() {
    let limits = Bounds { organization_bytes_per_second: 1000, ..bounds(usize::MAX) };
    let mut state = State::default();
    // (seconds, bytes, when to come back)
    let mut step = |second: u64, bytes: usize, retry: Option<u64>| {
        let batch = batch(1, bytes);
        let now_us = second * 1_000_000;
        let found = match state.refuse(&batch, &limits, now_us) {
            None => {
                state.add(Submission { batch, reply: Box::new(drop) }, &limits, now_us);
                None
            }
            Some(SubmitError::OrganizationBusy { number: 1, retry_after_seconds }) => Some(retry_after_seconds),
            Some(other) => panic!("{other}"),
        };
        assert_eq!(found, retry, "{bytes} bytes at {second} s");
    };
    step(10, 1000, None);
    step(10, 500, None);
    step(10, 200, Some(1));
    step(11, 200, None);
    step(11, 10_000, None);
    step(12, 200, Some(9));
    step(20, 200, Some(1));
    step(21, 200, None);
    step(1000, 1000, None);
    step(1000, 200, None);
    step(1000, 200, Some(1));
}

#[test]
fn a_halted_queue_answers_all_that_waits_and_what_comes_later() {
    let queue = Queue::new(bounds(100_000));
    let waiting: Vec<Refusal> = (0..5).map(|number| submit(&queue, number, 200).1).collect();
    let (done, released) = channel();
    let command =
        Command::Release { first_needed: FrameNumber(0), done: Box::new(move |result| drop(done.send(result))) };
    assert!(queue.command(command).is_ok());
    queue.halt();
    for answer in waiting {
        assert_eq!(answer.recv().unwrap().err(), Some(SubmitError::Stopped));
    }
    assert!(released.recv().unwrap().is_err());
    assert_eq!(submit(&queue, 1, 200).0, Some(SubmitError::Stopped));
    assert_eq!(queue.bytes(), 0);
    assert!(queue.take(1).is_none());
}
