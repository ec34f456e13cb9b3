//! Passwords, tokens and ids. Neither passwords nor tokens are kept, only their hashes.

use argon2::{Algorithm, Argon2, Params, Version};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::clock::Clock;
use crate::refusal::Refusal;

/// What hashes passwords.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    /// A hash that no password has, so that a name that nobody has takes as long to refuse as any other.
    nobodys: Hashed,
}

/// A password's hash.
#[derive(Clone, Debug)]
pub(crate) struct Hashed {
    salt: [u8; 16],
    hash: [u8; 32],
}

impl Passwords {
    /// With the library's parameters; in a simulation, whose passwords are made up and whose people sign in by the hundred a second, with the
    /// cheapest there are.
    pub(crate) fn new(clock: Clock) -> anyhow::Result<Self> {
        let params = match clock {
            Clock::Real => Params::default(),
            Clock::Simulated => Params::new(Params::MIN_M_COST, 1, 1, None)?,
        };
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobodys = Hashed { salt: random()?, hash: random()? };
        Ok(Self { argon2, nobodys })
    }

    pub(crate) fn hash(&self, password: &str) -> anyhow::Result<Hashed> {
        let salt = random()?;
        Ok(Hashed { salt, hash: self.argon2_of(password, &salt)? })
    }

    /// Whether it is the password. Takes tens of milliseconds, and as long if there is none.
    pub(crate) fn verify(&self, password: &str, hashed: Option<&Hashed>) -> bool {
        let Hashed { salt, hash } = hashed.unwrap_or(&self.nobodys);
        let is_equal = self.argon2_of(password, salt).is_ok_and(|found| found.ct_eq(hash).into());
        is_equal && hashed.is_some()
    }

    fn argon2_of(&self, password: &str, salt: &[u8; 16]) -> argon2::Result<[u8; 32]> {
        let mut hash = [0; 32];
        self.argon2.hash_password_into(password.as_bytes(), salt, &mut hash)?;
        Ok(hash)
    }
}

/// A new token.
pub(crate) fn token() -> Result<String, Refusal> {
    Ok(hex::encode(random::<32>()?))
}

/// The hash of a token, under which it is kept. It has 256 random bits, so it needs no salt and no slow hash.
pub(crate) fn hash_of(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// A new UUID.
pub(crate) fn uuid() -> Result<String, Refusal> {
    let mut id: [u8; 16] = random()?;
    id[6] = id[6] & 0x0f | 0x40;
    id[8] = id[8] & 0x3f | 0x80;
    let text = hex::encode(id);
    Ok([&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-"))
}

/// Random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::Unavailable(format!("random bytes: {error}")))?;
    Ok(bytes)
}
