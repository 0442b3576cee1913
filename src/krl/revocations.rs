//! What is to be revoked, as it is gathered.

use std::collections::BTreeMap;
use std::ffi::CStr;

use super::certificate::Subject;
use super::serials::{SerialRange, SerialRangeError, Serials};
use super::strings::Strings;
use crate::wire::PublicKey;

/// Revocations in the order they come in; [`super::Krl::new`] makes them a KRL.
///
/// Adding is cheap and in any order, and adding twice changes nothing. Where a CA
/// is asked for, `None` is every CA: such a revocation hits a certificate whoever
/// signed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revocations {
    pub(super) authorities: BTreeMap<Option<PublicKey>, Authority>,
    pub(super) keys: Strings,
    pub(super) sha1s: Vec<[u8; 20]>,
    pub(super) sha256s: Vec<[u8; 32]>,
}

impl Revocations {
    /// Revokes certificates by their serials.
    pub fn revoke_serials(&mut self, ca: Option<&PublicKey>, serials: SerialRange) {
        self.authority(ca).serials.push(serials);
    }

    /// Revokes certificates by their key ID.
    pub fn revoke_key_id(&mut self, ca: Option<&PublicKey>, key_id: &CStr) {
        self.authority(ca).key_ids.push(key_id.to_bytes());
    }

    /// Revokes a key: the plain key, every certificate for it, and, if it is a
    /// CA's, every certificate by it.
    pub fn revoke_key(&mut self, key: &PublicKey) {
        self.keys.push(key.as_blob());
    }

    /// Revokes a key, as [`Self::revoke_key`] does, by its SHA-1 fingerprint.
    pub fn revoke_sha1(&mut self, fingerprint: [u8; 20]) {
        self.sha1s.push(fingerprint);
    }

    /// Revokes a key, as [`Self::revoke_key`] does, by its SHA-256 fingerprint.
    pub fn revoke_sha256(&mut self, fingerprint: [u8; 32]) {
        self.sha256s.push(fingerprint);
    }

    /// Revokes a key, or a certificate by its CA and its serial; by its key ID if
    /// it has no serial.
    pub fn revoke(&mut self, subject: &Subject) {
        match subject {
            Subject::Key(key) => self.revoke_key(key),
            Subject::Certificate(certificate) => {
                let ca = Some(&certificate.ca);
                match SerialRange::one(certificate.serial) {
                    Ok(serial) => self.revoke_serials(ca, serial),
                    Err(SerialRangeError::Zero | SerialRangeError::Backwards { .. }) => {
                        self.revoke_key_id(ca, &certificate.key_id);
                    }
                }
            }
        }
    }

    /// What is revoked of one CA's certificates, or of every CA's.
    pub(super) fn authority(&mut self, ca: Option<&PublicKey>) -> &mut Authority {
        let place = self.authorities.len();
        self.authorities
            .entry(ca.cloned())
            .or_insert_with(|| Authority::new(ca.cloned(), place))
    }

    /// Sorts each list, and drops repeats and authorities of which nothing is revoked.
    pub(super) fn settle(&mut self) {
        self.authorities
            .retain(|_, authority| !authority.is_empty());
        let mut authorities: Vec<_> = self.authorities.values_mut().collect();
        authorities.sort_unstable_by_key(|authority| authority.place);
        for (place, authority) in authorities.into_iter().enumerate() {
            authority.place = place;
            authority.settle();
        }
        self.keys.settle();
        settle(&mut self.sha1s);
        settle(&mut self.sha256s);
    }
}

/// What a KRL revokes of one CA's certificates, or of every CA's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    ca: Option<PublicKey>,
    /// How many authorities came before this one: a KRL keeps their order.
    pub(super) place: usize,
    pub(super) serials: Serials,
    pub(super) key_ids: Strings,
}

impl Authority {
    fn new(ca: Option<PublicKey>, place: usize) -> Self {
        Self {
            ca,
            place,
            serials: Serials::default(),
            key_ids: Strings::default(),
        }
    }

    fn is_empty(&self) -> bool {
        self.serials.is_empty() && self.key_ids.is_empty()
    }

    fn settle(&mut self) {
        self.serials.settle();
        self.key_ids.settle();
    }

    /// The CA whose certificates are meant; `None` for every CA's.
    pub fn ca(&self) -> Option<&PublicKey> {
        self.ca.as_ref()
    }

    /// The revoked serials.
    pub fn serials(&self) -> &Serials {
        &self.serials
    }

    /// The revoked key IDs, in the order of their bytes; none has a NUL in it.
    pub fn key_ids(&self) -> &Strings {
        &self.key_ids
    }
}

fn settle<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}
