//! What stands in a proof, to the last member (RFC 9449, 4.2).

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) typ: String,
    pub(super) alg: String,
    pub(super) jwk: OctetKey,
}

/// An Ed25519 key as RFC 8037 has it. A private half is an unknown member, and so refused.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OctetKey {
    pub(super) kty: String,
    pub(super) crv: String,
    pub(super) x: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims {
    pub(super) htm: String,
    pub(super) htu: String,
    pub(super) iat: u64,
    pub(super) jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ath: Option<String>,
}

/// What a proof says of the token that stands beside it (RFC 9449, 4.2, `ath`).
pub(super) fn hash_of(token: &str) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(token))
}

pub(super) const TYPE: &str = "dpop+jwt";
pub(super) const ALGORITHM: &str = "EdDSA";
pub(super) const KEY_TYPE: &str = "OKP";
pub(super) const CURVE: &str = "Ed25519";
