//! The first entry of a log, which says what log it is.

use indelible_merkle::Hash;
use serde::Deserialize;

use indelible_event::control::{CONTROL_TYPE, FORMAT_VERSION};

use crate::control;

/// What a genesis entry says, as far as other things must agree with it.
#[derive(Debug, Clone)]
pub(crate) struct Genesis {
    pub(crate) origin: String,
    pub(crate) label: String,
    pub(crate) generation: u32,
    pub(crate) key_id: String,
    pub(crate) salt_key_commitment: [u8; 32],
    pub(crate) previous: Option<Previous>,
}

/// How the generation before ended.
#[derive(Debug, Clone)]
pub(crate) struct Previous {
    pub(crate) origin: String,
    pub(crate) size: u64,
    pub(crate) root: Hash,
    pub(crate) witnessed_size: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extra {
    genesis: Payload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Payload {
    format_version: u32,
    generation: u32,
    key_id: String,
    label: String,
    origin: String,
    previous: Option<PreviousPayload>,
    salt_key_commitment: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PreviousPayload {
    origin: String,
    root: String,
    size: u64,
    witnessed_size: u64,
}

/// Reads the entry with the given `type`, `name` and content part; or says why it is none.
pub(crate) fn read(kind: &str, name: Option<&str>, content: &[u8]) -> Result<Genesis, String> {
    if kind != CONTROL_TYPE || name != Some("GENESIS") {
        return Err(format!("its type is {kind:?} and its name {:?}", name.unwrap_or_default()));
    }
    let Extra { genesis } = control::extra(content)?;
    if genesis.format_version != FORMAT_VERSION {
        return Err(format!(
            "it announces format version {}, and this verifier knows {FORMAT_VERSION}",
            genesis.format_version
        ));
    }
    let hash = |text: &str| {
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).map(|()| hash).map_err(|error| error.to_string())
    };
    let previous = match genesis.previous {
        Some(PreviousPayload { origin, root, size, witnessed_size }) => {
            Some(Previous { origin, size, root: Hash(hash(&root)?), witnessed_size })
        }
        None => None,
    };
    Ok(Genesis {
        salt_key_commitment: hash(&genesis.salt_key_commitment)?,
        origin: genesis.origin,
        label: genesis.label,
        generation: genesis.generation,
        key_id: genesis.key_id,
        previous,
    })
}
