//! The message that a CA key signs, and the certificate that comes of it.

use std::cell::RefCell;
use std::error::Error;

use ssh_encoding::Encode;
use ssh_key::Signature;
use ssh_key::certificate::{Builder, CertType};
use ssh_key::public::KeyData;

use super::{Body, Kind, Serial};
use crate::wire::verify;

/// A certificate up to its signature: exactly what the CA key signs.
///
/// Made by [`Body::to_be_signed`] alone. An SSH CA signature has no domain separation, so a
/// signer is given nothing else.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ToBeSigned {
    bytes: Vec<u8>,
}

impl ToBeSigned {
    /// The message.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The certificate in wire form: the message, then the signature as a string.
    ///
    /// It is believed only once [`verify()`](super::verify()) has read it back.
    #[must_use]
    pub fn with_signature(&self, signature: &Signature) -> Vec<u8> {
        let mut blob = self.bytes.clone();
        if signature.encode_prefixed(&mut blob).is_err() {
            // No signature has this form; without one, the blob does not verify.
            blob.truncate(self.bytes.len());
        }
        blob
    }
}

impl Body {
    /// The message that the CA key has to sign for this body.
    ///
    /// # Errors
    /// If the CA key may not sign certificates, or the body does not fit its kind.
    pub fn to_be_signed(
        &self,
        serial: Serial,
        nonce: &[u8; 32],
        ca: &KeyData,
    ) -> Result<ToBeSigned, EncodeError> {
        if let (Kind::User, Some(principal)) = (self.kind, self.principals.wildcard()) {
            return Err(EncodeError::Wildcard(principal.to_string()));
        }
        if !verify::is_ca_key(ca) {
            return Err(EncodeError::CaKey(ca.algorithm().to_string()));
        }
        if ca == self.subject.key() {
            return Err(EncodeError::CaIsSubject);
        }
        let recorder = Recorder {
            ca,
            message: RefCell::default(),
        };
        let built = self.builder(serial, nonce).and_then(|b| b.sign(&recorder));
        match (recorder.message.into_inner(), built) {
            (Some(bytes), _) => Ok(ToBeSigned { bytes }),
            (None, Err(error)) => Err(EncodeError::Builder(Box::new(error))),
            (None, Ok(_)) => Err(EncodeError::Unsigned),
        }
    }

    fn builder(&self, serial: Serial, nonce: &[u8; 32]) -> ssh_key::Result<Builder> {
        let mut builder = Builder::new(
            nonce,
            self.subject.key().clone(),
            self.validity.valid_after(),
            self.validity.valid_before(),
        )?;
        builder
            .serial(serial.number())?
            .cert_type(self.kind.into())?
            .key_id(self.key_id.as_str())?;
        for principal in self.principals.iter() {
            builder.valid_principal(principal.as_str())?;
        }
        for (name, value) in self.options.critical() {
            builder.critical_option(name, value)?;
        }
        for (name, value) in self.options.extensions() {
            builder.extension(name, value)?;
        }
        Ok(builder)
    }
}

/// Why there is nothing to sign.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// Principals that were parsed for a host, in the body of a user certificate.
    #[error("principal {0} has a wildcard, which only a host certificate may have")]
    Wildcard(String),
    /// A CA key is RSA of at least 2048 bits, ECDSA or Ed25519.
    #[error("this {0} key cannot be a CA key")]
    CaKey(String),
    /// A CA key does not certify itself.
    #[error("the key to be certified is the CA key")]
    CaIsSubject,
    /// What ssh-key says, for what it does not encode.
    #[error("certificate cannot be encoded")]
    Builder(#[source] Box<dyn Error + Send + Sync>),
    /// ssh-key built a certificate without asking for a signature.
    #[error("certificate was built without a signature")]
    Unsigned,
}

impl From<Kind> for CertType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::User => Self::User,
            Kind::Host => Self::Host,
        }
    }
}

/// A signer that writes down what it should sign, and refuses to.
///
/// ssh-key encodes the to-be-signed part, but shows it to a signer alone.
struct Recorder<'a> {
    ca: &'a KeyData,
    message: RefCell<Option<Vec<u8>>>,
}

impl signature::Signer<Signature> for Recorder<'_> {
    fn try_sign(&self, message: &[u8]) -> Result<Signature, signature::Error> {
        self.message.replace(Some(message.to_vec()));
        Err(signature::Error::new())
    }
}

impl From<&Recorder<'_>> for KeyData {
    fn from(recorder: &Recorder<'_>) -> Self {
        recorder.ca.clone()
    }
}
