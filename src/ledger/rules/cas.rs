//! The CAs of a ledger: which keys they are, and that each has one name and one ledger.

use ssh_key::PublicKey;

use super::Ledger;
use super::draft::Draft;
use super::read::damaged;
use crate::certificate::Subject;
use crate::certificate::subject::fingerprint;
use crate::ledger::entry::{Bound, CaAdded, Credential, Event, NotBound};
use crate::ledger::rows::{number, sha256, table};
use crate::ledger::{Ca, LedgerError};

impl Ledger {
    /// The CAs that were added, oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn cas(&self) -> Result<Vec<Ca>, LedgerError> {
        let positions = self.index.positions(table::CA, &[])?;
        let one = |position| {
            let entry = self.entry(position)?;
            match entry.event {
                Event::CaAdded(added) => ca(position, added, entry.time),
                _ => Err(damaged(position)),
            }
        };
        positions.into_iter().map(one).collect()
    }

    /// Records a key as CA.
    ///
    /// # Errors
    /// [`LedgerError::CaKnown`] if the ledger has this key or this name already, and what
    /// [`Self::check_ca_key`] says. Then nothing changed.
    pub fn add_ca(&mut self, added: CaAdded, time: u64) -> Result<Ca, LedgerError> {
        self.append(time, |draft| draft.ca(added))
    }

    /// Whether the key of this blob, which is no CA's yet, can become one. Who certifies is
    /// nobody who was certified or asks for it, and a revoked key comes back as nothing: a list
    /// names it for good, and servers refuse whatever it signs.
    ///
    /// # Errors
    /// [`LedgerError::Unfit`], [`LedgerError::IsLedgerKey`], [`LedgerError::SubjectBecomesCa`],
    /// [`LedgerError::RevokedBecomesCa`] or [`LedgerError::EnrolledBecomesCa`].
    pub fn check_ca_key(&self, blob: &[u8]) -> Result<(), LedgerError> {
        Subject::try_from(PublicKey::from_bytes(blob)?.key_data().clone())?;
        let hash = sha256(blob);
        if self.is_known_ledger_key(&hash)? {
            return Err(LedgerError::IsLedgerKey);
        }
        if self.was_certified(&hash)? {
            return Err(LedgerError::SubjectBecomesCa);
        }
        if self.key_is_revoked(&hash)? {
            return Err(LedgerError::RevokedBecomesCa);
        }
        match self.enrolled_for(&Credential::Key(blob.to_vec()))? {
            Some(name) => Err(LedgerError::EnrolledBecomesCa(name)),
            None => Ok(()),
        }
    }

    /// Records that a CA's token holds the name of this ledger.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing changed.
    pub fn record_binding(&mut self, bound: Bound, time: u64) -> Result<(), LedgerError> {
        self.append(time, |draft| draft.entry(Event::Bound(bound)).map(drop))
    }

    /// Records that the token of a CA does not hold the name of this ledger.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn record_no_binding(&mut self, not: NotBound, time: u64) -> Result<(), LedgerError> {
        self.append(time, |draft| draft.entry(Event::NotBound(not)).map(drop))
    }

    /// The devices of a CA that hold the name of this ledger, oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn bindings(&self, ca: &Ca) -> Result<Vec<Bound>, LedgerError> {
        let positions = self.index.positions(table::BOUND, &number(ca.position))?;
        let one = |position| match self.entry(position)?.event {
            Event::Bound(bound) => Ok(bound),
            _ => Err(damaged(position)),
        };
        positions.into_iter().map(one).collect()
    }
}

impl Draft<'_> {
    fn ca(&mut self, added: CaAdded) -> Result<Ca, LedgerError> {
        let known = self.ledger.cas()?.into_iter();
        let same = |ca: &Ca| ca.added.name == added.name || ca.added.public_key == added.public_key;
        if let Some(known) = known.into_iter().find(same) {
            return Err(LedgerError::CaKnown {
                fingerprint: fingerprint(known.public_key()),
                name: known.added.name,
            });
        }
        self.ledger.check_ca_key(&added.public_key)?;
        let position = self.entry(Event::CaAdded(added.clone()))?;
        ca(position, added, self.time)
    }
}

fn ca(position: u64, added: CaAdded, time: u64) -> Result<Ca, LedgerError> {
    // The blob has been in the ledger for long, or could not be read when it was new.
    let Ok(public_key) = PublicKey::from_bytes(&added.public_key) else {
        return Err(damaged(position));
    };
    Ok(Ca {
        position,
        public_key: public_key.key_data().clone(),
        added,
        time,
    })
}
