//! One certificate that may stand above a device's, by its pin or by the admin's word.

use sha2::{Digest as _, Sha256};

use super::pins::{PINS, Pin};
use super::{Family, Listed, Purpose, Role, RootFingerprint, Trust};
use crate::attestation::chain::{ChainError, Unmarked, issued, may_issue, refuse_unknown_critical};
use crate::attestation::x509::X509;

/// A certificate that may stand above a device's, and what it counts for.
#[derive(Clone, Debug)]
pub(super) struct Authority {
    pub(super) fingerprint: RootFingerprint,
    pub(super) certificate: X509,
    pub(super) listed: Listed,
}

/// Where a path ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::attestation) struct Anchor {
    pub(in crate::attestation) name: String,
    /// Whose serials it vouches for.
    pub(in crate::attestation) family: Family,
    /// Whether keys of other applets are attested right below it too.
    pub(in crate::attestation) shared: bool,
    /// Whether it is a root of Yubico's cards before firmware 5.7.4, whose two known faults
    /// are taken.
    pub(in crate::attestation) of_old_cards: bool,
}

impl Authority {
    pub(super) fn of(certificate: &X509, trust: Trust) -> Self {
        let fingerprint = RootFingerprint(Sha256::digest(certificate.der()).into());
        let sha256 = base16ct::upper::encode_string(&fingerprint.0);
        let pin = PINS.iter().find(|pin| pin.sha256 == sha256);
        let (role, vouches_for): (_, &'static [_]) = match (pin, trust) {
            (Some(Pin { role, serves, .. }), _) => (*role, *serves),
            (None, Trust::Pinned) => (Role::Unknown, &[]),
            (None, Trust::Private) if issued(certificate, certificate).is_ok() => {
                (Role::PrivateRoot, ALL)
            }
            (None, Trust::Private) => (Role::PrivateIntermediate, ALL),
        };
        Self {
            fingerprint,
            listed: Listed {
                subject: certificate.subject(),
                sha256,
                pin: pin.map(|pin| pin.name),
                role,
                vouches_for,
            },
            certificate: certificate.clone(),
        }
    }

    pub(super) fn is_intermediate(&self) -> bool {
        matches!(self.listed.role, Role::Upper | Role::Lower)
    }

    /// What a pinned root may issue is what the table of pins says: one of them was made for
    /// FIDO, says that no authority may stand below it, and yet is the root of some cards' f9.
    pub(super) fn may_have_issued(&self, child: &X509, below: u8) -> Result<(), ChainError> {
        if !matches!(self.listed.role, Role::Root | Role::TopRoot) {
            refuse_unknown_critical(&self.certificate, &[])?;
            may_issue(&self.certificate, below, Unmarked::Refused)?;
        }
        issued(child, &self.certificate)
    }

    pub(super) fn anchor(&self) -> Anchor {
        match self.listed.pin {
            Some(name) => Anchor {
                name: name.to_owned(),
                family: Family::Yubico,
                shared: self.listed.role == Role::Root && self.listed.vouches_for == ALL,
                of_old_cards: self.listed.role == Role::Root,
            },
            None => Anchor {
                name: self.listed.subject.clone(),
                family: Family::Private(self.fingerprint.0),
                shared: false,
                of_old_cards: false,
            },
        }
    }
}

const ALL: &[Purpose] = &[Purpose::Piv, Purpose::Fido];
