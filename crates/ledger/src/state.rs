//! The state file: how much of each tree is on disk for certain. It is replaced as a whole.

use indelible_merkle::Hash;
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, fmt::Write as _};

pub(crate) const FILE: &str = "state";
const HEADER: &str = "indelible/ledger-state/v1";

/// Leaves of a tree whose hashes are synced, and the root they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) size: u64,
    pub(crate) root: Hash,
}

/// Writes the lines of the logs: `label generation size root`, with the platform log's name in place of a label.
pub(crate) fn write<'a>(extents: impl Iterator<Item = (&'a str, u32, Extent)>) -> String {
    let mut text = format!("{HEADER}\n");
    for (label, generation, Extent { size, root }) in extents {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{label} {generation} {size} {root}");
    }
    let sum = hex::encode(Sha256::digest(&text));
    text + &sum + "\n"
}

/// Reads what [`write`] wrote, by label and generation; or says what is wrong.
pub(crate) fn read(text: &str) -> Result<HashMap<(String, u32), Extent>, String> {
    let body = text.strip_suffix('\n').and_then(|text| text.rfind('\n')).map_or("", |at| &text[..=at]);
    let sum = text[body.len()..].trim_end_matches('\n');
    if sum != hex::encode(Sha256::digest(body)) {
        return Err("its checksum does not match".to_owned());
    }
    let mut lines = body.lines();
    if lines.next() != Some(HEADER) {
        return Err(format!("it does not begin with {HEADER}, so another version wrote it"));
    }
    let mut extents = HashMap::new();
    for line in lines {
        let (key, extent) = read_line(line).ok_or_else(|| format!("the line {line:?} has another form"))?;
        if extents.insert(key, extent).is_some() {
            return Err(format!("the log of the line {line:?} occurs twice"));
        }
    }
    Ok(extents)
}

fn read_line(line: &str) -> Option<((String, u32), Extent)> {
    let mut words = line.split(' ');
    let key = (words.next()?.to_owned(), words.next()?.parse().ok()?);
    let extent = Extent { size: words.next()?.parse().ok()?, root: words.next()?.parse().ok()? };
    words.next().is_none().then_some((key, extent))
}
