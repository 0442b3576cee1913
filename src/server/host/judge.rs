//! Whether a certificate may be put beside a host key.

use ssh_key::public::KeyData;

use super::HostKey;
use crate::certificate::explain::utc;
use crate::certificate::subject::fingerprint;
use crate::wire::{PublicKey, RawCertificate, verify};

/// What a host certificate must be, to be put in place.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The keys of the host CAs, one of which must have signed it.
    pub cas: Vec<KeyData>,
    /// The names that clients type, each of which it must be valid for.
    pub names: Vec<String>,
    /// The clock, in Unix seconds.
    pub now: u64,
}

/// Why a host certificate is not put in place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostRefusal {
    /// It is of no key that sshd shows.
    #[error("it is of key {0}, which is no host key of this sshd")]
    OtherKey(String),
    /// It is a user's.
    #[error("it is no host certificate")]
    NotHost,
    /// Another CA signed it.
    #[error("it is signed by {0}, which is none of the host CAs that were named")]
    OtherCa(String),
    /// The signature isn't its CA's.
    #[error("its signature is not its CA's: {0}")]
    Signature(String),
    /// A name that clients type is missing.
    #[error("it is not valid for `{0}`")]
    Name(String),
    /// Its time hasn't come, or is over.
    #[error("it is valid from {} to {}, and it is {}", utc(*from), utc(*to), utc(*now))]
    Dates {
        /// The first second.
        from: u64,
        /// The first second after the last.
        to: u64,
        /// The clock.
        now: u64,
    },
    /// Clients refuse such.
    #[error("it has a critical option, and clients refuse such a host certificate")]
    CriticalOption,
    /// The one that is there is valid for longer.
    #[error("the one that is there is valid until {}, and this one until {}", utc(*there), utc(*this))]
    Older {
        /// When the one that is there ends.
        there: u64,
        /// When this one ends.
        this: u64,
    },
}

/// The host key that a certificate belongs beside.
///
/// # Errors
/// [`HostRefusal`].
pub fn judge<'k>(
    certificate: &RawCertificate,
    keys: &'k [HostKey],
    expected: &Expected,
) -> Result<&'k HostKey, HostRefusal> {
    let own = certificate.subject_key();
    let key = keys.iter().find(|key| Some(&key.key) == own.as_ref());
    let key = key.ok_or_else(|| HostRefusal::OtherKey(print(own.as_ref())))?;
    if certificate.kind() != HOST {
        return Err(HostRefusal::NotHost);
    }
    signed(certificate, expected)?;
    named(certificate, expected)?;
    let (from, to, now) = (
        certificate.valid_after(),
        certificate.valid_before(),
        expected.now,
    );
    if now < from || now >= to {
        return Err(HostRefusal::Dates { from, to, now });
    }
    if !certificate.critical().is_empty() {
        return Err(HostRefusal::CriticalOption);
    }
    Ok(key)
}

fn signed(certificate: &RawCertificate, expected: &Expected) -> Result<(), HostRefusal> {
    let ca = certificate.signing_key();
    if !expected.cas.iter().any(|known| Some(known) == ca.as_ref()) {
        return Err(HostRefusal::OtherCa(print(ca.as_ref())));
    }
    let wrong = |error: &dyn std::fmt::Display| HostRefusal::Signature(error.to_string());
    let ca = PublicKey::from_blob(certificate.ca_key()).map_err(|error| wrong(&error))?;
    let checked = verify::verify_by_any(certificate.signed(), certificate.signature(), &ca);
    checked.map_err(|error| wrong(&error))
}

fn named(certificate: &RawCertificate, expected: &Expected) -> Result<(), HostRefusal> {
    let listed = |name: &String| {
        let mut principals = certificate.principals().iter();
        principals.any(|principal| principal == name.as_bytes())
    };
    match expected.names.iter().find(|name| !listed(name)) {
        Some(name) => Err(HostRefusal::Name(name.clone())),
        None => Ok(()),
    }
}

fn print(key: Option<&KeyData>) -> String {
    key.map_or_else(|| "a key in an unknown form".to_owned(), fingerprint)
}

/// PROTOCOL.certkeys, "type".
const HOST: u32 = 2;
