#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::log::Log as _;
use crate::testing::TestLog;

const ALPHA: &str = "ri.indelible..organization.alpha";

fn example() -> (TestLog, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let mut log = TestLog::new(ALPHA, 1);
    log.grow(4);
    let bytes = log.seal(folder.path(), 0, None).manifest_bytes().to_vec();
    (log, bytes)
}

#[test]
fn a_manifest_reads_back() {
    let (log, bytes) = example();
    let (manifest, note) = Manifest::parse(&bytes).unwrap();
    assert_eq!(manifest.text(), note.text());
    assert_eq!(
        (manifest.label(), manifest.generation(), manifest.entries(), manifest.size()),
        (manifest.origin.split('/').nth(1).unwrap(), 1, 5, 5)
    );
    assert_eq!(note.verify(std::slice::from_ref(&log.info().key)).unwrap().len(), 1);
    // The checkpoint in it is the log's own, byte for byte.
    assert_eq!(manifest.checkpoint().unwrap(), log.checkpoint(5));
}

/// Signs the text after `change` and reads it.
fn check(change: impl Fn(&str) -> String) -> Result<Manifest, ManifestError> {
    let (log, bytes) = example();
    let (_, note) = Manifest::parse(&bytes).unwrap();
    let text = change(note.text());
    let note = log.sign(&text).unwrap();
    Manifest::parse(note.to_string().as_bytes()).map(|(manifest, _)| manifest)
}

fn replaced<'a>(line: &'a str, by: &'a str) -> impl Fn(&str) -> String + 'a {
    move |text| {
        assert!(text.contains(line), "{line}");
        text.replacen(line, by, 1)
    }
}

#[test]
fn signed_nonsense_is_refused() {
    check(str::to_owned).unwrap();
    let cases = [
        ("manifest/v1", "manifest/v2"),
        ("\nfirst 0", "\nfirst 00"),
        ("\nfirst 0", "\nfirst 1"),
        ("\nfirst 0", "\nfirst -0"),
        ("\nfirst 0", "\nfirst +0"),
        ("\nfirst 0", "\nfirst  0"),
        ("\nfirst 0\n", "\n"),
        ("\nlast 4", "\nlast 18446744073709551615"),
        ("\nlast 4", "\nlast 5"),
        ("\nentries 5", "\nentries 6"),
        ("\nsize 5", "\nsize 6"),
        ("\nentry-bytes-max ", "\nentry-bytes-max 9"),
        ("\ncanonical-bytes ", "\ncanonical-bytes 9"),
        ("\nprevious none", "\nprevious 0000000000000000000000000000000000000000000000000000000000000000"),
        ("\ntime-us 1", "\ntime-us 9"),
        ("\nreceived-us 1767571200000000", "\nreceived-us 1767571199999999"),
        ("\nreceived-us 1", "\nreceived-us 01"),
        ("/1\norganization", "/01\norganization"),
        ("/1\norganization", "/2\norganization"),
        ("organization ri.", "organization RI."),
        ("object keys/salt 32", "object keys/salt 032"),
        ("object keys/salt", "object keys/other"),
        ("object log/date=2026-01-05", "object log/date=2026-01-06"),
        ("object tiles/0000000000000000", "object tiles/0000000000000001"),
        ("-0000000000000004.tiles", "-0000000000000004.tiles "),
        ("\nroot ", "\nroot A"),
        ("\ncheckpoint \u{2014}", "\ncheckpoint -"),
    ];
    for (line, by) in cases {
        assert!(check(replaced(line, by)).is_err(), "{line:?} -> {by:?}");
    }
    assert!(check(|text| text.to_owned() + "more\n").is_err(), "a line more");
    let line = |text: &str| text.lines().find(|line| line.starts_with("checkpoint ")).unwrap().to_owned() + "\n";
    assert!(check(|text| text.replace(&line(text), "")).is_err(), "no checkpoint");
    assert!(check(|text| text.to_owned() + &line(text).repeat(16)).is_err(), "too many signatures");
    assert!(check(|text| text.to_owned() + &line(text)).is_ok(), "room for those of witnesses");
}

#[test]
fn bytes_that_are_no_manifest_are_refused() {
    let (_, bytes) = example();
    for cut in 0..bytes.len() {
        assert!(Manifest::parse(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    assert_eq!(
        Manifest::parse(&vec![b'a'; MANIFEST_BYTES_MAX + 1]),
        Err(ManifestError::TooLong(MANIFEST_BYTES_MAX + 1))
    );
    assert!(Manifest::parse(&[bytes.clone(), bytes].concat()).is_err());
}
