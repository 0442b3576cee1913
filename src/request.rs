//! What comes from outside, not yet believed: a key, and what is asked for it.
//!
//! The fields were parsed at the edge and cannot be malformed; whether they are
//! allowed is for [`crate::policy`] to say. Whatever the front (the flags of `sign`, a
//! [`RequestFile`], which its own key signed), it comes down to a [`Request`].

mod admission;
mod allowed_signers;
mod comment;
mod content;
mod detached;
mod file;
pub mod glob;
mod group;
mod login_facts;
mod method;
mod possession;
mod reason;
mod requester;
mod role_name;
mod security_key;
mod span;
mod ssh_keygen;
mod target;
#[cfg(test)]
mod tests;
mod validity;
mod wire;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use ssh_encoding::Encode;
use ssh_key::public::KeyData;

pub use crate::wire::armour::ArmourError;
pub use admission::{AdmissionError, AdmissionLimits, Admitted};
pub use allowed_signers::{AllowedSigners, AllowedSignersError, SignerLineError, TooManySigners};
pub use comment::{Comment, CommentError};
pub use content::{Challenge, Content, RequestId, challenge_from_hex, random_id};
pub use detached::{DetachedError, verify_detached};
pub use file::{PossessionError, RequestFile, RequestFileError};
pub use group::{Group, GroupError};
pub use login_facts::{LoginFacts, LoginWay};
pub use method::{MethodName, MethodNameError};
pub use possession::{
    Holder, SignRequestError, key_in_card, new_key_in_card, require_free, require_key, sign,
    sign_in_memory, sign_text,
};
pub use reason::{Reason, ReasonError};
pub use requester::{KnownBy, Requester, RequesterName};
pub use role_name::{RoleName, RoleNameError};
pub use security_key::{SecurityKeyError, SecurityKeyFiles};
pub use span::Span;
pub use ssh_keygen::{SshKeygenError, by_ssh_keygen};
pub use target::{Target, TargetError};
pub use validity::ValidityAsked;
pub use wire::ContentError;

use crate::certificate::{KeyId, Kind, OptionsAsked, Principals, Serial};

/// Somebody asks for a certificate for this key.
#[derive(Clone, Debug)]
pub struct Request {
    /// The key as it was given.
    pub subject: KeyData,
    /// What is asked for it.
    pub ask: Ask,
}

/// What is asked for a key; one for all keys of a batch.
///
/// What is not said is for the role to fill in.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The role that it is asked by.
    pub role: RoleName,
    /// User or host.
    pub kind: Kind,
    /// How the certificate is called in logs.
    pub key_id: Option<KeyId>,
    /// The names it shall be valid for, without the suffixes that the CA adds.
    pub principals: Option<Principals>,
    /// When it shall be valid.
    pub validity: Option<ValidityAsked>,
    /// The validity as it was written: `-5m:+1w` is the same request an hour later.
    pub validity_as_asked: String,
    /// Critical options and extensions: what shall be added to the role's, or left out.
    pub options: OptionsAsked,
    /// Why it is asked, which an emergency role wants to know.
    pub reason: Option<Reason>,
    /// The serial that was asked for by number, if any.
    pub serial: Option<Serial>,
}

/// SHA-256 over all that makes two requests the same one, to find it again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestDigest([u8; 32]);

impl Request {
    /// The digest of this request, by this requester, to the CA of this public key.
    /// `proof` is whatever tells one proof of the key from another; empty without any.
    ///
    /// # Errors
    /// [`ssh_encoding::Error`] if a field is longer than the wire allows.
    pub fn digest(
        &self,
        ca: &KeyData,
        requester: &Requester,
        proof: &str,
    ) -> Result<RequestDigest, ssh_encoding::Error> {
        let ask = &self.ask;
        let mut out = Vec::with_capacity(1024);
        "request@punchmark".encode(&mut out)?;
        ca.encode_prefixed(&mut out)?;
        self.subject.encode_prefixed(&mut out)?;
        ask.kind.to_string().encode(&mut out)?;
        text(ask.key_id.as_ref()).encode(&mut out)?;
        text(ask.principals.as_ref()).encode(&mut out)?;
        ask.validity_as_asked.encode(&mut out)?;
        for options in [ask.options.critical(), ask.options.extensions()] {
            encode_options(options, &mut out)?;
        }
        ask.serial.map_or(0, Serial::number).encode(&mut out)?;
        ask.options.left_out().encode(&mut out)?;
        ask.role.as_str().encode(&mut out)?;
        requester.name().as_str().encode(&mut out)?;
        text(ask.reason.as_ref()).encode(&mut out)?;
        proof.encode(&mut out)?;
        Ok(RequestDigest(Sha256::digest(&out).into()))
    }
}

impl RequestDigest {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn encode_options(
    options: &BTreeMap<String, String>,
    out: &mut Vec<u8>,
) -> Result<(), ssh_encoding::Error> {
    options.len().encode(out)?;
    for (name, value) in options {
        name.encode(out)?;
        value.encode(out)?;
    }
    Ok(())
}

/// Nothing that can be asked is empty, so empty is what was not said.
fn text(asked: Option<&impl ToString>) -> String {
    asked.map(ToString::to_string).unwrap_or_default()
}
