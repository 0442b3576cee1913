//! Whether a certificate is one that its CA's ledger knows: for the accounts of `@known`.
//!
//! A CA publishes the digests of its certificates as a file (`docs/formats/known.md`): a
//! [`KnownHeader`], then the digests in order. [`KnownList`] holds one whole; what runs inside a
//! login reads the header and looks for one digest ([`Told`](super::login)).

mod header;
mod list;

pub use self::header::{KNOWN_HEADER_BYTES_MAX, KnownError, KnownHeader};
pub(super) use self::list::Digest;
pub use self::list::{KNOWN_BYTES_MAX, KnownList};
use super::presented::Presented;

/// What a server has been told of a CA's certificates.
pub trait KnownCertificates {
    /// Where a certificate of the CA that the list names `ca` stands, by what is at most
    /// `seconds_max` old.
    fn standing(&self, ca: &str, certificate: &Presented, seconds_max: u64) -> Standing;
}

/// Where a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its ledger knows it.
    Known,
    /// Its ledger doesn't: somebody signed it past the ledger, or it was revoked.
    Unknown,
    /// What was told is too old, and marks this one as one for emergencies.
    Emergency,
    /// What was told is too old or isn't there.
    NotTold,
}

/// A server that was told nothing: it knows no certificate, and none for emergencies.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoneKnown;

impl KnownCertificates for NoneKnown {
    fn standing(&self, _ca: &str, _certificate: &Presented, _seconds_max: u64) -> Standing {
        Standing::NotTold
    }
}

/// Where a certificate stands by a file of this header, at this Unix second. `among` tells whether
/// its digest is one of all, or of those for emergencies.
pub(super) fn standing_by(
    header: &KnownHeader,
    now: u64,
    certificate: &Presented,
    seconds_max: u64,
    among: &dyn Fn(Part, &Digest) -> bool,
) -> Standing {
    if header.ca() != certificate.ca() {
        return Standing::NotTold;
    }
    let fresh = header.age(now).is_some_and(|age| age <= seconds_max);
    let part = if fresh { Part::All } else { Part::Emergency };
    match (part, among(part, certificate.digest())) {
        (Part::All, true) => Standing::Known,
        (Part::All, false) => Standing::Unknown,
        (Part::Emergency, true) => Standing::Emergency,
        (Part::Emergency, false) => Standing::NotTold,
    }
}

/// The two parts of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Every certificate that counts.
    All,
    /// Those of them that are for emergencies.
    Emergency,
}

/// The name of the file of a CA, beside the access list.
#[must_use]
pub fn file_name(ca: &str) -> String {
    format!("{ca}.known")
}
