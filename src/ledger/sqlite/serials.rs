//! Which serial comes next, and which are taken.

use rusqlite::{Transaction, params};

use super::SqliteLedger;
use crate::certificate::Serial;
use crate::ledger::{Ca, LedgerError, ReserveError, SerialChoice};

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
