//! JSON Web Keys that verify signatures (RFC 7517; RFC 7518, 6; RFC 8037), and their thumbprints.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::wire::bit_length;
use crate::wire::verify::jose::JoseKey;

/// A public key that a token may be signed by.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Members")]
pub struct Jwk {
    key: JoseKey,
    id: Option<String>,
    algorithm: Option<String>,
}

/// Why an object is no such key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkError {
    /// Of a type that is not taken, a secret one among them.
    #[error("a key is RSA, EC on P-256 or P-384, or OKP on Ed25519")]
    Kind,
    /// A number that is missing, has another length, or is no canonical Base64.
    #[error("a number of the key is missing, of the wrong length, or not in URL-safe Base64")]
    Number,
    /// RSA too short or too long.
    #[error("an RSA key has 2048 to 8192 bits")]
    Size,
    /// The private half is no business of ours.
    #[error("the key is a private one")]
    Private,
    /// A key that encrypts.
    #[error("the key is for another use than signatures")]
    Use,
}

/// SHA-256 over what is needed of a key, in its one form (RFC 7638).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thumbprint([u8; 32]);

/// A text that is no thumbprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a thumbprint is 32 bytes in unpadded URL-safe Base64")]
pub struct ThumbprintError;

/// The members of an object that say something to us; others may stand there (RFC 7517, 4).
#[derive(Deserialize)]
struct Members {
    kty: String,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<IgnoredAny>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
}

impl Jwk {
    /// An Ed25519 key.
    #[must_use]
    pub fn ed25519(key: [u8; 32]) -> Self {
        Self {
            key: JoseKey::Ed25519(key),
            id: None,
            algorithm: None,
        }
    }

    /// What it is called in its set.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The one algorithm that it is for, where it says so.
    #[must_use]
    pub fn algorithm(&self) -> Option<&str> {
        self.algorithm.as_deref()
    }

    pub(super) fn key(&self) -> &JoseKey {
        &self.key
    }

    /// Its thumbprint (RFC 7638, 3; RFC 8037, 2).
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        // Members in the order of their names, without white space; none of them needs an escape.
        let text = match &self.key {
            JoseKey::Rsa { modulus, exponent } => {
                let (n, e) = (base64(modulus), base64(exponent));
                format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
            }
            JoseKey::P256(point) => of_point("P-256", point),
            JoseKey::P384(point) => of_point("P-384", point),
            JoseKey::Ed25519(key) => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64(key))
            }
        };
        Thumbprint(Sha256::digest(text).into())
    }
}

fn of_point(curve: &str, point: &[u8]) -> String {
    let coordinates = point.get(1..).unwrap_or_default();
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    let (x, y) = (base64(x), base64(y));
    format!(r#"{{"crv":"{curve}","kty":"EC","x":"{x}","y":"{y}"}}"#)
}

fn base64(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

impl TryFrom<Members> for Jwk {
    type Error = JwkError;

    fn try_from(members: Members) -> Result<Self, JwkError> {
        if members.d.is_some() {
            return Err(JwkError::Private);
        }
        if members.used_for.as_ref().is_some_and(|used| used != "sig") {
            return Err(JwkError::Use);
        }
        Ok(Self {
            key: members.key()?,
            id: members.kid,
            algorithm: members.alg,
        })
    }
}

impl Members {
    fn key(&self) -> Result<JoseKey, JwkError> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", None) => rsa(number(self.n.as_ref())?, number(self.e.as_ref())?),
            ("EC", Some("P-256")) => Ok(JoseKey::P256(self.point(32)?)),
            ("EC", Some("P-384")) => Ok(JoseKey::P384(self.point(48)?)),
            ("OKP", Some("Ed25519")) => {
                let key = number(self.x.as_ref())?;
                let key = key.try_into().map_err(|_length| JwkError::Number)?;
                Ok(JoseKey::Ed25519(key))
            }
            _ => Err(JwkError::Kind),
        }
    }

    fn point(&self, length: usize) -> Result<Vec<u8>, JwkError> {
        let (x, y) = (number(self.x.as_ref())?, number(self.y.as_ref())?);
        if x.len() != length || y.len() != length {
            return Err(JwkError::Number);
        }
        Ok([&[UNCOMPRESSED], &x[..], &y[..]].concat())
    }
}

fn rsa(modulus: Vec<u8>, exponent: Vec<u8>) -> Result<JoseKey, JwkError> {
    if !(2048..=8192).contains(&bit_length(&modulus)) {
        return Err(JwkError::Size);
    }
    let has_first = |number: &[u8]| number.first().is_some_and(|first| *first != 0);
    if !has_first(&modulus) || !has_first(&exponent) || exponent.len() > 8 {
        return Err(JwkError::Number);
    }
    Ok(JoseKey::Rsa { modulus, exponent })
}

fn number(text: Option<&String>) -> Result<Vec<u8>, JwkError> {
    let text = text.filter(|text| text.len() <= NUMBER_MAX);
    let number = text.and_then(|text| Base64UrlUnpadded::decode_vec(text).ok());
    number.ok_or(JwkError::Number)
}

impl Thumbprint {
    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Thumbprint {
    type Err = ThumbprintError;

    fn from_str(text: &str) -> Result<Self, ThumbprintError> {
        let bytes = Base64UrlUnpadded::decode_vec(text).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or(ThumbprintError)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64(&self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What an uncompressed point begins with (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 4;
/// 8192 bits in Base64.
const NUMBER_MAX: usize = 1400;
