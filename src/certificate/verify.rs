//! Reads a signed certificate back, and believes it only if all of it is what was meant.
//!
//! The step between signing and recording. The reader here is not the code that built the
//! certificate, so that a fault of one shows. This is the one module that uses ring, for speed
//! (P-256: 0.1 ms instead of 0.3), and for verification only.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA384_ASN1,
    ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use signature::Verifier;
use ssh_encoding::{Decode, Encode};
use ssh_key::public::{EcdsaPublicKey, KeyData, RsaPublicKey};
use ssh_key::{Algorithm, HashAlg, Mpint, Signature};

use super::line::certificate_line;
use super::reader::{self, OptionValue, RawCertificate, RawOption, ReadError};
use super::subject::rsa_bits;
use super::{Body, Serial};

mod security_key;

pub use security_key::SecurityKeyUse;

/// A certificate that was read back, whose signature is the CA's, and which says what its body
/// says and nothing else.
///
/// Made by [`verify()`] alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    raw: RawCertificate,
}

impl Certificate {
    /// The certificate in wire form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.raw.blob()
    }

    /// The line of a `-cert.pub` file, without a line break.
    ///
    /// Characters of the comment that could end the line or hide in it become `?`.
    #[must_use]
    pub fn to_openssh(&self, comment: &str) -> String {
        certificate_line(&self.raw, comment)
    }

    /// Its fields.
    #[must_use]
    pub fn raw(&self) -> &RawCertificate {
        &self.raw
    }
}

/// Believes a certificate, if it is what the CA was asked to sign.
///
/// # Errors
/// If it cannot be read, a field differs from the body, serial or CA, or the signature is not
/// the CA's. The certificate must not be released then.
pub fn verify(
    blob: &[u8],
    body: &Body,
    serial: Serial,
    ca: &KeyData,
) -> Result<Certificate, VerifyError> {
    let raw = reader::read(blob)?;
    compare(&raw, body, serial, ca)?;
    let signature =
        Signature::try_from(raw.signature()).map_err(|_malformed| SignatureError::Malformed)?;
    if signature.encode_vec().as_deref() != Ok(raw.signature()) {
        return Err(SignatureError::Malformed.into());
    }
    verify_signature(raw.signed(), &signature, ca)?;
    Ok(Certificate { raw })
}

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
            verify_by(&ED25519, key.as_ref(), message, signature.as_bytes())
        }
        (_, algorithm) => Err(SignatureError::Algorithm {
            key: ca.algorithm().to_string(),
            signature: algorithm.to_string(),
        }),
    }
}

/// Checks the signature of a key that is to be certified, over something its holder says.
///
/// As [`verify_signature`]; also by a security key, which tells how it was used.
///
/// # Errors
/// As [`verify_signature`].
pub fn verify_possession(
    message: &[u8],
    signature: &Signature,
    key: &KeyData,
) -> Result<Option<SecurityKeyUse>, SignatureError> {
    match key {
        KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_) => {
            security_key::verify(message, signature, key).map(Some)
        }
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
pub(super) fn is_ca_key(key: &KeyData) -> bool {
    match key {
        KeyData::Rsa(rsa) => (2048..=8192).contains(&rsa_bits(rsa)),
        KeyData::Ecdsa(_) | KeyData::Ed25519(_) => true,
        _ => false,
    }
}

/// Why a signed certificate is not believed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VerifyError {
    /// It is no certificate.
    #[error("signed certificate cannot be read back")]
    Read(#[from] ReadError),
    /// A field says something else than was decided.
    #[error("signed certificate has another {0} than was decided")]
    Differs(&'static str),
    /// It is not the CA's signature.
    #[error("signature of the certificate is not valid")]
    Signature(#[from] SignatureError),
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

/// Every field, in the order of PROTOCOL.certkeys.
fn compare(
    raw: &RawCertificate,
    body: &Body,
    serial: Serial,
    ca: &KeyData,
) -> Result<(), VerifyError> {
    let checks = [
        (
            "type",
            raw.algorithm() == body.subject.key().algorithm().to_certificate_type(),
        ),
        ("nonce length", raw.nonce().len() == NONCE_LEN),
        ("public key", is_key(raw.public_key(), body.subject.key())),
        ("serial", raw.serial() == serial.number()),
        ("kind", raw.kind() == body.kind.code()),
        ("key ID", raw.key_id() == body.key_id.as_str().as_bytes()),
        ("list of principals", has_principals(raw, body)),
        (
            "begin of validity",
            raw.valid_after() == body.validity.valid_after(),
        ),
        (
            "end of validity",
            raw.valid_before() == body.validity.valid_before(),
        ),
        (
            "list of critical options",
            are_options(raw.critical(), body.options.critical()),
        ),
        (
            "list of extensions",
            are_options(raw.extensions(), body.options.extensions()),
        ),
        ("reserved field", raw.reserved().is_empty()),
        ("CA key", is_key(raw.ca_key(), ca)),
    ];
    match checks.iter().find(|(_, equal)| !equal) {
        Some((field, _)) => Err(VerifyError::Differs(field)),
        None => Ok(()),
    }
}

fn is_key(blob: &[u8], key: &KeyData) -> bool {
    key.encode_vec().as_deref() == Ok(blob)
}

fn has_principals(raw: &RawCertificate, body: &Body) -> bool {
    let meant = body.principals.iter().map(|name| name.as_str().as_bytes());
    raw.principals().iter().map(Vec::as_slice).eq(meant)
}

/// A `BTreeMap` is in the order of bytes, which OpenSSH wants.
fn are_options(raw: &[RawOption], meant: &std::collections::BTreeMap<String, String>) -> bool {
    let meant = meant.iter().map(|(name, value)| match value.as_bytes() {
        [] => (name.as_bytes(), OptionValue::Flag),
        value => (name.as_bytes(), OptionValue::Value(value)),
    });
    raw.iter()
        .map(|option| (option.name(), option.value()))
        .eq(meant)
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
            verify_by(&ECDSA_P384_SHA384_FIXED, point, message, &fixed)
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
fn fixed_size(mut signature: &[u8], size: usize) -> Result<Vec<u8>, SignatureError> {
    let mut fixed = Vec::new();
    for end in [size, size.saturating_mul(2)] {
        let mpint = Mpint::decode(&mut signature).map_err(|_form| SignatureError::Malformed)?;
        let number = mpint.as_positive_bytes().ok_or(SignatureError::Malformed)?;
        let padding = size
            .checked_sub(number.len())
            .ok_or(SignatureError::Malformed)?;
        fixed.resize(end.saturating_sub(size).saturating_add(padding), 0);
        fixed.extend_from_slice(number);
    }
    Ok(fixed)
}

/// As OpenSSH makes it.
const NONCE_LEN: usize = 32;
