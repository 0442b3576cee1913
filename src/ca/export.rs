//! A CA's public key in the forms of others: SubjectPublicKeyInfo in DER and PEM, and JWK.

use base64ct::{Base64UrlUnpadded, Encoding};
use pem_rfc7468::LineEnding;
use rsa::pkcs8::EncodePublicKey;
use serde_json::{Value, json};
use ssh_key::public::{EcdsaPublicKey, KeyData, RsaPublicKey};
use x509_cert::der::Encode;
use x509_cert::der::asn1::{Any, BitString};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::certificate::subject::{describe, fingerprint};

/// Why a public key has no such form.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Nobody defined the form for keys of this type.
    #[error("{0} has no such form")]
    NoForm(String),

    /// What stands in the key can't be written in ASN.1.
    #[error("the key can't be written in DER: {0}")]
    Der(String),
}

/// The key as a SubjectPublicKeyInfo in DER (RFC 5280, 4.1.2.7; the curves of RFC 5480, RSA of RFC
/// 3279, Ed25519 of RFC 8410).
///
/// # Errors
/// [`ExportError`].
pub fn der(key: &KeyData) -> Result<Vec<u8>, ExportError> {
    match key {
        KeyData::Ecdsa(point) => {
            let curve = Any::from(curve(point).oid);
            information(EC, Some(curve), point.as_sec1_bytes())
        }
        KeyData::Ed25519(point) => information(ED25519, None, &point.0),
        KeyData::Rsa(key) => rsa_information(key),
        _ => Err(ExportError::NoForm(describe(key))),
    }
}

/// The same as PEM, with the label `PUBLIC KEY` (RFC 7468, section 13).
///
/// # Errors
/// [`ExportError`].
pub fn pem(key: &KeyData) -> Result<String, ExportError> {
    let der = der(key)?;
    pem_rfc7468::encode_string("PUBLIC KEY", LineEnding::LF, &der).map_err(in_der)
}

/// The key as a JSON Web Key for signatures (RFC 7517; the parameters of RFC 7518, section 6, and
/// RFC 8037, section 2). Its key ID is the fingerprint that OpenSSH prints.
///
/// # Errors
/// [`ExportError::NoForm`].
pub fn jwk(key: &KeyData) -> Result<Value, ExportError> {
    let mut jwk = match key {
        KeyData::Ecdsa(point) => {
            let bytes = point.as_sec1_bytes();
            let coordinates = bytes.get(1..).unwrap_or_default();
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            json!({ "kty": "EC", "crv": curve(point).jwk, "x": base64url(x), "y": base64url(y) })
        }
        KeyData::Ed25519(point) => {
            json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(&point.0) })
        }
        KeyData::Rsa(key) => {
            let number = |mpint: &ssh_key::Mpint| mpint.as_positive_bytes().map(base64url);
            json!({ "kty": "RSA", "n": number(key.n()), "e": number(key.e()) })
        }
        _ => return Err(ExportError::NoForm(describe(key))),
    };
    if let Value::Object(members) = &mut jwk {
        members.insert("use".to_owned(), json!("sig"));
        members.insert("kid".to_owned(), json!(fingerprint(key)));
    }
    Ok(jwk)
}

/// What a curve is called outside of SSH.
struct Curve {
    oid: ObjectIdentifier,
    jwk: &'static str,
}

fn curve(point: &EcdsaPublicKey) -> Curve {
    let (oid, jwk) = match point {
        EcdsaPublicKey::NistP256(_) => ("1.2.840.10045.3.1.7", "P-256"),
        EcdsaPublicKey::NistP384(_) => ("1.3.132.0.34", "P-384"),
        EcdsaPublicKey::NistP521(_) => ("1.3.132.0.35", "P-521"),
    };
    Curve {
        oid: ObjectIdentifier::new_unwrap(oid),
        jwk,
    }
}

fn information(
    oid: ObjectIdentifier,
    parameters: Option<Any>,
    key: &[u8],
) -> Result<Vec<u8>, ExportError> {
    let information = SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned { oid, parameters },
        subject_public_key: BitString::from_bytes(key).map_err(in_der)?,
    };
    information.to_der().map_err(in_der)
}

fn rsa_information(key: &RsaPublicKey) -> Result<Vec<u8>, ExportError> {
    let key = rsa::RsaPublicKey::try_from(key).map_err(in_der)?;
    let document = key.to_public_key_der().map_err(in_der)?;
    Ok(document.into_vec())
}

fn in_der(error: impl std::fmt::Display) -> ExportError {
    ExportError::Der(error.to_string())
}

fn base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

#[cfg(test)]
mod tests {
    use ssh_key::PublicKey;

    use super::*;

    /// RFC 8037, appendix A.2.
    #[test]
    fn an_ed25519_key_is_the_jwk_of_the_rfc() {
        let bytes = base16ct::lower::decode_vec(
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        );
        let bytes: [u8; 32] = bytes.unwrap().try_into().unwrap();
        let key = KeyData::Ed25519(ssh_key::public::Ed25519PublicKey(bytes));
        let jwk = jwk(&key).unwrap();
        assert_eq!(jwk["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(
            (&jwk["kty"], &jwk["crv"]),
            (&json!("OKP"), &json!("Ed25519"))
        );
        assert!(jwk["kid"].as_str().unwrap().starts_with("SHA256:"));
    }

    #[test]
    fn a_security_key_is_no_ca_and_has_no_such_form() {
        let line = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAICFo/k5LU8863u66YC9eUO2170QduohPURkQnbLa/dczAAAABHNzaDo=";
        let key = PublicKey::from_openssh(line).unwrap();
        assert!(matches!(der(key.key_data()), Err(ExportError::NoForm(_))));
        assert!(matches!(jwk(key.key_data()), Err(ExportError::NoForm(_))));
    }
}
