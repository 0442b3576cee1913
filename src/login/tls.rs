//! Who a client certificate says that somebody is, which they showed in TLS (RFC 5280).
//!
//! Whoever has the connection sees that the private key is there, and that the chain ends at the client CA of the
//! login method. What such a certificate may say is decided here, at each login: what it is for, when it counts, and
//! the one name in it that the method goes by. A certificate is no authority's, and is made for clients by its own
//! word: those of servers, and those that say nothing of it, are refused, though a TLS library may take them.

mod ca;
mod names;
mod parts;

pub use ca::{ClientCa, ClientCaError};
pub use names::{CertificateNames, CertificateNamesError, NameError};

use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
};

use self::parts::Parts;
use super::names::Allowed;
use super::{Login, LoginKind, LoginSubject, MethodName};
use crate::request::RequesterName;

/// Somebody whom a certificate names, and who has its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    subject: LoginSubject,
    name: RequesterName,
    over_at: u64,
}

/// What a certificate is held against.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'e> {
    /// The client CA, by the name that its people are bound with.
    pub issuer: &'e str,
    /// Which name in it says who it is.
    pub names: &'e CertificateNames,
    /// In Unix seconds.
    pub now: u64,
}

/// Why a certificate lets nobody in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// It is no certificate, or one that is written in another way than DER wants.
    #[error("the client certificate is not in its form: {0}")]
    Form(x509_cert::der::Error),
    /// Nobody's is so large.
    #[error("the client certificate has {0} bytes, and one of at most {LARGEST} is taken")]
    TooLarge(usize),
    /// Versions before can't say what they are for.
    #[error("the client certificate is not of version 3")]
    Version,
    /// It could be read in two ways.
    #[error("the client certificate has the extension {0} twice")]
    Twice(String),
    /// It says something that must be understood.
    #[error("the client certificate has the critical extension {0}, which is not known here")]
    Critical(String),
    /// It is for later.
    #[error("the client certificate is not valid yet")]
    Early,
    /// It was for earlier.
    #[error("the client certificate is over")]
    Over,
    /// It is for issuing others.
    #[error("the client certificate is a CA's own, and none that somebody logs in with")]
    Authority,
    /// It is not for clients.
    #[error(
        "the client certificate is not for clients: its extended key usage has to name clientAuth"
    )]
    NotForClients,
    /// It is not for signing, which a login does.
    #[error(
        "the client certificate is not for signing: its key usage has to name digitalSignature"
    )]
    NotForSigning,
    /// It names nobody, or more than one.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl Person {
    /// Who it is whose certificate was shown, in DER.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn of(der: &[u8], expected: &Expected<'_>) -> Result<Self, CertificateError> {
        let certificate = Parts::read(der)?;
        certificate.refuse_unknown_critical(&KNOWN)?;
        if expected.now < certificate.valid_after {
            return Err(CertificateError::Early);
        }
        if expected.now >= certificate.over_at {
            return Err(CertificateError::Over);
        }
        is_for_clients(&certificate)?;
        let alternative = certificate.extension::<SubjectAltName>()?;
        let alternative = alternative.map(|names| names.0).unwrap_or_default();
        let (subject, name) = expected.names.of(&alternative)?;
        Ok(Self {
            subject: LoginSubject {
                issuer: expected.issuer.to_owned(),
                subject,
            },
            name,
            over_at: certificate.over_at,
        })
    }

    /// Who it is to the client CA.
    #[must_use]
    pub fn subject(&self) -> &LoginSubject {
        &self.subject
    }

    /// Who it is here.
    #[must_use]
    pub fn name(&self) -> &RequesterName {
        &self.name
    }

    /// The first second in which the certificate is over, in Unix seconds.
    #[must_use]
    pub fn over_at(&self) -> u64 {
        self.over_at
    }

    /// The login of somebody who may have their name, at a time in Unix seconds.
    #[must_use]
    pub fn login(self, method: &MethodName, _may_have_it: Allowed, now: u64) -> Login {
        Login {
            method: method.clone(),
            kind: LoginKind::Tls,
            name: self.name,
            subject: Some(self.subject),
            groups: Vec::new(),
            authenticated_at: Some(now),
            amr: Vec::new(),
            acr: None,
        }
    }
}

fn is_for_clients(certificate: &Parts) -> Result<(), CertificateError> {
    let basic = certificate.extension::<BasicConstraints>()?;
    let usage = certificate.extension::<KeyUsage>()?;
    let issues = usage.as_ref().is_some_and(|usage| {
        usage.0.contains(KeyUsages::KeyCertSign) || usage.0.contains(KeyUsages::CRLSign)
    });
    if basic.is_some_and(|basic| basic.ca) || issues {
        return Err(CertificateError::Authority);
    }
    // "Any usage" names none.
    let purposes = certificate.extension::<ExtendedKeyUsage>()?;
    if !purposes.is_some_and(|purposes| purposes.0.contains(&CLIENT_AUTH)) {
        return Err(CertificateError::NotForClients);
    }
    match usage {
        Some(usage) if !usage.0.contains(KeyUsages::DigitalSignature) => {
            Err(CertificateError::NotForSigning)
        }
        _ => Ok(()),
    }
}

/// In bytes.
const LARGEST: usize = 16 * 1024;
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
/// Basic constraints, key usage, extended key usage, alternative names, and policies, which say under which
/// rules it was issued.
const KNOWN: [ObjectIdentifier; 5] = [
    ObjectIdentifier::new_unwrap("2.5.29.19"),
    ObjectIdentifier::new_unwrap("2.5.29.15"),
    ObjectIdentifier::new_unwrap("2.5.29.37"),
    ObjectIdentifier::new_unwrap("2.5.29.17"),
    ObjectIdentifier::new_unwrap("2.5.29.32"),
];

#[cfg(test)]
mod tests;
