//! Reading reservations back, each with what became of it.

use std::ops::ControlFlow;

use rusqlite::Connection;

use super::terms::Term;
use super::{SqliteLedger, damaged, read};
use crate::ledger::entry::Event;
use crate::ledger::{LedgerError, Record, State};

impl SqliteLedger {
    /// Calls `each` with every entry from position `from` on, until it breaks off.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn each_entry(
        &self,
        from: u64,
        each: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let select = "SELECT position, bytes FROM entry WHERE position >= ?1 ORDER BY position";
        let mut statement = self.connection.prepare(select)?;
        // A position that SQLite has no number for is behind every entry.
        let mut rows = statement.query([i64::try_from(from).unwrap_or(i64::MAX)])?;
        while let Some(row) = rows.next()? {
            let position = row.get(0)?;
            let bytes = row.get_ref(1)?.as_blob().map_err(|_| damaged(position))?;
            if each(position, bytes).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Calls `each` with the records that a term finds, in the order of reservation, and
    /// seldom with one that it does not: look at what is found.
    ///
    /// # Errors
    /// [`LedgerError`], also that of the first entry that cannot be read.
    pub fn each_record_of(
        &self,
        term: Term<'_>,
        each: &mut dyn FnMut(Record),
    ) -> Result<(), LedgerError> {
        // The unary plus keeps SQLite from walking through all reservations instead.
        let condition = "WHERE r.position IN (SELECT position FROM term WHERE hash = ?1) \
            ORDER BY +r.position";
        self::each(&self.connection, condition, &[&term.hash()], each)
    }
}

/// Calls `each` with the records that `condition` selects.
pub(super) fn each(
    connection: &Connection,
    condition: &str,
    parameters: &[&dyn rusqlite::ToSql],
    each: &mut dyn FnMut(Record),
) -> Result<(), LedgerError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT c.name, e.position, e.bytes, o.position, f.bytes FROM reservation r \
         JOIN ca c ON c.position = r.ca JOIN entry e ON e.position = r.position \
         LEFT JOIN outcome o ON o.reserved = r.position \
         LEFT JOIN entry f ON f.position = o.position {condition}"
    ))?;
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        let outcome: Option<(u64, Vec<u8>)> = row.get::<_, Option<u64>>(3)?.zip(row.get(4)?);
        each(record(row.get(0)?, (row.get(1)?, row.get(2)?), outcome)?);
    }
    Ok(())
}

fn record(
    ca: String,
    (position, bytes): (u64, Vec<u8>),
    outcome: Option<(u64, Vec<u8>)>,
) -> Result<Record, LedgerError> {
    let entry = read(position, &bytes)?;
    let Event::Reserved(reserved) = entry.event else {
        return Err(damaged(position));
    };
    let state = match outcome {
        None => State::Reserved,
        Some((outcome, bytes)) => match read(outcome, &bytes)?.event {
            Event::Issued(issued) if issued.reserved == position => {
                State::Issued(certificate(&reserved.to_be_signed, &issued.signature))
            }
            Event::Failed(failed) if failed.reserved == position => State::Failed(failed.reason),
            _ => return Err(damaged(outcome)),
        },
    };
    Ok(Record {
        ca,
        time: entry.time,
        reserved,
        state,
    })
}

/// PROTOCOL.certkeys: the signature is the last field, a string, over all before it.
fn certificate(to_be_signed: &[u8], signature: &[u8]) -> Vec<u8> {
    let length = u32::try_from(signature.len()).unwrap_or(u32::MAX);
    [to_be_signed, &length.to_be_bytes(), signature].concat()
}
