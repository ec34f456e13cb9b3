#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::testing::{DAY_US, PLATFORM, TestLog, wait};
use indelible_merkle::NoteSigner;

const ALPHA: &str = "ri.indelible..organization.alpha";

fn signer() -> NoteSigner {
    NoteSigner::from_seed(&[1; 32])
}

fn log(number: u32, first: u64, last: u64) -> CopiedLog {
    let origin = format!("{PLATFORM}/{number:032x}/3");
    CopiedLog { number, origin, organization: ALPHA.parse().unwrap(), first, last }
}

/// A copy of frames with these bodies, numbered from `first`.
fn copy(first: u64, bodies: &[&[u8]], logs: Vec<CopiedLog>) -> JournalCopy {
    let mut writer = CopyWriter::new().unwrap();
    for (number, body) in (first..).zip(bodies) {
        writer.push(number, DAY_US + number as i64, body).unwrap();
    }
    let key = signer().verifier_key(&CopyFacts::key_name(PLATFORM)).unwrap();
    writer.finish(PLATFORM, 3, key, logs, |name, text| signer().sign(name, text)).unwrap()
}

#[test]
fn frames_come_back_as_they_were() {
    let long = vec![7; 300_000];
    let bodies: [&[u8]; 4] = [b"one", b"", &long, b"last"];
    let made = copy(5, &bodies, vec![log(9, 0, 0), log(2, 7, 12)]);
    let (read, note) = JournalCopy::parse(made.object.clone()).unwrap();
    assert!(note.verify(std::slice::from_ref(&read.facts.key)).is_ok());
    assert_eq!((read.facts(), read.name()), (made.facts(), made.name()));
    let facts = made.facts();
    assert_eq!((facts.frames, facts.received_us), ((5, 8), (DAY_US + 5, DAY_US + 8)));
    assert_eq!(facts.logs, [log(2, 7, 12), log(9, 0, 0)]);
    assert!(made.bytes() < 2000, "it is compressed");
    let frames: Vec<CopiedFrame> = read.frames().unwrap().map(Result::unwrap).collect();
    let found: Vec<_> = frames.iter().map(|frame| (frame.number, frame.received_at_us, &frame.body[..])).collect();
    let expected: Vec<_> = (5..).zip(bodies).map(|(number, body)| (number, DAY_US + number as i64, body)).collect();
    assert_eq!(found, expected);
    // The same frames are the same object.
    assert_eq!(copy(5, &bodies, vec![log(2, 7, 12), log(9, 0, 0)]).name(), made.name());
    assert_ne!(copy(5, &bodies[..3], vec![log(2, 7, 12)]).name(), made.name());
}

#[test]
fn a_name_says_what_a_copy_holds() {
    let name = copy(5, &[b"a", b"b"], vec![]).name();
    let text = name.object();
    assert!(text.starts_with("journal/3/0000000000000005-0000000000000006-001767571200-"), "{text}");
    assert_eq!(CopyName::parse(&text), Some(name));
    for bad in ["journal", "journal/3/", "other/3/x", "journal/03/x"] {
        assert_eq!(CopyName::parse(bad), None);
    }
    for (from, to) in
        [("/3/", "/03/"), ("/3/", "/0/"), (".segment", ""), ("-0017", "-17"), ("0005-", "5-"), ("journal/", "/")]
    {
        assert_eq!(CopyName::parse(&text.replace(from, to)), None, "{to}");
    }
}

#[test]
fn bytes_that_are_no_copy_are_told() {
    let made = copy(5, &[b"one", b"two"], vec![log(1, 0, 1)]);
    let note = note_of(&made.object).unwrap().to_vec();
    let text = String::from_utf8(note.clone()).unwrap();
    // As if `text` had been signed.
    let with = |text: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let body = text.split_once("\n\n").unwrap().0.replace(from, to) + "\n";
        let note = signer().sign(&CopyFacts::key_name(PLATFORM), &body).unwrap().to_string();
        let mut object = MAGIC.to_vec();
        object.extend_from_slice(&(note.len() as u32).to_le_bytes());
        object.extend_from_slice(note.as_bytes());
        object.extend_from_slice(&made.object[12 + note_of(&made.object).unwrap().len()..]);
        JournalCopy::parse(object.into()).and_then(|(copy, _)| copy.frames().map(|_| ()))
    };
    assert!(with(&text, "frames 5 6", "frames 5 6").is_ok());
    for (from, to, says) in [
        ("frames 5 6", "frames 6 5", "\"frames\""),
        ("frames 5 6", "frames 5", "\"frames\""),
        ("frames 5 6", "frames 5 6 7", "\"frames\""),
        ("frames 5 6", "frames 5 06", "zeros ahead"),
        ("frames 5 6", "frames 5 7", "at byte"),
        ("frames 5 6", "frames 4 6", "at byte"),
        ("generation 3", "generation 4", "\"log\""),
        ("platform audit.example", "platform audit.other", "\"key\""),
        ("log 1 ", "log x ", "\"log\""),
        (" 0 1\n", " 1 0\n", "\"log\""),
        ("payload 46", "payload 45", "not what was signed"),
        ("payload 46", "payload 999999999", "\"payload\""),
        ("payload 46", "again\npayload 46", "\"payload\""),
        ("journal-copy/v1", "journal-copy/v2", "\"indelible/journal-copy/v1\""),
    ] {
        let error = with(&text, from, to).unwrap_err().to_string();
        assert!(error.contains(says), "{to}: {error}");
    }
    for length in 0..made.object.len() {
        let cut = JournalCopy::parse(made.object.slice(..length)).and_then(|(copy, _)| copy.frames().map(|_| ()));
        assert!(cut.is_err(), "{length}");
    }
    // More than was signed is not read.
    let bomb = zstd::bulk::compress(&vec![0; 100 << 20], 1).unwrap();
    let mut object = made.object[..12 + note.len()].to_vec();
    object.extend_from_slice(&bomb);
    let (copy, _) = JournalCopy::parse(object.into()).unwrap();
    assert!(matches!(copy.frames(), Err(CopyError::Payload)));
}

#[test]
fn copies_are_listed_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Bucket::create_local(folder.path()).unwrap();
    let made = [copy(7, &[b"b"], vec![]), copy(5, &[b"a", b"b"], vec![])];
    for copy in &made {
        wait(copy.store(&bucket)).unwrap();
    }
    let other = TestLog::new(ALPHA, 1).journal_copy(0);
    wait(other.store(&bucket)).unwrap();
    assert_eq!(wait(list(&bucket)).unwrap(), [other.name(), made[1].name(), made[0].name()]);
    assert!(matches!(
        CopyWriter::new()
            .unwrap()
            .finish(PLATFORM, 1, made[0].facts.key.clone(), vec![], |name, text| signer().sign(name, text)),
        Err(FinishError::Empty)
    ));
}
