//! Which subject keys a role takes.

use std::fmt;

use serde::{Deserialize, Serialize};
use ssh_key::EcdsaCurve;
use ssh_key::public::KeyData;

use crate::certificate::Subject;
use crate::certificate::subject::rsa_bits;

/// A kind of key, and its least size in bits where it has sizes: `ed25519`, `sk-ed25519`,
/// `sk-ecdsa`, `mldsa44-ed25519`, `ecdsa-256`, `ecdsa-384`, `ecdsa-521`, `rsa-2048` to
/// `rsa-16384`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum KeyType {
    /// Ed25519.
    Ed25519,
    /// Ed25519 in a FIDO token.
    SkEd25519,
    /// ECDSA on P-256 in a FIDO token.
    SkEcdsa,
    /// OpenSSH's pair of ML-DSA-44 and Ed25519.
    MlDsa44Ed25519,
    /// ECDSA on a curve of so many bits or more.
    Ecdsa(u32),
    /// RSA of so many bits or more.
    Rsa(u32),
}

/// A text that names no kind of key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no key type; ed25519, sk-ed25519, sk-ecdsa, mldsa44-ed25519, ecdsa-256, ecdsa-384, \
     ecdsa-521, or rsa- with 2048 to 16384"
)]
pub struct KeyTypeError(String);

impl KeyType {
    /// Whether the key is of this kind, and not smaller.
    pub fn takes(self, key: &KeyData) -> bool {
        match (self, key) {
            (Self::Ed25519, KeyData::Ed25519(_))
            | (Self::SkEd25519, KeyData::SkEd25519(_))
            | (Self::SkEcdsa, KeyData::SkEcdsaSha2NistP256(_)) => true,
            // Of the types that ssh-key doesn't know, this alone becomes a subject.
            (Self::MlDsa44Ed25519, KeyData::Other(_)) => Subject::try_from(key.clone()).is_ok(),
            (Self::Ecdsa(least), KeyData::Ecdsa(key)) => curve_bits(key.curve()) >= least,
            (Self::Rsa(least), KeyData::Rsa(key)) => rsa_bits(key) >= least,
            _ => false,
        }
    }
}

impl TryFrom<String> for KeyType {
    type Error = KeyTypeError;

    fn try_from(text: String) -> Result<Self, KeyTypeError> {
        let known = match text.as_str() {
            "ed25519" => Some(Self::Ed25519),
            "sk-ed25519" => Some(Self::SkEd25519),
            "sk-ecdsa" => Some(Self::SkEcdsa),
            "mldsa44-ed25519" => Some(Self::MlDsa44Ed25519),
            "ecdsa-256" => Some(Self::Ecdsa(256)),
            "ecdsa-384" => Some(Self::Ecdsa(384)),
            "ecdsa-521" => Some(Self::Ecdsa(521)),
            other => other
                .strip_prefix("rsa-")
                .and_then(|bits| bits.parse().ok())
                .filter(|bits| (2048..=16384).contains(bits))
                .map(Self::Rsa),
        };
        known.ok_or_else(|| KeyTypeError(text.chars().take(64).collect()))
    }
}

impl From<KeyType> for String {
    fn from(key_type: KeyType) -> Self {
        key_type.to_string()
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ed25519 => f.write_str("ed25519"),
            Self::SkEd25519 => f.write_str("sk-ed25519"),
            Self::SkEcdsa => f.write_str("sk-ecdsa"),
            Self::MlDsa44Ed25519 => f.write_str("mldsa44-ed25519"),
            Self::Ecdsa(bits) => write!(f, "ecdsa-{bits}"),
            Self::Rsa(bits) => write!(f, "rsa-{bits}"),
        }
    }
}

fn curve_bits(curve: EcdsaCurve) -> u32 {
    match curve {
        EcdsaCurve::NistP256 => 256,
        EcdsaCurve::NistP384 => 384,
        EcdsaCurve::NistP521 => 521,
    }
}
