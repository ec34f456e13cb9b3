#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod oracle;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::json;

use super::*;
use crate::call::Act;
use crate::clock::rfc3339;

/// 2026-11-06T21:20:00Z, a Friday.
const END_US: i64 = 1_794_000_000_000_000;

#[test]
fn same_seed_and_end_give_the_same_calls() {
    let calls = |seed, end_us| Platform::new(seed, end_us).calls().take(3_000).collect::<Vec<_>>();
    assert_eq!(calls(3, END_US), calls(3, END_US));
    assert_ne!(calls(3, END_US), calls(4, END_US));
    let seed = |seed| Platform::new(seed, END_US).seed();
    assert_eq!(seed(3), seed(3));
    assert_ne!(seed(3), seed(4));
}

#[test]
fn the_calls_of_a_seed_are_pinned() {
    let platform = Platform::with_people(1, END_US, 40);
    let texts = platform.calls().map(|call| format!("{call:?}")).chain([platform.seed().to_string()]);
    let digest = texts
        .flat_map(String::into_bytes)
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    assert_eq!(format!("{digest:016x}"), "26fe960105ec236e");
}

#[test]
fn calls_are_in_order_within_fourteen_days_and_have_traces_of_their_own() {
    let mut traces = HashSet::new();
    let platforms = [END_US, END_US + 3_600_000_000].map(|end_us| Platform::with_people(5, end_us, 60));
    for platform in &platforms {
        let mut last = platform.window.start;
        for call in platform.calls() {
            assert!(last <= call.time_us && call.time_us < platform.window.end, "{call:?}");
            last = call.time_us;
            assert!(traces.insert(call.trace.clone()), "{call:?}");
        }
    }
}

/// Services that give everybody what a call teaches.
#[test]
fn every_call_is_a_request_once_the_calls_before_were_answered() {
    for seed in 0..3 {
        let platform = Platform::with_people(seed, END_US, 100);
        let mut memories: HashMap<u64, Memory> = HashMap::new();
        let (mut programs, mut files) = (0, 0);
        for call in platform.calls() {
            let memory = memories.entry(call.actor).or_default();
            let request = call.request(memory).unwrap_or_else(|| panic!("it needs an answer: {call:?}"));
            assert_eq!(request.token.is_none(), matches!(call.act, Act::SignIn { .. }), "{call:?}");
            assert!(request.path.bytes().all(|byte| byte.is_ascii_graphic()), "{}", request.path);
            programs += usize::from(request.path.starts_with("/gateway/"));
            files += usize::from(request.file.is_some());
            if call.teaches() {
                call.learn(&json!({"id": "id", "token": call.trace}), memory);
            }
        }
        assert!(programs > 500 && files > 500, "{programs} through the gateway, {files} uploads");
    }
}

#[test]
fn a_platform_looks_like_one() {
    let platform = Platform::new(7, END_US);
    let started = std::time::Instant::now();
    let calls: Vec<Call> = platform.calls().collect();
    println!("{} calls in {:?}", calls.len(), started.elapsed());
    let (mut acts, mut days) = (counts(), counts());
    let mut users = HashSet::new();
    for call in &calls {
        *acts.entry(oracle::category(&call.act).to_owned()).or_default() += 1;
        *days.entry(rfc3339(call.time_us)[..10].to_owned()).or_default() += 1;
        users.insert(call.uid.clone());
    }
    println!("{} users\n{acts:?}\n{days:?}", users.len());
    assert!((20_000..30_000).contains(&calls.len()));
    assert!(users.len() > 200 && acts.len() == 16, "{} users, {} acts", users.len(), acts.len());
    assert!(days["2026-10-31"] * 3 < days["2026-10-29"], "a Saturday is quiet");
    let refused = calls.iter().filter(|call| !call.allowed).count() as f64 / calls.len() as f64;
    assert!((0.02..0.12).contains(&refused), "{refused}");
}

#[test]
fn each_story_is_found_by_what_was_done_and_nobody_else_is() {
    for seed in 100..124 {
        let end_us = END_US + seed as i64 * 31 * 3_600_000_000; // any hour, any day of the week
        let people = [40, 120, 240][seed as usize % 3];
        let platform = Platform::with_people(seed, end_us, people);
        assert_eq!(platform.truth().len(), 3);
        check_stories(&platform, seed);
        check_stories(&Platform::without_stories(seed, end_us, people), seed);
    }
}

/// Runs the logic of the security review, over everything and over each organization alone, and compares
/// with the truth.
fn check_stories(platform: &Platform, seed: u64) {
    let calls: Vec<Call> = platform.calls().collect();
    let truth = platform.truth();
    check_findings(&calls.iter().collect::<Vec<_>>(), &truth, &format!("seed {seed}"));
    let people = platform.world.people.iter().map(|person| &person.account);
    let accounts = people.chain(platform.world.services.iter().map(|service| &service.account));
    let home: HashMap<&str, &str> =
        accounts.map(|account| (&*account.uid, ORGANIZATIONS[account.organization].rid)).collect();
    for Organization { rid, .. } in platform.organizations() {
        let calls: Vec<&Call> = calls.iter().filter(|call| home[&*call.uid] == *rid).collect();
        let truth: Vec<Misuse> = truth.iter().filter(|misuse| misuse.organization == *rid).cloned().collect();
        check_findings(&calls, &truth, &format!("seed {seed}, {rid}"));
    }
    for misuse in &truth {
        assert!(platform.window.contains(&misuse.first_us) && platform.window.contains(&misuse.last_us));
        assert!(misuse.calls > 90, "{misuse:?}");
    }
    let culprits: HashSet<&String> = truth.iter().map(|misuse| &misuse.uid).collect();
    assert_eq!(culprits.len(), truth.len(), "seed {seed}: {truth:?}");
}

/// Each culprit of `truth` comes first where their deed is looked for, far above the threshold; nobody else is above.
fn check_findings(calls: &[&Call], truth: &[Misuse], place: &str) {
    for (review, findings, story) in [
        ("guessed", oracle::guessed(calls), Story::StolenAccount),
        ("odd exports", oracle::at_odd_hours(calls, "dataExport"), Story::StolenAccount),
        ("deletions", oracle::worst_day(calls, "dataDelete"), Story::Leaver),
        ("odd permissions", oracle::at_odd_hours(calls, "managementPermissions"), Story::Leaver),
        ("tokens", oracle::worst_day(calls, "tokenGeneration"), Story::TokenMill),
        ("addresses", oracle::addresses(calls), Story::TokenMill),
    ] {
        let culprit = truth.iter().find(|misuse| misuse.story == story).map(|misuse| misuse.uid.as_str());
        let most = |guilty: bool| findings.iter().find(|finding| (Some(finding.uid.as_str()) == culprit) == guilty);
        let (guilty, innocent) = (most(true), most(false).map_or(0, |finding| finding.times_usual));
        assert!(innocent < reviews::OUTLIER, "{place}: {review}: {:?}", most(false));
        if culprit.is_some() {
            assert!(guilty.unwrap().times_usual >= reviews::OUTLIER, "{place}: {review}: {guilty:?}");
            assert_eq!(Some(findings[0].uid.as_str()), culprit, "{place}: {review}: {findings:?}");
            println!("{place}: {review}: {} times the usual, then {innocent}", findings[0].times_usual);
        }
    }
}

#[test]
fn stories_change_roles_with_the_seed() {
    let victims: HashSet<String> = (0..20).map(|seed| Platform::new(seed, END_US).truth()[0].uid.clone()).collect();
    assert_eq!(victims.len(), 20);
}

#[test]
fn a_review_prints_commands_for_a_shell() {
    let text = reviews::oversight("o'hara", Some("ri.indelible..organization.x")).to_string();
    assert!(text.contains("indelible search --organization ri.indelible..organization.x 'uid:"));
    assert!(text.contains("where uid = 'o''hara'"));
    for review in [reviews::security(None), reviews::oversight("u", None), reviews::usage(None)] {
        for step in review.steps {
            let command = step.command();
            assert!(!command.contains('$') && !command.contains('`') && !command.contains('\\'), "{command}");
            assert!(command.lines().count() <= 14 && command.lines().all(|line| line.len() <= 120), "{command}");
        }
    }
}

fn counts() -> BTreeMap<String, usize> {
    BTreeMap::new()
}
