#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use expect_test::expect;
use indelible_storage::BucketError;

use super::*;
use crate::testing::{TestLog, wait};

const ALPHA: &str = "ri.indelible..organization.alpha";

#[test]
fn a_claim_has_one_form() {
    let note = TestLog::new(ALPHA, 1).generation_claim().to_string();
    expect![[r#"
        indelible/generation/v1
        platform audit.example
        generation 1
        opened-us 1767571200000000
        server 07070707070707070707070707070707
        key audit.example/generations+b2579240+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c

        — audit.example/generations sleSQGJT/SmrIbE1/KkYWyrmtx+7wdbNShcvm8jpwbf66KnKY5oLN/yGHdMVlq7/SVrhsqpzO9NzOrmXQqJVqAzB0wk=
    "#]]
    .assert_eq(&note);
    let (claim, parsed) = Claim::parse(note.as_bytes()).unwrap();
    assert_eq!((claim.text().as_str(), parsed.to_string()), (parsed.text(), note.clone()));
    assert_eq!(claim.to_string(), "generation 1 of audit.example, opened 2026-01-05T00:00:00Z by server 07070707");
    let check = |from: &str, to: &str| {
        assert!(note.contains(from));
        Claim::parse(note.replace(from, to).as_bytes()).unwrap_err().to_string()
    };
    for (from, to, says) in [
        ("generation/v1", "generation/v2", "\"indelible/generation/v1\""),
        ("platform audit.example", "platform audit.other", "\"key\""),
        ("generation 1", "generation 0", "\"generation\""),
        ("generation 1", "generation 01", "zeros ahead"),
        ("generation 1\n", "generation 1\ngeneration 1\n", "\"opened-us\""),
        ("opened-us 1", "opened-us +1", "zeros ahead"),
        ("server 07", "server 7", "\"server\""),
        ("server 07", "server 0G", "\"server\""),
    ] {
        let error = check(from, to);
        assert!(error.contains(says), "{to}: {error}");
    }
    assert!(matches!(Claim::parse(&vec![b'x'; CLAIM_BYTES_MAX + 1]), Err(ClaimError::TooLong(_))));
    for length in 0..note.len() {
        // Any length without the signature, and any cut of it, is refused.
        assert!(Claim::parse(&note.as_bytes()[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_generation_is_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Bucket::create_local(folder.path()).unwrap();
    assert!(wait(claimed(&bucket)).unwrap().is_empty());
    let mine = TestLog::new(ALPHA, 1).generation_claim().to_string();
    let other = TestLog::new(ALPHA, 2).generation_claim().to_string();
    wait(take(&bucket, 1, mine.as_bytes())).unwrap();
    wait(take(&bucket, 1, mine.as_bytes())).unwrap();
    assert!(matches!(wait(take(&bucket, 1, other.as_bytes())), Err(BucketError::Taken { .. })));
    wait(take(&bucket, 12, other.as_bytes())).unwrap();
    assert_eq!(wait(claimed(&bucket)).unwrap(), [1, 12]);
}
