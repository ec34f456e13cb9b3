//! What an ID token must be before it says who somebody is (OpenID Connect Core 1.0, 3.1.3.7).

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Signatures that are believed. All are made with keys that only the provider has: with an HMAC anybody who verifies can sign.
const ALGORITHMS: [Algorithm; 4] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];
/// How far the provider's clock and ours may differ, seconds.
const SKEW_SECONDS: f64 = 60.0;
/// Longest subject, by OpenID Connect Core 1.0, 2.
const SUBJECT_BYTES_MAX: usize = 255;

/// What the token has to agree with.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now_seconds: f64,
}

/// What a token says, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    pub(super) sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nonce: Option<String>,
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Why a token is not believed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// It is no signed token, or lacks a claim.
    #[error("the ID token cannot be read")]
    Unreadable,
    /// It is signed in a way that proves nothing, or not signed.
    #[error("the ID token is not signed with RS256, PS256, ES256 or EdDSA")]
    Algorithm,
    /// The provider may have new keys.
    #[error("the ID token is signed with a key that the provider does not publish")]
    UnknownKey,
    /// Somebody else made it, or changed it.
    #[error("the signature of the ID token is wrong")]
    Signature,
    /// It is meant for something else.
    #[error("the claim {0} of the ID token is not what it must be")]
    Claim(&'static str),
}

/// The claims of `token`, if one of `keys` signed it and it is what was asked for.
pub(super) fn verify(token: &str, keys: &[Jwk], expected: &Expected<'_>) -> Result<Claims, TokenError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Algorithm)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(TokenError::Algorithm);
    }
    if header.crit.is_some() {
        return Err(TokenError::Unreadable);
    }
    let jwk = find(keys, header.kid.as_deref(), header.alg).ok_or(TokenError::UnknownKey)?;
    let key = DecodingKey::from_jwk(jwk).map_err(|_| TokenError::UnknownKey)?;
    // The signature only: each claim is checked below.
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    let decoded = jsonwebtoken::decode::<Value>(token, &key, &validation).map_err(|_| TokenError::Signature)?;
    let claims: Claims = serde_json::from_value(decoded.claims).map_err(|_| TokenError::Unreadable)?;
    check(&claims, expected)?;
    Ok(claims)
}

/// The key with this id, or the only one that it can be.
fn find<'a>(keys: &'a [Jwk], id: Option<&str>, algorithm: Algorithm) -> Option<&'a Jwk> {
    let signs = |jwk: &&Jwk| {
        let for_signing = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
        let fits = jwk.common.key_algorithm.is_none_or(|named| named.to_string() == format!("{algorithm:?}"));
        for_signing && fits && (id.is_none() || jwk.common.key_id.as_deref() == id)
    };
    let mut fitting = keys.iter().filter(signs);
    let found = fitting.next()?;
    // Two keys of one id, or no id to choose by: whose signature it is would be a guess.
    fitting.next().is_none().then_some(found)
}

fn check(claims: &Claims, expected: &Expected<'_>) -> Result<(), TokenError> {
    let wrong = |claim| Err(TokenError::Claim(claim));
    if claims.iss != expected.issuer {
        return wrong("iss");
    }
    if claims.sub.is_empty() || claims.sub.len() > SUBJECT_BYTES_MAX {
        return wrong("sub");
    }
    let audiences: &[String] = match &claims.aud {
        Audience::One(only) => std::slice::from_ref(only),
        Audience::Many(all) => all,
    };
    if !audiences.iter().any(|audience| audience == expected.client_id) {
        return wrong("aud");
    }
    // Among several audiences somebody must say that it was made for us.
    let party = claims.azp.as_deref();
    if party.is_some_and(|party| party != expected.client_id) || (audiences.len() > 1 && party.is_none()) {
        return wrong("azp");
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return wrong("nonce");
    }
    if claims.exp <= expected.now_seconds - SKEW_SECONDS {
        return wrong("exp");
    }
    if claims.iat >= expected.now_seconds + SKEW_SECONDS {
        return wrong("iat");
    }
    Ok(())
}
