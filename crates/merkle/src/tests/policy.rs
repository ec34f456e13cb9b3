use super::*;
use crate::{
    Checkpoint, CheckpointError, KeyError, Note, NoteSigner, Policy, PolicyError, PolicyFailure, PolicyProblem,
    VerifyNoteError, WitnessSigner,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

const ORIGIN: &str = "logs.example/platform/1";

fn log(number: u8) -> NoteSigner {
    NoteSigner::from_seed(&[number; 32])
}

fn log_key(number: u8) -> String {
    log(number).verifier_key(ORIGIN).unwrap().to_string()
}

fn witness(number: u8) -> WitnessSigner {
    WitnessSigner::from_seed(&format!("witness.example/{number}"), &[100 + number; 32]).unwrap()
}

/// `L1` stands for the key of log 1, `W3` for that of witness 3, `Q` for the key of a post-quantum witness.
fn policy(text: &str) -> Result<Policy, PolicyError> {
    let mut filled = text.replace("<Q>", &post_quantum());
    for number in 1..=9 {
        filled = filled.replace(&format!("<L{number}>"), &log_key(number));
        filled = filled.replace(&format!("<W{number}>"), &witness(number).key().to_string());
    }
    Policy::parse(filled.as_bytes())
}

fn post_quantum() -> String {
    format!("pq.example+00000000+{}", STANDARD.encode([&[6][..], &[1; 1312]].concat()))
}

fn signed(by: u8, witnesses: &[u8]) -> Note {
    let mut note = Checkpoint::new(ORIGIN, 3, leaf(3)).sign(&log(by)).unwrap();
    for &number in witnesses {
        let cosignature = witness(number).cosign(note.text(), 1_000 + u64::from(number));
        note.add(cosignature).unwrap();
    }
    note
}

const TWO_LEVELS: &str = "
# Two of three here, and one of two there.
log <L1> https://logs.example/
witness X1 <W1>
witness\tX2 \t<W2>   https://x2.example/
witness X3 <W3>
  group X 2 X1 X2 X3
witness Y1 <W4>
witness Y2 <W5>
group Y any Y1 Y2
group both all X Y
 \t
\tquorum both\t
  # the end
";

#[test]
fn a_quorum_is_what_its_groups_say() {
    let check = |text: &str, accepts: &dyn Fn(&[u8]) -> bool| {
        let policy = policy(text).unwrap();
        for set in 0..32_u8 {
            let witnesses: Vec<_> = (1..=5).filter(|number| set & (1 << (number - 1)) != 0).collect();
            let checked = policy.check(&signed(1, &witnesses));
            assert_eq!(checked.is_ok(), accepts(&witnesses), "{text}: {witnesses:?}");
            if let Ok(endorsement) = checked {
                assert_eq!(endorsement.checkpoint, Checkpoint::new(ORIGIN, 3, leaf(3)));
                assert!(endorsement.cosigned.iter().all(|cosigned| cosigned.time > 1_000));
            }
        }
    };
    let count = |witnesses: &[u8], of: &[u8]| witnesses.iter().filter(|number| of.contains(number)).count();
    check(TWO_LEVELS, &|found| count(found, &[1, 2, 3]) >= 2 && count(found, &[4, 5]) >= 1);
    check("log <L1>\nquorum none\n", &|_| true);
    check("log <L1>\nwitness w <W3>\nquorum none\n", &|_| true);
    check("log <L1>\nwitness w <W3>\nquorum w\n", &|found| found.contains(&3));
    check("quorum none\nlog <L1>\nwitness w <W3>\n", &|_| true);
    check("log <L1>\nwitness a <W1>\nwitness b <W2>\ngroup g 1 a b\nquorum g\n", &|found| count(found, &[1, 2]) > 0);
    check("log <L1>\nwitness a <W1>\nwitness b <W2>\ngroup g 2 a b\nquorum g\n", &|found| count(found, &[1, 2]) == 2);
    check("log <L1>\nwitness a <W1>\ngroup g all a\ngroup h any g\nquorum h\n", &|found| found.contains(&1));
    // A group that is not the quorum asks for nothing.
    check("log <L1>\nwitness a <W1>\nwitness b <W2>\ngroup g all a\nquorum b\n", &|found| found.contains(&2));
    // One that cannot be checked here never counts as having signed.
    check("log <L1>\nwitness q <Q>\nquorum q\n", &|_| false);
    check("log <L1>\nwitness q <Q>\nwitness a <W1>\ngroup g any q a\nquorum g\n", &|found| found.contains(&1));
}

#[test]
fn a_checkpoint_is_of_a_log_of_the_policy() {
    let two = policy("log <L1>\nlog <L2>\nwitness w <W1>\nquorum w\n").unwrap();
    assert_eq!((two.logs().len(), two.witnesses().count(), two.asks_for_witnesses()), (2, 1, true));
    for by in [1, 2] {
        let endorsement = two.check(&signed(by, &[1, 2])).unwrap();
        // Witness 2 is not of the policy.
        assert_eq!(endorsement.cosigned.len(), 1);
        assert_eq!((&*endorsement.cosigned[0].witness, endorsement.cosigned[0].time), ("witness.example/1", 1_001));
    }
    let unknown = |failure| {
        matches!(failure, Err(PolicyFailure::Checkpoint(CheckpointError::Note(VerifyNoteError::Unknown { .. }))))
    };
    assert!(unknown(two.check(&signed(3, &[1]))));
    let none = policy("quorum none\n").unwrap();
    assert!(!none.asks_for_witnesses());
    assert!(unknown(none.check(&signed(1, &[]))));
    let known = log(1).verifier_key(ORIGIN).unwrap();
    assert!(none.check_with_logs(&signed(1, &[]), &[known]).is_ok());
    // The name of the key is the log's.
    let other = log(1).verifier_key("other.example").unwrap();
    let policy = Policy::parse(format!("log {other}\nquorum none\n").as_bytes()).unwrap();
    let stolen = log(1).sign("other.example", signed(1, &[]).text()).unwrap();
    let expected = CheckpointError::NotOfOrigin { origin: ORIGIN.to_owned() };
    assert_eq!(policy.check(&stolen), Err(PolicyFailure::Checkpoint(expected)));
}

#[test]
fn a_bad_cosignature_refuses_the_checkpoint() {
    let two = policy("log <L1>\nwitness a <W1>\nwitness b <W2>\ngroup g any a b\nquorum g\n").unwrap();
    let mut note = signed(1, &[1]);
    let elsewhere = witness(2).cosign("another text\n", 5);
    note.add(elsewhere).unwrap();
    assert_eq!(two.check(&note), Err(PolicyFailure::BadCosignature { witness: "witness.example/2".to_owned() }));
    // Of a stranger it is ignored.
    let mut note = signed(1, &[1]);
    note.add(witness(3).cosign("another text\n", 5)).unwrap();
    assert!(two.check(&note).is_ok());
    // The newest of several counts.
    let mut note = signed(1, &[1]);
    for time in [5_000, 3] {
        let again = witness(1).cosign(note.text(), time);
        note.add(again).unwrap();
    }
    assert_eq!(two.check(&note).unwrap().cosigned[0].time, 5_000);
    let missing = PolicyFailure::Quorum { quorum: "g".to_owned(), found: vec![] };
    assert_eq!(two.check(&signed(1, &[3])), Err(missing));
}

#[test]
fn malformed_policies_are_refused() {
    use PolicyProblem as Problem;
    let check = |text: &str, line: usize, expected: Problem| {
        assert_eq!(policy(text).err(), Some(PolicyError { line, problem: expected }), "{text:?}");
    };
    let name = str::to_owned;
    check("", 1, Problem::NoQuorum);
    check("# nothing\n", 2, Problem::NoQuorum);
    check("log <L1>\n", 2, Problem::NoQuorum);
    check("quorum none", 1, Problem::Unterminated);
    check("quorum none\nlog <L1>", 2, Problem::Unterminated);
    check("quorum none\r\n", 1, Problem::Character);
    check("# \u{7f}\nquorum none\n", 1, Problem::Character);
    check("# \0\nquorum none\n", 1, Problem::Character);
    check("quorum none\nquorum none\n", 2, Problem::SecondQuorum);
    check("quorum\n", 1, Problem::Form);
    check("quorum none none\n", 1, Problem::Form);
    check("quorum a\n", 1, Problem::UnknownName(name("a")));
    check("quorum a\nwitness a <W1>\n", 1, Problem::UnknownName(name("a")));
    check("Quorum none\n", 1, Problem::Form);
    check("witness\n", 1, Problem::Form);
    check("witness a\n", 1, Problem::Form);
    check("witness a <W1> url more\n", 1, Problem::Form);
    check("log\n", 1, Problem::Form);
    check("log <L1> url more\n", 1, Problem::Form);
    check("log <L1> # a comment has a line of its own\n", 1, Problem::Form);
    check("log <W1>\n", 1, Problem::Key(KeyError::WrongType { found: 4, expected: 1 }));
    check("witness a <L1>\n", 1, Problem::Key(KeyError::WrongType { found: 1, expected: 4 }));
    check("log x\n", 1, Problem::Key(KeyError::Malformed));
    check("log <L1>\nlog <L1>\n", 2, Problem::DuplicateKey);
    check("witness a <W1>\nwitness b <W1>\n", 2, Problem::DuplicateKey);
    check("witness a <Q>\nwitness b <Q>\n", 2, Problem::DuplicateKey);
    check("witness a <W1>\nwitness a <W2>\n", 2, Problem::NameTaken(name("a")));
    check("witness none <W1>\n", 1, Problem::NameTaken(name("none")));
    check("witness a <W1>\ngroup a any a\n", 2, Problem::NameTaken(name("a")));
    check("witness a <W1>\ngroup none any a\n", 2, Problem::NameTaken(name("none")));
    check("group g any\n", 1, Problem::Threshold);
    check("group g all\n", 1, Problem::Threshold);
    check("group g\n", 1, Problem::Form);
    check("group g any none\n", 1, Problem::UnknownName(name("none")));
    check("group g any g\n", 1, Problem::UnknownName(name("g")));
    check("group g any a\nwitness a <W1>\n", 1, Problem::UnknownName(name("a")));
    for threshold in ["0", "2", "01", "-1", "+1", "1.0", "ALL", "99999999999999999999", "\u{661}"] {
        check(&format!("witness a <W1>\ngroup g {threshold} a\n"), 2, Problem::Threshold);
    }
    check("witness a <W1>\ngroup g any a a\n", 2, Problem::CountedTwice(name("a")));
    check("witness a <W1>\ngroup g any a\ngroup h any a\n", 3, Problem::CountedTwice(name("a")));
    check("witness a <W1>\ngroup g any a\ngroup h any g\ngroup i all g\n", 4, Problem::CountedTwice(name("g")));
    assert_eq!(
        Policy::parse(&vec![b'\n'; crate::MAX_POLICY_BYTES + 1]).err(),
        Some(PolicyError { line: 1, problem: Problem::TooLarge })
    );
    // The same public key under another name is the same witness.
    let renamed = WitnessSigner::from_seed("other.example", &[101; 32]).unwrap();
    let text = format!("witness a {}\nwitness b {}\n", witness(1).key(), renamed.key());
    assert_eq!(Policy::parse(text.as_bytes()).err(), Some(PolicyError { line: 2, problem: Problem::DuplicateKey }));
}

#[test]
fn names_are_octets() {
    let (one, two) = (witness(1).key().to_string(), witness(2).key().to_string());
    // Not UTF-8, and two letters that some would take for one.
    let text = [
        b"witness \xff\xfe ",
        one.as_bytes(),
        b"\nwitness \xe2\x84\xaa ",
        two.as_bytes(),
        b"\ngroup K any \xff\xfe\nquorum \xe2\x84\xaa\n# \xc3\x28\n",
    ];
    let policy = Policy::parse(&text.concat()).unwrap();
    let key = [log(1).verifier_key(ORIGIN).unwrap()];
    assert!(policy.check_with_logs(&signed(1, &[1]), &key).is_err());
    assert!(policy.check_with_logs(&signed(1, &[2]), &key).is_ok());
}

#[test]
fn many_of_each_are_read_and_not_endlessly_many() {
    let text = |count: u16| {
        let mut text = String::from("quorum none\n");
        for number in 0..count {
            let mut seed = [9; 32];
            seed[..2].copy_from_slice(&number.to_be_bytes());
            let witness = WitnessSigner::from_seed(&format!("w{number}"), &seed).unwrap();
            text += &format!("witness w{number} {}\ngroup g{number} any w{number}\n", witness.key());
            text += &format!("log {}\n", NoteSigner::from_seed(&seed).verifier_key("log").unwrap());
        }
        text
    };
    assert_eq!(Policy::parse(text(256).as_bytes()).unwrap().witnesses().count(), 256);
    assert_eq!(Policy::parse(text(257).as_bytes()).err().unwrap().problem, PolicyProblem::TooLarge);
}
