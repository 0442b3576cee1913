//! The ways from a device's certificate up to a root.

use super::authority::{Anchor, Authority};
use super::{Purpose, Role};
use crate::attestation::chain::ChainError;
use crate::attestation::x509::X509;

/// The certificates among which a path is looked for.
pub(super) struct Search<'a> {
    pub(super) known: Vec<&'a Authority>,
    pub(super) purpose: Purpose,
}

impl Search<'_> {
    /// The root above `child`, by one of the paths that there are.
    ///
    /// `below` counts the authorities from `child` down.
    pub(super) fn anchor(&self, child: &X509, below: u8) -> Result<Anchor, ChainError> {
        let unknown = unknown_issuer(child);
        let mut fault = unknown.clone();
        for path in PATHS {
            match self.climb(child, below, path) {
                Ok(anchor) => return Ok(anchor),
                Err(further) if further != unknown => fault = further,
                Err(_same) => {}
            }
        }
        Err(fault)
    }

    /// Goes up from `child`, a certificate for each place of `path`.
    fn climb(&self, child: &X509, below: u8, path: &[Role]) -> Result<Anchor, ChainError> {
        let Some((role, rest)) = path.split_first() else {
            return Err(unknown_issuer(child));
        };
        let issuer = self.issuer(child, below, *role)?;
        match rest {
            [] => Ok(issuer.anchor()),
            rest => self.climb(&issuer.certificate, below.saturating_add(1), rest),
        }
    }

    /// Two can bear one name, such as a root that was issued anew for the same key.
    fn issuer(&self, child: &X509, below: u8, role: Role) -> Result<&Authority, ChainError> {
        let mut fault = unknown_issuer(child);
        for authority in &self.known {
            let listed = &authority.listed;
            let serves = listed.role == role && listed.vouches_for.contains(&self.purpose);
            if !serves || !child.names_as_issuer(&authority.certificate) {
                continue;
            }
            match authority.may_have_issued(child, below) {
                Ok(()) => return Ok(authority),
                Err(error) => fault = error,
            }
        }
        Err(fault)
    }
}

fn unknown_issuer(child: &X509) -> ChainError {
    ChainError::UnknownIssuer {
        subject: child.subject(),
        issuer: child.issuer(),
    }
}

/// Every path there is from a device's certificate upwards. A path of any length would let a
/// user's own key in a slot issue what looks like an attestation.
const PATHS: [&[Role]; 5] = [
    &[Role::Root],
    &[Role::Lower, Role::Upper, Role::TopRoot],
    &[Role::PrivateRoot],
    &[Role::PrivateIntermediate, Role::PrivateRoot],
    &[
        Role::PrivateIntermediate,
        Role::PrivateIntermediate,
        Role::PrivateRoot,
    ],
];
