//! A SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), made into an SSH public key.

use rsa::pkcs8::DecodePublicKey;
use ssh_key::public::{EcdsaPublicKey, Ed25519PublicKey, KeyData, RsaPublicKey};
use x509_cert::der::Decode;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::error::PublicKeyError;

/// The key of `der`, whose point is checked to lie on its curve.
pub(crate) fn key_data(der: &[u8]) -> Result<KeyData, PublicKeyError> {
    let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| PublicKeyError::Type)?;
    let key = info.subject_public_key.raw_bytes();
    match info.algorithm.oid {
        RSA => rsa_key(der),
        EC => ec_key(info.algorithm.parameters_oid().ok(), key),
        ED25519 => Ed25519PublicKey::try_from(key)
            .map(KeyData::Ed25519)
            .map_err(|_| PublicKeyError::Point { length: key.len() }),
        _ => Err(PublicKeyError::Type),
    }
}

fn rsa_key(der: &[u8]) -> Result<KeyData, PublicKeyError> {
    let key = rsa::RsaPublicKey::from_public_key_der(der).map_err(|_| PublicKeyError::Type)?;
    RsaPublicKey::try_from(&key)
        .map(KeyData::Rsa)
        .map_err(|_| PublicKeyError::Exponent)
}

fn ec_key(curve: Option<ObjectIdentifier>, point: &[u8]) -> Result<KeyData, PublicKeyError> {
    let is_on_curve = match curve {
        Some(P256) => p256::PublicKey::from_sec1_bytes(point).is_ok(),
        Some(P384) => p384::PublicKey::from_sec1_bytes(point).is_ok(),
        Some(P521) => p521::PublicKey::from_sec1_bytes(point).is_ok(),
        _ => return Err(PublicKeyError::Curve),
    };
    EcdsaPublicKey::from_sec1_bytes(point)
        .ok()
        .filter(|_| is_on_curve)
        .map(KeyData::Ecdsa)
        .ok_or(PublicKeyError::Point {
            length: point.len(),
        })
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

#[cfg(test)]
mod tests {
    use rsa::pkcs8::EncodePublicKey;

    use super::*;

    fn p256_info() -> Vec<u8> {
        let secret = p256::SecretKey::from_slice(&[7; 32]).unwrap();
        let der = secret.public_key().to_public_key_der().unwrap();
        der.as_bytes().to_vec()
    }

    #[test]
    fn a_point_is_taken_only_if_it_lies_on_its_curve() {
        let mut info = p256_info();
        let key = key_data(&info).unwrap();
        assert_eq!(key.algorithm().to_string(), "ecdsa-sha2-nistp256");
        *info.last_mut().unwrap() ^= 1;
        assert_eq!(key_data(&info), Err(PublicKeyError::Point { length: 65 }));
    }

    #[test]
    fn bytes_that_are_cut_or_of_another_kind_are_no_key() {
        let info = p256_info();
        for length in 0..info.len() {
            assert_eq!(
                key_data(&info[..length]),
                Err(PublicKeyError::Type),
                "{length}"
            );
        }
        let x25519 = [
            &b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x6e\x03\x21\x00"[..],
            &[7; 32],
        ]
        .concat();
        assert_eq!(key_data(&x25519), Err(PublicKeyError::Type));
    }
}
