//! A token's public key attributes, made into an SSH public key.
//!
//! Modules write the same key in several forms, all of which are taken; what fits none of
//! them is refused, since a guessed key makes certificates that nobody can check.

use cryptoki::object::KeyType;
use ssh_key::public::{EcdsaPublicKey, Ed25519PublicKey, KeyData, RsaPublicKey};
use ssh_key::{EcdsaCurve, Mpint};

use crate::signer::ecdsa::field_bytes;
use crate::signer::error::PublicKeyError;

/// The attributes that a public key is made of, as the token gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PublicParts {
    /// `CKA_MODULUS`
    pub(super) modulus: Option<Vec<u8>>,
    /// `CKA_PUBLIC_EXPONENT`
    pub(super) exponent: Option<Vec<u8>>,
    /// `CKA_EC_PARAMS`
    pub(super) curve: Option<Vec<u8>>,
    /// `CKA_EC_POINT`
    pub(super) point: Option<Vec<u8>>,
}

impl PublicParts {
    /// Whether nothing that its type calls for is missing.
    pub(super) fn is_complete(&self, key_type: KeyType) -> bool {
        match key_type {
            KeyType::RSA => self.modulus.is_some() && self.exponent.is_some(),
            _ => self.curve.is_some() && self.point.is_some(),
        }
    }

    /// Makes the SSH public key.
    pub(super) fn key_data(&self, key_type: KeyType) -> Result<KeyData, PublicKeyError> {
        match key_type {
            KeyType::RSA => self.rsa(),
            KeyType::EC => self.ecdsa(),
            KeyType::EC_EDWARDS => self.ed25519(),
            _ => Err(PublicKeyError::Type),
        }
    }

    /// Whether `key` can be the one that these parts are of, as far as they are there.
    pub(super) fn fit(&self, key_type: KeyType, key: &KeyData) -> bool {
        match (key_type, key) {
            (KeyType::RSA, KeyData::Rsa(rsa)) => {
                let is_same = |own: &Vec<u8>| stripped(own) == stripped(rsa.n().as_bytes());
                self.modulus.as_ref().is_none_or(is_same)
            }
            (KeyType::EC, KeyData::Ecdsa(ecdsa)) => {
                let is_same = |own: &Vec<u8>| curve_of(own) == Ok(ecdsa.curve());
                self.curve.as_ref().is_none_or(is_same)
            }
            (KeyType::EC_EDWARDS, KeyData::Ed25519(_)) => true,
            _ => false,
        }
    }

    fn rsa(&self) -> Result<KeyData, PublicKeyError> {
        let modulus = stripped(present(&self.modulus, "CKA_MODULUS")?);
        let exponent = stripped(present(&self.exponent, "CKA_PUBLIC_EXPONENT")?);
        let bits = bit_length(modulus);
        let odd = |bytes: &[u8]| bytes.last().is_some_and(|last| last & 1 == 1);
        if !odd(modulus) || !RSA_BITS.contains(&bits) {
            return Err(PublicKeyError::Modulus { bits });
        }
        if !odd(exponent) || exponent == [1] || exponent.len() > 8 {
            return Err(PublicKeyError::Exponent);
        }
        let number = Mpint::from_positive_bytes;
        RsaPublicKey::new(number(exponent), number(modulus))
            .map(KeyData::Rsa)
            .map_err(|_| PublicKeyError::Modulus { bits })
    }

    fn ecdsa(&self) -> Result<KeyData, PublicKeyError> {
        let curve = curve_of(present(&self.curve, "CKA_EC_PARAMS")?)?;
        let value = present(&self.point, "CKA_EC_POINT")?;
        let wrong = PublicKeyError::Point {
            length: value.len(),
        };
        let point = unwrapped(value, 1 + 2 * field_bytes(curve)).ok_or(wrong.clone())?;
        if !is_on_curve(curve, point) {
            return Err(wrong);
        }
        let key = EcdsaPublicKey::from_sec1_bytes(point).map_err(|_| wrong)?;
        Ok(KeyData::Ecdsa(key))
    }

    fn ed25519(&self) -> Result<KeyData, PublicKeyError> {
        let curve = present(&self.curve, "CKA_EC_PARAMS")?;
        if !ED25519.contains(&curve) {
            return Err(PublicKeyError::Curve);
        }
        let value = present(&self.point, "CKA_EC_POINT")?;
        let wrong = PublicKeyError::Point {
            length: value.len(),
        };
        let point = unwrapped(value, 32).ok_or(wrong.clone())?;
        if point.iter().all(|byte| *byte == 0) {
            return Err(wrong);
        }
        let key = Ed25519PublicKey::try_from(point).map_err(|_| wrong)?;
        Ok(KeyData::Ed25519(key))
    }
}

/// `CKA_EC_PARAMS` of a NIST curve: its OID in DER.
pub(super) fn nist_params(curve: EcdsaCurve) -> &'static [u8] {
    match curve {
        EcdsaCurve::NistP256 => P256,
        EcdsaCurve::NistP384 => P384,
        EcdsaCurve::NistP521 => P521,
    }
}

/// The size of a key in bits, as `ssh-keygen -l` gives it.
pub(super) fn size(key: &KeyData) -> Option<u32> {
    match key {
        KeyData::Rsa(rsa) => u32::try_from(bit_length(stripped(rsa.n().as_bytes()))).ok(),
        KeyData::Ecdsa(ecdsa) => Some(match ecdsa.curve() {
            EcdsaCurve::NistP256 => 256,
            EcdsaCurve::NistP384 => 384,
            EcdsaCurve::NistP521 => 521,
        }),
        KeyData::Ed25519(_) => Some(256),
        _ => None,
    }
}

fn present<'a>(
    value: &'a Option<Vec<u8>>,
    attribute: &'static str,
) -> Result<&'a [u8], PublicKeyError> {
    value
        .as_deref()
        .ok_or(PublicKeyError::Missing { attribute })
}

/// Without leading zeros: some tokens pad a number to its field.
fn stripped(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn bit_length(stripped: &[u8]) -> usize {
    let top = stripped.first().map_or(0, |byte| byte.leading_zeros());
    let unused = usize::try_from(top).unwrap_or(0);
    (stripped.len() * 8).saturating_sub(unused)
}

fn curve_of(params: &[u8]) -> Result<EcdsaCurve, PublicKeyError> {
    match params {
        P256 => Ok(EcdsaCurve::NistP256),
        P384 => Ok(EcdsaCurve::NistP384),
        P521 => Ok(EcdsaCurve::NistP521),
        _ => Err(PublicKeyError::Curve),
    }
}

/// The point of `length` bytes in an OCTET STRING (PKCS#11 v2.40, 2.3.3), in a BIT STRING
/// (as v3.0's SubjectPublicKeyInfo has it) or bare. The lengths of the three forms differ, so no
/// point is taken for another.
fn unwrapped(value: &[u8], length: usize) -> Option<&[u8]> {
    if value.len() == length {
        return Some(value);
    }
    let content = match value {
        [OCTET_STRING, rest @ ..] => der_content(rest)?,
        [BIT_STRING, rest @ ..] => der_content(rest)?.strip_prefix(&[0])?,
        _ => return None,
    };
    (content.len() == length).then_some(content)
}

/// What follows a DER length of one or two bytes, if it is exactly as long as it says.
fn der_content(rest: &[u8]) -> Option<&[u8]> {
    let (length, content) = match rest {
        [0x81, length @ 0x80..=0xff, content @ ..] => (*length, content),
        [length @ 0..=0x7f, content @ ..] => (*length, content),
        _ => return None,
    };
    (content.len() == usize::from(length)).then_some(content)
}

/// Whether `point` is uncompressed and lies on the curve.
fn is_on_curve(curve: EcdsaCurve, point: &[u8]) -> bool {
    match curve {
        EcdsaCurve::NistP256 => p256::PublicKey::from_sec1_bytes(point).is_ok(),
        EcdsaCurve::NistP384 => p384::PublicKey::from_sec1_bytes(point).is_ok(),
        EcdsaCurve::NistP521 => p521::PublicKey::from_sec1_bytes(point).is_ok(),
    }
}

const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23];

/// The forms of `CKA_EC_PARAMS` for Ed25519, the standard's first: id-Ed25519 (RFC 8410), the
/// curve's name as a PrintableString (PKCS#11 v3.0, 2.3.10), and the older OID of GnuPG.
pub(super) const ED25519: [&[u8]; 3] = [
    &[0x06, 0x03, 0x2b, 0x65, 0x70],
    b"\x13\x0cedwards25519",
    &[
        0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01,
    ],
];

/// The sizes that OpenSSH takes: SSH_RSA_MINIMUM_MODULUS_SIZE and OPENSSL_RSA_MAX_MODULUS_BITS.
const RSA_BITS: std::ops::RangeInclusive<usize> = 1024..=16384;
const OCTET_STRING: u8 = 0x04;
const BIT_STRING: u8 = 0x03;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn generator() -> Vec<u8> {
        let secret = p256::SecretKey::from_slice(&[1; 32]).unwrap();
        secret.public_key().to_sec1_bytes().to_vec()
    }

    fn ec(curve: &[u8], point: &[u8]) -> PublicParts {
        PublicParts {
            curve: Some(curve.to_vec()),
            point: Some(point.to_vec()),
            ..PublicParts::default()
        }
    }

    fn rsa(modulus: Vec<u8>, exponent: &[u8]) -> PublicParts {
        PublicParts {
            modulus: Some(modulus),
            exponent: Some(exponent.to_vec()),
            ..PublicParts::default()
        }
    }

    #[test]
    fn all_three_forms_of_a_point_make_the_same_key() {
        let raw = generator();
        let octets = [&[0x04, 65], raw.as_slice()].concat();
        let bits = [&[0x03, 66, 0], raw.as_slice()].concat();
        let key = ec(P256, &raw).key_data(KeyType::EC).unwrap();
        for form in [octets, bits] {
            assert_eq!(ec(P256, &form).key_data(KeyType::EC), Ok(key.clone()));
        }
        assert_eq!(size(&key), Some(256));
    }

    #[test]
    fn every_form_of_ed25519_makes_the_same_key() {
        let raw = [0x58; 32];
        let octets = [&[0x04, 32], raw.as_slice()].concat();
        let bits = [&[0x03, 33, 0], raw.as_slice()].concat();
        let key = KeyData::Ed25519(Ed25519PublicKey(raw));
        for curve in ED25519 {
            for form in [raw.as_slice(), &octets, &bits] {
                assert_eq!(
                    ec(curve, form).key_data(KeyType::EC_EDWARDS),
                    Ok(key.clone())
                );
            }
        }
    }

    #[test]
    fn a_point_that_is_not_on_the_curve_is_refused() {
        let mut point = generator();
        point[64] ^= 1;
        let fault = PublicKeyError::Point { length: 65 };
        assert_eq!(ec(P256, &point).key_data(KeyType::EC), Err(fault));
    }

    #[test]
    fn a_length_that_lies_is_refused() {
        let raw = generator();
        for head in [
            &[0x04, 64][..],
            &[0x04, 66],
            &[0x04, 0x81, 65],
            &[0x03, 66, 1],
            &[0x30, 65],
        ] {
            let form = [head, &raw].concat();
            let fault = PublicKeyError::Point { length: form.len() };
            assert_eq!(ec(P256, &form).key_data(KeyType::EC), Err(fault));
        }
    }

    #[test]
    fn another_curve_is_refused() {
        let secp256k1 = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a];
        let parts = ec(&secp256k1, &generator());
        assert_eq!(parts.key_data(KeyType::EC), Err(PublicKeyError::Curve));
        let parts = ec(b"\x13\x0aedwards448", &[1; 57]);
        assert_eq!(
            parts.key_data(KeyType::EC_EDWARDS),
            Err(PublicKeyError::Curve)
        );
    }

    #[test]
    fn a_padded_rsa_key_is_the_same_as_one_without_padding() {
        let modulus = vec![0xc1; 256];
        let padded = [&[0, 0], modulus.as_slice()].concat();
        let key = rsa(modulus, &[1, 0, 1]).key_data(KeyType::RSA).unwrap();
        assert_eq!(
            rsa(padded, &[0, 1, 0, 1]).key_data(KeyType::RSA),
            Ok(key.clone())
        );
        assert_eq!(size(&key), Some(2048));
    }

    #[test]
    fn an_rsa_key_that_openssh_would_refuse_is_refused() {
        for (modulus, bits) in [
            (vec![], 0),
            (vec![0xc1; 2049], 16392),
            (vec![0xc0; 256], 2048),
        ] {
            let fault = PublicKeyError::Modulus { bits };
            assert_eq!(rsa(modulus, &[3]).key_data(KeyType::RSA), Err(fault));
        }
        for exponent in [&[][..], &[1], &[2], &[1; 9]] {
            let parts = rsa(vec![0xc1; 256], exponent);
            assert_eq!(parts.key_data(KeyType::RSA), Err(PublicKeyError::Exponent));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            curve in prop_oneof![Just(P256), Just(P384), Just(P521), Just(ED25519[0])],
            bytes in proptest::collection::vec(any::<u8>(), 0..140),
            more in proptest::collection::vec(any::<u8>(), 0..140),
        ) {
            for key_type in [KeyType::EC, KeyType::EC_EDWARDS] {
                let _ = ec(curve, &bytes).key_data(key_type);
                let _ = ec(&more, &bytes).key_data(key_type);
            }
            let _ = rsa(bytes, &more).key_data(KeyType::RSA);
        }
    }
}
