//! Checking a proof (RFC 9449, 4.3).

use base64ct::{Base64UrlUnpadded, Encoding as _};
use subtle::ConstantTimeEq as _;

use super::claims::{ALGORITHM, CURVE, Claims, Header, KEY_TYPE, OctetKey, TYPE, hash_of};
use crate::login::jws::{Jwk, Jws, JwsError, Thumbprint};

/// What a proof must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The method of the request, in capitals.
    pub method: &'a str,
    /// The URL of the request as [`super::url_of`] puts it together, never out of a `Host` header.
    pub url: &'a str,
    /// The token that is shown beside it; none where a session begins.
    pub token: Option<&'a str>,
    /// The key that the session of that token is bound to; none where a session begins.
    pub key: Option<&'a Thumbprint>,
}

/// A proof that was checked. Its holder has the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    key: Thumbprint,
    nonce: String,
    id: String,
}

/// Why a proof shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DpopError {
    /// It is no token that its key signed.
    #[error("the DPoP proof")]
    Jws(#[from] JwsError),
    /// Another type, algorithm or key type.
    #[error("a DPoP proof here has type dpop+jwt, algorithm EdDSA and an Ed25519 key")]
    Header,
    /// Made for another method.
    #[error("the DPoP proof is for another method than {0}")]
    Method(String),
    /// Made for another URL.
    #[error("the DPoP proof is for another URL than {0}")]
    Url(String),
    /// Beside another token, or beside none where there is one.
    #[error("the DPoP proof does not belong to the token beside it")]
    Token,
    /// By another key than that of the session.
    #[error("the DPoP proof is by another key than the session's")]
    Key,
    /// It lacks the server's nonce, or has one that is over: the client asks again with the one
    /// that the answer brings.
    #[error("the DPoP proof lacks a nonce of this server that is fresh")]
    Nonce,
    /// The id is too short to be the only one, or longer than is kept.
    #[error("a DPoP proof's jti has 16 to 64 printable characters")]
    Id,
}

impl Proof {
    /// Checks all that a proof says. Whether its nonce is the server's and still fresh, `is_fresh`
    /// says; that its id comes once within the life of that nonce is for the caller to see to.
    ///
    /// # Errors
    /// [`DpopError`]; [`DpopError::Nonce`] only if nothing else is wrong.
    pub fn check(
        token: &str,
        expected: &Expected<'_>,
        is_fresh: impl FnOnce(&str) -> bool,
    ) -> Result<Self, DpopError> {
        let jws = Jws::parse(token, LENGTH_MAX)?;
        let key = key_of(jws.header()?)?;
        let claims: Claims = jws.verify(ALGORITHM, &key)?;
        let key = key.thumbprint();
        compare(&claims, expected, &key)?;
        if !is_id(&claims.jti) {
            return Err(DpopError::Id);
        }
        let nonce = claims.nonce.filter(|nonce| is_fresh(nonce));
        Ok(Self {
            key,
            nonce: nonce.ok_or(DpopError::Nonce)?,
            id: claims.jti,
        })
    }

    /// The key that made it.
    #[must_use]
    pub fn key(&self) -> &Thumbprint {
        &self.key
    }

    /// The server's nonce in it.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Its id, `jti`: 16 to 64 printable characters.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

fn key_of(header: Header) -> Result<Jwk, DpopError> {
    let Header { typ, alg, jwk } = header;
    let OctetKey { kty, crv, x } = jwk;
    if typ != TYPE || alg != ALGORITHM || kty != KEY_TYPE || crv != CURVE {
        return Err(DpopError::Header);
    }
    let key = Base64UrlUnpadded::decode_vec(&x).ok();
    let key = key.and_then(|key| key.try_into().ok());
    key.map(Jwk::ed25519).ok_or(DpopError::Header)
}

fn compare(claims: &Claims, expected: &Expected<'_>, key: &Thumbprint) -> Result<(), DpopError> {
    if claims.htm != expected.method {
        return Err(DpopError::Method(expected.method.to_owned()));
    }
    if claims.htu != expected.url {
        return Err(DpopError::Url(expected.url.to_owned()));
    }
    let belongs = match (&claims.ath, expected.token) {
        (None, None) => true,
        (Some(hash), Some(token)) => hash.as_bytes().ct_eq(hash_of(token).as_bytes()).into(),
        _ => false,
    };
    if !belongs {
        return Err(DpopError::Token);
    }
    match expected.key {
        Some(bound) if bound != key => Err(DpopError::Key),
        _ => Ok(()),
    }
}

fn is_id(id: &str) -> bool {
    (16..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A proof with a URL of the longest that `url` allows has less.
const LENGTH_MAX: usize = 8 * 1024;
