//! The private keys of the slots: making, importing and using them.
//!
//! The root's rule against private RSA keys in software ends here: this *is* the card.

use std::fmt;

use ed25519_dalek::Signer as _;
use getrandom::{SysRng, rand_core::UnwrapErr};
use p256::elliptic_curve::{Generate as _, sec1::ToSec1Point as _};
use rsa::{BoxedUint, RsaPrivateKey, traits::PublicKeyParts as _};
use signature::hazmat::PrehashSigner as _;
use spki::EncodePublicKey as _;

use super::{apdu::Status, tlv};

pub(crate) use algorithm::Algorithm;

mod algorithm;

/// A private key of a slot.
#[derive(Clone)]
pub(crate) enum PrivateKey {
    Rsa(Algorithm, Box<RsaPrivateKey>),
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    Ed25519(ed25519_dalek::SigningKey),
}

impl PrivateKey {
    /// A new random key.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, Status> {
        let mut random = UnwrapErr(SysRng);
        Ok(match algorithm {
            Algorithm::P256 => Self::P256(p256::SecretKey::generate_from_rng(&mut random)),
            Algorithm::P384 => Self::P384(p384::SecretKey::generate_from_rng(&mut random)),
            Algorithm::Ed25519 => {
                let mut seed = [0; 32];
                fill_random(&mut seed)?;
                Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed))
            }
            Algorithm::Rsa1024 | Algorithm::Rsa2048 | Algorithm::Rsa3072 | Algorithm::Rsa4096 => {
                let key = RsaPrivateKey::new_unchecked(&mut random, algorithm.bits())
                    .map_err(internal)?;
                Self::Rsa(algorithm, Box::new(key))
            }
        })
    }

    /// A key that was made elsewhere, from the records that IMPORT ASYMMETRIC KEY carries: two
    /// primes and what follows from them, a scalar, or a seed.
    pub(crate) fn import(algorithm: Algorithm, records: &[(u8, &[u8])]) -> Result<Self, Status> {
        let part = |tag| tlv::find(records, tag).ok_or(Status::WRONG_DATA);
        Ok(match algorithm {
            Algorithm::P256 => Self::P256(p256::SecretKey::from_slice(part(0x06)?).map_err(wrong)?),
            Algorithm::P384 => Self::P384(p384::SecretKey::from_slice(part(0x06)?).map_err(wrong)?),
            Algorithm::Ed25519 => {
                let seed = part(0x07)?.try_into().map_err(wrong)?;
                Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(seed))
            }
            Algorithm::Rsa1024 | Algorithm::Rsa2048 | Algorithm::Rsa3072 | Algorithm::Rsa4096 => {
                Self::import_rsa(algorithm, part(0x01)?, part(0x02)?)?
            }
        })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(algorithm, _) => *algorithm,
            Self::P256(_) => Algorithm::P256,
            Self::P384(_) => Algorithm::P384,
            Self::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// The private operation on what the host prepared: a padded block for RSA, a digest for
    /// ECDSA (the answer is DER), a whole message for Ed25519.
    pub(crate) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, Status> {
        match self {
            Self::Rsa(_, key) => raw_rsa(key, input),
            Self::P256(key) => {
                let digest = left_padded::<32>(input)?;
                let key = p256::ecdsa::SigningKey::from(key);
                let signature: p256::ecdsa::DerSignature =
                    key.sign_prehash(&digest).map_err(internal)?;
                Ok(signature.as_bytes().to_vec())
            }
            Self::P384(key) => {
                let digest = left_padded::<48>(input)?;
                let key = p384::ecdsa::SigningKey::from(key);
                let signature: p384::ecdsa::DerSignature =
                    key.sign_prehash(&digest).map_err(internal)?;
                Ok(signature.as_bytes().to_vec())
            }
            Self::Ed25519(key) => Ok(key.sign(input).to_bytes().to_vec()),
        }
    }

    /// The secret shared with the owner of `point`; for the curves of NIST only.
    pub(crate) fn agree(&self, point: &[u8]) -> Result<Vec<u8>, Status> {
        match self {
            Self::P256(key) => {
                let public = p256::PublicKey::from_sec1_bytes(point).map_err(wrong)?;
                let shared =
                    p256::ecdh::diffie_hellman(key.to_nonzero_scalar(), public.as_affine());
                Ok(shared.raw_secret_bytes().to_vec())
            }
            Self::P384(key) => {
                let public = p384::PublicKey::from_sec1_bytes(point).map_err(wrong)?;
                let shared =
                    p384::ecdh::diffie_hellman(key.to_nonzero_scalar(), public.as_affine());
                Ok(shared.raw_secret_bytes().to_vec())
            }
            Self::Rsa(..) | Self::Ed25519(_) => Err(Status::WRONG_DATA),
        }
    }

    /// The public key as GENERATE and GET METADATA write it (SP 800-73-4 part 2, 3.3.2).
    pub(crate) fn public_records(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_, key) => [
                tlv::write(&[0x81], &big_endian(key.n())),
                tlv::write(&[0x82], &big_endian(key.e())),
            ]
            .concat(),
            Self::P256(key) => {
                tlv::write(&[0x86], key.public_key().to_sec1_point(false).as_bytes())
            }
            Self::P384(key) => {
                tlv::write(&[0x86], key.public_key().to_sec1_point(false).as_bytes())
            }
            Self::Ed25519(key) => tlv::write(&[0x86], key.verifying_key().as_bytes()),
        }
    }

    /// The public key as a certificate holds it (RFC 5280, 4.1.2.7), in DER.
    pub(crate) fn public_key_info(&self) -> Result<Vec<u8>, Status> {
        let der = match self {
            Self::Rsa(_, key) => key.to_public_key().to_public_key_der(),
            Self::P256(key) => key.public_key().to_public_key_der(),
            Self::P384(key) => key.public_key().to_public_key_der(),
            Self::Ed25519(key) => key.verifying_key().to_public_key_der(),
        };
        Ok(der.map_err(internal)?.into_vec())
    }

    fn import_rsa(algorithm: Algorithm, p: &[u8], q: &[u8]) -> Result<Self, Status> {
        let half = algorithm.bits() / 16;
        if ![p, q]
            .into_iter()
            .all(|prime| looks_like_a_prime(prime, half))
        {
            return Err(Status::WRONG_DATA);
        }
        let key = RsaPrivateKey::from_p_q(
            BoxedUint::from_be_slice_vartime(p),
            BoxedUint::from_be_slice_vartime(q),
            BoxedUint::from(PUBLIC_EXPONENT),
        )
        .map_err(wrong)?;
        Ok(Self::Rsa(algorithm, Box::new(key)))
    }
}

/// Fills `bytes` from the system's source.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), Status> {
    getrandom::fill(bytes).map_err(internal)
}

fn raw_rsa(key: &RsaPrivateKey, input: &[u8]) -> Result<Vec<u8>, Status> {
    let precision = key.n().bits_precision();
    let input = BoxedUint::from_be_slice(input, precision).map_err(wrong)?;
    let output = rsa::hazmat::rsa_decrypt(None::<&mut SysRng>, key, &input).map_err(wrong)?;
    Ok(output.to_be_bytes().to_vec())
}

/// Of the right length, without zeros in front, and odd: an even one makes `rsa` panic.
fn looks_like_a_prime(bytes: &[u8], length: usize) -> bool {
    let high = bytes.first().is_some_and(|first| *first >= 0x80);
    let odd = bytes.last().is_some_and(|last| last % 2 == 1);
    bytes.len() == length && high && odd
}

fn big_endian(number: &BoxedUint) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    bytes
        .iter()
        .copied()
        .skip_while(|byte| *byte == 0)
        .collect()
}

/// A shorter digest is filled with zeros from the left; a longer one is refused.
fn left_padded<const N: usize>(digest: &[u8]) -> Result<[u8; N], Status> {
    let missing = N.checked_sub(digest.len()).ok_or(Status::WRONG_DATA)?;
    let mut padded = vec![0; missing];
    padded.extend(digest);
    padded.try_into().map_err(|_| Status::INTERNAL)
}

/// A card doesn't tell what was wrong with its input.
fn wrong<E>(_: E) -> Status {
    Status::WRONG_DATA
}

/// A card doesn't tell what went wrong within it.
fn internal<E: fmt::Display>(_: E) -> Status {
    Status::INTERNAL
}

const PUBLIC_EXPONENT: u32 = 65_537;

#[cfg(test)]
mod tests;
