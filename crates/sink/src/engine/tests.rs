#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::fixture;

const NOW: i64 = 1_800_000_000_000_000;

fn policy() -> Policy {
    Policy {
        events_max: 10,
        bytes_max: 1 << 20,
        wait_us: 0,
        settle: false,
        backoff: (Duration::from_secs(1), Duration::from_secs(300)),
        idle: Duration::from_secs(1),
    }
}

fn start() -> Cursor {
    Cursor { next: Position { generation: 1, seq: 1 }, ..Cursor::default() }
}

fn end(count: u64) -> Position {
    Position { generation: 1, seq: count + 1 }
}

/// An engine that has `count` events in hand.
fn loaded(policy: Policy, count: u64) -> Engine {
    let mut engine = Engine::new(policy, start());
    assert_eq!(engine.step(NOW), Action::Read { from: start().next, until: None });
    engine.read(NOW, Some((fixture::batch(count), end(count))));
    engine
}

fn refused(reason: &str) -> Outcome {
    Outcome::Refused { reason: reason.to_owned() }
}

/// Runs the engine over `count` events of which the destination refuses those whose `seq` is in `poison`, whatever is sent beside
/// them. Returns what was delivered and what is dead, in order.
fn isolate(count: u64, poison: &[u64]) -> (Vec<u64>, Vec<u64>) {
    let mut engine = loaded(policy(), count);
    let (mut delivered, mut dead) = (Vec::new(), Vec::new());
    loop {
        match engine.step(NOW) {
            Action::Deliver(part) => {
                let seqs: Vec<u64> = part.iter().map(|index| engine.batch().unwrap().entries[*index].seq).collect();
                if seqs.iter().any(|seq| poison.contains(seq)) {
                    engine.answered(NOW, refused("bad"), 0);
                } else {
                    delivered.extend(seqs);
                    engine.answered(NOW, Outcome::all(), 0);
                }
            }
            Action::Bury(letters) => {
                dead.extend(letters.iter().map(|letter| letter.position.seq));
                engine.buried();
            }
            Action::Save(cursor) => {
                engine.saved(cursor);
                assert_eq!(cursor.next, end(count));
                return (delivered, dead);
            }
            Action::Read { .. } | Action::Wait(_) => return (delivered, dead),
        }
    }
}

#[test]
fn poison_is_isolated_and_the_rest_delivered_in_order() {
    for (count, poison) in [(1, vec![1]), (2, vec![2]), (7, vec![4]), (7, vec![1, 7]), (9, vec![2, 3, 4]), (5, vec![])]
    {
        let (delivered, dead) = isolate(count, &poison);
        let good: Vec<u64> = (1..=count).filter(|seq| !poison.contains(seq)).collect();
        assert_eq!((delivered, dead), (good, poison), "{count}");
    }
}

#[test]
fn when_all_of_many_are_refused_none_is_dead() {
    let all: Vec<u64> = (1..=8).collect();
    assert_eq!(isolate(8, &all), (vec![], vec![]));
    let few: Vec<u64> = (1..=7).collect();
    assert_eq!(isolate(7, &few), (vec![], few));
}

#[test]
fn attempts_back_off_up_to_a_bound() {
    let mut engine = loaded(policy(), 3);
    let (mut now, mut pauses) = (NOW, Vec::new());
    for _ in 0..12 {
        assert_eq!(engine.step(now), Action::Deliver(vec![0, 1, 2]));
        engine.answered(now, Outcome::later("down"), u64::MAX);
        let Action::Wait(until) = engine.step(now) else { panic!("it does not wait") };
        pauses.push((until - now) / 1_000_000);
        now = until;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    assert_eq!((engine.state(), engine.health().failures_in_a_row), (State::Failing, 12));
    assert_eq!(engine.health().last_error.as_ref().unwrap().1, "down");
    assert!(matches!(engine.step(now), Action::Deliver(_)));
    engine.answered(now, Outcome::all(), 0);
    assert_eq!((engine.state(), engine.health().failures_in_a_row), (State::Delivering, 0));
}

#[test]
fn what_the_destination_asks_for_is_waited_within_the_bound() {
    for (asked, random, pause) in [(0, 0, 500_000), (7, 0, 7_000_000), (100_000, 0, 300_000_000)] {
        let mut engine = loaded(policy(), 1);
        assert!(matches!(engine.step(NOW), Action::Deliver(_)));
        let after = Some(Duration::from_secs(asked));
        engine.answered(NOW, Outcome::Later { reason: "busy".to_owned(), after }, random);
        assert_eq!(engine.step(NOW), Action::Wait(NOW + pause));
    }
}

#[test]
fn only_what_was_not_taken_is_sent_again() {
    let mut engine = loaded(policy(), 4);
    assert_eq!(engine.step(NOW), Action::Deliver(vec![0, 1, 2, 3]));
    let outcome =
        Outcome::Taken { refused: vec![(1, "no".to_owned())], again: vec![2], reason: Some("429".to_owned()) };
    engine.answered(NOW, outcome, 0);
    let Action::Wait(until) = engine.step(NOW) else { panic!("it does not wait") };
    assert_eq!(engine.step(until), Action::Deliver(vec![2]));
    engine.answered(until, Outcome::all(), 0);
    let Action::Bury(letters) = engine.step(until) else { panic!("no dead letter") };
    assert_eq!((letters.len(), letters[0].position.seq, letters[0].reason.as_str()), (1, 2, "no"));
    // Until they are durable the cursor stays.
    assert!(matches!(engine.step(until), Action::Bury(_)));
    engine.buried();
    let Action::Save(cursor) = engine.step(until) else { panic!("nothing to save") };
    assert_eq!((cursor.next, cursor.delivered, cursor.last_success_us), (end(4), 3, Some(until)));
    assert_eq!(engine.cursor().next, start().next);
    engine.saved(cursor);
    assert_eq!(engine.step(until), Action::Read { from: end(4), until: None });
}

#[test]
fn a_batch_waits_until_it_is_full_or_old() {
    let policy = Policy { wait_us: 60_000_000, ..policy() };
    let received = fixture::batch(1).entries[0].received_at_us;
    for (count, age_us, waits) in [(3, 0, true), (3, 59_999_999, true), (3, 60_000_000, false), (10, 0, false)] {
        let mut engine = Engine::new(policy, start());
        engine.read(received + age_us, Some((fixture::batch(count), end(count))));
        let step = engine.step(received + age_us);
        assert_eq!(step == Action::Wait(received + 60_000_000), waits, "{count} {age_us}: {step:?}");
    }
}

#[test]
fn the_end_of_a_batch_is_settled_before_it_is_sent() {
    let mut engine = loaded(Policy { settle: true, ..policy() }, 3);
    let Action::Save(cursor) = engine.step(NOW) else { panic!("the end is not saved") };
    assert_eq!((cursor.next, cursor.batch_end), (start().next, Some(end(3))));
    engine.saved(cursor);
    assert!(matches!(engine.step(NOW), Action::Deliver(_)));
    // A restart reads no further, even if more has come.
    let mut restarted = Engine::new(Policy { settle: true, ..policy() }, cursor);
    assert_eq!(restarted.step(NOW), Action::Read { from: start().next, until: Some(end(3)) });
    restarted.read(NOW, Some((fixture::batch(3), end(3))));
    assert!(matches!(restarted.step(NOW), Action::Deliver(_)));
}

#[test]
fn entries_that_are_no_events_are_passed() {
    let mut engine = Engine::new(policy(), start());
    engine.read(NOW, Some((Batch { log: fixture::log(), entries: Vec::new() }, end(1))));
    assert!(matches!(engine.step(NOW), Action::Save(Cursor { next, delivered: 0, .. }) if next == end(1)));
}

#[test]
fn a_source_without_entries_is_asked_again() {
    let mut engine = Engine::new(policy(), start());
    engine.read(NOW, None);
    assert_eq!((engine.step(NOW), engine.state()), (Action::Wait(NOW + 1_000_000), State::Idle));
    assert!(matches!(engine.step(NOW + 1_000_000), Action::Read { .. }));
}

#[test]
fn moving_drops_what_is_under_way() {
    let mut engine = loaded(policy(), 3);
    assert!(matches!(engine.step(NOW), Action::Deliver(_)));
    engine.answered(NOW, Outcome::later("down"), 0);
    let cursor = engine.move_to(Position { generation: 1, seq: 0 });
    engine.saved(cursor);
    assert_eq!(engine.step(NOW), Action::Read { from: Position { generation: 1, seq: 0 }, until: None });
}
