//! Whether a signature is valid; nothing else in the crate decides that.
//!
//! Of certificates, of requests, of attestations, of lists and of heads. ring and graviola are
//! called here alone, for speed (P-256: 0.1 ms instead of 0.3), and for verification only
//! (`docs/decisions/0003-ring-for-verification.md`).

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA384_ASN1,
    ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use signature::Verifier;
use ssh_encoding::Decode;
use ssh_key::public::{EcdsaPublicKey, KeyData, RsaPublicKey};
use ssh_key::{Algorithm, HashAlg, Signature};

use super::{Cursor, PublicKey, bit_length};

use self::engine::Engine;

pub(crate) mod composite;
mod engine;
pub(crate) mod jose;
mod security_key;
#[cfg(test)]
mod tests;

pub use security_key::SecurityKeyUse;

/// Checks a CA's signature over the to-be-signed part of a certificate.
///
/// RSA with SHA-256 or SHA-512 and 2048 to 8192 bits, ECDSA with the hash of its curve, Ed25519.
///
/// # Errors
/// If the key is none that may sign certificates, the signature is by another algorithm than
/// the key's, or it is not of this message.
pub fn verify_signature(
    message: &[u8],
    signature: &Signature,
    ca: &KeyData,
) -> Result<(), SignatureError> {
    if !is_ca_key(ca) {
        return Err(SignatureError::Key(ca.algorithm().to_string()));
    }
    match (ca, signature.algorithm()) {
        (KeyData::Rsa(_), Algorithm::Rsa { hash: None }) => Err(SignatureError::Sha1),
        (KeyData::Rsa(key), Algorithm::Rsa { hash: Some(hash) }) => {
            verify_rsa(message, signature.as_bytes(), key, hash)
        }
        (KeyData::Ecdsa(key), Algorithm::Ecdsa { curve }) if key.curve() == curve => {
            verify_ecdsa(message, signature.as_bytes(), key)
        }
        (KeyData::Ed25519(key), Algorithm::Ed25519) => {
            Engine::here().ed25519(key.as_ref(), message, signature.as_bytes())
        }
        (_, algorithm) => Err(SignatureError::Algorithm {
            key: ca.algorithm().to_string(),
            signature: algorithm.to_string(),
        }),
    }
}

/// Checks the signature of a key that is to be certified, over something its holder says.
///
/// As [`verify_signature`]; also by a security key, which tells how it was used, and by a pair
/// of ML-DSA-44 and Ed25519.
///
/// # Errors
/// For the same reasons as [`verify_signature`].
pub fn verify_possession(
    message: &[u8],
    signature: &Signature,
    key: &KeyData,
) -> Result<Option<SecurityKeyUse>, SignatureError> {
    match key {
        KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_) => {
            security_key::verify(message, signature, key).map(Some)
        }
        KeyData::Other(key) => composite::verify(message, signature, key).map(|()| None),
        key => verify_signature(message, signature, key).map(|()| None),
    }
}

/// How an X.509 certificate, or a FIDO attestation, is signed (RFC 4055, 5; RFC 5758, 3.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum X509Scheme {
    RsaSha256,
    RsaSha384,
    RsaSha512,
    P256Sha256,
    P256Sha384,
    P384Sha256,
    P384Sha384,
}

/// Checks a signature as X.509 has it: RSA PKCS#1 v1.5, or ECDSA in DER.
///
/// `key` is the content of a `subjectPublicKey`: an `RSAPublicKey` of 2048 to 8192 bits, or
/// an uncompressed point.
///
/// # Errors
/// [`SignatureError::Mismatch`], also where the key is none.
pub(crate) fn verify_x509(
    scheme: X509Scheme,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    let algorithm: &'static dyn VerificationAlgorithm = match scheme {
        X509Scheme::RsaSha256 => &RSA_PKCS1_2048_8192_SHA256,
        X509Scheme::RsaSha384 => &RSA_PKCS1_2048_8192_SHA384,
        X509Scheme::RsaSha512 => &RSA_PKCS1_2048_8192_SHA512,
        X509Scheme::P256Sha256 => &ECDSA_P256_SHA256_ASN1,
        X509Scheme::P256Sha384 => &ECDSA_P256_SHA384_ASN1,
        X509Scheme::P384Sha256 => &ECDSA_P384_SHA256_ASN1,
        X509Scheme::P384Sha384 => &ECDSA_P384_SHA384_ASN1,
    };
    verify_by(algorithm, key, message, signature)
}

/// Whether a key may be a CA's: RSA of 2048 to 8192 bits, ECDSA or Ed25519.
pub(crate) fn is_ca_key(key: &KeyData) -> bool {
    match key {
        KeyData::Rsa(rsa) => {
            (2048..=8192).contains(&bit_length(rsa.n().as_positive_bytes().unwrap_or_default()))
        }
        KeyData::Ecdsa(_) | KeyData::Ed25519(_) => true,
        _ => false,
    }
}

/// Checks the signature of a certificate, or of anything else, as OpenSSH does: by a key of
/// every type that it knows, also those that no CA of ours has (short RSA, security keys).
///
/// `signature` is in wire form.
///
/// # Errors
/// [`SignatureError`], as [`verify_signature`].
pub fn verify_by_any(
    message: &[u8],
    signature: &[u8],
    key: &PublicKey,
) -> Result<(), SignatureError> {
    // What ssh-key says of a key or signature that it can't use is of no help to whoever has
    // to replace the certificate.
    let data = KeyData::decode(&mut key.as_blob())
        .map_err(|_why| SignatureError::Key(key.algorithm().to_owned()))?;
    let signature = Signature::try_from(signature).map_err(|_why| SignatureError::Malformed)?;
    match verify_possession(message, &signature, &data) {
        // RSA of another length.
        Err(SignatureError::Key(_)) => data
            .verify(message, &signature)
            .map_err(|_opaque| SignatureError::Mismatch),
        checked => checked.map(|_use| ()),
    }
}

/// Why a CA's signature is not valid.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignatureError {
    /// The key is of a type or size that no CA of ours has.
    #[error("{0} key cannot be a CA key")]
    Key(String),
    /// RSA with SHA-1, which OpenSSH has not accepted since 8.8.
    #[error("RSA signature is made with SHA-1")]
    Sha1,
    /// The signature is by another algorithm than the key's.
    #[error("signature is {signature}, but the key is {key}")]
    Algorithm {
        /// The key's algorithm.
        key: String,
        /// The signature's algorithm.
        signature: String,
    },
    /// The signature is not in the form of its algorithm.
    #[error("signature is malformed")]
    Malformed,
    /// It is a signature, but not of this message by this key.
    #[error("signature does not match")]
    Mismatch,
}

fn verify_rsa(
    message: &[u8],
    signature: &[u8],
    key: &RsaPublicKey,
    hash: HashAlg,
) -> Result<(), SignatureError> {
    let parameters = match hash {
        HashAlg::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        HashAlg::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
        _ => return Err(SignatureError::Malformed),
    };
    let components = RsaPublicKeyComponents {
        n: key.n().as_positive_bytes().unwrap_or_default(),
        e: key.e().as_positive_bytes().unwrap_or_default(),
    };
    components
        .verify(parameters, message, signature)
        .map_err(|_unspecified| SignatureError::Mismatch)
}

fn verify_ecdsa(
    message: &[u8],
    signature: &[u8],
    key: &EcdsaPublicKey,
) -> Result<(), SignatureError> {
    let point = key.as_sec1_bytes();
    match key {
        EcdsaPublicKey::NistP256(_) => {
            let fixed = fixed_size(signature, 32)?;
            verify_by(&ECDSA_P256_SHA256_FIXED, point, message, &fixed)
        }
        EcdsaPublicKey::NistP384(_) => {
            let fixed = fixed_size(signature, 48)?;
            Engine::here().p384(point, message, &fixed)
        }
        EcdsaPublicKey::NistP521(_) => verify_p521(message, &fixed_size(signature, 66)?, point),
    }
}

/// ring says nothing but whether a signature is valid.
fn verify_by(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    UnparsedPublicKey::new(algorithm, key)
        .verify(message, signature)
        .map_err(|_unspecified| SignatureError::Mismatch)
}

/// ring has no P-521.
fn verify_p521(message: &[u8], fixed: &[u8], point: &[u8]) -> Result<(), SignatureError> {
    let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point)
        .map_err(|_opaque| SignatureError::Key("P-521 point off its curve".to_owned()))?;
    let signature =
        p521::ecdsa::Signature::from_slice(fixed).map_err(|_opaque| SignatureError::Malformed)?;
    key.verify(message, &signature)
        .map_err(|_opaque| SignatureError::Mismatch)
}

/// r and s as numbers of the curve's size, from the two mpints of RFC 5656, 3.1.2.
fn fixed_size(signature: &[u8], size: usize) -> Result<Vec<u8>, SignatureError> {
    let mut fixed = Vec::new();
    let mut input = Cursor::new(signature);
    for end in [size, size.saturating_mul(2)] {
        let number = input.mpint().map_err(|_form| SignatureError::Malformed)?;
        let padding = size
            .checked_sub(number.len())
            .ok_or(SignatureError::Malformed)?;
        fixed.resize(end.saturating_sub(size).saturating_add(padding), 0);
        fixed.extend_from_slice(number);
    }
    input
        .finish()
        .map_err(|_trailing| SignatureError::Malformed)?;
    Ok(fixed)
}
