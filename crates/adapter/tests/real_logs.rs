//! The built-in adapters on real logs, which stand in `../shared/data` beside the repository or where `INDELIBLE_DATA`
//! says; without them these tests print a note and pass.
//!
//! `cargo test -p indelible-adapter --test real_logs -- --nocapture` prints what became of each kind of event.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use indelible_adapter::{Adapter, Options, Reader};
use indelible_event::{Intake, Limits, Scratch, admit};
use serde_json::Value;

/// Records taken of a Windows recording, apart from the first of each event id: all of them take minutes when nothing is
/// optimised. `INDELIBLE_TEST_LONG=1` takes all.
const WINDOWS_SAMPLE: u64 = 150;

fn data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("INDELIBLE_DATA").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("no real logs in {}; skipped", folder.display());
    None
}

fn options() -> Options {
    Options::at("2025-11-01T00:00:00Z".parse().unwrap())
}

/// What one record became.
struct Outcome {
    line: u64,
    raw: Vec<u8>,
    events: Result<Vec<Value>, String>,
}

impl Outcome {
    fn events(&self) -> &[Value] {
        self.events.as_deref().unwrap_or_default()
    }
}

/// Converts files, records without a time too, and has every event admitted.
fn convert(name: &str, files: &[PathBuf], mut wanted: impl FnMut(u64, &[u8]) -> bool) -> Vec<Outcome> {
    let adapter = Adapter::builtin(name).unwrap();
    let mut converter = adapter.converter(options()).dating_undated();
    let mut scratch = Scratch::default();
    let intake =
        Intake { producer: "p", producer_epoch: None, producer_seq: None, source: "http", adapter: Some(name) };
    let mut outcomes = Vec::new();
    for file in files {
        let mut reader = Reader::new(File::open(file).unwrap(), adapter.framing());
        while let Some(record) = reader.next() {
            let record = record.unwrap_or_else(|unreadable| panic!("{}: {unreadable}", file.display()));
            if !wanted(record.place.record, record.bytes) {
                continue;
            }
            let place = format!("{}:{}", file.display(), record.place.line);
            let converted = converter.convert(record.bytes, record.occurrence);
            let events = converted.map_err(|refused| refused.to_string()).map(|lines| {
                let admitted = |line: &String| {
                    admit(&mut scratch, line.as_bytes(), &Limits::default(), &intake, || unreachable!())
                        .unwrap_or_else(|refusal| panic!("{place}: {refusal}\n{line}"));
                    serde_json::from_str(line).unwrap()
                };
                lines.iter().map(admitted).collect()
            });
            outcomes.push(Outcome { line: record.place.line, raw: record.bytes.to_vec(), events });
        }
    }
    outcomes
}

fn all(_: u64, _: &[u8]) -> bool {
    true
}

fn text<'v>(event: &'v Value, member: &str) -> &'v str {
    event[member].as_str().unwrap_or_default()
}

fn categories(event: &Value) -> BTreeSet<&str> {
    event["categories"].as_array().unwrap().iter().map(|category| category.as_str().unwrap()).collect()
}

/// Whether an event says more than that something happened.
fn is_classified(event: &Value) -> bool {
    categories(event).iter().any(|category| !matches!(*category, "internal" | "passThrough"))
}

/// Prints what each kind of event became; fails if more than `refused_percent` were refused.
fn report(name: &str, outcomes: &[Outcome], refused_percent: f64) {
    let mut kinds: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let (mut events, mut unclassified, mut refused) = (0u64, 0u64, 0u64);
    for outcome in outcomes {
        if let Err(reason) = &outcome.events {
            refused += 1;
            println!("{name} line {}: {reason}", outcome.line);
        }
        for event in outcome.events() {
            events += 1;
            unclassified += u64::from(!is_classified(event));
            let kind = format!("{} {}", text(event, "product"), text(event, "name"));
            let named: Vec<_> = categories(event).into_iter().filter(|category| *category != "passThrough").collect();
            let became = format!("{} {}", named.join("+"), text(event, "result"));
            *kinds.entry(kind).or_default().entry(became).or_default() += 1;
        }
    }
    for (kind, became) in kinds {
        println!(
            "{kind}: {}",
            became.iter().map(|(what, count)| format!("{what} x{count}")).collect::<Vec<_>>().join(", ")
        );
    }
    let percent = |part: u64, whole: u64| part as f64 * 100.0 / whole.max(1) as f64;
    println!(
        "{name}: {} records, {refused} refused, {events} events, {:.1} % internal or passThrough only\n",
        outcomes.len(),
        percent(unclassified, events)
    );
    assert!(percent(refused, outcomes.len() as u64) <= refused_percent, "{name}: {refused} refused");
    check_infrastructure(outcomes);
    let ids: BTreeSet<_> = outcomes.iter().flat_map(Outcome::events).map(|event| text(event, "logEntryId")).collect();
    assert_eq!(ids.len() as u64, events, "{name}: logEntryId is not distinct");
}

/// The infrastructure part holds ids and addresses and never a sentence.
fn check_infrastructure(outcomes: &[Outcome]) {
    let words = [
        "name",
        "sid",
        "tokenId",
        "traceId",
        "product",
        "productVersion",
        "service",
        "host",
        "stack",
        "environment",
        "origin",
        "sourceOrigin",
        "eventId",
        "logEntryId",
    ];
    for event in outcomes.iter().flat_map(Outcome::events) {
        for column in words {
            let value = text(event, column);
            let is_word = !value.contains(|c: char| c.is_whitespace() || c.is_control()) && value.len() <= 256;
            assert!(is_word, "{column}: {value:?}");
        }
        let origin = text(event, "origin");
        let is_bare = !origin.contains(['[', ']', '<', '>', '"', '\\']);
        assert!(is_bare, "origin: {origin}");
        assert!(text(event, "uid").len() <= 256 && text(event, "userAgent").len() <= 1024);
    }
}

/// Lines that the ground truth calls an attack, by the judge given.
fn classified_share(outcomes: &[Outcome], mut is_attack: impl FnMut(&Outcome) -> bool) -> f64 {
    let attacks: Vec<_> = outcomes.iter().filter(|outcome| is_attack(outcome)).collect();
    assert!(!attacks.is_empty());
    let classified = attacks.iter().filter(|outcome| outcome.events().iter().any(is_classified)).count();
    let share = classified as f64 / attacks.len() as f64;
    println!("{classified} of {} attack lines have a category of their own", attacks.len());
    share
}

#[test]
fn cloudtrail_recording_gives_each_record_one_event() {
    let Some(data) = data() else { return };
    let outcomes = convert("cloudtrail", &[data.join("cloudtrail/invictus_stratus_2023-07-10.jsonl.gz")], all);
    report("cloudtrail", &outcomes, 1.0);
    let events: Vec<_> = outcomes.iter().flat_map(Outcome::events).collect();
    assert_eq!(events.len(), 2900);
    let tool = |event: &&&Value| text(event, "userAgent").contains("stratus-red-team");
    assert_eq!(events.iter().filter(tool).count(), 1146);
    let share = classified_share(&outcomes, |outcome| {
        String::from_utf8_lossy(&outcome.raw).to_lowercase().contains("\"useragent\":\"stratus-red-team")
            || outcome.events().iter().any(|event| text(event, "userAgent").contains("stratus-red-team"))
    });
    assert!(share > 0.99, "{share}");
}

#[test]
fn cloudtrail_detonations_all_have_a_category_of_their_own() {
    let Some(data) = data() else { return };
    let outcomes = convert("cloudtrail", &[data.join("cloudtrail/stratus_detonations.jsonl.gz")], all);
    report("cloudtrail detonations", &outcomes, 1.0);
    assert!(classified_share(&outcomes, |_| true) > 0.99);
}

#[test]
fn every_hand_made_cloudtrail_sample_is_accepted_or_refused_with_a_reason() {
    let Some(data) = data() else { return };
    let outcomes = convert("cloudtrail", &[data.join("cloudtrail/panther_samples.jsonl.gz")], all);
    report("cloudtrail samples", &outcomes, 10.0);
    assert_eq!(outcomes.len(), 308);
}

#[test]
fn office_365_shows_who_gave_whom_access_to_whose_mailbox() {
    let Some(data) = data() else { return };
    let files = [data.join("o365/unified_audit_log_2021-03-23_2021-05-31.jsonl.gz")];
    let outcomes = convert("o365", &files, all);
    report("o365", &outcomes, 1.0);

    let grants: Vec<_> = outcomes
        .iter()
        .flat_map(Outcome::events)
        .filter(|event| text(event, "name") == "Add-MailboxPermission" && text(event, "time").starts_with("2021-04-16"))
        .collect();
    assert_eq!(grants.len(), 4);
    for grant in grants {
        assert!(text(grant, "uid").contains('@'));
        assert!(text(grant, "origin").parse::<std::net::IpAddr>().is_ok());
        let fields = &grant["requestFields"];
        let mailbox = &fields["resourcesWithPermissionsChanges"][0]["external"]["other"]["value"];
        let context = fields["permissionChangeContext"].as_array().unwrap();
        let to_whom = context.iter().find(|context| context["description"] == "User").unwrap();
        println!("{} gave {} access to {} from {}", grant["uid"], to_whom["value"], mailbox, grant["origin"]);
        assert!(grant["entities"].as_array().unwrap().contains(mailbox));
    }

    let truth: Value = serde_json::from_reader(File::open(data.join("ground_truth.json")).unwrap()).unwrap();
    let scenes = truth["o365/unified_audit_log_2021-03-23_2021-05-31.jsonl.gz"]["scenes"].as_array().unwrap();
    let attack: BTreeSet<_> =
        scenes.iter().flat_map(|scene| scene["event_ids"].as_array().unwrap()).filter_map(Value::as_str).collect();
    let share = classified_share(&outcomes, |outcome| {
        outcome.events().iter().any(|event| attack.contains(text(event, "eventId")))
    });
    assert!(share > 0.95, "{share}");
}

#[test]
fn openssh_counts_each_attempt_to_sign_in_once() {
    let Some(data) = data() else { return };
    let outcomes = convert("openssh", &[data.join("openssh/elastic_auth.log.gz")], all);
    report("openssh", &outcomes, 1.0);
    let mut logins: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for event in outcomes.iter().flat_map(Outcome::events) {
        if categories(event).contains("userLogin") {
            let (failed, succeeded) = logins.entry(text(event, "origin")).or_default();
            *if text(event, "result") == "SUCCESS" { succeeded } else { failed } += 1;
        }
    }
    let suspicious: Vec<_> =
        logins.iter().filter(|(_, (failed, succeeded))| *failed >= 100 && *succeeded >= 20).collect();
    assert_eq!(suspicious, [(&"24.151.103.17", &(157, 47))]);
}

#[test]
fn windows_events_of_three_shapes_are_admitted_and_keywords_stay_digit_for_digit() {
    let Some(data) = data() else { return };
    let mut files: Vec<_> =
        std::fs::read_dir(data.join("windows_security")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let everything = std::env::var_os("INDELIBLE_TEST_LONG").is_some();
    let mut seen = BTreeSet::new();
    let outcomes = convert("windows", &files, |record, raw| {
        let raw: Value = serde_json::from_slice(raw).unwrap();
        let id = raw.get("EventID").or(raw.get("event_id")).map(Value::to_string);
        let shape = (id, raw.get("event_data").is_some(), raw.get("EventReceivedTime").is_some());
        seen.insert(shape) || record <= WINDOWS_SAMPLE || everything
    });
    report("windows", &outcomes, 1.0);

    let mut compared = 0;
    for outcome in &outcomes {
        let raw: Value = serde_json::from_slice(&outcome.raw).unwrap();
        let Some(digits) = raw["Keywords"].as_i64() else { continue };
        let kept = &outcome.events()[0]["requestFields"]["passThroughRequestParams"]["Keywords"]["payload"];
        let as_text = kept.as_str().map_or_else(|| kept.to_string(), str::to_owned);
        assert_eq!(as_text, digits.to_string());
        compared += 1;
    }
    assert!(compared > 1000);
}

/// Sources whose events somebody labelled, by the adapter that reads them.
const LABELLED: &[(&str, &[&str])] = &[
    ("auth0", &["auth0/panther_events.jsonl.gz"]),
    ("azure", &["azure/panther_entra_audit_signin.jsonl", "azure/panther_monitor_activity.jsonl.gz"]),
    ("cloudtrail", &["cloudtrail/panther_samples.jsonl.gz"]),
    ("databricks", &["databricks/panther_audit.jsonl"]),
    ("duo", &["duo/panther_administrator.jsonl", "duo/panther_authentication.jsonl"]),
    ("gcp", &["gcp/panther_audit.jsonl.gz"]),
    ("github", &["github/panther_audit.jsonl"]),
    ("google_workspace", &["google_workspace/panther_activity.jsonl"]),
    ("kubernetes", &["kubernetes/falco_k8s_audit.jsonl", "kubernetes/panther_eks_audit.jsonl"]),
    ("notion", &["notion/panther_audit.jsonl"]),
    ("okta", &["okta/panther_system_log.jsonl.gz"]),
    ("onepassword", &["onepassword/panther_item_usage.jsonl", "onepassword/panther_signin.jsonl"]),
    ("slack", &["slack/panther_audit.jsonl"]),
    ("snowflake", &["snowflake/panther_login_history.jsonl", "snowflake/panther_query_history.jsonl"]),
    ("zoom", &["zoom/panther_operation.jsonl"]),
];

/// Prints a row for each file: records, refused, and events with a category of their own.
#[test]
fn labelled_sources_are_read_and_have_categories_of_their_own() {
    let Some(data) = data() else { return };
    println!("| file | records | refused | events | with a category of their own | undated |");
    println!("|---|---:|---:|---:|---:|---:|");
    for (name, files) in LABELLED {
        for file in *files {
            let outcomes = convert(name, &[data.join(file)], all);
            let refused: Vec<&String> = outcomes.iter().filter_map(|outcome| outcome.events.as_ref().err()).collect();
            let events: Vec<_> = outcomes.iter().flat_map(Outcome::events).collect();
            let classified = events.iter().filter(|event| is_classified(event)).count();
            let undated = events.iter().filter(|event| text(event, "time").starts_with("1970-01-01T00:00:00Z")).count();
            let share = classified as f64 * 100.0 / events.len().max(1) as f64;
            println!(
                "| {file} | {} | {} | {} | {classified} ({share:.1} %) | {undated} |",
                outcomes.len(),
                refused.len(),
                events.len()
            );
            assert!(refused.len() * 50 <= outcomes.len(), "{file}: {refused:?}");
            assert!(share >= 97.0, "{file}: {share}");
            check_infrastructure(&outcomes);
            let ids: BTreeSet<_> = events.iter().map(|event| text(event, "logEntryId")).collect();
            assert_eq!(ids.len(), events.len(), "{file}: logEntryId is not distinct");
        }
    }
}

#[test]
fn the_same_input_gives_the_same_ids() {
    let Some(data) = data() else { return };
    let files = [data.join("openssh/elastic_auth.log.gz")];
    let ids = || {
        let outcomes = convert("openssh", &files, |record, _| record % 7 == 0);
        outcomes.iter().flat_map(Outcome::events).map(|event| text(event, "logEntryId").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(), ids());
}
