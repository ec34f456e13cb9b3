//! Bundles of small logs.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use indelible_merkle::{
    Checkpoint, Epoch, Frontier, Hash, Hashes as _, LevelHashes, MapProof, Note, PrefixMap, TlogProof, WitnessSigner,
    consistency_proof, inclusion_proof, leaf_hash, map_leaf, range_proof, root,
};

use super::{DAY_US, PLATFORM, TestLog};
use crate::bundle::{
    BundleRow, BundleWriter, CHECKPOINT, Claim, ConsistencyProof, Filter, GENESIS, GENESIS_PROOF, MAP_PROOF,
    PLATFORM_PROOF, POLICY, RANGE_PROOF, RangeProofText, RowFormat, SINCE_PROOF, Shown, Sink, write_row,
};
use crate::log::Log as _;

/// The epoch that binds the log of a bundle, among others.
const EPOCH: u64 = 2;
const EPOCHS: u64 = 5;
/// When bundles are made.
const MADE_US: i64 = DAY_US + 86_400_000_000;

/// What a bundle is asked for.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) window_us: Option<(i64, i64)>,
    pub(crate) filter: Option<Filter>,
    pub(crate) rows: RowFormat,
    /// Entries of the log at the bundle's checkpoint; all if absent.
    pub(crate) size: Option<u64>,
    /// Older sizes of the log, and of the platform log, that it shall be shown to extend.
    pub(crate) since: Vec<u64>,
    pub(crate) platform_since: Vec<u64>,
    /// Seeds of the witnesses that cosign.
    pub(crate) witnesses: Vec<u8>,
    /// Entries whose content is redacted.
    pub(crate) redacted: Vec<u64>,
    /// Tells the histories of a platform apart that shows two.
    pub(crate) fork: u8,
}

impl Ask {
    pub(crate) fn range(first: u64, last: u64) -> Ask {
        Ask {
            first,
            last,
            window_us: None,
            filter: None,
            rows: RowFormat::Jsonl,
            size: None,
            since: Vec::new(),
            platform_since: Vec::new(),
            witnesses: Vec::new(),
            redacted: Vec::new(),
            fork: 0,
        }
    }

    /// The window of time, with the entry on each side.
    pub(crate) fn window(log: &TestLog, from: i64, to: i64) -> Ask {
        let at = |us: i64| (0..log.size()).find(|seq| log.entry(*seq).received_at_us >= us).unwrap_or(log.size());
        let (first, end) = (at(from).saturating_sub(1), at(to));
        Ask { window_us: Some((from, to)), ..Ask::range(first, end.min(log.size() - 1)) }
    }
}

/// Files in a folder.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(path: &Path) -> Folder {
        fs::create_dir_all(path).unwrap();
        Folder(path.to_owned())
    }
}

impl Sink for Folder {
    type Error = std::io::Error;

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), std::io::Error> {
        fs::OpenOptions::new().create(true).append(true).open(self.0.join(name))?.write_all(bytes)
    }
}

impl TestLog {
    /// The entry at `seq`, shown whole.
    pub(crate) fn full_row(&self, seq: u64) -> BundleRow<'_> {
        let entry = self.entry(seq);
        let shown = Shown::Full {
            received_at_us: entry.received_at_us,
            infrastructure: str::from_utf8(entry.infrastructure).unwrap().into(),
            content: str::from_utf8(entry.content).unwrap().into(),
            salt: self.info().salt_key.salt(seq),
        };
        BundleRow { seq, shown }
    }

    pub(crate) fn stub_row(&self, seq: u64) -> BundleRow<'_> {
        self.full_row(seq).stub()
    }

    pub(crate) fn boundary_row(&self, seq: u64) -> BundleRow<'_> {
        self.full_row(seq).boundary()
    }

    pub(crate) fn leaf_row(&self, seq: u64) -> BundleRow<'_> {
        BundleRow { seq, shown: Shown::Leaf(self.tile_hash(0, seq).unwrap()) }
    }

    /// The row that a bundle has for the entry at `seq`.
    fn row_for(&self, ask: &Ask, seq: u64) -> BundleRow<'_> {
        let entry = self.entry(seq);
        let outside = ask.window_us.is_some_and(|(from, to)| !(from..to).contains(&entry.received_at_us));
        let text = str::from_utf8(entry.infrastructure).unwrap();
        match &ask.filter {
            _ if outside => self.boundary_row(seq),
            Some(Filter::Complete(predicate)) if !predicate.holds(text).unwrap() => self.stub_row(seq),
            // As if somebody had looked into the content.
            Some(Filter::Trusted(_)) if !seq.is_multiple_of(5) => self.leaf_row(seq),
            _ if ask.redacted.contains(&seq) => self.stub_row(seq),
            _ => self.full_row(seq),
        }
    }

    fn label(&self) -> [u8; 16] {
        let mut label = [0; 16];
        hex::decode_to_slice(self.info().origin.split('/').nth(1).unwrap(), &mut label).unwrap();
        label
    }

    pub(crate) fn claim(&self, ask: &Ask) -> Claim {
        let info = self.info();
        let size = ask.size.unwrap_or(self.size());
        Claim {
            organization: info.organization.clone(),
            origin: info.origin.clone(),
            key: info.key.clone(),
            made_us: MADE_US,
            size,
            root: root(self, size).unwrap(),
            first: ask.first,
            last: ask.last,
            window_us: ask.window_us,
            filter: ask.filter.clone(),
            rows: ask.rows,
        }
    }

    /// Writes a bundle into the folder `path`.
    pub(crate) fn bundle(&self, path: &Path, ask: &Ask) {
        let claim = self.claim(ask);
        let (size, first, end) = (claim.size, claim.first, claim.last + 1);
        let range = |first: u64, end: u64| {
            let proof = range_proof(self, first..end, size).unwrap();
            RangeProofText { size, first, end, proof }.to_string()
        };
        let platform = Platform::with(self, size, ask.fork);
        let mut writer = BundleWriter::new(claim, Folder::new(path)).unwrap();
        for seq in first..end {
            writer.row(&self.row_for(ask, seq), self.tile_hash(0, seq).unwrap()).unwrap();
        }
        let mut genesis = Vec::new();
        write_row(&self.full_row(0), &mut genesis);
        writer.file(GENESIS, &genesis).unwrap();
        writer.file(GENESIS_PROOF, range(0, 1).as_bytes()).unwrap();
        writer.file(RANGE_PROOF, range(first, end).as_bytes()).unwrap();
        writer.file(CHECKPOINT, self.checkpoint(size).to_string().as_bytes()).unwrap();
        writer.file(MAP_PROOF, platform.map.to_string().as_bytes()).unwrap();
        writer.file(PLATFORM_PROOF, platform.proof(self, &ask.witnesses).to_string().as_bytes()).unwrap();
        writer.file(POLICY, policy(self, &[]).as_bytes()).unwrap();
        let mut proofs: Vec<ConsistencyProof> = Vec::new();
        for &old in &ask.since {
            let path = consistency_proof(self, old, size).unwrap();
            proofs.push(ConsistencyProof { origin: self.info().origin.clone(), old, new: size, path });
        }
        for &old in &ask.platform_since {
            let path = consistency_proof(&platform.tree, old, EPOCHS).unwrap();
            proofs.push(ConsistencyProof { origin: platform_origin(), old, new: EPOCHS, path });
        }
        if !proofs.is_empty() {
            writer.file(SINCE_PROOF, ConsistencyProof::write(&proofs).as_bytes()).unwrap();
        }
        writer.finish(|text| Ok(self.sign(text).unwrap())).unwrap();
    }

    /// The checkpoint of the platform log at `size`, as somebody kept it.
    pub(crate) fn platform_checkpoint(&self, size: u64, fork: u8) -> Note {
        let platform = Platform::with(self, self.size(), fork);
        Checkpoint::new(&platform_origin(), size, root(&platform.tree, size).unwrap()).sign(&self.signer).unwrap()
    }
}

pub(crate) fn platform_origin() -> String {
    format!("{PLATFORM}/platform/1")
}

pub(crate) fn witness(seed: u8) -> WitnessSigner {
    WitnessSigner::from_seed(&format!("witness-{seed}.example"), &[seed; 32]).unwrap()
}

/// A policy that names the platform log of `log` and asks for all of these witnesses.
pub(crate) fn policy(log: &TestLog, witnesses: &[u8]) -> String {
    let mut text = format!("log {}\n", log.signer.verifier_key(&platform_origin()).unwrap());
    for seed in witnesses {
        text += &format!("witness w{seed} {}\n", witness(*seed).key());
    }
    let names: Vec<String> = witnesses.iter().map(|seed| format!("w{seed}")).collect();
    match names.is_empty() {
        true => text + "quorum none\n",
        false => text + &format!("group all-of-them all {}\nquorum all-of-them\n", names.join(" ")),
    }
}

/// A platform log of a few epochs, one of which binds a log.
struct Platform {
    tree: LevelHashes,
    map: MapProof,
}

impl Platform {
    fn with(log: &TestLog, size: u64, fork: u8) -> Platform {
        let (salt, label) = (log.info().salt_key.map_salt(EPOCH), log.label());
        let root = root(log, size).unwrap();
        let mut leaves: HashMap<[u8; 16], Hash> =
            (0..4).map(|other: u8| ([other.wrapping_mul(77); 16], leaf_hash(&[other]))).collect();
        leaves.insert(label, map_leaf(&label, &salt, 1, size, &root));
        let map = PrefixMap::new(leaves.into_iter().collect()).unwrap();
        let proof =
            MapProof { epoch: EPOCH, time: MADE_US - 1, label, generation: 1, salt, path: map.path(&label).unwrap() };
        let (mut frontier, mut tree) = (Frontier::new(), LevelHashes::default());
        for number in 0..EPOCHS {
            let map_root = if number == EPOCH { map.root() } else { leaf_hash(&[number as u8, fork]) };
            let epoch = Epoch { number, time: MADE_US - 1 + number as i64 - EPOCH as i64, map_root };
            frontier.extend_levels(&[epoch.leaf()], &mut tree.levels);
        }
        Platform { tree, map: proof }
    }

    fn proof(&self, log: &TestLog, witnesses: &[u8]) -> TlogProof {
        let checkpoint = Checkpoint::new(&platform_origin(), EPOCHS, root(&self.tree, EPOCHS).unwrap());
        let mut checkpoint = checkpoint.sign(&log.signer).unwrap();
        for seed in witnesses {
            let text = checkpoint.text().to_owned();
            checkpoint.add(witness(*seed).cosign(&text, 1_767_657_600)).unwrap();
        }
        let path = inclusion_proof(&self.tree, EPOCH, EPOCHS).unwrap();
        TlogProof { extra: None, index: EPOCH, path, checkpoint }
    }
}
