//! Writing and reading revocations, and the KRLs that were made of them.

use super::append::Append;
use super::serials::Serials;
use super::{SqliteLedger, write};
use crate::certificate::Serial;
use crate::ledger::entry::{Event, KrlMade, Resumed, Revoked};
use crate::ledger::{Ca, LedgerError};

impl SqliteLedger {
    /// Records that something was revoked; there is no way back.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing was recorded.
    pub fn revoke(&mut self, revoked: Revoked, time: u64) -> Result<(), LedgerError> {
        self.append(time, |append| append.revoked(revoked))
    }

    /// Records that a KRL was made.
    ///
    /// # Errors
    /// [`LedgerError`], also if its version was used before.
    pub fn record_krl(&mut self, made: KrlMade, time: u64) -> Result<(), LedgerError> {
        self.append(time, |append| append.krl(made))
    }

    /// Goes on behind serials that a lost state of this ledger may have given out: from
    /// the CA's next serial up to `after`. They count as taken and are revoked. Returns
    /// the first of them; none if the sequence is beyond `after` already.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing changed.
    pub fn resume(
        &mut self,
        ca: &Ca,
        after: Serial,
        keyboard: String,
        time: u64,
    ) -> Result<Option<u64>, LedgerError> {
        let transaction = write(&mut self.connection)?;
        let first = match Serials::new(&transaction, ca)?.peek() {
            Some(first) if first <= after => first.number(),
            _ => return Ok(None),
        };
        let mut append = Append::begin(&transaction, time)?;
        append.resumed(Resumed {
            ca: ca.position,
            first,
            last: after.number(),
            keyboard,
            recovery: None,
        })?;
        append.finish()?;
        transaction.commit()?;
        Ok(Some(first))
    }

    /// The gaps in the serials of a CA, as first and last.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn gaps(&self, ca: &Ca) -> Result<Vec<(u64, u64)>, LedgerError> {
        let select = "SELECT first, last FROM gap WHERE ca = ?1 ORDER BY position";
        let mut statement = self.connection.prepare(select)?;
        let rows = statement.query_map([ca.position], |row| {
            Ok((
                u64::from_be_bytes(row.get(0)?),
                u64::from_be_bytes(row.get(1)?),
            ))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Gives up every reservation that nothing became of, and says how many there were.
    /// Whoever has the ledger open to write knows that their runs have ended.
    ///
    /// # Errors
    /// [`LedgerError`], and then none was given up.
    pub fn close_abandoned(&mut self, time: u64) -> Result<usize, LedgerError> {
        let open: Vec<u64> = self
            .connection
            .prepare(
                "SELECT r.position FROM reservation r LEFT JOIN outcome o \
                 ON o.reserved = r.position WHERE o.position IS NULL ORDER BY 1",
            )?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        if !open.is_empty() {
            self.append(time, |append| {
                open.iter()
                    .try_for_each(|position| append.abandoned(*position))
            })?;
        }
        Ok(open.len())
    }

    /// Every revocation, oldest first, with its time.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn revocations(&self) -> Result<Vec<(u64, Revoked)>, LedgerError> {
        self.entries_of("revocation", |event| match event {
            Event::Revoked(revoked) => Some(revoked),
            _ => None,
        })
    }

    /// The version of the newest KRL that was made.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn last_krl_version(&self) -> Result<Option<u64>, LedgerError> {
        let select = "SELECT max(version) FROM krl";
        Ok(self.connection.query_row(select, [], |row| row.get(0))?)
    }

    /// Appends entries in one durable step, or none of them.
    pub(super) fn append<T>(
        &mut self,
        time: u64,
        entries: impl FnOnce(&mut Append<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let transaction = write(&mut self.connection)?;
        let mut append = Append::begin(&transaction, time)?;
        let appended = entries(&mut append)?;
        append.finish()?;
        transaction.commit()?;
        Ok(appended)
    }
}
