//! A clock that cannot be believed stops intake, and nothing else does it any harm.

use super::*;

const HOUR: i64 = 3_600_000_000;

#[test]
fn a_step_stops_intake_until_it_is_accepted_which_is_the_next_entry() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    let operator = bench.number(9);
    bench.submit("p", &[(1, "a", vec![0])]).unwrap();
    bench.clock.step(2 * HOUR);
    let stopped = bench.submit("p", &[(2, "a", vec![0])]).unwrap_err();
    let SubmitError::ClockStopped(stop) = stopped else { panic!("{stopped}") };
    assert_eq!((stop.reason, stop.found_us - stop.expected_us), (ClockReason::Step, 2 * HOUR));
    assert!(stopped.to_string().contains("jumped by +7200 seconds"), "{stopped}");
    assert_eq!(bench.intake.clock_stop(), Some(stop));
    assert!(bench.intake.is_running(), "reading goes on");
    let accepted = bench.accept_clock(operator).unwrap();
    assert_eq!(accepted.receipts.iter().map(|r| (r.number, r.seq)).collect::<Vec<_>>(), [(operator, 1)]);
    assert_eq!(statuses(&bench.submit("p", &[(2, "a", vec![0])]).unwrap()), [Status::New]);
    let entries = bench.entries();
    assert_eq!(entries[&operator], [(u64::MAX, 1_000 + 2 * HOUR); 2], "genesis and the acceptance");
    assert_eq!(entries[&bench.number(0)].last(), Some(&(2, 1_000 + 2 * HOUR)));
    let nothing = bench.accept_clock(operator).unwrap();
    assert!(nothing.receipts.is_empty(), "a clock that is believed needs no entry");
}

#[test]
fn a_step_is_found_while_nothing_comes_in() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    bench.intake.watch_clock().unwrap();
    bench.clock.step(-2 * HOUR);
    bench.intake.watch_clock().unwrap();
    assert!(bench.intake.clock_stop().is_some());
}

#[test]
fn time_does_not_run_backwards_after_a_clock_that_was_ahead_is_set_right() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::open(folder.path());
    let operator = bench.number(9);
    bench.clock.step(5 * HOUR);
    bench.accept_clock(operator).unwrap();
    bench.submit("p", &[(1, "a", vec![0])]).unwrap();
    bench.clock.step(-5 * HOUR);
    bench.accept_clock(operator).unwrap();
    bench.submit("p", &[(2, "a", vec![0])]).unwrap();
    bench = bench.reopen();
    bench.submit("p", &[(3, "a", vec![0])]).unwrap();
    let times: Vec<i64> = bench.entries()[&bench.number(0)].iter().map(|e| e.1).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn a_start_a_day_after_the_last_entry_stops_intake_and_a_quiet_time_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let begin = 500_000 * HOUR;
    let open = |hours: i64| Bench::open_at(folder.path(), Arc::new(RealDisk), begin + hours * HOUR, i64::MIN);
    let bench = open(0);
    bench.submit("p", &[(1, "a", vec![0])]).unwrap();
    drop(bench);
    let bench = open(23);
    assert_eq!(bench.intake.clock_stop(), None);
    for _ in 0..100 {
        bench.clock.pass(HOUR);
        bench.intake.watch_clock().unwrap();
    }
    drop(bench);
    let bench = open(123 + 24);
    assert_eq!(bench.intake.clock_stop(), None, "the time was written down although nothing came in");
    drop(bench);
    let bench = open(148 + 24);
    let error = bench.submit("p", &[(2, "a", vec![0])]).unwrap_err();
    assert!(error.to_string().contains("25.0 hours ahead"), "{error}");
    drop(bench);
    let bench = open(148 + 25);
    assert!(bench.intake.clock_stop().is_some(), "a restart changes nothing");
    bench.accept_clock(bench.number(0)).unwrap();
    drop(bench);
    assert_eq!(open(148 + 26).intake.clock_stop(), None);
}
