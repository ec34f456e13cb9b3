//! The ledger's operations, in the order in which a log lives: create, append, publish, persist, prove.

use crate::{
    LedgerError, OpenError, OrganizationLog, Previous, PublishedCheckpoint, RollbackError, SignedCheckpoint,
    TreeReader,
    keys::{self, Keys},
    open::{self, Opened, origin},
    organization::{self, Description},
    platform::{self, Bound, Draft, Platform, PlatformLog},
    state,
    tree::{Log, Shared},
};
use indelible_event::{Organization, entry::SaltKey};
use indelible_merkle::{
    Checkpoint, Epoch, Frontier, Hash, Hashes as _, KeyChange, MapProof, Note, NoteSigner, PlatformEntry, PrefixMap,
    RangeProof, TILE_WIDTH, TileCache, VerifierKey, consistency_proof, inclusion_proof, is_key_name, map_leaf,
    range_proof, root,
};
use indelible_storage::{Cell, Disk, RealDisk, durable};
use std::{
    collections::HashMap,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The trees of all organizations of one platform, in a local folder.
///
/// Every method may be called from any thread; appends to different organizations do not wait for each other, and
/// reading a tree waits for its appends only while their hashes are copied. One process at a time may have a folder
/// open; the caller holds the lock.
pub struct Ledger {
    folder: PathBuf,
    platform: String,
    /// Of the logs that are created.
    generation: u32,
    keys: Keys,
    logs: RwLock<Logs>,
    pub(crate) platform_log: PlatformLog,
    /// The checkpoints that others may see.
    cell: Cell,
    settings: Settings,
    pub(crate) shared: Shared,
    creating: Mutex<()>,
    persisting: Mutex<()>,
    publishing: Mutex<()>,
    /// Whether a write or sync failed whose outcome only a restart can find out.
    halted: AtomicBool,
    /// Whether the recovered trees were compared with what was signed, or nothing was.
    checked: AtomicBool,
}

#[derive(Default)]
struct Logs {
    by_number: Vec<Arc<Log>>,
    by_organization: HashMap<Organization, u32>,
}

/// What a ledger works with.
#[derive(Clone)]
pub struct Settings {
    /// Holds the checkpoints and the entries of the platform log.
    pub disk: Arc<dyn Disk>,
    /// Microseconds since 1970: the time that the entries of the platform log state.
    pub clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// Publishing makes an entry in the platform log after this time even if no log has grown.
    pub heartbeat: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let since_1970 = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let clock = move || i64::try_from(since_1970().as_micros()).unwrap_or(i64::MAX);
        Self { disk: Arc::new(RealDisk), clock: Arc::new(clock), heartbeat: Duration::from_secs(60) }
    }
}

/// Longest platform name in bytes, which leaves room for label and generation in an origin.
const PLATFORM_BYTES_MAX: usize = 400;

impl Ledger {
    /// Opens the ledger in `folder`, with the keys of the folder `keys`, for the platform with this name; makes all
    /// three where there is no ledger yet.
    ///
    /// Each tree then has the size it was last persisted at. The caller appends the newer leaves from the journal, and
    /// calls [`Ledger::check_recovered`] before anything is signed.
    ///
    /// # Errors
    /// When something is missing, damaged, or of another platform or key. A missing key is never made anew for
    /// existing logs.
    pub fn open(folder: &Path, keys: &Path, platform: &str) -> Result<Self, OpenError> {
        Self::open_generation(folder, keys, platform, 1, Settings::default())
    }

    /// As [`Ledger::open`], with another disk or clock.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_with(folder: &Path, keys: &Path, platform: &str, settings: Settings) -> Result<Self, OpenError> {
        Self::open_generation(folder, keys, platform, 1, settings)
    }

    /// As [`Ledger::open`], for the `generation`th server of the platform: the logs it creates have this generation, and so
    /// has the platform log. The second and later ones were rebuilt from the archive, so that keys may be there before there is
    /// a ledger. Nobody else may ever have opened this generation; the caller makes sure of it.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_generation(
        folder: &Path,
        keys: &Path,
        platform: &str,
        generation: u32,
        settings: Settings,
    ) -> Result<Self, OpenError> {
        Self::open_keys(folder, keys, platform, generation, false, settings)
    }

    /// As [`Ledger::open_generation`]; `between_keys` also while a rotation of keys is not finished, only to finish it.
    pub(crate) fn open_keys(
        folder: &Path,
        keys: &Path,
        platform: &str,
        generation: u32,
        between_keys: bool,
        settings: Settings,
    ) -> Result<Self, OpenError> {
        if !is_key_name(platform) || platform.len() > PLATFORM_BYTES_MAX {
            return Err(OpenError::Platform(platform.to_owned()));
        }
        let shared = Shared::default();
        let opened = open::open(folder, keys, platform, generation, between_keys, &shared, &settings.disk)?;
        let Opened { keys, logs, platform_log, cell, any_published } = opened;
        let by_organization = logs.iter().map(|log| (log.fixed.organization.clone(), log.fixed.number)).collect();
        let by_number = logs.into_iter().map(Arc::new).collect();
        Ok(Self {
            folder: folder.to_owned(),
            platform: platform.to_owned(),
            generation,
            keys,
            platform_log,
            cell,
            settings,
            logs: RwLock::new(Logs { by_number, by_organization }),
            shared,
            creating: Mutex::new(()),
            persisting: Mutex::new(()),
            publishing: Mutex::new(()),
            halted: AtomicBool::new(false),
            checked: AtomicBool::new(!any_published),
        })
    }

    /// The generation of the logs that are created here.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// First part of the origin of every log.
    #[must_use]
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// All logs, by number.
    #[must_use]
    pub fn organizations(&self) -> Vec<Arc<OrganizationLog>> {
        self.read_logs(|logs| logs.by_number.iter().map(|log| Arc::clone(&log.fixed)).collect())
    }

    /// The log of an organization.
    #[must_use]
    pub fn find(&self, organization: &Organization) -> Option<Arc<OrganizationLog>> {
        self.read_logs(|logs| {
            let number = *logs.by_organization.get(organization)?;
            Some(Arc::clone(&logs.by_number.get(number as usize)?.fixed))
        })
    }

    /// The log with this number.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<Arc<OrganizationLog>> {
        self.log(number).ok().map(|log| Arc::clone(&log.fixed))
    }

    /// The blinded name that `organization` has here, whether it has a log or not.
    #[must_use]
    pub fn label_of(&self, organization: &Organization) -> String {
        self.keys.label_of(organization)
    }

    /// A secret key for `purpose`, another one for each organization. It stays the same as long as the platform's label key,
    /// over restarts and over a rebuild that is given the keys. `purpose` must not begin as a RID does, with `ri.`.
    #[must_use]
    pub fn derived_key(&self, purpose: &str, organization: &Organization) -> [u8; 32] {
        self.keys.derive(purpose, organization)
    }

    /// Makes the log of an organization, or returns the one there is. Its salt key and its folder survive power loss
    /// once this returns.
    ///
    /// # Errors
    /// `Io`; the organization has no log then, and creating it again goes on where this stopped.
    pub fn create(&self, organization: &Organization) -> Result<Arc<OrganizationLog>, LedgerError> {
        self.create_after(organization, None)
    }

    /// As [`Ledger::create`], for a log whose generation before was closed as `previous` says; its genesis repeats it.
    ///
    /// # Errors
    /// As [`Ledger::create`].
    pub fn reopen(&self, organization: &Organization, previous: Previous) -> Result<Arc<OrganizationLog>, LedgerError> {
        self.create_after(organization, Some(previous))
    }

    fn create_after(
        &self,
        organization: &Organization,
        previous: Option<Previous>,
    ) -> Result<Arc<OrganizationLog>, LedgerError> {
        let _one_at_a_time = self.creating.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = self.find(organization) {
            return Ok(log);
        }
        let label_bytes = self.keys.label_bytes(organization);
        let label = hex::encode(label_bytes);
        let generation = self.generation;
        let folder = self.folder.join(&label).join(generation.to_string());
        durable::create_dir_durable(&folder).map_err(|source| LedgerError::Io { path: folder.clone(), source })?;
        let salt_path = folder.join(organization::SALT_KEY_FILE);
        // A key left by an attempt that was stopped has not been used for anything.
        let salt_key = keys::read(&salt_path).and_then(|key| key.map_or_else(|| keys::create(&salt_path), Ok));
        let salt_key = SaltKey::new(salt_key.map_err(|source| LedgerError::Io { path: salt_path, source })?);
        let number = self.read_logs(|logs| logs.by_number.len() as u32);
        let origin = origin(&self.platform, &label, generation);
        let organization = organization.clone();
        let fixed = OrganizationLog { number, organization, label, generation, origin, salt_key, previous };
        let path = folder.join(organization::FILE);
        let text = serde_json::to_string_pretty(&Description::of(&fixed)).map_err(std::io::Error::other);
        text.and_then(|text| durable::write_atomic(&path, (text + "\n").as_bytes(), 0o600))
            .map_err(|source| LedgerError::Io { path, source })?;
        let log = Arc::new(Log::new(fixed, label_bytes, folder, Frontier::new(), None));
        let fixed = Arc::clone(&log.fixed);
        let mut logs = self.logs.write().unwrap_or_else(PoisonError::into_inner);
        logs.by_organization.insert(fixed.organization.clone(), number);
        logs.by_number.push(log);
        Ok(fixed)
    }

    /// The key from which the salts of a log are derived, for the archive's copy. It is a secret: with it the content of
    /// an entry can be guessed from its hash.
    ///
    /// # Errors
    /// `Io` when its file is gone or altered.
    pub fn salt_key_bytes(&self, number: u32) -> Result<[u8; 32], LedgerError> {
        let log = self.log(number)?;
        let path = log.tree.folder.join(organization::SALT_KEY_FILE);
        let mine = |key: &[u8; 32]| SaltKey::new(*key).commitment() == log.fixed.salt_key.commitment();
        let other = || std::io::Error::other("the key with which this log began is gone");
        let key = keys::read(&path).and_then(|key| key.filter(mine).ok_or_else(other));
        key.map_err(|source| LedgerError::Io { path, source })
    }

    /// Appends leaves, of which the first is leaf `first_seq`. Those that the tree has already are skipped unread, so
    /// that a journal can be replayed from anywhere before its end. Returns the size of the tree.
    ///
    /// The entries behind the leaves must be durable: the next checkpoint may state them. The hashes themselves are in
    /// memory, at most 32 MiB of them for all organizations; more are written to files at once, unsynced.
    ///
    /// # Errors
    /// `Gap`: nothing was appended. `Io` and `Halted`: the ledger takes nothing more.
    pub fn append(&self, number: u32, first_seq: u64, leaves: &[Hash]) -> Result<u64, LedgerError> {
        let log = self.log(number)?;
        let gap = || LedgerError::Gap {
            organization: log.fixed.organization.clone(),
            size: log.tree.size(),
            first: first_seq,
        };
        self.halting(|| log.tree.append(&self.shared, first_seq, leaves)?.ok_or_else(gap))
    }

    /// Leaves in the tree of an organization; 0 for an unknown number.
    #[must_use]
    pub fn size(&self, number: u32) -> u64 {
        self.log(number).map_or(0, |log| log.tree.size())
    }

    /// Leaves that a restart finds without the journal; 0 for an unknown number.
    #[must_use]
    pub fn persisted_size(&self, number: u32) -> u64 {
        self.log(number).map_or(0, |log| log.tree.persisted().size)
    }

    /// Writes and syncs the hashes of all trees that have grown, then the sizes. Afterwards the journal may forget
    /// the entries that were there when this was called. Appends go on meanwhile.
    ///
    /// # Errors
    /// `Io`: what the disk holds is unknown, though never less than at the last success, and the ledger takes nothing
    /// more. `Halted`: that happened before.
    pub fn persist(&self) -> Result<(), LedgerError> {
        let _one_at_a_time = self.persisting.lock().unwrap_or_else(PoisonError::into_inner);
        let logs = self.all();
        if logs.iter().all(|log| log.tree.persisted().size == log.tree.size()) && !self.platform_log.is_behind() {
            return Ok(());
        }
        self.halting(|| {
            let platform = (platform::NAME, self.platform_log.generation, &self.platform_log.tree);
            let logs = logs.iter().map(|log| (&*log.fixed.label, log.fixed.generation, &log.tree));
            let trees: Vec<_> = logs.chain([platform]).collect();
            let mut extents = Vec::with_capacity(trees.len());
            for (_, _, tree) in &trees {
                extents.push(tree.settle(&self.shared)?);
            }
            let lines =
                trees.iter().zip(&extents).map(|((label, generation, _), extent)| (*label, *generation, *extent));
            let path = self.folder.join(state::FILE);
            let text = state::write(lines);
            // A crash before the rename finds the sizes of the last time and longer level files, which are not believed.
            durable::write_atomic(&path, text.as_bytes(), 0o600).map_err(|source| LedgerError::Io { path, source })?;
            trees.iter().zip(extents).for_each(|((_, _, tree), extent)| tree.mark_persisted(extent));
            Ok(())
        })
    }

    /// Compares the trees with the checkpoints that were published before the restart, and makes these durable once more: a
    /// process that was stopped may not have been told that they were. To be called once the journal is replayed;
    /// nothing can be signed, or should be shown, before.
    ///
    /// # Errors
    /// Names the first log that is shorter than, or different from, what was signed.
    pub fn check_recovered(&self) -> Result<(), RollbackError> {
        for log in self.all() {
            let Some(published) = log.published() else { continue };
            let (signed, expected) = (published.checkpoint.size, published.checkpoint.root);
            let (organization, extent) = (log.fixed.organization.clone(), log.tree.extent());
            if extent.size < signed {
                return Err(RollbackError::Shorter { organization, signed, size: extent.size });
            }
            let found = if extent.size == signed { Ok(extent.root) } else { root(&self.reader_of(&log), signed) };
            match found {
                Ok(root) if root == expected => {}
                Ok(_) => return Err(RollbackError::OtherRoot { organization, signed, size: extent.size }),
                Err(error) => return Err(RollbackError::Read { organization, source: Box::new(error) }),
            }
        }
        self.cell.settle()?;
        self.checked.store(true, Ordering::Release);
        Ok(())
    }

    /// Signs a checkpoint of every log that has grown since its last one, and returns these; binds the logs of all
    /// organizations in one new entry of the platform log. Before anybody can see any of it, all of it is durable. Logs at rest
    /// are not signed for again. When none has grown nothing happens, but for a sign of life in the platform log once a minute.
    ///
    /// # Errors
    /// `Unchecked` before [`Ledger::check_recovered`]; `Io`, or `Checkpoints` of a kind that is not fatal: nothing can be
    /// seen, and publishing may be tried again. After any other [`Ledger::is_halted`], and the process has to end.
    pub fn publish(&self) -> Result<Vec<PublishedCheckpoint>, LedgerError> {
        let _one_at_a_time = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_halted() {
            return Err(LedgerError::Halted);
        }
        if !self.checked.load(Ordering::Acquire) {
            return Err(LedgerError::Unchecked);
        }
        let logs = self.all();
        let mut grown = Vec::new();
        for log in &logs {
            // The size alone is asked for first: the root of a log at rest is not computed.
            if log.tree.size() > log.published().map_or(0, |old| old.checkpoint.size) {
                let extent = log.tree.extent();
                let signed = Arc::new(self.signed(&log.fixed.origin, extent.size, extent.root)?);
                grown.push(PublishedCheckpoint { number: log.fixed.number, signed });
            }
        }
        if !grown.is_empty() || self.platform_log.is_silent_for(self.settings.heartbeat) {
            let bound = self.bind_all(&logs, &grown);
            bound.inspect_err(|error| {
                if error.is_fatal() {
                    self.halted.store(true, Ordering::Release);
                }
            })?;
        }
        Ok(grown)
    }

    /// Whether a write or sync failed whose outcome only a restart can find out. Nothing more is written, appended or
    /// published, and the process has to end.
    #[must_use]
    pub fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Acquire)
    }

    /// The log that binds the logs of all organizations together.
    #[must_use]
    pub fn platform_log(&self) -> Platform<'_> {
        Platform { ledger: self }
    }

    /// The newest checkpoint of a log with the proof that the newest epoch of the platform log binds it. `None` before the
    /// log was published. Costs a hash for each organization.
    #[must_use]
    pub fn map_proof(&self, number: u32) -> Option<Bound> {
        let log = self.log(number).ok()?;
        self.platform_log.bind(|epoch| {
            let salt = log.fixed.salt_key.map_salt(epoch.number);
            let Epoch { number: epoch, time, .. } = *epoch;
            let generation = log.fixed.generation;
            Some((MapProof { epoch, time, label: log.label, generation, salt, path: Vec::new() }, log.published()?))
        })
    }

    /// Makes an entry of the platform log for what was published and what `grown` adds, and then all of it visible.
    fn bind_all(&self, logs: &[Arc<Log>], grown: &[PublishedCheckpoint]) -> Result<(), LedgerError> {
        let mut newest: Vec<_> = logs.iter().map(|log| log.published()).collect();
        for PublishedCheckpoint { number, signed } in grown {
            newest[*number as usize] = Some(Arc::clone(signed));
        }
        let (number, time) = self.platform_log.next((self.settings.clock)());
        let map = map_of(number, logs.iter().map(|log| &**log).zip(&newest))?;
        let epoch = Epoch { number, time, map_root: map.root() };
        let extent = self.platform_log.append(&[PlatformEntry::Epoch(epoch)])?;
        let signed = self.signed(&self.platform_log.origin, extent.size, extent.root)?;
        let notes = newest.iter().flatten().map(|signed| &*signed.note);
        let text: String = std::iter::once(&*signed.note).chain(notes).collect();
        self.cell.replace(text.as_bytes())?;
        // From here on a restart remembers them, so that others may.
        self.platform_log.publish(&self.shared, signed, Draft { epoch, map }, || {
            for PublishedCheckpoint { number, signed } in grown {
                logs[*number as usize].publish(Arc::clone(signed));
            }
        })
    }

    /// Makes official that `next` signs from here on, as `change` states: what was published stays as it is and bears the
    /// signature of `next`. The platform's checkpoint bears both, for those who do not know `next` yet.
    pub(crate) fn announce(&self, change: &PlatformEntry, next: &NoteSigner) -> Result<(), LedgerError> {
        self.cell.settle()?;
        let logs = self.all();
        let newest: Vec<_> = logs.iter().map(|log| log.published()).collect();
        let is_written = self.platform_log.has_found(change);
        let (number, time) = self.platform_log.next((self.settings.clock)());
        let number = number + u64::from(!is_written);
        let map = map_of(number, logs.iter().map(|log| &**log).zip(&newest))?;
        let epoch = PlatformEntry::Epoch(Epoch { number, time, map_root: map.root() });
        let entries = if is_written { vec![epoch] } else { vec![change.clone(), epoch] };
        let extent = self.platform_log.append(&entries)?;
        let platform = Checkpoint::new(&self.platform_log.origin, extent.size, extent.root);
        let mut note = platform.sign(next)?;
        for signature in platform.sign(&self.keys.signer)?.signatures() {
            note.add(signature.clone())?;
        }
        let mut text = note.to_string();
        for published in newest.iter().flatten() {
            text.push_str(&published.checkpoint.sign(next)?.to_string());
        }
        self.cell.replace(text.as_bytes())?;
        Ok(())
    }

    pub(crate) fn signer(&self) -> &NoteSigner {
        &self.keys.signer
    }

    /// The rotations that led to the key of today, the newest last.
    #[must_use]
    pub fn key_changes(&self) -> &[KeyChange] {
        &self.keys.changes
    }

    /// The newest published checkpoint of a log.
    #[must_use]
    pub fn checkpoint(&self, number: u32) -> Option<Arc<SignedCheckpoint>> {
        self.log(number).ok()?.published()
    }

    /// Signs a checkpoint at `size`, for what must state exactly that, such as a manifest. When `size` is not yet
    /// official, the log is published first, so that nothing is signed that a restart could forget.
    ///
    /// # Errors
    /// `Outside` beyond the size of the tree; those of [`Ledger::publish`] and of reading.
    pub fn sign_checkpoint(&self, number: u32, size: u64) -> Result<SignedCheckpoint, LedgerError> {
        let log = self.log(number)?;
        let root = self.root_at(number, size)?;
        if log.published().is_none_or(|published| published.checkpoint.size < size) {
            self.publish()?;
        }
        if !self.checked.load(Ordering::Acquire) {
            return Err(LedgerError::Unchecked);
        }
        self.signed(&log.fixed.origin, size, root)
    }

    /// Signs any text, such as a manifest, with the platform's key under the name `key_name`: the origin of a log for
    /// what speaks of that log. Not for checkpoints.
    ///
    /// # Errors
    /// `Note` for a name or text that a note cannot have.
    pub fn sign_note(&self, key_name: &str, text: &str) -> Result<Note, LedgerError> {
        Ok(self.keys.signer.sign(key_name, text)?)
    }

    /// What others need to check the signatures of a log.
    ///
    /// # Errors
    /// `Key` for a text that is no key name, which the origin of a log always is.
    pub fn verifier_key(&self, origin: &str) -> Result<VerifierKey, LedgerError> {
        Ok(self.keys.signer.verifier_key(origin)?)
    }

    /// A reader of a log's stored hashes, for whoever makes many proofs.
    ///
    /// # Errors
    /// `UnknownOrganization`.
    pub fn reader(&self, number: u32) -> Result<TreeReader<'_>, LedgerError> {
        Ok(self.reader_of(&self.log(number)?))
    }

    /// The hash of leaf `index`.
    ///
    /// # Errors
    /// `Outside` beyond the tree, or the reader's own.
    pub fn leaf(&self, number: u32, index: u64) -> Result<Hash, LedgerError> {
        self.reader(number)?.tile_hash(0, index)
    }

    /// The root of the first `size` leaves.
    ///
    /// # Errors
    /// `Outside` beyond the tree, or the reader's own.
    pub fn root_at(&self, number: u32, size: u64) -> Result<Hash, LedgerError> {
        let log = self.log(number)?;
        let extent = log.tree.extent();
        if extent.size == size {
            return Ok(extent.root);
        }
        within(0..size, extent.size)?;
        root(&self.reader_of(&log), size)
    }

    /// Proves leaf `index` in the tree of the first `size` leaves.
    ///
    /// # Errors
    /// `Outside` beyond the tree, or the reader's own.
    pub fn inclusion_proof(&self, number: u32, index: u64, size: u64) -> Result<Vec<Hash>, LedgerError> {
        let reader = self.reader(number)?;
        within(0..size, reader.size())?;
        Ok(inclusion_proof(&TileCache::new(reader, size), index, size)?)
    }

    /// Proves that the tree of the first `to` leaves extends that of the first `from`.
    ///
    /// # Errors
    /// `Outside` beyond the tree, or the reader's own.
    pub fn consistency_proof(&self, number: u32, from: u64, to: u64) -> Result<Vec<Hash>, LedgerError> {
        let reader = self.reader(number)?;
        within(0..to, reader.size())?;
        Ok(consistency_proof(&TileCache::new(reader, to), from, to)?)
    }

    /// Proves the leaves `range` in the tree of the first `size` leaves.
    ///
    /// # Errors
    /// `Outside` beyond the tree, or the reader's own.
    pub fn range_proof(&self, number: u32, range: Range<u64>, size: u64) -> Result<RangeProof, LedgerError> {
        let reader = self.reader(number)?;
        within(0..size, reader.size())?;
        Ok(range_proof(&TileCache::new(reader, size), range, size)?)
    }

    /// Reads the hashes `range` of a tile level: 32 bytes for each.
    ///
    /// # Errors
    /// `Outside` beyond the tree, or the reader's own.
    pub fn hashes(&self, number: u32, level: u8, range: Range<u64>) -> Result<Vec<Hash>, LedgerError> {
        let reader = self.reader(number)?;
        within(range.clone(), indelible_merkle::stored_hashes(level, reader.size()))?;
        let mut hashes = vec![Hash::ZERO; (range.end - range.start) as usize];
        reader.tile_hashes(level, range.start, &mut hashes)?;
        Ok(hashes)
    }

    /// The bytes of a tile as C2SP `tlog-tiles` serves it, at a width of 1 to 256.
    ///
    /// # Errors
    /// `Outside` where the tree has no such tile, or the reader's own.
    pub fn tile(&self, number: u32, level: u8, index: u64, width: u16) -> Result<Vec<u8>, LedgerError> {
        let first = index.saturating_mul(u64::from(TILE_WIDTH));
        let width = u64::from(width.clamp(1, TILE_WIDTH));
        let hashes = self.hashes(number, level, first..first.saturating_add(width))?;
        Ok(hashes.iter().flat_map(|hash| hash.0).collect())
    }

    fn signed(&self, origin: &str, size: u64, root: Hash) -> Result<SignedCheckpoint, LedgerError> {
        let checkpoint = Checkpoint::new(origin, size, root);
        let note = checkpoint.sign(&self.keys.signer)?;
        Ok(SignedCheckpoint::new(checkpoint, &note))
    }

    /// Runs what writes hashes; after the first failure to write nothing more is written.
    fn halting<T>(&self, write: impl FnOnce() -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        if self.is_halted() {
            return Err(LedgerError::Halted);
        }
        let written = write();
        if let Err(LedgerError::Io { .. }) = written {
            self.halted.store(true, Ordering::Release);
        }
        written
    }

    fn reader_of(&self, log: &Arc<Log>) -> TreeReader<'_> {
        TreeReader { shared: &self.shared, tree: Arc::clone(&log.tree) }
    }

    fn log(&self, number: u32) -> Result<Arc<Log>, LedgerError> {
        let log = self.read_logs(|logs| logs.by_number.get(number as usize).map(Arc::clone));
        log.ok_or(LedgerError::UnknownOrganization(number))
    }

    fn all(&self) -> Vec<Arc<Log>> {
        self.read_logs(|logs| logs.by_number.clone())
    }

    fn read_logs<T>(&self, read: impl FnOnce(&Logs) -> T) -> T {
        read(&self.logs.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The map of an epoch: the newest published size and root of each log that has one.
pub(crate) fn map_of<'a>(
    epoch: u64,
    logs: impl Iterator<Item = (&'a Log, &'a Option<Arc<SignedCheckpoint>>)>,
) -> Result<PrefixMap, LedgerError> {
    let leaves = logs.filter_map(|(log, newest)| {
        let (fixed, Checkpoint { size, root, .. }) = (&log.fixed, &newest.as_ref()?.checkpoint);
        let salt = fixed.salt_key.map_salt(epoch);
        Some((log.label, map_leaf(&log.label, &salt, fixed.generation, *size, root)))
    });
    // Labels are 16 bytes of a hash of different names.
    PrefixMap::new(leaves.collect()).ok_or(LedgerError::LabelTwice)
}

/// `Outside` unless `range` is a range up to `size`.
pub(crate) fn within(range: Range<u64>, size: u64) -> Result<(), LedgerError> {
    let Range { start: begin, end } = range;
    if begin <= end && end <= size { Ok(()) } else { Err(LedgerError::Outside { begin, end, size }) }
}
