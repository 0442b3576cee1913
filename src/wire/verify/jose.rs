//! Signatures as JSON Web Signatures have them (RFC 7518, 3; RFC 8037).
//!
//! The algorithm is the caller's, out of a list that the key's type allows; never the one that a
//! header asks for.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};

use super::engine::Engine;
use super::{SignatureError, verify_by};

/// A public key of a JSON Web Key, as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JoseKey {
    /// Modulus and exponent, big-endian, without leading zeros; 2048 to 8192 bits.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The exponent.
        exponent: Vec<u8>,
    },
    /// An uncompressed point of P-256.
    P256(Vec<u8>),
    /// An uncompressed point of P-384.
    P384(Vec<u8>),
    /// Ed25519.
    Ed25519([u8; 32]),
}

/// A signature algorithm of JSON Web Algorithms that is taken.
///
/// There is no `none` and no `HS*`, so that a token can't ask for either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JoseAlgorithm {
    Rs256,
    Ps256,
    Es256,
    Es384,
    EdDsa,
}

impl JoseAlgorithm {
    /// The algorithm of a header's name; `None` for one that is not taken.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "PS256" => Self::Ps256,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "EdDSA" => Self::EdDsa,
            _ => return None,
        })
    }
}

/// Checks a signature by a key, by an algorithm that is of its type.
///
/// # Errors
/// [`SignatureError::Algorithm`] if key and algorithm are of two types,
/// [`SignatureError::Mismatch`] if the signature is not valid, or the key none.
pub(crate) fn verify_jose(
    algorithm: JoseAlgorithm,
    key: &JoseKey,
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    use JoseAlgorithm as A;
    match (algorithm, key) {
        (A::Rs256 | A::Ps256, JoseKey::Rsa { modulus, exponent }) => {
            let parameters = match algorithm {
                A::Ps256 => &RSA_PSS_2048_8192_SHA256,
                _ => &RSA_PKCS1_2048_8192_SHA256,
            };
            let key = RsaPublicKeyComponents {
                n: modulus,
                e: exponent,
            };
            key.verify(parameters, message, signature)
                .map_err(|_unspecified| SignatureError::Mismatch)
        }
        (A::Es256, JoseKey::P256(point)) => {
            verify_by(&ECDSA_P256_SHA256_FIXED, point, message, signature)
        }
        (A::Es384, JoseKey::P384(point)) if signature.len() == 96 => {
            Engine::here().p384(point, message, signature)
        }
        (A::EdDsa, JoseKey::Ed25519(key)) => Engine::here().ed25519(key, message, signature),
        (A::Es384, JoseKey::P384(_)) => Err(SignatureError::Malformed),
        _ => Err(SignatureError::Algorithm {
            key: key.name().to_owned(),
            signature: format!("{algorithm:?}"),
        }),
    }
}

impl JoseKey {
    /// The key's type, for a message.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Rsa { .. } => "RSA",
            Self::P256(_) => "P-256",
            Self::P384(_) => "P-384",
            Self::Ed25519(_) => "Ed25519",
        }
    }
}
