//! What makes one certificate the rightful issuer of the next.
//!
//! No date is looked at. Those of an attestation are copies of those of the attestation key's
//! certificate, which are the same for years of cards: they don't say when the key was made,
//! and so nothing of freshness; and evidence must verify in ten years as it does today.
//! Freshness is the business of the proof of possession; trust ends when a root is taken out
//! of the config.

use x509_cert::der::Decode;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};

pub(super) use super::chain_error::ChainError;
use super::x509::X509;

/// What a certificate without basic constraints is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unmarked {
    /// No authority (RFC 5280, 4.2.1.9).
    Refused,
    /// Taken for one: slot f9 of firmware 5.2.4 and its like, and nothing else.
    Tolerated,
}

/// `issuer` has the name that `child` gives, and signed it.
pub(super) fn issued(child: &X509, issuer: &X509) -> Result<(), ChainError> {
    if !child.names_as_issuer(issuer) {
        return Err(ChainError::OtherIssuer {
            subject: child.subject(),
            issuer: child.issuer(),
            given: issuer.subject(),
        });
    }
    issuer.signed(child)
}

/// `certificate` may issue, with `below` authorities between it and the last certificate.
pub(super) fn may_issue(
    certificate: &X509,
    below: u8,
    unmarked: Unmarked,
) -> Result<(), ChainError> {
    let no_authority = || ChainError::NoAuthority(certificate.subject());
    match basic_constraints(certificate)? {
        None if unmarked == Unmarked::Tolerated => {}
        Some(constraints) if constraints.ca => match constraints.path_len_constraint {
            Some(limit) if limit < below => {
                return Err(ChainError::TooLong {
                    subject: certificate.subject(),
                    limit,
                    below,
                });
            }
            _ => {}
        },
        _ => return Err(no_authority()),
    }
    match key_usage(certificate)? {
        Some(usage) if !usage.0.contains(KeyUsages::KeyCertSign) => Err(no_authority()),
        _ => Ok(()),
    }
}

/// `certificate` is about a key, and no authority.
pub(super) fn is_leaf(certificate: &X509) -> Result<(), ChainError> {
    let authority = ChainError::Authority(certificate.subject());
    if basic_constraints(certificate)?.is_some_and(|constraints| constraints.ca) {
        return Err(authority);
    }
    match key_usage(certificate)? {
        Some(usage) if usage.0.contains(KeyUsages::KeyCertSign) => Err(authority),
        _ => Ok(()),
    }
}

/// Every critical extension is one of X.509's that are read here, or one of `known`.
pub(super) fn refuse_unknown_critical(
    certificate: &X509,
    known: &[ObjectIdentifier],
) -> Result<(), ChainError> {
    let read = |oid| oid == BASIC_CONSTRAINTS || oid == KEY_USAGE || known.contains(&oid);
    let mut extensions = certificate.extensions().iter();
    match extensions.find(|one| one.critical && !read(one.extn_id)) {
        None => Ok(()),
        Some(extension) => Err(ChainError::Critical {
            oid: extension.extn_id.to_string(),
            subject: certificate.subject(),
        }),
    }
}

/// The error for an extension that is not in its form.
pub(super) fn malformed(certificate: &X509, oid: ObjectIdentifier) -> ChainError {
    ChainError::Extension {
        oid: oid.to_string(),
        subject: certificate.subject(),
    }
}

fn basic_constraints(certificate: &X509) -> Result<Option<BasicConstraints>, ChainError> {
    decoded(certificate, BASIC_CONSTRAINTS)
}

fn key_usage(certificate: &X509) -> Result<Option<KeyUsage>, ChainError> {
    decoded(certificate, KEY_USAGE)
}

fn decoded<'a, T>(certificate: &'a X509, oid: ObjectIdentifier) -> Result<Option<T>, ChainError>
where
    T: Decode<'a>,
{
    let value = certificate.extension(oid).map(T::from_der).transpose();
    value.map_err(|_form| malformed(certificate, oid))
}

const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
