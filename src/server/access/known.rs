//! Whether a certificate is one that its CA's ledger knows: for the accounts of `@known`.

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
    /// What was told is too old or isn't there, and this is one for emergencies.
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
