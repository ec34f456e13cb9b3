//! Against rsyslog.

#![allow(clippy::unwrap_used, clippy::panic)]

use indelible_testkit::rsyslog::{Rsyslog, Tls, free_port};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};
use tempfile::tempdir;

use super::*;
use crate::destination::Receiver;
use crate::fixture;
use crate::secret::Secret;
use crate::settings::{Destination, Settings};

/// An authority and what it has signed: certificate and key in PEM.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = named("authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name = named(name);
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

/// OpenSSL takes a certificate whose subject is that of its authority for one that signed itself.
fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn receiver(format: Format, port: u16, tls: Option<(&str, Option<(&str, &str)>)>) -> Receiver {
    let destination = Destination::Syslog {
        host: "localhost".to_owned(),
        port,
        tls: tls.is_some(),
        ca: tls.map(|(ca, _)| ca.to_owned()),
        client_certificate: tls.and_then(|(_, client)| client).map(|(certificate, _)| certificate.to_owned()),
    };
    let key = tls.and_then(|(_, client)| client).map(|(_, key)| Secret::new(key));
    Receiver::open(&Settings { format, destination, batch: None }, key.as_ref(), None, Reach::Any).unwrap()
}

/// What rsyslog is to make of the events of `batch`.
fn expected(format: Format, batch: &Batch) -> Vec<String> {
    let line = |entry: &Entry| {
        let mut text = Vec::new();
        format.write(batch, entry, &mut text).unwrap();
        format!(
            "audit.info\t2026-01-05T08:00:00.123456Z\tnode-1\tcompass\tdataLoad\t[indelible@32473 id=\"{}\" organization=\"{}\" seq=\"{}\"]\t{}",
            batch.id(entry),
            batch.log.organization,
            entry.seq,
            String::from_utf8(text).unwrap()
        )
    };
    batch.entries.iter().map(line).collect()
}

#[tokio::test]
async fn rsyslog_receives_what_was_sent() {
    let folder = tempdir().unwrap();
    let rsyslog = Rsyslog::start(folder.path(), free_port(), None);
    let mut all = Vec::new();
    for format in [Format::Audit3, Format::Ocsf, Format::Cef] {
        let batch = fixture::batch(50);
        let which: Vec<usize> = (0..50).collect();
        assert_eq!(receiver(format, rsyslog.port(), None).deliver(&batch, &which).await, Outcome::all());
        all.extend(expected(format, &batch));
        assert_eq!(rsyslog.wait_for(all.len()), all);
    }
}

#[tokio::test]
async fn rsyslog_receives_over_tls() {
    let folder = tempdir().unwrap();
    let authority = Authority::new();
    let (certificate, key) = authority.sign("localhost");
    let ca = authority.pem();
    let tls = Tls { ca: &ca, certificate: &certificate, key: &key, clients_are_named: true };
    let rsyslog = Rsyslog::start(folder.path(), free_port(), Some(&tls));
    let (certificate, key) = authority.sign("indelible");
    let client = Some((certificate.as_str(), key.as_str()));
    let batch = fixture::batch(50);
    let which: Vec<usize> = (0..50).collect();
    let named = receiver(Format::Audit3, rsyslog.port(), Some((&ca, client)));
    assert_eq!(named.deliver(&batch, &which).await, Outcome::all());
    let all = expected(Format::Audit3, &batch);
    assert_eq!(rsyslog.wait_for(all.len()), all);

    // Neither an unknown authority, nor a client without a certificate, nor one that speaks no TLS is taken for a success.
    let other = Authority::new().pem();
    for stranger in [
        receiver(Format::Audit3, rsyslog.port(), Some((&other, client))),
        receiver(Format::Audit3, rsyslog.port(), Some((&ca, None))),
    ] {
        let outcome = stranger.deliver(&batch, &[0]).await;
        assert!(matches!(outcome, Outcome::Later { .. }), "{outcome:?}");
    }
    assert_eq!(rsyslog.received(), all);
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_tried_later() {
    let outcome = receiver(Format::Audit3, free_port(), None).deliver(&fixture::batch(1), &[0]).await;
    assert!(
        matches!(&outcome, Outcome::Later { reason, .. } if reason.starts_with("connect to localhost:")),
        "{outcome:?}"
    );
}

#[test]
fn no_field_ends_before_its_time() {
    let infrastructure = r#"{"categories":["dataLoad"],"host":"a b\u00fc]","name":"N","product":"x y","time":"2026-01-05T08:00:00.123456789Z","type":"audit.3"}"#;
    let mut batch = Batch { log: fixture::log(), entries: vec![fixture::entry(1, infrastructure, "{}")] };
    batch.log.organization = r#"a"b\c]d"#.to_owned();
    let mut message = Vec::new();
    write_message(Format::Audit3, &batch, &batch.entries[0], &mut message).unwrap();
    let message = String::from_utf8(message).unwrap();
    let begin = r#"<110>1 2026-01-05T08:00:00.123456Z a_b__] x_y - dataLoad [indelible@32473 id="platform.example/3f9a/1/1" organization="a\"b\\c\]d" seq="1"] {"#;
    assert!(message.starts_with(begin), "{message}");
}
