//! Reads a signed certificate back, and believes it only if all of it is what was meant.
//!
//! The step between signing and recording. The reader is not the code that built the
//! certificate, so that a fault of one shows.

use ssh_encoding::Encode;
use ssh_key::Signature;
use ssh_key::public::KeyData;

use super::line::certificate_line;
use super::{Body, Options, Serial};
use crate::wire::RawCertificate;
use crate::wire::certificate::{OptionValue, RawOption, ReadError};
use crate::wire::verify::{SignatureError, verify_signature};

/// A certificate that was read back, whose signature is the CA's, and which says what its body
/// says and nothing else.
///
/// Made by [`verify()`] alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    raw: RawCertificate,
}

impl Certificate {
    /// The certificate in wire form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.raw.blob()
    }

    /// The line of a `-cert.pub` file, without a line break.
    ///
    /// Characters of the comment that could end the line or hide in it become `?`.
    #[must_use]
    pub fn to_openssh(&self, comment: &str) -> String {
        certificate_line(&self.raw, comment)
    }

    /// The fields of the certificate.
    #[must_use]
    pub fn raw(&self) -> &RawCertificate {
        &self.raw
    }
}

/// Believes a certificate, if it is what the CA was asked to sign.
///
/// # Errors
/// If it cannot be read, a field differs from the body, serial or CA, or the signature is not
/// the CA's. The certificate must not be released then.
pub fn verify(
    blob: &[u8],
    body: &Body,
    serial: Serial,
    ca: &KeyData,
) -> Result<Certificate, VerifyError> {
    let raw = RawCertificate::from_blob(blob)?;
    compare(&raw, body, serial, ca)?;
    let signature =
        Signature::try_from(raw.signature()).map_err(|_malformed| SignatureError::Malformed)?;
    if signature.encode_vec().as_deref() != Ok(raw.signature()) {
        return Err(SignatureError::Malformed.into());
    }
    verify_signature(raw.signed(), &signature, ca)?;
    Ok(Certificate { raw })
}

/// Why a signed certificate is not believed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VerifyError {
    /// It is no certificate.
    #[error("signed certificate cannot be read back")]
    Read(#[from] ReadError),
    /// A field says something else than was decided.
    #[error("signed certificate has another {0} than was decided")]
    Differs(&'static str),
    /// It is not the CA's signature.
    #[error("signature of the certificate is not valid")]
    Signature(#[from] SignatureError),
}

/// Every field, in the order of PROTOCOL.certkeys.
fn compare(
    raw: &RawCertificate,
    body: &Body,
    serial: Serial,
    ca: &KeyData,
) -> Result<(), VerifyError> {
    let checks = [
        (
            "type",
            raw.algorithm() == body.subject.key().algorithm().to_certificate_type(),
        ),
        ("nonce length", raw.nonce().len() == NONCE_LEN),
        ("public key", is_key(raw.public_key(), body.subject.key())),
        ("serial", raw.serial() == serial.number()),
        ("kind", raw.kind() == body.kind.code()),
        ("key ID", raw.key_id() == body.key_id.as_str().as_bytes()),
        ("list of principals", has_principals(raw, body)),
        (
            "begin of validity",
            raw.valid_after() == body.validity.valid_after(),
        ),
        (
            "end of validity",
            raw.valid_before() == body.validity.valid_before(),
        ),
        (
            "list of critical options",
            are_options(raw.critical(), body.options.critical()),
        ),
        (
            "list of extensions",
            are_options(raw.extensions(), body.options.extensions()),
        ),
        ("reserved field", raw.reserved().is_empty()),
        ("CA key", is_key(raw.ca_key(), ca)),
    ];
    match checks.iter().find(|(_, equal)| !equal) {
        Some((field, _)) => Err(VerifyError::Differs(field)),
        None => Ok(()),
    }
}

fn is_key(blob: &[u8], key: &KeyData) -> bool {
    key.encode_vec().as_deref() == Ok(blob)
}

fn has_principals(raw: &RawCertificate, body: &Body) -> bool {
    let meant = body.principals.iter().map(|name| name.as_str().as_bytes());
    raw.principals().iter().map(Vec::as_slice).eq(meant)
}

impl Options {
    /// Whether a certificate has these options, and no others.
    #[must_use]
    pub fn are_those_of(&self, raw: &RawCertificate) -> bool {
        are_options(raw.critical(), self.critical())
            && are_options(raw.extensions(), self.extensions())
    }
}

/// A `BTreeMap` is in the order of bytes, which OpenSSH wants.
fn are_options(raw: &[RawOption], meant: &std::collections::BTreeMap<String, String>) -> bool {
    let meant = meant.iter().map(|(name, value)| match value.as_bytes() {
        [] => (name.as_bytes(), OptionValue::Flag),
        value => (name.as_bytes(), OptionValue::Value(value)),
    });
    raw.iter()
        .map(|option| (option.name(), option.value()))
        .eq(meant)
}

/// How many bytes OpenSSH makes a nonce of.
const NONCE_LEN: usize = 32;
