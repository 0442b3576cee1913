//! The client's side: a session's key, and the proofs that it makes.
//!
//! It signs nothing else: no SSH signature, and no certificate could begin as these proofs do.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::Serialize;
use ssh_key::private::Ed25519Keypair;
use zeroize::Zeroizing;

use super::claims::{ALGORITHM, CURVE, Claims, Header, KEY_TYPE, OctetKey, TYPE, hash_of};
use crate::login::jws::{Jwk, Thumbprint};

/// The key that a client's session is bound to: Ed25519, made for a login, and of no other use.
///
/// Wiped when dropped; `Debug` doesn't print it.
pub struct SessionKey(Ed25519Keypair);

impl SessionKey {
    /// The key of 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Ed25519Keypair::from_seed(seed))
    }

    /// The bytes that it was made from, to keep it.
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.private.to_bytes())
    }

    /// What a server knows it by.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        Jwk::ed25519(self.0.public.0).thumbprint()
    }

    /// A proof for one request. `url` is as [`super::url_of`] says, `id` 16 random bytes, `now` in
    /// Unix seconds, `nonce` what the server said last, and `token` that of the session.
    #[must_use]
    pub fn prove(
        &self,
        (method, url): (&str, &str),
        token: Option<&str>,
        nonce: Option<&str>,
        id: &[u8; 16],
        now: u64,
    ) -> String {
        let claims = Claims {
            htm: method.to_owned(),
            htu: url.to_owned(),
            iat: now,
            jti: base64(id),
            nonce: nonce.map(str::to_owned),
            ath: token.map(hash_of),
        };
        self.signed(&claims)
    }

    fn signed(&self, claims: &Claims) -> String {
        let header = Header {
            typ: TYPE.to_owned(),
            alg: ALGORITHM.to_owned(),
            jwk: OctetKey {
                kty: KEY_TYPE.to_owned(),
                crv: CURVE.to_owned(),
                x: base64(&self.0.public.0),
            },
        };
        let signed = format!("{}.{}", part(&header), part(claims));
        // A key pair in memory signs whatever it is given.
        let signature = signature::Signer::try_sign(&self.0, signed.as_bytes());
        let signature = signature.map(|signature: ssh_key::Signature| base64(signature.as_bytes()));
        format!("{signed}.{}", signature.unwrap_or_default())
    }
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionKey({})", self.thumbprint())
    }
}

/// Nothing but texts and a number, which serde always writes.
fn part(value: &impl Serialize) -> String {
    base64(&serde_json::to_vec(value).unwrap_or_default())
}

fn base64(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}
