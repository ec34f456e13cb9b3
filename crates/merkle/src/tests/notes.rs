use super::*;
use crate::{
    Checkpoint, CheckpointError, KeyError, MAX_NOTE_BYTES, MAX_SIGNATURES, Note, NoteError, NoteSigner, Notes,
    Signature, TlogProof, TlogProofError, VerifierKey, VerifyNoteError, inclusion_proof,
};

const ORIGIN: &str = "logs.example/0123456789abcdef0123456789abcdef/1";

fn signer() -> NoteSigner {
    NoteSigner::from_seed(&[7; 32])
}

fn key(name: &str) -> VerifierKey {
    signer().verifier_key(name).unwrap()
}

fn signed() -> Note {
    Checkpoint::new(ORIGIN, 3, leaf(3)).sign(&signer()).unwrap()
}

#[test]
fn the_note_that_others_publish_verifies() {
    let key: VerifierKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
    let note = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let parsed: Note = note.parse().unwrap();
    assert_eq!(parsed.to_string(), note);
    let keys = [key];
    assert_eq!(parsed.verify(&keys).unwrap(), [&keys[0]]);
}

#[test]
fn a_signed_checkpoint_opens_with_its_key() {
    let note = signed();
    let text = note.to_string();
    assert_eq!(text.split("\n\n").next().unwrap(), format!("{ORIGIN}\n3\n{}", leaf(3)));
    let read = Note::from_bytes(text.as_bytes()).unwrap();
    assert_eq!(read, note);
    let open = |keys: &[VerifierKey]| Checkpoint::open(&read, keys);
    assert_eq!(open(&[key("other.example"), key(ORIGIN)]), Ok(Checkpoint::new(ORIGIN, 3, leaf(3))));
    assert!(matches!(open(&[key("other.example")]), Err(CheckpointError::Note(VerifyNoteError::Unknown { .. }))));
    assert!(matches!(open(&[]), Err(CheckpointError::Note(VerifyNoteError::Unknown { .. }))));
    // The right text under the name of another log.
    let stolen = signer().sign("other.example", note.text()).unwrap();
    let opened = Checkpoint::open(&stolen, &[key("other.example")]);
    assert_eq!(opened, Err(CheckpointError::NotOfOrigin { origin: ORIGIN.to_owned() }));
}

#[test]
fn every_altered_byte_of_a_checkpoint_is_found() {
    let text = signed().to_string().into_bytes();
    let keys = [key(ORIGIN)];
    for at in 0..text.len() {
        for bit in [0, 6] {
            let mut altered = text.clone();
            altered[at] ^= 1 << bit;
            let opened = Note::from_bytes(&altered).map(|note| Checkpoint::open(&note, &keys));
            assert!(!matches!(opened, Ok(Ok(_))), "byte {at} bit {bit}");
        }
        let mut shorter = text.clone();
        shorter.remove(at);
        let opened = Note::from_bytes(&shorter).map(|note| Checkpoint::open(&note, &keys));
        assert!(!matches!(opened, Ok(Ok(_))), "byte {at} removed");
        assert!(!matches!(Note::from_bytes(&text[..at]).map(|note| Checkpoint::open(&note, &keys)), Ok(Ok(_))));
    }
}

#[test]
fn a_checkpoint_has_one_text() {
    let root = leaf(0).to_string();
    let check = |text: &str, accepted: bool| {
        let parsed = text.parse::<Checkpoint>();
        assert_eq!(parsed.is_ok(), accepted, "{text:?}");
        parsed.into_iter().for_each(|checkpoint| assert_eq!(checkpoint.to_string(), text));
    };
    check(&format!("o\n0\n{root}\n"), true);
    check(&format!("a name with spaces\n18446744073709551615\n{root}\n"), true);
    check(&format!("o\n1\n{root}\nextension\nanother one\n"), true);
    for size in ["", "00", "01", "+1", "-1", "1 ", " 1", "0x1", "1e3", "18446744073709551616", "\u{661}"] {
        check(&format!("o\n{size}\n{root}\n"), false);
    }
    let texts = [
        "",
        "\n",
        "o",
        "o\n",
        "o\n1\n",
        "\n1\nR\n",
        "o\n1\nR",
        "o\n1\nR\n\n",
        "o\n1\nR\n\nx\n",
        "o\n1\nR \n",
        "o\n1\n \n",
    ];
    for text in texts {
        check(&text.replace('R', &root), false);
    }
}

#[test]
fn malformed_notes_are_refused() {
    let check = |note: &str, expected| assert_eq!(note.parse::<Note>(), Err(expected), "{note:?}");
    let line = "\u{2014} name AAAAAAA=\n";
    for note in ["", "\n", "text", "text\n", "text\n\n", "text\n\n\n", &format!("text\n{line}"), line] {
        assert!(note.parse::<Note>().is_err(), "{note:?}");
    }
    check("text\n", NoteError::Unsigned);
    check(&format!("text\n\n{}", line.trim_end()), NoteError::Unsigned);
    check(&format!("te\rxt\n\n{line}"), NoteError::Characters);
    check(&format!("te\0xt\n\n{line}"), NoteError::Characters);
    let bad_lines = [
        "- name AAAAAAA=",
        "\u{2014}name AAAAAAA=",
        "\u{2014} AAAAAAA=",
        "\u{2014}  AAAAAAA=",
        "\u{2014} na me AAAAAAA=",
        "\u{2014} name  AAAAAAA=",
        "\u{2014} name AAAAAAA= ",
        "\u{2014} name AAAAAA==",
        "\u{2014} name AAAA",
        "\u{2014} name ",
        "\u{2014} name",
        "\u{2014} na+me AAAAAAA=",
        "\u{2014} na\u{2003}me AAAAAAA=",
        "\u{2014} name AAAAAAA",
        "\u{2014} name AAAAAAB=",
        "\u{2014} name AAAA_AA=",
        "",
    ];
    for bad in bad_lines {
        let note = format!("text\n\n{line}{bad}\n{line}");
        // An empty line moves the end of the text instead.
        if bad.is_empty() {
            assert_eq!(note.parse::<Note>().unwrap().text(), format!("text\n\n{line}"));
        } else {
            check(&note, NoteError::SignatureLine { line: 2 });
        }
    }
    let many = |count| format!("text\n\n{}", line.repeat(count));
    assert_eq!(many(MAX_SIGNATURES).parse::<Note>().unwrap().signatures().len(), MAX_SIGNATURES);
    check(&many(MAX_SIGNATURES + 1), NoteError::TooManySignatures);
    check(&format!("{}\n\n{line}", "x".repeat(MAX_NOTE_BYTES)), NoteError::TooLong);
    assert_eq!(Note::from_bytes(&vec![0xff; MAX_NOTE_BYTES + 1]), Err(NoteError::TooLong));
    assert_eq!(Note::from_bytes(b"text\xff\n\n"), Err(NoteError::Characters));
    let name = "n".repeat(513);
    check(&format!("text\n\n\u{2014} {name} AAAAAAA=\n"), NoteError::SignatureLine { line: 1 });
}

#[test]
fn a_text_is_cut_at_its_last_empty_line() {
    let note = signer().sign("name", "one\n\ntwo\n\n\nthree\n").unwrap();
    let read: Note = note.to_string().parse().unwrap();
    assert_eq!(read.text(), "one\n\ntwo\n\n\nthree\n");
    read.verify(&[key("name")]).unwrap();
}

#[test]
fn what_could_be_cut_twice_is_not_signed() {
    let refused = ["", "no end", "a\n\n\u{2014} b c\n", "\u{2014} b c\n", "tab\there\n", "\r\n"];
    for text in refused {
        assert!(signer().sign("name", text).is_err(), "{text:?}");
    }
    for name in ["", "a b", "a+b", "a\u{a0}b", "a\nb", &"n".repeat(513)] {
        assert_eq!(signer().sign(name, "text\n"), Err(NoteError::Name), "{name:?}");
        assert_eq!(signer().verifier_key(name), Err(KeyError::Malformed), "{name:?}");
    }
    let longest = MAX_NOTE_BYTES - MAX_SIGNATURES * crate::MAX_SIGNATURE_LINE_BYTES;
    let text = |length: usize| format!("{}\n", "x".repeat(length - 1));
    let mut note = signer().sign("name", &text(longest)).unwrap();
    for _ in 1..MAX_SIGNATURES {
        note.add(Signature { name: "w".repeat(512), key_id: 1, bytes: vec![1; 5_000] }).unwrap();
    }
    assert!(note.to_string().parse::<Note>().is_ok());
    assert_eq!(signer().sign("name", &text(longest + 1)), Err(NoteError::TooLong));
}

#[test]
fn unknown_signatures_are_kept_and_ignored() {
    let mut note = signed();
    // As long as a post-quantum signature.
    let witness = Signature { name: "witness.example".to_owned(), key_id: 9, bytes: vec![3; 4_627] };
    note.add(witness.clone()).unwrap();
    let same_name = Signature { name: ORIGIN.to_owned(), key_id: key(ORIGIN).id() ^ 1, bytes: vec![0; 64] };
    note.add(same_name).unwrap();
    let same_id = Signature { name: "other".to_owned(), key_id: key(ORIGIN).id(), bytes: vec![0; 64] };
    note.add(same_id).unwrap();
    let read: Note = note.to_string().parse().unwrap();
    assert_eq!(read, note);
    assert_eq!(read.signatures()[1], witness);
    Checkpoint::open(&read, &[key(ORIGIN)]).unwrap();
    // But a second signature of a known key counts.
    let known = Signature { name: ORIGIN.to_owned(), key_id: key(ORIGIN).id(), bytes: vec![0; 64] };
    note.add(known).unwrap();
    assert_eq!(note.verify(&[key(ORIGIN)]), Err(VerifyNoteError::Bad { name: ORIGIN.to_owned() }));
    let unusable = [("a b", vec![1]), ("", vec![1]), ("a", vec![]), ("a\n", vec![1]), ("a", vec![0; 7_000])];
    for (name, bytes) in unusable {
        let refused = note.add(Signature { name: name.to_owned(), key_id: 0, bytes });
        assert!(matches!(refused, Err(NoteError::SignatureLine { .. })), "{name:?}");
    }
}

#[test]
fn concatenated_notes_are_read_one_by_one() {
    let origins: Vec<_> = (0..50).map(|i| format!("logs.example/{i}")).collect();
    let mut notes: Vec<_> =
        origins.iter().map(|origin| Checkpoint::new(origin, 1, leaf(1)).sign(&signer()).unwrap()).collect();
    notes[3].add(Signature { name: "witness".to_owned(), key_id: 1, bytes: vec![1; 2_420] }).unwrap();
    notes.push(signer().sign("manifest", "lines\n\nwith an empty one\n").unwrap());
    let joined: String = notes.iter().map(Note::to_string).collect();
    let read: Result<Vec<_>, _> = Notes::new(&joined).collect();
    assert_eq!(read.unwrap(), notes);
    assert_eq!(Notes::new("").count(), 0);
    for cut in 1..notes[0].to_string().len() {
        let cut = joined.floor_char_boundary(cut);
        assert!(Notes::new(&joined[..cut]).any(|note| note.is_err()), "cut at {cut}");
    }
    let garbage = format!("{}x", &joined);
    let read: Vec<_> = Notes::new(&garbage).collect();
    assert_eq!(read.len(), notes.len() + 1);
    assert_eq!(read.last(), Some(&Err(NoteError::Unsigned)));
    let long = format!("{}{}\n\n{}", notes[0], "\u{2014}".repeat(MAX_NOTE_BYTES), notes[1]);
    let read: Vec<_> = Notes::new(&long).collect();
    assert_eq!(read, [Ok(notes[0].clone()), Err(NoteError::TooLong)]);
}

#[test]
fn a_verifier_key_has_one_text() {
    let key = key("logs.example/a");
    let text = key.to_string();
    assert_eq!(text.parse(), Ok(key.clone()));
    let check = |text: &str, expected: KeyError| {
        assert_eq!(text.parse::<VerifierKey>(), Err(expected), "{text}");
    };
    let [name, id, base64] = text.splitn(3, '+').collect::<Vec<_>>()[..] else { panic!() };
    for bad in [
        "".to_owned(),
        name.to_owned(),
        format!("{name}+{id}"),
        format!("+{id}+{base64}"),
        format!("{name}+{id}+{base64}="),
        format!("{name}+{id}+"),
        format!("{name}+{}+{base64}", &id[1..]),
        format!("{name}+0{id}+{base64}"),
        format!("{name}+{}+{base64}", id.to_uppercase().replace(char::is_numeric, "A")),
        format!("{name} +{id}+{base64}"),
        format!("{name}+{id}+{}", &base64[..40]),
        format!("{name}++{}+{base64}", &id[1..]),
        format!("{text}\n"),
    ] {
        check(&bad, KeyError::Malformed);
    }
    check(&format!("{name}x+{id}+{base64}"), KeyError::WrongId);
    check(&format!("{name}+00000000+{base64}"), KeyError::WrongId);
    // Type 6, whatever follows.
    check(&format!("{name}+{id}+BgAA"), KeyError::WrongType { found: 6, expected: 1 });
    assert_eq!(format!("{:?}", signer()), "NoteSigner(..)");
}

/// Points of order 1, 2, 4 and 8, as they are written and as they are not to be written.
const SMALL_ORDER: [&str; 8] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

#[test]
fn unsafe_public_keys_are_refused() {
    for text in SMALL_ORDER {
        assert_eq!(VerifierKey::new("name", &super::trees::hash(text).0), Err(KeyError::BadPoint), "{text}");
    }
    // y of p to p + 18, which are second texts of 0 to 18.
    for low in 0xed..=0xff {
        for high in [0x7f, 0xff] {
            let mut public = [0xff; 32];
            (public[0], public[31]) = (low, high);
            assert_eq!(VerifierKey::new("name", &public), Err(KeyError::BadPoint), "{low:x} {high:x}");
        }
    }
    // x of 0 has one sign.
    for mut public in [super::trees::hash(SMALL_ORDER[0]).0, super::trees::hash(SMALL_ORDER[1]).0] {
        public[31] |= 0x80;
        assert_eq!(VerifierKey::new("name", &public), Err(KeyError::BadPoint));
    }
}

#[test]
fn second_forms_of_a_signature_are_refused() {
    let note = signed();
    let good = note.signatures()[0].bytes.clone();
    let keys = [key(ORIGIN)];
    let check = |bytes: Vec<u8>| {
        let mut forged = note.clone();
        forged.signatures[0].bytes = bytes;
        let verified = forged.verify(&keys);
        assert_eq!(verified, Err(VerifyNoteError::Bad { name: ORIGIN.to_owned() }));
    };
    // S plus the group's order says the same and must not pass.
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut larger = good.clone();
    let mut carry = 0;
    for (byte, add) in larger[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    check(larger);
    for text in SMALL_ORDER {
        check([&super::trees::hash(text).0[..], &good[32..]].concat());
        check([&super::trees::hash(text).0[..], &[0; 32]].concat());
    }
    check(good[..63].to_vec());
    check([&good[..], &[0]].concat());
    check(vec![0; 64]);
    check(vec![0xff; 64]);
    for bit in (0..512).step_by(7) {
        let mut altered = good.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        check(altered);
    }
}

#[test]
fn published_signatures_are_told_apart() {
    let cases = include_str!("../../testdata/ed25519.txt");
    let bytes = |text: &str| if text == "-" { Vec::new() } else { hex::decode(text).unwrap() };
    let mut count = 0;
    for line in cases.lines().filter(|line| !line.starts_with('#')) {
        let [verdict, key, message, signature] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let key = VerifierKey::new("name", &super::trees::hash(key).0).unwrap();
        assert_eq!(key.verifies_bytes(&bytes(message), &bytes(signature)), verdict == "valid", "{line}");
        count += 1;
    }
    assert_eq!(count, 151);
}

#[test]
fn a_proof_file_verifies_and_no_altered_one_does() {
    let tree = tree_of(300);
    let checkpoint = Checkpoint::new(ORIGIN, 300, tree.frontier.root());
    let keys = [key(ORIGIN)];
    for extra in [None, Some(b"salt".to_vec())] {
        let proof = TlogProof {
            extra,
            index: 137,
            path: inclusion_proof(&tree.hashes, 137, 300).unwrap(),
            checkpoint: checkpoint.sign(&signer()).unwrap(),
        };
        let text = proof.to_string();
        assert_eq!(text.parse(), Ok(proof.clone()));
        assert_eq!(proof.verify(&leaf(137), &keys), Ok(checkpoint.clone()));
        assert!(matches!(proof.verify(&leaf(136), &keys), Err(TlogProofError::Path(_))));
        let mut lines: Vec<_> = text.lines().collect();
        for i in 0..lines.len() {
            let line = lines.remove(i);
            let verified = lines.join("\n").parse::<TlogProof>().map(|proof| proof.verify(&leaf(137), &keys));
            // Nothing vouches for the extra line.
            assert!(line.starts_with("extra") || !matches!(verified, Ok(Ok(_))), "without {line}");
            lines.insert(i, line);
        }
    }
    let long = format!("c2sp.org/tlog-proof@v1\nindex 0\n{}\n{}", format!("{}\n", leaf(0)).repeat(65), signed());
    assert_eq!(long.parse::<TlogProof>(), Err(TlogProofError::Malformed { line: 67 }));
    for head in [
        "",
        "c2sp.org/tlog-proof@v2\nindex 0",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\nindex 01",
        "c2sp.org/tlog-proof@v1 \nindex 1",
        "c2sp.org/tlog-proof@v1\nextra !\nindex 1",
        "c2sp.org/tlog-proof@v1\nindex 1\nhash",
    ] {
        assert!(matches!(
            format!("{head}\n\n{}", signed()).parse::<TlogProof>(),
            Err(TlogProofError::Malformed { .. })
        ));
    }
}

#[test]
fn random_text_never_panics() {
    let mut random = seeded();
    let parts = [
        "\n",
        "\n\n",
        "\u{2014} ",
        "a ",
        "AAAAAAA=",
        "1",
        "0",
        "\u{2014}",
        "+",
        "c2sp.org/tlog-proof@v1\n",
        "index ",
        "extra ",
        "x",
        "tile/",
        "/",
        "000",
        ".p/",
    ];
    for _ in 0..100_000 {
        let text: String =
            (0..random.random_range(0..14)).map(|_| parts[random.random_range(0..parts.len())]).collect();
        if let Ok(note) = text.parse::<Note>() {
            assert_eq!(note.to_string(), text);
        }
        let _ = text.parse::<TlogProof>();
        let _ = text.parse::<Checkpoint>();
        let _ = text.parse::<VerifierKey>();
        let _ = text.parse::<crate::TilePath>();
        let all: Vec<_> = Notes::new(&text).collect();
        if all.iter().all(Result::is_ok) {
            let again: String = all.iter().flatten().map(Note::to_string).collect();
            assert_eq!(again, text);
        }
    }
}
