//! Whether a certificate counts as revoked, by which rule, since when and why: for whoever
//! looks at what the ledger holds.
//!
//! Two ways lead to the same answer: [`Ledger::revocation_of`] looks up one certificate by the
//! index, and [`RevokedSet`](super::RevokedSet) holds all revocations at once, for a walk over many.

use serde::Serialize;

use super::Ledger;
use super::revocations::authorities;
use crate::certificate::Serial;
use crate::ledger::entry::{Entry, Event};
use crate::ledger::rows::{number, sha256, short, table};
use crate::ledger::store::{Keys, Walk};
use crate::ledger::{Ca, LedgerError, Record, Reserved};
use crate::wire::RawCertificate;

/// What made a certificate one that servers refuse, for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The position of its entry.
    pub position: u64,
    /// By what it names the certificate.
    pub by: RevokedBy,
    /// When it was recorded, in Unix seconds.
    pub time: u64,
    /// Why, in the words of who revoked; empty if they gave none.
    pub reason: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// By what a revocation names a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevokedBy {
    /// Its serial.
    Serial,
    /// Its key ID.
    KeyId,
    /// The key that it is for.
    Key,
    /// The key of the CA that signed it, which ends all that this CA signed.
    CaKey,
    /// A gap that holds its serial: a lost state of the ledger may have given it out twice.
    Gap,
}

/// All of a certificate that a revocation can name.
#[derive(Clone, Debug)]
pub(super) struct Nameable<'c> {
    pub(super) ca: &'c Ca,
    pub(super) ca_key: [u8; 32],
    pub(super) serial: u64,
    /// None of what is no certificate to this version, or of what the serial alone is known.
    pub(super) key_id: Option<Vec<u8>>,
    /// The SHA-256 of its subject's key; none likewise.
    pub(super) key: Option<[u8; 32]>,
}

impl<'c> Nameable<'c> {
    pub(super) fn of(ca: &'c Ca, certificate: &RawCertificate) -> Self {
        Self {
            ca,
            ca_key: sha256(&ca.added.public_key),
            serial: certificate.serial(),
            key_id: Some(certificate.key_id().to_vec()),
            key: Some(sha256(certificate.public_key())),
        }
    }

    pub(super) fn reserved(ca: &'c Ca, reserved: &Reserved) -> Self {
        match RawCertificate::of_to_be_signed(&reserved.to_be_signed) {
            Ok(certificate) => Self {
                serial: reserved.serial,
                ..Self::of(ca, &certificate)
            },
            Err(_no_certificate) => Self::serial(ca, reserved.serial),
        }
    }

    fn serial(ca: &'c Ca, serial: u64) -> Self {
        Self {
            ca,
            ca_key: sha256(&ca.added.public_key),
            serial,
            key_id: None,
            key: None,
        }
    }

    /// By what an entry revokes it, if it does.
    fn revoked_by(&self, event: &Event) -> Option<RevokedBy> {
        let holds = |(first, last): &(u64, u64)| (*first..=*last).contains(&self.serial);
        match event {
            Event::Revoked(revoked) => {
                let is_its_ca = revoked.ca.is_empty() || revoked.ca == self.ca.added.public_key;
                let is_its = |id: &String| Some(id.as_bytes()) == self.key_id.as_deref();
                if is_its_ca && revoked.serials.iter().any(holds) {
                    return Some(RevokedBy::Serial);
                }
                if is_its_ca && revoked.key_ids.iter().any(is_its) {
                    return Some(RevokedBy::KeyId);
                }
                let hits = |key: [u8; 32]| revoked.key_hashes().any(|hash| hash == key);
                if self.key.is_some_and(hits) {
                    return Some(RevokedBy::Key);
                }
                hits(self.ca_key).then_some(RevokedBy::CaKey)
            }
            Event::Resumed(gap) => (gap.ca == self.ca.position && holds(&(gap.first, gap.last)))
                .then_some(RevokedBy::Gap),
            _ => None,
        }
    }
}

impl Ledger {
    /// The revocation that a recorded certificate fell under first; none if it fell under none.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn revocation_of(&self, record: &Record) -> Result<Option<Revocation>, LedgerError> {
        let cas = self.cas()?;
        let Some(ca) = cas.iter().find(|ca| ca.position == record.reserved.ca) else {
            return Ok(None);
        };
        self.revocation(&Nameable::reserved(ca, &record.reserved))
    }

    /// The revocation that any certificate of a CA fell under first, recorded here or not.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn revocation_of_certificate(
        &self,
        ca: &Ca,
        certificate: &RawCertificate,
    ) -> Result<Option<Revocation>, LedgerError> {
        self.revocation(&Nameable::of(ca, certificate))
    }

    /// The revocation that any certificate of this serial falls under first, whatever else it says:
    /// a gap, a range of serials that were yet to be given out, or the end of its CA.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn revocation_of_serial(
        &self,
        ca: &Ca,
        serial: Serial,
    ) -> Result<Option<Revocation>, LedgerError> {
        self.revocation(&Nameable::serial(ca, serial.number()))
    }

    fn revocation(&self, of: &Nameable<'_>) -> Result<Option<Revocation>, LedgerError> {
        for position in self.may_revoke(of)? {
            let entry = self.entry(position)?;
            if let Some(by) = of.revoked_by(&entry.event) {
                return Ok(Revocation::at(position, by, entry));
            }
        }
        Ok(None)
    }

    /// Where the index says that it was revoked, oldest first.
    fn may_revoke(&self, of: &Nameable<'_>) -> Result<Vec<u64>, LedgerError> {
        let keys = of.key.iter().chain([&of.ca_key]);
        let mut rows: Vec<_> = keys.map(|key| (table::REVOKED_KEY, key.to_vec())).collect();
        let mut positions = self.gaps_around(of.ca, of.serial)?;
        for authority in authorities(of.ca) {
            if let Some(key_id) = &of.key_id {
                let key = [authority.as_slice(), &short(key_id)].concat();
                rows.push((table::REVOKED_KEY_ID, key));
            }
            if let Ok(serial) = Serial::try_from(of.serial) {
                positions.extend(self.ranges_from(&authority, serial)?);
            }
        }
        for (table, key) in rows {
            positions.extend(self.index.positions(table, &key)?);
        }
        positions.sort_unstable();
        positions.dedup();
        Ok(positions)
    }

    /// The positions of the gaps of a CA that may hold a serial.
    fn gaps_around(&self, ca: &Ca, serial: u64) -> Result<Vec<u64>, LedgerError> {
        let prefix = number(ca.position);
        let from = [prefix, number(serial)].concat();
        let mut found = Vec::new();
        let keys = Keys::of(table::GAP, &prefix).from(&from);
        self.index.walk(&keys, &mut |_, position| {
            found.push(position);
            Walk::On
        })?;
        Ok(found)
    }
}

impl Revocation {
    /// What an entry says of itself; nothing if it is none that revokes.
    pub(super) fn at(position: u64, by: RevokedBy, entry: Entry) -> Option<Self> {
        let (reason, keyboard) = match entry.event {
            Event::Revoked(revoked) => (revoked.reason, revoked.keyboard),
            Event::Resumed(resumed) => (LOST.to_owned(), resumed.keyboard),
            _ => return None,
        };
        Some(Self {
            position,
            by,
            time: entry.time,
            reason,
            keyboard,
        })
    }
}

/// Why a gap is revoked.
pub(super) const LOST: &str = "an older ledger went on behind this serial";
