#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod oracle;

use std::collections::{BTreeMap, HashSet};

use indelible_event::{Intake, Kind, Limits, Scratch, admit};

use super::*;
use oracle::Seen;

/// 2026-11-06T21:20:00Z, a Friday.
const END_US: i64 = 1_794_000_000_000_000;

#[test]
fn same_seed_and_end_give_the_same_bytes() {
    let lines =
        |seed, end_us| Platform::new(seed, end_us).events().take(3_000).map(|event| event.line).collect::<Vec<_>>();
    assert_eq!(lines(3, END_US), lines(3, END_US));
    assert_ne!(lines(3, END_US), lines(4, END_US));
}

#[test]
fn the_bytes_of_a_seed_are_pinned() {
    let digest = Platform::with_people(1, END_US, 40)
        .events()
        .flat_map(|event| event.line.into_bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    assert_eq!(format!("{digest:016x}"), "e22a113ec3ed35e1");
}

#[test]
fn events_are_in_order_within_fourteen_days_and_have_ids_of_their_own() {
    let mut ids = HashSet::new();
    let platforms = [END_US, END_US + 3_600_000_000].map(|end_us| Platform::with_people(5, end_us, 60));
    for platform in &platforms {
        let mut last = platform.window.start;
        for event in platform.events() {
            assert!(last <= event.time_us && event.time_us < platform.window.end, "{}", event.line);
            last = event.time_us;
            assert!(ids.insert(Seen::new(&event).log_entry_id.to_owned()), "{}", event.line);
        }
    }
}

#[test]
fn every_event_is_admitted_as_it_is() {
    let intake = Intake { producer: "demo", producer_epoch: None, producer_seq: None, source: "http", adapter: None };
    let mut scratch = Scratch::default();
    for seed in 0..3 {
        for event in Platform::with_people(seed, END_US, 100).events() {
            let made = || panic!("a line without an id: {}", event.line);
            let admitted = admit(&mut scratch, event.line.as_bytes(), &Limits::default(), &intake, made)
                .unwrap_or_else(|refusal| panic!("{refusal:?}: {}", event.line));
            assert_eq!(admitted.kind, Kind::Audit3);
            assert_eq!(admitted.dated_categories, 0, "{}", event.line);
            assert_eq!(admitted.time.micros, event.time_us);
            assert_eq!(admitted.product, Some(event.product));
            assert!(ORGANIZATIONS.iter().any(|organization| admitted.org_id == Some(organization.rid)));
            assert!(matches!(admitted.organizations.len(), 0 | 2), "{}", event.line);
        }
    }
}

#[test]
fn a_platform_looks_like_one() {
    let platform = Platform::new(7, END_US);
    let started = std::time::Instant::now();
    let events: Vec<Event> = platform.events().collect();
    println!("{} events in {:?}", events.len(), started.elapsed());
    let (mut categories, mut products, mut days, mut results) = (counts(), counts(), counts(), counts());
    let (mut users, mut shared, mut traces) = (HashSet::new(), 0, HashSet::new());
    for event in &events {
        let seen = Seen::new(event);
        seen.categories.iter().for_each(|category| *categories.entry((*category).to_owned()).or_default() += 1);
        *products.entry(event.product.to_owned()).or_default() += 1;
        *days.entry(seen.time[..10].to_owned()).or_default() += 1;
        *results.entry(seen.result.to_owned()).or_default() += 1;
        users.insert(seen.uid.to_owned());
        traces.insert(seen.trace_id.to_owned());
        shared += usize::from(event.line.contains("TARGETED_RESOURCE"));
    }
    let bytes: usize = events.iter().map(|event| event.line.len()).sum();
    println!("{} bytes each, {} users, {} traces, {shared} shared", bytes / events.len(), users.len(), traces.len());
    println!("{categories:?}\n{products:?}\n{results:?}\n{days:?}");
    assert!((40_000..60_000).contains(&events.len()));
    assert!(users.len() > 200 && categories.len() > 18 && shared > 100);
    assert_eq!(products.len(), 3);
    assert!(traces.len() * 3 < events.len() * 2, "calls fan out");
    assert!(days["2026-10-31"] * 3 < days["2026-10-29"], "a Saturday is quiet");
    assert!((0.01..0.06).contains(&(results["UNAUTHORIZED"] as f64 / events.len() as f64)));
}

#[test]
fn each_story_is_found_by_what_was_done_and_nobody_else_is() {
    for seed in 100..124 {
        let end_us = END_US + seed as i64 * 31 * 3_600_000_000; // any hour, any day of the week
        let people = [40, 120, 240][seed as usize % 3];
        check_stories(&Platform::with_people(seed, end_us, people), seed);
    }
}

/// Runs the logic of the security review, over everything and over each organization alone, and compares
/// with the truth.
fn check_stories(platform: &Platform, seed: u64) {
    let events: Vec<Event> = platform.events().collect();
    let seen: Vec<Seen<'_>> = events.iter().map(Seen::new).collect();
    let truth = platform.truth();
    check_findings(&seen, &truth, &format!("seed {seed}"));
    for Organization { rid, .. } in platform.organizations() {
        let of = |organization: &str| organization == *rid;
        let seen: Vec<Seen<'_>> = seen.iter().filter(|event| of(event.org_id)).cloned().collect();
        let truth: Vec<Misuse> = truth.iter().filter(|misuse| of(misuse.organization)).cloned().collect();
        check_findings(&seen, &truth, &format!("seed {seed}, {rid}"));
    }
    for misuse in &truth {
        assert!(platform.window.contains(&misuse.first_us) && platform.window.contains(&misuse.last_us));
        assert!(misuse.events > 150, "{misuse:?}");
    }
    let culprits: HashSet<&String> = truth.iter().map(|misuse| &misuse.uid).collect();
    assert_eq!(culprits.len(), 3, "seed {seed}: {truth:?}");
}

/// Each culprit of `truth` comes first where their deed is looked for, far above the threshold; nobody else is above.
fn check_findings(seen: &[Seen<'_>], truth: &[Misuse], place: &str) {
    for (review, findings, story) in [
        ("guessed", oracle::guessed(seen), Story::StolenAccount),
        ("odd exports", oracle::at_odd_hours(seen, "dataExport"), Story::StolenAccount),
        ("deletions", oracle::worst_day(seen, "dataDelete"), Story::Leaver),
        ("odd permissions", oracle::at_odd_hours(seen, "managementPermissions"), Story::Leaver),
        ("tokens", oracle::worst_day(seen, "tokenGeneration"), Story::TokenMill),
        ("addresses", oracle::addresses(seen), Story::TokenMill),
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
