//! Events whose bytes and hashes are kept for ever: `testdata/v1/vectors.json`.
//!
//! Each vector gives a line, who sent it and its place in a log; the rest follows from these. With
//! `INDELIBLE_WRITE_VECTORS=1` the test writes what follows instead of comparing it: for new vectors only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::entry::{SaltKey, content_hash, entry_bytes, infrastructure_hash};
use crate::parts::{Columns, Delivery, Row, merge, write_content, write_infrastructure};
use crate::{Intake, Limits, Scratch, admit};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Vectors {
    about: String,
    /// Hex.
    salt_key: String,
    salt_key_commitment: String,
    vectors: Vec<Vector>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Vector {
    name: String,
    /// Absent for a control entry, whose parts are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<Sender>,
    organization: String,
    seq: u64,
    received_at_us: i64,
    infrastructure: String,
    content: String,
    salt: String,
    infrastructure_hash: String,
    content_hash: String,
    entry: String,
    leaf_hash: String,
    delivered: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Sender {
    producer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    producer_epoch: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    producer_seq: Option<u64>,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    adapter: Option<String>,
    /// The `logEntryId` to make if the line has none; hex.
    fresh_id: String,
}

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/v1/vectors.json");

#[test]
fn committed_vectors_are_what_this_code_makes() {
    let committed = std::fs::read_to_string(FILE).unwrap();
    let mut file: Vectors = serde_json::from_str(&committed).unwrap();
    let key = SaltKey::new(hex::decode(&file.salt_key).unwrap().try_into().unwrap());
    file.salt_key_commitment = hex::encode(key.commitment());
    for vector in &mut file.vectors {
        if let (Some(line), Some(sender)) = (&vector.line, &sender_of(vector)) {
            let mut scratch = Scratch::default();
            let fresh = || uuid_of(vector);
            let event = admit(&mut scratch, line.as_bytes(), &Limits::default(), sender, fresh).unwrap();
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            (vector.infrastructure, vector.content) = (text(event.infrastructure), text(event.content));
        }
        follow(vector, &key);
    }
    let made = serde_json::to_string_pretty(&file).unwrap() + "\n";
    if std::env::var_os("INDELIBLE_WRITE_VECTORS").is_some() {
        std::fs::write(FILE, made).unwrap();
    } else {
        assert!(made == committed, "the bytes of an entry have changed; they may not");
    }
}

fn sender_of(vector: &Vector) -> Option<Intake<'static>> {
    let sender = vector.sender.as_ref()?;
    let keep = |text: &String| -> &'static str { text.clone().leak() };
    Some(Intake {
        producer: keep(&sender.producer),
        producer_epoch: sender.producer_epoch,
        producer_seq: sender.producer_seq,
        source: keep(&sender.source),
        adapter: sender.adapter.as_ref().map(keep),
    })
}

fn uuid_of(vector: &Vector) -> [u8; 16] {
    hex::decode(&vector.sender.as_ref().unwrap().fresh_id).unwrap().try_into().unwrap()
}

/// Fills in what follows from the parts and the place.
fn follow(vector: &mut Vector, key: &SaltKey) {
    let (infrastructure, content) = (vector.infrastructure.as_bytes(), vector.content.as_bytes());
    let row = Row::read(infrastructure, content).unwrap();
    let (mut a, mut b) = (Vec::new(), Vec::new());
    write_infrastructure(&row, &mut a);
    write_content(&row, &mut b);
    assert_eq!((a.as_slice(), b.as_slice()), (infrastructure, content), "{}", vector.name);
    assert!(row.text(crate::parts::Text::LogEntryId).is_some());

    let salt = key.salt(vector.seq);
    let (infrastructure_hash, content_hash) = (infrastructure_hash(infrastructure), content_hash(&salt, content));
    let mut entry = Vec::new();
    entry_bytes(
        &mut entry,
        &vector.organization,
        vector.seq,
        vector.received_at_us,
        &infrastructure_hash,
        &content_hash,
    );
    let mut delivered = Vec::new();
    merge(infrastructure, content, &Delivery::default(), &mut delivered).unwrap();
    vector.delivered = String::from_utf8(delivered).unwrap();
    vector.salt = hex::encode(salt);
    vector.infrastructure_hash = hex::encode(infrastructure_hash);
    vector.content_hash = hex::encode(content_hash);
    vector.leaf_hash = hex::encode(Sha256::new().chain_update([0]).chain_update(&entry).finalize());
    vector.entry = hex::encode(entry);
}

/// The text of a page under `docs/formats`.
fn page(name: &str) -> String {
    let path = format!("{}/../../docs/formats/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_pages_on_formats_say_what_this_code_does() {
    let event = page("event.md");
    let mut at = 0;
    for code in crate::RefusalCode::ALL {
        let row = event[at..].find(&format!("| `{code}` |"));
        at += row.unwrap_or_else(|| panic!("{code} is not in the table of refusals, or not in order"));
    }
    let file: Vectors = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    let (example, entry) = (&file.vectors[0], page("entry.md"));
    assert!(entry.contains(&example.infrastructure) && entry.contains(&file.salt_key_commitment));
    for bytes in [&example.salt, &example.infrastructure_hash, &example.content_hash, &example.leaf_hash] {
        assert!(entry.contains(bytes.as_str()));
    }
    let pieces = entry.lines().skip_while(|line| *line != "entry").skip(1);
    let pieces = pieces.take_while(|line| line.starts_with("  ")).filter_map(|line| line.split_whitespace().next());
    assert_eq!(pieces.collect::<String>(), example.entry);
}
