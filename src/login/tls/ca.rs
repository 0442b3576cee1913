//! The CA whose certificates people log in with.

use sha2::{Digest as _, Sha256};
use x509_cert::der::Encode as _;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};

use super::CertificateError;
use super::parts::Parts;
use crate::wire::hex;

/// A client CA, as its own certificate has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCa {
    issuer: String,
    subject: String,
    subject_der: Vec<u8>,
    valid_after: u64,
    over_at: u64,
}

/// Why a certificate is none of a client CA.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientCaError {
    /// It can't be read.
    #[error("it is not in its form: {0}")]
    Form(Box<CertificateError>),
    /// It is somebody's, and not a CA's.
    #[error(
        "it is of no CA: its basic constraints don't say CA:TRUE, or its key may not sign certificates"
    )]
    NoCa,
}

impl ClientCa {
    /// The CA of a certificate in DER.
    ///
    /// # Errors
    /// [`ClientCaError`].
    pub fn of(der: &[u8]) -> Result<Self, ClientCaError> {
        let form = |error| ClientCaError::Form(Box::new(error));
        let parts = Parts::read(der).map_err(form)?;
        let basic = parts.extension::<BasicConstraints>().map_err(form)?;
        let usage = parts.extension::<KeyUsage>().map_err(form)?;
        let may_sign = usage.is_none_or(|usage| usage.0.contains(KeyUsages::KeyCertSign));
        if !basic.is_some_and(|basic| basic.ca) || !may_sign {
            return Err(ClientCaError::NoCa);
        }
        let inner = parts.certificate.tbs_certificate();
        let encoded = |error| form(CertificateError::Form(error));
        let key = inner.subject_public_key_info().to_der();
        let key = Sha256::digest(key.map_err(encoded)?);
        Ok(Self {
            issuer: format!("{ISSUER}{}", hex(&key)),
            subject: inner.subject().to_string(),
            subject_der: inner.subject().to_der().map_err(encoded)?,
            valid_after: parts.valid_after,
            over_at: parts.over_at,
        })
    }

    /// What its people are bound with: the SHA-256 of its public key, which a renewed certificate keeps.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Its name, as RFC 4514 writes it.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Its name, in DER.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        &self.subject_der
    }

    /// Whether its own certificate counts at a time in Unix seconds.
    #[must_use]
    pub fn counts(&self, now: u64) -> bool {
        (self.valid_after..self.over_at).contains(&now)
    }
}

const ISSUER: &str = "client-ca:sha256:";
