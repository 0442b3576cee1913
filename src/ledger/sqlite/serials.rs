//! Which serial comes next, and which are taken.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rusqlite::{Transaction, params};

use super::SqliteLedger;
use crate::certificate::subject::fingerprint;
use crate::certificate::{Kind, Serial};
use crate::ledger::{Ca, LedgerError, Purpose, ReserveError, SerialChoice};
use crate::policy::Decided;

impl SqliteLedger {
    /// The serial that comes next for a CA; none if all are spent.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn next_serial(&self, ca: &Ca) -> Result<Option<Serial>, LedgerError> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut serials = Serials::new(&transaction, ca)?;
        Ok(serials.next_free()?.ok())
    }
}

/// The serials of every CA that items of one transaction are for.
pub(super) struct Sequences<'t> {
    transaction: &'t Transaction<'t>,
    cas: &'t [Ca],
    of: BTreeMap<u64, Serials<'t>>,
}

impl<'t> Sequences<'t> {
    pub(super) fn new(transaction: &'t Transaction<'t>, cas: &'t [Ca]) -> Self {
        Self {
            transaction,
            cas,
            of: BTreeMap::new(),
        }
    }

    /// The CA that something was decided for, and its serials.
    pub(super) fn of(
        &mut self,
        decided: &Decided,
    ) -> Result<Result<(&'t Ca, &mut Serials<'t>), ReserveError>, LedgerError> {
        let ca = match signing_ca(self.cas, decided) {
            Ok(ca) => ca,
            Err(refused) => return Ok(Err(refused)),
        };
        let serials = match self.of.entry(ca.position) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(vacant) => vacant.insert(Serials::new(self.transaction, ca)?),
        };
        Ok(Ok((ca, serials)))
    }
}

/// The CA that something was decided for. What the ledger recorded of it counts, whatever
/// the decision believed.
fn signing_ca<'c>(cas: &'c [Ca], decided: &Decided) -> Result<&'c Ca, ReserveError> {
    let ca = cas.iter().find(|ca| ca.public_key() == decided.ca());
    let ca = ca.ok_or_else(|| ReserveError::UnknownCa(fingerprint(decided.ca())))?;
    let (purpose, kind) = (ca.added.purpose, decided.body().kind);
    let signs = match kind {
        Kind::User => purpose != Purpose::Host,
        Kind::Host => purpose != Purpose::User,
    };
    if signs {
        return Ok(ca);
    }
    Err(ReserveError::OtherPurpose {
        ca: ca.added.name.clone(),
        purpose,
        kind,
    })
}

/// The serials of one CA within one transaction.
pub(super) struct Serials<'t> {
    transaction: &'t Transaction<'t>,
    ca: u64,
    next: Option<Serial>,
}

impl<'t> Serials<'t> {
    pub(super) fn new(transaction: &'t Transaction<'t>, ca: &Ca) -> Result<Self, LedgerError> {
        let last: Option<[u8; 8]> = transaction
            .prepare_cached("SELECT max(serial) FROM reservation WHERE ca = ?1 AND automatic = 1")?
            .query_row([ca.position], |row| row.get(0))?;
        let gap: Option<[u8; 8]> = transaction
            .prepare_cached("SELECT max(last) FROM gap WHERE ca = ?1")?
            .query_row([ca.position], |row| row.get(0))?;
        let next = match last.max(gap) {
            Some(last) => u64::from_be_bytes(last).checked_add(1),
            None => Some(ca.added.next_serial),
        };
        Ok(Self {
            transaction,
            ca: ca.position,
            next: next.and_then(|next| Serial::try_from(next).ok()),
        })
    }

    /// The next serial of the sequence, whether or not it was asked for by number before.
    pub(super) fn peek(&self) -> Option<Serial> {
        self.next
    }

    /// The serial for one item, or why it gets none.
    pub(super) fn choose(
        &mut self,
        choice: SerialChoice,
    ) -> Result<Result<Serial, ReserveError>, LedgerError> {
        match choice {
            SerialChoice::Exactly(serial) if self.is_taken(serial)? => {
                Ok(Err(ReserveError::SerialTaken(serial)))
            }
            SerialChoice::Exactly(serial) => Ok(Ok(serial)),
            SerialChoice::Next => self.next_free(),
        }
    }

    fn next_free(&mut self) -> Result<Result<Serial, ReserveError>, LedgerError> {
        while let Some(serial) = self.next {
            self.next = serial.checked_next();
            if !self.is_taken(serial)? {
                return Ok(Ok(serial));
            }
        }
        Ok(Err(ReserveError::NoSerialLeft))
    }

    fn is_taken(&self, serial: Serial) -> Result<bool, LedgerError> {
        Ok(self
            .transaction
            .prepare_cached(
                "SELECT 1 FROM reservation WHERE ca = ?1 AND serial = ?2 \
                 UNION ALL SELECT 1 FROM gap WHERE ca = ?1 AND ?2 BETWEEN first AND last",
            )?
            .exists(params![self.ca, serial.number().to_be_bytes()])?)
    }
}
