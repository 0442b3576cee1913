//! Revocations, and the KRLs that were made of them.

use ssh_key::public::KeyData;

use super::Ledger;
use super::draft::Draft;
use crate::certificate::Serial;
use crate::ledger::entry::{Barred, Event, KrlMade, LISTS, Revoked};
use crate::ledger::rows::{authority, number, sha256, short, table};
use crate::ledger::store::{Keys, Walk};
use crate::ledger::{Ca, LedgerError};

impl Ledger {
    /// Revokes, and never serves cards and requesters again; there is no way back.
    ///
    /// Both in one frame: a run that is cut off leaves neither a card that is barred while its
    /// certificates are good, nor one that is served again.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing was recorded.
    pub fn revoke_and_bar(
        &mut self,
        revoked: Option<Revoked>,
        barred: Option<Barred>,
        time: u64,
    ) -> Result<(), LedgerError> {
        let events = revoked.map(Event::Revoked).into_iter();
        let events = events.chain(barred.map(Event::Barred));
        self.append(time, |draft| draft.entries(events))
    }

    /// Records that a KRL was made.
    ///
    /// # Errors
    /// [`LedgerError::KrlVersion`] if its version is not above that of every KRL before,
    /// [`LedgerError::SubjectOrCa`] if its signer's key is a CA's or was certified,
    /// [`LedgerError::LedgerKeyPurpose`] if it was not recorded for lists.
    pub fn record_krl(&mut self, made: KrlMade, time: u64) -> Result<(), LedgerError> {
        self.append(time, |draft| draft.krl(made))
    }

    /// Every revocation, oldest first, with its time.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn revocations(&self) -> Result<Vec<(u64, Revoked)>, LedgerError> {
        self.entries_of(table::REVOCATION, |event| match event {
            Event::Revoked(revoked) => Some(revoked),
            _ => None,
        })
    }

    /// The version of the newest KRL that was made, or that was taken over behind a gap.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn last_krl_version(&self) -> Result<Option<u64>, LedgerError> {
        let newest = self.index.first(&Keys::of(table::KRL, &[]).backward())?;
        let made = newest.and_then(|(key, _)| Some(u64::from_be_bytes(key.try_into().ok()?)));
        let recoveries = self.recoveries()?.into_iter();
        let taken_over = recoveries.map(|(_, recovery)| recovery.krl_version);
        Ok(made.max(taken_over.max().filter(|version| *version > 0)))
    }

    /// Whether a key was revoked, by the SHA-256 of its blob.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn key_is_revoked(&self, sha256: &[u8; 32]) -> Result<bool, LedgerError> {
        let says = |event: &Event| {
            let hashes = |revoked: &Revoked| revoked.key_hashes().any(|hash| hash == *sha256);
            matches!(event, Event::Revoked(revoked) if hashes(revoked))
        };
        let confirmed = self.confirmed(table::REVOKED_KEY, sha256, says)?;
        Ok(confirmed.is_some())
    }

    /// Whether a serial of a CA was revoked, or lies in a gap, which is revoked whole.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn serial_is_revoked(&self, ca: &Ca, serial: Serial) -> Result<bool, LedgerError> {
        let gaps = self.gaps(ca)?;
        let holds = |(first, last): &(u64, u64)| (*first..=*last).contains(&serial.number());
        if gaps.iter().any(holds) {
            return Ok(true);
        }
        for authority in authorities(ca) {
            for position in self.ranges_from(&authority, serial)? {
                if let Event::Revoked(revoked) = self.entry(position)?.event
                    && revoked.serials.iter().any(holds)
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether the certificate with this serial or key ID, of the CA with this key, was revoked
    /// by one of them.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn is_revoked(
        &self,
        ca: &KeyData,
        serial: u64,
        key_id: &[u8],
    ) -> Result<bool, LedgerError> {
        let Some(ca) = self
            .cas()?
            .into_iter()
            .find(|known| known.public_key() == ca)
        else {
            return Ok(false);
        };
        let by_serial = match Serial::try_from(serial) {
            Ok(serial) => self.serial_is_revoked(&ca, serial)?,
            Err(_no_serial_of_ours) => false,
        };
        Ok(by_serial || self.key_id_is_revoked(&ca, key_id)?)
    }

    /// Whether a key ID was revoked for a CA.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn key_id_is_revoked(&self, ca: &Ca, key_id: &[u8]) -> Result<bool, LedgerError> {
        let says = |event: &Event| matches!(event, Event::Revoked(revoked) if revoked.key_ids.iter().any(|id| id.as_bytes() == key_id));
        for authority in authorities(ca) {
            let key = [authority.as_slice(), &short(key_id)].concat();
            if self.confirmed(table::REVOKED_KEY_ID, &key, says)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The last serial of a range that was revoked and holds this one; none if it was not revoked.
    pub(super) fn revoked_up_to(
        &self,
        ca: &Ca,
        serial: Serial,
    ) -> Result<Option<u64>, LedgerError> {
        let mut up_to = None;
        for authority in authorities(ca) {
            for position in self.ranges_from(&authority, serial)? {
                let Event::Revoked(revoked) = self.entry(position)?.event else {
                    continue;
                };
                if !revoked.ca.is_empty() && revoked.ca != ca.added.public_key {
                    continue;
                }
                let ranges = revoked.serials.iter();
                let holding =
                    ranges.filter(|(first, last)| (*first..=*last).contains(&serial.number()));
                up_to = up_to.max(holding.map(|(_, last)| *last).max());
            }
        }
        Ok(up_to)
    }

    /// The revocations with a range of serials that holds this one.
    pub(super) fn ranges_from(
        &self,
        authority: &[u8; 16],
        serial: Serial,
    ) -> Result<Vec<u64>, LedgerError> {
        let from = [authority.as_slice(), &number(serial.number())].concat();
        let keys = Keys::of(table::REVOKED_SERIAL, authority).from(&from);
        let mut found = Vec::new();
        self.index.walk(&keys, &mut |key, position| {
            let first = key.last_chunk().copied().map(u64::from_be_bytes);
            if first.is_some_and(|first| first <= serial.number()) {
                found.push(position);
            }
            Walk::On
        })?;
        Ok(found)
    }
}

impl Draft<'_> {
    fn krl(&mut self, made: KrlMade) -> Result<(), LedgerError> {
        let newest = self.ledger.last_krl_version()?;
        if let Some(newest) = newest.filter(|newest| made.version <= *newest) {
            let version = made.version;
            return Err(LedgerError::KrlVersion { version, newest });
        }
        let signer = made.list.as_ref().map(|list| list.signer.as_slice());
        if let Some(signer) = signer.filter(|signer| !signer.is_empty()) {
            self.may_sign(&sha256(signer), LISTS)?;
        }
        self.entry(Event::KrlMade(made)).map(drop)
    }
}

/// Whose serials and key IDs a revocation may mean: this CA's, or every CA's.
pub(super) fn authorities(ca: &Ca) -> [[u8; 16]; 2] {
    [authority(&ca.added.public_key), authority(&[])]
}
