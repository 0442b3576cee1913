//! What reservations are found by, without reading them all.

use super::Ledger;
use crate::ledger::LedgerError;
use crate::ledger::entry::Reserved;
use crate::ledger::rows::{number, short, table};
use crate::ledger::store::{Keys, Walk};

/// Something that a reservation can be found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term<'a> {
    /// A principal.
    Principal(&'a str),
    /// A key ID.
    KeyId(&'a str),
    /// The SHA-256 of the subject key's blob: its fingerprint.
    Key(&'a [u8; 32]),
    /// The role that allowed it.
    Role(&'a str),
    /// Who asked.
    Requester(&'a str),
    /// The serial of the card that the key is in.
    Card(u64),
}

impl Term<'_> {
    pub(super) fn is_role_of(&self, reserved: &Reserved) -> bool {
        matches!(self, Self::Role(role) if *role == reserved.role)
    }
}

impl Ledger {
    /// The positions of the reservations that a term finds, oldest first; none for a role,
    /// which finds most of them: all have to be looked at.
    pub(super) fn found_by(&self, term: Term<'_>) -> Result<Option<Vec<u64>>, LedgerError> {
        let exactly = |table, key: &[u8]| self.index.positions(table, key).map(Some);
        match term {
            Term::Principal(name) => exactly(table::PRINCIPAL, &short(name.as_bytes())),
            Term::KeyId(key_id) => exactly(table::KEY_ID, &short(key_id.as_bytes())),
            Term::Requester(name) => exactly(table::REQUESTER, name.as_bytes()),
            Term::Card(serial) => exactly(table::CARD, &number(serial)),
            Term::Key(sha256) => self.all_of_subject(sha256).map(Some),
            Term::Role(_) => Ok(None),
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
}
