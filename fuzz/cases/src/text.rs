//! Texts that others hand us: what is accepted has one spelling.

use indelible_archive::{Claim, JournalCopy, Manifest, RedactionNote, layout, receipts};
use indelible_event::{Organization, Time, uuid::Uuid};
use indelible_merkle::{
    Checkpoint, Hash, MapProof, Note, NoteSigner, Notes, Policy, TilePath, TlogProof, VerifierKey, WitnessKey,
};

/// What was accepted is written as it was read.
fn check<T: ToString>(text: &str, read: Result<T, impl Sized>) {
    if let Ok(read) = read {
        assert_eq!(read.to_string(), text);
    }
}

pub(crate) fn note(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        assert!(Note::from_bytes(bytes).is_err());
        return;
    };
    let key = NoteSigner::from_seed(&[7; 32]).verifier_key("logs.example/0123456789abcdef0123456789abcdef/1").unwrap();
    if let Ok(note) = text.parse::<Note>() {
        assert_eq!(note.to_string(), text);
        let _ = note.verify(std::slice::from_ref(&key));
        let _ = Checkpoint::open(&note, std::slice::from_ref(&key));
    }
    let notes: Vec<_> = Notes::new(text).collect();
    if notes.iter().all(Result::is_ok) {
        let joined: String = notes.iter().flatten().map(Note::to_string).collect();
        assert_eq!(joined, text);
    }
}

pub(crate) fn checkpoint(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        check(text, text.parse::<Checkpoint>());
    }
}

pub(crate) fn tlog_proof(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = text.parse::<TlogProof>();
    if let Ok(proof) = &read {
        let name = proof.checkpoint.signatures().first().map_or("a", |signature| signature.name.as_str());
        if let Ok(key) = NoteSigner::from_seed(&[7; 32]).verifier_key(name) {
            let _ = proof.verify(&Hash::ZERO, &[key]);
        }
    }
    check(text, read);
}

pub(crate) fn manifest(bytes: &[u8]) {
    let Ok((manifest, note)) = Manifest::parse(bytes) else { return };
    assert_eq!(note.to_string().as_bytes(), bytes);
    assert_eq!(manifest.text(), note.text());
    let _ = (manifest.checkpoint(), manifest.objects(), manifest.date(), manifest.folder());
    assert_eq!(manifest.size(), manifest.facts.last + 1);
}

/// A note about a redaction.
pub(crate) fn redaction(bytes: &[u8]) {
    let Ok((redaction, note)) = RedactionNote::parse(bytes) else { return };
    assert_eq!(note.to_string().as_bytes(), bytes);
    assert_eq!(redaction.text(), note.text());
    let _ = (redaction.folder(), redaction.note_name(), redaction.generation());
    assert!(redaction.redacted > 0 && redaction.first <= redaction.last);
}

pub(crate) fn claim(bytes: &[u8]) {
    let Ok((claim, note)) = Claim::parse(bytes) else { return };
    assert_eq!(note.to_string().as_bytes(), bytes);
    assert_eq!(claim.text(), note.text());
}

/// A copy of the journal: its frames are those that its note names, or an error.
pub(crate) fn journal_copy(bytes: &[u8]) {
    let Ok((copy, _)) = JournalCopy::parse(bytes.to_vec().into()) else { return };
    let Ok(frames) = copy.frames() else { return };
    let numbers: Vec<u64> = frames.map_while(Result::ok).map(|frame| frame.number).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]));
}

pub(crate) fn receipts(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok((received_us, read)) = receipts::read(text) else { return };
    assert_eq!(receipts::texts(received_us, read.into_iter()), [text]);
}

pub(crate) fn map_proof(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = text.parse::<MapProof>();
    if let Ok(proof) = &read {
        assert!(proof.map_root(1, &Hash::ZERO).is_some() && proof.epoch_entry(1, &Hash::ZERO).is_some());
    }
    check(text, read);
}

/// A policy, asked about a note that none of its witnesses has signed.
pub(crate) fn policy(bytes: &[u8]) {
    let Ok(policy) = Policy::parse(bytes) else { return };
    let note = Checkpoint::new("logs.example/1", 1, Hash::ZERO).sign(&NoteSigner::from_seed(&[7; 32])).unwrap();
    let checked = policy.check(&note);
    assert!(checked.is_err() || !policy.asks_for_witnesses());
    let _ = (policy.logs().len(), policy.witnesses().count());
}

/// Names, paths and other single words.
pub(crate) fn name(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    check(text, text.parse::<Organization>());
    check(text, text.parse::<VerifierKey>());
    check(text, text.parse::<WitnessKey>());
    check(text, text.parse::<Hash>());
    check(text, text.parse::<TilePath>());
    if let Ok(uuid) = text.parse::<Uuid>() {
        assert_eq!(uuid.to_string(), text.to_ascii_lowercase());
    }
    if let Ok(time) = Time::parse(text) {
        assert_eq!(Time::parse(&time.to_string()), Ok(time));
    }
    if let Some((first, last)) = layout::parse_run(text) {
        assert_eq!(layout::manifest(first, last), format!("manifest/{text}"));
    }
    let _ = layout::is_label(text);
}
