//! The trees of all organizations of one platform, on local disk.
//!
//! Each organization has one Merkle tree for each generation of its log. Leaves arrive in order from intake; checkpoints
//! are signed from here and are durable before anyone sees them. The ledger knows nothing of events, HTTP or buckets.
//!
//! Files are described in `docs/formats/ledger.md`. Start reading at [`Ledger`], then `tree.rs`.

mod files;
mod keys;
mod tree;

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use indelible_event::Organization;
use indelible_event::entry::SaltKey;
use indelible_merkle::{
    Checkpoint, CheckpointError, Hash, Note, Notes, ProveError, RangeProof, Tile, VerifierKey, consistency_proof, inclusion_proof,
    range_proof, root,
};
use indelible_storage::durable;

use files::{Files, State};
use keys::Keys;
use tree::Tree;

pub use tree::ReadError;

/// The log of one organization: what stays the same for a whole generation.
#[derive(Debug)]
pub struct OrganizationLog {
    /// Its number in this data directory: dense from 0, in order of creation.
    pub number: u32,
    /// The organization.
    pub organization: Organization,
    /// Its blinded name: 32 hexadecimal digits.
    pub label: String,
    /// Counts from 1.
    pub generation: u32,
    /// First line of its checkpoints: `<platform>/<label>/<generation>`.
    pub origin: String,
    /// Salts of its content hashes.
    pub salt_key: SaltKey,
    /// The bytes of [`salt_key`](Self::salt_key), for the archive.
    salt_key_bytes: [u8; 32],
}

impl OrganizationLog {
    /// The salt key itself. It belongs into the organization's part of the archive and nowhere else.
    pub fn salt_key_bytes(&self) -> &[u8; 32] {
        &self.salt_key_bytes
    }
}

/// A published checkpoint.
#[derive(Clone, Debug)]
pub struct SignedCheckpoint {
    /// Number of entries it covers.
    pub size: u64,
    /// The root of the tree of that size.
    pub root: Hash,
    /// The signed note.
    pub note: Note,
}

/// Why the ledger could not do something.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A file operation failed.
    #[error("{action} {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file is not what was written.
    #[error("{} is damaged: {what}; restore it from a copy, or rebuild from the archive", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The keys are gone but the ledger is not.
    #[error("{} is missing although there is a ledger; restore it from a copy: a new key would disown every checkpoint", path.display())]
    KeyMissing {
        /// The key file.
        path: PathBuf,
    },
    /// The data directory belongs to another platform name.
    #[error("this ledger was made for the platform {found:?}, not {asked:?}; the name cannot be changed")]
    OtherPlatform {
        /// The name it was made with.
        found: String,
        /// The name asked for.
        asked: String,
    },
    /// The tree is shorter than what was signed, or differs from it.
    #[error("log of {organization}: a checkpoint of {signed} entries was signed, but {found}; was an older copy of the data directory restored?")]
    RolledBack {
        /// The organization.
        organization: Organization,
        /// Size of the published checkpoint.
        signed: u64,
        /// What was found instead.
        found: String,
    },
    /// Leaves do not join on to the tree.
    #[error("log of {organization}: leaf {first} does not follow leaf {size}")]
    Gap {
        /// The organization.
        organization: Organization,
        /// Leaves in the tree.
        size: u64,
        /// The first of those given.
        first: u64,
    },
    /// There is no organization of that number.
    #[error("no organization has number {0}")]
    UnknownNumber(u32),
    /// The tree could not be read.
    #[error("read the tree of {organization}")]
    Read {
        /// The organization.
        organization: Organization,
        /// The cause.
        source: ReadError,
    },
    /// A proof was asked of a size or index the tree does not have.
    #[error("prove from the tree of {organization}")]
    Prove {
        /// The organization.
        organization: Organization,
        /// The cause.
        source: ProveError<ReadError>,
    },
    /// Signing failed: the platform's name cannot be a key name.
    #[error("sign as {name}")]
    Sign {
        /// Name of the key.
        name: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The ledger of a platform. One process owns its folder.
pub struct Ledger {
    files: Files,
    keys: Keys,
    platform: String,
    organizations: RwLock<Organizations>,
    /// Numbers of organizations that have grown since their last checkpoint.
    grown: Mutex<BTreeSet<u32>>,
    /// Held while checkpoints are published or sizes persisted, so that each file has one writer.
    publishing: Mutex<()>,
    persisting: Mutex<()>,
}

#[derive(Default)]
struct Organizations {
    numbers: HashMap<Organization, u32>,
    logs: Vec<Arc<Entry>>,
}

struct Entry {
    log: Arc<OrganizationLog>,
    tree: Mutex<Tree>,
    checkpoint: RwLock<Option<Arc<SignedCheckpoint>>>,
}

impl Ledger {
    /// Opens the ledger in `folder` with the keys in `keys`, or makes both.
    ///
    /// Trees are as of the last [`persist`](Self::persist): the caller appends what the journal has beyond that, then
    /// calls [`check_recovered`](Self::check_recovered).
    ///
    /// # Errors
    /// When a file is missing or damaged. Nothing is changed then.
    pub fn open(folder: &Path, keys: &Path, platform: &str) -> Result<Self, LedgerError> {
        let is_new = !folder.exists();
        create_dir(folder)?;
        let keys = Keys::open(keys, is_new)?;
        let files = Files::new(folder);
        let state = files.read_state(platform)?;
        let mut logs: Vec<Arc<Entry>> = Vec::new();
        for found in files.organizations()? {
            let log = Arc::new(OrganizationLog {
                origin: format!("{platform}/{}/{}", found.label, found.generation),
                number: found.number,
                organization: found.organization,
                label: found.label,
                generation: found.generation,
                salt_key: SaltKey::new(found.salt_key),
                salt_key_bytes: found.salt_key,
            });
            let size = state.size(&log.label, log.generation);
            let tree = Tree::open(files.tree_folder(&log.label, log.generation), size)?;
            logs.push(Arc::new(Entry { log, tree: Mutex::new(tree), checkpoint: RwLock::default() }));
        }
        let mut organizations = Organizations { numbers: HashMap::new(), logs };
        for (index, entry) in organizations.logs.iter().enumerate() {
            organizations.numbers.insert(entry.log.organization.clone(), entry.log.number);
            if entry.log.number as usize != index {
                let what = format!("organization numbers are not dense at {index}; is a folder missing?");
                return Err(LedgerError::Damaged { path: folder.to_owned(), what });
            }
        }
        if !state.is_stored() {
            files.write_state(&state)?;
        }
        let ledger = Self {
            files,
            keys,
            platform: platform.to_owned(),
            organizations: RwLock::new(organizations),
            grown: Mutex::default(),
            publishing: Mutex::default(),
            persisting: Mutex::default(),
        };
        ledger.read_checkpoints()?;
        Ok(ledger)
    }

    /// The log of an organization, made now if there is none: durable before this returns.
    ///
    /// # Errors
    /// When files cannot be written.
    pub fn create(&self, organization: &Organization) -> Result<Arc<OrganizationLog>, LedgerError> {
        let mut organizations = self.organizations.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = organizations.numbers.get(organization) {
            return Ok(Arc::clone(&organizations.logs[*number as usize].log));
        }
        let number = u32::try_from(organizations.logs.len()).unwrap_or(u32::MAX);
        let (label, generation) = (self.label_of(organization), 1);
        let salt_key_bytes = keys::random(self.files.folder())?;
        let folder = self.files.create(organization, number, &label, generation, &salt_key_bytes)?;
        let log = Arc::new(OrganizationLog {
            number,
            organization: organization.clone(),
            origin: format!("{}/{label}/{generation}", self.platform),
            label,
            generation,
            salt_key: SaltKey::new(salt_key_bytes),
            salt_key_bytes,
        });
        let tree = Mutex::new(Tree::open(folder, 0)?);
        organizations.logs.push(Arc::new(Entry { log: Arc::clone(&log), tree, checkpoint: RwLock::default() }));
        organizations.numbers.insert(organization.clone(), number);
        Ok(log)
    }

    /// All logs, in order of their numbers.
    pub fn organizations(&self) -> Vec<Arc<OrganizationLog>> {
        self.read().logs.iter().map(|entry| Arc::clone(&entry.log)).collect()
    }

    /// The log of an organization.
    pub fn find(&self, organization: &Organization) -> Option<Arc<OrganizationLog>> {
        let organizations = self.read();
        let number = organizations.numbers.get(organization)?;
        organizations.logs.get(*number as usize).map(|entry| Arc::clone(&entry.log))
    }

    /// The log with a number.
    pub fn get(&self, number: u32) -> Option<Arc<OrganizationLog>> {
        self.read().logs.get(number as usize).map(|entry| Arc::clone(&entry.log))
    }

    /// The blinded name of an organization on this platform.
    pub fn label_of(&self, organization: &Organization) -> String {
        self.keys.label(organization)
    }

    /// The name that stands first in every origin.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// Adds the leaves `first_seq..` of a log. Leaves the tree already has are skipped: they come again after a restart.
    ///
    /// # Errors
    /// When they do not join on, or hashes cannot be written.
    pub fn append(&self, number: u32, first_seq: u64, leaves: &[Hash]) -> Result<(), LedgerError> {
        let entry = self.entry(number)?;
        let mut tree = lock(&entry.tree);
        let size = tree.size();
        if first_seq > size {
            return Err(LedgerError::Gap { organization: entry.log.organization.clone(), size, first: first_seq });
        }
        let known = usize::try_from(size - first_seq).unwrap_or(usize::MAX).min(leaves.len());
        tree.append(&leaves[known..])?;
        drop(tree);
        lock(&self.grown).insert(number);
        Ok(())
    }

    /// Leaves in the tree; 0 for a number nobody has.
    pub fn size(&self, number: u32) -> u64 {
        self.entry(number).map_or(0, |entry| lock(&entry.tree).size())
    }

    /// Leaves that survive a restart without the journal.
    pub fn persisted_size(&self, number: u32) -> u64 {
        self.entry(number).map_or(0, |entry| lock(&entry.tree).persisted())
    }

    /// Makes all trees durable as they are now. Afterwards the journal is not needed for their leaves.
    ///
    /// # Errors
    /// When files cannot be written.
    pub fn persist(&self) -> Result<(), LedgerError> {
        let _one = lock(&self.persisting);
        let entries = self.read().logs.clone();
        let mut state = State::new(&self.platform);
        let mut sizes = Vec::with_capacity(entries.len());
        for entry in &entries {
            let size = lock(&entry.tree).sync()?;
            state.set(&entry.log.label, entry.log.generation, size);
            sizes.push(size);
        }
        self.files.write_state(&state)?;
        for (entry, size) in entries.iter().zip(sizes) {
            lock(&entry.tree).set_persisted(size);
        }
        Ok(())
    }

    /// Signs a checkpoint of every log that has grown since its last one. They are durable, all in one file, before any
    /// can be seen. Returns how many were signed.
    ///
    /// # Errors
    /// When the file cannot be written: then none is visible and the next call tries again.
    pub fn publish(&self) -> Result<usize, LedgerError> {
        let _one = lock(&self.publishing);
        let grown = std::mem::take(&mut *lock(&self.grown));
        if grown.is_empty() {
            return Ok(0);
        }
        let result = self.sign_and_store(&grown);
        if result.is_err() {
            lock(&self.grown).extend(grown);
        }
        result
    }

    fn sign_and_store(&self, grown: &BTreeSet<u32>) -> Result<usize, LedgerError> {
        let entries = self.read().logs.clone();
        let mut fresh = Vec::with_capacity(grown.len());
        for entry in grown.iter().filter_map(|number| entries.get(*number as usize)) {
            let (size, root) = {
                let tree = lock(&entry.tree);
                (tree.size(), tree.root())
            };
            if entry.latest().is_none_or(|latest| latest.size < size) {
                fresh.push((entry, Arc::new(self.sign(&entry.log.origin, size, root)?)));
            }
        }
        let mut notes = Vec::with_capacity(entries.len());
        for entry in &entries {
            let new = fresh.iter().find(|(of, _)| of.log.number == entry.log.number).map(|(_, checkpoint)| Arc::clone(checkpoint));
            notes.extend(new.or_else(|| entry.latest()).map(|checkpoint| checkpoint.note.to_string()));
        }
        self.files.write_checkpoints(&notes.join("\n"))?;
        let count = fresh.len();
        for (entry, checkpoint) in fresh {
            *entry.checkpoint.write().unwrap_or_else(PoisonError::into_inner) = Some(checkpoint);
        }
        Ok(count)
    }

    /// The newest published checkpoint of a log.
    pub fn checkpoint(&self, number: u32) -> Option<Arc<SignedCheckpoint>> {
        self.entry(number).ok()?.latest()
    }

    /// Signs the tree at `size`, which it must have reached, without publishing.
    ///
    /// # Errors
    /// When the tree is smaller or cannot be read.
    pub fn sign_checkpoint(&self, number: u32, size: u64) -> Result<SignedCheckpoint, LedgerError> {
        let root = self.root_at(number, size)?;
        self.sign(&self.entry(number)?.log.origin, size, root)
    }

    /// Signs any other text under a name, for example a manifest.
    ///
    /// # Errors
    /// When the name or text cannot stand in a note.
    pub fn sign_note(&self, name: &str, text: &str) -> Result<Note, LedgerError> {
        self.keys.signer.sign(name, text).map_err(|error| LedgerError::Sign { name: name.to_owned(), source: error.into() })
    }

    /// The key that checkpoints of `origin` are verified with.
    ///
    /// # Errors
    /// When the origin cannot be a key name.
    pub fn verifier_key(&self, origin: &str) -> Result<VerifierKey, LedgerError> {
        self.keys.signer.verifier_key(origin).map_err(|error| LedgerError::Sign { name: origin.to_owned(), source: error.into() })
    }

    /// Compares every published checkpoint with its tree, after the journal was replayed.
    ///
    /// # Errors
    /// When a tree is shorter than what was signed, or has another root at that size.
    pub fn check_recovered(&self) -> Result<(), LedgerError> {
        for entry in &self.read().logs.clone() {
            let Some(signed) = entry.latest() else { continue };
            let tree = lock(&entry.tree);
            let rolled_back = |found| LedgerError::RolledBack { organization: entry.log.organization.clone(), signed: signed.size, found };
            if tree.size() < signed.size {
                return Err(rolled_back(format!("only {} are here", tree.size())));
            }
            let found = root(&*tree, signed.size).map_err(|source| LedgerError::Read { organization: entry.log.organization.clone(), source })?;
            if found != signed.root {
                return Err(rolled_back("the first entries have another root".to_owned()));
            }
        }
        Ok(())
    }

    /// The root of the first `size` leaves.
    ///
    /// # Errors
    /// When the tree is smaller or cannot be read.
    pub fn root_at(&self, number: u32, size: u64) -> Result<Hash, LedgerError> {
        self.with_tree(number, |tree| root(tree, size))
    }

    /// One leaf.
    ///
    /// # Errors
    /// When the tree does not have it or cannot be read.
    pub fn leaf(&self, number: u32, index: u64) -> Result<Hash, LedgerError> {
        self.with_tree(number, |tree| indelible_merkle::Hashes::tile_hash(tree, 0, index))
    }

    /// The hashes of a tile, one after the other.
    ///
    /// # Errors
    /// When the tree does not have it or cannot be read.
    pub fn tile(&self, number: u32, tile: &Tile) -> Result<Vec<u8>, LedgerError> {
        let range = tile.hashes();
        let mut hashes = vec![Hash::default(); usize::from(tile.width())];
        self.with_tree(number, |tree| indelible_merkle::Hashes::tile_hashes(tree, tile.level(), range.start, &mut hashes))?;
        Ok(hashes.iter().flat_map(|hash| *hash.as_bytes()).collect())
    }

    /// Hashes `range` of a tile level.
    ///
    /// # Errors
    /// When the tree does not have them or cannot be read.
    pub fn hashes(&self, number: u32, level: u8, range: std::ops::Range<u64>) -> Result<Vec<Hash>, LedgerError> {
        let mut hashes = vec![Hash::default(); usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0)];
        self.with_tree(number, |tree| tree.read(level, range.start, &mut hashes))?;
        Ok(hashes)
    }

    /// That the leaf `index` is in the tree of `size`.
    ///
    /// # Errors
    /// When the tree is smaller or cannot be read.
    pub fn inclusion_proof(&self, number: u32, index: u64, size: u64) -> Result<Vec<Hash>, LedgerError> {
        self.prove(number, |tree| inclusion_proof(tree, index, size))
    }

    /// That the tree of size `to` extends the one of size `from`.
    ///
    /// # Errors
    /// When the tree is smaller or cannot be read.
    pub fn consistency_proof(&self, number: u32, from: u64, to: u64) -> Result<Vec<Hash>, LedgerError> {
        self.prove(number, |tree| consistency_proof(tree, from, to))
    }

    /// That the leaves `range` are in the tree of `size`.
    ///
    /// # Errors
    /// When the tree is smaller or cannot be read.
    pub fn range_proof(&self, number: u32, range: std::ops::Range<u64>, size: u64) -> Result<RangeProof, LedgerError> {
        self.prove(number, |tree| range_proof(tree, range.clone(), size))
    }

    fn sign(&self, origin: &str, size: u64, root: Hash) -> Result<SignedCheckpoint, LedgerError> {
        let note = Checkpoint::new(origin, size, root).sign(&self.keys.signer);
        let note = note.map_err(|error| LedgerError::Sign { name: origin.to_owned(), source: error.into() })?;
        Ok(SignedCheckpoint { size, root, note })
    }

    fn read_checkpoints(&self) -> Result<(), LedgerError> {
        let Some(text) = self.files.read_checkpoints()? else { return Ok(()) };
        let damaged = |what: String| LedgerError::Damaged { path: self.files.checkpoints_path(), what };
        let organizations = self.read();
        for note in Notes::new(&text) {
            let note = note.map_err(|error| damaged(error.to_string()))?;
            let origin = note.text().lines().next().unwrap_or_default().to_owned();
            let entry = organizations.logs.iter().find(|entry| entry.log.origin == origin);
            let entry = entry.ok_or_else(|| damaged(format!("it names the log {origin}, which is not here")))?;
            let opened = Checkpoint::open(&note, &[self.verifier_key(&origin)?]);
            let checkpoint = opened.map_err(|error: CheckpointError| damaged(error.to_string()))?;
            let signed = SignedCheckpoint { size: checkpoint.size, root: checkpoint.root, note };
            *entry.checkpoint.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(signed));
        }
        Ok(())
    }

    fn with_tree<T>(&self, number: u32, read: impl FnOnce(&Tree) -> Result<T, ReadError>) -> Result<T, LedgerError> {
        let entry = self.entry(number)?;
        let result = read(&lock(&entry.tree));
        result.map_err(|source| LedgerError::Read { organization: entry.log.organization.clone(), source })
    }

    fn prove<T>(&self, number: u32, prove: impl FnOnce(&Tree) -> Result<T, ProveError<ReadError>>) -> Result<T, LedgerError> {
        let entry = self.entry(number)?;
        let result = prove(&lock(&entry.tree));
        result.map_err(|source| LedgerError::Prove { organization: entry.log.organization.clone(), source })
    }

    fn entry(&self, number: u32) -> Result<Arc<Entry>, LedgerError> {
        self.read().logs.get(number as usize).cloned().ok_or(LedgerError::UnknownNumber(number))
    }

    fn read(&self) -> RwLockReadGuard<'_, Organizations> {
        self.organizations.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn latest(&self) -> Option<Arc<SignedCheckpoint>> {
        self.checkpoint.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn create_dir(path: &Path) -> Result<(), LedgerError> {
    durable::create_dir_durable(path).map_err(|source| io_error("create", path, source))
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> LedgerError {
    LedgerError::Io { action, path: path.to_owned(), source }
}
