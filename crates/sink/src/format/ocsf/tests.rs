#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use expect_test::expect_file;
use indelible_event::catalogue::categories;
use serde_json::{Map, Value};

use super::mapping::MAPPINGS;
use super::*;
use crate::fixture;

fn facts() -> Value {
    serde_json::from_str(include_str!("../../../testdata/ocsf-1.8.0.json")).unwrap()
}

/// Holds an object against what the schema says of its class or type.
fn check_object(facts: &Value, object: &Map<String, Value>, schema: &Value, path: &str) {
    let names = |key: &str| schema[key].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
    for name in names("required") {
        assert!(object.contains_key(&name), "{path}: no {name}");
    }
    let one_of: Vec<String> = names("atLeastOne").collect();
    assert!(one_of.is_empty() || one_of.iter().any(|name| object.contains_key(name)), "{path}: none of {one_of:?}");
    let has_host = object.get("metadata").is_some_and(|metadata| metadata["profiles"] == serde_json::json!(["host"]));
    for (key, value) in object {
        let kind = schema["attributes"][key].as_str().or(schema["host"][key].as_str().filter(|_| has_host));
        let kind = kind.unwrap_or_else(|| panic!("{path}: the schema has no {key}"));
        check_value(facts, value, kind, &format!("{path}.{key}"));
    }
}

fn check_value(facts: &Value, value: &Value, kind: &str, path: &str) {
    if let Some(kind) = kind.strip_suffix("[]") {
        let elements = value.as_array().unwrap_or_else(|| panic!("{path} is no array"));
        assert!(!elements.is_empty(), "{path} is empty");
        return elements.iter().for_each(|element| check_value(facts, element, kind, path));
    }
    match kind {
        "object" => assert!(value.is_object(), "{path}"),
        "integer_t" | "long_t" | "timestamp_t" => assert!(value.is_i64(), "{path}: {value}"),
        "ip_t" => assert!(value.as_str().unwrap().parse::<IpAddr>().is_ok(), "{path}: {value}"),
        kind if kind.ends_with("_t") => assert!(value.is_string(), "{path}: {value}"),
        kind => check_object(facts, value.as_object().unwrap(), &facts["objects"][kind], path),
    }
}

/// Holds an event against the schema: attributes, types, and every enumeration with the name beside it.
fn check_event(facts: &Value, event: &Value) {
    let class = event["class_uid"].to_string();
    let schema = &facts["classes"][&class];
    assert!(schema.is_object(), "the facts do not have class {class}");
    check_object(facts, event.as_object().unwrap(), schema, &class);
    assert_eq!(event["class_name"], schema["caption"]);
    assert_eq!(event["category_uid"], schema["categoryUid"]);
    assert_eq!(event["category_name"], schema["categoryName"]);
    let activity = event["activity_id"].as_u64().unwrap();
    let caption = &schema["activities"][activity.to_string()];
    assert!(caption.is_string(), "{class} has no activity {activity}");
    if activity == 99 {
        assert!(!event["activity_name"].as_str().unwrap().is_empty());
    } else {
        assert_eq!(&event["activity_name"], caption);
    }
    assert_eq!(event["type_uid"].as_u64().unwrap(), event["class_uid"].as_u64().unwrap() * 100 + activity);
    for (id, name) in [("status_id", "status"), ("severity_id", "severity")] {
        let caption = &facts[id][event[id].to_string()];
        assert!(caption == &event[name] || event[id] == 99 && caption.is_string(), "{event}");
    }
    assert_eq!(event["metadata"]["version"], facts["version"]);
}

fn written(entry: crate::Entry) -> Value {
    let batch = Batch { log: fixture::log(), entries: vec![entry] };
    let mut out = Vec::new();
    write(&batch, &batch.entries[0], &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// An event of the category with everything, and one with next to nothing.
fn events(category: &str, result: &str) -> [crate::Entry; 2] {
    let full = format!(
        r#"{{"categories":["{category}"],"environment":"e","eventId":"5f0c9b52-7a5e-4c8b-9f57-2b1c3d4e5f60","host":"h","intake":{{"producer":"p1","source":"http"}},"logEntryId":"l","name":"N","orgId":"o","origin":"2001:db8::1","origins":["a","b"],"producerType":"SERVER","product":"p","productVersion":"1","result":"{result}","sequenceId":"9","service":"s","sid":"sid","sourceOrigin":"x","stack":"st","time":"2026-01-05T08:00:00.5Z","tokenId":"t","traceId":"tr","type":"audit.3","uid":"ann","userAgent":"curl"}}"#
    );
    let content = r#"{"entities":["e1","e2"],"extra":{"k":[1]},"requestFields":{"a":{"b":1}},"resultFields":{"c":null},"users":[{"uid":"ann"},{"firstName":"B","groups":["g"],"lastName":"O","realm":"r","uid":"bob","userName":"bobby"}]}"#;
    let bare = format!(
        r#"{{"categories":["{category}"],"name":"N","result":"{result}","time":"1969-12-31T23:59:59Z","type":"audit.3"}}"#
    );
    [fixture::entry(1, &full, content), fixture::entry(2, &bare, "{}")]
}

#[test]
fn every_category_gives_events_of_the_schema() {
    let facts = facts();
    for category in categories() {
        for result in ["SUCCESS", "ERROR", "UNAUTHORIZED", "PARTIAL"] {
            for entry in events(category.name, result) {
                check_event(&facts, &written(entry));
            }
        }
    }
}

#[test]
fn events_without_categories_are_of_the_schema() {
    let bare = fixture::entry(1, r#"{"name":"N","time":"2026-01-05T08:00:00Z","type":"audit.2"}"#, "{}");
    let event = written(bare);
    check_event(&facts(), &event);
    assert_eq!((&event["class_uid"], &event["activity_id"]), (&6003.into(), &0.into()));
}

#[test]
fn every_category_is_mapped_once() {
    let mapped: BTreeSet<&str> = MAPPINGS.iter().map(|mapping| mapping.category).collect();
    let known: BTreeSet<&str> = categories().iter().map(|category| category.name).collect();
    assert_eq!(mapped, known);
    for mapping in &MAPPINGS {
        assert_eq!(mapping.activity == 99, !mapping.other.is_empty(), "{mapping:?}");
        assert_eq!(mapping.class == Class::EntityManagement, !mapping.entity.is_empty(), "{mapping:?}");
    }
}

#[test]
fn of_several_categories_the_one_that_tells_most_decides() {
    for (categories, class, activity) in [
        (&["internal", "userLogin"][..], Class::Authentication, 1),
        (&["dataLoad", "dataExport"], Class::WebResourcesActivity, 7),
        (&["onBehalfOf", "metaDataAccess"], Class::WebResourcesActivity, 2),
        (&["nonsense", "tokenRevoke"], Class::EntityManagement, 4),
        (&["nonsense"], Class::ApiActivity, 0),
    ] {
        let mapping = map(categories.iter().copied());
        assert_eq!((mapping.class, mapping.activity), (class, activity), "{categories:?}");
    }
}

/// Every string and number of a value.
fn leaves(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| leaves(value, found)),
        Value::Object(members) => members.values().for_each(|value| leaves(value, found)),
        other => {
            found.insert(other.to_string());
        }
    }
}

#[test]
fn nothing_of_an_event_is_lost() {
    for category in categories() {
        let [full, _] = events(category.name, "SUCCESS");
        let (mut said, mut kept) = (BTreeSet::new(), BTreeSet::new());
        for part in [&full.infrastructure, &full.content] {
            let mut part: Value = serde_json::from_slice(part).unwrap();
            part.as_object_mut().unwrap().remove("intake");
            leaves(&part, &mut said);
        }
        leaves(&written(full), &mut kept);
        let lost: Vec<&String> = said.difference(&kept).collect();
        assert!(lost.is_empty(), "{}: {lost:?}", category.name);
    }
}

/// The table of `docs/reference/ocsf.md`; `UPDATE_EXPECT=1` writes it.
#[test]
fn the_table_is_documented() {
    let mut table = String::from(
        "# OCSF: what each category becomes\n\nMade from the table in `crates/sink/src/format/ocsf/mapping.rs`; how events are written stands in [sinks](../guides/sinks.md#ocsf).\nOf an event with several categories the one that stands highest here decides.\n\n| Category | Class | Activity | `type_uid` |\n|---|---|---|---|\n",
    );
    for mapping in &MAPPINGS {
        let name = if mapping.other.is_empty() { mapping.class.activity_name(mapping.activity) } else { mapping.other };
        let entity =
            if mapping.entity.is_empty() { String::new() } else { format!(": {}", mapping.entity.to_lowercase()) };
        let (class, uid) = (mapping.class.name(), mapping.class.uid());
        table.push_str(&format!(
            "| `{}` | {class} ({uid}) | {name}{entity} ({}) | {} |\n",
            mapping.category,
            mapping.activity,
            uid * 100 + u32::from(mapping.activity)
        ));
    }
    expect_file!["../../../../../docs/reference/ocsf.md"].assert_eq(&table);
}
