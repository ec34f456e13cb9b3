//! What holds for every event, tried on random ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::catalogue::{self, Shape, Status, Type};
use crate::parts::{self, Delivery};
use crate::{Intake, Limits, Refusal, Scratch, admit, fuzz};

const INTAKE: Intake<'static> =
    Intake { producer: "p", producer_epoch: Some(1), producer_seq: Some(2), source: "test", adapter: None };

/// Both parts of `line`.
fn parts_of(line: &str) -> Result<(String, String), Refusal> {
    let mut scratch = Scratch::default();
    let event = admit(&mut scratch, line.as_bytes(), &Limits::default(), &INTAKE, || [9; 16])?;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ok((text(event.infrastructure), text(event.content)))
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9.-]{0,20}",
        any::<String>(),
        "[\\x00-\\x1f\"\\\\/é\u{7ff}\u{ffff}😀\u{10ffff}]{0,8}",
        Just("ri.foundry.main.dataset.c30ee6ad-b5e4-4afe-a74f-fe4a289f2faa".to_owned()),
    ]
}

fn any_number() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-9_007_199_254_740_991i64..=9_007_199_254_740_991).prop_map(Value::from),
        (-1000i64..1000).prop_map(Value::from),
        (-1e15..1e15f64).prop_map(Value::from),
        prop::num::f64::SUBNORMAL.prop_map(Value::from),
        (-1.0..1.0f64).prop_map(Value::from),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any_number(),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any_text(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A value of `ty`.
fn value_of(ty: &'static Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Any => any_value().boxed(),
        Type::String => any_text().prop_map(Value::from).boxed(),
        Type::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Type::Safelong => (-9_007_199_254_740_991i64..=9_007_199_254_740_991).prop_map(Value::from).boxed(),
        Type::Double => any_number().boxed(),
        Type::Datetime => Just(json!("2025-11-13T23:20:24.180+01:00")).boxed(),
        Type::Uuid => Just(json!("C30EE6AD-b5e4-4afe-a74f-fe4a289f2faa")).boxed(),
        Type::List(of) => prop::collection::vec(value_of(of), 0..3).prop_map(Value::from).boxed(),
        Type::Optional(of) => prop_oneof![Just(Value::Null), value_of(of)].boxed(),
        Type::Map(of) => prop::collection::btree_map(any_text(), value_of(of), 0..3)
            .prop_map(|map| Value::Object(map.into_iter().collect()))
            .boxed(),
        Type::Named(named) => match named.shape {
            Shape::Alias(of) => value_of(of),
            Shape::Enum(values) => prop::sample::select(values).prop_map(Value::from).boxed(),
            Shape::Struct(members) => members
                .iter()
                .map(|member| {
                    let value = value_of(&member.ty);
                    let kept = if member.ty.is_absent_allowed() { any::<bool>().boxed() } else { Just(true).boxed() };
                    (Just(member.name), value, kept)
                })
                .collect::<Vec<_>>()
                .prop_map(|members| object(members.into_iter().filter(|member| member.2).map(|(k, v, _)| (k, v))))
                .boxed(),
            Shape::Union(variants) => prop::sample::select(variants.iter().collect::<Vec<_>>())
                .prop_flat_map(|variant| (Just(variant.name), value_of(&variant.ty)))
                .prop_map(|(name, value)| json!({"type": name, name: value}))
                .boxed(),
        },
    }
}

fn object(members: impl Iterator<Item = (&'static str, Value)>) -> Value {
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect())
}

fn any_event() -> impl Strategy<Value = Value> {
    let accepted: Vec<_> =
        catalogue::categories().iter().filter(|category| category.status != Status::Audit2Only).collect();
    let texts = [
        "uid",
        "sid",
        "tokenId",
        "orgId",
        "traceId",
        "service",
        "host",
        "stack",
        "environment",
        "origin",
        "sourceOrigin",
    ];
    let envelope = (
        prop::sample::subsequence(texts.to_vec(), 0..=texts.len()),
        prop::collection::vec("[ -~é😀]{0,20}", texts.len()),
        prop::collection::vec("[0-9a-f.:]{0,12}", 0..3),
        prop::sample::select(vec!["SUCCESS", "ERROR", "UNAUTHORIZED", "PARTIAL"]),
        prop::sample::select(vec![
            "2025-11-13T23:20:24Z",
            "2025-11-13T23:20:24.1234500+02:30",
            "0001-01-01T00:00:00.1Z",
        ]),
        prop_oneof![Just(Value::Null), Just(json!(12)), Just(json!("twelve"))],
    );
    let content = (
        prop::collection::btree_map(any_text(), any_value(), 0..4),
        prop_oneof![Just(Value::Null), prop::collection::vec(any_text(), 0..4).prop_map(Value::from)],
        prop::collection::btree_map("[a-z]{1,3}", prop::collection::vec(any_text(), 0..3), 0..3),
    );
    (prop::sample::subsequence(accepted, 1..=3), envelope, content).prop_flat_map(|(categories, envelope, content)| {
        let fields: Vec<_> = categories.iter().flat_map(|category| category.fields()).collect();
        let values: Vec<_> = fields.iter().map(|field| (any::<bool>(), value_of(&field.ty))).collect();
        (Just(categories), Just(fields), values, Just(envelope), Just(content)).prop_map(
            |(categories, fields, values, envelope, (extra, entities, users))| {
                let (kept, texts, origins, result, time, sequence) = envelope;
                let mut event: Map<String, Value> = extra.into_iter().filter(|(key, _)| key.len() != 6).collect();
                for (name, text) in kept.into_iter().zip(texts) {
                    event.insert(name.into(), text.into());
                }
                for map in ["requestFields", "resultFields"] {
                    let members = fields
                        .iter()
                        .zip(&values)
                        .filter(|(field, (kept, _))| field.map().name() == map && (*kept || field.is_demanded()));
                    event.insert(map.into(), object(members.map(|(field, (_, value))| (field.name, value.clone()))));
                }
                let names: Vec<_> = categories.iter().rev().map(|category| category.name).collect();
                let users: Vec<_> = users
                    .into_iter()
                    .rev()
                    .map(|(uid, groups)| json!({"uid": uid, "groups": groups, "realm": null}))
                    .collect();
                for (key, value) in [
                    ("type", json!("audit.3")),
                    ("time", json!(time)),
                    ("name", json!("RANDOM_EVENT")),
                    ("result", json!(result)),
                    ("categories", json!(names)),
                    ("eventId", json!("C30EE6AD-b5e4-4afe-a74f-fe4a289f2faa")),
                    ("producerType", json!("CLIENT")),
                    ("product", json!("p\"q")),
                    ("productVersion", json!("1")),
                    ("sequenceId", sequence),
                    ("origins", json!(origins)),
                    ("entities", entities),
                    ("users", json!(users)),
                ] {
                    event.insert(key.into(), value);
                }
                Value::Object(event)
            },
        )
    })
}

/// Writes JSON the way nobody should: members in another order, white space, needless escapes, odd numbers.
struct Noise(u64);

impl Noise {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn blank(&mut self, out: &mut String) {
        for _ in 0..self.next(4).saturating_sub(2) {
            out.push([' ', '\t', '\n', '\r'][self.next(4) as usize]);
        }
    }

    fn text(&mut self, text: &str, out: &mut String) {
        out.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '/' if self.next(2) == 0 => out.push_str("\\/"),
                '\n' if self.next(2) == 0 => out.push_str("\\n"),
                _ if c < ' ' || self.next(8) == 0 => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        out.push_str(&if self.next(2) == 0 {
                            format!("\\u{unit:04x}")
                        } else {
                            format!("\\u{unit:04X}")
                        });
                    }
                }
                _ => out.push(c),
            }
        }
        out.push('"');
    }

    fn number(&mut self, number: &serde_json::Number, out: &mut String) {
        let text = number.to_string();
        let has_fraction = text.contains('.');
        out.push_str(&text);
        if !text.contains('e') {
            match self.next(4) {
                0 if has_fraction => out.push_str("00"),
                0 => out.push_str(".0"),
                1 => out.push_str("e0"),
                2 => out.push_str("E-00"),
                _ => {}
            }
        }
    }

    fn write(&mut self, value: &Value, out: &mut String) {
        self.blank(out);
        match value {
            Value::String(text) => self.text(text, out),
            Value::Number(number) => self.number(number, out),
            Value::Array(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    self.write(element, out);
                }
                self.blank(out);
                out.push(']');
            }
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                for at in (1..members.len()).rev() {
                    members.swap(at, self.next(at as u64 + 1) as usize);
                }
                out.push('{');
                for (index, (key, member)) in members.into_iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    self.blank(out);
                    self.text(key, out);
                    self.blank(out);
                    out.push(':');
                    self.write(member, out);
                }
                self.blank(out);
                out.push('}');
            }
            _ => out.push_str(&value.to_string()),
        }
        self.blank(out);
    }
}

/// Whether two values are the same, numbers as doubles: this reader of JSON may be off by one in the last place.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap() + 0.0, b.as_f64().unwrap() + 0.0);
            a.to_bits().abs_diff(b.to_bits()) <= 1
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| is_same(value, other)))
        }
        _ => a == b,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

proptest! {
    #[test]
    fn an_event_has_one_canonical_form_that_says_the_same(event in any_event(), seed in any::<u64>()) {
        let compact = event.to_string();
        let expected = parts_of(&compact).map_err(|refusal| TestCaseError::fail(format!("{refusal}\n{compact}")))?;
        let mut noisy = String::new();
        Noise(seed).write(&event, &mut noisy);
        prop_assert_eq!(parts_of(&noisy).map_err(|refusal| TestCaseError::fail(format!("{refusal}\n{noisy}")))?, expected.clone());
        fuzz::admit(noisy.as_bytes());

        let mut merged = Vec::new();
        parts::merge(expected.0.as_bytes(), expected.1.as_bytes(), &Delivery::default(), &mut merged).unwrap();
        let merged: Value = serde_json::from_slice(&merged).unwrap();
        for (key, sent) in event.as_object().unwrap() {
            let kept = &merged[key];
            match key.as_str() {
                "entities" | "users" if is_empty(sent) => {}
                "time" | "eventId" | "sequenceId" | "categories" | "users" => prop_assert_eq!(kept.is_null(), is_empty(sent)),

                _ if is_empty(sent) => prop_assert!(kept.is_null(), "{}", key),
                _ => prop_assert!(is_same(kept, sent), "{}: {} is not {}", key, kept, sent),
            }
        }
    }

    #[test]
    fn damaged_events_are_answered_without_panic(event in any_event(), damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..4)) {
        let mut line = event.to_string().into_bytes();
        for (place, byte, way) in damages {
            let at = place.index(line.len().max(1));
            line.resize(line.len().max(1), b'{');
            match way {
                0 => line[at] = byte,
                1 => line.insert(at, byte),
                2 => _ = line.remove(at),
                _ => line.truncate(at.max(1)),
            }
        }
        fuzz::admit(&line);
    }

    #[test]
    fn any_bytes_are_answered_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        fuzz::admit(&bytes);
    }

    #[test]
    fn any_jsonish_text_is_answered_without_panic(text in r#"\{[\[\]{}:,"\\au0-9eE. +-]{0,80}\}"#) {
        fuzz::admit(text.as_bytes());
    }
}
