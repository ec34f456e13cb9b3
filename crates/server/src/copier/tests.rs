#![allow(clippy::unwrap_used)]

use super::*;

fn name(generation: u32, frames: (u64, u64), received_s: u64) -> CopyName {
    let object =
        format!("journal/{generation}/{:016}-{:016}-{received_s:012}-0011223344556677.segment", frames.0, frames.1);
    CopyName::parse(&object).unwrap()
}

#[test]
fn a_copy_has_served_when_its_entries_are_archived_and_its_time_is_over() {
    let copies = vec![name(1, (90, 99), 500), name(2, (0, 9), 1000), name(2, (10, 19), 2000), name(2, (20, 29), 3000)];
    let state = State { copies: copies.clone(), ..State::default() };
    let copier = Copier { generation: 2, opened_s: 900, state: Mutex::new(state) };
    let check = |first_needed, now_s, expected: &[usize]| {
        let served = copier.served(FrameNumber(first_needed), now_s, 100);
        assert_eq!(served, expected.iter().map(|&index| copies[index].clone()).collect::<Vec<_>>());
    };
    check(u64::MAX, 0, &[]);
    // That of the generation before counts from when this one was opened.
    check(0, 999, &[]);
    check(0, 1000, &[0]);
    check(9, 5000, &[0]);
    check(10, 1099, &[0]);
    check(10, 1100, &[0, 1]);
    check(29, 5000, &[0, 1, 2]);
    check(30, 5000, &[0, 1, 2, 3]);
    check(30, 3099, &[0, 1, 2]);
}

#[test]
fn copies_that_may_hold_an_entry_are_those_that_end_behind_it_and_begin_before_what_came_later() {
    let copies = vec![name(1, (90, 99), 500), name(2, (0, 9), 1000), name(2, (10, 19), 2000), name(2, (20, 29), 3000)];
    let state = State { copies, ..State::default() };
    let copier = Copier { generation: 2, opened_s: 900, state: Mutex::new(state) };
    let second = 1_000_000;
    for (times, until, expected) in [
        (vec![], 100, 0),
        (vec![(1, 400 * second)], 0, 1),
        (vec![(1, 501 * second)], 0, 0),
        (vec![(2, 1500 * second)], 15, 1),
        (vec![(2, 1500 * second)], 25, 2),
        (vec![(2, 1000 * second + 1)], 15, 2),
        (vec![(2, 0)], 10, 1),
        (vec![(1, 0), (2, 0)], 100, 4),
        (vec![(2, 0)], 0, 0),
    ] {
        assert_eq!(copier.copies_of(&times, until), expected, "{times:?} {until}");
    }
}
