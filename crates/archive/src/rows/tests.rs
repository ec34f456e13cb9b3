#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use arrow::array::Array;
use indelible_event::parts::{Delivery, merge, write_string};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

/// An entry as columns of plain values, from which both parts are written here independently of the code under test.
#[derive(Debug, Clone)]
struct Sample {
    seq: u64,
    received_at_us: i64,
    /// Fields of the infrastructure part and their canonical JSON.
    infrastructure: Vec<(&'static str, String)>,
    content: Vec<(&'static str, String)>,
}

impl Sample {
    fn parts(&self) -> (String, String) {
        (object(&self.infrastructure), object(&self.content))
    }
}

fn object<K: AsRef<str>>(members: &[(K, String)]) -> String {
    let mut members: Vec<(&str, &String)> = members.iter().map(|(key, value)| (key.as_ref(), value)).collect();
    members.sort();
    let members: Vec<String> = members.iter().map(|(key, value)| format!("{}:{value}", quoted(key))).collect();
    format!("{{{}}}", members.join(","))
}

fn array(elements: Vec<String>) -> String {
    format!("[{}]", elements.join(","))
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    write_string(&mut out, text);
    String::from_utf8(out).unwrap()
}

const PLAIN: [&str; 19] = [
    "name",
    "result",
    "uid",
    "sid",
    "tokenId",
    "orgId",
    "traceId",
    "eventId",
    "logEntryId",
    "sequenceId",
    "producerType",
    "product",
    "productVersion",
    "service",
    "host",
    "stack",
    "environment",
    "userAgent",
    "origin",
];

/// Strings with everything that needs an escape, and with what does not.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9-]{0,12}", any::<String>(), Just("\u{0}\u{1f}\"\\/\u{7f}\u{2028}😀\n\r\t\u{8}\u{c}".to_owned()),]
}

fn json_text() -> impl Strategy<Value = String> {
    text().prop_map(|text| quoted(&text))
}

fn texts() -> impl Strategy<Value = String> {
    vec(json_text(), 1..4).prop_map(array)
}

fn json_object() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        json_text(),
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("-1.5e-7".to_owned()),
        Just("9007199254740991".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
    ];
    let value = scalar.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(array),
            proptest::collection::btree_map("[a-c\"]{0,2}", inner, 0..3)
                .prop_map(|map| { object(&map.into_iter().collect::<Vec<_>>()) }),
        ]
    });
    proptest::collection::btree_map("[a-z]{1,8}", value, 1..4)
        .prop_map(|map| object(&map.into_iter().collect::<Vec<_>>()))
}

fn user() -> impl Strategy<Value = String> {
    let name = || option::of(json_text());
    (json_text(), name(), name(), name(), option::of(texts()), name()).prop_map(
        |(uid, user_name, first_name, last_name, groups, realm)| {
            let members = [
                ("uid", Some(uid)),
                ("userName", user_name),
                ("firstName", first_name),
                ("lastName", last_name),
                ("groups", groups),
                ("realm", realm),
            ];
            object(&members.into_iter().filter_map(|(key, value)| Some((key, value?))).collect::<Vec<_>>())
        },
    )
}

fn intake() -> impl Strategy<Value = String> {
    let number = || option::of(0..=i64::MAX as u64);
    (json_text(), number(), number(), json_text(), option::of(json_text())).prop_map(
        |(producer, epoch, seq, source, adapter)| {
            let members = [
                ("producer", Some(producer)),
                ("producerEpoch", epoch.map(|number| number.to_string())),
                ("producerSeq", seq.map(|number| number.to_string())),
                ("source", Some(source)),
                ("adapter", adapter),
            ];
            object(&members.into_iter().filter_map(|(key, value)| Some((key, value?))).collect::<Vec<_>>())
        },
    )
}

fn time() -> impl Strategy<Value = String> {
    let instant = (Time::MIN.micros..=Time::MAX.micros, prop_oneof![Just(0), 0..=999_u16]);
    instant.prop_map(|(micros, nanos)| format!("\"{}\"", Time { micros, nanos }))
}

use indelible_event::Time;

fn sample() -> impl Strategy<Value = Sample> {
    let plain = vec(option::of(json_text()), PLAIN.len());
    let infrastructure = (
        (json_text().prop_filter("type is never empty", |text| text != "\"\""), time()),
        plain,
        option::of(texts()),
        option::of(texts()),
        option::of(json_text()),
        option::of(intake()),
    );
    let content = (
        option::of(json_object()),
        option::of(json_object()),
        option::of(json_object()),
        option::of(texts()),
        option::of(vec(user(), 1..4).prop_map(array)),
    );
    (0..=SEQ_MAX, any::<i64>(), infrastructure, content).prop_map(|(seq, received_at_us, infrastructure, content)| {
        let ((kind, time), plain, categories, origins, source_origin, intake) = infrastructure;
        let (request, result, extra, entities, users) = content;
        let mut infrastructure = vec![("type", Some(kind)), ("time", Some(time))];
        infrastructure.extend(PLAIN.into_iter().zip(plain));
        infrastructure.extend([
            ("categories", categories),
            ("origins", origins),
            ("sourceOrigin", source_origin),
            ("intake", intake),
        ]);
        let content = [
            ("requestFields", request),
            ("resultFields", result),
            ("extra", extra),
            ("entities", entities),
            ("users", users),
        ];
        let present = |(key, value): (&'static str, Option<String>)| Some((key, value?));
        Sample {
            seq,
            received_at_us,
            infrastructure: infrastructure.into_iter().filter_map(present).collect(),
            content: content.into_iter().filter_map(present).collect(),
        }
    })
}

const ORGANIZATION: &str = "ri.indelible..organization.alpha";

fn encode(rows: &[(u64, i64, String, String)], projection: Option<&[usize]>) -> RecordBatch {
    let mut encoder = RowEncoder::new(projection).unwrap();
    for (seq, received_at_us, infrastructure, content) in rows {
        encoder
            .push(&Row {
                organization: ORGANIZATION,
                seq: *seq,
                received_at_us: *received_at_us,
                infrastructure: infrastructure.as_bytes(),
                content: content.as_bytes(),
            })
            .unwrap();
    }
    assert_eq!(encoder.rows(), rows.len());
    let batch = encoder.finish().unwrap();
    assert_eq!((encoder.rows(), encoder.bytes()), (0, 0));
    batch
}

use arrow::array::RecordBatch;

/// Encodes, decodes and compares every byte; once with all columns, once without content.
fn check(rows: &[(u64, i64, String, String)]) {
    let batch = encode(rows, None);
    assert_eq!(batch.schema(), schema());
    let bare = encode(rows, Some(infrastructure_columns()));
    let (decoder, bare) = (RowDecoder::new(&batch).unwrap(), RowDecoder::new(&bare).unwrap());
    assert_eq!((decoder.rows(), decoder.has_content(), bare.has_content()), (rows.len(), true, false));
    let (mut out, mut scratch) = (Vec::new(), Vec::new());
    let mut text = |write: &mut dyn FnMut(&mut Vec<u8>)| {
        out.clear();
        write(&mut out);
        String::from_utf8(out.clone()).unwrap()
    };
    for (index, (seq, received_at_us, infrastructure, content)) in rows.iter().enumerate() {
        assert_eq!(decoder.organization(index), ORGANIZATION);
        assert_eq!(decoder.seq(index), *seq);
        assert_eq!(decoder.received_at_us(index), *received_at_us);
        assert!(decoder.is_canonical(index));
        assert_eq!(&text(&mut |out| decoder.infrastructure(index, out)), infrastructure);
        assert_eq!(&text(&mut |out| bare.infrastructure(index, out)), infrastructure);
        assert_eq!(&text(&mut |out| decoder.content(index, out).unwrap()), content);
        assert_eq!(bare.content(index, &mut Vec::new()), Err(RowError::NoContent));
        for (decoder, content) in [(&decoder, content.as_str()), (&bare, "{}")] {
            let delivery = Delivery { organization: Some(ORGANIZATION), seq: Some(*seq), intake: false };
            let expected = text(&mut |out| {
                merge(infrastructure.as_bytes(), content.as_bytes(), &delivery, out).unwrap();
            });
            assert_eq!(text(&mut |out| decoder.delivered(index, &mut scratch, out).unwrap()), expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_a_bijection(samples in vec(sample(), 0..6)) {
        let rows: Vec<_> = samples
            .iter()
            .map(|sample| {
                let (infrastructure, content) = sample.parts();
                (sample.seq, sample.received_at_us, infrastructure, content)
            })
            .collect();
        check(&rows);
    }
}

fn minimal(infrastructure: &str, content: &str) -> (u64, i64, String, String) {
    let infrastructure = format!("{{{infrastructure}\"time\":\"2026-01-05T00:00:00Z\",\"type\":\"audit.3\"}}");
    (7, 1_767_571_200_000_000, infrastructure, content.to_owned())
}

#[test]
fn every_category_with_all_its_fields_survives() {
    let rows: Vec<_> = indelible_event::catalogue::categories()
        .iter()
        .map(|category| {
            let fields = |fields: &[indelible_event::catalogue::Field]| {
                object(&fields.iter().map(|field| (field.name, quoted(field.name))).collect::<Vec<_>>())
            };
            let maps = [("requestFields", fields(category.request)), ("resultFields", fields(category.result))];
            let maps: Vec<_> = maps.into_iter().filter(|(_, map)| map != "{}").collect();
            minimal(&format!("\"categories\":[\"{}\"],", category.name), &object(&maps))
        })
        .collect();
    assert_eq!(rows.len(), 102);
    check(&rows);
}

#[test]
fn control_entries_are_rows_too() {
    let organization = ORGANIZATION.parse().unwrap();
    let genesis = indelible_event::control::genesis(&indelible_event::control::Genesis {
        organization: &organization,
        origin: "audit.example/0011/1",
        label: "0011",
        generation: 1,
        key_id: "audit.example/0011/1+00000000",
        salt_key_commitment: [7; 32],
        previous: None,
        received_at_us: 1_767_571_200_000_001,
        product_version: "0.1.0",
    });
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    check(&[(0, 1_767_571_200_000_001, text(genesis.infrastructure), text(genesis.content))]);
}

#[test]
fn absent_is_null_and_never_empty() {
    let batch = encode(&[minimal("", "{}")], None);
    for (index, column) in COLUMNS.iter().enumerate() {
        assert_eq!(batch.column(index).is_null(0), !column.is_required(), "{}", column.name());
    }
    check(&[]);
}

#[test]
fn the_split_is_the_one_of_the_format() {
    let content: Vec<_> = COLUMNS.iter().filter(|column| column.is_content()).map(|column| column.name()).collect();
    assert_eq!(content, ["requestFields", "resultFields", "entities", "users", "extra"]);
    assert_eq!(infrastructure_columns().len() + content.len(), schema().fields().len());
}

#[test]
fn what_is_no_entry_is_refused_and_leaves_the_batch_alone() {
    let good = minimal("", "{}");
    let cases: [(u64, &str, &str, &str); 8] = [
        (0, "{}", "{}", "no type and time"),
        (0, "", "{}", "nothing"),
        (0, "{\"time\":\"2026-01-05T00:00:00Z\",\"type\":\"audit.3\",\"what\":\"x\"}", "{}", "unknown field"),
        (0, "{\"time\":\"2026-01-05T00:00:00Z\",\"type\":\"audit.3\",\"uid\":1}", "{}", "number for a string"),
        (0, &good.2, "{\"requestFields\":{\"a\":1}", "cut"),
        (0, &good.2, "[]", "no object"),
        (SEQ_MAX + 1, &good.2, "{}", "seq too large"),
        (
            0,
            "{\"intake\":{\"producer\":\"p\",\"producerSeq\":18446744073709551615,\"source\":\"http\"},\"time\":\"2026-01-05T00:00:00Z\",\"type\":\"audit.3\"}",
            "{}",
            "number too large",
        ),
    ];
    let mut encoder = RowEncoder::new(None).unwrap();
    for (seq, infrastructure, content, what) in cases {
        let row = Row {
            organization: ORGANIZATION,
            seq,
            received_at_us: 0,
            infrastructure: infrastructure.as_bytes(),
            content: content.as_bytes(),
        };
        assert!(encoder.push(&row).is_err(), "{what}");
    }
    assert_eq!(encoder.rows(), 0);
    assert_eq!(encoder.finish().unwrap().num_rows(), 0);
    assert!(matches!(RowEncoder::new(Some(&[34])), Err(RowError::Projection { index: 34, count: 34 })));
}

#[test]
fn a_json_column_cannot_smuggle_in_another_member() {
    let forged = |request: &str| {
        let mut batch = encode(&[minimal("", "{\"requestFields\":{\"a\":1}}")], None);
        let place = batch.schema().index_of("requestFields").unwrap();
        let mut columns = batch.columns().to_vec();
        columns[place] = Arc::new(arrow::array::StringArray::from(vec![request]));
        batch = RecordBatch::try_new(schema(), columns).unwrap();
        RowDecoder::new(&batch).unwrap().is_canonical(0)
    };
    assert!(forged("{\"a\":1}"));
    for request in ["{\"a\":1},\"resultFields\":{\"b\":2}", "{\"a\":1}}", "{}", "", "1", "{\"a\":1} ", "{\"a\":[}]"] {
        assert!(!forged(request), "{request}");
    }
}

#[test]
fn a_batch_with_other_columns_is_refused() {
    let batch = encode(&[minimal("", "{}")], None);
    let without_uid: Vec<usize> = (0..COLUMNS.len()).filter(|&index| COLUMNS[index].name() != "uid").collect();
    let error = RowDecoder::new(&batch.project(&without_uid).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "column uid is missing or not of type Utf8");
    let mut fields = schema().fields().to_vec();
    fields.swap(6, 1);
    let columns = batch.columns().to_vec();
    let renamed = Schema::new(
        fields
            .iter()
            .enumerate()
            .map(|(index, field)| Field::new(field.name(), columns[index].data_type().clone(), true))
            .collect::<Vec<_>>(),
    );
    assert!(RowDecoder::new(&RecordBatch::try_new(Arc::new(renamed), columns).unwrap()).is_err());
}
