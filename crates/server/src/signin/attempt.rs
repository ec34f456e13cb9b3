//! A sign-in that has begun and waits for the browser to come back from the provider.
//!
//! Nothing of it is kept here but what has been used: it travels in a cookie that only this process can write, so strangers
//! cannot fill a table with sign-ins that nobody ends. The cookie ties the answer to the browser that asked.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How long somebody may take to sign in at the provider.
const MINUTES: i64 = 10;
/// Answers that are remembered as used. The provider takes a code only once too.
const USED_MAX: usize = 4096;
/// Longest cookie that is looked at.
const COOKIE_BYTES_MAX: usize = 2048;

/// What is in the cookie.
#[derive(Serialize, Deserialize)]
pub(super) struct Attempt {
    /// Name of the provider.
    pub(super) provider: String,
    /// Where to go afterwards: a path of this server.
    pub(super) then: String,
    /// Until when, microseconds since 1970.
    until_us: i64,
    /// 32 random bytes, from which the rest follows.
    secret: [u8; 32],
}

impl Attempt {
    /// Begins one.
    pub(super) fn begin(provider: &str, then: &str, now_us: i64) -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let (provider, then) = (provider.to_owned(), then.to_owned());
        Ok(Self { provider, then, until_us: now_us + MINUTES * 60_000_000, secret })
    }

    /// What the answer must bring back.
    pub(super) fn state(&self) -> String {
        self.derived("state")
    }

    /// What the ID token must hold.
    pub(super) fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// What proves to the provider that who asks for the token is who sent the browser (RFC 7636).
    pub(super) fn verifier(&self) -> String {
        self.derived("verifier")
    }

    /// What the provider is told of the verifier before.
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier().as_bytes()))
    }

    fn derived(&self, what: &str) -> String {
        URL_SAFE_NO_PAD.encode(mac(&self.secret, what.as_bytes()).finalize().into_bytes())
    }

    /// Whether the answer to this attempt carries this state.
    fn is_answered_by(&self, state: &str) -> bool {
        let Ok(state) = URL_SAFE_NO_PAD.decode(state) else { return false };
        mac(&self.secret, b"state").verify_slice(&state).is_ok()
    }
}

fn mac(key: &[u8; 32], text: &[u8]) -> Hmac<Sha256> {
    // The key as one block of the hash, as RFC 2104 pads it.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(text);
    mac
}

/// The key of the cookies, and the attempts that are over.
pub(super) struct Attempts {
    key: [u8; 32],
    used: Mutex<VecDeque<(i64, [u8; 32])>>,
}

impl Attempts {
    /// With a new key: after a restart a sign-in that had begun has to begin anew.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self { key, used: Mutex::default() })
    }

    /// The text of the cookie.
    pub(super) fn seal(&self, attempt: &Attempt) -> String {
        // A struct of texts and numbers always has its JSON.
        let text = serde_json::to_vec(attempt).unwrap_or_default();
        let tag = mac(&self.key, &text).finalize().into_bytes();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(tag))
    }

    /// The attempt of a cookie, if we wrote it, it is not too old, `state` answers it and nobody came back with it before.
    pub(super) fn take(&self, cookie: &str, state: &str, now_us: i64) -> Option<Attempt> {
        let (text, tag) = cookie.split_once('.').filter(|_| cookie.len() <= COOKIE_BYTES_MAX)?;
        let (text, tag) = (URL_SAFE_NO_PAD.decode(text).ok()?, URL_SAFE_NO_PAD.decode(tag).ok()?);
        mac(&self.key, &text).verify_slice(&tag).ok()?;
        let attempt: Attempt = serde_json::from_slice(&text).ok()?;
        if attempt.until_us <= now_us || !attempt.is_answered_by(state) {
            return None;
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.iter().any(|(_, secret)| *secret == attempt.secret) {
            return None;
        }
        if used.len() >= USED_MAX || used.front().is_some_and(|(until_us, _)| *until_us <= now_us) {
            used.pop_front();
        }
        used.push_back((attempt.until_us, attempt.secret));
        Some(attempt)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_attempt_is_answered_once_by_its_own_state_in_time() {
        let attempts = Attempts::new().unwrap();
        let check = |change: &dyn Fn(&mut String, &mut String), now_us, expected| {
            let attempt = Attempt::begin("corp", "/x", 0).unwrap();
            let (mut cookie, mut state) = (attempts.seal(&attempt), attempt.state());
            change(&mut cookie, &mut state);
            let taken = attempts.take(&cookie, &state, now_us);
            assert_eq!(taken.is_some(), expected, "{cookie} {state}");
            assert!(attempts.take(&cookie, &state, now_us).is_none(), "used");
        };
        let other = Attempt::begin("corp", "/x", 0).unwrap();
        check(&|_, _| {}, 1, true);
        check(&|_, _| {}, MINUTES * 60_000_000, false);
        check(&|_, state| *state = other.state(), 1, false);
        check(&|_, state| state.clear(), 1, false);
        check(&|cookie, _| *cookie = attempts.seal(&other), 1, false);
        check(&|cookie, _| cookie.insert(5, 'A'), 1, false);
        check(&|cookie, _| cookie.truncate(cookie.len() - 1), 1, false);
        check(&|cookie, _| *cookie = cookie.split('.').next().unwrap().to_owned(), 1, false);
        check(&|cookie, _| *cookie = "x".repeat(10_000), 1, false);
        let foreign = Attempts::new().unwrap();
        check(&|cookie, state| (*cookie, *state) = (foreign.seal(&other), other.state()), 1, false);
        assert_ne!(other.nonce(), other.verifier());
        assert_eq!(other.verifier().len(), 43, "as RFC 7636 wants it");
    }
}
