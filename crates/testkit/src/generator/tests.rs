#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeSet, HashMap};

use indelible_event::parts::{self, Delivery};
use indelible_event::{Intake, Limits, Scratch, admit};
use serde_json::Value;

use super::*;

fn generator(organizations: usize, attribution: Attribution) -> Generator {
    Generator::new(Settings { organizations, attribution, ..Settings::default() })
}

fn line(generator: &Generator, index: u64) -> String {
    String::from_utf8(generator.batch(index, 1)).unwrap()
}

/// Shannon entropy in bits of what was seen, as a sample shows it.
fn entropy<T: std::hash::Hash + Eq>(seen: impl Iterator<Item = T>) -> f64 {
    let mut counts: HashMap<T, f64> = HashMap::new();
    let mut total = 0.0;
    for value in seen {
        *counts.entry(value).or_default() += 1.0;
        total += 1.0;
    }
    counts.values().map(|count| -(count / total) * (count / total).log2()).sum()
}

#[test]
fn event_is_a_function_of_seed_and_index() {
    let one = generator(3, Attribution::Claims);
    let other = generator(3, Attribution::Claims);
    assert_eq!(one.batch(1_000, 500), [other.batch(1_000, 200), other.batch(1_200, 300)].concat());
    let reseeded = Generator::new(Settings { seed: 2, ..Settings::default() });
    assert_ne!(line(&one, 7), line(&reseeded, 7));
}

#[test]
fn first_event_stays_the_same_for_ever() {
    let first = line(&generator(1, Attribution::Credential), 0);
    expect_test::expect_file!["tests/first_event.json"].assert_eq(&first);
}

#[test]
fn lines_are_canonical_json() {
    for attribution in [Attribution::Credential, Attribution::Claims] {
        let generator = generator(4, attribution);
        for line in generator.batch(0, 5_000).split_inclusive(|byte| *byte == b'\n') {
            let value: Value = serde_json::from_slice(line).unwrap();
            // Keys and values are ASCII and numbers are integers: sorted keys are all RFC 8785 asks for.
            assert_eq!(format!("{value}\n").as_bytes(), line);
            for part in value.as_object().unwrap().values() {
                let empty = part.is_null() || part.as_array().is_some_and(Vec::is_empty);
                assert!(!empty && part.as_object().is_none_or(|map| !map.is_empty()), "{value}");
            }
        }
    }
}

#[test]
fn events_are_admitted_as_they_are() {
    let intake = Intake { producer: "p", producer_epoch: None, producer_seq: None, source: "http", adapter: None };
    let mut scratch = Scratch::default();
    let mut categories = BTreeSet::new();
    for attribution in [Attribution::Credential, Attribution::Claims] {
        let generator = generator(4, attribution);
        for line in generator.batch(0, 20_000).split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let admitted = admit(&mut scratch, line, &Limits::default(), &intake, || [0; 16]);
            let admitted = admitted.unwrap_or_else(|refusal| panic!("{refusal:?}: {}", String::from_utf8_lossy(line)));
            assert!(!admitted.log_entry_id_made && admitted.dated_categories == 0);
            let organization = admitted.org_id.unwrap();
            assert!(generator.organizations().iter().any(|known| known == organization));
            for claim in admitted.organizations {
                assert_eq!(claim.id.to_string(), organization);
            }
            // Nothing but the claims is lost: the canonical event delivered is the line that was sent.
            if attribution == Attribution::Credential {
                let mut delivered = Vec::new();
                parts::merge(admitted.infrastructure, admitted.content, &Delivery::default(), &mut delivered).unwrap();
                assert_eq!(String::from_utf8_lossy(&delivered), String::from_utf8_lossy(line));
            }
            let event: Value = serde_json::from_slice(line).unwrap();
            categories.extend(event["categories"].as_array().unwrap().iter().map(Value::to_string));
        }
    }
    assert_eq!(categories.len(), 17, "{categories:?}");
}

#[test]
fn every_mark_of_every_template_is_known() {
    for operation in &OPERATIONS {
        for front in [true, false] {
            let template = template(operation, front, "SUCCESS", true);
            for piece in &template.pieces {
                if let Piece::Text(text) = piece {
                    assert!(!text.contains(&b'<') && !text.contains(&b'>'), "{}", operation.name);
                }
            }
        }
    }
}

#[test]
fn events_are_about_840_bytes() {
    let mean = generator(1, Attribution::Credential).mean_bytes();
    eprintln!("mean {mean:.1} bytes");
    assert!((830.0..860.0).contains(&mean), "{mean}");
}

#[test]
fn floor_agrees_with_what_a_sample_shows() {
    let generator = generator(1, Attribution::Credential);
    let floor = generator.floor();
    for (part, bits) in &floor.parts {
        eprintln!("{part}: {bits:.2} bits");
    }
    eprintln!("floor {:.1} bytes", floor.bytes());
    let events: Vec<Value> = generator
        .batch(0, 60_000)
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let field = |name: &'static str| events.iter().filter_map(move |event| event.get(name)).map(Value::to_string);
    let check = |part: &str, seen: f64| {
        let claimed = floor.parts.iter().find(|(name, _)| name == part).unwrap().1;
        assert!((claimed - seen).abs() < 0.05 * claimed, "{part}: claimed {claimed}, seen {seen}");
    };
    check("User", entropy(field("uid")));
    check("Host", entropy(field("host")));
    let with_address = field("origin").count() as f64 / events.len() as f64;
    check("Address", with_address * entropy(field("origin")));
    let kinds = events.iter().map(|e| (e["name"].to_string(), e["result"].to_string(), e.get("origin").is_some()));
    check("operation, caller kind and result", entropy(kinds));
}

#[test]
fn needles_are_where_they_are_said_to_be() {
    let generator = generator(2, Attribution::Credential);
    let events = 2 * RARE_EVERY + RARE_EVERY / 2 + 1;
    let users: HashMap<String, u64> = (0..RARE).map(|number| (generator.rare_user(number), number)).collect();
    let mut found = BTreeSet::new();
    for index in 0..events {
        let line = line(&generator, index);
        let (_, uid) = line.split_once("\"uid\":\"").unwrap();
        let word = line.split_once("quetzal").map(|(_, rest)| rest[..2].parse::<u64>().unwrap());
        assert_eq!(users.get(&uid[..36]).copied(), word, "{line}");
        found.extend(word.map(|number| (number, index)));
    }
    let expected = (0..3).map(|n| (n, n * RARE_EVERY + RARE_EVERY / 2)).collect();
    assert_eq!(found, expected);
    assert_eq!((0..RARE).map(|n| generator.rare_count(n, events)).sum::<u64>(), 3);
    assert_eq!((0..RARE).map(|n| generator.rare_count(n, events - 1)).sum::<u64>(), 2);
}

#[test]
fn ids_differ_and_can_be_told_beforehand() {
    let generator = generator(1, Attribution::Credential);
    let mut seen = BTreeSet::new();
    for index in 0..20_000 {
        let event: Value = serde_json::from_str(&line(&generator, index)).unwrap();
        assert_eq!(event["logEntryId"], generator.log_entry_id(index));
        assert!(seen.insert(event["logEntryId"].to_string()));
        assert!(seen.insert(event["eventId"].to_string()));
    }
}

#[test]
fn times_follow_the_index() {
    fn check(micros: i64, expected: &str) {
        let mut out = Vec::new();
        write_time(&mut out, micros);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
    check(0, "1970-01-01T00:00:00Z");
    check(1, "1970-01-01T00:00:00.000001Z");
    check(1_709_164_800_500_000, "2024-02-29T00:00:00.5Z");
    check(1_767_225_599_999_990, "2025-12-31T23:59:59.99999Z");
    check(-1_000_000, "1969-12-31T23:59:59Z");
}
