//! The key that is certified, and how a key is called.

mod beginnings;
mod composite;
mod modulus;
mod points;
mod thorough;

use serde::Serializer;
use ssh_key::public::{EcdsaPublicKey, KeyData, RsaPublicKey};
use ssh_key::{EcdsaCurve, HashAlg};

use crate::wire::bit_length;

/// A public key that a certificate may be made for.
///
/// RSA of 2048 to 16384 bits with an odd exponent from 3 to 64 bits, ECDSA on P-256, P-384 or
/// P-521 (a point of the curve, uncompressed, as OpenSSH wants it), Ed25519, the two that FIDO
/// tokens have, and OpenSSH 10.5's pair of ML-DSA-44 and Ed25519.
///
/// A key whose private half is no secret is none, whatever its type ([`Weakness`]): that it
/// signed something would prove nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject(KeyData);

impl Subject {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &KeyData {
        &self.0
    }

    /// `SHA256:…`, as ssh-keygen prints it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.0)
    }

    /// The kind of key and its size, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        describe(&self.0)
    }
}

impl TryFrom<KeyData> for Subject {
    type Error = SubjectError;

    fn try_from(key: KeyData) -> Result<Self, SubjectError> {
        check_quickly(&key)?;
        if let KeyData::Rsa(rsa) = &key {
            thorough::check(rsa.n().as_positive_bytes().unwrap_or_default())?;
        }
        Ok(Self(key))
    }
}

/// What is wrong with a key as a subject's, but for what takes milliseconds to see: a larger factor
/// of an RSA modulus, or that it is itself a prime.
///
/// # Errors
/// [`SubjectError`].
pub fn check_quickly(key: &KeyData) -> Result<(), SubjectError> {
    match key {
        KeyData::Rsa(rsa) => check_rsa(rsa),
        KeyData::Ecdsa(ecdsa) => points::check_ecdsa(ecdsa),
        KeyData::SkEcdsaSha2NistP256(sk) => {
            points::check_ecdsa(&EcdsaPublicKey::NistP256(*sk.ec_point()))
        }
        KeyData::Ed25519(key) => points::check_ed25519(key),
        KeyData::SkEd25519(sk) => points::check_ed25519(sk.public_key()),
        KeyData::Other(pair) => composite::check(pair),
        KeyData::Certificate(_) => Err(SubjectError::Certificate),
        _ => Err(SubjectError::Algorithm(key.algorithm().to_string())),
    }
}

/// Why no certificate is made for a key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SubjectError {
    /// A certificate is not a key.
    #[error("this is a certificate, not a public key")]
    Certificate,
    /// DSA, or an algorithm that OpenSSH does not have.
    #[error("{0} keys cannot be certified")]
    Algorithm(String),
    /// An RSA modulus that is too short or too long.
    #[error("RSA key of {bits} bits is outside of {MIN_RSA_BITS} to {MAX_RSA_BITS}")]
    RsaSize {
        /// Bits of the modulus.
        bits: u32,
    },
    /// No product of two odd primes.
    #[error("RSA modulus is even")]
    RsaModulus,
    /// An even exponent, 1, or one longer than OpenSSL reads with a large modulus.
    #[error("RSA exponent is even, below 3 or longer than 64 bits")]
    RsaExponent,
    /// A point in another form than its one, or not on its curve.
    #[error("{0} point is not on its curve, or not in the form that OpenSSH writes")]
    Point(&'static str),
    /// Anybody can sign as its holder.
    #[error("the private half of the key is no secret: {0}")]
    Weak(Weakness),
}

/// Why the private half of a key is no secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Weakness {
    /// An Ed25519 point for which a signature is made without any private half.
    #[error("its point is of small order")]
    SmallOrder,
    /// The private half is one of the first or the last numbers that there are.
    #[error("it is found by counting")]
    Counted,
    /// An RSA modulus that trial division takes apart.
    #[error("the modulus can be divided by {0}")]
    SmallFactor(u32),
    /// An RSA modulus whose one factor is itself.
    #[error("the modulus is a prime")]
    Prime,
    /// An RSA modulus that is a square.
    #[error("the modulus is a square")]
    Square,
    /// An RSA modulus that is an odd power.
    #[error("the modulus is a number to the power of {0}")]
    Power(u32),
    /// An RSA modulus of two primes that Fermat's method finds.
    #[error("the two primes of the modulus lie close together")]
    ClosePrimes,
    /// An RSA key of Infineon's faulty library (CVE-2017-15361).
    #[error("the modulus has the form of the ROCA fault (CVE-2017-15361)")]
    Roca,
}

impl From<Weakness> for SubjectError {
    fn from(weakness: Weakness) -> Self {
        Self::Weak(weakness)
    }
}

/// `SHA256:…`, as ssh-keygen prints it.
#[must_use]
pub fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// The kind of key and its size, for people: `RSA 3072`, `ECDSA P-256`, `Ed25519`.
#[must_use]
pub fn describe(key: &KeyData) -> String {
    match key {
        KeyData::Rsa(rsa) => format!("RSA {}", rsa_bits(rsa)),
        KeyData::Ecdsa(ecdsa) => format!("ECDSA {}", curve_name(ecdsa.curve())),
        KeyData::Ed25519(_) => "Ed25519".to_owned(),
        KeyData::SkEcdsaSha2NistP256(_) => "ECDSA-SK P-256".to_owned(),
        KeyData::SkEd25519(_) => "Ed25519-SK".to_owned(),
        KeyData::Dsa(_) => "DSA".to_owned(),
        KeyData::Certificate(_) => "certificate".to_owned(),
        KeyData::Other(pair) if composite::is_one(pair) => composite::NAME.to_owned(),
        _ => key.algorithm().to_string(),
    }
}

/// Bits of the modulus; its encoding tells whole bytes only.
#[must_use]
pub fn rsa_bits(key: &RsaPublicKey) -> u32 {
    bit_length(key.n().as_positive_bytes().unwrap_or_default())
}

/// Writes a key, for `serialize_with`, as the fingerprint that it is known by.
pub(super) fn as_fingerprint<S: Serializer>(
    subject: &Subject,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&subject.fingerprint())
}

fn check_rsa(key: &RsaPublicKey) -> Result<(), SubjectError> {
    let bits = rsa_bits(key);
    if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
        return Err(SubjectError::RsaSize { bits });
    }
    if is_even(key.n().as_bytes()) {
        return Err(SubjectError::RsaModulus);
    }
    let exponent = key.e().as_positive_bytes().unwrap_or_default();
    if is_even(exponent) || !(2..=64).contains(&bit_length(exponent)) {
        return Err(SubjectError::RsaExponent);
    }
    let modulus = key.n().as_positive_bytes().unwrap_or_default();
    Ok(modulus::check_modulus(modulus)?)
}

fn curve_name(curve: EcdsaCurve) -> &'static str {
    match curve {
        EcdsaCurve::NistP256 => "P-256",
        EcdsaCurve::NistP384 => "P-384",
        EcdsaCurve::NistP521 => "P-521",
    }
}

fn is_even(big_endian: &[u8]) -> bool {
    big_endian.last().is_none_or(|byte| byte % 2 == 0)
}

const MIN_RSA_BITS: u32 = 2048;
const MAX_RSA_BITS: u32 = 16384;

#[cfg(test)]
mod tests {
    use ssh_key::Mpint;
    use ssh_key::public::{EcdsaPublicKey, KeyData, RsaPublicKey};

    use super::{Subject, SubjectError, describe};

    fn rsa(modulus: &[u8], exponent: &[u8]) -> KeyData {
        let e = Mpint::from_positive_bytes(exponent);
        KeyData::Rsa(RsaPublicKey::new(e, Mpint::from_positive_bytes(modulus)).unwrap())
    }

    /// The first number of so many bits below the next power of two that no small prime divides.
    fn modulus(bits: usize) -> Vec<u8> {
        let mut bytes = vec![0xff; bits.div_ceil(8)];
        if !bits.is_multiple_of(8) {
            bytes[0] = (1 << (bits % 8)) - 1;
        }
        if let Some(last) = bytes.last_mut() {
            *last = if bits == 16384 { 0xf1 } else { 0xe3 };
        }
        bytes
    }

    #[test]
    fn takes_rsa_of_2048_to_16384_bits_counted_exactly() {
        for (bits, taken) in [(2047, false), (2048, true), (16384, true), (16385, false)] {
            let key = rsa(&modulus(bits), &[1, 0, 1]);
            assert_eq!(describe(&key), format!("RSA {bits}"));
            match Subject::try_from(key) {
                Ok(_) => assert!(taken, "{bits}"),
                Err(fault) => {
                    let bits = u32::try_from(bits).unwrap();
                    assert_eq!(fault, SubjectError::RsaSize { bits });
                    assert!(!taken);
                }
            }
        }
    }

    #[test]
    fn refuses_an_rsa_exponent_that_is_even_one_or_huge() {
        for exponent in [&[2][..], &[1], &[1, 0, 0], &modulus(65)] {
            assert_eq!(
                Subject::try_from(rsa(&modulus(2048), exponent)),
                Err(SubjectError::RsaExponent)
            );
        }
    }

    #[test]
    fn refuses_an_even_rsa_modulus() {
        let mut even = modulus(2048);
        even[255] = 0xfe;
        assert_eq!(
            Subject::try_from(rsa(&even, &[3])),
            Err(SubjectError::RsaModulus)
        );
    }

    #[test]
    fn refuses_a_point_off_the_curve_and_a_compressed_one() {
        let mut off = vec![4; 65];
        off[64] = 5;
        // The generator of P-256, compressed (SEC 2, 2.4.2).
        let mut compressed = vec![3];
        compressed.extend([
            0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4,
            0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45,
            0xd8, 0x98, 0xc2, 0x96,
        ]);
        for point in [off, compressed] {
            let key = KeyData::Ecdsa(EcdsaPublicKey::from_sec1_bytes(&point).unwrap());
            assert_eq!(Subject::try_from(key), Err(SubjectError::Point("P-256")));
        }
    }
}
