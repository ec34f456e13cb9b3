//! The keys that count: those the reader holds, and those that rotations lead to.
//!
//! A rotation is announced in the platform log, signed by the old key and the new one. It counts once a checkpoint that
//! covers it bears the signature of the key that was in force then: so whoever stole a retired key can neither make a
//! rotation nor hide one.

use indelible_merkle::VerifierKey;

/// Keys of a reader, and the rotations that an archive shows.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    /// Those that may have signed; empty if the reader holds none.
    pub(super) held: Vec<VerifierKey>,
    rotations: Vec<Rotation>,
}

/// From one key to the next. What the old one signed stays valid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rotation {
    pub(super) old: [u8; 32],
    pub(super) new: [u8; 32],
    /// Microseconds since 1970 UTC.
    pub(super) time_us: i64,
}

impl Keys {
    /// What the keys `given` lead to.
    pub(super) fn new(given: &[VerifierKey], rotations: Vec<Rotation>) -> Self {
        let mut keys = Self { held: Vec::new(), rotations };
        keys.held = keys.extend(given);
        keys
    }

    /// Whether the reader holds the key, or holds none at all.
    pub(super) fn may_sign(&self, key: &VerifierKey) -> bool {
        self.held.is_empty() || self.held.iter().any(|held| held.public() == key.public())
    }

    /// `keys` with those before and after them, under the same names.
    pub(super) fn extend(&self, keys: &[VerifierKey]) -> Vec<VerifierKey> {
        let mut all = keys.to_vec();
        let mut next = 0;
        while let Some(key) = all.get(next).cloned() {
            next += 1;
            for Rotation { old, new, .. } in &self.rotations {
                let other = match key.public() {
                    public if public == old => new,
                    public if public == new => old,
                    _ => continue,
                };
                if let Ok(other) = VerifierKey::new(key.name(), other)
                    && !all.contains(&other)
                {
                    all.push(other);
                }
            }
        }
        all
    }

    /// Whether rotations lead from one key to the other, in either direction.
    pub(super) fn link(&self, a: &VerifierKey, b: &VerifierKey) -> bool {
        a == b || self.extend(std::slice::from_ref(a)).contains(b)
    }

    /// When the key was retired, microseconds since 1970 UTC, if it was.
    pub(super) fn retired_us(&self, key: &VerifierKey) -> Option<i64> {
        self.rotations.iter().find(|rotation| rotation.old == *key.public()).map(|rotation| rotation.time_us)
    }
}
