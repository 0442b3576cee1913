//! What is handed to a device for a message, and what its answer means.
//!
//! The hash is computed here: devices that hash are fewer, and some do it wrong.

use std::borrow::Cow;

use sha2::{Digest, Sha256, Sha384, Sha512};
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, Signature};

use super::{RsaHash, SignatureError, ecdsa};

/// How a key of one type signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// PKCS#1 v1.5 (RFC 8332); the modulus' length in bytes.
    Rsa(RsaHash, usize),
    /// RFC 5656.
    Ecdsa(EcdsaCurve),
    /// RFC 8709.
    Ed25519,
}

impl Scheme {
    /// How `key` signs; `None` if it is of no type that a CA uses.
    pub(super) fn of(key: &KeyData, hash: RsaHash) -> Option<Self> {
        match key {
            KeyData::Rsa(rsa) => {
                let modulus = rsa.n().as_positive_bytes()?;
                Some(Self::Rsa(hash, modulus.len()))
            }
            KeyData::Ecdsa(ecdsa) => Some(Self::Ecdsa(ecdsa.curve())),
            KeyData::Ed25519(_) => Some(Self::Ed25519),
            _ => None,
        }
    }

    /// The name of its signatures.
    pub(super) fn algorithm(self) -> Algorithm {
        match self {
            Self::Rsa(RsaHash::Sha256, _) => Algorithm::Rsa {
                hash: Some(HashAlg::Sha256),
            },
            Self::Rsa(RsaHash::Sha512, _) => Algorithm::Rsa {
                hash: Some(HashAlg::Sha512),
            },
            Self::Ecdsa(curve) => Algorithm::Ecdsa { curve },
            Self::Ed25519 => Algorithm::Ed25519,
        }
    }

    /// What the device signs for `message`: a DigestInfo, a hash, or the message itself.
    pub(super) fn input(self, message: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Rsa(RsaHash::Sha256, _) => {
                Cow::Owned([SHA256_INFO, &Sha256::digest(message)].concat())
            }
            Self::Rsa(RsaHash::Sha512, _) => {
                Cow::Owned([SHA512_INFO, &Sha512::digest(message)].concat())
            }
            Self::Ecdsa(EcdsaCurve::NistP256) => Cow::Owned(Sha256::digest(message).to_vec()),
            Self::Ecdsa(EcdsaCurve::NistP384) => Cow::Owned(Sha384::digest(message).to_vec()),
            Self::Ecdsa(EcdsaCurve::NistP521) => Cow::Owned(Sha512::digest(message).to_vec()),
            Self::Ed25519 => Cow::Borrowed(message),
        }
    }

    /// SSH's form of what the device gave: `r‖s` for a curve.
    pub(super) fn signature(self, bytes: &[u8]) -> Result<Signature, SignatureError> {
        match self {
            Self::Rsa(hash, length) => rsa_signature(hash, length, bytes),
            Self::Ecdsa(curve) => ecdsa::from_fixed(curve, bytes),
            Self::Ed25519 => {
                Signature::new(Algorithm::Ed25519, bytes).map_err(|_| SignatureError::Length {
                    expected: 64,
                    length: bytes.len(),
                })
            }
        }
    }
}

/// RFC 8332, 3: as long as the modulus. Some tokens drop leading zeros.
fn rsa_signature(hash: RsaHash, length: usize, bytes: &[u8]) -> Result<Signature, SignatureError> {
    let missing = length
        .checked_sub(bytes.len())
        .filter(|_| !bytes.is_empty());
    let missing = missing.ok_or(SignatureError::Length {
        expected: length,
        length: bytes.len(),
    })?;
    let mut blob = vec![0; missing];
    blob.extend_from_slice(bytes);
    let hash = match hash {
        RsaHash::Sha256 => HashAlg::Sha256,
        RsaHash::Sha512 => HashAlg::Sha512,
    };
    Signature::new(Algorithm::Rsa { hash: Some(hash) }, blob).map_err(SignatureError::Encoding)
}

/// What stands before the hash in a DigestInfo (RFC 8017, 9.2, note 1).
const SHA256_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
const SHA512_INFO: &[u8] = &[
    0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05,
    0x00, 0x04, 0x40,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rsa_key_signs_a_digest_info_of_its_hash() {
        let info = Scheme::Rsa(RsaHash::Sha256, 256).input(b"abc").into_owned();
        assert_eq!(info.len(), 51);
        assert_eq!(info[1], 49);
        assert_eq!(info[19..23], [0xba, 0x78, 0x16, 0xbf]);
        let info = Scheme::Rsa(RsaHash::Sha512, 256).input(b"abc").into_owned();
        assert_eq!(info.len(), 83);
        assert_eq!(info[1], 81);
        assert_eq!(info[19..23], [0xdd, 0xaf, 0x35, 0xa1]);
    }

    #[test]
    fn a_curve_signs_the_hash_of_its_size_and_ed25519_the_message() {
        let length = |curve| Scheme::Ecdsa(curve).input(b"abc").len();
        assert_eq!(length(EcdsaCurve::NistP256), 32);
        assert_eq!(length(EcdsaCurve::NistP384), 48);
        assert_eq!(length(EcdsaCurve::NistP521), 64);
        assert_eq!(*Scheme::Ed25519.input(b"abc"), *b"abc");
    }

    #[test]
    fn an_rsa_signature_is_padded_to_its_modulus_and_never_cut() {
        let scheme = Scheme::Rsa(RsaHash::Sha512, 4);
        assert_eq!(
            scheme.signature(&[1, 2, 3]).unwrap().as_bytes(),
            [0, 1, 2, 3]
        );
        for bytes in [&[][..], &[0, 1, 2, 3, 4]] {
            let fault = scheme.signature(bytes).unwrap_err();
            assert!(matches!(fault, SignatureError::Length { expected: 4, .. }));
        }
    }

    #[test]
    fn an_ed25519_signature_of_another_length_is_refused() {
        for length in [0, 63, 65] {
            let fault = Scheme::Ed25519.signature(&vec![1; length]).unwrap_err();
            assert!(
                matches!(fault, SignatureError::Length { expected: 64, length: l } if l == length)
            );
        }
    }
}
