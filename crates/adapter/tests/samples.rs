//! The samples in `adapters/samples`, one file for each adapter: what each record becomes, and from where the infrastructure
//! part takes. Both are kept as files, so that a change of an adapter shows what it changes.
//!
//! `INDELIBLE_UPDATE=1` writes them anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use indelible_adapter::{Adapter, Finding, Options, Reader, Report, Trial};
use serde_json::Value;

/// Adapters whose tests make their own records: they were there before the samples, or read what receivers give them.
const WITHOUT_SAMPLES: [&str; 9] =
    ["audit2", "audit3", "cef", "cloudtrail", "o365", "openssh", "otlp", "syslog", "windows"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../adapters/samples")
}

fn sampled() -> impl Iterator<Item = &'static str> {
    Adapter::names().iter().copied().filter(|name| !WITHOUT_SAMPLES.contains(name))
}

/// What the records of an adapter's samples became, a line for each, and what that showed. Some have no time.
fn tried(name: &str) -> (Vec<String>, Report) {
    tried_by(name, |trial| trial.dating_undated())
}

fn tried_by(name: &str, prepared: impl FnOnce(Trial<'_>) -> Trial<'_>) -> (Vec<String>, Report) {
    let adapter = Adapter::builtin(name).unwrap();
    let bytes = std::fs::read(folder().join(format!("{name}.jsonl"))).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut trial = prepared(Trial::new(&adapter, Options::at("2025-11-01T00:00:00Z".parse().unwrap())));
    let mut reader = Reader::new(bytes.as_slice(), adapter.framing());
    let mut lines = Vec::new();
    while let Some(record) = reader.next() {
        let record = record.unwrap_or_else(|unreadable| panic!("{name}: {unreadable}"));
        let outcome = trial.record(record.bytes, record.occurrence);
        lines.push(outcome.expected(lines.len() as u64 + 1));
    }
    (lines, trial.finish())
}

#[test]
fn samples_without_a_time_are_refused_unless_they_are_asked_for() {
    let mut undated = 0;
    for name in sampled() {
        let (_, with) = tried(name);
        let (_, without) = tried_by(name, |trial| trial);
        let refused = |report: &Report| {
            let reasons = report.reasons.iter().filter(|(reason, _)| reason.starts_with("noTime: "));
            reasons.map(|(_, count)| count).sum::<u64>()
        };
        assert_eq!((refused(&with), without.undated), (0, 0), "{name}");
        assert_eq!(refused(&without), with.undated, "{name}: {:?}", without.reasons);
        assert_eq!(without.refused, with.refused + with.undated, "{name}: {:?}", without.reasons);
        undated += with.undated;
    }
    assert!(undated >= 10, "{undated}");
}

/// Holds `found` against a file, or writes it there.
fn check(file: &str, found: &str) {
    let path = folder().join(file);
    if std::env::var_os("INDELIBLE_UPDATE").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "{file} line {}; INDELIBLE_UPDATE=1 writes it anew", number + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{file}; INDELIBLE_UPDATE=1 writes it anew");
}

#[test]
fn samples_become_what_is_expected() {
    for name in sampled() {
        let (lines, report) = tried(name);
        check(&format!("{name}.expected.jsonl"), &(lines.join("\n") + "\n"));
        assert_eq!(report.faults, 0, "{name}: {:?}", report.reasons);
        assert!(report.refused >= 1, "{name}: no sample shows what is refused");
        assert!(report.events >= 5, "{name}: only {} events", report.events);
        let grave: Vec<String> = report
            .findings
            .iter()
            .filter(|finding| matches!(finding, Finding::FreeText(_) | Finding::Shadowed { .. }))
            .map(Finding::to_string)
            .collect();
        assert!(grave.is_empty(), "{name}: {grave:#?}");
    }
}

/// The operator sees of every organization what stands in this list, and nothing else of a record. A line more is a
/// decision, not a repair.
#[test]
fn infrastructure_takes_from_the_listed_places_only() {
    let mut lines = BTreeSet::new();
    for name in sampled() {
        let (_, report) = tried(name);
        assert!(!report.flows.is_empty(), "{name}");
        lines.extend(report.flows.iter().map(|flow| format!("{name}: {} <- {}", flow.column, flow.place)));
    }
    let mut text = String::new();
    lines.iter().for_each(|line| {
        text.push_str(line);
        text.push('\n');
    });
    check("flows.txt", &text);
}

#[test]
fn the_kubernetes_table_is_the_same_in_every_adapter_that_has_it() {
    let table = |name: &str| {
        let adapter = Adapter::builtin(name).unwrap();
        let (_, section) = adapter.docs().split_once("## Kubernetes\n").unwrap();
        let rows = section.lines().filter(|line| line.starts_with('|')).map(str::to_owned);
        rows.collect::<Vec<_>>()
    };
    let kubernetes = table("kubernetes");
    assert!(kubernetes.len() > 30);
    for name in ["azure", "gcp"] {
        assert_eq!(table(name), kubernetes, "{name}");
    }
}

#[test]
fn every_event_of_the_samples_names_its_time_and_who_did_it() {
    for name in sampled() {
        let (lines, _) = tried(name);
        let events = lines.iter().flat_map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["events"].as_array().cloned().unwrap_or_default()
        });
        let events: Vec<Value> = events.collect();
        let known = events.iter().filter(|event| event["uid"].is_string()).count();
        assert!(known * 10 >= events.len() * 8, "{name}: {known} of {} events name a user", events.len());
        for event in &events {
            let undated = event["requestFields"]["passThroughRequestParams"].get("undated").is_some();
            assert_eq!(event["time"] == "1970-01-01T00:00:00Z", undated, "{name}: {event}");
        }
    }
}
