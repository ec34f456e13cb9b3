#![allow(clippy::unwrap_used, clippy::panic)]

use indelible_event::entry::content_hash;
use indelible_merkle::{LevelHashes, NoteSigner, inclusion_proof};
use serde_json::json;

use super::*;

const ORGANIZATION: &str = "ri.indelible..organization.acme";
const ORIGIN: &str = "audit.example/0123/1";

/// The file of entry 2 of a log of five.
fn file() -> Value {
    let infrastructure = r#"{"intake":{"producer":"p","source":"http"},"name":"LOGIN","type":"audit.3"}"#;
    let content = content_hash(&[9; 32], br#"{"requestFields":{"secret":"x"}}"#);
    let mut entry = Vec::new();
    entry_bytes(&mut entry, ORGANIZATION, 2, 77, &infrastructure_hash(infrastructure.as_bytes()), &content);
    let mut leaves: Vec<Hash> = (0..5u8).map(|number| leaf_hash(&[number])).collect();
    leaves[2] = leaf_hash(&entry);
    let mut tree = LevelHashes::default();
    let mut frontier = indelible_merkle::Frontier::new();
    frontier.extend_levels(&leaves, &mut tree.levels);
    let proof = inclusion_proof(&tree, 2, 5).unwrap();
    let signer = NoteSigner::from_seed(&[1; 32]);
    json!({
        "format": FORMAT,
        "event": {"name": "LOGIN", "organization": ORGANIZATION, "seq": 2, "type": "audit.3"},
        "organization": ORGANIZATION, "seq": 2, "receivedAtUs": 77,
        "proof": {
            "infrastructure": infrastructure, "contentHash": hex::encode(content), "leafHash": leaves[2].to_string(),
            "inclusionProof": proof.iter().map(Hash::to_string).collect::<Vec<_>>(),
            "checkpoint": Checkpoint::new(ORIGIN, 5, frontier.root()).sign(&signer).unwrap().to_string(),
            "verifierKey": key(1).to_string(),
        },
    })
}

fn key(seed: u8) -> VerifierKey {
    NoteSigner::from_seed(&[seed; 32]).verifier_key(ORIGIN).unwrap()
}

#[track_caller]
fn check(file: &Value, keys: &[VerifierKey], strict: bool, outcome: Outcome, summary: &str) {
    let options = BundleOptions { keys: keys.to_vec(), strict, ..BundleOptions::default() };
    let report = verify(file.to_string().as_bytes(), &options);
    assert_eq!(report.outcome, outcome, "{report}");
    assert!(report.summary.contains(summary), "{}", report.summary);
}

#[test]
fn an_entry_is_verified_without_its_content() {
    check(&file(), &[key(1)], true, Outcome::Verified, "signed by a key you hold");
    check(&file(), &[], false, Outcome::Verified, "internally consistent");
    check(&file(), &[], true, Outcome::Unknown, "internally consistent");
    check(&file(), &[key(2)], false, Outcome::NotVerified, "none of the keys you hold");
}

#[test]
fn whatever_is_altered_is_found() {
    let mut mutations = 0;
    for pointer in [
        "/event/name",
        "/event/seq",
        "/organization",
        "/seq",
        "/receivedAtUs",
        "/proof/infrastructure",
        "/proof/contentHash",
        "/proof/leafHash",
        "/proof/inclusionProof/0",
        "/proof/inclusionProof/1",
        "/proof/checkpoint",
        "/proof/verifierKey",
    ] {
        let mut file = file();
        let place = file.pointer_mut(pointer).unwrap();
        *place = match place {
            Value::Number(number) => json!(number.as_u64().unwrap() + 1),
            Value::String(text) => {
                // A character that stays of its alphabet.
                let at = text.len() / 2;
                let other = if &text[at..=at] == "1" { "2" } else { "1" };
                json!(format!("{}{other}{}", &text[..at], &text[at + 1..]))
            }
            other => panic!("{other}"),
        };
        check(&file, &[key(1)], false, Outcome::NotVerified, "not verified");
        mutations += 1;
    }
    let mut shorter = file();
    shorter["proof"]["inclusionProof"].as_array_mut().unwrap().pop();
    check(&shorter, &[key(1)], false, Outcome::NotVerified, "root");
    assert_eq!(mutations, 12);
}

#[test]
fn what_cannot_be_checked_is_not_verified() {
    let with = |name: &str, value: Value| {
        let mut file = file();
        file[name] = value;
        file
    };
    check(&with("proof", Value::Null), &[], false, Outcome::Unknown, "holds no proof");
    let mut hidden = with("proof", Value::Null);
    hidden["unproven"] = json!("shown as pseudonyms");
    check(&hidden, &[], false, Outcome::Unknown, "shown as pseudonyms");
    check(
        &with("format", json!("indelible/operator-entry/v2")),
        &[],
        false,
        Outcome::Unknown,
        "does not know the format",
    );
    check(&with("more", json!(1)), &[], false, Outcome::Unknown, "no operator's entry");
    check(&json!([]), &[], false, Outcome::Unknown, "no operator's entry");
}
