//! The logic of the security review once more, in plain Rust over the lines.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use crate::Event;
use crate::clock::{DAY, HOUR};

/// What the review looks at in an event.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Seen<'a> {
    #[serde(skip)]
    time_us: i64,
    pub(super) time: &'a str,
    pub(super) result: &'a str,
    #[serde(borrow)]
    pub(super) categories: Vec<&'a str>,
    pub(super) uid: &'a str,
    pub(super) org_id: &'a str,
    pub(super) origin: &'a str,
    pub(super) trace_id: &'a str,
    pub(super) log_entry_id: &'a str,
}

/// Somebody who stands out.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) uid: String,
    pub(super) times_usual: i64,
}

impl<'a> Seen<'a> {
    pub(super) fn new(event: &'a Event) -> Self {
        let seen: Seen<'a> = serde_json::from_str(&event.line).expect(&event.line);
        Seen { time_us: event.time_us, ..seen }
    }

    fn succeeded(&self, category: &str) -> bool {
        self.result == "SUCCESS" && self.categories.contains(&category)
    }

    fn day(&self) -> i64 {
        self.time_us.div_euclid(DAY)
    }

    fn hour(&self) -> i64 {
        self.time_us.rem_euclid(DAY) / HOUR
    }
}

/// Successful sign-ins by the number of refusals in the two hours before.
pub(super) fn guessed(events: &[Seen<'_>]) -> Vec<Finding> {
    let mut refusals: HashMap<&str, Vec<i64>> = HashMap::new();
    let mut sign_ins = Vec::new();
    for event in events {
        if event.succeeded("userLogin") {
            let before = refusals.get(event.uid).into_iter().flatten().filter(|at| event.time_us - **at <= 2 * HOUR);
            sign_ins.push((event.uid, before.count() as i64));
        } else if event.categories.contains(&"authenticationCheck") && event.result != "SUCCESS" {
            refusals.entry(event.uid).or_default().push(event.time_us);
        }
    }
    ranked(sign_ins.into_iter().filter(|(_, count)| *count > 0))
}

/// Accounts by what they did at hours of the day at which they were active on fewer than three days, beside
/// what accounts do on a day on which they do it at all.
pub(super) fn at_odd_hours(events: &[Seen<'_>], category: &str) -> Vec<Finding> {
    let mut habits: HashMap<(&str, i64), HashSet<i64>> = HashMap::new();
    for event in events {
        habits.entry((event.uid, event.hour())).or_default().insert(event.day());
    }
    let acts: Vec<&Seen<'_>> = events.iter().filter(|event| event.succeeded(category)).collect();
    let days = tally(acts.iter().map(|event| (event.uid, event.day())));
    let odd = acts.iter().filter(|event| habits[&(event.uid, event.hour())].len() < 3);
    beside(tally(odd.map(|event| event.uid)), median(days.into_values()))
}

/// Accounts and days by how much was done.
pub(super) fn worst_day(events: &[Seen<'_>], category: &str) -> Vec<Finding> {
    let done = events.iter().filter(|event| event.succeeded(category)).map(|event| (event.uid, event.day()));
    ranked(tally(done).into_iter().map(|((uid, _), count)| (uid, count)))
}

/// Accounts by the addresses their programs call from.
pub(super) fn addresses(events: &[Seen<'_>]) -> Vec<Finding> {
    let calls = events.iter().filter(|event| event.categories.contains(&"apiGatewayRequest"));
    let places: HashSet<(&str, &str)> = calls.map(|event| (event.uid, event.origin)).collect();
    ranked(tally(places.into_iter().map(|(uid, _)| uid)))
}

fn tally<K: std::hash::Hash + Eq>(keys: impl Iterator<Item = K>) -> HashMap<K, i64> {
    let mut counts = HashMap::new();
    keys.for_each(|key| *counts.entry(key).or_default() += 1);
    counts
}

/// The most striking first, each beside the median of all.
fn ranked<'a>(counts: impl IntoIterator<Item = (&'a str, i64)>) -> Vec<Finding> {
    let counts: Vec<(&str, i64)> = counts.into_iter().collect();
    let usual = median(counts.iter().map(|(_, count)| *count));
    beside(counts, usual)
}

fn beside<'a>(counts: impl IntoIterator<Item = (&'a str, i64)>, usual: i64) -> Vec<Finding> {
    let finding = |(uid, count): (&str, i64)| Finding { uid: uid.to_owned(), times_usual: count / usual };
    let mut findings: Vec<Finding> = counts.into_iter().map(finding).collect();
    findings.sort_by(|a, b| b.times_usual.cmp(&a.times_usual).then_with(|| a.uid.cmp(&b.uid)));
    findings
}

fn median(counts: impl Iterator<Item = i64>) -> i64 {
    let mut counts: Vec<i64> = counts.collect();
    counts.sort_unstable();
    let middle = counts.len() / 2;
    match counts.len() % 2 {
        _ if counts.is_empty() => 1,
        1 => counts[middle],
        _ => (counts[middle - 1] + counts[middle]) / 2,
    }
}
