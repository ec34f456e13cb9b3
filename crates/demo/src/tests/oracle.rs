//! The logic of the security review once more, in plain Rust over the calls that are allowed, each as the event
//! of its category that a service makes of it.

use std::collections::{HashMap, HashSet};

use crate::Call;
use crate::call::Act;
use crate::clock::{DAY, HOUR};

/// The category of the event that tells what was done.
pub(super) fn category(act: &Act) -> &'static str {
    match act {
        Act::SignIn { .. } => "userLogin",
        Act::SignOut => "userLogout",
        Act::OpenHome => "inApplicationContext",
        Act::Mint { .. } => "tokenGeneration",
        Act::Revoke { .. } => "tokenRevoke",
        Act::UpdateUser { .. } => "managementUsers",
        Act::UpdateGroups { .. } => "managementGroups",
        Act::Browse { .. } => "metaDataAccess",
        Act::Rename { .. } => "metaDataUpdate",
        Act::SetPermission { .. } => "managementPermissions",
        Act::Search { .. } => "dataSearch",
        Act::RequestAccess { .. } => "requestCreate",
        Act::Open { .. } => "dataLoad",
        Act::Upload { .. } => "dataImport",
        Act::Download { .. } | Act::Report { .. } => "dataExport",
        Act::Delete { .. } => "dataDelete",
    }
}

/// Somebody who stands out.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) uid: String,
    pub(super) times_usual: i64,
}

impl Call {
    fn succeeded(&self, kind: &str) -> bool {
        self.allowed && category(&self.act) == kind
    }

    fn goes_through_the_gateway(&self) -> bool {
        self.by_program && !matches!(self.act, Act::Mint { .. } | Act::Revoke { .. })
    }

    fn day(&self) -> i64 {
        self.time_us.div_euclid(DAY)
    }

    fn hour(&self) -> i64 {
        self.time_us.rem_euclid(DAY) / HOUR
    }
}

/// Successful sign-ins by the number of refusals in the two hours before.
pub(super) fn guessed(calls: &[&Call]) -> Vec<Finding> {
    let mut refusals: HashMap<&str, Vec<i64>> = HashMap::new();
    let mut sign_ins = Vec::new();
    for call in calls.iter().filter(|call| matches!(call.act, Act::SignIn { .. })) {
        if call.allowed {
            let before = refusals.get(&*call.uid).into_iter().flatten().filter(|at| call.time_us - **at <= 2 * HOUR);
            sign_ins.push((&*call.uid, before.count() as i64));
        } else {
            refusals.entry(&call.uid).or_default().push(call.time_us);
        }
    }
    ranked(sign_ins.into_iter().filter(|(_, count)| *count > 0))
}

/// Accounts by what they did at hours of the day at which they were active on fewer than three days, beside
/// what accounts do on a day on which they do it at all.
pub(super) fn at_odd_hours(calls: &[&Call], category: &str) -> Vec<Finding> {
    let mut habits: HashMap<(&str, i64), HashSet<i64>> = HashMap::new();
    for call in calls {
        habits.entry((&call.uid, call.hour())).or_default().insert(call.day());
    }
    let acts: Vec<&&Call> = calls.iter().filter(|call| call.succeeded(category)).collect();
    let days = tally(acts.iter().map(|call| (&call.uid, call.day())));
    let odd = acts.iter().filter(|call| habits[&(&*call.uid, call.hour())].len() < 3);
    beside(tally(odd.map(|call| &*call.uid)), median(days.into_values()))
}

/// Accounts and days by how much was done.
pub(super) fn worst_day(calls: &[&Call], category: &str) -> Vec<Finding> {
    let done = calls.iter().filter(|call| call.succeeded(category)).map(|call| (&*call.uid, call.day()));
    ranked(tally(done).into_iter().map(|((uid, _), count)| (uid, count)))
}

/// Accounts by the addresses their programs call from.
pub(super) fn addresses(calls: &[&Call]) -> Vec<Finding> {
    let calls = calls.iter().filter(|call| call.goes_through_the_gateway());
    let places: HashSet<(&str, &str)> = calls.map(|call| (&*call.uid, &*call.address)).collect();
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
