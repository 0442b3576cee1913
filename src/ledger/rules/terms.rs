//! What reservations are found by, without reading them all.

use std::collections::BTreeSet;

use super::Ledger;
use super::revoked_set::RevokedSet;
use crate::ledger::rows::{number, serial_key, short, table};
use crate::ledger::store::{Keys, Walk};
use crate::ledger::{Ca, LedgerError, Record};

/// Something that a reservation can be found by.
#[derive(Clone, Copy, Debug)]
pub enum Term<'a> {
    /// A principal.
    Principal(&'a str),
    /// A key ID.
    KeyId(&'a str),
    /// The SHA-256 of the subject key's blob: its fingerprint.
    Key([u8; 32]),
    /// The role that allowed it.
    Role(&'a str),
    /// Who asked.
    Requester(&'a str),
    /// The serial of the card that the key is in.
    Card(u64),
    /// First and last of a range of serials, of this CA.
    Serials(&'a Ca, u64, u64),
    /// What was reserved before, in Unix seconds.
    Before(u64),
    /// What was revoked, or lies in a gap.
    Revoked(&'a RevokedSet),
}

impl Term<'_> {
    /// Whether one that no row leads to finds it.
    fn finds(&self, record: &Record) -> bool {
        match self {
            Self::Role(role) => *role == record.reserved.role,
            Self::Before(time) => record.time < *time,
            _ => false,
        }
    }
}

impl Ledger {
    /// Calls `each` with the records that any of the terms finds, each once, in the order of
    /// reservation, and seldom with one that none does: look at what is found.
    ///
    /// # Errors
    /// [`LedgerError`], also that of the first entry that cannot be read.
    pub fn each_record_of(
        &self,
        terms: &[Term<'_>],
        each: &mut dyn FnMut(Record),
    ) -> Result<(), LedgerError> {
        let mut positions = BTreeSet::new();
        let mut rowless = Vec::new();
        for term in terms {
            match self.found_by(*term)? {
                Some(found) => positions.extend(found),
                None => rowless.push(term),
            }
        }
        if rowless.is_empty() {
            let cas = self.cas()?;
            for position in positions {
                each(self.record_at(&cas, position)?);
            }
            return Ok(());
        }
        self.each_record_placed(1..=u64::MAX, &mut |position, record| {
            if positions.contains(&position) || rowless.iter().any(|term| term.finds(&record)) {
                each(record);
            }
        })
    }

    /// How many serials of a CA were reserved.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn reserved_of(&self, ca: &Ca) -> Result<usize, LedgerError> {
        self.of_serials(ca, 1, u64::MAX).map(|found| found.len())
    }

    /// The positions of the reservations that a term finds; none for a role or a time, which
    /// find most of them: all have to be looked at.
    pub(super) fn found_by(&self, term: Term<'_>) -> Result<Option<Vec<u64>>, LedgerError> {
        let exactly = |table, key: &[u8]| self.index.positions(table, key).map(Some);
        match term {
            Term::Principal(name) => exactly(table::PRINCIPAL, &short(name.as_bytes())),
            Term::KeyId(key_id) => exactly(table::KEY_ID, &short(key_id.as_bytes())),
            Term::Requester(name) => exactly(table::REQUESTER, name.as_bytes()),
            Term::Card(serial) => exactly(table::CARD, &number(serial)),
            Term::Key(sha256) => self.all_of_subject(&sha256).map(Some),
            Term::Serials(ca, first, last) => self.of_serials(ca, first, last).map(Some),
            Term::Revoked(set) => self.revoked(set).map(Some),
            Term::Role(_) | Term::Before(_) => Ok(None),
        }
    }

    pub(super) fn all_of_subject(&self, sha256: &[u8; 32]) -> Result<Vec<u64>, LedgerError> {
        let mut positions = Vec::new();
        let keys = Keys::of(table::SUBJECT, sha256);
        self.index.walk(&keys, &mut |_, position| {
            positions.push(position);
            Walk::On
        })?;
        positions.sort_unstable();
        Ok(positions)
    }

    fn of_serials(&self, ca: &Ca, first: u64, last: u64) -> Result<Vec<u64>, LedgerError> {
        let (prefix, from, to) = (
            number(ca.position),
            serial_key(ca.position, first),
            serial_key(ca.position, last),
        );
        let mut positions = Vec::new();
        for table in [table::AUTOMATIC, table::EXPLICIT] {
            let keys = Keys::of(table, &prefix).from(&from);
            self.index.walk(&keys, &mut |key, position| {
                if key > to.as_slice() {
                    return Walk::Stop;
                }
                positions.push(position);
                Walk::On
            })?;
        }
        Ok(positions)
    }

    fn revoked(&self, set: &RevokedSet) -> Result<Vec<u64>, LedgerError> {
        let mut positions = Vec::new();
        for ca in self.cas()? {
            if set.ends(&ca) {
                positions.extend(self.of_serials(&ca, 1, u64::MAX)?);
                continue;
            }
            for (first, last) in set.serials_of(&ca) {
                positions.extend(self.of_serials(&ca, first, last)?);
            }
            for key_id in set.key_ids_of(&ca) {
                let key = short(key_id.as_bytes());
                positions.extend(self.index.positions(table::KEY_ID, &key)?);
            }
        }
        for key in set.keys() {
            positions.extend(self.all_of_subject(key)?);
        }
        Ok(positions)
    }
}
