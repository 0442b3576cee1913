//! The kinds of key that can be a CA's, and what is told about one.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use ssh_key::public::KeyData;

use super::Locator;

/// What kind of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// ECDSA over NIST P-256.
    P256,
    /// ECDSA over NIST P-384.
    P384,
    /// ECDSA over NIST P-521.
    P521,
    /// RSA with a modulus of 2048 bits: the most that YubiKeys before firmware 5.7 have.
    Rsa2048,
    /// RSA with a modulus of 3072 bits.
    Rsa3072,
    /// RSA with a modulus of 4096 bits.
    Rsa4096,
    /// Ed25519.
    Ed25519,
}

impl KeyAlgorithm {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 7] = [
        Self::P256,
        Self::P384,
        Self::P521,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::Ed25519,
    ];

    /// The name of the algorithm on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::P521 => "p521",
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::Rsa4096 => "rsa4096",
            Self::Ed25519 => "ed25519",
        }
    }
}

impl FromStr for KeyAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.as_str() == name)
            .ok_or(UnknownAlgorithm)
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no [`KeyAlgorithm`]'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key algorithm is one of p256, p384, p521, rsa2048, rsa3072, rsa4096 and ed25519")]
pub struct UnknownAlgorithm;

/// The hash of an RSA signature (RFC 8332). SHA-1 cannot be expressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RsaHash {
    /// `rsa-sha2-256`
    Sha256,
    /// `rsa-sha2-512`
    #[default]
    Sha512,
}

/// One key in a device: just made, brought in or found there.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The public half.
    pub public_key: KeyData,
    /// What the device says about the private half.
    pub origin: Origin,
    /// Names exactly this key.
    pub locator: Locator,
}

/// What a device says about a private key. It is the device's word, not a proof; `None`
/// where it says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Origin {
    /// Born in the device (`CKA_LOCAL`).
    pub local: Option<bool>,
    /// Never shown in clear (`CKA_SENSITIVE`).
    pub sensitive: Option<bool>,
    /// May leave the device wrapped (`CKA_EXTRACTABLE`).
    pub extractable: Option<bool>,
    /// Was never extractable (`CKA_NEVER_EXTRACTABLE`).
    pub never_extractable: Option<bool>,
    /// Wants the PIN for each signature (`CKA_ALWAYS_AUTHENTICATE`).
    pub always_authenticate: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_is_read_by_its_name() {
        for algorithm in KeyAlgorithm::ALL {
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
        }
        assert_eq!("rsa1024".parse::<KeyAlgorithm>(), Err(UnknownAlgorithm));
    }
}
