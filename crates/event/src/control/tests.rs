#![allow(clippy::unwrap_used)]

use expect_test::expect;

use super::*;
use crate::parts::{Columns, Row, Text, write_content, write_infrastructure};
use crate::{Intake as Sender, Limits, RefusalCode, Scratch};

fn entry(change: impl FnOnce(&mut Genesis<'_>)) -> ControlEntry {
    let organization = "ri.indelible..organization.acme".parse().unwrap();
    let mut fields = Genesis {
        organization: &organization,
        origin: "example.net/audit/0011/2",
        label: "0011",
        generation: 2,
        key_id: "example.net/audit+abcdef01",
        salt_key_commitment: [0xab; 32],
        previous: Some(PreviousGeneration {
            origin: "example.net/audit/0010/1",
            size: 10,
            root: [0xcd; 32],
            witnessed_size: 12,
        }),
        received_at_us: 1_763_076_024_180_000,
        product_version: "0.1.0",
    };
    change(&mut fields);
    genesis(&fields)
}

#[test]
fn genesis_is_two_canonical_parts() {
    let made = entry(|_| ());
    expect![[r#"{"eventId":"2a6484a9-ffad-87ef-bbc6-ebb8c6e3ee61","intake":{"producer":"indelible","source":"server"},"logEntryId":"3acc9cf0-9e6e-8101-91ad-51c166cb6378","name":"GENESIS","producerType":"SERVER","product":"indelible","productVersion":"0.1.0","result":"SUCCESS","time":"2025-11-13T23:20:24.18Z","type":"indelible.1"}"#]].assert_eq(std::str::from_utf8(&made.infrastructure).unwrap());
    expect![[r#"{"extra":{"genesis":{"formatVersion":1,"generation":2,"keyId":"example.net/audit+abcdef01","label":"0011","origin":"example.net/audit/0011/2","previous":{"origin":"example.net/audit/0010/1","root":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","size":10,"witnessedSize":12},"saltKeyCommitment":"abababababababababababababababababababababababababababababababab"}}}"#]].assert_eq(std::str::from_utf8(&made.content).unwrap());
    let first = entry(|genesis| {
        genesis.generation = 1;
        genesis.previous = None;
    });
    expect![[r#"{"extra":{"genesis":{"formatVersion":1,"generation":1,"keyId":"example.net/audit+abcdef01","label":"0011","origin":"example.net/audit/0011/2","saltKeyCommitment":"abababababababababababababababababababababababababababababababab"}}}"#]].assert_eq(std::str::from_utf8(&first.content).unwrap());
    for made in [made, first] {
        let row = Row::read(&made.infrastructure, &made.content).unwrap();
        assert_eq!((row.kind(), row.text(Text::Name)), (CONTROL_TYPE, Some("GENESIS")));
        let (mut infrastructure, mut content) = (Vec::new(), Vec::new());
        write_infrastructure(&row, &mut infrastructure);
        write_content(&row, &mut content);
        assert_eq!((infrastructure, content), (made.infrastructure, made.content));
    }
}

#[test]
fn an_accepted_clock_is_recorded_with_what_was_expected_and_found() {
    let organization = "ri.indelible..organization.operator".parse().unwrap();
    let accept = ClockAccept {
        organization: &organization,
        generation: 1,
        reason: "step",
        expected_us: 1_763_076_024_180_000,
        found_us: 1_763_079_624_180_001,
        received_at_us: 1_763_079_700_000_000,
        product_version: "0.1.0",
    };
    let made = clock_accept(&accept);
    expect![[r#"{"extra":{"clockAccept":{"expected":"2025-11-13T23:20:24.18Z","found":"2025-11-14T00:20:24.180001Z","reason":"step"}}}"#]].assert_eq(std::str::from_utf8(&made.content).unwrap());
    let row = Row::read(&made.infrastructure, &made.content).unwrap();
    assert_eq!((row.kind(), row.text(Text::Name)), (CONTROL_TYPE, Some("CLOCK_ACCEPT")));
    let later = clock_accept(&ClockAccept { received_at_us: 1_763_079_700_000_001, ..accept });
    assert_ne!(later.log_entry_id, made.log_entry_id, "each acceptance is an entry of its own");
}

#[test]
fn what_retention_lets_go_of_is_named() {
    let organization = "ri.indelible..organization.acme".parse().unwrap();
    let dropped = [Dropped { generation: 1, first: 0, last: 99 }, Dropped { generation: 2, first: 3, last: 3 }];
    let at = |received_at_us| {
        let organization = &organization;
        retention(&Retention {
            organization,
            generation: 2,
            dropped: &dropped,
            received_at_us,
            product_version: "0.1.0",
        })
    };
    let made = at(1_763_079_700_000_000);
    expect![[r#"{"extra":{"retention":{"dropped":[{"first":0,"generation":1,"last":99},{"first":3,"generation":2,"last":3}]}}}"#]].assert_eq(std::str::from_utf8(&made.content).unwrap());
    let row = Row::read(&made.infrastructure, &made.content).unwrap();
    assert_eq!((row.kind(), row.text(Text::Name)), (CONTROL_TYPE, Some("RETENTION")));
    assert_ne!(at(1_763_079_700_000_001).log_entry_id, made.log_entry_id);
}

#[test]
fn what_is_redacted_is_named() {
    let organization = "ri.indelible..organization.acme".parse().unwrap();
    let redacted = [Dropped { generation: 1, first: 12, last: 12 }, Dropped { generation: 1, first: 40, last: 44 }];
    let made = redaction(&Redaction {
        organization: &organization,
        generation: 2,
        redacted: &redacted,
        received_at_us: 1_763_079_700_000_000,
        product_version: "0.1.0",
    });
    expect![[r#"{"extra":{"redaction":{"redacted":[{"first":12,"generation":1,"last":12},{"first":40,"generation":1,"last":44}]}}}"#]].assert_eq(std::str::from_utf8(&made.content).unwrap());
    let row = Row::read(&made.infrastructure, &made.content).unwrap();
    assert_eq!((row.kind(), row.text(Text::Name)), (CONTROL_TYPE, Some(REDACTION)));
}

#[test]
fn ids_depend_on_organization_generation_and_kind_alone() {
    let other: Organization = "ri.indelible..organization.other".parse().unwrap();
    let base = entry(|_| ()).log_entry_id;
    assert_eq!(entry(|genesis| genesis.received_at_us = 0).log_entry_id, base);
    assert_ne!(entry(|genesis| genesis.generation = 3).log_entry_id, base);
    let renamed = genesis(&Genesis {
        organization: &other,
        origin: "o",
        label: "l",
        generation: 2,
        key_id: "k",
        salt_key_commitment: [0; 32],
        previous: None,
        received_at_us: 0,
        product_version: "0.1.0",
    });
    assert_ne!(renamed.log_entry_id, base);
    assert_eq!((base[6] >> 4, base[8] >> 6), (8, 2));
}

#[test]
fn control_entries_are_not_accepted_from_outside() {
    let made = entry(|_| ());
    let sender = Sender { producer: "p", producer_epoch: None, producer_seq: None, source: "http", adapter: None };
    for line in [made.infrastructure.clone(), {
        let mut merged = Vec::new();
        crate::parts::merge(&made.infrastructure, &made.content, &Default::default(), &mut merged).unwrap();
        merged
    }] {
        let refusal =
            crate::admit(&mut Scratch::default(), &line, &Limits::default(), &sender, || [0; 16]).unwrap_err();
        assert!(matches!(refusal.code, RefusalCode::UnsupportedType | RefusalCode::ReservedField), "{refusal}");
    }
}
