#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use indelible_event::control::PreviousGeneration;
use indelible_merkle::{NoteSigner, root};

use super::*;
use crate::log::Log as _;
use crate::testing::{PLATFORM, TestLog, archive, wait};
use crate::verify::{Options, verify};

const ALPHA: &str = "ri.indelible..organization.alpha";
const BETA: &str = "ri.indelible..organization.beta";

#[test]
fn an_archive_says_whose_it_is_and_where_its_logs_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive");
    let mut first = TestLog::new(ALPHA, 1);
    first.grow(4);
    let end = PreviousGeneration {
        origin: &first.info().origin,
        size: 5,
        root: root(&first, 5).unwrap().0,
        witnessed_size: 5,
    };
    let mut logs = [TestLog::new(ALPHA, 1), TestLog::generation(ALPHA, 1, 2, Some(end)), TestLog::new(BETA, 1)];
    archive(&path, &mut logs, &[3, 2]);
    let bucket = Bucket::local(&path).unwrap();
    let found = wait(survey(&bucket)).unwrap();
    assert_eq!((found.platform.as_str(), found.newest, found.logs.len()), (PLATFORM, 2, 3));
    let known = |log: &TestLog| found.logs.iter().any(|found| found.key == log.info().key);
    assert!(logs.iter().all(known));
    assert_eq!(found.claim_keys.len(), 2);

    let report = verify(&path, &Options::default(), &|_| ());
    let closed = |generation| {
        let closed = closed_logs(&report, generation).unwrap();
        closed.into_iter().map(|log| (log.origin, log.size, log.root, log.received_last_us)).collect::<Vec<_>>()
    };
    let expected = |log: &TestLog| (log.info().origin.clone(), 5, root(log, 5).unwrap(), log.last_received_us());
    assert_eq!(closed(3), [expected(&logs[1]), expected(&logs[2])]);
    // What the rebuild itself has archived already does not count.
    assert_eq!(closed(2), [expected(&logs[0]), expected(&logs[2])]);
    assert_eq!(closed(1), []);

    // Later generations of which there is a claim, or a copy, count.
    let third = TestLog::generation(ALPHA, 1, 3, None);
    wait(third.journal_copy(0).store(&bucket)).unwrap();
    assert_eq!(wait(survey(&bucket)).unwrap().newest, 3);
    let fourth = TestLog::generation(ALPHA, 1, 4, None);
    wait(crate::claim::take(&bucket, 4, fourth.generation_claim().to_string().as_bytes())).unwrap();
    assert_eq!(wait(survey(&bucket)).unwrap().newest, 4);
}

#[test]
fn what_is_no_archive_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Bucket::create_local(folder.path()).unwrap();
    assert!(matches!(wait(survey(&bucket)), Err(SurveyError::Empty)));
    let claim = TestLog::new(ALPHA, 1).generation_claim().to_string();
    wait(bucket.create(&layout::claim(1), claim.clone().into())).unwrap();
    assert_eq!(wait(survey(&bucket)).unwrap().newest, 1);
    let signer = NoteSigner::from_seed(&[1; 32]);
    let (platform, name) = ("other.example".to_owned(), "other.example/generations");
    let key = signer.verifier_key(name).unwrap();
    let other = Claim { platform, generation: 2, opened_us: 0, server: [1; 16], key };
    let note = signer.sign(name, &other.text()).unwrap().to_string();
    wait(bucket.create(&layout::claim(2), note.into())).unwrap();
    assert!(matches!(wait(survey(&bucket)), Err(SurveyError::TwoPlatforms(..))));
    wait(bucket.create(&layout::claim(3), "nothing".into())).unwrap();
    assert!(matches!(wait(survey(&bucket)), Err(SurveyError::Claim { .. })));
}
