//! Merkle trees as RFC 6962 defines them, their storage as C2SP tiles, their proofs, and the
//! signed notes and checkpoints that commit to them.
//!
//! The crate is pure: no disk, clock, network, randomness or async, so that an auditor can verify with it alone.
//! It does not know what a leaf means (see `indelible-event`) nor where hashes are kept
//! (see `indelible-ledger`): a tree is read through [`Hashes`]. Nothing here panics on bytes that
//! somebody else wrote.
//!
//! Beside the trees of single logs stands what joins the logs of a platform: the [`PrefixMap`] of an epoch, the
//! [`PlatformEntry`] that states it, and the [`Policy`] that says whose signatures a reader asks for.
//!
//! Start reading at [`Frontier`] (how a tree grows), then `proof.rs`, then [`Note`] and [`Checkpoint`].

mod checkpoint;
mod frontier;
mod hash;
mod hashes;
mod key;
mod map;
mod node;
mod note;
mod platform;
mod policy;
mod proof;
mod run;
mod tile;
mod tlog_proof;
mod tlog_witness;
mod witness;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use frontier::{Frontier, FrontierError};
pub use hash::{Hash, ParseHashError, empty_root, leaf_hash, node_hash};
pub use hashes::{Hashes, LevelHashes, TileCache, root};
pub use key::{KeyError, NamedKey, NoteSigner, VerifierKey, is_key_name};
pub use map::{EMPTY_MAP, Label, MAX_MAP_PATH, MapProof, ParseMapProofError, PrefixMap, map_leaf};
pub use node::{Cover, Node, cover};
pub use note::{
    MAX_NOTE_BYTES, MAX_SIGNATURE_LINE_BYTES, MAX_SIGNATURES, Note, NoteError, Notes, Signature, VerifyNoteError,
};
pub use platform::{
    Epoch, KeyChange, MAX_PLATFORM_ENTRY_BYTES, PlatformEntry, PlatformEntryError, entry_bundle, read_entry_bundle,
};
pub use policy::{Cosigned, Endorsement, MAX_POLICY_BYTES, Policy, PolicyError, PolicyFailure, PolicyProblem};
pub use proof::{
    ProofError, ProveError, RangeProof, consistency_proof, inclusion_proof, range_proof, verify_consistency,
    verify_inclusion, verify_range,
};
pub use run::{OutsideRun, Run, RunHashes};
pub use tile::{TILE_WIDTH, Tile, TilePath, TilePathError, stored_hashes, tiles_between};
pub use tlog_proof::{TlogProof, TlogProofError};
pub use tlog_witness::{AddCheckpoint, AddCheckpointError};
pub use witness::{WitnessKey, WitnessSigner};

/// Bits of a leaf index that one stored level spans: a tile is the whole subtree of this height.
pub const TILE_HEIGHT: u8 = 8;

#[cfg(test)]
mod tests;
