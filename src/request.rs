//! What comes from outside, not yet believed: a key, and what is asked for it.
//!
//! The fields were parsed at the edge and cannot be malformed; whether they are
//! allowed is for [`crate::policy`] to say.
//!
//! A request also comes as a file, signed by the key that it is about: [`RequestFile`].

mod admission;
pub(crate) mod armour;
mod comment;
mod content;
mod file;
mod possession;
mod reason;
mod requester;
mod role_name;
mod target;
#[cfg(test)]
mod tests;
mod validity;
mod wire;

use sha2::{Digest, Sha256};
use ssh_encoding::Encode;
use ssh_key::public::KeyData;

pub use admission::{AdmissionError, AdmissionLimits, Admitted};
pub use armour::ArmourError;
pub use comment::{Comment, CommentError};
pub use content::{Challenge, Content, RequestId, challenge_from_hex, random_id};
pub use file::{PossessionError, RequestFile, RequestFileError};
pub use possession::{Holder, SignRequestError, key_in_card, new_key_in_card, sign};
pub use reason::{Reason, ReasonError};
pub use requester::{KnownBy, Requester, RequesterName};
pub use role_name::{RoleName, RoleNameError};
pub use target::{Target, TargetError};
pub use validity::ValidityAsked;
pub use wire::ContentError;

use crate::certificate::{KeyId, Kind, Options, Principals, Validity};

/// Somebody asks for a certificate for this key.
#[derive(Clone, Debug)]
pub struct Request {
    /// The key as it was given.
    pub subject: KeyData,
    /// What is asked for it.
    pub ask: Ask,
}

/// What is asked for a key; one for all keys of a batch.
#[derive(Clone, Debug)]
pub struct Ask {
    /// User or host.
    pub kind: Kind,
    /// How the certificate is called in logs.
    pub key_id: KeyId,
    /// The names it shall be valid for.
    pub principals: Principals,
    /// When it shall be valid.
    pub validity: Validity,
    /// The validity as it was written: `-5m:+1w` is the same request an hour later.
    pub validity_as_asked: String,
    /// Critical options and extensions.
    pub options: Options,
    /// The serial that was asked for by number, if any.
    pub serial: Option<u64>,
}

/// SHA-256 over all that makes two requests the same one, to find it again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestDigest([u8; 32]);

impl Request {
    /// The digest of this request to the CA of this public key.
    ///
    /// # Errors
    /// [`ssh_encoding::Error`] if a field is longer than the wire allows.
    pub fn digest(&self, ca: &KeyData) -> Result<RequestDigest, ssh_encoding::Error> {
        let ask = &self.ask;
        let mut out = Vec::with_capacity(1024);
        "request@punchmark".encode(&mut out)?;
        ca.encode_prefixed(&mut out)?;
        self.subject.encode_prefixed(&mut out)?;
        ask.kind.to_string().encode(&mut out)?;
        ask.key_id.as_str().encode(&mut out)?;
        ask.principals.to_string().encode(&mut out)?;
        ask.validity_as_asked.encode(&mut out)?;
        for options in [ask.options.critical(), ask.options.extensions()] {
            options.len().encode(&mut out)?;
            for (name, value) in options {
                name.encode(&mut out)?;
                value.encode(&mut out)?;
            }
        }
        ask.serial.unwrap_or_default().encode(&mut out)?;
        Ok(RequestDigest(Sha256::digest(&out).into()))
    }
}

impl RequestDigest {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
