//! JSON Web Signatures in their compact form (RFC 7515, 3.1), and the keys that make them.
//!
//! Limits come before parsing, text is decoded in its one canonical form, and a member that stands
//! twice is refused: two readers of one token would else see two things.

mod json;
mod jwk;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::de::DeserializeOwned;

pub use json::{JsonError, strict};
pub use jwk::{Jwk, JwkError, Thumbprint, ThumbprintError};

use crate::wire::verify::SignatureError;
use crate::wire::verify::jose::{JoseAlgorithm, verify_jose};

/// A token that was taken apart; nothing in it is believed before [`Self::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jws<'t> {
    header: Vec<u8>,
    payload: Vec<u8>,
    signed: &'t [u8],
    signature: Vec<u8>,
}

/// Why a text is no token, or none that counts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// Longer than is read.
    #[error("a token of {bytes} bytes, where {limit} are the most")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Not three parts, or none of them Base64 as RFC 7515 has it.
    #[error("a token is three parts of unpadded URL-safe Base64, with dots between")]
    Form,
    /// Header or payload can't be read.
    #[error("the token's {part}")]
    Json {
        /// Which of the two.
        part: &'static str,
        /// What is wrong with it.
        source: JsonError,
    },
    /// An algorithm that is not taken, `none` and `HS256` among them.
    #[error("the token is signed by an algorithm that is not taken here")]
    Algorithm,
    /// The signature is not that of the key.
    #[error("the token's signature")]
    Signature(#[from] SignatureError),
}

impl<'t> Jws<'t> {
    /// Takes a token of at most `limit` bytes apart.
    ///
    /// # Errors
    /// [`JwsError::TooLong`] and [`JwsError::Form`].
    pub fn parse(token: &'t str, limit: usize) -> Result<Self, JwsError> {
        if token.len() > limit {
            let bytes = token.len();
            return Err(JwsError::TooLong { bytes, limit });
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Form)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Form)?;
        Ok(Self {
            header: decoded(header)?,
            payload: decoded(payload)?,
            signed: signed.as_bytes(),
            signature: decoded(signature)?,
        })
    }

    /// The header as a type that says what may stand in it.
    ///
    /// # Errors
    /// [`JwsError::Json`].
    pub fn header<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        let part = "header";
        strict(&self.header).map_err(|source| JwsError::Json { part, source })
    }

    /// What it says, once its signature is the key's, by the algorithm of that name.
    ///
    /// # Errors
    /// [`JwsError`].
    pub fn verify<T: DeserializeOwned>(&self, algorithm: &str, key: &Jwk) -> Result<T, JwsError> {
        let algorithm = JoseAlgorithm::of_name(algorithm).ok_or(JwsError::Algorithm)?;
        verify_jose(algorithm, key.key(), self.signed, &self.signature)?;
        let part = "payload";
        strict(&self.payload).map_err(|source| JwsError::Json { part, source })
    }
}

fn decoded(part: &str) -> Result<Vec<u8>, JwsError> {
    // What a decoder says of a place in a secret's bytes helps nobody.
    Base64UrlUnpadded::decode_vec(part).map_err(|_where| JwsError::Form)
}

#[cfg(test)]
mod tests;
