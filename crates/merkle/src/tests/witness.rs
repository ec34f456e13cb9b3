use super::*;
use crate::{
    AddCheckpoint, AddCheckpointError, Checkpoint, KeyError, Note, NoteSigner, Signature, VerifierKey, WitnessKey,
    WitnessSigner,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer as _;

fn witness() -> WitnessSigner {
    WitnessSigner::from_seed("witness.example/one", &[5; 32]).unwrap()
}

fn checkpoint() -> Note {
    Checkpoint::new("logs.example/platform/1", 3, leaf(3)).sign(&NoteSigner::from_seed(&[7; 32])).unwrap()
}

#[test]
fn a_cosignature_is_the_bytes_of_its_format() {
    let (note, witness) = (checkpoint(), witness());
    let signature = witness.cosign(note.text(), 1_679_315_147);
    assert_eq!(signature.bytes.len(), 72);
    assert_eq!(signature.bytes[..8], 1_679_315_147_u64.to_be_bytes());
    let key = ed25519_dalek::SigningKey::from_bytes(&[5; 32]);
    let message = format!("cosignature/v1\ntime 1679315147\nlogs.example/platform/1\n3\n{}\n", leaf(3));
    assert_eq!(signature.bytes[8..], key.sign(message.as_bytes()).to_bytes());
    let id = [&b"witness.example/one\n\x04"[..], key.verifying_key().as_bytes()].concat();
    let digest: [u8; 32] = sha2::Digest::finalize(sha2::Digest::chain_update(sha2::Sha256::default(), id)).into();
    assert_eq!(signature.key_id.to_be_bytes(), digest[..4]);
    assert_eq!(witness.key().id(), signature.key_id);
    assert_eq!(witness.key().cosigned(note.text(), &signature), Some(1_679_315_147));
    let mut cosigned = note.clone();
    cosigned.add(signature.clone()).unwrap();
    let read: Note = cosigned.to_string().parse().unwrap();
    assert_eq!(witness.key().cosigned(read.text(), &read.signatures()[1]), Some(1_679_315_147));
}

#[test]
fn every_altered_cosignature_is_refused() {
    let (note, witness) = (checkpoint(), witness());
    let (good, key) = (witness.cosign(note.text(), 1_679_315_147), witness.key());
    let refused = |text: &str, signature: &Signature| assert_eq!(key.cosigned(text, signature), None, "{signature:?}");
    for bit in 0..72 * 8 {
        let mut altered = good.clone();
        altered.bytes[bit / 8] ^= 1 << (bit % 8);
        refused(note.text(), &altered);
    }
    for length in 0..72 {
        refused(note.text(), &Signature { bytes: good.bytes[..length].to_vec(), ..good.clone() });
    }
    refused(note.text(), &Signature { bytes: [&good.bytes[..], &[0]].concat(), ..good.clone() });
    refused(note.text(), &Signature { name: "witness.example/two".to_owned(), ..good.clone() });
    refused(note.text(), &Signature { key_id: good.key_id ^ 1, ..good.clone() });
    refused(&note.text().replace('3', "4"), &good);
    refused(&format!("{}extension\n", note.text()), &good);
    // A time that the format cannot hold, properly signed.
    refused(note.text(), &witness.cosign(note.text(), u64::MAX));
    assert!(key.cosigned(note.text(), &witness.cosign(note.text(), i64::MAX as u64)).is_some());
    // The same key as a log's signs something else.
    let as_log = NoteSigner::from_seed(&[5; 32]).sign("witness.example/one", note.text()).unwrap();
    let bytes = [&0_u64.to_be_bytes()[..], &as_log.signatures()[0].bytes].concat();
    refused(note.text(), &Signature { bytes, ..good.clone() });
}

#[test]
fn a_witness_key_has_one_text_and_is_no_log_key() {
    let key = witness().key().clone();
    let text = key.to_string();
    assert_eq!(text.parse(), Ok(key.clone()));
    assert_eq!(format!("{key:?}"), text);
    assert_eq!(text.parse::<VerifierKey>(), Err(KeyError::WrongType { found: 4, expected: 1 }));
    let log = NoteSigner::from_seed(&[5; 32]).verifier_key(key.name()).unwrap();
    assert_eq!(log.public(), key.public());
    assert_ne!(log.id(), key.id());
    assert_eq!(log.to_string().parse::<WitnessKey>(), Err(KeyError::WrongType { found: 1, expected: 4 }));
    let [name, id, base64] = text.splitn(3, '+').collect::<Vec<_>>()[..] else { panic!() };
    let weak = STANDARD.encode([&[4][..], &[0; 32]].concat());
    for (bad, expected) in [
        (format!("{name}x+{id}+{base64}"), KeyError::WrongId),
        (format!("{name}+{id}+{weak}"), KeyError::BadPoint),
        (format!("{name}+{id}+{}", &base64[..40]), KeyError::Malformed),
        (format!("{name}+{}+{base64}", id.to_uppercase().replace(char::is_numeric, "A")), KeyError::Malformed),
        (format!("{name} {id}+{base64}"), KeyError::Malformed),
        (name.to_owned(), KeyError::Malformed),
        (String::new(), KeyError::Malformed),
    ] {
        assert_eq!(bad.parse::<WitnessKey>(), Err(expected), "{bad}");
    }
    assert_eq!(format!("{:?}", witness()), "WitnessSigner(..)");
    assert_eq!(WitnessSigner::from_seed("a b", &[1; 32]).err(), Some(KeyError::Malformed));
}

#[test]
fn a_request_to_a_witness_has_one_text() {
    for hashes in [0, 1, 63] {
        let request = AddCheckpoint { old_size: 7, proof: (0..hashes).map(leaf).collect(), checkpoint: checkpoint() };
        assert_eq!(AddCheckpoint::from_bytes(request.to_string().as_bytes()), Ok(request));
    }
    let good = AddCheckpoint { old_size: 7, proof: vec![leaf(1)], checkpoint: checkpoint() }.to_string();
    let check = |body: &str, line| {
        assert_eq!(AddCheckpoint::from_bytes(body.as_bytes()), Err(AddCheckpointError::Malformed { line }), "{body:?}");
    };
    for (find, put, line) in [
        ("old 7", "old", 1),
        ("old 7", "old 07", 1),
        ("old 7", "old -7", 1),
        ("old 7", "old 7 ", 1),
        ("old 7", "Old 7", 1),
        ("old 7", "old 18446744073709551616", 1),
        ("old 7\n", "", 1),
        ("old 7\n", "old 7\r\n", 1),
        ("old 7\n", "old 7\nold 7\n", 2),
        ("=\n", "\n", 2),
        ("=\n\n", "=\n", 3),
        ("=\n\n", "= \n\n", 2),
    ] {
        let altered = good.replacen(find, put, 1);
        assert_ne!(altered, good);
        check(&altered, line);
    }
    check("", 1);
    check("old 7\n", 2);
    check(&"x".repeat(100_000), 1);
    let hash = format!("{}\n", leaf(1));
    check(&format!("old 7\n{}\n{}", hash.repeat(64), checkpoint()), 65);
    assert!(matches!(AddCheckpoint::from_bytes(b"old 7\n\nno note"), Err(AddCheckpointError::Note(_))));
    assert_eq!(AddCheckpoint::from_bytes(b"old \xff\n"), Err(AddCheckpointError::Malformed { line: 1 }));
}
