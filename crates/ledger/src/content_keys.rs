//! The keys of organizations' encrypted content: where they are kept, and what a server or a verifier holds of them.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use indelible_event::{ContentKey, KeyId};
use indelible_storage::durable;
use zeroize::Zeroizing;

/// The folder of content keys within that of a platform's keys.
pub const CONTENT_KEYS: &str = "content";

/// First line of a key ring.
const FORMAT: &str = "indelible/content-keys/v1";
/// A file that is longer is no key ring: some ten thousand keys.
const RING_BYTES_MAX: u64 = 1 << 20;

/// Why content keys cannot be read, made or destroyed.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// The store failed.
    #[error("{action} {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file is not what the store wrote.
    #[error("{} is not a ring of content keys; restore it from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The keys were given for reading.
    #[error("these content keys were given for reading only")]
    ReadOnly,
    /// There is no such key.
    #[error("{label} has no content key {key}")]
    Missing {
        /// The organization's blinded name.
        label: String,
        /// The key.
        key: KeyId,
    },
}

/// The keys of one organization, in the order in which they were made: the last is in use.
#[derive(Debug, Clone, Default)]
pub struct KeyRing(Vec<RingKey>);

/// A key, or what is left of it.
#[derive(Debug, Clone)]
enum RingKey {
    Held(ContentKey),
    Erased(KeyId),
}

impl RingKey {
    fn id(&self) -> KeyId {
        match self {
            RingKey::Held(key) => key.id(),
            RingKey::Erased(id) => *id,
        }
    }
}

impl KeyRing {
    /// The key in use; `None` if there is none.
    pub fn current(&self) -> Option<&ContentKey> {
        match self.0.last()? {
            RingKey::Held(key) => Some(key),
            RingKey::Erased(_) => None,
        }
    }

    /// The keys that are there, oldest first.
    pub fn held(&self) -> impl DoubleEndedIterator<Item = &ContentKey> {
        self.0.iter().filter_map(|key| match key {
            RingKey::Held(key) => Some(key),
            RingKey::Erased(_) => None,
        })
    }

    fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(FORMAT.len() + 1 + 80 * self.0.len()));
        text.push_str(FORMAT);
        text.push('\n');
        for key in &self.0 {
            match key {
                RingKey::Held(key) => {
                    text.push_str("key ");
                    text.push_str(&Zeroizing::new(hex::encode(key.bytes())));
                }
                RingKey::Erased(id) => {
                    text.push_str("erased ");
                    text.push_str(&id.to_string());
                }
            }
            text.push('\n');
        }
        text
    }

    fn parse(text: &str) -> Option<KeyRing> {
        let lines = text.strip_prefix(FORMAT)?.strip_prefix('\n')?;
        if !lines.is_empty() && !lines.ends_with('\n') {
            return None;
        }
        let keys = lines.lines().map(|line| match line.split_once(' ')? {
            ("key", digits) => {
                let mut bytes = Zeroizing::new([0; 32]);
                hex::decode_to_slice(digits, bytes.as_mut_slice()).ok()?;
                Some(RingKey::Held(ContentKey::new(*bytes)))
            }
            ("erased", id) => Some(RingKey::Erased(id.parse().ok()?)),
            _ => None,
        });
        keys.collect::<Option<Vec<_>>>().map(KeyRing)
    }
}

/// Where content keys are kept: files here, or a key management service elsewhere. What is made is durable before it is
/// answered, and so is what is destroyed.
pub trait KeyStore: fmt::Debug + Send + Sync {
    /// All rings, by the label of the organization.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn read(&self) -> Result<BTreeMap<String, KeyRing>, KeyStoreError>;

    /// Makes a key for an organization and puts it last.
    ///
    /// # Errors
    /// When it may not be durable.
    fn create(&self, label: &str) -> Result<ContentKey, KeyStoreError>;

    /// Destroys a key; that it was there is remembered.
    ///
    /// # Errors
    /// When it may still be there.
    fn erase(&self, label: &str, key: KeyId) -> Result<(), KeyStoreError>;
}

/// Keys in files of a folder, one for each organization, named by its label, for the owner alone.
#[derive(Debug)]
pub struct FileKeyStore {
    folder: PathBuf,
}

impl FileKeyStore {
    /// In the folder, which is made with the first key.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn path(&self, label: &str) -> PathBuf {
        self.folder.join(label)
    }

    fn ring(&self, label: &str) -> Result<KeyRing, KeyStoreError> {
        let path = self.path(label);
        let metadata = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(KeyRing::default()),
            metadata => metadata.map_err(|source| io_error("read", &path, source))?,
        };
        if metadata.len() > RING_BYTES_MAX {
            return Err(KeyStoreError::Damaged { path });
        }
        let text = Zeroizing::new(fs::read(&path).map_err(|source| io_error("read", &path, source))?);
        let ring = std::str::from_utf8(&text).ok().and_then(KeyRing::parse);
        ring.ok_or(KeyStoreError::Damaged { path })
    }

    /// Replaces the file of a ring and wipes the one before: its blocks hold keys until they are used again.
    fn write(&self, label: &str, ring: &KeyRing) -> Result<(), KeyStoreError> {
        let path = self.path(label);
        let wiped = |source| io_error("wipe what was before", &path, source);
        let old = match OpenOptions::new().write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            old => Some(old.map_err(wiped)?),
        };
        durable::write_atomic(&path, ring.text().as_bytes(), 0o600)
            .map_err(|source| io_error("write", &path, source))?;
        let Some(mut old) = old else { return Ok(()) };
        let length = old.metadata().map_err(wiped)?.len();
        let zeros = vec![0; usize::try_from(length).unwrap_or(0)];
        old.write_all(&zeros).and_then(|()| old.sync_all()).map_err(wiped)
    }
}

impl KeyStore for FileKeyStore {
    fn read(&self) -> Result<BTreeMap<String, KeyRing>, KeyStoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            entries => entries.map_err(|source| io_error("list", &self.folder, source))?,
        };
        let mut rings = BTreeMap::new();
        for entry in entries {
            let entry = entry.map_err(|source| io_error("list", &self.folder, source))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // What a write that was broken off left behind was never in use.
            if is_label(&name) {
                let ring = self.ring(&name)?;
                rings.insert(name, ring);
            }
        }
        Ok(rings)
    }

    fn create(&self, label: &str) -> Result<ContentKey, KeyStoreError> {
        durable::create_dir_durable(&self.folder).map_err(|source| io_error("create", &self.folder, source))?;
        let mut ring = self.ring(label)?;
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice())
            .map_err(|source| io_error("draw a key for", &self.path(label), source.into()))?;
        let key = ContentKey::new(*bytes);
        ring.0.push(RingKey::Held(key.clone()));
        self.write(label, &ring)?;
        Ok(key)
    }

    fn erase(&self, label: &str, key: KeyId) -> Result<(), KeyStoreError> {
        let mut ring = self.ring(label)?;
        let place = ring.0.iter_mut().find(|known| known.id() == key);
        let place = place.ok_or_else(|| KeyStoreError::Missing { label: label.to_owned(), key })?;
        if matches!(place, RingKey::Erased(_)) {
            return Ok(());
        }
        *place = RingKey::Erased(key);
        self.write(label, &ring)
    }
}

fn is_label(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> KeyStoreError {
    KeyStoreError::Io { action, path: path.to_owned(), source }
}

/// Keys that a verifier was given; none, for a reader that may not see content.
#[derive(Debug)]
struct NoStore;

impl KeyStore for NoStore {
    fn read(&self) -> Result<BTreeMap<String, KeyRing>, KeyStoreError> {
        Ok(BTreeMap::new())
    }

    fn create(&self, _label: &str) -> Result<ContentKey, KeyStoreError> {
        Err(KeyStoreError::ReadOnly)
    }

    fn erase(&self, _label: &str, _key: KeyId) -> Result<(), KeyStoreError> {
        Err(KeyStoreError::ReadOnly)
    }
}

/// What became of a key.
#[derive(Debug, Clone)]
pub enum KeyState {
    /// It is here.
    Held(ContentKey),
    /// It was destroyed, and with it what is encrypted under it.
    Erased,
    /// It is not among those that were given.
    Missing,
}

/// The content keys that a process holds, in memory. Cheap to ask, from any thread.
#[derive(Debug)]
pub struct ContentKeys {
    store: Arc<dyn KeyStore>,
    held: RwLock<Held>,
    /// Counts changes, so that whoever keeps something made from keys sees that it must look again.
    changes: AtomicU64,
}

#[derive(Debug, Default)]
struct Held {
    rings: BTreeMap<String, KeyRing>,
    /// `None` for an erased one.
    by_id: HashMap<KeyId, Option<ContentKey>>,
}

impl Held {
    fn new(rings: BTreeMap<String, KeyRing>) -> Self {
        let keys = rings.values().flat_map(|ring| &ring.0);
        let by_id = keys.map(|key| match key {
            RingKey::Held(key) => (key.id(), Some(key.clone())),
            RingKey::Erased(id) => (*id, None),
        });
        Self { by_id: by_id.collect(), rings }
    }
}

impl ContentKeys {
    /// Reads all keys of `store`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(store: Arc<dyn KeyStore>) -> Result<Self, KeyStoreError> {
        let held = RwLock::new(Held::new(store.read()?));
        Ok(Self { store, held, changes: AtomicU64::new(0) })
    }

    /// Keys in files of `folder`; none if there is no such folder.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn in_folder(folder: &Path) -> Result<Self, KeyStoreError> {
        Self::open(Arc::new(FileKeyStore::new(folder)))
    }

    /// These keys alone, for reading.
    pub fn holding(keys: impl IntoIterator<Item = ContentKey>) -> Self {
        let by_id = keys.into_iter().map(|key| (key.id(), Some(key))).collect();
        let held = RwLock::new(Held { rings: BTreeMap::new(), by_id });
        Self { store: Arc::new(NoStore), held, changes: AtomicU64::new(0) }
    }

    /// No keys: for a reader that may not see content.
    pub fn none() -> Self {
        Self { store: Arc::new(NoStore), held: RwLock::default(), changes: AtomicU64::new(0) }
    }

    /// The key under which new content of an organization is encrypted; `None` if it is not encrypted.
    pub fn current(&self, label: &str) -> Option<ContentKey> {
        self.read(|held| held.rings.get(label)?.current().cloned())
    }

    /// The keys of an organization that are there, oldest first.
    pub fn held(&self, label: &str) -> Vec<ContentKey> {
        self.read(|held| held.rings.get(label).map(|ring| ring.held().cloned().collect()).unwrap_or_default())
    }

    /// The keys of an organization that were erased, oldest first.
    pub fn erased(&self, label: &str) -> Vec<KeyId> {
        let erased = |key: &RingKey| match key {
            RingKey::Erased(id) => Some(*id),
            RingKey::Held(_) => None,
        };
        self.read(|held| {
            let keys = held.rings.get(label).map(|ring| &ring.0);
            keys.map(|keys| keys.iter().filter_map(erased).collect()).unwrap_or_default()
        })
    }

    /// What became of a key.
    pub fn find(&self, id: KeyId) -> KeyState {
        self.read(|held| match held.by_id.get(&id) {
            Some(Some(key)) => KeyState::Held(key.clone()),
            Some(None) => KeyState::Erased,
            None => KeyState::Missing,
        })
    }

    /// Whether there is any key, erased ones too.
    pub fn is_empty(&self) -> bool {
        self.read(|held| held.by_id.is_empty())
    }

    /// Grows with every change of the keys.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Makes a key for an organization, which is in use from then on. The old one, if there is one, still opens what it
    /// closed.
    ///
    /// # Errors
    /// When it may not be durable; it is not used then.
    pub fn create(&self, label: &str) -> Result<ContentKey, KeyStoreError> {
        let key = self.store.create(label)?;
        self.reload()?;
        Ok(key)
    }

    /// Destroys a key, here and in the store. If it was the one in use, another one is made before: what is encrypted stays
    /// encrypted.
    ///
    /// # Errors
    /// When it may still be in the store.
    pub fn erase(&self, label: &str, key: KeyId) -> Result<(), KeyStoreError> {
        if self.current(label).is_some_and(|current| current.id() == key) {
            self.store.create(label)?;
        }
        self.store.erase(label, key)?;
        self.reload()
    }

    fn reload(&self) -> Result<(), KeyStoreError> {
        let held = Held::new(self.store.read()?);
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = held;
        self.changes.fetch_add(1, Ordering::Release);
        Ok(())
    }

    fn read<T>(&self, look: impl FnOnce(&Held) -> T) -> T {
        look(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const LABEL: &str = "0000000000000000000000003c77ab44";

    #[test]
    fn a_key_outlives_the_process_until_it_is_erased() {
        let folder = tempfile::tempdir().unwrap();
        let keys = || ContentKeys::in_folder(&folder.path().join("content")).unwrap();
        assert!(keys().is_empty() && keys().current(LABEL).is_none());
        let first = keys().create(LABEL).unwrap();
        let mode = fs::metadata(folder.path().join("content").join(LABEL)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(keys().current(LABEL).unwrap().bytes(), first.bytes());

        let open = keys();
        let second = open.create(LABEL).unwrap();
        assert_ne!(first.id(), second.id());
        assert_eq!(open.changes(), 1);
        for keys in [&open, &keys()] {
            assert_eq!(keys.current(LABEL).unwrap().id(), second.id());
            assert!(matches!(keys.find(first.id()), KeyState::Held(_)));
        }
        open.erase(LABEL, first.id()).unwrap();
        open.erase(LABEL, first.id()).unwrap();
        for keys in [&open, &keys()] {
            assert!(matches!(keys.find(first.id()), KeyState::Erased));
            assert_eq!(keys.current(LABEL).unwrap().id(), second.id());
            assert_eq!(keys.held(LABEL).len(), 1);
        }
        let text = fs::read_to_string(folder.path().join("content").join(LABEL)).unwrap();
        assert_eq!(
            text,
            format!("{FORMAT}\nerased {}\nkey {}\n", first.id(), hex::encode(second.bytes())),
            "the file holds what is left"
        );
        assert!(matches!(open.find(KeyId([0; 8])), KeyState::Missing));
        assert!(matches!(open.erase(LABEL, KeyId([0; 8])), Err(KeyStoreError::Missing { .. })));
    }

    /// A backup, or a copy on write, may hold more; what this program can reach it wipes.
    #[test]
    fn the_file_that_held_an_erased_key_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let keys = ContentKeys::in_folder(folder.path()).unwrap();
        let key = keys.create(LABEL).unwrap();
        let old = folder.path().join("old");
        fs::hard_link(folder.path().join(LABEL), &old).unwrap();
        assert!(fs::read_to_string(&old).unwrap().contains(&hex::encode(key.bytes())));
        keys.erase(LABEL, key.id()).unwrap();
        assert!(fs::read(&old).unwrap().iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_damaged_ring_is_refused_by_name() {
        let whole = format!("{FORMAT}\nkey {}\n", "0a".repeat(32));
        for wrong in [
            "",
            "key",
            &whole[1..],
            &whole[..whole.len() - 1],
            &whole.replace("key ", "kex "),
            &whole.replace("0a0a\n", "\n"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(LABEL), wrong).unwrap();
            let error = ContentKeys::in_folder(folder.path()).unwrap_err();
            assert!(matches!(&error, KeyStoreError::Damaged { path } if path.ends_with(LABEL)), "{wrong:?}: {error}");
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(LABEL), whole).unwrap();
        fs::write(folder.path().join(".staged#1"), "half").unwrap();
        assert!(ContentKeys::in_folder(folder.path()).unwrap().current(LABEL).is_some());
    }
}
